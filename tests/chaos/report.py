"""What a series of runs says: a table for people, and the failures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

WRONGS: Final = {
    "duplicates": "posts too many",
    "wrongIds": "wrong ids",
    "untrue": "untrue records",
    "incomplete": "incomplete",
    "stuck": "stuck",
    "secrets": "secrets written",
    "overBudget": "over budget",
}
ROWS: Final = {
    "single": "ours, single faults",
    "ours": "ours, random faults",
    "naive": "naive control",
    "no_marker": "control without the attempt",
    "excluded": "ours, the excluded case",
}
LEAST_FOUND: Final = 0.99


def lines(document: dict[str, Any]) -> Iterator[str]:
    """The table, and how to repeat what went wrong."""
    heads = ["runs", *WRONGS, "s/run"]
    yield f"{'':28}" + "".join(f"{head:>12}" for head in heads)
    for name, title in ROWS.items():
        tally = document[name]
        if not tally["runs"]:
            continue
        each = tally["seconds"] / tally["runs"]
        cells = [tally["runs"], *(_cell(name, wrong, tally) for wrong in WRONGS), f"{each:.2f}"]
        yield f"{title:28}" + "".join(f"{cell!s:>12}" for cell in cells)
    for name in ("single", "ours"):
        yield from _more(ROWS[name], document[name])
    if 0 < document["naive"]["runs"] < document["ours"]["runs"]:
        count = document["naive"]["runs"]
        yield f"Controls ran the first {count} of the same {document['ours']['runs']} plans."
    for name in ("single", "ours"):
        for violation in document[name]["violations"]:
            yield f"{violation['words']}\n  make chaos ARGS='--repeat {violation['plan']}'"


def failures(document: dict[str, Any]) -> list[str]:
    """Why the whole is a failure, if it is."""
    found = [
        f"{ROWS[name]}: {document[name][wrong]} {words}"
        for name in ("single", "ours")
        for wrong, words in WRONGS.items()
        if document[name][wrong]
    ]
    found += [
        f"{ROWS[name]}: no duplicate, so these faults prove nothing"
        for name in ("naive", "no_marker")
        if document[name]["runs"] and not document[name]["duplicates"]
    ]
    for name in ("single", "ours"):
        share = document[name]["unclearFoundTrue"]
        if share is not None and share < LEAST_FOUND:
            found.append(f"{ROWS[name]}: only {share:.1%} of unclear publishes were found")
    return found


def _cell(name: str, wrong: str, tally: dict[str, Any]) -> Any:
    """Of controls only posts and records are looked at."""
    looked = name in ("single", "ours", "excluded") or wrong in ("duplicates", "wrongIds", "untrue")
    return tally[wrong] if looked else "-"


def _more(title: str, tally: dict[str, Any]) -> Iterator[str]:
    if not tally["runs"]:
        return
    ends = ", ".join(f"{number} {end}" for end, number in sorted(tally["ends"].items()))
    share = tally["unclearFoundTrue"]
    found = "" if share is None else f"; of {tally['unclear']} unclear ones {share:.1%} found"
    yield (
        f"{title}: {tally['groups']} groups at rest: {ends}{found};"
        f" {tally['settledByHand']} settled by hand; {tally['redrives']} redriven meanwhile,"
        f" {tally['redriven']} afterwards, {tally['startedAnew']} started anew"
    )
