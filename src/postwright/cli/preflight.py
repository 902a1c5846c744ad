"""`postwright preflight FILES..`: everything Instagram would refuse, before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from postwright import caption as captions
from postwright import preflight
from postwright.cli.console import counted, print_json, problem_lines, say
from postwright.settings import Settings

Files = Annotated[list[Path], typer.Argument(help="Photos and videos in the order of the post.")]
Caption = Annotated[str, typer.Option("--caption", help="Text of the post.")]
Hashtags = Annotated[
    list[str] | None, typer.Option("--hashtag", help="A hashtag; may be given several times.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
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
    as_json: Json = False,
) -> None:
    """Check files and caption against Instagram's rules; lists all problems at once."""
    text = captions.assemble(caption, hashtag or ())
    found = preflight.check_files(files, text, carousel_max=carousel_max)
    if as_json:
        problems = [problem.to_json() for problem in found.problems]
        print_json({"ok": found.ok, "problems": problems})
    elif found.ok:
        say.result(f"{counted(len(files), 'file')}: nothing to refuse.")
    else:
        for line in problem_lines(found.problems):
            say.result(line)
    if not found.ok:
        raise typer.Exit(1)
