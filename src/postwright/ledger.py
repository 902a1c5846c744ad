"""What is known of an account's budgets at one moment: the record, and the arithmetic on it.

Containers and calls are counted in buckets of some minutes, which bounds the size of the record. A
bucket counts until its last moment has left the window, and a little longer, because Instagram
makes a container some seconds after it was counted here and its clock is not ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from postwright import clock
from postwright.models import QuotaSeen, Slot, Throttle, UsageSeen, parse_instant

DAY: Final = timedelta(hours=24)
HOUR: Final = timedelta(hours=1)
MARGIN: Final = timedelta(minutes=1)
"""A call takes 20 seconds at most, and clocks differ by seconds."""
CONTAINER_BUCKET: Final = timedelta(minutes=10)
CALL_BUCKET: Final = timedelta(minutes=5)
_WEIGHT_MAX: Final = 5.0
"""In percent: an allowance is taken to be 20 calls at least, however much others have used of it.
"""

SLOT: Final = "slot#"
POSTED: Final = "posted#"
MADE: Final = "made#"
CALLS: Final = "calls#"
CALLS_EVER: Final = "callsEver"


@dataclass(frozen=True)
class Ledger:
    """An account's record `BUDGET` as it was read at `read_at`.

    `version` changes with every slot that is taken or let go of. `slots` and `posted` are by job;
    `made` (containers) and `calls` are numbers by the first moment of their bucket. `calls_ever`
    only grows, so that the calls between two moments can be told.
    """

    read_at: datetime
    version: int = 0
    slots: Mapping[str, Slot] = field(default_factory=dict)
    posted: Mapping[str, datetime] = field(default_factory=dict)
    made: Mapping[datetime, int] = field(default_factory=dict)
    calls: Mapping[datetime, int] = field(default_factory=dict)
    calls_ever: int = 0
    usage: UsageSeen | None = None
    quota: QuotaSeen | None = None
    throttle: Throttle | None = None
    ask_again_at: datetime | None = None

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Ledger:
        """The ledger that an item of the table holds; an empty item is an empty ledger."""
        return cls(
            read_at=clock.now(),
            version=item.get("version", 0),
            slots={job: Slot.model_validate(found) for job, found in _named(item, SLOT)},
            posted={job: parse_instant(found) for job, found in _named(item, POSTED)},
            made={_bucket_of(text): number for text, number in _named(item, MADE)},
            calls={_bucket_of(text): number for text, number in _named(item, CALLS)},
            calls_ever=item.get(CALLS_EVER, 0),
            usage=UsageSeen.model_validate(item["usage"]) if "usage" in item else None,
            quota=QuotaSeen.model_validate(item["quota"]) if "quota" in item else None,
            throttle=Throttle.model_validate(item["throttle"]) if "throttle" in item else None,
            ask_again_at=parse_instant(item["askAgainAt"]) if "askAgainAt" in item else None,
        )

    def without(self, jobs: Iterable[str]) -> Ledger:
        """The ledger as if these jobs held nothing."""
        gone = set(jobs)
        return replace(self, slots={job: s for job, s in self.slots.items() if job not in gone})

    # Posts

    def posted_within(self, window: timedelta) -> list[datetime]:
        """When our own posts of the window went live, oldest first."""
        return sorted(at for at in self.posted.values() if self.read_at - at < window)

    # Containers

    @property
    def containers_used(self) -> int:
        """Containers that count as made in the last 24 hours."""
        return sum(_inside(self.made, self.read_at, CONTAINER_BUCKET, DAY).values())

    @property
    def containers_reserved(self) -> int:
        """Containers that runs under way have yet to make."""
        return sum(slot.containers for slot in self.slots.values())

    def containers_fit_at(self, wanted: int, limit: int) -> datetime | None:
        """When so many more containers fit, which may be now; None when they never will."""
        room = limit - self.containers_reserved - wanted
        for at, left in _running_out(self.made, self.read_at, CONTAINER_BUCKET, DAY):
            if left <= room:
                return at
        return None

    def containers_free_at(self) -> datetime | None:
        """When the next of the containers that are used leave the window; None when none is."""
        moments = [at for at, _ in _running_out(self.made, self.read_at, CONTAINER_BUCKET, DAY)]
        return moments[1] if len(moments) > 1 else None

    # Calls

    @property
    def calls_made(self) -> int:
        """Calls that we have made in the last hour."""
        return sum(_inside(self.calls, self.read_at, CALL_BUCKET, HOUR).values())

    @property
    def usage_is_fresh(self) -> bool:
        """Whether what the headers said still says something: the allowance is of an hour, and
        what they said before a refusal says nothing after it.
        """
        if self.usage is None:
            return False
        seen_at = parse_instant(self.usage.at)
        over_at = parse_instant(self.throttle.until) if self.throttle else seen_at
        return self.read_at - seen_at < HOUR and not seen_at < over_at <= self.read_at

    def percent(self, limit: int, *, more: int = 0, made: int | None = None) -> float:
        """The share of the call allowance that is used, with so many `more` calls.

        What the headers said last, less what has left the window since, with our own calls since
        then on top. Without headers it is our calls of the last hour in a hundred of `limit`.
        `made` are our calls of the hour, if another moment is meant.
        """
        made = self.calls_made if made is None else made
        if self.usage is None or not self.usage_is_fresh:
            return (made + more) * 100 / limit
        since = self.calls_ever - self.usage.calls_ever
        then = max(1, self.usage.calls_then)
        kept = min(1.0, max(0, made - since) / then)
        weight = min(_WEIGHT_MAX, (self.usage.percent + 1) / then)
        return self.usage.percent * kept + weight * (since + more)

    def weight(self, limit: int) -> float:
        """What one more call costs, in percent."""
        return self.percent(limit, more=1) - self.percent(limit)

    def calls_fit_at(self, level: float, limit: int, *, more: int) -> datetime:
        """When so many more calls stay within a level, as our own calls leave the window."""
        at = self.read_at
        for at, made in _running_out(self.calls, self.read_at, CALL_BUCKET, HOUR):
            if self.percent(limit, more=more, made=made) <= level:
                return at
        return at

    @property
    def throttled_until(self) -> datetime | None:
        """Until when Instagram refuses calls, or None."""
        until = parse_instant(self.throttle.until) if self.throttle else None
        return until if until is not None and until > self.read_at else None

    # Tidying

    def stale(self) -> list[str]:
        """Attributes that say nothing any more."""
        names = [
            f"{prefix}{bucket_name(at)}"
            for prefix, buckets, width, window in (
                (MADE, self.made, CONTAINER_BUCKET, DAY),
                (CALLS, self.calls, CALL_BUCKET, HOUR),
            )
            for at in buckets
            if at + width + window + 2 * MARGIN <= self.read_at
        ]
        return names + [
            f"{POSTED}{job}" for job, at in self.posted.items() if self.read_at - at > DAY + MARGIN
        ]


def bucket(now: datetime, width: timedelta) -> str:
    """The name of the bucket that a moment falls into."""
    seconds = int(width.total_seconds())
    return bucket_name(datetime.fromtimestamp(now.timestamp() // seconds * seconds, now.tzinfo))


def bucket_name(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%MZ}"


def _bucket_of(name: str) -> datetime:
    return datetime.strptime(f"{name}+0000", "%Y%m%dT%H%MZ%z")


def _named(item: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in item.items():
        if name.startswith(prefix):
            yield name.removeprefix(prefix), value


def _inside(
    buckets: Mapping[datetime, int], now: datetime, width: timedelta, window: timedelta
) -> dict[datetime, int]:
    """The buckets that still count; a number below 0 is the trace of one that was given back."""
    return {
        at: max(0, number) for at, number in buckets.items() if at + width + window + MARGIN > now
    }


def _running_out(
    buckets: Mapping[datetime, int], now: datetime, width: timedelta, window: timedelta
) -> Iterator[tuple[datetime, int]]:
    """What is counted now, and each later moment at which something leaves, with what is left."""
    inside = _inside(buckets, now, width, window)
    left = sum(inside.values())
    yield now, left
    for at in sorted(inside):
        left -= inside[at]
        yield at + width + window + MARGIN, left
