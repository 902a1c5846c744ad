"""The pages of a list of posts, against a slow and simple way to make them; and the quota."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.instagram.paging import cursor
from sandbox.instagram.posts import Media, Posts

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
MINUTES = (0, 10, 10, 20, 30)
"""When the posts were made; two of them in one instant."""
EDGES = (None, *(NOON + timedelta(minutes=minute) for minute in (0, 10, 15, 30)))


def post(number: int, minute: int, kind: str = "FEED") -> Media:
    at = NOON + timedelta(minutes=minute)
    return Media(f"{number}", "IMAGE", kind, f"c{number}", at, shortcode=f"s{number}")


@pytest.fixture
def posts() -> Posts:
    made = Posts()
    for number, minute in enumerate(MINUTES):
        made.add(post(number, minute))
    return made


def simply(
    posts: Posts,
    limit: int,
    side: tuple[str, int] | None,
    since: datetime | None,
    until: datetime | None,
) -> tuple[list[str], bool, bool]:
    """Ids of the page, whether there are older ones, whether there are newer ones."""
    window = [
        int(media.id)
        for media in posts.newest_first()
        if (since is None or media.published_at >= since)
        and (until is None or media.published_at <= until)
    ]
    shown = window[:limit]
    if side is not None and side[0] == "after":
        shown = [number for number in window if number < side[1]][:limit]
    elif side is not None:
        shown = [number for number in window if number > side[1]][-limit:]
    older = bool(shown) and window[-1] < shown[-1]
    newer = bool(shown) and window[0] > shown[0]
    return [f"{number}" for number in shown], older, newer


@pytest.mark.parametrize("limit", [1, 2, 9])
@pytest.mark.parametrize(
    "side", [None, *itertools.product(("after", "before"), range(len(MINUTES)))], ids=str
)
def test_every_page_of_every_window(posts: Posts, limit: int, side: tuple[str, int] | None) -> None:
    after, before = (
        cursor(f"{side[1]}") if side is not None and side[0] == name else None
        for name in ("after", "before")
    )

    for since, until in itertools.product(EDGES, EDGES):
        page = posts.page(limit, after, before, since=since, until=until)

        found = [media.id for media in page.items], page.has_next, page.has_previous
        assert found == simply(posts, limit, side, since, until), (since, until)


def test_the_quota_counts_what_is_younger_than_an_instant(posts: Posts) -> None:
    at = [NOON + timedelta(minutes=minute) for minute in (30, 29, 10, -1)]

    assert [posts.published_since(instant) for instant in at] == [0, 1, 2, 5]


def test_a_story_is_over_when_its_day_is() -> None:
    story = post(1, 0, "STORY")

    over = [story.is_over(NOON + timedelta(days=1, seconds=seconds)) for seconds in (-1, 0)]

    assert over == [False, True]


def test_a_carousel_uses_up_the_ids_of_its_items() -> None:
    whole = replace(post(1, 0), children=(replace(post(2, 0), shortcode=None),))

    assert {"1", "c1", "s1", "2", "c2"} == {*whole.ids()}
