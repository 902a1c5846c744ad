"""Photos and films of a wanted kind, shape and size, with nothing to see in them."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

_SHAPE: Final = re.compile(r"(\d+)x(\d+)(?: ([\d.]+)s)?")
_PHOTO: Final = (1080, 1350, 0.0)
_FILM: Final = (720, 1280, 4.0)
_RATE: Final = 24
_MOST_BYTES: Final = 320 * 1024 * 1024
_MOST_SECONDS: Final = 60.0
_MOST_PIXELS: Final = 50_000_000
_BOX_HEAD: Final = 8


@dataclass(frozen=True)
class Wanted:
    """What to make up; `shape` as `postwright.probe.shape_of` tells it, None for any."""

    kind: str
    size_bytes: int = 0
    shape: str | None = None

    @property
    def suffix(self) -> str:
        """Of a file's name."""
        return ".jpg" if self.kind == "image" else ".mp4"

    @property
    def shortened(self) -> bool:
        """True when the film would be longer, or the picture larger, than is worth making."""
        width, height, seconds = _parse(self)
        return seconds > _MOST_SECONDS or width * height > _MOST_PIXELS


def make(wanted: Wanted, shade: int = 0) -> bytes:
    """A file of this shape; filled up to its size where it is smaller. Each `shade` looks other."""
    width, height, seconds = _parse(wanted)
    if width * height > _MOST_PIXELS:
        width, height = _PHOTO[:2]
    tone = 40 + shade * 17 % 180
    if wanted.kind == "image":
        content = _photo(width, height, tone)
        return content + bytes(max(0, _filler(wanted, content)))
    content = _film(width, height, min(seconds, _MOST_SECONDS), tone)
    filler = _filler(wanted, content)
    if filler < _BOX_HEAD:
        return content
    return content + filler.to_bytes(4, "big") + b"free" + bytes(filler - _BOX_HEAD)


def _parse(wanted: Wanted) -> tuple[int, int, float]:
    usual = _PHOTO if wanted.kind == "image" else _FILM
    found = _SHAPE.fullmatch(wanted.shape or "")
    if found is None:
        return usual
    return max(1, int(found[1])), max(1, int(found[2])), float(found[3] or usual[2])


def _filler(wanted: Wanted, content: bytes) -> int:
    """What follows a picture, and a box that is free, is not looked at."""
    return min(wanted.size_bytes, _MOST_BYTES) - len(content)


def _photo(width: int, height: int, tone: int) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (width, height), (tone, 120, 200 - tone // 2)).save(file, "JPEG", quality=40)
    return file.getvalue()


def _film(width: int, height: int, seconds: float, tone: int) -> bytes:
    """H.264 without sound; its sides are even, as the pixel format wants it."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=_RATE, options={"preset": "ultrafast"})
        stream.width, stream.height = width // 2 * 2 or 2, height // 2 * 2 or 2
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame(stream.width, stream.height, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([tone]) * plane.buffer_size)
        for number in range(max(1, round(seconds * _RATE))):
            frame.pts, frame.time_base = number, Fraction(1, _RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()
