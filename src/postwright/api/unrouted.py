"""Requests that no route is for."""

from __future__ import annotations

from typing import Any

from postwright import routes
from postwright.api.answering import NAME_MAX, route
from postwright.app import App
from postwright.gateway import Event, RefusedError


@route
def refuse_request(_app: App, event: Event) -> dict[str, Any]:
    """Everything that no route is for: 405 with the methods that there are, else 404."""
    asked = event["requestContext"]["http"]
    method, path = str(asked["method"])[:NAME_MAX], str(event["rawPath"])
    allowed = routes.methods_of(path)
    if not allowed:
        raise RefusedError(404, "NotFound", f"There is nothing at {path[:NAME_MAX]}.")
    told = " and ".join(allowed)
    raise RefusedError(
        405, "MethodNotAllowed", f"It takes {told}, not {method}.", Allow=", ".join(allowed)
    )
