"""What each condition of the protocol is for: without it, the explorer finds something.

Two kinds: parts of the conditions that the store sends with its writes, which the table in memory
can be told to ignore, and conditions that stand in code, which are patched away.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest.mock import patch

from postwright import closing, failures, looking, publishing, runs
from postwright.models import Fence
from postwright.store import Store
from tests.chaos.explorer.orders import Bounds, Found, Patch, explore
from tests.chaos.explorer.plays import Play, every_play
from tests.chaos.explorer.stage import Stage
from tests.chaos.explorer.table import Part, parts_of

BOUNDS = Bounds(switches=2, kills=1, moods=1, times=2)
_AT_ONCE = 8


@dataclass(frozen=True)
class Removal:
    """A condition that is taken away, and how."""

    name: str
    without: Patch


@dataclass
class Line:
    """What the explorer found without one condition."""

    name: str
    orders: int
    what: str | None


def ignoring(part: Part) -> Patch:
    """The store's condition without one of its parts."""

    @contextmanager
    def without(stage: Stage) -> Iterator[None]:
        stage.table.ignored = part
        yield

    return without


def patched(owner: Any, name: str, value: Any) -> Patch:
    """Something of ours replaced while orders are played."""

    @contextmanager
    def without(_stage: Stage) -> Iterator[None]:
        with patch.object(owner, name, value):
            yield

    return without


def _never_locked(_store: Store, _ref: Any, _caption_hash: str) -> bool:
    return True


def _always_claimed(_store: Store, _ref: Any, _user: str, _media_id: str) -> bool:
    return True


def _held(app: Any, ref: Any, *, looking: bool = False) -> Fence:  # noqa: ARG001  as the real one
    found: Fence | None = app.store.fence(ref.session_id, ref.group_id)
    assert found is not None
    return found


IN_CODE = (
    Removal("settle time", patched(looking, "SETTLE_SECONDS", 0.0)),
    Removal("two clear looks", patched(publishing, "CLEAR_LOOKS", 0)),
    Removal("send within 5 s of writing it down", patched(publishing, "SEND_WITHIN_SECONDS", 1e9)),
    Removal(
        "only proven refusals count as refusals",
        patched(failures, "proves_not_published", lambda _failure: True),
    ),
    Removal("an action block is never sent again", patched(publishing, "_BLOCKED_ANSWER", "none")),
    Removal("the caption lock", patched(Store, "lock_caption", _never_locked)),
    Removal("media claims", patched(Store, "claim_media", _always_claimed)),
    Removal("hold before every step", patched(runs, "hold", _held)),
    Removal(
        "closing looks at the attempt",
        patched(closing, "_outcome", lambda _group: "failed"),
    ),
    Removal(
        "by hand only after the settle time",
        patched(looking, "is_settled", lambda _attempt: True),
    ),
)


@cache
def every_removal() -> tuple[Removal, ...]:
    """The conditions in code, and each part of each condition that the store sends in any play."""
    found = Found()
    for play in every_play():
        found.add(explore(Stage, play.play, BOUNDS, orders=2, seed=1))
    parts = [part for condition in sorted(found.conditions) for part in parts_of(condition)]
    in_the_store = [Removal(f"{part.text} | {part.condition}", ignoring(part)) for part in parts]
    return (*IN_CODE, *in_the_store)


def try_without(removal: Removal, plays: Sequence[Play], rounds: int) -> Line:
    """The first thing that goes wrong; in each round all plays have a few orders by chance."""
    tried = 0
    for seed in range(rounds):
        mixed = random.Random(seed).sample(plays, len(plays))  # noqa: S311  guards nothing
        for play in mixed:
            found = explore(
                Stage,
                play.play,
                BOUNDS,
                patch=removal.without,
                stop_at_first=True,
                orders=_AT_ONCE,
                seed=seed,
            )
            tried += found.orders
            if found.violations:
                return Line(removal.name, tried, f"{found.violations[0].what} ({play.name})")
    return Line(removal.name, tried, None)
