"""How a condition of the protocol is taken away, and what is known of it before it is tried."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any
from unittest.mock import patch

from tests.chaos.explorer import table
from tests.chaos.explorer.orders import Bounds, Patch
from tests.chaos.explorer.stage import Stage

NEAR = Bounds(switches=2, kills=0, moods=1, times=0)
"""What the orders of a play that is named for a condition may hold."""


@dataclass(frozen=True)
class Removal:
    """A condition that is taken away, and how; `where` is its transition, or where else it stands.

    `plays` show what it is for, within `bounds`; `shows` is a part of what must go wrong then.
    `together` are the keys of conditions that cover it. Of a condition without which nothing goes
    wrong that the explorer can see, `guards` says why.
    """

    where: str
    name: str
    without: Patch
    plays: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    bounds: Bounds = NEAR
    shows: str = ""
    guards: str = ""

    @property
    def key(self) -> str:
        return f"{self.where}: {self.name}"


def ignoring(*parts: table.Part) -> Patch:
    """Parts of conditions that the store sends do not count."""

    @contextmanager
    def taken_away(stage: Stage) -> Iterator[None]:
        stage.table.ignored |= frozenset(parts)
        yield

    return taken_away


def patched(owner: Any, name: str, value: Any) -> Patch:
    """Something of ours is replaced while an order is played."""

    @contextmanager
    def taken_away(_stage: Stage) -> Iterator[None]:
        with patch.object(owner, name, value):
            yield

    return taken_away


def edited(owner: ModuleType | type, function: str, old: str, new: str) -> Patch:
    """A function of ours without something that stands in it, once; may be edited several times."""
    if _source(getattr(owner, function)).count(old) != 1:
        raise ValueError(f"{function} does not have this once: {old}")

    @contextmanager
    def taken_away(_stage: Stage) -> Iterator[None]:
        source = _source(getattr(owner, function)).replace(old, new)
        with patch.object(owner, function, _function(owner, function, source)):
            yield

    return taken_away


def _source(function: Any) -> str:
    """The text of a function, also of one that was edited."""
    return _edited.get(function) or textwrap.dedent(inspect.getsource(function))


_edited: dict[Any, str] = {}


@cache
def _function(owner: ModuleType | type, name: str, source: str) -> Any:
    module = owner if isinstance(owner, ModuleType) else sys.modules[owner.__module__]
    made: dict[str, Any] = {}
    exec(source, vars(module), made)  # noqa: S102  our own source
    _edited[made[name]] = source
    return made[name]


def all_of(*patches: Patch) -> Patch:
    """Several of these at once."""

    @contextmanager
    def taken_away(stage: Stage) -> Iterator[None]:
        with ExitStack() as stack:
            for one in patches:
                stack.enter_context(one(stage))
            yield

    return taken_away
