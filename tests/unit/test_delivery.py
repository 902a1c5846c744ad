"""Objects are read as Instagram's crawler reads them, and little of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postwright import seen
from postwright.errors import InvalidPostError
from postwright.models import MediaItem, Problem
from postwright.posts import Post, prepare
from postwright.preflight import judging, objects
from postwright.preflight.delivery import (
    BLOCK_BYTES,
    IMAGE_BUDGET_BYTES,
    VIDEO_BUDGET_BYTES,
    UrlSource,
    UrlTroubleError,
)
from postwright.preflight.films import VideoFacts
from postwright.preflight.images import ImageFacts, Unread
from postwright.preflight.judging import Seen
from tests.corpus import films, photos
from tests.media import MediaServer, film, picture
from tests.unit.core_world import SESSION, World
from tests.unit.raw_server import serving

pytest_plugins = ("tests.unit.core_fixtures",)


def source_of(media: MediaServer, body: bytes, budget: int = IMAGE_BUDGET_BYTES) -> UrlSource:
    return UrlSource(media.put("a.jpg", body), len(body), budget)


@pytest.fixture
def large_film(tmp_path: Path) -> bytes:
    """A film of 15 minutes, of 13 MB."""
    path = tmp_path / "long.mp4"
    films.FILMS["15-minutes.mp4"](path)
    return path.read_bytes()


def test_a_small_photo_is_read_at_once_and_in_full(media: MediaServer) -> None:
    with source_of(media, picture((1080, 1350))) as source:
        seen = judging.look(source)

    assert isinstance(seen.facts, ImageFacts)
    assert source.requests == 1
    assert source.read_bytes == source.size_bytes


def test_of_a_large_photo_head_and_tail_are_read(media: MediaServer) -> None:
    photo = photos.PHOTOS["bytes-after-the-end.jpg"]()
    with source_of(media, photo) as source:
        seen = judging.look(source)

    assert isinstance(seen.facts, ImageFacts)
    assert source.read_bytes <= 3 * BLOCK_BYTES < IMAGE_BUDGET_BYTES < 256_000 < len(photo)
    assert source.requests <= 3


def test_a_photo_with_endless_headers_is_given_up(media: MediaServer) -> None:
    with source_of(media, photos.PHOTOS["8000000-bytes.jpg"]()) as source:
        seen = judging.look(source)

    assert seen.facts == Unread()
    assert source.read_bytes <= IMAGE_BUDGET_BYTES


def test_of_a_film_only_the_headers_are_read_wherever_they_lie(
    media: MediaServer, large_film: bytes
) -> None:
    mdat = large_film.index(b"mdat") - 4
    ends_with_headers = large_film[:32] + large_film[mdat:] + large_film[32:mdat]

    for film_, first in ((large_film, True), (ends_with_headers, False)):
        with source_of(media, film_, VIDEO_BUDGET_BYTES) as source:
            seen = judging.look(source)

        assert isinstance(seen.facts, VideoFacts)
        assert seen.facts.moov_first is first
        assert source.read_bytes <= 3 * BLOCK_BYTES
        assert source.requests <= 3
    assert VIDEO_BUDGET_BYTES < 1_000_000 < len(large_film)


def test_the_crawlers_request_is_made(media: MediaServer) -> None:
    with source_of(media, picture()) as source:
        judging.look(source)

    [asked] = media.asked
    assert asked.method == "GET"
    assert asked.headers["User-Agent"].startswith("facebookexternalhit/")
    assert asked.headers["Range"].startswith("bytes=0-")
    assert asked.headers["Accept-Encoding"] == "identity"


def test_a_block_is_read_once(media: MediaServer) -> None:
    with source_of(media, bytes(10 * BLOCK_BYTES)) as source:
        first = source.read(0, 100)
        again = source.read(50, 50)
        across = source.read(BLOCK_BYTES - 1, 2)
        beyond = source.read(10 * BLOCK_BYTES, 5)

    assert (len(first), len(again), len(across), len(beyond)) == (100, 50, 2, 0)
    assert source.requests == 2


@pytest.mark.parametrize(
    ("how", "rule", "found"),
    [
        ({"status": 302, "headers": {"Location": "/b"}}, "url-redirect", "a redirect (HTTP 302)"),
        ({"ranges": False}, "url-range", "HTTP 200 to a Range request"),
        ({"status": 403}, "url-refused", "HTTP 403"),
        ({"status": 404}, "url-refused", "HTTP 404"),
        ({"status": 206}, "url-range", "Content-Range not set"),
    ],
)
def test_what_keeps_the_crawler_away_is_told(
    media: MediaServer, how: dict[str, Any], rule: str, found: str
) -> None:
    body = picture()
    url = media.put("secret.jpg", body, **how)

    with (
        pytest.raises(UrlTroubleError) as raised,
        UrlSource(url, len(body), IMAGE_BUDGET_BYTES) as source,
    ):
        judging.look(source)

    assert (raised.value.rule, raised.value.finding.found) == (rule, found)
    assert "secret" not in str(raised.value)


def test_an_object_that_has_another_size_meanwhile_is_told(media: MediaServer) -> None:
    url = media.put("a.jpg", picture())

    with (
        pytest.raises(UrlTroubleError, match="url-range"),
        UrlSource(url, 100, IMAGE_BUDGET_BYTES) as source,
    ):
        judging.look(source)


def raw(status: str, told_bytes: int, body: bytes, content_type: str = "image/jpeg") -> bytes:
    """An answer to a request for the first ten bytes of ten, which tells that it has so many."""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Range: bytes 0-9/10\r\n"
        f"Content-Length: {told_bytes}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def test_of_an_answer_without_a_range_the_body_is_not_read() -> None:
    endless = raw("200 OK", 10**12, b"x" * 1000)

    with (
        serving(endless) as server,
        UrlSource(f"{server.origin}/a.jpg", 10, IMAGE_BUDGET_BYTES) as source,
        pytest.raises(UrlTroubleError) as raised,
    ):
        source.read(0, 10)

    assert (raised.value.rule, len(server.requests)) == ("url-range", 1)


def test_fewer_bytes_than_the_range_are_not_taken() -> None:
    with (
        serving(raw("206 Partial Content", 5, b"short")) as server,
        UrlSource(f"{server.origin}/a.jpg", 10, IMAGE_BUDGET_BYTES) as source,
        pytest.raises(UrlTroubleError, match="url-range"),
    ):
        source.read(0, 10)


def test_a_content_type_is_taken_without_its_parameters() -> None:
    answer = raw("206 Partial Content", 10, b"0123456789", "image/jpeg ; charset=binary")

    with (
        serving(answer) as server,
        UrlSource(f"{server.origin}/a.jpg", 10, IMAGE_BUDGET_BYTES) as source,
    ):
        source.read(0, 10)

    assert source.content_type == "image/jpeg"


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://media.example/a.jpg", "url-https"),
        ("ftp://media.example/a.jpg", "url-https"),
        ("https://media.example/ü.jpg", "url-ascii"),
    ],
)
def test_a_url_that_instagram_does_not_take_is_not_even_asked(url: str, rule: str) -> None:
    with pytest.raises(UrlTroubleError) as raised:
        UrlSource(url, 10, IMAGE_BUDGET_BYTES)

    assert raised.value.rule == rule


def test_a_server_that_fails_for_a_moment_is_asked_again(world: World, media: MediaServer) -> None:
    body = picture()
    url = media.put("a.jpg", body, status=503)
    served = media.files["/a.jpg"]

    def mend(seconds: float) -> None:
        world.clock.slept.append(seconds)
        served.status = 200

    world.clock.sleep = mend  # type: ignore[method-assign]  # the server recovers meanwhile
    with UrlSource(url, len(body), IMAGE_BUDGET_BYTES) as source:
        seen = judging.look(source)

    assert isinstance(seen.facts, ImageFacts)
    assert world.clock.slept == [0.5]


def test_a_server_that_fails_again_and_again_is_a_problem(world: World) -> None:
    with (
        pytest.raises(UrlTroubleError) as raised,
        UrlSource("http://127.0.0.1:9/a.jpg", 10, IMAGE_BUDGET_BYTES) as source,
    ):
        judging.look(source)

    assert raised.value.rule == "url-refused"
    assert raised.value.finding.found == "no answer (ConnectionRefusedError)"
    assert world.clock.slept == [0.5, 2.0]


# The items of a group in the bucket


def prepared(world: World, *items: MediaItem) -> Post:
    group = world.add_group(media=list(items), caption="Hello")
    return prepare(world.app, group, "default")


def problems_of(world: World, *items: MediaItem) -> list[Problem]:
    with pytest.raises(InvalidPostError) as raised:
        prepared(world, *items)
    return raised.value.problems


def an_image(world: World, body: bytes | None = None, **options: Any) -> MediaItem:
    return MediaItem(key=world.upload("a.jpg", body), kind="image", **options)


@pytest.fixture
def clip(tmp_path: Path) -> bytes:
    return film(tmp_path / "clip.mp4")


def test_a_fit_group_is_told_with_the_shapes_of_its_items(world: World, clip: bytes) -> None:
    post = prepared(
        world,
        an_image(world),
        MediaItem(key=world.upload("b.mp4", clip), kind="video"),
    )

    assert [item.shape for item in post.items] == ["320x320", "64x112 4.0s"]
    assert [warning.rule for warning in post.warnings] == ["carousel-crop"]


def test_every_problem_of_every_item_comes_at_once(world: World, clip: bytes) -> None:
    problems = problems_of(
        world,
        an_image(world, picture((640, 320), kind="PNG"), alt_text="x" * 1001),
        MediaItem(key=world.upload("b.mp4", clip), kind="video", thumb_offset=4000),
        MediaItem(key=f"{SESSION}/enhanced/none.jpg", kind="image"),
    )

    assert [(problem.item, problem.rule) for problem in problems] == [
        ("1: a.jpg", "image-format"),
        ("1: a.jpg", "image-ratio"),
        ("1: a.jpg", "alt-text-length"),
        ("2: b.mp4", "thumb-offset"),
        ("3: none.jpg", "media-exists"),
    ]


def test_an_item_that_is_not_what_it_is_called_is_told(world: World) -> None:
    item = MediaItem(key=world.upload("a.jpg"), kind="video")

    [problem] = problems_of(world, item)

    assert (problem.rule, problem.found) == ("media-kind", "JPEG, called video")


def test_an_object_that_is_served_as_something_else_is_told(world: World) -> None:
    key = f"{SESSION}/enhanced/untyped.jpg"
    world.cloud.s3.put_object(Bucket=world.app.settings.bucket, Key=key, Body=picture())

    [problem] = problems_of(world, MediaItem(key=key, kind="image"))

    assert problem.rule == "url-content-type"
    assert problem.found == "Content-Type binary/octet-stream"
    assert problem.allowed == "image/jpeg"


def test_an_empty_object_is_not_asked_for(world: World) -> None:
    [problem] = problems_of(world, an_image(world, b""))

    assert problem.rule == "file-empty"


@pytest.mark.parametrize(
    ("cover", "expected"),
    [
        (picture((1080, 1920)), []),
        (picture((1080, 1920), kind="PNG"), ["image-format"]),
        (photos.PHOTOS["8000001-bytes.jpg"](), ["image-bytes"]),
        (None, ["media-exists"]),
    ],
    ids=["tall", "png", "large", "missing"],
)
def test_a_cover_is_a_jpeg_of_any_shape(
    world: World, clip: bytes, cover: bytes | None, expected: list[str]
) -> None:
    key = world.upload("cover.jpg", cover) if cover else f"{SESSION}/enhanced/nowhere.jpg"
    reel = MediaItem(key=world.upload("a.mp4", clip), kind="video", cover_key=key)

    found = problems_of(world, reel) if expected else []
    if not expected:
        prepared(world, reel)

    assert [problem.rule for problem in found] == expected
    assert all(problem.item == "1: a.mp4, cover" for problem in found)


def test_each_version_is_read_once_and_a_new_one_again(world: World) -> None:
    key = world.upload("a.jpg")

    first = seen_of(world, key)
    again = seen_of(world, key)
    world.upload("a.jpg", picture((640, 640)))
    other = seen_of(world, key)

    assert again is first
    assert (first.shape, other.shape) == ("320x320", "640x640")
    assert seen_of(world, key) is other


def test_the_same_bytes_served_as_something_else_are_looked_at_again(world: World) -> None:
    key = world.upload("a.jpg")
    first = seen_of(world, key)

    world.cloud.s3.put_object(
        Bucket=world.app.settings.bucket, Key=key, Body=picture(), ContentType="text/plain"
    )

    assert (first.content_type, seen_of(world, key).content_type) == ("image/jpeg", "text/plain")


def test_only_the_objects_that_were_seen_last_are_remembered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "_KEPT", 2)
    keys = [world.upload(f"{number}.jpg") for number in range(3)]

    first, _, last = (seen_of(world, key) for key in keys)

    assert seen_of(world, keys[2]) is last
    assert seen_of(world, keys[0]) is not first


def seen_of(world: World, key: str) -> Seen:
    head = world.app.media.head(key)
    assert head is not None
    return objects.look_at_object(world.app.seen_objects, world.app.media, key, head, "image")


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO):
        yield caplog


def test_no_log_line_and_no_message_has_a_url(
    world: World, everything_logged: pytest.LogCaptureFixture
) -> None:
    problems = problems_of(world, an_image(world, picture((640, 320), kind="PNG")))

    told = everything_logged.text + "".join(str(problem) for problem in problems)
    assert "X-Amz" not in told
    assert "http" not in told.replace("https", "")
