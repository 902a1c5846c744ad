"""The whole sandbox: AWS, the simulated Instagram, and the HTTP API in front of the functions."""

from __future__ import annotations

import base64
import importlib
import json
import logging
import os
import pkgutil
import shutil
import socket
import sys
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from postwright import __version__
from postwright.routes import REST, ROUTES
from sandbox import moto_imports, publish_page
from sandbox.calls import Call, Calls
from sandbox.clock import SimulatedClock
from sandbox.functions import Answer, Functions, InvokeError
from sandbox.issuer import CLIENT_ID, Issuer
from sandbox.loopback import LoopbackOnly
from sandbox.names import (
    ACCESS_KEY,
    ACCOUNT_ID,
    BUCKET,
    REGION,
    SSM_PREFIX,
    STATE_MACHINE_ARN,
    TABLE,
)
from sandbox.refreshing import DailyRefresh
from sandbox.serving import HOST, Server, listen, told_to_end
from sandbox.sweeping import Sweeper

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
DEFINITION = ROOT / "statemachine" / "publish_post.asl.json"

_PORT_OPTIONS = {"port": "--port", "instagram_port": "--instagram-port", "aws_port": "--aws-port"}
_ALL = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
_NO_ANSWER = Answer(None, error=True)
_FAILED = {"FAILED", "TIMED_OUT", "ABORTED"}


@dataclass(frozen=True)
class SandboxOptions:
    """Port 0 means any free port; speed None means "max".

    `settings` are further POSTWRIGHT_* variables of the functions. `keep` is a folder in which the
    simulated Instagram keeps its posts. `log_path` collects every log record of the functions.
    `functions` is the package whose modules are the functions; `aliases` are further names of them,
    as CloudFormation gives. Without `schedules` nobody calls `sweep_jobs` and `refresh_token`, and
    time stands where the last run has left it. `before_aws` makes the application that answers
    every call to AWS from the one that would. With `sign_in` page and API want a sign-in, at a
    small issuer of the sandbox's own.
    """

    port: int = 8080
    instagram_port: int = 8081
    aws_port: int = 8082
    speed: float | None = 1.0
    graph_url: str | None = None
    empty: bool = False
    keep: Path | None = None
    log_path: Path | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    functions: str = "lambdas"
    aliases: Mapping[str, str] = field(default_factory=dict)
    schedules: bool = True
    before_aws: Callable[[WSGIApplication], WSGIApplication] | None = None
    sign_in: bool = False


class Sandbox:
    """`with Sandbox(SandboxOptions(port=0, ...)) as sandbox:`; one at a time in a process.

    It leaves os.environ alone: what a client needs is in `environment()`.
    """

    app: str
    instagram: str
    aws: str
    state_machine_arn: str
    clock: SimulatedClock
    functions: Functions
    calls: Calls

    def __init__(self, options: SandboxOptions | None = None) -> None:
        self.options = options or SandboxOptions()
        self._running = ExitStack()
        self._sweeper: Sweeper | None = None

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Return when everything answers; raises PortInUseError, EngineInUseError."""
        with ExitStack() as starting:
            self._start(starting)
            self._running = starting.pop_all()
        if not self.options.empty:
            from sandbox import demo_session

            try:
                demo_session.fill(self.environment())
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """End executions, servers and functions, and forget what moto stored."""
        self._running.close()

    def environment(self) -> dict[str, str]:
        """What a client process needs to use this sandbox, and what the functions see."""
        return dict(self._environment)

    def describe(self) -> dict[str, Any]:
        """What `GET /_sandbox` on the AWS origin answers: where everything is, and the clock."""
        return {
            "now": self.clock.now().isoformat(),
            "speed": self.clock.speed or "max",
            "app": self.app,
            "instagram": self.instagram,
            "aws": self.aws,
            "stateMachineArn": self.state_machine_arn,
            "version": __version__,
        }

    def _start(self, running: ExitStack) -> None:
        listeners = {
            name: running.enter_context(listen(getattr(self.options, name), option))
            for name, option in _PORT_OPTIONS.items()
        }
        self.app, self.instagram, self.aws = (
            f"http://{HOST}:{listener.getsockname()[1]}" for listener in listeners.values()
        )
        package = importlib.import_module(self.options.functions)
        names = sorted(
            module.name
            for module in pkgutil.iter_modules(package.__path__)
            if not module.name.startswith("_")
        )
        self.clock = SimulatedClock(self.options.speed)
        self.calls = Calls(self.clock)
        self._issuer = Issuer(self.clock.now) if self.options.sign_in else None
        self._environment = self._make_environment()
        self.state_machine_arn = self._environment["POSTWRIGHT_STATE_MACHINE_ARN"]
        # First, because their processes get ready while the rest is imported here.
        self.functions = running.enter_context(
            Functions(
                names,
                self._environment,
                self.clock,
                package=self.options.functions,
                warm=("sandbox.warming:parts",),
                log_path=self.options.log_path,
                calls=self.calls,
                aliases=self.options.aliases,
            )
        )
        running.callback(self.calls.close)
        self._start_aws(running, listeners["aws_port"], names)
        self._start_instagram(running, listeners["instagram_port"])
        if self.options.schedules:
            self._sweeper = Sweeper(self.functions, self.clock)
            running.callback(self._sweeper.close)
            running.callback(DailyRefresh(self.functions, self.clock).close)
        running.enter_context(Server(LoopbackOnly(self._api()), listeners["port"]))

    def _start_aws(self, running: ExitStack, listener: socket.socket, names: list[str]) -> None:
        moto_imports.load()
        from sandbox import aws, engine, parameter_times
        from sandbox.instagram.accounts import DEMO_ACCOUNT, SECOND_ACCOUNT

        running.callback(aws.forget)
        running.enter_context(parameter_times.told_by(self.clock.now))
        running.enter_context(engine.install(self.functions, self.clock, self._on_status_change))
        self.calls.stop_execution = lambda job_id: engine.abort(job_id, self.clock)
        server = aws.Aws(
            listener, self.describe, self.clock, self.calls, before=self.options.before_aws
        )
        running.callback(server.close)
        definition = aws.substitute(DEFINITION.read_text(encoding="utf-8"), names)
        server.create_resources(definition, {"": DEMO_ACCOUNT, "/second": SECOND_ACCOUNT})

    def _start_instagram(self, running: ExitStack, listener: socket.socket) -> None:
        from sandbox.instagram import SimulatedInstagram, application

        media = running.enter_context(tempfile.TemporaryDirectory(prefix="postwright-instagram-"))
        simulated = SimulatedInstagram(
            self.clock, self.instagram, Path(media), keep=self.options.keep, calls=self.calls
        )
        running.callback(simulated.close)
        running.enter_context(Server(LoopbackOnly(application(simulated)), listener))

    def _make_environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.aws,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "TZ": "UTC",
            "POWERTOOLS_METRICS_DISABLED": "true",  # they are log lines, and nobody collects them
            "POSTWRIGHT_GRAPH_URL": self.options.graph_url or self.instagram,
            "POSTWRIGHT_TABLE": TABLE,
            "POSTWRIGHT_BUCKET": BUCKET,
            "POSTWRIGHT_SSM_PREFIX": SSM_PREFIX,
            "POSTWRIGHT_STATE_MACHINE_ARN": STATE_MACHINE_ARN,
            **self.options.settings,
        }

    def _on_status_change(self, event: dict[str, Any]) -> None:
        if self._sweeper is not None:
            self._sweeper.wake()
        detail = event["detail"]
        if detail["status"] not in _FAILED:
            return
        call = self.calls.enter("events", detail["status"], detail["name"])
        call.before()
        if call.does == "lost":
            call.end("lost")
            return
        if call.does == "twice" and call.fault is not None:
            self.calls.later(
                call.fault.again_after_seconds,
                lambda: self._record_failure(call.again(), event),
            )
        self._record_failure(call, event)

    def _record_failure(self, call: Call, event: dict[str, Any]) -> None:
        call.end("delivered")
        try:
            answer = self.functions.invoke("record_failure", event, caller_is_busy=True)
        except InvokeError as error:
            _log.warning("record_failure was not invoked: %s", error)
        else:
            if answer.error:
                _log.error("record_failure failed: %s", json.dumps(answer.payload))

    def _api(self) -> Starlette:
        routes = [
            Route(path, self._endpoint(f"{method} {path}", function), methods=[method])
            for method, path, function in ROUTES
        ]
        rest = Route("/api/{proxy:path}", self._endpoint("ANY /api/{proxy+}", REST), methods=_ALL)
        issuer = self._issuer.routes() if self._issuer else []
        sign_in = {"clientId": CLIENT_ID} if self._issuer else {}
        page = publish_page.routes(self.aws, sign_in)
        others = [Route("/_sandbox", self._index), Route("/openapi.json", self._described)]
        return Starlette(routes=[*routes, rest, *others, *issuer, *page])

    async def _described(self, _request: Request) -> Response:
        from sandbox import openapi

        return JSONResponse(openapi.document(sign_in=self._issuer is not None))

    async def _index(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "app": self.app,
                "instagram": self.instagram,
                "aws": self.aws,
                "api": [f"{method} {path}" for method, path, _ in ROUTES],
            }
        )

    def _endpoint(self, route: str, function: str) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            event = _gateway_event(request, route, await request.body())
            if self._issuer is not None:
                claims = self._issuer.claims(request.headers.get("authorization", ""))
                if claims is None:
                    return JSONResponse({"message": "Unauthorized"}, status_code=401)
                event["requestContext"]["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
            if self._sweeper is not None and function in ("start_publish", "retry_job"):
                self._sweeper.wake()  # it may die before it has started the run
            try:
                answer = await run_in_threadpool(self.functions.invoke, function, event)
            except InvokeError:
                answer = _NO_ANSWER
            return _gateway_response(answer)

        return endpoint


def serve(options: SandboxOptions, *, as_json: bool = False) -> None:
    """Run a sandbox until SIGTERM or SIGINT.

    With `as_json`, stdout gets exactly one line, when everything answers.
    """
    with told_to_end() as until_the_end, Sandbox(options) as sandbox:
        lines = [_ready_document(sandbox)] if as_json else _ready_lines(sandbox)
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        until_the_end()


def _ready_document(sandbox: Sandbox) -> str:
    return json.dumps(
        {
            "app": sandbox.app,
            "instagram": sandbox.instagram,
            "aws": sandbox.aws,
            "stateMachineArn": sandbox.state_machine_arn,
        }
    )


def _ready_lines(sandbox: Sandbox) -> list[str]:
    """Where everything is, and what to type next."""
    command = "postwright" if shutil.which("postwright") else sys.argv[0]
    post = "--session demo --group group-1"
    if sandbox.options.empty:
        post = 'PHOTO.jpg --caption "Hello"'
    speed = f"{sandbox.clock.speed:g}" if sandbox.clock.speed else "max"
    return [
        f"The sandbox is ready, at speed {speed}. Ctrl-C ends it.",
        "",
        "Open it in a browser:",
        "",
        f"  {sandbox.app}/",
        "",
        "Or publish a post from another terminal:",
        "",
        f"  export AWS_ENDPOINT_URL={sandbox.aws}",
        f"  {command} publish {post}",
    ]


def _gateway_event(request: Request, route: str, body: bytes) -> dict[str, Any]:
    """What an HTTP API hands to a function.

    Source: API Gateway developer guide, "AWS Lambda proxy integrations for HTTP APIs", format 2.0.
    """
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": request.url.path,
        "rawQueryString": request.url.query,
        "headers": {name: ",".join(request.headers.getlist(name)) for name in set(request.headers)},
        "requestContext": {
            "accountId": ACCOUNT_ID,
            "apiId": "sandbox",
            "domainName": request.headers.get("host", ""),
            "http": {
                "method": request.method,
                "path": request.url.path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.client.host if request.client else HOST,
                "userAgent": request.headers.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": route,
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }
    if request.query_params:
        event["queryStringParameters"] = {
            name: ",".join(request.query_params.getlist(name)) for name in request.query_params
        }
    if request.path_params:
        event["pathParameters"] = dict(request.path_params)
    if body:
        try:
            event["body"] = body.decode()
        except UnicodeDecodeError:
            event["body"] = base64.b64encode(body).decode()
            event["isBase64Encoded"] = True
    return event


def _gateway_response(answer: Answer) -> Response:
    """What an HTTP API makes of a function's answer."""
    payload = answer.payload
    if answer.error:
        return JSONResponse({"message": "Internal Server Error"}, status_code=500)
    if not isinstance(payload, dict) or "statusCode" not in payload:
        return JSONResponse(payload)
    body = payload.get("body") or ""
    return Response(
        base64.b64decode(body) if payload.get("isBase64Encoded") else body,
        status_code=int(payload["statusCode"]),
        headers={"content-type": "application/json", **_lower(payload.get("headers") or {})},
    )


def _lower(headers: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in headers.items()}
