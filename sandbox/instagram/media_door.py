"""The way media comes in: Instagram fetches every URL itself.

Sources: content publishing guide (Meta, stamp 2026-06-30) for who fetches what and when; user
agent, Range requests and the codes for unreachable media from public projects (2025 to 2026).
Redirects are not followed.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import httpx

from sandbox.instagram import errors, media_judge
from sandbox.instagram.errors import GraphError
from sandbox.instagram.media_judge import Use, VideoRefusedError

USER_AGENT = "facebookexternalhit/1.1"
_RANGE_BYTES = 8 * 1024 * 1024
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_HTML = re.compile(rb"\s*<(?:!doctype|html|head|\?xml)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MediaFile:
    """Media as it was fetched, byte for byte."""

    path: Path
    content_type: str
    sha256: str
    size: int
    width: int
    height: int
    thumbnail: Path | None = None
    seconds: float | None = None

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        if self.thumbnail is not None:
            self.thumbnail.unlink(missing_ok=True)


class MediaDoor:
    """Thread-safe. Timeouts are real seconds: they bound what a real server does."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._directory.mkdir(parents=True, exist_ok=True)
        self._names = itertools.count(1)
        self._closing = Event()
        self._client = httpx.Client(
            headers={"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"},
            trust_env=False,
            limits=httpx.Limits(max_connections=32),
        )

    def close(self) -> None:
        """Ends the fetches that still run."""
        self._closing.set()
        self._client.close()

    def fetch_image(self, url: str, *, timeout: float, lenient: bool, any_ratio: bool) -> MediaFile:
        """One GET, judged at once; raises GraphError."""
        with _removed_if_refused(self.new_path(".image")) as path:
            try:
                digest, size = self._download_image(url, path, timeout)
            except httpx.TimeoutException as error:
                raise GraphError(errors.IMAGE_TIMEOUT) from error
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
                raise GraphError(errors.IMAGE_UNREACHABLE) from error
            picture = media_judge.judge_image(path, lenient=lenient, any_ratio=any_ratio)
        return MediaFile(
            path, picture.content_type, digest, size, width=picture.width, height=picture.height
        )

    def fetch_video(
        self, url: str, *, timeout: float, use: Use, thumb_offset: int, all_frames: bool
    ) -> MediaFile:
        """Ranged GETs into a file, then a look inside; raises VideoRefusedError."""
        with _removed_if_refused(self.new_path(".video")) as path:
            digest, size = self.download_video(url, path, timeout=timeout, bytes_max=use.bytes_max)
            return _judged(path, digest, size, use, thumb_offset, all_frames=all_frames)

    def take_video(self, path: Path, *, use: Use, thumb_offset: int, all_frames: bool) -> MediaFile:
        """A look inside of a video that was uploaded; raises VideoRefusedError."""
        with _removed_if_refused(path):
            size = path.stat().st_size
            if size > use.bytes_max:
                raise VideoRefusedError(media_judge.VIDEO_NOT_USABLE)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            return _judged(path, digest, size, use, thumb_offset, all_frames=all_frames)

    def new_path(self, suffix: str) -> Path:
        """Where a file can be put that nobody else uses."""
        return self._directory / f"fetched-{next(self._names)}{suffix}"

    def download_video(
        self, url: str, path: Path, *, timeout: float, bytes_max: int
    ) -> tuple[str, int]:
        """Digest and size; raises VideoRefusedError."""
        try:
            return self._download_video(url, path, timeout, bytes_max)
        except httpx.TimeoutException as error:
            raise VideoRefusedError(media_judge.VIDEO_TIMEOUT) from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise VideoRefusedError(media_judge.VIDEO_UNREACHABLE) from error

    def _download_image(self, url: str, path: Path, timeout: float) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        with self._get(url, timeout, {}) as response, path.open("wb") as file:
            if response.status_code != 200 or _says_html(response):
                raise GraphError(errors.IMAGE_UNREACHABLE)
            for chunk in self._chunks(response, timeout):
                if size == 0 and _HTML.match(chunk):
                    raise GraphError(errors.IMAGE_UNREACHABLE)
                size += len(chunk)
                if size > media_judge.IMAGE_BYTES_LIMIT:
                    raise GraphError(errors.IMAGE_TOO_LARGE)
                digest.update(chunk)
                file.write(chunk)
        if size == 0:
            raise GraphError(errors.IMAGE_UNREACHABLE)
        return digest.hexdigest(), size

    def _download_video(
        self, url: str, path: Path, timeout: float, bytes_max: int
    ) -> tuple[str, int]:
        digest, size, total = hashlib.sha256(), 0, 1
        with path.open("wb") as file:
            while size < total:
                wanted = {"Range": f"bytes={size}-{size + _RANGE_BYTES - 1}"}
                with self._get(url, timeout, wanted) as response:
                    total = _total_of_range(response, size, bytes_max)
                    before = size
                    for chunk in self._chunks(response, timeout):
                        size += len(chunk)
                        digest.update(chunk)
                        file.write(chunk)
                if size == before or size > total:
                    raise VideoRefusedError(media_judge.VIDEO_NOT_USABLE)
        return digest.hexdigest(), size

    @contextmanager
    def _get(self, url: str, timeout: float, headers: dict[str, str]) -> Iterator[httpx.Response]:
        if not url.isascii():
            raise httpx.UnsupportedProtocol("a media URL must be US-ASCII")
        with self._client.stream("GET", url, headers=headers, timeout=timeout) as response:
            yield response

    def _chunks(self, response: httpx.Response, timeout: float) -> Iterator[bytes]:
        """Bound the whole answer; httpx bounds only each read.

        As they arrive: gathered to a size, bytes that come one by one would never get here.
        """
        deadline = time.monotonic() + timeout
        for chunk in response.iter_bytes():
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("the download took too long")
            if self._closing.is_set():
                raise httpx.ReadError("the simulated Instagram is closing")
            yield chunk


@contextmanager
def _removed_if_refused(path: Path) -> Iterator[Path]:
    try:
        yield path
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _judged(
    path: Path, digest: str, size: int, use: Use, thumb_offset: int, *, all_frames: bool
) -> MediaFile:
    """The video at `path`; raises VideoRefusedError."""
    with _removed_if_refused(path.with_suffix(".thumbnail")) as thumbnail:
        footage = media_judge.judge_video(path, thumbnail, use, all_frames=all_frames)
        media_judge.judge_thumb_offset(thumb_offset, footage)
    return MediaFile(
        path,
        "video/quicktime" if _is_quicktime(path) else "video/mp4",
        digest,
        size,
        width=footage.width,
        height=footage.height,
        thumbnail=thumbnail,
        seconds=footage.seconds,
    )


def _total_of_range(response: httpx.Response, offset: int, bytes_max: int) -> int:
    """Size of the whole file, from a 206 that begins at `offset`."""
    if _says_html(response):
        raise VideoRefusedError(media_judge.VIDEO_UNREACHABLE)
    if response.status_code == 200:
        raise VideoRefusedError(media_judge.VIDEO_NOT_USABLE)
    if response.status_code != 206:
        raise VideoRefusedError(media_judge.VIDEO_UNAVAILABLE)
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if match is None or int(match[1]) != offset or int(match[3]) > bytes_max:
        raise VideoRefusedError(media_judge.VIDEO_NOT_USABLE)
    return int(match[3])


def _says_html(response: httpx.Response) -> bool:
    return str(response.headers.get("Content-Type", "")).startswith("text/html")


def _is_quicktime(path: Path) -> bool:
    """By the major brand: `....ftypqt  `."""
    with path.open("rb") as file:
        return file.read(12)[4:] == b"ftypqt  "
