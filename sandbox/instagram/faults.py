"""The fault script: what goes wrong, with which calls, how often.

`POST /_control/faults` adds to it. A call takes the first fault that matches it and is not used up;
everything else about the call stays as it is. Where chance decides, it is drawn from the seed, the
fault, and what the call is about, so that calls that arrive in another order draw the same.

    {"call": "publish", "error": [4, 2207051], "http_status": 403, "effect": "first"}
    {"call": "create", "match": "02-photo", "error": [9004, 2207052], "times": 2}
    {"call": "status", "error": [100, 33], "times": 5}
    {"call": "publish", "answer": "reset", "effect": "late", "late_seconds": 60}
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import to_jsonable_python

from sandbox.instagram.bounds import Minutes, Seconds
from sandbox.instagram.config import ConfigError, sentences
from sandbox.instagram.errors import ErrorRow
from sandbox.instagram.fault_rules import ON_CREATE, ON_PUBLISH, REPLACES, problems_of
from sandbox.instagram.scripted_errors import row_for

CallName = Literal[
    "create",
    "publish",
    "status",
    "media",
    "children",
    "list",
    "stories",
    "quota",
    "user",
    "comment",
    "comments",
    "search",
    "token",
]
_MOST = 1000

HTML = "<!DOCTYPE html><html><head><title>Error</title></head><body>Sorry.</body></html>"


@dataclass(frozen=True, slots=True)
class Twist:
    """How the effect of a call differs from the usual one."""

    processing_seconds: float | None = None
    processing_error: int | str | None = None
    expires_after_seconds: float | None = None
    drop_children: tuple[int, ...] = ()
    status_lag_seconds: float = 0


PLAIN = Twist()


class Fault(BaseModel):
    """One line of the script. Seconds and minutes are simulated ones.

    `effect` says whether a call whose answer is replaced takes effect: `never`, `first` (and then
    comes the scripted answer) or `late` (after `late_seconds`). The default is `never`, and `first`
    for the answers `cut` and `drip`, which spoil the real one.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    call: CallName | None = None
    match: str | None = Field(default=None, min_length=1)
    after: int = Field(default=0, ge=0)
    times: int | None = Field(default=1, ge=1)
    probability: float = Field(default=1, gt=0, le=1)

    error: tuple[int, int | None] | None = None
    http_status: int | None = Field(default=None, ge=400, le=599)
    message: str | None = None
    status: int | None = Field(default=None, ge=200, le=599)
    body: str | dict[str, Any] | None = None
    content_type: str | None = Field(default=None, pattern=r"^[!-~]([ -~]*[!-~])?$")
    answer: Literal["html", "empty", "cut", "reset", "drip", "hang"] | None = None

    effect: Literal["never", "first", "late"] | None = None
    late_seconds: Annotated[Seconds, Field(gt=0)] | None = None
    delay_seconds: Seconds = 0

    processing_seconds: Seconds | None = None
    processing_error: int | Literal["Fatal"] | None = None
    expires_after_seconds: Seconds | None = None
    drop_children: tuple[Annotated[int, Field(ge=0)], ...] = ()
    status_lag_seconds: Seconds = 0
    throttle_minutes: Minutes = 0
    throttle_code: Literal[4, 80002] = 80002

    @field_validator("body")
    @classmethod
    def _can_be_reported(cls, body: object) -> object:
        """The script is shown as JSON, in which a body stands some levels deep."""
        try:
            to_jsonable_python([[[[body]]]])
        except ValueError:
            raise ValueError("nested too deep") from None
        return body

    @model_validator(mode="after")
    def _makes_sense(self) -> Fault:
        problems = problems_of(self)
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def replaces(self) -> bool:
        """Whether something else than the real answer comes back."""
        return any(getattr(self, name) is not None for name in REPLACES)

    @property
    def takes_effect(self) -> Literal["never", "first", "late"]:
        if self.effect is not None:
            return self.effect
        return "first" if not self.replaces or self.answer in ("cut", "drip") else "never"

    @property
    def twist(self) -> Twist:
        return Twist(**{name: getattr(self, name) for name in (*ON_CREATE, *ON_PUBLISH)})

    def error_row(self) -> ErrorRow | None:
        """The refusal that is scripted."""
        if self.error is None:
            return None
        row = row_for(*self.error)
        if self.message is not None:
            row = row.saying(self.message)
        return row if self.http_status is None else row.with_status(self.http_status)

    def canned(self, real: str) -> tuple[int, str, str | None]:
        """Status, body and content type of an answer that is complete as HTTP."""
        match self.answer:
            case "html":
                return 502, HTML, "text/html"
            case "empty":
                return 200, "", None
            case "cut" | "drip":
                return 200, real[: max(1, len(real) // 2)], None
        body = self.body if isinstance(self.body, str) else json.dumps(self.body or {})
        return self.status or 200, "" if self.body is None else body, self.content_type


@dataclass(slots=True)
class _Line:
    number: int
    fault: Fault
    seen: int = 0
    done: int = 0
    draws: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Happening:
    """A fault that happens to one call; `number` is its line in the script."""

    number: int
    fault: Fault


class Script:
    """All faults in the order in which they were added. Not thread-safe: its owner holds a lock."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []

    def __bool__(self) -> bool:
        return bool(self._lines)

    def add(self, faults: object) -> None:
        """Raises ConfigError that names each wrong field; then nothing was added."""
        try:
            script = _Faults.model_validate(faults)
        except ValidationError as error:
            unknown = any(problem["type"] == "extra_forbidden" for problem in error.errors())
            known = f" Fields of a fault: {', '.join(Fault.model_fields)}." if unknown else ""
            raise ConfigError(sentences(error) + known) from error
        if len(self._lines) + len(script.faults) > _MOST:
            raise ConfigError(f"faults: at most {_MOST} lines; DELETE /_control/faults first.")
        begin = len(self._lines) + 1
        self._lines += [_Line(begin + i, fault) for i, fault in enumerate(script.faults)]

    def clear(self) -> None:
        self._lines.clear()

    def take(self, call: str | None, about: Sequence[str], seed: int) -> Happening | None:
        """The fault that happens to a call, if any; `about` are the texts that `match` looks at."""
        for line in self._lines:
            if _fits(line.fault, call, about) and _happens(line, about, seed):
                line.done += 1
                return Happening(line.number, line.fault)
        return None

    def report(self) -> list[dict[str, Any]]:
        return [
            line.fault.model_dump(mode="json", exclude_unset=True)
            | {"number": line.number, "seen": line.seen, "done": line.done}
            for line in self._lines
        ]


class _Faults(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    faults: list[Fault]


def _fits(fault: Fault, call: str | None, about: Sequence[str]) -> bool:
    if fault.call is not None and fault.call != call:
        return False
    return fault.match is None or any(fault.match in text for text in about)


def _happens(line: _Line, about: Sequence[str], seed: int) -> bool:
    fault = line.fault
    if fault.times is not None and line.done >= fault.times:
        return False
    line.seen += 1
    if line.seen <= fault.after:
        return False
    if fault.probability == 1:
        return True
    subject = "\n".join(about)
    line.draws[subject] += 1
    drawn = random.Random(f"{seed}/{line.number}/{subject}/{line.draws[subject]}")  # noqa: S311  must repeat
    return drawn.random() < fault.probability
