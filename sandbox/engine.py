"""Make moto's Step Functions interpreter behave as AWS does, on our clock and with our functions.

moto 5.2.5 carries a complete interpreter of the Amazon States Language, which is used as it is.
This module, those named `quick_` and `redrive` patch private moto modules for every sandbox,
`stopping` for a replay; nothing else does. `install` puts all patches in place and takes them away
again. Each mended deviation has a test, and most tests show that plain moto still deviates, so that
a patch can go when moto is mended.

Still different from AWS:
- No TestState, StartSyncExecution, versions or aliases for starts, activities.
- RedriveExecution (see `redrive`) runs a distributed Map again as a whole, and knows nothing of
  Express executions, of machines that are being deleted and of ExecutionLimitExceeded.
- A history may have more than 25,000 events; from 24,999 on its execution cannot be redriven.
- HeartbeatSeconds and waits for a task token run on real time.
- No `...Aborted` events for states and iterations; ExecutionAborted and MapIterationAborted exist.
- No JSONata, and variables are written but cannot be read.
- A Choice without Default that matches nothing fails with States.Runtime, not NoChoiceMatched.
- The result of a Lambda task has StatusCode, ExecutedVersion and Payload only.
- No payload is too big, so that States.DataLimitExceeded (256 KiB) never comes.
- An execution name is free again only in a new sandbox, not after 90 days.
"""

from __future__ import annotations

import functools
import json
import logging
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Protocol

from botocore.exceptions import ClientError
from moto.core.config import default_user_config
from moto.core.responses import ActionResult
from moto.dynamodb.responses import DynamoHandler
from moto.stepfunctions.exceptions import InvalidName, InvalidToken
from moto.stepfunctions.parser import models
from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import (
    ErrorEqualsDecl,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import TimeoutSeconds
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state import state as state_module
from moto.stepfunctions.parser.asl.component.state.choice.comparison import (
    comparison_operator_type,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_variable import (
    ComparisonVariable,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.variable import NoSuchVariable
from moto.stepfunctions.parser.asl.component.state.exec import execute_state
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    inline_iteration_component,
    iteration_worker,
    job,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import (
    branch_worker,
    branches_decl,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramError,
    ProgramStopped,
    ProgramTimedOut,
)
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend import execution_worker
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
from moto.stepfunctions.parser.utils import TMP_THREADS
from moto.stepfunctions.responses import StepFunctionResponse

from sandbox import quick_expressions, quick_moto, quick_table, redrive
from sandbox.clock import SimulatedClock
from sandbox.functions import Answer, InvokeError, UnknownFunctionError

StatusChange = Callable[[dict[str, Any]], object]


class Invoker(Protocol):
    """What runs the functions of tasks; `Functions` does."""

    def invoke(self, name: str, event: Any, *, caller_is_busy: bool = False) -> Answer:
        """Run a function to its end; raises InvokeError where its caller gets no answer."""


_log = logging.getLogger(__name__)

_NAME = re.compile(r"[0-9A-Za-z_-]{1,80}")
_LAST_EVENTS = {
    HistoryEventType.ExecutionSucceeded,
    HistoryEventType.ExecutionFailed,
    HistoryEventType.ExecutionAborted,
    HistoryEventType.ExecutionTimedOut,
}
_IS_PRESENT = comparison_operator_type.ComparisonOperatorType.IsPresent
_DEFAULT_PAGE = 100  # GetExecutionHistory, API reference: "The default is 100", at most 1000
_STOP_WALL_SECONDS = 5.0

_installed = threading.Lock()


class EngineInUseError(RuntimeError):
    """The patches are process-wide, so that there is one engine at a time."""


@contextmanager
def install(
    functions: Invoker, clock: SimulatedClock, on_status_change: StatusChange | None = None
) -> Iterator[None]:
    """Let moto execute state machines with `functions` on `clock` while the context is open.

    `on_status_change` is called in a thread of its own with the EventBridge event that AWS sends at
    the end of each execution; at max speed time stands still meanwhile.
    """
    if not _installed.acquire(blocking=False):
        raise EngineInUseError("a sandbox already runs in this process; close it first")
    try:
        with ExitStack() as undo:
            config: Any = default_user_config
            undo.callback(config.update, stepfunctions=config["stepfunctions"])
            config.update(stepfunctions={"execute_state_machine": True})
            moto_log = logging.getLogger("moto")
            undo.callback(moto_log.setLevel, moto_log.level)
            moto_log.setLevel(logging.CRITICAL)  # it reports each error of a workflow as its own
            _SharedState(undo)
            for quick in (quick_moto, quick_expressions, quick_table):
                quick.install(functools.partial(_replace, undo))
            _Errors(undo)
            _Time(undo, clock)
            _Tasks(undo, functions)
            executions = _Executions(undo, clock, on_status_change or (lambda _event: None))
            _Responses(undo, clock)
            redrive.install(functools.partial(_replace, undo), clock)
            try:
                yield
            finally:
                executions.tell = lambda _event: None  # who closes the sandbox wants no more
                _stop_all(clock)
    finally:
        _installed.release()


def _replace(undo: ExitStack, owner: Any, name: str, value: Any) -> Any:
    """Set an attribute until `undo` closes; returns what stood there, unbound."""
    if name in vars(owner):
        undo.callback(setattr, owner, name, vars(owner)[name])
    else:
        undo.callback(delattr, owner, name)
    before = vars(owner).get(name)
    setattr(owner, name, value)
    return before


def _stop_all(clock: SimulatedClock) -> None:
    for execution in _running():
        _stop(execution, clock, None, "the sandbox is closing")
    end = time.monotonic() + _STOP_WALL_SECONDS
    while _running() and time.monotonic() < end:
        time.sleep(0.005)


def _running() -> list[Any]:
    machines: list[Any] = [
        machine
        for account in models.stepfunctions_parser_backends.values()
        for backend in account.values()
        for machine in backend.state_machines
    ]
    return [
        execution
        for machine in machines
        for execution in machine.executions
        if execution.exec_status == ExecutionStatus.RUNNING
    ]


def _stop(execution: Any, clock: SimulatedClock, error: str | None, cause: str | None) -> None:
    worker = execution.exec_worker
    while worker.env is None or worker.env.program_state() is None:
        time.sleep(0.001)  # its thread was started a moment ago
    worker.stop(clock.now(), error=error, cause=cause)


def abort(name: str, clock: SimulatedClock, error: str | None = None) -> None:
    """Stop the execution with this name, as StopExecution does; nothing happens when it is over."""
    for execution in _running():
        if execution.name == name:
            _stop_and_wait(execution, clock, error, None)


def _stop_and_wait(
    execution: Any, clock: SimulatedClock, error: str | None, cause: str | None
) -> None:
    end = time.monotonic() + _STOP_WALL_SECONDS
    _stop(execution, clock, error, cause)
    while execution.exec_status == ExecutionStatus.RUNNING and time.monotonic() < end:
        time.sleep(0.001)


class _SharedState:
    """State that moto shares between threads although it must not."""

    def __init__(self, undo: ExitStack) -> None:
        scope = "_query_language_per_scope"  # a class attribute: parallel parses mix their scopes
        _replace(undo, Preprocessor, "__init__", lambda parser: setattr(parser, scope, []))

        once = threading.Lock()
        lazy_key = EvalComponent.heap_key.fget  # type: ignore[attr-defined]  # a property, untyped

        def heap_key(component: Any) -> Any:
            with once:
                return lazy_key(component)

        _replace(undo, EvalComponent, "heap_key", property(heap_key))

        one_at_a_time = threading.RLock()

        def call_action(handler: Any) -> Any:
            with one_at_a_time:
                return unlocked(handler)

        # A conditional write reads, compares and writes; the server has many threads.
        unlocked = _replace(undo, DynamoHandler, "call_action", call_action)


class _Errors:
    """Which errors a workflow can handle, and which end it."""

    def __init__(self, undo: ExitStack) -> None:
        self._matches = _replace(undo, ErrorEqualsDecl, "_eval_body", self._error_equals())
        _replace(undo, ComparisonVariable, "_eval_body", _compare)
        for module in (iteration_worker, branches_decl):
            _replace(undo, module, "CustomErrorName", _error_name)

    def _error_equals(self) -> Callable[[Any, Any], None]:
        """No catcher or retrier matches States.Runtime, which always ends an execution.

        Source: Step Functions developer guide, "Handling errors in Step Functions workflows".
        """

        def evaluate(names: Any, env: Any) -> None:
            error = env.stack[-1].error_name if env.stack[-1] is not None else None
            if error == "States.Runtime":
                env.stack[-1] = False
            else:
                self._matches(names, env)

        return evaluate


def _error_name(error_name: str) -> Any:
    """Plain moto cannot take a `States.` name out of an iteration or branch."""
    with suppress(ValueError):
        return StatesErrorName.from_name(error_name)
    return CustomErrorName(error_name=error_name)


def _compare(comparison: Any, env: Any) -> None:
    """A Choice on a missing path fails on AWS; plain moto goes on to the Default."""
    comparison.variable.eval(env)
    operator = getattr(comparison.comparison_function, "operator_type", None)
    if isinstance(env.stack[-1], NoSuchVariable) and operator != _IS_PRESENT:
        path = comparison.variable.string_sampler.literal_value
        reason = "The choice state's condition path references an invalid value."
        raise _runtime_error(env, f"Invalid path '{path}': {reason}")
    comparison.comparison_function.eval(env)


def _runtime_error(env: Any, cause: str) -> FailureEventException:
    runtime = StatesErrorNameType.StatesRuntime
    details = {"error": runtime.to_name(), "cause": cause}
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=runtime),
            event_type=HistoryEventType.ExecutionFailed,
            event_details=EventDetails(executionFailedEventDetails=details),  # type: ignore[typeddict-item]  # same keys
        )
    )


class _AbandonedError(BaseException):
    """The execution has ended while a state waited; not an error of that state."""


class _Time:
    """Threads, waits, retries and time-outs on the simulated clock.

    Every thread of the interpreter is busy from start to end, except while it waits for another
    one, for an instant or for a function that sleeps. So at max speed time moves exactly when
    nothing can happen without it.
    """

    def __init__(self, undo: ExitStack, clock: SimulatedClock) -> None:
        self._clock = clock
        self._local = threading.local()
        self._undo = undo
        self._patch_clock_readings()
        self._patch_waits()
        self._patch_threads()
        self._patch_ends()

    def _patch_clock_readings(self) -> None:
        clock, undo = self._clock, self._undo
        now = SimpleNamespace(now=lambda tz=UTC: clock.now().astimezone(tz))
        names = SimpleNamespace(datetime=now, timezone=SimpleNamespace(utc=UTC))
        _replace(undo, models, "datetime", names)
        entered = SimpleNamespace(isoformat=lambda: to_text(clock.now()))
        now_as_text = SimpleNamespace(now=lambda tz=UTC: entered)  # noqa: ARG005  datetime's signature
        names = SimpleNamespace(datetime=now_as_text, timezone=SimpleNamespace(utc=UTC))
        _replace(undo, state_module, "datetime", names)
        _replace(undo, EventManager, "_get_current_timestamp", staticmethod(clock.now))

    def _patch_waits(self) -> None:
        clock = self._clock

        def wait_interval(_wait: Any, env: Any, wait_seconds: float) -> None:
            if wait_seconds > 0:
                due = clock.now() + timedelta(seconds=wait_seconds)
                clock.wait_until(due, _Stopped(env), was_busy=True)

        def seconds_until(wait: Any, env: Any) -> float:
            wait.string.eval(env=env)
            text = env.stack.pop()
            if wait._from_timestamp_string(text) is None:
                raise FailureEventException(wait._create_failure_event(env, text))
            return (datetime.fromisoformat(text) - clock.now()).total_seconds()

        def sleep(seconds: float) -> None:
            wait_interval(None, self._local.env, seconds)

        _replace(self._undo, WaitFunction, "_wait_interval", wait_interval)
        _replace(self._undo, Timestamp, "_get_wait_seconds", seconds_until)
        _replace(self._undo, retrier_decl, "time", SimpleNamespace(sleep=sleep))

    def _patch_threads(self) -> None:
        undo, local = self._undo, self._local
        thread = functools.partial(BusyThread, self._clock)
        event = functools.partial(ClockEvent, self._clock, local)
        names = SimpleNamespace(Thread=thread, Event=event, Lock=threading.Lock)
        for module in (
            execute_state,
            inline_iteration_component,
            job,
            branch_worker,
            branches_decl,
        ):
            _replace(undo, module, "threading", names)
        for module in (execute_state, execution_worker):
            _replace(undo, module, "Thread", thread)

        def evaluate_with_timeout(state: Any, env: Any) -> None:
            local.env = env
            with suppress(_AbandonedError):
                evaluate(state, env)

        evaluate = _replace(
            undo,
            execute_state.ExecutionState,
            "_evaluate_with_timeout",
            evaluate_with_timeout,
        )

        def run_program(program: Any, env: Any) -> None:
            if env.program_state() is None or env.is_running():
                with suppress(RuntimeError):  # it was stopped at this very moment
                    env.next_state_name = redrive.first_state(program, env)
            if program.timeout_seconds is None:
                EvalComponent.eval(program, env)
                return
            finished = event()

            def work() -> None:
                try:
                    EvalComponent.eval(program, env)
                finally:
                    finished.set()

            thread(target=work, daemon=True).start()
            if not finished.wait(program.timeout_seconds.timeout_seconds) and env.is_running():
                env.set_timed_out()
            finished.wait()

        _replace(undo, Program, "eval", run_program)

    def _patch_ends(self) -> None:
        """What ends an execution wakes its waits; what is abandoned writes no more history."""
        undo, clock = self._undo, self._clock
        for name in ("set_stop", "set_timed_out", "set_error", "set_ended"):
            before = vars(Environment)[name]

            def end(env: Any, *args: Any, _before: Any = before, **kwargs: Any) -> None:
                if not isinstance(env._program_state, ProgramStopped | ProgramTimedOut):
                    _before(env, *args, **kwargs)  # plain moto makes a stop a failure of the Map
                    clock.wake()

            _replace(undo, Environment, name, end)

        def close_frame(env: Any, frame: Any) -> None:
            close(env, frame)
            _forget(frame)

        close = _replace(undo, Environment, "close_frame", close_frame)

        one_at_a_time = threading.Lock()

        def add_event(manager: Any, context: Any, event_type: Any, **kwargs: Any) -> int:
            with one_at_a_time:  # nothing comes after the last event
                history = manager._history_event_list
                if getattr(context, "is_closed", False) or (
                    history and history[-1]["type"] in _LAST_EVENTS
                ):
                    return int(context.last_published_event_id)
                return int(add(manager, context, event_type, **kwargs))

        add = _replace(undo, EventManager, "add_event", add_event)


def _forget(frame: Any) -> None:
    frame.event_history_context.is_closed = True
    for inner in list(frame._frames):
        _forget(inner)


class _Stopped:
    """A flag for the clock: set when the execution of `env` has ended."""

    def __init__(self, env: Any) -> None:
        self._env = env

    def is_set(self) -> bool:
        return not self._env.is_running()


class BusyThread(threading.Thread):
    """A thread that counts as busy on the clock from `start` on until it ends."""

    def __init__(self, clock: SimulatedClock, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._busy = clock.busy()

    def start(self) -> None:
        self._busy.__enter__()
        super().start()

    def run(self) -> None:
        try:
            super().run()
        finally:
            self._busy.__exit__(None, None, None)


class ClockEvent:
    """A `threading.Event` whose time-out passes on the simulated clock.

    Made while a state is evaluated (`local.env`), its `wait` also ends with that execution.
    """

    def __init__(self, clock: SimulatedClock, local: threading.local) -> None:
        self._clock = clock
        self._env = getattr(local, "env", None)
        self._happened = False

    def set(self) -> None:
        self._happened = True
        self._clock.wake(self)

    def is_set(self) -> bool:
        return self._happened or (self._env is not None and not self._env.is_running())

    def wait(self, timeout: float | None = None) -> bool:
        """For busy threads; False when the time-out came first."""
        due = None
        if timeout is not None and timeout < TimeoutSeconds.DEFAULT_TIMEOUT_SECONDS:
            due = self._clock.now() + timedelta(seconds=timeout)
        self._clock.wait_until(due, self, was_busy=True)
        if self._env is not None and not self._env.is_running():
            raise _AbandonedError
        return self._happened


class _Tasks:
    """Lambda tasks call our functions in place, without a request to moto's own Lambda."""

    def __init__(self, undo: ExitStack, functions: Invoker) -> None:
        self._functions = functions
        _replace(undo, lambda_eval_utils, "_invoke_lambda_function", self._invoke)
        self._frame_of = _replace(
            undo, Environment, "as_inner_frame_of", classmethod(self._inner_frame())
        ).__func__

    def _invoke(self, parameters: dict[str, Any], **_: Any) -> dict[str, Any]:
        name = parameters["FunctionName"].rsplit(":function:", 1)[-1].split(":")[0]
        try:
            answer = self._functions.invoke(
                name, json.loads(parameters.get("Payload") or "{}"), caller_is_busy=True
            )
        except UnknownFunctionError as unknown:
            raise _client_error("ResourceNotFoundException", 404, unknown) from None
        except InvokeError as error:
            raise _client_error(error.code, error.status, error) from None
        response = {
            "StatusCode": 200,
            "ExecutedVersion": "$LATEST",
            "Payload": answer.payload,
        }
        return response | {"FunctionError": "Unhandled"} if answer.error else response

    def _inner_frame(self) -> Callable[..., Any]:
        """The frame of a task inside a Map keeps `$$.Map`."""

        def as_inner_frame_of(cls: Any, env: Any, *args: Any, **kwargs: Any) -> Any:
            frame = self._frame_of(cls, env, *args, **kwargs)
            context = env.states.context_object.context_object_data
            if "Map" in context:
                frame.states.context_object.context_object_data["Map"] = context["Map"]
            return frame

        return as_inner_frame_of


def _client_error(code: str, status: int, error: Exception) -> ClientError:
    refusal: Any = {
        "Error": {"Code": code, "Message": str(error)},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": str(uuid.uuid4())},
    }
    return ClientError(refusal, "Invoke")


class _Executions:
    """Start and end of executions."""

    def __init__(self, undo: ExitStack, clock: SimulatedClock, tell: StatusChange) -> None:
        self._clock = clock
        self.tell = tell
        self._starting = threading.Lock()
        self._undo = undo
        self._patch_start()
        _replace(
            undo,
            BaseExecutionWorkerCommunication,
            "_reflect_execution_status",
            lambda communication: self._end(communication.execution),
        )

    def _patch_start(self) -> None:
        backend, worker = models.StepFunctionsParserBackend, execution_worker.ExecutionWorker

        def start_execution(
            self_: Any,
            state_machine_arn: str,
            name: str | None = None,
            execution_input: str | None = None,
            trace_header: str | None = None,
        ) -> Any:
            if name is not None and not _NAME.fullmatch(name):
                raise InvalidName(f"Invalid Name: '{name}'")
            # Two starts of one name at once must find each other; and no time passes before the
            # first state is entered.
            with self._starting, self._clock.busy():
                return start(
                    self_,
                    state_machine_arn,
                    name or str(uuid.uuid4()),
                    execution_input,
                    trace_header,
                )

        start = _replace(self._undo, backend, "start_execution", start_execution)

        def environment(self_: Any) -> Any:
            env = make_environment(self_)
            execution = env.states.context_object.context_object_data["Execution"]
            execution["StartTime"] = to_text(execution["StartTime"])
            redrives = redrive.of(self_._execution_communication.execution)
            execution["RedriveCount"] = redrives.count
            if redrives.date is not None:
                execution["RedriveTime"] = to_text(redrives.date)
            return env

        make_environment = _replace(self._undo, worker, "_get_evaluation_environment", environment)

        # One parse takes longer than many a whole run. A parsed program keeps no state, except that
        # of a distributed Map.
        parse = AmazonStateLanguageParser.parse
        remembered = functools.lru_cache(maxsize=32)(parse)

        def parse_once(definition: str) -> Any:
            return (parse if "DISTRIBUTED" in definition else remembered)(definition)

        _replace(self._undo, AmazonStateLanguageParser, "parse", staticmethod(parse_once))
        _replace(
            self._undo,
            json_path,
            "parse",
            functools.lru_cache(maxsize=1024)(vars(json_path)["parse"]),
        )

    def _end(self, execution: Any) -> None:
        """Note how an execution ended, then tell of it.

        The status comes first, for whoever is told asks for it. Time does not jump in between: this
        thread is busy until it ends.
        """
        outcome = execution.exec_worker.env.program_state()
        execution.stop_date = self._clock.now()
        match outcome:
            case ProgramEnded():
                execution.output = execution.exec_worker.env.states.get_input()
                status = ExecutionStatus.SUCCEEDED
            case ProgramStopped():
                execution.error, execution.cause = outcome.error, outcome.cause
                status = ExecutionStatus.ABORTED
            case ProgramTimedOut():
                status = ExecutionStatus.TIMED_OUT
            case ProgramError():
                details: Any = outcome.error or {}
                execution.error, execution.cause = details.get("error"), details.get("cause")
                status = ExecutionStatus.FAILED
            case _:
                raise RuntimeError(f"an execution cannot end as {outcome!r}")
        TMP_THREADS.clear()  # moto appends every thread and never removes one
        redrives = redrive.description(execution, status, execution.stop_date)
        event = _status_change(execution, status, redrives)
        execution.exec_status = status
        BusyThread(self._clock, target=self._tell_safely, args=(event,), daemon=True).start()

    def _tell_safely(self, event: dict[str, Any]) -> None:
        try:
            self.tell(event)
        except Exception:
            _log.exception("the status change of %s was not handled", event["resources"][0])


def _status_change(
    execution: Any, status: ExecutionStatus, redrives: dict[str, Any]
) -> dict[str, Any]:
    """The event that EventBridge delivers.

    Source: Step Functions developer guide, "Automating Step Functions event delivery".
    """
    succeeded = status == ExecutionStatus.SUCCEEDED
    redriven = redrives["redriveDate"]
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": execution.account_id,
        "time": to_text(execution.stop_date)[:19] + "Z",
        "region": execution.region_name,
        "resources": [execution.exec_arn],
        "detail": {
            "executionArn": execution.exec_arn,
            "stateMachineArn": execution.state_machine_arn,
            "name": execution.name,
            "status": status.value,
            "startDate": _milliseconds(execution.start_date),
            "stopDate": _milliseconds(execution.stop_date),
            "input": execution.execution_input,
            "inputDetails": {"included": True},
            "output": _compact(execution.output) if succeeded else None,
            "outputDetails": {"included": True} if succeeded else None,
            "error": execution.error,
            "cause": execution.cause,
            **redrives,
            "redriveDate": None if redriven is None else _milliseconds(redriven),
        },
    }


class _Responses:
    """Answers of the API that plain moto cuts short."""

    def __init__(self, undo: ExitStack, clock: SimulatedClock) -> None:
        self._clock = clock

        def stop_execution(handler: Any) -> ActionResult:
            return self._stop(_execution(handler), handler)

        def list_executions(handler: Any) -> ActionResult:
            listed, wanted = list_(handler), handler._get_param("redriveFilter")
            items, listed.result["executions"] = listed.result["executions"], []
            for item in items:
                execution = handler.stepfunction_backend.describe_execution(item["executionArn"])
                redrives = redrive.of(execution)
                dates = {"redriveDate": redrives.date, "stopDate": execution.stop_date}
                item |= {"redriveCount": redrives.count, **_without_none(dates)}
                if wanted in (None, "REDRIVEN" if redrives.count else "NOT_REDRIVEN"):
                    listed.result["executions"].append(item)
            return listed  # type: ignore[no-any-return]  # moto does not type what it replaced

        def describe(handler: Any) -> ActionResult:
            return _describe(_execution(handler), clock.now())

        def describe_machine(handler: Any) -> ActionResult:
            """As the execution began with it, which plain moto answers with today's definition."""
            described = describe_machine_now(handler)
            described.result["definition"] = _execution(handler).state_machine.definition
            return described  # type: ignore[no-any-return]  # moto does not type what it replaced

        _replace(undo, StepFunctionResponse, "describe_execution", describe)
        describe_machine_now = _replace(
            undo, StepFunctionResponse, "describe_state_machine_for_execution", describe_machine
        )
        _replace(undo, StepFunctionResponse, "stop_execution", stop_execution)
        _replace(undo, StepFunctionResponse, "get_execution_history", _history)
        list_ = _replace(undo, StepFunctionResponse, "list_executions", list_executions)

    def _stop(self, execution: Any, handler: Any) -> ActionResult:
        error, cause = handler._get_param("error"), handler._get_param("cause")
        _stop_and_wait(execution, self._clock, error, cause)
        return ActionResult({"stopDate": execution.stop_date})


def _execution(handler: Any) -> Any:
    return handler.stepfunction_backend.describe_execution(handler._get_param("executionArn"))


def _describe(execution: Any, now: datetime) -> ActionResult:
    status = execution.exec_status
    response = {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": status.value,
        "startDate": execution.start_date,
        "input": execution.execution_input,
        "inputDetails": {"included": True},
        **_without_none(redrive.description(execution, status, now)),
    }
    if status == ExecutionStatus.RUNNING:
        return ActionResult(response)
    if status == ExecutionStatus.SUCCEEDED:
        response["output"] = _compact(execution.output)
        response["outputDetails"] = {"included": True}
    ended = {
        "stopDate": execution.stop_date,
        "error": execution.error,
        "cause": execution.cause,
    }
    return ActionResult(response | _without_none(ended))


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _history(handler: Any) -> ActionResult:
    """One page of the history; plain moto gives all of it, in one order, with all data."""
    env = _execution(handler).exec_worker.env
    events = env.event_manager.get_event_history() if env is not None else []
    if handler._get_param("reverseOrder"):
        events.reverse()
    if handler._get_param("includeExecutionData") is False:
        events = [_without_data(event) for event in events]
    token = handler._get_param("nextToken") or "0"
    if not token.isdecimal():
        raise InvalidToken(f"'{token}'")
    begin = int(token)
    end = begin + (handler._get_int_param("maxResults") or _DEFAULT_PAGE)
    page: dict[str, Any] = {"events": events[begin:end]}
    if end < len(events):
        page["nextToken"] = str(end)
    return ActionResult(page)


def _without_data(event: dict[str, Any]) -> dict[str, Any]:
    hidden = {"input", "inputDetails", "output", "outputDetails", "parameters"}
    return {
        key: {k: v for k, v in value.items() if k not in hidden}
        if isinstance(value, dict)
        else value
        for key, value in event.items()
    }


def to_text(instant: datetime) -> str:
    """As in the context object: `2026-12-01T09:00:00.000Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
