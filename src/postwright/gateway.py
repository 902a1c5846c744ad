"""Requests and answers of API Gateway, payload format 2.0: what is read of the one, checked, and
written as the other.

Source: API Gateway developer guide, "AWS Lambda proxy integrations for HTTP APIs".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from postwright import validation
from postwright.errors import InvalidPostError
from postwright.models import Model, Problem

BODY_MAX_BYTES: Final = 16 * 1024
"""The longest request that makes sense has a tenth of it."""
_NAME_MAX: Final = 200

Event = Mapping[str, Any]
M = TypeVar("M", bound=Model)


class RefusedError(Exception):
    """A request that no route can use; `status` and the answer's error tell why."""

    def __init__(self, status: int, kind: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.headers = headers


def body_of(event: Event, model: type[M]) -> M:
    """The request's body, which is a JSON object; none at all stands for an empty one.

    Raises RefusedError for one that is too large or of another type, InvalidPostError with all
    problems of what is in it.
    """
    text = _body_text(event)
    return _checked(model, _parsed(text) if text else {}, "request")


def query_of(event: Event, model: type[M]) -> M:
    """The request's query; raises InvalidPostError with all its problems."""
    return _checked(model, event.get("queryStringParameters") or {}, "query")


def path_id(event: Event) -> str:
    """What stands for `{id}` in the path."""
    return str((event.get("pathParameters") or {}).get("id", ""))


def who(event: Event) -> str:
    """Who asks, as the authorizer of the HTTP API knows them.

    Source: API Gateway developer guide, "Control access to HTTP APIs with JWT authorizers".
    """
    claims: Any = event.get("requestContext", {})
    for name in ("authorizer", "jwt", "claims"):
        claims = claims.get(name) if isinstance(claims, Mapping) else None
    names = ("email", "cognito:username", "username", "sub")
    known = [str(claims[name]) for name in names if isinstance(claims, Mapping) and name in claims]
    return known[0][:_NAME_MAX] if known else "a caller of the API"


def answer(
    status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """An answer that nobody keeps."""
    return {
        "statusCode": status,
        "headers": {
            "Content-Type": "application/json",
            "Cache-Control": "no-store",
            **(headers or {}),
        },
        "body": json.dumps(body),
    }


def encode_cursor(after: str | None) -> str | None:
    """A sort key as callers get it, who are not to read anything into it."""
    return base64.urlsafe_b64encode(after.encode()).decode().rstrip("=") if after else None


def decode_cursor(cursor: str | None, form: str) -> str | None:
    """The sort key behind a cursor; raises InvalidPostError where it does not begin with `form`."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        after = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except ValueError:
        after = ""
    if after.startswith(form) and len(after) > len(form) and len(after.encode()) <= _KEY_MAX_BYTES:
        return after
    raise _unusable("cursor", "query-field", cursor[:80], "what the page before answered")


_KEY_MAX_BYTES: Final = 1024
"""Source: DynamoDB developer guide, "Quotas", sort keys."""


def _body_text(event: Event) -> str:
    text = event.get("body") or ""
    size = len(text) * 3 // 4 if event.get("isBase64Encoded") else len(text.encode())
    if size > BODY_MAX_BYTES:
        message = f"The body has {size} bytes, and {BODY_MAX_BYTES} are allowed."
        raise RefusedError(413, "TooLarge", message)
    kind = _header(event, "content-type").partition(";")[0].strip().lower()
    if text and kind not in ("", "application/json"):
        message = f"The body is called {kind[:80]}. Send JSON, with Content-Type: application/json."
        raise RefusedError(415, "UnsupportedMediaType", message)
    if not event.get("isBase64Encoded"):
        return str(text)
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError as error:
        raise _no_json("bytes that are no text") from error


def _header(event: Event, name: str) -> str:
    headers = event.get("headers") or {}
    return next((str(value) for key, value in headers.items() if key.lower() == name), "")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_each_key_once)
    except (ValueError, RecursionError) as error:
        raise _no_json(f"{len(text)} characters that are not JSON") from error


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON allows a key twice, and readers differ in which one they take."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = [name for name, _ in pairs]
    twice = next(name for name in names if names.count(name) > 1)
    raise _unusable(twice[:80], "request-json", "the key more than once", "each key once")


def _checked(model: type[M], raw: Any, what: str) -> M:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        keys = ", ".join(field.alias or name for name, field in model.model_fields.items())
        raise validation.wrong_request(error, keys or "no keys", what) from error


def _no_json(found: str) -> InvalidPostError:
    return _unusable("body", "request-json", found, "a JSON object")


def _unusable(item: str, rule: str, found: str, allowed: str) -> InvalidPostError:
    problem = Problem(item=item, rule=rule, found=found, allowed=allowed, fix="Correct it.")
    return InvalidPostError("The request cannot be used.", problems=[problem])
