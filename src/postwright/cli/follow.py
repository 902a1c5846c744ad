"""Follow a job to its end: a live table on a terminal, one line per change elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from postwright import clock, posts, progress, standing
from postwright.app import App
from postwright.cli.console import counted, fail, plain_console, print_json, say
from postwright.looking import Seen
from postwright.models import Container, Job, SnapshotItem, now_text, parse_instant
from postwright.settling import Case
from postwright.timeline_words import paid

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


_SETTLED = {
    "accepted": "this is the post",
    "not_published": "nothing was published",
    "found": "the post was found",
    "expired": "the container expired unpublished",
}


def until_over(app: App, job_id: str, *, live: bool = True) -> Job:
    """Return the job when it is over; `live` shows how it goes meanwhile."""
    changes = _changes(app, job_id)
    if not live or say.quiet:
        return _last(changes)
    console = plain_console(stderr=True)
    if not console.is_terminal or console.is_dumb_terminal:
        return _print_lines(changes)
    with Live(console=console, refresh_per_second=8) as display:
        for job in changes:
            display.update(_display(job))
    return job


def summary(job: Job, *, with_cost: bool = False) -> list[str]:
    """How a job stands or ended, and what that cost; the last line is the permalink of a post that
    is live.
    """
    lines = [f"Job {job.job_id}: {_phase(job)}"]
    if job.status == "publishing":
        _, steps = progress.as_of_now(job)
        lines.append(f"Steps done: {steps.completed} of {steps.total}")
        lines += [f"  {_name(item)}: {_state(_container(job, item))}" for item in job.items]
    if job.error:
        lines.append(f"{job.error.get('type')}: {job.error.get('message')}")
    if job.warning:
        lines.append(job.warning)
    if job.settlement:
        done = job.settlement
        lines.append(f"Settled by {done.by} at {done.at}: {_SETTLED[done.how]}.")
    if job.status == "published":
        lines.append(f"{counted(len(job.items), 'item')}, {_seconds(job, job.finished_at):.0f} s")
    if job.cost and with_cost:
        lines.append(paid(job.cost))
    if job.status == "published":
        lines.append(job.permalink or "The link is not known yet; ask again later.")
    return lines


def result_of(job: Job) -> dict[str, Any]:
    """What `--json` prints of a job that is over."""
    return {
        "jobId": job.job_id,
        "status": job.status,
        "instagramPostId": job.instagram_post_id,
        "permalink": job.permalink,
        "error": job.error,
    }


def tell(job: Job, *, as_json: bool, **more: Any) -> None:
    """Print how a job stands or ended; `more` are further keys of the document."""
    if as_json:
        print_json({**result_of(job), **more})
        return
    for line in summary(job):
        say.result(line)


def tell_the_end(job: Job, *, as_json: bool, **more: Any) -> None:
    """The same for a job that is over; exit code 1 without a post."""
    tell(job, as_json=as_json, **more)
    if job.status != "published":
        raise typer.Exit(1)


def evidence(case: Case | None) -> list[str]:
    """What a look at an unclear publish found, and how to settle it; nothing for no case."""
    if case is None:
        return []
    job_id = case.job.job_id
    lines = [
        f"Sent at {case.attempt.sent_at}; the container is {case.evidence.status or 'unreadable'}.",
        *(f"  {_seen(one)}" for one in case.evidence.seen),
    ]
    if not case.evidence.read:
        lines.append("  The account's posts cannot be read now.")
    elif not case.evidence.seen:
        lines.append("  No post of this kind is from that time.")
    return [
        *lines,
        f"If one of them is it: postwright reconcile {job_id} --accept ID",
        f"If nothing is live:   postwright reconcile {job_id} --not-published",
    ]


def _seen(one: Seen) -> str:
    """A post of the same kind and time, in one line."""
    facts = [f"caption {one.caption if one.caption != 'missing' else 'not told'}"]
    if one.items is not None:
        facts.append(f"{one.items} of {one.items_sent} items")
    if one.taken:
        facts.append("belongs to another group")
    when = clock.to_text(one.media.timestamp) if one.media.timestamp else "at an unknown time"
    return f"{one.media.id}  {when}  {', '.join(facts)}  {one.media.permalink or ''}".rstrip()


def _changes(app: App, job_id: str) -> Iterator[Job]:
    """The job each time that it is read, until it is over."""
    while True:
        standing.status(app, job_id)
        job = app.store.find_job(job_id)
        if job is None:
            fail(f"The record of job {job_id} is gone.", 1)
        yield job
        if job.status in _OVER:
            return
        clock.sleep(_POLL_SECONDS)


def _last(changes: Iterator[Job]) -> Job:
    *_, job = changes
    return job


def _print_lines(changes: Iterator[Job]) -> Job:
    """One line per change, with the seconds since the run began."""
    shown: dict[str, str] = {}
    for job in changes:
        for what, line in _news(job):
            if shown.get(what) != line:
                shown[what] = line
                say.note(f"{_seconds(job, job.updated_at):6.0f} s  {line}")
    return job


def _news(job: Job) -> Iterator[tuple[str, str]]:
    """What is worth a line: the phase, and each item that something has happened to."""
    if job.status in _OVER:
        return
    yield "phase", _phase(job)
    for item in job.items:
        container = _container(job, item)
        if container is not None:
            reason = f" ({container.error.get('message')})" if container.error else ""
            yield _name(item), f"{_name(item)}: {_state(container)}{reason}"


def _display(job: Job) -> Group:
    """Phase, steps and time in one line, then a row per item."""
    until = job.finished_at or now_text()
    _, steps = progress.as_of_now(job)
    done = f", {steps.completed} of {steps.total} steps" if job.items else ""
    line = f"{_phase(job)}{done}, {_seconds(job, until):.0f} s"
    rows = Table.grid(padding=(0, 2))
    for item in job.items:
        state = _state(_container(job, item))
        rows.add_row("", Text(_name(item)), item.media.kind, Text(state))
    return Group(Text(line, no_wrap=True, overflow="ellipsis"), rows)


def _phase(job: Job) -> str:
    if job.phase == "scheduled" and job.request.publish_at:
        return f"{_PHASES[job.phase]}, {job.request.publish_at}"
    phase, _ = progress.as_of_now(job)
    return _PHASES[phase]


def _name(item: SnapshotItem) -> str:
    return posts.item_name(item.index, item.media)


def _container(job: Job, item: SnapshotItem) -> Container | None:
    return job.containers.get(str(item.index))


def _state(container: Container | None) -> str:
    return _STATES[container.state] if container else "to be made"


def _seconds(job: Job, until: str | None) -> float:
    """From the true start of the run."""
    start = job.started_at or job.created_at
    return (parse_instant(until) - parse_instant(start)).total_seconds() if until else 0.0
