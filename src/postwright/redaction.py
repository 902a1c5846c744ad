"""A recording without anything that is somebody's: what may stay is named, all else goes.

Kept are states, times, counts, sizes, raw codes and words of our own, which is what a replay needs.
Ids become made-up ones, and of an error's text only what tells two kinds of failure apart stays. A
text that may come from outside is kept only where it is one of the words that are known here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, get_args

import httpx

from postwright.error_table import TABLE, Call
from postwright.errors import redact, split_text
from postwright.history import Event, HistoryError, instant, message_of, parsed
from postwright.models import ContainerState, MediaKind, OnQuota, PostKind
from postwright.recording import Recording

UNKNOWN: Final = "Unknown"
"""Stands for the name of an error, or for the type of an event, that is not known."""

_KINDS: Final = frozenset(
    {
        *("ExecutionStarted", "ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted"),
        *("ExecutionTimedOut", "ExecutionRedriven", "TaskScheduled", "TaskSubmitted"),
        *("TaskStarted", "TaskSucceeded", "TaskFailed", "TaskTimedOut", "TaskStartFailed"),
        *("TaskSubmitFailed", "MapStateStarted", "MapStateSucceeded", "MapStateFailed"),
        *("MapIterationStarted", "MapIterationSucceeded", "MapIterationFailed"),
        *("MapIterationAborted",),
        *(
            f"{kind}State{happened}"
            for kind in ("Task", "Choice", "Wait", "Map", "Pass", "Succeed", "Fail", "Parallel")
            for happened in ("Entered", "Exited", "Aborted")
        ),
    }
)
"""Source: Step Functions API reference, HistoryEvent, type, read 2026-11: those of our states."""

_MADE_UP: Final = {
    "sessionId": "session",
    "groupId": "group",
    "accountId": "default",
    "jobId": "job",
    "instagramPostId": "18000000000000000",
    "permalink": "https://www.instagram.com/p/replayed/",
}
_STATUSES: Final = frozenset({"IN_PROGRESS", "FINISHED", "PUBLISHED", "ERROR", "EXPIRED"})
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "next": frozenset(
        {
            *("now", "scheduled", "alreadyHandled", "wait", "create", "carousel", "publish"),
            *("published", "waitForQuota", "recheck", "resend", "look"),
        }
    ),
    "outcome": frozenset(get_args(ContainerState)),
    "kind": frozenset({*get_args(MediaKind), *get_args(PostKind)}),
    "call": frozenset(get_args(Call)),
    "status": _STATUSES,
    "container": frozenset({*_STATUSES, "parent", *map(str, range(100))}),
    "onQuota": frozenset(get_args(OnQuota)),
}
_OTHER: Final = "OTHER"
"""Stands for a status that Instagram may have invented since."""
_OPEN: Final = ("status", "container")
_NUMBERS: Final = {
    **dict.fromkeys(("index", "length", "redriveCount", "tries", "hashtags"), 999),
    **dict.fromkeys(("completed", "total", "used", "postsRead", "posts", "fit"), 99_999),
    "captionCharacters": 99_999,
    "waitSeconds": 9_999_999,
    "bytes": 999_999_999,
    "code": 99_999_999,
    "subcode": 99_999_999,
    "httpStatus": 999,
}
"""The largest that each can be: Instagram's ids are longer."""
_NESTED: Final = ("pending", "seen", "quota", "post", "items", "error")
_COUNTS: Final = ("index", "length", "redriveCount")
_SHAPE: Final = re.compile(r"\d{1,5}x\d{1,5}( \d{1,5}(\.\d)?s)?")
_STATE: Final = re.compile(r"(?=.{1,40}$)(?:[A-Z][a-z]+)+")
_FORMS: Final = {
    "shape": _SHAPE,
    "publishAt": re.compile(
        r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})", re.ASCII
    ),
}
TAPE_IS_OVER: Final = "TapeIsOver"
"""The error of a task that a replay asks more often than it was asked then."""
_CLASS: Final = re.compile(
    r"(?=.{1,80}$)(?:(?:Lambda|Runtime)\.)?[A-Z][A-Za-z]*(?:Error|Exception)"
)
_OF_SERVICES: Final = frozenset(
    {
        *("Exception", "Lambda.Unknown", "Sandbox.Timedout", TAPE_IS_OVER),
        *("States.BranchFailed", "States.DataLimitExceeded", "States.HeartbeatTimeout"),
        *("States.ExceedToleratedFailureThreshold", "States.IntrinsicFailure"),
        *("States.ItemReaderFailed", "States.NoChoiceMatched", "States.ParameterPathFailure"),
        *("States.Permissions", "States.QueryEvaluationError", "States.ResultPathMatchFailure"),
        *("States.ResultWriterFailed", "States.Runtime", "States.TaskFailed", "States.Timeout"),
    }
)
"""Source: Step Functions developer guide, "Handling errors in workflows", read 2026-11; and
the error of a replay that asks for more than was recorded.
"""
_NO_ANSWER: Final = re.compile(r"\(no answer, (\w{1,40})\)", re.ASCII)
_TELLING: Final = re.compile(
    "|".join(
        [
            r"still processing|its \d{1,4} posts|container unknown, \d{1,4} posts that fit",
            *(re.escape(row.text) for row in TABLE if row.text is not None),
        ]
    ),
    re.ASCII,
)
"""What in a sentence tells apart failures that have the same codes: of our own, and the words by
which the error table knows some.
"""


def redacted(recording: Recording, expect: str, *, keep_caption: bool = False) -> Recording:
    """The recording as a fixture that may be shown to anybody; done twice it is the same.

    Raises HistoryError where the events are none.
    """
    try:
        events = list(_events(recording.events))
    except (LookupError, TypeError, ValueError, OverflowError, OSError) as error:
        raise HistoryError("an event has no number or no time") from error
    return replace(
        recording,
        events=events,
        definition=None,
        expect=expect,
        caption=recording.caption if keep_caption else None,
    )


def error_name(error: str) -> str:
    """The name of an error that a program gave it; `Unknown` for what a person may have typed."""
    known = error in _OF_SERVICES or _CLASS.fullmatch(error) is not None
    return error if known and redact(error) == error else UNKNOWN


def is_open(name: str, value: Any) -> bool:
    """Whether a value that stands under this name is nobody's: a word of ours, or a number that is
    no id.
    """
    if isinstance(value, int):
        return abs(value) <= _NUMBERS.get(name, max(_NUMBERS.values()))
    if isinstance(value, str):
        form = _FORMS.get(name)
        return value in _WORDS.get(name, ()) or (form is not None and bool(form.fullmatch(value)))
    return value is None


def _events(events: Sequence[Event]) -> Iterator[dict[str, Any]]:
    """Numbered anew, since a number can be anything."""
    numbers: dict[int, int] = {}
    for number, event in enumerate(events, 1):
        kind = str(event["type"])
        kind = kind if kind in _KINDS else UNKNOWN
        kept = {
            "id": number,
            "previousEventId": numbers.get(int(event.get("previousEventId", 0)), 0),
            "type": kind,
            "timestamp": instant(event["timestamp"]).isoformat(timespec="milliseconds"),
        }
        numbers[int(event["id"])] = number
        details = _details(kind, event)
        if details:
            kept[_key(kind)] = details
        yield kept


def _key(kind: str) -> str:
    """Where Step Functions puts the details of such an event."""
    base = re.sub(r"^[A-Z][a-z]+(?=State(Entered|Exited)$)", "", kind)
    return f"{base[0].lower()}{base[1:]}EventDetails"


def _details(kind: str, event: Event) -> dict[str, Any]:
    found = [value for name, value in event.items() if name.endswith("EventDetails")]
    details = found[0] if found and isinstance(found[0], Mapping) else {}
    kept: dict[str, Any] = {
        name: details[name] if is_open(name, details[name]) else 0
        for name in _COUNTS
        if name in details
    }
    if "name" in details:
        name = str(details["name"])
        kept["name"] = name if _STATE.fullmatch(name) else "Unnamed"
    if kind == "ExecutionStarted":
        kept["input"] = json.dumps(_facts(_read(details.get("input"))))
    if kind == "TaskSucceeded":
        output = _read(details.get("output"))
        if isinstance(output, dict) and "Payload" in output:
            kept["output"] = json.dumps({"Payload": _facts(output["Payload"])})
    if "error" in details:
        kept["error"] = error_name(str(details["error"]))
    if isinstance(details.get("cause"), str):
        kept["cause"] = _cause(kept.get("error", UNKNOWN), details["cause"])
    return kept


def _read(text: Any) -> Any:
    return parsed(text) if isinstance(text, str) else None


def _cause(error: str, cause: str) -> str:
    """What tells of the kind of a failure, in the document that Lambda wraps it in if it was."""
    sentence, fields = _split(message_of(cause) or "")
    numbers = re.findall(r"(?:^|, )(\d{1,3}): ", str(fields.get("item", "")), re.ASCII)
    suffix = _facts({name: value for name, value in fields.items() if name != "type"})
    if numbers:
        suffix["item"] = ", ".join(f"{number}: item" for number in numbers)
    elif fields.get("item") == "carousel":
        suffix["item"] = "carousel"
    text = f"{' '.join(_telling(sentence)) or 'Redacted.'} {json.dumps(suffix)}"
    if not isinstance(_read(cause), dict):
        return text
    return json.dumps({"errorType": error, "errorMessage": text})


def _split(text: str) -> tuple[str, dict[str, Any]]:
    try:
        return split_text(text)
    except RecursionError:
        return text, {}


def _telling(sentence: str) -> Iterator[str]:
    for name in _NO_ANSWER.findall(sentence):
        known = getattr(httpx, name, None)
        is_known = isinstance(known, type) and issubclass(known, httpx.HTTPError)
        yield f"(no answer, {name if is_known else httpx.HTTPError.__name__})"
    yield from _TELLING.findall(sentence)


def _facts(value: Any) -> Any:
    """What may stay of a function's answer."""
    if isinstance(value, list):
        return [_facts(inner) for inner in value]
    if not isinstance(value, Mapping):
        return None
    return {
        name: fact for name, inner in value.items() if (fact := _fact(name, inner)) is not _GONE
    }


_GONE: Final = object()
_KNOWN: Final = frozenset({*_MADE_UP, *_WORDS, *_NUMBERS, *_NESTED, *_FORMS, "type"})


def _fact(name: str, value: Any) -> Any:
    if name not in _KNOWN:
        return _GONE
    if value is None:
        return None
    if name in _MADE_UP:
        return _MADE_UP[name]
    if name in _NESTED:
        return _facts(value) if isinstance(value, Mapping | list) else _GONE
    if name == "type":
        return error_name(str(value))
    if isinstance(value, int) == (name in _NUMBERS) and is_open(name, value):
        return value
    return _OTHER if name in _OPEN else _GONE
