"""How clients of AWS are made: when one is first needed, and one at a time."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Final, Generic, TypeVar

C = TypeVar("C")

_one_at_a_time: Final = RLock()
"""Threads must not use boto3's default session at the same time.
Source: boto3 guide, "Session", multithreading, read 2026-11."""


class Connected(Generic[C]):
    """What works with a resource of AWS through one client.

    Without a client one is made when it is first needed, which in many processes is never: it takes
    some 20 ms of the start of a function, and the first of a process 50.
    """

    def __init__(self, client: C | None, make: Callable[[], C]) -> None:
        self._made = client
        self._make = make

    @property
    def _client(self) -> C:
        with _one_at_a_time:
            if self._made is None:
                self._made = self._make()
            return self._made

    def connect_now(self) -> None:
        """Make the client before it is needed, as for a process of which there will be copies."""
        _ = self._client
