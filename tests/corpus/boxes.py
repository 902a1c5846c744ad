"""MP4 files changed by hand, in ways that no program at hand writes them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

_TURNED: Final = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)


def free(size_bytes: int) -> bytes:
    """A box that players skip."""
    return struct.pack(">I4s", size_bytes, b"free") + bytes(size_bytes - 8)


def with_space_before_moov(film: bytes) -> bytes:
    space = 5000
    return _around(film, lambda name, box: free(space) + box if name == b"moov" else box, space)


def with_large_mdat(film: bytes) -> bytes:
    """The same film whose mdat box has a size of 64 bits."""

    def widen(name: bytes, box: bytes) -> bytes:
        large = struct.pack(">I4sQ", 1, name, len(box) + 8) + box[8:]
        return large if name == b"mdat" else box

    return _around(film, widen, 8)


def with_edits(film: bytes, count: int) -> bytes:
    """The same film with so many more edits in its first track."""
    found = film.index(b"elst") - 4
    size, entries = struct.unpack_from(">I8xI", film, found)
    more = film[found + 16 : found + 28] * count
    grown = struct.pack(">I", size + len(more)) + film[found + 4 : found + 12]
    grown += struct.pack(">I", entries + count) + film[found + 16 : found + size] + more
    film = film[:found] + grown + film[found + size :]
    for name in (b"edts", b"trak", b"moov"):
        at = film.index(name) - 4
        old = struct.unpack_from(">I", film, at)[0]
        film = film[:at] + struct.pack(">I", old + len(more)) + film[at + 4 :]
    return _shifted(film, len(more))


def turned(film: bytes) -> bytes:
    """The same film shown on its side."""
    at = film.index(b"tkhd") + 4 + 40
    return film[:at] + _TURNED + film[at + len(_TURNED) :]


def _around(film: bytes, change: Callable[[bytes, bytes], bytes], grows_by: int) -> bytes:
    """The boxes of the top level, changed; what follows lies `grows_by` bytes further on."""
    at, parts = 0, []
    while at < len(film):
        size, name = struct.unpack_from(">I4s", film, at)
        parts.append(change(name, film[at : at + size]))
        at += size
    return _shifted(b"".join(parts), grows_by)


def _shifted(film: bytes, delta: int) -> bytes:
    """The same film whose chunks lie `delta` bytes further on than its tables say."""
    out, at = bytearray(film), 0
    while (at := film.find(b"stco", at + 1)) > 0:
        for number in range(struct.unpack_from(">I", film, at + 8)[0]):
            place = at + 12 + 4 * number
            struct.pack_into(">I", out, place, struct.unpack_from(">I", film, place)[0] + delta)
    return bytes(out)
