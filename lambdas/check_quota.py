"""Ask whether the account may publish another post now, and which containers are missing.

In:   {"sessionId": str, "groupId": str, "accountId": str, "jobId": str, "redriveCount": int}
Out:  {"next": str, "waitSeconds": int, "pending": [{"index": int}], "completed": int,
       "total": int, "quota": {"used": int, "total": int}}
Raises: QuotaExceededError, TokenInvalidError, TransientGraphError
Retry: safe. It only reads.
"""

from __future__ import annotations

from typing import Any

from postwright import app, containers
from postwright.models import Ref


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return containers.check_quota(app.current(), Ref.model_validate(event))
