"""What a function can reach in the library, read from the source: AWS calls, imports, metrics.

The graph has a node for each function and method of `lambdas` and `postwright`. An edge is any
mention of another one: by name, by module (`starting.start`), on `self`, or on one of the parts of
`App` (`app.store.claim`). A mention counts even where a condition keeps the call from happening,
so the answer is what a function may do at most.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PARTS = {
    "store": "postwright.store.Store",
    "media": "postwright.media.MediaBucket",
    "bucket": "postwright.media.MediaBucket",
    "tokens": "postwright.tokens.Tokens",
    "executions": "postwright.executions.Executions",
    "histories": "postwright.executions.Histories",
    "alarms": "postwright.alarms.Alarms",
    "budgets": "postwright.budgets.Budgets",
    "app": "postwright.app.App",
}
"""The classes behind the names under which the library hands its parts around."""

SERVICES = {
    "postwright.store.Store": "dynamodb",
    "postwright.media.MediaBucket": "s3",
    "postwright.tokens.Tokens": "ssm",
    "postwright.executions.Executions": "states",
    "postwright.executions.Histories": "states",
    "postwright.alarms.Alarms": "events",
}
"""Who owns a client of AWS, and of which service."""


@dataclass
class Node:
    """One function or method: what it mentions, and what it does itself."""

    name: str
    mentions: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)


@dataclass
class _Module:
    name: str
    tree: ast.Module
    names: dict[str, str] = field(default_factory=dict)
    """What a name means in it: `runs` -> `postwright.runs`, `hold` -> `postwright.holding.hold`."""


def functions() -> list[str]:
    """The names of all functions of AWS Lambda: the files of lambdas/."""
    return sorted(file.stem for file in (ROOT / "lambdas").glob("[a-z]*.py"))


def actions_of(function: str, *, without: Collection[str] = ()) -> set[str]:
    """The IAM actions that a function needs at most, as `dynamodb:UpdateItem`.

    What lies behind the names in `without` is left out, as where a setting keeps it from being run.
    """
    calls = {call for node in _reached(function, frozenset(without)) for call in node.calls}
    return {action for call in calls for action in _actions(call)}


def _actions(call: str) -> Iterator[str]:
    """What an operation of boto3 is authorized as.

    A transaction is authorized by its parts. Source: DynamoDB developer guide, "Using IAM with
    DynamoDB transactions"; for HeadObject: S3 API reference.
    """
    service, _, operation = call.partition(":")
    name = {"head_object": "get_object", "transact_write_items": ""}.get(operation, operation)
    if name:
        yield f"{service}:{''.join(word.capitalize() for word in name.split('_'))}"


def imports_of(function: str) -> set[str]:
    """Top-level names that are imported when it starts or inside of what it may run."""
    reached = _reached(function, frozenset())
    inside = {name.partition(".")[0] for node in reached for name in node.imports}
    return inside | _imported_at_start(function)


def reaches(function: str, name: str) -> bool:
    """Whether a function may run `postwright.module.name`."""
    return any(node.name == name for node in _reached(function, frozenset()))


@cache
def _modules() -> dict[str, _Module]:
    found = {}
    for root, package in ((ROOT / "src", "postwright"), (ROOT, "lambdas")):
        for file in sorted((root / package).rglob("*.py")):
            parts = file.relative_to(root).with_suffix("").parts
            if "cli" in parts:
                continue
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = _Module(name, ast.parse(file.read_text(encoding="utf-8")))
    for module in found.values():
        module.names = dict(_names(module))
    return found


def _names(module: _Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=names):
                yield from ((a.asname or a.name.partition(".")[0], a.name) for a in names)
            case ast.ImportFrom(module=str(source), names=names):
                yield from ((a.asname or a.name, f"{source}.{a.name}") for a in names)
    for statement in module.tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield statement.name, f"{module.name}.{statement.name}"


@cache
def _graph() -> dict[str, Node]:
    graph: dict[str, Node] = {}
    for module in _modules().values():
        for statement in module.tree.body:
            if isinstance(statement, ast.FunctionDef):
                graph.update([_node(module, None, statement)])
            elif isinstance(statement, ast.ClassDef):
                methods = [s for s in statement.body if isinstance(s, ast.FunctionDef)]
                owner = f"{module.name}.{statement.name}"
                graph.update(_node(module, owner, method) for method in methods)
                graph[owner] = Node(owner, {f"{owner}.{method.name}" for method in methods})
                if owner in PARTS.values():  # its methods are mentioned one by one
                    graph[owner].mentions = {f"{owner}.__init__"}
    return graph


def _node(module: _Module, owner: str | None, function: ast.FunctionDef) -> tuple[str, Node]:
    node = Node(f"{owner or module.name}.{function.name}")
    for part in ast.walk(function):
        match part:
            case ast.Name(id=name) if name in module.names:
                node.mentions.add(module.names[name])
            case ast.Attribute(value=value, attr=attribute):
                node.mentions |= set(_mentioned(module, owner, value, attribute))
                if ast.unparse(value) == "self._client" and owner in SERVICES:
                    node.calls.add(f"{SERVICES[owner]}:{attribute}")
            case ast.Call(
                func=ast.Attribute(attr="get_paginator"), args=[ast.Constant(value=str(name))]
            ):
                node.calls.add(f"{SERVICES[owner or '']}:{name}")
            case ast.Dict(keys=[ast.Constant(value=str(kind))]) if kind in _TRANSACTED:
                node.calls.add(f"dynamodb:{_TRANSACTED[kind]}")
            case ast.Call(
                func=ast.Attribute(attr="generate_presigned_url"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                node.calls.add(f"{SERVICES[owner or '']}:{name}")
            case ast.Import(names=names):
                node.imports |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(source)):
                node.imports.add(source)
    node.calls -= {f"{s}:{n}" for s in SERVICES.values() for n in _NO_CALLS}
    return node.name, node


_TRANSACTED = {
    "Update": "update_item",
    "Put": "put_item",
    "Delete": "delete_item",
    "ConditionCheck": "condition_check_item",
}
"""The parts of a transaction, as the store writes them."""

_NO_CALLS = ("exceptions", "get_paginator", "generate_presigned_url")
"""What a client has that sends nothing."""


def _mentioned(
    module: _Module, owner: str | None, value: ast.expr, attribute: str
) -> Iterator[str]:
    text = ast.unparse(value)
    if text in module.names:
        yield f"{module.names[text]}.{attribute}"
    if text == "self" and owner is not None:
        yield f"{owner}.{attribute}"
    part = text.rpartition(".")[2].lstrip("_")
    if part in PARTS:
        yield f"{PARTS[part]}.{attribute}"


@cache
def _reached(function: str, without: frozenset[str]) -> tuple[Node, ...]:
    graph = _graph()
    pending, seen = [f"lambdas.{function}.handler"], set(without)
    while pending:
        name = pending.pop()
        if name in seen or name not in graph:
            continue
        seen.add(name)
        pending += graph[name].mentions
    return tuple(graph[name] for name in sorted(seen - without))


def _imported_at_start(function: str) -> set[str]:
    """Of the modules that come with it; what stands below `if TYPE_CHECKING` is never imported."""
    modules = _modules()
    pending, seen, found = [f"lambdas.{function}"], set[str](), set[str]()
    while pending:
        name = pending.pop()
        if name not in modules:
            found.add(name.partition(".")[0])
            continue
        if name in seen:
            continue
        seen.add(name)
        pending += [name.rpartition(".")[0]] if "." in name else []
        for statement in modules[name].tree.body:
            match statement:
                case ast.Import(names=names):
                    pending += [alias.name for alias in names]
                case ast.ImportFrom(module=str(source), names=names):
                    below = [f"{source}.{alias.name}" for alias in names]
                    pending += [source, *(part for part in below if part in modules)]
    return found
