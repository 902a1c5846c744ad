from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from sandbox import moto_imports
from sandbox.clock import SimulatedClock
from sandbox.functions import Functions
from sandbox.names import ACCOUNT_ID, REGION, TABLE, function_arn

moto_imports.load()

from moto.core.config import default_user_config  # noqa: E402  after the light import
from moto.dynamodb.models.table import Table  # noqa: E402
from moto.stepfunctions.models import StateMachine  # noqa: E402
from moto.stepfunctions.parser import models  # noqa: E402
from moto.stepfunctions.parser.api import ExecutionFailedEventDetails  # noqa: E402
from moto.stepfunctions.parser.asl.component import eval_component  # noqa: E402
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl  # noqa: E402
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import (  # noqa: E402
    TimeoutSeconds,
)
from moto.stepfunctions.parser.asl.component.program import program  # noqa: E402
from moto.stepfunctions.parser.asl.component.program.program import Program  # noqa: E402
from moto.stepfunctions.parser.asl.component.state.exec import execute_state  # noqa: E402
from moto.stepfunctions.parser.asl.component.state.exec.state_task import (  # noqa: E402
    lambda_eval_utils,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import (  # noqa: E402
    Timestamp,
)
from moto.stepfunctions.parser.asl.eval import environment  # noqa: E402
from moto.stepfunctions.parser.asl.eval.program_state import (  # noqa: E402
    ProgramError,
    ProgramState,
    ProgramStopped,
)
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor  # noqa: E402
from moto.stepfunctions.parser.utils import TMP_THREADS  # noqa: E402

from sandbox import aws, engine  # noqa: E402
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
    seconds,
    serving_aws,
    task,
    took,
    types,
    wait,
    wait_until,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_stepfunctions import SFNClient

pytestmark = pytest.mark.engine

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
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
        ["echo", "sleepy", "failing", "patient"],
        {"TZ": "UTC"},
        clock,
        package="tests.handlers",
        timeouts={"sleepy": 900, "failing": 5},
        log_path=log_path,
    ) as running:
        yield running


@pytest.fixture(scope="module")
def server() -> Iterator[aws.Aws]:
    with serving_aws() as running:
        yield running


@pytest.fixture(scope="module")
def client(server: aws.Aws) -> Iterator[SFNClient]:
    with client_of(server) as client:
        yield client


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


@dataclass
class Plain(Lab):
    """State machines on moto as it comes, except that a test answers for Lambda.

    A payload is answered with itself; `{"how": "raise"}` fails, `{"wait": name}` lasts until
    `let(name)`.
    """

    gates: dict[str, threading.Event]

    def let(self, name: str) -> None:
        self.gates.setdefault(name, threading.Event()).set()

    def invoke(self, parameters: JsonObject, **_: object) -> JsonObject:
        payload = json.loads(parameters["Payload"])
        if "wait" in payload:
            self.gates.setdefault(payload["wait"], threading.Event()).wait(10)
        if payload.get("how") == "raise":
            return {"FunctionError": "Unhandled", "Payload": {"errorType": "TooManyCatsError"}}
        return {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": payload}


@pytest.fixture
def plain(client: SFNClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plain]:
    """What the tests of deviations run on; they fail once moto behaves as AWS does."""
    monkeypatch.setitem(default_user_config, "stepfunctions", {"execute_state_machine": True})
    unmended = Plain(client, [], {})
    monkeypatch.setattr(lambda_eval_utils, "_invoke_lambda_function", unmended.invoke)
    monkeypatch.setattr(logging.getLogger("moto"), "disabled", True)
    yield unmended
    for gate in unmended.gates.values():
        gate.set()


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

    def test_plain_moto_tells_the_time_of_the_wall(self, plain: Plain) -> None:
        seen = plain.run(one({"Type": "Pass"}), name="a")

        assert abs(seen["startDate"] - datetime.now(UTC)) < timedelta(minutes=10)

    def test_plain_moto_waits_for_real(self, plain: Plain, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[float | None] = []

        class Event(threading.Event):
            def wait(self, timeout: float | None = None) -> bool:
                asked.append(timeout)
                return super().wait(timeout)

        names = SimpleNamespace(Event=Event, RLock=threading.RLock)
        monkeypatch.setattr(environment, "threading", names)
        execution = plain.start(one(wait(3600)), name="a")

        assert wait_for(asked) == [3600]
        plain.client.stop_execution(executionArn=execution)

    def test_plain_moto_knows_no_parts_of_a_second(self) -> None:
        understood = Timestamp._from_timestamp_string("2026-12-01T09:01:30.750Z")

        assert understood == datetime(2026, 12, 1, 9, 1, 30)  # noqa: DTZ001  so it is

    def test_retries_wait_on_the_clock(self, lab: Lab) -> None:
        failing = task("failing", {"how": "raise"}, Retry=FAIL_WITH_RETRY)

        ended = lab.run(one(failing))

        assert ended["error"] == "TooManyCatsError"
        assert json.loads(ended["cause"])["errorMessage"] == "nine lives each"
        assert took(ended) == seconds(3600 + 7200)

    def test_plain_moto_sleeps_between_retries(
        self, plain: Plain, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slept: list[float] = []
        monkeypatch.setattr(retrier_decl, "time", SimpleNamespace(sleep=slept.append))

        plain.run(one(task("failing", {"how": "raise"}, Retry=FAIL_WITH_RETRY)), name="a")

        assert slept == [3600, 7200]

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

    def test_plain_moto_times_a_task_for_real_and_lets_it_write_on(
        self, plain: Plain, impatience: list[float]
    ) -> None:
        slow = task("echo", {"wait": "slow"}, TimeoutSeconds=60, Catch=CATCH_ALL)
        next_ = task("echo", {"wait": "next"}, End=True)
        states = {"Slow": slow | {"Next": "Caught"}, "Caught": next_}

        execution = plain.start(machine("Slow", states), name="a")
        plain.entered(execution, "Caught")
        plain.let("slow")
        plain.wrote(execution, "TaskSucceeded")
        plain.let("next")

        plain.end(execution)
        assert impatience == [60]
        assert types(plain.events(execution)).count("TaskSucceeded") == 2

    def test_a_function_that_the_service_holds_back_begins_after_its_task_timed_out(
        self, lab: Lab, functions: Functions, log_path: Path
    ) -> None:
        functions.hold_back("failing", 50)
        logging_late = task("failing", {"how": "log", "what": "being late"}, TimeoutSeconds=45)

        ended = lab.run(one(logging_late))

        assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")
        assert took(ended) == seconds(45)
        line = wait_for_line(log_path, "purring about being late")
        began = datetime.fromisoformat(json.loads(line)["time"])
        assert began - ended["startDate"] == seconds(50)

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

    def test_plain_moto_times_a_machine_for_real_and_forgets_when_it_ended(
        self, plain: Plain, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[float] = []

        class Thread(threading.Thread):
            def join(self, timeout: float | None = None) -> None:
                asked.append(timeout or 0)
                super().join(0.01)

        monkeypatch.setattr(program, "threading", SimpleNamespace(Thread=Thread))

        ended = plain.run(one(wait(1000), TimeoutSeconds=100), name="a")

        assert asked == [100]
        assert ended["status"] == "TIMED_OUT"
        assert "stopDate" not in ended
        [listed] = plain.client.list_executions(stateMachineArn=ended["stateMachineArn"])[
            "executions"
        ]
        assert "stopDate" not in listed

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

    def test_plain_moto_leaves_an_execution_without_a_name(self, plain: Plain) -> None:
        ended = plain.run(one({"Type": "Pass"}))

        assert ended["executionArn"].endswith(":None")
        assert "name" not in ended

    @pytest.mark.parametrize("name", ["a b", "a.b", "a/b", "ü"])
    def test_a_name_outside_the_rules_is_refused(self, lab: Lab, name: str) -> None:
        with pytest.raises(ClientError) as refused:
            lab.start(one(wait(1)), name=name)

        assert refused.value.response["Error"]["Code"] == "InvalidName"

    def test_plain_moto_takes_any_name(self, plain: Plain) -> None:
        assert plain.run(one({"Type": "Pass"}), name="a b")["name"] == "a b"

    def changed_since(self, lab: Lab) -> tuple[Any, Any]:
        """The definitions that an execution began with, and is said to have."""
        begun = one({"Type": "Pass"})
        execution = lab.end(lab.start(begun, name="a"))["executionArn"]
        of = lab.client.describe_execution(executionArn=execution)["stateMachineArn"]
        now = json.dumps(one(wait(1)))
        lab.client.update_state_machine(stateMachineArn=of, definition=now)
        told = lab.client.describe_state_machine_for_execution(executionArn=execution)
        return begun, json.loads(told["definition"])

    def test_an_execution_has_the_definition_that_it_began_with(self, lab: Lab) -> None:
        begun, told = self.changed_since(lab)

        assert told == begun

    def test_plain_moto_tells_todays_definition(self, plain: Plain) -> None:
        begun, told = self.changed_since(plain)

        assert told != begun

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

    def started_at_once(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch, real_seconds: float
    ) -> int:
        """How many executions come of two starts that look for the name at the same moment."""
        of = lab.client.describe_execution(executionArn=lab.start(one(wait(3600)), name="first"))[
            "stateMachineArn"
        ]
        meet_after(monkeypatch, StateMachine, "_handle_name_input_idempotency", real_seconds)

        with ThreadPoolExecutor(2) as pool:
            starts = [pool.submit(lab.start_again, of, name="twin") for _ in range(2)]
            assert {start.result(10) for start in starts} == {f"{execution_of(of)}:twin"}

        executions = lab.client.list_executions(stateMachineArn=of)["executions"]
        for execution in executions:
            lab.client.stop_execution(executionArn=execution["executionArn"])
        return [execution["name"] for execution in executions].count("twin")

    def test_starts_at_once_with_one_name_are_one_execution(
        self, make_lab: Callable[[SimulatedClock], Lab], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lab = make_lab(SimulatedClock(speed=1, start=START))

        assert self.started_at_once(lab, monkeypatch, A_MOMENT) == 1

    def test_plain_moto_makes_two_of_them(
        self, plain: Plain, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert self.started_at_once(plain, monkeypatch, PATIENCE) == 2


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

    def test_a_function_outlives_its_execution_and_writes_no_history(
        self,
        make_lab: Callable[[SimulatedClock], Lab],
        functions: Functions,
        tmp_path: Path,
    ) -> None:
        clock = SimulatedClock(speed=1, start=START)
        lab = make_lab(clock)
        go_on, effect = tmp_path / "go on", tmp_path / "effect"
        execution = lab.start(one(task("patient", {"when": str(go_on), "write": str(effect)})))
        wait_until(lambda: functions.invocations("patient") == 1)

        ended = self.stop(lab, execution)

        assert ended["status"] == "ABORTED"
        assert not effect.exists()
        go_on.touch()
        wait_until(lambda: effect.exists() and clock._busy == 0)
        assert effect.read_text() == "done"
        assert types(lab.events(execution))[-1] == "ExecutionAborted"
        assert lab.end(execution)["stopDate"] == ended["stopDate"]

    @staticmethod
    def failed_too_late(lab: Lab, execution: str) -> ProgramState:
        """What an execution has become that is stopped and then fails, before either is told."""
        lab.entered(execution, "Only")
        backend = models.stepfunctions_parser_backends[ACCOUNT_ID][REGION]
        described: Any = backend.describe_execution(execution)
        env = described.exec_worker.env
        lab.client.stop_execution(executionArn=execution)
        env.set_error(ExecutionFailedEventDetails(error="TooLateError"))
        return env.program_state()  # type: ignore[no-any-return]  # moto does not type it

    def test_a_failure_after_a_stop_changes_nothing(self, slow_lab: Lab) -> None:
        state = self.failed_too_late(slow_lab, slow_lab.start(one(wait(3600))))

        assert isinstance(state, ProgramStopped)

    def test_plain_moto_lets_a_failure_take_the_place_of_a_stop(self, plain: Plain) -> None:
        state = self.failed_too_late(plain, plain.start(one(wait(3600)), name="a"))

        assert isinstance(state, ProgramError)

    def test_plain_moto_forgets_why_it_was_stopped(self, plain: Plain) -> None:
        execution = plain.start(one(wait(3600)), name="a")
        plain.entered(execution, "Only")

        plain.client.stop_execution(executionArn=execution, error="Cancelled", cause="by hand")

        ended = plain.end(execution)
        assert ended["status"] == "ABORTED"
        assert {"error", "cause"}.isdisjoint(ended)

    def test_plain_moto_makes_a_stop_a_failure_of_the_map(self, plain: Plain) -> None:
        execution = plain.start(one(mapped(wait(3600))), {"items": [1]}, name="a")
        plain.entered(execution, "Item")

        plain.client.stop_execution(executionArn=execution)

        assert plain.end(execution)["status"] == "FAILED"

    def test_plain_moto_runs_until_the_function_ends(self, plain: Plain) -> None:
        execution = plain.start(one(task("echo", {"wait": "a"})), name="a")
        plain.wrote(execution, "TaskStarted")

        plain.client.stop_execution(executionArn=execution)
        then = plain.client.describe_execution(executionArn=execution)["status"]
        plain.let("a")

        assert then == "RUNNING"
        assert plain.end(execution)["status"] == "ABORTED"
        assert "TaskSucceeded" in types(plain.events(execution))


class TestErrors:
    def test_a_missing_path_fails_and_is_not_caught(self, lab: Lab) -> None:
        asking = task("echo", {"x.$": "$.missing"}, Catch=CATCH_ALL, Next="Caught")

        ended = lab.run(machine("Ask", {"Ask": asking, "Caught": {"Type": "Succeed"}}))

        assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
        assert "$.missing" in ended["cause"]

    def test_plain_moto_catches_a_missing_path(self, plain: Plain) -> None:
        asking = task("echo", {"x.$": "$.missing"}, Catch=CATCH_ALL, Next="Caught")
        states = {"Ask": asking, "Caught": {"Type": "Succeed"}}

        assert plain.run(machine("Ask", states), name="a")["status"] == "SUCCEEDED"

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

    def test_plain_moto_takes_the_default_on_a_missing_path(self, plain: Plain) -> None:
        assert plain.run(self.CHOICE, name="a")["status"] == "SUCCEEDED"

    def test_is_present_may_ask_for_a_missing_path(self, lab: Lab) -> None:
        rule = {"Variable": "$.missing", "IsPresent": False, "Next": "Done"}
        choice = {"Type": "Choice", "Choices": [rule], "Default": "Wrong"}
        states = {"Choose": choice, "Done": {"Type": "Succeed"}, "Wrong": {"Type": "Fail"}}

        assert lab.run(machine("Choose", states))["status"] == "SUCCEEDED"

    @staticmethod
    def around(kind: str, state: JsonObject) -> JsonObject:
        """A Map or Parallel that catches States.Timeout, with one state inside."""
        inner = machine("Item", {"Item": state | {"End": True}})
        contents: dict[str, JsonObject] = {
            "Map": {"ItemsPath": "$.items", "ItemProcessor": inner},
            "Parallel": {"Branches": [inner]},
        }
        catch = [{"ErrorEquals": ["States.Timeout"], "Next": "Caught"}]
        states = {
            "Outer": {"Type": kind, **contents[kind], "Catch": catch, "End": True},
            "Caught": {"Type": "Succeed"},
        }
        return machine("Outer", states)

    @pytest.mark.parametrize("kind", ["Map", "Parallel"])
    def test_a_time_out_leaves_a_map_or_parallel_by_its_name(self, lab: Lab, kind: str) -> None:
        slow = task("sleepy", {"seconds": 100}, TimeoutSeconds=60)

        assert lab.run(self.around(kind, slow), {"items": [1]})["status"] == "SUCCEEDED"

    @pytest.mark.parametrize("kind", ["Map", "Parallel"])
    def test_plain_moto_loses_its_name(
        self, plain: Plain, impatience: list[float], kind: str
    ) -> None:
        slow = task("echo", {"wait": "a"}, TimeoutSeconds=60)

        ended = plain.run(self.around(kind, slow), {"items": [1]}, name="a")

        assert impatience == [60]
        assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")

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

    def test_plain_moto_hides_the_item_from_a_task(self, plain: Plain) -> None:
        indexed = mapped(task("echo", {"index.$": "$$.Map.Item.Index"}))

        execution = plain.start(one(indexed), {"items": ["a"]}, name="a")

        assert plain.end(execution)["status"] == "FAILED"
        assert "$$.Map.Item.Index" in json.dumps(plain.events(execution), default=str)

    def test_plain_moto_has_no_redrive_count(self, plain: Plain) -> None:
        context = {"Type": "Pass", "Parameters": {"redriven.$": "$$.Execution.RedriveCount"}}

        assert plain.run(one(context), name="a")["status"] == "FAILED"

    def test_plain_moto_breaks_on_the_time_of_the_start(self, plain: Plain) -> None:
        context = {"Type": "Pass", "Parameters": {"started.$": "$$.Execution.StartTime"}}

        execution = plain.start(one(context), name="a")

        assert code_of(lambda: plain.end(execution)) == "500"

    def test_parsers_share_no_state(self, lab: Lab) -> None:
        assert lab
        first, second = Preprocessor(), Preprocessor()
        assert first._query_language_per_scope is not second._query_language_per_scope

    def test_plain_moto_shares_the_state_of_parsers(self) -> None:
        first, second = Preprocessor(), Preprocessor()
        assert first._query_language_per_scope is second._query_language_per_scope

    @staticmethod
    def heap_keys(monkeypatch: pytest.MonkeyPatch, real_seconds: float) -> set[str]:
        """What two threads get that ask a component for its key at the same moment."""
        component = TimeoutSeconds(timeout_seconds=1)
        meet_after(monkeypatch, eval_component, "long_uid", real_seconds)
        with ThreadPoolExecutor(2) as pool:
            asking = [pool.submit(lambda: component.heap_key) for _ in range(2)]
            return {key.result(10) for key in asking}

    def test_a_component_has_one_key(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        assert lab
        assert len(self.heap_keys(monkeypatch, A_MOMENT)) == 1

    def test_plain_moto_gives_each_thread_a_key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert len(self.heap_keys(monkeypatch, PATIENCE)) == 2

    def test_threads_that_ended_are_forgotten(self, lab: Lab) -> None:
        lab.run(one(mapped({"Type": "Pass"})), {"items": [1, 2, 3]})

        assert TMP_THREADS == []

    def test_plain_moto_keeps_them_all(self, plain: Plain) -> None:
        plain.run(one(mapped({"Type": "Pass"})), {"items": [1, 2, 3]}, name="a")

        assert len(TMP_THREADS) > 3
        TMP_THREADS.clear()


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

    def test_a_time_out_is_told_too(self, lab: Lab) -> None:
        lab.run(one(wait(1000), TimeoutSeconds=100))

        [change] = wait_for(lab.changes)
        detail = change["detail"]
        assert (detail["status"], detail["error"], detail["output"]) == ("TIMED_OUT", None, None)
        assert detail["stopDate"] - detail["startDate"] == pytest.approx(100_000, abs=2)

    def test_a_stop_is_told_with_its_reason(
        self, make_lab: Callable[[SimulatedClock], Lab]
    ) -> None:
        lab = make_lab(SimulatedClock(speed=1, start=START))
        execution = lab.start(one(wait(3600)))

        lab.client.stop_execution(executionArn=execution, error="Cancelled", cause="by hand")

        [change] = wait_for(lab.changes)
        detail = change["detail"]
        assert detail["status"] == "ABORTED"
        assert (detail["error"], detail["cause"]) == ("Cancelled", "by hand")

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

    def test_plain_moto_gives_one_page_in_one_order_with_all_data(self, plain: Plain) -> None:
        ended = plain.run(one(mapped({"Type": "Pass"})), {"items": list(range(40))}, name="a")

        page = plain.client.get_execution_history(
            executionArn=ended["executionArn"],
            maxResults=3,
            reverseOrder=True,
            includeExecutionData=False,
        )

        assert len(page["events"]) > 100
        assert page["events"][0]["type"] == "ExecutionStarted"
        assert "input" in page["events"][0]["executionStartedEventDetails"]

    def test_an_execution_is_described_as_by_aws(self, lab: Lab) -> None:
        ended = lab.run(one({"Type": "Pass"}))

        [listed] = lab.client.list_executions(stateMachineArn=ended["stateMachineArn"])[
            "executions"
        ]
        assert (ended["redriveCount"], listed["redriveCount"]) == (0, 0)
        assert ended["inputDetails"] == {"included": True}

    def test_plain_moto_leaves_out_what_clients_expect(self, plain: Plain) -> None:
        ended = plain.run(one({"Type": "Pass"}), name="a")

        [listed] = plain.client.list_executions(stateMachineArn=ended["stateMachineArn"])[
            "executions"
        ]
        assert {"redriveCount", "inputDetails"}.isdisjoint(ended)
        assert "redriveCount" not in listed


@pytest.fixture(scope="module")
def table(server: aws.Aws) -> Iterator[DynamoDBClient]:
    client = boto3.client(
        "dynamodb",
        endpoint_url=server.origin,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  moto does not check it
    )
    with closing(client):
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "PK", "AttributeType": "S"},
                {"AttributeName": "SK", "AttributeType": "S"},
            ],
            KeySchema=[
                {"AttributeName": "PK", "KeyType": "HASH"},
                {"AttributeName": "SK", "KeyType": "RANGE"},
            ],
        )
        yield client
        client.delete_table(TableName=TABLE)


class TestTable:
    """Two writers at once; both read before either writes, unless something prevents it."""

    @staticmethod
    def put(table: DynamoDBClient, key: str) -> None:
        table.put_item(
            TableName=TABLE,
            Item={"PK": {"S": key}, "SK": {"S": "-"}},
            ConditionExpression="attribute_not_exists(PK)",
        )

    @staticmethod
    def update(table: DynamoDBClient, key: str) -> None:
        table.update_item(
            TableName=TABLE,
            Key={"PK": {"S": key}, "SK": {"S": "-"}},
            UpdateExpression="SET taken = :yes",
            ConditionExpression="attribute_not_exists(taken)",
            ExpressionAttributeValues={":yes": {"BOOL": True}},
        )

    @staticmethod
    def transact(table: DynamoDBClient, key: str) -> None:
        """The lock and an item of one's own."""
        lock, own = ({"PK": {"S": key}, "SK": {"S": name}} for name in ("-", str(uuid.uuid4())))
        free = "attribute_not_exists(PK)"
        table.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": TABLE, "Item": lock, "ConditionExpression": free}},
                {"Put": {"TableName": TABLE, "Item": own}},
            ]
        )

    @staticmethod
    def batch(table: DynamoDBClient, key: str) -> None:
        """Without a condition; DynamoDB knows none for batches."""
        item = {"PK": {"S": key}, "SK": {"S": "-"}}
        table.batch_write_item(RequestItems={TABLE: [{"PutRequest": {"Item": item}}]})

    CLAIMS = ("put", "update", "transact")

    def claimed(
        self,
        table: DynamoDBClient,
        how: str,
        monkeypatch: pytest.MonkeyPatch,
        real_seconds: float,
    ) -> int:
        """How many of two claims at once succeed."""
        key = str(uuid.uuid4())
        meet_after(monkeypatch, Table, "get_item", real_seconds)
        with ThreadPoolExecutor(2) as pool:
            claims = [pool.submit(getattr(self, how), table, key) for _ in range(2)]
            return [self.was_refused(claim) for claim in claims].count(False)

    @staticmethod
    def was_refused(claim: Future[None]) -> bool:
        error = claim.exception(20)
        if error is None:
            return False
        assert isinstance(error, ClientError)
        assert error.response["Error"]["Code"] in {
            "ConditionalCheckFailedException",
            "TransactionCanceledException",
        }
        return True

    @pytest.mark.parametrize("how", CLAIMS)
    def test_one_of_two_claims_at_once_succeeds(
        self, lab: Lab, table: DynamoDBClient, monkeypatch: pytest.MonkeyPatch, how: str
    ) -> None:
        assert lab
        assert self.claimed(table, how, monkeypatch, A_MOMENT) == 1

    @pytest.mark.parametrize("how", CLAIMS)
    def test_plain_moto_lets_both_succeed(
        self, table: DynamoDBClient, monkeypatch: pytest.MonkeyPatch, how: str
    ) -> None:
        assert self.claimed(table, how, monkeypatch, PATIENCE) == 2

    def survives(self, table: DynamoDBClient, how: str, monkeypatch: pytest.MonkeyPatch) -> bool:
        """Whether a write survives a transaction that is cancelled at the same time."""
        taken, other = str(uuid.uuid4()), str(uuid.uuid4())
        self.put(table, taken)
        inside, written = threading.Event(), threading.Event()

        def get_item(self_: Table, hash_key: Any, *args: Any, **kwargs: Any) -> Any:
            found = unchanged(self_, hash_key, *args, **kwargs)
            if hash_key.value == taken:
                inside.set()
                written.wait(A_MOMENT)
            return found

        unchanged = Table.get_item
        monkeypatch.setattr(Table, "get_item", get_item)
        with ThreadPoolExecutor(2) as pool:
            cancelled = pool.submit(self.transact, table, taken)
            assert inside.wait(10)
            getattr(self, how)(table, other)
            written.set()
            assert self.was_refused(cancelled)
        key = {"PK": {"S": other}, "SK": {"S": "-"}}
        return "Item" in table.get_item(TableName=TABLE, Key=key)

    WRITES = ("put", "update", "batch")

    @pytest.mark.parametrize("how", WRITES)
    def test_a_write_survives_the_transaction_of_another(
        self, lab: Lab, table: DynamoDBClient, monkeypatch: pytest.MonkeyPatch, how: str
    ) -> None:
        assert lab
        assert self.survives(table, how, monkeypatch)

    @pytest.mark.parametrize("how", WRITES)
    def test_plain_moto_takes_it_back_with_the_transaction(
        self, table: DynamoDBClient, monkeypatch: pytest.MonkeyPatch, how: str
    ) -> None:
        assert not self.survives(table, how, monkeypatch)


def test_answers_that_come_faster_are_the_same(
    client: SFNClient, server: aws.Aws, functions: Functions, clock: SimulatedClock
) -> None:
    with engine.install(functions, clock):
        lab = Lab(client, [])
        execution = lab.run(one(mapped(task("echo", {"a": [1, {"b": None}]}))), {"items": [1, 2]})
        history = {"executionArn": execution["executionArn"], "maxResults": 1000}
        fast = answer(server, "AWSStepFunctions.GetExecutionHistory", history)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(default_user_config, "stepfunctions", {"execute_state_machine": True})
        slow = answer(server, "AWSStepFunctions.GetExecutionHistory", history)

    assert json.loads(fast) == json.loads(slow)
    assert len(json.loads(fast)["events"]) > 10


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


def wait_for(things: list[T]) -> list[T]:
    """The list once it has something in it."""
    wait_until(lambda: bool(things))
    return things


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time-outs of tasks on plain moto, which pass at once here; none is waited for."""
    asked: list[float] = []

    class Event(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            if timeout == TimeoutSeconds.DEFAULT_TIMEOUT_SECONDS:
                return super().wait(10)
            asked.append(timeout or 0)
            return False

    monkeypatch.setattr(execute_state, "threading", SimpleNamespace(Event=Event))
    return asked


def execution_of(machine_arn: str) -> str:
    return machine_arn.replace(":stateMachine:", ":execution:")


def answer(server: aws.Aws, target: str, body: JsonObject) -> str:
    """The body of an answer as it is sent."""
    headers = {
        "X-Amz-Target": target,
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/states/aws4_request,"
        " SignedHeaders=host, Signature=none",
    }
    answered = httpx.post(server.origin, headers=headers, json=body, trust_env=False)
    assert answered.status_code == 200, answered.text
    return answered.text


def wait_for_line(path: Path, part: str) -> str:
    """The line of a file with this part, once it is written."""

    def lines() -> list[str]:
        return [line for line in path.read_text().splitlines() if part in line]

    wait_until(lambda: bool(lines()))
    return lines()[0]
