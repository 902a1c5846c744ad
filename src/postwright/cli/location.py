"""`postwright location search`: the ids of places, for `locationId` of a media item."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from postwright import locations
from postwright.cli.connection import Stack, connect
from postwright.cli.console import UsageError, print_json, problem_lines, say
from postwright.cli.hashtags import Account
from postwright.cli.preflight import Json
from postwright.errors import InvalidPostError
from postwright.graph_search import GraphSearch
from postwright.locations import Place, Point

commands = typer.Typer(help="Places that a post can be tagged with.", no_args_is_help=True)


@commands.callback()
def _group() -> None:
    """Places that a post can be tagged with."""


def _point(text: str) -> Point:
    try:
        return locations.parse_point(text)
    except InvalidPostError as error:
        raise UsageError("\n".join(problem_lines(error.problems))) from error


@commands.command("search")
def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Words of the place's name.")],
    near: Annotated[
        Point | None,
        typer.Option(
            "--near",
            metavar="LAT,LNG",
            parser=_point,
            help="Sort by the distance from here, as in 54.09,8.73.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Print at most so many.")] = 10,
    account: Account = "default",
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Find places by name, the nearest first; exit code 1 when there is none."""
    graph = GraphSearch(connect(stack).searching(account))
    found = locations.find(graph, text, near, limit)
    if as_json:
        print_json({"places": [_document(place) for place in found]})
    for place in [] if as_json else found:
        away = f"  {place.km:.1f} km" if place.km is not None else ""
        say.result(f"{place.id}  {place.name}  {place.address}{away}  {place.link or ''}".rstrip())
    if not found:
        say.note(f"No place with coordinates is called {text!r}.")
        raise typer.Exit(1)


def _document(place: Place) -> dict[str, Any]:
    return {
        "id": place.id,
        "name": place.name,
        "address": place.address,
        "latitude": place.point.latitude,
        "longitude": place.point.longitude,
        "km": None if place.km is None else round(place.km, 2),
        "link": place.link,
    }
