"""When the next look at unfinished containers is worth its price.

A look costs transitions and calls; a look that is not taken leaves a post waiting that is ready.
Both are told in seconds here: of all schedules, the next look is the first of the one with the
least expected sum of waiting and price, given how long such containers take and that these have
not been ready so far. After each look the schedule is made anew.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from postwright.ready_times import AwaitedKind, Expectation, ReadyTimes, Traits

_PRICE_OF_A_CALL: Final = 0.1
"""Of a call of Instagram within a look, as a share of it: each unfinished container needs one."""
_LONGEST_WAIT_SECONDS: Final = 120
_SPARING_FROM: Final = 0.5
"""From this share of the calls budget on, looks are dearer: twice as much at 75 %."""
_MOST_USED: Final = 0.95
_HORIZON: Final = 0.004
"""A schedule ends where the post is ready but for this."""
_GROWTH: Final = 1.035
_LONGEST_SCHEDULE_SECONDS: Final = 3600.0


@dataclass(frozen=True)
class Awaited:
    """A container that is not ready yet; `age_seconds` since it was made."""

    kind: AwaitedKind
    age_seconds: float
    traits: Traits


def price_seconds(look_price: float, used: float) -> float:
    """What a look costs when this share of the calls budget is used."""
    return look_price * max(1.0, _SPARING_FROM / (1 - min(used, _MOST_USED)))


def fixed_wait(waits: Sequence[int], age_seconds: float) -> int:
    """The wait of a fixed schedule from the creation on; it never ends: its last wait repeats."""
    marks = itertools.accumulate(itertools.chain(waits, itertools.repeat(waits[-1])))
    return max(1, round(next(mark for mark in marks if mark > age_seconds) - age_seconds))


def next_wait(awaited: Sequence[Awaited], known: ReadyTimes, price: float, answer: float) -> int:
    """Whole seconds until the next look at these, from 1 to 120.

    `price` is what a look costs, in seconds of waiting; `answer` is how many seconds after its wait
    it is answered.
    """
    if not awaited:
        return 1
    of_kind = {kind: known.of(kind) for kind in {one.kind for one in awaited}}
    left = [_Left.of(one, of_kind[one.kind]) for one in awaited]
    waits, ready, unfinished = [0], [0.0], [float(len(awaited))]
    while ready[-1] < 1 - _HORIZON and waits[-1] < _LONGEST_SCHEDULE_SECONDS:
        waits.append(max(waits[-1] + 1, round(waits[-1] * _GROWTH)))
        chances = [one.after(waits[-1] + answer) for one in left]
        ready.append(math.prod(1 - chance for chance in chances))
        unfinished.append(sum(chances))
    ready[-1] = 1.0
    marks = [0.0, *(wait + answer for wait in waits[1:])]
    first = _first_of_best(marks, ready, unfinished, price)
    return min(waits[first], _LONGEST_WAIT_SECONDS)


@dataclass(frozen=True)
class _Left:
    """The chance that a container is not ready yet."""

    expectation: Expectation
    expected: float
    age: float
    now: float

    @classmethod
    def of(cls, one: Awaited, expectation: Expectation) -> _Left:
        expected = expectation.seconds(one.traits)
        return cls(
            expectation,
            expected,
            one.age_seconds,
            1 - expectation.ready_by(one.age_seconds / expected),
        )

    def after(self, time: float) -> float:
        """In so many seconds, as it is not now."""
        return (1 - self.expectation.ready_by((self.age + time) / self.expected)) / self.now


def _first_of_best(
    marks: Sequence[float], ready: Sequence[float], unfinished: Sequence[float], price: float
) -> int:
    """Which mark is the first of the best schedule that ends at the last, by dynamic programming
    from there.

    `ready` is the chance that all is ready at a mark, `unfinished` how many are not, in the mean.
    """
    moments = [0.0]
    for (early, late), (low, high) in zip(
        itertools.pairwise(marks), itertools.pairwise(ready), strict=True
    ):
        moments.append(moments[-1] + (high - low) * (early + late) / 2)
    last = len(marks) - 1
    costs = [0.0] * (last + 1)
    first = last
    for i in range(last - 1, -1, -1):
        look = price * (1 - ready[i]) + price * _PRICE_OF_A_CALL * unfinished[i]
        best = float("inf")
        for j in range(i + 1, last + 1):
            waiting = marks[j] * (ready[j] - ready[i]) - (moments[j] - moments[i])
            if waiting > best:
                break
            if waiting + costs[j] < best:
                best, first = waiting + costs[j], j
        costs[i] = look + best
    return first
