"""The command line as a user has it: a process, its two outputs and its exit code.

Its imports are done when it begins, see `tests.forks`; `tests/unit/test_cli.py` has it cold.
"""

from __future__ import annotations

import json
import os
import selectors
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import httpx

from postwright.store import LEDGER
from tests.forks import Forked, forks

POSTWRIGHT = str(Path(sys.executable).with_name("postwright"))
AWS_CLI = str(Path(sys.executable).with_name("aws"))
SECONDS = 60.0
"""The longest that anything here may take; a command takes one or two."""
FREE_PORTS = ("--port", "0", "--instagram-port", "0", "--aws-port", "0")
_CALLS = ("postwright.cli", "postwright.app", "boto3.session")
_SERVES = (*_CALLS, "sandbox.server", "sandbox.moto_imports:load", "sandbox.aws", "sandbox.engine")
"""What the commands import in the end, so that it is there when they begin."""
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output; anything beside it is an error."""
        return json.loads(self.out)

    @property
    def job_id(self) -> str:
        """The job that was announced on standard error."""
        lines = [line for line in self.err.splitlines() if line.startswith("job ")]
        return lines[0].removeprefix("job ")


Call = Callable[..., Done]
"""A command in the tester's own process, for what needs no connection."""


def environment(aws: str | None = None, **more: str) -> dict[str, str]:
    """What a command sees: nothing of the tester's own AWS configuration."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    endpoint = {"AWS_ENDPOINT_URL": aws} if aws is not None else {}
    return {**kept, "COLUMNS": "200", **endpoint, **more}


def run(
    *arguments: str | Path, aws: str | None = None, cwd: Path | None = None, **more: str
) -> Done:
    """Call `postwright` and wait for its end."""
    return _called(arguments, environment(aws, **more), cwd).end()


def aws_cli(*arguments: str, environment: Mapping[str, str]) -> Done:
    """Call the stock AWS CLI for JSON and wait for its end."""
    words = [*arguments, "--output", "json"]
    called = forks(AWS_CLI, "awscli.clidriver", "awscli.handlers")
    return Command(called.start(words, environment)).end()


class Command:
    """A command that is still running; what it says is collected as it comes."""

    def __init__(self, process: Forked) -> None:
        self.process = process
        self._said = {self.process.stdout: b"", self.process.stderr: b""}

    @property
    def out(self) -> str:
        return self._said[self.process.stdout].decode()

    @property
    def err(self) -> str:
        return self._said[self.process.stderr].decode()

    def type(self, *lines: str) -> None:
        """Type lines, each with its end; for a command that began with `asking`."""
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self.process.stdin.flush()

    def read_until(self, enough: Callable[[Command], bool]) -> None:
        """Collect what the command says until `enough`; it is killed when that takes too long."""
        ends_at = time.monotonic() + SECONDS
        with self._selector() as selector:
            while not enough(self) and selector.get_map():
                if time.monotonic() > ends_at:
                    self.process.kill()
                    raise AssertionError(f"it only said {self.out!r} and {self.err!r}")
                self._read(selector, wait_seconds=1)

    def read_what_is_there(self) -> None:
        """Collect what the command has said, without waiting for more."""
        with self._selector() as selector:
            while self._read(selector, wait_seconds=0):
                pass

    def _selector(self) -> selectors.BaseSelector:
        selector = selectors.DefaultSelector()
        for pipe in self._said:
            selector.register(pipe, selectors.EVENT_READ)
        return selector

    def _read(self, selector: selectors.BaseSelector, wait_seconds: float) -> bool:
        """Whether anything came."""
        came = selector.select(wait_seconds)
        for key, _ in came:
            said = os.read(key.fd, 65_536)
            self._said[key.fileobj] += said  # type: ignore[index]  # one of our two pipes
            if not said:
                selector.unregister(key.fileobj)
        return bool(came)

    def end(self, signal_number: int | None = None) -> Done:
        """Send a signal, if one is named, and wait for the end."""
        if signal_number is not None:
            self.process.send_signal(signal_number)
        self.read_until(lambda _: False)
        code = self.process.wait(SECONDS)
        self.close()
        return Done(code, self.out, self.err)

    def close(self) -> None:
        """Kill the command if it still runs, and close its pipes; a repeat changes nothing."""
        self.process.kill()
        self.process.wait(SECONDS)
        for pipe in (*self._said, self.process.stdin):
            if pipe is not None:
                pipe.close()


def begin(*arguments: str | Path, aws: str | None = None, **more: str) -> Command:
    """Call `postwright` and leave it running; for a block, see `running`."""
    return _called(arguments, environment(aws, **more), None)


def _called(
    arguments: Sequence[str | Path],
    environment: Mapping[str, str],
    cwd: Path | None,
    *,
    typing: bool = False,
) -> Command:
    words = [str(argument) for argument in arguments]
    ready = forks(POSTWRIGHT, *(_SERVES if words[:1] == ["sandbox"] else _CALLS))
    return Command(ready.start(words, environment, cwd, typing=typing))


@contextmanager
def running(*arguments: str | Path, aws: str | None = None, **more: str) -> Iterator[Command]:
    """A command that is killed if the test leaves it behind."""
    with ended(begin(*arguments, aws=aws, **more)) as command:
        yield command


@contextmanager
def asking(*arguments: str | Path, aws: str | None = None, **more: str) -> Iterator[Command]:
    """The same for a command that reads what is typed."""
    with ended(_called(arguments, environment(aws, **more), None, typing=True)) as command:
        yield command


@contextmanager
def ended(command: Command) -> Iterator[Command]:
    """A command that is over when the block is left."""
    try:
        yield command
    finally:
        command.close()


@dataclass(frozen=True)
class Served:
    """A sandbox in a process of its own; `line` is what it printed when it was ready."""

    line: str
    command: Command
    addresses: dict[str, str]
    instagram: httpx.Client

    @property
    def aws(self) -> str:
        return self.addresses["aws"]

    def posts(self) -> list[dict[str, Any]]:
        """What is live, the newest first."""
        posts: list[dict[str, Any]] = self._get("posts")
        return posts

    def requests(self) -> list[dict[str, Any]]:
        """What was asked of Instagram."""
        requests: list[dict[str, Any]] = self._get("requests")
        return requests

    def advance(self, seconds: float) -> None:
        """Move simulated time."""
        self._post("clock", {"advance_seconds": seconds})

    def in_a_day(self) -> str:
        """The instant that is a day ahead of the sandbox's clock."""
        now = datetime.fromisoformat(self._get("clock")["now"])
        return (now + timedelta(days=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def configure(self, **changes: Any) -> None:
        """Change how the simulated Instagram behaves."""
        self._post("config", changes)

    def script(self, *faults: dict[str, Any]) -> None:
        """Add to what goes wrong at the simulated Instagram."""
        self._post("faults", {"faults": faults})

    def reset(self) -> None:
        """An empty simulated Instagram with its defaults, of which our records remember nothing."""
        self._post("reset", {})
        session = boto3.session.Session("sandbox", "sandbox", region_name="us-east-1")
        table = session.resource("dynamodb", endpoint_url=self.aws).Table("postwright")
        table.delete_item(Key={"PK": "ACCOUNT#default", "SK": LEDGER})

    def _get(self, what: str) -> Any:
        return self.instagram.get(f"/_control/{what}").raise_for_status().json()

    def _post(self, what: str, body: dict[str, Any]) -> None:
        self.instagram.post(f"/_control/{what}", json=body).raise_for_status()


@contextmanager
def serving_sandbox(*options: str, **more: str) -> Iterator[Served]:
    """`postwright sandbox serve` on free ports, until the block is left."""
    with running("sandbox", "serve", "--json", *FREE_PORTS, *options, **more) as command:
        command.read_until(lambda it: "\n" in it.out)
        addresses = json.loads(command.out)
        with httpx.Client(
            base_url=addresses["instagram"], trust_env=False, timeout=SECONDS
        ) as instagram:
            yield Served(command.out, command, addresses, instagram)


@dataclass
class Gate:
    """Stands between a command and a sandbox: sees every request, and may hold one back.

    A request for which `hold` is true waits until `opened` is set; `arrived` tells that it came.
    """

    origin: str
    hold: Callable[[str, Mapping[str, str]], bool] = lambda _path, _headers: False
    seen: list[str] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)


@contextmanager
def gate_before(
    aws: str, hold: Callable[[str, Mapping[str, str]], bool] | None = None
) -> Iterator[Gate]:
    """A gate in front of the AWS of a sandbox."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Forward)
    http.daemon_threads = True
    gate = Gate(f"http://127.0.0.1:{http.server_address[1]}")
    if hold is not None:
        gate.hold = hold
    with httpx.Client(base_url=aws, trust_env=False, timeout=SECONDS) as behind:
        http.gate, http.behind = gate, behind  # type: ignore[attr-defined]  # the handler's way to them
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield gate
        finally:
            gate.opened.set()
            http.shutdown()
            thread.join(SECONDS)
            http.server_close()


class _Forward(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        gate: Gate = self.server.gate  # type: ignore[attr-defined]  # set above
        behind: httpx.Client = self.server.behind  # type: ignore[attr-defined]  # set above
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        body = self._body()
        gate.seen.append(f"{self.command} {self.path}\n{self.headers}\n{body!r}")
        if gate.hold(f"{self.command} {self.path}", dict(self.headers)):
            gate.arrived.set()
            gate.opened.wait(SECONDS)
        headers = {n: v for n, v in self.headers.items() if n.lower() not in {*_HOP, "expect"}}
        answer = behind.request(self.command, self.path, headers=headers, content=body)
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in {*_HOP, "content-encoding"}:
                self.send_header(name, value)
        length = answer.headers.get("content-length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST  # noqa: N815  the names are inherited

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is inherited
        """Quiet."""
