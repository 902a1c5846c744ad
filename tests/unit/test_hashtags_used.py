"""The hashtags of the posts before, and writing new ones into a description."""

from __future__ import annotations

import pytest

from postwright.hashtags.used import sets_before
from postwright.models import Description
from tests.unit.core_world import SESSION, World

pytest_plugins = ("tests.unit.core_fixtures",)


def described(world: World, group_id: str, *hashtags: str) -> None:
    world.store.put_description(SESSION, group_id, Description(hashtags=list(hashtags)))


def hashtags_of(world: World, group_id: str) -> list[str]:
    found = world.store.description(SESSION, group_id)
    assert found is not None
    return found.hashtags


def test_live_posts_jobs_under_way_and_the_rest_of_the_session_count(world: World) -> None:
    for caption in ("Sea\n\n#sea #Dunes", "No hashtags", "#sea #dunes", "By hand #mountains"):
        world.lab.published(world.image_on_instagram(caption))
    world.begun("running", text="On its way\n\n#lake #sea")
    world.add_image_group("mine")
    described(world, "mine", "mine")
    described(world, "waiting", "#Sand Dunes", "sea")
    described(world, "empty")

    found = sets_before(world.app, "default", world.group("mine"))

    assert found == [
        frozenset({"mountains"}),
        frozenset({"sea", "dunes"}),
        frozenset({"lake", "sea"}),
        frozenset({"sanddunes", "sea"}),
    ]


def test_a_job_that_waits_for_its_time_counts_with_its_description(world: World) -> None:
    waiting = world.begun("later")
    world.store.update_job(waiting, caption_text=None)
    described(world, "later", "sea", "dunes")

    assert sets_before(world.app, "default") == [frozenset({"sea", "dunes"})]


def test_jobs_of_the_group_itself_and_of_other_accounts_do_not_count(world: World) -> None:
    world.begun("mine", text="#sea")
    world.begun("other", text="#dunes")

    assert sets_before(world.app, "default", world.group("mine")) == [frozenset({"dunes"})]
    world.cloud.put_credentials(f"{world.cloud.prefix}/second")
    assert sets_before(world.app, "second") == []


@pytest.mark.parametrize("before", [None, []])
def test_hashtags_are_written_where_there_are_none(world: World, before: list[str] | None) -> None:
    if before is not None:
        world.store.put_description(SESSION, "g1", Description(caption="Hello", hashtags=before))

    assert world.store.set_hashtags(SESSION, "g1", ["sea"], replace=False)

    assert hashtags_of(world, "g1") == ["sea"]


def test_hashtags_that_are_there_stay_unless_they_are_to_be_replaced(world: World) -> None:
    world.store.put_description(SESSION, "g1", Description(caption="Hello", hashtags=["dunes"]))

    assert not world.store.set_hashtags(SESSION, "g1", ["sea"], replace=False)
    assert hashtags_of(world, "g1") == ["dunes"]

    assert world.store.set_hashtags(SESSION, "g1", ["sea"], replace=True)
    assert world.store.description(SESSION, "g1") == Description(caption="Hello", hashtags=["sea"])
