"""Publish the container: the one call that must not happen twice.

In:   {"sessionId": str, "groupId": str, "accountId": str, "jobId": str, "redriveCount": int}
Out:  {"next": "published" | "waitForQuota" | "recheck", "instagramPostId": str | None}
Raises: PublishUncertainError whenever the post may be live, ContainerNotReadyError,
        CaptionBusyError, QuotaExceededError, TokenInvalidError, AccountBlockedError,
        TransientGraphError when it was too late to send time and again
Retry: safe. A repeat that finds an unproven attempt sends nothing and raises PublishUncertainError.
"""

from __future__ import annotations

from typing import Any

from postwright import app, publishing
from postwright.emitting import measured
from postwright.models import Ref


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return publishing.publish(
        app.current(),
        Ref.model_validate(event),
        remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1000,
    )
