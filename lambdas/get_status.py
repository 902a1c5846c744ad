"""Tell how a publish job stands: GET /api/publish/{id}/status.

In:   an HTTP request of API Gateway, payload format 2.0
Out:  {"statusCode", "headers", "body"}: 200 with the state, 404
Raises: nothing; problems are answers
Retry: safe. At most it closes a run that is over, or starts one that was claimed and forgotten.
"""

from __future__ import annotations

from typing import Any

from postwright import app
from postwright.api import jobs
from postwright.emitting import measured


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return jobs.get_status(app.current(), event)
