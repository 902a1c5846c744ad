"""The HTTP API as an OpenAPI document, from its table of routes and its models.

Served at `/openapi.json`, and kept in docs/openapi.json for the cloud and for whoever generates a
client. Source: OpenAPI Specification 3.1.1, read 2026-11-30.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from postwright import __version__, answers, models
from postwright.accounts import AccountsAnswer
from postwright.routes import ROUTES, Route

_MODELS: Final = "#/components/schemas/{model}"
_JSON: Final = "application/json"


@dataclass(frozen=True)
class Operation:
    """What a route does, takes and answers; `refuses` has the sentence of each other status."""

    summary: str
    answers: Mapping[int, tuple[str, tuple[type[models.Model], ...]]]
    refuses: Mapping[int, str] = field(default_factory=dict)
    query: type[models.Model] = models.Nothing
    body: type[models.Model] | None = None


_UNKNOWN_JOB: Final = {404: "There is no such job."}
_OVER: Final = "The job is over, or cannot be settled so; `status` tells how it stands."
_START: Final = {
    403: "Instagram has blocked an action of the account; nothing is sent for now.",
    404: "There is no such session or group.",
    409: "Published (`permalink`), or not certain whether it is (`status`, `jobId`).",
    429: "No post or too few containers are left.",
}

OPERATIONS: Final[Mapping[str, Operation]] = {
    "list_sessions": Operation(
        "Sessions, the newest first",
        {200: ("A page of sessions.", (answers.SessionsAnswer,))},
        query=models.SessionsQuery,
    ),
    "list_groups": Operation(
        "Post groups of a session, as they would be posted now",
        {200: ("A page of groups.", (answers.GroupsAnswer,))},
        {404: "There is no such session."},
        query=models.GroupsQuery,
    ),
    "start_publish": Operation(
        "Publish a post group",
        {
            202: ("A run has begun.", (answers.Accepted,)),
            200: ("A run is under way already.", (answers.Accepted,)),
        },
        _START,
        body=models.PublishRequest,
    ),
    "get_statuses": Operation(
        "How several publish jobs stand",
        {200: ("The jobs, and the ids of none.", (answers.StatusesAnswer,))},
        query=models.StatusesQuery,
    ),
    "get_status": Operation(
        "How a publish job stands",
        {200: ("The job.", (answers.StatusAnswer,))},
        _UNKNOWN_JOB,
    ),
    "retry_job": Operation(
        "Try a job again that failed",
        {
            202: ("The run goes on, or a new one has begun.", (answers.Retried,)),
            200: ("It goes on already.", (answers.Retried,)),
        },
        {**_START, **_UNKNOWN_JOB},
        body=models.Nothing,
    ),
    "cancel_job": Operation(
        "Cancel a job",
        {200: ("How the job stands then.", (answers.Standing,))},
        {**_UNKNOWN_JOB, 409: _OVER},
        body=models.Nothing,
    ),
    "settle_job": Operation(
        "Settle an unclear publish, or look at it now",
        {200: ("How the job stands then.", (answers.Looked, answers.Standing))},
        {
            **_UNKNOWN_JOB,
            409: _OVER,
            429: "Instagram asks for a pause.",
            502: "Instagram did not answer as it should.",
        },
        body=models.SettleRequest,
    ),
    "get_account": Operation(
        "How the accounts stand, or one of them",
        {200: ("The accounts.", (AccountsAnswer,))},
        {404: "There is no such account."},
        query=models.AccountQuery,
    ),
}
"""By the function of each route."""


def document(*, sign_in: bool = True) -> dict[str, Any]:
    """The document as a JSON object; the same for the same models and routes. The sandbox wants no
    sign-in.
    """
    schemas = _schemas()
    paths: dict[str, Any] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    told: dict[str, Any] = {
        "openapi": "3.1.1",
        "info": {
            "title": "Postwright",
            "version": __version__,
            "description": "Publish post groups to Instagram, exactly once.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": schemas},
    }
    if sign_in:
        told["security"] = [{"signIn": []}]
        scheme = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        told["components"]["securitySchemes"] = {"signIn": scheme}
    return told


def text() -> str:
    """The document as docs/openapi.json has it."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _schemas() -> dict[str, Any]:
    """What the routes take and answer; queries are told as parameters."""
    wanted: dict[type[models.Model], JsonSchemaMode] = {answers.Refusal: "serialization"}
    for operation in OPERATIONS.values():
        if operation.body is not None:
            wanted[operation.body] = "validation"
        for _, made in operation.answers.values():
            wanted |= dict.fromkeys(made, "serialization")
    _, schema = models_json_schema(list(wanted.items()), ref_template=_MODELS)
    return {name: _plain(one) for name, one in sorted(schema["$defs"].items())}


def _plain(schema: Any) -> Any:
    """Without the titles that pydantic makes of names, and descriptions on one line."""
    match schema:
        case dict():
            kept = {
                name: _plain(value)
                for name, value in schema.items()
                if not (name == "title" and isinstance(value, str))
            }
            if isinstance(kept.get("description"), str):
                kept["description"] = " ".join(kept["description"].split())
            return kept
        case list():
            return [_plain(value) for value in schema]
    return schema


def _operation(route: Route, schemas: Mapping[str, Any]) -> dict[str, Any]:
    known = OPERATIONS[route.function]
    first, *more = route.function.split("_")
    told: dict[str, Any] = {
        "operationId": first + "".join(word.capitalize() for word in more),
        "summary": known.summary,
    }
    if parameters := [*_in_path(route), *_in_query(known.query)]:
        told["parameters"] = parameters
    if known.body is not None:
        must = bool(schemas[known.body.__name__].get("required"))
        told["requestBody"] = {"required": must, "content": _content(known.body)}
    told["responses"] = {str(status): one for status, one in sorted(_responses(known).items())}
    return told


def _in_path(route: Route) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)\}", route.path):
        schema = {"type": "string", "minLength": 1}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(query: type[models.Model]) -> Iterator[dict[str, Any]]:
    """A list has commas between its values."""
    schema = query.model_json_schema()
    for name, value in schema.get("properties", {}).items():
        told = {"name": name, "in": "query", "required": name in schema.get("required", ())}
        lists = {"style": "form", "explode": False} if value.get("type") == "array" else {}
        yield {**told, **lists, "schema": _given(_plain(value))}


def _given(value: dict[str, Any]) -> dict[str, Any]:
    """A parameter is there or not; it is never null."""
    [kind, *_] = [one for one in value.get("anyOf", [value]) if one.get("type") != "null"]
    return {name: one for name, one in kind.items() if not (name == "default" and one is None)}


def _responses(known: Operation) -> dict[int, dict[str, Any]]:
    responses: dict[int, dict[str, Any]] = {
        status: {"description": words, "content": _content(*made)}
        for status, (words, made) in known.answers.items()
    }
    refuses = {422: "What is wrong with the request, or with the post: all of it.", **known.refuses}
    if known.body is not None:
        refuses |= {413: "The body is too large.", 415: "The body is not called JSON."}
    for status, words in refuses.items():
        responses[status] = {"description": words, "content": _content(answers.Refusal)}
    if 429 in responses:
        seconds = {"type": "integer", "minimum": 1}
        after = {"description": "Seconds to wait.", "required": True, "schema": seconds}
        responses[429]["headers"] = {"Retry-After": after}
    return responses


def _content(*made: type[models.Model]) -> dict[str, Any]:
    references = [{"$ref": _MODELS.format(model=one.__name__)} for one in made]
    return {_JSON: {"schema": references[0] if len(references) == 1 else {"anyOf": references}}}
