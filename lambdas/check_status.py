"""Look at all unfinished containers of the post, and say what comes next.

In:   {"sessionId": str, "groupId": str, "accountId": str, "jobId": str, "redriveCount": int}
Out:  {"next": str, "waitSeconds": int, "pending": [{"index": int}], "completed": int,
       "total": int, "seen": [{"container": str, "status": str | None, "subcode": int | None}]},
       next is "wait" | "create" | "carousel" | "publish"
Raises: InvalidPostError, MediaRejectedError, MediaUnreachableError, ProcessingFailedError,
        ContainerExpiredError, ContainerNotReadyError, TransientGraphError, RateLimitedError,
        QuotaExceededError, AccountBlockedError (each names its items), TokenInvalidError
Retry: safe. It only reads from Instagram.
"""

from __future__ import annotations

from typing import Any

from postwright import app, containers
from postwright.emitting import measured
from postwright.models import Ref


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return containers.check_status(app.current(), Ref.model_validate(event))
