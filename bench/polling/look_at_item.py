"""Look at the container of one item, or of the carousel: a usual polling loop has one for each.

In:   {"sessionId": str, "groupId": str, "accountId": str, "jobId": str, "redriveCount": int,
       "key": "parent", or "index": int}
Out:  {"isReady": bool}
Raises: ContainerNotReadyError, instead of an answer, where "mustBeReady" is true
Retry: safe. It only reads from Instagram.
"""

from __future__ import annotations

from typing import Any

from postwright import app, holding
from postwright.errors import ContainerNotReadyError
from postwright.models import Ref


def handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    key = event.get("key") or str(event["index"])
    is_ready = look(Ref.model_validate({k: event[k] for k in _OF_REF}), key)
    if event["mustBeReady"] and not is_ready:
        raise ContainerNotReadyError("Its container is not ready.", item=key, call="status")
    return {"isReady": is_ready}


_OF_REF = ("sessionId", "groupId", "accountId", "jobId", "redriveCount")


def look(ref: Ref, key: str) -> bool:
    """Whether a container is ready; keeps that in the job, as our own look does."""
    parts = app.current()
    holding.hold(parts, ref)
    container = holding.job_of(parts, ref).containers[key]
    if container.state == "created" and container.id is not None:
        with parts.calling(ref.account_id, 1, "look") as instagram:
            status = instagram.container_status(container.id)
        if status.status_code != "FINISHED":
            return False
        container.state = "finished"
        parts.store.put_container(ref, key, container)
    return container.state == "finished"
