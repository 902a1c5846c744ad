"""Finding places, and which of them can be tagged."""

from __future__ import annotations

import pytest

from sandbox.instagram.locations import PLACES
from tests.instagram_lab import Lab, error_of
from tests.media import MediaServer, picture

FIELDS = "id,name,location,link"


def search(lab: Lab, **query: str) -> list[dict[str, object]]:
    return list(lab.as_person("/pages/search", **query).json()["data"])


def test_places_are_found_by_name_and_city(lab: Lab) -> None:
    found = search(lab, q="sandhaven DUNE", fields=FIELDS)

    assert found == [
        {
            "id": "900000000000001",
            "name": "Dune Café",
            "location": {
                "city": "Sandhaven",
                "country": "Germany",
                "latitude": 54.0931,
                "longitude": 8.7402,
            },
            "link": "https://www.facebook.com/900000000000001",
        }
    ]


def test_without_fields_a_place_answers_id_and_name(lab: Lab) -> None:
    assert search(lab, q="alba") == [{"id": "900000000000004", "name": "Mirador del Alba"}]


def test_some_places_have_no_coordinates(lab: Lab) -> None:
    bakery = search(lab, q="bakery", fields=FIELDS)[0]["location"]
    friends = search(lab, q="friends", fields="location{city,latitude}")

    assert bakery == {"city": "Sandhaven", "country": "Germany"}
    assert friends == [{"id": "900000000000007"}]


def test_one_name_can_be_that_of_several_places(lab: Lab) -> None:
    found = search(lab, q="dune café", fields="location{city}")

    cities = [place["location"]["city"] for place in found if isinstance(place["location"], dict)]
    assert cities == ["Sandhaven", "Port Ember", "Valdoro"]


def test_many_places_come_in_pages(lab: Lab) -> None:
    everywhere = [place["id"] for place in search(lab, q="e")]

    page = lab.as_person("/pages/search", q="e", limit=2).json()
    ids = [place["id"] for place in page["data"]]
    for _ in range((len(everywhere) - 1) // 2):
        page = lab.follow(page["paging"]["next"]).json()
        ids += [place["id"] for place in page["data"]]

    assert len(everywhere) > 4
    assert ids == everywhere
    assert "next" not in page["paging"]


def test_nothing_is_found(lab: Lab) -> None:
    assert search(lab, q="nowhere") == []


@pytest.mark.parametrize(
    "query", [{}, {"q": "a", "fields": "likes"}, {"q": "alba", "fields": "location{height}"}]
)
def test_a_wrong_search_is_refused(lab: Lab, query: dict[str, str]) -> None:
    answer = lab.as_person("/pages/search", **query)

    assert error_of(answer) == (100, None)


def test_places_are_found_with_a_page_token_only_where_that_is_set(lab: Lab) -> None:
    refused = lab.on_facebook("GET", "/pages/search", q="alba")
    lab.config(search_with_page_token=True)

    taken = lab.on_facebook("GET", "/pages/search", q="alba")

    assert (refused.status_code, error_of(refused)) == (403, (10, None))
    assert "access token of a user" in refused.json()["error"]["message"]
    assert taken.json()["data"][0]["name"] == "Mirador del Alba"


def test_places_cannot_be_found_with_instagram_login(lab: Lab) -> None:
    assert error_of(lab.get("/pages/search", q="dune")) == (100, 33)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.id)
def test_a_place_can_be_tagged_when_it_has_coordinates(
    lab: Lab, media: MediaServer, place: object
) -> None:
    assert isinstance(place, type(PLACES[0]))
    url = media.put("a.jpg", picture())

    answer = lab.post("/me/media", image_url=url, location_id=place.id)

    assert (answer.status_code == 200) == (place.point is not None)
    if place.point is None:
        message = answer.json()["error"]["message"]
        assert message == "INSTAGRAM_PLATFORM_API__INVALID_LOCATION_ID"


def test_a_place_that_is_not_listed_is_taken_or_refused_as_set(
    lab: Lab, media: MediaServer
) -> None:
    form = {"image_url": media.put("a.jpg", picture()), "location_id": "106078429431815"}

    taken = lab.post("/me/media", **form)
    lab.config(unknown_locations="refuse")

    assert taken.status_code == 200
    assert lab.refusal(**form) == (100, None)
    assert lab.container(**form | {"location_id": PLACES[0].id})
