"""Lines that tests print when all are done: figures that nothing asserts."""

from __future__ import annotations

import pytest

LINES = pytest.StashKey[list[str]]()


def say(config: pytest.Config, line: str) -> None:
    """Print a line at the end of the session."""
    config.stash.setdefault(LINES, []).append(line)
