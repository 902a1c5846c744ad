"""What begins to publish."""

from __future__ import annotations

from typing import Any

from postwright import retrying, starting
from postwright.answers import Accepted, Retried
from postwright.api.answering import nothing_else, route, status_url
from postwright.app import App
from postwright.gateway import Event, answer, body_of, path_id, query_of
from postwright.models import Nothing, PublishRequest


@route
def start_publish(app: App, event: Event) -> dict[str, Any]:
    """`POST /api/publish/start`: 202 for a new run, 200 for the one that runs, else why not."""
    query_of(event, Nothing)
    started = starting.start(app, body_of(event, PublishRequest))
    accepted = Accepted(
        job_id=started.job_id,
        status_url=status_url(started.job_id),
        warnings=started.warnings or None,
    )
    return answer(202 if started.new else 200, accepted.to_json())


@route
def retry_job(app: App, event: Event) -> dict[str, Any]:
    """`POST /api/publish/{id}/retry`: 202 when this call lets the job go on, 200 when it does so
    already, each with `how` and `why`; else why not.
    """
    nothing_else(event)
    done = retrying.retry(app, path_id(event))
    body = Retried(
        job_id=done.job_id, status_url=status_url(done.job_id), how=done.how, why=done.why
    )
    return answer(202 if done.new else 200, body.to_json())
