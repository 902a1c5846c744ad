"""The HTTP API: what each route does with a request, and what it answers.

Refusals have one shape, `{"error": {"type", "message", ..}}`, whatever else is in them.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from postwright import accounts, clock, closing, listing, retrying, routes, runs, settling
from postwright.answers import Accepted, Retried, Standing, StatusesAnswer
from postwright.app import App
from postwright.errors import (
    AccountBlockedError,
    AlreadyPublishedError,
    AlreadyPublishingError,
    InvalidPostError,
    NotPossibleError,
    PostwrightError,
    QuotaExceededError,
    RateLimitedError,
)
from postwright.gateway import (
    Event,
    RefusedError,
    answer,
    body_of,
    decode_cursor,
    encode_cursor,
    path_id,
    query_of,
    who,
)
from postwright.models import (
    IDENTIFIER,
    AccountQuery,
    GroupsQuery,
    Job,
    Nothing,
    PublishRequest,
    SessionsQuery,
    SettleRequest,
    StatusesQuery,
    now_text,
)

_NAME_MAX: Final = 80
_WAIT_SECONDS: Final = 3600
"""Where nobody says when there is room again: the window of the calls is an hour."""

Act = Callable[[App, Event], dict[str, Any]]


def _route(act: Act) -> Act:
    """What a route does, with every refusal as an answer."""

    @functools.wraps(act)
    def answered(app: App, event: Event) -> dict[str, Any]:
        try:
            return act(app, event)
        except PostwrightError as error:
            return _refusal(error)
        except RefusedError as error:
            return _refused(error)

    return answered


@_route
def list_sessions(app: App, event: Event) -> dict[str, Any]:
    """`GET /api/sessions`: 200 with a page of sessions, the newest first."""
    query = query_of(event, SessionsQuery)
    found = listing.sessions(app, query.limit, decode_cursor(query.cursor, ""))
    found.cursor = encode_cursor(found.cursor)
    return answer(200, found.to_json())


@_route
def list_groups(app: App, event: Event) -> dict[str, Any]:
    """`GET /api/sessions/{id}/groups`: 200 with a page of groups, 404 for an unknown session."""
    session_id, query = path_id(event), query_of(event, GroupsQuery)
    if not re.fullmatch(IDENTIFIER, session_id):
        raise _unknown("session", session_id)
    after = decode_cursor(query.cursor, "GROUP#")
    found = listing.groups(app, session_id, query.limit, after, look=query.preflight == "1")
    found.cursor = encode_cursor(found.cursor)
    return answer(200, found.to_json())


@_route
def start_publish(app: App, event: Event) -> dict[str, Any]:
    """`POST /api/publish/start`: 202 for a new run, 200 for the one that runs, else why not."""
    query_of(event, Nothing)
    started = runs.start(app, body_of(event, PublishRequest))
    accepted = Accepted(
        job_id=started.job_id,
        status_url=_status_url(started.job_id),
        warnings=started.warnings or None,
    )
    return answer(202 if started.new else 200, accepted.to_json())


@_route
def retry_job(app: App, event: Event) -> dict[str, Any]:
    """`POST /api/publish/{id}/retry`: 202 when this call lets the job go on, 200 when it does so
    already, each with `how` and `why`; else why not.
    """
    _nothing_else(event)
    done = retrying.retry(app, path_id(event))
    body = Retried(
        job_id=done.job_id, status_url=_status_url(done.job_id), how=done.how, why=done.why
    )
    return answer(202 if done.new else 200, body.to_json())


@_route
def get_status(app: App, event: Event) -> dict[str, Any]:
    """`GET /api/publish/{id}/status`: 200 with the job's state, 404 for an unknown job."""
    query_of(event, Nothing)
    job_id = path_id(event)
    found = runs.status(app, job_id)
    if found is None:
        raise _unknown("publish job", job_id)
    return answer(200, found.to_json())


@_route
def get_statuses(app: App, event: Event) -> dict[str, Any]:
    """`GET /api/publish/status?jobs=a,b,c`: 200 with the state of each, and the ids of none."""
    job_ids = list(dict.fromkeys(query_of(event, StatusesQuery).jobs))
    known, unknown = runs.statuses(app, job_ids)
    return answer(200, StatusesAnswer(now=now_text(), jobs=known, unknown=unknown).to_json())


@_route
def cancel_job(app: App, event: Event) -> dict[str, Any]:
    """`POST /api/publish/{id}/cancel`: 200 with how the job stands then, 404, or 409 when it is
    over.
    """
    _nothing_else(event)
    return answer(200, _standing(closing.cancel(app, path_id(event), who(event))))


@_route
def settle_job(app: App, event: Event) -> dict[str, Any]:
    """`POST /api/publish/{id}/reconcile`: `{"accept": id}` or `{"notPublished": true}` settles an
    unclear publish by hand, `{}` looks at it now; 200 with job and evidence, 404, 409, 422.
    """
    query_of(event, Nothing)
    job_id, by, wish = path_id(event), who(event), body_of(event, SettleRequest)
    if wish.accept is not None:
        return answer(200, _standing(settling.accept(app, job_id, wish.accept, by)))
    if wish.not_published:
        return answer(200, _standing(settling.not_published(app, job_id, by)))
    case = settling.look_again(app, job_id, by)
    standing = _standing(closing.known_job(app, job_id))
    return answer(200, {**standing, "evidence": case.to_json() if case else None})


@_route
def get_account(app: App, event: Event) -> dict[str, Any]:
    """`GET /api/account`: 200 with how every account stands, or the one that `accountId` names; 404
    for one that is unknown.
    """
    wanted = query_of(event, AccountQuery).account_id
    known = app.tokens.accounts()
    if wanted is not None and wanted not in known:
        raise _unknown("account", wanted)
    shown = known if wanted is None else [wanted]
    found = [accounts.state_of(app, one) for one in shown]
    return answer(200, accounts.AccountsAnswer(accounts=found).to_json())


@_route
def refuse_request(_app: App, event: Event) -> dict[str, Any]:
    """Everything that no route is for: 405 with the methods that there are, else 404."""
    asked = event["requestContext"]["http"]
    method, path = str(asked["method"])[:_NAME_MAX], str(event["rawPath"])
    allowed = routes.methods_of(path)
    if not allowed:
        raise RefusedError(404, "NotFound", f"There is nothing at {path[:_NAME_MAX]}.")
    told = " and ".join(allowed)
    raise RefusedError(
        405, "MethodNotAllowed", f"It takes {told}, not {method}.", Allow=", ".join(allowed)
    )


def _nothing_else(event: Event) -> None:
    """The path says it all."""
    query_of(event, Nothing)
    body_of(event, Nothing)


def _unknown(what: str, name: str) -> RefusedError:
    return RefusedError(404, "NotFound", f"There is no {what} {name[:_NAME_MAX]}.")


def _refused(error: RefusedError) -> dict[str, Any]:
    return answer(
        error.status, {"error": {"type": error.kind, "message": str(error)}}, error.headers
    )


def _refusal(error: PostwrightError) -> dict[str, Any]:
    """The answer to a request that cannot be met."""
    told: dict[str, Any] = {"error": error.to_json()}
    match error:
        case InvalidPostError():
            return answer(404 if error.unknown else 422, told)
        case AlreadyPublishedError():
            return answer(409, {"status": "published", "permalink": error.permalink, **told})
        case AlreadyPublishingError():
            return answer(409, {"status": error.status, "jobId": error.job_id, **told})
        case NotPossibleError():
            return answer(409, {"status": error.status, **told})
        case AccountBlockedError():
            return answer(403, told)
        case QuotaExceededError():
            wait = clock.from_text(error.frees_at) - clock.now() if error.frees_at else None
            told["freesAt"] = error.frees_at
            return answer(429, told, _retry_after(wait.total_seconds() if wait else 0))
        case RateLimitedError():
            return answer(429, told, _retry_after(error.wait_seconds))
    return answer(502, told)


def _retry_after(seconds: float) -> Mapping[str, str]:
    return {"Retry-After": str(max(1, math.ceil(seconds or _WAIT_SECONDS)))}


def _status_url(job_id: str) -> str:
    return f"/api/publish/{job_id}/status"


def _standing(job: Job) -> dict[str, Any]:
    return Standing(
        job_id=job.job_id,
        status=job.status,
        instagram_post_id=job.instagram_post_id,
        permalink=job.permalink,
        settlement=job.settlement,
    ).to_json()
