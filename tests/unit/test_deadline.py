"""One deadline for a whole exchange, whatever the other side does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from postwright.deadline import DeadlineTransport, within
from tests.unit.raw_server import drip, ok, reset, serving, silence

SHORT = 0.15
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
