"""The publish page in a browser, as a person sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Error, Locator, Page, Request, expect

expect.set_options(timeout=30_000)

_REFUSED = "Failed to load resource"
"""What the browser itself writes of every answer that is not 2xx, and of none at all."""


@dataclass
class Desk:
    """A tab with the page. `errors` are those of the console, `asked` the requests to the API."""

    page: Page
    origin: str
    errors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", self._failed)
        self.page.on("request", self._sent)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_REFUSED):
            self.errors.append(message.text)

    def _failed(self, error: Error) -> None:
        self.errors.append(str(error))

    def _sent(self, request: Request) -> None:
        if "/api/" in request.url:
            self.asked.append(f"{request.method} {request.url.removeprefix(self.origin)}")

    def open(self, session_id: str, show: str = "all") -> Desk:
        """Open the page with a session."""
        self.page.goto(f"{self.origin}/#session={session_id}&show={show}")
        return self

    def card(self, name: str) -> Locator:
        """The card of the group with this name."""
        return self.page.get_by_role("article", name=name, exact=True)

    def state(self, name: str, state: str) -> None:
        """Wait until a card's badge says so."""
        expect(self.card(name).locator(".badge")).to_have_text(state)

    def press(self, name: str, button: str) -> None:
        """Press a button of a card."""
        self.card(name).get_by_role("button", name=button, exact=True).click()

    def publish(self, name: str) -> None:
        """Publish a group, and say yes when asked."""
        self.press(name, "Publish")
        self.page.get_by_role("dialog").get_by_role("button", name="Publish now").click()


@contextmanager
def quiet(desk: Desk) -> Iterator[Desk]:
    """A desk whose console has no errors when the block is left."""
    yield desk
    assert desk.errors == []
