"""The real step, without the attempt."""

from __future__ import annotations

from typing import Any

from postwright import publishing
from postwright.models import Ref
from tests.chaos.controls import unmarked


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return publishing.reconcile(unmarked.current(), Ref.model_validate(event))
