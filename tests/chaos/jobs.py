"""Pieces of a long series of runs; each has a process and a sandbox of its own."""

from __future__ import annotations

import gc
import itertools
import multiprocessing.queues
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from tests.chaos import single, strategies
from tests.chaos.judge import Verdict, judge
from tests.chaos.plan import Plan, Policy
from tests.chaos.stage import Stage, Subject
from tests.chaos.tally import Tally

Source = Literal["single", "around the publish", "random", "excluded"]

CONTROLS_SHARE: Final = 4
"""Each control runs one in so many of the plans of ours."""
_SHRINKS: Final = 120
"""So many runs at most are spent on making a failing plan smaller."""


@dataclass(frozen=True)
class Job:
    """A part of the work. Of random plans `count` with a seed, of which the first `limit` are run;
    of single faults each `count`-th from `seed` on.
    """

    source: Source
    subject: Subject
    seed: int
    count: int
    policy: Policy = "resend"
    limit: int | None = None

    @property
    def name(self) -> str:
        most = "" if self.limit is None else f", at most {self.limit}"
        return f"{self.source}, {self.subject}, {self.policy}, {self.seed}/{self.count}{most}"


class _ViolatedError(AssertionError):
    """A run of ours in which something happened that must never be."""


Cores = multiprocessing.queues.SimpleQueue[int]
_free_cores: list[Cores] = []


def share(cores: Cores) -> None:
    """Let the jobs of this process work on a core from here, one after the other."""
    _free_cores.append(cores)


@contextmanager
def _on_a_core() -> Iterator[None]:
    """A sandbox and its functions work in turns; on one core they find what is in its cache."""
    if not _free_cores or not hasattr(os, "sched_setaffinity"):
        yield
        return
    core = _free_cores[0].get()
    try:
        os.sched_setaffinity(0, {core})
        yield
    finally:
        _free_cores[0].put(core)


def work(job: Job) -> Tally:
    """Do a job from beginning to end."""
    tally = Tally()
    with _on_a_core(), Stage(job.subject, job.policy) as stage:
        _collect_seldom()
        if job.source in ("random", "excluded"):
            _random(job, stage, tally)
        else:
            in_short = job.source == "around the publish"
            bases = single.AROUND_THE_PUBLISH if in_short else single.EVERYTHING
            plans = single.plans(stage, bases, in_short=in_short)
            _each(stage, itertools.islice(plans, job.seed, None, job.count), tally)
    return tally


def _collect_seldom() -> None:
    """What is loaded stays, and a collection in between would look at all of it."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def run(stage: Stage, plan: Plan) -> Verdict:
    """One run from its beginning to its verdict."""
    begin = time.perf_counter()
    verdict = judge(stage, stage.play(plan))
    verdict.seconds = time.perf_counter() - begin
    return verdict


def _each(stage: Stage, plans: Iterable[Plan], tally: Tally) -> None:
    for plan in plans:
        verdict = run(stage, plan)
        tally.add(verdict)
        _tell(stage, verdict)


def _tell(stage: Stage, verdict: Verdict) -> None:
    """A violation of ours is printed at once: the series goes on for long."""
    if verdict.violations and stage.subject == "ours":
        sys.stdout.write(f"VIOLATED {verdict.words}\n  {verdict.plan.text()}\n")
        sys.stdout.flush()


def _random(job: Job, stage: Stage, tally: Tally) -> None:
    """The plans are the same for each subject, as long as nothing is violated."""
    kind = strategies.plans(job.policy) if job.source == "random" else strategies.excluded_case()
    smaller: list[Verdict] = []

    def each(plan: Plan) -> None:
        if len(smaller) > _SHRINKS or tally.runs == job.limit:
            return
        verdict = run(stage, plan)
        if not smaller:
            tally.add(verdict)
            if job.source == "random":
                _tell(stage, verdict)
        if verdict.violations and job.subject == "ours" and job.source == "random":
            smaller.append(verdict)
            raise _ViolatedError
        if smaller:
            smaller.append(verdict)

    try:
        _examples(kind, each, job)
    except (_ViolatedError, Flaky):
        failing = [verdict for verdict in smaller if verdict.violations]
        smallest = min(failing, key=lambda verdict: len(verdict.plan.text()))
        words = f"smaller: {smallest.words}"
        tally.violations.append({"words": words, "plan": smallest.plan.text()})


def _examples(kind: st.SearchStrategy[Plan], each: Callable[[Plan], None], job: Job) -> None:
    @seed(job.seed)
    @settings(
        max_examples=job.count,
        database=None,
        deadline=None,
        verbosity=Verbosity.quiet,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(kind)
    def examples(plan: Plan) -> None:
        each(plan)

    examples()
