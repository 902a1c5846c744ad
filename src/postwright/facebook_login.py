"""Log-in with Facebook, which hashtag and location search need: from a code to the token of a Page.

A Page's token publishes for the Instagram account that the Page is connected with, and does not end
by itself; the user's own token searches, for about 60 days. Everything else is as in `login.py`.

Source: Instagram Platform, Facebook Login variant, and Graph API, manual login flow, read 2026-09;
that a Page's token does not end if it is read with a long-lived token: public live notes, 2026-09.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from postwright import clock, login, token_calls
from postwright.errors import LoginFailedError, PostwrightError
from postwright.hosts import Hosts
from postwright.instagram import InstagramClient
from postwright.login import AGAIN, NOTHING_STORED, Consent, NewLogin
from postwright.token_calls import NoAnswerError

_PAGE_FIELDS: Final = "id,name,access_token,instagram_business_account"
_LISTS_MAX: Final = 20
"""Of a hundred Pages each, so that a list without an end does not hold us."""


@dataclass(frozen=True)
class Page:
    """A Page that leads to an Instagram account, whose `user_id` this is."""

    id: str
    name: str
    user_id: str
    token: str = field(repr=False)


Choose = Callable[[Sequence[Page]], Page]
"""Which of several Pages is meant; raises LoginFailedError when nobody says so."""


def with_facebook(
    consent: Consent,
    code: str,
    app_secret: str,
    hosts: Hosts,
    http: httpx.Client,
    choose: Choose,
) -> NewLogin:
    """Code to the user's tokens, to the token of one Page, then a look at the account behind it."""
    app = {"client_id": consent.app_id, "client_secret": app_secret}
    exchange = f"{hosts.facebook_graph}/oauth/access_token"
    redeeming = {**app, "redirect_uri": consent.redirect_uri, "code": code}
    first = login.redeemed(consent, lambda: token_calls.get(http, exchange, redeeming))
    prolonging = {
        **app,
        "grant_type": "fb_exchange_token",
        "fb_exchange_token": login.token_in(first),
    }
    asked_at = clock.now()
    last = login.prolonged(consent, lambda: token_calls.get(http, exchange, prolonging))
    searching = login.token_in(last)
    scopes = _permissions(http, hosts, searching)
    login.require_scopes("facebook", scopes)
    page = _chosen(_pages(http, hosts, searching), choose)
    with InstagramClient(
        page.token, page.user_id, graph_url=hosts.graph("facebook"), http=http
    ) as instagram:
        try:
            account = instagram.account()
            instagram.quota()
        except PostwrightError as error:
            raise login.unchecked(error) from error
    return NewLogin(
        "facebook",
        page.token,
        account,
        scopes,
        asked_at,
        None,
        instagram.calls,
        searching=searching,
        searching_expires_at=asked_at + login.life_in(last),
    )


def _permissions(http: httpx.Client, hosts: Hosts, token: str) -> tuple[str, ...]:
    body = _read(http, f"{hosts.facebook_graph}/me/permissions", token, {})
    return tuple(
        str(row.get("permission")) for row in _rows(body) if row.get("status") == "granted"
    )


def _pages(http: httpx.Client, hosts: Hosts, token: str) -> list[Page]:
    """The Pages that the user let the app have and that lead to an Instagram account."""
    found: list[Page] = []
    query = {"fields": _PAGE_FIELDS, "limit": "100"}
    for _ in range(_LISTS_MAX):
        body = _read(http, f"{hosts.facebook_graph}/me/accounts", token, query)
        found += [page for row in _rows(body) if (page := _page(row)) is not None]
        paging = body.get("paging")
        if not isinstance(paging, dict) or not paging.get("next"):
            break
        query["after"] = str(paging.get("cursors", {}).get("after", ""))
    return found


def _page(row: Mapping[str, Any]) -> Page | None:
    account, token = row.get("instagram_business_account"), row.get("access_token")
    if not isinstance(account, dict) or not account.get("id") or not isinstance(token, str):
        return None
    return Page(str(row.get("id", "")), str(row.get("name", "")), str(account["id"]), token)


def _chosen(pages: Sequence[Page], choose: Choose) -> Page:
    if not pages:
        raise LoginFailedError(
            "No Page that was allowed leads to a professional Instagram account. Connect the"
            " account with a Page (in the Page's settings, Linked accounts), make it a professional"
            " one if it is not, and tick that Page on the page that asks. For a Page that belongs"
            f" to a business, leave business_management ticked too. {NOTHING_STORED} {AGAIN}"
        )
    return pages[0] if len(pages) == 1 else choose(pages)


def _read(http: httpx.Client, url: str, token: str, query: Mapping[str, str]) -> Mapping[str, Any]:
    """What Facebook tells its user; it holds tokens of Pages, so no other client reads it."""
    try:
        answer = token_calls.get(http, url, query, bearer=token)
    except NoAnswerError as error:
        raise LoginFailedError(
            f"Facebook gave no clear answer about the account ({error}). {NOTHING_STORED} {AGAIN}"
        ) from error
    if answer.refusal is not None:
        raise LoginFailedError(
            f"Facebook tells nothing about the account. It says: {answer.refusal.said}"
            f" {NOTHING_STORED} {AGAIN}"
        )
    return answer.body


def _rows(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = body.get("data")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
