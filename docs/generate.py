"""The documents that are written from code and data: `make docs`, or `python -m docs.generate`.

With `--check` nothing is written, and the exit code is 1 when a document is out of date.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from bench import costs_page, performance_page, plots
from sandbox import error_page, instagram_page, openapi, rules_page
from statemachine import picture
from tests import failed_run
from tests.chaos import reliability_page
from tests.infra import permissions_page
from tests.workflow import scenario_page

DOCS = Path(__file__).resolve().parent
DOCUMENTS: Mapping[str, Callable[[], str]] = {
    "costs.md": costs_page.page,
    "errors.md": error_page.page,
    "openapi.json": openapi.text,
    "pictures/failed-run.svg": failed_run.drawn,
    "pictures/workflow.svg": picture.of_the_workflow,
    "performance.md": performance_page.page,
    "permissions.md": permissions_page.page,
    "reliability.md": reliability_page.page,
    "rules.md": rules_page.page,
    "scenarios.md": scenario_page.page,
    "simulated-instagram.md": instagram_page.page,
    **{f"pictures/{name}.svg": draw for name, draw in plots.plots().items()},
}
"""Name below docs/, and what makes it; plots only of what has been measured."""


def main(folder: Path = DOCS) -> int:
    """Write what is out of date, or with --check only name it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when out of date")
    check = parser.parse_args().check
    old = {name: text for name, text in _texts() if _there(folder / name) != text}
    for name, text in old.items():
        if check:
            sys.stderr.write(f"docs/{name} is out of date: make docs\n")
        else:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    return 1 if check and old else 0


def _texts() -> list[tuple[str, str]]:
    return [(name, make()) for name, make in DOCUMENTS.items()]


def _there(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
