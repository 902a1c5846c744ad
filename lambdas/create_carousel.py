"""Create the parent container of a carousel from its finished children.

In:   {"sessionId": str, "groupId": str, "accountId": str, "jobId": str, "redriveCount": int}
Out:  {"next": str, "waitSeconds": int, "pending": [{"index": int}], "completed": int,
       "total": int, "error": dict | None}
Raises: MediaRejectedError, InvalidPostError; ProcessingFailedError, ContainerExpiredError,
        ContainerNotReadyError, TransientGraphError, RateLimitedError (the tries are used up);
        TokenInvalidError, AccountBlockedError, QuotaExceededError
Retry: safe. A parent that lives is kept; an unused one expires by itself.
"""

from __future__ import annotations

from typing import Any

from postwright import app, containers
from postwright.emitting import measured
from postwright.models import Ref


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return containers.create_carousel(app.current(), Ref.model_validate(event))
