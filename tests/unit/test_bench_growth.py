"""The bench of growth in small: everything is published, and counted as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import figures, growth, load, processes


def test_a_crowd_is_published_in_a_sandbox_of_its_own() -> None:
    with load.sandbox(accounts=2, speed="max", like_instagram=False) as running:
        posts = [load.photo(number, running.accounts[number % 2]) for number in range(3)]
        running.fill(posts)
        outcome = running.publish(posts)
        family = processes.family(running.process)

    assert [run.name for run in outcome.runs] == ["photo-0", "photo-1", "photo-2"]
    assert outcome.failures == 0
    assert outcome.cpu_seconds > 0
    assert outcome.memory_mb > 50
    assert len(family) > 2


def test_a_post_is_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(load, "LIKE_INSTAGRAM", {"image": {"seconds": 0}})
    monkeypatch.setattr(figures, "RESULTS", tmp_path)

    found = growth.items(2)["items"]

    assert [point["x"] for point in found] == [1, 2]
    assert all(point["failures"] == 0 for point in found)
    assert found[0]["transitionsMean"] < found[1]["transitionsMean"]
    assert found[0]["graphCalls"] < found[1]["graphCalls"]
    assert 0 < found[0]["reads"] < found[1]["reads"]
    assert list(tmp_path.iterdir()) == []


def test_a_page_of_groups_is_one_query_however_many_there_are() -> None:
    one, ten = growth.groups(10)["groups"]

    assert (one["x"], ten["x"]) == (1, 10)
    assert one["listReads"] == ten["listReads"]
    assert one["statusReads"] == ten["statusReads"]


def test_results_are_kept_beside_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(figures, "RESULTS", tmp_path)
    monkeypatch.setitem(growth.PARTS, "items", lambda _most: {"items": [{"x": 1}]})
    (tmp_path / "growth.json").write_text('{"photos": []}')

    growth.main(["items"])

    written = json.loads((tmp_path / "growth.json").read_text())
    assert written["items"] == [{"x": 1}]
    assert written["photos"] == []
    assert written["machine"]["cores"]
    assert json.loads(capsys.readouterr().out.splitlines()[0]) == {"items": [{"x": 1}]}


def test_the_main_figures_are_those_of_the_largest_points() -> None:
    point = {
        "x": 200,
        "failures": 0,
        "medianSeconds": 15.0,
        "aloneMedianSeconds": 12.0,
        "ratio": 1.25,
        "transitionsMean": 13.5,
        "cpuSecondsEach": 0.2,
        "memoryMbPeak": 900.0,
    }
    groups = [{"x": 1}, {"x": 10, "listMs": 1.0, "statusMs": 2.0, "startMs": 3.0}]

    found = growth.main_figures({"promise": {"photos": point}, "groups": groups})

    assert found["growth.photos_200_ratio"] == 1.25
    assert found["growth.groups_10_status_ms"] == 2.0
