"""How late posts are and what looks cost: ours, an oracle, the best there is, and what people do.

The committed traces (`bench.traces`) are played against each policy. What is played is a model of
the steps between the creation of the first container and the publish call: looks with the latency
of the Graph API, a table of what an account has seen, and `postwright.pacing` itself;
tests/workflow/test_pacing_model.py holds it against runs of the real state machine.

    oracle   knows when all is ready, and looks once, at that moment
    optimum  knows the distribution of a blind set: the best schedule, by dynamic programming
    ours     knows what it has seen of 200 files before, and learns on; nothing for `empty`
"""

from __future__ import annotations

import bisect
import json
import math
import random
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from itertools import accumulate
from multiprocessing import Pool
from typing import Any, Final

from bench import figures, traces
from bench.traces import BLIND, IMAGES, INFORMED, PARENTS, WARM, Trace
from postwright import pacing
from postwright.pacing import Awaited
from postwright.ready_times import AwaitedKind, ReadyTimes, Traits
from postwright.settings import Settings

PRICE: Final = Settings().look_price_seconds
PRICES: Final = (
    *(0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 0.85, 1.0, 1.2, PRICE),
    *(2.0, 2.5, 3.0, 4.0, 5.5, 8.0, 12.0, 16.0, 20.0, 25.0, 30.0, 40.0, 60.0, 80.0),
)
LOOKS: Final = 5.0
"""At so many looks in the mean schedules are compared."""
_STEP: Final = 0.5
"""Seconds between the moments that the optimum may choose from."""
_LONGEST_SECONDS: Final = 3600.0
_GIVES_UP: Final = 300.0
_POSTS: Final = 200
_PROCESSES: Final = 2
_OTHER_CALLS: Final = 3
"""Of a post: its quota, the publish call and the read of its permalink."""


@dataclass(frozen=True)
class Delays:
    """In seconds: from the end of a wait to the call, for a state and a function that begins; and
    what the Graph API takes to answer.
    """

    before_a_call: float = 0.3
    latency: tuple[float, float] = (0.3, 1.5)


_DELAYS: Final = Delays()
_MEAN_LATENCY: Final = sum(_DELAYS.latency) / 2

Wait = Callable[[Sequence["Part"], float, int], float]
"""Seconds until the next look at what is not ready, at its age, after so many looks."""


@dataclass(frozen=True)
class Part:
    """An item of a post, or the parent of a carousel."""

    kind: AwaitedKind
    trace: Trace

    @property
    def traits(self) -> Traits:
        """What its time may depend on."""
        return Traits(self.trace.megabytes, self.trace.seconds)


@dataclass(frozen=True)
class Post:
    """What is published; a carousel has a parent, which is made when all else is ready."""

    parts: Sequence[Part]
    parent: Part | None = None


@dataclass
class Played:
    """How one post went, in seconds; `late` is how long the last part waited to be seen ready."""

    seconds: float = 0.0
    late: float = 0.0
    looks: int = 0
    calls: int = 0
    gave_up: bool = False


@dataclass(frozen=True)
class Measured:
    """Of many posts, in the mean where nothing else is said; `to_oracle` is the time to publish
    over that of the oracle, `to_slowest` the time until all items were seen ready over that of the
    slowest.
    """

    looks: float
    calls: float
    calls_max: int
    seconds: float
    late: float
    late_p95: float
    to_oracle: float
    to_slowest: float
    gave_up: int

    @classmethod
    def of(cls, posts: Sequence[Post], played: Sequence[Played]) -> Measured:
        """Of these posts."""
        late = sorted(one.late for one in played)
        oracle = sum(map(_of_oracle, posts))
        return cls(
            looks=_mean(one.looks for one in played),
            calls=_mean(one.calls for one in played),
            calls_max=max(one.calls for one in played),
            seconds=_mean(one.seconds for one in played),
            late=_mean(late),
            late_p95=round(late[math.ceil(0.95 * len(late)) - 1], 2),
            to_slowest=round(1 + sum(late) / sum(_slowest(post.parts) for post in posts), 3),
            to_oracle=round(sum(one.seconds for one in played) / oracle, 3),
            gave_up=sum(one.gave_up for one in played),
        )


def _mean(numbers: Iterable[float]) -> float:
    return round(statistics.fmean(numbers), 3)


def _slowest(parts: Sequence[Part]) -> float:
    return max(part.trace.ready for part in parts)


def _of_oracle(post: Post) -> float:
    """Its seconds: create, one look that is under way when all is ready, publish."""
    seconds = _MEAN_LATENCY * 2.5 + _slowest(post.parts)
    if post.parent is not None:
        seconds += _MEAN_LATENCY * 1.5 + post.parent.trace.ready
    return seconds


# Policies


@dataclass
class Ours:
    """What the functions do, with what an account has seen."""

    price: float = PRICE
    known: ReadyTimes = field(default_factory=ReadyTimes)
    learns: bool = True
    answer: float = 0.5

    def wait(self, unfinished: Sequence[Part], age: float, _: int) -> float:
        """See `Wait`."""
        awaited = [Awaited(part.kind, age, part.traits) for part in unfinished]
        return pacing.next_wait(awaited, self.known, self.price, self.answer)

    def learn(self, ready: Iterable[Part], before: float, age: float, latency: float) -> None:
        """What a look has shown."""
        self.answer = latency
        for part in ready if self.learns else ():
            self.known = self.known.with_seen(part.kind, part.traits, before, age)


def at_marks(marks: Sequence[float]) -> Wait:
    """Looks at these ages, and after them ever more seldom."""

    def wait(_: Sequence[Part], age: float, __: int) -> float:
        position = bisect.bisect_right(marks, age)
        return marks[position] - age if position < len(marks) else max(1.0, age / 10)

    return wait


def in_turn(*waits: float) -> Wait:
    """These waits from look to look; the last is repeated."""

    def wait(_: Sequence[Part], __: float, looks: int) -> float:
        return waits[min(looks, len(waits) - 1)]

    return wait


@dataclass(frozen=True)
class People:
    """A policy that one finds in examples: each item has a loop of its own."""

    name: str
    waits: Sequence[float]
    one_after_another: bool = False
    gives_up: float = _LONGEST_SECONDS


PEOPLE: Final = (
    People("5, 10, 20, then 30 s, one item after another", (5, 10, 20, 30), one_after_another=True),
    People("5 s, at most 60 looks", (5,), gives_up=_GIVES_UP),
    People("10 s", (10,)),
    People("20 s", (20,)),
    People("60 s, as Instagram's guide says", (60,), gives_up=_GIVES_UP),
    People(
        "5 s, each wait half as long again, up to 60 s", (5, 7.5, 11.25, 16.9, 25.3, 38, 57, 60)
    ),
)


# Playing


def looked_at(
    parts: Sequence[Part],
    wait: Wait,
    dice: random.Random,
    *,
    learn: Callable[[Iterable[Part], float, float, float], None] | None = None,
    gives_up: float = _LONGEST_SECONDS,
    delays: Delays = _DELAYS,
) -> Played:
    """Look at parts that were made together until all are ready."""
    played, unfinished, age = Played(), list(parts), 0.0
    while unfinished:
        before = age
        latency = dice.uniform(*delays.latency)
        seen_at = age + wait(unfinished, age, played.looks) + delays.before_a_call + latency / 2
        age = seen_at + latency / 2
        played.looks += 1
        played.calls += len(unfinished)
        ready = [part for part in unfinished if part.trace.ready <= seen_at]
        unfinished = [part for part in unfinished if part.trace.ready > seen_at]
        if learn is not None:
            learn(ready, before if played.looks > 1 else 0.0, age, latency)
        if unfinished and age > gives_up:
            played.gave_up = True
            break
    played.seconds, played.late = age, max(seen_at - _slowest(parts), 0.0)
    return played


def _whole(post: Post, dice: random.Random, look: Callable[[Sequence[Part]], Played]) -> Played:
    """A post from its first call to its last."""
    played = look(post.parts)
    played.seconds += dice.uniform(*_DELAYS.latency) + dice.uniform(*_DELAYS.latency)
    played.calls += len(post.parts) + _OTHER_CALLS
    if post.parent is not None and not played.gave_up:
        then = look([post.parent])
        played.seconds += dice.uniform(*_DELAYS.latency) + then.seconds
        played.looks += then.looks
        played.calls += then.calls + 1
    return played


def by_us(posts: Sequence[Post], ours: Ours) -> Measured:
    """The posts one after another, learning from each."""
    dice = _dice()
    look = partial(looked_at, wait=ours.wait, dice=dice, learn=ours.learn)
    return Measured.of(posts, [_whole(post, dice, look) for post in posts])


def by_marks(posts: Sequence[Post], marks: Sequence[float]) -> Measured:
    """The posts on a schedule that is the same for all."""
    dice = _dice()
    look = partial(looked_at, wait=at_marks(marks), dice=dice)
    return Measured.of(posts, [_whole(post, dice, look) for post in posts])


def by_people(posts: Sequence[Post], people: People) -> Measured:
    """The posts with a loop for each item."""
    dice = _dice()

    def look(parts: Sequence[Part]) -> Played:
        wait = in_turn(*people.waits)
        each = [looked_at([part], wait, dice, gives_up=people.gives_up) for part in parts]
        if people.one_after_another:
            seconds = sum(one.seconds for one in each) + _MEAN_LATENCY * (len(each) - 1)
            late = seconds - _slowest(parts)
        else:
            seconds = max(one.seconds for one in each)
            late = max(seconds - _MEAN_LATENCY / 2 - _slowest(parts), 0.0)
        late = each[0].late if len(each) == 1 else late
        looks, gave_up = sum(one.looks for one in each), any(one.gave_up for one in each)
        return Played(seconds, late, looks, sum(one.calls for one in each), gave_up)

    return Measured.of(posts, [_whole(post, dice, look) for post in posts])


def _dice() -> random.Random:
    return random.Random("latencies")  # noqa: S311 - it picks examples


# The best schedule of a known distribution


def best_marks(quantile: Callable[[float], float], price: float) -> list[float]:
    """The schedule with the least expected lateness and price, by dynamic programming over its
    moments, when a container is ready before `quantile(share)` in that share of all cases.
    """
    times = sorted(quantile((number + 0.5) / 4000) for number in range(4000))
    marks = [_STEP * number for number in range(math.ceil(times[-1] / _STEP) + 1)]
    below = [bisect.bisect_right(times, mark) for mark in marks]
    sums = [0.0, *accumulate(times)]
    last = len(marks) - 1
    costs, nexts = [0.0] * (last + 1), [last] * (last + 1)
    for i in range(last - 1, -1, -1):
        best = math.inf
        for j in range(i + 1, last + 1):
            late = marks[j] * (below[j] - below[i]) - (sums[below[j]] - sums[below[i]])
            if late >= best:
                break
            if late + costs[j] < best:
                best, nexts[i] = late + costs[j], j
        costs[i] = best + price * (len(times) - below[i])
    return [marks[at] for at in _followed(nexts)]


def _followed(nexts: Sequence[int]) -> Iterator[int]:
    at, last = 0, len(nexts) - 1
    while at != last:
        at = nexts[at]
        yield at


# What is played


def reels(name: str) -> list[Post]:
    """The measured Reels of a set."""
    return [Post([Part("video", trace)]) for trace in traces.population(name)[WARM:]]


def photos() -> list[Post]:
    """The measured photos."""
    return [Post([Part("image", trace)]) for trace in traces.population(IMAGES)[WARM:]]


def _sets(videos: str) -> Mapping[AwaitedKind, str]:
    return {"image": IMAGES, "video": videos, "parent": PARENTS}


def carousels(videos: str, items: int, of_video: int) -> list[Post]:
    """Carousels of photos and of videos from a set."""
    dice = random.Random(f"carousels of {items}")  # noqa: S311 - it picks examples
    parts = {
        kind: [Part(kind, trace) for trace in traces.population(name)[WARM:]]
        for kind, name in _sets(videos).items()
    }
    return [
        Post(
            [
                *dice.sample(parts["image"], items - of_video),
                *dice.sample(parts["video"], of_video),
            ],
            dice.choice(parts["parent"]),
        )
        for _ in range(_POSTS)
    ]


@cache
def seen(videos: str, price: float = PRICE) -> ReadyTimes:
    """What an account knows that has published the first files of each set."""
    ours, dice = Ours(price), _dice()
    for kind, name in _sets(videos).items():
        for trace in traces.population(name)[:WARM]:
            looked_at([Part(kind, trace)], ours.wait, dice, learn=ours.learn)
    return ours.known


def looks_of_unready(part: Part, known: ReadyTimes, price: float = PRICE) -> list[float]:
    """The ages at which a part is looked at that is not ready before its time."""
    ages: list[float] = []
    age = 0.0
    while age < part.trace.ready:
        awaited = Awaited(part.kind, age, part.traits)
        ages.append(age + pacing.next_wait([awaited], known, price, _MEAN_LATENCY))
        age = ages[-1]
    return ages


# Results


def of_set(name: str) -> dict[str, Any]:
    """All policies on the Reels of one set."""
    posts = reels(name)
    ours = {price: by_us(posts, Ours(price, seen(name, price))) for price in PRICES}
    optimum = {}
    if name in BLIND:
        optimum = {price: by_marks(posts, best_marks(BLIND[name], price)) for price in PRICES}
    return {
        "ours": [{"price": price, **asdict(one)} for price, one in ours.items()],
        "optimum": [{"price": price, **asdict(one)} for price, one in optimum.items()],
        "empty": asdict(by_us(posts, Ours(learns=False))),
        "fromEmpty": asdict(by_us(posts, Ours())),
        "people": {people.name: _compared(by_people(posts, people), ours) for people in PEOPLE},
    }


def _compared(theirs: Measured, ours: Mapping[float, Measured]) -> dict[str, Any]:
    """With a price at which ours has both fewer looks and less lateness, if there is one."""
    better = [
        price for price, one in ours.items() if one.looks < theirs.looks and one.late < theirs.late
    ]
    return {
        **asdict(theirs),
        "beatenAt": min(better, key=lambda at: abs(math.log(at / PRICE)), default=None),
    }


def of_posts(kind: str) -> dict[str, Any]:
    """All policies on posts of one kind."""
    videos, posts = POSTS[kind]
    made = posts(videos)
    return {
        "ours": asdict(by_us(made, Ours(known=seen(videos)))),
        "empty": asdict(by_us(made, Ours(learns=False))),
        "people": {people.name: asdict(by_people(made, people)) for people in PEOPLE},
    }


POSTS: Final[Mapping[str, tuple[str, Callable[[str], list[Post]]]]] = {
    "photo": (INFORMED, lambda _: photos()),
    "ten_photos": (INFORMED, partial(carousels, items=10, of_video=0)),
    "ten_mixed": (INFORMED, partial(carousels, items=10, of_video=2)),
    "twenty_mixed": (INFORMED, partial(carousels, items=20, of_video=6)),
    "ten_mixed_blind": ("uniform", partial(carousels, items=10, of_video=2)),
    "twenty_mixed_blind": ("uniform", partial(carousels, items=20, of_video=6)),
}
"""By name: the set of their videos, and what makes them."""


def _at_looks(points: Sequence[Mapping[str, float]], what: str) -> float:
    """Between the two knobs whose looks are the nearest to five, in proportion."""
    by_looks = sorted(points, key=lambda point: point["looks"])
    at = bisect.bisect_left([point["looks"] for point in by_looks], LOOKS)
    low, high = by_looks[at - 1], by_looks[at]
    share = (LOOKS - low["looks"]) / (high["looks"] - low["looks"])
    return low[what] + share * (high[what] - low[what])


def beating_prices(sets: Mapping[str, Any], policy: str) -> list[float]:
    """At which prices ours needs fewer looks and is less late, in the mean of all sets together."""
    looks, late = _of_all([one["people"][policy] for one in sets.values()])
    found = []
    for at, price in enumerate(PRICES):
        our_looks, our_late = _of_all([one["ours"][at] for one in sets.values()])
        if our_looks < looks and our_late < late:
            found.append(price)
    return found


def _of_all(points: Sequence[Mapping[str, float]]) -> tuple[float, float]:
    return _mean(one["looks"] for one in points), _mean(one["late"] for one in points)


def figures_of(results: Mapping[str, Any]) -> dict[str, float]:
    """The flat figures of the results."""
    sets, posts = results["sets"], results["posts"]
    [informed] = [one for one in sets[INFORMED]["ours"] if one["price"] == PRICE]
    found = {
        f"pacing.{name}_lateness_ratio": _at_looks(sets[name]["ours"], "late")
        / _at_looks(sets[name]["optimum"], "late")
        for name in BLIND
    }
    found |= {
        "pacing.blind_time_to_oracle_max": max(
            _at_looks(sets[name]["ours"], "to_oracle") for name in BLIND
        ),
        "pacing.blind_p95_seconds_late_max": max(
            _at_looks(sets[name]["ours"], "late_p95") for name in BLIND
        ),
        "pacing.informed_looks": informed["looks"],
        "pacing.informed_seconds_late": informed["late"],
        "pacing.informed_time_to_oracle": informed["to_oracle"],
        "pacing.empty_time_to_oracle_max": max(
            one["empty"]["to_oracle"] for one in (*sets.values(), *posts.values())
        ),
        "pacing.policies_not_beaten": sum(
            not beating_prices(sets, people.name) for people in PEOPLE
        ),
    }
    for kind, one in posts.items():
        found[f"pacing.{kind}_calls"] = one["ours"]["calls"]
        found[f"pacing.{kind}_time_to_oracle"] = one["ours"]["to_oracle"]
        found[f"pacing.{kind}_time_to_slowest"] = one["ours"]["to_slowest"]
    return {name: round(number, 3) for name, number in found.items()}


def _measured(what: tuple[str, str]) -> dict[str, Any]:
    of_what, name = what
    return of_set(name) if of_what == "sets" else of_posts(name)


def main() -> None:
    """Play everything, and write results/pacing.json and the figures."""
    wanted = [
        *(("sets", name) for name in (*BLIND, INFORMED)),
        *(("posts", kind) for kind in POSTS),
    ]
    with Pool(_PROCESSES) as pool:
        found = pool.map(_measured, wanted, chunksize=1)
    results: dict[str, Any] = {"price": PRICE, "sets": {}, "posts": {}}
    for (of_what, name), one in zip(wanted, found, strict=True):
        results[of_what][name] = one
    path = figures.RESULTS / "pacing.json"
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    figures.record(figures_of(results))


if __name__ == "__main__":
    main()
