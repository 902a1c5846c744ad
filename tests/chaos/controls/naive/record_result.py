"""Writes down that the group is published."""

from __future__ import annotations

from typing import Any

from postwright import app
from postwright.models import Ref
from tests.chaos.controls.unmarked import UnmarkedStore


def handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    parts, media_id = app.current(), event["mediaId"]
    ref = Ref(
        session_id=event["sessionId"],
        group_id=event["groupId"],
        job_id=event["jobId"],
    )
    store = UnmarkedStore.connect(parts.settings.table)
    store.succeed(ref, media_id)
    with parts.instagram("default") as instagram:
        permalink = instagram.media(media_id).permalink or ""
    store.set_permalink(ref, permalink)
    return {"permalink": permalink}
