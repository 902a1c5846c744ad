"""Expressions of DynamoDB, read once for each wording instead of once or twice for each call.

Answers stay the same to the byte, as with `quick_moto`.
"""

from __future__ import annotations

import copy
import functools
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.parsing import ast_nodes, expressions, validators

Replace = Callable[[Any, str, Any], Any]
"""Sets an attribute of an owner, and returns what stood there."""

_EXPRESSIONS = 512


def install(replace: Replace) -> None:
    """Put everything in place."""
    _conditions(replace)
    _updates(replace)


def _conditions(replace: Replace) -> None:
    """Split each condition into words once, and parse it once in a call.

    A write parses its condition to check it, and again to apply it, with the very same names and
    values.
    """

    @functools.lru_cache(_EXPRESSIONS)
    def words(expression: str) -> tuple[Any, ...]:
        return tuple(split(ConditionExpressionParser(expression, None, None)))

    def parse(parser: ConditionExpressionParser) -> Any:
        asked = (
            parser.condition_expression,
            parser.expression_attribute_names,
            parser.expression_attribute_values,
        )
        known = getattr(last, "parsed", None)
        if known is None or any(a is not b for a, b in zip(known[0], asked, strict=True)):
            found = in_full(parser)
            names, values = parser.expr_attr_names_found, parser.expr_attr_values_found
            last.parsed = (asked, found, list(names), list(values))
            return found
        parser.expr_attr_names_found.extend(known[2])
        parser.expr_attr_values_found.extend(known[3])
        return known[1]

    last = threading.local()
    in_full = replace(ConditionExpressionParser, "parse", parse)
    split = replace(
        ConditionExpressionParser,
        "_lex_condition_expression",
        lambda parser: deque(words(parser.condition_expression)),
    )


def _updates(replace: Replace) -> None:
    """Parse each expression once, and walk through it without asking for the way at each step.

    Whoever changes the parsed tree copies it first. Its classes are abstract, and an abstract
    class takes long to say whether something is of it.
    """
    parser = vars(expressions)["UpdateExpressionParser"]
    parse = functools.lru_cache(_EXPRESSIONS)(parser.make)
    replace(parser, "make", staticmethod(parse))
    replace(_NODE, "find_clauses", _find_clauses)
    replace(validators, "deepcopy", _copied)
    replace(vars(ast_nodes)["DepthFirstTraverser"], "traverse", _traverse)


_NODE: Any = vars(ast_nodes)["Node"]
_WITH_CLAUSES = (vars(ast_nodes)["Expression"], vars(ast_nodes)["UpdateExpressionFunction"])


_known: dict[tuple[type, tuple[type, ...]], bool] = {}


def _is_any_of(kind: type, wanted: tuple[type, ...]) -> bool:
    known = _known.get((kind, wanted))
    if known is None:
        known = _known[kind, wanted] = issubclass(kind, wanted)
    return known


def _is_node(value: object) -> bool:
    return _is_any_of(type(value), (_NODE,))


def _copied(value: Any) -> Any:
    if not _is_node(value):
        return copy.deepcopy(value)
    node = object.__new__(type(value))
    vars(node).update(vars(value), parent=None)
    if value.children is not None:
        node.children = [_copied(child) if _is_node(child) else child for child in value.children]
        for child in filter(_is_node, node.children):
            child.parent = node
    return node


def _find_clauses(node: Any, clause_types: Any) -> list[Any]:
    clauses: list[Any] = []
    for child in node.children or ():
        if type(child) in clause_types:
            clauses.append(child)
        elif _is_any_of(type(child), _WITH_CLAUSES):
            clauses += _find_clauses(child, clause_types)
    return clauses


def _traverse(traverser: Any, root: Any) -> Any:
    wanted = tuple(traverser._processing_map())
    before = traverser.pre_processing_of_child

    def walk(node: Any, child_id: int) -> Any:
        if not _is_node(node):
            return node
        parent = node.parent
        for index, child in enumerate(node.children or ()):
            before(node, index)
            walk(child, index)
        if _is_any_of(type(node), wanted):
            node = traverser.process(node)
            node.parent = parent
            if parent:
                parent.children[child_id] = node
        return node

    return walk(root, -1)
