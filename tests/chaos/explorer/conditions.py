"""What each condition of the protocol is for: without it, the explorer finds something.

Two kinds: parts of the conditions that the store sends with its writes, which the table in memory
can be told to ignore, and conditions that stand in code, which are patched away. Where a condition
is covered by others, so that nothing goes wrong without it alone, they are taken away together.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.explorer.in_code import IN_CODE
from tests.chaos.explorer.orders import Bounds, Violation, explore, replay
from tests.chaos.explorer.plays import Play
from tests.chaos.explorer.removals import Removal, all_of
from tests.chaos.explorer.sent import SENT
from tests.chaos.explorer.stage import Stage
from tests.chaos.explorer.stories import every_play

FAR = Bounds(switches=2, kills=1, moods=1, times=2, settles=1)
"""What orders by chance may hold."""
_IN_FULL = 4000
"""Orders of a play that is named for a condition, at most; most have fewer within their bounds."""
_BY_CHANCE = 1500
"""Plays of which one order by chance is tried in each round."""

EVERY_REMOVAL: tuple[Removal, ...] = (
    *IN_CODE,
    *(removal for sent in SENT for removal in sent.removals()),
)
"""Every condition of the protocol."""


def by_key(key: str) -> Removal:
    """The removal with this key."""
    [removal] = [one for one in EVERY_REMOVAL if one.key == key]
    return removal


@dataclass
class Row:
    """What the explorer found without one condition, or without it and those that cover it.

    Where it found nothing, `guards` says why.
    """

    condition: str
    where: str
    orders: int = 0
    violation: str | None = None
    play: str | None = None
    together: tuple[str, ...] = ()
    guards: str | None = None

    @property
    def outcome(self) -> str:
        """In words."""
        if self.violation is None:
            return f"nothing: {self.guards}" if self.guards else "nothing, and nobody says why"
        found = f"{self.violation} ({self.play})"
        if not self.together:
            return found
        return f"nothing alone; also without [{'] ['.join(self.together)}] {found}"


def try_without(removal: Removal, rounds: int) -> Row:
    """The first thing that goes wrong without a condition, else without those that cover it too.

    A violation counts only if the same order goes well with any one of the conditions in place.
    First come the plays that are named for the condition, each in full, then others with orders by
    chance, in as many rounds.
    """
    row = Row(removal.name, removal.where)
    plays = every_play()
    named = [play for play in plays if play.name in removal.plays]
    if _try(row, (removal,), named, removal.bounds) or _try_by_chance(row, removal, plays, rounds):
        return row
    if removal.together:
        covering = tuple(by_key(key) for key in removal.together)
        if _try(row, (removal, *covering), named, removal.bounds):
            row.together = removal.together
            return row
    row.guards = removal.guards or None
    return row


def _try(row: Row, removals: tuple[Removal, ...], plays: Sequence[Play], bounds: Bounds) -> bool:
    for play in plays:
        found = explore(
            Stage,
            play.play,
            bounds,
            patch=all_of(*(one.without for one in removals)),
            counts=lambda violation, play=play: _is_due_to(removals, play, bounds, violation),  # type: ignore[misc]
            stop_at_first=True,
            orders=_IN_FULL,
        )
        if _note(row, play, found.orders, found.violations):
            return True
    return False


def _try_by_chance(row: Row, removal: Removal, plays: Sequence[Play], rounds: int) -> bool:
    for number in range(rounds):
        seed = f"{number} {removal.key}"
        for play in random.Random(seed).sample(plays, _BY_CHANCE):  # noqa: S311  guards nothing
            found = explore(
                Stage,
                play.play,
                FAR,
                patch=removal.without,
                counts=lambda violation, play=play: _is_due_to((removal,), play, FAR, violation),  # type: ignore[misc]
                stop_at_first=True,
                orders=1,
                seed=f"{seed} {play.name}",
            )
            if _note(row, play, found.orders, found.violations):
                return True
    return False


def _note(row: Row, play: Play, orders: int, violations: Sequence[Violation]) -> bool:
    row.orders += orders
    if not violations:
        return False
    row.violation, row.play = violations[-1].what, play.name
    return True


def _is_due_to(
    removals: tuple[Removal, ...], play: Play, bounds: Bounds, violation: Violation
) -> bool:
    """Whether it is what is looked for, the same order goes well when all is in place, and it does
    not come to the same end as soon as any one of the conditions is.
    """
    if removals[0].shows not in violation.what:
        return False
    if _again((), play, bounds, violation) is not None:
        return False
    return all(
        _again([one for one in removals if one is not kept], play, bounds, violation)
        != violation.what
        for kept in removals
    )


def _again(
    removals: Sequence[Removal], play: Play, bounds: Bounds, violation: Violation
) -> str | None:
    stage = Stage()
    try:
        with all_of(*(one.without for one in removals))(stage):
            replay(lambda: stage, play.play, bounds, violation.choices)
    except Violation as again:
        return again.what
    return None
