"""Places that a post can be tagged with, found by name and sorted by distance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from postwright.errors import InvalidPostError
from postwright.graph_search import GraphSearch
from postwright.models import Problem

_EARTH_RADIUS_KM: Final = 6371.0
_ADDRESS: Final = ("street", "zip", "city", "state", "country")


@dataclass(frozen=True)
class Point:
    """Degrees north and east."""

    latitude: float
    longitude: float

    def km_to(self, other: Point) -> float:
        """The way along the surface of the earth, as a ball."""
        north, south = math.radians(self.latitude), math.radians(other.latitude)
        east = math.radians(other.longitude - self.longitude)
        half = (
            math.sin((south - north) / 2) ** 2
            + math.cos(north) * math.cos(south) * math.sin(east / 2) ** 2
        )
        return 2 * _EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half)))


@dataclass(frozen=True)
class Place:
    """A page with a location; its `id` is what a media item takes as `locationId`."""

    id: str
    name: str
    address: str
    point: Point
    link: str | None
    km: float | None


def parse_point(text: str) -> Point:
    """A point from `LAT,LNG`; raises InvalidPostError that lists all that is wrong with it."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2:
        raise _wrong([_problem("near", text, "LAT,LNG", "Write two numbers and a comma.")])
    bounds = (("latitude", 90.0), ("longitude", 180.0))
    problems = [
        _problem(name, part, f"a number from -{most:.0f} to {most:.0f}", "Write degrees, as 54.09.")
        for part, (name, most) in zip(parts, bounds, strict=True)
        if not _is_within(part, most)
    ]
    if problems:
        raise _wrong(problems)
    return Point(float(parts[0]), float(parts[1]))


def find(search: GraphSearch, text: str, near: Point | None, limit: int) -> list[Place]:
    """The places whose name fits, the nearest first; without `near` as Instagram lists them.

    Pages without coordinates are left out: Instagram refuses them as the location of a post.
    """
    found = [place for row in search.places(text) if (place := _place(row, near)) is not None]
    if near is not None:
        found.sort(key=lambda place: (place.km, place.id))
    return found[:limit]


def _place(row: Mapping[str, Any], near: Point | None) -> Place | None:
    location = row.get("location")
    if not row.get("id") or not isinstance(location, dict):
        return None
    latitude, longitude = location.get("latitude"), location.get("longitude")
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None
    point = Point(latitude, longitude)
    return Place(
        id=str(row["id"]),
        name=str(row.get("name", "")),
        address=", ".join(str(location[part]) for part in _ADDRESS if location.get(part)),
        point=point,
        link=str(row["link"]) if row.get("link") else None,
        km=near.km_to(point) if near else None,
    )


def _is_within(text: str, most: float) -> bool:
    try:
        return abs(float(text)) <= most
    except ValueError:
        return False


def _problem(item: str, found: str, allowed: str, fix: str) -> Problem:
    return Problem(item=item, rule="coordinates", found=repr(found), allowed=allowed, fix=fix)


def _wrong(problems: list[Problem]) -> InvalidPostError:
    return InvalidPostError("The coordinates cannot be used.", problems=problems)
