"""Who may replace the token of an account: one process at a time, and a login wins.

The Parameter Store has no conditional write, so that a refresh could put its answer over the token
of a login that came meanwhile. Whoever replaces a token therefore has a lease, a record in the
table. A process that dies leaves it to run out.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from postwright import clock

if TYPE_CHECKING:
    from postwright.app import App
    from postwright.models import TokenFacts

LEASE_SECONDS: Final = 120
"""Longer than the life of a function, so that the lease of a living one does not run out."""

_PAUSE_SECONDS: Final = 2


class TokenBusyError(Exception):
    """Another process replaces the token at this moment; the text says what to do."""


def store_login(
    app: App, account_id: str, token: str, *, searching: str | None, facts: TokenFacts
) -> TokenFacts:
    """Store what a login gave, for `facts.user_id`; returns the facts with the version stored.

    Waits for a refresh that is under way; raises TokenBusyError when that does not end. A repeat is
    safe.
    """
    with alone(app, account_id, wait_seconds=LEASE_SECONDS + _PAUSE_SECONDS):
        version = app.tokens.store(account_id, token, facts.user_id, searching=searching)
        stored = facts.model_copy(update={"parameter_version": version})
        app.store.put_token_facts(account_id, stored)
        return stored


def forget(app: App, account_id: str) -> None:
    """Delete the account's token and what is known of it; a repeat changes nothing.

    Raises TokenBusyError as `store_login` does.
    """
    with alone(app, account_id, wait_seconds=LEASE_SECONDS + _PAUSE_SECONDS):
        app.tokens.forget(account_id)
        app.store.forget_token_facts(account_id)


@contextmanager
def alone(app: App, account_id: str, *, wait_seconds: float = 0) -> Iterator[None]:
    """Nobody else replaces the token while this is open; raises TokenBusyError.

    It must be closed within `LEASE_SECONDS`.
    """
    holder = uuid.uuid4().hex
    ends_at = clock.in_seconds(wait_seconds)
    while not app.store.lease_token(account_id, holder, LEASE_SECONDS):
        if clock.now() >= ends_at:
            raise TokenBusyError(
                f"The token of account {account_id} is being replaced by another process."
                " Try again in a few minutes."
            )
        clock.sleep(_PAUSE_SECONDS)
    try:
        yield
    finally:
        app.store.free_token(account_id, holder)
