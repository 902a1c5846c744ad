"""Nothing secret gets into the request log, an error or a page."""

from __future__ import annotations

import re
from typing import Any

_SIGNED_QUERY = re.compile(r"(https?://[^\s?\"'<>]+)\?[^\s\"'<>]+")
_SIGNATURE = re.compile(
    r"(X-Amz-(?:Signature|Credential|Security-Token)(?:=|%3D))[^&%\s\"'<>]+", re.I
)
_TOKEN = re.compile(r"\b(?:IG|EAA|AQ)[\w-]{18,}")
_SECRET_NAMES = frozenset(
    ("access_token", "appsecret_proof", "client_secret", "code", "fb_exchange_token", "input_token")
)


def redact(text: str) -> str:
    """The text without tokens, codes of a log-in, signatures, and the query strings of URLs."""
    if "://" in text:
        text = _SIGNED_QUERY.sub(r"\1?[removed]", text)
    return _TOKEN.sub("[token removed]", without_signature(text))


def without_signature(text: str) -> str:
    """Also where a URL was encoded once too often, so that its query cannot be told from it."""
    return _SIGNATURE.sub(r"\1[removed]", text)


def redact_all(value: Any) -> Any:
    """The same for everything inside a parsed JSON value."""
    match value:
        case str():
            return redact(value)
        case list():
            return [redact_all(item) for item in value]
        case dict():
            return {redact(str(key)): redact_all(item) for key, item in value.items()}
        case _:
            return value


def is_secret(name: str) -> bool:
    """Whether a parameter of this name is never shown, whatever it holds."""
    return name.lower() in _SECRET_NAMES
