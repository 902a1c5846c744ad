"""The server that waits for one answer: whom it answers, what it refuses, and when it gives up."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from postwright.cli.callback import Callback, listening
from postwright.cli.console import UsageError
from postwright.errors import LoginFailedError
from postwright.login import Consent

CODE = "AQBx-hBsH3"


@pytest.fixture
def callback() -> Iterator[Callback]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with listening(Consent("instagram", "1", f"http://127.0.0.1:{port}/back")) as callback:
        yield callback


@pytest.fixture(scope="module")
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=10) as client:
        yield client


def address(callback: Callback, **query: str) -> httpx.URL:
    """Where the browser is sent to, by default with the right state."""
    return httpx.URL(
        callback.consent.redirect_uri, params={"state": callback.consent.state} | query
    )


def test_the_code_that_comes_is_taken(callback: Callback, browser: httpx.Client) -> None:
    answer = browser.get(address(callback, code=CODE))

    assert callback.code(5) == CODE
    assert answer.status_code == 200
    assert "You can close this page" in answer.text
    assert CODE not in answer.text


def test_a_second_answer_is_not_taken(callback: Callback, browser: httpx.Client) -> None:
    browser.get(address(callback, code=CODE))

    again = browser.get(address(callback, code="another"))

    assert again.status_code == 409
    assert callback.code(5) == CODE
    assert callback.answers.empty()


@pytest.mark.parametrize("query", [{}, {"state": ""}, {"state": "another", "error": "x"}])
def test_an_answer_to_another_question_is_refused_and_waited_on(
    callback: Callback,
    browser: httpx.Client,
    capsys: pytest.CaptureFixture[str],
    query: dict[str, str],
) -> None:
    refused = browser.get(callback.consent.redirect_uri, params={"code": CODE, **query})
    browser.get(address(callback, code="right"))

    assert refused.status_code == 400
    assert "state in this address" in refused.text
    assert callback.code(5) == "right"
    assert "Still waiting" in capsys.readouterr().err


def test_consent_that_is_denied_ends_the_wait(callback: Callback, browser: httpx.Client) -> None:
    answer = browser.get(address(callback, error="access_denied"))

    with pytest.raises(LoginFailedError, match="somebody chose Cancel"):
        callback.code(5)
    assert "somebody chose Cancel" in answer.text
    assert "<code>postwright auth login</code>" in answer.text


def test_what_comes_with_the_answer_is_escaped(callback: Callback, browser: httpx.Client) -> None:
    answer = browser.get(address(callback, error="<script>alert(1)</script>"))

    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_the_page_may_load_nothing_and_is_kept_nowhere(
    callback: Callback, browser: httpx.Client
) -> None:
    headers = browser.get(address(callback, code=CODE)).headers

    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")


@pytest.mark.parametrize("host", ["attacker.example", "127.0.0.1", "localhost:1"])
def test_another_host_is_not_answered(callback: Callback, browser: httpx.Client, host: str) -> None:
    refused = browser.get(address(callback, code=CODE), headers={"Host": host})

    assert refused.status_code == 403
    assert callback.answers.empty()


@pytest.mark.parametrize("path", ["/", "/back/", "/favicon.ico", "/back%2F"])
def test_another_path_is_not_answered(callback: Callback, browser: httpx.Client, path: str) -> None:
    query = urlsplit(str(address(callback, code=CODE))).query

    refused = browser.get(f"http://{callback.netloc}{path}?{query}")

    assert refused.status_code == 404
    assert callback.answers.empty()


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "OPTIONS"])
def test_another_method_is_not_answered(
    callback: Callback, browser: httpx.Client, method: str
) -> None:
    assert browser.request(method, address(callback, code=CODE)).status_code == 501
    assert callback.answers.empty()


def test_a_connection_that_says_nothing_holds_nobody_up(
    callback: Callback, browser: httpx.Client
) -> None:
    host, port = callback.netloc.split(":")
    with socket.create_connection((host, int(port))):
        browser.get(address(callback, code=CODE))

    assert callback.code(5) == CODE


def test_the_wait_ends(callback: Callback) -> None:
    with pytest.raises(LoginFailedError, match=r"No answer came to .* within 0\.05 seconds"):
        callback.code(0.05)


def test_no_line_is_logged(
    callback: Callback, browser: httpx.Client, capfd: pytest.CaptureFixture[str]
) -> None:
    browser.get(address(callback, code=CODE))

    assert capfd.readouterr() == ("", "")


def test_nothing_listens_any_more_afterwards() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    threads = threading.active_count()
    with listening(Consent("instagram", "1", f"http://localhost:{port}")):
        pass

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    assert threading.active_count() == threads


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.com/callback",
        "https://127.0.0.1:8765/callback",
        "http://127.0.0.1/callback",
        "http://127.0.0.1:8765/callback?x=1",
        "http://0.0.0.0:8765/callback",
        "http://[::1/callback",
        "http://127.0.0.1:99999/callback",
        "callback",
    ],
)
def test_only_an_address_of_this_machine_can_be_listened_at(uri: str) -> None:
    with (
        pytest.raises(UsageError, match="--listen needs a --redirect-uri on this machine"),
        listening(Consent("instagram", "1", uri)),
    ):
        pass


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        uri = f"http://127.0.0.1:{taken.getsockname()[1]}/back"

        with (
            pytest.raises(UsageError, match="Nothing can listen at port"),
            listening(Consent("instagram", "1", uri)),
        ):
            pass
