"""Log-in with Instagram: what is asked, what comes back, and a sentence for each way to fail."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from postwright import login
from postwright.errors import LoginFailedError
from postwright.hosts import Hosts
from postwright.instagram import InstagramClient
from postwright.login import Consent, NewLogin
from postwright.scopes import SCOPES
from postwright.settings import Settings
from sandbox.instagram import DEMO_ACCOUNT, SECOND_ACCOUNT
from sandbox.instagram.config import DEMO_APP_ID, DEMO_APP_SECRET
from tests.consent_form import answered
from tests.instagram_lab import Lab
from tests.unit.core_world import HandClock

pytest_plugins = ("tests.unit.core_fixtures",)

CALLBACK = "http://127.0.0.1:8765/callback"
CODE = "AQBx-hBsH3"
EXCHANGE: dict[str, Any] = {"call": "token"}
LONG: dict[str, Any] = {"call": "token", "after": 1}
"""What a fault says of the call that it happens to: the exchange of the code, or the next one."""
SCOPE = "instagram_business_content_publish"


@pytest.fixture
def hosts(lab: Lab) -> Hosts:
    return Hosts.of(Settings.from_environment({"POSTWRIGHT_GRAPH_URL": lab.origin}))


@pytest.fixture
def asked() -> Consent:
    return Consent("instagram", DEMO_APP_ID, CALLBACK)


LogIn = Callable[..., NewLogin]


@pytest.fixture
def log_in(
    asked: Consent,
    hosts: Hosts,
    graph_http: httpx.Client,
    hand: HandClock,  # noqa: ARG001  time is that of the simulated Instagram
) -> LogIn:
    """Everything after the owner's answer, by default with Allow."""

    def log_in(code: str | None = None, secret: str = DEMO_APP_SECRET, **owner: Any) -> NewLogin:
        code = code or asked.code_in(answered(graph_http, asked.address(hosts), **owner))
        return login.with_instagram(asked, code, secret, hosts, graph_http)

    return log_in


def failure(of: Callable[[], object]) -> str:
    """The sentence of a log-in that fails."""
    with pytest.raises(LoginFailedError) as failed:
        of()
    return failed.value.sentence


# The question and its answer


def test_the_owner_is_asked_for_what_publishing_needs(asked: Consent, hosts: Hosts) -> None:
    address = asked.address(hosts)

    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(hosts.instagram_authorize)
    assert query == {
        "client_id": DEMO_APP_ID,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": f"instagram_business_basic,{SCOPE}",
        "state": asked.state,
        "enable_fb_login": "false",
    }


def test_no_two_questions_have_the_same_state(asked: Consent) -> None:
    again = Consent("instagram", DEMO_APP_ID, CALLBACK)

    assert again.state != asked.state
    assert asked.state not in repr(asked)


@pytest.mark.parametrize(
    "pasted",
    [
        "https://example.com/callback?code={code}&state={state}#_",
        "  https://example.com/callback?state={state}&code={code}#_\r\n",
        "<https://example.com/callback?code={code}&state={state}>",
        '"https://example.com/callback?code={code}&state={state}#_"',
        "https://example.com/callback?code={code}",
        "?code={code}&state={state}",
        "code={code}&state={state}#_",
        "{code}",
        "{code}#_",
        " {code}#_=_ ",
    ],
)
def test_a_code_is_found_in_whatever_is_pasted(asked: Consent, pasted: str) -> None:
    assert asked.code_in(pasted.format(code=CODE, state=asked.state)) == CODE


@pytest.mark.parametrize("state", ["", "another", "{state}x", "{state}&state={state}"])
def test_an_answer_to_another_question_is_refused(asked: Consent, state: str) -> None:
    query = f"code={CODE}&state={state.format(state=asked.state)}"

    said = failure(lambda: asked.code_in(f"{CALLBACK}?{query}"))

    assert not asked.is_answered_by(query)
    assert "state in this address is not that of this log-in" in said
    assert "Its code was not used" in said


@pytest.mark.parametrize("query", ["", f"code={CODE}", "&" * 100])
def test_a_callback_without_a_state_is_no_answer(asked: Consent, query: str) -> None:
    assert not asked.is_answered_by(query)


@pytest.mark.parametrize("pasted", ["", "  ", "#_", "two words", "x" * 5000, "caf\u00e9"])
def test_what_is_no_code_is_refused(asked: Consent, pasted: str) -> None:
    assert failure(lambda: asked.code_in(pasted)).startswith("That is neither an address nor")


@pytest.mark.parametrize("query", ["", "?", "?code=", "?code=a&code=b", "?code=a%20b", "?x=1"])
def test_an_address_without_one_code_is_refused(asked: Consent, query: str) -> None:
    assert failure(lambda: asked.code_in(f"{CALLBACK}{query}")).startswith("The address holds no")


def test_the_address_of_the_page_that_asks_holds_no_code(asked: Consent, hosts: Hosts) -> None:
    assert "Choose Allow" in failure(lambda: asked.code_in(asked.address(hosts)))


def test_consent_that_is_denied_is_told(log_in: LogIn) -> None:
    assert "somebody chose Cancel" in failure(lambda: log_in(decision="cancel"))


def test_another_error_of_the_page_is_told_as_it_is(asked: Consent) -> None:
    pasted = f"{CALLBACK}?error=server_error&error_description=Try%0Alater&state={asked.state}"

    assert "ended with 'server_error': Trylater" in failure(lambda: asked.code_in(pasted))


# From the code to a token that lasts


@pytest.mark.parametrize("wrapped", [False, True], ids=["flat", "wrapped"])
def test_a_code_becomes_a_token_of_60_days_that_works(
    lab: Lab, log_in: LogIn, hosts: Hosts, graph_http: httpx.Client, hand: HandClock, wrapped: bool
) -> None:
    lab.config(wrapped_answers=wrapped)

    new = log_in()

    assert (new.account.user_id, new.account.username) == (DEMO_ACCOUNT.user_id, "postwright.demo")
    assert new.scopes == ("instagram_business_basic", SCOPE)
    assert new.issued_at == hand.now()
    assert new.expires_at == hand.now() + timedelta(days=60)
    with InstagramClient(
        new.token, new.account.user_id, graph_url=hosts.instagram_graph, http=graph_http
    ) as instagram:
        assert instagram.quota().total == 100


def test_the_token_belongs_to_the_account_that_was_chosen(log_in: LogIn) -> None:
    assert log_in(account=SECOND_ACCOUNT.user_id).account.username == "postwright.second"


@pytest.mark.parametrize(
    "body",
    [
        {"permissions": f"instagram_business_basic, {SCOPE}"},
        {"permissions": ["instagram_business_basic", SCOPE]},
    ],
)
def test_permissions_are_read_in_both_forms(body: dict[str, Any]) -> None:
    assert login.permissions_in(body["permissions"]) == ("instagram_business_basic", SCOPE)


@pytest.mark.parametrize("seconds", [None, "soon", 0, -1, 10**12, True])
def test_a_life_that_cannot_be_true_counts_as_60_days(seconds: Any) -> None:
    long = login.life_in({"expires_in": seconds})

    assert long == timedelta(days=60) or (seconds is True and long == timedelta(seconds=1))


def test_a_token_is_not_shown(log_in: LogIn) -> None:
    new = log_in()

    assert new.token not in repr(new)


# Refusals


def test_a_code_works_once(
    log_in: LogIn, asked: Consent, hosts: Hosts, graph_http: httpx.Client
) -> None:
    code = asked.code_in(answered(graph_http, asked.address(hosts)))
    log_in(code)

    assert "used already, or is older than an hour" in failure(lambda: log_in(code))


def test_a_code_lives_an_hour(
    log_in: LogIn, asked: Consent, hosts: Hosts, graph_http: httpx.Client, hand: HandClock
) -> None:
    code = asked.code_in(answered(graph_http, asked.address(hosts)))
    hand.advance(3601)

    assert "older than an hour" in failure(lambda: log_in(code))


def test_a_wrong_secret_is_told_and_not_repeated(log_in: LogIn) -> None:
    said = failure(lambda: log_in(secret="not-the-secret"))  # noqa: S106 - opens nothing

    assert "app secret is wrong" in said
    assert "not-the-secret" not in said


def test_an_app_id_that_is_not_known_is_told(
    asked: Consent, hosts: Hosts, graph_http: httpx.Client
) -> None:
    code = asked.code_in(answered(graph_http, asked.address(hosts)))
    other = Consent("instagram", "1" * 15, CALLBACK)

    said = failure(lambda: login.with_instagram(other, code, DEMO_APP_SECRET, hosts, graph_http))

    assert f"app id {'1' * 15} is not known" in said


def test_a_redirect_uri_that_differs_is_told(
    asked: Consent, hosts: Hosts, graph_http: httpx.Client
) -> None:
    code = asked.code_in(answered(graph_http, asked.address(hosts)))
    other = Consent("instagram", DEMO_APP_ID, f"{CALLBACK}/")

    said = failure(lambda: login.with_instagram(other, code, DEMO_APP_SECRET, hosts, graph_http))

    assert f"{CALLBACK}/ is not the one" in said


def test_a_permission_that_was_unticked_is_named(log_in: LogIn) -> None:
    said = failure(lambda: log_in(without=[SCOPE]))

    assert f"Not allowed: {SCOPE}." in said
    assert "instagram_business_basic" not in said


def test_permissions_that_nobody_told_are_found_out_by_a_read(lab: Lab, log_in: LogIn) -> None:
    token = {"access_token": "IGAAshortlived0000000000000000001"}
    lab.faults({**EXCHANGE, "status": 200, "body": token})
    lab.config(
        tokens={token["access_token"]: {"kind": "short", "scopes": [SCOPES["instagram"][0]]}}
    )

    said = failure(log_in)

    assert said.startswith("The new token was not stored. The token lacks a permission.")


def test_the_first_token_may_have_ended(lab: Lab, log_in: LogIn) -> None:
    lab.faults({**LONG, "error": [190, 463]})

    assert "The first token, which lives an hour, had ended" in failure(log_in)


def test_a_personal_account_is_told_how_to_switch(lab: Lab, log_in: LogIn) -> None:
    lab.config(account_types={DEMO_ACCOUNT.user_id: "PERSONAL"})

    said = failure(log_in)

    assert said.startswith("@postwright.demo is a personal account")
    assert "Switch to professional account" in said


@pytest.mark.parametrize("kind", ["BUSINESS", "Business", "Media_Creator", "CREATOR", ""])
def test_professional_accounts_are_known_in_any_case(lab: Lab, log_in: LogIn, kind: str) -> None:
    lab.faults(
        {
            "call": "user",
            "status": 200,
            "body": {"user_id": DEMO_ACCOUNT.user_id, "account_type": kind},
        }
    )

    assert log_in().account.account_type == kind


def test_what_instagram_says_is_told_without_what_it_repeats(lab: Lab, log_in: LogIn) -> None:
    text = f"Computer says no to {DEMO_APP_SECRET} and {CODE}\nat https://a.example/?x=1"
    flat = {"error_type": "OAuthException", "code": 400, "error_message": text}
    lab.faults({**EXCHANGE, "status": 400, "body": flat})

    said = failure(lambda: log_in(CODE))

    assert "It says: Computer says no to [left out] and [left out] at https://a.example/?[" in said


# Answers that are lost


@pytest.mark.parametrize("how", [{"answer": "reset"}, {"answer": "html"}, {"answer": "cut"}])
def test_a_code_whose_exchange_was_not_answered_may_be_used_up(
    lab: Lab, log_in: LogIn, how: dict[str, Any]
) -> None:
    lab.faults({**EXCHANGE, "effect": "first", **how})

    assert "it may be used up. Nothing was stored. Run" in failure(log_in)


@pytest.mark.parametrize("how", [{"answer": "reset"}, {"status": 500, "body": {"error": {}}}])
def test_a_long_token_that_never_came_is_told(lab: Lab, log_in: LogIn, how: dict[str, Any]) -> None:
    lab.faults({**LONG, "effect": "first", **how})

    assert "had no clear answer" in failure(log_in)


@pytest.mark.parametrize("body", [{}, {"access_token": 5}, {"access_token": "a b"}])
def test_an_answer_without_a_token_is_told(lab: Lab, log_in: LogIn, body: dict[str, Any]) -> None:
    lab.faults({**EXCHANGE, "status": 200, "body": body})

    assert "answered without a token" in failure(log_in)


def test_an_account_that_cannot_be_read_is_not_stored(lab: Lab, log_in: LogIn) -> None:
    lab.faults({"call": "user", "answer": "reset"})

    assert failure(log_in).startswith("The new token was not stored.")


# Secrets


def test_no_log_line_and_no_error_holds_a_secret(
    lab: Lab, log_in: LogIn, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        new = log_in()
        lab.faults({**LONG, "answer": "reset"})
        with pytest.raises(LoginFailedError) as failed:
            log_in()
        lab.faults({**LONG, "error": [190, 463]})
        failure(log_in)

    asked = [entry["path"] for entry in lab.requests() if entry["path"].endswith("access_token")]
    written = [caplog.text, *_texts(failed.value)]
    assert len(asked) == 6
    assert "HTTP Request: GET" in caplog.text
    assert [text for text in written if new.token in text or DEMO_APP_SECRET in text] == []


def _texts(error: BaseException | None) -> list[str]:
    """What an error and those behind it say, and the address of their request."""
    if error is None:
        return []
    request = [str(error.request.url)] if isinstance(error, httpx.RequestError) else []
    return [str(error), repr(error), *request, *_texts(error.__cause__)]
