"""`postwright status JOB`: how a publish job stands, once or until it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from postwright import clock, history, settling, standing, timeline, timeline_page
from postwright.answers import StatusAnswer
from postwright.app import App
from postwright.cli import follow
from postwright.cli.connection import Stack, connect
from postwright.cli.console import print_json, say, warn
from postwright.cli.quota import warn_of_budgets
from postwright.models import Job
from postwright.timeline import Row, Timeline
from postwright.timeline_words import duration


def command(
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")],
    watch: Annotated[bool, typer.Option("--watch", help="Follow the job until it ends.")] = False,
    with_history: Annotated[
        bool,
        typer.Option("--history", help="Add a timeline of each state and item, with its cost."),
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the timeline as an HTML page, with a picture."),
    ] = None,
    stack: Stack = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Tell how a publish job stands; exit code 1 when it failed.

    Of an unclear publish, what a look at Instagram finds now is shown too.
    """
    app = connect(stack)
    answer = standing.status(app, job_id)
    if watch and answer is not None:
        _follow(app, job_id, live=not as_json)
        answer = standing.status(app, job_id)
    job = app.store.find_job(job_id)
    unclear = job is not None and job.status == "unconfirmed"
    case = settling.evidence(app, job_id) if unclear else None
    found = _timeline(app, job_id, job) if with_history or html else None
    if html and found:
        html.write_text(timeline_page.page(found, job_id), encoding="utf-8")
        say.note(f"The timeline is in {html}.")
    if as_json:
        more: dict[str, Any] = {"evidence": case.to_json()} if case else {}
        if with_history or html:
            more["history"] = found.to_json() if found else None
        print_json({**_document(job_id, answer), **more})
    else:
        told = follow.summary(job, with_cost=found is None) if job else []
        for line in [*_lines(found), *told, *follow.evidence(case)]:
            say.result(line)
    if job is not None:
        warn_of_budgets(app, job.account_id)
    elif not as_json:
        warn(_unknown(job_id))
    if job is None or job.status not in ("publishing", "published") or (html and not found):
        raise typer.Exit(1)


def _follow(app: App, job_id: str, *, live: bool) -> None:
    try:
        follow.until_over(app, job_id, live=live)
    except KeyboardInterrupt:
        warn("\nThe run goes on without us.")
        raise typer.Exit(130) from None


def _timeline(app: App, job_id: str, job: Job | None) -> Timeline | None:
    """What the execution did so far; None, and a sentence, where its history cannot be read."""
    events = app.executions.events(job_id)
    if not events:
        if job is not None:
            warn(f"Step Functions has no history of job {job_id}.")
        return None
    try:
        found = history.read(events)
    except history.HistoryError as error:
        warn(f"The history of job {job_id} cannot be read: {error}.")
        return None
    items = job.items if job else []
    return timeline.of(
        found,
        files=[item.media.name for item in items],
        sizes=[item.size_bytes for item in items],
        now=clock.now(),
    )


def _lines(found: Timeline | None) -> list[str]:
    """The timeline for a terminal: when, how long, what; then the sums."""
    if found is None:
        return []
    width = max(len(row.label) for row in found.rows)
    rows = [
        f"{duration(row.began):>10}  {_lasted(row):>10}  {row.label:<{width}}  {row.what}"
        for row in found.rows
    ]
    return [*rows, *found.sums()]


def _lasted(row: Row) -> str:
    return "" if row.kind in ("end", "redrive") else duration(row.lasted)


def _document(job_id: str, answer: StatusAnswer | None) -> dict[str, Any]:
    """The same keys for a job that is not known, all of them null but the error."""
    if answer is not None:
        return answer.to_json()
    error = {"type": "NotFound", "message": _unknown(job_id)}
    keys = dict.fromkeys(StatusAnswer.model_json_schema()["properties"])
    return {**keys, "jobId": job_id, "error": error}


def _unknown(job_id: str) -> str:
    return f"There is no publish job {job_id}."
