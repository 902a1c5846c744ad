"""An object read as Instagram's crawler reads it, so that its URL is proven by the reads.

The crawler asks for ranges as `facebookexternalhit`, follows no redirects, and goes by the type
that the server names. Source: reports on Meta's crawler (2025 to 2026), not documented by
Instagram.

The URL is a key to private media. It appears in no message, and the libraries for HTTP would log
it. The one of Python logs nothing, and is loaded already by whoever talks to AWS.
"""

from __future__ import annotations

import re
import ssl
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPSConnection
from typing import Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

import certifi

from postwright import clock, limits
from postwright.preflight.rules import Finding
from postwright.preflight.sources import TooMuchToReadError

BLOCK_BYTES: Final = 32 * 1024
IMAGE_BUDGET_BYTES: Final = 7 * BLOCK_BYTES
VIDEO_BUDGET_BYTES: Final = 29 * BLOCK_BYTES
"""What is read of an object at most; its headers are rarely as long."""

_AGENT: Final = "facebookexternalhit/1.1"
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_SECONDS: Final = 10.0
_PAUSES: Final = (0.5, 2.0)
"""Before a read is tried again whose answer was none, or an error of the server."""


class UrlTroubleError(Exception):
    """An object that the crawler would not get; `rule` says why."""

    def __init__(self, rule: str, finding: Finding) -> None:
        super().__init__(f"{rule}: {finding.found}")
        self.rule = rule
        self.finding = finding


class UrlSource:
    """An object behind a URL, in blocks that are read once; raises UrlTroubleError.

    To be used in a `with` statement, which ends its connection.
    """

    def __init__(self, url: str, size_bytes: int, budget_bytes: int) -> None:
        _check_form(url)
        parts = urlsplit(url)
        self._connection = _connection(parts)
        self._path = urlunsplit(parts._replace(scheme="", netloc="", fragment=""))
        self._budget = budget_bytes
        self._blocks: dict[int, bytes] = {}
        self.size_bytes = size_bytes
        self.whole = size_bytes <= budget_bytes
        self.read_bytes = 0
        self.requests = 0
        self.content_type = ""

    def __enter__(self) -> UrlSource:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def read(self, offset: int, count: int) -> bytes:
        end = min(offset + count, self.size_bytes)
        if offset >= end:
            return b""
        first, last = offset // BLOCK_BYTES, (end - 1) // BLOCK_BYTES
        self._fetch(first, last)
        found = b"".join(self._blocks[number] for number in range(first, last + 1))
        return found[offset - first * BLOCK_BYTES : end - first * BLOCK_BYTES]

    def _fetch(self, first: int, last: int) -> None:
        """Have these blocks, with one request for all that are missing between the first and the
        last of those.
        """
        if self.whole and not self._blocks:
            first, last = 0, (self.size_bytes - 1) // BLOCK_BYTES
        missing = [number for number in range(first, last + 1) if number not in self._blocks]
        if not missing:
            return
        start, end = missing[0] * BLOCK_BYTES, min((missing[-1] + 1) * BLOCK_BYTES, self.size_bytes)
        if self.read_bytes + end - start > self._budget:
            raise TooMuchToReadError
        data = self._get(start, end)
        for number in range(missing[0], missing[-1] + 1):
            at = (number - missing[0]) * BLOCK_BYTES
            self._blocks[number] = data[at : at + BLOCK_BYTES]
        self.read_bytes += len(data)

    def _get(self, start: int, end: int) -> bytes:
        for pause in (*_PAUSES, None):
            try:
                status, headers, data = self._request(start, end)
            except (OSError, HTTPException) as error:
                self._connection.close()  # the next try opens it again
                trouble = f"no answer ({type(error).__name__})"
            else:
                self.requests += 1
                if status < 500:
                    _check_status(status)
                    _check_range(headers, data, start, end, self.size_bytes)
                    self.content_type = headers.get("content-type", "").partition(";")[0].strip()
                    return data
                trouble = f"HTTP {status}"
            if pause is not None:
                clock.sleep(pause)
        raise UrlTroubleError("url-refused", _not_served(trouble))

    def _request(self, start: int, end: int) -> tuple[int, HTTPMessage, bytes]:
        self._connection.request(
            "GET",
            self._path,
            headers={
                "User-Agent": _AGENT,
                "Accept": "*/*",
                "Accept-Encoding": "identity",
                "Range": f"bytes={start}-{end - 1}",
            },
        )
        response = self._connection.getresponse()
        if response.status == limits.URL_STATUS.value:
            return response.status, response.headers, response.read()
        self._connection.close()  # an answer without ranges would bring the whole of a large object
        return response.status, response.headers, b""


def content_type_finding(found: str, expected: tuple[str, ...]) -> Finding | None:
    """For an object that is not served as what it is."""
    if found in expected:
        return None
    return Finding(
        f"Content-Type {found[:60] or 'not set'}",
        " or ".join(expected),
        f"upload the object again with the Content-Type {expected[0]}",
    )


def _check_form(url: str) -> None:
    parts = urlsplit(url)
    if not url.isascii():
        raise UrlTroubleError(
            "url-ascii",
            Finding("a URL with letters beyond ASCII", "ASCII", "rename the bucket or the object"),
        )
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise UrlTroubleError(
            "url-https",
            Finding(f"a URL over {parts.scheme}", "https", "serve the bucket over https"),
        )


def _check_status(status: int) -> None:
    if 300 <= status < 400:
        raise UrlTroubleError(
            "url-redirect",
            Finding(f"a redirect (HTTP {status})", "no redirects", "serve the object where it is"),
        )
    if status == 200:
        raise UrlTroubleError(
            "url-range", Finding("HTTP 200 to a Range request", "HTTP 206", "serve ranges")
        )
    if status != limits.URL_STATUS.value:
        raise UrlTroubleError("url-refused", _not_served(f"HTTP {status}"))


def _check_range(headers: HTTPMessage, data: bytes, start: int, end: int, size_bytes: int) -> None:
    told = _RANGE.fullmatch(headers.get("content-range", ""))
    wanted = (start, end - 1, size_bytes)
    if told and tuple(map(int, told.groups())) == wanted and len(data) == end - start:
        return
    raise UrlTroubleError(
        "url-range",
        Finding(
            f"Content-Range {headers.get('content-range', 'not set')[:60]}",
            f"bytes {start}-{end - 1}/{size_bytes}",
            "serve the range that was asked for; upload the object again if it changes",
        ),
    )


def _not_served(found: str) -> Finding:
    return Finding(
        found,
        "HTTP 206",
        "let the functions' role read the bucket and the key of its encryption, and try again",
    )


def _connection(url: SplitResult) -> HTTPConnection:
    if url.scheme == "https":
        return HTTPSConnection(url.netloc, timeout=_SECONDS, context=_certificates())
    return HTTPConnection(url.netloc, timeout=_SECONDS)


@cache
def _certificates() -> ssl.SSLContext:
    """They take long to load."""
    return ssl.create_default_context(cafile=certifi.where())
