"""What a run did on the graph of its state machine, counted: states, ways, iterations, redrives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from postwright.executions import ExecutionStatus
from postwright.history import History, Visit

Level = tuple[int | None, int | None]
"""Where states follow each other: one iteration of one visit of a Map, or outside of any."""


@dataclass(frozen=True)
class Way:
    """From one state to the next; `caught` when it was an error that led there."""

    source: str
    target: str
    caught: bool


@dataclass(frozen=True)
class Iterations:
    """How many iterations of a Map came to a state inside, how many left it, and of how many."""

    reached: int
    finished: int
    of: int


@dataclass(frozen=True)
class Walk:
    """The counts, and where the run stands.

    `visits` are in the order of the first ones. `items` is how many iterations each Map has had in
    all its visits, `iterations` what became of them, by the state inside. `redriven` counts the
    redrives that went on in a state. `standing` are the states where the run is or ended, with how
    many iterations stand there; empty when that is between two states, `last` being the one before.
    """

    status: ExecutionStatus
    error: str | None
    redrives: int
    visits: Counter[str]
    ways: Counter[Way]
    items: Counter[str]
    iterations: Mapping[str, Iterations]
    redriven: Counter[str]
    standing: Counter[str]
    last: str | None


def walked(history: History) -> Walk:
    """Everything about a run that its picture shows."""
    outer = [visit for visit in history.visits if visit.around is None]
    items = _items(history.visits)
    return Walk(
        status=history.status,
        error=history.end.error if history.end else None,
        redrives=len(history.redriven_at),
        visits=Counter(visit.state for visit in history.visits),
        ways=Counter(_ways(history)),
        items=items,
        iterations=_iterations(history.visits, items),
        redriven=Counter(state for states in _went_on(history) for state in states),
        standing=Counter(visit.state for visit in _standing(history)),
        last=outer[-1].state if outer else None,
    )


def _ways(history: History) -> Iterator[Way]:
    """A state that was never left is not followed by another: a redrive has entered it again."""
    before: dict[Level, Visit] = {}
    for visit in history.visits:
        source = before.get(_level(visit))
        if source is not None and source.exited_at is not None:
            caught = bool(source.tries) and source.tries[-1].outcome != "succeeded"
            yield Way(source.state, visit.state, caught)
        before[_level(visit)] = visit


def _items(visits: Sequence[Visit]) -> Counter[str]:
    """Where a history does not tell how many, those that have begun."""
    items = Counter[str]()
    for visit in visits:
        if visit.kind == "Map":
            items[visit.state] += _begun(visits, visit) if visit.items is None else visit.items
    return items


def _begun(visits: Sequence[Visit], around: Visit) -> int:
    return len({visit.iteration for visit in visits if visit.around is around})


def _iterations(visits: Sequence[Visit], items: Mapping[str, int]) -> dict[str, Iterations]:
    around: dict[str, set[str]] = {}
    left: dict[str, dict[Level, bool]] = {}
    for visit in visits:
        if visit.around is not None:
            around.setdefault(visit.state, set()).add(visit.around.state)
            left.setdefault(visit.state, {})[_level(visit)] = visit.exited_at is not None
    return {
        state: Iterations(len(by), sum(by.values()), sum(items[name] for name in around[state]))
        for state, by in left.items()
    }


def _standing(history: History) -> list[Visit]:
    """Where the run is or ended; of several iterations that stopped, the one that broke it."""
    if history.status == "SUCCEEDED":
        return [visit for visit in history.visits if visit.around is None][-1:]
    unfinished = _unfinished(history, len(history.redriven_at) + 1)
    if history.status != "FAILED":
        return unfinished
    broken = [
        visit
        for visit in unfinished
        if visit.tries and visit.tries[-1].outcome in ("failed", "timed_out")
    ]
    if broken:
        return [max(broken, key=lambda visit: visit.tries[-1].ended_at or visit.entered_at)]
    return unfinished[-1:]


def _went_on(history: History) -> Iterator[set[str]]:
    """For each redrive the states that it went on in; the next one if all had been left."""
    for run in range(1, len(history.redriven_at) + 1):
        unfinished = {visit.state for visit in _unfinished(history, run)}
        later = (visit.state for visit in history.visits if visit.run == run)
        yield unfinished or {state for state in [next(later, None)] if state is not None}


def _unfinished(history: History, run: int) -> list[Visit]:
    """The innermost states that the runs before this one had entered and not left."""
    latest = {_level(visit): visit for visit in history.visits if visit.run < run}

    def is_open(visit: Visit) -> bool:
        return (
            latest.get(_level(visit)) is visit
            and not _was_left(history, visit, run)
            and (visit.around is None or is_open(visit.around))
        )

    unfinished = [visit for visit in history.visits if is_open(visit)]
    return [v for v in unfinished if not any(other.around is v for other in unfinished)]


def _was_left(history: History, visit: Visit, run: int) -> bool:
    """Whether a state was left before this run began."""
    if visit.exited_at is None:
        return False
    return visit.last_run < run or visit.exited_at < history.redriven_at[run - 1]


def _level(visit: Visit) -> Level:
    return (None if visit.around is None else id(visit.around)), visit.iteration
