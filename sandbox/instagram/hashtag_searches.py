"""What one account has searched for: which hashtags count, and where it is in their lists.

Source: hashtag search guide and recently_searched_hashtags (Meta, 2024-01-26 and 2026): 30
different hashtags in a rolling 7 days; a hashtag counts from its first query, later ones are free
and do not begin its 7 days anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.instagram import errors
from sandbox.instagram.errors import GraphError
from sandbox.instagram.hashtag_world import FoundPost

WINDOW = timedelta(days=7)


class HashtagSearches:
    """Not thread-safe: its owner holds a lock.

    `rest` is what the next page of a list begins with, by hashtag id and edge.
    """

    def __init__(self) -> None:
        self._since: dict[str, datetime] = {}
        self.rest: dict[tuple[str, str], list[FoundPost]] = {}

    def count(self, hashtag_id: str, now: datetime, limit: int) -> None:
        """A query; raises GraphError 18/2207034 when it is one hashtag too many."""
        counted = self.counted(now)
        if hashtag_id in counted:
            return
        if len(counted) >= limit:
            raise GraphError(errors.TOO_MANY_HASHTAGS)
        self._since[hashtag_id] = now

    def counted(self, now: datetime) -> list[str]:
        """The ids of the hashtags that count now, oldest query first."""
        self._since = {tag: at for tag, at in self._since.items() if now < at + WINDOW}
        return list(self._since)
