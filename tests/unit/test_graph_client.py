"""The client of the Graph API, against the simulated Instagram and against broken servers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from postwright.errors import (
    ContainerExpiredError,
    ContainerNotReadyError,
    MediaRejectedError,
    PostwrightError,
    ProcessingFailedError,
    PublishUncertainError,
    RateLimitedError,
    TokenInvalidError,
    TransientGraphError,
)
from postwright.instagram import (
    Account,
    ContainerStatus,
    InstagramClient,
    MediaOptions,
    Quota,
    Usage,
    new_http_client,
    parse_usage,
)
from postwright.models import UserTag
from sandbox.instagram import DEMO_ACCOUNT
from tests.instagram_lab import ACCOUNT, Lab
from tests.media import MediaServer, picture
from tests.unit.core_world import HandClock
from tests.unit.raw_server import Answer, RawServer, drip, ok, reset, serving, silence

pytest_plugins = ("tests.unit.core_fixtures",)
pytestmark = pytest.mark.usefixtures("hand")

NOWHERE = "http://127.0.0.1:9/clip.mp4"
"""Instagram fetches videos later, so a container for this one is made at first."""

A_WHILE = 10.0
"""Real seconds that are given to what must happen."""

Call = Callable[[InstagramClient], Any]

CALLS: dict[str, Call] = {
    "create": lambda client: client.create_image_container("https://h/a.jpg"),
    "status": lambda client: client.container_status("1"),
    "publish": lambda client: client.publish("1"),
    "quota": lambda client: client.quota(),
    "recent_media": lambda client: client.recent_media(),
    "media": lambda client: client.media("1"),
    "child_count": lambda client: client.child_count("1"),
    "account": lambda client: client.account(),
}


@pytest.fixture
def instagram(lab: Lab, graph_http: httpx.Client) -> InstagramClient:
    return client_of(lab.origin, graph_http)


@pytest.fixture
def image_url(media: MediaServer) -> str:
    return media.put("a.jpg", picture())


def client_of(origin: str, http: httpx.Client, user_id: str = ACCOUNT) -> InstagramClient:
    token = DEMO_ACCOUNT.token
    return InstagramClient(token, user_id, graph_url=f"{origin}/v25.0", http=http)


@pytest.fixture
def ask(graph_http: httpx.Client) -> Callable[[RawServer], InstagramClient]:
    """A client of a raw server."""
    return lambda server: client_of(server.origin, graph_http)


def sent(lab: Lab) -> dict[str, Any]:
    """The parameters of the only POST."""
    [entry] = [entry for entry in lab.requests() if entry["method"] == "POST"]
    parameters: dict[str, Any] = entry["parameters"]
    return parameters


# What is sent


def test_an_image_container_is_made_and_becomes_ready(
    lab: Lab, instagram: InstagramClient, image_url: str
) -> None:
    container = instagram.create_image_container(image_url, caption="Dünen & #meer 😀\n\nende")

    before = instagram.container_status(container)
    lab.advance(4)
    after = instagram.container_status(container)
    assert before.status_code == "IN_PROGRESS"
    assert after == ContainerStatus(
        "FINISHED", "Finished: Media has been uploaded and it is ready to be published."
    )
    [create, *_] = lab.requests()
    assert create["path"] == f"/v25.0/{ACCOUNT}/media"
    assert create["parameters"] == {"image_url": image_url, "caption": "Dünen & #meer 😀\n\nende"}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("image", {"image_url"}), ("video", {"video_url", "media_type"})],
)
def test_a_single_post_is_an_image_or_a_reel(
    lab: Lab, instagram: InstagramClient, image_url: str, kind: Any, expected: set[str]
) -> None:
    instagram.create_single_post_container(kind, image_url if kind == "image" else NOWHERE)

    assert sent(lab).keys() == expected
    assert sent(lab).get("media_type") == (None if kind == "image" else "REELS")


def test_an_item_of_a_carousel_says_so_and_has_no_caption(
    lab: Lab, instagram: InstagramClient, image_url: str
) -> None:
    instagram.create_image_container(image_url, is_carousel_item=True)

    assert sent(lab) == {"image_url": image_url, "is_carousel_item": "true"}


def test_a_video_in_a_carousel_is_no_reel(lab: Lab, instagram: InstagramClient) -> None:
    instagram.create_video_container(NOWHERE, is_carousel_item=True)

    assert sent(lab) == {"video_url": NOWHERE, "media_type": "VIDEO", "is_carousel_item": "true"}


def test_a_carousel_names_its_children_in_order(
    lab: Lab, instagram: InstagramClient, image_url: str
) -> None:
    children = [
        instagram.create_image_container(image_url, is_carousel_item=True) for _ in range(3)
    ]
    lab.advance(4)

    instagram.create_carousel_container(
        children[::-1], caption="Three", options=MediaOptions(location_id="42")
    )

    assert lab.requests()[-1]["parameters"] == {
        "media_type": "CAROUSEL",
        "children": ",".join(children[::-1]),
        "caption": "Three",
        "location_id": "42",
    }


def test_every_option_travels_with_an_image(
    lab: Lab, instagram: InstagramClient, image_url: str
) -> None:
    tags = [UserTag(username="anna", x=0.25, y=1), UserTag(username="ben", x=0, y=0.5)]
    options = MediaOptions(
        alt_text="Dünen", location_id="42", user_tags=tags, collaborators=["carla", "dora"]
    )

    instagram.create_image_container(image_url, options=options)

    parameters = sent(lab)
    assert json.loads(parameters.pop("user_tags")) == [
        {"username": "anna", "x": 0.25, "y": 1.0},
        {"username": "ben", "x": 0.0, "y": 0.5},
    ]
    assert json.loads(parameters.pop("collaborators")) == ["carla", "dora"]
    assert parameters == {"image_url": image_url, "alt_text": "Dünen", "location_id": "42"}


def test_every_option_travels_with_a_reel(lab: Lab, instagram: InstagramClient) -> None:
    options = MediaOptions(
        cover_url="https://h/c.jpg",
        thumb_offset=0,
        share_to_feed=False,
        user_tags=[UserTag(username="anna")],
    )

    instagram.create_video_container(NOWHERE, options=options)

    assert sent(lab) == {
        "video_url": NOWHERE,
        "media_type": "REELS",
        "cover_url": "https://h/c.jpg",
        "thumb_offset": "0",
        "share_to_feed": "false",
        "user_tags": '[{"username": "anna"}]',
    }


def test_options_that_are_absent_are_not_sent() -> None:
    assert MediaOptions().parameters() == {}
    assert MediaOptions(alt_text="", user_tags=[], collaborators=[]).parameters() == {
        "alt_text": ""
    }
    assert MediaOptions(share_to_feed=True).parameters() == {"share_to_feed": "true"}


def test_without_a_user_id_the_account_of_the_token_is_meant(
    lab: Lab, graph_http: httpx.Client, image_url: str
) -> None:
    token = DEMO_ACCOUNT.token
    client = InstagramClient(token, graph_url=f"{lab.origin}/v25.0/", http=graph_http)

    client.create_image_container(image_url)

    assert lab.requests()[0]["path"] == "/v25.0/me/media"


def test_the_token_is_in_a_header_and_nowhere_else(
    ask: Callable[[RawServer], InstagramClient],
) -> None:
    with serving(ok('{"id": "1", "data": [], "status_code": "FINISHED"}')) as server:
        client = ask(server)
        for call in CALLS.values():
            try:
                call(client)
            except TransientGraphError:
                continue

    assert len(server.requests) == len(CALLS)
    for request in server.requests:
        head, _, body = request.decode().partition("\r\n\r\n")
        first, *headers = head.split("\r\n")
        assert DEMO_ACCOUNT.token not in first + body
        assert [line for line in headers if DEMO_ACCOUNT.token in line] == [
            f"Authorization: Bearer {DEMO_ACCOUNT.token}"
        ]


def test_instagram_sees_the_token_in_the_header_only(
    lab: Lab, instagram: InstagramClient, image_url: str
) -> None:
    container = instagram.create_image_container(image_url)
    lab.advance(4)
    instagram.publish(container)
    instagram.recent_media()
    instagram.account()

    requests = lab.requests()
    assert {entry["auth"] for entry in requests} == {"header"}
    assert {entry["user_agent"] for entry in requests} == {"postwright"}
    assert "access_token" not in json.dumps(requests)


# What comes back


def test_a_post_is_published_and_read_back(
    lab: Lab, instagram: InstagramClient, image_url: str
) -> None:
    container = instagram.create_image_container(image_url, caption="Hello")
    lab.advance(4)

    media_id = instagram.publish(container)

    media = instagram.media(media_id)
    [post] = lab.posts()
    assert media_id == post["id"]
    assert (media.id, media.caption, media.permalink) == (media_id, "Hello", post["permalink"])
    assert (media.media_type, media.media_product_type) == ("IMAGE", "FEED")
    assert media.timestamp is not None
    assert media.timestamp.astimezone(UTC).isoformat()[:19] == post["timestamp"][:19]


def test_posts_come_in_pages_newest_first(
    lab: Lab, instagram: InstagramClient, image_url: str
) -> None:
    for text in ("one", "two", "three"):
        container = instagram.create_image_container(image_url, caption=text)
        lab.advance(4)
        instagram.publish(container)

    first = instagram.recent_media(limit=2)
    second = instagram.recent_media(limit=2, after=first.after)

    assert [media.caption for media in first.media] == ["three", "two"]
    assert [media.caption for media in second.media] == ["one"]
    assert second.after is None


def test_an_account_without_posts_has_an_empty_page(instagram: InstagramClient) -> None:
    page = instagram.recent_media()

    assert (page.media, page.after) == ((), None)


def test_the_items_of_a_carousel_are_counted(
    lab: Lab, instagram: InstagramClient, image_url: str
) -> None:
    children = [
        instagram.create_image_container(image_url, is_carousel_item=True) for _ in range(3)
    ]
    lab.advance(4)
    parent = instagram.create_carousel_container(children)
    lab.advance(4)

    assert instagram.child_count(instagram.publish(parent)) == 3


def test_a_count_without_a_total_is_taken_to_be_of_a_hundred(
    lab: Lab, instagram: InstagramClient
) -> None:
    lab.faults({"call": "quota", "body": '{"data": [{"quota_usage": 1}]}'})

    assert instagram.quota() == Quota(used=1, total=100, duration_seconds=86_400)


def test_the_quota_is_read_live(lab: Lab, instagram: InstagramClient, image_url: str) -> None:
    lab.config(quota_total=7)
    container = instagram.create_image_container(image_url)
    lab.advance(4)
    instagram.publish(container)

    assert instagram.quota() == Quota(used=1, total=7, duration_seconds=86_400)


def test_the_account_of_the_token_is_told(instagram: InstagramClient) -> None:
    assert instagram.account() == Account(
        ACCOUNT, DEMO_ACCOUNT.username, "BUSINESS", DEMO_ACCOUNT.app_scoped_id
    )


@pytest.mark.parametrize(
    ("body", "account"),
    [
        (
            {"user_id": "17841400000000001", "id": "24", "username": "u", "account_type": "B"},
            Account("17841400000000001", "u", "B", "24"),
        ),
        (
            {"data": [{"user_id": 17841400000000001, "username": "u"}]},
            Account("17841400000000001", "u", "", "17841400000000001"),
        ),
        ({"id": "24"}, Account("24", "", "", "24")),
    ],
)
def test_flat_and_wrapped_accounts_are_understood(
    ask: Callable[[RawServer], InstagramClient], body: dict[str, Any], account: Account
) -> None:
    with serving(ok(json.dumps(body))) as server:
        assert ask(server).account() == account


def test_an_id_that_comes_as_a_number_keeps_all_its_digits(
    ask: Callable[[RawServer], InstagramClient],
) -> None:
    with serving(ok('{"id": 18049999999999999}')) as server:
        client = ask(server)

        assert client.publish("1") == "18049999999999999"
        assert client.create_image_container("https://h/a.jpg") == "18049999999999999"


def test_what_is_odd_about_a_post_does_not_hide_it(
    ask: Callable[[RawServer], InstagramClient],
) -> None:
    rows = [
        {"id": "1", "timestamp": "2026-09-26T19:00:00+0000", "caption": "a"},
        {"id": 2, "timestamp": "yesterday"},
        {"id": "3", "timestamp": 5, "caption": 7, "media_type": None, "permalink": ["x"]},
    ]
    with serving(ok(json.dumps({"data": rows, "paging": []}))) as server:
        page = ask(server).recent_media()

    first, second, third = page.media
    assert page.after is None
    assert first.timestamp == datetime(2026, 9, 26, 19, tzinfo=UTC)
    assert (second.id, second.timestamp) == ("2", None)
    assert (third.timestamp, third.caption, third.permalink) == (None, None, None)


@pytest.mark.parametrize(
    ("paging", "after"),
    [
        ({"cursors": {"after": "QVFI"}, "next": "https://h"}, "QVFI"),
        ({"cursors": {"after": "QVFI"}}, None),
        ({"next": "https://h"}, None),
        ({"cursors": None, "next": "https://h"}, None),
        (None, None),
        ("x", None),
    ],
)
def test_there_is_a_next_page_only_when_instagram_says_so(
    ask: Callable[[RawServer], InstagramClient], paging: Any, after: str | None
) -> None:
    with serving(ok(json.dumps({"data": [], "paging": paging}))) as server:
        assert ask(server).recent_media().after == after


# Refusals and broken answers


def test_a_refusal_becomes_the_class_of_its_code(lab: Lab, instagram: InstagramClient) -> None:
    lab.faults({"call": "create", "status": 400, "body": refusal(36000, 2207004)})

    with pytest.raises(MediaRejectedError) as raised:
        instagram.create_image_container("https://h/a.jpg")

    error = raised.value
    assert (error.code, error.subcode, error.http_status) == (36000, 2207004, 400)
    assert (error.fbtrace_id, error.call) == ("A6LJ", "create")
    assert error.sentence.endswith("Instagram says: Too large for us.")


def test_a_publish_that_is_not_ready_is_a_proven_refusal(
    instagram: InstagramClient, image_url: str
) -> None:
    container = instagram.create_image_container(image_url)

    with pytest.raises(ContainerNotReadyError):
        instagram.publish(container)


def renewing(lab: Lab, token: str, tokens: Sequence[str]) -> tuple[InstagramClient, list[str]]:
    """A client with `token` that is given these tokens one by one, and those it has asked for."""
    asked: list[str] = []

    def renew() -> str:
        asked.append(tokens[len(asked)])
        return asked[-1]

    client = InstagramClient(token, ACCOUNT, graph_url=f"{lab.origin}/v25.0", renew_token=renew)
    return client, asked


def test_a_new_token_is_taken_up_when_the_old_one_is_refused(lab: Lab) -> None:
    client, asked = renewing(lab, "IGAAold", [DEMO_ACCOUNT.token])

    with client:
        first, second = client.quota(), client.quota()

    assert first == second
    assert len(asked) == 1
    statuses = [entry["status"] for entry in lab.requests()]
    assert statuses == [400, 200, 200]


def test_a_new_token_is_taken_up_by_calls_that_are_refused_at_once(lab: Lab) -> None:
    """The second of them learns of the token when the first has taken it up already."""
    refused, one_is_done = threading.Barrier(2), threading.Event()

    def renew() -> str:
        if refused.wait(A_WHILE) == 1:
            one_is_done.wait(A_WHILE)
        return DEMO_ACCOUNT.token

    client = InstagramClient("IGAAold", ACCOUNT, graph_url=f"{lab.origin}/v25.0", renew_token=renew)

    def ask(_: int) -> Quota:
        try:
            return client.quota()
        finally:
            one_is_done.set()

    with client, ThreadPoolExecutor(2) as pool:
        first, second = pool.map(ask, range(2))

    assert first == second
    assert sorted(entry["status"] for entry in lab.requests()) == [200, 200, 400, 400]


def test_the_same_token_is_not_tried_twice(lab: Lab) -> None:
    client, asked = renewing(lab, "IGAAold", ["IGAAold"])

    with client, pytest.raises(TokenInvalidError):
        client.quota()

    assert (len(asked), len(lab.requests())) == (1, 1)


def test_a_publish_is_not_repeated_even_with_a_new_token(lab: Lab) -> None:
    client, asked = renewing(lab, "IGAAold", [DEMO_ACCOUNT.token])

    with client, pytest.raises(TokenInvalidError):
        client.publish("17900000000000001")

    assert (asked, len(lab.requests())) == ([], 1)


@pytest.mark.parametrize("state", ["expired", "revoked"])
def test_a_token_that_does_not_work_says_what_to_do(
    lab: Lab, instagram: InstagramClient, state: str
) -> None:
    lab.config(tokens={DEMO_ACCOUNT.token: state})
    try:
        with pytest.raises(TokenInvalidError, match="postwright auth login"):
            instagram.quota()
    finally:
        lab.config(tokens={DEMO_ACCOUNT.token: "ok"})


def refusal(code: Any, subcode: Any = None) -> str:
    return json.dumps(
        {
            "error": {
                "message": "The image size is too large.",
                "type": "OAuthException",
                "code": code,
                "error_subcode": subcode,
                "error_user_msg": "Too large for us.",
                "fbtrace_id": "A6LJ",
            }
        }
    )


BROKEN: dict[str, bytes | Answer] = {
    "HTML with status 200": ok("<html>Sorry</html>", content_type="text/html"),
    "HTML with status 502": ok("<html>Bad gateway</html>", status="502 Bad Gateway"),
    "nothing with status 200": ok(""),
    "nothing with status 503": ok("", status="503 Service Unavailable"),
    "JSON that is cut": ok('{"id": "1'),
    "JSON that is no object": ok('["1"]'),
    "JSON that is nested too deep": ok("[" * 100_000),
    "null": ok("null"),
    "bytes that are no text": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\xfe",
    "success and an error in one": ok('{"id": "1", "data": [], "error": {"code": 1}}'),
    "an error that is a word": ok('{"error": "no"}', status="400 Bad Request"),
    "an error without a code": ok('{"error": {}}', status="400 Bad Request"),
    "a code that is a word": ok(refusal("190"), status="400 Bad Request"),
    "a redirect": ok("", status="302 Found"),
    "an unknown error of the server": ok(refusal(1), status="500 Internal Server Error"),
    "slow: a body that drips": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"),
    "slow: headers that drip": drip(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "slow: silence": silence,
    "a reset": reset,
    "no HTTP": b"SSH-2.0-OpenSSH\r\n\r\n",
    "a body that is too short": b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"id": "1"}',
    "wrong compression": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"
    ),
}


def broken_calls() -> list[tuple[str, str]]:
    """Every call with every answer; the slow ones with one call per deadline."""
    return [
        (broken, call)
        for broken in BROKEN
        for call in (("create", "status", "publish") if broken.startswith("slow") else CALLS)
    ]


@pytest.mark.parametrize(("broken", "call"), broken_calls())
def test_a_broken_answer_is_told_as_such_and_asked_for_once(
    ask: Callable[[RawServer], InstagramClient], hand: HandClock, call: str, broken: str
) -> None:
    hand.haste = 40 if broken.startswith("slow") else 1

    with serving(BROKEN[broken]) as server, pytest.raises(PostwrightError) as raised:
        CALLS[call](ask(server))

    assert len(server.requests) == 1
    expected = PublishUncertainError if call == "publish" else TransientGraphError
    assert type(raised.value) is expected
    assert DEMO_ACCOUNT.token not in f"{raised.value}{raised.value.__cause__!r}"


WITHOUT_WHAT_WAS_ASKED: dict[str, tuple[str, ...]] = {
    "create": ("{}", '{"id": ""}', '{"id": null}', '{"id": "abc"}', '{"success": true}'),
    "publish": ("{}", '{"id": ""}', '{"id": true}', '{"id": 1.5}', '{"id": ["1"]}'),
    "quota": (
        "{}",
        '{"data": []}',
        '{"data": {}}',
        '{"data": [{"quota_usage": 1, "config": {}}]}',
        '{"data": [{"quota_usage": 1, "config": null}]}',
        '{"data": [{"quota_usage": null, "config": {"quota_total": 1, "quota_duration": 2}}]}',
        '{"data": [{"quota_usage": "x", "config": {"quota_total": 1, "quota_duration": 2}}]}',
    ),
    "recent_media": ("{}", '{"data": null}', '{"data": {}}', '{"data": ["1"]}', '{"data": [{}]}'),
    "child_count": ("{}", '{"data": null}', '{"data": {}}', '{"data": "x"}'),
    "media": ("{}", '{"id": null}'),
    "account": ("{}", '{"data": []}', '{"data": [5]}', '{"username": "u"}'),
}


@pytest.mark.parametrize(
    ("call", "body"),
    [(call, body) for call, bodies in WITHOUT_WHAT_WAS_ASKED.items() for body in bodies],
)
def test_a_success_without_what_was_asked_for_is_no_success(
    ask: Callable[[RawServer], InstagramClient], call: str, body: str
) -> None:
    with serving(ok(body)) as server, pytest.raises(PostwrightError) as raised:
        CALLS[call](ask(server))

    expected = PublishUncertainError if call == "publish" else TransientGraphError
    assert type(raised.value) is expected


def test_a_quota_in_text_is_a_number(ask: Callable[[RawServer], InstagramClient]) -> None:
    row = {"quota_usage": "3", "config": {"quota_total": "50", "quota_duration": 86400}}
    with serving(ok(json.dumps({"data": [row]}))) as server:
        assert ask(server).quota() == Quota(3, 50, 86_400)


def test_a_status_without_a_code_is_none_that_we_know(
    ask: Callable[[RawServer], InstagramClient],
) -> None:
    with serving(ok("{}")) as server:
        assert ask(server).container_status("1") == ContainerStatus("", "")


def test_nobody_listens(graph_http: httpx.Client) -> None:
    client = client_of("http://127.0.0.1:9", graph_http)

    with pytest.raises(TransientGraphError, match="ConnectError"):
        client.quota()
    with pytest.raises(PublishUncertainError, match="ConnectError"):
        client.publish("1")


@pytest.mark.parametrize(
    ("call", "seconds"), [("create", 20), ("publish", 15), ("status", 10), ("recent_media", 10)]
)
def test_each_call_has_one_deadline_for_all_of_it(
    hand: HandClock, ask: Callable[[RawServer], InstagramClient], call: str, seconds: float
) -> None:
    hand.haste = 0

    with serving(silence) as server, ThreadPoolExecutor(1) as pool:
        asking = pool.submit(CALLS[call], ask(server))
        server.wait_for_request()
        hand.advance(seconds - 0.01)
        with pytest.raises(TimeoutError):
            asking.result(0.05)
        hand.advance(0.01)

        assert "ReadTimeout" in str(asking.exception(10))


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch, lab: Lab) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    with new_http_client() as http:
        assert client_of(lab.origin, http).account().user_id == ACCOUNT


def test_a_client_closes_only_the_connections_that_are_its_own(
    lab: Lab, graph_http: httpx.Client
) -> None:
    with client_of(lab.origin, graph_http) as given:
        given.account()
    with InstagramClient(DEMO_ACCOUNT.token, graph_url=f"{lab.origin}/v25.0") as own:
        own.account()

    assert given.account().user_id == ACCOUNT
    with pytest.raises(RuntimeError, match="closed"):
        own.account()


# Waiting


def test_waiting_ends_when_the_container_is_ready(
    lab: Lab, instagram: InstagramClient, image_url: str, hand: HandClock
) -> None:
    lab.config(image={"seconds": 100})
    container = instagram.create_image_container(image_url)

    instagram.wait_for_container(container, timeout_seconds=300)

    assert hand.slept == [5, 10, 20, 30, 30, 30]


def test_a_container_that_is_published_is_ready(
    lab: Lab, instagram: InstagramClient, image_url: str, hand: HandClock
) -> None:
    container = instagram.create_image_container(image_url)
    lab.advance(4)
    instagram.publish(container)

    instagram.wait_for_container(container, timeout_seconds=1)

    assert hand.slept == []


def test_waiting_ends_at_its_time_with_a_last_look(
    lab: Lab, instagram: InstagramClient, image_url: str, hand: HandClock
) -> None:
    lab.config(image={"seconds": 100})
    container = instagram.create_image_container(image_url)

    with pytest.raises(TransientGraphError, match="not ready after 17 seconds"):
        instagram.wait_for_container(container, timeout_seconds=17)

    assert [round(pause) for pause in hand.slept] == [5, 10, 2]
    looks = [entry for entry in lab.requests() if entry["method"] == "GET"]
    assert len(looks) == 4


def test_waiting_ends_with_the_error_of_the_container(lab: Lab, instagram: InstagramClient) -> None:
    lab.faults({"call": "create", "processing_error": 2207026, "processing_seconds": 7})
    container = instagram.create_video_container(NOWHERE)

    with pytest.raises(MediaRejectedError, match=r"H\.264"):
        instagram.wait_for_container(container, timeout_seconds=300)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("ERROR", ProcessingFailedError), ("EXPIRED", ContainerExpiredError)],
)
def test_waiting_ends_when_there_is_nothing_to_wait_for(
    ask: Callable[[RawServer], InstagramClient], status: str, expected: type[PostwrightError]
) -> None:
    with (
        serving(ok(json.dumps({"status_code": status, "status": "Fatal"}))) as server,
        pytest.raises(expected),
    ):
        ask(server).wait_for_container("1", timeout_seconds=60)


# Usage


def test_usage_is_read_from_every_answer(lab: Lab, instagram: InstagramClient) -> None:
    lab.config(calls_per_hour=4)

    before = instagram.usage
    instagram.account()
    instagram.account()

    assert before == Usage()
    assert instagram.usage == Usage(percent=50, regain_minutes=0)


def test_a_rate_limit_waits_as_long_as_the_header_says(
    ask: Callable[[RawServer], InstagramClient],
) -> None:
    pool = {"1": [{"call_count": 100, "estimated_time_to_regain_access": 12}]}
    limited = (
        f"HTTP/1.1 400 Bad Request\r\nX-Business-Use-Case-Usage: {json.dumps(pool)}\r\n"
        f"Connection: close\r\n\r\n{refusal(80002)}"
    )
    with serving(limited.encode()) as server, pytest.raises(RateLimitedError) as raised:
        ask(server).container_status("1")

    assert raised.value.wait_seconds == 720


@pytest.mark.parametrize(
    ("headers", "usage"),
    [
        ({}, Usage()),
        ({"x-app-usage": '{"call_count": 12, "total_cputime": 3, "total_time": 40}'}, Usage(40)),
        (
            {
                "x-app-usage": '{"call_count": 12}',
                "x-business-use-case-usage": json.dumps(
                    {
                        "1": [{"type": "instagram", "call_count": 90}],
                        "2": [
                            {"total_time": 95, "estimated_time_to_regain_access": 7},
                            {"estimated_time_to_regain_access": 3},
                        ],
                    }
                ),
            },
            Usage(95, 7),
        ),
        ({"x-app-usage": '{"call_count": 12.9}'}, Usage(12)),
        ({"x-app-usage": '{"call_count": -5}'}, Usage()),
        ({"x-app-usage": '{"call_count": "99", "total_time": null}'}, Usage()),
        ({"x-app-usage": '{"call_count": true}'}, Usage()),
        ({"x-app-usage": '{"call_count": NaN, "total_time": Infinity}'}, Usage()),
        ({"x-app-usage": "not json"}, Usage()),
        ({"x-app-usage": "[1]"}, Usage()),
        ({"x-app-usage": "null"}, Usage()),
        ({"x-app-usage": "[" * 50_000}, Usage()),
        ({"x-business-use-case-usage": '{"1": {"call_count": 99}}'}, Usage()),
        ({"x-business-use-case-usage": '{"1": [5, null, {"call_count": 8}]}'}, Usage(8)),
    ],
)
def test_usage_headers_are_read_and_nonsense_counts_as_nothing(
    headers: dict[str, str], usage: Usage
) -> None:
    assert parse_usage(headers) == usage


@pytest.mark.parametrize("digits", [20, 400, 5000])
def test_a_number_that_cannot_be_true_does_not_break_anything(digits: int) -> None:
    pool = f'{{"1": [{{"estimated_time_to_regain_access": {"9" * digits}}}]}}'

    usage = parse_usage({"x-business-use-case-usage": pool})

    assert usage == Usage()
