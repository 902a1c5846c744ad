"""A script of faults of any kind: which line is next, and how often each was seen and done."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from sandbox.instagram.config import ConfigError, sentences

_MOST = 1000


class Scripted(Protocol):
    """What a fault says about when it happens."""

    @property
    def after(self) -> int:
        """So many calls that fit pass first."""

    @property
    def times(self) -> int | None:
        """How often it happens; None is for good."""

    @property
    def probability(self) -> float:
        """The chance of each time."""

    def model_dump(self, *, mode: str, exclude_unset: bool) -> dict[str, Any]:
        """The fault as it was written; a pydantic model has this."""


F = TypeVar("F", bound=Scripted)
M = TypeVar("M", bound=BaseModel)


@dataclass(slots=True)
class _Line(Generic[F]):
    number: int
    fault: F
    seen: int = 0
    done: int = 0
    draws: Counter[str] = field(default_factory=Counter)


class Script(Generic[F]):
    """All faults in the order in which they were added. Not thread-safe: its owner holds a lock."""

    def __init__(self, address: str) -> None:
        """`address` is where a DELETE forgets the script, for the message of a full one."""
        self._address = address
        self._lines: list[_Line[F]] = []

    def __bool__(self) -> bool:
        return bool(self._lines)

    def extend(self, faults: Sequence[F]) -> None:
        """Raises ConfigError when the script would get too long; then nothing was added."""
        if len(self._lines) + len(faults) > _MOST:
            raise ConfigError(f"faults: at most {_MOST} lines; DELETE {self._address} first.")
        begin = len(self._lines) + 1
        self._lines += [_Line(begin + i, fault) for i, fault in enumerate(faults)]

    def clear(self) -> None:
        self._lines.clear()

    def first(
        self, fits: Callable[[F], bool], about: Sequence[str], seed: int
    ) -> tuple[int, F] | None:
        """Number and fault of the first line that fits and happens; chance hangs on `about`."""
        for line in self._lines:
            if fits(line.fault) and _happens(line, about, seed):
                line.done += 1
                return line.number, line.fault
        return None

    def report(self) -> list[dict[str, Any]]:
        return [
            line.fault.model_dump(mode="json", exclude_unset=True)
            | {"number": line.number, "seen": line.seen, "done": line.done}
            for line in self._lines
        ]


class _Document(BaseModel, Generic[M]):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    faults: list[M]


def read(model: type[M], document: object) -> list[M]:
    """The faults in `{"faults": [...]}`; raises ConfigError that names each wrong field."""
    try:
        return _Document[model].model_validate(document).faults  # type: ignore[valid-type]  # a class made at run time
    except ValidationError as error:
        unknown = any(problem["type"] == "extra_forbidden" for problem in error.errors())
        known = f" Fields of a fault: {', '.join(model.model_fields)}." if unknown else ""
        raise ConfigError(sentences(error) + known) from error


def _happens(line: _Line[Any], about: Sequence[str], seed: int) -> bool:
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
    return bool(drawn.random() < fault.probability)
