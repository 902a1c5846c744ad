from __future__ import annotations

import io
from pathlib import Path

import av
import pytest
from PIL import ExifTags, Image

from postwright.probe import (
    ImageFacts,
    Unreadable,
    VideoFacts,
    kind_of,
    probe_image,
    probe_video,
)
from sandbox.samples import SAMPLES_DIR


def picture(path: Path, size: tuple[int, int], *, orientation: int = 1, mode: str = "RGB") -> Path:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.new(mode, size).save(path, format="JPEG", exif=exif)
    return path


def film(
    path: Path, *, codec: str = "libx264", seconds: float = 4, size: tuple[int, int] = (64, 80)
) -> Path:
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for _ in range(round(seconds * 10)):
            file.mux(stream.encode(av.VideoFrame(*size, "yuv420p")))
        file.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\xff\xd8\xff\xe0", ("image", "JPEG")),
        (b"\x89PNG\r\n\x1a\n", ("image", "PNG")),
        (b"GIF89a", ("image", "GIF")),
        (b"RIFF\x10\0\0\0WEBPVP8 ", ("image", "WebP")),
        (b"RIFF\x10\0\0\0AVI LIST", ("video", "AVI")),
        (b"RIFF\x10\0\0\0????", (None, "RIFF data")),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", ("image", "HEIC")),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", ("image", "AVIF")),
        (b"\0\0\0\x18ftypavif\0\0\0\0", ("image", "AVIF")),
        (b"\0\0\0\x18ftypcrx \0\0\0\0", ("image", "Canon raw")),
        (b"\0\0\0\x18ftypM4A \0\0\0\0", (None, "M4A audio")),
        (b"\0\0\0\x18ftypisom\0\0\0\0", ("video", "MP4")),
        (b"\0\0\0\x14ftypqt  \0\0\0\0", ("video", "MOV")),
        (b"\0\0\0\x08wide\0\0\0\0mdat", ("video", "MOV")),
        (b"\x1a\x45\xdf\xa3", ("video", "Matroska or WebM")),
        (b"<!DOCTYPE html>", (None, "HTML")),
        (b"hello", (None, "no media that we know")),
        (b"", (None, "no media that we know")),
    ],
)
def test_the_kind_of_a_file_is_read_from_its_first_bytes(
    head: bytes, expected: tuple[str | None, str]
) -> None:
    assert kind_of(head) == expected


def test_a_photo_held_upright_is_measured_as_a_person_sees_it(tmp_path: Path) -> None:
    path = picture(tmp_path / "phone.jpg", (500, 400), orientation=6)

    assert probe_image(path) == ImageFacts("JPEG", 400, 500, "RGB", path.stat().st_size)


def test_a_photo_with_broken_exif_is_measured_as_it_is_stored(tmp_path: Path) -> None:
    path = picture(tmp_path / "odd.jpg", (500, 400), orientation=6)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"Exif\0\0MM\0*", b"Exif\0\0XX\0*"))

    facts = probe_image(path)

    assert isinstance(facts, ImageFacts)
    assert (facts.width, facts.height) == (500, 400)


def test_several_pictures_in_one_jpeg_are_recognised(tmp_path: Path) -> None:
    path = tmp_path / "stereo.jpg"
    Image.new("RGB", (400, 400)).save(
        path, format="MPO", save_all=True, append_images=[Image.new("RGB", (400, 400))]
    )

    facts = probe_image(path)

    assert isinstance(facts, ImageFacts)
    assert facts.format == "MPO"


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9, 0.99])
def test_a_photo_that_is_cut_off_is_unreadable(tmp_path: Path, share: float) -> None:
    data = (SAMPLES_DIR / "04-mountains.jpg").read_bytes()
    path = tmp_path / "cut.jpg"
    path.write_bytes(data[: round(len(data) * share)])

    assert probe_image(path) == Unreadable("damaged or cut off")


def test_a_progressive_photo_that_is_cut_off_is_unreadable(tmp_path: Path) -> None:
    whole = io.BytesIO()
    Image.open(SAMPLES_DIR / "04-mountains.jpg").save(whole, format="JPEG", progressive=True)
    path = tmp_path / "cut.jpg"
    path.write_bytes(whole.getvalue()[:-2000])

    assert probe_image(path) == Unreadable("damaged or cut off")


def test_a_picture_with_absurdly_many_pixels_is_unreadable(tmp_path: Path) -> None:
    path = picture(tmp_path / "bomb.jpg", (16, 16))
    size_field = b"\x08" + (16).to_bytes(2, "big") * 2
    path.write_bytes(path.read_bytes().replace(size_field, b"\x08\xff\xdc\xff\xdc", 1))

    assert probe_image(path) == Unreadable("far more pixels than any photo")


def test_a_video_is_described_by_its_headers() -> None:
    path = SAMPLES_DIR / "07-waves.mp4"

    facts = probe_video(path)

    size = path.stat().st_size
    assert facts == VideoFacts("MP4", "AVC", 5.0, 30.0, 704, 880, "AAC", size)


@pytest.mark.parametrize(
    ("name", "codec", "container", "codec_name"),
    [
        ("a.mov", "libx264", "MOV", "AVC"),
        ("a.mp4", "libx265", "MP4", "HEVC"),
        ("a.webm", "libvpx-vp9", "WebM", "VP9"),
        ("a.avi", "mpeg4", "AVI", "MPEG-4 Visual"),
    ],
)
def test_container_and_codec_are_named(
    tmp_path: Path, name: str, codec: str, container: str, codec_name: str
) -> None:
    facts = probe_video(film(tmp_path / name, codec=codec, seconds=1))

    assert isinstance(facts, VideoFacts)
    assert (facts.container, facts.codec) == (container, codec_name)
    assert facts.audio_codec is None
    assert facts.ratio == 0.8


def test_a_video_that_is_cut_off_is_unreadable(tmp_path: Path) -> None:
    data = (SAMPLES_DIR / "07-waves.mp4").read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(data[: len(data) // 2])

    assert probe_video(path) == Unreadable("cut off: the end of the file is missing")


def test_bytes_that_are_no_video_are_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("not a film")

    assert probe_video(path) == Unreadable("no video track that can be read")


def test_a_file_that_disappears_is_unreadable(tmp_path: Path) -> None:
    gone = tmp_path / "gone"

    assert probe_image(gone) == probe_video(gone) == Unreadable("damaged or cut off")
