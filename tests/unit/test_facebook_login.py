"""Log-in with Facebook: the token of the right Page, the user's own for searches, and sentences."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from postwright import facebook_login
from postwright.errors import LoginFailedError
from postwright.facebook_login import Page
from postwright.hosts import Hosts
from postwright.instagram import InstagramClient
from postwright.login import Consent, NewLogin
from postwright.settings import Settings
from sandbox.instagram import DEMO_ACCOUNT, SECOND_ACCOUNT
from sandbox.instagram.accounts import DEMO_PERSON
from sandbox.instagram.config import DEMO_FACEBOOK_APP_ID, DEMO_FACEBOOK_APP_SECRET
from tests.consent_form import answered
from tests.instagram_lab import Lab
from tests.unit.core_world import HandClock

pytest_plugins = ("tests.unit.core_fixtures",)

CALLBACK = "http://127.0.0.1:8765/callback"

LogIn = Callable[..., NewLogin]


@pytest.fixture
def hosts(lab: Lab) -> Hosts:
    return Hosts.of(Settings.from_environment({"POSTWRIGHT_GRAPH_URL": lab.origin}))


@pytest.fixture
def asked() -> Consent:
    return Consent("facebook", DEMO_FACEBOOK_APP_ID, CALLBACK)


@pytest.fixture
def log_in(
    asked: Consent,
    hosts: Hosts,
    graph_http: httpx.Client,
    hand: HandClock,  # noqa: ARG001  time is that of the simulated Instagram
) -> LogIn:
    """Everything after the owner's answer; by default only the first Page is allowed."""

    def log_in(
        code: str | None = None,
        secret: str = DEMO_FACEBOOK_APP_SECRET,
        choose: facebook_login.Choose = the_only_one,
        without: Sequence[str] = (SECOND_ACCOUNT.user_id,),
    ) -> NewLogin:
        if code is None:
            code = asked.code_in(answered(graph_http, asked.address(hosts), without=without))
        return facebook_login.with_facebook(asked, code, secret, hosts, graph_http, choose)

    return log_in


def the_only_one(pages: Sequence[Page]) -> Page:
    raise AssertionError(f"nobody should be asked about {pages}")


def failure(of: Callable[[], object]) -> str:
    """The sentence of a log-in that fails."""
    with pytest.raises(LoginFailedError) as failed:
        of()
    return failed.value.sentence


def test_the_owner_is_asked_at_facebook_for_what_publishing_needs(
    asked: Consent, hosts: Hosts
) -> None:
    address = asked.address(hosts)

    query = parse_qs(urlsplit(address).query)
    assert address.startswith(f"{hosts.facebook_dialog}?")
    assert "enable_fb_login" not in query
    assert {"instagram_basic", "instagram_content_publish", "pages_show_list"} <= set(
        query["scope"][0].split(",")
    )


def test_a_page_leads_to_its_account_with_a_token_that_does_not_end(
    log_in: LogIn, hosts: Hosts, graph_http: httpx.Client, lab: Lab
) -> None:
    new = log_in()
    lab.advance(100 * 86_400)

    assert (new.account.user_id, new.account.username) == (DEMO_ACCOUNT.user_id, "postwright.demo")
    assert (new.login, new.expires_at) == ("facebook", None)
    with InstagramClient(
        new.token, new.account.user_id, graph_url=hosts.facebook_graph, http=graph_http
    ) as instagram:
        assert instagram.quota().total == 100


def test_the_token_for_searches_is_the_users_and_ends(log_in: LogIn, hand: HandClock) -> None:
    new = log_in()

    assert new.searching not in (None, new.token)
    assert new.searching_expires_at == hand.now() + timedelta(days=60)
    assert new.searching is not None
    assert new.searching not in repr(new)
    assert new.token not in repr(new)


def test_of_several_pages_one_is_chosen(log_in: LogIn) -> None:
    seen: list[Page] = []

    def the_second(pages: Sequence[Page]) -> Page:
        seen.extend(pages)
        return pages[1]

    new = log_in(choose=the_second, without=())

    assert [page.name for page in seen] == ["Postwright Demo Page", "Postwright Second Page"]
    assert new.account.username == "postwright.second"
    assert new.token not in repr(seen)


def test_pages_on_later_lists_are_found(
    lab: Lab, log_in: LogIn, hosts: Hosts, graph_http: httpx.Client
) -> None:
    bearer = {"Authorization": f"Bearer {DEMO_PERSON.token}"}
    url = f"{hosts.facebook_graph}/me/accounts"
    paging = graph_http.get(url, params={"limit": 1}, headers=bearer).json()["paging"]
    lab.faults({"call": "pages", "status": 200, "body": {"data": [], "paging": paging}})

    new = log_in(without=())

    assert new.account.username == "postwright.second"


def test_a_list_of_pages_without_an_end_is_given_up(lab: Lab, log_in: LogIn) -> None:
    paging = {"next": "https://graph.facebook.com/next", "cursors": {"after": "again"}}
    lab.faults({"call": "pages", "times": 30, "status": 200, "body": {"paging": paging}})

    failure(lambda: log_in(without=()))

    asked = [entry for entry in lab.requests() if entry["path"].endswith("/me/accounts")]
    assert len(asked) == 20


# Refusals


@pytest.mark.parametrize("without", [[DEMO_ACCOUNT.user_id, SECOND_ACCOUNT.user_id]])
def test_no_page_at_all_is_told(log_in: LogIn, without: list[str]) -> None:
    said = failure(lambda: log_in(without=without))

    assert said.startswith("No Page that was allowed leads to a professional Instagram account.")


def test_a_page_of_a_personal_account_leads_nowhere(lab: Lab, log_in: LogIn) -> None:
    lab.config(account_types={DEMO_ACCOUNT.user_id: "PERSONAL"})

    assert failure(log_in).startswith("No Page that was allowed leads to a professional")


@pytest.mark.parametrize(
    "scope",
    ["instagram_basic", "instagram_content_publish", "pages_read_engagement", "pages_show_list"],
)
def test_a_permission_that_was_unticked_is_named(log_in: LogIn, scope: str) -> None:
    assert f"Not allowed: {scope}." in failure(lambda: log_in(without=[scope]))


def test_a_page_of_a_person_needs_no_business(log_in: LogIn) -> None:
    new = log_in(without=["business_management", SECOND_ACCOUNT.user_id])

    assert "business_management" not in new.scopes


def test_a_code_works_once(
    log_in: LogIn, asked: Consent, hosts: Hosts, graph_http: httpx.Client
) -> None:
    address = answered(graph_http, asked.address(hosts), without=[SECOND_ACCOUNT.user_id])
    log_in(asked.code_in(address))

    assert "used already" in failure(lambda: log_in(asked.code_in(address)))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"secret": "not-the-secret"}, "The app secret is wrong."),
        ({"code": "AQsomething-else"}, "The code was used already"),
    ],
)
def test_what_facebook_refuses_is_told(
    log_in: LogIn, change: dict[str, str], sentence: str
) -> None:
    assert failure(lambda: log_in(**change)).startswith(sentence)


def test_consent_that_is_denied_is_told(
    asked: Consent, hosts: Hosts, graph_http: httpx.Client
) -> None:
    address = answered(graph_http, asked.address(hosts), "cancel")

    assert "somebody chose Cancel" in failure(lambda: asked.code_in(address))


def test_no_log_line_holds_a_secret(
    lab: Lab, log_in: LogIn, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        new = log_in()

    assert len([e for e in lab.requests() if "graph.facebook.com" in e["path"]]) == 6
    assert "HTTP Request: GET" in caplog.text
    secrets = (new.token, str(new.searching), DEMO_FACEBOOK_APP_SECRET)
    assert [secret for secret in secrets if secret in caplog.text] == []
