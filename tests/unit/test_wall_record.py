"""Which simulated instant belongs to a second that the wall clock showed."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.clock import SimulatedClock
from sandbox.wall_record import WallRecord

START = datetime(2026, 5, 1, tzinfo=UTC)
WALL = 1_777_777_777.25


class Wall:
    """A wall clock that a test moves."""

    def __init__(self) -> None:
        self.time = WALL

    def __call__(self) -> float:
        return self.time

    @property
    def second(self) -> datetime:
        """What a signer writes down."""
        return datetime.fromtimestamp(int(self.time), UTC)


@pytest.fixture
def wall() -> Wall:
    return Wall()


def seconds(delta: timedelta) -> float:
    return delta.total_seconds()


@pytest.mark.parametrize("rate", [0.5, 1.0, 60.0])
def test_without_jumps_the_instant_follows_from_the_speed(wall: Wall, rate: float) -> None:
    record = WallRecord(START, rate, wall)
    wall.time += 1000
    signed, then = wall.second, START + timedelta(seconds=1000 * rate)
    wall.time += 5000
    now = START + timedelta(seconds=6000 * rate)

    found = record.latest(signed, now)

    assert 0 <= seconds(found - then) <= rate + 1


def test_a_second_before_a_jump_stays_before_it(wall: Wall) -> None:
    record = WallRecord(START, 1.0, wall)
    signed = wall.second
    wall.time += 1
    now = START + timedelta(days=2)
    record.note(now)

    assert seconds(record.latest(signed, now) - START) <= 2


def test_of_a_second_with_a_jump_in_it_the_end_counts(wall: Wall) -> None:
    record = WallRecord(START, 1.0, wall)
    now = START + timedelta(days=2)
    record.note(now)

    assert record.latest(wall.second, now) == now


def test_nothing_was_signed_later_than_now(wall: Wall) -> None:
    record = WallRecord(START, 60.0, wall)
    ahead = wall.second + timedelta(minutes=10)

    assert record.latest(ahead, START) == START


def test_before_the_sandbox_began_time_passed_as_on_the_wall(wall: Wall) -> None:
    record = WallRecord(START, 60.0, wall)
    yesterday = wall.second - timedelta(days=1)

    found = record.latest(yesterday, START)

    assert abs(seconds(START - found) - 86_400) <= 1


def test_a_computer_that_slept_does_not_shift_what_comes_after(wall: Wall) -> None:
    record = WallRecord(START, 1.0, wall)
    wall.time += 8 * 3600
    then = START + timedelta(seconds=5)
    record.note(then)
    signed = wall.second
    wall.time += 4000
    now = then + timedelta(seconds=4000)

    assert seconds(record.latest(signed, now) - then) <= 2


@pytest.mark.parametrize("seed", range(5))
def test_no_second_is_mapped_to_an_instant_before_the_true_one(wall: Wall, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - not for secrets
    record = WallRecord(START, 1.0, wall)
    now, signed = START, []

    for _ in range(2000):
        passes = dice.choice([0.01, 0.3, 2.0, 90.0])
        wall.time += passes
        now += timedelta(seconds=dice.choice([passes, passes, 0.0]))
        now += timedelta(seconds=dice.choice([0.0, 0.0, 0.4, 5.0, 86_400.0]))
        record.note(now)
        signed.append((wall.second, now))

    assert all(record.latest(second, now) >= instant for second, instant in signed)


def test_the_memory_of_jumps_is_bounded(wall: Wall) -> None:
    record = WallRecord(START, 1.0, wall)
    now = START

    for _ in range(25_000):
        wall.time += 1
        now += timedelta(seconds=60)
        record.note(now)

    assert len(record._marks) == 20_000
    assert seconds(now - record.latest(wall.second - timedelta(seconds=100), now)) >= 5900


@pytest.mark.parametrize("speed", [None, 1e-9])
def test_the_clock_remembers_its_jumps(wall: Wall, speed: float | None) -> None:
    clock = SimulatedClock(speed, START, wall)
    signed = wall.second
    wall.time += 1
    clock.advance(7200)

    assert seconds(clock.latest_at_wall(signed) - START) <= 4
    assert seconds(clock.latest_at_wall(wall.second) - START) >= 7200
