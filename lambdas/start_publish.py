"""Start to publish a post group: POST /api/publish/start.

In:   an HTTP request of API Gateway, payload format 2.0
Out:  {"statusCode", "headers", "body"}: 202 started, 200 running, 404, 409, 422, 429
Raises: nothing; problems are answers
Retry: safe. The claim on the group decides.
"""

from __future__ import annotations

from typing import Any

from postwright import app
from postwright.api import starting
from postwright.emitting import measured


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return starting.start_publish(app.current(), event)
