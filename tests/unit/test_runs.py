"""Who has a group, how a run begins, and how one that is over is closed."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from postwright import (
    caption,
    clock,
    closing,
    containers,
    finishing,
    holding,
    publishing,
    runs,
    standing,
    starting,
)
from postwright.app import App
from postwright.errors import (
    AlreadyPublishedError,
    AlreadyPublishingError,
    InvalidPostError,
    PublishUncertainError,
    QuotaExceededError,
    TokenInvalidError,
)
from postwright.executions import Execution, ExecutionStatus
from postwright.models import (
    AttemptState,
    Description,
    Fence,
    Job,
    MediaItem,
    PublishStatus,
    Ref,
    Started,
)
from postwright.store import ConditionFailedError, Store
from postwright.tokens import Tokens
from sandbox.instagram import DEMO_ACCOUNT
from tests.media import picture
from tests.unit.core_world import SESSION, FakeExecutions, World, attempt, finished

pytest_plugins = ("tests.unit.core_fixtures",)

INPUT = {"sessionId": SESSION, "groupId": "g1"}
ARN = "arn:aws:states:us-east-1:123456789012:execution:publish-post:console"


def start(world: World, group_id: str = "g1", **more: Any) -> Started:
    return starting.start(world.app, world.request(group_id, **more))


def load(world: World, job_id: str = "console", redrives: int = 0, **more: Any) -> dict[str, Any]:
    return runs.load(world.app, {**INPUT, **more}, job_id, ARN, redrives)


def open_attempt(world: World, ref: Ref, state: AttemptState = "open") -> None:
    """An attempt of the run, brought to a state as its steps would."""
    assert world.store.lock_caption(ref, attempt(ref).caption_hash)
    world.store.open_attempt(ref, attempt(ref), None)
    if state == "not_published":
        world.store.refuse(ref, 1)
    elif state == "resend_allowed":
        world.store.allow_resend(ref, 1)
    elif state == "published":
        world.store.succeed(ref, "18000000000000001")


def end(world: World, ref: Ref, status: ExecutionStatus = "FAILED", **more: Any) -> None:
    world.executions.end(ref.job_id, status, **more)


def event_of(job_id: str, status: str = "FAILED") -> dict[str, Any]:
    """What EventBridge sends, as far as it matters."""
    return {
        "detail-type": "Step Functions Execution Status Change",
        "detail": {"name": job_id, "status": status, "executionArn": "arn"},
    }


def edit_group(world: World, **attributes: dict[str, Any]) -> None:
    """What a pipeline does to a group; values as DynamoDB has them."""
    world.cloud.dynamodb.update_item(
        TableName=world.app.settings.table,
        Key={"PK": {"S": f"SESSION#{SESSION}"}, "SK": {"S": "GROUP#g1"}},
        UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in attributes),
        ExpressionAttributeValues={f":{name}": value for name, value in attributes.items()},
    )


def delete_job(world: World, ref: Ref) -> None:
    """What somebody who tidies the table up may do; that a job has this id stays to be found."""
    world.cloud.dynamodb.delete_item(
        TableName=world.app.settings.table,
        Key={"PK": {"S": f"SESSION#{SESSION}"}, "SK": {"S": f"PUBLISH#{ref.job_id}"}},
    )


# Closing a run: the condition on the attempt


class AttemptMeanwhile(Store):
    """A store in which an attempt is opened right after the group was read."""

    def fence(self, session_id: str, group_id: str) -> Fence | None:
        found = super().fence(session_id, group_id)
        if found is not None and found.attempt is None:
            ref = Ref(session_id=session_id, group_id=group_id, job_id=found.active_job_id or "")
            assert self.lock_caption(ref, attempt(ref).caption_hash)
            self.open_attempt(ref, attempt(ref), None)
        return found


def test_a_run_whose_attempt_has_changed_meanwhile_is_closed_by_the_attempt_that_is_there(
    world: World,
) -> None:
    ref = world.begun()
    end(world, ref)
    table = world.app.settings.table
    racing = replace(world.app, store=AttemptMeanwhile(world.cloud.dynamodb, table))

    closing.close_run(racing, world.job(ref))

    assert world.group().publish_status == "unconfirmed"
    assert world.job(ref).status == "unconfirmed"


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
@pytest.mark.parametrize("state", ["open", "resend_allowed"])
def test_a_run_that_ends_with_an_unproven_attempt_is_unconfirmed_and_never_failed(
    world: World, status: ExecutionStatus, state: AttemptState
) -> None:
    ref = world.begun()
    open_attempt(world, ref, state)
    end(world, ref, status)

    closing.close_run(world.app, world.job(ref))

    job = world.job(ref)
    assert world.group().publish_status == "unconfirmed"
    assert (job.status, job.phase) == ("unconfirmed", "unconfirmed")


# Starting


def test_a_start_claims_the_group_and_begins_a_run_of_the_same_name(world: World) -> None:
    world.add_image_group()

    started = start(world)

    group = world.group()
    job = world.store.find_job(started.job_id)
    assert started.new
    assert re.fullmatch(r"\d{8}T\d{6}-[0-9a-f]{12}", started.job_id)
    assert (group.publish_status, group.active_job_id) == ("publishing", started.job_id)
    assert world.executions.started == [(started.job_id, world.request())]
    assert job is not None
    assert (job.status, job.phase, job.kind) == ("publishing", "creating_containers", None)


def test_a_second_start_names_the_run_that_is_under_way(world: World) -> None:
    world.add_image_group()
    first = start(world)

    second = start(world)

    assert second == Started(job_id=first.job_id, new=False)
    assert len(world.executions.started) == 1


def test_a_claim_whose_execution_was_never_started_is_started_with_the_same_input(
    world: World,
) -> None:
    world.add_image_group()
    request = world.request(on_quota="wait")
    ref = Ref(session_id=SESSION, group_id="g1", job_id="died-in-between")
    world.claim(ref, request)

    started = start(world)

    assert started == Started(job_id="died-in-between", new=False)
    assert world.executions.started == [("died-in-between", request)]


def test_a_run_that_is_over_is_closed_before_a_new_one_begins(world: World) -> None:
    world.add_image_group()
    first = start(world)
    world.executions.end(first.job_id, "TIMED_OUT")

    second = start(world)

    closed = world.store.find_job(first.job_id)
    assert second.new
    assert second.job_id != first.job_id
    assert world.group().active_job_id == second.job_id
    assert closed is not None
    assert closed.status == "failed"
    assert closed.error is not None
    assert closed.error["type"] == "TimedOut"


def test_a_run_that_is_over_with_an_open_attempt_is_closed_and_not_followed(world: World) -> None:
    ref = world.begun()
    open_attempt(world, ref)
    end(world, ref)

    with pytest.raises(AlreadyPublishingError) as raised:
        start(world)

    assert (raised.value.status, raised.value.job_id) == ("unconfirmed", ref.job_id)
    assert world.group().publish_status == "unconfirmed"
    assert len(world.executions.started) == 1


def test_a_run_that_is_over_after_its_post_was_live_is_published(world: World) -> None:
    ref = world.begun()
    open_attempt(world, ref, "published")
    end(world, ref)

    with pytest.raises(AlreadyPublishedError) as raised:
        start(world)

    assert raised.value.instagram_post_id == "18000000000000001"


def test_an_execution_that_succeeded_is_never_closed(world: World) -> None:
    world.add_image_group()
    first = start(world)
    world.executions.end(first.job_id, "SUCCEEDED")

    second = start(world)

    assert second == Started(job_id=first.job_id, new=False)
    assert world.group().publish_status == "publishing"


def test_a_group_that_is_published_is_not_published_again(world: World) -> None:
    link = "https://www.instagram.com/p/x/"
    world.add_group(publish_status="published", active_job_id="j", permalink=link)

    with pytest.raises(AlreadyPublishedError, match="published already: https") as raised:
        start(world)

    assert (raised.value.job_id, raised.value.permalink) == ("j", link)
    assert world.executions.started == []


def test_a_group_that_is_unconfirmed_is_only_settled(world: World) -> None:
    ref = world.begun()
    open_attempt(world, ref)
    world.close(ref, "unconfirmed")

    with pytest.raises(AlreadyPublishingError, match="Settle it") as raised:
        start(world)

    assert (raised.value.status, raised.value.job_id) == ("unconfirmed", ref.job_id)


def test_a_claim_whose_job_was_deleted_is_named_and_not_taken(world: World) -> None:
    world.add_group(publish_status="publishing", active_job_id="gone")

    assert start(world) == Started(job_id="gone", new=False)


def test_a_run_that_is_over_and_whose_job_was_deleted_is_followed_by_a_new_one(
    world: World,
) -> None:
    world.add_image_group()
    first = start(world)
    delete_job(world, Ref(session_id=SESSION, group_id="g1", job_id=first.job_id))

    while_it_runs = start(world)
    world.executions.end(first.job_id, "FAILED")
    afterwards = start(world)

    assert while_it_runs == Started(job_id=first.job_id, new=False)
    assert afterwards.new
    assert world.group().active_job_id == afterwards.job_id


def test_a_group_that_failed_can_be_started_again(world: World) -> None:
    world.add_image_group()
    first = start(world)
    world.executions.end(first.job_id, "ABORTED")
    closing.record_failure(world.app, event_of(first.job_id))

    assert start(world).new


def test_of_eight_starts_at_once_one_begins_and_the_others_name_it(world: World) -> None:
    world.add_image_group()
    all_here = threading.Barrier(8)

    def go(_: int) -> Started:
        all_here.wait(10)
        return start(world)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(go, range(8)))

    assert sum(answer.new for answer in answers) == 1
    assert {answer.job_id for answer in answers} == {world.group().active_job_id}
    assert {job_id for job_id, _ in world.executions.started} == {world.group().active_job_id}


class ClaimedMeanwhile(Store):
    """A store in which `winner` claims the group just before anybody else does."""

    winner: Callable[[], Any]

    def claim(self, group: Fence, job: Job) -> None:
        self.winner()
        super().claim(group, job)


def overtaken(world: World, winner: Callable[[], Any]) -> App:
    store = ClaimedMeanwhile(world.cloud.dynamodb, world.app.settings.table)
    store.winner = winner
    return replace(world.app, store=store)


def test_a_start_that_loses_the_race_names_the_winner(world: World) -> None:
    world.add_image_group()
    winner: list[Started] = []
    app = overtaken(world, lambda: winner.append(start(world)))

    started = starting.start(app, world.request())

    assert started == Started(job_id=winner[0].job_id, new=False)


def test_a_start_that_loses_the_race_to_an_unclear_publish_says_so(world: World) -> None:
    world.add_image_group()

    def win() -> None:
        ref = Ref(session_id=SESSION, group_id="g1", job_id=start(world).job_id)
        open_attempt(world, ref)
        end(world, ref)
        closing.close_run(world.app, world.job(ref))

    with pytest.raises(AlreadyPublishingError) as raised:
        starting.start(overtaken(world, win), world.request())

    assert raised.value.status == "unconfirmed"


class NeverFree(Store):
    """A store in which every claim comes too late."""

    def claim(self, group: Fence, job: Job) -> None:
        raise ConditionFailedError(f"{group.group_id} is not for {job.job_id}")


def test_a_start_that_always_comes_too_late_gives_up(world: World) -> None:
    world.add_image_group()
    app = replace(world.app, store=NeverFree(world.cloud.dynamodb, world.app.settings.table))

    with pytest.raises(AlreadyPublishingError, match="keep taking this group"):
        runs.claim(app, world.request(), "me")


class AnotherTookOver(FakeExecutions):
    """Executions that are over, and whose group somebody else has taken when that is told."""

    world: World

    def describe(self, job_id: str) -> Execution | None:
        ref = Ref(session_id=SESSION, group_id="g1", job_id=job_id)
        if self.world.group().active_job_id == job_id:
            self.world.close(ref, "failed")
            self.world.claim(ref.model_copy(update={"job_id": "another"}))
        return Execution(self.arn(job_id), "FAILED")


def test_a_start_names_the_job_that_has_the_group_and_not_the_dead_one(world: World) -> None:
    world.add_image_group()
    start(world)
    dead = AnotherTookOver()
    dead.world = world

    started = starting.start(replace(world.app, executions=dead), world.request())

    assert started == Started(job_id="another", new=False)


# What a start refuses


def test_an_unknown_session_and_an_unknown_group_are_told_apart(world: World) -> None:
    with pytest.raises(InvalidPostError, match="There is no session s1") as no_session:
        start(world)
    world.add_session()
    with pytest.raises(InvalidPostError, match="Session s1 has no post group g1") as no_group:
        start(world)

    assert no_session.value.unknown
    assert no_group.value.unknown


def test_a_group_that_cannot_be_read_is_told_field_by_field(world: World) -> None:
    world.add_group()
    edit_group(world, media={"L": [{"M": {"key": {"S": "a"}, "kind": {"S": "gif"}}}]})

    with pytest.raises(InvalidPostError, match="record is wrong") as raised:
        start(world)

    [problem] = raised.value.problems
    assert (problem.item, problem.rule, problem.found) == ("media.0.kind", "group-record", "'gif'")
    assert not raised.value.unknown


def test_a_description_that_cannot_be_read_is_told_field_by_field(world: World) -> None:
    world.add_image_group()
    world.cloud.dynamodb.put_item(
        TableName=world.app.settings.table,
        Item={
            "PK": {"S": f"SESSION#{SESSION}"},
            "SK": {"S": "DESCRIPTION#g1"},
            "hashtags": {"S": "#sea"},
        },
    )

    with pytest.raises(InvalidPostError, match="description's record is wrong") as raised:
        start(world)

    [problem] = raised.value.problems
    assert (problem.item, problem.rule) == ("hashtags", "description-record")
    assert world.group().publish_status == "ready"


def test_items_of_a_carousel_may_not_name_different_places(world: World) -> None:
    keys = [world.upload(name) for name in ("a.jpg", "b.jpg")]
    items = [
        MediaItem(key=key, kind="image", location_id=f"10637733606763{number}")
        for number, key in enumerate(keys)
    ]
    world.add_group(media=items)

    with pytest.raises(InvalidPostError, match="location on one item only") as raised:
        start(world)

    assert [problem.rule for problem in raised.value.problems] == ["carousel-location"]


def test_all_problems_of_a_post_are_told_at_once(world: World) -> None:
    items = [
        MediaItem(key=f"{SESSION}/enhanced/nowhere.jpg", kind="image"),
        MediaItem(key=world.upload("empty.jpg", b""), kind="image"),
    ]
    world.add_group(media=items, caption="x" * 2201)

    with pytest.raises(InvalidPostError) as raised:
        start(world)

    rules = {(problem.item, problem.rule) for problem in raised.value.problems}
    assert {
        ("caption", "caption-length"),
        ("1: nowhere.jpg", "media-exists"),
        ("2: empty.jpg", "file-empty"),
    } <= rules
    assert world.group().publish_status == "ready"


@pytest.mark.parametrize(
    ("ours", "groups", "used"),
    [(None, None, "default"), ("a", None, "a"), (None, "b", "b"), ("a", "a", "a")],
)
def test_the_account_is_the_requests_or_the_groups(
    world: World, ours: str | None, groups: str | None, used: str
) -> None:
    world.add_group(media=[MediaItem(key=world.upload("a.jpg"), kind="image")], account_id=groups)
    world.cloud.put_credentials(f"{world.cloud.prefix}/{used}")

    started = start(world, account_id=ours)

    job = world.store.find_job(started.job_id)
    assert job is not None
    assert job.account_id == used


def test_a_group_of_another_account_is_refused(world: World) -> None:
    world.add_group(account_id="b")

    with pytest.raises(InvalidPostError, match="belongs to another account") as raised:
        start(world, account_id="a")

    assert raised.value.problems[0].rule == "account-matches-group"


@pytest.mark.parametrize(("days", "allowed"), [(-1, True), (30, True), (30.001, False)])
def test_a_post_is_scheduled_at_most_30_days_ahead(
    world: World, days: float, allowed: bool
) -> None:
    world.add_image_group()
    publish_at = clock.to_text(clock.in_seconds(days * 86_400))

    if allowed:
        assert start(world, publish_at=publish_at).new
    else:
        with pytest.raises(InvalidPostError, match="at most 30 days ahead"):
            start(world, publish_at=publish_at)


def test_how_far_ahead_is_a_setting(world: World) -> None:
    world.configure(schedule_max_days=1)
    world.add_image_group()

    with pytest.raises(InvalidPostError, match="at most 1 days ahead"):
        start(world, publish_at=clock.to_text(clock.in_seconds(2 * 86_400)))


def test_over_quota_nothing_is_started(world: World) -> None:
    world.add_image_group()
    world.lab.config(quota_total=0)

    with pytest.raises(QuotaExceededError, match="onQuota=wait") as raised:
        start(world)

    assert raised.value.frees_at is not None
    assert round(-clock.seconds_since(clock.from_text(raised.value.frees_at))) == 3600
    assert world.group().publish_status == "ready"


def test_over_quota_it_is_told_when_the_oldest_post_makes_room(world: World) -> None:
    world.add_image_group()
    world.lab.config(quota_total=1)
    world.lab.published(world.image_on_instagram("An older post"))
    world.advance(600)

    with pytest.raises(QuotaExceededError) as raised:
        start(world)

    assert raised.value.frees_at is not None
    left = -clock.seconds_since(clock.from_text(raised.value.frees_at))
    assert abs(left - (86_400 - 600)) < 5


@pytest.mark.parametrize("patient", [{"on_quota": "wait"}, {"publish_at": "2026-01-01T00:00:00Z"}])
def test_who_waits_is_not_refused_for_the_quota(world: World, patient: dict[str, Any]) -> None:
    world.add_image_group()
    world.lab.config(quota_total=0)

    assert start(world, **patient).new


def test_a_quota_that_cannot_be_read_does_not_stop_a_start(world: World) -> None:
    world.add_image_group()
    world.answer({"call": "quota", "status": 500})

    assert start(world).new


def test_a_start_may_leave_the_quota_to_the_workflow(world: World) -> None:
    world.add_image_group()
    world.lab.config(quota_total=0)

    assert starting.start(world.app, world.request(), check_quota=False).new


# The first step


def test_a_run_from_the_console_claims_the_group_itself(world: World) -> None:
    world.add_image_group()

    answer = load(world)

    assert answer == {
        "next": "now",
        "sessionId": SESSION,
        "groupId": "g1",
        "accountId": "default",
        "jobId": "console",
        "publishAt": None,
        "permalink": None,
        "post": {
            "kind": "image",
            "items": [{"kind": "image", "bytes": len(picture()), "shape": "320x320"}],
            "captionCharacters": 5,
            "hashtags": 0,
        },
    }
    assert world.group().active_job_id == "console"
    job = world.store.find_job("console")
    assert job is not None
    assert job.execution_arn == ARN


def test_the_snapshot_holds_all_that_is_published(world: World) -> None:
    names = ("b.jpg", "a.jpg")
    world.add_image_group(names=names)
    world.store.put_description(
        SESSION, "g1", Description(caption="not this one", hashtags=["sea", "dunes"])
    )

    load(world)

    job = world.store.find_job("console")
    assert job is not None
    assert job.kind == "carousel"
    assert [item.media.name for item in job.items] == ["b.jpg", "a.jpg"]
    assert [item.index for item in job.items] == [0, 1]
    assert all(item.etag and item.size_bytes and item.options_hash for item in job.items)
    assert job.caption_text == "Hello\n\n#sea #dunes"
    assert job.caption_hash == caption.digest(job.caption_text)
    assert job.ig_user_id == DEMO_ACCOUNT.user_id
    assert (job.progress.completed, job.progress.total) == (0, 6)
    assert job.started_at is not None


@pytest.mark.parametrize(
    ("groups", "described", "used"),
    [(None, "from the description", "from the description"), ("", "x", ""), (None, None, "")],
)
def test_the_groups_caption_wins_over_the_descriptions(
    world: World, groups: str | None, described: str | None, used: str
) -> None:
    media = [MediaItem(key=world.upload("a.jpg"), kind="image")]
    world.add_group(media=media, caption=groups)
    if described is not None:
        world.store.put_description(SESSION, "g1", Description(caption=described))

    load(world)

    job = world.store.find_job("console")
    assert job is not None
    assert job.caption_text == used


def test_a_run_that_was_started_by_the_api_recognises_its_own_claim(world: World) -> None:
    world.add_image_group()
    started = start(world)

    answer = load(world, started.job_id)

    assert (answer["next"], answer["jobId"]) == ("now", started.job_id)


def test_a_repeated_first_step_keeps_the_snapshot(world: World) -> None:
    world.add_image_group()
    load(world)
    edit_group(world, caption={"S": "Edited"})

    load(world)

    job = world.store.find_job("console")
    assert job is not None
    assert job.caption_text == "Hello"


def test_a_run_for_a_group_that_another_run_has_is_handled_already(world: World) -> None:
    world.add_image_group()
    first = start(world)

    answer = load(world)

    assert (answer["next"], answer["jobId"]) == ("alreadyHandled", first.job_id)
    assert world.store.find_job("console") is None


def test_a_run_for_a_published_group_is_handled_already(world: World) -> None:
    link = "https://www.instagram.com/p/x/"
    world.add_group(publish_status="published", active_job_id="j", permalink=link)

    answer = load(world)

    assert (answer["next"], answer["jobId"], answer["permalink"]) == ("alreadyHandled", "j", link)


def test_a_run_for_an_unconfirmed_group_ends_red(world: World) -> None:
    ref = world.begun()
    open_attempt(world, ref)
    world.close(ref, "unconfirmed")

    with pytest.raises(AlreadyPublishingError, match="Settle it"):
        load(world)

    assert world.store.find_job("console") is None


def test_a_scheduled_run_takes_its_snapshot_when_its_time_has_come(world: World) -> None:
    world.add_image_group()
    publish_at = clock.to_text(clock.in_seconds(3600))

    early = load(world, publishAt=publish_at)
    waiting = world.store.find_job("console")
    edit_group(world, caption={"S": "Edited while it waited"})
    world.advance(3601)
    late = load(world, publishAt=publish_at)
    begun = world.store.find_job("console")

    assert (early["next"], early["publishAt"]) == ("scheduled", publish_at)
    assert waiting is not None
    assert (waiting.phase, waiting.kind, waiting.execution_arn) == ("scheduled", None, ARN)
    assert late["next"] == "now"
    assert begun is not None
    assert begun.caption_text == "Edited while it waited"


def test_an_input_with_an_unknown_key_is_refused_with_all_that_is_wrong(world: World) -> None:
    with pytest.raises(InvalidPostError) as raised:
        load(world, dryRun=True, onQuota="later")

    assert {(p.item, p.found) for p in raised.value.problems} == {
        ("onQuota", "'later'"),
        ("dryRun", "an unknown key"),
    }


def test_a_group_that_is_not_fit_can_be_started_again_once_it_is(world: World) -> None:
    world.add_group(media=[])
    with pytest.raises(InvalidPostError, match="no media"):
        load(world)
    world.executions.end("console")
    closing.record_failure(world.app, event_of("console"))
    key = world.upload("a.jpg")
    edit_group(world, media={"L": [{"M": {"key": {"S": key}, "kind": {"S": "image"}}}]})

    assert world.group().publish_status == "failed"
    assert start(world).new


def test_a_redrive_of_the_first_step_goes_on_with_the_group(world: World) -> None:
    world.add_group(media=[])
    with pytest.raises(InvalidPostError):
        load(world)
    world.executions.end("console")
    closing.record_failure(world.app, event_of("console"))
    key = world.upload("a.jpg")
    edit_group(world, media={"L": [{"M": {"key": {"S": key}, "kind": {"S": "image"}}}]})

    answer = load(world, redrives=1)

    assert answer["next"] == "now"
    assert world.group().publish_status == "publishing"


def test_without_a_token_a_run_ends_at_its_beginning(world: World) -> None:
    world.add_image_group()
    world.app = replace(world.app, tokens=Tokens(world.cloud.ssm, "/nothing", 300))

    with pytest.raises(TokenInvalidError, match="auth login"):
        load(world)


# The first thing that every step does


STEPS: dict[str, Callable[[App, Ref], Any]] = {
    "check_quota": containers.check_quota,
    "create_container": lambda app, ref: containers.create_container(app, ref, 0),
    "create_carousel": containers.create_carousel,
    "check_status": containers.check_status,
    "publish": lambda app, ref: publishing.publish(app, ref, lambda: 30.0),
    "reconcile_publish": publishing.reconcile,
    "record_result": finishing.record_result,
}
LOOKING = {"publish", "reconcile_publish", "record_result"}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("status", ["publishing", "failed", "unconfirmed", "ready"])
def test_a_job_that_was_superseded_never_comes_back(
    world: World, step: str, status: PublishStatus
) -> None:
    ref = world.begun()
    edit_group(world, publishStatus={"S": status}, activeJobId={"S": "newer"})

    with pytest.raises(AlreadyPublishingError, match="newer") as raised:
        STEPS[step](world.app, ref)

    assert (raised.value.job_id, raised.value.status) == ("newer", status)
    assert world.group().publish_status == status
    assert world.lab.requests() == []


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_a_group_that_another_job_published_does_nothing(world: World, step: str) -> None:
    ref = world.begun()
    edit_group(world, publishStatus={"S": "published"}, activeJobId={"S": "newer"})

    with pytest.raises(AlreadyPublishedError):
        STEPS[step](world.app, ref)

    assert world.lab.requests() == []


@pytest.mark.parametrize("step", STEPS)
def test_a_group_that_was_set_back_to_ready_is_not_published(world: World, step: str) -> None:
    ref = world.ready_to_publish()
    edit_group(world, publishStatus={"S": "ready"})

    with pytest.raises(InvalidPostError, match="set back to ready"):
        STEPS[step](world.app, ref)

    assert world.posts_sent() == []
    assert world.group().publish_status == "ready"


def test_a_group_that_was_set_back_to_ready_after_the_publish_call_is_still_looked_for(
    world: World,
) -> None:
    ref = world.ready_to_publish()
    world.publish_answers(500)
    with pytest.raises(PublishUncertainError):
        publishing.publish(world.app, ref, lambda: 30.0)
    world.lab.published(world.job(ref).containers["0"].id or "")
    edit_group(world, publishStatus={"S": "ready"})

    answer = publishing.reconcile(world.app, ref)

    assert answer["next"] == "published"
    assert world.group().publish_status == "published"


@pytest.mark.parametrize("step", sorted(STEPS.keys() - LOOKING))
def test_before_the_publish_call_a_published_group_ends_the_step(world: World, step: str) -> None:
    ref = world.begun()
    edit_group(world, publishStatus={"S": "published"})

    with pytest.raises(AlreadyPublishedError):
        STEPS[step](world.app, ref)


@pytest.mark.parametrize("step", STEPS)
def test_a_redrive_takes_its_failed_group_back(world: World, step: str) -> None:
    children, parent = world.carousel_on_instagram("Hello")
    ready = {str(index): finished(child) for index, child in enumerate(children)}
    ready["parent"] = finished(parent).model_copy(update={"children": children})
    ref = world.begun(kind="carousel", items=2, containers=ready)
    end(world, ref)
    closing.close_run(world.app, world.job(ref))
    world.executions.end(ref.job_id, "RUNNING")
    failed = world.job(ref).status

    STEPS[step](world.app, ref)

    job = world.job(ref)
    assert failed == "failed"
    assert world.group().publish_status in ("publishing", "published")
    assert job.status in ("publishing", "published")
    assert job.error is None


@pytest.mark.parametrize("step", sorted(STEPS.keys() - LOOKING))
def test_only_the_steps_around_the_publish_call_take_an_unconfirmed_group_back(
    world: World, step: str
) -> None:
    ref = world.begun()
    open_attempt(world, ref)
    world.close(ref, "unconfirmed")

    with pytest.raises(AlreadyPublishingError, match="Settle it"):
        STEPS[step](world.app, ref)

    assert world.group().publish_status == "unconfirmed"


def test_an_unconfirmed_group_is_taken_back_to_look(world: World) -> None:
    ref = world.begun()
    open_attempt(world, ref)
    end(world, ref)
    closing.close_run(world.app, world.job(ref))

    with pytest.raises(PublishUncertainError):
        publishing.publish(world.app, ref, lambda: 30.0)

    assert world.group().publish_status == "publishing"
    assert (world.job(ref).status, world.job(ref).phase) == ("publishing", "publishing")


@pytest.mark.parametrize("step", STEPS)
def test_a_group_that_was_deleted_ends_the_step(world: World, step: str) -> None:
    ref = world.begun()
    world.cloud.dynamodb.delete_item(
        TableName=world.app.settings.table,
        Key={"PK": {"S": f"SESSION#{SESSION}"}, "SK": {"S": "GROUP#g1"}},
    )

    with pytest.raises(InvalidPostError, match="was deleted"):
        STEPS[step](world.app, ref)


def test_a_job_whose_record_is_gone_ends_the_step(world: World) -> None:
    ref = world.begun()
    delete_job(world, ref)

    with pytest.raises(InvalidPostError, match="start a new run"):
        containers.check_status(world.app, ref)


class TakenMeanwhile(Store):
    """A store in which another run takes a failed group right after it was read."""

    def fence(self, session_id: str, group_id: str) -> Fence | None:
        found = super().fence(session_id, group_id)
        if found is not None and found.publish_status == "failed":
            job = self.job(session_id, found.active_job_id or "")
            assert job is not None
            self.claim(found, job.model_copy(update={"job_id": "faster"}))
        return found


def test_a_redrive_that_comes_after_a_new_start_leaves_the_group_alone(world: World) -> None:
    ref = world.begun()
    end(world, ref)
    closing.close_run(world.app, world.job(ref))
    store = TakenMeanwhile(world.cloud.dynamodb, world.app.settings.table)

    with pytest.raises(AlreadyPublishingError, match="faster has taken"):
        holding.hold(replace(world.app, store=store), ref)

    assert world.group().active_job_id == "faster"
    assert world.job(ref).status == "failed"


# Closing


OUTCOMES: list[tuple[AttemptState | None, PublishStatus]] = [
    (None, "failed"),
    ("not_published", "failed"),
    ("open", "unconfirmed"),
    ("resend_allowed", "unconfirmed"),
    ("published", "published"),
]


@pytest.mark.parametrize(("state", "outcome"), OUTCOMES)
def test_the_attempt_tells_how_a_run_ended(
    world: World, state: AttemptState | None, outcome: PublishStatus
) -> None:
    ref = world.begun()
    if state:
        open_attempt(world, ref, state)
    end(world, ref)

    closing.close_run(world.app, world.job(ref))

    assert world.group().publish_status == outcome
    assert world.job(ref).status == outcome
    assert (world.job(ref).error is None) is (outcome == "published")


@pytest.mark.parametrize("facts", [{"instagramPostId": {"S": "1"}}, {}])
def test_a_group_with_a_post_counts_as_published_whatever_its_status_says(
    world: World, facts: dict[str, Any]
) -> None:
    ref = world.begun()
    open_attempt(world, ref, "published")
    edit_group(world, publishStatus={"S": "publishing"}, **facts)
    end(world, ref)

    closing.close_run(world.app, world.job(ref))

    assert world.group().publish_status == "published"
    assert world.job(ref).instagram_post_id == world.group().instagram_post_id


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "PENDING_REDRIVE"])
@pytest.mark.parametrize("state", [None, "open"])
def test_a_run_that_is_not_over_is_not_closed(
    world: World, status: ExecutionStatus, state: AttemptState | None
) -> None:
    ref = world.begun()
    if state:
        open_attempt(world, ref, state)
    end(world, ref, status)
    before = (world.group(), world.job(ref))

    closing.close_run(world.app, world.job(ref))

    assert (world.group(), world.job(ref)) == before


def test_a_run_that_was_never_started_is_not_closed(world: World) -> None:
    ref = world.begun()
    world.executions.known.clear()

    closing.close_run(world.app, world.job(ref))

    assert world.group().publish_status == "publishing"


def test_closing_is_repeated_without_harm(world: World) -> None:
    ref = world.begun()
    end(world, ref, cause='{"errorMessage": "Too wide. {\\"code\\": 36003}"}', error="X")

    first = closing.record_failure(world.app, event_of(ref.job_id))
    closed = (world.group(), world.job(ref))
    second = closing.record_failure(world.app, event_of(ref.job_id))

    again = (world.group(), world.job(ref))
    assert first == second == {"jobId": ref.job_id, "known": True}
    assert again[0] == closed[0]
    assert again[1].error == closed[1].error
    assert again[1].status == closed[1].status == "failed"


def test_a_late_event_of_a_run_that_was_redriven_changes_nothing(world: World) -> None:
    ref = world.begun()
    end(world, ref, "RUNNING")

    closing.record_failure(world.app, event_of(ref.job_id, "FAILED"))

    assert world.group().publish_status == "publishing"
    assert world.job(ref).status == "publishing"


def test_the_end_of_a_superseded_run_is_no_end_of_the_group(world: World) -> None:
    ref = world.begun()
    edit_group(world, activeJobId={"S": "newer"})
    end(world, ref, "ABORTED")

    closing.record_failure(world.app, event_of(ref.job_id))
    first = world.job(ref)
    closing.record_failure(world.app, event_of(ref.job_id))

    assert (world.group().active_job_id, world.group().publish_status) == ("newer", "publishing")
    assert first.status == "failed"
    assert first.error is not None
    assert world.job(ref) == first


def test_the_run_of_a_group_that_was_deleted_is_closed(world: World) -> None:
    ref = world.begun()
    world.cloud.dynamodb.delete_item(
        TableName=world.app.settings.table,
        Key={"PK": {"S": f"SESSION#{SESSION}"}, "SK": {"S": "GROUP#g1"}},
    )
    end(world, ref)

    closing.close_run(world.app, world.job(ref))

    assert world.job(ref).status == "failed"


def test_the_run_of_a_group_that_was_set_back_to_ready_is_closed(world: World) -> None:
    ref = world.begun()
    edit_group(world, publishStatus={"S": "ready"})
    end(world, ref)

    closing.close_run(world.app, world.job(ref))

    assert world.group().publish_status == "ready"
    assert world.job(ref).status == "failed"


def test_an_event_for_a_job_that_nobody_knows_is_no_error(world: World) -> None:
    assert closing.record_failure(world.app, event_of("nobody")) == {
        "jobId": "nobody",
        "known": False,
    }


# Closing the run of a job whose record was deleted


class DeletedMeanwhile(Store):
    """A store in which the record of a job is deleted right after it was found by its id."""

    world: World

    def find_job(self, job_id: str) -> Job | None:
        found = super().find_job(job_id)
        if found is not None:
            ref = Ref(session_id=SESSION, group_id=found.group_id, job_id=job_id)
            delete_job(self.world, ref)
        return found


def deleting(world: World) -> App:
    store = DeletedMeanwhile(world.cloud.dynamodb, world.app.settings.table)
    store.world = world
    return replace(world.app, store=store)


LET_GO: list[tuple[AttemptState | None, tuple[PublishStatus, bool]]] = [
    (None, ("failed", False)),
    ("not_published", ("failed", False)),
    ("open", ("unconfirmed", True)),
    ("resend_allowed", ("unconfirmed", True)),
    ("published", ("published", True)),
]
"""What becomes of the group, and whether it still names its job."""


@pytest.mark.parametrize(("state", "outcome"), LET_GO)
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_the_group_of_a_job_without_a_record_is_brought_to_its_end(
    world: World,
    when: str,
    state: AttemptState | None,
    outcome: tuple[PublishStatus, bool],
) -> None:
    ref = world.begun()
    if state:
        open_attempt(world, ref, state)
        edit_group(world, publishStatus={"S": "publishing"})
    end(world, ref)
    if when == "before":
        delete_job(world, ref)
    app = deleting(world) if when == "meanwhile" else world.app

    first = closing.record_failure(app, event_of(ref.job_id))
    closed = world.group()
    again = closing.record_failure(app, event_of(ref.job_id))

    assert first == {"jobId": ref.job_id, "known": when == "meanwhile"}
    assert again == {"jobId": ref.job_id, "known": False}
    assert (closed.publish_status, closed.active_job_id == ref.job_id) == outcome
    assert world.group() == closed
    assert world.store.job(SESSION, ref.job_id) is None


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "PENDING_REDRIVE"])
def test_the_group_of_a_job_without_a_record_is_not_let_go_while_its_run_may_go_on(
    world: World, status: ExecutionStatus
) -> None:
    ref = world.begun()
    end(world, ref, status)
    delete_job(world, ref)
    before = world.group()

    closing.record_failure(world.app, event_of(ref.job_id))

    assert world.group() == before


def test_a_job_without_a_record_whose_group_has_gone_on_ends_quietly(world: World) -> None:
    ref = world.begun()
    edit_group(world, activeJobId={"S": "newer"})
    end(world, ref)
    before = world.group()

    answer = closing.record_failure(deleting(world), event_of(ref.job_id))

    assert answer == {"jobId": ref.job_id, "known": True}
    assert world.group() == before
    assert world.store.job(SESSION, ref.job_id) is None


def test_an_attempt_that_is_opened_while_a_group_is_let_go_leaves_it_unconfirmed(
    world: World,
) -> None:
    ref = world.begun()
    end(world, ref)
    delete_job(world, ref)
    racing = AttemptMeanwhile(world.cloud.dynamodb, world.app.settings.table)

    closing.record_failure(replace(world.app, store=racing), event_of(ref.job_id))

    assert world.group().publish_status == "unconfirmed"


def test_the_group_that_was_let_go_can_be_started_and_its_old_run_never_comes_back(
    world: World,
) -> None:
    ref = world.begun()
    end(world, ref)
    delete_job(world, ref)
    closing.record_failure(world.app, event_of(ref.job_id))

    with pytest.raises(AlreadyPublishingError, match="has let go"):
        holding.hold(world.app, ref.model_copy(update={"redrive_count": 1}))
    world.claim(ref.model_copy(update={"job_id": "next"}))

    assert world.group().active_job_id == "next"


TOKEN = DEMO_ACCOUNT.token
CAUSE = json.dumps(
    {
        "errorMessage": 'Too wide. {"code": 36003, "item": "2: a {b}.jpg"}',
        "errorType": "MediaRejectedError",
    }
)


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (
            {"status": "FAILED", "error": "MediaRejectedError", "cause": CAUSE},
            {
                "type": "MediaRejectedError",
                "message": "Too wide.",
                "code": 36003,
                "item": "2: a {b}.jpg",
            },
        ),
        (
            {"status": "FAILED", "error": "Sandbox.Timedout", "cause": "Task timed out"},
            {"type": "Sandbox.Timedout", "message": "Task timed out"},
        ),
        (
            {"status": "FAILED", "error": "X", "cause": '{"other": 1}'},
            {"type": "X", "message": '{"other": 1}'},
        ),
        ({"status": "FAILED", "error": "X", "cause": "[1]"}, {"type": "X", "message": "[1]"}),
        ({"status": "FAILED"}, {"type": "Unknown", "message": "No cause was recorded."}),
        (
            {"status": "FAILED", "error": "X", "cause": f"No access with {TOKEN}"},
            {"type": "X", "message": "No access with [token]"},
        ),
        (
            {"status": "ABORTED", "error": "mine", "cause": "why"},
            {"type": "Aborted", "message": "The run was stopped by hand. Start it again."},
        ),
        (
            {"status": "TIMED_OUT"},
            {"type": "TimedOut", "message": "The run took longer than it may. Redrive it."},
        ),
    ],
)
def test_the_job_tells_what_the_state_machine_recorded(
    world: World, ended: dict[str, Any], expected: dict[str, Any]
) -> None:
    ref = world.begun()
    world.executions.end(ref.job_id, **ended)

    closing.close_run(world.app, world.job(ref))

    assert world.job(ref).error == expected


# How a job stands


def test_the_status_of_a_job_is_told(world: World) -> None:
    ref = world.begun(kind="carousel", items=3)

    found = standing.status(world.app, ref.job_id)

    assert found is not None
    assert (found.status, found.phase) == ("publishing", "creating_containers")
    assert (found.progress.completed, found.progress.total) == (0, 8)
    assert [item.state for item in found.items] == ["waiting"] * 3
    assert (found.instagram_post_id, found.permalink, found.error) == (None, None, None)
    assert standing.status(world.app, "nobody") is None


def test_a_job_that_has_gone_quiet_is_closed_when_its_run_is_over(world: World) -> None:
    ref = world.begun()
    end(world, ref, "ABORTED")

    early = standing.status(world.app, ref.job_id)
    world.advance(standing.QUIET_SECONDS + 1)
    late = standing.status(world.app, ref.job_id)

    assert early is not None
    assert early.status == "publishing"
    assert late is not None
    assert (late.status, late.phase) == ("failed", "failed")
    assert world.group().publish_status == "failed"


def test_a_job_that_has_gone_quiet_goes_on_when_its_run_does(world: World) -> None:
    ref = world.begun()
    world.advance(10 * standing.QUIET_SECONDS)

    found = standing.status(world.app, ref.job_id)

    assert found is not None
    assert found.status == "publishing"


def test_a_job_that_has_gone_quiet_because_it_was_never_started_is_started(world: World) -> None:
    world.add_image_group()
    request = world.request(on_quota="wait")
    world.claim(Ref(session_id=SESSION, group_id="g1", job_id="died-in-between"), request)

    early = standing.status(world.app, "died-in-between")
    started_early = list(world.executions.started)
    world.advance(standing.QUIET_SECONDS + 1)
    late = standing.status(world.app, "died-in-between")

    assert early == late
    assert started_early == []
    assert world.executions.started == [("died-in-between", request)]


def test_a_job_that_lost_its_group_before_it_was_started_is_not_started(world: World) -> None:
    world.add_image_group()
    world.claim(Ref(session_id=SESSION, group_id="g1", job_id="died-in-between"))
    edit_group(world, activeJobId={"S": "newer"})
    world.advance(standing.QUIET_SECONDS + 1)

    standing.status(world.app, "died-in-between")

    assert world.executions.started == []


def test_a_job_that_is_finished_is_not_asked_about(world: World) -> None:
    ref = world.begun()
    end(world, ref)
    closing.close_run(world.app, world.job(ref))
    closed = world.job(ref)
    world.advance(10 * standing.QUIET_SECONDS)

    standing.status(world.app, ref.job_id)

    assert world.job(ref) == closed


def test_ids_of_jobs_sort_by_time_and_differ(world: World) -> None:
    ids = []
    for _ in range(3):
        ids += [starting.new_job_id(), starting.new_job_id()]
        world.advance(1)

    assert len(set(ids)) == 6
    assert [i[:15] for i in ids] == sorted(i[:15] for i in ids)
    assert all(len(i) <= 80 for i in ids)
