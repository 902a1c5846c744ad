"""The page of performance says what the results say, and its plots show it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench import performance_page, plots, promises
from bench.figures import COMMITTED
from tests.pictures import SVG, parse

MOST_BYTES = 60_000
CROWD = {
    "executions": 10,
    "failures": 0,
    "medianSeconds": 11.5,
    "p95Seconds": 14.2,
    "transitionsMean": 13.4,
    "cpuSecondsEach": 0.3,
    "memoryMbPeak": 900.5,
}
COUNTED = {"graphCalls": 6, "reads": 20, "writes": 25}
ASKED = dict.fromkeys(
    ("listMs", "listReads", "statusMs", "statusReads", "startMs", "publishMs"), 7.5
)
GROWTH: dict[str, Any] = {
    "items": [{"x": x, **CROWD, **COUNTED} for x in (1, 20)],
    "photos": [{"x": x, **CROWD} for x in (1, 10, 200)],
    "carousels": [{"x": 50, **CROWD}],
    "accounts": [{"x": x, **CROWD} for x in (1, 100)],
    "promise": {"photos": {"x": 200, **CROWD, "aloneMedianSeconds": 10.0, "ratio": 1.15}},
    "groups": [{"x": x, **ASKED} for x in (1, 10_000)],
    "sandbox": {"startSeconds": 1.5, "startMemoryMb": 250.2, "executionsPerSecond": 2.2},
    "machine": {"cores": 2, "processor": "One", "python": "3.11", "system": "Linux"},
}


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the committed results that may be changed."""
    folder = tmp_path / "results"
    shutil.copytree(COMMITTED, folder)
    monkeypatch.setattr(plots, "COMMITTED", folder)
    return folder


@pytest.fixture
def grown(results: Path) -> Path:
    (results / "growth.json").write_text(json.dumps(GROWTH))
    return results


def change(results: Path, **figures: float) -> None:
    """Give figures other numbers; `__` in a name is its dot."""
    path = results / "figures.json"
    found = json.loads(path.read_text())
    path.write_text(json.dumps(found | {n.replace("__", "."): v for n, v in figures.items()}))


def rows_of(page: str, first: str) -> list[list[str]]:
    """The cells of the rows that begin with these words."""
    cells = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("|")]
    return [row for row in cells if row[0].startswith(first)]


def words_of(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in parse(svg).iter(f"{SVG}text")]


# Promises.


def test_a_promise_is_kept_up_to_its_limit_and_not_above(results: Path) -> None:
    change(results, costs__photo_transitions=16, cold__graph_ratio_max=2.31)

    page = performance_page.page()

    photo, *_ = rows_of(page, "Photo: transitions")
    assert photo == ["Photo: transitions", "16", "16", "yes"]
    [graph] = rows_of(page, "Cold start of a function that calls Instagram")
    assert graph[1:] == ["2.3 times", "2.31 times", "**no**"]


def test_how_many_promises_are_not_kept_is_said_first(results: Path) -> None:
    change(results, cold__graph_ratio_max=2.3, cold__other_ratio_max=1.61)
    change(results, costs__carousel_of_ten_graph_calls=28)
    change(results, growth__photos_200_ratio=1.3, growth__photos_200_transitions_mean=15)

    page = performance_page.page()

    assert "; 1 of them is not kept.\n" in page.split("| Promise")[0]
    assert "25 calls to Instagram for a carousel, of 200" in page
    assert "takes 28, so 7 fit into an hour" in page


def test_when_all_are_kept_that_is_said(results: Path) -> None:
    path = results / "figures.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    counts = {name: int("graph_calls" in name) for name in told if name.startswith("costs.")}
    path.write_text(json.dumps(counts))

    assert "were measured; all are kept.\n" in performance_page.page()


def test_what_varies_in_a_figure_is_in_its_promise(results: Path) -> None:
    change(results, growth__photos_200_failures=0, growth__photos_200_ratio=1.4)

    page = performance_page.page()

    assert ["Photos at once, 200: failures", "0", "0", "yes"] in rows_of(page, "Photos")
    assert rows_of(page, "Photos at once, 200: the median")[0][1:] == [
        "1.3 times",
        "1.4 times",
        "**no**",
    ]


def test_what_nobody_has_measured_is_not_on_the_page() -> None:
    assert list(promises.kept({})) == []
    assert [one.what for one in promises.kept({"pacing.log_normal_lateness_ratio": 1.1})] == [
        "Pacing, blind, log normal: lateness of five looks over the optimum's"
    ]


# Sections.


@pytest.mark.parametrize(
    ("name", "heading"),
    [("cold", "Cold starts"), ("costs", "What a post takes"), ("weeks", "More posts than allowed")],
)
def test_a_section_is_left_out_without_its_results(results: Path, name: str, heading: str) -> None:
    whole = performance_page.page()
    (results / f"{name}.json").unlink()

    assert f"\n## {heading}\n" in whole
    assert heading not in performance_page.page()


@pytest.mark.usefixtures("grown")
def test_growth_has_a_plot_and_rows_for_each_series() -> None:
    page = performance_page.page()

    shown = [one for one in plots.plots() if one.startswith("growth-")]
    assert shown == [f"growth-{series.name}" for series in plots.SERIES]
    assert all(f"(pictures/{name}.svg)" in page for name in shown)
    assert [row[0] for row in rows_of(page, "photos, ")] == [f"photos, {x}" for x in (1, 10, 200)]
    assert rows_of(page, "10,000") == [["10,000", *["7.5"] * 6]]
    assert "10 s in the median, and\n11.5 s among 200 at once, 1.15 times as long" in page
    assert "starts in 1.5 s with 250 MB" in page


def test_a_part_of_growth_is_shown_alone(results: Path) -> None:
    (results / "growth.json").write_text(json.dumps({k: GROWTH[k] for k in ("photos", "machine")}))

    page = performance_page.page()

    assert [name for name in plots.plots() if "growth" in name] == ["growth-photos"]
    assert "growth-items" not in page
    assert "Groups in a session" not in page


def test_a_promise_of_pacing_that_is_not_kept_is_told(results: Path) -> None:
    change(results, pacing__informed_looks=3.6)

    page = performance_page.page()

    assert rows_of(page, "Pacing, informed: looks")[0][1:] == ["3.5", "3.6", "**no**"]


def test_each_policy_is_told_for_each_set(results: Path) -> None:
    path = results / "pacing.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    for one in told["sets"]["uniform"]["people"].values():
        one["beatenAt"] = None
    path.write_text(json.dumps(told))

    page = performance_page.page()

    theirs = [row for one in told["sets"].values() for row in one["people"].values()]
    pairs = len(theirs)
    beaten = sum(row["beatenAt"] is not None for row in theirs)
    assert page.count("| 10 s |") == len(told["sets"]) + len(told["posts"])
    assert f"set by set for {beaten} of {pairs} pairs" in page.replace("\n", " ")


def test_without_results_of_pacing_nothing_is_told_of_it(results: Path) -> None:
    (results / "pacing.json").unlink()

    assert "## Pacing" not in performance_page.page()
    assert not [name for name in plots.plots() if name.startswith("pacing")]


# Plots.


def _plots() -> dict[str, Callable[[], str]]:
    growth = {
        f"growth-{one.name}": (lambda one=one: plots.grown(one, GROWTH[one.name]))
        for one in plots.SERIES
    }
    return plots.plots() | growth


@pytest.mark.parametrize("name", _plots())
def test_a_plot_is_small_and_always_the_same_and_has_its_letters_as_text(name: str) -> None:
    drawn = [_plots()[name]() for _ in range(2)]

    assert drawn[0] == drawn[1]
    assert len(drawn[0].encode()) < MOST_BYTES
    assert len(words_of(drawn[0])) > 3
    assert "dc:date" not in drawn[0]
    assert "Matplotlib" not in drawn[0]


def test_every_function_is_in_the_plot_of_cold_starts_with_its_ratio_and_limit() -> None:
    cold = plots.results("cold")
    assert cold is not None

    words = words_of(plots.cold_starts(cold))

    for name, row in cold["functions"].items():
        assert name in words
        assert f"{row['ratio']:.2f}" in words
    assert {"at most 2.3", "at most 1.6"} <= set(words)


def test_a_function_above_its_limit_has_another_colour() -> None:
    rows = {name: {"calls_graph": graph, "ratio": 2.0} for name, graph in (("a", 1), ("b", 0))}

    drawn = plots.cold_starts({"functions": rows})

    assert drawn.count("fill: #0969da") == 1
    assert drawn.count("fill: #cf222e") == 1


def test_numbers_too_close_to_zero_have_no_place_on_the_axis() -> None:
    photos = next(series for series in plots.SERIES if series.name == "photos")

    words = words_of(plots.grown(photos, GROWTH["photos"]))

    assert {"10", "200", "posts at once", "median", "95 %"} <= set(words)
    assert "1" not in words
