"""Lambda functions in worker processes, one invocation at a time each, as on AWS.

A kill is a real kill, a function timeout really ends the process, and environments are separate.
What comes back for a failure is what AWS sends back, so that the state machine reads the same error
names here and there.
Source: AWS Lambda developer guide, "Lambda runtime errors" and "Troubleshoot invocation issues".
"""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.calls import Call, Calls, Invocation, job_in, target_of
from sandbox.clock import SimulatedClock
from sandbox.environments import Environment, Environments
from sandbox.shared_instant import BYTES, SharedInstant
from sandbox.worker import Channel, Plan

TIMEOUT_SECONDS = 30.0

_REFUSALS = {"refused": ("ServiceException", 500), "throttled": ("TooManyRequestsException", 429)}
_HANG_SECONDS = 900  # no task waits so long
_HEAVY_MODULES = (
    *("boto3", "httpx", "pydantic", "PIL.JpegImagePlugin", "pymediainfo"),
    *("aws_lambda_powertools.metrics", "encodings.idna", "_strptime"),
)
"""What functions import, some of it only when they first need it; imported once for all workers."""


class UnknownFunctionError(LookupError):
    """No function has this name."""


class InvokeError(Exception):
    """The invocation had no answer; `code` and `status` are what the caller is told.

    Source: AWS Lambda API reference, Invoke, errors; Step Functions developer guide, "Handle
    transient Lambda exceptions", for SdkClientException, when the answer does not arrive.
    """

    def __init__(self, code: str, status: int) -> None:
        super().__init__(f"the sandbox's script answers an invocation with {code}")
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Answer:
    """What an invocation returned; with `error`, `payload` is the error document of Lambda."""

    payload: Any
    error: bool = False


class Functions:
    """Invokes handlers `package.name.handler` by function name; thread-safe.

    `environment` is all that a handler sees of `os.environ`, apart from PATH and the like.
    `timeouts` are simulated seconds by function name, 30 for those not named. At max speed, where
    time stands still while a function works, they are also the real seconds after which one that
    hangs is ended.
    `warm`: "module:callable" that are called once before workers are made, so that what they cache
    in their module is there in each worker, as after Lambda's SnapStart.
    `log_path`: append every log record of handlers to this file, one JSON document per line.
    `calls`: where invocations are logged, and whose script they follow.
    `aliases`: further names, and the function that each stands for.
    """

    def __init__(
        self,
        names: Sequence[str],
        environment: Mapping[str, str],
        clock: SimulatedClock,
        *,
        timeouts: Mapping[str, float] | None = None,
        package: str = "lambdas",
        warm: Sequence[str] = (),
        log_path: Path | None = None,
        calls: Calls | None = None,
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        self.names = tuple(names)
        self._aliases = dict(aliases or {})
        self._clock = clock
        self._calls = calls or Calls(clock)
        self._timeouts = dict(timeouts or {})
        self._invocations = Counter[str]()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._held_back: dict[str, list[float]] = {name: [] for name in names}
        with tempfile.TemporaryFile() as now_file:
            now_file.truncate(BYTES)
            self._now = SharedInstant(now_file.fileno())
            clock.show_on(self._now)
            plan = Plan(
                package=package,
                modules=(*_HEAVY_MODULES, *(f"{package}.{name}" for name in names)),
                warm=tuple(warm),
                busy_rate=clock.busy_rate,
                now_descriptor=now_file.fileno(),
                log_path=str(log_path.absolute()) if log_path else None,
            )
            self._environments = Environments(names, plan, environment)

    def __enter__(self) -> Functions:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def invoke(self, name: str, event: Any, *, caller_is_busy: bool = False) -> Answer:
        """Run a function to its end; a failure of its own is an answer, not an exception.

        Raises InvokeError where the script keeps the answer from its caller.
        `caller_is_busy` says that the calling thread already counts as busy on the clock.
        """
        name = self._aliases.get(name, name)
        if name not in self.names:
            raise UnknownFunctionError(f"there is no function {name!r}")
        with self._lock:
            self._invocations[name] += 1
            held_back = self._held_back[name].pop(0) if self._held_back[name] else 0
        with contextlib.nullcontext() if caller_is_busy else self._clock.busy():
            if held_back:
                due = self._clock.now() + timedelta(seconds=held_back)
                self._clock.wait_until(due, self._closed, was_busy=True)
            return self._deliver(name, event)

    def hold_back(self, name: str, seconds: float, *, times: int = 1) -> None:
        """Let the next invocations begin so many simulated seconds late, as when Lambda queues.

        The function itself notices nothing: its time-out counts from when it begins, even if the
        caller has given up by then.
        """
        with self._lock:
            self._held_back[name] += [seconds] * times

    def invocations(self, name: str) -> int:
        """How often the function was invoked so far."""
        with self._lock:
            return self._invocations[name]

    def pids(self) -> list[int]:
        """The processes that run functions now, the nursery first."""
        return self._environments.pids()

    def close(self) -> None:
        """Kill every worker, also those that work."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._clock.wake(self._closed)
        self._clock.stop_showing_on(self._now)
        self._now.close()
        self._environments.close()

    def _deliver(self, name: str, event: Any) -> Answer:
        """Let happen to the invocation what the script says."""
        request_id = str(uuid.uuid4())
        target = target_of(event)
        call = self._calls.enter("lambda", name, target, function=name, request_id=request_id)
        call.before()
        if call.does in _REFUSALS:
            code, status = _REFUSALS[call.does]
            call.end(code)
            raise InvokeError(code, status)
        if call.does == "twice" and call.fault is not None:
            self._calls.later(
                call.fault.again_after_seconds,
                lambda: self._observed(call.again(), name, event, str(uuid.uuid4())),
            )
        answer = self._observed(call, name, event, request_id)
        call.after()
        if call.does == "hang":
            call.let_pass(_HANG_SECONDS)
        if call.does in ("hang", "lost"):
            raise InvokeError("SdkClientException", 500)
        return answer

    def _observed(self, call: Call, name: str, event: Any, request_id: str) -> Answer:
        answer = self._invoke(name, event, request_id, ends=call.does)
        call.end(answer.payload["errorType"] if answer.error else "ok")
        return answer

    def _invoke(self, name: str, event: Any, request_id: str, *, ends: str | None = None) -> Answer:
        """`ends` is `killed` or `overruns` for a function that comes to nothing."""
        seconds = self._timeouts.get(name, TIMEOUT_SECONDS)
        try:
            environment = self._environments.take(name)
        except (EOFError, OSError):
            return _exit_error(request_id, None)
        deadline = self._clock.now() + timedelta(seconds=seconds)
        invocation = Invocation(request_id, name, job_in(event), environment.pid, deadline)
        self._calls.begin(invocation)
        if ends == "killed":
            os.kill(environment.pid, signal.SIGKILL)
        try:
            if ends == "overruns":
                self._sleep(seconds + 1, invocation)
            message = self._converse(environment, event, invocation, seconds)
        except TimeoutError:
            self._environments.discard(environment)
            text = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
            return Answer({"errorType": "Sandbox.Timedout", "errorMessage": text}, error=True)
        except (EOFError, OSError):
            return _exit_error(request_id, self._environments.discard(environment))
        self._environments.give_back(environment)
        if "error" in message:
            return Answer(message["error"], error=True)
        return Answer(message["payload"])

    def _converse(
        self, environment: Environment, event: Any, invocation: Invocation, seconds: float
    ) -> Any:
        """Send an event and wait for the outcome; TimeoutError when the function took too long."""
        deadline = invocation.deadline
        wall_end = time.monotonic() + seconds / (self._clock.busy_rate or 1)
        request = {
            "event": event,
            "requestId": invocation.request_id,
            "deadline": deadline.isoformat(),
        }
        with self._clock.alarm(deadline, invocation.expire):
            try:
                environment.channel.send(request)
                return self._listen(environment.channel, invocation, wall_end)
            except EOFError:
                if invocation.is_out_of_time:
                    raise TimeoutError from None
                raise
            finally:
                invocation.end()
                self._clock.wake(invocation.over)

    def _listen(self, channel: Channel, invocation: Invocation, wall_end: float) -> Any:
        """The outcome of an invocation; what the function sleeps until then is passed on."""
        while True:
            message = channel.receive(wall_end - time.monotonic())
            if "sleep" not in message:
                return message
            asleep = time.monotonic()
            self._sleep(message["sleep"], invocation)
            channel.send({"awake": True})
            wall_end += time.monotonic() - asleep

    def _sleep(self, seconds: float, invocation: Invocation) -> None:
        due = self._clock.now() + timedelta(seconds=seconds)
        until = min(due, invocation.deadline)
        with invocation.waits:  # another of its threads may wait for an answer in our place
            self._clock.wait_until(until, self._closed, was_busy=True)
        if due > invocation.deadline:
            raise TimeoutError


def _exit_error(request_id: str, status: int | None) -> Answer:
    """What Lambda says when the process ends; None: it was killed and nobody knows its status."""
    if status is None or status < 0:
        name = signal.strsignal(-status if status else signal.SIGKILL) or "unknown"
        how = f"with error: signal: {name.lower()}"
    else:
        how = f"with error: exit status {status}" if status else "without providing a reason"
    text = f"RequestId: {request_id} Error: Runtime exited {how}"
    return Answer({"errorType": "Runtime.ExitError", "errorMessage": text}, error=True)
