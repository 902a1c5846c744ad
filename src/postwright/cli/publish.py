"""`postwright publish`: files on disk, or a group that is stored already, to a live post."""

from __future__ import annotations

import signal
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Literal, NoReturn

import typer

from postwright import caption as captions
from postwright import clock, posts, preflight, runs, splitting, starting
from postwright.app import App
from postwright.cli import follow
from postwright.cli.connection import Stack, connect
from postwright.cli.console import UsageError, counted, print_json, problem_lines, say, warn
from postwright.cli.preflight import Caption, Hashtags, Json, Split
from postwright.cli.quota import warn_of_budgets
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
    PublishRequest,
    Session,
    now_text,
)
from postwright.splitting import Part

_GROUP_OF_FILES = "post"
_NOTHING: dict[str, Any] = {"jobId": None, "instagramPostId": None, "permalink": None}


def _instant(text: str | None) -> str | None:
    try:
        return clock.to_text(clock.from_text(text)) if text is not None else None
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not an instant; write it like 2026-12-01T09:00:00Z."
        ) from None


def command(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Photos and videos in the order of the post.")
    ] = None,
    caption: Caption = "",
    hashtag: Hashtags = None,
    alt: Annotated[
        list[str] | None, typer.Option("--alt", help="Alt text of the next file; in order.")
    ] = None,
    location: Annotated[
        str | None,
        typer.Option(
            "--location", metavar="ID", help="Place of the post, by the id of `location search`."
        ),
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
        str | None,
        typer.Option(
            "--publish-at", callback=_instant, help="When, for example 2026-12-01T09:00:00Z."
        ),
    ] = None,
    on_quota: Annotated[
        Literal["fail", "wait"], typer.Option("--on-quota", help="What to do over the quota.")
    ] = "fail",
    split: Split = False,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Publish files, or a stored group, and follow the run until the post is live.

    With --split what does not fit into one carousel becomes several posts, one after the other. A
    repeat of the same command goes on where it stopped.
    """
    files = files or []
    words = _Words(caption, hashtag or [], alt or [], location)
    _check_usage(files, words, session, group)
    app = connect(stack)
    if files and split:
        readable = [path for path in files if path.is_file()]
        session = splitting.session_for(readable, *words.told, account)
    request = _request(session, group, account, publish_at, on_quota)
    try:
        if files and not (split and app.store.fence(request.session_id, request.group_id)):
            _store(app, request, files, words, split=split)
        posts_of_group = splitting.requests_for(app, request) if split else []
    except PostwrightError as error:
        ends = [_without_run(error)]
    except KeyboardInterrupt:
        _stop_following(None)
    else:
        if split:
            ends = _publish_in_order(app, request, posts_of_group, as_json=as_json)
        else:
            ends = [_publish(app, request, live=not as_json)]
    _tell(ends, split=split, as_json=as_json)


@dataclass(frozen=True)
class _Words:
    """What is told about files that are published."""

    caption: str
    hashtags: Sequence[str]
    alt: Sequence[str]
    location: str | None

    @property
    def told(self) -> tuple[str, Sequence[str], Sequence[str], str | None]:
        """All of it."""
        return self.caption, self.hashtags, self.alt, self.location


@dataclass(frozen=True)
class _End:
    """How a post ended, as a document and in lines for people."""

    result: dict[str, Any]
    lines: list[str]

    @property
    def is_live(self) -> bool:
        return bool(self.result["status"] == "published")


def _publish(app: App, request: PublishRequest, *, live: bool) -> _End:
    """Begin a run, or join the one that is under way, and follow it to its end."""
    job_id = None
    try:
        with _ctrl_c_afterwards():
            job_id = _start(app, request)
        job = follow.until_over(app, job_id, live=live)
    except PostwrightError as error:
        if job_id is not None:
            raise
        return _without_run(error)
    except KeyboardInterrupt:
        _stop_following(job_id)
    warn_of_budgets(app, job.account_id)
    return _End(follow.result_of(job), follow.summary(job))


def _publish_in_order(
    app: App,
    whole: PublishRequest,
    parts: Sequence[tuple[Part, PublishRequest]],
    *,
    as_json: bool,
) -> list[_End]:
    """Publish one part after the other, until one is not live."""
    ends: list[_End] = []
    for part, request in parts:
        named = {"part": part.name, "sessionId": request.session_id, "groupId": request.group_id}
        if ends and not ends[-1].is_live:
            ends.append(_End({**named, **_NOTHING, "status": "ready", "error": None}, []))
            continue
        say.note(f"post {part.name}: items {part.first + 1} to {part.end}")
        if part.shortened:
            say.note(f"The caption of post {part.name} was shortened, so that it fits.")
        try:
            end = _publish(app, request, live=not as_json)
        except typer.Exit:
            warn(f"The posts after {part.name} were not started. {_how_to_go_on(whole)}")
            raise
        ends.append(_End({**named, **end.result}, [f"Post {part.name}", *end.lines]))
    waiting = sum(end.result["status"] == "ready" for end in ends)
    if not ends[-1].is_live:
        ends[-1].lines.append(f"{counted(waiting, 'post')} not started. {_how_to_go_on(whole)}")
    return ends


def _how_to_go_on(whole: PublishRequest) -> str:
    return (
        "Go on with the same command, or: postwright publish --session"
        f" {whole.session_id} --group {whole.group_id} --split"
    )


def _tell(ends: Sequence[_End], *, split: bool, as_json: bool) -> None:
    """Print how it ended; exit code 1 unless everything is live."""
    if as_json:
        results = [end.result for end in ends]
        print_json(results if split else results[0])
    else:
        for end in ends:
            for line in end.lines:
                say.result(line)
    if not all(end.is_live for end in ends):
        raise typer.Exit(1)


def _check_usage(
    files: Sequence[Path],
    words: _Words,
    session: str | None,
    group: str | None,
) -> None:
    if files and (session or group):
        raise UsageError("Name FILES, or a stored post with --session and --group, not both.")
    if not files and not (session and group):
        raise UsageError("Name FILES, or a stored post with --session and --group.")
    if not files and any(words.told):
        raise UsageError(
            "--caption, --hashtag, --alt and --location go with FILES; a stored post has its own."
        )
    if len(words.alt) > len(files):
        raise UsageError(f"{len(words.alt)} alt texts were given for {len(files)} files.")
    location = words.location
    if location is not None and not (location.isascii() and location.isdecimal()):
        raise UsageError(
            f"--location takes a number, not {location!r}. `postwright location search` finds it."
        )


def _request(
    session: str | None,
    group: str | None,
    account: str | None,
    publish_at: str | None,
    on_quota: str,
) -> PublishRequest:
    """The request for a stored group, or for one that is still to be made from files."""
    new_session = f"cli-{clock.now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
    fields = {
        "sessionId": session or new_session,
        "groupId": group or _GROUP_OF_FILES,
        "accountId": account,
        "publishAt": publish_at,
        "onQuota": on_quota,
    }
    try:
        return posts.parse_request({k: v for k, v in fields.items() if v is not None})
    except InvalidPostError as error:
        raise UsageError(error.sentence) from error


def _start(app: App, request: PublishRequest) -> str:
    started = starting.start(app, request, check_quota=False)
    for line in problem_lines(started.warnings, "warning") if started.warnings else []:
        say.note(line)
    if started.new:
        say.note(f"job {started.job_id}")
    else:
        say.note(f"Job {started.job_id} is publishing this group already; following it.")
    return started.job_id


def _store(
    app: App,
    request: PublishRequest,
    files: Sequence[Path],
    words: _Words,
    *,
    split: bool,
) -> None:
    """Check the files, upload them and write session, description and group; the group last."""
    text = captions.assemble(words.caption, words.hashtags)
    count = len(files)
    cap = count if split else posts.carousel_max(app, request.account_id or "default", count)
    found = preflight.check_files(files, text, carousel_max=cap)
    if not found.ok:
        raise InvalidPostError("Nothing was uploaded.", problems=found.problems)
    runs.check_schedule(app, request)
    session_id, group_id = request.session_id, request.group_id
    kinds = [kind for kind in found.kinds if kind is not None]
    media = _media(session_id, files, kinds, words.alt)
    media[0].location_id = words.location
    problems = [
        problem
        for index, item in enumerate(media)
        for problem in preflight.check_options(
            posts.item_name(index, item), item, in_carousel=len(media) > 1
        )
    ]
    if problems:
        raise InvalidPostError("Nothing was uploaded.", problems=problems)
    for path, item, content_type in zip(files, media, found.content_types, strict=True):
        say.note(f"uploading {item.name}")
        app.media.upload(path, item.key, content_type)
    name = captions.normalise(words.caption)[:60] or media[0].name
    app.store.put_session(
        Session(session_id=session_id, name=name, step="publish", created_at=now_text())
    )
    description = Description(caption=words.caption, hashtags=list(words.hashtags))
    app.store.put_description(session_id, group_id, description)
    app.store.put_new_group(
        Group(
            session_id=session_id,
            group_id=group_id,
            name=name,
            media=media,
            account_id=request.account_id,
        )
    )


def _media(
    session_id: str, files: Sequence[Path], kinds: Sequence[MediaKind], alt: Sequence[str]
) -> list[MediaItem]:
    taken: set[str] = set()
    items = []
    for index, (path, kind) in enumerate(zip(files, kinds, strict=True)):
        name = _printable(path.name)
        while name in taken:
            name = f"{index + 1}-{name}"
        taken.add(name)
        alt_text = alt[index] if index < len(alt) and alt[index] else None
        key = f"{session_id}/enhanced/{name}"
        items.append(MediaItem(key=key, kind=kind, alt_text=alt_text))
    return items


def _printable(name: str) -> str:
    """A file name as part of a key: without control characters and bytes that are not text."""
    return "".join(letter if letter.isprintable() else "_" for letter in name)


@contextmanager
def _ctrl_c_afterwards() -> Iterator[None]:
    """Let Ctrl-C wait until the block is over and we know what has begun; a second one does not."""
    pressed = False

    def remember(_signal: int, _frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, remember)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


def _stop_following(job_id: str | None) -> NoReturn:
    if job_id is None:
        warn("\nStopped before the run began: nothing is published.")
    else:
        warn(f"\nThe run goes on without us. Follow it: postwright status {job_id} --watch")
    raise typer.Exit(130)


def _without_run(error: PostwrightError) -> _End:
    """Why no run began; a group that is live already is not a failure."""
    status = "failed"
    result = dict(_NOTHING)
    if isinstance(error, AlreadyPublishedError):
        status = "published"
        result |= {
            "jobId": error.job_id,
            "instagramPostId": error.instagram_post_id,
            "permalink": error.permalink,
        }
    elif isinstance(error, AlreadyPublishingError):
        status, result["jobId"] = error.status, error.job_id
    problems = error.problems if isinstance(error, InvalidPostError) else []
    lines = problem_lines(problems) if problems else [error.sentence]
    return _End({**result, "status": status, "error": error.to_json()}, lines)
