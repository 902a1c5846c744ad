"""Whether bytes are a photo or a video, told by how they begin and never by a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from postwright.models import MediaKind

HEAD_BYTES: Final = 256
"""What is looked at of a file's beginning."""


def kind_of(head: bytes) -> tuple[MediaKind | None, str]:
    """Image, video or neither, and the name of the format, from the first `HEAD_BYTES` of a file.

    >>> kind_of(bytes.fromhex("89504e470d0a1a0a"))
    ('image', 'PNG')
    """
    for start, kind, name in _SIGNATURES:
        if head.startswith(start):
            return kind, name
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], (None, "RIFF data"))
    if head[:1] == _TS_SYNC and head[_TS_PACKET : _TS_PACKET + 1] == _TS_SYNC:
        return "video", "MPEG-TS"
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
_TS_SYNC, _TS_PACKET = b"\x47", 188  # ISO 13818-1: each packet of a transport stream begins so
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
