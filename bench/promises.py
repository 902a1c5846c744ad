"""What is promised of speed and cost, and what the committed results say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from bench import costs_page

GRAPH_RATIO: Final = 2.3
OTHER_RATIO: Final = 1.6
"""A cold start over that of boto3 with one client: functions that call Instagram, and others."""


@dataclass(frozen=True)
class Promise:
    """`figure` is a name in figures.json, or a pattern: each that fits is held to the limit."""

    what: str
    figure: str
    most: float
    unit: str = ""


@dataclass(frozen=True)
class Kept:
    """A promise with what was measured."""

    what: str
    most: str
    measured: str
    kept: bool


_COSTS: Final = tuple(
    Promise(
        f"{kind.capitalize()}: {costs_page.NAMES.get(what, what)}",
        costs_page.figure_of(kind, what),
        most,
        "$" if what == "usd" else "",
    )
    for kind, what, most in costs_page.LIMITS
)
PROMISES: Final = (
    *_COSTS,
    Promise("Photo: transitions, in the mean of {}", "growth.photos_*_transitions_mean", 15),
    Promise(
        "Cold start of a function that calls Instagram, over boto3 with one client",
        "cold.graph_ratio_max",
        GRAPH_RATIO,
        "times",
    ),
    Promise(
        "Cold start of any other function, over boto3 with one client",
        "cold.other_ratio_max",
        OTHER_RATIO,
        "times",
    ),
    Promise("Photos at once, {}: failures", "growth.photos_*_failures", 0),
    Promise(
        "Photos at once, {}: the median run over a run alone", "growth.photos_*_ratio", 1.3, "times"
    ),
    Promise("Carousels of ten at once, {}: failures", "growth.carousels_*_failures", 0),
    Promise(
        "Carousels of ten at once, {}: the median run over a run alone",
        "growth.carousels_*_ratio",
        1.3,
        "times",
    ),
    Promise(
        "Pacing, blind, {}: lateness of five looks over the optimum's",
        "pacing.*_lateness_ratio",
        1.15,
        "times",
    ),
    Promise(
        "Pacing, blind: time to publish over that of one who knows",
        "pacing.blind_time_to_oracle_max",
        1.12,
        "times",
    ),
    Promise(
        "Pacing, blind: lateness of five looks, 95th percentile",
        "pacing.blind_p95_seconds_late_max",
        15,
        "s",
    ),
    Promise("Pacing, informed: looks", "pacing.informed_looks", 3.5),
    Promise("Pacing, informed: lateness", "pacing.informed_seconds_late", 5, "s"),
    Promise(
        "Pacing, informed: time to publish over that of one who knows",
        "pacing.informed_time_to_oracle",
        1.08,
        "times",
    ),
    Promise(
        "Pacing: policies of others that no price of a look beats in both looks and lateness",
        "pacing.policies_not_beaten",
        0,
    ),
    Promise(
        "Twenty items, {}: seen ready, over the slowest",
        "pacing.twenty_*_time_to_slowest",
        1.2,
        "times",
    ),
    Promise(
        "Pacing with empty statistics: time to publish over that of one who knows",
        "pacing.empty_time_to_oracle_max",
        1.25,
        "times",
    ),
)
"""Of the calls in an hour, which the brief names too, `performance_page` tells what they allow."""


def kept(figures: Mapping[str, float]) -> Iterator[Kept]:
    """What was measured of each promise; nothing of those that nobody has measured."""
    for promise in PROMISES:
        for name, found in figures.items():
            if fnmatchcase(name, promise.figure):
                what = promise.what.format(_varies(name, promise.figure))
                limit, measured = _said(promise.most, promise.unit), _said(found, promise.unit)
                yield Kept(what, limit, measured, found <= promise.most)


def _varies(name: str, pattern: str) -> str:
    """What stands in a name for the star of its pattern: `200`, `log normal`."""
    before, _, after = pattern.partition("*")
    return name.removeprefix(before).removesuffix(after).replace("_", " ")


def _said(number: float, unit: str) -> str:
    return f"${number:.4g}" if unit == "$" else f"{number:,.6g} {unit}".strip()
