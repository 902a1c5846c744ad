"""Follow a job to its end: a live table on a terminal, one line per change elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from postwright import clock, posts, runs
from postwright.app import App
from postwright.cli.console import say
from postwright.models import Container, Job, parse_instant

_POLL_SECONDS = 0.25
_OVER = ("published", "failed", "unconfirmed", "cancelled")
_PHASES = {
    "scheduled": "waiting for its time",
    "waiting_for_quota": "waiting for the quota",
    "creating_containers": "creating containers",
    "processing_videos": "Instagram processes the media",
    "creating_carousel": "creating the carousel",
    "publishing": "publishing",
    "published": "published",
    "failed": "failed",
    "unconfirmed": "not certain whether it is live",
    "cancelled": "cancelled",
}
_STATES = {
    "created": "processing",
    "finished": "ready",
    "rejected": "refused",
    "retry": "trying again",
    "throttled": "slowed down by Instagram",
    "expired": "to be made again",
}


def until_over(app: App, job_id: str, *, live: bool = True) -> Job:
    """Return the job when it is over; `live` shows how it goes meanwhile."""
    changes = _changes(app, job_id)
    if not live or say.quiet:
        return _last(changes)
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        return _print_lines(changes)
    with Live(console=console, refresh_per_second=8) as display:
        for job in changes:
            display.update(_table(job))
    return job


def summary(job: Job) -> list[str]:
    """How a job stands or ended, in a few lines; the last one is the permalink of a post that is live."""
    lines = [f"Job {job.job_id}: {_PHASES[job.phase]}"]
    if job.status == "publishing":
        lines.append(f"Steps done: {job.progress.completed} of {job.progress.total}")
        lines += [f"  {line}" for line in _item_lines(job)]
    if job.error:
        lines.append(f"{job.error.get('type')}: {job.error.get('message')}")
    if job.warning:
        lines.append(job.warning)
    if job.status == "published":
        took = _seconds_between(job.started_at, job.finished_at)
        lines.append(f"{len(job.items)} item{'s' if len(job.items) != 1 else ''}, {took:.0f} s")
        lines.append(job.permalink or "The link is not known yet; ask again later.")
    return lines


def _changes(app: App, job_id: str) -> Iterator[Job]:
    """The job each time that it is read, until it is over."""
    while True:
        runs.status(app, job_id)
        job = app.store.find_job(job_id)
        if job is not None:
            yield job
            if job.status in _OVER:
                return
        clock.sleep(_POLL_SECONDS)


def _last(changes: Iterator[Job]) -> Job:
    *_, job = changes
    return job


def _print_lines(changes: Iterator[Job]) -> Job:
    """One line per change, with the seconds since the run began."""
    seen: set[str] = set()
    for job in changes:
        now = _seconds_between(job.started_at or job.created_at, job.updated_at)
        for line in (_PHASES[job.phase], *_item_lines(job)):
            if line not in seen and job.phase not in _OVER:
                seen.add(line)
                say.note(f"{now:6.0f} s  {line}")
    return job


def _item_lines(job: Job) -> list[str]:
    return [
        f"{posts.item_name(item.index, item.media)}: {_state(job.containers.get(str(item.index)))}"
        for item in job.items
    ]


def _table(job: Job) -> Table:
    elapsed = _seconds_between(job.started_at or job.created_at, job.updated_at)
    title = f"{_PHASES[job.phase]}  {job.progress.completed}/{job.progress.total}  {elapsed:.0f} s"
    table = Table(title=Text(title), title_justify="left", box=None, pad_edge=False)
    for heading in ("item", "kind", "state"):
        table.add_column(heading)
    for item in job.items:
        name = posts.item_name(item.index, item.media)
        state = _state(job.containers.get(str(item.index)))
        table.add_row(Text(name), item.media.kind, Text(state))
    return table


def _state(container: Container | None) -> str:
    return _STATES[container.state] if container else "to be made"


def _seconds_between(start: str | None, end: str | None) -> float:
    if start is None or end is None:
        return 0.0
    return (parse_instant(end) - parse_instant(start)).total_seconds()
