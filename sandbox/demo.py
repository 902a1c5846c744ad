"""The demo session that a sandbox starts with, and `make demo`: one carousel from files to a live
post.
"""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postwright.media import MediaBucket
from postwright.models import Description, Group, MediaItem, Session, now_text
from postwright.store import Store
from sandbox.samples import DEMO_SESSION, SAMPLES_DIR, SampleGroup

if TYPE_CHECKING:
    from sandbox.server import Sandbox

_SPEED = 12.0
_KEEP = Path("build") / "sandbox"
_RUNNING_AWS = "http://127.0.0.1:8082"
_FILES = ("02-sea.jpg", "01-dunes.jpg", "07-waves.mp4", "05-lighthouse.jpg", "06-night.jpg")
_PRESIGN_SECONDS = 60


def fill(sandbox: Sandbox) -> None:
    """Write the demo session: media into the bucket, records into the table."""
    store, media = _connect(sandbox)
    store.put_session(
        Session(
            session_id=DEMO_SESSION.session_id,
            name=DEMO_SESSION.name,
            step="publish",
            created_at=now_text(),
        )
    )
    names = {item.file_name for group in DEMO_SESSION.groups for item in group.media}
    for name in sorted(names):
        media.upload(SAMPLES_DIR / name, _key(name))
    for group in DEMO_SESSION.groups:
        _put_group(store, group)


def main() -> int:
    """Publish a carousel of samples with the command line, in a sandbox of its own or the one that
    runs.

    Returns the exit code: 0 when the post is live and its permalink opens.
    """
    with ExitStack() as running:
        aws = _RUNNING_AWS if _answers(f"{_RUNNING_AWS}/_sandbox") else _own_sandbox(running)
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
        if aws != _RUNNING_AWS:
            sys.stdout.write("The permalink opens while `make serve` runs.\n")
        return 0


def _own_sandbox(running: ExitStack) -> str:
    """A sandbox on the usual ports, so that `make serve` shows the post later; on free ones if they
    are taken.
    """
    from sandbox.server import PortInUseError, Sandbox, SandboxOptions

    try:
        options = SandboxOptions(speed=_SPEED, empty=True, keep=_KEEP)
        return running.enter_context(Sandbox(options)).aws
    except PortInUseError as error:
        sys.stderr.write(f"{error} The demo uses free ones.\n")
    options = SandboxOptions(0, 0, 0, speed=_SPEED, empty=True)
    return running.enter_context(Sandbox(options)).aws


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  loopback only
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def _connect(sandbox: Sandbox) -> tuple[Store, MediaBucket]:
    """Clients with the sandbox's own address and dummy credentials, whatever this process's
    environment says.
    """
    import boto3

    environment = sandbox.environment()
    session = boto3.session.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    )
    endpoint: dict[str, Any] = {"endpoint_url": sandbox.aws}
    store = Store(session.client("dynamodb", **endpoint), environment["POSTWRIGHT_TABLE"])
    bucket = environment["POSTWRIGHT_BUCKET"]
    return store, MediaBucket(session.client("s3", **endpoint), bucket, _PRESIGN_SECONDS)


def _put_group(store: Store, group: SampleGroup) -> None:
    session_id = DEMO_SESSION.session_id
    store.put_description(
        session_id,
        group.group_id,
        Description(
            caption=group.caption, hashtags=list(group.hashtags), location_tag=group.location_tag
        ),
    )
    media = [
        MediaItem(key=_key(item.file_name), kind=item.kind, alt_text=item.alt_text)
        for item in group.media
    ]
    store.put_new_group(
        Group(session_id=session_id, group_id=group.group_id, name=group.name, media=media)
    )


def _key(file_name: str) -> str:
    return f"{DEMO_SESSION.session_id}/enhanced/{file_name}"


if __name__ == "__main__":
    sys.exit(main())
