"""Random plans, as Hypothesis strategies: few groups, several faults, and people who interfere.

Most faults hit the publish call and what surrounds it. What the protocol takes for granted is kept:
an answer that proves "not published" is never a lie, and an effect never comes later than the
settle time where that matters; `excluded_case` is the one that breaks this on purpose.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from tests.chaos.plan import Act, Deed, GroupPlan, Plan, Policy, RepeatPublish, Start

LATE_SECONDS: Final = 100
"""With what may pass before the call arrives this is less than the settle time."""
_VERY_LATE_SECONDS: Final = 600
"""Safe where Instagram does not publish a container twice, and nobody says that it never was."""

_MOMENTS: Final = (0, 1, 2, 3, 5, 6, 8, 10, 15, 30, 38, 45, 60, 70, 100, 130, 160, 200, 300, 420)
_MODES: Final[tuple[RepeatPublish, ...]] = (
    *("duplicate", "duplicate", "duplicate"),
    *("error", "same_id"),
)
_NUMBERS: Final = (1, 1, 1, 2, 2, 3)
_SHOTS: Final = ("P", "P", "P", "P", "PP", "PV", "V")
_DEEDS: Final[tuple[Deed, ...]] = (
    *("start", "start", "abort", "abort", "cancel", "redrive", "redrive"),
    *("sweep", "sweep", "look", "not_published", "ask_status"),
)
_GRAPH_CALLS: Final = (*["publish"] * 6, "create", "create", "status", "status", "list", "media")
_FUNCTIONS: Final = (
    *["publish"] * 5,
    *["reconcile_publish"] * 3,
    *["record_result", "load_post", "start_publish", "record_failure", "sweep_jobs"] * 2,
    *["create_container", "check_status", "create_carousel", "check_quota"],
    *["settle_job", "cancel_job", "get_status"],
)
_REFUSALS: Final[tuple[tuple[int, int | None], ...]] = (
    (1, None),
    (2, None),
    (-1, 2207001),
    (4, None),
    (100, 33),
    (190, 463),
)
_PUBLISH_REFUSALS: Final[tuple[tuple[int, int | None], ...]] = (
    (9007, 2207027),
    (9, 2207042),
    (190, 463),
    (4, 2207051),
    (1, None),
    (2, None),
    (-1, 2207001),
    (24, 2207008),
)
_UNTRUE_REFUSALS: Final[tuple[tuple[int, int | None], ...]] = (
    (4, 2207051),
    (1, None),
    (2, None),
    (-1, 2207001),
)
"""Errors that were seen, or may well be answered, although the post went live."""
_EVENTS: Final[tuple[dict[str, Any], ...]] = (
    {"does": "lost"},
    {"does": "twice"},
    {"does": "twice", "again_after_seconds": 300},
    {"delay_seconds": 600},
)
_TIMES: Final = (1, 1, 1, 2, 5, None)
_AFTER: Final = (0, 0, 0, 1, 2, 3)


@st.composite
def plans(draw: st.DrawFn, policy: Policy) -> Plan:
    """One run with one to three groups and up to six faults."""
    number = draw(st.sampled_from(_NUMBERS))
    groups = draw(st.lists(_groups(), min_size=number, max_size=number))
    mode = draw(st.sampled_from(_MODES))
    acts = draw(st.lists(_acts(len(groups)), max_size=3))
    by_hand = any(act.deed == "not_published" for act in acts)
    patient = policy == "ask" or mode != "duplicate"
    late = _VERY_LATE_SECONDS if patient and not by_hand else LATE_SECONDS
    return Plan(
        groups=tuple(groups),
        starts=tuple(draw(_starts(len(groups)))),
        acts=tuple(acts),
        graph=(*draw(_unclear_publishes(late)), *draw(st.lists(_graph_faults(late), max_size=2))),
        calls=tuple(draw(st.lists(_call_faults(), max_size=3))),
        repeat_publish=mode,
        policy=policy,
        afterwards=draw(st.sampled_from(("start", "redrive"))),
    )


@st.composite
def excluded_case(draw: st.DrawFn) -> Plan:
    """Instagram publishes one container twice, and the first effect comes after the settle time."""
    shots = draw(st.sampled_from(_SHOTS))
    late = draw(st.integers(min_value=125, max_value=900))
    answer = draw(st.sampled_from(("reset", "html", "empty")))
    fault = {"call": "publish", "answer": answer, "effect": "late", "late_seconds": late}
    return Plan(groups=(GroupPlan(shots=shots),), graph=(fault,))


def _groups() -> st.SearchStrategy[GroupPlan]:
    return st.builds(
        GroupPlan,
        shots=st.sampled_from(_SHOTS),
        shared_caption=st.sampled_from((False, False, True)),
    )


@st.composite
def _starts(draw: st.DrawFn, groups: int) -> list[Start]:
    """Each group is started, some of them twice at once."""
    found: list[Start] = []
    for group in range(groups):
        by = st.sampled_from(("api", "console"))
        at = draw(st.sampled_from((0, 0, 0, 1, 20)))
        found.append(Start(group=group, by=draw(by), at=at))
        if draw(st.sampled_from((False, False, True))):
            later = draw(st.sampled_from((0, 0, 1)))
            found.append(Start(group=group, by=draw(by), at=at + later))
    return found


def _acts(groups: int) -> st.SearchStrategy[Act]:
    return st.builds(
        Act,
        deed=st.sampled_from(_DEEDS),
        group=st.integers(min_value=0, max_value=groups - 1),
        at=st.sampled_from(_MOMENTS),
    )


@st.composite
def _graph_faults(draw: st.DrawFn, late: int) -> dict[str, Any]:
    call = draw(st.sampled_from(_GRAPH_CALLS))
    fault: dict[str, Any] = {"call": call, "times": draw(st.sampled_from(_TIMES))}
    after = draw(st.sampled_from((0, 0, 0, 0, 1) if call == "publish" else _AFTER))
    if after:
        fault["after"] = after
    kinds = ["refusal", "answer", "server", "throttle", "slow"]
    if call == "publish":
        kinds += ["answer", "untrue", "untrue", "late", "late", "lag"]
    elif call == "create":
        kinds += ["late", "expires", "processing"]
    return fault | draw(_graph_kind(call, draw(st.sampled_from(kinds)), late))


@st.composite
def _unclear_publishes(draw: st.DrawFn, late: int) -> list[dict[str, Any]]:
    """In most plans nobody knows what became of the first publish call."""
    kind = draw(st.sampled_from(("untrue", "late", "answer", "server", None)))
    if kind is None:
        return []
    times = draw(st.sampled_from((1, 1, 2)))
    return [{"call": "publish", "times": times} | draw(_graph_kind("publish", kind, late))]


@st.composite
def _graph_kind(draw: st.DrawFn, call: str, kind: str, late: int) -> dict[str, Any]:
    effects = ("never", "first", "first") if call in ("publish", "create") else ("never",)
    if kind == "refusal":
        refusals = _PUBLISH_REFUSALS if call == "publish" else _REFUSALS
        return {"error": list(draw(st.sampled_from(refusals)))}
    if kind == "untrue":
        error = draw(st.sampled_from(_UNTRUE_REFUSALS))
        return {"error": list(error), "http_status": 403, "effect": "first"}
    if kind == "server":
        return {"status": 500, "effect": draw(st.sampled_from(effects))}
    if kind == "late":
        seconds = draw(st.integers(min_value=1, max_value=late))
        return {"answer": "reset", "effect": "late", "late_seconds": seconds}
    if kind == "answer":
        answer = draw(st.sampled_from(("html", "empty", "cut", "reset", "reset", "drip", "hang")))
        return {"answer": answer, "effect": draw(st.sampled_from(effects))}
    kinds: dict[str, dict[str, Any]] = {
        "throttle": {"throttle_minutes": 5},
        "slow": {"delay_seconds": 12},
        "lag": {"status_lag_seconds": draw(st.sampled_from((10, 60, 400)))},
        "expires": {"expires_after_seconds": draw(st.sampled_from((5, 20)))},
        "processing": draw(
            st.sampled_from(
                (
                    {"processing_error": 2207053},
                    {"processing_error": "Fatal"},
                    {"processing_seconds": 90},
                )
            )
        ),
    }
    return kinds[kind]


@st.composite
def _call_faults(draw: st.DrawFn) -> dict[str, Any]:
    service = draw(st.sampled_from(("aws", "aws", "aws", "lambda", "lambda", "graph", "events")))
    if service == "events":
        kind: dict[str, Any] = draw(st.sampled_from(_EVENTS))
        return {"service": "events", "times": None} | kind
    if service == "graph":
        does = draw(st.sampled_from(("kill_before", "kill_after", "abort_before", "abort_after")))
        call = draw(st.sampled_from(_GRAPH_CALLS))
        return {"service": "graph", "operation": call, "does": does}
    function = draw(st.sampled_from(_FUNCTIONS))
    if service == "lambda":
        return {"service": "lambda", "function": function} | draw(_lambda_kinds())
    found: dict[str, Any] = draw(_aws_kinds(function))
    return found


@st.composite
def _lambda_kinds(draw: st.DrawFn) -> dict[str, Any]:
    does = draw(st.sampled_from(("refused", "throttled", "lost", "twice", "twice", "hang", "late")))
    more: dict[str, Any] = {
        "times": draw(st.sampled_from(_TIMES)),
        "after": draw(st.sampled_from(_AFTER)),
    }
    if does == "late":
        return more | {"delay_seconds": draw(st.sampled_from((20, 60, 150, 400)))}
    if does == "twice":
        more["again_after_seconds"] = draw(st.sampled_from((0, 0, 5, 60, 200)))
    return more | {"does": does}


@st.composite
def _aws_kinds(draw: st.DrawFn, function: str) -> dict[str, Any]:
    """Any of the calls to AWS that a function makes: most are DynamoDB's."""
    services = ("dynamodb", "dynamodb", "dynamodb", "dynamodb", "ssm", "s3", "states")
    fault: dict[str, Any] = {
        "service": draw(st.sampled_from(services)),
        "function": function,
        "after": draw(st.integers(min_value=0, max_value=9)),
        "times": draw(st.sampled_from(_TIMES)),
    }
    kinds = (
        *("reset_before", "reset_after", "reset_after", "refused", "throttled", "drip"),
        *("kill_before", "kill_after", "kill_after", "abort_before", "abort_after", "late"),
    )
    does = draw(st.sampled_from(kinds))
    if does == "late":
        return fault | {"delay_seconds": draw(st.sampled_from((4, 8, 20, 60)))}
    if does.startswith(("kill", "abort")):
        fault["times"] = 1
    return fault | {"does": does}
