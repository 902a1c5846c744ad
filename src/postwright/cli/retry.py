"""`postwright retry JOB`: a job that ended without a post goes on, or is started anew."""

from __future__ import annotations

from typing import Annotated

import typer

from postwright import retrying
from postwright.app import App
from postwright.cli import follow
from postwright.cli.connection import Stack, connect
from postwright.cli.console import say, warn

_GOES_ON = {"redrive": "The run goes on", "new": "A new run has begun"}


def command(
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")],
    stack: Stack = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Try a job again that ended without a post, and follow it until the post is live.

    It goes on where it stopped if that leads to the post that the group holds now; else a new run
    starts, and says why.
    """
    app = connect(stack)
    done = retrying.retry(app, job_id)
    say.note(f"{_GOES_ON[done.how]}: job {done.job_id}. {done.why}")
    follow_to_the_end(app, done, as_json=as_json)


def follow_to_the_end(app: App, done: retrying.Retried, *, as_json: bool) -> None:
    """Tell how the run that goes on ends; exit code 1 without a post, 130 after Ctrl-C."""
    try:
        job = follow.until_over(app, done.job_id, live=not as_json)
    except KeyboardInterrupt:
        warn(f"\nThe run goes on without us: postwright status {done.job_id} --watch")
        raise typer.Exit(130) from None
    follow.tell_the_end(job, as_json=as_json, how=done.how, why=done.why)
