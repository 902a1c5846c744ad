"""The log-in by Facebook: dialog, code, tokens of a user, Pages and their tokens."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.instagram import DEMO_ACCOUNT, DEMO_PERSON, SECOND_ACCOUNT
from sandbox.instagram.config import (
    DEMO_APP_ID,
    DEMO_FACEBOOK_APP_ID,
    DEMO_FACEBOOK_APP_SECRET,
)
from tests.consent_form import code_of, send_form
from tests.instagram_lab import ACCOUNT, Lab, error_of
from tests.media import MediaServer, picture

HOUR, DAY = 3600, 86_400
REDIRECT = "https://localhost/callback"
GRAPH = "/graph.facebook.com/v25.0"
DIALOG = "/www.facebook.com/v25.0/dialog/oauth"
BASIC, PUBLISH, LISTING = "instagram_basic", "instagram_content_publish", "pages_show_list"
SCOPES = (BASIC, PUBLISH, LISTING, "pages_read_engagement")
PAGE = "id,name,access_token,instagram_business_account"


def asking(**changes: str) -> dict[str, str]:
    return {
        "client_id": DEMO_FACEBOOK_APP_ID,
        "redirect_uri": REDIRECT,
        "scope": ",".join(SCOPES),
        "state": "s-1",
    } | changes


def dialog(lab: Lab, **changes: str) -> httpx.Response:
    return lab.http.get(DIALOG, params=asking(**changes))


def new_code(lab: Lab, *without: str) -> str:
    return code_of(send_form(lab.http, dialog(lab), without=without))


def tokens(lab: Lab, **query: str) -> httpx.Response:
    app = {"client_id": DEMO_FACEBOOK_APP_ID, "client_secret": DEMO_FACEBOOK_APP_SECRET}
    return lab.http.get(f"{GRAPH}/oauth/access_token", params=app | query)


def redeem(lab: Lab, code: str, /, **changes: str) -> httpx.Response:
    return tokens(lab, **{"redirect_uri": REDIRECT, "code": code} | changes)


def short_token(lab: Lab, *without: str) -> str:
    return str(redeem(lab, new_code(lab, *without)).json()["access_token"])


def exchange(lab: Lab, token: str, **changes: str) -> httpx.Response:
    return tokens(lab, **{"grant_type": "fb_exchange_token", "fb_exchange_token": token} | changes)


def long_token(lab: Lab, *without: str) -> str:
    return str(exchange(lab, short_token(lab, *without)).json()["access_token"])


def ask(lab: Lab, token: str, path: str, **query: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return lab.http.get(f"{GRAPH}{path}", params=query, headers=headers)


def pages(lab: Lab, token: str, fields: str = PAGE) -> list[dict[str, Any]]:
    return list(ask(lab, token, "/me/accounts", fields=fields).json()["data"])


# The dialog


@pytest.mark.parametrize("version", ["", "/v21.0", "/v26.0"])
def test_the_user_is_asked_which_pages_and_what_the_app_may_do(lab: Lab, version: str) -> None:
    path = f"/www.facebook.com{version}/dialog/oauth"

    shown = lab.http.get(path, params=asking())

    assert shown.status_code == 200
    assert [shown.text.count(a.page_name) for a in (DEMO_ACCOUNT, SECOND_ACCOUNT)] == [1, 1]
    assert [shown.text.count(f'value="{scope}" checked') for scope in SCOPES] == [1] * len(SCOPES)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_id": DEMO_APP_ID}, "client_id"),
        ({"redirect_uri": f"{REDIRECT}/"}, "redirect_uri"),
        ({"response_type": "token"}, "response_type"),
        ({"scope": "instagram_business_basic"}, "Unknown scope: instagram_business_basic"),
    ],
    ids=str,
)
def test_a_wrong_request_ends_in_the_dialog(lab: Lab, changes: dict[str, str], said: str) -> None:
    shown = dialog(lab, **changes)

    assert shown.status_code == 400
    assert said in shown.text
    assert "<form" not in shown.text


def test_who_allows_goes_back_with_code_state_and_the_fragment_of_facebook(lab: Lab) -> None:
    answer = send_form(lab.http, dialog(lab, state="s 1"))

    location = answer.headers["Location"]
    assert location.startswith(f"{REDIRECT}?code=AQ")
    assert location.endswith("&state=s+1#_=_")


def test_who_cancels_goes_back_without_a_code(lab: Lab) -> None:
    answer = send_form(lab.http, dialog(lab), "cancel")

    assert parse_qs(urlsplit(answer.headers["Location"]).query) == {
        "error": ["access_denied"],
        "error_code": ["200"],
        "error_description": ["Permissions error"],
        "error_reason": ["user_denied"],
        "state": ["s-1"],
    }


# The code


def test_a_code_becomes_a_token_of_an_hour(lab: Lab) -> None:
    body = redeem(lab, new_code(lab)).json()

    token = body.pop("access_token")
    assert body == {"token_type": "bearer", "expires_in": HOUR}
    assert token.startswith("EAA")
    lab.advance(HOUR - 1)
    assert ask(lab, token, "/me").json() == {"name": DEMO_PERSON.name, "id": DEMO_PERSON.id}
    lab.advance(1)
    assert error_of(ask(lab, token, "/me")) == (190, 463)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": DEMO_APP_ID}, (101, None)),
        ({"client_secret": "wrong-secret"}, (1, None)),
        ({"redirect_uri": f"{REDIRECT}/"}, (100, 36008)),
        ({"code": "AQnothing"}, (100, None)),
        ({"code": ""}, (100, None)),
        ({"grant_type": "password"}, (100, None)),
    ],
    ids=str,
)
def test_a_refused_exchange_of_a_code_costs_no_code(
    lab: Lab, changes: dict[str, str], code: tuple[int, int | None]
) -> None:
    text = new_code(lab)

    answer = redeem(lab, text, **changes)

    assert (answer.status_code, error_of(answer)) == (400, code)
    assert "wrong-secret" not in answer.text
    assert redeem(lab, text).status_code == 200


def test_a_code_works_once(lab: Lab) -> None:
    code = new_code(lab)

    first, second = redeem(lab, code), redeem(lab, code)

    assert first.status_code == 200
    assert error_of(second) == (100, 36009)


def test_a_code_ends_after_an_hour(lab: Lab) -> None:
    code = new_code(lab)

    lab.advance(HOUR)

    assert error_of(redeem(lab, code)) == (100, 36007)


def test_a_code_of_facebook_is_none_of_instagram(lab: Lab) -> None:
    config = {"client_id": DEMO_APP_ID, "grant_type": "authorization_code"}
    secret = {"client_secret": "0123456789abcdef0123456789abcdef"}
    form = {"redirect_uri": REDIRECT, "code": new_code(lab)} | config | secret

    answer = lab.http.post("/api.instagram.com/oauth/access_token", data=form)

    assert answer.json()["error_message"] == "Matching code was not found or was already used"


# Tokens


def test_a_token_of_a_user_becomes_one_of_sixty_days(lab: Lab) -> None:
    body = exchange(lab, short_token(lab)).json()

    token = body.pop("access_token")
    assert body == {"token_type": "bearer", "expires_in": 60 * DAY}
    lab.advance(60 * DAY - 1)
    assert ask(lab, token, "/me").status_code == 200
    lab.advance(1)
    assert error_of(ask(lab, token, "/me")) == (190, 463)


def test_an_expired_token_is_not_exchanged(lab: Lab) -> None:
    token = short_token(lab)

    lab.advance(HOUR)

    assert error_of(exchange(lab, token)) == (190, 463)


@pytest.mark.parametrize("token", [DEMO_ACCOUNT.page_token, DEMO_ACCOUNT.token, "EAABnobody"])
def test_what_is_no_token_of_a_user_is_not_exchanged(lab: Lab, token: str) -> None:
    answer = exchange(lab, token)

    assert error_of(answer) in ((100, None), (190, None))
    assert token not in answer.text


def test_permissions_that_were_unticked_are_declined(lab: Lab) -> None:
    token = long_token(lab, PUBLISH)

    listed = ask(lab, token, "/me/permissions").json()["data"]

    granted = [row["permission"] for row in listed if row["status"] == "granted"]
    declined = [row["permission"] for row in listed if row["status"] == "declined"]
    assert granted == ["public_profile", BASIC, LISTING, "pages_read_engagement"]
    assert declined == [PUBLISH]


@pytest.mark.parametrize("kind", ["user", "page"])
def test_the_app_is_told_what_a_token_is(lab: Lab, kind: str) -> None:
    user = long_token(lab)
    token = user if kind == "user" else pages(lab, user)[0]["access_token"]
    now = int(lab.clock.now().timestamp())

    told = ask(
        lab, f"{DEMO_FACEBOOK_APP_ID}|{DEMO_FACEBOOK_APP_SECRET}", "/debug_token", input_token=token
    ).json()["data"]

    assert told["is_valid"] is True
    assert told["type"] == kind.upper()
    assert told["app_id"] == DEMO_FACEBOOK_APP_ID
    assert told["user_id"] == DEMO_PERSON.id
    assert told["scopes"] == ["public_profile", *SCOPES]
    assert told["expires_at"] == (0 if kind == "page" else now + 60 * DAY)
    assert told.get("profile_id") == (DEMO_ACCOUNT.page_id if kind == "page" else None)


@pytest.mark.parametrize(
    ("state", "code"), [("expired", (190, 463)), ("revoked", (190, 460)), (None, (190, None))]
)
def test_the_app_is_told_that_a_token_is_no_longer_valid(
    lab: Lab, state: str | None, code: tuple[int, int | None]
) -> None:
    token = long_token(lab) if state else "EAABnobodyHasThisToken0001"
    if state:
        lab.config(tokens={token: state})

    told = ask(lab, DEMO_PERSON.token, "/debug_token", input_token=token).json()["data"]

    assert (told["is_valid"], told["scopes"]) == (False, [])
    assert (told["error"]["code"], told["error"].get("subcode")) == code


def test_nobody_else_is_told_what_a_token_is(lab: Lab) -> None:
    wrong = f"{DEMO_FACEBOOK_APP_ID}|wrong"

    answer = ask(lab, wrong, "/debug_token", input_token=DEMO_PERSON.token)

    assert error_of(answer) == (190, None)


# Pages


def test_pages_lead_to_the_accounts_with_a_token_that_publishes(
    lab: Lab, media: MediaServer
) -> None:
    first, second = pages(lab, long_token(lab))
    token = str(first.pop("access_token"))
    edge, headers = f"{GRAPH}/{ACCOUNT}", {"Authorization": f"Bearer {token}"}
    form = {"image_url": media.put("a.jpg", picture())}

    container = lab.http.post(f"{edge}/media", data=form, headers=headers).json()["id"]
    lab.advance(3)
    form = {"creation_id": container}
    published = lab.http.post(f"{edge}/media_publish", data=form, headers=headers)

    assert first == {
        "id": DEMO_ACCOUNT.page_id,
        "name": DEMO_ACCOUNT.page_name,
        "instagram_business_account": {"id": ACCOUNT},
    }
    assert second["instagram_business_account"] == {"id": SECOND_ACCOUNT.user_id}
    assert [post["id"] for post in lab.posts()] == [published.json()["id"]]


def test_the_account_of_a_page_can_be_read_with_it(lab: Lab) -> None:
    fields = "instagram_business_account{id,username}"

    page, _ = pages(lab, long_token(lab), fields)

    assert page["instagram_business_account"] == {"id": ACCOUNT, "username": DEMO_ACCOUNT.username}


def test_a_page_alone_and_the_list_answer_the_same(lab: Lab) -> None:
    token = long_token(lab)

    [page, _] = pages(lab, token)

    assert ask(lab, token, f"/{DEMO_ACCOUNT.page_id}", fields=PAGE).json() == page
    assert ask(lab, page["access_token"], "/me", fields=PAGE).json() == page


def test_pages_come_in_pages(lab: Lab) -> None:
    first = ask(lab, long_token(lab), "/me/accounts", limit="1").json()

    second = lab.follow(first["paging"]["next"]).json()

    assert [row["id"] for row in first["data"]] == [DEMO_ACCOUNT.page_id]
    assert [row["id"] for row in second["data"]] == [SECOND_ACCOUNT.page_id]
    assert set(first["data"][0]) == {"id", "name", "access_token", "category", "tasks"}


def test_only_the_pages_that_were_ticked_are_opened(lab: Lab) -> None:
    token = long_token(lab, ACCOUNT)

    own = ask(lab, token, f"/{SECOND_ACCOUNT.user_id}", fields="username")
    other = ask(lab, token, f"/{ACCOUNT}", fields="username")

    assert [page["id"] for page in pages(lab, token)] == [SECOND_ACCOUNT.page_id]
    assert own.json()["username"] == SECOND_ACCOUNT.username
    assert error_of(other) == (100, 33)
    assert error_of(ask(lab, token, f"/{DEMO_ACCOUNT.page_id}")) == (100, 33)


def test_a_user_without_pages_opens_no_account(lab: Lab) -> None:
    token = long_token(lab, ACCOUNT, SECOND_ACCOUNT.user_id)

    answers = [ask(lab, token, path) for path in (f"/{ACCOUNT}", "/17900000000000000")]

    assert pages(lab, token) == []
    assert ask(lab, token, "/me").status_code == 200
    assert [error_of(answer) for answer in answers] == [(100, 33)] * 2


@pytest.mark.parametrize(("declined", "listed"), [(LISTING, []), (BASIC, [None, None])])
def test_what_was_not_permitted_is_left_out(lab: Lab, declined: str, listed: list[None]) -> None:
    found = pages(lab, long_token(lab, declined))

    assert [page.get("instagram_business_account") for page in found] == listed


def test_the_page_token_of_a_long_lived_token_does_not_end(lab: Lab) -> None:
    [page, _] = pages(lab, long_token(lab))

    lab.advance(1000 * DAY)

    assert ask(lab, page["access_token"], f"/{ACCOUNT}").status_code == 200


def test_the_page_token_of_a_short_lived_token_ends_with_it(lab: Lab) -> None:
    [page, _] = pages(lab, short_token(lab))

    lab.advance(HOUR)

    assert error_of(ask(lab, page["access_token"], f"/{ACCOUNT}")) == (190, 463)


def test_a_page_token_falls_with_the_one_it_was_made_with(lab: Lab) -> None:
    user = long_token(lab)
    [page, _] = pages(lab, user)

    lab.config(tokens={user: "revoked"})

    assert error_of(ask(lab, page["access_token"], f"/{ACCOUNT}")) == (190, 460)
    assert ask(lab, DEMO_ACCOUNT.page_token, f"/{ACCOUNT}").status_code == 200


def test_a_page_keeps_its_token_for_the_same_user_token(lab: Lab) -> None:
    user = long_token(lab)

    assert pages(lab, user) == pages(lab, user)
    assert pages(lab, user) != pages(lab, long_token(lab))


# The rest


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/me?fields=email", (100, None)),
        ("/me/likes", (100, 33)),
        ("/122100000000000000", (100, 33)),
        (f"/{DEMO_ACCOUNT.page_id}/permissions", (100, 33)),
    ],
)
def test_what_a_user_does_not_have_is_refused(
    lab: Lab, path: str, allowed: tuple[int, int | None]
) -> None:
    path, _, fields = path.partition("?fields=")

    answer = ask(lab, DEMO_PERSON.token, path, **({"fields": fields} if fields else {}))

    assert error_of(answer) == allowed


@pytest.mark.parametrize(
    ("call", "path"),
    [
        ("person", "/me"),
        ("pages", "/me/accounts"),
        ("permissions", "/me/permissions"),
        ("page", f"/{DEMO_ACCOUNT.page_id}"),
        ("token", "/debug_token"),
    ],
)
def test_every_call_has_a_name_in_the_fault_script(lab: Lab, call: str, path: str) -> None:
    lab.faults({"call": call, "error": [2, None]})

    answers = [ask(lab, DEMO_PERSON.token, path, input_token=DEMO_PERSON.token) for _ in range(2)]

    assert error_of(answers[0]) == (2, None)
    assert answers[1].status_code == 200


def test_nothing_secret_of_the_log_in_is_logged(lab: Lab) -> None:
    code = new_code(lab)
    token = str(redeem(lab, code).json()["access_token"])
    exchange(lab, token)
    ask(lab, token, "/debug_token", input_token=token)

    logged = lab.http.get("/_control/requests").text

    assert "oauth/access_token" in logged
    assert [text for text in (code, token, DEMO_FACEBOOK_APP_SECRET) if text in logged] == []


# Kinds of accounts


@pytest.mark.parametrize("kind", ["BUSINESS", "MEDIA_CREATOR", "PERSONAL"])
def test_an_account_says_of_which_kind_it_is(lab: Lab, kind: str) -> None:
    before = lab.get("/me", fields="account_type").json()["account_type"]
    lab.config(account_types={ACCOUNT: kind})

    answer = lab.get("/me", fields="account_type")

    assert before == "BUSINESS"
    assert answer.json()["account_type"] == kind


def test_a_personal_account_can_do_nothing_but_say_so(lab: Lab) -> None:
    lab.config(account_types={ACCOUNT: "PERSONAL"})

    answers = [
        lab.get("/me/media"),
        lab.post("/me/media", image_url="https://example.com/a.jpg"),
        lab.get("/me/content_publishing_limit"),
        lab.on_facebook("POST", f"/{ACCOUNT}/media_publish", creation_id="1"),
    ]

    assert [error_of(answer) for answer in answers] == [(10, None)] * 4


def test_the_page_of_a_personal_account_leads_to_none(lab: Lab) -> None:
    lab.config(account_types={ACCOUNT: "PERSONAL"})

    found = pages(lab, long_token(lab))

    assert ["instagram_business_account" in page for page in found] == [False, True]


@pytest.mark.parametrize("types", [{ACCOUNT: "ROBOT"}, {"17841400000000000": "PERSONAL"}], ids=str)
def test_a_kind_or_an_account_that_does_not_exist_is_named(lab: Lab, types: dict[str, str]) -> None:
    answer = lab.config(account_types=types)

    assert answer.status_code == 400
    assert "account_types" in answer.json()["error"]
