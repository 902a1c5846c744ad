"""The items of a post group in the bucket, read through the URLs that Instagram gets."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from postwright import limits
from postwright.media import MediaBucket, MediaHead
from postwright.models import MediaItem, MediaKind, Problem
from postwright.preflight import check_options, delivery, judging, rules
from postwright.preflight.delivery import (
    IMAGE_BUDGET_BYTES,
    VIDEO_BUDGET_BYTES,
    UrlSource,
    UrlTroubleError,
)
from postwright.preflight.films import VideoFacts
from postwright.preflight.judging import Seen
from postwright.preflight.option_rules import TIMED_RULES, Timed
from postwright.preflight.rules import Finding
from postwright.seen import SeenObjects

_VIDEO_TYPES: Final = limits.URL_CONTENT_TYPES.value[1:]
_EXPECTED: Final = {
    "JPEG": limits.URL_CONTENT_TYPES.value[:1],
    "MP4": _VIDEO_TYPES,
    "MOV": _VIDEO_TYPES,
}

Looked = Seen | Finding | UrlTroubleError
"""What an item's object is, or why that cannot be told."""


def look_at_object(
    seen_objects: SeenObjects, media: MediaBucket, key: str, head: MediaHead, kind: MediaKind
) -> Seen:
    """What an object is; raises UrlTroubleError where Instagram's crawler would not get it."""
    version = (key, head.version_id, head.etag, head.content_type)
    return seen_objects.recall(
        version, lambda: _look(media.presign(key, head.version_id), head, kind)
    )


def _look(url: str, head: MediaHead, kind: MediaKind) -> Seen:
    budget = IMAGE_BUDGET_BYTES if kind == "image" else VIDEO_BUDGET_BYTES
    with UrlSource(url, head.size_bytes, budget) as source:
        return replace(judging.look(source), content_type=source.content_type)


def look_at_item(
    seen_objects: SeenObjects, media: MediaBucket, item: MediaItem, head: MediaHead | None
) -> Looked:
    """What an item's object is; never raises because of the object."""
    if head is None:
        return _missing(item.key)
    try:
        return look_at_object(seen_objects, media, item.key, head, item.kind)
    except UrlTroubleError as trouble:
        return trouble


def judge_item(name: str, item: MediaItem, seen: Looked, *, in_carousel: bool) -> list[Problem]:
    """Every problem and warning of an item: its object, the way to it, and its options."""
    options = check_options(name, item, in_carousel=in_carousel)
    match seen:
        case Finding() as missing:
            return [rules.problem(name, "media-exists", missing), *options]
        case UrlTroubleError() as trouble:
            return [rules.problem(name, trouble.rule, trouble.finding), *options]
        case Seen():
            return [
                *_judge_kind(name, item, seen),
                *judging.judge(name, seen, in_carousel=in_carousel),
                *_judge_delivery(name, seen),
                *options,
                *_judge_times(name, item, seen),
            ]


def check_cover(
    seen_objects: SeenObjects, media: MediaBucket, name: str, item: MediaItem
) -> list[Problem]:
    """Problems of a Reel's cover, a JPEG of any shape that is fetched like the media."""
    if item.cover_key is None:
        return []
    about = f"{name}, cover"
    head = media.head(item.cover_key)
    cover = MediaItem(key=item.cover_key, kind="image")
    seen = look_at_item(seen_objects, media, cover, head)
    found = judge_item(about, cover, seen, in_carousel=False)
    return [problem for problem in found if problem.rule not in ("image-ratio", "image-width")]


def _judge_kind(name: str, item: MediaItem, seen: Seen) -> list[Problem]:
    if seen.kind is None or seen.kind == item.kind:
        return []
    finding = Finding(
        f"{seen.format_name}, called {item.kind}",
        f'"kind": "{seen.kind}"',
        "correct the item's kind, or its key",
    )
    return [rules.problem(name, "media-kind", finding)]


def _judge_delivery(name: str, seen: Seen) -> list[Problem]:
    expected = _EXPECTED.get(seen.format_name)
    if expected is None or seen.content_type is None:
        return []
    finding = delivery.content_type_finding(seen.content_type, expected)
    return [rules.problem(name, "url-content-type", finding)] if finding else []


def _judge_times(name: str, item: MediaItem, seen: Seen) -> list[Problem]:
    if not isinstance(seen.facts, VideoFacts):
        return []
    return rules.apply(TIMED_RULES, Timed(item, seen.facts), name)


def _missing(key: str) -> Finding:
    return Finding(
        f"no object {key}",
        "an object in the media bucket",
        "Upload the file, or correct the item's key.",
    )
