"""`docs/reliability.md`, written from the committed results of a long series of chaos runs;
`docs.generate` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.chaos.jobs import CONTROLS_SHARE
from tests.chaos.report import ROWS, WRONGS

RESULTS: Final = Path(__file__).resolve().parents[2] / "bench" / "results" / "chaos.json"

_HEAD = """# Reliability

What became of posts while things went wrong: the real state machine file, the real functions and
the real table conditions, run in the sandbox against the simulated Instagram, with a fault at
every call and with many at once. This page is written from
[chaos.json](../bench/results/chaos.json), the results of `make chaos`, by `make docs`. Why no
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
  by hand, and what failed is published by a new start;
- *secrets written*: no token and no signature in histories, table, logs;
- *over budget*: one publish call for each attempt; one that proves nothing by policy `ask`, two by
  `resend`; a bounded number of containers.

**Single faults.** The calls to Instagram, DynamoDB, S3, Parameter Store and Step Functions and the
invocations are taken from the log of runs without a fault: two photos and a video, a start from
the console, an unclear publish, a run that is stopped after the publish, and one whose end nobody
is told of. Each call is hit by each fault that can happen to it.

**Random faults.** Up to six faults at once, drawn by [Hypothesis](../tests/chaos/strategies.py)
from a seed: most at the publish call and around it, once, a few times, or for as long as trouble
lasts. A second publish of the same container is refused, answers the first id, or makes a second
post, in a third of the runs each. A third of the runs has the policy `ask`.

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

`make test` runs every fault at the claim, Publish, Reconcile and Record calls, 100 random runs,
and each control 30 times. What happens inside of one step, call by call, is explored beside this
by `python -m tests.chaos.explorer`.

Threads and processes are real, so the order of calls that happen at once may differ from one time
to the next; the plans do not.
"""


def page() -> str:
    """The whole page."""
    document = json.loads(RESULTS.read_text(encoding="utf-8"))
    parts = [_HEAD, *_lines(_summary(document)), _METHOD, *_lines(_kinds(document)), _REPEAT]
    return "".join(parts)


def _lines(lines: Iterator[str]) -> Iterator[str]:
    return (f"{line}\n" for line in lines)


def _summary(document: dict[str, Any]) -> Iterator[str]:
    yield "\n## Results\n"
    heads = [title.capitalize() for title in WRONGS.values()]
    yield f"| | Runs | {' | '.join(heads)} |"
    yield f"|---|--:|{'--:|' * len(heads)}"
    for name, title in ROWS.items():
        tally = document[name]
        cells = [_number(name, wrong, tally) for wrong in WRONGS]
        yield f"| {title[0].upper()}{title[1:]} | {tally['runs']:,} | {' | '.join(cells)} |"
    yield ""
    yield from _facts(document)


def _number(name: str, wrong: str, tally: dict[str, Any]) -> str:
    """Of controls only posts and records are looked at."""
    looked = name not in ("naive", "no_marker") or wrong in ("duplicates", "wrongIds", "untrue")
    return f"{tally[wrong]:,}" if looked else ""


def _facts(document: dict[str, Any]) -> Iterator[str]:
    ours, single = document["ours"], document["single"]
    unclear, found = ours["unclear"] + single["unclear"], ours["found"] + single["found"]
    share = found / unclear if unclear else 1.0
    machine, runs = document["machine"], ours["runs"] + single["runs"]
    each = (ours["seconds"] + single["seconds"]) / max(1, runs)
    by_hand = ours["settledByHand"] + single["settledByHand"]
    yield (
        f"The controls ran one in {CONTROLS_SHARE} of the plans. Of {unclear:,} posts that went"
        " live in a publish without a clear answer, with a caption of their own,"
        f" {found:,} ({share:.1%}) were found by the workflow or the sweep, with their true id and"
        f" link. {by_hand:,} groups were left to be settled by hand, and all could be."
    )
    yield ""
    yield (
        f"A run took {each:.2f} s on average, on {machine['cores']} cores ({machine['processor']}),"
        f" Python {machine['python']}, {document['processes']} sandboxes at once."
    )


def _kinds(document: dict[str, Any]) -> Iterator[str]:
    yield "\n## Single faults, by what happened\n"
    yield "A row counts the runs in which it happened, and how the groups stood at rest."
    yield ""
    yield from _kind_table(document["single"])
    yield "\n## Random faults, by what happened\n"
    yield "A run counts in the row of each fault that happened in it, with all of its groups."
    yield ""
    yield from _kind_table(document["ours"])


def _kind_table(tally: dict[str, Any]) -> Iterator[str]:
    ends = sorted(
        {end for counts in tally["kinds"].values() for end in counts} - {"runs", "duplicates"}
    )
    yield f"| Fault | Runs | {' | '.join(end.capitalize() for end in ends)} | Posts too many |"
    yield f"|---|--:|{'--:|' * len(ends)}--:|"
    for kind, counts in sorted(tally["kinds"].items()):
        cells = [counts["runs"], *(counts.get(end, 0) for end in ends), counts["duplicates"]]
        title = kind[0].upper() + kind[1:]
        yield f"| {title} | {' | '.join(f'{cell:,}' for cell in cells)} |"
