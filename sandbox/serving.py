"""Serving an ASGI application on loopback, in a thread."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

HOST = "127.0.0.1"
_CLOSE_SECONDS = 1
_BACKLOG = 128


class PortInUseError(OSError):
    """The sandbox cannot listen on a port that it was told to use."""


def listen(port: int, option: str) -> socket.socket:
    """A bound loopback socket; 0 means any free port. Raises PortInUseError, naming `option`."""
    # The protocol is named because asyncio turns Nagle's algorithm off only where it is TCP's;
    # without that each answer takes 40 ms longer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        why = (
            "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        )
        raise PortInUseError(
            f"Port {port} {why}. Choose another one with {option}, or 0 for any free port."
        ) from error
    return listener


class Server:
    """An ASGI application served in a thread."""

    def __init__(self, app: ASGIApp, listener: socket.socket) -> None:
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                app,
                log_config=None,
                log_level=logging.WARNING,
                access_log=False,
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=_CLOSE_SECONDS,
            )
        )
        self._uvicorn.config.load()
        self._thread = threading.Thread(target=self._uvicorn.run, args=([listener],), daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._uvicorn.should_exit = True
        self._thread.join(2 * _CLOSE_SECONDS)


@contextmanager
def told_to_end() -> Iterator[Callable[[], None]]:
    """What waits until SIGTERM or Ctrl-C comes, at once where one has come before.

    For the main thread. A `threading.Event` would not do: the signal may come while the main
    thread holds the event's lock, and its handler would wait for that lock for ever.
    """
    ended, end_it = os.pipe()

    def end(_signal: int, _frame: FrameType | None) -> None:
        os.write(end_it, b".")

    def wait() -> None:
        os.read(ended, 1)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield wait
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(ended)
        os.close(end_it)
