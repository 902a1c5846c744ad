"""The stage of chaos runs: one sandbox at the highest speed, on which plans are run one after the
other, each to its very end.
"""

from __future__ import annotations

import itertools
import json
import logging
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

from botocore.exceptions import ClientError

from sandbox.engine import BusyThread
from sandbox.functions import InvokeError
from sandbox.instagram.accounts import DEMO_ACCOUNT
from sandbox.server import Sandbox, SandboxOptions
from tests.chaos import left
from tests.chaos.left import Left
from tests.chaos.plan import Act, Plan, Policy, Start, kind_of
from tests.workflow.workbench import PostGroup, Shot, opened

Subject = Literal["ours", "naive", "no_marker"]

FUNCTIONS: Final[dict[Subject, str]] = {
    "ours": "lambdas",
    "naive": "tests.chaos.controls.naive",
    "no_marker": "tests.chaos.controls.no_marker",
}
_NAIVE: Final = Path(__file__).parent / "controls" / "naive.asl.json"
_SHOTS: Final = {"P": Shot.PHOTO, "V": Shot.CLIP}
_TROUBLE_SECONDS: Final = 900
"""So long after the last thing that somebody does the faults go on."""
_SWEEPS: Final = (*[900] * 8, *[3600] * 4, *[4 * 3600] * 7)
"""The pauses between sweeps: every 15 minutes as deployed, then more seldom, which is harder; the
last comes when the containers have expired long ago.
"""
_REDRIVE_PAUSES: Final = (5, 10, 20, 40, 80, 160, 320)
"""After so many seconds each, somebody who wants to redrive looks again for a run that can be."""
_JOIN_WALL_SECONDS: Final = 60.0


@dataclass
class Played:
    """A plan that was run to its end, and what was seen meanwhile."""

    plan: Plan
    groups: list[PostGroup]
    left: Left = field(init=False)
    """What is left behind once everything is at rest."""
    calls: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    executions: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    """How often each kind of fault of the plan really happened."""
    redrives: int = 0
    crashed: list[str] = field(default_factory=list)
    """What the harness itself could not do."""


class Stage:
    """`with Stage("ours") as stage:`; one at a time in a process."""

    def __init__(self, subject: Subject, policy: Policy = "resend") -> None:
        self.subject = subject
        self.policy = policy
        self._running = ExitStack()

    def __enter__(self) -> Stage:
        with ExitStack() as starting:
            folder = Path(starting.enter_context(tempfile.TemporaryDirectory()))
            self._log = folder / "functions.log"
            self._log.touch()
            self._stderr = folder / "stderr.txt"
            starting.enter_context(_quiet())
            options = SandboxOptions(
                *(0, 0, 0),
                speed=None,
                empty=True,
                log_path=self._log,
                settings={"POSTWRIGHT_ON_UNKNOWN": self.policy},
                functions=FUNCTIONS[self.subject],
                schedules=False,
            )
            self.bench = starting.enter_context(opened(options, self._stderr, folder / "clip.mp4"))
            self.sandbox = self.bench.sandbox
            if self.subject == "naive":
                self.bench.stepfunctions.update_state_machine(
                    stateMachineArn=self.sandbox.state_machine_arn,
                    definition=self._naive_definition(),
                )
            self._running = starting.pop_all()
        self._seen_of_log = 0
        self._executions: set[str] = set()
        self._latest: list[str] = []
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def _naive_definition(self) -> str:
        from sandbox.aws import substitute  # moto is loaded by then

        return substitute(_NAIVE.read_text(encoding="utf-8"), self.sandbox.functions.names)

    # A run

    def play(self, plan: Plan) -> Played:
        """Run a plan until everything is at rest: no execution runs, faults have ended, sweeps have
        come by. What is left behind can be looked at until the next `play`.
        """
        self._reset(plan)
        played = Played(plan, self._groups(plan))
        self.bench.script(*plan.graph)
        self.sandbox.calls.add_faults(list(plan.calls))
        self._let_happen(played)
        self.bench.let_time_pass(_TROUBLE_SECONDS)
        for fault in (*self._graph_faults(), *self.sandbox.calls.faults()):
            played.happened[kind_of(fault)] += fault["done"]
        self.end_faults()
        played.left = self.come_to_rest()
        self.note(played)
        return played

    def _graph_faults(self) -> list[dict[str, Any]]:
        return list(self.bench.instagram.get("/_control/faults").json()["faults"])

    def end_faults(self) -> None:
        """From now on nothing goes wrong any more."""
        self.bench.end_faults()
        self.sandbox.calls.clear_faults()

    def come_to_rest(self) -> Left:
        """Let sweeps come by until nothing is left to them, for a day and a half at most; what is
        left behind then.

        Of controls half an hour is enough: some never come to rest.
        """
        for pause in _SWEEPS if self.subject == "ours" else _SWEEPS[:2]:
            found = left.read(self.bench)
            if found.is_at_rest:
                return found
            self.invoke("sweep_jobs", {})
            self.bench.let_time_pass(1)
            found = left.read(self.bench)
            if found.is_at_rest:
                return found
            self.bench.let_time_pass(pause)
        return left.read(self.bench)

    def note(self, played: Played) -> None:
        """Keep what was called and executed so far."""
        played.calls = self.sandbox.calls.entries()
        played.requests = self.bench.requests()
        played.executions = self._latest = list(
            itertools.takewhile(lambda name: name not in self._executions, self.bench.executions())
        )

    def written(self) -> str:
        """What the functions have logged since the last call of this, and all of their stderr."""
        with self._log.open("rb") as log:
            log.seek(self._seen_of_log)
            text = log.read()
        self._seen_of_log += len(text)
        return (text + self._stderr.read_bytes()).decode()

    # What somebody does

    def request(self, function: str, job_id: str | None = None, body: Any = None) -> dict[str, Any]:
        """Status and body that a function behind the HTTP API answers; 500 when it failed."""
        answer = self.invoke(function, _request(job_id, body))
        if answer.error:
            return {"statusCode": 500, "body": answer.payload}
        return {
            "statusCode": answer.payload["statusCode"],
            "body": json.loads(answer.payload["body"]),
        }

    def invoke(self, function: str, event: Any) -> Any:
        """Invoke a function in a thread that counts as busy, as all that happens by itself does."""
        return _in_busy_thread(
            self.sandbox,
            lambda: self.sandbox.functions.invoke(function, event, caller_is_busy=True),
        )

    def _let_happen(self, played: Played) -> None:
        """Starts and acts, each at its time and in a thread of its own."""
        clock = self.sandbox.clock
        threads: list[BusyThread] = []
        everything: list[Start | Act] = sorted(
            [*played.plan.starts, *played.plan.acts], key=lambda one: one.at
        )
        begin = clock.now()
        with clock.busy():
            for one in everything:
                clock.wait_until(begin + timedelta(seconds=one.at), was_busy=True)
                thread = BusyThread(clock, target=self._happen, args=(played, one), daemon=True)
                thread.start()
                threads.append(thread)
        for thread in threads:
            thread.join(_JOIN_WALL_SECONDS)
            if thread.is_alive():
                played.crashed.append("a start or act did not end")

    def _happen(self, played: Played, one: Start | Act) -> None:
        group = played.groups[one.group % len(played.groups)]
        try:
            if isinstance(one, Start):
                self._started(group, one.by)
            else:
                self._act(played, one.deed, group)
        except Exception as error:  # a person who is refused by AWS goes away
            if not isinstance(error, ClientError | InvokeError):
                played.crashed.append(f"{one!r}: {error!r}")

    def _started(self, group: PostGroup, by: str) -> None:
        """From within a busy thread."""
        if by == "console":
            self.bench.start_execution(group.request)
        else:
            self._ask("start_publish", body=group.request)

    def _act(self, played: Played, deed: str, group: PostGroup) -> None:
        """From within a busy thread."""
        if deed == "start":
            self._started(group, "api")
        elif deed == "sweep":
            self.sandbox.functions.invoke("sweep_jobs", {}, caller_is_busy=True)
        elif deed == "redrive":
            played.redrives += self._redriven(group)
        else:
            record = self.bench.store.fence(group.session_id, group.group_id)
            if record is not None and record.active_job_id is not None:
                self._act_on(deed, record.active_job_id)

    def _redriven(self, group: PostGroup) -> bool:
        """Redrive the newest run of a group that can be, once there is one: a run that somebody has
        cancelled and one that another has taken the group from are such runs as well.
        """
        for pause in _REDRIVE_PAUSES:
            for job_id in self._runs_of(group):
                if self.redrive(job_id):
                    return True
            record = self.bench.store.fence(group.session_id, group.group_id)
            if record is None or record.publish_status == "published":
                return False
            due = self.sandbox.clock.now() + timedelta(seconds=pause)
            self.sandbox.clock.wait_until(due, was_busy=True)
        return False

    def _runs_of(self, group: PostGroup) -> Iterator[str]:
        """The jobs that have, or had, a group, the newest first."""
        record = self.bench.store.fence(group.session_id, group.group_id)
        job_id = None if record is None else record.active_job_id or record.last_job_id
        while job_id is not None:
            yield job_id
            job = self.bench.store.job(group.session_id, job_id)
            job_id = None if job is None else job.previous_job_id

    def redrive(self, job_id: str) -> bool:
        """Redrive a run, as from the console; False when it cannot be."""
        try:
            found = self.bench.stepfunctions.describe_execution(executionArn=self.bench.arn(job_id))
            if found["redriveStatus"] != "REDRIVABLE":
                return False
            self.bench.redrive(job_id)
        except ClientError:  # it was never started, or somebody else was quicker
            return False
        return True

    def _act_on(self, deed: str, job_id: str) -> None:
        match deed:
            case "abort":
                self.bench.stop(job_id)
            case "cancel":
                self._ask("cancel_job", job_id)
            case "ask_status":
                self._ask("get_status", job_id)
            case "look":
                self._ask("settle_job", job_id, {})
            case "not_published":
                self._ask("settle_job", job_id, {"notPublished": True})

    def _ask(self, function: str, job_id: str | None = None, body: Any = None) -> None:
        self.sandbox.functions.invoke(function, _request(job_id, body), caller_is_busy=True)

    # Given

    def _reset(self, plan: Plan) -> None:
        self.bench.reset()
        self.bench.past_items.clear()
        self.bench.past_requests.clear()
        self.sandbox.calls.clear()
        self._executions.update(self._latest)
        self.written()
        self.bench.configure(repeat_publish=plan.repeat_publish, tokens={DEMO_ACCOUNT.token: "ok"})

    def _groups(self, plan: Plan) -> list[PostGroup]:
        shared = f"The same words {time.monotonic_ns()}"
        return [
            self.bench.group(
                *(_SHOTS[letter] for letter in group.shots),
                caption=shared if group.shared_caption else None,
            )
            for group in plan.groups
        ]


def _request(job_id: str | None, body: Any) -> dict[str, Any]:
    """What the HTTP API hands to a function."""
    return {
        "body": json.dumps(body) if body is not None else None,
        "pathParameters": {"id": job_id},
        "requestContext": {},
    }


def _in_busy_thread(sandbox: Sandbox, work: Callable[[], Any]) -> Any:
    results: list[Any] = []
    thread = BusyThread(sandbox.clock, target=lambda: results.append(work()), daemon=True)
    thread.start()
    thread.join(_JOIN_WALL_SECONDS)
    if not results:
        raise RuntimeError("a function did not answer")
    return results[0]


@contextmanager
def _quiet() -> Iterator[None]:
    """Faults are meant: what the sandbox warns about is not shown."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.CRITICAL)
    hook = threading.excepthook
    threading.excepthook = lambda _args: None
    try:
        yield
    finally:
        threading.excepthook = hook
        with suppress(ValueError):
            root.setLevel(before)
