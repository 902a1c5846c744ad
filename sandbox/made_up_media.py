"""Photos and films of a wanted kind, shape and size, with nothing to see in them."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from fractions import Fraction
from tempfile import NamedTemporaryFile
from typing import Final

from postwright import limits

_SHAPE: Final = re.compile(r"(\d+)x(\d+)(?: ([\d.]+)s)?")
_PHOTO: Final = (1080, 1350, 0.0)
_FILM: Final = (720, 1280, 4.0)
_RATE: Final = 24
_MOST_SECONDS: Final = 60.0
_MOST_PIXELS: Final = 50_000_000
_BOX_HEAD: Final = 8


@dataclass(frozen=True)
class Wanted:
    """What to make up; `shape` as `postwright.preflight` tells it, None for any."""

    kind: str
    size_bytes: int = 0
    shape: str | None = None

    @property
    def suffix(self) -> str:
        """Of a file's name."""
        return ".jpg" if self.kind == "image" else ".mp4"

    @property
    def is_lessened(self) -> bool:
        """True when the film would be longer, or the picture larger, than is worth making, and
        when Instagram would refuse one of this shape.
        """
        return _measures(self) != _parse(self)


def make(wanted: Wanted, shade: int = 0) -> bytes:
    """A file of this shape that passes preflight; filled up to its size where it is smaller. Each
    `shade` looks other.
    """
    width, height, seconds = _measures(wanted)
    tone = 40 + shade * 17 % 180
    if wanted.kind == "image":
        content = _photo(width, height, tone)
        size = min(wanted.size_bytes, limits.IMAGE_MAX_BYTES.value)
        return content + bytes(max(0, size - len(content)))
    content = _film(width, height, seconds, tone)
    most = min(
        limits.REEL_MAX_BYTES.value, round(limits.VIDEO_MAX_BITS_PER_SECOND.value / 8 * seconds)
    )
    filler = min(wanted.size_bytes, most) - len(content)
    if filler < _BOX_HEAD:
        return content
    return content + filler.to_bytes(4, "big") + b"free" + bytes(filler - _BOX_HEAD)


def _parse(wanted: Wanted) -> tuple[int, int, float]:
    usual = _PHOTO if wanted.kind == "image" else _FILM
    found = _SHAPE.fullmatch(wanted.shape or "")
    if found is None:
        return usual
    return max(1, int(found[1])), max(1, int(found[2])), float(found[3] or usual[2])


def _measures(wanted: Wanted) -> tuple[int, int, float]:
    """Pixels and seconds of what is made."""
    width, height, seconds = _parse(wanted)
    ratio, is_small = width / height, width * height <= _MOST_PIXELS
    if wanted.kind == "image":
        fits = (
            width >= limits.IMAGE_MIN_WIDTH.value
            and limits.IMAGE_MIN_RATIO.value <= ratio <= limits.IMAGE_MAX_RATIO.value
        )
        return (width, height, 0.0) if fits and is_small else _PHOTO
    fits = (
        width <= limits.VIDEO_MAX_WIDTH.value
        and limits.VIDEO_MIN_RATIO.value <= ratio <= limits.VIDEO_MAX_RATIO.value
    )
    seconds = min(max(seconds, limits.VIDEO_MIN_SECONDS.value), _MOST_SECONDS)
    return (*((width, height) if fits and is_small else _FILM[:2]), seconds)


def _photo(width: int, height: int, tone: int) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (width, height), (tone, 120, 200 - tone // 2)).save(file, "JPEG", quality=40)
    return file.getvalue()


def _film(width: int, height: int, seconds: float, tone: int) -> bytes:
    """H.264 without sound; its sides are even, as the pixel format wants it."""
    import av

    with (
        NamedTemporaryFile(suffix=".mp4") as file,
        av.open(file.name, "w", options={"movflags": "faststart"}) as container,
    ):
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
        container.close()
        return file.read()
