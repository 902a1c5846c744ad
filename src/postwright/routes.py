"""The routes of the HTTP API: one table for the sandbox, the stack and the OpenAPI document."""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Route(NamedTuple):
    """A method, a path with placeholders in braces, and the function of lambdas/ that answers."""

    method: str
    path: str
    function: str


ROUTES: Final = (
    Route("GET", "/api/sessions", "list_sessions"),
    Route("GET", "/api/sessions/{id}/groups", "list_groups"),
    Route("POST", "/api/publish/start", "start_publish"),
    Route("GET", "/api/publish/status", "get_statuses"),
    Route("GET", "/api/publish/{id}/status", "get_status"),
    Route("POST", "/api/publish/{id}/retry", "retry_job"),
    Route("POST", "/api/publish/{id}/cancel", "cancel_job"),
    Route("POST", "/api/publish/{id}/reconcile", "settle_job"),
    Route("GET", "/api/account", "get_account"),
)

REST: Final = "refuse_request"
"""The function that answers what no route is for."""


def methods_of(path: str) -> list[str]:
    """The methods that a path takes, none where nothing is there."""
    return sorted({route.method for route in ROUTES if _form(route.path).fullmatch(path)})


def _form(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
