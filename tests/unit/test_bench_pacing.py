"""The committed results of pacing are those of the code, and what is promised of speed is kept."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from bench import pacing, promises, traces
from bench.figures import COMMITTED
from bench.pacing import PRICE, Ours, by_us, reels, seen
from bench.traces import INFORMED

NOT_KEPT = [
    "Photo: transitions, in the mean of 200",
    "Photos at once, 200: the median run over a run alone",
]


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((COMMITTED / "pacing.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", [INFORMED, "two_humps"])
def test_what_was_measured_is_what_the_code_does(results: dict[str, Any], name: str) -> None:
    [committed] = [one for one in results["sets"][name]["ours"] if one["price"] == PRICE]

    measured = asdict(by_us(reels(name), Ours(PRICE, seen(name))))

    assert measured == {key: pytest.approx(committed[key], rel=1e-6) for key in measured}


def test_the_figures_are_those_of_the_results(results: dict[str, Any]) -> None:
    figures = json.loads((COMMITTED / "figures.json").read_text(encoding="utf-8"))

    assert pacing.figures_of(results).items() <= figures.items()


def test_what_is_promised_and_not_kept_is_known() -> None:
    figures = json.loads((COMMITTED / "figures.json").read_text(encoding="utf-8"))

    kept = list(promises.kept(figures))

    assert len(kept) > 20
    assert [one.what for one in kept if not one.kept] == NOT_KEPT


def test_the_committed_traces_come_from_their_seeds() -> None:
    for name in (*traces.BLIND, INFORMED, traces.IMAGES, traces.PARENTS):
        assert traces.population(name) == traces.made(name)
