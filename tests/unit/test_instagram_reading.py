"""Fields by host, stories apart, lists in a window, and deleting."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from sandbox.instagram import DEMO_ACCOUNT
from tests.instagram_lab import ACCOUNT, Lab, error_of, serving_instagram
from tests.media import MediaServer, picture

FACEBOOK_FIELDS = (
    "saved_count",
    "shares_count",
    "reposts_count",
    "total_like_count",
    "total_comments_count",
    "total_views_count",
)


@pytest.fixture
def image_url(media: MediaServer) -> str:
    return media.put("a.jpg", picture())


def published_image(lab: Lab, image_url: str, **options: str) -> str:
    container = lab.container(image_url=image_url, **options)
    lab.advance(3)
    return lab.published(container)


def published_story(lab: Lab, image_url: str) -> str:
    return published_image(lab, image_url, media_type="STORIES")


def published_carousel(lab: Lab, image_url: str) -> str:
    items = [lab.container(image_url=image_url, is_carousel_item="true") for _ in range(2)]
    lab.advance(3)
    parent = lab.container(media_type="CAROUSEL", children=",".join(items), caption="Two")
    lab.advance(2)
    return lab.published(parent)


def listed(lab: Lab, edge: str, **query: str | int) -> list[str]:
    return [row["id"] for row in lab.get(f"/{ACCOUNT}/{edge}", **query).json()["data"]]


@pytest.mark.parametrize("field", FACEBOOK_FIELDS)
def test_some_counts_exist_only_with_facebook_login(lab: Lab, image_url: str, field: str) -> None:
    media_id = published_image(lab, image_url)

    refused = lab.get(f"/{media_id}", fields=field)
    on_facebook = lab.on_facebook("GET", f"/{media_id}", fields=field)

    assert error_of(refused) == (100, None)
    assert f"nonexisting field ({field})" in refused.json()["error"]["message"]
    assert on_facebook.json() == {field: 0, "id": media_id}


def test_the_collaborators_of_a_post_are_read_with_facebook_login(lab: Lab, image_url: str) -> None:
    media_id = published_image(lab, image_url, collaborators="one,two")
    alone = published_image(lab, image_url)

    read = lab.on_facebook("GET", f"/{media_id}", fields="collaborators").json()

    assert read["collaborators"] == {"data": [{"username": "one"}, {"username": "two"}]}
    assert lab.on_facebook("GET", f"/{alone}", fields="collaborators").json() == {"id": alone}


def test_an_account_has_another_id_on_the_facebook_host(lab: Lab) -> None:
    fields = "id,username"

    on_instagram = lab.get(f"/{ACCOUNT}", fields=fields).json()
    on_facebook = lab.on_facebook("GET", f"/{ACCOUNT}", fields=fields).json()

    assert (on_instagram["id"], on_facebook["id"]) == (DEMO_ACCOUNT.app_scoped_id, ACCOUNT)


def test_caption_and_product_type_can_be_absent_with_instagram_login(
    lab: Lab, image_url: str
) -> None:
    media_id = published_image(lab, image_url, caption="Hello")
    fields = "caption,media_product_type,media_type"
    lab.config(caption_fields=False)

    read = lab.get(f"/{media_id}", fields=fields).json()
    [row] = lab.get("/me/media", fields=fields).json()["data"]
    on_facebook = lab.on_facebook("GET", f"/{media_id}", fields=fields).json()

    assert read == row == {"media_type": "IMAGE", "id": media_id}
    assert (on_facebook["caption"], on_facebook["media_product_type"]) == ("Hello", "FEED")


def test_the_items_of_a_carousel_lack_what_belongs_to_the_post(lab: Lab, image_url: str) -> None:
    media_id = published_carousel(lab, image_url)
    lacking = "caption,permalink,shortcode,like_count,comments_count,is_comment_enabled,comments"

    read = lab.get(
        f"/{media_id}", fields=f"children{{id,media_type,media_url,owner,timestamp,{lacking}}}"
    ).json()

    for child in read["children"]["data"]:
        assert set(child) == {"id", "media_type", "media_url", "owner", "timestamp"}
        assert lab.http.get(child["media_url"]).content == picture()


def test_the_items_of_a_carousel_cannot_be_commented_on(lab: Lab, image_url: str) -> None:
    published_carousel(lab, image_url)
    child = lab.posts()[0]["children"][0]["id"]

    refused = [
        lab.post(f"/{child}/comments", message="First"),
        lab.get(f"/{child}/comments"),
        lab.post(f"/{child}", comment_enabled="false"),
    ]

    assert [error_of(answer) for answer in refused] == [(100, 33)] * 3


def test_the_owner_answers_what_is_asked(lab: Lab, image_url: str) -> None:
    media_id = published_image(lab, image_url)

    plain = lab.get(f"/{media_id}", fields="owner").json()["owner"]
    more = lab.get(f"/{media_id}", fields="owner{username}").json()["owner"]

    assert plain == {"id": ACCOUNT}
    assert more == {"username": DEMO_ACCOUNT.username, "id": ACCOUNT}
    assert error_of(lab.get(f"/{media_id}", fields="owner{shoe_size}")) == (100, None)


def test_me_can_answer_inside_of_data(lab: Lab) -> None:
    lab.config(wrapped_answers=True)

    body = lab.get("/me", fields="user_id").json()

    assert body == {"data": [{"user_id": ACCOUNT, "id": DEMO_ACCOUNT.app_scoped_id}]}


def test_permissions_cannot_be_asked_for_with_instagram_login(lab: Lab) -> None:
    answer = lab.get("/me/permissions")

    assert (answer.status_code, error_of(answer)) == (400, (100, None))


def test_a_story_is_not_among_the_posts(lab: Lab, image_url: str) -> None:
    post = published_image(lab, image_url)
    story = published_story(lab, image_url)

    read = lab.get(f"/{story}", fields="media_type,media_product_type,permalink").json()

    assert listed(lab, "media") == [post]
    assert listed(lab, "stories") == [story]
    assert lab.get("/me", fields="media_count").json()["media_count"] == 1
    assert (read["media_type"], read["media_product_type"]) == ("IMAGE", "STORY")
    assert read["permalink"] == f"{lab.origin}/stories/{DEMO_ACCOUNT.username}/{story}"


def test_a_story_is_gone_after_24_hours(lab: Lab, image_url: str) -> None:
    story = published_story(lab, image_url)
    page = lab.get(f"/{story}", fields="permalink").json()["permalink"]

    lab.advance(24 * 3600 - 1)
    before = (listed(lab, "stories"), lab.http.get(page).status_code)
    lab.advance(1)
    after = (listed(lab, "stories"), lab.http.get(page).status_code)

    assert before == ([story], 200)
    assert after == ([], 404)
    assert error_of(lab.get(f"/{story}")) == (100, 33)


@pytest.mark.parametrize(("counts", "used"), [(True, 1), (False, 0)])
def test_stories_use_up_the_quota_as_set(lab: Lab, image_url: str, counts: bool, used: int) -> None:
    lab.config(stories_count=counts)

    published_story(lab, image_url)

    quota = lab.get("/me/content_publishing_limit").json()["data"][0]
    assert quota["quota_usage"] == used


def test_a_list_can_be_cut_out_of_time(lab: Lab, image_url: str) -> None:
    posts = []
    for _ in range(4):
        posts.append(published_image(lab, image_url))
        lab.advance(60)
    times = [int(lab.instagram.world.media[post][1].published_at.timestamp()) for post in posts]

    middle = {"since": times[1] - 1, "until": times[2] + 1}
    first = lab.get(f"/v25.0/{ACCOUNT}/media", limit=1, **middle).json()
    second = httpx.get(first["paging"]["next"], trust_env=False).json()

    assert listed(lab, "media", **middle) == [posts[2], posts[1]]
    assert [page["data"][0]["id"] for page in (first, second)] == [posts[2], posts[1]]
    assert "next" not in second["paging"]
    assert error_of(lab.get("/me/media", since="yesterday")) == (100, None)


def test_the_links_of_a_page_stay_on_its_host(lab: Lab, image_url: str) -> None:
    for _ in range(2):
        published_image(lab, image_url)

    page = lab.on_facebook("GET", f"/{ACCOUNT}/media", limit=1).json()

    following = page["paging"]["next"]
    assert urlsplit(following).path == f"/graph.facebook.com/v25.0/{ACCOUNT}/media"
    assert len(httpx.get(following, trust_env=False).json()["data"]) == 1


def test_a_post_is_deleted_with_facebook_login_only(lab: Lab, image_url: str) -> None:
    kept, gone = (published_image(lab, image_url) for _ in range(2))
    page = lab.get(f"/{gone}", fields="permalink").json()["permalink"]
    comment = lab.post(f"/{gone}/comments", message="First").json()["id"]

    refused = lab.http.delete(f"/{gone}")
    deleted = lab.on_facebook("DELETE", f"/{gone}")

    assert error_of(refused) == (100, 33)
    assert deleted.json() == {"success": True, "deleted_id": gone}
    assert listed(lab, "media") == [kept]
    assert [post["id"] for post in lab.posts()] == [kept]
    assert lab.http.get(page).status_code == 404
    assert [error_of(lab.get(f"/{name}")) for name in (gone, comment)] == [(100, 33)] * 2
    assert lab.get("/me/content_publishing_limit").json()["data"][0]["quota_usage"] == 2


def test_paging_goes_on_when_a_post_was_deleted(lab: Lab, image_url: str) -> None:
    oldest, gone, newest = (published_image(lab, image_url) for _ in range(3))
    first = lab.get("/me/media", limit=1).json()

    lab.on_facebook("DELETE", f"/{gone}")
    second = lab.get("/me/media", limit=1, after=first["paging"]["cursors"]["after"]).json()

    assert [page["data"][0]["id"] for page in (first, second)] == [newest, oldest]


def test_a_story_and_a_carousel_are_deleted_whole(lab: Lab, image_url: str) -> None:
    story = published_story(lab, image_url)
    carousel = published_carousel(lab, image_url)
    child = lab.posts()[0]["children"][0]["id"]

    item = lab.on_facebook("DELETE", f"/{child}")
    for whole in (story, carousel):
        assert lab.on_facebook("DELETE", f"/{whole}").json()["success"] is True

    assert error_of(item) == (-1, 2207073)
    assert lab.posts() == []
    assert error_of(lab.get(f"/{child}")) == (100, 33)


def test_what_does_not_exist_cannot_be_deleted(lab: Lab) -> None:
    assert error_of(lab.on_facebook("DELETE", "/18000000000000000")) == (100, 33)
    assert error_of(lab.http.delete("/me")) == (100, 33)


def test_a_deleted_post_is_not_kept(tmp_path: Path, media: MediaServer) -> None:
    url = media.put("a.jpg", picture())
    keep = tmp_path / "keep"
    with serving_instagram(tmp_path / "one", keep=keep) as lab:
        kept, gone = (published_image(lab, url) for _ in range(2))

        lab.on_facebook("DELETE", f"/{gone}")

    assert [re.sub(r"\W.*", "", p.name) for p in keep.rglob("*") if p.is_file()] == [kept] * 2
