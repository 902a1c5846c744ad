"""What the answers of all routes have in common.

Refusals have one shape, `{"error": {"type", "message", ..}}`, whatever else is in them.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from postwright import clock
from postwright.answers import Standing
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
    query_of,
)
from postwright.models import (
    Job,
    Nothing,
)

NAME_MAX: Final = 80
_WAIT_SECONDS: Final = 3600
"""Where nobody says when there is room again: the window of the calls is an hour."""

Act = Callable[[App, Event], dict[str, Any]]


def route(act: Act) -> Act:
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


def nothing_else(event: Event) -> None:
    """The path says it all."""
    query_of(event, Nothing)
    body_of(event, Nothing)


def unknown(what: str, name: str) -> RefusedError:
    """For what nobody has heard of."""
    return RefusedError(404, "NotFound", f"There is no {what} {name[:NAME_MAX]}.")


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


def status_url(job_id: str) -> str:
    """Where to ask how a job stands."""
    return f"/api/publish/{job_id}/status"


def as_answer(job: Job) -> dict[str, Any]:
    """How a job stands after somebody has decided about it."""
    return Standing(
        job_id=job.job_id,
        status=job.status,
        instagram_post_id=job.instagram_post_id,
        permalink=job.permalink,
        settlement=job.settlement,
    ).to_json()
