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

from postwright import preflight
from postwright.models import MediaItem, MediaKind, Problem
from postwright.preflight import check_count, check_files, check_text, rules
from postwright.preflight.films import Sound, VideoFacts
from postwright.preflight.image_rules import IMAGE_RULES
from postwright.preflight.images import ImageFacts
from postwright.preflight.judging import size_rules
from postwright.preflight.option_rules import TIMED_RULES, Timed
from postwright.preflight.video_rules import VIDEO_RULES
from sandbox.samples import SAMPLES_DIR
from tests.media import film
from tests.unit.test_looks import picture

GOOD = SAMPLES_DIR / "01-dunes.jpg"


def problems_of(*paths: Path, caption: str = "", carousel_max: int = 10) -> list[Problem]:
    return check_files(paths, caption, carousel_max=carousel_max).problems


def rules_of(problems: list[Problem]) -> list[str]:
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


def filmed(name: str, **how: Any) -> Callable[[Path], Path]:
    def make(directory: Path) -> Path:
        film(directory / name, **how)
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
        (filmed("a.avi", codec="mpeg4"), "video-format", "AVI", "MP4 or MOV"),
        (write("a.mp4", b"FLV\x01" + bytes(99)), "video-format", "Flash Video", "MP4 or MOV"),
        (
            filmed("a.mp4", codec="mpeg4"),
            "video-codec",
            "MPEG-4 Visual",
            "H.264 or HEVC",
        ),
        (
            filmed("a.mp4", seconds=3),
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
        filmed("a.mov"),
        filmed("hevc.mp4", codec="libx265"),
    ],
)
def test_a_file_within_the_limits_passes(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    assert problems_of(make(tmp_path)) == []


def test_all_problems_of_all_items_come_at_once(tmp_path: Path) -> None:
    png = saved("1.jpg", "PNG", (300, 100))(tmp_path)
    empty = write("2.jpg", b"")(tmp_path)
    caption = "x" * 2201

    outcome = check_files([png, empty, GOOD], caption, carousel_max=2)

    assert rules_of(outcome.problems) == [
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
        (" ".join(f"#t{n}" for n in range(5)), []),
        (" ".join(f"#t{n}" for n in range(30)), ["caption-hashtags-many"]),
        (" ".join(f"#t{n}" for n in range(31)), ["caption-hashtags"]),
        (" ".join(f"@a{n}" for n in range(20)), []),
        (" ".join(f"@a{n}" for n in range(21)), ["caption-mentions"]),
    ],
)
def test_captions_are_measured_as_instagram_does(caption: str, expected: list[str]) -> None:
    assert rules_of(check_text(caption)) == expected


@pytest.mark.parametrize(
    ("kind", "size_bytes", "in_carousel", "expected"),
    [
        ("image", 8_000_000, True, []),
        ("image", 8_000_001, True, ["image-bytes"]),
        ("video", 300_000_000, False, []),
        ("video", 300_000_001, False, ["reel-bytes"]),
        ("video", 100_000_000, True, []),
        ("video", 100_000_001, True, ["carousel-video-bytes"]),
    ],
)
def test_a_video_may_be_larger_as_a_reel_than_in_a_carousel(
    kind: MediaKind, size_bytes: int, in_carousel: bool, expected: list[str]
) -> None:
    facts = ImageFacts("JPEG", 1, 1, "RGB", size_bytes)

    problems = rules.apply(size_rules(kind), facts, "1: a", in_carousel=in_carousel)

    assert rules_of(problems) == expected
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
    facts = VideoFacts("MP4", "AVC", seconds, 30.0, 720, 1280, 1)

    problems = rules.apply(VIDEO_RULES, facts, "1: a", in_carousel=in_carousel)

    assert rules_of(problems) == expected


@pytest.mark.parametrize(("width", "height"), [(1920, 190), (10, 1010), (None, None)])
def test_a_video_of_an_impossible_shape_is_refused(width: int | None, height: int | None) -> None:
    facts = VideoFacts("MP4", None, 5.0, 30.0, width, height, 1)

    problems = rules.apply(VIDEO_RULES, facts, "1: a")

    assert rules_of(problems) == ["video-codec", "video-ratio"]


@pytest.mark.parametrize(("rate", "expected"), [(60.04, []), (60.06, ["video-frame-rate"])])
def test_a_slightly_rounded_rate_is_within_the_tolerance_and_no_more(
    rate: float, expected: list[str]
) -> None:
    facts = VideoFacts("MP4", "AVC", 5.0, rate, 720, 1280, 1)

    assert rules_of(rules.apply(VIDEO_RULES, facts, "1: a")) == expected


def test_every_sound_track_is_judged() -> None:
    sounds = (Sound("AAC", 48_000, 2, 128_000), Sound("MPEG Audio", 96_000, 6, 320_000))
    facts = VideoFacts("MP4", "AVC", 5.0, 30.0, 720, 1280, 1, sounds=sounds)

    assert rules_of(rules.apply(VIDEO_RULES, facts, "1: a")) == [
        "audio-codec",
        "audio-rate",
        "audio-channels",
        "audio-bit-rate",
    ]


def test_a_slightly_rounded_crop_is_within_the_tolerance_and_no_more() -> None:
    ratio = next(rule for rule in IMAGE_RULES if rule.id == "image-ratio")

    def allowed(width: int, height: int) -> bool:
        return ratio.check(ImageFacts("JPEG", width, height, "RGB", 1)) is None

    assert allowed(796, 1000)
    assert not allowed(794, 1000)
    assert allowed(1914, 1000)
    assert not allowed(1916, 1000)


def test_the_rules_load_no_media_library() -> None:
    code = (
        "import sys; from postwright import app, preflight as p;"
        "p.check_text('x'); p.check_count(1, 10);"
        "sys.exit(len({'PIL', 'pymediainfo'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)

    assert done.returncode == 0


TAG = {"username": "ann"}
PLACED = {**TAG, "x": 0.5, "y": 0.5}


@pytest.mark.parametrize(
    ("kind", "in_carousel", "options", "expected"),
    [
        ("image", False, {"alt_text": "x" * 1000, "collaborators": ["ann", "ben", "cleo"]}, []),
        ("image", False, {"alt_text": "x" * 1001}, ["alt-text-length"]),
        ("video", False, {"alt_text": "A wave"}, ["alt-text-kind"]),
        ("image", False, {"collaborators": ["a", "b", "c", "d"]}, ["collaborators-count"]),
        ("image", False, {"collaborators": ["@ann"]}, ["collaborators-form"]),
        ("image", False, {"collaborators": [" "]}, ["collaborators-form"]),
        ("image", False, {"user_tags": [PLACED]}, []),
        ("image", True, {"user_tags": [PLACED]}, []),
        ("image", False, {"user_tags": [TAG]}, ["user-tags-place"]),
        ("image", False, {"user_tags": [{**TAG, "x": 0.5}]}, ["user-tags-place"]),
        ("image", False, {"user_tags": [PLACED] * 20}, []),
        ("image", False, {"user_tags": [PLACED] * 21}, ["user-tags-count"]),
        ("image", False, {"user_tags": [{**PLACED, "username": "@ann"}]}, ["user-tags-form"]),
        ("video", False, {"user_tags": [TAG]}, []),
        ("video", False, {"user_tags": [PLACED]}, ["user-tags-place"]),
        ("video", True, {"user_tags": [TAG]}, ["user-tags-kind"]),
        ("image", False, {"location_id": "106377336067638"}, []),
        ("image", False, {"location_id": "Skagen"}, ["location-form"]),
        ("image", False, {"location_id": "\uff11\uff12"}, ["location-form"]),
        ("video", False, {"cover_key": "s/enhanced/c.jpg"}, []),
        ("image", False, {"cover_key": "s/enhanced/c.jpg"}, ["cover-kind"]),
        ("video", True, {"cover_key": "s/enhanced/c.jpg"}, ["cover-kind"]),
        ("video", False, {"thumb_offset": 0}, []),
        ("video", True, {"thumb_offset": 0}, []),
        ("image", False, {"thumb_offset": 0}, ["thumb-offset-kind"]),
        ("video", False, {"cover_key": "s/c.jpg", "thumb_offset": 0}, ["cover-or-offset"]),
        ("video", False, {"share_to_feed": False}, []),
        ("image", False, {"share_to_feed": True}, ["share-to-feed-kind"]),
        ("video", True, {"share_to_feed": True}, ["share-to-feed-kind"]),
    ],
)
def test_what_is_asked_for_besides_the_bytes_is_checked(
    kind: MediaKind, in_carousel: bool, options: dict[str, Any], expected: list[str]
) -> None:
    item = MediaItem(key="s1/enhanced/a.jpg", kind=kind, **options)

    problems = preflight.check_options("1: a.jpg", item, in_carousel=in_carousel)

    assert [(problem.item, problem.rule) for problem in problems] == [
        ("1: a.jpg", rule) for rule in expected
    ]


@pytest.mark.parametrize(("offset", "expected"), [(3999, []), (4000, ["thumb-offset"])])
def test_a_thumb_offset_lies_within_the_video(offset: int, expected: list[str]) -> None:
    item = MediaItem(key="s1/enhanced/a.mp4", kind="video", thumb_offset=offset)
    facts = VideoFacts("MP4", "AVC", 4.0, 30.0, 720, 1280, 1)

    assert rules_of(rules.apply(TIMED_RULES, Timed(item, facts), "1: a.mp4")) == expected


def test_more_than_five_hashtags_are_worth_a_word_and_no_problem() -> None:
    outcome = check_files([GOOD], " ".join(f"#t{n}" for n in range(6)), carousel_max=10)

    assert outcome.ok
    assert rules_of(outcome.warnings) == ["caption-hashtags-many"]


def test_an_item_that_is_cut_to_the_shape_of_the_first_one_is_worth_a_word(tmp_path: Path) -> None:
    square = saved("square.jpg", "JPEG")(tmp_path)
    tall = saved("tall.jpg", "JPEG", (400, 500))(tmp_path)

    outcome = check_files([square, tall, square, tmp_path / "none.jpg"], "", carousel_max=10)

    assert [(warning.item, warning.rule) for warning in outcome.warnings] == [
        ("2: tall.jpg", "carousel-crop")
    ]
