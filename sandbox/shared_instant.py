"""An instant in memory that several processes have in common."""

from __future__ import annotations

import mmap
from datetime import UTC, datetime, timedelta

BYTES = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class SharedInstant:
    """Microseconds since 1970 in a file of `BYTES` bytes; one process writes, others read.

    Nobody ever reads half an instant: the number is aligned and the machine moves it as a whole.
    """

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, BYTES)
        self._cell = memoryview(self._memory).cast("q")

    def get(self) -> datetime:
        return _EPOCH + timedelta(microseconds=self._cell[0])

    def set(self, instant: datetime) -> None:
        self._cell[0] = (instant - _EPOCH) // _MICROSECOND

    def close(self) -> None:
        self._cell.release()
        self._memory.close()
