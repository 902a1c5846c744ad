"""One DynamoDB table in memory, with as much of the client as `postwright.store` uses.

It stands for the service, not for our code, and is fast enough for many thousands of orders of
events. `tests/unit/test_explorer_table.py` compares it with moto. It can be told to ignore parts of
conditions: that is how the explorer shows what each part is for.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import FrameType, SimpleNamespace
from typing import Any

from postwright.store import LEDGER

Item = dict[str, Any]
Key = tuple[str, str]
_Test = Callable[[Item, Mapping[str, str], Mapping[str, Any]], bool]

_TOKEN = re.compile(r"\s*(<>|<=|>=|[()=<>,]|[#:\w.]+)")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}


class ConditionalCheckFailedException(Exception):  # noqa: N818  DynamoDB's name
    """The item is not as the condition demands."""


class TransactionCanceledException(Exception):  # noqa: N818  DynamoDB's name
    """A condition of the transaction does not hold; nothing was written."""


class TransactionConflictException(Exception):  # noqa: N818  DynamoDB's name
    """Never raised here: calls do not overlap."""


@dataclass(frozen=True, order=True)
class Condition:
    """A condition as the store sends it; `where` is the method of the store that asked."""

    where: str
    text: str

    @property
    def parts(self) -> list[Part]:
        """What must all hold."""
        return [Part(self, number) for number in range(len(_parts_of(self.text)))]


@dataclass(frozen=True, order=True)
class Part:
    """One part of a condition, at its place."""

    condition: Condition
    number: int

    @property
    def text(self) -> str:
        return _parts_of(self.condition.text)[self.number]


@dataclass
class Table:
    """Items by key; `ignored` are parts of conditions that do not count.

    `before` is called with the operation's name before each call, `after` with what it answers when
    it took effect. Budgets and what is known of a token lie `aside`: their updates commute with
    everything else and decide nothing about a group, so that they are no events.
    """

    before: Callable[[str], object] = lambda _: None
    after: Callable[[object], object] = lambda _: None
    ignored: frozenset[Part] = frozenset()
    items: dict[Key, Item] = field(default_factory=dict)
    writes: int = 0
    conditions_seen: set[Condition] = field(default_factory=set)
    aside: dict[Key, Item] = field(default_factory=dict)

    exceptions = SimpleNamespace(
        ConditionalCheckFailedException=ConditionalCheckFailedException,
        TransactionCanceledException=TransactionCanceledException,
        TransactionConflictException=TransactionConflictException,
    )

    def get_item(self, *, Key: Item, **_: object) -> dict[str, Any]:  # noqa: N803  boto3's names
        if _is_aside(Key):
            budget = self.aside.get(_key(Key))
            return {"Item": budget} if budget is not None else {}
        self.before("GetItem")
        found = self.items.get(_key(Key))
        self.after(found)
        return {"Item": found} if found is not None else {}

    def put_item(self, **call: Any) -> None:
        if _is_aside(call["Item"]):
            self._put_aside(call)
            return
        self.before("PutItem")
        self._apply("Put", call, ConditionalCheckFailedException)
        self.after(None)

    def update_item(self, **call: Any) -> dict[str, Any]:
        if _is_aside(call["Key"]):
            return {"Attributes": self._update_aside(call)}
        self.before("UpdateItem")
        self._apply("Update", call, ConditionalCheckFailedException)
        self.after(None)
        return {}

    def _update_aside(self, call: Mapping[str, Any]) -> Item:
        key, names = _key(call["Key"]), call.get("ExpressionAttributeNames", {})
        values = call.get("ExpressionAttributeValues", {})
        item = self.aside.get(key, {})
        condition = call.get("ConditionExpression")
        if condition and not _condition(condition, frozenset())(item, names, values):
            raise ConditionalCheckFailedException(condition)
        before = item or call["Key"]
        self.aside[key] = _updated(before, call["UpdateExpression"], names, values)
        return self.aside[key]

    def _put_aside(self, call: Mapping[str, Any]) -> None:
        if "ConditionExpression" in call:
            raise ValueError("what lies aside is put without a condition")
        self.aside[_key(call["Item"])] = dict(call["Item"])

    def delete_item(self, **call: Any) -> None:
        if _is_aside(call["Key"]):
            self.aside.pop(_key(call["Key"]), None)
            return
        self.before("DeleteItem")
        self._apply("Delete", call, ConditionalCheckFailedException)
        self.after(None)

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> None:  # noqa: N803
        self.before("TransactWriteItems")
        calls = [next(iter(entry.items())) for entry in TransactItems]
        for kind, call in calls:
            self._check(kind, call, TransactionCanceledException)
        for kind, call in calls:
            self._write(kind, call)
        self.after(None)

    def get_paginator(self, _name: str) -> Table:
        return self

    def paginate(self, *, ExpressionAttributeValues: Item, **_: object) -> Iterator[Any]:  # noqa: N803
        """The index of open jobs, the only query there is."""
        self.before("Query")
        wanted = ExpressionAttributeValues[":open"]
        found = [item for item in self.items.values() if item.get("openJob") == wanted]
        found.sort(key=lambda item: str(item["updatedAt"]["S"]))
        self.after(found)
        yield {"Items": found}

    def _apply(self, kind: str, call: Mapping[str, Any], refusal: type[Exception]) -> None:
        self._check(kind, call, refusal)
        self._write(kind, call)

    def _check(self, kind: str, call: Mapping[str, Any], refusal: type[Exception]) -> None:
        condition = call.get("ConditionExpression")
        if condition is None:
            return
        asked = Condition(_asker(), condition)
        self.conditions_seen.add(asked)
        item = self.items.get(_key(call["Item"] if kind == "Put" else call["Key"]), {})
        ignored = [part.number for part in self.ignored if part.condition == asked]
        test = _condition(condition, frozenset(ignored))
        names = call.get("ExpressionAttributeNames", {})
        if not test(item, names, call.get("ExpressionAttributeValues", {})):
            raise refusal(condition)

    def _write(self, kind: str, call: Mapping[str, Any]) -> None:
        if kind == "ConditionCheck":
            return
        self.writes += 1
        if kind == "Put":
            self.items[_key(call["Item"])] = dict(call["Item"])
            return
        key = _key(call["Key"])
        if kind == "Delete":
            self.items.pop(key, None)
            return
        before = self.items.get(key, call["Key"])
        names = call.get("ExpressionAttributeNames", {})
        values = call.get("ExpressionAttributeValues", {})
        self.items[key] = _updated(before, call["UpdateExpression"], names, values)


def _is_aside(key: Item) -> bool:
    return key["SK"]["S"] in (LEDGER, "TOKEN")


def _key(item: Item) -> Key:
    return item["PK"]["S"], item["SK"]["S"]


def _asker() -> str:
    """The method of the store that makes the call which is under way."""
    frame: FrameType | None = sys._getframe(1)
    name = ""
    while frame is not None:
        if frame.f_globals.get("__name__") == "postwright.store":
            name = frame.f_code.co_name
        frame = frame.f_back
    return name


@cache
def _parts_of(condition: str) -> list[str]:
    """Where a condition is split at AND, outside of parentheses."""
    parts, depth, current = [], 0, ""
    for word in re.split(r"(\s+AND\s+|[()])", condition):
        depth += {"(": 1, ")": -1}.get(word, 0)
        if word.strip() == "AND" and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += word
    return [*parts, current.strip()]


@cache
def _condition(text: str, ignored: frozenset[int]) -> _Test:
    tests = [_Parser(part).whole() for n, part in enumerate(_parts_of(text)) if n not in ignored]
    return lambda item, names, values: all(test(item, names, values) for test in tests)


class _Parser:
    """The grammar of condition expressions, as far as it is used."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = [*_TOKEN.findall(text), ""]
        self._at = 0

    def whole(self) -> _Test:
        test = self._either()
        if self._tokens[self._at] != "":
            raise ValueError(f"not understood from {self._tokens[self._at :]}")
        return test

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, token: str) -> bool:
        found = self._tokens[self._at] == token
        self._at += found
        return found

    def _either(self) -> _Test:
        tests = [self._all()]
        while self._take("OR"):
            tests.append(self._all())
        return lambda *given: any(test(*given) for test in tests)

    def _all(self) -> _Test:
        tests = [self._one()]
        while self._take("AND"):
            tests.append(self._one())
        return lambda *given: all(test(*given) for test in tests)

    def _one(self) -> _Test:
        if self._take("NOT"):
            inner = self._one()
            return lambda *given: not inner(*given)
        if self._take("("):
            inner = self._either()
            self._take(")")
            return inner
        word = self._next()
        if word in ("attribute_exists", "attribute_not_exists"):
            self._take("(")
            path, exists = self._next(), word == "attribute_exists"
            self._take(")")
            return lambda item, names, _: (_find(item, path, names) is not None) is exists
        sign = self._next()
        if sign == "IN":
            return self._in(word)
        other, compare = self._next(), _COMPARISONS[sign]
        return lambda item, names, values: _compare(
            compare, _find(item, word, names), values[other]
        )

    def _in(self, word: str) -> _Test:
        self._take("(")
        choices = [self._next()]
        while self._take(","):
            choices.append(self._next())
        self._take(")")
        return lambda item, names, values: (
            _find(item, word, names) in [values[choice] for choice in choices]
        )


def _compare(compare: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:
    if left is None:
        return False
    [(kind, mine)], [(other_kind, theirs)] = left.items(), right.items()
    if kind == other_kind == "N":
        mine, theirs = float(mine), float(theirs)
    return kind == other_kind and compare(mine, theirs)


def _steps(path: str, names: Mapping[str, str]) -> list[str]:
    return [names.get(step, step) for step in path.split(".")]


def _find(item: Item, path: str, names: Mapping[str, str]) -> Any:
    first, *rest = _steps(path, names)
    found = item.get(first)
    for step in rest:
        found = found["M"].get(step) if found is not None and "M" in found else None
    return found


def _updated(
    before: Item, expression: str, names: Mapping[str, str], values: Mapping[str, Any]
) -> Item:
    """The item after an update; items are never changed in place, so that readers may keep them."""
    item = dict(before)
    for verb, actions in _actions(expression):
        for action in actions:
            if verb == "SET":
                path, value = (side.strip() for side in action.split("=", 1))
                item = _with(item, _steps(path, names), _value(before, value, names, values))
            elif verb == "REMOVE":
                item.pop(_steps(action.strip(), names)[0], None)
            else:
                path, value = action.split()
                old = _find(before, path, names) or {"N": "0"}
                total = {"N": str(int(old["N"]) + int(values[value]["N"]))}
                item = _with(item, _steps(path, names), total)
    return item


@cache
def _actions(expression: str) -> list[tuple[str, list[str]]]:
    words = re.split(r"\b(SET|REMOVE|ADD)\b", expression)[1:]
    return [
        (verb, re.split(r",(?![^(]*\))", clause))
        for verb, clause in zip(words[::2], words[1::2], strict=True)
    ]


def _value(item: Item, text: str, names: Mapping[str, str], values: Mapping[str, Any]) -> Any:
    found = re.fullmatch(r"if_not_exists\(([^,]+),\s*(:\w+)\)", text)
    if found:
        old = _find(item, found[1].strip(), names)
        return old if old is not None else values[found[2]]
    total = re.fullmatch(r"(\S+) \+ (:\w+)", text)
    if total:
        old = _find(item, total[1], names)
        return {"N": str(int(old["N"]) + int(values[total[2]]["N"]))}
    return values[text]


def _with(item: Item, way: list[str], value: Any) -> Item:
    """The item with a value put in at the end of the way."""
    first, *rest = way
    inner = {"M": _with(item[first]["M"], rest, value)} if rest else value
    return {**item, first: inner}
