"""Whole runs of the real workflow, with the real functions, against the simulated Instagram.

Each row says what is published, what Instagram and people do meanwhile, which states the run visits
in which order, and what it leaves behind. The states are written out on purpose: whoever changes
the workflow sees here what else changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import pytest

from postwright.clock import from_text, to_text
from sandbox.instagram.accounts import DEMO_ACCOUNT
from tests.workflow.misbehaviour import answers, disagrees, refuses, treats
from tests.workflow.truth import assert_records_are_true
from tests.workflow.workbench import NEW_TOKEN, PostGroup, Run, Shot, Workbench, hashes_of

pytestmark = pytest.mark.engine

PHOTO, CLIP, REFUSED = Shot.PHOTO, Shot.CLIP, Shot.REFUSED

BEGIN = ["LoadPost", "HowToBegin", "CheckQuota", "HasQuota"]
WAIT_FOR_QUOTA = ["WaitForQuota", "CheckQuota", "HasQuota"]
LOOK = ["WaitForContainers", "CheckStatus", "WhatNext"]
LAST_LOOK = ["WaitForContainers", "CheckStatus"]
END = ["WhatHappened", "RecordResult", "PostPublished"]
LOOK_FOR_POST = ["WaitBeforeReconcile", "ReconcilePublish", "WhatIsTrue"]
LAST_LOOK_FOR_POST = ["WaitBeforeReconcile", "ReconcilePublish"]
ALREADY_HANDLED = ["LoadPost", "HowToBegin", "AlreadyHandled"]


def create(items: int) -> list[str]:
    """The Map, with one visit of its inner state per item."""
    return ["CreateContainers", *["CreateContainer"] * items]


ONE_PHOTO_READY = [*BEGIN, *create(1), *LOOK]

Act = Callable[[Workbench, PostGroup, str], None]


@dataclass(frozen=True)
class Meanwhile:
    """What happens while the run waits in `state` and time stands still."""

    state: str
    act: Act


@dataclass(frozen=True)
class Scenario:
    """`sends` counts the publish calls at Instagram, `says` are parts of the message that the job
    keeps, `instagram` is its config, `script` what goes wrong there, `held_back` are functions that
    begin so many seconds late, and `published_before` is how many posts the account has.
    """

    name: str
    shots: Sequence[Shot]
    visits: Sequence[str]
    started_by: Literal["api", "console"] = "api"
    options: Mapping[str, Any] = field(default_factory=dict)
    publish_in: timedelta | None = None
    instagram: Mapping[str, Any] = field(default_factory=dict)
    script: Sequence[Mapping[str, Any]] = ()
    held_back: Mapping[str, float] = field(default_factory=dict)
    published_before: int = 0
    meanwhile: Meanwhile | None = None
    ends: str = "SUCCEEDED"
    group: str = "published"
    error: str | None = None
    says: Sequence[str] = ()
    sends: int = 1
    afterwards: Act | None = None


def start_again(bench: Workbench, group: PostGroup, _job_id: str) -> None:
    """The cause is gone, or was never in the group: a new run publishes it."""
    assert_records_are_true(bench)
    bench.published(group)


def start_again_on_a_good_day(bench: Workbench, group: PostGroup, job_id: str) -> None:
    bench.end_faults()
    bench.configure(tokens={DEMO_ACCOUNT.token: "ok"})
    start_again(bench, group, job_id)


def crop_the_refused_ones(bench: Workbench, group: PostGroup, job_id: str) -> None:
    for index, file in enumerate(group.files):
        if file.name.endswith(REFUSED.value):
            bench.replace(group, index)
    start_again_on_a_good_day(bench, group, job_id)


def log_in_anew(bench: Workbench, group: PostGroup, job_id: str) -> None:
    bench.configure(tokens={NEW_TOKEN: "ok"})
    bench.store_token(NEW_TOKEN)
    start_again(bench, group, job_id)


def revoke_the_token(bench: Workbench, _group: PostGroup, _job_id: str) -> None:
    bench.configure(tokens={DEMO_ACCOUNT.token: "revoked"})


def stop_the_run(bench: Workbench, _group: PostGroup, job_id: str) -> None:
    bench.stop(job_id)


def come_back_tomorrow(bench: Workbench, group: PostGroup, job_id: str) -> None:
    bench.clock.advance(timedelta(days=1).total_seconds())
    start_again(bench, group, job_id)


def start_a_second_time(bench: Workbench, group: PostGroup, job_id: str) -> None:
    """Both ways lead to the job that runs."""
    api = bench.api.post("/api/publish/start", json=group.request)
    console = bench.finished(bench.start_execution(group.request))

    url = f"/api/publish/{job_id}/status"
    assert (api.status_code, api.json()) == (200, {"jobId": job_id, "statusUrl": url})
    assert (console.status, console.visits) == ("SUCCEEDED", ALREADY_HANDLED)
    assert (console.output["jobId"], console.output["permalink"]) == (job_id, None)


def start_what_is_published(bench: Workbench, group: PostGroup, job_id: str) -> None:
    """Both ways lead to the post that is live."""
    permalink = bench.posts()[0]["permalink"]

    api = bench.api.post("/api/publish/start", json=group.request)
    console = bench.finished(bench.start_execution(group.request))

    told = api.json()
    assert (api.status_code, told.pop("error")["type"]) == (409, "AlreadyPublishedError")
    assert told == {"status": "published", "permalink": permalink}
    assert (console.status, console.visits) == ("SUCCEEDED", ALREADY_HANDLED)
    assert (console.output["jobId"], console.output["permalink"]) == (job_id, permalink)


def cannot_start(bench: Workbench, group: PostGroup, job_id: str) -> None:
    """What may be live is settled first."""
    api = bench.api.post("/api/publish/start", json=group.request)
    console = bench.finished(bench.start_execution(group.request))

    told = api.json()
    assert (api.status_code, told.pop("error")["type"]) == (409, "AlreadyPublishingError")
    assert told == {"status": "unconfirmed", "jobId": job_id}
    assert (console.status, console.visits) == ("FAILED", ["LoadPost"])
    assert console.error == "AlreadyPublishingError"
    assert "Settle it" in console.message
    assert bench.record(group).publish_status == "unconfirmed"


def change_the_caption(bench: Workbench, group: PostGroup, job_id: str) -> None:
    assert bench.status(job_id)["phase"] == "scheduled"
    assert bench.requests() == []
    bench.describe(group, "Better words, found while it waited")


def was_published_on_time(bench: Workbench, _group: PostGroup, job_id: str) -> None:
    due = bench.job(job_id).request.publish_at
    assert due is not None
    assert from_text(bench.posts()[0]["timestamp"]) >= from_text(due).replace(microsecond=0)


def raise_the_quota_and_change_the_caption(bench: Workbench, group: PostGroup, job_id: str) -> None:
    assert bench.status(job_id)["phase"] == "waiting_for_quota"
    bench.configure(quota_total=2)
    bench.describe(group, "Better words, found while it waited")


def fill_the_quota(bench: Workbench, _group: PostGroup, _job_id: str) -> None:
    bench.configure(quota_total=1)


def waited_ten_minutes(bench: Workbench, _group: PostGroup, job_id: str) -> None:
    """Not a call was made meanwhile, which would have made it longer."""
    begin, end = bench.times(job_id)
    assert timedelta(minutes=10) < end - begin < timedelta(minutes=15)
    assert sum(request["status"] == 400 for request in bench.requests()) == 1


def asked_twice(function: str) -> Act:
    """The late invocation and the one that was made instead have both run to their end."""

    def check(bench: Workbench, _group: PostGroup, job_id: str) -> None:
        bench.let_time_pass(120)
        assert bench.timed_out(job_id) == 1
        assert bench.invocations(function) == 2
        assert bench.sends() == 1

    return check


def start_another_with_the_same_caption(bench: Workbench, group: PostGroup, _job_id: str) -> None:
    other = bench.group(PHOTO, caption=group.caption.partition("\n")[0])
    bench.start(other)


def the_other_was_published_in_turn(bench: Workbench, group: PostGroup, _job_id: str) -> None:
    other = bench.groups[-1]
    job_id = bench.record(other).active_job_id
    assert job_id is not None
    run = bench.finished(job_id)

    assert run.visits == [*ONE_PHOTO_READY, "Publish", *END]
    newest, oldest = bench.posts()
    assert newest["caption"] == oldest["caption"] == group.caption
    assert bench.record(other).instagram_post_id == newest["id"]


ANSWERS_AFTER_THE_EFFECT: dict[str, dict[str, Any]] = {
    "an action block": {"error": [4, 2207051], "http_status": 403},
    "an error of the server": {"status": 500},
    "a page of a gateway": {"answer": "html"},
    "nothing": {"answer": "empty"},
    "half of its answer": {"answer": "cut"},
    "a reset": {"answer": "reset"},
    "bytes that never end": {"answer": "drip"},
    "silence": {"answer": "hang"},
}

SCENARIOS = [
    Scenario(
        "a single image",
        shots=[PHOTO],
        visits=[*BEGIN, *create(1), *LOOK, "Publish", *END],
    ),
    Scenario(
        "a Reel",
        shots=[CLIP],
        visits=[*BEGIN, *create(1), *LOOK * 2, "Publish", *END],
    ),
    Scenario(
        "a carousel of two, started from the console",
        shots=[PHOTO, PHOTO],
        started_by="console",
        visits=[
            *[*BEGIN, *create(2), *LOOK],
            *["CreateCarousel", *LOOK, "Publish", *END],
        ],
    ),
    Scenario(
        "a carousel of ten",
        shots=[PHOTO] * 10,
        visits=[
            *[*BEGIN, *create(10), *LOOK],
            *["CreateCarousel", *LOOK, "Publish", *END],
        ],
    ),
    Scenario(
        "a carousel of images and videos",
        shots=[PHOTO, CLIP, PHOTO, CLIP],
        visits=[
            *[*BEGIN, *create(4), *LOOK],
            *["CreateCarousel", *LOOK, "Publish", *END],
        ],
    ),
    Scenario(
        "a video that takes eight times as long as expected is looked at until it is ready",
        shots=[CLIP],
        script=[treats("clip", processing_seconds=100)],
        visits=[*BEGIN, *create(1), *LOOK * 11, "Publish", *END],
    ),
    Scenario(
        "one item among ten that passed preflight, and that Instagram refuses anyway",
        shots=[*[PHOTO] * 3, REFUSED, *[PHOTO] * 6],
        script=[disagrees()],
        visits=[*BEGIN, *create(10), *LAST_LOOK],
        ends="FAILED",
        group="failed",
        error="MediaRejectedError",
        says=[
            "1 of 10 items",
            "nothing was",
            "4: 04-refused.jpg",
            "Crop it to between 4:5 and 1.91:1",
        ],
        sends=0,
    ),
    Scenario(
        "two refused items among four, each with its own reason",
        shots=[PHOTO, REFUSED, PHOTO, PHOTO],
        script=[disagrees(), treats("03-photo", error=(36001, 2207005))],
        visits=[*BEGIN, *create(4), *LAST_LOOK],
        ends="FAILED",
        group="failed",
        error="MediaRejectedError",
        says=[
            "2 of 4 items",
            "2: 02-refused.jpg: The image's ratio",
            "3: 03-photo.jpg: The image is",
        ],
        sends=0,
        afterwards=crop_the_refused_ones,
    ),
    Scenario(
        "a second start while the first runs",
        shots=[PHOTO],
        meanwhile=Meanwhile("WaitForContainers", start_a_second_time),
        visits=[*ONE_PHOTO_READY, "Publish", *END],
    ),
    Scenario(
        "a start of a group that is published",
        shots=[PHOTO, PHOTO],
        visits=[
            *[*BEGIN, *create(2), *LOOK],
            *["CreateCarousel", *LOOK, "Publish", *END],
        ],
        afterwards=start_what_is_published,
    ),
    Scenario(
        "a token that does not work, until it does",
        shots=[PHOTO],
        instagram={"tokens": {DEMO_ACCOUNT.token: "expired"}},
        visits=["LoadPost", "HowToBegin", "CheckQuota"],
        ends="FAILED",
        group="failed",
        error="TokenInvalidError",
        says=["The token has expired", "postwright auth login"],
        sends=0,
        afterwards=start_again_on_a_good_day,
    ),
    Scenario(
        "a token that was revoked, and another one after a new login",
        shots=[PHOTO],
        instagram={"tokens": {DEMO_ACCOUNT.token: "revoked"}},
        visits=["LoadPost", "HowToBegin", "CheckQuota"],
        ends="FAILED",
        group="failed",
        error="TokenInvalidError",
        says=["postwright auth login"],
        sends=0,
        afterwards=log_in_anew,
    ),
    Scenario(
        "a token that is revoked while a video is processed",
        shots=[CLIP],
        meanwhile=Meanwhile("WaitForContainers", revoke_the_token),
        visits=[*BEGIN, *create(1), *LAST_LOOK],
        ends="FAILED",
        group="failed",
        error="TokenInvalidError",
        says=["postwright auth login"],
        sends=0,
        afterwards=log_in_anew,
    ),
    Scenario(
        "a token that is refused at the publish call",
        shots=[PHOTO],
        script=[refuses("publish", 190, 463)],
        visits=[*ONE_PHOTO_READY, "Publish"],
        ends="FAILED",
        group="failed",
        error="TokenInvalidError",
        says=["The token has expired", "postwright auth login"],
        afterwards=start_again,
    ),
    Scenario(
        "a run that is stopped while it waits",
        shots=[PHOTO],
        meanwhile=Meanwhile("WaitForContainers", stop_the_run),
        visits=[*BEGIN, *create(1), "WaitForContainers"],
        ends="ABORTED",
        group="failed",
        error="Aborted",
        says=["stopped by hand"],
        sends=0,
        afterwards=start_again,
    ),
    Scenario(
        "a scheduled run publishes what the group holds when its time has come",
        shots=[PHOTO],
        publish_in=timedelta(hours=2),
        meanwhile=Meanwhile("WaitUntilScheduled", change_the_caption),
        visits=[
            *["LoadPost", "HowToBegin", "WaitUntilScheduled", "ReloadPost", "HowToBegin"],
            *["CheckQuota", "HasQuota", *create(1), *LOOK, "Publish", *END],
        ],
        afterwards=was_published_on_time,
    ),
    Scenario(
        "a scheduled run that is stopped before its time",
        shots=[PHOTO],
        started_by="console",
        publish_in=timedelta(days=29),
        meanwhile=Meanwhile("WaitUntilScheduled", stop_the_run),
        visits=["LoadPost", "HowToBegin", "WaitUntilScheduled"],
        ends="ABORTED",
        group="failed",
        error="Aborted",
        says=["stopped by hand"],
        sends=0,
        afterwards=start_again,
    ),
    Scenario(
        "a time that has passed is now",
        shots=[PHOTO],
        publish_in=timedelta(hours=-1),
        visits=[*ONE_PHOTO_READY, "Publish", *END],
    ),
    Scenario(
        "a full quota ends a run that is not to wait",
        shots=[PHOTO],
        started_by="console",
        options={"onQuota": "fail"},
        instagram={"quota_total": 1},
        published_before=1,
        visits=["LoadPost", "HowToBegin", "CheckQuota"],
        ends="FAILED",
        group="failed",
        error="QuotaExceededError",
        says=["used its 1 posts of 24 hours", "frees at about", "onQuota=wait"],
        sends=0,
        afterwards=come_back_tomorrow,
    ),
    Scenario(
        "a full quota holds up a run, which then publishes what the group holds",
        shots=[PHOTO],
        options={"onQuota": "wait"},
        instagram={"quota_total": 1},
        published_before=1,
        meanwhile=Meanwhile("WaitForQuota", raise_the_quota_and_change_the_caption),
        visits=[*BEGIN, *WAIT_FOR_QUOTA, *create(1), *LOOK, "Publish", *END],
    ),
    Scenario(
        "a quota that is full at the publish call ends a run that is not to wait",
        shots=[PHOTO],
        script=[refuses("publish", 9, 2207042)],
        visits=[*ONE_PHOTO_READY, "Publish"],
        ends="FAILED",
        group="failed",
        error="QuotaExceededError",
        says=["used up its posts of 24 hours"],
    ),
    Scenario(
        "a quota that is full at the publish call is asked about once an hour, and what expires"
        " meanwhile is made again",
        shots=[PHOTO],
        options={"onQuota": "wait"},
        published_before=1,
        meanwhile=Meanwhile("WaitForContainers", fill_the_quota),
        visits=[
            *[*ONE_PHOTO_READY, "Publish", "WhatHappened", *WAIT_FOR_QUOTA, *WAIT_FOR_QUOTA * 25],
            *[*create(0), *LOOK, *create(1), *LOOK * 2, "Publish", *END],
        ],
        sends=2,
    ),
    Scenario(
        "media that Instagram cannot fetch at first",
        shots=[PHOTO, PHOTO],
        script=[treats("02-photo", error=(9004, 2207052), times=1)],
        visits=[
            *[*BEGIN, *create(2), *LOOK, *LOOK, *create(1), *LOOK],
            *["CreateCarousel", *LOOK, "Publish", *END],
        ],
    ),
    Scenario(
        "media that Instagram can never fetch",
        shots=[PHOTO, PHOTO],
        script=[treats("02-photo", error=(9004, 2207052))],
        visits=[
            *[*BEGIN, *create(2), *LOOK, *LOOK, *create(1), *LOOK],
            *[*LOOK, *create(1), *LAST_LOOK],
        ],
        ends="FAILED",
        group="failed",
        error="MediaUnreachableError",
        says=["1 of 2 items", "2: 02-photo.jpg: Instagram could not fetch the media"],
        sends=0,
    ),
    Scenario(
        "a video whose processing fails once",
        shots=[CLIP],
        script=[treats("clip", processing_error=2207053, times=1)],
        visits=[
            *[*BEGIN, *create(1), *LOOK * 3],
            *[*create(1), *LOOK * 2, "Publish", *END],
        ],
    ),
    Scenario(
        "a video whose processing fails three times",
        shots=[CLIP],
        script=[treats("clip", processing_error=2207053)],
        visits=[
            *[*BEGIN, *create(1), *LOOK * 3],
            *[*create(1), *LOOK * 3],
            *[*create(1), *LOOK, *LAST_LOOK],
        ],
        ends="FAILED",
        group="failed",
        error="ProcessingFailedError",
        says=["1: 01-clip.mp4: Instagram could not process this item", "2207053"],
        sends=0,
    ),
    Scenario(
        "a container that expires while it is processed is made again",
        shots=[CLIP],
        script=[treats("clip", processing_seconds=100, expires_after_seconds=25, times=1)],
        visits=[
            *[*BEGIN, *create(1), *LOOK * 3, *create(1), *LOOK * 2, "Publish", *END],
        ],
    ),
    Scenario(
        "a container that Instagram does not show for a while",
        shots=[PHOTO],
        script=[refuses("status", 100, 33, times=5)],
        visits=[*BEGIN, *create(1), *LOOK * 6, "Publish", *END],
    ),
    Scenario(
        "calls are refused for ten minutes, and the run waits as long as Instagram says",
        shots=[PHOTO],
        script=[{"call": "create", "throttle_minutes": 10}],
        visits=[*BEGIN, *create(1), *LOOK, *LOOK, *create(1), *LOOK, "Publish", *END],
        afterwards=waited_ten_minutes,
    ),
    Scenario(
        "calls are limited while a container is made",
        shots=[PHOTO],
        script=[refuses("create", 4)],
        visits=[*BEGIN, *create(1), *LOOK, *LOOK, *create(1), *LOOK, "Publish", *END],
    ),
    Scenario(
        "calls are limited while a container is looked at",
        shots=[PHOTO],
        script=[refuses("status", 4)],
        visits=[*ONE_PHOTO_READY, *LOOK, "Publish", *END],
    ),
    Scenario(
        "a container that is not ready at the publish call",
        shots=[PHOTO],
        script=[refuses("publish", 9007, 2207027, times=6)],
        visits=[*ONE_PHOTO_READY, "Publish", *END],
        sends=7,
    ),
    Scenario(
        "a container that is never ready at the publish call",
        shots=[PHOTO],
        script=[refuses("publish", 9007, 2207027, times=7)],
        visits=[*ONE_PHOTO_READY, "Publish"],
        ends="FAILED",
        group="failed",
        error="ContainerNotReadyError",
        says=["not ready"],
        sends=7,
        afterwards=start_again,
    ),
    Scenario(
        "an account that may not publish",
        shots=[PHOTO],
        script=[refuses("publish", 25, 2207050)],
        visits=[*ONE_PHOTO_READY, "Publish"],
        ends="FAILED",
        group="failed",
        error="AccountBlockedError",
        says=["restricted the account", "open the Instagram app"],
    ),
    Scenario(
        "an unclear publish that had no effect is sent once more",
        shots=[PHOTO],
        script=[answers("publish", "", status=500)],
        visits=[*ONE_PHOTO_READY, "Publish", *LOOK_FOR_POST * 5, "Publish", *END],
        sends=2,
    ),
    Scenario(
        "an answer that is not from Instagram at the publish call is unclear",
        shots=[PHOTO, PHOTO],
        script=[answers("publish", "<html>ok</html>", status=200)],
        visits=[
            *[*BEGIN, *create(2), *LOOK, "CreateCarousel", *LOOK],
            *["Publish", *LOOK_FOR_POST * 5, "Publish", *END],
        ],
        sends=2,
    ),
    Scenario(
        "an effect that comes after the answer was lost is found and not sent again",
        shots=[PHOTO, PHOTO],
        script=[{"call": "publish", "answer": "reset", "effect": "late", "late_seconds": 45}],
        visits=[
            *[*BEGIN, *create(2), *LOOK, "CreateCarousel", *LOOK],
            *["Publish", *LOOK_FOR_POST * 2, "RecordResult", "PostPublished"],
        ],
    ),
    *(
        Scenario(
            f"a publish that worked and was answered with {answer} is found",
            shots=[PHOTO],
            script=[{"call": "publish", "effect": "first", **fault}],
            visits=[*ONE_PHOTO_READY, "Publish", *LOOK_FOR_POST, "RecordResult", "PostPublished"],
        )
        for answer, fault in ANSWERS_AFTER_THE_EFFECT.items()
    ),
    Scenario(
        "a container whose status lags behind the post is not sent again",
        shots=[PHOTO],
        script=[
            {"call": "publish", "status": 500, "effect": "first", "status_lag_seconds": 100},
        ],
        visits=[*ONE_PHOTO_READY, "Publish", *LOOK_FOR_POST * 4, "RecordResult", "PostPublished"],
    ),
    Scenario(
        "a step that is not answered in its 45 seconds is asked again",
        shots=[PHOTO],
        held_back={"check_quota": 50},
        visits=[*ONE_PHOTO_READY, "Publish", *END],
        afterwards=asked_twice("check_quota"),
    ),
    Scenario(
        "a publish that begins after its state has given up is found",
        shots=[PHOTO],
        held_back={"publish": 50},
        visits=[*ONE_PHOTO_READY, "Publish", *LOOK_FOR_POST, "RecordResult", "PostPublished"],
    ),
    Scenario(
        "a publish that begins after another one has sent the post sends nothing",
        shots=[PHOTO],
        held_back={"publish": 100},
        visits=[*ONE_PHOTO_READY, "Publish", *LOOK_FOR_POST, "Publish", *END],
        afterwards=asked_twice("publish"),
    ),
    Scenario(
        "a publish that is unclear twice is left to be settled",
        shots=[PHOTO],
        script=[answers("publish", "", status=500, times=2)],
        visits=[
            *[*ONE_PHOTO_READY, "Publish", *LOOK_FOR_POST * 5],
            *["Publish", *LOOK_FOR_POST * 9, *LAST_LOOK_FOR_POST],
        ],
        ends="FAILED",
        group="unconfirmed",
        error="PublishUncertainError",
        says=["After 10 looks it is not clear", "redrive the run to look again"],
        sends=2,
        afterwards=cannot_start,
    ),
    Scenario(
        "an unclear publish that Instagram called spam is not sent again",
        shots=[PHOTO],
        script=[refuses("publish", 4, 2207051)],
        visits=[*ONE_PHOTO_READY, "Publish", *LOOK_FOR_POST * 4, *LAST_LOOK_FOR_POST],
        ends="FAILED",
        group="unconfirmed",
        error="AccountBlockedError",
        says=["blocked the publish as spam", "open the Instagram app"],
        afterwards=cannot_start,
    ),
    Scenario(
        "a run that is stopped while its publish is unclear",
        shots=[PHOTO],
        script=[answers("publish", "", status=500)],
        meanwhile=Meanwhile("WaitBeforeReconcile", stop_the_run),
        visits=[*ONE_PHOTO_READY, "Publish", "WaitBeforeReconcile"],
        ends="ABORTED",
        group="unconfirmed",
        error="Aborted",
        says=["stopped by hand"],
        afterwards=cannot_start,
    ),
    Scenario(
        "a second post with the same caption waits until the first is clear",
        shots=[PHOTO],
        script=[answers("publish", "", status=500)],
        meanwhile=Meanwhile("WaitBeforeReconcile", start_another_with_the_same_caption),
        visits=[*ONE_PHOTO_READY, "Publish", *LOOK_FOR_POST * 5, "Publish", *END],
        sends=3,
        afterwards=the_other_was_published_in_turn,
    ),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_run(bench: Workbench, scenario: Scenario) -> None:
    for _ in range(scenario.published_before):
        bench.published(bench.group(PHOTO))
    bench.configure(**scenario.instagram)
    bench.script(*scenario.script)
    for name, seconds in scenario.held_back.items():
        bench.sandbox.functions.hold_back(name, seconds)
    group = bench.group(*scenario.shots)
    sent_before = bench.sends()

    run = play(bench, scenario, group)

    assert run.visits == scenario.visits
    assert run.status == scenario.ends
    assert bench.sends() - sent_before == scenario.sends
    assert_left_behind(bench, scenario, group, run)
    if scenario.afterwards is not None:
        scenario.afterwards(bench, group, run.job_id)
    assert_records_are_true(bench)


def play(bench: Workbench, scenario: Scenario, group: PostGroup) -> Run:
    """Start the group as the scenario says, and see the run to its end."""
    options = dict(scenario.options)
    if scenario.publish_in is not None:
        options["publishAt"] = to_text(bench.now() + scenario.publish_in)
    holding = bench.time_stands_still() if scenario.meanwhile else nullcontext()
    with holding:
        if scenario.started_by == "api":
            job_id = bench.start(group, **options)
        else:
            job_id = bench.start_execution(group.request | options)
        if scenario.meanwhile:
            bench.until_in(job_id, scenario.meanwhile.state)
            scenario.meanwhile.act(bench, group, job_id)
    return bench.finished(job_id)


def assert_left_behind(bench: Workbench, scenario: Scenario, group: PostGroup, run: Run) -> None:
    """What the records say after the run, and that nothing but a published post is live."""
    record, job = bench.record(group), bench.job(run.job_id)
    assert (record.publish_status, job.status, job.phase) == (scenario.group,) * 3
    assert record.active_job_id == run.job_id
    assert len(bench.posts_of(group)) == (scenario.group == "published")
    error = job.error or {}
    assert error.get("type") == scenario.error
    for phrase in scenario.says:
        assert phrase in error["message"]
    if run.status == "FAILED":
        assert run.error == scenario.error
        assert run.message.startswith(error["message"])


def test_an_item_that_instagram_drops_is_told_and_the_post_is_left_alone(bench: Workbench) -> None:
    bench.script({"call": "publish", "drop_children": [1]})
    group = bench.group(PHOTO, PHOTO, PHOTO)

    run = bench.finished(bench.start(group))

    [post] = bench.posts_of(group)
    job, record = bench.job(run.job_id), bench.record(group)
    assert (run.status, record.publish_status, job.status) == (
        *("SUCCEEDED", "published", "published"),
    )
    assert hashes_of(post) == [group.hashes[0], group.hashes[2]]
    assert record.instagram_post_id == post["id"]
    assert job.warning == "Instagram shows 2 of the 3 items that were sent."
    assert bench.sends() == 1


def test_a_run_that_takes_longer_than_a_run_may_ends_and_can_be_started_again(
    bench: Workbench,
) -> None:
    bench.script(treats("clip", processing_seconds=1000, times=1))
    group = bench.group(CLIP)

    with bench.runs_may_take(seconds=100):
        run = bench.finished(bench.start(group))
    begin, end = bench.times(run.job_id)

    assert run.status == "TIMED_OUT"
    assert run.visits[:6] == [*BEGIN, *create(1)]
    assert set(run.visits[6:]) == set(LOOK)
    assert (end - begin).total_seconds() == pytest.approx(100, abs=1)
    status = bench.status(run.job_id)
    assert (status["status"], status["error"]["type"]) == ("failed", "TimedOut")
    assert bench.posts() == []
    start_again(bench, group, run.job_id)
