"""What a run cost: counted in its history, times the prices of `prices.py`.

Not in it: logs, traces, alarms and storage, which are paid for by the month, requests to S3, which
are a thousandth of it, and what people's own calls of the API take.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from postwright import clock, history, prices
from postwright.app import App
from postwright.function_limits import limits_of
from postwright.history import History, Visit
from postwright.models import Cost, Job, Ref

TABLE_READS: Final = 3.5
TABLE_WRITES: Final = 3.7
"""Of a call of a function, in the mean over a post. Source: bench/results/costs.json, which
`python -m bench.costs` has counted; a test compares them.
"""
_MAKES_CONTAINER: Final = "CreateContainer"
_SAME_FUNCTION: Final = {"ReloadPost": "LoadPost"}
"""States whose function has the name of another state; a test asks the state machine's file."""

_log = logging.getLogger(__name__)


def keep(app: App, ref: Ref, job: Job, *, states_to_come: int = 0) -> None:
    """Write what the run of a job has cost so far into its record, with the states that it will
    certainly still enter.

    Nothing is raised: a run is not to fail because nobody can tell what it cost. Where its history
    cannot be read, the record tells no cost. A repeat is safe.
    """
    try:
        told = history.read(app.histories.events(app.executions.arn(ref.job_id)))
        sizes = [item.size_bytes for item in job.items]
        cost = cost_of(told, sizes, states_to_come=states_to_come, now=clock.now())
        app.store.update_job(ref, cost=cost)
    except Exception as error:  # whatever it is, the post is more important than its price
        _log.warning("What job %s cost is not known: %s", ref.job_id, type(error).__name__)


def cost_of(
    told: History,
    sizes: Sequence[int] = (),
    *,
    states_to_come: int = 0,
    now: datetime | None = None,
) -> Cost:
    """What all runs of an execution have cost together; `sizes` are the bytes of the post's items.

    A task that is not over counts until `now` while the execution runs, else until the last event,
    but no longer than its function may run. Running times are those of tasks, a little longer than
    what Lambda counts.
    """
    calls = sum(len(visit.tries) for visit in told.visits)
    further_tries = sum(max(len(visit.tries) - 1, 0) for visit in told.visits)
    transitions = len(told.visits) + further_tries + states_to_come
    until = now if now is not None and told.end is None else told.last_at
    gb_seconds = sum(_gb_seconds(visit, until) for visit in told.visits)
    fetched = sum(_fetched(told.visits, sizes))
    usd = (
        transitions * prices.TRANSITION.usd
        + calls * (prices.CALL.usd + TABLE_READS * prices.TABLE_READ.usd)
        + calls * TABLE_WRITES * prices.TABLE_WRITE.usd
        + gb_seconds * prices.GB_SECOND.usd
        + fetched / 1e9 * prices.EGRESS_GB.usd
    )
    return Cost(
        transitions=transitions,
        calls=calls,
        gb_seconds=round(gb_seconds, 3),
        bytes=fetched,
        usd=round(usd, 7),
        prices_of=prices.PRICES_OF,
    )


def function_of(state: str) -> str:
    """The function that a task calls: `CheckStatus` -> `check_status`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", _SAME_FUNCTION.get(state, state)).lower()


def _gb_seconds(visit: Visit, until: datetime) -> float:
    limits = limits_of(function_of(visit.state))
    lasted = [((one.ended_at or until) - one.scheduled_at).total_seconds() for one in visit.tries]
    seconds = sum(min(max(one, 0.0), limits.seconds) for one in lasted)
    return seconds * limits.megabytes / 1024


def _fetched(visits: Sequence[Visit], sizes: Sequence[int]) -> Iterator[int]:
    """The bytes of an item for each container that was made of it: Instagram fetches them."""
    answers = [
        one.answer for visit in visits if visit.state == _MAKES_CONTAINER for one in visit.tries
    ]
    for answer in answers:
        if isinstance(answer, dict) and answer.get("outcome") == "created":
            index = answer.get("index")
            if isinstance(index, int) and 0 <= index < len(sizes):
                yield sizes[index]
