"""What a run has left open is closed by the sweep, by a cancel or by hand, through the API and the
command line.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.command_line import run as command
from tests.workflow.truth import assert_records_are_true
from tests.workflow.workbench import PostGroup, Shot, Workbench

pytestmark = pytest.mark.engine

PHOTO, CLIP = Shot.PHOTO, Shot.CLIP
SETTLED_SECONDS = 130
A_DAY = 25 * 3600


def sweep(bench: Workbench) -> dict[str, int]:
    answer = bench.sandbox.functions.invoke("sweep_jobs", {})
    assert not answer.error, answer.payload
    return dict(answer.payload)


def stopped_while_publishing(bench: Workbench, *shots: Shot, effect: str) -> tuple[PostGroup, str]:
    """A run that was stopped while its publish call had no answer yet."""
    group = bench.group(*(shots or (PHOTO,)))
    bench.script({"call": "publish", "answer": "reset", "effect": effect, "times": 1})
    with bench.time_stands_still():
        job_id = bench.start(group)
        bench.until_in(job_id, "WaitBeforeReconcile")
        bench.stop(job_id)
    run = bench.finished(job_id)
    assert (run.status, bench.record(group).publish_status) == ("ABORTED", "unconfirmed")
    return group, job_id


def ask(bench: Workbench, job_id: str, what: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    answer = bench.api.post(f"/api/publish/{job_id}/{what}", json=body)
    return answer.status_code, answer.json()


def creates(bench: Workbench) -> int:
    return sum(
        request["method"] == "POST" and request["path"].endswith("/media")
        for request in bench.requests()
    )


# The sweep


@pytest.mark.parametrize("shots", [(PHOTO,), (PHOTO, CLIP, PHOTO)])
def test_the_sweep_finds_the_post_of_a_run_that_was_stopped(
    bench: Workbench, shots: tuple[Shot, ...]
) -> None:
    stopped_while_publishing(bench, *shots, effect="first")
    bench.clock.advance(SETTLED_SECONDS)

    counts = sweep(bench)

    assert (counts["settled"], counts["open"]) == (1, 0)
    assert_records_are_true(bench)
    assert bench.sends() == 1


def test_the_sweep_gives_up_a_post_when_its_container_has_expired(bench: Workbench) -> None:
    group, job_id = stopped_while_publishing(bench, effect="never")
    bench.clock.advance(3600)
    assert sweep(bench)["open"] == 1

    bench.clock.advance(A_DAY)
    assert sweep(bench)["settled"] == 1

    assert bench.record(group).publish_status == bench.job(job_id).status == "failed"
    bench.published(group)
    assert_records_are_true(bench)


def test_a_redrive_is_not_needed_for_a_run_whose_function_outlives_it(bench: Workbench) -> None:
    """The run is stopped while its publish call is on its way; the function finishes all the
    same.
    """
    group = bench.group(PHOTO)
    bench.sandbox.functions.hold_back("publish", 60)
    job_id = bench.start(group)
    bench.until_in(job_id, "Publish")
    bench.stop(job_id)
    run = bench.finished(job_id)
    assert run.status == "ABORTED"

    bench.clock.advance(SETTLED_SECONDS)
    bench.let_time_pass(60)
    sweep(bench)

    assert len(bench.posts_of(group)) <= 1
    assert_records_are_true(bench)


# Cancelling


def test_a_run_is_cancelled_and_the_group_can_be_published_anew(bench: Workbench) -> None:
    group = bench.group(PHOTO)
    with bench.time_stands_still():
        job_id = bench.start(group)
        bench.until_in(job_id, "WaitForContainers")
        status, body = ask(bench, job_id, "cancel")
    run = bench.finished(job_id)

    assert (status, body["status"], run.status) == (200, "cancelled", "ABORTED")
    assert bench.status(job_id)["status"] == bench.status(job_id)["phase"] == "cancelled"
    assert (run.error, run.cause) == ("Cancelled", "Cancelled by a caller of the API.")
    assert bench.posts() == []

    asked = creates(bench)
    bench.published(group)
    assert creates(bench) == asked  # the container of the cancelled run is used
    assert_records_are_true(bench)


def test_a_scheduled_post_is_cancelled(bench: Workbench) -> None:
    group = bench.group(PHOTO)
    tomorrow = (bench.now() + timedelta(days=1)).isoformat()
    with bench.time_stands_still():
        job_id = bench.start(group, publishAt=tomorrow)
        bench.until_in(job_id, "WaitUntilScheduled")
        done = command("cancel", job_id, "--by", "anna", aws=bench.sandbox.aws)
    bench.finished(job_id)

    assert (done.code, done.out.splitlines()[0]) == (0, f"Job {job_id}: cancelled")
    assert bench.job(job_id).cancelled_by == "anna"
    assert bench.status(job_id)["status"] == "cancelled"
    assert (bench.posts(), bench.requests()) == ([], [])


def test_too_late_a_cancel_says_so(bench: Workbench) -> None:
    group = bench.group(PHOTO)
    run = bench.published(group)

    status, body = ask(bench, run.job_id, "cancel")

    assert (status, body["status"]) == (409, "published")
    assert ask(bench, "nobody", "cancel")[0] == 404


# By hand


def test_the_api_settles_with_the_post_that_a_person_names(bench: Workbench) -> None:
    group, job_id = stopped_while_publishing(bench, effect="first")
    post = bench.posts()[0]

    status, body = ask(bench, job_id, "reconcile", {"accept": post["id"]})

    assert (status, body["status"]) == (200, "published")
    assert (body["instagramPostId"], body["permalink"]) == (post["id"], post["permalink"])
    assert body["settlement"]["by"] == "a caller of the API"
    assert_records_are_true(bench)
    assert ask(bench, job_id, "reconcile", {"notPublished": True})[0] == 409
    assert bench.record(group).publish_status == "published"


def test_the_api_looks_and_settles_what_is_proven(bench: Workbench) -> None:
    _, job_id = stopped_while_publishing(bench, effect="first")
    bench.clock.advance(SETTLED_SECONDS)

    status, body = ask(bench, job_id, "reconcile", {})

    assert (status, body["status"]) == (200, "published")
    assert body["evidence"]["containerStatus"] == "PUBLISHED"
    assert_records_are_true(bench)


@pytest.mark.parametrize(
    ("body", "item"),
    [
        ({"accept": "not a number"}, "accept"),
        ({"accept": "1", "notPublished": True}, "request"),
        ({"agree": True}, "agree"),
        ([], "request"),
    ],
)
def test_a_wrong_wish_is_refused_and_names_the_field(
    bench: Workbench, body: Any, item: str
) -> None:
    _, job_id = stopped_while_publishing(bench, effect="never")

    status, answer = ask(bench, job_id, "reconcile", body)

    assert status == 422
    assert item in {problem["item"] for problem in answer["error"]["problems"]}
    assert bench.job(job_id).status == "unconfirmed"


def test_a_post_that_is_not_there_cannot_be_accepted(bench: Workbench) -> None:
    _, job_id = stopped_while_publishing(bench, effect="never")

    status, answer = ask(bench, job_id, "reconcile", {"accept": "18000000000000001"})

    assert status == 502
    assert answer["error"]["message"]
    assert bench.job(job_id).status == "unconfirmed"


def test_the_command_line_shows_the_evidence_and_settles(bench: Workbench) -> None:
    group, job_id = stopped_while_publishing(bench, effect="never")
    aws = bench.sandbox.aws

    shown = command("status", job_id, aws=aws)
    as_data = json.loads(command("status", job_id, "--json", aws=aws).out)
    early = command("reconcile", job_id, "--not-published", "--by", "anna", aws=aws)
    bench.clock.advance(SETTLED_SECONDS)
    settled = command("reconcile", job_id, "--not-published", "--by", "anna", "--json", aws=aws)

    assert shown.code == 1
    assert "the container is FINISHED" in shown.out
    assert f"postwright reconcile {job_id} --not-published" in shown.out
    assert as_data["evidence"]["containerStatus"] == "FINISHED"
    assert as_data["evidence"]["candidates"] == []
    assert early.code == 1
    assert "may still take effect" in early.err
    assert (settled.code, json.loads(settled.out)["status"]) == (0, "failed")
    assert json.loads(settled.out)["settlement"]["by"] == "anna"
    bench.published(group)
    assert_records_are_true(bench)


def test_the_command_line_accepts_a_post_and_shows_how_it_fits(bench: Workbench) -> None:
    _, job_id = stopped_while_publishing(bench, PHOTO, PHOTO, effect="first")
    post = bench.posts()[0]
    aws = bench.sandbox.aws

    shown = command("status", job_id, aws=aws)
    settled = command("reconcile", job_id, "--accept", post["id"], aws=aws)

    assert f"{post['id']}  " in shown.out
    assert "caption same, 2 of 2 items" in shown.out
    assert settled.code == 0, settled.err
    assert settled.out.splitlines()[-1] == post["permalink"]
    assert_records_are_true(bench)


# The circuit breaker


def test_after_an_action_block_nothing_more_is_sent_until_it_is_ended(bench: Workbench) -> None:
    blocked, other = bench.group(PHOTO), bench.group(PHOTO)
    bench.script({"call": "publish", "error": [25, 2207050], "times": 1})
    run = bench.finished(bench.start(blocked))
    assert (run.error, bench.sends()) == ("AccountBlockedError", 1)

    refused = bench.api.post("/api/publish/start", json=other.request)
    console = bench.finished(bench.start_execution(other.request))
    of_another = command("unblock", "--account", "other", aws=bench.sandbox.aws)
    still = bench.store.account_block("default")
    ended = command("unblock", aws=bench.sandbox.aws)

    assert refused.status_code == 403
    assert refused.json()["error"]["type"] == "AccountBlockedError"
    assert (console.error, bench.sends()) == ("AccountBlockedError", 1)
    assert of_another.out == "Account other was not blocked.\n"
    assert still is not None
    assert ended.code == 0
    assert "may send again" in ended.out
    bench.published(other)
    bench.published(blocked)
    assert_records_are_true(bench)
