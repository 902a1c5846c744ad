"""The benches that write figures: `make bench` runs all of them, `make bench-check` too."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

BENCHES: Final[Mapping[str, tuple[str, ...]]] = {
    "simulator": ("simulator",),
    "preflight": ("preflight",),
    "hashtags": ("hashtags",),
    "token_life": ("token_life",),
    "pacing": ("pacing",),
    "costs": ("costs",),
    "cold": ("cold",),
    "growth": ("growth", "sandbox"),
}
"""The name of each module here, and the first words of its figures."""


def add_names(parser: argparse.ArgumentParser) -> None:
    """Lets a command take names of benches; none is all of them."""
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHES)}; all")


def named(parser: argparse.ArgumentParser, names: Iterable[str]) -> list[str]:
    """The benches that are named; ends the program with 2 when there is no such bench."""
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        parser.error(f"no bench is named {', '.join(unknown)}: there are {', '.join(BENCHES)}")
    return list(names) or list(BENCHES)


def run(name: str, results: Path | None = None) -> bool:
    """Whether a bench, in a process of its own, came to its end; it writes into `results`."""
    folder = {} if results is None else {"POSTWRIGHT_BENCH_RESULTS": str(results.resolve())}
    command = [sys.executable, "-m", f"bench.{name}"]
    done = subprocess.run(command, env={**os.environ, **folder}, check=False)  # noqa: S603  ours
    return done.returncode == 0


def of(figure: str) -> str:
    """The bench that measures a figure; raises LookupError where there is none."""
    first = figure.partition(".")[0]
    found = [name for name, words in BENCHES.items() if first in words]
    if not found:
        raise LookupError(f"No bench in bench/benches.py measures {figure}")
    return found[0]
