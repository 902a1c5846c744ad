"""What can go wrong with a call between our functions and AWS, with an invocation, or an event.

`POST /_sandbox/faults` on the AWS origin adds to the script, as `Calls.add_faults` does. A call
takes the first fault that fits it and is not used up.

    {"service": "dynamodb", "operation": "UpdateItem", "function": "publish", "does": "reset_after"}
    {"service": "graph", "operation": "publish", "does": "kill_after"}
    {"service": "lambda", "function": "publish", "does": "twice", "again_after_seconds": 5}
    {"service": "events", "operation": "ABORTED", "delay_seconds": 600}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.calls import Entry, Service
from sandbox.instagram.bounds import Seconds
from sandbox.instagram.script import Script, read

Does = Literal[
    "refused",
    "throttled",
    "reset_before",
    "reset_after",
    "drip",
    "kill_before",
    "kill_after",
    "abort_before",
    "abort_after",
    "lost",
    "twice",
    "hang",
    "killed",
    "overruns",
]

_ON_ITS_WAY: tuple[Does, ...] = ("kill_before", "kill_after", "abort_before", "abort_after")
_AWS: tuple[Does, ...] = (
    *("refused", "throttled", "reset_before", "reset_after", "drip"),
    *_ON_ITS_WAY,
)
APPLICABLE: dict[Service, tuple[Does, ...]] = {
    "dynamodb": _AWS,
    "s3": _AWS,
    "ssm": _AWS,
    "states": _AWS,
    "graph": _ON_ITS_WAY,
    "lambda": (
        *("refused", "throttled", "lost", "twice", "hang", "killed", "overruns"),
        *("abort_before", "abort_after"),
    ),
    "events": ("lost", "twice"),
}
"""What may happen to the calls of each service; all but `graph` can be late as well."""


class CallFault(BaseModel):
    """One line of the script; seconds are simulated ones.

    Which calls: `operation` is as in the log (`PutItem`, `HeadObject`, `publish` of graph, the
    function of an invocation, the status of an event), `function` the one that makes the call, and
    `match` a part of the log's target.

    What happens to a call of a function: `refused` and `throttled` in the service's own words and
    without effect; `reset_before` and `reset_after` the effect; `drip`, an answer that never ends;
    `kill_before` and `kill_after` the effect, of the process that made the call; `abort_before` and
    `abort_after`, of the execution that the call belongs to.

    What happens to an invocation: `refused` and `throttled` before the function runs; `lost`, it
    runs and its answer does not arrive; `twice`, the same event once more, and the first answer
    counts; `hang`, it runs and its answer comes later than any task waits; `killed` and `overruns`,
    its process dies or uses up its time before it has done anything; `abort_before` and
    `abort_after` it has run, of the execution. To an event: `lost` and `twice`. The log's target of
    an invocation is its job, and of one for an item `job#003` for the fourth.

    `delay_seconds` pass before the effect, before the function begins, before the event arrives.
    An abort or a kill `before` the effect with a delay: the execution is stopped, then the time
    passes, then the call takes effect; the process is killed when the time has passed.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    service: Service
    operation: str | None = Field(default=None, min_length=1)
    function: str | None = Field(default=None, min_length=1)
    match: str | None = Field(default=None, min_length=1)
    after: int = Field(default=0, ge=0)
    times: int | None = Field(default=1, ge=1)
    probability: float = Field(default=1, gt=0, le=1)

    does: Does | None = None
    delay_seconds: Seconds = 0
    again_after_seconds: Seconds = 0

    @model_validator(mode="after")
    def _makes_sense(self) -> CallFault:
        problems = list(self._problems())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _problems(self) -> Iterator[str]:
        applicable = APPLICABLE[self.service]
        if self.does is None and not self.delay_seconds:
            yield "it does nothing; give does or delay_seconds"
        if self.does is not None and self.does not in applicable:
            yield f"does of {self.service} is one of {', '.join(applicable)}"
        if self.delay_seconds and self.service == "graph":
            yield "delays of graph stand in the script of the simulated Instagram"
        if self.again_after_seconds and self.does != "twice":
            yield "again_after_seconds goes with does: twice"


class CallScript(Script[CallFault]):
    """The faults of `sandbox.calls`; its owner holds a lock."""

    def __init__(self) -> None:
        super().__init__("/_sandbox/faults")

    def add(self, document: object) -> None:
        """Raises ConfigError that names each wrong field; then nothing was added."""
        self.extend(read(CallFault, document))

    def take(self, call: Entry, *, has_job: bool) -> tuple[int, CallFault] | None:
        """The fault that happens to a call, with its number."""

        def fits(fault: CallFault) -> bool:
            if (fault.does or "").startswith("abort") and not has_job:
                return False
            return _is_meant(fault, call)

        about: Sequence[str] = (call.service, call.operation, call.function or "", call.target)
        return self.first(fits, about, seed=1)


def _is_meant(fault: CallFault, call: Entry) -> bool:
    return (
        fault.service == call.service
        and fault.operation in (None, call.operation)
        and fault.function in (None, call.function)
        and (fault.match is None or fault.match in call.target)
    )
