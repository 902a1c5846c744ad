"""The form of a page that asks a user, filled in and sent as a browser does it."""

from __future__ import annotations

from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx


class Form(HTMLParser):
    """The form of a page as a browser fills it in: what is checked or hidden, by name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: list[tuple[str, str]] = []
        self.attributes: dict[str, str | None] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.attributes = given
        elif tag == "input" and "disabled" in given:
            pass
        elif tag == "input" and (given["type"] == "hidden" or "checked" in given):
            self.values.append((str(given["name"]), str(given["value"])))


def send_form(
    http: httpx.Client,
    shown: httpx.Response,
    decision: str = "allow",
    *,
    without: Iterable[str] = (),
    account: str | None = None,
) -> httpx.Response:
    """With some boxes unticked, or another account chosen of which one can be."""
    assert shown.status_code == 200, shown.text
    form = Form(shown.text)
    assert form.attributes == {"method": "post"}
    fields: dict[str, list[str]] = {"decision": [decision]}
    for name, value in form.values:
        if value not in without:
            fields.setdefault(name, []).append(value)
    if account is not None:
        fields["account"] = [account]
    return http.post(shown.url.copy_with(query=None), data=fields)


def code_of(answer: httpx.Response) -> str:
    """What the user goes back to the app with."""
    assert answer.status_code == 302, answer.text
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def answered(http: httpx.Client, address: str, decision: str = "allow", **how: Any) -> str:
    """Where the user's browser is sent to; `how` as for `send_form`."""
    answer = send_form(http, http.get(address), decision, **how)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]
