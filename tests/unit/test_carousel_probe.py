"""Whether twenty items work for an account is found out, kept, and used."""

from __future__ import annotations

import pytest

from postwright import carousel_probe, doctor, posts
from postwright.errors import AccountBlockedError, PostwrightError, QuotaExceededError
from postwright.models import Block, CarouselCap, MediaItem, now_text
from tests.unit.core_world import World

pytest_plugins = ("tests.unit.core_fixtures",)


@pytest.mark.parametrize("takes", [20, 10])
def test_what_instagram_takes_is_kept_for_the_account_and_nothing_is_live(
    takes: int, world: World
) -> None:
    world.lab.config(carousel_max=takes)

    cap = carousel_probe.probe(world.app, "default")

    assert (cap.max_items, cap.checked_at) == (takes, now_text())
    assert world.store.carousel_cap("default") == cap
    assert world.store.carousel_cap("other") is None
    made = [entry for entry in world.lab.requests() if entry["path"].endswith("/media")]
    assert len(made) == carousel_probe.CONTAINERS
    assert world.lab.posts() == []
    assert world.store.ledger("default").containers_used == carousel_probe.CONTAINERS


def test_nothing_is_tried_without_room_for_the_containers(world: World) -> None:
    world.configure(containers_per_day=5)

    with pytest.raises(QuotaExceededError, match="try again then"):
        carousel_probe.probe(world.app, "default")

    assert world.store.carousel_cap("default") is None


def test_a_group_may_have_as_many_items_as_were_found_to_work(world: World) -> None:
    media = [MediaItem(key=world.upload(f"{n}.jpg"), kind="image") for n in range(20)]
    group = world.add_group(media=media, caption="Many")
    world.lab.config(carousel_max=20)

    carousel_probe.probe(world.app, "default")

    assert len(posts.prepare(world.app, group, "default").items) == 20


@pytest.mark.parametrize(
    "fault",
    [
        {"call": "create", "after": 20, "error": [100, 2207023]},
        {"call": "create", "after": 20, "processing_error": 2207053},
        {"call": "create", "error": [190, 463]},
        {"call": "create", "status": 500, "times": 50},
    ],
)
def test_any_other_answer_proves_nothing_and_nothing_is_kept(
    fault: dict[str, object], world: World
) -> None:
    world.lab.config(carousel_max=20)
    world.answer(fault)

    with pytest.raises(PostwrightError):
        carousel_probe.probe(world.app, "default")

    assert world.store.carousel_cap("default") is None


def test_nothing_is_tried_while_the_account_is_blocked(world: World) -> None:
    until = "2999-01-01T00:00:00.000Z"
    world.store.block_account("default", Block(since=now_text(), until=until, reason="spam"))

    with pytest.raises(AccountBlockedError):
        carousel_probe.probe(world.app, "default")

    assert world.lab.requests() == []


@pytest.mark.parametrize(
    ("setting", "found", "status", "words"),
    [
        (None, None, "ok", "10 items, Instagram's documented number. `postwright doctor --probe-"),
        (20, None, "ok", "20 items, as POSTWRIGHT_CAROUSEL_MAX says."),
        (None, 20, "ok", "20 items, found out on 2026-11-20"),
        (20, 20, "ok", "20 items, found out on"),
        (20, 10, "warning", "POSTWRIGHT_CAROUSEL_MAX is 20, but on 2026-11-20"),
        (10, 20, "warning", "20 were found to be the account's limit"),
    ],
)
def test_the_doctor_says_how_many_items_work_and_why(
    setting: int | None, found: int | None, status: str, words: str, world: World
) -> None:
    if setting is not None:
        world.configure(carousel_max=setting)
    if found is not None:
        cap = CarouselCap(max_items=found, checked_at="2026-11-20T10:00:00.000Z")
        world.store.put_carousel_cap("default", cap)

    [finding] = doctor.examine(world.app, "default", [doctor.carousel_items])

    assert finding.status == status
    assert words in finding.sentence
