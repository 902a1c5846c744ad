"""`postwright publish`: files on disk, or a group that is stored already, to a live post."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from postwright import caption as captions
from postwright import clock, posts, preflight, runs
from postwright.app import App
from postwright.cli import follow
from postwright.cli.connection import connect
from postwright.cli.console import UsageError, print_json, problem_lines, say
from postwright.cli.preflight import Caption, Hashtags, Json
from postwright.cli.status import result_of
from postwright.errors import (
    AlreadyPublishedError,
    AlreadyPublishingError,
    InvalidPostError,
    PostwrightError,
)
from postwright.models import (
    Description,
    Group,
    MediaItem,
    MediaKind,
    Problem,
    PublishRequest,
    Session,
    now_text,
)


def command(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Photos and videos in the order of the post.")
    ] = None,
    caption: Caption = "",
    hashtag: Hashtags = None,
    alt: Annotated[
        list[str] | None, typer.Option("--alt", help="Alt text of the next file; in order.")
    ] = None,
    session: Annotated[
        str | None, typer.Option("--session", help="Session of a group that is stored already.")
    ] = None,
    group: Annotated[
        str | None, typer.Option("--group", help="Group that is stored already.")
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", help="Account that publishes.")
    ] = None,
    publish_at: Annotated[
        str | None, typer.Option("--publish-at", help="When, for example 2026-12-01T09:00:00Z.")
    ] = None,
    on_quota: Annotated[
        Literal["fail", "wait"], typer.Option("--on-quota", help="What to do over the quota.")
    ] = "fail",
    as_json: Json = False,
) -> None:
    """Publish files, or a stored group, and follow the run until the post is live."""
    app = connect()
    try:
        if files and not (session or group):
            session, group = _store(app, files, caption, hashtag or [], alt or [], account)
        elif files or not (session and group):
            raise UsageError("Name FILES, or a stored post with --session and --group.")
        request = posts.parse_request(
            {
                "sessionId": session,
                "groupId": group,
                **({"accountId": account} if account else {}),
                **({"publishAt": publish_at} if publish_at else {}),
                "onQuota": on_quota,
            }
        )
        job_id = _start(app, request)
    except PostwrightError as error:
        _end_without_run(error, as_json)
    except KeyboardInterrupt:
        say.note("\nStopped before the run began: nothing is published.")
        raise typer.Exit(130) from None
    try:
        job = follow.until_over(app, job_id, live=not as_json)
    except KeyboardInterrupt:
        say.note(f"\nThe run goes on without us. Follow it: postwright status {job_id} --watch")
        raise typer.Exit(130) from None
    if as_json:
        print_json(result_of(job))
    else:
        for line in follow.summary(job):
            say.result(line)
    if job.status != "published":
        raise typer.Exit(1)


def _start(app: App, request: PublishRequest) -> str:
    started = runs.start(app, request, check_quota=False)
    if not started.new:
        say.note(f"Job {started.job_id} is publishing this group already; following it.")
    return started.job_id


def _store(
    app: App,
    files: Sequence[Path],
    caption: str,
    hashtags: Sequence[str],
    alt: Sequence[str],
    account: str | None,
) -> tuple[str, str]:
    """Check the files, upload them and write session, description and group; the group comes last."""
    text = captions.assemble(caption, hashtags)
    found = preflight.check_files(files, text, carousel_max=app.settings.carousel_max)
    if not found.ok:
        raise InvalidPostError("Nothing was uploaded.", problems=found.problems)
    if len(alt) > len(files):
        raise UsageError(f"{len(alt)} alt texts were given for {len(files)} files.")
    session_id = f"cli-{clock.now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
    kinds = [kind for kind in found.kinds if kind is not None]
    media = _media(session_id, files, kinds, alt)
    for path, item in zip(files, media, strict=True):
        say.note(f"uploading {item.name}")
        app.media.upload(path, item.key)
    name = captions.normalise(caption)[:60] or files[0].name
    session = Session(session_id=session_id, name=name, step="publish", created_at=now_text())
    app.store.put_session(session)
    description = Description(caption=caption, hashtags=list(hashtags))
    app.store.put_description(session_id, "post", description)
    group = Group(
        session_id=session_id, group_id="post", name=name, media=media, account_id=account
    )
    app.store.put_new_group(group)
    return session_id, "post"


def _media(
    session_id: str, files: Sequence[Path], kinds: Sequence[MediaKind], alt: Sequence[str]
) -> list[MediaItem]:
    taken: set[str] = set()
    items = []
    for index, (path, kind) in enumerate(zip(files, kinds, strict=True)):
        name = path.name if path.name not in taken else f"{index + 1}-{path.name}"
        taken.add(name)
        alt_text = alt[index] if index < len(alt) and alt[index] else None
        key = f"{session_id}/enhanced/{name}"
        items.append(MediaItem(key=key, kind=kind, alt_text=alt_text))
    return items


def _end_without_run(error: PostwrightError, as_json: bool) -> None:
    """Say why no run began; a group that is live already is not a failure."""
    status = "failed"
    result: dict[str, Any] = {"jobId": None, "instagramPostId": None, "permalink": None}
    if isinstance(error, AlreadyPublishedError):
        status = "published"
        result |= {
            "jobId": error.job_id,
            "instagramPostId": error.instagram_post_id,
            "permalink": error.permalink,
        }
    elif isinstance(error, AlreadyPublishingError):
        status, result["jobId"] = error.status, error.job_id
    if as_json:
        print_json({**result, "status": status, "error": error.to_json()})
    else:
        _print_error(error)
    raise typer.Exit(0 if status == "published" else 1)


def _print_error(error: PostwrightError) -> None:
    problems: Sequence[Problem] = error.problems if isinstance(error, InvalidPostError) else ()
    if not problems:
        say.result(error.sentence)
        return
    say.result(f"{len(problems)} problem{'s' if len(problems) != 1 else ''}:")
    for line in problem_lines(problems):
        say.result(line)
