"""The worker processes of all functions: when one is made, who gets it, and when it ends.

An invocation takes a worker of its function that is idle. Where there is none it waits for the next
one that gets free, and now and then another one is forked: with more at once each would only take
longer, and the first invocation of a worker takes as much work as several later ones. For the same
reason an idle worker stays for a minute, as on Lambda for some.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from sandbox.worker import Channel, Plan

_INIT_WALL_SECONDS: Final = 60.0
_STARTS_AT_ONCE: Final = 2
_PAUSE_WALL_SECONDS: Final = 0.1
"""Between two starts of workers of one function, unless it has none."""
_LOOK_WALL_SECONDS: Final = 0.02
"""After which to look again, when it is the turn of one to be started while enough others are."""
_ALWAYS_IDLE: Final = 3
"""So many idle ones of each function stay; one keeps 13 MB."""
_IDLE_WALL_SECONDS: Final = 60.0
"""Others end when they were idle for so long."""
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    " from sandbox.worker import main; main(sys.argv[2], int(sys.argv[3]))"
)


@dataclass(eq=False)
class Environment:
    """One worker process, seen from here; `idle_since` is on the machine's monotonic clock."""

    name: str
    pid: int
    channel: Channel
    idle_since: float = 0.0


@dataclass(eq=False)
class _Waiter:
    """An invocation that waits for a worker."""

    environment: Environment | None = None
    changed: threading.Event = field(default_factory=threading.Event)


@dataclass(eq=False)
class _Pool:
    """The workers of one function, those that were idle for longest first."""

    idle: deque[Environment] = field(default_factory=deque)
    waiting: deque[_Waiter] = field(default_factory=deque)
    alive: int = 0
    last_start: float = 0.0

    def seconds_until_start(self, waiter: _Waiter) -> float:
        """When it will be the turn of one that waits already, or comes now."""
        place = self.waiting.index(waiter) if waiter in self.waiting else len(self.waiting)
        pauses = place + (1 if self.alive else 0)
        return self.last_start + pauses * _PAUSE_WALL_SECONDS - time.monotonic()

    def hand_over(self, environment: Environment) -> None:
        """To who waits longest; else it is idle."""
        if self.waiting:
            waiter = self.waiting.popleft()
            waiter.environment = environment
            waiter.changed.set()
        else:
            self.idle.append(environment)

    def take_old(self, last_used_before: float) -> Iterator[Environment]:
        """Take out those that are idle for too long."""
        while len(self.idle) > _ALWAYS_IDLE and self.idle[0].idle_since < last_used_before:
            yield self.idle.popleft()


class Environments:
    """Workers by function name; thread-safe. `environment` is what a worker's process sees."""

    def __init__(self, names: Sequence[str], plan: Plan, environment: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._pools = {name: _Pool() for name in names}
        self._all: set[Environment] = set()
        self._starting = 0
        self._closed = False
        self._nursery_lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        self._nursery_channel = Channel(self._control)
        with theirs:
            self._nursery = _start_nursery(plan, environment, theirs.fileno())

    def take(self, name: str) -> Environment:
        """A worker that nobody else uses. Raises EOFError and OSError when none can be made."""
        while True:
            found = self._idle_one(name) or self._waited_for(name) or self._start(name)
            if found.channel.is_open():
                return found
            self.discard(found)

    def give_back(self, environment: Environment) -> None:
        """Whoever waits for such a worker gets it; else it is idle from now on."""
        environment.idle_since = time.monotonic()
        with self._lock:
            self._pools[environment.name].hand_over(environment)
            before = environment.idle_since - _IDLE_WALL_SECONDS
            old = [one for pool in self._pools.values() for one in pool.take_old(before)]
        for one in old:
            self.discard(one)

    def discard(self, environment: Environment) -> int | None:
        """End a worker; its exit status, if it had ended by itself."""
        is_alive = environment.channel.is_open()
        environment.channel.close()
        with self._lock:
            if environment in self._all:
                self._all.discard(environment)
                self._pools[environment.name].alive -= 1
        asked = {"kill" if is_alive else "reap": environment.pid}
        with contextlib.suppress(EOFError, OSError), self._nursery_lock:
            self._control.sendall(json.dumps(asked).encode())
            status: int | None = self._nursery_channel.receive(_INIT_WALL_SECONDS)["status"]
            return status
        return None

    def pids(self) -> list[int]:
        """The nursery first."""
        with self._lock:
            return [self._nursery.pid, *(environment.pid for environment in self._all)]

    def close(self) -> None:
        """Kill every worker, also those that work."""
        self._control.close()
        self._nursery.kill()
        self._nursery.wait()
        with self._lock:
            self._closed = True
            for environment in self._all:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(environment.pid, signal.SIGKILL)
            for pool in self._pools.values():
                for environment in pool.idle:
                    environment.channel.close()  # those that work are closed by who waits for them
                for waiter in pool.waiting:
                    waiter.changed.set()

    def _idle_one(self, name: str) -> Environment | None:
        """The one that was used last, so that others get old."""
        with self._lock:
            idle = self._pools[name].idle
            return idle.pop() if idle else None

    def _waited_for(self, name: str) -> Environment | None:
        """One that has got free; None when another one is to be started, which counts already."""
        pool, waiter = self._pools[name], _Waiter()
        while True:
            with self._lock:
                if waiter.environment is not None:
                    return waiter.environment
                pause = pool.seconds_until_start(waiter)
                if self._closed or (pause <= 0 and self._starting < _STARTS_AT_ONCE):
                    if waiter in pool.waiting:
                        pool.waiting.remove(waiter)
                    self._starting += 1
                    pool.alive += 1
                    pool.last_start = time.monotonic()
                    return None
                if waiter not in pool.waiting:
                    pool.waiting.append(waiter)
            waiter.changed.wait(max(pause, _LOOK_WALL_SECONDS))

    def _start(self, name: str) -> Environment:
        is_there = False
        try:
            environment = self._forked(name)
            is_there = True
        finally:
            with self._lock:
                self._starting -= 1
                self._pools[name].alive -= not is_there
        return environment

    def _forked(self, name: str) -> Environment:
        ours, theirs = socket.socketpair()
        fork = json.dumps({"fork": name}).encode()
        with theirs, self._nursery_lock:
            socket.send_fds(self._control, [fork], [theirs.fileno()])
            pid = self._nursery_channel.receive(_INIT_WALL_SECONDS)["pid"]
        environment = Environment(name, pid, Channel(ours))
        with self._lock:
            self._all.add(environment)
        environment.channel.receive(_INIT_WALL_SECONDS)
        return environment


def _start_nursery(
    plan: Plan, environment: Mapping[str, str], channel_descriptor: int
) -> subprocess.Popen[bytes]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return subprocess.Popen(  # noqa: S603  our own interpreter and arguments
        [
            *(sys.executable, "-c", _BOOT),
            *(json.dumps(sys.path), json.dumps(asdict(plan)), str(channel_descriptor)),
        ],
        env=inherited | dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=2,  # what a handler prints is a log line, and logs belong on stderr
        pass_fds=[channel_descriptor, plan.now_descriptor],
        start_new_session=True,  # Ctrl-C in the terminal must not reach the workers
    )
