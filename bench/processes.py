"""What a process and all that it has started take of the machine, by the kernel's account."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_GONE: Final = (FileNotFoundError, ProcessLookupError)


def family(process: int) -> list[int]:
    """The process and everything below it."""
    found, left = [], [process]
    while left:
        one = left.pop()
        found.append(one)
        with suppress(*_GONE):
            for task in Path(f"/proc/{one}/task").iterdir():
                left += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def cpu_seconds(process: int) -> float:
    """Of the whole family, with those that have ended and were waited for."""
    return sum(_cpu_seconds(one) for one in family(process))


def _cpu_seconds(process: int) -> float:
    """Of a process itself and of the children that it has waited for."""
    with suppress(*_GONE):
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
        return sum(map(int, stat.rpartition(")")[2].split()[11:15])) / _TICKS
    return 0.0


def memory_mb(process: int) -> float:
    """Proportional set sizes of the family added up: a page that several share counts once."""
    return sum(_kibibytes(one) for one in family(process)) * 1024 / 1e6


def _kibibytes(process: int) -> int:
    with suppress(*_GONE):
        text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return 0


class Peak:
    """The most memory that was seen; `mb` may be read at any time."""

    def __init__(self) -> None:
        self.mb = 0.0

    def look(self, process: int) -> None:
        self.mb = max(self.mb, memory_mb(process))


@contextmanager
def watched(process: int, every_seconds: float) -> Iterator[Peak]:
    """Look at the memory of the family again and again while the context is open."""
    peak, over = Peak(), threading.Event()

    def look() -> None:
        while not over.wait(every_seconds):
            peak.look(process)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()
        peak.look(process)
