"""The HTTP API: requests of API Gateway (payload format 2.0) in, status codes and JSON out."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import ValidationError

from postwright import accounts, clock, closing, posts, retrying, runs, settling
from postwright.app import App
from postwright.errors import (
    AccountBlockedError,
    AlreadyPublishedError,
    AlreadyPublishingError,
    InvalidPostError,
    NotPossibleError,
    PostwrightError,
    QuotaExceededError,
)
from postwright.models import Job, Problem, SettleRequest

_NAME_MAX: Final = 200


def start_publish(app: App, event: Mapping[str, Any]) -> dict[str, Any]:
    """`POST /api/publish/start`: 202 for a new run, 200 for the one that runs, else why not."""
    try:
        started = runs.start(app, posts.parse_request(_json_body(event)))
    except PostwrightError as error:
        return _refusal(error)
    body: dict[str, Any] = _where(started.job_id)
    if started.warnings:
        body["warnings"] = [warning.to_json() for warning in started.warnings]
    return _answer(202 if started.new else 200, body)


def retry_job(app: App, event: Mapping[str, Any]) -> dict[str, Any]:
    """`POST /api/publish/{id}/retry`: 202 when this call lets the job go on, 200 when it does so
    already, each with `how` and `why`; else why not.
    """
    try:
        done = retrying.retry(app, _job_id(event))
    except PostwrightError as error:
        return _refusal(error)
    body = {**_where(done.job_id), "how": done.how, "why": done.why}
    return _answer(202 if done.new else 200, body)


def get_status(app: App, event: Mapping[str, Any]) -> dict[str, Any]:
    """`GET /api/publish/{id}/status`: 200 with the job's state, 404 for an unknown job."""
    job_id = _job_id(event)
    found = runs.status(app, job_id)
    if found is None:
        return _answer(404, {"error": {"message": f"There is no publish job {job_id[:80]}."}})
    return _answer(200, found.to_json())


def cancel_job(app: App, event: Mapping[str, Any]) -> dict[str, Any]:
    """`POST /api/publish/{id}/cancel`: 200 with how the job stands then, 404, or 409 when it is
    over.
    """
    return _about_job(event, lambda job_id: _standing(closing.cancel(app, job_id, _who(event))))


def settle_job(app: App, event: Mapping[str, Any]) -> dict[str, Any]:
    """`POST /api/publish/{id}/reconcile`: `{"accept": id}` or `{"notPublished": true}` settles an
    unclear publish by hand, `{}` looks at it now; 200 with job and evidence, 404, 409, 422.
    """
    return _about_job(event, lambda job_id: _settle(app, job_id, event))


def get_account(app: App, event: Mapping[str, Any]) -> dict[str, Any]:
    """`GET /api/account`: 200 with how every account stands, or the one that `accountId` names; 404
    for one that is unknown.
    """
    wanted = (event.get("queryStringParameters") or {}).get("accountId")
    known = app.tokens.accounts()
    if wanted is not None and wanted not in known:
        name = str(wanted)[:_NAME_MAX]
        return _answer(404, {"error": {"message": f"There is no account {name}."}})
    shown = known if wanted is None else [str(wanted)]
    return _answer(200, {"accounts": [accounts.state_of(app, one).to_json() for one in shown]})


def _settle(app: App, job_id: str, event: Mapping[str, Any]) -> dict[str, Any]:
    try:
        wish = SettleRequest.model_validate(_json_body(event) if event.get("body") else {})
    except ValidationError as error:
        raise posts.wrong_request(error, "accept, notPublished") from error
    by = _who(event)
    if wish.accept is not None:
        return _standing(settling.accept(app, job_id, wish.accept, by))
    if wish.not_published:
        return _standing(settling.not_published(app, job_id, by))
    case = settling.look_again(app, job_id, by)
    answer = _standing(closing.known_job(app, job_id))
    return {**answer, "evidence": case.to_json() if case else None}


def _about_job(event: Mapping[str, Any], act: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """The answer to a request that changes one job."""
    try:
        return _answer(200, act(_job_id(event)))
    except PostwrightError as error:
        return _refusal(error)


def _refusal(error: PostwrightError) -> dict[str, Any]:
    """The answer to a request that cannot be met."""
    told = {"error": error.to_json()}
    match error:
        case InvalidPostError():
            return _answer(404 if error.unknown else 422, told)
        case AlreadyPublishedError():
            return _answer(409, {"status": "published", "permalink": error.permalink})
        case AlreadyPublishingError():
            return _answer(409, {"status": error.status, "jobId": error.job_id})
        case NotPossibleError():
            return _answer(409, {"status": error.status, **told})
        case AccountBlockedError():
            return _answer(403, told)
        case QuotaExceededError():
            wait = clock.from_text(error.frees_at) - clock.now() if error.frees_at else None
            seconds = math.ceil(wait.total_seconds()) if wait else 3600
            headers = {"Retry-After": str(max(1, seconds))}
            return _answer(429, {**told, "freesAt": error.frees_at}, headers)
    return _answer(502, told)


def _job_id(event: Mapping[str, Any]) -> str:
    return str((event.get("pathParameters") or {}).get("id", ""))


def _where(job_id: str) -> dict[str, Any]:
    return {"jobId": job_id, "statusUrl": f"/api/publish/{job_id}/status"}


def _standing(job: Job) -> dict[str, Any]:
    return {
        "jobId": job.job_id,
        "status": job.status,
        "instagramPostId": job.instagram_post_id,
        "permalink": job.permalink,
        "settlement": job.settlement.to_json() if job.settlement else None,
    }


def _who(event: Mapping[str, Any]) -> str:
    """Who asks, as the authorizer of the HTTP API knows them.

    Source: API Gateway developer guide, "Control access to HTTP APIs with JWT authorizers".
    """
    claims: Any = event.get("requestContext", {})
    for name in ("authorizer", "jwt", "claims"):
        claims = claims.get(name) if isinstance(claims, Mapping) else None
    names = ("email", "cognito:username", "username", "sub")
    known = [str(claims[name]) for name in names if isinstance(claims, Mapping) and name in claims]
    return known[0][:_NAME_MAX] if known else "a caller of the API"


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
