"""The long series of bench/token_life.py with a few seeds: no token lapses, and trouble is told."""

from __future__ import annotations

import pytest

from bench.token_life import Life, simulate
from postwright.refreshing import ALARM_DAYS

SEEDS = range(12)


@pytest.fixture(scope="module")
def daily() -> list[Life]:
    return simulate("daily", SEEDS)


def test_no_token_lapses_although_most_refreshes_fail_and_nobody_answers_for_20_days(
    daily: list[Life],
) -> None:
    assert [life.seed for life in daily if life.lapsed_on is not None] == []
    assert min(life.fewest_days_left for life in daily) > ALARM_DAYS


def test_the_trouble_is_as_bad_as_it_should_be(daily: list[Life]) -> None:
    """Otherwise the tokens would live for another reason."""
    asked = sum(life.asked for life in daily)
    refreshed = sum(life.refreshed for life in daily)

    assert 0.3 < refreshed / asked < 0.5
    assert sum(life.failed for life in daily) > len(daily) * 15


def test_whoever_runs_it_hears_of_trouble_before_10_days_are_left(daily: list[Life]) -> None:
    alarmed = [life.days_left_at_alarm for life in daily if life.days_left_at_alarm is not None]

    assert [life.seed for life in daily if life.unalarmed_below is not None] == []
    assert alarmed
    assert min(alarmed) > ALARM_DAYS


def test_one_try_every_50_days_is_not_enough() -> None:
    rare = simulate("every 50 days", SEEDS)

    assert sum(life.lapsed_on is not None for life in rare) > len(rare) / 2
