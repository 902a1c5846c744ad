"""The photos of the corpus and everything that only pretends to be one, made in memory."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

import pillow_heif
from PIL import ExifTags, Image, ImageCms

_PAGE: Final = b"<!DOCTYPE html><title>404</title><h1>Not found</h1>"
_COMMENT_BYTES: Final = 65_533


def _saved(size: tuple[int, int], kind: str = "JPEG", mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    colour = (70, 120, 160) if mode == "RGB" else None
    Image.new(mode, size, colour or 90).save(file, kind, **options)
    return file.getvalue()


def _turned(size: tuple[int, int], orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return _saved(size, exif=exif)


def _grainy(side: int = 800, **options: Any) -> bytes:
    """A photo whose picture takes hundreds of kilobytes."""
    file = io.BytesIO()
    grain = Random(1).randbytes(side * side)  # noqa: S311 - a picture, not a secret
    Image.frombytes("L", (side, side), grain).convert("RGB").save(file, "JPEG", **options)
    return file.getvalue()


def _after_start(photo: bytes, segment: bytes) -> bytes:
    """A photo with something behind its first two bytes."""
    return photo[:2] + segment + photo[2:]


def _commented(size_bytes: int) -> bytes:
    """A photo of exactly this size, filled with comments."""
    photo = _saved((1080, 1080))
    missing, comments = size_bytes - len(photo), b""
    while missing:
        length = min(missing, _COMMENT_BYTES + 4)
        if 0 < missing - length < 4:  # too little for another comment
            length -= 4
        comments += b"\xff\xfe" + (length - 2).to_bytes(2, "big") + bytes(length - 4)
        missing -= length
    return _after_start(photo, comments)


def _with_thumbnail(photo: bytes) -> bytes:
    """An EXIF block whose second directory is a JPEG with an end of its own."""
    small = _saved((160, 160))
    first = struct.pack("<2sHIHI", b"II", 42, 8, 0, 14)
    entries = [(0x0103, 3, 1, 6), (0x0201, 4, 1, 56), (0x0202, 4, 1, len(small))]
    second = struct.pack("<H", 3) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    block = b"Exif\0\0" + first + second + bytes(4) + small
    return _after_start(photo, b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block)


def _two_pictures() -> bytes:
    file = io.BytesIO()
    left, right = Image.new("RGB", (1080, 1080)), Image.new("RGB", (1080, 1080), 9)
    left.save(file, "MPO", save_all=True, append_images=[right])
    return file.getvalue()


def _heic() -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (640, 640))).save(file, quality=30)
    return file.getvalue()


def _profile(name: str) -> bytes:
    """An RGB profile that calls itself so; 13 letters, as many as the name that it replaces."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace("sRGB built-in".encode("utf-16-be"), name.encode("utf-16-be"))


def _sized(width: int, height: int, *, precision: int = 8) -> bytes:
    """A photo whose header says something else than its picture."""
    photo = _saved((16, 16))
    told = bytes([8]) + struct.pack(">HH", 16, 16)
    return photo.replace(told, bytes([precision]) + struct.pack(">HH", height, width), 1)


def _archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("photo.jpg"), b"inside")
    return file.getvalue()


PHOTOS: Final[Mapping[str, Callable[[], bytes]]] = {
    "tall-3-by-4.jpg": lambda: _saved((600, 800)),
    "tall-9-by-16.jpg": lambda: _saved((720, 1280)),
    "just-too-tall.jpg": lambda: _saved((1066, 1350)),
    "wide-2-by-1.jpg": lambda: _saved((1200, 600)),
    "just-too-wide.jpg": lambda: _saved((1344, 700)),
    "panorama.jpg": lambda: _saved((3000, 400)),
    "tall-in-carousel.jpg": lambda: _saved((600, 800)),
    "319-wide.jpg": lambda: _saved((319, 319)),
    "thumbnail.jpg": lambda: _saved((100, 100)),
    "turned-too-tall.jpg": lambda: _turned((1200, 675), 6),
    "mirrored-too-tall.jpg": lambda: _turned((1200, 675), 5),
    "turned-too-narrow.jpg": lambda: _turned((380, 310), 8),
    "8000001-bytes.jpg": lambda: _commented(8_000_001),
    "8388609-bytes.jpg": lambda: _commented(8 * 1024 * 1024 + 1),
    "png-inside.jpg": lambda: _saved((640, 640), "PNG"),
    "png-16-bit.jpg": lambda: _saved((640, 640), "PNG", "I;16"),
    "honest.png": lambda: _saved((640, 640), "PNG"),
    "webp-inside.jpg": lambda: _saved((640, 640), "WEBP"),
    "honest.webp": lambda: _saved((640, 640), "WEBP"),
    "heic-inside.jpg": _heic,
    "honest.heic": _heic,
    "avif-inside.jpg": lambda: _saved((640, 640), "AVIF", speed=10),
    "gif-inside.jpg": lambda: _saved((640, 640), "GIF"),
    "bmp-inside.jpg": lambda: _saved((640, 640), "BMP"),
    "tiff-inside.jpg": lambda: _saved((640, 640), "TIFF"),
    "jpeg-2000-inside.jpg": lambda: _saved((640, 640), "JPEG2000"),
    "jpeg-xl-head.jpg": lambda: b"\xff\x0a" + bytes(200),
    "two-pictures.jpg": _two_pictures,
    "cmyk.jpg": lambda: _saved((640, 640), mode="CMYK"),
    "12-bit.jpg": lambda: _sized(640, 640, precision=12),
    "truncated.jpg": lambda: _grainy(400)[:-15_000],
    "truncated-large.jpg": lambda: _with_thumbnail(_grainy(1200))[:600_000],
    "truncated-progressive.jpg": lambda: _grainy(400, progressive=True)[:-2000],
    "only-headers.jpg": lambda: _saved((1080, 1080))[:500],
    "absurd.jpg": lambda: _sized(65_500, 65_500),
    "empty.jpg": lambda: b"",
    "text.jpg": lambda: b"This was a photo once.\n",
    "web-page.jpg": lambda: _PAGE,
    "drawing.jpg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "document.jpg": lambda: b"%PDF-1.7\n" + bytes(100),
    "archive.jpg": _archive,
    "everything-wrong.jpg": lambda: _saved((300, 100), "PNG"),
    "square.jpg": lambda: _saved((1080, 1080)),
    "smallest.jpg": lambda: _saved((320, 320)),
    "4-by-5.jpg": lambda: _saved((1080, 1350)),
    "4-by-5-rounded.jpg": lambda: _saved((1079, 1350)),
    "within-the-tolerance.jpg": lambda: _saved((1077, 1350)),
    "191-by-100.jpg": lambda: _saved((1080, 566)),
    "wide-within-the-tolerance.jpg": lambda: _saved((1914, 1000)),
    "odd-sides.jpg": lambda: _saved((1081, 1079)),
    "large.jpg": lambda: _saved((4000, 4000)),
    "gray.jpg": lambda: _saved((640, 640), mode="L"),
    "turned.jpg": lambda: _turned((1350, 1080), 6),
    "turned-into-shape.jpg": lambda: _turned((800, 1200), 6),
    "upside-down.jpg": lambda: _turned((1080, 1350), 3),
    "broken-exif.jpg": lambda: _turned((1080, 1080), 6).replace(b"Exif\0\0MM", b"Exif\0\0XX"),
    "without-exif.jpg": lambda: _saved((1080, 1080)),
    "embedded-thumbnail.jpg": lambda: _with_thumbnail(_grainy(1000)),
    "srgb-profile.jpg": lambda: _saved((640, 640), icc_profile=_profile("sRGB built-in")),
    "444.jpg": lambda: _saved((640, 640), subsampling=0, quality=100),
    "restart-markers.jpg": lambda: _saved((640, 640), restart_marker_rows=1),
    "long-comments.jpg": lambda: _commented(200_000),
    "bytes-after-the-end.jpg": lambda: _grainy(1000) + b"SEFH" + bytes(300_000),
    "8000000-bytes.jpg": lambda: _commented(8_000_000),
    "UPPER.JPG": lambda: _saved((1080, 1080)),
    "no-suffix": lambda: _saved((1080, 1080)),
    "jpeg-inside.png": lambda: _saved((1080, 1080)),
    "progressive.jpg": lambda: _saved((1080, 1080), progressive=True),
    "adobe-rgb.jpg": lambda: _saved((640, 640), icc_profile=_profile("Adobe RGB1998")),
    "in-carousel.jpg": lambda: _saved((1080, 1350)),
}
"""The content of each file that is made in memory."""
