"""Orders of events: none breaks the protocol, and each condition of it is needed.

The whole of it takes minutes: `python -m tests.chaos.explorer`, also with `--conditions`.
"""

from __future__ import annotations

import pytest

from tests.chaos.explorer.conditions import EVERY_REMOVAL, FAR, by_key, try_without
from tests.chaos.explorer.orders import Bounds, Found, Violation, explore, replay
from tests.chaos.explorer.plays import CALLS, FOUND, Beside, Pair
from tests.chaos.explorer.removals import Removal, all_of
from tests.chaos.explorer.sent import SENT
from tests.chaos.explorer.stage import Stage
from tests.chaos.explorer.stories import every_play
from tests.summary import say

BESIDE = 3
"""Of the plays beside which something else happens, which are most, every so many-th."""
SMALL = Bounds(switches=1, kills=0, moods=1, times=0)

IN_FULL = [
    ("publish", "cancel", "about to publish", 20),
    ("publish", "publish", "about to publish", 20),
    ("publish", "record_failure", "about to publish", 20),
    ("publish", "sweep", "sent, with an effect on its way", 20),
    ("reconcile_publish", "redriven publish", "unconfirmed, with an effect on its way", 20),
    ("redriven publish", "cancel", "allowed to send again", 10),
]
"""Two calls, the group they find, and a number of orders that there are at least."""


def play(first: str, second: str, found: str) -> Pair:
    return Pair(next(one for one in FOUND if one.name == found), first, second)


@pytest.fixture(scope="module")
def by_chance(pytestconfig: pytest.Config) -> Found:
    """What became of an order of each play, and of those with something beside them, of a share."""
    total, everything = Found(), every_play()
    beside = [one for one in everything if isinstance(one, Beside)]
    plays = [one for one in everything if not isinstance(one, Beside)] + beside[::BESIDE]
    for one in plays:
        total.add(explore(Stage, one.play, FAR, orders=1, seed=one.name))
    say(pytestconfig, f"explorer: {total.orders:,} orders by chance of {len(plays):,} plays")
    return total


def test_no_order_by_chance_breaks_the_protocol(by_chance: Found) -> None:
    assert by_chance.orders > 1000
    assert [str(violation) for violation in by_chance.violations] == []


@pytest.mark.parametrize(("first", "second", "found", "least"), IN_FULL)
def test_no_order_within_the_bounds_breaks_the_protocol(
    first: str, second: str, found: str, least: int
) -> None:
    walked = explore(Stage, play(first, second, found).play, SMALL)

    assert [str(violation) for violation in walked.violations] == []
    assert walked.orders > least
    assert walked.cut < walked.orders


def test_every_pair_of_calls_meets_a_group_in_every_state() -> None:
    names = {(one.first, one.second, one.found.name) for one in every_play() if type(one) is Pair}

    begun = [found.name for found in FOUND if found.begun]
    calls = [name for name in CALLS if name != "start"]
    pairs = {(a, b) for a in calls for b in calls if calls.index(a) <= calls.index(b)}
    assert {(*pair, found) for pair in pairs for found in begun} <= names


NEEDED = [
    "time fence: sent within 5 s of writing it down",
    "3 open, for the first time: publishing",
    "3 open, for the first time: no attempt",
    "3 open: seq grows",
    "4 refuse: publishing",
    "4 refuse: the answer proves that nothing was published",
    "5 succeed: exactly one post fits",
    "6 allow a re-send: the settle time is over",
    "6 allow a re-send: two looks in a row",
    "6 allow a re-send: the attempt that was looked for (seq)",
    "8 close: the attempt decides",
    "8 close, nothing was sent: no attempt",
    "8 close, after an attempt: the state that was read",
    "take over a caption lock: its group has no unproven attempt",
]
COVERED = [
    "time fence: a function ends before the settle time",
    "2 take back, unconfirmed: unconfirmed",
    "8 close, after an attempt: the status that was read",
    "10 disprove: by hand: the group is unconfirmed",
]
"""Some of the conditions, those that are quick to try; the table has them all."""


@pytest.mark.parametrize("key", NEEDED)
def test_without_a_condition_something_goes_wrong(key: str) -> None:
    row = try_without(by_key(key), rounds=0)

    assert row.violation
    assert row.together == ()


@pytest.mark.parametrize("key", COVERED)
def test_a_condition_that_others_cover_is_missed_when_they_are_gone_too(key: str) -> None:
    row = try_without(by_key(key), rounds=0)

    assert row.violation
    assert row.together == by_key(key).together


def test_what_goes_wrong_without_another_condition_alone_does_not_count() -> None:
    needed = by_key("8 close: the attempt decides")
    useless = Removal("nowhere", "nothing", all_of(), needed.plays, (needed.key,))

    row = try_without(useless, rounds=0)

    assert row.violation is None
    assert row.outcome == "nothing, and nobody says why"


def test_the_table_names_plays_and_conditions_that_exist() -> None:
    plays = {one.name for one in every_play()}
    keys = [removal.key for removal in EVERY_REMOVAL]

    assert len(keys) == len(set(keys))
    assert {name for one in EVERY_REMOVAL for name in one.plays} <= plays
    assert {key for one in EVERY_REMOVAL for key in one.together} <= set(keys)
    assert [one.key for one in EVERY_REMOVAL if not (one.plays or one.guards)] == []


def test_the_table_has_every_condition_that_the_store_sends(by_chance: Found) -> None:
    late = explore(Stage, play("publish", "record_failure", "about to publish").play, SMALL)

    seen = by_chance.conditions | late.conditions
    assert {sent.condition for sent in SENT} == seen


def test_a_violation_can_be_played_again() -> None:
    removal = by_key("8 close: the attempt decides")
    one = play("sweep", "retry", "sent and stopped, with an effect on its way")
    found = explore(Stage, one.play, SMALL, patch=removal.without, stop_at_first=True)
    [violation] = found.violations

    stage = Stage()
    with removal.without(stage), pytest.raises(Violation) as again:
        replay(lambda: stage, one.play, SMALL, violation.choices)

    assert (again.value.what, again.value.trace) == (violation.what, violation.trace)
    assert replay(Stage, one.play, SMALL, violation.choices)
