"""Draw the workflow; `docs.generate` writes docs/pictures/workflow.svg.

The picture is made from the file alone, so it cannot say anything else than the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from statemachine import drawing
from statemachine.drawing import escape, number, quoted, shape
from statemachine.layout import (
    MAP_HEAD,
    Box,
    Layout,
    Line,
    Node,
    State,
    Transition,
    arrange,
    inner_lines,
    inner_nodes,
    inner_states,
)

ROOT = Path(__file__).resolve().parent.parent
DEFINITION = ROOT / "statemachine" / "publish_post.asl.json"

_AWS_ERRORS = ("States.", "Lambda.", "Sandbox.", "Runtime.")
_LEGEND = (
    ("Task", "task"),
    ("Wait", "wait"),
    ("Choice", "choice"),
    ("Map", "per item"),
    ("Succeed", "end"),
    ("catch", "caught error"),
)
_LEGEND_HEIGHT = 46.0


def draw(definition: Mapping[str, Any]) -> str:
    """The picture of a state machine as an SVG document."""
    states = definition["States"]
    transitions = list(transitions_of(states))
    layout = arrange(states, definition["StartAt"], transitions)
    return "\n".join(_document(definition, layout)) + "\n"


def transitions_of(states: Mapping[str, State]) -> Iterator[Transition]:
    """Every way from one state to another; several cases with one target are one arrow."""
    for name, state in states.items():
        if "Next" in state:
            yield Transition(name, state["Next"], "next")
        cases: dict[str, list[str]] = {}
        for choice in state.get("Choices", []):
            cases.setdefault(choice["Next"], []).append(_case(name, choice))
        if "Default" in state:
            cases.setdefault(state["Default"], []).append("else")
        for target, words in cases.items():
            yield Transition(name, target, "case", (", ".join(words),), " or ".join(words))
        for catch in state.get("Catch", []):
            errors = catch["ErrorEquals"]
            label = tuple(_short(errors))
            yield Transition(name, catch["Next"], "catch", label, f"on {', '.join(errors)}")


def of_the_workflow() -> str:
    """The picture of the committed file."""
    return draw(json.loads(DEFINITION.read_text(encoding="utf-8")))


def _case(name: str, choice: Mapping[str, Any]) -> str:
    """The value that a case compares with."""
    if "StringEquals" not in choice:
        raise ValueError(f"The picture has no words for a case of {name}: {choice}")
    return str(choice["StringEquals"])


def _short(errors: list[str]) -> Iterator[str]:
    """Our own errors by name, then how many of AWS's own go with them."""
    yield from (name.removesuffix("Error") for name in errors if not name.startswith(_AWS_ERRORS))
    of_aws = sum(name.startswith(_AWS_ERRORS) for name in errors)
    if of_aws:
        yield f"+ {of_aws} AWS errors"


# Drawing.


def _document(definition: Mapping[str, Any], layout: Layout) -> Iterator[str]:
    yield from drawing.opening(
        layout,
        layout.bottom + _LEGEND_HEIGHT,
        comment="Made from statemachine/publish_post.asl.json: make docs",
        title=f"The workflow: {len(layout.nodes)} states",
        description=definition["Comment"],
        style=drawing.STYLE,
        tips=("tip", "catch-tip"),
    )
    yield from drawing.start(layout.nodes[definition["StartAt"]])
    for line in layout.lines:
        yield from _line(line)
    for line in layout.lines:
        if line.label is not None:
            yield from drawing.caption(line, line.label, line.transition.kind)
    for name, node in layout.nodes.items():
        yield from _node(node, definition["States"][name])
    yield from _legend(layout.left + 24, layout.bottom + 16)
    yield "</svg>"


def _line(line: Line) -> Iterator[str]:
    kind = line.transition.kind
    tip = "catch-tip" if kind == "catch" else "tip"
    yield from drawing.connection(line, kind, tip, line.transition.words)


def _node(node: Node, state: State) -> Iterator[str]:
    yield f"<g data-state={quoted(node.name)}>"
    if "Comment" in state:
        yield f"<title>{escape(state['Comment'])}</title>"
    yield from shape(node.kind, node.box)
    box = node.box
    name_y = box.y - box.height / 2 + MAP_HEAD / 2 if node.inner else box.y
    yield f'<text x="{number(box.x)}" y="{number(name_y)}">{escape(node.name)}</text>'
    yield "</g>"
    for line in inner_lines(node):
        yield from _line(line)
    for part in inner_nodes(node, state):
        yield from _node(part, inner_states(state)[part.name])


def _legend(x: float, y: float) -> Iterator[str]:
    """What the shapes mean, in one row."""
    yield '<g class="legend" aria-hidden="true">'
    for kind, words in _LEGEND:
        if kind == "catch":
            yield f'<g class="catch"><path class="line" d="M{number(x)} {number(y)}h26"/></g>'
        else:
            yield from shape(kind, Box(x + 13, y, 26, 16))
        yield f'<text x="{number(x + 36)}" y="{number(y)}">{words}</text>'
        x += 36 + len(words) * 7 + 24
    yield "</g>"
