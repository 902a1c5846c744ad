"""Close the job of an execution that failed, timed out or was stopped.

In:   an EventBridge event, Step Functions Execution Status Change
Out:  {"jobId": str, "known": bool}
Raises: nothing of its own
Retry: safe. The execution and the group decide, not the event.
"""

from __future__ import annotations

from typing import Any

from postwright import app, closing
from postwright.emitting import measured


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return closing.record_failure(app.current(), event)
