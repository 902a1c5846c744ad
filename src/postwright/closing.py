"""How a run ends that did not end by itself: it failed, timed out, was stopped, or never began.

What becomes of the group is told by its attempt alone; the event of the end only says that it is
worth a look.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Final

from postwright import costing, errors
from postwright.app import App
from postwright.errors import InvalidPostError, NotPossibleError
from postwright.executions import Execution
from postwright.models import Fence, Job, PublishStatus, Ref
from postwright.store import ConditionFailedError

_ROUNDS: Final = 3


def close_run(app: App, job: Job) -> None:
    """Transition 8: record the end of a run that ended without our code.

    Nothing happens while the execution runs, after it succeeded, or when the group has gone on to
    another job. A run that was cancelled before it began counts as ended. A repeat is safe.
    """
    execution = app.executions.describe(job.job_id)
    never_began = execution is None and job.cancelled_by is not None
    if not never_began and (execution is None or not execution.over):
        return
    for _ in range(_ROUNDS):
        if _close(app, job, execution):
            return
        if app.store.job(job.session_id, job.job_id) is None:
            _let_go(app, ref_of(job))
            return


def close_lost(app: App, ref: Ref) -> None:
    """Transition 8 for a run whose job has no record any more: there is only its group to bring to
    an end. Nothing happens unless the run is over. A repeat is safe.
    """
    execution = app.executions.describe(ref.job_id)
    if execution is not None and execution.over:
        _let_go(app, ref)


def record_failure(app: App, event: dict[str, Any]) -> dict[str, Any]:
    """Close the job of an execution that ended without success, and write what it cost; the event
    only names it.
    """
    job_id = str(event["detail"]["name"])
    job = app.store.find_job(job_id)
    if job is not None:
        close_run(app, job)
        costing.keep(app, ref_of(job), job)
    elif (lost := app.store.find_lost(job_id)) is not None:
        close_lost(app, lost)
    return {"jobId": job_id, "known": job is not None}


def cancel(app: App, job_id: str, by: str) -> Job:
    """Stop a run and let go of its group; returns the job as it stands then.

    It is `cancelled` and can never go on, or `unconfirmed` when the publish call may have been sent
    already, or still `publishing` for the moment that Step Functions needs to stop it. Raises
    InvalidPostError for a job that is unknown and NotPossibleError for one that is over. A repeat
    is safe.
    """
    job = known_job(app, job_id)
    if job.status == "cancelled":
        return job
    if job.status != "publishing":
        raise NotPossibleError(
            f"Job {job_id} cannot be cancelled: it is {job.status} already."
            + (" Settle it instead." if job.status == "unconfirmed" else ""),
            status=job.status,
        )
    app.store.update_job(ref_of(job), cancelled_by=by)  # before the stop, whose event closes too
    job.cancelled_by = by
    app.executions.stop(job_id, f"Cancelled by {by}.")
    close_run(app, job)
    return app.store.job(job.session_id, job_id) or job


def known_job(app: App, job_id: str) -> Job:
    """The job with this id; raises InvalidPostError when there is none."""
    job = app.store.find_job(job_id)
    if job is None:
        raise InvalidPostError(f"There is no publish job {job_id[:80]}.", unknown=True)
    return job


def ref_of(job: Job) -> Ref:
    """The reference under which the steps work for a job."""
    return Ref(
        session_id=job.session_id,
        group_id=job.group_id,
        job_id=job.job_id,
        account_id=job.account_id,
        redrive_count=job.redrive_seen,
    )


def _close(app: App, job: Job, execution: Execution | None) -> bool:
    """True when the end is recorded; False when the group changed meanwhile, or the job's record is
    gone.
    """
    ref = ref_of(job)
    group = app.store.fence(job.session_id, job.group_id)
    if group is None or group.active_job_id != job.job_id:
        if job.status == "publishing":
            ending = _ending(job, "failed", execution)
            try:
                app.store.update_job(ref, **ending)
            except ConditionFailedError:
                return False
            app.measures.ended(job, ending["status"])
            app.budgets.let_go(ref.account_id, ref.job_id)
        return True
    status = group.publish_status
    if status == "publishing":
        status = _outcome(group)
    changes = _changes(job, group, status, execution)
    released = status == "failed" and job.cancelled_by is not None
    if status == group.publish_status and changes["status"] == job.status and not released:
        return True  # it was recorded before
    try:
        app.store.close_group(group, ref, status, changes, release=released)
    except ConditionFailedError:
        return False
    app.measures.ended(job, changes["status"])
    if status != "unconfirmed":  # its post may still count, until it is settled
        app.budgets.let_go(ref.account_id, ref.job_id, published=status == "published")
    return True


def _let_go(app: App, ref: Ref) -> None:
    """A group that a run without a record still has gets the status that its attempt tells; a
    failed one is not kept for a redrive, which could not go on. The run's slot counts as free.
    """
    for _ in range(_ROUNDS):
        group = app.store.fence(ref.session_id, ref.group_id)
        if group is None or group.active_job_id != ref.job_id:
            return
        if group.publish_status != "publishing":
            return
        status = _outcome(group)
        with suppress(ConditionFailedError):
            app.store.close_group(group, ref, status, None, release=status == "failed")
            return


def _outcome(group: Fence) -> PublishStatus:
    attempt = group.attempt
    if group.instagram_post_id is not None or (attempt and attempt.state == "published"):
        return "published"
    return "unconfirmed" if attempt and attempt.unproven else "failed"


def _changes(
    job: Job, group: Fence, status: PublishStatus, execution: Execution | None
) -> dict[str, Any]:
    """What the job's record says when its group has this status."""
    if status == "published":
        return {
            "status": "published",
            "phase": "published",
            "instagram_post_id": group.instagram_post_id,
            "permalink": group.permalink,
        }
    state = "unconfirmed" if status == "unconfirmed" else "failed"
    return _ending(job, state, execution)


def _ending(job: Job, state: str, execution: Execution | None) -> dict[str, Any]:
    if state == "failed" and job.cancelled_by is not None:
        state = "cancelled"
    return {"status": state, "phase": state, "error": _error_of(job, execution)}


def _error_of(job: Job, execution: Execution | None) -> dict[str, Any]:
    """What the state machine recorded, as the job record shows it."""
    if job.cancelled_by is not None:
        return {"type": "Cancelled", "message": f"The run was cancelled by {job.cancelled_by}."}
    if execution is None or execution.status == "ABORTED":
        return {"type": "Aborted", "message": "The run was stopped by hand. Start it again."}
    if execution.status == "TIMED_OUT":
        return {"type": "TimedOut", "message": "The run took longer than it may. Redrive it."}
    try:
        text = str(json.loads(execution.cause or "")["errorMessage"])
    except (ValueError, KeyError, TypeError):
        text = execution.cause or "No cause was recorded."
    sentence, fields = errors.split_text(text)
    return {"type": execution.error or "Unknown", "message": errors.redact(sentence), **fields}
