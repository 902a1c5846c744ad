"""How long Instagram takes to process media: a few numbers for each account and kind.

The time of a container is expected to be `a + b * megabytes + c * seconds of video`; a, b and c are
fitted to what was seen. How far from that the times lie is a histogram of their ratios. What was
seen lately counts more, and a guess stays in both, so that nothing is ever impossible: the numbers
may be empty, wrong or those of another month, and a container is still looked at in time.
"""

from __future__ import annotations

import itertools
import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import Field

from postwright.models import Record, SnapshotItem

AwaitedKind = Literal["image", "video", "parent"]

_LOWEST, _BINS, _WIDTH = -2.4, 40, 0.12
"""The histogram: so many bins of the logarithm of a ratio, each so wide, from this one on."""
_KEPT = 0.995
"""Of what was seen before, at each new time: the last two hundred times decide."""
_GUESSES = 2.0
"""For so many times that were seen the guess counts."""
_UNBIASED = 0.03
"""Of a time that is only known to lie between two looks, this share is spread evenly between them;
the rest goes to where times lie most often.
"""
_SIGMA: Final[dict[AwaitedKind, float]] = {"image": 0.5, "video": 0.9, "parent": 0.6}
_COEFFICIENTS: Final[dict[AwaitedKind, tuple[float, float, float]]] = {
    "image": (3.5, 0.1, 0.0),
    "video": (15.0, 0.2, 1.4),
    "parent": (2.5, 0.0, 0.0),
}
"""The guess: seconds, seconds for a megabyte, seconds for a second of video.

Source: images were seen ready after 3 to 5 s, a 60 s Reel after 2 to 3 minutes (field reports,
2026). Of a Reel less is expected, because a look too early costs less than one too late.
"""
_TRUST: Final = 1.0
"""How firmly the fit holds on to the guess, in times that were seen."""
_SWEEPS: Final = 30
_SHORTEST, _LONGEST = 0.5, 3600.0
_UNKNOWN_SECONDS: Final = 30.0
"""Of a video that does not tell its length."""
_TAIL: Final = 0.003
"""Of all times, so many are longer than the histogram tells."""
_TAIL_POWER: Final = 2.0


_EDGES: Final = (
    0.0,
    *(math.exp(_LOWEST + _WIDTH * position) for position in range(1, _BINS + 1)),
)
"""Of the bins, as ratios to the expected time; the first begins at nothing."""


@dataclass(frozen=True)
class Traits:
    """What the time depends on."""

    megabytes: float = 0.0
    seconds: float = 0.0

    @classmethod
    def of(cls, item: SnapshotItem) -> Traits:
        """Those of an item, from its bytes and its shape (`1080x1920 12.5s`)."""
        if item.media.kind == "image":
            return cls(item.size_bytes / 1e6)
        length = re.search(r" ([0-9.]+)s$", item.shape or "")
        seconds = float(length[1]) if length else _UNKNOWN_SECONDS
        return cls(item.size_bytes / 1e6, seconds)

    @property
    def vector(self) -> tuple[float, float, float]:
        """With the one that a constant is multiplied by."""
        return (1.0, self.megabytes, self.seconds)


Weight = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
Sum = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class Seen(Record):
    """What was seen of one kind: the histogram, and the sums of the fit."""

    bins: Annotated[list[Weight], Field(min_length=_BINS, max_length=_BINS)] = [0.0] * _BINS
    squares: Annotated[list[Sum], Field(min_length=6, max_length=6)] = [0.0] * 6
    products: Annotated[list[Sum], Field(min_length=3, max_length=3)] = [0.0] * 3


class ReadyTimes(Record):
    """What an account has seen of each kind."""

    image: Seen = Seen()
    video: Seen = Seen()
    parent: Seen = Seen()

    def of(self, kind: AwaitedKind) -> Expectation:
        """What to expect of containers of a kind."""
        seen: dict[AwaitedKind, Seen] = {
            "image": self.image,
            "video": self.video,
            "parent": self.parent,
        }
        return Expectation(kind, seen[kind])

    def with_seen(
        self, kind: AwaitedKind, traits: Traits, after: float, until: float
    ) -> ReadyTimes:
        """What is known after a container was not ready at the age `after`, and ready at `until`,
        both in seconds; `after` is 0 for one that was ready at the first look.
        """
        return self.model_copy(update={kind: self.of(kind).with_seen(traits, after, until)})


@dataclass(frozen=True)
class Expectation:
    """How long containers of one kind take."""

    kind: AwaitedKind
    seen: Seen

    def seconds(self, traits: Traits) -> float:
        """The expected time."""
        constant, of_a_megabyte, of_a_second = self._coefficients
        told = constant + of_a_megabyte * traits.megabytes + of_a_second * traits.seconds
        return min(max(told, _SHORTEST), _LONGEST)

    def ready_by(self, ratio: float) -> float:
        """The share of containers that are ready after `ratio` times the expected time; none before
        their creation, which on another machine's clock may lie ahead.
        """
        if ratio < 0:
            return 0.0
        if ratio >= _EDGES[-1]:
            return 1 - _TAIL * math.pow(_EDGES[-1] / ratio, _TAIL_POWER)
        position = bisect_right(_EDGES, ratio) - 1
        low, high = _EDGES[position], _EDGES[position + 1]
        within = (ratio - low) / (high - low)
        return self._below[position] + self._density[position] * within

    def with_seen(self, traits: Traits, after: float, until: float) -> Seen:
        """See `ReadyTimes.with_seen`."""
        expected = self.seconds(traits)
        after, until = max(after, 0.0), max(until, after, _SHORTEST)
        shares = self._shares(after / expected, until / expected)
        middle = expected * sum(
            share * min(max(_middle(position), after / expected), until / expected)
            for position, share in enumerate(shares)
        )
        vector = traits.vector
        pairs = [vector[i] * vector[j] for i in range(3) for j in range(i, 3)]
        weight = expected**-2
        return Seen(
            bins=_faded(self.seen.bins, shares),
            squares=_faded(self.seen.squares, [weight * pair for pair in pairs]),
            products=_faded(self.seen.products, [weight * middle * each for each in vector]),
        )

    def _shares(self, low: float, high: float) -> list[float]:
        """How likely the ratio lies in each bin when it lies between these two."""
        inside = [
            max(min(high, right) - max(low, left), 0.0) / (right - left)
            for left, right in itertools.pairwise(_EDGES)
        ]
        if not any(inside):
            return [float(position == _BINS - 1) for position in range(_BINS)]
        mass = [each * share for each, share in zip(inside, self._density, strict=True)]
        return [
            _UNBIASED * each / sum(inside) + (1 - _UNBIASED) * share / sum(mass)
            for each, share in zip(inside, mass, strict=True)
        ]

    @cached_property
    def _density(self) -> list[float]:
        """The share of each bin, without the tail; half of what was seen in a bin counts in its two
        neighbours, because a hundred times fill forty bins unevenly by chance.
        """
        guess, seen = _guess(_SIGMA[self.kind]), self.seen.bins
        spread = [
            (left + 2 * one + right) / 4
            for left, one, right in zip(
                [seen[0], *seen[:-1]], seen, [*seen[1:], seen[-1]], strict=True
            )
        ]
        mixed = [one + _GUESSES * other for one, other in zip(spread, guess, strict=True)]
        whole = sum(mixed)
        return [(1 - _TAIL) * each / whole for each in mixed]

    @cached_property
    def _below(self) -> list[float]:
        below = [0.0]
        for share in self._density:
            below.append(below[-1] + share)
        return below

    @cached_property
    def _coefficients(self) -> Sequence[float]:
        """The fit, none below zero: least squares of the ratio, held near the guess."""
        guess = _COEFFICIENTS[self.kind]
        fitted = list(guess)
        squares, products = self.seen.squares, self.seen.products
        matrix = (
            (squares[0], squares[1], squares[2]),
            (squares[1], squares[3], squares[4]),
            (squares[2], squares[4], squares[5]),
        )
        count = sum(self.seen.bins)
        if not count:
            return guess
        for _ in range(_SWEEPS):
            for i in range(3):
                hold = _TRUST * matrix[i][i] / count
                if matrix[i][i] <= 0:
                    continue
                others = sum(matrix[i][j] * fitted[j] for j in range(3) if j != i)
                best = (products[i] - others + hold * guess[i]) / (matrix[i][i] + hold)
                fitted[i] = max(best, 0.0)
        return fitted


def _faded(known: Sequence[float], new: Sequence[float]) -> list[float]:
    return [float(f"{_KEPT * before + now:.6g}") for before, now in zip(known, new, strict=True)]


def _middle(position: int) -> float:
    return (_EDGES[position] + _EDGES[position + 1]) / 2


def _guess(sigma: float) -> list[float]:
    """A lognormal, by bins."""
    below = [_normal((_LOWEST + _WIDTH * position) / sigma) for position in range(1, _BINS)]
    edges = [0.0, *below, 1.0]
    return [right - left for left, right in itertools.pairwise(edges)]


def _normal(z: float) -> float:
    return (1 + math.erf(z / math.sqrt(2))) / 2
