"""Publishes the container; any error is left to the Retry of the state."""

from __future__ import annotations

from typing import Any

from postwright import app


def handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    with app.current().instagram("default") as instagram:
        return {"id": instagram.publish(event["containerId"])}
