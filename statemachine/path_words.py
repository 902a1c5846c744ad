"""What the picture of a run's path says in words: names and counts, and of an error its class."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from postwright.errors import redact
from statemachine.layout import State, inner_states
from statemachine.picture import transitions_of
from statemachine.walk import Iterations, Walk

_HOW: Final[Mapping[str, str]] = {
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "ABORTED": "was stopped",
    "TIMED_OUT": "ran out of time",
    "RUNNING": "is under way",
}
_CLASS_NAME: Final = re.compile(r"[A-Z]\w{1,63}(\.[A-Z]\w{1,63})?", re.ASCII)


def outcome(walk: Walk) -> str:
    """How the run stands and where: `failed in Publish with TokenInvalidError, redriven once`."""
    where = " and ".join(
        state if count == 1 else f"{state} ({count} iterations)"
        for state, count in walk.standing.items()
    )
    if where:
        place = f"in {where}"
    else:
        place = f"after {walk.last}" if walk.last else "before its first state"
    again = f", redriven {times(walk.redrives)}" if walk.redrives else ""
    return f"{_HOW[walk.status]} {place}{_with_error(walk)}{again}"


def story(states: Mapping[str, State], walk: Walk) -> str:
    """The whole path for somebody who does not see the picture."""
    visits = ", ".join(_visited(walk, state) for state in walk.visits) or "none"
    sentences = [
        f"The run {outcome(walk)}.",
        f"States in the order of their first visits: {visits}.",
    ]
    if walk.redriven:
        places = ", ".join(f"{state} {times(n)}" for state, n in walk.redriven.items())
        sentences.append(f"After a redrive it went on in {places}.")
    unknown = missing(states, walk)
    if unknown:
        sentences.append(f"{unknown}.")
    return " ".join(sentences)


def note(states: Mapping[str, State], walk: Walk, state: str) -> str:
    """The second line in a state: `x 12`, `3 of 4`, `redriven x 2`, joined; often none."""
    found = iterations(states, walk, state)
    count = walk.visits[state]
    parts = [f"{found.reached} of {found.of}"] if found else [f"x {count}"] * (count > 1)
    redriven = walk.redriven[state]
    if redriven:
        parts.append(f"redriven x {redriven}" if redriven > 1 else "redriven")
    return " · ".join(parts)


def title(states: Mapping[str, State], walk: Walk, state: str) -> str:
    """Everything that is known of a state, as a pointer on it shows it."""
    count = walk.visits[state]
    parts = [f"visited {times(count)}" if count else "not visited"]
    found = iterations(states, walk, state)
    if found:
        parts.append(
            f"in {found.reached} of {found.of} iterations, of which {found.finished} left it"
        )
    if walk.redriven[state]:
        parts.append(f"redriven here {times(walk.redriven[state])}")
    if walk.standing[state]:
        parts.append(f"the run {_HOW[walk.status]} here{_with_error(walk)}")
    return f"{state}: {'; '.join(parts)}"


def iterations(states: Mapping[str, State], walk: Walk, state: str) -> Iterations | None:
    """Of a state in a Map that was visited; None for others."""
    if state in walk.iterations:
        return walk.iterations[state]
    around = next((name for name in states if state in inner_states(states[name])), None)
    return Iterations(0, 0, walk.items[around]) if around and walk.visits[around] else None


def missing(states: Mapping[str, State], walk: Walk) -> str:
    """What the run did that this definition does not have; empty when it has everything."""
    unknown = list(_missing(states, walk))
    return f"Not in this definition: {', '.join(unknown)}" if unknown else ""


def times(count: int) -> str:
    """`once`, `2 times`."""
    return "once" if count == 1 else f"{count} times"


def _visited(walk: Walk, state: str) -> str:
    if state in walk.iterations:
        found = walk.iterations[state]
        return f"{state} in {found.reached} of {found.of} iterations"
    count = walk.visits[state]
    return state if count == 1 else f"{state} {times(count)}"


def _missing(states: Mapping[str, State], walk: Walk) -> Iterator[str]:
    levels = [states, *map(inner_states, states.values())]
    known = set().union(*levels)
    ends = {(t.source, t.target) for level in levels for t in transitions_of(level)}
    for state, count in walk.visits.items():
        if state not in known:
            yield _so_often(state, count)
    for way, count in walk.ways.items():
        if (way.source, way.target) not in ends:
            yield _so_often(f"{way.source} to {way.target}", count)


def _so_often(what: str, count: int) -> str:
    return what if count == 1 else f"{what} x {count}"


def _with_error(walk: Walk) -> str:
    """The class of the error. Whoever stops a run may write any text there, which is not shown."""
    name = walk.error
    if (
        name is None
        or walk.status == "ABORTED"
        or not _CLASS_NAME.fullmatch(name)
        or redact(name) != name
    ):
        return ""
    return f" with {name}"
