"""Comments: making, listing, hiding, deleting, and the call that lies about having failed."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.instagram import DEMO_ACCOUNT
from tests.instagram_lab import ACCOUNT, Lab, error_of
from tests.media import MediaServer, picture


@pytest.fixture
def post(lab: Lab, media: MediaServer) -> str:
    """The id of a published image."""
    container = lab.container(image_url=media.put("a.jpg", picture()), caption="Hello")
    lab.advance(3)
    return lab.published(container)


def comment(lab: Lab, media_id: str, message: str) -> str:
    answer = lab.post(f"/{media_id}/comments", message=message)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def count(lab: Lab, media_id: str) -> int:
    return int(lab.get(f"/{media_id}", fields="comments_count").json()["comments_count"])


def test_a_comment_is_made_and_read(lab: Lab, post: str) -> None:
    comment_id = comment(lab, post, "First & foremost 🌊\nsecond line")

    fields = "id,text,timestamp,username,from{id,username},like_count,hidden,parent_id,media{id}"
    read = lab.get(f"/{comment_id}", fields=fields).json()

    assert re.fullmatch(r"178\d{14}", comment_id)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000", read.pop("timestamp"))
    assert read == {
        "id": comment_id,
        "text": "First & foremost 🌊\nsecond line",
        "username": DEMO_ACCOUNT.username,
        "from": {"id": ACCOUNT, "username": DEMO_ACCOUNT.username},
        "like_count": 0,
        "hidden": False,
        "media": {"id": post},
    }


def test_without_fields_a_comment_answers_time_text_and_id(lab: Lab, post: str) -> None:
    comment_id = comment(lab, post, "First")

    [listed] = lab.get(f"/{post}/comments").json()["data"]

    assert set(listed) == {"id", "text", "timestamp"}
    assert lab.get(f"/{comment_id}").json() == listed


def test_comments_are_listed_newest_first_and_counted(lab: Lab, post: str) -> None:
    made = [comment(lab, post, f"Comment {n}") for n in range(3)]

    listed = lab.get(f"/{post}/comments", fields="id,text").json()

    assert [row["id"] for row in listed["data"]] == made[::-1]
    assert "next" not in listed["paging"]
    assert count(lab, post) == 3


def test_a_media_answers_its_comments_as_a_field(lab: Lab, post: str) -> None:
    empty = lab.get(f"/{post}", fields="comments").json()
    comment(lab, post, "First")

    read = lab.get(f"/{post}", fields="comments{text,from{username},user}").json()

    assert empty == {"id": post}
    [shown] = read["comments"]["data"]
    assert (shown["text"], shown["user"]) == ("First", {"id": ACCOUNT})
    assert shown["from"] == {"username": DEMO_ACCOUNT.username, "id": ACCOUNT}


def test_a_page_has_at_most_50_comments(lab: Lab, post: str) -> None:
    made = [comment(lab, post, f"Comment {n}") for n in range(60)][::-1]

    first = lab.get(f"/v25.0/{post}/comments", limit=1000, fields="id").json()
    second = httpx.get(first["paging"]["next"], trust_env=False).json()
    default = lab.get(f"/{post}/comments").json()["data"]

    pages = [[row["id"] for row in page["data"]] for page in (first, second)]
    assert pages == [made[:50], made[50:]]
    assert len(default) == 25
    following = urlsplit(first["paging"]["next"])
    assert following.path == f"/v25.0/{post}/comments"
    assert parse_qs(following.query)["access_token"] == [DEMO_ACCOUNT.token]
    assert "next" not in second["paging"]
    assert "previous" in second["paging"]


def test_pages_go_back_as_well(lab: Lab, post: str) -> None:
    made = [comment(lab, post, f"Comment {n}") for n in range(5)][::-1]

    last = lab.get(f"/{post}/comments", limit=2, fields="id").json()
    for _ in range(2):
        last = lab.get(
            f"/{post}/comments", limit=2, after=last["paging"]["cursors"]["after"], fields="id"
        ).json()
    back = lab.get(
        f"/{post}/comments", limit=2, before=last["paging"]["cursors"]["before"], fields="id"
    ).json()

    assert [row["id"] for row in last["data"]] == made[4:]
    assert [row["id"] for row in back["data"]] == made[2:4]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"after": "nonsense"}, {"fields": "shoe_size"}])
def test_wrong_reading_is_refused(lab: Lab, post: str, query: dict[str, str]) -> None:
    comment(lab, post, "First")

    assert error_of(lab.get(f"/{post}/comments", **query)) == (100, None)


def test_replies_are_apart_and_count(lab: Lab, post: str) -> None:
    parent = comment(lab, post, "First")

    replies = [lab.post(f"/{parent}/replies", message=f"Reply {n}").json()["id"] for n in range(2)]

    listed = lab.get(f"/{parent}/replies", fields="id,parent_id").json()["data"]
    nested = lab.get(f"/{parent}", fields="replies{id}").json()["replies"]["data"]
    assert [row["id"] for row in listed] == replies[::-1]
    assert {row["parent_id"] for row in listed} == {parent}
    assert [row["id"] for row in nested] == replies[::-1]
    assert len(lab.get(f"/{post}/comments").json()["data"]) == 1
    assert count(lab, post) == 3
    assert error_of(lab.post(f"/{replies[0]}/replies", message="Deeper")) == (100, None)


def test_fields_on_the_post_make_the_comment_and_then_answer_an_error(lab: Lab, post: str) -> None:
    answer = lab.post(f"/{post}/comments", message="First", fields="id,text")

    assert (answer.status_code, error_of(answer)) == (400, (20, 1772107))
    [made] = lab.get(f"/{post}/comments", fields="text").json()["data"]
    assert made["text"] == "First"


def test_a_comment_is_hidden_and_shown(lab: Lab, post: str) -> None:
    comment_id = comment(lab, post, "Rude words")
    permalink = lab.posts()[0]["permalink"]

    hidden = lab.post(f"/{comment_id}?hide=true").json()
    page_while_hidden = lab.http.get(permalink).text
    told = lab.get(f"/{comment_id}", fields="hidden").json()["hidden"]
    lab.post(f"/{comment_id}", hide="false")

    assert hidden == {"success": True}
    assert told is True
    assert "Rude words" not in page_while_hidden
    assert "Rude words" in lab.http.get(permalink).text


def test_a_deleted_comment_is_gone_with_its_replies(lab: Lab, post: str) -> None:
    comment_id = comment(lab, post, "First")
    reply = lab.post(f"/{comment_id}/replies", message="Reply").json()["id"]

    answer = lab.http.delete(f"/{comment_id}")

    assert answer.json() == {"success": True}
    for gone in (comment_id, reply):
        assert error_of(lab.get(f"/{gone}")) == (100, 33)
    assert count(lab, post) == 0


def test_a_deleted_reply_leaves_the_comment(lab: Lab, post: str) -> None:
    comment_id = comment(lab, post, "First")
    reply = lab.post(f"/{comment_id}/replies", message="Reply").json()["id"]

    lab.http.delete(f"/{reply}")

    assert lab.get(f"/{comment_id}/replies").json() == {"data": []}
    assert count(lab, post) == 1


def test_comments_can_be_switched_off_and_on(lab: Lab, post: str) -> None:
    off = lab.post(f"/{post}?comment_enabled=false").json()
    told = lab.get(f"/{post}", fields="is_comment_enabled").json()["is_comment_enabled"]
    refused = lab.post(f"/{post}/comments", message="First")
    lab.post(f"/{post}", comment_enabled="true")

    assert off == {"success": True}
    assert told is False
    assert error_of(refused) == (100, None)
    assert comment(lab, post, "First")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("edge", ["comments", "replies"])
def test_what_does_not_exist_has_no_comments(lab: Lab, method: str, edge: str) -> None:
    answer = lab.http.request(method, f"/17900000000000000/{edge}", params={"message": "x"})

    assert error_of(answer) == (100, 33)


def test_an_empty_comment_is_refused(lab: Lab, post: str) -> None:
    assert error_of(lab.post(f"/{post}/comments", message="")) == (100, None)


def test_a_change_must_say_what_to_change(lab: Lab, post: str) -> None:
    comment_id = comment(lab, post, "First")

    assert error_of(lab.post(f"/{post}", caption="Another caption")) == (100, None)
    assert error_of(lab.post(f"/{comment_id}")) == (100, None)


def test_the_page_of_a_post_shows_its_comments(lab: Lab, post: str) -> None:
    first = comment(lab, post, "<b>First</b>")
    comment(lab, post, "Second")
    lab.post(f"/{first}/replies", message="In between")

    page = lab.http.get(lab.posts()[0]["permalink"]).text

    assert "&lt;b&gt;First&lt;/b&gt;" in page
    assert page.index("First") < page.index("In between") < page.index("Second")


def test_comments_end_with_a_reset(lab: Lab, post: str) -> None:
    comment_id = comment(lab, post, "First")

    lab.http.post("/_control/reset")

    assert error_of(lab.get(f"/{comment_id}")) == (100, 33)
