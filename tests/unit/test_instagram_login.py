"""The log-in: the page that asks, the code, the short-lived token, and the long-lived one."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.instagram import DEMO_ACCOUNT, SECOND_ACCOUNT
from sandbox.instagram.config import DEMO_APP_ID, DEMO_APP_SECRET
from sandbox.instagram.scopes import BASIC, COMMENTS, PUBLISH
from tests.consent_form import Form, code_of, send_form
from tests.instagram_lab import ACCOUNT, Lab, error_of

HOUR, DAY = 3600, 86_400
LONG = 60 * DAY
REDIRECT = "https://app.example/back/"
HOSTILE = "\"><script>alert('&')</script>"
AUTHORIZE = "/www.instagram.com/oauth/authorize"
SHORT_SECRET = "x1y2z3"  # noqa: S105 - worth nothing
NOT_FOUND = "Matching code was not found or was already used"


@pytest.fixture
def app(lab: Lab) -> Lab:
    """A lab in which our redirect URI is registered."""
    answer = lab.config(redirect_uris=[REDIRECT, "http://127.0.0.1:9/back?x=1", "myapp://back"])
    assert answer.status_code == 200, answer.text
    return lab


def asking(**changes: str | None) -> dict[str, str]:
    query = {
        "client_id": DEMO_APP_ID,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": f"{BASIC},{PUBLISH}",
        "state": "s-1",
    } | changes
    return {name: value for name, value in query.items() if value is not None}


def page(lab: Lab, path: str = AUTHORIZE, /, **changes: str | None) -> httpx.Response:
    return lab.http.get(path, params=asking(**changes))


def submit(
    lab: Lab,
    shown: httpx.Response,
    decision: str = "allow",
    *,
    account: str = ACCOUNT,
    without: str = "",
) -> httpx.Response:
    return send_form(lab.http, shown, decision, without=[without], account=account)


def new_code(lab: Lab, **changes: Any) -> str:
    return code_of(submit(lab, page(lab), **changes))


def redeem(lab: Lab, code: str, /, **changes: str) -> httpx.Response:
    return lab.http.post("/api.instagram.com/oauth/access_token", data=redeeming(code) | changes)


def redeeming(code: str) -> dict[str, str]:
    return {
        "client_id": DEMO_APP_ID,
        "client_secret": DEMO_APP_SECRET,
        "grant_type": "authorization_code",
        "redirect_uri": REDIRECT,
        "code": code,
    }


def short_token(lab: Lab) -> str:
    return str(redeem(lab, new_code(lab)).json()["access_token"])


def exchange(lab: Lab, token: str, **changes: str) -> httpx.Response:
    query = {
        "grant_type": "ig_exchange_token",
        "client_secret": DEMO_APP_SECRET,
        "access_token": token,
    }
    return lab.http.get("/access_token", params=query | changes)


def refresh(lab: Lab, token: str, **changes: str) -> httpx.Response:
    query = {"grant_type": "ig_refresh_token", "access_token": token}
    return lab.http.get("/graph.instagram.com/refresh_access_token", params=query | changes)


def works(lab: Lab, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    answer = lab.http.get("/me", headers=headers)
    assert answer.status_code == 200 or error_of(answer) == (190, 463)
    return answer.status_code == 200


# The page


@pytest.mark.parametrize("host", ["", "/www.instagram.com", "/api.instagram.com"])
def test_the_user_is_asked_on_both_hosts_and_at_the_root(app: Lab, host: str) -> None:
    shown = page(app, f"{host}/oauth/authorize", enable_fb_login="false", force_reauth="true")

    assert shown.status_code == 200
    assert DEMO_APP_ID in shown.text
    assert dict(Form(shown.text).values) == {
        "client_id": DEMO_APP_ID,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": f"{BASIC},{PUBLISH}",
        "state": "s-1",
        "account": ACCOUNT,
        "granted": PUBLISH,
    }


@pytest.mark.parametrize(
    ("redirect_uri", "target"),
    [
        (REDIRECT, "https://app.example"),
        ("http://127.0.0.1:9/back?x=1", "http://127.0.0.1:9"),
        ("myapp://back", "myapp:"),
    ],
)
def test_the_page_runs_nothing_and_sends_its_form_only_where_it_must(
    app: Lab, redirect_uri: str, target: str
) -> None:
    shown = page(app, redirect_uri=redirect_uri)

    assert shown.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; base-uri 'none'; "
        f"form-action 'self' {target}; frame-ancestors 'none'"
    )
    assert "<script" not in shown.text
    assert "style=" not in shown.text
    # With no-referrer, browsers send the form with the origin null, which the sandbox refuses.
    assert shown.headers["Referrer-Policy"] == "same-origin"


def test_texts_from_the_app_are_escaped_and_come_back_whole(app: Lab) -> None:
    shown = page(app, state=HOSTILE)

    answer = submit(app, shown)

    assert "<script" not in shown.text
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["state"] == [HOSTILE]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_id": "1"}, "client_id"),
        ({"client_id": None}, "client_id"),
        ({"redirect_uri": REDIRECT.rstrip("/")}, "redirect_uri"),
        ({"redirect_uri": None}, "redirect_uri"),
        ({"response_type": "token"}, "response_type"),
        ({"scope": "business_basic"}, "Unknown scope: business_basic"),
        ({"scope": f"{BASIC},{HOSTILE}"}, "Unknown scope"),
        ({"scope": PUBLISH}, BASIC),
        ({"scope": None}, BASIC),
    ],
    ids=str,
)
def test_a_wrong_request_ends_on_a_page_and_not_at_the_app(
    app: Lab, changes: dict[str, str | None], said: str
) -> None:
    shown = page(app, **changes)
    sent = app.http.post(
        AUTHORIZE,
        data=asking(**changes) | {"decision": "allow", "granted": BASIC},
    )

    for answer in (shown, sent):
        assert answer.status_code == 400
        assert said in answer.text
        assert "<form" not in answer.text
        assert "<script" not in answer.text


def test_scopes_may_be_separated_by_spaces(app: Lab) -> None:
    shown = page(app, scope=f"{BASIC} {COMMENTS}")

    answer = redeem(app, code_of(submit(app, shown)))

    assert answer.json()["permissions"] == [BASIC, COMMENTS]


@pytest.mark.parametrize(
    ("redirect_uri", "state", "begin", "end"),
    [
        (REDIRECT, "s 1", f"{REDIRECT}?code=AQ", "&state=s+1#_"),
        (REDIRECT, None, f"{REDIRECT}?code=AQ", "#_"),
        ("http://127.0.0.1:9/back?x=1", "s", "http://127.0.0.1:9/back?x=1&code=AQ", "&state=s#_"),
        ("myapp://back", "s", "myapp://back?code=AQ", "&state=s#_"),
    ],
)
def test_who_allows_goes_back_with_a_code_and_the_state(
    app: Lab, redirect_uri: str, state: str | None, begin: str, end: str
) -> None:
    answer = submit(app, page(app, redirect_uri=redirect_uri, state=state))

    assert answer.status_code == 302
    location = answer.headers["Location"]
    assert location.startswith(begin)
    assert location.endswith(end)
    assert location.count("state=") == (0 if state is None else 1)


def test_who_cancels_goes_back_without_a_code(app: Lab) -> None:
    answer = submit(app, page(app), "cancel")

    location = urlsplit(answer.headers["Location"])
    assert answer.status_code == 302
    assert location.fragment == ""
    assert parse_qs(location.query) == {
        "error": ["access_denied"],
        "error_reason": ["user_denied"],
        "error_description": ["The user denied your request."],
        "state": ["s-1"],
    }


@pytest.mark.parametrize(
    "broken", [{}, {"decision": "perhaps"}, {"decision": "allow", "account": "1"}], ids=str
)
def test_an_incomplete_form_gives_no_code(app: Lab, broken: dict[str, str]) -> None:
    answer = app.http.post(AUTHORIZE, data=asking() | broken)

    assert answer.status_code == 400
    assert "Location" not in answer.headers


# The code


@pytest.mark.parametrize("host", ["", "/api.instagram.com"])
def test_a_code_becomes_a_short_lived_token(app: Lab, host: str) -> None:
    answer = app.http.post(f"{host}/oauth/access_token", data=redeeming(new_code(app)))

    body = answer.json()
    token = body.pop("access_token")
    assert body == {"user_id": int(ACCOUNT), "permissions": [BASIC, PUBLISH]}
    assert token.startswith("IGAA")
    assert works(app, token)
    app.advance(HOUR)
    assert not works(app, token)


def test_a_code_is_taken_in_a_multipart_body(app: Lab) -> None:
    parts = {name: (None, value) for name, value in redeeming(new_code(app)).items()}

    answer = app.http.post("/oauth/access_token", files=parts)

    assert answer.json()["user_id"] == int(ACCOUNT)


def test_the_answer_can_have_the_documented_form(app: Lab) -> None:
    app.config(wrapped_answers=True)

    answer = redeem(app, new_code(app))

    (row,) = answer.json()["data"]
    assert works(app, row.pop("access_token"))
    assert row == {"user_id": ACCOUNT, "permissions": f"{BASIC},{PUBLISH}"}


def test_a_permission_that_was_unticked_is_not_given(app: Lab) -> None:
    answer = redeem(app, new_code(app, without=PUBLISH)).json()

    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    publish = app.http.post("/me/media_publish", headers=headers)

    assert answer["permissions"] == [BASIC]
    assert error_of(publish) == (10, None)


def test_a_permission_that_was_not_asked_for_is_not_given(app: Lab) -> None:
    form = asking() | {"decision": "allow", "granted": COMMENTS}

    code = code_of(app.http.post(AUTHORIZE, data=form))

    assert redeem(app, code).json()["permissions"] == []


def test_the_user_chooses_the_account(app: Lab) -> None:
    answer = redeem(app, new_code(app, account=SECOND_ACCOUNT.user_id))

    assert answer.json()["user_id"] == int(SECOND_ACCOUNT.user_id)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_id": "1"}, "Invalid platform app"),
        ({"client_secret": "wrong-secret"}, "Invalid client secret"),
        ({"grant_type": "password"}, "grant_type"),
        ({"redirect_uri": REDIRECT.rstrip("/")}, "redirect_uri"),
        ({"code": "AQnothing"}, NOT_FOUND),
        ({"code": ""}, NOT_FOUND),
    ],
    ids=str,
)
def test_a_refused_exchange_is_answered_flat_and_costs_no_code(
    app: Lab, changes: dict[str, str], said: str
) -> None:
    code = new_code(app)

    answer = redeem(app, code, **changes)

    body = answer.json()
    assert answer.status_code == 400
    assert (set(body), body["error_type"], body["code"]) == (
        {"error_type", "code", "error_message"},
        "OAuthException",
        400,
    )
    assert said in body["error_message"]
    assert "wrong-secret" not in answer.text
    assert redeem(app, code).status_code == 200


def test_a_parameter_that_is_no_text_is_refused_flat(app: Lab) -> None:
    body: dict[str, Any] = {**redeeming(new_code(app)), "code": [{}]}

    answer = app.http.post("/oauth/access_token", json=body)

    assert (answer.status_code, answer.json()["error_type"]) == (400, "OAuthException")


def test_a_code_works_once(app: Lab) -> None:
    code = new_code(app)

    first, second = redeem(app, code), redeem(app, code)

    assert first.status_code == 200
    assert (second.status_code, second.json()["error_message"]) == (400, NOT_FOUND)


def test_a_code_with_the_end_of_the_redirect_is_not_a_code(app: Lab) -> None:
    assert redeem(app, f"{new_code(app)}#_").json()["error_message"] == NOT_FOUND


@pytest.mark.parametrize(("age", "status"), [(HOUR - 1, 200), (HOUR, 400)])
def test_a_code_ends_after_an_hour(app: Lab, age: int, status: int) -> None:
    code = new_code(app)

    app.advance(age)

    assert redeem(app, code).status_code == status


# Long-lived tokens


def test_a_short_token_becomes_one_of_sixty_days_from_the_log_in(app: Lab) -> None:
    short = short_token(app)
    app.advance(56)

    body = exchange(app, short, client_id=DEMO_APP_ID).json()

    long = body.pop("access_token")
    assert body == {"token_type": "bearer", "expires_in": LONG - 56}
    assert long != short
    app.advance(LONG - 57)
    assert works(app, long)
    app.advance(1)
    assert not works(app, long)


def test_a_refresh_gives_another_sixty_days(app: Lab) -> None:
    long = exchange(app, short_token(app)).json()["access_token"]
    app.advance(59 * DAY)

    body = refresh(app, long).json()

    new = body.pop("access_token")
    assert body == {
        "token_type": "bearer",
        "expires_in": LONG,
        "permissions": f"{BASIC},{PUBLISH}",
    }
    assert new != long
    assert works(app, long)
    app.advance(DAY)
    assert not works(app, long)
    app.advance(59 * DAY - 1)
    assert works(app, new)
    app.advance(1)
    assert not works(app, new)


def test_a_refresh_can_keep_the_string(app: Lab) -> None:
    app.config(refresh_keeps_string=True)
    app.advance(59 * DAY)

    body = refresh(app, DEMO_ACCOUNT.token).json()

    assert body["access_token"] == DEMO_ACCOUNT.token
    app.advance(59 * DAY)
    assert works(app, DEMO_ACCOUNT.token)


def test_a_young_token_is_not_refreshed_unless_told(app: Lab) -> None:
    app.advance(DAY - 1)
    young = refresh(app, DEMO_ACCOUNT.token)
    app.config(refresh_min_age_hours=0)
    told = refresh(app, DEMO_ACCOUNT.token)
    app.config(refresh_min_age_hours=24)
    app.advance(1)
    old = refresh(app, DEMO_ACCOUNT.token)

    assert (young.status_code, error_of(young)) == (400, (100, None))
    assert "[placeholder" in young.json()["error"]["message"]
    assert (told.status_code, old.status_code) == (200, 200)


def given(lab: Lab, **wanted: Any) -> str:
    token = "IGAAnewTokenOfThisTest0001"  # noqa: S105 - worth nothing
    assert lab.config(tokens={token: wanted}).status_code == 200
    return token


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"kind": "long"}, (100, None)),
        ({"kind": "short", "age_hours": 1}, (190, 463)),
        ({"kind": "short", "state": "revoked"}, (190, 460)),
    ],
    ids=str,
)
def test_what_cannot_be_exchanged(
    app: Lab, wanted: dict[str, Any], error: tuple[int, int | None]
) -> None:
    assert error_of(exchange(app, given(app, **wanted))) == error


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"kind": "short", "age_hours": 0.5}, (100, None)),
        ({"age_hours": 60 * 24}, (190, 463)),
        ({"state": "revoked", "age_hours": 48}, (190, 460)),
        ({"age_hours": 48, "scopes": [PUBLISH]}, (10, None)),
    ],
    ids=str,
)
def test_what_cannot_be_refreshed(
    app: Lab, wanted: dict[str, Any], error: tuple[int, int | None]
) -> None:
    app.config(refresh_min_age_hours=0)

    assert error_of(refresh(app, given(app, **wanted))) == error


def test_a_wrong_exchange_is_a_graph_error(app: Lab) -> None:
    short = short_token(app)

    answers = [
        exchange(app, short, grant_type="ig_refresh_token"),
        exchange(app, short, grant_type=""),
        exchange(app, short, client_secret="wrong-secret"),  # noqa: S106 - wrong on purpose
        exchange(app, short, client_secret=""),
        refresh(app, DEMO_ACCOUNT.token, grant_type="ig_exchange_token"),
    ]

    assert {error_of(answer) for answer in answers} == {(100, None)}
    assert all(answer.json()["error"]["fbtrace_id"] for answer in answers)
    assert not any("wrong-secret" in answer.text for answer in answers)


@pytest.mark.parametrize(
    "token", ["", DEMO_ACCOUNT.page_token, "IGAAnobody"], ids=["none", "page", "unknown"]
)
def test_a_token_that_is_not_of_this_login_is_refused(app: Lab, token: str) -> None:
    error = (190, None) if token else (104, None)

    assert error_of(exchange(app, token)) == error
    assert error_of(refresh(app, token)) == error


def test_the_token_endpoints_take_the_token_from_the_query_only(app: Lab) -> None:
    app.advance(DAY)

    in_header = app.get("/refresh_access_token", grant_type="ig_refresh_token")
    query = refresh(app, DEMO_ACCOUNT.token)

    assert error_of(in_header) == (104, None)
    assert query.status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v25.0/refresh_access_token"),
        ("GET", "/graph.facebook.com/refresh_access_token"),
        ("GET", "/api.instagram.com/access_token"),
        ("POST", "/access_token"),
        ("POST", "/v25.0/oauth/access_token"),
        ("POST", "/graph.instagram.com/oauth/access_token"),
        ("GET", "/oauth/access_token"),
    ],
)
def test_token_endpoints_are_elsewhere_not_to_be_found(app: Lab, method: str, path: str) -> None:
    app.advance(DAY)
    parameters = redeeming(new_code(app)) | {
        "grant_type": "ig_refresh_token",
        "access_token": DEMO_ACCOUNT.token,
    }

    answer = app.http.request(method, path, params=parameters)

    assert answer.status_code == 400
    assert "access_token" not in answer.json()


# Secrets, and the app


def test_a_log_in_leaves_no_secret_behind(app: Lab) -> None:
    code = new_code(app)
    short = redeem(app, code).json()["access_token"]
    long = exchange(app, short).json()["access_token"]
    app.advance(DAY)
    new = refresh(app, long).json()["access_token"]
    secrets = [code, short, long, new, DEMO_APP_SECRET]
    app.get(f"/{code}", fields=f"{short} {code}", code=long, client_secret=SHORT_SECRET, state=code)

    shown = {path: app.http.get(path).text for path in ("/_control/requests", "/_control/config")}

    assert [
        (path, secret)
        for path, text in shown.items()
        for secret in [*secrets, SHORT_SECRET, DEMO_ACCOUNT.token]
        if secret in text
    ] == []


def test_calls_for_tokens_are_in_the_log(app: Lab) -> None:
    short = redeem(app, new_code(app)).json()["access_token"]
    redeem(app, "AQnothing")
    exchange(app, short)
    refresh(app, DEMO_ACCOUNT.token)

    assert [
        (call["method"], call["path"], call["status"], call["error"]) for call in app.requests()
    ] == [
        ("POST", "/api.instagram.com/oauth/access_token", 200, None),
        ("POST", "/api.instagram.com/oauth/access_token", 400, {"code": 400, "subcode": None}),
        ("GET", "/access_token", 200, None),
        (
            "GET",
            "/graph.instagram.com/refresh_access_token",
            400,
            {"code": 100, "subcode": None},
        ),
    ]
    assert app.requests()[0]["parameters"] == {
        "client_id": DEMO_APP_ID,
        "client_secret": "[removed]",
        "grant_type": "authorization_code",
        "redirect_uri": REDIRECT,
        "code": "[removed]",
    }


def test_a_script_can_make_token_calls_fail(app: Lab) -> None:
    code = new_code(app)
    faults = {"faults": [{"call": "token", "times": 3, "answer": "html"}]}
    app.http.post("/_control/faults", json=faults)

    failed = [redeem(app, code), exchange(app, "x"), refresh(app, "x")]
    then = redeem(app, code)

    assert [answer.status_code for answer in failed] == [502] * 3
    assert then.status_code == 200


def test_a_lost_answer_has_still_used_the_code(app: Lab) -> None:
    code = new_code(app)
    fault = {"call": "token", "status": 500, "body": "", "effect": "first"}
    app.http.post("/_control/faults", json={"faults": [fault]})

    lost, again = redeem(app, code), redeem(app, code)

    assert (lost.status_code, again.status_code) == (500, 400)


def test_the_app_can_be_another_one(app: Lab) -> None:
    secret = "another-secret-of-this-test"  # noqa: S105 - worth nothing
    config = app.config(app_id="987654321", app_secret=secret)

    shown = page(app, client_id="987654321")
    code = code_of(submit(app, shown))
    answer = redeem(app, code, client_id="987654321", client_secret=secret)

    assert secret not in config.text
    assert "another-secret" not in json.dumps(app.requests())
    assert answer.status_code == 200
    assert page(app).status_code == 400


@pytest.mark.parametrize(
    "uri",
    [
        "/back",
        "https://app.example/back#here",
        "https:///back",
        "javascript:alert(1)",
        "https://app.example/; script-src *",
        "https://app.example/'x'",
        "https://ümlaut.example/",
        "",
    ],
)
def test_a_redirect_uri_must_be_an_address(lab: Lab, uri: str) -> None:
    answer = lab.config(redirect_uris=[uri])

    assert answer.status_code == 400
    assert "redirect_uris.0" in answer.json()["error"]


def test_a_reset_forgets_codes_and_tokens_that_do_not_work(app: Lab) -> None:
    code, working, revoked = new_code(app), short_token(app), short_token(app)
    app.config(tokens={revoked: "revoked"})

    app.http.post("/_control/reset")
    app.config(redirect_uris=[REDIRECT])

    assert redeem(app, code).json()["error_message"] == NOT_FOUND
    assert works(app, working)
    answer = app.http.get("/me", headers={"Authorization": f"Bearer {revoked}"})
    assert error_of(answer) == (190, None)


def test_a_built_in_token_keeps_its_age_at_a_reset(app: Lab) -> None:
    app.http.post("/_control/reset")
    app.advance(25 * 3600)

    app.http.post("/_control/reset")

    assert refresh(app, DEMO_ACCOUNT.token).status_code == 200


def test_a_built_in_token_works_again_after_a_reset(app: Lab) -> None:
    app.config(tokens={DEMO_ACCOUNT.token: "revoked"})

    app.http.post("/_control/reset")

    assert works(app, DEMO_ACCOUNT.token)
