"""Keep the tokens of all accounts alive, and tell in time where that does not work.

In:   nothing that is read; a schedule calls it every day
Out:  {"accounts": [{"accountId": str, "did": "refreshed" | "kept" | "busy" | "failed",
       "sentence": str, "daysLeft": float | None, ...}]}, without secrets
Raises: AlarmNotSentError when EventBridge does not take an alarm; an account's trouble is data
Retry: safe, also at the same time. A token is replaced by one process at a time.
"""

from __future__ import annotations

from typing import Any

from postwright import app, refreshing
from postwright.emitting import measured


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    outcomes = refreshing.refresh_all(
        app.current(), remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1000
    )
    return {"accounts": [outcome.to_json() for outcome in outcomes]}
