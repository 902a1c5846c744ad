"""How long Instagram took for media: the committed traces that policies of polling are compared on.

`blind` sets say nothing before: the time does not depend on the file. In `informed` it is
`a + b * megabytes + c * seconds`, times a lognormal residual of sigma 0.25. `python -m
bench.traces` writes `traces/*.csv` anew from their seeds, the same to the byte.
"""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Final

FOLDER: Final = Path(__file__).parent / "traces"
WARM, MEASURED = 200, 500
"""The first are only learned from, the others are measured."""
_FIELDS = ("megabytes", "seconds", "ready")


@dataclass(frozen=True)
class Trace:
    """One file, and how many seconds after its creation its container was ready."""

    megabytes: float
    seconds: float
    ready: float


def _humps(share: float) -> float:
    return _HUMPS[0].inv_cdf(share / 0.6) if share < 0.6 else _HUMPS[1].inv_cdf((share - 0.6) / 0.4)


_HUMPS = (NormalDist(35, 6), NormalDist(95, 10))
BLIND: Final[Mapping[str, Callable[[float], float]]] = {
    "uniform": lambda share: 20 + 100 * share,
    "lognormal_06": lambda share: 45 * math.exp(0.6 * NormalDist().inv_cdf(share)),
    "lognormal_08": lambda share: 40 * math.exp(0.8 * NormalDist().inv_cdf(share)),
    "two_humps": lambda share: max(_humps(share), 5.0),
}
"""The time of Reels by their share: which of all are ready before it."""
INFORMED: Final = "informed"
IMAGES: Final = "images"
PARENTS: Final = "parents"
_CONSTANT, _OF_A_MEGABYTE, _OF_A_SECOND, _SIGMA = 6.0, 0.35, 1.1, 0.25


def population(name: str) -> list[Trace]:
    """The committed traces of a set: 200 to learn from, then 500 to be measured on."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = [{field: float(row[field]) for field in _FIELDS} for row in csv.DictReader(file)]
    return [Trace(**row) for row in rows]


def made(name: str) -> list[Trace]:
    """The traces of a set, made from its seed."""
    dice = random.Random(f"traces of {name}")  # noqa: S311 - it picks examples
    return [_one(name, dice) for _ in range(WARM + MEASURED)]


def _one(name: str, dice: random.Random) -> Trace:
    share = dice.uniform(0.0005, 0.9995)
    if name in (IMAGES, PARENTS):
        low, high = (2.0, 8.0) if name == IMAGES else (0.5, 3.0)
        megabytes = dice.uniform(0.3, 6.0) if name == IMAGES else 0.0
        return Trace(round(megabytes, 1), 0.0, round(low + (high - low) * share, 2))
    seconds = round(dice.uniform(5, 90), 1)
    megabytes = round(seconds * dice.uniform(0.4, 1.6), 1)
    if name == INFORMED:
        expected = _CONSTANT + _OF_A_MEGABYTE * megabytes + _OF_A_SECOND * seconds
        ready = expected * math.exp(_SIGMA * NormalDist().inv_cdf(share))
    else:
        ready = BLIND[name](share)
    return Trace(megabytes, seconds, round(ready, 2))


def main() -> None:
    """Write all sets."""
    FOLDER.mkdir(exist_ok=True)
    for name in (*BLIND, INFORMED, IMAGES, PARENTS):
        with (FOLDER / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(_FIELDS)
            writer.writerows(
                (f"{one.megabytes:g}", f"{one.seconds:g}", f"{one.ready:g}") for one in made(name)
            )


if __name__ == "__main__":
    main()
