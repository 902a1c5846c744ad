"""What documents show, and a sandbox to run it against."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.command_line import serving_sandbox

ROOT = Path(__file__).resolve().parent.parent
RUN_SECONDS = 60


@contextmanager
def serving() -> Iterator[dict[str, str]]:
    """The addresses of a sandbox as the documents start it, on free ports and without waiting."""
    with serving_sandbox("--speed", "max") as served:
        yield served.addresses


def blocks(document: str, marker: str) -> list[str]:
    """The blocks of code that follow a comment."""
    return re.findall(rf"<!-- {re.escape(marker)} -->\n```\w+\n(.*?)```", document, re.DOTALL)


def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A script as a reader runs it who has no AWS configuration."""
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


def run_here(origins: dict[str, str], script: str) -> str:
    """What a script of a document prints, run against our sandbox."""
    if "curl" in script and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    for name, port in {"app": 8080, "instagram": 8081, "aws": 8082}.items():
        script = script.replace(f"http://127.0.0.1:{port}", origins[name])
    done = run(script, AWS_ENDPOINT_URL=origins["aws"])
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
