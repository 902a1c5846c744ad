"""Published media: newest first, with pages, and the quota that counts them.

Sources: IG Media reference (Meta, stamp 2026-08-12), IG User media edge (read 2026-09-11),
content_publishing_limit (Meta, 2026).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.instagram.containers import WINDOW
from sandbox.instagram.media_door import MediaFile
from sandbox.instagram.paging import EMPTY, Page, cursor, place_of


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
    username: str = ""

    @property
    def is_story(self) -> bool:
        return self.product_type == "STORY"

    @property
    def is_child(self) -> bool:
        """Whether it is one item of a carousel."""
        return self.shortcode is None

    @property
    def timestamp(self) -> str:
        return graph_time(self.published_at)

    def is_over(self, now: datetime) -> bool:
        """A story is there for 24 hours."""
        return self.is_story and now >= self.published_at + WINDOW

    def path(self) -> str | None:
        """Of the permalink."""
        if self.shortcode is None:
            return None
        if self.is_story:
            return f"/stories/{self.username}/{self.id}"
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

    def remove(self, post: Media) -> None:
        """It keeps counting against the quota."""
        del self._oldest_first[self._places[post.id]]
        self._places = {post.id: place for place, post in enumerate(self._oldest_first)}

    def newest_first(self) -> list[Media]:
        return self._oldest_first[::-1]

    def published_since(self, instant: datetime) -> int:
        while self._published_at and self._published_at[0] <= instant - WINDOW:
            self._published_at.popleft()
        return sum(published > instant for published in self._published_at)

    def page(
        self,
        limit: int,
        after: str | None,
        before: str | None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Page[Media]:
        """Newest first, from `since` to `until`; raises GraphError on a cursor that is not ours."""
        bottom = bisect_left(self._oldest_first, since, key=_published_at) if since else 0
        top = len(self._oldest_first)
        if until:
            top = bisect_right(self._oldest_first, until, key=_published_at)
        if before:
            low = max(bottom, place_of(before, self._places) + 1)
            high = min(top, low + limit)
        else:
            high = min(top, place_of(after, self._places)) if after else top
            low = max(bottom, high - limit)
        posts = self._oldest_first[low:high][::-1]
        if not posts:
            return EMPTY
        return Page(
            posts,
            before=cursor(posts[0].id),
            after=cursor(posts[-1].id),
            has_next=low > bottom,
            has_previous=high < top,
        )


def _published_at(post: Media) -> datetime:
    return post.published_at


def graph_time(instant: datetime) -> str:
    """As Graph writes it: `2026-09-26T19:00:00+0000`."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S+0000")
