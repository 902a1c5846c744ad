"""Hashtag search: what is found, what counts, and who may search."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.instagram import DEMO_ACCOUNT, DEMO_PERSON, SECOND_ACCOUNT, hashtag_world
from sandbox.instagram.hashtag_world import recent, top
from tests.instagram_lab import ACCOUNT, Lab, error_of

HOUR, DAY = 3600, 86_400
MEDIA = "id,caption,media_type,media_url,permalink,timestamp,like_count,comments_count,children"
OTHER_USER_TOKEN = "EAABuserTokenOfThisTest0001"  # noqa: S105 - worth nothing
BUSY, QUIET = "photo", "harbour"
NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)


def searching(lab: Lab, word: str, account: str = ACCOUNT) -> Any:
    return lab.as_person("/ig_hashtag_search", user_id=account, q=word)


def found(lab: Lab, word: str) -> str:
    answer = searching(lab, word)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"][0]["id"])


def posts(lab: Lab, hashtag: str, edge: str, **query: Any) -> list[dict[str, Any]]:
    """All pages."""
    query = {"user_id": ACCOUNT, "fields": MEDIA, "limit": 50} | query
    listed: list[dict[str, Any]] = []
    for _ in range(20):
        page = lab.as_person(f"/{hashtag}/{edge}", **query).json()
        listed += page["data"]
        if "next" not in page.get("paging", {}):
            return listed
        query["after"] = page["paging"]["cursors"]["after"]
    raise AssertionError("the pages do not end")


def counted(lab: Lab, **query: Any) -> list[str]:
    answer = lab.as_person(f"/{ACCOUNT}/recently_searched_hashtags", **query)
    return [row["id"] for row in answer.json()["data"]]


# What is found


def test_a_word_has_one_id_however_it_is_written(lab: Lab) -> None:
    ids = {found(lab, word) for word in ("Sunrise", "sunrise", "SUNRISE")}

    assert ids == {hashtag_world.id_of("sunrise")}
    assert len(ids.pop()) == 17


def test_words_that_differ_in_more_than_case_have_ids_of_their_own(lab: Lab) -> None:
    assert found(lab, "Straße") != found(lab, "strasse")


def test_a_hashtag_tells_its_name_also_after_a_reset(lab: Lab) -> None:
    hashtag = found(lab, "ตลาดริมคลอง")
    lab.http.post("/_control/reset")

    answer = lab.as_person(f"/{hashtag}", fields="id,name")

    assert answer.json() == {"name": "ตลาดริมคลอง", "id": hashtag}


@pytest.mark.parametrize("word", ["#dune", "two words", "sun☀", "a-b", "x" * 101, ""])
def test_what_cannot_be_a_hashtag_is_refused_and_does_not_count(lab: Lab, word: str) -> None:
    answer = searching(lab, word)

    assert error_of(answer) == (100, None)
    assert counted(lab) == []


@pytest.mark.parametrize(
    ("word", "refusal"),
    [
        ("Forbidden", (100, None)),
        ("offensive", (100, None)),
        ("NeverSeen", (24, 2207024)),
        ("nobodyusesthis", (24, 2207024)),
    ],
)
def test_sensitive_and_unused_hashtags_are_refused_and_do_not_count(
    lab: Lab, word: str, refusal: tuple[int, int | None]
) -> None:
    answer = searching(lab, word)

    assert error_of(answer) == refusal
    assert counted(lab) == []


def test_which_hashtags_are_sensitive_or_unused_can_be_set(lab: Lab) -> None:
    lab.config(sensitive_hashtags=["Ours"], unused_hashtags=["Theirs"])

    refusals = [error_of(searching(lab, word)) for word in ("ours", "theirs")]

    assert refusals == [(100, None), (24, 2207024)]
    assert searching(lab, "forbidden").status_code == 200


def test_recent_posts_are_those_of_the_last_24_hours_and_go_on_appearing(lab: Lab) -> None:
    hashtag, now = found(lab, BUSY), lab.clock.now()

    before = posts(lab, hashtag, "recent_media")
    lab.advance(12 * HOUR)
    after = posts(lab, hashtag, "recent_media")

    oldest = min(post["timestamp"] for post in before)
    assert oldest >= (now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
    assert max(post["timestamp"] for post in after) > max(post["timestamp"] for post in before)
    assert {post["id"] for post in before} & {post["id"] for post in after}
    assert not {post["id"] for post in before} <= {post["id"] for post in after}


def test_recent_posts_come_nearly_in_order(lab: Lab) -> None:
    times = [post["timestamp"] for post in posts(lab, found(lab, BUSY), "recent_media")]

    assert times != sorted(times, reverse=True)
    assert times[0] > times[-1]


def test_top_posts_are_ordered_by_likes_and_differ() -> None:
    listed = top(BUSY, NINE)

    likes = [post.likes for post in listed]
    assert likes == sorted(likes, reverse=True)
    assert len(set(likes)) > len(likes) / 2
    assert len({post.comments for post in listed}) > len(likes) / 4
    assert 0 < sum(post.hides_likes for post in listed) < len(likes) / 2
    assert len(listed) > 50


def test_hashtags_are_differently_busy_and_the_same_on_every_machine() -> None:
    busy, quiet = recent(BUSY, NINE), recent(QUIET, NINE)

    assert (len(busy), len(quiet)) == (247, 15)
    assert [post.id for post in quiet[:2]] == ["18081361869154461", "18033233204234657"]


def test_a_found_post_has_its_fields_with_its_hashtag_in_the_caption(lab: Lab) -> None:
    made_up = {post.id: post for post in top(BUSY, lab.clock.now())}

    listed = posts(lab, found(lab, BUSY), "top_media")

    carousels = [post for post in listed if post["media_type"] == "CAROUSEL_ALBUM"]
    assert [post["id"] for post in listed] == list(made_up)
    assert all(("like_count" in post) != made_up[post["id"]].hides_likes for post in listed)
    assert all(f"#{BUSY}" in post["caption"] for post in listed)
    assert all(("media_url" in post) != ("children" in post) for post in listed)
    assert all(len(post["children"]["data"]) >= 2 for post in carousels)
    assert carousels


def test_items_of_a_found_carousel_have_fields_of_their_own(lab: Lab) -> None:
    listed = posts(lab, found(lab, BUSY), "top_media", fields="children{media_type,media_url}")

    [items, *_] = [post["children"]["data"] for post in listed if "children" in post]
    assert all(set(item) == {"id", "media_type", "media_url"} for item in items)


@pytest.mark.parametrize("field", ["username", "owner", "shortcode", "children{caption}"])
def test_what_may_not_be_known_of_strangers_is_refused(lab: Lab, field: str) -> None:
    path = f"/{found(lab, BUSY)}/top_media"

    answer = lab.as_person(path, user_id=ACCOUNT, fields=f"id,{field}")

    assert error_of(answer) == (100, None)
    assert "nonexisting field" in answer.json()["error"]["message"]


# Pages


@pytest.mark.parametrize(("asked", "first"), [({}, 25), ({"limit": 50}, 50), ({"limit": 99}, 50)])
def test_a_page_has_25_posts_and_at_most_50(lab: Lab, asked: dict[str, int], first: int) -> None:
    path = f"/{found(lab, BUSY)}/top_media"

    page = lab.as_person(path, user_id=ACCOUNT, **asked).json()

    assert len(page["data"]) == first
    assert list(page["paging"]["cursors"]) == ["after"]


def test_the_cursor_keeps_its_value_and_leads_on(lab: Lab) -> None:
    path, query = f"/{found(lab, BUSY)}/top_media", {"user_id": ACCOUNT, "limit": 25}

    first = lab.as_person(path, **query).json()
    after = first["paging"]["cursors"]["after"]
    second = lab.as_person(path, **query, after=after).json()

    assert second["paging"]["cursors"] == first["paging"]["cursors"]
    assert not {post["id"] for post in first["data"]} & {post["id"] for post in second["data"]}


def test_all_pages_have_every_post_once_although_time_passes(lab: Lab) -> None:
    hashtag, now = found(lab, BUSY), lab.clock.now()
    expected = [post.id for post in recent(BUSY, now)]

    page = lab.as_person(f"/{hashtag}/recent_media", user_id=ACCOUNT, limit=25).json()
    lab.advance(HOUR)
    listed = [post["id"] for post in page["data"]]
    for _ in range((len(expected) - 1) // 25):
        page = lab.follow(page["paging"]["next"]).json()
        listed += [post["id"] for post in page["data"]]

    assert "next" not in page["paging"]
    assert listed == expected


def test_a_cursor_of_another_list_is_refused(lab: Lab) -> None:
    path = f"/{found(lab, BUSY)}/top_media"
    after = lab.as_person(path, user_id=ACCOUNT).json()["paging"]["cursors"]["after"]

    answer = lab.as_person(f"/{found(lab, QUIET)}/top_media", user_id=ACCOUNT, after=after)

    assert error_of(answer) == (100, None)


# What counts


def test_thirty_hashtags_count_for_seven_days_and_the_next_is_refused(lab: Lab) -> None:
    for number in range(30):
        found(lab, f"word{number}")

    refused = searching(lab, "onemore")
    repeated = searching(lab, "word7")
    of_the_other_account = searching(lab, "onemore", SECOND_ACCOUNT.user_id)

    assert (refused.status_code, error_of(refused)) == (400, (18, 2207034))
    assert repeated.status_code == of_the_other_account.status_code == 200


def test_a_repeated_search_does_not_begin_the_seven_days_anew(lab: Lab) -> None:
    lab.config(hashtag_searches=1)
    found(lab, "first")
    lab.advance(6 * DAY)
    found(lab, "first")

    lab.advance(DAY - 1)
    before = searching(lab, "second")
    lab.advance(1)
    after = searching(lab, "second")

    assert error_of(before) == (18, 2207034)
    assert after.status_code == 200


@pytest.mark.parametrize("edge", ["top_media", "recent_media"])
def test_reading_the_posts_of_a_hashtag_counts_as_a_query(lab: Lab, edge: str) -> None:
    hashtag = found(lab, "first")
    lab.config(hashtag_searches=0)
    lab.advance(7 * DAY)

    answer = lab.as_person(f"/{hashtag}/{edge}", user_id=ACCOUNT)

    assert error_of(answer) == (18, 2207034)


def test_the_hashtags_that_count_are_listed_newest_first_in_pages(lab: Lab) -> None:
    lab.config(hashtag_searches=40)
    ids = [found(lab, f"word{number}") for number in range(33)]

    by_default, most = counted(lab), counted(lab, limit=50)
    first = lab.as_person(f"/{ACCOUNT}/recently_searched_hashtags").json()
    rest = lab.follow(first["paging"]["next"]).json()

    assert by_default == ids[::-1][:25]
    assert most == ids[::-1][:30]
    assert [row["id"] for row in rest["data"]] == ids[::-1][25:]


def test_a_hashtag_is_no_longer_listed_after_seven_days(lab: Lab) -> None:
    found(lab, "first")
    lab.advance(DAY)
    second = found(lab, "second")

    lab.advance(6 * DAY)

    assert counted(lab) == [second]


# Who may search


def test_a_search_names_an_account_that_the_token_opens(lab: Lab) -> None:
    lab.config(tokens={OTHER_USER_TOKEN: {"kind": "user", "account": SECOND_ACCOUNT.user_id}})
    headers = {"Authorization": f"Bearer {OTHER_USER_TOKEN}"}
    path = "/graph.facebook.com/v25.0/ig_hashtag_search"

    answers = [
        lab.http.get(path, params={"q": "dune"} | wanted, headers=headers)
        for wanted in ({"user_id": ACCOUNT}, {}, {"user_id": SECOND_ACCOUNT.user_id})
    ]

    assert [error_of(answer) for answer in answers[:2]] == [(100, 33), (100, None)]
    assert answers[2].status_code == 200


def test_the_token_of_a_page_searches_only_where_that_is_set(lab: Lab) -> None:
    query = {"user_id": ACCOUNT, "q": "dune"}
    refused = lab.on_facebook("GET", "/ig_hashtag_search", **query)
    lab.config(search_with_page_token=True)

    taken = lab.on_facebook("GET", "/ig_hashtag_search", **query)

    assert (refused.status_code, error_of(refused)) == (403, (10, None))
    assert taken.status_code == 200


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"public_content_access": False}, "Instagram Public Content Access"),
        ({"tokens": {DEMO_PERSON.token: {"scopes": ["pages_show_list"]}}}, "instagram_basic"),
    ],
)
def test_a_search_needs_the_feature_and_the_permission(
    lab: Lab, change: dict[str, Any], missing: str
) -> None:
    lab.config(**change)

    answer = searching(lab, "dune")

    assert (answer.status_code, error_of(answer)) == (403, (10, None))
    assert missing in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "path",
    ["ig_hashtag_search", "{hashtag}", "{hashtag}/top_media", "me/recently_searched_hashtags"],
)
def test_there_are_no_hashtags_on_the_instagram_host(lab: Lab, path: str) -> None:
    hashtag = found(lab, "dune")

    answer = lab.get(f"/v25.0/{path.format(hashtag=hashtag)}", user_id=ACCOUNT, q="dune")

    assert error_of(answer) in ((100, 33), (2500, None))


def test_a_hashtag_that_nobody_searched_for_is_not_there(lab: Lab) -> None:
    hashtag = hashtag_world.id_of("searchedbynobody")

    answers = [lab.as_person(f"/{hashtag}{edge}", user_id=ACCOUNT) for edge in ("", "/top_media")]

    assert [error_of(answer) for answer in answers] == [(100, 33)] * 2


def test_searches_use_up_the_allowance_of_the_app_not_of_the_account(lab: Lab) -> None:
    lab.config(app_calls_per_hour=2, calls_per_hour=2)
    for _ in range(2):
        answer = searching(lab, "dune")

    refused = searching(lab, "dune")
    of_the_account = lab.on_facebook("GET", f"/{ACCOUNT}")

    assert [name for name in answer.headers if name.endswith("usage")] == ["x-app-usage"]
    assert (refused.status_code, error_of(refused)) == (403, (4, None))
    assert of_the_account.status_code == 200


@pytest.mark.parametrize(
    ("fault", "path"),
    [
        ({"call": "hashtag_search", "match": "dune"}, "ig_hashtag_search"),
        ({"call": "hashtag"}, "{hashtag}"),
        ({"call": "hashtag_media", "match": "top_media"}, "{hashtag}/top_media"),
        ({"call": "hashtags"}, f"{ACCOUNT}/recently_searched_hashtags"),
    ],
)
def test_every_call_has_a_name_in_the_fault_script(
    lab: Lab, fault: dict[str, str], path: str
) -> None:
    path = f"/{path.format(hashtag=found(lab, 'dune'))}"
    lab.faults(fault | {"error": [2, None]})

    answers = [lab.as_person(path, user_id=ACCOUNT, q="dune") for _ in range(2)]

    assert error_of(answers[0]) == (2, None)
    assert answers[1].status_code == 200


def test_a_search_can_be_throttled_by_script(lab: Lab) -> None:
    lab.faults({"call": "hashtag_search", "throttle_minutes": 5, "error": [4, None]})
    searching(lab, "dune")

    during = searching(lab, "dune")
    lab.advance(5 * 60 + 120)
    after = searching(lab, "dune")

    assert error_of(during) == (4, None)
    assert after.status_code == 200


def test_a_person_opens_both_accounts(lab: Lab) -> None:
    names = [
        lab.as_person(f"/{account.user_id}", fields="username").json()["username"]
        for account in (DEMO_ACCOUNT, SECOND_ACCOUNT)
    ]

    assert names == [DEMO_ACCOUNT.username, SECOND_ACCOUNT.username]
