"""The clock of the library, and the simulated one that takes its place in the sandbox."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from postwright import clock
from sandbox.clock import SimulatedClock

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
STANDING_STILL = 1e-9


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def hand() -> Iterator[SimulatedClock]:
    """The clock of this process, moved by hand."""
    simulated = SimulatedClock(STANDING_STILL, NOON)
    previous = clock.use(simulated)
    yield simulated
    clock.use(previous)


# The library


def test_without_another_clock_the_wall_clock_is_used() -> None:
    before = datetime.now(UTC)

    now = clock.now()

    assert before <= now <= datetime.now(UTC)
    assert now.utcoffset() == timedelta(0)
    assert clock.wall_seconds(15) == 15


def test_the_wall_clock_sleeps_for_real() -> None:
    began = clock.now()

    clock.sleep(0.02)

    assert clock.seconds_since(began) >= 0.02


def test_deadlines_do_not_depend_on_what_time_the_wall_clock_tells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    began = clock.monotonic()

    monkeypatch.setattr("time.time", lambda: 0.0)
    clock.sleep(0.02)

    assert 0.02 <= clock.monotonic() - began < 60


def test_a_clock_that_is_put_in_use_replaces_the_former() -> None:
    simulated = SimulatedClock(0.5, NOON)

    previous = clock.use(simulated)
    try:
        inside = clock.now()
        wall = clock.wall_seconds(15)
    finally:
        given_back = clock.use(previous)

    assert given_back is simulated
    assert inside.year == 2026
    assert wall == 30


def test_a_sleep_is_a_sleep_of_the_clock_in_use() -> None:
    previous = clock.use(SimulatedClock(None, NOON))
    try:
        clock.sleep(86_400)
        now = clock.now()
    finally:
        clock.use(previous)

    assert now >= at(86_400)


def test_ages_and_instants_ahead_follow_the_clock(hand: SimulatedClock) -> None:
    began = clock.now()

    deadline = clock.monotonic() + 100
    hand.advance(90)

    assert round(deadline - clock.monotonic()) == 10
    assert round(clock.seconds_since(began)) == 90
    assert round(clock.seconds_since(clock.in_seconds(30))) == -30


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (NOON, "2026-12-01T12:00:00.000Z"),
        (NOON.replace(microsecond=123_456), "2026-12-01T12:00:00.123Z"),
        (NOON.astimezone(timezone(timedelta(hours=5, minutes=30))), "2026-12-01T12:00:00.000Z"),
    ],
)
def test_an_instant_is_written_in_utc_with_milliseconds(instant: datetime, text: str) -> None:
    assert clock.to_text(instant) == text


def test_what_was_written_is_read_back() -> None:
    instant = NOON.replace(microsecond=250_000)

    assert clock.from_text(clock.to_text(instant)) == instant


def test_texts_sort_as_their_instants_do() -> None:
    instants = [at(seconds) for seconds in (0, 0.5, 1, 59, 60, 86_400, 40_000_000)]

    texts = [clock.to_text(instant) for instant in instants]

    assert texts == sorted(texts)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-12-01T09:00:00", "no time zone"),
        ("9999-12-31T23:59:59-10:00", "outside the years"),
        ("soon", "Invalid isoformat"),
    ],
)
def test_a_text_that_is_no_instant_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        clock.from_text(text)


# The sandbox


class Sleeper:
    """A thread that waits on a clock; `woke_at` is when, by that clock."""

    def __init__(self, simulated: SimulatedClock, due: datetime | None = None) -> None:
        self._clock = simulated
        self._due = due
        self.cancelled = threading.Event()
        self.came: bool | None = None
        self.woke_at: datetime | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self.came = self._clock.wait_until(self._due, self.cancelled)
        self.woke_at = self._clock.now()

    def join(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()


def wait_for_waiters(simulated: SimulatedClock, count: int) -> None:
    for _ in range(2000):
        with simulated._lock:
            if len(simulated._waiters) == count:
                return
        threading.Event().wait(0.002)
    pytest.fail(f"there are not {count} waiters")


@pytest.mark.parametrize("speed", [0, -1])
def test_time_cannot_stand_still_or_run_backwards(speed: float) -> None:
    with pytest.raises(ValueError, match="speed must be above 0"):
        SimulatedClock(speed)


def test_a_clock_starts_now_unless_it_is_told_otherwise() -> None:
    before = datetime.now(UTC)

    assert before <= SimulatedClock().now() <= datetime.now(UTC) + timedelta(seconds=60)


def test_at_a_speed_time_passes_so_many_times_faster() -> None:
    simulated = SimulatedClock(100_000, NOON)

    simulated.sleep(1000)

    assert simulated.now() >= at(1000)


@pytest.mark.parametrize(("speed", "wall"), [(1.0, 15.0), (0.5, 30.0), (60.0, None), (None, None)])
def test_simulated_seconds_take_real_ones(speed: float | None, wall: float | None) -> None:
    assert SimulatedClock(speed).wall_seconds(15) == wall


def test_at_max_speed_a_wait_jumps_to_its_instant() -> None:
    simulated = SimulatedClock(None, NOON)

    assert simulated.wait_until(at(86_400)) is True
    assert simulated.now() >= at(86_400)


def test_a_wait_for_an_instant_that_has_passed_returns_at_once() -> None:
    simulated = SimulatedClock(STANDING_STILL, NOON)

    assert simulated.wait_until(at(-1)) is True


def test_at_max_speed_time_stands_still_while_something_is_in_flight() -> None:
    simulated = SimulatedClock(None, NOON)

    with simulated.busy():
        began = simulated.now()
        sleeper = Sleeper(simulated, at(3600))
        wait_for_waiters(simulated, 1)
        during = simulated.now()
    sleeper.join()

    assert during == began
    assert sleeper.woke_at is not None
    assert sleeper.woke_at >= at(3600)


def test_waits_end_in_the_order_of_their_instants() -> None:
    simulated = SimulatedClock(None, NOON)
    with simulated.busy():
        sleepers = [Sleeper(simulated, at(seconds)) for seconds in (300, 100, 200)]
        wait_for_waiters(simulated, 3)

    for sleeper in sleepers:
        sleeper.join()

    late, first, second = (sleeper.woke_at for sleeper in sleepers)
    assert first is not None
    assert second is not None
    assert late is not None
    assert at(100) <= first <= second <= late


def test_a_wait_inside_busy_work_counts_as_busy_again_when_it_ends() -> None:
    simulated = SimulatedClock(None, NOON)
    with simulated.busy():
        sleeper = Sleeper(simulated, at(500))
        wait_for_waiters(simulated, 1)

        came = simulated.wait_until(at(100), was_busy=True)
        during = simulated.now()

    sleeper.join()
    assert came is True
    assert at(100) <= during < at(500)


def test_time_can_be_moved_only_when_nothing_is_in_flight() -> None:
    simulated = SimulatedClock(STANDING_STILL, NOON)

    with simulated.busy():
        during = simulated.advance_if_idle(3600)
    afterwards = simulated.advance_if_idle(60)

    assert (during, afterwards) == (False, True)
    assert at(60) <= simulated.now() < at(61)


def test_a_wait_can_be_cancelled() -> None:
    simulated = SimulatedClock(STANDING_STILL, NOON)
    sleeper, other = Sleeper(simulated, at(100)), Sleeper(simulated, at(100))
    wait_for_waiters(simulated, 2)

    sleeper.cancelled.set()
    simulated.wake(sleeper.cancelled)
    sleeper.join()

    assert sleeper.came is False
    assert other.came is None
    simulated.advance(100)
    other.join()


def test_a_cancelled_wait_stays_one_although_its_instant_comes_before_it_goes_on() -> None:
    simulated = SimulatedClock(STANDING_STILL, NOON)
    sleeper = Sleeper(simulated, at(100))
    wait_for_waiters(simulated, 1)

    with simulated._lock:
        sleeper.cancelled.set()
        simulated.wake(sleeper.cancelled)
        simulated.advance(100)
    sleeper.join()

    assert sleeper.came is False


def test_a_wait_for_a_flag_alone_ends_with_the_flag() -> None:
    simulated = SimulatedClock(STANDING_STILL, NOON)
    sleepers = [Sleeper(simulated), Sleeper(simulated)]
    wait_for_waiters(simulated, 2)

    for sleeper in sleepers:
        sleeper.cancelled.set()
    simulated.wake()

    for sleeper in sleepers:
        sleeper.join()
    assert [sleeper.came for sleeper in sleepers] == [False, False]


def test_a_flag_that_is_set_before_ends_the_wait_at_once() -> None:
    simulated = SimulatedClock(None, NOON)
    cancelled = threading.Event()
    cancelled.set()

    assert simulated.wait_until(at(3600), cancelled) is False
    assert simulated.now() < at(3600)


def test_moving_time_by_hand_ends_the_waits_that_are_due() -> None:
    simulated = SimulatedClock(STANDING_STILL, NOON)
    sleeper = Sleeper(simulated, at(60))
    wait_for_waiters(simulated, 1)

    now = simulated.advance(61)
    sleeper.join()

    assert now >= at(61)
    assert sleeper.came is True


def test_at_max_speed_time_goes_to_what_changes_by_itself() -> None:
    simulated = SimulatedClock(None, NOON)

    simulated.note_due(at(20))

    assert simulated.now() >= at(20)


def test_what_was_due_in_the_past_changes_nothing() -> None:
    simulated = SimulatedClock(None, NOON)

    with simulated.busy():
        simulated.note_due(at(-20))
        now = simulated.now()

    assert at(0) <= now < at(20)


def test_at_max_speed_with_nothing_due_time_passes_as_it_does_outside() -> None:
    simulated = SimulatedClock(None, NOON)

    threading.Event().wait(0.02)

    assert at(0.02) <= simulated.now() < at(60)
