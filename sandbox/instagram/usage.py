"""Usage headers: how much of the call allowance of the last hour is used.

Source: Graph API rate limiting (Meta, 2026) and headers captured live on 2026-09-21: all numbers
are percentages, the second header is keyed by two ids. Both headers are sent on every answer here;
on Instagram they appear late and hardly ever together. Calls above the allowance are not refused
yet.
"""

from __future__ import annotations

import json
from collections import deque
from datetime import datetime

from sandbox.instagram.accounts import Account

_SLOT_SECONDS = 60
_HOUR_SECONDS = 3600


class CallMeter:
    """Counts calls by the minute, which bounds its memory."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._slots: deque[list[int]] = deque()
        self._total = 0

    def count(self, now: datetime) -> None:
        slot = int(now.timestamp()) // _SLOT_SECONDS
        while self._slots and self._slots[0][0] <= slot - _HOUR_SECONDS // _SLOT_SECONDS:
            self._total -= self._slots.popleft()[1]
        if not self._slots or self._slots[-1][0] != slot:
            self._slots.append([slot, 0])
        self._slots[-1][1] += 1
        self._total += 1

    def headers(self, calls_per_hour: int) -> dict[str, str]:
        percent = min(100, self._total * 100 // calls_per_hour)
        app = {"call_count": percent, "total_cputime": 0, "total_time": 0}
        entry = {"type": "instagram", **app, "estimated_time_to_regain_access": 0}
        business = {key: [entry] for key in (self._account.app_scoped_id, self._account.user_id)}
        return {
            "X-App-Usage": json.dumps(app, separators=(",", ":")),
            "X-Business-Use-Case-Usage": json.dumps(business, separators=(",", ":")),
        }
