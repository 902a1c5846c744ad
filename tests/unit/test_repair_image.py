"""Photos are made fit for Instagram: judged by their pixels and by the simulated Instagram."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms

from postwright.repair import Repaired, repair_files
from postwright.repair_frame import Fit, Style, frame_of
from postwright.repair_image import bare_jpeg
from sandbox.instagram import media_judge
from tests import colour_profiles

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 40), (30, 40, 210), (255, 255, 255)
GPS, MAKE, ORIENTATION = 0x8825, 0x010F, 0x0112


def photo(path: Path, picture: Image.Image, kind: str = "JPEG", **how: Any) -> Path:
    picture.save(path, kind, **({"quality": 95, "subsampling": 0} if kind == "JPEG" else {}), **how)
    return path


def halves(size: tuple[int, int] = (400, 400)) -> Image.Image:
    """Red above, blue below."""
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (0, size[1] // 2, *size))
    return picture


def repaired(source: Path, out: Path, style: Style | None = None) -> Repaired:
    [done] = repair_files([source], out, style or Style())
    return done


def result_of(done: Repaired) -> Image.Image:
    """The result, which the simulated Instagram has taken, after all that any result must be."""
    assert done.target is not None, done.why
    media_judge.judge_image(done.target)
    with Image.open(done.target) as picture:
        picture.load()
    assert (picture.format, picture.mode) == ("JPEG", "RGB")
    assert "progressive" not in picture.info
    assert 320 <= picture.width <= 1440
    assert done.target.stat().st_size <= 8_000_000
    return picture


def is_near(picture: Image.Image, at: tuple[int, int], colour: tuple[int, ...]) -> bool:
    found = picture.getpixel(at)
    assert isinstance(found, tuple)
    return all(abs(a - b) <= 4 for a, b in zip(found, colour, strict=True))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "JPEG2000"])
def test_any_readable_format_becomes_a_jpeg(kind: str, tmp_path: Path) -> None:
    lossless = {"lossless": True} if kind == "WEBP" else {}
    source = photo(tmp_path / "photo", halves(), kind, **lossless)

    done = repaired(source, tmp_path / "out")

    picture = result_of(done)
    assert done.target == tmp_path / "out" / "photo.jpg"
    assert is_near(picture, (200, 100), RED)
    assert is_near(picture, (200, 300), BLUE)


def test_heic_is_read_where_a_reader_is_installed(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    heif.from_pillow(halves()).save(tmp_path / "IMG_0001.HEIC", quality=95)

    picture = result_of(repaired(tmp_path / "IMG_0001.HEIC", tmp_path / "out"))

    assert is_near(picture, (200, 100), RED)


def test_of_an_animation_the_first_picture_is_taken(tmp_path: Path) -> None:
    first, second = halves(), Image.new("RGB", (400, 400), GREEN)
    source = photo(tmp_path / "a.gif", first, "GIF", save_all=True, append_images=[second])

    done = repaired(source, tmp_path / "out")

    assert is_near(result_of(done), (200, 100), RED)
    assert "the first of 2 pictures taken" in done.changes


@pytest.mark.parametrize(
    ("orientation", "top", "left"),
    [(3, BLUE, None), (6, None, BLUE), (8, None, RED), (4, BLUE, None), (5, None, RED)],
)
def test_a_photo_is_turned_as_its_exif_says(
    orientation: int, top: tuple[int, ...] | None, left: tuple[int, ...] | None, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    source = photo(tmp_path / "turned.jpg", halves((400, 480)), exif=exif)

    picture = result_of(repaired(source, tmp_path / "out"))

    if top is not None:
        assert picture.size == (400, 480)
        assert is_near(picture, (200, 20), top)
    if left is not None:
        assert picture.size == (480, 400)
        assert is_near(picture, (20, 200), left)
    assert picture.getexif().get(ORIENTATION) is None


@pytest.mark.parametrize(
    ("matrix", "name"),
    [(colour_profiles.DISPLAY_P3, "Display P3"), (colour_profiles.ADOBE_RGB, "Adobe RGB (1998)")],
)
@pytest.mark.parametrize("colour", [(200, 60, 60), (90, 150, 90), (128, 128, 128)])
def test_colours_of_another_profile_become_those_of_srgb(
    matrix: colour_profiles.Matrix, name: str, colour: tuple[int, int, int], tmp_path: Path
) -> None:
    profile = colour_profiles.profile(matrix, name)
    source = photo(tmp_path / "a.jpg", Image.new("RGB", (400, 400), colour), icc_profile=profile)

    done = repaired(source, tmp_path / "out")

    picture = result_of(done)
    assert f"colours converted from {name} to sRGB" in done.changes
    assert is_near(picture, (200, 200), colour_profiles.in_srgb(colour, matrix))
    assert "sRGB" in ImageCms.getProfileDescription(io.BytesIO(picture.info["icc_profile"]))


def test_a_photo_whose_profile_is_srgb_keeps_its_bytes(tmp_path: Path) -> None:
    first = repaired(photo(tmp_path / "a.png", halves(), "PNG"), tmp_path / "one")
    assert first.target is not None

    second = repaired(first.target, tmp_path / "two")

    assert second.outcome == "copied"
    assert second.target is not None
    assert second.target.read_bytes() == first.target.read_bytes()


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    source = photo(tmp_path / "print.jpg", halves().convert("CMYK"))

    picture = result_of(repaired(source, tmp_path / "out"))

    assert is_near(picture, (200, 100), RED)


def test_sixteen_bits_are_scaled_and_not_cut_off(tmp_path: Path) -> None:
    deep = Image.new("I;16", (400, 400), 100 * 257)
    source = photo(tmp_path / "deep.png", deep, "PNG")

    assert is_near(result_of(repaired(source, tmp_path / "out")), (200, 200), (100, 100, 100))


def test_transparency_shows_the_background(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (400, 400), (*RED, 0))
    picture.paste((*BLUE, 255), (0, 0, 200, 400))
    source = photo(tmp_path / "cut-out.png", picture, "PNG")

    result = result_of(repaired(source, tmp_path / "out", Style(background="#1ec828")))

    assert is_near(result, (100, 200), BLUE)
    assert is_near(result, (300, 200), GREEN)


def test_a_palette_with_a_transparent_colour_is_read_as_such(tmp_path: Path) -> None:
    picture = Image.new("P", (400, 400), 1)
    picture.putpalette([*RED, *BLUE])
    picture.paste(0, (0, 0, 200, 400))
    source = photo(tmp_path / "palette.png", picture, "PNG", transparency=0)

    result = result_of(repaired(source, tmp_path / "out"))

    assert is_near(result, (100, 200), WHITE)
    assert is_near(result, (300, 200), BLUE)


def test_a_progressive_jpeg_becomes_a_baseline_one(tmp_path: Path) -> None:
    source = photo(tmp_path / "slow.jpg", halves(), progressive=True)

    done = repaired(source, tmp_path / "out")

    result_of(done)
    assert "converted from progressive JPEG" in done.changes


@pytest.mark.parametrize(
    ("size", "fit", "result"),
    [
        ((400, 1000), "pad", (800, 1000)),
        ((400, 1000), "crop", (400, 500)),
        ((1000, 400), "pad", (1000, 524)),
        ((1000, 400), "crop", (764, 400)),
        ((3000, 3000), "pad", (1440, 1440)),
        ((200, 200), "pad", (320, 320)),
        ((100, 400), "crop", (320, 400)),
        ((1079, 1350), "pad", (1079, 1350)),
        ((5000, 100), "pad", (1440, 754)),
        ((319, 319), "pad", (320, 320)),
    ],
)
def test_the_frame_is_the_nearest_allowed_one(
    size: tuple[int, int], fit: Fit, result: tuple[int, int], tmp_path: Path
) -> None:
    source = photo(tmp_path / "a.jpg", halves(size))

    done = repaired(source, tmp_path / "out", Style(fit=fit))

    assert result_of(done).size == result


@pytest.mark.parametrize("fit", ["pad", "crop"])
def test_no_frame_is_outside_the_limits_by_a_rounding(fit: Fit) -> None:
    widths = (320, 1440)
    for width in range(1, 2000, 7):
        for height in (1, 33, 320, 401, 997, 1800, 3001):
            frame = frame_of((width, height), (0.8, 1.91), widths, fit)

            assert 320 <= frame.width <= 1440
            assert 0.795 <= frame.ratio <= 1.915
            if frame.reshaped:
                assert 0.8 <= frame.ratio <= 1.91 + 1e-9


def test_padding_shows_the_whole_photo_in_the_middle_of_the_background(tmp_path: Path) -> None:
    source = photo(tmp_path / "a.jpg", halves((400, 1000)))

    picture = result_of(repaired(source, tmp_path / "out", Style(background="#1ec828")))

    assert is_near(picture, (100, 500), GREEN)
    assert is_near(picture, (700, 500), GREEN)
    assert is_near(picture, (400, 10), RED)
    assert is_near(picture, (400, 990), BLUE)


def test_a_blurred_background_is_made_of_the_photo(tmp_path: Path) -> None:
    source = photo(tmp_path / "a.jpg", halves((400, 1000)))

    picture = result_of(repaired(source, tmp_path / "out", Style(background="blur")))

    assert is_near(picture, (100, 100), RED)
    assert is_near(picture, (100, 900), BLUE)


def test_cropping_keeps_the_middle(tmp_path: Path) -> None:
    stripes = Image.new("RGB", (1200, 400), RED)
    stripes.paste(GREEN, (300, 0, 900, 400))

    picture = result_of(
        repaired(photo(tmp_path / "a.jpg", stripes), tmp_path / "out", Style(fit="crop"))
    )

    assert is_near(picture, (picture.width // 2, 200), GREEN)
    assert is_near(picture, (5, 200), RED)
    assert is_near(picture, (picture.width - 5, 200), RED)


def test_a_photo_of_too_many_bytes_is_saved_in_the_best_quality_that_fits(tmp_path: Path) -> None:
    noise = Image.frombytes("RGB", (1440, 1800), os.urandom(1440 * 1800 * 3))
    source = tmp_path / "noise.jpg"
    noise.save(source, quality=100, subsampling=0)
    assert source.stat().st_size > 8_000_000

    done = repaired(source, tmp_path / "out")

    assert result_of(done).size == (1440, 1800)
    assert "saved as baseline JPEG of quality 95" in done.changes


def test_a_photo_that_is_large_only_by_what_is_beside_it_keeps_its_picture(tmp_path: Path) -> None:
    source = tmp_path / "trailer.jpg"
    photo(source, halves())
    whole = source.read_bytes()
    source.write_bytes(whole + bytes(8_000_000))

    done = repaired(source, tmp_path / "out")

    assert list(done.changes) == ["what is not picture removed", "the picture itself is untouched"]
    assert done.target is not None
    assert done.target.read_bytes() == whole


def test_a_profile_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    source = photo(tmp_path / "a.jpg", halves(), icc_profile=b"no profile at all")

    done = repaired(source, tmp_path / "out")

    assert is_near(result_of(done), (200, 100), RED)
    assert "a colour profile that cannot be read left out" in done.changes


def test_where_a_photo_was_taken_is_removed_and_the_picture_stays_to_the_bit(
    tmp_path: Path,
) -> None:
    exif = Image.Exif()
    exif[MAKE] = "Camera"
    exif.get_ifd(GPS)[2] = (48.0, 12.0, 1.0)
    source = photo(tmp_path / "a.jpg", halves(), exif=exif, comment=b"at home")

    done = repaired(source, tmp_path / "out")

    assert done.target is not None
    result = done.target.read_bytes()
    assert list(done.changes) == [
        "GPS position removed",
        "XMP, IPTC and comments removed",
        "the picture itself is untouched",
    ]
    assert b"Exif" not in result
    assert b"at home" not in result
    with Image.open(source) as before, Image.open(io.BytesIO(result)) as after:
        assert after.tobytes() == before.tobytes()


def test_a_photo_with_nothing_private_is_copied_byte_for_byte(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[MAKE] = "Camera"
    source = photo(tmp_path / "a.jpg", halves(), exif=exif)

    done = repaired(source, tmp_path / "out")

    assert (done.outcome, done.changes) == ("copied", ())
    assert done.target is not None
    assert done.target.read_bytes() == source.read_bytes()


def test_what_phones_hide_behind_a_photo_is_cut_off() -> None:
    file = io.BytesIO()
    halves().save(file, "JPEG", quality=90, restart_marker_blocks=4)

    assert bare_jpeg(file.getvalue() + b"ftypmp42 a film") == file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_damaged_photo_is_named_as_beyond_repair(kind: str, tmp_path: Path) -> None:
    noise = Image.frombytes("RGB", (200, 200), os.urandom(120_000))
    source = photo(tmp_path / "cut.jpg", noise, kind)
    source.write_bytes(source.read_bytes()[:-20_000])

    done = repaired(source, tmp_path / "out")

    assert (done.outcome, done.target) == ("beyond_repair", None)
    assert done.why is not None
    assert "Copy it again from the camera" in done.why
    assert list((tmp_path / "out").iterdir()) == []
