"""Cancel a publish job: POST /api/publish/{id}/cancel.

In:   an HTTP request of API Gateway, payload format 2.0
Out:  {"statusCode", "headers", "body"}: 200 with the job's state, 404, 409
Raises: nothing; problems are answers
Retry: safe. A job that is cancelled stays so.
"""

from __future__ import annotations

from typing import Any

from postwright import app
from postwright.api import jobs
from postwright.emitting import measured


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return jobs.cancel_job(app.current(), event)
