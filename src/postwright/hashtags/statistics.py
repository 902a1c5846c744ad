"""What is measured of a hashtag, and the score by which hashtags are ranked.

The score is `engagement / (1 + crowd)`:

- engagement = log10(1 + likes + 3 * comments), of the median top post. A comment takes more than a
  like, and the median is not moved by one post that everybody saw.
- crowd = log10(1 + posts per hour). Among many new posts a new one is soon out of sight.

Logarithms, because both run over six powers of ten, and ten times more is what makes a difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from postwright import clock
from postwright.models import Instant, Model, now_text, parse_instant

RECENT_HOURS: Final = 24
"""How far back `recent_media` reaches. Source: IG Hashtag recent media reference, 2026."""
_COMMENT_WEIGHT: Final = 3


@dataclass(frozen=True)
class PublicPost:
    """Numbers of somebody's post. Who wrote it, and what, is never asked for.

    `likes` is None where the owner hides them.
    """

    likes: int | None
    comments: int
    timestamp: datetime | None


@dataclass(frozen=True)
class PublicPosts:
    """A page of posts under a hashtag; `complete` when there is no further one."""

    posts: Sequence[PublicPost]
    complete: bool


class Statistics(Model):
    """A hashtag as it was at `measured_at`: its median top post, and how many new ones come."""

    measured_at: Instant
    likes: float
    comments: float
    posts_per_hour: float

    @property
    def score(self) -> float:
        """The higher, the sooner the hashtag is picked; see above."""
        engagement = math.log10(1 + self.likes + _COMMENT_WEIGHT * self.comments)
        return round(engagement / (1 + math.log10(1 + self.posts_per_hour)), 3)

    def is_stale(self, days: int) -> bool:
        """Whether it was measured more than so many days ago."""
        return clock.now() - parse_instant(self.measured_at) > timedelta(days=days)


def measure(top: PublicPosts, recent: PublicPosts) -> Statistics:
    """What a page of top posts and one of recent posts say of a hashtag now."""
    likes = [post.likes for post in top.posts if post.likes is not None]
    comments = [post.comments for post in top.posts]
    return Statistics(
        measured_at=now_text(),
        likes=float(median(likes)) if likes else 0.0,
        comments=float(median(comments)) if comments else 0.0,
        posts_per_hour=round(_posts_per_hour(recent), 2),
    )


def _posts_per_hour(recent: PublicPosts) -> float:
    """A list that is not complete reaches back only to its oldest post."""
    ages = [clock.seconds_since(post.timestamp) for post in recent.posts if post.timestamp]
    if recent.complete or not ages:
        return len(recent.posts) / RECENT_HOURS
    return len(recent.posts) / (max(1.0, *ages) / 3600)
