"""Published media: newest first, with pages, and the quota that counts them.

Sources: IG Media reference (Meta, stamp 2026-08-12), IG User media edge (read 2026-09-11),
content_publishing_limit (Meta, 2026). Cursors are opaque; their form here is ours.
"""

from __future__ import annotations

import base64
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sandbox.instagram import errors
from sandbox.instagram.containers import WINDOW
from sandbox.instagram.errors import GraphError
from sandbox.instagram.media_door import MediaFile

_CURSOR_PREFIX = b"AQH"


@dataclass(frozen=True, slots=True)
class Media:
    """A post, or one item of a carousel (then without shortcode, caption and children)."""

    id: str
    media_type: str
    product_type: str
    creation_id: str
    published_at: datetime
    caption: str = ""
    shortcode: str | None = None
    file: MediaFile | None = None
    options: dict[str, Any] = field(default_factory=dict)
    children: tuple[Media, ...] = ()

    @property
    def timestamp(self) -> str:
        return self.published_at.strftime("%Y-%m-%dT%H:%M:%S+0000")

    def path(self) -> str | None:
        """Of the permalink."""
        if self.shortcode is None:
            return None
        return f"/{'reel' if self.product_type == 'REELS' else 'p'}/{self.shortcode}/"

    def ids(self) -> list[str]:
        """Every id and shortcode that this post uses up."""
        own = [self.id, self.creation_id, self.shortcode or self.id]
        return own + [taken for child in self.children for taken in child.ids()]

    def describe(self, origin: str) -> dict[str, Any]:
        """For assertions: what is really live, byte for byte."""
        described: dict[str, Any] = {
            "id": self.id,
            "creation_id": self.creation_id,
            "caption": self.caption,
            "media_type": self.media_type,
            "permalink": f"{origin}{self.path()}",
            "timestamp": self.timestamp,
            "options": self.options,
            "children": [child._describe_item() for child in self.children],
        }
        return described | self._fingerprint()

    def _describe_item(self) -> dict[str, Any]:
        item = {"id": self.id, "media_type": self.media_type, "options": self.options}
        return item | self._fingerprint()

    def _fingerprint(self) -> dict[str, Any]:
        if self.file is None:
            return {}
        return {"sha256": self.file.sha256, "bytes": self.file.size}


@dataclass(frozen=True, slots=True)
class Page:
    posts: list[Media]
    before: str | None
    after: str | None
    has_next: bool
    has_previous: bool

    def paging(self, url: str, query: dict[str, str]) -> dict[str, Any]:
        """The `paging` object; its links repeat `query`, token included, as Instagram does."""
        paging: dict[str, Any] = {"cursors": {"before": self.before, "after": self.after}}
        if self.has_next:
            paging["next"] = f"{url}?{urlencode(query | {'after': self.after})}"
        if self.has_previous:
            paging["previous"] = f"{url}?{urlencode(query | {'before': self.before})}"
        return paging


class Posts:
    """The posts of one account."""

    def __init__(self) -> None:
        self._oldest_first: list[Media] = []
        self._places: dict[str, int] = {}
        self._published_at: deque[datetime] = deque()

    def __len__(self) -> int:
        return len(self._oldest_first)

    def add(self, post: Media, *, counts: bool = True) -> None:
        """`counts=False` for posts of an earlier run, which use up no quota."""
        self._places[post.id] = len(self._oldest_first)
        self._oldest_first.append(post)
        if counts:
            self._published_at.append(post.published_at)

    def newest_first(self) -> list[Media]:
        return self._oldest_first[::-1]

    def published_since(self, instant: datetime) -> int:
        while self._published_at and self._published_at[0] <= instant - WINDOW:
            self._published_at.popleft()
        return sum(published > instant for published in self._published_at)

    def quota_usage(self, now: datetime) -> int:
        return self.published_since(now - timedelta(days=1))

    def page(self, limit: int, after: str | None, before: str | None) -> Page:
        total = len(self._oldest_first)
        if before:
            end = total - 1 - self._place(before)
            start = max(0, end - limit)
        else:
            start = total - self._place(after) if after else 0
            end = min(total, start + limit)
        posts = [self._oldest_first[total - 1 - index] for index in range(start, end)]
        if not posts:
            return Page([], None, None, has_next=False, has_previous=False)
        return Page(
            posts,
            before=_cursor(posts[0]),
            after=_cursor(posts[-1]),
            has_next=end < total,
            has_previous=start > 0,
        )

    def _place(self, cursor: str) -> int:
        try:
            decoded = base64.urlsafe_b64decode(cursor).removeprefix(_CURSOR_PREFIX).decode()
            return self._places[decoded]
        except (ValueError, KeyError):
            raise GraphError(errors.BAD_PARAMETER.saying("(#100) Invalid cursor")) from None


def _cursor(post: Media) -> str:
    return base64.urlsafe_b64encode(_CURSOR_PREFIX + post.id.encode()).decode()
