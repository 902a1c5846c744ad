from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sandbox.loopback import LoopbackOnly

APP = LoopbackOnly(Starlette(routes=[Route("/", lambda _: PlainTextResponse("in"))]))


def get(**headers: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=APP)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get("/", headers=headers)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:8081",
        "localhost:8080",
        "LOCALHOST",
        "[::1]",
        "[::1]:8081",
        "bucket.localhost:8082",
        "postwright-media.s3.localhost",
    ],
)
def test_this_machine_comes_in(host: str) -> None:
    assert get(Host=host).text == "in"


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "127.0.0.1.example.com",
        "localhost.example.com",
        "evil-localhost",
        "127.0.0.2",
        "localhost:",
        "localhost:80@example.com",
        "",
    ],
)
def test_another_host_is_refused(host: str) -> None:
    answer = get(Host=host)

    assert answer.status_code == 403
    assert "this machine only" in answer.text


@pytest.mark.parametrize("origin", ["http://localhost:8080", "http://127.0.0.1", "https://[::1]:1"])
def test_a_page_of_this_machine_may_call(origin: str) -> None:
    assert get(Host="localhost", Origin=origin).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://example.com", "null", "http://localhost.example.com", "localhost"]
)
def test_a_foreign_page_is_refused(origin: str) -> None:
    assert get(Host="localhost", Origin=origin).status_code == 403
