"""Media that are made up have the wanted shape and size, and can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from postwright.preflight import check_files
from sandbox.made_up_media import Wanted, make


@pytest.mark.parametrize("shape", ["1080x566", "320x400"])
def test_a_photo_has_its_shape_and_size(tmp_path: Path, shape: str) -> None:
    content = make(Wanted("image", 90_000, shape))

    assert len(content) == 90_000
    assert shape_of(tmp_path, content, "image") == shape


@pytest.mark.parametrize("shape", ["240x426 3.5s", "64x64 3.2s"])
def test_a_film_has_its_shape_length_and_size(tmp_path: Path, shape: str) -> None:
    content = make(Wanted("video", 90_000, shape))

    assert len(content) == 90_000
    assert shape_of(tmp_path, content, "video") == shape


@pytest.mark.parametrize(("kind", "shape"), [("image", "1080x1350"), ("video", "720x1280 4.0s")])
def test_without_a_shape_a_usual_one_is_made(tmp_path: Path, kind: str, shape: str) -> None:
    assert shape_of(tmp_path, make(Wanted(kind)), kind) == shape


def test_no_file_is_smaller_than_it_can_be(tmp_path: Path) -> None:
    content = make(Wanted("image", 10, "320x320"))

    assert len(content) > 10
    assert shape_of(tmp_path, content, "image") == "320x320"


def test_what_is_too_long_or_too_large_is_made_lesser_and_says_so(tmp_path: Path) -> None:
    film, photo = Wanted("video", 0, "64x64 700.0s"), Wanted("image", 0, "99999x99999")

    assert (film.is_lessened, photo.is_lessened) == (True, True)
    assert not Wanted("video", 0, "64x64 60.0s").is_lessened
    assert shape_of(tmp_path, make(film), "video") == "64x64 60.0s"
    assert shape_of(tmp_path, make(photo), "image") == "1080x1350"


def test_no_two_shades_are_the_same_file() -> None:
    wanted = Wanted("image", 0, "320x320")

    assert len({make(wanted, shade) for shade in range(10)}) == 10


@pytest.mark.parametrize(
    ("wanted", "shape"),
    [
        (Wanted("image", 9_000_000, "240x80"), "1080x1350"),
        (Wanted("image", 0, "300x300"), "1080x1350"),
        (Wanted("video", 0, "3840x2160 5.0s"), "720x1280 5.0s"),
        (Wanted("video", 99_000_000, "64x64 0.5s"), "64x64 3.2s"),
    ],
)
def test_what_instagram_would_refuse_is_made_fit_to_be_sent(
    tmp_path: Path, wanted: Wanted, shape: str
) -> None:
    path = tmp_path / f"made-up{wanted.suffix}"
    path.write_bytes(make(wanted))

    outcome = check_files([path], "", carousel_max=10)

    assert wanted.is_lessened
    assert outcome.problems == []
    assert outcome.shapes == [shape]


def shape_of(folder: Path, content: bytes, kind: str) -> str | None:
    path = folder / f"made-up{Wanted(kind).suffix}"
    path.write_bytes(content)
    return check_files([path], "", carousel_max=10).shapes[0]
