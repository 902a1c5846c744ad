"""`postwright status JOB --history`: what the timeline tells of runs of the real workflow."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from postwright import history
from postwright.executions import Executions
from postwright.models import Job, PublishRequest
from sandbox.instagram.accounts import DEMO_ACCOUNT
from tests.command_line import Done
from tests.command_line import run as command
from tests.workflow.misbehaviour import answers, refuses
from tests.workflow.workbench import Shot, Workbench

pytestmark = pytest.mark.workbench

ROOT = Path(__file__).resolve().parents[2]
PHOTO, CLIP = Shot.PHOTO, Shot.CLIP


def status(bench: Workbench, job_id: str, *options: str | Path) -> Done:
    return command("status", job_id, *options, aws=bench.sandbox.aws)


def told(bench: Workbench, job_id: str) -> dict[str, Any]:
    """The timeline, as programs get it."""
    document: dict[str, Any] = status(bench, job_id, "--history", "--json").json["history"]
    return document


def rows_of(timeline: dict[str, Any]) -> list[tuple[str | None, int | None, str]]:
    return [(row["state"], row["item"], row["what"]) for row in timeline["rows"]]


def test_a_run_is_told_state_by_state_and_item_by_item(bench: Workbench) -> None:
    bench.configure(video={"seconds": 0})
    run = bench.published(bench.group(PHOTO, CLIP))
    post_id, permalink = run.output["instagramPostId"], run.output["permalink"]

    timeline = told(bench, run.job_id)

    assert rows_of(timeline) == [
        ("LoadPost", None, "claimed: carousel of 2 items"),
        ("CheckQuota", None, "0 of 100 posts used; 2 containers to make"),
        ("CreateContainers", None, "2 iterations"),
        ("CreateContainer", 1, "created"),
        ("CreateContainer", 2, "created"),
        ("WaitForContainers", None, "waited"),
        ("CheckStatus", None, "asked: 2 ready; all items are ready"),
        ("CreateCarousel", None, "created"),
        ("WaitForContainers", None, "waited"),
        ("CheckStatus", None, "asked: the carousel is ready; ready to publish"),
        ("Publish", None, f"published as {post_id}"),
        ("RecordResult", None, f"recorded: {permalink}"),
        (None, None, "the run succeeded"),
    ]
    assert timeline["status"] == "SUCCEEDED"
    assert [row["file"] for row in timeline["rows"] if row["item"]] == [
        "01-photo.jpg",
        "02-clip.mp4",
    ]


def test_its_times_and_counts_are_those_of_the_execution(bench: Workbench) -> None:
    bench.configure(video={"seconds": 100})
    run = bench.published(bench.group(PHOTO, CLIP))
    began, ended = bench.times(run.job_id)

    timeline = told(bench, run.job_id)

    totals = timeline["totals"]
    calls = sum(e["type"] == "TaskScheduled" for e in bench.history(run.job_id))
    assert timeline["lasted"] == pytest.approx((ended - began).total_seconds(), abs=0.01)
    assert totals["polls"] == run.visits.count("CheckStatus")
    assert totals["cost"]["transitions"] == len(run.visits)
    assert totals["cost"]["calls"] == calls
    assert totals["waitingSeconds"] >= 100


def test_a_long_wait_for_a_video_is_a_few_rows(bench: Workbench) -> None:
    bench.configure(video={"seconds": 600})
    run = bench.published(bench.group(CLIP))

    timeline = told(bench, run.job_id)

    polls = run.visits.count("CheckStatus")
    [loop] = [row for row in timeline["rows"] if row["kind"] == "polls"]
    assert polls > 15
    assert loop["rounds"] == polls - 1
    assert loop["what"].endswith("; asked: 1 processing")
    assert len(timeline["rows"]) < 15


def test_a_run_that_failed_and_was_redriven_shows_both_runs(bench: Workbench) -> None:
    bench.script(refuses("create", 190, 460, after=1))
    run = bench.finished(bench.start(bench.group(PHOTO, PHOTO)))
    assert run.error == "TokenInvalidError"
    failed = status(bench, run.job_id, "--history")
    bench.redrive(run.job_id)
    assert bench.finished(run.job_id).status == "SUCCEEDED"

    timeline = told(bench, run.job_id)

    failures = [row for row in timeline["rows"] if row["outcome"] == "failed"]
    [item] = [row for row in failures if row["kind"] == "task"]
    again = [row for row in timeline["rows"] if row["run"] == 1]
    assert failed.code == 1
    assert "the run failed with TokenInvalidError\n" in failed.out
    assert item["state"] == "CreateContainer"
    assert item["what"].startswith("failed with TokenInvalidError: The token ended with ")
    assert "{" not in item["what"]
    assert again[0]["what"].startswith("redriven at 20")
    assert (again[1]["state"], again[1]["item"]) == ("CreateContainers", None)
    assert ("CreateContainer", item["item"]) in [(row["state"], row["item"]) for row in again]
    assert timeline["totals"]["redrives"] == 1
    assert len(timeline["runs"]) == 2


def test_retries_and_their_reason_are_told(bench: Workbench) -> None:
    bench.script(answers("quota", "<html>down</html>", status=503, times=10))
    run = bench.finished(bench.start(bench.group(PHOTO)))
    assert run.error == "TransientGraphError"

    timeline = told(bench, run.job_id)

    [quota] = [row for row in timeline["rows"] if row["state"] == "CheckQuota"]
    assert quota["what"].endswith("; 3 retries because of TransientGraphError")
    assert quota["retries"] == timeline["totals"]["retries"] == 3
    assert [span["kind"] for span in quota["spans"]] == ["bad", "pause"] * 3 + ["bad"]


def test_a_run_that_still_waits_is_told_up_to_now(bench: Workbench) -> None:
    publish_at = (bench.now() + timedelta(days=3)).isoformat()
    with bench.time_stands_still():
        job_id = bench.start(bench.group(PHOTO), publishAt=publish_at)
        bench.until_in(job_id, "WaitUntilScheduled")
        bench.let_time_pass(7_200)

        timeline = told(bench, job_id)

    bench.stop(job_id)
    last = timeline["rows"][-1]
    assert (last["state"], last["outcome"], last["what"]) == (
        *("WaitUntilScheduled", "open", "waiting"),
    )
    assert last["lasted"] == pytest.approx(7_200, abs=5)
    assert timeline["status"] == "RUNNING"


def test_seconds_of_a_scheduled_post_count_from_its_time(bench: Workbench) -> None:
    publish_at = (bench.now() + timedelta(days=2)).isoformat()
    run = bench.published(bench.group(PHOTO), publishAt=publish_at)

    timeline = told(bench, run.job_id)

    began = {row["state"]: row["began"] for row in timeline["rows"]}
    assert began["LoadPost"] == pytest.approx(-2 * 86_400, abs=1)
    assert began["ReloadPost"] == 0
    assert timeline["lasted"] < 60


def test_people_read_the_timeline_and_then_how_the_job_stands(bench: Workbench) -> None:
    run = bench.published(bench.group(PHOTO))
    plain = status(bench, run.job_id)

    shown = status(bench, run.job_id, "--history")

    lines = shown.out.splitlines()
    assert (shown.code, shown.err) == (0, "")
    told = [line for line in plain.out.splitlines() if not line.endswith(" any free tier.")]
    assert lines[-len(told) :] == told
    assert lines[0].split() == ["0.0", "s", "0.0", "s", "LoadPost", "claimed:", "image"]
    assert "13 state transitions, 6 function calls of " in plain.out
    assert shown.out.count(" and before any free tier.") == 1


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def test_a_page_is_written_that_says_the_same(bench: Workbench, tmp_path: Path) -> None:
    run = bench.published(bench.group(PHOTO, PHOTO))
    page = tmp_path / "run.html"

    done = status(bench, run.job_id, "--html", page)

    texts = _Texts()
    texts.feed(page.read_text(encoding="utf-8"))
    assert (done.code, done.err) == (0, f"The timeline is in {page}.\n")
    for row in told(bench, run.job_id)["rows"]:
        assert row["what"] in texts.found
    assert "RecordResult" in done.out


def test_without_the_options_nothing_of_it_is_told(bench: Workbench) -> None:
    run = bench.published(bench.group(PHOTO))

    plain = status(bench, run.job_id)
    as_json = status(bench, run.job_id, "--json")

    assert "RecordResult" not in plain.out
    assert "history" not in as_json.json


def test_a_page_that_cannot_be_written_is_a_sentence(bench: Workbench, tmp_path: Path) -> None:
    run = bench.published(bench.group(PHOTO))
    nowhere = tmp_path / "nowhere" / "run.html"

    missing = status(bench, run.job_id, "--html", nowhere)
    folder = status(bench, run.job_id, "--html", tmp_path)

    assert (missing.code, missing.out) == (1, "")
    assert missing.err == f"No such file or directory: {nowhere}\n"
    assert (folder.code, folder.err) == (1, f"Is a directory: {tmp_path}\n")


def test_an_unknown_job_has_no_history_and_no_page(bench: Workbench, tmp_path: Path) -> None:
    page = tmp_path / "run.html"

    done = status(bench, "nothing", "--html", page)
    as_json = status(bench, "nothing", "--history", "--json")

    assert (done.code, done.out, done.err) == (1, "", "There is no publish job nothing.\n")
    assert not page.exists()
    assert (as_json.code, as_json.json["history"]) == (1, None)


def test_an_execution_that_made_no_job_is_told_all_the_same(bench: Workbench) -> None:
    """As one is that was started in the console with the wrong ids."""
    job_id = bench.start_execution({"sessionId": "nobody", "groupId": "group-1"})
    bench.finished(job_id)

    done = status(bench, job_id, "--history")

    assert done.code == 1
    assert done.err == f"There is no publish job {job_id}.\n"
    assert "failed with InvalidPostError: There is no session nobody." in done.out


def test_a_job_whose_execution_is_gone_says_so(bench: Workbench, tmp_path: Path) -> None:
    group = bench.record(bench.group(PHOTO))
    now = bench.now().isoformat()
    never = Job(
        job_id="job-of-long-ago",
        session_id=group.session_id,
        group_id=group.group_id,
        account_id="default",
        request=PublishRequest(session_id=group.session_id, group_id=group.group_id),
        created_at=now,
        updated_at=now,
    )
    bench.store.claim(group, never)

    done = status(bench, never.job_id, "--history")
    page = status(bench, never.job_id, "--html", tmp_path / "run.html")

    sentence = "Step Functions has no history of job job-of-long-ago.\n"
    assert (done.code, done.err) == (0, sentence)
    assert (page.code, page.err) == (1, sentence)


def test_no_secret_is_told(bench: Workbench, tmp_path: Path) -> None:
    page = tmp_path / "run.html"
    bench.script(refuses("create", 2, times=2), refuses("publish", 190, 460))
    run = bench.finished(bench.start(bench.group(PHOTO, CLIP, caption="Words of our own")))
    assert run.error == "TokenInvalidError"

    shown = status(bench, run.job_id, "--history", "--html", page)
    as_json = status(bench, run.job_id, "--history", "--json")

    said = shown.out + as_json.out + page.read_text(encoding="utf-8")
    secrets = [DEMO_ACCOUNT.token, DEMO_ACCOUNT.user_id, "Words of our own", "X-Amz-", "Signature"]
    assert [secret for secret in secrets if secret in said] == []


def test_a_history_of_several_pages_is_read_whole(bench: Workbench) -> None:
    run = bench.published(bench.group(PHOTO))
    executions = Executions(bench.stepfunctions, bench.sandbox.state_machine_arn)
    asked: list[Any] = []

    def ask_for_ten(params: dict[str, Any], **_: Any) -> None:
        asked.append(params.get("nextToken"))
        params["maxResults"] = 10

    hook = ("provide-client-params.sfn.GetExecutionHistory", ask_for_ten)
    bench.stepfunctions.meta.events.register(*hook)
    events = executions.events(run.job_id)
    bench.stepfunctions.meta.events.unregister(*hook)

    assert len(asked) > 4
    assert json.dumps(events, default=str) == json.dumps(bench.history(run.job_id), default=str)
    assert history.read(events).status == "SUCCEEDED"


def test_the_example_of_the_readme_is_what_comes_out(bench: Workbench) -> None:
    bench.configure(image={"seconds": 2.5})
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"<!-- output: postwright status .*?-->\n```text\n(.*?)```", readme, re.S)
    photo = ROOT / "sandbox/samples/02-sea.jpg"
    published = command("publish", photo, "--json", aws=bench.sandbox.aws)

    printed = status(bench, published.json["jobId"], "--history").out

    def without_measures(line: str) -> str:
        return re.sub(r"^( *[\d.]+ s){2}|[\d.]+ (?=GB-seconds)|(?<=[$])[\d.]+", "", line)

    lines = {without_measures(line) for line in printed.splitlines()}
    missing = [line for line in shown.splitlines() if without_measures(line) not in lines]
    assert len(shown.splitlines()) > 3
    assert missing == []
