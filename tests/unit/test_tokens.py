"""Tokens and user ids from the Parameter Store, kept for a while and never shown."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from postwright.errors import TokenInvalidError
from postwright.tokens import Credentials, Tokens
from sandbox.instagram import DEMO_ACCOUNT
from tests.unit.core_world import Cloud, HandClock

pytest_plugins = ("tests.unit.core_fixtures",)

CACHE_SECONDS = 300
OTHER_TOKEN = "IGAAAnotherTokenThatOpensNothing"  # noqa: S105 - worth nothing


class CountingClient:
    """A client of the Parameter Store that counts its reads."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.calls = 0

    def get_parameters(self, **parameters: Any) -> Any:
        self.calls += 1
        return self._client.get_parameters(**parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


@pytest.fixture
def prefix(cloud: Cloud, request: pytest.FixtureRequest) -> str:
    """A path of its own with the default account in it."""
    name = f"/tokens/{abs(hash(request.node.name))}"
    cloud.put_credentials(name)
    return name


@pytest.fixture
def client(cloud: Cloud) -> Any:
    return CountingClient(cloud.ssm)


@pytest.fixture
def tokens(client: Any, prefix: str, hand: HandClock) -> Tokens:
    assert hand.now()
    return Tokens(client, prefix, CACHE_SECONDS)


def test_the_default_account_lies_under_the_prefix_itself(tokens: Tokens) -> None:
    found = tokens.credentials("default")

    assert found == Credentials(DEMO_ACCOUNT.user_id, DEMO_ACCOUNT.token)


def test_other_accounts_lie_in_a_folder_of_their_own(
    tokens: Tokens, cloud: Cloud, prefix: str
) -> None:
    cloud.put_credentials(f"{prefix}/second", OTHER_TOKEN)

    assert tokens.credentials("second").token == OTHER_TOKEN
    assert tokens.credentials("default").token == DEMO_ACCOUNT.token


def test_a_slash_at_the_end_of_the_prefix_does_no_harm(client: Any, prefix: str) -> None:
    assert Tokens(client, f"{prefix}/", 0).credentials("default").token == DEMO_ACCOUNT.token


def test_white_space_around_what_was_stored_does_no_harm(
    tokens: Tokens, cloud: Cloud, prefix: str
) -> None:
    cloud.put_parameter(f"{prefix}/instagram-access-token", f" {DEMO_ACCOUNT.token}\n")
    cloud.put_parameter(f"{prefix}/instagram-user-id", f"{DEMO_ACCOUNT.user_id}\r\n")

    found = tokens.credentials("default")

    assert found == Credentials(DEMO_ACCOUNT.user_id, DEMO_ACCOUNT.token)


def test_what_is_missing_is_named_with_what_to_do(
    tokens: Tokens, cloud: Cloud, prefix: str
) -> None:
    cloud.put_parameter(f"{prefix}/half/instagram-user-id", "1784")

    with pytest.raises(TokenInvalidError) as nothing:
        tokens.credentials("absent")
    with pytest.raises(TokenInvalidError) as half:
        tokens.credentials("half")

    assert nothing.value.sentence == (
        f"The Parameter Store has no {prefix}/absent/instagram-access-token"
        f" and no {prefix}/absent/instagram-user-id."
        " Run `postwright auth login --account absent` and redrive the run."
    )
    assert "user-id" not in half.value.sentence


def test_a_token_of_nothing_but_white_space_is_missing(
    tokens: Tokens, cloud: Cloud, prefix: str
) -> None:
    cloud.put_parameter(f"{prefix}/instagram-access-token", " \n")

    with pytest.raises(TokenInvalidError, match="instagram-access-token"):
        tokens.credentials("default")


def test_a_token_is_kept_for_a_while(
    tokens: Tokens, client: Any, cloud: Cloud, prefix: str, hand: HandClock
) -> None:
    tokens.credentials("default")
    cloud.put_credentials(prefix, OTHER_TOKEN)

    hand.sleep(CACHE_SECONDS - 1)
    kept = tokens.credentials("default").token
    hand.sleep(2)
    renewed = tokens.credentials("default").token

    assert (kept, renewed) == (DEMO_ACCOUNT.token, OTHER_TOKEN)
    assert client.calls == 2


def test_without_a_cache_every_call_reads(client: Any, prefix: str) -> None:
    tokens = Tokens(client, prefix, 0)

    tokens.credentials("default")
    tokens.credentials("default")

    assert client.calls == 2


def test_a_token_that_is_renewed_is_read_anew(tokens: Tokens, cloud: Cloud, prefix: str) -> None:
    tokens.credentials("default")
    cloud.put_credentials(prefix, OTHER_TOKEN)

    cloud.put_credentials(f"{prefix}/another")
    tokens.renew("another")
    before = tokens.credentials("default").token
    after = tokens.renew("default")

    assert tokens.credentials("default").token == after
    assert (before, after) == (DEMO_ACCOUNT.token, OTHER_TOKEN)


def test_a_token_that_was_missing_is_looked_for_again(
    tokens: Tokens, cloud: Cloud, prefix: str
) -> None:
    with pytest.raises(TokenInvalidError):
        tokens.credentials("late")

    cloud.put_credentials(f"{prefix}/late")

    assert tokens.credentials("late").token == DEMO_ACCOUNT.token


def test_threads_that_ask_at_once_read_once(tokens: Tokens, client: Any) -> None:
    all_here = threading.Barrier(8)

    def ask(_: int) -> str:
        all_here.wait(10)
        return tokens.credentials("default").token

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(ask, range(8)))

    assert found == {DEMO_ACCOUNT.token}
    assert client.calls == 1


def test_a_token_does_not_show_when_credentials_are_printed() -> None:
    shown = f"{Credentials('1784', DEMO_ACCOUNT.token)!r}"

    assert "1784" in shown
    assert DEMO_ACCOUNT.token not in shown


def test_accounts_are_those_with_a_token(tokens: Tokens, cloud: Cloud, prefix: str) -> None:
    cloud.put_credentials(f"{prefix}/second", OTHER_TOKEN)
    cloud.put_parameter(f"{prefix}/by-hand/instagram-access-token", OTHER_TOKEN)
    cloud.put_parameter(f"{prefix}/no-token/instagram-user-id", "1784")
    cloud.put_parameter(f"{prefix}/too/deep/instagram-access-token", OTHER_TOKEN)
    cloud.put_parameter(f"{prefix}/default/instagram-access-token", OTHER_TOKEN)
    cloud.put_credentials(f"{prefix}-of-somebody-else", OTHER_TOKEN)

    assert tokens.accounts() == ["default", "by-hand", "second"]


def test_more_accounts_than_fit_on_a_page_are_all_found(cloud: Cloud, prefix: str) -> None:
    names = [f"account-{number:02}" for number in range(12)]
    for name in names:
        cloud.put_parameter(f"{prefix}/{name}/instagram-access-token", OTHER_TOKEN)

    assert Tokens(cloud.ssm, prefix, 0).accounts() == ["default", *names]


def test_what_a_login_gave_is_stored_encrypted(tokens: Tokens, cloud: Cloud, prefix: str) -> None:
    version = tokens.store("third", OTHER_TOKEN, "1784", searching="EAAsearching")

    stored = tokens.stored("third")
    assert (version, stored.version) == (1, 1)
    assert stored.credentials == Credentials("1784", OTHER_TOKEN)
    assert stored.is_encrypted
    assert tokens.searching_token("third") == "EAAsearching"
    folder = cloud.ssm.get_parameters_by_path(Path=f"{prefix}/third")["Parameters"]
    assert {found["Name"].rpartition("/")[2]: found["Type"] for found in folder} == {
        "instagram-access-token": "SecureString",
        "instagram-user-id": "String",
        "facebook-user-token": "SecureString",
    }


def test_a_token_that_is_replaced_can_still_be_read(tokens: Tokens) -> None:
    before = tokens.credentials("default")

    version = tokens.store("default", OTHER_TOKEN, before.user_id, searching=None)

    assert version == 2
    assert tokens.credentials("default").token == OTHER_TOKEN
    assert tokens.token_of_version("default", 1) == before.token


def test_a_new_token_of_the_same_user_leaves_the_one_for_searches(tokens: Tokens) -> None:
    tokens.store("third", OTHER_TOKEN, "1784", searching="EAAsearching")

    tokens.store("third", DEMO_ACCOUNT.token, "1784", searching=None)

    assert tokens.searching_token("third") == "EAAsearching"


def test_another_users_login_takes_the_token_for_searches_away(tokens: Tokens) -> None:
    tokens.store("third", OTHER_TOKEN, "1784", searching="EAAsearching")

    tokens.store("third", DEMO_ACCOUNT.token, "1785", searching=None)

    assert tokens.searching_token("third") is None
    assert tokens.credentials("third").user_id == "1785"


def test_a_parameter_that_somebody_made_by_hand_keeps_its_type(
    tokens: Tokens, cloud: Cloud, prefix: str
) -> None:
    name = f"{prefix}/plain/instagram-access-token"
    cloud.ssm.put_parameter(Name=name, Value=OTHER_TOKEN, Type="String")

    tokens.store("plain", DEMO_ACCOUNT.token, "1784", searching=None)

    assert not tokens.stored("plain").is_encrypted
    assert tokens.credentials("plain").token == DEMO_ACCOUNT.token


def test_a_forgotten_account_has_nothing_left(tokens: Tokens, cloud: Cloud, prefix: str) -> None:
    tokens.store("third", OTHER_TOKEN, "1784", searching="EAAsearching")

    tokens.forget("third")
    tokens.forget("third")

    assert tokens.accounts() == ["default"]
    assert cloud.ssm.get_parameters_by_path(Path=f"{prefix}/third")["Parameters"] == []
    with pytest.raises(TokenInvalidError):
        tokens.credentials("third")
