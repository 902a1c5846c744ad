"""`/_control/`: config, clock, request log, reset; and time at max speed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from sandbox.instagram import DEMO_ACCOUNT
from sandbox.instagram.config import Config
from tests.instagram_lab import ACCOUNT, Lab, error_of
from tests.media import MediaServer, picture


def test_the_whole_config_can_be_read(lab: Lab) -> None:
    config = lab.http.get("/_control/config").json()

    assert config.keys() == Config.model_fields.keys() | {"tokens"}
    assert (config["quota_total"], config["container_cap"], config["carousel_max"]) == (
        *(100, 400, 10),
    )
    assert config["video"] == {
        "seconds": 20,
        "seconds_per_megabyte": 0,
        "seconds_per_second": 0,
        "distribution": "fixed",
        "spread": 0,
        "at_most": 86400,
    }
    assert config["tokens"]["IGAA...0001"] == "ok"


def test_one_field_of_a_model_can_be_changed_alone(lab: Lab) -> None:
    lab.config(video={"seconds": 7})

    answer = lab.config(video={"spread": 0.5}).json()

    assert (answer["video"]["seconds"], answer["video"]["spread"]) == (7, 0.5)


def test_an_unknown_key_is_named_with_the_known_ones(lab: Lab) -> None:
    answer = lab.config(quota_total=1, quota_totals=5)

    assert answer.status_code == 400
    assert "quota_totals" in answer.json()["error"]
    assert "repeat_publish" in answer.json()["error"]
    assert lab.http.get("/_control/config").json()["quota_total"] == 100


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"quota_total": "many"}, "quota_total"),
        ({"carousel_max": 1}, "carousel_max"),
        ({"repeat_publish": "perhaps"}, "repeat_publish"),
        ({"video": {"seconds": -1}}, "video.seconds"),
        ({"video": {"second": 1}}, "video.second"),
        ({"video": 20}, "video"),
        ({"tokens": {"secret-token-value": "ok"}}, "tokens"),
        ({"tokens": {DEMO_ACCOUNT.token: "gone"}}, "tokens"),
    ],
)
def test_a_wrong_value_is_named_and_not_repeated(
    lab: Lab, changes: dict[str, Any], named: str
) -> None:
    answer = lab.config(**changes)

    assert answer.status_code == 400
    assert named in answer.json()["error"]
    assert DEMO_ACCOUNT.token not in answer.text
    assert "secret-token-value" not in answer.text


def test_the_clock_can_be_moved(lab: Lab) -> None:
    before = lab.clock.now()

    answer = lab.http.post("/_control/clock", json={"advance_seconds": 90}).json()

    moved = datetime.fromisoformat(answer["now"]) - before
    assert round(moved.total_seconds()) == 90


def test_the_clock_moves_when_nothing_is_in_flight(lab: Lab) -> None:
    """A call that is under way must not see its time-out pass."""
    before = lab.clock.now()

    with ThreadPoolExecutor(1) as pool:
        with lab.clock.busy():
            move = pool.submit(lab.http.post, "/_control/clock", json={"advance_seconds": 3600})
            for _ in range(20):
                lab.get("/me")
            during = lab.clock.now()
        move.result(10)

    assert (during - before).total_seconds() < 1
    assert (lab.clock.now() - before).total_seconds() >= 3600


@pytest.mark.parametrize("seconds", [-1, "soon", None, True, 1e12])
def test_the_clock_takes_no_nonsense(lab: Lab, seconds: object) -> None:
    answer = lab.http.post("/_control/clock", json={"advance_seconds": seconds})

    assert answer.status_code == 400


@pytest.mark.parametrize("body", [b"", b"[]", b"{"])
def test_control_bodies_must_be_json_objects(lab: Lab, body: bytes) -> None:
    assert lab.http.post("/_control/config", content=body).status_code == 400


def test_an_unknown_control_route_names_the_known_ones(lab: Lab) -> None:
    answer = lab.http.post("/_control/anything")

    assert answer.status_code == 404
    assert "requests" in answer.json()["error"]
    assert lab.requests() == []


def test_every_graph_call_is_logged_in_order(lab: Lab) -> None:
    lab.get("/v25.0/me", fields="username")
    lab.post(f"/{ACCOUNT}/media_publish", creation_id="1")

    first, second = lab.requests()

    assert first.pop("time") <= second.pop("time")
    user_agent = lab.http.headers["User-Agent"]
    assert first == {
        "method": "GET",
        "path": "/v25.0/me",
        "parameters": {"fields": "username"},
        "status": 200,
        "error": None,
        "user_agent": user_agent,
        "auth": "header",
        "fault": None,
        "function": None,
        "requestId": None,
    }
    assert second == {
        "method": "POST",
        "path": f"/{ACCOUNT}/media_publish",
        "parameters": {"creation_id": "1"},
        "status": 400,
        "error": {"code": 24, "subcode": 2207008},
        "user_agent": user_agent,
        "auth": "header",
        "fault": None,
        "function": None,
        "requestId": None,
    }


def test_the_log_holds_no_token_and_no_signature(lab: Lab, media: MediaServer) -> None:
    token = DEMO_ACCOUNT.token
    signed = media.put("a.jpg", picture()) + "?X-Amz-Signature=0a1b&X-Amz-Credential=x"
    lab.post("/me/media", image_url=signed, caption=f"{token} {signed}", access_token=token)
    lab.http.post("/me/media", json={"image_url": signed, "user_tags": [{token: signed}]})
    lab.get(f"/{token}", fields=token, access_token=token)
    lab.http.get("/me", headers={"User-Agent": f"curl {token}"})

    answers = [
        lab.http.get("/_control/requests").text,
        lab.get("/me", fields=token).text,
        lab.get(f"/me/{token}").text,
    ]

    for text in answers:
        assert token not in text
        assert "X-Amz" not in text
    assert lab.requests()[0]["parameters"]["image_url"] == f"{media.origin}/a.jpg"


def test_a_reset_forgets_everything_but_gives_no_id_twice(lab: Lab, media: MediaServer) -> None:
    url = media.put("a.jpg", picture())
    lab.config(quota_total=1)
    container = lab.container(image_url=url)
    lab.advance(3)
    media_id = lab.published(container)
    permalink = lab.posts()[0]["permalink"]

    lab.http.post("/_control/reset")

    assert (lab.posts(), lab.requests()) == ([], [])
    assert lab.http.get("/_control/config").json()["quota_total"] == 100
    assert lab.http.get(permalink).status_code == 404
    assert error_of(lab.get(f"/{media_id}")) == (100, 33)
    assert lab.container(image_url=url) != container


def test_many_callers_at_once_publish_each_container_once(lab: Lab, media: MediaServer) -> None:
    url = media.put("a.jpg", picture())
    containers = [lab.container(image_url=url) for _ in range(5)]
    lab.advance(3)

    with ThreadPoolExecutor(10) as pool:
        statuses = [a.status_code for a in pool.map(lab.publish, containers * 4)]

    assert statuses.count(200) == 5
    assert sorted(post["creation_id"] for post in lab.posts()) == sorted(containers)


def test_at_max_speed_time_stands_still_while_an_image_is_fetched(
    fast_lab: Lab, media: MediaServer
) -> None:
    gate = threading.Event()
    url = media.put("a.jpg", picture(), gate=gate)
    started = fast_lab.clock.now()

    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(fast_lab.container, image_url=url)
        assert media.arrived.wait(10)
        fast_lab.clock.note_due(started.replace(year=started.year + 1))
        during = fast_lab.clock.now()
        gate.set()
        call.result(10)

    assert during.year == started.year
    assert fast_lab.clock.now().year == started.year + 1


def test_at_max_speed_a_container_is_ready_as_soon_as_nothing_is_in_flight(
    fast_lab: Lab, media: MediaServer
) -> None:
    container = fast_lab.container(image_url=media.put("a.jpg", picture()))

    assert fast_lab.status(container) == "FINISHED"
