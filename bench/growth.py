"""How Postwright and its sandbox grow: with items, executions, accounts and groups.

Each point has a sandbox of its own in a process of its own, at real speed against a simulated
Instagram that takes its time. `python -m bench.growth` measures all and writes
results/growth.json; names of parts measure these alone, and `--most 10` tries small points only.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from bench import figures, load, processes
from bench.load import Crowd, Load, Post
from postwright.models import Group, MediaItem, Session, now_text

ITEMS: Final = (1, 2, 5, 10, 20)
PHOTOS: Final = (1, 10, 50, 100, 200)
CAROUSELS: Final = (1, 10, 50)
ACCOUNTS: Final = (1, 10, 50, 100)
GROUPS: Final = (1, 10, 100, 1_000, 10_000)
SPREAD_OVER: Final = 10
"""Accounts that the posts of a crowd are spread over, as no account may publish 200 in a day."""
_ALONE: Final = {"photos": 12, "carousels": 5}
"""So many posts of the largest crowd are also published alone, one after another."""
_QUICK_RUNS: Final = 60
_STARTS: Final = 5
_ASKED: Final = 20
_READS: Final = ("GetItem", "BatchGetItem", "Query")
_BATCH: Final = 25

Json = dict[str, Any]
Part = Callable[[int], Json]


def items(most: int) -> Json:
    """A post of so many photos, alone."""
    points = []
    for number in [one for one in ITEMS if one <= most]:
        with load.sandbox() as running:
            files = [load.PHOTOS[place % len(load.PHOTOS)] for place in range(number)]
            post = Post(f"items-{number}", tuple(files))
            running.fill([post])
            running.forget_calls()
            outcome = running.publish([post])
            points.append({"x": number, **outcome.to_json(), **_counted(running)})
    return {"items": points}


def photos(most: int) -> Json:
    """So many photos at once, spread over ten accounts."""
    return {"photos": [_crowd(load.photo, number) for number in PHOTOS if number <= most]}


def carousels(most: int) -> Json:
    """So many carousels of eight photos and two films at once, spread over ten accounts."""
    return {"carousels": [_crowd(load.carousel, number) for number in CAROUSELS if number <= most]}


def accounts(most: int) -> Json:
    """A photo for each of so many accounts, at once."""
    points = []
    for number in [one for one in ACCOUNTS if one <= most]:
        outcome = _published(load.photo, number, number)
        points.append({"x": number, **outcome.to_json()})
    return {"accounts": points}


def alone(most: int) -> Json:
    """The same posts as in the largest crowds, one after another, and what the crowd adds."""
    found = {}
    for name, make, numbers in (
        ("photos", load.photo, PHOTOS),
        ("carousels", load.carousel, CAROUSELS),
    ):
        crowd = [number for number in numbers if number <= most][-1]
        count = min(crowd, _ALONE[name])
        chosen = {make(place * crowd // count).name for place in range(count)}
        together = _published(make, crowd, SPREAD_OVER)
        single = _published(make, crowd, SPREAD_OVER, alone=chosen)
        found[name] = {
            "x": crowd,
            **together.to_json(),
            "alone": len(single.runs),
            "aloneMedianSeconds": round(single.median_seconds, 2),
            "sameMedianSeconds": round(_median_of(together, chosen), 2),
            "ratio": round(together.median_seconds / single.median_seconds, 3),
            "sameRatio": round(_median_of(together, chosen) / single.median_seconds, 3),
        }
    return {"promise": found}


def groups(most: int) -> Json:
    """A session of so many groups: what the API takes, and a publish."""
    points = []
    for number in [one for one in GROUPS if one <= most]:
        with load.sandbox(speed="max", like_instagram=False) as running:
            post = load.photo(0)
            running.fill([post])
            _add_groups(running, number - 1)
            points.append({"x": number, **_asked(running, post)})
    return {"groups": points}


def sandbox(_most: int) -> Json:
    """The sandbox by itself: how fast it starts, what it takes, how much it publishes at most."""
    seconds, memory = [], []
    for _ in range(_STARTS):
        began = time.monotonic()
        command = [str(Path(sys.executable).with_name("postwright")), "sandbox", "serve", "--json"]
        ports = ["--port", "0", "--instagram-port", "0", "--aws-port", "0"]
        with load.serving([*command, *ports]) as (process, _):
            seconds.append(time.monotonic() - began)
            memory.append(processes.memory_mb(process))
    posts = [load.photo(number) for number in range(_QUICK_RUNS)]
    with load.sandbox(speed="max", like_instagram=False) as running:
        running.fill(posts)
        began = time.monotonic()
        outcome = running.publish(posts)
        lasted = time.monotonic() - began
    return {
        "sandbox": {
            "startSeconds": round(statistics.median(seconds), 2),
            "startMemoryMb": round(statistics.median(memory), 1),
            "executionsPerSecond": round(len(posts) / lasted, 1),
            "failures": outcome.failures,
            "cpuSecondsEach": outcome.to_json()["cpuSecondsEach"],
        }
    }


PARTS: Final[dict[str, Part]] = {
    part.__name__: part for part in (items, photos, carousels, accounts, alone, groups, sandbox)
}


def _crowd(make: Callable[[int, str], Post], number: int) -> Json:
    return {"x": number, **_published(make, number, SPREAD_OVER).to_json()}


def _published(
    make: Callable[[int, str], Post], number: int, spread: int, alone: set[str] | None = None
) -> Crowd:
    """So many posts at once; or of these only some, one after another."""
    with load.sandbox(accounts=min(number, spread)) as running:
        names = running.accounts
        posts = [make(place, names[place % len(names)]) for place in range(number)]
        if alone is None:
            running.fill(posts)
            return running.publish(posts)
        chosen = [post for post in posts if post.name in alone]
        running.fill(chosen)
        return Crowd.of([running.publish([post]) for post in chosen])


def _median_of(crowd: Crowd, names: set[str]) -> float:
    return statistics.median(run.seconds for run in crowd.runs if run.name in names)


def _counted(running: Load) -> Json:
    """What one execution called of the services."""
    calls = running.calls()
    table = [call["operation"] for call in calls if call["service"] == "dynamodb"]
    return {
        "graphCalls": sum(call["service"] == "graph" for call in calls),
        "reads": sum(operation in _READS for operation in table),
        "writes": sum(operation not in _READS for operation in table),
    }


def _add_groups(running: Load, number: int) -> None:
    """Groups like the first one, with the same photo."""
    running.store.put_session(
        Session(session_id=load.SESSION, name="Growth", step="publish", created_at=now_text())
    )
    media = [MediaItem(key=f"{load.SESSION}/enhanced/photo-0-0-{load.PHOTOS[0]}", kind="image")]
    for place in range(number):
        running.store.put_new_group(
            Group(session_id=load.SESSION, group_id=f"z-{place:05}", media=media, caption="One")
        )


def _asked(running: Load, post: Post) -> Json:
    """Milliseconds and reads of what a page asks, and of a publish."""
    base, session = f"{running.app}/api", load.SESSION
    started: list[str] = []

    def start() -> None:
        document = {"sessionId": session, "groupId": post.name}
        answer = running.http.post(f"{base}/publish/start", json=document).raise_for_status()
        started.append(answer.json()["jobId"])

    def status() -> None:
        running.http.get(f"{base}/publish/{started[0]}/status").raise_for_status()

    def page() -> None:
        running.http.get(f"{base}/sessions/{session}/groups").raise_for_status()

    measured = {"list": _timed(running, page, _ASKED), "start": _timed(running, start, 1)}
    began = time.monotonic()
    running.wait(started[0])
    measured["publish"] = {"ms": round((time.monotonic() - began) * 1000, 1)}
    measured["status"] = _timed(running, status, _ASKED)
    return {
        f"{name}{key[0].upper()}{key[1:]}": value
        for name, found in measured.items()
        for key, value in found.items()
    }


def _timed(running: Load, ask: Callable[[], None], times: int) -> Json:
    """The median, after a first time that is not counted if there are several."""
    if times > 1:
        ask()
    running.forget_calls()
    took = []
    for _ in range(times):
        began = time.monotonic()
        ask()
        took.append((time.monotonic() - began) * 1000)
    reads = [call for call in running.calls() if call["operation"] in _READS]
    return {"ms": round(statistics.median(took), 1), "reads": round(len(reads) / times, 1)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the parts that are named, and put them into results/growth.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), help=", ".join(PARTS))
    parser.add_argument("--most", type=int, help="leave larger points out, and write nothing")
    options = parser.parse_args(arguments)
    report: Json = {}
    for name in options.parts:
        found = PARTS[name](options.most or max(GROUPS))
        sys.stdout.write(json.dumps(found) + "\n")
        report |= found
        if options.most is None:
            _write(found)
    if options.most is None:
        figures.record(main_figures(report))


def _write(found: Json) -> None:
    """What was measured replaces what was there, and leaves the rest."""
    path = figures.RESULTS / "growth.json"
    report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    report |= {**found, "machine": figures.machine()}
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def main_figures(report: Json) -> dict[str, float]:
    """Of what was measured, those that `figures.json` has."""
    found: dict[str, float] = {}
    for kind, point in report.get("promise", {}).items():
        for name, key in (
            ("failures", "failures"),
            ("median_seconds", "medianSeconds"),
            ("alone_median_seconds", "aloneMedianSeconds"),
            ("ratio", "ratio"),
            ("transitions_mean", "transitionsMean"),
            ("cpu_seconds_each", "cpuSecondsEach"),
            ("memory_mb_peak", "memoryMbPeak"),
        ):
            found[f"growth.{kind}_{point['x']}_{name}"] = point[key]
    if "groups" in report:
        last = report["groups"][-1]
        for name in ("list", "status", "start"):
            found[f"growth.groups_{last['x']}_{name}_ms"] = last[f"{name}Ms"]
    for name, key in (
        ("start_seconds", "startSeconds"),
        ("start_memory_mb", "startMemoryMb"),
        ("executions_per_second", "executionsPerSecond"),
    ):
        if "sandbox" in report:
            found[f"sandbox.{name}"] = report["sandbox"][key]
    return found


if __name__ == "__main__":
    main()
