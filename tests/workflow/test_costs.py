"""What a run cost, as the record of its job tells it, against the complete history."""

from __future__ import annotations

import pytest

from postwright import costing, executions, history
from postwright.executions import Histories
from postwright.models import Cost, Job
from tests.command_line import run as command
from tests.workflow.misbehaviour import refuses
from tests.workflow.workbench import Run, Shot, Workbench

pytestmark = pytest.mark.workbench

PHOTO, CLIP = Shot.PHOTO, Shot.CLIP
_HISTORY = {"service": "states", "operation": "GetExecutionHistory"}


def counted(bench: Workbench, job: Job) -> Cost:
    """The cost that the whole history tells now that the execution is over."""
    told = history.read(bench.history(job.job_id))
    assert told.end is not None
    return costing.cost_of(told, [item.size_bytes for item in job.items])


def same_but_for_the_last_moments(kept: Cost, whole: Cost) -> bool:
    """The record is written just before the last function answers."""
    return (kept.transitions, kept.calls, kept.bytes) == (
        whole.transitions,
        whole.calls,
        whole.bytes,
    ) and kept.usd == pytest.approx(whole.usd, rel=0.02)


def test_a_published_job_tells_what_its_whole_history_tells(bench: Workbench) -> None:
    bench.configure(video={"seconds": 100})
    group = bench.group(PHOTO, CLIP, PHOTO)

    run = bench.published(group)

    job = bench.job(run.job_id)
    assert job.cost is not None
    assert same_but_for_the_last_moments(job.cost, counted(bench, job))
    assert job.cost.transitions == len(run.visits)
    assert job.cost.bytes == sum(len(file.body) for file in group.files)


def test_everybody_who_asks_for_the_job_is_told(bench: Workbench) -> None:
    run = bench.published(bench.group(PHOTO))
    cost = bench.job(run.job_id).cost
    assert cost is not None

    answer = bench.api.get(f"/api/publish/{run.job_id}/status").json()
    document = command("status", run.job_id, "--json", aws=bench.sandbox.aws).json
    lines = command("status", run.job_id, aws=bench.sandbox.aws).out

    assert answer["cost"] == document["cost"] == cost.to_json()
    assert f"{cost.transitions} state transitions, {cost.calls} function calls" in lines
    assert f"cost ${cost.usd:.6f} in us-east-1" in lines


def test_a_failed_job_tells_what_it_cost_and_a_redrive_adds_to_it(bench: Workbench) -> None:
    bench.script(refuses("create", 190, 460, after=1))
    group = bench.group(PHOTO, PHOTO)
    run = bench.finished(bench.start(group))
    assert run.status == "FAILED"
    failed = bench.job(run.job_id)
    assert failed.cost == counted(bench, failed)

    bench.redrive(run.job_id)
    assert bench.finished(run.job_id).status == "SUCCEEDED"

    job = bench.job(run.job_id)
    assert job.cost is not None
    assert failed.cost is not None
    assert same_but_for_the_last_moments(job.cost, counted(bench, job))
    assert job.cost.transitions > failed.cost.transitions
    assert job.cost.usd > failed.cost.usd


@pytest.mark.parametrize("does", ["throttled", "refused", "reset_before", "reset_after"])
def test_a_history_that_nobody_tells_costs_one_try_and_no_post(bench: Workbench, does: str) -> None:
    bench.script_calls({**_HISTORY, "does": does, "times": 9})

    run: Run = bench.published(bench.group(PHOTO))

    job = bench.job(run.job_id)
    asked = [c for c in bench.sandbox.calls.entries() if c["operation"] == "GetExecutionHistory"]
    assert (job.status, job.cost) == ("published", None)
    assert job.permalink == run.output["permalink"]
    assert run.visits.count("RecordResult") == 1
    assert len([call for call in asked if call["function"] == "record_result"]) == 1


def test_a_history_is_read_to_its_end_unless_that_is_far(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = bench.published(bench.group(PHOTO))
    monkeypatch.setattr(executions, "_EVENTS_AT_ONCE", 20)
    histories = Histories(bench.stepfunctions)

    events = histories.events(bench.arn(run.job_id))

    assert len(events) == len(bench.history(run.job_id)) > 40
    monkeypatch.setattr(executions, "_PAGES", 2)
    with pytest.raises(EOFError, match="has more than 40 events"):
        histories.events(bench.arn(run.job_id))
