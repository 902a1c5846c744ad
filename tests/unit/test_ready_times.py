"""What is learned from how long containers took."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable

import pytest
from pydantic import ValidationError

from postwright.models import MediaItem, MediaKind, SnapshotItem
from postwright.ready_times import AwaitedKind, ReadyTimes, Traits

CLIP = Traits(megabytes=20.0, seconds=30.0)


def after_seeing(
    kind: AwaitedKind, traits: Traits, seen: Iterable[tuple[float, float]]
) -> ReadyTimes:
    """What is known after these were not ready at the one age and ready at the other."""
    known = ReadyTimes()
    for after, until in seen:
        known = known.with_seen(kind, traits, after, until)
    return known


def item(kind: MediaKind, size_bytes: int, shape: str | None = None) -> SnapshotItem:
    media = MediaItem(key=f"media/a.{kind}", kind=kind)
    return SnapshotItem(
        index=0, media=media, etag="e", size_bytes=size_bytes, options_hash="", shape=shape
    )


def ready_by(known: ReadyTimes, kind: AwaitedKind, traits: Traits, age: float) -> float:
    """The share of containers that are ready at an age."""
    expectation = known.of(kind)
    return expectation.ready_by(age / expectation.seconds(traits))


def test_a_guess_is_there_before_anything_was_seen() -> None:
    known = ReadyTimes()

    assert 3 <= known.of("image").seconds(Traits(1.0)) <= 5
    assert 90 <= known.of("video").seconds(Traits(10.0, 60.0)) <= 180
    assert known.of("parent").seconds(Traits()) < 3


def test_what_was_seen_replaces_the_guess() -> None:
    known = after_seeing("video", CLIP, [(24.0, 26.0)] * 50)

    assert known.of("video").seconds(CLIP) == pytest.approx(25, rel=0.1)
    assert ready_by(known, "video", CLIP, 20) < 0.1
    assert ready_by(known, "video", CLIP, 32) > 0.85
    assert known.of("image") == ReadyTimes().of("image")


def test_bytes_and_seconds_are_told_apart() -> None:
    dice = random.Random(3)  # noqa: S311 - it picks examples
    known = ReadyTimes()
    for _ in range(300):
        traits = Traits(dice.uniform(1, 100), dice.uniform(5, 90))
        time = 6 + 0.4 * traits.megabytes + 0.9 * traits.seconds
        known = known.with_seen("video", traits, time - 1, time + 1)

    for traits in (Traits(5, 80), Traits(90, 10), Traits(40, 40)):
        time = 6 + 0.4 * traits.megabytes + 0.9 * traits.seconds
        assert known.of("video").seconds(traits) == pytest.approx(time, rel=0.08)


def test_what_was_seen_long_ago_fades() -> None:
    known = after_seeing("image", Traits(1.0), [*([(38.0, 42.0)] * 100), *([(3.0, 5.0)] * 300)])

    assert known.of("image").seconds(Traits(1.0)) == pytest.approx(4, rel=0.2)


def test_of_a_time_between_two_looks_the_likelier_part_counts_more() -> None:
    known = after_seeing("video", CLIP, [(24.0, 26.0)] * 30)

    wide = known.with_seen("video", CLIP, 0.0, 60.0)

    assert ready_by(wide, "video", CLIP, 30) == pytest.approx(
        ready_by(known, "video", CLIP, 30), abs=0.01
    )


def test_shares_never_fall_and_never_reach_all() -> None:
    for known in (ReadyTimes(), after_seeing("video", CLIP, [(24.0, 26.0)] * 500)):
        expectation = known.of("video")
        shares = [expectation.ready_by(step / 100) for step in range(10_000)]

        assert shares == sorted(shares)
        assert shares[0] == 0
        assert 0.99 < shares[-1] < 1


def test_nothing_is_ready_before_it_was_made() -> None:
    """Another machine's clock may be ahead."""
    assert [ready_by(ReadyTimes(), "video", CLIP, age) for age in (-3600, -0.001, 0)] == [0, 0, 0]


def test_strange_times_leave_sensible_numbers() -> None:
    strange = [(0.0, 0.0), (90_000.0, 5.0), (0.0, 1e7), (-5.0, 3.0), (7000.0, 7000.0)]
    known = after_seeing("video", Traits(0.0, 1e6), strange * 20)

    again = ReadyTimes.model_validate(json.loads(json.dumps(known.to_json())))

    assert again == known
    assert 0.5 <= again.of("video").seconds(CLIP) <= 3600


@pytest.mark.parametrize(
    "numbers",
    [
        {"bins": [0.0] * 39},
        {"bins": [-1.0, *[0.0] * 39]},
        {"bins": [float("nan"), *[0.0] * 39]},
        {"squares": [1e300] * 6},
        {"products": ["many"] * 3},
        7,
    ],
)
def test_numbers_that_make_no_sense_are_not_read(numbers: object) -> None:
    with pytest.raises(ValidationError):
        ReadyTimes.model_validate({"video": numbers})


def test_traits_are_those_of_the_file() -> None:
    assert Traits.of(item("image", size_bytes=2_500_000)) == Traits(2.5)
    assert Traits.of(item("video", size_bytes=9_000_000, shape="1080x1920 12.5s")) == Traits(
        9, 12.5
    )
    assert Traits.of(item("video", size_bytes=9_000_000, shape=None)).seconds == 30
