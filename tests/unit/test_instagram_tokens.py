"""Hosts and versions, and what a token opens: which host, which account, which calls, how long."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.instagram import DEMO_ACCOUNT, SECOND_ACCOUNT
from sandbox.instagram.scopes import BASIC, COMMENTS, INSTAGRAM_SCOPES, PUBLISH
from tests.instagram_lab import ACCOUNT, Lab, error_of
from tests.media import MediaServer, picture

HOUR, DAY = 3600, 86_400
INSTAGRAM, FACEBOOK = "/graph.instagram.com", "/graph.facebook.com"
NEW_TOKEN = "IGAAnewTokenOfThisTest0001"  # noqa: S105 - worth nothing
NEW_PAGE_TOKEN = "EAABnewPageTokenOfThisTest0001"  # noqa: S105 - worth nothing
PARSE = "Cannot parse access token"


def ask(
    lab: Lab, path: str, token: str, *, method: str = "GET", **parameters: str
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return lab.http.request(method, path, params=parameters, headers=headers)


def given(lab: Lab, token: str, **wanted: Any) -> None:
    answer = lab.config(tokens={token: wanted})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("path", ["/me", f"{INSTAGRAM}/me", f"{INSTAGRAM}/v25.0/me"])
def test_instagram_is_the_host_when_the_path_names_none(lab: Lab, path: str) -> None:
    answer = ask(lab, path, DEMO_ACCOUNT.token, fields="username")

    assert answer.json()["username"] == DEMO_ACCOUNT.username


@pytest.mark.parametrize("version", ["", "/v21.0", "/v25.0"])
def test_a_page_token_opens_the_account_on_the_facebook_host(lab: Lab, version: str) -> None:
    path = f"{FACEBOOK}{version}/{ACCOUNT}"

    answer = ask(lab, path, DEMO_ACCOUNT.page_token, fields="username")

    assert answer.json()["username"] == DEMO_ACCOUNT.username


def test_a_post_can_be_published_with_a_page_token(lab: Lab, media: MediaServer) -> None:
    token, edge = DEMO_ACCOUNT.page_token, f"{FACEBOOK}/v25.0/{ACCOUNT}"
    url = media.put("a.jpg", picture())

    container = ask(lab, f"{edge}/media", token, method="POST", image_url=url).json()["id"]
    lab.advance(3)
    published = ask(lab, f"{edge}/media_publish", token, method="POST", creation_id=container)

    assert [post["id"] for post in lab.posts()] == [published.json()["id"]]


@pytest.mark.parametrize(
    ("path", "token"),
    [
        (f"{FACEBOOK}/v25.0/{ACCOUNT}", DEMO_ACCOUNT.token),
        (f"/v25.0/{ACCOUNT}", DEMO_ACCOUNT.page_token),
        (f"{INSTAGRAM}/{ACCOUNT}", DEMO_ACCOUNT.page_token),
    ],
)
def test_a_token_cannot_be_parsed_on_the_other_host(lab: Lab, path: str, token: str) -> None:
    answer = ask(lab, path, token)

    assert (answer.status_code, error_of(answer)) == (400, (190, None))
    assert PARSE in answer.json()["error"]["message"]
    assert token not in answer.text


def test_me_is_not_the_instagram_account_on_the_facebook_host(lab: Lab) -> None:
    token, path = DEMO_ACCOUNT.page_token, f"{FACEBOOK}/v25.0"

    me = ask(lab, f"{path}/me", token)
    by_app_scoped_id = ask(lab, f"{path}/{DEMO_ACCOUNT.app_scoped_id}", token)

    assert me.json() == {"name": DEMO_ACCOUNT.page_name, "id": DEMO_ACCOUNT.page_id}
    assert error_of(by_app_scoped_id) == (100, 33)


@pytest.mark.parametrize("host", ["api.instagram.com", "www.instagram.com"])
def test_the_hosts_of_the_log_in_have_no_graph_calls(lab: Lab, host: str) -> None:
    assert error_of(ask(lab, f"/{host}/v25.0/me", DEMO_ACCOUNT.token)) == (2500, None)


@pytest.mark.parametrize("version", ["v20.0", "v27.0", "v25", "v25.1"])
def test_the_answer_to_an_unknown_version_says_that_it_is_a_guess(lab: Lab, version: str) -> None:
    answer = ask(lab, f"{FACEBOOK}/{version}/{ACCOUNT}", DEMO_ACCOUNT.page_token)

    assert error_of(answer) == (2500, None)
    assert answer.json()["error"]["message"] == (
        "[placeholder, Meta's own answer is not known] "
        f"Unknown API version {version}, known are v21.0 to v26.0"
    )


def test_the_usage_header_goes_with_the_kind_of_token(lab: Lab) -> None:
    given(lab, NEW_PAGE_TOKEN, kind="user")
    path = f"{FACEBOOK}/{ACCOUNT}"

    answers = {
        "long": ask(lab, "/me", DEMO_ACCOUNT.token),
        "page": ask(lab, path, DEMO_ACCOUNT.page_token),
        "user": ask(lab, path, NEW_PAGE_TOKEN),
    }

    assert {
        kind: [name for name in answer.headers if name.endswith("-usage")]
        for kind, answer in answers.items()
    } == {
        "long": ["x-business-use-case-usage"],
        "page": ["x-business-use-case-usage"],
        "user": ["x-app-usage"],
    }


@pytest.mark.parametrize(("kind", "life"), [("long", 60 * DAY), ("short", HOUR)])
def test_a_token_ends_when_its_life_is_over(lab: Lab, kind: str, life: int) -> None:
    given(lab, NEW_TOKEN, kind=kind)

    lab.advance(life - 1)
    before = ask(lab, "/me", NEW_TOKEN)
    lab.advance(1)
    after = ask(lab, "/me", NEW_TOKEN)

    assert before.status_code == 200
    assert (after.status_code, error_of(after)) == (400, (190, 463))


def test_the_demo_token_is_a_long_lived_one(lab: Lab) -> None:
    lab.advance(60 * DAY - 1)
    before = lab.get("/me")
    lab.advance(1)
    after = lab.get("/me")

    assert before.status_code == 200
    assert error_of(after) == (190, 463)


def test_the_token_of_a_page_does_not_end(lab: Lab) -> None:
    lab.advance(1000 * DAY)

    assert ask(lab, f"{FACEBOOK}/{ACCOUNT}", DEMO_ACCOUNT.page_token).status_code == 200


def test_a_token_can_be_as_old_as_a_test_needs_it(lab: Lab) -> None:
    given(lab, NEW_TOKEN, kind="long", age_hours=60 * 24 - 1)

    young = ask(lab, "/me", NEW_TOKEN)
    lab.advance(HOUR)
    old = ask(lab, "/me", NEW_TOKEN)

    assert young.status_code == 200
    assert error_of(old) == (190, 463)


def test_a_token_that_ended_is_given_out_anew(lab: Lab) -> None:
    lab.advance(61 * DAY)
    shown = lab.http.get("/_control/config").json()["tokens"]

    lab.config(tokens={"IGAA...0001": "ok"})

    assert shown["IGAA...0001"] == "expired"
    assert lab.get("/me").status_code == 200


@pytest.mark.parametrize(("state", "subcode"), [("expired", 463), ("revoked", 460)])
def test_a_page_token_can_be_switched_off(lab: Lab, state: str, subcode: int) -> None:
    lab.config(tokens={DEMO_ACCOUNT.page_token: state})

    answer = ask(lab, f"{FACEBOOK}/{ACCOUNT}", DEMO_ACCOUNT.page_token)

    assert error_of(answer) == (190, subcode)


NEEDED = [
    ("GET", "/me", BASIC),
    ("GET", "/me/media", BASIC),
    ("GET", "/me/stories", BASIC),
    ("GET", "/{media}", BASIC),
    ("GET", "/{media}/children", BASIC),
    ("POST", "/me/media", PUBLISH),
    ("POST", "/me/media_publish", PUBLISH),
    ("GET", "/{container}", PUBLISH),
    ("GET", "/me/content_publishing_limit", PUBLISH),
    ("GET", "/{media}/comments", COMMENTS),
    ("POST", "/{media}/comments", COMMENTS),
    ("POST", "/{media}", COMMENTS),
]


@pytest.mark.parametrize(("method", "path", "scope"), NEEDED)
def test_a_call_needs_its_permission(
    lab: Lab, media: MediaServer, method: str, path: str, scope: str
) -> None:
    container = lab.container(image_url=media.put("a.jpg", picture()))
    lab.advance(3)
    path = path.format(media=lab.published(container), container=container)
    given(lab, NEW_TOKEN, scopes=[name for name in INSTAGRAM_SCOPES if name != scope])
    refused = ask(lab, path, NEW_TOKEN, method=method)

    given(lab, NEW_TOKEN, scopes=[BASIC, scope])
    taken = ask(lab, path, NEW_TOKEN, method=method)

    assert (refused.status_code, error_of(refused)) == (403, (10, None))
    assert scope in refused.json()["error"]["message"]
    assert taken.status_code == 200 or error_of(taken)[0] != 10


def test_publishing_by_facebook_login_needs_the_page_permission_too(lab: Lab) -> None:
    path = f"{FACEBOOK}/{ACCOUNT}/content_publishing_limit"
    scopes = ["instagram_basic", "instagram_content_publish"]
    given(lab, NEW_PAGE_TOKEN, scopes=scopes)
    refused = ask(lab, path, NEW_PAGE_TOKEN)

    given(lab, NEW_PAGE_TOKEN, scopes=[*scopes, "pages_read_engagement"])
    taken = ask(lab, path, NEW_PAGE_TOKEN)

    assert error_of(refused) == (10, None)
    assert taken.status_code == 200


@pytest.mark.parametrize(
    ("name", "wanted", "sentence"),
    [
        (NEW_TOKEN, {"kind": "page"}, "kind"),
        (NEW_PAGE_TOKEN, {"kind": "short"}, "kind"),
        (NEW_TOKEN, {"kind": "eternal"}, "kind"),
        (NEW_TOKEN, {"scopes": ["instagram_basic"]}, BASIC),
        (NEW_TOKEN, {"account": "17841400000000000"}, SECOND_ACCOUNT.user_id),
        (NEW_TOKEN, {"age_hours": -1}, "age_hours"),
        (NEW_TOKEN, {"stat": "ok"}, "stat"),
        (NEW_TOKEN, "gone", "state"),
        (NEW_TOKEN, 7, "state"),
        ("IGAA...9999", "revoked", "masked"),
        ("XYZZYsecretThatIsNoToken0001", "ok", "IG or EAA"),
    ],
    ids=str,
)
def test_a_wrong_token_config_is_named_and_changes_nothing(
    lab: Lab, name: str, wanted: object, sentence: str
) -> None:
    before = lab.http.get("/_control/config").json()

    answer = lab.config(quota_total=7, tokens={DEMO_ACCOUNT.token: "revoked", name: wanted})

    assert answer.status_code == 400
    assert sentence in answer.json()["error"]
    assert name not in answer.text or "..." in name
    assert lab.http.get("/_control/config").json() == before


def test_tokens_must_be_an_object(lab: Lab) -> None:
    answer = lab.config(tokens=[DEMO_ACCOUNT.token])

    assert (answer.status_code, answer.json()) == (400, {"error": "tokens: must be an object."})


def test_two_accounts_do_not_see_each_other(lab: Lab, media: MediaServer) -> None:
    container = lab.container(image_url=media.put("a.jpg", picture()))
    lab.advance(3)
    post = lab.published(container)
    second = SECOND_ACCOUNT.token

    answers = [
        ask(lab, f"/{ACCOUNT}", second),
        ask(lab, f"/{DEMO_ACCOUNT.app_scoped_id}", second),
        ask(lab, f"/{ACCOUNT}/media", second, method="POST", image_url="x"),
        ask(lab, f"/{container}", second),
        ask(lab, f"/{post}", second),
        lab.get(f"/{SECOND_ACCOUNT.user_id}"),
    ]
    unseen = ask(lab, "/me/media_publish", second, method="POST", creation_id=container)

    assert {error_of(answer) for answer in answers} == {(100, 33)}
    assert error_of(unseen) == (24, 2207008)
    assert ask(lab, "/me/media", second).json() == {"data": []}


@pytest.mark.parametrize("account", [DEMO_ACCOUNT, SECOND_ACCOUNT], ids=lambda a: a.username)
def test_each_account_has_its_profile_and_a_token_of_its_own(lab: Lab, account: Any) -> None:
    me = ask(lab, "/me", account.token, fields="user_id,username").json()

    page = lab.http.get(f"/{account.username}/")

    assert (me["user_id"], me["username"]) == (account.user_id, account.username)
    assert account.name in page.text


def test_a_test_can_give_out_a_token_of_another_account(lab: Lab) -> None:
    given(lab, NEW_TOKEN, account=SECOND_ACCOUNT.user_id)

    me = ask(lab, "/me", NEW_TOKEN, fields="username").json()

    assert me["username"] == SECOND_ACCOUNT.username
