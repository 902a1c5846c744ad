"""`postwright status JOB`: how a publish job stands, once or until it ends."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from postwright import runs
from postwright.app import App
from postwright.cli import follow
from postwright.cli.connection import connect
from postwright.cli.console import fail, print_json, say
from postwright.models import Job


def command(
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")],
    watch: Annotated[bool, typer.Option("--watch", help="Follow the job until it ends.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Tell how a publish job stands; exit code 1 when it failed."""
    app = connect()
    _find(app, job_id)
    if watch:
        follow.until_over(app, job_id, live=not as_json)
    answer = runs.status(app, job_id)
    job = _find(app, job_id)
    if as_json:
        print_json({"jobId": job_id, **(answer.to_json() if answer else {})})
    else:
        for line in follow.summary(job):
            say.result(line)
    if job.status not in ("publishing", "published"):
        raise typer.Exit(1)


def _find(app: App, job_id: str) -> Job:
    job = app.store.find_job(job_id)
    if job is None:
        fail(f"There is no publish job {job_id}.", 1)
    return job


def result_of(job: Job) -> dict[str, Any]:
    """What `publish --json` prints of a job."""
    return {
        "jobId": job.job_id,
        "status": job.status,
        "instagramPostId": job.instagram_post_id,
        "permalink": job.permalink,
        "error": job.error,
    }
