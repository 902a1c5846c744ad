"""The files of the page: what is served, under which policy, and how much of it there is."""

from __future__ import annotations

import re

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.publish_page import WEB, routes

MEDIA = "http://127.0.0.1:8082"
MOST_BYTES = 60_000


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def http() -> httpx.AsyncClient:
    app = Starlette(routes=routes(MEDIA, {"clientId": "page"}))
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080")


@pytest.mark.anyio
async def test_every_file_is_served_with_its_type_under_a_policy_without_inline_script(
    http: httpx.AsyncClient,
) -> None:
    found = {path.name: await http.get(f"/{path.name}") for path in WEB.iterdir()}
    page = await http.get("/")

    assert {answer.status_code for answer in found.values()} == {200}
    assert page.content == found["index.html"].content
    assert found["main.js"].headers["content-type"].startswith("text/javascript")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert f"img-src 'self' {MEDIA};" in policy
    assert "unsafe" not in policy
    assert {answer.headers["content-security-policy"] for answer in found.values()} == {policy}


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["nothing.js", "..%2Fpyproject.toml", "pyproject.toml"])
async def test_nothing_else_is_served(http: httpx.AsyncClient, name: str) -> None:
    assert (await http.get(f"/{name}")).status_code == 404


@pytest.mark.anyio
async def test_the_configuration_says_where_to_sign_in(http: httpx.AsyncClient) -> None:
    config = (await http.get("/config.json")).json()

    assert config == {
        "api": "/api",
        "clientId": "page",
        "signInDomain": "http://127.0.0.1:8080",
    }


def test_script_and_style_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in WEB.glob("*.[cj]s*")}

    assert sum(sizes.values()) < MOST_BYTES, sizes


def test_every_module_is_named_nothing_is_inline_and_no_text_becomes_markup() -> None:
    html = (WEB / "index.html").read_text(encoding="utf-8")
    scripts = "".join(path.read_text(encoding="utf-8") for path in WEB.glob("*.js"))

    loaded = re.findall(r'(?:modulepreload" href|module" src)="([^"]+)"', html)
    assert sorted(loaded) == sorted(path.name for path in WEB.glob("*.js"))
    assert re.findall(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", html) == []
    assert re.findall(r"(inner|outer|Adjacent)HTML|document\.write|eval\(", scripts) == []


def test_nothing_moves_for_who_wants_no_motion() -> None:
    style = (WEB / "page.css").read_text(encoding="utf-8")

    always, asked, moving = style.partition("@media (prefers-reduced-motion: no-preference) {")
    assert asked
    assert re.findall(r"transition|animation|scroll-behavior", always) == []
    assert "transition" in moving
