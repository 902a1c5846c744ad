"""How jobs stand. The run of one that has gone quiet is looked after when somebody asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from postwright import clock, closing, progress
from postwright.answers import StatusAnswer
from postwright.app import App
from postwright.models import Job, parse_instant

QUIET_SECONDS: Final = 120
"""A job that has not changed for so long is asked about when somebody wants its status."""


def status(app: App, job_id: str) -> StatusAnswer | None:
    """How a job stands, or None when there is none.

    A job that has gone quiet is closed if its run is over, and started if it never was.
    """
    job = app.store.find_job(job_id)
    return of(_looked_after(app, job)) if job else None


def statuses(app: App, job_ids: Sequence[str]) -> tuple[list[StatusAnswer], list[str]]:
    """The same of several jobs in their order, and the ids that no job has."""
    found = app.store.find_jobs(job_ids)
    known = [_looked_after(app, found[job_id]) for job_id in job_ids if job_id in found]
    return [of(job) for job in known], [one for one in job_ids if one not in found]


def of(job: Job) -> StatusAnswer:
    """How a job stands, by its record alone."""
    phase, steps = progress.as_of_now(job)
    return StatusAnswer(
        job_id=job.job_id,
        session_id=job.session_id,
        group_id=job.group_id,
        status=job.status,
        phase=phase,
        progress=steps,
        items=progress.of_items(job),
        instagram_post_id=job.instagram_post_id,
        permalink=job.permalink,
        error=job.error,
        cost=job.cost,
        publish_at=job.request.publish_at,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


def _looked_after(app: App, job: Job) -> Job:
    """The job; one that has been quiet is read again after somebody has looked after it."""
    if job.status == "publishing" and look_after(app, job):
        return app.store.job(job.session_id, job.job_id) or job
    return job


def look_after(app: App, job: Job) -> bool:
    """For a job that has been quiet: start the run of a claim whose starter died in between, and
    close a run that is over. False for one that has not been quiet.
    """
    if clock.seconds_since(parse_instant(job.updated_at)) <= QUIET_SECONDS:
        return False
    if app.executions.describe(job.job_id) is not None:
        closing.close_run(app, job)
        return True
    group = app.store.fence(job.session_id, job.group_id)
    if group is not None and group.active_job_id == job.job_id:
        app.executions.start(job.job_id, job.request)
    return True
