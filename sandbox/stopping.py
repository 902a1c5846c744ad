"""An execution stopped at a place of its path instead of at an instant."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from postwright.history import History, Try
from sandbox import moto_imports
from sandbox.clock import SimulatedClock

_WALL_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.001
_EARLIER: Final = 0.9
"""A stop comes a little sooner than then, and not by chance when the wait has just ended."""


@dataclass(frozen=True)
class Place:
    """The so-and-so-manieth time that a state is entered, counted from 1; `seconds` after that. The
    state None is any.
    """

    state: str | None
    visit: int
    seconds: float = 0


def cut_off(recorded: History, run: int) -> list[Try]:
    """The tries that were on their way when a run ended, in the order of their begin."""
    tries = [one for visit in recorded.visits for one in visit.tries]
    return sorted(
        (one for one in tries if one.run == run and one.outcome == "open"),
        key=lambda one: one.scheduled_at,
    )


def place_of_stop(recorded: History, run: int, at: datetime) -> Place | None:
    """Where a run stood when it was stopped; None when functions were at work."""
    if cut_off(recorded, run):
        return None
    entered = [visit for visit in recorded.visits if visit.run == run]
    if not entered:
        return Place(None, 1)
    last = entered[-1]
    count = sum(visit.state == last.state for visit in entered)
    waits = last.kind == "Wait" or last.tries
    seconds = (at - last.entered_at).total_seconds() * _EARLIER if waits else 0
    return Place(last.state, count, seconds)


@contextmanager
def stopping(clock: SimulatedClock, place: Place, stop: Callable[[str], object]) -> Iterator[None]:
    """What runs meanwhile is stopped there, once; `stop` gets the name of the execution.

    A state that takes no time is held up as it is entered, until the stop has reached it.
    """
    moto_imports.load()
    from moto.stepfunctions.parser.asl.component.state.state import CommonStateField

    from sandbox.engine import BusyThread

    lock, entries = threading.Lock(), 0
    enter = CommonStateField._eval_state_input

    def stop_later(name: str) -> None:
        due = clock.now() + timedelta(seconds=place.seconds)
        clock.wait_until(due, was_busy=True)
        stop(name)

    def entering(entered: Any, env: Any) -> None:
        nonlocal entries
        with lock:
            fits = place.state in (None, entered.name)
            entries += fits
            is_there = fits and entries == place.visit
        if is_there:
            name = env.states.context_object.context_object_data["Execution"]["Name"]
            BusyThread(clock, target=stop_later, args=(name,), daemon=True).start()
            if not place.seconds:
                _hold_up(env)
        enter(entered, env)

    with ExitStack() as undo:
        CommonStateField._eval_state_input = entering  # type: ignore[assignment,method-assign]  # no other way in
        undo.callback(setattr, CommonStateField, "_eval_state_input", enter)
        yield


def _hold_up(env: Any) -> None:
    end = time.monotonic() + _WALL_SECONDS
    while env.is_running() and time.monotonic() < end:
        time.sleep(_LOOK_SECONDS)
