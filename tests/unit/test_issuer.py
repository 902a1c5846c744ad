"""The sandbox's own sign-in: what the page gets from it, and what it refuses."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.issuer import CLIENT_ID, PERSON, REFRESH_SECONDS, TOKEN_SECONDS, Issuer

HOME = "http://127.0.0.1:8080/"
VERIFIER = "v" * 43
ASKED = {
    "response_type": "code",
    "client_id": CLIENT_ID,
    "redirect_uri": HOME,
    "state": "s",
    "code_challenge_method": "S256",
    "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
    .decode()
    .rstrip("="),
}


class Desk:
    """A browser at the issuer, and the time."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 30, tzinfo=UTC)
        self.issuer = Issuer(lambda: self.now)
        transport = httpx.ASGITransport(app=Starlette(routes=self.issuer.routes()))
        self.http = httpx.AsyncClient(transport=transport, base_url=HOME)

    async def code(self, **changes: str) -> str:
        answer = await self.http.post("/oauth2/authorize", params={**ASKED, **changes})
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    async def exchange(self, code: str, **changes: str) -> httpx.Response:
        given = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
        given |= {"client_id": CLIENT_ID, "redirect_uri": HOME, **changes}
        return await self.http.post("/oauth2/token", data=given)

    async def refresh(self, token: str) -> httpx.Response:
        given = {"grant_type": "refresh_token", "refresh_token": token, "client_id": CLIENT_ID}
        return await self.http.post("/oauth2/token", data=given)

    def person(self, token: str) -> str | None:
        claims = self.issuer.claims(f"Bearer {token}")
        return claims["email"] if claims else None


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


pytestmark = pytest.mark.anyio


async def test_a_code_and_its_verifier_give_tokens_that_name_the_person(desk: Desk) -> None:
    tokens = (await desk.exchange(await desk.code())).json()

    assert desk.person(tokens["id_token"]) == PERSON
    assert desk.person(tokens["refresh_token"]) is None
    assert desk.person("made.up.token") is None


async def test_a_code_is_taken_once_and_with_its_own_verifier_only(desk: Desk) -> None:
    code = await desk.code()

    stolen = await desk.exchange(await desk.code(), code_verifier="w" * 43)
    first, second = await desk.exchange(code), await desk.exchange(code)

    assert [answer.status_code for answer in (stolen, first, second)] == [400, 200, 400]


async def test_tokens_end_and_are_renewed_until_the_refresh_token_ends_too(desk: Desk) -> None:
    tokens = (await desk.exchange(await desk.code())).json()

    desk.now += timedelta(seconds=TOKEN_SECONDS)
    renewed = (await desk.refresh(tokens["refresh_token"])).json()
    desk.now += timedelta(seconds=REFRESH_SECONDS)
    late = await desk.refresh(tokens["refresh_token"])

    assert desk.person(tokens["id_token"]) is None
    assert renewed["id_token"] != tokens["id_token"]
    assert late.status_code == 400


async def test_who_was_there_is_signed_in_without_being_asked_until_they_leave(desk: Desk) -> None:
    asked = await desk.http.get("/oauth2/authorize", params=ASKED)
    await desk.code()
    again = await desk.http.get("/oauth2/authorize", params=ASKED)
    left = await desk.http.get("/logout", params={"logout_uri": HOME})
    after = await desk.http.get("/oauth2/authorize", params=ASKED)

    statuses = [answer.status_code for answer in (asked, again, left, after)]
    assert statuses == [200, 303, 303, 200]


@pytest.mark.parametrize("name", ["redirect_uri", "client_id", "code_challenge_method"])
async def test_nobody_is_sent_anywhere_else(desk: Desk, name: str) -> None:
    answer = await desk.http.post("/oauth2/authorize", params={**ASKED, name: "https://a.example"})

    assert answer.status_code == 400
    assert name in answer.text
