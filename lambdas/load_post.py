"""Claim the group, and either say when its time comes or take the snapshot and begin.

In:   {"input": the execution's input, "jobId": str, "executionArn": str, "redriveCount": int}
Out:  {"next": "now" | "scheduled" | "alreadyHandled", "sessionId", "groupId", "accountId", "jobId",
       "publishAt", "permalink", "post": {"kind", "items": [{"kind", "bytes", "shape"}],
       "captionCharacters", "hashtags"}}
Raises: InvalidPostError (every problem listed), TokenInvalidError, AlreadyPublishingError for a
        group whose last publish is unconfirmed
Retry: safe. An own claim is recognised.
"""

from __future__ import annotations

from typing import Any

from postwright import app, runs
from postwright.emitting import measured


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return runs.load(
        app.current(),
        event["input"],
        job_id=event["jobId"],
        execution_arn=event["executionArn"],
        redrive_count=event["redriveCount"],
    )
