"""Publish jobs under way."""

from __future__ import annotations

from typing import Any

from postwright import closing, standing
from postwright.answers import StatusesAnswer
from postwright.api.answering import as_answer, nothing_else, route, unknown
from postwright.app import App
from postwright.gateway import Event, answer, path_id, query_of, who
from postwright.models import Nothing, StatusesQuery, now_text


@route
def get_status(app: App, event: Event) -> dict[str, Any]:
    """`GET /api/publish/{id}/status`: 200 with the job's state, 404 for an unknown job."""
    query_of(event, Nothing)
    job_id = path_id(event)
    found = standing.status(app, job_id)
    if found is None:
        raise unknown("publish job", job_id)
    return answer(200, found.to_json())


@route
def get_statuses(app: App, event: Event) -> dict[str, Any]:
    """`GET /api/publish/status?jobs=a,b,c`: 200 with the state of each, and the ids of none."""
    job_ids = list(dict.fromkeys(query_of(event, StatusesQuery).jobs))
    known, unknown = standing.statuses(app, job_ids)
    return answer(200, StatusesAnswer(now=now_text(), jobs=known, unknown=unknown).to_json())


@route
def cancel_job(app: App, event: Event) -> dict[str, Any]:
    """`POST /api/publish/{id}/cancel`: 200 with how the job stands then, 404, or 409 when it is
    over.
    """
    nothing_else(event)
    return answer(200, as_answer(closing.cancel(app, path_id(event), who(event))))
