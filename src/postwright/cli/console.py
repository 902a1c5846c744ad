"""What the commands print: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from rich.console import Console

from postwright.models import Problem


class UsageError(Exception):
    """The command was called in a way that cannot work; exit code 2."""


class Say:
    """Messages for people; `quiet` leaves only results."""

    def __init__(self) -> None:
        self.quiet = False

    def note(self, text: str) -> None:
        """Print something that is good to know, unless only results are wanted."""
        if not self.quiet:
            Console(stderr=True, highlight=False).print(text, markup=False, soft_wrap=True)

    def result(self, text: str) -> None:
        """Print what the command was called for."""
        Console(highlight=False).print(text, markup=False, soft_wrap=True)


say = Say()


def print_json(document: Any) -> None:
    """The one JSON document of a command that was called with --json."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def fail(sentence: str, code: int) -> NoReturn:
    """End with a sentence on standard error."""
    Console(stderr=True, highlight=False).print(sentence, markup=False, soft_wrap=True)
    sys.exit(code)


def problem_lines(problems: Sequence[Problem]) -> list[str]:
    """One line per problem: which item, what was found, what is allowed, how to mend it."""
    return [
        f"  {problem.item}: found {problem.found}, allowed {problem.allowed}. {_sentence(problem.fix)}"
        for problem in problems
    ]


def _sentence(text: str) -> str:
    bare = text.strip().rstrip(".")
    return f"{bare[:1].upper()}{bare[1:]}."
