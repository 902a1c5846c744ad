"""Where the states and lines of a picture go: a spine from top to bottom, branches beside it.

The spine is the way that a run takes when nothing special happens: `Next`, or a choice's default.
What leaves it stands in a second column, near the row that it leaves from. Lines between the
columns run in the gap, lines back within a column on its outer side. Nothing is random: the same
states give the same picture.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, product
from typing import Any, Literal

State = Mapping[str, Any]
Point = tuple[float, float]
Side = Literal["left", "right"]

NODE_WIDTH, NODE_HEIGHT, INNER_WIDTH = 168.0, 40.0, 146.0
MAP_HEAD, MAP_FOOT = 32.0, 14.0
CARDS = 6.0
"""So far the cards behind a Map look out, below and on the right."""
LETTER, LINE_HEIGHT = 7.3, 14.0
"""Room for one letter of a label, on the generous side: which font a reader has is not known."""

_ROW_SPACE, _TOP, _MARGIN = 26.0, 52.0, 14.0
_WIDER, _TRIES = 12.0, 40
_LANE_SPACE, _LANES = 12.0, 8
_PORT_SPACE, _PORT_REACH = (15.0, 11.0), 16.0
_FIRST_LANE = {"gap": 18.0, "right": 24.0}
_LEAD = 11.0
_BADGE, _BADGE_OUT = 18.0, 3.0
_OVERLAP, _CROSSING = 1000, 10


@dataclass(frozen=True)
class Transition:
    """One arrow: a `Next`, the cases of a choice, or caught errors; `detail` is the long form."""

    source: str
    target: str
    kind: Literal["next", "case", "catch"]
    label: tuple[str, ...] = ()
    detail: str = ""

    @property
    def words(self) -> str:
        """The arrow in words, with all that it stands for."""
        ends = f"{self.source} to {self.target}"
        return f"{ends}: {self.detail}" if self.detail else ends


@dataclass(frozen=True)
class Box:
    """A rectangle by its centre."""

    x: float
    y: float
    width: float
    height: float

    def touches(self, other: Box, space: float = 0) -> bool:
        """True when the two share a point, or come nearer than `space`."""
        return (
            abs(self.x - other.x) < (self.width + other.width) / 2 + space
            and abs(self.y - other.y) < (self.height + other.height) / 2 + space
        )


@dataclass(frozen=True)
class Node:
    """A state and its place; `inner` are the states inside a Map, from top to bottom."""

    name: str
    kind: str
    column: int
    row: int
    box: Box
    inner: tuple[tuple[str, Box], ...] = ()


@dataclass(frozen=True)
class Line:
    """A transition, the corners of its line, and the box of its label."""

    transition: Transition
    points: tuple[Point, ...]
    label: Box | None = None


@dataclass(frozen=True)
class _Room:
    """How far the first line on the left is from the spine, and the columns from each other."""

    left: float = 58.0
    gap: float = 168.0

    def wider_for(self, line: Line) -> _Room:
        """More room where a line's label has found no place."""
        if all(x <= 0 for x, _ in line.points):
            return _Room(self.left + _WIDER, self.gap)
        return _Room(self.left, self.gap + _WIDER)


@dataclass(frozen=True)
class Layout:
    """Everything that is drawn, and the corners of what it takes up."""

    left: float
    right: float
    bottom: float
    nodes: dict[str, Node]
    lines: list[Line]


def arrange(
    states: Mapping[str, State],
    start: str,
    transitions: Sequence[Transition],
    badges: Collection[str] = (),
) -> Layout:
    """Places for all `states` and ways for all `transitions`; `badges` are states with a badge."""
    cells = _rows(states, start, transitions)
    room = _Room()
    for _ in range(_TRIES):
        nodes = _place(states, cells, room.gap)
        covered = [*map(_extent, nodes.values()), *(badge_box(nodes[n]) for n in badges)]
        lines, stuck = _with_labels(covered, _routes(nodes, transitions, room))
        if stuck is None:
            break
        room = room.wider_for(stuck)
    else:
        raise ValueError("The picture has no room for the labels.")
    xs = [x for line in lines for x, _ in line.points]
    boxes = [*(n.box for n in nodes.values()), *(ln.label for ln in lines if ln.label is not None)]
    return Layout(
        left=min([*xs, *(box.x - box.width / 2 for box in boxes)]) - _MARGIN,
        right=max([*xs, *(box.x + box.width / 2 for box in boxes)]) + _MARGIN,
        bottom=max(box.y + box.height / 2 for box in boxes) + _MARGIN,
        nodes=nodes,
        lines=lines,
    )


def onward(state: State) -> list[str]:
    """The states that may follow, the usual one first; caught errors do not count."""
    usual = [state[field] for field in ("Next", "Default") if field in state]
    return usual + [choice["Next"] for choice in state.get("Choices", [])]


def inner_states(state: State) -> Mapping[str, State]:
    """The states inside a Map by name; none for other states."""
    states: Mapping[str, State] = state.get("ItemProcessor", {}).get("States", {})
    return states


def inner_path(state: State) -> list[str]:
    """The states inside a Map, in the order they run; none for other states."""
    processor = state.get("ItemProcessor")
    if processor is None:
        return []
    path = _follow(processor["States"], processor["StartAt"], set())
    if len(path) < len(processor["States"]):
        raise ValueError("The picture knows no branches inside a Map.")
    return path


def inner_nodes(node: Node, state: State) -> list[Node]:
    """The states inside a Map, each with its place."""
    return [Node(name, inner_states(state)[name]["Type"], 0, 0, box) for name, box in node.inner]


def inner_lines(node: Node) -> list[Line]:
    """The lines inside a Map, straight down from state to state."""
    return [
        Line(
            Transition(above, below, "next"),
            ((one.x, one.y + one.height / 2), (other.x, other.y - other.height / 2)),
        )
        for (above, one), (below, other) in pairwise(node.inner)
    ]


def _rows(
    states: Mapping[str, State], start: str, transitions: Sequence[Transition]
) -> dict[str, tuple[int, int]]:
    """Column and row of each state."""
    cells = {name: (0, row) for row, name in enumerate(_follow(states, start, set()))}
    for name in states:
        if name in cells:
            continue
        branch = _follow(states, name, set(cells))
        anchors = [
            cells[t.source][1] for t in transitions if t.target == name and t.source in cells
        ]
        anchor = min(anchors, default=len(cells))
        taken = {row for column, row in cells.values() if column == 1}
        free = (
            row for row in range(len(states) * 2) if taken.isdisjoint(range(row, row + len(branch)))
        )
        first = min(free, key=lambda row: (abs(row - anchor), row))
        cells |= {member: (1, first + step) for step, member in enumerate(branch)}
    return cells


def _follow(states: Mapping[str, State], start: str, known: set[str]) -> list[str]:
    """The usual way from `start` until it ends or meets a state that has its place."""
    path: list[str] = []
    name: str | None = start
    while name is not None:
        path.append(name)
        name = next((n for n in onward(states[name]) if n not in known.union(path)), None)
    return path


def _place(
    states: Mapping[str, State], cells: Mapping[str, tuple[int, int]], gap: float
) -> dict[str, Node]:
    inner = {name: inner_path(states[name]) for name in cells}
    heights = {name: _height(len(inner[name])) for name in cells}
    tallest: dict[int, float] = {}
    for name, (_, row) in cells.items():
        tallest[row] = max(tallest.get(row, NODE_HEIGHT), heights[name])
    nodes: dict[str, Node] = {}
    for name, (column, row) in cells.items():
        above = sum(tallest.get(r, NODE_HEIGHT) + _ROW_SPACE for r in range(row))
        x, y = column * (NODE_WIDTH + gap), _TOP + above + tallest[row] / 2
        box = Box(x, y, NODE_WIDTH, heights[name])
        nodes[name] = Node(name, states[name]["Type"], column, row, box, _inside(box, inner[name]))
    return nodes


def _height(inner: int) -> float:
    if inner == 0:
        return NODE_HEIGHT
    return MAP_HEAD + inner * NODE_HEIGHT + (inner - 1) * _ROW_SPACE + MAP_FOOT


def _inside(box: Box, names: Sequence[str]) -> tuple[tuple[str, Box], ...]:
    top = box.y - box.height / 2 + MAP_HEAD + NODE_HEIGHT / 2
    return tuple(
        (name, Box(box.x, top + step * (NODE_HEIGHT + _ROW_SPACE), INNER_WIDTH, NODE_HEIGHT))
        for step, name in enumerate(names)
    )


def edge_inset(kind: str, side: Side, height: float, offset: float) -> float:
    """How far a state's outline lies inside its box, `offset` above or below the middle."""
    if kind == "Choice":
        return 0.9 * abs(offset)
    if kind == "Succeed" or (kind == "Wait" and side == "right"):
        radius = height / 2
        return radius - float((radius**2 - offset**2) ** 0.5)
    return 0


def badge_box(node: Node) -> Box:
    """The place of a badge: on the upper left corner, so far out that the text stays free."""
    corner = edge_inset(node.kind, "left", node.box.height, node.box.height / 2)
    x, y = node.box.x - node.box.width / 2 + corner, node.box.y - node.box.height / 2
    return Box(x + _BADGE_OUT, y - _BADGE_OUT, _BADGE, _BADGE)


def _extent(node: Node) -> Box:
    """All that a state covers."""
    behind = CARDS if node.kind == "Map" else 0
    box = node.box
    return Box(box.x + behind / 2, box.y + behind / 2, box.width + behind, box.height + behind)


# Lines.


def _routes(
    nodes: Mapping[str, Node], transitions: Sequence[Transition], room: _Room
) -> list[Line]:
    """A line for each transition, the short ones first."""
    ports = _ports(nodes, transitions)
    lines: list[Line] = []
    drawn: list[Box] = []
    for transition in sorted(transitions, key=lambda t: _length(nodes, t)):
        ways = _ways(nodes, ports, transition, room)
        points = min(ways, key=lambda way: _cost(way, drawn))
        lines.append(Line(transition, points))
        drawn += map(_box, pairwise(points))
    return lines


def _sides(source: Node, target: Node) -> tuple[Side, Side] | None:
    """The sides that a line leaves and reaches; None for one straight down to the next row."""
    if source.column != target.column:
        return ("right", "left") if source.column < target.column else ("left", "right")
    if target.row == source.row + 1:
        return None
    return ("left", "left") if source.column == 0 else ("right", "right")


def _length(nodes: Mapping[str, Node], transition: Transition) -> tuple[int, int]:
    """In rows; of two that are equal, the upper one counts as shorter."""
    source, target = nodes[transition.source], nodes[transition.target]
    return abs(source.row - target.row), source.row


def _ports(
    nodes: Mapping[str, Node], transitions: Sequence[Transition]
) -> dict[tuple[Transition, str], float]:
    """How far above or below the middle of a side each line leaves and reaches its states."""
    by_side: dict[tuple[str, Side], list[tuple[int, Transition]]] = {}
    for transition in transitions:
        source, target = nodes[transition.source], nodes[transition.target]
        sides = _sides(source, target)
        if sides is not None:
            rows = target.row - source.row
            by_side.setdefault((source.name, sides[0]), []).append((rows, transition))
            by_side.setdefault((target.name, sides[1]), []).append((-rows, transition))
    crowded = {(nodes[name].column, nodes[name].row, side) for name, side in by_side}
    ports: dict[tuple[Transition, str], float] = {}
    for (name, side), ends in by_side.items():
        # Upward lines leave above the middle, the nearest one on top; downward lines below it.
        up = sorted((end for end in ends if end[0] < 0), key=lambda end: -end[0])
        down = sorted((end for end in ends if end[0] > 0), key=lambda end: -end[0])
        slots = [*range(-len(up), 0), *range(1, len(down) + 1)]
        node = nodes[name]
        outer = side == ("left" if node.column == 0 else "right")
        across = (1 - node.column, node.row, "left" if side == "right" else "right")
        if outer or (len(ends) == 1 and across not in crowded):
            slots = [index - (len(slots) - 1) / 2 for index in range(len(slots))]
        widest = max(map(abs, slots), default=0) or 1
        space = min(_PORT_SPACE[node.column], _PORT_REACH / widest)
        for slot, (_, transition) in zip(slots, [*up, *down], strict=True):
            ports[transition, name] = slot * space
    return ports


def _ways(
    nodes: Mapping[str, Node],
    ports: Mapping[tuple[Transition, str], float],
    transition: Transition,
    room: _Room,
) -> Iterator[tuple[Point, ...]]:
    """Every way that a line could take, one per lane."""
    source, target = nodes[transition.source], nodes[transition.target]
    sides = _sides(source, target)
    if sides is None:
        yield (
            (source.box.x, source.box.y + source.box.height / 2),
            (target.box.x, target.box.y - target.box.height / 2),
        )
        return
    begin = _port(source, sides[0], ports.get((transition, source.name), 0))
    end = _port(target, sides[1], ports.get((transition, target.name), 0))
    if begin[1] == end[1]:
        yield (begin, end)
        return
    for lane in range(_LANES):
        x = _lane(sides, lane, room)
        yield (begin, (x, begin[1]), (x, end[1]), end)


def _port(node: Node, side: Side, offset: float) -> Point:
    reach = node.box.width / 2 - edge_inset(node.kind, side, node.box.height, offset)
    return node.box.x + (reach if side == "right" else -reach), node.box.y + offset


def _lane(sides: tuple[Side, Side], lane: int, room: _Room) -> float:
    """Left of the spine, right of the branches, or in the gap from its right side on."""
    away = lane * _LANE_SPACE
    if sides == ("left", "left"):
        return -NODE_WIDTH / 2 - room.left - away
    if sides == ("right", "right"):
        return NODE_WIDTH * 1.5 + room.gap + _FIRST_LANE["right"] + away
    return NODE_WIDTH / 2 + room.gap - _FIRST_LANE["gap"] - away


def _cost(way: Sequence[Point], others: Sequence[Box]) -> float:
    """No two lines may lie on each other; then few crossings, then the nearest lane."""
    meetings = [_meeting(_box(segment), other) for segment in pairwise(way) for other in others]
    reach = max(abs(x - way[0][0]) for x, _ in way)
    return sum(meetings) + reach / 1000


def _meeting(one: Box, other: Box) -> int:
    if not one.touches(other, 1):
        return 0
    return _OVERLAP if (one.height == 0) == (other.height == 0) else _CROSSING


def _box(segment: tuple[Point, Point]) -> Box:
    (x1, y1), (x2, y2) = segment
    return Box((x1 + x2) / 2, (y1 + y2) / 2, abs(x2 - x1), abs(y2 - y1))


# Labels.


def _with_labels(covered: Sequence[Box], lines: Sequence[Line]) -> tuple[list[Line], Line | None]:
    """Each label at the first place along its line where it covers nothing; if one finds none,
    its line comes second.
    """
    placed: list[Line] = []
    for line in lines:
        if not line.transition.label:
            placed.append(line)
            continue
        others = [_box(s) for other in lines if other is not line for s in pairwise(other.points)]
        labels = [other.label for other in placed if other.label is not None]
        free = (
            place
            for place in _label_places(line)
            if not any(place.touches(box, 1) for box in chain(covered, others, labels))
        )
        label = next(free, None)
        if label is None:
            return placed, line
        placed.append(Line(line.transition, line.points, label))
    return placed, None


def _label_places(line: Line) -> Iterator[Box]:
    """Places on the line: first near its source where it is level, in its middle where not."""
    width, height = _label_size(line.transition)
    for (x1, y1), (x2, y2) in pairwise(line.points):
        room = abs(x2 - x1) - width - 2 * _LEAD
        if y1 == y2 and room >= 0:
            step = 1 if x2 > x1 else -1
            for part in range(11):
                yield Box(x1 + step * (_LEAD + width / 2 + room * part / 10), y1, width, height)
        room = abs(y2 - y1) - height - 2 * _LEAD
        if x1 == x2 and room >= 0:
            for part in (0, -1, 1, -2, 2, -3, 3, -4, 4, -5, 5):
                yield Box(x1, (y1 + y2) / 2 + room * part / 10, width, height)
        if x1 == x2:
            for side, drop in product((1, -1), (-2, 3)):
                yield beside(line.transition, ((x1, y1), (x2, y2)), side, drop)


def _label_size(transition: Transition) -> tuple[float, float]:
    width = max(map(len, transition.label)) * LETTER + 6
    return width, len(transition.label) * LINE_HEIGHT


def beside(
    transition: Transition, upright: Sequence[Point], side: int = 1, drop: float = -2
) -> Box:
    """The place of a label right (1) or left (-1) of an upright line, `drop` below its middle."""
    (x, begin), (_, end) = upright
    width, height = _label_size(transition)
    return Box(x + side * (width / 2 + 3), (begin + end) / 2 + drop, width, height)
