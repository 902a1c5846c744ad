"""Which fields a user, a container and a published media have, and how each is read.

Sources: get started (Meta, 2026) for the user, IG Container reference (Meta, 2026), IG Media
reference (Meta, stamp 2026-08-12). `caption` and `media_product_type` are marked there as
Facebook-Login only, yet graph.instagram.com answers them in production, so they are answered here
unless `caption_fields` is false. Of a container, `copyright_check_status` is said to be for
Facebook Login by one client, and `video_status` belongs to resumable uploads (Meta, 2026-03-15);
both are answered on both hosts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.instagram.accounts import Account
from sandbox.instagram.comments import Comments, read_comments
from sandbox.instagram.containers import Container, Status
from sandbox.instagram.fields import Reader, Selection, select
from sandbox.instagram.posts import Media, Posts

ID_ONLY: Selection = (("id", None),)
_URL_LIFE = timedelta(days=1)
_QUOTA_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class View:
    """Where a call comes from: `prefix` is the host and version of its path, as they were given."""

    prefix: str = ""
    token: str = ""
    on_facebook: bool = False


@dataclass(frozen=True, slots=True)
class UserNode:
    account: Account
    account_type: str
    posts: Posts
    on_facebook: bool


@dataclass(frozen=True, slots=True)
class ContainerNode:
    container: Container
    now: datetime


@dataclass(frozen=True, slots=True)
class QuotaNode:
    usage: int
    total: int


@dataclass(frozen=True, slots=True)
class MediaNode:
    media: Media
    account: Account
    origin: str
    now: datetime
    comments: Comments
    on_facebook: bool
    has_caption_fields: bool

    def child(self, media: Media) -> MediaNode:
        return replace(self, media=media)


def read_user(node: UserNode, selection: Selection) -> dict[str, Any]:
    return select(node, _USER, selection)


def read_container(node: ContainerNode, selection: Selection) -> dict[str, Any]:
    return select(node, _CONTAINER, selection)


def read_media(node: MediaNode, selection: Selection) -> dict[str, Any]:
    return select(node, _MEDIA_ON_FACEBOOK if node.on_facebook else _MEDIA, selection)


def read_quota(node: QuotaNode, selection: Selection) -> dict[str, Any]:
    return select(node, _QUOTA, selection)


def read_children(node: MediaNode, selection: Selection | None) -> dict[str, Any]:
    """The `children` edge of a carousel."""
    asked = selection or ID_ONLY
    return {"data": [read_media(node.child(child), asked) for child in node.media.children]}


def _own_id(node: UserNode) -> str:
    return node.account.user_id if node.on_facebook else node.account.app_scoped_id


_USER: dict[str, Reader[UserNode]] = {
    "id": lambda node, _: _own_id(node),
    "user_id": lambda node, _: node.account.user_id,
    "username": lambda node, _: node.account.username,
    "name": lambda node, _: node.account.name,
    "account_type": lambda node, _: node.account_type,
    "biography": lambda node, _: node.account.biography,
    "profile_picture_url": lambda _node, _: None,
    "followers_count": lambda _node, _: 0,
    "follows_count": lambda _node, _: 0,
    "media_count": lambda node, _: len(node.posts),
}


_QUOTA: dict[str, Reader[QuotaNode]] = {
    "quota_usage": lambda node, _: node.usage,
    "config": lambda node, _: {"quota_total": node.total, "quota_duration": _QUOTA_SECONDS},
}


def _copyright_check(node: ContainerNode, _: Selection | None) -> dict[str, Any]:
    done = node.container.status(node.now) in (Status.FINISHED, Status.PUBLISHED)
    return {"status": "completed" if done else "in_progress", "matches_found": False}


def _video_status(node: ContainerNode, _: Selection | None) -> dict[str, Any] | None:
    container = node.container
    if not container.request.is_video:
        return None
    phase = {
        Status.IN_PROGRESS: "in_progress",
        Status.ERROR: "error",
        Status.EXPIRED: "error",
    }.get(container.status(node.now), "complete")
    upload, media = container.upload, container.media
    if upload is not None:
        uploading, size = "complete" if upload.is_complete else "in_progress", upload.received
        phase = phase if upload.is_complete else "not_started"
    else:
        uploading, size = ("complete", media.size) if media is not None else (phase, 0)
    return {
        "uploading_phase": {"status": uploading, "bytes_transferred": size},
        "processing_phase": {"status": phase},
    }


_CONTAINER: dict[str, Reader[ContainerNode]] = {
    "id": lambda node, _: node.container.id,
    "status_code": lambda node, _: node.container.status(node.now).value,
    "status": lambda node, _: node.container.status_text(node.now),
    "copyright_check_status": _copyright_check,
    "video_status": _video_status,
}


def _permalink(node: MediaNode, _: Selection | None) -> str | None:
    path = node.media.path()
    return node.origin + path if path is not None else None


def _media_url(node: MediaNode, _: Selection | None) -> str:
    """With the hexadecimal expiry `oe` of Instagram's CDN URLs; here it is not enforced."""
    shown = node.media.children[0] if node.media.children else node.media
    expires = int((node.now + _URL_LIFE).timestamp())
    return f"{node.origin}/_media/{shown.id}?oe={expires:X}"


def _thumbnail_url(node: MediaNode, _: Selection | None) -> str | None:
    if node.media.media_type != "VIDEO":
        return None
    return f"{node.origin}/_media/{node.media.id}/thumbnail"


def _children(node: MediaNode, inner: Selection | None) -> dict[str, Any] | None:
    return read_children(node, inner) if node.media.children else None


def _is_shared_to_feed(node: MediaNode, _: Selection | None) -> bool | None:
    if node.media.product_type != "REELS":
        return None
    return bool(node.media.options.get("share_to_feed", True))


def _product_type(node: MediaNode, _: Selection | None) -> str | None:
    return node.media.product_type if node.has_caption_fields else None


def _caption(node: MediaNode, _: Selection | None) -> str | None:
    return (node.media.caption or None) if node.has_caption_fields else None


def _owner(node: MediaNode, inner: Selection | None) -> dict[str, Any]:
    return select(node.account, _OWNER, inner or ID_ONLY)


def _comments(node: MediaNode, inner: Selection | None) -> dict[str, Any] | None:
    return read_comments(node.comments.newest_first(node.media), inner)


def _collaborators(node: MediaNode, _: Selection | None) -> dict[str, Any] | None:
    """Their ids are not known here."""
    names = node.media.options.get("collaborators")
    return {"data": [{"username": name} for name in names]} if names else None


def _of_whole_posts(reader: Reader[MediaNode]) -> Reader[MediaNode]:
    """For what the items of a carousel do not have."""

    def read(node: MediaNode, inner: Selection | None) -> Any:
        return None if node.media.is_child else reader(node, inner)

    return read


_OWNER: dict[str, Reader[Account]] = {
    "id": lambda account, _: account.user_id,
    "username": lambda account, _: account.username,
}
_MEDIA: dict[str, Reader[MediaNode]] = {
    "id": lambda node, _: node.media.id,
    "permalink": _permalink,
    "shortcode": lambda node, _: node.media.shortcode,
    "media_type": lambda node, _: node.media.media_type,
    "media_product_type": _product_type,
    "caption": _caption,
    "timestamp": lambda node, _: node.media.timestamp,
    "media_url": _media_url,
    "thumbnail_url": _thumbnail_url,
    "owner": _owner,
    "username": lambda node, _: node.account.username,
    "alt_text": lambda node, _: node.media.options.get("alt_text"),
    "is_comment_enabled": _of_whole_posts(lambda node, _: node.comments.are_enabled(node.media)),
    "is_ai_generated": lambda node, _: bool(node.media.options.get("is_ai_generated")),
    "is_shared_to_feed": _is_shared_to_feed,
    "like_count": _of_whole_posts(lambda _node, _: 0),
    "comments_count": _of_whole_posts(lambda node, _: node.comments.count(node.media)),
    "comments": _of_whole_posts(_comments),
    "media_audio_type": lambda node, _: (
        "ORIGINAL_SOUND" if node.media.product_type == "REELS" else None
    ),
    "children": _children,
}
_MEDIA_ON_FACEBOOK: dict[str, Reader[MediaNode]] = _MEDIA | {
    "saved_count": _of_whole_posts(lambda _node, _: 0),
    "shares_count": _of_whole_posts(lambda _node, _: 0),
    "reposts_count": _of_whole_posts(lambda _node, _: 0),
    "total_like_count": _of_whole_posts(lambda _node, _: 0),
    "total_comments_count": _of_whole_posts(lambda node, _: node.comments.count(node.media)),
    "total_views_count": _of_whole_posts(lambda _node, _: 0),
    "collaborators": _collaborators,
    "copyright_check_information": lambda _node, _: {
        "status": {"status": "completed", "matches_found": False}
    },
}
