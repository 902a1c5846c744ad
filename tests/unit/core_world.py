"""The library with real parts around it: moto's server for AWS, the simulated Instagram over HTTP.

The state machine is the one stand-in: here it is a list of executions that a test ends by hand.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from postwright import caption, clock, holding, progress
from postwright.app import App
from postwright.executions import (
    Execution,
    Executions,
    ExecutionStatus,
    Histories,
    NotRedrivableError,
)
from postwright.models import (
    Attempt,
    AttemptState,
    Container,
    Group,
    Job,
    MediaItem,
    PostKind,
    PublishRequest,
    PublishStatus,
    Ref,
    Session,
    Slot,
    SnapshotItem,
    now_text,
)
from postwright.store import Store
from sandbox.clock import SimulatedClock
from sandbox.instagram import DEMO_ACCOUNT
from tests.instagram_lab import Lab
from tests.media import MediaServer, picture

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

STATE_MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:publish-post"
SESSION = "s1"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Cloud:
    """Clients of moto, with a bucket and the token of the demo account in it.

    `origin` is moto's server, from which presigned URLs are fetched.
    """

    origin: str
    dynamodb: DynamoDBClient
    s3: S3Client
    ssm: SSMClient
    bucket: str = "core-media"
    prefix: str = "/core"

    def new_table(self) -> str:
        name = f"core-{next(_numbers)}"
        self.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": key, "AttributeType": "S"}
                for key in ("PK", "SK", "openJob", "updatedAt")
            ],
            KeySchema=[
                {"AttributeName": "PK", "KeyType": "HASH"},
                {"AttributeName": "SK", "KeyType": "RANGE"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "open-jobs",
                    "KeySchema": [
                        {"AttributeName": "openJob", "KeyType": "HASH"},
                        {"AttributeName": "updatedAt", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        return name

    def put_credentials(self, folder: str, token: str = DEMO_ACCOUNT.token) -> None:
        """What an account needs; `folder` is a path of the Parameter Store."""
        self.put_parameter(f"{folder}/instagram-access-token", token)
        self.put_parameter(f"{folder}/instagram-user-id", DEMO_ACCOUNT.user_id)

    def put_parameter(self, name: str, value: str) -> None:
        self.ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)


class HandClock:
    """The clock of the simulated Instagram; a sleep moves it.

    Deadlines pass `haste` times faster than real time; with none they only pass as it moves.
    """

    def __init__(self, simulated: SimulatedClock) -> None:
        self._simulated = simulated
        self.haste = 1.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._simulated.now()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._simulated.advance(seconds)

    def advance(self, seconds: float) -> None:
        self._simulated.advance(seconds)

    def monotonic(self) -> float:
        return self._simulated.monotonic() + time.monotonic() * self.haste

    def wall_seconds(self, seconds: float) -> float | None:
        return seconds / self.haste if self.haste else None


class FakeExecutions(Executions):
    """Executions that a test ends by hand; names and states behave as Step Functions' do."""

    def __init__(self) -> None:
        self.started: list[tuple[str, PublishRequest]] = []
        self.known: dict[str, Execution] = {}
        self.stopped: list[tuple[str, str]] = []
        self.redriven: dict[tuple[str, str], Execution] = {}
        self.is_slow = False

    def start(self, job_id: str, request: PublishRequest) -> str:
        self.started.append((job_id, request))
        self.known.setdefault(job_id, Execution(self.arn(job_id), "RUNNING"))
        return self.arn(job_id)

    def describe(self, job_id: str) -> Execution | None:
        return self.known.get(job_id)

    def redrive(self, job_id: str, token: str) -> None:
        before = self.known[job_id]
        if (job_id, token) in self.redriven:
            return
        if not before.redrivable:
            raise NotRedrivableError(before.why_not_redrivable)
        self.redriven[job_id, token] = before
        self.known[job_id] = Execution(before.arn, "RUNNING", before.redrive_count + 1)

    def stop(self, job_id: str, cause: str) -> None:
        self.stopped.append((job_id, cause))
        found = self.known.get(job_id)
        if found is not None and found.status == "RUNNING" and not self.is_slow:
            self.end(job_id, "ABORTED")

    def arn(self, job_id: str) -> str:
        return f"arn:aws:states:us-east-1:123456789012:execution:publish-post:{job_id}"

    def end(
        self,
        job_id: str,
        status: ExecutionStatus = "FAILED",
        error: str | None = None,
        cause: str | None = None,
        *,
        too_old: str | None = None,
    ) -> None:
        """`too_old` is why it cannot be redriven."""
        before = self.known.get(job_id)
        self.known[job_id] = Execution(
            self.arn(job_id),
            status,
            before.redrive_count if before else 0,
            error=error,
            cause=cause,
            redrivable=too_old is None and status != "SUCCEEDED",
            why_not_redrivable=too_old,
        )


class FakeHistories(Histories):
    """Histories that a test writes, by ARN."""

    def __init__(self) -> None:
        self.written: dict[str, list[dict[str, Any]]] = {}

    def events(self, execution_arn: str) -> list[dict[str, Any]]:
        return self.written[execution_arn]


@dataclass
class World:
    """The library as one function of the workflow sees it, and the hands that move the rest."""

    app: App
    lab: Lab
    media: MediaServer
    clock: HandClock
    cloud: Cloud
    executions: FakeExecutions
    histories: FakeHistories

    @property
    def store(self) -> Store:
        return self.app.store

    def configure(self, **settings: Any) -> None:
        """Settings by their field names."""
        self.app = replace(self.app, settings=self.app.settings.model_copy(update=settings))

    def talk_to(self, origin: str) -> None:
        """Let another server play Instagram."""
        self.configure(graph_url=f"{origin}/v25.0")

    def image_on_instagram(self, text: str = "Hello", **form: Any) -> str:
        """The id of a container of one image that is ready."""
        url = self.media.put("a.jpg", picture())
        container = self.lab.container(image_url=url, caption=text, **form)
        self.lab.advance(4)
        return container

    def carousel_on_instagram(self, text: str, items: int = 2) -> tuple[list[str], str]:
        """Ids of children and parent, all ready."""
        children = [self.image_on_instagram("", is_carousel_item="true") for _ in range(items)]
        parent = self.lab.container(
            media_type="CAROUSEL", children=",".join(children), caption=text
        )
        self.lab.advance(4)
        return children, parent

    def upload(self, name: str, body: bytes | None = None) -> str:
        """The key of an object in the bucket."""
        key = f"{SESSION}/enhanced/{name}"
        content = picture() if body is None else body
        kind = "video/mp4" if name.endswith(".mp4") else "image/jpeg"
        self.cloud.s3.put_object(
            Bucket=self.app.settings.bucket, Key=key, Body=content, ContentType=kind
        )
        return key

    def add_session(self) -> None:
        now = now_text()
        session = Session(session_id=SESSION, name="Summer", step="publish", created_at=now)
        self.store.put_session(session)

    def add_group(self, group_id: str = "g1", **attributes: Any) -> Group:
        group = Group(session_id=SESSION, group_id=group_id, **attributes)
        self.store.put_new_group(group)
        return group

    def add_image_group(self, group_id: str = "g1", names: tuple[str, ...] = ("a.jpg",)) -> Group:
        """A group that can be published."""
        media = [MediaItem(key=self.upload(name), kind="image") for name in names]
        return self.add_group(group_id, media=media, caption="Hello")

    def request(self, group_id: str = "g1", **more: Any) -> PublishRequest:
        return PublishRequest(session_id=SESSION, group_id=group_id, **more)

    def group(self, group_id: str = "g1") -> Group:
        found = self.store.group(SESSION, group_id)
        assert found is not None
        return found

    def job(self, ref: Ref) -> Job:
        return holding.job_of(self.app, ref)

    def begun(
        self,
        group_id: str = "g1",
        *,
        job_id: str | None = None,
        kind: PostKind = "image",
        items: int = 1,
        text: str = "Hello",
        containers: dict[str, Container] | None = None,
        on_quota: Any = "fail",
    ) -> Ref:
        """A group whose run has begun; `containers` is how far it is."""
        name = job_id or f"job-{group_id}"
        media_kind: Any = "video" if kind == "reel" else "image"
        media = [
            MediaItem(key=f"{SESSION}/enhanced/{number + 1}.jpg", kind=media_kind)
            for number in range(items)
        ]
        request = self.request(group_id, on_quota=on_quota)
        if self.store.group(SESSION, group_id) is None:
            self.add_group(group_id, media=media, caption=text)
        ref = Ref(session_id=SESSION, group_id=group_id, job_id=name)
        self.claim(ref, request)
        self.executions.start(name, request)
        snapshot = [
            SnapshotItem(
                index=index, media=item, etag="e", size_bytes=1, options_hash=item.options_hash()
            )
            for index, item in enumerate(media)
        ]
        self.store.update_job(
            ref,
            kind=kind,
            items=snapshot,
            containers=containers or {},
            caption_text=text,
            caption_hash=caption.digest(text),
            ig_user_id=DEMO_ACCOUNT.user_id,
            progress=progress.at_start(kind, items),
            started_at=now_text(),
        )
        self.hold_slot(ref, containers=items + (kind == "carousel"))
        return ref

    def hold_slot(self, ref: Ref, *, containers: int = 1) -> None:
        """What CheckQuota has taken for the run of `ref`."""
        slot = Slot(session_id=ref.session_id, taken_at=now_text(), containers=containers)
        version = self.store.ledger(ref.account_id).version
        self.store.hold_slot(ref.account_id, ref.job_id, version, slot, {})

    def claim(self, ref: Ref, request: PublishRequest | None = None) -> None:
        """Transition 1 for the job of `ref`."""
        now = now_text()
        job = Job(
            job_id=ref.job_id,
            session_id=ref.session_id,
            group_id=ref.group_id,
            account_id=ref.account_id,
            request=request or self.request(ref.group_id),
            created_at=now,
            updated_at=now,
        )
        self.store.claim(self.group(ref.group_id), job)

    def close(self, ref: Ref, status: PublishStatus) -> None:
        """The run of `ref` is over and leaves its group so."""
        group = self.group(ref.group_id)
        self.store.close_group(group, ref, status, {"status": status, "phase": status})

    def ready_to_publish(self, group_id: str = "g1", text: str = "Hello", **more: Any) -> Ref:
        """A run whose next step is to publish an image that is ready on Instagram."""
        container = finished(self.image_on_instagram(text))
        return self.begun(group_id, text=text, containers={"0": container}, **more)

    def publish_answers(self, status: int = 500, body: str = "", times: int = 1) -> None:
        """What the next publish calls are answered, before anything happens."""
        self.answer({"call": "publish", "status": status, "body": body, "times": times})

    def answer(self, *faults: dict[str, Any]) -> None:
        """What calls are answered instead of taking effect."""
        answered = self.lab.faults(*faults)
        assert answered.status_code == 200, answered.text

    def posts_sent(self) -> list[str]:
        """The creation id of each publish call that the library sent."""
        return [
            entry["parameters"]["creation_id"]
            for entry in self.lab.requests()
            if entry["path"].endswith("/media_publish") and entry["user_agent"] == "postwright"
        ]

    def advance(self, seconds: float) -> None:
        self.lab.advance(seconds)


def finished(container_id: str, *, age_seconds: float = 4) -> Container:
    """What a job knows of a container that is ready."""
    created = clock.to_text(clock.in_seconds(-age_seconds))
    return Container(state="finished", id=container_id, created_at=created)


def attempt(ref: Ref, seq: int = 1, n: int = 1, state: AttemptState = "open") -> Attempt:
    return Attempt(
        seq=seq,
        job_id=ref.job_id,
        n=n,
        container_id="17900000000000001",
        ig_user_id=DEMO_ACCOUNT.user_id,
        caption_hash=caption.digest("Hello"),
        sent_at=now_text(),
        state=state,
    )
