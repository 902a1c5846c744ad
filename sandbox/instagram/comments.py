"""Comments, and which fields they have.

Source: IG Media comments and IG Comment references (Meta, 2026): newest first, replies apart, the
count of a media includes replies. Here only the owner of an account comments, and a comment lives
as long as the process: it is not kept with the post.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.instagram.accounts import Account
from sandbox.instagram.fields import Reader, Selection, parse_fields, select
from sandbox.instagram.posts import Media, graph_time

DEFAULT_FIELDS = "timestamp,text"
"""With `id`, as Meta's example answers."""


@dataclass(eq=False, slots=True)
class Comment:
    """On a media, or a reply when it has a `parent`; newest replies come last."""

    id: str
    media: Media
    author: Account
    text: str
    created_at: datetime
    parent: Comment | None = None
    is_hidden: bool = False
    replies: list[Comment] = field(default_factory=list)

    def with_replies(self) -> Iterator[Comment]:
        yield self
        yield from self.replies


class Comments:
    """All comments, and which media takes none. Not thread-safe: its owner holds a lock."""

    def __init__(self) -> None:
        self._by_id: dict[str, Comment] = {}
        self._of_media: dict[str, list[Comment]] = {}
        self._closed: set[str] = set()

    def get(self, comment_id: str) -> Comment | None:
        return self._by_id.get(comment_id)

    def newest_first(self, media: Media) -> list[Comment]:
        """Without replies."""
        return self._of_media.get(media.id, [])[::-1]

    def count(self, media: Media) -> int:
        """With replies."""
        return sum(1 + len(comment.replies) for comment in self._of_media.get(media.id, []))

    def add(self, comment: Comment) -> None:
        self._by_id[comment.id] = comment
        self._siblings(comment).append(comment)

    def remove(self, comment: Comment) -> None:
        """Its replies go with it."""
        self._siblings(comment).remove(comment)
        for gone in comment.with_replies():
            del self._by_id[gone.id]

    def switch(self, media: Media, *, enabled: bool) -> None:
        """Let a media be commented on, or not."""
        (self._closed.discard if enabled else self._closed.add)(media.id)

    def are_enabled(self, media: Media) -> bool:
        return media.id not in self._closed

    def _siblings(self, comment: Comment) -> list[Comment]:
        if comment.parent is not None:
            return comment.parent.replies
        return self._of_media.setdefault(comment.media.id, [])


def read_comment(comment: Comment, selection: Selection) -> dict[str, Any]:
    return select(comment, _COMMENT, selection)


def read_comments(newest_first: list[Comment], inner: Selection | None) -> dict[str, Any] | None:
    """An edge inside of another read; left out when there is nothing."""
    if not newest_first:
        return None
    selection = inner or parse_fields(DEFAULT_FIELDS)
    return {"data": [read_comment(comment, selection) for comment in newest_first]}


def _author(comment: Comment, inner: Selection | None) -> dict[str, Any]:
    return select(comment.author, _AUTHOR, inner or parse_fields("id,username"))


def _media(comment: Comment, inner: Selection | None) -> dict[str, Any]:
    return select(comment.media, _MEDIA, inner or parse_fields("id"))


_AUTHOR: dict[str, Reader[Account]] = {
    "id": lambda author, _: author.user_id,
    "username": lambda author, _: author.username,
}
_MEDIA: dict[str, Reader[Media]] = {
    "id": lambda media, _: media.id,
    "media_product_type": lambda media, _: media.product_type,
}
_COMMENT: dict[str, Reader[Comment]] = {
    "id": lambda comment, _: comment.id,
    "text": lambda comment, _: comment.text,
    "timestamp": lambda comment, _: graph_time(comment.created_at),
    "username": lambda comment, _: comment.author.username,
    "from": _author,
    "user": lambda comment, _: {"id": comment.author.user_id},
    "like_count": lambda _comment, _: 0,
    "hidden": lambda comment, _: comment.is_hidden,
    "media": _media,
    "parent_id": lambda comment, _: comment.parent.id if comment.parent is not None else None,
    "replies": lambda comment, inner: read_comments(comment.replies[::-1], inner),
}
