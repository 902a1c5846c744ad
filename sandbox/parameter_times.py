"""When a parameter was stored, on the simulated clock: how old a token may be is taken from it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any


@contextmanager
def told_by(now: Callable[[], datetime]) -> Iterator[None]:
    """While open, moto's Parameter Store takes the time from `now`."""
    models: Any = importlib.import_module("moto.ssm.models")
    before = models.utcnow
    models.utcnow = lambda: now().replace(tzinfo=None)
    try:
        yield
    finally:
        models.utcnow = before
