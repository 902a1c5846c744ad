"""Every error of the table, answered by the simulated Instagram and read by the real client."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest

from postwright import errors
from postwright.error_table import Call
from postwright.errors import PostwrightError, PublishUncertainError
from postwright.failures import GraphFailure
from postwright.instagram import READ_DEADLINE_SECONDS, InstagramClient, new_http_client
from sandbox.instagram import DEMO_ACCOUNT
from tests.instagram_lab import ACCOUNT, Lab
from tests.reference_errors import ANY_CODE, MADE_BY_NOBODY, REFERENCE, Known, row_of

pytest_plugins = ("tests.unit.core_fixtures",)
pytestmark = pytest.mark.usefixtures("hand")

NOWHERE = "http://127.0.0.1:9/clip.mp4"
"""Instagram fetches videos later, so a container for this one is made at first."""


class MoreCalls(InstagramClient):
    """Calls that the workflow does not make, sent and read as all the others are."""

    def comment(self, media_id: str) -> Mapping[str, Any]:
        return self._post("comment", f"{media_id}/comments", {"message": "Hi"}, 20)

    def delete(self, media_id: str) -> Mapping[str, Any]:
        return self._send("delete", "DELETE", media_id, READ_DEADLINE_SECONDS)

    def search(self, hashtag: str) -> Mapping[str, Any]:
        return self._get("search", "ig_hashtag_search", {"user_id": self.user_id, "q": hashtag})

    def embed(self, url: str) -> Mapping[str, Any]:
        return self._get("embed", "instagram_oembed", {"url": url})


@pytest.fixture
def bodies() -> list[bytes]:
    """What Instagram has answered, newest last."""
    return []


@pytest.fixture
def http(bodies: list[bytes]) -> Iterator[httpx.Client]:
    def keep(answer: httpx.Response) -> None:
        bodies.append(answer.read())

    with new_http_client() as client:
        client.event_hooks = {"response": [keep]}
        yield client


@pytest.fixture
def client(lab: Lab, http: httpx.Client) -> MoreCalls:
    return MoreCalls(DEMO_ACCOUNT.token, ACCOUNT, graph_url=f"{lab.origin}/v25.0", http=http)


Ask = Callable[[MoreCalls, str], object]

# What is asked in each call, and the name that the fault script has for it. `media` and `status`
# are told apart by what the id belongs to.
ASK: dict[Call, tuple[str | None, Ask]] = {
    "create": ("create", lambda client, _: client.create_image_container("https://h/a.jpg")),
    "publish": ("publish", lambda client, container: client.publish(container)),
    "status": ("status", lambda client, container: client.container_status(container)),
    "media": ("media", lambda client, _: client.media("18000000000000000")),
    "read": ("quota", lambda client, _: client.quota()),
    "comment": ("comment", lambda client, _: client.comment("18000000000000000")),
    "delete": (None, lambda client, _: client.delete("18000000000000000")),
    "search": (None, lambda client, _: client.search("dunes")),
    "embed": (None, lambda client, _: client.embed("https://www.instagram.com/p/x/")),
}


def calls_of(known: Known) -> list[Call]:
    """Where an error of the reference is answered, besides the text of a container."""
    if "*" not in known.where:
        return sorted(row_of(known).calls - {"processing"})
    made = {"create", "status", "media", "read", "publish"}
    if (known.code, known.subcode) == (100, 33):
        made -= {"status", "media"}  # a row of their own
    return [call for call in ASK if call in made]


CODED = [known for known in REFERENCE if known.is_graph]
ANSWERS = [(known, call) for known in CODED for call in calls_of(known)]
IN_TEXTS = [known for known in REFERENCE if "f" in known.where]


def a_container(lab: Lab) -> str:
    return lab.container(media_type="REELS", video_url=NOWHERE)


def raised_by(ask: Callable[[], object]) -> PostwrightError:
    with pytest.raises(PostwrightError) as raised:
        ask()
    return raised.value


def trace_id_of(bodies: list[bytes]) -> str:
    """The one that the last answer carries."""
    return str(json.loads(bodies[-1])["error"]["fbtrace_id"])


@pytest.mark.parametrize(("known", "call"), ANSWERS, ids=str)
def test_an_error_comes_through_the_client_as_the_table_has_it(
    lab: Lab, client: MoreCalls, bodies: list[bytes], known: Known, call: Call
) -> None:
    container = a_container(lab)
    name, ask = ASK[call]
    assert lab.faults({"call": name, **known.fault}).is_success

    error = raised_by(lambda: ask(client, container))

    unclear = call in ("publish", "comment") and not known.proof
    assert type(error) is (PublishUncertainError if unclear else row_of(known).error)
    assert (error.code, error.subcode) == known.as_sent
    assert (error.http_status, error.call) == (known.http, call)
    assert error.fbtrace_id == trace_id_of(bodies)
    assert unclear or error.sentence.startswith(row_of(known).sentence)


@pytest.mark.parametrize("known", IN_TEXTS, ids=str)
def test_an_error_comes_in_the_text_of_a_container_as_the_table_has_it(
    lab: Lab, client: MoreCalls, known: Known
) -> None:
    fault = {"call": "create", "processing_error": known.subcode, "processing_seconds": 0}
    assert lab.faults(fault).is_success
    container = client.create_video_container(NOWHERE)

    error = raised_by(lambda: client.wait_for_container(container, timeout_seconds=60))

    assert type(error) is row_of(known).error
    assert (error.code, error.subcode) == (None, known.subcode)
    assert (error.http_status, error.fbtrace_id, error.call) == (None, None, "status")
    assert error.sentence.startswith(row_of(known).sentence)


@pytest.mark.parametrize("call", ["create", "status", "media", "read", "publish", "comment"])
@pytest.mark.parametrize(
    ("answer", "http_status"),
    [
        ({"answer": "html"}, 502),
        ({"status": 503, "body": ""}, 503),
        ({"status": 504, "body": "<html></html>", "content_type": "text/html"}, 504),
        ({"answer": "empty"}, 200),
        ({"answer": "cut", "effect": "never"}, 200),
        ({"answer": "reset"}, None),
    ],
    ids=str,
)
def test_what_is_not_from_the_graph_api_is_tried_again_or_looked_at(
    lab: Lab, client: MoreCalls, call: Call, answer: dict[str, Any], http_status: int | None
) -> None:
    container = a_container(lab)
    name, ask = ASK[call]
    assert lab.faults({"call": name, **answer}).is_success

    error = raised_by(lambda: ask(client, container))

    unclear = call in ("publish", "comment")
    assert type(error) is (PublishUncertainError if unclear else errors.TransientGraphError)
    assert (error.code, error.subcode, error.fbtrace_id) == (None, None, None)
    assert (error.http_status, error.call) == (http_status, call)


def test_every_error_of_the_reference_was_answered() -> None:
    asked = {str(known) for known, _ in ANSWERS} | {str(known) for known in IN_TEXTS}

    [not_asked] = [known for known in REFERENCE if str(known) not in asked]

    assert (not_asked.code, not_asked.subcode, not_asked.words) == (None, None, "")
    assert {call for _, call in ANSWERS} >= MADE_BY_NOBODY


# What nobody knows


@pytest.fixture
def told() -> list[GraphFailure]:
    return []


@pytest.fixture
def counting(lab: Lab, http: httpx.Client, told: list[GraphFailure]) -> MoreCalls:
    """A client that tells of errors that nobody knows."""
    return MoreCalls(
        DEMO_ACCOUNT.token,
        ACCOUNT,
        graph_url=f"{lab.origin}/v25.0",
        http=http,
        on_failure=lambda failure: None if failure.is_known else told.append(failure),
    )


@pytest.mark.parametrize("call", ["create", "status", "media", "read", "publish"])
def test_an_unknown_error_is_told_of_and_logged(
    lab: Lab,
    counting: MoreCalls,
    told: list[GraphFailure],
    bodies: list[bytes],
    caplog: pytest.LogCaptureFixture,
    call: Call,
) -> None:
    container = a_container(lab)
    name, ask = ASK[call]
    lab.faults({"call": name, "error": [100, 2207067], "http_status": 403, "message": "No."})

    with caplog.at_level(logging.WARNING, "postwright"):
        raised_by(lambda: ask(counting, container))

    trace_id = trace_id_of(bodies)
    [failure] = told
    assert (failure.call, failure.code, failure.subcode) == (call, 100, 2207067)
    assert (failure.http_status, failure.fbtrace_id, failure.message) == (403, trace_id, "No.")
    [line] = caplog.records
    assert line.getMessage().endswith(f"at {call}: HTTP 403, code 100/2207067")
    assert (line.levelname, vars(line)["subcode"], vars(line)["call"]) == ("WARNING", 2207067, call)
    assert vars(line)["fbtrace_id"] == trace_id


@pytest.mark.parametrize("said", [2207089, "Fatal"])
def test_an_unknown_text_of_a_container_is_told_of(
    lab: Lab, counting: MoreCalls, told: list[GraphFailure], said: int | str
) -> None:
    lab.faults({"call": "create", "processing_error": said, "processing_seconds": 0})
    container = counting.create_video_container(NOWHERE)

    status = counting.container_status(container)

    [failure] = told
    assert status.status_code == "ERROR"
    assert (failure.call, failure.code) == ("processing", None)
    assert failure.subcode == (said if isinstance(said, int) else None)
    assert failure.message == status.status


@pytest.mark.parametrize(
    "fault",
    [
        {"call": "quota", "error": [190, 463]},
        {"call": "quota", "error": [ANY_CODE, 2207051]},
        {"call": "quota", "answer": "html"},
        {"call": "quota", "answer": "reset"},
    ],
    ids=str,
)
def test_a_known_error_is_not_told_of(
    lab: Lab, counting: MoreCalls, told: list[GraphFailure], fault: dict[str, Any]
) -> None:
    lab.faults(fault)

    raised_by(counting.quota)

    assert told == []


def test_a_count_that_fails_does_not_change_the_error(
    lab: Lab, http: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: GraphFailure) -> None:
        raise RuntimeError("the table is full")

    client = InstagramClient(
        DEMO_ACCOUNT.token, ACCOUNT, graph_url=lab.origin, http=http, on_failure=fail
    )
    lab.faults({"call": "create", "error": [ANY_CODE, 1]})

    error = raised_by(lambda: client.create_image_container("https://h/a.jpg"))

    assert (type(error), error.code) == (errors.MediaRejectedError, ANY_CODE)
    assert [line.levelname for line in caplog.records] == ["WARNING", "ERROR"]


def test_nothing_secret_is_logged_of_an_unknown_error(
    lab: Lab, counting: MoreCalls, caplog: pytest.LogCaptureFixture
) -> None:
    said = (
        f"Cannot fetch https://h/a.jpg?X-Amz-Signature=0123456789abcdef with {DEMO_ACCOUNT.token}"
    )
    lab.faults({"call": "create", "error": [ANY_CODE, 1], "message": said})

    raised_by(lambda: counting.create_image_container("https://h/a.jpg"))

    [line] = caplog.records
    assert "Cannot fetch https://h/a.jpg?" in vars(line)["said"]
    assert "0123456789abcdef" not in str(vars(line))
    assert DEMO_ACCOUNT.token not in str(vars(line))


def test_a_code_in_words_is_found_wherever_it_stands(lab: Lab, client: MoreCalls) -> None:
    words = "INSTAGRAM_PLATFORM_API__PERMISSION"
    said = [{"code": words}, {"code": 100, "error_subcode": words}, {"error_user_msg": words}]
    lab.faults(*({"call": "create", "status": 400, "body": {"error": error}} for error in said))

    found = [raised_by(lambda: client.create_image_container("https://h/a.jpg")) for _ in said]

    assert {type(error) for error in found} == {errors.MediaRejectedError}
    assert all("branded content" in error.sentence for error in found)
