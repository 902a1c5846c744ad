"""How the accounts stand, and the rules for an account."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from postwright import account_rules, accounts, clock, containers, starting
from postwright.api.accounts import get_account
from postwright.errors import InvalidPostError, RateLimitedError, TokenInvalidError
from postwright.models import Block, TokenFacts, now_text
from postwright.tokens import Tokens
from tests.unit.core_world import World, finished

pytest_plugins = ("tests.unit.core_fixtures",)


def asked(world: World, account_id: str | None = None) -> tuple[int, Any]:
    """What `GET /api/account` answers."""
    query = {"queryStringParameters": {"accountId": account_id}} if account_id else {}
    answer = get_account(world.app, query)
    return answer["statusCode"], json.loads(answer["body"])


def know(world: World, **facts: Any) -> None:
    """What is known of the stored token."""
    stored = world.app.tokens.stored("default")
    usual: dict[str, Any] = {
        "login": "instagram",
        "user_id": stored.credentials.user_id,
        "username": "postwright.demo",
        "account_type": "BUSINESS",
        "scopes": ["instagram_business_basic", "instagram_business_content_publish"],
        "issued_at": now_text(),
        "expires_at": clock.to_text(clock.in_seconds(30 * 86_400)),
        "parameter_version": stored.version,
    }
    world.store.put_token_facts("default", TokenFacts(**{**usual, **facts}))


def rules(world: World, containers_needed: int = 1) -> list[str]:
    found = account_rules.account_problems(world.app, "default", containers_needed)
    assert all(problem.item == "account default" for problem in found)
    return [problem.rule for problem in found]


# How they stand


def test_an_account_of_which_nothing_is_known_has_all_it_is_assumed_to_have(world: World) -> None:
    status, body = asked(world)

    [account] = body["accounts"]
    assert (status, account["accountId"], account["token"], account["warnings"]) == (
        *(200, "default", None),
        [],
    )
    assert account["posts"] == {
        "used": 0,
        "total": 100,
        "held": 0,
        "left": 100,
        "seenAt": None,
        "freesAt": None,
    }
    assert account["calls"]["source"] == "counted"


def test_the_api_tells_what_is_used_and_asks_instagram_nothing(world: World) -> None:
    world.lab.config(quota_total=5)
    know(world)
    ref = world.begun("g1", kind="carousel", items=3)
    containers.check_quota(world.app, ref)
    world.app.budgets.let_go("default", ref.job_id, published=True)
    containers.check_quota(world.app, world.begun("g2"))
    before = len(world.lab.requests())

    _, body = asked(world, "default")

    [account] = body["accounts"]
    posts, made = account["posts"], account["containers"]
    assert (posts["used"], posts["held"], posts["total"], posts["left"]) == (1, 1, 5, 3)
    assert clock.from_text(posts["freesAt"]) > clock.in_seconds(86_000)
    assert (made["used"], made["reserved"], made["left"]) == (0, 1, 399)
    assert account["calls"]["source"] == "headers"
    assert (account["username"], account["token"]["daysLeft"]) == ("postwright.demo", 30.0)
    assert len(world.lab.requests()) == before


def test_an_account_that_has_no_token_is_unknown(world: World) -> None:
    status, body = asked(world, "nobody")

    assert (status, body["error"]["message"]) == (404, "There is no account nobody.")


@pytest.mark.parametrize(("used", "warns"), [(3, False), (4, True)])
def test_from_eighty_percent_on_people_are_warned(world: World, used: int, warns: bool) -> None:
    world.lab.config(quota_total=5)
    for number in range(used):
        world.lab.published(world.image_on_instagram(f"Post {number}"))
    accounts.read_quota(world.app, "default")

    warnings = accounts.state_of(world.app, "default").warnings

    assert [f"{used} of 5 posts" in warning for warning in warnings] == ([True] if warns else [])


def test_the_share_from_which_people_are_warned_is_a_setting(world: World) -> None:
    world.configure(warn_percent=1, containers_per_day=10)
    containers.check_quota(world.app, world.begun())

    warnings = accounts.state_of(world.app, "default").warnings

    assert "0 of 10 containers of 24 hours are used, 1 reserved." in warnings


def test_a_block_and_refused_calls_are_told(world: World) -> None:
    until = clock.to_text(clock.in_seconds(3600))
    world.store.block_account("default", Block(since=now_text(), until=until, reason="Spam."))
    world.answer({"call": "quota", "throttle_minutes": 20})
    containers_of = world.begun()
    with pytest.raises(RateLimitedError):
        accounts.read_quota(world.app, "default")

    state = accounts.state_of(world.app, containers_of.account_id)

    assert state.warnings[0] == f"Spam. Nothing is sent before {until}."
    assert state.warnings[1].startswith("Instagram refuses calls until about ")
    assert state.calls.percent == 100
    with pytest.raises(RateLimitedError, match="Try again after"):
        accounts.read_quota(world.app, "default")


def test_a_block_that_is_over_is_not_told(world: World) -> None:
    until = clock.to_text(clock.in_seconds(3600))
    world.store.block_account("default", Block(since=now_text(), until=until, reason="Spam."))
    world.advance(3601)

    state = accounts.state_of(world.app, "default")

    assert (state.block, state.warnings) == (None, [])


def test_a_count_of_posts_that_is_a_day_old_says_nothing_any_more(world: World) -> None:
    world.lab.published(world.image_on_instagram())
    accounts.read_quota(world.app, "default")
    fresh = accounts.state_of(world.app, "default").posts
    world.advance(86_401)

    stale = accounts.state_of(world.app, "default").posts

    assert (fresh.used, stale.used) == (1, 0)


# The rules


def test_a_good_account_has_no_problems(world: World) -> None:
    know(world)

    assert rules(world) == []


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"expires_at": "2020-01-01T00:00:00Z"}, "token-life"),
        ({"scopes": ["instagram_business_basic"]}, "token-permissions"),
        ({"account_type": "PERSONAL"}, "account-type"),
        ({"user_id": "17841400000000001"}, "account-user"),
    ],
)
def test_what_is_known_of_a_token_is_checked(
    world: World, facts: dict[str, Any], rule: str
) -> None:
    know(world, **facts)
    world.add_image_group()

    with pytest.raises(InvalidPostError) as at_the_start:
        starting.start(world.app, world.request())
    with pytest.raises(TokenInvalidError, match=r"auth login|Instagram app"):
        containers.check_quota(world.app, world.begun("g2"))

    assert [problem.rule for problem in at_the_start.value.problems] == [rule]
    assert rules(world) == [rule]
    assert world.lab.requests() == []


@pytest.mark.parametrize("left", [3500, 3700])
def test_a_token_needs_an_hour_of_life(world: World, left: int) -> None:
    know(world, expires_at=clock.to_text(clock.in_seconds(left)))

    assert rules(world) == (["token-life"] if left < 3600 else [])


@pytest.mark.parametrize("facts", [{"expires_at": None}, {"scopes": []}, {"account_type": ""}])
def test_what_nobody_knows_is_no_problem(world: World, facts: dict[str, Any]) -> None:
    know(world, **facts)

    assert rules(world) == []


def test_all_that_is_wrong_is_told_at_once(world: World) -> None:
    know(world, scopes=["x"], account_type="PERSONAL")
    world.configure(containers_per_day=2)
    world.lab.config(quota_total=0)
    accounts.read_quota(world.app, "default")

    assert rules(world, 3) == [
        *("token-permissions", "account-type"),
        *("posts-left", "containers-left"),
    ]


def test_no_token_is_a_problem_of_the_account(world: World) -> None:
    found = account_rules.account_problems(world.app, "nobody", 1)

    assert [(one.rule, one.fix) for one in found] == [
        ("token-stored", "Run `postwright auth login --account nobody`.")
    ]


def test_a_block_and_used_up_calls_are_problems(world: World) -> None:
    until = clock.to_text(clock.in_seconds(3600))
    world.store.block_account("default", Block(since=now_text(), until=until, reason="Spam."))
    world.answer({"call": "quota", "throttle_minutes": 20})

    assert rules(world) == ["action-block", "calls-left"]


def test_a_token_of_neither_login_is_refused(world: World) -> None:
    world.cloud.put_credentials("/other", "XYZ-token")
    world.app = replace(world.app, tokens=Tokens(world.cloud.ssm, "/other", 300))

    assert rules(world) == ["token-family"]


def test_a_group_that_was_tried_before_is_not_refused_for_its_containers(world: World) -> None:
    world.configure(containers_per_day=1)
    group = world.add_image_group("g1", ("a.jpg", "b.jpg"))
    ref = world.begun("g1", containers={"0": finished("17900000000000001")})
    world.close(ref, "failed")
    world.executions.end(ref.job_id)

    assert starting.start(world.app, world.request(group.group_id)).new
