"""Close the job of a post that is live: permalink, number of children, end of the run.

In:   {"sessionId": str, "groupId": str, "accountId": str, "jobId": str, "redriveCount": int}
Out:  {"sessionId", "groupId", "jobId", "instagramPostId", "permalink"}
Raises: nothing of its own; what Instagram does not tell yet is left open
Retry: safe. It writes the same again.
"""

from __future__ import annotations

from typing import Any

from postwright import app, finishing
from postwright.emitting import measured
from postwright.models import Ref


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return finishing.record_result(app.current(), Ref.model_validate(event))
