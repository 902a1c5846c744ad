"""The timeline of a run: what its history says, in rows for people."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from postwright import history, timeline
from postwright.timeline import Row, Timeline
from postwright.timeline_words import did, duration, plain
from tests.history_tape import START, Tape

TOKEN = "IGAASandboxTokenThatOpensNothing0007"  # noqa: S105  it opens nothing
PROCESSING = {"next": "wait", "seen": [{"container": "0", "status": "IN_PROGRESS"}]}
READY = {"next": "publish", "seen": [{"container": "0", "status": "FINISHED"}]}


def of(tape: Tape, *files: str, sizes: Sequence[int] = (), now: float | None = None) -> Timeline:
    at = None if now is None else START + timedelta(seconds=now)
    return timeline.of(history.read(tape.events), files=files, sizes=sizes, now=at)


def polls(tape: Tape, *answers: Any, every: float = 30) -> None:
    for answer in answers:
        tape.wait("WaitForContainers", every)
        tape.task("CheckStatus", answer)
        tape.choice("WhatNext")


def in_short(rows: list[Row] | Any) -> list[tuple[str, float, float, str]]:
    return [(row.label, row.began, row.lasted, row.outcome) for row in rows]


def cut_off(tape: Tape, after: float) -> None:
    tape.passes(after).end("Aborted")


# Rows.


def test_a_row_tells_when_a_state_was_entered_and_how_long_it_lasted() -> None:
    tape = Tape()
    tape.task("LoadPost", seconds=0.5)
    tape.choice("HowToBegin")
    tape.wait("WaitForContainers", 10)
    tape.end()

    found = of(tape)

    assert in_short(found.rows) == [
        ("LoadPost", 0, 0.5, "done"),
        ("WaitForContainers", 0.5, 10, "done"),
        ("", 10.5, 0, "done"),
    ]
    assert found.rows[-1].what == "the run succeeded"
    assert found.lasted == 10.5


def test_an_item_has_its_own_number_and_file_whatever_its_place_in_the_map() -> None:
    tape = Tape()
    begun = tape.map_of("CreateContainers", 2)
    for place, index in enumerate((1, 4)):
        started = tape.iterate("CreateContainers", place, after=begun)
        tape.task("CreateContainer", {"outcome": "created"}, given={"index": index}, after=started)
    tape.exit("CreateContainers", "Map")

    found = of(tape, "a.jpg", "b.jpg", "c.jpg")

    assert [row.label for row in found.rows] == [
        "CreateContainers",
        "CreateContainer 2: b.jpg",
        "CreateContainer 5",
    ]
    assert found.rows[0].what == "2 iterations"


def test_a_retried_task_tells_how_often_and_why_and_where_the_time_went() -> None:
    tape = Tape()
    tape.enter("CheckQuota")
    for error in ("TransientGraphError", "Lambda.ServiceException"):
        tape.schedule()
        tape.passes(1).fail(error)
        tape.passes(4)
    tape.schedule()
    tape.passes(2).succeed({"next": "create", "quota": {"used": 3, "total": 100}})
    tape.exit("CheckQuota")

    [row] = of(tape).rows

    assert row.what == (
        "3 of 100 posts used; 2 retries because of TransientGraphError, Lambda.ServiceException"
    )
    assert (row.outcome, row.retries) == ("done", 2)
    assert [(span.kind, span.began, span.lasted) for span in row.spans] == [
        ("bad", 0, 1),
        ("pause", 1, 4),
        ("bad", 5, 1),
        ("pause", 6, 4),
        ("work", 10, 2),
    ]


def test_an_error_that_is_caught_is_trouble_and_the_run_goes_on() -> None:
    tape = Tape()
    tape.enter("Publish")
    tape.schedule()
    tape.fail("PublishUncertainError", 'No clear answer. {"call": "publish"}')
    tape.exit("Publish")
    tape.wait("WaitBeforeReconcile", 30)

    row, _ = of(tape).rows

    assert row.outcome == "trouble"
    assert row.what == "failed with PublishUncertainError: No clear answer; the run goes on"


def test_an_item_that_was_refused_is_trouble_with_its_reason() -> None:
    tape = Tape()
    answer = {
        "outcome": "rejected",
        "error": {"type": "MediaRejectedError", "message": "Too wide."},
    }
    tape.task("CreateContainer", answer)

    [row] = of(tape).rows

    assert (row.outcome, row.what) == ("trouble", "refused: Too wide.")


def test_a_run_that_failed_shows_where_and_why_once() -> None:
    tape = Tape()
    tape.enter("CheckStatus")
    tape.schedule()
    tape.fail("MediaRejectedError", "Item 2 is refused.")
    tape.end_failed("MediaRejectedError", "Item 2 is refused.")

    task, end = of(tape).rows

    assert (task.outcome, task.what) == (
        *("failed", "failed with MediaRejectedError: Item 2 is refused."),
    )
    assert (end.outcome, end.what) == ("failed", "the run failed with MediaRejectedError")


def test_a_run_that_failed_in_a_choice_shows_it_with_the_reason() -> None:
    tape = Tape()
    tape.choice("HowToBegin")
    tape.enter("WhatNext", "Choice")
    tape.end_failed("States.Runtime", "No such path.")

    choice, end = of(tape).rows

    assert (choice.label, choice.outcome, choice.what) == ("WhatNext", "failed", "failed")
    assert end.what == "the run failed with States.Runtime: No such path."


@pytest.mark.parametrize(
    ("how", "said"),
    [("TimedOut", "the run took longer than it may"), ("Aborted", "the run was stopped")],
)
def test_a_run_that_was_cut_off_says_so(how: str, said: str) -> None:
    tape = Tape()
    tape.enter("WaitForContainers", "Wait")
    tape.passes(7).end(how)

    wait, end = of(tape).rows

    assert (wait.lasted, wait.outcome) == (7, "stopped")
    assert wait.what == "waited; cut off by the end of the run"
    assert (end.outcome, end.what) == ("failed", said)


def test_why_a_run_was_stopped_is_told() -> None:
    tape = Tape()
    tape.end("Aborted", error="Cancelled", cause="Somebody asked for it.")

    [end] = of(tape).rows

    assert end.what == "the run was stopped: Somebody asked for it."


# Loops.


def test_polls_that_tell_the_same_are_one_row() -> None:
    tape = Tape()
    polls(tape, *[PROCESSING] * 12, READY, every=30)

    loop, wait, last = of(tape).rows

    assert loop.what == "12 polls in 360 s; asked: 1 processing"
    assert (loop.label, loop.began, loop.lasted, loop.rounds) == ("CheckStatus", 0, 360, 12)
    assert [span.kind for span in loop.spans] == ["wait", "work"] * 12
    assert (wait.what, last.what) == ("waited", "asked: 1 ready; ready to publish")


def test_a_poll_that_tells_something_new_stands_alone() -> None:
    other = {"next": "wait", "seen": [{"container": "0", "status": None}]}
    tape = Tape()
    polls(tape, PROCESSING, other, PROCESSING)

    found = of(tape)

    assert [row.rounds for row in found.rows] == [1] * 6


def test_polls_that_were_retried_stand_alone() -> None:
    tape = Tape()
    polls(tape, PROCESSING, PROCESSING)
    for _ in range(2):
        tape.wait("WaitForContainers", 30)
        tape.enter("CheckStatus")
        tape.schedule()
        tape.fail("Lambda.Unknown")
        tape.schedule()
        tape.succeed(PROCESSING)
        tape.exit("CheckStatus")

    found = of(tape)

    assert [row.rounds for row in found.rows] == [2, 1, 1, 1, 1]
    assert found.rows[-1].what.endswith("; 1 retry because of Lambda.Unknown")
    assert found.totals.retries == 2


@pytest.mark.parametrize(
    ("wait", "task", "answer", "said"),
    [
        (
            *("WaitForQuota", "CheckQuota"),
            {"next": "wait", "quota": {"used": 100, "total": 100}},
            "3 rounds in 3 h; 100 of 100 posts used; no slot is free",
        ),
        (
            *("WaitBeforeReconcile", "ReconcilePublish"),
            {"next": "look", "seen": {"container": None, "postsRead": False}},
            (
                "3 looks in 3 h; looked: the container is unreadable, the posts cannot be read now;"
                " not clear yet"
            ),
        ),
    ],
)
def test_other_loops_are_folded_too(wait: str, task: str, answer: Any, said: str) -> None:
    tape = Tape()
    for _ in range(3):
        tape.wait(wait, 3_600)
        tape.task(task, answer)
        tape.choice("Which")

    [row] = of(tape).rows

    assert row.what == said


def test_polls_of_two_runs_are_two_rows() -> None:
    tape = Tape()
    polls(tape, PROCESSING, PROCESSING)
    cut_off(tape, 0)
    tape.redrive()
    polls(tape, PROCESSING, PROCESSING)

    found = of(tape)

    assert [(row.kind, row.run, row.rounds) for row in found.rows] == [
        ("polls", 0, 2),
        ("end", 0, 1),
        ("redrive", 1, 1),
        ("polls", 1, 2),
    ]


# Redrives.


def test_a_task_that_a_redrive_took_up_has_a_row_in_each_run() -> None:
    tape = Tape()
    entered = tape.enter("CheckQuota")
    tape.schedule()
    tape.passes(1).fail("QuotaExceededError", "No slot.")
    tape.end_failed("QuotaExceededError")
    tape.passes(600).redrive()
    tape.schedule(after=entered)
    tape.passes(2).succeed({"quota": {"used": 1, "total": 100}})
    tape.exit("CheckQuota")
    tape.end()

    found = of(tape)

    assert in_short(found.rows) == [
        ("CheckQuota", 0, 1, "failed"),
        ("", 1, 0, "failed"),
        ("", 601, 0, "done"),
        ("CheckQuota", 601, 2, "done"),
        ("", 603, 0, "done"),
    ]
    assert [row.what for row in found.rows[2:4]] == [
        "redriven at 2026-11-24T12:10:01Z",
        "1 of 100 posts used",
    ]
    assert [(run.began, run.lasted) for run in found.runs] == [(0, 1), (601, 2)]
    assert (found.totals.retries, found.totals.redrives) == (0, 1)


def test_an_iteration_that_a_redrive_took_up_stands_in_its_map_again() -> None:
    tape = Tape()
    begun = tape.map_of("CreateContainers", 2)
    well = tape.iterate("CreateContainers", 0, after=begun)
    tape.task("CreateContainer", {"outcome": "created"}, given={"index": 0}, after=well)
    ill = tape.iterate("CreateContainers", 1, after=begun)
    entered = tape.enter("CreateContainer", given={"index": 1}, after=ill)
    tape.schedule()
    tape.fail("TokenInvalidError")
    tape.end_failed("TokenInvalidError")
    tape.redrive()
    tape.schedule(after=entered)
    tape.succeed({"outcome": "created"})
    tape.exit("CreateContainer")
    tape.exit("CreateContainers", "Map")

    found = of(tape)

    assert [(row.run, row.label, row.outcome) for row in found.rows if row.state] == [
        (0, "CreateContainers", "failed"),
        (0, "CreateContainer 1", "done"),
        (0, "CreateContainer 2", "failed"),
        (1, "CreateContainers", "done"),
        (1, "CreateContainer 2", "done"),
    ]


def test_a_wait_that_was_cut_off_goes_on_after_the_redrive() -> None:
    """Nothing is written when it is taken up."""
    tape = Tape()
    entered = tape.enter("WaitForContainers", "Wait")
    cut_off(tape, 4)
    tape.passes(100).redrive()
    tape.passes(10)

    running = of(tape, now=114)
    tape.exit("WaitForContainers", "Wait", after=entered)
    over = of(tape)

    assert [(row.label, row.began, row.lasted, row.outcome) for row in running.rows] == [
        ("WaitForContainers", 0, 4, "stopped"),
        ("", 4, 0, "failed"),
        ("", 104, 0, "done"),
        ("WaitForContainers", 104, 10, "open"),
    ]
    assert over.rows[-1].outcome == "done"
    assert over.totals.waiting == running.totals.waiting == 14


def test_a_state_that_is_entered_anew_after_a_redrive_is_not_told_twice() -> None:
    tape = Tape()
    tape.enter("WaitForContainers", "Wait")
    cut_off(tape, 4)
    tape.redrive()
    tape.wait("WaitForContainers", 10)

    found = of(tape)

    waits = [(row.run, row.began, row.lasted) for row in found.rows if row.state]
    assert waits == [(0, 0, 4), (1, 4, 10)]


# Runs that go on, and runs that began late.


def test_a_run_that_goes_on_lasts_until_now() -> None:
    tape = Tape()
    tape.enter("WaitForQuota", "Wait")

    found = of(tape, now=90)

    assert in_short(found.rows) == [("WaitForQuota", 0, 90, "open")]
    assert found.rows[0].what == "waiting"
    assert (found.status, found.lasted) == ("RUNNING", 90)
    assert found.sums()[0].startswith("90 s so far: 90 s in waits, ")


def test_a_function_that_is_at_work_is_told() -> None:
    tape = Tape()
    tape.enter("Publish")
    tape.schedule()

    [row] = of(tape, now=5).rows

    assert (row.what, row.outcome) == ("its function is at work", "open")
    assert [(span.kind, span.lasted) for span in row.spans] == [("work", 5)]


def test_a_clock_that_is_behind_the_history_makes_nothing_negative() -> None:
    tape = Tape()
    tape.wait("WaitForContainers", 60)
    tape.enter("CheckStatus")

    found = of(tape, now=10)

    assert found.lasted == 60
    assert [row.lasted for row in found.rows] == [60, 0]


def test_an_end_that_is_written_earlier_than_its_beginning_makes_nothing_negative() -> None:
    tape = Tape()
    tape.wait("WaitForContainers", -0.5)
    tape.task("CheckStatus", seconds=-0.5)

    found = of(tape)

    assert [row.lasted for row in found.rows] == [0, 0]
    assert (found.totals.waiting, found.totals.working) == (0, 0)


def test_seconds_count_from_when_the_time_of_a_scheduled_post_has_come() -> None:
    tape = Tape()
    tape.task("LoadPost", {"next": "scheduled", "publishAt": "2026-11-26T12:00:00.000Z"})
    tape.wait("WaitUntilScheduled", 172_800)
    tape.task("ReloadPost", {"next": "now"}, seconds=1)
    tape.end()

    found = of(tape)

    assert [(row.label, row.began) for row in found.rows][:3] == [
        ("LoadPost", -172_800),
        ("WaitUntilScheduled", -172_800),
        ("ReloadPost", 0),
    ]
    assert found.rows[0].what == "scheduled for 2026-11-26T12:00:00.000Z"
    assert found.lasted == 1
    assert found.began_at == START + timedelta(days=2)
    assert found.sums()[0].startswith("1.0 s after 2 d of waiting for its time: 2 d in waits, ")


# Sums.


def test_every_entered_state_every_further_try_and_every_call_is_counted() -> None:
    tape = Tape()
    tape.task("LoadPost", seconds=1)
    tape.choice("HowToBegin")
    polls(tape, PROCESSING, READY, every=30)
    entered = tape.enter("Publish")
    tape.schedule()
    tape.fail("ContainerNotReadyError")
    tape.schedule()
    tape.fail("TokenInvalidError")
    tape.end_failed("TokenInvalidError")
    tape.redrive()
    tape.schedule(after=entered)
    tape.passes(2).succeed({"next": "published"})
    tape.exit("Publish")
    tape.task("ReconcilePublish")

    totals = of(tape).totals

    assert (totals.waiting, totals.working) == (60, 3)
    assert (totals.polls, totals.looks, totals.retries, totals.redrives) == (2, 1, 1, 1)
    assert (totals.cost.transitions, totals.cost.calls) == (10 + 2, 7)


def test_the_sums_say_what_was_paid_for_and_at_what_prices() -> None:
    tape = Tape()
    tape.task("LoadPost", seconds=2)
    begun = tape.map_of("CreateContainers", 1)
    tape.iterate("CreateContainers", 0, after=begun)
    tape.task("CreateContainer", {"index": 0, "outcome": "created"}, seconds=1)

    _, price = of(tape, sizes=[1_240_000]).sums()

    counted, dollars, of_what = re.split(r"(\$[0-9.]+)", price)
    assert counted == (
        "3 state transitions, 2 function calls of 2.50 GB-seconds and 1.2 MB from S3 cost "
    )
    assert float(dollars[1:]) == pytest.approx(0.00023, rel=0.02)
    assert of_what == " in us-east-1, at prices of 2026-11 and before any free tier."


def test_functions_that_work_at_the_same_time_add_up() -> None:
    tape = Tape()
    begun = tape.map_of("CreateContainers", 2)
    last = []
    for index in (0, 1):
        started = tape.iterate("CreateContainers", index, after=begun)
        tape.enter("CreateContainer", after=started)
        last.append(tape.schedule())
    tape.passes(3)
    for event in last:
        tape.succeed({"outcome": "created"}, after=event)
        tape.exit("CreateContainer")

    found = of(tape)

    assert (found.totals.working, found.lasted) == (6, 3)


def test_programs_get_all_of_it() -> None:
    tape = Tape()
    polls(tape, PROCESSING, PROCESSING, every=0.0004)
    tape.end()

    document = json.loads(json.dumps(of(tape).to_json()))

    assert document["rows"][1] == {
        "kind": "end",
        "state": None,
        "item": None,
        "file": None,
        "run": 0,
        "spans": [],
        "began": 0.001,
        "lasted": 0,
        "outcome": "done",
        "what": "the run succeeded",
        "retries": 0,
        "rounds": 1,
    }
    assert document["rows"][0]["rounds"] == 2
    assert document["runs"] == [{"began": 0, "lasted": 0.001}]
    assert (document["status"], document["beganAt"]) == ("SUCCEEDED", "2026-11-24T12:00:00.000Z")
    assert document["totals"]["cost"] == {
        "transitions": 6,
        "calls": 2,
        "gbSeconds": 0,
        "bytes": 0,
        "usd": pytest.approx(0.00016, rel=0.02),
        "pricesOf": "2026-11",
    }


# Words.


@pytest.mark.parametrize(
    ("state", "answer", "said"),
    [
        ("LoadPost", {"next": "now"}, "claimed"),
        ("LoadPost", {"next": "now", "post": {"kind": "reel", "items": [{}]}}, "claimed: reel"),
        (
            "ReloadPost",
            {"next": "now", "post": {"kind": "carousel", "items": [{}, {}, {}]}},
            "claimed: carousel of 3 items",
        ),
        ("LoadPost", {"next": "alreadyHandled", "jobId": "j7"}, "already handled by job j7"),
        ("CheckQuota", {"next": "wait"}, "the quota was not read"),
        (
            "CheckQuota",
            {"next": "create", "quota": {"used": 1, "total": 9}, "pending": [{"index": 0}]},
            "1 of 9 posts used; 1 container to make",
        ),
        ("CreateContainer", {"outcome": "created", "tries": 1}, "created"),
        ("CreateContainer", {"outcome": "created", "tries": 3}, "created at try 3"),
        (
            "CreateContainer",
            {"outcome": "throttled", "tries": 1, "error": {"message": "Slowly."}},
            "slowed down by Instagram: Slowly.",
        ),
        ("CreateCarousel", {"next": "wait", "error": None}, "created"),
        ("CreateCarousel", {"error": {"message": "Down."}}, "to be tried again: Down."),
        ("CheckStatus", {"next": "wait", "seen": []}, "asked nothing"),
        (
            "CheckStatus",
            {
                "next": "create",
                "pending": [{"index": 1}, {"index": 2}],
                "seen": [
                    {"container": "0", "status": "IN_PROGRESS"},
                    {"container": "1", "status": "ERROR", "subcode": 2207026},
                    {"container": "2", "status": None},
                    {"container": "3", "status": "FINISHED"},
                    {"container": "4", "status": "FINISHED"},
                ],
            },
            "asked: 2 ready, 1 processing, 1 failed, 1 unreadable; 2 containers to make",
        ),
        (
            "CheckStatus",
            {"next": "publish", "seen": [{"container": "parent", "status": "FINISHED"}]},
            "asked: the carousel is ready; ready to publish",
        ),
        ("Publish", {"next": "published", "instagramPostId": "18"}, "published as 18"),
        (
            "Publish",
            {"next": "published", "instagramPostId": None},
            "published as a post with an unknown id",
        ),
        ("Publish", {"next": "waitForQuota"}, "refused: the quota is full"),
        (
            "Publish",
            {"next": "recheck"},
            "nothing was sent; the containers are looked at again",
        ),
        (
            "ReconcilePublish",
            {
                "next": "resend",
                "seen": {"container": "FINISHED", "postsRead": True, "posts": 2, "fit": 0},
            },
            (
                "looked: the container is ready, 0 of 2 posts fit;"
                " nothing was published, so it is sent again"
            ),
        ),
        ("ReconcilePublish", {"next": "published"}, "looked; it is live"),
        ("RecordResult", {"permalink": "http://there/p/1/"}, "recorded: http://there/p/1/"),
        ("RecordResult", {"permalink": None}, "recorded: the link is not known yet"),
        ("AStateOfLater", {"anything": 1}, "done"),
    ],
)
def test_what_a_task_did_is_told_in_words(state: str, answer: Any, said: str) -> None:
    assert did(state, answer) == said


TASKS = [
    *("LoadPost", "ReloadPost", "CheckQuota", "CreateContainer", "CreateCarousel"),
    *("CheckStatus", "Publish", "ReconcilePublish", "RecordResult"),
]
ODD: list[Any] = [
    *(None, 7, "text", [], {}, [{}]),
    {"next": {}, "post": 3, "quota": "?", "seen": 5, "pending": 9, "error": [], "tries": "x"},
    {"next": [1], "post": {"items": None}, "seen": [None, 1, {}], "pending": {}, "error": 1},
    {"outcome": {"a": 1}, "error": {"message": None}, "tries": 10**30, "permalink": {"x": 1}},
    {"seen": [{"container": [], "status": {"deep": []}}], "instagramPostId": [1]},
]


@pytest.mark.parametrize("state", TASKS)
@pytest.mark.parametrize("answer", ODD)
def test_an_answer_of_any_shape_can_be_told(state: str, answer: Any) -> None:
    tape = Tape()
    tape.task(state, answer)

    [row] = of(tape).rows

    assert row.what


HOSTILE_TEXTS: dict[str, tuple[str, str]] = {
    "a token": (f"The token {TOKEN} ended.", "The token [token] ended."),
    "a signed URL": (
        "Cannot fetch https://bucket/a.jpg?X-Amz-Signature=abc&y=1 now.",
        "Cannot fetch https://bucket/a.jpg?[...] now.",
    ),
    "lines": ("one\ntwo\r\nthree\tfour", "one two three four"),
    "terminal codes": ("\x1b[31mred\x1b]0;title\x07", "[31mred ]0;title"),
    "text that turns around": ("photo\u202egpj.exe", "photo gpj.exe"),
    "a JSON suffix": ('Refused. {"code": 9, "fbtraceId": "A1"}', "Refused."),
}


@pytest.mark.parametrize(("text", "shown"), HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_texts_are_shown_on_one_line_and_without_secrets(text: str, shown: str) -> None:
    tape = Tape()
    tape.enter("CheckStatus")
    tape.schedule()
    tape.fail("MediaRejectedError", text)
    tape.end_failed("MediaRejectedError", text)

    found = of(tape)

    assert found.rows[0].what == f"failed with MediaRejectedError: {shown}"


def everywhere(text: str) -> Timeline:
    """The text in each place of a history that can hold one."""
    tape = Tape({"groupId": text})
    begun = tape.map_of(text, 1)
    started = tape.iterate(text, 0, after=begun)
    tape.task("CreateContainer", {"outcome": text, "error": {"message": text}}, after=started)
    tape.exit(text, "Map")
    for state in TASKS:
        tape.task(
            state,
            {
                "next": text,
                "permalink": text,
                "instagramPostId": text,
                "jobId": text,
                "post": {"kind": text},
                "quota": {"used": text, "total": text},
                "seen": [{"container": "0", "status": text}],
            },
        )
    tape.enter("Publish")
    tape.schedule()
    tape.fail(text, text)
    tape.schedule()
    tape.fail(text, text)
    tape.end_failed(text, text)
    return of(tape, text)


def test_no_place_of_a_history_lets_a_secret_through() -> None:
    found = json.dumps(everywhere(f"{TOKEN} https://b/a.jpg?X-Amz-Signature=abc").to_json())

    assert "[token]" in found
    assert [secret for secret in (TOKEN, "Signature") if secret in found] == []


def test_no_place_of_a_history_lets_control_characters_through() -> None:
    found = everywhere("a\x1b[2Jb\nc\u202ed")

    texts = [text for row in found.rows for text in (row.label, row.what)]
    assert [text for text in texts if not text.isprintable()] == []


def test_a_very_long_text_is_cut() -> None:
    assert len(plain("word " * 10_000)) == 400


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.0 s"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (310, "310 s"),
        (599.6, "10 min"),
        (750, "12 min 30 s"),
        (3_599.7, "1 h"),
        (11_100, "3 h 5 min"),
        (86_399.9, "1 d"),
        (187_200, "2 d 4 h"),
        (-0.01, "0.0 s"),
        (-2.5, "-2.5 s"),
        (-172_800, "-2 d"),
    ],
)
def test_durations_are_short(seconds: float, said: str) -> None:
    assert duration(seconds) == said
