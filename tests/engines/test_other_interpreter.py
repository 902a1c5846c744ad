"""The table of scenarios on aws-local-stepfunctions: same file, same functions, another engine.

Each scenario is the very test that runs on moto's interpreter, with all that it checks: the states
in their order, the outcome, the message, the records and what is live.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.server import SandboxOptions
from tests.engines.elsewhere import Node, interpreted_by
from tests.engines.packages import FOLDER, NODE, needs_packages
from tests.summary import say
from tests.workflow import test_call_faults, test_scenarios
from tests.workflow.test_call_faults import outcomes
from tests.workflow.test_scenarios import END, ONE_PHOTO_READY, PHOTO, SCENARIOS, Scenario
from tests.workflow.workbench import Workbench, emptied, opened

pytestmark = pytest.mark.engine

A_FEW = (
    "a carousel of two, started from the console",
    "a run that is stopped while it waits",
    "a scheduled run publishes what the group holds when its time has come",
    "a container that is never ready at the publish call",
    "an unclear publish that had no effect is sent once more",
    "a step that is not answered in its 45 seconds is asked again",
)
BESIDE_THE_TABLE = (
    test_scenarios.test_an_item_that_instagram_drops_is_told_and_the_post_is_left_alone,
    test_scenarios.test_a_run_that_takes_longer_than_a_run_may_ends_and_can_be_started_again,
    test_call_faults.test_a_publish_whose_process_is_killed_after_the_effect_is_found,
    test_call_faults.test_a_publish_whose_process_is_killed_before_the_effect_has_none,
    test_call_faults.test_an_execution_is_stopped_between_the_publish_and_its_answer,
    test_call_faults.test_an_execution_is_stopped_before_the_publish,
)


@pytest.fixture(scope="module")
def equal(pytestconfig: pytest.Config) -> Iterator[dict[str, bool]]:
    """Whether each scenario that ran came out as on moto's interpreter; told at the end."""
    is_equal = dict[str, bool]()
    yield is_equal
    say(
        pytestconfig,
        f"on aws-local-stepfunctions: {len(is_equal)} of {len(SCENARIOS)} scenarios run,"
        f" {sum(is_equal.values())} equal",
    )


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    process = Node(NODE, FOLDER)
    yield process
    process.close()


@pytest.fixture(scope="module")
def _bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workbench, Path]]:
    folder = tmp_path_factory.mktemp("elsewhere")
    options = SandboxOptions(0, 0, 0, speed=None, empty=True, schedules=False)
    stderr = folder / "stderr.txt"
    with opened(options, stderr, folder / "clip.mp4") as bench:
        yield bench, stderr


@pytest.fixture
def bench(_bench: tuple[Workbench, Path], node: Node) -> Iterator[Workbench]:
    with emptied(*_bench) as there, interpreted_by(node, there.sandbox.functions, there.clock):
        yield there


@needs_packages
@pytest.mark.parametrize("name", A_FEW)
def test_a_few_scenarios(bench: Workbench, node: Node, equal: dict[str, bool], name: str) -> None:
    [scenario] = [one for one in SCENARIOS if one.name == name]

    play(bench, node, scenario, equal)


@needs_packages
@pytest.mark.parametrize(
    "scenario",
    [one for one in SCENARIOS if one.name not in A_FEW],
    ids=lambda scenario: scenario.name,
)
def test_all_other_scenarios(
    bench: Workbench, node: Node, equal: dict[str, bool], scenario: Scenario
) -> None:
    play(bench, node, scenario, equal)


@needs_packages
@pytest.mark.parametrize("test", BESIDE_THE_TABLE, ids=lambda test: test.__name__)
def test_runs_beside_the_table(
    bench: Workbench, node: Node, test: Callable[[Workbench], None]
) -> None:
    begun = node.begun

    test(bench)

    assert node.begun > begun


@needs_packages
@pytest.mark.parametrize("does", ["throttled", "refused", "lost"])
def test_runs_whose_invocation_has_no_answer_make_it_again(bench: Workbench, does: str) -> None:
    bench.script_calls({"service": "lambda", "function": "record_result", "does": does})

    run = bench.published(bench.group(PHOTO))

    assert run.visits == [*ONE_PHOTO_READY, "Publish", *END]
    assert len(outcomes(bench, "lambda", "record_result")) == 2


def play(bench: Workbench, node: Node, scenario: Scenario, equal: dict[str, bool]) -> None:
    """All runs of the scenario, those before and afterwards too, are the other engine's."""
    begun, known = node.begun, len(list(bench.executions()))
    equal[scenario.name] = False

    test_scenarios.test_a_run(bench, scenario)

    assert node.begun - begun == len(list(bench.executions())) - known > 0
    equal[scenario.name] = True
