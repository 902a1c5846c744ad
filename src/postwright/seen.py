"""What is known of objects in the bucket, as long as the process lives."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from postwright.preflight.judging import Seen

_KEPT: Final = 500

Version = tuple[str, str | None, str, str]
"""Key, version id, ETag and content type."""


class SeenObjects:
    """What objects are. Each version is looked at once in a process, and trouble is forgotten."""

    def __init__(self) -> None:
        self._known: OrderedDict[Version, Seen] = OrderedDict()
        self._lock = threading.Lock()

    def recall(self, version: Version, look: Callable[[], Seen]) -> Seen:
        """What is known of a version, or else what `look` finds; raises what that raises."""
        with self._lock:
            known = self._known.get(version)
        if known is not None:
            return known
        seen = look()
        with self._lock:
            self._known[version] = seen
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return seen
