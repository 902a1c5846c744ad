"""`python -m sandbox.instagram`: the simulator as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import httpx
import pytest

from sandbox.instagram import DEMO_ACCOUNT
from tests.media import MediaServer, picture

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
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    ) as process:
        guard = threading.Timer(SECONDS, process.kill)
        guard.start()
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            guard.cancel()
            process.kill()


def client_of(said: dict[str, str]) -> httpx.Client:
    token = {"Authorization": f"Bearer {said['token']}"}
    return httpx.Client(base_url=said["instagram"], headers=token, trust_env=False, timeout=SECONDS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_answers_and_ends_on_a_signal(number: signal.Signals) -> None:
    with serving() as (process, said):
        with client_of(said) as client:
            answer = client.get("/me")
        foreign = httpx.get(
            f"{said['instagram']}/me", headers={"Host": "example.com"}, trust_env=False
        )
        process.send_signal(number)
        out, err = process.communicate(timeout=SECONDS)

    assert set(said) == {"instagram", "token"}
    assert answer.json() == {"id": DEMO_ACCOUNT.app_scoped_id}
    assert foreign.status_code == 403
    assert (process.returncode, out, err) == (0, "", "")


def test_time_passes_at_the_speed_that_is_given() -> None:
    with serving("--speed", "100000") as (_, said), client_of(said) as client:
        instants = [client.get("/_control/clock").json()["now"] for _ in range(20)]

    passed = datetime.fromisoformat(instants[-1]) - datetime.fromisoformat(instants[0])
    assert passed > timedelta(minutes=5)


def test_at_max_speed_processing_takes_no_time(media: MediaServer) -> None:
    form = {"image_url": media.put("a.jpg", picture())}

    with serving("--speed", "max") as (_, said), client_of(said) as client:
        container = client.post("/me/media", data=form).json()["id"]
        found = client.get(f"/{container}", params={"fields": "status_code"}).json()

    assert found["status_code"] == "FINISHED"


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
