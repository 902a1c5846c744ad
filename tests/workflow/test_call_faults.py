"""Faults between our functions and AWS, and what the whole workflow makes of them."""

from __future__ import annotations

import pytest

from tests.workflow.workbench import Shot, Workbench

pytestmark = pytest.mark.engine


def outcomes(bench: Workbench, service: str, operation: str) -> list[str | None]:
    return [
        call["outcome"]
        for call in bench.sandbox.calls.entries()
        if call["service"] == service and call["operation"] == operation
    ]


def test_graph_calls_are_known_by_the_invocation_that_made_them(bench: Workbench) -> None:
    bench.published(bench.group(Shot.PHOTO))

    calls = bench.sandbox.calls.entries()
    [sent] = [call for call in calls if call["operation"] == "publish" and call["worker"]]
    [invoked] = [call for call in calls if call["operation"] == "publish" and not call["worker"]]
    [request] = [r for r in bench.requests() if r["path"].endswith("/media_publish")]
    assert sent["service"] == "graph"
    assert sent["requestId"] == invoked["requestId"] == request["requestId"]
    assert sent["function"] == request["function"] == "publish"
    assert "Two days by the sea" in sent["target"]
    assert sent["outcome"] == "200"


def test_a_publish_whose_process_is_killed_after_the_effect_is_found(bench: Workbench) -> None:
    group = bench.group(Shot.PHOTO)
    bench.script_calls({"service": "graph", "operation": "publish", "does": "kill_after"})

    run = bench.finished(bench.start(group))

    assert outcomes(bench, "graph", "publish") == ["killed after 200"]
    assert outcomes(bench, "lambda", "publish") == ["Runtime.ExitError"]
    [post] = bench.posts_of(group)
    assert run.status == "SUCCEEDED"
    assert bench.record(group).publish_status == "published"
    assert run.output["instagramPostId"] == post["id"]


def test_a_publish_whose_process_is_killed_before_the_effect_has_none(bench: Workbench) -> None:
    group = bench.group(Shot.PHOTO)
    bench.script_calls({"service": "graph", "operation": "publish", "does": "kill_before"})

    bench.finished(bench.start(group))

    assert outcomes(bench, "graph", "publish")[0] == "killed without effect"
    assert outcomes(bench, "lambda", "publish")[0] == "Runtime.ExitError"
    sends = [r for r in bench.requests() if r["path"].endswith("/media_publish")]
    assert (sends[0]["status"], sends[0]["function"]) == (None, "publish")
    assert len(bench.posts_of(group)) == len(outcomes(bench, "graph", "publish")) - 1


def test_an_execution_is_stopped_between_the_publish_and_its_answer(bench: Workbench) -> None:
    group = bench.group(Shot.PHOTO)
    bench.script_calls({"service": "graph", "operation": "publish", "does": "abort_after"})

    run = bench.finished(bench.start(group))

    assert run.status == "ABORTED"
    assert outcomes(bench, "graph", "publish") == ["200"]
    assert outcomes(bench, "events", "ABORTED") == ["delivered"]
    assert len(bench.posts_of(group)) == 1


def test_an_execution_is_stopped_before_the_publish(bench: Workbench) -> None:
    group = bench.group(Shot.PHOTO)
    bench.script_calls(
        {"service": "lambda", "function": "publish", "delay_seconds": 5},
        {"service": "dynamodb", "function": "publish", "does": "abort_before", "match": "SENDING"},
    )

    run = bench.finished(bench.start(group))

    assert run.status == "ABORTED"
    assert bench.sandbox.calls.faults()[1]["done"] == 1


def test_a_start_whose_answer_is_lost_starts_one_execution(bench: Workbench) -> None:
    group = bench.group(Shot.PHOTO)
    before = len(list(bench.executions()))
    bench.script_calls({"service": "states", "operation": "StartExecution", "does": "reset_after"})

    bench.published(group)

    assert outcomes(bench, "states", "StartExecution") == ["reset after 200", "200"]
    assert len(list(bench.executions())) == before + 1


@pytest.mark.parametrize("does", ["refused", "lost"])
def test_the_api_answers_500_for_an_invocation_without_an_answer(
    bench: Workbench, does: str
) -> None:
    group = bench.group(Shot.PHOTO)
    bench.script_calls({"service": "lambda", "function": "start_publish", "does": does})

    answer = bench.api.post("/api/publish/start", json=group.request)

    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})
    started = [job for job in bench.executions() if bench.store.find_job(job) is not None]
    assert len(started) == (1 if does == "lost" else 0)
    for job_id in started:
        bench.finished(job_id)


def stopped(bench: Workbench) -> None:
    """Start a run and stop it while it waits; for a time that stands still."""
    job_id = bench.start(bench.group(Shot.CLIP))
    bench.until_in(job_id, "WaitForContainers")
    bench.stop(job_id)
    bench.let_time_pass(1)


def test_a_status_change_event_is_lost(bench: Workbench) -> None:
    bench.script_calls({"service": "events", "operation": "ABORTED", "does": "lost"})

    with bench.time_stands_still():
        stopped(bench)

    assert outcomes(bench, "events", "ABORTED") == ["lost"]
    assert bench.invocations("record_failure") == 0


def test_a_status_change_event_is_late(bench: Workbench) -> None:
    bench.script_calls({"service": "events", "delay_seconds": 600})

    with bench.time_stands_still():
        stopped(bench)
        early = bench.invocations("record_failure")
    bench.let_time_pass(600)

    assert (early, bench.invocations("record_failure")) == (0, 1)


def test_a_status_change_event_is_delivered_twice(bench: Workbench) -> None:
    bench.script_calls({"service": "events", "does": "twice", "again_after_seconds": 60})

    with bench.time_stands_still():
        stopped(bench)
    bench.let_time_pass(61)

    first, second = [c for c in bench.sandbox.calls.entries() if c["service"] == "events"]
    assert (first["outcome"], second["outcome"]) == ("delivered", "delivered")
    assert bench.invocations("record_failure") == 2
