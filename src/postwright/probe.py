"""What is inside a media file, read from its bytes and never from its name.

Pillow and pymediainfo are imported inside the functions: only those who probe pay for them.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postwright.models import MediaKind

if TYPE_CHECKING:
    from PIL import Image

_ORIENTATION = 0x0112  # EXIF 2.32, tag "Orientation"
_SIDEWAYS = (5, 6, 7, 8)  # its values that swap width and height


@dataclass(frozen=True)
class Unreadable:
    """The answer for bytes that are no picture or film that can be decoded."""

    why: str


@dataclass(frozen=True)
class ImageFacts:
    """A still picture, its size in pixels as a person sees it.

    `format` is Pillow's name ("JPEG", "MPO"), and so is `mode` ("RGB", "CMYK").
    """

    format: str
    width: int
    height: int
    mode: str
    size_bytes: int

    @property
    def ratio(self) -> float:
        """Width by height."""
        return self.width / self.height


@dataclass(frozen=True)
class VideoFacts:
    """A film, its size in pixels as a person sees it; codecs as MediaInfo names them ("AVC").

    What the file does not tell is None; `audio_codec` is None when there is no sound.
    """

    container: str
    codec: str | None
    seconds: float | None
    frames_per_second: float | None
    width: int | None
    height: int | None
    audio_codec: str | None
    size_bytes: int

    @property
    def ratio(self) -> float | None:
        """Width by height."""
        return self.width / self.height if self.width and self.height else None


def kind_of(head: bytes) -> tuple[MediaKind | None, str]:
    """Image, video or neither, and the name of the format, from the first 64 bytes of a file.

    >>> kind_of(bytes.fromhex("89504e470d0a1a0a"))
    ('image', 'PNG')
    """
    for start, kind, name in _SIGNATURES:
        if head.startswith(start):
            return kind, name
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], (None, "RIFF data"))
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return _iso_kind(head)
    return None, "no media that we know"


_SIGNATURES: tuple[tuple[bytes, MediaKind | None, str], ...] = (
    (b"\xff\xd8\xff", "image", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "image", "PNG"),
    (b"GIF8", "image", "GIF"),
    (b"BM", "image", "BMP"),
    (b"II*\0", "image", "TIFF"),
    (b"MM\0*", "image", "TIFF"),
    (b"\xff\x0a", "image", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "image", "JPEG XL"),
    (b"\0\0\0\x0cjP  ", "image", "JPEG 2000"),
    (b"8BPS", "image", "Photoshop"),
    (b"\x1a\x45\xdf\xa3", "video", "Matroska or WebM"),
    (b"FLV\x01", "video", "Flash Video"),
    (b"\0\0\x01\xba", "video", "MPEG-PS"),
    (b"\0\0\x01\xb3", "video", "MPEG"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video", "Windows Media"),
    (b"OggS", "video", "Ogg"),
    (b"%PDF", None, "PDF"),
    (b"PK\x03\x04", None, "ZIP"),
    (b"<!DOCTYPE", None, "HTML"),
    (b"<html", None, "HTML"),
    (b"<svg", None, "SVG"),
    (b"<?xml", None, "XML"),
    (b"ID3", None, "MP3 audio"),
)
_RIFF: Mapping[bytes, tuple[MediaKind | None, str]] = {
    b"WEBP": ("image", "WebP"),
    b"AVI ": ("video", "AVI"),
    b"WAVE": (None, "WAV audio"),
}
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def _iso_kind(head: bytes) -> tuple[MediaKind | None, str]:
    """The kind by the brand of an ISO base media file; old QuickTime files have none."""
    if head[4:8] != b"ftyp":
        return "video", "MOV"
    brand = head[8:12]
    if brand in (b"avif", b"avis"):
        return "image", "AVIF"
    if brand in _HEIC_BRANDS:
        return "image", "AVIF" if b"avif" in head[16:64] else "HEIC"
    if brand == b"crx ":
        return "image", "Canon raw"
    if brand in (b"M4A ", b"M4B "):
        return None, "M4A audio"
    return "video", "MOV" if brand == b"qt  " else "MP4"


def probe_image(path: Path) -> ImageFacts | Unreadable:
    """Facts of a picture, which is read to its end; Unreadable when it is damaged or cut off."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata is no reason to refuse
            Image.init()  # else `formats` may name only the few that are loaded at first
            with Image.open(path, formats=_DECODABLE) as picture:
                facts = _image_facts(picture, path.stat().st_size)
                # All bytes are read, at an eighth of the size: fast, and little memory.
                picture.draft(picture.mode, (picture.width // 8, picture.height // 8))
                picture.load()
                return facts
    except (Image.DecompressionBombError, MemoryError):
        return Unreadable("far more pixels than any photo")
    except Exception:  # Pillow raises OSError, SyntaxError, struct.error and more
        return Unreadable("damaged or cut off")


# Pillow opens an MPO as a JPEG first. Formats that start other programs (EPS) stay out.
_DECODABLE = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")


def _image_facts(picture: Image.Image, size_bytes: int) -> ImageFacts:
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
    )


def _orientation(picture: Image.Image) -> int:
    """The EXIF orientation, 1 where it is missing or its EXIF block is damaged."""
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # a photo with broken EXIF is shown as it is stored
        return 1


def probe_video(path: Path) -> VideoFacts | Unreadable:
    """Facts of a film from its headers; Unreadable without a video track, or when cut off."""
    from pymediainfo import MediaInfo

    try:
        with path.open("rb") as file:
            text: str = MediaInfo.parse(file, output="JSON")
        tracks: list[dict[str, Any]] = json.loads(text, strict=False)["media"]["track"]
    except Exception:  # whatever the parser or its output does with damaged bytes
        return Unreadable("damaged or cut off")
    general: dict[str, Any] = next((t for t in tracks if t["@type"] == "General"), {})
    video = next((track for track in tracks if track["@type"] == "Video"), None)
    if (general.get("extra") or {}).get("IsTruncated") == "Yes":
        return Unreadable("cut off: the end of the file is missing")
    if video is None:
        return Unreadable("no video track that can be read")
    audio = next((track for track in tracks if track["@type"] == "Audio"), None)
    return _video_facts(general, video, audio, path.stat().st_size)


def shape_of(facts: ImageFacts | VideoFacts | Unreadable) -> str | None:
    """Pixels, and of a video its length: `1080x1350`, `1080x1920 12.5s`; None when unreadable."""
    if isinstance(facts, Unreadable) or not facts.width or not facts.height:
        return None
    seconds = facts.seconds if isinstance(facts, VideoFacts) else None
    return f"{facts.width}x{facts.height}" + (f" {seconds:.1f}s" if seconds else "")


def _video_facts(
    general: Mapping[str, Any],
    video: Mapping[str, Any],
    audio: Mapping[str, Any] | None,
    size_bytes: int,
) -> VideoFacts:
    """MediaInfo's answers as numbers; the width follows the shape of the pixels."""
    width, height = _number(video, "Width"), _number(video, "Height")
    if width:
        width *= _number(video, "PixelAspectRatio") or 1
    if round(_number(video, "Rotation") or 0) % 180 == 90:
        width, height = height, width
    return VideoFacts(
        container=_container(general),
        codec=video.get("Format"),
        seconds=_number(video, "Duration") or _number(general, "Duration"),
        frames_per_second=_number(video, "FrameRate"),
        width=round(width) if width else None,
        height=round(height) if height else None,
        audio_codec=str(audio.get("Format", "unknown")) if audio else None,
        size_bytes=size_bytes,
    )


def _container(general: Mapping[str, Any]) -> str:
    """MP4 and MOV share one name in MediaInfo; the brand tells them apart."""
    name = str(general.get("Format", "unknown"))
    if name != "MPEG-4":
        return name
    return "MOV" if general.get("Format_Profile") == "QuickTime" else "MP4"


def _number(track: Mapping[str, Any], name: str) -> float | None:
    """A value as a number, None where it is missing or no number."""
    try:
        return float(track[name])
    except (KeyError, TypeError, ValueError):
        return None
