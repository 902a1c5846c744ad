"""Where the bytes of a photo or video come from, read here and there instead of from end to end."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

TAIL_BYTES: Final = 32 * 1024
"""What is read of a file's end."""


class TooMuchToReadError(OSError):
    """The headers of a file are longer than is read of it."""


class Source(Protocol):
    """Bytes that can be read anywhere; raises OSError where that fails.

    `whole` says that reading all of them costs nothing.
    """

    @property
    def size_bytes(self) -> int: ...

    @property
    def whole(self) -> bool: ...

    def read(self, offset: int, count: int) -> bytes: ...


class FileSource:
    """A file on disk."""

    def __init__(self, descriptor: int, size_bytes: int) -> None:
        self._descriptor = descriptor
        self.whole = True
        self.size_bytes = size_bytes

    def read(self, offset: int, count: int) -> bytes:
        return os.pread(self._descriptor, count, offset)


@contextmanager
def opened(path: Path) -> Iterator[FileSource]:
    """A file on disk; raises OSError."""
    with path.open("rb") as file:
        yield FileSource(file.fileno(), os.fstat(file.fileno()).st_size)


class Window(io.RawIOBase):
    """A source as a file, for libraries that want one."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size_bytes}
        self._at = max(0, start[whence] + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # narrower
        data = self._source.read(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
