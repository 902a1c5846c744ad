"""A Graph call as it was understood: where it goes, with which parameters and which token.

Source: content publishing guide (Meta, 2026-06-30) for the token in the header; it works in
production on graph.instagram.com, as it does in query and body.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from sandbox.instagram import errors
from sandbox.instagram.accounts import ACCOUNTS, DEMO_PERSON
from sandbox.instagram.errors import GraphError
from sandbox.instagram.faults import CallName
from sandbox.instagram.hosts import GRAPH_FACEBOOK, UPLOAD, Address, address_of
from sandbox.instagram.parameters import Parameters
from sandbox.trace import HEADER

_BODY_LIMIT = 1024 * 1024
_UPLOAD_LIMIT = 300 * 1024 * 1024
"""Nothing longer is taken as a video."""
_UPLOAD_HEADERS = ("offset", "file_size", "file_url")
_TOKEN_NODES = ("access_token", "refresh_access_token")
_CALLS: dict[tuple[str, str], CallName] = {
    ("POST", "media"): "create",
    ("POST", "media_publish"): "publish",
    ("GET", "media"): "list",
    ("GET", "stories"): "stories",
    ("GET", "children"): "children",
    ("GET", "content_publishing_limit"): "quota",
    ("POST", "comments"): "comment",
    ("POST", "replies"): "comment",
    ("GET", "comments"): "comments",
    ("GET", "replies"): "comments",
    ("POST", "access_token"): "token",
    ("GET", "top_media"): "hashtag_media",
    ("GET", "recent_media"): "hashtag_media",
    ("GET", "recently_searched_hashtags"): "hashtags",
}


@dataclass(frozen=True, slots=True)
class Received:
    """The body of an upload, or as much of it as came, and its headers as they were sent."""

    path: Path
    size: int
    offset: str | None
    file_size: str | None
    file_url: str | None

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)


@dataclass(slots=True)
class GraphCall:
    """`problem` is set when the body could not be read; `query_token` is for calls that take no
    other; `trace` says which invocation makes the call; `received` is what came to be uploaded,
    whose headers are parameters too.
    """

    method: str
    path: str
    parameters: Parameters
    token: str | None
    query_token: str | None
    auth: str | None
    user_agent: str
    trace: str | None
    problem: GraphError | None
    received: Received | None = None
    address: Address = field(init=False)

    def __post_init__(self) -> None:
        self.address = address_of(self.path)

    def discard(self) -> None:
        """Forget what came to be uploaded, of a call that takes no effect."""
        if self.received is not None:
            self.received.discard()

    @property
    def host(self) -> str:
        return self.address.host

    @property
    def segments(self) -> list[str]:
        return self.address.segments

    @property
    def named(self) -> tuple[str, ...]:
        """The ids that say which account is meant, when a token opens several."""
        user_id = self.parameters.values.get("user_id")
        return (*self.segments[:1], *([user_id] if isinstance(user_id, str) else []))

    def name(self, read_as: Callable[[str], CallName | None]) -> CallName | None:
        """What the fault script calls this call; None for what is no call of ours.

        `read_as` says it of the reading of a node that is neither a user nor a published media.
        """
        method = "GET" if self.method == "HEAD" else self.method
        if self.host == UPLOAD:
            return "upload"
        if self.host == GRAPH_FACEBOOK and (name := self._facebook_name(method)) is not None:
            return name
        match (method, self.segments):
            case ("GET", [node]) if node in _TOKEN_NODES:
                return "token"
            case ("GET", ["ig_hashtag_search"]):
                return "hashtag_search"
            case ("GET", ["pages", "search"]):
                return "search"
            case (_, [_, edge]):
                return _CALLS.get((method, edge))
            case ("GET", [node]):
                return read_as(node) or _node_call(node)
        return None

    def _facebook_name(self, method: str) -> CallName | None:
        """Of a call about a Facebook user or a Page."""
        match (method, self.segments):
            case ("GET" | "POST", ["oauth", "access_token"] | ["debug_token"]):
                return "token"
            case ("GET", ["me" | DEMO_PERSON.id]):
                return "person"
            case ("GET", [_, "accounts"]):
                return "pages"
            case ("GET", [_, "permissions"]):
                return "permissions"
            case ("GET", [node]) if any(node == account.page_id for account in ACCOUNTS):
                return "page"
        return None


def _node_call(node: str) -> CallName:
    is_user = node == "me" or any(account.is_called(node) for account in ACCOUNTS)
    return "user" if is_user else "media"


async def read_call(request: Request, new_file: Callable[[], Path]) -> GraphCall:
    """The call with parameters of query and body together; the token is taken out of them.

    The body of an upload goes into a new file instead.
    """
    query: dict[str, Any] = dict(parse_qsl(request.url.query, keep_blank_values=True))
    body: dict[str, Any] = {}
    problem, received = None, None
    if address_of(request.url.path).host == UPLOAD:
        received = await _receive(request, new_file())
        body = {name: value for name, value in request.headers.items() if name in _UPLOAD_HEADERS}
    elif request.method not in ("GET", "HEAD"):
        try:
            body = await _read_body(request)
        except GraphError as error:
            problem = error
    token, auth = _token(request.headers.get("authorization", ""), query, body)
    query_token = query.pop("access_token", None)
    body.pop("access_token", None)
    return GraphCall(
        method=request.method,
        path=request.url.path,
        parameters=Parameters(query | body),
        token=token,
        query_token=query_token,
        auth=auth,
        user_agent=request.headers.get("user-agent", ""),
        trace=request.headers.get(HEADER),
        problem=problem,
        received=received,
    )


async def _receive(request: Request, path: Path) -> Received:
    """Up to the end of the body, or of the connection."""
    size = 0
    with path.open("wb") as file, suppress(ClientDisconnect):
        async for chunk in request.stream():
            if size + len(chunk) > _UPLOAD_LIMIT:
                break
            size += file.write(chunk)
    return Received(path, size, *(request.headers.get(name) for name in _UPLOAD_HEADERS))


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
