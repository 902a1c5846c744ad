"""A recorded execution on today's state machine: each task answers what it answered then.

Only the file is tried, none of the functions. Time passes as it did, on a clock that jumps, so that
time-outs and waits count; a run that was stopped is stopped at the same instant, and one that was
redriven is redriven.
"""

from __future__ import annotations

import copy
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, NoReturn

from postwright.history import End, History, Try, parsed, without_lost_answers
from postwright.history import read as read_history
from postwright.redaction import TAPE_IS_OVER
from postwright.replay import EXECUTION_MARK, ITERATION_MARK
from sandbox import moto_imports
from sandbox.clock import SimulatedClock
from sandbox.functions import Answer, InvokeError
from sandbox.names import ACCOUNT_ID, REGION, ROLE_ARN, function_arn
from sandbox.stopping import cut_off, place_of_stop, stopping

Key = tuple[str, int | None]
"""A task: its state, and the iteration of the Map around it."""
Abort = Callable[[str], object]
"""Stops the execution of a name."""

_LAST_OF_ITS_INSTANT: Final = timedelta(seconds=1)
"""An error may end a Map, so iterations that had ended by then end first."""
_STOP_WALL_SECONDS: Final = 30.0
_STOP_COMES_WITHIN: Final = timedelta(seconds=1)
"""Of simulated time, which does not pass while the run is being stopped."""
_NAMES = itertools.count(1)


@dataclass(frozen=True)
class Played:
    """What became of it; `asked_beyond` and `left` are tasks with the number of answers that were
    asked for and not on the tape, or on it and not asked for.
    """

    history: History
    asked_beyond: Mapping[str, int]
    left: Mapping[str, int]


def play(definition: Mapping[str, Any], recorded: History) -> Played:
    """Run the definition with the recorded answers.

    One sandbox or replay at a time in a process; raises EngineInUseError.
    """
    moto_imports.load()
    from sandbox import engine, redrive

    recorded = without_lost_answers(recorded)
    clock = SimulatedClock(None, start=recorded.started_at)
    tape = _Tape(recorded, clock)
    with engine.install(tape, clock):
        execution = None
        for number, (began_at, end) in enumerate(_runs(recorded)):
            abort = partial(engine.abort, clock=clock, error=end.error)
            was_stopped = end.status == "ABORTED"
            stop = tape.wind_to(number, abort, end.at if was_stopped else None)
            place = place_of_stop(recorded, number, end.at) if was_stopped else None
            with stopping(clock, place, stop) if place else nullcontext():
                if execution is None:
                    execution = start(instrumented(definition), recorded.given)
                elif execution.exec_status.value == "SUCCEEDED":
                    break
                else:
                    clock.advance_to(began_at)
                    redrive.redrive(execution, None, clock.now())
                wait_for_end(execution)
            tape.pause()
        events = execution.exec_worker.env.event_manager.get_event_history()  # type: ignore[union-attr]  # there is a run
    history = read_history({**event, "type": event["type"].value} for event in events)
    return Played(history, tape.beyond, tape.left())


def instrumented(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The definition with tasks that ask for their state by its name, and tell their iteration."""
    changed: dict[str, Any] = copy.deepcopy(dict(definition))
    for name, state, inside in _states(changed["States"]):
        parameters = state.get("Parameters", {})
        if "FunctionName" not in parameters:
            continue
        parameters["FunctionName"] = function_arn(name)
        parameters.setdefault("Payload", {})[f"{EXECUTION_MARK}.$"] = "$$.Execution.Name"
        if inside:
            parameters["Payload"][f"{ITERATION_MARK}.$"] = "$$.Map.Item.Index"
    return changed


def _states(
    states: Mapping[str, Any], *, inside: bool = False
) -> Iterator[tuple[str, dict[str, Any], bool]]:
    for name, state in states.items():
        yield name, state, inside
        if "ItemProcessor" in state:
            yield from _states(state["ItemProcessor"]["States"], inside=True)


@dataclass
class _Tape:
    """Stands where the functions stand."""

    recorded: History
    clock: SimulatedClock
    beyond: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._run = 0
        self._stop: tuple[datetime, Abort] | None = None
        self._cut_off = 0
        self._over = threading.Event()
        self._answers: dict[Key, list[Try]] = {}
        for visit in self.recorded.visits:
            key = visit.state, visit.iteration
            self._answers.setdefault(key, []).extend(visit.tries)

    def wind_to(self, run: int, abort: Abort, stopped_at: datetime | None) -> Abort:
        """From here on the answers are those of this run; what was given up then comes no more.

        A run that was stopped is aborted when the last of what was cut off then is asked for. What
        is returned does so at any time: time does not pass before all who ask have heard of it.
        """
        over = threading.Event()

        def stop(name: str) -> None:
            abort(name)
            self._end(over)

        self._run, self._over = run, over
        self._stop = (stopped_at, stop) if stopped_at is not None else None
        self._cut_off = len(cut_off(self.recorded, run))
        for tries in self._answers.values():
            tries[:] = [one for one in tries if one.run >= run or one.outcome != "open"]
        return stop

    def pause(self) -> None:
        """The run is over; who waited for an answer that never came is let go."""
        self._end(self._over)

    def _end(self, over: threading.Event) -> None:
        over.set()
        self.clock.wake(over)

    def left(self) -> Counter[str]:
        """How many answers nobody has asked for, by state."""
        left = Counter[str]()
        for (state, _), tries in self._answers.items():
            left[state] += sum(one.outcome != "open" for one in tries)
        return +left

    def invoke(
        self,
        name: str,
        event: Any,
        *,
        caller_is_busy: bool = False,  # noqa: ARG002  the engine's threads always are
    ) -> Answer:
        """What the task answered then, after as long as it took."""
        key = name, event.get(ITERATION_MARK)
        with self._lock:
            tries = self._answers.get(key)
            recorded = tries.pop(0) if tries and tries[0].run <= self._run else None
        if recorded is None:
            self._wait_for_stop()
            with self._lock:
                self.beyond[name] += 1
            text = f"{name} was not asked for so often when this was recorded"
            return Answer({"errorType": TAPE_IS_OVER, "errorMessage": text}, error=True)
        if recorded.ended_at is None or recorded.outcome == "timed_out":
            self._never_answer(recorded, event)
        due = self.clock.now() + (recorded.ended_at - recorded.scheduled_at)
        if recorded.error is not None and event.get(ITERATION_MARK) is not None:
            due += _LAST_OF_ITS_INSTANT
        self.clock.wait_until(due, self._over, was_busy=True)
        return _answer(recorded)

    def _wait_for_stop(self) -> None:
        """Raises InvokeError when the run is stopped now: then a stop came before this was asked
        for, and a replay may be a little late with its own.
        """
        if self._stop is None:
            return
        due = max(self.clock.now(), self._stop[0]) + _STOP_COMES_WITHIN
        if not self.clock.wait_until(due, self._over, was_busy=True):
            raise InvokeError("SdkClientException", 500)

    def _never_answer(self, recorded: Try, event: Any) -> NoReturn:
        with self._lock:
            self._cut_off -= recorded.outcome == "open"
            is_last = recorded.outcome == "open" and self._cut_off == 0
        if is_last and self._stop is not None:
            at, stop = self._stop
            due = self.clock.now() + (at - recorded.scheduled_at)
            self.clock.wait_until(due, self._over, was_busy=True)
            stop(event[EXECUTION_MARK])
        self.clock.wait_until(None, self._over, was_busy=True)
        raise InvokeError("SdkClientException", 500)


def _answer(recorded: Try) -> Answer:
    if recorded.outcome == "succeeded":
        return Answer(recorded.answer)
    document = parsed(recorded.cause)
    if isinstance(document, dict) and document.get("errorType") == recorded.error:
        return Answer(document, error=True)
    service, _, code = (recorded.error or "").partition(".")
    if service == "Lambda" and code != "Unknown":
        raise InvokeError(code, 429 if code == "TooManyRequestsException" else 500)
    if code == "Unknown":
        return Answer({"errorMessage": recorded.cause}, error=True)
    return Answer({"errorType": recorded.error, "errorMessage": recorded.cause}, error=True)


def _runs(recorded: History) -> list[tuple[datetime, End]]:
    """Each run of the execution: when it began, and its end."""
    begun = [recorded.started_at, *recorded.redriven_at]
    ends = [*recorded.ends]
    if len(ends) < len(begun):  # it runs still, and what comes is not recorded
        ends.append(End("ABORTED", recorded.last_at))
    return list(zip(begun, ends, strict=True))


def start(definition: Mapping[str, Any], given: Any) -> Any:
    """An execution of moto, of a machine that is made for it; an engine must be installed."""
    from moto.stepfunctions.parser import models

    backend: Any = models.stepfunctions_parser_backends[ACCOUNT_ID][REGION]
    machine = backend.create_state_machine(
        f"replay-{next(_NAMES)}", json.dumps(definition), ROLE_ARN
    )
    return backend.start_execution(machine.arn, None, json.dumps(given), None)


def wait_for_end(execution: Any) -> None:
    """Return when it is over; raises TimeoutError after thirty real seconds."""
    end = time.monotonic() + _STOP_WALL_SECONDS
    while execution.exec_status.value == "RUNNING":
        if time.monotonic() > end:
            raise TimeoutError("the replay does not end")
        time.sleep(0.0005)
