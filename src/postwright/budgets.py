"""What an account may still do, shared by all its runs: posts, containers and calls.

A run takes before it acts, so that two runs which both see one place left cannot both use it:

    posts       a run holds a slot from CheckQuota until it has published or ended
    containers  those that a run will make are reserved with its slot, and counted one by one,
                each before its call
    calls       are counted before they are made; usage headers say what that means

All of it is one record per account, the `Ledger`. Slots are taken under its version; numbers only
grow by additions, which never conflict. Whoever dies in between has counted too much, never too
little. A slot whose run is over counts no more: when slots are short the runs are looked at, so
that nothing rests on a slot being given back.

A refusal here comes before the call, so it proves that nothing was sent.
"""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from postwright import clock
from postwright.errors import QuotaExceededError, RateLimitedError, TransientGraphError
from postwright.executions import Executions
from postwright.failures import GraphFailure
from postwright.ledger import (
    CALL_BUCKET,
    CALLS,
    CALLS_EVER,
    CONTAINER_BUCKET,
    DAY,
    HOUR,
    MADE,
    POSTED,
    SLOT,
    Ledger,
    bucket,
)
from postwright.models import QuotaSeen, Ref, Slot, Throttle, UsageSeen, now_text, parse_instant
from postwright.settings import Settings
from postwright.store import ConditionFailedError, Store

if TYPE_CHECKING:
    from postwright.instagram import InstagramClient, Quota

Urgency = Literal["new", "look", "settle"]

QUOTA_WAIT_MAX_SECONDS: Final = 3600
"""A full quota is asked about once an hour, because its total may change."""
LEVELS: Final[dict[Urgency, float]] = {"new": 90.0, "look": 95.0, "settle": 100.0}
"""Up to which percentage of the call allowance calls are made: for new containers, for looks at
those that are processed, and for a post in flight, which must never be starved by the others.
"""
AHEAD_MAX: Final = 40.0
"""So much of the allowance, at most, must be free for what a run will do after it has begun."""
THROTTLE_SECONDS: Final = (300, 600, 1200, 2400, 3600)
ACCOUNT_THROTTLE_SECONDS: Final = (900, 1800, 3600, 7200)
"""Pauses after refusals in a row where Instagram does not say how long: for the app's and the
user's limits, and for the account's own (80002). Every call before its time lengthens the refusal.

Source: Graph API, rate limits (Meta, 2026): only the usage headers tell a time, and not always.
"""
_ACCOUNT_LIMIT: Final = 80002
_TOO_MANY_REQUESTS: Final = 429
_QUOTA_REACHED: Final = (9, 2207042)
_ROUNDS: Final = 6
_CONFLICT_SECONDS: Final = 0.2
_BUSY_SECONDS: Final = 5
_CALLS_PAUSE_MAX: Final = 300
_HELD_SECONDS: Final = 300
_SOONEST_SECONDS: Final = 60
_UNKNOWN_SECONDS: Final = 3600
_EARLIER_SECONDS: Final = 5
"""Who asked and was told to wait comes back after the moment before which others need not ask."""
_REFUSED_SECONDS: Final = 900
_QUIET_SECONDS: Final = 150
"""A run that ended with its publish call unclear may have a post under way for so long."""
_TOLD_WITHIN: Final = timedelta(minutes=10)
_PAGE_MAX: Final = 100
_NOTABLE_PERCENT: Final = 5.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Taken:
    """Calls that were counted before they are made, and where a container was; with a `pause`, none
    was, and none may be made for so many seconds. `frees_at` is when there will be room, which may
    be later than who waits asks again.
    """

    ledger: Ledger
    calls: int = 0
    pause: int = 0
    container: str | None = None
    frees_at: datetime | None = None

    @property
    def error(self) -> RateLimitedError:
        """The pause as an error, for who cannot wait."""
        pause_ends_at = clock.in_seconds(self.pause)
        until = clock.to_text(max(self.frees_at or pause_ends_at, pause_ends_at))
        return RateLimitedError(
            "The account has used up most of its calls, and more would only make Instagram refuse"
            f" them for longer. Try again after {until}.",
            wait_seconds=self.pause,
        )

    def without_pause(self) -> Taken:
        """Itself, for who cannot wait. Raises RateLimitedError where there must be a pause."""
        if self.pause:
            raise self.error
        return self


@dataclass(frozen=True)
class Short:
    """Why a run may not go on now, when to ask again, and when there will be room, if ever.

    One that `passes` in a moment is no reason to end a run. What is so `for_all` runs of the
    account need not be asked again by others.
    """

    reason: str
    wait_seconds: int
    frees_at: str | None
    passes: bool = False
    for_all: bool = False
    quota: Quota | None = None

    def error(self, advice: str, **fields: Any) -> QuotaExceededError:
        """The same as an error; `advice` says what to do then."""
        frees = f" Room frees at about {self.frees_at}; {advice}." if self.frees_at else ""
        return QuotaExceededError(f"{self.reason}{frees}", frees_at=self.frees_at, **fields)


@dataclass(frozen=True)
class Place:
    """Room for one more post: so many containers to reserve, and slots whose runs are over."""

    containers: int
    over: tuple[str, ...]


class Budgets:
    """The budgets of the accounts in a table."""

    def __init__(self, store: Store, executions: Executions, settings: Settings) -> None:
        self._store = store
        self._executions = executions
        self._calls_limit = settings.calls_per_hour
        self._containers_limit = settings.containers_per_day

    # Calls

    def take_calls(self, account_id: str, calls: int, urgency: Urgency, *, ahead: int = 0) -> Taken:
        """Count calls that are about to be made, unless there must be a pause first.

        `ahead` are calls that will follow if these are made: room for them must be left, but they
        are not counted yet.
        """
        ledger = self._store.count(account_id, self._numbers(calls))
        frees_at = self._frees_at(ledger, urgency, ahead)
        if frees_at is None:
            return Taken(ledger, calls)
        given_back = self._store.count(account_id, self._numbers(-calls))
        return _paused(given_back, frees_at)

    def count_calls(self, account_id: str, calls: int) -> Taken:
        """Count calls that will be made whatever is left, because somebody decided so."""
        return Taken(self._store.count(account_id, self._numbers(calls)), calls)

    def heard(self, account_id: str, taken: Taken, instagram: InstagramClient) -> None:
        """Keep what the usage headers said of the calls that were taken, and count those that were
        made without. Keeping count must never get in the way of a post, so this raises nothing.
        """
        try:
            self._hear(account_id, taken, instagram)
        except Exception:  # what Instagram answered is what matters to the caller
            _log.exception("The usage of account %s could not be noted", account_id)

    def refused(self, account_id: str, failure: GraphFailure) -> None:
        """Learn from an answer of Instagram: too many calls, or no post left."""
        if (failure.code, failure.subcode) == _QUOTA_REACHED:
            again = clock.to_text(clock.in_seconds(_REFUSED_SECONDS))
            self._store.note(account_id, {"askAgainAt": again})
        if is_call_limit(failure):
            ledger = self._store.ledger(account_id)
            refusals = _refusals(ledger)
            pauses = (
                ACCOUNT_THROTTLE_SECONDS if failure.code == _ACCOUNT_LIMIT else THROTTLE_SECONDS
            )
            seconds = failure.wait_seconds or pauses[min(refusals, len(pauses)) - 1]
            self._store.note(account_id, {"throttle": _throttle(ledger, seconds, refusals)})

    def used_share(self, taken: Taken) -> float:
        """How much of the account's calls is used, with those that were taken; 1 is all."""
        return taken.ledger.percent(self._calls_limit) / 100

    def throttled_seconds(self, account_id: str) -> int:
        """How long Instagram will refuse calls, as far as is known; 0 when it does not."""
        return _until(self._store.ledger(account_id).throttled_until)

    def _hear(self, account_id: str, taken: Taken, instagram: InstagramClient) -> None:
        ledger, usage = taken.ledger, instagram.usage
        missed = instagram.calls - taken.calls
        notes: dict[str, Any] = {}
        if usage.told:
            seen = ledger.usage if ledger.usage_is_fresh else None
            drift = ledger.percent(self._calls_limit) - usage.percent
            if seen is None or seen.percent != usage.percent or drift >= _NOTABLE_PERCENT:
                notes["usage"] = UsageSeen(
                    percent=usage.percent,
                    at=now_text(),
                    calls_ever=ledger.calls_ever + missed,
                    calls_then=max(1, ledger.calls_made + missed),
                ).to_json()
            if usage.regain_minutes:
                seconds = usage.regain_minutes * 60
                notes["throttle"] = _throttle(ledger, seconds, _refusals(ledger))
        if notes or missed:
            self._store.note(account_id, notes, self._numbers(missed) if missed else {})

    def _frees_at(self, ledger: Ledger, urgency: Urgency, ahead: int = 0) -> datetime | None:
        """Until when not to call, given a ledger in which the calls are counted already; None when
        they may be made now.
        """
        if ledger.throttled_until is not None:
            return ledger.throttled_until
        level = LEVELS[urgency]
        weight = ledger.weight(self._calls_limit)
        ahead = min(ahead, int(AHEAD_MAX / weight)) if weight else ahead
        if ledger.percent(self._calls_limit, more=ahead) <= level:
            return None
        return ledger.calls_fit_at(level, self._calls_limit, more=ahead)

    def _numbers(self, calls: int) -> dict[str, int]:
        return {f"{CALLS}{bucket(clock.now(), CALL_BUCKET)}": calls, CALLS_EVER: calls}

    # Containers

    def take_container(self, ref: Ref) -> Taken | Short:
        """Count one container, and the call that makes it, before the call.

        It comes out of what the run has reserved; a run that needs more than that, because
        something must be made again, takes one that nobody has reserved.
        """
        made = f"{MADE}{bucket(clock.now(), CONTAINER_BUCKET)}"
        numbers = {**self._numbers(1), made: 1}
        try:
            ledger = self._store.count(ref.account_id, numbers, reserved_by=ref.job_id, reserved=-1)
        except ConditionFailedError:
            found = self._take_unreserved(ref, numbers)
            if isinstance(found, Short):
                return found
            ledger = found
        frees_at = self._frees_at(ledger, "new")
        if frees_at is None:
            return Taken(ledger, 1, container=made)
        self._give_back(ref, {name: -number for name, number in numbers.items()})
        return _paused(ledger, frees_at)

    def take_lone_container(self, account_id: str) -> None:
        """Count one container that belongs to no run, and the call that makes it, before the call.

        Raises QuotaExceededError or RateLimitedError where there is no room for one.
        """
        no_run = Ref(session_id="none", group_id="none", job_id="none", account_id=account_id)
        taken = self.take_container(no_run)
        if isinstance(taken, Short):
            raise taken.error("try again then")
        taken.without_pause()

    def give_back_container(self, ref: Ref, taken: Taken) -> None:
        """Instagram has certainly made none: the run may make another in its place."""
        if taken.container is not None:
            self._give_back(ref, {taken.container: -1})

    def _give_back(self, ref: Ref, numbers: dict[str, int]) -> None:
        """What a run gives back it may take again; without a slot it is only not counted."""
        try:
            self._store.count(ref.account_id, numbers, reserved_by=ref.job_id, reserved=1)
        except ConditionFailedError:
            self._store.count(ref.account_id, numbers)

    def _take_unreserved(self, ref: Ref, numbers: dict[str, int]) -> Ledger | Short:
        for round_number in range(_ROUNDS):
            ledger = self._store.ledger(ref.account_id)
            short = self._short_of_containers(ledger, 1)
            if short is not None:
                return short
            try:
                return self._store.count(
                    ref.account_id, {**numbers, "version": 1}, version=ledger.version
                )
            except ConditionFailedError:
                _let_others_pass(round_number)
        return _BUSY

    def _short_of_containers(self, ledger: Ledger, wanted: int) -> Short | None:
        limit = self._containers_limit
        fits_at = ledger.containers_fit_at(wanted, limit)
        if fits_at is not None and fits_at <= ledger.read_at:
            return None
        used, reserved = ledger.containers_used, ledger.containers_reserved
        reason = (
            f"The account may make {limit} containers in 24 hours; {used} are used,"
            f" {reserved} are reserved by runs under way, and this needs {wanted}."
        )
        if fits_at is None and not reserved:
            return Short(reason, _UNKNOWN_SECONDS, None)
        if fits_at is None:
            fits_at = ledger.read_at + DAY
        wait_seconds = max(_SOONEST_SECONDS, _until(fits_at))
        if reserved:
            wait_seconds = min(wait_seconds, _HELD_SECONDS)
        return Short(reason, wait_seconds, clock.to_text(fits_at))

    # Posts

    def asks_again_in(self, ref: Ref) -> int:
        """How long a run that waits for a slot need not ask Instagram, because another has; 0 for
        one that has its slot.
        """
        ledger = self._store.ledger(ref.account_id)
        seconds = 0 if ref.job_id in ledger.slots else _until(ledger.ask_again_at)
        return seconds + _jitter() if seconds else 0

    def hold_slot(
        self,
        ref: Ref,
        instagram: InstagramClient,
        ledger: Ledger,
        containers: Callable[[], int] = lambda: 0,
    ) -> Quota | Short:
        """Take one of the account's posts for a run, and reserve the containers that it will make;
        or say why not, and let go of a slot that it has.

        The ledger is read first, then Instagram's count, and the slot is written under the ledger's
        version: at that moment posts that are live and slots that others hold leave room for one
        more. `containers` is asked when there is a post left. A repeat is safe.
        """
        quota: Quota | None = None
        holders: set[str] = set()
        notes: dict[str, Any]
        for round_number in range(_ROUNDS):
            if quota is None or not holders <= ledger.slots.keys():
                holders = set(ledger.slots)  # one that is gone may have published after the count
                quota = instagram.quota()
            place = self._place(ref.job_id, instagram, ledger, quota, containers)
            notes = {**_tidied(ledger), **_seen(quota)}
            if isinstance(place, Short):
                if place.for_all:
                    seconds = min(place.wait_seconds, QUOTA_WAIT_MAX_SECONDS) - _EARLIER_SECONDS
                    notes["askAgainAt"] = clock.to_text(clock.in_seconds(seconds))
                if ref.job_id in ledger.slots:
                    self._store.free_slot(ref.account_id, ref.job_id, notes)
                else:
                    self._store.note(ref.account_id, notes)
                return replace(place, quota=quota)
            slot = Slot(session_id=ref.session_id, taken_at=now_text(), containers=place.containers)
            over = dict.fromkeys((f"{SLOT}{job_id}" for job_id in place.over), None)
            try:
                self._store.hold_slot(
                    ref.account_id,
                    ref.job_id,
                    ledger.version,
                    slot,
                    {**notes, **over, "askAgainAt": None},
                )
            except ConditionFailedError:
                _let_others_pass(round_number)
                ledger = self._store.ledger(ref.account_id)
            else:
                return quota
        return _BUSY

    def shortage(
        self, account_id: str, instagram: InstagramClient, ledger: Ledger, containers: int
    ) -> Short | None:
        """Why a run that makes so many containers could not begin now; nothing is taken."""
        quota = instagram.quota()
        place = self._place("", instagram, ledger, quota, lambda: containers)
        self.note_quota(account_id, quota)
        return place if isinstance(place, Short) else None

    def note_quota(self, account_id: str, quota: Quota) -> None:
        """Keep Instagram's count, for who only wants to see it."""
        self._store.note(account_id, _seen(quota))

    def let_go(self, account_id: str, job_id: str, *, published: bool = False) -> None:
        """A run is over and needs its slot no more. A repeat is safe."""
        notes = {f"{POSTED}{job_id}": now_text()} if published else {"askAgainAt": None}
        self._store.free_slot(account_id, job_id, notes)

    def lose_slot(self, ref: Ref) -> None:
        """Instagram had no post left after all, so that the slot was worth nothing."""
        self._store.free_slot(ref.account_id, ref.job_id, {})

    def _place(
        self,
        job_id: str,
        instagram: InstagramClient,
        ledger: Ledger,
        quota: Quota,
        containers: Callable[[], int],
    ) -> Place | Short:
        """A place for one more post and its containers; the runs of other slots are looked at where
        there would be none.
        """
        others = ledger.without([job_id])
        free = quota.total - _used(ledger, quota)
        over: list[str] = []
        wanted = containers() if len(others.slots) < free else 0
        if len(others.slots) >= free or self._short_of_containers(others, wanted):
            over = [name for name, slot in others.slots.items() if self._is_over(name, slot)]
            others = others.without(over)
            wanted = wanted or (containers() if len(others.slots) < free else 0)
        if len(others.slots) >= free:
            return _short_of_posts(instagram, others, quota)
        return self._short_of_containers(others, wanted) or Place(wanted, tuple(over))

    def _is_over(self, job_id: str, slot: Slot) -> bool:
        """Whether the run that took a slot can publish no more, as its record or its execution
        says.
        """
        job = self._store.job(slot.session_id, job_id)
        if job is None:
            return True
        if job.status not in ("publishing", "unconfirmed"):
            return True
        if clock.seconds_since(parse_instant(job.updated_at)) <= _QUIET_SECONDS:
            return False
        if job.status == "unconfirmed":
            return True
        execution = self._executions.describe(job_id)
        return execution is not None and not execution.running


_BUSY: Final = Short(
    "Other runs of the account are taking their slots.", _BUSY_SECONDS, None, passes=True
)


def _paused(ledger: Ledger, frees_at: datetime) -> Taken:
    """No calls for now: those who are refused by Instagram wait until it is over, others look again
    every few minutes, because what the headers say may change.
    """
    seconds = _until(frees_at)
    if ledger.throttled_until is None:
        seconds = min(_CALLS_PAUSE_MAX, max(_SOONEST_SECONDS, seconds))
    return Taken(ledger, pause=seconds + _jitter(), frees_at=frees_at)


def is_call_limit(failure: GraphFailure) -> bool:
    """Whether Instagram refused a call because there were too many."""
    row = failure.row
    known = row is not None and issubclass(row.error, RateLimitedError)
    return known or failure.http_status == _TOO_MANY_REQUESTS


def _short_of_posts(instagram: InstagramClient, others: Ledger, quota: Quota) -> Short:
    """When a slot may be free: when so many posts have left the window as there are too many.

    Instagram tells only how many posts count. When they went live is known of our own; of others it
    is taken from the times of the newest posts, which it cuts to whole seconds.
    """
    held, used = len(others.slots), _used(others, quota)
    window = timedelta(seconds=quota.duration_seconds)
    seconds = _UNKNOWN_SECONDS
    times = others.posted_within(window)
    if len(times) < quota.used:
        times = _times_of_posts(instagram, quota, window)
    if 0 <= used + held - quota.total < len(times):
        frees_at = times[used + held - quota.total] + window
        seconds = max(_SOONEST_SECONDS, _until(frees_at) + 2)
    reason = f"The account has used its {quota.total} posts of 24 hours."
    if used < quota.total:
        reason = (
            f"Of the account's {quota.total} posts of 24 hours {used} are used, and runs under way"
            f" hold the other {held}."
        )
    wait_seconds = min(seconds, _HELD_SECONDS) if used < quota.total else seconds
    free = clock.to_text(clock.in_seconds(seconds))
    return Short(reason, wait_seconds, free, for_all=True)


def _used(ledger: Ledger, quota: Quota) -> int:
    """Posts that count. Instagram's count is the truth; only right after a post of ours, when it
    may not tell of it yet, ours counts if it is higher.
    """
    own = ledger.posted_within(timedelta(seconds=quota.duration_seconds))
    is_recent = bool(own) and ledger.read_at - own[-1] < _TOLD_WITHIN
    return max(quota.used, len(own)) if is_recent else quota.used


def _times_of_posts(instagram: InstagramClient, quota: Quota, window: timedelta) -> list[datetime]:
    """When the posts of the window went live, oldest first; [] when that cannot be read."""
    try:
        page = instagram.recent_media(limit=min(_PAGE_MAX, max(1, quota.total)))
    except (TransientGraphError, RateLimitedError):
        return []
    times = [media.timestamp for media in page.media if media.timestamp]
    return sorted(at for at in times if timedelta() <= clock.now() - at < window)


def _refusals(ledger: Ledger) -> int:
    """Which refusal in a row this one is; those of one burst are one, and a quiet hour ends it."""
    if ledger.throttle is None:
        return 1
    if ledger.throttled_until is not None:
        return ledger.throttle.refusals
    over = ledger.read_at - parse_instant(ledger.throttle.until)
    return 1 if over > HOUR else ledger.throttle.refusals + 1


def _throttle(ledger: Ledger, seconds: float, refusals: int) -> dict[str, Any]:
    """The note of a refusal; one that lasts longer stays."""
    until = clock.in_seconds(seconds)
    if ledger.throttled_until is not None:
        until = max(until, ledger.throttled_until)
    return Throttle(until=clock.to_text(until), refusals=refusals).to_json()


def _seen(quota: Quota) -> dict[str, Any]:
    return {"quota": QuotaSeen(used=quota.used, total=quota.total, at=now_text()).to_json()}


def _tidied(ledger: Ledger) -> dict[str, None]:
    return dict.fromkeys(ledger.stale())


def _until(at: datetime | None) -> int:
    """Whole seconds until a moment, at least 0."""
    return max(0, math.ceil((at - clock.now()).total_seconds())) if at is not None else 0


def _jitter() -> int:
    """Runs that wait for the same thing do not all come back at once."""
    return random.randint(1, 30)  # noqa: S311 spreads retries, guards nothing


def _let_others_pass(round_number: int) -> None:
    most = _CONFLICT_SECONDS * (round_number + 1)
    clock.sleep(random.uniform(0, most))  # noqa: S311 spreads retries, guards nothing
