"""Tests in several processes: who stays together, and what they want to be read at the end."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.summary import LINES

_ROOT = Path(__file__).resolve().parents[1]


class _Together(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """A file stays in one process; so do all files marked `engine`, in their order."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "engine" if _needs_the_engine(file) else file


@cache
def _needs_the_engine(file: str) -> bool:
    return "pytestmark = pytest.mark.engine" in (_ROOT / file).read_text(encoding="utf-8")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return _Together(config, log)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that runs tests for another one hands its lines over."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["lines"] = session.config.stash.get(LINES, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A process is done: take its lines."""
    lines = getattr(node, "workeroutput", {}).get("lines", [])
    node.config.stash.setdefault(LINES, []).extend(lines)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for line in config.stash.get(LINES, []):
        terminalreporter.write_line(line)
