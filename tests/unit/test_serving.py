"""An application in a thread of this process, on loopback."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sandbox.serving import Server, listen


def test_it_listens_on_this_machine_only_and_sends_without_delay() -> None:
    with listen(0, "--port") as listener:
        host = listener.getsockname()[0]

        assert host == "127.0.0.1"
        assert listener.proto == socket.IPPROTO_TCP, "else asyncio leaves Nagle's algorithm on"


def test_a_port_can_be_used_again_at_once() -> None:
    with listen(0, "--port") as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            listener.accept()[0].close()  # who closes first is left with the port, for a minute

    with listen(port, "--port") as again:
        assert again.getsockname()[1] == port


def test_nothing_is_served_afterwards() -> None:
    async def hello(_: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    listener = listen(0, "--port")
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    with Server(Starlette(routes=[Route("/", hello)]), listener):
        during = httpx.get(url, trust_env=False)

    assert during.text == "hello"
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_a_call_that_never_ends_is_left_in_the_end() -> None:
    called = threading.Event()

    async def never(_: Request) -> PlainTextResponse:
        called.set()
        await asyncio.Event().wait()
        raise AssertionError

    listener = listen(0, "--port")
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    with ThreadPoolExecutor(1) as pool:
        with Server(Starlette(routes=[Route("/", never)]), listener):
            calling = pool.submit(httpx.get, url, trust_env=False, timeout=20)
            assert called.wait(10)
        ended = calling.result(10)

    assert ended.status_code == 500


def test_a_signal_that_comes_first_or_at_any_line_of_the_wait_ends_it() -> None:
    """Line 0 is before the wait; one that comes at no line of it comes while it waits."""
    waiting = """
import os, signal, sys, threading
from sandbox.serving import told_to_end

def tell():
    os.kill(os.getpid(), signal.SIGTERM)

def telling_at(line):
    lines = 0
    def trace(frame, event, argument):
        nonlocal lines
        lines += event == "line"
        if event == "line" and lines == line:
            tell()
        return trace
    return trace

for line in range(20):
    with told_to_end() as until_the_end:
        late = threading.Timer(0.2, tell)
        late.start()
        if line == 0:
            tell()
        sys.settrace(telling_at(line))
        until_the_end()
        sys.settrace(None)
        late.cancel()
        late.join()
print("ended")
"""

    done = subprocess.run(
        [sys.executable, "-c", waiting], capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout) == (0, "ended\n"), done.stderr
