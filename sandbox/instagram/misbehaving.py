"""Letting a fault of the script happen to a call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from sandbox.instagram.errors import GraphError
from sandbox.instagram.faults import Fault
from sandbox.instagram.wire import Line

if TYPE_CHECKING:
    from sandbox.clock import SimulatedClock
    from sandbox.instagram.simulator import SimulatedInstagram

JSON = "application/json; charset=UTF-8"
_LONGEST_SECONDS = 3600
_STEP_SECONDS = 1.0
_MOST_STEPS = 60
_REAL_STEP_SECONDS = 0.02
"""One step of waiting takes so long at least, which lets clients notice it."""
_INVENTED = '{"id":"17900000000000000"}'
"""What is cut or dripped of a call that has not taken effect."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer; `error` is code and subcode of a refusal."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    error: tuple[int, int | None] | None = None


class Faulty:
    """One call to which a fault happens; `take_effect` makes the real answer."""

    def __init__(
        self,
        instagram: SimulatedInstagram,
        line: Line,
        fault: Fault,
        take_effect: Callable[[], Outcome],
    ) -> None:
        self._instagram = instagram
        self._clock = instagram.clock
        self._line = line
        self._fault = fault
        self._take_effect = take_effect

    async def answer(self) -> Outcome | None:
        """What to send; None when the connection is to be spoiled (see `spoil`)."""
        fault, real = self._fault, None
        await let_pass(self._clock, fault.delay_seconds)
        if fault.takes_effect == "first":
            real = await run_in_threadpool(self._take_effect)
        elif fault.late_seconds is not None:
            self._instagram.later(fault.late_seconds, self._take_effect)
        if real is not None and not fault.replaces:
            return real
        if fault.answer in ("reset", "drip", "hang"):
            return None
        row = fault.error_row()
        if row is not None:
            body = json.dumps(self._instagram.error_body(GraphError(row)))
            return Outcome(row.status, body, {"Content-Type": JSON}, (row.code, row.subcode))
        status, body, content_type = fault.canned(real.body if real is not None else _INVENTED)
        return Outcome(status, body, {"Content-Type": content_type or JSON})

    async def spoil(self) -> None:
        """What is not an answer: a reset, silence, or bytes that never end."""
        kind, bytes_left = self._fault.answer, iter(_INVENTED[:-1].encode())
        if kind == "drip":
            await self._line.begin(200)
        for _ in range(int(_LONGEST_SECONDS / _STEP_SECONDS) if kind != "reset" else 0):
            if kind == "drip":
                await self._line.add(bytes([next(bytes_left, ord(" "))]))
            if await self._line.is_left():
                return
            await let_pass(self._clock, _STEP_SECONDS)
        await self._line.reset()


async def let_pass(clock: SimulatedClock, seconds: float) -> None:
    """Simulated time passes although a call is in flight.

    By itself it passes at the rate of work at most. So it is moved, in steps, so that what is due
    meanwhile happens in its order.
    """
    if seconds <= 0:
        return
    begin, length = clock.now(), timedelta(seconds=seconds)
    steps = min(_MOST_STEPS, max(1, round(seconds / _STEP_SECONDS)))
    real = seconds / steps / clock.speed if clock.speed is not None else 0
    for step in range(1, steps + 1):
        await asyncio.sleep(max(real, _REAL_STEP_SECONDS))
        clock.advance_to(begin + length * step / steps)
