"""Programs that know nothing of us: the AWS command line, and anything that speaks HTTP."""

from __future__ import annotations

import hashlib
import json
import re
import time
from html import unescape
from pathlib import Path

import pytest

from sandbox.instagram.accounts import DEMO_ACCOUNT
from tests.summary import say
from tests.workflow.stock_aws import aws
from tests.workflow.truth import assert_records_are_true, steps
from tests.workflow.workbench import Shot, Workbench

pytestmark = pytest.mark.engine

PHOTO, CLIP = Shot.PHOTO, Shot.CLIP
PHASES = [
    "scheduled",
    "waiting_for_quota",
    "creating_containers",
    "processing_videos",
    "creating_carousel",
    "publishing",
    "published",
]
_LOOKS = 50


def test_the_aws_command_line_publishes_a_group(bench: Workbench, tmp_path: Path) -> None:
    group = bench.group(PHOTO, PHOTO)
    machine = bench.sandbox.state_machine_arn

    started = aws(
        bench,
        tmp_path,
        *("start-execution", "--state-machine-arn", machine),
        *("--input", json.dumps(group.request)),
    )
    arn = started["executionArn"]
    found = {"status": "RUNNING"}
    for _ in range(_LOOKS):
        found = aws(bench, tmp_path, "describe-execution", "--execution-arn", arn)
        if found["status"] != "RUNNING":
            break
    history = aws(bench, tmp_path, "get-execution-history", "--execution-arn", arn)

    [post] = bench.posts_of(group)
    assert found["status"] == "SUCCEEDED"
    assert json.loads(found["output"])["permalink"] == post["permalink"]
    assert history["events"][0]["type"] == "ExecutionStarted"
    assert history["events"][-1]["type"] == "ExecutionSucceeded"
    assert_records_are_true(bench)


def test_the_aws_command_line_redrives_a_run(bench: Workbench, tmp_path: Path) -> None:
    bench.configure(tokens={DEMO_ACCOUNT.token: "revoked"})
    group = bench.group(PHOTO)
    run = bench.finished(bench.start(group))
    assert run.error == "TokenInvalidError"
    bench.configure(tokens={DEMO_ACCOUNT.token: "ok"})
    arn = ("--execution-arn", bench.arn(run.job_id))

    redriven = aws(bench, tmp_path, "redrive-execution", *arn)
    bench.finished(run.job_id)
    found = aws(bench, tmp_path, "describe-execution", *arn)

    assert (found["status"], found["redriveCount"]) == ("SUCCEEDED", 1)
    assert found["redriveDate"] == redriven["redriveDate"]
    assert_records_are_true(bench)


def test_the_http_api_tells_the_way_from_start_to_permalink(bench: Workbench) -> None:
    group = bench.group(PHOTO, CLIP, PHOTO)
    url = bench.api.post("/api/publish/start", json=group.request).json()["statusUrl"]

    seen = []
    with bench.time_stands_still():
        for _ in range(10 * _LOOKS):
            seen.append(bench.api.get(url).json())
            if seen[-1]["status"] != "publishing":
                break
            bench.clock.advance(0.5)

    last = seen[-1]
    phases = list(dict.fromkeys(answer["phase"] for answer in seen))
    completed = [answer["progress"]["completed"] for answer in seen]
    assert phases == [phase for phase in PHASES if phase in phases]
    assert {"processing_videos", "published"} <= set(phases)
    assert completed == sorted(completed)
    assert {answer["progress"]["total"] for answer in seen} <= {0, steps(group)}
    assert last["progress"] == {"completed": steps(group), "total": steps(group)}
    assert_records_are_true(bench)


def test_the_permalink_opens_as_a_page_with_caption_and_all_images(bench: Workbench) -> None:
    group = bench.group(*[PHOTO] * 4)
    run = bench.published(group)

    page = bench.instagram.get(run.output["permalink"])

    shown = re.findall(r'<img src="(/_media/[^"]+)"', page.text)
    caption = re.search(r'<p class="caption"[^>]*>(.*?)</p>', page.text, re.DOTALL)
    assert page.status_code == 200
    assert caption is not None
    assert unescape(caption[1]) == group.caption
    assert [sha256(bench.instagram.get(source).content) for source in shown] == group.hashes


def test_a_carousel_of_ten_images_at_the_highest_speed(
    bench: Workbench, pytestconfig: pytest.Config
) -> None:
    group = bench.group(*[PHOTO] * 10)
    began = time.perf_counter()

    bench.published(group)

    seconds = time.perf_counter() - began
    say(pytestconfig, f"a carousel of ten images at --speed max: {seconds:.2f} s")
    assert_records_are_true(bench)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
