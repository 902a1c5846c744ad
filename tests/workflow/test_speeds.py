"""One scenario at `--speed` 1, 60 and max: the same states, the same calls, as long.

A carousel of two photos and a video of 40 seconds, whose first publish is answered with "not
ready": two Wait states and the pause of a Retry, 17 simulated seconds. Each speed has a sandbox in
a process of its own, as `postwright sandbox serve` makes it.

What a state takes is what it waits for, which is the same at every speed, and what it computes:
real time at 1 and 60, nothing at max. On a busy machine a state may compute for some tenths of a
second, so that states are compared with a second of play, and waits more closely. The whole run,
which has all of the computing in it, is shown and not compared.
"""

from __future__ import annotations

import json
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from postwright.models import Group, MediaItem
from postwright.store import Store
from sandbox.names import ACCESS_KEY, BUCKET, REGION, STATE_MACHINE_ARN, TABLE
from tests.command_line import Served, serving_sandbox
from tests.media import film, picture
from tests.summary import say

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

STATE_SECONDS = 1.0
WAIT_SECONDS = 0.5
WAITS = ("WaitForContainers",)
PAUSE = "Publish, the pause"
NOT_READY = {"call": "publish", "error": [9007, 2207027], "times": 1}
PROCESSING = {
    "image": {"seconds": 1},
    "video": {"seconds": 0, "seconds_per_second": 0.2},
    "carousel": {"seconds": 1},
}
"""Eight seconds for the video, which is first looked at after ten."""

_LOOK_WALL_SECONDS = 0.05
_LOOKS = 1200


@dataclass(frozen=True)
class Run:
    """What is compared of a run; seconds are simulated ones."""

    visits: list[str]
    calls: list[str]
    """Method and path of each call to Instagram, in order."""
    content: Counter[str]
    """The calls with their parameters; some are made at once, so that their order is open."""
    durations: list[tuple[str, float]]
    """Each state that was left, in order, and the pause between two tries of one."""
    total: float

    def waits(self) -> list[tuple[str, float]]:
        return [(name, took) for name, took in self.durations if name in (*WAITS, PAUSE)]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    video = tmp_path_factory.mktemp("media") / "40-seconds.mp4"
    return {
        "1-photo.jpg": picture((320, 320)),
        "2-video.mp4": film(video, seconds=40, sound=None),
        "3-photo.jpg": picture((320, 320), colour="navy"),
    }


@pytest.fixture(scope="module")
def runs(files: dict[str, bytes], pytestconfig: pytest.Config) -> dict[str, Run]:
    """The run at each speed; that at 1 takes its 17 seconds, the others happen meanwhile."""
    with ExitStack() as sandboxes, ThreadPoolExecutor(1) as pool:

        def serve(speed: str) -> Served:
            served = sandboxes.enter_context(serving_sandbox("--empty", "--speed", speed))
            sandboxes.callback(served.command.end, signal.SIGTERM)
            return served

        slow = pool.submit(_publish, serve("1"), files)
        fast = {speed: _publish(serve(speed), files) for speed in ("60", "max")}
        found = {"1": slow.result(60), **fast}
    say(pytestconfig, _table(found))
    return found


@pytest.mark.parametrize("speed", ["60", "max"])
def test_each_speed_visits_the_same_states(runs: dict[str, Run], speed: str) -> None:
    visits = runs["1"].visits

    assert runs[speed].visits == visits
    assert (visits.count("CheckStatus"), visits.count("CreateContainer")) == (2, 3)
    assert visits[-1] == "PostPublished"


@pytest.mark.parametrize("speed", ["60", "max"])
def test_each_speed_asks_instagram_the_same(runs: dict[str, Run], speed: str) -> None:
    calls = runs["1"].calls

    assert runs[speed].calls == calls
    assert runs[speed].content == runs["1"].content
    assert sum(call.endswith("/media_publish") for call in calls) == 2


@pytest.mark.parametrize("speed", ["60", "max"])
def test_each_state_lasts_as_long_at_each_speed(runs: dict[str, Run], speed: str) -> None:
    difference = _largest_difference(runs[speed].durations, runs["1"].durations)

    assert difference < STATE_SECONDS


@pytest.mark.parametrize("speed", ["1", "60", "max"])
def test_waits_and_pauses_last_as_long_as_they_were_meant_to(
    runs: dict[str, Run], speed: str
) -> None:
    meant = [(WAITS[0], 28.0), (WAITS[0], 3.0), (PAUSE, 5.0)]

    assert _largest_difference(runs[speed].waits(), meant) < WAIT_SECONDS


def _table(runs: dict[str, Run]) -> str:
    """One line of simulated seconds, for the end of the session."""
    apart = max(_largest_difference(run.durations, runs["1"].durations) for run in runs.values())
    rows = [(waits[0][0], [took for _, took in waits]) for waits in _columns(runs)]
    rows.append(("whole run", [run.total for run in runs.values()]))
    shown = "; ".join(f"{name} {' / '.join(f'{s:.2f}' for s in row)}" for name, row in rows)
    return f"seconds at --speed {' / '.join(runs)}: {shown}; states at most {apart:.2f} apart"


def _columns(runs: dict[str, Run]) -> Iterator[tuple[tuple[str, float], ...]]:
    return zip(*(run.waits() for run in runs.values()), strict=True)


def _largest_difference(
    ours: Sequence[tuple[str, float]], theirs: Sequence[tuple[str, float]]
) -> float:
    assert [name for name, _ in ours] == [name for name, _ in theirs]
    return max(abs(a - b) for (_, a), (_, b) in zip(ours, theirs, strict=True))


def _publish(sandbox: Served, files: dict[str, bytes]) -> Run:
    """Publish the files as one carousel, and read everything that is compared."""
    sandbox.configure(**PROCESSING)
    sandbox.script(NOT_READY)
    session = boto3.session.Session(ACCESS_KEY, ACCESS_KEY, region_name=REGION)
    with (
        closing(session.client("s3", endpoint_url=sandbox.aws)) as s3,
        closing(session.client("dynamodb", endpoint_url=sandbox.aws)) as dynamodb,
        closing(session.client("stepfunctions", endpoint_url=sandbox.aws)) as stepfunctions,
    ):
        media = []
        for name, body in files.items():
            key = f"speeds/enhanced/{name}"
            kind, suffix = ("video", "mp4") if name.endswith(".mp4") else ("image", "jpeg")
            s3.put_object(Bucket=BUCKET, Key=key, Body=body, ContentType=f"{kind}/{suffix}")
            media.append(MediaItem.model_validate({"key": key, "kind": kind}))
        group = Group(session_id="speeds", group_id="group", media=media, caption="At any speed")
        Store(dynamodb, TABLE).put_new_group(group)
        history = _history(stepfunctions, {"sessionId": "speeds", "groupId": "group"})
    return _read(history, sandbox.requests())


def _history(client: SFNClient, document: dict[str, str]) -> list[HistoryEventTypeDef]:
    """All events of a run, once it has succeeded."""
    arn = client.start_execution(stateMachineArn=STATE_MACHINE_ARN, input=json.dumps(document))[
        "executionArn"
    ]
    for _ in range(_LOOKS):
        described = client.describe_execution(executionArn=arn)
        if described["status"] != "RUNNING":
            break
        time.sleep(_LOOK_WALL_SECONDS)
    assert described["status"] == "SUCCEEDED", described.get("cause")
    return client.get_execution_history(executionArn=arn, maxResults=1000)["events"]


def _read(history: list[HistoryEventTypeDef], requests: list[dict[str, Any]]) -> Run:
    visits, durations = [], []
    entered: dict[str, datetime] = {}
    failed_at: datetime | None = None
    for event in history:
        at = event["timestamp"]
        if "stateEnteredEventDetails" in event:
            name = event["stateEnteredEventDetails"]["name"]
            visits.append(name)
            entered[name] = at
        elif "stateExitedEventDetails" in event:
            name = event["stateExitedEventDetails"]["name"]
            durations.append((name, (at - entered[name]).total_seconds()))
        elif event["type"] == "TaskFailed":
            failed_at = at
        elif event["type"] == "TaskScheduled" and failed_at is not None:
            durations.append((PAUSE, (at - failed_at).total_seconds()))
            failed_at = None
    calls = [f"{request['method']} {_without_ids(request['path'])}" for request in requests]
    parameters = [_without_ids(json.dumps(request["parameters"])) for request in requests]
    return Run(
        visits=visits,
        calls=calls,
        content=Counter(f"{call} {sent}" for call, sent in zip(calls, parameters, strict=True)),
        durations=durations,
        total=(history[-1]["timestamp"] - history[0]["timestamp"]).total_seconds(),
    )


def _without_ids(text: str) -> str:
    """Each sandbox has ids and ports of its own."""
    return re.sub(r"\d{6,}|127\.0\.0\.1:\d+", "#", text)
