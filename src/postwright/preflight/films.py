"""What a video is, read with MediaInfo, which is loaded only by those who look."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from postwright import limits
from postwright.preflight import boxes
from postwright.preflight.boxes import Box
from postwright.preflight.images import Unread, Unreadable
from postwright.preflight.sources import Source, TooMuchToReadError, Window

CONTAINERS: Final = limits.VIDEO_CONTAINERS.value
_FOREIGN_BYTES: Final = 128 * 1024
"""What is read of an object that is neither MP4 nor MOV, to name its codec."""
_MOOV_MAX: Final = 64 * 1024 * 1024
_ONE_AT_A_TIME: Final = threading.Lock()
"""Parsing keeps megabytes busy, and computing gains nothing from threads."""
_NO_TRACK: Final = Unreadable("no video track that can be read")
_CUT_OFF: Final = Unreadable("cut off: the end of the file is missing")


@dataclass(frozen=True)
class Sound:
    """A sound track; what the file does not tell is None."""

    codec: str
    hertz: float | None
    channels: float | None
    bits_per_second: float | None


@dataclass(frozen=True)
class VideoFacts:
    """A film, its size in pixels as a person sees it; codecs as MediaInfo names them ("AVC").

    What the file does not tell is None. `columns` is the width as it is stored, `slowest` and
    `fastest` are the frame rates of a film whose rate varies.
    """

    container: str
    codec: str | None
    seconds: float | None
    frames_per_second: float | None
    width: int | None
    height: int | None
    size_bytes: int
    columns: int | None = None
    bits_per_second: float | None = None
    chroma: str | None = None
    bit_depth: int | None = None
    interlaced: bool = False
    slowest: float | None = None
    fastest: float | None = None
    moov_first: bool = True
    odd_edits: bool = False
    sounds: tuple[Sound, ...] = ()

    @property
    def audio_codec(self) -> str | None:
        """Of the first sound track, None without sound."""
        return self.sounds[0].codec if self.sounds else None

    @property
    def ratio(self) -> float | None:
        """Width by height."""
        return self.width / self.height if self.width and self.height else None


def look_at_video(source: Source, container: str) -> VideoFacts | Unreadable | Unread:
    """Facts of a film from its headers; `container` is what `kinds.kind_of` calls it.

    Unreadable without a video track, or when the end is missing. Damage to the pictures themselves
    is not seen.
    """
    import pymediainfo  # noqa: F401 - where it is missing, no video must be called damaged

    try:
        if container in CONTAINERS:
            return _look_at_boxes(source, container)
        return _look_at_foreign(source, container)
    except TooMuchToReadError:
        return Unread()
    except Exception:  # whatever the parser or its output does with damaged bytes
        return Unreadable("damaged or cut off")


def _look_at_boxes(source: Source, container: str) -> VideoFacts | Unreadable:
    """MediaInfo gets all boxes but those with the pictures: it needs no more."""
    found = list(boxes.top_level(source))
    if not found or found[-1].end != source.size_bytes:
        return _CUT_OFF
    by_name = {box.name: box for box in reversed(found)}
    moov, mdat = by_name.get(b"moov"), by_name.get(b"mdat")
    if moov is None or moov.size_bytes > _MOOV_MAX:
        return _NO_TRACK
    headers = source.read(moov.start, moov.size_bytes)
    fragments = [_read(source, box) for box in found if box.name == b"moof"]
    brand = _read(source, by_name[b"ftyp"]) if b"ftyp" in by_name else b""
    content = io.BytesIO(brand + headers + b"".join(fragments))
    facts = _ask_mediainfo(content, source.size_bytes, container)
    if isinstance(facts, Unreadable):
        return facts
    if fragments:  # their rate is not told apart from how long each of them lasts
        facts = replace(facts, slowest=None, fastest=None)
    return replace(
        facts,
        moov_first=mdat is None or moov.start < mdat.start,
        odd_edits=boxes.has_odd_edits(headers[moov.head_bytes :]),
    )


def _read(source: Source, box: Box) -> bytes:
    return source.read(box.start, min(box.size_bytes, _MOOV_MAX))


def _look_at_foreign(source: Source, container: str) -> VideoFacts | Unreadable:
    if source.whole:
        return _ask_mediainfo(Window(source), source.size_bytes, container)
    head = io.BytesIO(source.read(0, min(_FOREIGN_BYTES, source.size_bytes)))
    return _ask_mediainfo(head, source.size_bytes, container)


def _ask_mediainfo(
    file: io.RawIOBase | io.BytesIO, size_bytes: int, container: str
) -> VideoFacts | Unreadable:
    from pymediainfo import MediaInfo

    with _ONE_AT_A_TIME:
        text: str = MediaInfo.parse(file, output="JSON")
    tracks: list[dict[str, Any]] = json.loads(text, strict=False)["media"]["track"]
    general = next((track for track in tracks if track["@type"] == "General"), {})
    if container not in CONTAINERS and (general.get("extra") or {}).get("IsTruncated") == "Yes":
        return _CUT_OFF
    video = next((track for track in tracks if track["@type"] == "Video"), None)
    if video is None:
        return _NO_TRACK
    sounds = tuple(_sound(track) for track in tracks if track["@type"] == "Audio")
    return _video_facts(video, sounds, size_bytes, container)


def _video_facts(
    video: Mapping[str, Any], sounds: tuple[Sound, ...], size_bytes: int, container: str
) -> VideoFacts:
    """MediaInfo's answers as numbers; the width follows the shape of the pixels."""
    columns, height = _number(video, "Width"), _number(video, "Height")
    width = columns * (_number(video, "PixelAspectRatio") or 1) if columns else None
    if round(_number(video, "Rotation") or 0) % 180 == 90:
        width, height = height, width
    bit_depth = _number(video, "BitDepth")
    return VideoFacts(
        container=container,
        codec=video.get("Format"),
        seconds=_number(video, "Duration"),
        frames_per_second=_number(video, "FrameRate"),
        width=round(width) if width else None,
        height=round(height) if height else None,
        size_bytes=size_bytes,
        columns=round(columns) if columns else None,
        bits_per_second=_number(video, "BitRate"),
        chroma=video.get("ChromaSubsampling"),
        bit_depth=round(bit_depth) if bit_depth else None,
        interlaced=_is_interlaced(video),
        slowest=_number(video, "FrameRate_Minimum"),
        fastest=_number(video, "FrameRate_Maximum"),
        sounds=sounds,
    )


def _is_interlaced(video: Mapping[str, Any]) -> bool:
    """The headers of H.264 tell whether all pictures are progressive; MediaInfo calls the others
    only after a look at the pictures, which it does not get.
    """
    told = video.get("ScanType")
    if told is None:
        return video.get("Format") == "AVC" and "BitDepth" in video
    return bool(told != "Progressive")


def _sound(track: Mapping[str, Any]) -> Sound:
    return Sound(
        codec=str(track.get("Format", "unknown")),
        hertz=_number(track, "SamplingRate"),
        channels=_number(track, "Channels"),
        bits_per_second=_number(track, "BitRate"),
    )


def _number(track: Mapping[str, Any], name: str) -> float | None:
    """A value as a number, None where it is missing or no number."""
    try:
        return float(track[name])
    except (KeyError, TypeError, ValueError):
        return None
