"""One simulated clock for the engine's waits, our functions and the simulated Instagram.

At a numeric speed, simulated seconds pass `speed` times faster than real ones. At `speed=None`
(called "max") time stands still while anything is in flight and jumps to the next due instant when
nothing is; with nothing due it passes as real time does, so that a person who plays with the
simulated Instagram is not stuck in one instant.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Flag(Protocol):
    """What ends a wait early; a `threading.Event` is one."""

    def is_set(self) -> bool:
        """True once the wait is no longer wanted."""


@dataclass(eq=False)
class _Waiter:
    due: datetime | None
    cancelled: Flag | None
    changed: threading.Condition
    released: bool = False

    def is_ready(self, now: datetime) -> bool:
        if self.due is not None and self.due <= now:
            return True
        return self.cancelled is not None and self.cancelled.is_set()


class SimulatedClock:
    """Thread-safe. Whoever works wraps the work in `busy()`; whoever waits calls `wait_until`."""

    def __init__(self, speed: float | None = 1.0, start: datetime | None = None) -> None:
        if speed is not None and speed <= 0:
            raise ValueError(f"speed must be above 0 or None, not {speed}")
        self.speed = speed
        self._lock = threading.RLock()
        self._base = start or datetime.now(UTC)
        self._base_real = time.monotonic()
        self._busy = 0
        self._waiters: set[_Waiter] = set()
        self._noted: set[datetime] = set()

    def now(self) -> datetime:
        """The current simulated instant, aware, in UTC."""
        with self._lock:
            return self._settle()

    def sleep(self, seconds: float) -> None:
        """Return when `seconds` simulated seconds have passed."""
        self.wait_until(self.now() + timedelta(seconds=seconds))

    def wall_seconds(self, seconds: float) -> float:
        """Real seconds for simulated ones; at max speed the same, as a guard against hanging."""
        return seconds / self.speed if self.speed else seconds

    def wait_until(
        self, due: datetime | None, cancelled: Flag | None = None, *, was_busy: bool = False
    ) -> bool:
        """Wait for `due` (None: for `cancelled` alone); False when `cancelled` came first.

        Whoever sets `cancelled` calls `wake` afterwards. A caller inside `busy()` says
        `was_busy=True`: it does not count as busy while it waits, and counts again from the very
        instant at which it is released, so that time cannot jump past it.
        """
        with self._lock:
            waiter = _Waiter(due, cancelled, threading.Condition(self._lock))
            self._waiters.add(waiter)
            if was_busy:
                self._busy -= 1
            try:
                self._block(waiter)
            finally:
                self._waiters.discard(waiter)
                self._busy += (1 if was_busy else 0) - (1 if waiter.released else 0)
                self._jump()
            return due is not None and due <= self._base

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
            self._move_to(self._settle() + timedelta(seconds=seconds))
            return self._base

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Work is in flight: at max speed time stands still until it ends."""
        self._count(+1)
        try:
            yield
        finally:
            self._count(-1)

    @contextmanager
    def idle(self) -> Iterator[None]:
        """Inside `busy`: this thread only waits for others now."""
        self._count(-1)
        try:
            yield
        finally:
            self._count(+1)

    def _count(self, step: int) -> None:
        with self._lock:
            self._settle()
            self._busy += step
            self._jump()

    def _block(self, waiter: _Waiter) -> None:
        if waiter.is_ready(self._settle()):
            self._release(waiter)
        self._jump()
        while not waiter.released:
            waiter.changed.wait(self._pause(waiter))
            if waiter.is_ready(self._settle()):
                self._release(waiter)

    def _settle(self) -> datetime:
        """Fold the real time that has passed into the base."""
        real = time.monotonic()
        if self.speed is not None:
            self._base += timedelta(seconds=(real - self._base_real) * self.speed)
        elif not self._busy and not self._dues():
            self._base += timedelta(seconds=real - self._base_real)
        self._base_real = real
        return self._base

    def _dues(self) -> set[datetime]:
        return self._noted | {w.due for w in self._waiters if w.due is not None}

    def _jump(self) -> None:
        """At max speed, with nothing in flight, go to the next due instant."""
        while self.speed is None and self._busy == 0:
            due = self._dues()
            if not due:
                return
            self._move_to(min(due))

    def _move_to(self, instant: datetime) -> None:
        self._base = max(self._base, instant)
        self._noted = {noted for noted in self._noted if noted > self._base}
        for waiter in self._waiters:
            if waiter.due is not None and waiter.due <= self._base:
                self._release(waiter)

    def _release(self, waiter: _Waiter) -> None:
        """Let a waiter go on; it counts as busy until it has left `wait_until`."""
        if not waiter.released:
            waiter.released = True
            self._busy += 1
            waiter.changed.notify()

    def _pause(self, waiter: _Waiter) -> float | None:
        """How long a waiter may block in real seconds; at max whoever moves time wakes it."""
        if self.speed is None or waiter.due is None:
            return None
        seconds = (waiter.due - self._base).total_seconds() / self.speed
        return min(max(0.0, seconds), threading.TIMEOUT_MAX)
