"""Ask a server within a deadline, then tell how it ended and when."""

from __future__ import annotations

from typing import Any

import httpx

from postwright import clock
from postwright.deadline import DeadlineTransport, within


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    began = clock.now()
    outcome = "answered"
    try:
        with httpx.Client(transport=DeadlineTransport()) as http, within(event["seconds"]):
            http.get(event["url"], timeout=None)
    except httpx.HTTPError as error:
        outcome = type(error).__name__
    return {
        "outcome": outcome,
        "took": clock.seconds_since(began),
        "remaining": context.get_remaining_time_in_millis(),
    }
