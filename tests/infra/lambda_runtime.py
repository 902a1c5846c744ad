"""Functions as Lambda runs them: AWS's own runtime client in an interpreter of its own, which finds
the bundle, the layers and what the runtime brings, and nothing else.

Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes", 2026-11.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Final

from sandbox.names import function_arn

OF_THE_RUNTIME: Final = (
    *("boto3", "botocore", "s3transfer", "python-dateutil", "six", "urllib3"),
    *("awslambdaric", "simplejson", "snapshot-restore-py"),
)
"""The packages that Lambda's runtime has without our doing."""

_ROOT: Final = "/2018-06-01/runtime"
_WITHIN_SECONDS: Final = 60.0
_DEADLINE_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Result:
    """What came of an invocation; with `error`, the document says `errorType`."""

    payload: Any
    error: bool = False


def link_runtime(folder: Path) -> None:
    """A folder with the packages of the runtime, as they are installed here, and no others."""
    folder.mkdir()
    for name in OF_THE_RUNTIME:
        found = distribution(name)
        tops = {Path(file).parts[0] for file in found.files or () if ".." not in Path(file).parts}
        for top in tops - {"__pycache__"}:
            (folder / top).symlink_to(Path(str(found.locate_file(top))))


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Nothing: a process that is killed resets its connections."""


class RuntimeApi:
    """One execution environment: a process that runs a function's handler, and the server that it
    asks for work. `with RuntimeApi("publish", path, environment) as function:`
    """

    def __init__(self, name: str, path: Sequence[Path], environment: Mapping[str, str]) -> None:
        self._name = name
        self._events: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._results: queue.Queue[Result] = queue.Queue()
        self._one_at_a_time = Lock()
        self._server = Server(("127.0.0.1", 0), self._handler())
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        host, port = self._server.server_address[:2]
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-P", "-m", "awslambdaric", f"lambdas.{name}.handler"],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": ":".join(map(str, path)),
                "AWS_LAMBDA_RUNTIME_API": f"{host!s}:{port}",
                "AWS_LAMBDA_FUNCTION_NAME": name,
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                **environment,
            },
            stdin=subprocess.DEVNULL,
        )

    def __enter__(self) -> RuntimeApi:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End process and server."""
        self._process.kill()
        self._process.wait(_WITHIN_SECONDS)
        self._server.shutdown()
        self._server.server_close()

    def invoke(self, event: Any) -> Result:
        """Run the handler once; a function that cannot be initialised answers with its error."""
        with self._one_at_a_time:
            self._events.put((str(uuid.uuid4()), event))
            return self._results.get(timeout=_WITHIN_SECONDS)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Nothing."""

            def do_GET(self) -> None:
                request_id, event = api._events.get()
                self._answer(200, event, api._headers(request_id))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert self.path.startswith(_ROOT), self.path
                api._results.put(Result(body, error=self.path.endswith("/error")))
                self._answer(202, {"status": "OK"}, {})

            def _answer(self, status: int, document: Any, headers: Mapping[str, str]) -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        return Handler

    def _headers(self, request_id: str) -> dict[str, str]:
        deadline = int((time.time() + _DEADLINE_SECONDS) * 1000)
        return {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(deadline),
            "Lambda-Runtime-Invoked-Function-Arn": function_arn(self._name),
        }
