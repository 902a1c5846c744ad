"""Simulated weeks of three accounts with more to publish than they may, and what Instagram refused.

The whole of it runs: the state machine, the functions in processes of their own, and the simulated
Instagram with small totals. Two controls show what the budgets are for: functions that look and
then act, without holding a slot, and functions without budgets.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

import httpx

from postwright.models import Group, MediaItem, Session
from postwright.store import Store
from sandbox.clients import session_of
from sandbox.instagram import accounts, world
from sandbox.samples import SAMPLES_DIR
from sandbox.server import Sandbox, SandboxOptions

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

CONTROLS: Final = {
    "ours": "lambdas",
    "without slots": "bench.without_slots",
    "without budgets": "bench.without_budgets",
}
DAY: Final = timedelta(days=1)
STEP: Final = timedelta(minutes=10)
THIRD_ACCOUNT: Final = replace(
    accounts.SECOND_ACCOUNT,
    user_id="17841400000033333",
    app_scoped_id="24242400000000033",
    username="postwright.third",
    token="IGAASandboxThirdAccessTokenThatOpensNothing00003",  # noqa: S106 - worth nothing
    page_token="EAABSandboxThirdPageTokenThatOpensNothing00003",  # noqa: S106 - worth nothing
    page_id="100000000000033",
)
_ACCOUNTS: Final = {
    "default": accounts.DEMO_ACCOUNT,
    "second": accounts.SECOND_ACCOUNT,
    "third": THIRD_ACCOUNT,
}
_PHOTOS: Final = ("02-sea.jpg", "01-dunes.jpg", "04-mountains.jpg")
_CAROUSEL_EVERY: Final = 4
"""One in so many posts is a carousel, which makes four containers."""
_REFUSALS: Final = {
    (9, 2207042): "posts",
    (-1, 2207032): "containers",
    (80002, None): "calls",
    (4, None): "calls",
}


@dataclass(frozen=True)
class Totals:
    """What Instagram allows an account here, and how much there is to publish."""

    days: float = 14
    posts: int = 3
    containers: int = 10
    calls: int = 60
    waiting: int = 4


@dataclass
class Outcome:
    """What became of it. `used` is the share of the slots that were in use, from the second day on:
    a post uses its slot for a day.
    """

    published: int = 0
    calls: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    used: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return {
            "published": self.published,
            "calls": self.calls,
            "refused": dict(self.refused),
            "failed": dict(self.failed),
            "slotsUsedPercent": round(self.used * 100, 2),
        }


def run(totals: Totals, functions: str = "lambdas") -> Outcome:
    """Let the time pass, with enough posts that wait, and look at what Instagram saw."""
    with _sandbox(totals, functions) as sandbox:
        weeks = _Weeks(sandbox, totals)
        weeks.pass_by()
        return weeks.outcome()


@contextmanager
def _sandbox(totals: Totals, functions: str) -> Iterator[Sandbox]:
    settings = {
        "POSTWRIGHT_CONTAINERS_PER_DAY": str(totals.containers),
        "POSTWRIGHT_CALLS_PER_HOUR": str(totals.calls),
    }
    simulated = cast(Any, world)
    usual, simulated.ACCOUNTS = simulated.ACCOUNTS, tuple(_ACCOUNTS.values())
    try:
        options = SandboxOptions(
            *(0, 0, 0), speed=None, empty=True, settings=settings, functions=functions
        )
        with Sandbox(options) as sandbox:
            yield sandbox
    finally:
        simulated.ACCOUNTS = usual


class _Weeks:
    def __init__(self, sandbox: Sandbox, totals: Totals) -> None:
        environment = sandbox.environment()
        session = session_of(environment)
        self._totals = totals
        self._clock = sandbox.clock
        self._arn = sandbox.state_machine_arn
        self._stepfunctions: SFNClient = session.client("stepfunctions", endpoint_url=sandbox.aws)
        self._store = Store(
            session.client("dynamodb", endpoint_url=sandbox.aws), environment["POSTWRIGHT_TABLE"]
        )
        self._instagram = httpx.Client(base_url=sandbox.instagram, trust_env=False, timeout=60)
        self._numbers = itertools.count(1)
        self._account_of: dict[str, str] = {}
        self._outcome = Outcome()
        self._began = self._clock.now()
        self._fill(session, sandbox, environment)

    def pass_by(self) -> None:
        ends_at = self._began + timedelta(days=self._totals.days)
        began, days = time.monotonic(), itertools.count(1)
        day = next(days)
        while (now := self._clock.now()) < ends_at:
            if now >= self._began + day * DAY:
                sys.stderr.write(f"day {day}: {time.monotonic() - began:.0f} s\n")
                day = next(days)
            self._start_more()
            self._clock.wait_until(now + STEP)
        self._look_at_calls()
        self._look_at_posts(ends_at)
        self._instagram.close()

    def outcome(self) -> Outcome:
        return self._outcome

    def _fill(self, session: Any, sandbox: Sandbox, environment: dict[str, str]) -> None:
        """Tokens, photos, and an Instagram with small totals."""
        ssm = session.client("ssm", endpoint_url=sandbox.aws)
        s3 = session.client("s3", endpoint_url=sandbox.aws)
        for name, account in _ACCOUNTS.items():
            folder = environment["POSTWRIGHT_SSM_PREFIX"]
            folder += "" if name == "default" else f"/{name}"
            for leaf, value in (
                ("instagram-access-token", account.token),
                ("instagram-user-id", account.user_id),
            ):
                ssm.put_parameter(
                    Name=f"{folder}/{leaf}", Value=value, Type="SecureString", Overwrite=True
                )
        for name in _PHOTOS:
            s3.put_object(
                Bucket=environment["POSTWRIGHT_BUCKET"],
                Key=f"weeks/enhanced/{name}",
                Body=(SAMPLES_DIR / name).read_bytes(),
                ContentType="image/jpeg",
            )
        now = self._clock.now().isoformat()
        self._store.put_session(
            Session(session_id="weeks", name="Weeks", step="publish", created_at=now)
        )
        self._instagram.post(
            "/_control/config",
            json={
                "quota_total": self._totals.posts,
                "container_cap": self._totals.containers,
                "calls_per_hour": self._totals.calls,
            },
        ).raise_for_status()

    def _start_more(self) -> None:
        """So many runs of each account are under way or wait, always."""
        running = Counter(self._account_of[name] for name in self._running())
        for account in _ACCOUNTS:
            for _ in range(self._totals.waiting - running[account]):
                self._start(account)

    def _start(self, account: str) -> None:
        number = next(self._numbers)
        photos = _PHOTOS if number % _CAROUSEL_EVERY == 0 else _PHOTOS[:1]
        group_id, job_id = f"group-{number}", f"job-{number}"
        media = [MediaItem(key=f"weeks/enhanced/{name}", kind="image") for name in photos]
        self._store.put_new_group(
            Group(
                session_id="weeks",
                group_id=group_id,
                media=media,
                caption=f"Post {number}",
                account_id=account,
            )
        )
        self._account_of[job_id] = account
        self._stepfunctions.start_execution(
            stateMachineArn=self._arn,
            name=job_id,
            input=json.dumps({"sessionId": "weeks", "groupId": group_id, "onQuota": "wait"}),
        )

    def _running(self) -> list[str]:
        pages = self._stepfunctions.get_paginator("list_executions").paginate(
            stateMachineArn=self._arn, statusFilter="RUNNING"
        )
        return [found["name"] for page in pages for found in page["executions"]]

    def _look_at_calls(self) -> None:
        for entry in self._instagram.get("/_control/requests").json():
            self._outcome.calls += 1
            error = entry["error"]
            numbers = (error["code"], error["subcode"]) if error else None
            if numbers in _REFUSALS:
                self._outcome.refused[_REFUSALS[numbers]] += 1

    def _look_at_posts(self, ends_at: datetime) -> None:
        outcome, first_day_ends = self._outcome, self._began + DAY
        in_use = timedelta()
        for post in self._instagram.get("/_control/posts").json():
            at = datetime.fromisoformat(post["timestamp"])
            outcome.published += 1
            begins, ends = max(at, first_day_ends), min(at + DAY, ends_at)
            in_use += max(timedelta(), ends - begins)
        slots = len(_ACCOUNTS) * self._totals.posts
        if ends_at > first_day_ends:
            outcome.used = in_use / ((ends_at - first_day_ends) * slots)
        pages = self._stepfunctions.get_paginator("list_executions").paginate(
            stateMachineArn=self._arn, statusFilter="FAILED"
        )
        for page in pages:
            for found in page["executions"]:
                told = self._stepfunctions.describe_execution(executionArn=found["executionArn"])
                outcome.failed[str(told.get("error"))] += 1


def main() -> None:
    """Write bench/results/weeks.json: for each kind of functions what became of it."""
    parser = argparse.ArgumentParser(prog="python -m bench.weeks", description=__doc__)
    parser.add_argument("--days", type=float, default=Totals.days)
    parser.add_argument("--control-days", type=float, default=3.0)
    parser.add_argument("--only", choices=CONTROLS, default=None)
    options = parser.parse_args()
    from bench.figures import RESULTS

    path = RESULTS / "weeks.json"
    report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name in [options.only] if options.only else CONTROLS:
        days = options.days if name == "ours" else options.control_days
        began = time.monotonic()
        outcome = run(Totals(days=days), CONTROLS[name])
        seconds = round(time.monotonic() - began)
        report[name] = {"days": days, **outcome.to_json(), "seconds": seconds}
        sys.stdout.write(f"{name}: {json.dumps(report[name])}\n")
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
