"""The first call of each function: an event in whose answer it does all that it is there for.

What comes before it in a run is done by the sandbox's own functions.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from tests.workflow.workbench import PostGroup, Shot, Workbench

_LOOKS: Final = 200
_PAUSE_SECONDS: Final = 0.1
_LOST: Final = {"call": "publish", "answer": "reset", "effect": "first", "times": 1}
_OF_A_RUN: Final = ("load_post", "check_quota", "create_container", "check_status")


class Events:
    """Makes events for a sandbox at the speed of the wall."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def of(self, function: str) -> dict[str, Any]:
        """A new event for a function, with a post group of its own where it needs one."""
        return dict(getattr(self, f"_{function}")())

    # The steps of a run

    def _load_post(self) -> dict[str, Any]:
        return self._load(self._photo())

    def _check_quota(self) -> dict[str, Any]:
        return self._after("load_post")

    def _create_container(self) -> dict[str, Any]:
        return {**self._after("check_quota"), "index": 0}

    def _check_status(self) -> dict[str, Any]:
        return self._after("create_container")

    def _create_carousel(self) -> dict[str, Any]:
        group = self._bench.group(Shot.PHOTO, Shot.PHOTO)
        ref = self._begin(self._load(group))
        for index in range(2):
            self._done("create_container", {**ref, "index": index})
        return self._ready(ref, "carousel")

    def _publish(self) -> dict[str, Any]:
        return self._ready(self._after("create_container"), "publish")

    def _record_result(self) -> dict[str, Any]:
        ref = self._publish()
        self._done("publish", ref)
        return ref

    def _reconcile_publish(self) -> dict[str, Any]:
        ref = self._publish()
        self._bench.script(_LOST)
        self._bench.sandbox.functions.invoke("publish", ref)
        return ref

    # From outside

    def _record_failure(self) -> dict[str, Any]:
        job_id = self._waiting()
        detail = {"name": job_id, "status": "FAILED", "executionArn": self._bench.arn(job_id)}
        return {"detail": detail}

    def _sweep_jobs(self) -> dict[str, Any]:
        self._settle_job()
        return {}

    def _refresh_token(self) -> dict[str, Any]:
        return {}

    # The API

    def _start_publish(self) -> dict[str, Any]:
        return _request(body=self._photo().request)

    def _retry_job(self) -> dict[str, Any]:
        job_id = self._waiting()
        self._bench.api.post(f"/api/publish/{job_id}/cancel").raise_for_status()
        return _request(job_id)

    def _cancel_job(self) -> dict[str, Any]:
        return _request(self._waiting())

    def _settle_job(self) -> dict[str, Any]:
        ref = self._reconcile_publish()
        self._bench.api.post(f"/api/publish/{ref['jobId']}/cancel").raise_for_status()
        return _request(ref["jobId"], body={})

    def _get_status(self) -> dict[str, Any]:
        return _request(self._waiting())

    def _get_statuses(self) -> dict[str, Any]:
        return _request(query={"jobs": self._waiting()})

    def _list_sessions(self) -> dict[str, Any]:
        self._photo()
        return _request()

    def _list_groups(self) -> dict[str, Any]:
        return _request(self._photo().session_id, query={"preflight": "1"})

    def _get_account(self) -> dict[str, Any]:
        return _request()

    def _refuse_request(self) -> dict[str, Any]:
        return {**_request(), "rawPath": "/api/nothing"}

    # What is done before

    def _photo(self) -> PostGroup:
        return self._bench.group(Shot.PHOTO)

    def _waiting(self) -> str:
        """The id of a job whose run waits for its time."""
        later = self._bench.now() + timedelta(days=1)
        return self._bench.start(self._photo(), publishAt=later.isoformat())

    def _load(self, group: PostGroup) -> dict[str, Any]:
        job_id = str(uuid.uuid4())
        return {
            "input": group.request,
            "jobId": job_id,
            "executionArn": self._bench.arn(job_id),
            "redriveCount": 0,
        }

    def _begin(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Load a post and take its slot; the event of the steps that follow."""
        loaded = self._done("load_post", event)
        names = ("sessionId", "groupId", "accountId", "jobId")
        return {**{name: loaded[name] for name in names}, "redriveCount": 0}

    def _after(self, step: str) -> dict[str, Any]:
        """The event for what follows a step in the run of a photo."""
        ref = self._begin(self._load_post())
        for one in _OF_A_RUN[1 : _OF_A_RUN.index(step) + 1]:
            self._done(one, {**ref, "index": 0} if one == "create_container" else ref)
        return ref

    def _ready(self, ref: dict[str, Any], following: str) -> dict[str, Any]:
        """The same event, once the containers are ready for what follows."""
        for _ in range(_LOOKS):
            if self._done("check_status", ref)["next"] == following:
                return ref
            time.sleep(_PAUSE_SECONDS)
        raise RuntimeError(f"the containers never got ready for {following}")

    def _done(self, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._bench.sandbox.functions.invoke(function, event)
        if answer.error:
            raise RuntimeError(f"{function} failed: {answer.payload}")
        return dict(answer.payload)


def _request(
    path_id: str | None = None,
    *,
    body: Mapping[str, Any] | None = None,
    query: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    return {
        "requestContext": {"http": {"method": "GET"}},
        "pathParameters": {"id": path_id} if path_id else None,
        "queryStringParameters": dict(query) if query else None,
        "body": json.dumps(body) if body is not None else None,
    }
