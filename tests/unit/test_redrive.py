from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from sandbox import moto_imports
from sandbox.clock import SimulatedClock
from sandbox.functions import Functions
from sandbox.names import ACCOUNT_ID, REGION

moto_imports.load()

from moto.stepfunctions.parser import models  # noqa: E402  its fast import comes first
from moto.stepfunctions.parser.api import HistoryEventType  # noqa: E402
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (  # noqa: E402
    iteration_worker,
)
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField  # noqa: E402
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager  # noqa: E402
from moto.stepfunctions.responses import StepFunctionResponse  # noqa: E402

from sandbox import aws, engine, redrive  # noqa: E402
from tests.unit.engine_lab import (  # noqa: E402
    A_MOMENT,
    PATIENCE,
    JsonObject,
    Lab,
    client_of,
    code_of,
    machine,
    mapped,
    meet_after,
    one,
    serving_aws,
    task,
    types,
    wait,
    wait_until,
)

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

pytestmark = pytest.mark.engine

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
TASK_SUCCEEDED = HistoryEventType.TaskSucceeded
NOT_REDRIVABLE = "ExecutionNotRedrivable"
RETRY_TWICE = [{"ErrorEquals": ["BrokenError"], "IntervalSeconds": 5, "MaxAttempts": 2}]
LONG = {"Type": "Wait", "Seconds": 3600, "End": True}
CATCH = [{"ErrorEquals": ["BrokenError"], "Next": "Caught"}]


@pytest.fixture(scope="module")
def clock() -> SimulatedClock:
    return SimulatedClock(speed=None, start=START)


@pytest.fixture(scope="module")
def functions(clock: SimulatedClock) -> Iterator[Functions]:
    names, environment = ["mended", "patient", "sleepy"], {"TZ": "UTC"}
    with Functions(names, environment, clock, package="tests.handlers") as running:
        yield running


@pytest.fixture(scope="module")
def server() -> Iterator[aws.Aws]:
    with serving_aws() as running:
        yield running


@pytest.fixture(scope="module")
def client(server: aws.Aws) -> Iterator[SFNClient]:
    with client_of(server) as client:
        yield client


@dataclass
class RedriveLab(Lab):
    """State machines whose tasks fail until a test mends them."""

    clock: SimulatedClock
    folder: Path

    def task(self, name: str, **fields: object) -> JsonObject:
        """A task that gives back its input with its name."""
        payload = {"folder": str(self.folder), "name": name}
        return {**task("mended", payload), "OutputPath": "$.Payload.name", **fields}

    def item_task(self, **fields: object) -> JsonObject:
        """The same in an iteration, named by its item."""
        payload = {"folder": str(self.folder), "name.$": "$$.Map.Item.Value"}
        return {**task("mended", payload), "OutputPath": "$.Payload.name", **fields}

    def break_(self, *names: str) -> None:
        for name in names:
            (self.folder / f"{name} is broken").touch()

    def mend(self, *names: str) -> None:
        for name in names:
            (self.folder / f"{name} is broken").unlink()

    def calls(self) -> list[str]:
        """The tasks that were called so far, in order."""
        return (self.folder / "calls").read_text().split()

    def called(self, name: str) -> bool:
        return (self.folder / "calls").exists() and name in self.calls()

    def failed(self, definition: JsonObject, event: object = None, **name: str) -> str:
        """An execution that has failed."""
        ended = self.run(definition, event, **name)
        assert ended["status"] == "FAILED", ended
        return str(ended["executionArn"])

    def stopped_in(self, state: str, definition: JsonObject, event: object = None) -> str:
        """An execution that was stopped in a state that would still have lasted."""
        with self.clock.busy():
            execution = self.start(definition, event)
            self.entered(execution, state)
            self.client.stop_execution(executionArn=execution)
        return execution

    def redrive(self, execution: str, **token: str) -> datetime:
        return self.client.redrive_execution(executionArn=execution, **token)["redriveDate"]

    def redriven(self, execution: str) -> JsonObject:
        """The description of an execution that was redriven, once it has ended again."""
        self.redrive(execution)
        return self.end(execution)

    def output_of_redrive(self, execution: str) -> Any:
        ended = self.redriven(execution)
        assert ended["status"] == "SUCCEEDED", ended
        return json.loads(ended["output"])

    def described(self, execution: str) -> JsonObject:
        return dict(self.client.describe_execution(executionArn=execution))

    def since_redrive(self, execution: str) -> list[JsonObject]:
        """The events from the last ExecutionRedriven on."""
        events = self.events(execution)
        redriven = [
            index for index, event in enumerate(events) if event["type"] == "ExecutionRedriven"
        ]
        return events[redriven[-1] :]

    def refusal(self, execution: str) -> str:
        """Why it cannot be redriven, which a description says as well."""
        with pytest.raises(ClientError) as refused:
            self.redrive(execution)
        error, described = refused.value.response["Error"], self.described(execution)
        assert error["Code"] == NOT_REDRIVABLE
        assert described["redriveStatus"] == "NOT_REDRIVABLE"
        assert described["redriveStatusReason"] == error["Message"]
        return error["Message"]


@dataclass
class HeldUp:
    """Calls that wait for a test: `began` is set when one has come, `go_on` lets all pass."""

    began: threading.Event
    go_on: threading.Event


def held_up(
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    event: object = None,
    *,
    real_seconds: float = A_MOMENT,
) -> HeldUp:
    """Hold up each call of a function, or each that tells of an event; before an engine is
    installed.
    """
    unchanged, held = getattr(owner, name), HeldUp(threading.Event(), threading.Event())

    def slow(*args: Any, **kwargs: Any) -> Any:
        if event in (None, *args):
            held.began.set()
            held.go_on.wait(real_seconds)
        return unchanged(*args, **kwargs)

    monkeypatch.setattr(owner, name, slow)
    return held


@pytest.fixture
def lab(
    client: SFNClient, functions: Functions, clock: SimulatedClock, tmp_path: Path
) -> Iterator[RedriveLab]:
    changes: list[JsonObject] = []
    with engine.install(functions, clock, changes.append):
        yield RedriveLab(client, changes, clock, tmp_path)


def two_tasks(lab: RedriveLab, **fields: object) -> JsonObject:
    """A task, then one that is broken."""
    lab.break_("second")
    states = {"First": lab.task("first", Next="Second"), "Second": lab.task("second", End=True)}
    return machine("First", states, **fields)


class TestWhereItGoesOn:
    def test_at_the_task_that_failed(self, lab: RedriveLab) -> None:
        execution = lab.failed(two_tasks(lab))
        lab.mend("second")

        assert lab.output_of_redrive(execution) == "second"
        assert lab.calls() == ["first", "second", "second"]

    def test_with_the_same_input(self, lab: RedriveLab) -> None:
        lab.break_("a")
        states = {
            "Add": {"Type": "Pass", "Result": 2, "ResultPath": "$.b", "Next": "Fails"},
            "Fails": lab.task("a", ResultPath="$.c", OutputPath="$", End=True),
        }
        execution = lab.failed(machine("Add", states), {"a": 1})
        lab.mend("a")

        output = lab.output_of_redrive(execution)

        assert (output["a"], output["b"]) == (1, 2)

    def test_at_the_wait_in_which_it_was_stopped(self, lab: RedriveLab) -> None:
        execution = lab.stopped_in("Only", one(wait(3600)))
        began = lab.redrive(execution)

        ended = lab.end(execution)

        assert ended["status"] == "SUCCEEDED"
        assert ended["stopDate"] - began >= timedelta(seconds=3599)

    def test_past_a_wait_for_an_instant_that_has_passed(self, lab: RedriveLab) -> None:
        with lab.clock.busy():
            at = engine.to_text(lab.clock.now() + timedelta(hours=1))
            execution = lab.stopped_in("Only", one({"Type": "Wait", "Timestamp": at}))
        lab.clock.advance(7200)

        began = lab.redrive(execution)

        assert lab.end(execution)["stopDate"] - began < timedelta(seconds=1)

    def test_at_the_state_in_which_its_time_ran_out_with_all_its_time_anew(
        self, lab: RedriveLab
    ) -> None:
        states = {"First": wait(100) | {"Next": "Second"}, "Second": wait(100) | {"End": True}}
        ended = lab.run(machine("First", states, TimeoutSeconds=150))
        assert ended["status"] == "TIMED_OUT"

        again = lab.redriven(ended["executionArn"])

        assert again["status"] == "SUCCEEDED"
        assert [
            event["stateEnteredEventDetails"]["name"]
            for event in lab.events(ended["executionArn"])
            if "stateEnteredEventDetails" in event
        ] == ["First", "Second"]

    def test_it_times_out_again_after_its_time(self, lab: RedriveLab) -> None:
        ended = lab.run(one(wait(100), TimeoutSeconds=50))
        began = lab.redrive(ended["executionArn"])

        again = lab.end(ended["executionArn"])

        assert again["status"] == "TIMED_OUT"
        assert again["stopDate"] - began >= timedelta(seconds=49)

    def test_at_the_task_in_which_it_was_stopped(self, lab: RedriveLab) -> None:
        execution = lab.stopped_in("Only", one(task("sleepy", {"seconds": 20})))

        assert lab.output_of_redrive(execution)["Payload"]["slept"] >= 20

    def test_retries_count_anew(self, lab: RedriveLab) -> None:
        lab.break_("a")
        execution = lab.failed(one(lab.task("a", Retry=RETRY_TWICE)))
        assert lab.calls() == ["a"] * 3

        assert lab.redriven(execution)["status"] == "FAILED"

        assert lab.calls() == ["a"] * 6

    def test_after_an_error_that_was_caught(self, lab: RedriveLab) -> None:
        lab.break_("a", "b")
        states = {
            "Fails": lab.task("a", Catch=CATCH, End=True),
            "Caught": lab.task("b", End=True),
        }
        execution = lab.failed(machine("Fails", states))
        lab.mend("a", "b")

        assert lab.output_of_redrive(execution) == "b"
        assert lab.calls() == ["a", "b", "b"]

    def test_an_error_of_the_redriven_state_is_caught(self, lab: RedriveLab) -> None:
        states = {
            "Slow": task("sleepy", {"seconds": 20}, TimeoutSeconds=10, End=True),
            "Caught": {"Type": "Pass", "Result": "caught", "End": True},
        }
        catching = {"Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Caught"}]}
        states["Slow"] |= catching
        execution = lab.stopped_in("Slow", machine("Slow", states))

        assert lab.output_of_redrive(execution) == "caught"

    def test_a_choice_is_made_again(self, lab: RedriveLab) -> None:
        rule = {"Variable": "$.missing", "NumericEquals": 1, "Next": "End"}
        states = {
            "Choose": {"Type": "Choice", "Choices": [rule], "Default": "End"},
            "End": {"Type": "Succeed"},
        }
        execution = lab.failed(machine("Choose", states))

        assert lab.redriven(execution)["error"] == "States.Runtime"
        assert types(lab.since_redrive(execution)) == ["ExecutionRedriven", "ExecutionFailed"]

    def test_after_a_choice_that_was_made(self, lab: RedriveLab) -> None:
        lab.break_("a")
        rule = {"Variable": "$.a", "NumericEquals": 1, "Next": "Fails"}
        states = {
            "Choose": {"Type": "Choice", "Choices": [rule], "Default": "End"},
            "Fails": lab.task("a", Next="End"),
            "End": {"Type": "Succeed"},
        }
        execution = lab.failed(machine("Choose", states), {"a": 1})
        lab.mend("a")

        assert lab.output_of_redrive(execution) == "a"
        assert types(lab.events(execution)).count("ChoiceStateExited") == 1

    def test_a_fail_state_is_entered_again_and_fails_again(self, lab: RedriveLab) -> None:
        execution = lab.failed(machine("Fails", {"Fails": {"Type": "Fail", "Error": "Done"}}))

        assert lab.redriven(execution)["error"] == "Done"
        assert types(lab.since_redrive(execution)) == [
            "ExecutionRedriven",
            "FailStateEntered",
            "ExecutionFailed",
        ]

    def test_by_the_definition_it_was_started_with(self, lab: RedriveLab) -> None:
        execution = lab.failed(two_tasks(lab))
        lab.mend("second")
        lab.client.update_state_machine(
            stateMachineArn=lab.described(execution)["stateMachineArn"],
            definition=json.dumps(one({"Type": "Pass", "Result": "another"})),
        )

        assert lab.output_of_redrive(execution) == "second"


class TestAgainAndAgain:
    def test_a_redriven_run_that_fails_is_redriven_again(self, lab: RedriveLab) -> None:
        lab.break_("second", "third")
        states = {
            name.capitalize(): lab.task(name, Next=after)
            for name, after in [("first", "Second"), ("second", "Third"), ("third", "End")]
        }
        execution = lab.failed(machine("First", states | {"End": {"Type": "Succeed"}}))
        lab.mend("second")
        assert lab.redriven(execution)["status"] == "FAILED"
        lab.mend("third")

        first = lab.described(execution)["redriveDate"]
        lab.clock.advance(60)
        second = lab.redrive(execution)

        ended = lab.end(execution)
        assert (ended["status"], ended["redriveCount"]) == ("SUCCEEDED", 2)
        assert ended["redriveDate"] == second > first
        assert lab.calls() == ["first", "second", "second", "third", "third"]

    def test_a_redriven_run_is_stopped_and_goes_on_where_it_was(self, lab: RedriveLab) -> None:
        lab.break_("second")
        states = {
            "First": lab.task("first", Next="Second"),
            "Second": lab.task("second", Next="Wait"),
            "Wait": wait(3600) | {"Next": "Third"},
            "Third": lab.task("third", End=True),
        }
        execution = lab.failed(machine("First", states))
        lab.mend("second")
        with lab.clock.busy():
            lab.redrive(execution)
            lab.entered(execution, "Wait")
            lab.client.stop_execution(executionArn=execution, error="Enough")
        stopped = lab.described(execution)

        assert (stopped["status"], stopped["error"]) == ("ABORTED", "Enough")
        assert types(lab.events(execution))[-1] == "ExecutionAborted"
        assert lab.output_of_redrive(execution) == "third"
        assert lab.calls() == ["first", "second", "second", "third"]

    def test_a_stop_between_a_state_and_the_next_comes_too_late(
        self, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
    ) -> None:
        """Else the state would be over, and the machine neither at its end nor anywhere else."""
        over = held_up(monkeypatch, CommonStateField, "_set_next")
        lab: RedriveLab = request.getfixturevalue("lab")
        execution = lab.start(one(lab.task("a")))
        assert over.began.wait(10)

        lab.client.stop_execution(executionArn=execution)

        assert lab.described(execution)["status"] == "SUCCEEDED"

    def test_a_redriven_run_is_stopped_at_once(self, lab: RedriveLab) -> None:
        execution = lab.failed(two_tasks(lab))

        for _ in range(20):
            lab.redrive(execution)
            lab.client.stop_execution(executionArn=execution)
        lab.mend("second")

        ended = lab.redriven(execution)
        assert (ended["status"], ended["redriveCount"]) == ("SUCCEEDED", 21)
        assert lab.calls().count("first") == 1
        assert types(lab.events(execution)).count("ExecutionRedriven") == 21

    def test_a_function_of_the_run_before_tells_the_redriven_one_nothing(
        self, lab: RedriveLab, functions: Functions, tmp_path: Path
    ) -> None:
        go_on, effect = tmp_path / "go on", tmp_path / "effect"
        patient = task(
            "patient", {"when.$": "$.when", "write": str(effect)}, ResultPath=None, Next="Wait"
        )
        first = {"Type": "Pass", "Next": "Patient"}
        states = {"First": first, "Patient": patient, "Wait": wait(60) | {"End": True}}
        before = functions.invocations("patient")
        with lab.clock.busy():
            execution = lab.start(machine("First", states), {"when": str(go_on)})
            wait_until(lambda: functions.invocations("patient") == before + 1)
            lab.client.stop_execution(executionArn=execution)
            lab.redrive(execution)
            wait_until(lambda: functions.invocations("patient") == before + 2)
            history = lab.events(execution)

            go_on.touch()
            lab.entered(execution, "Wait")

        ended = lab.end(execution)
        events = lab.events(execution)
        assert ended["status"] == "SUCCEEDED"
        assert types(events)[len(history) :] == [
            "TaskSucceeded",
            "TaskStateExited",
            "WaitStateEntered",
            "WaitStateExited",
            "ExecutionSucceeded",
        ]


class TestMap:
    def test_only_the_iteration_that_failed_runs_again(self, lab: RedriveLab) -> None:
        lab.break_("b")
        items = {"items": ["a", "b", "c"]}
        execution = lab.failed(one(mapped(lab.item_task(), MaxConcurrency=1)), items)
        assert lab.calls() == ["a", "b"]
        lab.mend("b")

        assert lab.output_of_redrive(execution) == ["a", "b", "c"]
        assert lab.calls() == ["a", "b", "b", "c"]

    def test_iterations_that_were_on_their_way_go_on_where_they_were(self, lab: RedriveLab) -> None:
        states = {
            "Item": lab.item_task(Next="Long"),
            "Long": wait(3600) | {"Next": "After"},
            "After": lab.item_task(End=True),
        }
        many = mapped({"Type": "Pass"}) | {"ItemProcessor": machine("Item", states)}
        with lab.clock.busy():
            execution = lab.start(one(many), {"items": ["a", "b"]})
            wait_until(lambda: types(lab.events(execution)).count("WaitStateEntered") == 2)
            lab.client.stop_execution(executionArn=execution)

        assert lab.output_of_redrive(execution) == ["a", "b"]
        assert Counter(lab.calls()) == {"a": 2, "b": 2}
        assert types(lab.events(execution)).count("MapIterationStarted") == 2

    def test_the_history_has_each_beginning_once(self, lab: RedriveLab) -> None:
        lab.break_("b")
        items = {"items": ["a", "b", "c"]}
        execution = lab.failed(one(mapped(lab.item_task(), MaxConcurrency=1)), items)
        lab.mend("b")

        lab.output_of_redrive(execution)

        events = lab.events(execution)
        assert types(lab.since_redrive(execution)) == [
            "ExecutionRedriven",
            *("TaskScheduled", "TaskStarted", "TaskSucceeded", "TaskStateExited"),
            "MapIterationSucceeded",
            *("MapIterationStarted", "TaskStateEntered"),
            *("TaskScheduled", "TaskStarted", "TaskSucceeded", "TaskStateExited"),
            *("MapIterationSucceeded", "MapStateSucceeded", "MapStateExited"),
            "ExecutionSucceeded",
        ]
        [entered_b] = [
            event["id"]
            for event, before in zip(events, [None, *events], strict=False)
            if before is not None
            and before.get("mapIterationStartedEventDetails", {}).get("index") == 1
        ]
        assert lab.since_redrive(execution)[1]["previousEventId"] == entered_b

    def test_a_map_that_is_retried_begins_from_scratch(self, lab: RedriveLab) -> None:
        """The retry repeats all of it; a redrive then keeps what the last attempt had done."""
        lab.break_("b")
        retrying = mapped(lab.item_task(), MaxConcurrency=1, Retry=RETRY_TWICE)
        execution = lab.failed(one(retrying), {"items": ["a", "b"]})
        assert lab.calls() == ["a", "b"] * 3

        assert lab.redriven(execution)["status"] == "FAILED"

        assert lab.calls() == ["a", "b"] * 3 + ["b"] + ["a", "b"] * 2
        assert types(lab.since_redrive(execution)).count("MapStateStarted") == 2

    def test_in_the_second_of_two_maps(self, lab: RedriveLab) -> None:
        lab.break_("d")
        first, second = (mapped(lab.item_task(), MaxConcurrency=1) for _ in range(2))
        first |= {"ItemsPath": "$.first", "ResultPath": None, "Next": "Second"}
        second |= {"ItemsPath": "$.second", "End": True}
        execution = lab.failed(
            machine("First", {"First": first, "Second": second}),
            {"first": ["a", "b"], "second": ["c", "d"]},
        )
        lab.mend("d")

        assert lab.output_of_redrive(execution) == ["c", "d"]
        assert lab.calls() == ["a", "b", "c", "d", "d"]

    def test_within_a_map_within_a_map(self, lab: RedriveLab) -> None:
        lab.break_("d")
        inner = mapped(lab.item_task(), MaxConcurrency=1, End=True) | {"ItemsPath": "$"}
        outer = mapped({"Type": "Pass"}, MaxConcurrency=1) | {
            "ItemProcessor": machine("Inner", {"Inner": inner})
        }
        execution = lab.failed(one(outer), {"items": [["a", "b"], ["c", "d", "e"]]})
        lab.mend("d")

        assert lab.output_of_redrive(execution) == [["a", "b"], ["c", "d", "e"]]
        assert lab.calls() == ["a", "b", "c", "d", "d", "e"]

    def test_only_the_branch_that_failed_runs_again(self, lab: RedriveLab) -> None:
        lab.break_("b")
        branches = [
            machine("A", {"A": lab.task("a", End=True)}),
            machine("Wait", {"Wait": wait(60) | {"Next": "B"}, "B": lab.task("b", End=True)}),
            machine("C", {"C": wait(120) | {"Next": "D"}, "D": lab.task("d", End=True)}),
        ]
        execution = lab.failed(one({"Type": "Parallel", "Branches": branches}))
        assert lab.calls() == ["a", "b"]
        lab.mend("b")

        assert lab.output_of_redrive(execution) == ["a", "b", "d"]
        assert lab.calls() == ["a", "b", "b", "d"]
        assert types(lab.events(execution)).count("ParallelStateStarted") == 1

    def test_a_distributed_map_runs_again_as_a_whole(self, lab: RedriveLab) -> None:
        """AWS would run its failed items only."""
        processor = machine("Item", {"Item": lab.item_task(Next="Long"), "Long": LONG})
        processor["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
        many = mapped({"Type": "Pass"}, MaxConcurrency=1) | {"ItemProcessor": processor}
        with lab.clock.busy():
            execution = lab.start(one(many), {"items": ["a", "b"]})
            wait_until(lambda: lab.called("a"))
            lab.client.stop_execution(executionArn=execution)

        assert lab.output_of_redrive(execution) == ["a", "b"]
        assert lab.calls() == ["a", "a", "b"]

    def test_stopped_at_any_moment_it_does_each_thing_and_tells_each_beginning_once(
        self, lab: RedriveLab
    ) -> None:
        items = [f"item-{number}" for number in range(8)]
        execution = lab.start(one(mapped(lab.item_task())), {"items": items})
        for _ in range(10):
            lab.client.stop_execution(executionArn=execution)
            if lab.described(execution)["status"] == "SUCCEEDED":
                break
            lab.redrive(execution)

        ended = lab.end(execution)

        events = lab.events(execution)
        begun = [
            event["mapIterationStartedEventDetails"]["index"]
            for event in events
            if event["type"] == "MapIterationStarted"
        ]
        assert json.loads(ended["output"]) == items
        assert sorted(begun) == list(range(8))
        assert [event["id"] for event in events] == list(range(1, len(events) + 1))
        assert types(events).count("TaskStateExited") == 8


class TestHistory:
    def test_the_same_history_goes_on(self, lab: RedriveLab) -> None:
        execution = lab.failed(two_tasks(lab))
        before = lab.events(execution)
        lab.mend("second")

        lab.redriven(execution)

        events = lab.events(execution)
        assert events[: len(before)] == before
        assert [event["id"] for event in events] == list(range(1, len(events) + 1))
        assert types(lab.since_redrive(execution)) == [
            *("ExecutionRedriven", "TaskScheduled", "TaskStarted", "TaskSucceeded"),
            *("TaskStateExited", "ExecutionSucceeded"),
        ]
        redriven, scheduled = events[len(before) : len(before) + 2]
        assert redriven["executionRedrivenEventDetails"] == {"redriveCount": 1}
        assert redriven["previousEventId"] == before[-1]["id"]
        [entered] = [
            event["id"]
            for event in before
            if event.get("stateEnteredEventDetails", {}).get("name") == "Second"
        ]
        assert scheduled["previousEventId"] == entered

    def test_nothing_comes_after_the_end_that_a_redrive_follows(
        self, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
    ) -> None:
        told = held_up(monkeypatch, EventManager, "add_event", TASK_SUCCEEDED)
        lab: RedriveLab = request.getfixturevalue("lab")
        with lab.clock.busy():
            execution = lab.start(one(lab.task("a")))
            assert told.began.wait(10)

            lab.client.stop_execution(executionArn=execution)
            wait_until(lambda: "TaskSucceeded" in types(lab.events(execution)))

        assert types(lab.events(execution))[-1] == "ExecutionAborted"

    def test_a_beginning_that_came_too_late_is_told_by_the_redriven_run(
        self, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
    ) -> None:
        worker = iteration_worker.IterationWorker
        iteration = held_up(monkeypatch, worker, "_eval_job", real_seconds=PATIENCE)
        lab: RedriveLab = request.getfixturevalue("lab")
        execution = lab.start(one(mapped(lab.item_task())), {"items": ["a"]})
        assert iteration.began.wait(10)
        lab.client.stop_execution(executionArn=execution)
        iteration.go_on.set()
        wait_until(lambda: lab.clock._busy == 0)
        assert "MapIterationStarted" not in types(lab.events(execution))

        assert lab.output_of_redrive(execution) == ["a"]

        assert types(lab.since_redrive(execution)).count("MapIterationStarted") == 1
        assert types(lab.since_redrive(execution)).count("TaskStateEntered") == 1

    def test_the_context_tells_of_the_redrive(self, lab: RedriveLab) -> None:
        lab.break_("a")
        told = {"count.$": "$$.Execution.RedriveCount", "time.$": "$$.Execution.RedriveTime"}
        states = {
            "Fails": lab.task("a", Next="Tell"),
            "Tell": {"Type": "Pass", "Parameters": told, "End": True},
        }
        execution = lab.failed(machine("Fails", states))
        lab.mend("a")

        output = lab.output_of_redrive(execution)

        date = lab.described(execution)["redriveDate"]
        assert output == {"count": 1, "time": engine.to_text(date)}

    def test_so_does_a_task_in_a_map(self, lab: RedriveLab) -> None:
        lab.break_("a")
        payload = {
            "folder": str(lab.folder),
            "name.$": "$$.Map.Item.Value",
            "count.$": "$$.Execution.RedriveCount",
        }
        execution = lab.failed(one(mapped(task("mended", payload))), {"items": ["a"]})
        lab.mend("a")

        [result] = lab.output_of_redrive(execution)

        assert result["Payload"]["count"] == 1


class TestWhatIsTold:
    def test_a_failed_execution_can_be_redriven(self, lab: RedriveLab) -> None:
        failed = lab.described(lab.failed(two_tasks(lab)))

        assert (failed["redriveStatus"], failed["redriveCount"]) == ("REDRIVABLE", 0)
        assert {"redriveDate", "redriveStatusReason"}.isdisjoint(failed)

    def test_while_it_runs_it_has_no_end(self, lab: RedriveLab) -> None:
        execution = lab.stopped_in("Only", one(wait(3600)))
        with lab.clock.busy():
            date = lab.redrive(execution)
            running = lab.described(execution)

            assert (running["status"], running["redriveCount"]) == ("RUNNING", 1)
            assert running["redriveDate"] == date
            assert {"stopDate", "error", "cause", "output"}.isdisjoint(running)
            assert lab.refusal(execution) == "Execution is RUNNING and cannot be redriven"

    def test_a_success_leaves_no_error(self, lab: RedriveLab) -> None:
        execution = lab.failed(two_tasks(lab))
        first = lab.described(execution)
        lab.clock.advance(60)
        lab.mend("second")

        ended = lab.redriven(execution)

        assert {"error", "cause"}.isdisjoint(ended)
        assert ended["startDate"] == first["startDate"]
        assert ended["stopDate"] - first["stopDate"] >= timedelta(seconds=59)
        assert ended["redriveCount"] == 1

    def test_lists_tell_of_redrives(self, lab: RedriveLab) -> None:
        execution = lab.failed(two_tasks(lab), name="redriven")
        of = lab.described(execution)["stateMachineArn"]
        lab.end(lab.start_again(of, name="not"))
        date = lab.redrive(execution)
        lab.end(execution)

        listed = lab.client.list_executions(stateMachineArn=of)["executions"]

        found = {item["name"]: (item["redriveCount"], item.get("redriveDate")) for item in listed}
        assert found == {"redriven": (1, date), "not": (0, None)}
        for wanted, name in [("REDRIVEN", "redriven"), ("NOT_REDRIVEN", "not")]:
            listed = lab.client.list_executions(
                stateMachineArn=of,
                redriveFilter=wanted,  # type: ignore[arg-type]  # one of the two literals
            )["executions"]
            assert [item["name"] for item in listed] == [name]

    def test_each_end_is_told_as_eventbridge_tells_it(self, lab: RedriveLab) -> None:
        execution = lab.failed(two_tasks(lab))
        wait_until(lambda: len(lab.changes) == 1)
        lab.mend("second")
        date = lab.redrive(execution)
        wait_until(lambda: len(lab.changes) == 2)

        failed, succeeded = (change["detail"] for change in lab.changes)

        assert (failed["status"], succeeded["status"]) == ("FAILED", "SUCCEEDED")
        assert (failed["redriveCount"], failed["redriveDate"]) == (0, None)
        assert (failed["redriveStatus"], failed["redriveStatusReason"]) == ("REDRIVABLE", None)
        assert succeeded["redriveCount"] == 1
        assert succeeded["redriveDate"] == int(date.timestamp() * 1000)
        assert succeeded["redriveStatus"] == "NOT_REDRIVABLE"
        assert succeeded["error"] is None


class TestRefusals:
    def test_of_a_success(self, lab: RedriveLab) -> None:
        ended = lab.run(one({"Type": "Pass"}))

        reason = lab.refusal(ended["executionArn"])

        assert reason == "Execution is SUCCEEDED and cannot be redriven"

    def test_of_what_does_not_exist(self, lab: RedriveLab) -> None:
        execution = lab.failed(two_tasks(lab))

        assert code_of(lambda: lab.redrive(f"{execution}-2")) == "ExecutionDoesNotExist"
        assert code_of(lambda: lab.redrive("no-arn")) == "InvalidArn"

    def test_after_fourteen_days(self, lab: RedriveLab) -> None:
        execution = lab.failed(two_tasks(lab))
        for _ in range(2):
            lab.clock.advance(timedelta(days=14, seconds=-60).total_seconds())
            lab.redriven(execution)
        lab.clock.advance(timedelta(days=14, seconds=60).total_seconds())

        assert lab.refusal(execution) == "Execution redrivable period exceeded"

    def test_of_what_was_started_over_a_year_ago(self, lab: RedriveLab) -> None:
        lab.break_("a")
        states = {"Wait": wait(366 * 86_400) | {"Next": "A"}, "A": lab.task("a", End=True)}
        execution = lab.failed(machine("Wait", states))

        assert lab.refusal(execution) == "Execution has exceeded the max execution time"

    @pytest.mark.parametrize(("events", "fits"), [(24_998, True), (24_999, False)])
    def test_of_a_history_that_is_full(self, lab: RedriveLab, events: int, fits: bool) -> None:
        execution = lab.failed(two_tasks(lab))
        backend = models.stepfunctions_parser_backends[ACCOUNT_ID][REGION]
        described: Any = backend.describe_execution(execution)
        history = described.exec_worker.env.event_manager._history_event_list
        history[:0] = history[:1] * (events - len(history))

        if fits:
            assert lab.redriven(execution)["redriveCount"] == 1
        else:
            assert lab.refusal(execution) == "Execution history event limit exceeded"

    def test_of_the_second_of_two_at_once(
        self, lab: RedriveLab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        execution = lab.stopped_in("Only", one(wait(3600)))
        meet_after(monkeypatch, redrive, "why_not", A_MOMENT)

        with lab.clock.busy(), ThreadPoolExecutor(2) as pool:
            answers = [pool.submit(lab.redrive, execution) for _ in range(2)]
            errors = [str(error) for answer in answers if (error := answer.exception(10))]

        [refused] = errors
        assert NOT_REDRIVABLE in refused
        assert lab.end(execution)["redriveCount"] == 1


class TestToken:
    def test_a_repeated_call_is_answered_and_redrives_nothing(self, lab: RedriveLab) -> None:
        execution = lab.failed(two_tasks(lab))
        date = lab.redrive(execution, clientToken="a")
        lab.end(execution)
        lab.clock.advance(14 * 60)

        assert lab.redrive(execution, clientToken="a") == date
        assert lab.described(execution)["redriveCount"] == 1
        assert lab.redrive(execution, clientToken="b") > date
        assert lab.end(execution)["redriveCount"] == 2

    def test_it_is_forgotten_after_fifteen_minutes(self, lab: RedriveLab) -> None:
        execution = lab.failed(two_tasks(lab))
        date = lab.redrive(execution, clientToken="a")
        lab.end(execution)
        lab.clock.advance(16 * 60)

        assert lab.redrive(execution, clientToken="a") > date
        assert lab.end(execution)["redriveCount"] == 2

    def test_the_last_ten_are_remembered(self, lab: RedriveLab) -> None:
        execution = lab.failed(two_tasks(lab))
        for number in range(11):
            lab.redrive(execution, clientToken=f"token-{number}")
            lab.end(execution)

        lab.redrive(execution, clientToken="token-1")
        assert lab.described(execution)["redriveCount"] == 11
        lab.redrive(execution, clientToken="token-0")
        assert lab.end(execution)["redriveCount"] == 12

    def test_one_execution_knows_nothing_of_the_tokens_of_another(self, lab: RedriveLab) -> None:
        first, second = lab.failed(two_tasks(lab)), lab.failed(two_tasks(lab))

        for execution in (first, second):
            lab.redrive(execution, clientToken="a")

        assert lab.end(first)["redriveCount"] == lab.end(second)["redriveCount"] == 1

    @pytest.mark.parametrize("token", ["a b", "ü", "a" * 65])
    def test_it_has_a_form(self, lab: RedriveLab, token: str) -> None:
        execution = lab.failed(two_tasks(lab))

        code = code_of(lambda: lab.redrive(execution, clientToken=token))

        assert code == "ValidationException"


def test_plain_moto_has_no_redrive(functions: Functions, clock: SimulatedClock) -> None:
    def has_redrive() -> bool:
        return hasattr(StepFunctionResponse, "redrive_execution")

    assert not has_redrive()
    with engine.install(functions, clock):
        assert has_redrive()
    assert not has_redrive()
