"""One simulated clock for the engine's waits, our functions and the simulated Instagram.

At a numeric speed, waits pass `speed` times faster than real time. Work does not: while anything is
in flight time passes as real time does at most, so that what is computed counts the same at every
speed and no time-out comes before the work could be done.

At `speed=None` (called "max") time stands still while anything is in flight and jumps to the next
due instant when nothing is; with nothing due it passes as real time does, so that a person who
plays with the simulated Instagram is not stuck in one instant.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sandbox.shared_instant import SharedInstant
from sandbox.wall_record import WallRecord

_SPEED_BOUND = 1_000_000


def speed_from(text: str) -> float | None:
    """The speed that a person wrote: a number, or "max" for None; ValueError with what fits."""
    if text == "max":
        return None
    with suppress(ValueError):
        if 0 < float(text) < _SPEED_BOUND:
            return float(text)
    raise ValueError(f"takes a number above 0, or max, not {text}")


class Flag(Protocol):
    """What ends a wait early; a `threading.Event` is one."""

    def is_set(self) -> bool:
        """True once the wait is no longer wanted."""


@dataclass(eq=False)
class _Waiter:
    due: datetime | None
    cancelled: Flag | None
    changed: threading.Condition
    drives: bool
    released: bool = False
    was_due: bool = False
    """Whether `due` had come when it was released."""

    def is_due(self, now: datetime) -> bool:
        return self.due is not None and self.due <= now

    def is_ready(self, now: datetime) -> bool:
        if self.is_due(now):
            return True
        return self.cancelled is not None and self.cancelled.is_set()


@dataclass(frozen=True, eq=False)
class _Alarm:
    due: datetime
    ring: Callable[[], object]


class SimulatedClock:
    """Thread-safe. Whoever works wraps the work in `busy()`; whoever waits calls `wait_until`."""

    def __init__(
        self,
        speed: float | None = 1.0,
        start: datetime | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        if speed is not None and speed <= 0:
            raise ValueError(f"speed must be above 0 or None, not {speed}")
        self.speed = speed
        self._lock = threading.RLock()
        self._base = start or datetime.now(UTC)
        self._base_real = time.monotonic()
        self._record = WallRecord(self._base, speed or 1.0, wall)
        self._busy = 0
        self._waiters: set[_Waiter] = set()
        self._noted: set[datetime] = set()
        self._alarms: set[_Alarm] = set()
        self._shown_on: set[SharedInstant] = set()

    def now(self) -> datetime:
        """The current simulated instant, aware, in UTC."""
        with self._lock:
            return self._settle()

    def sleep(self, seconds: float) -> None:
        """Return when `seconds` simulated seconds have passed."""
        self.wait_until(self.now() + timedelta(seconds=seconds))

    def latest_at_wall(self, second: datetime) -> datetime:
        """The last simulated instant, up to now, at which the wall clock showed `second`."""
        with self._lock:
            return self._record.latest(second, self._settle())

    def monotonic(self) -> float:
        """Simulated seconds since 1970; unlike the wall clock, this one is never set back."""
        return self.now().timestamp()

    def wall_seconds(self, seconds: float) -> float | None:
        """Real seconds for simulated ones; None where that depends on what is in flight."""
        return seconds / self.speed if self.speed is not None and self.speed <= 1 else None

    @property
    def busy_rate(self) -> float:
        """Simulated seconds that pass in a real one while work is in flight."""
        return 0.0 if self.speed is None else min(1.0, self.speed)

    def wait_until(
        self,
        due: datetime | None,
        cancelled: Flag | None = None,
        *,
        was_busy: bool = False,
        drives: bool = True,
    ) -> bool:
        """Wait for `due` (None: for `cancelled` alone); False when `cancelled` came first.

        Whoever sets `cancelled` calls `wake` afterwards. A caller inside `busy()` says
        `was_busy=True`: it does not count as busy while it waits, and counts again from the very
        instant at which it is released, so that time cannot jump past it. With `drives=False` time
        does not jump to `due` for this caller alone, and stops there on the way to a later instant.
        """
        with self._lock:
            waiter = _Waiter(due, cancelled, threading.Condition(self._lock), drives)
            if waiter.is_ready(self._settle()):  # who was busy still is, or has gone on already
                return waiter.is_due(self._base)
            self._waiters.add(waiter)
            if was_busy:
                self._step_busy(-1)
            try:
                self._block(waiter)
                return waiter.was_due
            finally:
                self._waiters.discard(waiter)
                self._step_busy((1 if was_busy else 0) - (1 if waiter.released else 0))
                self._jump()

    def wake(self, cancelled: Flag | None = None) -> None:
        """Release whoever waits with `cancelled` (None: with any flag) if the flag is set."""
        with self._lock:
            for waiter in self._waiters:
                wanted = cancelled is None or waiter.cancelled is cancelled
                if wanted and waiter.cancelled is not None and waiter.cancelled.is_set():
                    self._release(waiter)

    def note_due(self, instant: datetime) -> None:
        """Something changes by itself at `instant` although nobody waits in a call for it."""
        with self._lock:
            if instant > self._settle():
                self._noted.add(instant)
                self._jump()

    def advance(self, seconds: float) -> datetime:
        """Move time ahead by hand; returns the new instant."""
        with self._lock:
            return self.advance_to(self._settle() + timedelta(seconds=seconds))

    def advance_if_idle(self, seconds: float) -> bool:
        """The same, unless work is in flight, for which so much time would have passed."""
        with self._lock:
            if self._busy:
                return False
            self.advance(seconds)
            return True

    def advance_to(self, instant: datetime) -> datetime:
        """Move time ahead to `instant`, also while work is in flight; returns the new instant.

        Whoever waits for an instant on the way is released. An instant that has passed changes
        nothing.
        """
        with self._lock:
            self._settle()
            self._move_to(instant)
            return self._base

    @contextmanager
    def alarm(self, due: datetime, ring: Callable[[], object]) -> Iterator[None]:
        """While open, call `ring` once when time is moved to `due` or beyond.

        It runs in the thread that moves time and must be short. Time that passes by itself, as it
        does at a numeric speed, rings nothing.
        """
        alarm = _Alarm(due, ring)
        with self._lock:
            self._alarms.add(alarm)
        try:
            yield
        finally:
            with self._lock:
                self._alarms.discard(alarm)

    def show_on(self, shared: SharedInstant) -> None:
        """Keep in `shared` what others need to tell the time while work is in flight.

        Now is what is in there plus `busy_rate` times the machine's monotonic clock, which is the
        same in all processes.
        """
        with self._lock:
            self._shown_on.add(shared)
            self._settle()

    def stop_showing_on(self, shared: SharedInstant) -> None:
        """Let go of what `show_on` was given."""
        with self._lock:
            self._shown_on.discard(shared)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Work is in flight: at max speed time stands still until it ends."""
        self._count(+1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, step: int) -> None:
        with self._lock:
            self._step_busy(step)
            self._jump()

    def _step_busy(self, step: int) -> None:
        """From here on time passes at another rate if work begins or the last of it ends."""
        self._settle()
        self._busy += step
        if self.speed is not None and self._busy == 0:
            for waiter in self._waiters:
                waiter.changed.notify()  # its pause was meant for the slower rate

    def _block(self, waiter: _Waiter) -> None:
        self._jump()
        while not waiter.released:
            waiter.changed.wait(self._pause(waiter))
            if waiter.is_ready(self._settle()):
                self._release(waiter)

    def _settle(self) -> datetime:
        """Fold the real time that has passed into the base."""
        real, rate = time.monotonic(), self._rate()
        instant = self._base + timedelta(seconds=(real - self._base_real) * rate)
        if rate > 1:
            # A thread that wakes up late must not be late on this clock: time waits for it.
            instant = max(self._base, min([instant, *self._unreleased_dues()]))
        self._base_real = real
        self._set(instant)
        return self._base

    def _rate(self) -> float:
        """Simulated seconds that pass by themselves in a real one."""
        if self._busy:
            return self.busy_rate
        if self.speed is None:
            return 0.0 if self._is_driven() else 1.0
        return self.speed

    def _unreleased_dues(self) -> list[datetime]:
        return [w.due for w in self._waiters if w.due is not None and not w.released]

    def _is_driven(self) -> bool:
        """Whether anything is due that time jumps for at max speed."""
        return bool(self._noted) or any(w.drives and w.due is not None for w in self._waiters)

    def _dues(self) -> set[datetime]:
        return self._noted | {w.due for w in self._waiters if w.due is not None}

    def _jump(self) -> None:
        """At max speed, with nothing in flight, go to the next due instant."""
        while self.speed is None and self._busy == 0 and self._is_driven():
            self._move_to(min(self._dues()))

    def _move_to(self, instant: datetime) -> None:
        self._set(max(self._base, instant))
        self._noted = {noted for noted in self._noted if noted > self._base}
        for alarm in [alarm for alarm in self._alarms if alarm.due <= self._base]:
            self._alarms.discard(alarm)
            alarm.ring()
        for waiter in self._waiters:
            if waiter.is_due(self._base):
                self._release(waiter)

    def _set(self, instant: datetime) -> None:
        self._base = instant
        self._record.note(instant)
        for shared in self._shown_on:
            shared.set(instant - timedelta(seconds=self._base_real * self.busy_rate))

    def _release(self, waiter: _Waiter) -> None:
        """Let a waiter go on; it counts as busy until it has left `wait_until`."""
        if not waiter.released:
            waiter.released = True
            self._step_busy(+1)
            waiter.was_due = waiter.is_due(self._base)
            waiter.changed.notify()

    def _pause(self, waiter: _Waiter) -> float | None:
        """How long a waiter may block in real seconds. At max whoever moves time wakes it; one that
        does not drive may also be reached by the time that passes as real time does.
        """
        if waiter.due is None or (self.speed is None and waiter.drives):
            return None
        rate = 1.0 if self.speed is None else self._rate()
        seconds = (waiter.due - self._base).total_seconds() / rate
        return min(max(0.0, seconds), threading.TIMEOUT_MAX)
