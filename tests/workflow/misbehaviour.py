"""How the simulated Instagram is told to misbehave: configs for `Workbench.configure`."""

from __future__ import annotations

import json
from typing import Any

PUBLISH = "/media_publish$"
CREATE = "/media$"
QUOTA = "/content_publishing_limit$"
CONTAINER = r"/179\d+$"
POST = r"/180\d+$"
"""Containers and posts, by how the simulated Instagram's ids begin."""


def answers(path: str, body: str, *, status: int, times: int = 1, **how: Any) -> dict[str, Any]:
    """The next calls whose path matches get this answer and have no effect."""
    return {"answers": [{"path": path, "body": body, "status": status, "times": times, **how}]}


def refuses(
    path: str, code: int, subcode: int | None = None, *, times: int = 1, **how: Any
) -> dict[str, Any]:
    """The same with an error object of the Graph API."""
    error = {"message": "scripted", "type": "OAuthException", "code": code, "fbtrace_id": "A1b2"}
    body = {"error": error | ({"error_subcode": subcode} if subcode is not None else {})}
    return answers(path, json.dumps(body), status=400, times=times, **how)


def treats(match: str, **how: Any) -> dict[str, Any]:
    """The items whose URL has `match` in its path are slow or refused."""
    return {"rules": [{"match": match, **how}]}
