"""How the simulated Instagram is told to misbehave: lines for `Workbench.script`."""

from __future__ import annotations

from typing import Any


def answers(call: str, body: str, *, status: int, times: int | None = 1, **how: Any) -> Any:
    """The next such calls get this answer and have no effect."""
    return {"call": call, "body": body, "status": status, "times": times, **how}


def refuses(
    call: str, code: int, subcode: int | None = None, *, times: int | None = 1, **how: Any
) -> Any:
    """The next such calls are refused with an error of the Graph API."""
    return {"call": call, "error": [code, subcode], "times": times, **how}


def disagrees() -> Any:
    """Instagram refuses what passed preflight: every `Shot.REFUSED`, for its ratio."""
    return treats("refused", error=(36003, 2207009))


def treats(match: str, *, times: int | None = None, **how: Any) -> Any:
    """The containers of items whose URL has `match` in its path are slow, or fail."""
    return {"call": "create", "match": match, "times": times, **how}
