"""The model on which policies of polling are compared, against runs of the real workflow."""

from __future__ import annotations

import random

import pytest

from bench.pacing import Delays, Ours, Part, looked_at
from bench.traces import INFORMED, Trace, population
from postwright.ready_times import ReadyTimes, Traits
from tests.workflow.workbench import Shot, Workbench

pytestmark = pytest.mark.workbench

RUNS = 8
NO_DELAYS = Delays(before_a_call=0.0, latency=(0.0, 0.0))


def test_the_model_looks_as_often_as_real_runs_do_and_learns_the_same(bench: Workbench) -> None:
    ours, dice = Ours(), random.Random(1)  # noqa: S311 - nothing is drawn without delays
    real, modelled = [], []
    for trace in population(INFORMED)[:RUNS]:
        bench.configure(video={"seconds": trace.ready})
        run = bench.published(bench.group(Shot.CLIP))
        job = bench.job(run.job_id)
        traits = Traits.of(job.items[0])
        part = Part("video", Trace(traits.megabytes, traits.seconds, trace.ready))
        played = looked_at([part], ours.wait, dice, learn=ours.learn, delays=NO_DELAYS)
        real.append(run.visits.count("CheckStatus"))
        modelled.append(played.looks)

    learned = ReadyTimes.model_validate(bench.store.ready_times(job.account_id))
    assert all(abs(one - other) <= 1 for one, other in zip(real, modelled, strict=True))
    assert abs(sum(real) - sum(modelled)) <= 2
    assert sum(real) > RUNS
    expected = ours.known.of("video").seconds(traits)
    assert learned.of("video").seconds(traits) == pytest.approx(expected, rel=0.05)
