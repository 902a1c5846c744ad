"""Serving an ASGI application on loopback, in a thread."""

from __future__ import annotations

import errno
import logging
import socket
import threading

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
