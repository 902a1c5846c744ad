"""The real step, without the attempt."""

from __future__ import annotations

from typing import Any

from postwright import publishing
from postwright.models import Ref
from tests.chaos.controls import unmarked


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return publishing.publish(
        unmarked.current(),
        Ref.model_validate(event),
        remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1000,
    )
