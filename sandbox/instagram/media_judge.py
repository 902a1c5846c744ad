"""Whether Instagram would take a file.

Images are decoded in full. Videos are read to the end, and their key frames are decoded, which
touches every few seconds of film; with `all_frames` every frame is, which takes as long as it
takes. One frame at a time is in memory.

Limits: IG User media reference (Meta, read 2026-09-11). Refused here although no refusal was met in
public: pixels of more than 8 bits, interlaced pictures, a moov box after the pictures, and CMYK,
which might be converted instead. Codes of refused videos are partly
undocumented; those used here are the ones that public projects have met in the container's `status`
text (2025 to 2026).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av import AudioStream, VideoFrame, VideoStream
from av.container import InputContainer
from PIL import Image

from sandbox.instagram import errors
from sandbox.instagram.errors import GraphError

IMAGE_BYTES_LIMIT = 8 * 1024 * 1024

_RATIO_MIN, _RATIO_MAX = 4 / 5, 1.91
_RATIO_SLACK = 0.005  # exact 4:5 crops that round to slightly under 0.8 are accepted in production
_ORIENTATION = 0x0112
_SECONDS_MIN = 3
_RATE_MIN, _RATE_MAX = 23, 60
_COLUMNS_MAX = 1920
_BITS_PER_SECOND_MAX = 25_000_000
_SAMPLE_RATE_MAX, _CHANNELS_MAX = 48_000, 2
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


@dataclass(frozen=True, slots=True)
class Use:
    """What a video is for, and the bounds that this has."""

    bytes_max: int
    seconds_max: float
    ratios: tuple[float, float]
    last_frame_counts: bool = False


REEL = Use(300 * 1024 * 1024, 15 * 60, (0.01, 10))
STORY = Use(100 * 1024 * 1024, 60, (0.1, 10))
CAROUSEL_ITEM = Use(300 * 1024 * 1024, 15 * 60, (0.01, 10), last_frame_counts=True)
"""Meta gives no size and no length for a carousel's videos: those of a Reel hold here. A carousel
video of nominal 3.0 s whose last frame began at 2.967 s was refused (seen in public code).
"""


def use_of(*, is_child: bool, is_story: bool) -> Use:
    if is_story:
        return STORY
    return CAROUSEL_ITEM if is_child else REEL


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


def judge_image(path: Path, *, lenient: bool = False, any_ratio: bool = False) -> Picture:
    """Raises GraphError 36001 or 36003.

    `lenient` also takes PNG and WebP (live runs, 2026-09); a story has no bounds for the ratio.
    """
    formats = ("JPEG", "PNG", "WEBP") if lenient else ("JPEG",)
    try:
        with Image.open(path) as image:
            if image.format is None or image.format not in formats:
                raise GraphError(errors.IMAGE_FORMAT)
            if image.mode == "CMYK":
                raise GraphError(errors.IMAGE_FORMAT)
            content_type = Image.MIME[image.format]
            image.load()
            width, height = image.size
            if image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8):
                width, height = height, width
    except _NOT_AN_IMAGE as error:
        raise GraphError(errors.IMAGE_FORMAT) from error
    is_allowed = _RATIO_MIN - _RATIO_SLACK <= width / height <= _RATIO_MAX + _RATIO_SLACK
    if not is_allowed and not any_ratio:
        raise GraphError(errors.IMAGE_RATIO)
    return Picture(width, height, content_type)


def judge_video(path: Path, thumbnail: Path, use: Use, *, all_frames: bool = False) -> Footage:
    """Raises VideoRefusedError; writes the first frame to `thumbnail` as JPEG."""
    if not _begins_with_headers(path):
        raise VideoRefusedError(VIDEO_UNSUPPORTED)
    try:
        with av.open(str(path)) as container:
            footage = _judge_opened(container, thumbnail, use, all_frames=all_frames)
    except (av.error.FFmpegError, ValueError) as error:
        raise VideoRefusedError(VIDEO_UNSUPPORTED) from error
    if path.stat().st_size * 8 > _BITS_PER_SECOND_MAX * footage.seconds:
        raise VideoRefusedError(VIDEO_UNSUPPORTED)
    return footage


def judge_thumb_offset(milliseconds: int, footage: Footage) -> None:
    """0 <= offset < duration, see the error codes page (Meta, stamp 2026-06-02)."""
    if milliseconds >= footage.seconds * 1000:
        raise VideoRefusedError(VIDEO_THUMB_OFFSET)


def _judge_opened(
    container: InputContainer, thumbnail: Path, use: Use, *, all_frames: bool
) -> Footage:
    if "mp4" not in container.format.name or not container.streams.video:
        raise VideoRefusedError(VIDEO_UNSUPPORTED)
    stream = container.streams.video[0]
    _judge_picture(stream, use)
    if not all(_is_plain_sound(sound) for sound in container.streams.audio):
        raise VideoRefusedError(VIDEO_OUT_OF_BOUNDS)
    seconds, last_frame_at = _watch(container, stream, thumbnail, all_frames=all_frames)
    if (last_frame_at if use.last_frame_counts else seconds) < _SECONDS_MIN:
        raise VideoRefusedError(VIDEO_NOT_USABLE)
    if seconds > use.seconds_max:
        raise VideoRefusedError(VIDEO_OUT_OF_BOUNDS)
    return Footage(stream.width, stream.height, seconds)


def _judge_picture(stream: VideoStream, use: Use) -> None:
    """H.264 or HEVC, 4:2:0 with 8 bits, 23 to 60 frames per second, at most 1920 columns."""
    rate = stream.average_rate or Fraction(0)
    least, most = use.ratios
    supported = (
        _codec(stream) in ("h264", "hevc")
        and stream.codec_context.pix_fmt in ("yuv420p", "yuvj420p")
        and _RATE_MIN <= rate <= _RATE_MAX
        and 0 < stream.width <= _COLUMNS_MAX
        and least <= stream.width / max(1, stream.height) <= most
    )
    if not supported:
        raise VideoRefusedError(VIDEO_UNSUPPORTED)


def _codec(stream: VideoStream | AudioStream) -> str | None:
    """Its name; None where FFmpeg knows no decoder, for then there is no context either."""
    return getattr(stream.codec_context, "name", None)


def _is_plain_sound(sound: AudioStream) -> bool:
    """AAC, one or two channels, at most 48 kHz."""
    return (
        _codec(sound) == "aac"
        and sound.codec_context.sample_rate <= _SAMPLE_RATE_MAX
        and sound.codec_context.channels <= _CHANNELS_MAX
    )


def _watch(
    container: InputContainer, stream: VideoStream, thumbnail: Path, *, all_frames: bool
) -> tuple[float, float]:
    """Length of the track and start of its last frame, in seconds; a file cut short is refused."""
    time_base = stream.time_base or Fraction(0)
    stream.thread_type = "NONE"  # each decoding thread would hold frames of its own
    stream.codec_context.skip_frame = "DEFAULT" if all_frames else "NONKEY"
    stream.codec_context.options = {"err_detect": "explode"}  # else damage is painted over
    packets, frames, last_start, end = 0, 0, 0, 0
    for packet in container.demux(stream):
        if packet.pts is not None and packet.size:
            packets += 1
            last_start = max(last_start, packet.pts)
            end = max(end, packet.pts + (packet.duration or 0))
        for frame in packet.decode():
            if frame.interlaced_frame:
                raise VideoRefusedError(VIDEO_UNSUPPORTED)
            if frames == 0:
                _write_thumbnail(frame, thumbnail)
            frames += 1
    if frames == 0 or packets < stream.frames:
        raise VideoRefusedError(VIDEO_UNSUPPORTED)
    start = stream.start_time or 0
    return float((end - start) * time_base), float((last_start - start) * time_base)


def _begins_with_headers(path: Path) -> bool:
    """Whether the moov box comes before the pictures; True for what has no such boxes at all."""
    with path.open("rb") as file:
        while len(head := file.read(16)) == 16:
            size, name = int.from_bytes(head[:4], "big"), head[4:8]
            if name in (b"moov", b"mdat"):
                return name == b"moov"
            if size == 1:
                size = int.from_bytes(head[8:], "big")
            if size < 8:
                break
            file.seek(size - 16, 1)
    return True


def _write_thumbnail(frame: VideoFrame, thumbnail: Path) -> None:
    image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call] # PyAV has no type here
    image.thumbnail((_THUMBNAIL_EDGE, _THUMBNAIL_EDGE))
    image.save(thumbnail, "JPEG", quality=80)
