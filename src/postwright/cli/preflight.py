"""`postwright preflight FILES..`: everything Instagram would refuse, before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from postwright import caption as captions
from postwright import preflight, splitting
from postwright.account_rules import account_problems
from postwright.cli.connection import Stack, connect
from postwright.cli.console import counted, print_json, problem_lines, say
from postwright.models import Problem
from postwright.preflight import Preflight
from postwright.settings import Settings
from postwright.splitting import Part

Files = Annotated[list[Path], typer.Argument(help="Photos and videos in the order of the post.")]
Caption = Annotated[str, typer.Option("--caption", help="Text of the post.")]
Hashtags = Annotated[
    list[str] | None, typer.Option("--hashtag", help="A hashtag; may be given several times.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Split = Annotated[
    bool,
    typer.Option("--split", help="Make several posts of what one carousel may not have."),
]
Account = Annotated[
    str | None,
    typer.Option("--account", help="Check as well whether this account can publish now."),
]
CarouselMax = Annotated[
    int,
    typer.Option(
        "--carousel-max",
        envvar="POSTWRIGHT_CAROUSEL_MAX",
        min=2,
        max=20,
        help="Items that a carousel may have.",
    ),
]


def command(
    files: Files,
    caption: Caption = "",
    hashtag: Hashtags = None,
    carousel_max: CarouselMax = Settings.model_fields["carousel_max"].default,
    split: Split = False,
    account: Account = None,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Check files and caption against Instagram's rules; lists all problems at once.

    With --split it also shows the posts that `publish --split` would make.
    """
    text = captions.assemble(caption, hashtag or ())
    most = max(carousel_max, len(files)) if split else carousel_max
    found = preflight.check_files(files, text, carousel_max=most)
    if account is not None:
        found.problems.extend(_about_account(account, len(files), stack))
    parts = splitting.plan(splitting.sizes(len(files), carousel_max), caption, hashtag or ())
    if as_json:
        shown = {"posts": [_as_json(part, files) for part in parts]} if split else {}
        print_json(
            {
                "ok": found.ok,
                "problems": [problem.to_json() for problem in found.problems],
                "warnings": [warning.to_json() for warning in found.warnings],
                **shown,
            }
        )
    else:
        _tell(found, files, parts if split else ())
    if not found.ok:
        raise typer.Exit(1)


def _as_json(part: Part, files: Sequence[Path]) -> dict[str, Any]:
    return {
        "part": part.name,
        "files": [str(path) for path in files[part.first : part.end]],
        "caption": part.caption,
        "shortened": part.shortened,
    }


def _lines(part: Part, files: Sequence[Path]) -> list[str]:
    shortened = ", shortened to fit" if part.shortened else ""
    return [
        f"Post {part.name}: {', '.join(path.name for path in files[part.first : part.end])}",
        *(f"  | {line}" for line in part.caption.splitlines()),
        f"  {captions.length(part.caption):,} characters{shortened}",
    ]


def _about_account(account: str, count: int, stack: str | None) -> list[Problem]:
    """What keeps the account from publishing so many items now; a carousel is one more."""
    return account_problems(connect(stack), account, count + 1 if count > 1 else 1)


def _tell(found: Preflight, files: Sequence[Path], parts: Sequence[Part]) -> None:
    if found.ok:
        for part in parts:
            for line in _lines(part, files):
                say.result(line)
        say.result(f"{counted(len(files), 'file')}: nothing to refuse.")
    for problems, word in ((found.problems, "problem"), (found.warnings, "warning")):
        for line in problem_lines(problems, word) if problems else []:
            say.result(line)
