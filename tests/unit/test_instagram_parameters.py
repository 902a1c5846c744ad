"""Which parameter belongs to which kind of container, on which host, and in which form.

The table is written by hand from Meta's reference of the media edge, read 2026-09-11.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.instagram_lab import ACCOUNT, Lab, error_of
from tests.media import MediaServer, picture

VIDEO = "http://127.0.0.1:9/v.mp4"
SLOTS: dict[str, dict[str, str]] = {
    "image": {},
    "reel": {"media_type": "REELS", "video_url": VIDEO},
    "story image": {"media_type": "STORIES"},
    "story video": {"media_type": "STORIES", "video_url": VIDEO},
    "child image": {"is_carousel_item": "true"},
    "child video": {"is_carousel_item": "true", "media_type": "VIDEO", "video_url": VIDEO},
    "carousel": {"media_type": "CAROUSEL"},
}
POSTS = {"image", "reel", "carousel"}
STORIES = {"story image", "story video"}
PLACED_TAG = '[{"username": "someone", "x": 0.5, "y": 1}]'
TAG = '[{"username": "someone"}]'
TRIAL = '{"graduation_strategy": "MANUAL"}'
AUDIO = '{"audio_id": "123", "audio_volume": 50, "video_volume": 0}'
ON_BOTH_HOSTS: list[tuple[str, str, set[str]]] = [
    ("alt_text", "A view", {"image", "child image"}),
    ("location_id", "106078429431815", POSTS),
    ("user_tags", PLACED_TAG, {"image", "child image"} | STORIES),
    ("user_tags", TAG, {"reel"} | STORIES),
    ("collaborators", '["one", "two", "three"]', POSTS),
    ("cover_url", "http://c/x.jpg", {"reel"}),
    ("thumb_offset", "1500", {"reel", "child video"}),
    ("share_to_feed", "false", {"reel", "carousel"}),
    ("audio_name", "Waves", {"reel"}),
    ("trial_params", TRIAL, {"reel"}),
    ("is_ai_generated", "true", POSTS | STORIES),
]
ON_FACEBOOK_ONLY: list[tuple[str, str, set[str]]] = [
    (
        "product_tags",
        '[{"product_id": "1", "x": 0.1, "y": 0.2}]',
        {"image", "child image", "carousel"},
    ),
    ("product_tags", '[{"product_id": "1"}]', {"reel", "child video", "carousel"}),
    ("is_paid_partnership", "true", POSTS),
    ("branded_content_sponsor_ids", '["1", "2"]', POSTS),
    ("audio_configuration", AUDIO, {"reel"}),
]


@pytest.fixture
def image_url(media: MediaServer) -> str:
    return media.put("a.jpg", picture())


def form_of(lab: Lab, slot: str, image_url: str) -> dict[str, str]:
    """The least that makes a container of this kind."""
    if slot == "carousel":
        items = [lab.container(image_url=image_url, is_carousel_item="true") for _ in range(2)]
        lab.advance(3)
        return SLOTS[slot] | {"children": ",".join(items)}
    return SLOTS[slot] if "video_url" in SLOTS[slot] else SLOTS[slot] | {"image_url": image_url}


@pytest.mark.parametrize("slot", SLOTS)
def test_each_kind_of_container_can_be_made(lab: Lab, image_url: str, slot: str) -> None:
    form = form_of(lab, slot, image_url)

    on_facebook = lab.on_facebook("POST", f"/{ACCOUNT}/media", **form)

    assert lab.container(**form)
    assert on_facebook.status_code == 200


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize(("name", "value", "takers"), ON_BOTH_HOSTS)
def test_a_parameter_is_taken_by_the_kinds_that_have_it(
    lab: Lab, image_url: str, slot: str, name: str, value: str, takers: set[str]
) -> None:
    form = form_of(lab, slot, image_url) | {name: value}

    answer = lab.post("/me/media", **form)
    on_facebook = lab.on_facebook("POST", f"/{ACCOUNT}/media", **form)

    assert (answer.status_code == 200) == (slot in takers), answer.text
    assert on_facebook.status_code == answer.status_code
    assert slot in takers or error_of(answer) == (100, None)


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize(("name", "value", "takers"), ON_FACEBOOK_ONLY)
def test_some_parameters_exist_only_with_facebook_login(
    lab: Lab, image_url: str, slot: str, name: str, value: str, takers: set[str]
) -> None:
    form = form_of(lab, slot, image_url) | {name: value}

    refused = lab.post("/me/media", **form)
    on_facebook = lab.on_facebook("POST", f"/{ACCOUNT}/media", **form)

    assert refused.json()["error"]["message"] == f"param {name} is not allowed"
    assert on_facebook.status_code == (200 if slot in takers else 400)


def test_media_type_image_is_accepted(lab: Lab, image_url: str) -> None:
    assert lab.container(media_type="IMAGE", image_url=image_url)


@pytest.mark.parametrize(
    ("slot", "extra", "message"),
    [
        ("image", {"video_url": VIDEO}, "param video_url is not allowed"),
        ("image", {"children": "1,2"}, "param children is not allowed"),
        ("reel", {"image_url": "http://c/x.jpg"}, "param image_url is not allowed"),
        ("story video", {"image_url": "http://c/x.jpg"}, "param image_url is not allowed"),
        ("child video", {"image_url": "http://c/x.jpg"}, "param image_url is not allowed"),
        ("carousel", {"video_url": VIDEO}, "param video_url is not allowed"),
    ],
)
def test_a_container_has_one_medium(
    lab: Lab, image_url: str, slot: str, extra: dict[str, str], message: str
) -> None:
    answer = lab.post("/me/media", **form_of(lab, slot, image_url), **extra)

    assert answer.json()["error"]["message"] == message


@pytest.mark.parametrize(
    ("form", "missing"),
    [
        ({}, "image_url"),
        ({"media_type": "STORIES"}, "image_url"),
        ({"media_type": "REELS"}, "video_url"),
        ({"media_type": "REELS", "upload_type": "resumable"}, "video_url"),
        ({"media_type": "VIDEO", "is_carousel_item": "true"}, "video_url"),
    ],
)
def test_the_medium_is_required(lab: Lab, form: dict[str, str], missing: str) -> None:
    error = lab.post("/me/media", **form).json()["error"]

    assert (error["code"], error["type"]) == (100, "IGApiException")
    assert error["message"] == f"The parameter {missing} is required"


def test_what_an_item_may_not_say_is_refused_or_ignored_as_set(lab: Lab, image_url: str) -> None:
    form = {"image_url": image_url, "is_carousel_item": "true"}
    said = ({"caption": "Hello"}, {"collaborators": "one"})

    refused = [lab.refusal(**form, **more) for more in said]
    lab.config(child_options="ignore")
    items = [lab.container(**form, **more) for more in said]
    located = lab.refusal(**form, location_id="106078429431815")

    assert refused == [(100, None)] * 2
    assert located == (100, None)
    lab.advance(3)
    parent = lab.container(media_type="CAROUSEL", children=",".join(items))
    lab.advance(2)
    lab.published(parent)
    assert [child["options"] for child in lab.posts()[0]["children"]] == [{}, {}]


def test_the_caption_of_a_story_is_ignored(lab: Lab, image_url: str) -> None:
    story = lab.container(media_type="STORIES", image_url=image_url, caption="x" * 3000)
    lab.advance(3)
    media_id = lab.published(story)

    assert "caption" not in lab.get(f"/{media_id}", fields="caption").json()


@pytest.mark.parametrize(
    ("slot", "options", "error"),
    [
        ("image", {"user_tags": TAG}, (100, None)),
        ("image", {"user_tags": '[{"username": "a", "x": 0.5}]'}, (100, None)),
        ("image", {"user_tags": '[{"username": "a", "x": true, "y": 0}]'}, (100, None)),
        ("child image", {"user_tags": TAG}, (100, None)),
        ("story image", {"user_tags": '[{"username": "a", "x": 0.5}]'}, (100, None)),
        ("story image", {"user_tags": '[{"username": "a", "x": 2, "y": 0}]'}, (100, None)),
        ("reel", {"user_tags": PLACED_TAG}, (100, None)),
        ("reel", {"user_tags": '[{"username": 7}]'}, (110, 2207018)),
        ("reel", {"trial_params": "{}"}, (100, None)),
        ("reel", {"trial_params": '{"graduation_strategy": "SOON"}'}, (100, None)),
        ("reel", {"trial_params": TRIAL, "share_to_feed": "true"}, (100, None)),
        ("reel", {"trial_params": TRIAL, "collaborators": "one"}, (100, None)),
        ("reel", {"collaborators": "a,b,c,d"}, (100, None)),
        ("reel", {"share_to_feed": "perhaps"}, (100, None)),
        ("carousel", {"is_ai_generated": "perhaps"}, (100, None)),
    ],
)
def test_a_value_must_have_its_form(
    lab: Lab,
    image_url: str,
    slot: str,
    options: dict[str, str],
    error: tuple[int, int | None],
) -> None:
    assert lab.refusal(**form_of(lab, slot, image_url), **options) == error


@pytest.mark.parametrize("strategy", ["MANUAL", "SS_PERFORMANCE"])
def test_a_trial_reel_has_one_of_two_strategies(lab: Lab, strategy: str) -> None:
    trial = json.dumps({"graduation_strategy": strategy})

    assert lab.container(**SLOTS["reel"], trial_params=trial)


def tags(count: int, **place: float) -> str:
    return json.dumps([{"product_id": str(n), **place} for n in range(count)])


@pytest.mark.parametrize(
    ("slot", "options", "error"),
    [
        ("image", {"product_tags": tags(5, x=0, y=0)}, None),
        ("image", {"product_tags": tags(6, x=0, y=0)}, (100, 2207037)),
        ("reel", {"product_tags": tags(30)}, None),
        ("reel", {"product_tags": tags(31)}, (100, 2207037)),
        ("image", {"product_tags": '[{"x": 0, "y": 0}]'}, (100, 2207037)),
        ("image", {"product_tags": tags(1)}, (100, 2207036)),
        ("child image", {"product_tags": tags(1, x=0)}, (100, 2207036)),
        ("carousel", {"product_tags": tags(1, x=3, y=0)}, (100, 2207036)),
        ("reel", {"product_tags": tags(1, x=0, y=0)}, (100, 2207035)),
        ("image", {"product_tags": "{}"}, (100, None)),
        ("image", {"branded_content_sponsor_ids": "1,2,3"}, (100, None)),
        ("image", {"branded_content_sponsor_ids": "somebody"}, (100, None)),
        ("reel", {"audio_configuration": '{"audio_volume": 1}'}, (100, None)),
        ("reel", {"audio_configuration": '{"audio_id": "1", "audio_volume": 101}'}, (100, None)),
        ("reel", {"audio_configuration": '{"audio_id": "1", "video_volume": "x"}'}, (100, None)),
    ],
)
def test_a_value_of_facebook_login_must_have_its_form(
    lab: Lab,
    image_url: str,
    slot: str,
    options: dict[str, str],
    error: tuple[int, int | None] | None,
) -> None:
    form: dict[str, Any] = form_of(lab, slot, image_url) | options

    answer = lab.on_facebook("POST", f"/{ACCOUNT}/media", **form)

    assert (None if answer.status_code == 200 else error_of(answer)) == error


def test_too_many_sponsors_are_refused_in_words(lab: Lab, image_url: str) -> None:
    form = {"image_url": image_url, "branded_content_sponsor_ids": "1,2,3"}

    error = lab.on_facebook("POST", f"/{ACCOUNT}/media", **form).json()["error"]

    assert error["message"] == "INSTAGRAM_PLATFORM_API__INVALID_PARAM"


def test_the_number_of_hashtags_can_be_set(lab: Lab, image_url: str) -> None:
    lab.config(hashtag_max=5)

    refused = lab.refusal(image_url=image_url, caption="#tag " * 6)

    assert refused == (36004, 2207010)
    assert lab.container(image_url=image_url, caption="#tag " * 5)
