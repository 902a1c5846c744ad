"""What is to be checked before the first call: written by hand from Instagram's pages.

The pages are the IG User media reference (read 2026-09-11), the content publishing guide (stamp
2026-06-30) and the error codes reference (stamp 2026-06-02). Each row names the rule that checks
it, and the value of its limit; or the place where it cannot go wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    subject: str
    says: str
    rule: str
    value: Any


@dataclass(frozen=True)
class Elsewhere:
    """What no rule checks, because it cannot happen; `place` says why."""

    subject: str
    says: str
    place: str


CHECKS = (
    Check("media kind", "2 to 10 items in a carousel", "item-count", 10),
    Check("media kind", "each item is what it is called", "media-kind", "by kind"),
    Check("media kind", "there is something to send", "file-empty", 1),
    Check("media kind", "JPEG, MP4 or MOV", "file-type", "JPEG"),
    Check("image", "JPEG by its first bytes", "image-format", "JPEG"),
    Check("image", "baseline", "image-progressive", "baseline"),
    Check("image", "RGB", "image-mode", ("RGB", "L")),
    Check("image", "sRGB", "image-colour", "sRGB"),
    Check("image", "at most 8,000,000 bytes", "image-bytes", 8_000_000),
    Check("image", "at least 320 pixels wide", "image-width", 320),
    Check("image", "4:5 to 1.91:1", "image-ratio", 0.8),
    Check("image", "can be decoded", "image-damaged", "JPEG"),
    Check("video", "MP4 or MOV", "video-format", ("MP4", "MOV")),
    Check("video", "H.264 or HEVC", "video-codec", ("AVC", "HEVC")),
    Check("video", "yuv420p", "video-pixels", "4:2:0 with 8 bits"),
    Check("video", "progressive", "video-scan", "progressive"),
    Check("video", "23 to 60 frames a second", "video-frame-rate", 23),
    Check("video", "23 to 60 frames a second", "video-frame-rate-varies", 23),
    Check("video", "at most 1920 pixels wide", "video-width", 1920),
    Check("video", "0.01:1 to 10:1", "video-ratio", 0.01),
    Check("video", "at most 25 Mbps", "video-bit-rate", 25_000_000),
    Check("video", "AAC", "audio-codec", "AAC"),
    Check("video", "at most 48 kHz", "audio-rate", 48_000),
    Check("video", "at most two channels", "audio-channels", 2),
    Check("video", "about 128 kbps", "audio-bit-rate", 128_000),
    Check("video", "no edit list", "video-edits", 1),
    Check("video", "moov before mdat", "video-moov-last", "first"),
    Check("video", "at least 3.2 s", "video-too-short", 3.2),
    Check("video", "a Reel of at most 900 s", "reel-too-long", 900),
    Check("video", "a Reel of at most 300 MB", "reel-bytes", 300_000_000),
    Check("video", "in a carousel, at most 60 s", "carousel-video-too-long", 60),
    Check("video", "in a carousel, at most 100 MB", "carousel-video-bytes", 100_000_000),
    Check("video", "can be decoded", "video-damaged", ("MP4", "MOV")),
    Check("cover", "a cover or an offset", "cover-or-offset", "by kind"),
    Check("cover", "an offset within the video", "thumb-offset", 0),
    Check("cover", "an offset on videos", "thumb-offset-kind", "by kind"),
    Check("cover", "a cover on a Reel", "cover-kind", "by kind"),
    Check("cover", "sharing to the feed is for Reels", "share-to-feed-kind", "by kind"),
    Check("caption", "at most 2200 characters", "caption-length", 2200),
    Check("caption", "at most 30 hashtags", "caption-hashtags", 30),
    Check("caption", "better no more than 5", "caption-hashtags-many", 5),
    Check("caption", "at most 20 mentions", "caption-mentions", 20),
    Check("alt text", "on images", "alt-text-kind", 1000),
    Check("alt text", "at most 1000 characters", "alt-text-length", 1000),
    Check("tags", "at most 3 collaborators", "collaborators-count", 3),
    Check("tags", "without @", "collaborators-form", 3),
    Check("tags", "one list for a carousel", "carousel-collaborators", "by kind"),
    Check("tags", "on images, and on Reels", "user-tags-kind", "by kind"),
    Check("tags", "at most 20 people", "user-tags-count", 20),
    Check("tags", "without @", "user-tags-form", "by kind"),
    Check("tags", "x and y from 0 to 1 on images", "user-tags-place", (0, 1)),
    Check("location", "the id of a Page", "location-form", "digits"),
    Check("location", "one for a carousel", "carousel-location", "by kind"),
    Check("URL", "https", "url-https", "US-ASCII"),
    Check("URL", "ASCII", "url-ascii", "US-ASCII"),
    Check("URL", "no redirect", "url-redirect", 0),
    Check("URL", "served to the crawler", "url-refused", 206),
    Check("URL", "there is an object", "media-exists", 206),
    Check("URL", "206 to a request for a range", "url-range", 206),
    Check(
        "URL",
        "the right Content-Type",
        "url-content-type",
        ("image/jpeg", "video/mp4", "video/quicktime"),
    ),
    Check(
        "account",
        "permissions of both ways to log in",
        "token-permissions",
        {
            "instagram": ["instagram_business_basic", "instagram_business_content_publish"],
            "facebook": [
                "instagram_basic",
                "instagram_content_publish",
                "pages_read_engagement",
                "pages_show_list",
            ],
        },
    ),
    Check("account", "professional", "account-type", ("BUSINESS", "MEDIA_CREATOR", "CREATOR")),
    Check("account", "containers in 24 hours", "containers-left", 400),
)
ELSEWHERE = (
    Elsewhere("trial Reels", "Reels only, with a valid strategy", "models.MediaItem"),
    Elsewhere("AI label", "on the carousel only", "models.MediaItem"),
    Elsewhere("caption", "none on the items of a carousel", "containers"),
    Elsewhere("URL", "lives as long as media may be processed", "settings.Settings"),
    Elsewhere("resumable upload", "never on graph.instagram.com", "instagram.InstagramClient"),
    Elsewhere("record", "the post is written down before the first call", "runs.snapshot"),
)
OUR_OWN = frozenset(
    {
        *("file-missing", "file-unreadable", "media-unread", "carousel-crop"),
        *("token-stored", "token-family", "token-life", "account-user"),
        *("posts-left", "action-block", "calls-left"),
    }
)
"""Rules about which the pages say nothing to check, or nothing at all."""
