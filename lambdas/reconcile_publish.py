"""Look for the post after a publish without a clear answer.

In:   {"sessionId": str, "groupId": str, "accountId": str, "jobId": str, "redriveCount": int}
Out:  {"next": "published" | "resend" | "look", "instagramPostId": str | None,
       "seen": {"container": str | None, "postsRead": bool, "posts": int, "fit": int}}
Raises: PublishUncertainError when the looks are used up, AccountBlockedError, TokenInvalidError
Retry: safe. It never publishes.
"""

from __future__ import annotations

from typing import Any

from postwright import app, publishing
from postwright.emitting import measured
from postwright.models import Ref


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return publishing.reconcile(app.current(), Ref.model_validate(event))
