"""Create one media container.

In:   as check_status, and {"index": int}
Out:  {"index": int, "outcome": "created" | "rejected" | "retry" | "throttled", "kind": str,
       "bytes": int, "shape": str | None, "tries": int, "error": dict | None}
Raises: TokenInvalidError, AccountBlockedError, QuotaExceededError; what is wrong with the item
        is data
Retry: safe. An item that has a container keeps it; an unused container expires by itself.
"""

from __future__ import annotations

from typing import Any

from postwright import app, containers
from postwright.emitting import measured
from postwright.models import Ref


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    index = event.pop("index")
    return containers.create_container(app.current(), Ref.model_validate(event), index)
