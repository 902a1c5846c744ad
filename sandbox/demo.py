"""`make demo`: one carousel from files on disk to a live post, by the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx

from sandbox.samples import DEMO_SESSION, SAMPLES_DIR
from sandbox.server import Sandbox, SandboxOptions
from sandbox.serving import PortInUseError

_SPEED = 12.0
_KEEP = Path("build") / "sandbox"
_USUAL_INSTAGRAM = "http://127.0.0.1:8081/"
_RUNNING_AWS = "http://127.0.0.1:8082"
_FILES = ("02-sea.jpg", "01-dunes.jpg", "07-waves.mp4", "05-lighthouse.jpg", "06-night.jpg")


def main() -> int:
    """Publish a carousel of samples in the sandbox that runs, or else in one of its own.

    Returns the exit code: 0 when the post is live and its permalink opens.
    """
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]  # the user's own AWS has no part in this
    with ExitStack() as running:
        if _answers(f"{_RUNNING_AWS}/_sandbox"):
            aws = _RUNNING_AWS
            sys.stderr.write(f"Publishing in the sandbox that runs at {aws}, at its speed.\n")
        else:
            aws = _own_sandbox(running)
        files = [str(SAMPLES_DIR / name) for name in _FILES]
        group = DEMO_SESSION.groups[0]
        tags = [part for tag in group.hashtags for part in ("--hashtag", tag)]
        command = [sys.executable, "-m", "postwright.cli", "publish", *files]
        done = subprocess.run(  # noqa: S603  our own command line, our own arguments
            [*command, "--caption", group.caption, *tags],
            env={**os.environ, "AWS_ENDPOINT_URL": aws},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        sys.stdout.write(done.stdout)
        if done.returncode != 0:
            return done.returncode
        permalink = done.stdout.split()[-1]
        if not _answers(permalink):
            sys.stderr.write(f"The post is live, but {permalink} does not open.\n")
            return 1
        if permalink.startswith(_USUAL_INSTAGRAM):
            sys.stdout.write("The permalink opens while `make serve` runs.\n")
        return 0


def _own_sandbox(running: ExitStack) -> str:
    """A sandbox on the usual ports, so that `make serve` shows the post later, or on free ones."""
    try:
        options = SandboxOptions(speed=_SPEED, empty=True, keep=_KEEP)
        return running.enter_context(Sandbox(options)).aws
    except PortInUseError as error:
        sys.stderr.write(f"{error} The demo uses free ones.\n")
    options = SandboxOptions(0, 0, 0, speed=_SPEED, empty=True)
    return running.enter_context(Sandbox(options)).aws


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


if __name__ == "__main__":
    sys.exit(main())
