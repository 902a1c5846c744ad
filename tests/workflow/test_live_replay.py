"""Runs that failed, recorded, made anonymous and played once more with today's functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from postwright import recording, redaction, replay
from postwright.clock import to_text
from postwright.history import History
from postwright.recording import Recording
from sandbox import live_replay
from sandbox.instagram.accounts import DEMO_ACCOUNT
from sandbox.live_replay import Live
from tests.workflow.misbehaviour import answers, disagrees, refuses, treats
from tests.workflow.workbench import PostGroup, Shot, Workbench

pytestmark = pytest.mark.workbench

PHOTO, CLIP, REFUSED = Shot.PHOTO, Shot.CLIP, Shot.REFUSED
ALL_TRIES = 4
"""A task of which Lambda itself got something wrong is tried so often in all."""
USUAL = ("pixels of item", "the caption's words")
"""What is missing of each recorded run of these."""
TEN = [PHOTO, CLIP, *[PHOTO] * 4, CLIP, *[PHOTO] * 3]

Act = Callable[[Workbench, PostGroup, str], object]


@dataclass(frozen=True)
class Row:
    """A run, and how it ends; `missing` are the beginnings of what could not be rebuilt besides
    pixels and words, and `act` is what somebody does while it waits in a state, or at its end.
    """

    name: str
    ends: str
    shots: Sequence[Shot] = (PHOTO,)
    options: Mapping[str, Any] = field(default_factory=dict)
    publish_in: timedelta | None = None
    script: Sequence[Mapping[str, Any]] = ()
    calls: Sequence[Mapping[str, Any]] = ()
    instagram: Mapping[str, Any] = field(default_factory=dict)
    meanwhile: tuple[str, Act] | None = None
    mended: Act | None = None
    missing: Sequence[str] = ()


def stop(bench: Workbench, _group: PostGroup, job_id: str) -> None:
    bench.stop(job_id)


def nothing(_bench: Workbench, _group: PostGroup, _job_id: str) -> None:
    """The cause is gone by itself."""


def accept_the_token(bench: Workbench, _group: PostGroup, _job_id: str) -> None:
    bench.configure(tokens={DEMO_ACCOUNT.token: "ok"})


def revoke_the_token(bench: Workbench, _group: PostGroup, _job_id: str) -> None:
    bench.configure(tokens={DEMO_ACCOUNT.token: "revoked"})


def on_lambda(function: str, does: str, **how: Any) -> dict[str, Any]:
    return {"service": "lambda", "operation": function, "does": does, **how}


LATE = {"call": "publish", "answer": "reset", "effect": "late", "late_seconds": 70}
QUOTA_OF_ONE = {
    "call": "quota",
    "status": 200,
    "body": {
        "data": [{"config": {"quota_total": 1, "quota_duration": 86_400}, "quota_usage": 1}],
    },
}

ROWS = [
    Row(
        "ten items with videos, one of them slow, one made twice",
        "PostPublished",
        TEN,
        script=[
            treats("02-clip", processing_seconds=70),
            refuses("create", 9004, 2207052, match="05-photo"),
        ],
    ),
    Row(
        "one refused item of two",
        "MediaRejectedError",
        [PHOTO, REFUSED],
        script=[disagrees()],
    ),
    Row(
        "a code that nobody knows, for the second of three",
        "MediaRejectedError",
        [PHOTO] * 3,
        script=[refuses("create", 987, 654, match="02-")],
    ),
    Row(
        "words that decide where the codes do not",
        "AccountBlockedError",
        script=[
            refuses("quota", 190, None, message="You cannot access the app till you log in to it")
        ],
    ),
    Row("a token that is refused", "TokenInvalidError", script=[refuses("create", 190, 460)]),
    Row(
        "a look for the post that the token ends",
        "TokenInvalidError",
        script=[answers("publish", "", status=500), refuses("list", 190)],
    ),
    Row(
        "looks at a container that fail, but not the first",
        "PostPublished",
        [CLIP],
        script=[
            treats("clip", processing_seconds=70),
            answers("status", "", status=500, after=2, times=2),
        ],
    ),
    Row(
        "a video that is never processed",
        "ProcessingFailedError",
        [PHOTO, CLIP],
        script=[treats("clip", processing_error=2207053)],
    ),
    Row(
        "a video that takes longer than its budget",
        "ProcessingFailedError",
        [CLIP],
        script=[treats("clip", processing_seconds=9000)],
        missing=["how long container 0 would have been worked on"],
    ),
    Row(
        "a container that expires while it is processed",
        "PostPublished",
        [CLIP],
        script=[treats("clip", processing_seconds=100, expires_after_seconds=25, times=1)],
    ),
    Row("a full quota", "QuotaExceededError", script=[QUOTA_OF_ONE]),
    Row(
        "a full quota that is waited for",
        "PostPublished",
        options={"onQuota": "wait"},
        script=[QUOTA_OF_ONE, QUOTA_OF_ONE],
    ),
    Row(
        "an account that is blocked", "AccountBlockedError", script=[refuses("publish", 4, 2207051)]
    ),
    Row(
        "a publish that nobody can clear up",
        "PublishUncertainError",
        script=[answers("publish", "", status=500, times=2)],
    ),
    Row("a post that comes after its answer was lost", "PostPublished", [PHOTO] * 2, script=[LATE]),
    Row(
        "a post whose container says so late",
        "PostPublished",
        script=[{"call": "publish", "status": 500, "effect": "first", "status_lag_seconds": 100}],
    ),
    Row(
        "a function that Lambda cannot run, but the first two times",
        "Lambda.ServiceException",
        [CLIP],
        script=[treats("clip", processing_seconds=70)],
        calls=[on_lambda("check_status", "refused", after=2, times=ALL_TRIES)],
        missing=["how long container 0 would have been worked on", "the pauses before CheckStatus"],
    ),
    Row(
        "a function that dies for the last of three items",
        "Runtime.ExitError",
        [PHOTO] * 3,
        calls=[on_lambda("create_container", "killed", match="#002", times=ALL_TRIES)],
        missing=["the pauses before CreateContainer"],
    ),
    Row(
        "a function that dies once it has published",
        "PostPublished",
        calls=[{"service": "graph", "operation": "publish", "does": "kill_after"}],
    ),
    Row(
        "a function that dies before it has published, and then an unclear answer",
        "PostPublished",
        script=[{"call": "publish", "status": 500, "effect": "first"}],
        calls=[{"service": "graph", "operation": "publish", "does": "kill_before"}],
    ),
    Row(
        "a publish that comes too late to be the first",
        "PostPublished",
        calls=[on_lambda("publish", None, delay_seconds=100)],  # type: ignore[arg-type]  # only late
    ),
    Row("a run that is stopped", "ABORTED", [CLIP], meanwhile=("WaitForContainers", stop)),
    Row(
        "a run that is stopped before its time and redriven",
        "PostPublished",
        publish_in=timedelta(hours=2),
        meanwhile=("WaitUntilScheduled", stop),
        mended=nothing,
    ),
    Row(
        "a run that is redriven with a better token",
        "PostPublished",
        [PHOTO, CLIP],
        meanwhile=("WaitForContainers", revoke_the_token),
        mended=accept_the_token,
    ),
    Row(
        "a run that is redriven after a token was refused for the last of three",
        "PostPublished",
        [PHOTO] * 3,
        script=[refuses("create", 190, 460, match="03-", delay_seconds=2)],
        mended=nothing,
    ),
    Row(
        "a run that is redriven when the publish has come to light",
        "PostPublished",
        script=[{**LATE, "late_seconds": 500}, *[answers("list", "", status=500)] * 11],
        mended=nothing,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_recorded_run_comes_to_the_same_end_on_the_same_way(
    bench: Workbench, row: Row, tmp_path: Path
) -> None:
    then = recorded(bench, row, tmp_path)

    now = played(bench, then)

    assert then.outcome == now.history.outcome == row.ends, now.missing
    divergence, _ = replay.compare(replay.path_alone(then), replay.path_alone(now.history))
    assert divergence is None, divergence.in_words()
    assert_missing(now, row.missing)


def recorded(bench: Workbench, row: Row, folder: Path) -> History:
    """The run of a row, as a fixture that was written and read again."""
    bench.configure(**row.instagram)
    bench.script(*row.script)
    bench.script_calls(*row.calls)
    group = bench.group(*row.shots)
    options = dict(row.options)
    if row.publish_in is not None:
        options["publishAt"] = to_text(bench.now() + row.publish_in)
    if row.meanwhile is None:
        job_id = bench.start_execution(group.request | options)
    else:
        state, act = row.meanwhile
        with bench.time_stands_still():
            job_id = bench.start_execution(group.request | options)
            bench.until_in(job_id, state)
            act(bench, group, job_id)
    bench.finished(job_id)
    if row.mended is not None:
        row.mended(bench, group, job_id)
        bench.redrive(job_id)
        bench.finished(job_id)
    return anonymous(bench, job_id, folder)


def anonymous(bench: Workbench, job_id: str, folder: Path) -> History:
    whole = Recording(job_id, [dict(event) for event in bench.history(job_id)])
    file = folder / "recorded.json"
    file.write_text(recording.to_text(redaction.redacted(whole, "PostPublished")), encoding="utf-8")
    history: History = recording.from_file(file).history()
    return history


def played(bench: Workbench, then: History) -> Live:
    bench.reset()
    return live_replay.play(bench.sandbox, then)


def assert_missing(now: Live, wanted: Sequence[str]) -> None:
    found = [what for what in now.missing if not what.startswith(USUAL)]
    assert len(found) == len(wanted), found
    for what, begin in zip(found, wanted, strict=True):
        assert what.startswith(begin)


# What cannot be rebuilt is told


def test_a_run_without_its_post_is_played_with_one_that_is_made_up(
    bench: Workbench, tmp_path: Path
) -> None:
    row = Row("", "", calls=[on_lambda("load_post", "refused", times=ALL_TRIES)])
    then = recorded(bench, row, tmp_path)

    now = played(bench, then)

    assert then.outcome == now.history.outcome == "Lambda.ServiceException"
    wanted = ["what the post consists of", "the caption's length", "the pauses before LoadPost"]
    assert_missing(now, wanted)


@pytest.mark.parametrize("status", ["published", "unconfirmed"])
def test_a_group_that_was_not_ready_is_made_up_as_it_was(
    bench: Workbench, tmp_path: Path, status: str
) -> None:
    group = bench.group(PHOTO)
    bench.write(group, "GROUP", "activeJobId", "somebody")
    bench.write(group, "GROUP", "publishStatus", status)
    job_id = bench.start_execution(group.request)
    bench.finished(job_id)
    then = anonymous(bench, job_id, tmp_path)

    now = played(bench, then)

    ends = {"published": "AlreadyHandled", "unconfirmed": "AlreadyPublishingError"}
    assert then.outcome == now.history.outcome == ends[status]


def test_what_another_post_has_done_is_told_and_not_made_up(
    bench: Workbench, tmp_path: Path
) -> None:
    other = bench.group(PHOTO)
    bench.script(answers("publish", "", status=500, times=2))
    assert bench.finished(bench.start(other)).error == "PublishUncertainError"
    group = bench.group(PHOTO, caption=other.caption.partition("\n")[0])
    job_id = bench.start(group)
    bench.finished(job_id)
    then = anonymous(bench, job_id, tmp_path)

    now = played(bench, then)

    assert (then.outcome, now.history.outcome) == ("CaptionBusyError", "PostPublished")
    assert_missing(now, ["the other post with the same caption"])


def test_a_container_of_an_earlier_run_is_told(bench: Workbench, tmp_path: Path) -> None:
    group = bench.group(PHOTO)
    bench.script(refuses("publish", 190, 463))
    assert bench.finished(bench.start(group)).error == "TokenInvalidError"
    job_id = bench.start(group)
    bench.finished(job_id)
    then = anonymous(bench, job_id, tmp_path)

    now = played(bench, then)

    assert then.outcome == now.history.outcome == "PostPublished"
    assert_missing(now, ["the container of item 1, which an earlier run had made"])


def test_items_that_a_failure_has_cut_off_are_cut_off_again_and_told(
    bench: Workbench, tmp_path: Path
) -> None:
    slow = [treats(name, delay_seconds=8, times=1) for name in ("01-", "02-")]
    script = [refuses("create", 190, 460, match="03-"), *slow]
    then = recorded(bench, Row("", "", [PHOTO] * 3, script=script, mended=nothing), tmp_path)

    now = played(bench, then)

    assert then.outcome == now.history.outcome == "PostPublished"
    for history in (then, now.history):
        first_run = [one for visit in history.visits for one in visit.tries if not one.run]
        assert [one.outcome for one in first_run[-3:]] == ["open", "open", "failed"]
    assert_missing(now, ["whether CreateContainer did its work when it was cut off"])


def test_the_records_behind_an_invalid_post_are_told(bench: Workbench, tmp_path: Path) -> None:
    group = bench.group(PHOTO)
    bench.s3.delete_object(Bucket=bench.bucket, Key=group.key(0))
    job_id = bench.start_execution(group.request)
    bench.finished(job_id)
    then = anonymous(bench, job_id, tmp_path)

    now = played(bench, then)

    assert (then.outcome, now.history.outcome) == ("InvalidPostError", "PostPublished")
    assert any(what.startswith("what led to InvalidPostError at LoadPost") for what in now.missing)


def test_a_run_that_is_stopped_while_functions_work_is_stopped_there(
    bench: Workbench, tmp_path: Path
) -> None:
    call = {"service": "dynamodb", "function": "create_container", "does": "abort_before"}
    row = Row("", "", [PHOTO] * 2, calls=[call], mended=nothing)
    then = recorded(bench, row, tmp_path)

    now = played(bench, then)

    assert [end.status for end in now.history.ends] == ["ABORTED", "SUCCEEDED"]
    assert then.outcome == now.history.outcome == "PostPublished"
    stopped = [visit.state for visit in now.history.visits if visit.run == 0]
    assert stopped[-1] == "CreateContainer"
    assert any(what.startswith("whether CreateContainer had done") for what in now.missing)
