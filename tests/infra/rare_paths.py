"""What functions do that no scenario of the table leads to: each path uses a permission more.

They begin with a sandbox that was just reset, and leave no run behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import httpx

from sandbox.instagram.accounts import DEMO_ACCOUNT, SECOND_ACCOUNT
from tests.infra.permissions import Permission, Recorder, parameter_arn
from tests.workflow.misbehaviour import refuses
from tests.workflow.workbench import NEW_TOKEN, TOKEN_PARAMETER, PostGroup, Shot, Workbench

Path = Callable[[Workbench, Recorder], None]

PHOTO = Shot.PHOTO

_BLOCKED: Final = (368, None)
_NO_START: Final = {"service": "states", "operation": "StartExecution", "does": "kill_before"}
_UNHEARD: Final = {"service": "events", "does": "lost"}
_LONG_QUIET_SECONDS: Final = 400
_NEW_TOKEN_STORED: Final = Permission("ssm:PutParameter", parameter_arn(TOKEN_PARAMETER))
_DUE: Final = timedelta(days=20)


def _ask(bench: Workbench, job_id: str, what: str, body: Any = None) -> int:
    return bench.api.post(f"/api/publish/{job_id}/{what}", json=body).status_code


def _invoke(bench: Workbench, function: str) -> Any:
    answer = bench.sandbox.functions.invoke(function, {})
    assert not answer.error, answer.payload
    return answer.payload


def _claimed_and_never_started(bench: Workbench) -> PostGroup:
    """A group whose start died between the claim and the call that begins the run."""
    group = bench.group(PHOTO)
    bench.script_calls(_NO_START)
    answer = bench.api.post("/api/publish/start", json=group.request)
    assert answer.status_code == 500
    return group


def _stopped_and_nobody_heard(bench: Workbench) -> str:
    """A run that was stopped, of which the table does not know."""
    bench.script_calls(_UNHEARD)
    with bench.time_stands_still():
        job_id = bench.start(bench.group(PHOTO))
        bench.until_in(job_id, "WaitForContainers")
        bench.stop(job_id)
    bench.let_time_pass(1)
    assert bench.job(job_id).status == "publishing"
    return job_id


def _unconfirmed(bench: Workbench, *, effect: str) -> str:
    """A run that was stopped while its publish call had no answer."""
    bench.script({"call": "publish", "answer": "reset", "effect": effect})
    with bench.time_stands_still():
        job_id = bench.start(bench.group(PHOTO))
        bench.until_in(job_id, "WaitBeforeReconcile")
        bench.stop(job_id)
    bench.finished(job_id)
    assert bench.job(job_id).status == "unconfirmed"
    return job_id


def _failed_without_token(bench: Workbench, group: PostGroup) -> str:
    bench.configure(tokens={DEMO_ACCOUNT.token: "revoked"})
    run = bench.finished(bench.start(group))
    assert run.error == "TokenInvalidError"
    bench.configure(tokens={DEMO_ACCOUNT.token: "ok"})
    return run.job_id


def _a_file_is_gone(bench: Workbench, group: PostGroup) -> None:
    bench.s3.delete_object(Bucket=bench.bucket, Key=group.key(0))


# Missing files


def a_start_without_a_file(bench: Workbench, _: Recorder) -> None:
    group = bench.group(PHOTO)
    _a_file_is_gone(bench, group)

    assert bench.api.post("/api/publish/start", json=group.request).status_code == 422


def a_start_from_the_console_without_a_file(bench: Workbench, _: Recorder) -> None:
    group = bench.group(PHOTO)
    _a_file_is_gone(bench, group)

    assert bench.finished(bench.start_execution(group.request)).error == "InvalidPostError"


def a_retry_without_a_file(bench: Workbench, _: Recorder) -> None:
    group = bench.group(PHOTO)
    job_id = _failed_without_token(bench, group)
    _a_file_is_gone(bench, group)

    assert _ask(bench, job_id, "retry") == 422


def a_file_is_deleted_while_a_run_waits_for_the_quota(bench: Workbench, _: Recorder) -> None:
    bench.published(bench.group(PHOTO))
    bench.configure(quota_total=1)
    group = bench.group(PHOTO)
    with bench.time_stands_still():
        job_id = bench.start(group, onQuota="wait")
        bench.until_in(job_id, "WaitForQuota")
        _a_file_is_gone(bench, group)
    bench.configure(quota_total=2)

    assert bench.finished(job_id).error == "InvalidPostError"


def a_file_from_a_time_without_versions(bench: Workbench, _: Recorder) -> None:
    with _without_versions(bench):
        group = bench.group(PHOTO)

    bench.published(group)


@contextmanager
def _without_versions(bench: Workbench) -> Iterator[None]:
    """Somebody has suspended them for a while; such an object has no version to be asked for."""

    def versions(status: Any) -> None:
        bench.s3.put_bucket_versioning(
            Bucket=bench.bucket, VersioningConfiguration={"Status": status}
        )

    versions("Suspended")
    try:
        yield
    finally:
        versions("Enabled")


# Blocks of the account, which are kept by who hears of them


def a_block_at(call: str) -> Path:
    def blocked(bench: Workbench, _: Recorder) -> None:
        bench.script(refuses(call, *_BLOCKED))
        bench.finished(bench.start_execution(bench.group(PHOTO).request))
        assert bench.store.account_block("default") is not None

    return blocked


def a_block_at_the_parent(bench: Workbench, _: Recorder) -> None:
    bench.script(refuses("create", *_BLOCKED, after=2))
    bench.finished(bench.start(bench.group(PHOTO, PHOTO)))
    assert bench.store.account_block("default") is not None


# Runs of which the table does not know the end


def a_status_of_a_run_that_never_began(bench: Workbench, _: Recorder) -> None:
    group = _claimed_and_never_started(bench)
    job_id = bench.record(group).active_job_id or ""
    bench.clock.advance(_LONG_QUIET_SECONDS)

    bench.status(job_id)

    assert bench.finished(job_id).status == "SUCCEEDED"


def a_status_of_a_run_that_was_stopped_unheard(bench: Workbench, _: Recorder) -> None:
    job_id = _stopped_and_nobody_heard(bench)
    bench.clock.advance(_LONG_QUIET_SECONDS)

    assert bench.status(job_id)["status"] == "failed"


def a_console_start_of_what_was_claimed_and_never_began(bench: Workbench, _: Recorder) -> None:
    group = _claimed_and_never_started(bench)

    bench.finished(bench.start_execution(group.request))

    assert bench.finished(bench.record(group).active_job_id or "").status == "SUCCEEDED"


def a_sweep_over_everything(bench: Workbench, _: Recorder) -> None:
    group = _claimed_and_never_started(bench)
    stopped = _stopped_and_nobody_heard(bench)
    bench.clock.advance(_LONG_QUIET_SECONDS)

    _invoke(bench, "sweep_jobs")

    assert bench.job(stopped).status == "failed"
    assert bench.finished(bench.record(group).active_job_id or "").status == "SUCCEEDED"


def a_sweep_that_gives_up_a_post(bench: Workbench, _: Recorder) -> None:
    job_id = _unconfirmed(bench, effect="never")
    bench.clock.advance(timedelta(hours=25).total_seconds())

    _invoke(bench, "sweep_jobs")

    assert bench.job(job_id).status == "failed"


def a_sweep_that_finds_a_post(bench: Workbench, _: Recorder) -> None:
    job_id = _unconfirmed(bench, effect="first")
    bench.clock.advance(_LONG_QUIET_SECONDS)

    _invoke(bench, "sweep_jobs")

    assert bench.job(job_id).status == "published"


def statuses_of_runs_of_both_kinds(bench: Workbench, _: Recorder) -> None:
    group = _claimed_and_never_started(bench)
    forgotten = bench.record(group).active_job_id or ""
    stopped = _stopped_and_nobody_heard(bench)
    bench.clock.advance(_LONG_QUIET_SECONDS)

    bench.api.get("/api/publish/status", params={"jobs": f"{forgotten},{stopped}"})

    assert bench.job(stopped).status == "failed"
    assert bench.finished(forgotten).status == "SUCCEEDED"


# Slots of the quota that are held by runs which are over


def a_check_of_the_quota_while_a_dead_run_has_the_last_slot(bench: Workbench, _: Recorder) -> None:
    bench.configure(quota_total=1)
    _stopped_and_nobody_heard(bench)
    bench.clock.advance(_LONG_QUIET_SECONDS)

    bench.published(bench.group(PHOTO))


def a_redriven_publish_while_a_dead_run_has_the_last_slot(bench: Workbench, _: Recorder) -> None:
    bench.configure(quota_total=1)
    bench.script(refuses("publish", 190, 463))
    run = bench.finished(bench.start(bench.group(PHOTO)))
    assert run.error == "TokenInvalidError"
    _stopped_and_nobody_heard(bench)
    bench.clock.advance(_LONG_QUIET_SECONDS)

    bench.redrive(run.job_id)

    assert bench.finished(run.job_id).status == "SUCCEEDED"


# What people ask for


def a_job_is_cancelled(bench: Workbench, _: Recorder) -> None:
    with bench.time_stands_still():
        job_id = bench.start(bench.group(PHOTO))
        bench.until_in(job_id, "WaitForContainers")
        assert _ask(bench, job_id, "cancel") == 200
    bench.finished(job_id)


def a_job_is_retried_by_its_run(bench: Workbench, _: Recorder) -> None:
    job_id = _failed_without_token(bench, bench.group(PHOTO))

    assert _ask(bench, job_id, "retry") == 202

    assert bench.finished(job_id).status == "SUCCEEDED"


def a_job_is_retried_by_a_new_run(bench: Workbench, _: Recorder) -> None:
    group = bench.group(PHOTO)
    job_id = _failed_without_token(bench, group)
    bench.describe(group, "Better words")

    answer = bench.api.post(f"/api/publish/{job_id}/retry").json()

    assert (answer["how"], bench.finished(answer["jobId"]).status) == ("new", "SUCCEEDED")


def a_publish_is_settled_by_hand(bench: Workbench, _: Recorder) -> None:
    job_id = _unconfirmed(bench, effect="never")
    bench.clock.advance(_LONG_QUIET_SECONDS)

    assert _ask(bench, job_id, "reconcile", {"notPublished": True}) == 200


def a_post_is_accepted_by_hand(bench: Workbench, _: Recorder) -> None:
    job_id = _unconfirmed(bench, effect="first")

    assert _ask(bench, job_id, "reconcile", {"accept": bench.posts()[0]["id"]}) == 200


def the_accounts_are_looked_at(bench: Workbench, _: Recorder) -> None:
    assert bench.api.get("/api/account").status_code == 200


def the_groups_of_a_session_are_looked_at(bench: Workbench, _: Recorder) -> None:
    """With the pictures, of one file with a version, of one without, and of one that is gone."""
    group = bench.group(PHOTO)
    with _without_versions(bench):
        other = bench.group(PHOTO)
    gone = bench.group(PHOTO)
    _a_file_is_gone(bench, gone)
    bench.published(bench.group(PHOTO))

    assert bench.api.get("/api/sessions").status_code == 200
    for one in (group, other, gone):
        answer = bench.api.get(f"/api/sessions/{one.session_id}/groups", params={"preflight": "1"})
        assert answer.status_code == 200
        for url in _signed(answer.json()):
            httpx.get(url, trust_env=False).raise_for_status()


def _signed(document: Any) -> Iterator[str]:
    """Every presigned URL of an answer."""
    if isinstance(document, dict | list):
        for part in document.values() if isinstance(document, dict) else document:
            yield from _signed(part)
    elif isinstance(document, str) and "X-Amz-Signature=" in document:
        yield document


def what_is_not_there_is_asked_for(bench: Workbench, _: Recorder) -> None:
    assert bench.api.get("/api/nothing").status_code == 404
    assert bench.api.get("/api/sessions/nobody/groups").status_code == 404


# Tokens


def tokens_are_refreshed(bench: Workbench, _: Recorder) -> None:
    with _tokens_kept(bench):
        assert _when_due(bench)["did"] == "refreshed"


def a_token_does_not_work_any_more(bench: Workbench, _: Recorder) -> None:
    with _tokens_kept(bench):
        bench.configure(tokens={DEMO_ACCOUNT.token: "revoked"})
        assert "alarm" in _when_due(bench)


def a_token_is_deleted_while_it_is_refreshed(bench: Workbench, recorder: Recorder) -> None:
    with _tokens_kept(bench):
        recorder.just_before(
            "refresh_token",
            _NEW_TOKEN_STORED,
            lambda: bench.ssm.delete_parameter(Name=TOKEN_PARAMETER),
        )
        assert _when_due(bench)["did"] == "kept"


def another_token_is_stored_while_one_is_refreshed(bench: Workbench, recorder: Recorder) -> None:
    with _tokens_kept(bench):
        recorder.just_before(
            "refresh_token", _NEW_TOKEN_STORED, lambda: bench.store_token(NEW_TOKEN)
        )
        assert _when_due(bench)["did"] == "kept"


def _when_due(bench: Workbench) -> dict[str, Any]:
    """What comes of the default account once its token has few days left."""
    _invoke(bench, "refresh_token")
    bench.clock.advance(_DUE.total_seconds())
    [outcome] = [
        one for one in _invoke(bench, "refresh_token")["accounts"] if one["accountId"] == "default"
    ]
    return dict(outcome)


@contextmanager
def _tokens_kept(bench: Workbench) -> Iterator[None]:
    """A token that is new at Instagram, and afterwards the parameters as they were before."""
    bench.configure(tokens={DEMO_ACCOUNT.token: "ok"})
    try:
        yield
    finally:
        folder = TOKEN_PARAMETER.rpartition("/")[0]
        bench.store_token(DEMO_ACCOUNT.token)
        bench.ssm.put_parameter(
            Name=f"{folder}/instagram-user-id",
            Value=DEMO_ACCOUNT.user_id,
            Type="String",
            Overwrite=True,
        )
        bench.ssm.put_parameter(
            Name=f"{folder}/second/instagram-access-token",
            Value=SECOND_ACCOUNT.token,
            Type="SecureString",
            Overwrite=True,
        )


PATHS: Final[dict[str, Path]] = {
    **{
        path.__name__.replace("_", " "): path
        for path in (
            a_start_without_a_file,
            a_start_from_the_console_without_a_file,
            a_retry_without_a_file,
            a_file_is_deleted_while_a_run_waits_for_the_quota,
            a_file_from_a_time_without_versions,
            a_block_at_the_parent,
            a_status_of_a_run_that_never_began,
            a_status_of_a_run_that_was_stopped_unheard,
            a_console_start_of_what_was_claimed_and_never_began,
            statuses_of_runs_of_both_kinds,
            a_sweep_over_everything,
            a_sweep_that_gives_up_a_post,
            a_sweep_that_finds_a_post,
            a_check_of_the_quota_while_a_dead_run_has_the_last_slot,
            a_redriven_publish_while_a_dead_run_has_the_last_slot,
            a_job_is_cancelled,
            a_job_is_retried_by_its_run,
            a_job_is_retried_by_a_new_run,
            a_publish_is_settled_by_hand,
            a_post_is_accepted_by_hand,
            the_accounts_are_looked_at,
            the_groups_of_a_session_are_looked_at,
            what_is_not_there_is_asked_for,
            tokens_are_refreshed,
            a_token_does_not_work_any_more,
            a_token_is_deleted_while_it_is_refreshed,
            another_token_is_stored_while_one_is_refreshed,
        )
    },
    "a block when a container is made": a_block_at("create"),
    "a block when a container is looked at": a_block_at("status"),
    "a block when a post is read": a_block_at("media"),
    "a block when the quota is read": a_block_at("quota"),
}
"""By what happens in them."""
