"""What a rule is, and how rules are put to something."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar

from postwright.limits import Limit
from postwright.models import Problem, Severity

Place = Literal["everywhere", "alone", "carousel"]
F = TypeVar("F", contravariant=True)


@dataclass(frozen=True)
class Finding:
    """What a rule found wrong, in words for a person."""

    found: str
    allowed: str
    fix: str


Check = Callable[[F], Finding | None]


@dataclass(frozen=True)
class Rule(Generic[F]):
    """One rule: its id, the limit it applies, the check, and what Instagram answers where nobody
    checks.

    A `warning` is worth a word and never stops a post. `place` says where the rule holds.
    """

    id: str
    limit: Limit[Any]
    check: Check[F]
    answer: str
    severity: Severity = "problem"
    place: Place = "everywhere"


def apply(
    rules: Sequence[Rule[F]], facts: F, item: str, *, in_carousel: bool = False
) -> list[Problem]:
    """What `rules` find, in their order."""
    here: Final = "carousel" if in_carousel else "alone"
    return [
        problem(item, rule.id, finding, rule.severity)
        for rule in rules
        if rule.place in ("everywhere", here) and (finding := rule.check(facts))
    ]


def problem(item: str, rule: str, finding: Finding, severity: Severity = "problem") -> Problem:
    """A finding about an item."""
    return Problem(
        item=item,
        rule=rule,
        found=finding.found,
        allowed=finding.allowed,
        fix=finding.fix,
        severity=severity,
    )


def megabytes(size_bytes: int) -> str:
    """Bytes as a person reads them, never rounded down to a limit that they exceed."""
    if size_bytes % 1_000_000 == 0:
        return f"{size_bytes // 1_000_000} MB"
    if size_bytes < 10_000:
        return f"{size_bytes} bytes"
    return f"{size_bytes / 1_000_000:.2f} MB ({size_bytes:,} bytes)"


def listed(values: Sequence[str]) -> str:
    """`a, b or c`."""
    *others, last = values
    return f"{', '.join(others)} or {last}" if others else last
