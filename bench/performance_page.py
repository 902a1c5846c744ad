"""`docs/performance.md`, written from the committed results; `docs.generate` writes it.

Nothing on it is typed by hand but words: each number is one of the results or a promise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from bench import costs_page, pacing, plots, promises, traces
from postwright import prices

Results = Mapping[str, Any]

_HEAD = """# Performance

What is promised of speed and cost, what was measured, and how to measure it again. This page and
its plots are written by `make docs` from [the results](../bench/results); how each bench works in
detail is told [beside them](../bench/README.md).

## Promises

"""
_BRIEF = """
The product was asked for with about {wanted} calls to Instagram for a carousel, of {hour} that an
account has in an hour. A carousel of ten takes {ten:g}, so {an_hour} fit into an hour
([what the calls are for](costs.md)).
"""
_COLD = """
## Cold starts

![Each function's cold start over that of boto3 with one client](pictures/cold-starts.svg)

A cold start is what a process does only once, from the beginning of the interpreter to the answer
to its first call: imports, clients and their connections, the validation of models. Each function
is started {rounds} times in a fresh interpreter on the bundle that is deployed, in turn with an
interpreter that imports boto3 and makes one client ({baseline:.0f} ms of a processor); the first
call does what the function is there for, with the sandbox as AWS and Instagram, and what a later
call takes is subtracted. Compared is the time of the processor; the ratio is the median of all
rounds. What Lambda adds is not in it: fetching the package, and its runtime client. {said}

| Function | Instagram | Ratio | At most | Start, ms | Warm, ms | Peak, MB | Has, MB | Code, MB |
|---|---|--:|--:|--:|--:|--:|--:|--:|
"""
_MEMORY = """
*Instagram* tells which functions call it, if not each time; *start* and *warm*, a later call, are
times of a processor. *Peak* is the most memory that a process ever had, beside what its function
has on Lambda; the highest is {name} with {most:.0f} MB. *Code* is code and layers, unpacked.

    python -m bench.cold
"""
_POLLING = """
## What a post takes

![What posts cost with each kind of polling](pictures/polling.svg)

One loop looks at all containers of a post at once. The same posts were published with the polling
that one finds in examples: a loop in each item's iteration, and a look that fails until its
container is ready and is retried by the state machine. Counted are the transitions, calls, running
time, reads and writes of one post of each kind in the sandbox at real speed, on a simulated
Instagram that was just reset; the dollars are [prices of us-east-1](../src/postwright/prices.py) of
{prices_of}. All numbers, and what a month costs: [costs](costs.md).

| Kind | Transitions | Calls of functions | Calls to Instagram | Seconds | Cost | {others} |
|---|--:|--:|--:|--:|--:|{rules}
"""
_GROWTH = """
## Growth

{plots}

Each point has a sandbox of its own in a process of its own, at real speed: HTTP to the simulated
Instagram, the real state machine, the real functions in worker processes. Answers and processing
take by chance, under one seed, [about as long as Instagram's](../bench/README.md#growth). Posts of
a crowd are started without a pause and are spread over ten accounts with raised limits. Seconds are
those from the start to the end of an execution, *95 %* is what five in a hundred took longer than.
"""
_CROWDS = """
| At once | Failures | Median, s | 95 %, s | Transitions, mean | Processor, s each | Memory, MB |
|---|--:|--:|--:|--:|--:|--:|
"""
_ITEMS = """
| Photos in a post | Seconds | Transitions | Calls to Instagram | Table reads | Table writes |
|--:|--:|--:|--:|--:|--:|
"""
_GROUPS = """
| Groups in a session | List, ms | Reads | Status, ms | Reads | Start, ms | Publish, ms |
|--:|--:|--:|--:|--:|--:|--:|
"""
_ALONE = """
{kind} alone, the same posts one after another on an idle sandbox: {alone:g} s in the median, and
{together:g} s among {x:,} at once, {ratio:g} times as long.
"""
_SANDBOX = """
The sandbox by itself starts in {startSeconds:g} s with {startMemoryMb:.0f} MB, and publishes
{executionsPerSecond:g} photos in a second at `--speed max`.
"""
_PACING = """
## Pacing

When containers are looked at: [the rule](pacing.md). All of it is played on
[committed traces](../bench/traces.py) of how long Instagram takes for {reels} Reels of each set:
four whose times say nothing of the file, and one, *informed*, where bytes and seconds of video tell
most of it. An oracle knows when all is ready and looks once at that moment; it is 1.00. *Empty* has
seen nothing and learns nothing.

![Looks and lateness of all policies](pictures/pacing.svg)

| Reels | Policy | Looks | Seconds late | 95 % | Seconds to publish | To the oracle | Gave up |
|---|---|--:|--:|--:|--:|--:|--:|
"""
_PACING_POSTS = """
Posts of other kinds, with the videos of *informed* and, where it says so, of *uniform*:

| Post | Policy | Looks | Calls | At most | Seconds to publish | To the oracle | Gave up |
|---|---|--:|--:|--:|--:|--:|--:|
"""
_OF_REELS: Final = (
    "{looks:.1f} | {late:.1f} | {late_p95:.0f} | {seconds:.0f} | {to_oracle:.2f} | {gave_up}"
)
_OF_POSTS: Final = (
    "{looks:.1f} | {calls:.0f} | {calls_max} | {seconds:.0f} | {to_oracle:.2f} | {gave_up}"
)
_PACING_KNOBS = """
`POSTWRIGHT_LOOK_PRICE_SECONDS` moves along the line of the plot. Over all sets together there is a
price for {policies} of the {all_policies} policies at which ours needs fewer looks and sees posts
sooner; set by set for {beaten} of {all} pairs. The others look at a fixed interval, at times that
are spread so widely that the best schedule hardly does better.
"""
_WEEKS = """
## More posts than allowed

Three accounts that have [more to publish than they may](../bench/README.md#simulated-weeks): what
became of it in simulated days with our functions, and with two that take less care.

| Functions | Days | Published | Calls | Refused by Instagram | Slots in use |
|---|--:|--:|--:|--:|--:|
"""
_AGAIN = """
    python -m bench.{name}
"""
_MACHINES = """
## The machine

| Results | Cores | Processor | Python | System |
|---|--:|---|---|---|
"""
_TAIL = """
`make bench` measures everything but the weeks, and `make bench-check` measures again and names what
got worse by more than [it may](../bench/directions.py). What is measured of the simulator,
preflight, hashtag searches and tokens is in [figures.json](../bench/results/figures.json).
"""
_AT_ONCE: Final = {
    "photos": "photos, {:,}",
    "carousels": "carousels of ten, {:,}",
    "accounts": "a photo for each account, {:,}",
}
_OF_CROWDS: Final = (
    *("failures", "medianSeconds", "p95Seconds", "transitionsMean"),
    *("cpuSecondsEach", "memoryMbPeak"),
)
_OF_ITEMS: Final = ("x", "medianSeconds", "transitionsMean", "graphCalls", "reads", "writes")
_OF_GROUPS: Final = (
    *("x", "listMs", "listReads", "statusMs", "statusReads"),
    *("startMs", "publishMs"),
)
_MEASURED_ON: Final = {"figures": "machine", "cold": "cold", "costs": "costs", "growth": "growth"}


def page() -> str:
    """The page; a section is left out where its results are not there."""
    return "".join(
        [
            _HEAD,
            *_promises(_there("figures")),
            *_cold(_there("cold")),
            *_polling(_there("costs")),
            *_pacing(_there("pacing")),
            *_growth(_there("growth")),
            *_weeks(_there("weeks")),
            *_machines(),
            _TAIL,
        ]
    )


def _there(name: str) -> Results:
    return plots.results(name) or {}


def _promises(figures: Results) -> Iterator[str]:
    found = list(promises.kept(figures))
    broken = [one for one in found if not one.kept]
    said = f"{len(broken)} of them {_are(broken)} not kept" if broken else "all are kept"
    yield f"{len(found)} were measured; {said}.\n\n"
    yield "| Promise | At most | Measured | Kept |\n|---|--:|--:|---|\n"
    for one in found:
        yield f"| {one.what} | {one.most} | {one.measured} | {'yes' if one.kept else '**no**'} |\n"
    calls = figures[costs_page.figure_of("carousel of ten", "graph_calls")]
    hour = costs_page.CALLS_AN_HOUR
    wanted = costs_page.CALLS_OF_BRIEF
    yield _BRIEF.format(wanted=wanted, hour=hour, ten=calls, an_hour=int(hour // calls))


def _cold(cold: Results) -> Iterator[str]:
    if not cold:
        return
    rows = plots.slowest_first(cold)
    above = [name for name, row in rows.items() if row["ratio"] > _limit(row)]
    said = f"{_number(len(above)).capitalize()} of {len(rows)} functions {_are(above)} above."
    baseline = cold["baseline"]["cpu_ms"]
    yield _COLD.format(rounds=cold["rounds"], baseline=baseline, said=said)
    for name, row in rows.items():
        calls = "yes" if row["calls_graph"] else ""
        ratio = f"**{row['ratio']:.2f}**" if name in above else f"{row['ratio']:.2f}"
        yield (
            f"| `{name}` | {calls} | {ratio} | {_limit(row)} | {row['cpu_ms']:,.0f} |"
            f" {row['warm_call_cpu_ms']:.1f} | {row['memory_mb']:.0f} | {row['megabytes']:,} |"
            f" {row['package_mb']:.0f} |\n"
        )
    most, highest = max((row["memory_mb"], name) for name, row in rows.items())
    yield _MEMORY.format(name=f"`{highest}`", most=most)


def _limit(row: Results) -> float:
    return promises.GRAPH_RATIO if row["calls_graph"] else promises.OTHER_RATIO


def _polling(costs: Results) -> Iterator[str]:
    if not costs:
        return
    posts, others = costs["posts"], costs_page.INSTEAD
    rules = "--:|" * len(others)
    yield _POLLING.format(prices_of=prices.PRICES_OF, others=" | ".join(others), rules=rules)
    for kind, post in posts[costs_page.OURS].items():
        usd = costs_page.post_usd(post)
        times = [costs_page.post_usd(posts[other][kind]) / usd for other in others]
        yield (
            f"| {kind} | {post['transitions']} | {post['calls']} | {post['graph_calls']} |"
            f" {post['seconds']:.0f} | ${usd:.5f} |"
            f" {' | '.join(f'{one:.2f} times' for one in times)} |\n"
        )
    yield _AGAIN.format(name="costs")


def _pacing(found: Results) -> Iterator[str]:
    """Time, looks and calls of all policies."""
    if not found:
        return
    sets, posts = found["sets"], found["posts"]
    yield _PACING.format(reels=traces.MEASURED)
    for name, one in sets.items():
        ours = next(point for point in one["ours"] if point["price"] == found["price"])
        yield from _policies(name, {**one, "ours": ours}, _OF_REELS)
    theirs = [row for one in sets.values() for row in one["people"].values()]
    beaten = sum(row["beatenAt"] is not None for row in theirs)
    names = [people.name for people in pacing.PEOPLE]
    policies = sum(bool(pacing.beating_prices(sets, name)) for name in names)
    yield _PACING_KNOBS.format(
        policies=policies, all_policies=len(names), beaten=beaten, all=len(theirs)
    )
    yield _PACING_POSTS
    for name, one in posts.items():
        yield from _policies(name, one, _OF_POSTS)
    yield _AGAIN.format(name="pacing")


def _policies(name: str, one: Results, cells: str) -> Iterator[str]:
    rows = {"ours": one["ours"], "ours, empty": one["empty"], **one["people"]}
    for number, (policy, row) in enumerate(rows.items()):
        first = "" if number else name.replace("_", " ")
        yield f"| {first} | {policy} | {cells.format(**row)} |\n"


def _growth(growth: Results) -> Iterator[str]:
    if not growth:
        return
    there = [series for series in plots.SERIES if series.name in growth]
    shown = [f"![{one.title}](pictures/growth-{one.name}.svg)" for one in there]
    yield _GROWTH.format(plots="\n".join(shown))
    yield from _crowds(growth)
    for kind, point in growth.get("promise", {}).items():
        alone, together = point["aloneMedianSeconds"], point["medianSeconds"]
        said = {"alone": alone, "together": together, "x": point["x"], "ratio": point["ratio"]}
        yield _ALONE.format(kind=kind.capitalize(), **said)
    yield from _rows(_ITEMS, growth.get("items", ()), _OF_ITEMS)
    yield from _rows(_GROUPS, growth.get("groups", ()), _OF_GROUPS)
    if "sandbox" in growth:
        yield _SANDBOX.format(**growth["sandbox"])
    yield _AGAIN.format(name="growth")


def _crowds(growth: Results) -> Iterator[str]:
    yield _CROWDS
    for name, what in _AT_ONCE.items():
        for point in growth.get(name, ()):
            numbers = " | ".join(f"{point[key]:,g}" for key in _OF_CROWDS)
            yield f"| {what.format(point['x'])} | {numbers} |\n"


def _rows(head: str, points: Sequence[Results], keys: Sequence[str]) -> Iterator[str]:
    """A table with a row for each point; nothing where there are none."""
    if points:
        yield head
    for point in points:
        yield f"| {' | '.join(f'{point[key]:,g}' for key in keys)} |\n"


def _weeks(weeks: Results) -> Iterator[str]:
    if not weeks:
        return
    yield _WEEKS
    for name, one in weeks.items():
        refused = sum(one["refused"].values())
        slots = f"{one['slotsUsedPercent']:g} %" if one["days"] > 1 else ""
        yield (
            f"| {name} | {one['days']:g} | {one['published']:,} | {one['calls']:,} |"
            f" {refused:,} | {slots} |\n"
        )
    yield _AGAIN.format(name="weeks")


def _machines() -> Iterator[str]:
    yield _MACHINES
    for name, file in _MEASURED_ON.items():
        if found := _there(file):
            machine = found.get("machine", found)
            system = " | ".join(str(machine[key]) for key in ("processor", "python", "system"))
            yield f"| [{name}](../bench/results/{name}.json) | {machine['cores']} | {system} |\n"


def _number(count: int) -> str:
    return str(count) if count else "none"


def _are(things: Sequence[object]) -> str:
    return "is" if len(things) == 1 else "are"
