"""Hashtag searches by several tools on one account: our count is Instagram's, none is refused."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from postwright import clock
from postwright.errors import (
    PostwrightError,
    QuotaExceededError,
    RateLimitedError,
    TokenInvalidError,
    TransientGraphError,
)
from postwright.graph_search import GraphSearch, Hashtag
from postwright.hashtags import searching
from postwright.hashtags.budget import LIMIT, HashtagBudget, Standing, frees_at
from postwright.hashtags.searching import Found
from postwright.models import parse_instant
from sandbox.instagram import DEMO_PERSON
from tests.instagram_lab import ACCOUNT
from tests.unit.core_world import World

pytest_plugins = ("tests.unit.core_fixtures",)

MINUTE, HOUR, DAY = 60, 3600, 86_400
WEEK = 7 * DAY


@dataclass
class Tool:
    """One of our processes: it shares the table with the others, and nothing else."""

    world: World

    def __post_init__(self) -> None:
        self.graph = GraphSearch(self.world.app.searching("default"))
        self.budget = HashtagBudget(self.world.store, "default", self.graph)

    def search(self, *tags: str) -> Found:
        return searching.search(self.budget, self.graph, tags)

    def spend(self, *tags: str) -> None:
        """A search whose posts are not looked at."""
        self.budget.take(tags)
        for tag in tags:
            self.budget.count(tag, self.graph.hashtag_id(tag))

    def standing(self) -> Standing:
        return self.budget.look()


@pytest.fixture
def tool(world: World) -> Tool:
    world.cloud.put_parameter(f"{world.cloud.prefix}/facebook-user-token", DEMO_PERSON.token)
    world.lab.config(app_calls_per_hour=100_000)
    world.configure(calls_per_hour=100_000)
    world.clock.haste = 0.01  # a busy machine is no reason for a call to be given up
    return Tool(world)


def search_elsewhere(world: World, *tags: str) -> list[int]:
    """What another tool does, which knows nothing of ours; the answers' HTTP statuses."""
    return [
        world.lab.as_person("/ig_hashtag_search", user_id=ACCOUNT, q=tag).status_code
        for tag in tags
    ]


def counted_by_instagram(world: World) -> list[str]:
    """The ids that Instagram counts now."""
    answer = world.lab.as_person(f"/{ACCOUNT}/recently_searched_hashtags", limit=30)
    return sorted(row["id"] for row in answer.json()["data"])


def refused_for_the_limit(world: World) -> list[str]:
    """Our own calls that Instagram refused with 18/2207034."""
    return [
        entry["path"]
        for entry in world.lab.requests()
        if entry["user_agent"] == "postwright" and (entry["error"] or {}).get("code") == 18
    ]


def assert_no_drift(world: World, standing: Standing) -> None:
    ours = sorted(str(found.id) for found in standing.hashtags if found.counted)
    assert ours == counted_by_instagram(world)


def seconds_until(at: str | None) -> int:
    assert at is not None
    return round(-clock.seconds_since(parse_instant(at)))


def days_left(tool: Tool) -> float:
    """Of the only hashtag that counts."""
    (found,) = tool.standing().hashtags
    return round((frees_at(found) - clock.now()) / timedelta(days=1), 4)


def words(number: int, start: int = 0) -> list[str]:
    return [f"word{index}" for index in range(start, start + number)]


# One tool


def test_what_is_measured_are_numbers_and_a_repeat_is_free(world: World, tool: Tool) -> None:
    found = tool.search("sea", "dunes")
    again = tool.search("sea")

    assert list(found.measured) == ["sea", "dunes"]
    assert found.measured["sea"].likes > 0
    assert again.measured.keys() == {"sea"}
    assert (tool.standing().used, tool.standing().free) == (2, LIMIT - 2)
    assert_no_drift(world, tool.standing())


def test_nothing_of_other_people_is_asked_for(world: World, tool: Tool) -> None:
    tool.search("sea")

    asked = {
        entry["parameters"]["fields"]
        for entry in world.lab.requests()
        if entry["path"].endswith("_media")
    }
    assert asked == {"like_count,comments_count,timestamp"}


def test_a_hashtag_counts_for_seven_days(world: World, tool: Tool) -> None:
    tool.search("sea")
    assert days_left(tool) == 7

    world.advance(WEEK - 1)
    assert tool.standing().used == 1
    world.advance(1)
    assert tool.standing().used == 0


def test_a_repeat_does_not_begin_the_seven_days_anew(world: World, tool: Tool) -> None:
    tool.search("sea")
    world.advance(6 * DAY)
    tool.search("sea")

    assert days_left(tool) == 1
    world.advance(DAY)
    assert tool.standing().hashtags == []


def test_a_search_elsewhere_after_the_seven_days_begins_them_anew(world: World, tool: Tool) -> None:
    tool.search("sea")
    world.advance(WEEK + HOUR)

    search_elsewhere(world, "sea")

    assert days_left(tool) == 7


def test_a_search_too_many_is_refused_before_the_call_with_the_time_when_one_frees(
    world: World, tool: Tool
) -> None:
    tool.spend(*words(20))
    world.advance(DAY)
    tool.spend(*words(10, start=20))
    calls = len(world.lab.requests())

    with pytest.raises(QuotaExceededError, match="0 of 30 in 7 days are free") as refused:
        tool.search("onemore")

    assert len(world.lab.requests()) == calls + 1  # the list
    assert seconds_until(refused.value.frees_at) == 6 * DAY
    assert "#word0 " in refused.value.sentence
    assert tool.search("word3").stopped is None
    world.advance(6 * DAY)
    assert tool.search("onemore").stopped is None


def test_all_new_hashtags_have_room_or_none_is_searched_for(world: World, tool: Tool) -> None:
    tool.spend(*words(28))
    before = counted_by_instagram(world)

    with pytest.raises(QuotaExceededError, match="needs 3 new hashtag searches, and 2 of 30"):
        tool.search("word1", "one", "two", "three")

    assert counted_by_instagram(world) == before
    tool.spend("word1", "one", "two")
    assert tool.standing().free == 0


def test_more_than_instagram_takes_at_all_is_told(tool: Tool) -> None:
    with pytest.raises(QuotaExceededError, match="Ask for fewer at once") as refused:
        tool.search(*words(31))

    assert refused.value.frees_at is None


def test_a_hashtag_that_nobody_uses_is_told_and_given_back(tool: Tool) -> None:
    found = tool.search("neverseen", "sea")

    assert found.measured.keys() == {"sea"}
    assert found.refused["neverseen"].startswith("No post has this hashtag.")
    assert (tool.standing().used, tool.standing().open) == (1, 0)


def test_a_sensitive_hashtag_is_told_and_its_place_is_free_after_an_hour(
    world: World, tool: Tool
) -> None:
    found = tool.search("forbidden")

    assert found.refused["forbidden"].startswith("Instagram does not search for this hashtag.")
    assert (tool.standing().used, tool.standing().open) == (0, 1)
    world.advance(HOUR)
    assert tool.standing().hashtags == []


def test_as_much_of_the_pool_is_measured_as_there_is_room_for(tool: Tool) -> None:
    tool.spend(*words(27))

    chosen = searching.affordable(
        tool.standing(), ["word0", "named"], ["word1", "first", "named", "second", "third", "word2"]
    )

    assert chosen == ["word0", "named", "word1", "first", "second", "word2"]


# Answers that are not clear


@pytest.mark.parametrize("effect", ["first", "never"])
def test_an_unclear_search_keeps_its_place_until_the_list_decides(
    world: World, tool: Tool, effect: str
) -> None:
    world.answer({"call": "hashtag_search", "status": 500, "body": "", "effect": effect})

    found = tool.search("sea", "dunes")

    assert isinstance(found.stopped, TransientGraphError)
    standing = tool.standing()
    assert len(standing.hashtags) == 1
    assert_no_drift(world, standing)
    world.advance(HOUR)
    assert tool.standing().used == len(counted_by_instagram(world)) == (effect == "first")
    assert tool.standing().open == 0


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ([4, None], RateLimitedError),
        ([190, 463], TokenInvalidError),
        ([10, None], TokenInvalidError),
    ],
)
def test_a_refused_search_is_given_back_with_all_that_follow(
    world: World, tool: Tool, error: list[Any], kind: type[PostwrightError]
) -> None:
    world.answer({"call": "hashtag_search", "error": error})

    found = tool.search("sea", "dunes", "lake")

    assert isinstance(found.stopped, kind)
    assert tool.standing().hashtags == []


def test_what_is_found_before_something_goes_wrong_is_kept(world: World, tool: Tool) -> None:
    world.answer({"call": "hashtag_search", "error": [2, None], "match": "dunes"})

    found = tool.search("sea", "dunes", "lake")

    assert found.measured.keys() == {"sea"}
    assert (tool.standing().used, tool.standing().open) == (1, 1)


def test_a_search_that_counted_keeps_counting_when_its_posts_are_refused(
    world: World, tool: Tool
) -> None:
    world.answer({"call": "hashtag_media", "error": [4, None]})

    found = tool.search("sea")

    assert isinstance(found.stopped, RateLimitedError)
    assert (tool.standing().used, tool.standing().open) == (1, 0)


def test_nothing_is_asked_while_the_calls_of_the_app_are_nearly_used_up(
    world: World, tool: Tool
) -> None:
    world.lab.config(app_calls_per_hour=40)

    found = tool.search(*words(30))
    calls = len(world.lab.requests())

    assert isinstance(found.stopped, RateLimitedError)
    assert 10 < len(found.measured) < 13
    with pytest.raises(RateLimitedError, match="Nothing is asked before"):
        Tool(world).search("sea")
    assert len(world.lab.requests()) == calls
    world.advance(HOUR + MINUTE)
    assert Tool(world).search("sea").stopped is None
    assert all(entry["status"] == 200 for entry in world.lab.requests())


# Several tools


def test_searches_of_another_tool_are_seen_before_a_new_one_is_spent(
    world: World, tool: Tool
) -> None:
    tool.search("sea")
    search_elsewhere(world, *words(29))

    with pytest.raises(QuotaExceededError):
        tool.search("dunes")

    assert tool.search("word7").stopped is None  # counts already, whoever searched for it
    assert_no_drift(world, tool.standing())
    assert refused_for_the_limit(world) == []


def test_two_processes_cannot_both_take_the_last_place(world: World, tool: Tool) -> None:
    search_elsewhere(world, *words(29))
    other = Tool(world)

    tool.budget.take(["sea"])
    with pytest.raises(QuotaExceededError):
        other.search("dunes")
    assert other.search("sea").stopped is None

    assert_no_drift(world, other.standing())


def test_of_two_processes_that_look_at_the_same_moment_one_gets_the_last_place(
    world: World, tool: Tool
) -> None:
    search_elsewhere(world, *words(29))
    other, look = Tool(world), tool.graph.searched_hashtags

    def look_while_the_other_takes() -> list[Hashtag]:
        listed = look()
        if len(listed) < LIMIT:
            other.spend("dunes")
        return listed

    tool.graph.searched_hashtags = look_while_the_other_takes  # type: ignore[method-assign]  # a moment
    with pytest.raises(QuotaExceededError):
        tool.search("sea")

    assert refused_for_the_limit(world) == []
    assert_no_drift(world, other.standing())


def test_a_process_that_died_with_a_place_loses_it_after_an_hour(world: World, tool: Tool) -> None:
    tool.budget.take(["sea"])
    assert Tool(world).standing().open == 1

    world.advance(HOUR)

    assert Tool(world).standing().hashtags == []


def test_a_hashtag_that_two_ask_for_keeps_its_place_while_one_is_under_way(
    world: World, tool: Tool
) -> None:
    tool.budget.take(["sea"])
    other = Tool(world)
    other.budget.take(["sea"])

    other.budget.give_back(["sea"])

    assert tool.standing().open == 1
    tool.budget.give_back(["sea"])
    assert tool.standing().open == 0


def test_a_repeat_whose_days_end_just_before_its_call_takes_up_its_own_place(
    world: World, tool: Tool
) -> None:
    tool.spend("sea")
    world.advance(DAY)
    tool.spend(*words(29))
    world.advance(6 * DAY - 1)
    known = tool.budget.take(["sea"])
    world.advance(2)

    with pytest.raises(QuotaExceededError):
        Tool(world).search("dunes")
    tool.graph.top_posts(known["sea"])
    tool.budget.count("sea", known["sea"])

    assert_no_drift(world, tool.standing())
    assert refused_for_the_limit(world) == []


def test_another_tool_in_the_moment_before_our_call_costs_only_the_call(
    world: World, tool: Tool
) -> None:
    search_elsewhere(world, *words(29))
    find = tool.graph.hashtag_id

    def too_late(tag: str) -> str:
        search_elsewhere(world, "dunes")
        return find(tag)

    tool.graph.hashtag_id = too_late  # type: ignore[method-assign]  # a moment that cannot be met
    found = tool.search("sea")

    assert isinstance(found.stopped, QuotaExceededError)
    assert seconds_until(found.stopped.frees_at) == WEEK
    assert "Another tool" in found.stopped.sentence
    assert tool.standing().open == 0
    assert_no_drift(world, tool.standing())


def test_a_refusal_for_which_the_list_has_no_reason_is_told(world: World, tool: Tool) -> None:
    world.answer({"call": "hashtag_search", "error": [18, 2207034]})

    found = tool.search("sea")

    assert isinstance(found.stopped, QuotaExceededError)
    assert "although it lists 0 of 30" in found.stopped.sentence
    assert tool.standing().hashtags == []


def test_an_app_that_may_not_search_is_told_what_meta_wants(world: World, tool: Tool) -> None:
    world.lab.config(public_content_access=False)

    with pytest.raises(TokenInvalidError, match="Instagram Public Content Access") as refused:
        tool.search("sea")

    assert refused.value.code == 10


def test_searches_that_are_too_many_do_not_keep_the_account_from_publishing(
    world: World, tool: Tool
) -> None:
    world.answer({"call": "hashtag_search", "error": [4, None]})

    found = tool.search("sea")

    assert isinstance(found.stopped, RateLimitedError)
    assert world.app.budgets.throttled_seconds("default") == 0


def test_a_list_without_names_is_enough(world: World, tool: Tool) -> None:
    search_elsewhere(world, "sea")
    rows = tool.graph.searched_hashtags()
    tool.graph.searched_hashtags = lambda: [  # type: ignore[method-assign]  # Instagram may leave them out
        type(row)(row.id, None) for row in rows
    ]

    found = tool.search("sea")

    assert found.measured.keys() == {"sea"}
    assert [(it.tag, it.counted) for it in tool.standing().hashtags] == [("sea", True)]


def test_a_week_of_searches_by_three_tools_shows_no_drift_and_no_refusal(
    world: World, tool: Tool
) -> None:
    """The long form is bench/hashtags.py."""
    chance = random.Random(1)  # noqa: S311 - a run must repeat under its seed
    tools, vocabulary = [tool, Tool(world)], words(60)
    search_elsewhere(world, *words(20))
    promised: list[str | None] = []

    def ours(which: Tool, wish: list[str]) -> None:
        try:
            which.search(*wish)
        except QuotaExceededError as error:
            promised.append(error.frees_at)

    for _ in range(30):
        wishes = [chance.sample(vocabulary, chance.randint(1, 3)) for _ in tools]
        match chance.randrange(4):
            case 0:
                search_elsewhere(world, chance.choice(vocabulary))
            case 1:
                with ThreadPoolExecutor(2) as pool:
                    list(pool.map(ours, tools, wishes))
            case _:
                ours(chance.choice(tools), wishes[0])
        assert_no_drift(world, tools[0].standing())
        world.advance(chance.expovariate(1 / (6 * HOUR)))

    assert refused_for_the_limit(world) == []
    assert len([at for at in promised if at]) == len(promised) > 3
