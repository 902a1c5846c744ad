"""What a photo is, read with Pillow, which is imported only by those who look."""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from postwright.preflight.sources import TAIL_BYTES, Source, TooMuchToReadError, Window

if TYPE_CHECKING:
    from PIL import Image

_ORIENTATION: Final = 0x0112  # EXIF 2.32, tag "Orientation"
_SIDEWAYS: Final = (5, 6, 7, 8)  # its values that swap width and height
_END: Final = b"\xff\xd9"
_NOT_CODED: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff\xc4\xda\xdb\xdd\xfe]")
"""What never stands behind the first scan of a JPEG: a marker other than a restart, a further scan
and the tables of one. Source: ITU-T T.81, annex B.2.
"""
# Pillow opens an MPO as a JPEG first. Formats that start other programs (EPS) stay out.
_DECODABLE: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_CUT_OFF: Final = "damaged or cut off"
_TOO_LARGE: Final = "far more pixels than any photo"


@dataclass(frozen=True)
class Unreadable:
    """The answer for bytes that are no picture or film that can be decoded."""

    why: str


@dataclass(frozen=True)
class Unread:
    """The answer where the headers are longer than is read of an object."""


@dataclass(frozen=True)
class ImageFacts:
    """A still picture, its size in pixels as a person sees it.

    `format` is Pillow's name ("JPEG", "MPO"), and so is `mode` ("RGB", "CMYK"). `profile` is what
    its colour profile calls itself, None where it has none.
    """

    format: str
    width: int
    height: int
    mode: str
    size_bytes: int
    progressive: bool = False
    profile: str | None = None

    @property
    def ratio(self) -> float:
        """Width by height."""
        return self.width / self.height


def look_at_image(source: Source) -> ImageFacts | Unreadable | Unread:
    """Facts of a picture; Unreadable when it cannot be decoded.

    Of a source that is not `whole`, head and tail are read, so that damage in between is not seen.
    Pillow warns of what is no error of the photo; `preflight.side_by_side` keeps that quiet.
    """
    from PIL import Image

    try:
        Image.preinit()  # else `formats` may name only the few that are loaded at first
        window = io.BufferedReader(Window(source))
        with Image.open(window, formats=_DECODABLE) as picture:
            if picture.width * picture.height > (Image.MAX_IMAGE_PIXELS or math.inf):
                return Unreadable(_TOO_LARGE)
            facts = _facts(picture, source.size_bytes)
            if not _is_whole(picture, facts, source, window.tell()):
                return Unreadable(_CUT_OFF)
            return facts
    except TooMuchToReadError:
        return Unread()
    except (Image.DecompressionBombError, MemoryError):
        return Unreadable(_TOO_LARGE)
    except Exception:  # Pillow raises OSError, SyntaxError, struct.error and more
        return Unreadable(_CUT_OFF)


def _facts(picture: Image.Image, size_bytes: int) -> ImageFacts:
    """What the headers say, turned the way EXIF tells."""
    width, height = picture.size
    if _orientation(picture) in _SIDEWAYS:
        width, height = height, width
    return ImageFacts(
        format=picture.format or "unknown",
        width=width,
        height=height,
        mode=picture.mode,
        size_bytes=size_bytes,
        progressive=bool(picture.info.get("progressive")),
        profile=_profile(picture.info.get("icc_profile")),
    )


def _orientation(picture: Image.Image) -> int:
    """The EXIF orientation, 1 where it is missing or its EXIF block is damaged."""
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # a photo with broken EXIF is shown as it is stored
        return 1


def _profile(profile: bytes | None) -> str | None:
    if not profile:
        return None
    from PIL import ImageCms

    try:
        found = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.getProfileDescription(found).strip()[:80] or None
    except Exception:  # whatever the colour library does with damaged bytes
        return None


def _is_whole(picture: Image.Image, facts: ImageFacts, source: Source, head_bytes: int) -> bool:
    """Whether no part of a JPEG is missing, as far as can be told; raises what Pillow raises.

    A baseline picture at hand is decoded, at an eighth of its size: fast, and little memory. A
    progressive one would need memory for all its pixels.
    """
    if facts.format not in ("JPEG", "MPO"):
        return True
    if source.whole and not facts.progressive:
        picture.draft(picture.mode, (picture.width // 8, picture.height // 8))
        picture.load()
        return True
    start = max(head_bytes, source.size_bytes - TAIL_BYTES)
    tail = source.read(start, source.size_bytes - start)
    return (
        _END in tail
        or _NOT_CODED.search(tail) is not None  # bytes of another kind follow the picture
        or (len(tail) == TAIL_BYTES and len(set(tail)) == 1)  # so does filler
    )
