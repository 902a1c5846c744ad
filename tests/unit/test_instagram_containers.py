"""What `POST /media` accepts, and the life of a container by the clock."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.instagram_lab import ACCOUNT, Lab, error_of
from tests.media import MediaServer, picture


@pytest.fixture
def image_url(media: MediaServer) -> str:
    return media.put("a.jpg", picture())


def children(lab: Lab, image_url: str, count: int) -> list[str]:
    made = [lab.container(image_url=image_url, is_carousel_item="true") for _ in range(count)]
    lab.advance(3)
    return made


def test_an_image_is_in_progress_and_then_finished(lab: Lab, image_url: str) -> None:
    container = lab.container(image_url=image_url)
    fields = "id,status_code,status"

    before = lab.get(f"/{container}", fields=fields).json()
    lab.advance(3)
    after = lab.get(f"/{container}", fields=fields).json()

    assert before == {
        "id": container,
        "status_code": "IN_PROGRESS",
        "status": "In Progress: Media is still being processed.",
    }
    assert after["status_code"] == "FINISHED"
    assert after["status"] == ("Finished: Media has been uploaded and it is ready to be published.")


def test_a_container_expires_after_a_day(lab: Lab, image_url: str) -> None:
    container = lab.container(image_url=image_url)

    lab.advance(24 * 3600)

    assert lab.status(container) == "EXPIRED"
    assert error_of(lab.publish(container)) == (24, 2207008)


def test_an_item_that_has_expired_cannot_be_used(lab: Lab, image_url: str) -> None:
    lab.faults({"call": "create", "expires_after_seconds": 30})
    items = children(lab, image_url, 2)

    lab.advance(30)

    assert lab.refusal(media_type="CAROUSEL", children=",".join(items)) == (24, 2207008)


def test_an_expired_container_is_forgotten_in_the_end(lab: Lab, image_url: str) -> None:
    container = lab.container(image_url=image_url)

    lab.advance(49 * 3600)
    lab.container(image_url=image_url)

    assert error_of(lab.get(f"/{container}")) == (100, 33)


def test_processing_times_can_be_set(lab: Lab, image_url: str) -> None:
    lab.config(image={"seconds": 60})

    container = lab.container(image_url=image_url)
    lab.advance(59)
    before = lab.status(container)
    lab.advance(1)

    assert (before, lab.status(container)) == ("IN_PROGRESS", "FINISHED")


def test_without_fields_a_container_answers_only_its_id(lab: Lab, image_url: str) -> None:
    container = lab.container(image_url=image_url)

    assert lab.get(f"/{container}").json() == {"id": container}


@pytest.mark.parametrize("field", ["permalink", "timestamp", "expires_at"])
def test_a_container_has_no_fields_of_media(lab: Lab, image_url: str, field: str) -> None:
    answer = lab.get(f"/{lab.container(image_url=image_url)}", fields=f"id,{field}")

    assert (answer.status_code, error_of(answer)) == (400, (100, None))
    assert f"nonexisting field ({field})" in answer.json()["error"]["message"]


def test_all_container_fields_can_be_read(lab: Lab, image_url: str) -> None:
    container = lab.container(image_url=image_url)
    lab.advance(3)

    answer = lab.get(f"/{container}", fields="id,copyright_check_status,video_status").json()

    assert answer == {
        "id": container,
        "copyright_check_status": {"status": "completed", "matches_found": False},
    }


def test_a_carousel_is_ready_two_seconds_after_its_children(lab: Lab, image_url: str) -> None:
    items = children(lab, image_url, 2)

    parent = lab.container(media_type="CAROUSEL", children=",".join(items))
    before = lab.status(parent)
    lab.advance(2)

    assert (before, lab.status(parent)) == ("IN_PROGRESS", "FINISHED")


@pytest.mark.parametrize(("count", "is_taken"), [(1, False), (2, True), (10, True), (11, False)])
def test_a_carousel_has_2_to_10_children(
    lab: Lab, image_url: str, count: int, is_taken: bool
) -> None:
    items = children(lab, image_url, count)

    answer = lab.post("/me/media", media_type="CAROUSEL", children=json.dumps(items))

    assert (answer.status_code == 200) == is_taken
    assert is_taken or error_of(answer) == (100, 2207028)


def test_the_carousel_cap_can_be_raised(lab: Lab, image_url: str) -> None:
    lab.config(carousel_max=20)
    items = children(lab, image_url, 20)

    assert lab.container(media_type="CAROUSEL", children=",".join(items))


def test_children_must_exist_be_ready_and_be_carousel_items(lab: Lab, image_url: str) -> None:
    ready = children(lab, image_url, 1)
    alone = lab.container(image_url=image_url)
    lab.advance(3)
    fresh = lab.container(image_url=image_url, is_carousel_item="true")

    def with_second(child: str) -> tuple[int, int | None]:
        return lab.refusal(media_type="CAROUSEL", children=",".join([*ready, child]))

    assert with_second("17900000000000000") == (24, 2207008)
    assert with_second(fresh) == (9007, 2207027)
    assert with_second(alone) == (100, None)
    assert with_second(ready[0]) == (100, 2207028)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"media_type": "PANORAMA"}, (100, 2207023)),
        ({"media_type": "VIDEO", "video_url": "http://x/v.mp4"}, (100, 2207023)),
        ({"media_type": "STORIES"}, (100, None)),
        ({"media_type": "REELS", "is_carousel_item": "true"}, (100, None)),
        ({"media_type": "CAROUSEL"}, (100, 2207028)),
        ({"is_carousel_item": "perhaps"}, (100, None)),
        ({}, (100, None)),
    ],
)
def test_a_request_of_the_wrong_kind_is_refused(
    lab: Lab, form: dict[str, str], error: tuple[int, int | None]
) -> None:
    assert lab.refusal(**form) == error


def test_resumable_upload_is_ignored_and_misses_the_video_url(lab: Lab) -> None:
    answer = lab.post("/me/media", media_type="REELS", upload_type="resumable")

    error = answer.json()["error"]
    assert (error["code"], error["type"]) == (100, "IGApiException")
    assert error["message"] == "The parameter video_url is required"


@pytest.mark.parametrize(
    ("caption", "error"),
    [
        ("x" * 2201, (36004, 2207010)),
        ("🌊" * 1101, (36004, 2207010)),
        ("#tag " * 31, (36004, 2207010)),
        ("@name " * 21, (100, 2207040)),
    ],
)
def test_a_caption_beyond_the_limits_is_refused(
    lab: Lab, image_url: str, caption: str, error: tuple[int, int]
) -> None:
    assert lab.refusal(image_url=image_url, caption=caption) == error


@pytest.mark.parametrize("caption", ["x" * 2200, "🌊" * 1100, "#tag " * 30, "@name " * 20])
def test_a_caption_at_the_limit_is_taken(lab: Lab, image_url: str, caption: str) -> None:
    assert lab.container(image_url=image_url, caption=caption)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"alt_text": "x" * 1001}, (100, None)),
        ({"collaborators": '["a","b","c","d"]'}, (100, None)),
        ({"collaborators": '["@a"]'}, (110, 2207018)),
        ({"collaborators": "a", "is_carousel_item": "true"}, (100, None)),
        ({"location_id": "Berlin"}, (100, None)),
        ({"user_tags": "not json"}, (100, None)),
        ({"user_tags": '[{"username":"a"}]'}, (100, None)),
        ({"user_tags": '[{"username":"a","x":2,"y":0}]'}, (100, None)),
        ({"user_tags": '[{"x":0,"y":0}]'}, (110, 2207018)),
        ({"user_tags": json.dumps([{"username": "a", "x": 0, "y": 0}] * 21)}, (100, 2207040)),
        ({"thumb_offset": "1"}, (100, None)),
        ({"cover_url": "http://x/"}, (100, None)),
    ],
)
def test_a_wrong_option_is_refused(
    lab: Lab, image_url: str, form: dict[str, str], error: tuple[int, int | None]
) -> None:
    assert lab.refusal(image_url=image_url, **form) == error


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"thumb_offset": "-1"}, (1, 2207057)),
        ({"thumb_offset": "soon"}, (100, None)),
        ({"alt_text": "a view"}, (100, None)),
    ],
)
def test_a_wrong_option_of_a_reel_is_refused(
    lab: Lab, form: dict[str, str], error: tuple[int, int | None]
) -> None:
    reel = {"media_type": "REELS", "video_url": "http://127.0.0.1:9/v.mp4"}

    assert lab.refusal(**reel, **form) == error


def test_options_stay_with_the_post(lab: Lab, image_url: str) -> None:
    options: dict[str, Any] = {
        "alt_text": "A grey square",
        "location_id": "106078429431815",
        "collaborators": ["one", "two"],
        "user_tags": [{"username": "someone", "x": 0.1, "y": 0.9}],
        "is_ai_generated": True,
    }

    answer = lab.http.post("/me/media", json={"image_url": image_url, "caption": "a"} | options)
    lab.advance(3)
    lab.published(answer.json()["id"])

    assert lab.posts()[0]["options"] == options


def test_the_container_cap_holds_for_any_24_hours(lab: Lab, image_url: str) -> None:
    lab.config(container_cap=2)

    lab.container(image_url=image_url)
    lab.advance(3600)
    lab.container(image_url=image_url)
    refused = lab.post(f"/{ACCOUNT}/media", image_url=image_url)
    lab.advance(23 * 3600)

    assert error_of(refused) == (-1, 2207032)
    error = refused.json()["error"]
    assert "placeholder" in error["message"]
    assert "400" not in error["message"] + error["error_user_msg"]
    assert lab.container(image_url=image_url)


def test_a_fault_slows_or_refuses_one_item(lab: Lab, media: MediaServer) -> None:
    slow = media.put("slow.jpg", picture())
    bad = media.put("bad.jpg", picture())
    lab.faults(
        {"call": "create", "match": "slow.jpg", "processing_seconds": 100},
        {"call": "create", "match": "bad.jpg", "error": [9004, 2207052]},
        {"call": "create", "match": "of the devil", "error": [4, 2207051]},
    )

    first = lab.refusal(image_url=bad)
    second = lab.container(image_url=bad)
    worst = lab.refusal(image_url=bad, caption="work of the devil")
    slowly = lab.container(image_url=slow)
    lab.advance(99)

    assert first == (9004, 2207052)
    assert worst == (4, 2207051)
    assert (lab.status(second), lab.status(slowly)) == ("FINISHED", "IN_PROGRESS")
