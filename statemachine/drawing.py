"""The strokes that all pictures of a state machine are made of: frame, states, lines and labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax import saxutils

from statemachine.layout import CARDS, LINE_HEIGHT, Box, Layout, Line, Node, Point, edge_inset

STYLE = """
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

_CORNER = 6.0


def opening(
    layout: Layout,
    height: float,
    *,
    comment: str,
    title: str,
    description: str,
    style: str,
    tips: Iterable[str],
) -> Iterator[str]:
    """The beginning of a document, up to the panel that everything lies on.

    `tips` are the classes of the arrowheads that lines may end in.
    """
    left, width = layout.left, layout.right - layout.left
    view, size = (
        f"{number(left)} 0 {number(width)} {number(height)}",
        (number(width), number(height)),
    )
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" width="{size[0]}"'
        f' height="{size[1]}" role="img" aria-labelledby="t d">'
    )
    yield f"<!-- {comment} -->"
    yield f'<title id="t">{escape(title)}</title>'
    yield f'<desc id="d">{escape(description)}</desc>'
    yield f"<style>{style}</style>"
    yield "<defs>"
    for name in tips:
        yield (
            f'<marker id="{name}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8"'
            f' markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
            f'<path class="{name}" d="M0 0.5 8 4 0 7.5z"/></marker>'
        )
    yield "</defs>"
    yield (
        f'<rect class="panel" x="{number(left + 0.5)}" y="0.5" width="{number(width - 1)}"'
        f' height="{number(height - 1)}" rx="10"/>'
    )


def start(first: Node) -> Iterator[str]:
    """Where a run begins: a dot above the first state."""
    x, top = number(first.box.x), first.box.y - first.box.height / 2
    yield f'<circle class="tip" cx="{x}" cy="{number(top - 26)}" r="6"/>'
    yield f'<path class="line" d="M{x} {number(top - 20)}V{number(top)}" marker-end="url(#tip)"/>'


def connection(line: Line, look: str, tip: str, title: str) -> Iterator[str]:
    """A line of the classes `look`; `title` is what a pointer on it shows."""
    path = _path(line.points)
    yield f"<g {_ends(line, look)}>"
    yield f"<title>{escape(title)}</title>"
    yield f'<path class="halo" d="{path}"/>'
    yield f'<path class="line" d="{path}" marker-end="url(#{tip})"/>'
    yield "</g>"


def caption(line: Line, box: Box, look: str) -> Iterator[str]:
    """The words on a line, in their place."""
    yield f"<g {_ends(line, f'label {look}')}>"
    yield f"<rect {frame(box)}/>"
    words = line.transition.label
    first = box.y - (len(words) - 1) * LINE_HEIGHT / 2
    for row, text in enumerate(words):
        y = first + row * LINE_HEIGHT
        yield f'<text x="{number(box.x)}" y="{number(y)}">{escape(text)}</text>'
    yield "</g>"


def _ends(line: Line, look: str) -> str:
    transition = line.transition
    return (
        f'class="{look}" data-from={quoted(transition.source)} data-to={quoted(transition.target)}'
    )


def _path(points: tuple[Point, ...]) -> str:
    """A line through all points with round corners."""
    parts = [f"M{xy(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        parts.append(f"L{xy(_towards(corner, before))}Q{xy(corner)} {xy(_towards(corner, after))}")
    return "".join([*parts, f"L{xy(points[-1])}"])


def _towards(corner: Point, other: Point) -> Point:
    """The point where the rounding of a corner begins."""
    across, down = other[0] - corner[0], other[1] - corner[1]
    length = abs(across) + abs(down)
    part = min(_CORNER, length / 2) / length
    return corner[0] + across * part, corner[1] + down * part


def shape(kind: str, box: Box) -> Iterator[str]:
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
            yield f'<path class="shape {kind}" d="M{"L".join(map(xy, corners))}Z"/>'
        case "Wait":
            yield (
                f'<path class="shape {kind}" d="M{xy((left, top))}H{number(right - radius)}'
                f"A{number(radius)} {number(radius)} 0 0 1 {xy((right - radius, bottom))}"
                f'H{number(left)}Z"/>'
            )
        case "Succeed":
            yield f'<rect class="shape {kind}" {frame(box)} rx="{number(radius)}"/>'
            inside = Box(box.x, box.y, box.width - 7, box.height - 7)
            yield f'<rect class="shape {kind}" {frame(inside)} rx="{number(radius - 3.5)}"/>'
        case "Map":
            for behind in (CARDS, CARDS / 2, 0):
                card = Box(box.x + behind, box.y + behind, box.width, box.height)
                yield f'<rect class="shape {kind}" {frame(card)} rx="6"/>'
        case _:
            yield f'<rect class="shape {kind}" {frame(box)} rx="6"/>'


def escape(text: str) -> str:
    """Text for between tags; what XML has no way to write is a space."""
    return saxutils.escape(_writable(text))


def quoted(text: str) -> str:
    """Text as the value of an attribute, with its quotes."""
    return saxutils.quoteattr(_writable(text))


def _writable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def frame(box: Box) -> str:
    return (
        f'x="{number(box.x - box.width / 2)}" y="{number(box.y - box.height / 2)}"'
        f' width="{number(box.width)}" height="{number(box.height)}"'
    )


def xy(point: Point) -> str:
    return f"{number(point[0])} {number(point[1])}"


def number(value: float) -> str:
    """A coordinate, as short as it goes."""
    return f"{value:.1f}".removesuffix(".0")
