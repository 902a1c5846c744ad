"""The boxes of an MP4 or MOV file, as far as they tell what lies where.

What is inside is left to MediaInfo, except for the edit lists, which it does not tell. Source:
ISO/IEC 14496-12:2022, 4.2 for the form of a box, 8.6.6 for edit lists.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from postwright.preflight.sources import Source

_BOXES_MAX: Final = 20_000
_HEAD_MAX: Final = 16
_EMPTY: Final = -1
"""The media time of an edit that shows nothing, with which a track begins late."""


@dataclass(frozen=True)
class Box:
    """Where a box lies; `head_bytes` of it are name and size."""

    name: bytes
    start: int
    size_bytes: int
    head_bytes: int

    @property
    def end(self) -> int:
        return self.start + self.size_bytes


def top_level(source: Source) -> Iterator[Box]:
    """The boxes of a file, of which the last may be cut off; ends at what is no box."""
    at = 0
    for _ in range(_BOXES_MAX):
        box = _box_at(source.read(at, _HEAD_MAX), at, source.size_bytes)
        if box is None:
            return
        yield box
        at = box.end


def _box_at(head: bytes, start: int, file_bytes: int) -> Box | None:
    if len(head) < 8:
        return None
    size, name, head_bytes = struct.unpack(">I", head[:4])[0], head[4:8], 8
    if size == 1 and len(head) >= _HEAD_MAX:
        size, head_bytes = struct.unpack(">Q", head[8:16])[0], _HEAD_MAX
    elif size == 0:  # it goes on to the end of the file
        size = file_bytes - start
    return Box(name, start, size, head_bytes) if size >= head_bytes else None


def has_odd_edits(moov: bytes) -> bool:
    """Whether a track has more than the one edit with which encoders skip their first samples; an
    empty edit before it, for a track that begins late, is as usual.
    """
    return any(_is_odd(elst) for elst in _edit_lists(moov))


def _edit_lists(moov: bytes) -> Iterator[bytes]:
    """The content of each track's edit list, without name and size."""
    for trak in _inside(moov, b"trak"):
        for edts in _inside(trak, b"edts"):
            yield from _inside(edts, b"elst")


def _inside(content: bytes, name: bytes) -> Iterator[bytes]:
    """The contents of the boxes of that name; ends at what is no box."""
    at = 0
    while (box := _box_at(content[at : at + _HEAD_MAX], at, len(content))) is not None:
        if box.name == name:
            yield content[box.start + box.head_bytes : box.end]
        at = box.end


def _is_odd(elst: bytes) -> bool:
    if len(elst) < 8:
        return False
    is_long, count = elst[0] == 1, struct.unpack_from(">I", elst, 4)[0]
    entry = struct.Struct(">Qq4x" if is_long else ">Ii4x")
    if count > (len(elst) - 8) // entry.size:
        return False
    times = [entry.unpack_from(elst, 8 + number * entry.size)[1] for number in range(count)]
    shown = times[1:] if times[:1] == [_EMPTY] else times
    return len(shown) > 1
