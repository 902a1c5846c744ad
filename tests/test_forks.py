"""A script in a forked process behaves as it does in one of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import SECONDS, Command, ended
from tests.forks import Forks

SHOWS = """
import json, os, sys
import __main__
print(json.dumps({
    "argv": sys.argv, "environ": dict(os.environ), "cwd": os.getcwd(), "stdin": sys.stdin.read(),
    "name": __name__, "out": [sys.stdout.encoding, sys.stdout.errors],
    "err": [sys.stderr.encoding, sys.stderr.errors], "is_main": __main__.__file__ == __file__,
    "interrupts": __import__("signal").getsignal(2).__name__,
}))
sys.stderr.write("and this")
sys.exit(3)
"""


LANGUAGE = {name: os.environ[name] for name in ("LANG", "LC_ALL") if name in os.environ}


@pytest.fixture
def forks(tmp_path: Path) -> Iterator[Forks]:
    opened = Forks(str(tmp_path / "script.py"), [])
    yield opened
    opened.close()


def call(forks: Forks, text: str, *arguments: str, **environment: str) -> Command:
    script = Path(forks.script)
    script.write_text(text)
    return Command(forks.start(arguments, LANGUAGE | environment, script.parent))


@pytest.mark.parametrize(
    "environment", [{}, {"PYTHONIOENCODING": "ascii:replace"}], ids=["usual", "other encoding"]
)
def test_it_sees_what_it_would_see_alone(forks: Forks, environment: dict[str, str]) -> None:
    words = ["--caption", "Größe", "x" * 100_000]

    forked = call(forks, SHOWS, *words, **environment, TZ="UTC").end()
    alone = subprocess.run(
        [sys.executable, forks.script, *words],
        env=LANGUAGE | environment | {"TZ": "UTC"},
        cwd=Path(forks.script).parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (forked.code, forked.err) == (alone.returncode, alone.stderr) == (3, "and this")
    assert seen(forked.out) == seen(alone.stdout)


def seen(out: str) -> dict[str, Any]:
    """All but a variable that Python sets when it starts in no language at all."""
    document: dict[str, Any] = json.loads(out)
    document["environ"].pop("LC_CTYPE", None)
    return document


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_one_call_and_no_other(forks: Forks, number: signal.Signals) -> None:
    one, other = (
        call(forks, "print('here', flush=True); __import__('time').sleep(60)") for _ in range(2)
    )
    for command in (one, other):
        command.read_until(lambda it: "here" in it.out)

    ended = one.end(number)

    assert ended.code == -number
    assert ("KeyboardInterrupt" in ended.err) == (number == signal.SIGINT)
    assert other.process.poll() is None
    assert other.end(signal.SIGKILL).code == -signal.SIGKILL


@pytest.mark.parametrize(
    ("text", "code"), [("", 0), ("__import__('time').sleep(60)", -signal.SIGKILL)]
)
def test_a_test_that_fails_leaves_no_pipe_open(forks: Forks, text: str, code: int) -> None:
    command = call(forks, f"print('here', flush=True); {text}")

    command.read_until(lambda it: "here" in it.out)
    if not code:
        command.process.wait(SECONDS)
    with pytest.raises(ZeroDivisionError), ended(command):
        raise ZeroDivisionError

    assert command.process.poll() == code
    assert (command.process.stdout.closed, command.process.stderr.closed) == (True, True)


def test_what_still_runs_ends_with_the_process_that_forked_it(forks: Forks) -> None:
    command = call(forks, "print('here', flush=True); __import__('time').sleep(60)")
    command.read_until(lambda it: "here" in it.out)

    forks.close()

    assert command.end().code == -signal.SIGKILL
