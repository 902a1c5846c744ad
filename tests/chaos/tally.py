"""Counting what came of runs: tallies can be added up and written as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from tests.chaos.judge import Verdict, Wrong

_FIELDS: Final[dict[Wrong, str]] = {
    "duplicate": "runs_with_duplicates",
    "wrong id": "wrong_ids",
    "untrue": "untrue",
    "incomplete": "incomplete",
    "stuck": "stuck",
    "secret": "secrets",
    "budget": "over_budget",
}
_SUMS: Final = [
    *("unclear", "found", "settled_by_hand", "redrives", "redriven", "started_anew", "seconds")
]
_KEPT: Final = 20
"""So many violations are kept with their plans."""


class Tally(BaseModel):
    """`duplicates` are posts too many; the other wrongs are counted once a run.

    `kinds` counts, by kind of fault, the runs in which it happened, and how their groups ended;
    `modes` does so by what Instagram does when a container is published again.
    """

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    runs: int = 0
    groups: int = 0
    posts: int = 0
    duplicates: int = 0
    runs_with_duplicates: int = 0
    wrong_ids: int = 0
    untrue: int = 0
    incomplete: int = 0
    stuck: int = 0
    secrets: int = 0
    over_budget: int = 0
    unclear: int = 0
    found: int = 0
    settled_by_hand: int = 0
    started_anew: int = 0
    redrives: int = 0
    redriven: int = 0
    seconds: float = 0.0
    ends: dict[str, int] = {}
    kinds: dict[str, dict[str, int]] = {}
    modes: dict[str, dict[str, int]] = {}
    violations: list[dict[str, str]] = []

    def add(self, verdict: Verdict) -> None:
        """Count one run."""
        self.runs += 1
        self.groups += len(verdict.plan.groups)
        self.posts += verdict.posts
        self.duplicates += verdict.duplicates
        for wrong in verdict.wrongs:
            setattr(self, _FIELDS[wrong], getattr(self, _FIELDS[wrong]) + 1)
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(verdict, name))
        _merge(self.ends, verdict.ends)
        counts = {"runs": 1, "duplicates": verdict.duplicates, **verdict.ends}
        for kind in (kind for kind, times in verdict.happened.items() if times):
            _merge(self.kinds.setdefault(kind, {}), counts)
        _merge(self.modes.setdefault(verdict.plan.repeat_publish, {}), counts)
        if verdict.violations and len(self.violations) < _KEPT:
            self.violations.append({"words": verdict.words, "plan": verdict.plan.text()})

    @property
    def wrong(self) -> int:
        """Runs in which something happened that must never be."""
        return sum(getattr(self, name) for name in _FIELDS.values())

    @property
    def share_found(self) -> float | None:
        """Of the posts whose publish was unclear, those that were found by themselves."""
        return self.found / self.unclear if self.unclear else None

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True) | {"unclearFoundTrue": self.share_found}


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them in one."""
    whole = Tally()
    for tally in tallies:
        for name in Tally.model_fields:
            mine, theirs = getattr(whole, name), getattr(tally, name)
            if name == "ends":
                _merge(mine, theirs)
            elif name in ("kinds", "modes"):
                for kind, counts in theirs.items():
                    _merge(mine.setdefault(kind, {}), counts)
            elif name == "violations":
                mine += theirs[: _KEPT - len(mine)]
            else:
                setattr(whole, name, mine + theirs)
    return whole


def _merge(into: dict[str, int], more: dict[str, int]) -> None:
    for name, number in more.items():
        into[name] = into.get(name, 0) + number
