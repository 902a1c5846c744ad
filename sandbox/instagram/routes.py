"""HTTP: reading a Graph call, sending it to its rule, logging it, and the answer with its headers.

Sources: Instagram platform overview (Meta, 2026) for paths and `me`, Graph API changelog
(2026-07-29) for versions; unversioned paths and header tokens work in production on
graph.instagram.com.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.instagram import control, errors, pages
from sandbox.instagram.errors import GraphError
from sandbox.instagram.parameters import Parameters
from sandbox.instagram.redaction import redact
from sandbox.instagram.request_log import Entry, clean_parameters

if TYPE_CHECKING:
    from sandbox.instagram.simulator import Profile, SimulatedInstagram

_VERSION = re.compile(r"v\d+\.\d+")
_VERSIONS = {f"v{major}.0" for major in range(21, 27)}
_BODY_LIMIT = 1024 * 1024
_JSON = "application/json; charset=UTF-8"


def application(instagram: SimulatedInstagram) -> Starlette:
    """Everything under one origin; what no other route takes is a Graph call."""
    return Starlette(
        routes=[
            *control.routes(instagram),
            *pages.routes(instagram),
            Route("/{path:path}", GraphEndpoint(instagram)),
        ]
    )


@dataclass(slots=True)
class GraphCall:
    """One call as it was understood; `problem` is set when its body could not be read."""

    method: str
    path: str
    parameters: Parameters
    token: str | None
    auth: str | None
    user_agent: str
    problem: GraphError | None

    def segments(self) -> tuple[str | None, list[str]]:
        """Version and the rest of the path; raises GraphError on a version that does not exist."""
        segments = [segment for segment in self.path.split("/") if segment]
        if not segments or not _VERSION.fullmatch(segments[0]):
            return None, segments
        if segments[0] not in _VERSIONS:
            raise GraphError(errors.UNKNOWN_VERSION)
        return segments[0], segments[1:]


class GraphEndpoint:
    """ASGI application for all Graph calls.

    GET is answered on the event loop, it only reads memory; POST may fetch media or write to disk
    and gets a thread.
    """

    def __init__(self, instagram: SimulatedInstagram) -> None:
        self._instagram = instagram

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            call = await read_call(Request(scope, receive))
        except ClientDisconnect:
            return
        with self._instagram.clock.busy():
            if call.method == "POST":
                response = await run_in_threadpool(self._answer, call)
            else:
                response = self._answer(call)
        await response(scope, receive, send)

    def _answer(self, call: GraphCall) -> Response:
        canned = self._instagram.canned_answer(call.method, call.path)
        if canned is not None:
            status, text, content_type = canned
            self._log(call, status, None)
            return Response(text, status, {"Content-Type": content_type})
        profile, headers = None, {}
        status, failure = 200, None
        try:
            if call.problem is not None:
                raise call.problem
            version, segments = call.segments()
            profile = self._instagram.profile_of(call.token)
            body = self._dispatch(profile, call, version, segments)
        except GraphError as error:
            failure, status = error, error.row.status
            body = error.body(self._instagram.new_trace_id())
        if profile is not None:
            headers = self._instagram.usage_headers(profile)
        self._log(call, status, failure)
        headers["Content-Type"] = _JSON
        return Response(json.dumps(body, separators=(",", ":")), status, headers)

    def _dispatch(
        self, profile: Profile, call: GraphCall, version: str | None, segments: list[str]
    ) -> dict[str, Any]:
        instagram, given = self._instagram, call.parameters
        own = bool(segments) and instagram.resolve_account(profile, segments[0])
        match (call.method, own, segments[1:]):
            case ("POST", True, ["media"]):
                return instagram.create_container(profile, given)
            case ("POST", True, ["media_publish"]):
                return instagram.publish(profile, given)
            case ("GET" | "HEAD", True, []):
                return instagram.read_user(profile, given)
            case ("GET" | "HEAD", True, ["media"]):
                return instagram.list_media(profile, given, version, call.token or "")
            case ("GET" | "HEAD", True, ["content_publishing_limit"]):
                return instagram.read_quota(profile, given)
            case ("GET" | "HEAD", False, []) if segments:
                return instagram.read_object(profile, segments[0], given)
            case ("GET" | "HEAD", False, ["children"]):
                return instagram.read_children(profile, segments[0], given)
            case (_, True, [edge, *_]):
                raise GraphError(
                    errors.UNKNOWN_PATH.saying(f"Unknown path components: /{redact(edge)}")
                )
            case (_, False, _) if segments:
                raise GraphError(errors.NO_SUCH_OBJECT)
            case _:
                raise GraphError(errors.UNKNOWN_PATH)

    def _log(self, call: GraphCall, status: int, error: GraphError | None) -> None:
        self._instagram.log.add(
            Entry(
                at=self._instagram.clock.now(),
                method=call.method,
                path=redact(call.path),
                parameters=clean_parameters(call.parameters.values),
                status=status,
                error=(error.row.code, error.row.subcode) if error is not None else None,
                user_agent=redact(call.user_agent),
                auth=call.auth,
            )
        )


async def read_call(request: Request) -> GraphCall:
    """The call with parameters of query and body together; the token is taken out of them."""
    query: dict[str, Any] = dict(parse_qsl(request.url.query, keep_blank_values=True))
    body: dict[str, Any] = {}
    problem = None
    if request.method not in ("GET", "HEAD"):
        try:
            body = await _read_body(request)
        except GraphError as error:
            problem = error
    token, auth = _token(request.headers.get("authorization", ""), query, body)
    query.pop("access_token", None)
    body.pop("access_token", None)
    return GraphCall(
        method=request.method,
        path=request.url.path,
        parameters=Parameters(query | body),
        token=token,
        auth=auth,
        user_agent=request.headers.get("user-agent", ""),
        problem=problem,
    )


def _token(
    authorization: str, query: Mapping[str, Any], body: Mapping[str, Any]
) -> tuple[str | None, str | None]:
    """The token and the way it came."""
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() in ("bearer", "oauth") and credentials.strip():
        return credentials.strip(), "header"
    for way, values in (("query", query), ("body", body)):
        token = values.get("access_token")
        if token and isinstance(token, str):
            return token, way
    return None, None


async def _read_body(request: Request) -> dict[str, Any]:
    collected = bytearray()
    async for chunk in request.stream():
        collected += chunk
        if len(collected) > _BODY_LIMIT:
            raise GraphError(errors.BAD_PARAMETER.saying("The request body is too large"))
    content_type = request.headers.get("content-type", "")
    match content_type.partition(";")[0].strip().lower():
        case "application/json":
            return _json_object(bytes(collected))
        case "multipart/form-data":
            return _multipart(content_type, bytes(collected))
        case _:
            text = collected.decode("utf-8", "replace")
            return dict(parse_qsl(text, keep_blank_values=True))


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise GraphError(errors.BAD_PARAMETER.saying("The request body is not a JSON object"))
    return value


def _multipart(content_type: str, body: bytes) -> dict[str, Any]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    values = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            values[name] = payload.decode("utf-8", "replace")
    return values
