"""`postwright hashtags`: search, budget, pool, and the hashtags of a post."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated, Any

import typer

from postwright import caption, clock, limits, posts
from postwright.app import App
from postwright.cli import hashtag_pool
from postwright.cli.connection import Stack, connect
from postwright.cli.console import UsageError, fail, print_json, say, warn
from postwright.cli.hashtag_pool import (
    DEFAULT_POOL,
    DEFAULT_STALE_DAYS,
    PoolPath,
    StaleDays,
    measured_line,
    pool_problems,
    tags_of_arguments,
)
from postwright.cli.preflight import Json
from postwright.errors import InvalidPostError, PostwrightError
from postwright.graph_search import GraphSearch
from postwright.hashtags import picking, searching, used
from postwright.hashtags.budget import LIMIT, HashtagBudget, Standing, frees_at, last_known
from postwright.hashtags.picking import Pick
from postwright.hashtags.pool import PooledTag, PoolFile, Source
from postwright.hashtags.searching import Found
from postwright.models import Group, PublishRequest, now_text
from postwright.settings import Settings

Account = Annotated[str, typer.Option("--account", help="The account.")]

commands = typer.Typer(
    help="Hashtags: a pool to draw from, and Instagram's search.", no_args_is_help=True
)
commands.add_typer(hashtag_pool.commands, name="pool")


@commands.callback()
def _group() -> None:
    """Hashtags: a pool to draw from, and Instagram's search."""


@commands.command("pick")
def pick(
    count: Annotated[
        int,
        typer.Option(
            "--count",
            "-n",
            envvar="POSTWRIGHT_HASHTAG_COUNT",
            min=1,
            max=limits.HASHTAGS_MAX.value,
            help="How many.",
        ),
    ] = Settings.model_fields["hashtag_count"].default,
    post: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="SESSION/GROUP", help="Write them into this group's description."
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the hashtags that the description has.")
    ] = False,
    seed: Annotated[
        str | None,
        typer.Option(help="The same seed makes the same pick; the group's name if left out."),
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", help="Account whose last posts are not repeated.")
    ] = None,
    look: Annotated[
        bool,
        typer.Option("--look/--no-look", help="Look at the last posts, so as not to repeat them."),
    ] = True,
    pool: PoolPath = DEFAULT_POOL,
    stale_days: StaleDays = DEFAULT_STALE_DAYS,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Pick hashtags for a post: the best of the pool, other ones than the last posts had.

    Unless the pool is too small, at most half of them are those of any one of the last posts.
    """
    if replace and post is None:
        raise UsageError("--replace goes with --for.")
    if post is not None and not look:
        raise UsageError("--no-look is for a pick that is only printed, not with --for.")
    with pool_problems():
        ranked = [found.tag for found in PoolFile(pool).read().ranked(stale_days)]
    request = _request_for(post) if post else None
    app = connect(stack) if look else None
    group = posts.find_group(app, request) if app and request else None
    if group:
        _check_is_not_out(group)
    before = used.sets_before(app, _account_of(group, account), group) if app else []
    seed = seed or post or secrets.token_hex(4)
    found = picking.pick(ranked, count, seed=seed, last_posts=before)
    if app and group:
        _write(app, group, found, replace=replace)
    _tell(found, seed, group, as_json=as_json)


@commands.command("search")
def search(
    tags: Annotated[
        list[str] | None, typer.Argument(metavar="TAG..", help="Hashtags, with or without #.")
    ] = None,
    stale: Annotated[
        bool,
        typer.Option(
            "--stale",
            help="Those of the pool without numbers or with old ones, if searches are free.",
        ),
    ] = False,
    account: Account = "default",
    add: Annotated[
        bool, typer.Option("--add", help="Put them into the pool with what was measured.")
    ] = False,
    pool: PoolPath = DEFAULT_POOL,
    stale_days: StaleDays = DEFAULT_STALE_DAYS,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Measure hashtags on Instagram: 30 different ones in any 7 days, repeats are free.

    What was measured of hashtags in the pool is kept there.
    """
    wanted = tags_of_arguments(tags or [])
    if not wanted and not stale:
        raise UsageError("Name hashtags, or measure those of the pool with --stale.")
    app = connect(stack)
    graph = GraphSearch(app.searching(account))
    budget = HashtagBudget(app.store, account, graph)
    with pool_problems():
        in_pool = PoolFile(pool).read().to_measure(stale_days) if stale else []
    if in_pool:
        wanted = searching.affordable(budget.look(), wanted, in_pool)
    if not wanted:
        say.note("The pool has nothing to measure, or no search is free now.")
    found = searching.search(budget, graph, wanted) if wanted else Found()
    with pool_problems():
        _keep(found, pool, add=add)
    if as_json:
        print_json(_search_document(found))
    else:
        _tell_search(found)
    if found.stopped or found.refused:
        raise typer.Exit(1)


@commands.command("budget")
def show_budget(account: Account = "default", stack: Stack = None, as_json: Json = False) -> None:
    """Which searches of the last 7 days Instagram counts, and when each counts no more.

    Where Instagram cannot be asked now, what is known here, and exit code 1.
    """
    app = connect(stack)
    trouble = None
    try:
        standing = HashtagBudget(app.store, account, GraphSearch(app.searching(account))).look()
    except PostwrightError as error:
        trouble, standing = error, last_known(app.store, account)
    if as_json:
        print_json(_budget_document(standing, trouble))
    else:
        _tell_budget(standing, trouble)
    if trouble:
        raise typer.Exit(1)


def _tell_budget(standing: Standing, trouble: PostwrightError | None) -> None:
    open_ones = f", {standing.open} open" if standing.open else ""
    most = "at most " if trouble else ""
    say.result(f"{standing.used} of {LIMIT} used{open_ones}, {most}{standing.free} free")
    for found in standing.hashtags:
        named = f"#{found.tag}" if found.tag else f"hashtag {found.id}"
        open_one = "" if found.counted else "  (no clear answer yet)"
        say.result(f"  {named}  until {clock.to_text(frees_at(found))} at the latest{open_one}")
    if trouble:
        since = f"since {standing.as_of}" if standing.as_of else "at any time"
        warn(
            f"Instagram could not be asked. What other tools have searched for {since} is not"
            f" known. {trouble.sentence}"
        )


def _keep(found: Found, path: Path, *, add: bool) -> None:
    """Write what was measured into the pool."""
    file = PoolFile(path)
    if not found.measured or not (add or found.measured.keys() & file.read().tags.keys()):
        return
    source = Source(name="search", at=now_text())
    with file.changing() as pool:
        for tag, statistics in found.measured.items():
            if tag in pool.tags:
                pool.add(PooledTag(tag=tag, statistics=statistics))
            elif add:
                pool.add(PooledTag(tag=tag, sources=[source], statistics=statistics))


def _search_document(found: Found) -> dict[str, Any]:
    return {
        "found": [
            {"tag": tag, "score": statistics.score, "statistics": statistics.to_json()}
            for tag, statistics in found.measured.items()
        ],
        "refused": [{"tag": tag, "why": why} for tag, why in found.refused.items()],
        "error": found.stopped.to_json() if found.stopped else None,
    }


def _tell_search(found: Found) -> None:
    for tag, statistics in found.measured.items():
        say.result(measured_line(tag, statistics))
    for tag, why in found.refused.items():
        say.result(f"#{tag}  {why}")
    if found.stopped:
        warn(found.stopped.sentence)


def _budget_document(standing: Standing, trouble: PostwrightError | None) -> dict[str, Any]:
    return {
        "asOf": standing.as_of,
        "error": trouble.to_json() if trouble else None,
        "limit": LIMIT,
        "used": standing.used,
        "open": standing.open,
        "free": standing.free,
        "hashtags": [
            {
                "tag": found.tag,
                "id": found.id,
                "counted": found.counted,
                "freesAt": clock.to_text(frees_at(found)),
            }
            for found in standing.hashtags
        ],
    }


def _request_for(post: str) -> PublishRequest:
    session_id, _, group_id = post.partition("/")
    try:
        return posts.parse_request({"sessionId": session_id, "groupId": group_id})
    except InvalidPostError as error:
        raise UsageError(f"--for takes SESSION/GROUP, as in demo/group-1, not {post!r}.") from error


def _account_of(group: Group | None, account: str | None) -> str:
    of_group = group.account_id if group else None
    if account and of_group and account != of_group:
        raise UsageError(f"The group belongs to account {of_group}; leave --account out.")
    return account or of_group or "default"


def _write(app: App, group: Group, found: Pick, *, replace: bool) -> None:
    """Put the pick into the group's description, if it may have so many and has none."""
    description = app.store.description(group.session_id, group.group_id)
    text = group.caption if group.caption is not None else description and description.caption
    in_text = len(caption.hashtags(text or ""))
    total, most = in_text + len(found.tags), limits.HASHTAGS_MAX.value
    if total > most:
        fail(
            f"The caption has {in_text} hashtags, so that there would be {total}; Instagram takes"
            f" {most}. Pick at most {most - in_text}.",
            1,
        )
    if not app.store.set_hashtags(group.session_id, group.group_id, found.tags, replace=replace):
        there = " ".join(f"#{tag}" for tag in description.hashtags) if description else "some"
        fail(f"The description has hashtags already: {there}. Give --replace to replace them.", 1)
    _warn_of_many(total)


def _check_is_not_out(group: Group) -> None:
    """End with a sentence where a post has the group's hashtags, or may have them."""
    why = {
        "publishing": "is being published",
        "published": "is published",
        "unconfirmed": "may be live; `postwright reconcile` settles that first",
        "split": "was split into several posts, whose captions hold its hashtags",
    }.get(group.publish_status)
    if why:
        fail(f"The group {why}. Its hashtags stay as they are.", 1)


def _warn_of_many(total: int) -> None:
    advised = limits.HASHTAGS_ADVISED.value
    if total > advised:
        warn(
            f"{total} hashtags: Instagram announced a limit of {advised} in December 2025, and may"
            " enforce it one day."
        )


def _tell(found: Pick, seed: str, group: Group | None, *, as_json: bool) -> None:
    if group is None:
        _warn_of_many(len(found.tags))
    if found.overlap > found.overlap_wanted:
        warn(
            f"The pool is too small for something newer: {found.overlap} of these are those of one"
            " of the last posts. Add hashtags with `postwright hashtags pool add`."
        )
    if as_json:
        result: dict[str, Any] = {
            "hashtags": list(found.tags),
            "seed": seed,
            "overlap": found.overlap,
            "overlapWanted": found.overlap_wanted,
            "writtenTo": f"{group.session_id}/{group.group_id}" if group else None,
        }
        print_json(result)
        return
    say.result(" ".join(f"#{tag}" for tag in found.tags))
    if group:
        say.note(f"Written into the description of {group.session_id}/{group.group_id}.")
    else:
        say.note(f"--seed {seed} makes this pick again.")
