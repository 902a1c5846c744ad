"""An httpx transport with a deadline for the whole exchange.

httpx limits each read, so a server that sends one byte every few seconds holds a caller for ever.
Here every operation on the socket gets what is left of one deadline, from connecting to the last
byte of the answer. Only the name look-up is outside; the time-out of the function covers it.

All seconds are those of `postwright.clock`. Where its time goes in jumps, connecting and reading
look at the clock again every few milliseconds. Writing and a TLS handshake cannot be taken up again
once they are cut, so there they end with the function at the latest.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, TypeVar

import httpcore
import httpx

from postwright import clock

_LOOK_WALL_SECONDS = 0.01

_ends_at: ContextVar[float | None] = ContextVar("_ends_at", default=None)

_T = TypeVar("_T")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """All exchanges inside end before `seconds` have passed, or raise httpx.TimeoutException."""
    token = _ends_at.set(clock.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


def _end(timeout: float | None) -> float | None:
    """The earlier of the deadline and the end of a single operation's time-out."""
    ends = [_ends_at.get(), None if timeout is None else clock.monotonic() + timeout]
    return min((end for end in ends if end is not None), default=None)


def _wall_left(end: float | None, error: type[Exception]) -> float | None:
    """Real seconds until `end`; None when there is no end, or no telling when it comes."""
    if end is None:
        return None
    left = end - clock.monotonic()
    if left <= 0:
        raise error("the deadline for the whole exchange has passed")
    return clock.wall_seconds(left)


def _until_done(
    operation: Callable[[float | None], _T], timeout: float | None, error: type[Exception]
) -> _T:
    """The result of an operation that raises `error` in time and can then be begun again."""
    end = _end(timeout)
    while True:
        wall = _wall_left(end, error)
        if end is None or wall is not None:
            return operation(wall)
        with suppress(error):
            return operation(_LOOK_WALL_SECONDS)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return _until_done(
            lambda wall: self._stream.read(max_bytes, wall), timeout, httpcore.ReadTimeout
        )

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _wall_left(_end(timeout), httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        wall = _wall_left(_end(timeout), httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, wall))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        def connect(wall: float | None) -> httpcore.NetworkStream:
            return self._backend.connect_tcp(host, port, wall, local_address, socket_options)

        return _Stream(_until_done(connect, timeout, httpcore.ConnectTimeout))


class DeadlineTransport(httpx.HTTPTransport):
    """An HTTPTransport whose connections obey `within`."""

    def __init__(self) -> None:
        context = httpx.create_ssl_context()
        super().__init__(verify=context)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=20,
            max_keepalive_connections=20,
            keepalive_expiry=30,
            network_backend=_Backend(),
        )
