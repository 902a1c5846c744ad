"""The publish page of web/, served as CloudFront serves it: the same files, the same headers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

WEB: Final = Path(__file__).resolve().parent.parent / "web"
_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


def routes(media_origin: str, sign_in: Mapping[str, str]) -> list[Route]:
    """The page at `/`, its files, and `config.json`.

    `media_origin` is where photos and videos come from; `sign_in` has what `config.json` says of
    the sign-in, and is empty where there is none.
    """
    sent = headers(media_origin)

    async def file(request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        path = WEB / name
        if path.suffix not in _TYPES or not path.is_file():
            return Response("There is no such page.\n", 404, sent, media_type="text/plain")
        return FileResponse(path, headers=sent, media_type=_TYPES[path.suffix])

    async def config(request: Request) -> Response:
        here = {"signInDomain": str(request.base_url).rstrip("/")} if sign_in else {}
        told: dict[str, Any] = {"api": "/api", **sign_in, **here}
        return JSONResponse(told, headers=sent)

    return [Route("/", file), Route("/config.json", config), Route("/{name}", file)]


def headers(media_origin: str) -> dict[str, str]:
    """What every answer carries: as infra/site.py has it, less what is about TLS."""
    policy = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        f"img-src 'self' {media_origin}",
        f"media-src {media_origin}",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
