"""Two runs compared: where the path parts, what else is different, and how that is told."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from postwright import history, replay
from postwright.history import History
from tests.history_tape import Tape

TOKEN = "IGAAJx0aQbR4NBZAE1rUzJyc3R1dnd4eXo0123456789"  # noqa: S105  worth nothing
PRIVATE = [
    TOKEN,
    "https://media.s3.amazonaws.com/anna/1.jpg?X-Amz-Signature=5f9c3e7d0b1a",
    "17841400008460056",
    "Grandmother turns eighty, at last",
    "IMG_2041-anna.jpg",
    "anna@example.org",
    17841400008460056,
]


def taped(happens: Callable[[Tape], Any], **given: Any) -> History:
    tape = Tape(given)
    happens(tape)
    return history.read(tape.events)


def compared(
    then: Callable[[Tape], Any], now: Callable[[Tape], Any]
) -> tuple[str | None, list[str]]:
    """Where the path parts and what else differs, as lines."""
    divergence, differences = replay.compare(taped(then), taped(now))
    parted = divergence.in_words() if divergence is not None else None
    return parted, [one.in_words() for one in differences]


def reported(then: History, now: History, **more: Any) -> replay.Report:
    return replay.Report(then, now, *replay.compare(then, now), **more)


def publishes(tape: Tape, *, wait: float = 10, post: Any = None, polls: int = 1) -> None:
    tape.task("LoadPost", {"next": "now"}, given={"groupId": "g"})
    for _ in range(polls):
        tape.wait("WaitForContainers", wait)
        tape.task("CheckStatus", {"next": "publish"})
    tape.enter("Publish", given={"groupId": "g"})
    tape.schedule(payload={"groupId": "g", "jobId": "job-1"})
    tape.succeed(post)
    tape.exit("Publish", output={"publish": post or {"next": "published"}})
    tape.enter("PostPublished", "Succeed")
    tape.exit("PostPublished", "Succeed")
    tape.end()


def makes(*outcomes: str | None) -> Callable[[Tape], None]:
    """A Map with an iteration for each: an error's name, or None for a container that is made."""

    def happens(tape: Tape) -> None:
        started = tape.map_of("CreateContainers", len(outcomes))
        for index, error in enumerate(outcomes):
            tape.iterate("CreateContainers", index, after=started)
            tape.enter("CreateContainer")
            tape.schedule()
            if error == "open":
                continue
            if error is None:
                tape.succeed({"index": index})
                tape.exit("CreateContainer")
            else:
                tape.fail(error)

    return happens


def test_a_run_is_like_itself() -> None:
    assert compared(publishes, publishes) == (None, [])


def test_a_wait_that_lasts_longer_is_a_difference_of_each_visit() -> None:
    found = compared(
        lambda tape: publishes(tape, polls=2), lambda tape: publishes(tape, wait=77, polls=2)
    )

    assert found == (
        None,
        [
            "WaitForContainers: how long it waits: was 10 s, is 77 s",
            "WaitForContainers (visit 2): how long it waits: was 10 s, is 77 s",
        ],
    )


def test_a_wait_is_not_exact() -> None:
    assert compared(publishes, lambda tape: publishes(tape, wait=11.4)) == (None, [])


def test_the_path_parts_after_the_last_state_that_both_have_visited() -> None:
    found = compared(publishes, lambda tape: publishes(tape, polls=2))

    assert found == ("CheckStatus: what comes next: was Publish, is WaitForContainers", [])


def test_the_path_can_part_at_the_start_and_at_the_end() -> None:
    def nothing(_: Tape) -> None:
        pass

    assert compared(publishes, nothing) == (
        "the start: what comes next: was LoadPost, is the end",
        [],
    )
    assert compared(lambda tape: tape.task("LoadPost"), publishes) == (
        "LoadPost: what comes next: was the end, is WaitForContainers",
        [],
    )


def test_what_differs_before_the_path_parts_is_told_and_nothing_after_it() -> None:
    def other(tape: Tape) -> None:
        tape.task("LoadPost", given={"groupId": "g"})
        tape.wait("WaitForContainers", 30)
        tape.task("CheckQuota")
        tape.wait("WaitForQuota", 5)

    found = compared(publishes, other)

    assert found == (
        "WaitForContainers: what comes next: was CheckStatus, is CheckQuota",
        ["WaitForContainers: how long it waits: was 10 s, is 30 s"],
    )


def test_another_end_of_the_same_path_is_told() -> None:
    def fails(name: str) -> Callable[[Tape], int]:
        return lambda tape: (tape.enter("LoadPost"), tape.end_failed(name))[1]

    found = compared(fails("KeyError"), fails("States.Runtime"))

    assert found == ("LoadPost: how it ends: was KeyError, is States.Runtime", [])


def test_another_number_of_tries_is_where_the_path_parts() -> None:
    def retried(*errors: str) -> Callable[[Tape], None]:
        def happens(tape: Tape) -> None:
            tape.enter("CheckQuota")
            for error in errors:
                tape.schedule()
                tape.fail(error)
            tape.schedule()
            tape.succeed({})
            tape.exit("CheckQuota")

        return happens

    found = compared(retried("TransientGraphError"), retried())

    assert found == ("CheckQuota: its tries: was TransientGraphError, then ok, is ok", [])


def test_iterations_are_compared_item_by_item() -> None:
    assert compared(makes(None, None), makes(None, None)) == (None, [])
    assert compared(makes(None, None), makes(None)) == (
        (
            "CreateContainers: its iterations: was 0 CreateContainer ok; 1 CreateContainer ok,"
            " is 0 CreateContainer ok"
        ),
        [],
    )
    assert compared(makes(None, "KeyError"), makes(None, None)) == (
        (
            "CreateContainers: its iterations:"
            " was 0 CreateContainer ok; 1 CreateContainer KeyError,"
            " is 0 CreateContainer ok; 1 CreateContainer ok"
        ),
        [],
    )


def test_the_order_in_which_iterations_ran_does_not_count() -> None:
    def made_in(*order: int) -> Callable[[Tape], None]:
        def happens(tape: Tape) -> None:
            started = tape.map_of("CreateContainers", len(order))
            for index in order:
                tape.iterate("CreateContainers", index, after=started)
                tape.task("CreateContainer", {"index": index})

        return happens

    assert compared(made_in(0, 1, 2), made_in(2, 0, 1)) == (None, [])


def test_what_was_given_up_when_another_item_failed_does_not_count() -> None:
    assert compared(makes("KeyError", "open"), makes("KeyError")) == (None, [])


def test_a_function_that_gets_something_else_is_a_difference_of_that_key_alone() -> None:
    def called(**payload: Any) -> Callable[[Tape], None]:
        def happens(tape: Tape) -> None:
            tape.enter("Publish")
            tape.schedule(payload={"index": 0, "jobId": str(payload), **payload})
            tape.succeed({})
            tape.exit("Publish")

        return happens

    assert compared(called(), called()) == (None, [])
    assert compared(called(tries=1), called(tries=2)) == (
        None,
        ['Publish: what its function gets: was {"tries": 1}, is {"tries": 2}'],
    )
    assert compared(called(), called(index=1, tries=2)) == (
        None,
        ['Publish: what its function gets: was {"index": 0}, is {"index": 1, "tries": 2}'],
    )


def test_an_output_is_cut_down_to_where_it_differs() -> None:
    def gives(**output: Any) -> Callable[[Tape], int]:
        return lambda tape: _gives(tape, output)

    found = compared(
        gives(check={"next": "wait", "total": 6}, post={"next": "now"}),
        gives(check={"next": "create", "total": 6, "completed": 1}, post={"next": "now"}),
    )

    assert found == (
        None,
        [
            (
                'CreateCarousel: its output: was {"check": {"next": "wait"}},'
                ' is {"check": {"next": "create", "completed": 1}}'
            )
        ],
    )


def _gives(tape: Tape, output: Any) -> int:
    tape.enter("CreateCarousel")
    return tape.exit("CreateCarousel", output=output)


def test_what_a_state_inherits_is_told_once_where_it_came_from() -> None:
    def passes_on(waits: int) -> Callable[[Tape], None]:
        def happens(tape: Tape) -> None:
            check = {"check": {"waitSeconds": waits}}
            tape.enter("CheckStatus")
            tape.exit("CheckStatus", output=check)
            tape.enter("WhatNext", "Choice", given=check)
            tape.exit("WhatNext", "Choice", output=check)
            tape.enter("Publish", given=check)
            tape.schedule(payload=check)

        return happens

    found = compared(passes_on(2), passes_on(4))

    assert found == (
        None,
        [
            (
                'CheckStatus: its output: was {"check": {"waitSeconds": 2}},'
                ' is {"check": {"waitSeconds": 4}}'
            )
        ],
    )


def test_the_path_alone_has_no_data_and_no_waits() -> None:
    then = taped(lambda tape: publishes(tape, post={"next": "published", "instagramPostId": "1"}))
    now = taped(lambda tape: publishes(tape, wait=500, post={"next": "resend"}))

    found = replay.compare(replay.path_alone(then), replay.path_alone(now))

    assert replay.compare(then, now) != (None, [])
    assert found == (None, [])


def test_the_path_alone_keeps_the_iterations() -> None:
    then, now = taped(makes(None, "KeyError")), taped(makes(None, None))

    parted, _ = replay.compare(replay.path_alone(then), replay.path_alone(now))

    assert parted is not None
    assert (parted.state, parted.what) == ("CreateContainers", "its iterations")


# The definition.

DEFINITION: dict[str, Any] = {
    "StartAt": "LoadPost",
    "TimeoutSeconds": 60,
    "States": {
        "LoadPost": {"Type": "Task", "Parameters": {"FunctionName": "a"}, "Next": "MakeAll"},
        "MakeAll": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "MakeOne",
                "States": {"MakeOne": {"Type": "Task", "Retry": [{"MaxAttempts": 3}], "End": True}},
            },
            "End": True,
        },
    },
}


def _in(states: dict[str, Any]) -> dict[str, Any]:
    inner: dict[str, Any] = states["MakeAll"]["ItemProcessor"]["States"]["MakeOne"]
    return inner


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (lambda _: None, []),
        (lambda d: d["States"]["LoadPost"]["Parameters"].update(FunctionName="b"), []),
        (lambda d: d["States"]["LoadPost"].update(Comment="Other words."), []),
        (lambda d: d["States"]["LoadPost"].update(TimeoutSeconds=45), ["LoadPost"]),
        (lambda d: _in(d["States"])["Retry"][0].update(MaxAttempts=4), ["MakeOne"]),
        (lambda d: d["States"]["MakeAll"].update(MaxConcurrency=2), ["MakeAll"]),
        (lambda d: d["States"].update(Done={"Type": "Succeed"}), ["Done"]),
        (lambda d: d["States"].pop("LoadPost"), ["LoadPost"]),
        (lambda d: d.update(StartAt="MakeAll", TimeoutSeconds=61), ["StartAt", "TimeoutSeconds"]),
    ],
)
def test_states_of_two_definitions_that_are_not_alike_are_named(
    change: Callable[[dict[str, Any]], Any], changed: list[str]
) -> None:
    now = copy.deepcopy(DEFINITION)
    change(now)

    assert replay.changed_states(DEFINITION, now) == changed


# The report.


def test_the_same_run_is_reported_as_such() -> None:
    then = taped(publishes)

    report = reported(then, then, changed_states=[])

    assert report.same
    assert report.lines() == [
        "Recorded: PostPublished, 5 states, 10 s",
        "Now:      PostPublished, 5 states, 10 s",
        "The same path with the same data.",
    ]
    assert report.to_json() == {
        "same": True,
        "recorded": ENDING,
        "replayed": ENDING,
        "divergence": None,
        "differences": [],
        "askedBeyond": {},
        "left": {},
        "changedStates": [],
        "notRebuilt": [],
    }


ENDING = {
    "status": "SUCCEEDED",
    "outcome": "PostPublished",
    "state": None,
    "seconds": 10.0,
    "states": 5,
    "redrives": 0,
}


def test_everything_that_a_replay_found_is_reported() -> None:
    def fails(tape: Tape) -> None:
        tape.enter("LoadPost")
        tape.schedule()
        tape.fail("KeyError")
        tape.end_failed("KeyError")
        tape.passes(5).redrive()

    report = reported(
        taped(fails),
        taped(publishes),
        asked_beyond={"Publish": 1, "CheckStatus": 3},
        left={"LoadPost": 1, "CheckQuota": 2},
        changed_states=["LoadPost", "CheckStatus"],
        not_rebuilt=["the caption's words"],
    )

    assert not report.same
    assert report.lines() == [
        "Recorded: RUNNING, 1 state, 5 s, redriven once",
        "Now:      PostPublished, 5 states, 10 s",
        "The path parts at LoadPost: its tries: was KeyError, is ok.",
        "Publish is asked once more often than was recorded.",
        "CheckStatus is asked 3 times more often than was recorded.",
        "1 of the recorded answers of LoadPost is left over.",
        "2 of the recorded answers of CheckQuota are left over.",
        "Changed in the definition since: LoadPost, CheckStatus.",
        "Not rebuilt:",
        "  the caption's words",
    ]
    document = report.to_json()
    assert document["divergence"] == {
        "state": "LoadPost",
        "visit": 1,
        "what": "its tries",
        "recorded": "KeyError",
        "replayed": "ok",
    }
    assert (document["askedBeyond"], document["left"]) == (
        {"Publish": 1, "CheckStatus": 3},
        {"LoadPost": 1, "CheckQuota": 2},
    )
    assert (document["changedStates"], document["notRebuilt"]) == (
        ["LoadPost", "CheckStatus"],
        ["the caption's words"],
    )


def test_it_is_not_the_same_when_more_is_asked_than_was_recorded() -> None:
    then = taped(publishes)

    assert not reported(then, then, asked_beyond={"Publish": 1}).same
    assert reported(then, then, left={"Publish": 1}).same


@pytest.mark.parametrize("private", PRIVATE)
def test_a_report_tells_of_a_text_or_an_id_only_that_it_is_another(private: Any) -> None:
    def run(value: Any, name: str) -> Callable[[Tape], None]:
        def happens(tape: Tape) -> None:
            tape.enter("LoadPost")
            tape.schedule(payload={"extra": value, name: {"deep": [value]}})
            tape.fail(str(value), str(value))
            tape.exit("LoadPost", output={name: value, "check": {"more": [{"deep": value}]}})
            tape.end_failed(str(value), str(value))

        return happens

    report = reported(taped(run(private, str(private))), taped(run("other", "other")))

    told = "\n".join([*report.lines(), json.dumps(report.to_json())])
    assert str(private) not in told
    assert "what its function gets" in told
    assert "its output" in told


def test_texts_that_look_alike_in_a_report_are_told_apart() -> None:
    def gives(link: str) -> Callable[[Tape], int]:
        return lambda tape: _gives(tape, {"publish": {"permalink": link}})

    _, [found] = compared(gives("https://one.example/a"), gives("https://one.example/b"))

    assert found == (
        'CreateCarousel: its output: was {"publish": {"permalink": "text of length 21"}},'
        ' is {"publish": {"permalink": "text of length 21"}}, another one'
    )


def test_a_long_difference_is_cut() -> None:
    def gives(count: int) -> Callable[[Tape], int]:
        return lambda tape: _gives(tape, {"pending": [{"index": n} for n in range(count)]})

    _, [found] = compared(gives(100), gives(101))

    assert len(found) < 700
    assert found.count("...") == 2
