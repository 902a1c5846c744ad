"""Hashtag searches on one account by three tools over simulated weeks.

Two of the tools are ours, each a process of its own that shares nothing but the table; the third
searches without asking anybody. Some answers get lost, with and without effect, and some of our
processes die between taking a place and calling. After each event our count is compared with
Instagram's own list. The same wishes are then played by two other ways of keeping count: timers of
one's own, and 30 a week with a reset on Monday.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from multiprocessing import get_context
from typing import Any

import boto3
import httpx

from bench.figures import record
from postwright import clock
from postwright.app import App
from postwright.cli.connection import connect
from postwright.errors import QuotaExceededError
from postwright.graph_search import GraphSearch
from postwright.hashtags import searching
from postwright.hashtags.budget import LIMIT, WINDOW, HashtagBudget
from sandbox.instagram import DEMO_ACCOUNT, DEMO_PERSON

_SEEDS = 2
_DAYS = 14
_MEAN_HOURS_BETWEEN = 6
_WORDS = 80
_TOOLS = 2
_LOST_ANSWERS = 0.03
_PROMISES_KEPT_TO = 0.3
_QUIET_DAYS = 8
"""Between two runs, so that nothing counts any more."""
_TOKEN_PARAMETER = "/ai-social-media/prod/facebook-user-token"  # noqa: S105  a name


@dataclass
class Tally:
    """What happened; `drift` is hashtags that one side counts and the other does not."""

    searches: int = 0
    drift: int = 0
    refused: int = 0
    no_room: int = 0
    promises: int = 0
    broken: int = 0
    seen: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Event:
    """Who searches for what, and how many hours after the event before."""

    who: str
    wishes: list[list[str]]
    hours: float


def main() -> None:
    ours, timers, weekly = Tally(), Tally(), Tally()
    with _sandbox() as addresses:
        instagram = _Instagram(addresses["instagram"])
        with _tools(addresses["aws"]) as tools:
            for seed in range(_SEEDS):
                instagram.begin(seed)
                _play_ours(tools, instagram, seed, ours)
                sys.stderr.write(f"seed {seed}: {ours}\n")
        for seed in range(_SEEDS):
            for tally, counts in ((timers, _counts_by_timer), (weekly, _counts_by_week)):
                instagram.begin(seed)
                _play_control(instagram, seed, tally, counts)
    record(
        {
            "hashtags.simulated_weeks": _SEEDS * _DAYS / 7,
            "hashtags.searches": ours.searches,
            "hashtags.refused_before_the_call": ours.no_room,
            "hashtags.refused_by_instagram": ours.refused,
            "hashtags.drift": ours.drift,
            "hashtags.most_in_use": max(ours.seen),
            "hashtags.promised_times": ours.promises,
            "hashtags.promised_times_broken": ours.broken,
            "hashtags.own_timers_refused_by_instagram": timers.refused,
            "hashtags.own_timers_drift": timers.drift,
            "hashtags.weekly_reset_refused_by_instagram": weekly.refused,
            "hashtags.weekly_reset_drift": weekly.drift,
        }
    )


def _events(seed: int) -> Iterator[Event]:
    chance = random.Random(seed)  # noqa: S311 - a run must repeat under its seed
    words = [f"word{number}" for number in range(_WORDS)]
    passed = 0.0
    while passed < _DAYS * 24:
        who = chance.choice(["other", "both", "one", "one", "one", "died"])
        several = _TOOLS if who == "both" else 1
        wishes = [chance.sample(words, chance.randint(1, 3)) for _ in range(several)]
        hours = chance.expovariate(1 / _MEAN_HOURS_BETWEEN)
        passed += hours
        yield Event(who, wishes, hours)


# Ours


def _play_ours(tools: ProcessPoolExecutor, instagram: _Instagram, seed: int, tally: Tally) -> None:
    chance = random.Random(-1 - seed)  # noqa: S311 - a run must repeat under its seed
    for number, event in enumerate(_events(seed)):
        if event.who == "other":
            instagram.search(event.wishes[0][0])
        elif event.who == "died":
            tools.submit(_take, event.wishes[0]).result()
        else:
            times = [it.result() for it in [tools.submit(_search, w) for w in event.wishes]]
            _count(times, tally)
            _hold_to(tools, instagram, times, f"promise{seed}x{number}", chance, tally)
        counted = tools.submit(_counted).result()
        listed = instagram.listed()
        tally.drift += len(set(counted) ^ set(listed))
        tally.seen.append(len(listed))
        instagram.advance(event.hours)


def _count(outcomes: list[tuple[str, str | None]], tally: Tally) -> None:
    tally.searches += len(outcomes)
    tally.refused += sum(how == "refused" for how, _ in outcomes)
    tally.no_room += sum(how == "no room" for how, _ in outcomes)


def _hold_to(
    tools: ProcessPoolExecutor,
    instagram: _Instagram,
    outcomes: list[tuple[str, str | None]],
    word: str,
    chance: random.Random,
    tally: Tally,
) -> None:
    """Now and then go to the time that a refusal named, and search for something new there."""
    named = [at for how, at in outcomes if how == "no room" and at is not None]
    if not named or chance.random() > _PROMISES_KEPT_TO:
        return
    instagram.advance_to(clock.from_text(max(named)))
    tally.promises += 1
    tally.broken += tools.submit(_search, [word]).result()[0] == "no room"


def _search(tags: list[str]) -> tuple[str, str | None]:
    """How a search ended, and the time that a refusal before the call named."""
    budget, graph = _account()
    try:
        found = searching.search(budget, graph, tags)
    except QuotaExceededError as error:
        return "no room", error.frees_at
    return ("refused" if isinstance(found.stopped, QuotaExceededError) else "searched"), None


def _take(tags: list[str]) -> None:
    """What is left of a process that dies before its call."""
    budget, _ = _account()
    try:
        budget.take(tags)
    except QuotaExceededError:
        return


def _counted() -> list[str]:
    """The ids that we take for counted, after a look."""
    budget, _ = _account()
    return [str(found.id) for found in budget.look().hashtags if found.counted]


def _account() -> tuple[HashtagBudget, GraphSearch]:
    app = _app()
    graph = GraphSearch(app.searching("default"))
    return HashtagBudget(app.store, "default", graph), graph


@cache
def _app() -> App:
    return connect(None)


# Other ways of keeping count


def _play_control(instagram: _Instagram, seed: int, tally: Tally, counts: Any) -> None:
    """One record for both tools, always at hand; what another tool does is not in it."""
    since: dict[str, datetime] = {}
    for event in _events(seed):
        now = instagram.now()
        since = {tag: at for tag, at in since.items() if counts(at, now)}
        for wish in event.wishes:
            for tag in wish[:1] if event.who == "other" else wish:
                if event.who == "other":
                    instagram.search(tag)
                elif tag in since or len(since) < LIMIT:
                    tally.searches += 1
                    refused = instagram.search(tag) != httpx.codes.OK
                    tally.refused += refused
                    since.setdefault(tag, now)
        tally.drift += len(set(since) ^ set(instagram.listed("name")))
        instagram.advance(event.hours)


def _counts_by_timer(at: datetime, now: datetime) -> bool:
    return now < at + WINDOW


def _counts_by_week(at: datetime, now: datetime) -> bool:
    return at.isocalendar()[:2] == now.isocalendar()[:2]


# The sandbox


class _Instagram:
    """The simulated Instagram, with the token of the tool that asks nobody."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        token = {"Authorization": f"Bearer {DEMO_PERSON.token}"}
        self._http = httpx.Client(headers=token, trust_env=False, timeout=60)

    def begin(self, seed: int) -> None:
        """No limit of calls, a token given out now, and answers that get lost now and then."""
        self._control("reset", {})
        tokens = {DEMO_PERSON.token: "ok"}
        self._control("config", {"app_calls_per_hour": 10**6, "seed": seed, "tokens": tokens})
        self.advance(_QUIET_DAYS * 24)
        lost = {"call": "hashtag_search", "status": 500, "body": "", "times": None}
        self._control(
            "faults",
            {
                "faults": [
                    lost | {"effect": effect, "probability": _LOST_ANSWERS}
                    for effect in ("first", "never")
                ]
            },
        )

    def search(self, word: str) -> int:
        """The HTTP status that a search is answered with."""
        parameters = {"user_id": DEMO_ACCOUNT.user_id, "q": word}
        return self._get("ig_hashtag_search", parameters).status_code

    def listed(self, what: str = "id") -> list[str]:
        """Ids, or names, of what counts now."""
        answer = self._get(
            f"{DEMO_ACCOUNT.user_id}/recently_searched_hashtags", {"limit": 30, "fields": "id,name"}
        )
        return [row[what] for row in answer.raise_for_status().json()["data"]]

    def now(self) -> datetime:
        answer = self._http.get(f"{self._origin}/_control/clock")
        return datetime.fromisoformat(answer.raise_for_status().json()["now"])

    def advance(self, hours: float) -> None:
        self._control("clock", {"advance_seconds": hours * 3600})

    def advance_to(self, at: datetime) -> None:
        self.advance(max(timedelta(0), at - self.now()) / timedelta(hours=1))

    def _get(self, path: str, parameters: dict[str, Any]) -> httpx.Response:
        return self._http.get(f"{self._origin}/graph.facebook.com/v25.0/{path}", params=parameters)

    def _control(self, what: str, body: dict[str, Any]) -> None:
        self._http.post(f"{self._origin}/_control/{what}", json=body).raise_for_status()


@contextmanager
def _tools(aws: str) -> Iterator[ProcessPoolExecutor]:
    """Two processes of our own, for an account that has logged in with Facebook."""
    os.environ["AWS_ENDPOINT_URL"] = aws
    ssm = boto3.client(
        "ssm",
        endpoint_url=aws,
        region_name="us-east-1",
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",  # noqa: S106 - opens nothing
    )
    ssm.put_parameter(
        Name=_TOKEN_PARAMETER, Value=DEMO_PERSON.token, Type="SecureString", Overwrite=True
    )
    with ProcessPoolExecutor(_TOOLS, mp_context=get_context("spawn")) as tools:
        yield tools


@contextmanager
def _sandbox() -> Iterator[dict[str, str]]:
    """The addresses of a sandbox whose time is moved by hand."""
    ports = ("--port", "0", "--instagram-port", "0", "--aws-port", "0")
    command = [sys.executable, "-m", "postwright.cli", "sandbox", "serve", "--json", "--empty"]
    with subprocess.Popen([*command, *ports], stdout=subprocess.PIPE) as process:  # noqa: S603  our own
        try:
            assert process.stdout is not None  # noqa: S101  for the type checker
            yield json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


if __name__ == "__main__":
    main()
