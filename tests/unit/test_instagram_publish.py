"""Publishing, quota, the media list, reading media, and posts kept between runs."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.instagram import DEMO_ACCOUNT
from tests.instagram_lab import ACCOUNT, Lab, error_of, serving_instagram
from tests.media import MediaServer, film, picture

ALL_FIELDS = (
    "id,permalink,shortcode,media_type,media_product_type,caption,timestamp,media_url,"
    "thumbnail_url,owner{id},username,alt_text,is_comment_enabled,is_ai_generated,"
    "is_shared_to_feed,like_count,comments_count,media_audio_type,children{id,media_type,media_url}"
)


@pytest.fixture
def image_url(media: MediaServer) -> str:
    return media.put("a.jpg", picture())


def ready_image(lab: Lab, image_url: str, caption: str = "") -> str:
    container = lab.container(image_url=image_url, caption=caption)
    lab.advance(3)
    return container


def publish_images(lab: Lab, image_url: str, count: int) -> list[str]:
    return [lab.published(ready_image(lab, image_url, f"Post {n}")) for n in range(count)]


def publish_mixed_carousel(lab: Lab, media: MediaServer, folder: Path) -> str:
    """Image, video, image; on a clock that jumps."""
    items = [
        {"image_url": media.put("1.jpg", picture(colour="red")), "alt_text": "Red"},
        {
            "media_type": "VIDEO",
            "video_url": media.put("2.mp4", film(folder / "2.mp4"), "video/mp4"),
        },
        {"image_url": media.put("3.jpg", picture(colour="blue"))},
    ]
    children = [lab.container(is_carousel_item="true", **item) for item in items]
    lab.clock.sleep(25)
    parent = lab.container(media_type="CAROUSEL", children=",".join(children), caption="Three")
    lab.clock.sleep(3)
    return lab.published(parent)


def test_an_image_is_published_with_the_same_bytes(lab: Lab, image_url: str) -> None:
    container = ready_image(lab, image_url, "Hello")

    media_id = lab.published(container)

    body = picture()
    assert lab.status(container) == "PUBLISHED"
    [post] = lab.posts()
    assert re.fullmatch(r"179\d{14}", container)
    assert re.fullmatch(r"180\d{14}", media_id)
    assert re.fullmatch(rf"{lab.origin}/p/[\w-]{{11}}/", post["permalink"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000", post["timestamp"])
    assert post == {
        "id": media_id,
        "creation_id": container,
        "caption": "Hello",
        "media_type": "IMAGE",
        "permalink": post["permalink"],
        "timestamp": post["timestamp"],
        "options": {},
        "children": [],
        "sha256": hashlib.sha256(body).hexdigest(),
        "bytes": len(body),
    }


def test_a_container_that_is_not_ready_is_refused(lab: Lab, image_url: str) -> None:
    container = lab.container(image_url=image_url)

    answer = lab.publish(container)

    assert (answer.status_code, error_of(answer)) == (400, (9007, 2207027))
    assert answer.json()["error"]["message"] == "Media ID is not available"


def test_an_unknown_container_is_refused(lab: Lab) -> None:
    assert error_of(lab.publish("17912345678901234")) == (24, 2207008)


def test_the_creation_id_is_required(lab: Lab) -> None:
    assert error_of(lab.post("/me/media_publish")) == (100, None)


def test_a_carousel_item_cannot_be_published_alone(lab: Lab, image_url: str) -> None:
    item = lab.container(image_url=image_url, is_carousel_item="true")
    lab.advance(3)

    assert error_of(lab.publish(item)) == (100, None)
    assert lab.posts() == []


@pytest.mark.parametrize(("mode", "posts"), [("error", 1), ("same_id", 1), ("duplicate", 2)])
def test_publishing_a_container_twice(lab: Lab, image_url: str, mode: str, posts: int) -> None:
    lab.config(repeat_publish=mode)
    container = ready_image(lab, image_url)

    first = lab.published(container)
    again = lab.publish(container)

    assert len(lab.posts()) == posts
    if mode == "error":
        assert error_of(again) == (24, 2207008)
    else:
        assert (again.json()["id"] == first) == (mode == "same_id")


def test_the_same_id_is_that_of_the_first_post(lab: Lab, image_url: str) -> None:
    container = ready_image(lab, image_url)
    first = lab.published(container)
    lab.config(repeat_publish="duplicate")
    lab.published(container)

    lab.config(repeat_publish="same_id")

    assert lab.published(container) == first


def test_an_item_of_a_published_carousel_is_no_post_of_its_own(lab: Lab, image_url: str) -> None:
    lab.config(repeat_publish="duplicate")
    items = [lab.container(image_url=image_url, is_carousel_item="true") for _ in range(2)]
    lab.advance(3)
    parent = lab.container(media_type="CAROUSEL", children=",".join(items))
    lab.advance(2)
    lab.published(parent)

    assert error_of(lab.publish(items[0])) == (24, 2207008)


def test_a_story_of_a_video_is_a_video(fast_lab: Lab, media: MediaServer, tmp_path: Path) -> None:
    url = media.put("v.mp4", film(tmp_path / "v.mp4"), "video/mp4")
    container = fast_lab.container(media_type="STORIES", video_url=url)
    fast_lab.clock.sleep(25)

    fast_lab.published(container)

    assert fast_lab.posts()[0]["media_type"] == "VIDEO"


def test_the_quota_is_enforced_for_any_24_hours(lab: Lab, image_url: str) -> None:
    lab.config(quota_total=2)
    publish_images(lab, image_url, 2)
    third = ready_image(lab, image_url)

    refused = lab.publish(third)
    lab.advance(23 * 3600 + 3599)

    assert error_of(refused) == (9, 2207042)
    assert lab.published(ready_image(lab, image_url))


def test_the_quota_is_told(lab: Lab, image_url: str) -> None:
    publish_images(lab, image_url, 2)
    path = f"/{ACCOUNT}/content_publishing_limit"

    assert lab.get(path).json() == {"data": [{"quota_usage": 2}]}
    assert lab.get(path, fields="config,quota_usage").json() == {
        "data": [{"config": {"quota_total": 100, "quota_duration": 86400}, "quota_usage": 2}]
    }
    in_a_minute = int(lab.clock.now().timestamp()) + 60
    assert lab.get(path, since=in_a_minute).json() == {"data": [{"quota_usage": 0}]}


def test_a_mixed_carousel_keeps_its_order(
    fast_lab: Lab, media: MediaServer, tmp_path: Path
) -> None:
    media_id = publish_mixed_carousel(fast_lab, media, tmp_path)

    [post] = fast_lab.posts()
    children = fast_lab.get(f"/{media_id}/children", fields="media_type,permalink,caption").json()
    assert post["media_type"] == "CAROUSEL_ALBUM"
    assert "sha256" not in post
    assert [child["sha256"] for child in post["children"]] == [
        hashlib.sha256(media.files[path].body).hexdigest()
        for path in ("/1.jpg", "/2.mp4", "/3.jpg")
    ]
    assert [child["media_type"] for child in children["data"]] == ["IMAGE", "VIDEO", "IMAGE"]
    assert all(set(child) == {"id", "media_type"} for child in children["data"])
    assert [child["id"] for child in children["data"]] == [c["id"] for c in post["children"]]


def test_a_carousel_counts_once_and_uses_up_its_children(lab: Lab, image_url: str) -> None:
    items = [lab.container(image_url=image_url, is_carousel_item="true") for _ in range(2)]
    lab.advance(3)
    parent = lab.container(media_type="CAROUSEL", children=",".join(items))
    lab.advance(2)

    lab.published(parent)

    quota = lab.get("/me/content_publishing_limit").json()
    assert quota == {"data": [{"quota_usage": 1}]}
    assert lab.status(items[0]) == "PUBLISHED"
    assert lab.refusal(media_type="CAROUSEL", children=",".join(items)) == (24, 2207008)


def test_a_reel_has_its_own_permalink_and_fields(
    fast_lab: Lab, media: MediaServer, tmp_path: Path
) -> None:
    url = media.put("v.mp4", film(tmp_path / "v.mp4"), "video/mp4")
    options = {"share_to_feed": "false", "cover_url": "http://c/x.jpg", "thumb_offset": "99999"}

    container = fast_lab.container(media_type="REELS", video_url=url, caption="Hi", **options)
    fast_lab.clock.sleep(25)
    media_id = fast_lab.published(container)
    read = fast_lab.get(f"/{media_id}", fields=ALL_FIELDS).json()

    assert re.fullmatch(rf"{fast_lab.origin}/reel/[\w-]{{11}}/", read["permalink"])
    assert read["media_type"] == "VIDEO"
    assert read["media_product_type"] == "REELS"
    assert read["is_shared_to_feed"] is False
    assert fast_lab.posts()[0]["options"] == {
        "share_to_feed": False,
        "cover_url": "http://c/x.jpg",
        "thumb_offset": 99999,
    }
    thumbnail = fast_lab.http.get(read["thumbnail_url"])
    assert (thumbnail.headers["content-type"], thumbnail.content[:3]) == (
        "image/jpeg",
        b"\xff\xd8\xff",
    )


def test_published_media_can_be_read(lab: Lab, image_url: str) -> None:
    container = lab.container(image_url=image_url, caption="Hello", alt_text="A square")
    lab.advance(3)

    media_id = lab.published(container)
    read = lab.get(f"/{media_id}", fields=ALL_FIELDS).json()

    assert lab.get(f"/{media_id}").json() == {"id": media_id}
    assert read.pop("media_url").startswith(f"{lab.origin}/_media/{media_id}?oe=")
    assert read == {
        "id": media_id,
        "permalink": f"{lab.origin}/p/{read['shortcode']}/",
        "shortcode": read["shortcode"],
        "media_type": "IMAGE",
        "media_product_type": "FEED",
        "caption": "Hello",
        "timestamp": read["timestamp"],
        "owner": {"id": ACCOUNT},
        "username": DEMO_ACCOUNT.username,
        "alt_text": "A square",
        "is_comment_enabled": True,
        "is_ai_generated": False,
        "like_count": 0,
        "comments_count": 0,
    }


def test_the_media_list_is_newest_first(lab: Lab, image_url: str) -> None:
    published = publish_images(lab, image_url, 3)

    answer = lab.get(f"/{ACCOUNT}/media", fields="caption").json()

    assert [row["id"] for row in answer["data"]] == published[::-1]
    assert [row["caption"] for row in answer["data"]] == ["Post 2", "Post 1", "Post 0"]
    assert "next" not in answer["paging"]


def test_an_empty_media_list_has_no_paging(lab: Lab) -> None:
    assert lab.get("/me/media").json() == {"data": []}


def test_the_media_list_is_paged_with_cursors(lab: Lab, image_url: str) -> None:
    published = publish_images(lab, image_url, 5)[::-1]

    first = lab.get("/v25.0/me/media", limit=2, fields="id,caption").json()
    second = lab.get("/me/media", limit=2, after=first["paging"]["cursors"]["after"]).json()
    third = httpx.get(second["paging"]["next"], trust_env=False).json()
    back = lab.get("/me/media", limit=2, before=third["paging"]["cursors"]["before"]).json()

    pages = [[row["id"] for row in page["data"]] for page in (first, second, third, back)]
    assert pages == [published[:2], published[2:4], published[4:], published[2:4]]
    assert "previous" not in first["paging"]
    assert "next" not in third["paging"]
    following = urlsplit(first["paging"]["next"])
    assert following.path == f"/v25.0/{ACCOUNT}/media"
    assert parse_qs(following.query)["access_token"] == [DEMO_ACCOUNT.token]
    assert parse_qs(following.query)["fields"] == ["id,caption"]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "x"}, {"after": "nonsense"}])
def test_wrong_paging_is_refused(lab: Lab, query: dict[str, str]) -> None:
    assert error_of(lab.get("/me/media", **query)) == (100, None)


def test_the_same_seed_gives_the_same_ids(tmp_path: Path, media: MediaServer) -> None:
    url = media.put("a.jpg", picture())

    def first_ids(folder: str) -> tuple[str, str, str]:
        with serving_instagram(tmp_path / folder) as lab:
            container = ready_image(lab, url)
            media_id = lab.published(container)
            return container, media_id, urlsplit(lab.posts()[0]["permalink"]).path

    assert first_ids("one") == first_ids("two")


def test_kept_posts_open_in_a_later_run(tmp_path: Path, media: MediaServer) -> None:
    url = media.put("a.jpg", picture())
    keep = tmp_path / "keep"

    with serving_instagram(tmp_path / "one", speed=None, keep=keep) as lab:
        publish_mixed_carousel(lab, media, tmp_path)
        older = lab.posts()[0]
    with serving_instagram(tmp_path / "two", keep=keep) as lab:
        path = urlsplit(older["permalink"]).path
        quota = lab.get("/me/content_publishing_limit").json()["data"][0]["quota_usage"]
        newer = lab.published(ready_image(lab, url))
        posts = lab.posts()

        page = lab.http.get(path)
        child = lab.http.get(f"/_media/{older['children'][1]['id']}")
        thumbnail = lab.http.get(f"/_media/{older['children'][1]['id']}/thumbnail")

    assert (page.status_code, quota) == (200, 0)
    assert child.content == media.files["/2.mp4"].body
    assert thumbnail.status_code == 200
    assert [post["id"] for post in posts] == [newer, older["id"]]
    assert posts[1] == older | {"permalink": lab.origin + path}
    assert newer not in {child["id"] for child in older["children"]}


def test_what_a_kept_post_uses_up_is_not_given_again(tmp_path: Path, media: MediaServer) -> None:
    url = media.put("a.jpg", picture())
    with serving_instagram(tmp_path / "one", keep=tmp_path / "keep") as lab:
        publish_images(lab, url, 1)

    with serving_instagram(tmp_path / "two", keep=tmp_path / "keep") as lab:
        publish_images(lab, url, 1)
        newer, older = lab.posts()

    for name in ("id", "creation_id", "permalink"):
        assert newer[name] != older[name]


def test_a_kept_post_that_is_damaged_is_left_out(tmp_path: Path, media: MediaServer) -> None:
    url = media.put("a.jpg", picture())
    keep = tmp_path / "keep"
    with serving_instagram(tmp_path / "one", keep=keep) as lab:
        publish_images(lab, url, 3)
        damaged, incomplete, _ = [post["id"] for post in lab.posts()]

    (keep / "posts" / f"{damaged}.json").write_text("{")
    (keep / "media" / incomplete).write_bytes(b"")

    with serving_instagram(tmp_path / "two", keep=keep) as lab:
        assert len(lab.posts()) == 1


def test_a_reset_removes_kept_posts_too(tmp_path: Path, media: MediaServer) -> None:
    keep = tmp_path / "keep"
    with serving_instagram(tmp_path / "one", keep=keep) as lab:
        publish_images(lab, media.put("a.jpg", picture()), 1)

        lab.http.post("/_control/reset")

        assert lab.posts() == []
    assert [path for path in keep.rglob("*") if path.is_file()] == []
