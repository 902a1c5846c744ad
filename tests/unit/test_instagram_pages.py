"""What a person sees behind a permalink."""

from __future__ import annotations

from pathlib import Path

from sandbox.instagram import DEMO_ACCOUNT
from tests.instagram_lab import Lab
from tests.media import MediaServer, film, picture

HOSTILE = "<script>alert('&')</script>\n\"quoted\" ‮ 🌊"


def published_page(lab: Lab, media: MediaServer, caption: str, alt_text: str = "") -> str:
    url = media.put("a.jpg", picture())
    container = lab.container(image_url=url, caption=caption, alt_text=alt_text)
    lab.advance(3)
    lab.published(container)
    answer = lab.http.get(lab.posts()[0]["permalink"])
    assert answer.status_code == 200
    return answer.text


def test_a_permalink_shows_the_post(lab: Lab, media: MediaServer) -> None:
    page = published_page(lab, media, "First line\nSecond line", "A teal square")

    assert "First line\nSecond line" in page
    assert 'alt="A teal square"' in page
    assert f'src="/_media/{lab.posts()[0]["id"]}"' in page
    assert DEMO_ACCOUNT.username in page
    assert " UTC</time>" in page


def test_addresses_without_their_last_slash_lead_on(lab: Lab, media: MediaServer) -> None:
    published_page(lab, media, "x")
    permalink = lab.posts()[0]["permalink"]
    profile = f"{lab.origin}/{DEMO_ACCOUNT.username}/"

    answers = [lab.http.get(address.rstrip("/")) for address in (permalink, profile)]

    assert [answer.status_code for answer in answers] == [301, 301]
    assert [f"{lab.origin}{a.headers['Location']}" for a in answers] == [permalink, profile]


def test_texts_from_outside_are_escaped(lab: Lab, media: MediaServer) -> None:
    page = published_page(lab, media, HOSTILE, HOSTILE)

    assert "<script" not in page
    assert "&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;" in page


def test_a_broken_surrogate_in_a_caption_does_no_harm(lab: Lab, media: MediaServer) -> None:
    body = (
        b'{"image_url": "%s", "caption": "half \\ud83c"}' % media.put("a.jpg", picture()).encode()
    )

    container = lab.http.post(
        "/me/media", content=body, headers={"Content-Type": "application/json"}
    ).json()["id"]
    lab.advance(3)
    lab.published(container)

    assert "half ?" in lab.http.get(lab.posts()[0]["permalink"]).text


def test_pages_allow_no_script_and_nothing_foreign(lab: Lab, media: MediaServer) -> None:
    published_page(lab, media, "x")

    for path in (lab.posts()[0]["permalink"], f"/{DEMO_ACCOUNT.username}/", "/p/AAAAAAAAAAA/"):
        answer = lab.http.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert "style=" not in answer.text
        assert "://" not in answer.text


def test_a_page_shows_no_token_and_no_signature(lab: Lab, media: MediaServer) -> None:
    secret = f"{DEMO_ACCOUNT.token} https://b.s3.amazonaws.com/k?X-Amz-Signature=abc"

    page = published_page(lab, media, secret, secret)

    assert DEMO_ACCOUNT.token not in page
    assert "X-Amz-Signature" not in page


def test_a_carousel_page_shows_its_items_in_order(
    fast_lab: Lab, media: MediaServer, tmp_path: Path
) -> None:
    image = fast_lab.container(
        image_url=media.put("1.jpg", picture()), is_carousel_item="true", alt_text="One"
    )
    video = fast_lab.container(
        media_type="VIDEO",
        video_url=media.put("2.mp4", film(tmp_path / "2.mp4"), "video/mp4"),
        is_carousel_item="true",
    )
    fast_lab.clock.sleep(25)
    parent = fast_lab.container(media_type="CAROUSEL", children=f"{video},{image}")
    fast_lab.clock.sleep(3)
    fast_lab.published(parent)
    [post] = fast_lab.posts()

    page = fast_lab.http.get(post["permalink"]).text
    grid = fast_lab.http.get(f"/{DEMO_ACCOUNT.username}/").text

    first, second = (child["id"] for child in post["children"])
    assert 0 < page.index(f'<video src="/_media/{first}"') < page.index(f'src="/_media/{second}"')
    assert f'src="/_media/{first}/thumbnail"' in grid


def test_media_is_served_whole_and_in_ranges(lab: Lab, media: MediaServer) -> None:
    published_page(lab, media, "x")
    url = f"/_media/{lab.posts()[0]['id']}"

    whole = lab.http.get(url)
    part = lab.http.get(url, headers={"Range": "bytes=2-5"})

    assert (whole.content, whole.headers["content-type"]) == (picture(), "image/jpeg")
    assert (part.status_code, part.content) == (206, picture()[2:6])


def test_the_profile_lists_posts_newest_first(lab: Lab, media: MediaServer) -> None:
    empty = lab.http.get(f"/{DEMO_ACCOUNT.username}/").text
    published_page(lab, media, "Older")
    published_page(lab, media, "Newer")

    grid = lab.http.get(f"/{DEMO_ACCOUNT.username}/").text

    assert "No posts yet" in empty
    assert 0 < grid.index('alt="Newer"') < grid.index('alt="Older"')


def test_the_root_leads_to_the_profile(lab: Lab) -> None:
    answer = lab.http.get("/", follow_redirects=True)

    assert answer.url.path == f"/{DEMO_ACCOUNT.username}/"


def test_what_was_not_published_is_not_found(lab: Lab) -> None:
    paths = ["/p/AAAAAAAAAAA/", "/reel/AAAAAAAAAAA/", "/_media/1", "/_media/1/thumbnail"]

    assert [lab.http.get(path).status_code for path in paths] == [404] * 4


def test_pages_are_not_graph_calls(lab: Lab) -> None:
    for path in ("/favicon.ico", "/_pages.css", f"/{DEMO_ACCOUNT.username}/"):
        assert lab.http.get(path).status_code in (200, 204)

    assert lab.requests() == []
