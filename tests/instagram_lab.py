"""The simulated Instagram served over real HTTP, with a client that holds the demo token."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sandbox.clock import SimulatedClock
from sandbox.instagram import (
    DEMO_ACCOUNT,
    DEMO_PERSON,
    SECOND_ACCOUNT,
    SimulatedInstagram,
    application,
)
from sandbox.serving import HOST, Server, listen

ACCOUNT = DEMO_ACCOUNT.user_id
STANDING_STILL = 1e-9
"""A speed at which only `advance` moves the clock."""


@dataclass
class Lab:
    instagram: SimulatedInstagram
    clock: SimulatedClock
    origin: str
    http: httpx.Client

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(path, params=query)

    def post(self, path: str, **form: Any) -> httpx.Response:
        return self.http.post(path, data=form)

    def on_facebook(self, method: str, path: str, **parameters: Any) -> httpx.Response:
        """A call to graph.facebook.com, with the token of the account's Page."""
        return self._to_facebook(DEMO_ACCOUNT.page_token, method, path, parameters)

    def as_person(self, path: str, **query: Any) -> httpx.Response:
        """A reading call to graph.facebook.com, with the token of the user of both Pages."""
        return self._to_facebook(DEMO_PERSON.token, "GET", path, query)

    def follow(self, link: str) -> httpx.Response:
        """Go where a list's `next` leads, which has the token in it."""
        return self.http.get(link, headers={"Authorization": ""})

    def _to_facebook(
        self, token: str, method: str, path: str, parameters: dict[str, Any]
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        url = f"/graph.facebook.com/v25.0{path}"
        return self.http.request(method, url, params=parameters, headers=headers)

    def container(self, **form: Any) -> str:
        answer = self.post(f"/{ACCOUNT}/media", **form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def refusal(self, **form: Any) -> tuple[int, int | None]:
        """Code and subcode of a container that is refused."""
        return error_of(self.post(f"/{ACCOUNT}/media", **form))

    def publish(self, creation_id: str) -> httpx.Response:
        return self.post(f"/{ACCOUNT}/media_publish", creation_id=creation_id)

    def published(self, creation_id: str) -> str:
        answer = self.publish(creation_id)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def status(self, container_id: str) -> str:
        return str(self.get(f"/{container_id}", fields="status_code").json()["status_code"])

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def start_anew(self) -> None:
        """Empty, and with built-in tokens that were given out now."""
        self.http.post("/_control/reset")
        self.config(tokens={account.token: "ok" for account in (DEMO_ACCOUNT, SECOND_ACCOUNT)})

    def config(self, **changes: Any) -> httpx.Response:
        return self.http.post("/_control/config", json=changes)

    def faults(self, *faults: dict[str, Any]) -> httpx.Response:
        """Add to the fault script."""
        return self.http.post("/_control/faults", json={"faults": list(faults)})

    def posts(self) -> list[dict[str, Any]]:
        return list(self.http.get("/_control/posts").json())

    def requests(self) -> list[dict[str, Any]]:
        return list(self.http.get("/_control/requests").json())


def error_of(answer: httpx.Response) -> tuple[int, int | None]:
    error = answer.json()["error"]
    return error["code"], error.get("error_subcode")


@contextmanager
def serving_instagram(
    directory: Path,
    *,
    speed: float | None = STANDING_STILL,
    keep: Path | None = None,
    wall: Callable[[], float] = time.time,
) -> Iterator[Lab]:
    """`speed=None` jumps over processing times; the default stands still."""
    listener = listen(0, "")
    origin = f"http://{HOST}:{listener.getsockname()[1]}"
    clock = SimulatedClock(speed, wall=wall)
    instagram = SimulatedInstagram(clock, origin, directory, keep=keep)
    token = {"Authorization": f"Bearer {DEMO_ACCOUNT.token}"}
    try:
        with (
            Server(application(instagram), listener),
            httpx.Client(base_url=origin, headers=token, trust_env=False, timeout=30) as http,
        ):
            yield Lab(instagram, clock, origin, http)
    finally:
        instagram.close()
        listener.close()
