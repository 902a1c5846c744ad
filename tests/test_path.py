"""The picture of a run's path shows what its history tells: no more, and nothing in the way."""

from __future__ import annotations

import json
import random
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from typing import Any

import pytest

from docs import generate
from postwright import history
from statemachine import path, picture
from statemachine.layout import LETTER
from statemachine.picture import transitions_of
from tests import failed_run
from tests.history_tape import Tape
from tests.pictures import (
    SVG,
    Frame,
    groups,
    hits,
    label_frames,
    line_frames,
    machine_that_has_grown,
    node_frames,
    overlap,
    parse,
    share,
    words,
)

SECRET = "IGAASecretTokenOfSomebody0001"  # noqa: S105  worth nothing
CAPTION = "Two days by the sea"
_STEPS = 600

Ends = tuple[str, str]


@pytest.fixture(scope="module")
def definition() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(picture.DEFINITION.read_text())
    return parsed


def drawn(definition: dict[str, Any], tape: Tape) -> ET.Element:
    return parse(path.draw(definition, history.read(tape.events)))


def begun() -> Tape:
    """A run that is about to enter the Map."""
    tape = Tape({"caption": CAPTION})
    tape.task("LoadPost", {"token": SECRET})
    tape.choice("HowToBegin")
    tape.task("CheckQuota")
    tape.choice("HasQuota")
    return tape


def with_containers(items: int = 1) -> Tape:
    """A run that has left the Map."""
    tape = begun()
    make_containers(tape, items)
    return tape


def make_containers(tape: Tape, items: int) -> None:
    started = tape.map_of("CreateContainers", items)
    for index in range(items):
        tape.iterate("CreateContainers", index, after=started)
        tape.task("CreateContainer")
    tape.exit("CreateContainers", "Map")


def failing_in_the_map() -> tuple[Tape, int]:
    """Three items: one is made, the first fails, the last is under way then; where it went on."""
    tape = begun()
    started = tape.map_of("CreateContainers", 3)
    entered = []
    for index in range(3):
        tape.iterate("CreateContainers", index, after=started)
        entered.append(tape.enter("CreateContainer"))
        tape.schedule()
    tape.succeed(after=entered[1] + 2)
    tape.exit("CreateContainer")
    tape.fail("TokenInvalidError", after=entered[0] + 2)
    tape.end_failed("TokenInvalidError")
    return tape, entered[0]


# Reading the picture.


def classes(svg: ET.Element, state: str) -> set[str]:
    return set(of_state(svg, state).attrib["class"].split())


def of_state(svg: ET.Element, state: str) -> ET.Element:
    return next(g for g in groups(svg, "data-state") if g.attrib["data-state"] == state)


def title_of(svg: ET.Element, state: str) -> str:
    return of_state(svg, state).findtext(f"{SVG}title") or ""


def note_of(svg: ET.Element, state: str) -> str:
    return next(iter(words(of_state(svg, state))[1:]), "")


def states_with(svg: ET.Element, look: str) -> set[str]:
    return {
        group.attrib["data-state"]
        for group in groups(svg, "data-state")
        if look in group.attrib["class"].split()
    }


def taken(svg: ET.Element) -> dict[Ends, int]:
    """How often each way was taken, as its title says and its look shows."""
    found = {}
    for group in groups(svg, "data-from"):
        often = re.search(r"; taken (once|\d+ times)$", group.findtext(f"{SVG}title") or "")
        line = group.find(f"{SVG}path[@class='line']")
        if line is not None:
            assert ("taken" in group.attrib["class"].split()) == bool(often)
            assert ("aside" not in line.attrib["marker-end"]) == bool(often)
        if often:
            ends = group.attrib["data-from"], group.attrib["data-to"]
            found[ends] = 1 if often[1] == "once" else int(often[1].split()[0])
    return found


def counts_on_lines(svg: ET.Element) -> dict[Ends, int]:
    """How often each way was taken, as its label says; a label without a number is not listed."""
    found = {}
    for group in groups(svg, "data-from"):
        number = re.search(r"\bx (\d+)", " ".join(words(group)))
        if number:
            found[group.attrib["data-from"], group.attrib["data-to"]] = int(number[1])
    return found


def legend(svg: ET.Element) -> str:
    return " ".join(text for group in of_legend(svg) for text in words(group))


def of_legend(svg: ET.Element) -> Iterator[ET.Element]:
    yield from (g for g in svg.iter(f"{SVG}g") if g.attrib.get("class") == "legend")


def badges(svg: ET.Element) -> Iterator[tuple[str, str, Frame]]:
    """Class, sign and place of each badge in the graph."""
    for group in svg.findall(f"{SVG}g"):
        if group.attrib.get("class", "").startswith("badge "):
            sign, circle = group.find(f"{SVG}path"), group.find(f"{SVG}circle")
            assert sign is not None
            assert circle is not None
            x, y = map(float, re.findall(r"-?[\d.]+", group.attrib["transform"]))
            radius = float(circle.attrib["r"])
            frame = x - radius, y - radius, x + radius, y + radius
            yield group.attrib["class"].removeprefix("badge "), sign.attrib["d"], frame


# What was visited, and how often.


def test_what_was_visited_stands_out_from_what_was_not(definition: dict[str, Any]) -> None:
    svg = drawn(definition, begun())

    assert states_with(svg, "visited") == {"LoadPost", "HowToBegin", "CheckQuota", "HasQuota"}
    everything = {group.attrib["data-state"] for group in groups(svg, "data-state")}
    assert states_with(svg, "aside") == everything - states_with(svg, "visited")
    assert title_of(svg, "Publish") == "Publish: not visited"


def test_visits_and_ways_are_counted_where_there_was_more_than_one(
    definition: dict[str, Any],
) -> None:
    tape = with_containers()
    for _ in range(12):
        tape.wait("WaitForContainers", 10)
        tape.task("CheckStatus")
        tape.choice("WhatNext")
    tape.enter("Publish")

    svg = drawn(definition, tape)

    assert [note_of(svg, state) for state in ("WaitForContainers", "CheckStatus", "WhatNext")] == [
        "x 12"
    ] * 3
    assert [note_of(svg, state) for state in ("LoadPost", "CreateContainers", "Publish")] == [
        ""
    ] * 3
    assert title_of(svg, "WhatNext") == "WhatNext: visited 12 times"
    assert taken(svg) == {
        ("LoadPost", "HowToBegin"): 1,
        ("HowToBegin", "CheckQuota"): 1,
        ("CheckQuota", "HasQuota"): 1,
        ("HasQuota", "CreateContainers"): 1,
        ("CreateContainers", "WaitForContainers"): 1,
        ("WaitForContainers", "CheckStatus"): 12,
        ("CheckStatus", "WhatNext"): 12,
        ("WhatNext", "WaitForContainers"): 11,
        ("WhatNext", "Publish"): 1,
    }
    assert counts_on_lines(svg) == {
        ("WaitForContainers", "CheckStatus"): 12,
        ("CheckStatus", "WhatNext"): 12,
        ("WhatNext", "WaitForContainers"): 11,
    }


def test_a_caught_error_is_another_way_than_success() -> None:
    machine = {
        "StartAt": "Ask",
        "States": {
            "Ask": {"Type": "Task", "Next": "Send"},
            "Send": {
                "Type": "Task",
                "Next": "Ask",
                "Catch": [{"ErrorEquals": ["OddError"], "Next": "Ask"}],
            },
        },
    }
    tape = Tape()
    for fails in (True, True, False):
        tape.task("Ask")
        tape.enter("Send")
        tape.schedule()
        tape.fail("OddError") if fails else tape.succeed()
        tape.exit("Send")
    tape.task("Ask")

    svg = drawn(machine, tape)

    back = {
        group.attrib["class"]: group.findtext(f"{SVG}title")
        for group in groups(svg, "data-from")
        if group.attrib["data-from"] == "Send" and group.find(f"{SVG}path") is not None
    }
    assert back == {
        "next taken": "Send to Ask; taken once",
        "catch taken": "Send to Ask: on OddError; taken 2 times",
    }


# Where it stands.


def stopped(tape: Tape) -> None:
    tape.end("Aborted", error=SECRET, cause=CAPTION)


STANDS: dict[str, Callable[[Tape], Any]] = {
    "failed": lambda tape: tape.end_failed("TokenInvalidError", SECRET),
    "stopped": stopped,
    "timed-out": lambda tape: tape.end("TimedOut"),
    "running": lambda _: None,
}


@pytest.mark.parametrize("look", STANDS)
def test_the_state_where_a_run_stands_has_a_badge_and_a_look_of_its_own(
    definition: dict[str, Any], look: str
) -> None:
    tape = with_containers()
    tape.enter("WaitForContainers", "Wait")
    STANDS[look](tape)

    svg = drawn(definition, tape)

    [(kind, _, badge)] = badges(svg)
    assert kind == look
    assert states_with(svg, look) == {"WaitForContainers"}
    frames = dict(node_frames(svg, definition["States"]))
    assert [state for state, frame in frames.items() if overlap(badge, frame)] == [
        "WaitForContainers"
    ]
    assert "WaitForContainers" in (svg.findtext(f"{SVG}title") or "")


def test_a_run_that_succeeded_has_its_badge_at_its_end(definition: dict[str, Any]) -> None:
    tape = Tape()
    tape.task("RecordResult")
    tape.enter("PostPublished", "Succeed")
    tape.exit("PostPublished", "Succeed")
    tape.end()

    svg = drawn(definition, tape)

    assert states_with(svg, "succeeded") == {"PostPublished"}
    assert [kind for kind, _, _ in badges(svg)] == ["succeeded"]


def test_no_two_badges_have_the_same_sign(definition: dict[str, Any]) -> None:
    signs = set()
    for ends in [*STANDS.values(), Tape.end]:
        tape = with_containers()
        tape.enter("WaitForContainers", "Wait")
        ends(tape)
        signs |= {(kind, sign) for kind, sign, _ in badges(drawn(definition, tape))}

    assert len({kind for kind, _ in signs}) == len({sign for _, sign in signs}) == 5


def test_the_error_is_named_by_its_class_where_it_ended_the_run(definition: dict[str, Any]) -> None:
    tape = begun()
    tape.task("CreateContainer")
    tape.enter("CheckStatus")
    tape.schedule()
    tape.fail("MediaRejectedError", SECRET)
    tape.end_failed("MediaRejectedError", SECRET)

    svg = drawn(definition, tape)

    assert "failed here with MediaRejectedError" in title_of(svg, "CheckStatus")
    assert "failed in CheckStatus with MediaRejectedError" in legend(svg)


@pytest.mark.parametrize("error", [SECRET, CAPTION, "A" * 200, "<b>", "a\x00b", "{}", ""])
def test_an_error_that_is_no_class_is_not_shown(definition: dict[str, Any], error: str) -> None:
    tape = begun()
    tape.enter("CheckStatus")
    tape.end_failed(error)

    svg = drawn(definition, tape)

    assert title_of(svg, "CheckStatus").endswith("the run failed here")
    assert legend(svg).startswith("The run failed in CheckStatus visited")


def test_what_somebody_wrote_who_stopped_a_run_is_not_shown(definition: dict[str, Any]) -> None:
    tape = begun()
    tape.enter("CheckStatus")
    tape.end("Aborted", error="Sunset", cause=CAPTION)

    svg = path.draw(definition, history.read(tape.events))

    assert "Sunset" not in svg


def test_a_run_that_was_stopped_between_two_states_says_after_which(
    definition: dict[str, Any],
) -> None:
    tape = begun()
    stopped(tape)

    svg = drawn(definition, tape)

    assert list(badges(svg)) == []
    assert "was stopped after HasQuota" in legend(svg)


def test_a_run_that_has_not_begun_can_be_drawn(definition: dict[str, Any]) -> None:
    svg = drawn(definition, Tape())

    assert states_with(svg, "visited") == set()
    assert taken(svg) == {}
    assert "The run is under way before its first state" in legend(svg)


# In a Map.


def test_a_state_in_a_map_says_in_how_many_of_its_iterations(definition: dict[str, Any]) -> None:
    tape = begun()
    started = tape.map_of("CreateContainers", 12)
    for index in range(10):
        tape.iterate("CreateContainers", index, after=started)
        entered = tape.enter("CreateContainer")
        if index < 3:
            tape.exit("CreateContainer", after=entered)

    svg = drawn(definition, tape)

    assert note_of(svg, "CreateContainer") == "10 of 12"
    assert "in 10 of 12 iterations, of which 3 left it" in title_of(svg, "CreateContainer")
    assert states_with(svg, "running") == {"CreateContainer"}
    assert "is under way in CreateContainer (7 iterations)" in legend(svg)
    assert ("CreateContainer", "CreateContainer") not in taken(svg)


def test_the_iterations_of_all_visits_of_a_map_are_added_up(definition: dict[str, Any]) -> None:
    tape = with_containers(3)
    tape.task("CheckStatus")
    tape.choice("WhatNext")
    make_containers(tape, 1)
    tape.enter("WaitForContainers", "Wait")

    svg = drawn(definition, tape)

    assert note_of(svg, "CreateContainers") == "x 2"
    assert note_of(svg, "CreateContainer") == "4 of 4"
    assert taken(svg)["WhatNext", "CreateContainers"] == 1
    assert taken(svg)["CreateContainers", "WaitForContainers"] == 1


def test_a_map_that_has_begun_no_iteration_says_so(definition: dict[str, Any]) -> None:
    tape = begun()
    tape.map_of("CreateContainers", 2)

    svg = drawn(definition, tape)

    assert note_of(svg, "CreateContainer") == "0 of 2"
    assert states_with(svg, "running") == {"CreateContainers"}


def test_of_several_iterations_the_one_that_failed_is_marked(definition: dict[str, Any]) -> None:
    tape, _ = failing_in_the_map()

    svg = drawn(definition, tape)

    assert states_with(svg, "failed") == {"CreateContainer"}
    assert "failed in CreateContainer with TokenInvalidError" in legend(svg)
    assert note_of(svg, "CreateContainer") == "3 of 3"


def machine_with_steps_in_the_map(definition: dict[str, Any]) -> dict[str, Any]:
    machine: dict[str, Any] = json.loads(json.dumps(definition))
    inner = machine["States"]["CreateContainers"]["ItemProcessor"]["States"]
    del inner["CreateContainer"]["End"]
    inner["CreateContainer"]["Next"] = "DescribeItem"
    inner["DescribeItem"] = {"Type": "Task", "End": True}
    return machine


def test_the_ways_inside_a_map_are_counted_within_each_iteration(
    definition: dict[str, Any],
) -> None:
    machine = machine_with_steps_in_the_map(definition)
    tape = begun()
    started = tape.map_of("CreateContainers", 3)
    for index in range(3):
        tape.iterate("CreateContainers", index, after=started)
        tape.task("CreateContainer")
        if index < 2:
            tape.enter("DescribeItem")

    svg = drawn(machine, tape)

    assert taken(svg)["CreateContainer", "DescribeItem"] == 2
    assert counts_on_lines(svg) == {("CreateContainer", "DescribeItem"): 2}
    assert [note_of(svg, s) for s in ("CreateContainer", "DescribeItem")] == ["3 of 3", "2 of 3"]
    assert legend(svg).count("Not in this definition") == 0


def test_the_iteration_that_failed_is_found_among_those_at_other_states(
    definition: dict[str, Any],
) -> None:
    machine = machine_with_steps_in_the_map(definition)
    tape = begun()
    started = tape.map_of("CreateContainers", 2)
    tape.iterate("CreateContainers", 0, after=started)
    tape.enter("CreateContainer")
    first = tape.schedule()
    tape.iterate("CreateContainers", 1, after=started)
    tape.task("CreateContainer")
    tape.enter("DescribeItem")
    tape.schedule()
    tape.passes(1).fail("TokenInvalidError", after=first)
    tape.end_failed("TokenInvalidError")

    svg = drawn(machine, tape)

    assert states_with(svg, "failed") == {"CreateContainer"}


def test_a_map_whose_error_was_caught_is_left_with_all_that_is_in_it(
    definition: dict[str, Any],
) -> None:
    machine = json.loads(json.dumps(definition))
    machine["States"]["CreateContainers"]["Catch"] = [
        {"ErrorEquals": ["TokenInvalidError"], "Next": "AlreadyHandled"}
    ]
    tape = begun()
    started = tape.map_of("CreateContainers", 1)
    tape.iterate("CreateContainers", 0, after=started)
    tape.enter("CreateContainer")
    tape.schedule()
    tape.fail("TokenInvalidError")
    tape.exit("CreateContainers", "Map")
    tape.enter("AlreadyHandled", "Succeed")

    svg = drawn(machine, tape)

    assert states_with(svg, "running") == {"AlreadyHandled"}
    assert taken(svg)["CreateContainers", "AlreadyHandled"] == 1


def test_iterations_are_those_that_have_begun_where_a_history_does_not_tell_how_many(
    definition: dict[str, Any],
) -> None:
    tape = begun()
    entered = tape.enter("CreateContainers", "Map")
    for index in range(2):
        tape.iterate("CreateContainers", index, after=entered)
        tape.enter("CreateContainer")

    svg = drawn(definition, tape)

    assert note_of(svg, "CreateContainer") == "2 of 2"


# Redrives.


def test_a_redriven_state_is_not_visited_again_and_says_how_often_it_went_on_there(
    definition: dict[str, Any],
) -> None:
    tape = begun()
    entered = tape.enter("CheckStatus")
    for count in range(3):
        tape.schedule(after=entered)
        if count < 2:
            tape.fail("TokenInvalidError")
            tape.end_failed("TokenInvalidError")
            tape.redrive(count + 1)
    tape.succeed()
    tape.exit("CheckStatus")
    tape.choice("WhatNext")

    svg = drawn(definition, tape)

    assert note_of(svg, "CheckStatus") == "redriven x 2"
    assert "visited once; redriven here 2 times" in title_of(svg, "CheckStatus")
    assert taken(svg)["CheckStatus", "WhatNext"] == 1
    assert states_with(svg, "failed") == set()
    assert "redriven 2 times" in (svg.findtext(f"{SVG}title") or "")


def test_a_redrive_of_a_map_went_on_inside_of_it(definition: dict[str, Any]) -> None:
    tape, entered = failing_in_the_map()
    tape.redrive()
    tape.schedule(after=entered)
    tape.succeed()
    tape.exit("CreateContainer")

    svg = drawn(definition, tape)

    assert note_of(svg, "CreateContainer") == "3 of 3 · redriven"
    assert note_of(svg, "CreateContainers") == ""
    assert states_with(svg, "running") == {"CreateContainer"}  # the iteration that was cut off
    assert "(2 iterations)" not in legend(svg)


def test_a_map_that_was_stopped_when_all_in_it_was_done_goes_on_itself(
    definition: dict[str, Any],
) -> None:
    tape = begun()
    started = tape.map_of("CreateContainers", 1)
    tape.iterate("CreateContainers", 0, after=started)
    left = tape.task("CreateContainer")
    tape.passes(1)
    stopped(tape)
    tape.redrive()
    tape.exit("CreateContainers", "Map", after=left)

    svg = drawn(definition, tape)

    assert note_of(svg, "CreateContainers") == "redriven"
    assert note_of(svg, "CreateContainer") == "1 of 1"


def test_a_wait_that_was_stopped_goes_on_in_a_redrive_though_no_time_passed(
    definition: dict[str, Any],
) -> None:
    tape = with_containers()
    tape.wait("WaitForContainers", 10)
    tape.task("CheckStatus")
    tape.choice("WhatNext")
    entered = tape.enter("WaitForContainers", "Wait")
    stopped(tape)
    tape.redrive()
    tape.exit("WaitForContainers", "Wait", after=entered)
    tape.enter("CheckStatus")

    svg = drawn(definition, tape)

    assert note_of(svg, "WaitForContainers") == "x 2 · redriven"
    assert states_with(svg, "running") == {"CheckStatus"}
    assert taken(svg)["WaitForContainers", "CheckStatus"] == 2


def test_a_state_that_a_redrive_enters_anew_is_no_way_to_itself(definition: dict[str, Any]) -> None:
    tape = begun()
    tape.enter("CheckStatus")
    tape.end_failed("States.Runtime")
    tape.redrive()
    tape.enter("CheckStatus")

    svg = drawn(definition, tape)

    assert note_of(svg, "CheckStatus") == "x 2 · redriven"
    assert "is under way in CheckStatus, redriven once" in legend(svg)
    assert "CheckStatus to CheckStatus" not in legend(svg)


def test_a_redrive_of_a_run_that_was_between_states_went_on_in_the_next(
    definition: dict[str, Any],
) -> None:
    tape = Tape()
    tape.task("LoadPost")
    stopped(tape)
    tape.redrive()
    tape.choice("HowToBegin")
    tape.enter("CheckQuota")

    svg = drawn(definition, tape)

    assert (note_of(svg, "LoadPost"), note_of(svg, "HowToBegin")) == ("", "redriven")
    assert taken(svg)["LoadPost", "HowToBegin"] == 1


# Another definition than the run's.


def test_what_the_definition_does_not_have_is_listed(definition: dict[str, Any]) -> None:
    tape = Tape()
    tape.task("LoadPost")
    for _ in range(2):
        tape.task("OldState")
        tape.task("CheckQuota")

    svg = drawn(definition, tape)

    assert (
        "Not in this definition: OldState x 2, LoadPost to OldState, OldState to CheckQuota x 2,"
        " CheckQuota to OldState" in legend(svg)
    )
    assert note_of(svg, "CheckQuota") == "x 2"
    assert taken(svg) == {}


def test_a_run_that_ended_in_an_unknown_state_says_so(definition: dict[str, Any]) -> None:
    tape = begun()
    tape.enter("OldState")
    tape.end_failed("TokenInvalidError")

    svg = drawn(definition, tape)

    assert list(badges(svg)) == []
    assert "failed in OldState with TokenInvalidError" in legend(svg)


def test_names_of_any_kind_stay_text(definition: dict[str, Any]) -> None:
    name = '<script>\x00 & "quotes" ]]> \''
    machine = {
        "StartAt": name,
        "States": {name: {"Type": "Task", "Next": "Other"}, "Other": {"Type": "Succeed"}},
    }
    tape = Tape()
    tape.task(name)
    tape.enter("Unknown" + name)

    svgs = [drawn(machine, tape), drawn(definition, tape)]

    shown = name.replace("\x00", " ")
    assert states_with(svgs[0], "visited") == {shown}
    assert title_of(svgs[0], shown).startswith(f"{shown}: visited once")
    for svg in svgs:
        assert [element for element in svg.iter() if element.tag.endswith("script")] == []
        assert f"Unknown{shown}"[:20] in legend(svg)


def test_nothing_of_what_the_run_worked_with_is_in_the_picture(definition: dict[str, Any]) -> None:
    tape = with_containers()
    tape.enter("CheckStatus", given={"caption": CAPTION})
    tape.schedule(payload={"token": SECRET})
    tape.fail("TokenInvalidError", f"{CAPTION} {SECRET}")
    stopped(tape)

    svg = path.draw(definition, history.read(tape.events))

    assert SECRET not in svg
    assert CAPTION not in svg


# In words, and room for everything.


def test_the_path_can_be_read_aloud(definition: dict[str, Any]) -> None:
    svg = parse(path.draw(definition, history.read(failed_run.events())))

    told = svg.findtext(f"{SVG}desc") or ""
    assert told == (
        "The run failed in ReconcilePublish with TokenInvalidError, redriven once. States in the"
        " order of their first visits: LoadPost, HowToBegin, CheckQuota, HasQuota,"
        " CreateContainers, CreateContainer in 4 of 4 iterations, WaitForContainers 4 times,"
        " CheckStatus 4 times, WhatNext 4 times, CreateCarousel, Publish, WaitBeforeReconcile 3"
        " times, ReconcilePublish 3 times, WhatIsTrue 2 times. After a redrive it went on in"
        " ReconcilePublish once."
    )
    assert svg.attrib["role"] == "img"
    assert "prefers-color-scheme: dark" in (svg.findtext(f"{SVG}style") or "")


def test_the_legend_explains_the_marks_that_are_there(definition: dict[str, Any]) -> None:
    plain = legend(drawn(definition, begun()))
    rich = legend(parse(failed_run.drawn()))

    for marked in ("visited", "not visited", "way taken", "caught error"):
        assert marked in plain
    for counted in ("x 2:", "1 of 2:", "redriven:"):
        assert counted not in plain
        assert counted in rich


def test_the_example_is_of_the_workflow_as_it_is() -> None:
    svg = parse(generate.DOCUMENTS["pictures/failed-run.svg"]())

    assert "Not in this definition" not in legend(svg)
    assert states_with(svg, "failed") == {"ReconcilePublish"}


def test_a_picture_loads_nothing() -> None:
    svg = failed_run.drawn().replace("http://www.w3.org/2000/svg", "")

    assert not re.search(r"<script|<image|href|@import|url\((?!#)|https?:", svg)


def walk(machine: dict[str, Any], tape: Tape, seed: int) -> Counter[Ends]:
    """Go about in the machine, and in the end stop; which ways were taken how often."""
    states, choose = machine["States"], random.Random(seed)  # noqa: S311  no secret
    ways = [t for t in transitions_of(states) if t.source != "RecordResult"]
    ways = [t for t in ways if t.target not in ("RecordResult", "AlreadyHandled")]
    counts = Counter[Ends]()
    state = machine["StartAt"]
    for _ in range(_STEPS):
        way = choose.choice([t for t in ways if t.source == state])
        if states[state]["Type"] == "Map":
            make_containers(tape, choose.randint(1, 3))
        elif way.kind == "catch":
            tape.enter(state)
            tape.schedule()
            tape.fail("PublishUncertainError")
            tape.exit(state)
        else:
            tape.enter(state, states[state]["Type"])
            tape.exit(state, states[state]["Type"])
        counts[state, way.target] += 1
        state = way.target
    tape.enter(state, states[state]["Type"])
    return counts


@pytest.mark.parametrize("grown", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_however_a_run_goes_its_ways_are_counted_and_nothing_covers_anything(
    definition: dict[str, Any], *, grown: bool, seed: int
) -> None:
    machine = machine_that_has_grown(definition) if grown else definition
    tape = Tape()
    counts = walk(machine, tape, seed)
    tape.end_failed("TokenInvalidError")

    svg = drawn(machine, tape)

    assert taken(svg) == counts
    assert counts_on_lines(svg) == {ends: n for ends, n in counts.items() if n > 1}
    nodes = dict(node_frames(svg, machine["States"]))
    labels, lines = dict(label_frames(svg)), dict(line_frames(svg))
    assert [pair for pair in combinations(nodes, 2) if overlap(*map(nodes.get, pair))] == []
    assert [pair for pair in combinations(labels, 2) if overlap(*map(labels.get, pair))] == []
    assert [(n, e) for n in nodes for e in labels if overlap(nodes[n], labels[e])] == []
    assert [(e, n) for e in lines for n in nodes if n not in e and hits(lines[e], nodes[n])] == []
    assert [(e, o) for e in lines for o in labels if o != e and hits(lines[e], labels[o])] == []
    assert [pair for pair in combinations(lines, 2) if share(*map(lines.get, pair))] == []


def test_a_badge_covers_no_text_whichever_state_it_is_at(definition: dict[str, Any]) -> None:
    """With two lines of text in the state, and counts on all lines around it."""
    inner = definition["States"]["CreateContainers"]["ItemProcessor"]["States"]
    covered = []
    for state in [*definition["States"], *inner]:
        tape = Tape()
        walk(definition, tape, seed=1)
        tape.exit(tape.events[-1]["stateEnteredEventDetails"]["name"])
        if state in inner:
            started = tape.map_of("CreateContainers", 1)
            tape.iterate("CreateContainers", 0, after=started)
        kind = (definition["States"] | inner)[state]["Type"]
        tape.enter(state, kind)
        tape.end("TimedOut")
        tape.redrive()

        svg = drawn(definition, tape)

        [(_, _, badge)] = badges(svg)
        texts = dict(text_frames(svg))
        covered += [(state, text) for text, frame in texts.items() if overlap(badge, frame)]
        assert "redriven" in note_of(svg, state)
    assert covered == []


def text_frames(svg: ET.Element) -> Iterator[tuple[str, Frame]]:
    """What the letters of names, notes and labels take up, by their text and place."""
    for group in [*groups(svg, "data-state"), *groups(svg, "data-from")]:
        for text in group.iter(f"{SVG}text"):
            letters = 6.4 if text.attrib.get("class") == "note" else LETTER
            x, y, said = float(text.attrib["x"]), float(text.attrib["y"]), text.text or ""
            half = len(said) * letters / 2
            yield f"{said} at {x} {y}", (x - half, y - 5, x + half, y + 5)


@pytest.mark.parametrize("unknown", [0, 30])
def test_all_of_the_legend_lies_on_the_panel_below_the_graph(
    definition: dict[str, Any], unknown: int
) -> None:
    tape = begun()
    for number in range(unknown):
        tape.task(f"ASomewhatLongNameOfAnOldState{number}")
    machines = [definition, {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}]

    for machine in machines:
        svg = drawn(machine, tape)

        left, _, width, height = map(float, svg.attrib["viewBox"].split())
        graph = [frame for _, frame in node_frames(svg, machine["States"])]
        texts = [text for group in of_legend(svg) for text in group.iter(f"{SVG}text")]
        ys = [float(text.attrib["y"]) for text in texts]
        assert min(ys) - 10 > max(frame[3] for frame in graph)
        assert max(ys) + 10 < height
        rows = sorted(set(ys))
        assert all(below - above >= 18 for above, below in pairwise(rows))
        ends = [float(t.attrib["x"]) + len(t.text or "") * 6.6 for t in texts]
        assert max(ends) <= left + width
