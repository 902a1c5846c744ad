"""The connection below an answer, for faults that no HTTP answer can express."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

_TRANSPORT = "sandbox.transport"
_LOOK_SECONDS = 0.001


class Wire:
    """ASGI middleware that remembers the transport of a request; only uvicorn is known here.

    It stands outside of everything that wraps `send`, whose owner knows the transport.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[_TRANSPORT] = getattr(getattr(send, "__self__", None), "transport", None)
        await self._app(scope, receive, send)


@dataclass(frozen=True)
class Line:
    """The connection of one request whose body has been read."""

    scope: Scope
    receive: Receive
    send: Send

    async def reset(self) -> None:
        """End it with RST, as a machine in between does that forgets a connection."""
        transport = self.scope[_TRANSPORT]
        if transport is None:
            raise RuntimeError("this server does not let a connection be reset; serve by uvicorn")
        with suppress(OSError):
            found: Any = transport.get_extra_info("socket")
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        while (await self.receive())["type"] != "http.disconnect":
            pass  # uvicorn complains about a call that has no answer and is not over

    async def is_left(self) -> bool:
        """Whether the client has gone away."""
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                while (await self.receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            return False
        return True

    async def begin(self, status: int) -> None:
        """Send the head of an answer whose length is not told."""
        headers = [(b"content-type", b"application/json; charset=UTF-8")]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})

    async def add(self, body: bytes) -> None:
        await self.send({"type": "http.response.body", "body": body, "more_body": True})
