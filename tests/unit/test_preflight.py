from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from PIL import Image

from postwright import limits, preflight
from postwright.models import MediaItem, MediaKind, Problem
from postwright.preflight import check_count, check_files, check_object, check_text
from postwright.probe import ImageFacts, VideoFacts
from sandbox.samples import SAMPLES_DIR
from tests.unit.test_probe import film, picture

GOOD = SAMPLES_DIR / "01-dunes.jpg"


def problems_of(*paths: Path, caption: str = "", carousel_max: int = 10) -> list[Problem]:
    return check_files(paths, caption, carousel_max=carousel_max).problems


def rules(problems: list[Problem]) -> list[str]:
    return [problem.rule for problem in problems]


def write(name: str, data: bytes) -> Callable[[Path], Path]:
    def make(directory: Path) -> Path:
        path = directory / name
        path.write_bytes(data)
        return path

    return make


def saved(
    name: str, image_format: str, size: tuple[int, int] = (400, 400)
) -> Callable[[Path], Path]:
    def make(directory: Path) -> Path:
        Image.new("RGB", size).save(directory / name, format=image_format)
        return directory / name

    return make


def pipe(directory: Path) -> Path:
    os.mkfifo(directory / "pipe.jpg")
    return directory / "pipe.jpg"


@pytest.mark.parametrize(
    ("make", "rule", "found", "allowed"),
    [
        (lambda d: d / "no.jpg", "file-missing", "no such file", "a photo or video"),
        (lambda _: GOOD / "x.jpg", "file-missing", "no such file", "a photo or video"),
        (lambda _: Path("a\0b.jpg"), "file-missing", "no such file", "a photo or video"),
        (lambda d: d, "file-missing", "a directory", "a photo or video"),
        (pipe, "file-missing", "not a regular file", "a photo or video"),
        (lambda d: d / ("x" * 300), "file-unreadable", "File name too long", None),
        (write("empty.jpg", b""), "file-empty", "0 bytes", "a file with content"),
        (write("a.jpg", b"hello"), "file-type", "no media that we know", "JPEG, MP4 or MOV"),
        (write("a.jpg", b"<html>404"), "file-type", "HTML", "JPEG, MP4 or MOV"),
        (saved("a.jpg", "PNG"), "image-format", "PNG", "JPEG"),
        (saved("a.jpg", "WEBP"), "image-format", "WEBP", "JPEG"),
        (saved("a.jpg", "GIF"), "image-format", "GIF", "JPEG"),
        (write("a.jpg", b"\0\0\0\x18ftypheic" + bytes(50)), "image-format", "HEIC", "JPEG"),
        (write("a.jpg", GOOD.read_bytes()[:90_000]), "image-damaged", "damaged or cut off", None),
        (saved("a.jpg", "JPEG", (1200, 600)), "image-ratio", "1200x600 (2.00:1), too wide", None),
        (saved("a.jpg", "JPEG", (600, 800)), "image-ratio", "600x800 (0.75:1), too tall", None),
        (
            lambda d: picture(d / "a.jpg", (1200, 800), orientation=6),
            "image-ratio",
            "800x1200 (0.67:1), too tall",
            "4:5 to 1.91:1",
        ),
        (
            saved("a.jpg", "JPEG", (300, 300)),
            "image-width",
            "300 pixels wide",
            "at least 320 pixels wide",
        ),
        (
            lambda d: picture(d / "a.jpg", (400, 400), mode="CMYK"),
            "image-mode",
            "CMYK",
            "RGB or grayscale",
        ),
        (
            write("a.jpg", GOOD.read_bytes() + bytes(8_000_000)),
            "image-bytes",
            "8.19 MB (8,186,428 bytes)",
            "at most 8 MB",
        ),
        (lambda d: film(d / "a.avi", codec="mpeg4"), "video-format", "AVI", "MP4 or MOV"),
        (write("a.mp4", b"FLV\x01" + bytes(99)), "video-format", "Flash Video", "MP4 or MOV"),
        (
            lambda d: film(d / "a.mp4", codec="mpeg4"),
            "video-codec",
            "MPEG-4 Visual",
            "H.264 or HEVC",
        ),
        (
            lambda d: film(d / "a.mp4", seconds=3),
            "video-too-short",
            "3.00 seconds",
            "at least 3.2 seconds",
        ),
        (
            write("a.mp4", (SAMPLES_DIR / "07-waves.mp4").read_bytes()[:200_000]),
            "video-damaged",
            "cut off: the end of the file is missing",
            "a complete video",
        ),
    ],
)
def test_a_file_that_instagram_would_refuse_is_named_with_its_problem_and_a_fix(
    tmp_path: Path, make: Callable[[Path], Path], rule: str, found: str, allowed: str | None
) -> None:
    path = make(tmp_path)

    problem = next(problem for problem in problems_of(GOOD, path) if problem.rule == rule)

    assert problem.item == f"2: {path.name}"
    assert problem.found == found
    assert allowed is None or problem.allowed == allowed
    assert problem.fix


@pytest.mark.parametrize(
    "make",
    [
        saved("tall.jpg", "JPEG", (1080, 1350)),
        saved("rounded.jpg", "JPEG", (1079, 1350)),
        saved("wide.jpg", "JPEG", (1080, 566)),
        saved("smallest.jpg", "JPEG", (320, 320)),
        lambda d: picture(d / "gray.jpg", (400, 400), mode="L"),
        lambda d: picture(d / "turned.jpg", (1350, 1080), orientation=6),
        saved("no-suffix", "JPEG"),
        lambda d: film(d / "a.mov"),
        lambda d: film(d / "hevc.mp4", codec="libx265"),
    ],
)
def test_a_file_within_the_limits_passes(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    assert problems_of(make(tmp_path)) == []


def test_all_problems_of_all_items_come_at_once(tmp_path: Path) -> None:
    png = saved("1.jpg", "PNG", (300, 100))(tmp_path)
    empty = write("2.jpg", b"")(tmp_path)
    caption = "x" * 2201

    outcome = check_files([png, empty, GOOD], caption, carousel_max=2)

    assert rules(outcome.problems) == [
        "item-count",
        "image-format",
        "image-ratio",
        "image-width",
        "file-empty",
        "caption-length",
    ]
    assert outcome.kinds == ["image", None, "image"]
    assert not outcome.ok


def test_no_files_at_all_is_one_problem() -> None:
    assert problems_of() == [
        Problem(
            item="media",
            rule="item-count",
            found="no media",
            allowed="1 to 10 files",
            fix="add at least one photo or video",
        )
    ]


def test_a_mixed_carousel_of_the_samples_is_fine() -> None:
    outcome = check_files([GOOD, SAMPLES_DIR / "07-waves.mp4"], "Dunes #sea", carousel_max=10)

    assert outcome.ok
    assert outcome.kinds == ["image", "video"]


def test_a_problem_is_written_as_json_with_five_texts(tmp_path: Path) -> None:
    [problem] = problems_of(saved("sunset.jpg", "JPEG", (1200, 600))(tmp_path))

    assert problem.to_json() == {
        "item": "1: sunset.jpg",
        "rule": "image-ratio",
        "found": "1200x600 (2.00:1), too wide",
        "allowed": "4:5 to 1.91:1",
        "fix": "crop it to between 4:5 and 1.91:1, for example 1080x1350",
    }


def test_a_name_that_is_not_utf_8_can_still_be_told() -> None:
    [problem] = problems_of(Path(os.fsdecode(b"\xff.jpg")))

    assert problem.model_dump_json()
    assert problem.item == "1: ?.jpg"


def test_damaged_bytes_never_raise(tmp_path: Path) -> None:
    random = Random(1)  # noqa: S311 - damage, not secrets
    for sample in ("04-mountains.jpg", "08-sunset.mp4"):
        data = (SAMPLES_DIR / sample).read_bytes()
        for number in range(15):
            damaged = bytearray(data[: random.randint(1, len(data))])
            for _ in range(random.randint(1, 60)):
                damaged[random.randrange(min(len(damaged), 4000))] = random.randrange(256)
            path = tmp_path / f"{number}-{sample}"
            path.write_bytes(damaged)

            outcome = check_files([path], "", carousel_max=10)

            assert len(outcome.kinds) == 1


@pytest.mark.parametrize("count", [1, 2, 10])
def test_one_to_ten_items_are_allowed(count: int) -> None:
    assert check_count(count, 10) == []


def test_an_account_with_the_higher_cap_may_have_twenty_items() -> None:
    assert check_count(20, 20) == []
    [problem] = check_count(21, 20)
    assert problem.allowed == "at most 20 items in a carousel"


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("x" * 2200, []),
        ("x" * 2201, ["caption-length"]),
        ("\U0001f30a" * 1100, []),
        ("\U0001f30a" * 1101, ["caption-length"]),
        (" ".join(f"#t{n}" for n in range(30)), []),
        (" ".join(f"#t{n}" for n in range(31)), ["caption-hashtags"]),
        (" ".join(f"@a{n}" for n in range(20)), []),
        (" ".join(f"@a{n}" for n in range(21)), ["caption-mentions"]),
    ],
)
def test_captions_are_measured_as_instagram_does(caption: str, expected: list[str]) -> None:
    assert rules(check_text(caption)) == expected


@pytest.mark.parametrize(
    ("kind", "size_bytes", "in_carousel", "expected"),
    [
        ("image", 8_000_000, True, []),
        ("image", 8_000_001, True, ["image-bytes"]),
        ("image", 0, False, ["file-empty"]),
        ("video", 300_000_000, False, []),
        ("video", 300_000_001, False, ["reel-bytes"]),
        ("video", 100_000_000, True, []),
        ("video", 100_000_001, True, ["carousel-video-bytes"]),
    ],
)
def test_an_object_is_judged_by_kind_and_size_alone(
    kind: MediaKind, size_bytes: int, in_carousel: bool, expected: list[str]
) -> None:
    problems = check_object("1: a", kind, size_bytes, in_carousel=in_carousel)

    assert rules(problems) == expected
    assert all(problem.found != problem.allowed for problem in problems)


@pytest.mark.parametrize(
    ("seconds", "in_carousel", "expected"),
    [
        (3.2, False, []),
        (900.0, False, []),
        (900.5, False, ["reel-too-long"]),
        (60.0, True, []),
        (60.5, True, ["carousel-video-too-long"]),
        (None, True, ["video-too-short"]),
    ],
)
def test_a_video_may_be_longer_as_a_reel_than_in_a_carousel(
    seconds: float | None, in_carousel: bool, expected: list[str]
) -> None:
    facts = VideoFacts("MP4", "AVC", seconds, 30.0, 720, 1280, "AAC", 1)

    found = [
        rule.id
        for rule in preflight.VIDEO_RULES
        if rule.holds(in_carousel=in_carousel) and rule.check(facts)
    ]

    assert found == expected


@pytest.mark.parametrize(("width", "height"), [(1920, 190), (10, 1010), (None, None)])
def test_a_video_of_an_impossible_shape_is_refused(width: int | None, height: int | None) -> None:
    facts = VideoFacts("MP4", None, 5.0, 30.0, width, height, None, 1)

    found = [rule.id for rule in preflight.VIDEO_RULES if rule.check(facts)]

    assert found == ["video-codec", "video-ratio"]


def test_a_slightly_rounded_crop_is_within_the_tolerance_and_no_more() -> None:
    ratio = next(rule for rule in preflight.IMAGE_RULES if rule.id == "image-ratio")

    def allowed(width: int, height: int) -> bool:
        return ratio.check(ImageFacts("JPEG", width, height, "RGB", 1)) is None

    assert allowed(796, 1000)
    assert not allowed(794, 1000)
    assert allowed(1914, 1000)
    assert not allowed(1916, 1000)


def test_every_rule_has_an_id_of_its_own_and_a_dated_source() -> None:
    every: list[preflight.Rule[Any]] = [
        *preflight.FILE_RULES,
        *preflight.IMAGE_SIZE_RULES,
        *preflight.VIDEO_SIZE_RULES,
        *preflight.IMAGE_RULES,
        *preflight.VIDEO_RULES,
        *preflight.CAPTION_RULES,
    ]

    assert len({rule.id for rule in every}) == len(every)
    assert all(isinstance(rule.limit, limits.Limit) for rule in every)
    assert all(rule.limit.source and rule.limit.read_on for rule in every)


def test_the_checks_for_lambda_load_no_media_library() -> None:
    code = (
        "import sys; from postwright import preflight as p;"
        "p.check_text('x'); p.check_count(1, 10);"
        "p.check_object('1: a', 'image', 1, in_carousel=False);"
        "sys.exit(len({'PIL', 'pymediainfo'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)

    assert done.returncode == 0


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("image", {"alt_text": "x" * 1000, "collaborators": ["ann", "ben", "cleo"]}, []),
        ("image", {"alt_text": "x" * 1001}, ["alt-text-length"]),
        ("video", {"alt_text": "A wave"}, ["alt-text-kind"]),
        ("image", {"collaborators": ["a", "b", "c", "d"]}, ["collaborators-count"]),
        ("image", {"collaborators": ["@ann"]}, ["collaborators-form"]),
        ("image", {"collaborators": [" "]}, ["collaborators-form"]),
    ],
)
def test_what_is_asked_for_besides_the_bytes_is_checked(
    kind: MediaKind, options: dict[str, Any], expected: list[str]
) -> None:
    item = MediaItem(key="s1/enhanced/a.jpg", kind=kind, **options)

    problems = preflight.check_options("1: a.jpg", item, in_carousel=False)

    assert [(problem.item, problem.rule) for problem in problems] == [
        ("1: a.jpg", rule) for rule in expected
    ]
