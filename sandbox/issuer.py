"""A small local sign-in in Cognito's place: its pages, its tokens, and who they are about.

It has one person and no password. What the page uses of Cognito is there: an authorization code
with PKCE, tokens of an hour, a refresh token of seven days, a cookie that signs in again without
asking, and the way out.

Source: Amazon Cognito developer guide, "User pool endpoints and managed login reference", read
2026-11-30; RFC 7636 for PKCE.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from html import escape
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID: Final = "postwright-sandbox-page"
PERSON: Final = "demo@postwright.example"
TOKEN_SECONDS: Final = 3_600
REFRESH_SECONDS: Final = 7 * 86_400
_COOKIE: Final = "postwright-sandbox-person"
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Issuer:
    """Tokens that only this process accepts; its time is the sandbox's clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._key = secrets.token_bytes(32)
        self._codes: dict[str, tuple[str, str]] = {}
        self._cookies: set[str] = set()

    def routes(self) -> list[Route]:
        """Cognito's endpoints, as far as the page calls them."""
        return [
            Route("/oauth2/authorize", self._authorize, methods=["GET", "POST"]),
            Route("/oauth2/token", self._exchange, methods=["POST"]),
            Route("/logout", self._leave),
        ]

    def claims(self, authorization: str) -> dict[str, Any] | None:
        """What a header `Authorization: Bearer ...` proves; None when it proves nothing."""
        scheme, _, token = authorization.partition(" ")
        return self._read(token, "id") if scheme.lower() == "bearer" else None

    async def _authorize(self, request: Request) -> Response:
        asked = request.query_params
        problem = _wrong(asked, str(request.base_url))
        if problem is not None:
            return _page(f"<h1>This sign-in cannot begin</h1><p>{escape(problem)}</p>", 400)
        if request.method == "GET" and request.cookies.get(_COOKIE) not in self._cookies:
            return _page(
                f"<h1>Sign in to the sandbox</h1><p>There is one person, and no password.</p>"
                f'<form method="post"><button>Sign in as {PERSON}</button></form>'
            )
        code, cookie = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._codes[code] = (asked["code_challenge"], asked["redirect_uri"])
        self._cookies.add(cookie)
        back = urlencode({"code": code, "state": asked.get("state", "")})
        answer = RedirectResponse(f"{asked['redirect_uri']}?{back}", 303, _HEADERS)
        answer.set_cookie(_COOKIE, cookie, httponly=True, samesite="lax")
        return answer

    async def _exchange(self, request: Request) -> Response:
        given = dict(parse_qsl((await request.body()).decode()))
        if given.get("client_id") != CLIENT_ID or not self._is_good(given):
            return JSONResponse({"error": "invalid_grant"}, 400, _HEADERS)
        answer: dict[str, Any] = {"token_type": "Bearer", "expires_in": TOKEN_SECONDS}
        answer["id_token"] = self._write("id", TOKEN_SECONDS)
        if given["grant_type"] == "authorization_code":
            answer["refresh_token"] = self._write("refresh", REFRESH_SECONDS)
        return JSONResponse(answer, headers=_HEADERS)

    async def _leave(self, request: Request) -> Response:
        self._cookies.discard(request.cookies.get(_COOKIE, ""))
        if request.query_params.get("logout_uri") != str(request.base_url):
            return _page("<h1>You are signed out</h1>", 400)
        return RedirectResponse(str(request.base_url), 303, _HEADERS)

    def _is_good(self, given: Mapping[str, str]) -> bool:
        if given.get("grant_type") == "refresh_token":
            return self._read(given.get("refresh_token", ""), "refresh") is not None
        if given.get("grant_type") != "authorization_code":
            return False
        challenge, uri = self._codes.pop(given.get("code", ""), ("", ""))
        proof = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        return given.get("redirect_uri") == uri and _base64url(proof) == challenge

    def _write(self, use: str, seconds: int) -> str:
        until = int(self._now().timestamp()) + seconds
        claims = {"email": PERSON, "aud": CLIENT_ID, "token_use": use, "exp": until}
        head = _base64url(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        body = f"{head}.{_base64url(json.dumps(claims).encode())}"
        return f"{body}.{self._sign(body)}"

    def _read(self, token: str, use: str) -> dict[str, Any] | None:
        body, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(body).encode()):
            return None
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body.split(".")[1] + "=="))
        fresh = claims["exp"] > self._now().timestamp()
        return claims if fresh and claims["token_use"] == use else None

    def _sign(self, body: str) -> str:
        return _base64url(hmac.new(self._key, body.encode(), hashlib.sha256).digest())


def _wrong(asked: Mapping[str, str], home: str) -> str | None:
    wanted = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": home,
        "code_challenge_method": "S256",
    }
    for name, value in wanted.items():
        if asked.get(name) != value:
            return f"{name} must be {value}."
    return None if asked.get("code_challenge") else "There is no code_challenge."


def _page(body: str, status: int = 200) -> Response:
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in</title>'
    return HTMLResponse(f"{head}<main>{body}</main></html>", status, _HEADERS)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
