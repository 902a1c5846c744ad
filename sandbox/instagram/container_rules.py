"""What `POST /{ig-user-id}/media` accepts, before any media is fetched.

Sources: IG User media reference (Meta, read 2026-09-11) for parameters and limits, error codes page
(Meta, stamp 2026-06-02) for the codes. Where the reference says that a parameter is not supported
for a kind, the call is refused; Instagram itself ignores some of them, and a client that sends them
should learn it here. A parameter that nobody knows is ignored, as Graph does.

The caption of a story is ignored (public live notes, 2026-04-23). What a carousel item may not say
is refused or ignored as `child_options` says: public projects report both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.instagram import errors
from sandbox.instagram.config import Config
from sandbox.instagram.errors import GraphError
from sandbox.instagram.options import MENTION_LIMIT, Asked, Slot, read_options
from sandbox.instagram.parameters import Parameters

CAPTION_LIMIT = 2200

_HASHTAG = re.compile(r"#\w+")
_MENTION = re.compile(r"(?<![\w@])@\w[\w.]*")
_SOURCES = ("image_url", "video_url", "children")


class Kind(StrEnum):
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    REELS = "REELS"
    STORIES = "STORIES"
    CAROUSEL = "CAROUSEL"


_SLOTS = {
    (Kind.IMAGE, False): Slot.IMAGE,
    (Kind.IMAGE, True): Slot.CHILD_IMAGE,
    (Kind.VIDEO, True): Slot.CHILD_VIDEO,
    (Kind.REELS, False): Slot.REEL,
    (Kind.CAROUSEL, False): Slot.CAROUSEL,
}


_VIDEOS = (Slot.REEL, Slot.STORY_VIDEO, Slot.CHILD_VIDEO)


@dataclass(frozen=True, slots=True)
class ContainerRequest:
    """A valid request. `options` are the parameters that only travel along to the post."""

    kind: Kind
    is_child: bool
    is_video: bool
    url: str
    caption: str
    children: tuple[str, ...]
    options: dict[str, Any]
    is_upload: bool = False


def container_request(
    parameters: Parameters, config: Config, *, on_facebook: bool = False
) -> ContainerRequest:
    """Raises GraphError as Instagram words it; some parameters exist only on graph.facebook.com."""
    kind, is_child = _kind(parameters)
    is_upload = on_facebook and parameters.text("upload_type") == "resumable"
    slot = _slot(kind, is_child, parameters, is_upload=is_upload)
    if is_child and config.child_options == "ignore":
        parameters = parameters.without("caption", "collaborators")
    if is_upload:
        _refuse_with_upload(slot, parameters)
    url, children = ("", ()) if is_upload else _source(slot, parameters, config)
    return ContainerRequest(
        kind=kind,
        is_child=is_child,
        is_video=slot in _VIDEOS,
        url=url,
        caption=_caption(slot, parameters, config),
        children=children,
        options=read_options(Asked(parameters, slot, config), on_facebook=on_facebook),
        is_upload=is_upload,
    )


def _kind(parameters: Parameters) -> tuple[Kind, bool]:
    """`VIDEO` alone ended 2023-11-09, it is for carousel items only; reels cannot be items."""
    is_child = parameters.flag("is_carousel_item")
    media_type = parameters.text("media_type") or "IMAGE"
    try:
        kind = Kind(media_type)
    except ValueError:
        raise GraphError(errors.UNKNOWN_MEDIA_TYPE) from None
    if kind is Kind.VIDEO and not is_child:
        raise GraphError(
            errors.UNKNOWN_MEDIA_TYPE.saying(
                "(#100) media_type VIDEO is only for carousel items: use REELS for a single video"
            )
        )
    if is_child and kind in (Kind.REELS, Kind.STORIES, Kind.CAROUSEL):
        raise GraphError(
            errors.BAD_API_PARAMETER.saying(f"(#100) {kind} cannot be a carousel item")
        )
    return kind, is_child


def _slot(kind: Kind, is_child: bool, parameters: Parameters, *, is_upload: bool) -> Slot:
    if kind is not Kind.STORIES:
        return _SLOTS[kind, is_child]
    return Slot.STORY_VIDEO if is_upload or "video_url" in parameters else Slot.STORY_IMAGE


def _refuse_with_upload(slot: Slot, parameters: Parameters) -> None:
    """Videos alone are uploaded, and then there is no URL."""
    if slot not in _VIDEOS:
        parameters.refuse("upload_type")
    parameters.refuse(*_SOURCES)


def _source(slot: Slot, parameters: Parameters, config: Config) -> tuple[str, tuple[str, ...]]:
    """The URL of the media, or the children; exactly what the slot needs and nothing else."""
    if slot is Slot.CAROUSEL:
        parameters.refuse("image_url", "video_url")
        return "", _children(parameters, config)
    is_image = slot in (Slot.IMAGE, Slot.STORY_IMAGE, Slot.CHILD_IMAGE)
    needed = "image_url" if is_image else "video_url"
    url = parameters.required(needed)
    parameters.refuse(*(name for name in _SOURCES if name != needed))
    return url, ()


def _children(parameters: Parameters, config: Config) -> tuple[str, ...]:
    children = tuple(parameters.names("children"))
    if not 2 <= len(children) <= config.carousel_max or len(set(children)) != len(children):
        raise GraphError(errors.CAROUSEL_SIZE)
    return children


def _caption(slot: Slot, parameters: Parameters, config: Config) -> str:
    """The unit is not documented: the larger of code points and UTF-16 units counts."""
    if slot in (Slot.STORY_IMAGE, Slot.STORY_VIDEO):
        return ""
    if slot in (Slot.CHILD_IMAGE, Slot.CHILD_VIDEO):
        parameters.refuse("caption")
        return ""
    caption = parameters.text("caption")
    utf16_units = len(caption.encode("utf-16-le", "surrogatepass")) // 2
    if max(len(caption), utf16_units) > CAPTION_LIMIT:
        raise GraphError(errors.CAPTION_TOO_LONG)
    if len(_HASHTAG.findall(caption)) > config.hashtag_max:
        raise GraphError(errors.CAPTION_TOO_LONG)
    if len(_MENTION.findall(caption)) > MENTION_LIMIT:
        raise GraphError(errors.TOO_MANY_MENTIONS)
    return caption
