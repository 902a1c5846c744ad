"""What `POST /{ig-user-id}/media` accepts, before any media is fetched.

Sources: IG User media reference (Meta, read 2026-09-11) for parameters and limits, error codes page
(Meta, stamp 2026-06-02) for the codes. Where the reference says that a parameter is not supported
for a kind, the call is refused; Instagram itself ignores some of them, and a client that sends them
should learn it here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.instagram import errors
from sandbox.instagram.errors import GraphError
from sandbox.instagram.parameters import Parameters

CAPTION_LIMIT = 2200
HASHTAG_LIMIT = 30
MENTION_LIMIT = 20
ALT_TEXT_LIMIT = 1000
COLLABORATOR_LIMIT = 3

_HASHTAG = re.compile(r"#\w+")
_MENTION = re.compile(r"(?<![\w@])@\w[\w.]*")


class Kind(StrEnum):
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    REELS = "REELS"
    CAROUSEL = "CAROUSEL"


@dataclass(frozen=True, slots=True)
class ContainerRequest:
    """A valid request. `options` are the parameters that only travel along to the post."""

    kind: Kind
    is_child: bool
    url: str
    caption: str
    children: tuple[str, ...]
    options: dict[str, Any]


def container_request(parameters: Parameters, carousel_max: int) -> ContainerRequest:
    """Raises GraphError as Instagram words it."""
    kind, is_child = _kind(parameters)
    caption = "" if is_child else _caption(parameters)
    options = _options(parameters, kind, is_child)
    children: tuple[str, ...] = ()
    url = ""
    if kind is Kind.CAROUSEL:
        children = tuple(parameters.names("children"))
        if not 2 <= len(children) <= carousel_max or len(set(children)) != len(children):
            raise GraphError(errors.CAROUSEL_SIZE)
    else:
        url = parameters.required("image_url" if kind is Kind.IMAGE else "video_url")
    return ContainerRequest(kind, is_child, url, caption, children, options)


def _kind(parameters: Parameters) -> tuple[Kind, bool]:
    """`VIDEO` alone ended 2023-11-09, it is for carousel items only; reels cannot be items."""
    is_child = parameters.flag("is_carousel_item")
    media_type = parameters.text("media_type") or "IMAGE"
    if media_type == "STORIES":
        raise GraphError(
            errors.BAD_API_PARAMETER.saying(
                "(#100) media_type STORIES is not simulated here: use an image, REELS or CAROUSEL"
            )
        )
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
    if is_child and kind in (Kind.REELS, Kind.CAROUSEL):
        raise GraphError(
            errors.BAD_API_PARAMETER.saying(f"(#100) {kind} cannot be a carousel item")
        )
    return kind, is_child


def _caption(parameters: Parameters) -> str:
    """The unit is not documented: the larger of code points and UTF-16 units counts."""
    caption = parameters.text("caption")
    utf16_units = len(caption.encode("utf-16-le", "surrogatepass")) // 2
    if max(len(caption), utf16_units) > CAPTION_LIMIT:
        raise GraphError(errors.CAPTION_TOO_LONG)
    if len(_HASHTAG.findall(caption)) > HASHTAG_LIMIT:
        raise GraphError(errors.CAPTION_TOO_LONG)
    if len(_MENTION.findall(caption)) > MENTION_LIMIT:
        raise GraphError(errors.TOO_MANY_MENTIONS)
    return caption


def _options(parameters: Parameters, kind: Kind, is_child: bool) -> dict[str, Any]:
    if is_child:
        parameters.refuse("collaborators", "location_id", "is_ai_generated")
    if kind is not Kind.IMAGE:
        parameters.refuse("alt_text")
    if kind is not Kind.REELS:
        parameters.refuse("cover_url", "audio_name", "trial_params")
    if kind in (Kind.IMAGE, Kind.CAROUSEL):
        parameters.refuse("thumb_offset")
    if kind in (Kind.VIDEO, Kind.CAROUSEL):
        parameters.refuse("user_tags")
    readers: dict[str, Callable[[Parameters, Kind], Any]] = {
        "alt_text": _alt_text,
        "location_id": _location_id,
        "user_tags": _user_tags,
        "collaborators": _collaborators,
        "thumb_offset": _thumb_offset,
        "cover_url": lambda given, _: given.text("cover_url"),
        "audio_name": lambda given, _: given.text("audio_name"),
        "trial_params": lambda given, _: given.json("trial_params"),
        "share_to_feed": lambda given, _: given.flag("share_to_feed"),
        "is_ai_generated": lambda given, _: given.flag("is_ai_generated"),
    }
    return {name: read(parameters, kind) for name, read in readers.items() if name in parameters}


def _alt_text(parameters: Parameters, _: Kind) -> str:
    alt_text = parameters.text("alt_text")
    if len(alt_text) > ALT_TEXT_LIMIT:
        raise GraphError(
            errors.BAD_PARAMETER.saying(
                f"(#100) Param alt_text must be at most {ALT_TEXT_LIMIT} characters long"
            )
        )
    return alt_text


def _location_id(parameters: Parameters, _: Kind) -> str:
    location_id = parameters.text("location_id")
    if not location_id.isdecimal():
        raise GraphError(
            errors.BAD_API_PARAMETER.saying("INSTAGRAM_PLATFORM_API__INVALID_LOCATION_ID")
        )
    return location_id


def _user_tags(parameters: Parameters, kind: Kind) -> list[dict[str, Any]]:
    tags = parameters.json("user_tags")
    if not isinstance(tags, list) or not all(isinstance(tag, dict) for tag in tags):
        raise GraphError(errors.BAD_PARAMETER.saying("(#100) Param user_tags must be an array"))
    if len(tags) > MENTION_LIMIT:
        raise GraphError(errors.TOO_MANY_MENTIONS)
    for tag in tags:
        if not tag.get("username"):
            raise GraphError(errors.BAD_USER_TAG)
        if kind is Kind.IMAGE and not all(_in_unit_range(tag.get(axis)) for axis in "xy"):
            raise GraphError(
                errors.BAD_PARAMETER.saying("(#100) user_tags on an image need x and y in 0..1")
            )
    return tags


def _in_unit_range(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 1


def _collaborators(parameters: Parameters, _: Kind) -> list[str]:
    """One handle that cannot be invited refuses the container, such as one with a leading @."""
    handles = parameters.names("collaborators")
    if len(handles) > COLLABORATOR_LIMIT:
        raise GraphError(
            errors.BAD_PARAMETER.saying(
                f"(#100) Param collaborators must have at most {COLLABORATOR_LIMIT} elements"
            )
        )
    if any(handle.startswith("@") for handle in handles):
        raise GraphError(errors.BAD_USER_TAG)
    return handles


def _thumb_offset(parameters: Parameters, _: Kind) -> int:
    offset = parameters.whole("thumb_offset")
    if offset < 0:
        raise GraphError(errors.BAD_THUMB_OFFSET)
    return offset
