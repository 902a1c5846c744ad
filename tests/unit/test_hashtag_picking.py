"""Which hashtags a post gets: the best, the same under a seed, and not those of the last posts."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postwright import clock
from postwright.errors import InvalidPostError
from postwright.hashtags.picking import pick
from postwright.hashtags.statistics import PublicPost, PublicPosts, Statistics, measure

POOL = [f"tag{number:03}" for number in range(100)]


def statistics(likes: float, comments: float = 0, posts_per_hour: float = 0) -> Statistics:
    return Statistics(
        measured_at=clock.to_text(clock.now()),
        likes=likes,
        comments=comments,
        posts_per_hour=posts_per_hour,
    )


def post(likes: int | None = 0, comments: int = 0, minutes_ago: float = 0) -> PublicPost:
    return PublicPost(likes, comments, clock.now() - timedelta(minutes=minutes_ago))


# Picking


def test_the_same_seed_makes_the_same_pick() -> None:
    assert pick(POOL, 5, seed="a") == pick(POOL, 5, seed="a")
    assert pick(POOL, 5, seed="a").tags != pick(POOL, 5, seed="b").tags


def test_a_pick_is_the_same_on_every_machine() -> None:
    assert pick(POOL, 5, seed="demo/group-1").tags == [
        "tag000",
        "tag001",
        "tag010",
        "tag013",
        "tag020",
    ]


def test_a_pick_has_so_many_different_hashtags_in_the_order_of_the_ranking() -> None:
    found = pick(POOL, 30, seed="a").tags

    assert len(set(found)) == 30
    assert list(found) == sorted(found)


def test_the_better_ranked_are_picked_more_often_and_others_too() -> None:
    picked = Counter(tag for number in range(300) for tag in pick(POOL, 5, seed=str(number)).tags)

    best, middle = (sum(picked[tag] for tag in POOL[a:b]) for a, b in ((0, 5), (10, 15)))
    assert best > 2 * middle > 0
    assert len(picked) > 20


def test_a_set_is_not_repeated_and_shares_at_most_half_with_each_of_the_last_posts() -> None:
    before: list[set[str]] = []

    for number in range(30):
        found = pick(POOL, 5, seed=str(number), last_posts=before[:10])
        assert all(len(set(found.tags) & tags) <= 2 for tags in before[:10])
        assert found.overlap <= found.overlap_wanted == 2
        before.insert(0, set(found.tags))


def test_a_pool_that_is_too_small_shares_more_but_never_the_whole_set() -> None:
    small = POOL[:6]
    before = [set(found) for found in list(combinations(small, 5))[:5]]

    found = pick(small, 5, seed="a", last_posts=before)

    assert set(found.tags) not in before
    assert found.overlap == 4 > found.overlap_wanted


@pytest.mark.parametrize(
    ("pool", "count", "before"),
    [([], 1, []), (POOL[:4], 5, []), (POOL[:5], 5, [set(POOL[:5])]), (POOL[:1], 1, [{POOL[0]}])],
)
def test_a_pool_without_a_new_set_is_told(
    pool: list[str], count: int, before: list[set[str]]
) -> None:
    with pytest.raises(InvalidPostError, match="postwright hashtags pool add"):
        pick(pool, count, seed="a", last_posts=before)


@pytest.mark.parametrize("count", [-1, 0, 31])
def test_more_than_instagram_takes_is_refused(count: int) -> None:
    with pytest.raises(InvalidPostError, match="1 to 30, better at most 5"):
        pick(POOL, count, seed="a")


@settings(max_examples=30, deadline=None)
@given(
    size=st.integers(1, 14),
    count=st.integers(1, 7),
    seed=st.text(max_size=5),
    before=st.lists(st.sets(st.sampled_from(POOL[:14]), min_size=1, max_size=6), max_size=12),
)
def test_whatever_came_before_a_pick_is_new_or_there_is_none(
    size: int, count: int, seed: str, before: list[set[str]]
) -> None:
    pool = POOL[:size]
    try:
        found = pick(pool, count, seed=seed, last_posts=before)
    except InvalidPostError:
        assert all(set(one) in before for one in combinations(pool, count))
        return

    assert len(set(found.tags)) == count
    assert set(found.tags) <= set(pool)
    assert set(found.tags) not in before


def test_a_pool_of_thousands_is_picked_from() -> None:
    thousands = [f"tag{number}" for number in range(5000)]

    assert len(pick(thousands, 1, seed="a").tags) == 1


# What is measured


def test_the_median_top_post_counts_and_hidden_likes_do_not() -> None:
    top = PublicPosts([post(10, 1), post(30, 3), post(None, 2), post(1_000_000, 9)], complete=True)

    found = measure(top, PublicPosts([], complete=True))

    assert (found.likes, found.comments, found.posts_per_hour) == (30, 2.5, 0)


def test_a_whole_list_of_recent_posts_covers_a_day() -> None:
    recent = PublicPosts([post(minutes_ago=5)] * 12, complete=True)

    assert measure(PublicPosts([], complete=True), recent).posts_per_hour == 0.5


def test_a_part_of_the_recent_posts_covers_the_time_back_to_its_oldest() -> None:
    recent = PublicPosts([post(minutes_ago=10), post(minutes_ago=30)] * 25, complete=False)

    assert measure(PublicPosts([], complete=True), recent).posts_per_hour == pytest.approx(100, 0.1)


def test_more_engagement_is_better_and_more_crowd_is_worse() -> None:
    assert statistics(likes=1000).score > statistics(likes=100).score
    assert statistics(likes=100, comments=50).score > statistics(likes=100).score
    assert statistics(1000, posts_per_hour=1).score > statistics(1000, posts_per_hour=100).score
    assert statistics(likes=0).score == 0


def test_a_score_is_as_documented() -> None:
    assert statistics(likes=969, comments=10, posts_per_hour=9).score == 1.5


def test_what_was_measured_is_old_after_so_many_days() -> None:
    then = clock.to_text(clock.now() - timedelta(days=3))
    found = Statistics(measured_at=then, likes=1, comments=1, posts_per_hour=1)

    assert (found.is_stale(2), found.is_stale(4)) == (True, False)
