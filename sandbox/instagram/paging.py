"""Pages of a list that begins with the newest.

Source: Graph API, paged results (Meta, 2026), and answers recorded in public: `next` and `previous`
contain the token, and are left out where there is nothing. Cursors are opaque; their form here is
ours.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from sandbox.instagram import errors
from sandbox.instagram.errors import GraphError
from sandbox.instagram.parameters import Parameters

_CURSOR_PREFIX = b"AQH"
_REPEATED = ("fields", "since", "until")

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    items: Sequence[Item]
    before: str | None
    after: str | None
    has_next: bool
    has_previous: bool

    def answer(self, data: list[dict[str, Any]], url: str, query: dict[str, str]) -> dict[str, Any]:
        """The whole body; the links repeat `query`, token included."""
        if not data:
            return {"data": []}
        paging: dict[str, Any] = {"cursors": {"before": self.before, "after": self.after}}
        if self.has_next:
            paging["next"] = f"{url}?{urlencode(query | {'after': self.after})}"
        if self.has_previous:
            paging["previous"] = f"{url}?{urlencode(query | {'before': self.before})}"
        return {"data": data, "paging": paging}


EMPTY: Page[Any] = Page([], None, None, has_next=False, has_previous=False)


def page_of(
    newest_first: Sequence[Item],
    id_of: Callable[[Item], str],
    limit: int,
    parameters: Parameters,
) -> Page[Item]:
    """At most `limit` items after or before a cursor; raises GraphError on one that is not ours."""
    places = {id_of(item): place for place, item in enumerate(newest_first)}
    after, before = parameters.text("after"), parameters.text("before")
    if before:
        end = place_of(before, places)
        begin = max(0, end - limit)
    else:
        begin = place_of(after, places) + 1 if after else 0
        end = min(len(newest_first), begin + limit)
    items = newest_first[begin:end]
    if not items:
        return EMPTY
    return Page(
        items,
        before=cursor(id_of(items[0])),
        after=cursor(id_of(items[-1])),
        has_next=end < len(newest_first),
        has_previous=begin > 0,
    )


def limit_of(parameters: Parameters, *, default: int, at_most: int) -> int:
    """How many items a page may have; more than are allowed are not an error."""
    limit = parameters.whole("limit") if "limit" in parameters else default
    if limit < 1:
        raise GraphError(errors.BAD_PARAMETER.saying("(#100) Param limit must be at least 1"))
    return min(limit, at_most)


def repeated(parameters: Parameters, token: str, limit: int) -> dict[str, str]:
    """What the links of a page repeat of the call."""
    query = {"access_token": token, "limit": str(limit)}
    return query | {name: parameters.text(name) for name in _REPEATED if name in parameters}


def cursor(item_id: str) -> str:
    return base64.urlsafe_b64encode(_CURSOR_PREFIX + item_id.encode()).decode()


def place_of(text: str, places: dict[str, int]) -> int:
    try:
        return places[base64.urlsafe_b64decode(text).removeprefix(_CURSOR_PREFIX).decode()]
    except (ValueError, KeyError):
        raise GraphError(errors.BAD_PARAMETER.saying("(#100) Invalid cursor")) from None
