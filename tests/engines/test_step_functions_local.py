"""The cases of `statemachine/mocks.json` on Step Functions Local, where a docker engine answers."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import yaml  # type: ignore[import-untyped]  # the stubs are a package of their own
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.aws import substitute
from sandbox.names import REGION, ROLE_ARN, STATE_MACHINE
from tests.engines.mock_file import CASES, FILE, INPUT
from tests.engines.packages import ROOT
from tests.engines.test_rules import good
from tests.test_names import functions

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

COMPOSE = ROOT / "compose.yaml"
ORIGIN = "http://127.0.0.1:8083"
_ASKS_SECONDS = 10
_STARTS_SECONDS = 300
_CASE_SECONDS = 100
_LOOK_EVERY_SECONDS = 0.5


def docker_answers() -> bool:
    """Whether there is a docker engine, with compose."""
    if shutil.which("docker") is None:
        return False
    commands = (["docker", "info"], ["docker", "compose", "version"])
    try:
        return all(
            subprocess.run(
                command, capture_output=True, timeout=_ASKS_SECONDS, check=False
            ).returncode
            == 0
            for command in commands
        )
    except subprocess.TimeoutExpired:
        return False


needs_docker = pytest.mark.skipif(
    not docker_answers(),
    reason="not run: Step Functions Local needs a docker engine, and none answers here",
)


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    composed: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return dict(composed["services"]["stepfunctions"])


def test_compose_pins_the_engine_and_mounts_the_cases(service: dict[str, Any]) -> None:
    name, _, version = service["image"].partition(":")
    [mount] = service["volumes"]
    source, target, mode = mount.split(":")

    assert (name, mode) == ("amazon/aws-stepfunctions-local", "ro")
    assert version.replace(".", "").isdigit()
    assert (ROOT / source).resolve() == FILE.parent
    assert service["environment"]["SFN_MOCK_CONFIG"] == f"{target}/{FILE.name}"
    assert service["ports"] == [f"{ORIGIN.removeprefix('http://')}:8083"]


@pytest.fixture(scope="module")
def machine() -> Iterator[tuple[SFNClient, str]]:
    """The state machine on Step Functions Local; its waits are real, so that one is made short."""
    definition = json.loads(substitute(json.dumps(good()), functions()))
    definition["States"]["WaitBeforeReconcile"]["Seconds"] = 1
    compose = ["docker", "compose", "--file", str(COMPOSE)]
    client = boto3.client(
        "stepfunctions",
        endpoint_url=ORIGIN,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106  it is not checked
    )
    subprocess.run([*compose, "up", "--detach"], timeout=_STARTS_SECONDS, check=True)
    try:
        with closing(client):
            until_it_answers(client)
            made = client.create_state_machine(
                name=STATE_MACHINE, definition=json.dumps(definition), roleArn=ROLE_ARN
            )
            yield client, made["stateMachineArn"]
    finally:
        subprocess.run([*compose, "down"], timeout=_STARTS_SECONDS, check=True)


def until_it_answers(client: SFNClient) -> None:
    end = time.monotonic() + _STARTS_SECONDS
    while True:
        try:
            client.list_state_machines()
        except (BotoCoreError, ClientError):
            if time.monotonic() > end:
                raise
            time.sleep(_LOOK_EVERY_SECONDS)
        else:
            return


@needs_docker
@pytest.mark.parametrize("case", CASES)
def test_a_case_on_step_functions_local(machine: tuple[SFNClient, str], case: str) -> None:
    client, arn = machine
    expected = CASES[case]

    execution = client.start_execution(
        stateMachineArn=f"{arn}#{case}", input=json.dumps(INPUT), name=f"{case}-{time.time_ns()}"
    )["executionArn"]
    end = time.monotonic() + _CASE_SECONDS
    while (found := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < end, f"{case} does not end"
        time.sleep(_LOOK_EVERY_SECONDS)

    assert (found["status"], found.get("error")) == (expected.status, expected.error)
    pages = client.get_paginator("get_execution_history").paginate(executionArn=execution)
    events = [event for page in pages for event in page["events"]]
    assert [
        event["stateEnteredEventDetails"]["name"]
        for event in events
        if "stateEnteredEventDetails" in event
    ] == expected.visits
