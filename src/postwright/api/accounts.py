"""Accounts."""

from __future__ import annotations

from typing import Any

from postwright import accounts
from postwright.api.answering import route, unknown
from postwright.app import App
from postwright.gateway import Event, answer, query_of
from postwright.models import AccountQuery


@route
def get_account(app: App, event: Event) -> dict[str, Any]:
    """`GET /api/account`: 200 with how every account stands, or the one that `accountId` names; 404
    for one that is unknown.
    """
    wanted = query_of(event, AccountQuery).account_id
    known = app.tokens.accounts()
    if wanted is not None and wanted not in known:
        raise unknown("account", wanted)
    shown = known if wanted is None else [wanted]
    found = [accounts.state_of(app, one) for one in shown]
    return answer(200, accounts.AccountsAnswer(accounts=found).to_json())
