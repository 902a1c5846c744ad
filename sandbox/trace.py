"""The trace header that says which invocation made a call.

Lambda sets `_X_AMZN_TRACE_ID` for each invocation, and botocore sends it with every call to AWS.
Here its 32 hex digits of the root are those of the request id, and the parent is the process.
Source: AWS Lambda developer guide, "Defined runtime environment variables"; X-Ray developer guide,
"Tracing header"; botocore 1.40, `add_recursion_detection_header`.
"""

from __future__ import annotations

import os
import re

HEADER = "X-Amzn-Trace-Id"
VARIABLE = "_X_AMZN_TRACE_ID"
_ROOT = re.compile(r"Root=1-([0-9a-f]{8})-([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})\b")


def trace_of(request_id: str, pid: int) -> str:
    """`Root=1-...;Parent=...;Sampled=0` for an invocation in a worker process."""
    digits = request_id.replace("-", "")
    return f"Root=1-{digits[:8]}-{digits[8:]};Parent={pid:016x};Sampled=0"


def request_id_of(trace: str | None) -> str | None:
    """The request id in a header that `trace_of` made; None in any other."""
    found = _ROOT.match(trace or "")
    return "-".join(found.groups()) if found else None


def trace_http() -> None:
    """From now on httpx sends the header too, as it does where the X-Ray SDK has patched it."""
    import httpx

    send = httpx.HTTPTransport.handle_request

    def handle_request(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        if VARIABLE in os.environ:
            request.headers[HEADER] = os.environ[VARIABLE]
        return send(transport, request)

    setattr(httpx.HTTPTransport, "handle_request", handle_request)  # noqa: B010  a method
