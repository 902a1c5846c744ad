"""The side of `sandbox.functions` that runs in other processes.

One *nursery* process imports everything that functions need and then forks a *worker* for each
execution environment that is asked for, so that a worker is ready in milliseconds and shares its
memory with the others. A worker serves one invocation at a time, as an execution environment of
Lambda does. Both speak JSON, one document per line, over a Unix socket, and end when it closes.

Nursery, in:  {"fork": function} with the worker's end of a socket pair | {"reap": pid} of one that
              has ended | {"kill": pid}
Nursery, out: {"pid": pid} | {"status": exit status, negative for a signal, null if it is not known}
Worker, in:   {"event", "requestId", "deadline"} | {"awake": true} after a sleep
Worker, out:  {"ready": true} once, then {"payload"} | {"error"} | {"sleep": seconds}
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from postwright import clock
from sandbox.names import access_key_of, function_arn
from sandbox.shared_instant import SharedInstant
from sandbox.trace import VARIABLE, trace_http, trace_of

MEMORY_MB = "512"
_LONGEST_MESSAGE_BYTES = 1_000_000


@dataclass(frozen=True)
class Plan:
    """What a nursery must know; travels to it as JSON.

    `now_descriptor` is the file from which, with `busy_rate`, the simulated now is read, see
    `SimulatedClock.show_on`.
    """

    package: str
    modules: tuple[str, ...]
    warm: tuple[str, ...]
    busy_rate: float
    now_descriptor: int
    log_path: str | None


class Channel:
    """JSON documents over a stream socket, one per line."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = b""

    def send(self, document: object) -> None:
        self._connection.sendall(json.dumps(document).encode() + b"\n")

    def receive(self, timeout: float | None = None) -> Any:
        """The next document; EOFError when the other side is gone, TimeoutError in time."""
        end = None if timeout is None else time.monotonic() + timeout
        while b"\n" not in self._received:
            if end is None:
                self._connection.settimeout(None)
            else:
                self._connection.settimeout(max(0.001, end - time.monotonic()))
            try:
                chunk = self._connection.recv(_LONGEST_MESSAGE_BYTES)
            except ConnectionError:
                chunk = b""
            if not chunk:
                raise EOFError
            self._received += chunk
        self._connection.settimeout(None)
        line, self._received = self._received.split(b"\n", 1)
        return json.loads(line)

    def is_open(self) -> bool:
        """Whether the other side still lives; only meaningful while nothing is expected from it."""
        self._connection.settimeout(0)
        try:
            return self._connection.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            self._connection.settimeout(None)

    def close(self) -> None:
        self._connection.close()


class WorkerClock:
    """The simulated clock as an invocation sees it; a sleep asks its owner to let time pass.

    Time may be moved while the function works, and at max speed passes in no other way.
    """

    def __init__(self, shared: SharedInstant, rate: float, ask: Callable[[float], object]) -> None:
        self._shared = shared
        self._rate = rate
        self._ask = ask
        self._asking = threading.Lock()

    def now(self) -> datetime:
        return self._shared.get() + timedelta(seconds=time.monotonic() * self._rate)

    def sleep(self, seconds: float) -> None:
        with self._asking:
            self._ask(seconds)

    def monotonic(self) -> float:
        return self.now().timestamp()

    def wall_seconds(self, _seconds: float) -> None:
        return None


@dataclass(frozen=True)
class Context:
    """The fields of AWS Lambda's context object that handlers use."""

    function_name: str
    aws_request_id: str
    invoked_function_arn: str
    deadline: datetime
    memory_limit_in_mb: str = MEMORY_MB
    function_version: str = "$LATEST"

    def get_remaining_time_in_millis(self) -> int:
        """Simulated milliseconds until the function is killed."""
        return max(0, int((self.deadline - clock.now()).total_seconds() * 1000))


class _JsonLines(logging.Formatter):
    def __init__(self, function: str) -> None:
        super().__init__()
        self._function = function
        self.request_id = ""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": clock.to_text(clock.now()),
            "level": record.levelname,
            "logger": record.name,
            "function": self._function,
            "requestId": self.request_id,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _log_as_lambda_does(function: str, log_path: str | None) -> _JsonLines:
    """Warnings to stderr; with a path, everything of ours and INFO of others to that file too."""
    lines = _JsonLines(function)
    console = logging.StreamHandler(sys.stderr)
    console.setLevel(logging.WARNING)
    handlers: list[logging.Handler] = [console]
    if log_path is not None:
        handlers.append(logging.FileHandler(log_path, encoding="utf-8"))
    for handler in handlers:
        handler.setFormatter(lines)
    logging.basicConfig(level=logging.INFO if log_path else logging.WARNING, handlers=handlers)
    if log_path is not None:
        logging.getLogger("postwright").setLevel(logging.DEBUG)
    return lines


def _as_lambda_reports(error: BaseException, request_id: str) -> dict[str, Any]:
    frames = error.__traceback__.tb_next if error.__traceback__ else None  # without our own frame
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_tb(frames),
    }


class Worker:
    """One execution environment: imports its handler once, then answers until its channel ends."""

    def __init__(self, plan: Plan, function: str, channel: Channel, now: SharedInstant) -> None:
        self._plan = plan
        self._now = now
        self._function = function
        self._channel = channel
        self._log = _log_as_lambda_does(function, plan.log_path)
        self._handler: Callable[[Any, Context], Any] | None = None
        self._import_error: dict[str, Any] = {}

    def run(self) -> None:
        self._import_handler()
        self._channel.send({"ready": True})
        while True:
            answer = self._answer(self._channel.receive())
            sys.stdout.flush()  # what a function prints is in the log before its caller goes on
            self._channel.send(answer)

    def _import_handler(self) -> None:
        name = f"{self._plan.package}.{self._function}"
        try:
            self._handler = importlib.import_module(name).handler
        except Exception as error:
            self._import_error = _as_lambda_reports(error, "") | {
                "errorType": "Runtime.ImportModuleError",
                "errorMessage": f"Unable to import module '{name}': {error}",
            }

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        request_id = request["requestId"]
        if self._handler is None:
            return {"error": self._import_error | {"requestId": request_id}}
        self._log.request_id = request_id
        os.environ[VARIABLE] = trace_of(request_id, os.getpid())
        clock.use(WorkerClock(self._now, self._plan.busy_rate, self._ask_for_sleep))
        context = Context(
            function_name=self._function,
            aws_request_id=request_id,
            invoked_function_arn=function_arn(self._function),
            deadline=datetime.fromisoformat(request["deadline"]),
        )
        try:
            payload = self._handler(request["event"], context)
        except Exception as error:
            return {"error": _as_lambda_reports(error, request_id)}
        try:
            json.dumps(payload)
        except (TypeError, ValueError) as error:
            report = _as_lambda_reports(error, request_id)
            message = f"Unable to marshal response: {error}"
            return {
                "error": report | {"errorType": "Runtime.MarshalError", "errorMessage": message}
            }
        return {"payload": payload}

    def _ask_for_sleep(self, seconds: float) -> None:
        self._channel.send({"sleep": seconds})
        self._channel.receive()


def _let_botocore_wait_on_our_clock() -> None:
    """Its pauses before a repeat are time of the function, as on Lambda."""
    endpoint = importlib.import_module("botocore.endpoint")
    vars(endpoint)["time"] = SimpleNamespace(sleep=lambda seconds: clock.sleep(seconds))


def _take_own_keys(function: str) -> None:
    """Keys that tell who signed a call or a URL, as those of its role do on Lambda.

    Clients that the nursery has made follow, because they share the credentials of the session.
    """
    if "AWS_ACCESS_KEY_ID" not in os.environ:
        return
    key = access_key_of(function)
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = key
    aws = sys.modules.get("postwright.aws")
    if aws is not None:
        credentials = aws.session().get_credentials()
        credentials.access_key = credentials.secret_key = key


class Nursery:
    """Forks workers on request; a worker never outlives it."""

    def __init__(self, plan: Plan, control: socket.socket) -> None:
        self._plan = plan
        self._control = control
        self._now = SharedInstant(plan.now_descriptor)
        self._children: set[int] = set()
        self._killed: set[int] = set()

    def run(self) -> None:
        self._warm()
        try:
            while True:
                data, descriptors, _, _ = socket.recv_fds(self._control, 65536, 1)
                if not data:
                    return
                request = json.loads(data)
                answer: dict[str, int | None]
                if "fork" in request:
                    answer = {"pid": self._fork(request["fork"], descriptors[0])}
                elif "kill" in request:
                    self._kill(request["kill"])
                    answer = {"status": None}
                else:
                    answer = {"status": self._reap(request["reap"])}
                self._control.sendall(json.dumps(answer).encode() + b"\n")
        finally:
            for pid in self._children:
                os.kill(pid, signal.SIGKILL)

    def _warm(self) -> None:
        for module in self._plan.modules:
            with contextlib.suppress(Exception):  # the worker that needs it reports the failure
                importlib.import_module(module)
        for place in self._plan.warm:
            with contextlib.suppress(Exception):
                module, name = place.split(":")
                getattr(importlib.import_module(module), name)()
        with contextlib.suppress(ImportError):
            trace_http()
            _let_botocore_wait_on_our_clock()
        gc.collect()
        gc.freeze()  # a collection in a worker would copy every page it looks at

    def _fork(self, function: str, descriptor: int) -> int:
        pid = os.fork()
        if pid:
            os.close(descriptor)
            self._children.add(pid)
            return pid
        status = 1
        try:
            self._control.close()
            os.environ["AWS_LAMBDA_FUNCTION_NAME"] = function
            os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = MEMORY_MB
            _take_own_keys(function)
            channel = Channel(socket.socket(fileno=descriptor))
            with contextlib.suppress(EOFError, BrokenPipeError):
                Worker(self._plan, function, channel, self._now).run()
            status = 0
        except SystemExit as exit_:
            status = exit_.code if isinstance(exit_.code, int) else 1 if exit_.code else 0
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _kill(self, pid: int) -> None:
        """It takes its time to end, so that it is waited for when the next ones do."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self._killed.add(pid)
        for killed in list(self._killed):
            if os.waitpid(killed, os.WNOHANG)[0]:
                self._killed.discard(killed)
                self._children.discard(killed)

    def _reap(self, pid: int) -> int | None:
        for _ in range(200):
            reaped, status = os.waitpid(pid, os.WNOHANG)
            if reaped:
                self._children.discard(pid)
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        return None


def main(plan: str, descriptor: int) -> None:
    """Run a nursery; called by `sandbox.functions` in a fresh interpreter."""
    Nursery(Plan(**json.loads(plan)), socket.socket(fileno=descriptor)).run()
