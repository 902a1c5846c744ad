from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from sandbox.clock import SimulatedClock

START = datetime(2026, 12, 1, 9, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


class Threads:
    """Runs work in threads that must end within ten seconds."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []

    def start(self, work: Callable[[], object]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(speed=None, start=START)


@pytest.fixture
def threads() -> Threads:
    return Threads()


def test_sleepers_wake_one_after_the_other(clock: SimulatedClock, threads: Threads) -> None:
    woke: list[int] = []

    def sleep(hours: int) -> None:
        clock.wait_until(after(hours * 3600))
        woke.append(hours)

    with clock.busy():
        for hours in (3, 1, 2):
            threads.start(partial(sleep, hours))
    threads.join()

    assert sorted(woke) == [1, 2, 3]
    assert clock.now() >= after(3 * 3600)


def test_time_stands_still_while_work_is_in_flight(clock: SimulatedClock, threads: Threads) -> None:
    with clock.busy():
        threads.start(lambda: clock.wait_until(after(3600)))
        seen = clock.now()
    threads.join()

    assert seen - START < timedelta(seconds=1)
    assert clock.now() >= after(3600)


def test_whoever_is_released_is_busy_at_once(clock: SimulatedClock, threads: Threads) -> None:
    """Time must not jump to the second instant before the first sleeper has done its work."""
    seen: list[datetime] = []

    all_busy = threading.Barrier(21)

    def work(at: datetime) -> None:
        with clock.busy():
            all_busy.wait(10)
            clock.wait_until(at, was_busy=True)
            seen.append(clock.now())

    with clock.busy():
        for minutes in range(1, 21):
            threads.start(partial(work, after(minutes * 60)))
        all_busy.wait(10)
    threads.join()

    assert seen == [after(minutes * 60) for minutes in range(1, 21)]


def test_a_flag_ends_a_wait(clock: SimulatedClock, threads: Threads) -> None:
    flag = threading.Event()
    reached: list[bool] = []
    with clock.busy():
        threads.start(lambda: reached.append(clock.wait_until(after(60), flag)))
        flag.set()
        clock.wake(flag)
        threads.join()

    assert reached == [False]


def test_a_wait_without_an_instant_ends_by_its_flag_only(
    clock: SimulatedClock, threads: Threads
) -> None:
    flag = threading.Event()
    reached: list[bool] = []
    threads.start(lambda: reached.append(clock.wait_until(None, flag)))
    clock.advance(86_400)
    flag.set()
    clock.wake()
    threads.join()

    assert reached == [False]


def test_noted_instants_are_stops_on_the_way(clock: SimulatedClock) -> None:
    clock.note_due(after(100))

    assert clock.now() >= after(100)


def test_a_numeric_speed_scales(threads: Threads) -> None:
    clock = SimulatedClock(speed=3600, start=START)

    threads.start(lambda: clock.sleep(360))
    threads.join()

    assert clock.now() >= after(360)
    assert clock.wall_seconds(3600) == 1


def test_a_speed_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="above 0"):
        SimulatedClock(speed=0)
