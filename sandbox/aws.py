"""AWS on one machine: moto's server, and what the sandbox creates in it.

A stock AWS client with this server as its endpoint can use the table, the bucket, the parameters
and the state machine. Signatures are not checked, except those of presigned URLs
(`sandbox.object_store`).
"""

from __future__ import annotations

import functools
import http.client
import json
import logging
import re
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from http import HTTPStatus
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, NamedTuple, cast

from botocore.exceptions import ClientError
from moto.core.request import Request
from moto.core.responses import BaseResponse
from moto.dynamodb.responses import DynamoHandler
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.ssm.responses import SimpleSystemManagerResponse
from moto.stepfunctions.responses import StepFunctionResponse
from werkzeug.datastructures import CombinedMultiDict, ImmutableMultiDict
from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.serving import make_server
from werkzeug.wrappers import Response
from werkzeug.wsgi import ClosingIterator, LimitedStream

from sandbox.aws_calls import Gate, SpoiledError, reset
from sandbox.calls import Calls
from sandbox.clock import SimulatedClock
from sandbox.instagram.accounts import Account
from sandbox.instagram.config import ConfigError
from sandbox.loopback import REFUSAL, is_local
from sandbox.names import (
    ACCESS_KEY,
    BUCKET,
    REGION,
    ROLE_ARN,
    SSM_PREFIX,
    STATE_MACHINE,
    TABLE,
    function_arn,
)
from sandbox.object_store import ObjectStore

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_log = logging.getLogger(__name__)


_STOP_POLL_SECONDS = 0.05
_BODY_LIMIT = 1024 * 1024
_ADDRESSES = "GET /_sandbox, GET or DELETE /_sandbox/calls, GET, POST or DELETE /_sandbox/faults"

_TABLE_DEFINITION = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"}
        for name in ("PK", "SK", "openJob", "updatedAt")
    ],
    "KeySchema": [
        {"AttributeName": "PK", "KeyType": "HASH"},
        {"AttributeName": "SK", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "open-jobs",
            "KeySchema": [
                {"AttributeName": "openJob", "KeyType": "HASH"},
                {"AttributeName": "updatedAt", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


def substitute(definition: str, names: Iterable[str]) -> str:
    """Fill in `${CreateContainerArn}` and the like: the file name in camel case, then `Arn`."""
    for name in names:
        placeholder = "".join(word.capitalize() for word in name.split("_"))
        definition = definition.replace(f"${{{placeholder}Arn}}", function_arn(name))
    left = re.findall(r"\$\{[^}]*\}", definition)
    if left:
        raise ValueError(f"no function for {', '.join(sorted(set(left)))} in the definition")
    return definition


class _Whole(NamedTuple):
    """An answer that is there when it begins."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


def _answered(app: WSGIApplication, environ: WSGIEnvironment) -> _Whole | Response:
    """What an application answers; a small answer in full, without werkzeug's ways with it."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
        begun.append((status, headers))

    answer = app(environ, start)
    if begun and type(answer) is list and environ["REQUEST_METHOD"] != "HEAD":
        return _Whole(*begun[0], b"".join(answer))

    def resume(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        chunks = iter(answer)
        first = next(chunks, b"")  # with it, an application must have begun
        start_response(*begun[0])
        return ClosingIterator(chain([first], chunks), getattr(answer, "close", None))

    return Response.from_app(resume, environ)


class _Handler(MotoRequestHandler):
    """Keeps connections open and logs no request, because URLs carry signatures.

    A small request takes 0.3 ms this way instead of 1.4: werkzeug's own `run_wsgi` closes each
    connection, because it does not know whether the application has read the whole body.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self._open().add(self.connection)

    def finish(self) -> None:
        self._open().discard(self.connection)
        super().finish()

    def log(self, *_: object, **__: object) -> None:
        """Nothing."""

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = LimitedStream(cast(IO[bytes], self.rfile), length)
        if environ.get("wsgi.input_terminated"):  # chunked: its end cannot be found again
            self.close_connection = True
        else:
            environ["wsgi.input"] = body
        try:
            answer = _answered(self.server.app, environ)
            if isinstance(answer, Response) and "Content-Length" not in answer.headers:
                answer.make_sequence()
            if not self.close_connection:
                body.exhaust()  # whoever answered may have put another in its place
        except SpoiledError:
            self.close_connection = True
            reset(self.connection)
            return
        except ClientDisconnected:
            self.close_connection = True
            return
        except Exception:
            _log.exception("moto failed at %s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            self.close_connection = True
            answer = Response("moto failed; the log of the sandbox has more", 500)
        if isinstance(answer, Response):
            self._send_in_parts(answer, environ)
        else:
            self._send(answer)

    def _send(self, answer: _Whole) -> None:
        """Head and body in one go."""
        code, _, reason = answer.status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in answer.headers:
            self.send_header(name, value)
        head: list[bytes] = vars(self)["_headers_buffer"]
        head += [b"\r\n", answer.body]
        self.flush_headers()

    def _send_in_parts(self, response: Response, environ: WSGIEnvironment) -> None:
        body, status, headers = response.get_wsgi_response(environ)
        with closing(response):
            self.send_response(response.status_code, status.partition(" ")[2])
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            for chunk in body:
                self.wfile.write(chunk)

    def _open(self) -> set[socket.socket]:
        open_connections: set[socket.socket] = vars(self.server).setdefault("connections", set())
        return open_connections


class _Dispatcher(DomainDispatcherApplication):
    """Remembers which service answers for a host name.

    moto looks through its own folders for it at each request, under a lock: 5 ms for everybody.
    """

    def __init__(self, clock: SimulatedClock) -> None:
        super().__init__(self._create_app)
        self._clock = clock
        self._look_up = functools.lru_cache(maxsize=256)(super().get_backend_for_host)

    def _create_app(self, service: Any) -> Any:
        app = create_backend_app(service)
        # Debug mode makes a class for each request, which keeps its body until the next collection.
        app.debug = False
        app.config["PROPAGATE_EXCEPTIONS"] = True
        return ObjectStore(app, self._clock) if service == "s3" else app

    def get_backend_for_host(self, host: str | None) -> Any:
        return self._look_up(host)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        service = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")[0]
        if service not in _SERVICES:
            return super().__call__(environ, start_response)
        return _answer_of(_SERVICES[service], environ, start_response)


_SERVICES: Mapping[str, type[BaseResponse]] = {
    "DynamoDB_20120810": DynamoHandler,
    "AmazonSSM": SimpleSystemManagerResponse,
    "AWSStepFunctions": StepFunctionResponse,
}
"""Those whose calls all go to one address, so that Flask has no way to find for them."""


class _Request(Request):
    """A call in JSON to the one address of its service: no query, no form and no files."""

    from_wsgi_server = True
    form = files = ImmutableMultiDict[str, Any]()
    values = CombinedMultiDict[str, Any]()

    @property
    def raw_url(self) -> str:
        return f"http://{self.environ['HTTP_HOST']}/"


def _answer_of(
    service: type[BaseResponse], environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """What a service answers, without Flask, which takes a third of a small call."""
    request = _Request(environ)
    try:
        status, headers, body = service.dispatch(request, request.raw_url, {})
    except ClientError as error:
        status, headers, body = 400, {}, error.response["Error"]["Message"]
    except HTTPException as error:
        return Response.force_type(error.get_response(environ), environ)(environ, start_response)
    content = body if isinstance(body, bytes) else body.encode()
    headers["Content-Length"] = str(len(content))
    start_response(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
    return [content]


class Aws:
    """moto's server on `listener`, a bound loopback socket, until `close`.

    `describe` gives what `GET /_sandbox` answers, and `calls` what is below it. Presigned
    URLs expire by `clock`; None is a clock that shows wall time. `before` makes what stands in
    front of all else that answers for AWS.
    """

    def __init__(
        self,
        listener: socket.socket,
        describe: Callable[[], Mapping[str, Any]],
        clock: SimulatedClock | None = None,
        calls: Calls | None = None,
        before: Callable[[WSGIApplication], WSGIApplication] | None = None,
    ) -> None:
        clock = clock or SimulatedClock()
        self._describe = describe
        self._calls = calls or Calls(clock)
        gate = Gate(_Dispatcher(clock), self._calls)
        self._moto: WSGIApplication = before(gate) if before is not None else gate
        host, port = listener.getsockname()[:2]
        self.origin = f"http://{host}:{port}"
        self._server = make_server(
            host,
            port,
            self._loopback_only,
            threaded=True,
            request_handler=_Handler,
            fd=listener.fileno(),
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_STOP_POLL_SECONDS,), daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for connection in list(vars(self._server).get("connections", ())):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def create_resources(self, definition: str, accounts: Mapping[str, Account]) -> None:
        """Table, bucket, parameters and state machine; each call also warms its part of moto.

        `accounts` are the folders of the Parameter Store, "" for the one of the prefix itself.
        """
        connection = http.client.HTTPConnection(self.origin.removeprefix("http://"))
        try:
            call = _Caller(connection)
            call("dynamodb", "DynamoDB_20120810.CreateTable", _TABLE_DEFINITION)
            expiry = {"AttributeName": "expiresAt", "Enabled": True}
            call(
                "dynamodb",
                "DynamoDB_20120810.UpdateTimeToLive",
                {"TableName": TABLE, "TimeToLiveSpecification": expiry},
            )
            for folder, account in accounts.items():
                for name, kind, value in (
                    ("instagram-access-token", "SecureString", account.token),
                    ("instagram-user-id", "String", account.user_id),
                ):
                    parameter = {"Name": f"{SSM_PREFIX}{folder}/{name}", "Type": kind}
                    call("ssm", "AmazonSSM.PutParameter", {**parameter, "Value": value})
            machine = {"name": STATE_MACHINE, "definition": definition, "roleArn": ROLE_ARN}
            call("states", "AWSStepFunctions.CreateStateMachine", machine)
            call.put_bucket(BUCKET)
        finally:
            connection.close()

    def _loopback_only(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """The rule of `sandbox.loopback`, for WSGI."""
        origins = [environ["HTTP_ORIGIN"]] if "HTTP_ORIGIN" in environ else []
        if not is_local([environ.get("HTTP_HOST", "")], origins):
            return _answer(start_response, "403 Forbidden", "text/plain", REFUSAL)
        if environ["PATH_INFO"].partition("/_sandbox")[0] == "":
            status, document = self._about_itself(environ)
            body = json.dumps(document).encode()
            return _answer(start_response, status, "application/json", body)
        return self._moto(environ, start_response)

    def _about_itself(self, environ: WSGIEnvironment) -> tuple[str, object]:
        """What `/_sandbox` and the addresses below it answer."""
        calls = self._calls
        try:
            match (environ["REQUEST_METHOD"], environ["PATH_INFO"]):
                case (_, "/_sandbox"):
                    return "200 OK", dict(self._describe())
                case ("GET", "/_sandbox/calls"):
                    return "200 OK", {"calls": calls.entries()}
                case ("DELETE", "/_sandbox/calls"):
                    calls.clear()
                    return "200 OK", {"calls": []}
                case ("GET", "/_sandbox/faults"):
                    return "200 OK", {"faults": calls.faults()}
                case ("POST", "/_sandbox/faults"):
                    calls.add_faults(_json(environ))
                    return "200 OK", {"faults": calls.faults()}
                case ("DELETE", "/_sandbox/faults"):
                    calls.clear_faults()
                    return "200 OK", {"faults": []}
        except ConfigError as error:
            return "400 Bad Request", {"error": str(error)}
        return "404 Not Found", {"error": f"There is no such address. Known: {_ADDRESSES}."}


def _answer(
    start_response: StartResponse, status: str, media_type: str, body: bytes
) -> Iterable[bytes]:
    start_response(status, [("Content-Type", media_type), ("Content-Length", str(len(body)))])
    return [body]


def _json(environ: WSGIEnvironment) -> object:
    """The JSON object in the body of a request."""
    try:
        document = json.loads(environ["wsgi.input"].read(_BODY_LIMIT))
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ConfigError("The body must be a JSON object.")
    return document


class _Caller:
    """Calls AWS without botocore, which takes longer to import than the calls need."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection

    def __call__(self, service: str, target: str, body: Mapping[str, Any]) -> None:
        headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"}
        self._request("POST", "/", service, headers, json.dumps(body))

    def put_bucket(self, name: str) -> None:
        self._request("PUT", f"/{name}", "s3", {}, "")

    def _request(
        self, method: str, path: str, service: str, headers: Mapping[str, str], body: str
    ) -> None:
        scope = f"{ACCESS_KEY}/20260101/{REGION}/{service}/aws4_request"
        signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"
        headers = {"Authorization": signature, "X-Amz-Date": "20260101T000000Z", **headers}
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        text = response.read().decode()
        if response.status != http.HTTPStatus.OK:
            raise RuntimeError(f"{method} {service}{path} answered {response.status}: {text}")


def forget() -> None:
    """Empty moto, which keeps its state in the process and not in the server."""
    moto_api_backend.reset()
