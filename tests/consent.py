"""An account's owner at the page that asks, without a browser: the form as HTML has it."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

import httpx


class _Form(HTMLParser):
    """What a browser would send: hidden fields, and what is ticked or chosen."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and (given["type"] == "hidden" or "checked" in given):
            self.fields.append((str(given["name"]), str(given["value"])))


def answer(
    browser: httpx.Client,
    address: str,
    decision: str = "allow",
    *,
    account: str | None = None,
    untick: str | None = None,
) -> str:
    """Where the owner's browser goes after the decision."""
    shown = browser.get(address)
    assert shown.status_code == 200, shown.text
    fields: dict[str, list[str]] = {}
    for name, value in _Form(shown.text).fields:
        if value != untick:
            fields.setdefault(name, []).append(value)
    fields |= {"decision": [decision]} | ({"account": [account]} if account else {})
    answered = browser.post(address.partition("?")[0], data=fields)
    assert answered.status_code == 302, answered.text
    return answered.headers["Location"]


def query_of(address: str) -> str:
    """The query of an address, as a callback receives it: without the fragment."""
    return urlsplit(address).query
