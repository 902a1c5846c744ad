"""Who gets a worker, when one more is made, and how long an idle one stays."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from sandbox import environments
from sandbox.clock import SimulatedClock
from sandbox.functions import Functions

START = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
NEVER = 3600.0


@pytest.fixture
def functions() -> Iterator[Functions]:
    clock = SimulatedClock(speed=None, start=START)
    with Functions(["echo", "failing", "sleepy"], {}, clock, package="tests.handlers") as running:
        yield running


def pids_of(functions: Functions, count: int) -> list[int]:
    """The workers of so many invocations at once."""
    with ThreadPoolExecutor(count) as pool:
        answers = pool.map(lambda _: functions.invoke("echo", {}), range(count))
        return [answer.payload["pid"] for answer in answers]


def test_who_waits_gets_the_worker_that_is_free_next(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "_PAUSE_WALL_SECONDS", NEVER)

    pids = pids_of(functions, 8)

    assert len(set(pids)) == 1


def test_another_worker_is_started_for_who_waits(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "_PAUSE_WALL_SECONDS", 0.01)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: functions.invoke("sleepy", {"seconds": 20}), range(3)))

    _, *workers = functions.pids()

    assert len(workers) == 3


def test_a_worker_of_another_function_is_no_help(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "_PAUSE_WALL_SECONDS", NEVER)
    functions.invoke("sleepy", {"seconds": 0})

    [pid] = pids_of(functions, 1)

    assert pid in functions.pids()
    assert len(functions.pids()) == 3


@pytest.mark.parametrize(("stays", "workers"), [(NEVER, 2), (0.0, 1)])
def test_idle_workers_end_after_a_time_and_some_stay(
    functions: Functions, monkeypatch: pytest.MonkeyPatch, stays: float, workers: int
) -> None:
    monkeypatch.setattr(environments, "_ALWAYS_IDLE", 1)
    monkeypatch.setattr(environments, "_IDLE_WALL_SECONDS", stays)
    monkeypatch.setattr(environments, "_PAUSE_WALL_SECONDS", 0.0)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: functions.invoke("sleepy", {"seconds": 20}), range(2)))

    functions.invoke("sleepy", {"seconds": 0})

    assert len(functions.pids()) == 1 + workers


def test_workers_that_end_by_themselves_leave_room_for_others(functions: Functions) -> None:
    for _ in range(2 * environments._STARTS_AT_ONCE):
        functions.invoke("failing", {"how": "exit", "status": 3})

    [pid] = pids_of(functions, 1)

    assert functions.pids()[1:] == [pid]
