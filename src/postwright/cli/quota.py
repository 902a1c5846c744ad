"""`postwright quota`: what the accounts have used of what Instagram allows; when there is more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from postwright import accounts
from postwright.accounts import AccountState
from postwright.app import App
from postwright.cli.auth import AnyAccount
from postwright.cli.connection import Stack, connect
from postwright.cli.console import print_json, say, warn
from postwright.errors import PostwrightError


def command(
    account_id: AnyAccount = None,
    stack: Stack = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Tell how many posts, containers and calls of each account are used, and what to mind.

    Instagram is asked for the posts; where it cannot be, what it said last is shown, and the exit
    code is 1.
    """
    app = connect(stack)
    names = app.tokens.accounts() if account_id is None else [account_id]
    asked = [_ask(app, name) for name in names]
    states = [accounts.state_of(app, name) for name in names]
    if as_json:
        print_json({"accounts": [state.to_json() for state in states]})
    else:
        for line in (line for state in states for line in _lines(state)):
            say.result(line)
    if not names:
        warn("No account is logged in. Run `postwright auth login`.")
    if not names or not all(asked):
        raise typer.Exit(1)


def warn_of_budgets(app: App, account_id: str) -> None:
    """Say on standard error what of an account's budgets is nearly used up."""
    for sentence in accounts.state_of(app, account_id).warnings:
        say.note(f"{account_id}: {sentence}")


def _ask(app: App, account_id: str) -> bool:
    try:
        accounts.read_quota(app, account_id)
    except PostwrightError as error:
        warn(f"{account_id}: the quota cannot be read now. {error.sentence}")
        return False
    return True


def _lines(state: AccountState) -> Iterator[str]:
    posts, containers, calls = state.posts, state.containers, state.calls
    yield state.account_id + (f" (@{state.username})" if state.username else "")
    held = f", {posts.held} held by runs under way" if posts.held else ""
    yield f"  posts       {posts.used} of {posts.total} in 24 hours{held}{_frees(posts.frees_at)}"
    reserved = f", {containers.reserved} reserved" if containers.reserved else ""
    yield (
        f"  containers  {containers.used} of {containers.limit} in 24 hours{reserved}"
        f"{_frees(containers.frees_at)}"
    )
    if calls.source == "headers":
        yield f"  calls       {calls.percent} % used, as Instagram said at {calls.seen_at}"
    else:
        yield f"  calls       {calls.made} of {calls.limit} in the last hour, as counted here"
    if state.token is not None and state.token.days_left is not None:
        yield f"  token       {state.token.days_left:.0f} days left"
    for sentence in state.warnings:
        yield f"  warning     {sentence}"


def _frees(at: str | None) -> str:
    return f"; the next frees at {at}" if at else ""
