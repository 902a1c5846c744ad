"""Meta's own SDK for Python, as it comes from the package index, publishes to the simulated one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from facebook_business.adobjects.iguser import IGUser
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from sandbox.instagram import DEMO_ACCOUNT
from tests.instagram_lab import ACCOUNT, Lab
from tests.media import MediaServer, film, picture

HOSTS = {"": DEMO_ACCOUNT.token, "/graph.facebook.com": DEMO_ACCOUNT.page_token}
"""With Instagram Login and with Facebook Login: another host, another family of tokens."""


@pytest.fixture(params=list(HOSTS), ids=["instagram-login", "facebook-login"])
def user(
    fast_lab: Lab, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[IGUser]:
    """The SDK's account object, with nothing but its address changed."""
    monkeypatch.setattr(FacebookSession, "GRAPH", f"{fast_lab.origin}{request.param}")
    session = FacebookSession(access_token=HOSTS[request.param])
    session.requests.trust_env = False
    api = FacebookAdsApi(session, api_version="v25.0")
    yield IGUser(ACCOUNT, api=api)
    session.requests.close()


def publish(lab: Lab, user: IGUser, **parameters: object) -> str:
    """Make a container, wait until it is ready, publish it; the media id."""
    container = user.create_media(params=parameters)
    lab.clock.sleep(30)
    assert container.api_get(fields=["id"])["id"] == container["id"]
    return str(user.create_media_publish(params={"creation_id": container["id"]})["id"])


def test_an_image(fast_lab: Lab, media: MediaServer, user: IGUser) -> None:
    url = media.put("a.jpg", picture())

    media_id = publish(fast_lab, user, image_url=url, caption="By the SDK #dunes")

    [post] = fast_lab.posts()
    assert (post["id"], post["caption"]) == (media_id, "By the SDK #dunes")
    listed = user.get_media(fields=["caption", "permalink"])
    assert [found["permalink"] for found in listed] == [post["permalink"]]


def test_a_reel(fast_lab: Lab, media: MediaServer, user: IGUser, tmp_path: Path) -> None:
    url = media.put("v.mp4", film(tmp_path / "v.mp4"), "video/mp4")

    media_id = publish(
        fast_lab, user, media_type="REELS", video_url=url, caption="Waves", share_to_feed=True
    )

    [post] = fast_lab.posts()
    assert (post["id"], post["media_type"]) == (media_id, "VIDEO")


def test_a_carousel(fast_lab: Lab, media: MediaServer, user: IGUser, tmp_path: Path) -> None:
    photo = media.put("a.jpg", picture())
    clip = media.put("v.mp4", film(tmp_path / "v.mp4"), "video/mp4")
    first = user.create_media(params={"image_url": photo, "is_carousel_item": True})
    second = user.create_media(
        params={"video_url": clip, "media_type": "VIDEO", "is_carousel_item": True}
    )
    fast_lab.clock.sleep(30)

    media_id = publish(
        fast_lab,
        user,
        media_type="CAROUSEL",
        children=[first["id"], second["id"]],
        caption="Two of them",
    )

    [post] = fast_lab.posts()
    assert post["id"] == media_id
    assert [child["media_type"] for child in post["children"]] == ["IMAGE", "VIDEO"]


def test_a_refusal_is_understood(media: MediaServer, user: IGUser) -> None:
    url = media.put("a.png", picture(kind="PNG"))

    with pytest.raises(FacebookRequestError) as refused:
        user.create_media(params={"image_url": url})

    error = refused.value
    assert (error.api_error_code(), error.api_error_subcode()) == (36001, 2207005)
    assert error.http_status() == 400


def test_the_quota_is_read(user: IGUser) -> None:
    [limit] = user.get_content_publishing_limit(fields=["config", "quota_usage"])

    assert limit["quota_usage"] == 0
    assert limit["config"]["quota_total"] == 100
