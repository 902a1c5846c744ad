"""How long a run waits for its containers, and what it learns from how long they took."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pydantic import ValidationError

from postwright import pacing
from postwright.app import App
from postwright.models import PARENT, Container, Job, parse_instant
from postwright.pacing import Awaited
from postwright.ready_times import AwaitedKind, ReadyTimes, Traits

_SLOWEST_ANSWER: Final = 3.0
"""In seconds; one that took longer is no reason to look so much earlier."""


@dataclass
class Pace:
    """That of one account, from what was seen of it; the table is read when that is first asked.

    `used` is the share of the account's calls that is used: the more, the fewer looks are taken.
    `answer_seconds` is what Instagram took to answer a moment ago, and will take after the wait.
    """

    app: App
    account_id: str
    used: float = 0.0
    answer_seconds: float = 0.5

    @cached_property
    def known(self) -> ReadyTimes:
        """What was seen; numbers that make no sense count as none."""
        try:
            return ReadyTimes.model_validate(self.app.store.ready_times(self.account_id))
        except ValidationError:
            return ReadyTimes()

    def first_wait(self, job: Job, indices: Iterable[int]) -> int:
        """Whole seconds from the creation of these items' containers to the first look at them."""
        return self._wait([_awaited(job, str(index), 0.0) for index in indices])

    def next_wait(self, job: Job) -> int | None:
        """Whole seconds until the next look at what is unfinished of the job; None without any."""
        unfinished = [
            _awaited(job, key, container.age_seconds)
            for key, container in job.containers.items()
            if container.state == "created"
        ]
        return self._wait(unfinished) if unfinished else None

    def expected_seconds(self, job: Job) -> list[int]:
        """How long each item is expected to be processed."""
        awaited = [_awaited(job, str(item.index), 0.0) for item in job.items]
        of_kind = {kind: self.known.of(kind) for kind in {one.kind for one in awaited}}
        return [round(of_kind[one.kind].seconds(one.traits)) for one in awaited]

    def learn(self, job: Job, ready: Collection[str]) -> None:
        """Keep how long containers took that were found ready just now and not at the look before,
        which the job tells. A repeat counts them twice, which does no harm.
        """
        if not ready:
            return
        times = self.known
        for key in ready:
            if key != PARENT and PARENT in job.containers:
                continue  # it was ready before, and looked at once more
            one = _awaited(job, key, job.containers[key].age_seconds)
            before = _age_at_last_look(job, job.containers[key])
            times = times.with_seen(one.kind, one.traits, before, one.age_seconds)
        if times is not self.known:
            self.app.store.put_ready_times(self.account_id, times.to_json())

    def _wait(self, awaited: list[Awaited]) -> int:
        settings = self.app.settings
        if settings.look_waits and awaited:
            oldest = max(one.age_seconds for one in awaited)
            return pacing.fixed_wait(settings.look_waits, oldest)
        price = pacing.price_seconds(settings.look_price_seconds, self.used)
        return pacing.next_wait(
            awaited, self.known, price, min(self.answer_seconds, _SLOWEST_ANSWER)
        )


def _awaited(job: Job, key: str, age_seconds: float) -> Awaited:
    if key == PARENT:
        return Awaited("parent", age_seconds, Traits())
    item = job.items[int(key)]
    kind: AwaitedKind = item.media.kind
    return Awaited(kind, age_seconds, Traits.of(item))


def _age_at_last_look(job: Job, container: Container) -> float:
    """In seconds; 0 for a container that was not looked at before."""
    if job.looked_at is None or container.created_at is None:
        return 0.0
    age = parse_instant(job.looked_at) - parse_instant(container.created_at)
    return max(age.total_seconds(), 0.0)
