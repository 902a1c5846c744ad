"""Reads the group: what is published before is not published again."""

from __future__ import annotations

from typing import Any

from postwright import app, posts
from postwright.models import PublishRequest


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    request = PublishRequest.model_validate(event["input"])
    parts = app.current()
    group = posts.find_group(parts, request)
    post = posts.prepare(parts, group, posts.account_of(request, group))
    return {
        "isPublished": group.publish_status == "published",
        "isCarousel": post.kind == "carousel",
        "caption": post.caption,
        "items": [{"key": item.media.key, "kind": item.media.kind} for item in post.items],
    }
