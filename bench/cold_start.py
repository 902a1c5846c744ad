"""One start of a function in an interpreter of its own: `python cold_start.py BEGAN`.

BEGAN is `time.monotonic()` of whoever starts it, which all processes of a machine share. Standard
input is `{"handler": name or null, "events": [of the first call, of a warm one]}`; without a
handler it is the start that all are compared with. Nothing is imported here that Lambda's runtime
client or boto3 does not import as well.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_PATIENCE_MS = 30_000


def main() -> None:
    """Write what the start took as the last line of the output."""
    told = json.load(sys.stdin)
    figures = _of_function(**told) if told["handler"] else _of_boto3()
    sys.stdout.write(f"\n{json.dumps(figures | {'memory_mb': _peak_mb()})}\n")


def _of_boto3() -> dict[str, Any]:
    boto3 = importlib.import_module("boto3")
    boto3.client("dynamodb")
    return {"so_far": _so_far()}


def _of_function(handler: str, events: list[Any]) -> dict[str, Any]:
    function = importlib.import_module(f"lambdas.{handler}").handler
    imported = _so_far()
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: _PATIENCE_MS)
    first, later = events
    answer = function(first, context)
    so_far = _so_far()
    function(later, context)
    end = _so_far()
    warm = {name: end[name] - so_far[name] for name in end}
    return {"answer": answer, "imported": imported, "so_far": so_far, "warm": warm}


def _so_far() -> dict[str, float]:
    """Milliseconds since the process was asked for, of a processor and of the wall."""
    return {
        "cpu_ms": 1000 * time.process_time(),
        "wall_ms": 1000 * (time.monotonic() - float(sys.argv[1])),
    }


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return round(int(line.split()[1]) * 1024 / 1e6, 1)


if __name__ == "__main__":
    main()
