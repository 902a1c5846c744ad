"""Photos and films made fit for Instagram: each is repaired, copied as it is, or named as beyond
repair.

Every result has passed the preflight before it gets its name, so that what lies in the directory
can be published. Originals are only read. Repairs run on the user's machine, never in a function.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from postwright import preflight
from postwright.models import Problem
from postwright.preflight.films import VideoFacts
from postwright.preflight.images import ImageFacts
from postwright.preflight.judging import Seen
from postwright.repair_frame import FEED_RATIOS, Style
from postwright.repair_image import BeyondRepairError, repair_image
from postwright.repair_video import repair_video

_REPAIR: Final = {"image": repair_image, "video": repair_video}
_SUFFIXES: Final[dict[str, tuple[str, ...]]] = {
    "image": (".jpg", ".jpeg"),
    "video": (".mp4", ".mov"),
}


@dataclass(frozen=True)
class Facts:
    """What a file is, as far as it can be read."""

    format: str
    size_bytes: int
    width: int | None = None
    height: int | None = None
    codec: str | None = None
    audio_codec: str | None = None
    frames_per_second: float | None = None
    seconds: float | None = None

    @property
    def ratio(self) -> float | None:
        """Width by height."""
        return self.width / self.height if self.width and self.height else None

    def to_json(self) -> dict[str, Any]:
        """All facts that are known."""
        facts = {
            "format": self.format,
            "bytes": self.size_bytes,
            "width": self.width,
            "height": self.height,
            "codec": self.codec,
            "audioCodec": self.audio_codec,
            "framesPerSecond": self.frames_per_second,
            "seconds": self.seconds,
        }
        return {name: value for name, value in facts.items() if value is not None}


@dataclass(frozen=True)
class Repaired:
    """What became of one file. `changes` are in words; `why` says what makes it beyond repair."""

    source: Path
    outcome: Literal["copied", "repaired", "beyond_repair"]
    before: Facts | None
    target: Path | None = None
    after: Facts | None = None
    changes: Sequence[str] = ()
    why: str | None = None
    problems: Sequence[Problem] = ()

    def to_json(self) -> dict[str, Any]:
        """All keys, with null for what there is not."""
        return {
            "from": str(self.source),
            "to": str(self.target) if self.target else None,
            "outcome": self.outcome,
            "changes": list(self.changes),
            "before": self.before.to_json() if self.before else None,
            "after": self.after.to_json() if self.after else None,
            "why": self.why,
            "problems": [problem.to_json() for problem in self.problems],
        }


def stems(sources: Sequence[Path]) -> list[str]:
    """A name without suffix for each result; two files of one name are told apart by a number."""
    taken: set[str] = set()
    found = []
    for source in sources:
        stem, number = source.stem, 2
        while stem.casefold() in taken:
            stem, number = f"{source.stem}-{number}", number + 1
        taken.add(stem.casefold())
        found.append(stem)
    return found


def in_the_way(sources: Sequence[Path], out: Path) -> list[Path]:
    """Files in `out` that results could replace."""
    names = [out / f"{stem}{suffix}" for stem in stems(sources) for suffix in _all_suffixes()]
    return [path for path in names if path.exists()]


def repair_files(
    sources: Sequence[Path], out: Path, style: Style, *, match_first: bool = False
) -> Generator[Repaired]:
    """Repair one file after the other into the directory `out`, replacing what has the same name.

    With `match_first` every item gets the ratio that the first one has or is given; else each gets
    the nearest allowed one. However the work ends, only whole results are left.
    """
    out.mkdir(parents=True, exist_ok=True)
    if match_first:
        style = replace(style, ratio=_film_ratio(sources[0]))
    with tempfile.TemporaryDirectory(prefix=".repairing-", dir=out) as workshop:
        for number, (source, stem) in enumerate(zip(sources, stems(sources), strict=True), start=1):
            name = source.name.encode("utf-8", "replace").decode()
            done = _repair(f"{number}: {name}", source, Path(workshop) / "result", style)
            if done.target is not None:
                done = replace(done, target=done.target.replace(out / f"{stem}{_suffix(done)}"))
            if match_first and number == 1 and done.after is not None:
                style = replace(style, ratio=done.after.ratio)
            yield done


def _film_ratio(source: Path) -> float | None:
    """The ratio that a carousel has which begins with this film; None for a photo, whose own
    repair decides.
    """
    seen = preflight.look_at_file(source)
    if seen is None or not isinstance(seen.facts, VideoFacts) or not seen.facts.ratio:
        return None
    lowest, highest = FEED_RATIOS
    return min(max(seen.facts.ratio, lowest), highest)


def _repair(item: str, source: Path, result: Path, style: Style) -> Repaired:
    """Repair one file to `result`. Where the preflight still has a problem with it, or had a
    warning that no repair knows, it is made anew from what it shows.
    """
    checked = preflight.check_file(item, source, in_carousel=style.in_carousel)
    if checked.kind is None:
        return _beyond(source, None, _reasons(checked.problems), checked.problems)
    before = _facts(checked.seen)
    problems = checked.problems
    try:
        for anew in (False, True):
            changes = _REPAIR[checked.kind](source, result, style, anew=anew)
            if not changes and not checked.found:
                shutil.copyfile(source, result)
                return Repaired(source, "copied", before, result, before)
            if not changes:
                continue
            repaired = preflight.check_file(item, result, in_carousel=style.in_carousel)
            problems = repaired.problems
            if not problems:
                after = _facts(repaired.seen)
                return Repaired(source, "repaired", before, result, after, changes)
    except BeyondRepairError as error:
        return _beyond(source, before, str(error), checked.problems)
    return _beyond(source, before, _reasons(problems), problems)


def _beyond(source: Path, before: Facts | None, why: str, problems: Sequence[Problem]) -> Repaired:
    return Repaired(source, "beyond_repair", before, why=why, problems=problems)


def _reasons(problems: Sequence[Problem]) -> str:
    return " ".join(
        f"Found {problem.found}, allowed {problem.allowed}: {problem.fix.rstrip('.')}."
        for problem in problems
    )


def _suffix(done: Repaired) -> str:
    """What was copied keeps its suffix where that tells the truth."""
    seen, own = preflight.look_at_file(done.source), done.source.suffix
    if seen is not None and seen.kind == "video":
        is_copied_mov = done.outcome == "copied" and seen.format_name == "MOV"
        return ".mov" if is_copied_mov else ".mp4"
    return own if own.lower() in _SUFFIXES["image"] else ".jpg"


def _all_suffixes() -> Iterator[str]:
    for suffixes in _SUFFIXES.values():
        yield from suffixes


def _facts(seen: Seen | None) -> Facts | None:
    if seen is None:
        return None
    found = seen.facts
    match found:
        case ImageFacts():
            return Facts(found.format, found.size_bytes, found.width, found.height)
        case VideoFacts():
            return Facts(
                found.container,
                found.size_bytes,
                found.width,
                found.height,
                found.codec,
                found.audio_codec,
                found.frames_per_second,
                found.seconds,
            )
        case _:
            return Facts(seen.format_name, seen.size_bytes)
