"""Posts that are published at once in a sandbox of their own, and what that took."""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx

from bench import crowd, processes
from postwright.models import Group, MediaItem
from postwright.store import Store
from sandbox.clients import session_of
from sandbox.names import ACCESS_KEY, BUCKET, REGION, SSM_PREFIX, TABLE
from sandbox.samples import SAMPLES_DIR

SESSION: Final = "growth"
PHOTOS: Final = (
    "01-dunes.jpg",
    "02-sea.jpg",
    "03-city.jpg",
    "04-mountains.jpg",
    "05-lighthouse.jpg",
    "06-night.jpg",
)
FILMS: Final = ("07-waves.mp4", "08-sunset.mp4")
LIKE_INSTAGRAM: Final = {
    "latency_seconds": [0.3, 1.5],
    "image": {"seconds": 5, "distribution": "uniform", "spread": 0.6},
    "video": {"seconds": 70, "distribution": "uniform", "spread": 5 / 7},
}
"""Each Graph call takes 0.3 to 1.5 s, an image 2 to 8 s and a video 20 to 120 s."""
_LONGEST_SECONDS: Final = 900
_LOOK_SECONDS: Final = 0.5
_MEMORY_LOOK_SECONDS: Final = 10.0
"""Seldom: a look at 200 processes takes 0.16 s of a processor from the sandbox."""
_END_SECONDS: Final = 30


@dataclass(frozen=True)
class Post:
    """What is to be published; its name is that of its group and of its execution."""

    name: str
    files: tuple[str, ...]
    account: str = "default"


@dataclass(frozen=True)
class Run:
    """How an execution ended, how many simulated seconds it took from start to end, and how many
    states it entered.
    """

    name: str
    status: str
    seconds: float
    transitions: int


@dataclass(frozen=True)
class Crowd:
    """What became of posts that were started at once."""

    runs: tuple[Run, ...]
    started_within_seconds: float
    cpu_seconds: float
    memory_mb: float

    @classmethod
    def of(cls, crowds: Sequence[Crowd]) -> Crowd:
        """Several that were published one after another, as one."""
        return cls(
            tuple(run for crowd in crowds for run in crowd.runs),
            sum(crowd.started_within_seconds for crowd in crowds),
            sum(crowd.cpu_seconds for crowd in crowds),
            max(crowd.memory_mb for crowd in crowds),
        )

    @property
    def failures(self) -> int:
        return sum(run.status != "SUCCEEDED" for run in self.runs)

    @property
    def median_seconds(self) -> float:
        return statistics.median(run.seconds for run in self.runs)

    @property
    def p95_seconds(self) -> float:
        ordered = sorted(run.seconds for run in self.runs)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]

    @property
    def transitions_mean(self) -> float:
        return statistics.mean(run.transitions for run in self.runs)

    def to_json(self) -> dict[str, Any]:
        return {
            "executions": len(self.runs),
            "failures": self.failures,
            "medianSeconds": round(self.median_seconds, 2),
            "p95Seconds": round(self.p95_seconds, 2),
            "transitionsMean": round(self.transitions_mean, 2),
            "startedWithinSeconds": round(self.started_within_seconds, 2),
            "cpuSecondsEach": round(self.cpu_seconds / len(self.runs), 4),
            "memoryMbPeak": round(self.memory_mb, 1),
        }


def photo(number: int, account: str = "default") -> Post:
    return Post(f"photo-{number}", (PHOTOS[number % len(PHOTOS)],), account)


def carousel(number: int, account: str = "default") -> Post:
    """Eight photos and two films."""
    return Post(f"carousel-{number}", (*PHOTOS, *FILMS, *PHOTOS[:2]), account)


class Load:
    """A sandbox that runs: fill it with posts, then publish them."""

    def __init__(self, process: int, origins: dict[str, str]) -> None:
        keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": ACCESS_KEY}
        session = session_of({**keys, "AWS_REGION": REGION})
        aws = origins["aws"]
        self.process = process
        self.app = origins["app"]
        self.aws = aws
        self.http = httpx.Client(trust_env=False, timeout=60)
        self._instagram = origins["instagram"]
        self._arn = origins["stateMachineArn"]
        self._s3 = session.client("s3", endpoint_url=aws)
        self._ssm = session.client("ssm", endpoint_url=aws)
        self.stepfunctions = session.client("stepfunctions", endpoint_url=aws)
        self.dynamodb = session.client("dynamodb", endpoint_url=aws)
        self.store = Store(self.dynamodb, TABLE)
        self.accounts: list[str] = []

    def close(self) -> None:
        """Leave the sandbox alone."""
        self.http.close()
        for client in (self._s3, self._ssm, self.stepfunctions, self.dynamodb):
            client.close()

    def configure(self, **changes: object) -> None:
        """Change the simulated Instagram."""
        answer = self.http.post(f"{self._instagram}/_control/config", json=changes)
        answer.raise_for_status()

    def calls(self) -> list[dict[str, Any]]:
        """What the functions have called since `forget_calls`."""
        found = self.http.get(f"{self.aws}/_sandbox/calls").raise_for_status().json()["calls"]
        return [entry for entry in found if entry["function"] is not None]

    def forget_calls(self) -> None:
        self.http.delete(f"{self.aws}/_sandbox/calls").raise_for_status()

    def add_accounts(self, number: int) -> None:
        """Store the tokens of so many accounts, whose names are then in `accounts`."""
        found = crowd.accounts(number)
        for name, account in found:
            folder = SSM_PREFIX + ("" if name == "default" else f"/{name}")
            for leaf, value in (
                ("instagram-access-token", account.token),
                ("instagram-user-id", account.user_id),
            ):
                self._ssm.put_parameter(
                    Name=f"{folder}/{leaf}", Value=value, Type="SecureString", Overwrite=True
                )
        self.accounts = [name for name, _ in found]

    def fill(self, posts: Sequence[Post]) -> None:
        """Media and groups."""
        for post in posts:
            media = []
            for place, file in enumerate(post.files):
                key = f"{SESSION}/enhanced/{post.name}-{place}-{file}"
                is_film = file in FILMS
                self._s3.put_object(
                    Bucket=BUCKET,
                    Key=key,
                    Body=(SAMPLES_DIR / file).read_bytes(),
                    ContentType="video/mp4" if is_film else "image/jpeg",
                )
                media.append(MediaItem(key=key, kind="video" if is_film else "image"))
            self.store.put_new_group(
                Group(
                    session_id=SESSION,
                    group_id=post.name,
                    media=media,
                    caption=f"This is {post.name}",
                    account_id=post.account,
                )
            )

    def publish(self, posts: Sequence[Post]) -> Crowd:
        """Start all and wait for all."""
        cpu, began = processes.cpu_seconds(self.process), time.monotonic()
        with processes.watched(self.process, _MEMORY_LOOK_SECONDS) as peak:
            arns = [self._start(post) for post in posts]
            started_within = time.monotonic() - began
            for post in posts:
                self.wait(post.name)
        cpu = processes.cpu_seconds(self.process) - cpu
        runs = tuple(self._run(arn) for arn in arns)
        return Crowd(runs, started_within, cpu, peak.mb)

    def _start(self, post: Post) -> str:
        started = self.stepfunctions.start_execution(
            stateMachineArn=self._arn,
            name=post.name,
            input=json.dumps({"sessionId": SESSION, "groupId": post.name}),
        )
        return started["executionArn"]

    def wait(self, name: str) -> None:
        """Until an execution is over; raises TimeoutError after a quarter of an hour."""
        arn, end = self._arn_of(name), time.monotonic() + _LONGEST_SECONDS
        while self.stepfunctions.describe_execution(executionArn=arn)["status"] == "RUNNING":
            if time.monotonic() > end:
                raise TimeoutError(f"{name} is not over after {_LONGEST_SECONDS} s")
            time.sleep(_LOOK_SECONDS)

    def _transitions(self, arn: str) -> int:
        pages = self.stepfunctions.get_paginator("get_execution_history").paginate(executionArn=arn)
        return sum(
            "stateEnteredEventDetails" in event for page in pages for event in page["events"]
        )

    def _arn_of(self, name: str) -> str:
        return f"{self._arn.replace(':stateMachine:', ':execution:')}:{name}"

    def _run(self, arn: str) -> Run:
        told = self.stepfunctions.describe_execution(executionArn=arn)
        if told["status"] != "SUCCEEDED":
            sys.stderr.write(f"{told['name']} {told['status']}: {told.get('cause')}\n")
        seconds = (told["stopDate"] - told["startDate"]).total_seconds()
        return Run(told["name"], told["status"], seconds, self._transitions(arn))


@contextmanager
def sandbox(*, accounts: int = 1, speed: str = "1", like_instagram: bool = True) -> Iterator[Load]:
    """A sandbox in a process of its own, without limits, with the tokens of all its accounts."""
    arguments = ["--accounts", str(accounts), "--speed", speed]
    with ExitStack() as opened:
        process, origins = opened.enter_context(
            serving([sys.executable, "-m", "bench.crowd", *arguments])
        )
        load = opened.enter_context(closing(Load(process, origins)))
        load.configure(**crowd.NO_LIMITS, **(LIKE_INSTAGRAM if like_instagram else {}))
        load.add_accounts(accounts)
        yield load


@contextmanager
def serving(command: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """A command that prints where it serves when it is ready; it is told to end afterwards."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603  our own
        try:
            assert process.stdout is not None  # noqa: S101  for the type checker
            yield process.pid, json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_END_SECONDS)
