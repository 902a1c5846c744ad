"""Try a publish job again that ended without a post: POST /api/publish/{id}/retry.

In:   an HTTP request of API Gateway, payload format 2.0
Out:  {"statusCode", "headers", "body"}: 202 redriven or started anew ("how", "why"), 200 the same
      for one that goes on already, 403, 404, 409, 422, 429
Raises: nothing; problems are answers
Retry: safe. Both calls name the same run.
"""

from __future__ import annotations

from typing import Any

from postwright import app
from postwright.api import starting
from postwright.emitting import measured


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return starting.retry_job(app.current(), event)
