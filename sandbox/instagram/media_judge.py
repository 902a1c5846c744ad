"""Whether Instagram would take a file.

Images are decoded in full, videos are demuxed in full and their first frame is decoded.

Limits: IG User media reference (Meta, read 2026-09-11). Codes of refused videos are partly
undocumented; those used here are the ones that public projects have met in the container's `status`
text (2025 to 2026).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image

from sandbox.instagram import errors
from sandbox.instagram.errors import GraphError

IMAGE_BYTES_LIMIT = 8 * 1024 * 1024
VIDEO_BYTES_LIMIT = 300 * 1024 * 1024

_RATIO_MIN, _RATIO_MAX = 4 / 5, 1.91
_RATIO_SLACK = 0.005  # exact 4:5 crops that round to slightly under 0.8 are accepted in production
_ORIENTATION = 0x0112
_SECONDS_MIN, _SECONDS_MAX = 3, 15 * 60
_RATE_MIN, _RATE_MAX = 23, 60
_COLUMNS_MAX = 1920
_THUMBNAIL_EDGE = 640

VIDEO_UNSUPPORTED = 2207026
VIDEO_NOT_USABLE = 2207077  # Range ignored, too short a track, above the size cap
VIDEO_UNAVAILABLE = 2207076  # 403, 404, 423 and the like
VIDEO_UNREACHABLE = 2207052
VIDEO_TIMEOUT = 2207003
VIDEO_OUT_OF_BOUNDS = 2207082  # seen for too long a story and odd audio
VIDEO_THUMB_OFFSET = 2207057
VIDEO_UNKNOWN_FAILURE = 2207053

_NOT_AN_IMAGE = (
    OSError,
    ValueError,
    SyntaxError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class VideoRefusedError(Exception):
    """The container becomes ERROR with this subcode in its status text."""

    def __init__(self, subcode: int) -> None:
        super().__init__(str(subcode))
        self.subcode = subcode


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    content_type: str


@dataclass(frozen=True, slots=True)
class Footage:
    width: int
    height: int
    seconds: float


def judge_image(path: Path, *, lenient: bool = False) -> Picture:
    """Raises GraphError 36001 or 36003; `lenient` also takes PNG and WebP (live runs, 2026-09)."""
    formats = ("JPEG", "PNG", "WEBP") if lenient else ("JPEG",)
    try:
        with Image.open(path) as image:
            if image.format is None or image.format not in formats:
                raise GraphError(errors.IMAGE_FORMAT)
            content_type = Image.MIME[image.format]
            image.load()
            width, height = image.size
            if image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8):
                width, height = height, width
    except _NOT_AN_IMAGE as error:
        raise GraphError(errors.IMAGE_FORMAT) from error
    if not _RATIO_MIN - _RATIO_SLACK <= width / height <= _RATIO_MAX + _RATIO_SLACK:
        raise GraphError(errors.IMAGE_RATIO)
    return Picture(width, height, content_type)


def judge_video(path: Path, thumbnail: Path, *, is_child: bool) -> Footage:
    """Raises VideoRefusedError; writes the first frame to `thumbnail` as JPEG."""
    try:
        with av.open(str(path)) as container:
            return _judge_opened(container, thumbnail, is_child=is_child)
    except (av.error.FFmpegError, ValueError, OverflowError) as error:
        raise VideoRefusedError(VIDEO_UNSUPPORTED) from error


def judge_thumb_offset(milliseconds: int, footage: Footage) -> None:
    """0 <= offset < duration, see the error codes page (Meta, stamp 2026-06-02)."""
    if milliseconds >= footage.seconds * 1000:
        raise VideoRefusedError(VIDEO_THUMB_OFFSET)


def _judge_opened(container: InputContainer, thumbnail: Path, *, is_child: bool) -> Footage:
    if "mp4" not in container.format.name or not container.streams.video:
        raise VideoRefusedError(VIDEO_UNSUPPORTED)
    stream = container.streams.video[0]
    _judge_stream(stream)
    if any(audio.codec_context.name != "aac" for audio in container.streams.audio):
        raise VideoRefusedError(VIDEO_OUT_OF_BOUNDS)
    _write_first_frame(container, stream, thumbnail)
    seconds, last_frame_at = _times(container, stream)
    if (last_frame_at if is_child else seconds) < _SECONDS_MIN:
        raise VideoRefusedError(VIDEO_NOT_USABLE)
    if seconds > _SECONDS_MAX:
        raise VideoRefusedError(VIDEO_OUT_OF_BOUNDS)
    return Footage(stream.width, stream.height, seconds)


def _judge_stream(stream: VideoStream) -> None:
    """H.264 or HEVC, 4:2:0, 23 to 60 frames per second, at most 1920 columns."""
    rate = stream.average_rate or Fraction(0)
    supported = (
        stream.codec_context.name in ("h264", "hevc")
        and "420" in (stream.codec_context.pix_fmt or "")
        and _RATE_MIN <= rate <= _RATE_MAX
        and 0 < stream.width <= _COLUMNS_MAX
    )
    if not supported:
        raise VideoRefusedError(VIDEO_UNSUPPORTED)


def _write_first_frame(container: InputContainer, stream: VideoStream, thumbnail: Path) -> None:
    frame = next(container.decode(stream), None)
    if frame is None:
        raise VideoRefusedError(VIDEO_UNSUPPORTED)
    image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call] # PyAV has no type here
    image.thumbnail((_THUMBNAIL_EDGE, _THUMBNAIL_EDGE))
    image.save(thumbnail, "JPEG", quality=80)
    container.seek(0)


def _times(container: InputContainer, stream: VideoStream) -> tuple[float, float]:
    """Length of the track and start of its last frame, in seconds; a file cut short is refused.

    A carousel video of nominal 3.0 s whose last frame began at 2.967 s was refused with 2207077
    (seen in public code).
    """
    time_base = stream.time_base or Fraction(0)
    packets, last_start, end = 0, 0, 0
    for packet in container.demux(stream):
        if packet.pts is not None and packet.size:
            packets += 1
            last_start = max(last_start, packet.pts)
            end = max(end, packet.pts + (packet.duration or 0))
    if packets == 0 or packets < stream.frames:
        raise VideoRefusedError(VIDEO_UNSUPPORTED)
    start = stream.start_time or 0
    return float((end - start) * time_base), float((last_start - start) * time_base)
