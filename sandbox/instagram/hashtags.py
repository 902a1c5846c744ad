"""Hashtag search, on graph.facebook.com alone.

Sources: hashtag search guide (Meta, 2024-01-26), references of IG Hashtag Search, IG Hashtag, its
recent_media and top_media, and recently_searched_hashtags (Meta, 2024-07-23 to 2026): 30 different
hashtags in any 7 days for an account, counted from the first query, repeats free; at most 50 posts
on a page; the cursor `after` keeps its value and still leads on; no field `username`; no emoji.
18/2207034 above the limit was seen in tests of public projects, 24/2207024 for a hashtag that
nobody has used is a claim of one.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from sandbox.instagram import errors, hashtag_world
from sandbox.instagram.errors import GraphError
from sandbox.instagram.fields import Reader, Selection, parse_fields, select
from sandbox.instagram.hashtag_world import FoundPost
from sandbox.instagram.nodes import View
from sandbox.instagram.paging import cursor, limit_of, page_of, repeated
from sandbox.instagram.parameters import Parameters
from sandbox.instagram.posts import graph_time
from sandbox.instagram.world import Profile, World

Edge = Literal["top_media", "recent_media"]

_PAGE_DEFAULT, _PAGE_MAX = 25, 50
_LISTED_DEFAULT, _LISTED_MAX = 25, 30
_LONGEST_NAME = 100


class Hashtags:
    """A hashtag is known by its id from the first search for its word on."""

    def __init__(self, world: World) -> None:
        self._world = world

    def is_hashtag(self, node: str) -> bool:
        return node in self._world.hashtag_names

    def search(self, profile: Profile, parameters: Parameters) -> dict[str, Any]:
        """`GET /ig_hashtag_search`: the id of the hashtag `q`, which counts from now on."""
        name = _name(parameters.required("q"))
        config = self._world.config
        with self._world.lock:
            self._require_own(profile, parameters)
            if name in config.sensitive_hashtags:
                raise GraphError(errors.SENSITIVE_HASHTAG)
            if name in config.unused_hashtags:
                raise GraphError(errors.NO_SUCH_HASHTAG)
            hashtag_id = hashtag_world.id_of(name)
            self._count(profile, hashtag_id)
            self._world.hashtag_names[hashtag_id] = name
        return {"data": [{"id": hashtag_id}]}

    def read(self, hashtag_id: str, parameters: Parameters) -> dict[str, Any]:
        """`GET /{ig-hashtag-id}`; it names no account, so it counts for none."""
        return self._hashtag(hashtag_id, parse_fields(parameters.text("fields", "id")))

    def media(
        self, profile: Profile, hashtag_id: str, edge: Edge, parameters: Parameters, view: View
    ) -> dict[str, Any]:
        """`GET /{ig-hashtag-id}/top_media` and `/recent_media`, which count as a query too."""
        selection = parse_fields(parameters.text("fields", "id"))
        limit = limit_of(parameters, default=_PAGE_DEFAULT, at_most=_PAGE_MAX)
        with self._world.lock:
            self._require_own(profile, parameters)
            if hashtag_id not in self._world.hashtag_names:
                raise GraphError(errors.NO_SUCH_OBJECT)
            self._count(profile, hashtag_id)
            posts = self._next_posts(profile, hashtag_id, edge, parameters.text("after"), limit)
            has_next = bool(profile.searched.rest[hashtag_id, edge])
        data = [select(_Shown(post, self._world.origin), _POST, selection) for post in posts]
        if not data:
            return {"data": []}
        after = _cursor(hashtag_id, edge)
        paging: dict[str, Any] = {"cursors": {"after": after}}
        if has_next:
            query = repeated(parameters, view.token, limit)
            query |= {"user_id": profile.account.user_id, "after": after}
            url = f"{self._world.origin}{view.prefix}/{hashtag_id}/{edge}"
            paging["next"] = f"{url}?{urlencode(query)}"
        return {"data": data, "paging": paging}

    def searched(self, profile: Profile, parameters: Parameters, view: View) -> dict[str, Any]:
        """`GET /{ig-user-id}/recently_searched_hashtags`: those that count, newest first."""
        selection = parse_fields(parameters.text("fields", "id"))
        limit = limit_of(parameters, default=_LISTED_DEFAULT, at_most=_LISTED_MAX)
        with self._world.lock:
            counted = profile.searched.counted(self._world.clock.now())
        page = page_of(counted[::-1], str, limit, parameters)
        data = [self._hashtag(hashtag_id, selection) for hashtag_id in page.items]
        edge = f"{profile.account.user_id}/recently_searched_hashtags"
        url = f"{self._world.origin}{view.prefix}/{edge}"
        return page.answer(data, url, repeated(parameters, view.token, limit))

    def _hashtag(self, hashtag_id: str, selection: Selection) -> dict[str, Any]:
        name = self._world.hashtag_names[hashtag_id]
        return select((hashtag_id, name), _HASHTAG, selection)

    def _require_own(self, profile: Profile, parameters: Parameters) -> None:
        """The query is of one account, which the token opens."""
        if parameters.required("user_id") != profile.account.user_id:
            raise GraphError(errors.NO_SUCH_OBJECT)

    def _count(self, profile: Profile, hashtag_id: str) -> None:
        limit = self._world.config.hashtag_searches
        profile.searched.count(hashtag_id, self._world.clock.now(), limit)

    def _next_posts(
        self, profile: Profile, hashtag_id: str, edge: Edge, after: str, limit: int
    ) -> list[FoundPost]:
        """Those of one page. Only a place that is kept here can tell pages apart: the cursor that
        leads to them is always the same.
        """
        rest = profile.searched.rest
        if not after:
            name, now = self._world.hashtag_names[hashtag_id], self._world.clock.now()
            find = hashtag_world.top if edge == "top_media" else hashtag_world.recent
            rest[hashtag_id, edge] = find(name, now)
        elif after != _cursor(hashtag_id, edge) or (hashtag_id, edge) not in rest:
            raise GraphError(errors.BAD_PARAMETER.saying("(#100) Invalid cursor"))
        posts = rest[hashtag_id, edge]
        rest[hashtag_id, edge] = posts[limit:]
        return posts[:limit]


def _cursor(hashtag_id: str, edge: Edge) -> str:
    return cursor(f"{hashtag_id}/{edge}")


def _name(text: str) -> str:
    """Letters, digits and underscores of any script, without difference of case."""
    name = unicodedata.normalize("NFC", text).lower()
    if len(name) > _LONGEST_NAME or not all(_may_be_in_a_hashtag(sign) for sign in name):
        raise GraphError(
            errors.BAD_PARAMETER.saying(
                "(#100) Param q must be a hashtag without #, spaces, punctuation and emoji"
            )
        )
    return name


def _may_be_in_a_hashtag(sign: str) -> bool:
    """Marks too, without which some scripts cannot write a word."""
    return sign == "_" or unicodedata.category(sign)[0] in "LMN"


@dataclass(frozen=True, slots=True)
class _Shown:
    post: FoundPost
    origin: str


def _media_url(shown: _Shown, _: Selection | None) -> str | None:
    """Not of a carousel; nothing is behind it."""
    if shown.post.children:
        return None
    return f"{shown.origin}/_media/{shown.post.id}"


def _children(shown: _Shown, inner: Selection | None) -> dict[str, Any] | None:
    if not shown.post.children:
        return None
    asked = inner or (("id", None),)
    items = [_Shown(item, shown.origin) for item in shown.post.children]
    return {"data": [select(item, _ITEM, asked) for item in items]}


_HASHTAG: dict[str, Reader[tuple[str, str]]] = {
    "id": lambda hashtag, _: hashtag[0],
    "name": lambda hashtag, _: hashtag[1],
}
_ITEM: dict[str, Reader[_Shown]] = {
    "id": lambda shown, _: shown.post.id,
    "media_type": lambda shown, _: shown.post.media_type,
    "media_url": _media_url,
}
_POST: dict[str, Reader[_Shown]] = _ITEM | {
    "caption": lambda shown, _: shown.post.caption,
    "permalink": lambda shown, _: f"{shown.origin}/p/{shown.post.shortcode}/",
    "timestamp": lambda shown, _: graph_time(shown.post.published_at),
    "like_count": lambda shown, _: None if shown.post.hides_likes else shown.post.likes,
    "comments_count": lambda shown, _: shown.post.comments,
    "children": _children,
}
