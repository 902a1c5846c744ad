"""Starts the state machine; nobody asks whether another run has the group."""

from __future__ import annotations

import json
from typing import Any

from postwright import app, starting
from postwright.models import PublishRequest


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    request = PublishRequest.model_validate_json(event["body"])
    job_id = starting.new_job_id()
    app.current().executions.start(job_id, request)
    return {"statusCode": 202, "body": json.dumps({"jobId": job_id})}
