"""What Instagram accepts, as dated values: where each one was read, and when.

These are Instagram's rules, not preferences. When Instagram changes one, change it here and every
check follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_MEDIA_REFERENCE = "Instagram Platform, IG User media reference"
_PUBLISHING_GUIDE = "Instagram Platform, content publishing guide"
_ERROR_CODES = "Instagram Platform, error codes reference"
_RATE_LIMITS = "Graph API, rate limits: 200 calls per user and hour"
_FIELD = "seen in the field, not documented by Instagram"
_CRAWLER = "reports on Meta's crawler, not documented by Instagram"
_OURS = "our own margin"
_READ = date(2026, 9, 11)


@dataclass(frozen=True)
class Limit(Generic[T]):
    """A value with its unit, the page it comes from and the day that page was read."""

    value: T
    unit: str
    source: str
    read_on: date


FILE_MIN_BYTES: Final = Limit(1, "bytes", "no picture or film has 0 bytes", _READ)
IMAGE_FORMAT: Final = Limit("JPEG", "format", _MEDIA_REFERENCE, _READ)
IMAGE_MODES: Final = Limit(("RGB", "L"), "colour modes", _MEDIA_REFERENCE, _READ)
IMAGE_CODING: Final = Limit("baseline", "coding", _FIELD, _READ)
IMAGE_COLOUR: Final = Limit("sRGB", "colour profile", _MEDIA_REFERENCE, _READ)
IMAGE_MAX_BYTES: Final = Limit(8_000_000, "bytes", _MEDIA_REFERENCE, _READ)
IMAGE_MIN_RATIO: Final = Limit(0.8, "width / height", _MEDIA_REFERENCE, _READ)
IMAGE_MAX_RATIO: Final = Limit(1.91, "width / height", _MEDIA_REFERENCE, _READ)
RATIO_TOLERANCE: Final = Limit(0.005, "width / height", _FIELD, _READ)
IMAGE_MIN_WIDTH: Final = Limit(320, "pixels", _MEDIA_REFERENCE, _READ)
IMAGE_MAX_WIDTH: Final = Limit(1440, "pixels, wider ones are scaled", _MEDIA_REFERENCE, _READ)
REEL_MAX_BYTES: Final = Limit(300_000_000, "bytes", _MEDIA_REFERENCE, _READ)
CAROUSEL_VIDEO_MAX_BYTES: Final = Limit(100_000_000, "bytes", _FIELD, _READ)
VIDEO_MIN_SECONDS: Final = Limit(3.2, "seconds", _FIELD, _READ)
VIDEO_MAX_WIDTH: Final = Limit(1920, "pixels", _MEDIA_REFERENCE, _READ)
VIDEO_MIN_RATE: Final = Limit(23, "frames per second", _MEDIA_REFERENCE, _READ)
VIDEO_MAX_RATE: Final = Limit(60, "frames per second", _MEDIA_REFERENCE, _READ)
VIDEO_MAX_BITS_PER_SECOND: Final = Limit(25_000_000, "bit/s", _MEDIA_REFERENCE, _READ)
SOUND_MAX_RATE: Final = Limit(48_000, "Hz", _MEDIA_REFERENCE, _READ)
SOUND_MAX_CHANNELS: Final = Limit(2, "channels", _MEDIA_REFERENCE, _READ)
REEL_MAX_SECONDS: Final = Limit(900, "seconds", _MEDIA_REFERENCE, _READ)
CAROUSEL_VIDEO_MAX_SECONDS: Final = Limit(60, "seconds", _FIELD, _READ)
VIDEO_CONTAINERS: Final = Limit(("MP4", "MOV"), "formats", _MEDIA_REFERENCE, _READ)
VIDEO_CODECS: Final = Limit(("AVC", "HEVC"), "codecs", _MEDIA_REFERENCE, _READ)
VIDEO_PIXELS: Final = Limit("4:2:0 with 8 bits", "pixel format", _MEDIA_REFERENCE, _READ)
VIDEO_SCAN: Final = Limit("progressive", "scan", _MEDIA_REFERENCE, _READ)
VIDEO_MOOV: Final = Limit("first", "place of the moov box", _MEDIA_REFERENCE, _READ)
VIDEO_EDITS: Final = Limit(1, "edit of each track", _MEDIA_REFERENCE, _READ)
RATE_TOLERANCE: Final = Limit(0.05, "frames a second", _OURS, _READ)
VIDEO_MIN_RATIO: Final = Limit(0.01, "width / height", _MEDIA_REFERENCE, _READ)
VIDEO_MAX_RATIO: Final = Limit(10.0, "width / height", _MEDIA_REFERENCE, _READ)
SOUND_CODEC: Final = Limit("AAC", "codec", _MEDIA_REFERENCE, _READ)
SOUND_BITS_PER_SECOND: Final = Limit(128_000, "bits a second", _MEDIA_REFERENCE, _READ)
BIT_RATE_TOLERANCE: Final = Limit(0.1, "of the bit rate", _OURS, _READ)
CAPTION_MAX_CHARACTERS: Final = Limit(2200, "characters", _MEDIA_REFERENCE, _READ)
HASHTAGS_MAX: Final = Limit(30, "hashtags", _MEDIA_REFERENCE, _READ)
HASHTAGS_ADVISED: Final = Limit(
    5, "hashtags", "Instagram's announcement of 2025-12-18, not in its API reference", _READ
)
HASHTAG_SEARCHES: Final = Limit(
    30, "hashtags in 7 days", "Instagram Platform, IG Hashtag Search reference", _READ
)
MENTIONS_MAX: Final = Limit(20, "mentions", _ERROR_CODES, date(2026, 6, 2))
ALT_TEXT_MAX_CHARACTERS: Final = Limit(1000, "characters", _MEDIA_REFERENCE, _READ)
USER_TAGS_MAX: Final = Limit(20, "people", _ERROR_CODES, date(2026, 6, 2))
USER_TAG_PLACE: Final = Limit((0, 1), "of the width and of the height", _MEDIA_REFERENCE, _READ)
THUMB_OFFSET_MIN: Final = Limit(0, "milliseconds", _ERROR_CODES, date(2026, 6, 2))
OPTION_PLACES: Final = Limit("by kind", "of item", _MEDIA_REFERENCE, _READ)
LOCATION_FORM: Final = Limit("digits", "id of a Page", _MEDIA_REFERENCE, _READ)
URL_FORM: Final = Limit("US-ASCII", "over https", _MEDIA_REFERENCE, _READ)
URL_STATUS: Final = Limit(206, "to a request for a range", _CRAWLER, _READ)
URL_REDIRECTS: Final = Limit(0, "redirects", _CRAWLER, _READ)
URL_CONTENT_TYPES: Final = Limit(
    ("image/jpeg", "video/mp4", "video/quicktime"), "Content-Type", _CRAWLER, _READ
)
CAROUSEL_CROP: Final = Limit("as the first item", "width / height", _PUBLISHING_GUIDE, _READ)
COLLABORATORS_MAX: Final = Limit(3, "accounts", _MEDIA_REFERENCE, _READ)
CAROUSEL_MAX_ITEMS: Final = Limit(10, "items", _PUBLISHING_GUIDE, _READ)
CONTAINER_LIFE_HOURS: Final = Limit(24, "hours", _MEDIA_REFERENCE, _READ)
CONTAINERS_PER_DAY: Final = Limit(400, "containers", _MEDIA_REFERENCE, _READ)
CALLS_PER_HOUR: Final = Limit(200, "calls in an hour", _RATE_LIMITS, _READ)
QUOTA_TOTAL_ASSUMED: Final = Limit(100, "posts in 24 hours", _PUBLISHING_GUIDE, _READ)
