"""Who has a group: every step makes sure first that it is still its own."""

from __future__ import annotations

from typing import Final

from postwright.app import App
from postwright.errors import AlreadyPublishedError, AlreadyPublishingError, InvalidPostError
from postwright.models import Fence, Job, Ref
from postwright.store import ConditionFailedError

ROUNDS: Final = 4
"""So often a group is read anew that somebody else has changed meanwhile."""


def hold(app: App, ref: Ref, *, looking: bool = False) -> Fence:
    """Transition 2, the first thing that every step does: the group is still ours.

    A failed group is taken back for the same job, as a redrive needs it. With `looking`, which only
    the steps around the publish call use, an unconfirmed group is taken back too, and one that is
    published is no error. Raises AlreadyPublishingError or AlreadyPublishedError when the group has
    gone on without this job.
    """
    for _ in range(ROUNDS):
        group = _still_ours(app, ref, looking=looking)
        if group.publish_status not in ("failed", "unconfirmed"):
            return group
        try:
            app.store.take_back(ref, group.publish_status)
        except ConditionFailedError:
            continue  # somebody changed it, perhaps this very call, whose first answer was lost
        group.publish_status = "publishing"
        return group
    raise AlreadyPublishingError(
        "Other runs keep changing this group; ask for its status.", job_id=ref.job_id
    )


def fence_of(app: App, job: Job | Ref) -> Fence:
    """Who has the group of a job; raises InvalidPostError when there is none any more."""
    group = app.store.fence(job.session_id, job.group_id)
    if group is None:
        raise InvalidPostError("The post group was deleted while it was published.", unknown=True)
    return group


def _still_ours(app: App, ref: Ref, *, looking: bool) -> Fence:
    """The group, if this job may go on with it; see `hold`."""
    group = fence_of(app, ref)
    if group.publish_status == "published" and not (looking and group.active_job_id == ref.job_id):
        raise published(group)
    if group.publish_status == "split":
        raise split(group)
    if group.active_job_id != ref.job_id:
        raise AlreadyPublishingError(
            f"Job {group.active_job_id} has taken this group over."
            if group.active_job_id
            else "This run was cancelled and has let go of the group. Start a new one.",
            job_id=group.active_job_id or "none",
            status=group.publish_status,
        )
    if group.publish_status == "ready" and not (looking and _may_be_live(group)):
        raise InvalidPostError(
            "The post group was set back to ready while it was published; start it again."
        )
    if group.publish_status == "unconfirmed" and not looking:
        raise unconfirmed(group)
    return group


def job_of(app: App, ref: Ref) -> Job:
    """The job of a step; raises InvalidPostError when its record is gone."""
    job = app.store.job(ref.session_id, ref.job_id)
    if job is None:
        raise InvalidPostError(f"The record of job {ref.job_id} is gone; start a new run.")
    return job


def published(group: Fence) -> AlreadyPublishedError:
    where = f": {group.permalink}" if group.permalink else ""
    return AlreadyPublishedError(
        f"This group is published already{where}",
        job_id=group.active_job_id,
        instagram_post_id=group.instagram_post_id,
        permalink=group.permalink,
    )


def unconfirmed(group: Fence) -> AlreadyPublishingError:
    return AlreadyPublishingError(
        "It is not certain whether the last publish of this group is live."
        " Settle it before anything new is sent.",
        job_id=group.active_job_id or "unknown",
        status="unconfirmed",
    )


def split(group: Fence) -> InvalidPostError:
    return InvalidPostError(
        f"This group is published as several posts. Go on with them: postwright publish --session"
        f" {group.session_id} --group {group.group_id} --split"
    )


def _may_be_live(group: Fence) -> bool:
    return group.attempt is not None and group.attempt.state == "open"
