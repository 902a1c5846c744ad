"""Measure again, and name what got worse than the committed figures.

`python -m bench.check` runs all benches into build/bench, or those that are named, and compares by
ratio, with the tolerance of `directions.py`. The exit code is 1 when something got worse or a bench
did not come to its end. `--results FOLDER` compares what is there and measures nothing.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from bench import benches
from bench.directions import Direction, direction_of
from bench.figures import COMMITTED

SCRATCH: Final = Path("build") / "bench"

Verdict = Literal["worse", "better", "alike"]


@dataclass(frozen=True)
class Change:
    """A figure as it was committed and as it is now."""

    name: str
    committed: float
    now: float
    direction: Direction

    @property
    def ratio(self) -> float:
        """Now over committed; of nothing, anything is infinitely many."""
        if self.committed:
            return self.now / self.committed
        return math.inf if self.now else 1.0

    @property
    def verdict(self) -> Verdict:
        least, most = self.direction.bounds
        if least <= self.ratio <= most or self.direction.better == "not judged":
            return "alike"
        if self.direction.better == "same":
            return "worse"
        lower = self.ratio < least
        return "better" if lower == (self.direction.better == "lower") else "worse"

    @property
    def allowed(self) -> str:
        least, most = self.direction.bounds
        match self.direction.better:
            case "lower":
                return f"at most {most:.3g}"
            case "higher":
                return f"at least {least:.3g}"
            case _:
                return f"{least:.3g} to {most:.3g}"

    def cells(self) -> tuple[str, ...]:
        now, committed = f"{self.now:,.10g}", f"{self.committed:,.10g}"
        return self.name, committed, now, f"{self.ratio:.3f}", self.allowed


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.check", description=__doc__)
    benches.add_names(parser)
    parser.add_argument("--results", type=Path, help="a folder with figures.json: measure nothing")
    parser.add_argument("--against", type=Path, default=COMMITTED, help="instead of bench/results")
    options = parser.parse_args()
    names = benches.named(parser, options.names)
    for folder in filter(None, (options.results, options.against)):
        if not (folder / "figures.json").exists():
            parser.error(f"there is no {folder / 'figures.json'}")
    failed = [] if options.results else _measured(names)
    before = _figures(options.against, names)
    now = _figures(options.results or SCRATCH, names)
    changes = [
        Change(name, before[name], now[name], direction_of(name)) for name in before if name in now
    ]
    worse = _with(changes, "worse")
    _tell("Got worse", worse)
    _tell("Got better", _with(changes, "better"))
    _list("Missing", before.keys() - now.keys())
    _list("New", now.keys() - before.keys())
    _list("Did not come to their end", failed)
    sys.stdout.write(f"{len(changes)} compared, {len(worse)} got worse.\n")
    return 1 if worse or failed else 0


def _measured(names: Sequence[str]) -> list[str]:
    """Those that failed; what was measured before is gone."""
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    return [name for name in names if not benches.run(name, SCRATCH)]


def _figures(folder: Path, names: Sequence[str]) -> dict[str, float]:
    """The figures of benches; those of none in a scratch folder if all of them failed."""
    path = folder / "figures.json"
    found: Mapping[str, float] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return {name: number for name, number in found.items() if benches.of(name) in names}


def _with(changes: Iterable[Change], verdict: Verdict) -> list[Change]:
    return [change for change in changes if change.verdict == verdict]


def _tell(title: str, changes: Sequence[Change]) -> None:
    if changes:
        rows = [("", "committed", "now", "ratio", "allowed"), *(one.cells() for one in changes)]
        sys.stdout.write(f"{title}\n{''.join(_lines(rows))}\n")


def _lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *cells in rows:
        padded = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield f"  {name.ljust(widths[0])}  {'  '.join(padded)}\n"


def _list(title: str, names: Iterable[str]) -> None:
    lines = "".join(f"  {name}\n" for name in sorted(names))
    if lines:
        sys.stdout.write(f"{title}\n{lines}\n")


if __name__ == "__main__":
    sys.exit(main())
