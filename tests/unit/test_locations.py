"""Places near a point: distances, coordinates, and pages that cannot be tagged."""

from __future__ import annotations

import pytest

from postwright.errors import InvalidPostError
from postwright.graph_search import GraphSearch
from postwright.locations import Point, find, parse_point
from sandbox.instagram import DEMO_PERSON
from tests.unit.core_world import World

pytest_plugins = ("tests.unit.core_fixtures",)

SANDHAVEN = Point(54.09, 8.73)


@pytest.fixture
def search(world: World) -> GraphSearch:
    world.cloud.put_parameter(f"{world.cloud.prefix}/facebook-user-token", DEMO_PERSON.token)
    return GraphSearch(world.app.searching("default"))


def test_pages_without_coordinates_are_left_out_and_the_nearest_comes_first(
    search: GraphSearch,
) -> None:
    places = find(search, "sandhaven", SANDHAVEN, limit=10)

    assert [(place.name, f"{place.km:.2f}") for place in places] == [
        ("Sandhaven Beach", "0.65"),
        ("Dune Café", "0.75"),
    ]


def test_no_more_than_were_asked_for_come_back(search: GraphSearch) -> None:
    assert len(find(search, "sandhaven", SANDHAVEN, limit=1)) == 1


def test_without_a_point_there_are_no_distances(search: GraphSearch) -> None:
    assert {place.km for place in find(search, "sandhaven", None, limit=10)} == {None}


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        (Point(0, 0), Point(0, 0), 0),
        (Point(0, 0), Point(0, 1), 111.2),
        (Point(0, 179.5), Point(0, -179.5), 111.2),
        (Point(90, 0), Point(-90, 0), 20_015.1),
        (Point(52.52, 13.405), Point(48.8566, 2.3522), 877.5),
    ],
)
def test_a_distance_is_that_along_the_surface(one: Point, other: Point, km: float) -> None:
    assert one.km_to(other) == pytest.approx(km, abs=0.1)
    assert other.km_to(one) == pytest.approx(km, abs=0.1)


@pytest.mark.parametrize(
    ("text", "point"),
    [("54.09,8.73", Point(54.09, 8.73)), (" -90 , 180 ", Point(-90, 180)), ("0,0", Point(0, 0))],
)
def test_a_point_is_two_numbers_with_a_comma(text: str, point: Point) -> None:
    assert parse_point(text) == point


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("", ["near"]),
        ("54.09", ["near"]),
        ("1,2,3", ["near"]),
        ("91,8", ["latitude"]),
        ("54,181", ["longitude"]),
        ("north,east", ["latitude", "longitude"]),
        ("nan,inf", ["latitude", "longitude"]),
        ("-90.1,180.1", ["latitude", "longitude"]),
    ],
)
def test_everything_that_is_wrong_with_a_point_is_listed(text: str, items: list[str]) -> None:
    with pytest.raises(InvalidPostError) as refused:
        parse_point(text)

    assert [problem.item for problem in refused.value.problems] == items
