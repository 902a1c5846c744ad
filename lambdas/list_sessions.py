"""Tell which sessions there are: GET /api/sessions.

In:   an HTTP request of API Gateway, payload format 2.0
Out:  {"statusCode", "headers", "body"}: 200 with a page of them, 422
Raises: nothing; problems are answers
Retry: safe. It only reads.
"""

from __future__ import annotations

from typing import Any

from postwright import app
from postwright.api import sessions
from postwright.emitting import measured


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return sessions.list_sessions(app.current(), event)
