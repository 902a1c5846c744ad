"""Every Graph call in order, for assertions, without tokens and signatures."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.instagram.redaction import is_secret, redact, redact_all, without_signature

_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """`status` is None when no whole answer was sent, `fault` the line of the script, if any.

    `function` and `request_id` say which invocation made the call, if one of ours did.
    """

    at: datetime
    method: str
    path: str
    parameters: dict[str, Any]
    status: int | None
    error: tuple[int, int | None] | None
    user_agent: str
    auth: str | None
    fault: int | None
    function: str | None = None
    request_id: str | None = None


class RequestLog:
    """The newest 20,000 calls."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_REMEMBERED)

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)

    def clear(self) -> None:
        self._entries.clear()

    def report(self) -> list[dict[str, Any]]:
        return [
            {
                "time": entry.at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
                "method": entry.method,
                "path": entry.path,
                "parameters": entry.parameters,
                "status": entry.status,
                "error": entry.error and {"code": entry.error[0], "subcode": entry.error[1]},
                "user_agent": entry.user_agent,
                "auth": entry.auth,
                "fault": entry.fault,
                "function": entry.function,
                "requestId": entry.request_id,
            }
            for entry in list(self._entries)
        ]


def clean_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What may be logged of a call's parameters."""
    return {redact(name): _clean(name, value) for name, value in parameters.items()}


def _clean(name: str, value: Any) -> Any:
    if is_secret(name):
        return "[removed]"
    if name.endswith("_url") and isinstance(value, str):
        return without_signature(value.partition("?")[0])
    try:
        return redact_all(value)
    except RecursionError:
        return "[nested too deeply to be logged]"
