"""Questions to whoever runs a command: asked on standard error, answered by a line.

Where standard input is no terminal, its next line is the answer.
"""

from __future__ import annotations

import getpass
import sys
from typing import Final

from postwright.cli.console import UsageError, warn

_LINE_MAX: Final = 8192


def line(question: str) -> str:
    """The next line that is typed, without spaces around it.

    Raises UsageError when there is none.
    """
    warn(question)
    typed = sys.stdin.readline(_LINE_MAX)
    if not typed:
        raise UsageError("Standard input ended before the answer.")
    return typed.strip()


def secret(question: str) -> str:
    """The same, without an echo on a terminal."""
    if not sys.stdin.isatty():
        return line(question)
    try:
        return getpass.getpass(f"{question} (not shown): ", sys.stderr).strip()
    except EOFError:
        raise UsageError("Standard input ended before the answer.") from None
