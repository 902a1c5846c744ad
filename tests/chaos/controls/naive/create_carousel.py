"""Makes the container of the carousel."""

from __future__ import annotations

from typing import Any

from postwright import app


def handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    with app.current().instagram("default") as instagram:
        children = [child["id"] for child in event["children"]]
        return {"id": instagram.create_carousel_container(children, caption=event["caption"])}
