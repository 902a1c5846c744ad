"""A run that came to its end in any of its states is redriven, and the post is live once.

Each row says how a run ends in a state without success and how the cause goes away. Every row is
redriven from a program, and the first of each state with the stock AWS CLI too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from postwright import history
from postwright.clock import to_text
from sandbox.instagram.accounts import DEMO_ACCOUNT
from sandbox.stopping import Place, stopping
from tests.workflow.misbehaviour import answers, refuses, treats
from tests.workflow.redriving import (
    creates,
    log_in_anew,
    without_container,
)
from tests.workflow.stock_aws import aws
from tests.workflow.truth import assert_records_are_true
from tests.workflow.workbench import PostGroup, Run, Shot, Workbench

pytestmark = pytest.mark.workbench

ASL = Path(__file__).parents[2] / "statemachine" / "publish_post.asl.json"
PHOTO, CLIP = Shot.PHOTO, Shot.CLIP
MIXED = (PHOTO, CLIP, PHOTO)
ALL_TRIES = 4
"""A task of which Lambda itself got something wrong is tried so often in all."""
A_DAY = timedelta(hours=25)

Act = Callable[[Workbench, PostGroup], object]


def nothing(_bench: Workbench, _group: PostGroup) -> None:
    """The cause is gone by itself, or there was none."""


@dataclass(frozen=True)
class Row:
    """`script` is what goes wrong at Instagram, `calls` what goes wrong with calls and invocations.

    `stopped` is when somebody stops the run: as it enters the state, or while it waits there, with
    time standing still, after `meanwhile`. `ends` is its error, or its status where it has none,
    and `sends` counts the publish calls of the run in all.
    """

    state: str
    name: str
    ends: str
    shots: Sequence[Shot] = (PHOTO,)
    started_by: Literal["api", "console"] = "api"
    options: Mapping[str, Any] = field(default_factory=dict)
    publish_in: timedelta | None = None
    given: Act = nothing
    script: Sequence[Mapping[str, Any]] = ()
    calls: Sequence[Mapping[str, Any]] = ()
    limit_seconds: int | None = None
    stopped: Literal["entering", "waiting"] | None = None
    meanwhile: tuple[str, Act] | None = None
    mended: Act = nothing
    sends: int = 1


def refused(function: str, **how: Any) -> dict[str, Any]:
    """Lambda answers that it cannot run the function, until all tries are used up."""
    fault = {"service": "lambda", "operation": function, "does": "refused", "times": ALL_TRIES}
    return fault | how


def lost(function: str) -> dict[str, Any]:
    """The function works each time, and its answer never arrives."""
    return refused(function, does="lost")


def hangs(function: str) -> dict[str, Any]:
    """The function works each time, and its answer comes later than the task waits."""
    return refused(function, does="hang")


def killed(function: str, service: str, does: str, **how: Any) -> dict[str, Any]:
    """The process of the function dies at a call that it makes, each time."""
    fault = {"service": service, "function": function, "does": does, "times": ALL_TRIES}
    return fault | how


def revoke_the_token(bench: Workbench, _group: PostGroup) -> None:
    bench.configure(tokens={DEMO_ACCOUNT.token: "revoked"})


def get_a_token(bench: Workbench, _group: PostGroup) -> None:
    log_in_anew(bench)


def use_up_the_quota(bench: Workbench, _group: PostGroup) -> None:
    bench.published(bench.group(PHOTO))
    bench.configure(quota_total=1)


def raise_the_quota(bench: Workbench, _group: PostGroup) -> None:
    bench.configure(quota_total=3)


def publish_it(bench: Workbench, group: PostGroup) -> None:
    bench.published(group)


def lose_a_file(bench: Workbench, group: PostGroup) -> None:
    bench.s3.delete_object(Bucket=bench.bucket, Key=group.key(0))


def bring_the_file_back(bench: Workbench, group: PostGroup) -> None:
    bench.upload(group, 0)


def let_a_day_pass(bench: Workbench, _group: PostGroup) -> None:
    bench.clock.advance(A_DAY.total_seconds())


def end_the_faults(bench: Workbench, _group: PostGroup) -> None:
    bench.end_faults()


ROWS = [
    Row(
        "LoadPost",
        "Lambda cannot run the first step",
        calls=[refused("load_post")],
        ends="Lambda.ServiceException",
    ),
    Row(
        "LoadPost",
        "the first step dies each time it has written",
        shots=MIXED,
        calls=[killed("load_post", "dynamodb", "kill_after", operation="UpdateItem")],
        ends="Runtime.ExitError",
    ),
    Row(
        "LoadPost",
        "a file is not in the bucket yet",
        shots=(CLIP, PHOTO),
        started_by="console",
        given=lose_a_file,
        mended=bring_the_file_back,
        ends="InvalidPostError",
    ),
    Row(
        "HowToBegin",
        "the run is stopped as it has been loaded",
        stopped="entering",
        ends="ABORTED",
    ),
    Row(
        "WaitUntilScheduled",
        "the run is stopped before its time",
        publish_in=timedelta(days=2),
        stopped="waiting",
        ends="ABORTED",
    ),
    Row(
        "WaitUntilScheduled",
        "the run is stopped and comes back when its time has passed",
        shots=MIXED,
        publish_in=timedelta(hours=1),
        stopped="waiting",
        mended=let_a_day_pass,
        ends="ABORTED",
    ),
    Row(
        "WaitUntilScheduled",
        "the wait is longer than the run may take",
        publish_in=timedelta(minutes=90),
        limit_seconds=3600,
        ends="TIMED_OUT",
    ),
    Row(
        "ReloadPost",
        "Lambda cannot run the step after the wait",
        shots=MIXED,
        publish_in=timedelta(days=1),
        calls=[refused("load_post", after=1)],
        ends="Lambda.ServiceException",
    ),
    Row(
        "ReloadPost",
        "a file is gone when its time has come",
        publish_in=timedelta(days=1),
        meanwhile=("WaitUntilScheduled", lose_a_file),
        mended=bring_the_file_back,
        ends="InvalidPostError",
    ),
    Row(
        "CheckQuota",
        "the token has been revoked",
        shots=MIXED,
        given=revoke_the_token,
        mended=get_a_token,
        ends="TokenInvalidError",
    ),
    Row(
        "CheckQuota",
        "the quota is full and the run is not to wait",
        started_by="console",
        given=use_up_the_quota,
        mended=raise_the_quota,
        ends="QuotaExceededError",
    ),
    Row(
        "CheckQuota",
        "Instagram is down",
        shots=(CLIP,),
        script=[answers("quota", "", status=503, times=None)],
        mended=end_the_faults,
        ends="TransientGraphError",
    ),
    Row(
        "CheckQuota",
        "the function hangs each time",
        calls=[hangs("check_quota")],
        ends="States.Timeout",
    ),
    Row(
        "HasQuota",
        "the run is stopped when it knows its quota",
        shots=MIXED,
        stopped="entering",
        ends="ABORTED",
    ),
    Row(
        "WaitForQuota",
        "the run is stopped while the quota is full",
        options={"onQuota": "wait"},
        given=use_up_the_quota,
        stopped="waiting",
        mended=raise_the_quota,
        ends="ABORTED",
    ),
    Row(
        "CreateContainers",
        "the run is stopped before the first container",
        shots=MIXED,
        stopped="entering",
        ends="ABORTED",
    ),
    Row(
        "CreateContainer",
        "the token is refused for the last of three",
        shots=(PHOTO, PHOTO, PHOTO),
        script=[refuses("create", 190, 460, after=2)],
        ends="TokenInvalidError",
    ),
    Row(
        "CreateContainer",
        "the function dies before it asks for a container",
        calls=[killed("create_container", "graph", "kill_before")],
        ends="Runtime.ExitError",
    ),
    Row(
        "CreateContainer",
        "the function dies when Instagram has made the container",
        shots=(CLIP,),
        calls=[killed("create_container", "graph", "kill_after")],
        ends="Runtime.ExitError",
    ),
    Row(
        "CreateContainer",
        "Lambda cannot run the function for one of the items",
        shots=MIXED,
        calls=[refused("create_container", after=2)],
        ends="Lambda.ServiceException",
    ),
    Row(
        "CreateContainer",
        "the answers are lost of what was made",
        calls=[lost("create_container")],
        ends="Lambda.SdkClientException",
    ),
    Row(
        "CreateContainer",
        "the run is stopped as an item is begun",
        shots=MIXED,
        stopped="entering",
        ends="ABORTED",
    ),
    Row(
        "WaitForContainers",
        "the run is stopped while Instagram processes",
        shots=MIXED,
        stopped="waiting",
        ends="ABORTED",
    ),
    Row(
        "WaitForContainers",
        "the run is stopped and comes back when its containers have expired",
        shots=MIXED,
        stopped="waiting",
        mended=let_a_day_pass,
        ends="ABORTED",
    ),
    Row(
        "WaitForContainers",
        "processing takes longer than the run may take",
        shots=(CLIP,),
        script=[treats("clip", processing_seconds=150, times=1)],
        limit_seconds=100,
        ends="TIMED_OUT",
    ),
    Row(
        "CheckStatus",
        "one photo of three is refused",
        shots=(PHOTO, PHOTO, PHOTO),
        script=[treats("02-photo", error=(36003, 2207009), times=1)],
        ends="MediaRejectedError",
    ),
    Row(
        "CheckStatus",
        "the clip fails in processing time and again",
        shots=MIXED,
        script=[treats("clip", processing_error=2207082, times=2)],
        ends="ProcessingFailedError",
    ),
    Row(
        "CheckStatus",
        "the clip is processed for longer than an hour",
        shots=(PHOTO, CLIP),
        script=[treats("clip", processing_seconds=4500, times=1)],
        ends="ProcessingFailedError",
    ),
    Row(
        "CheckStatus",
        "the token is revoked while the containers are processed",
        meanwhile=("WaitForContainers", revoke_the_token),
        mended=get_a_token,
        ends="TokenInvalidError",
    ),
    Row(
        "CheckStatus",
        "Lambda has too much to do",
        shots=(CLIP,),
        calls=[refused("check_status", does="throttled")],
        ends="Lambda.TooManyRequestsException",
    ),
    Row(
        "WhatNext",
        "the run is stopped between two looks",
        shots=MIXED,
        stopped="entering",
        ends="ABORTED",
    ),
    Row(
        "CreateCarousel",
        "the token is refused for the parent",
        shots=MIXED,
        script=[refuses("create", 190, 460, after=3)],
        ends="TokenInvalidError",
    ),
    Row(
        "CreateCarousel",
        "the function dies when Instagram has made the parent",
        shots=(PHOTO, PHOTO),
        calls=[killed("create_carousel", "graph", "kill_after")],
        ends="Runtime.ExitError",
    ),
    Row(
        "CreateCarousel",
        "the answers are lost of the parent that was made",
        shots=(CLIP, PHOTO),
        calls=[lost("create_carousel")],
        ends="Lambda.SdkClientException",
    ),
    Row(
        "Publish",
        "the token is refused for the publish call",
        script=[refuses("publish", 190, 460)],
        sends=2,
        ends="TokenInvalidError",
    ),
    Row(
        "Publish",
        "the quota is full when it comes to publishing",
        shots=(CLIP,),
        script=[refuses("publish", 9, 2207042)],
        sends=2,
        ends="QuotaExceededError",
    ),
    Row(
        "Publish",
        "the container is never ready",
        shots=(PHOTO, PHOTO),
        script=[refuses("publish", 9007, 2207027, times=7)],
        sends=8,
        ends="ContainerNotReadyError",
    ),
    Row(
        "Publish",
        "an action is blocked, and after a day the containers have expired too",
        shots=(PHOTO, PHOTO),
        script=[refuses("publish", 25, 2207050)],
        mended=let_a_day_pass,
        sends=2,
        ends="AccountBlockedError",
    ),
    Row(
        "Publish",
        "the run is stopped as it is about to publish",
        shots=MIXED,
        stopped="entering",
        ends="ABORTED",
    ),
    Row(
        "Publish",
        "the run is stopped while the call is on its way",
        shots=(CLIP,),
        calls=[{"service": "graph", "operation": "publish", "does": "abort_before"}],
        ends="ABORTED",
    ),
    Row(
        "Publish",
        "the run is stopped before the answer comes",
        shots=MIXED,
        calls=[{"service": "graph", "operation": "publish", "does": "abort_after"}],
        ends="ABORTED",
    ),
    Row(
        "WhatHappened",
        "the run is stopped when the post is live",
        stopped="entering",
        ends="ABORTED",
    ),
    Row(
        "WaitBeforeReconcile",
        "the run is stopped while it is unclear whether the post is live, which it is not",
        script=[answers("publish", "", status=500)],
        stopped="waiting",
        sends=2,
        ends="ABORTED",
    ),
    Row(
        "WaitBeforeReconcile",
        "the run is stopped while it is unclear whether the post is live, which it is",
        shots=MIXED,
        script=[answers("publish", "", status=500, effect="first")],
        stopped="waiting",
        ends="ABORTED",
    ),
    Row(
        "WaitBeforeReconcile",
        "the run may not last until the first look",
        script=[answers("publish", "", status=500, effect="first")],
        limit_seconds=32,
        ends="TIMED_OUT",
    ),
    Row(
        "ReconcilePublish",
        "the token is revoked before the first look",
        shots=(PHOTO, PHOTO),
        script=[answers("publish", "", status=500, effect="first")],
        meanwhile=("WaitBeforeReconcile", revoke_the_token),
        mended=get_a_token,
        ends="TokenInvalidError",
    ),
    Row(
        "ReconcilePublish",
        "the post comes after the last look",
        script=[
            answers("publish", "", status=500),
            answers("publish", "", status=500, effect="late", late_seconds=600),
        ],
        mended=lambda bench, _group: bench.clock.advance(600),
        sends=2,
        ends="PublishUncertainError",
    ),
    Row(
        "ReconcilePublish",
        "Lambda cannot run the look, and nothing was published",
        shots=(CLIP,),
        script=[answers("publish", "", status=500)],
        calls=[refused("reconcile_publish")],
        sends=2,
        ends="Lambda.ServiceException",
    ),
    Row(
        "WhatIsTrue",
        "the run is stopped when it has looked",
        script=[answers("publish", "", status=500, effect="first")],
        stopped="entering",
        ends="ABORTED",
    ),
    Row(
        "RecordResult",
        "Lambda cannot run the last step",
        calls=[refused("record_result")],
        ends="Lambda.ServiceException",
    ),
    Row(
        "RecordResult",
        "the last step dies before it writes",
        shots=MIXED,
        calls=[killed("record_result", "dynamodb", "kill_before", operation="UpdateItem")],
        ends="Runtime.ExitError",
    ),
    Row(
        "RecordResult",
        "the last step hangs each time",
        shots=(CLIP,),
        calls=[hangs("record_result")],
        ends="States.Timeout",
    ),
    Row(
        "PostPublished",
        "the run is stopped when all is done",
        shots=MIXED,
        stopped="entering",
        ends="ABORTED",
    ),
    Row(
        "AlreadyHandled",
        "a run for a post that is live already is stopped",
        started_by="console",
        given=publish_it,
        stopped="entering",
        sends=0,
        ends="ABORTED",
    ),
]


FIRST_OF_EACH_STATE = list({row.state: row for row in reversed(ROWS)}.values())[::-1]


def title(row: Row) -> str:
    return f"{row.state}: {row.name}"


@pytest.mark.parametrize("row", ROWS, ids=title)
def test_a_run_that_ended_anywhere_is_redriven_and_publishes_once(
    bench: Workbench, row: Row
) -> None:
    assert_published_after_redrive(bench, row, bench.redrive)


@pytest.mark.parametrize("row", FIRST_OF_EACH_STATE, ids=title)
def test_the_aws_command_line_redrives_a_run_that_ended_anywhere(
    bench: Workbench, row: Row, tmp_path: Path
) -> None:
    def redrive(job_id: str) -> None:
        aws(bench, tmp_path, "redrive-execution", "--execution-arn", bench.arn(job_id))

    assert_published_after_redrive(bench, row, redrive)


def assert_published_after_redrive(
    bench: Workbench, row: Row, redrive: Callable[[str], None]
) -> None:
    group = bench.group(*row.shots)
    row.given(bench, group)
    sent = bench.sends()
    run = ended(bench, row, group)
    row.mended(bench, group)
    asked, made = creates(bench, group), creates(bench, group, made=True)
    missing = without_container(bench, group, run.job_id)

    redrive(run.job_id)
    again = bench.finished(run.job_id)

    assert again.status == "SUCCEEDED", again.message
    assert again.visits[: len(run.visits)] == run.visits
    assert (creates(bench, group) - asked).keys() == missing
    assert creates(bench, group, made=True) - made == dict.fromkeys(missing, 1)
    assert bench.sends() - sent == row.sends
    assert len(bench.posts_of(group)) == 1
    assert_records_are_true(bench)


def ended(bench: Workbench, row: Row, group: PostGroup) -> Run:
    """The run of a row, at its end in its state."""
    bench.script(*row.script)
    bench.script_calls(*row.calls)
    with ExitStack() as until_its_end:
        if row.limit_seconds is not None:
            until_its_end.enter_context(bench.runs_may_take(seconds=row.limit_seconds))
        if row.stopped == "entering":
            until_its_end.enter_context(stopping(bench.clock, Place(row.state, 1), bench.stop))
        run = bench.finished(begun(bench, row, group))
    place = history.read(bench.history(run.job_id)).stopped_in
    assert (place and place.state, run.error or run.status) == (row.state, row.ends), run.message
    return run


def begun(bench: Workbench, row: Row, group: PostGroup) -> str:
    """The job id of the row's run, when all that people do meanwhile is done."""
    options = dict(row.options)
    if row.publish_in is not None:
        options["publishAt"] = to_text(bench.now() + row.publish_in)
    with ExitStack() as hold:
        if row.meanwhile or row.stopped == "waiting":
            hold.enter_context(bench.time_stands_still())
        if row.started_by == "api":
            job_id = bench.start(group, **options)
        else:
            job_id = bench.start_execution(group.request | options)
        if row.meanwhile:
            state, act = row.meanwhile
            bench.until_in(job_id, state)
            act(bench, group)
        if row.stopped == "waiting":
            bench.until_in(job_id, row.state)
            bench.stop(job_id)
    return job_id


def test_every_state_of_the_workflow_has_a_row_and_every_task_one_in_which_it_fails() -> None:
    kinds = dict(states_of(json.loads(ASL.read_text())))
    tasks = {state for state, kind in kinds.items() if kind == "Task"}

    assert {row.state for row in ROWS} == kinds.keys()
    assert {row.state for row in ROWS if row.ends not in ("ABORTED", "TIMED_OUT")} == tasks
    assert {len(row.shots) > 1 for row in ROWS if row.state in tasks} == {True, False}


def states_of(machine: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each state with its kind, those inside a Map too."""
    for name, state in machine["States"].items():
        yield name, state["Type"]
        if "ItemProcessor" in state:
            yield from states_of(state["ItemProcessor"])
