"""An execution as it was recorded: its history, the definition that it ran, where it came from.

A recording is read from Step Functions, from a file that `aws stepfunctions get-execution-history`
has printed, or from a file that `save` wrote.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from postwright.executions import Executions
from postwright.history import Event, History, HistoryError, instant, read

_T = TypeVar("_T")

PUBLISHED: Final = "PostPublished"
"""What a fixture expects that is to end with a live post; else the name of an error's class."""


@dataclass(frozen=True)
class Recording:
    """`definition` is None where only the events are known; `expect` is what a fixture is to end
    with, None for one that is none.
    """

    name: str
    events: Sequence[Event]
    definition: Mapping[str, Any] | None = None
    expect: str | None = None
    caption: str | None = None

    def history(self) -> History:
        """The events, read; raises HistoryError."""
        return read(self.events)


def of_execution(executions: Executions, job_id: str) -> Recording:
    """The recording of a job's execution, so far; raises HistoryError when it never began."""
    events = executions.events(job_id)
    if not events:
        raise HistoryError(f"there is no execution of a job {job_id[:80]}")
    return Recording(job_id, events, executions.definition(job_id))


def from_file(path: Path) -> Recording:
    """The recording in a file; raises HistoryError for one that holds none, and OSError.

    The events may stand in any order, such as that of `--reverse-order`.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
        events = sorted(map(dict, document["events"]), key=lambda event: int(event["id"]))
        return Recording(
            name=path.stem,
            events=events,
            definition=_of_type(dict, document, "definition"),
            expect=_of_type(str, document, "expect"),
            caption=_of_type(str, document, "caption"),
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise HistoryError(
            f"{path.name} holds no history: a JSON object with a list of events is wanted"
        ) from error


def _of_type(wanted: type[_T], document: Mapping[str, Any], name: str) -> _T | None:
    value = document.get(name)
    if value is not None and not isinstance(value, wanted):
        raise TypeError(f"{name} is no {wanted.__name__}")
    return value


def to_text(recording: Recording) -> str:
    """The document that `from_file` reads, with a line for each event."""
    document: dict[str, Any] = {
        "expect": recording.expect,
        "caption": recording.caption,
        "definition": recording.definition,
    }
    head = "".join(
        f" {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)},\n"
        for name, value in document.items()
        if value is not None
    )
    events = ",\n".join(f"  {json.dumps(_plain(event))}" for event in recording.events)
    return f'{{\n{head} "events": [\n{events}\n ]\n}}\n'


def _plain(event: Event) -> dict[str, Any]:
    at = instant(event["timestamp"]).isoformat(timespec="milliseconds")
    return {**event, "timestamp": at}
