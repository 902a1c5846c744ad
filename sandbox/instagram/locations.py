"""Places that can be found and tagged. All of them are made up.

Sources: Pages search (Meta, stamp 2026-04-17) for the call and its fields, IG User media reference
(Meta, read 2026-09-11) for the refusal of a page without a place. Real page ids cannot be known
here, so an id that is not listed is taken unless `unknown_locations` says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.instagram import errors
from sandbox.instagram.config import Config
from sandbox.instagram.errors import GraphError
from sandbox.instagram.fields import Reader, Selection, parse_fields, select
from sandbox.instagram.paging import limit_of, page_of, repeated
from sandbox.instagram.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Place:
    """A Facebook page; without a `point` it cannot be tagged."""

    id: str
    name: str
    city: str | None
    country: str | None
    point: tuple[float, float] | None

    def location(self) -> dict[str, Any] | None:
        named = {"city": self.city, "country": self.country}
        known: dict[str, Any] = {name: value for name, value in named.items() if value}
        if self.point is not None:
            known |= {"latitude": self.point[0], "longitude": self.point[1]}
        return known or None


PLACES = (
    Place("900000000000001", "Dune Café", "Sandhaven", "Germany", (54.0931, 8.7402)),
    Place("900000000000002", "Sandhaven Beach", "Sandhaven", "Germany", (54.0958, 8.7311)),
    Place("900000000000003", "Lighthouse Gallery", "Port Ember", "Portugal", (38.7013, -9.4206)),
    Place("900000000000004", "Mirador del Alba", "Valdoro", "Spain", (40.1184, -3.9052)),
    Place("900000000000005", "ตลาดริมคลอง", "บางทราย", "Thailand", (13.7021, 100.5018)),
    Place("900000000000006", "Old Town Bakery", "Sandhaven", "Germany", None),
    Place("900000000000007", "Friends of the Dune", None, None, None),
    Place("900000000000008", "Dune Café", "Port Ember", "Portugal", (38.7051, -9.4169)),
    Place("900000000000009", "Dune Café", "Valdoro", "Spain", None),
)
"""Some have no coordinates; one name is there three times."""
_PAGE_DEFAULT, _PAGE_MAX = 25, 100

_BY_ID = {place.id: place for place in PLACES}


def can_be_tagged(location_id: str, config: Config) -> bool:
    place = _BY_ID.get(location_id)
    if place is not None:
        return place.point is not None
    return location_id.isdecimal() and config.unknown_locations == "accept"


def search(parameters: Parameters, url: str, token: str) -> dict[str, Any]:
    """`GET /pages/search`: the places whose name or city contains every word of `q`.

    The links of a page lead to `url`, with the token in them.
    """
    query = parameters.required("q")
    words = query.casefold().split()
    selection = parse_fields(parameters.text("fields", "id,name"))
    limit = limit_of(parameters, default=_PAGE_DEFAULT, at_most=_PAGE_MAX)
    found = [place for place in PLACES if _contains(place, words)]
    page = page_of(found, lambda place: place.id, limit, parameters)
    data = [select(place, _FIELDS, selection) for place in page.items]
    return page.answer(data, url, repeated(parameters, token, limit) | {"q": query})


def _contains(place: Place, words: list[str]) -> bool:
    text = f"{place.name} {place.city or ''}".casefold()
    return all(word in text for word in words)


def _location(place: Place, inner: Selection | None) -> dict[str, Any] | None:
    location = place.location()
    if location is None or inner is None:
        return location
    for name, _ in inner:
        if name not in _LOCATION_FIELDS:
            raise GraphError(
                errors.NO_SUCH_FIELD.saying(f"(#100) Tried accessing nonexisting field ({name})")
            )
    return {name: location[name] for name, _ in inner if name in location}


_LOCATION_FIELDS = ("city", "country", "latitude", "longitude")
_FIELDS: dict[str, Reader[Place]] = {
    "id": lambda place, _: place.id,
    "name": lambda place, _: place.name,
    "location": _location,
    "link": lambda place, _: f"https://www.facebook.com/{place.id}",
}
