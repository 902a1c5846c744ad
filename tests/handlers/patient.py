"""Work that ends when a test lets it: write a file once another one is there."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

_LOOKS = 2000


def handler(event: dict[str, str], _context: Any) -> None:
    for _ in range(_LOOKS):
        if Path(event["when"]).exists():
            Path(event["write"]).write_text("done")
            return
        time.sleep(0.005)
    raise TimeoutError("nobody let this function end")
