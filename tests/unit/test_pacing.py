"""When the next look at containers is due."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from postwright import pacing
from postwright.models import MediaKind


def looks(kind: MediaKind, until: float) -> list[float]:
    """The ages at which a container is looked at that is never ready."""
    ages = [0.0]
    while ages[-1] < until:
        ages.append(pacing.next_look(kind, ages[-1]))
    return ages[1:]


def test_images_are_looked_at_early_and_then_every_30_seconds() -> None:
    assert looks("image", 111) == [2, 3, 5, 8, 13, 21, 51, 81, 111]


def test_videos_are_looked_at_every_30_seconds_and_after_15_minutes_every_2() -> None:
    ages = looks("video", 1200)

    assert ages[:6] == [10, 20, 30, 60, 90, 120]
    assert ages[ages.index(840) :] == [840, 870, 900, 990, 1110, 1230]


@pytest.mark.parametrize("kind", ["image", "video"])
def test_the_next_look_is_always_later_than_the_age(kind: MediaKind) -> None:
    dice = random.Random(5)  # noqa: S311 - it picks examples
    marks = [float(mark) for mark in itertools.chain(range(130), range(870, 1300))]
    close = [math.nextafter(mark, side) for mark in marks for side in (-math.inf, math.inf)]
    anything = [dice.uniform(-100, 90_000) for _ in range(2000)]

    wrong = [age for age in marks + close + anything if not pacing.next_look(kind, age) > age]

    assert wrong == []


@pytest.mark.parametrize(
    ("unfinished", "seconds"),
    [
        ([], 1),
        ([("image", 0.0)], 2),
        ([("image", 1.99)], 1),
        ([("image", 0.0), ("image", 2.5)], 1),
        ([("video", 0.0)], 10),
        ([("video", 0.0), ("image", 0.0)], 10),
        ([("video", 0.0), ("video", 12.0)], 8),
        ([("video", 1000.0)], 110),
    ],
)
def test_a_post_waits_whole_seconds_and_its_videos_decide(
    unfinished: list[tuple[MediaKind, float]], seconds: int
) -> None:
    assert pacing.wait_seconds(unfinished) == seconds


def test_a_wait_is_never_below_one_second() -> None:
    waits = [pacing.wait_seconds([("image", step / 16)]) for step in range(16 * 60)]

    assert min(waits) == 1
    assert all(isinstance(wait, int) for wait in waits)


@pytest.mark.parametrize(
    ("shape", "seconds"),
    [("1080x1920 60.0s", 150), ("1080x1920 1.0s", 10), ("1080x1350", None), (None, None)],
)
def test_a_video_is_expected_to_take_longer_than_it_lasts(
    shape: str | None, seconds: int | None
) -> None:
    assert pacing.expected_seconds(shape) == seconds
