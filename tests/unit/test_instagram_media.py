"""Media is really fetched, as Instagram fetches it, and judged by what is in the file."""

from __future__ import annotations

import hashlib
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.instagram_lab import Lab, serving_instagram
from tests.media import MediaServer, film, picture
from tests.unit.raw_server import drip, serving


@pytest.fixture(scope="module")
def good_film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return film(tmp_path_factory.mktemp("film") / "good.mp4")


def failure_of(lab: Lab, **form: Any) -> str:
    """The `status` text of a video once it is processed."""
    container = lab.container(**form)
    lab.clock.sleep(25)
    return str(lab.get(f"/{container}", fields="status").json()["status"])


def error_text(subcode: int) -> str:
    return f"Error: Media upload has failed with error code {subcode}"


def test_an_image_is_fetched_once_inside_the_call(lab: Lab, media: MediaServer) -> None:
    url = media.put("a.jpg", picture()) + "?X-Amz-Signature=abc"

    lab.container(image_url=url)

    assert [(asked.method, asked.path) for asked in media.asked] == [
        ("GET", "/a.jpg?X-Amz-Signature=abc")
    ]
    assert media.asked[0].headers["User-Agent"] == "facebookexternalhit/1.1"
    assert media.asked[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("body", "how", "error"),
    [
        (b"", {"status": 404}, (9004, 2207052)),
        (b"", {"status": 403}, (9004, 2207052)),
        (b"", {"status": 302, "headers": {"Location": "/b.jpg"}}, (9004, 2207052)),
        (b"", {}, (9004, 2207052)),
        (b"<!DOCTYPE html><p>Log in", {"content_type": "text/html"}, (9004, 2207052)),
        (b"<!DOCTYPE html><p>Log in", {}, (9004, 2207052)),
        (picture(), {"content_type": "text/html; charset=utf-8"}, (9004, 2207052)),
        (picture(kind="PNG"), {}, (36001, 2207005)),
        (picture(kind="WEBP"), {}, (36001, 2207005)),
        (picture((300, 300))[:-30], {}, (36001, 2207005)),
        (b"\xff\xd8\xff\xe0 and nothing more", {}, (36001, 2207005)),
        (picture(padding=8 * 1024 * 1024), {}, (36000, 2207004)),
        (picture((200, 100)), {}, (36003, 2207009)),
        (picture((100, 130)), {}, (36003, 2207009)),
        (picture((180, 100), orientation=6), {}, (36003, 2207009)),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)
def test_a_bad_image_is_refused_inside_the_call(
    lab: Lab, media: MediaServer, body: bytes, how: dict[str, Any], error: tuple[int, int]
) -> None:
    url = media.put("a.jpg", body, **how)

    assert lab.refusal(image_url=url) == error


@pytest.mark.parametrize(
    ("size", "orientation"),
    [((191, 100), 1), ((80, 100), 1), ((797, 1000), 1), ((100, 80), 6)],
)
def test_an_image_at_the_edge_of_the_ratio_is_taken(
    lab: Lab, media: MediaServer, size: tuple[int, int], orientation: int
) -> None:
    assert lab.container(image_url=media.put("a.jpg", picture(size, orientation=orientation)))


def test_an_image_of_exactly_8_mib_is_taken(lab: Lab, media: MediaServer) -> None:
    small = picture()

    body = picture(padding=8 * 1024 * 1024 - len(small))

    assert lab.container(image_url=media.put("a.jpg", body))


def test_a_lenient_instagram_takes_png(lab: Lab, media: MediaServer) -> None:
    lab.config(lenient_images=True)

    assert lab.container(image_url=media.put("a.png", picture(kind="PNG"), "image/png"))


def test_an_image_that_comes_too_slowly_times_out(lab: Lab, media: MediaServer) -> None:
    lab.config(fetch_timeout_seconds=0.05)
    gate = threading.Event()
    url = media.put("a.jpg", picture(), gate=gate)

    refusal = lab.refusal(image_url=url)
    gate.set()

    assert refusal == (-2, 2207003)


def test_an_image_that_comes_byte_by_byte_times_out(lab: Lab) -> None:
    lab.config(fetch_timeout_seconds=0.2)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n"
    has_sent_all = threading.Event()

    def answer(connection: socket.socket, closed: threading.Event) -> None:
        drip(head)(connection, closed)
        has_sent_all.set()

    with serving(answer) as slow:
        refusal = lab.refusal(image_url=f"{slow.origin}/a.jpg")
        waited_for_the_end = has_sent_all.is_set()

    assert refusal == (-2, 2207003)
    assert not waited_for_the_end


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/a.jpg", "nonsense", "http://127.0.0.1/ü.jpg"])
def test_a_url_that_cannot_be_fetched_is_refused(lab: Lab, url: str) -> None:
    assert lab.refusal(image_url=url) == (9004, 2207052)


def test_a_url_must_be_ascii_even_where_its_file_is_there(lab: Lab, media: MediaServer) -> None:
    escaped = media.put("%C3%BC.jpg", picture())

    refusal = lab.refusal(image_url=f"{media.origin}/ü.jpg")

    assert refusal == (9004, 2207052)
    assert lab.container(image_url=escaped)


def test_a_host_that_does_not_listen_is_unreachable(lab: Lab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    assert lab.refusal(image_url=f"http://127.0.0.1:{port}/a.jpg") == (9004, 2207052)


def test_a_video_is_fetched_in_ranges_after_the_call(
    fast_lab: Lab, media: MediaServer, good_film: bytes
) -> None:
    gate = threading.Event()
    url = media.put("v.mp4", good_film, "video/mp4", gate=gate)

    container = fast_lab.container(media_type="REELS", video_url=url)
    before = fast_lab.status(container)
    gate.set()
    fast_lab.clock.sleep(25)

    assert (before, fast_lab.status(container)) == ("IN_PROGRESS", "FINISHED")
    assert media.asked[0].headers["Range"] == "bytes=0-8388607"
    assert media.asked[0].headers["User-Agent"] == "facebookexternalhit/1.1"


def test_a_long_video_comes_in_several_ranges_unaltered(
    fast_lab: Lab, media: MediaServer, good_film: bytes
) -> None:
    padded = good_film + (9_000_000).to_bytes(4, "big") + b"free" + bytes(8_999_992)
    url = media.put("v.mp4", padded, "video/mp4")

    container = fast_lab.container(media_type="REELS", video_url=url)
    fast_lab.clock.sleep(25)
    fast_lab.published(container)

    assert len(media.asked) == 2
    assert fast_lab.posts()[0]["sha256"] == hashlib.sha256(padded).hexdigest()
    assert fast_lab.posts()[0]["bytes"] == len(padded)


def test_a_video_is_due_by_itself_at_max_speed(
    fast_lab: Lab, media: MediaServer, good_film: bytes
) -> None:
    url = media.put("v.mp4", good_film, "video/mp4")

    container = fast_lab.container(media_type="REELS", video_url=url)

    assert "FINISHED" in (fast_lab.status(container) for _ in range(500))


def test_a_video_takes_20_seconds(lab: Lab, media: MediaServer, good_film: bytes) -> None:
    url = media.put("v.mp4", good_film, "video/mp4")

    container = lab.container(media_type="VIDEO", is_carousel_item="true", video_url=url)
    lab.advance(19)

    assert lab.status(container) == "IN_PROGRESS"


@pytest.mark.parametrize(
    ("how", "subcode"),
    [
        ({"ranges": False}, 2207077),
        ({"status": 404}, 2207076),
        ({"status": 403}, 2207076),
        ({"content_type": "text/html"}, 2207052),
    ],
)
def test_a_video_that_cannot_be_downloaded_ends_in_error(
    fast_lab: Lab, media: MediaServer, good_film: bytes, how: dict[str, Any], subcode: int
) -> None:
    url = media.put("v.mp4", good_film, **({"content_type": "video/mp4"} | how))

    assert failure_of(fast_lab, media_type="REELS", video_url=url) == error_text(subcode)


def test_a_video_on_a_dead_host_ends_in_error(fast_lab: Lab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v.mp4"

    assert failure_of(fast_lab, media_type="REELS", video_url=url) == error_text(2207052)


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/v.mp4", "http://[::1/v.mp4", "nonsense"])
def test_a_video_url_that_cannot_be_fetched_ends_in_error(fast_lab: Lab, url: str) -> None:
    assert failure_of(fast_lab, media_type="REELS", video_url=url) == error_text(2207052)


@pytest.mark.parametrize(
    ("form", "most"),
    [
        ({"media_type": "REELS"}, 300 * 1024 * 1024),
        ({"media_type": "VIDEO", "is_carousel_item": "true"}, 300 * 1024 * 1024),
        ({"media_type": "STORIES"}, 100 * 1024 * 1024),
    ],
    ids=lambda value: str(value),
)
@pytest.mark.parametrize(("above", "calls"), [(0, 2), (1, 1)])
def test_a_video_above_the_size_cap_is_not_fetched_on(
    fast_lab: Lab, media: MediaServer, form: dict[str, str], most: int, above: int, calls: int
) -> None:
    """The server always sends the first ten bytes, whatever is asked for."""
    told = {"Content-Range": f"bytes 0-9/{most + above}"}
    url = media.put("v.mp4", bytes(10), "video/mp4", status=206, headers=told)

    status = failure_of(fast_lab, **form, video_url=url)

    assert status == error_text(2207077)
    assert len(media.asked) == calls


@pytest.mark.parametrize(
    ("told", "sent"),
    [
        ({"Content-Range": "bytes 0-9/20"}, 10),
        ({"Content-Range": "bytes 0-9/20"}, 0),
        ({"Content-Range": "bytes 0-9/10"}, 11),
        ({"Content-Range": "bytes */20"}, 10),
        ({}, 10),
    ],
    ids=["the same again", "nothing", "too much", "no place", "no range"],
)
def test_a_server_that_is_wrong_about_ranges_is_refused(
    fast_lab: Lab, media: MediaServer, told: dict[str, str], sent: int
) -> None:
    url = media.put("v.mp4", bytes(sent), "video/mp4", status=206, headers=told)

    assert failure_of(fast_lab, media_type="REELS", video_url=url) == error_text(2207077)


def test_refused_media_leave_no_file(tmp_path: Path, media: MediaServer, good_film: bytes) -> None:
    wrong = media.put("a.jpg", picture((200, 100)))
    url = media.put("v.mp4", good_film, "video/mp4")

    with serving_instagram(tmp_path / "here", speed=None) as lab:
        lab.refusal(image_url=wrong)
        failed = failure_of(lab, media_type="REELS", video_url=url, thumb_offset=4000)
        lab.config(container_cap=1)
        beyond = lab.refusal(image_url=media.put("b.jpg", picture()))

    assert (failed, beyond) == (error_text(2207057), (-1, 2207032))
    assert list((tmp_path / "here").iterdir()) == []


def test_a_reset_leaves_no_file(tmp_path: Path, media: MediaServer, good_film: bytes) -> None:
    gate = threading.Event()
    url = media.put("v.mp4", good_film, "video/mp4")
    late = media.put("late.mp4", good_film, "video/mp4", gate=gate)

    with serving_instagram(tmp_path / "here", speed=None) as lab:
        lab.container(image_url=media.put("a.jpg", picture()))
        failure_of(lab, media_type="REELS", video_url=url)
        media.arrived.clear()
        lab.container(media_type="REELS", video_url=late)
        assert media.arrived.wait(10)
        lab.http.post("/_control/reset")
        gate.set()
        lab.clock.sleep(1)

        assert list((tmp_path / "here").iterdir()) == []


def test_a_failure_of_our_own_is_an_unknown_one(
    tmp_path: Path, media: MediaServer, good_film: bytes
) -> None:
    url = media.put("v.mp4", good_film, "video/mp4")

    with serving_instagram(tmp_path / "here", speed=None) as lab:
        (tmp_path / "here").rmdir()

        assert failure_of(lab, media_type="REELS", video_url=url) == error_text(2207053)


def test_a_proxy_of_this_machine_is_not_asked(
    tmp_path: Path, media: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    with serving_instagram(tmp_path) as lab:
        assert lab.container(image_url=media.put("a.jpg", picture()))


def test_several_videos_are_fetched_at_once(lab: Lab, media: MediaServer, good_film: bytes) -> None:
    gate = threading.Event()
    urls = [media.put(f"{n}.mp4", good_film, "video/mp4", gate=gate) for n in range(2)]

    for url in urls:
        lab.container(media_type="REELS", video_url=url)
        assert media.arrived.wait(5)
        media.arrived.clear()
    gate.set()

    assert {asked.path for asked in media.asked} == {"/0.mp4", "/1.mp4"}


@pytest.mark.parametrize(("name", "kind"), [("v.mov", "video/quicktime"), ("v.mp4", "video/mp4")])
def test_a_video_is_served_as_what_it_is(
    fast_lab: Lab, media: MediaServer, tmp_path: Path, name: str, kind: str
) -> None:
    url = media.put("v", film(tmp_path / name), "application/octet-stream")
    container = fast_lab.container(media_type="REELS", video_url=url)
    fast_lab.clock.sleep(25)

    media_id = fast_lab.published(container)

    assert fast_lab.http.get(f"/_media/{media_id}").headers["Content-Type"] == kind


def test_a_video_that_comes_too_slowly_ends_in_error(
    fast_lab: Lab, media: MediaServer, good_film: bytes
) -> None:
    fast_lab.config(fetch_timeout_seconds=0.05)
    gate = threading.Event()
    url = media.put("v.mp4", good_film, "video/mp4", gate=gate)

    status = failure_of(fast_lab, media_type="REELS", video_url=url)
    gate.set()

    assert status == error_text(2207003)


@pytest.mark.parametrize(
    ("name", "how", "subcode"),
    [
        ("short.mp4", {"seconds": 2}, 2207077),
        ("slow.mp4", {"rate": 10}, 2207026),
        ("fast.mp4", {"rate": 90}, 2207026),
        ("wide.mp4", {"size": (1922, 32)}, 2207026),
        ("old.mp4", {"codec": "mpeg4"}, 2207026),
        ("other.mkv", {}, 2207026),
        ("loud.mp4", {"sound": "ac3"}, 2207082),
    ],
)
def test_a_video_of_the_wrong_kind_ends_in_error(
    fast_lab: Lab,
    media: MediaServer,
    tmp_path: Path,
    name: str,
    how: dict[str, Any],
    subcode: int,
) -> None:
    url = media.put("v.mp4", film(tmp_path / name, **how), "video/mp4")

    assert failure_of(fast_lab, media_type="REELS", video_url=url) == error_text(subcode)


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.9])
def test_a_broken_video_ends_in_error(
    fast_lab: Lab, media: MediaServer, good_film: bytes, kept: float
) -> None:
    length = int(len(good_film) * kept) if kept < 1 else int(kept)
    url = media.put("v.mp4", good_film[:length], "video/mp4")

    status = failure_of(fast_lab, media_type="REELS", video_url=url)

    assert status.startswith("Error: Media upload has failed with error code 2207")


@pytest.mark.parametrize("name", ["v.mp4", "v.mov"])
def test_hevc_and_silent_videos_are_taken(
    fast_lab: Lab, media: MediaServer, tmp_path: Path, name: str
) -> None:
    body = film(tmp_path / name, codec="libx265", sound=None, size=(64, 64))

    status = failure_of(fast_lab, media_type="REELS", video_url=media.put(name, body, "video/mp4"))

    assert status.startswith("Finished")


def test_a_carousel_video_needs_a_frame_after_3_seconds(
    fast_lab: Lab, media: MediaServer, tmp_path: Path
) -> None:
    url = media.put("v.mp4", film(tmp_path / "v.mp4", seconds=3), "video/mp4")

    as_reel = failure_of(fast_lab, media_type="REELS", video_url=url)
    as_item = failure_of(fast_lab, media_type="VIDEO", is_carousel_item="true", video_url=url)

    assert as_reel.startswith("Finished")
    assert as_item == error_text(2207077)


def test_a_thumb_offset_beyond_the_end_ends_in_error(
    fast_lab: Lab, media: MediaServer, good_film: bytes
) -> None:
    url = media.put("v.mp4", good_film, "video/mp4")
    reel = {"media_type": "REELS", "video_url": url}

    assert failure_of(fast_lab, **reel, thumb_offset=4000) == error_text(2207057)
    assert failure_of(fast_lab, **reel, thumb_offset=3999).startswith("Finished")


def test_a_fault_makes_a_video_fail(fast_lab: Lab, media: MediaServer, good_film: bytes) -> None:
    url = media.put("v.mp4", good_film, "video/mp4")
    fast_lab.faults({"call": "create", "match": "v.mp4", "processing_error": 2207053})
    reel = {"media_type": "REELS", "video_url": url}

    first, second = failure_of(fast_lab, **reel), failure_of(fast_lab, **reel)

    assert first == error_text(2207053)
    assert second.startswith("Finished")


def test_a_container_that_failed_cannot_be_published(fast_lab: Lab, media: MediaServer) -> None:
    url = media.put("v.mp4", b"no video", "video/mp4")

    container = fast_lab.container(media_type="REELS", video_url=url)
    fast_lab.clock.sleep(25)
    answer = fast_lab.publish(container)

    assert answer.status_code == 400
    assert fast_lab.posts() == []


def test_the_video_status_tells_of_upload_and_processing(
    fast_lab: Lab, media: MediaServer, good_film: bytes
) -> None:
    url = media.put("v.mp4", good_film, "video/mp4")

    container = fast_lab.container(media_type="REELS", video_url=url)
    fast_lab.clock.sleep(25)

    assert fast_lab.get(f"/{container}", fields="video_status").json()["video_status"] == {
        "uploading_phase": {"status": "complete", "bytes_transferred": len(good_film)},
        "processing_phase": {"status": "complete"},
    }
