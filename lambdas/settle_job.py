"""Settle an unclear publish by hand, or look at it now: POST /api/publish/{id}/reconcile.

In:   an HTTP request of API Gateway, payload format 2.0
Out:  {"statusCode", "headers", "body"}: 200 with the job's state, 404, 409, 422, 502
Raises: nothing; problems are answers
Retry: safe. What is settled stays so.
"""

from __future__ import annotations

from typing import Any

from postwright import app
from postwright.api import settling
from postwright.emitting import measured


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return settling.settle_job(app.current(), event)
