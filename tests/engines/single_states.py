"""Single states of the file, as AWS itself tries them: calls of TestState and what they answer.

Source: Step Functions API reference, TestState, read 2026-11-30.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.names import ACCOUNT_ID, REGION, STATE_MACHINE

JsonObject = dict[str, Any]

_ARN: Final = f"arn:aws:states:{REGION}:{ACCOUNT_ID}:execution:{STATE_MACHINE}:job-1"
_REF: Final = {"sessionId": "session-1", "groupId": "group-1", "accountId": "default"}
_POST: Final = {"post": {**_REF, "jobId": "job-1", "next": "now"}}
_CONTEXT: Final = {"Execution": {"Id": _ARN, "Name": "job-1", "Input": {}, "RedriveCount": 0}}
_READY: Final = {"next": "create", "waitSeconds": 0, "pending": [], "completed": 0, "total": 2}


@dataclass(frozen=True)
class Trial:
    """A state with an input, and what it is to answer; `output` are parts of it by their keys."""

    what: str
    state: str
    given: Mapping[str, Any]
    answer: Mapping[str, Any]
    mock: Mapping[str, Any] | None = None
    retried: int = 0
    output: Mapping[str, Any] = field(default_factory=dict)

    def request(self, definition: str) -> JsonObject:
        """The parameters of the call. The context is allowed beside a mock alone."""
        request: JsonObject = {
            "definition": definition,
            "stateName": self.state,
            "input": json.dumps(self.given),
            "inspectionLevel": "DEBUG",
        }
        if self.mock is not None:
            request["mock"] = dict(self.mock)
            request["context"] = json.dumps(_CONTEXT)
            request["stateConfiguration"] = {"retrierRetryCount": self.retried}
        return request


def _returns(payload: Mapping[str, Any]) -> JsonObject:
    """Lambda's answer; its fields are those of every engine, not all of AWS's."""
    result = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": dict(payload)}
    return {"result": json.dumps(result), "fieldValidationMode": "NONE"}


def _raises(error: str) -> JsonObject:
    cause = json.dumps({"errorType": error, "errorMessage": "made up"})
    return {"errorOutput": {"error": error, "cause": cause}}


TRIALS: Final = (
    Trial(
        "a Choice that matches",
        "HowToBegin",
        {"post": {"next": "alreadyHandled"}},
        {"status": "SUCCEEDED", "nextState": "AlreadyHandled"},
    ),
    Trial(
        "a Choice that matches nothing",
        "WhatNext",
        {"check": {"next": "wait"}},
        {"status": "SUCCEEDED", "nextState": "WaitForContainers"},
    ),
    Trial(
        "a Choice after a publish that was too late",
        "WhatHappened",
        {"publish": {"next": "recheck"}},
        {"status": "SUCCEEDED", "nextState": "CheckStatus"},
    ),
    Trial(
        "an end with its output",
        "PostPublished",
        {"result": {"permalink": "made up"}},
        {"status": "SUCCEEDED"},
        output={"permalink": "made up"},
    ),
    Trial(
        "a task whose answer is kept beside the input",
        "CheckQuota",
        _POST,
        {"status": "SUCCEEDED", "nextState": "HasQuota"},
        mock=_returns(_READY),
        output={**_POST, "check": _READY},
    ),
    Trial(
        "a transient error is tried again",
        "CheckQuota",
        _POST,
        {"status": "RETRIABLE", "error": "TransientGraphError"},
        mock=_raises("TransientGraphError"),
    ),
    Trial(
        "a transient error that stays ends the run",
        "CheckQuota",
        _POST,
        {"status": "FAILED", "error": "TransientGraphError"},
        mock=_raises("TransientGraphError"),
        retried=3,
    ),
    Trial(
        "refused media ends the run",
        "CheckStatus",
        _POST,
        {"status": "FAILED", "error": "MediaRejectedError"},
        mock=_raises("MediaRejectedError"),
    ),
    Trial(
        "an unclear publish leads to looking",
        "Publish",
        _POST,
        {"status": "CAUGHT_ERROR", "nextState": "WaitBeforeReconcile"},
        mock=_raises("PublishUncertainError"),
    ),
    Trial(
        "a token that is refused at the publish call ends the run",
        "Publish",
        _POST,
        {"status": "FAILED", "error": "TokenInvalidError"},
        mock=_raises("TokenInvalidError"),
    ),
)


def differences(trial: Trial, answer: Mapping[str, Any]) -> list[str]:
    """Where an answer of TestState is not what it is to be."""
    output = json.loads(answer.get("output") or "{}")
    wanted = [*trial.answer.items(), *((f"output.{key}", v) for key, v in trial.output.items())]
    found = {**answer, **{f"output.{key}": value for key, value in output.items()}}
    return [
        f"{trial.what}: {key} is {found.get(key)!r}, not {value!r}"
        for key, value in wanted
        if found.get(key) != value
    ]
