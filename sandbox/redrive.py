"""RedriveExecution: a failed, aborted or timed-out execution goes on where it stopped.

Source: Step Functions developer guide, "Restarting state machine executions with redrive", and API
reference, RedriveExecution, read 2026-11. What they promise is tested. Where they are silent:
- A state that was entered before is not entered again in the history, for what is unfinished is
  known by its `...Entered` without an `...Exited`: what it does now follows its first
  `...StateEntered`, and the same holds for a Map, a Parallel and an iteration that had begun. Only
  a Fail state, which is documented to be re-entered, is.
- A Wait with Seconds waits its full time again.
- `ExecutionRedriven` follows the last event of the run before.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import ValidationException
from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    iteration_worker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import (
    BranchWorker,
)
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import (
    EventHistoryContext,
    EventManager,
)
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.responses import StepFunctionResponse

from sandbox.clock import SimulatedClock

Replace = Callable[[Any, str, Any], Any]
"""Sets an attribute until the engine is taken away; returns what stood there, unbound."""

_BEGINNINGS: Final = {
    HistoryEventType.MapStateStarted,
    HistoryEventType.MapIterationStarted,
    HistoryEventType.ParallelStateStarted,
    *(event for event in HistoryEventType if event.value.endswith("StateEntered")),
}
_FOLLOWED: Final = _BEGINNINGS | {
    event for event in HistoryEventType if event.value.endswith("StateExited")
}
_PERIOD: Final = timedelta(days=14)
_LONGEST: Final = timedelta(days=365)
_MOST_EVENTS: Final = 24_999
_TOKEN: Final = re.compile(r"[!-~]{1,64}")
_TOKENS_KEPT: Final = 10
_TOKEN_LIFE: Final = timedelta(minutes=15)


class ExecutionNotRedrivable(AWSError):  # noqa: N818  AWS's name for it
    TYPE = "ExecutionNotRedrivable"
    STATUS = 400


@dataclass
class Redrives:
    """How often an execution was redriven, and when last; the tokens with their first use."""

    count: int = 0
    date: datetime | None = None
    tokens: dict[str, datetime] = field(default_factory=dict)

    def date_of(self, token: str | None, now: datetime) -> datetime | None:
        """When a redrive with this token happened, if that is remembered."""
        used = self.tokens.get(token or "")
        return used if used is not None and now - used <= _TOKEN_LIFE else None

    def add(self, token: str | None, now: datetime) -> None:
        self.count += 1
        self.date = now
        if token is not None:
            self.tokens.pop(token, None)
            self.tokens[token] = now
            for oldest in list(self.tokens)[:-_TOKENS_KEPT]:
                del self.tokens[oldest]


@dataclass
class Place:
    """How far one sequence of states has come: the machine's own, an iteration's or a branch's."""

    state: str | None = None
    """The state that is next or under way; None before the first one."""
    given: Any = None
    """Its input."""
    parts: dict[int, Place] = field(default_factory=dict)
    """The iterations or branches of that state in its last attempt."""
    written: dict[HistoryEventType, int] = field(default_factory=dict)
    """The events that tell of its beginning, by their ids."""
    attempted: bool = False
    done: bool = False
    """True after the last state; `given` is then what came out of it."""
    after: tuple[str | None, Any] = (None, None)
    """The next state, if any, and its input; they count once the history has the exit."""

    def move_on(self) -> None:
        """The state is over."""
        self.state, self.given = self.after
        self.done = self.state is None
        self.attempted = False
        self._start_over()

    def begin_attempt(self) -> None:
        """A state that is retried begins from scratch, as a whole."""
        if self.attempted:
            self._start_over()
        self.attempted = True

    def _start_over(self) -> None:
        self.parts = {}
        iteration = HistoryEventType.MapIterationStarted
        self.written = {event: id_ for event, id_ in self.written.items() if event is iteration}

    def again(self) -> Place:
        """The same place for the next run; threads of the run before know only the old one."""
        if self.done:
            return self
        return Place(
            state=self.state,
            given=self.given,
            parts={index: part.again() for index, part in list(self.parts.items())},
            written=dict(self.written),
        )


def of(execution: Any) -> Redrives:
    """The redrives of an execution."""
    redrives: Redrives = vars(execution).setdefault("redrives", Redrives())
    return redrives


def description(execution: Any, status: ExecutionStatus, now: datetime) -> dict[str, Any]:
    """The fields about redrives, as DescribeExecution has them; None for those it leaves out."""
    redrives = of(execution)
    reason = why_not(execution, status, now)
    return {
        "redriveCount": redrives.count,
        "redriveDate": redrives.date,
        "redriveStatus": "REDRIVABLE" if reason is None else "NOT_REDRIVABLE",
        "redriveStatusReason": reason,
    }


def why_not(execution: Any, status: ExecutionStatus, now: datetime) -> str | None:
    """Why an execution cannot be redriven, in the words of the API reference; None if it can."""
    if status in (ExecutionStatus.RUNNING, ExecutionStatus.SUCCEEDED):
        return f"Execution is {status.value} and cannot be redriven"
    stopped = execution.stop_date
    if stopped is None:
        return "Execution is RUNNING and cannot be redriven"  # since this very moment
    if len(execution.exec_worker.env.event_manager._history_event_list) >= _MOST_EVENTS:
        return "Execution history event limit exceeded"
    if now - execution.start_date > _LONGEST:
        return "Execution has exceeded the max execution time"
    if now - stopped > _PERIOD:
        return "Execution redrivable period exceeded"
    return None


def first_state(program: Any, env: Any) -> str:
    """Where a sequence of states begins, or goes on; its input is set for it."""
    place: Place = vars(env.event_history_context).setdefault("place", Place())
    if place.state is None:
        place.state = program.start_at.start_at_name
        place.given = env.states.get_input()
    else:
        env.states.reset(place.given)
    return place.state


def install(replace: Replace, clock: SimulatedClock) -> None:
    """Let executions note how far they come, and let RedriveExecution take them up there."""
    _follow_states(replace)
    _follow_parts(replace)
    _follow_history(replace)
    one_at_a_time = threading.Lock()

    def redrive_execution(handler: Any) -> ActionResult:
        arn, token = handler._get_param("executionArn"), handler._get_param("clientToken")
        if token is not None and not _TOKEN.fullmatch(token):
            raise ValidationException(f"Value '{token}' at 'clientToken' is not a client token")
        execution = handler.stepfunction_backend.describe_execution(arn)
        with one_at_a_time, clock.busy():  # no time passes before the state goes on
            return ActionResult({"redriveDate": redrive(execution, token, clock.now())})

    replace(StepFunctionResponse, "redrive_execution", redrive_execution)


def redrive(execution: Any, token: str | None, now: datetime) -> datetime:
    """Let an execution go on; when it did so. Raises ExecutionNotRedrivable.

    Call it while the clock is busy, so that no time passes before the state goes on.
    """
    redrives = of(execution)
    before = redrives.date_of(token, now)
    if before is not None:
        return before
    reason = why_not(execution, execution.exec_status, now)
    if reason is not None:
        raise ExecutionNotRedrivable(reason)
    redrives.add(token, now)
    worker: Any = _RedrivenWorker(execution.exec_worker, redrives.count)
    execution.exec_worker = worker
    execution.exec_status = ExecutionStatus.RUNNING
    execution.stop_date = execution.output = execution.error = execution.cause = None
    worker.start()
    return now


class _RedrivenWorker(ExecutionWorker):
    """Goes on with an execution: the same history, the place where the worker before stopped."""

    def __init__(self, before: Any, count: int) -> None:
        super().__init__(
            evaluation_details=before._evaluation_details,
            exec_comm=before._execution_communication,
            cloud_watch_logging_session=before._cloud_watch_logging_session,
            activity_store=before._activity_store,
            mock_test_case=before._mock_test_case,
        )
        env: Any = self._get_evaluation_environment()
        history = before.env.event_manager.get_event_history()
        last = history[-1]["id"]
        # A history of its own: what a function of the run before still tells goes into the old one.
        manager = env.event_manager
        manager._event_id_gen._next_id = last + 1
        context: Any = EventHistoryContext(previous_event_id=last)
        details: Any = {"executionRedrivenEventDetails": {"redriveCount": count}}
        manager.add_event(
            context=context,
            event_type=HistoryEventType.ExecutionRedriven,
            event_details=details,
        )
        manager._history_event_list[:0] = history
        place = vars(before.env.event_history_context).get("place", Place())
        context.place = place.again()
        env.event_history_context = context
        self.env = env

    def _execution_logic(self) -> None:
        self._get_evaluation_entrypoint().eval(self.env)  # type: ignore[arg-type]  # set above
        self._execution_communication.terminated()


def _place(context: Any) -> Place | None:
    """The place that belongs to a context of events, or to the one around it."""
    known = vars(context)
    place: Place | None = known.get("place", known.get("outer"))
    return place


def _follow_states(replace: Replace) -> None:
    def following(owner: Any) -> None:
        def set_next(state: Any, env: Any) -> None:
            with env._state_mutex:  # nobody ends it in between
                if env.is_running():
                    before(state, env)
                    after = env.next_state_name, env.states.get_input()
                    env.event_history_context.place.after = after

        before = replace(owner, "_set_next", set_next)

    following(CommonStateField)
    following(StateChoice)

    def evaluate_with_timeout(state: Any, env: Any) -> None:
        env.event_history_context.place.begin_attempt()
        evaluate(state, env)

    evaluate = replace(ExecutionState, "_evaluate_with_timeout", evaluate_with_timeout)


def _follow_parts(replace: Replace) -> None:
    """Iterations and branches have places of their own, within that of the state around them."""

    def as_inner_frame_of(cls: Any, env: Any, *args: Any, **kwargs: Any) -> Any:
        frame = frame_of(cls, env, *args, **kwargs)
        frame.event_history_context.outer = _place(env.event_history_context)
        return frame

    frame_of = replace(Environment, "as_inner_frame_of", classmethod(as_inner_frame_of)).__func__

    def part(env: Any, index: int) -> Place:
        own: Place = env.event_history_context.outer.parts.setdefault(index, Place())
        env.event_history_context.place = own
        return own

    def eval_job(worker: Any, env: Any, job: Any) -> None:
        own = part(env, job.job_index)
        if own.done:
            job.job_output = own.given
        else:
            evaluate(worker, env, job)

    evaluate = replace(iteration_worker.IterationWorker, "_eval_job", eval_job)

    def new_branch(worker: Any, branch_worker_comm: Any, program: Any, env: Any) -> None:
        create(worker, branch_worker_comm, program, env)
        pool = vars(branch_worker_comm)
        part(env, pool.setdefault("begun", 0))
        pool["begun"] += 1  # they are made in their order, by one thread

    create = replace(BranchWorker, "__init__", new_branch)

    def run_branch(worker: Any) -> None:
        own = worker.env.event_history_context.place
        if own.done:
            worker.env.states.reset(own.given)
            worker.env.set_ended()
            worker._branch_worker_comm.on_terminated(env=worker.env)
        else:
            run(worker)

    run = replace(BranchWorker, "_thread_routine", run_branch)


def _follow_history(replace: Replace) -> None:
    def add_event(manager: Any, context: Any, event_type: HistoryEventType, **kwargs: Any) -> int:
        place = _place(context)
        if place is None or event_type not in _FOLLOWED:
            return int(add(manager, context, event_type, **kwargs))
        if event_type in place.written and event_type is not HistoryEventType.FailStateEntered:
            context.source_event_id = place.written[event_type]
            context.last_published_event_id = context.source_event_id
            return int(context.source_event_id)
        before = context.last_published_event_id
        event_id = int(add(manager, context, event_type, **kwargs))
        if event_id == before:
            return event_id  # it came too late and is not in the history
        if event_type in _BEGINNINGS:
            place.written[event_type] = event_id
        else:
            place.move_on()
        return event_id

    add = replace(EventManager, "add_event", add_event)
