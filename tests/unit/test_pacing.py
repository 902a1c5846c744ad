"""When the next look at containers is due."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from postwright.pacing import Awaited, fixed_wait, next_wait, price_seconds
from postwright.ready_times import AwaitedKind, ReadyTimes, Traits
from tests.unit.test_ready_times import after_seeing

NOTHING = ReadyTimes()
CLIP = Traits(megabytes=20.0, seconds=30.0)
PRICE = 1.4
ANSWER = 1.0


def looks(one: Awaited, known: ReadyTimes, until: float, price: float = PRICE) -> list[float]:
    """The ages at which a container is looked at that is never ready."""
    ages = [one.age_seconds]
    while ages[-1] < until:
        awaited = Awaited(one.kind, ages[-1], one.traits)
        ages.append(ages[-1] + next_wait([awaited], known, price, ANSWER) + ANSWER)
    return ages[1:]


def test_a_photo_of_an_account_that_is_not_known_is_looked_at_after_a_few_seconds() -> None:
    ages = looks(Awaited("image", 0.0, Traits(megabytes=1.0)), NOTHING, 30)

    assert 3 <= ages[0] <= 6
    assert len(ages) <= 10


def test_looks_come_where_times_lie() -> None:
    known = after_seeing("video", CLIP, [(58.0, 62.0)] * 200)

    ages = looks(Awaited("video", 0.0, CLIP), known, 63)

    assert ages[0] >= 50
    assert len(ages) <= 4


def test_a_longer_video_is_looked_at_later() -> None:
    firsts = [
        looks(Awaited("video", 0.0, Traits(20.0, seconds)), NOTHING, 1)[0]
        for seconds in (5, 30, 90)
    ]

    assert firsts == sorted(set(firsts))


def test_a_dearer_look_is_taken_less_often() -> None:
    counts = [
        len(looks(Awaited("video", 0.0, CLIP), NOTHING, 200, price)) for price in (0.1, 1, 10, 100)
    ]

    assert counts == sorted(set(counts), reverse=True)


def test_looks_are_dearer_when_calls_run_out() -> None:
    shares = (0.0, 0.5, 0.75, 0.9, 1.0, 7.0)

    prices = [price_seconds(1.4, share) for share in shares]

    assert prices[:3] == [1.4, 1.4, 2.8]
    assert prices == sorted(prices)
    assert prices[-1] == prices[-2] < 20


def test_a_post_is_waited_for_until_the_last_is_likely_ready() -> None:
    video = Awaited("video", 0.0, CLIP)
    photos = [Awaited("image", 0.0, Traits(1.0))] * 3

    alone, together = (
        next_wait([video], NOTHING, PRICE, ANSWER),
        next_wait([video, *photos], NOTHING, PRICE, ANSWER),
    )
    of_many = next_wait([Awaited("image", 0.0, Traits(1.0))] * 10, NOTHING, PRICE, ANSWER)

    assert abs(together - alone) <= 2
    assert next_wait(photos, NOTHING, PRICE, ANSWER) <= of_many < alone


def test_a_look_at_many_is_dearer_than_a_look_at_one() -> None:
    """Each container that is not ready takes a call."""
    early = [Awaited("video", 0.0, Traits(1.0, 5.0))]
    late = [Awaited("video", 0.0, Traits(60.0, 90.0))] * 9

    assert next_wait([*early, *late], NOTHING, PRICE, ANSWER) > next_wait(
        early, NOTHING, PRICE, ANSWER
    )


@pytest.mark.parametrize("kind", ["image", "video", "parent"])
def test_a_wait_is_whole_seconds_from_1_to_120_whatever_was_seen(kind: AwaitedKind) -> None:
    dice = random.Random(5)  # noqa: S311 - it picks examples
    waits = []
    for _ in range(60):
        seen = [
            (dice.uniform(0, 4000), dice.uniform(0, 90_000)) for _ in range(dice.choice((0, 30)))
        ]
        traits = Traits(dice.uniform(0, 300), dice.uniform(0, 900))
        known = after_seeing(kind, traits, seen)
        ages = [0.0, dice.uniform(0, 100), dice.uniform(0, 90_000)]
        waits += [
            next_wait(
                [Awaited(kind, age, traits)] * dice.randint(1, 20),
                known,
                dice.uniform(0.01, 600),
                dice.uniform(0, 3),
            )
            for age in ages
        ]

    assert all(type(wait) is int for wait in waits)
    assert 1 <= min(waits) <= max(waits) <= 120


def test_nothing_to_wait_for_is_looked_at_soon() -> None:
    assert next_wait([], NOTHING, PRICE, ANSWER) == 1


def test_a_fixed_schedule_goes_on_with_its_last_wait() -> None:
    ages = [0.0]
    while ages[-1] < 125:
        ages.append(ages[-1] + fixed_wait([5, 10, 20, 30], ages[-1]))

    assert ages == [0, 5, 15, 35, 65, 95, 125]


def test_a_fixed_schedule_catches_up_when_a_look_comes_late() -> None:
    waits = [fixed_wait([10], age) for age in itertools.chain(range(12), [math.nextafter(10, 0)])]

    assert waits == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 10, 9, 1]
