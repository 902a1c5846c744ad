"""`python -m sandbox.instagram`: the simulator as a process of its own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from sandbox.instagram import DEMO_ACCOUNT

COMMAND = [sys.executable, "-m", "sandbox.instagram"]
SECONDS = 30


@contextmanager
def serving(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The process, and what it said when it was ready; killed when it says nothing in time."""
    with subprocess.Popen(
        [*COMMAND, "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        guard = threading.Timer(SECONDS, process.kill)
        guard.start()
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            guard.cancel()
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_answers_and_ends_on_a_signal(number: signal.Signals) -> None:
    with serving() as (process, said):
        headers = {"Authorization": f"Bearer {said['token']}"}
        answer = httpx.get(f"{said['instagram']}/me", headers=headers, trust_env=False)
        foreign = httpx.get(
            f"{said['instagram']}/me", headers={"Host": "example.com"}, trust_env=False
        )
        process.send_signal(number)
        out, err = process.communicate(timeout=SECONDS)

    assert set(said) == {"instagram", "token"}
    assert answer.json() == {"id": DEMO_ACCOUNT.app_scoped_id}
    assert foreign.status_code == 403
    assert (process.returncode, out, err) == (0, "", "")


def test_a_taken_port_is_a_sentence_and_exit_code_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        done = subprocess.run(
            [*COMMAND, "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"Port {port} is in use. Choose another one with --port, or 0 for any free port.\n"
    )


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        *(
            ("--speed", value, f"--speed: takes a number above 0, or max, not {value}")
            for value in ("nonsense", "0", "nan", "inf")
        ),
        *(
            ("--port", value, f"--port: takes a number from 0 to 65535, not {value}")
            for value in ("x", "65536")
        ),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(option: str, value: str, sentence: str) -> None:
    done = subprocess.run(
        [*COMMAND, option, value], capture_output=True, text=True, timeout=SECONDS, check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].endswith(sentence)
