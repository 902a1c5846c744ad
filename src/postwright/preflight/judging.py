"""One photo or video: what it is, and what is wrong with it. The same for files and for objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from postwright import limits
from postwright.models import MediaKind, Problem
from postwright.preflight import kinds, rules
from postwright.preflight.films import CONTAINERS, VideoFacts, look_at_video
from postwright.preflight.image_rules import IMAGE_RULES, IMAGE_SIZE_RULES, Sized, not_jpeg
from postwright.preflight.images import ImageFacts, Unread, Unreadable, look_at_image
from postwright.preflight.rules import Finding, Rule
from postwright.preflight.sources import Source
from postwright.preflight.video_rules import (
    CODEC_RULES,
    VIDEO_RULES,
    VIDEO_SIZE_RULES,
    not_a_container,
)

Facts = ImageFacts | VideoFacts | Unreadable | Unread


@dataclass(frozen=True)
class Seen:
    """What some bytes are; `kind` is None for what is no media, which `facts` then is not either.

    `content_type` is how a server named them, None for a file.
    """

    size_bytes: int
    kind: MediaKind | None
    format_name: str
    facts: Facts
    content_type: str | None = None

    @property
    def shape(self) -> str | None:
        """Pixels, and of a video its length: `1080x1350`, `1080x1920 12.5s`; None when unread."""
        facts = self.facts
        if not isinstance(facts, ImageFacts | VideoFacts) or not facts.width or not facts.height:
            return None
        seconds = facts.seconds if isinstance(facts, VideoFacts) else None
        return f"{facts.width}x{facts.height}" + (f" {seconds:.1f}s" if seconds else "")


def _not_empty(facts: Sized) -> Finding | None:
    if facts.size_bytes >= limits.FILE_MIN_BYTES.value:
        return None
    return Finding("0 bytes", "a file with content", "copy or export the file again")


FILE_RULES: Final[tuple[Rule[Sized], ...]] = (
    Rule("file-empty", limits.FILE_MIN_BYTES, _not_empty, "9004/2207052"),
)


def look(source: Source) -> Seen:
    """What a photo or video is; raises OSError where it cannot be read."""
    if source.size_bytes == 0:
        return Seen(0, None, "nothing", Unread())
    kind, format_name = kinds.kind_of(source.read(0, kinds.HEAD_BYTES))
    facts: Facts = Unread()
    if kind == "image":
        facts = look_at_image(source)
    elif kind == "video":
        facts = look_at_video(source, format_name)
    return Seen(source.size_bytes, kind, format_name, facts)


def judge(item: str, seen: Seen, *, in_carousel: bool) -> list[Problem]:
    """Every problem and warning of a photo or video."""
    if empty := rules.apply(FILE_RULES, seen, item):
        return empty
    if seen.kind is None:
        finding = Finding(
            seen.format_name, "JPEG, MP4 or MOV", "use a JPEG photo or an MP4 or MOV video"
        )
        return [rules.problem(item, "file-type", finding)]
    sized = rules.apply(size_rules(seen.kind), seen, item, in_carousel=in_carousel)
    return _about_facts(item, seen, in_carousel=in_carousel) + sized


def size_rules(kind: MediaKind) -> tuple[Rule[Sized], ...]:
    """What holds for the number of bytes."""
    return IMAGE_SIZE_RULES if kind == "image" else VIDEO_SIZE_RULES


def _about_facts(item: str, seen: Seen, *, in_carousel: bool) -> list[Problem]:
    match seen.facts:
        case ImageFacts() as facts:
            return rules.apply(IMAGE_RULES, facts, item, in_carousel=in_carousel)
        case VideoFacts() as facts:
            applicable = VIDEO_RULES if facts.container in CONTAINERS else CODEC_RULES
            return rules.apply(applicable, facts, item, in_carousel=in_carousel)
        case Unreadable(why):
            return [_unreadable(item, seen, why)]
    finding = Finding(
        "headers of unusual length",
        "headers that are read in one go",
        "check the file on your disk, where all of it is read: postwright preflight FILE",
    )
    return [rules.problem(item, "media-unread", finding, "warning")]


def _unreadable(item: str, seen: Seen, why: str) -> Problem:
    """What cannot be decoded; a file in another format need not be readable to be named."""
    if seen.kind == "image":
        if seen.format_name != limits.IMAGE_FORMAT.value:
            return rules.problem(item, "image-format", not_jpeg(seen.format_name))
        fix = "copy it again from the camera, or export it again as JPEG, 1080 pixels wide"
        return rules.problem(item, "image-damaged", Finding(why, "a complete JPEG", fix))
    if seen.format_name not in CONTAINERS:
        return rules.problem(item, "video-format", not_a_container(seen.format_name))
    fix = "copy it again from the camera, or export it again as MP4"
    return rules.problem(item, "video-damaged", Finding(why, "a complete video", fix))
