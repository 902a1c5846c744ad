"""The picture of the workflow and the table of its states say what the file says."""

from __future__ import annotations

import ast
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from statemachine import picture
from tests.pictures import (
    SVG,
    State,
    groups,
    hits,
    label_frames,
    line_frames,
    machine_that_has_grown,
    node_frames,
    overlap,
    parse,
    shape,
    share,
    words,
)

ROOT = Path(__file__).resolve().parents[1]
DEFINITION = ROOT / "statemachine" / "publish_post.asl.json"
TABLE = ROOT / "statemachine" / "README.md"
AWS_PREFIXES = ("States.", "Lambda.", "Sandbox.", "Runtime.")


@pytest.fixture(scope="module")
def definition() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(DEFINITION.read_text())
    return parsed


@pytest.fixture(scope="module")
def drawn() -> ET.Element:
    return parse(picture.of_the_workflow())


def all_states(machine: dict[str, Any]) -> Iterator[tuple[str, State]]:
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from all_states(state["ItemProcessor"])


def ways(machine: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Every transition with the word for it; several cases with one target are several ways."""
    found = set()
    for name, state in all_states(machine):
        if "Next" in state:
            found.add((name, state["Next"], ""))
        for choice in state.get("Choices", []):
            found.add((name, choice["Next"], choice["StringEquals"]))
        if "Default" in state:
            found.add((name, state["Default"], "else"))
        for catch in state.get("Catch", []):
            for error in ours(catch["ErrorEquals"]):
                found.add((name, catch["Next"], error.removesuffix("Error")))
    return found


def ours(errors: list[str]) -> list[str]:
    return [error for error in errors if not error.startswith(AWS_PREFIXES)]


def drawn_ways(svg: ET.Element) -> set[tuple[str, str, str]]:
    lines, labels = set(), {}
    for group in groups(svg, "data-from"):
        ends = group.attrib["data-from"], group.attrib["data-to"]
        if group.find(f"{SVG}path") is not None:
            lines.add(ends)
        else:
            labels[ends] = [w for line in words(group) for w in line.split(", ")]
    return {(*ends, word) for ends in lines for word in labels.get(ends, [""])}


# The picture.


def test_every_state_is_in_the_picture_in_the_shape_of_its_type(
    definition: dict[str, Any], drawn: ET.Element
) -> None:
    shown = {
        (group.attrib["data-state"], words(group)[0], shape(group))
        for group in groups(drawn, "data-state")
    }

    assert shown == {(name, name, state["Type"]) for name, state in all_states(definition)}


def test_every_transition_is_in_the_picture_with_its_case_or_error(
    definition: dict[str, Any], drawn: ET.Element
) -> None:
    shown = {way for way in drawn_ways(drawn) if not way[2].startswith("+ ")}

    assert shown == ways(definition)


def test_the_label_of_a_catch_counts_the_errors_of_aws(
    definition: dict[str, Any], drawn: ET.Element
) -> None:
    caught = [c["ErrorEquals"] for s in definition["States"].values() for c in s.get("Catch", [])]

    counts = [f"+ {len(errors) - len(ours(errors))} AWS errors" for errors in caught]

    assert [way[2] for way in drawn_ways(drawn) if way[2].startswith("+ ")] == counts


def test_the_picture_can_be_read_aloud_and_in_the_dark(drawn: ET.Element) -> None:
    style = drawn.findtext(f"{SVG}style") or ""

    assert drawn.attrib["role"] == "img"
    assert drawn.findtext(f"{SVG}title")
    assert "prefers-color-scheme: dark" in style
    assert re.findall(r"font[^;]*px ([^;]+);", style) == ["sans-serif"]


def test_the_picture_loads_nothing() -> None:
    svg = picture.of_the_workflow().replace("http://www.w3.org/2000/svg", "")

    assert not re.search(r"<script|<image|href|@import|url\((?!#)|https?:", svg)


@pytest.mark.parametrize("grown", [False, True])
def test_nothing_in_the_picture_covers_anything(definition: dict[str, Any], *, grown: bool) -> None:
    machine = machine_that_has_grown(definition) if grown else definition

    svg = parse(picture.draw(machine))

    nodes = dict(node_frames(svg, machine["States"]))
    labels = dict(label_frames(svg))
    assert nodes.keys() == machine["States"].keys()
    assert [pair for pair in combinations(nodes, 2) if overlap(*map(nodes.get, pair))] == []
    assert [pair for pair in combinations(labels, 2) if overlap(*map(labels.get, pair))] == []
    assert [(n, e) for n in nodes for e in labels if overlap(nodes[n], labels[e])] == []


@pytest.mark.parametrize("grown", [False, True])
def test_lines_cross_neither_states_nor_labels_and_do_not_lie_on_each_other(
    definition: dict[str, Any], *, grown: bool
) -> None:
    machine = machine_that_has_grown(definition) if grown else definition

    svg = parse(picture.draw(machine))

    nodes = dict(node_frames(svg, machine["States"]))
    labels = dict(label_frames(svg))
    lines = dict(line_frames(svg))
    through = [(e, n) for e in lines for n in nodes if n not in e and hits(lines[e], nodes[n])]
    covered = [(e, o) for e in lines for o in labels if o != e and hits(lines[e], labels[o])]
    shared = [pair for pair in combinations(lines, 2) if share(*map(lines.get, pair))]
    assert (through, covered, shared) == ([], [], [])


@pytest.mark.parametrize("grown", [False, True])
def test_everything_lies_on_the_panel(definition: dict[str, Any], *, grown: bool) -> None:
    machine = machine_that_has_grown(definition) if grown else definition

    svg = parse(picture.draw(machine))

    left, _, width, height = map(float, svg.attrib["viewBox"].split())
    segments = [frame for frames in dict(line_frames(svg)).values() for frame in frames]
    frames = [*dict(node_frames(svg, machine["States"])).values(), *segments]
    frames += dict(label_frames(svg)).values()
    right = left + width
    assert [f for f in frames if f[0] < left or f[1] < 0 or f[2] > right or f[3] > height] == []


# The table.


def rows(heading: str) -> list[list[str]]:
    """The rows of the table under a heading, cell by cell."""
    section = TABLE.read_text().split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def state_rows() -> dict[str, list[str]]:
    return {row[0].strip("`"): row[1:] for row in rows("The states")[1:]}


def error_names(text: str) -> set[str]:
    return set(re.findall(r"\b[A-Z]\w+Error\b", text))


def test_the_table_names_the_states_of_the_file_in_their_order(definition: dict[str, Any]) -> None:
    assert list(state_rows()) == [name for name, _ in all_states(definition)]


def test_each_row_says_the_type_of_its_state(definition: dict[str, Any]) -> None:
    types = {name: re.split(r"\W", row[0])[0] for name, row in state_rows().items()}

    assert types == {name: state["Type"] for name, state in all_states(definition)}


def test_each_row_names_the_errors_of_its_function_and_its_rules(
    definition: dict[str, Any],
) -> None:
    named = {name: error_names(row[1]) for name, row in state_rows().items()}

    expected = {
        name: raised_by(state) | reacted_to(state) for name, state in all_states(definition)
    }

    assert named == expected


def raised_by(state: State) -> set[str]:
    """The classes that the docstring of the state's function lists under Raises."""
    if state["Type"] != "Task":
        return set()
    placeholder = re.findall(r"\$\{(\w+)Arn\}", json.dumps(state))[0]
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", placeholder).lower()
    docstring = ast.get_docstring(ast.parse((ROOT / "lambdas" / f"{name}.py").read_text())) or ""
    return error_names(docstring.split("Raises:", 1)[1].split("\nRetry:", 1)[0])


def reacted_to(state: State) -> set[str]:
    rules = [*state.get("Retry", []), *state.get("Catch", [])]
    return {error for rule in rules for error in ours(rule["ErrorEquals"])}


def test_each_case_of_a_choice_is_in_its_row(definition: dict[str, Any]) -> None:
    missing = {
        (name, target)
        for name, state in all_states(definition)
        for target in [*(c["Next"] for c in state.get("Choices", [])), state.get("Default")]
        if target and f"`{target}`" not in state_rows()[name][0]
    }

    assert missing == set()


def test_the_minutes_of_each_retry_are_those_of_the_file(definition: dict[str, Any]) -> None:
    written = {row[0].strip("`"): float(row[-1]) for row in retry_rows()}

    expected = {
        " ".join(ours(rule["ErrorEquals"])) or "What Lambda itself got wrong": minutes(rule)
        for _, state in all_states(definition)
        for rule in state.get("Retry", [])
    }

    assert written == expected


def retry_rows() -> list[list[str]]:
    return [row for row in rows("How often and how long") if len(row) == 4][1:]


def minutes(rule: dict[str, Any]) -> float:
    """The sum of all pauses of a retry rule, without what jitter takes away."""
    pauses = [
        min(
            rule["IntervalSeconds"] * rule["BackoffRate"] ** attempt,
            rule.get("MaxDelaySeconds", float("inf")),
        )
        for attempt in range(rule["MaxAttempts"])
    ]
    return float(round(sum(pauses) / 60, 2))


def test_every_wait_is_in_the_table_of_waits(definition: dict[str, Any]) -> None:
    waits = {row[0].strip("`") for row in rows("How often and how long") if len(row) == 3}

    assert waits - {"Waits"} == {n for n, s in all_states(definition) if s["Type"] == "Wait"}
