"""What `postwright auth` asks for, stores, tells and deletes; in this process, with real parts."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from urllib3 import HTTPResponse

from postwright.cli import auth
from postwright.cli.auth import AppKeys, How
from postwright.cli.console import UsageError
from postwright.errors import LoginFailedError
from postwright.facebook_login import Page
from sandbox.instagram import DEMO_ACCOUNT
from sandbox.instagram.config import DEMO_APP_ID, DEMO_APP_SECRET
from tests.consent_form import answered
from tests.unit.core_world import World

pytest_plugins = ("tests.unit.core_fixtures",)

KEYS = AppKeys(DEMO_APP_ID, DEMO_APP_SECRET)


@dataclass(frozen=True)
class Owner:
    """Standard input of somebody who opens the address, allows, and pastes where that leads."""

    browser: httpx.Client
    said: Callable[[], str]

    def readline(self, size: int) -> str:
        (address,) = [line for line in self.said().splitlines() if "/oauth/authorize?" in line]
        return answered(self.browser, address)[:size]


@pytest.fixture
def owner(
    graph_http: httpx.Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("sys.stdin", Owner(graph_http, lambda: capsys.readouterr().err))


def how(**changes: Any) -> How:
    options: dict[str, Any] = {
        "account": "third",
        "login": "instagram",
        "redirect_uri": auth.DEFAULT_REDIRECT_URI,
        "listen": False,
        "wait_seconds": 1,
        "code_file": None,
        "page": None,
        "asks": True,
    }
    return How(**(options | changes))


# What a log-in leaves behind


@pytest.mark.usefixtures("owner")
def test_a_login_stores_the_token_and_what_is_known_of_it(world: World) -> None:
    facts = auth.stored_login(world.app, how(), KEYS)

    assert world.store.token_facts("third") == facts
    assert (facts.user_id, facts.parameter_version) == (DEMO_ACCOUNT.user_id, 1)
    assert world.app.instagram("third").account().username == "postwright.demo"


@pytest.mark.usefixtures("owner")
def test_the_last_line_tells_what_is_where_and_when_it_ends(world: World) -> None:
    facts = auth.stored_login(world.app, how(), KEYS)

    said = auth.told(world.app, "third", facts)

    assert "Account third is @postwright.demo (BUSINESS, 17841400000042424)." in said
    assert f"token of Instagram Login ends {facts.expires_at}; it is renewed from 20" in said
    assert f"{world.cloud.prefix}/third/instagram-access-token" in said


@pytest.mark.usefixtures("owner")
def test_a_login_that_fails_leaves_what_was_stored(world: World) -> None:
    before = auth.stored_login(world.app, how(), KEYS)
    token = world.app.tokens.credentials("third").token
    world.answer({"call": "token", "after": 1, "answer": "reset", "effect": "first"})

    with pytest.raises(LoginFailedError):
        auth.stored_login(world.app, how(), KEYS)

    assert world.store.token_facts("third") == before
    assert world.app.tokens.renew("third") == token


@pytest.mark.usefixtures("owner")
def test_a_parameter_store_that_refuses_is_told(world: World) -> None:
    def refuse(request: Any, **_: Any) -> AWSResponse:
        text = io.BytesIO(b'{"__type": "AccessDeniedException", "message": "no"}')
        raw: Any = HTTPResponse(text, status=400, preload_content=False)
        return AWSResponse(request.url, 400, HTTPHeaders(), raw)

    events: Any = world.cloud.ssm.meta.events
    events.register_first("before-send.ssm.PutParameter", refuse)
    try:
        with pytest.raises(LoginFailedError) as failed:
            auth.stored_login(world.app, how(), KEYS)
    finally:
        events.unregister("before-send.ssm.PutParameter", refuse)

    assert "AWS refused PutParameter (AccessDeniedException)" in failed.value.sentence
    assert "Allow ssm:PutParameter" in failed.value.sentence
    assert world.store.token_facts("third") is None


@pytest.mark.usefixtures("owner")
def test_a_login_with_instagram_leaves_the_same_users_token_for_searches(world: World) -> None:
    before = auth.stored_login(world.app, how(), KEYS)
    ends_at = "2027-01-01T00:00:00.000Z"
    facts = before.model_copy(update={"login": "facebook", "searching_expires_at": ends_at})
    world.store.put_token_facts("third", facts)
    world.app.tokens.store("third", "EAAB0", before.user_id, searching="EAAB1")

    auth.stored_login(world.app, how(), KEYS)

    after = world.store.token_facts("third")
    assert after is not None
    assert (after.login, after.searching_expires_at) == ("instagram", ends_at)
    assert world.app.tokens.searching_token("third") == "EAAB1"


# Which Page

PAGES = [Page(f"10{number}", f"Page {number}", "17841", "EAAB") for number in (1, 2)]


def test_of_several_pages_the_named_one_is_taken() -> None:
    assert auth.chosen(PAGES, how(page="102")).name == "Page 2"


def test_of_several_pages_somebody_at_a_terminal_names_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, "101")

    assert auth.chosen(PAGES, how()).name == "Page 1"
    assert "102  Page 2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"asks": False}, "There are several Pages."), ({"page": "1"}, "There is no Page 1.")],
)
def test_pages_are_listed_when_none_is_named(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LoginFailedError) as failed:
        auth.chosen(PAGES, how(**options))

    assert failed.value.sentence.startswith(f"{sentence} Name one with --page:\n  101  Page 1")


# App id and secret


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str, **variables: str) -> None:
    """What standard input holds, and the environment."""
    for name in ("INSTAGRAM_APP_ID", "INSTAGRAM_APP_SECRET"):
        monkeypatch.setenv(name, variables.get(name, ""))
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_id_and_secret_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, INSTAGRAM_APP_ID="42", INSTAGRAM_APP_SECRET="s3cret")  # noqa: S106

    assert auth.app_keys(how(asks=False)) == AppKeys("42", "s3cret")


def test_what_the_environment_lacks_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, " s3cret ", INSTAGRAM_APP_ID="42")

    keys = auth.app_keys(how())

    assert keys == AppKeys("42", "s3cret")
    assert "s3cret" not in repr(keys)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((), "Standard input ended"),
        (("forty-two", "s"), "digits only"),
        (("", "s"), "digits only"),
        (("42", ""), "secret is empty"),
        (("42", "two words"), "secret is empty or holds spaces"),
    ],
)
def test_what_cannot_be_an_id_or_a_secret_is_refused(
    monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...], why: str
) -> None:
    typed(monkeypatch, *lines)

    with pytest.raises(UsageError, match=why):
        auth.app_keys(how())


def test_a_program_must_set_both(monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, "s3cret", INSTAGRAM_APP_ID="42")

    with pytest.raises(UsageError, match="set INSTAGRAM_APP_ID and INSTAGRAM_APP_SECRET"):
        auth.app_keys(how(asks=False))


# Status and forgetting


def test_an_account_that_was_stored_by_hand_is_tried_all_the_same(world: World) -> None:
    found = auth.looked_at(world.app, "default")

    assert (found.facts, found.trouble) == (None, None)
    assert found.to_json(world.app)["daysLeft"] is None
    assert "nothing is known of its token" in found.told(world.app)
    assert "answered a read" in found.told(world.app)


@pytest.mark.usefixtures("owner")
def test_what_is_known_of_an_older_token_is_not_told_of_a_newer_one(world: World) -> None:
    auth.stored_login(world.app, how(), KEYS)
    world.cloud.put_credentials(f"{world.cloud.prefix}/third", DEMO_ACCOUNT.token)

    assert auth.looked_at(world.app, "third").facts is None


@pytest.mark.usefixtures("owner")
def test_status_tells_the_days_that_are_left(world: World) -> None:
    auth.stored_login(world.app, how(), KEYS)
    world.advance(45.5 * 86_400)

    said = auth.looked_at(world.app, "third").told(world.app)

    assert "14.5 days are left." in said
    assert "It may: instagram_business_basic, instagram_business_content_publish." in said


@pytest.mark.usefixtures("owner")
def test_where_nothing_renews_a_token_it_is_told(world: World) -> None:
    facts = auth.stored_login(world.app, how(), KEYS)
    world.configure(refresh="manual")

    assert "nobody renews it but `postwright auth refresh`" in auth.told(world.app, "third", facts)


@pytest.mark.usefixtures("owner")
def test_an_end_that_is_only_a_guess_is_told_as_one(world: World) -> None:
    facts = auth.stored_login(world.app, how(), KEYS).model_copy(update={"is_guess": True})

    assert f"ends at the latest {facts.expires_at}" in auth.told(world.app, "third", facts)


@pytest.mark.usefixtures("owner")
def test_status_tells_why_a_token_does_not_work(world: World) -> None:
    auth.stored_login(world.app, how(), KEYS)
    world.advance(60 * 86_400)

    found = auth.looked_at(world.app, "third")

    assert found.trouble is not None
    assert found.trouble.startswith("The token has expired.")
    assert found.to_json(world.app)["works"] is False


@pytest.mark.usefixtures("owner")
def test_an_account_that_is_forgotten_has_neither_token_nor_facts(world: World) -> None:
    auth.stored_login(world.app, how(), KEYS)

    auth.forgotten(world.app, "third")

    found = auth.looked_at(world.app, "third")
    assert found.facts is None
    assert "has no" in str(found.trouble)


def test_a_token_that_another_process_replaces_is_not_deleted(world: World) -> None:
    world.store.lease_token("default", "a refresh", 10_000)

    with pytest.raises(LoginFailedError, match="being replaced by another process"):
        auth.forgotten(world.app, "default")

    assert world.app.tokens.renew("default") == DEMO_ACCOUNT.token
