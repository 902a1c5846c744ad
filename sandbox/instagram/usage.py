"""The call allowance: usage headers, and refusals while it is used up.

Sources: Graph API rate limiting (Meta, 2026) and headers captured live on 2026-09-21: all counters
are percentages, the business header is keyed by two ids, `estimated_time_to_regain_access` is in
minutes, and a call while throttled lengthens the block. By how much is not told; here it is a
setting. The two headers were never seen together: tokens of an account get the business header,
tokens of an app or user the other one.
"""

from __future__ import annotations

import json
import math
from collections import deque
from datetime import datetime, timedelta
from typing import Literal

from sandbox.instagram import errors
from sandbox.instagram.accounts import Account
from sandbox.instagram.bounds import LONGEST_SECONDS
from sandbox.instagram.config import Config
from sandbox.instagram.errors import GraphError

_SLOT_SECONDS = 60
_HOUR = timedelta(hours=1)


class CallMeter:
    """Counts calls by the minute, which bounds its memory."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._slots: deque[list[int]] = deque()
        self._total = 0
        self._blocked_until: datetime | None = None
        self._code = errors.TOO_MANY_CALLS.code

    def count(self, now: datetime, config: Config) -> None:
        """One more call; raises GraphError 80002 or 4 while calls are refused."""
        self._forget_before(now - _HOUR)
        slot = int(now.timestamp()) // _SLOT_SECONDS
        if not self._slots or self._slots[-1][0] != slot:
            self._slots.append([slot, 0])
        self._slots[-1][1] += 1
        self._total += 1
        if self._blocked_until is not None and now < self._blocked_until:
            longer = self._blocked_until + timedelta(seconds=config.throttle_lengthens_seconds)
            self._blocked_until = min(longer, now + timedelta(seconds=LONGEST_SECONDS))
        elif self._total > config.calls_per_hour:
            first = self._slots[0][0] * _SLOT_SECONDS
            wait = timedelta(seconds=first + _SLOT_SECONDS - now.timestamp()) + _HOUR
            self.throttle(now + wait, errors.TOO_MANY_CALLS.code)
        if self._is_blocked(now):
            known = errors.TOO_MANY_CALLS, errors.APP_LIMIT
            raise GraphError(next(row for row in known if row.code == self._code))

    def throttle(self, until: datetime, code: int) -> None:
        """Refuse all calls until then."""
        self._blocked_until, self._code = until, code

    def headers(
        self, now: datetime, config: Config, wanted: Literal["business", "app", "both", "none"]
    ) -> dict[str, str]:
        blocked = self._is_blocked(now)
        percent = 100 if blocked else self._total * 100 // config.calls_per_hour
        app = {"call_count": percent, "total_cputime": 0, "total_time": 0}
        minutes = 0
        if blocked and self._blocked_until is not None:
            minutes = math.ceil((self._blocked_until - now).total_seconds() / 60)
        entry = {"type": "instagram", **app, "estimated_time_to_regain_access": minutes}
        business = {key: [entry] for key in (self._account.app_scoped_id, self._account.user_id)}
        headers = {}
        if wanted in ("app", "both"):
            headers["X-App-Usage"] = json.dumps(app, separators=(",", ":"))
        if wanted in ("business", "both"):
            headers["X-Business-Use-Case-Usage"] = json.dumps(business, separators=(",", ":"))
        return headers

    def _is_blocked(self, now: datetime) -> bool:
        return self._blocked_until is not None and now < self._blocked_until

    def _forget_before(self, instant: datetime) -> None:
        slot = int(instant.timestamp()) // _SLOT_SECONDS
        while self._slots and self._slots[0][0] < slot:
            self._total -= self._slots.popleft()[1]
