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
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import to_jsonable_python

from sandbox.instagram.bounds import Minutes, Seconds
from sandbox.instagram.errors import ErrorRow
from sandbox.instagram.fault_rules import ON_CREATE, ON_PUBLISH, REPLACES, problems_of
from sandbox.instagram.script import Script, read
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
    "hashtag_search",
    "hashtag",
    "hashtag_media",
    "hashtags",
    "person",
    "pages",
    "page",
    "permissions",
    "upload",
    "token",
]

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


@dataclass(frozen=True, slots=True)
class Happening:
    """A fault that happens to one call; `number` is its line in the script."""

    number: int
    fault: Fault


class FaultScript(Script[Fault]):
    """All faults in the order in which they were added. Not thread-safe: its owner holds a lock."""

    def __init__(self) -> None:
        super().__init__("/_control/faults")

    def add(self, faults: object) -> None:
        """Raises ConfigError that names each wrong field; then nothing was added."""
        self.extend(read(Fault, faults))

    def take(self, call: str | None, about: Sequence[str], seed: int) -> Happening | None:
        """The fault that happens to a call, if any; `about` are the texts that `match` looks at."""
        taken = self.first(lambda fault: _fits(fault, call, about), about, seed)
        return Happening(*taken) if taken is not None else None


def _fits(fault: Fault, call: str | None, about: Sequence[str]) -> bool:
    if fault.call is not None and fault.call != call:
        return False
    return fault.match is None or any(fault.match in text for text in about)
