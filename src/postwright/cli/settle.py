"""`postwright cancel`, `reconcile` and `unblock`: what a person decides about a job."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from postwright import closing, settling
from postwright.cli import follow
from postwright.cli.auth import AccountId
from postwright.cli.connection import Stack, connect
from postwright.cli.console import UsageError, print_json, say, warn
from postwright.models import Job
from postwright.tokens import DEFAULT_ACCOUNT

_JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]
_AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_By = Annotated[str | None, typer.Option(help="Who decides; the name of your login if left out.")]


def cancel(job_id: _JobId, by: _By = None, stack: Stack = None, as_json: _AsJson = False) -> None:
    """Stop a run before it publishes; exit code 1 when it may be too late."""
    job = closing.cancel(connect(stack), job_id, by or _login())
    _print(job, as_json=as_json)
    if job.status == "publishing":
        warn("Step Functions is stopping the run; ask for its status in a moment.")
    if job.status != "cancelled":
        raise typer.Exit(1)


def reconcile(
    job_id: _JobId,
    accept: Annotated[
        str | None, typer.Option(metavar="MEDIA_ID", help="This post is the group's.")
    ] = None,
    not_published: Annotated[
        bool, typer.Option("--not-published", help="Nothing is live; the post may start anew.")
    ] = False,
    by: _By = None,
    stack: Stack = None,
    as_json: _AsJson = False,
) -> None:
    """Settle a publish that had no clear answer.

    With neither option, look at it now, and settle it if what is found is enough. Exit code 1 while
    it is open.
    """
    if accept is not None and not_published:
        raise UsageError("--accept and --not-published exclude each other.")
    if accept is not None and not accept.isdecimal():
        raise UsageError(f"--accept takes the id of a post, which is a number, not {accept}.")
    app = connect(stack)
    who = by or _login()
    case = None
    if accept is not None:
        job = settling.accept(app, job_id, accept, who)
    elif not_published:
        job = settling.not_published(app, job_id, who)
    else:
        case = settling.look_again(app, job_id, who)
        job = closing.known_job(app, job_id)
    _print(job, as_json=as_json)
    if job.status == "unconfirmed":
        for line in [] if as_json else follow.evidence(case):
            say.result(line)
        raise typer.Exit(1)


def unblock(
    account: AccountId = DEFAULT_ACCOUNT, stack: Stack = None, as_json: _AsJson = False
) -> None:
    """Let an account send again after its owner has cleared an action block in the app."""
    app = connect(stack)
    block = app.store.account_block(account)
    app.store.unblock_account(account)
    if as_json:
        print_json({"accountId": account, "block": block.to_json() if block else None})
    elif block is None:
        say.result(f"Account {account} was not blocked.")
    else:
        say.result(f"Account {account} may send again; it was blocked until {block.until}.")


def _print(job: Job, *, as_json: bool) -> None:
    settlement = job.settlement.to_json() if job.settlement else None
    follow.tell(job, as_json=as_json, settlement=settlement)


def _login() -> str:
    """The name of whoever is logged in on this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "somebody on the command line"
