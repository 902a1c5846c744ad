"""A job that failed is tried again through the API and from the command line."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from postwright.executions import Executions, NotRedrivableError
from sandbox.instagram.accounts import DEMO_ACCOUNT
from tests.command_line import run as command
from tests.workflow.misbehaviour import answers, disagrees
from tests.workflow.truth import assert_records_are_true
from tests.workflow.workbench import PostGroup, Shot, Workbench

pytestmark = pytest.mark.workbench

PHOTO, REFUSED = Shot.PHOTO, Shot.REFUSED


def failed_without_token(bench: Workbench, *shots: Shot) -> tuple[PostGroup, str]:
    """A run that ended for want of a token, which works again now."""
    bench.configure(tokens={DEMO_ACCOUNT.token: "revoked"})
    group = bench.group(*shots)
    run = bench.finished(bench.start(group))
    assert run.error == "TokenInvalidError"
    bench.configure(tokens={DEMO_ACCOUNT.token: "ok"})
    return group, run.job_id


def retry(bench: Workbench, job_id: str) -> tuple[int, dict[str, Any]]:
    answer = bench.api.post(f"/api/publish/{job_id}/retry")
    return answer.status_code, answer.json()


def assert_published_once(bench: Workbench, job_id: str) -> None:
    run = bench.finished(job_id)
    assert run.status == "SUCCEEDED", run.message
    assert bench.sends() == 1
    assert_records_are_true(bench)


def test_a_retry_lets_the_run_go_on(bench: Workbench) -> None:
    _, job_id = failed_without_token(bench, PHOTO, PHOTO)

    code, body = retry(bench, job_id)

    assert (code, body["jobId"], body["how"]) == (202, job_id, "redrive")
    assert body["statusUrl"] == f"/api/publish/{job_id}/status"
    assert "goes on where it stopped" in body["why"]
    assert_published_once(bench, job_id)


def test_clicks_at_the_same_instant_name_the_same_run(bench: Workbench) -> None:
    _, job_id = failed_without_token(bench, PHOTO)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: retry(bench, job_id), range(4)))

    assert {code for code, _ in done} <= {200, 202}
    assert {(body["jobId"], body["how"]) for _, body in done} == {(job_id, "redrive")}
    assert_published_once(bench, job_id)
    found = bench.stepfunctions.describe_execution(executionArn=bench.arn(job_id))
    assert found["redriveCount"] == 1


def test_clicks_at_the_same_instant_begin_one_new_run(bench: Workbench) -> None:
    group, job_id = failed_without_token(bench, PHOTO)
    bench.describe(group, "Better words")

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: retry(bench, job_id), range(4)))

    [(new_id, how)] = {(body["jobId"], body["how"]) for _, body in done}
    assert (how, new_id != job_id) == ("new", True)
    assert sorted(code for code, _ in done) == [200, 200, 200, 202]
    assert_published_once(bench, new_id)


def test_media_that_were_corrected_are_published_by_a_new_run(bench: Workbench) -> None:
    bench.script(disagrees())
    group = bench.group(PHOTO, REFUSED)
    run = bench.finished(bench.start(group))
    assert run.error == "MediaRejectedError"
    bench.end_faults()
    bench.replace(group, 1)

    code, body = retry(bench, run.job_id)

    assert (code, body["how"]) == (202, "new")
    assert "has changed" in body["why"]
    assert_published_once(bench, body["jobId"])
    kept = bench.job(run.job_id).containers["0"].id
    assert bench.job(body["jobId"]).containers["0"].id == kept


def test_after_fourteen_days_a_new_run_begins(bench: Workbench) -> None:
    _, job_id = failed_without_token(bench, PHOTO)
    bench.clock.advance(timedelta(days=14, minutes=1).total_seconds())

    code, body = retry(bench, job_id)

    assert (code, body["how"]) == (202, "new")
    assert "redrivable period exceeded" in body["why"]
    assert_published_once(bench, body["jobId"])


def test_an_unclear_publish_is_only_looked_for(bench: Workbench) -> None:
    bench.script(answers("publish", "", status=500, times=2))
    run = bench.finished(bench.start(bench.group(PHOTO)))
    assert run.error == "PublishUncertainError"

    code, body = retry(bench, run.job_id)
    again = bench.finished(run.job_id)

    assert (code, body["how"]) == (202, "redrive")
    assert "looks for the post" in body["why"]
    assert again.error == "PublishUncertainError"
    assert bench.sends() == 2  # both before the retry


def test_what_cannot_be_tried_again_says_so(bench: Workbench) -> None:
    run = bench.published(bench.group(PHOTO))

    code, body = retry(bench, run.job_id)

    assert (code, body.pop("error")["type"]) == (409, "AlreadyPublishedError")
    assert body == {"status": "published", "permalink": run.output["permalink"]}
    assert retry(bench, "nobody")[0] == 404


def test_the_command_line_tries_again_and_follows(bench: Workbench) -> None:
    _, job_id = failed_without_token(bench, PHOTO, PHOTO)

    done = command("retry", job_id, "--json", aws=bench.sandbox.aws)

    assert done.code == 0, done.err
    told = done.json
    assert (told["jobId"], told["status"], told["how"]) == (job_id, "published", "redrive")
    assert told["permalink"] == bench.posts()[0]["permalink"]
    assert f"The run goes on: job {job_id}. " in done.err
    assert_published_once(bench, job_id)


def test_the_command_line_says_what_cannot_be_tried_again(bench: Workbench) -> None:
    run = bench.published(bench.group(PHOTO))

    done = command("retry", run.job_id, aws=bench.sandbox.aws)

    assert done.code == 1
    assert "published already" in done.err


def test_an_execution_is_redriven_once_for_a_token(bench: Workbench) -> None:
    _, job_id = failed_without_token(bench, PHOTO)
    executions = Executions(bench.stepfunctions, bench.sandbox.state_machine_arn)

    with bench.time_stands_still():
        executions.redrive(job_id, "first")
        executions.redrive(job_id, "first")
        found = executions.describe(job_id)
        with pytest.raises(NotRedrivableError, match="RUNNING"):
            executions.redrive(job_id, "second")

    assert found is not None
    assert (found.status, found.redrive_count, found.redrivable) == ("RUNNING", 1, False)
    assert_published_once(bench, job_id)
