"""Every call between our functions and the world, in order, and what the script does to it.

Calls to AWS and to Instagram are known by the invocation that made them (`sandbox.trace`). Faults
happen only to such calls, to invocations and to status-change events: what a person or a test asks
of the sandbox always works. What a fault looks like stands in `sandbox.call_faults`.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from sandbox.clock import SimulatedClock
from sandbox.trace import request_id_of

if TYPE_CHECKING:
    from sandbox.call_faults import CallFault, CallScript

Service = Literal["dynamodb", "s3", "ssm", "states", "lambda", "graph", "events"]

_REMEMBERED = 50_000


@dataclass(eq=False)
class Invocation:
    """One run of a function in a worker process; `deadline` is when Lambda ends it."""

    request_id: str
    function: str
    job_id: str | None
    pid: int
    deadline: datetime
    over: threading.Event = field(default_factory=threading.Event)
    is_out_of_time: bool = False
    waits: threading.Lock = field(default_factory=threading.Lock)
    _ending: threading.Lock = field(default_factory=threading.Lock)

    def kill(self) -> None:
        """End its process, unless it has answered already."""
        with self._ending:
            if not self.over.is_set():
                os.kill(self.pid, signal.SIGKILL)

    def expire(self) -> None:
        """The same at its deadline."""
        self.is_out_of_time = True
        self.kill()

    def end(self) -> None:
        """It has answered or its process is gone; from now on nobody kills it."""
        with self._ending:
            self.over.set()


@dataclass(slots=True)
class Entry:
    """`outcome` is None while the call is under way; `fault` is its line of the script."""

    number: int
    at: datetime
    service: Service
    operation: str
    function: str | None
    request_id: str | None
    worker: int | None
    target: str
    outcome: str | None = None
    fault: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "at": self.at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "service": self.service,
            "operation": self.operation,
            "function": self.function,
            "requestId": self.request_id,
            "worker": self.worker,
            "target": self.target,
            "outcome": self.outcome,
            "fault": self.fault,
        }


class Call:
    """One call on its way. Its owner calls `before`, lets it take effect, calls `after` and `end`.

    `does` says what the owner has to do itself: replace or spoil the answer.
    """

    def __init__(
        self, calls: Calls, entry: Entry, fault: CallFault | None, invocation: Invocation | None
    ) -> None:
        self._calls = calls
        self._entry = entry
        self._invocation = invocation
        self.fault = fault
        self.does = fault.does if fault is not None else None

    @property
    def function(self) -> str | None:
        return self._entry.function

    @property
    def request_id(self) -> str | None:
        return self._entry.request_id

    @property
    def has_caller(self) -> bool:
        """Whether somebody still waits for the answer, as far as we know."""
        return self._invocation is None or not self._invocation.over.is_set()

    def before(self) -> None:
        """Let happen what comes before the effect; with `kill_before` nobody waits any more."""
        if self.fault is None:
            return
        if self.does == "abort_before":
            self._abort()
        if self.fault.delay_seconds:
            self.let_pass(self.fault.delay_seconds)
        if self.does == "kill_before":
            self._kill()

    def after(self) -> None:
        """Let happen what comes between the effect and the answer."""
        if self.does == "abort_after":
            self._abort()
        elif self.does == "kill_after":
            self._kill()

    def end(self, outcome: str) -> None:
        """Note what came of it."""
        self._entry.outcome = outcome

    def again(self) -> Call:
        """The same call, delivered once more by the same line of the script."""
        return self._calls.repeated(self._entry)

    def let_pass(self, seconds: float) -> None:
        """Return when so much simulated time has passed, while the caller waits for its answer."""
        clock = self._calls.clock
        due = clock.now() + timedelta(seconds=seconds)
        if self._invocation is None:
            clock.wait_until(due, self._calls.closed, was_busy=True)
        elif not self._wait_with(self._invocation, due):
            clock.wait_until(due, self._calls.closed)

    def _wait_with(self, invocation: Invocation, due: datetime) -> bool:
        """Wait in the place of the thread that counts as busy for the invocation.

        False: the invocation ended first. Its thread counts as busy itself again, from that instant
        on, until it has noticed.
        """
        clock = self._calls.clock
        with invocation.waits:  # two waits at once must not both count as that one thread
            until = min(due, invocation.deadline)
            if not clock.wait_until(until, invocation.over, was_busy=True):
                return False
            if due <= invocation.deadline:
                return True
            invocation.expire()
            return False

    def _kill(self) -> None:
        if self._invocation is not None:
            self._invocation.kill()

    def _abort(self) -> None:
        job_id = self._calls.job_of(self._entry, self._invocation)
        if job_id is not None:
            self._calls.stop_execution(job_id)


class Calls:
    """The log and the script of one sandbox; thread-safe.

    `stop_execution` ends the execution with this name, if it runs.
    """

    def __init__(self, clock: SimulatedClock) -> None:
        self.clock = clock
        self.closed = threading.Event()
        self.stop_execution: Callable[[str], object] = lambda _job_id: None
        self._lock = threading.Lock()
        self._number = 0
        self._entries: deque[Entry] = deque(maxlen=_REMEMBERED)
        self._invocations: OrderedDict[str, Invocation] = OrderedDict()
        self._script: CallScript | None = None

    def close(self) -> None:
        """End what is late; it does not happen any more."""
        self.closed.set()
        self.clock.wake(self.closed)

    # For people and tests

    def entries(self) -> list[dict[str, Any]]:
        """The newest 50,000 calls in order, without anything secret."""
        with self._lock:
            return [entry.to_json() for entry in self._entries]

    def clear(self) -> None:
        """Forget the log; numbers go on."""
        with self._lock:
            self._entries.clear()

    def add_faults(self, faults: object) -> None:
        """Add to the script: a list of faults, or an object that holds it as `faults`.

        Raises ConfigError that names each wrong field; then nothing was added.
        """
        from sandbox.call_faults import CallScript

        document = {"faults": faults} if isinstance(faults, list) else faults
        with self._lock:
            script = self._script or CallScript()
            script.add(document)
            self._script = script

    def clear_faults(self) -> None:
        with self._lock:
            self._script = None

    def faults(self) -> list[dict[str, Any]]:
        """The script, with how often each line was `seen` and `done`."""
        with self._lock:
            return self._script.report() if self._script is not None else []

    # For who carries the calls

    def begin(self, invocation: Invocation) -> None:
        """Calls with its request id are its calls from now on, also those that outlive it."""
        with self._lock:
            self._invocations[invocation.request_id] = invocation
            while len(self._invocations) > _REMEMBERED:
                self._invocations.popitem(last=False)

    def by_trace(self, trace: str | None) -> Invocation | None:
        """The invocation that sent this trace header."""
        request_id = request_id_of(trace)
        with self._lock:
            return self._invocations.get(request_id) if request_id is not None else None

    def enter(
        self,
        service: Service,
        operation: str,
        target: str,
        *,
        invocation: Invocation | None = None,
        function: str | None = None,
        request_id: str | None = None,
    ) -> Call:
        """Log a call that comes in, and take what the script has for it."""
        if invocation is not None:
            function, request_id = invocation.function, invocation.request_id
        at = self.clock.now()
        with self._lock:
            self._number += 1
            worker = invocation.pid if invocation is not None else None
            entry = Entry(
                self._number, at, service, operation, function, request_id, worker, target
            )
            self._entries.append(entry)
            fault = None
            if self._script is not None and (
                invocation is not None or service in ("lambda", "events")
            ):
                taken = self._script.take(entry, has_job=bool(self.job_of(entry, invocation)))
                if taken is not None:
                    entry.fault, fault = taken
        return Call(self, entry, fault, invocation)

    def repeated(self, before: Entry) -> Call:
        """One more call like another one, to which nothing happens."""
        at = self.clock.now()
        with self._lock:
            self._number += 1
            entry = Entry(
                self._number,
                at,
                before.service,
                before.operation,
                before.function,
                before.request_id,
                None,
                before.target,
                fault=before.fault,
            )
            self._entries.append(entry)
        return Call(self, entry, None, None)

    def later(self, seconds: float, work: Callable[[], object]) -> None:
        """Do something beside the caller when so many simulated seconds have passed."""
        busy = self.clock.busy()
        busy.__enter__()

        def run() -> None:
            try:
                due = self.clock.now() + timedelta(seconds=seconds)
                if not seconds or self.clock.wait_until(due, self.closed, was_busy=True):
                    work()
            finally:
                busy.__exit__(None, None, None)

        threading.Thread(target=run, name="sandbox-once-more", daemon=True).start()

    @staticmethod
    def job_of(entry: Entry, invocation: Invocation | None) -> str | None:
        """The execution that a call belongs to: that of its invocation, else the one it starts."""
        if invocation is not None and invocation.job_id is not None:
            return invocation.job_id
        if entry.service == "lambda":
            return entry.target.partition("#")[0]
        return entry.target if entry.service in ("states", "events") else None


def target_of(event: Any) -> str:
    """What an invocation is about: its job, and the item when it is for one."""
    job_id = job_in(event) or ""
    index = event.get("index") if isinstance(event, Mapping) else None
    return f"{job_id}#{index:03}" if isinstance(index, int) else job_id


def job_in(event: Any) -> str | None:
    """The job that a function's event is about."""
    if not isinstance(event, Mapping):
        return None
    detail, path = event.get("detail"), event.get("pathParameters")
    for value in (
        event.get("jobId"),
        detail.get("name") if isinstance(detail, Mapping) else None,
        path.get("id") if isinstance(path, Mapping) else None,
    ):
        if isinstance(value, str):
            return value
    return None
