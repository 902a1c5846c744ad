"""Keep local servers local: no page on the internet reaches them through somebody's browser."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

_HOST = re.compile(r"(?:127\.0\.0\.1|\[::1\]|localhost|(?:[a-z0-9_-]+\.)+localhost)(?::\d{1,5})?")
_ORIGIN = re.compile(rf"https?://{_HOST.pattern}")
REFUSAL = (
    b"This server answers requests from this machine only: "
    b"use 127.0.0.1, [::1] or localhost as the host.\n"
)


class LoopbackOnly:
    """ASGI middleware: 403 unless Host, and Origin if sent, name this machine.

    Against DNS rebinding and cross-site requests. `*.localhost` counts (RFC 6761, section 6.3).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or is_local(
            _values(scope, b"host"), _values(scope, b"origin")
        ):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", str(len(REFUSAL)).encode()),
            ]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": REFUSAL})


def is_local(hosts: Sequence[str], origins: Sequence[str]) -> bool:
    """Whether a request with these Host and Origin headers comes from this machine's own pages."""
    return (
        len(hosts) == 1
        and _HOST.fullmatch(hosts[0].lower()) is not None
        and all(_ORIGIN.fullmatch(origin.lower()) for origin in origins)
    )


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
