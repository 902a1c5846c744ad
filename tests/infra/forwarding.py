"""The sandbox's workers in front of functions that run elsewhere: each hands its event over, and
answers or fails as the real one does.
"""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Final

from infra import names
from tests.infra.lambda_runtime import Result, RuntimeApi, Server

VARIABLE: Final = "POSTWRIGHT_TEST_FRONT"
"""Where workers find the front."""


def write_package(folder: Path) -> None:
    """A package with a module for each function, which the sandbox takes for the functions."""
    folder.mkdir()
    (folder / "__init__.py").touch()
    for name in names.functions():
        text = f"from tests.infra.forwarding import to\n\nhandler = to({name!r})\n"
        (folder / f"{name}.py").write_text(text, encoding="utf-8")


def to(name: str) -> Callable[[Any, Any], Any]:
    """A handler that lets the front run the function of this name."""

    def handler(event: Any, _context: Any) -> Any:
        request = urllib.request.Request(  # noqa: S310  our own address
            f"{os.environ[VARIABLE]}/{name}", json.dumps(event).encode()
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            result = Result(**json.loads(answer.read()))
        if result.error:
            raise type(result.payload["errorType"], (Exception,), {})(
                result.payload["errorMessage"]
            )
        return result.payload

    return handler


class Front:
    """Starts a function when it is first invoked, with `environment`; `names` are those that were.

    `path` gives what the interpreter of a function finds.
    """

    environment: Mapping[str, str]

    def __init__(self, path: Callable[[str], Sequence[Path]]) -> None:
        self._path = path
        self._running: dict[str, RuntimeApi] = {}
        self._starting = Lock()
        self._closing = ExitStack()
        self._server = Server(("127.0.0.1", 0), self._handler())
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Front:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()
        self._server.shutdown()
        self._server.server_close()

    @property
    def names(self) -> set[str]:
        return set(self._running)

    def _function(self, name: str) -> RuntimeApi:
        with self._starting:
            if name not in self._running:
                function = RuntimeApi(name, self._path(name), self.environment)
                self._running[name] = self._closing.enter_context(function)
            return self._running[name]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        front = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Nothing."""

            def do_POST(self) -> None:
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                result = front._function(self.path.removeprefix("/")).invoke(event)
                document = {"payload": result.payload, "error": result.error}
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(document).encode())

        return Handler
