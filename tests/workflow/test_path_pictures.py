"""The picture of the path, from histories of real runs."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from postwright import history
from statemachine import path
from statemachine.walk import Walk, walked
from tests.workflow.misbehaviour import answers, refuses, treats
from tests.workflow.redriving import log_in_anew
from tests.workflow.workbench import Shot, Workbench

pytestmark = pytest.mark.workbench

PHOTO, CLIP = Shot.PHOTO, Shot.CLIP


def walk_of(bench: Workbench, job_id: str) -> Walk:
    return walked(history.read(bench.history(job_id)))


def definition_of(bench: Workbench, job_id: str) -> dict[str, Any]:
    found = bench.stepfunctions.describe_state_machine_for_execution(executionArn=bench.arn(job_id))
    definition: dict[str, Any] = json.loads(found["definition"])
    return definition


def test_a_run_that_failed_in_the_map_and_was_redriven(bench: Workbench) -> None:
    bench.sandbox.functions.hold_back("create_container", 20)  # so that the others are done
    bench.script(refuses("create", 190, 460, after=2))
    run = bench.finished(bench.start(bench.group(PHOTO, PHOTO, PHOTO)))
    failed = walk_of(bench, run.job_id)
    log_in_anew(bench)
    bench.redrive(run.job_id)
    bench.finished(run.job_id)

    walk = walk_of(bench, run.job_id)
    svg = path.draw(definition_of(bench, run.job_id), history.read(bench.history(run.job_id)))

    assert (failed.standing, failed.error) == ({"CreateContainer": 1}, "TokenInvalidError")
    counts = failed.iterations["CreateContainer"]
    assert (counts.reached, counts.finished, counts.of) == (3, 2, 3)
    assert (walk.redriven, walk.standing) == ({"CreateContainer": 1}, {"PostPublished": 1})
    assert walk.visits["CreateContainers"] == 1
    assert walk.iterations["CreateContainer"].finished == 3
    assert "succeeded in PostPublished, redriven once" in svg
    assert "Not in this definition" not in svg


def test_a_run_that_was_stopped_while_it_waited_and_redriven(bench: Workbench) -> None:
    with bench.time_stands_still():
        job_id = bench.start(bench.group(CLIP, PHOTO))
        bench.until_in(job_id, "WaitForContainers")
        waiting = walk_of(bench, job_id)
        bench.stop(job_id)
    bench.finished(job_id)
    stopped = walk_of(bench, job_id)
    bench.redrive(job_id)
    bench.finished(job_id)

    walk = walk_of(bench, job_id)

    assert (waiting.status, waiting.standing) == ("RUNNING", {"WaitForContainers": 1})
    assert (stopped.status, stopped.standing) == ("ABORTED", {"WaitForContainers": 1})
    assert walk.redriven == {"WaitForContainers": 1}
    assert walk.standing == {"PostPublished": 1}


def test_a_run_whose_time_ran_out(bench: Workbench) -> None:
    bench.script(treats("clip", processing_seconds=150, times=1))
    with bench.runs_may_take(seconds=100):
        run = bench.finished(bench.start(bench.group(CLIP)))

    walk = walk_of(bench, run.job_id)

    assert (walk.status, walk.standing) == ("TIMED_OUT", {"WaitForContainers": 1})


def test_an_unclear_publish_is_a_caught_error_and_each_look_a_loop(bench: Workbench) -> None:
    bench.script(answers("publish", "", status=500, times=2))
    run = bench.finished(bench.start(bench.group(PHOTO)))
    document = history.read(bench.history(run.job_id))

    walk = walked(document)
    svg = path.draw(definition_of(bench, run.job_id), document)

    caught = {(way.source, way.target): n for way, n in walk.ways.items() if way.caught}
    assert caught == {("Publish", "WaitBeforeReconcile"): run.visits.count("Publish")}
    looks = run.visits.count("ReconcilePublish")
    assert f">x {looks}<" in svg
    assert "failed in ReconcilePublish with PublishUncertainError" in svg
    assert re.search(rf"WhatIsTrue to WaitBeforeReconcile: else; taken {looks - 2} times", svg)
