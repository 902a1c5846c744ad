"""What posts cost on AWS: counted on one post of each kind in the sandbox, times a price list.

At real speed against the simulated Instagram, whose answers take as long as it says. Running times
are those of the functions' tasks as the execution history has them, so they include the way to the
function and back, and are a little too long. The same posts are published once more with each kind
of polling that people would use instead (`variants.py`), on a simulated Instagram that was just
reset, so that each container is ready after the same time, and for an account that has published
ten such posts before. Writes results/costs.json, of which
`docs/costs.md` is made.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import httpx
from pymediainfo import MediaInfo

from bench import costs_page
from bench.figures import RESULTS, machine, record
from bench.variants import VARIANTS
from postwright import costing
from postwright.history import read
from postwright.models import Group, MediaItem, MediaKind
from postwright.ready_times import ReadyTimes, Traits
from postwright.store import Store
from postwright.tokens import DEFAULT_ACCOUNT
from sandbox.clients import session_of
from sandbox.samples import SAMPLES_DIR
from sandbox.server import Sandbox, SandboxOptions

_PHOTOS: Final = ("01-dunes", "02-sea", "03-city", "04-mountains", "05-lighthouse", "06-night")
_FILMS: Final = ("07-waves.mp4", "08-sunset.mp4")
_FILES: Final = (*(f"{name}.jpg" for name in _PHOTOS), *_FILMS)
_TEN: Final = (*_FILES, *_FILES[:2])


@dataclass(frozen=True)
class Kind:
    """The files of a post, and how Instagram differs from what it is usually."""

    files: tuple[str, ...]
    instagram: Mapping[str, Any]


KINDS: Final[Mapping[str, Kind]] = {
    "photo": Kind(_FILES[:1], {}),
    "Reel": Kind(_FILMS[:1], {}),
    "Reel of a minute": Kind(_FILMS[:1], {"video": {"seconds": 150}}),
    "carousel of ten": Kind(_TEN, {}),
    "carousel of twenty": Kind(_TEN * 2, {"carousel_max": 20}),
}
"""A minute of video is processed for about 150 seconds (field reports, 2026)."""
_READS: Final = ("GetItem", "BatchGetItem", "Query")
_WAIT_SECONDS: Final = 600
_LOOK_SECONDS: Final = 0.1
_SEEN: Final = 10
"""Posts of the same kind that an account has published before the one that is measured."""
_OPTIONS: Final[Mapping[str, Any]] = {
    "empty": True,
    "schedules": False,
    "functions": "bench.polling",
    "settings": {"POSTWRIGHT_CAROUSEL_MAX": "20"},
}


@dataclass(frozen=True)
class Post:
    """What one post takes; `reads` and `writes` are calls of the table, `fetched` is in bytes,
    `seconds` are those from the start to the end.
    """

    transitions: int
    calls: int
    gb_seconds: float
    reads: int
    writes: int
    objects: int
    fetched: int
    graph_calls: int
    seconds: float

    def to_json(self) -> dict[str, float]:
        return {name: round(value, 4) for name, value in vars(self).items()}


class Bench:
    """A sandbox in which posts are published, each on an Instagram that knows of nothing."""

    def __init__(self, sandbox: Sandbox) -> None:
        environment = sandbox.environment()
        session = session_of(environment)
        self._sandbox = sandbox
        self._bucket = environment["POSTWRIGHT_BUCKET"]
        self._table = environment["POSTWRIGHT_TABLE"]
        self._instagram = httpx.Client(base_url=sandbox.instagram, trust_env=False, timeout=30)
        self._stepfunctions = session.client("stepfunctions", endpoint_url=sandbox.aws)
        self._dynamodb = session.client("dynamodb", endpoint_url=sandbox.aws)
        self._s3 = session.client("s3", endpoint_url=sandbox.aws)
        self._usual = self._stepfunctions.describe_state_machine(
            stateMachineArn=sandbox.state_machine_arn
        )["definition"]

    def close(self) -> None:
        self._instagram.close()
        for client in (self._stepfunctions, self._dynamodb, self._s3):
            client.close()

    def measure(self, name: str, kind: Kind, variant: str) -> Post:
        """Publish one post, and count; raises RuntimeError when it does not get published."""
        changed = VARIANTS[variant](json.loads(self._usual))
        self._stepfunctions.update_state_machine(
            stateMachineArn=self._sandbox.state_machine_arn, definition=json.dumps(changed)
        )
        self._instagram.post("/_control/reset").raise_for_status()
        self._instagram.post("/_control/config", json=dict(kind.instagram)).raise_for_status()
        group_id = f"{name} {variant}".replace(" ", "-")
        media = [self._upload(f"costs/{group_id}/{n}", file) for n, file in enumerate(kind.files)]
        store = Store(self._dynamodb, self._table)
        store.put_new_group(
            Group(session_id="costs", group_id=group_id, media=media, caption=f"One {name}")
        )
        store.put_ready_times(DEFAULT_ACCOUNT, self._seen(kind).to_json())
        self._sandbox.calls.clear()
        arn = self._published(group_id)
        sizes = [(SAMPLES_DIR / file).stat().st_size for file in kind.files]
        return self._counted(arn, sizes)

    def _seen(self, kind: Kind) -> ReadyTimes:
        """What an account knows that has published such posts before."""
        takes = self._instagram.get("/_control/config").json()
        seen = ReadyTimes()
        for _ in range(_SEEN):
            for file in kind.files:
                what: MediaKind = "video" if file in _FILMS else "image"
                seconds = takes[what]["seconds"]
                seen = seen.with_seen(what, traits(file), 0.9 * seconds, 1.1 * seconds)
            seconds = takes["carousel"]["seconds"]
            seen = seen.with_seen("parent", Traits(), 0.9 * seconds, 1.1 * seconds)
        return seen

    def _upload(self, prefix: str, file: str) -> MediaItem:
        key = f"{prefix}-{file}"
        is_film = file in _FILMS
        self._s3.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=(SAMPLES_DIR / file).read_bytes(),
            ContentType="video/mp4" if is_film else "image/jpeg",
        )
        return MediaItem(key=key, kind="video" if is_film else "image")

    def _published(self, group_id: str) -> str:
        """The ARN of an execution that has published the group."""
        arn: str = self._stepfunctions.start_execution(
            stateMachineArn=self._sandbox.state_machine_arn,
            name=group_id,
            input=json.dumps({"sessionId": "costs", "groupId": group_id}),
        )["executionArn"]
        end = time.monotonic() + _WAIT_SECONDS
        while True:
            told = self._stepfunctions.describe_execution(executionArn=arn)
            if told["status"] == "SUCCEEDED":
                return arn
            if told["status"] != "RUNNING" or time.monotonic() > end:
                raise RuntimeError(f"{group_id}: {told['status']}, {told.get('cause')}")
            time.sleep(_LOOK_SECONDS)

    def _counted(self, arn: str, sizes: list[int]) -> Post:
        pages = self._stepfunctions.get_paginator("get_execution_history").paginate(
            executionArn=arn
        )
        told = read([event for page in pages for event in page["events"]])
        cost = costing.cost_of(told, sizes)
        made: Counter[str] = Counter()
        for entry in self._sandbox.calls.entries():
            if entry["function"] is not None:
                made[f"{entry['service']} {_direction(entry['operation'])}"] += 1
        requests = self._instagram.get("/_control/requests").json()
        return Post(
            transitions=cost.transitions,
            calls=cost.calls,
            gb_seconds=cost.gb_seconds,
            reads=made["dynamodb read"],
            writes=made["dynamodb write"],
            objects=made["s3 read"] + made["s3 write"],
            fetched=cost.bytes,
            graph_calls=sum(request["user_agent"] == "postwright" for request in requests),
            seconds=round((told.last_at - told.started_at).total_seconds(), 1),
        )


@cache
def traits(file: str) -> Traits:
    """What decides how long a sample is processed."""
    path = SAMPLES_DIR / file
    seconds = MediaInfo.parse(path).tracks[0].duration / 1000 if file in _FILMS else 0.0
    return Traits(path.stat().st_size / 1e6, seconds)


def _direction(operation: str) -> str:
    return "read" if operation in _READS or operation.startswith(("Get", "Head")) else "write"


@contextmanager
def bench(speed: float | None) -> Iterator[Bench]:
    """A bench in a sandbox of its own; speed None means "max", at which functions take no time."""
    with Sandbox(SandboxOptions(0, 0, 0, speed=speed, **_OPTIONS)) as sandbox:
        made = Bench(sandbox)
        try:
            yield made
        finally:
            made.close()


def main() -> None:
    """Publish one of each kind with each kind of polling, and write what each takes."""
    report: dict[str, Any] = {variant: {} for variant in VARIANTS}
    for variant in VARIANTS:
        with bench(1.0) as measuring:
            for name, kind in KINDS.items():
                post = measuring.measure(name, kind, variant).to_json()
                report[variant][name] = post
                sys.stdout.write(f"{variant}, {name}: {json.dumps(post)}\n")
    document = {"posts": report, "machine": machine()}
    (RESULTS / "costs.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    record(costs_page.figures(report))
    for line in costs_page.kept(report):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
