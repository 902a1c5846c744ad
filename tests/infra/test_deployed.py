"""The table of scenarios on what the template has made in moto's CloudFormation.

Everything that the functions touch comes from the template: table, bucket, state machine, and each
variable of their environment. The sandbox's own table, bucket and machine are deleted before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import names
from sandbox.names import BUCKET, STATE_MACHINE_ARN, TABLE
from sandbox.server import SandboxOptions
from tests.infra import test_monitoring, test_template
from tests.infra.deployment import LEFT_OUT, Deployment, deploy
from tests.infra.permissions import Permission, Recorder, Role
from tests.infra.rare_paths import PATHS
from tests.infra.synthesis import Synthesized
from tests.summary import say
from tests.workflow import test_scenarios
from tests.workflow.test_scenarios import SCENARIOS, Scenario
from tests.workflow.workbench import Workbench, emptied, opened

pytestmark = pytest.mark.engine

A_FEW = (
    "a single image",
    "a carousel of images and videos",
    "a scheduled run that is stopped before its time",
    "an effect that comes after the answer was lost is found and not sent again",
)
OF_THE_SANDBOX = {
    *("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED"),
    *("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "TZ"),
    *("POWERTOOLS_METRICS_DISABLED", "POSTWRIGHT_GRAPH_URL"),
}
"""Where AWS and Instagram are, which is somewhere else in the cloud."""


NOT_OURS = {
    **dict.fromkeys(
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        "Lambda itself writes what a function prints.",
    ),
    **dict.fromkeys(
        ("xray:PutTraceSegments", "xray:PutTelemetryRecords"), "Lambda itself sends traces."
    ),
    **dict.fromkeys(
        ("sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"),
        "Lambda itself keeps an event that a function could not handle, as the function's role.",
    ),
}
"""What roles allow although no code of ours calls it, and who does."""


@pytest.fixture(scope="module")
def deployment(usual: Synthesized) -> Deployment:
    return deploy(usual.template)


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(scope="module")
def green(pytestconfig: pytest.Config) -> Iterator[set[str]]:
    """The scenarios that went well; how many is told at the end."""
    names_of_them = set[str]()
    yield names_of_them
    say(
        pytestconfig,
        f"on the template in moto's CloudFormation: {len(names_of_them - PATHS.keys())} of"
        f" {len(SCENARIOS)} scenarios and {len(names_of_them & PATHS.keys())} of {len(PATHS)} rare"
        " paths green",
    )


@pytest.fixture(scope="module")
def _bench(
    deployment: Deployment, recorder: Recorder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Workbench, Path]]:
    folder = tmp_path_factory.mktemp("deployed")
    options = SandboxOptions(
        *(0, 0, 0),
        speed=None,
        empty=True,
        schedules=False,
        settings=deployment.environment,
        aliases={one.deployed_name: name for name, one in deployment.functions.items()},
        before_aws=recorder.before,
    )
    stderr = folder / "stderr.txt"
    with opened(options, stderr, folder / "clip.mp4") as bench:
        bench.dynamodb.delete_table(TableName=TABLE)
        bench.s3.delete_bucket(Bucket=BUCKET)
        bench.stepfunctions.delete_state_machine(stateMachineArn=STATE_MACHINE_ARN)
        yield bench, stderr


@pytest.fixture
def bench(_bench: tuple[Workbench, Path]) -> Iterator[Workbench]:
    with emptied(*_bench) as deployed:
        yield deployed


# What was made


def test_all_of_the_template_is_made_or_looked_at_by_another_test(
    usual: Synthesized, deployment: Deployment
) -> None:
    kinds = {resource["Type"] for resource in usual.template["Resources"].values()}
    tests = vars(test_template).keys() | vars(test_monitoring).keys()

    assert kinds - deployment.counts.keys() == LEFT_OUT.keys()
    assert set(LEFT_OUT.values()) <= tests


def test_functions_see_the_environment_of_the_template(
    deployment: Deployment, bench: Workbench
) -> None:
    """The sandbox has one environment for all, so that some see a variable more."""
    seen = bench.sandbox.environment()

    assert sorted(deployment.functions) == names.functions()
    assert seen.keys() == deployment.environment.keys() | OF_THE_SANDBOX
    for function in deployment.functions.values():
        assert function.environment.items() <= seen.items()
        more = deployment.environment.keys() - function.environment.keys()
        assert more <= {"MALLOC_ARENA_MAX"}


def test_table_and_bucket_are_those_of_the_template(
    deployment: Deployment, bench: Workbench
) -> None:
    table = bench.dynamodb.describe_table(TableName=bench.table)["Table"]
    expiry = bench.dynamodb.describe_time_to_live(TableName=bench.table)["TimeToLiveDescription"]
    versions = bench.s3.get_bucket_versioning(Bucket=bench.bucket)

    assert bench.table == deployment.outputs["PostwrightTable"]
    assert bench.bucket == deployment.outputs["PostwrightBucket"]
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [
        *(("PK", "HASH"), ("SK", "RANGE"))
    ]
    assert [index.get("IndexName") for index in table["GlobalSecondaryIndexes"]] == ["open-jobs"]
    assert (expiry["TimeToLiveStatus"], expiry["AttributeName"]) == ("ENABLED", "expiresAt")
    assert versions["Status"] == "Enabled"
    assert bench.dynamodb.list_tables()["TableNames"] == [bench.table]


def test_the_machine_calls_the_functions_of_the_template(
    deployment: Deployment, bench: Workbench
) -> None:
    arn = deployment.outputs["PostwrightStateMachineArn"]
    machines = bench.stepfunctions.list_state_machines()["stateMachines"]
    definition = bench.stepfunctions.describe_state_machine(stateMachineArn=arn)["definition"]

    assert [machine["stateMachineArn"] for machine in machines] == [arn]
    assert "${" not in definition
    called = {name for name, one in deployment.functions.items() if one.deployed_name in definition}
    text = names.DEFINITION.read_text(encoding="utf-8")
    assert called == {name for name in names.functions() if names.placeholder(name) in text}
    assert json.loads(definition).keys() == json.loads(text).keys()


# What it does


@pytest.mark.parametrize("name", A_FEW)
def test_a_few_scenarios(
    bench: Workbench, deployment: Deployment, recorder: Recorder, green: set[str], name: str
) -> None:
    [scenario] = [one for one in SCENARIOS if one.name == name]
    play(bench, scenario, green)

    assert not_allowed(deployment, recorder) == {}


@pytest.mark.parametrize(
    "scenario",
    [one for one in SCENARIOS if one.name not in A_FEW],
    ids=lambda scenario: scenario.name,
)
def test_all_other_scenarios(
    bench: Workbench,
    deployment: Deployment,
    recorder: Recorder,
    green: set[str],
    scenario: Scenario,
) -> None:
    play(bench, scenario, green)

    assert not_allowed(deployment, recorder) == {}


@pytest.mark.parametrize("name", PATHS)
def test_a_rare_path(
    bench: Workbench, deployment: Deployment, recorder: Recorder, green: set[str], name: str
) -> None:
    PATHS[name](bench, recorder)
    green.add(name)

    assert not_allowed(deployment, recorder) == {}
    assert all(len(bench.posts_of(group)) <= 1 for group in bench.groups)


@pytest.mark.timeout(600)
def test_functions_may_do_what_they_do_and_no_more(
    bench: Workbench,
    deployment: Deployment,
    recorder: Recorder,
    green: set[str],
    pytestconfig: pytest.Config,
) -> None:
    """After every scenario and rare path; those that were not among the tests are played now."""
    for scenario in SCENARIOS:
        if scenario.name not in green:
            bench.reset()
            play(bench, scenario, green)
    for name in PATHS.keys() - green:
        bench.reset()
        PATHS[name](bench, recorder)

    assert not_allowed(deployment, recorder) == {}
    unused = {}
    for name, function in sorted(deployment.functions.items()):
        role = Role.of(function.statements)
        used = recorder.used.get(name, set())
        rest = {one.action for one in role.unused(used)}
        own = {one.action for one in role.allowed} - NOT_OURS.keys()
        say(pytestconfig, f"  {name}: {len(own)} allowed, {len({a for a, _ in used})} used")
        if rest - NOT_OURS.keys():
            unused[name] = sorted(rest - NOT_OURS.keys())
    assert unused == {}


def play(bench: Workbench, scenario: Scenario, green: set[str]) -> None:
    """The same test as on the sandbox's own resources."""
    test_scenarios.test_a_run(bench, scenario)
    green.add(scenario.name)


def not_allowed(deployment: Deployment, recorder: Recorder) -> dict[str, list[Permission]]:
    """What functions did so far although their roles do not let them."""
    found = {}
    for name, used in recorder.used.items():
        role = Role.of(deployment.functions[name].statements)
        found[name] = sorted(one for one in used if not role.allows(one))
    return {name: permissions for name, permissions in found.items() if permissions}
