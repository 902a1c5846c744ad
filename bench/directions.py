"""Which way each figure is better, and how much of the other way is still no change.

What is counted has no slack. A price follows what is counted, and a little what is measured.
Seconds and rates are those of a machine that may be another one with other work, and ratios of two
times hardly are. Memory depends on the versions of what is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Literal

Better = Literal["lower", "higher", "same", "not judged"]


@dataclass(frozen=True)
class Direction:
    """`slack` is the share by which a figure may change for the worse."""

    better: Better
    slack: float = 0.0

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the most times the committed figure that is neither worse nor better."""
        return 1 / (1 + self.slack), 1 + self.slack


_COUNT: Final = Direction("lower")
_MORE: Final = Direction("higher")
_PRICE: Final = Direction("lower", 0.05)
_RATIO: Final = Direction("lower", 0.15)
_TIME: Final = Direction("lower", 1.0)
_RATE: Final = Direction("higher", 1.0)
_MEMORY: Final = Direction("lower", 0.25)
_AS_GIVEN: Final = Direction("same")
_MADE: Final = Direction("same", 0.02)
_TOLD: Final = Direction("not judged")

DIRECTIONS: Final[Mapping[str, Direction]] = {
    "cold.*_ratio": _RATIO,
    "cold.*_ratio_max": _RATIO,
    "cold.*_cpu_ms": _TIME,
    "cold.*_cpu_ms_max": _TIME,
    "cold.memory_mb_max": _MEMORY,
    "cold.package_mb_max": Direction("lower", 0.05),
    "costs.*_transitions": _COUNT,
    "costs.*_calls": _COUNT,
    "costs.*_usd": _PRICE,
    "costs.*_times": Direction("higher", 0.05),
    "growth.*_failures": _COUNT,
    "growth.*_ratio": _RATIO,
    "growth.*_median_seconds": Direction("lower", 0.25),
    "growth.*_transitions_mean": Direction("lower", 0.05),
    "growth.*_cpu_seconds_each": _TIME,
    "growth.*_memory_mb_peak": _MEMORY,
    "growth.groups_*_ms": _TIME,
    "hashtags.drift": _COUNT,
    "hashtags.most_in_use": _AS_GIVEN,
    "hashtags.own_timers_*": _TOLD,
    "hashtags.promised_times": _TOLD,
    "hashtags.promised_times_broken": _COUNT,
    "hashtags.refused_before_the_call": _TOLD,
    "hashtags.refused_by_instagram": _COUNT,
    "hashtags.searches": Direction("higher", 0.1),
    "hashtags.simulated_weeks": _AS_GIVEN,
    "hashtags.weekly_reset_*": _TOLD,
    "pacing.*": Direction("lower", 0.02),
    "preflight.*_ms": _TIME,
    "preflight.*_ms_p50": _TIME,
    "preflight.*_ms_p95": _TIME,
    "preflight.*_memory_mb_peak": _MEMORY,
    "preflight.*_read_kb": _PRICE,
    "preflight.*_requests": _COUNT,
    "preflight.large_video_moov_*t_mb": _MADE,
    "sandbox.executions_per_second": _RATE,
    "sandbox.start_memory_mb": _MEMORY,
    "sandbox.start_seconds": _TIME,
    "simulator.cpu_ms_per_request": _TIME,
    "simulator.large_video_mb": _MADE,
    "simulator.large_video_memory_mb": _MEMORY,
    "simulator.large_video_seconds": _TIME,
    "simulator.memory_mb_peak": _MEMORY,
    "simulator.requests_per_second": _RATE,
    "token_life.alarmed": _AS_GIVEN,
    "token_life.below_10_days_unalarmed": _COUNT,
    "token_life.days_of_trouble": _TOLD,
    "token_life.fewest_days_left": _MORE,
    "token_life.fewest_days_left_at_alarm": _MORE,
    "token_life.lapses_daily": _COUNT,
    "token_life.lapses_every_50_days": _TOLD,
    "token_life.refreshes_*": _TOLD,
    "token_life.simulations": _AS_GIVEN,
}
"""By the name's pattern. The traces of pacing are seeded. Where people have timers of their own,
reset every week or refresh every 50 days, is what ours are compared with: not judged."""


def patterns_of(figure: str) -> list[str]:
    """The patterns that a name fits; it should be one."""
    return [pattern for pattern in DIRECTIONS if fnmatchcase(figure, pattern)]


def direction_of(figure: str) -> Direction:
    """Raises LookupError when not exactly one pattern fits."""
    found = patterns_of(figure)
    if len(found) != 1:
        said = " and ".join(found) or "no pattern"
        raise LookupError(f"{figure} fits {said} of bench/directions.py: it should be exactly one")
    return DIRECTIONS[found[0]]
