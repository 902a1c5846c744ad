"""Posts, containers and calls of an account are taken before they are used, by all its runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from postwright import clock, closing, containers, finishing, publishing, starting
from postwright.budgets import Short
from postwright.errors import (
    PostwrightError,
    PublishUncertainError,
    QuotaExceededError,
    RateLimitedError,
)
from postwright.failures import GraphFailure
from postwright.ledger import CALL_BUCKET, CONTAINER_BUCKET, DAY, HOUR, Ledger
from postwright.models import Ref, Slot, Throttle, UsageSeen
from postwright.store import Store
from tests.unit.core_world import World, attempt, finished

pytest_plugins = ("tests.unit.core_fixtures",)

TOO_MANY_CALLS = '{"error": {"code": 80002}}'


def ledger(world: World) -> Ledger:
    return world.store.ledger("default")


def quota_of(world: World, total: int, *, containers_a_day: int = 400) -> None:
    world.lab.config(quota_total=total)
    world.configure(containers_per_day=containers_a_day)


def about_to_begin(world: World, group_id: str, **more: Any) -> Ref:
    """A run that comes to CheckQuota."""
    for number in range(more.get("items", 1)):
        world.upload(f"{number + 1}.jpg")
    ref = world.begun(group_id, text=group_id, **more)
    world.app.budgets.let_go(ref.account_id, ref.job_id)
    return ref


def check(world: World, ref: Ref) -> str:
    return str(containers.check_quota(world.app, ref)["next"])


def calls_sent(world: World, part: str = "") -> int:
    return sum(part in entry["path"] for entry in world.lab.requests())


def publish(world: World, ref: Ref) -> dict[str, Any]:
    return publishing.publish(world.app, ref, lambda: 30.0)


# Posts


def test_the_last_post_goes_to_one_of_two_runs(world: World) -> None:
    quota_of(world, 1)
    first, second = about_to_begin(world, "g1"), about_to_begin(world, "g2")

    assert check(world, first) == "create"
    with pytest.raises(QuotaExceededError, match="runs under way hold the other 1") as raised:
        check(world, second)

    assert raised.value.frees_at is not None
    assert list(ledger(world).slots) == [first.job_id]


class Overtaken(Store):
    """A store in which somebody else takes a slot right before the first one that is asked for."""

    other: Callable[[], object] | None = None

    def hold_slot(
        self, account_id: str, job_id: str, version: int, slot: Slot, notes: Mapping[str, Any]
    ) -> None:
        other, self.other = self.other, None
        if other is not None:
            other()
        super().hold_slot(account_id, job_id, version, slot, notes)


def test_who_is_overtaken_between_count_and_slot_counts_anew(world: World) -> None:
    quota_of(world, 1)
    first, second = about_to_begin(world, "g1"), about_to_begin(world, "g2")
    store = Overtaken(world.cloud.dynamodb, world.app.settings.table)
    store.other = lambda: check(world, second)

    with pytest.raises(QuotaExceededError):
        containers.check_quota(replace(world.app, store=store), first)

    assert list(ledger(world).slots) == [second.job_id]


def test_of_eight_runs_at_once_three_get_the_three_posts(world: World) -> None:
    quota_of(world, 3)
    refs = [about_to_begin(world, f"g{number}", on_quota="wait") for number in range(8)]
    world.clock.haste = 0

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda ref: check(world, ref), refs))

    assert answers.count("create") <= 3
    for _ in range(5):  # who was told to come back in a moment does so
        world.advance(400)
        answers = [check(world, ref) for ref in refs]
    assert answers.count("create") == len(ledger(world).slots) == 3


def lose_the_release(world: World, ref: Ref) -> None:
    world.store.update_job(ref, status="failed", phase="failed")


def die_unheard(world: World, ref: Ref) -> None:
    world.executions.end(ref.job_id)
    world.advance(200)


def vanish(world: World, ref: Ref) -> None:
    key = {"PK": {"S": f"SESSION#{ref.session_id}"}, "SK": {"S": f"PUBLISH#{ref.job_id}"}}
    world.cloud.dynamodb.delete_item(TableName=world.app.settings.table, Key=key)


@pytest.mark.parametrize("end", [lose_the_release, die_unheard, vanish])
def test_a_slot_whose_run_is_over_counts_no_more(
    world: World, end: Callable[[World, Ref], None]
) -> None:
    quota_of(world, 1)
    first, second = about_to_begin(world, "g1"), about_to_begin(world, "g2")
    check(world, first)
    end(world, first)

    assert check(world, second) == "create"
    assert list(ledger(world).slots) == [second.job_id]


def test_a_run_that_waits_for_long_keeps_its_slot_while_it_runs(world: World) -> None:
    quota_of(world, 1)
    first, second = about_to_begin(world, "g1"), about_to_begin(world, "g2", on_quota="wait")
    check(world, first)
    world.advance(2000)

    assert check(world, second) == "wait"


def test_an_unclear_publish_counts_until_its_post_must_be_live(world: World) -> None:
    quota_of(world, 1)
    first, second = world.ready_to_publish("g1"), about_to_begin(world, "g2", on_quota="wait")
    world.answer({"call": "publish", "answer": "reset"})
    with pytest.raises(PublishUncertainError):
        publish(world, first)
    world.executions.end(first.job_id)
    closing.close_run(world.app, world.job(first))

    at_once = check(world, second)
    world.advance(400)

    assert (at_once, check(world, second)) == ("wait", "create")


def test_a_post_of_ours_counts_although_instagram_does_not_tell_of_it_yet(world: World) -> None:
    quota_of(world, 1)
    first, second = world.ready_to_publish("g1"), about_to_begin(world, "g2")
    publish(world, first)
    finishing.record_result(world.app, first)
    lagging = (
        '{"data": [{"config": {"quota_total": 1, "quota_duration": 86400}, "quota_usage": 0}]}'
    )
    world.answer({"call": "quota", "body": lagging, "times": 2})

    with pytest.raises(QuotaExceededError, match="used its 1 posts"):
        check(world, second)
    world.advance(601)

    assert check(world, second) == "create"


def test_a_failed_run_gives_its_slot_back_at_once(world: World) -> None:
    first = about_to_begin(world, "g1")
    check(world, first)
    world.executions.end(first.job_id)

    closing.close_run(world.app, world.job(first))

    assert ledger(world).slots == {}


def test_a_run_that_must_wait_lets_go_of_its_slot(world: World) -> None:
    first = about_to_begin(world, "g1", on_quota="wait")
    check(world, first)
    quota_of(world, 0)

    assert check(world, first) == "wait"
    assert ledger(world).slots == {}


def test_of_the_runs_that_wait_one_asks_instagram(world: World) -> None:
    quota_of(world, 0)
    refs = [about_to_begin(world, f"g{number}", on_quota="wait") for number in range(3)]

    assert [check(world, ref) for ref in refs] == ["wait"] * 3
    assert calls_sent(world, "content_publishing_limit") == 1


def test_a_full_quota_that_the_publish_call_meets_is_believed_for_a_while(world: World) -> None:
    ref = world.ready_to_publish(on_quota="wait")
    world.answer({"call": "publish", "error": [9, 2207042], "times": 1})
    refused = publish(world, ref)
    at_once = check(world, ref)
    world.advance(950)

    assert (refused["next"], at_once) == ("waitForQuota", "wait")
    assert check(world, ref) == "create"


@pytest.mark.parametrize("on_quota", ["wait", "fail"])
def test_without_a_slot_nothing_is_published(world: World, on_quota: str) -> None:
    ref = world.ready_to_publish(on_quota=on_quota)
    world.app.budgets.let_go(ref.account_id, ref.job_id)
    quota_of(world, 0)

    if on_quota == "wait":
        assert publish(world, ref)["next"] == "waitForQuota"
    else:
        with pytest.raises(QuotaExceededError):
            publish(world, ref)

    assert world.posts_sent() == []
    assert world.group().attempt is None


def test_a_redriven_run_takes_a_slot_before_it_publishes(world: World) -> None:
    ref = world.ready_to_publish()
    world.app.budgets.let_go(ref.account_id, ref.job_id)

    assert publish(world, ref)["next"] == "published"
    assert list(ledger(world).slots) == [ref.job_id]


# Containers


def test_a_run_reserves_a_container_for_each_item_and_the_carousel(world: World) -> None:
    ref = about_to_begin(world, "g1", kind="carousel", items=3)

    check(world, ref)

    assert ledger(world).containers_reserved == 4


def test_what_a_run_uses_again_is_not_reserved(world: World) -> None:
    ref = about_to_begin(
        world, "g1", kind="carousel", items=3, containers={"0": finished("17900000000000001")}
    )

    check(world, ref)

    assert ledger(world).containers_reserved == 3


def make(world: World, ref: Ref, index: int = 0) -> dict[str, Any]:
    return containers.create_container(world.app, ref, index)


def image_run(world: World, group_id: str = "g1", **more: Any) -> Ref:
    """A run with a photo in the bucket, whose next step is to make the container."""
    world.upload("1.jpg")
    return world.begun(group_id, text=group_id, **more)


def test_a_container_is_counted_before_it_is_made(world: World) -> None:
    ref = image_run(world)

    make(world, ref)

    assert (ledger(world).containers_used, ledger(world).containers_reserved) == (1, 0)


@pytest.mark.parametrize(
    ("answer", "counted"),
    [
        ({"error": [36003, 2207009]}, 0),
        ({"error": [9004, 2207052]}, 0),
        ({"error": [190, 463]}, 0),
        ({"error": [-1, 2207032]}, 1),
        ({"error": [1, None]}, 1),
        ({"status": 500}, 1),
        ({"answer": "reset"}, 1),
        ({"body": "{}"}, 1),
    ],
    ids=str,
)
def test_only_a_container_that_was_certainly_not_made_is_given_back(
    world: World, answer: dict[str, Any], counted: int
) -> None:
    ref = image_run(world)
    world.answer({"call": "create", "times": 2, **answer})

    with suppress(PostwrightError):
        make(world, ref)

    assert ledger(world).containers_used == counted
    assert ledger(world).containers_reserved == 1 - counted


def test_a_second_delivery_of_a_step_counts_its_container_too(world: World) -> None:
    ref = image_run(world)

    for _ in range(2):
        world.store.update_job(ref, containers={})
        make(world, ref)

    assert (ledger(world).containers_used, ledger(world).containers_reserved) == (2, 0)


def test_a_run_whose_containers_do_not_fit_stops_and_says_when_they_will(world: World) -> None:
    quota_of(world, 100, containers_a_day=3)
    make(world, image_run(world, "g1"))
    began = clock.now()
    ref = about_to_begin(world, "g2", kind="carousel", items=2)

    with pytest.raises(QuotaExceededError, match="this needs 3") as raised:
        check(world, ref)

    assert raised.value.frees_at is not None
    wait = clock.from_text(raised.value.frees_at) - began
    assert 24 * 3600 <= wait.total_seconds() <= 24 * 3600 + 700
    world.advance(wait.total_seconds() + 1)
    assert check(world, ref) == "create"


def test_containers_that_others_have_reserved_are_not_free(world: World) -> None:
    quota_of(world, 100, containers_a_day=4)
    first = about_to_begin(world, "g1", kind="carousel", items=2)
    second = about_to_begin(world, "g2", kind="carousel", items=2, on_quota="wait")
    check(world, first)

    waiting = check(world, second)
    lose_the_release(world, first)
    world.advance(301)

    assert (waiting, check(world, second)) == ("wait", "create")


def test_a_carousel_that_does_not_fit_yet_holds_up_no_smaller_post(world: World) -> None:
    quota_of(world, 100, containers_a_day=3)
    make(world, image_run(world, "g0"))
    large = about_to_begin(world, "g1", kind="carousel", items=2, on_quota="wait")
    small = about_to_begin(world, "g2", on_quota="wait")

    assert (check(world, large), check(world, small)) == ("wait", "create")


def test_a_post_that_can_never_fit_does_not_wait_for_ever(world: World) -> None:
    quota_of(world, 100, containers_a_day=2)
    ref = about_to_begin(world, "g1", kind="carousel", items=2, on_quota="wait")

    with pytest.raises(QuotaExceededError) as raised:
        check(world, ref)

    assert raised.value.frees_at is None


@pytest.mark.parametrize("on_quota", ["wait", "fail"])
def test_one_more_container_than_there_are_is_not_asked_for(world: World, on_quota: str) -> None:
    quota_of(world, 100, containers_a_day=1)
    ref = image_run(world, on_quota=on_quota)
    make(world, ref)
    world.store.update_job(ref, containers={})

    if on_quota == "wait":
        assert (make(world, ref)["outcome"], make(world, ref)["tries"]) == ("throttled", 0)
    else:
        with pytest.raises(QuotaExceededError):
            make(world, ref)

    assert calls_sent(world, "/media") == 1


def test_the_api_refuses_a_start_whose_containers_do_not_fit(world: World) -> None:
    quota_of(world, 100, containers_a_day=2)
    world.add_image_group("g1", ("a.jpg", "b.jpg"))

    with pytest.raises(QuotaExceededError, match="2 containers in 24 hours"):
        starting.start(world.app, world.request())

    assert world.group().publish_status == "ready"


# Calls


def use_calls(world: World, percent: int, of: int = 100) -> None:
    """The account has made so many calls, and the last of ours told us so."""
    world.lab.config(calls_per_hour=of)
    for _ in range(percent * of // 100 - 1):
        world.lab.get("/me")
    taken = world.app.budgets.take_calls("default", 1, "settle")
    instagram = world.app.instagram("default")
    instagram.account()
    world.app.budgets.heard("default", taken, instagram)


@pytest.mark.parametrize(("percent", "answer"), [(40, "create"), (88, "wait")])
def test_new_work_begins_only_with_calls_left_for_all_of_it(
    world: World, percent: int, answer: str
) -> None:
    use_calls(world, percent)
    ref = about_to_begin(world, "g1")
    before = calls_sent(world)

    assert check(world, ref) == answer
    assert calls_sent(world) - before == (1 if answer == "create" else 0)


def test_looks_and_posts_in_flight_have_calls_that_new_containers_may_not_use(world: World) -> None:
    making = image_run(world, "g2")
    looking = world.begun("g1", containers={"0": finished("17900000000000001")})
    container = world.job(looking).containers["0"]
    world.store.put_container(looking, "0", container.model_copy(update={"state": "created"}))
    use_calls(world, 88)
    before = calls_sent(world)

    made = make(world, making)
    containers.check_status(world.app, looking)

    assert (made["outcome"], made["tries"]) == ("throttled", 0)
    assert calls_sent(world) - before == 1


def test_without_headers_our_own_calls_count_against_the_setting(world: World) -> None:
    world.lab.config(usage_headers="none")
    world.configure(calls_per_hour=20)
    ref = about_to_begin(world, "g1")
    for _ in range(18):
        assert world.app.budgets.take_calls("default", 1, "look").pause == 0

    waiting = check(world, ref)
    world.advance(4000)

    assert (waiting, check(world, ref)) == ("wait", "create")


def test_what_the_headers_said_goes_stale_after_an_hour(world: World) -> None:
    use_calls(world, 95)
    ref = about_to_begin(world, "g1")

    waiting = check(world, ref)
    world.advance(3700)

    assert (waiting, check(world, ref)) == ("wait", "create")


def refused_run(world: World, body: str = TOO_MANY_CALLS) -> Ref:
    """Instagram refuses a call of one run, because there were too many."""
    ref = image_run(world)
    world.answer({"call": "create", "status": 400, "body": body})
    make(world, ref)
    return ref


def test_one_refusal_keeps_every_run_of_the_account_from_calling(world: World) -> None:
    refused_run(world)
    ref = about_to_begin(world, "g2")
    before = calls_sent(world)

    answer = containers.check_quota(world.app, ref)

    assert answer["next"] == "wait"
    assert 880 <= answer["waitSeconds"] <= 931
    assert calls_sent(world) == before


def test_refusals_in_a_row_double_the_pause_and_a_quiet_hour_ends_the_row(world: World) -> None:
    ref = refused_run(world)
    pauses = [world.app.budgets.throttled_seconds("default")]
    for quiet in (1, 1, 3700):
        world.advance(pauses[-1] * 1.25 + quiet)
        world.answer({"call": "create", "status": 400, "body": TOO_MANY_CALLS})
        make(world, ref)
        pauses.append(world.app.budgets.throttled_seconds("default"))

    assert [round(pause / 900) for pause in pauses] == [1, 2, 4, 1]


def test_a_burst_of_refusals_is_one(world: World) -> None:
    ref = world.begun(kind="carousel", items=5)
    for index in range(5):
        created = finished(f"1790000000000000{index}").model_copy(update={"state": "created"})
        world.store.put_container(ref, str(index), created)
    world.answer({"match": "/179", "status": 400, "body": TOO_MANY_CALLS, "times": 5})

    containers.check_status(world.app, ref)

    assert world.app.budgets.throttled_seconds("default") <= 900


def test_while_calls_are_refused_nothing_is_published(world: World) -> None:
    ref = world.ready_to_publish()
    world.answer({"call": "quota", "throttle_minutes": 20})
    check(world, about_to_begin(world, "g2"))
    before = calls_sent(world)

    sent = publish(world, ref)
    then = containers.check_status(world.app, ref)

    assert sent["next"] == "recheck"
    assert (then["next"], 1190 < then["waitSeconds"] <= 1260) == ("wait", True)
    assert (calls_sent(world), world.group().attempt) == (before, None)
    world.advance(1261)
    assert containers.check_status(world.app, ref)["next"] == "publish"


def test_a_look_that_may_not_be_made_now_is_not_counted(world: World) -> None:
    ref = world.ready_to_publish()
    world.answer({"call": "publish", "answer": "reset"})
    with pytest.raises(PublishUncertainError):
        publish(world, ref)
    world.answer({"call": "quota", "throttle_minutes": 20})
    check(world, about_to_begin(world, "g2"))
    before = calls_sent(world)

    answer = publishing.reconcile(world.app, ref)

    assert (answer["next"], world.job(ref).looks) == ("look", None)
    assert calls_sent(world) == before


def test_a_ledger_that_cannot_be_written_is_no_reason_to_lose_an_answer(world: World) -> None:
    class Broken(Store):
        def note(self, *_: Any, **__: Any) -> None:
            raise RuntimeError("no table")

    ref = image_run(world)
    store = Broken(world.cloud.dynamodb, world.app.settings.table)

    answer = containers.create_container(replace(world.app, store=store), ref, 0)

    assert answer["outcome"] == "created"


def test_a_run_that_was_patient_for_three_days_says_that_calls_are_used_up(world: World) -> None:
    use_calls(world, 95)
    ref = about_to_begin(world, "g1")
    world.advance(3 * 86_400 + 1)
    use_calls(world, 95)

    with pytest.raises(RateLimitedError, match="used up most of its calls") as raised:
        check(world, ref)

    assert raised.value.wait_seconds > 0


def test_what_says_nothing_any_more_is_taken_out_of_the_record(world: World) -> None:
    make(world, image_run(world, "g1"))
    world.app.budgets.let_go("default", "job-g1", published=True)
    world.advance(25 * 3600)

    check(world, about_to_begin(world, "g2"))

    found = ledger(world)
    assert (found.made, found.posted, sum(found.calls.values())) == ({}, {}, found.calls_made)


@pytest.mark.parametrize(("late_seconds", "used"), [(59, 1), (61, 0)])
def test_a_container_counts_a_minute_longer_than_its_day_and_bucket(
    late_seconds: int, used: int
) -> None:
    made_at = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    ends_at = made_at + CONTAINER_BUCKET + DAY

    seen = Ledger(ends_at + timedelta(seconds=late_seconds), made={made_at: 1})

    assert seen.containers_used == used


@pytest.mark.parametrize("given_back", [0, -3])
def test_what_was_given_back_in_another_bucket_makes_no_room(given_back: int) -> None:
    now = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)

    seen = Ledger(now, calls={now: given_back, now - CALL_BUCKET: 5})

    assert seen.calls_made == 5


@pytest.mark.parametrize(("over_after_minutes", "is_fresh"), [(10, False), (-10, True)])
def test_what_the_headers_said_before_a_refusal_says_nothing_after_it(
    over_after_minutes: int, is_fresh: bool
) -> None:
    seen_at = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    over_at = seen_at + timedelta(minutes=over_after_minutes)

    seen = Ledger(
        seen_at + timedelta(minutes=20),
        usage=UsageSeen(percent=95, at=clock.to_text(seen_at), calls_ever=1, calls_then=1),
        throttle=Throttle(until=clock.to_text(over_at), refusals=1),
    )

    assert seen.usage_is_fresh == is_fresh


def test_what_still_counts_is_not_taken_out_of_the_record() -> None:
    now = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)

    counts = Ledger(now, made={now - DAY: 1}, calls={now - HOUR: 1}, posted={"job": now - DAY})
    over = Ledger(now + timedelta(minutes=20), made=counts.made, posted=counts.posted)

    assert counts.stale() == []
    assert over.stale() == ["made#20261130T0900Z", "posted#job"]


def test_a_refusal_that_ends_sooner_does_not_end_a_longer_one(world: World) -> None:
    for seconds in (1200, 60):
        world.app.budgets.refused("default", GraphFailure("read", 400, 4, wait_seconds=seconds))

    assert world.app.budgets.throttled_seconds("default") == pytest.approx(1200, abs=1)


def test_who_waits_for_the_same_thing_does_not_come_back_at_once(world: World) -> None:
    world.app.budgets.refused("default", GraphFailure("read", 400, 4, wait_seconds=1200))

    pauses = {world.app.budgets.take_calls("default", 1, "new").pause for _ in range(20)}

    assert len(pauses) > 1


def test_a_container_that_no_run_reserved_is_given_back_too(world: World) -> None:
    ref = Ref(session_id="s1", group_id="g1", job_id="without a slot")
    taken = world.app.budgets.take_container(ref)
    assert not isinstance(taken, Short)

    world.app.budgets.give_back_container(ref, taken)

    assert ledger(world).containers_used == 0


def test_a_full_quota_is_asked_about_again_within_the_hour(world: World) -> None:
    quota_of(world, 1)
    world.lab.published(world.image_on_instagram())
    ref = about_to_begin(world, "g1", on_quota="wait")

    assert check(world, ref) == "wait"
    assert 3000 < world.app.budgets.asks_again_in(ref) <= 3630


def test_a_short_answer_without_a_time_gives_none() -> None:
    error = Short("No room.", 60, None).error("wait")

    assert (error.sentence, error.frees_at) == ("No room.", None)


def test_an_attempt_that_may_be_sent_again_needs_no_slot(world: World) -> None:
    ref = world.ready_to_publish()
    group = world.group()
    world.app.budgets.let_go(ref.account_id, ref.job_id)
    world.store.lock_caption(ref, world.job(ref).caption_hash or "")
    container = world.job(ref).containers["0"].id or ""
    first = attempt(ref).model_copy(
        update={"container_id": container, "caption_hash": world.job(ref).caption_hash}
    )
    world.store.open_attempt(ref, first, group.attempt)
    world.store.allow_resend(ref, 1)
    quota_of(world, 5)

    assert publish(world, ref)["next"] == "published"
    assert calls_sent(world, "content_publishing_limit") == 0
