"""Which hashtags of the pool a post gets.

A draw under a seed, in which the better ranked are likelier and those of the last posts less
likely. The set that comes out is never that of one of the last posts, and shares at most half of
its hashtags with any of them, as long as the pool has enough others.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from postwright import limits
from postwright.errors import InvalidPostError
from postwright.models import Problem

_TINY: Final = 1e-300


@dataclass(frozen=True)
class Pick:
    """The hashtags drawn, the best ranked first; `overlap` is the most that they share with one of
    the last posts, `overlap_wanted` what it was to be at most.
    """

    tags: Sequence[str]
    overlap: int
    overlap_wanted: int


def check_count(count: int) -> None:
    """Raise InvalidPostError for a number of hashtags that no post may have."""
    most = limits.HASHTAGS_MAX.value
    if not 1 <= count <= most:
        raise InvalidPostError(
            "So many hashtags cannot be picked.",
            problems=[
                Problem(
                    item="count",
                    rule="hashtag-count",
                    found=str(count),
                    allowed=f"1 to {most}, better at most {limits.HASHTAGS_ADVISED.value}",
                    fix="Ask for fewer.",
                )
            ],
        )


def pick(
    ranked: Sequence[str], count: int, *, seed: str, last_posts: Sequence[AbstractSet[str]] = ()
) -> Pick:
    """`count` hashtags for a post; `last_posts` are the sets of those before it.

    The same arguments make the same pick. Raises InvalidPostError when the pool is too small.
    """
    check_count(count)
    before = [set(tags) for tags in last_posts]
    drawn = _drawn(ranked, count, seed, before)
    wanted = count // 2
    chosen = next(
        (found for most in range(wanted, count) if (found := _fill(drawn, count, before, most))),
        None,
    ) or _any_other(drawn, count, before)
    if chosen is None:
        raise _too_small(ranked, count)
    overlap = max((len(chosen & tags) for tags in before), default=0)
    return Pick([tag for tag in ranked if tag in chosen], overlap, wanted)


def _drawn(ranked: Sequence[str], count: int, seed: str, before: Sequence[set[str]]) -> list[str]:
    """The pool in the order of a weighted draw: `count` places further down, or one of the last
    posts more, make a hashtag half as likely.
    """
    chance = random.Random(seed)  # noqa: S311 - a pick must repeat under a seed
    keys = {}
    for place, tag in enumerate(ranked):
        halvings = place / count + sum(tag in tags for tags in before)
        # The smallest of exponential waiting times wins; logarithms, because weights get tiny.
        keys[tag] = math.log2(max(chance.expovariate(1.0), _TINY)) + halvings
    return sorted(keys, key=keys.__getitem__)


def _fill(
    drawn: Sequence[str], count: int, before: Sequence[set[str]], most: int
) -> set[str] | None:
    """The first `count` that share at most `most` with each of the last posts."""
    chosen: set[str] = set()
    for tag in drawn:
        if all(len(chosen & tags) < most for tags in before if tag in tags):
            chosen.add(tag)
        if len(chosen) == count:
            return chosen
    return None


def _any_other(drawn: Sequence[str], count: int, before: Sequence[set[str]]) -> set[str] | None:
    """The first set that none of the last posts has; they are few, so it is found soon."""
    sets = (set(found) for found in itertools.combinations(drawn, count))
    return next((found for found in sets if found not in before), None)


def _too_small(ranked: Sequence[str], count: int) -> InvalidPostError:
    problem = Problem(
        item="pool",
        rule="hashtag-pool-size",
        found=f"{len(ranked)} hashtags",
        allowed=f"at least {count}, and more than the last posts have used up",
        fix="Add hashtags with `postwright hashtags pool add`, or ask for fewer.",
    )
    return InvalidPostError("The pool has no set left that is new.", problems=[problem])
