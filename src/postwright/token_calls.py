"""Calls of the endpoints that give out tokens, which know secrets only as parameters.

httpx logs the URL of each request at INFO, and its exceptions carry the request. So the parameters
of a GET are not in its URL: they go to the transport beside it, as the target of the request line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from postwright.deadline import within
from postwright.errors import redact

DEADLINE_SECONDS: Final = 20.0

_SAID_MAX = 300


class NoAnswerError(Exception):
    """Nobody knows whether the call took effect; the text says what came instead of an answer."""


@dataclass(frozen=True)
class Refusal:
    """What an endpoint said no with; `said` holds nothing secret."""

    said: str
    code: int | None = None
    subcode: int | None = None


@dataclass(frozen=True)
class Answer:
    """A JSON object, or a refusal. The body holds tokens, so it is not shown."""

    body: Mapping[str, Any] = field(repr=False)
    refusal: Refusal | None = None


def get(
    http: httpx.Client, url: str, parameters: Mapping[str, str], *, bearer: str | None = None
) -> Answer:
    """Ask with parameters that are in no URL; raises NoAnswerError."""
    target = f"{httpx.URL(url).raw_path.decode()}?{urlencode(parameters)}"
    headers = {"Authorization": f"Bearer {bearer}"} if bearer is not None else {}
    request = http.build_request(
        "GET", url, headers=headers, extensions={"target": target.encode()}
    )
    return _answer(http, request, parameters)


def post(http: httpx.Client, url: str, form: Mapping[str, str]) -> Answer:
    """Ask with a form; raises NoAnswerError."""
    return _answer(http, http.build_request("POST", url, data=form), form)


def _answer(http: httpx.Client, request: httpx.Request, parameters: Mapping[str, str]) -> Answer:
    try:
        with within(DEADLINE_SECONDS):
            answer = http.send(request)
    except httpx.HTTPError as error:
        raise NoAnswerError(type(error).__name__) from error
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise NoAnswerError(f"HTTP {answer.status_code} without a usable answer")
    refusal = _refusal(body, parameters)
    if refusal is None and not answer.is_success:
        raise NoAnswerError(f"HTTP {answer.status_code} without a reason")
    return Answer(body, refusal)


def _refusal(body: Mapping[str, Any], parameters: Mapping[str, str]) -> Refusal | None:
    """The error of an answer: of Graph, or flat, as the code exchange writes it.

    {"error": {"message": "...", "code": 190, "error_subcode": 463}}
    {"error_type": "OAuthException", "code": 400, "error_message": "..."}
    """
    problem = body.get("error")
    if isinstance(problem, dict):
        said = _without_secrets(str(problem.get("message", "")), parameters)
        return Refusal(said, _number(problem.get("code")), _number(problem.get("error_subcode")))
    if "error_message" in body or "error_type" in body:
        said = _without_secrets(str(body.get("error_message", "")), parameters)
        return Refusal(said, _number(body.get("code")))
    return None


def _without_secrets(text: str, parameters: Mapping[str, str]) -> str:
    """What Instagram says, on one line, without anything that it repeats of what it was sent."""
    for name in ("client_secret", "code", "access_token", "fb_exchange_token"):
        if parameters.get(name):
            text = text.replace(parameters[name], "[left out]")
    printable = "".join(letter if letter.isprintable() else " " for letter in redact(text))
    return printable.strip()[:_SAID_MAX]


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
