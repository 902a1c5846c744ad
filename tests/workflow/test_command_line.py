"""The command line against a sandbox in a process of its own, as somebody at a terminal uses it."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import boto3
import httpx
import pytest

from tests.command_line import (
    FREE_PORTS,
    POSTWRIGHT,
    SECONDS,
    Command,
    Done,
    Gate,
    Served,
    begin,
    environment,
    gate_before,
    run,
    running,
    serving_sandbox,
)
from tests.media import film, picture
from tests.workflow.workbench import sha256_of

RESULT_KEYS = {"jobId", "status", "instagramPostId", "permalink", "error"}
STATUS_KEYS = {
    *("jobId", "sessionId", "groupId", "status", "phase", "progress", "items"),
    *("instagramPostId", "permalink", "error"),
    *("publishAt", "createdAt", "startedAt", "finishedAt", "cost"),
}
READY_KEYS = ["app", "instagram", "aws", "stateMachineArn"]
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def _sandbox() -> Iterator[Served]:
    with serving_sandbox("--speed", "max") as served:
        yield served


@pytest.fixture(scope="module")
def _slow_sandbox() -> Iterator[Served]:
    with serving_sandbox("--speed", "1") as served:
        yield served


@pytest.fixture
def sandbox(_sandbox: Served) -> Served:
    """A sandbox that skips every wait, with an empty simulated Instagram and the demo session."""
    _sandbox.reset()
    return _sandbox


@pytest.fixture
def slow_sandbox(_slow_sandbox: Served) -> Served:
    """A sandbox in which time passes as on the wall, and photos are processed for a minute."""
    _slow_sandbox.reset()
    _slow_sandbox.configure(image={"seconds": 60})
    return _slow_sandbox


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    film(path)
    return path


def photo(folder: Path, name: str = "photo.jpg") -> Path:
    """A photo whose bytes no other photo has."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(picture((1080, 1350), padding=next(_numbers)))
    return path


def publish(served: Served, *arguments: str | Path) -> Done:
    return run("publish", *arguments, aws=served.aws)


def uploads(served: Served) -> int:
    """How many objects are in the bucket."""
    session = boto3.session.Session("sandbox", "sandbox", region_name="us-east-1")
    s3 = session.client("s3", endpoint_url=served.aws)
    return sum(
        len(page.get("Contents", []))
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket="postwright-media")
    )


# Publishing files.


def test_files_are_published_in_their_order_with_the_assembled_caption(
    sandbox: Served, tmp_path: Path, clip: Path
) -> None:
    files = [photo(tmp_path, "one.jpg"), clip, photo(tmp_path, "two.jpg")]
    text = ("--caption", "Two days", "--hashtag", "sea", "--hashtag", "#dunes")
    alt = ("--alt", "The first", "--alt", "", "--alt", "The last")

    done = publish(sandbox, *files, *text, *alt)

    (post,) = sandbox.posts()
    assert done.code == 0, done.err
    assert [child["sha256"] for child in post["children"]] == [*map(sha256_of, files)]
    assert [child["options"].get("alt_text") for child in post["children"]] == [
        *("The first", None, "The last")
    ]
    assert post["caption"] == "Two days\n\n#sea #dunes"
    assert post["media_type"] == "CAROUSEL_ALBUM"


def test_the_last_line_is_the_permalink_and_it_opens(sandbox: Served, tmp_path: Path) -> None:
    done = publish(sandbox, photo(tmp_path), "--caption", "A page of its own")

    permalink = done.out.splitlines()[-1]
    page = httpx.get(permalink, trust_env=False, timeout=SECONDS)
    assert permalink == sandbox.posts()[0]["permalink"]
    assert page.status_code == 200
    assert "A page of its own" in page.text


def test_json_is_one_document_with_the_result(sandbox: Served, tmp_path: Path) -> None:
    done = publish(sandbox, photo(tmp_path), "--json")

    (post,) = sandbox.posts()
    assert done.code == 0
    assert done.out.count("\n") == 1
    assert done.json.keys() == RESULT_KEYS
    assert done.json == {
        "jobId": done.job_id,
        "status": "published",
        "instagramPostId": post["id"],
        "permalink": post["permalink"],
        "error": None,
    }


def test_lines_tell_the_job_and_each_change_once(sandbox: Served, tmp_path: Path) -> None:
    done = publish(sandbox, photo(tmp_path, "a.jpg"), photo(tmp_path, "b.jpg"))

    lines = [re.sub(r"^ *\d+ s  ", "", line) for line in done.err.splitlines()]
    assert lines[:3] == ["uploading a.jpg", "uploading b.jpg", f"job {done.job_id}"]
    assert [line for line, after in itertools.pairwise(lines) if line == after] == []
    assert [line for line in lines if line.endswith("to be made")] == []
    assert done.out.splitlines()[0] == f"Job {done.job_id}: published"


def test_quiet_prints_only_the_result(sandbox: Served, tmp_path: Path) -> None:
    done = run("-q", "publish", photo(tmp_path), aws=sandbox.aws)

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == sandbox.posts()[0]["permalink"]


def test_files_with_the_same_name_are_both_published(sandbox: Served, tmp_path: Path) -> None:
    """Also when one is called as the other would be to tell them apart."""
    files = [
        photo(tmp_path / "a", "x.jpg"),
        photo(tmp_path / "b", "3-x.jpg"),
        photo(tmp_path / "c", "x.jpg"),
        photo(tmp_path / "d", "x.jpg"),
    ]

    done = publish(sandbox, *files)

    (post,) = sandbox.posts()
    assert done.code == 0, done.err
    assert [child["sha256"] for child in post["children"]] == [*map(sha256_of, files)]


def test_any_file_name_can_be_published(sandbox: Served, tmp_path: Path) -> None:
    """Spaces, letters of any kind, what means something in a URL, options, and no text at all."""
    names = [
        *("two words.jpg", "größe.jpg", "sea 🌊 + 100% & #1?.jpg", "-caption.jpg"),
        *("line\nbreak.jpg", os.fsdecode(b"caf\xe9.jpg")),
    ]
    files = [photo(tmp_path, name) for name in names]

    done = run("publish", "--", *names, aws=sandbox.aws, cwd=tmp_path)

    (post,) = sandbox.posts()
    assert done.code == 0, done.err
    assert [child["sha256"] for child in post["children"]] == [*map(sha256_of, files)]
    assert "uploading line_break.jpg\nuploading caf_.jpg\n" in done.err


def test_a_scheduled_post_waits_for_its_time(sandbox: Served, tmp_path: Path) -> None:
    tomorrow = sandbox.in_a_day()

    done = publish(sandbox, photo(tmp_path), "--publish-at", tomorrow)

    went_live = datetime.fromisoformat(sandbox.posts()[0]["timestamp"])
    assert done.code == 0, done.err
    assert went_live >= datetime.fromisoformat(tomorrow).replace(microsecond=0)


def test_a_stored_group_is_published(sandbox: Served) -> None:
    done = publish(sandbox, "--session", "demo", "--group", "group-2")

    (post,) = sandbox.posts()
    assert done.code == 0, done.err
    assert post["caption"].endswith("\n\n#bluehour #skyline #cityscape")


def test_a_second_publish_names_the_permalink_and_publishes_nothing(sandbox: Served) -> None:
    group = ("--session", "demo", "--group", "group-3")
    first = publish(sandbox, *group, "--json")

    second = publish(sandbox, *group)
    third = publish(sandbox, *group, "--json")

    permalink = first.json["permalink"]
    assert (second.code, third.code) == (0, 0)
    assert second.out == f"This group is published already: {permalink}\n"
    assert third.json.keys() == RESULT_KEYS
    assert {**third.json, "error": None} == first.json
    assert third.json["error"]["type"] == "AlreadyPublishedError"
    assert len(sandbox.posts()) == 1


def test_an_unknown_group_is_a_sentence(sandbox: Served) -> None:
    done = publish(sandbox, "--session", "nobody", "--group", "group-1")
    as_json = publish(sandbox, "--session", "demo", "--group", "group-99", "--json")

    assert (done.code, as_json.code) == (1, 1)
    assert done.out == ("There is no session nobody. Check the ids, or write the records first.\n")
    assert as_json.json.keys() == RESULT_KEYS
    assert as_json.json["status"] == "failed"
    assert as_json.json["error"]["type"] == "InvalidPostError"


def test_ids_that_cannot_be_ids_are_wrong_usage(sandbox: Served) -> None:
    done = publish(sandbox, "--session", "a session", "--group", "group-1")

    assert (done.code, done.out) == (2, "")
    assert "sessionId" in done.err


def test_bad_files_are_all_named_and_nothing_is_uploaded(sandbox: Served, tmp_path: Path) -> None:
    good = photo(tmp_path, "good.jpg")
    empty, png, cut, wide = (tmp_path / name for name in ("0.jpg", "png.jpg", "cut.jpg", "w.jpg"))
    empty.touch()
    png.write_bytes(picture((1080, 1080), kind="PNG"))
    cut.write_bytes(good.read_bytes()[:600])
    wide.write_bytes(picture((1080, 500)))
    bad = [tmp_path / "missing.jpg", tmp_path, empty, png, cut, wide]
    before = uploads(sandbox)

    done = publish(sandbox, good, *bad)
    as_json = publish(sandbox, good, *bad, "--json")

    named = [line.strip().split(":")[0] for line in done.out.splitlines()[1:]]
    assert (done.code, as_json.code) == (1, 1)
    assert done.out.splitlines()[0] == "6 problems:"
    assert named == ["2", "3", "4", "5", "6", "7"]
    assert "Traceback" not in done.err + as_json.err
    assert as_json.json.keys() == RESULT_KEYS
    assert len(as_json.json["error"]["problems"]) == 6
    assert uploads(sandbox) == before
    assert sandbox.requests() == []


def test_preflight_tells_of_an_account_that_cannot_publish(sandbox: Served, tmp_path: Path) -> None:
    file = photo(tmp_path)

    fine = run("preflight", file, "--account", "default", aws=sandbox.aws)
    unknown = run("preflight", file, "--account", "nobody", "--json", aws=sandbox.aws)

    assert (fine.code, fine.out) == (0, "1 file: nothing to refuse.\n")
    assert unknown.code == 1
    assert [problem["rule"] for problem in unknown.json["problems"]] == ["token-stored"]


def test_too_many_files_are_not_uploaded(sandbox: Served, tmp_path: Path) -> None:
    before = uploads(sandbox)

    done = publish(sandbox, *[photo(tmp_path)] * 11)

    assert done.code == 1
    assert "media: found 11 items, allowed at most 10 items in a carousel." in done.out
    assert uploads(sandbox) == before


def test_a_full_quota_ends_with_a_sentence_or_waits(sandbox: Served, tmp_path: Path) -> None:
    sandbox.configure(quota_total=1)
    assert publish(sandbox, photo(tmp_path)).code == 0

    failed = publish(sandbox, photo(tmp_path))
    waited = publish(sandbox, photo(tmp_path), "--on-quota", "wait")

    assert failed.code == 1
    assert "QuotaExceededError: The account has used its 1 posts of 24 hours." in failed.out
    assert waited.code == 0, waited.err
    assert len(sandbox.posts()) == 2


def test_what_is_nearly_used_up_is_told_with_the_result_and_by_quota(
    sandbox: Served, tmp_path: Path
) -> None:
    sandbox.configure(quota_total=1)

    published = publish(sandbox, photo(tmp_path))
    shown = run("quota", aws=sandbox.aws)
    document = run("quota", "--account", "default", "--json", aws=sandbox.aws).json

    sentence = "1 of 1 posts of 24 hours are used; the next one frees at "
    assert f"default: {sentence}" in published.err
    assert (shown.code, shown.err) == (0, "")
    assert "posts       1 of 1 in 24 hours; the next frees at " in shown.out
    assert f"warning     {sentence}" in shown.out
    [account] = document["accounts"]
    assert (account["accountId"], account["posts"]["left"]) == ("default", 0)
    assert account["containers"]["used"] == 1


def test_a_quota_that_cannot_be_read_is_told_as_it_was(sandbox: Served) -> None:
    sandbox.script({"call": "quota", "status": 500})

    done = run("quota", aws=sandbox.aws)

    assert done.code == 1
    assert "default: the quota cannot be read now." in done.err
    assert "posts       0 of 100 in 24 hours" in done.out


# How a job stands.


def test_status_of_a_job_that_is_over(sandbox: Served, tmp_path: Path) -> None:
    published = publish(sandbox, photo(tmp_path), "--json").json

    shown = run("status", published["jobId"], aws=sandbox.aws)
    watched = run("status", published["jobId"], "--watch", aws=sandbox.aws)
    as_json = run("status", published["jobId"], "--json", aws=sandbox.aws)

    assert shown.out.splitlines()[0] == f"Job {published['jobId']}: published"
    assert " state transitions, " in shown.out.splitlines()[-2]
    assert shown.out.splitlines()[-1] == published["permalink"]
    assert (shown.code, shown.err) == (0, "")
    assert watched == shown
    assert as_json.json.keys() == STATUS_KEYS
    assert as_json.json["progress"]["completed"] == as_json.json["progress"]["total"]


def test_status_of_a_job_that_failed(sandbox: Served, tmp_path: Path) -> None:
    sandbox.script({"call": "create", "error": [36003, 2207009]})
    failed = publish(sandbox, photo(tmp_path), "--json")

    shown = run("status", failed.json["jobId"], aws=sandbox.aws)

    assert (failed.code, shown.code) == (1, 1)
    assert failed.json["error"]["type"] == "MediaRejectedError"
    assert shown.out.splitlines()[0] == f"Job {failed.json['jobId']}: failed"
    assert shown.out.splitlines()[1].startswith("MediaRejectedError: ")


def test_an_account_without_a_token_is_told_before_anything_runs(
    sandbox: Served, tmp_path: Path
) -> None:
    told = publish(sandbox, photo(tmp_path), "--account", "nobody")

    assert told.code == 1
    assert "postwright auth login --account nobody" in told.out


def test_status_of_an_unknown_job(sandbox: Served) -> None:
    shown = run("status", "nothing", "--watch", aws=sandbox.aws)
    as_json = run("status", "nothing", "--json", aws=sandbox.aws)

    assert (shown.code, shown.out, shown.err) == (1, "", "There is no publish job nothing.\n")
    assert as_json.code == 1
    assert as_json.json.keys() == STATUS_KEYS
    assert as_json.json["status"] is None
    assert as_json.json["error"]["message"] == "There is no publish job nothing."


def test_status_of_a_job_under_way_names_its_items(slow_sandbox: Served, tmp_path: Path) -> None:
    with running("publish", photo(tmp_path), aws=slow_sandbox.aws) as command:
        job_id = job_under_way(command)

        shown = run("status", job_id, aws=slow_sandbox.aws)
        as_json = run("status", job_id, "--json", aws=slow_sandbox.aws)

    assert (shown.code, shown.err, as_json.code) == (0, "", 0)
    assert shown.out.splitlines()[0].startswith(f"Job {job_id}: ")
    assert "  1: photo.jpg: processing" in shown.out.splitlines()
    assert as_json.json["status"] == "publishing"


def job_under_way(command: Command) -> str:
    """The job of a publish command, once a container has been made."""
    command.read_until(lambda it: ": processing" in it.err)
    return job_of(command.err)


def job_of(said: str) -> str:
    return next(line for line in said.splitlines() if line.startswith("job ")).removeprefix("job ")


# Ctrl-C.


def test_ctrl_c_stops_following_and_the_run_goes_on(slow_sandbox: Served, tmp_path: Path) -> None:
    slow_sandbox.configure(image={"seconds": 0})
    tomorrow = slow_sandbox.in_a_day()
    arguments = (photo(tmp_path), "--publish-at", tomorrow)
    with running("publish", *arguments, aws=slow_sandbox.aws) as command:
        command.read_until(lambda it: "waiting for its time" in it.err)

        stopped = command.end(signal.SIGINT)

    with running("status", stopped.job_id, "--watch", aws=slow_sandbox.aws) as watching:
        watching.read_until(lambda it: "waiting for its time" in it.err)
        slow_sandbox.advance(86_400)
        watched = watching.end()
    assert (stopped.code, stopped.out) == (130, "")
    assert stopped.err.endswith(
        f"The run goes on without us. Follow it: postwright status {stopped.job_id} --watch\n"
    )
    assert "Traceback" not in stopped.err
    assert watched.code == 0
    permalinks = [post["permalink"] for post in slow_sandbox.posts()]
    assert watched.out.splitlines()[-1] in permalinks


def test_a_second_publish_follows_the_run_that_has_the_group(slow_sandbox: Served) -> None:
    slow_sandbox.configure(image={"seconds": 0})
    group = ("--session", "demo", "--group", "group-2", "--publish-at", slow_sandbox.in_a_day())
    with running("publish", *group, aws=slow_sandbox.aws) as first:
        first.read_until(lambda it: "waiting for its time" in it.err)
        with running("publish", *group[:4], aws=slow_sandbox.aws) as second:
            second.read_until(lambda it: "waiting for its time" in it.err)
            slow_sandbox.advance(86_400)
            started, followed = first.end(), second.end()

    assert (started.code, followed.code) == (0, 0)
    assert f"Job {started.job_id} is publishing this group already; following it." in followed.err
    assert followed.out == started.out
    captions = {post["permalink"]: post["caption"] for post in slow_sandbox.posts()}
    ours = captions[followed.out.splitlines()[-1]]
    assert list(captions.values()).count(ours) == 1


def test_ctrl_c_is_told_even_to_who_wants_only_the_result(
    slow_sandbox: Served, tmp_path: Path
) -> None:
    with running("-q", "publish", photo(tmp_path), aws=slow_sandbox.aws) as command:
        wait_until(lambda: any("media" in it["path"] for it in slow_sandbox.requests()))

        stopped = command.end(signal.SIGINT)

    assert stopped.code == 130
    assert stopped.err.startswith("\nThe run goes on without us.")


def test_ctrl_c_while_watching_says_that_the_run_goes_on(
    slow_sandbox: Served, tmp_path: Path
) -> None:
    with running("publish", photo(tmp_path), aws=slow_sandbox.aws) as command:
        job_id = job_under_way(command)
        with running("status", job_id, "--watch", aws=slow_sandbox.aws) as watching:
            watching.read_until(lambda it: "processing" in it.err)

            stopped = watching.end(signal.SIGINT)

    assert stopped.code == 130
    assert stopped.err.endswith("The run goes on without us.\n")


def test_ctrl_c_before_the_run_began_publishes_nothing(sandbox: Served, tmp_path: Path) -> None:
    with gate_before(sandbox.aws, lambda request, _: request.startswith("PUT ")) as gate:
        stopped = stop_at(gate, photo(tmp_path))

    assert (stopped.code, stopped.out) == (130, "")
    assert stopped.err.endswith("Stopped before the run began: nothing is published.\n")
    assert "Traceback" not in stopped.err
    assert sandbox.requests() == []


def test_ctrl_c_while_the_run_begins_says_that_it_goes_on(sandbox: Served, tmp_path: Path) -> None:
    """What is said must be true, so the start is not interrupted half-way."""

    def is_start(_: str, headers: Mapping[str, str]) -> bool:
        return headers.get("X-Amz-Target") == "AWSStepFunctions.StartExecution"

    with gate_before(sandbox.aws, is_start) as gate:
        stopped = stop_at(gate, photo(tmp_path))

    assert stopped.code == 130
    assert f"postwright status {stopped.job_id} --watch" in stopped.err
    assert run("status", stopped.job_id, "--watch", aws=sandbox.aws).code == 0
    assert len(sandbox.posts()) == 1


def stop_at(gate: Gate, path: Path) -> Done:
    """Press Ctrl-C while the gate holds a request back, then let the request through."""
    with running("publish", path, aws=gate.origin) as command:
        assert gate.arrived.wait(SECONDS)
        command.process.send_signal(signal.SIGINT)
        threading.Event().wait(0.2)
        gate.opened.set()
        return command.end()


def wait_until(true: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < ends_at
        threading.Event().wait(0.05)


# What a sandbox never gets to see, and what happens when it goes away.


def test_a_sandbox_never_sees_what_is_secret(sandbox: Served, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile prod]\nregion = eu-west-1\nservices = elsewhere\n"
        "ignore_configured_endpoint_urls = true\n"
        "aws_access_key_id = AKIAPROFILE\naws_secret_access_key = from-the-profile\n"
    )
    secrets: dict[str, str] = {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
        "AWS_SESSION_TOKEN": "FwoGZXIvYXdzEXAMPLE",
    }
    elsewhere = {
        "AWS_PROFILE": "prod",
        "AWS_DEFAULT_PROFILE": "prod",
        "AWS_CONFIG_FILE": str(config),
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
        "ALL_PROXY": "http://127.0.0.1:1",
    }

    with (
        gate_before(sandbox.aws) as gate,
        running("publish", photo(tmp_path), aws=gate.origin, **secrets, **elsewhere) as command,
    ):
        done = command.end()

    sent = "\n".join(gate.seen)
    assert done.code == 0, done.err
    assert "Credential=sandbox/" in sent
    assert "/us-east-1/s3/" in sent
    assert [s for s in (*secrets.values(), "AKIAPROFILE", "eu-west-1") if s in sent] == []


def test_a_sandbox_that_goes_away_is_a_sentence(slow_sandbox: Served, tmp_path: Path) -> None:
    with gate_before(slow_sandbox.aws) as gate:
        command = begin("publish", photo(tmp_path), aws=gate.origin)
        job_under_way(command)
    done = command.end()

    assert (done.code, done.out) == (1, "")
    assert "The sandbox does not answer any more" in done.err
    assert "Traceback" not in done.err


# On a terminal.


def on_a_terminal(aws: str, *arguments: str | Path, **more: str) -> str:
    """Everything that a command writes to a terminal of 30 lines and 90 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 90, 0, 0))
    seen: dict[str, str] = {**environment(aws, TERM="xterm-256color"), **more}
    del seen["COLUMNS"]
    process = subprocess.Popen(
        [POSTWRIGHT, *map(str, arguments)], env=seen, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said = b""
    try:
        while chunk := _read(ours):
            said += chunk
        assert process.wait(SECONDS) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return said.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux says so when nobody has the other end open any more
        return b""


def test_a_terminal_shows_the_items_live_and_ends_with_the_permalink(
    sandbox: Served, tmp_path: Path
) -> None:
    files = [photo(tmp_path, "a.jpg"), photo(tmp_path, "b.jpg")]

    said = on_a_terminal(sandbox.aws, "publish", *files, NO_COLOR="1")

    shown = [line.rstrip() for line in ESCAPE.sub("", said).splitlines()]
    assert "\x1b[?25l" in said, "no live display"
    assert COLOUR.findall(said) == []
    assert re.search(r"published, 6 of 6 steps, \d+ s", "\n".join(shown))
    assert "  1: a.jpg  image  ready" in shown
    assert shown[-1] == sandbox.posts()[0]["permalink"]


def test_a_terminal_that_knows_no_escape_codes_gets_lines(sandbox: Served, tmp_path: Path) -> None:
    said = on_a_terminal(sandbox.aws, "publish", photo(tmp_path), TERM="dumb")

    assert "\x1b" not in said
    assert "0 s  creating containers" in said


def test_a_pipe_gets_no_escape_codes(sandbox: Served, tmp_path: Path) -> None:
    done = publish(sandbox, photo(tmp_path))

    assert "\x1b" not in done.out + done.err


# The sandbox itself.


def test_serve_prints_exactly_one_line_with_the_addresses(sandbox: Served) -> None:
    assert sandbox.line.count("\n") == 1
    assert list(json.loads(sandbox.line)) == READY_KEYS
    assert sandbox.command.out == sandbox.line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_sandbox_cleanly_even_with_a_run_under_way(
    tmp_path: Path, number: signal.Signals
) -> None:
    with serving_sandbox("--empty") as served:
        started = begin("publish", photo(tmp_path), aws=served.aws)
        job_under_way(started)
        started.end(signal.SIGINT)
        began = time.monotonic()

        done = served.command.end(number)

        assert time.monotonic() - began < 10
    assert (done.code, done.err) == (0, "")
    assert done.out == served.line


def test_hashtags_and_places_are_found_without_logging_in_first(sandbox: Served) -> None:
    hashtags = run("hashtags", "search", "sea", aws=sandbox.aws)
    places = run("location", "search", "sandhaven", aws=sandbox.aws)

    assert (hashtags.code, places.code) == (0, 0), hashtags.err + places.err
    assert hashtags.out.startswith("#sea  score ")
    assert "Sandhaven Beach" in places.out


def test_serve_tells_people_what_to_do_next() -> None:
    with running("sandbox", "serve", *FREE_PORTS, "--speed", "60") as command:
        command.read_until(lambda it: " publish " in it.out)
        lines = [line.strip() for line in command.out.splitlines() if line.strip()]
        export = next(line for line in lines if line.startswith("export "))
        arguments = lines[-1].split()[1:]

        done = run(*arguments, aws=export.removeprefix("export AWS_ENDPOINT_URL="))

        ended = command.end(signal.SIGTERM)
    assert lines[0] == "The sandbox is ready, at speed 60. Ctrl-C ends it."
    assert lines[1] == "Open it in a browser:"
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", lines[2])
    assert done.code == 0, done.err
    assert (ended.code, ended.err) == (0, "")


def test_serve_without_the_demo_session_does_not_name_it() -> None:
    with running("sandbox", "serve", *FREE_PORTS, "--empty", "--speed", "max") as command:
        command.read_until(lambda it: " publish " in it.out)

        ended = command.end(signal.SIGTERM)

    assert ended.out.splitlines()[-1].endswith('publish PHOTO.jpg --caption "Hello"')


def test_serve_does_not_mind_the_users_own_aws() -> None:
    more = {"AWS_PROFILE": "nobody", "HTTP_PROXY": "http://127.0.0.1:1"}
    with running("sandbox", "serve", "--json", *FREE_PORTS, "--speed", "max", **more) as command:
        command.read_until(lambda it: "\n" in it.out)

        ended = command.end(signal.SIGTERM)

    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize("option", ["--port", "--instagram-port", "--aws-port"])
def test_a_port_in_use_is_a_sentence(option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        ports = list(FREE_PORTS)
        ports[ports.index(option) + 1] = port

        done = run("sandbox", "serve", "--json", *ports)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"Port {port} is in use. Choose another one with {option},")
    assert "Traceback" not in done.err


@pytest.mark.parametrize("origin", ["app", "instagram", "aws"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_other_names_and_origins_are_refused(
    sandbox: Served, origin: str, headers: dict[str, str]
) -> None:
    path = "/_sandbox" if origin == "aws" else "/"
    with httpx.Client(base_url=sandbox.addresses[origin], trust_env=False) as client:
        refused = client.get(path, headers=headers)
        allowed = client.get(path, headers={"Origin": sandbox.addresses["app"]})

    assert refused.status_code == 403
    assert allowed.status_code != 403
