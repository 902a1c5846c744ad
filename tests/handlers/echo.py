"""Give back the event and what the function sees around it."""

from __future__ import annotations

import os
from typing import Any

from postwright import clock


def handler(event: Any, context: Any) -> dict[str, Any]:
    return {
        "event": event,
        "pid": os.getpid(),
        "now": clock.to_text(clock.now()),
        "function": context.function_name,
        "arn": context.invoked_function_arn,
        "remaining": context.get_remaining_time_in_millis(),
        "environment": dict(os.environ),
    }
