"""What graph.facebook.com tells of a user and of Pages, which lead to the Instagram accounts.

Sources: Facebook Login variant of the Instagram platform (Meta, get started, 2026), User and Page
references (Graph API, Meta, 2026), public live notes of 2026-09-15 on Page tokens: those that are
read with a long-lived user token do not end by themselves, others end with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.instagram import errors
from sandbox.instagram.accounts import DEMO_PERSON, Account
from sandbox.instagram.calls import GraphCall
from sandbox.instagram.errors import GraphError
from sandbox.instagram.fields import Reader, Selection, parse_fields, select
from sandbox.instagram.nodes import ID_ONLY, UserNode, read_user
from sandbox.instagram.paging import limit_of, page_of, repeated
from sandbox.instagram.tokens import Kind, Token
from sandbox.instagram.world import World

_PAGE_FIELDS = "access_token,category,name,id,tasks"
_PAGE_DEFAULT, _PAGE_MAX = 25, 100
_TASKS = ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE")
_LISTING = "pages_show_list"
_BASIC = "instagram_basic"


@dataclass(frozen=True, slots=True)
class _Page:
    """A Page as one token sees it."""

    world: World
    account: Account
    token: Token


class Facebook:
    """Reads only, except that a token for a Page is made when it is first asked for."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, token: Token, call: GraphCall) -> dict[str, Any]:
        """Of a call by one of the names in `PERSON_CALLS`; raises GraphError."""
        node, *edges = call.segments
        is_person = token.kind.is_of_person and node in ("me", DEMO_PERSON.id)
        with self._world.lock:
            match edges:
                case [] if is_person:
                    fields = parse_fields(call.parameters.text("fields", "id,name"))
                    return select(None, _PERSON, fields)
                case []:
                    return self._page(token, node, call)
                case ["accounts"] if is_person:
                    return self._pages(token, call)
                case ["permissions"] if is_person:
                    return {"data": _permissions(token)}
        raise GraphError(errors.NO_SUCH_OBJECT)

    def _page(self, token: Token, node: str, call: GraphCall) -> dict[str, Any]:
        fields = parse_fields(call.parameters.text("fields", "id,name"))
        may_list = token.kind is Kind.PAGE or _LISTING in token.scopes
        for account in token.accounts if may_list else ():
            if node in (account.page_id, "me"):
                return select(_Page(self._world, account, token), _PAGE, fields)
        raise GraphError(errors.NO_SUCH_OBJECT)

    def _pages(self, token: Token, call: GraphCall) -> dict[str, Any]:
        """Those that the user let the app have; none without the permission to list them."""
        given = call.parameters
        fields = parse_fields(given.text("fields", _PAGE_FIELDS))
        limit = limit_of(given, default=_PAGE_DEFAULT, at_most=_PAGE_MAX)
        listed = token.accounts if _LISTING in token.scopes else ()
        page = page_of(listed, lambda account: account.page_id, limit, given)
        data = [select(_Page(self._world, a, token), _PAGE, fields) for a in page.items]
        url = f"{self._world.origin}{call.address.prefix}/{DEMO_PERSON.id}/accounts"
        return page.answer(data, url, repeated(given, call.token or "", limit))


def _permissions(token: Token) -> list[dict[str, str]]:
    granted = [{"permission": name, "status": "granted"} for name in token.scopes]
    return granted + [{"permission": name, "status": "declined"} for name in token.declined]


def _access_token(page: _Page, _: Selection | None) -> str:
    if page.token.kind is Kind.PAGE:
        return page.token.text
    world = page.world
    draw = world.ids.facebook_token
    return world.tokens.page_token(page.token, page.account, world.clock.now(), draw).text


def _instagram_account(page: _Page, inner: Selection | None) -> dict[str, Any] | None:
    """None of a personal account, and none without the permission to read it."""
    account, account_type = page.account, page.world.account_type(page.account)
    if account_type == "PERSONAL" or _BASIC not in page.token.scopes:
        return None
    posts = page.world.profiles[account.user_id].posts
    return read_user(UserNode(account, account_type, posts, on_facebook=True), inner or ID_ONLY)


_PERSON: dict[str, Reader[None]] = {
    "id": lambda _node, _: DEMO_PERSON.id,
    "name": lambda _node, _: DEMO_PERSON.name,
}
_PAGE: dict[str, Reader[_Page]] = {
    "id": lambda page, _: page.account.page_id,
    "name": lambda page, _: page.account.page_name,
    "category": lambda _node, _: "Software",
    "tasks": lambda _node, _: list(_TASKS),
    "access_token": _access_token,
    "instagram_business_account": _instagram_account,
}
