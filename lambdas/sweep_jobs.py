"""Look after every open job: runs that nobody ended, unclear publishes, missing links.

In:   nothing that is read; a schedule calls it every 15 minutes
Out:  {"settled": int, "running": int, "open": int, "failed": int}, numbers of jobs
Raises: nothing of its own; a job that cannot be looked at now is counted
Retry: safe, also at the same time. The group's item decides.
"""

from __future__ import annotations

from typing import Any

from postwright import app, settling
from postwright.emitting import measured


@measured
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    return settling.sweep(
        app.current(), remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1000
    )
