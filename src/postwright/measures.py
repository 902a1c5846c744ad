"""What is measured: one table of metrics, and the numbers of a process until somebody takes them.

Whoever measures says only what a number is about. How that becomes log lines which CloudWatch reads
is the business of `postwright.emitting`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from postwright import clock
from postwright.models import parse_instant

if TYPE_CHECKING:
    from postwright.models import Job

Unit = Literal["Count", "Percent", "Seconds"]


@dataclass(frozen=True)
class Metric:
    """A metric's unit, and the sets of dimensions under which it can be asked for; each has the
    dimension `service` besides. Numbers of one invocation are added up, or stand side by side.
    """

    unit: Unit
    dimensions: tuple[tuple[str, ...], ...] = ((),)
    adds_up: bool = True


METRICS: Final[Mapping[str, Metric]] = {
    # A job that has come to an end, by what it posts; one that is tried again may end twice.
    "Publishes": Metric("Count", (("Outcome",), ("Kind", "Outcome"))),
    # From the true start of a run, after any wait for its time or a slot, to its end as published.
    "SecondsToPublish": Metric("Seconds", ((), ("Kind",)), adds_up=False),
    # Looks at the containers of a post, each with a call for every one that is not ready.
    "Polls": Metric("Count"),
    "GraphCalls": Metric("Count"),
    "GraphErrors": Metric("Count", ((), ("ErrorClass",))),
    "UnknownGraphErrors": Metric("Count"),
    # What functions raise: what the workflow reacts to, or a defect.
    "Errors": Metric("Count", ((), ("ErrorClass",))),
    # Of an account's posts, containers and calls, with what runs under way hold.
    "BudgetUsed": Metric("Percent", (("Budget",), ("AccountId", "Budget")), adds_up=False),
    # The age of the oldest container that is processed, in percent of what it may take.
    "ProcessingBudgetUsed": Metric("Percent", adds_up=False),
    "TokenDaysLeft": Metric("Count", ((), ("AccountId",)), adds_up=False),
    "TokensRefreshed": Metric("Count"),
    "TokenRefreshesFailed": Metric("Count"),
    "TokenAlarms": Metric("Count"),
}


@dataclass(frozen=True)
class Measure:
    """One number; `about` has all dimensions that the metric's sets name."""

    name: str
    value: float
    about: Mapping[str, str]


class Measures:
    """Numbers that nobody has taken yet. Threads may add at the same time."""

    def __init__(self) -> None:
        self._kept: list[Measure] = []

    def add(self, name: str, value: float = 1, **about: str) -> None:
        """Measure something once; raises ValueError for what is not in the table."""
        known = {one for dimensions in METRICS[name].dimensions for one in dimensions}
        if about.keys() != known:
            raise ValueError(f"{name} is about {sorted(known)}, not {sorted(about)}")
        self._kept.append(Measure(name, value, about))

    def ended(self, job: Job, outcome: str) -> None:
        """Count a job that has come to an end now. `job` is as it was before: one that had this
        outcome already is not counted again, however often its end is written.
        """
        if job.status == outcome:
            return
        kind = job.kind or "unknown"
        self.add("Publishes", Kind=kind, Outcome=outcome)
        if outcome == "published" and job.status == "publishing" and job.started_at:
            seconds = clock.seconds_since(parse_instant(job.started_at))
            self.add("SecondsToPublish", seconds, Kind=kind)

    def take(self) -> list[Measure]:
        """Everything since the last time."""
        kept, self._kept = self._kept, []
        sums: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        taken = []
        for one in kept:
            if not METRICS[one.name].adds_up:
                taken.append(one)
                continue
            key = (one.name, tuple(one.about.items()))
            sums[key] = sums.get(key, 0) + one.value
        added_up = (Measure(name, value, dict(about)) for (name, about), value in sums.items())
        return [*taken, *added_up]
