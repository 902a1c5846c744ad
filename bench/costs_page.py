"""`docs/costs.md`, written from results/costs.json and a price list; `docs.generate` writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from bench.figures import COMMITTED
from bench.variants import WAIT_SECONDS
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

OURS: Final = "one loop per post"
_TEN: Final = "carousel of ten"
INSTEAD: Final = ("loop per item", "retry as poll")
LIMITS: Final = (
    ("photo", "transitions", 16),
    (_TEN, "transitions", 45),
    (_TEN, "graph_calls", 45),
    (_TEN, "usd", 0.0015),
    ("carousel of twenty", "graph_calls", 90),
)
"""What a post of a kind may take at most; a test holds the committed results to it."""
CALLS_OF_BRIEF: Final = 25
CALLS_AN_HOUR: Final = 200
"""For one carousel, and for an account, in the words in which the product was asked for."""

Posts = Mapping[str, Mapping[str, float]]
"""What a post of each kind takes, by the name of the kind."""

NAMES: Final = {"graph_calls": "calls to Instagram", "usd": "dollars"}
_HEAD = """# What it costs

Counted on one post of each kind in the sandbox (`python -m bench.costs`), by an account that has
published such posts before, times [the prices of
us-east-1](../src/postwright/prices.py) of {prices_of}, before any free tier. This page is written
by `make docs` from [the results](../bench/results/costs.json). What a run of yours has cost is in
its job's record: `postwright status JOB` shows it, and so does the page.

## A post

"""
_COLUMNS: Final = {
    "Transitions": "transitions",
    "Calls": "calls",
    "GB-seconds": "gb_seconds",
    "Table reads": "reads",
    "Table writes": "writes",
    "S3 reads": "objects",
    "Bytes from S3": "fetched",
    "Calls to Instagram": "graph_calls",
}
_MEDIA = """
Most of it is state transitions. Instagram takes no money; it fetches media from S3, for which
outgoing traffic is paid: $0.09 a GB after the first 100 GB of a month. The samples are small; a
photo of 3 MB adds ${photo:.4f}, and a Reel of 100 MB ${film:.4f}. A minute of video is taken to
be processed for 150 seconds, a short one for 20.

| | Measured | At most |
|---|--:|--:|
"""
_BRIEF = """
The product was asked for with about {wanted} calls to Instagram for a carousel and {hour} an hour.
A carousel of ten takes {ten:.0f}: each of its eleven containers is made and looked at, and the post
is checked, published and read. That is {an_hour:.0f} an hour.

## Instead

What the same posts take with the polling that one finds in examples, {wait} seconds from look to
look: [a loop of Wait, look and Choice for each item](../bench/variants.py) inside of the Map, or a
look that fails until its container is ready and is retried by the state machine, where each retry
counts as a transition and a call. Everything else is the same machine with the same functions and
the same times of processing.

| Kind | Polling | Transitions | Calls | Calls to Instagram | Seconds | Cost | To ours |
|---|---|--:|--:|--:|--:|--:|--:|
"""
_MONTH = """{photo}
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
        + post["fetched"] / 1e9 * prices.EGRESS_GB.usd
    )


def measured(posts: Posts, kind: str, what: str) -> float:
    """One number of a kind of post; `usd` is what it costs."""
    return post_usd(posts[kind]) if what == "usd" else posts[kind][what]


def kept(report: Mapping[str, Posts]) -> Iterator[str]:
    """What was measured against each limit, in a line."""
    for kind, what, most in LIMITS:
        found = measured(report[OURS], kind, what)
        said = "within" if found <= most else "ABOVE"
        yield f"{kind}: {found:.4g} {NAMES.get(what, what)}, {said} {most:g}"
    calls = report[OURS][_TEN]["graph_calls"]
    yield (
        f"{_TEN}: {calls:g} calls to Instagram, about {CALLS_OF_BRIEF} were asked for;"
        f" {CALLS_AN_HOUR // calls:g} an hour with {CALLS_AN_HOUR} calls"
    )


def figures(report: Mapping[str, Posts]) -> dict[str, float]:
    """`costs.photo_transitions` and so on, and how many times ours the others cost."""
    found = {}
    for kind, post in report[OURS].items():
        for what in ("transitions", "calls", "graph_calls"):
            found[figure_of(kind, what)] = post[what]
        found[figure_of(kind, "usd")] = round(post_usd(post), 6)
        for other in INSTEAD:
            times = post_usd(report[other][kind]) / post_usd(post)
            found[figure_of(kind, f"{_slug(other)}_times")] = round(times, 2)
    return found


def figure_of(kind: str, what: str) -> str:
    """The name of a figure, `costs.carousel_of_ten_usd`."""
    return f"costs.{_slug(kind)}_{what}"


def page() -> str:
    """The page; raises OSError where there are no results."""
    report = json.loads((COMMITTED / "costs.json").read_text(encoding="utf-8"))["posts"]
    ours = report[OURS]
    calls = ours[_TEN]["graph_calls"]
    gigabyte = prices.EGRESS_GB.usd
    return "".join(
        [
            _HEAD.format(prices_of=prices.PRICES_OF),
            *_kinds(ours),
            _MEDIA.format(photo=0.003 * gigabyte, film=0.1 * gigabyte),
            *_limits(ours),
            _BRIEF.format(
                wanted=CALLS_OF_BRIEF,
                hour=CALLS_AN_HOUR,
                ten=calls,
                an_hour=CALLS_AN_HOUR // calls,
                wait=WAIT_SECONDS,
            ),
            *_instead(report),
            _MONTH.format(photo=_photo(report)),
            *_months(ours),
            _TAIL,
        ]
    )


def _kinds(posts: Posts) -> Iterator[str]:
    yield f"| Kind | {' | '.join(_COLUMNS)} | Cost |\n"
    yield f"|---|{'--:|' * (len(_COLUMNS) + 1)}\n"
    for kind, post in posts.items():
        numbers = " | ".join(f"{post[name]:,.10g}" for name in _COLUMNS.values())
        yield f"| {kind} | {numbers} | ${post_usd(post):.4f} |\n"


def _limits(posts: Posts) -> Iterator[str]:
    for kind, what, most in LIMITS:
        found = measured(posts, kind, what)
        yield f"| {kind}, {NAMES.get(what, what)} | {found:.4g} | {most:g} |\n"


def _instead(report: Mapping[str, Posts]) -> Iterator[str]:
    for kind, post in report[OURS].items():
        for polling in (OURS, *INSTEAD):
            one = report[polling][kind]
            counts = f"{one['transitions']:g} | {one['calls']:g} | {one['graph_calls']:g}"
            seconds = f"{one['seconds']:.0f}"
            times = post_usd(one) / post_usd(post)
            yield (
                f"| {kind if polling == OURS else ''} | {polling} | {counts} | {seconds} |"
                f" ${post_usd(one):.4f} | {times:.2f} |\n"
            )


def _photo(report: Mapping[str, Posts]) -> str:
    """A sentence where a photo is cheaper with other polling, as what hardly waits may be."""
    cost = {polling: post_usd(posts["photo"]) for polling, posts in report.items()}
    least = min(cost, key=cost.__getitem__)
    if least == OURS:
        return ""
    saved = cost[OURS] - cost[least]
    return (
        f"\nA photo is cheapest with *{least}*, by ${saved:.5f}. What waits or has items decides.\n"
    )


def _months(posts: Posts) -> Iterator[str]:
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


def _slug(name: str) -> str:
    return name.lower().replace(" ", "_")
