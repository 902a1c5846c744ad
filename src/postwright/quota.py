"""When an account that has used up its posts may publish again."""

from __future__ import annotations

from typing import Final

from postwright import clock
from postwright.errors import RateLimitedError, TransientGraphError
from postwright.instagram import InstagramClient, Quota

_UNKNOWN_SECONDS: Final = 3600
_SOONEST_SECONDS: Final = 60
_PAGE_MAX: Final = 100


def seconds_until_slot(instagram: InstagramClient, quota: Quota) -> int:
    """Seconds until the oldest of the posts that count leaves the window, an hour if nobody knows.

    Instagram tells only how many posts count, so this is taken from the times of the newest ones,
    which it cuts to whole seconds.
    """
    try:
        page = instagram.recent_media(limit=min(_PAGE_MAX, max(1, quota.total)))
    except (TransientGraphError, RateLimitedError):
        return _UNKNOWN_SECONDS
    ages = [clock.seconds_since(media.timestamp) for media in page.media if media.timestamp]
    inside = [age for age in ages if 0 <= age < quota.duration_seconds]
    if not inside:
        return _UNKNOWN_SECONDS
    return max(_SOONEST_SECONDS, int(quota.duration_seconds - max(inside)) + 2)
