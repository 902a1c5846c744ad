"""What a careless or hostile client sends is refused as Graph refuses, never by a crash."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from tests.instagram_lab import Lab, error_of
from tests.media import MediaServer, picture

JSON = {"Content-Type": "application/json"}
DEEP = "[" * 100_000 + "]" * 100_000


@pytest.fixture
def photo(media: MediaServer) -> str:
    return media.put("photo.jpg", picture())


@pytest.mark.parametrize("path", ["/me", "/me/media", "/me/content_publishing_limit"])
def test_fields_within_fields_within_fields_are_a_wrong_syntax_at_some_depth(
    lab: Lab, path: str
) -> None:
    answer = lab.get(path, fields="a{" * 990)

    assert error_of(answer)[0] == 2500


def test_fields_may_be_nested_as_deep_as_anybody_needs(lab: Lab) -> None:
    fields = "children{" * 10 + "id" + "}" * 10

    assert lab.get("/me/media", fields=fields).json() == {"data": []}


@pytest.mark.parametrize("route", ["config", "faults", "clock"])
def test_json_that_is_nested_too_deep_is_not_an_object_for_the_control_routes(
    lab: Lab, route: str
) -> None:
    answer = lab.http.post(f"/_control/{route}", content=f'{{"faults":{DEEP}}}')

    assert answer.status_code == 400
    assert answer.json() == {"error": "The body must be a JSON object."}


@pytest.mark.parametrize("depth", [200, 240, 260, 300, 900])
def test_a_scripted_body_is_refused_or_can_be_shown(lab: Lab, depth: int) -> None:
    body = '{"a":' * depth + "1" + "}" * depth
    script = f'{{"faults":[{{"status":500,"body":{body}}}]}}'

    answer = lab.http.post("/_control/faults", content=script)

    known = lab.http.get("/_control/faults")
    assert known.status_code == 200
    assert (answer.status_code, len(known.json()["faults"])) == (
        (200, 1) if depth < 250 else (400, 0)
    )


FOREVER = 1e300


@pytest.mark.parametrize(
    "fault",
    [
        {"delay_seconds": FOREVER},
        {"call": "create", "processing_seconds": FOREVER},
        {"call": "create", "expires_after_seconds": FOREVER},
        {"answer": "reset", "effect": "late", "late_seconds": FOREVER},
        {"call": "publish", "status_lag_seconds": FOREVER},
        {"throttle_minutes": 10**15},
    ],
    ids=str,
)
def test_a_fault_beyond_the_calendar_is_refused_when_it_is_written(
    lab: Lab, fault: dict[str, Any]
) -> None:
    answer = lab.faults(fault)

    assert answer.status_code == 400
    assert f"faults.0.{[*fault][-1]}: Input should be less than or equal" in answer.json()["error"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"image": {"seconds": FOREVER}}, "image.seconds"),
        ({"image": {"at_most": FOREVER}}, "image.at_most"),
        ({"throttle_lengthens_seconds": FOREVER}, "throttle_lengthens_seconds"),
        ({"refresh_min_age_hours": FOREVER}, "refresh_min_age_hours"),
        ({"fetch_timeout_seconds": FOREVER}, "fetch_timeout_seconds"),
    ],
    ids=str,
)
def test_a_setting_beyond_the_calendar_is_refused_when_it_is_written(
    lab: Lab, changes: dict[str, Any], named: str
) -> None:
    answer = lab.config(**changes)

    assert answer.status_code == 400
    assert f"{named}: Input should be less than or equal" in answer.json()["error"]


@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "NaN"])
def test_a_number_that_is_none_is_refused(lab: Lab, number: str) -> None:
    answer = lab.http.post(
        "/_control/faults", content=f'{{"faults": [{{"delay_seconds": {number}}}]}}'
    )

    assert answer.status_code == 400
    assert "delay_seconds" in answer.json()["error"]


def test_calls_that_lengthen_a_refusal_do_not_lengthen_it_beyond_the_calendar(lab: Lab) -> None:
    ten_years = 10 * 365 * 86_400
    lab.config(throttle_lengthens_seconds=ten_years)
    lab.faults({"throttle_minutes": 1})

    codes = {error_of(lab.get("/me"))[0] for _ in range(900)}

    assert codes == {80002}


def test_half_a_surrogate_pair_can_be_scripted(lab: Lab) -> None:
    script = json.dumps({"faults": [{"call": "user", "status": 500, "body": "a\ud800b"}]})

    lab.http.post("/_control/faults", content=script, headers=JSON)

    assert (lab.get("/me").status_code, lab.faults().status_code) == (500, 200)


def test_all_problems_of_a_fault_are_named_at_once(lab: Lab) -> None:
    answer = lab.faults({"effect": "first", "late_seconds": 2, "http_status": 500})

    problems = answer.json()["error"]
    assert problems.startswith("faults.0: it does nothing; give one of error")
    assert "http_status goes with error" in problems
    assert "effect goes with" in problems
    assert "late_seconds goes with effect late" in problems


def test_all_wrong_settings_are_named_at_once(lab: Lab) -> None:
    answer = lab.config(quota=1, seed="x", image={"seconds": -1})

    problems = answer.json()["error"]
    assert "Unknown config key quota." in problems
    assert "seed: " in problems
    assert "image.seconds: " in problems


def test_a_signature_in_a_url_that_was_encoded_twice_is_not_logged(lab: Lab) -> None:
    signed = "http%3A%2F%2F127.0.0.1%2Fa.jpg%3FX-Amz-Credential%3Dkey%26X-Amz-Signature%3Dabc123"

    lab.post("/me/media", image_url=signed, caption=signed)

    logged = lab.requests()[-1]["parameters"]
    assert "abc123" not in str(logged)
    assert "Dkey" not in str(logged)
    assert logged["image_url"].startswith("http%3A%2F%2F127.0.0.1%2Fa.jpg")


def test_a_window_that_ends_with_the_second_of_a_post_has_the_post(lab: Lab, photo: str) -> None:
    container = lab.container(image_url=photo)
    lab.advance(3.5)
    post = lab.published(container)
    shown = datetime.fromisoformat(lab.get(f"/{post}", fields="timestamp").json()["timestamp"])
    second = int(shown.timestamp())

    inside = lab.get("/me/media", since=second, until=second).json()
    before = lab.get("/me/media", until=second - 1).json()

    assert [row["id"] for row in inside["data"]] == [post]
    assert before["data"] == []
