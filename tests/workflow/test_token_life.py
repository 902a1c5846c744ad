"""Tokens in the real workflow: two accounts side by side, and a refresh in the middle of a run."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.instagram.accounts import DEMO_ACCOUNT, SECOND_ACCOUNT, Account
from tests.workflow.truth import assert_records_are_true
from tests.workflow.workbench import TOKEN_PARAMETER, Shot, Workbench

pytestmark = pytest.mark.engine


def captions_of(bench: Workbench, account: Account) -> list[str]:
    """What is live for an account, as Instagram shows it to the account's own token."""
    answer = bench.instagram.get(
        f"/v25.0/{account.user_id}/media",
        params={"fields": "caption"},
        headers={"Authorization": f"Bearer {account.token}"},
    )
    answer.raise_for_status()
    return [post["caption"] for post in answer.json()["data"]]


def daily_refresh(bench: Workbench) -> dict[str, Any]:
    """What the schedule calls every day; by account."""
    answer = bench.sandbox.functions.invoke("refresh_token", {})
    assert not answer.error, answer.payload
    return {account["accountId"]: account for account in answer.payload["accounts"]}


def test_two_accounts_publish_side_by_side_each_with_its_own_token(bench: Workbench) -> None:
    ours, theirs = bench.group(Shot.PHOTO), bench.group(Shot.PHOTO)

    jobs = [bench.start(ours), bench.start(theirs, accountId="second")]
    runs = [bench.finished(job) for job in jobs]

    assert [run.status for run in runs] == ["SUCCEEDED", "SUCCEEDED"]
    assert captions_of(bench, DEMO_ACCOUNT) == [ours.caption]
    assert captions_of(bench, SECOND_ACCOUNT) == [theirs.caption]
    assert bench.job(jobs[1]).account_id == "second"
    assert_records_are_true(bench)


def test_a_refresh_in_the_middle_of_a_run_does_no_harm(bench: Workbench) -> None:
    bench.configure(tokens={DEMO_ACCOUNT.token: {"age_hours": 20 * 24}})
    bench.store_token(DEMO_ACCOUNT.token)
    daily_refresh(bench)
    group = bench.group(Shot.CLIP)
    bench.clock.advance(86_400)

    job = bench.start(group)
    bench.until_in(job, "WaitForContainers")
    refreshed = daily_refresh(bench)["default"]
    run = bench.finished(job)

    assert refreshed["did"] == "refreshed"
    assert run.status == "SUCCEEDED", run.message
    stored = bench.ssm.get_parameter(Name=TOKEN_PARAMETER, WithDecryption=True)["Parameter"]
    assert stored["Value"] != DEMO_ACCOUNT.token
    assert captions_of(bench, DEMO_ACCOUNT) == [group.caption]


def test_a_token_that_was_replaced_and_revoked_is_taken_up_at_once(bench: Workbench) -> None:
    """Functions keep a token for five minutes, and ask again as soon as it is refused."""
    bench.configure(tokens={DEMO_ACCOUNT.token: {"age_hours": 30}})
    bench.store_token(DEMO_ACCOUNT.token)
    daily_refresh(bench)
    group = bench.group(Shot.CLIP)
    bench.clock.advance(86_400)

    job = bench.start(group)
    bench.until_in(job, "WaitForContainers")
    assert daily_refresh(bench)["default"]["did"] == "refreshed"
    bench.configure(tokens={DEMO_ACCOUNT.token: "revoked"})
    run = bench.finished(job)

    assert run.status == "SUCCEEDED", run.message
    assert len(bench.posts_of(group)) == 1
