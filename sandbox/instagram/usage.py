"""The call allowance: usage headers, and refusals while it is used up.

Sources: Graph API rate limiting (Meta, 2026) and headers captured live on 2026-09-21: all counters
are percentages, the business header is keyed by two ids, `estimated_time_to_regain_access` is in
minutes, and a call while throttled lengthens the block. By how much is not told; here it is a
setting. The two headers were never seen together: tokens of an account get the business header,
tokens of an app or user the other one. Searches for hashtags and places, and calls about a
Facebook user and Pages, use up the allowance of the app (Instagram platform overview, Meta, 2026),
which only the app's header tells.
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
from sandbox.instagram.errors import ErrorRow, GraphError
from sandbox.instagram.scopes import PERSON_CALLS

_SLOT_SECONDS = 60
_HOUR = timedelta(hours=1)


HASHTAG_CALLS = ("hashtag_search", "hashtag", "hashtag_media", "hashtags")
APP_CALLS = (*HASHTAG_CALLS, *PERSON_CALLS, "search")
"""The calls that use up the app's allowance, by the names of faults.py."""


class CallMeter:
    """Counts calls of an account, or without one of the app.

    By the minute, which bounds its memory.
    """

    def __init__(self, account: Account | None) -> None:
        self._account = account
        self._slots: deque[list[int]] = deque()
        self._total = 0
        self._blocked_until: datetime | None = None
        self._row = self._own_row()

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
        elif self._total > self._allowance(config):
            first = self._slots[0][0] * _SLOT_SECONDS
            wait = timedelta(seconds=first + _SLOT_SECONDS - now.timestamp()) + _HOUR
            self.throttle(now + wait, self._own_row().code)
        if self._is_blocked(now):
            raise GraphError(self._row)

    def throttle(self, until: datetime, code: int) -> None:
        """Refuse all calls until then; the app knows code 4 alone."""
        is_of_app = self._account is None or code == errors.APP_LIMIT.code
        self._blocked_until = until
        self._row = errors.APP_LIMIT if is_of_app else errors.TOO_MANY_CALLS

    def headers(
        self, now: datetime, config: Config, wanted: Literal["business", "app", "both", "none"]
    ) -> dict[str, str]:
        """The app has no business header."""
        blocked = self._is_blocked(now)
        percent = 100 if blocked else self._total * 100 // self._allowance(config)
        app = {"call_count": percent, "total_cputime": 0, "total_time": 0}
        minutes = 0
        if blocked and self._blocked_until is not None:
            minutes = math.ceil((self._blocked_until - now).total_seconds() / 60)
        entry = {"type": "instagram", **app, "estimated_time_to_regain_access": minutes}
        headers = {}
        if wanted in ("app", "both"):
            headers["X-App-Usage"] = json.dumps(app, separators=(",", ":"))
        if wanted in ("business", "both") and self._account is not None:
            ids = self._account.app_scoped_id, self._account.user_id
            business = {key: [entry] for key in ids}
            headers["X-Business-Use-Case-Usage"] = json.dumps(business, separators=(",", ":"))
        return headers

    def _allowance(self, config: Config) -> int:
        return config.app_calls_per_hour if self._account is None else config.calls_per_hour

    def _own_row(self) -> ErrorRow:
        return errors.APP_LIMIT if self._account is None else errors.TOO_MANY_CALLS

    def _is_blocked(self, now: datetime) -> bool:
        return self._blocked_until is not None and now < self._blocked_until

    def _forget_before(self, instant: datetime) -> None:
        slot = int(instant.timestamp()) // _SLOT_SECONDS
        while self._slots and self._slots[0][0] < slot:
            self._total -= self._slots.popleft()[1]
