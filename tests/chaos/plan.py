"""What a chaos run is made of, as data: it can be printed, kept, and run again."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Policy = Literal["resend", "ask"]
RepeatPublish = Literal["error", "same_id", "duplicate"]
Afterwards = Literal["start", "redrive"]
"""What somebody does about a group that has failed, once nothing goes wrong any more."""
Deed = Literal[
    "start", "abort", "cancel", "redrive", "sweep", "look", "not_published", "ask_status"
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GroupPlan(_Model):
    """`shots`: one letter for each item, P for a photo and V for a video; with `shared_caption` all
    such groups have the same words.
    """

    shots: str = Field(default="P", pattern=r"^[PV]{1,10}$")
    shared_caption: bool = False


class Start(_Model):
    """A start of a group so many simulated seconds after the run has begun."""

    group: int = 0
    by: Literal["api", "console"] = "api"
    at: float = 0


class Act(_Model):
    """What somebody does meanwhile: to a group's newest run, or a sweep of all."""

    deed: Deed
    group: int = 0
    at: float = 0


class Plan(_Model):
    """One run: groups, who starts them and does what when, and all that goes wrong.

    `graph` are lines for the fault script of the simulated Instagram, `calls` for that of the other
    calls (`sandbox.call_faults`).
    """

    groups: tuple[GroupPlan, ...] = (GroupPlan(),)
    starts: tuple[Start, ...] = (Start(),)
    acts: tuple[Act, ...] = ()
    graph: tuple[dict[str, Any], ...] = ()
    calls: tuple[dict[str, Any], ...] = ()
    repeat_publish: RepeatPublish = "duplicate"
    policy: Policy = "resend"
    afterwards: Afterwards = "start"

    def text(self) -> str:
        """As JSON without what is usual; `Plan.model_validate_json` reads it."""
        return self.model_dump_json(exclude_defaults=True)

    @property
    def kinds(self) -> list[str]:
        """The kinds of its faults, for counting."""
        return [kind_of(fault) for fault in (*self.graph, *self.calls)]


def kind_of(fault: dict[str, Any]) -> str:
    """What happens in a fault, in words that are the same for all services."""
    if "call" in fault:
        return _kind_of_graph(fault)
    does = fault.get("does")
    if does is None:
        return "late"
    after = " later" if fault.get("again_after_seconds") else ""
    names = {
        "refused": "refused",
        "throttled": "throttled",
        "reset_before": "reset before the effect",
        "reset_after": "reset after the effect",
        "drip": "dripping body",
        "kill_before": "killed before the effect",
        "kill_after": "killed after the effect",
        "abort_before": "stopped before the effect",
        "abort_after": "stopped after the effect",
        "lost": "event lost" if fault["service"] == "events" else "answer lost",
        "twice": f"delivered twice{after}",
        "hang": "timed out, function runs on",
    }
    return names[does]


def _kind_of_graph(fault: dict[str, Any]) -> str:
    effect = fault.get("effect")
    for name, kind in (
        ("throttle_minutes", "throttled"),
        ("status_lag_seconds", "status lags"),
        ("expires_after_seconds", "container expires"),
        ("processing_seconds", "slow processing"),
        ("processing_error", "processing fails"),
        ("drop_children", "items missing"),
    ):
        if name in fault:
            return kind
    if effect == "late":
        return "late effect"
    answer = fault.get("answer")
    if answer == "reset":
        return "reset after the effect" if effect == "first" else "reset before the effect"
    bodies = {"html": "HTML", "empty": "empty body", "cut": "cut body", "drip": "dripping body"}
    if answer == "hang":
        return "no answer after the effect" if effect == "first" else "no answer"
    if answer in bodies:
        return bodies[answer]
    if "error" in fault or "status" in fault:
        return "error after the effect" if effect == "first" else "refused"
    return "late"
