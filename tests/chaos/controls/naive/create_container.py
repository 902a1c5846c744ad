"""Makes the container of one item."""

from __future__ import annotations

from typing import Any

from postwright import app


def handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    parts = app.current()
    with parts.instagram("default") as instagram:
        url = parts.media.presign(event["key"])
        is_child = event["isCarousel"]
        create = (
            instagram.create_image_container
            if event["kind"] == "image"
            else instagram.create_video_container
        )
        caption = None if is_child else event["caption"]
        return {"id": create(url, is_carousel_item=is_child, caption=caption)}
