"""Read a picture: what is drawn where, as rectangles."""

from __future__ import annotations

import copy
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

SVG = "{http://www.w3.org/2000/svg}"
NODE_SHAPES = {"Task", "Wait", "Choice", "Map", "Succeed"}

State = dict[str, Any]
Frame = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  our own document


def groups(svg: ET.Element, attribute: str) -> Iterator[ET.Element]:
    yield from (group for group in svg.iter(f"{SVG}g") if attribute in group.attrib)


def words(group: ET.Element) -> list[str]:
    return [text.text or "" for text in group.iter(f"{SVG}text")]


def shape(group: ET.Element) -> str:
    classes = group.findall("*[@class]")[0].attrib["class"].split()
    return next(name for name in classes if name in NODE_SHAPES)


def machine_that_has_grown(definition: dict[str, Any]) -> dict[str, Any]:
    """The workflow with a longer spine, a branch of its own and a way back over half of it."""
    grown = copy.deepcopy(definition)
    states = grown["States"]
    states["CheckQuota"]["Next"] = "TranslateCaption"
    states["TranslateCaption"] = {"Type": "Task", "Next": "HasQuota"}
    ask = {"Variable": "$.check.next", "StringEquals": "ask", "Next": "AskSomebody"}
    states["WhatNext"]["Choices"].append(ask)
    states["AskSomebody"] = {"Type": "Task", "Next": "WaitForAnswer"}
    states["WaitForAnswer"] = {"Type": "Wait", "Seconds": 60, "Next": "WhatNext"}
    anew = {"Variable": "$.publish.next", "StringEquals": "anew", "Next": "CheckQuota"}
    states["WhatHappened"]["Choices"].append(anew)
    return grown


def node_frames(svg: ET.Element, states: dict[str, State]) -> Iterator[tuple[str, Frame]]:
    for group in groups(svg, "data-state"):
        if group.attrib["data-state"] not in states:
            continue
        outline = [e for e in group if "shape" in e.attrib.get("class", "")]
        corners = [point for e in outline for point in corner_points(e)]
        yield group.attrib["data-state"], bounds(corners)


def corner_points(element: ET.Element) -> list[tuple[float, float]]:
    if element.tag == f"{SVG}rect":
        x, y, width, height = (float(element.attrib[a]) for a in ("x", "y", "width", "height"))
        return [(x, y), (x + width, y + height)]
    return path_points(element.attrib["d"])


def path_points(path: str) -> list[tuple[float, float]]:
    """The points of a path of M, L, Q, H, V and A with absolute coordinates."""
    points: list[tuple[float, float]] = []
    for command, rest in re.findall(r"([MLQHVAZ])([^MLQHVAZ]*)", path):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", rest)]
        match command:
            case "H":
                points.append((numbers[0], points[-1][1]))
            case "V":
                points.append((points[-1][0], numbers[0]))
            case "A":
                radius, x, y = numbers[0], *numbers[-2:]
                points += [(x + radius, y), (x, y)]
            case _:
                points += zip(numbers[::2], numbers[1::2], strict=True)
    return points


def label_frames(svg: ET.Element) -> Iterator[tuple[tuple[str, str], Frame]]:
    for group in groups(svg, "data-from"):
        rect = group.find(f"{SVG}rect")
        if rect is not None:
            yield (group.attrib["data-from"], group.attrib["data-to"]), bounds(corner_points(rect))


def line_frames(svg: ET.Element) -> Iterator[tuple[tuple[str, str], list[Frame]]]:
    for group in groups(svg, "data-from"):
        path = group.find(f"{SVG}path[@class='line']")
        if path is not None:
            points = path_points(path.attrib["d"])
            ends = group.attrib["data-from"], group.attrib["data-to"]
            yield ends, [bounds(list(segment)) for segment in pairwise(points)]


def bounds(points: list[tuple[float, float]]) -> Frame:
    across, down = zip(*points, strict=True)
    return min(across), min(down), max(across), max(down)


def overlap(one: Frame | None, other: Frame | None) -> bool:
    assert one is not None
    assert other is not None
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def hits(segments: list[Frame], frame: Frame) -> bool:
    return any(overlap(widened(segment, 0.4), frame) for segment in segments)


def share(one: list[Frame] | None, other: list[Frame] | None) -> bool:
    """True when two lines run along each other; crossing at a right angle is no harm."""
    return any(
        overlap(widened(a, 1), widened(b, 1)) and is_level(a) == is_level(b)
        for a in one or []
        for b in other or []
        if length(a) > 12 and length(b) > 12
    )


def widened(frame: Frame, by: float) -> Frame:
    return frame[0] - by, frame[1] - by, frame[2] + by, frame[3] + by


def is_level(frame: Frame) -> bool:
    return frame[1] == frame[3]


def length(frame: Frame) -> float:
    return frame[2] - frame[0] + frame[3] - frame[1]
