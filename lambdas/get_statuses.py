"""Tell how several publish jobs stand: GET /api/publish/status.

In:   an HTTP request of API Gateway, payload format 2.0
Out:  {"statusCode", "headers", "body"}: 200 with their states, 422
Raises: nothing; problems are answers
Retry: safe. At most it closes runs that are over, or starts some that were claimed and forgotten.
"""

from __future__ import annotations

from typing import Any

from postwright import app
from postwright.api import jobs
from postwright.emitting import measured


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return jobs.get_statuses(app.current(), event)
