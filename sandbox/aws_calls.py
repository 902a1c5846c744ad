"""The door of the sandbox's AWS through which every call goes: logged, and spoiled by the script.

A call is refused in the words of its service, so that botocore repeats it or not as it does on AWS.
Source: API references of DynamoDB ("Error handling"), Systems Manager, Step Functions ("Common
errors") and Amazon S3 ("Error responses").
"""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

from werkzeug.wrappers import Response

from sandbox.calls import Call, Calls, Service
from sandbox.instagram.redaction import redact
from sandbox.trace import HEADER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_TRACE = f"HTTP_{HEADER.upper().replace('-', '_')}"
_SERVICES: dict[str, Service] = {
    "DynamoDB_20120810": "dynamodb",
    "AmazonSSM": "ssm",
    "AWSStepFunctions": "states",
}
_OTHER_SERVICE = re.compile(r"Credential=[^/]+/\d+/[^/]+/(?!s3/)\w")
_OF_OBJECTS = {
    "GET": "GetObject",
    "HEAD": "HeadObject",
    "PUT": "PutObject",
    "DELETE": "DeleteObject",
    "POST": "PostObject",
}
_OF_BUCKETS = {
    "GET": "ListObjectsV2",
    "HEAD": "HeadBucket",
    "PUT": "CreateBucket",
    "DELETE": "DeleteBucket",
    "POST": "DeleteObjects",
}
_OF_UPLOADS = {
    "PUT": "UploadPart",
    "POST": "CompleteMultipartUpload",
    "DELETE": "AbortMultipartUpload",
    "GET": "ListParts",
}
_DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
_REFUSALS: dict[tuple[Service, str], tuple[int, str, str]] = {
    ("dynamodb", "refused"): (500, f"{_DYNAMODB}InternalServerError", "Internal server error"),
    ("dynamodb", "throttled"): (
        400,
        f"{_DYNAMODB}ProvisionedThroughputExceededException",
        "The level of configured provisioned throughput for the table was exceeded.",
    ),
    ("ssm", "refused"): (500, "InternalServerError", "An error occurred on the server side."),
    ("ssm", "throttled"): (400, "ThrottlingException", "Rate exceeded"),
    ("states", "refused"): (500, "InternalFailure", "The request processing has failed."),
    ("states", "throttled"): (400, "ThrottlingException", "Rate exceeded"),
    ("s3", "refused"): (500, "InternalError", "We encountered an internal error."),
    ("s3", "throttled"): (503, "SlowDown", "Please reduce your request rate."),
}
_STEP_SECONDS = 1.0
_LONGEST_STEPS = 3600
_REAL_STEP_SECONDS = 0.002
"""One step takes so long at least, which lets a caller read what has come."""


class SpoiledError(ConnectionError):
    """The caller gets no answer, or no more of it: its connection is to be reset."""


class _Asked(NamedTuple):
    """Which call a request is, and its body if that has been read."""

    service: Service
    operation: str
    target: str
    body: bytes | None


class Gate:
    """A WSGI application in front of the one that answers for AWS."""

    def __init__(self, application: WSGIApplication, calls: Calls) -> None:
        self._application = application
        self._calls = calls

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = _asked(environ)
        if asked is None:
            return self._application(environ, start_response)
        if asked.body is not None:
            environ = environ | {"wsgi.input": BytesIO(asked.body)}
        invocation = self._calls.by_trace(environ.get(_TRACE))
        call = self._calls.enter(
            asked.service, asked.operation, asked.target, invocation=invocation
        )
        if call.fault is not None:
            return self._spoiled(call, asked, environ)(environ, start_response)
        return self._answered(call, environ, start_response)

    def _answered(
        self, call: Call, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        refused: list[str] = []

        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            code = status[:3]
            call.end(code)
            if code >= "400":
                refused.append(code)
            return start_response(status, headers, exc_info)

        answer = self._application(environ, start)
        if not refused:
            return answer
        body = b"".join(answer)
        call.end(f"{refused[0]} {_error_in(body)}".strip())
        return [body]

    def _spoiled(self, call: Call, asked: _Asked, environ: WSGIEnvironment) -> WSGIApplication:
        """The answer to a call to which a fault happens; raises SpoiledError instead of some."""
        call.before()
        refusal = _REFUSALS.get((asked.service, call.does or ""))
        if refusal is not None:
            call.end(f"{refusal[0]} {refusal[1].rpartition('#')[2]}")
            return _refusal(asked.service, *refusal)
        if call.does in ("reset_before", "kill_before"):
            self._give_up(call, "without effect")
        answer = Response.from_app(lambda e, s: self._answered(call, e, s), environ, buffered=True)
        call.after()
        if call.does in ("reset_after", "kill_after"):
            self._give_up(call, f"after {answer.status_code}")
        if call.does == "drip":
            call.end(f"dripped {answer.status_code}")
            body = answer.get_data() if environ["REQUEST_METHOD"] != "HEAD" else b""
            return _Drip(call, environ["werkzeug.socket"], answer, body)
        return answer

    @staticmethod
    def _give_up(call: Call, when: str) -> None:
        how = "killed" if (call.does or "").startswith("kill") else "reset"
        call.end(f"{how} {when}")
        raise SpoiledError


class _Drip:
    """An answer of which one byte comes each second, and the last one never."""

    def __init__(
        self, call: Call, connection: socket.socket, answer: Response, body: bytes
    ) -> None:
        self._call = call
        self._connection = connection
        self._answer = answer
        self._body = body

    def __call__(self, _: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not self._body:
            for _step in self._steps():
                pass
        headers = self._answer.headers.copy()
        headers["Content-Length"] = str(len(self._body))
        start_response(self._answer.status, list(headers))
        return self._bytes()

    def _bytes(self) -> Iterator[bytes]:
        last = len(self._body) - 1
        for step in self._steps():
            if step < last:
                yield self._body[step : step + 1]

    def _steps(self) -> Iterator[int]:
        for step in range(_LONGEST_STEPS):
            yield step
            time.sleep(_REAL_STEP_SECONDS)
            self._call.let_pass(_STEP_SECONDS)
            if not self._call.has_caller or _is_left(self._connection):
                break
        raise SpoiledError


def reset(connection: socket.socket) -> None:
    """End it with RST, as a machine in between does that forgets a connection."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(connection.detach())  # files made from it would keep it open


def _is_left(connection: socket.socket) -> bool:
    """Whether the client has gone away."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _refusal(service: Service, status: int, code: str, message: str) -> Response:
    request_id = str(uuid.uuid4()).upper()
    if service == "s3":
        text = f"<Error><Code>{code}</Code><Message>{message}</Message>"
        body = f"{text}<RequestId>{request_id}</RequestId></Error>"
        headers = {"x-amz-request-id": request_id}
        return Response(body, status, headers, content_type="application/xml")
    body = json.dumps({"__type": code, "message": message})
    headers = {"x-amzn-RequestId": request_id}
    return Response(body, status, headers, content_type="application/x-amz-json-1.0")


def _error_in(body: bytes) -> str:
    """The name of the error in an answer of any service."""
    xml = re.search(rb"<Code>(\w+)</Code>", body)
    if xml is not None:
        return xml[1].decode()
    try:
        document = json.loads(body)
    except ValueError:
        return ""
    return str(document.get("__type", "")).rpartition("#")[2] if isinstance(document, dict) else ""


def _asked(environ: WSGIEnvironment) -> _Asked | None:
    """None for what is no call to a service that our functions use."""
    prefix, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
    service = _SERVICES.get(prefix)
    if service is not None:
        body = environ["wsgi.input"].read()
        return _Asked(service, operation, redact(_target(service, _document(body))), body)
    path = str(environ["PATH_INFO"])
    if (
        prefix
        or path.startswith("/moto-api")
        or _OTHER_SERVICE.search(environ.get("HTTP_AUTHORIZATION", ""))
    ):
        return None
    bucket, _, key = path.lstrip("/").partition("/")
    operation = _on_objects(environ["REQUEST_METHOD"], key, environ.get("QUERY_STRING", ""))
    return _Asked("s3", operation, redact(key or bucket), None)


def _on_objects(method: str, key: str, query: str) -> str:
    if not key:
        return _OF_BUCKETS.get(method, method)
    if "uploadId=" in query:
        return _OF_UPLOADS.get(method, method)
    if method == "POST" and query.startswith("uploads"):
        return "CreateMultipartUpload"
    return _OF_OBJECTS.get(method, method)


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _target(service: Service, document: Mapping[str, Any]) -> str:
    """What a call is about: table keys, names of parameters, or the name of an execution."""
    match service:
        case "dynamodb":
            return " ".join(_keys(document))
        case "ssm":
            names = document.get("Names") or [document.get("Name") or document.get("Path") or ""]
            return " ".join(str(name) for name in names)
        case _:
            arn = document.get("executionArn") or document.get("stateMachineArn") or ""
            return str(document.get("name") or str(arn).rpartition(":")[2])


def _keys(document: Mapping[str, Any]) -> Iterator[str]:
    """`PK/SK` of each item that is read or written; of a query its values."""
    for request in document.get("TransactItems") or ():
        for part in request.values():
            yield from _keys(part)
    for item in (document.get("Key"), document.get("Item")):
        if item:
            yield f"{_text(item.get('PK'))}/{_text(item.get('SK'))}"
    if "KeyConditionExpression" in document:
        values = document.get("ExpressionAttributeValues") or {}
        yield " ".join(_text(value) for value in values.values())


def _text(value: object) -> str:
    return str(value.get("S", "")) if isinstance(value, Mapping) else ""
