"""Say that nothing is there, or that it takes another method: every request without a route.

In:   an HTTP request of API Gateway, payload format 2.0
Out:  {"statusCode", "headers", "body"}: 404, 405
Raises: nothing
Retry: safe. It does nothing.
"""

from __future__ import annotations

from typing import Any

from postwright import app
from postwright.api import unrouted
from postwright.emitting import measured


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return unrouted.refuse_request(app.current(), event)
