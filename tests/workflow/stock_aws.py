"""A stock AWS CLI, which knows of the sandbox no more than an address."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.command_line import aws_cli
from tests.workflow.workbench import Workbench


def aws(bench: Workbench, home: Path, *arguments: str) -> Any:
    """What it answers with an address, dummy credentials and a region, and nothing else."""
    done = aws_cli(
        "stepfunctions",
        *arguments,
        environment={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_ENDPOINT_URL": bench.sandbox.aws,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_DEFAULT_REGION": "us-east-1",
        },
    )
    assert done.code == 0, done.err
    return done.json
