"""`docs/costs.md`, written from results/costs.json and a price list; `docs.generate` writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bench.figures import RESULTS
from postwright import prices

WATCHED: Final = 74
"""Metrics that the alarms watch, each of which is paid for; a test counts them in the template."""
METRICS: Final = 30
"""Of one account in use: the sets of dimensions in `postwright.measures`, about."""
_LOGGED_KB: Final = 2.0
"""A call of a function: its own lines, its metrics, and those of the platform; about."""
_SWEEPS: Final = 30 * 24 * 4
_SWEEP_SECONDS: Final = 0.5
MIX: Final[Mapping[str, float]] = {"photo": 0.6, "Reel": 0.15, "carousel of ten": 0.25}
VOLUMES: Final = {"one a day": 30, "ten a day": 300, "a hundred a day": 3000}

_HEAD = """# What it costs

Counted on one post of each kind in the sandbox (`python -m bench.costs`), times the prices of
us-east-1 of 2026, before any free tier. This page is written by `make docs` from [the
results](../bench/results/costs.json).

## A post

| Kind | Transitions | Calls | GB-seconds | Table reads | Table writes | S3 reads | Cost |
|---|--:|--:|--:|--:|--:|--:|--:|
"""
_BETWEEN = """
Most of it is state transitions. Instagram takes no money; it fetches media from S3, for which
outgoing traffic is paid: $0.09 a GB after the first 100 GB of a month.

## A month

60 photos, 15 Reels and 25 carousels of ten in a hundred posts, on one account.

| | Posts | Posts cost | Schedules | Alarms | Metrics | Logs | Together |
|---|--:|--:|--:|--:|--:|--:|--:|
"""
_TAIL = f"""
*Schedules* are the sweep, four times an hour, and the daily look at the tokens. *Alarms* watch
{WATCHED} metrics at $0.10. *Metrics* are about {METRICS} custom ones at $0.30 a month, paid for
the hours in which numbers come. *Logs* are two kilobytes for each call of a function. Not in it:
storage of your media ($0.023 a GB and month; superseded versions stay for 90 days), the API,
sign-in and CloudFront, which cost cents at what people do by hand, and KMS, which is not used
unless you name a key.

CloudWatch's free tier (10 watched metrics, 10 custom ones, 3 dashboards, 5 GB of logs) and those
of Lambda and DynamoDB take off some of that. Most alarms watch each function by itself; those
that you do not want can be deleted from `infra/monitoring.py`.
"""


def post_usd(post: Mapping[str, float]) -> float:
    """What one post costs; `post` is a row of the results."""
    return (
        post["transitions"] * prices.TRANSITION.usd
        + post["calls"] * prices.CALL.usd
        + post["gb_seconds"] * prices.GB_SECOND.usd
        + post["reads"] * prices.TABLE_READ.usd
        + post["writes"] * prices.TABLE_WRITE.usd
        + post["objects"] * prices.OBJECT_READ.usd
    )


def page() -> str:
    """The page; raises OSError where there are no results."""
    posts = json.loads((RESULTS / "costs.json").read_text(encoding="utf-8"))["posts"]
    return "".join([_HEAD, *_kinds(posts), _BETWEEN, *_months(posts), _TAIL])


def _kinds(posts: Mapping[str, Any]) -> Iterator[str]:
    for kind, post in posts.items():
        numbers = " | ".join(f"{value:,.4g}" for value in post.values())
        yield f"| {kind} | {numbers} | ${post_usd(post):.4f} |\n"


def _months(posts: Mapping[str, Any]) -> Iterator[str]:
    usd = sum(share * post_usd(posts[kind]) for kind, share in MIX.items())
    calls = sum(share * posts[kind]["calls"] for kind, share in MIX.items())
    schedules = _SWEEPS * (prices.CALL.usd + _SWEEP_SECONDS / 2 * prices.GB_SECOND.usd)
    for name, count in VOLUMES.items():
        hours = min(1.0, count / (30 * 24))
        logs = (count * calls + _SWEEPS) * _LOGGED_KB / 1e6 * prices.LOGGED_GB.usd
        parts = [
            count * usd,
            schedules,
            WATCHED * prices.ALARM_METRIC.usd,
            METRICS * prices.CUSTOM_METRIC.usd * hours,
            logs,
        ]
        row = " | ".join(f"${part:,.2f}" for part in (*parts, sum(parts)))
        yield f"| {name} | {count:,} | {row} |\n"
