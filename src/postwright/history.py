"""An execution's history, read: which states were visited, when, with what, and how each try ended.

The events are those of GetExecutionHistory, as boto3 gives them or as the AWS CLI prints them.
Source: Step Functions API reference, GetExecutionHistory and HistoryEvent, read 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any, Final, Literal, cast

from postwright.executions import ExecutionStatus

Outcome = Literal["open", "succeeded", "failed", "timed_out"]
Event = Mapping[str, Any]

_TRY_ENDS: Final[Mapping[str, Outcome]] = {
    "TaskSucceeded": "succeeded",
    "TaskFailed": "failed",
    "TaskStartFailed": "failed",
    "TaskSubmitFailed": "failed",
    "TaskTimedOut": "timed_out",
}
_ENDS: Final[Mapping[str, ExecutionStatus]] = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionAborted": "ABORTED",
    "ExecutionTimedOut": "TIMED_OUT",
}


class HistoryError(ValueError):
    """The document holds no history of an execution; the text says what is missing."""


@dataclass
class Try:
    """One time that a task was scheduled; `payload` is what its function got, `answer` what it
    answered, both None where the history does not hold them. `run` counts redrives: 0 at first.
    """

    scheduled_at: datetime
    run: int = 0
    payload: Any = None
    outcome: Outcome = "open"
    ended_at: datetime | None = None
    answer: Any = None
    error: str | None = None
    cause: str | None = None

    @property
    def message(self) -> str | None:
        """The text of the error, out of the document that Lambda wraps it in."""
        return message_of(self.cause)


@dataclass
class Visit:
    """One time that a state was entered; `iteration` counts within its Map from 0.

    `run` counts the redrives before it was entered, `last_run` those before its last event.
    `items` is how many iterations a Map has, None until that is known.
    """

    state: str
    kind: str
    entered_at: datetime
    run: int = 0
    last_run: int = 0
    iteration: int | None = None
    around: Visit | None = None
    items: int | None = None
    given: Any = None
    exited_at: datetime | None = None
    output: Any = None
    tries: list[Try] = field(default_factory=list)


@dataclass(frozen=True)
class End:
    """How the execution ended; one that was redriven has ended several times."""

    status: ExecutionStatus
    at: datetime
    output: Any = None
    error: str | None = None
    cause: str | None = None

    @property
    def message(self) -> str | None:
        """The text of the error, out of the document that Lambda wraps it in."""
        return message_of(self.cause)


@dataclass(frozen=True)
class History:
    """What an execution did, in the order in which it happened."""

    given: Any
    started_at: datetime
    visits: Sequence[Visit]
    ends: Sequence[End]
    redriven_at: Sequence[datetime]
    last_at: datetime
    """When the last event happened, so far."""

    @property
    def end(self) -> End | None:
        """How it stands at its end, or None while it runs."""
        return self.ends[-1] if len(self.ends) > len(self.redriven_at) else None

    @property
    def status(self) -> ExecutionStatus:
        """As DescribeExecution tells it."""
        return self.end.status if self.end else "RUNNING"

    @property
    def outcome(self) -> str:
        """The end state of a run that succeeded, else its error, else how it ended or stands."""
        if self.status == "SUCCEEDED":
            return self.visits[-1].state
        return (self.end and self.end.error) or self.status

    @property
    def stopped_in(self) -> Visit | None:
        """The state that an execution without success ended in, the innermost one."""
        if self.end is None or self.end.status == "SUCCEEDED":
            return None
        unfinished = [visit for visit in self.visits if visit.exited_at is None]
        failed = [v for v in unfinished if v.tries and v.tries[-1].error is not None]
        return next(reversed(failed or unfinished), None)


def read(events: Iterable[Event]) -> History:
    """The history that these events tell, all of them in their order.

    Raises HistoryError for anything else.
    """
    reader = _Reader()
    try:
        for event in events:
            reader.take(event)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        raise HistoryError(f"an event cannot be read ({type(error).__name__}: {error})") from error
    return reader.history()


def without_lost_answers(history: History) -> History:
    """The same, where an answer that nobody took any more counts as none: it came as the run ended,
    and a redrive has asked for it again.
    """
    known: dict[int, Visit] = {}
    for visit in history.visits:
        around = known[id(visit.around)] if visit.around is not None else None
        tries = [
            replace(one, outcome="open", ended_at=None, answer=None)
            if one.outcome == "succeeded" and again is not None
            else one
            for one, again in zip_longest(visit.tries, visit.tries[1:])
        ]
        known[id(visit)] = replace(visit, around=around, tries=tries)
    return replace(history, visits=list(known.values()))


def instant(value: Any) -> datetime:
    """An instant of an event: what boto3 gives, ISO text, or seconds since 1970."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    return datetime.fromisoformat(value).astimezone(UTC)


def message_of(cause: str | None) -> str | None:
    """The text of an error, out of the document that Lambda wraps it in; other causes as they are.

    Source: Lambda developer guide, "Understanding function errors": errorMessage and errorType.
    """
    document = parsed(cause)
    if isinstance(document, dict) and "errorMessage" in document:
        return str(document["errorMessage"])
    return cause


def parsed(text: str | None) -> Any:
    """JSON that an event holds as text; None when it holds none that can be read."""
    try:
        return json.loads(text) if text is not None else None
    except (ValueError, RecursionError):
        return None


class _Reader:
    def __init__(self) -> None:
        self._began: tuple[datetime, Any] | None = None
        self._visits: list[Visit] = []
        self._ends: list[End] = []
        self._redriven_at: list[datetime] = []
        self._last_at: datetime | None = None
        self._inside: dict[int, tuple[Visit | None, int | None]] = {}
        """By event: the state that it belongs to, and the iteration around that."""

    def take(self, event: Event) -> None:
        kind, at = str(event["type"]), instant(event["timestamp"])
        details = _details(event)
        visit, iteration = self._inside.get(int(event.get("previousEventId", 0)), (None, None))
        self._last_at = at
        if kind == "ExecutionStarted":
            self._began = at, parsed(details.get("input"))
        elif kind == "ExecutionRedriven":
            self._redriven_at.append(at)
        elif kind in _ENDS:
            self._ends.append(_end(kind, at, details))
        elif kind == "MapIterationStarted":
            iteration = int(details["index"])
        elif kind.endswith("StateEntered"):
            around = self._around(visit, iteration)
            visit = _visit(kind, at, details, iteration if around else None, around)
            visit.run = len(self._redriven_at)
            self._visits.append(visit)
            self._touch(visit)
        elif visit is not None:
            self._touch(visit)
            if kind.endswith("StateExited"):
                visit = self._exit(visit, at, details)
            else:
                _note(visit, kind, at, details, len(self._redriven_at))
        self._inside[int(event["id"])] = visit, iteration

    def history(self) -> History:
        if self._began is None or self._last_at is None:
            raise HistoryError("there is no ExecutionStarted among the events")
        started_at, given = self._began
        return History(
            given=given,
            started_at=started_at,
            visits=self._visits,
            ends=self._ends,
            redriven_at=self._redriven_at,
            last_at=self._last_at,
        )

    @staticmethod
    def _around(before: Visit | None, iteration: int | None) -> Visit | None:
        """The Map in which a state is entered after `before`, if it is inside of one."""
        if before is None or iteration is None:
            return None
        if before.kind == "Map":
            return before if before.exited_at is None else before.around
        return before.around

    def _touch(self, visit: Visit | None) -> None:
        """Something of this run happened in a state, and so in the Map around it."""
        while visit is not None:
            visit.last_run = len(self._redriven_at)
            visit = visit.around

    def _exit(self, visit: Visit, at: datetime, details: Mapping[str, Any]) -> Visit:
        """A Map's exit follows an event of its last iteration."""
        while visit.state != details["name"] and visit.around is not None:
            visit = visit.around
        visit.exited_at = at
        visit.output = parsed(details.get("output"))
        return visit


def _details(event: Event) -> Mapping[str, Any]:
    found = [value for name, value in event.items() if name.endswith("EventDetails")]
    return cast("Mapping[str, Any]", found[0]) if found else {}


def _visit(
    kind: str,
    at: datetime,
    details: Mapping[str, Any],
    iteration: int | None,
    around: Visit | None,
) -> Visit:
    return Visit(
        state=str(details["name"]),
        kind=kind.removesuffix("StateEntered"),
        entered_at=at,
        iteration=iteration,
        around=around,
        given=parsed(details.get("input")),
    )


def _end(kind: str, at: datetime, details: Mapping[str, Any]) -> End:
    output = parsed(details.get("output"))
    return End(_ENDS[kind], at, output, details.get("error"), details.get("cause"))


def _note(visit: Visit, kind: str, at: datetime, details: Mapping[str, Any], run: int) -> None:
    if kind == "MapStateStarted":
        visit.items = int(details["length"])
    elif kind == "TaskScheduled":
        parameters = parsed(details.get("parameters"))
        payload = parameters.get("Payload") if isinstance(parameters, dict) else None
        visit.tries.append(Try(scheduled_at=at, run=run, payload=payload))
    elif kind in _TRY_ENDS and visit.tries:
        last = visit.tries[-1]
        last.outcome, last.ended_at = _TRY_ENDS[kind], at
        output = parsed(details.get("output"))
        last.answer = output.get("Payload") if isinstance(output, dict) else None
        last.error, last.cause = details.get("error"), details.get("cause")
