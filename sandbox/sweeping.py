"""The schedule that looks after open jobs: `sweep_jobs`, as EventBridge Scheduler calls it on AWS.

There it is called every 15 minutes for good. Here only while it may find something, so that a
sandbox at `--speed max` does not race through the days when nobody uses it.
"""

from __future__ import annotations

import json
import logging
import threading
from datetime import timedelta

from sandbox.clock import SimulatedClock
from sandbox.functions import Functions

SWEEP_MINUTES = 15

_log = logging.getLogger(__name__)


class Sweeper:
    """Sweeps some time after each `wake`, and again while jobs are open that no run looks after."""

    def __init__(self, functions: Functions, clock: SimulatedClock) -> None:
        self._functions = functions
        self._clock = clock
        self._closing = threading.Event()
        self._awake = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sweeper", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something has begun or ended: there may be something to look after soon."""
        self._awake.set()

    def close(self) -> None:
        """Return when no sweep runs any more."""
        self._closing.set()
        self._awake.set()
        self._clock.wake(self._closing)
        self._thread.join()

    def _work(self) -> None:
        while self._awake.wait() and not self._closing.is_set():
            self._awake.clear()
            due = self._clock.now() + timedelta(minutes=SWEEP_MINUTES)
            if not self._clock.wait_until(due, self._closing):
                return
            if self._sweep():
                self._awake.set()

    def _sweep(self) -> bool:
        """True when there is more to look after."""
        answer = self._functions.invoke("sweep_jobs", {})
        if answer.error:
            _log.error("sweep_jobs failed: %s", json.dumps(answer.payload))
            return True
        return bool(answer.payload["open"] or answer.payload["failed"])
