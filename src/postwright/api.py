"""The HTTP API: requests of API Gateway (payload format 2.0) in, status codes and JSON out."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from typing import Any, Final

from postwright import clock, posts, runs
from postwright.app import App
from postwright.errors import (
    AlreadyPublishedError,
    AlreadyPublishingError,
    InvalidPostError,
    QuotaExceededError,
)
from postwright.models import Problem

_JOB_ID_MAX: Final = 80
"""A job's id is the name of an execution, and that has at most 80 characters."""


def start_publish(app: App, event: Mapping[str, Any]) -> dict[str, Any]:
    """`POST /api/publish/start`: 202 for a new run, 200 for the one that runs, else why not."""
    try:
        request = posts.parse_request(_json_body(event))
        started = runs.start(app, request)
    except InvalidPostError as error:
        return _answer(404 if error.unknown else 422, {"error": error.to_json()})
    except AlreadyPublishedError as error:
        return _answer(409, {"status": "published", "permalink": error.permalink})
    except AlreadyPublishingError as error:
        return _answer(409, {"status": error.status, "jobId": error.job_id})
    except QuotaExceededError as error:
        wait = clock.from_text(error.frees_at) - clock.now() if error.frees_at else None
        seconds = math.ceil(wait.total_seconds()) if wait else 3600
        headers = {"Retry-After": str(max(1, seconds))}
        return _answer(429, {"error": error.to_json(), "freesAt": error.frees_at}, headers)
    body = {"jobId": started.job_id, "statusUrl": f"/api/publish/{started.job_id}/status"}
    return _answer(202 if started.new else 200, body)


def get_status(app: App, event: Mapping[str, Any]) -> dict[str, Any]:
    """`GET /api/publish/{id}/status`: 200 with the job's state, 404 for an unknown job."""
    job_id = str((event.get("pathParameters") or {}).get("id", ""))
    found = runs.status(app, job_id) if len(job_id) <= _JOB_ID_MAX else None
    if found is None:
        return _answer(404, {"error": {"message": f"There is no publish job {job_id[:80]}."}})
    return _answer(200, found.to_json())


def _json_body(event: Mapping[str, Any]) -> Any:
    text = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            text = base64.b64decode(text).decode()
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        problem = Problem(
            item="body",
            rule="request-json",
            found=f"{len(text)} characters that are not JSON" if text else "nothing",
            allowed='{"sessionId": "...", "groupId": "..."}',
            fix="Send a JSON object with the content type application/json.",
        )
        raise InvalidPostError("The request cannot be used.", problems=[problem]) from error


def _answer(
    status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {
            "Content-Type": "application/json",
            "Cache-Control": "no-store",
            **(headers or {}),
        },
        "body": json.dumps(body),
    }
