"""Searches on graph.facebook.com: hashtags and places. They want the token of a Facebook user.

They use up the allowance of the app, of which an answer tells the percentage. From 90 % on nothing
is asked any more, because calls above the limit make Instagram refuse others for longer.

Sources: IG Hashtag Search, IG Hashtag and recently_searched_hashtags references and the Instagram
Platform overview (Meta, 2024-01 to 2026-09); Pages search (Meta, 2026-04-17).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from postwright.error_table import Call
from postwright.errors import RateLimitedError, TokenInvalidError, TransientGraphError
from postwright.hashtags.statistics import PublicPost, PublicPosts
from postwright.instagram import InstagramClient, next_cursor, rows, timestamp

USAGE_MAX_PERCENT: Final = 90
_PAGE: Final = "50"
"""The most that a page of posts may have."""
_LISTED: Final = "30"
"""As many as can count at once."""
_PAGES_MAX: Final = 5
_NO_PERMISSION: Final = (10, 200)
_MAY_NOT: Final = (
    "The app or the token may not search. Hashtags need the permission instagram_basic and Meta's"
    " feature Instagram Public Content Access, places need Page Public Metadata Access; Meta grants"
    " both by App Review. Add them to the app, then run `postwright auth login` again."
)
_POST_FIELDS: Final = "like_count,comments_count,timestamp"
_PLACE_FIELDS: Final = "id,name,location,link"


@dataclass(frozen=True)
class Hashtag:
    """A hashtag as Instagram lists it; a name is not promised."""

    id: str
    name: str | None


class GraphSearch:
    """Searches for one account; `client` is one of graph.facebook.com."""

    def __init__(self, client: InstagramClient) -> None:
        self._client = client

    def hashtag_id(self, tag: str) -> str:
        """The id of a hashtag. The search counts from now on, unless it counts already."""
        found = self._rows("search", "ig_hashtag_search", {"q": tag} | self._account())
        if not found or not found[0].get("id"):
            raise TransientGraphError("Instagram answered without a hashtag.", call="search")
        return str(found[0]["id"])

    def top_posts(self, hashtag_id: str) -> PublicPosts:
        """Numbers of the most popular posts under a hashtag, which counts as a search too."""
        return self._posts(f"{hashtag_id}/top_media")

    def recent_posts(self, hashtag_id: str) -> PublicPosts:
        """Numbers of posts of the last 24 hours under a hashtag, which counts as a search too."""
        return self._posts(f"{hashtag_id}/recent_media")

    def searched_hashtags(self) -> list[Hashtag]:
        """The hashtags that Instagram counts for the account now."""
        path = f"{self._client.user_id}/recently_searched_hashtags"
        parameters = {"fields": "id,name", "limit": _LISTED}
        found: list[Hashtag] = []
        for _ in range(_PAGES_MAX):
            body = self._read("read", path, parameters)
            found += [_hashtag(row) for row in rows(body) if row.get("id")]
            after = next_cursor(body)
            if after is None:
                break
            parameters = parameters | {"after": after}
        return found

    def places(self, text: str) -> list[Mapping[str, Any]]:
        """Pages whose name fits, each with `id`, `name`, `link` and, where it has one, `location`.

        Of the location Instagram tells what it knows of: street, city, state, zip, country,
        latitude, longitude.
        """
        return self._rows("read", "pages/search", {"q": text, "fields": _PLACE_FIELDS})

    def _posts(self, path: str) -> PublicPosts:
        parameters = {"fields": _POST_FIELDS, "limit": _PAGE} | self._account()
        body = self._read("search", path, parameters)
        return PublicPosts([_post(row) for row in rows(body)], complete=next_cursor(body) is None)

    def _account(self) -> dict[str, str]:
        return {"user_id": self._client.user_id}

    def _rows(
        self, call: Call, path: str, parameters: Mapping[str, str]
    ) -> list[Mapping[str, Any]]:
        return rows(self._read(call, path, parameters))

    def _read(self, call: Call, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        usage = self._client.usage
        if usage.percent >= USAGE_MAX_PERCENT:
            raise RateLimitedError(
                f"{usage.percent} % of the app's calls are used up, and more would only make"
                " Instagram refuse them for longer. Try again in an hour.",
                wait_seconds=usage.regain_minutes * 60,
                call=call,
            )
        try:
            return self._client.read(call, path, parameters)
        except TokenInvalidError as error:
            if error.code not in _NO_PERMISSION:
                raise
            raise TokenInvalidError(_MAY_NOT, **_numbers(error)) from error


def _numbers(error: TokenInvalidError) -> dict[str, Any]:
    return {
        "code": error.code,
        "subcode": error.subcode,
        "http_status": error.http_status,
        "fbtrace_id": error.fbtrace_id,
        "call": error.call,
    }


def _hashtag(row: Mapping[str, Any]) -> Hashtag:
    name = row.get("name")
    return Hashtag(str(row["id"]), name if isinstance(name, str) else None)


def _post(row: Mapping[str, Any]) -> PublicPost:
    likes, comments = row.get("like_count"), row.get("comments_count")
    return PublicPost(
        likes=likes if isinstance(likes, int) else None,
        comments=comments if isinstance(comments, int) else 0,
        timestamp=timestamp(row.get("timestamp")),
    )
