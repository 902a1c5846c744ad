"""A run as a timeline, made from its history: what took how long, how it went, what it cost.

Rows stand in the order in which things began. A state that a redrive took up again has a row in
each run. Polls that tell the same one after the other are one row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, Final, Literal

from postwright import costing
from postwright.executions import ExecutionStatus
from postwright.history import End, History, Try, Visit
from postwright.models import Cost
from postwright.timeline_words import bad_news, did, duration, failure, many, paid, plain

Kind = Literal["wait", "task", "polls", "map", "step", "end", "redrive"]
Outcome = Literal["done", "open", "trouble", "failed", "stopped"]
"""`trouble` went wrong without ending the run; `stopped` was cut off by the end of the run."""
SpanKind = Literal["wait", "pause", "work", "bad", "map"]


_QUIET: Final = ("Choice", "Pass", "Succeed", "Fail")
"""Kinds of states that take no time; they have a row only where a run ended in one."""
_POLL: Final = "CheckStatus"
_LOOK: Final = "ReconcilePublish"
_RELOAD: Final = "ReloadPost"
_ROUNDS: Final = {_POLL: "poll", _LOOK: "look"}


@dataclass(frozen=True)
class Span:
    """A stretch of a row, in seconds since the run's true start: a wait, a pause before a retry,
    a function at work, or one whose work came to nothing.
    """

    began: float
    lasted: float
    kind: SpanKind

    def to_json(self) -> dict[str, Any]:
        return {"began": _rounded(self.began), "lasted": _rounded(self.lasted), "kind": self.kind}


@dataclass(frozen=True)
class Row:
    """One line of the timeline. `item` counts from 1; `run` from 0, one more after each redrive."""

    kind: Kind
    state: str
    run: int
    began: float
    lasted: float
    what: str
    outcome: Outcome = "done"
    spans: Sequence[Span] = ()
    item: int | None = None
    file: str | None = None
    retries: int = 0
    rounds: int = 1

    @property
    def label(self) -> str:
        """The state, and the item that it worked for."""
        if self.item is None:
            return self.state
        return f"{self.state} {self.item}{f': {self.file}' if self.file else ''}"

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "state": self.state or None,
            "item": self.item,
            "file": self.file,
            "run": self.run,
            "began": _rounded(self.began),
            "lasted": _rounded(self.lasted),
            "outcome": self.outcome,
            "what": self.what,
            "retries": self.retries,
            "rounds": self.rounds,
            "spans": [span.to_json() for span in self.spans],
        }


@dataclass(frozen=True)
class Totals:
    """Sums over all runs. `working` adds up what functions did at the same time."""

    waiting: float
    working: float
    polls: int
    looks: int
    retries: int
    redrives: int
    cost: Cost

    def to_json(self) -> dict[str, Any]:
        return {
            "waitingSeconds": _rounded(self.waiting),
            "workingSeconds": _rounded(self.working),
            "polls": self.polls,
            "looks": self.looks,
            "retries": self.retries,
            "redrives": self.redrives,
            "cost": self.cost.to_json(),
        }


@dataclass(frozen=True)
class Run:
    """From the start or a redrive to the end that follows; `lasted` so far while it runs."""

    began: float
    lasted: float

    def to_json(self) -> dict[str, Any]:
        return {"began": _rounded(self.began), "lasted": _rounded(self.lasted)}


@dataclass(frozen=True)
class Timeline:
    """`began_at` is the true start: the end of the wait of a post that was scheduled. What came
    before has a negative beginning.
    """

    status: ExecutionStatus
    began_at: datetime
    runs: Sequence[Run]
    rows: Sequence[Row]
    totals: Totals

    @property
    def lasted(self) -> float:
        """Seconds from the true start to the end, or until now."""
        return self.runs[-1].began + self.runs[-1].lasted

    def to_json(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "beganAt": self.began_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "lasted": _rounded(self.lasted),
            "runs": [run.to_json() for run in self.runs],
            "rows": [row.to_json() for row in self.rows],
            "totals": self.totals.to_json(),
        }

    def sums(self) -> list[str]:
        """The totals, in sentences."""
        sums, before = self.totals, -self.runs[0].began
        counts = [
            many(sums.polls, "poll"),
            many(sums.looks, "look"),
            many(sums.retries, "retry"),
            many(sums.redrives, "redrive"),
        ]
        times = [
            duration(self.lasted),
            *(["so far"] if self.status == "RUNNING" else []),
            *([f"after {duration(before)} of waiting for its time"] if before else []),
        ]
        took = f"{duration(sums.waiting)} in waits, {duration(sums.working)} in functions"
        return [
            f"{' '.join(times)}: {took}; {', '.join(counts)}.",
            paid(sums.cost),
        ]


def of(
    history: History,
    *,
    files: Sequence[str] = (),
    sizes: Sequence[int] = (),
    now: datetime | None = None,
) -> Timeline:
    """The timeline of a history. `files` are the names of the post's items and `sizes` their bytes,
    where they are known; `now` is how far a run that has not ended has come, else its last event.
    """
    return _Maker(history, files, sizes, now).timeline()


@dataclass(frozen=True)
class _Window:
    """One run in time; `end` is None while it runs."""

    number: int
    began_at: datetime
    until: datetime
    end: End | None


class _Maker:
    def __init__(
        self,
        history: History,
        files: Sequence[str],
        sizes: Sequence[int],
        now: datetime | None,
    ) -> None:
        self._history = history
        self._files = files
        self._sizes = sizes
        self._now = max(now or history.last_at, history.last_at)
        reloads = [visit.entered_at for visit in history.visits if visit.state == _RELOAD]
        self._zero = reloads[-1] if reloads else history.started_at
        self._windows = list(self._find_windows(self._now))

    def timeline(self) -> Timeline:
        rows = [row for window in self._windows for row in self._rows(window)]
        visits = self._history.visits
        totals = Totals(
            waiting=sum(s.lasted for row in rows for s in row.spans if s.kind == "wait"),
            working=sum(s.lasted for row in rows for s in row.spans if s.kind in ("work", "bad")),
            polls=sum(visit.state == _POLL for visit in visits),
            looks=sum(visit.state == _LOOK for visit in visits),
            retries=sum(row.retries for row in rows),
            redrives=len(self._history.redriven_at),
            cost=costing.cost_of(self._history, self._sizes, now=self._now),
        )
        runs = [
            Run(self._seconds(window.began_at), _between(window.began_at, window.until))
            for window in self._windows
        ]
        return Timeline(self._history.status, self._zero, runs, _folded(rows), totals)

    def _find_windows(self, now: datetime) -> Iterator[_Window]:
        begins = [self._history.started_at, *self._history.redriven_at]
        for number, began_at in enumerate(begins):
            ends = self._history.ends[number : number + 1]
            end = ends[0] if ends else None
            yield _Window(number, began_at, end.at if end else now, end)

    def _rows(self, window: _Window) -> Iterator[Row]:
        """What happened in one run, between how it began and how it ended."""
        if window.number > 0:
            at = window.began_at.isoformat(timespec="seconds").replace("+00:00", "Z")
            yield self._mark("redrive", window, window.began_at, f"redriven at {at}")
        told = False
        for visit in self._history.visits:
            if visit.run <= window.number <= self._last_run(visit):
                row = self._row(visit, window)
                told |= row.kind == "task" and row.outcome == "failed"
                if visit.kind not in _QUIET or row.outcome not in ("done", "open"):
                    yield row
        if window.end is not None:
            yield self._mark("end", window, window.until, *_ended(window.end, told=told))

    def _last_run(self, visit: Visit) -> int:
        """A state that no end cut off for good goes on in the newest run, as a Wait does, which
        writes no event when it is taken up. One that was entered anew does not.
        """
        if visit.exited_at is not None or self._history.status == "SUCCEEDED":
            return visit.last_run
        anew = any(
            (other.state, other.iteration) == (visit.state, visit.iteration)
            for other in self._history.visits
            if other.run > visit.run
        )
        return visit.last_run if anew else len(self._windows) - 1

    def _mark(
        self, kind: Kind, window: _Window, at: datetime, what: str, outcome: Outcome = "done"
    ) -> Row:
        return Row(kind, "", window.number, self._seconds(at), 0.0, what, outcome)

    def _row(self, visit: Visit, window: _Window) -> Row:
        tries = [one for one in visit.tries if one.run == window.number]
        began_at = visit.entered_at
        if visit.run < window.number:
            began_at = tries[0].scheduled_at if tries else window.began_at
        left = visit.exited_at is not None and visit.last_run == window.number
        until = visit.exited_at if left and visit.exited_at else window.until
        outcome = _outcome(visit, tries, window, left=left)
        item = _item(visit)
        return Row(
            kind=_KINDS.get(visit.kind, "step"),
            state=plain(visit.state),
            run=window.number,
            began=self._seconds(began_at),
            lasted=_between(began_at, until),
            what=_what(tries, outcome, self._told(visit, tries, outcome), left=left),
            outcome=outcome,
            spans=list(self._spans(visit, tries, began_at, until)),
            item=item,
            file=plain(self._files[item - 1]) if item and item <= len(self._files) else None,
            retries=max(len(tries) - 1, 0),
        )

    def _told(self, visit: Visit, tries: Sequence[Try], outcome: Outcome) -> str:
        if visit.kind == "Wait":
            return "waiting" if outcome == "open" else "waited"
        if visit.kind == "Map":
            return many(sum(v.around is visit for v in self._history.visits), "iteration")
        if not tries:
            return "failed" if outcome == "failed" else "under way"
        last = tries[-1]
        if last.outcome == "open":
            return "its function is at work"
        if last.outcome == "succeeded":
            return did(visit.state, last.answer)
        return failure(last.error, last.message)

    def _spans(
        self, visit: Visit, tries: Sequence[Try], began_at: datetime, until: datetime
    ) -> Iterator[Span]:
        whole = _WHOLE.get(visit.kind)
        if whole is not None:
            yield Span(self._seconds(began_at), _between(began_at, until), whole)
        before: datetime | None = None
        for one in tries:
            if before is not None:
                yield Span(self._seconds(before), _between(before, one.scheduled_at), "pause")
            ended_at = one.ended_at or until
            kind: SpanKind = "bad" if one.outcome in ("failed", "timed_out") else "work"
            yield Span(self._seconds(one.scheduled_at), _between(one.scheduled_at, ended_at), kind)
            before = ended_at

    def _seconds(self, at: datetime) -> float:
        return (at - self._zero).total_seconds()


_WHOLE: Final[dict[str, SpanKind]] = {"Wait": "wait", "Map": "map"}
_KINDS: Final[dict[str, Kind]] = {"Wait": "wait", "Task": "task", "Map": "map"}


def _item(visit: Visit) -> int | None:
    """The number of the item that an iteration works for, which is not its place in the Map."""
    if visit.iteration is None:
        return None
    index = visit.given.get("index") if isinstance(visit.given, dict) else None
    return (index if isinstance(index, int) and index >= 0 else visit.iteration) + 1


def _outcome(visit: Visit, tries: Sequence[Try], window: _Window, *, left: bool) -> Outcome:
    last = tries[-1] if tries else None
    failed = last is not None and last.outcome in ("failed", "timed_out")
    if left:
        bad = failed or (last is not None and bad_news(visit.state, last.answer))
        return "trouble" if bad else "done"
    if window.end is None:
        return "open"
    ends_it = failed or last is None
    return "failed" if window.end.status == "FAILED" and ends_it else "stopped"


def _what(tries: Sequence[Try], outcome: Outcome, told: str, *, left: bool) -> str:
    """What happened, then how it went on, and why it took more than one try."""
    parts = [told]
    if left and outcome == "trouble" and tries[-1].outcome != "succeeded":
        parts.append("the run goes on")
    if outcome == "stopped":
        parts.append("cut off by the end of the run")
    if len(tries) > 1:
        errors = dict.fromkeys(plain(one.error or "an error") for one in tries[:-1])
        parts.append(f"{many(len(tries) - 1, 'retry')} because of {', '.join(errors)}")
    return "; ".join([*(part.rstrip(".") for part in parts[:-1]), parts[-1]])


def _ended(end: End, *, told: bool) -> tuple[str, Outcome]:
    """How a run ended; `told`: the text of its error stands in a row above."""
    if end.status == "SUCCEEDED":
        return "the run succeeded", "done"
    if end.status == "TIMED_OUT":
        return "the run took longer than it may", "failed"
    if end.status == "ABORTED":
        why = f": {plain(end.message)}" if end.message else ""
        return f"the run was stopped{why}", "failed"
    return f"the run {failure(end.error, None if told else end.message)}", "failed"


def _folded(rows: Sequence[Row]) -> list[Row]:
    """Rounds of a wait and a task that tell the same one after the other, as one row each."""
    folded: list[Row] = []
    for same, group in groupby(_rounds(rows), key=_told_by):
        rounds = list(group)
        if same is None or len(rounds) == 1:
            folded += [row for part in rounds for row in part]
        else:
            folded.append(_one_of([row for part in rounds for row in part]))
    return folded


def _rounds(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The rows, each wait together with the task that follows it."""
    place = 0
    while place < len(rows):
        size = 2 if _is_round(rows[place : place + 2]) else 1
        yield rows[place : place + size]
        place += size


def _is_round(rows: Sequence[Row]) -> bool:
    return [row.kind for row in rows] == ["wait", "task"] and all(
        row.outcome == "done" and row.retries == 0 for row in rows
    )


def _told_by(rows: Sequence[Row]) -> tuple[str, str, str] | None:
    """What must be the same for rounds to be one row; None for a row that is no round."""
    if len(rows) == 1:
        return None
    wait, task = rows
    return wait.state, task.state, task.what


def _one_of(rows: Sequence[Row]) -> Row:
    first, last = rows[0], rows[-1]
    count = len(rows) // 2
    lasted = last.began + last.lasted - first.began
    word = _ROUNDS.get(last.state, "round")
    return replace(
        last,
        kind="polls",
        began=first.began,
        lasted=lasted,
        what=f"{many(count, word)} in {duration(lasted)}; {last.what}",
        spans=[span for row in rows for span in row.spans],
        rounds=count,
    )


def _between(began: datetime, ended: datetime) -> float:
    """Seconds that are never negative, whatever clocks wrote the two instants."""
    return max((ended - began).total_seconds(), 0.0)


def _rounded(seconds: float) -> float:
    return round(seconds, 3)
