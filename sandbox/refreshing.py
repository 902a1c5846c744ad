"""The schedule that keeps tokens alive: `refresh_token`, as EventBridge Scheduler calls it on AWS.

Once a day. At `--speed max` time does not jump from day to day because of it: it is called on the
days that time passes for another reason.
"""

from __future__ import annotations

import json
import logging
import threading
from datetime import timedelta

from sandbox.clock import SimulatedClock
from sandbox.functions import Functions, InvokeError

_DAY = timedelta(days=1)

_log = logging.getLogger(__name__)


class DailyRefresh:
    """Calls the function every day until it is closed; days that are skipped by hand count once."""

    def __init__(self, functions: Functions, clock: SimulatedClock) -> None:
        self._functions = functions
        self._clock = clock
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="daily refresh", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Return when no refresh runs any more."""
        self._closing.set()
        self._clock.wake(self._closing)
        self._thread.join()

    def _work(self) -> None:
        due = self._clock.now() + _DAY
        with self._clock.busy():
            while self._clock.wait_until(due, self._closing, was_busy=True, drives=False):
                self._refresh()
                due += _DAY * max(1, -((due - self._clock.now()) // _DAY))

    def _refresh(self) -> None:
        try:
            answer = self._functions.invoke("refresh_token", {}, caller_is_busy=True)
        except InvokeError as error:
            _log.warning("refresh_token was not invoked: %s", error)
            return
        if answer.error:
            _log.error("refresh_token failed: %s", json.dumps(answer.payload))
            return
        for account in answer.payload["accounts"]:
            if "alarm" in account:
                _log.warning("Account %s: %s", account["accountId"], account["alarm"])
