"""Executions of the state machine: start one, redrive one, and ask how one stands."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from botocore.config import Config

from postwright.aws import Connected, new_client
from postwright.models import PublishRequest

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

ExecutionStatus = Literal[
    "RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"
]
_EVENTS_AT_ONCE: Final = 1000
"""The most that GetExecutionHistory answers. Source: its API reference, read 2026-11."""
_PAGES: Final = 4
_HASTY: Final = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1})


class NotRedrivableError(Exception):
    """The execution runs, has succeeded, or ended too long ago."""


@dataclass(frozen=True)
class Execution:
    """How an execution stands; `error` and `cause` are as the state machine recorded them."""

    arn: str
    status: ExecutionStatus
    redrive_count: int = 0
    error: str | None = None
    cause: str | None = None
    redrivable: bool = False
    why_not_redrivable: str | None = None

    @property
    def over(self) -> bool:
        """True when it ended without success: nothing of it runs any more."""
        return self.status in ("FAILED", "TIMED_OUT", "ABORTED")

    @property
    def running(self) -> bool:
        """True while something of it may still happen."""
        return self.status in ("RUNNING", "PENDING_REDRIVE")


class Executions(Connected["SFNClient"]):
    """Executions of one state machine; their names are the ids of our jobs."""

    def __init__(self, client: SFNClient | None, state_machine_arn: str) -> None:
        super().__init__(client, lambda: new_client("stepfunctions"))
        self._state_machine_arn = state_machine_arn

    @classmethod
    def connect(cls, state_machine_arn: str) -> Executions:
        """Executions on the Step Functions that the AWS environment variables lead to."""
        return cls(None, state_machine_arn)

    def start(self, job_id: str, request: PublishRequest) -> str:
        """Start the run of a job and return its ARN.

        A repeat is safe: the same name with the same input is the same execution while it runs, and
        an execution of that name which is over counts as started.
        """
        try:
            answer = self._client.start_execution(
                stateMachineArn=self._state_machine_arn, name=job_id, input=request.canonical()
            )
        except self._client.exceptions.ExecutionAlreadyExists:
            return self.arn(job_id)
        return answer["executionArn"]

    def describe(self, job_id: str) -> Execution | None:
        """How the execution of a job stands, or None when it was never started."""
        try:
            found = self._client.describe_execution(executionArn=self.arn(job_id))
        except self._client.exceptions.ExecutionDoesNotExist:
            return None
        return Execution(
            arn=found["executionArn"],
            status=found["status"],
            redrive_count=found.get("redriveCount", 0),
            error=found.get("error"),
            cause=found.get("cause"),
            redrivable=found.get("redriveStatus") == "REDRIVABLE",
            why_not_redrivable=found.get("redriveStatusReason"),
        )

    def events(self, job_id: str) -> list[dict[str, Any]]:
        """The history of a job's execution so far, all of its pages; [] when it was never started.

        `postwright.history.read` tells what the events mean.
        """
        pages = self._client.get_paginator("get_execution_history").paginate(
            executionArn=self.arn(job_id), PaginationConfig={"PageSize": _EVENTS_AT_ONCE}
        )
        try:
            return [dict(event) for page in pages for event in page["events"]]
        except self._client.exceptions.ExecutionDoesNotExist:
            return []

    def redrive(self, job_id: str, token: str) -> None:
        """Let the execution of a job go on where it stopped.

        Raises NotRedrivableError. A repeat is safe: the same token redrives it once.
        Source: Step Functions API reference, RedriveExecution, clientToken, read 2026-11: a token
        is remembered for 15 minutes, the last ten of an execution.
        """
        try:
            self._client.redrive_execution(executionArn=self.arn(job_id), clientToken=token)
        except self._client.exceptions.ExecutionNotRedrivable as error:
            raise NotRedrivableError(str(error)) from error

    def stop(self, job_id: str, cause: str) -> None:
        """Stop the execution of a job; nothing happens when it is over or never began.

        What runs in its functions goes on to its end.
        """
        with suppress(self._client.exceptions.ExecutionDoesNotExist):
            self._client.stop_execution(
                executionArn=self.arn(job_id), error="Cancelled", cause=cause
            )

    def definition(self, job_id: str) -> dict[str, Any]:
        """The state machine as the execution of a job runs it, which a redrive does too."""
        found = self._client.describe_state_machine_for_execution(executionArn=self.arn(job_id))
        document: dict[str, Any] = json.loads(found["definition"])
        return document

    def arn(self, job_id: str) -> str:
        """The ARN of the execution that a job has or would have."""
        return f"{self._state_machine_arn.replace(':stateMachine:', ':execution:')}:{job_id}"


class Histories(Connected["SFNClient"]):
    """Histories of executions, for who would rather do without than wait: each page is asked for
    once and has two seconds to come, because all executions of an account share 20 calls a second.

    Source: Step Functions quotas, API action throttling, read 2026-11.
    """

    def __init__(self, client: SFNClient | None = None) -> None:
        super().__init__(client, lambda: new_client("stepfunctions", _HASTY))

    def events(self, execution_arn: str) -> list[dict[str, Any]]:
        """The history of an execution so far, as `Executions.events`.

        Raises botocore's errors, and EOFError for one of more than 4,000 events.
        """
        events: list[dict[str, Any]] = []
        more: dict[str, Any] = {}
        for _ in range(_PAGES):
            page = self._client.get_execution_history(
                executionArn=execution_arn, maxResults=_EVENTS_AT_ONCE, **more
            )
            events += map(dict, page["events"])
            if "nextToken" not in page:
                return events
            more = {"nextToken": page["nextToken"]}
        raise EOFError(f"The history of {execution_arn} has more than {len(events)} events.")
