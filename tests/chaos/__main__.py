"""Chaos on the whole workflow: `make chaos N=2000`, or `python -m tests.chaos`.

    --runs N         random runs of ours; controls get a quarter of the same plans
    --seed S         of the random plans
    --quick          what CI runs: each fault at the claim and at each call of Publish, Reconcile
                     and Record, 45 random runs, 10 of each control
    --single         only the single faults, each at each call
    --random         only the random runs and the controls
    --repeat PLAN    one run, with what was called in it; PLAN is the JSON of a violation
    --subject WHO    with --repeat: ours, naive or no_marker
    --processes P    one sandbox each; as many as there are cores
    --resume         leave out what the last series with the same arguments has done
    --output PATH    where the results go, build/chaos.json

The exit code is 1 when anything is violated, or when a control makes no duplicate.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, Final

from bench.figures import machine
from tests.chaos.jobs import CONTROLS_SHARE, Job, run, share, work
from tests.chaos.plan import Plan, Policy
from tests.chaos.report import failures, lines
from tests.chaos.stage import Stage, Subject
from tests.chaos.tally import Tally, total

ROOT: Final = Path(__file__).resolve().parents[2]
_CHUNK: Final = 100
_QUICK_RUNS: Final = 21
_QUICK_CONTROLS: Final = 5
_SINGLE_PARTS: Final = 12
_POLICIES: Final[tuple[Policy, ...]] = ("resend", "resend", "ask")
_EXCLUDED_SHARE: Final = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for; returns the exit code."""
    options = _options(arguments)
    if options.repeat:
        return _repeat(options)
    jobs = list(_jobs(options))
    results = _work(jobs, options)
    document = _document(results, options)
    _write(options.output, document)
    sys.stdout.write("\n".join(lines(document)) + "\n")
    found = failures(document)
    for words in found:
        sys.stdout.write(f"FAILED: {words}\n")
    return 1 if found else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--single", action="store_true")
    parser.add_argument("--random", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--repeat", metavar="PLAN")
    parser.add_argument("--subject", default="ours", choices=("ours", "naive", "no_marker"))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "chaos.json")
    options = parser.parse_args(arguments)
    if options.quick:
        options.runs = _QUICK_RUNS
    return options


def _jobs(options: argparse.Namespace) -> Iterator[Job]:
    if options.quick and not options.random:
        parts = options.processes
        yield from (Job("around the publish", "ours", part, parts) for part in range(parts))
    elif not options.random:
        yield from (Job("single", "ours", part, _SINGLE_PARTS) for part in range(_SINGLE_PARTS))
    if options.single:
        return
    chunk = min(_CHUNK, math.ceil(options.runs / len(_POLICIES)))  # each policy has its share
    controls = _QUICK_CONTROLS if options.quick else options.runs // CONTROLS_SHARE
    yield from _chunks(options, "no_marker", controls, chunk)
    yield from _chunks(options, "ours", options.runs, chunk)
    yield from _chunks(options, "naive", controls, chunk)
    excluded = options.runs // _EXCLUDED_SHARE
    if excluded and not options.quick:
        yield Job("excluded", "ours", options.seed, excluded)


def _chunks(options: argparse.Namespace, subject: Subject, runs: int, chunk: int) -> Iterator[Job]:
    """Each has a seed of its own, which is the same for all subjects.

    What Hypothesis draws also hangs on how much it is to draw: a shorter chunk is cut off.
    """
    for number, begin in enumerate(range(0, runs, chunk)):
        seed = options.seed * 100_000 + number
        policy = _POLICIES[number % len(_POLICIES)]
        limit = runs - begin if runs - begin < chunk else None
        yield Job("random", subject, seed, chunk, policy, limit)


def _work(jobs: list[Job], options: argparse.Namespace) -> dict[str, Tally]:
    """The tallies by the names of their jobs; what is done is written down as it comes in."""
    path = options.output.with_name(f"{options.output.stem}-parts.json")
    done = _parts(path) if options.resume else {}
    results = {job.name: done[job.name] for job in jobs if job.name in done}
    left = [job for job in jobs if job.name not in done]
    forkserver = multiprocessing.get_context("forkserver")
    forkserver.set_forkserver_preload(["tests.chaos.jobs"])  # a new process begins at once
    cores = forkserver.SimpleQueue()
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    for number in range(options.processes):
        cores.put(usable[number % len(usable)])
    with ProcessPoolExecutor(
        options.processes, forkserver, share, (cores,), max_tasks_per_child=1
    ) as pool:
        futures = {pool.submit(work, job): job for job in left}
        for future in as_completed(futures):
            job, tally = futures[future], future.result()
            results[job.name] = tally
            parts = {name: each.model_dump() for name, each in results.items()}
            _write(path, parts)
            _write(options.output, _document(results, options) | {"partial": True})
            each = tally.seconds / max(1, tally.runs)
            sys.stdout.write(
                f"{len(results)}/{len(jobs)} {job.name}: {tally.runs} runs of {each:.2f} s,"
                f" {tally.duplicates} duplicates, {tally.wrong} wrong\n"
            )
            sys.stdout.flush()
    return results


def _document(results: dict[str, Tally], options: argparse.Namespace) -> dict[str, Any]:
    def of(*beginnings: str) -> dict[str, Any]:
        return total(
            tally for name, tally in results.items() if name.startswith(beginnings)
        ).to_json()

    return {
        "ours": of("random, ours"),
        "naive": of("random, naive"),
        "no_marker": of("random, no_marker"),
        "single": of("single", "around the publish"),
        "excluded": of("excluded"),
        "seed": options.seed,
        "processes": options.processes,
        "machine": machine(),
    }


def _repeat(options: argparse.Namespace) -> int:
    plan = Plan.model_validate_json(options.repeat)
    with Stage(options.subject, plan.policy) as stage:
        verdict = run(stage, plan)
        for call in stage.sandbox.calls.entries():
            words = ("at", "service", "operation", "function", "target", "outcome")
            marked = "  <- fault" if call["fault"] else ""
            sys.stdout.write(
                " ".join(str(call[word]).split("\n")[0] for word in words) + marked + "\n"
            )
    report = {name: value for name, value in vars(verdict).items() if name != "plan"}
    sys.stdout.write(json.dumps(report, indent=2, default=str) + "\n")
    return 1 if verdict.violations else 0


def _parts(path: Path) -> dict[str, Tally]:
    if not path.exists():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    return {name: Tally.model_validate(part) for name, part in found.items()}


def _write(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
