"""A new run of a group uses what the run before has made, as far as it still fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from postwright import closing, containers, runs
from postwright.models import Job, MediaItem, Ref
from tests.media import picture
from tests.unit.core_world import SESSION, World

pytest_plugins = ("tests.unit.core_fixtures",)

Change = Callable[[World], Any]


def begin(world: World, job_id: str) -> Ref:
    raw = {"sessionId": SESSION, "groupId": "g1"}
    world.executions.start(job_id, world.request())
    runs.load(world.app, raw, job_id, world.executions.arn(job_id), 0)
    return Ref(session_id=SESSION, group_id="g1", job_id=job_id)


def make(world: World, ref: Ref) -> Job:
    """Make and look at what the run needs until it could publish."""
    for _ in range(6):
        answer = containers.check_status(world.app, ref)
        for pending in answer["pending"]:
            containers.create_container(world.app, ref, pending["index"])
        if answer["next"] == "carousel":
            containers.create_carousel(world.app, ref)
        if answer["next"] == "publish":
            break
        world.advance(5)
    return world.job(ref)


def fail(world: World, ref: Ref) -> None:
    world.executions.end(ref.job_id)
    closing.close_run(world.app, world.job(ref))


def made(world: World) -> int:
    """How many containers Instagram was asked for."""
    return sum(
        entry["method"] == "POST" and entry["path"].endswith("/media")
        for entry in world.lab.requests()
    )


def after_a_failed_run(world: World, *names: str) -> Job:
    world.add_image_group(names=names)
    ref = begin(world, "first")
    job = make(world, ref)
    fail(world, ref)
    return job


def again(world: World) -> Job:
    return make(world, begin(world, "second"))


def ids(job: Job) -> dict[str, str | None]:
    return {key: container.id for key, container in job.containers.items()}


def rewrite(world: World, **attributes: Any) -> None:
    """The pipeline writes the group anew, as it may between two runs."""
    group = world.group()
    changed = group.model_copy(update=attributes)
    world.cloud.dynamodb.delete_item(
        TableName=world.app.settings.table,
        Key={"PK": {"S": f"SESSION#{SESSION}"}, "SK": {"S": "GROUP#g1"}},
    )
    world.store.put_new_group(changed)


def item(name: str, **options: Any) -> MediaItem:
    return MediaItem(key=f"{SESSION}/enhanced/{name}", kind="image", **options)


@pytest.mark.parametrize("names", [("a.jpg",), ("a.jpg", "b.jpg", "c.jpg")])
def test_a_new_run_makes_nothing_that_is_there(world: World, names: tuple[str, ...]) -> None:
    first = after_a_failed_run(world, *names)
    asked = made(world)

    second = again(world)

    assert made(world) == asked
    assert ids(second) == ids(first)
    assert second.previous_job_id == "first"


def test_an_item_that_changed_is_made_anew_and_the_others_are_kept(world: World) -> None:
    first = after_a_failed_run(world, "a.jpg", "b.jpg", "c.jpg")
    world.upload("b.jpg", picture((330, 330)))
    asked = made(world)

    second = again(world)

    assert made(world) == asked + 2  # the item, and the carousel around it
    assert [ids(second)[key] == ids(first)[key] for key in "012"] == [True, False, True]
    assert second.containers["parent"].children == [ids(second)[key] for key in "012"]


def test_items_in_another_order_keep_their_containers(world: World) -> None:
    first = after_a_failed_run(world, "a.jpg", "b.jpg", "c.jpg")
    rewrite(world, media=[item("c.jpg"), item("a.jpg"), item("b.jpg")])
    asked = made(world)

    second = again(world)

    assert made(world) == asked + 1
    assert [ids(second)[key] for key in "012"] == [ids(first)[key] for key in "201"]
    assert ids(second)["parent"] != ids(first)["parent"]


def test_the_same_file_twice_has_two_containers(world: World) -> None:
    after_a_failed_run(world, "a.jpg", "b.jpg")
    rewrite(world, media=[item("a.jpg"), item("a.jpg")])

    second = again(world)

    assert len({ids(second)["0"], ids(second)["1"]}) == 2


def test_another_caption_needs_another_carousel_and_no_other_children(world: World) -> None:
    first = after_a_failed_run(world, "a.jpg", "b.jpg")
    rewrite(world, caption="Other words")

    second = again(world)

    assert [ids(second)[key] == ids(first)[key] for key in ("0", "1", "parent")] == [
        *(True, True),
        False,
    ]


SINGLE: dict[str, Change] = {
    "caption": lambda world: rewrite(world, caption="Other words"),
    "options": lambda world: rewrite(world, media=[item("a.jpg", alt_text="A dune")]),
    "bytes": lambda world: world.upload("a.jpg", picture((330, 330))),
    "age": lambda world: world.advance(23 * 3600 + 60),
}


@pytest.mark.parametrize("change", SINGLE)
def test_a_single_post_is_made_anew_when_anything_differs(world: World, change: str) -> None:
    first = after_a_failed_run(world, "a.jpg")
    SINGLE[change](world)

    second = again(world)

    assert ids(second)["0"] != ids(first)["0"]


def test_a_container_of_another_account_is_not_used(world: World) -> None:
    first = after_a_failed_run(world, "a.jpg")
    world.store.update_job(
        Ref(session_id=SESSION, group_id="g1", job_id="first"), ig_user_id="17841400000024242"
    )

    second = again(world)

    assert ids(second)["0"] != ids(first)["0"]


def test_what_was_rejected_is_tried_again_with_a_fresh_budget(world: World) -> None:
    world.add_image_group(names=("a.jpg", "b.jpg"))
    ref = begin(world, "first")
    world.answer({"call": "create", "error": [36003, 2207009], "match": "b.jpg", "times": 1})
    containers.create_container(world.app, ref, 0)
    containers.create_container(world.app, ref, 1)
    first = world.job(ref)
    assert first.containers["1"].state == "rejected"
    fail(world, ref)

    second = again(world)

    assert ids(second)["0"] == ids(first)["0"]
    assert (second.containers["1"].state, second.containers["1"].tries) == ("finished", 1)


def test_a_container_that_is_used_again_is_looked_at_before_it_is_published(world: World) -> None:
    after_a_failed_run(world, "a.jpg")

    ref = begin(world, "second")

    assert world.job(ref).containers["0"].state == "created"
