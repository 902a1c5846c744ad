"""Executions of the state machine, as Step Functions tells of them; and all parts put together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import pytest

from postwright import app, aws
from postwright.executions import Execution, Executions, ExecutionStatus
from postwright.models import PublishRequest
from postwright.settings import Settings
from sandbox.instagram import DEMO_ACCOUNT
from tests.instagram_lab import Lab
from tests.unit.core_world import Cloud

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

pytestmark = pytest.mark.engine

pytest_plugins = ("tests.unit.core_fixtures",)

REQUEST = PublishRequest(session_id="s1", group_id="g1", on_quota="wait")
WAITING = {
    "StartAt": "Wait",
    "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}},
}


@dataclass
class Machine:
    client: SFNClient
    arn: str
    executions: Executions


@pytest.fixture(scope="module")
def machine(cloud: Cloud) -> Iterator[Machine]:
    """A state machine that only waits."""
    client = boto3.session.Session(
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",  # noqa: S106 - opens nothing
        region_name="us-east-1",
    ).client("stepfunctions", endpoint_url=cloud.origin)
    role = "arn:aws:iam::123456789012:role/sandbox"
    created = client.create_state_machine(
        name="core-waits", definition=json.dumps(WAITING), roleArn=role
    )
    arn = created["stateMachineArn"]
    yield Machine(client, arn, Executions(client, arn))
    client.delete_state_machine(stateMachineArn=arn)
    client.close()


def test_an_execution_has_the_name_of_its_job_and_the_request_as_input(machine: Machine) -> None:
    arn = machine.executions.start("named", REQUEST)

    found = machine.client.describe_execution(executionArn=arn)
    assert found["name"] == "named"
    assert found["input"] == REQUEST.canonical()
    assert arn == machine.executions.arn("named")


def test_a_repeated_start_is_the_same_execution(machine: Machine) -> None:
    first = machine.executions.start("twice", REQUEST)

    assert machine.executions.start("twice", REQUEST) == first


def test_an_execution_that_is_over_counts_as_started(machine: Machine) -> None:
    first = machine.executions.start("over", REQUEST)
    machine.client.stop_execution(executionArn=first)

    assert machine.executions.start("over", REQUEST) == first
    found = machine.executions.describe("over")
    assert found is not None
    assert found.status == "ABORTED"


def test_an_execution_tells_how_it_stands(machine: Machine) -> None:
    arn = machine.executions.start("told", REQUEST)

    running = machine.executions.describe("told")
    machine.client.stop_execution(executionArn=arn, error="Mine", cause="Enough.")
    stopped = machine.executions.describe("told")

    assert running == Execution(arn, "RUNNING")
    assert stopped is not None
    assert (stopped.status, stopped.redrive_count) == ("ABORTED", 0)


def test_an_execution_that_was_never_started_is_none(machine: Machine) -> None:
    assert machine.executions.describe("never") is None


def test_a_history_of_an_execution_that_was_never_started_is_empty(machine: Machine) -> None:
    assert machine.executions.events("never") == []


@pytest.mark.parametrize(
    ("status", "over"),
    [
        ("RUNNING", False),
        ("PENDING_REDRIVE", False),
        ("SUCCEEDED", False),
        ("FAILED", True),
        ("TIMED_OUT", True),
        ("ABORTED", True),
    ],
)
def test_an_execution_is_over_when_it_ended_without_success(
    status: ExecutionStatus, over: bool
) -> None:
    assert Execution("arn", status).over is over


def test_all_parts_find_their_way_by_the_environment(
    cloud: Cloud, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": cloud.origin,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_DEFAULT_REGION": "us-east-1",
        "POSTWRIGHT_GRAPH_URL": lab.origin,
        "POSTWRIGHT_TABLE": cloud.new_table(),
        "POSTWRIGHT_BUCKET": cloud.bucket,
        "POSTWRIGHT_SSM_PREFIX": cloud.prefix,
        "POSTWRIGHT_STATE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:none",
    }.items():
        monkeypatch.setenv(name, value)
    aws.session.cache_clear()
    app.current.cache_clear()

    parts = app.current()

    try:
        assert parts is app.current()
        assert parts.settings == Settings.from_environment(
            {
                "POSTWRIGHT_GRAPH_URL": lab.origin,
                "POSTWRIGHT_TABLE": parts.settings.table,
                "POSTWRIGHT_BUCKET": cloud.bucket,
                "POSTWRIGHT_SSM_PREFIX": cloud.prefix,
                "POSTWRIGHT_STATE_MACHINE_ARN": parts.settings.state_machine_arn,
            }
        )
        assert parts.store.find_job("nobody") is None
        assert parts.media.head("nowhere") is None
        assert parts.executions.describe("nobody") is None
        assert parts.instagram("default").account().user_id == DEMO_ACCOUNT.user_id
    finally:
        parts.http.close()
        app.current.cache_clear()
