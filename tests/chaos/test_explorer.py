"""Orders of events: none breaks the protocol, and each condition of it is needed.

The whole of it takes minutes: `python -m tests.chaos.explorer`, also with `--conditions`.
"""

from __future__ import annotations

import pytest

from tests.chaos.explorer.conditions import BOUNDS, IN_CODE, every_removal
from tests.chaos.explorer.orders import Bounds, Found, Violation, explore, replay
from tests.chaos.explorer.plays import CALLS, FOUND, Pair
from tests.chaos.explorer.stage import Stage
from tests.chaos.explorer.stories import every_play
from tests.summary import say

ORDERS = 2
"""Of each of the 700 plays, by chance; the plays below are walked in full."""
SMALL = Bounds(switches=1, kills=0, moods=1, times=0)

IN_FULL = [
    ("publish", "cancel", "about to publish"),
    ("publish", "publish", "about to publish"),
    ("publish", "record_failure", "about to publish"),
    ("publish", "sweep", "sent, with an effect on its way"),
    ("reconcile_publish", "redriven publish", "unconfirmed, with an effect on its way"),
]


def play(first: str, second: str, found: str) -> Pair:
    return Pair(next(one for one in FOUND if one.name == found), first, second)


def test_no_order_by_chance_breaks_the_protocol(pytestconfig: pytest.Config) -> None:
    total, plays = Found(), every_play()

    for number, one in enumerate(plays):
        total.add(explore(Stage, one.play, BOUNDS, orders=ORDERS, seed=number))

    say(pytestconfig, f"explorer: {total.orders:,} orders by chance of {len(plays)} plays")
    assert [str(violation) for violation in total.violations] == []


@pytest.mark.parametrize(("first", "second", "found"), IN_FULL)
def test_no_order_within_the_bounds_breaks_the_protocol(
    first: str, second: str, found: str
) -> None:
    walked = explore(Stage, play(first, second, found).play, SMALL)

    assert [str(violation) for violation in walked.violations] == []
    assert walked.orders > 20
    assert walked.cut < walked.orders


def test_every_pair_of_calls_meets_a_group_in_every_state() -> None:
    names = {(one.first, one.second, one.found.name) for one in every_play() if type(one) is Pair}

    begun = [found.name for found in FOUND if found.begun]
    calls = [name for name in CALLS if name != "start"]
    pairs = {(a, b) for a in calls for b in calls if calls.index(a) <= calls.index(b)}
    assert {(*pair, found) for pair in pairs for found in begun} <= names


NO_ATTEMPT = "attribute_not_exists(attempt)"
OPEN = f"publishStatus = :publishing AND activeJobId = :job AND {NO_ATTEMPT}"
CLOSE = f"publishStatus = :read AND activeJobId = :job AND {NO_ATTEMPT}"
STOPPED = "sent and stopped, with an effect on its way"
NEEDED = [
    ("settle time", ("sweep", "not_published", "unconfirmed, with an effect on its way")),
    ("only proven refusals count as refusals", ("sweep", "retry", STOPPED)),
    ("closing looks at the attempt", ("sweep", "retry", STOPPED)),
    ("hold before every step", ("publish", "redriven publish", "failed")),
    (f"{NO_ATTEMPT} | {OPEN}", ("publish", "publish", "about to publish")),
    (f"publishStatus = :publishing | {OPEN}", ("publish", "record_failure", "about to publish")),
    (f"{NO_ATTEMPT} | {CLOSE}", ("publish", "record_failure", "about to publish")),
]
"""Conditions, and a pair of calls that goes wrong without them."""


@pytest.mark.parametrize(("name", "pair"), NEEDED)
def test_without_a_condition_something_goes_wrong(name: str, pair: tuple[str, str, str]) -> None:
    removal = next(one for one in every_removal() if one.name == name)
    bounds = Bounds(switches=2, kills=0, moods=1, times=0)

    without = explore(
        Stage, play(*pair).play, bounds, patch=removal.without, stop_at_first=True, orders=2000
    )

    [violation] = without.violations
    assert violation.trace


def test_a_violation_can_be_played_again() -> None:
    removal = next(one for one in IN_CODE if one.name == "closing looks at the attempt")
    one = play("sweep", "retry", "sent and stopped, with an effect on its way")
    found = explore(Stage, one.play, SMALL, patch=removal.without, stop_at_first=True)
    [violation] = found.violations

    stage = Stage()
    with removal.without(stage), pytest.raises(Violation) as again:
        replay(lambda: stage, one.play, SMALL, violation.choices)

    assert (again.value.what, again.value.trace) == (violation.what, violation.trace)
    assert replay(Stage, one.play, SMALL, violation.choices)
