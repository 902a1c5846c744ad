"""`postwright repair FILES --out DIR`: photos and videos made fit for Instagram."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from postwright import repair
from postwright.cli.console import UsageError, counted, print_json, say
from postwright.cli.preflight import Json
from postwright.repair import Facts, Repaired
from postwright.repair_frame import BLUR, FEED_RATIOS, Fit, Style, ratio_name


def _background(text: str) -> str:
    """A colour's name or #rrggbb; or blur."""
    from PIL import ImageColor

    if text == BLUR:
        return text
    try:
        ImageColor.getrgb(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no colour; write one like white, black or #f4f1ea, or blur."
        ) from None
    return text


def command(
    files: Annotated[
        list[Path], typer.Argument(help="Photos and videos; several are one carousel, in order.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Directory for the results.")],
    fit: Annotated[
        Fit, typer.Option("--fit", help="How a wrong ratio becomes right: fill up, or cut off.")
    ] = "pad",
    background: Annotated[
        str,
        typer.Option(
            "--background",
            callback=_background,
            help="What fills up: a colour, or blur for the picture itself, blurred.",
        ),
    ] = "white",
    match_first: Annotated[
        bool,
        typer.Option("--match-first", help="Give every item of a carousel the first one's ratio."),
    ] = False,
    separate: Annotated[
        bool, typer.Option("--separate", help="Each file is a post of its own, not a carousel.")
    ] = False,
    cut: Annotated[
        bool, typer.Option("--cut", help="Keep the beginning of videos that are too long.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace results that exist.")] = False,
    as_json: Json = False,
) -> None:
    """Make photos and videos fit for Instagram, as new files; originals are never changed."""
    in_carousel = len(files) > 1 and not separate
    _check_usage(files, out, force=force, match_first=match_first, in_carousel=in_carousel)
    style = Style(fit=fit, background=background, in_carousel=in_carousel, cut=cut)
    done = []
    with _cleared_up_after_sigterm():
        for one in repair.repair_files(files, out, style, match_first=match_first):
            done.append(one)
            if not as_json:
                _tell(len(done), one)
    lost = [one for one in done if one.target is None]
    if as_json:
        print_json({"ok": not lost, "files": [one.to_json() for one in done]})
    else:
        if in_carousel and not match_first:
            _tell_cropping(done)
        _tell_end(done, lost)
    if lost:
        raise typer.Exit(1)


@contextmanager
def _cleared_up_after_sigterm() -> Iterator[None]:
    """Let SIGTERM end the command as Ctrl-C does: what is half done is removed."""

    def end(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _check_usage(
    files: Sequence[Path], out: Path, *, force: bool, match_first: bool, in_carousel: bool
) -> None:
    if match_first and not in_carousel:
        raise UsageError("--match-first is for several files that are one carousel.")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file; name a directory for the results with --out.")
    holding = [
        file for file in files if out.resolve() in (file.resolve().parent, file.parent.resolve())
    ]
    if holding:
        raise UsageError(
            f"{out} holds the original {holding[0].name}; name another directory with --out."
        )
    existing = [] if force else repair.in_the_way(files, out)
    if existing:
        raise UsageError(
            f"{existing[0]} exists already; name another directory with --out, or replace results"
            " with --force."
        )


def _tell(number: int, one: Repaired) -> None:
    name = f"{number}: {one.source.name}"
    if one.target is None:
        say.result(f"{name}: beyond repair. {one.why}")
    elif one.outcome == "copied":
        say.result(f"{name}: nothing to do, copied as it is to {one.target}")
    else:
        say.result(f"{name} -> {one.target}")
        say.result(f"   before: {_described(one.before)}")
        say.result(f"   after:  {_described(one.after)}")
        for change in one.changes:
            say.result(f"   - {change}")


def _described(facts: Facts | None) -> str:
    """`MP4 (AVC, AAC), 1080x1920, 30 fps, 12.5 s, 3.10 MB`."""
    if facts is None:
        return "unknown"
    codecs = facts.codec and f" ({facts.codec}, {facts.audio_codec or 'no sound'})"
    parts = [
        f"{facts.format}{codecs or ''}",
        facts.width and f"{facts.width}x{facts.height}",
        facts.frames_per_second and f"{facts.frames_per_second:.4g} fps",
        facts.seconds and f"{facts.seconds:.1f} s",
        f"{facts.size_bytes / 1_000_000:.2f} MB",
    ]
    return ", ".join(str(part) for part in parts if part)


def _tell_cropping(done: Sequence[Repaired]) -> None:
    """Say what Instagram will do to items that have another ratio than the first."""
    ratios = [one.after.ratio if one.after else None for one in done]
    first = ratios[0]
    if first is None:
        return
    first = min(max(first, FEED_RATIOS[0]), FEED_RATIOS[1])
    others = [
        number
        for number, ratio in enumerate(ratios, start=1)
        if ratio is not None and abs(ratio - first) > 0.01
    ]
    if others:
        say.note(
            f"Instagram crops every item to the first one's {ratio_name(first)}, here"
            f" {', '.join(map(str, others))}. With --match-first they get it now, in the way that"
            " --fit says."
        )


def _tell_end(done: Sequence[Repaired], lost: Sequence[Repaired]) -> None:
    good = len(done) - len(lost)
    if good:
        say.result(f"{counted(good, 'file')} passed the preflight.")
    if lost:
        say.result(f"{counted(len(lost), 'file')} beyond repair.")
