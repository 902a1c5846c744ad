"""Searching for hashtags: there is room before each call, and numbers are all that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from postwright.errors import (
    AccountBlockedError,
    InvalidPostError,
    PostwrightError,
    QuotaExceededError,
    RateLimitedError,
    TokenInvalidError,
)
from postwright.graph_search import GraphSearch
from postwright.hashtags.budget import HashtagBudget, Standing
from postwright.hashtags.statistics import Statistics, measure

_REFUSALS: Final = (AccountBlockedError, QuotaExceededError, RateLimitedError, TokenInvalidError)
_NO_SUCH_HASHTAG: Final = 2207024


@dataclass
class Found:
    """What a search found: numbers by hashtag, sentences for those that Instagram refused, and the
    error that ended the search early.
    """

    measured: dict[str, Statistics] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    stopped: PostwrightError | None = None


def search(budget: HashtagBudget, graph: GraphSearch, tags: Sequence[str]) -> Found:
    """Search for hashtags and measure them; a repeat within 7 days is free.

    Raises QuotaExceededError before the first call when there is no room for all that are new, and
    whatever the first look at Instagram's list raises.
    """
    known = budget.take(tags)
    found, left = Found(), list(tags)
    try:
        while left and found.stopped is None:
            tag = left.pop(0)
            try:
                found.measured[tag] = _measure(budget, graph, tag, known.get(tag))
            except InvalidPostError as error:
                found.refused[tag] = error.sentence
            except PostwrightError as error:
                found.stopped = error
    finally:
        if left:
            budget.give_back(left)
    if isinstance(found.stopped, RateLimitedError):
        budget.pause(found.stopped.wait_seconds)
    if isinstance(found.stopped, QuotaExceededError):
        found.stopped = budget.taken_by_others()
    return found


def affordable(standing: Standing, tags: Sequence[str], also: Sequence[str]) -> list[str]:
    """`tags`, and as many of `also` as there is room for besides them."""
    counted = {found.tag for found in standing.hashtags}
    free = standing.free - sum(tag not in counted for tag in tags)
    chosen = list(tags)
    for tag in also:
        is_new = tag not in counted
        if tag in chosen or (is_new and free <= 0):
            continue
        chosen.append(tag)
        free -= is_new
    return chosen


def _measure(
    budget: HashtagBudget, graph: GraphSearch, tag: str, hashtag_id: str | None
) -> Statistics:
    """The first call counts, whichever it is."""
    top = None
    try:
        if hashtag_id is None:
            hashtag_id = graph.hashtag_id(tag)
        else:
            top = graph.top_posts(hashtag_id)
    except PostwrightError as error:
        if not _may_count(error):
            budget.give_back([tag])
        raise
    budget.count(tag, hashtag_id)
    return measure(top or graph.top_posts(hashtag_id), graph.recent_posts(hashtag_id))


def _may_count(error: PostwrightError) -> bool:
    """Whether a search may count although it failed. A hashtag that nobody uses has no id that
    could count; whether a sensitive one counts is not told.
    """
    return not isinstance(error, _REFUSALS) and error.subcode != _NO_SUCH_HASHTAG
