"""What the README shows is true: its commands run, its output is what comes out."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from postwright.errors import PostwrightError
from postwright.models import Group, MediaItem, PublishRequest
from sandbox.instagram import DEMO_ACCOUNT
from sandbox.samples import SAMPLES_DIR

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUN_SECONDS = 60


@pytest.fixture(scope="module")
def origins() -> Iterator[dict[str, str]]:
    """A sandbox as the README starts it, on free ports and without waiting."""
    ports = ["--port", "0", "--instagram-port", "0", "--aws-port", "0"]
    command = [sys.executable, "-m", "postwright.cli", "sandbox", "serve", "--json", *ports]
    with subprocess.Popen(
        [*command, "--speed", "max"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()
        assert process.wait(RUN_SECONDS) == 0


def blocks(marker: str) -> list[str]:
    return re.findall(rf"<!-- {re.escape(marker)} -->\n```\w+\n(.*?)```", README, re.DOTALL)


def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    bash = f"set -euo pipefail\nshopt -s expand_aliases\n{script}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        ["bash", "-c", bash],
        cwd=ROOT,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )


SCRIPTS = blocks("run against a sandbox")
assert len(SCRIPTS) == 2, "the README marks what is run here"


@pytest.mark.parametrize("script", SCRIPTS, ids=["the command line", "from outside"])
def test_commands_of_the_readme_run(origins: dict[str, str], script: str) -> None:
    if "curl" in script and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    for name, port in {"app": 8080, "instagram": 8081, "aws": 8082}.items():
        script = script.replace(f"http://127.0.0.1:{port}", origins[name])

    done = run(script)

    assert done.returncode == 0, done.stderr
    assert "rror" not in done.stdout


def test_the_demo_prints_what_the_readme_shows(tmp_path: Path) -> None:
    (shown,) = blocks("output: make demo")

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
    photo = (SAMPLES_DIR / "01-dunes.jpg").read_bytes()
    url = f"{origins['aws']}/example/photo.jpg"
    headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request"}
    httpx.put(f"{origins['aws']}/example", headers=headers).raise_for_status()
    httpx.put(url, content=photo, headers={**headers, "x-amz-acl": "public-read"})

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
