"""What posts take: the limits that the committed results keep, and the polling of others."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bench import costs_page
from bench.costs import Kind, bench
from bench.costs_page import LIMITS, OURS, measured
from bench.figures import COMMITTED
from bench.variants import VARIANTS

pytestmark = pytest.mark.engine

DECISIONS = Path(__file__).parents[2] / "docs" / "decisions.md"
PAIR = Kind(("01-dunes.jpg", "07-waves.mp4"), {"video": {"seconds": 60}})


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((COMMITTED / "costs.json").read_text(encoding="utf-8"))
    return dict(found["posts"])


@pytest.mark.parametrize(("kind", "what", "most"), LIMITS)
def test_a_post_takes_no_more_than_it_may(
    report: dict[str, Any], kind: str, what: str, most: float
) -> None:
    assert measured(report[OURS], kind, what) <= most


def test_what_is_above_its_limit_is_called_so(report: dict[str, Any]) -> None:
    photo = report[OURS]["photo"] | {"transitions": 17}

    first, *others = costs_page.kept({OURS: report[OURS] | {"photo": photo}})

    assert first == "photo: 17 transitions, ABOVE 16"
    assert "ABOVE" not in " ".join(others)


def test_the_decisions_name_the_calls_that_were_counted(report: dict[str, Any]) -> None:
    text = DECISIONS.read_text(encoding="utf-8")
    [row] = [line for line in text.splitlines() if line.startswith("| About 25 calls")]

    told = [float(number) for number in re.findall(r"(\d+) for (?:ten|twenty)", row)]

    kinds = ("carousel of ten", "carousel of twenty")
    assert told == [report[OURS][kind]["graph_calls"] for kind in kinds]


def test_one_loop_takes_least_for_a_post_that_must_be_waited_for() -> None:
    with bench(None) as measuring:
        ours, *others = (measuring.measure("pair", PAIR, variant) for variant in VARIANTS)

    assert len(others) == 2
    for other in others:
        assert ours.transitions < other.transitions
        assert ours.calls < other.calls
        assert ours.graph_calls < other.graph_calls
        assert ours.fetched == other.fetched
