"""The table: each step of the publish protocol is one conditional write."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from boto3.dynamodb.types import TypeSerializer
from pydantic import ValidationError

from postwright import clock
from postwright.models import (
    Attempt,
    AttemptState,
    Container,
    Description,
    Fence,
    Group,
    Job,
    Looks,
    MediaItem,
    Progress,
    PublishStatus,
    Ref,
    Session,
    UserTag,
    now_text,
)
from postwright.store import FINISHED_JOB_LIFE, ConditionFailedError, Store
from sandbox.instagram import DEMO_ACCOUNT
from tests.unit.core_world import SESSION, World, attempt

pytest_plugins = ("tests.unit.core_fixtures",)

HASH = "c0ffee"
STATES: tuple[AttemptState | None, ...] = (
    None,
    "open",
    "not_published",
    "resend_allowed",
    "published",
)
STATUSES: tuple[PublishStatus, ...] = (
    "ready",
    "publishing",
    "published",
    "failed",
    "unconfirmed",
)


def ref_of(job_id: str = "me", group_id: str = "g1") -> Ref:
    return Ref(session_id=SESSION, group_id=group_id, job_id=job_id)


def new_job(world: World, job_id: str, group_id: str = "g1") -> Job:
    now = now_text()
    return Job(
        job_id=job_id,
        session_id=SESSION,
        group_id=group_id,
        account_id="default",
        request=world.request(group_id),
        created_at=now,
        updated_at=now,
    )


def put_group(
    world: World,
    status: PublishStatus = "publishing",
    state: AttemptState | None = None,
    *,
    group_id: str = "g1",
    owner: str | None = "me",
    seq: int = 1,
    n: int = 1,
    **more: Any,
) -> Fence:
    """A group as an earlier step left it."""
    owned = attempt(ref_of(owner or "me", group_id), seq=seq, n=n, state=state) if state else None
    if owner is not None:
        put_job(world, new_job(world, owner, group_id))
    return world.add_group(
        group_id, publish_status=status, active_job_id=owner, attempt=owned, **more
    )


def lock(world: World, job_id: str = "me", group_id: str = "g1") -> None:
    assert world.store.lock_caption(ref_of(job_id, group_id), attempt(ref_of()).caption_hash)


def raw(world: World, pk: str, sk: str) -> dict[str, Any]:
    """An item as it lies in the table."""
    answer = world.cloud.dynamodb.get_item(
        TableName=world.app.settings.table, Key={"PK": {"S": pk}, "SK": {"S": sk}}
    )
    return cast(dict[str, Any], answer.get("Item", {}))


def close(world: World, read: Fence, status: PublishStatus) -> None:
    """Transition 8 for the job "me"."""
    changes = {"status": status, "phase": status}
    world.store.close_group(read, ref_of(), status, changes)


def put_job(world: World, job: Job) -> None:
    """The record of a job, past its claim."""
    key = {"PK": f"SESSION#{SESSION}", "SK": f"PUBLISH#{job.job_id}"}
    world.cloud.dynamodb.put_item(
        TableName=world.app.settings.table,
        Item={
            name: TypeSerializer().serialize(value)
            for name, value in {**key, **job.to_json()}.items()
        },
    )


def allowed(step: Callable[[], Any]) -> bool:
    try:
        step()
    except ConditionFailedError:
        return False
    return True


def open_jobs(world: World) -> list[str]:
    """Ids of the jobs in the index of open jobs."""
    answer = world.cloud.dynamodb.query(
        TableName=world.app.settings.table,
        IndexName="open-jobs",
        KeyConditionExpression="openJob = :open",
        ExpressionAttributeValues={":open": {"S": "open"}},
    )
    return sorted(item["jobId"]["S"] for item in answer["Items"])


# The four conditions without which a post can be sent twice or a record can be untrue


def test_only_the_job_that_has_the_group_may_open_an_attempt(world: World) -> None:
    put_group(world, owner="another")
    lock(world)

    with pytest.raises(ConditionFailedError):
        world.store.open_attempt(ref_of("me"), attempt(ref_of("me")), None)

    assert world.group().attempt is None


def test_a_late_refusal_of_an_earlier_attempt_does_not_open_the_door(world: World) -> None:
    put_group(world, "publishing", "open", seq=2)

    with pytest.raises(ConditionFailedError):
        world.store.refuse(ref_of(), seq=1)

    now = world.group().attempt
    assert now is not None
    assert (now.seq, now.state) == (2, "open")


def test_a_group_whose_attempt_has_changed_since_it_was_read_is_not_closed(world: World) -> None:
    as_read = put_group(world, "publishing", "not_published", seq=1)
    now = attempt(ref_of(), seq=2)
    lock(world)
    world.store.open_attempt(ref_of(), now, as_read.attempt)

    with pytest.raises(ConditionFailedError):
        close(world, as_read, "failed")

    assert world.group().publish_status == "publishing"


@pytest.mark.parametrize(
    ("read", "now"),
    [(None, "open"), ("open", "published"), ("open", "resend_allowed"), ("open", "not_published")],
)
def test_a_group_is_closed_only_with_the_attempt_as_it_was_read(
    world: World, read: AttemptState | None, now: AttemptState
) -> None:
    put_group(world, "publishing", now)
    as_read = attempt(ref_of(), state=read) if read else None
    group = Fence(session_id=SESSION, group_id="g1", attempt=as_read)

    assert not allowed(lambda: close(world, group, "failed"))
    assert world.group().publish_status == "publishing"


# Transition 1


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("state", STATES)
def test_a_group_is_claimed_when_it_is_free_and_nothing_unproven_is_left(
    world: World, status: PublishStatus, state: AttemptState | None
) -> None:
    group = put_group(world, status, state, owner="former")

    claimed = allowed(lambda: world.store.claim(group, new_job(world, "me")))

    free = status in ("ready", "failed") and state in (None, "not_published")
    assert claimed is free
    now = world.group()
    if free:
        assert (now.publish_status, now.active_job_id) == ("publishing", "me")
        assert now.attempt == group.attempt
    else:
        assert now == group


def test_a_group_that_a_pipeline_wrote_without_a_status_can_be_claimed(world: World) -> None:
    world.cloud.dynamodb.put_item(
        TableName=world.app.settings.table,
        Item={
            "PK": {"S": f"SESSION#{SESSION}"},
            "SK": {"S": "GROUP#g1"},
            "name": {"S": "Dunes"},
            "media": {"L": [{"M": {"key": {"S": "a.jpg"}, "kind": {"S": "image"}}}]},
            "colour": {"S": "teal"},
        },
    )
    group = world.group()

    world.store.claim(group, new_job(world, "me"))

    assert group.media == [MediaItem(key="a.jpg", kind="image")]
    assert world.group().active_job_id == "me"
    assert raw(world, f"SESSION#{SESSION}", "GROUP#g1")["colour"] == {"S": "teal"}


def test_a_group_that_does_not_exist_cannot_be_claimed(world: World) -> None:
    ghost = Group(session_id=SESSION, group_id="g1")

    assert not allowed(lambda: world.store.claim(ghost, new_job(world, "me")))
    assert world.store.group(SESSION, "g1") is None
    assert world.store.find_job("me") is None


def test_a_job_that_exists_cannot_claim_another_group(world: World) -> None:
    one, other = world.add_group("g1"), world.add_group("g2")
    world.store.claim(one, new_job(world, "me"))

    assert not allowed(lambda: world.store.claim(other, new_job(world, "me", "g2")))
    assert world.group("g2").publish_status == "ready"


def test_the_job_can_be_found_as_soon_as_it_has_the_group(world: World) -> None:
    job = new_job(world, "me")

    world.store.claim(world.add_group(), job)

    assert world.store.find_job("me") == job
    assert world.store.job(SESSION, "me") == job
    assert open_jobs(world) == ["me"]


def test_a_claim_that_fails_leaves_nothing_behind(world: World) -> None:
    group = put_group(world, "publishing", owner="another")

    assert not allowed(lambda: world.store.claim(group, new_job(world, "me")))

    assert world.store.find_job("me") is None
    assert world.store.job(SESSION, "me") is None
    assert open_jobs(world) == []


def test_of_eight_claims_at_once_exactly_one_wins(world: World) -> None:
    group = world.add_group()
    all_here = threading.Barrier(8)

    def claim(number: int) -> str | None:
        all_here.wait(10)
        job = new_job(world, f"job-{number}")
        return job.job_id if allowed(lambda: world.store.claim(group, job)) else None

    with ThreadPoolExecutor(8) as pool:
        winners = [job_id for job_id in pool.map(claim, range(8)) if job_id]

    assert winners == [world.group().active_job_id]
    assert open_jobs(world) == winners


# Transition 2


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("owner", ["me", "another"])
def test_a_failed_group_is_taken_back_by_its_own_job_and_only_when_nothing_is_unproven(
    world: World, status: PublishStatus, state: AttemptState | None, owner: str
) -> None:
    put_group(world, status, state, owner=owner)

    held = allowed(lambda: world.store.take_back(ref_of(), "failed"))

    assert held is (status == "failed" and owner == "me" and state in (None, "not_published"))
    assert world.group().publish_status == ("publishing" if held else status)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("owner", ["me", "another"])
def test_an_unconfirmed_group_is_taken_back_only_to_look(
    world: World, status: PublishStatus, state: AttemptState | None, owner: str
) -> None:
    put_group(world, status, state, owner=owner)

    held = allowed(lambda: world.store.take_back(ref_of(), "unconfirmed"))

    unproven = state in ("open", "resend_allowed")
    assert held is (status == "unconfirmed" and owner == "me" and unproven)
    assert world.group().publish_status == ("publishing" if held else status)


# Transitions 3 and 7


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("owner", ["me", "another", None])
def test_an_attempt_is_opened_only_by_the_job_that_publishes_the_group(
    world: World, status: PublishStatus, owner: str | None
) -> None:
    put_group(world, status, owner=owner)
    lock(world)
    mine = attempt(ref_of())

    opened = allowed(lambda: world.store.open_attempt(ref_of(), mine, None))

    assert opened is (status == "publishing" and owner == "me")
    assert world.group().attempt == (mine if opened else None)


@pytest.mark.parametrize("read", [None, "not_published", "resend_allowed"])
@pytest.mark.parametrize("now", STATES)
def test_an_attempt_is_opened_only_after_the_one_that_was_read(
    world: World, read: AttemptState | None, now: AttemptState | None
) -> None:
    put_group(world, "publishing", now, seq=4)
    lock(world)
    previous = attempt(ref_of(), seq=4, state=read) if read else None

    opened = allowed(
        lambda: world.store.open_attempt(ref_of(), attempt(ref_of(), seq=5, n=2), previous)
    )

    assert opened is (read == now)


@pytest.mark.parametrize("state", ["not_published", "resend_allowed"])
def test_an_attempt_is_not_opened_after_another_one_that_looks_the_same(
    world: World, state: AttemptState
) -> None:
    put_group(world, "publishing", state, seq=5)
    lock(world)
    read = attempt(ref_of(), seq=4, state=state)

    assert not allowed(lambda: world.store.open_attempt(ref_of(), attempt(ref_of(), seq=5), read))


def test_there_is_no_third_sending(world: World) -> None:
    put_group(world, "publishing", "resend_allowed", seq=2, n=2)
    lock(world)
    previous = world.group().attempt

    third = attempt(ref_of(), seq=3, n=3)

    assert not allowed(lambda: world.store.open_attempt(ref_of(), third, previous))


def test_two_deliveries_of_one_step_open_one_attempt(world: World) -> None:
    put_group(world)
    lock(world)

    opened = [
        allowed(lambda: world.store.open_attempt(ref_of(), attempt(ref_of()), None))
        for _ in range(2)
    ]

    assert opened == [True, False]


def test_no_attempt_without_the_caption(world: World) -> None:
    put_group(world)

    assert not allowed(lambda: world.store.open_attempt(ref_of(), attempt(ref_of()), None))
    assert world.group().attempt is None


def test_no_attempt_once_the_caption_was_stolen(world: World) -> None:
    put_group(world)
    lock(world)
    put_group(world, group_id="g2", owner="other")
    lock(world, "other", "g2")

    assert not allowed(lambda: world.store.open_attempt(ref_of(), attempt(ref_of()), None))
    assert world.group().attempt is None


# Transition 4


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("seq", [1, 2, 3])
def test_only_the_open_attempt_that_was_refused_counts_as_not_published(
    world: World, state: AttemptState | None, seq: int
) -> None:
    put_group(world, "publishing", state, seq=2)

    refused = allowed(lambda: world.store.refuse(ref_of(), seq))

    assert refused is (state == "open" and seq == 2)
    now = world.group().attempt
    assert (now and now.state) == ("not_published" if refused else state)


def test_a_resend_that_was_refused_may_only_be_sent_again(world: World) -> None:
    put_group(world, "publishing", "open", seq=2, n=2)

    wrong_one = allowed(lambda: world.store.refuse(ref_of(), 2, n=1))
    world.store.refuse(ref_of(), 2, n=2)

    now = world.group().attempt
    assert not wrong_one
    assert now is not None
    assert (now.seq, now.n, now.state) == (2, 1, "resend_allowed")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("seq", [1, 2, 3])
def test_a_late_refusal_counts_for_the_attempt_of_an_unconfirmed_group(
    world: World, status: PublishStatus, state: AttemptState | None, seq: int
) -> None:
    put_group(world, status, state, seq=2)

    refused = allowed(lambda: world.store.refuse_late(ref_of(), seq, "failed"))

    assert refused is (status == "unconfirmed" and state == "open" and seq == 2)
    now = world.group()
    assert now.publish_status == ("failed" if refused else status)
    assert (now.attempt and now.attempt.state) == ("not_published" if refused else state)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("seq", [1, 2])
def test_an_answer_is_kept_with_the_attempt_that_it_is_about(
    world: World, state: AttemptState | None, seq: int
) -> None:
    put_group(world, "publishing", state, seq=2)

    noted = allowed(lambda: world.store.note_answer(ref_of(), seq, "4/2207051"))

    assert noted is (state in ("open", "resend_allowed") and seq == 2)
    now = world.group().attempt
    assert (now and now.answer) == ("4/2207051" if noted else None)


# Transition 5


@pytest.mark.parametrize("media_id", ["111", None])
@pytest.mark.parametrize("status", STATUSES)
def test_a_post_that_is_live_is_recorded_from_any_state_with_an_attempt(
    world: World, media_id: str | None, status: PublishStatus
) -> None:
    put_group(world, status, "open")

    world.store.succeed(ref_of(), media_id)

    now = world.group()
    assert now.publish_status == "published"
    assert now.instagram_post_id == media_id
    assert now.attempt is not None
    assert now.attempt.state == "published"


@pytest.mark.parametrize(("media_id", "taken"), [("111", True), ("222", False), (None, False)])
def test_an_id_that_is_stored_is_never_replaced(
    world: World, media_id: str | None, taken: bool
) -> None:
    put_group(world, "published", "published", instagram_post_id="111")

    assert allowed(lambda: world.store.succeed(ref_of(), media_id)) is taken
    assert world.group().instagram_post_id == "111"


def test_without_an_attempt_nothing_can_be_live(world: World) -> None:
    put_group(world)

    assert not allowed(lambda: world.store.succeed(ref_of(), "111"))
    assert world.group().publish_status == "publishing"


def test_a_post_belongs_to_the_group_that_claims_it_first(world: World) -> None:
    mine, others = ref_of(group_id="g1"), ref_of("other", "g2")

    claims = [
        world.store.claim_media(mine, "1784", "111"),
        world.store.claim_media(mine, "1784", "111"),
        world.store.claim_media(others, "1784", "111"),
        world.store.claim_media(others, "1784", "222"),
    ]

    assert claims == [True, True, False, True]
    assert world.store.media_owner("default", "111") == (SESSION, "g1")
    assert world.store.media_owner("default", "333") is None
    assert world.store.media_owner("another", "111") is None


# Transition 6


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("state", STATES)
def test_a_resend_is_allowed_only_for_an_open_attempt_of_a_group_that_publishes(
    world: World, status: PublishStatus, state: AttemptState | None
) -> None:
    put_group(world, status, state)

    permitted = allowed(lambda: world.store.allow_resend(ref_of(), 1))

    assert permitted is (status == "publishing" and state == "open")


@pytest.mark.parametrize(
    ("job_id", "seq", "n"), [("another", 1, 1), ("me", 2, 1), ("me", 1, 2)], ids=str
)
def test_a_resend_is_allowed_to_the_same_job_for_the_same_first_attempt(
    world: World, job_id: str, seq: int, n: int
) -> None:
    put_group(world, "publishing", "open", owner="me", seq=1, n=n)

    assert not allowed(lambda: world.store.allow_resend(ref_of(job_id), seq))


# Transition 8


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("owner", ["me", "another"])
def test_a_run_that_is_over_closes_only_its_own_group(
    world: World, status: PublishStatus, owner: str
) -> None:
    group = put_group(world, status, "open", owner=owner)

    closed = allowed(lambda: close(world, group, "unconfirmed"))

    assert closed is (owner == "me")
    assert world.group().publish_status == ("unconfirmed" if closed else status)


@pytest.mark.parametrize("read", STATUSES)
@pytest.mark.parametrize("now", STATUSES)
def test_a_group_is_closed_only_with_the_status_as_it_was_read(
    world: World, read: PublishStatus, now: PublishStatus
) -> None:
    group = put_group(world, now)

    as_read = group.model_copy(update={"publish_status": read})

    assert allowed(lambda: close(world, as_read, "failed")) is (read == now)


def test_a_run_that_was_cancelled_lets_go_of_its_group_and_is_remembered(world: World) -> None:
    group = put_group(world)

    changes = {"status": "cancelled", "phase": "cancelled"}
    world.store.close_group(group, ref_of(), "failed", changes, release=True)

    now = world.group()
    assert (now.publish_status, now.active_job_id, now.last_job_id) == ("failed", None, "me")


@pytest.mark.parametrize("status", STATUSES)
def test_a_link_is_kept_only_for_a_post_that_is_live(world: World, status: PublishStatus) -> None:
    put_group(world, status, "published")

    kept = allowed(lambda: world.store.set_permalink(ref_of(), "https://www.instagram.com/p/x/"))

    assert kept is (status == "published")


# The caption


def test_one_group_at_a_time_sends_a_caption(world: World) -> None:
    put_group(world, "publishing", "open", group_id="g1")
    put_group(world, group_id="g2")
    one, other = ref_of(group_id="g1"), ref_of(group_id="g2")

    assert world.store.lock_caption(one, HASH)
    assert world.store.lock_caption(one, HASH)
    assert not world.store.lock_caption(other, HASH)
    assert world.store.lock_caption(other, "another caption")


def test_another_account_may_send_the_same_caption(world: World) -> None:
    put_group(world, "publishing", "open", group_id="g1")
    elsewhere = ref_of(group_id="g2").model_copy(update={"account_id": "second"})

    assert world.store.lock_caption(ref_of(group_id="g1"), HASH)
    assert world.store.lock_caption(elsewhere, HASH)


@pytest.mark.parametrize("state", STATES)
def test_a_caption_is_stolen_only_from_a_group_without_an_unproven_attempt(
    world: World, state: AttemptState | None
) -> None:
    put_group(world, "failed", state, group_id="g1")
    assert world.store.lock_caption(ref_of(group_id="g1"), HASH)
    thief = ref_of("other", "g2")

    stolen = world.store.lock_caption(thief, HASH)

    assert stolen is (state not in ("open", "resend_allowed"))
    lock_now = raw(world, "ACCOUNT#default", f"SENDING#{HASH}")
    assert lock_now["groupId"]["S"] == ("g2" if stolen else "g1")


def test_a_caption_is_stolen_from_a_group_that_was_deleted(world: World) -> None:
    assert world.store.lock_caption(ref_of(group_id="gone"), HASH)

    assert world.store.lock_caption(ref_of(group_id="g1"), HASH)


class Racing(Store):
    """A store that somebody overtakes once it has seen who holds the caption."""

    meanwhile: Callable[[], Any]

    def _get(self, key: Mapping[str, str]) -> dict[str, Any] | None:
        found = super()._get(key)
        if key["SK"].startswith("SENDING#"):
            self.meanwhile()
        return found


def test_a_caption_is_not_stolen_from_a_group_that_opens_its_attempt_meanwhile(
    world: World,
) -> None:
    sending = attempt(ref_of())
    put_group(world, group_id="g1")
    assert world.store.lock_caption(ref_of(group_id="g1"), sending.caption_hash)
    thief = Racing(world.cloud.dynamodb, world.app.settings.table)
    thief.meanwhile = lambda: world.store.open_attempt(ref_of(group_id="g1"), sending, None)

    stolen = thief.lock_caption(ref_of(group_id="g2"), sending.caption_hash)

    assert not stolen
    assert world.group("g1").attempt == sending


@pytest.mark.parametrize("holder", [None, "g2"])
def test_a_caption_that_somebody_else_took_meanwhile_is_busy(
    world: World, holder: str | None
) -> None:
    if holder:
        assert world.store.lock_caption(ref_of(group_id=holder), HASH)
    slow = Racing(world.cloud.dynamodb, world.app.settings.table)
    slow.meanwhile = lambda: world.store.lock_caption(ref_of(group_id="g3"), HASH)

    assert not slow.lock_caption(ref_of(group_id="g1"), HASH)


def test_a_caption_is_given_back_only_by_the_group_that_has_it(world: World) -> None:
    put_group(world, "publishing", "open", group_id="g1")
    assert world.store.lock_caption(ref_of(group_id="g1"), HASH)

    world.store.free_caption(ref_of(group_id="g2"), HASH)
    world.store.free_caption(ref_of(group_id="g1"), "another caption")
    before = world.store.lock_caption(ref_of(group_id="g2"), HASH)
    world.store.free_caption(ref_of(group_id="g1"), HASH)
    after = world.store.lock_caption(ref_of(group_id="g2"), HASH)

    assert (before, after) == (False, True)


# The job record


def begun(world: World, job_id: str = "me") -> Ref:
    world.store.claim(world.add_group(), new_job(world, job_id))
    return ref_of(job_id)


def test_only_what_changes_is_written(world: World) -> None:
    ref = begun(world)
    world.advance(10)

    world.store.update_job(ref, phase="publishing", progress=Progress(completed=2, total=3))

    job = world.store.job(SESSION, "me")
    assert job is not None
    assert (job.phase, job.progress.completed, job.status) == ("publishing", 2, "publishing")
    assert job.updated_at > job.created_at
    assert job.request == world.request()


def test_models_lists_and_numbers_come_back_as_they_were(world: World) -> None:
    ref = begun(world)
    looks = Looks(seq=1, redrive=0, count=3, clear=1)
    error = {"type": "MediaRejectedError", "share": 0.25, "codes": [1, 2.5], "deep": {"x": None}}

    world.store.update_job(ref, looks=looks, error=error, containers={})
    world.store.put_container(ref, "0", Container(state="created", id="17900000000000001"))
    world.store.put_container(ref, "parent", Container(state="retry", children=["1", "2"]))

    job = world.store.job(SESSION, "me")
    assert job is not None
    assert job.looks == looks
    assert job.error == error
    assert job.containers["0"].id == "17900000000000001"
    assert job.containers["parent"].children == ["1", "2"]


def test_an_attribute_that_is_set_to_nothing_is_removed(world: World) -> None:
    ref = begun(world)
    world.store.update_job(ref, warning="Two items are missing.")

    world.store.update_job(ref, warning=None)

    assert "warning" not in raw(world, f"SESSION#{SESSION}", "PUBLISH#me")


@pytest.mark.parametrize(
    "end",
    [
        {"status": "published", "permalink": "https://www.instagram.com/p/A/"},
        {"status": "failed"},
        {"status": "cancelled"},
    ],
)
def test_a_finished_job_leaves_the_index_of_open_jobs_and_gets_a_time_to_live(
    world: World, end: dict[str, str]
) -> None:
    ref = begun(world)
    before = raw(world, f"SESSION#{SESSION}", "PUBLISH#me")

    world.store.update_job(ref, **end, error={"type": "X", "message": "Y"})

    after = raw(world, f"SESSION#{SESSION}", "PUBLISH#me")
    assert "expiresAt" not in before
    assert "openJob" not in after
    assert open_jobs(world) == []
    expires = int(after["expiresAt"]["N"])
    due = (clock.now() + FINISHED_JOB_LIFE).timestamp()
    assert abs(expires - due) < 60
    job = world.store.job(SESSION, "me")
    assert job is not None
    assert job.finished_at is not None


@pytest.mark.parametrize("status", ["unconfirmed", "published"])
def test_a_job_with_something_to_find_out_stays_in_the_index_and_lives_on(
    world: World, status: str
) -> None:
    ref = begun(world)

    world.store.update_job(ref, status=status)

    item = raw(world, f"SESSION#{SESSION}", "PUBLISH#me")
    assert open_jobs(world) == ["me"]
    assert [job.job_id for job in world.store.open_jobs()] == ["me"]
    assert "expiresAt" not in item
    assert "finishedAt" in item


def test_a_job_can_leave_the_index_as_it_is(world: World) -> None:
    ref = begun(world)
    world.store.update_job(ref, status="unconfirmed")

    world.store.leave_open_jobs(ref)
    world.store.leave_open_jobs(ref)

    assert list(world.store.open_jobs()) == []
    job = world.store.job(SESSION, "me")
    assert job is not None
    assert job.status == "unconfirmed"


def test_a_job_begins_once(world: World) -> None:
    ref = world.begun()
    before = world.job(ref)

    begun = allowed(lambda: world.store.begin_job(ref, caption_text="Other words"))

    assert not begun
    assert world.job(ref).caption_text == before.caption_text


def test_a_job_that_runs_again_comes_back_to_the_index_and_lives_on(world: World) -> None:
    ref = begun(world)
    world.store.update_job(ref, status="failed", error={"type": "X", "message": "Y"})

    world.store.update_job(ref, status="publishing", phase="publishing")

    item = raw(world, f"SESSION#{SESSION}", "PUBLISH#me")
    assert open_jobs(world) == ["me"]
    assert not {"expiresAt", "finishedAt", "error"} & item.keys()


def test_other_changes_leave_the_index_alone(world: World) -> None:
    ref = begun(world)
    world.store.update_job(ref, phase="publishing")
    open_before = open_jobs(world)
    world.store.update_job(ref, status="failed")

    world.store.update_job(ref, permalink="https://www.instagram.com/p/x/")

    assert open_before == ["me"]
    assert open_jobs(world) == []


def test_a_job_that_does_not_exist_is_not_made_by_an_update(world: World) -> None:
    world.store.leave_open_jobs(ref_of("ghost"))
    with pytest.raises(ConditionFailedError):
        world.store.update_job(ref_of("ghost"), phase="publishing")
    with pytest.raises(ConditionFailedError):
        world.store.put_container(ref_of("ghost"), "0", Container(state="created"))

    assert world.store.job(SESSION, "ghost") is None


def test_an_unknown_job_is_not_found(world: World) -> None:
    assert world.store.find_job("nobody") is None


# What pipelines write


def test_a_session_is_written_once_more_in_the_list(world: World) -> None:
    session = Session(
        session_id=SESSION, name="Summer", step="publish", created_at="2026-08-01T09:00:00Z"
    )

    world.store.put_session(session)

    assert world.store.session(SESSION) == session
    assert raw(world, "SESSIONS", f"2026-08-01T09:00:00.000Z#{SESSION}")["name"] == {"S": "Summer"}
    assert world.store.session("another") is None


def test_a_group_is_not_written_over(world: World) -> None:
    world.add_group(name="first")

    with pytest.raises(ConditionFailedError):
        world.add_group(name="second")

    assert world.group().name == "first"


def test_a_group_comes_back_as_it_was_written(world: World) -> None:
    item = MediaItem(
        key="s1/enhanced/a.jpg",
        kind="image",
        alt_text="Dünen 😀",
        user_tags=[UserTag(username="anna", x=0.123456789, y=1)],
        share_to_feed=False,
        thumb_offset=0,
    )

    group = world.add_group(media=[item], caption="", account_id="second")

    assert world.group() == group


def test_a_description_is_read_with_its_group(world: World) -> None:
    description = Description(caption="Hello", hashtags=["sea", "dunes"], location_tag="Beach")

    world.store.put_description(SESSION, "g1", description)

    assert world.store.description(SESSION, "g1") == description
    assert world.store.description(SESSION, "g2") is None


def test_who_has_a_group_is_known_even_when_its_content_was_damaged(world: World) -> None:
    put_group(world, "publishing", "open")
    world.cloud.dynamodb.update_item(
        TableName=world.app.settings.table,
        Key={"PK": {"S": f"SESSION#{SESSION}"}, "SK": {"S": "GROUP#g1"}},
        UpdateExpression="SET media = :media",
        ExpressionAttributeValues={":media": {"S": "oops"}},
    )

    fence = world.store.fence(SESSION, "g1")

    assert fence is not None
    assert (fence.active_job_id, fence.publish_status) == ("me", "publishing")
    with pytest.raises(ValidationError):
        world.store.group(SESSION, "g1")
    assert world.store.fence(SESSION, "g2") is None


def test_no_token_lies_in_the_table(world: World) -> None:
    begun(world)

    items = world.cloud.dynamodb.scan(TableName=world.app.settings.table)["Items"]

    assert items
    assert DEMO_ACCOUNT.token not in json.dumps(items)


def test_a_store_finds_its_way_by_the_environment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add_group(name="Dunes")
    monkeypatch.setenv("AWS_ENDPOINT_URL", world.cloud.origin)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    found = Store.connect(world.app.settings.table).group(SESSION, "g1")

    assert found is not None
    assert found.name == "Dunes"


def test_attempts_carry_all_that_a_later_look_needs(world: World) -> None:
    put_group(world)
    lock(world)
    mine = attempt(ref_of())

    world.store.open_attempt(ref_of(), mine, None)

    assert world.group().attempt == mine
    assert set(Attempt.model_fields) == {
        "seq",
        "job_id",
        "n",
        "container_id",
        "ig_user_id",
        "caption_hash",
        "sent_at",
        "state",
        "answer",
        "settled_by",
        "settled_at",
    }
