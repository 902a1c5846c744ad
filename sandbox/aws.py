"""AWS on one machine: moto's server, and what the sandbox creates in it.

A stock AWS client with this server as its endpoint can use the table, the bucket, the parameters
and the state machine. Signatures are not checked.

Source of the choice of server: werkzeug's threaded server, which moto itself uses, answers a
DynamoDB request in 2 ms once connections stay open and Nagle's algorithm is off (without: 44 ms).
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from sandbox.functions import ACCOUNT_ID, REGION

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TABLE = "postwright"
BUCKET = "postwright-media"
SSM_PREFIX = "/ai-social-media/prod"
STATE_MACHINE = "publish-post"
STATE_MACHINE_ARN = f"arn:aws:states:{REGION}:{ACCOUNT_ID}:stateMachine:{STATE_MACHINE}"
ACCESS_KEY = "sandbox"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT_ID}:role/sandbox"

_HOST = re.compile(
    r"(?:127\.0\.0\.1|\[::1\]|localhost|(?:[a-z0-9_-]+\.)+localhost)(?::\d{1,5})?", re.IGNORECASE
)
_ORIGIN = re.compile(rf"https?://{_HOST.pattern}", re.IGNORECASE)
_STOP_POLL_SECONDS = 0.05
_REFUSAL = b"This server answers requests from this machine only.\n"

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


def function_arn(name: str) -> str:
    """The ARN that a function has in the sandbox."""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{name}"


def substitute(definition: str, names: Iterable[str]) -> str:
    """Fill in `${CreateContainerArn}` and the like: the file name in camel case, then `Arn`."""
    for name in names:
        placeholder = "".join(word.capitalize() for word in name.split("_"))
        definition = definition.replace(f"${{{placeholder}Arn}}", function_arn(name))
    left = re.findall(r"\$\{[^}]*\}", definition)
    if left:
        raise ValueError(f"no function for {', '.join(sorted(set(left)))} in the definition")
    return definition


class _QuietHandler(MotoRequestHandler):
    """Connections stay open, small answers leave at once, and no URL with a signature is logged."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log(self, *_: object, **__: object) -> None:
        """Nothing: an access log would carry presigned URLs."""


class Aws:
    """moto's server on `listener`, a bound loopback socket, until `close`.

    `describe` gives what `GET /_sandbox` answers.
    """

    def __init__(self, listener: socket.socket, describe: Callable[[], Mapping[str, Any]]) -> None:
        self._describe = describe
        self._moto = DomainDispatcherApplication(create_backend_app)
        host, port = listener.getsockname()[:2]
        self.origin = f"http://{host}:{port}"
        self._server = make_server(
            host,
            port,
            self._loopback_only,
            threaded=True,
            request_handler=_QuietHandler,
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

    def create_resources(self, definition: str, user_id: str, token: str) -> None:
        """Table, bucket, parameters and state machine; each call also warms its part of moto."""
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
            for name, kind, value in (
                ("instagram-access-token", "SecureString", token),
                ("instagram-user-id", "String", user_id),
            ):
                parameter = {"Name": f"{SSM_PREFIX}/{name}", "Type": kind, "Value": value}
                call("ssm", "AmazonSSM.PutParameter", parameter)
            machine = {"name": STATE_MACHINE, "definition": definition, "roleArn": ROLE_ARN}
            call("states", "AWSStepFunctions.CreateStateMachine", machine)
            call.put_bucket(BUCKET)
        finally:
            connection.close()

    def _loopback_only(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """The same rule as `sandbox.loopback`, for WSGI."""
        origin = environ.get("HTTP_ORIGIN")
        if not _HOST.fullmatch(environ.get("HTTP_HOST", "")) or (
            origin is not None and not _ORIGIN.fullmatch(origin)
        ):
            return _answer(start_response, "403 Forbidden", "text/plain", _REFUSAL)
        if environ["PATH_INFO"] == "/_sandbox":
            document = json.dumps(dict(self._describe())).encode()
            return _answer(start_response, "200 OK", "application/json", document)
        application: WSGIApplication = self._moto
        return application(environ, start_response)


def _answer(
    start_response: StartResponse, status: str, media_type: str, body: bytes
) -> Iterable[bytes]:
    start_response(status, [("Content-Type", media_type), ("Content-Length", str(len(body)))])
    return [body]


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
