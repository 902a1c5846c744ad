"""Containers that an earlier run of the same group has made, for the run that follows it.

A container is used again when it lives and was made of the same bytes, with the same options, by
the same account; one that carries the caption also needs the same caption. It costs the account
nothing, while a new one counts against its 400 of a day.
"""

from __future__ import annotations

from typing import Final

from postwright import caption, limits
from postwright.app import App
from postwright.models import PARENT, Container, Job, Ref, SnapshotItem
from postwright.posts import Post

EXPIRED_AGE_SECONDS: Final = (limits.CONTAINER_LIFE_HOURS.value - 1) * 3600
"""A container counts as expired an hour before Instagram lets go of it."""

_Content = tuple[str, str, str | None, str, str]


def containers_for(app: App, ref: Ref, post: Post, user_id: str) -> dict[str, Container]:
    """Containers by their keys in the new job: what the run before has left and still fits.

    They follow their media, wherever those stand in the post now, and each is used once.
    """
    job = app.store.job(ref.session_id, ref.job_id)
    previous_id = job.previous_job_id if job else None
    previous = app.store.job(ref.session_id, previous_id) if previous_id else None
    if previous is None or previous.ig_user_id != user_id or not _same_place(previous, post):
        return {}
    left = [(_content(item), _left(previous, item)) for item in previous.items]
    found: dict[str, Container] = {}
    for item in post.items:
        match = next((pair for pair in left if pair[0] == _content(item) and pair[1]), None)
        if match is not None and match[1] is not None:
            left.remove(match)
            found[str(item.index)] = match[1]
    parent = _parent(previous, post, found)
    return found | ({PARENT: parent} if parent else {})


def is_too_old(container: Container) -> bool:
    """True from an hour before Instagram lets go of a container."""
    return container.age_seconds >= EXPIRED_AGE_SECONDS


def _same_place(previous: Job, post: Post) -> bool:
    """Children fit into any carousel; the container of a single post carries its caption."""
    if previous.kind != post.kind:
        return False
    return post.kind == "carousel" or previous.caption_hash == caption.digest(post.caption)


def _content(item: SnapshotItem) -> _Content:
    """What a container is made of; version or ETag change with the bytes."""
    media = item.media
    return (media.key, item.etag, item.version_id, item.options_hash, media.kind)


def _left(previous: Job, item: SnapshotItem) -> Container | None:
    container = previous.containers.get(str(item.index))
    return _again(container) if container is not None else None


def _again(container: Container) -> Container | None:
    """The container as the new run begins with it: looked at once more, with a fresh budget."""
    if not container.exists or container.id is None or is_too_old(container):
        return None
    return container.model_copy(update={"state": "created", "tries": 1})


def _parent(previous: Job, post: Post, found: dict[str, Container]) -> Container | None:
    """The parent of the same children in the same order, with the same caption and options."""
    parent = previous.containers.get(PARENT)
    children = [found[str(item.index)].id for item in post.items if str(item.index) in found]
    fits = (
        parent is not None
        and parent.children == children
        and len(children) == len(post.items) == len(previous.items)
        and parent.caption_hash == caption.digest(post.caption)
    )
    return _again(parent) if parent is not None and fits else None
