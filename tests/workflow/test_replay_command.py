"""`postwright replay WHAT`: recorded runs of the real workflow once more."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from postwright import recording, redaction
from postwright.recording import Recording
from sandbox.instagram.accounts import DEMO_ACCOUNT
from sandbox.rebuilding import rebuild
from tests.command_line import Done, running
from tests.command_line import run as command
from tests.workflow.misbehaviour import answers, disagrees, refuses, treats
from tests.workflow.redriving import log_in_anew
from tests.workflow.stock_aws import aws
from tests.workflow.workbench import NEW_TOKEN, PostGroup, Run, Shot, Workbench

pytestmark = pytest.mark.workbench

ROOT = Path(__file__).resolve().parents[2]
PHOTO, CLIP, REFUSED = Shot.PHOTO, Shot.CLIP, Shot.REFUSED
WORDS = "Grandmother turns eighty"
UNKNOWN_CODE = (987, 654)
MENDED = 'Row(987, 654, TransientGraphError, "Busy.", "Nothing.", _CODES, _CREATE),'


def replay(
    bench: Workbench, what: str | Path, *options: str | Path, cwd: Path | None = None
) -> Done:
    return command("replay", what, *options, aws=bench.sandbox.aws, cwd=cwd)


def failed(bench: Workbench, *shots: Shot, caption: str | None = None) -> tuple[PostGroup, Run]:
    """A run that ended with a code of Instagram that nobody knows."""
    bench.script(refuses("create", *UNKNOWN_CODE, match="01-"))
    group = bench.group(*shots, caption=caption)
    run = bench.finished(bench.start(group))
    assert run.error == "MediaRejectedError", run.message
    return group, run


def without_token(bench: Workbench, *shots: Shot) -> tuple[PostGroup, Run]:
    """A run that ended for want of a token when one container was made; there is a new one now."""
    bench.sandbox.functions.hold_back("create_container", 20)  # so that the others are done
    bench.script(refuses("create", 190, 460, after=len(shots) - 1))
    group = bench.group(*shots)
    run = bench.finished(bench.start(group))
    assert run.error == "TokenInvalidError", run.message
    log_in_anew(bench)
    return group, run


@contextmanager
def another_definition(bench: Workbench, **states: dict[str, Any]) -> Iterator[None]:
    """Runs that start meanwhile have these states instead of today's."""
    arn = bench.sandbox.state_machine_arn
    usual = bench.stepfunctions.describe_state_machine(stateMachineArn=arn)["definition"]
    changed = json.loads(usual)
    changed["States"] |= states
    bench.stepfunctions.update_state_machine(stateMachineArn=arn, definition=json.dumps(changed))
    try:
        yield
    finally:
        bench.stepfunctions.update_state_machine(stateMachineArn=arn, definition=usual)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the folder that fixtures are kept in, and the test that plays them."""
    folder = tmp_path / "tests" / "replays"
    folder.mkdir(parents=True)
    for name in ("__init__.py", "test_replays.py"):
        shutil.copy(ROOT / "tests" / "replays" / name, folder / name)
    return tmp_path


# Here, with the recorded answers.


def test_a_job_an_arn_and_two_kinds_of_files_mean_the_same_run(
    bench: Workbench, tmp_path: Path
) -> None:
    run = bench.published(bench.group(PHOTO, CLIP))
    printed = aws(
        bench, tmp_path, "get-execution-history", "--execution-arn", bench.arn(run.job_id)
    )
    (tmp_path / "history.json").write_text(json.dumps(printed))
    ours = Recording("ours", [dict(event) for event in bench.history(run.job_id)])
    (tmp_path / "ours.json").write_text(recording.to_text(ours), encoding="utf-8")

    told = [
        replay(bench, what, "--json")
        for what in (
            *(run.job_id, bench.arn(run.job_id)),
            *(tmp_path / "history.json", tmp_path / "ours.json"),
        )
    ]

    assert [done.code for done in told] == [0, 0, 0, 0]
    assert [done.json["changedStates"] for done in told] == [[], [], None, None]
    [document, *others] = [{**done.json, "changedStates": None} for done in told]
    assert others == [document] * 3
    assert document["same"] is True
    assert document["recorded"] == document["replayed"]
    assert document["recorded"]["outcome"] == "PostPublished"
    assert document["recorded"]["states"] == len(run.visits)
    assert (document["divergence"], document["differences"]) == (None, [])
    assert (document["askedBeyond"], document["left"], document["notRebuilt"]) == ({}, {}, [])


def test_a_run_that_failed_fails_again(bench: Workbench) -> None:
    _, run = failed(bench, PHOTO, PHOTO)

    done = replay(bench, run.job_id, "--local")

    first, second, *rest = done.out.splitlines()
    assert done.code == 0, done.out
    assert first.startswith("Recorded: MediaRejectedError at CheckStatus, ")
    assert second.removeprefix("Now:      ") == first.removeprefix("Recorded: ")
    assert rest == ["The same path with the same data."]


def test_a_definition_that_has_changed_since_is_told_at_the_state(bench: Workbench) -> None:
    then = {"Type": "Wait", "Seconds": 77, "Next": "CheckStatus"}
    with another_definition(bench, WaitForContainers=then):
        run = bench.published(bench.group(PHOTO))

    done = replay(bench, run.job_id)
    document = replay(bench, run.job_id, "--json").json

    assert done.code == 1
    assert "Another thing at WaitForContainers: how long it waits: was 77 s, is " in done.out
    assert "Changed in the definition since: WaitForContainers." in done.out
    assert document["same"] is False
    assert document["changedStates"] == ["WaitForContainers"]
    assert [row["what"] for row in document["differences"]] == ["how long it waits"]


def test_another_path_is_told_where_it_parts(bench: Workbench) -> None:
    waits = {"Variable": "$.check.next", "StringEquals": "create", "Next": "WaitForQuota"}
    then = {"Type": "Choice", "Choices": [waits], "Default": "CreateContainers"}
    with another_definition(bench, HasQuota=then):
        job_id = bench.start(bench.group(PHOTO))
        bench.until_in(job_id, "WaitForQuota")
        bench.stop(job_id)
        bench.finished(job_id)

    done = replay(bench, job_id, "--json")

    parted = done.json["divergence"]
    assert done.code == 1
    assert (parted["state"], parted["what"]) == ("HasQuota", "what comes next")
    assert (parted["recorded"], parted["replayed"]) == ("WaitForQuota", "CreateContainers")
    assert done.json["changedStates"] == ["HasQuota"]


# Live.


def test_todays_functions_meet_the_same_codes(bench: Workbench) -> None:
    _, run = failed(bench, PHOTO, PHOTO)

    done = replay(bench, run.job_id, "--live", "--json")

    assert done.code == 0, done.out
    assert done.json["same"] is True
    assert done.json["replayed"]["outcome"] == "MediaRejectedError"
    assert any("caption" in what for what in done.json["notRebuilt"])
    assert bench.posts() == []


# The real thing.


def test_a_redrive_tells_what_is_kept_and_called_and_publishes_once(bench: Workbench) -> None:
    group, run = without_token(bench, PHOTO, PHOTO, PHOTO)

    done = replay(bench, run.job_id, "--redrive")

    told = done.err.splitlines()
    assert done.code == 0, done.err
    assert re.fullmatch(
        r"Kept: LoadPost, HowToBegin, CheckQuota, HasQuota; the containers of items \d, \d\.",
        told[0],
    )
    assert re.fullmatch(
        r"Called again: CreateContainer \(iterations \d\), and what comes after it\.", told[1]
    )
    kept = set(re.findall(r"\d", told[0]))
    assert kept.isdisjoint(re.findall(r"\d", told[1]))
    assert done.out.splitlines()[0] == f"Job {run.job_id}: published"
    assert len(bench.posts_of(group)) == bench.sends() == 1


def test_a_redrive_is_told_to_programs(bench: Workbench) -> None:
    _, run = without_token(bench, PHOTO)

    done = replay(bench, run.job_id, "--redrive", "--json")

    assert done.code == 0
    assert done.json.keys() == {
        *("jobId", "status", "instagramPostId", "permalink", "error", "how", "why"),
    }
    assert (done.json["jobId"], done.json["status"]) == (run.job_id, "published")
    assert done.json["how"] == "redrive"


def test_a_run_that_fails_again_is_told_so(bench: Workbench) -> None:
    _, run = without_token(bench, PHOTO)
    bench.script(refuses("create", 190, 460, times=2))  # of which one means the token before

    done = replay(bench, run.job_id, "--redrive", "--json")

    assert done.code == 1
    assert (done.json["status"], done.json["error"]["type"]) == ("failed", "TokenInvalidError")


def test_what_is_published_is_neither_redriven_nor_begun_anew(bench: Workbench) -> None:
    run = bench.published(bench.group(PHOTO))

    redriven = replay(bench, run.job_id, "--redrive")
    anew = replay(bench, run.job_id, "--new")

    assert (redriven.code, anew.code) == (1, 1)
    assert f"Job {run.job_id} cannot be redriven: " in redriven.err
    assert "Kept" not in redriven.err
    assert "This group is published already" in anew.err
    assert bench.sends() == 1


def test_a_new_run_has_the_recorded_input_and_an_id_of_its_own(bench: Workbench) -> None:
    group, run = without_token(bench, PHOTO, PHOTO)

    done = replay(bench, run.job_id, "--new", "--json")

    assert done.code == 0, done.err
    assert "Used again, as far as they still fit: the container of item " in done.err
    assert "Called again: every state from LoadPost on." in done.err
    assert (done.json["how"], done.json["status"]) == ("new", "published")
    assert done.json["jobId"] != run.job_id
    assert len(bench.posts_of(group)) == bench.sends() == 1


def test_a_run_that_ended_before_it_had_a_job_is_redriven(bench: Workbench) -> None:
    group = bench.group(PHOTO)
    bench.write(group, "GROUP", "media", "none")
    run = bench.finished(bench.start_execution(group.request))
    assert (run.error, bench.store.find_job(run.job_id)) == ("InvalidPostError", None)

    still_wrong = replay(bench, run.job_id, "--redrive")
    for_programs = replay(bench, run.job_id, "--redrive", "--json")
    bench.list_files(group)
    mended = replay(bench, run.job_id, "--redrive")

    assert (still_wrong.code, for_programs.code, mended.code) == (1, 1, 0)
    assert still_wrong.out.startswith(
        f"Job {run.job_id}: failed\nInvalidPostError: The post group's record is wrong."
    )
    assert for_programs.json["status"] == "failed"
    assert for_programs.json["error"]["type"] == "InvalidPostError"
    assert "Kept: nothing; no containers." in mended.err
    assert mended.out.startswith(f"Job {run.job_id}: published\n")
    assert len(bench.posts_of(group)) == bench.sends() == 1


def test_ctrl_c_leaves_the_redriven_run_alone(bench: Workbench) -> None:
    _, run = without_token(bench, PHOTO)

    with bench.time_stands_still():
        with running("replay", run.job_id, "--redrive", aws=bench.sandbox.aws) as following:
            following.read_until(lambda it: "Instagram processes" in it.err)
            done = following.end(signal.SIGINT)
        still = bench.running()

    assert done.code == 130
    assert done.err.endswith(
        f"The run goes on without us: postwright status {run.job_id} --watch\n"
    )
    assert still == [run.job_id]
    assert bench.finished(run.job_id).status == "SUCCEEDED"


# Kept as a test.


def pytest_in(checkout: Path, *paths: Path) -> subprocess.CompletedProcess[str]:
    """The test of the fixtures there, with the code on these paths before that of this checkout."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(checkout)),
            str(checkout / "tests" / "replays"),
        ],
        cwd=checkout,
        env={
            **kept,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join(map(str, [*paths, ROOT / "src", ROOT])),
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_a_saved_run_is_a_red_test_until_its_cause_is_mended(
    bench: Workbench, checkout: Path
) -> None:
    _, run = failed(bench, PHOTO, PHOTO, caption=WORDS)

    done = replay(bench, run.job_id, "--save", "odd-code", cwd=checkout)
    red = pytest_in(checkout)
    mended = checkout / "mended"
    shutil.copytree(ROOT / "src" / "postwright", mended / "postwright")
    table = mended / "postwright" / "error_table.py"
    opening = "TABLE: Final[tuple[Row, ...]] = (\n"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace(opening, f"{opening}    {MENDED}\n"), encoding="utf-8")
    green = pytest_in(checkout, mended)

    assert done.code == 0, done.err
    assert done.out.splitlines()[-2:] == [
        "Saved: tests/replays/odd-code.json, expects PostPublished",
        "Its test is red until MediaRejectedError is gone.",
    ]
    assert red.returncode == 1, red.stdout + red.stderr
    assert "1 failed" in red.stdout
    assert "it ends at CheckStatus: " in red.stdout
    assert opening in text
    assert green.returncode == 0, green.stdout + green.stderr
    assert "1 passed" in green.stdout


def test_a_run_that_ends_as_expected_is_a_green_test(bench: Workbench, checkout: Path) -> None:
    _, run = failed(bench, PHOTO)

    options = ("--save", "refused", "--expect", "MediaRejectedError", "--json")
    done = replay(bench, run.job_id, *options, cwd=checkout)

    fixture = checkout / "tests" / "replays" / "refused.json"
    assert done.code == 0, done.err
    assert (done.json["saved"], done.json["expect"], done.json["green"]) == (
        *("tests/replays/refused.json", "MediaRejectedError"),
        True,
    )
    assert done.json["replayed"]["outcome"] == "MediaRejectedError"
    assert recording.from_file(fixture).expect == "MediaRejectedError"


def test_a_fixture_is_replayed_like_any_recording(bench: Workbench, checkout: Path) -> None:
    _, run = failed(bench, PHOTO, PHOTO)
    replay(bench, run.job_id, "--save", "odd-code", cwd=checkout)
    fixture = checkout / "tests" / "replays" / "odd-code.json"

    local = command("replay", fixture, "--json")
    live = command("replay", fixture, "--live", "--json")

    assert (local.code, live.code) == (0, 0)
    assert local.json["recorded"]["outcome"] == "MediaRejectedError"
    assert live.json["replayed"]["outcome"] == "MediaRejectedError"


def test_the_caption_is_kept_only_when_it_is_asked_for(bench: Workbench, checkout: Path) -> None:
    group, run = failed(bench, PHOTO, caption=WORDS)
    folder = checkout / "tests" / "replays"

    replay(bench, run.job_id, "--save", "without", cwd=checkout)
    replay(bench, run.job_id, "--save", "with", "--with-caption", cwd=checkout)
    replay(bench, folder / "with.json", "--save", "again", cwd=checkout)

    assert WORDS not in (folder / "without.json").read_text(encoding="utf-8")
    assert recording.from_file(folder / "with.json").caption == group.caption
    assert WORDS not in (folder / "again.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("nothing", "nothing cannot be replayed: there is no execution of a job nothing."),
        ("no/such.json", "There is no file no/such.json."),
        ("such.json", "There is no file such.json."),
        ("notes.txt", "notes.txt cannot be replayed: notes.txt holds no history: a JSON object"),
        ("empty.txt", "empty cannot be replayed: there is no ExecutionStarted among the events."),
        ("arn:aws:states:us-east-1:123456789012:execution:other:job", "arn:aws:states:us-east-1:"),
        ("a" * 300, "a" * 300),
        ("", " cannot be replayed: there is no execution"),
    ],
)
def test_what_is_no_run_is_refused(bench: Workbench, tmp_path: Path, what: str, says: str) -> None:
    (tmp_path / "notes.txt").write_text("The sea")
    (tmp_path / "empty.txt").write_text('{"events": []}')

    done = replay(bench, what, cwd=tmp_path)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(says)


def test_a_job_needs_a_sandbox_and_a_file_does_not(tmp_path: Path) -> None:
    done = command("replay", "any-job", cwd=tmp_path)

    assert done.code == 2
    assert done.err.startswith("There is no AWS to talk to.")


# Nothing private in what it prints and writes.


def test_the_path_is_drawn_and_named(bench: Workbench, tmp_path: Path) -> None:
    _, run = failed(bench, PHOTO, PHOTO)
    svg = tmp_path / "path.svg"

    done = replay(bench, run.job_id, "--svg", svg, "--json")
    nowhere = replay(bench, run.job_id, "--svg", tmp_path / "no" / "path.svg")

    root = ET.parse(svg).getroot()  # noqa: S314  our own picture
    failed_states = [e.get("data-state") for e in root.iter() if "failed" in e.get("class", "")]
    assert done.code == 0
    assert done.json["same"] is True
    assert done.err == f"The path: {svg}\n"
    assert "CheckStatus" in failed_states
    assert (nowhere.code, nowhere.out) == (1, "")
    assert nowhere.err.startswith("No such file or directory: ")


def test_nothing_private_is_printed_or_written(bench: Workbench, checkout: Path) -> None:
    bench.script(treats("clip", processing_error=2207026), refuses("create", 190, 460, after=1))
    bench.configure(video={"seconds": 60})
    group = bench.group(PHOTO, CLIP, PHOTO, caption=WORDS)
    first = bench.finished(bench.start(group))
    log_in_anew(bench)
    bench.redrive(first.job_id)
    bad, good = bench.finished(first.job_id), bench.published(bench.group(PHOTO, caption=WORDS))
    ids = {*ids_of(bench, bad), *ids_of(bench, good)}
    ids |= {group.session_id, group.group_id, *(file.name for file in group.files)}

    replays = [*replays_of(bench, bad, checkout), *replays_of(bench, good, checkout)]
    timelines = [*timelines_of(bench, bad, checkout), *timelines_of(bench, good, checkout)]

    fixtures = (checkout / "tests" / "replays").glob("*.json")
    replays += [path.read_text(encoding="utf-8") for path in fixtures]
    secrets = [
        *(DEMO_ACCOUNT.token, NEW_TOKEN, DEMO_ACCOUNT.user_id, DEMO_ACCOUNT.app_scoped_id),
        *("Amz-Signature", "Amz-Credential", "Bearer ", WORDS, "#bythesea"),
    ]
    texts = [*replays, *timelines]
    assert (bad.status, good.status) == ("FAILED", "SUCCEEDED")
    assert (len(replays), len(timelines), len(ids) > 10) == (12, 6, True)
    assert min(map(len, texts)) > 100
    assert {one for one in secrets for text in texts if one.lower() in text.lower()} == set()
    assert {one for one in ids for text in replays if one in text} == set()


def ids_of(bench: Workbench, run: Run) -> Iterator[str]:
    """All that Instagram, AWS and we have named in a run, as its history and record tell it."""
    job = bench.job(run.job_id)
    yield from (c.id for c in job.containers.values() if c.id is not None)
    yield from (one for one in (job.instagram_post_id, job.permalink) if one is not None)
    text = json.dumps(bench.history(run.job_id), default=str)
    yield from re.findall(r"fbtraceId\W+([\w-]{10,})", text)
    yield from re.findall(r"requestId\W+([\w-]{30,})", text)
    yield from (run.job_id, bench.arn(run.job_id), "123456789012")


def replays_of(bench: Workbench, run: Run, checkout: Path) -> Iterator[str]:
    """What replays print of a run, and the picture of its path."""
    svg, more = checkout / f"{run.status}.svg", altered(bench, run, checkout)
    for what, *options in (
        *((run.job_id, "--svg", svg), (more,), (more, "--json")),
        (run.job_id, "--save", f"a-{run.status.lower()}"),
    ):
        done = replay(bench, what, *options, cwd=checkout)
        assert done.code in (0, 1), done.err
        yield done.out
    yield svg.read_text(encoding="utf-8")


def timelines_of(bench: Workbench, run: Run, checkout: Path) -> Iterator[str]:
    """A run's timeline on the terminal, for programs and as a page."""
    page = checkout / f"{run.status}.html"
    for options in (("--html", page), ("--json",)):
        done = command("status", run.job_id, "--history", *options, aws=bench.sandbox.aws)
        assert done.code in (0, 1), done.err
        yield done.out
    yield page.read_text(encoding="utf-8")


def altered(bench: Workbench, run: Run, checkout: Path) -> Path:
    """A history in which each state gave more than it does, so that a report tells all of it."""
    events = json.loads(json.dumps(bench.history(run.job_id), default=str))
    for event in events:
        details = event.get("stateExitedEventDetails")
        if details is not None:
            output = json.loads(details["output"])
            details["output"] = json.dumps({**output, "more": output})
    path = checkout / "altered.json"
    path.write_text(json.dumps({"events": events}))
    return path


# A fixture holds all that a replay needs.


def refused_and_redriven(bench: Workbench) -> str:
    _, run = without_token(bench, PHOTO, CLIP, PHOTO)
    bench.redrive(run.job_id)
    return bench.finished(run.job_id).job_id


def badly_processed(bench: Workbench) -> str:
    bench.script(treats("clip", processing_error=2207026, times=3), disagrees())
    return bench.finished(bench.start(bench.group(CLIP, REFUSED))).job_id


def published_without_an_answer(bench: Workbench) -> str:
    bench.script(answers("publish", "", status=500, effect="late", late_seconds=70))
    return bench.published(bench.group(PHOTO)).job_id


def killed_after_it_published(bench: Workbench) -> str:
    bench.script_calls({"service": "graph", "operation": "publish", "does": "kill_after"})
    return bench.published(bench.group(PHOTO)).job_id


def over_quota(bench: Workbench) -> str:
    full = {"config": {"quota_total": 25, "quota_duration": 86_400}, "quota_usage": 25}
    bench.script(answers("quota", json.dumps({"data": [full]}), status=200))
    job_id = bench.start_execution(bench.group(PHOTO).request)
    return bench.finished(job_id).job_id


def refused_by_lambda(bench: Workbench) -> str:
    refusal = {"service": "lambda", "function": "check_status", "does": "refused", "times": 9}
    bench.script_calls(refusal)
    return bench.finished(bench.start(bench.group(PHOTO))).job_id


@pytest.mark.parametrize(
    "happens",
    [
        *(refused_and_redriven, badly_processed, published_without_an_answer),
        *(killed_after_it_published, over_quota, refused_by_lambda),
    ],
)
def test_a_fixture_makes_up_the_same_post_and_the_same_faults(
    bench: Workbench, happens: Callable[[Workbench], str], tmp_path: Path
) -> None:
    whole = Recording("x", [dict(event) for event in bench.history(happens(bench))])
    fixture = tmp_path / "fixture.json"

    text = recording.to_text(redaction.redacted(whole, recording.PUBLISHED))

    fixture.write_text(text, encoding="utf-8")
    assert rebuild(recording.from_file(fixture).history()) == rebuild(whole.history())
