"""Where the actors play: our library on services in memory, with one or two groups as they may be
found, and the calls that are tried side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from postwright import (
    caption,
    clock,
    closing,
    containers,
    progress,
    publishing,
    runs,
    settling,
)
from postwright.app import App
from postwright.errors import (
    CaptionBusyError,
    ContainerNotReadyError,
    PostwrightError,
    PublishUncertainError,
)
from postwright.executions import Execution, Executions, ExecutionStatus
from postwright.media import MediaHead
from postwright.models import (
    Container,
    Group,
    Job,
    MediaItem,
    PublishRequest,
    Ref,
    Session,
    SnapshotItem,
    now_text,
)
from postwright.settings import Settings
from postwright.store import Store
from postwright.tokens import Credentials
from tests.chaos.explorer.instagram import Client, Instagram
from tests.chaos.explorer.scheduler import Scheduler
from tests.chaos.explorer.table import Table

SESSION = "s"
ACCOUNT = "17841400000000000"
NINE = datetime(2026, 12, 1, 9, tzinfo=UTC)
_ROUNDS = 40
_BUSY_MAX = 20
_FUNCTION_SECONDS = 30.0


class StuckError(Exception):
    """The workflow does not come to an end."""


class Hand:
    """A clock that only moves by hand."""

    def __init__(self) -> None:
        self._now = NINE

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def monotonic(self) -> float:
        return self._now.timestamp()

    def wall_seconds(self, seconds: float) -> float:
        return seconds


@dataclass
class Machine(Executions):
    """Executions by name; they do nothing by themselves."""

    before: Callable[[str], object]
    after: Callable[[object], object]
    known: dict[str, Execution] = field(default_factory=dict)

    def start(self, job_id: str, request: PublishRequest) -> str:  # noqa: ARG002
        self.before("StartExecution")
        self.known.setdefault(job_id, Execution(self.arn(job_id), "RUNNING"))
        self.after(job_id)
        return self.arn(job_id)

    def describe(self, job_id: str) -> Execution | None:
        self.before("DescribeExecution")
        found = self.known.get(job_id)
        self.after(found)
        return found

    def stop(self, job_id: str, cause: str) -> None:  # noqa: ARG002
        self.before("StopExecution")
        self.set(job_id, "ABORTED", only_if="RUNNING")
        self.after(None)

    def redrive(self, job_id: str) -> int | None:
        """How often it was redriven then, or None when it cannot be."""
        self.before("RedriveExecution")
        found = self.known.get(job_id)
        count = found.redrive_count + 1 if found is not None and found.over else None
        if found is not None and count is not None:
            self.known[job_id] = replace(found, status="RUNNING", redrive_count=count)
        self.after(count)
        return count

    def set(self, job_id: str, status: ExecutionStatus, *, only_if: str | None = None) -> None:
        found = self.known.get(job_id)
        if found is not None and only_if in (None, found.status):
            self.known[job_id] = replace(found, status=status)

    def arn(self, job_id: str) -> str:
        return f"arn:aws:states:us-east-1:1:execution:publish-post:{job_id}"


class _Bucket:
    """Every object is there."""

    def head(self, key: str) -> MediaHead:
        return MediaHead(1000, f'"{key}"', None)

    def presign(self, key: str, version_id: str | None = None) -> str:  # noqa: ARG002
        return f"https://media.example/{key}"


class _Tokens:
    """A token that works."""

    def credentials(self, account_id: str) -> Credentials:  # noqa: ARG002
        return Credentials(ACCOUNT, "token")

    def renew(self, account_id: str) -> str:  # noqa: ARG002
        return "token"


@dataclass(frozen=True)
class StageApp(App):
    """Our parts, with Instagram in memory."""

    instagram_here: Instagram = field(kw_only=True)

    def instagram(self, account_id: str, *, token_read_now: bool = False) -> Any:  # noqa: ARG002
        return Client(self.instagram_here, lambda failure: self._note(account_id, failure))


class Stage:
    """Everything that one order of events needs; made anew for each."""

    def __init__(self, *, on_unknown: str = "resend") -> None:
        self.clock = Hand()
        self.scheduler = Scheduler()
        before, after = self.scheduler.before, self.scheduler.after
        self.table = Table(before=before, after=after)
        self.instagram = Instagram(self.clock.now, before=before, after=after)
        self.machine = Machine(before, after)
        self.owner: dict[str, str] = {}
        self.app = StageApp(
            settings=Settings.from_environment({"POSTWRIGHT_ON_UNKNOWN": on_unknown}),
            store=Store(cast(Any, self.table), "table"),
            media=cast(Any, _Bucket()),
            tokens=cast(Any, _Tokens()),
            executions=self.machine,
            http=cast(Any, None),
            instagram_here=self.instagram,
        )
        self._job_numbers = iter(range(2, 100))

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """This process tells the stage's time, and new jobs get names that repeat."""
        previous, new_job_id = clock.use(self.clock), runs.new_job_id
        cast(Any, runs).new_job_id = lambda: f"job-{next(self._job_numbers)}"
        try:
            yield
        finally:
            clock.use(previous)
            cast(Any, runs).new_job_id = new_job_id

    # Groups as they may be found

    def add_group(self, group_id: str, text: str = "Hello") -> None:
        now = now_text()
        self.app.store.put_session(
            Session(session_id=SESSION, name="S", step="publish", created_at=now)
        )
        media = [MediaItem(key=f"{group_id}.jpg", kind="image")]
        self.app.store.put_new_group(
            Group(session_id=SESSION, group_id=group_id, media=media, caption=text)
        )

    def begun(self, group_id: str, job_id: str, text: str = "Hello") -> Ref:
        """A run that is about to publish its container."""
        ref = Ref(session_id=SESSION, group_id=group_id, job_id=job_id)
        now = now_text()
        job = Job(
            job_id=job_id,
            session_id=SESSION,
            group_id=group_id,
            account_id=ref.account_id,
            request=self.request(group_id),
            created_at=now,
            updated_at=now,
        )
        group = self.app.store.group(SESSION, group_id)
        assert group is not None
        self.app.store.claim(group, job)
        self.machine.start(job_id, job.request)
        container_id = self.instagram.add(text)
        self.owner[container_id] = group_id
        item = group.media[0]
        self.app.store.update_job(
            ref,
            kind="image",
            items=[
                SnapshotItem(
                    index=0,
                    media=item,
                    etag=f'"{item.key}"',
                    size_bytes=1000,
                    options_hash=item.options_hash(),
                )
            ],
            containers={"0": Container(state="finished", id=container_id, created_at=now)},
            caption_text=text,
            caption_hash=caption.digest(text),
            ig_user_id=ACCOUNT,
            progress=progress.at_start("image", 1),
            started_at=now,
        )
        return ref

    def sent(self, ref: Ref, behaviour: Any) -> None:
        """The run has sent its publish call, and Instagram did this; then it died."""
        usual, self.instagram.choose = self.instagram.choose, lambda: behaviour
        with suppress(PostwrightError):
            self.publish(ref)
        self.instagram.choose = usual

    # What is tried side by side

    def request(self, group_id: str) -> PublishRequest:
        return PublishRequest(session_id=SESSION, group_id=group_id)

    def start(self, group_id: str) -> Any:
        """The API's start, and the first step of the execution that it began."""
        started = runs.start(self.app, self.request(group_id))
        return self.load(group_id, started.job_id) if started.new else started

    def load(self, group_id: str, job_id: str) -> Any:
        raw = {"sessionId": SESSION, "groupId": group_id}
        return runs.load(self.app, raw, job_id, self.machine.arn(job_id), 0)

    def publish(self, ref: Ref) -> Any:
        began = self.clock.now()

        def left() -> float:
            return _FUNCTION_SECONDS - (self.clock.now() - began).total_seconds()

        return publishing.publish(self.app, ref, left)

    def reconcile(self, ref: Ref) -> Any:
        return publishing.reconcile(self.app, ref)

    def record_failure(self, ref: Ref) -> Any:
        """Somebody stops the run, and the event of its end comes."""
        self.machine.stop(ref.job_id, "by hand")
        return closing.record_failure(self.app, {"detail": {"name": ref.job_id}})

    def sweep(self) -> Any:
        return settling.sweep(self.app, lambda: _FUNCTION_SECONDS)

    def redriven_publish(self, ref: Ref) -> Any:
        count = self.machine.redrive(ref.job_id)
        if count is None:
            return "it cannot be redriven"
        return self.publish(ref.model_copy(update={"redrive_count": count}))

    def cancel(self, ref: Ref) -> Any:
        return closing.cancel(self.app, ref.job_id, "a person")

    def accept(self, ref: Ref) -> Any:
        """A person who sees the post says that it is the group's."""
        mine = [post for post in self.instagram.posts if self.group_of(post) == ref.group_id]
        if not mine:
            return "there is nothing to accept"
        return settling.accept(self.app, ref.job_id, mine[0].id, "a person")

    def not_published(self, ref: Ref) -> Any:
        return settling.not_published(self.app, ref.job_id, "a person")

    # How it goes on

    def group_of(self, post: Any) -> str:
        """The group that a post shows; containers made during an order carry their group's name."""
        return self.owner[post.container]

    def go_on(self, job_id: str) -> None:
        """The execution of a job goes on from its publish step to its end, as the state machine
        would.
        """
        with suppress(PostwrightError):
            if self._workflow(job_id):
                self.machine.set(job_id, "SUCCEEDED")
                return
        self.machine.set(job_id, "FAILED")
        closing.record_failure(self.app, {"detail": {"name": job_id}})

    def _workflow(self, job_id: str) -> bool:
        job = self.app.store.find_job(job_id)
        group_id = job.group_id if job else "g1"
        execution = self.machine.known[job_id]
        if job is None or job.started_at is None:
            if self.load(group_id, job_id)["next"] == "alreadyHandled":
                return True
            job = closing.known_job(self.app, job_id)
        ref = closing.ref_of(job).model_copy(update={"redrive_count": execution.redrive_count})
        looking, steps = False, []
        for _ in range(_ROUNDS):
            step = self._look(ref) if looking else self._send(ref)
            steps.append(step)
            if steps.count("again") > _BUSY_MAX:
                return False
            if step == "published":
                publishing.record_result(self.app, ref)
                return True
            if step == "recheck":
                self._make_ready(ref)
            looking = step == "look"
        raise StuckError(f"{job_id} goes round and round: {steps}")

    def _send(self, ref: Ref) -> str:
        try:
            return str(self.publish(ref)["next"])
        except PublishUncertainError:
            return "look"
        except (CaptionBusyError, ContainerNotReadyError):
            self.clock.advance(30)
            return "again"

    def _look(self, ref: Ref) -> str:
        self.clock.advance(30)
        return str(self.reconcile(ref)["next"])

    def _make_ready(self, ref: Ref) -> None:
        """The part of the workflow between the claim and the publish call."""
        containers.check_quota(self.app, ref)
        containers.create_container(self.app, ref, 0)
        for name in self.instagram.containers:
            self.owner.setdefault(name, ref.group_id)
        self.clock.advance(5)
        containers.check_status(self.app, ref)
