"""After an action block nothing is sent for the account until a day has passed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from postwright import containers, finishing, publishing, starting
from postwright.errors import AccountBlockedError, PostwrightError, PublishUncertainError
from postwright.models import PublishRequest
from tests.unit.core_world import SESSION, World

pytest_plugins = ("tests.unit.core_fixtures",)


def block(world: World, code: int = 25, subcode: int | None = 2207050) -> None:
    """Instagram blocks a publish call of a group of its own."""
    ref = world.ready_to_publish("blocked", text="Blocked")
    world.answer({"call": "publish", "error": [code, subcode], "times": 1})
    with pytest.raises((AccountBlockedError, PublishUncertainError)):
        publishing.publish(world.app, ref, lambda: 30.0)


@pytest.mark.parametrize(("code", "subcode"), [(25, 2207050), (368, None), (4, 2207051)])
def test_an_action_block_stops_every_start_of_the_account(
    world: World, code: int, subcode: int | None
) -> None:
    block(world, code, subcode)
    world.add_image_group()

    with pytest.raises(AccountBlockedError, match="Nothing is sent before") as raised:
        starting.start(world.app, world.request())

    assert (raised.value.code, raised.value.subcode) == (code, subcode)
    assert world.group().publish_status == "ready"


@pytest.mark.parametrize(("code", "subcode"), [(190, 459), (190, 463), (9, 2207042)])
def test_other_refusals_are_no_action_blocks(world: World, code: int, subcode: int) -> None:
    ref = world.ready_to_publish()
    world.answer({"call": "publish", "error": [code, subcode], "times": 1})
    with pytest.raises(PostwrightError):
        publishing.publish(world.app, ref, lambda: 30.0)

    assert world.store.account_block("default") is None


def test_a_run_under_way_sends_nothing_and_makes_no_container(world: World) -> None:
    ready, making = world.ready_to_publish("g1", text="One"), world.begun("g2", text="Two")
    block(world)
    made_before = len(world.lab.requests())

    steps: list[Callable[[], object]] = [
        lambda: publishing.publish(world.app, ready, lambda: 30.0),
        lambda: containers.check_quota(world.app, making),
        lambda: containers.create_container(world.app, making, 0),
    ]
    for step in steps:
        with pytest.raises(AccountBlockedError, match="Nothing is sent before"):
            step()

    assert len(world.lab.requests()) == made_before
    assert world.group("g1").attempt is None


def test_a_blocked_publish_that_is_live_is_found_all_the_same(world: World) -> None:
    ref = world.ready_to_publish()
    world.answer({"call": "publish", "error": [4, 2207051], "effect": "first", "times": 1})
    with pytest.raises(PublishUncertainError):
        publishing.publish(world.app, ref, lambda: 30.0)
    world.advance(30)

    assert publishing.reconcile(world.app, ref)["next"] == "published"
    assert finishing.record_result(world.app, ref)["permalink"] is not None


def test_the_pause_ends_by_itself(world: World) -> None:
    world.configure(block_hours=2)
    block(world)
    ref = world.ready_to_publish("g1", text="One")
    world.advance(2 * 3600 - 60)
    with pytest.raises(AccountBlockedError, match="Nothing is sent before"):
        publishing.publish(world.app, ref, lambda: 30.0)

    world.advance(60)

    assert publishing.publish(world.app, ref, lambda: 30.0)["next"] == "published"


def test_the_pause_ends_when_somebody_ends_it(world: World) -> None:
    block(world)
    ref = world.ready_to_publish("g1", text="One")

    world.store.unblock_account("default")
    world.store.unblock_account("default")

    assert publishing.publish(world.app, ref, lambda: 30.0)["next"] == "published"


def test_a_block_after_the_pause_begins_another(world: World) -> None:
    world.configure(block_hours=2)
    block(world)
    world.advance(2 * 3600)
    ref = world.ready_to_publish("g1", text="One")
    world.answer({"call": "publish", "error": [368, None], "times": 1})
    with pytest.raises(AccountBlockedError, match="blocked the account for now"):
        publishing.publish(world.app, ref, lambda: 30.0)

    with pytest.raises(AccountBlockedError, match="Nothing is sent before"):
        publishing.publish(world.app, ref, lambda: 30.0)


def test_a_shorter_block_does_not_end_a_longer_one(world: World) -> None:
    block(world)
    first = world.store.account_block("default")
    world.configure(block_hours=1)

    world.store.unblock_account("other")
    ref = world.ready_to_publish("g1", text="One")
    world.answer({"call": "user", "error": [368, None], "times": 1})
    with pytest.raises(AccountBlockedError):
        world.app.instagram(ref.account_id).account()

    assert first is not None
    assert world.store.account_block("default") == first


def test_a_post_for_later_may_be_started_meanwhile(world: World) -> None:
    block(world)
    world.add_image_group()
    ahead = "2099-01-01T00:00:00Z"
    world.configure(schedule_max_days=36_500)

    request = PublishRequest(session_id=SESSION, group_id="g1", publish_at=ahead)

    assert starting.start(world.app, request).new


def test_an_account_of_its_own_has_a_breaker_of_its_own(world: World) -> None:
    block(world)

    assert world.store.account_block("default") is not None
    assert world.store.account_block("second") is None
