"""Sleep on the clock in use, then tell how long it took on it."""

from __future__ import annotations

from typing import Any

from postwright import clock


def handler(event: dict[str, float], _context: Any) -> dict[str, float]:
    began = clock.now()
    clock.sleep(event["seconds"])
    return {"slept": clock.seconds_since(began)}
