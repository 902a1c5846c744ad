"""One process at a time replaces an account's token, and what is known of it says which one."""

from __future__ import annotations

import pytest

from postwright import clock, logins
from postwright.errors import TokenInvalidError
from postwright.models import TokenFacts, now_text
from sandbox.functions import TIMEOUT_SECONDS
from sandbox.instagram import DEMO_ACCOUNT, SECOND_ACCOUNT
from tests.unit.core_world import World

pytest_plugins = ("tests.unit.core_fixtures",)


def facts(**changes: object) -> TokenFacts:
    known = {
        "login": "instagram",
        "user_id": SECOND_ACCOUNT.user_id,
        "issued_at": now_text(),
        "parameter_version": 0,
        **changes,
    }
    return TokenFacts.model_validate(known)


def test_facts_are_kept_without_what_is_not_known(world: World) -> None:
    known = facts(expires_at=clock.to_text(clock.in_seconds(60)), scopes=["a", "b"], is_guess=True)

    world.store.put_token_facts("one", known)

    assert world.store.token_facts("one") == known
    assert world.store.token_facts("two") is None


def test_facts_that_are_written_anew_lose_what_is_no_longer_so(world: World) -> None:
    world.store.put_token_facts("one", facts(trouble="It was refused.", trouble_since=now_text()))

    world.store.put_token_facts("one", facts())

    found = world.store.token_facts("one")
    assert found is not None
    assert found.trouble is None


def test_a_login_is_stored_with_the_version_that_its_facts_are_about(world: World) -> None:
    first = logins.store_login(world.app, "shop", DEMO_ACCOUNT.token, searching=None, facts=facts())
    second = logins.store_login(
        world.app, "shop", SECOND_ACCOUNT.token, searching=None, facts=facts()
    )

    assert second.parameter_version == first.parameter_version + 1
    assert world.store.token_facts("shop") == second
    stored = world.app.tokens.stored("shop")
    assert stored.version == second.parameter_version
    assert stored.credentials.token == SECOND_ACCOUNT.token


def test_a_forgotten_login_leaves_no_facts(world: World) -> None:
    logins.store_login(world.app, "gone", DEMO_ACCOUNT.token, searching=None, facts=facts())

    logins.forget(world.app, "gone")

    assert world.store.token_facts("gone") is None
    with pytest.raises(TokenInvalidError):
        world.app.tokens.stored("gone")


def test_two_processes_never_replace_a_token_at_once(world: World) -> None:
    with (
        logins.alone(world.app, "one"),
        pytest.raises(logins.TokenBusyError, match="Try again"),
        logins.alone(world.app, "one"),
    ):
        pytest.fail("two were let in")

    with logins.alone(world.app, "one"):
        assert not world.store.lease_token("one", "somebody", 60)


def test_each_account_has_a_lease_of_its_own(world: World) -> None:
    with logins.alone(world.app, "one"), logins.alone(world.app, "two"):
        assert not world.store.lease_token("two", "somebody", 60)


def test_a_login_waits_for_one_that_died(world: World) -> None:
    world.store.lease_token("one", "who died", logins.LEASE_SECONDS)

    logins.store_login(world.app, "one", DEMO_ACCOUNT.token, searching=None, facts=facts())

    assert sum(world.clock.slept) == pytest.approx(logins.LEASE_SECONDS, abs=2)
    assert world.app.tokens.stored("one").credentials.token == DEMO_ACCOUNT.token


def test_a_lease_outlives_the_function_that_has_it() -> None:
    assert logins.LEASE_SECONDS > TIMEOUT_SECONDS


def test_who_lost_the_lease_does_not_take_it_from_another(world: World) -> None:
    world.store.lease_token("one", "slow", 1)
    world.advance(2)
    world.store.lease_token("one", "next", 60)

    world.store.free_token("one", "slow")

    assert not world.store.lease_token("one", "third", 60)


def test_a_token_of_facebook_login_publishes_over_its_own_host(world: World) -> None:
    world.app.tokens.store("page", DEMO_ACCOUNT.page_token, DEMO_ACCOUNT.user_id, searching=None)

    account = world.app.instagram("page").account()

    assert (account.user_id, account.username) == (DEMO_ACCOUNT.user_id, DEMO_ACCOUNT.username)
    assert world.app.instagram("page").quota().used == 0
    paths = [entry["path"] for entry in world.lab.requests()]
    assert all("graph.facebook.com" in path for path in paths), paths


def test_a_login_of_the_other_kind_changes_the_host_in_the_middle_of_a_run(world: World) -> None:
    client = world.app.instagram("default")
    tokens = world.app.tokens
    before = tokens.credentials("default")
    world.lab.config(tokens={DEMO_ACCOUNT.token: "revoked"})
    tokens.store("default", DEMO_ACCOUNT.page_token, DEMO_ACCOUNT.user_id, searching=None)

    quota = client.quota()

    tokens.store("default", before.token, before.user_id, searching=None)
    assert quota.used == 0


def test_searches_need_a_facebook_login(world: World) -> None:
    with pytest.raises(TokenInvalidError, match="auth login --login facebook`"):
        world.app.searching("default")


def test_searches_use_the_token_of_the_facebook_user(world: World) -> None:
    world.app.tokens.store(
        "page",
        DEMO_ACCOUNT.page_token,
        DEMO_ACCOUNT.user_id,
        searching=DEMO_ACCOUNT.page_token,
    )

    assert world.app.searching("page").account().username == DEMO_ACCOUNT.username
