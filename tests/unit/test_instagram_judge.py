"""Where the bounds of images and videos lie, each from both sides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from sandbox.instagram import errors
from sandbox.instagram.errors import ErrorRow, GraphError
from sandbox.instagram.media_judge import (
    CAROUSEL_ITEM,
    REEL,
    STORY,
    Footage,
    Use,
    VideoRefusedError,
    judge_image,
    judge_video,
)
from tests.media import film, picture

UNSUPPORTED, NOT_USABLE, OUT_OF_BOUNDS = 2207026, 2207077, 2207082
FINE = None


def image_refusal(path: Path, content: bytes, **how: Any) -> ErrorRow | None:
    """What is said against an image; None when it is taken."""
    path.write_bytes(content)
    try:
        judge_image(path, **how)
    except GraphError as refusal:
        return refusal.row
    return None


def video_refusal(path: Path, use: Use = REEL) -> int | None:
    """What is said against a video; None when it is taken."""
    try:
        judge_video(path, path.with_suffix(".thumbnail"), use)
    except VideoRefusedError as refusal:
        return refusal.subcode
    return None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_as_wide_as_it_is_shown(tmp_path: Path, orientation: int) -> None:
    wide = picture((180, 100), orientation=orientation)

    refusal = image_refusal(tmp_path / "a.jpg", wide)

    assert refusal == (errors.IMAGE_RATIO if orientation >= 5 else None)


@pytest.mark.parametrize("edge", [10_000, 20_000])
def test_an_image_that_says_it_is_enormous_is_refused(tmp_path: Path, edge: int) -> None:
    small = picture()
    size = small.index(b"\xff\xc0") + 5
    enormous = small[:size] + edge.to_bytes(2, "big") * 2 + small[size + 4 :]

    assert image_refusal(tmp_path / "a.jpg", enormous) == errors.IMAGE_FORMAT


def test_an_image_with_broken_metadata_is_refused(tmp_path: Path) -> None:
    broken = picture(kind="WEBP").replace(b"MM\0*", b"MM\xff*")

    assert image_refusal(tmp_path / "a.webp", broken, lenient=True) == errors.IMAGE_FORMAT


def test_an_image_with_a_broken_head_is_refused(tmp_path: Path) -> None:
    whole = picture(kind="PNG")
    broken = whole.replace(b"\0\0\0\x0dIHDR", b"\0\0\0\x05IHDR")

    assert image_refusal(tmp_path / "a.png", broken, lenient=True) == errors.IMAGE_FORMAT


@pytest.mark.parametrize(
    ("how", "refusal"),
    [
        ({"rate": 23}, FINE),
        ({"rate": 22}, UNSUPPORTED),
        ({"rate": 60}, FINE),
        ({"rate": 61}, UNSUPPORTED),
        ({"size": (1920, 192)}, FINE),
        ({"size": (1922, 194)}, UNSUPPORTED),
        ({"size": (642, 64)}, UNSUPPORTED),
        ({"pixels": "yuv444p"}, UNSUPPORTED),
        ({"sound": "aac", "audio_rate": 48_000, "channels": 2}, FINE),
        ({"sound": "aac", "audio_rate": 64_000}, OUT_OF_BOUNDS),
        ({"seconds": 3}, FINE),
        ({"seconds": 71 / 24}, NOT_USABLE),
        ({"seconds": 2, "first_frame": 48}, NOT_USABLE),
    ],
    ids=str,
)
def test_a_video_is_judged_by_its_streams(
    tmp_path: Path, how: dict[str, Any], refusal: int | None
) -> None:
    film(tmp_path / "v.mp4", **({"sound": None} | how))

    assert video_refusal(tmp_path / "v.mp4") == refusal


@pytest.mark.parametrize(("frames", "refusal"), [(72, NOT_USABLE), (73, FINE)])
def test_the_last_frame_of_a_carousel_video_is_the_last_one_shown(
    tmp_path: Path, frames: int, refusal: int | None
) -> None:
    """Not the last one stored: frames are stored in another order than they are shown in."""
    film(tmp_path / "v.mp4", seconds=frames / 24, sound=None, key_frame_every=100)

    assert video_refusal(tmp_path / "v.mp4", CAROUSEL_ITEM) == refusal


@pytest.mark.parametrize("use", [REEL, CAROUSEL_ITEM])
@pytest.mark.parametrize(("beyond", "refusal"), [(0, FINE), (1, OUT_OF_BOUNDS)])
def test_fifteen_minutes_are_the_end(
    fifteen_minutes: tuple[Path, Path], use: Use, beyond: int, refusal: int | None
) -> None:
    assert video_refusal(fifteen_minutes[beyond], use) == refusal


@pytest.fixture(scope="module")
def fifteen_minutes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A film of so long, and one that is a second longer."""
    folder = tmp_path_factory.mktemp("long")
    paths = folder / "exactly.mp4", folder / "longer.mp4"
    for seconds, path in enumerate(paths, 15 * 60):
        film(path, seconds=seconds, rate=23, size=(32, 32), sound=None, key_frame_every=240)
    return paths


@pytest.mark.parametrize(("size", "refusal"), [(12_500_000, FINE), (12_500_001, UNSUPPORTED)])
def test_25_megabits_a_second_are_the_end(tmp_path: Path, size: int, refusal: int | None) -> None:
    clip = film(tmp_path / "v.mp4", seconds=4, sound=None)
    filling = size - len(clip)
    padding = filling.to_bytes(4, "big") + b"free" + bytes(filling - 8)

    (tmp_path / "v.mp4").write_bytes(clip + padding)

    assert video_refusal(tmp_path / "v.mp4") == refusal


@pytest.mark.parametrize(
    ("names", "refusal"),
    [
        ([(b"avc1", b"zzzz")], UNSUPPORTED),
        ([(b"mp4a", b"zzzz"), (b"\x80\x17\x40", b"\x80\x17\xfe")], OUT_OF_BOUNDS),
    ],
    ids=["picture", "sound"],
)
def test_a_codec_that_nobody_knows_is_refused(
    tmp_path: Path, names: list[tuple[bytes, bytes]], refusal: int
) -> None:
    clip = film(tmp_path / "v.mp4")
    for known, unknown in names:
        place = clip.index(known, clip.index(b"stsd"))
        clip = clip[:place] + unknown + clip[place + len(known) :]

    (tmp_path / "v.mp4").write_bytes(clip)

    assert video_refusal(tmp_path / "v.mp4") == refusal


def _written(path: Path) -> Any:
    return av.open(str(path), "w", options={"movflags": "faststart"})


def test_a_video_without_a_frame_is_refused(tmp_path: Path) -> None:
    film(tmp_path / "v.mp4")
    with av.open(str(tmp_path / "v.mp4")) as whole, _written(tmp_path / "e.mp4") as empty:
        empty.add_stream_from_template(whole.streams.video[0])
        empty.start_encoding()

    assert video_refusal(tmp_path / "e.mp4") == UNSUPPORTED


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    film(tmp_path / "v.mp4")
    with av.open(str(tmp_path / "v.mp4")) as whole, _written(tmp_path / "s.mp4") as alone:
        sound = alone.add_stream_from_template(whole.streams.audio[0])
        for packet in whole.demux(whole.streams.audio[0]):
            if packet.size:
                packet.stream = sound
                alone.mux(packet)

    assert video_refusal(tmp_path / "s.mp4") == UNSUPPORTED


def test_a_video_that_ends_between_two_frames_is_seen_to_be_cut(tmp_path: Path) -> None:
    clip = film(tmp_path / "v.mp4", seconds=8, sound=None, noise=True)
    with av.open(str(tmp_path / "v.mp4")) as container:
        begins = [packet.pos for packet in container.demux(video=0) if packet.pos is not None]

    (tmp_path / "v.mp4").write_bytes(clip[: begins[150]])

    assert video_refusal(tmp_path / "v.mp4") == UNSUPPORTED


def test_the_thumbnail_is_the_first_frame(tmp_path: Path) -> None:
    film(tmp_path / "v.mp4", sound=None, noise=True)
    with av.open(str(tmp_path / "v.mp4")) as container:
        frames = list(container.decode(video=0))
    pictures = [frame.to_image() for frame in frames]  # type: ignore[no-untyped-call]  # PyAV's

    judge_video(tmp_path / "v.mp4", tmp_path / "thumbnail", REEL)

    with Image.open(tmp_path / "thumbnail") as thumbnail:
        unlike = [
            ImageStat.Stat(ImageChops.difference(thumbnail, shown).convert("L")).mean[0]
            for shown in pictures
        ]
    assert unlike.index(min(unlike)) == 0


def test_a_thumbnail_is_small(tmp_path: Path) -> None:
    film(tmp_path / "v.mp4", size=(1280, 128), sound=None)

    footage = judge_video(tmp_path / "v.mp4", tmp_path / "thumbnail", STORY)

    with Image.open(tmp_path / "thumbnail") as thumbnail:
        assert thumbnail.size == (640, 64)
    assert footage == Footage(1280, 128, 4.0)
