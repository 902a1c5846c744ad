"""`postwright replay WHAT`: a recorded run once more, here or where it failed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from postwright import clock, errors, recording, redaction, replay, retrying
from postwright.app import App
from postwright.cli.connection import Stack, connect, stay_on_this_machine
from postwright.cli.console import UsageError, print_json, say, warn
from postwright.cli.retry import follow_to_the_end
from postwright.executions import Execution
from postwright.history import History, HistoryError, Visit, message_of
from postwright.models import Job
from postwright.recording import Recording

FIXTURES: Final = Path("tests") / "replays"
_POLL_SECONDS: Final = 0.1
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def command(
    what: Annotated[
        str, typer.Argument(metavar="WHAT", help="A job's id, an execution's ARN, or a file.")
    ],
    local: Annotated[
        bool, typer.Option("--local", help="Today's workflow with the recorded answers (default).")
    ] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Today's functions against the simulated Instagram.")
    ] = False,
    redrive: Annotated[
        bool, typer.Option("--redrive", help="Let the real run go on where it stopped.")
    ] = False,
    new: Annotated[
        bool, typer.Option("--new", help="Start a real run with the recorded input.")
    ] = False,
    save: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Keep it as a test, without anything that is private."),
    ] = None,
    expect: Annotated[
        str, typer.Option(help="What the test is to end with: PostPublished, or an error class.")
    ] = recording.PUBLISHED,
    with_caption: Annotated[
        bool, typer.Option("--with-caption", help="Keep the caption's text in the test too.")
    ] = False,
    svg: Annotated[
        Path | None, typer.Option(help="Draw the path that the recorded run took.")
    ] = None,
    stack: Stack = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Run a recorded execution once more.

    Exit code 1 when it went another way than was recorded, or when the real run ended without a
    post. A test that is saved is expected to be red: exit code 0.
    """
    if sum((local, live, redrive, new)) > 1:
        raise UsageError("--local, --live, --redrive and --new exclude each other.")
    if save is not None:
        _check_test(save, expect, excluded=local or redrive or new)
    elif expect != recording.PUBLISHED:
        raise UsageError("--expect is for a test; add --save NAME.")
    if with_caption and save is None and not live:
        raise UsageError("--with-caption goes with --live or --save NAME.")
    recorded = _recorded(what, stack, with_caption=with_caption)
    then = _history(recorded)
    if svg is not None:
        _draw(recorded, then, svg)
    if redrive or new:
        _act(what, then, stack, anew=new, as_json=as_json)
    elif save is not None:
        _save(recorded, save, expect, keep_caption=with_caption, as_json=as_json)
    else:
        report = _live(recorded, then) if live else _local(recorded, then)
        _print(report, as_json=as_json)
        if not report.same:
            raise typer.Exit(1)


# What is replayed


def _recorded(what: str, stack: str | None, *, with_caption: bool) -> Recording:
    path = Path(what)
    try:
        if _is_file(path):
            return recording.from_file(path)
        if "/" in what or what.endswith(".json"):
            raise UsageError(f"There is no file {what}.")
        app = connect(stack)
        job_id = _job_id(app, what)
        found = recording.of_execution(app.executions, job_id)
    except HistoryError as error:
        raise UsageError(f"{what} cannot be replayed: {error}.") from error
    job = app.store.find_job(job_id) if with_caption else None
    return replace(found, caption=job.caption_text) if job is not None else found


def _is_file(path: Path) -> bool:
    """False also for what is too long, or cannot be, a file's name."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _job_id(app: App, what: str) -> str:
    """The job of an ARN or id; an ARN of another state machine is none of ours."""
    if not what.startswith("arn:"):
        return what
    job_id = what.rsplit(":", 1)[-1]
    if app.executions.arn(job_id) != what:
        raise UsageError(f"{what} is no execution of {app.executions.arn('...')}.")
    return job_id


def _history(recorded: Recording) -> History:
    try:
        return recorded.history()
    except HistoryError as error:
        raise UsageError(f"{recorded.name} cannot be replayed: {error}.") from error


# Here


def _local(recorded: Recording, then: History) -> replay.Report:
    replaying, definition = _sandbox_parts()
    played = replaying.play(definition, then)
    divergence, differences = replay.compare(then, played.history)
    changed = None
    if recorded.definition is not None:
        changed = replay.changed_states(recorded.definition, definition)
    return replay.Report(
        recorded=then,
        replayed=played.history,
        divergence=divergence,
        differences=differences,
        asked_beyond=played.asked_beyond,
        left=played.left,
        changed_states=changed,
    )


def _live(recorded: Recording, then: History) -> replay.Report:
    """Only the path is compared: ids, times and texts are others."""
    _sandbox_parts()
    stay_on_this_machine()
    from sandbox import live_replay
    from sandbox.server import Sandbox

    with Sandbox(live_replay.options(then)) as sandbox:
        played = live_replay.play(sandbox, then, recorded.caption)
    divergence, _ = replay.compare(replay.path_alone(then), replay.path_alone(played.history))
    return replay.Report(
        recorded=then,
        replayed=played.history,
        divergence=divergence,
        differences=[],
        not_rebuilt=played.missing,
    )


def _sandbox_parts() -> tuple[Any, dict[str, Any]]:
    """The engine's part, and today's definition."""
    try:
        from sandbox import replaying
        from sandbox.server import DEFINITION
    except ModuleNotFoundError as error:
        raise UsageError(
            f"A replay needs {error.name}. Install it with: pip install 'postwright[sandbox]'"
        ) from error
    return replaying, json.loads(DEFINITION.read_text(encoding="utf-8"))


def _print(report: replay.Report, *, as_json: bool) -> None:
    if as_json:
        print_json(report.to_json())
        return
    for line in report.lines():
        say.result(line)


def _draw(recorded: Recording, then: History, svg: Path) -> None:
    from statemachine import path

    _, definition = _sandbox_parts()
    try:
        picture = path.draw(recorded.definition or definition, then)
    except ValueError as error:  # a definition that is none of ours
        warn(f"The path cannot be drawn: {error}")
        return
    svg.write_text(picture, encoding="utf-8")
    say.note(f"The path: {svg}")


# A test


def _check_test(name: str, expect: str, *, excluded: bool) -> None:
    if excluded:
        raise UsageError("--save plays live; it excludes --local, --redrive and --new.")
    if expect != recording.PUBLISHED and errors.of_name(expect) is None:
        raise UsageError(
            f"--expect takes {recording.PUBLISHED} or the name of an error class such as"
            f" TokenInvalidError, not {expect}."
        )
    if not _NAME.fullmatch(name):
        raise UsageError("--save takes a name of small letters, digits and hyphens.")
    if not FIXTURES.is_dir():
        raise UsageError(f"There is no folder {FIXTURES} here. Go to a checkout of Postwright.")
    if _fixture(name).exists():
        raise UsageError(
            f"{_fixture(name)} exists already. Choose another name, or delete the file."
        )


def _fixture(name: str) -> Path:
    return FIXTURES / f"{name}.json"


def _save(
    recorded: Recording, name: str, expect: str, *, keep_caption: bool, as_json: bool
) -> None:
    """Write the fixture, and tell whether its test is red now."""
    path = _fixture(name)
    fixture = redaction.redacted(recorded, expect, keep_caption=keep_caption)
    report = _live(fixture, fixture.history())
    path.write_text(recording.to_text(fixture), encoding="utf-8")
    ended = replay.outcome(report.replayed)
    if as_json:
        green = ended == expect
        print_json({"saved": str(path), "expect": expect, "green": green, **report.to_json()})
        return
    _print(report, as_json=False)
    say.result(f"Saved: {path}, expects {expect}")
    say.result(
        "Its test is green." if ended == expect else f"Its test is red until {ended} is gone."
    )


# The real thing


def _act(what: str, then: History, stack: str | None, *, anew: bool, as_json: bool) -> None:
    """Go on with the run, or start another one, after telling what that means."""
    if _is_file(Path(what)):
        raise UsageError("--redrive and --new act on a job or an execution, not on a file.")
    app = connect(stack)
    job_id = _job_id(app, what)
    job = app.store.find_job(job_id)
    for line in _kept_and_called(then, job, anew=anew):
        say.note(line)
    done = retrying.anew(app, job_id, then.given) if anew else retrying.redrive(app, job_id)
    _until_it_has_a_job(app, done, as_json=as_json)
    follow_to_the_end(app, done, as_json=as_json)


def _until_it_has_a_job(app: App, done: retrying.Retried, *, as_json: bool) -> None:
    """Return as soon as there is a record to follow; a run that ends without one is told here."""
    execution = None
    while app.store.find_job(done.job_id) is None:
        if execution is not None and not execution.running:
            _tell_without_a_job(execution, done, as_json=as_json)
            raise typer.Exit(1)
        execution = app.executions.describe(done.job_id)
        clock.sleep(_POLL_SECONDS)


def _tell_without_a_job(execution: Execution, done: retrying.Retried, *, as_json: bool) -> None:
    status = execution.status.lower()
    sentence, _ = errors.split_text(message_of(execution.cause) or "It has no job of its own.")
    if as_json:
        error = {"type": execution.error, "message": sentence}
        ended = {"jobId": done.job_id, "status": status, "instagramPostId": None, "permalink": None}
        print_json({**ended, "error": error, "how": done.how, "why": done.why})
        return
    say.result(f"Job {done.job_id}: {status}")
    say.result(f"{execution.error}: {sentence}" if execution.error else sentence)


def _kept_and_called(then: History, job: Job | None, *, anew: bool) -> list[str]:
    live = [
        str(item.index + 1)
        for item in (job.items if job is not None else [])
        if job is not None and retrying.is_kept(job, item.index)
    ]
    containers = f"the containers of items {', '.join(live)}" if live else "no containers"
    if len(live) == 1:
        containers = f"the container of item {live[0]}"
    if anew:
        return [
            f"Used again, as far as they still fit: {containers}.",
            "Called again: every state from LoadPost on.",
        ]
    if then.stopped_in is None:
        return []  # it cannot be redriven, and the refusal says why
    done = [visit.state for visit in then.visits if visit.around is None and visit.exited_at]
    return [
        f"Kept: {', '.join(dict.fromkeys(done)) or 'nothing'}; {containers}.",
        f"Called again: {_where(then, then.stopped_in)}, and what comes after it.",
    ]


def _where(then: History, stopped: Visit) -> str:
    """The state that goes on, with the items of a Map that are not done."""
    if stopped.around is None:
        return stopped.state
    open_items = [
        str((visit.iteration or 0) + 1)
        for visit in then.visits
        if visit.around is stopped.around and visit.exited_at is None
    ]
    return f"{stopped.state} (iterations {', '.join(dict.fromkeys(open_items))})"
