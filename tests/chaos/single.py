"""One fault at a time, at every call: the list of calls is taken from the log of a run without it.

A *base* is a run in which certain functions work; each of their calls is hit by each fault that can
happen to it, once and, where a single one is merely repeated away, for as long as trouble lasts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tests.chaos.plan import Act, GroupPlan, Plan, Start
from tests.chaos.stage import Stage

_UNCLEAR: Final = {"call": "publish", "answer": "reset", "effect": "first"}
_STOPPED: Final = {"service": "graph", "operation": "publish", "does": "abort_after"}
_UNHEARD: Final = {"service": "events", "does": "lost", "times": None}


@dataclass(frozen=True)
class Base:
    """`functions` are those whose calls are hit; None: all. `operations` narrows this down."""

    name: str
    plan: Plan
    functions: tuple[str, ...] | None = None
    operations: tuple[str, ...] | None = None


EVERYTHING: Final = (
    Base("two photos and a video", Plan(groups=(GroupPlan(shots="PPV"),))),
    Base("started from the console", Plan(starts=(Start(by="console"),)), ("load_post",)),
    Base("an unclear publish", Plan(graph=(_UNCLEAR,)), ("reconcile_publish", "record_result")),
    Base("stopped after the publish", Plan(calls=(_STOPPED,)), ("record_failure", "events")),
    Base(
        "stopped after the publish, and nobody was told",
        Plan(
            calls=(_STOPPED, _UNHEARD),
            acts=(Act(deed="sweep", at=200), Act(deed="sweep", at=400)),
        ),
        ("sweep_jobs",),
    ),
)
AROUND_THE_PUBLISH: Final = (
    Base("the claim", Plan(), ("start_publish",), ("TransactWriteItems", "StartExecution")),
    Base(
        "the claim from the console",
        Plan(starts=(Start(by="console"),)),
        ("load_post",),
        ("TransactWriteItems", "load_post"),
    ),
    Base("publish", Plan(), ("publish",)),
    Base("look and record", Plan(graph=(_UNCLEAR,)), ("reconcile_publish", "record_result")),
)
"""What CI runs: claim, Publish, Reconcile and Record."""

_Call = tuple[str, str, str | None, int]
"""Service, operation, function, and which one of these."""

_ONCE_OR_FOR_GOOD: Final = ("refused", "throttled", "reset_before", "reset_after")
_ON_ITS_WAY: Final = ("kill_before", "kill_after", "abort_before", "abort_after")
_AWS: Final[tuple[dict[str, Any], ...]] = (
    *({"does": does} for does in (*_ONCE_OR_FOR_GOOD, *_ON_ITS_WAY, "drip")),
    *({"does": does, "times": None} for does in _ONCE_OR_FOR_GOOD),
    {"delay_seconds": 8},
    {"delay_seconds": 60},
)
_LAMBDA: Final[tuple[dict[str, Any], ...]] = (
    *({"does": does} for does in ("refused", "throttled", "lost", "twice", "hang")),
    *({"does": "twice", "again_after_seconds": seconds} for seconds in (5, 60, 300)),
    *({"does": does, "times": None} for does in ("refused", "lost")),
    {"delay_seconds": 60},
    {"delay_seconds": 200},
)
_EVENTS: Final[tuple[dict[str, Any], ...]] = (
    {"does": "lost"},
    {"does": "twice"},
    {"does": "twice", "again_after_seconds": 300},
    {"delay_seconds": 600},
)
_GRAPH_ANY: Final[tuple[dict[str, Any], ...]] = (
    {"error": [2, None]},
    {"status": 500},
    {"throttle_minutes": 5},
    *({"answer": answer} for answer in ("reset", "html", "empty", "hang")),
    {"answer": "reset", "times": None},
    {"delay_seconds": 12},
)
_GRAPH_READ: Final[tuple[dict[str, Any], ...]] = ({"answer": "cut"}, {"answer": "drip"})
_GRAPH_WRITE: Final[tuple[dict[str, Any], ...]] = (
    *({"answer": answer, "effect": "first"} for answer in ("reset", "html", "empty", "hang")),
    *(
        {"answer": answer, "effect": effect}
        for answer in ("cut", "drip")
        for effect in ("first", "never")
    ),
    {"status": 500, "effect": "first"},
    {"answer": "reset", "effect": "late", "late_seconds": 20},
    {"answer": "reset", "effect": "late", "late_seconds": 100},
)
_GRAPH_CREATE: Final[tuple[dict[str, Any], ...]] = (
    {"error": [9004, 2207052]},
    {"error": [190, 463]},
    {"expires_after_seconds": 5},
    {"processing_error": 2207053},
    {"processing_seconds": 90},
)
_GRAPH_PUBLISH: Final[tuple[dict[str, Any], ...]] = (
    *({"error": error} for error in ([9007, 2207027], [9, 2207042], [190, 463], [24, 2207008])),
    {"error": [4, 2207051], "http_status": 403},
    {"error": [4, 2207051], "http_status": 403, "effect": "first"},
    {"status_lag_seconds": 60},
    {"status_lag_seconds": 400},
)


def plans(stage: Stage, bases: tuple[Base, ...], *, in_short: bool = False) -> Iterator[Plan]:
    """Each base without a fault more, then with each fault at each of its calls. What fails is
    redriven afterwards, where there is a run.

    `in_short` leaves out what differs from another fault only in how long it lasts.
    """
    for base in bases:
        plan = base.plan.model_copy(update={"afterwards": "redrive"})
        played = stage.play(plan)
        yield plan
        for call in _calls(played.calls, base):
            for fault in faults_of(call):
                if in_short and _only_lasts_longer(fault):
                    continue
                yield _with(plan, fault)


def faults_of(call: _Call) -> Iterator[dict[str, Any]]:
    """Everything that can happen to one call."""
    service, operation, function, after = call
    about = {"after": after} if after else {}
    where: dict[str, Any] = {"service": service, "operation": operation, **about}
    if function is not None and service != "events":
        where["function"] = function
    if service == "graph":
        for kind in _graph_kinds(operation):
            yield {"call": operation, **about, **kind}
        for does in _ON_ITS_WAY:
            yield {**where, "does": does}
        return
    for kind in {"lambda": _LAMBDA, "events": _EVENTS}.get(service, _AWS):
        yield {**where, **kind}


def _only_lasts_longer(fault: dict[str, Any]) -> bool:
    is_worst = fault.get("does") == "reset_after"  # done each time, and nobody hears of it
    return ("times" in fault and not is_worst) or fault.get("delay_seconds") in (8, 200)


def _graph_kinds(operation: str) -> tuple[dict[str, Any], ...]:
    if operation == "publish":
        return (*_GRAPH_ANY, *_GRAPH_WRITE, *_GRAPH_PUBLISH)
    if operation == "create":
        return (*_GRAPH_ANY, *_GRAPH_WRITE, *_GRAPH_CREATE)
    return (*_GRAPH_ANY, *_GRAPH_READ)


def _calls(entries: list[dict[str, Any]], base: Base) -> list[_Call]:
    """The calls of the functions of a base, in an order that is the same each time."""
    counts: Counter[tuple[str, str, str | None]] = Counter()
    for entry in entries:
        service, operation, function = entry["service"], entry["operation"], entry["function"]
        who = "events" if service == "events" else function
        if who is None or (base.functions is not None and who not in base.functions):
            continue
        if base.operations is None or operation in base.operations:
            counts[service, operation, function] += 1
    return [
        (*key, after)
        for key, number in sorted(counts.items(), key=lambda one: str(one[0]))
        for after in range(number)
    ]


def _with(plan: Plan, fault: dict[str, Any]) -> Plan:
    if "call" in fault:
        return plan.model_copy(update={"graph": (*plan.graph, fault)})
    return plan.model_copy(update={"calls": (*plan.calls, fault)})
