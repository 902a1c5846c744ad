"""The committed results: one flat object of name and number, with the machine beside it."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path

COMMITTED = Path(__file__).parent / "results"
RESULTS = Path(os.environ.get("POSTWRIGHT_BENCH_RESULTS") or COMMITTED)
"""Where what is measured goes; the pages are made of what is committed."""


def record(figures: Mapping[str, float]) -> None:
    """Put figures into results/figures.json, leave others there, and print the new ones."""
    path = RESULTS / "figures.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    merged = dict(sorted((known | dict(figures)).items()))
    path.write_text(json.dumps(merged, indent=2) + "\n", encoding="utf-8")
    (RESULTS / "machine.json").write_text(json.dumps(machine(), indent=2) + "\n", encoding="utf-8")
    for name, number in figures.items():
        sys.stdout.write(f"{name:45} {number:>12,.1f}\n")


def peak_mb(process: int | None = None) -> float:
    """The most memory that a process ever had, our own when none is named: the kernel's account."""
    status = Path(f"/proc/{process or 'self'}/status").read_text(encoding="utf-8")
    kibibytes = next(
        int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")
    )
    return round(kibibytes * 1024 / 1e6, 1)


def machine() -> dict[str, str | int | None]:
    """What the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _processor() -> str:
    """Its name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
