"""One deadline for a whole exchange, whatever the other side does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context

import httpx
import pytest

from postwright import clock
from postwright.deadline import DeadlineTransport, within
from sandbox.clock import SimulatedClock
from tests.unit.raw_server import Answer, drip, ok, reset, serving, silence

SHORT = 0.15
A_FEW_LOOKS = 0.05
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(transport=DeadlineTransport(), timeout=10, trust_env=False) as client:
        yield client


def test_an_answer_in_time_is_an_answer(http: httpx.Client) -> None:
    with serving(ok('{"id": "1"}')) as server, within(10):
        answer = http.post(server.origin, data={"a": "b"})

    assert answer.json() == {"id": "1"}
    assert server.requests[0].endswith(b"\r\n\r\na=b")


def test_a_body_that_comes_byte_by_byte_is_cut(http: httpx.Client) -> None:
    with serving(drip(HEAD)) as server, within(SHORT), pytest.raises(httpx.ReadTimeout):
        http.get(server.origin)


def test_headers_that_come_byte_by_byte_are_cut(http: httpx.Client) -> None:
    endless = drip(b"HTTP/1.1 200 OK\r\nX-Padding: ", b"x")
    with serving(endless) as server, within(SHORT), pytest.raises(httpx.ReadTimeout):
        http.get(server.origin)


def test_a_server_that_says_nothing_is_left(http: httpx.Client) -> None:
    with serving(silence) as server, within(SHORT), pytest.raises(httpx.ReadTimeout):
        http.get(server.origin)


def test_a_server_that_takes_no_more_bytes_is_left(http: httpx.Client) -> None:
    body = bytes(50_000_000)
    with (
        serving(silence, reads=False) as server,
        within(SHORT),
        pytest.raises(httpx.WriteTimeout),
    ):
        http.post(server.origin, content=body)


def test_a_handshake_that_does_not_come_to_an_end_is_left(http: httpx.Client) -> None:
    with serving(silence, reads=False) as server:
        url = server.origin.replace("http:", "https:")
        with within(SHORT), pytest.raises(httpx.ConnectTimeout):
            http.get(url)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nothing_is_sent_once_the_deadline_has_passed(http: httpx.Client, scheme: str) -> None:
    with serving(ok("{}")) as server:
        url = server.origin.replace("http:", f"{scheme}:")
        with within(-1), pytest.raises(httpx.ConnectTimeout):
            http.get(url)

    assert server.requests == []


def test_a_deadline_holds_over_several_exchanges(http: httpx.Client) -> None:
    with serving(ok("{}"), silence) as server, within(0.5):
        assert http.get(server.origin).is_success
        with pytest.raises(httpx.TimeoutException):
            http.get(server.origin)


def test_outside_of_a_deadline_the_time_outs_of_the_client_hold(http: httpx.Client) -> None:
    with serving(silence) as server, pytest.raises(httpx.ReadTimeout):
        http.get(server.origin, timeout=SHORT)


def test_the_shorter_of_deadline_and_time_out_holds(http: httpx.Client) -> None:
    with serving(silence) as server, within(60), pytest.raises(httpx.ReadTimeout):
        http.get(server.origin, timeout=SHORT)


def test_after_a_deadline_the_former_one_holds_again(http: httpx.Client) -> None:
    with serving(silence, ok("{}")) as server, within(10):
        with within(SHORT), pytest.raises(httpx.ReadTimeout):
            http.get(server.origin)

        assert http.get(server.origin).is_success


def test_each_thread_has_its_own_deadline(http: httpx.Client) -> None:
    both = threading.Barrier(2)

    def ask(seconds: float, url: str) -> bool:
        both.wait(10)
        with within(seconds):
            return http.get(url).is_success

    with serving(ok("{}")) as server, ThreadPoolExecutor(2) as pool:
        late, in_time = pool.submit(ask, -1, server.origin), pool.submit(ask, 10, server.origin)

        assert in_time.result(10)
        assert isinstance(late.exception(10), httpx.ConnectTimeout)


def test_a_connection_that_breaks_is_an_error_of_httpx(http: httpx.Client) -> None:
    with serving(reset) as server, within(10), pytest.raises(httpx.TransportError):
        http.get(server.origin)


def test_a_client_without_a_time_out_still_has_the_deadline(http: httpx.Client) -> None:
    with serving(silence) as server, within(SHORT), pytest.raises(httpx.ReadTimeout):
        http.get(server.origin, timeout=None)


# At max speed time goes in jumps, and a deadline passes only when it is jumped over


@pytest.fixture
def jumping() -> Iterator[SimulatedClock]:
    """The clock of this process, which stands still until a test moves it."""
    simulated = SimulatedClock(speed=None)
    previous = clock.use(simulated)
    with simulated.busy():
        yield simulated
    clock.use(previous)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def ask(
    pool: ThreadPoolExecutor, http: httpx.Client, url: str, timeout: float | None = None
) -> Future[httpx.Response]:
    """Ask in a thread; the deadline of 15 seconds begins here and now."""
    with within(15):
        return pool.submit(copy_context().run, http.get, url, timeout=timeout)


HANGING = {
    "nothing comes": silence,
    "headers drip": drip(b"HTTP/1.1 200 OK\r\nX-Padding: ", b"x"),
    "the body drips": drip(HEAD),
}


@pytest.mark.parametrize("answer", HANGING.values(), ids=HANGING)
def test_a_deadline_passes_when_time_jumps_over_it(
    http: httpx.Client, jumping: SimulatedClock, pool: ThreadPoolExecutor, answer: Answer
) -> None:
    with serving(answer) as server:
        asking = ask(pool, http, server.origin)
        server.wait_for_request()

        jumping.advance(14.9)
        with pytest.raises(TimeoutError):
            asking.result(A_FEW_LOOKS)
        jumping.advance(0.1)

        assert isinstance(asking.exception(10), httpx.ReadTimeout)


def test_a_time_out_of_the_client_counts_the_same_seconds(
    http: httpx.Client, jumping: SimulatedClock, pool: ThreadPoolExecutor
) -> None:
    with serving(silence) as server:
        asking = ask(pool, http, server.origin, timeout=3)
        server.wait_for_request()

        jumping.advance(2.9)
        with pytest.raises(TimeoutError):
            asking.result(A_FEW_LOOKS)
        jumping.advance(0.1)

        assert isinstance(asking.exception(10), httpx.ReadTimeout)


def test_what_was_read_before_a_look_at_the_clock_is_not_lost(
    http: httpx.Client, jumping: SimulatedClock
) -> None:
    assert jumping
    content = bytes(range(65, 75))

    def slowly(connection: socket.socket, closed: threading.Event) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + content:
            connection.sendall(bytes([byte]))
            closed.wait(0.001 if byte not in b"\r\nAE" else 0.015)

    with serving(slowly) as server, within(15):
        assert http.get(server.origin).content == content


def test_a_big_request_is_written_whole_however_long_it_takes(
    http: httpx.Client, jumping: SimulatedClock
) -> None:
    assert jumping
    content = bytes(20_000_000)

    def late(connection: socket.socket, closed: threading.Event) -> None:
        closed.wait(A_FEW_LOOKS)
        received = 0
        while received < len(content):
            chunk = connection.recv(1_000_000)
            if not chunk:
                return
            received += len(chunk)
        connection.sendall(ok("{}"))

    with serving(late, reads=False) as server, within(15):
        assert http.post(server.origin, content=content).is_success


def test_a_connection_is_waited_for_until_time_jumps(
    http: httpx.Client, jumping: SimulatedClock, pool: ThreadPoolExecutor
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        with closing(_fill(full)):
            asking = ask(pool, http, f"http://127.0.0.1:{port}")

            jumping.advance(14.9)
            with pytest.raises(TimeoutError):
                asking.result(A_FEW_LOOKS)
            jumping.advance(0.1)

            assert isinstance(asking.exception(10), httpx.ConnectTimeout)


def _fill(server: socket.socket) -> socket.socket:
    """Take the only place in a server's queue, so that nobody else is let in."""
    return socket.create_connection(server.getsockname(), 10)


def test_at_a_numeric_speed_a_deadline_comes_so_many_times_sooner(http: httpx.Client) -> None:
    previous = clock.use(SimulatedClock(speed=100))
    try:
        with serving(silence) as server:
            began = clock.monotonic()
            with within(15), pytest.raises(httpx.ReadTimeout):
                http.get(server.origin, timeout=None)

            assert clock.monotonic() - began >= 15
    finally:
        clock.use(previous)
