from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox import moto_imports
from sandbox.clock import SimulatedClock
from sandbox.functions import Functions
from sandbox.names import ACCOUNT_ID, REGION, ROLE_ARN, TABLE, function_arn

moto_imports.load()

from moto.stepfunctions.parser import models  # noqa: E402  after the light import
from moto.stepfunctions.parser.asl.component.program.program import Program  # noqa: E402
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor  # noqa: E402

from sandbox import aws, engine  # noqa: E402

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
JsonObject = dict[str, Any]
T = TypeVar("T")


@pytest.fixture(scope="module")
def log_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine") / "functions.log"


@pytest.fixture(scope="module")
def clock() -> SimulatedClock:
    return SimulatedClock(speed=None, start=START)


@pytest.fixture(scope="module")
def functions(clock: SimulatedClock, log_path: Path) -> Iterator[Functions]:
    with Functions(
        ["echo", "sleepy", "failing"],
        {"TZ": "UTC"},
        clock,
        package="tests.handlers",
        timeouts={"sleepy": 900, "failing": 5},
        log_path=log_path,
    ) as running:
        yield running


@pytest.fixture(scope="module")
def server() -> Iterator[aws.Aws]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = aws.Aws(listener, dict)
        yield running
        running.close()
        aws.forget()


@pytest.fixture(scope="module")
def client(server: aws.Aws) -> Iterator[SFNClient]:
    client = boto3.client(
        "stepfunctions",
        endpoint_url=server.origin,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  moto does not check it
    )
    with closing(client):
        yield client


@dataclass
class Lab:
    """State machines on the patched engine, over HTTP as any AWS client sees them."""

    client: SFNClient
    changes: list[JsonObject]

    def start(self, definition: JsonObject, event: object = None, **name: str) -> str:
        machine = self.client.create_state_machine(
            name=f"m-{uuid.uuid4()}", definition=json.dumps(definition), roleArn=ROLE_ARN
        )["stateMachineArn"]
        return self.start_again(machine, event, **name)

    def start_again(self, machine: str, event: object = None, **name: str) -> str:
        return self.client.start_execution(
            stateMachineArn=machine, input=json.dumps(event or {}), **name
        )["executionArn"]

    def end(self, execution: str) -> JsonObject:
        """The description of an execution once it has ended, within ten seconds."""
        for _ in range(2000):
            described = self.client.describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return dict(described)
            time.sleep(0.005)
        pytest.fail(f"still running after ten seconds: {self.events(execution)}")

    def run(self, definition: JsonObject, event: object = None) -> JsonObject:
        return self.end(self.start(definition, event))

    def output(self, definition: JsonObject, event: object = None) -> Any:
        ended = self.run(definition, event)
        assert ended["status"] == "SUCCEEDED", ended
        return json.loads(ended["output"])

    def events(self, execution: str) -> list[JsonObject]:
        pages = self.client.get_paginator("get_execution_history").paginate(executionArn=execution)
        return [dict(event) for page in pages for event in page["events"]]

    def entered(self, execution: str, state: str) -> None:
        """Return once the execution is in `state`, within ten seconds."""
        for _ in range(2000):
            names = [
                e.get("stateEnteredEventDetails", {}).get("name") for e in self.events(execution)
            ]
            if state in names:
                return
            time.sleep(0.005)
        pytest.fail(f"never came to {state}")


@pytest.fixture
def make_lab(client: SFNClient, functions: Functions) -> Iterator[Callable[[SimulatedClock], Lab]]:
    installed = []

    def make(clock: SimulatedClock) -> Lab:
        changes: list[JsonObject] = []
        context = engine.install(functions, clock, changes.append)
        context.__enter__()
        installed.append(context)
        return Lab(client, changes)

    yield make
    for context in installed:
        context.__exit__(None, None, None)


@pytest.fixture
def lab(make_lab: Callable[[SimulatedClock], Lab], clock: SimulatedClock) -> Lab:
    return make_lab(clock)


def plain_moto(definition: JsonObject, event: object = None, name: str = "run") -> Any:
    """The ended execution of the same machine on moto as it comes."""
    backend = models.stepfunctions_parser_backends[ACCOUNT_ID][REGION]
    machine = backend.create_state_machine(
        name=f"plain-{uuid.uuid4()}", definition=json.dumps(definition), roleArn=ROLE_ARN
    )
    execution: Any = backend.start_execution(machine.arn, name, json.dumps(event or {}))
    for _ in range(2000):
        if execution.exec_status != "RUNNING":
            return execution
        time.sleep(0.005)
    pytest.fail("plain moto still runs after ten seconds")


def machine(first: str, states: JsonObject, **fields: object) -> JsonObject:
    return {"StartAt": first, "States": states, **fields}


def one(state: JsonObject, **fields: object) -> JsonObject:
    """A machine with a single state, called Only."""
    return machine("Only", {"Only": {**state, "End": True}}, **fields)


def task(function: str, payload: JsonObject, **fields: object) -> JsonObject:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function_arn(function), "Payload": payload},
        **fields,
    }


def wait(seconds: int) -> JsonObject:
    return {"Type": "Wait", "Seconds": seconds}


def mapped(state: JsonObject, **fields: object) -> JsonObject:
    """A Map over `$.items` with one state, called Item."""
    return {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemProcessor": machine("Item", {"Item": {**state, "End": True}}),
        **fields,
    }


def took(ended: JsonObject) -> timedelta:
    return ended["stopDate"] - ended["startDate"]  # type: ignore[no-any-return]  # a JsonObject


def seconds(count: float) -> Any:
    """DescribeExecution gives milliseconds."""
    return pytest.approx(timedelta(seconds=count), abs=timedelta(milliseconds=2))


CONTEXT = {
    "Type": "Pass",
    "Parameters": {
        "started.$": "$$.Execution.StartTime",
        "entered.$": "$$.State.EnteredTime",
        "redriven.$": "$$.Execution.RedriveCount",
    },
}
FAIL_WITH_RETRY = [{"ErrorEquals": ["TooManyCatsError"], "IntervalSeconds": 3600, "MaxAttempts": 2}]
CATCH_ALL = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]


class TestTime:
    def test_a_wait_of_thirty_days_passes_at_once_at_max_speed(self, lab: Lab) -> None:
        ended = lab.run(one(wait(30 * 86_400)))

        assert ended["status"] == "SUCCEEDED"
        assert took(ended) == seconds(30 * 86_400)

    def test_a_wait_is_scaled_at_a_numeric_speed(
        self, make_lab: Callable[[SimulatedClock], Lab]
    ) -> None:
        ended = make_lab(SimulatedClock(speed=600, start=START)).run(one(wait(60)))

        assert timedelta(seconds=60) <= took(ended) < timedelta(seconds=600)

    def test_a_timestamp_is_waited_for_exactly(self, lab: Lab, clock: SimulatedClock) -> None:
        with clock.busy():
            at = clock.now() + timedelta(seconds=90, milliseconds=750)
            execution = lab.start(
                one({"Type": "Wait", "TimestampPath": "$.at"}), {"at": engine.to_text(at)}
            )

        reached = lab.end(execution)["stopDate"]
        assert abs(reached - at) <= timedelta(milliseconds=2)

    def test_history_and_context_tell_simulated_time(self, lab: Lab, clock: SimulatedClock) -> None:
        clock.advance(365 * 86_400)
        with clock.busy():
            now = clock.now()
            execution = lab.start(
                machine(
                    "Wait", {"Wait": wait(60) | {"Next": "Look"}, "Look": CONTEXT | {"End": True}}
                )
            )
        seen = json.loads(lab.end(execution)["output"])

        events = lab.events(execution)
        assert engine.to_text(now) <= seen["started"] < seen["entered"]
        assert len(seen["entered"]) == len("2026-12-01T09:00:00.000Z")
        assert events[-1]["timestamp"] - events[0]["timestamp"] == seconds(60)
        assert events[0]["timestamp"] - now < timedelta(seconds=1)

    def test_plain_moto_has_no_redrive_count(self) -> None:
        assert plain_moto(one(CONTEXT)).exec_status == "FAILED"

    def test_retries_wait_on_the_clock(self, lab: Lab) -> None:
        failing = task("failing", {"how": "raise"}, Retry=FAIL_WITH_RETRY)

        ended = lab.run(one(failing))

        assert ended["error"] == "TooManyCatsError"
        assert json.loads(ended["cause"])["errorMessage"] == "nine lives each"
        assert took(ended) == seconds(3600 + 7200)

    def test_a_task_times_out_on_the_clock(self, lab: Lab) -> None:
        execution = lab.start(one(task("sleepy", {"seconds": 500}, TimeoutSeconds=60)))

        ended = lab.end(execution)

        assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")
        assert took(ended) == seconds(60)
        assert "TaskTimedOut" in types(lab.events(execution))

    def test_a_task_that_timed_out_writes_no_more_history(self, lab: Lab) -> None:
        slow = task("sleepy", {"seconds": 100}, TimeoutSeconds=60)
        caught = slow | {"Catch": CATCH_ALL, "Next": "Caught"}

        execution = lab.start(
            machine("Slow", {"Slow": caught, "Caught": wait(300) | {"End": True}})
        )

        assert lab.end(execution)["status"] == "SUCCEEDED"
        assert "TaskSucceeded" not in types(lab.events(execution))

    def test_a_machine_times_out_on_the_clock(self, lab: Lab) -> None:
        execution = lab.start(one(wait(1000), TimeoutSeconds=100))

        ended = lab.end(execution)

        assert ended["status"] == "TIMED_OUT"
        assert took(ended) == seconds(100)
        assert types(lab.events(execution))[-1] == "ExecutionTimedOut"
        [listed] = lab.client.list_executions(
            stateMachineArn=ended["stateMachineArn"], statusFilter="TIMED_OUT"
        )["executions"]
        assert listed["stopDate"] == ended["stopDate"]

    def test_iterations_of_a_map_pass_time_together(self, lab: Lab) -> None:
        sleeping = task("sleepy", {"seconds": 60})

        together = lab.run(one(mapped(sleeping)), {"items": [0] * 5})
        by_two = lab.run(one(mapped(sleeping, MaxConcurrency=2)), {"items": [0] * 5})

        assert took(together) == seconds(60)
        assert took(by_two) == seconds(180)

    def test_branches_pass_time_together(self, lab: Lab) -> None:
        branches = [
            machine("A", {"A": wait(50) | {"End": True}}),
            machine("B", {"B": wait(70) | {"End": True}}),
        ]

        ended = lab.run(one({"Type": "Parallel", "Branches": branches}))

        assert took(ended) == seconds(70)


class TestStart:
    def test_a_name_is_made_up_when_none_is_given(self, lab: Lab) -> None:
        arn = lab.run(one(CONTEXT))["executionArn"]

        assert uuid.UUID(arn.rsplit(":", 1)[-1])

    @pytest.mark.parametrize("name", ["a b", "a.b", "a/b", "ü"])
    def test_a_name_outside_the_rules_is_refused(self, lab: Lab, name: str) -> None:
        with pytest.raises(ClientError) as refused:
            lab.start(one(wait(1)), name=name)

        assert refused.value.response["Error"]["Code"] == "InvalidName"

    def test_plain_moto_takes_any_name(self) -> None:
        assert plain_moto(one({"Type": "Pass"}), name="a b").name == "a b"

    def test_a_repeated_start_finds_the_running_execution(
        self, make_lab: Callable[[SimulatedClock], Lab]
    ) -> None:
        lab = make_lab(SimulatedClock(speed=1, start=START))
        first = lab.start(one(wait(3600)), {"a": 1}, name="job-1")
        of = lab.client.describe_execution(executionArn=first)["stateMachineArn"]

        assert lab.start_again(of, {"a": 1}, name="job-1") == first
        assert code_of(lambda: lab.start_again(of, {"a": 2}, name="job-1")) == ALREADY_EXISTS
        lab.client.stop_execution(executionArn=first)
        assert code_of(lambda: lab.start_again(of, {"a": 1}, name="job-1")) == ALREADY_EXISTS

    def test_starts_at_once_with_one_name_are_one_execution(
        self, make_lab: Callable[[SimulatedClock], Lab]
    ) -> None:
        lab = make_lab(SimulatedClock(speed=1, start=START))
        of = lab.client.describe_execution(executionArn=lab.start(one(wait(3600))))[
            "stateMachineArn"
        ]

        with ThreadPoolExecutor(8) as pool:
            started = list(pool.map(lambda _: lab.start_again(of, name="twin"), range(16)))

        assert len(set(started)) == 1
        executions = lab.client.list_executions(stateMachineArn=of)["executions"]
        assert [e["name"] for e in executions].count("twin") == 1


class TestStop:
    def stop(self, lab: Lab, execution: str) -> JsonObject:
        lab.client.stop_execution(executionArn=execution, error="Cancelled", cause="by hand")
        return dict(lab.client.describe_execution(executionArn=execution))

    @pytest.fixture
    def slow_lab(self, make_lab: Callable[[SimulatedClock], Lab]) -> Lab:
        return make_lab(SimulatedClock(speed=1, start=START))

    @pytest.mark.parametrize(
        "state",
        [
            wait(3600),
            task("failing", {"how": "raise"}, Retry=FAIL_WITH_RETRY),
            task("failing", {"how": "hang"}),
            mapped(wait(3600)),
        ],
        ids=["wait", "retry", "function", "map"],
    )
    def test_a_stop_ends_the_execution_at_once(self, slow_lab: Lab, state: JsonObject) -> None:
        execution = slow_lab.start(one(state), {"items": [1, 2]})
        slow_lab.entered(execution, "Item" if state["Type"] == "Map" else "Only")

        ended = self.stop(slow_lab, execution)

        assert ended["status"] == "ABORTED"
        assert (ended["error"], ended["cause"]) == ("Cancelled", "by hand")
        assert took(ended) < timedelta(seconds=60)
        last = slow_lab.events(execution)[-1]
        assert last["type"] == "ExecutionAborted"
        assert last["executionAbortedEventDetails"] == {"error": "Cancelled", "cause": "by hand"}
        assert self.stop(slow_lab, execution)["stopDate"] == ended["stopDate"]

    def test_a_function_that_outlives_its_execution_writes_no_history(self, slow_lab: Lab) -> None:
        execution = slow_lab.start(one(task("failing", {"how": "linger", "seconds": 0.3})))
        slow_lab.entered(execution, "Only")
        self.stop(slow_lab, execution)

        time.sleep(0.6)  # the function really has to end by itself, and nothing tells when

        assert types(slow_lab.events(execution))[-1] == "ExecutionAborted"


class TestErrors:
    def test_a_missing_path_fails_and_is_not_caught(self, lab: Lab) -> None:
        asking = task("echo", {"x.$": "$.missing"}, Catch=CATCH_ALL, Next="Caught")

        ended = lab.run(machine("Ask", {"Ask": asking, "Caught": {"Type": "Succeed"}}))

        assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
        assert "$.missing" in ended["cause"]

    def test_plain_moto_catches_a_missing_path(self) -> None:
        asking = task("echo", {"x.$": "$.missing"}, Catch=CATCH_ALL, Next="Caught")

        ended = plain_moto(machine("Ask", {"Ask": asking, "Caught": {"Type": "Succeed"}}))

        assert ended.exec_status == "SUCCEEDED"

    CHOICE = machine(
        "Choose",
        {
            "Choose": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.missing", "StringEquals": "x", "Next": "Done"}],
                "Default": "Done",
            },
            "Done": {"Type": "Succeed"},
        },
    )

    def test_a_choice_on_a_missing_path_fails(self, lab: Lab) -> None:
        ended = lab.run(self.CHOICE)

        assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
        assert "Invalid path '$.missing'" in ended["cause"]

    def test_plain_moto_takes_the_default_on_a_missing_path(self) -> None:
        assert plain_moto(self.CHOICE).exec_status == "SUCCEEDED"

    def test_is_present_may_ask_for_a_missing_path(self, lab: Lab) -> None:
        rule = {"Variable": "$.missing", "IsPresent": False, "Next": "Done"}
        choice = {"Type": "Choice", "Choices": [rule], "Default": "Wrong"}
        states = {"Choose": choice, "Done": {"Type": "Succeed"}, "Wrong": {"Type": "Fail"}}

        assert lab.run(machine("Choose", states))["status"] == "SUCCEEDED"

    def test_a_time_out_inside_a_map_keeps_its_name(self, lab: Lab) -> None:
        slow = mapped(task("sleepy", {"seconds": 100}, TimeoutSeconds=60))
        catch = [{"ErrorEquals": ["States.Timeout"], "Next": "Caught"}]
        states = {"Slow": slow | {"Catch": catch, "End": True}, "Caught": {"Type": "Succeed"}}

        assert lab.run(machine("Slow", states), {"items": [1]})["status"] == "SUCCEEDED"

    def test_other_iterations_end_with_a_failed_map(
        self, lab: Lab, clock: SimulatedClock, log_path: Path
    ) -> None:
        states = {
            "IsFirst": {
                "Type": "Choice",
                "Choices": [{"Variable": "$", "NumericEquals": 0, "Next": "Raise"}],
                "Default": "Wait",
            },
            "Raise": task("failing", {"how": "raise"}, End=True),
            "Wait": wait(100) | {"Next": "Log"},
            "Log": task("failing", {"how": "log", "what": "a ghost"}, End=True),
        }
        all_items = mapped({"Type": "Pass"}) | {"ItemProcessor": machine("IsFirst", states)}

        ended = lab.run(one(all_items), {"items": [0, 1]})
        clock.advance(200)
        lab.run(one(wait(200)))

        assert ended["error"] == "TooManyCatsError"
        assert "a ghost" not in log_path.read_text()

    def test_an_unknown_function_is_an_error_of_lambda(self, lab: Lab) -> None:
        ended = lab.run(one(task("no_such_function", {})))

        assert ended["error"] == "Lambda.ResourceNotFoundException"

    def test_a_function_named_by_its_arn_is_called(self, lab: Lab) -> None:
        direct = {"Type": "Task", "Resource": function_arn("echo")}

        assert lab.output(one(direct), {"cats": 1})["event"] == {"cats": 1}


class TestContext:
    def test_a_task_inside_a_map_sees_its_item(self, lab: Lab) -> None:
        payload = {"index.$": "$$.Map.Item.Index", "value.$": "$$.Map.Item.Value"}

        results = lab.output(one(mapped(task("echo", payload))), {"items": ["a", "b"]})

        assert [r["Payload"]["event"] for r in results] == [
            {"index": 0, "value": "a"},
            {"index": 1, "value": "b"},
        ]

    def test_parsers_share_no_state(self, lab: Lab) -> None:
        assert lab
        first, second = Preprocessor(), Preprocessor()
        assert first._query_language_per_scope is not second._query_language_per_scope

    def test_plain_moto_shares_the_state_of_parsers(self) -> None:
        first, second = Preprocessor(), Preprocessor()
        assert first._query_language_per_scope is second._query_language_per_scope


class TestStatusChange:
    def test_a_failure_is_told_as_eventbridge_tells_it(
        self, lab: Lab, clock: SimulatedClock
    ) -> None:
        ended = lab.run(one(task("failing", {"how": "raise"})), {"a": 1})

        [change] = wait_for(lab.changes)
        assert change["detail-type"] == "Step Functions Execution Status Change"
        assert change["source"] == "aws.states"
        assert change["resources"] == [ended["executionArn"]]
        assert datetime.fromisoformat(change["time"]) <= clock.now()
        detail = change["detail"]
        assert detail["status"] == "FAILED"
        assert detail["error"] == "TooManyCatsError"
        assert json.loads(detail["input"]) == {"a": 1}
        assert detail["output"] is None
        assert detail["startDate"] <= detail["stopDate"]
        assert detail["name"] == ended["name"]

    def test_a_success_is_told_too(self, lab: Lab) -> None:
        lab.run(one({"Type": "Pass", "Result": {"a": 1}}))

        [change] = wait_for(lab.changes)
        assert change["detail"]["status"] == "SUCCEEDED"
        assert change["detail"]["output"] == '{"a":1}'

    def test_time_stands_still_until_the_listener_is_done(
        self, functions: Functions, client: SFNClient
    ) -> None:
        clock = SimulatedClock(speed=None, start=START)
        told, release = threading.Event(), threading.Event()

        def listen(_event: JsonObject) -> None:
            told.set()
            release.wait(10)

        with engine.install(functions, clock, listen):
            lab = Lab(client, [])
            with clock.busy():
                short, long = lab.start(one(wait(10))), lab.start(one(wait(1000)))
                lab.entered(long, "Only")
            told.wait(10)
            then = clock.now()
            short_ended = lab.end(short)["stopDate"]
            release.set()
            lab.end(long)

        assert then - short_ended < timedelta(seconds=1)


class TestHistory:
    @pytest.fixture
    def execution(self, lab: Lab) -> str:
        return str(
            lab.run(one(mapped({"Type": "Pass"})), {"items": list(range(40))})["executionArn"]
        )

    def test_a_page_has_a_hundred_events_by_default(self, lab: Lab, execution: str) -> None:
        page = lab.client.get_execution_history(executionArn=execution)

        assert len(page["events"]) == 100
        assert page["nextToken"]
        ids = [event["id"] for event in lab.events(execution)]
        assert ids == list(range(1, len(ids) + 1))
        assert len(ids) > 100

    def test_pages_can_be_small_and_reversed(self, lab: Lab, execution: str) -> None:
        page = lab.client.get_execution_history(
            executionArn=execution, maxResults=3, reverseOrder=True
        )

        assert len(page["events"]) == 3
        assert page["events"][0]["type"] == "ExecutionSucceeded"

    def test_data_can_be_left_out(self, lab: Lab, execution: str) -> None:
        page = lab.client.get_execution_history(executionArn=execution, includeExecutionData=False)

        assert "input" not in page["events"][0]["executionStartedEventDetails"]
        assert "roleArn" in page["events"][0]["executionStartedEventDetails"]


def test_conditional_writes_are_atomic(lab: Lab, server: aws.Aws) -> None:
    assert lab
    server.create_resources(json.dumps(one({"Type": "Pass"})), "user", "token")
    table = boto3.client(
        "dynamodb",
        endpoint_url=server.origin,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  moto does not check it
    )

    def claim(attempt: int) -> bool:
        item: Any = {"PK": {"S": "lock"}, "SK": {"S": str(attempt % 10)}}
        try:
            table.put_item(
                TableName=TABLE, Item=item, ConditionExpression="attribute_not_exists(PK)"
            )
        except table.exceptions.ConditionalCheckFailedException:
            return False
        return True

    with closing(table), ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(80))) == 10


def test_one_engine_at_a_time(lab: Lab, functions: Functions, clock: SimulatedClock) -> None:
    assert lab
    with (
        pytest.raises(engine.EngineInUseError, match="already runs"),
        engine.install(functions, clock),
    ):
        pass


def test_the_patches_go_away(functions: Functions, clock: SimulatedClock) -> None:
    def methods() -> tuple[JsonObject, JsonObject]:
        return dict(vars(Program)), dict(vars(Preprocessor))

    before = methods()

    with engine.install(functions, clock):
        assert methods() != before

    assert methods() == before


ALREADY_EXISTS = "ExecutionAlreadyExists"


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"]


def types(events: list[JsonObject]) -> list[str]:
    return [event["type"] for event in events]


def wait_for(things: list[T]) -> list[T]:
    """The list once it has something in it, within ten seconds."""
    for _ in range(2000):
        if things:
            return things
        time.sleep(0.005)
    pytest.fail("nothing came")
