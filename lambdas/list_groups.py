"""Tell what a session has to post, and how that stands: GET /api/sessions/{id}/groups.

In:   an HTTP request of API Gateway, payload format 2.0
Out:  {"statusCode", "headers", "body"}: 200 with a page of groups, 404, 422
Raises: nothing; problems are answers
Retry: safe. It only reads, and nothing from Instagram.
"""

from __future__ import annotations

from typing import Any

from postwright import app
from postwright.api import groups
from postwright.emitting import measured


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return groups.list_groups(app.current(), event)
