"""Resumable uploads: bytes, a URL, going on after an interruption, and refusals."""

from __future__ import annotations

import hashlib
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from sandbox.instagram import DEMO_ACCOUNT, DEMO_PERSON, SECOND_ACCOUNT
from sandbox.instagram.containers import Container
from tests.instagram_lab import ACCOUNT, Lab, error_of, serving_instagram
from tests.media import MediaServer, film, picture

HALF = 1000
"""Bytes after which an upload is interrupted here."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return film(tmp_path_factory.mktemp("films") / "clip.mp4")


def begun(lab: Lab, **form: str) -> dict[str, str]:
    """Id and upload address of a container that waits for its bytes."""
    form = {"media_type": "REELS", "upload_type": "resumable"} | form
    answer = lab.on_facebook("POST", f"/{ACCOUNT}/media", **form)
    assert answer.status_code == 200, answer.text
    made: dict[str, str] = answer.json()
    return made


def send(
    lab: Lab,
    uri: str,
    body: bytes = b"",
    *,
    token: str = DEMO_ACCOUNT.page_token,
    **headers: object,
) -> httpx.Response:
    named = {name: str(value) for name, value in headers.items()}
    named["Authorization"] = f"OAuth {token}" if token else ""
    return lab.http.post(uri, content=body, headers=named)


def send_whole(lab: Lab, uri: str, body: bytes) -> httpx.Response:
    return send(lab, uri, body, offset=0, file_size=len(body))


def state(lab: Lab, container: str) -> dict[str, Any]:
    fields = "status_code,status,video_status"
    answered: dict[str, Any] = lab.on_facebook("GET", f"/{container}", fields=fields).json()
    return answered


def uploading(lab: Lab, container: str) -> dict[str, Any]:
    phases: dict[str, dict[str, Any]] = state(lab, container)["video_status"]
    return phases["uploading_phase"]


def worked_on(lab: Lab, container: str) -> dict[str, Any]:
    """The container when its bytes have been looked at and its time has passed."""
    lab.clock.sleep(25)
    return state(lab, container)


def looked_at(lab: Lab, container: str) -> None:
    """Return once the bytes of an upload have been judged, which takes real time."""
    found = lab.instagram.world.containers.get(container)
    assert found is not None
    wait_until_looked_at(found)


def wait_until_looked_at(container: Container) -> None:
    for _ in range(500):
        if not container.is_fetching:
            return
        time.sleep(0.01)
    pytest.fail("it was never looked at")


def refused(answer: httpx.Response) -> tuple[int, str, bool]:
    info = answer.json()["debug_info"]
    return answer.status_code, info["type"], info["retriable"]


# The flow


@pytest.mark.parametrize(("version", "expected"), [("/v24.0", "v24.0"), ("", "v25.0")])
def test_a_container_without_a_url_tells_where_to_upload(
    lab: Lab, version: str, expected: str
) -> None:
    headers = {"Authorization": f"Bearer {DEMO_ACCOUNT.page_token}"}
    form = {"media_type": "REELS", "upload_type": "resumable"}
    path = f"/graph.facebook.com{version}/{ACCOUNT}/media"

    made = lab.http.post(path, data=form, headers=headers).json()

    host = "rupload.facebook.com"
    assert made["uri"] == f"{lab.origin}/{host}/ig-api-upload/{expected}/{made['id']}"
    assert state(lab, made["id"])["status_code"] == "IN_PROGRESS"
    assert state(lab, made["id"])["video_status"] == {
        "uploading_phase": {"status": "in_progress", "bytes_transferred": 0},
        "processing_phase": {"status": "not_started"},
    }


@pytest.mark.parametrize("token", [DEMO_ACCOUNT.page_token, DEMO_PERSON.token])
def test_an_uploaded_video_is_published_byte_for_byte(
    fast_lab: Lab, clip: bytes, token: str
) -> None:
    made = begun(fast_lab, caption="By upload")

    answer = send(fast_lab, made["uri"], clip, token=token, offset=0, file_size=len(clip))
    worked_on(fast_lab, made["id"])
    edge = f"/{ACCOUNT}/media_publish"
    fast_lab.on_facebook("POST", edge, creation_id=made["id"])

    [post] = fast_lab.posts()
    assert answer.json() == {"success": True, "message": "Upload successful."}
    assert (post["sha256"], post["bytes"]) == (hashlib.sha256(clip).hexdigest(), len(clip))
    assert (post["media_type"], post["caption"]) == ("VIDEO", "By upload")


def test_the_path_may_do_without_a_version(fast_lab: Lab, clip: bytes) -> None:
    made = begun(fast_lab)

    uri = f"/rupload.facebook.com/ig-api-upload/{made['id']}"

    assert send_whole(fast_lab, uri, clip).status_code == 200


def test_processing_takes_its_time_from_the_last_byte_on(lab: Lab, clip: bytes) -> None:
    made = begun(lab)
    lab.advance(3600)

    send_whole(lab, made["uri"], clip)
    looked_at(lab, made["id"])
    lab.advance(19)
    before = state(lab, made["id"])
    lab.advance(1)
    after = state(lab, made["id"])

    assert [told["status_code"] for told in (before, after)] == ["IN_PROGRESS", "FINISHED"]
    assert after["video_status"] == {
        "uploading_phase": {"status": "complete", "bytes_transferred": len(clip)},
        "processing_phase": {"status": "complete"},
    }


def test_a_story_and_an_item_of_a_carousel_are_uploaded_too(
    fast_lab: Lab, media: MediaServer, clip: bytes
) -> None:
    story = begun(fast_lab, media_type="STORIES")
    item = begun(fast_lab, media_type="VIDEO", is_carousel_item="true")
    image = fast_lab.container(image_url=media.put("a.jpg", picture()), is_carousel_item="true")

    for made in (story, item):
        send_whole(fast_lab, made["uri"], clip)
        assert worked_on(fast_lab, made["id"])["status_code"] == "FINISHED"
    parent = fast_lab.container(media_type="CAROUSEL", children=f"{item['id']},{image}")
    fast_lab.clock.sleep(5)

    assert fast_lab.published(story["id"])
    assert fast_lab.published(parent)


def test_bytes_that_are_no_video_fail_in_processing(fast_lab: Lab) -> None:
    made = begun(fast_lab)

    answer = send_whole(fast_lab, made["uri"], b"no video at all")

    assert answer.status_code == 200
    assert worked_on(fast_lab, made["id"])["status"].endswith("error code 2207026")


def test_a_scripted_failure_and_time_hold_for_uploads(lab: Lab, clip: bytes) -> None:
    lab.faults({"call": "create", "processing_error": 2207082, "processing_seconds": 60})
    made = begun(lab)

    send_whole(lab, made["uri"], clip)
    looked_at(lab, made["id"])
    lab.advance(59)
    before = state(lab, made["id"])
    lab.advance(1)

    assert before["status_code"] == "IN_PROGRESS"
    assert state(lab, made["id"])["status"].endswith("error code 2207082")


# By URL


def test_a_video_can_be_fetched_from_a_url_instead(
    fast_lab: Lab, media: MediaServer, clip: bytes
) -> None:
    url, made = media.put("v.mp4", clip, "video/mp4"), begun(fast_lab)

    answer = send(fast_lab, made["uri"], file_url=url)

    assert answer.json()["success"] is True
    assert worked_on(fast_lab, made["id"])["status_code"] == "FINISHED"


def test_a_url_that_cannot_be_fetched_is_refused_and_another_may_follow(
    fast_lab: Lab, media: MediaServer, clip: bytes
) -> None:
    made = begun(fast_lab)
    forbidden = media.put("forbidden.mp4", b"", "video/mp4", status=403)

    answer = send(fast_lab, made["uri"], file_url=forbidden)
    again = send(fast_lab, made["uri"], file_url=media.put("v.mp4", clip, "video/mp4"))

    assert refused(answer) == (422, "FileUrlProcessingError", False)
    assert again.status_code == 200


def test_after_a_url_that_failed_the_bytes_begin_anew(
    fast_lab: Lab, media: MediaServer, clip: bytes
) -> None:
    made = begun(fast_lab)
    forbidden = media.put("forbidden.mp4", b"", "video/mp4", status=403)
    send(fast_lab, made["uri"], clip[:HALF], offset=0, file_size=len(clip))

    send(fast_lab, made["uri"], file_url=forbidden)

    assert uploading(fast_lab, made["id"])["bytes_transferred"] == 0
    assert send_whole(fast_lab, made["uri"], clip).status_code == 200
    assert worked_on(fast_lab, made["id"])["status_code"] == "FINISHED"


# Going on


def test_an_interrupted_upload_goes_on_where_it_ended(fast_lab: Lab, clip: bytes) -> None:
    made = begun(fast_lab)

    first = send(fast_lab, made["uri"], clip[:HALF], offset=0, file_size=len(clip))
    reached = uploading(fast_lab, made["id"])
    rest = send(fast_lab, made["uri"], clip[HALF:], offset=HALF, file_size=len(clip))

    assert refused(first) == (400, "PartialRequestError", False)
    assert reached == {"status": "in_progress", "bytes_transferred": HALF}
    assert rest.status_code == 200
    assert worked_on(fast_lab, made["id"])["status_code"] == "FINISHED"


def test_bytes_before_a_broken_connection_count(fast_lab: Lab, clip: bytes) -> None:
    made = begun(fast_lab)
    parts = urlsplit(made["uri"])
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\noffset: 0\r\n"
        f"Authorization: OAuth {DEMO_ACCOUNT.page_token}\r\nfile_size: {len(clip)}\r\n"
        f"Content-Length: {len(clip)}\r\n\r\n"
    )

    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5) as line:
        line.sendall(head.encode() + clip[:HALF])

    assert wait_for_bytes(fast_lab, made["id"]) == HALF
    rest = send(fast_lab, made["uri"], clip[HALF:], offset=HALF, file_size=len(clip))
    assert rest.status_code == 200


def wait_for_bytes(lab: Lab, container: str) -> int:
    """The server notices a broken connection a moment later."""
    for _ in range(500):
        reached = int(uploading(lab, container)["bytes_transferred"])
        if reached:
            return reached
        time.sleep(0.01)
    return 0


def test_a_wrong_offset_is_refused_and_costs_nothing(fast_lab: Lab, clip: bytes) -> None:
    made = begun(fast_lab)
    send(fast_lab, made["uri"], clip[:HALF], offset=0, file_size=len(clip))

    wrong = [
        send(fast_lab, made["uri"], clip[at:], offset=at, file_size=len(clip))
        for at in (0, HALF - 1, HALF + 1)
    ]

    assert [refused(answer) for answer in wrong] == [(412, "OffsetInvalidError", True)] * 3
    assert uploading(fast_lab, made["id"])["bytes_transferred"] == HALF


def test_more_bytes_than_were_announced_are_refused(fast_lab: Lab, clip: bytes) -> None:
    made = begun(fast_lab)

    answer = send(fast_lab, made["uri"], clip, offset=0, file_size=len(clip) - 1)

    assert refused(answer) == (400, "PartialRequestError", False)
    assert uploading(fast_lab, made["id"])["bytes_transferred"] == 0


def test_a_size_that_shrinks_does_not_complete_an_upload(fast_lab: Lab, clip: bytes) -> None:
    made = begun(fast_lab)
    send(fast_lab, made["uri"], clip[:HALF], offset=0, file_size=len(clip))

    answer = send(fast_lab, made["uri"], clip[HALF:], offset=HALF, file_size=HALF - 1)

    assert refused(answer) == (400, "PartialRequestError", False)
    assert uploading(fast_lab, made["id"]) == {"status": "in_progress", "bytes_transferred": HALF}


def test_what_is_uploaded_is_not_uploaded_again(fast_lab: Lab, clip: bytes) -> None:
    made = begun(fast_lab)
    send_whole(fast_lab, made["uri"], clip)

    assert refused(send_whole(fast_lab, made["uri"], clip))[1] == "ProcessingFailedError"


# Refusals


@pytest.mark.parametrize(
    "headers",
    [{}, {"offset": 0}, {"file_size": 9}, {"offset": -1, "file_size": 9}, {"offset": "x"}],
    ids=str,
)
def test_headers_must_say_offset_and_size(lab: Lab, headers: dict[str, Any]) -> None:
    answer = send(lab, begun(lab)["uri"], b"123456789", **headers)

    assert refused(answer)[1] == "ProcessingFailedError"
    assert answer.json()["debug_info"]["message"] == "Invalid Header format"


@pytest.mark.parametrize(
    "token",
    [SECOND_ACCOUNT.page_token, DEMO_ACCOUNT.token, "EAABnobody", ""],
    ids=["other account", "instagram", "unknown", "none"],
)
def test_who_may_not_publish_for_the_account_may_not_upload(
    lab: Lab, clip: bytes, token: str
) -> None:
    made = begun(lab)

    answer = send(lab, made["uri"], clip, token=token, offset=0, file_size=len(clip))

    assert refused(answer) == (400, "ProcessingFailedError", False)
    assert "unauthorized user request" in answer.json()["debug_info"]["message"]
    assert uploading(lab, made["id"])["bytes_transferred"] == 0


def test_a_token_without_the_permission_may_not_upload(lab: Lab, clip: bytes) -> None:
    made = begun(lab)
    lab.config(tokens={DEMO_PERSON.token: {"scopes": ["instagram_basic"]}})

    answer = send(lab, made["uri"], clip, token=DEMO_PERSON.token, offset=0, file_size=9)

    assert refused(answer)[1] == "ProcessingFailedError"


def test_only_a_container_that_waits_for_bytes_takes_some(
    lab: Lab, media: MediaServer, clip: bytes
) -> None:
    image = lab.container(image_url=media.put("a.jpg", picture()))
    waiting = begun(lab)
    lab.advance(86_400)

    answers = [
        send_whole(lab, f"/rupload.facebook.com/ig-api-upload/{container}", clip)
        for container in (image, waiting["id"], "17900000000000000")
    ]

    assert [refused(answer)[1] for answer in answers] == ["ProcessingFailedError"] * 3


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/ig-api-upload/v25.0/1"),
        ("POST", "/ig-api-upload/v20.0/1"),
        ("POST", "/video-upload/v25.0/1"),
        ("POST", f"/v25.0/{ACCOUNT}/media"),
    ],
)
def test_the_host_of_uploads_does_nothing_else(lab: Lab, method: str, path: str) -> None:
    answer = lab.http.request(method, f"/rupload.facebook.com{path}")

    assert error_of(answer) == (2500, None)


@pytest.mark.parametrize(
    "form",
    [
        {"media_type": "IMAGE"},
        {"media_type": "CAROUSEL", "children": "1,2"},
        {"media_type": "REELS", "video_url": "https://example.com/v.mp4"},
    ],
    ids=str,
)
def test_only_a_video_without_a_url_is_uploaded(lab: Lab, form: dict[str, str]) -> None:
    form = form | {"upload_type": "resumable"}

    answer = lab.on_facebook("POST", f"/{ACCOUNT}/media", **form)

    assert error_of(answer) == (100, None)
    assert "is not allowed" in answer.json()["error"]["message"]


def test_an_upload_can_fail_by_script_and_is_logged_without_secrets(lab: Lab, clip: bytes) -> None:
    info = {"retriable": False, "type": "ProcessingFailedError", "message": "{}"}
    lab.faults({"call": "upload", "status": 400, "body": {"debug_info": info}})
    made = begun(lab)

    failed = send_whole(lab, made["uri"], clip)
    again = send_whole(lab, made["uri"], clip)

    logged = [entry for entry in lab.requests() if "rupload" in entry["path"]]
    assert failed.json()["debug_info"] == info
    assert again.status_code == 200
    assert [entry["status"] for entry in logged] == [400, 200]
    assert logged[0]["parameters"] == {"offset": "0", "file_size": str(len(clip))}
    assert DEMO_ACCOUNT.page_token not in lab.http.get("/_control/requests").text


def test_uploads_leave_no_file_behind(tmp_path: Path, clip: bytes) -> None:
    with serving_instagram(tmp_path) as lab:
        lab.faults({"call": "upload", "error": [2, None]})
        failed, done, partial = (begun(lab) for _ in range(3))

        send_whole(lab, failed["uri"], clip)
        send(lab, failed["uri"], clip, token="", offset=0, file_size=len(clip))
        send_whole(lab, done["uri"], clip)
        looked_at(lab, done["id"])
        send(lab, partial["uri"], clip[:HALF], offset=0, file_size=len(clip))
        kept = len(list(tmp_path.iterdir()))
        lab.http.post("/_control/reset")

        assert kept == 3  # a video with its thumbnail, and a part of one
        assert list(tmp_path.iterdir()) == []


def test_the_file_that_is_looked_at_is_left_to_the_one_who_looks(
    tmp_path: Path, clip: bytes
) -> None:
    with serving_instagram(tmp_path) as lab:
        made = begun(lab)
        container = lab.instagram.world.containers.get(made["id"])
        assert container is not None
        send(lab, made["uri"], clip[:HALF], offset=0, file_size=len(clip))

        container.is_fetching = True
        lab.http.post("/_control/reset")

        assert len(list(tmp_path.iterdir())) == 1


def test_a_reset_while_a_video_is_looked_at_leaves_no_file_behind(
    tmp_path: Path, clip: bytes
) -> None:
    with serving_instagram(tmp_path) as lab:
        made = begun(lab)
        container = lab.instagram.world.containers.get(made["id"])
        assert container is not None

        send_whole(lab, made["uri"], clip)
        lab.http.post("/_control/reset")
        wait_until_looked_at(container)

        assert list(tmp_path.iterdir()) == []
