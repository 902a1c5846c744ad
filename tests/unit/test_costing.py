"""What a run cost, counted in its history."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from postwright import costing, finishing, history, prices, publishing, recording
from postwright.function_limits import LIMITS, USUAL
from postwright.models import Cost
from tests.history_tape import START, Tape
from tests.unit.core_world import World

pytest_plugins = ("tests.unit.core_fixtures",)

REDRIVEN = Path(__file__).parents[1] / "replays" / "redriven-carousel-of-ten.json"
RESULTS = Path(__file__).parents[2] / "bench" / "results" / "costs.json"


def of(tape: Tape, *sizes: int, now: float | None = None, states_to_come: int = 0) -> Cost:
    at = None if now is None else START + timedelta(seconds=now)
    told = history.read(tape.events)
    return costing.cost_of(told, sizes, states_to_come=states_to_come, now=at)


def created(tape: Tape, begun: int, index: int, outcome: str = "created") -> None:
    """An iteration of a Map that asks for the container of an item."""
    tape.iterate("CreateContainers", index, after=begun)
    tape.task("CreateContainer", {"index": index, "outcome": outcome})


# Counts.


def test_each_further_try_is_a_transition_and_a_call() -> None:
    tape = Tape()
    tape.enter("CheckQuota")
    for _ in range(3):
        tape.schedule()
        tape.fail("TransientGraphError")
    tape.end_failed("TransientGraphError")

    cost = of(tape)

    assert (cost.transitions, cost.calls) == (3, 3)


def test_time_in_functions_counts_with_the_memory_of_each() -> None:
    tape = Tape()
    tape.task("CreateCarousel", seconds=4)

    assert of(tape).gb_seconds == 4 * USUAL.megabytes / 1024
    tape.task("LoadPost", seconds=1)
    assert LIMITS["load_post"].megabytes != USUAL.megabytes
    assert of(tape).gb_seconds == (4 * USUAL.megabytes + LIMITS["load_post"].megabytes) / 1024


def test_a_task_that_goes_on_counts_until_now() -> None:
    tape = Tape()
    tape.enter("RecordResult")
    tape.schedule()

    assert of(tape, now=2).gb_seconds == 2 * USUAL.megabytes / 1024


def test_a_task_that_never_answered_counts_no_longer_than_its_function_may_run() -> None:
    tape = Tape()
    tape.enter("CreateCarousel")
    tape.schedule()
    tape.passes(86_400).end("Aborted")

    assert of(tape).gb_seconds == USUAL.seconds * USUAL.megabytes / 1024


def test_an_execution_that_is_over_costs_no_more_as_time_goes_on() -> None:
    tape = Tape()
    tape.enter("Publish")
    tape.schedule()
    tape.passes(1).end("Aborted")

    assert of(tape, now=20) == of(tape)


def test_instagram_fetches_an_item_for_each_container_that_was_made_of_it() -> None:
    tape = Tape()
    first = tape.map_of("CreateContainers", 2)
    created(tape, first, 0)
    created(tape, first, 1, outcome="throttled")
    tape.exit("CreateContainers", "Map")
    again = tape.map_of("CreateContainers", 2)
    created(tape, again, 1)
    created(tape, again, 0)

    assert of(tape, 5_000, 300).bytes == 2 * 5_000 + 300


def test_an_item_that_the_record_does_not_know_counts_no_bytes() -> None:
    tape = Tape()
    begun = tape.map_of("CreateContainers", 2)
    created(tape, begun, 1)

    assert of(tape, 5_000).bytes == 0


def test_states_to_come_are_paid_for_too() -> None:
    tape = Tape()
    tape.task("RecordResult")

    more = of(tape, states_to_come=1)

    assert more.transitions == 2
    assert more.usd == pytest.approx(of(tape).usd + prices.TRANSITION.usd)


def test_the_sum_is_what_each_part_costs() -> None:
    tape = Tape()
    begun = tape.map_of("CreateContainers", 1)
    created(tape, begun, 0)
    tape.task("CreateCarousel", seconds=10)

    cost = of(tape, 2_000_000)

    assert cost.usd == pytest.approx(
        3 * 0.000025
        + 2 * 0.0000002
        + 2 * costing.TABLE_READS * 0.000000125
        + 2 * costing.TABLE_WRITES * 0.00000125
        + 10 * USUAL.megabytes / 1024 * 0.0000133334
        + 0.002 * 0.09,
        abs=1e-7,
    )
    assert cost.prices_of == prices.PRICES_OF


def test_a_redrive_adds_to_what_was_paid_before() -> None:
    recorded = recording.from_file(REDRIVEN).events
    redriven = [event["type"] for event in recorded].index("ExecutionRedriven")

    before = costing.cost_of(history.read(recorded[:redriven]))
    after = costing.cost_of(history.read(recorded))

    entered = [event for event in recorded if event["type"].endswith("StateEntered")]
    scheduled = [event for event in recorded if event["type"] == "TaskScheduled"]
    assert after.calls == len(scheduled) > before.calls
    assert after.transitions >= len(entered) > before.transitions
    assert after.usd > before.usd


# The tables behind it.


def test_reads_and_writes_of_a_call_are_those_of_the_benchmark() -> None:
    posts = json.loads(RESULTS.read_text(encoding="utf-8"))["posts"]["one loop per post"].values()
    reads = sum(post["reads"] / post["calls"] for post in posts) / len(posts)
    writes = sum(post["writes"] / post["calls"] for post in posts) / len(posts)

    assert pytest.approx(reads, rel=0.15) == costing.TABLE_READS
    assert pytest.approx(writes, rel=0.15) == costing.TABLE_WRITES


def test_each_price_has_its_source_and_a_date() -> None:
    assert all(price.usd > 0 and price.source and price.unit for price in prices.ALL)
    assert {price.read_in for price in prices.ALL} == {prices.PRICES_OF}


# Into the record.


def test_a_history_that_cannot_be_read_leaves_the_post_as_it_is(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ref = world.ready_to_publish()
    publishing.publish(world.app, ref, lambda: 30)

    with caplog.at_level(logging.WARNING):
        answer = finishing.record_result(world.app, ref)

    job = world.job(ref)
    assert (job.status, job.permalink, job.cost) == ("published", answer["permalink"], None)
    assert f"What job {ref.job_id} cost is not known: KeyError" in caplog.text


def test_a_redrive_forgets_the_cost_until_its_run_is_over(world: World) -> None:
    ref = world.begun()
    tape = Tape()
    tape.task("LoadPost")
    world.histories.written[world.executions.arn(ref.job_id)] = tape.events
    costing.keep(world.app, ref, world.job(ref))
    world.close(ref, "failed")
    assert world.job(ref).cost == of(tape)

    world.store.take_back(ref, "failed")

    assert world.job(ref).cost is None
