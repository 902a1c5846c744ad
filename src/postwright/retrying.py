"""Try a job again that ended without a post: its run goes on, or a new one starts.

A redrive keeps everything that the run has done, so that it is what happens wherever it is possible
and leads to the post that is wanted now. Else a new run starts, which takes over the containers
that still fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from postwright import breaker, caption, closing, holding, posts, starting
from postwright.app import App
from postwright.errors import AlreadyPublishingError, NotPossibleError
from postwright.executions import Execution, NotRedrivableError
from postwright.models import Fence, Job, Ref

_ROUNDS: Final = 4


@dataclass(frozen=True)
class Retried:
    """The job that goes on, how and why so; `new` tells whether this call has begun it."""

    job_id: str
    how: Literal["redrive", "new"]
    why: str
    new: bool = True


def retry(app: App, job_id: str) -> Retried:
    """Redrive the run of a job, or start a new one where that is impossible or of no use.

    Raises what `starting.start` raises, and NotPossibleError for a job that has not failed. Of a
    group that another job has taken over since, that job is retried. A repeat is safe: of two calls
    at once both name the same run.
    """
    for _ in range(_ROUNDS):
        done = _try(app, job_id)
        if done is not None:
            return done
    raise AlreadyPublishingError(
        "Others keep changing this job; ask for its status.", job_id=job_id
    )


def redrive(app: App, job_id: str) -> Retried:
    """Let the run of a job go on, whatever its group holds now.

    Raises NotPossibleError where Step Functions, or the state of the group, does not allow that. A
    run that ended before it had a job is redriven too. A repeat is safe.
    """
    execution = app.executions.describe(job_id)
    if execution is None or not execution.redrivable:
        why = execution.why_not_redrivable if execution else "it never began"
        status = execution.status.lower() if execution else "unknown"
        raise NotPossibleError(f"Job {job_id} cannot be redriven: {why}.", status=status)
    job = app.store.find_job(job_id)
    if job is not None:
        closing.close_run(app, job)
        done = _redrive(app, job, holding.fence_of(app, job), execution)
    elif _goes_on(app, job_id, execution):
        done = Retried(job_id, "redrive", "It was asked for.")
    else:
        done = None
    if done is None:
        status = execution.status.lower() if job is None else job.status
        raise NotPossibleError(f"Job {job_id} has moved on meanwhile.", status=status)
    return done


def anew(app: App, job_id: str, given: Any) -> Retried:
    """Start a run with the input of an earlier one, under an id of its own.

    Raises what `starting.start` raises. A repeat is safe: the claim on the group decides.
    """
    job = app.store.find_job(job_id)
    if job is not None:
        closing.close_run(app, job)
    started = starting.start(app, posts.parse_request(given))
    return Retried(started.job_id, "new", "It was asked for.", new=started.new)


def is_kept(job: Job, index: int) -> bool:
    """Whether a run that goes on uses the container that this item has."""
    container = job.item_containers[index]
    return container is not None and container.exists


def _try(app: App, job_id: str, *, followed: bool = False) -> Retried | None:
    """None when something has changed meanwhile and must be read anew; `followed` says that another
    job was asked for, which this one has followed.
    """
    job = closing.known_job(app, job_id)
    execution = app.executions.describe(job_id)
    if execution is not None and execution.over:
        closing.close_run(app, job)
    group = holding.fence_of(app, job)
    if group.active_job_id is not None and group.active_job_id != job_id:
        return _try(app, group.active_job_id, followed=True)
    stale = group.publish_status in ("failed", "unconfirmed")
    if group.publish_status == "publishing" or (stale and execution and execution.running):
        return _running(app, job, execution, followed=followed)
    why_new = _why_new(app, job, group, execution)
    if why_new is not None or execution is None:
        started = starting.start(app, job.request)
        why = why_new or "Its run was never started."
        return Retried(started.job_id, "new", why, new=started.new)
    return _redrive(app, job, group, execution)


def _running(app: App, job: Job, execution: Execution | None, *, followed: bool) -> Retried | None:
    if execution is None:
        app.executions.start(job.job_id, job.request)
        return Retried(job.job_id, "new", "Its run was never started.")
    if execution.over:
        return None
    # Another call may have closed it that had asked how it stands before it was redriven.
    holding.hold(app, _ref(job, execution.redrive_count), looking=True)
    if followed:
        why = f"Job {job.job_id} has the group and runs already."
        return Retried(job.job_id, "new", why, new=False)
    if execution.redrive_count == 0:
        raise NotPossibleError(
            f"Job {job.job_id} is running; there is nothing to retry.", status=job.status
        )
    return Retried(job.job_id, "redrive", "It was redriven already and runs.", new=False)


def _why_new(app: App, job: Job, group: Fence, execution: Execution | None) -> str | None:
    """Why a redrive is impossible or would publish something else; None where it is right."""
    if job.cancelled_by is not None:
        return "The run was cancelled and has let go of the group."
    if group.publish_status == "ready":
        return "The group was set back to ready."
    if execution is None:
        return None
    if not execution.redrivable:
        return f"Step Functions cannot redrive the run any more: {execution.why_not_redrivable}."
    if group.publish_status != "failed" or job.started_at is None:
        return None
    changed = _changes(app, job)
    if changed:
        return f"The group is not what the run began with: {', '.join(changed)}."
    return None


def _changes(app: App, job: Job) -> list[str]:
    """What is different from the job's snapshot; raises InvalidPostError for an unfit group."""
    group = posts.find_group(app, job.request)
    post = posts.prepare(app, group, job.account_id)
    user_id = app.tokens.credentials(job.account_id).user_id
    changed = []
    if [item.media.key for item in post.items] != [item.media.key for item in job.items]:
        changed.append("other items, or another order")
    else:
        changed += [
            f"{posts.item_name(now.index, now.media)} has changed"
            for now, then in zip(post.items, job.items, strict=True)
            if now != then
        ]
    if caption.digest(post.caption) != job.caption_hash:
        changed.append("another caption")
    if user_id != job.ig_user_id:
        changed.append("another Instagram account")
    return changed


def _redrive(app: App, job: Job, group: Fence, execution: Execution) -> Retried | None:
    """The group is taken back first, so that its status is right before the first step runs.

    Should this end in between, the job is closed again as one whose run is over.
    """
    if group.publish_status == "failed":
        breaker.check(app.store, job.account_id)
    holding.hold(app, _ref(job, execution.redrive_count + 1), looking=True)
    if not _goes_on(app, job.job_id, execution):
        return None
    return Retried(job.job_id, "redrive", _why_redrive(job, group))


def _goes_on(app: App, job_id: str, execution: Execution) -> bool:
    """Redrive an execution, once however many ask at a time; False when it cannot be any more."""
    try:
        app.executions.redrive(job_id, token=f"retry-{execution.redrive_count}")
    except NotRedrivableError:
        return False
    return True


def _ref(job: Job, redrive_count: int) -> Ref:
    return closing.ref_of(job).model_copy(update={"redrive_count": redrive_count})


def _why_redrive(job: Job, group: Fence) -> str:
    if group.publish_status == "unconfirmed":
        return "It looks for the post once more; nothing is sent before that is clear."
    if job.started_at is None:
        return "Nothing was made yet, so the run begins again."
    kept = sum(is_kept(job, item.index) for item in job.items)
    return (
        "The group is what the run began with, so it goes on where it stopped:"
        f" {kept} of {len(job.items)} containers are kept."
    )
