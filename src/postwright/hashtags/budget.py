"""The budget of hashtag searches: 30 different hashtags in any 7 days, as Instagram counts them.

Instagram's own list of what counts is read before a new hashtag is searched for, so that other
tools on the same account are seen. What one of our processes sets out to search for is written into
the account's record first; the record is written under its version, so that two processes cannot
both take the last place.

    taken    a place in the record, before the call
    counted  the call was answered, or the list shows it
    back     Instagram certainly did not count it

A hashtag that was asked for less than an hour ago keeps its place whatever the list says: its call
may still be under way. After that the list decides, also about calls that had no clear answer, and
about processes that died. That covers repeats, too, which are free: one whose 7 days end just
before its call takes up the place that it had.

Only a tool that searches in the moment between our reading of the list and our call can take what
we believed to be free. Then Instagram refuses, and nothing is lost but the call.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from postwright import clock, limits
from postwright.errors import QuotaExceededError, RateLimitedError, TransientGraphError
from postwright.graph_search import GraphSearch, Hashtag
from postwright.hashtags.tags import normalise
from postwright.models import SearchedHashtag, SearchLedger, now_text, parse_instant
from postwright.store import ConditionFailedError, Store

WINDOW: Final = timedelta(days=7)
LIMIT: Final = limits.HASHTAG_SEARCHES.value
_CALL_MAY_BE_UNDER_WAY: Final = timedelta(hours=1)
_PAUSE: Final = timedelta(minutes=15)
_ROUNDS: Final = 8
_CONFLICT_SECONDS: Final = 0.2

_T = TypeVar("_T")


@dataclass(frozen=True)
class Standing:
    """What counts, the soonest to free first; `as_of` is when Instagram listed it, None for never:
    then it is only what our own processes have searched for.
    """

    hashtags: Sequence[SearchedHashtag]
    as_of: str | None = None

    @classmethod
    def of(cls, ledger: SearchLedger) -> Standing:
        """The standing that a record tells."""
        hashtags = sorted(ledger.hashtags, key=lambda found: found.since)
        return cls(hashtags, ledger.synced_at)

    @property
    def used(self) -> int:
        """How many Instagram counts."""
        return sum(found.counted for found in self.hashtags)

    @property
    def open(self) -> int:
        """How many are taken for calls that have no answer yet, or had no clear one."""
        return len(self.hashtags) - self.used

    @property
    def free(self) -> int:
        """How many new hashtags may be searched for."""
        return max(0, LIMIT - len(self.hashtags))


def frees_at(found: SearchedHashtag) -> datetime:
    """When the hashtag counts no more, at the latest."""
    return parse_instant(found.since) + WINDOW


def last_known(store: Store, account_id: str) -> Standing:
    """What the account's record tells without a call to Instagram, less what has left it since."""
    ledger = store.search_ledger(account_id)
    ledger.hashtags = [found for found in ledger.hashtags if frees_at(found) > clock.now()]
    return Standing.of(ledger)


class HashtagBudget:
    """The searches of one account."""

    def __init__(self, store: Store, account_id: str, search: GraphSearch) -> None:
        self._store = store
        self._account_id = account_id
        self._search = search

    def look(self) -> Standing:
        """What counts now, by Instagram's own list."""
        return Standing.of(self._change(_unchanged, synced=True)[0])

    def take(self, tags: Sequence[str]) -> dict[str, str]:
        """A place for each hashtag that does not count yet, for all or for none.

        Returns the ids of those that count already. Raises QuotaExceededError with the time when
        there will be room, and RateLimitedError while the app's calls are nearly used up.
        """
        self._check_pause()
        _, known = self._change(lambda ledger: _take(ledger, tags), synced=True)
        return known

    def count(self, tag: str, hashtag_id: str) -> None:
        """Instagram has answered: the hashtag counts."""
        self._change(lambda ledger: _count(ledger, tag, hashtag_id))

    def give_back(self, tags: Sequence[str]) -> None:
        """Instagram has certainly not counted these."""
        self._change(lambda ledger: _give_back(ledger, tags))

    def taken_by_others(self) -> QuotaExceededError:
        """The error for a search that Instagram refused although there was room a moment before."""
        standing = self.look()
        if standing.free:
            return QuotaExceededError(
                f"Instagram refuses to search for new hashtags, although it lists {standing.used}"
                f" of {LIMIT}. Try again in an hour."
            )
        reason = "Another tool has used up the searches of this account at the same moment."
        return _no_room(standing, 1, reason)

    def pause(self, seconds: int) -> None:
        """Ask nothing for so long, or for a while when Instagram does not tell."""
        until = clock.to_text(clock.in_seconds(seconds or _PAUSE.total_seconds()))

        def write(ledger: SearchLedger) -> None:
            ledger.paused_until = until

        self._change(write)

    def _check_pause(self) -> None:
        until = self._store.search_ledger(self._account_id).paused_until
        if until is not None and parse_instant(until) > clock.now():
            wait = (parse_instant(until) - clock.now()).total_seconds()
            raise RateLimitedError(
                f"The app's calls are nearly used up. Nothing is asked before {until}, because that"
                " would only make Instagram refuse them for longer.",
                wait_seconds=int(wait) + 1,
            )

    def _change(
        self, change: Callable[[SearchLedger], _T], *, synced: bool = False
    ) -> tuple[SearchLedger, _T]:
        """Change the record under its version; with `synced`, what Instagram lists comes first."""
        for _ in range(_ROUNDS):
            ledger = self._store.search_ledger(self._account_id)
            if synced:
                _sync(ledger, self._search.searched_hashtags())
            result = change(ledger)
            try:
                self._store.put_search_ledger(self._account_id, ledger)
            except ConditionFailedError:
                clock.sleep(_CONFLICT_SECONDS * random.random())  # noqa: S311 spreads retries
                continue
            return ledger, result
        raise TransientGraphError(
            "Other processes search for hashtags of this account all the time. Try again."
        )


def _sync(ledger: SearchLedger, listed: Sequence[Hashtag]) -> None:
    """Let Instagram's list decide about all but calls that may be under way."""
    with_id = {found.id: found for found in ledger.hashtags if found.id}
    without_id = {found.tag: found for found in ledger.hashtags if not found.id and found.tag}
    kept = []
    for held in ledger.hashtags:
        if not _may_be_under_way(held):
            held.asked_at, held.takers = None, 0
    for shown in listed:
        name = normalise(shown.name) if shown.name else ""
        found = with_id.pop(shown.id, None) or without_id.pop(name, None)
        if found is None:
            found = SearchedHashtag(tag=name or None, counted=True, since=_by_now())
        elif _begins_now(found):
            found.since = _by_now()
        found.id, found.counted = shown.id, True
        found.tag = found.tag or name or None
        kept.append(found)
    for held in (*with_id.values(), *without_id.values()):
        if held.asked_at:
            held.counted = False
            kept.append(held)
    ledger.hashtags = kept
    ledger.synced_at = now_text()


def _take(ledger: SearchLedger, tags: Sequence[str]) -> dict[str, str]:
    by_tag = {found.tag: found for found in ledger.hashtags if found.tag}
    new = [tag for tag in tags if tag not in by_tag]
    _check_room(ledger, new)
    now = now_text()
    for tag in tags:
        found = by_tag.get(tag)
        if found is None:
            found = SearchedHashtag(tag=tag, counted=False, since=_by_now())
            ledger.hashtags.append(found)
        found.asked_at = now
        found.takers += 1
    return {tag: found.id for tag in tags if (found := by_tag.get(tag)) and found.id}


def _check_room(ledger: SearchLedger, new: Sequence[str]) -> None:
    standing = Standing.of(ledger)
    missing = len(new) + len(standing.hashtags) - LIMIT
    if not new or missing <= 0:
        return
    reason = (
        f"This needs {len(new)} new hashtag search{'' if len(new) == 1 else 'es'}, and"
        f" {standing.free} of {LIMIT} in 7 days are free."
    )
    if len(new) > LIMIT:
        raise QuotaExceededError(f"{reason} Ask for fewer at once.")
    raise _no_room(standing, missing, reason)


def _no_room(standing: Standing, missing: int, reason: str) -> QuotaExceededError:
    frees = clock.to_text(frees_at(standing.hashtags[missing - 1]))
    again = " ".join(sorted(f"#{it.tag}" for it in standing.hashtags if it.tag and it.counted))
    meanwhile = f" Free meanwhile, because they count already: {again}." if again else ""
    return QuotaExceededError(
        f"{reason} There is room at {frees} at the latest.{meanwhile}", frees_at=frees
    )


def _count(ledger: SearchLedger, tag: str, hashtag_id: str) -> None:
    """The place that was taken and what the list showed meanwhile may be the same hashtag."""
    same = [found for found in ledger.hashtags if hashtag_id == found.id or tag == found.tag]
    others = [found for found in ledger.hashtags if found not in same]
    same.sort(key=lambda found: not found.counted)
    first = same[0] if same else SearchedHashtag(counted=False, since=_by_now())
    takers = max(0, max((found.takers for found in same), default=1) - 1)
    if _begins_now(first):
        first.since = _by_now()
    elif not takers:
        first.asked_at = None
    first.tag, first.id, first.counted, first.takers = tag, hashtag_id, True, takers
    ledger.hashtags = [*others, first]


def _give_back(ledger: SearchLedger, tags: Sequence[str]) -> None:
    kept = []
    for found in ledger.hashtags:
        if found.tag in tags:
            found.takers = max(0, found.takers - 1)
            if not found.takers:
                found.asked_at = None
        if found.counted or found.takers or found.tag not in tags:
            kept.append(found)
    ledger.hashtags = kept


def _by_now() -> str:
    """The current instant as text, which has milliseconds; never an earlier one."""
    return clock.to_text(clock.in_seconds(0.001))


def _begins_now(found: SearchedHashtag) -> bool:
    """Whether the 7 days of a hashtag that is seen to count began since it was last seen so."""
    return not found.counted or frees_at(found) <= clock.now()


def _may_be_under_way(found: SearchedHashtag) -> bool:
    if found.asked_at is None:
        return False
    return clock.now() - parse_instant(found.asked_at) < _CALL_MAY_BE_UNDER_WAY


def _unchanged(_ledger: SearchLedger) -> None:
    """Nothing but what the list says."""
