"""How long tokens live: 200 days, most refreshes fail, and for 20 days nobody answers.

The refreshing code is the real one and so is the simulated Instagram, in this process and on one
simulated clock. AWS is two dictionaries. Each simulation draws from its seed which refreshes fail,
half of them after they took effect, and when the outage begins. Compared are the daily refresh and
the idea to refresh every 50 days, once.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast

import httpx
from starlette.types import Message

from bench.figures import record
from postwright import clock, refreshing
from postwright.alarms import Alarms
from postwright.app import App
from postwright.executions import Executions
from postwright.media import MediaBucket
from postwright.settings import Settings
from postwright.store import Store
from postwright.tokens import Tokens
from sandbox.clock import SimulatedClock
from sandbox.instagram import DEMO_ACCOUNT, SimulatedInstagram, application
from sandbox.instagram.errors import GraphError
from sandbox.instagram.hosts import GRAPH_INSTAGRAM

Strategy = Literal["daily", "every 50 days"]

DAYS = 200
OUTAGE_DAYS = 20
FAIL_BEFORE, FAIL_AFTER = 0.3, 0.3
"""Shares of refreshes that fail before and after they took effect; 60 % together."""
SEEDS = 1000

_PREFIX = "/bench"
_START = datetime(2026, 12, 1, 4, tzinfo=UTC)
_STANDING_STILL = 1e-9


@dataclass
class Life:
    """What became of a token. Days left are those of the stored token, as Instagram knows them."""

    seed: int
    asked: int = 0
    """Refreshes that Instagram saw; during the outage it sees none."""
    refreshed: int = 0
    failed: int = 0
    """Days on which a refresh was due and did not work."""
    lapsed_on: int | None = None
    fewest_days_left: float = 60.0
    days_left_at_alarm: float | None = None
    unalarmed_below: float | None = None
    """Days left on the first day with fewer than 10 without an alarm before; None is as it must."""


@dataclass
class _Parameters:
    """The Parameter Store, as far as tokens use it."""

    now: Callable[[], datetime]
    versions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def get_parameters(self, *, Names: list[str], **_: Any) -> dict[str, Any]:  # noqa: N803  boto3's
        return {"Parameters": [self.versions[name][-1] for name in Names if name in self.versions]}

    def put_parameter(self, *, Name: str, Value: str, Type: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        known = self.versions.setdefault(Name, [])
        row = {"Name": Name, "Value": Value, "Type": Type, "Version": len(known) + 1}
        known.append({**row, "LastModifiedDate": self.now()})
        return {"Version": len(known)}

    def get_paginator(self, _name: str) -> _Parameters:
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"Parameters": [known[-1] for known in self.versions.values()]}


class _RefusedError(Exception):
    """A condition that does not hold."""


@dataclass
class _Table:
    """DynamoDB, as far as tokens use it; the one condition is that of the lease."""

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    exceptions = SimpleNamespace(ConditionalCheckFailedException=_RefusedError)

    def get_item(self, *, Key: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803
        found = self.items.get(Key["SK"]["S"])
        return {} if found is None else {"Item": found}

    def put_item(self, *, Item: dict[str, Any], **call: Any) -> None:  # noqa: N803
        name = Item["SK"]["S"]
        if "ConditionExpression" in call and name in self.items:
            now = call["ExpressionAttributeValues"][":now"]["S"]
            if self.items[name]["until"]["S"] > now:
                raise _RefusedError
        self.items[name] = Item

    def delete_item(self, *, Key: dict[str, Any], **_: Any) -> None:  # noqa: N803
        self.items.pop(Key["SK"]["S"], None)

    def update_item(self, **_: Any) -> dict[str, Any]:
        """Calls are counted so, and nothing here depends on their number."""
        return {"Attributes": {}}


class _Bus:
    """EventBridge; counts what comes."""

    def __init__(self) -> None:
        self.events = 0

    def put_events(self, *, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803  boto3's name
        self.events += len(Entries)
        return {"FailedEntryCount": 0}


class _InProcess(httpx.BaseTransport):
    """The simulated Instagram without a socket; while `is_down` nobody answers."""

    def __init__(self, instagram: SimulatedInstagram, is_down: Callable[[], bool]) -> None:
        self._app = application(instagram)
        self._is_down = is_down
        self._loop = asyncio.new_event_loop()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._is_down():
            raise httpx.ConnectTimeout("nobody answers", request=request)
        target: bytes = request.extensions.get("target", request.url.raw_path)
        path, _, query = target.partition(b"?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": request.method,
            "scheme": request.url.scheme,
            "path": path.decode(),
            "raw_path": path,
            "query_string": query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        self._loop.run_until_complete(self._app(scope, receive, send))
        body = b"".join(message.get("body", b"") for message in sent)
        return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=body)

    def close(self) -> None:
        self._loop.close()


class Simulation:
    """One token through 200 days under one seed."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.life = Life(seed)
        self._clock = SimulatedClock(_STANDING_STILL, start=_START)
        origin = "http://127.0.0.1"
        self._instagram = SimulatedInstagram(self._clock, origin, folder, seed=seed)
        chance = random.Random(seed)  # noqa: S311  a seed is wanted
        self._down_from = chance.uniform(0, DAYS - OUTAGE_DAYS)
        self._transport = _InProcess(self._instagram, self._is_down)
        self._bus = _Bus()
        self._tokens = Tokens(cast(Any, _Parameters(self._clock.now)), _PREFIX, 0)
        self._app = App(
            settings=Settings.from_environment({"POSTWRIGHT_GRAPH_URL": origin}),
            store=Store(cast(Any, _Table()), "postwright"),
            media=cast(MediaBucket, None),
            tokens=self._tokens,
            executions=cast(Executions, None),
            alarms=Alarms(cast(Any, self._bus)),
            given_http=httpx.Client(transport=self._transport),
        )
        self._script(seed)

    def run(self, strategy: Strategy) -> Life:
        """Live through the days; a lapse ends it, because only a person can log in again."""
        token, user_id = DEMO_ACCOUNT.token, DEMO_ACCOUNT.user_id
        before = clock.use(self._clock)
        try:
            self._tokens.store("default", token, user_id, searching=None)
            for day in range(1, DAYS + 1):
                self._clock.advance(86_400)
                if strategy == "daily":
                    self._refresh_daily()
                elif day % 50 == 0:
                    refreshing.refresh(self._app, "default", now=True)
                if not self._look(day):
                    break
        finally:
            clock.use(before)
            self._app.http.close()
            self._instagram.close()
        self.life.asked = sum(
            entry["path"].endswith("refresh_access_token") for entry in self._instagram.log.report()
        )
        return self.life

    def _refresh_daily(self) -> None:
        (outcome,) = refreshing.refresh_all(self._app, remaining_seconds=lambda: 900)
        self.life.failed += outcome.did == "failed"
        self.life.refreshed += outcome.did == "refreshed"
        if outcome.alarm and self.life.days_left_at_alarm is None:
            self.life.days_left_at_alarm = self._days_left()

    def _look(self, day: int) -> bool:
        """Whether the stored token still works, as Instagram has it."""
        left = self._days_left()
        if left <= 0:
            self.life.lapsed_on = day
            return False
        self.life.fewest_days_left = min(self.life.fewest_days_left, left)
        if left < refreshing.ALARM_DAYS and not self._bus.events:
            self.life.unalarmed_below = self.life.unalarmed_below or left
        return True

    def _days_left(self) -> float:
        text = self._tokens.stored("default").credentials.token
        now = self._clock.now()
        try:
            token = self._instagram.world.tokens.open(text, GRAPH_INSTAGRAM, now)
        except GraphError:
            return 0.0
        return 0.0 if token.ends_at is None else (token.ends_at - now) / timedelta(days=1)

    def _is_down(self) -> bool:
        day = (self._clock.now() - _START) / timedelta(days=1)
        return self._down_from <= day < self._down_from + OUTAGE_DAYS

    def _script(self, seed: int) -> None:
        self._instagram.change_config({"seed": seed})
        of_the_rest = FAIL_AFTER / (1 - FAIL_BEFORE)
        broken = {"call": "token", "status": 500, "body": "", "times": None}
        self._instagram.add_faults(
            {
                "faults": [
                    {**broken, "probability": FAIL_BEFORE},
                    {**broken, "probability": of_the_rest, "effect": "first"},
                ]
            }
        )


def simulate(strategy: Strategy, seeds: range) -> list[Life]:
    """A life for each seed."""
    with tempfile.TemporaryDirectory() as folder:
        return [Simulation(seed, Path(folder)).run(strategy) for seed in seeds]


def main() -> None:
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)
    daily, rare = simulate("daily", seeds), simulate("every 50 days", seeds)
    alarmed = [life.days_left_at_alarm for life in daily if life.days_left_at_alarm is not None]
    figures = {
        "token_life.simulations": len(daily),
        "token_life.lapses_daily": sum(life.lapsed_on is not None for life in daily),
        "token_life.lapses_every_50_days": sum(life.lapsed_on is not None for life in rare),
        "token_life.fewest_days_left": round(min(life.fewest_days_left for life in daily), 1),
        "token_life.alarmed": len(alarmed),
        "token_life.fewest_days_left_at_alarm": round(min(alarmed, default=60.0), 1),
        "token_life.below_10_days_unalarmed": sum(
            life.unalarmed_below is not None for life in daily
        ),
        "token_life.refreshes_asked": sum(life.asked for life in daily),
        "token_life.refreshes_heard_of": sum(life.refreshed for life in daily),
        "token_life.days_of_trouble": sum(life.failed for life in daily),
    }
    record(figures)


if __name__ == "__main__":
    main()
