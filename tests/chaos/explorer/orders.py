"""Every order of events within bounds, each played from the start, and what must hold in all.

At every external call there is a choice: who goes next, whether that actor is killed right after
the call, what Instagram makes of a publish call, whether time passes, whether a late effect lands.
The tree of choices is walked depth first. How many of each an order may hold is bounded (most
faults of concurrent programs need one or two switches; Musuvathi and Qadeer, "Iterative context
bounding", 2007), and an order that comes to a state that was seen before is not followed further.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from postwright import clock, looking
from tests.chaos.explorer import truth
from tests.chaos.explorer.instagram import BEHAVIOURS, Behaviour
from tests.chaos.explorer.scheduler import Actor
from tests.chaos.explorer.stage import FUNCTION_SECONDS, Stage, StuckError
from tests.chaos.explorer.table import Condition

LATER_SECONDS = 130.0
"""Longer than the settle time: whoever worked before is over by then."""
SOON_SECONDS = 6.0
"""Longer than a publish may wait before it is sent."""
_SWEEP_SECONDS = 900.0
_DAY_SECONDS = 25 * 3600.0
_ROUNDS = 1000
_SETTLE = timedelta(seconds=looking.SETTLE_SECONDS)
_USUAL = (0.6, 0.9, 0.97)
"""How likely it is that things go on, in an order by chance: where little happens, it also happens
late.
"""

Play = Callable[[Stage], list[Actor]]
Patch = Callable[[Stage], AbstractContextManager[None]]


@dataclass(frozen=True)
class Bounds:
    """How much may happen in one order; `settles` is how often time passes to the very moment at
    which an attempt counts as settled.
    """

    switches: int = 2
    kills: int = 1
    moods: int = 1
    times: int = 1
    settles: int = 0


@dataclass(eq=False)
class Violation(Exception):  # noqa: N818  not an error of the program
    """What must never be, and the order of events that led to it."""

    what: str
    choices: tuple[int, ...]
    trace: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([self.what, *(f"  {line}" for line in self.trace)])


@dataclass
class Found:
    """What became of all orders of one play."""

    orders: int = 0
    cut: int = 0
    violations: list[Violation] = field(default_factory=list)
    conditions: set[Condition] = field(default_factory=set)

    def add(self, other: Found) -> None:
        self.orders += other.orders
        self.cut += other.cut
        self.violations += other.violations
        self.conditions |= other.conditions


class SeenBeforeError(Exception):
    """Another order has come to the same state; what follows is known."""


def explore(
    make: Callable[[], Stage],
    play: Play,
    bounds: Bounds,
    *,
    patch: Patch | None = None,
    counts: Callable[[Violation], bool] = lambda _: True,
    stop_at_first: bool = False,
    orders: int | None = None,
    seed: int | str | None = None,
) -> Found:
    """Play every order within the bounds, or so many of them; with a seed, orders by chance.

    Plays that are to be tried in different ways need different seeds. `patch` is a context in
    which each order is played; violations that do not count are left out.
    """
    found, seen = Found(), set[Any]()
    dice = random.Random(seed) if seed is not None else None  # noqa: S311  chooses, guards nothing
    choices: list[int] | None = []
    while choices is not None and found.orders != orders:
        stage = make()
        order = _Order(stage, choices, bounds, seen if dice is None else None, dice)
        violation = None
        with (patch or _nothing)(stage):
            try:
                order.play(play)
            except SeenBeforeError:
                found.cut += 1
            except Violation as raised:
                violation = raised
        found.orders += 1
        found.conditions |= stage.table.conditions_seen
        if violation is not None and counts(violation):
            found.violations.append(violation)
            if stop_at_first:
                break
        choices = order.next_choices() if dice is None else []
    return found


def replay(
    make: Callable[[], Stage], play: Play, bounds: Bounds, choices: Sequence[int]
) -> list[str]:
    """The trace of one order; raises its Violation again."""
    order = _Order(make(), list(choices), bounds, None, None)
    order.play(play)
    return order.trace


@contextmanager
def _nothing(_stage: Stage) -> Iterator[None]:
    yield


class _Order:
    """One order of events, as the choices tell and, where they end, as it comes first."""

    def __init__(
        self,
        stage: Stage,
        choices: list[int],
        bounds: Bounds,
        seen: set[Any] | None,
        dice: random.Random | None,
    ) -> None:
        self.stage = stage
        self.trace: list[str] = []
        self._given = choices
        self._taken: list[tuple[int, int]] = []
        self._left = {
            "switch": bounds.switches,
            "kill": bounds.kills,
            "time": bounds.times,
            "settle": bounds.settles,
        }
        self._begun: dict[Actor, datetime] = {}
        self._moods = bounds.moods
        self._seen = seen
        self._dice = dice
        self._usual = dice.choice(_USUAL) if dice is not None else 1.0
        self._checked = (-1, -1)

    def play(self, play: Play) -> None:
        stage = self.stage
        with stage.in_use():
            actors = play(stage)
            stage.instagram.choose = self._mood
            try:
                self._side_by_side(actors)
                self._end()
            finally:
                for actor in actors:
                    stage.scheduler.end(actor)

    def next_choices(self) -> list[int] | None:
        """The choices of the next order in the tree, or None after the last."""
        taken = list(self._taken)
        while taken:
            number, of = taken.pop()
            if number + 1 < of:
                return [*(n for n, _ in taken), number + 1]
        return None

    def _choose(self, of: int) -> int:
        at = len(self._taken)
        number = self._given[at] if at < len(self._given) else self._by_chance(of)
        number = min(number, of - 1)  # an order that is played again under other conditions
        self._taken.append((number, of))
        return number

    def _by_chance(self, of: int) -> int:
        """Usually the first, which is that things go on."""
        if self._dice is None or self._dice.random() < self._usual:
            return 0
        return self._dice.randrange(of)

    def _mood(self) -> Behaviour:
        """What Instagram makes of a publish call."""
        number = self._choose(len(BEHAVIOURS) if self._moods else 1)
        self._moods -= number > 0
        self.trace.append(f"Instagram: {BEHAVIOURS[number]}")
        return BEHAVIOURS[number]

    def _side_by_side(self, actors: list[Actor]) -> None:
        current: Actor | None = None
        for _ in range(_ROUNDS):
            self._end_the_old(actors)
            living = [actor for actor in actors if not actor.over]
            if not living:
                return
            if current is not None and current.over:
                current = None
            self._cut_if_seen(actors, current)
            options = self._options(living, current)
            what, actor = options[self._choose(len(options))]
            current = self._do(what, actor, current, actors)
            self.stage.instagram.let_late_ones_land(only_due=True)
            self._check_now()
        raise AssertionError("the actors do not come to an end")

    def _options(
        self, living: list[Actor], current: Actor | None
    ) -> list[tuple[str, Actor | None]]:
        """What may come next; the first is that whoever is at it goes on."""
        options: list[tuple[str, Actor | None]] = []
        if current is not None:
            options.append(("go", current))
        if current is None or self._left["switch"]:
            options += [("go", actor) for actor in living if actor is not current]
        if self._left["kill"]:
            killable = living if current is None else [current]
            options += [("kill", actor) for actor in killable]
        if self._left["time"] and self._is_about_to_send(living):
            options.append(("soon", None))
        if self._left["time"] and any(actor.begun for actor in living):
            options.append(("later", None))
        if self._left["settle"] and self._until_settled():
            options.append(("settled", None))
        if self.stage.instagram.late:
            options.append(("land", None))
        return options

    @staticmethod
    def _is_about_to_send(living: list[Actor]) -> bool:
        return any(actor.waits_for in ("TransactWriteItems", "publish") for actor in living)

    def _do(
        self, what: str, actor: Actor | None, current: Actor | None, actors: list[Actor]
    ) -> Actor | None:
        stage = self.stage
        if actor is not None:
            if current is not None and actor is not current:
                self._left["switch"] -= 1
            self._left["kill"] -= what == "kill"
            self.trace.append(
                f"{actor.name}: {actor.waits_for}{', then killed' if what == 'kill' else ''}"
            )
            self._begun.setdefault(actor, stage.clock.now())
            stage.scheduler.go(actor, kill=what == "kill")
            if actor.over:
                self.trace.append(f"{actor.name} ends: {str(actor.outcome)[:90]}")
                if isinstance(actor.outcome, StuckError):
                    raise self._violation(str(actor.outcome))
            return actor
        self.trace.append(f"time: {what}")
        if what == "land":
            stage.instagram.let_late_ones_land()
            return current
        if what == "settled":
            self._left["settle"] -= 1
            stage.clock.advance(self._until_settled())
            stage.instagram.let_late_ones_land(only_due=True)
        else:
            self._left["time"] -= 1
            if what == "soon":
                stage.clock.advance(SOON_SECONDS)
                return current
            stage.instagram.let_late_ones_land()
            stage.clock.advance(LATER_SECONDS)
        if not stage.functions_end:
            return current
        for begun in [actor for actor in actors if actor.begun]:
            stage.scheduler.end(begun)
        return None

    def _until_settled(self) -> float:
        """How long it is until the attempt that was sent last is settled; 0 when it is."""
        sent = [
            clock.from_text(group.attempt["sentAt"]["S"])
            for group in truth.groups_of(self.stage)
            if group.attempt
        ]
        if not sent:
            return 0.0
        settled = max(sent) + _SETTLE
        return max(0.0, (settled - self.stage.clock.now()).total_seconds())

    def _end_the_old(self, actors: list[Actor]) -> None:
        """Functions that have run for as long as a function may are ended."""
        if not self.stage.functions_end:
            return
        oldest = self.stage.clock.now() - timedelta(seconds=FUNCTION_SECONDS)
        for actor in actors:
            if actor.single and self._begun.get(actor, self.stage.clock.now()) <= oldest:
                self.stage.scheduler.end(actor)

    def _cut_if_seen(self, actors: list[Actor], current: Actor | None) -> None:
        if self._seen is None or len(self._taken) < len(self._given):
            return
        state = (
            repr(sorted(self.stage.table.items.items())),
            repr(self.stage.instagram.state()),
            repr(self.stage.machine.known),
            self.stage.clock.now(),
            tuple((actor.waits_for, tuple(actor.heard)) for actor in actors),
            actors.index(current) if current is not None else None,
            tuple(self._left.values()),
            self._moods,
        )
        key = hash(state)
        if key in self._seen:
            raise SeenBeforeError
        self._seen.add(key)

    def _check_now(self) -> None:
        state = (self.stage.table.writes, len(self.stage.instagram.posts))
        if state == self._checked:
            return
        self._checked = state
        for problem in truth.problems_now(self.stage):
            raise self._violation(problem)

    def _end(self) -> None:
        """Bring everything to rest, the runs by going on or by dying, and look at what is left."""
        stage = self.stage
        self._moods = 0
        stage.instagram.let_late_ones_land()
        runs_die = self._choose(2) == 1
        self.trace.append(f"the end: runs {'die unheard' if runs_die else 'go on'}")
        self._end_runs(die=runs_die)
        for seconds in (LATER_SECONDS, _SWEEP_SECONDS, _DAY_SECONDS, _SWEEP_SECONDS):
            stage.clock.advance(seconds)
            counts = stage.sweep()
            self.trace.append(f"the sweep: {counts}")
            if counts["failed"]:
                raise self._violation("the sweep could not look after a job")
            self._end_runs(die=runs_die)
        for problem in truth.problems_at_rest(stage):
            raise self._violation(problem)

    def _end_runs(self, *, die: bool) -> None:
        """Bring every execution to its end, those too that a sweep has just started."""
        for job_id, execution in list(self.stage.machine.known.items()):
            if execution.status != "RUNNING":
                continue
            if die:
                self.stage.machine.set(job_id, "ABORTED")
            else:
                self._go_on(job_id)
        self._check_now()

    def _go_on(self, job_id: str) -> None:
        try:
            self.stage.go_on(job_id)
        except StuckError as error:
            raise self._violation(str(error)) from error

    def _violation(self, what: str) -> Violation:
        return Violation(what, tuple(number for number, _ in self._taken), tuple(self.trace))
