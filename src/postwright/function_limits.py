"""Time and memory of each function: for the stack that makes it, and for what a run of it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Seconds and megabytes of one function; `preflights` says that it looks into media."""

    seconds: int = 30
    megabytes: int = 512
    preflights: bool = False


# Megabytes are also the share of a processor: 1,769 make one, so 512 make a third of it and 1,024
# more than half. No function has needed 128 (bench/results: 85 in cold.json, and 98 for twenty
# items whose media are read), so the share decides. Who waits for Instagram most of the time gets
# the usual one. More get those that read and decode media, and the publish call, whose start counts
# within the times that fence an attempt.
# Source: AWS Lambda developer guide, "Configure Lambda function memory", read 2026-11.
#
# 30 seconds stand between the publish call's deadline of 15 and the task's time-out of 45.
# What no task waits for may take longer, but not as long as the lease of a token, 120.
LIMITS: Mapping[str, Limits] = {
    "load_post": Limits(megabytes=1024, preflights=True),
    "check_quota": Limits(megabytes=1024, preflights=True),
    "start_publish": Limits(megabytes=1024, preflights=True),
    "retry_job": Limits(megabytes=1024, preflights=True),
    "list_groups": Limits(megabytes=1024, preflights=True),
    "publish": Limits(megabytes=1024),
    "refresh_token": Limits(seconds=110),
    "sweep_jobs": Limits(seconds=110),
}
USUAL = Limits()


def limits_of(function: str) -> Limits:
    """The limits of a function by the name of its file in lambdas/."""
    return LIMITS.get(function, USUAL)
