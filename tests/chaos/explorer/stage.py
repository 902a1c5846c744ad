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
    finishing,
    progress,
    publishing,
    retrying,
    runs,
    settling,
    starting,
)
from postwright.app import App
from postwright.errors import (
    CaptionBusyError,
    ContainerNotReadyError,
    PostwrightError,
    PublishUncertainError,
)
from postwright.executions import (
    Execution,
    Executions,
    ExecutionStatus,
    Histories,
    NotRedrivableError,
)
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
from postwright.preflight.images import ImageFacts
from postwright.preflight.judging import Seen
from postwright.settings import Settings
from postwright.store import Store
from postwright.tokens import Credentials, Stored
from tests.chaos.explorer.instagram import Client, Instagram
from tests.chaos.explorer.scheduler import Scheduler
from tests.chaos.explorer.table import Table

SESSION = "s"
ACCOUNT = "17841400000000000"
NINE = datetime(2026, 12, 1, 9, tzinfo=UTC)
_ROUNDS = 40
_BUSY_MAX = 20
FUNCTION_SECONDS = 30.0
"""So long a function runs at most."""


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
    tokens: set[tuple[str, str]] = field(default_factory=set)

    def start(self, job_id: str, request: PublishRequest) -> str:  # noqa: ARG002
        self.before("StartExecution")
        self.known.setdefault(job_id, Execution(self.arn(job_id), "RUNNING"))
        self.after(job_id)
        return self.arn(job_id)

    def describe(self, job_id: str) -> Execution | None:
        self.before("DescribeExecution")
        found = self.known.get(job_id)
        if found is not None:
            found = replace(found, redrivable=found.over)
        self.after(found)
        return found

    def stop(self, job_id: str, cause: str) -> None:  # noqa: ARG002
        self.before("StopExecution")
        self.set(job_id, "ABORTED", only_if="RUNNING")
        self.after(None)

    def redrive(self, job_id: str, token: str) -> None:
        self.before("RedriveExecution")
        found = self.known.get(job_id)
        done = (job_id, token) in self.tokens
        if not done and found is not None and found.over:
            count = found.redrive_count + 1
            self.known[job_id] = replace(found, status="RUNNING", redrive_count=count)
            self.tokens.add((job_id, token))
            done = True
        self.after(done)
        if not done:
            raise NotRedrivableError(job_id)

    def redriven(self, job_id: str) -> int | None:
        """How often it was redriven after one more redrive, or None when it cannot be."""
        try:
            self.redrive(job_id, f"by hand {len(self.tokens)}")
        except NotRedrivableError:
            return None
        return self.known[job_id].redrive_count

    def set(self, job_id: str, status: ExecutionStatus, *, only_if: str | None = None) -> None:
        found = self.known.get(job_id)
        if found is not None and only_if in (None, found.status):
            self.known[job_id] = replace(found, status=status)

    def arn(self, job_id: str) -> str:
        return f"arn:aws:states:us-east-1:1:execution:publish-post:{job_id}"


class _Histories(Histories):
    """Nobody tells them: what a run cost decides nothing about its group."""

    def events(self, execution_arn: str) -> list[dict[str, Any]]:  # noqa: ARG002
        return []


class _Bucket:
    """Every object is there."""

    def head(self, key: str) -> MediaHead:
        return MediaHead(1000, f'"{key}"', None)

    def presign(self, key: str, version_id: str | None = None) -> str:  # noqa: ARG002
        return f"https://media.example/{key}"


class _Seen:
    """Every object is a photo that Instagram takes."""

    def recall(self, *_: object) -> Seen:
        return Seen(1000, "image", "JPEG", ImageFacts("JPEG", 1080, 1350, "RGB", 1000))


class _Tokens:
    """A token that works."""

    def credentials(self, account_id: str) -> Credentials:  # noqa: ARG002
        return Credentials(ACCOUNT, "IG-token")

    def stored(self, account_id: str) -> Stored:
        return Stored(self.credentials(account_id), 1, NINE, is_encrypted=True)

    def renew(self, account_id: str) -> str:  # noqa: ARG002
        return "IG-token"


@dataclass(frozen=True)
class StageApp(App):
    """Our parts, with Instagram in memory."""

    instagram_here: Instagram = field(kw_only=True)

    def instagram(self, account_id: str, *, token_read_now: bool = False) -> Any:  # noqa: ARG002
        return Client(self.instagram_here, lambda failure: self._note(account_id, failure))


@dataclass
class Promises:
    """What was said or done outside the records, and must hold from then on.

    `cancelled` are runs of which a person was told that they are, with the `seq` of the group's
    attempt then; `gone` are keys of records that somebody deleted. By mistake, a person may give
    the posts that are `mistaken` to a group, and may say that the groups that are `misled` are not
    published; of those that are `unclear` only a person can tell. The rest is what was stored once;
    `blocked` has the `seq` of an attempt that was answered with an action block.
    """

    cancelled: dict[str, int] = field(default_factory=dict)
    gone: set[tuple[str, str]] = field(default_factory=set)
    mistaken: set[str] = field(default_factory=set)
    misled: set[str] = field(default_factory=set)
    unclear: set[str] = field(default_factory=set)
    had: dict[str, str] = field(default_factory=dict)
    published: set[str] = field(default_factory=set)
    ids: dict[str, str] = field(default_factory=dict)
    blocked_until: str = ""
    blocked: dict[str, int] = field(default_factory=dict)


class Stage:
    """Everything that one order of events needs; made anew for each."""

    def __init__(self) -> None:
        self.clock = Hand()
        self.scheduler = Scheduler()
        before, after = self.scheduler.before, self.scheduler.after
        self.table = Table(before=before, after=after)
        self.instagram = Instagram(self.clock.now, before=before, after=after)
        self.machine = Machine(before, after)
        self.owner: dict[str, str] = {}
        self.promised = Promises()
        self.functions_end = True
        self.app = StageApp(
            settings=Settings.from_environment({}),
            store=Store(cast(Any, self.table), "table"),
            media=cast(Any, _Bucket()),
            tokens=cast(Any, _Tokens()),
            executions=self.machine,
            histories=_Histories(),
            seen_objects=cast(Any, _Seen()),
            instagram_here=self.instagram,
        )
        self._job_numbers = iter(range(2, 100))

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """This process tells the stage's time, and new jobs get names that repeat."""
        previous, new_job_id = clock.use(self.clock), starting.new_job_id
        cast(Any, starting).new_job_id = lambda: f"job-{next(self._job_numbers)}"
        try:
            yield
        finally:
            clock.use(previous)
            cast(Any, starting).new_job_id = new_job_id

    def asks(self) -> None:
        """From here on a person is asked what to do after an unclear publish."""
        settings = Settings.from_environment({"POSTWRIGHT_ON_UNKNOWN": "ask"})
        self.app = replace(self.app, settings=settings)

    # Groups as they may be found

    def add_group(self, group_id: str, session: str = SESSION, text: str = "Hello") -> None:
        """What a pipeline writes for a new group."""
        now = now_text()
        self.app.store.put_session(
            Session(session_id=session, name="S", step="publish", created_at=now)
        )
        media = [MediaItem(key=f"{group_id}.jpg", kind="image")]
        self.app.store.put_new_group(
            Group(session_id=session, group_id=group_id, media=media, caption=text)
        )

    def claimed(self, group_id: str, job_id: str, session: str = SESSION) -> Job:
        """A run that has the group and has not begun."""
        now = now_text()
        job = Job(
            job_id=job_id,
            session_id=session,
            group_id=group_id,
            account_id="default",
            request=PublishRequest(session_id=session, group_id=group_id),
            created_at=now,
            updated_at=now,
        )
        group = self.app.store.fence(session, group_id)
        assert group is not None
        self.app.store.claim(group, job)
        return job

    def begun(self, group_id: str, job_id: str, session: str = SESSION, text: str = "Hello") -> Ref:
        """A run that is about to publish its container."""
        now = now_text()
        job = self.claimed(group_id, job_id, session)
        ref = closing.ref_of(job)
        self.machine.start(job_id, job.request)
        group = self.app.store.group(session, group_id)
        assert group is not None
        container_id = self.instagram.add(text)
        self.owner[container_id] = name_of(session, group_id)
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

    def post_by_hand(self, text: str) -> str:
        """Somebody publishes something on the account that is no group's; the post's id."""
        container = self.instagram.add(text)
        self.owner[container] = "nobody"
        return self.instagram.take_effect(container)

    def write_caption(self, group_id: str, text: str) -> None:
        """A pipeline, or a person, gives a group another caption."""
        key = (f"SESSION#{SESSION}", f"GROUP#{group_id}")
        self.table.items[key] = {**self.table.items[key], "caption": {"S": text}}

    def delete(self, sk: str) -> None:
        """Somebody deletes a record of the session."""
        self.scheduler.before("delete")
        key = (f"SESSION#{SESSION}", sk)
        self.table.items.pop(key, None)
        self.promised.gone.add(key)
        self.scheduler.after()

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
        started = starting.start(self.app, self.request(group_id))
        return self.load(group_id, started.job_id) if started.new else started

    def load(self, group_id: str, job_id: str) -> Any:
        raw = {"sessionId": SESSION, "groupId": group_id}
        return runs.load(self.app, raw, job_id, self.machine.arn(job_id), 0)

    def publish(self, ref: Ref) -> Any:
        began = self.clock.now()

        def left() -> float:
            return FUNCTION_SECONDS - (self.clock.now() - began).total_seconds()

        return publishing.publish(self.app, ref, left)

    def reconcile(self, ref: Ref) -> Any:
        return publishing.reconcile(self.app, ref)

    def record_failure(self, ref: Ref) -> Any:
        """Somebody stops the run, and the event of its end comes."""
        self.machine.stop(ref.job_id, "by hand")
        return closing.record_failure(self.app, {"detail": {"name": ref.job_id}})

    def sweep(self) -> Any:
        return settling.sweep(self.app, lambda: FUNCTION_SECONDS)

    def redriven_publish(self, ref: Ref) -> Any:
        count = self.machine.redriven(ref.job_id)
        if count is None:
            return "it cannot be redriven"
        return self.publish(ref.model_copy(update={"redrive_count": count}))

    def retry(self, ref: Ref) -> Any:
        """A person tries the job again, and the first step of what that begins."""
        done = retrying.retry(self.app, ref.job_id)
        if not done.new:
            return done
        if done.how == "new":
            return self.load(ref.group_id, done.job_id)
        count = self.machine.known[done.job_id].redrive_count
        return self.publish(ref.model_copy(update={"redrive_count": count}))

    def cancel(self, ref: Ref) -> Any:
        job = closing.cancel(self.app, ref.job_id, "a person")
        if job.status != "publishing":
            group = self.app.store.fence(ref.session_id, ref.group_id)
            seq = group.attempt.seq if group and group.attempt else 0
            self.promised.cancelled.setdefault(ref.job_id, seq)
        return job

    def accept(self, ref: Ref) -> Any:
        """A person who sees the post says that it is the group's."""
        mine = [post for post in self.instagram.posts if self.group_of(post) == ref.group_id]
        if not mine:
            return "there is nothing to accept"
        return settling.accept(self.app, ref.job_id, mine[0].id, "a person")

    def accept_another(self, ref: Ref) -> Any:
        """A person takes the newest post of something else for the group's."""
        others = [post for post in self.instagram.posts if self.group_of(post) != ref.group_id]
        return settling.accept(self.app, ref.job_id, others[-1].id, "a person")

    def not_published(self, ref: Ref) -> Any:
        return settling.not_published(self.app, ref.job_id, "a person")

    def publish_and_close(self, ref: Ref) -> Any:
        """The last two steps of a run."""
        answer = self.publish(ref)
        return self.record_result(ref) if answer["next"] == "published" else answer

    def record_result(self, ref: Ref) -> Any:
        return finishing.record_result(self.app, ref)

    def create_container(self, ref: Ref) -> Any:
        return containers.create_container(self.app, ref, 0)

    def unblock(self) -> None:
        """The owner has cleared in the app what Instagram had asked for."""
        self.scheduler.before("DeleteItem")
        self.app.store.unblock_account("default")
        self.promised.blocked_until = ""
        self.scheduler.after()

    def look_and_send(self, ref: Ref) -> Any:
        """Two looks right one after the other, and what they allow."""
        self.reconcile(ref)
        if self.reconcile(ref)["next"] == "resend":
            self.publish(ref)

    # What takes several steps, one after the other

    def stop(self, ref: Ref) -> None:
        """The run is stopped and closed; where that leaves it unclear, a person who sees no post
        says that nothing was published, if that may be said.
        """
        self.record_failure(ref)
        with suppress(PostwrightError):
            self.not_published(ref)

    def anew(self, ref: Ref) -> Any:
        """The run is stopped, and another one goes on to its end."""
        self.stop(ref)
        return self.one_more(ref)

    def given_up(self, ref: Ref) -> Any:
        """The run is stopped and, when its publish call is settled, said to have published nothing;
        another one goes on to its end.
        """
        self.record_failure(ref)
        self.clock.advance(130)
        return self.anew(ref)

    def given_up_briefly(self, ref: Ref) -> Any:
        """The same, and the other one is stopped as soon as it has sent something."""
        self.record_failure(ref)
        self.clock.advance(130)
        return self.briefly(ref)

    def sent_again_briefly(self, ref: Ref) -> Any:
        """When the publish call is settled the run sends it again, and is stopped."""
        self.reconcile(ref)
        self.clock.advance(130)
        with suppress(PostwrightError):
            self.look_and_send(ref)
        return self.record_failure(ref)

    def one_more(self, ref: Ref) -> Any:
        """A new run goes on to its end."""
        started = starting.start(self.app, self.request(ref.group_id))
        return self.go_on(started.job_id)

    def briefly(self, ref: Ref) -> Any:
        """The run is stopped, and another one is stopped as soon as it has sent something."""
        self.stop(ref)
        return self.one_more_briefly(ref)

    def one_more_briefly(self, ref: Ref) -> Any:
        job_id = starting.start(self.app, self.request(ref.group_id)).job_id
        other = ref.model_copy(update={"job_id": job_id})
        with suppress(PostwrightError):
            self.load(ref.group_id, job_id)
            self._make_ready(other)
            self.publish(other)
        return self.record_failure(other)

    def begin_one_more(self, ref: Ref) -> Any:
        """The run is stopped, and another one begins and fails before it has made anything."""
        self.stop(ref)
        job_id = starting.start(self.app, self.request(ref.group_id)).job_id
        self.load(ref.group_id, job_id)
        return self.record_failure(ref.model_copy(update={"job_id": job_id}))

    def begin_execution(self, ref: Ref) -> Any:
        """The last call of a start, and the run that it begins."""
        self.machine.start(ref.job_id, self.request(ref.group_id))
        return self.go_on(ref.job_id)

    def redriven(self, ref: Ref) -> Any:
        """The run is stopped, then redriven, and goes on to its end."""
        self.stop(ref)
        return self.redriven_on(ref)

    def redriven_on(self, ref: Ref) -> Any:
        self.machine.redriven(ref.job_id)
        return self.go_on(ref.job_id)

    def redriven_briefly(self, ref: Ref) -> Any:
        """The run is redriven, and stopped as soon as it has sent something."""
        with suppress(PostwrightError):
            self.redriven_publish(ref)
        return self.record_failure(ref)

    def redriven_from_the_start(self, ref: Ref) -> Any:
        """The run is redriven at its first step, as one that failed there is."""
        self.machine.redriven(ref.job_id)
        with suppress(PostwrightError):
            self.load(ref.group_id, ref.job_id)
            self._make_ready(ref)
            self.publish(ref)

    def expires(self, ref: Ref) -> Any:
        """The run is stopped just before its container expires, and the sweep comes just after."""
        self.record_failure(ref)
        self.clock.advance(15)
        return self.sweep()

    def cancelled_and_redriven(self, ref: Ref) -> Any:
        with suppress(PostwrightError):
            self.cancel(ref)
        return self.redriven_on(ref)

    def corrected(self, ref: Ref) -> Any:
        """The run is cancelled, the caption corrected, and a new run goes on to its end."""
        for call in (self.cancel, self.not_published):
            with suppress(PostwrightError):
                call(ref)
        self.write_caption(ref.group_id, "Hello, world")
        return self.one_more(ref)

    # How it goes on

    def group_of(self, post: Any) -> str:
        """The group that a post shows; containers made during an order carry their group's name."""
        return self.owner[post.container]

    def go_on(self, job_id: str) -> None:
        """The execution of a job goes on from its publish step to its end, as the state machine
        would.
        """
        execution = self.machine.known[job_id]
        end: ExecutionStatus = "FAILED"
        with suppress(PostwrightError):
            if self._workflow(job_id, execution):
                end = "SUCCEEDED"
        if self.machine.known[job_id] == execution:
            self.machine.set(job_id, end)
            if end == "FAILED":
                closing.record_failure(self.app, {"detail": {"name": job_id}})

    def _workflow(self, job_id: str, execution: Execution) -> bool:
        job = self.app.store.find_job(job_id)
        group_id = job.group_id if job else "g1"
        if job is None or job.started_at is None:
            if self.load(group_id, job_id)["next"] == "alreadyHandled":
                return True
            job = closing.known_job(self.app, job_id)
        ref = closing.ref_of(job).model_copy(update={"redrive_count": execution.redrive_count})
        looking, steps = False, []
        for _ in range(_ROUNDS):
            if self.machine.known[job_id] != execution:
                return False  # somebody has stopped it
            step = self._look(ref) if looking else self._send(ref)
            steps.append(step)
            if steps.count("again") > _BUSY_MAX:
                return False
            if step == "published":
                finishing.record_result(self.app, ref)
                return True
            if step == "recheck":
                self._make_ready(ref)
            looking = step == "look"
        raise StuckError(f"{job_id} goes round and round: {', '.join(steps[-4:])}")

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
            self.owner.setdefault(name, name_of(ref.session_id, ref.group_id))
        self.clock.advance(5)
        containers.check_status(self.app, ref)


def name_of(session: str, group_id: str) -> str:
    """What a group is called here; one of another session carries its session's name."""
    return group_id if session == SESSION else f"{session}/{group_id}"
