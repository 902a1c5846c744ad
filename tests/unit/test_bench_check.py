"""What is told of figures that were measured again, and which way each of them is better."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bench import benches, directions, growth
from bench.check import Change
from bench.directions import Direction, direction_of
from bench.figures import COMMITTED

ROOT = Path(__file__).resolve().parents[2]
PHOTO = "costs.photo_transitions"
START = "sandbox.start_seconds"
RATE = "simulator.requests_per_second"
DRIFT = "hashtags.drift"


def committed() -> dict[str, float]:
    return dict(json.loads((COMMITTED / "figures.json").read_text(encoding="utf-8")))


def folder_with(folder: Path, figures: Mapping[str, float]) -> Path:
    folder.mkdir()
    (folder / "figures.json").write_text(json.dumps(figures))
    return folder


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench.check", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def check(
    tmp_path: Path, before: Mapping[str, float], now: Mapping[str, float], *names: str
) -> tuple[int, list[list[str]]]:
    """The exit code, and the words of each line."""
    there = folder_with(tmp_path / "before", before), folder_with(tmp_path / "now", now)
    done = command(*names, "--against", there[0], "--results", there[1])
    assert done.stderr == ""
    return done.returncode, [line.split() for line in done.stdout.splitlines() if line]


# The command.


def test_what_is_as_it_was_is_no_change(tmp_path: Path) -> None:
    code, lines = check(tmp_path, committed(), committed())

    assert code == 0
    assert lines == [f"{len(committed())} compared, 0 got worse.".split()]


def test_what_is_committed_is_compared_with(tmp_path: Path) -> None:
    more = {name: number + (name == PHOTO) for name, number in committed().items()}

    done = command("--results", folder_with(tmp_path / "now", more))

    assert done.returncode == 1
    assert PHOTO in done.stdout


def test_one_transition_more_got_worse(tmp_path: Path) -> None:
    code, lines = check(tmp_path, {PHOTO: 16, START: 1.0}, {PHOTO: 17, START: 1.3})

    assert code == 1
    assert lines == [
        ["Got", "worse"],
        ["committed", "now", "ratio", "allowed"],
        [PHOTO, "16", "17", "1.062", "at", "most", "1"],
        ["2", "compared,", "1", "got", "worse."],
    ]


def test_a_rate_that_fell_got_worse_and_one_that_rose_better(tmp_path: Path) -> None:
    rates = {RATE: 300.0, "sandbox.executions_per_second": 2.0}

    code, lines = check(tmp_path, rates, {RATE: 100, "sandbox.executions_per_second": 5})

    assert code == 1
    assert [RATE, "300", "100", "0.333", "at", "least", "0.5"] in lines
    assert lines.index(["Got", "better"]) > lines.index(["Got", "worse"])
    assert lines[-2][:4] == ["sandbox.executions_per_second", "2", "5", "2.500"]


def test_what_got_better_is_told_and_is_no_failure(tmp_path: Path) -> None:
    code, lines = check(tmp_path, {PHOTO: 16}, {PHOTO: 12})

    assert code == 0
    assert lines[0] == ["Got", "better"]
    assert lines[2] == [PHOTO, "16", "12", "0.750", "at", "most", "1"]


def test_what_is_missing_and_what_is_new_is_told(tmp_path: Path) -> None:
    code, lines = check(tmp_path, {PHOTO: 16, START: 1.0}, {PHOTO: 16, RATE: 1.0})

    assert code == 0
    assert lines == [
        ["Missing"],
        [START],
        ["New"],
        [RATE],
        ["1", "compared,", "0", "got", "worse."],
    ]


def test_of_nothing_anything_is_too_much(tmp_path: Path) -> None:
    code, lines = check(tmp_path, {DRIFT: 0}, {DRIFT: 1})

    assert code == 1
    assert [DRIFT, "0", "1", "inf", "at", "most", "1"] in lines


def test_only_the_benches_that_are_named_are_compared(tmp_path: Path) -> None:
    before, now = {PHOTO: 16, START: 1.0, RATE: 300}, {PHOTO: 17, START: 9.0, RATE: 300}

    code, lines = check(tmp_path, before, now, "growth", "simulator")

    assert code == 1
    assert PHOTO not in [line[0] for line in lines]
    assert lines[-1] == ["2", "compared,", "1", "got", "worse."]


def test_an_unknown_bench_is_wrong_usage() -> None:
    done = command("costs", "speed")

    assert done.returncode == 2
    assert "no bench is named speed: there are simulator, " in done.stderr


def test_a_folder_without_figures_is_wrong_usage(tmp_path: Path) -> None:
    assert command("--results", tmp_path).returncode == 2
    assert command("--against", tmp_path, "--results", COMMITTED).returncode == 2


def test_what_is_measured_goes_where_it_is_told_to(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", "from bench import figures; figures.record({'cold.x_ratio': 2})"],
        cwd=ROOT,
        env={**os.environ, "POSTWRIGHT_BENCH_RESULTS": str(tmp_path)},
        capture_output=True,
        timeout=60,
        check=True,
    )

    assert json.loads((tmp_path / "figures.json").read_text()) == {"cold.x_ratio": 2}
    assert "cold.x_ratio" not in committed()


# How a figure changed.


@pytest.mark.parametrize(
    ("direction", "committed", "now", "verdict"),
    [
        (Direction("lower", 0.1), 100, 110, "alike"),
        (Direction("lower", 0.1), 100, 111, "worse"),
        (Direction("lower", 0.1), 100, 90, "better"),
        (Direction("higher", 0.25), 100, 80, "alike"),
        (Direction("higher", 0.25), 100, 79, "worse"),
        (Direction("higher", 0.25), 100, 126, "better"),
        (Direction("same", 0.02), 100, 102, "alike"),
        (Direction("same", 0.02), 100, 103, "worse"),
        (Direction("same", 0.02), 100, 97, "worse"),
        (Direction("not judged"), 100, 1, "alike"),
        (Direction("lower"), 0, 0, "alike"),
        (Direction("lower", 9), 0, 0.1, "worse"),
        (Direction("lower"), 1, 0, "better"),
        (Direction("higher"), 0, 1, "better"),
        (Direction("higher"), 1, 0, "worse"),
    ],
)
def test_a_change_is_for_the_worse_or_the_better(
    direction: Direction, committed: float, now: float, verdict: str
) -> None:
    assert Change("x", committed, now, direction).verdict == verdict


# Every figure has a direction, and a bench.


def _of_growth() -> dict[str, float]:
    """Figures that the bench of growth writes, whatever is committed."""
    keys = (
        "failures",
        "medianSeconds",
        "aloneMedianSeconds",
        "ratio",
        "transitionsMean",
        "cpuSecondsEach",
    )
    crowd = dict.fromkeys(("x", *keys, "memoryMbPeak"), 1)
    last = dict.fromkeys(("x", "listMs", "statusMs", "startMs"), 1)
    sandbox = dict.fromkeys(("startSeconds", "startMemoryMb", "executionsPerSecond"), 1)
    return growth.main_figures(
        {"promise": {"photos": crowd, "carousels": crowd}, "groups": [last], "sandbox": sandbox}
    )


def test_every_figure_has_one_direction_and_a_bench() -> None:
    for name in [*committed(), *_of_growth()]:
        assert direction_of(name)
        assert benches.of(name) in benches.BENCHES


def test_a_figure_without_a_direction_or_with_two_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directions, "DIRECTIONS", {"a.*": Direction("lower"), "*.b": None})

    with pytest.raises(LookupError, match=re.escape("b.a fits no pattern")):
        direction_of("b.a")
    with pytest.raises(LookupError, match=re.escape("a.b fits a.* and *.b")):
        direction_of("a.b")
    with pytest.raises(LookupError, match=re.escape("measures else.where")):
        benches.of("else.where")


def test_every_bench_that_writes_figures_is_in_the_list() -> None:
    modules = (ROOT / "bench").glob("*.py")
    writes = re.compile(r"^\s+(figures\.)?record\(", re.MULTILINE)

    recording = {file.stem for file in modules if writes.search(file.read_text(encoding="utf-8"))}

    assert recording == set(benches.BENCHES)
    for name in benches.BENCHES:
        assert callable(importlib.import_module(f"bench.{name}").main)
