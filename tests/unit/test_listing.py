"""What a page is told of sessions and post groups."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from postwright import caption, posts
from postwright.api.groups import list_groups
from postwright.api.jobs import get_status
from postwright.api.sessions import list_sessions
from postwright.api.starting import start_publish
from postwright.models import Container, Description, MediaItem, Session
from tests.unit.core_world import SESSION, World
from tests.unit.test_api import event, read, rules

pytest_plugins = ("tests.unit.core_fixtures",)


def sessions(world: World, **query: str) -> tuple[int, dict[str, Any]]:
    return read(list_sessions(world.app, event(query=query or None)))


def groups(world: World, session_id: str = SESSION, **query: str) -> tuple[int, dict[str, Any]]:
    return read(list_groups(world.app, event(job_id=session_id, query=query or None)))


def only_group(world: World, **query: str) -> dict[str, Any]:
    _, body = groups(world, **query)
    [found] = body["groups"]
    return dict(found)


def put(world: World, pk: str, sk: str, **attributes: Any) -> None:
    """What a pipeline wrote, whatever it is."""
    world.store._put({"PK": pk, "SK": sk, **attributes})


def add_session(world: World, session_id: str, created_at: str) -> None:
    world.store.put_session(
        Session(session_id=session_id, name="", step="publish", created_at=created_at)
    )


# Sessions


def test_sessions_are_listed_the_newest_first(world: World) -> None:
    add_session(world, "old", "2026-11-01T09:00:00Z")
    add_session(world, "new", "2026-11-30T09:00:00Z")

    code, body = sessions(world)

    assert code == 200
    assert body == {
        "sessions": [
            {
                "sessionId": name,
                "name": name,
                "step": "publish",
                "createdAt": f"2026-11-{day}T09:00:00.000Z",
            }
            for name, day in (("new", 30), ("old", "01"))
        ],
        "cursor": None,
    }


def test_a_session_whose_line_lacks_everything_is_listed_by_its_key(world: World) -> None:
    put(world, "SESSIONS", "2026-11-30#bare", name=7, step=["x"])

    _, body = sessions(world)

    assert body["sessions"] == [
        {"sessionId": "bare", "name": "bare", "step": None, "createdAt": "2026-11-30"}
    ]


def test_pages_of_sessions_have_each_of_them_once(world: World) -> None:
    for day in range(1, 6):
        add_session(world, f"s{day}", f"2026-11-0{day}T09:00:00Z")

    found, query = [], {"limit": "2"}
    for _ in range(4):
        _, body = sessions(world, **query)
        found += [one["sessionId"] for one in body["sessions"]]
        if body["cursor"] is None:
            break
        query["cursor"] = body["cursor"]

    assert found == ["s5", "s4", "s3", "s2", "s1"]


# Groups


def test_a_group_is_shown_as_it_would_be_posted(world: World) -> None:
    media = [
        MediaItem(key=world.upload("b.jpg"), kind="image", alt_text="Dunes", location_id="7"),
        MediaItem(key=world.upload("a.jpg"), kind="image"),
    ]
    world.add_group(name="Two days", media=media)
    words = Description(caption="By the sea @me", hashtags=["sea"], location_tag="Sylt, Germany")
    world.store.put_description(SESSION, "g1", words)

    found = only_group(world)

    urls = [item.pop("url") for item in found["media"]]
    text = posts.prepare(world.app, world.group(), "default").caption
    assert found == {
        "groupId": "g1",
        "name": "Two days",
        "accountId": "default",
        "kind": "carousel",
        "publishStatus": "ready",
        "instagramPostId": None,
        "permalink": None,
        "media": [
            {"fileName": "b.jpg", "kind": "image", "altText": "Dunes", "locationId": "7"},
            {"fileName": "a.jpg", "kind": "image", "altText": None, "locationId": None},
        ],
        "caption": text,
        "counts": {"characters": caption.length(text), "hashtags": 1, "mentions": 1},
        "limits": {"characters": 2200, "hashtags": 30, "mentions": 20},
        "locationTag": "Sylt, Germany",
        "checked": True,
        "problems": [],
        "warnings": [],
        "job": None,
    }
    assert text == "By the sea @me\n\n#sea"
    assert [httpx.get(url).status_code for url in urls] == [200, 200]
    assert all("X-Amz-Expires=900" in url for url in urls)


def test_problems_are_those_of_a_start(world: World) -> None:
    item = MediaItem(key=f"{SESSION}/enhanced/nowhere.jpg", kind="image")
    world.add_group(media=[item], caption="x" * 2201)
    _, refused = read(start_publish(world.app, event({"sessionId": SESSION, "groupId": "g1"})))

    found = only_group(world)

    assert found["problems"] == refused["error"]["problems"]
    assert found["media"][0]["url"] is None


def test_without_a_look_at_the_media_only_the_text_is_judged(world: World) -> None:
    item = MediaItem(key=f"{SESSION}/enhanced/nowhere.jpg", kind="image")
    world.add_group(media=[item], caption="x" * 2201)

    found = only_group(world, preflight="0")

    assert [problem["rule"] for problem in found["problems"]] == ["caption-length"]
    assert found["checked"] is False
    assert found["media"][0]["url"]


def test_what_cannot_be_started_is_not_looked_at_again(world: World) -> None:
    world.begun()  # its media are not in the bucket

    found = only_group(world)

    assert (found["checked"], found["problems"]) == (False, [])


def test_the_last_job_comes_with_its_group(world: World) -> None:
    ref = world.begun(containers={"0": Container(state="finished", id="1")})

    found = only_group(world)

    _, told = read(get_status(world.app, event(job_id=ref.job_id)))
    assert found["publishStatus"] == "publishing"
    assert found["job"] == told


def test_a_record_that_cannot_be_read_does_not_hide_the_others(world: World) -> None:
    world.add_image_group("g2")
    put(world, f"SESSION#{SESSION}", "GROUP#g1", media="none", publishStatus="failed")
    put(world, f"SESSION#{SESSION}", "DESCRIPTION#g2", caption="", hashtags=7)

    _, body = groups(world)

    damaged, wordless = body["groups"]
    assert (damaged["groupId"], damaged["publishStatus"]) == ("g1", "failed")
    assert [problem["rule"] for problem in damaged["problems"]] == ["group-record"]
    assert [problem["rule"] for problem in wordless["problems"]] == ["description-record"]


def test_pages_of_groups_have_each_of_them_once(world: World) -> None:
    for number in range(5):
        world.add_image_group(f"g{number}")
    world.store.put_description(SESSION, "g0", Description(caption="Not a group"))

    found, query = [], {"limit": "2"}
    for _ in range(4):
        _, body = groups(world, **query)
        found += [one["groupId"] for one in body["groups"]]
        if body["cursor"] is None:
            break
        query["cursor"] = body["cursor"]

    assert found == ["g0", "g1", "g2", "g3", "g4"]


def test_a_page_ends_where_there_would_be_too_much_to_look_at(world: World) -> None:
    for number in range(3):
        world.add_image_group(f"g{number}", names=("a.jpg",) * 60)

    _, first = groups(world)
    _, second = groups(world, cursor=first["cursor"])
    _, all_at_once = groups(world, preflight="0")

    assert [one["groupId"] for one in first["groups"]] == ["g0"]
    assert [one["groupId"] for one in second["groups"]] == ["g1"]
    assert len(all_at_once["groups"]) == 3


def test_a_session_without_groups_is_empty_and_an_unknown_one_is_not_found(world: World) -> None:
    world.add_session()

    code, body = groups(world)

    assert (code, body["groups"], body["cursor"]) == (200, [], None)
    for unknown in ("nobody", "a#b", "", "x" * 3000):
        assert groups(world, unknown)[0] == 404


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "51"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"preflight": "yes"}, "preflight"),
        ({"cursor": "%%"}, "cursor"),
        ({"cursor": "UFVCTElTSCM3"}, "cursor"),  # PUBLISH#7
        ({"page": "2"}, "page"),
    ],
)
def test_a_query_that_cannot_be_used_says_what_is_wrong(
    world: World, query: dict[str, str], wrong: str
) -> None:
    code, body = groups(world, **query)

    assert code == 422
    assert rules(body) == {(wrong, "query-field")}


def test_no_answer_names_a_token(world: World) -> None:
    world.add_image_group()

    assert "IGAA" not in json.dumps(groups(world)[1])


@pytest.fixture
def put_off(world: World) -> Iterator[list[int]]:
    """How often DynamoDB puts off what is read in a batch, as it does for lack of capacity."""
    left, asked = [0], dict[str, Any]()

    def put_it_off(parsed: dict[str, Any], **_: Any) -> None:
        if left[0] > 0:
            left[0] -= 1
            parsed |= {"Responses": {}, "UnprocessedKeys": asked["RequestItems"]}

    def remember(params: dict[str, Any], **_: Any) -> None:
        asked.update(params)

    events = world.cloud.dynamodb.meta.events
    events.register("provide-client-params.dynamodb.BatchGetItem", remember)
    events.register("after-call.dynamodb.BatchGetItem", put_it_off)
    yield left
    events.unregister("provide-client-params.dynamodb.BatchGetItem", remember)
    events.unregister("after-call.dynamodb.BatchGetItem", put_it_off)


def test_what_is_put_off_is_asked_for_again(world: World, put_off: list[int]) -> None:
    ref = world.begun()
    put_off[0] = 3

    assert world.store.find_jobs([ref.job_id]).keys() == {ref.job_id}
    assert put_off == [0]


def test_what_is_put_off_for_ever_is_an_error(world: World, put_off: list[int]) -> None:
    ref = world.begun()
    put_off[0] = 99

    with pytest.raises(TimeoutError):
        world.store.find_jobs([ref.job_id])
