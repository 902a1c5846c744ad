"""A stock AWS CLI, which knows of the sandbox no more than an address."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.workflow.workbench import Workbench


def aws(bench: Workbench, home: Path, *arguments: str) -> Any:
    """What it answers with an address, dummy credentials and a region, and nothing else."""
    done = subprocess.run(
        [Path(sys.executable).with_name("aws"), "stepfunctions", *arguments, "--output", "json"],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_ENDPOINT_URL": bench.sandbox.aws,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_DEFAULT_REGION": "us-east-1",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
