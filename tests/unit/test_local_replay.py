"""Recorded runs on the state machine file with the recorded answers: the same way as long as the
file is the same, and a changed file is told at the very state that was changed.

The runs are made once, in a sandbox that is closed before the first replay: both need the engine.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from postwright import recording, redaction, replay
from postwright.history import History
from postwright.recording import Recording
from sandbox import engine, replaying
from sandbox.instagram.accounts import DEMO_ACCOUNT
from sandbox.server import DEFINITION, Sandbox, SandboxOptions
from tests.history_tape import Tape
from tests.media import film
from tests.summary import say
from tests.workflow.misbehaviour import answers, refuses, treats
from tests.workflow.workbench import Shot, Workbench

pytestmark = pytest.mark.engine

PHOTO, CLIP = Shot.PHOTO, Shot.CLIP
TEN = [PHOTO, CLIP, *[PHOTO] * 8]

WAITED_SECONDS = 5
"""The first wait for a video is ten."""

Definition = dict[str, Any]
States = dict[str, Any]
Runs = dict[str, Recording]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Recordings by their name, as Step Functions told them."""
    clip = film(tmp_path_factory.mktemp("media") / "clip.mp4")
    with Sandbox(SandboxOptions(0, 0, 0, speed=None, empty=True, schedules=False)) as sandbox:
        bench = Workbench(sandbox, clip)
        try:
            return {name: _recorded(bench, name, make) for name, make in MAKERS.items()}
        finally:
            bench.close()


def _recorded(bench: Workbench, name: str, make: Callable[[Workbench], str]) -> Recording:
    bench.reset()
    job_id = make(bench)
    return Recording(name, [dict(event) for event in bench.history(job_id)])


def _over(bench: Workbench, *shots: Shot) -> str:
    job_id = bench.start_execution(bench.group(*shots).request)
    bench.finished(job_id)
    return job_id


def _redriven(bench: Workbench, job_id: str) -> str:
    bench.redrive(job_id)
    bench.finished(job_id)
    return job_id


def ten_items(bench: Workbench) -> str:
    bench.script(
        treats("02-clip", processing_seconds=70), refuses("create", 9004, 2207052, match="05-")
    )
    return _over(bench, *TEN)


def slow_quota(bench: Workbench) -> str:
    late = {"service": "lambda", "function": "check_quota", "delay_seconds": 20}
    bench.script_calls(late)
    return _over(bench, PHOTO)


def unanswered_quota(bench: Workbench) -> str:
    bench.script_calls({"service": "lambda", "function": "check_quota", "does": "hang"})
    return _over(bench, PHOTO)


def unclear_and_redriven(bench: Workbench) -> str:
    bench.script(answers("publish", "", status=500), refuses("list", 190))
    return _redriven(bench, _over(bench, PHOTO))


def item_redriven(bench: Workbench) -> str:
    bench.script(refuses("create", 190, 460, match="03-"))
    return _redriven(bench, _over(bench, PHOTO, PHOTO, PHOTO))


def stopped(bench: Workbench) -> str:
    group = bench.group(CLIP)
    with bench.time_stands_still():
        job_id = bench.start_execution(group.request)
        bench.until_in(job_id, "WaitForContainers")
        bench.let_time_pass(WAITED_SECONDS)
        bench.stop(job_id)
    bench.finished(job_id)
    return job_id


def stopped_and_redriven(bench: Workbench) -> str:
    return _redriven(bench, stopped(bench))


def stopped_at_work(bench: Workbench) -> str:
    call = {"service": "dynamodb", "function": "create_container", "does": "abort_before"}
    bench.script_calls(call)
    return _redriven(bench, _over(bench, PHOTO, PHOTO))


def stopped_in_a_step(bench: Workbench) -> str:
    bench.script_calls({"service": "dynamodb", "function": "check_quota", "does": "abort_before"})
    return _redriven(bench, _over(bench, PHOTO))


def killed(bench: Workbench) -> str:
    fault = {"service": "lambda", "function": "record_result", "does": "killed", "times": 4}
    bench.script_calls(fault)
    return _over(bench, PHOTO)


def refused_publish(bench: Workbench) -> str:
    """The error is caught, and its text has the id of a request."""
    bench.script_calls({"service": "lambda", "function": "publish", "does": "refused"})
    return _over(bench, PHOTO)


def refused_token(bench: Workbench) -> str:
    bench.configure(tokens={DEMO_ACCOUNT.token: "expired"})
    return _over(bench, PHOTO)


def still_running(bench: Workbench) -> str:
    """Its history is asked for while it waits; it is stopped afterwards."""
    with bench.time_stands_still():
        job_id = bench.start_execution(bench.group(CLIP).request)
        bench.until_in(job_id, "WaitForContainers", times=2)
        UNFINISHED["events"] = [dict(event) for event in bench.history(job_id)]
        bench.stop(job_id)
    bench.finished(job_id)
    return job_id


UNFINISHED: dict[str, list[dict[str, Any]]] = {}
MAKERS: dict[str, Callable[[Workbench], str]] = {
    maker.__name__: maker
    for maker in (
        *(ten_items, slow_quota, unanswered_quota, unclear_and_redriven, item_redriven, stopped),
        *(
            stopped_and_redriven,
            stopped_at_work,
            stopped_in_a_step,
            killed,
            refused_publish,
            refused_token,
        ),
        still_running,
    )
}
ENDS = {
    "ten_items": ["SUCCEEDED"],
    "slow_quota": ["SUCCEEDED"],
    "unanswered_quota": ["SUCCEEDED"],
    "unclear_and_redriven": ["FAILED", "SUCCEEDED"],
    "item_redriven": ["FAILED", "SUCCEEDED"],
    "stopped": ["ABORTED"],
    "stopped_and_redriven": ["ABORTED", "SUCCEEDED"],
    "stopped_at_work": ["ABORTED", "SUCCEEDED"],
    "stopped_in_a_step": ["ABORTED", "SUCCEEDED"],
    "killed": ["FAILED"],
    "refused_publish": ["SUCCEEDED"],
    "refused_token": ["FAILED"],
    "still_running": ["ABORTED"],
}


@pytest.fixture
def definition() -> Definition:
    read: Definition = json.loads(DEFINITION.read_text(encoding="utf-8"))
    return read


def anonymous(whole: Recording, folder: Path) -> History:
    file = folder / "recorded.json"
    file.write_text(recording.to_text(redaction.redacted(whole, "PostPublished")), encoding="utf-8")
    history: History = recording.from_file(file).history()
    return history


# The same file


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("is_anonymous", [False, True], ids=["whole", "anonymous"])
def test_the_same_definition_goes_the_same_way(
    runs: Runs, definition: Definition, name: str, is_anonymous: bool, tmp_path: Path
) -> None:
    then = anonymous(runs[name], tmp_path) if is_anonymous else runs[name].history()

    now = replaying.play(definition, then)

    assert [end.status for end in now.history.ends] == ENDS[name]
    assert now.history.outcome == then.outcome
    assert replay.compare(then, now.history) == (None, [])
    assert (dict(now.asked_beyond), dict(now.left)) == ({}, {})


def test_a_run_that_is_not_over_is_played_as_far_as_it_is_recorded(
    runs: Runs, definition: Definition
) -> None:
    assert "still_running" in runs
    then = Recording("running", UNFINISHED["events"]).history()

    now = replaying.play(definition, then)

    assert then.status == "RUNNING"
    assert [v.state for v in now.history.visits] == [v.state for v in then.visits]
    assert (dict(now.asked_beyond), dict(now.left)) == ({}, {})


def test_ten_items_take_a_fraction_of_a_second(
    runs: Runs, definition: Definition, pytestconfig: pytest.Config
) -> None:
    then = runs["ten_items"].history()

    begin = time.perf_counter()
    now = replaying.play(definition, then)
    seconds = time.perf_counter() - begin

    assert len(now.history.visits) == len(then.visits) > 30
    say(pytestconfig, f"local replay of {len(then.visits)} states, ten items: {seconds:.2f} s")


# Another file


def other_next(states: States) -> None:
    states["WhatNext"]["Choices"][0]["Next"] = "CheckQuota"


def other_wait(states: States) -> None:
    states["WaitForContainers"] = {"Type": "Wait", "Seconds": 77, "Next": "CheckStatus"}


def without_retry(states: States) -> None:
    del states["CheckQuota"]["Retry"]


def shorter_timeout(states: States) -> None:
    states["CheckQuota"]["TimeoutSeconds"] = 10


def other_result(states: States) -> None:
    states["CheckStatus"]["ResultSelector"]["more"] = "than before"


def other_payload(states: States) -> None:
    states["CreateCarousel"]["Parameters"]["Payload"]["more.$"] = "$.post.groupId"


def other_name(states: States) -> None:
    states["SendPost"] = states.pop("Publish")
    for choice in states["WhatNext"]["Choices"]:
        choice["Next"] = choice["Next"].replace("Publish", "SendPost")
    for choice in states["WhatIsTrue"]["Choices"]:
        choice["Next"] = "SendPost" if choice["Next"] == "Publish" else choice["Next"]


def other_items(states: States) -> None:
    states["CreateContainers"]["ItemsPath"] = "$.post"


def other_catch(states: States) -> None:
    del states["Publish"]["Catch"]


CHANGES = [
    (other_next, "ten_items", "WhatNext", "what comes next"),
    (other_wait, "ten_items", "WaitForContainers", "how long it waits"),
    (without_retry, "unanswered_quota", "CheckQuota", "its tries"),
    (shorter_timeout, "slow_quota", "CheckQuota", "its tries"),
    (other_result, "ten_items", "CheckStatus", "its output"),
    (other_payload, "ten_items", "CreateCarousel", "what its function gets"),
    (other_name, "ten_items", "WhatNext", "what comes next"),
    (other_items, "ten_items", "CreateContainers", "its iterations"),
    (other_catch, "unclear_and_redriven", "Publish", "its tries"),
]


@pytest.mark.parametrize(
    ("change", "name", "state", "what"), CHANGES, ids=[row[0].__name__ for row in CHANGES]
)
def test_a_changed_definition_is_told_at_that_very_state(
    runs: Runs,
    definition: Definition,
    change: Callable[[States], None],
    name: str,
    state: str,
    what: str,
) -> None:
    changed = copy.deepcopy(definition)
    change(changed["States"])
    then = runs[name].history()

    now = replaying.play(changed, then)
    divergence, differences = replay.compare(then, now.history)

    first = differences[0] if differences else divergence
    assert first is not None
    assert (first.state, first.what) == (state, what)


def test_what_is_asked_too_often_and_what_nobody_asks_for_is_counted(
    runs: Runs, definition: Definition
) -> None:
    other_next(definition["States"])

    now = replaying.play(definition, runs["slow_quota"].history())

    assert now.asked_beyond == {"CheckQuota": 1}
    assert now.left == {"Publish": 1, "RecordResult": 1}
    assert now.history.outcome == redaction.TAPE_IS_OVER


def test_an_item_that_was_about_to_ask_when_the_run_was_stopped_waits_for_a_late_stop(
    runs: Runs, definition: Definition, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = runs["stopped_at_work"].history()
    _, *later = [
        visit for visit in then.visits if any(one.outcome == "open" for one in visit.tries)
    ]
    for visit in later:  # as if it had not asked yet
        visit.tries[:] = [one for one in visit.tries if one.outcome != "open"]
    abort = engine.abort

    def late(*arguments: Any, **options: Any) -> None:
        time.sleep(0.3)  # the other item asks meanwhile
        abort(*arguments, **options)

    monkeypatch.setattr(engine, "abort", late)

    now = replaying.play(definition, then)

    assert [end.status for end in now.history.ends] == ["ABORTED", "SUCCEEDED"]
    assert replay.compare(then, now.history) == (None, [])
    assert (dict(now.asked_beyond), dict(now.left)) == ({}, {})


def test_a_stop_comes_about_as_long_after_the_wait_has_begun(
    runs: Runs, definition: Definition
) -> None:
    now = replaying.play(definition, runs["stopped"].history())

    waited = now.history.ends[0].at - now.history.visits[-1].entered_at
    assert WAITED_SECONDS * 0.8 < waited.total_seconds() < WAITED_SECONDS + 1


def test_a_stop_before_the_first_state_is_played(definition: Definition) -> None:
    tape = Tape({"sessionId": "s", "groupId": "g"})
    tape.end("Aborted")
    then = Recording("early", tape.events).history()

    now = replaying.play(definition, then)

    assert [end.status for end in now.history.ends] == ["ABORTED"]
    assert (dict(now.asked_beyond), dict(now.left)) == ({}, {})


def test_an_answer_that_came_as_the_run_was_stopped_is_asked_for_again() -> None:
    tape = Tape({})
    entered = tape.enter("LoadPost")
    tape.schedule()
    tape.succeed({"next": "now"})
    tape.end("Aborted")
    tape.redrive()
    tape.schedule(after=entered)
    tape.succeed({"next": "now"})
    tape.exit("LoadPost", output={"next": "now"})
    tape.end()
    then = Recording("late", tape.events).history()
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "any", "Payload": {}},
        "OutputPath": "$.Payload",
        "End": True,
    }

    now = replaying.play({"StartAt": "LoadPost", "States": {"LoadPost": task}}, then)

    assert [end.status for end in now.history.ends] == ["ABORTED", "SUCCEEDED"]
    assert replay.compare(then, now.history)[0] is None
    assert (dict(now.asked_beyond), dict(now.left)) == ({}, {})
