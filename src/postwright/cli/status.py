"""`postwright status JOB`: how a publish job stands, once or until it ends."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from postwright import runs, settling
from postwright.cli import follow
from postwright.cli.connection import connect
from postwright.cli.console import print_json, say, warn
from postwright.models import StatusAnswer


def command(
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")],
    watch: Annotated[bool, typer.Option("--watch", help="Follow the job until it ends.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Tell how a publish job stands; exit code 1 when it failed.

    Of an unclear publish, what a look at Instagram finds now is shown too.
    """
    app = connect()
    answer = runs.status(app, job_id)
    if watch and answer is not None:
        try:
            follow.until_over(app, job_id, live=not as_json)
        except KeyboardInterrupt:
            warn("\nThe run goes on without us.")
            raise typer.Exit(130) from None
        answer = runs.status(app, job_id)
    job = app.store.find_job(job_id)
    unclear = job is not None and job.status == "unconfirmed"
    case = settling.evidence(app, job_id) if unclear else None
    if as_json:
        found = {"evidence": case.to_json()} if case else {}
        print_json({"jobId": job_id, **_document(job_id, answer), **found})
    elif job is None:
        warn(_unknown(job_id))
    else:
        for line in [*follow.summary(job), *follow.evidence(case)]:
            say.result(line)
    if job is None or job.status not in ("publishing", "published"):
        raise typer.Exit(1)


def _document(job_id: str, answer: StatusAnswer | None) -> dict[str, Any]:
    """The same keys for a job that is not known, all of them null but the error."""
    if answer is not None:
        return answer.to_json()
    error = {"type": "NotFound", "message": _unknown(job_id)}
    return {**dict.fromkeys(StatusAnswer.model_json_schema()["properties"]), "error": error}


def _unknown(job_id: str) -> str:
    return f"There is no publish job {job_id}."
