"""What the README shows is true: its commands run, its output is what comes out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config

from postwright.errors import PostwrightError
from postwright.models import Group, MediaItem, PublishRequest
from sandbox.instagram import DEMO_ACCOUNT
from sandbox.names import BUCKET, REGION
from sandbox.samples import SAMPLES_DIR
from tests.documents import ROOT, RUN_SECONDS, blocks, run, run_here, serving

README = (ROOT / "README.md").read_text(encoding="utf-8")
SIGNED_AS_S3_WANTS = Config(signature_version="s3v4")


@pytest.fixture(scope="module")
def origins() -> Iterator[dict[str, str]]:
    with serving() as addresses:
        yield addresses


SCRIPTS = blocks(README, "run against a sandbox")
assert len(SCRIPTS) == 4, "the README marks what is run here"
COMMANDS, FROM_OUTSIDE, BY_CURL, MISBEHAVING = SCRIPTS


def live(origins: dict[str, str]) -> list[dict[str, Any]]:
    """The posts on the simulated Instagram, newest first."""
    return list(httpx.get(f"{origins['instagram']}/_control/posts").json())


def wait_for_runs(origins: dict[str, str]) -> None:
    """Return when nothing runs any more."""
    client = boto3.client(
        "stepfunctions",
        endpoint_url=origins["aws"],
        region_name=REGION,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",  # noqa: S106  opens nothing
    )
    arn, end = origins["stateMachineArn"], time.monotonic() + RUN_SECONDS
    while client.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]:
        assert time.monotonic() < end, "a run does not end"
        time.sleep(0.2)
    client.close()


@pytest.mark.parametrize("script", [COMMANDS, FROM_OUTSIDE], ids=["command line", "from outside"])
def test_commands_of_the_readme_run(origins: dict[str, str], script: str) -> None:
    assert "rror" not in run_here(origins, script)


def test_curl_publishes_a_photo_a_reel_and_a_carousel(origins: dict[str, str]) -> None:
    run_here(origins, BY_CURL)

    posts = {post["caption"]: post for post in live(origins)}
    assert posts["A photo"]["media_type"] == "IMAGE"
    assert posts["A Reel"]["media_type"] == "VIDEO"
    assert [child["media_type"] for child in posts["Both"]["children"]] == ["IMAGE", "VIDEO"]


def test_a_publish_that_is_answered_as_refused_is_still_live_once(origins: dict[str, str]) -> None:
    wait_for_runs(origins)  # another command of the page has begun one, which would get the answer
    run_here(origins, ".venv/bin/postwright unblock")
    said = run_here(origins, MISBEHAVING)

    posts = [post for post in live(origins) if post["caption"] == "Once"]
    assert [post["permalink"] in said for post in posts] == [True]


def test_the_demo_prints_what_the_readme_shows(tmp_path: Path) -> None:
    (shown,) = blocks(README, "output: make demo")

    done = subprocess.run(
        [sys.executable, "-m", "sandbox.demo"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    printed = {without_particulars(line) for line in done.stdout.splitlines()}
    missing = [line for line in shown.splitlines() if without_particulars(line) not in printed]
    assert missing == []


def without_particulars(line: str) -> str:
    """The line without what differs from run to run: ids, ports, seconds."""
    line = re.sub(r"http://127\.0\.0\.1:\d+/(\w+)/[\w-]+/", r"http://origin/\1/code/", line)
    line = re.sub(r"\d{8}T\d{6}-[0-9a-f]{12}", "job", line)
    return re.sub(r"\s*\d+ s\b", " seconds", line).strip()


def test_the_input_of_the_readme_is_valid() -> None:
    (text,) = re.findall(r"```json\n(\{\"sessionId\".*?\"onQuota\".*?)```", README, re.DOTALL)

    PublishRequest.model_validate(json.loads(text))


def test_the_group_of_the_readme_is_valid() -> None:
    (text,) = re.findall(r"```json\n(\{\"name\".*?)```", README, re.DOTALL)

    group = Group.model_validate({**json.loads(text), "sessionId": "demo", "groupId": "group-1"})

    assert [item.kind for item in group.media] == ["image", "video"]


def test_the_readme_names_every_media_option_and_every_error() -> None:
    options = {field.alias for field in MediaItem.model_fields.values()} - {"key", "kind"}
    errors = {cls.__name__ for cls in PostwrightError.__subclasses__()}

    missing = [name for name in (options | errors) if f"`{name}`" not in README]

    assert missing == []


def test_the_example_publishes_one_photo(origins: dict[str, str]) -> None:
    session = boto3.session.Session("sandbox", "sandbox", region_name=REGION)
    s3 = session.client("s3", endpoint_url=origins["aws"], config=SIGNED_AS_S3_WANTS)
    key = "example/photo.jpg"
    s3.upload_file(str(SAMPLES_DIR / "01-dunes.jpg"), BUCKET, key)
    url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key})

    done = run(
        f'{sys.executable} examples/publish_one_photo.py "{url}" "A caption"',
        INSTAGRAM_TOKEN=DEMO_ACCOUNT.token,
        POSTWRIGHT_GRAPH_URL=origins["instagram"],
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{origins['instagram']}/p/")
    assert (
        len((ROOT / "examples/publish_one_photo.py").read_text().split('"""')[2].split("\n")) < 18
    )
