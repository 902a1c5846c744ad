"""Sessions."""

from __future__ import annotations

from typing import Any

from postwright import sessions
from postwright.api.answering import route
from postwright.app import App
from postwright.gateway import Event, answer, decode_cursor, encode_cursor, query_of
from postwright.models import SessionsQuery


@route
def list_sessions(app: App, event: Event) -> dict[str, Any]:
    """`GET /api/sessions`: 200 with a page of sessions, the newest first."""
    query = query_of(event, SessionsQuery)
    found = sessions.listed(app, query.limit, decode_cursor(query.cursor, ""))
    found.cursor = encode_cursor(found.cursor)
    return answer(200, found.to_json())
