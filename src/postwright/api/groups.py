"""Post groups."""

from __future__ import annotations

import re
from typing import Any

from postwright import listing
from postwright.api.answering import route, unknown
from postwright.app import App
from postwright.gateway import Event, answer, decode_cursor, encode_cursor, path_id, query_of
from postwright.models import IDENTIFIER, GroupsQuery


@route
def list_groups(app: App, event: Event) -> dict[str, Any]:
    """`GET /api/sessions/{id}/groups`: 200 with a page of groups, 404 for an unknown session."""
    session_id, query = path_id(event), query_of(event, GroupsQuery)
    if not re.fullmatch(IDENTIFIER, session_id):
        raise unknown("session", session_id)
    after = decode_cursor(query.cursor, "GROUP#")
    found = listing.groups(app, session_id, query.limit, after, look=query.preflight == "1")
    found.cursor = encode_cursor(found.cursor)
    return answer(200, found.to_json())
