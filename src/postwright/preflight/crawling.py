"""Requests as Instagram's crawler makes them.

httpx would log the URL, which is a key to private media, so requests are handed to its transport,
which logs nothing.
"""

from __future__ import annotations

import ssl
from functools import cache
from typing import Final
from urllib.parse import urlsplit

import httpx

from postwright import limits
from postwright.preflight.delivery import NoAnswerError

_AGENT: Final = "facebookexternalhit/1.1"
_SECONDS: Final = 10.0


class Crawler:
    """Reads parts of one object, over one connection that `close` ends."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._transport = httpx.HTTPTransport(verify=_verification(urlsplit(url).scheme))

    def close(self) -> None:
        """End the connection."""
        self._transport.close()

    def get(self, start: int, end: int) -> tuple[int, httpx.Headers, bytes]:
        """Status, headers, and the bytes where the answer is a part; raises NoAnswerError."""
        request = httpx.Request(
            "GET",
            self._url,
            headers={
                "User-Agent": _AGENT,
                "Accept": "*/*",
                "Accept-Encoding": "identity",
                "Range": f"bytes={start}-{end - 1}",
            },
            extensions={"timeout": httpx.Timeout(_SECONDS).as_dict()},
        )
        try:
            return _read(self._transport.handle_request(request))
        except httpx.TransportError as error:
            raise NoAnswerError(type(error).__name__) from error


def _read(response: httpx.Response) -> tuple[int, httpx.Headers, bytes]:
    try:
        # An answer without ranges would bring the whole of a large object.
        partial = response.status_code == limits.URL_STATUS.value
        return response.status_code, response.headers, response.read() if partial else b""
    finally:
        response.close()


@cache
def _verification(scheme: str) -> ssl.SSLContext | bool:
    """Certificates take long to load, and are needed for https only."""
    return httpx.create_ssl_context() if scheme == "https" else False
