"""Graph parameters: the same values come as query, form or JSON, so readers take text and JSON.

Source: IG User media reference (Meta, read 2026-09-11): lists and objects are JSON text when
form-encoded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.instagram import errors
from sandbox.instagram.errors import GraphError
from sandbox.instagram.redaction import redact


class Parameters:
    """Typed reads of one call's parameters; a wrong value is a GraphError 100 that names it."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) not in (None, "")

    def without(self, *names: str) -> Parameters:
        """The others: what Instagram does not look at."""
        return Parameters({name: v for name, v in self.values.items() if name not in names})

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, bool | list | dict):
            raise _wrong(name, "a string")
        return str(value)

    def required(self, name: str) -> str:
        """Source for the text: answers of graph.instagram.com recorded by public projects."""
        if name not in self:
            raise GraphError(errors.BAD_API_PARAMETER.saying(f"The parameter {name} is required"))
        return self.text(name)

    def flag(self, name: str) -> bool:
        value = self.values.get(name)
        if value in (None, "", False, "false", "False", "0", 0):
            return False
        if value in (True, "true", "True", "1", 1):
            return True
        raise _wrong(name, "true or false")

    def whole(self, name: str) -> int:
        value = self.values.get(name)
        try:
            return int(str(value))
        except ValueError:
            raise _wrong(name, "a whole number") from None

    def instant(self, name: str) -> datetime:
        """Unix seconds."""
        try:
            return datetime.fromtimestamp(self.whole(name), UTC)
        except (ValueError, OverflowError, OSError):
            raise _wrong(name, "a unix time") from None

    def json(self, name: str) -> Any:
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise _wrong(name, "JSON") from None

    def names(self, name: str) -> list[str]:
        """A list, a list as JSON text, or a comma string."""
        value = self.values.get(name)
        if isinstance(value, str) and not value.lstrip().startswith("["):
            return [part.strip() for part in value.split(",") if part.strip()]
        listed = self.json(name) or []
        if not isinstance(listed, list) or not all(isinstance(i, str | int) for i in listed):
            raise _wrong(name, "a list of strings")
        return [str(item) for item in listed]

    def refuse(self, *names: str) -> None:
        """For parameters that this kind of container does not take."""
        for name in names:
            if name in self:
                raise GraphError(
                    errors.BAD_API_PARAMETER.saying(f"param {redact(name)} is not allowed")
                )


def _wrong(name: str, expected: str) -> GraphError:
    return GraphError(errors.BAD_PARAMETER.saying(f"(#100) Param {name} must be {expected}"))
