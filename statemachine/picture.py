"""Draw the workflow; `docs.generate` writes docs/pictures/workflow.svg.

The picture is made from the file alone, so it cannot say anything else than the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from statemachine.layout import (
    LINE_HEIGHT,
    MAP_HEAD,
    Box,
    Layout,
    Line,
    Node,
    Point,
    State,
    Transition,
    arrange,
    edge_inset,
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
_CORNER = 6.0

_STYLE = """
text { font: 15px sans-serif; fill: #1f2328; text-anchor: middle; dominant-baseline: central }
.label text, .legend text { font-size: 13px; fill: #424a53 }
.legend text { text-anchor: start }
.panel { fill: #ffffff; stroke: #d0d7de }
.label rect, .halo { fill: #ffffff }
.shape { stroke-width: 1.5 }
.Task { fill: #e3f1ff; stroke: #0969da }
.Wait { fill: #fff5cc; stroke: #9a6700 }
.Choice { fill: #f5ebff; stroke: #8250df }
.Map { fill: #eef1f4; stroke: #57606a }
.Succeed { fill: #dcfce4; stroke: #1a7f37 }
.line, .halo { fill: none; stroke: #59636e; stroke-width: 1.5; stroke-linejoin: round }
.halo { stroke: #ffffff; stroke-width: 6 }
.tip { fill: #59636e }
.catch .line { stroke: #cf222e; stroke-dasharray: 5 3 }
.catch text { fill: #a40e26 }
.catch-tip { fill: #cf222e }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.label text, .legend text { fill: #c4ccd4 }
.panel { fill: #0d1117; stroke: #3d444d }
.label rect { fill: #0d1117 }
.halo { stroke: #0d1117 }
.Task { fill: #0f2a4a; stroke: #4493f8 }
.Wait { fill: #3a2c06; stroke: #d29922 }
.Choice { fill: #2d1f4a; stroke: #ab7df8 }
.Map { fill: #1c232b; stroke: #9198a1 }
.Succeed { fill: #10301a; stroke: #3fb950 }
.line { stroke: #9198a1 }
.tip { fill: #9198a1 }
.catch .line { stroke: #f85149 }
.catch text { fill: #ff938a }
.catch-tip { fill: #f85149 }
}
"""


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
    left, width, height = layout.left, layout.right - layout.left, layout.bottom + _LEGEND_HEIGHT
    view, size = f"{_n(left)} 0 {_n(width)} {_n(height)}", (_n(width), _n(height))
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" width="{size[0]}"'
        f' height="{size[1]}" role="img" aria-labelledby="t d">'
    )
    yield "<!-- Made from statemachine/publish_post.asl.json: make docs -->"
    yield f'<title id="t">The workflow: {len(layout.nodes)} states</title>'
    yield f'<desc id="d">{escape(definition["Comment"])}</desc>'
    yield f"<style>{_STYLE}</style>"
    yield "<defs>"
    for name in ("tip", "catch-tip"):
        yield (
            f'<marker id="{name}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8"'
            f' markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
            f'<path class="{name}" d="M0 0.5 8 4 0 7.5z"/></marker>'
        )
    yield "</defs>"
    yield (
        f'<rect class="panel" x="{_n(left + 0.5)}" y="0.5" width="{_n(width - 1)}"'
        f' height="{_n(height - 1)}" rx="10"/>'
    )
    yield from _start(layout.nodes[definition["StartAt"]])
    for line in layout.lines:
        yield from _line(line)
    for line in layout.lines:
        if line.label is not None:
            yield from _label(line.transition, line.label)
    for name, node in layout.nodes.items():
        yield from _node(node, definition["States"][name])
    yield from _legend(layout.left + 24, layout.bottom + 16)
    yield "</svg>"


def _start(first: Node) -> Iterator[str]:
    x, top = _n(first.box.x), first.box.y - first.box.height / 2
    yield f'<circle class="tip" cx="{x}" cy="{_n(top - 26)}" r="6"/>'
    yield f'<path class="line" d="M{x} {_n(top - 20)}V{_n(top)}" marker-end="url(#tip)"/>'


def _line(line: Line) -> Iterator[str]:
    transition = line.transition
    path = _path(line.points)
    tip = "catch-tip" if transition.kind == "catch" else "tip"
    yield (
        f'<g class="{transition.kind}" data-from={quoteattr(transition.source)}'
        f" data-to={quoteattr(transition.target)}>"
    )
    words = f": {transition.detail}" if transition.detail else ""
    yield f"<title>{escape(f'{transition.source} to {transition.target}{words}')}</title>"
    yield f'<path class="halo" d="{path}"/>'
    yield f'<path class="line" d="{path}" marker-end="url(#{tip})"/>'
    yield "</g>"


def _path(points: tuple[Point, ...]) -> str:
    """A line through all points with round corners."""
    parts = [f"M{_xy(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        parts.append(
            f"L{_xy(_towards(corner, before))}Q{_xy(corner)} {_xy(_towards(corner, after))}"
        )
    return "".join([*parts, f"L{_xy(points[-1])}"])


def _towards(corner: Point, other: Point) -> Point:
    """The point where the rounding of a corner begins."""
    across, down = other[0] - corner[0], other[1] - corner[1]
    length = abs(across) + abs(down)
    part = min(_CORNER, length / 2) / length
    return corner[0] + across * part, corner[1] + down * part


def _label(transition: Transition, box: Box) -> Iterator[str]:
    yield (
        f'<g class="label {transition.kind}" data-from={quoteattr(transition.source)}'
        f" data-to={quoteattr(transition.target)}>"
    )
    yield f"<rect {_frame(box)}/>"
    first = box.y - (len(transition.label) - 1) * LINE_HEIGHT / 2
    for number, words in enumerate(transition.label):
        yield f'<text x="{_n(box.x)}" y="{_n(first + number * LINE_HEIGHT)}">{escape(words)}</text>'
    yield "</g>"


def _node(node: Node, state: State) -> Iterator[str]:
    yield f"<g data-state={quoteattr(node.name)}>"
    if "Comment" in state:
        yield f"<title>{escape(state['Comment'])}</title>"
    yield from _shape(node.kind, node.box)
    box = node.box
    name_y = box.y - box.height / 2 + MAP_HEAD / 2 if node.inner else box.y
    yield f'<text x="{_n(box.x)}" y="{_n(name_y)}">{escape(node.name)}</text>'
    yield "</g>"
    processor = state.get("ItemProcessor", {"States": {}})
    for (above, one), (below, other) in pairwise(node.inner):
        points = ((one.x, one.y + one.height / 2), (other.x, other.y - other.height / 2))
        inner = Line(Transition(above, below, "next"), points)
        yield from _line(inner)
    for name, place in node.inner:
        inner_state = processor["States"][name]
        yield from _node(Node(name, inner_state["Type"], 0, 0, place), inner_state)


def _shape(kind: str, box: Box) -> Iterator[str]:
    """Tasks are boxes, choices have points, waits are flat on the left, ends are round twice."""
    left, right = box.x - box.width / 2, box.x + box.width / 2
    top, bottom = box.y - box.height / 2, box.y + box.height / 2
    radius = box.height / 2
    match kind:
        case "Choice":
            point = edge_inset(kind, "left", box.height, radius)
            corners = [
                (left, box.y),
                (left + point, top),
                (right - point, top),
                (right, box.y),
                (right - point, bottom),
                (left + point, bottom),
            ]
            yield f'<path class="shape {kind}" d="M{"L".join(map(_xy, corners))}Z"/>'
        case "Wait":
            yield (
                f'<path class="shape {kind}" d="M{_xy((left, top))}H{_n(right - radius)}'
                f'A{_n(radius)} {_n(radius)} 0 0 1 {_xy((right - radius, bottom))}H{_n(left)}Z"/>'
            )
        case "Succeed":
            yield f'<rect class="shape {kind}" {_frame(box)} rx="{_n(radius)}"/>'
            inside = Box(box.x, box.y, box.width - 7, box.height - 7)
            yield f'<rect class="shape {kind}" {_frame(inside)} rx="{_n(radius - 3.5)}"/>'
        case "Map":
            for behind in (6, 3, 0):
                card = Box(box.x + behind, box.y + behind, box.width, box.height)
                yield f'<rect class="shape {kind}" {_frame(card)} rx="6"/>'
        case _:
            yield f'<rect class="shape {kind}" {_frame(box)} rx="6"/>'


def _legend(x: float, y: float) -> Iterator[str]:
    """What the shapes mean, in one row."""
    yield '<g class="legend" aria-hidden="true">'
    for kind, words in _LEGEND:
        if kind == "catch":
            yield f'<g class="catch"><path class="line" d="M{_n(x)} {_n(y)}h26"/></g>'
        else:
            yield from _shape(kind, Box(x + 13, y, 26, 16))
        yield f'<text x="{_n(x + 36)}" y="{_n(y)}">{words}</text>'
        x += 36 + len(words) * 7 + 24
    yield "</g>"


def _frame(box: Box) -> str:
    return (
        f'x="{_n(box.x - box.width / 2)}" y="{_n(box.y - box.height / 2)}"'
        f' width="{_n(box.width)}" height="{_n(box.height)}"'
    )


def _xy(point: Point) -> str:
    return f"{_n(point[0])} {_n(point[1])}"


def _n(number: float) -> str:
    """A coordinate, as short as it goes."""
    return f"{number:.1f}".removesuffix(".0")
