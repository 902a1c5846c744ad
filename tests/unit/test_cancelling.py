"""A run that is cancelled lets go of its group for good, or says that it may be too late."""

from __future__ import annotations

import pytest

from postwright import closing, holding, publishing, runs, settling
from postwright.errors import (
    AlreadyPublishingError,
    InvalidPostError,
    NotPossibleError,
    PublishUncertainError,
)
from postwright.models import Job, Ref
from tests.unit.core_world import SESSION, World

pytest_plugins = ("tests.unit.core_fixtures",)


def cancel(world: World, ref: Ref) -> Job:
    return closing.cancel(world.app, ref.job_id, "anna")


def sent_without_answer(world: World) -> Ref:
    ref = world.ready_to_publish()
    world.publish_answers(500)
    with pytest.raises(PublishUncertainError):
        publishing.publish(world.app, ref, lambda: 30.0)
    return ref


def test_a_run_is_stopped_and_its_group_is_free(world: World) -> None:
    ref = world.begun()

    job = cancel(world, ref)

    assert world.executions.stopped == [(ref.job_id, "Cancelled by anna.")]
    assert (job.status, job.phase, job.cancelled_by) == ("cancelled", "cancelled", "anna")
    assert job.error == {"type": "Cancelled", "message": "The run was cancelled by anna."}
    assert (world.group().publish_status, world.group().active_job_id) == ("failed", None)
    assert list(world.store.open_jobs()) == []
    world.claim(ref.model_copy(update={"job_id": "next"}))


def test_a_cancelled_run_never_comes_back(world: World) -> None:
    ref = world.ready_to_publish()
    cancel(world, ref)

    for redrives in (0, 1):
        with pytest.raises(AlreadyPublishingError, match="was cancelled"):
            holding.hold(world.app, ref.model_copy(update={"redrive_count": redrives}))
    with pytest.raises(AlreadyPublishingError, match="was cancelled"):
        publishing.publish(world.app, ref, lambda: 30.0)

    assert world.posts_sent() == []


def test_an_execution_that_begins_after_its_cancel_does_nothing(world: World) -> None:
    world.add_image_group()
    job_id = "job-g1"
    ref = Ref(session_id=SESSION, group_id="g1", job_id=job_id)
    world.claim(ref)  # the starter dies before StartExecution, or is slow

    cancel(world, ref)
    raw = {"sessionId": SESSION, "groupId": "g1"}
    answer = runs.load(world.app, raw, job_id, world.executions.arn(job_id), 0)

    assert (answer["next"], answer["jobId"]) == ("alreadyHandled", job_id)
    assert world.job(ref).status == "cancelled"
    assert world.group().active_job_id is None


def test_a_repeat_changes_nothing(world: World) -> None:
    ref = world.begun()
    first = cancel(world, ref)

    assert cancel(world, ref) == first


def test_a_run_that_may_have_published_is_unconfirmed_and_not_cancelled(world: World) -> None:
    ref = sent_without_answer(world)

    job = cancel(world, ref)

    assert (job.status, world.group().publish_status) == ("unconfirmed", "unconfirmed")
    assert world.group().active_job_id == ref.job_id
    with pytest.raises(NotPossibleError, match="Settle it instead"):
        cancel(world, ref)


def test_an_unclear_publish_of_a_cancelled_run_is_never_sent_again(world: World) -> None:
    ref = sent_without_answer(world)
    cancel(world, ref)
    again = ref.model_copy(update={"redrive_count": 1})

    said = []
    for _ in range(6):
        world.advance(30)
        said.append(publishing.reconcile(world.app, again)["next"])

    assert set(said) == {"look"}
    assert len(world.posts_sent()) == 1


def test_a_resend_that_was_allowed_before_the_cancel_is_never_sent(world: World) -> None:
    ref = sent_without_answer(world)
    while publishing.reconcile(world.app, ref)["next"] == "look":
        world.advance(30)
    allowed = world.group().attempt
    cancel(world, ref)
    again = ref.model_copy(update={"redrive_count": 1})

    with pytest.raises(PublishUncertainError, match="was cancelled"):
        publishing.publish(world.app, again, lambda: 30.0)
    answer = publishing.reconcile(world.app, again)

    assert allowed is not None
    assert allowed.state == "resend_allowed"
    assert answer["next"] == "look"
    assert len(world.posts_sent()) == 1


def test_a_cancelled_run_whose_container_expired_is_cancelled(world: World) -> None:
    ref = sent_without_answer(world)
    cancel(world, ref)
    world.advance(25 * 3600)

    settling.sweep(world.app, lambda: 30.0)

    assert world.job(ref).status == "cancelled"
    assert (world.group().publish_status, world.group().active_job_id) == ("failed", None)


def test_while_step_functions_is_slow_the_event_of_the_end_cancels(world: World) -> None:
    ref = world.begun()
    world.executions.is_slow = True
    job = cancel(world, ref)
    assert job.status == "publishing"

    world.executions.end(ref.job_id, "ABORTED")
    closing.record_failure(world.app, {"detail": {"name": ref.job_id}})

    assert world.job(ref).status == "cancelled"
    assert world.group().active_job_id is None


def test_a_run_that_failed_at_that_moment_is_let_go_too(world: World) -> None:
    ref = world.begun()
    world.executions.end(ref.job_id, "FAILED")
    as_read = world.job(ref)
    closing.close_run(world.app, as_read)
    world.store.update_job(ref, cancelled_by="anna")

    closing.close_run(world.app, world.job(ref))

    assert world.job(ref).status == "cancelled"
    assert world.group().active_job_id is None


@pytest.mark.parametrize("status", ["published", "failed"])
def test_what_is_over_cannot_be_cancelled(world: World, status: str) -> None:
    ref = world.begun()
    world.store.update_job(ref, status=status, phase=status)

    with pytest.raises(NotPossibleError, match=f"it is {status} already") as raised:
        cancel(world, ref)

    assert raised.value.status == status
    assert world.executions.stopped == []


def test_an_id_that_only_begins_like_a_jobs_is_unknown(world: World) -> None:
    ref = world.begun(job_id="j" * 80)

    with pytest.raises(InvalidPostError, match="no publish job"):
        closing.cancel(world.app, f"{ref.job_id}x", "anna")

    assert world.job(ref).status == "publishing"
    assert cancel(world, ref).status == "cancelled"


def test_an_unknown_job_cannot_be_cancelled(world: World) -> None:
    with pytest.raises(InvalidPostError, match="no publish job nobody"):
        closing.cancel(world.app, "nobody", "anna")
