"""Versions, tokens, accounts, parameter transport, fields and headers."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from sandbox.instagram import DEMO_ACCOUNT
from tests.instagram_lab import ACCOUNT, Lab, error_of
from tests.media import MediaServer, picture

CAPTION = "Zwei Zeilen\r\nmit ümlaut, 🌊 & a #tag"


def anonymous(lab: Lab, path: str, **how: Any) -> httpx.Response:
    return httpx.get(lab.origin + path, trust_env=False, **how)


@pytest.mark.parametrize("prefix", ["", "/v21.0", "/v25.0", "/v26.0"])
def test_paths_work_with_and_without_a_version(lab: Lab, prefix: str) -> None:
    answer = lab.get(f"{prefix}/me", fields="user_id,username,account_type,media_count")

    assert answer.json() == {
        "user_id": ACCOUNT,
        "username": DEMO_ACCOUNT.username,
        "account_type": "BUSINESS",
        "media_count": 0,
        "id": DEMO_ACCOUNT.app_scoped_id,
    }


@pytest.mark.parametrize("version", ["v20.0", "v27.0", "v21.1"])
def test_an_unknown_version_is_refused(lab: Lab, version: str) -> None:
    answer = lab.get(f"/{version}/me")

    assert (answer.status_code, error_of(answer)) == (400, (2500, None))


@pytest.mark.parametrize("scheme", ["Bearer", "OAuth"])
def test_a_token_may_come_in_the_header(lab: Lab, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {DEMO_ACCOUNT.token}"}

    answer = anonymous(lab, "/me", headers=headers)

    assert answer.status_code == 200
    assert lab.requests()[-1]["auth"] == "header"


def test_a_token_may_come_in_the_query(lab: Lab) -> None:
    answer = anonymous(lab, "/me", params={"access_token": DEMO_ACCOUNT.token})

    assert answer.status_code == 200
    assert lab.requests()[-1]["auth"] == "query"


def test_a_token_may_come_in_the_body(lab: Lab) -> None:
    form = {"access_token": DEMO_ACCOUNT.token, "creation_id": "1"}

    answer = httpx.post(lab.origin + "/me/media_publish", data=form, trust_env=False)

    assert error_of(answer) == (24, 2207008)
    assert lab.requests()[-1]["auth"] == "body"


def test_a_missing_token_is_refused(lab: Lab) -> None:
    assert error_of(anonymous(lab, "/me")) == (104, None)


@pytest.mark.parametrize("token", ["nonsense", "EAAwrongHostTokenFromFacebook", "IGAAunknown"])
def test_a_token_that_is_not_ours_cannot_be_parsed(lab: Lab, token: str) -> None:
    answer = anonymous(lab, "/me", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, error_of(answer)) == (400, (190, None))
    assert "Cannot parse access token" in answer.json()["error"]["message"]
    assert token not in answer.text


@pytest.mark.parametrize(("state", "subcode"), [("expired", 463), ("revoked", 460)])
def test_a_token_can_be_switched_off_and_on(lab: Lab, state: str, subcode: int) -> None:
    config = lab.config(tokens={DEMO_ACCOUNT.token: state})

    refused = error_of(lab.get("/me"))
    masked = next(iter(config.json()["tokens"]))
    lab.config(tokens={masked: "ok"})

    assert refused == (190, subcode)
    assert DEMO_ACCOUNT.token not in config.text
    assert lab.get("/me").status_code == 200


@pytest.mark.parametrize("name", ["me", ACCOUNT, DEMO_ACCOUNT.app_scoped_id])
def test_three_names_lead_to_the_account(lab: Lab, name: str) -> None:
    assert lab.get(f"/{name}", fields="user_id").json()["user_id"] == ACCOUNT


def test_another_account_does_not_exist(lab: Lab) -> None:
    for answer in (lab.get("/17841400000099999"), lab.post("/17841400000099999/media")):
        assert error_of(answer) == (100, 33)
        assert answer.json()["error"]["type"] == "GraphMethodException"


def test_an_error_is_the_full_object(lab: Lab) -> None:
    error = lab.post("/me/media", media_type="CAROUSEL", children="1").json()["error"]

    assert set(error) == {
        "message",
        "type",
        "code",
        "error_subcode",
        "is_transient",
        "error_user_title",
        "error_user_msg",
        "fbtrace_id",
    }


def test_an_unknown_edge_is_refused(lab: Lab) -> None:
    assert error_of(lab.get("/me/nothing")) == (2500, None)


def test_parameters_come_as_query_form_multipart_or_json(lab: Lab, media: MediaServer) -> None:
    tags = [{"username": "someone", "x": 0.5, "y": 0.25}]
    values = {"image_url": media.put("a.jpg", picture()), "caption": CAPTION}
    text = values | {"user_tags": json.dumps(tags)}
    path = "/me/media"

    answers = [
        lab.http.post(path, params=text),
        lab.http.post(path, data=text),
        lab.http.post(path, files={name: (None, value) for name, value in text.items()}),
        lab.http.post(path, json=values | {"user_tags": tags}),
    ]
    lab.advance(3)
    for answer in answers:
        lab.published(answer.json()["id"])

    assert [post["caption"] for post in lab.posts()] == [CAPTION] * 4
    assert [post["options"] for post in lab.posts()] == [{"user_tags": tags}] * 4


def test_a_broken_json_body_is_refused(lab: Lab) -> None:
    headers = {"Content-Type": "application/json"}

    answer = lab.http.post("/me/media", content=b'{"image_url": ', headers=headers)

    assert error_of(answer) == (100, None)


def test_a_body_that_is_too_large_is_refused(lab: Lab) -> None:
    assert error_of(lab.post("/me/media", caption="x" * 2_000_000)) == (100, None)


def test_an_unknown_field_fails_the_whole_read(lab: Lab) -> None:
    answer = lab.get("/me", fields="username,shoe_size")

    assert error_of(answer) == (100, None)
    assert answer.json()["error"]["message"] == (
        "(#100) Tried accessing nonexisting field (shoe_size)"
    )


@pytest.mark.parametrize("fields", ["id{", "}", ",id", "id,children{id", "id)"])
def test_wrong_field_syntax_is_refused(lab: Lab, fields: str) -> None:
    assert error_of(lab.get("/me", fields=fields)) == (2500, None)


def test_usage_headers_are_percentages_of_the_last_hour(lab: Lab) -> None:
    lab.config(calls_per_hour=10, usage_headers="both")

    lab.get("/me")
    answer = lab.get("/me")
    lab.advance(3700)
    later = lab.get("/me")

    assert json.loads(answer.headers["X-App-Usage"])["call_count"] == 20
    business = json.loads(answer.headers["X-Business-Use-Case-Usage"])
    assert business[ACCOUNT][0]["type"] == "instagram"
    assert business[ACCOUNT][0]["call_count"] == 20
    assert json.loads(later.headers["X-App-Usage"])["call_count"] == 10


@pytest.mark.parametrize(
    "parameters",
    [
        {"image_url": "http://[::1"},
        {"image_url": "http://127.0.0.1:99999/a.jpg"},
        {"image_url": "http:///a.jpg"},
        {"image_url": "http://\u0000/"},
        {"image_url": ["http://127.0.0.1/"]},
        {"image_url": "x", "caption": {"a": 1}},
        {"image_url": "x", "user_tags": "[" * 5000},
        {"image_url": "x", "user_tags": [{"username": {"a": []}, "x": 0, "y": True}]},
        {"image_url": "x", "collaborators": [None]},
        {"image_url": "x", "is_carousel_item": []},
        {"media_type": ["REELS"]},
        {"media_type": "CAROUSEL", "children": {"a": 1}},
        {"media_type": "REELS", "video_url": "x", "thumb_offset": "9" * 5000},
    ],
    ids=str,
)
def test_odd_parameters_are_refused_with_a_graph_error(
    lab: Lab, parameters: dict[str, Any]
) -> None:
    answer = lab.http.post("/me/media", json=parameters)

    assert answer.status_code == 400
    assert answer.json()["error"]["fbtrace_id"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/me/content_publishing_limit", {"since": "9" * 30}),
        ("/me/content_publishing_limit", {"since": "-1e5"}),
        ("/me/media", {"limit": "9" * 5000}),
        ("/me/media", {"after": "ü"}),
        ("/me", {"fields": "a{" * 900}),
    ],
)
def test_odd_queries_are_refused_with_a_graph_error(
    lab: Lab, path: str, query: dict[str, str]
) -> None:
    answer = lab.http.get(path, params=query)

    assert answer.status_code == 400
    assert answer.json()["error"]["fbtrace_id"]


def test_a_deeply_nested_body_does_no_harm(lab: Lab) -> None:
    body = '{"user_tags": ' + "[" * 900 + "]" * 900 + "}"

    answer = lab.http.post(
        "/me/media_publish", content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 400
    assert lab.http.get("/_control/requests").status_code == 200


def test_no_request_can_end_in_a_server_error(lab: Lab) -> None:
    odd = ["/", "//", "/%00", "/me//", "/v25.0", "/v25.0/", "/1/2/3", "/me/media/x", "/../etc"]

    statuses = {lab.http.request(m, p).status_code for p in odd for m in ("GET", "POST", "DELETE")}

    assert max(statuses) < 500
