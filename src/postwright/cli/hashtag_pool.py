"""`postwright hashtags pool`: the hashtags that posts draw from, in a file on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from postwright.cli.console import (
    UsageError,
    counted,
    fail,
    print_json,
    problem_lines,
    say,
    warn,
)
from postwright.cli.preflight import Json
from postwright.errors import InvalidPostError
from postwright.hashtags.pool import Pool, PooledTag, PoolError, PoolFile, read_import
from postwright.hashtags.statistics import Statistics
from postwright.hashtags.tags import normalise_all
from postwright.settings import Settings

PoolPath = Annotated[
    Path,
    typer.Option("--pool", envvar="POSTWRIGHT_HASHTAG_POOL", help="File that holds the pool."),
]
StaleDays = Annotated[
    int,
    typer.Option(
        "--stale-days",
        envvar="POSTWRIGHT_HASHTAG_STALE_DAYS",
        min=1,
        help="After how many days what was measured counts as old.",
    ),
]
Tags = Annotated[list[str], typer.Argument(metavar="TAG..", help="Hashtags, with or without #.")]
DEFAULT_POOL = Path(Settings.model_fields["hashtag_pool"].default)
DEFAULT_STALE_DAYS: int = Settings.model_fields["hashtag_stale_days"].default

commands = typer.Typer(help="The hashtags that posts draw from.", no_args_is_help=True)


@commands.callback()
def _group() -> None:
    """The hashtags that posts draw from."""


@commands.command("add")
def add(
    tags: Tags,
    source: Annotated[
        str, typer.Option("--source", help="Where they are from; kept with today's date.")
    ] = "command line",
    pool: PoolPath = DEFAULT_POOL,
    as_json: Json = False,
) -> None:
    """Add hashtags to the pool; those that are in it keep their date."""
    wanted = tags_of_arguments(tags)
    with pool_problems(), PoolFile(pool).changing() as changed:
        new = changed.add_all(wanted, source)
    _tell_change(changed, "added", new, len(wanted), as_json=as_json)


@commands.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Another pool, a JSON list, or text.")
    ],
    pool: PoolPath = DEFAULT_POOL,
    as_json: Json = False,
) -> None:
    """Add the hashtags of a file: text with one a line, a JSON list, or another pool."""
    with pool_problems():
        found = read_import(file)
        with PoolFile(pool).changing() as changed:
            new = [tag.tag for tag in found if changed.add(tag)]
    _tell_change(changed, "added", new, len(found), as_json=as_json)


@commands.command("remove")
def remove(tags: Tags, pool: PoolPath = DEFAULT_POOL, as_json: Json = False) -> None:
    """Take hashtags out of the pool."""
    wanted = tags_of_arguments(tags)
    with pool_problems(), PoolFile(pool).changing() as changed:
        gone = changed.remove_all(wanted)
    _tell_change(changed, "removed", gone, len(wanted), as_json=as_json)


@commands.command("list")
def list_pool(pool: PoolPath = DEFAULT_POOL, as_json: Json = False) -> None:
    """The pool in order of the alphabet, with where each hashtag is from."""
    with pool_problems():
        found = PoolFile(pool).read()
    tags = [found.tags[tag] for tag in sorted(found.tags)]
    if as_json:
        print_json({"pool": str(pool), "tags": [tag.to_json() for tag in tags]})
        return
    for tag in tags:
        sources = ", ".join(f"{source.name} ({source.at[:10]})" for source in tag.sources)
        say.result(f"#{tag.tag}  {sources}")
    say.note(f"{counted(len(tags), 'hashtag')} in {pool}.")


@commands.command("rank")
def rank(
    pool: PoolPath = DEFAULT_POOL,
    stale_days: StaleDays = DEFAULT_STALE_DAYS,
    as_json: Json = False,
) -> None:
    """The pool with the best first, and the numbers that decide."""
    with pool_problems():
        found = PoolFile(pool).read()
    tags = found.ranked(stale_days)
    if as_json:
        print_json({"pool": str(pool), "tags": [_ranked(tag, stale_days) for tag in tags]})
        return
    for place, tag in enumerate(tags, start=1):
        say.result(f"{place:4}  {_told(tag, stale_days)}")
    if not tags:
        say.note(f"There are no hashtags in {pool}.")


def tags_of_arguments(texts: Sequence[str]) -> list[str]:
    """Hashtags in their one form; raises UsageError that lists every text that makes none."""
    try:
        return normalise_all(texts)
    except InvalidPostError as error:
        raise UsageError("\n".join(problem_lines(error.problems))) from error


@contextmanager
def pool_problems() -> Iterator[None]:
    """End with a sentence where the pool, or a file for it, cannot be used."""
    try:
        yield
    except PoolError as error:
        fail(str(error), 1)


def warn_if_kept_aside(pool: Pool) -> None:
    """Say what became of a damaged pool."""
    if pool.kept_aside is not None:
        warn(
            f"The pool was damaged. It is kept as {pool.kept_aside}, and a new one begins; mend the"
            " old one and take its hashtags back with `postwright hashtags pool import`."
        )


def _tell_change(pool: Pool, what: str, tags: Sequence[str], asked: int, *, as_json: bool) -> None:
    warn_if_kept_aside(pool)
    if as_json:
        aside = str(pool.kept_aside) if pool.kept_aside else None
        print_json({what: list(tags), "inPool": len(pool.tags), "keptAside": aside})
        return
    others = asked - len(tags)
    same = f", {others} {'was' if others == 1 else 'were'} there already" if what == "added" else ""
    if what == "removed":
        same = f", {others} {'was' if others == 1 else 'were'} not there"
    say.result(
        f"{counted(len(tags), 'hashtag')} {what}{same if others else ''};"
        f" the pool holds {len(pool.tags)}."
    )


def _ranked(tag: PooledTag, stale_days: int) -> dict[str, Any]:
    measured = tag.statistics
    return {
        "tag": tag.tag,
        "score": measured.score if measured else None,
        "stale": measured.is_stale(stale_days) if measured else None,
        "statistics": measured.to_json() if measured else None,
    }


def measured_line(tag: str, measured: Statistics) -> str:
    """A hashtag with its score and the numbers behind it."""
    return (
        f"#{tag}  score {measured.score:.2f}: {measured.likes:.0f} likes,"
        f" {measured.comments:.0f} comments, {measured.posts_per_hour:.1f} new posts an hour"
    )


def _told(tag: PooledTag, stale_days: int) -> str:
    measured = tag.statistics
    if measured is None:
        return f"#{tag.tag}  not measured"
    line = measured_line(tag.tag, measured)
    is_stale = measured.is_stale(stale_days)
    return f"{line}, old: measured on {measured.measured_at[:10]}" if is_stale else line
