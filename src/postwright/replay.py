"""Two runs of the workflow compared: the recorded one, and the same with what is there today.

The path is compared first, state by state; the first place where it parts is what matters, as all
that comes later follows from it. Up to there, what went in and came out is compared too.

A report can be shown to anybody: of a text that is none of our own words it tells the length.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any, Final

from postwright.errors import redact
from postwright.history import History, Try, Visit, without_lost_answers
from postwright.redaction import error_name, is_open

_WAIT_TOLERANCE_SECONDS: Final = 1.5
"""Step Functions promises no exact waits; one that was changed differs by more."""
ITERATION_MARK: Final = "replayedIteration"
EXECUTION_MARK: Final = "replayedExecution"
"""What a replay adds to what each function gets, so that its answer can be found."""
_LONGEST: Final = 300
_END: Final = "the end"
_REQUEST: Final = re.compile(r"(?<=Request ID: )[0-9a-f-]{36}")
_KEY: Final = re.compile(r"[A-Za-z]{1,40}")


@dataclass(frozen=True)
class Difference:
    """Something that is not as it was, at the so-and-so-manieth visit of a state."""

    state: str
    visit: int
    what: str
    recorded: str
    replayed: str

    def to_json(self) -> dict[str, Any]:
        """As the report shows it."""
        return dict(vars(self))

    def in_words(self) -> str:
        """One line."""
        times = f" (visit {self.visit})" if self.visit > 1 else ""
        return f"{self.state}{times}: {self.what}: was {self.recorded}, is {self.replayed}"


@dataclass(frozen=True)
class Report:
    """What a replay found; `divergence` is where the path parts, `differences` is what went another
    way before that. `asked_beyond` and `left` are tasks by name with a count.
    """

    recorded: History
    replayed: History
    divergence: Difference | None
    differences: Sequence[Difference]
    asked_beyond: Mapping[str, int] = field(default_factory=dict)
    left: Mapping[str, int] = field(default_factory=dict)
    changed_states: Sequence[str] | None = None
    not_rebuilt: Sequence[str] = ()

    @property
    def same(self) -> bool:
        """True when the run went the same way, with the same data, to the same end."""
        return self.divergence is None and not self.differences and not self.asked_beyond

    def to_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "same": self.same,
            "recorded": _ending(self.recorded),
            "replayed": _ending(self.replayed),
            "divergence": self.divergence.to_json() if self.divergence else None,
            "differences": [one.to_json() for one in self.differences],
            "askedBeyond": dict(self.asked_beyond),
            "left": dict(self.left),
            "changedStates": None if self.changed_states is None else list(self.changed_states),
            "notRebuilt": list(self.not_rebuilt),
        }

    def lines(self) -> list[str]:
        """The report for people."""
        lines = [f"Recorded: {_in_words(self.recorded)}", f"Now:      {_in_words(self.replayed)}"]
        if self.divergence is not None:
            lines.append(f"The path parts at {self.divergence.in_words()}.")
        lines += [f"Another thing at {one.in_words()}." for one in self.differences]
        lines += [
            f"{task} is asked {_times(count)} more often than was recorded."
            for task, count in self.asked_beyond.items()
        ]
        lines += [
            f"{count} of the recorded answers of {task} {'is' if count == 1 else 'are'} left over."
            for task, count in self.left.items()
        ]
        if self.changed_states:
            lines.append(f"Changed in the definition since: {', '.join(self.changed_states)}.")
        if self.same:
            lines.append("The same path with the same data.")
        if self.not_rebuilt:
            lines.append("Not rebuilt:")
            lines += [f"  {what}" for what in self.not_rebuilt]
        return lines


def compare(recorded: History, replayed: History) -> tuple[Difference | None, list[Difference]]:
    """Where the path parts, if it does, and every other difference up to there."""
    recorded, replayed = [without_lost_answers(history) for history in (recorded, replayed)]
    differences: list[Difference] = []
    seen: dict[str, int] = {}
    before: tuple[str, int] = ("the start", 1)
    for then, now in zip_longest(_level(recorded, None), _level(replayed, None)):
        if then is None or now is None or then.state != now.state:
            names = [visit.state if visit is not None else _END for visit in (then, now)]
            return Difference(*before, "what comes next", *names), differences
        number = seen[then.state] = seen.get(then.state, 0) + 1
        before = then.state, number
        for what, old, new in _details(recorded, replayed, then, now):
            found = Difference(then.state, number, what, old, new)
            if what in _PARTS:
                return found, differences
            differences.append(found)
    if recorded.outcome != replayed.outcome:
        ends = outcome(recorded), outcome(replayed)
        return Difference(*before, "how it ends", *ends), differences
    return None, differences


def outcome(history: History) -> str:
    """The end state, or the name of the error, without what a person may have typed."""
    named = history.end is not None and history.end.error is not None
    return error_name(history.outcome) if named else history.outcome


def path_alone(history: History) -> History:
    """The states and how their tasks were answered, without data and waits."""
    known: dict[int, Visit] = {}
    for visit in history.visits:
        around = known[id(visit.around)] if visit.around is not None else None
        tries = [replace(one, payload=None, answer=None) for one in visit.tries]
        known[id(visit)] = replace(
            visit, around=around, given=None, output=None, exited_at=None, tries=tries
        )
    return replace(history, visits=list(known.values()))


def changed_states(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The states that two definitions do not have alike, functions' ARNs and comments aside."""
    then_states, now_states = dict(_states(recorded)), dict(_states(now))
    names = dict.fromkeys([*now_states, *then_states])
    changed = [name for name in names if then_states.get(name) != now_states.get(name)]
    rest = ("StartAt", "TimeoutSeconds")
    return changed + [name for name in rest if recorded.get(name) != now.get(name)]


_PARTS: Final = ("its tries", "its iterations")
"""Differences within a state after which nothing else can be compared."""


def _level(history: History, around: Visit | None) -> list[Visit]:
    return [visit for visit in history.visits if visit.around is around]


def _details(
    recorded: History, replayed: History, then: Visit, now: Visit
) -> Iterator[tuple[str, str, str]]:
    """What is different about one state that both have visited: what, as it was, as it is."""
    old_tries, new_tries = [_tries(visit) for visit in (then, now)]
    if old_tries != new_tries:
        yield "its tries", old_tries, new_tries
    old_parts, new_parts = _iterations(recorded, then), _iterations(replayed, now)
    if old_parts != new_parts:
        yield "its iterations", old_parts, new_parts
    inherited = then.given is not None and _lasting(then.given) != _lasting(now.given)
    for old, new in zip(then.tries, now.tries, strict=False):
        sent = [_without_marks(one) for one in (old, new)]
        if old.payload is not None and sent[0] != sent[1] and not inherited:
            yield "what its function gets", *_apart(*sent)
    if then.kind == "Wait" and None not in (then.exited_at, now.exited_at):
        lasted = [_seconds(visit) for visit in (then, now)]
        if abs(lasted[0] - lasted[1]) > _WAIT_TOLERANCE_SECONDS:
            yield "how long it waits", f"{lasted[0]:.0f} s", f"{lasted[1]:.0f} s"
    differs = then.output is not None and _lasting(then.output) != _lasting(now.output)
    if differs and now.exited_at is not None and not inherited:
        yield "its output", *_apart(then.output, now.output)


def _lasting(data: Any) -> str:
    """Data without the ids of single requests to Lambda, which a caught error carries along."""
    return _REQUEST.sub("", json.dumps(data, sort_keys=True))


def _tries(visit: Visit) -> str:
    words = [
        error_name(one.error) if one.error else "no answer" if one.outcome == "open" else "ok"
        for one in visit.tries
    ]
    return ", then ".join(words) or "none"


def _iterations(history: History, visit: Visit) -> str:
    """The states of each iteration with how they were answered, in the order of the items. How far
    the others are when one fails is chance, so what was given up then does not count.
    """
    inner = sorted(_level(history, visit), key=lambda inside: inside.iteration or 0)
    answered = [replace(i, tries=[t for t in i.tries if t.outcome != "open"]) for i in inner]
    return "; ".join(f"{i.iteration} {i.state} {_tries(i)}" for i in answered if i.tries) or "none"


def _without_marks(one: Try) -> Any:
    """What a function got, without what the replay itself adds and what changes with each run."""
    if not isinstance(one.payload, dict):
        return one.payload
    aside = (ITERATION_MARK, EXECUTION_MARK, "jobId", "executionArn")
    return {name: value for name, value in one.payload.items() if name not in aside}


def _apart(old: Any, new: Any) -> tuple[str, str]:
    """Two values as text, cut down to where they differ."""
    shown = tuple(_short(_open("", value)) for value in _differing(old, new))
    return (shown[0], f"{shown[1]}, another one") if shown[0] == shown[1] else (shown[0], shown[1])


def _differing(old: Any, new: Any) -> tuple[Any, Any]:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return old, new
    both = {
        name: _differing(old[name], new[name])
        for name in old
        if name in new and old[name] != new[name]
    }
    return (
        {
            name: both[name][0] if name in both else old[name]
            for name in old
            if name in both or name not in new
        },
        {
            name: both[name][1] if name in both else new[name]
            for name in new
            if name in both or name not in old
        },
    )


def _open(name: str, value: Any) -> Any:
    """A value as anybody may see it."""
    match value:
        case dict():
            return {
                key if _KEY.fullmatch(key) and redact(key) == key else "a key": _open(key, inner)
                for key, inner in value.items()
            }
        case list():
            return [_open(name, inner) for inner in value]
        case str() if not is_open(name, value):
            return f"text of length {len(value)}"
        case int() | float() if not is_open(name, value):
            return "a number"
    return value


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _seconds(visit: Visit) -> float:
    assert visit.exited_at is not None  # noqa: S101  its caller has looked
    return (visit.exited_at - visit.entered_at).total_seconds()


def _states(definition: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, state in definition.get("States", {}).items():
        inner = state.get("ItemProcessor", {})
        yield name, _essence({k: v for k, v in state.items() if k != "ItemProcessor"})
        yield from _states(inner)


def _essence(node: Any) -> Any:
    """A state without what has no effect on its path."""
    if isinstance(node, Mapping):
        aside = ("FunctionName", "Comment")
        return {name: _essence(value) for name, value in node.items() if name not in aside}
    return [_essence(value) for value in node] if isinstance(node, list) else node


def _ending(history: History) -> dict[str, Any]:
    stopped = history.stopped_in
    return {
        "status": history.status,
        "outcome": outcome(history),
        "state": stopped.state if stopped else None,
        "seconds": round((history.last_at - history.started_at).total_seconds(), 1),
        "states": len(history.visits),
        "redrives": len(history.redriven_at),
    }


def _in_words(history: History) -> str:
    told = _ending(history)
    where = f" at {told['state']}" if told["state"] else ""
    states = f"{told['states']} state{'' if told['states'] == 1 else 's'}"
    redriven = f", redriven {_times(told['redrives'])}" if told["redrives"] else ""
    return f"{told['outcome']}{where}, {states}, {told['seconds']:.0f} s{redriven}"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
