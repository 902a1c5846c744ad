"""Histories of executions, read from the events that Step Functions tells."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from postwright import history
from postwright.history import HistoryError, Visit
from tests.history_tape import START, Tape


def visits_of(tape: Tape) -> list[Visit]:
    return list(history.read(tape.events).visits)


def test_visits_stand_in_their_order_with_what_they_got_and_gave() -> None:
    tape = Tape({"groupId": "group-1"})
    tape.enter("LoadPost", given={"groupId": "group-1"})
    tape.schedule(payload={"jobId": "job-1"})
    tape.passes(2).succeed({"next": "now"})
    tape.exit("LoadPost", output={"post": {"next": "now"}})
    tape.wait("WaitForContainers", 10)
    tape.end(output='{"permalink": "there"}')

    found = history.read(tape.events)

    load, wait = found.visits
    assert (load.state, load.kind, load.given) == ("LoadPost", "Task", {"groupId": "group-1"})
    assert load.output == {"post": {"next": "now"}}
    assert [(one.payload, one.answer) for one in load.tries] == [
        ({"jobId": "job-1"}, {"next": "now"})
    ]
    assert (wait.state, wait.kind, wait.tries) == ("WaitForContainers", "Wait", [])
    assert wait.entered_at == START + timedelta(seconds=2)
    assert wait.exited_at == START + timedelta(seconds=12)
    assert (found.given, found.status) == ({"groupId": "group-1"}, "SUCCEEDED")
    assert found.end is not None
    assert found.end.output == {"permalink": "there"}


def test_a_task_that_is_retried_has_each_try_with_its_error() -> None:
    tape = Tape()
    tape.enter("CheckQuota")
    tape.schedule()
    tape.passes(1).fail("TransientGraphError", "Instagram is down.")
    tape.passes(3).schedule()
    tape.passes(45).time_out()
    tape.schedule()
    tape.succeed("fine")
    tape.exit("CheckQuota")

    [visit] = visits_of(tape)

    assert [(one.outcome, one.error, one.message, one.answer) for one in visit.tries] == [
        ("failed", "TransientGraphError", "Instagram is down.", None),
        ("timed_out", "States.Timeout", None, None),
        ("succeeded", None, None, "fine"),
    ]
    assert visit.tries[1].scheduled_at == START + timedelta(seconds=4)
    assert visit.tries[1].ended_at == START + timedelta(seconds=49)


def test_iterations_that_run_at_the_same_time_keep_their_own_events() -> None:
    tape = Tape()
    begun = tape.map_of("CreateContainers", 2)
    last = {}
    for index in (0, 1):
        started = tape.iterate("CreateContainers", index, after=begun)
        tape.enter("CreateContainer", given={"index": index}, after=started)
        last[index] = tape.schedule()
    for index in (1, 0):
        tape.passes(1).succeed({"index": index}, after=last[index])
        tape.exit("CreateContainer")
    tape.exit("CreateContainers", "Map", output={"made": 2})
    tape.wait("WaitForContainers", 5)

    around, first, second, after = visits_of(tape)

    assert [(v.iteration, v.tries[0].answer) for v in (first, second)] == [
        (0, {"index": 0}),
        (1, {"index": 1}),
    ]
    assert (first.around, second.around) == (around, around)
    assert (around.kind, around.output) == ("Map", {"made": 2})
    assert around.exited_at == START + timedelta(seconds=2)
    assert (after.iteration, after.around) == (None, None)


def test_states_of_an_iteration_belong_to_it_one_after_the_other() -> None:
    tape = Tape()
    begun = tape.map_of("CreateContainers", 1)
    tape.iterate("CreateContainers", 0, after=begun)
    tape.task("CreateContainer")
    tape.task("Describe")
    tape.exit("CreateContainers", "Map")

    around, *inside = visits_of(tape)

    assert [(visit.state, visit.iteration) for visit in inside] == [
        ("CreateContainer", 0),
        ("Describe", 0),
    ]
    assert [visit.around for visit in inside] == [around, around]


def test_a_failed_run_tells_its_error_and_the_innermost_state_that_it_stopped_in() -> None:
    tape = Tape()
    begun = tape.map_of("CreateContainers", 2)
    healthy = tape.iterate("CreateContainers", 0, after=begun)
    tape.task("CreateContainer", after=healthy)
    ill = tape.iterate("CreateContainers", 1, after=begun)
    tape.enter("CreateContainer", after=ill)
    tape.schedule()
    tape.fail("TokenInvalidError", "Log in again.")
    tape.end_failed("TokenInvalidError", "Log in again.")

    found = history.read(tape.events)

    assert found.status == "FAILED"
    assert found.end is not None
    assert (found.end.error, found.end.message) == ("TokenInvalidError", "Log in again.")
    assert found.stopped_in is not None
    assert (found.stopped_in.state, found.stopped_in.iteration) == ("CreateContainer", 1)


@pytest.mark.parametrize(("how", "status"), [("TimedOut", "TIMED_OUT"), ("Aborted", "ABORTED")])
def test_a_run_that_is_cut_off_stopped_in_the_state_that_it_was_in(how: str, status: str) -> None:
    tape = Tape()
    tape.task("LoadPost")
    tape.enter("WaitForContainers", "Wait")
    tape.passes(9).end(how)

    found = history.read(tape.events)

    assert found.status == status
    assert found.stopped_in is not None
    assert (found.stopped_in.state, found.stopped_in.exited_at) == ("WaitForContainers", None)


def test_a_run_that_goes_on_has_no_end_and_stopped_nowhere() -> None:
    tape = Tape()
    tape.enter("Publish")
    tape.passes(3).schedule()

    found = history.read(tape.events)

    assert (found.status, found.end, found.stopped_in) == ("RUNNING", None, None)
    assert found.last_at == START + timedelta(seconds=3)
    assert [one.outcome for one in found.visits[0].tries] == ["open"]


def test_a_redrive_goes_on_in_the_same_visit_with_a_try_of_the_next_run() -> None:
    tape = Tape()
    tape.task("LoadPost")
    entered = tape.enter("CheckQuota")
    tape.schedule()
    tape.fail("QuotaExceededError")
    tape.end_failed("QuotaExceededError")
    tape.passes(600).redrive()
    tape.schedule(after=entered)
    tape.succeed("room")
    tape.exit("CheckQuota")
    tape.wait("WaitForContainers", 1)

    found = history.read(tape.events)

    load, quota, wait = found.visits
    assert [(one.run, one.outcome) for one in quota.tries] == [(0, "failed"), (1, "succeeded")]
    assert [(v.run, v.last_run) for v in (load, quota, wait)] == [(0, 0), (0, 1), (1, 1)]
    assert found.redriven_at == [START + timedelta(seconds=600)]
    assert [end.status for end in found.ends] == ["FAILED"]
    assert (found.status, found.end) == ("RUNNING", None)


def test_an_iteration_that_goes_on_takes_its_map_into_the_next_run() -> None:
    tape = Tape()
    begun = tape.map_of("CreateContainers", 1)
    tape.iterate("CreateContainers", 0, after=begun)
    entered = tape.enter("CreateContainer")
    tape.schedule()
    tape.fail("TokenInvalidError")
    tape.end_failed("TokenInvalidError")
    tape.redrive()
    tape.schedule(after=entered)
    tape.succeed()

    around, inside = visits_of(tape)

    assert (around.run, around.last_run) == (inside.run, inside.last_run) == (0, 1)


def test_a_run_that_was_redriven_and_ended_again_has_its_last_end() -> None:
    tape = Tape()
    tape.enter("Publish")
    tape.end("Aborted")
    tape.redrive()
    tape.end("TimedOut")

    found = history.read(tape.events)

    assert [end.status for end in found.ends] == ["ABORTED", "TIMED_OUT"]
    assert found.status == "TIMED_OUT"


INSTANTS: dict[str, Callable[[datetime], Any]] = {
    "boto3": lambda at: at,
    "the AWS CLI 2": lambda at: at.isoformat(),
    "the AWS CLI 2, in local time": lambda at: at.astimezone(
        datetime.strptime("+0200", "%z").tzinfo
    ).isoformat(),
    "the AWS CLI 1": lambda at: at.timestamp(),
}


@pytest.mark.parametrize("written", INSTANTS.values(), ids=INSTANTS)
def test_instants_are_read_however_they_are_written(written: Callable[[datetime], Any]) -> None:
    tape = Tape()
    tape.passes(1.5).task("LoadPost", seconds=0.25)
    events = [{**event, "timestamp": written(event["timestamp"])} for event in tape.events]

    found = history.read(json.loads(json.dumps(events, default=str)))

    [visit] = found.visits
    assert visit.entered_at == START + timedelta(seconds=1.5)
    assert visit.exited_at == START + timedelta(seconds=1.75)
    assert visit.entered_at.utcoffset() == timedelta(0)


def test_a_history_without_data_is_read_too() -> None:
    """As `includeExecutionData=false` tells it."""
    tape = Tape()
    tape.task("LoadPost", {"next": "now"})
    events = [
        {
            name: {k: v for k, v in value.items() if k not in ("input", "output", "parameters")}
            if isinstance(value, dict)
            else value
            for name, value in event.items()
        }
        for event in tape.events
    ]

    found = history.read(events)

    [visit] = found.visits
    assert (found.given, visit.given, visit.output) == (None, None, None)
    assert [(one.payload, one.answer, one.outcome) for one in visit.tries] == [
        (None, None, "succeeded")
    ]


def test_events_of_other_kinds_change_nothing() -> None:
    tape = Tape()
    tape.task("LoadPost")
    other = {"id": 99, "previousEventId": 1, "type": "SomethingNew", "timestamp": tape.now}

    found = history.read([*tape.events, other])

    assert [visit.state for visit in found.visits] == ["LoadPost"]


def started(**changes: Any) -> dict[str, Any]:
    return {**Tape().events[0], **changes}


def entered(**details: Any) -> dict[str, Any]:
    return {
        "id": 2,
        "previousEventId": 1,
        "type": "TaskStateEntered",
        "timestamp": 0,
        "stateEnteredEventDetails": details,
    }


HOSTILE: dict[str, list[Any]] = {
    "nothing": [],
    "no start": Tape().events[1:],
    "another document": [{"Records": []}],
    "text": ["an event"],
    "null": [None],
    "numbers": [1, 2],
    "no type": [started(type=None), {"id": 2, "timestamp": 0}],
    "no time": [started(timestamp=None)],
    "a time that is none": [started(timestamp="yesterday")],
    "a time far away": [started(timestamp=1e300)],
    "a time that is no number": [started(timestamp=float("nan"))],
    "an id that is none": [started(id="one")],
    "details that are none": [started(), {**entered(), "stateEnteredEventDetails": "LoadPost"}],
    "a state without a name": [started(), entered()],
    "an iteration without an index": [
        started(),
        {"id": 2, "type": "MapIterationStarted", "timestamp": 0},
    ],
}


@pytest.mark.parametrize("events", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_history_is_refused_with_a_reason(events: list[Any]) -> None:
    with pytest.raises(HistoryError) as refused:
        history.read(events)

    assert str(refused.value)


NOT_JSON = ["", "{", "nonsense", "[1", '"half', "NaN\x00", "[" * 100_000]


@pytest.mark.parametrize("text", NOT_JSON, ids=[text[:8] for text in NOT_JSON])
def test_data_that_is_not_json_counts_as_absent(text: str) -> None:
    events = [started(), entered(name="LoadPost", input=text)]

    found = history.read(events)

    assert found.visits[0].given is None


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        (None, None),
        ("plain words", "plain words"),
        ('{"errorMessage": "inside"}', "inside"),
        ('{"errorMessage": 7}', "7"),
        ('{"other": "document"}', '{"other": "document"}'),
        ("[1, 2]", "[1, 2]"),
    ],
)
def test_the_text_of_an_error_comes_out_of_what_lambda_wraps_it_in(
    cause: str | None, message: str | None
) -> None:
    assert history.message_of(cause) == message


def test_an_answer_that_a_redrive_has_asked_for_again_counts_as_none() -> None:
    tape = Tape()
    entered_at = tape.enter("LoadPost")
    tape.schedule()
    tape.succeed({"next": "now"})
    tape.end("Aborted")
    tape.redrive()
    tape.schedule(after=entered_at)
    tape.succeed({"next": "later"})
    tape.exit("LoadPost")
    tape.end()

    [visit] = history.without_lost_answers(history.read(tape.events)).visits

    assert [(one.outcome, one.answer) for one in visit.tries] == [
        ("open", None),
        ("succeeded", {"next": "later"}),
    ]


def test_other_answers_and_the_states_around_them_stay() -> None:
    tape = Tape()
    started_at = tape.map_of("CreateContainers", 1)
    tape.iterate("CreateContainers", 0, after=started_at)
    tape.enter("CreateContainer")
    tape.schedule()
    tape.fail("Lambda.ServiceException")
    tape.schedule()
    tape.succeed({"index": 0})
    tape.exit("CreateContainer")
    tape.exit("CreateContainers", "Map")
    tape.end()
    read = history.read(tape.events)

    found = history.without_lost_answers(read)

    assert found == read
    assert found.visits[1].around is found.visits[0]
