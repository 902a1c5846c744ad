"""Made-up hashtags and their public posts: a word has the same id and the same posts everywhere.

Ids have the form of Meta's example (17 digits that begin 178) and are static and global as Meta
says (IG Hashtag Search reference, 2024-07-23). How busy a hashtag is, who liked what and what is
written is drawn from its name, and posts go on appearing as simulated time passes.
"""

from __future__ import annotations

import hashlib
import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

DAY = timedelta(days=1)
_QUIETEST, _BUSIEST = 2, 300
"""Posts a day."""
_HITS_FOR = timedelta(days=30)
_HIT_EVERY = timedelta(hours=12)
_HIT_TIMES = 20
"""A hit is liked so many times as much."""
_DISORDER_SECONDS = 1800
_HIDDEN_LIKES = 0.1
_TYPES: tuple[Literal["IMAGE", "VIDEO", "CAROUSEL_ALBUM"], ...] = (
    "IMAGE",
    "VIDEO",
    "CAROUSEL_ALBUM",
)
_SENTENCES = ("Again today.", "One more from the walk.", "Before the rain.", "Took a while.", "")
_OTHER_TAGS = ("dune", "harbour", "slowmorning", "lighthouse", "weekend", "ferry", "bakery")


@dataclass(frozen=True, slots=True)
class FoundPost:
    """Somebody's public post."""

    id: str
    media_type: Literal["IMAGE", "VIDEO", "CAROUSEL_ALBUM"]
    caption: str
    published_at: datetime
    likes: int
    comments: int
    hides_likes: bool
    shortcode: str
    children: tuple[FoundPost, ...] = ()


def id_of(name: str) -> str:
    """The id of a hashtag."""
    return f"178{_number(name):014d}"


def recent(name: str, now: datetime) -> list[FoundPost]:
    """Those of the last 24 hours, newest first, though not strictly, as Meta warns."""
    begin = now - DAY
    posts = _hits(name, begin, now)
    daily = _posts_a_day(name)
    posts += _posts(f"{name}/everyday", name, DAY / daily, daily, begin, now)
    return sorted(posts, key=_roughly, reverse=True)


def top(name: str, now: datetime) -> list[FoundPost]:
    """Those of the last 30 days that were liked most."""
    return sorted(_hits(name, now - _HITS_FOR, now), key=lambda post: post.likes, reverse=True)


def _posts_a_day(name: str) -> int:
    share = _chance(f"{name} a day").random()
    return round(_QUIETEST * math.exp(share * math.log(_BUSIEST / _QUIETEST)))


def _hits(name: str, begin: datetime, now: datetime) -> list[FoundPost]:
    likes = _posts_a_day(name) * _HIT_TIMES
    return _posts(f"{name}/hit", name, _HIT_EVERY, likes, begin, now)


def _posts(
    series: str, name: str, every: timedelta, likes: int, begin: datetime, now: datetime
) -> list[FoundPost]:
    """One post in each stretch of `every` since 1970, those after `begin` and up to `now`."""
    seconds = every.total_seconds()
    first, last = (math.floor(at.timestamp() / seconds) for at in (begin, now))
    drawn = (
        _post(f"{series}/{number}", name, likes, number * seconds, seconds)
        for number in range(first, last + 1)
    )
    return [post for post in drawn if begin < post.published_at <= now]


def _post(key: str, name: str, median: int, begin: float, seconds: float) -> FoundPost:
    """One that appears in the `seconds` after `begin`; half of its kind have more likes."""
    chance = _chance(key)
    at = datetime.fromtimestamp(int(begin + chance.random() * seconds), UTC)
    likes = int(median * math.exp(chance.gauss(0, 1)))
    media_type = chance.choice(_TYPES)
    tags = " ".join(f"#{tag}" for tag in (name, *chance.sample(_OTHER_TAGS, k=2)))
    items = chance.randint(2, 5) if media_type == "CAROUSEL_ALBUM" else 0
    return FoundPost(
        id=f"180{_number(key):014d}",
        media_type=media_type,
        caption=f"{chance.choice(_SENTENCES)} {tags}".strip(),
        published_at=at,
        likes=likes,
        comments=int(likes * chance.uniform(0, 0.1)),
        hides_likes=chance.random() < _HIDDEN_LIKES,
        shortcode=f"C{_number(f'{key} shortcode'):014d}"[:11],
        children=tuple(_item(f"{key}/{item}", at) for item in range(items)),
    )


def _item(key: str, at: datetime) -> FoundPost:
    media_type = _chance(key).choice(_TYPES[:2])
    return FoundPost(f"180{_number(key):014d}", media_type, "", at, 0, 0, False, "")


def _roughly(post: FoundPost) -> float:
    return post.published_at.timestamp() + int(post.id) % _DISORDER_SECONDS


def _number(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % 10**14


def _chance(key: str) -> random.Random:
    return random.Random(key)  # noqa: S311 - must repeat
