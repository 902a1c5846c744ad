"""Says whether all containers are ready."""

from __future__ import annotations

from typing import Any

from postwright import app


def handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    with app.current().instagram("default") as instagram:
        found = [instagram.container_status(one["id"]).status_code for one in event["containers"]]
    if "ERROR" in found or "EXPIRED" in found:
        raise RuntimeError("a container failed")
    return {"isReady": all(status == "FINISHED" for status in found)}
