"""Nothing secret gets into the request log, an error or a page."""

from __future__ import annotations

import re
from typing import Any

_SIGNED_QUERY = re.compile(r"(https?://[^\s?\"'<>]+)\?[^\s\"'<>]+")
_TOKEN = re.compile(r"\b(?:IG|EAA)[\w-]{18,}")


def redact(text: str) -> str:
    """The text without access tokens and without the query strings of URLs."""
    if "://" in text:
        text = _SIGNED_QUERY.sub(r"\1?[removed]", text)
    return _TOKEN.sub("[token removed]", text)


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
