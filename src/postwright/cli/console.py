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
            warn(text)

    def result(self, text: str) -> None:
        """Print what the command was called for."""
        _print(plain_console(), text)


say = Say()


def plain_console(*, stderr: bool = False) -> Console:
    """A console that prints texts as they are: no markup, no colours, no `:heart:` for hearts."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def warn(text: str) -> None:
    """Print on standard error what must be seen even by somebody who wants only results."""
    _print(plain_console(stderr=True), text)


def print_json(document: Any) -> None:
    """The one JSON document of a command that was called with --json; ASCII fits any terminal."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


def fail(sentence: str, code: int) -> NoReturn:
    """End with a sentence on standard error."""
    warn(sentence)
    sys.exit(code)


def counted(count: int, word: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def problem_lines(problems: Sequence[Problem], word: str = "problem") -> list[str]:
    """How many problems there are, then per problem: item, found, allowed, and how to mend it."""
    return [
        f"{counted(len(problems), word)}:",
        *(
            f"  {problem.item}: found {problem.found}, allowed {problem.allowed}."
            f" {_sentence(problem.fix)}"
            for problem in problems
        ),
    ]


def _print(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True)


def _sentence(text: str) -> str:
    bare = text.strip().rstrip(".")
    return f"{bare[:1].upper()}{bare[1:]}."
