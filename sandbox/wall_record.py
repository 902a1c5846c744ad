"""Which simulated instant it was when the wall clock showed a certain second.

Who signs a URL writes wall time into it, in whole seconds, and sends nothing to the sandbox. For
how long the URL is valid is a matter of simulated time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

_TOLERANCE = timedelta(seconds=1)
_MARKS = 20_000
"""Five hours of jumps in every second; a clock that never jumps needs one mark."""


class WallRecord:
    """A mark wherever simulated time did not go on at `rate`; between marks it did.

    Not thread-safe: the clock that owns it has a lock.
    """

    def __init__(self, simulated: datetime, rate: float, wall: Callable[[], float]) -> None:
        self._rate = rate
        self._wall = wall
        self._marks = deque([(wall(), simulated)], maxlen=_MARKS)

    def note(self, simulated: datetime) -> None:
        """It is `simulated` now."""
        wall = self._wall()
        last_wall, _ = self._marks[-1]
        if abs(simulated - self._after(*self._marks[-1], wall)) <= _TOLERANCE:
            return
        if int(wall) == int(last_wall) and len(self._marks) > 1:
            self._marks.pop()
        self._marks.append((wall, simulated))

    def latest(self, second: datetime, now: datetime) -> datetime:
        """The last simulated instant, up to `now`, at which the wall clock showed `second`.

        May be too late, by the second and by real time that passed while simulated time stood
        still, and is never too early.
        """
        end = second.timestamp() + 1
        wall, simulated = self._marks[0]
        if end <= wall:  # before the sandbox began there was wall time only
            return simulated - timedelta(seconds=wall - end)
        bound = now
        for wall, simulated in reversed(self._marks):
            if wall < end:
                return min(bound, self._after(wall, simulated, end) + _TOLERANCE)
            bound = simulated
        return bound

    def _after(self, wall: float, simulated: datetime, end: float) -> datetime:
        return simulated + timedelta(seconds=(end - wall) * self._rate)
