"""The call allowance of an hour, minute by minute."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.instagram import DEMO_ACCOUNT
from sandbox.instagram.config import Config
from sandbox.instagram.errors import GraphError
from sandbox.instagram.usage import CallMeter

NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)
TWO_CALLS = Config(calls_per_hour=2, throttle_lengthens_seconds=0)


@pytest.fixture
def meter() -> CallMeter:
    return CallMeter(DEMO_ACCOUNT)


def call(meter: CallMeter, seconds: float, config: Config = TWO_CALLS) -> bool:
    """Whether a call so long after nine o'clock is let through."""
    try:
        meter.count(NINE + timedelta(seconds=seconds), config)
    except GraphError:
        return False
    return True


def business(meter: CallMeter, seconds: float) -> dict[str, list[dict[str, int]]]:
    now = NINE + timedelta(seconds=seconds)
    headers = meter.headers(now, TWO_CALLS, "business")
    found: dict[str, list[dict[str, int]]] = json.loads(headers["X-Business-Use-Case-Usage"])
    return found


def test_calls_are_refused_until_the_first_minute_is_an_hour_ago(meter: CallMeter) -> None:
    before = [call(meter, seconds) for seconds in (5, 10, 200)]

    [at_the_end] = business(meter, 3600 + 59)[DEMO_ACCOUNT.user_id]
    after = call(meter, 3600 + 60)

    assert before == [True, True, False]
    assert at_the_end["call_count"] == 100
    assert after


def test_a_call_counts_for_an_hour_at_least(meter: CallMeter) -> None:
    before = [call(meter, seconds) for seconds in (58, 59)]

    assert before == [True, True]
    assert not call(meter, 59 + 3599)


def test_the_time_that_is_left_is_told_in_whole_minutes_rounded_up(meter: CallMeter) -> None:
    meter.throttle(NINE + timedelta(minutes=5), 80002)

    [entry] = business(meter, 1)[DEMO_ACCOUNT.user_id]

    assert entry["estimated_time_to_regain_access"] == 5


def test_usage_is_told_under_both_ids_of_the_account(meter: CallMeter) -> None:
    call(meter, 0)

    told = business(meter, 0)

    assert set(told) == {DEMO_ACCOUNT.app_scoped_id, DEMO_ACCOUNT.user_id}
    assert [entry["call_count"] for [entry] in told.values()] == [50, 50]


def test_the_app_is_refused_with_code_4_and_tells_its_share_in_its_own_header() -> None:
    meter, config = CallMeter(None), Config(app_calls_per_hour=2)

    let_through = [call(meter, second, config) for second in range(3)]
    with pytest.raises(GraphError) as refused:
        meter.count(NINE, config)
    headers = meter.headers(NINE, config, "both")

    assert let_through == [True, True, False]
    assert refused.value.row.code == 4
    assert list(headers) == ["X-App-Usage"]
    assert json.loads(headers["X-App-Usage"])["call_count"] == 100


def test_a_call_after_a_block_does_not_begin_it_anew(meter: CallMeter) -> None:
    lengthening = Config(calls_per_hour=100, throttle_lengthens_seconds=600)
    meter.throttle(NINE + timedelta(minutes=5), 4)

    assert call(meter, 301, lengthening)
