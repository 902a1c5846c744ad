"""Every rule in one list, in the order of the checks: for the page that tells them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from postwright import account_rules, limits
from postwright.limits import Limit
from postwright.models import Severity
from postwright.preflight.caption_rules import CAPTION_RULES
from postwright.preflight.image_rules import FORMAT_ANSWER, IMAGE_RULES, IMAGE_SIZE_RULES
from postwright.preflight.judging import FILE_RULES
from postwright.preflight.option_rules import OPTION_RULES, TIMED_RULES
from postwright.preflight.rules import Rule
from postwright.preflight.video_rules import UNSUPPORTED, VIDEO_RULES, VIDEO_SIZE_RULES

_FETCHED: Final = "9004/2207052 for a photo, 2207076 or 2207077 for a video"
_NO_MEDIA: Final = "9004/2207052"


@dataclass(frozen=True)
class Entry:
    """A rule as people read it. `where` says what is checked: files on disk, or a group's objects
    in the bucket, or both; of the account its token, or what is left of its budgets.
    """

    id: str
    limit: Limit[Any]
    answer: str
    severity: Severity = "problem"
    where: str = "both"


def _entries(*tables: tuple[Rule[Any], ...], where: str = "both") -> tuple[Entry, ...]:
    return tuple(
        Entry(rule.id, rule.limit, rule.answer, rule.severity, where)
        for table in tables
        for rule in table
    )


def _object(rule: str, limit: Limit[Any], answer: str) -> Entry:
    return Entry(rule, limit, answer, where="objects")


SUBJECTS: Final[dict[str, tuple[Entry, ...]]] = {
    "The post": (
        Entry("item-count", limits.CAROUSEL_MAX_ITEMS, "100/2207028 at the create call"),
        Entry("carousel-crop", limits.CAROUSEL_CROP, "none: the item is cut", "warning"),
        _object("media-exists", limits.URL_STATUS, _FETCHED),
        _object("media-kind", limits.OPTION_PLACES, f"{FORMAT_ANSWER}, or {UNSUPPORTED}"),
        _object("carousel-location", limits.OPTION_PLACES, "none: the first one would be sent"),
        _object("carousel-collaborators", limits.OPTION_PLACES, "none: the first would be sent"),
    ),
    "Files": (
        Entry(
            "file-missing", limits.FILE_MIN_BYTES, "none: there is nothing to send", where="files"
        ),
        Entry("file-unreadable", limits.FILE_MIN_BYTES, "none: it cannot be sent", where="files"),
        *_entries(FILE_RULES),
        Entry("file-type", limits.IMAGE_FORMAT, _NO_MEDIA),
        Entry("media-unread", limits.FILE_MIN_BYTES, "none", "warning", "objects"),
    ),
    "Photos": (
        *_entries(IMAGE_RULES, IMAGE_SIZE_RULES),
        Entry("image-damaged", limits.IMAGE_FORMAT, FORMAT_ANSWER),
    ),
    "Videos": (
        *_entries(VIDEO_RULES, VIDEO_SIZE_RULES),
        Entry("video-damaged", limits.VIDEO_CONTAINERS, UNSUPPORTED),
    ),
    "Caption": _entries(CAPTION_RULES),
    "Options": (
        *_entries(OPTION_RULES, where="objects"),
        *_entries(TIMED_RULES, where="objects"),
    ),
    "The way to the media": (
        _object("url-https", limits.URL_FORM, _FETCHED),
        _object("url-ascii", limits.URL_FORM, _FETCHED),
        _object("url-redirect", limits.URL_REDIRECTS, _FETCHED),
        _object("url-range", limits.URL_STATUS, "2207077 in the container's status"),
        _object("url-refused", limits.URL_STATUS, _FETCHED),
        _object("url-content-type", limits.URL_CONTENT_TYPES, _FETCHED),
    ),
    "The account": (
        Entry("token-stored", account_rules.TOKEN_THERE, "190", where="token"),
        *_entries(account_rules.TOKEN_RULES, where="token"),
        *_entries(account_rules.BUDGET_RULES, where="budgets"),
    ),
}
"""The rules by what they are about."""
ENTRIES: Final[tuple[Entry, ...]] = tuple(entry for part in SUBJECTS.values() for entry in part)
