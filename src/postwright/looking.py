"""Looking for a post whose publish had no clear answer: the container that was sent, and the posts
that fit. Nothing here writes or sends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from postwright import caption, clock
from postwright.app import App
from postwright.errors import (
    ContainerExpiredError,
    PostwrightError,
    TokenInvalidError,
    TransientGraphError,
)
from postwright.instagram import InstagramClient, Media
from postwright.models import Attempt, Container, Job, PostKind, Ref, parse_instant

SETTLE_SECONDS: Final = 120.0
"""So long after `sentAt` no POST of an attempt can still be on its way."""

_WINDOW_BEFORE: Final = timedelta(minutes=5)
_WINDOW_AFTER: Final = timedelta(minutes=15)
_CALLS: Final = 2
"""A look at the container, and one page of posts."""
_PAGE: Final = 50
_PAGES_MAX: Final = 20
_GONE: Final = {(-2, 2207020)}
"""Answers to a status call which say that the container has expired. Source: Meta, error codes,
2026-06-02. Others, 100/33 above all, were seen on containers that live.
"""
_MEDIA_TYPES: Final[dict[PostKind, tuple[str, tuple[str | None, ...]]]] = {
    "image": ("IMAGE", ("FEED", None)),
    "reel": ("VIDEO", ("REELS", "FEED", None)),
    "carousel": ("CAROUSEL_ALBUM", ("FEED", None)),
}


@dataclass(frozen=True)
class Seen:
    """A post of the same kind and time as the one that is looked for, and how well it fits.

    `caption` compares after white space is folded; `missing` means that Instagram left it out of
    its answer. `items` is the number of items of a carousel, None where it was not asked for.
    """

    media: Media
    caption: Literal["same", "other", "missing"]
    taken: bool
    items: int | None = None
    items_sent: int | None = None

    @property
    def fits(self) -> bool:
        """The same caption and as many items, and no other group has it."""
        return not self.taken and self.caption == "same" and self.items == self.items_sent

    @property
    def doubtful(self) -> bool:
        """It may be ours although it does not fit.

        Source: a caption may be missing from an answer (IG Media reference, 2026), and a carousel
        was seen to go live with fewer items than were sent (2026-09-14).
        """
        return not self.taken and self.caption != "other" and not self.fits


@dataclass(frozen=True)
class Evidence:
    """What a look found: the status of the container that was sent, and the posts of its time.

    `read` is False when the posts could not be read, or not all of those that matter; `asked` is
    False when Instagram was not even asked, because it would have refused.
    """

    status: str | None = None
    seen: tuple[Seen, ...] = ()
    read: bool = False
    asked: bool = True

    @property
    def candidates(self) -> list[Media]:
        return [one.media for one in self.seen if one.fits]

    @property
    def nothing_fits(self) -> bool:
        """All posts were read, and none speaks for ours being live."""
        return self.read and not any(one.fits or one.doubtful for one in self.seen)

    @property
    def clear(self) -> bool:
        """Nothing at all speaks for a post."""
        return self.status == "FINISHED" and self.nothing_fits

    @property
    def over(self) -> bool:
        """The container can never be published any more, and it never was."""
        return self.status in ("EXPIRED", "ERROR") and self.nothing_fits

    @property
    def only(self) -> Media | None:
        """The post, when exactly one fits."""
        return self.candidates[0] if len(self.candidates) == 1 else None

    def to_json(self) -> dict[str, Any]:
        """What the history keeps of a look; `container` is null when it could not be read."""
        return {
            "container": self.status,
            "postsRead": self.read,
            "posts": len(self.seen),
            "fit": len(self.candidates),
        }


def is_settled(attempt: Attempt) -> bool:
    """True when no POST of the attempt can still be on its way."""
    return clock.seconds_since(parse_instant(attempt.sent_at)) >= SETTLE_SECONDS


def look(app: App, ref: Ref, job: Job, attempt: Attempt) -> Evidence:
    """Read container and posts. What cannot be read for the moment never counts as a finding.

    Raises TokenInvalidError when Instagram does not let us look.
    """
    taken = app.budgets.take_calls(ref.account_id, _CALLS, "settle")
    if taken.pause:
        return Evidence(asked=False)
    instagram = app.instagram(ref.account_id)
    try:
        return _found(app, ref, job, attempt, instagram)
    finally:
        app.budgets.heard(ref.account_id, taken, instagram)


def _found(app: App, ref: Ref, job: Job, attempt: Attempt, instagram: InstagramClient) -> Evidence:
    status = None
    try:
        status = _status(instagram, attempt.container_id)
        since, until = _window(job, attempt)
        seen = [
            _judge(app, ref, job, instagram, media)
            for media in list(_posts_since(instagram, since))
            if is_of_kind(media, job.kind or "image")
            and media.timestamp is not None
            and since <= media.timestamp <= until
        ]
    except TokenInvalidError:
        raise
    except PostwrightError:
        return Evidence(status)
    return Evidence(status, tuple(seen), read=True)


def is_of_kind(media: Media, kind: PostKind) -> bool:
    """Whether a post of Instagram can be one of this kind."""
    media_type, products = _MEDIA_TYPES[kind]
    return media.media_type == media_type and media.media_product_type in products


def _status(instagram: InstagramClient, container_id: str) -> str:
    try:
        return instagram.container_status(container_id).status_code
    except ContainerExpiredError as error:
        if (error.code, error.subcode) in _GONE:
            return "EXPIRED"
        raise


def _window(job: Job, attempt: Attempt) -> tuple[datetime, datetime]:
    """When the post can have gone live: from a little before its container was made."""
    container = job.containers.get(job.publish_key) or Container(state="created")
    created = parse_instant(container.created_at or attempt.sent_at)
    return created - _WINDOW_BEFORE, parse_instant(attempt.sent_at) + _WINDOW_AFTER


def _posts_since(instagram: InstagramClient, since: datetime) -> Iterator[Media]:
    """The account's posts back to `since`, newest first.

    Raises TransientGraphError when there are too many to read: that none fits could not be said.
    """
    after: str | None = None
    for _ in range(_PAGES_MAX):
        page = instagram.recent_media(limit=_PAGE, after=after)
        yield from page.media
        oldest = page.media[-1].timestamp if page.media else None
        after = page.after
        if after is None or (oldest is not None and oldest < since):
            return
    raise TransientGraphError("There are too many newer posts to look through.", call="read")


def _judge(app: App, ref: Ref, job: Job, instagram: InstagramClient, media: Media) -> Seen:
    wanted = caption.normalise(job.caption_text)
    if media.caption is None and wanted:
        same: Literal["same", "other", "missing"] = "missing"
    else:
        same = "same" if caption.normalise(media.caption) == wanted else "other"
    owner = app.store.media_owner(ref.account_id, media.id)
    taken = owner not in (None, (ref.session_id, ref.group_id))
    if same == "other" or taken or job.kind != "carousel":
        return Seen(media, same, taken)
    return Seen(media, same, taken, instagram.child_count(media.id), len(job.items))
