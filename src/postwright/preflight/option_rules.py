"""What may be asked for besides the media: alt texts, tags, collaborators, covers, locations.

Values that no item may have at all are refused by `models.MediaItem`, for example a place outside
of the picture, or an option that does not exist here, such as trial Reels and the AI label.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from postwright import caption as captions
from postwright import limits
from postwright.models import MediaItem
from postwright.preflight.films import VideoFacts
from postwright.preflight.rules import Finding, Rule

_NOT_ALLOWED: Final = "100 at the create call"
_BAD_NAME: Final = "110/2207018 at the create call"
_BAD_OFFSET: Final = "1/2207057"


@dataclass(frozen=True)
class Asked:
    """An item with its options, and where it stands."""

    media: MediaItem
    in_carousel: bool

    @property
    def what(self) -> str:
        kind = self.media.kind
        if self.in_carousel:
            return f"{'an image' if kind == 'image' else 'a video'} in a carousel"
        return "an image" if kind == "image" else "a Reel"


@dataclass(frozen=True)
class Timed:
    """A video with its options."""

    media: MediaItem
    facts: VideoFacts


def _only_on(
    option: str, is_set: Callable[[MediaItem], bool], allowed: str, fits: Callable[[Asked], bool]
) -> Callable[[Asked], Finding | None]:
    """The option stands only where Instagram takes it."""

    def check(asked: Asked) -> Finding | None:
        if not is_set(asked.media) or fits(asked):
            return None
        return Finding(f"{option} on {asked.what}", allowed, f"leave its {option} out")

    return check


def _is_reel(asked: Asked) -> bool:
    return asked.media.kind == "video" and not asked.in_carousel


def _alt_text_kind(asked: Asked) -> Finding | None:
    if asked.media.alt_text is None or asked.media.kind == "image":
        return None
    return Finding("an alt text on a video", "alt texts on images", "leave its alt text out")


def _alt_text_length(asked: Asked) -> Finding | None:
    length = captions.length(asked.media.alt_text or "")
    if length <= limits.ALT_TEXT_MAX_CHARACTERS.value:
        return None
    allowed = f"at most {limits.ALT_TEXT_MAX_CHARACTERS.value} characters"
    return Finding(f"an alt text of {length} characters", allowed, "shorten the alt text")


def _collaborators_count(asked: Asked) -> Finding | None:
    count = len(asked.media.collaborators or ())
    if count <= limits.COLLABORATORS_MAX.value:
        return None
    allowed = f"at most {limits.COLLABORATORS_MAX.value}"
    return Finding(f"{count} collaborators", allowed, "name fewer collaborators")


def _collaborators_form(asked: Asked) -> Finding | None:
    """Source: a leading @ was seen to be refused with 2207018 (field reports, 2026)."""
    return _bare_names(asked.media.collaborators or ())


def _bare_names(names: Sequence[str]) -> Finding | None:
    wrong = [name for name in names if name.startswith("@") or not name.strip()]
    if not wrong:
        return None
    return Finding(repr(wrong[0]), "user names without @", "write the bare user name")


def _user_tags_form(asked: Asked) -> Finding | None:
    return _bare_names([tag.username for tag in asked.media.user_tags or ()])


def _user_tags_count(asked: Asked) -> Finding | None:
    most, count = limits.USER_TAGS_MAX.value, len(asked.media.user_tags or ())
    if count <= most:
        return None
    return Finding(f"{count} tagged people", f"at most {most}", "tag fewer people")


def _user_tags_place(asked: Asked) -> Finding | None:
    """In a picture a tag has a place; in a film, where people move, it has none."""
    tags = asked.media.user_tags or ()
    if asked.media.kind == "image":
        if all(tag.x is not None and tag.y is not None for tag in tags):
            return None
        return Finding(
            "a tag without its place", "x and y from 0 to 1", "say where in the picture each one is"
        )
    if all(tag.x is None and tag.y is None for tag in tags):
        return None
    return Finding("a tag with a place in a video", "user names alone", "leave x and y out")


def _location_form(asked: Asked) -> Finding | None:
    location = asked.media.location_id
    if location is None or (location.isascii() and location.isdigit()):
        return None
    return Finding(repr(location)[:80], "the id of a Page, digits alone", "give the location's id")


def _cover_or_offset(asked: Asked) -> Finding | None:
    if not asked.media.cover_key or asked.media.thumb_offset is None:
        return None
    return Finding("a cover and a thumb offset", "one of both", "leave the thumb offset out")


def _thumb_offset(timed: Timed) -> Finding | None:
    offset, seconds = timed.media.thumb_offset, timed.facts.seconds
    if offset is None or seconds is None or offset < seconds * 1000:
        return None
    return Finding(
        f"a thumb offset of {offset} ms",
        f"less than the {seconds * 1000:.0f} ms of the video",
        "choose an earlier moment",
    )


OPTION_RULES: Final[tuple[Rule[Asked], ...]] = (
    Rule("alt-text-kind", limits.ALT_TEXT_MAX_CHARACTERS, _alt_text_kind, _NOT_ALLOWED),
    Rule("alt-text-length", limits.ALT_TEXT_MAX_CHARACTERS, _alt_text_length, "not documented"),
    Rule("collaborators-count", limits.COLLABORATORS_MAX, _collaborators_count, _NOT_ALLOWED),
    Rule("collaborators-form", limits.COLLABORATORS_MAX, _collaborators_form, _BAD_NAME),
    Rule(
        "user-tags-kind",
        limits.OPTION_PLACES,
        _only_on(
            "user tags",
            lambda media: bool(media.user_tags),
            "user tags on images and Reels",
            lambda asked: asked.media.kind == "image" or not asked.in_carousel,
        ),
        _NOT_ALLOWED,
    ),
    Rule("user-tags-count", limits.USER_TAGS_MAX, _user_tags_count, "100/2207040"),
    Rule("user-tags-form", limits.OPTION_PLACES, _user_tags_form, _BAD_NAME),
    Rule("user-tags-place", limits.USER_TAG_PLACE, _user_tags_place, _NOT_ALLOWED),
    Rule(
        "location-form",
        limits.LOCATION_FORM,
        _location_form,
        "INSTAGRAM_PLATFORM_API__INVALID_LOCATION_ID",
    ),
    Rule(
        "cover-kind",
        limits.OPTION_PLACES,
        _only_on("cover", lambda media: media.cover_key is not None, "a cover on a Reel", _is_reel),
        _NOT_ALLOWED,
    ),
    Rule(
        "thumb-offset-kind",
        limits.OPTION_PLACES,
        _only_on(
            "thumb offset",
            lambda media: media.thumb_offset is not None,
            "a thumb offset on a video",
            lambda asked: asked.media.kind == "video",
        ),
        _NOT_ALLOWED,
    ),
    Rule("cover-or-offset", limits.OPTION_PLACES, _cover_or_offset, "none: the cover wins"),
    Rule(
        "share-to-feed-kind",
        limits.OPTION_PLACES,
        _only_on(
            "share_to_feed",
            lambda media: media.share_to_feed is not None,
            "share_to_feed on a Reel",
            _is_reel,
        ),
        _NOT_ALLOWED,
    ),
)
TIMED_RULES: Final[tuple[Rule[Timed], ...]] = (
    Rule("thumb-offset", limits.THUMB_OFFSET_MIN, _thumb_offset, _BAD_OFFSET),
)
"""Options that are measured against the video."""
