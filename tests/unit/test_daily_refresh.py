"""The sandbox's daily refresh: on the days that time passes, and never a reason for it to pass."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import boto3
import httpx
import pytest

from sandbox.instagram import DEMO_ACCOUNT, SECOND_ACCOUNT
from sandbox.server import Sandbox, SandboxOptions
from tests.workflow.workbench import stderr_to

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What functions print."""
    return tmp_path_factory.mktemp("daily") / "stderr.txt"


@pytest.fixture(scope="module")
def sandbox(log: Path) -> Iterator[Sandbox]:
    """With metrics, as on AWS."""
    options = SandboxOptions(
        0, 0, 0, speed=None, empty=True, settings={"POWERTOOLS_METRICS_DISABLED": "false"}
    )
    running = Sandbox(options)
    with stderr_to(log):
        running.start()
    yield running
    running.close()


def tokens(sandbox: Sandbox) -> dict[str, str]:
    """The stored tokens by the rest of their names."""
    given = sandbox.environment()
    client = boto3.client(
        "ssm",
        endpoint_url=given["AWS_ENDPOINT_URL"],
        region_name=given["AWS_REGION"],
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
    )
    prefix = given["POSTWRIGHT_SSM_PREFIX"]
    with closing(client):
        found = client.get_parameters_by_path(Path=prefix, Recursive=True, WithDecryption=True)
    return {
        parameter["Name"].removeprefix(prefix): parameter["Value"]
        for parameter in found["Parameters"]
        if parameter["Name"].endswith("access-token")
    }


def test_it_keeps_both_accounts_alive_while_time_passes_for_another_reason(
    sandbox: Sandbox,
) -> None:
    begin = sandbox.clock.now()

    idle = sandbox.functions.invocations("refresh_token")
    sandbox.clock.wait_until(begin + timedelta(days=70, hours=1))

    assert idle == 0
    assert sandbox.functions.invocations("refresh_token") == 70
    now = tokens(sandbox)
    assert now.keys() == {"/instagram-access-token", "/second/instagram-access-token"}
    assert not {DEMO_ACCOUNT.token, SECOND_ACCOUNT.token} & set(now.values())
    states = token_states(sandbox)
    assert all(states[mask] == "ok" for mask in map(masked, now.values()))


def test_it_measures_each_account_and_all_together(sandbox: Sandbox, log: Path) -> None:
    """As CloudWatch takes metrics from log lines.

    Source: CloudWatch user guide, "Specification: Embedded metric format", read 2026-11.
    """
    before = len(log.read_text().splitlines())

    sandbox.functions.invoke("refresh_token", {})

    lines = map(json.loads, log.read_text().splitlines()[before:])
    measured = [
        {name: value for name, value in line.items() if name not in ("_aws", "service")}
        for line in lines
        if line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Postwright"
    ]
    assert [line.pop("AccountId", None) for line in measured] == [None, "default", "second"]
    assert all(45 < line["TokenDaysLeft"][0] <= 60 for line in measured[1:])
    assert measured[0] == {
        "TokensRefreshed": [0.0],
        "TokenRefreshesFailed": [0.0],
        "TokenAlarms": [0.0],
    }


def token_states(sandbox: Sandbox) -> dict[str, str]:
    """What Instagram says of every token that it gave out."""
    config = httpx.get(f"{sandbox.instagram}/_control/config", trust_env=False).json()
    found: dict[str, str] = config["tokens"]
    return found


def masked(token: str) -> str:
    return f"{token[:4]}...{token[-4:]}"
