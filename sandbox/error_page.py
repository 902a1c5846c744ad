"""`docs/errors.md`, written from the table of errors; `docs.generate` writes it."""

from __future__ import annotations

from collections.abc import Sequence

from postwright.containers import AGAIN_SECONDS, SLOW_SECONDS, TRIES
from postwright.error_table import NO_ANSWER, TABLE, Call, Row
from postwright.errors import (
    AccountBlockedError,
    ContainerNotReadyError,
    InvalidPostError,
    MediaRejectedError,
    PostwrightError,
    QuotaExceededError,
    RateLimitedError,
    TokenInvalidError,
)
from postwright.failures import GraphFailure, proves_not_published

_PLACES: dict[Call, str] = {
    "create": "making a container",
    "status": "looking at a container",
    "processing": "in a container's `status`",
    "publish": "publishing",
    "read": "reading the account",
    "media": "reading a post",
    "comment": "commenting",
    "delete": "deleting",
    "search": "searching",
    "embed": "embedding",
}
_NOT_OURS: set[Call] = {"comment", "delete", "search", "embed"}
_STOPS = "Stops"
_DOES: dict[type[PostwrightError], str] = {
    InvalidPostError: _STOPS,
    MediaRejectedError: f"{_STOPS}, and names every item that failed",
    TokenInvalidError: f"{_STOPS}, unless a newer token is stored",
    AccountBlockedError: _STOPS,
    QuotaExceededError: f"{_STOPS}, or at the publish call waits for a slot (`onQuota: wait`)",
    ContainerNotReadyError: "Sends the same container again, 6 times, 5 s apart",
}
_LOOKS = "looks for the post, never repeats blindly"
_PROOF = "†"

_HEAD = f"""# Errors

Every error that Instagram is known to answer, and what follows from it. This page is written from
[error_table.py](../src/postwright/error_table.py) by `make docs`; change it
there. What a class means for a run stands in the
[README](../README.md#what-goes-wrong-and-what-happens-then), and which states raise it in
[the state machine](../statemachine/README.md).

**At the publish call nothing is taken on trust.** Only the answers marked {_PROOF} prove that no
post is live, and only they react as the table says. After every other answer, known or not,
Postwright [looks for the post](publish-protocol.md) first: Instagram was seen to answer an error
although the post was live. A run that stops before that call has published nothing.

An answer is looked up by words that it holds, then by code and subcode together, then by a subcode
of seven digits alone, then by the code alone. Calls in italics are none of Postwright's.

| Code | Where | What it means | What Postwright does | What you do | Who says so |
|---|---|---|---|---|---|
"""

_TAIL = """
## What nobody knows

An error that is not in the table is taken in the safest way:

| Answer | Class | What Postwright does |
|---|---|---|
| to a publish call, whatever it is | `PublishUncertainError` | Looks for the post first |
| HTTP 429 | `RateLimitedError` | Waits |
| HTTP 401 with a code | `TokenInvalidError` | Stops |
| HTTP 5xx, or `is_transient`, or no code | `TransientGraphError` | Tries again |
| any other, to a create | `MediaRejectedError` | Stops, and names the item |
| any other, to a read | `TransientGraphError` | Tries again |
| "Fatal" and the like in a container's `status` | `ProcessingFailedError` | Makes it again |

A known code with a subcode that is not in the table reacts as the code. Each of them is logged as a
warning and counted in [a record of its own](records.md) by account, call and numbers, with the last
`fbtrace_id` for a question to Meta.
"""


def page() -> str:
    """The whole page."""
    rows = sorted(TABLE, key=_order)
    return _HEAD + "".join(f"{_line(row)}\n" for row in (*rows, NO_ANSWER)) + _TAIL


def _order(row: Row) -> tuple[bool, bool, int, int, str]:
    """By numbers; rows for any code after them, rows told by words last."""
    return (
        row.text is not None,
        row.code is None,
        row.code or 0,
        row.subcode or 0,
        row.text or "",
    )


def _line(row: Row) -> str:
    does = f"{_reaction(row)}. `{row.error.__name__}`"
    cells = [_code(row), _where(row), row.meaning, does, row.advice, row.source]
    return f"| {' | '.join(cells)} |"


def _proves(row: Row) -> bool:
    return proves_not_published(GraphFailure("publish", 400, row.code, row.subcode))


def _code(row: Row) -> str:
    if row is NO_ANSWER:
        return "no Graph answer"
    if row.text is not None:
        return f'"{row.text}"' if " " in row.text else f"`{row.text}`"
    code = "200-299" if row.code == 200 else "any" if row.code is None else str(row.code)
    numbers = code if row.subcode is None else f"{code} / {row.subcode}"
    return f"{numbers} {_PROOF}" if _proves(row) else numbers


def _where(row: Row) -> str:
    if not row.calls or row is NO_ANSWER:
        return "anywhere"
    named = [call for call in _PLACES if call in row.calls]
    return ", ".join(f"*{_PLACES[call]}*" if call in _NOT_OURS else _PLACES[call] for call in named)


def _reaction(row: Row) -> str:
    """What follows where the row was seen; only answers to a publish call are looked at first."""
    if row.calls and row.calls <= _NOT_OURS:
        return "Not called"
    unclear = "publish" in row.calls and not _proves(row)
    if unclear and len(row.calls) == 1:
        return _LOOKS.capitalize()
    return f"{_elsewhere(row)}; at the publish call {_LOOKS}" if unclear else _elsewhere(row)


def _elsewhere(row: Row) -> str:
    if row.calls and row.calls <= {"status", "media"}:
        return "Looks again, as long as there is time for the container"
    if row.error in _DOES:
        return _DOES[row.error]
    tries = row.tries or TRIES[row.error]
    if row.error is RateLimitedError:
        pauses = _listed(row.pauses or SLOW_SECONDS, tries, 60)
        return f"Waits as long as Instagram says, or else {pauses} min; {tries} tries in all"
    pauses = _listed(row.pauses or AGAIN_SECONDS, tries, 1)
    reads = "" if row.calls and row is not NO_ANSWER else ", and asks again where it was reading"
    return f"Makes the container again after {pauses} s, {tries} tries in all{reads}"


def _listed(seconds: Sequence[int], tries: int, unit: int) -> str:
    """The pauses between so many tries; the last one stands for all that follow."""
    *first, last = [str(pause // unit) for pause in seconds[: tries - 1]]
    return f"{', '.join(first)} and {last}" if first else last
