"""What AWS charges, as dated values: us-east-1, on demand, before any free tier.

Prices differ by region and change; whoever pays others changes them here, and all sums follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_READ: Final = "2026-11"


@dataclass(frozen=True)
class Price:
    """US dollars for one unit, the page they come from and the month that page was read in."""

    usd: float
    unit: str
    source: str
    read_in: str = _READ


TRANSITION: Final = Price(
    0.025 / 1_000, "state transition of a standard workflow", "AWS Step Functions pricing"
)
"""Retries count. `redrive` is not mentioned there, and is counted as a retry here."""
CALL: Final = Price(0.20 / 1_000_000, "request to a function", "AWS Lambda pricing")
GB_SECOND: Final = Price(0.0000133334, "second of 1,024 MB on arm64", "AWS Lambda pricing")
TABLE_READ: Final = Price(
    0.125 / 1_000_000, "consistent read of up to 4 kB", "Amazon DynamoDB pricing, on demand"
)
TABLE_WRITE: Final = Price(
    2 * 0.625 / 1_000_000,
    "write of up to 1 kB, counted twice",
    "Amazon DynamoDB pricing, on demand",
)
"""Twice, because many are in a transaction or change the index too."""
OBJECT_READ: Final = Price(0.0004 / 1_000, "GET or HEAD of an object", "Amazon S3 pricing")
EGRESS_GB: Final = Price(
    0.09, "GB from S3 to the internet, after the first 100 of a month", "Amazon S3 pricing"
)
LOGGED_GB: Final = Price(0.50, "GB of logs", "Amazon CloudWatch pricing")
ALARM_METRIC: Final = Price(0.10, "metric that an alarm watches, a month", LOGGED_GB.source)
CUSTOM_METRIC: Final = Price(0.30, "custom metric, a month", LOGGED_GB.source)

ALL: Final = (
    *(TRANSITION, CALL, GB_SECOND, TABLE_READ, TABLE_WRITE, OBJECT_READ, EGRESS_GB),
    *(LOGGED_GB, ALARM_METRIC, CUSTOM_METRIC),
)
PRICES_OF: Final = max(price.read_in for price in ALL)
"""The month that the newest of them is from, as `2026-11`; each sum carries it."""
