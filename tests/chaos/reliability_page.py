"""`docs/reliability.md`, written from the committed results of long series; `docs.generate` writes
it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from tests.chaos.jobs import CONTROLS_SHARE
from tests.chaos.report import ROWS, WRONGS

_RESULTS: Final = Path(__file__).resolve().parents[2] / "bench" / "results"
CHAOS: Final = _RESULTS / "chaos.json"
ORDERS: Final = _RESULTS / "orders.json"
CONDITIONS: Final = _RESULTS / "conditions.json"

_HEAD = """# Reliability

What became of posts while things went wrong: the real state machine file, the real functions and
the real table conditions, run in the sandbox against the simulated Instagram, with a fault at
every call and with many at once; and its own code in every order of events. This page is written
from [the results](../bench/results) of `make chaos` and of the explorer by `make docs`. Why no
order of events posts twice: [the protocol](publish-protocol.md).
"""

_METHOD = """
## How

One sandbox at the highest speed, in which each function runs in a process of its own that can be
killed. A run begins with one to three new post groups, whose files have bytes that no other file
has. They are started through the API's function or from the console, some twice at once. Meanwhile
faults happen and people interfere: they start again, stop, cancel, redrive, sweep, look, or say
that nothing was published. After 15 minutes of simulated time the faults end. Sweeps come by until
everything is at rest, for a day and a half at most, by which time containers have expired.

Then it is compared what is live at the simulated Instagram, by the hashes of the bytes, with what
the table says:

- *posts too many*: a group is live at most once;
- *incomplete*: all items, in order, with the group's caption;
- *wrong ids* and *untrue records*: the record says `published` exactly when the post is live, with
  its own id and link, and the job that has the group says the same;
- *stuck*: no run goes on, no group is left in `publishing`. What is `unconfirmed` can be settled
  by hand, and what failed is published by a redrive or, by the plan or where there is none, by a
  new start;
- *secrets written*: no token and no signature in histories, table, logs;
- *over budget*: one publish call for each attempt; one that proves nothing by policy `ask`, two by
  `resend`; a bounded number of containers.

**Single faults.** The calls to Instagram, DynamoDB, S3, Parameter Store and Step Functions and the
invocations are taken from the log of runs without a fault: two photos and a video, a start from
the console, an unclear publish, a run that is stopped after the publish, and one whose end nobody
is told of. Each call is hit by each fault that can happen to it.

**Random faults.** Up to six faults at once, drawn by [Hypothesis](../tests/chaos/strategies.py)
from a seed: most at the publish call and around it, once, a few times, or for as long as trouble
lasts. A third of the runs has the policy `ask`.

**Controls** run the same plans and must post twice, or the faults would prove nothing. The *naive*
one is [a publisher as it is found in the field](../tests/chaos/controls/naive.asl.json): create,
poll, publish, and repeat whatever fails. The other is ours, but the attempt [is not written
down](../tests/chaos/controls/unmarked.py) before the publish call.

**The excluded case** is what the protocol cannot survive with the policy `resend`: Instagram
publishes one container twice, *and* the first effect comes later than the settle time of 120
seconds. It is made on purpose, counted apart, and shows that the harness would notice.
"""

_REPEAT = """
## Repeat it

    make chaos N=2000 SEED=1

takes the same plans and writes `build/chaos.json`. It ends with exit code 1 when anything is
violated or a control makes no duplicate. A plan that fails is made smaller and printed with the
command that repeats it alone, with every call that it made:

    make chaos ARGS='--repeat {"graph":[{"call":"publish","answer":"reset","effect":"first"}]}'

`make chaos ARGS=--quick` is what every change must pass: each fault at the claim and at each call
of Publish, Reconcile and Record, 21 random runs, and 5 of each control.

Threads and processes are real, so the order of calls that happen at once may differ from one time
to the next; the plans do not.

The explorer's figures come from

    python -m tests.chaos.explorer --switches 3 --times 2 --settles 1 --orders 10 \
        --json bench/results/orders.json
    python -m tests.chaos.explorer --conditions --json bench/results/conditions.json
"""

_BOUNDS: Final = {
    "switches": "switches of turns",
    "kills": "death of an actor",
    "times": "steps of time",
    "settles": "settle time that passes",
}
_MODES: Final = {
    "duplicate": "makes a second post",
    "error": "is refused",
    "same_id": "answers the first id",
}


def page() -> str:
    """The whole page."""
    chaos, orders, conditions = (
        json.loads(path.read_text(encoding="utf-8")) for path in (CHAOS, ORDERS, CONDITIONS)
    )
    parts = [
        _HEAD,
        *_lines(_summary(chaos)),
        _METHOD,
        *_lines(_modes(chaos)),
        *_lines(_kinds(chaos)),
        *_lines(_orders(orders)),
        *_lines(_conditions(conditions)),
        _REPEAT,
    ]
    return "".join(parts)


def _lines(lines: Iterator[str]) -> Iterator[str]:
    return (f"{line}\n" for line in lines)


def _table(heads: Iterable[str], rows: Iterable[Iterable[Any]], *, words: int = 1) -> Iterator[str]:
    """The first `words` columns are words, the others numbers."""
    heads = list(heads)
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * words}{'--:|' * (len(heads) - words)}"
    for row in rows:
        yield f"| {' | '.join(f'{c:,}' if isinstance(c, int) else str(c) for c in row)} |"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _summary(document: dict[str, Any]) -> Iterator[str]:
    yield "\n## Results\n"
    rows = [
        [_capital(title), document[name]["runs"], *_wrongs(name, document[name])]
        for name, title in ROWS.items()
    ]
    yield from _table(["", "Runs", *(_capital(title) for title in WRONGS.values())], rows)
    yield ""
    yield from _facts(document)


def _wrongs(name: str, tally: dict[str, Any]) -> Iterator[Any]:
    """Of controls only posts and records are looked at."""
    for wrong in WRONGS:
        looked = name not in ("naive", "no_marker") or wrong in ("duplicates", "wrongIds", "untrue")
        yield tally[wrong] if looked else ""


def _facts(document: dict[str, Any]) -> Iterator[str]:
    def both(name: str) -> Any:
        return document["ours"][name] + document["single"][name]

    unclear, found, runs = both("unclear"), both("found"), both("runs")
    share = found / unclear if unclear else 1.0
    machine = document["machine"]
    yield (
        f"The controls ran one in {CONTROLS_SHARE} of the plans. Of {unclear:,} posts that went"
        " live in a publish without a clear answer, with a caption of their own,"
        f" {found:,} ({share:.1%}) were found by the workflow or the sweep, with their true id and"
        f" link; {both('settledByHand'):,} groups had to be settled by hand. Of failed runs,"
        f" {both('redrives'):,} were redriven while things went wrong and {both('redriven'):,}"
        f" afterwards; {both('startedAnew'):,} groups were started anew."
    )
    yield ""
    yield (
        f"A run took {both('seconds') / max(1, runs):.2f} s on average, on {machine['cores']} cores"
        f" ({machine['processor']}), Python {machine['python']}, {document['processes']} sandboxes"
        " at once."
    )


def _modes(document: dict[str, Any]) -> Iterator[str]:
    yield "\n## When a container is published again\n"
    yield "Nobody has documented what Instagram does then; the random runs try all three."
    yield ""
    subjects = ("ours", "naive", "no_marker")
    heads = ["The second publish"]
    for name in subjects:
        heads += [f"{_capital(ROWS[name])}: runs", "posts too many"]
    rows = []
    for mode, words in _MODES.items():
        counts = [document[name]["modes"].get(mode, {}) for name in subjects]
        numbers = [each.get(key, 0) for each in counts for key in ("runs", "duplicates")]
        rows.append([words, *numbers])
    yield from _table(heads, rows)


def _kinds(document: dict[str, Any]) -> Iterator[str]:
    yield "\n## Single faults, by what happened\n"
    yield "A row counts the runs in which it happened, and how the groups stood at rest."
    yield ""
    yield from _kind_table(document, "single", ())
    yield "\n## Random faults, by what happened\n"
    yield "A run counts in the row of each fault that happened in it, with all of its groups."
    yield ""
    yield from _kind_table(document, "ours", ("naive", "no_marker"))


def _kind_table(document: dict[str, Any], name: str, controls: tuple[str, ...]) -> Iterator[str]:
    kinds = document[name]["kinds"]
    ends = sorted({end for counts in kinds.values() for end in counts} - {"runs", "duplicates"})
    heads = ["Fault", "Runs", *(_capital(end) for end in ends), "Posts too many"]
    for control in controls:
        heads += [f"{_capital(ROWS[control])}: runs", "posts too many"]
    rows = []
    for kind, counts in sorted(kinds.items()):
        theirs = [document[control]["kinds"].get(kind, {}) for control in controls]
        rows.append(
            [
                _capital(kind),
                counts["runs"],
                *(counts.get(end, 0) for end in ends),
                counts["duplicates"],
                *(each.get(key, 0) for each in theirs for key in ("runs", "duplicates")),
            ]
        )
    yield from _table(heads, rows)


def _orders(document: dict[str, Any]) -> Iterator[str]:
    yield "\n## Orders of events\n"
    yield (
        "[The explorer](../tests/chaos/explorer) has neither engine nor processes: it plays the"
        " library's own code against services in memory, one external call at a time, so that it"
        " decides who goes on after each. Every pair of calls meets a group in every state."
    )
    yield ""
    bounds = ", ".join(f"{document['bounds'][name]} {words}" for name, words in _BOUNDS.items())
    yield (
        f"With at most {bounds} in an order, {document['chosen']} orders by chance of each of"
        f" {document['plays']:,} plays were tried: {document['orders']:,} orders in"
        f" {document['seconds']:,.0f} s, and {len(document['violations'])} violations."
    )


def _conditions(document: dict[str, Any]) -> Iterator[str]:
    yield "\n## What each condition is for\n"
    yield (
        "The same code with one condition of the protocol taken away, and the first thing that went"
        " wrong. Some are covered: alone nothing goes wrong without them, and together with the"
        " named ones something does, which does not as soon as any one of them is there."
    )
    yield ""
    rows = [
        [
            row["condition"],
            row["where"],
            row["violation"] or f"Nothing that the explorer sees: {row['guards']}",
            "; ".join(row["together"]),
            row["orders"],
        ]
        for row in document["conditions"]
    ]
    heads = ["Condition", "Where", "Without it", "Together with", "Orders tried"]
    yield from _table(heads, rows, words=4)
