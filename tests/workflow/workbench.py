"""What the scenarios work with: a sandbox at the highest speed, post groups with media of their
own, runs of the real workflow, and everything that is left behind.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import httpx
import pytest
from boto3.dynamodb.types import TypeSerializer

from postwright.models import Description, Group, Job, MediaItem, Session
from postwright.store import Store
from sandbox.clients import session_of
from sandbox.clock import SimulatedClock
from sandbox.instagram.accounts import DEMO_ACCOUNT
from sandbox.server import Sandbox, SandboxOptions
from tests.media import film, picture

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import WriteRequestTypeDef
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

TOKEN_PARAMETER = "/ai-social-media/prod/instagram-access-token"  # noqa: S105  a name
ROWS_SEEN = pytest.StashKey[set[str]]()
"""The errors of the reference that a run has met; counted at the end of the session."""
NEW_TOKEN = "IGAASandboxTokenAfterANewLogin0002"  # noqa: S105  worth nothing
GROUP_CAPTION = "Two days by the sea"
HASHTAGS = ["bythesea", "golden hour", "#dunes"]
HASHTAG_LINE = "#bythesea #goldenhour #dunes"

_STEP_SECONDS = 0.5
_STEPS = 400
"""No state in which something is done meanwhile is shorter than a step."""
_TOKEN_KEPT_SECONDS = 600
"""Longer than any function keeps a token in memory."""
_BATCH = 25


class Shot(Enum):
    """What a test puts into a group; each becomes a file with bytes of its own."""

    PHOTO = "photo.jpg"
    REFUSED = "refused.jpg"  # nothing is wrong with it; see `misbehaviour.disagrees`
    WIDE = "wide.jpg"
    PNG = "png-inside.jpg"
    TRUNCATED = "truncated.jpg"
    CLIP = "clip.mp4"


@dataclass(frozen=True)
class File:
    """A file as it was put into the bucket."""

    name: str
    kind: Literal["image", "video"]
    body: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass
class PostGroup:
    """A group as the test wrote it: what must be live, byte for byte, when it is published."""

    session_id: str
    group_id: str
    files: list[File]
    caption: str

    @property
    def request(self) -> dict[str, str]:
        """The smallest input of the workflow."""
        return {"sessionId": self.session_id, "groupId": self.group_id}

    @property
    def hashes(self) -> list[str]:
        return [file.sha256 for file in self.files]

    def key(self, index: int) -> str:
        """Where a file lies in the bucket."""
        return f"{self.session_id}/enhanced/{self.files[index].name}"


@dataclass(frozen=True)
class Run:
    """An execution that is over, as Step Functions tells it; `visits` are the states entered."""

    job_id: str
    status: str
    visits: list[str]
    output: Any
    error: str | None
    cause: str | None

    @property
    def message(self) -> str:
        """The text of the error that ended the run."""
        return str(json.loads(self.cause or "{}").get("errorMessage", ""))


@dataclass(frozen=True)
class Written:
    """Files that collect what the sandbox writes during the session."""

    functions_log: Path
    functions_stderr: Path
    sandbox_log: Path


class Workbench:
    """One sandbox for all scenarios; `reset` before each."""

    def __init__(self, sandbox: Sandbox, clip: bytes) -> None:
        environment = sandbox.environment()
        session = session_of(environment)
        self.sandbox = sandbox
        self.table = environment["POSTWRIGHT_TABLE"]
        self.bucket = environment["POSTWRIGHT_BUCKET"]
        self.dynamodb: DynamoDBClient = session.client("dynamodb", endpoint_url=sandbox.aws)
        self.s3: S3Client = session.client("s3", endpoint_url=sandbox.aws)
        self.ssm: SSMClient = session.client("ssm", endpoint_url=sandbox.aws)
        self.stepfunctions: SFNClient = session.client("stepfunctions", endpoint_url=sandbox.aws)
        self.store = Store(self.dynamodb, self.table)
        self.api = httpx.Client(
            base_url=sandbox.app,
            trust_env=False,
            timeout=30,
            event_hooks={"response": [self._keep_answer]},
        )
        self.instagram = httpx.Client(base_url=sandbox.instagram, trust_env=False, timeout=30)
        self.groups: list[PostGroup] = []
        self.answers: list[str] = []
        self.past_requests: list[dict[str, Any]] = []
        self.past_items: list[dict[str, Any]] = []
        self._clip = clip
        self._numbers = itertools.count(1)
        self._token_is_new = False
        self._time_stands_still = False
        self._invoked_before: dict[str, int] = {}

    @property
    def clock(self) -> SimulatedClock:
        return self.sandbox.clock

    def close(self) -> None:
        self.api.close()
        self.instagram.close()
        for client in (self.dynamodb, self.s3, self.ssm, self.stepfunctions):
            client.close()

    def reset(self) -> None:
        """An empty table, an empty simulated Instagram with the default config, and the demo token.

        What was in the table and in the request log is kept in `past_items` and `past_requests`.
        """
        self._stop_what_runs()
        self.past_requests += self.requests()
        self.past_items += self._take_items()
        self.instagram.post("/_control/reset").raise_for_status()
        self.sandbox.calls.clear_faults()
        self.sandbox.calls.clear()
        self.groups.clear()
        functions = self.sandbox.functions
        self._invoked_before = {name: functions.invocations(name) for name in functions.names}
        if self._token_is_new:
            self.store_token(DEMO_ACCOUNT.token)
            self.clock.advance(_TOKEN_KEPT_SECONDS)
            self._token_is_new = False

    # Given

    def group(self, *shots: Shot, caption: str | None = None) -> PostGroup:
        """A group that is ready to publish: files in the bucket, records in the table."""
        number = next(self._numbers)
        session_id, group_id = f"session-{number}", f"group-{number}"
        files = [self._file(shot, number, index) for index, shot in enumerate(shots)]
        text = caption if caption is not None else f"{GROUP_CAPTION} {number}"
        group = PostGroup(session_id, group_id, files, caption="")
        now = self.clock.now().isoformat()
        self.store.put_session(
            Session(session_id=session_id, name="A test", step="publish", created_at=now)
        )
        self.describe(group, text)
        self.store.put_new_group(
            Group(
                session_id=session_id,
                group_id=group_id,
                name=f"Group {number}",
                media=self._media(group),
            )
        )
        for index in range(len(files)):
            self.upload(group, index)
        self.groups.append(group)
        return group

    def describe(self, group: PostGroup, text: str) -> None:
        """Write the group's description anew; what is published must follow."""
        description = Description(caption=text, hashtags=HASHTAGS, location_tag="Skagen")
        self.store.put_description(group.session_id, group.group_id, description)
        group.caption = f"{text}\n\n{HASHTAG_LINE}"

    def upload(self, group: PostGroup, index: int) -> None:
        """Put a file of the group into the bucket, again if it lies there."""
        file = group.files[index]
        content_type = "image/jpeg" if file.kind == "image" else "video/mp4"
        self.s3.put_object(
            Bucket=self.bucket, Key=group.key(index), Body=file.body, ContentType=content_type
        )

    def replace(self, group: PostGroup, index: int, shot: Shot = Shot.PHOTO) -> None:
        """Other bytes under the same name."""
        body = self._body(shot, next(self._numbers), index)
        group.files[index] = replace(group.files[index], body=body)
        self.upload(group, index)

    def add(self, group: PostGroup, shot: Shot) -> None:
        """One more item at the end."""
        group.files.append(self._file(shot, next(self._numbers), len(group.files)))
        self.upload(group, len(group.files) - 1)
        self.list_files(group)

    def list_files(self, group: PostGroup) -> None:
        """Write the files into the group's record, in their order."""
        items = [item.to_json() for item in self._media(group)]
        self.write(group, "GROUP", "media", items)

    def write(
        self, group: PostGroup, record: Literal["GROUP", "DESCRIPTION"], attribute: str, value: Any
    ) -> None:
        """Set one attribute of the group's record or description, past the library."""
        self.dynamodb.update_item(
            TableName=self.table,
            Key={
                "PK": {"S": f"SESSION#{group.session_id}"},
                "SK": {"S": f"{record}#{group.group_id}"},
            },
            UpdateExpression="SET #name = :value",
            ExpressionAttributeNames={"#name": attribute},
            ExpressionAttributeValues={":value": TypeSerializer().serialize(value)},
        )

    def configure(self, **changes: Any) -> None:
        """Change the simulated Instagram."""
        answer = self.instagram.post("/_control/config", json=changes)
        assert answer.status_code == 200, answer.text

    def script(self, *faults: Mapping[str, Any]) -> None:
        """Add to what goes wrong at the simulated Instagram."""
        answer = self.instagram.post(
            "/_control/faults", json={"faults": [dict(fault) for fault in faults]}
        )
        assert answer.status_code == 200, answer.text

    def script_calls(self, *faults: Mapping[str, Any]) -> None:
        """Add to what goes wrong with calls to AWS, invocations and events."""
        self.sandbox.calls.add_faults([dict(fault) for fault in faults])

    def end_faults(self) -> None:
        """From now on nothing goes wrong any more."""
        self.instagram.delete("/_control/faults").raise_for_status()
        self.sandbox.calls.clear_faults()

    def store_token(self, token: str) -> None:
        """Put a token where the functions read it."""
        self._token_is_new = True
        self.ssm.put_parameter(
            Name=TOKEN_PARAMETER, Value=token, Type="SecureString", Overwrite=True
        )

    @contextmanager
    def time_stands_still(self) -> Iterator[None]:
        """Every wait of a run lasts while this is open, and a test can do something meanwhile."""
        with self.clock.busy():
            self._time_stands_still = True
            try:
                yield
            finally:
                self._time_stands_still = False

    @contextmanager
    def runs_may_take(self, *, seconds: int) -> Iterator[None]:
        """The same workflow with another limit for the whole run; for runs that start meanwhile."""
        arn = self.sandbox.state_machine_arn
        usual = self.stepfunctions.describe_state_machine(stateMachineArn=arn)["definition"]
        shorter = json.dumps(json.loads(usual) | {"TimeoutSeconds": seconds})
        self.stepfunctions.update_state_machine(stateMachineArn=arn, definition=shorter)
        try:
            yield
        finally:
            self.stepfunctions.update_state_machine(stateMachineArn=arn, definition=usual)

    # When

    def start(self, group: PostGroup, **options: Any) -> str:
        """Start through the HTTP API; the job id."""
        answer = self.api.post("/api/publish/start", json=group.request | options)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["jobId"])

    def start_execution(self, document: Any) -> str:
        """Start as from the console, with this input; the job id."""
        answer = self.stepfunctions.start_execution(
            stateMachineArn=self.sandbox.state_machine_arn, input=json.dumps(document)
        )
        return answer["executionArn"].rsplit(":", 1)[-1]

    def arn(self, job_id: str) -> str:
        machine = self.sandbox.state_machine_arn
        return f"{machine.replace(':stateMachine:', ':execution:')}:{job_id}"

    def stop(self, job_id: str) -> None:
        self.stepfunctions.stop_execution(executionArn=self.arn(job_id))

    def redrive(self, job_id: str) -> None:
        self.stepfunctions.redrive_execution(executionArn=self.arn(job_id))

    def until_in(self, job_id: str, state: str, *, times: int = 1) -> None:
        """Let time pass in small steps until the run has entered a state, so and so many times."""
        for _ in range(_STEPS):
            if self.visits(job_id).count(state) >= times:
                return
            self.let_time_pass(_STEP_SECONDS)
        raise AssertionError(f"{job_id} never came to {state}: {self.visits(job_id)}")

    def finished(self, job_id: str) -> Run:
        """The run, once it is over and its end is recorded."""
        arn, seconds = self.arn(job_id), _STEP_SECONDS
        for _ in range(_STEPS):
            self.let_time_pass(seconds)
            found = self.stepfunctions.describe_execution(executionArn=arn)
            if found["status"] != "RUNNING":
                break
            seconds *= 1 if self._time_stands_still else 4
        else:
            raise AssertionError(f"{job_id} did not end: {self.visits(job_id)}")
        self.let_time_pass(_STEP_SECONDS)
        return Run(
            job_id=job_id,
            status=found["status"],
            visits=self.visits(job_id),
            output=json.loads(found["output"]) if "output" in found else None,
            error=found.get("error"),
            cause=found.get("cause"),
        )

    def let_time_pass(self, seconds: float) -> None:
        """Return when so much time has passed, which it does only while nothing is in flight."""
        due = self.now() + timedelta(seconds=seconds)
        self.clock.wait_until(due, was_busy=self._time_stands_still)

    def published(self, group: PostGroup, **options: Any) -> Run:
        """Publish a group, or say why it failed."""
        run = self.finished(self.start(group, **options))
        assert run.status == "SUCCEEDED", run.message
        return run

    # Then

    def history(self, job_id: str, *, with_data: bool = True) -> list[HistoryEventTypeDef]:
        pages = self.stepfunctions.get_paginator("get_execution_history").paginate(
            executionArn=self.arn(job_id),
            includeExecutionData=with_data,
            PaginationConfig={"PageSize": 1000},
        )
        return [event for page in pages for event in page["events"]]

    def times(self, job_id: str) -> tuple[datetime, datetime]:
        """When an execution that is over began and ended."""
        found = self.stepfunctions.describe_execution(executionArn=self.arn(job_id))
        return found["startDate"], found["stopDate"]

    def visits(self, job_id: str) -> list[str]:
        """The states that were entered, in order; those of a Map once per iteration."""
        return [
            event["stateEnteredEventDetails"]["name"]
            for event in self.history(job_id, with_data=False)
            if "stateEnteredEventDetails" in event
        ]

    def invocations(self, function: str) -> int:
        """How often a function was invoked in this test."""
        return self.sandbox.functions.invocations(function) - self._invoked_before[function]

    def timed_out(self, job_id: str) -> int:
        """How many tasks of a run were given up."""
        history = self.history(job_id, with_data=False)
        return sum(event["type"] == "TaskTimedOut" for event in history)

    def executions(self) -> Iterator[str]:
        """The job ids of all executions so far, the newest first."""
        pages = self.stepfunctions.get_paginator("list_executions")
        machine = self.sandbox.state_machine_arn
        for page in pages.paginate(stateMachineArn=machine, PaginationConfig={"PageSize": 20}):
            for execution in page["executions"]:
                yield execution["name"]

    def running(self) -> list[str]:
        """The job ids of the executions that run."""
        listed = self.stepfunctions.list_executions(
            stateMachineArn=self.sandbox.state_machine_arn, statusFilter="RUNNING"
        )
        return [execution["name"] for execution in listed["executions"]]

    def record(self, group: PostGroup) -> Group:
        found = self.store.group(group.session_id, group.group_id)
        assert found is not None
        return found

    def job(self, job_id: str) -> Job:
        found = self.store.find_job(job_id)
        assert found is not None
        return found

    def status(self, job_id: str) -> dict[str, Any]:
        """What the HTTP API tells of a job."""
        answer = self.api.get(f"/api/publish/{job_id}/status")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def posts(self) -> list[dict[str, Any]]:
        return list(self.instagram.get("/_control/posts").json())

    def posts_of(self, group: PostGroup) -> list[dict[str, Any]]:
        """The live posts that show any file of the group."""
        return [post for post in self.posts() if set(hashes_of(post)) & set(group.hashes)]

    def requests(self) -> list[dict[str, Any]]:
        return list(self.instagram.get("/_control/requests").json())

    def sends(self) -> int:
        """How many publish calls have come to Instagram."""
        return sum(
            request["method"] == "POST" and request["path"].endswith("/media_publish")
            for request in self.requests()
        )

    def items(self) -> Iterator[dict[str, Any]]:
        """Every item of the table."""
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=self.table):
            yield from page["Items"]

    def now(self) -> datetime:
        return self.clock.now()

    def _media(self, group: PostGroup) -> list[MediaItem]:
        return [
            MediaItem(key=group.key(index), kind=file.kind)
            for index, file in enumerate(group.files)
        ]

    def _file(self, shot: Shot, number: int, index: int) -> File:
        kind: Literal["image", "video"] = "video" if shot is Shot.CLIP else "image"
        return File(f"{index + 1:02}-{shot.value}", kind, self._body(shot, number, index))

    def _body(self, shot: Shot, number: int, index: int) -> bytes:
        """Bytes that no other file has: what follows the picture or film is not looked at."""
        mark = f"group {number} item {index}".encode()
        match shot:
            case Shot.PHOTO | Shot.REFUSED:
                return picture((320, 320)) + mark
            case Shot.WIDE:
                return picture((640, 320)) + mark
            case Shot.PNG:
                return picture((320, 320), kind="PNG") + mark
            case Shot.TRUNCATED:
                return picture((800, 800))[:2000] + mark
            case Shot.CLIP:
                return self._clip + _free_box(mark)

    def _take_items(self) -> list[dict[str, Any]]:
        """Everything out of the table; moto copies the whole of it for each claim of a group."""
        items = list(self.items())
        deletions: list[WriteRequestTypeDef] = [
            {"DeleteRequest": {"Key": {"PK": item["PK"], "SK": item["SK"]}}} for item in items
        ]
        for start in range(0, len(deletions), _BATCH):
            batch = deletions[start : start + _BATCH]
            self.dynamodb.batch_write_item(RequestItems={self.table: batch})
        return items

    def _stop_what_runs(self) -> None:
        """A test that failed may have left a run behind."""
        for job_id in self.running():
            self.stop(job_id)

    def _keep_answer(self, answer: httpx.Response) -> None:
        self.answers.append(f"{dict(answer.headers)} {answer.read().decode()}")


def hashes_of(post: dict[str, Any]) -> list[str]:
    """The SHA-256 of each item of a live post, in its order."""
    return [item["sha256"] for item in post["children"] or [post]]


@contextmanager
def stderr_to(path: Path) -> Iterator[None]:
    """What is started meanwhile keeps this file as its stderr."""
    before = os.dup(2)
    with path.open("wb") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


@contextmanager
def opened(options: SandboxOptions, stderr: Path, clip: Path) -> Iterator[Workbench]:
    """A workbench on a sandbox of its own, whose processes write what they complain about to a
    file; `clip` is where its film is made.
    """
    sandbox = Sandbox(options)
    with stderr_to(stderr):
        sandbox.start()
    try:
        bench = Workbench(sandbox, film(clip))
        try:
            yield bench
        finally:
            bench.close()
    finally:
        sandbox.close()


@contextmanager
def emptied(bench: Workbench, stderr: Path) -> Iterator[Workbench]:
    """The workbench with an empty simulated Instagram; what functions complain about is shown."""
    seen = stderr.stat().st_size
    bench.reset()
    yield bench
    sys.stderr.write(stderr.read_bytes()[seen:].decode())


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _free_box(content: bytes) -> bytes:
    """An MP4 box that players skip."""
    return (len(content) + 8).to_bytes(4, "big") + b"free" + content
