"""Scripts of Python in processes that begin with their imports done.

Half a second of work goes by before a command of ours can do anything, and a whole second for the
AWS CLI; a test run calls them hundreds of times. Here one process for each kind of script imports
what that needs, and then forks for each call. What is forked runs the script itself, and has
arguments, an environment, a folder, standard streams, a process id and an end of its own.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any

_READY_SECONDS = 60.0
Call = dict[str, Any]
"""`arguments`, `environment` and `cwd`."""
_SERVE = "import sys; from tests.forks import serve; serve(*sys.argv[1:])"
_STREAMS = 3
_MESSAGE_BYTES = 65_536


class Forked:
    """A process that runs a script, with what tests use of `subprocess.Popen`."""

    def __init__(
        self,
        pid: int,
        stdin: IO[bytes] | None,
        stdout: IO[bytes],
        stderr: IO[bytes],
        ended: IO[bytes],
    ) -> None:
        self.pid = pid
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self._ended = ended
        self._status: int | None = None

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._look(0)

    def wait(self, seconds: float) -> int:
        """The exit status, once there is one; TimeoutExpired when that takes too long."""
        status = self._look(seconds)
        if status is None:
            raise subprocess.TimeoutExpired("a forked script", seconds)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _look(self, seconds: float) -> int | None:
        with selectors.DefaultSelector() as selector:
            if self._status is None:
                selector.register(self._ended, selectors.EVENT_READ)
                if selector.select(seconds):
                    self._status = int(self._ended.read())
                    self._ended.close()
        return self._status


class Forks:
    """Runs a script, again and again; `imports` is what is there when it begins: modules, and
    `module:function` where that is what imports.
    """

    def __init__(self, script: str, imports: Sequence[str]) -> None:
        self.script = script
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _SERVE, str(theirs.fileno()), script, *imports],
                cwd=Path(__file__).resolve().parents[1],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the tester; what runs is ended by its test
            )
        self._control = ours
        self._control.settimeout(_READY_SECONDS)
        atexit.register(self.close)

    def start(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        cwd: Path | None = None,
        *,
        typing: bool = False,
    ) -> Forked:
        """Begin a call; its standard input is empty, or with `typing` what is written to it."""
        call: Call = {
            "arguments": list(arguments),
            "environment": dict(environment),
            "cwd": str(cwd or Path.cwd()),
        }
        out, err, ended = (os.pipe() for _ in range(_STREAMS))
        read, written = os.pipe() if typing else (os.open(os.devnull, os.O_RDONLY), None)
        given = [read, out[1], err[1], ended[1]]
        with self._lock:
            socket.send_fds(
                self._control, [b" "], given
            )  # what comes with these is sent as a whole
            self._control.sendall(_line(call))
            pid = int(self._control.recv(_MESSAGE_BYTES))
        for descriptor in given:
            os.close(descriptor)
        stdin = os.fdopen(written, "wb", 0) if written is not None else None
        return Forked(pid, stdin, *(os.fdopen(end, "rb", 0) for end, _ in (out, err, ended)))

    def close(self) -> None:
        """End the process, and with it all that it has forked."""
        self._control.close()
        self._process.wait()


@cache
def forks(script: str, *imports: str) -> Forks:
    """The same ones for all tests of a process."""
    return Forks(script, imports)


# The other side.


@dataclass
class _Server:
    """Forks on request, and tells each call's end to whoever waits for it."""

    control: socket.socket
    ends: dict[int, int] = field(default_factory=dict)

    def serve(self) -> Call | None:
        """Returns in each forked process, with its call, and here when nobody asks any more."""
        woken, wakes = socket.socketpair()
        for end in (woken, wakes):
            end.setblocking(False)
        signal.set_wakeup_fd(wakes.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        with selectors.DefaultSelector() as selector, woken, wakes:
            selector.register(self.control, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if woken in ready:
                    woken.recv(_MESSAGE_BYTES)
                    self._tell_ends()
                if self.control in ready:
                    call, descriptors = self._receive()
                    if call is None:
                        self._end_all()
                        return None
                    if self._fork(descriptors):
                        break
            signal.set_wakeup_fd(-1)
        self.control.close()
        return call

    def _fork(self, descriptors: list[int]) -> bool:
        """Whether this is the forked process."""
        *streams, ended = descriptors
        pid = os.fork()
        if pid:
            self.ends[pid] = ended
            self.control.sendall(_line(pid))
        else:
            for number, descriptor in enumerate(streams):
                os.dup2(descriptor, number)
            for end in (ended, *self.ends.values()):
                os.close(end)
        for descriptor in streams:
            os.close(descriptor)
        return pid == 0

    def _receive(self) -> tuple[Call | None, list[int]]:
        """The next call and its descriptors; None at the end."""
        message, descriptors = b"", list[int]()
        while not message.endswith(b"\n"):
            part, more, _, _ = socket.recv_fds(self.control, _MESSAGE_BYTES, _STREAMS + 1)
            if not part:
                return None, []
            message += part
            descriptors += more
        return json.loads(message), descriptors

    def _tell_ends(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                ended = self.ends.pop(pid)
                with suppress(BrokenPipeError):
                    os.write(ended, str(os.waitstatus_to_exitcode(status)).encode())
                os.close(ended)

    def _end_all(self) -> None:
        for pid in self.ends:
            os.kill(pid, signal.SIGKILL)
        while self.ends:
            self._tell_ends()
            time.sleep(0.001)


def serve(descriptor: str, script: str, *imports: str) -> None:
    """Import, and serve calls; in each forked process, be the script."""
    before = dict(os.environ)
    for place in imports:
        module, _, name = place.partition(":")
        imported = importlib.import_module(module)
        if name:
            getattr(imported, name)()
    added = dict(os.environ.items() - before.items())  # the AWS CLI says so where its data is
    gc.collect()
    gc.freeze()
    call = _Server(socket.socket(fileno=int(descriptor))).serve()
    if call is not None:
        call["environment"] = added | call["environment"]
        _become(script, call)


def _become(script: str, call: Call) -> None:
    for number, handler in (
        (signal.SIGCHLD, signal.SIG_DFL),
        (signal.SIGINT, signal.default_int_handler),
    ):
        signal.signal(number, handler)
    os.environ.clear()
    os.environ.update(call["environment"])
    time.tzset()
    os.chdir(call["cwd"])
    encoding, _, errors = os.environ.get("PYTHONIOENCODING", "utf-8").partition(":")
    sys.stdout = open(1, "w", -1, encoding, errors or sys.stdout.errors, closefd=False)  # noqa: SIM115  as Python does
    sys.stderr = open(2, "w", 1, encoding, "backslashreplace", closefd=False)  # noqa: SIM115
    sys.argv = [script, *call["arguments"]]
    runpy.run_path(script, run_name="__main__")


def _line(document: object) -> bytes:
    return json.dumps(document).encode() + b"\n"
