"""Everything Instagram would refuse, found before the first call, all problems at once.

Each rule is a row of a table below: an id, the `Limit` behind it (so its source and date), and a
check that answers with a finding or None. To add a rule, add a row.

`check_text`, `check_count` and `check_object` need no media library and run inside Lambda too.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from postwright import caption as captions
from postwright import limits
from postwright.limits import Limit
from postwright.models import MediaItem, MediaKind, Problem
from postwright.probe import (
    ImageFacts,
    Unreadable,
    VideoFacts,
    kind_of,
    probe_image,
    probe_video,
    shape_of,
)

_MEDIA_REFERENCE = "Instagram Platform, IG User media reference"
_READ = date(2026, 9, 11)

IMAGE_FORMAT: Final = Limit("JPEG", "format", _MEDIA_REFERENCE, _READ)
IMAGE_MODES: Final = Limit(("RGB", "L"), "colour modes", _MEDIA_REFERENCE, _READ)
VIDEO_CONTAINERS: Final = Limit(("MP4", "MOV"), "formats", _MEDIA_REFERENCE, _READ)
VIDEO_CODECS: Final = Limit(("AVC", "HEVC"), "codecs", _MEDIA_REFERENCE, _READ)
VIDEO_MIN_RATIO: Final = Limit(0.01, "width / height", _MEDIA_REFERENCE, _READ)
VIDEO_MAX_RATIO: Final = Limit(10.0, "width / height", _MEDIA_REFERENCE, _READ)
FILE_MIN_BYTES: Final = Limit(1, "bytes", "no picture or film has 0 bytes", _READ)

_REENCODE = "save it as MP4 with H.264 video and AAC sound"
_CROP = "crop it to between 4:5 and 1.91:1, for example 1080x1350"


@dataclass(frozen=True)
class Finding:
    """What a rule found wrong, in words for a person."""

    found: str
    allowed: str
    fix: str


class Sized(Protocol):
    """Anything with a size in bytes."""

    @property
    def size_bytes(self) -> int: ...


F = TypeVar("F", contravariant=True)


@dataclass(frozen=True)
class Rule(Generic[F]):
    """One rule: its id, the limit it applies, and the check.

    `in_carousel` says where it holds: True only in a carousel, False only alone, None everywhere.
    """

    id: str
    limit: Limit[Any]
    check: Callable[[F], Finding | None]
    in_carousel: bool | None = None

    def holds(self, *, in_carousel: bool) -> bool:
        """Whether the rule is about this place."""
        return self.in_carousel is None or self.in_carousel == in_carousel


@dataclass(frozen=True)
class Preflight:
    """The outcome: every problem in the order of the items, what each file really is, and its
    shape as far as it can be read.
    """

    problems: list[Problem]
    kinds: list[MediaKind | None]
    shapes: list[str | None]

    @property
    def ok(self) -> bool:
        """True when Instagram has nothing to refuse."""
        return not self.problems


def _at_most_bytes(limit: Limit[int], fix: str) -> Callable[[Sized], Finding | None]:
    def check(facts: Sized) -> Finding | None:
        if facts.size_bytes <= limit.value:
            return None
        return Finding(_megabytes(facts.size_bytes), f"at most {_megabytes(limit.value)}", fix)

    return check


def _megabytes(size_bytes: int) -> str:
    """Bytes as a person reads them, never rounded down to a limit that they exceed."""
    if size_bytes % 1_000_000 == 0:
        return f"{size_bytes // 1_000_000} MB"
    if size_bytes < 10_000:
        return f"{size_bytes} bytes"
    return f"{size_bytes / 1_000_000:.2f} MB ({size_bytes:,} bytes)"


def _not_empty(facts: Sized) -> Finding | None:
    if facts.size_bytes >= FILE_MIN_BYTES.value:
        return None
    return Finding("0 bytes", "a file with content", "copy or export the file again")


def _image_is_jpeg(facts: ImageFacts) -> Finding | None:
    if facts.format == IMAGE_FORMAT.value:
        return None
    return _not_jpeg(facts.format)


def _not_jpeg(found: str) -> Finding:
    return Finding(
        found,
        IMAGE_FORMAT.value,
        "export it as a plain JPEG; changing the name of the file is not enough",
    )


def _image_mode(facts: ImageFacts) -> Finding | None:
    # Other formats have more modes; they are a problem of the format already.
    if facts.format != IMAGE_FORMAT.value or facts.mode in IMAGE_MODES.value:
        return None
    return Finding(facts.mode, "RGB or grayscale", "convert it to RGB (sRGB) and save it as JPEG")


def _image_ratio(facts: ImageFacts) -> Finding | None:
    lowest = limits.IMAGE_MIN_RATIO.value - limits.RATIO_TOLERANCE.value
    highest = limits.IMAGE_MAX_RATIO.value + limits.RATIO_TOLERANCE.value
    if lowest <= facts.ratio <= highest:
        return None
    shape = "tall" if facts.ratio < lowest else "wide"
    return Finding(
        f"{facts.width}x{facts.height} ({facts.ratio:.2f}:1), too {shape}", "4:5 to 1.91:1", _CROP
    )


def _image_width(facts: ImageFacts) -> Finding | None:
    least = limits.IMAGE_MIN_WIDTH.value
    if facts.width >= least:
        return None
    return Finding(
        f"{facts.width} pixels wide",
        f"at least {least} pixels wide",
        "export it larger from the original, best 1080 pixels wide",
    )


def _video_container(facts: VideoFacts) -> Finding | None:
    if facts.container in VIDEO_CONTAINERS.value:
        return None
    return Finding(facts.container, "MP4 or MOV", _REENCODE)


def _video_codec(facts: VideoFacts) -> Finding | None:
    if facts.codec in VIDEO_CODECS.value:
        return None
    return Finding(facts.codec or "no codec named", "H.264 or HEVC", _REENCODE)


def _video_ratio(facts: VideoFacts) -> Finding | None:
    if facts.ratio is None:
        return Finding("no picture size", "a size in pixels", _REENCODE)
    if VIDEO_MIN_RATIO.value <= facts.ratio <= VIDEO_MAX_RATIO.value:
        return None
    return Finding(
        f"{facts.width}x{facts.height} ({facts.ratio:.3g}:1)",
        "0.01:1 to 10:1",
        "crop it, best to 9:16 (1080x1920), or 4:5 in a carousel",
    )


def _video_long_enough(facts: VideoFacts) -> Finding | None:
    least = limits.VIDEO_MIN_SECONDS.value
    if facts.seconds is None:
        return Finding("no duration", f"at least {least:g} seconds", _REENCODE)
    if facts.seconds >= least:
        return None
    return Finding(
        f"{facts.seconds:.2f} seconds",
        f"at least {least:g} seconds",
        f"use a video of at least {least:g} seconds, or post a photo instead",
    )


def _at_most_seconds(limit: Limit[int]) -> Callable[[VideoFacts], Finding | None]:
    def check(facts: VideoFacts) -> Finding | None:
        if facts.seconds is None or facts.seconds <= limit.value:
            return None
        return Finding(
            f"{facts.seconds:.1f} seconds",
            f"at most {limit.value} seconds",
            f"cut it to {limit.value} seconds or less",
        )

    return check


def _alt_text_on_an_image(media: MediaItem) -> Finding | None:
    if media.alt_text is None or media.kind == "image":
        return None
    return Finding("an alt text on a video", "alt texts on images", "leave its alt text out")


def _alt_text_length(media: MediaItem) -> Finding | None:
    length = captions.length(media.alt_text or "")
    if length <= limits.ALT_TEXT_MAX_CHARACTERS.value:
        return None
    allowed = f"at most {limits.ALT_TEXT_MAX_CHARACTERS.value} characters"
    return Finding(f"an alt text of {length} characters", allowed, "shorten the alt text")


def _collaborators_count(media: MediaItem) -> Finding | None:
    count = len(media.collaborators or ())
    if count <= limits.COLLABORATORS_MAX.value:
        return None
    allowed = f"at most {limits.COLLABORATORS_MAX.value}"
    return Finding(f"{count} collaborators", allowed, "name fewer collaborators")


def _collaborators_form(media: MediaItem) -> Finding | None:
    """Source: a leading @ was seen to be refused with 2207018 (field reports, 2026)."""
    wrong = [name for name in media.collaborators or () if name.startswith("@") or not name.strip()]
    if not wrong:
        return None
    return Finding(repr(wrong[0]), "user names without @", "write the bare user name")


def _caption_length(text: str) -> Finding | None:
    most, length = limits.CAPTION_MAX_CHARACTERS.value, captions.length(text)
    if length <= most:
        return None
    return Finding(
        f"{length:,} characters",
        f"at most {most:,} characters",
        f"shorten the caption and its hashtags by {length - most:,} characters",
    )


def _caption_hashtags(text: str) -> Finding | None:
    most, count = limits.HASHTAGS_MAX.value, len(captions.hashtags(text))
    if count <= most:
        return None
    return Finding(f"{count} hashtags", f"at most {most}", f"remove {count - most} of the hashtags")


def _caption_mentions(text: str) -> Finding | None:
    most, count = limits.MENTIONS_MAX.value, len(captions.mentions(text))
    if count <= most:
        return None
    return Finding(f"{count} mentions", f"at most {most}", f"remove {count - most} of the mentions")


_IMAGE_BYTES_FIX = "save it with a lower JPEG quality, or 1080 pixels wide"
_VIDEO_BYTES_FIX = "export it with a lower bitrate or cut it shorter"

FILE_RULES: tuple[Rule[Sized], ...] = (Rule("file-empty", FILE_MIN_BYTES, _not_empty),)
IMAGE_SIZE_RULES: tuple[Rule[Sized], ...] = (
    Rule(
        "image-bytes",
        limits.IMAGE_MAX_BYTES,
        _at_most_bytes(limits.IMAGE_MAX_BYTES, _IMAGE_BYTES_FIX),
    ),
)
VIDEO_SIZE_RULES: tuple[Rule[Sized], ...] = (
    Rule(
        "reel-bytes",
        limits.REEL_MAX_BYTES,
        _at_most_bytes(limits.REEL_MAX_BYTES, _VIDEO_BYTES_FIX),
        in_carousel=False,
    ),
    Rule(
        "carousel-video-bytes",
        limits.CAROUSEL_VIDEO_MAX_BYTES,
        _at_most_bytes(limits.CAROUSEL_VIDEO_MAX_BYTES, _VIDEO_BYTES_FIX),
        in_carousel=True,
    ),
)
IMAGE_RULES: tuple[Rule[ImageFacts], ...] = (
    Rule("image-format", IMAGE_FORMAT, _image_is_jpeg),
    Rule("image-mode", IMAGE_MODES, _image_mode),
    Rule("image-ratio", limits.IMAGE_MIN_RATIO, _image_ratio),
    Rule("image-width", limits.IMAGE_MIN_WIDTH, _image_width),
)
OPTION_RULES: tuple[Rule[MediaItem], ...] = (
    Rule("alt-text-kind", limits.ALT_TEXT_MAX_CHARACTERS, _alt_text_on_an_image),
    Rule("alt-text-length", limits.ALT_TEXT_MAX_CHARACTERS, _alt_text_length),
    Rule("collaborators-count", limits.COLLABORATORS_MAX, _collaborators_count),
    Rule("collaborators-form", limits.COLLABORATORS_MAX, _collaborators_form),
)
VIDEO_RULES: tuple[Rule[VideoFacts], ...] = (
    Rule("video-format", VIDEO_CONTAINERS, _video_container),
    Rule("video-codec", VIDEO_CODECS, _video_codec),
    Rule("video-ratio", VIDEO_MIN_RATIO, _video_ratio),
    Rule("video-too-short", limits.VIDEO_MIN_SECONDS, _video_long_enough),
    Rule(
        "reel-too-long",
        limits.REEL_MAX_SECONDS,
        _at_most_seconds(limits.REEL_MAX_SECONDS),
        in_carousel=False,
    ),
    Rule(
        "carousel-video-too-long",
        limits.CAROUSEL_VIDEO_MAX_SECONDS,
        _at_most_seconds(limits.CAROUSEL_VIDEO_MAX_SECONDS),
        in_carousel=True,
    ),
)
CAPTION_RULES: tuple[Rule[str], ...] = (
    Rule("caption-length", limits.CAPTION_MAX_CHARACTERS, _caption_length),
    Rule("caption-hashtags", limits.HASHTAGS_MAX, _caption_hashtags),
    Rule("caption-mentions", limits.MENTIONS_MAX, _caption_mentions),
)


def check_text(caption: str) -> list[Problem]:
    """Problems of the whole caption, hashtags included."""
    return _apply(CAPTION_RULES, caption, "caption", in_carousel=False)


def check_count(count: int, carousel_max: int) -> list[Problem]:
    """Problems with the number of items; one item is a single post, more are a carousel."""
    if count == 0:
        finding = Finding(
            "no media", f"1 to {carousel_max} files", "add at least one photo or video"
        )
    elif count > carousel_max:
        finding = Finding(
            f"{count} items",
            f"at most {carousel_max} items in a carousel",
            f"remove {count - carousel_max}, publish it as several posts with --split, or raise"
            " POSTWRIGHT_CAROUSEL_MAX where the account takes more",
        )
    else:
        return []
    return [_problem("media", "item-count", finding)]


def check_options(item: str, media: MediaItem, *, in_carousel: bool) -> list[Problem]:
    """Problems of what is asked for besides the bytes."""
    return _apply(OPTION_RULES, media, item, in_carousel=in_carousel)


def check_object(
    item: str, kind: MediaKind, size_bytes: int, *, in_carousel: bool
) -> list[Problem]:
    """Problems that kind and size tell, without reading the bytes: what a HEAD request gives."""
    sized = _Object(size_bytes)
    empty = _apply(FILE_RULES, sized, item, in_carousel=in_carousel)
    return empty or _apply(_size_rules(kind), sized, item, in_carousel=in_carousel)


def check_files(paths: Sequence[Path], caption: str, *, carousel_max: int) -> Preflight:
    """Every problem of every file and of the caption; no bytes on disk make it raise."""
    problems = check_count(len(paths), carousel_max)
    files: list[CheckedFile] = []
    for number, path in enumerate(paths, start=1):
        # A name that is not UTF-8 must not break the JSON in which the problem is told.
        name = (path.name or str(path)).encode("utf-8", "replace").decode()
        files.append(check_file(f"{number}: {name}", path, in_carousel=len(paths) > 1))
        problems += files[-1].problems
    kinds, shapes = [file.kind for file in files], [file.shape for file in files]
    return Preflight(problems + check_text(caption), kinds, shapes)


@dataclass(frozen=True)
class CheckedFile:
    """What one file is, and its problems."""

    problems: list[Problem]
    kind: MediaKind | None = None
    shape: str | None = None


@dataclass(frozen=True)
class _Object:
    size_bytes: int


def check_file(item: str, path: Path, *, in_carousel: bool) -> CheckedFile:
    """Every problem of one file, which messages call `item`; no bytes on disk make it raise."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return CheckedFile([_problem(item, "file-missing", _not_a_file(status.st_mode))])
        if empty := _apply(FILE_RULES, _Object(status.st_size), item, in_carousel=in_carousel):
            return CheckedFile(empty)
        with path.open("rb") as file:
            kind, format_name = kind_of(file.read(64))
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a NUL in the path
        finding = Finding("no such file", "a photo or video", "check the path and its spelling")
        return CheckedFile([_problem(item, "file-missing", finding)])
    except OSError as error:
        finding = Finding(
            error.strerror or type(error).__name__,
            "a file that can be read",
            "check the permissions of the file and of its directory",
        )
        return CheckedFile([_problem(item, "file-unreadable", finding)])
    if kind is None:
        finding = Finding(
            format_name, "JPEG, MP4 or MOV", "use a JPEG photo or an MP4 or MOV video"
        )
        return CheckedFile([_problem(item, "file-type", finding)])
    problems = _apply(_size_rules(kind), _Object(status.st_size), item, in_carousel=in_carousel)
    if kind == "image":
        picture = probe_image(path)
        found = _image_problems(item, picture, format_name, in_carousel=in_carousel)
        return CheckedFile(found + problems, kind, shape_of(picture))
    film = probe_video(path)
    found = _video_problems(item, film, format_name, in_carousel=in_carousel)
    return CheckedFile(found + problems, kind, shape_of(film))


def _image_problems(
    item: str, facts: ImageFacts | Unreadable, format_name: str, *, in_carousel: bool
) -> list[Problem]:
    """Problems of a picture; one in another format need not be readable to be named."""
    if isinstance(facts, ImageFacts):
        return _apply(IMAGE_RULES, facts, item, in_carousel=in_carousel)
    if format_name != IMAGE_FORMAT.value:
        return [_problem(item, "image-format", _not_jpeg(format_name))]
    fix = "copy it again from the camera, or export it again as JPEG, 1080 pixels wide"
    return [_problem(item, "image-damaged", Finding(facts.why, "a complete JPEG", fix))]


def _video_problems(
    item: str, facts: VideoFacts | Unreadable, format_name: str, *, in_carousel: bool
) -> list[Problem]:
    """Problems of a film; one in another format need not be readable to be named."""
    if isinstance(facts, VideoFacts):
        return _apply(VIDEO_RULES, facts, item, in_carousel=in_carousel)
    if format_name not in VIDEO_CONTAINERS.value:
        finding = Finding(format_name, "MP4 or MOV", _REENCODE)
        return [_problem(item, "video-format", finding)]
    fix = "copy it again from the camera, or export it again as MP4"
    return [_problem(item, "video-damaged", Finding(facts.why, "a complete video", fix))]


def _not_a_file(mode: int) -> Finding:
    found = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
    return Finding(found, "a photo or video", "name the photos and videos themselves")


def _size_rules(kind: MediaKind) -> tuple[Rule[Sized], ...]:
    return IMAGE_SIZE_RULES if kind == "image" else VIDEO_SIZE_RULES


def _apply(rules: Sequence[Rule[F]], facts: F, item: str, *, in_carousel: bool) -> list[Problem]:
    """The problems that `rules` find, in their order."""
    return [
        _problem(item, rule.id, finding)
        for rule in rules
        if rule.holds(in_carousel=in_carousel) and (finding := rule.check(facts))
    ]


def _problem(item: str, rule: str, finding: Finding) -> Problem:
    return Problem(
        item=item, rule=rule, found=finding.found, allowed=finding.allowed, fix=finding.fix
    )
