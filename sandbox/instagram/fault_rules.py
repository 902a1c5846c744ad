"""What the fields of one fault demand of each other, in sentences that name fields and fix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.instagram.faults import Fault

REPLACES = ("error", "status", "body", "answer")
ON_CREATE = ("processing_seconds", "processing_error", "expires_after_seconds")
ON_PUBLISH = ("drop_children", "status_lag_seconds")
_DOES = (*ON_CREATE, *ON_PUBLISH, "delay_seconds", "throttle_minutes")
_IDLE = (None, (), 0)
_WITHOUT_BODY = (204, 304)
_GO_WITH = (
    ("http_status", ("error",)),
    ("message", ("error",)),
    ("content_type", ("status", "body")),
    ("throttle_code", ("throttle_minutes",)),
    ("effect", REPLACES),
)


def problems_of(fault: Fault) -> list[str]:
    """All that contradicts itself or would do nothing."""
    given = {name for name in fault.model_fields_set if getattr(fault, name) is not None}
    return [*_answer_problems(fault, given), *_effect_problems(fault, given)]


def _answer_problems(fault: Fault, given: set[str]) -> Iterator[str]:
    if len({"status" if name == "body" else name for name in given & set(REPLACES)}) > 1:
        yield "give one of error, status with body, and answer"
    if not fault.replaces and not any(_does(fault, name) for name in _DOES):
        yield f"it does nothing; give one of {', '.join((*REPLACES, *_DOES))}"
    for name, partners in _GO_WITH:
        if name in given and not given & set(partners):
            yield f"{name} goes with {' or '.join(partners)}"
    if fault.status in _WITHOUT_BODY and fault.body:
        yield f"an answer of status {fault.status} has no body"


def _effect_problems(fault: Fault, given: set[str]) -> Iterator[str]:
    if (fault.effect == "late") != (fault.late_seconds is not None):
        yield "late_seconds goes with effect late, and effect late with it"
    for call, names in (("create", ON_CREATE), ("publish", ON_PUBLISH)):
        changed = [name for name in names if name in given]
        if changed and fault.call != call:
            yield f"{', '.join(changed)} needs call: {call}"
        elif changed and fault.takes_effect == "never":
            yield f"{', '.join(changed)} needs a call that takes effect: effect first or late"


def _does(fault: Fault, name: str) -> bool:
    """Whether a field has a value that changes something; on a create, 0 seconds do."""
    value = getattr(fault, name)
    return value is not None if name in ON_CREATE else value not in _IDLE
