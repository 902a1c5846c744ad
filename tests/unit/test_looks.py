from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from PIL import ExifTags, Image

from postwright.preflight import boxes, judging
from postwright.preflight.films import Sound, VideoFacts
from postwright.preflight.images import ImageFacts, Unread, Unreadable
from postwright.preflight.judging import Facts
from postwright.preflight.kinds import kind_of
from postwright.preflight.sources import Source, TooMuchToReadError, opened
from sandbox.samples import SAMPLES_DIR
from tests.media import film


def facts_of(path: Path) -> Facts:
    with opened(path) as source:
        return judging.look(source).facts


class Far:
    """Bytes that are not all at hand."""

    whole = False

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size_bytes = len(content)
        self.read_bytes = 0

    def read(self, offset: int, count: int) -> bytes:
        found = self.content[offset : offset + count]
        self.read_bytes += len(found)
        return found


class Unwilling(Far):
    """Bytes of which no more than the first 1,000 are given out."""

    def read(self, offset: int, count: int) -> bytes:
        if offset + count > 1000:
            raise TooMuchToReadError
        return super().read(offset, count)


def far_facts(source: Source) -> Facts:
    return judging.look(source).facts


def grain(**options: object) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((600, 600), 90).convert("RGB").save(file, "JPEG", **options)
    return file.getvalue()


def picture(path: Path, size: tuple[int, int], *, orientation: int = 1, mode: str = "RGB") -> Path:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.new(mode, size).save(path, format="JPEG", exif=exif)
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
        ((b"G" + bytes(187)) * 2, ("video", "MPEG-TS")),
        (b"Good morning" * 20, (None, "no media that we know")),
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

    assert facts_of(path) == ImageFacts("JPEG", 400, 500, "RGB", path.stat().st_size)


def test_a_photo_with_broken_exif_is_measured_as_it_is_stored(tmp_path: Path) -> None:
    path = picture(tmp_path / "odd.jpg", (500, 400), orientation=6)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"Exif\0\0MM\0*", b"Exif\0\0XX\0*"))

    facts = facts_of(path)

    assert isinstance(facts, ImageFacts)
    assert (facts.width, facts.height) == (500, 400)


def test_several_pictures_in_one_jpeg_are_recognised(tmp_path: Path) -> None:
    path = tmp_path / "stereo.jpg"
    Image.new("RGB", (400, 400)).save(
        path, format="MPO", save_all=True, append_images=[Image.new("RGB", (400, 400))]
    )

    facts = facts_of(path)

    assert isinstance(facts, ImageFacts)
    assert facts.format == "MPO"


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9, 0.99])
def test_a_photo_that_is_cut_off_is_unreadable(tmp_path: Path, share: float) -> None:
    data = (SAMPLES_DIR / "04-mountains.jpg").read_bytes()
    path = tmp_path / "cut.jpg"
    path.write_bytes(data[: round(len(data) * share)])

    assert facts_of(path) == Unreadable("damaged or cut off")


def test_a_progressive_photo_that_is_cut_off_is_unreadable(tmp_path: Path) -> None:
    whole = io.BytesIO()
    Image.open(SAMPLES_DIR / "04-mountains.jpg").save(whole, format="JPEG", progressive=True)
    path = tmp_path / "cut.jpg"
    path.write_bytes(whole.getvalue()[:-2000])

    assert facts_of(path) == Unreadable("damaged or cut off")


def test_a_picture_with_absurdly_many_pixels_is_unreadable(tmp_path: Path) -> None:
    path = picture(tmp_path / "bomb.jpg", (16, 16))
    size_field = b"\x08" + (16).to_bytes(2, "big") * 2
    path.write_bytes(path.read_bytes().replace(size_field, b"\x08\xff\xdc\xff\xdc", 1))

    assert facts_of(path) == Unreadable("far more pixels than any photo")


def test_a_video_is_described_by_its_headers() -> None:
    path = SAMPLES_DIR / "07-waves.mp4"

    facts = facts_of(path)

    assert facts == VideoFacts(
        container="MP4",
        codec="AVC",
        seconds=5.0,
        frames_per_second=30.0,
        width=704,
        height=880,
        size_bytes=path.stat().st_size,
        columns=704,
        bits_per_second=1_021_081,
        chroma="4:2:0",
        bit_depth=8,
        sounds=(Sound("AAC", 48_000, 1, 79_104),),
    )


def test_a_video_that_is_cut_off_is_unreadable(tmp_path: Path) -> None:
    data = (SAMPLES_DIR / "07-waves.mp4").read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(data[: len(data) // 2])

    assert facts_of(path) == Unreadable("cut off: the end of the file is missing")


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
@pytest.mark.parametrize(
    ("change", "is_whole"),
    [
        (lambda photo: photo, True),
        (lambda photo: photo[:-2], False),
        (lambda photo: photo[: len(photo) // 2], False),
        (lambda photo: photo + bytes(100_000), True),
        (lambda photo: photo + b"SEFT" + bytes(10), True),
    ],
)
def test_of_a_photo_that_is_far_away_head_and_tail_tell_whether_it_is_whole(
    options: dict[str, object], change: Callable[[bytes], bytes], is_whole: bool
) -> None:
    source = Far(change(grain(**options)))

    facts = far_facts(source)

    assert isinstance(facts, ImageFacts) == is_whole
    assert source.read_bytes < 60_000 < source.size_bytes


def test_a_trailer_of_another_kind_is_no_missing_end() -> None:
    trailer = Random(1).randbytes(100_000)  # noqa: S311 - a film, as phones append it

    assert isinstance(far_facts(Far(grain() + trailer)), ImageFacts)


def test_the_end_of_the_thumbnail_is_not_the_end_of_the_photo() -> None:
    thumbnail = grain(quality=5)
    block = b"Exif\0\0" + thumbnail[:60_000]
    photo = grain()
    head = photo[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    source = Far(head + photo[2:6000])

    assert far_facts(source) == Unreadable("damaged or cut off")


def test_headers_that_are_longer_than_is_read_are_no_damage(tmp_path: Path) -> None:
    comment = b"\xff\xfe" + struct.pack(">H", 5000) + bytes(4998)
    photo = grain()
    clip = film(tmp_path / "a.mp4")

    assert far_facts(Unwilling(photo[:2] + comment + photo[2:])) == Unread()
    assert far_facts(Unwilling(clip)) == Unread()


def test_of_a_film_the_pictures_are_not_read(tmp_path: Path) -> None:
    clip = film(tmp_path / "a.mp4", noise=True)
    source = Far(clip)

    facts = far_facts(source)

    assert isinstance(facts, VideoFacts)
    assert source.read_bytes < 8000 < 50_000 < len(clip)


@pytest.mark.parametrize(
    "damage",
    [
        lambda film: film.replace(b"moov", b"moof"),
        lambda film: film.replace(b"trak", b"free"),
        lambda film: film[: film.index(b"moov") + 50],
        lambda film: film[:8] + film[-100:],
        lambda film: film + b"\0\0\0\x02mdat",
    ],
)
def test_boxes_that_cannot_be_right_are_unreadable(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(damage(film(tmp_path / "whole.mp4", sound=None)))

    assert isinstance(facts_of(path), Unreadable)


def test_a_last_box_without_a_size_goes_on_to_the_end(tmp_path: Path) -> None:
    clip = film(tmp_path / "whole.mp4")
    at = clip.index(b"mdat") - 4
    path = tmp_path / "a.mp4"
    path.write_bytes(clip[:at] + bytes(4) + clip[at + 4 :])

    assert isinstance(facts_of(path), VideoFacts)


def edits(*times: int, long: bool = False) -> bytes:
    """A moov box's content with one track that has edits with these media times."""
    form = ">QqI" if long else ">IiI"
    rows = b"".join(struct.pack(form, 100, time, 1 << 16) for time in times)
    elst = struct.pack(">II", (1 if long else 0) << 24, len(times)) + rows
    return box(b"trak", box(b"edts", box(b"elst", elst)))


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, name) + content


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize(
    ("times", "is_odd"),
    [
        ((), False),
        ((1024,), False),
        ((-1, 1024), False),
        ((0, 4000), True),
        ((-1, 0, 4000), True),
        ((-1, -1, 0), True),
    ],
)
def test_one_edit_is_usual_and_so_is_an_empty_one_before_it(
    times: tuple[int, ...], is_odd: bool, long: bool
) -> None:
    assert boxes.has_odd_edits(edits(*times, long=long)) is is_odd


@pytest.mark.parametrize("elst", [b"", bytes(7), struct.pack(">II", 0, 9)])
def test_a_damaged_edit_list_is_none(elst: bytes) -> None:
    assert not boxes.has_odd_edits(box(b"trak", box(b"edts", box(b"elst", elst))))
