from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from sandbox.clock import SimulatedClock
from sandbox.shared_instant import BYTES, SharedInstant

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


def test_a_wait_that_is_over_at_once_counts_for_nothing(
    clock: SimulatedClock, threads: Threads
) -> None:
    over = threading.Event()
    over.set()

    # Whose place it takes has ended meanwhile, and nobody is busy any more.
    threads.start(lambda: clock.wait_until(clock.now(), over, was_busy=True))
    threads.join()

    assert clock.advance_if_idle(1)
    assert not clock.wait_until(after(60), over, was_busy=True)
    assert clock.advance_if_idle(1)


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


class TestWhoWaitsWithoutDriving:
    def test_time_does_not_jump_for_it(self, clock: SimulatedClock, threads: Threads) -> None:
        end = threading.Event()
        threads.start(lambda: clock.wait_until(after(86_400), end, drives=False))
        wait_for_waiters(clock, 1)

        passed = clock.now() - START
        end.set()
        clock.wake(end)
        threads.join()

        assert passed < timedelta(seconds=60)

    def test_it_is_a_stop_on_the_way(self, clock: SimulatedClock, threads: Threads) -> None:
        """It works at each of its instants, although time would jump over them."""
        end, worked_at = threading.Event(), []

        def daily() -> None:
            due = after(86_400)
            with clock.busy():
                while clock.wait_until(due, end, was_busy=True, drives=False):
                    worked_at.append(clock.now())
                    due += timedelta(days=1)

        threads.start(daily)
        wait_for_waiters(clock, 1)

        clock.wait_until(after(3.5 * 86_400))
        end.set()
        clock.wake(end)
        threads.join()

        assert worked_at == [after(days * 86_400) for days in (1, 2, 3)]

    def test_time_that_passes_by_itself_reaches_it(
        self, clock: SimulatedClock, threads: Threads
    ) -> None:
        threads.start(lambda: clock.wait_until(after(0.2), drives=False))

        threads.join()

        assert clock.now() >= after(0.2)


def test_a_numeric_speed_scales(threads: Threads) -> None:
    clock = SimulatedClock(speed=3600, start=START)

    threads.start(lambda: clock.sleep(360))
    threads.join()

    assert clock.now() >= after(360)


def test_a_speed_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="above 0"):
        SimulatedClock(speed=0)


class TestTimeThatIsMovedWhileWorkIsInFlight:
    def test_it_is_where_it_was_moved_to(self, clock: SimulatedClock) -> None:
        with clock.busy():
            told = clock.advance_to(after(30))

            assert told == clock.now() == after(30)

    def test_it_never_goes_back(self, clock: SimulatedClock) -> None:
        with clock.busy():
            clock.advance_to(after(30))

            assert clock.advance_to(after(10)) == after(30)

    def test_it_releases_whoever_is_due_and_nobody_else(
        self, clock: SimulatedClock, threads: Threads
    ) -> None:
        woke: list[int] = []

        def sleep(seconds: int) -> None:
            with clock.busy():
                clock.wait_until(after(seconds), was_busy=True)
                woke.append(seconds)

        with clock.busy():
            for seconds in (10, 30, 31):
                threads.start(partial(sleep, seconds))
            wait_for_waiters(clock, 3)
            clock.advance_to(after(30))
            wait_for_waiters(clock, 1)
            still = clock.now()
        threads.join()

        assert sorted(woke[:2]) == [10, 30]
        assert woke[2:] == [31]
        assert still == after(30)

    def test_it_moves_at_a_numeric_speed_too(self) -> None:
        clock = SimulatedClock(speed=1e-9, start=START)

        assert timedelta(0) <= clock.advance_to(after(30)) - after(30) < timedelta(seconds=1)

    def test_an_alarm_rings_once_when_its_instant_has_come(self, clock: SimulatedClock) -> None:
        rung: list[datetime] = []

        with clock.busy(), clock.alarm(after(30), lambda: rung.append(clock.now())):
            clock.advance_to(after(29))
            before = list(rung)
            clock.advance_to(after(40))
            clock.advance_to(after(50))

        assert before == []
        assert rung == [after(40)]

    def test_an_alarm_that_was_left_stays_quiet(self, clock: SimulatedClock) -> None:
        rung: list[int] = []

        with clock.busy():
            with clock.alarm(after(30), lambda: rung.append(1)):
                clock.advance_to(after(29))
            clock.advance_to(after(31))

        assert rung == []


class TestWorkAtANumericSpeed:
    def test_it_counts_as_outside(self) -> None:
        clock = SimulatedClock(speed=10_000, start=START)

        with clock.busy():
            began = clock.now()
            threading.Event().wait(0.02)
            took = clock.now() - began

        assert timedelta(seconds=0.02) <= took < timedelta(seconds=60)

    def test_it_counts_as_everything_does_at_a_speed_below_one(self) -> None:
        clock = SimulatedClock(speed=1e-9, start=START)

        with clock.busy():
            threading.Event().wait(0.02)

            assert clock.now() - START < timedelta(seconds=0.001)

    def test_a_wait_that_began_meanwhile_is_short_again_when_it_ends(
        self, threads: Threads
    ) -> None:
        clock = SimulatedClock(speed=36_000, start=START)

        with clock.busy():
            threads.start(lambda: clock.wait_until(after(3600)))
            wait_for_waiters(clock, 1)
        threads.join()

        assert clock.now() >= after(3600)

    def test_time_waits_for_a_thread_that_is_late(self, threads: Threads) -> None:
        clock = SimulatedClock(speed=10_000, start=START)
        woke: list[datetime] = []

        def sleep() -> None:
            with clock.busy():
                clock.wait_until(after(100), was_busy=True)
                woke.append(clock.now())

        with ExitStack() as nobody_can_wake_up:
            with clock.busy():
                threads.start(sleep)
                wait_for_waiters(clock, 1)
                nobody_can_wake_up.enter_context(clock._lock)
            threading.Event().wait(0.03)
            meanwhile = clock.now()
        threads.join()

        assert meanwhile == after(100)
        assert woke[0] - after(100) < timedelta(seconds=60)


class TestSharedInstant:
    @pytest.fixture
    def ours(self) -> Iterator[SharedInstant]:
        with tempfile.TemporaryFile() as file:
            file.truncate(BYTES)
            self.descriptor = file.fileno()
            shared = SharedInstant(file.fileno())
            yield shared
            shared.close()

    @pytest.fixture
    def theirs(self, ours: SharedInstant) -> Iterator[SharedInstant]:
        """The same file, as another process maps it."""
        assert ours
        shared = SharedInstant(self.descriptor)
        yield shared
        shared.close()

    def test_what_one_side_sets_the_other_side_gets(
        self, ours: SharedInstant, theirs: SharedInstant
    ) -> None:
        ours.set(after(1.234567))

        assert theirs.get() == after(1.234567)

    def test_it_shows_where_a_clock_stands(
        self, clock: SimulatedClock, ours: SharedInstant, theirs: SharedInstant
    ) -> None:
        with clock.busy():
            clock.show_on(ours)
            shown = [theirs.get()]
            clock.advance_to(after(30))
            shown.append(theirs.get())
            clock.wait_until(after(86_400), was_busy=True)
            shown.append(theirs.get())
            clock.stop_showing_on(ours)
            clock.advance(1)

        assert shown[0] - START < timedelta(seconds=1)
        assert shown[1:] == [after(30), after(86_400)]
        assert theirs.get() == after(86_400)

    def test_at_a_numeric_speed_it_tells_the_time_of_work_in_flight(
        self, ours: SharedInstant, theirs: SharedInstant
    ) -> None:
        clock = SimulatedClock(speed=60, start=START)
        clock.show_on(ours)
        clock.advance(3600)

        with clock.busy():
            told = theirs.get() + timedelta(seconds=time.monotonic() * clock.busy_rate)
            now = clock.now()

        assert now - timedelta(seconds=60) < told <= now


def wait_for_waiters(clock: SimulatedClock, count: int) -> None:
    """Return once so many threads wait for an instant, within ten seconds."""
    pause = threading.Event()
    for _ in range(5000):
        with clock._lock:
            if len(clock._waiters) == count:
                return
        pause.wait(0.002)
    pytest.fail(f"there are not {count} waiters")
