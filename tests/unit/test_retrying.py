"""A job that ended without a post is tried again: where it stopped, or as a new run."""

from __future__ import annotations

import re

import pytest

from postwright import clock, closing, finishing, publishing, retrying, runs, starting
from postwright.errors import (
    AccountBlockedError,
    AlreadyPublishedError,
    AlreadyPublishingError,
    InvalidPostError,
    NotPossibleError,
    PublishUncertainError,
)
from postwright.models import Block, Job, Ref, now_text
from tests.media import picture
from tests.unit.core_world import SESSION, World, finished

pytest_plugins = ("tests.unit.core_fixtures",)

TOO_OLD = "Execution redrivable period exceeded"


def begun(world: World, *names: str) -> Ref:
    """A run that has taken its snapshot of a group of these files."""
    world.add_image_group(names=names or ("a.jpg",))
    started = starting.start(world.app, world.request())
    raw = {"sessionId": SESSION, "groupId": "g1"}
    runs.load(world.app, raw, started.job_id, world.executions.arn(started.job_id), 0)
    return Ref(session_id=SESSION, group_id="g1", job_id=started.job_id)


def failed(world: World, *names: str) -> Ref:
    """The same, and its execution has failed; nobody has been told yet."""
    ref = begun(world, *names)
    world.executions.end(ref.job_id, error="TransientGraphError", cause="{}")
    return ref


def retry(world: World, ref: Ref) -> retrying.Retried:
    return retrying.retry(world.app, ref.job_id)


def write_caption(world: World, text: str) -> None:
    world.cloud.dynamodb.update_item(
        TableName=world.app.settings.table,
        Key={"PK": {"S": f"SESSION#{SESSION}"}, "SK": {"S": "GROUP#g1"}},
        UpdateExpression="SET caption = :text",
        ExpressionAttributeValues={":text": {"S": text}},
    )


def job(world: World, job_id: str) -> Job:
    found = world.store.find_job(job_id)
    assert found is not None
    return found


def test_a_failed_run_goes_on_where_it_stopped(world: World) -> None:
    ref = failed(world, "a.jpg", "b.jpg")
    world.store.put_container(ref, "0", finished("17900000000000001"))

    done = retry(world, ref)

    assert done == retrying.Retried(
        ref.job_id,
        "redrive",
        "The group is what the run began with, so it goes on where it stopped:"
        " 1 of 2 containers are kept.",
    )
    assert world.executions.known[ref.job_id].status == "RUNNING"
    assert world.executions.known[ref.job_id].redrive_count == 1
    assert [started for started, _ in world.executions.started] == [ref.job_id]


def test_the_job_is_publishing_again_before_its_first_step_runs(world: World) -> None:
    ref = failed(world)

    retry(world, ref)

    assert (world.group().publish_status, world.group().active_job_id) == ("publishing", ref.job_id)
    assert (world.job(ref).status, world.job(ref).error) == ("publishing", None)


def test_two_clicks_are_one_redrive(world: World) -> None:
    ref = failed(world)

    first, second = retry(world, ref), retry(world, ref)

    assert (first.job_id, first.how, first.new) == (ref.job_id, "redrive", True)
    assert (second.job_id, second.how, second.new) == (ref.job_id, "redrive", False)
    assert world.executions.known[ref.job_id].redrive_count == 1


def test_two_clicks_at_the_same_instant_are_one_redrive(world: World) -> None:
    """The second one has read how things stood before the first one did anything."""
    ref = failed(world)
    stale = world.executions.known[ref.job_id]
    retry(world, ref)
    reads = iter([stale])
    describe = world.executions.describe
    world.executions.describe = lambda job_id: next(reads, None) or describe(job_id)  # type: ignore[method-assign]

    second = retry(world, ref)

    assert (second.job_id, second.how) == (ref.job_id, "redrive")
    assert world.executions.known[ref.job_id].redrive_count == 1
    assert world.executions.known[ref.job_id].status == "RUNNING"


def test_two_clicks_are_one_new_run(world: World) -> None:
    ref = failed(world)
    write_caption(world, "Better words")

    first, second = retry(world, ref), retry(world, ref)

    assert (first.how, first.new) == ("new", True)
    assert (second.job_id, second.how, second.new) == (first.job_id, "new", False)
    assert f"Job {first.job_id} has the group" in second.why
    assert len(world.executions.started) == 2


def test_a_run_that_fails_again_is_tried_again(world: World) -> None:
    ref = failed(world)
    retry(world, ref)
    world.executions.end(ref.job_id)

    done = retry(world, ref)

    assert (done.how, done.new) == ("redrive", True)
    assert world.executions.known[ref.job_id].redrive_count == 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda world: write_caption(world, "Better words"), "another caption"),
        (lambda world: world.upload("b.jpg", picture((330, 330))), "2: b.jpg has changed"),
    ],
)
def test_a_group_that_has_changed_is_published_as_it_is_now(
    world: World, change: object, why: str
) -> None:
    ref = failed(world, "a.jpg", "b.jpg")
    change(world)  # type: ignore[operator]

    done = retry(world, ref)

    assert done.how == "new"
    assert done.job_id != ref.job_id
    assert done.why == f"The group is not what the run began with: {why}."
    assert world.group().active_job_id == done.job_id
    assert job(world, done.job_id).previous_job_id == ref.job_id


def test_other_items_make_a_new_run(world: World) -> None:
    ref = failed(world, "a.jpg", "b.jpg")
    media = [{"M": {"key": {"S": world.upload("c.jpg")}, "kind": {"S": "image"}}}]
    world.cloud.dynamodb.update_item(
        TableName=world.app.settings.table,
        Key={"PK": {"S": f"SESSION#{SESSION}"}, "SK": {"S": "GROUP#g1"}},
        UpdateExpression="SET media = :media",
        ExpressionAttributeValues={":media": {"L": media}},
    )

    done = retry(world, ref)

    assert done.how == "new"
    assert "other items, or another order" in done.why


def test_another_instagram_account_makes_a_new_run(world: World) -> None:
    ref = failed(world)
    world.store.update_job(ref, ig_user_id="17841400000000999")

    done = retry(world, ref)

    assert done.how == "new"
    assert "another Instagram account" in done.why


def test_a_run_that_cannot_be_redriven_is_started_anew(world: World) -> None:
    ref = begun(world)
    world.executions.end(ref.job_id, too_old=TOO_OLD)

    done = retry(world, ref)

    assert done.how == "new"
    assert TOO_OLD in done.why


def test_a_run_that_becomes_too_old_meanwhile_is_started_anew(world: World) -> None:
    """The group was taken back for a redrive that is then refused."""
    ref = failed(world)
    fresh = world.executions.known[ref.job_id]
    world.executions.end(ref.job_id, too_old=TOO_OLD)
    reads = iter([fresh])
    describe = world.executions.describe
    world.executions.describe = lambda job_id: next(reads, None) or describe(job_id)  # type: ignore[method-assign]

    done = retry(world, ref)

    assert done.how == "new"
    assert world.group().active_job_id == done.job_id


def test_a_run_that_had_made_nothing_begins_again(world: World) -> None:
    world.add_image_group()
    started = starting.start(world.app, world.request())
    world.executions.end(started.job_id)
    write_caption(world, "Better words")

    done = retrying.retry(world.app, started.job_id)

    assert (done.how, done.job_id) == ("redrive", started.job_id)
    assert "begins again" in done.why


def test_a_run_that_was_never_started_is_started(world: World) -> None:
    world.add_image_group()
    ref = Ref(session_id=SESSION, group_id="g1", job_id="job-g1")
    world.claim(ref)

    done = retry(world, ref)

    assert (done.how, done.job_id) == ("new", ref.job_id)
    assert world.executions.known[ref.job_id].status == "RUNNING"


def test_a_cancelled_run_stays_so_and_another_one_begins(world: World) -> None:
    ref = begun(world)
    closing.cancel(world.app, ref.job_id, "anna")

    done = retry(world, ref)

    assert done.how == "new"
    assert "cancelled" in done.why
    assert world.job(ref).status == "cancelled"
    assert world.executions.known[ref.job_id].redrive_count == 0


def test_a_job_that_another_one_followed_means_that_one(world: World) -> None:
    ref = failed(world)
    write_caption(world, "Better words")
    second = retry(world, ref)
    raw = {"sessionId": SESSION, "groupId": "g1"}
    runs.load(world.app, raw, second.job_id, world.executions.arn(second.job_id), 0)
    world.executions.end(second.job_id)

    done = retry(world, ref)

    assert (done.job_id, done.how) == (second.job_id, "redrive")
    assert world.executions.known[second.job_id].redrive_count == 1


def test_a_group_that_was_set_back_to_ready_starts_anew(world: World) -> None:
    ref = failed(world)
    closing.close_run(world.app, world.job(ref))
    world.cloud.dynamodb.update_item(
        TableName=world.app.settings.table,
        Key={"PK": {"S": f"SESSION#{SESSION}"}, "SK": {"S": "GROUP#g1"}},
        UpdateExpression="SET publishStatus = :ready",
        ExpressionAttributeValues={":ready": {"S": "ready"}},
    )

    assert retry(world, ref).how == "new"


def test_an_unclear_publish_is_looked_at_again_and_nothing_is_sent(world: World) -> None:
    ref = world.ready_to_publish()
    world.publish_answers(500)
    with pytest.raises(PublishUncertainError):
        publishing.publish(world.app, ref, lambda: 30.0)
    world.executions.end(ref.job_id)
    sent = len(world.posts_sent())

    done = retry(world, ref)
    again = ref.model_copy(update={"redrive_count": 1})
    with pytest.raises(PublishUncertainError, match="not been settled"):
        publishing.publish(world.app, again, lambda: 30.0)

    assert done.how == "redrive"
    assert "looks for the post" in done.why
    assert world.job(ref).status == "publishing"
    assert len(world.posts_sent()) == sent


def test_an_unclear_publish_that_is_too_old_must_be_settled(world: World) -> None:
    ref = world.ready_to_publish()
    world.publish_answers(500)
    with pytest.raises(PublishUncertainError):
        publishing.publish(world.app, ref, lambda: 30.0)
    world.executions.end(ref.job_id, too_old=TOO_OLD)

    with pytest.raises(AlreadyPublishingError) as caught:
        retry(world, ref)

    assert caught.value.status == "unconfirmed"
    assert world.group().publish_status == "unconfirmed"


def test_what_is_published_is_not_tried_again(world: World) -> None:
    ref = world.ready_to_publish()
    publishing.publish(world.app, ref, lambda: 30.0)
    finishing.record_result(world.app, ref)

    with pytest.raises(AlreadyPublishedError):
        retry(world, ref)


def test_what_runs_is_not_tried_again(world: World) -> None:
    ref = begun(world)

    with pytest.raises(NotPossibleError, match="is running"):
        retry(world, ref)


def test_a_job_that_nobody_knows_cannot_be_tried_again(world: World) -> None:
    with pytest.raises(InvalidPostError, match="There is no publish job nothing"):
        retrying.retry(world.app, "nothing")


def test_a_group_that_was_deleted_cannot_be_tried_again(world: World) -> None:
    ref = failed(world)
    world.cloud.dynamodb.delete_item(
        TableName=world.app.settings.table,
        Key={"PK": {"S": f"SESSION#{SESSION}"}, "SK": {"S": "GROUP#g1"}},
    )

    with pytest.raises(InvalidPostError, match="was deleted"):
        retry(world, ref)


def test_a_group_that_is_not_fit_any_more_says_what_is_wrong(world: World) -> None:
    ref = failed(world)
    world.cloud.s3.delete_object(Bucket=world.app.settings.bucket, Key=f"{SESSION}/enhanced/a.jpg")

    with pytest.raises(InvalidPostError, match=re.escape("1: a.jpg")):
        retry(world, ref)

    assert world.group().publish_status == "failed"


def test_a_redrive_that_was_asked_for_goes_on_whatever_the_group_holds(world: World) -> None:
    ref = failed(world)
    write_caption(world, "Better words")

    done = retrying.redrive(world.app, ref.job_id)

    assert (done.job_id, done.how, done.new) == (ref.job_id, "redrive", True)
    assert world.executions.known[ref.job_id].redrive_count == 1
    assert world.group().publish_status == "publishing"
    assert job(world, ref.job_id).status == "publishing"


def test_a_run_that_ended_before_it_had_a_job_is_redriven(world: World) -> None:
    world.executions.start("job-0", world.request())
    world.executions.end("job-0", error="InvalidPostError", cause="{}")

    done = retrying.redrive(world.app, "job-0")

    assert done == retrying.Retried("job-0", "redrive", "It was asked for.")
    assert world.executions.known["job-0"].status == "RUNNING"
    assert world.store.find_job("job-0") is None


def test_what_cannot_be_redriven_is_refused_with_the_reason(world: World) -> None:
    ref = failed(world)
    world.executions.end(ref.job_id, too_old=TOO_OLD)

    with pytest.raises(NotPossibleError, match=TOO_OLD) as caught:
        retrying.redrive(world.app, ref.job_id)
    with pytest.raises(NotPossibleError, match="it never began") as unknown:
        retrying.redrive(world.app, "nobody")

    assert (caught.value.status, unknown.value.status) == ("failed", "unknown")
    assert world.executions.redriven == {}


def test_a_job_whose_group_another_one_has_is_not_redriven(world: World) -> None:
    ref = failed(world)
    other = retrying.anew(world.app, ref.job_id, {"sessionId": SESSION, "groupId": "g1"})

    with pytest.raises(AlreadyPublishingError) as caught:
        retrying.redrive(world.app, ref.job_id)

    assert caught.value.job_id == other.job_id
    assert world.executions.redriven == {}


def test_a_new_run_that_was_asked_for_has_the_input_of_the_old_one(world: World) -> None:
    ref = failed(world)

    done = retrying.anew(world.app, ref.job_id, {"sessionId": SESSION, "groupId": "g1"})
    again = retrying.anew(world.app, ref.job_id, {"sessionId": SESSION, "groupId": "g1"})

    assert (done.how, done.new, done.job_id != ref.job_id) == ("new", True, True)
    assert (again.job_id, again.new) == (done.job_id, False)
    assert world.executions.started[-1] == (done.job_id, world.request())
    assert job(world, ref.job_id).status == "failed"


def test_a_new_run_needs_an_input_that_is_one(world: World) -> None:
    ref = failed(world)

    for wrong in (None, [1], {"sessionId": SESSION}):
        with pytest.raises(InvalidPostError):
            retrying.anew(world.app, ref.job_id, wrong)

    assert len(world.executions.started) == 1


def test_nothing_is_tried_again_during_an_action_block(world: World) -> None:
    ref = failed(world)
    until = clock.to_text(clock.in_seconds(3600))
    world.store.block_account("default", Block(since=now_text(), until=until, reason="spam"))

    with pytest.raises(AccountBlockedError):
        retry(world, ref)

    assert world.group().publish_status == "failed"
    assert world.executions.known[ref.job_id].status == "FAILED"
