"""The page about the simulated Instagram, and the stances that it is made of, are true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox import instagram, instagram_page
from sandbox.instagram import DEMO_ACCOUNT, DEMO_PERSON, control, pages
from sandbox.instagram.config import Config
from sandbox.instagram.conflicts import CONFLICTS
from sandbox.instagram.faults import Fault
from sandbox.instagram.not_imitated import NOT_IMITATED
from sandbox.instagram.open_questions import OPEN_QUESTIONS
from sandbox.instagram.processing import Processing
from sandbox.instagram.served import (
    CONTROL_ROUTES,
    FAULT_FIELDS,
    GRAPH_ROUTES,
    PAGES,
    PROCESSING_FIELDS,
    TOKEN_FIELDS,
    TOKEN_ROUTES,
    Served,
)
from sandbox.instagram.stances import Stance
from sandbox.instagram.token_book import TokenChange
from tests.instagram_lab import ACCOUNT, Lab, error_of
from tests.media import MediaServer, picture

STANCES = (*CONFLICTS, *OPEN_QUESTIONS, *NOT_IMITATED)
NOT_THERE = [(2500, None), (100, 33)]
CONFLICTING = [
    "Posts in 24 hours",
    "Items in a carousel",
    "Formats of images",
    "exchange of a code",
    "page that asks the user",
    "/me",
    "id in a path",
    "younger than 24 hours",
    "Resumable upload",
    "4/2207051",
    "second publish",
    "9004/2207052",
    "-1/2207001",
    "media_product_type",
    "Collaborators",
    "Hashtags",
    "scope for publishing",
    "Pace",
    "container that failed",
    "Hosts that media",
    "Token in the header",
    "Kind of token",
    "length of a Reel",
    "enable_fb_login",
]
OPEN = [
    "caption add-ons",
    "400 containers",
    "publishing a container twice",
    "expired container",
    "30 hashtags",
    "refused refresh",
    "stories count",
    "carousel's videos",
    "`location_id` and `product_tags`",
    "2207055, 2207067 and 2207089",
    "call allowance",
    "follows redirects",
    "statuses of generic codes",
    "gone or unknown",
]


def test_every_conflict_has_its_sides_and_every_open_question_is_there() -> None:
    disputed = [stance.topic for stance in CONFLICTS]
    unanswered = [stance.topic for stance in OPEN_QUESTIONS]

    assert len(disputed) == len(CONFLICTING) == 24
    assert [words for words in CONFLICTING if sum(words in t for t in disputed) != 1] == []
    assert [words for words in OPEN if sum(words in t for t in unanswered) != 1] == []
    assert all(len(stance.sides) >= 2 for stance in CONFLICTS)


@pytest.mark.parametrize("stance", STANCES, ids=lambda stance: stance.topic)
def test_a_stance_can_be_changed_or_says_why_not(stance: Stance) -> None:
    known = {*Config.model_fields, "tokens"}

    assert [key for key in stance.keys if key not in known] == []
    assert [field for field in stance.faults if field not in Fault.model_fields] == []
    assert bool(stance.keys or stance.faults) != bool(stance.fixed)
    assert stance.ours.endswith(".")


def test_every_key_of_the_config_is_explained() -> None:
    page = instagram_page.page()

    for name, field in Config.model_fields.items():
        assert field.description, name
        assert f"| `{name}` | " in page


@pytest.mark.parametrize(
    ("words", "model"),
    [(FAULT_FIELDS, Fault), (PROCESSING_FIELDS, Processing), (TOKEN_FIELDS, TokenChange)],
)
def test_every_field_is_explained(words: dict[str, str], model: Any) -> None:
    assert list(words) == list(model.model_fields)


def test_the_routes_that_are_not_graph_calls_are_those_that_are_served(lab: Lab) -> None:
    shown = {(route.method, re.sub(r"{.*?}", "{}", route.path)) for route in PAGES}
    controls = {(route.method, route.path) for route in CONTROL_ROUTES}

    served = {
        (route.methods and min(route.methods), re.sub(r"{.*?}", "{}", route.path))
        for route in pages.routes(lab.instagram)
    }
    controlled = {
        (method, route.path)
        for route in control.routes(lab.instagram)
        for method in (route.methods or set()) - {"HEAD"}
        if "{" not in route.path
    }

    assert controlled == controls
    profile = f"/{DEMO_ACCOUNT.username}/"
    assert ("GET", profile) in served
    assert {p for m, p in shown} - {"/{}/"} <= {p for m, p in served}


@pytest.fixture
def names(lab: Lab, media: MediaServer) -> dict[str, str]:
    """One of everything that a path can name."""
    url = media.put("a.jpg", picture())
    items = [lab.container(image_url=url, is_carousel_item="true") for _ in range(2)]
    lab.advance(3)
    parent = lab.container(media_type="CAROUSEL", children=",".join(items))
    lab.advance(2)
    post = lab.published(parent)
    comment = lab.post(f"/{post}/comments", message="First").json()["id"]
    return {
        "ig-user-id": ACCOUNT,
        "ig-container-id": items[0],
        "ig-media-id": post,
        "ig-comment-id": comment,
        "facebook-user-id": DEMO_PERSON.id,
        "page-id": DEMO_ACCOUNT.page_id,
        "ig-hashtag-id": lab.as_person("/ig_hashtag_search", user_id=ACCOUNT, q="dune").json()[
            "data"
        ][0]["id"],
    }


def asked(lab: Lab, route: Served, host: str, names: dict[str, str]) -> httpx.Response:
    token = DEMO_PERSON.token if host == "graph.facebook.com" else DEMO_ACCOUNT.token
    url = f"/{host}/v25.0{route.path.format(**names)}"
    query = {
        "q": "dune",
        "user_id": ACCOUNT,
        "message": "Again",
        "hide": "true",
        "comment_enabled": "true",
    }
    headers = {"Authorization": f"Bearer {token}"}
    return lab.http.request(route.method, url, params=query, headers=headers)


@pytest.mark.parametrize("host", ["graph.facebook.com", "graph.instagram.com"])
@pytest.mark.parametrize("route", GRAPH_ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_graph_route_is_served_on_its_hosts_alone(
    lab: Lab, names: dict[str, str], route: Served, host: str
) -> None:
    answer = asked(lab, route, host, names)

    is_there = answer.status_code == 200 or error_of(answer) not in NOT_THERE
    assert is_there == (host in route.hosts or not route.hosts), answer.text


@pytest.mark.parametrize("route", TOKEN_ROUTES, ids=lambda route: route.path)
def test_a_route_of_the_log_in_is_served_on_its_hosts(lab: Lab, route: Served) -> None:
    for host in route.hosts:
        answer = lab.http.request(route.method, f"/{host}{route.path}")

        assert answer.status_code == 400
        assert not answer.text.startswith('{"error":{"message":"Unknown path')


def test_the_map_of_the_package_names_every_module() -> None:
    folder = Path(instagram.__file__).parent
    modules = {path.stem for path in folder.glob("[!_]*.py")}

    named = set(re.findall(r"\w+", instagram.__doc__ or ""))

    assert modules - named == set()
