"""Everything Instagram would refuse, found before the first call, all problems at once.

    kinds, images, films   what bytes are, read from a `Source`: a file, or an object behind a URL
    *_rules                the rules, each with its id, its dated limit and what Instagram answers
    judging                puts the rules to one photo or video
    delivery               reads an object as Instagram's crawler would
    objects                the same for the items of a post group in the bucket
    catalogue              all rules, for the page that lists them

To add a rule, add a row to a table of rules. Pillow and MediaInfo are loaded only by those who look
at media.
"""

from __future__ import annotations

import functools
import stat
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from postwright.models import MediaItem, MediaKind, Problem
from postwright.preflight import judging, rules
from postwright.preflight.caption_rules import CAPTION_RULES
from postwright.preflight.judging import Seen
from postwright.preflight.option_rules import OPTION_RULES, Asked
from postwright.preflight.rules import Finding
from postwright.preflight.sources import opened

_AT_ONCE: Final = 4
"""More would wait less for S3; each keeps memory of its own, which a function pays for."""
_CROP_TOLERANCE: Final = 0.01

N = TypeVar("N")
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Preflight:
    """The outcome: every problem and warning in the order of the items, what each file really is,
    and its shape as far as it can be read.
    """

    problems: list[Problem]
    warnings: list[Problem]
    kinds: list[MediaKind | None] = field(default_factory=list)
    shapes: list[str | None] = field(default_factory=list)
    content_types: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True when Instagram has nothing to refuse."""
        return not self.problems


@dataclass(frozen=True)
class CheckedFile:
    """What one file is, and what was found; `seen` is None where it cannot be opened."""

    found: list[Problem]
    seen: Seen | None = None

    @property
    def problems(self) -> list[Problem]:
        """What Instagram would refuse, without the warnings."""
        return sorted_out(self.found)[0]

    @property
    def kind(self) -> MediaKind | None:
        """Photo or video; None for what is neither."""
        return self.seen.kind if self.seen else None


def check_files(paths: Sequence[Path], caption: str, *, carousel_max: int) -> Preflight:
    """Every problem of every file and of the caption; no bytes on disk make it raise."""
    names = [f"{number}: {_name(path)}" for number, path in enumerate(paths, start=1)]
    check = functools.partial(_check_file, in_carousel=len(paths) > 1)
    files = side_by_side(check, names, paths)
    seen = [file.seen for file in files]
    problems, warnings = sorted_out(
        [
            *check_count(len(paths), carousel_max),
            *(problem for file in files for problem in file.found),
            *check_crops(names, seen),
            *check_text(caption),
        ]
    )
    return Preflight(
        problems,
        warnings,
        [file.kind for file in files],
        [file.shape if file else None for file in seen],
        [content_type_of(file) if file else "" for file in seen],
    )


def look_at_file(path: Path) -> Seen | None:
    """What a file is; None where it cannot be opened."""
    return check_file(path.name, path, in_carousel=False).seen


def check_file(item: str, path: Path, *, in_carousel: bool) -> CheckedFile:
    """Every problem of one file, which messages call `item`; no bytes on disk make it raise."""
    check = functools.partial(_check_file, in_carousel=in_carousel)
    return side_by_side(check, [item], [path])[0]


def side_by_side(look: Callable[[N, T], R], names: Sequence[N], things: Sequence[T]) -> list[R]:
    """What `look` finds, several at once.

    What Pillow warns of, such as a damaged EXIF block, is no error of a photo. Warnings are set for
    all threads together, so this is done here and not by each of them.
    """
    with warnings.catch_warnings(), ThreadPoolExecutor(_AT_ONCE) as pool:
        warnings.simplefilter("ignore")
        return list(pool.map(look, names, things))


def check_text(caption: str) -> list[Problem]:
    """Problems and warnings of the whole caption, hashtags included."""
    return rules.apply(CAPTION_RULES, caption, "caption")


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
    return [rules.problem("media", "item-count", finding)]


def check_options(item: str, media: MediaItem, *, in_carousel: bool) -> list[Problem]:
    """Problems of what is asked for besides the bytes."""
    return rules.apply(OPTION_RULES, Asked(media, in_carousel), item, in_carousel=in_carousel)


def check_crops(names: Sequence[str], seen: Sequence[Seen | None]) -> list[Problem]:
    """A warning for each item of a carousel that is cut to the shape of the first one.

    Source: content publishing guide, stamp 2026-06-30.
    """
    ratios = [_ratio(file) for file in seen]
    if not ratios or ratios[0] is None:
        return []
    first = ratios[0]
    return [
        rules.problem(
            name,
            "carousel-crop",
            Finding(
                f"{ratio:.2f}:1",
                f"{first:.2f}:1, as the first item",
                "crop it yourself, or expect Instagram to cut it",
            ),
            "warning",
        )
        for name, ratio in zip(names[1:], ratios[1:], strict=True)
        if ratio is not None and abs(ratio / first - 1) > _CROP_TOLERANCE
    ]


def sorted_out(found: Sequence[Problem]) -> tuple[list[Problem], list[Problem]]:
    """Problems and warnings."""
    return (
        [problem for problem in found if problem.severity == "problem"],
        [problem for problem in found if problem.severity == "warning"],
    )


def content_type_of(seen: Seen) -> str:
    """What a server should call these bytes."""
    known = {"JPEG": "image/jpeg", "MP4": "video/mp4", "MOV": "video/quicktime"}
    return known.get(seen.format_name, "application/octet-stream")


def _ratio(seen: Seen | None) -> float | None:
    facts = seen.facts if seen else None
    return getattr(facts, "ratio", None)


def _name(path: Path) -> str:
    """A name that is not UTF-8 must not break the JSON in which a problem is told."""
    return (path.name or str(path)).encode("utf-8", "replace").decode()


def _check_file(item: str, path: Path, *, in_carousel: bool) -> CheckedFile:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            return _unopened(item, "file-missing", _not_a_file(mode))
        with opened(path) as source:
            seen = judging.look(source)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a NUL in the path
        finding = Finding("no such file", "a photo or video", "check the path and its spelling")
        return _unopened(item, "file-missing", finding)
    except OSError as error:
        finding = Finding(
            error.strerror or type(error).__name__,
            "a file that can be read",
            "check the permissions of the file and of its directory",
        )
        return _unopened(item, "file-unreadable", finding)
    return CheckedFile(judging.judge(item, seen, in_carousel=in_carousel), seen)


def _unopened(item: str, rule: str, finding: Finding) -> CheckedFile:
    return CheckedFile([rules.problem(item, rule, finding)])


def _not_a_file(mode: int) -> Finding:
    found = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
    return Finding(found, "a photo or video", "name the photos and videos themselves")
