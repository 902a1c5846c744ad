"""A recording without anything that is somebody's: what may stay is named, all else goes.

Kept are states, times, counts, sizes and raw codes, which is what a replay needs. Ids become
made-up ones, and of an error's text only what tells two kinds of failure apart stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from postwright.errors import split_text
from postwright.history import Event, message_of, parsed
from postwright.recording import Recording

_MADE_UP: Final = {
    "sessionId": "session",
    "groupId": "group",
    "accountId": "default",
    "jobId": "job",
    "instagramPostId": "18000000000000000",
    "permalink": "https://www.instagram.com/p/replayed/",
}
_INSTANTS: Final = ("publishAt",)
_WORDS: Final = ("next", "outcome", "kind", "call", "type", "status", "container", "onQuota")
_NUMBERS: Final = (
    *("index", "waitSeconds", "completed", "total", "bytes", "tries", "captionCharacters"),
    *("hashtags", "used", "postsRead", "posts", "fit", "code", "subcode", "httpStatus"),
)
_NESTED: Final = ("pending", "seen", "quota", "post", "items", "error")
_NAMES: Final = ("name", "index", "length", "redriveCount")
_WORD: Final = re.compile(r"[A-Za-z_]{1,40}|\d{1,3}")
_INSTANT: Final = re.compile(r"[\d:T.+Z-]{10,40}")
_ERROR: Final = re.compile(r"[A-Za-z.]{1,80}")
_NUMBER_MAX: Final = 1_000_000_000
"""Ids of Instagram are longer, sizes of media and codes are not."""
_TELLING: Final = re.compile(r"\(no answer, \w{1,40}\)|still processing|its \d{1,4} posts")
"""What in our own sentences tells apart failures that have the same codes."""


def redacted(recording: Recording, expect: str, *, keep_caption: bool = False) -> Recording:
    """The recording as a fixture that may be shown to anybody."""
    return replace(
        recording,
        events=[_event(event) for event in recording.events],
        definition=None,
        expect=expect,
        caption=recording.caption if keep_caption else None,
    )


def _event(event: Event) -> dict[str, Any]:
    kept = {
        name: event[name]
        for name in ("id", "previousEventId", "type", "timestamp")
        if name in event
    }
    for name, details in event.items():
        if name.endswith("EventDetails") and isinstance(details, Mapping):
            kept[name] = _details(details)
    return kept


def _details(details: Mapping[str, Any]) -> dict[str, Any]:
    kept = {
        name: details[name]
        for name in _NAMES
        if name in details and isinstance(details[name], str | int)
    }
    if "input" in details and "name" not in details:  # of the execution
        kept["input"] = json.dumps(_facts(parsed(details["input"])))
    output = parsed(details.get("output"))
    if isinstance(output, dict) and "Payload" in output:
        kept["output"] = json.dumps({"Payload": _facts(output["Payload"])})
    if "error" in details:
        error = str(details["error"])
        kept["error"] = error if _ERROR.fullmatch(error) else "Unknown"
        kept["cause"] = _cause(kept["error"], details.get("cause"))
    return kept


def _cause(error: str, cause: str | None) -> str:
    """The document of a failed function, with what tells of its kind."""
    sentence, fields = split_text(message_of(cause) or "")
    telling = " ".join(_TELLING.findall(sentence))
    numbers = re.findall(r"(?:^|, )(\d{1,3}): ", str(fields.get("item", "")))
    suffix = _facts({name: value for name, value in fields.items() if name != "type"})
    if numbers:
        suffix["item"] = ", ".join(f"{number}: item" for number in numbers)
    elif fields.get("item") == "carousel":
        suffix["item"] = "carousel"
    text = f"{telling or 'Redacted.'} {json.dumps(suffix)}"
    return json.dumps({"errorType": error, "errorMessage": text})


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


def _fact(name: str, value: Any) -> Any:
    known = (*_MADE_UP, *_INSTANTS, *_WORDS, *_NUMBERS, *_NESTED)
    if value is None:
        return None if name in known else _GONE
    if name in _MADE_UP:
        return _MADE_UP[name]
    if name in _NESTED and isinstance(value, Mapping | list):
        return _facts(value)
    if name in _NUMBERS and isinstance(value, int | float) and abs(value) < _NUMBER_MAX:
        return value
    pattern = _WORD if name in _WORDS else _INSTANT if name in _INSTANTS else None
    fits = pattern is not None and isinstance(value, str) and pattern.fullmatch(value)
    return value if fits else _GONE
