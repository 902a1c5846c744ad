from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from postwright import clock as our_clock
from sandbox.clock import SimulatedClock
from sandbox.functions import Functions, UnknownFunctionError
from tests.unit.raw_server import serving, silence

NAMES = ("echo", "sleepy", "failing", "broken", "asking")
START = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def log_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("functions") / "functions.log"


@pytest.fixture(scope="module")
def clock() -> SimulatedClock:
    return SimulatedClock(speed=None, start=START)


@pytest.fixture(scope="module")
def functions(clock: SimulatedClock, log_path: Path) -> Iterator[Functions]:
    environment = {"TZ": "UTC", "COLOUR": "green"}
    timeouts = {"failing": 0.5}
    with Functions(
        NAMES, environment, clock, timeouts=timeouts, package="tests.handlers", log_path=log_path
    ) as running:
        yield running


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


def test_a_function_has_further_names_and_keys_of_its_own(clock: SimulatedClock) -> None:
    environment = {"AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox"}
    aliases = {"Stack-Echo-1A2B": "echo"}

    with Functions(
        ["echo"], environment, clock, package="tests.handlers", aliases=aliases
    ) as running:
        answer = running.invoke("Stack-Echo-1A2B", {})

    seen = answer.payload["environment"]
    assert running.invocations("echo") == 1
    assert seen["AWS_ACCESS_KEY_ID"] == seen["AWS_SECRET_ACCESS_KEY"] == "sandbox-echo"


def test_a_handler_gets_its_event_context_and_environment(functions: Functions) -> None:
    answer = functions.invoke("echo", {"cats": 2})

    seen = answer.payload
    assert not answer.error
    assert seen["event"] == {"cats": 2}
    assert seen["function"] == "echo"
    assert seen["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:echo"
    assert seen["remaining"] == 30_000
    assert seen["environment"]["COLOUR"] == "green"
    assert seen["environment"]["AWS_LAMBDA_FUNCTION_NAME"] == "echo"
    assert "PYTEST_CURRENT_TEST" not in seen["environment"]


def test_a_handler_lives_in_simulated_time(functions: Functions, clock: SimulatedClock) -> None:
    clock.advance(86_400)

    with clock.busy():
        seen = our_clock.from_text(functions.invoke("echo", {}).payload["now"])
        now = clock.now()

    assert abs(now - seen) < timedelta(milliseconds=1)


def test_a_warm_worker_is_used_again(functions: Functions) -> None:
    first = functions.invoke("echo", {}).payload["pid"]

    assert functions.invoke("echo", {}).payload["pid"] == first
    assert first != os.getpid()


def test_invocations_at_once_have_a_worker_each(functions: Functions) -> None:
    together = threading.Barrier(3)

    def invoke(_: int) -> float:
        together.wait(timeout=10)
        return float(functions.invoke("sleepy", {"seconds": 20}).payload["slept"])

    with ThreadPoolExecutor(3) as pool:
        slept = list(pool.map(invoke, range(3)))

    assert slept == [20, 20, 20]


def test_a_sleep_moves_the_clock(functions: Functions, clock: SimulatedClock) -> None:
    with clock.busy():
        began = clock.now()
        functions.invoke("sleepy", {"seconds": 25}, caller_is_busy=True)
        took = clock.now() - began

    assert took == timedelta(seconds=25)


def test_a_sleep_is_scaled_at_a_numeric_speed() -> None:
    fast = SimulatedClock(speed=1000, start=START)
    with Functions(["sleepy"], {}, fast, package="tests.handlers") as functions:
        answer = functions.invoke("sleepy", {"seconds": 15})

    assert answer.payload["slept"] == pytest.approx(15, abs=10)


def test_work_takes_no_more_time_at_a_numeric_speed() -> None:
    fast = SimulatedClock(speed=100_000, start=START)
    with Functions(["echo"], {}, fast, package="tests.handlers") as functions, fast.busy():
        began = fast.now()
        seen = functions.invoke("echo", {}, caller_is_busy=True).payload
        ended = fast.now()

    assert began <= our_clock.from_text(seen["now"]) + timedelta(milliseconds=1)
    assert our_clock.from_text(seen["now"]) <= ended
    assert 20_000 < seen["remaining"] <= 30_000


def test_time_that_others_move_at_a_numeric_speed_passes_inside_a_function(
    pool: ThreadPoolExecutor,
) -> None:
    clock = SimulatedClock(speed=60, start=START)
    with (
        Functions(["asking"], {}, clock, package="tests.handlers") as functions,
        serving(silence) as server,
    ):
        asking = pool.submit(functions.invoke, "asking", {"url": server.origin, "seconds": 1500})
        server.wait_for_request()
        clock.advance(20)
        with pytest.raises(TimeoutError):
            asking.result(0.05)
        clock.advance(10)

        assert asking.result(10).payload["errorType"] == "Sandbox.Timedout"


def test_an_exception_comes_back_as_lambda_reports_it(functions: Functions) -> None:
    answer = functions.invoke("failing", {"how": "raise"})

    assert answer.error
    assert answer.payload["errorType"] == "TooManyCatsError"
    assert answer.payload["errorMessage"] == "nine lives each"
    assert set(answer.payload) == {"errorMessage", "errorType", "requestId", "stackTrace"}
    assert "failing.py" in answer.payload["stackTrace"][0]


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"how": "exit", "status": 3}, "Runtime exited with error: exit status 3"),
        ({"how": "exit", "status": 0}, "Runtime exited without providing a reason"),
        ({"how": "kill"}, "Runtime exited with error: signal: killed"),
    ],
)
def test_a_process_that_ends_is_an_exit_error(
    functions: Functions, event: dict[str, object], says: str
) -> None:
    answer = functions.invoke("failing", event)

    assert answer.error
    assert answer.payload["errorType"] == "Runtime.ExitError"
    assert answer.payload["errorMessage"].endswith(f" Error: {says}")
    assert answer.payload["errorMessage"].startswith("RequestId: ")


def test_a_function_that_hangs_is_killed(functions: Functions) -> None:
    functions.invoke("failing", {"how": "none"})
    before = set(functions.pids())

    answer = functions.invoke("failing", {"how": "hang"})

    assert answer.error
    assert answer.payload["errorType"] == "Sandbox.Timedout"
    assert answer.payload["errorMessage"].endswith("Error: Task timed out after 0.50 seconds")
    assert len(before - set(functions.pids())) == 1
    assert not functions.invoke("failing", {"how": "none"}).error


def test_a_sleep_beyond_the_timeout_ends_at_the_timeout(
    functions: Functions, clock: SimulatedClock
) -> None:
    with clock.busy():
        began = clock.now()
        answer = functions.invoke("sleepy", {"seconds": 3600}, caller_is_busy=True)
        took = clock.now() - began

    assert answer.payload["errorType"] == "Sandbox.Timedout"
    assert took == timedelta(seconds=30)


def test_time_that_others_move_passes_inside_a_function(
    functions: Functions, clock: SimulatedClock, pool: ThreadPoolExecutor
) -> None:
    with clock.busy(), serving(silence) as server:
        asking = pool.submit(functions.invoke, "asking", {"url": server.origin, "seconds": 15})
        server.wait_for_request()
        clock.advance(14)
        with pytest.raises(TimeoutError):
            asking.result(0.05)
        clock.advance(1)
        answer = asking.result(10)

    assert answer.payload == {"outcome": "ReadTimeout", "took": 15, "remaining": 15_000}


def test_time_that_others_move_ends_a_function(
    functions: Functions, clock: SimulatedClock, pool: ThreadPoolExecutor
) -> None:
    with clock.busy(), serving(silence) as server:
        asking = pool.submit(functions.invoke, "asking", {"url": server.origin, "seconds": 100})
        server.wait_for_request()
        pids = set(functions.pids())
        clock.advance(29.9)
        with pytest.raises(TimeoutError):
            asking.result(0.05)
        clock.advance(0.1)
        answer = asking.result(10)

    assert answer.payload["errorType"] == "Sandbox.Timedout"
    assert answer.payload["errorMessage"].endswith("Error: Task timed out after 30.00 seconds")
    assert len(pids - set(functions.pids())) == 1


def test_an_invocation_that_is_held_back_begins_late_with_all_of_its_time(
    functions: Functions, clock: SimulatedClock
) -> None:
    functions.hold_back("echo", 50, times=2)

    with clock.busy():
        began = clock.now()
        seen = [functions.invoke("echo", {}, caller_is_busy=True).payload for _ in range(3)]

    late = [our_clock.from_text(payload["now"]) - began for payload in seen]
    assert [round(delay.total_seconds()) for delay in late] == [50, 100, 100]
    assert [payload["remaining"] for payload in seen] == [30_000] * 3


def test_only_the_function_that_is_named_is_held_back(
    functions: Functions, clock: SimulatedClock
) -> None:
    functions.hold_back("sleepy", 50)

    with clock.busy():
        began = clock.now()
        functions.invoke("echo", {}, caller_is_busy=True)
        others = clock.now() - began
        functions.invoke("sleepy", {"seconds": 1}, caller_is_busy=True)

        assert others == timedelta(0)
        assert clock.now() - began == timedelta(seconds=51)


def test_an_answer_that_json_cannot_carry_is_an_error(functions: Functions) -> None:
    answer = functions.invoke("failing", {"how": "unserializable"})

    assert answer.payload["errorType"] == "Runtime.MarshalError"
    assert "not JSON serializable" in answer.payload["errorMessage"]


def test_a_module_that_cannot_be_imported_says_so(functions: Functions) -> None:
    answer = functions.invoke("broken", {})

    assert answer.payload["errorType"] == "Runtime.ImportModuleError"
    assert "the cat sits on this module" in answer.payload["errorMessage"]


def test_an_unknown_function_is_refused(functions: Functions) -> None:
    with pytest.raises(UnknownFunctionError, match="no_such_function"):
        functions.invoke("no_such_function", {})


def test_a_worker_that_died_while_idle_is_replaced(functions: Functions) -> None:
    pid = functions.invoke("echo", {}).payload["pid"]

    os.kill(pid, signal.SIGKILL)
    assert_ended([pid])

    answer = functions.invoke("echo", {})
    assert not answer.error
    assert answer.payload["pid"] != pid


def test_log_records_are_collected(functions: Functions, log_path: Path) -> None:
    functions.invoke("failing", {"how": "log", "what": "fish"})

    records = [json.loads(line) for line in log_path.read_text().splitlines()]
    [record] = [r for r in records if r["logger"] == "postwright.cats"]
    assert record["level"] == "DEBUG"
    assert record["message"] == "purring about fish"
    assert record["function"] == "failing"
    assert "elsewhere" not in {r["logger"] for r in records}


def test_closing_ends_every_process() -> None:
    functions = Functions(["echo"], {}, SimulatedClock(), package="tests.handlers")
    functions.invoke("echo", {})
    pids = functions.pids()

    functions.close()

    assert len(pids) == 2
    assert_ended(pids)


def test_workers_do_not_outlive_a_parent_that_is_killed() -> None:
    program = textwrap.dedent("""
        import os, signal
        from sandbox.clock import SimulatedClock
        from sandbox.functions import Functions
        functions = Functions(["echo"], {}, SimulatedClock(), package="tests.handlers")
        functions.invoke("echo", {})
        print(*functions.pids(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """)

    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.returncode == -signal.SIGKILL
    pids = [int(pid) for pid in ran.stdout.split()]
    assert len(pids) == 2
    assert_ended(pids)
    assert ran.stderr == ""


def assert_ended(pids: list[int]) -> None:
    """All processes are gone (or are zombies of somebody else) within ten seconds."""
    waiting = threading.Event()
    for _ in range(1000):
        if not any(is_alive(pid) for pid in pids):
            return
        waiting.wait(0.01)
    pytest.fail(f"still alive: {[pid for pid in pids if is_alive(pid)]}")


def is_alive(pid: int) -> bool:
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return state != "" and not state.startswith("Z")
