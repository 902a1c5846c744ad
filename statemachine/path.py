"""Draw the path that a run took on the graph of its state machine.

What was visited stands out from what was not, and the state where the run stands or ended has a
badge. The picture shows names and counts, and of an error its class; no text or value of the run.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from postwright.history import History
from statemachine import drawing, path_words
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
    badge_box,
    beside,
    inner_lines,
    inner_nodes,
    inner_states,
)
from statemachine.picture import transitions_of
from statemachine.walk import Walk, Way, walked

_TWO_LINES, _TWO_LINES_IN_HEAD = (-7.0, 10.0), (-6.0, 8.0)
"""How far from the middle the two lines of text in a state are, and those in the head of a Map."""
_ROW, _INDENT, _ICON, _AFTER_ICON, _BETWEEN, _LETTER = 22.0, 24.0, 26.0, 36.0, 24.0, 7.0
"""Of the legend; a letter is measured as in the workflow's picture, on the generous side."""

_SIGNS: Final[Mapping[str, tuple[str, str]]] = {
    "SUCCEEDED": ("succeeded", "M-4.5 0.5-1.5 3.5 4.5-3.5"),
    "FAILED": ("failed", "M-3.5-3.5 3.5 3.5M3.5-3.5-3.5 3.5"),
    "ABORTED": ("stopped", "M-1.5-1.5h3v3h-3z"),
    "TIMED_OUT": ("timed-out", "M0-5.5V0H4"),
    "RUNNING": ("running", "M-5 0h.01M0 0h.01M5 0h.01"),
}
"""By status: a class, and the sign on the badge, which tells them apart without colour."""

_STYLE = """
.note { font-size: 12px; fill: #424a53 }
.Fail, .Pass, .Parallel { fill: #eef1f4; stroke: #57606a }
.taken .line { stroke: #24292f; stroke-width: 2.5 }
.tip { fill: #24292f }
.catch.taken .line { stroke: #cf222e }
.inside .halo { stroke: none }
.inside rect { fill: none }
.visited .shape { stroke-width: 2 }
.aside .shape { fill: #ffffff; stroke: #d0d7de }
.aside text { fill: #767e87 }
.aside .line { stroke: #d0d7de }
.aside-tip { fill: #d0d7de }
.badge circle { stroke: #ffffff; stroke-width: 2 }
.badge path { fill: none; stroke: #ffffff; stroke-width: 3; stroke-linecap: round }
.failed .shape, .stopped .shape, .timed-out .shape, .running .shape { stroke-width: 4 }
.succeeded .shape { stroke: #1a7f37; stroke-width: 2.5 }
.failed .shape { stroke: #cf222e }
.stopped .shape { stroke: #57606a }
.timed-out .shape { stroke: #bc4c00 }
.running .shape { stroke: #0969da }
.succeeded circle { fill: #1a7f37 }
.failed circle { fill: #cf222e }
.stopped circle { fill: #57606a }
.timed-out circle { fill: #bc4c00 }
.running circle { fill: #0969da }
@media (prefers-color-scheme: dark) {
.note { fill: #c4ccd4 }
.Fail, .Pass, .Parallel { fill: #1c232b; stroke: #9198a1 }
.taken .line { stroke: #f0f6fc }
.tip { fill: #f0f6fc }
.catch.taken .line { stroke: #f85149 }
.aside .shape { fill: #0d1117; stroke: #3d444d }
.aside text { fill: #7d8590 }
.aside .line { stroke: #3d444d }
.aside-tip { fill: #3d444d }
.badge circle { stroke: #0d1117 }
.succeeded .shape { stroke: #3fb950 }
.failed .shape { stroke: #f85149 }
.stopped .shape { stroke: #9198a1 }
.timed-out .shape { stroke: #db6d28 }
.running .shape { stroke: #4493f8 }
}
"""


def draw(definition: Mapping[str, Any], history: History) -> str:
    """The path of a run as an SVG document.

    The definition may differ from the run's own: what it does not have is listed below the graph.
    """
    states: Mapping[str, State] = definition["States"]
    walk = walked(history)
    taken = _taken(list(transitions_of(states)), walk.ways)
    layout = arrange(
        states, definition["StartAt"], list(taken), states.keys() & walk.standing.keys()
    )
    return "\n".join(_document(definition, walk, taken, layout)) + "\n"


@dataclass(frozen=True)
class _Entry:
    """One thing in the legend: a picture, given its place, and the words beside it."""

    icon: Callable[[float, float], Iterator[str]] | None
    words: str

    @property
    def width(self) -> float:
        return (_AFTER_ICON if self.icon else 0) + len(self.words) * _LETTER + _BETWEEN


def _taken(transitions: Sequence[Transition], ways: Mapping[Way, int]) -> dict[Transition, int]:
    """How often each transition was taken, which is also on its label when more than once."""
    counts = Counter[Transition]()
    for way, count in ways.items():
        alike = [t for t in transitions if (t.source, t.target) == (way.source, way.target)]
        fitting = [t for t in alike if (t.kind == "catch") == way.caught]
        for transition in (fitting or alike)[:1]:
            counts[transition] += count
    return {_with_count(t, counts[t]): counts[t] for t in transitions}


def _with_count(transition: Transition, count: int) -> Transition:
    match transition.label:
        case _ if count < 2:
            return transition
        case [first, *more] if more:
            label = (f"x {count}: {first}", *more)
        case words:
            label = (" ".join([*words, f"x {count}"]),)
    return replace(transition, label=label)


# Drawing.


def _document(
    definition: Mapping[str, Any], walk: Walk, taken: Mapping[Transition, int], layout: Layout
) -> Iterator[str]:
    states: Mapping[str, State] = definition["States"]
    legend = _legend(states, walk, layout.right - layout.left - 2 * _INDENT)
    yield from drawing.opening(
        layout,
        layout.bottom + len(legend) * _ROW + 6,
        comment="Made from the history of one execution",
        title=f"The path of a run that {path_words.outcome(walk)}",
        description=path_words.story(states, walk),
        style=drawing.STYLE + _STYLE,
        tips=("tip", "catch-tip", "aside-tip"),
    )
    yield f'<g class="{"taken" if walk.visits else "aside"}">'
    yield from drawing.start(layout.nodes[definition["StartAt"]])
    yield "</g>"
    for line in sorted(layout.lines, key=lambda line: taken[line.transition] > 0):
        yield from _line(line, taken[line.transition])
    for line in layout.lines:
        if line.label is not None:
            yield from drawing.caption(line, line.label, _look(line, taken[line.transition]))
    for name, node in layout.nodes.items():
        yield from _node(node, states[name], states, walk)
    for row, entries in enumerate(legend):
        yield from _legend_row(entries, layout.left + _INDENT, layout.bottom + (row + 0.5) * _ROW)
    yield "</svg>"


def _line(line: Line, count: int) -> Iterator[str]:
    tip = "catch-tip" if line.transition.kind == "catch" else "tip"
    often = f"taken {path_words.times(count)}" if count else "not taken"
    title = f"{line.transition.words}; {often}"
    yield from drawing.connection(line, _look(line, count), tip if count else "aside-tip", title)


def _look(line: Line, count: int) -> str:
    return f"{line.transition.kind} {'taken' if count else 'aside'}"


def _node(node: Node, state: State, states: Mapping[str, State], walk: Walk) -> Iterator[str]:
    box, is_standing = node.box, node.name in walk.standing
    look = "visited" if walk.visits[node.name] else "aside"
    if is_standing:
        look = f"{look} {_SIGNS[walk.status][0]}"
    note = path_words.note(states, walk, node.name)
    middle = box.y - box.height / 2 + MAP_HEAD / 2 if node.inner else box.y
    rise, drop = _TWO_LINES_IN_HEAD if node.inner else _TWO_LINES
    yield f'<g class="{look}" data-state={quoted(node.name)}>'
    yield f"<title>{escape(path_words.title(states, walk, node.name))}</title>"
    yield from shape(node.kind, box)
    yield _text(node.name, box.x, middle + rise if note else middle)
    if note:
        yield _text(note, box.x, middle + drop, ' class="note"')
    yield "</g>"
    if is_standing:
        yield from _badge(walk.status, badge_box(node))
    for line in inner_lines(node):
        yield from _inner_line(line, walk)
    for part in inner_nodes(node, state):
        yield from _node(part, inner_states(state)[part.name], states, walk)


def _inner_line(line: Line, walk: Walk) -> Iterator[str]:
    ends = line.transition.source, line.transition.target
    count = sum(n for way, n in walk.ways.items() if (way.source, way.target) == ends)
    yield '<g class="inside">'
    yield from _line(line, count)
    counted = replace(line, transition=_with_count(line.transition, count))
    if counted.transition.label:
        place = beside(counted.transition, line.points)
        yield from drawing.caption(counted, place, _look(line, count))
    yield "</g>"


def _badge(status: str, box: Box) -> Iterator[str]:
    look, sign = _SIGNS[status]
    yield f'<g class="badge {look}" transform="translate({number(box.x)} {number(box.y)})">'
    yield f'<circle r="{number(box.width / 2)}"/><path d="{sign}"/></g>'


def _text(words: str, x: float, y: float, attributes: str = "") -> str:
    return f'<text{attributes} x="{number(x)}" y="{number(y)}">{escape(words)}</text>'


# The legend.


def _legend(states: Mapping[str, State], walk: Walk, width: float) -> list[list[_Entry]]:
    """Rows of entries: how the run stands, what the looks mean, and what is not in the graph."""
    words = path_words.outcome(walk)
    first, *more = _wrapped(f"The run {words}", width - _AFTER_ICON)
    rows = [[_Entry(partial(_badge_icon, walk.status), first)]]
    rows += [[_Entry(None, line)] for line in more]
    rows += _flow([_Entry(icon, words) for icon, words in _ICONS], width)
    rows += _flow([_Entry(None, words) for words in _explained(walk)], width)
    unknown = path_words.missing(states, walk)
    return rows + [[_Entry(None, line)] for line in _wrapped(unknown, width)]


def _explained(walk: Walk) -> Iterator[str]:
    """The counts that occur, each with its meaning."""
    outer = {state: n for state, n in walk.visits.items() if state not in walk.iterations}
    if max((*outer.values(), *walk.ways.values()), default=0) > 1:
        yield "x 2: two times"
    if walk.items:
        yield "1 of 2: iterations of the Map"
    if walk.redriven:
        yield "redriven: a redrive went on here"


def _wrapped(text: str, width: float) -> list[str]:
    return textwrap.wrap(text, max(1, int(width / _LETTER)))


def _flow(entries: Sequence[_Entry], width: float) -> list[list[_Entry]]:
    rows: list[list[_Entry]] = []
    room = 0.0
    for entry in entries:
        if not rows or entry.width > room:
            rows.append([])
            room = width + _BETWEEN
        rows[-1].append(entry)
        room -= entry.width
    return rows


def _legend_row(entries: Sequence[_Entry], x: float, y: float) -> Iterator[str]:
    yield '<g class="legend" aria-hidden="true">'
    for entry in entries:
        if entry.icon:
            yield from entry.icon(x, y)
        yield _text(entry.words, x + (_AFTER_ICON if entry.icon else 0), y)
        x += entry.width
    yield "</g>"


def _badge_icon(status: str, x: float, y: float) -> Iterator[str]:
    yield from _badge(status, Box(x + _ICON / 2, y, 18, 18))


def _state_icon(look: str, x: float, y: float) -> Iterator[str]:
    yield f'<g class="{look}">'
    yield from shape("Task", Box(x + _ICON / 2, y, _ICON, 16))
    yield "</g>"


def _line_icon(look: str, x: float, y: float) -> Iterator[str]:
    yield f'<g class="{look}"><path class="line" d="M{number(x)} {number(y)}h{number(_ICON)}"/></g>'


_ICONS: Final[Sequence[tuple[Callable[[float, float], Iterator[str]], str]]] = (
    (partial(_state_icon, "visited"), "visited"),
    (partial(_state_icon, "aside"), "not visited"),
    (partial(_line_icon, "taken"), "way taken"),
    (partial(_line_icon, "catch taken"), "caught error"),
)
