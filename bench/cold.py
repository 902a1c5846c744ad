"""Cold starts of the functions, each in a fresh interpreter that finds what Lambda gives it.

A cold start is what a process does only once, measured from the beginning of the interpreter until
the handler has answered its first call, less what a later call of the same kind takes: importing
the handler, making the clients that the call needs, and all that is loaded, built or connected on
the way. The call does what the function is there for, with the sandbox as AWS and Instagram; see
`cold_events`. It is compared with an interpreter that imports boto3 and makes one client,
DynamoDB's, and calls nothing; one of either in turn. The ratio is of the times of a processor, so
what the sandbox takes to answer is not in it.

The processes find the bundle that `infra.packaging` makes, for this machine, with its bytecode; the
runtime's packages are those that are installed here.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from bench.cold_events import Events
from bench.figures import RESULTS, machine, record
from infra import grants, names, packaging
from postwright.function_limits import limits_of
from sandbox.server import SandboxOptions
from tests.infra.lambda_runtime import link_runtime
from tests.workflow.workbench import Workbench, opened

_ROUNDS: Final = 7
_WITHIN_SECONDS: Final = 60
_BASE: Final = "baseline"
"""It finds what every function finds; jmespath is among it, which boto3 needs."""
_PROCESS: Final = Path(__file__).with_name("cold_start.py")
_NO_LIMITS: Final = {
    "quota_total": 10**6,
    "container_cap": 10**6,
    "calls_per_hour": 10**9,
    "app_calls_per_hour": 10**9,
}
_NO_LIMITS_OF_OURS: Final = {"POSTWRIGHT_CALLS_PER_HOUR": str(10**9)}
CALL_GRAPH: Final = grants.CALL_INSTAGRAM | {"refresh_token"}
"""Functions that call Instagram, if not at each call."""

Figures = dict[str, Any]


class Starts:
    """Starts processes with what Lambda gives a function."""

    def __init__(self, build: Path, runtime: Path, environment: Mapping[str, str]) -> None:
        self._build = build
        self._runtime = runtime
        self._environment = environment

    def assets(self, function: str) -> list[Path]:
        """What a function finds, besides the runtime's packages."""
        layers = ["common", *(["probe"] if limits_of(function).preflights else [])]
        folders = [self._build / "layers" / layer / "python" for layer in layers]
        return [self._build / "code", *folders]

    def start(self, function: str | None, events: Sequence[Any] = ()) -> Figures:
        """What `cold_start` tells of one start; raises RuntimeError when it fails."""
        path = [*self.assets(function or _BASE), self._runtime]
        command = [sys.executable, "-S", "-P", str(_PROCESS), repr(time.monotonic())]
        done = subprocess.run(  # noqa: S603  ourselves
            command,
            input=json.dumps({"handler": function, "events": events}),
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": ":".join(map(str, path)),
                "MALLOC_ARENA_MAX": "2",  # as the stack sets it for those who preflight
                **self._environment,
            },
            capture_output=True,
            text=True,
            timeout=_WITHIN_SECONDS,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{function} did not start: {done.stderr}")
        return dict(json.loads(done.stdout.splitlines()[-1]))


def _measure(starts: Starts, bench: Workbench, function: str, rounds: int) -> list[Figures]:
    """Starts of a function, each with one of the baseline under `base`."""
    events, found = Events(bench), []
    for _ in range(rounds):
        pair = [events.of(function), events.of(function)]
        base, asked = starts.start(None), len(bench.requests())
        start = starts.start(function, pair)
        found.append({**start, "base": base["so_far"], "asked": len(bench.requests()) - asked})
    return found


def _row(function: str, found: Sequence[Figures], megabytes: float) -> Figures:
    """Medians of all rounds."""
    once = [_less(one["so_far"], one["warm"]) for one in found]
    first = [_less(one["so_far"], one["imported"]) for one in found]
    warm = [one["warm"] for one in found]
    bases = [one["base"] for one in found]

    def ratio(clock: str) -> float:
        ratios = (mine[clock] / base[clock] for mine, base in zip(once, bases, strict=True))
        return _median(ratios, 2)

    def median(times: Sequence[Mapping[str, float]], clock: str) -> float:
        return _median((one[clock] for one in times), 1)

    return {
        "calls_graph": function in CALL_GRAPH,
        "asked_graph": found[0]["asked"] > 0,
        "ratio": ratio("cpu_ms"),
        "wall_ratio": ratio("wall_ms"),
        "cpu_ms": median(once, "cpu_ms"),
        "wall_ms": median(once, "wall_ms"),
        "first_call_cpu_ms": median(first, "cpu_ms"),
        "first_call_wall_ms": median(first, "wall_ms"),
        "warm_call_cpu_ms": median(warm, "cpu_ms"),
        "warm_call_wall_ms": median(warm, "wall_ms"),
        "memory_mb": max(one["memory_mb"] for one in found),
        "package_mb": round(megabytes, 1),
        "megabytes": limits_of(function).megabytes,
    }


def _less(whole: Mapping[str, float], part: Mapping[str, float]) -> dict[str, float]:
    return {name: whole[name] - part[name] for name in whole}


def _in_order() -> list[str]:
    """All functions; first the one that looks after every job that the others leave open."""
    return sorted(names.functions(), key=lambda name: name != "sweep_jobs")


def _median(numbers: Iterable[float], digits: int) -> float:
    return round(statistics.median(numbers), digits)


def main() -> None:
    """Measure all functions, or those that are named, and write the figures of all."""
    named = sys.argv[1:]
    target, build = packaging.this_machine(), packaging.BUILD / "here"
    packaging.copy_code(build, target)
    packaging.build_layers(build, target)
    rows, bases = {}, []
    options = SandboxOptions(
        *(0, 0, 0), speed=1, empty=True, schedules=False, settings=_NO_LIMITS_OF_OURS
    )
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        link_runtime(folder / "python")
        bench = running.enter_context(opened(options, folder / "stderr", folder / "clip.mp4"))
        bench.configure(**_NO_LIMITS)
        starts = Starts(build, folder / "python", bench.sandbox.environment())
        for function in named or _in_order():
            found = _measure(starts, bench, function, _ROUNDS)
            bases += [one["base"] for one in found]
            size = sum(map(packaging.megabytes, starts.assets(function)))
            rows[function] = _row(function, found, size)
            sys.stdout.write(f"{function:20} {json.dumps(rows[function])}\n")
    if not named:
        _write(rows, bases)


def _write(rows: Mapping[str, Figures], bases: Sequence[Mapping[str, float]]) -> None:
    baseline = {name: _median((one[name] for one in bases), 1) for name in bases[0]}
    report = {"functions": rows, "baseline": baseline, "rounds": _ROUNDS, "machine": machine()}
    path = RESULTS / "cold.json"
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    graph = [row["ratio"] for row in rows.values() if row["calls_graph"]]
    others = [row["ratio"] for row in rows.values() if not row["calls_graph"]]
    record(
        {
            **{f"cold.{name}_ratio": row["ratio"] for name, row in rows.items()},
            "cold.graph_ratio_max": max(graph),
            "cold.other_ratio_max": max(others),
            "cold.baseline_cpu_ms": baseline["cpu_ms"],
            "cold.memory_mb_max": max(row["memory_mb"] for row in rows.values()),
            "cold.package_mb_max": max(row["package_mb"] for row in rows.values()),
            "cold.warm_call_cpu_ms_max": max(row["warm_call_cpu_ms"] for row in rows.values()),
        }
    )


if __name__ == "__main__":
    main()
