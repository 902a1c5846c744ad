"""A recorded execution with today's functions, against the simulated Instagram.

The state machine file, the functions in their processes and the simulated Instagram are those of
any sandbox; only the post is made up, and what goes wrong follows a script (`sandbox.rebuilding`).
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

import httpx

from postwright.executions import Executions
from postwright.history import End, History, without_lost_answers
from postwright.history import read as read_history
from postwright.models import Group, MediaItem, PublishRequest, Session
from postwright.store import Store
from sandbox.clients import session_of
from sandbox.made_up_media import make
from sandbox.rebuilding import Rebuilt, file_name, rebuild
from sandbox.server import Sandbox, SandboxOptions
from sandbox.stopping import place_of_stop, stopping

_SESSION: Final = "replay"
_GROUP: Final = "post"
_ANOTHER: Final = "another"
_NUMBERS: Final = itertools.count(1)
_WALL_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Live:
    """What became of it, and what of the recorded run could not be made up again."""

    history: History
    missing: list[str]


def options(recorded: History) -> SandboxOptions:
    """A sandbox for one replay: any free ports, waits skipped, nothing in it."""
    items = len(rebuild(recorded).items)
    settings = {"POSTWRIGHT_CAROUSEL_MAX": str(items)} if items > 10 else {}
    return SandboxOptions(0, 0, 0, speed=None, empty=True, schedules=False, settings=settings)


def play(sandbox: Sandbox, recorded: History, caption: str | None = None) -> Live:
    """Run the workflow in a sandbox that is empty, or was emptied."""
    recorded = without_lost_answers(recorded)
    made = rebuild(recorded, caption)
    with ExitStack() as open_clients:
        stage = _Stage(sandbox, open_clients)
        stage.write(made)
        stage.run(made, recorded)
        return Live(read_history(stage.executions.events(stage.job_id)), made.missing)


class _Stage:
    def __init__(self, sandbox: Sandbox, open_clients: ExitStack) -> None:
        environment = sandbox.environment()
        session = session_of(environment)

        def client(name: Any) -> Any:
            return open_clients.enter_context(
                closing(session.client(name, endpoint_url=sandbox.aws))
            )

        self.sandbox = sandbox
        self.job_id = f"replayed-{next(_NUMBERS)}"
        self.bucket = environment["POSTWRIGHT_BUCKET"]
        self.s3 = client("s3")
        self.store = Store(client("dynamodb"), environment["POSTWRIGHT_TABLE"])
        self.executions = Executions(client("stepfunctions"), sandbox.state_machine_arn)

    def write(self, made: Rebuilt) -> None:
        """Media, records and both scripts."""
        now = self.sandbox.clock.now().isoformat()
        media = []
        for index, item in enumerate(made.items):
            key = f"{_SESSION}/enhanced/{file_name(item, index)}"
            kind: Any = item.kind
            content_type = "image/jpeg" if item.kind == "image" else "video/mp4"
            self.s3.put_object(
                Bucket=self.bucket, Key=key, Body=make(item, index), ContentType=content_type
            )
            media.append(MediaItem(key=key, kind=kind))
        self.store.put_session(
            Session(session_id=_SESSION, name="A replay", step="publish", created_at=now)
        )
        group = Group(
            session_id=_SESSION,
            group_id=_GROUP,
            media=media,
            caption=made.caption,
            publish_status=made.publish_status,
            active_job_id=None if made.publish_status == "ready" else _ANOTHER,
        )
        self.store.put_new_group(group)
        self.sandbox.calls.add_faults(made.aws)
        with httpx.Client(base_url=self.sandbox.instagram, trust_env=False) as control:
            _tell(control, "config", {"carousel_max": max(10, len(made.items))})
            _tell(control, "faults", {"faults": made.instagram})

    def run(self, made: Rebuilt, recorded: History) -> None:
        """The run as it was begun, stopped and redriven then."""
        for number in range(len(recorded.redriven_at) + 1):
            with self._stopped_as_then(recorded, number):
                if number == 0:
                    self._start(made)
                elif not self._redrive(number, recorded):
                    return
                _until(self._has_ended)

    @contextmanager
    def _stopped_as_then(self, recorded: History, number: int) -> Iterator[None]:
        """A run that somebody stopped is stopped at the same place, under the same error."""
        from sandbox import engine  # the sandbox has loaded it

        calls, end = self.sandbox.calls, _end_of(recorded, number)
        if end is None or end.status != "ABORTED":
            yield
            return
        clock, usual = self.sandbox.clock, calls.stop_execution
        calls.stop_execution = partial(engine.abort, clock=clock, error=end.error)
        place = place_of_stop(recorded, number, end.at)
        try:
            with stopping(clock, place, calls.stop_execution) if place else nullcontext():
                yield
        finally:
            calls.stop_execution = usual

    def _start(self, made: Rebuilt) -> None:
        request: dict[str, Any] = {
            "sessionId": _SESSION,
            "groupId": _GROUP,
            "onQuota": made.on_quota,
        }
        if made.publish_in_seconds is not None:
            due = self.sandbox.clock.now() + timedelta(seconds=made.publish_in_seconds)
            request["publishAt"] = due.isoformat()
        self.executions.start(self.job_id, PublishRequest.model_validate(request))

    def _redrive(self, number: int, recorded: History) -> bool:
        """False when it needs none: it ended in success this time."""
        found = self.executions.describe(self.job_id)
        if found is None or not found.over:
            return False
        pause = recorded.redriven_at[number - 1] - recorded.ends[number - 1].at
        # once the end is recorded, which the redriven run must find
        _until(lambda: self.sandbox.clock.advance_if_idle(pause.total_seconds()))
        self.executions.redrive(self.job_id, f"replay-{number}")
        return True

    def _has_ended(self) -> bool:
        found = self.executions.describe(self.job_id)
        return found is None or not found.running


def _until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + _WALL_SECONDS
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError("the replay does not end")
        time.sleep(0.01)


def _end_of(recorded: History, number: int) -> End | None:
    return recorded.ends[number] if number < len(recorded.ends) else None


def _tell(control: httpx.Client, what: str, document: Mapping[str, Any]) -> None:
    answer = control.post(f"/_control/{what}", json=document)
    if answer.status_code != httpx.codes.OK:
        raise RuntimeError(f"the simulated Instagram does not take the {what}: {answer.text}")
