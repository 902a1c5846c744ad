"""Ids and shortcodes in the forms that Instagram uses, the same under the same seed.

Forms: containers and media have 17 digits that begin 178 to 183, shortcodes 11 url-safe base64
characters.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterable

_URL_SAFE = string.ascii_letters + string.digits + "-_"


class Ids:
    """Never gives out the same id twice. Not thread-safe: its owner holds the lock."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - ids must repeat under a seed
        self._traces = random.Random(seed + 1)  # noqa: S311 - apart, so that errors do not move ids
        self._secrets = random.Random(seed + 2)  # noqa: S311 - they open nothing real
        self._taken: set[str] = set()

    def reserve(self, taken: Iterable[str]) -> None:
        self._taken.update(taken)

    def container(self) -> str:
        return self._fresh(lambda: f"179{self._random.randrange(10**14):014d}")

    def media(self) -> str:
        return self._fresh(lambda: f"180{self._random.randrange(10**14):014d}")

    def comment(self) -> str:
        return self._fresh(lambda: f"178{self._random.randrange(10**14):014d}")

    def shortcode(self) -> str:
        return self._fresh(lambda: "D" + "".join(self._random.choices(_URL_SAFE, k=10)))

    def trace(self) -> str:
        """An `fbtrace_id`."""
        return "A" + "".join(self._traces.choices(_URL_SAFE, k=22))

    def token(self) -> str:
        """An access token for graph.instagram.com; such begin with IGAA."""
        return self._fresh(lambda: "IGAA" + self._secret())

    def facebook_token(self) -> str:
        """An access token for graph.facebook.com; such begin with EAA."""
        return self._fresh(lambda: "EAAB" + self._secret())

    def code(self) -> str:
        """What a log-in hands over to be exchanged; begins with AQ, as codes of Meta do."""
        return self._fresh(lambda: "AQ" + self._secret())

    def _secret(self) -> str:
        return "".join(self._secrets.choices(string.ascii_letters + string.digits, k=48))

    def _fresh(self, draw: Callable[[], str]) -> str:
        while (drawn := draw()) in self._taken:
            pass
        self._taken.add(drawn)
        return drawn
