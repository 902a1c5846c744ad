"""The `fields` parameter: `id,children{id,media_type}`.

Source: Graph API field expansion (Meta). `id` is always answered; one unknown field fails the whole
read with code 100. A field that exists but has no value is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from sandbox.instagram import errors
from sandbox.instagram.errors import GraphError
from sandbox.instagram.redaction import redact

_TOKENS = re.compile(r"\s*([A-Za-z_][\w]*|[{},])\s*")
_MAX_LENGTH = 2000
_MAX_DEPTH = 20

Selection = tuple[tuple[str, "Selection | None"], ...]
Node = TypeVar("Node")
Reader = Callable[[Node, "Selection | None"], Any]


@lru_cache(maxsize=256)
def parse_fields(text: str) -> Selection:
    """Names with what is asked inside their braces; raises GraphError 2500 on wrong syntax."""
    tokens, place = [], 0
    while place < len(text):
        match = _TOKENS.match(text, place)
        if match is None or len(text) > _MAX_LENGTH:
            raise GraphError(errors.FIELDS_SYNTAX)
        tokens.append(match[1])
        place = match.end()
    tokens.append("}")
    selection = _read_names(tokens, _MAX_DEPTH)
    if tokens:
        raise GraphError(errors.FIELDS_SYNTAX)
    return selection


def _read_names(tokens: list[str], depth: int) -> Selection:
    """Takes names and the closing brace off the front of `tokens`; `depth` more braces may open."""
    names: list[tuple[str, Selection | None]] = []
    while tokens and depth:
        part = tokens.pop(0)
        if part == "}":
            return tuple(names)
        if part == "," and names:
            continue
        if part == "{" and names and names[-1][1] is None:
            names[-1] = (names[-1][0], _read_names(tokens, depth - 1))
            continue
        if part in "{,":
            break
        names.append((part, None))
    raise GraphError(errors.FIELDS_SYNTAX)


def select(node: Node, readers: Mapping[str, Reader[Node]], selection: Selection) -> dict[str, Any]:
    """The asked fields of a node in the asked order, then `id`."""
    answer: dict[str, Any] = {}
    for name, inner in selection:
        reader = readers.get(name)
        if reader is None:
            raise GraphError(
                errors.NO_SUCH_FIELD.saying(
                    f"(#100) Tried accessing nonexisting field ({redact(name)})"
                )
            )
        value = reader(node, inner)
        if value is not None:
            answer[name] = value
    if "id" in readers and "id" not in answer:
        answer["id"] = readers["id"](node, None)
    return answer
