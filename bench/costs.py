"""What posts cost on AWS: counted on one post of each kind in the sandbox, times a price list.

At real speed against the simulated Instagram, whose answers take as long as it says. Running times
are those of the functions' tasks as the execution history has them, so they include the way to the
function and back, and are a little too long. Writes results/costs.json; `docs/costs.md` is made
of it.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bench.figures import RESULTS, machine
from postwright import costing
from postwright.history import read
from postwright.models import Group, MediaItem
from postwright.store import Store
from sandbox.clients import session_of
from sandbox.samples import SAMPLES_DIR
from sandbox.server import Sandbox, SandboxOptions

_PHOTOS: Final = ("01-dunes", "02-sea", "03-city", "04-mountains", "05-lighthouse", "06-night")
_FILMS: Final = ("07-waves.mp4", "08-sunset.mp4")
_FILES: Final = (*(f"{name}.jpg" for name in _PHOTOS), *_FILMS)
POSTS: Final[Mapping[str, tuple[str, ...]]] = {
    "photo": _FILES[:1],
    "Reel": _FILMS[:1],
    "carousel of ten": (*_FILES, *_FILES[:2]),
}
"""Name of a kind, and the files of a post of it."""
_READS: Final = ("GetItem", "BatchGetItem", "Query")
_WAIT_SECONDS: Final = 600


@dataclass(frozen=True)
class Post:
    """What one post takes; `units` are half a read and a write of up to 4 and 1 kB, as most are."""

    transitions: int
    calls: int
    gb_seconds: float
    reads: int
    writes: int
    objects: int

    def to_json(self) -> dict[str, float]:
        return {name: round(value, 4) for name, value in vars(self).items()}


def measure(sandbox: Sandbox, kind: str, files: tuple[str, ...]) -> Post:
    """Publish one, and count; raises RuntimeError when it does not get published."""
    environment = sandbox.environment()
    session = session_of(environment)
    stepfunctions = session.client("stepfunctions", endpoint_url=sandbox.aws)
    dynamodb = session.client("dynamodb", endpoint_url=sandbox.aws)
    s3 = session.client("s3", endpoint_url=sandbox.aws)
    group_id = kind.replace(" ", "-")
    media = []
    for place, file in enumerate(files):
        key = f"costs/{group_id}/{place}-{file}"
        is_film = file in _FILMS
        s3.put_object(
            Bucket=environment["POSTWRIGHT_BUCKET"],
            Key=key,
            Body=(SAMPLES_DIR / file).read_bytes(),
            ContentType="video/mp4" if is_film else "image/jpeg",
        )
        media.append(MediaItem(key=key, kind="video" if is_film else "image"))
    Store(dynamodb, environment["POSTWRIGHT_TABLE"]).put_new_group(
        Group(session_id="costs", group_id=group_id, media=media, caption=f"One {kind}")
    )
    sandbox.calls.clear()
    started = stepfunctions.start_execution(
        stateMachineArn=sandbox.state_machine_arn,
        name=group_id,
        input=json.dumps({"sessionId": "costs", "groupId": group_id}),
    )
    arn = started["executionArn"]
    end = time.monotonic() + _WAIT_SECONDS
    while (told := stepfunctions.describe_execution(executionArn=arn))["status"] == "RUNNING":
        if time.monotonic() > end:
            raise RuntimeError(f"the {kind} was not published in {_WAIT_SECONDS} s")
        time.sleep(0.5)
    if told["status"] != "SUCCEEDED":
        raise RuntimeError(f"the {kind} was not published: {told.get('cause')}")
    return _counted(stepfunctions, arn, sandbox.calls.entries())


def _counted(stepfunctions: Any, arn: str, entries: list[dict[str, Any]]) -> Post:
    pages = stepfunctions.get_paginator("get_execution_history").paginate(executionArn=arn)
    events = [event for page in pages for event in page["events"]]
    cost = costing.cost_of(read(events))
    made: Counter[str] = Counter()
    for entry in entries:
        if entry["function"] is not None:
            made[f"{entry['service']} {_direction(entry['operation'])}"] += 1
    return Post(
        transitions=cost.transitions,
        calls=cost.calls,
        gb_seconds=cost.gb_seconds,
        reads=made["dynamodb read"],
        writes=made["dynamodb write"],
        objects=made["s3 read"] + made["s3 write"],
    )


def _direction(operation: str) -> str:
    return "read" if operation in _READS or operation.startswith(("Get", "Head")) else "write"


def main() -> None:
    """Publish one of each kind, and write what each takes."""
    options = SandboxOptions(*(0, 0, 0), speed=1.0, empty=False, schedules=False)
    with Sandbox(options) as sandbox:
        posts = {kind: measure(sandbox, kind, files) for kind, files in POSTS.items()}
    report = {"posts": {k: p.to_json() for k, p in posts.items()}, "machine": machine()}
    path = RESULTS / "costs.json"
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    for kind, post in posts.items():
        sys.stdout.write(f"{kind}: {json.dumps(post.to_json())}\n")


if __name__ == "__main__":
    main()
