"""The parameters of a container besides its media and caption: who may send which, and their form.

Sources: IG User media reference (Meta, read 2026-09-11) and the platform's changelog (Meta, to
2026-06-22). Dates of the younger ones: `alt_text` 2025-03-24, `user_tags` on stories 2025-07-09,
`trial_params` 2025-12-03, partnership labels 2026-04-22, `audio_configuration` 2026-06-01,
`is_ai_generated` 2026-06-22. Not established: partnership labels on stories, and what Instagram
answers to a parameter of graph.facebook.com on graph.instagram.com; both are refused here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from sandbox.instagram import errors, locations
from sandbox.instagram.config import Config
from sandbox.instagram.errors import GraphError
from sandbox.instagram.parameters import Parameters

MENTION_LIMIT = 20
ALT_TEXT_LIMIT = 1000
COLLABORATOR_LIMIT = 3
PRODUCT_TAG_LIMIT = 5
PRODUCT_TAG_LIMIT_REEL = 30
SPONSOR_LIMIT = 2

_STRATEGIES = ("MANUAL", "SS_PERFORMANCE")


class Slot(Enum):
    """What a container will be part of; what may be said about it depends on that."""

    IMAGE = auto()
    REEL = auto()
    STORY_IMAGE = auto()
    STORY_VIDEO = auto()
    CHILD_IMAGE = auto()
    CHILD_VIDEO = auto()
    CAROUSEL = auto()


_POSTS = frozenset({Slot.IMAGE, Slot.REEL, Slot.CAROUSEL})
_STORIES = frozenset({Slot.STORY_IMAGE, Slot.STORY_VIDEO})
_CHILDREN = frozenset({Slot.CHILD_IMAGE, Slot.CHILD_VIDEO})
_REEL = frozenset({Slot.REEL})


@dataclass(frozen=True, slots=True)
class Asked:
    """One create call, as far as it is understood."""

    parameters: Parameters
    slot: Slot
    config: Config


@dataclass(frozen=True, slots=True)
class Option:
    read: Callable[[Asked], Any]
    slots: frozenset[Slot]
    only_on_facebook: bool = False


def read_options(asked: Asked, *, on_facebook: bool) -> dict[str, Any]:
    """The options that were sent, read; raises GraphError at one that may not be."""
    given = {name: option for name, option in OPTIONS.items() if name in asked.parameters}
    for name, option in given.items():
        if asked.slot not in option.slots or (option.only_on_facebook and not on_facebook):
            asked.parameters.refuse(name)
    return {name: option.read(asked) for name, option in given.items()}


def _alt_text(asked: Asked) -> str:
    alt_text = asked.parameters.text("alt_text")
    if len(alt_text) > ALT_TEXT_LIMIT:
        raise _wrong(f"Param alt_text must be at most {ALT_TEXT_LIMIT} characters long")
    return alt_text


def _location_id(asked: Asked) -> str:
    location_id = asked.parameters.text("location_id")
    if not locations.can_be_tagged(location_id, asked.config):
        raise GraphError(errors.BAD_LOCATION)
    return location_id


def _user_tags(asked: Asked) -> list[dict[str, Any]]:
    """On images with a place, on reels without one, on stories as one likes."""
    tags = _objects(asked, "user_tags")
    if len(tags) > MENTION_LIMIT:
        raise GraphError(errors.TOO_MANY_MENTIONS)
    for tag in tags:
        if not isinstance(tag.get("username"), str) or not tag["username"]:
            raise GraphError(errors.BAD_USER_TAG)
        has_place = "x" in tag or "y" in tag
        if has_place and asked.slot is Slot.REEL:
            raise _wrong("user_tags on a reel take no x and y")
        if (has_place or asked.slot not in _STORIES | _REEL) and not _is_in_picture(tag):
            raise _wrong("user_tags on an image need x and y in 0..1")
    return tags


def _product_tags(asked: Asked) -> list[dict[str, Any]]:
    """Positions belong on photos; a carousel's own tags may have one or not."""
    tags = _objects(asked, "product_tags")
    limit = PRODUCT_TAG_LIMIT_REEL if asked.slot is Slot.REEL else PRODUCT_TAG_LIMIT
    if len(tags) > limit or not all(str(tag.get("product_id", "")).isdecimal() for tag in tags):
        raise GraphError(errors.BAD_PRODUCT_TAGS)
    for tag in tags:
        has_place = "x" in tag or "y" in tag
        if has_place and asked.slot in (Slot.REEL, Slot.CHILD_VIDEO):
            raise GraphError(errors.PRODUCT_TAG_ON_VIDEO)
        needs_place = has_place or asked.slot in (Slot.IMAGE, Slot.CHILD_IMAGE)
        if needs_place and not _is_in_picture(tag):
            raise GraphError(errors.PRODUCT_TAG_WITHOUT_PLACE)
    return tags


def _objects(asked: Asked, name: str) -> list[dict[str, Any]]:
    value = asked.parameters.json(name)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _wrong(f"Param {name} must be an array")
    return value


def _is_in_picture(tag: dict[str, Any]) -> bool:
    places = [tag.get(axis) for axis in "xy"]
    return all(
        isinstance(place, int | float) and not isinstance(place, bool) and 0 <= place <= 1
        for place in places
    )


def _collaborators(asked: Asked) -> list[str]:
    """One handle that cannot be invited refuses the container, such as one with a leading @."""
    handles = asked.parameters.names("collaborators")
    if len(handles) > COLLABORATOR_LIMIT:
        raise _wrong(f"Param collaborators must have at most {COLLABORATOR_LIMIT} elements")
    if any(handle.startswith("@") for handle in handles):
        raise GraphError(errors.BAD_USER_TAG)
    return handles


def _thumb_offset(asked: Asked) -> int:
    """Its upper end is the length of the video, which is not known yet."""
    offset = asked.parameters.whole("thumb_offset")
    if offset < 0:
        raise GraphError(errors.BAD_THUMB_OFFSET)
    return offset


def _trial_params(asked: Asked) -> dict[str, Any]:
    """A trial reel is shown to strangers first: sharing and collaborators contradict it."""
    trial = asked.parameters.json("trial_params")
    if not isinstance(trial, dict) or trial.get("graduation_strategy") not in _STRATEGIES:
        raise _wrong(f"trial_params needs a graduation_strategy of {' or '.join(_STRATEGIES)}")
    asked.parameters.refuse("share_to_feed", "collaborators")
    return trial


def _sponsors(asked: Asked) -> list[str]:
    sponsors = asked.parameters.names("branded_content_sponsor_ids")
    if len(sponsors) > SPONSOR_LIMIT or not all(sponsor.isdecimal() for sponsor in sponsors):
        raise GraphError(errors.BAD_SPONSORS)
    return sponsors


def _audio_configuration(asked: Asked) -> dict[str, Any]:
    audio = asked.parameters.json("audio_configuration")
    volumes = ("audio_volume", "video_volume")
    if not isinstance(audio, dict) or not str(audio.get("audio_id", "")).isdecimal():
        raise _wrong("audio_configuration needs an audio_id")
    if not all(isinstance(v := audio.get(name, 100), int) and 0 <= v <= 100 for name in volumes):
        raise _wrong("the volumes of audio_configuration must be in 0..100")
    return audio


def _text(name: str) -> Callable[[Asked], str]:
    return lambda asked: asked.parameters.text(name)


def _flag(name: str) -> Callable[[Asked], bool]:
    return lambda asked: asked.parameters.flag(name)


def _wrong(message: str) -> GraphError:
    return GraphError(errors.BAD_PARAMETER.saying(f"(#100) {message}"))


OPTIONS: dict[str, Option] = {
    "alt_text": Option(_alt_text, frozenset({Slot.IMAGE, Slot.CHILD_IMAGE})),
    "location_id": Option(_location_id, _POSTS),
    "user_tags": Option(_user_tags, _REEL | _STORIES | {Slot.IMAGE, Slot.CHILD_IMAGE}),
    "product_tags": Option(_product_tags, _POSTS | _CHILDREN, only_on_facebook=True),
    "collaborators": Option(_collaborators, _POSTS),
    "cover_url": Option(_text("cover_url"), _REEL),
    "thumb_offset": Option(_thumb_offset, _REEL | {Slot.CHILD_VIDEO}),
    # On a carousel it stands in the reference's example only.
    "share_to_feed": Option(_flag("share_to_feed"), _REEL | {Slot.CAROUSEL}),
    "audio_name": Option(_text("audio_name"), _REEL),
    "trial_params": Option(_trial_params, _REEL),
    "is_ai_generated": Option(_flag("is_ai_generated"), _POSTS | _STORIES),
    "is_paid_partnership": Option(_flag("is_paid_partnership"), _POSTS, only_on_facebook=True),
    "branded_content_sponsor_ids": Option(_sponsors, _POSTS, only_on_facebook=True),
    "audio_configuration": Option(_audio_configuration, _REEL, only_on_facebook=True),
}
