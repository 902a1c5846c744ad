"""A run that failed, was stopped or timed out goes on where it was, and publishes once."""

from __future__ import annotations

import pytest

from sandbox.instagram.accounts import DEMO_ACCOUNT
from tests.workflow.misbehaviour import answers, refuses, treats
from tests.workflow.redriving import creates, log_in_anew
from tests.workflow.truth import assert_records_are_true
from tests.workflow.workbench import PostGroup, Run, Shot, Workbench

pytestmark = pytest.mark.engine

PHOTO, CLIP = Shot.PHOTO, Shot.CLIP
LATE_SECONDS = 600
"""After the last look, and soon enough to be taken for the post that was sent."""


def failed(bench: Workbench, group: PostGroup, error: str) -> Run:
    run = bench.finished(bench.start(group))
    assert (run.status, run.error) == ("FAILED", error)
    return run


def published_after_redrive(bench: Workbench, job_id: str) -> Run:
    bench.redrive(job_id)
    run = bench.finished(job_id)
    assert run.status == "SUCCEEDED", run.message
    assert_records_are_true(bench)
    return run


def test_a_run_without_a_token_goes_on_after_a_new_login(bench: Workbench) -> None:
    bench.configure(tokens={DEMO_ACCOUNT.token: "revoked"})
    group = bench.group(PHOTO)
    run = failed(bench, group, "TokenInvalidError")
    assert run.visits[-1] == "CheckQuota"
    log_in_anew(bench)

    again = published_after_redrive(bench, run.job_id)

    assert again.visits.count("CheckQuota") == again.visits.count("LoadPost") == 1
    assert again.visits[: len(run.visits)] == run.visits
    assert bench.sends() == 1


def test_only_the_item_that_failed_is_made_again(bench: Workbench) -> None:
    bench.sandbox.functions.hold_back("create_container", 20)  # so that the others are done
    bench.script(refuses("create", 190, 460, after=2))
    group = bench.group(PHOTO, PHOTO, PHOTO)
    run = failed(bench, group, "TokenInvalidError")
    assert bench.invocations("create_container") == 3

    again = published_after_redrive(bench, run.job_id)

    assert bench.invocations("create_container") == 4
    assert sorted(creates(bench, group).values()) == [1, 1, 1, 2]
    assert again.visits.count("CreateContainer") == 3
    assert bench.sends() == 1


def test_a_run_that_was_stopped_while_it_waited_goes_on(bench: Workbench) -> None:
    group = bench.group(CLIP, PHOTO)
    with bench.time_stands_still():
        job_id = bench.start(group)
        bench.until_in(job_id, "WaitForContainers")
        bench.stop(job_id)
    stopped = bench.finished(job_id)
    assert (stopped.status, bench.job(job_id).status) == ("ABORTED", "failed")

    published_after_redrive(bench, job_id)

    assert creates(bench, group) == {0: 1, 1: 1, 2: 1}
    assert bench.sends() == 1


def test_a_run_whose_time_ran_out_goes_on_with_new_time(bench: Workbench) -> None:
    bench.script(treats("clip", processing_seconds=150, times=1))
    group = bench.group(CLIP)
    with bench.runs_may_take(seconds=100):
        run = bench.finished(bench.start(group))
    assert run.status == "TIMED_OUT"

    published_after_redrive(bench, run.job_id)

    assert creates(bench, group) == {1: 1}


@pytest.mark.parametrize("shots", [(PHOTO,), (PHOTO, PHOTO)])
def test_a_post_that_came_after_the_last_look_is_found(
    bench: Workbench, shots: tuple[Shot, ...]
) -> None:
    bench.script(
        answers("publish", "", status=500),
        answers("publish", "", status=500, effect="late", late_seconds=LATE_SECONDS),
    )
    group = bench.group(*shots)
    run = failed(bench, group, "PublishUncertainError")
    assert bench.record(group).publish_status == "unconfirmed"
    bench.clock.advance(LATE_SECONDS)
    looked = bench.invocations("reconcile_publish")

    published_after_redrive(bench, run.job_id)

    assert bench.invocations("reconcile_publish") - looked == 1
    assert bench.sends() == 2  # both before the redrive


def test_a_post_that_is_not_there_is_looked_for_in_vain_and_not_sent_again(
    bench: Workbench,
) -> None:
    bench.script(answers("publish", "", status=500, times=2))
    run = failed(bench, bench.group(PHOTO), "PublishUncertainError")
    looked = bench.invocations("reconcile_publish")

    bench.redrive(run.job_id)
    again = bench.finished(run.job_id)

    assert (again.status, again.error) == ("FAILED", "PublishUncertainError")
    assert bench.invocations("reconcile_publish") - looked == 10
    assert bench.sends() == 2  # both before the redrive
    assert_records_are_true(bench)


def test_a_redrive_while_the_publish_of_the_stopped_run_is_on_its_way(bench: Workbench) -> None:
    """That function begins when the redriven run has long published."""
    bench.sandbox.functions.hold_back("publish", 60)
    group = bench.group(PHOTO)
    with bench.time_stands_still():
        job_id = bench.start(group)
        bench.until_in(job_id, "Publish")
        bench.stop(job_id)
        bench.redrive(job_id)

    run = bench.finished(job_id)
    bench.let_time_pass(120)

    assert (run.status, run.visits.count("Publish")) == ("SUCCEEDED", 1)
    assert bench.invocations("publish") == 2
    assert bench.sends() == 1
    assert_records_are_true(bench)


def test_a_run_that_has_lost_its_group_is_not_taken_back(bench: Workbench) -> None:
    bench.configure(tokens={DEMO_ACCOUNT.token: "revoked"})
    group = bench.group(PHOTO)
    run = failed(bench, group, "TokenInvalidError")
    log_in_anew(bench)
    bench.published(group)

    bench.redrive(run.job_id)
    again = bench.finished(run.job_id)

    assert again.status == "FAILED"
    assert bench.sends() == 1
    assert_records_are_true(bench)
