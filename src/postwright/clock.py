"""The one source of now, of sleeping and of the age of caches in our own code.

A simulated run replaces the clock for the whole process (`use`), so that waits, expiry and pacing
follow simulated time. Only the signing of AWS requests stays on wall time, because botocore owns
it.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What a clock must offer."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Return when `seconds` of this clock's time have passed."""

    def monotonic(self) -> float:
        """Seconds of this clock's time since some instant; never set ahead or back, as now may be.

        For deadlines: only differences mean something.
        """

    def wall_seconds(self, seconds: float) -> float | None:
        """How many real seconds `seconds` of this clock's time take; for time-outs of sockets.

        None: nobody knows, because time goes in jumps. Block shortly, then ask `monotonic` again.
        """


class SystemClock:
    """Wall time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def monotonic(self) -> float:
        return time.monotonic()

    def wall_seconds(self, seconds: float) -> float:
        return seconds


_current: Clock = SystemClock()


def use(clock: Clock) -> Clock:
    """Make `clock` the clock of this process; returns the one it replaces."""
    global _current
    previous, _current = _current, clock
    return previous


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return _current.now()


def sleep(seconds: float) -> None:
    """Return when `seconds` have passed on the clock in use."""
    _current.sleep(seconds)


def monotonic() -> float:
    """Seconds on the clock in use, for deadlines; only differences mean something."""
    return _current.monotonic()


def wall_seconds(seconds: float) -> float | None:
    """Real seconds that `seconds` on the clock in use take; None when only `monotonic` can tell."""
    return _current.wall_seconds(seconds)


def seconds_since(instant: datetime) -> float:
    """Age of `instant` in seconds; negative when it lies ahead."""
    return (now() - instant).total_seconds()


def in_seconds(seconds: float) -> datetime:
    """The instant that lies `seconds` ahead."""
    return now() + timedelta(seconds=seconds)


def to_text(instant: datetime) -> str:
    """`2026-12-01T09:00:00.000Z`: sorts as text, and a Wait state's TimestampPath accepts it."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """Read back what `to_text` wrote; any ISO 8601 instant with an offset is accepted."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write it with Z, as in 2026-12-01T09:00:00Z")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} lies outside the years 1 to 9999 in UTC") from error
