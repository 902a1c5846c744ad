"""What is tried side by side: states in which a group may be found, pairs of calls, and calls
beside something that takes longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Protocol

from postwright import closing
from postwright.models import Ref
from tests.chaos.explorer.instagram import Behaviour
from tests.chaos.explorer.scheduler import Actor
from tests.chaos.explorer.stage import SESSION, Stage

ONE = Ref(session_id=SESSION, group_id="g1", job_id="job-1")
Call = Callable[[Stage], object]

CALLS: dict[str, Call] = {
    "start": lambda stage: stage.start("g1"),
    "publish": lambda stage: stage.publish(ONE),
    "reconcile_publish": lambda stage: stage.reconcile(ONE),
    "record_failure": lambda stage: stage.record_failure(ONE),
    "sweep": lambda stage: stage.sweep(),
    "retry": lambda stage: stage.start("g1"),
    "accept": lambda stage: stage.accept(ONE),
    "not_published": lambda stage: stage.not_published(ONE),
    "redriven publish": lambda stage: stage.redriven_publish(ONE),
    "cancel": lambda stage: stage.cancel(ONE),
}
"""What can happen to a group at any time; a retry is a start that finds an earlier run."""


LONG: dict[str, Call] = {
    "the run goes on": lambda stage: stage.go_on(ONE.job_id),
    "one more run": lambda stage: stage.one_more(ONE),
    "a new run": lambda stage: stage.anew(ONE),
    "given up later, a new run": lambda stage: stage.given_up(ONE),
    "given up later, a new run, stopped": lambda stage: stage.given_up_briefly(ONE),
    "sent again later, and stopped": lambda stage: stage.sent_again_briefly(ONE),
    "a new run, stopped": lambda stage: stage.briefly(ONE),
    "a new run that fails": lambda stage: stage.begin_one_more(ONE),
    "stopped and redriven": lambda stage: stage.redriven(ONE),
    "redriven": lambda stage: stage.redriven_on(ONE),
    "redriven, and stopped": lambda stage: stage.redriven_briefly(ONE),
    "redriven from the start": lambda stage: stage.redriven_from_the_start(ONE),
    "cancelled and redriven": lambda stage: stage.cancelled_and_redriven(ONE),
    "cancelled, corrected, a new run": lambda stage: stage.corrected(ONE),
}
"""What several functions and people do, one after the other."""


@dataclass(frozen=True)
class Situation:
    """How a group is found: whether its run was begun, what became of a publish call that it has
    sent and of the one after it, whether somebody has looked once, and whether the run is over and
    closed.
    """

    name: str
    begun: bool = True
    sent: Behaviour | None = None
    settled: bool = False
    aborted: bool = False
    closed: bool = False
    resend: bool = False
    again: Behaviour | None = None
    looked: bool = False


FOUND = (
    Situation("never started", begun=False),
    Situation("about to publish"),
    Situation("about to publish, and stopped", aborted=True),
    Situation("failed", aborted=True, closed=True),
    Situation("sent without effect", sent="lost before"),
    Situation("sent, and live", sent="lost after"),
    Situation("sent, with an effect on its way", sent="late"),
    Situation("sent long ago without effect", sent="lost before", settled=True),
    Situation("allowed to send again", sent="lost before", settled=True, resend=True),
    Situation("sent and stopped, with an effect on its way", sent="late", aborted=True),
    Situation(
        "unconfirmed, without effect", sent="lost before", settled=True, aborted=True, closed=True
    ),
    Situation("unconfirmed, and live", sent="lost after", settled=True, aborted=True, closed=True),
    Situation("unconfirmed, with an effect on its way", sent="late", aborted=True, closed=True),
)
"""In all but the first, job-1 has the group."""


MORE = (
    Situation("about to publish, long ago", settled=True),
    Situation("looked for once", sent="lost before", settled=True, looked=True),
    Situation(
        "unconfirmed, allowed to send again",
        sent="lost before",
        settled=True,
        resend=True,
        aborted=True,
        closed=True,
    ),
    Situation("refused", sent="refused"),
    Situation("refused, and failed", sent="refused", aborted=True, closed=True),
    Situation(
        "sent again without effect",
        sent="lost before",
        settled=True,
        resend=True,
        again="lost before",
    ),
    Situation(
        "sent again, with an effect on its way",
        sent="lost before",
        settled=True,
        resend=True,
        again="late",
    ),
)
"""States for what takes longer only."""


@dataclass(frozen=True)
class Pair:
    """Two calls for one group, and how the group is found."""

    found: Situation
    first: str
    second: str

    @property
    def name(self) -> str:
        return f"{self.first} + {self.second}, {self.found.name}"

    def play(self, stage: Stage) -> list[Actor]:
        set_up(stage, self.found)
        names = [self.first, self.second]
        if self.first == self.second:
            names = [f"{self.first} 1", f"{self.second} 2"]
        calls = [CALLS[self.first], CALLS[self.second]]
        return [
            stage.scheduler.add(name, lambda call=call: call(stage))  # type: ignore[misc]
            for name, call in zip(names, calls, strict=True)
        ]


@dataclass(frozen=True)
class Twins:
    """Two groups with the same caption, each with one call under way."""

    found: Situation
    first: str
    second: str

    @property
    def name(self) -> str:
        return f"twins: {self.first} + {self.second}, {self.found.name}"

    def play(self, stage: Stage) -> list[Actor]:
        set_up(stage, self.found)
        stage.add_group("g2")
        two = stage.begun("g2", "job-9")
        calls: dict[str, Call] = {
            "publish": lambda stage: stage.publish(two),
            "start": lambda stage: stage.start("g2"),
        }
        return [
            stage.scheduler.add(f"{self.first} g1", lambda: CALLS[self.first](stage)),
            stage.scheduler.add(f"{self.second} g2", lambda: calls[self.second](stage)),
        ]


def set_up(stage: Stage, found: Situation) -> None:
    """Bring the stage's first group into a situation."""
    stage.add_group("g1")
    if not found.begun:
        return
    ref = stage.begun("g1", ONE.job_id)
    if found.sent is not None:
        stage.sent(ref, found.sent)
    if found.settled:
        stage.instagram.let_late_ones_land()
        stage.clock.advance(130)
    if found.looked:
        stage.reconcile(ref)
    if found.resend:
        while stage.reconcile(ref)["next"] != "resend":
            stage.clock.advance(30)
    if found.again is not None:
        stage.sent(ref, found.again)
    if found.aborted:
        stage.machine.set(ref.job_id, "ABORTED")
    if found.closed:
        closing.close_run(stage.app, closing.known_job(stage.app, ref.job_id))


@dataclass(frozen=True)
class Beside:
    """A call beside something that takes longer."""

    found: Situation
    call: str
    long: str

    @property
    def name(self) -> str:
        return f"{self.call} + {self.long}, {self.found.name}"

    def play(self, stage: Stage) -> list[Actor]:
        set_up(stage, self.found)
        return [
            stage.scheduler.add(self.call, lambda: CALLS[self.call](stage)),
            stage.scheduler.add(self.long, lambda: LONG[self.long](stage), single=False),
        ]


@dataclass(frozen=True)
class Story:
    """Calls side by side in a state of their own."""

    name: str
    set_up: Callable[[Stage], None]
    calls: tuple[tuple[str, Call], ...]
    long: tuple[tuple[str, Call], ...] = ()

    def play(self, stage: Stage) -> list[Actor]:
        self.set_up(stage)
        return [
            stage.scheduler.add(name, lambda call=call: call(stage), single=single)  # type: ignore[misc]
            for single, calls in ((True, self.calls), (False, self.long))
            for name, call in calls
        ]


class Play(Protocol):
    """Something that can be explored."""

    @property
    def name(self) -> str: ...

    def play(self, stage: Stage) -> list[Actor]:
        """The actors, each before its first call."""


def pairs() -> Iterator[Pair]:
    """Every pair of calls with every way in which their group may be found."""
    for found in FOUND:
        twin = "retry" if found.begun else "start"  # the same call, by the name that fits
        names = [name for name in CALLS if name not in ("start", "retry") or name == twin]
        for first, second in combinations_with_replacement(names, 2):
            yield Pair(found, first, second)


def twins() -> Iterator[Twins]:
    """Every call for one group beside a publish of another with the same caption."""
    for found in FOUND[1:]:
        for first in CALLS:
            yield Twins(found, first, "publish")


def beside() -> Iterator[Beside]:
    """Every call beside everything that takes longer, however the group is found."""
    for found in (*FOUND[1:], *MORE):
        for call in CALLS:
            if call != "start":
                for long in LONG:
                    yield Beside(found, call, long)
