"""Unclear publishes."""

from __future__ import annotations

from typing import Any

from postwright import closing, settling
from postwright.api.answering import as_answer, route
from postwright.app import App
from postwright.gateway import Event, answer, body_of, path_id, query_of, who
from postwright.models import Nothing, SettleRequest


@route
def settle_job(app: App, event: Event) -> dict[str, Any]:
    """`POST /api/publish/{id}/reconcile`: `{"accept": id}` or `{"notPublished": true}` settles an
    unclear publish by hand, `{}` looks at it now; 200 with job and evidence, 404, 409, 422.
    """
    query_of(event, Nothing)
    job_id, by, wish = path_id(event), who(event), body_of(event, SettleRequest)
    if wish.accept is not None:
        return answer(200, as_answer(settling.accept(app, job_id, wish.accept, by)))
    if wish.not_published:
        return answer(200, as_answer(settling.not_published(app, job_id, by)))
    case = settling.look_again(app, job_id, by)
    standing = as_answer(closing.known_job(app, job_id))
    return answer(200, {**standing, "evidence": case.to_json() if case else None})
