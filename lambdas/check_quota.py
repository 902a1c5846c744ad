"""Take one of the account's posts for this run; say which containers are missing.

In:   {"sessionId": str, "groupId": str, "accountId": str, "jobId": str, "redriveCount": int}
Out:  {"next": str, "waitSeconds": int, "pending": [{"index": int}], "completed": int,
       "total": int, "quota": {"used": int, "total": int} | absent, "asked": False | absent}
Raises: QuotaExceededError, RateLimitedError, TokenInvalidError, TransientGraphError,
        AccountBlockedError
Retry: safe. A run has one slot, however often it asks.
"""

from __future__ import annotations

from typing import Any

from postwright import app, containers
from postwright.emitting import measured
from postwright.models import Ref


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return containers.check_quota(app.current(), Ref.model_validate(event))
