"""What one carousel may not have becomes several posts, each exactly once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from postwright import caption as captions
from postwright import holding, posts, runs, splitting, starting
from postwright.errors import (
    AlreadyPublishingError,
    InvalidPostError,
)
from postwright.models import CarouselCap, Description, MediaItem, Parts, now_text
from postwright.splitting import Part
from postwright.store import ConditionFailedError
from tests.media import picture
from tests.unit.core_world import SESSION, World

pytest_plugins = ("tests.unit.core_fixtures",)


def large_group(world: World, count: int = 5, **attributes: Any) -> None:
    """A group of `count` photos where a carousel may have three."""
    world.configure(carousel_max=3)
    media = [MediaItem(key=world.upload(f"{n}.jpg"), kind="image") for n in range(count)]
    world.add_group(media=media, **{"caption": "Dunes #sea", "name": "Summer", **attributes})


def split(world: World) -> list[str]:
    return [request.group_id for _, request in splitting.requests_for(world.app, world.request())]


@pytest.mark.parametrize(
    ("count", "cap", "expected"),
    [
        (11, 10, [6, 5]),
        (20, 10, [10, 10]),
        (21, 10, [7, 7, 7]),
        (23, 10, [8, 8, 7]),
        (10, 10, [10]),
        (1, 10, [1]),
        (0, 10, [0]),
        (3, 2, [2, 1]),
        (41, 20, [14, 14, 13]),
    ],
)
def test_parts_are_few_and_even(count: int, cap: int, expected: list[int]) -> None:
    assert splitting.sizes(count, cap) == expected


def test_no_part_has_a_single_item_where_two_are_possible() -> None:
    for cap in range(3, 21):
        for count in range(2, 130):
            found = splitting.sizes(count, cap)

            assert sum(found) == count
            assert max(found) <= cap
            assert min(found) >= 2
            assert max(found) - min(found) <= 1


def test_each_caption_says_which_part_it_is() -> None:
    first, second = splitting.plan([3, 2], "Dunes at dawn", ["travel", "sea"])

    assert first == Part(1, 2, 0, 3, "(1/2) Dunes at dawn\n\n#travel #sea", shortened=False)
    assert second == Part(2, 2, 3, 5, "(2/2) Dunes at dawn\n\n#travel #sea", shortened=False)


def test_a_post_that_is_not_split_keeps_its_caption() -> None:
    assert splitting.plan([3], "Dunes", ["sea"]) == [
        Part(1, 1, 0, 3, "Dunes\n\n#sea", shortened=False)
    ]


def test_parts_without_a_caption_are_only_numbered() -> None:
    assert [part.caption for part in splitting.plan([2, 2], "")] == ["(1/2)", "(2/2)"]


@pytest.mark.parametrize("end", ["", " #sea #dunes", "\n\n#sea\n#dunes"])
def test_a_caption_that_just_fitted_is_shortened_at_a_word_with_its_hashtags_whole(
    end: str,
) -> None:
    text = ("word " * 500)[: 2200 - len(end) - len("\n\n#travel")].rstrip() + end

    first, _ = splitting.plan([2, 2], text, ["travel"])

    body, _, rest = first.caption.partition("…")
    assert first.shortened
    assert 2190 < captions.length(first.caption) <= 2200
    assert set(body.removeprefix("(1/2) ").split()) == {"word"}
    assert rest == f"{end}\n\n#travel"


def test_one_endless_word_is_shortened_by_letters() -> None:
    first, _ = splitting.plan([2, 2], "🙂" * 1100)

    assert first.shortened
    assert captions.length(first.caption) <= 2200
    assert first.caption.startswith("(1/2) 🙂")


def test_a_caption_that_never_fitted_is_left_to_the_preflight() -> None:
    first, _ = splitting.plan([2, 2], "word " * 500)

    assert not first.shortened
    assert captions.length(first.caption) > 2200


def test_a_group_becomes_groups_of_its_parts_in_order(world: World) -> None:
    large_group(world, account_id="default")

    assert split(world) == ["g1-1of2", "g1-2of2"]

    whole, first, second = world.group(), world.group("g1-1of2"), world.group("g1-2of2")
    assert [*first.media, *second.media] == whole.media
    assert (first.caption, second.caption) == ("(1/2) Dunes #sea", "(2/2) Dunes #sea")
    assert (first.name, first.account_id) == ("Summer (1/2)", "default")
    assert (whole.publish_status, whole.parts and whole.parts.sizes) == ("split", [3, 2])


def test_captions_come_from_the_description_where_the_group_has_none(world: World) -> None:
    large_group(world, caption=None)
    world.store.put_description(SESSION, "g1", Description(caption="Dunes", hashtags=["sea"]))

    split(world)

    assert world.group("g1-2of2").caption == "(2/2) Dunes\n\n#sea"


def test_a_group_that_fits_is_left_as_it_is(world: World) -> None:
    large_group(world, count=3)

    assert split(world) == ["g1"]

    assert world.group().publish_status == "ready"


def test_what_a_carousel_has_once_is_on_every_part(world: World) -> None:
    world.configure(carousel_max=3)
    media = [MediaItem(key=world.upload(f"{n}.jpg"), kind="image") for n in range(5)]
    media[4].location_id, media[0].collaborators = "123", ["ana"]
    world.add_group(media=media, caption="Dunes")

    split(world)

    first, second = world.group("g1-1of2").media, world.group("g1-2of2").media
    assert [item.location_id for item in first] == ["123", None, None]
    assert [item.location_id for item in second] == [None, "123"]
    assert [item.collaborators for item in second] == [["ana"], None]


def test_a_group_that_was_split_cannot_be_published_as_a_whole(world: World) -> None:
    large_group(world)
    split(world)
    world.configure(carousel_max=20)

    with pytest.raises(InvalidPostError, match="--session s1 --group g1 --split"):
        starting.start(world.app, world.request())
    with pytest.raises(InvalidPostError, match="published as several posts"):
        runs.load(world.app, {"sessionId": SESSION, "groupId": "g1"}, "console", "arn", 0)
    assert world.executions.started == []


def test_a_run_that_failed_before_the_split_cannot_be_redriven(world: World) -> None:
    world.configure(carousel_max=20)
    ref = world.begun(kind="carousel", items=5)
    world.close(ref, "failed")
    for item in world.group().media:
        world.upload(item.name)
    world.configure(carousel_max=3)

    split(world)

    with pytest.raises(InvalidPostError, match="published as several posts"):
        holding.hold(world.app, ref)


def test_a_group_that_a_run_has_cannot_be_split(world: World) -> None:
    world.configure(carousel_max=20)
    ref = world.begun(kind="carousel", items=5)
    for item in world.group().media:
        world.upload(item.name)
    world.configure(carousel_max=3)

    with pytest.raises(AlreadyPublishingError) as refused:
        split(world)

    assert refused.value.job_id == ref.job_id
    assert world.store.group(SESSION, "g1-1of2") is None


def test_a_claim_and_a_split_exclude_each_other(world: World) -> None:
    large_group(world)
    before = world.group()
    world.store.divide(before, Parts(sizes=[3, 2], media_hash="h"))

    with pytest.raises(ConditionFailedError):
        world.store.divide(before, Parts(sizes=[2, 2, 1], media_hash="h"))
    with pytest.raises(InvalidPostError):
        runs.claim(world.app, world.request(), "job-1")


def test_a_repeat_finds_the_same_parts_whatever_the_cap_is_now(world: World) -> None:
    large_group(world)
    first = split(world)
    world.configure(carousel_max=2)

    assert split(world) == first


def test_a_split_that_was_interrupted_is_finished_by_a_repeat(world: World) -> None:
    large_group(world)
    whole = world.group()
    first = splitting.plan([3, 2], "Dunes #sea")[0]
    media_hash = splitting._hash_of(whole.media)
    world.store.divide(whole, Parts(sizes=[3, 2], media_hash=media_hash))

    assert split(world) == ["g1-1of2", "g1-2of2"]

    assert world.group("g1-1of2").caption == first.caption


def test_many_splits_at_a_time_make_one_set_of_parts(world: World) -> None:
    large_group(world)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: split(world), range(4)))

    assert found == [["g1-1of2", "g1-2of2"]] * 4


def test_items_that_changed_since_the_split_are_not_published_again(world: World) -> None:
    large_group(world)
    split(world)
    changed = world.group()
    changed.media.reverse()
    world.cloud.dynamodb.update_item(
        TableName=world.store._table,
        Key={"PK": {"S": f"SESSION#{SESSION}"}, "SK": {"S": "GROUP#g1"}},
        UpdateExpression="SET media = :media",
        ExpressionAttributeValues={
            ":media": {
                "L": [
                    {"M": {"key": {"S": item.key}, "kind": {"S": item.kind}}}
                    for item in changed.media
                ]
            }
        },
    )

    with pytest.raises(InvalidPostError) as refused:
        split(world)

    assert [problem.rule for problem in refused.value.problems] == ["split-unchanged"]


def test_every_problem_of_every_part_is_told_before_anything_is_changed(world: World) -> None:
    world.configure(carousel_max=3)
    media = [MediaItem(key=f"{SESSION}/enhanced/gone-{n}.jpg", kind="image") for n in range(5)]
    world.add_group(media=media, caption="Dunes")
    world.add_image_group("g1-2of2")

    with pytest.raises(InvalidPostError) as refused:
        split(world)

    told = [(problem.item, problem.rule) for problem in refused.value.problems]
    assert told == [
        ("part 1/2, 1: gone-0.jpg", "media-exists"),
        ("part 1/2, 2: gone-1.jpg", "media-exists"),
        ("part 1/2, 3: gone-2.jpg", "media-exists"),
        ("part 2/2", "split-group"),
    ]
    assert world.group().publish_status == "ready"


def test_an_id_that_leaves_no_room_for_the_parts_is_named(world: World) -> None:
    world.configure(carousel_max=3)
    media = [MediaItem(key=world.upload(f"{n}.jpg"), kind="image") for n in range(5)]
    long_id = "g" * 125
    world.add_group(long_id, media=media)

    with pytest.raises(InvalidPostError) as refused:
        splitting.requests_for(world.app, world.request(long_id))

    assert [problem.rule for problem in refused.value.problems] == ["split-id"]


def test_the_same_files_and_words_have_the_same_session(tmp_path: Path) -> None:
    one, two = tmp_path / "one.jpg", tmp_path / "two.jpg"
    one.write_bytes(picture(padding=1))
    two.write_bytes(picture(padding=2))

    session = splitting.session_for([one, two], "Dunes", ["sea"])

    assert session == splitting.session_for([one, two], "Dunes", ["sea"])
    assert session != splitting.session_for([two, one], "Dunes", ["sea"])
    assert session != splitting.session_for([one, two], "Dunes", [])
    two.write_bytes(picture(padding=3))
    assert session != splitting.session_for([one, two], "Dunes", ["sea"])


@pytest.mark.parametrize(
    ("setting", "known", "cap"),
    [(None, None, 10), (None, 20, 20), (12, 20, 12), (20, 10, 20), (None, 10, 10)],
)
def test_a_setting_wins_over_what_was_found_out_for_the_account(
    setting: int | None, known: int | None, cap: int, world: World
) -> None:
    if setting is not None:
        world.configure(carousel_max=setting)
    if known is not None:
        found = CarouselCap(max_items=known, checked_at=now_text())
        world.store.put_carousel_cap("studio", found)

    assert posts.carousel_max(world.app, "studio", 21) == cap
    assert posts.carousel_max(world.app, "other", 21) == (setting or 10)
