"""A fixture holds nothing that is somebody's, and everything that a replay needs."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postwright import recording
from postwright.errors import MediaRejectedError, PublishUncertainError, TransientGraphError
from postwright.history import HistoryError, read
from postwright.models import ContainerState, MediaKind, OnQuota
from postwright.recording import Recording
from postwright.redaction import error_name, redacted
from sandbox.rebuilding import rebuild
from sandbox.server import DEFINITION
from tests.history_tape import Tape

ACCOUNT = "210987654321"
SECRETS: list[Any] = [
    "IGAAJx0aQbR4NBZAE1rUzJyc3R1dnd4eXo0123456789",
    "EAAGm0PX4ZCpsBAKZCZBabcdefghijklmnopqrstu",
    "https://media.s3.amazonaws.com/anna/enhanced/1.jpg?X-Amz-Signature=5f9c3e&X-Amz-Expires=3600",
    "X-Amz-Signature=5f9c3e7d0b1a",
    "Bearer abcdef0123456789",
    "Grandmother turns eighty, at last",
    "rosebud",
    "#annasbirthday",
    "IMG_2041-anna.jpg",
    "anna@example.org",
    "+491701234567",
    "anna-in-venice",
    "17841400008460056",
    17841400008460056,
    int(ACCOUNT),
    17841400008460056.5,
    "AbQfZ9x_trace-4711",
    f"arn:aws:states:eu-west-1:{ACCOUNT}:execution:publish-post:20261124T120140-c718f83a1225",
    "20261124T120140-c718f83a1225",
]
NAMES = [
    *("sessionId", "groupId", "accountId", "jobId", "instagramPostId", "permalink", "publishAt"),
    *("next", "outcome", "kind", "call", "type", "status", "container", "onQuota", "shape"),
    *("index", "bytes", "code", "subcode", "httpStatus", "waitSeconds", "tries", "total"),
    *("pending", "seen", "quota", "post", "items", "error", "item", "message", "caption"),
    *("Payload", "Error", "Cause", "errorType", "errorMessage", "name", "input", "output"),
]
secrets = st.sampled_from(SECRETS)
names = st.sampled_from([*NAMES, *map(str, SECRETS)])


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects and lists, some of them as JSON in a text, as causes and inputs are."""
    plain = st.dictionaries(names, inner, max_size=4) | st.lists(inner, max_size=3)
    return plain | plain.map(json.dumps)


anything = st.recursive(secrets, nested, max_leaves=8)


def text_of(events: list[dict[str, Any]]) -> str:
    return recording.to_text(redacted(Recording("anna", events), recording.PUBLISHED))


def found_in(text: str) -> list[str]:
    return [str(secret) for secret in SECRETS if str(secret) in text]


def told(sentence: str, **fields: Any) -> str:
    """The text of an error with these fields, as a function raises it."""
    return f"{sentence} {json.dumps(fields)}"


def run(*, given: Any = None, answer: Any = None, error: str = "", cause: Any = None) -> Tape:
    """A short run with a Map that ends in an error."""
    tape = Tape(given or {"sessionId": "anna-in-venice", "groupId": "rosebud"})
    tape.task("LoadPost", answer, seconds=1)
    started = tape.map_of("CreateContainers", 2)
    for index in range(2):
        tape.iterate("CreateContainers", index, after=started)
        tape.task("CreateContainer", answer)
    tape.exit("CreateContainers", "Map", output=answer)
    tape.enter("CheckStatus", given=answer)
    tape.schedule(payload=answer)
    tape.fail("KeyError")
    tape.events[-1]["taskFailedEventDetails"] |= {
        "error": error,
        "cause": cause if isinstance(cause, str) else json.dumps(cause),
    }
    tape.end("Failed", error=error, cause=str(cause))
    tape.redrive()
    return tape


# Nothing of anybody is kept.


@given(anything, anything, secrets.map(str), anything)
@settings(max_examples=150, deadline=None)
def test_nothing_that_a_run_was_given_or_answered_is_in_a_fixture(
    given: Any, answer: Any, error: str, cause: Any
) -> None:
    tape = run(given=given, answer=answer, error=error, cause=cause)

    text = text_of(tape.events)

    assert found_in(text) == []


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_secret_stays_wherever_in_an_event_it_stands(data: st.DataObject) -> None:
    events = copy.deepcopy(run(answer={"next": "now"}, error="KeyError", cause="It broke.").events)
    event = data.draw(st.sampled_from(events))
    details = next((v for k, v in event.items() if k.endswith("EventDetails")), event)
    match data.draw(st.sampled_from(["key", "value", "details", "type", "number", "unknown"])):
        case "key":
            details[str(data.draw(secrets))] = data.draw(anything)
        case "value":
            details[data.draw(st.sampled_from([*details, *NAMES]))] = data.draw(anything)
        case "details":
            event[f"{data.draw(secrets)}EventDetails"] = {"name": data.draw(anything)}
        case "type":
            event["type"] = str(data.draw(secrets))
        case "number":
            event["id"] = event["previousEventId"] = int(ACCOUNT)
        case _:
            event["type"] = "LambdaFunctionFailed"
            event["lambdaFunctionFailedEventDetails"] = {"error": data.draw(anything)}

    try:
        text = text_of(events)
    except HistoryError:
        text = ""

    assert found_in(text) == []


@pytest.mark.parametrize("secret", [str(secret) for secret in SECRETS])
@pytest.mark.parametrize(
    "sentence",
    [
        "The publish call had no clear answer (no answer, {}).",
        "still processing {}",
        "its 100 posts {}",
        "container {}, 3 posts that fit",
        'Instagram says: {} {{"item": "{}", "call": "{}"}}',
        'It broke. {{"item": "1: {}, 2: {}", "code": 190, "fbtraceId": "{}"}}',
        'It broke. {{"code": {{"code": "{}"}}, "error": {{"message": "{}"}}, "{}": 1}}',
    ],
)
def test_no_secret_of_an_errors_text_stays(sentence: str, secret: str) -> None:
    text = sentence.format(*[secret] * sentence.count("{}"))
    tape = run(error="TokenInvalidError", cause={"errorMessage": text, "errorType": secret})

    kept = text_of(tape.events)

    assert found_in(kept) == []
    assert "TokenInvalidError" in kept


@pytest.mark.parametrize(
    "telling",
    [
        "(no answer, ReadTimeout)",
        "still processing",
        "its 25 posts",
        "container unknown, 0 posts that fit",
    ],
)
def test_what_tells_failures_apart_stays_of_a_sentence(telling: str) -> None:
    text = told(f"Annas film: {telling}, and more.", code=1)
    tape = run(error="KeyError", cause={"errorMessage": text, "errorType": "KeyError"})

    kept = text_of(tape.events)

    assert f"{telling} {{" in kept
    assert "Annas" not in kept


@pytest.mark.parametrize(
    "name", ["Anna Smith", "anna", "17841400008460056", "IGAAJx0aQbR4N", "A" * 50]
)
def test_a_state_whose_name_is_no_plain_word_loses_it(name: str) -> None:
    tape = Tape()
    tape.task(name)
    tape.task("CheckQuota")

    kept = text_of(tape.events)

    assert name not in kept
    assert kept.count("Unnamed") == 2
    assert kept.count('"CheckQuota"') == 2


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("TokenInvalidError", "TokenInvalidError"),
        ("KeyError", "KeyError"),
        ("States.Timeout", "States.Timeout"),
        ("Lambda.TooManyRequestsException", "Lambda.TooManyRequestsException"),
        ("Lambda.Unknown", "Lambda.Unknown"),
        ("Runtime.ExitError", "Runtime.ExitError"),
        ("Anna stopped it", "Unknown"),
        ("Anna", "Unknown"),
        ("States.Anna", "Unknown"),
        ("User17841400008460056Error", "Unknown"),
        ("IGAAJxaQbRNBZAErUzJycRdndeXoError", "Unknown"),
        ("", "Unknown"),
    ],
)
def test_of_an_errors_name_only_what_a_program_chose_stays(name: str, kept: str) -> None:
    assert error_name(name) == kept


@pytest.mark.parametrize("number", [17841400008460056, -17841400008460056, int(ACCOUNT), "rosebud"])
def test_a_number_that_may_be_an_id_is_no_count(number: Any) -> None:
    tape = Tape()
    started = tape.map_of("CreateContainers", number)
    tape.iterate("CreateContainers", number, after=started)
    tape.task("CreateContainer", dict.fromkeys(NAMES, number))
    tape.redrive(number)

    kept = text_of(tape.events)

    assert str(number) not in kept
    assert '"length": 0' in kept
    assert '"index": 0' in kept
    assert '"redriveCount": 0' in kept


def test_a_status_that_instagram_has_invented_since_is_no_text_of_it() -> None:
    seen = [{"container": "0", "status": "IN_PROGRESS"}, {"container": "1", "status": "rosebud"}]
    tape = Tape()
    tape.task("CheckStatus", {"next": "wait", "seen": seen})

    [visit] = read(redacted(Recording("x", tape.events), recording.PUBLISHED).events).visits

    assert visit.tries[0].answer["seen"] == [seen[0], {"container": "1", "status": "OTHER"}]


def test_the_definition_and_the_caption_go_unless_the_caption_is_asked_for() -> None:
    whole = Recording("x", Tape().events, {"Comment": "rosebud"}, caption="At the sea")

    without = redacted(whole, recording.PUBLISHED)
    with_it = redacted(whole, recording.PUBLISHED, keep_caption=True)

    assert (without.definition, without.caption) == (None, None)
    assert (with_it.definition, with_it.caption) == (None, "At the sea")


def test_events_without_a_number_or_a_time_are_no_history() -> None:
    [event] = Tape().events

    for broken in ({"id": None}, {"id": "rosebud"}, {"timestamp": "rosebud"}):
        with pytest.raises(HistoryError):
            redacted(Recording("x", [{**event, **broken}]), recording.PUBLISHED)


# What a replay needs is kept.


def load(tape: Tape, *kinds: str) -> None:
    items = [{"kind": kind, "bytes": 9_000_000, "shape": "1080x1350 4.5s"} for kind in kinds]
    post = {"kind": "carousel", "items": items, "captionCharacters": 90, "hashtags": 3}
    ids = {"sessionId": "anna", "groupId": "rosebud", "accountId": "default", "jobId": "job-7"}
    more = {"publishAt": None, "permalink": None, "post": post}
    tape.task("LoadPost", {"next": "now", **ids, **more}, seconds=1)
    answer = {"next": "create", "waitSeconds": 2, "pending": [{"index": 0}], "total": 6}
    tape.task("CheckQuota", {**answer, "completed": 0, "quota": {"used": 3, "total": 100}})


def create(tape: Tape, index: int, outcome: str = "created", **error: Any) -> None:
    facts = {"kind": "image", "bytes": 9_000_000, "shape": None, "tries": 1}
    tape.task(
        "CreateContainer", {"index": index, "outcome": outcome, **facts, "error": error or None}
    )


def look(tape: Tape, *statuses: str | None, subcode: int | None = None) -> None:
    seen = [
        {"container": str(index), "status": status} | ({"subcode": subcode} if subcode else {})
        for index, status in enumerate(statuses)
    ]
    tape.passes(10).task(
        "CheckStatus", {"next": "wait", "waitSeconds": 10, "seen": seen}, seconds=1
    )


def refused_item(tape: Tape) -> None:
    load(tape, "image", "video")
    refusal = {"message": "Anna's photo is refused.", "code": 36003, "subcode": 2207009}
    create(
        tape, 0, "rejected", type="MediaRejectedError", httpStatus=400, item="1: a.jpg", **refusal
    )
    create(tape, 1)
    tape.enter("CheckStatus")
    tape.schedule()
    item = "1: a.jpg, 2: IMG_2041-anna.jpg"
    text = told("Two items are refused.", code=36003, item=item, call="create")
    tape.fail(MediaRejectedError.__name__, text)
    tape.end_failed(MediaRejectedError.__name__, text)


def slow_item(tape: Tape) -> None:
    load(tape, "video", "video")
    create(tape, 0)
    create(tape, 1)
    look(tape, "IN_PROGRESS", "IN_PROGRESS")
    look(tape, "FINISHED", None)
    look(tape, "FINISHED", "ERROR", subcode=2207026)
    tape.enter("CheckStatus")
    tape.passes(3600).schedule()
    text = told("2: b.mp4 is still processing after 60 minutes.", item="2: b.mp4", call="status")
    tape.fail("ProcessingFailedError", text)


def unclear_publish(tape: Tape) -> None:
    load(tape, "image")
    create(tape, 0)
    look(tape, "FINISHED")
    tape.enter("Publish")
    tape.schedule()
    sentence = "The publish call had no clear answer (no answer, ReadTimeout)."
    tape.passes(20).fail(PublishUncertainError.__name__, told(sentence, call="publish"))
    tape.exit("Publish")
    tape.wait("WaitBeforeReconcile", 30)
    seen = {"container": "PUBLISHED", "postsRead": False, "posts": 0, "fit": 0}
    tape.task("ReconcilePublish", {"next": "look", "instagramPostId": None, "seen": seen})
    tape.wait("WaitBeforeReconcile", 30)
    found = {"next": "published", "instagramPostId": "17841400008460056"}
    tape.task("ReconcilePublish", {**found, "seen": {**seen, "postsRead": True, "fit": 1}})


def outages(tape: Tape) -> None:
    tape.enter("LoadPost")
    tape.schedule()
    tape.fail("Lambda.TooManyRequestsException")
    tape.schedule()
    tape.passes(45).time_out()
    tape.exit("LoadPost")
    load(tape, "image")
    tape.enter("CheckQuota")
    tape.schedule()
    text = told("Instagram is down.", code=2, httpStatus=503, fbtraceId="AbQ", call="quota")
    tape.fail(TransientGraphError.__name__, text)
    tape.schedule()
    text = told("The account has used its 25 posts.", call="quota")
    tape.fail("QuotaExceededError", text)
    tape.end_failed("QuotaExceededError", text)
    tape.redrive()


def full_quota_and_schedule(tape: Tape) -> None:
    load(tape, "image")
    create(tape, 0, "throttled", type="RateLimitedError", code=4, httpStatus=403)
    tape.task("Publish", {"next": "waitForQuota", "instagramPostId": None})
    tape.enter("Publish")
    tape.schedule()
    tape.fail("KeyError", "'nothing'")


RUNS: list[Callable[[Tape], None]] = [
    *(refused_item, slow_item, unclear_publish, outages, full_quota_and_schedule)
]


def taped(happens: Callable[[Tape], None]) -> Recording:
    request = {"sessionId": "anna", "groupId": "rosebud", "onQuota": "wait"}
    tape = Tape({**request, "publishAt": "2026-12-01T09:00:00.000Z"})
    happens(tape)
    return Recording("x", tape.events, caption="rosebud")


@pytest.mark.parametrize("happens", RUNS)
def test_a_fixture_is_rebuilt_as_its_recording_is(happens: Callable[[Tape], None]) -> None:
    whole = taped(happens)

    fixture = redacted(whole, recording.PUBLISHED)

    assert rebuild(read(fixture.events)) == rebuild(read(whole.events))


@pytest.mark.parametrize("happens", RUNS)
def test_states_times_and_errors_stay(happens: Callable[[Tape], None]) -> None:
    whole = taped(happens)

    then, kept = read(whole.events), read(redacted(whole, recording.PUBLISHED).events)

    assert [
        (v.state, v.kind, v.entered_at, v.exited_at, v.iteration, v.run) for v in kept.visits
    ] == [(v.state, v.kind, v.entered_at, v.exited_at, v.iteration, v.run) for v in then.visits]
    assert [
        (t.outcome, t.error, t.scheduled_at, t.ended_at) for v in kept.visits for t in v.tries
    ] == [(t.outcome, t.error, t.scheduled_at, t.ended_at) for v in then.visits for t in v.tries]
    assert (kept.outcome, kept.redriven_at) == (then.outcome, then.redriven_at)


@pytest.mark.parametrize("happens", RUNS)
def test_a_fixture_of_a_fixture_is_the_same(happens: Callable[[Tape], None]) -> None:
    once = redacted(taped(happens), recording.PUBLISHED)

    assert redacted(once, recording.PUBLISHED) == once


def test_a_cause_is_a_document_of_lambda_only_where_it_was_one() -> None:
    tape = Tape()
    tape.enter("LoadPost")
    tape.schedule()
    tape.fail("KeyError", "'rosebud'")
    tape.schedule()
    tape.fail("Lambda.ServiceException")
    tape.events[-1]["taskFailedEventDetails"]["cause"] = "Service: rosebud"

    [visit] = read(redacted(Recording("x", tape.events), recording.PUBLISHED).events).visits

    assert [one.cause for one in visit.tries] == [
        '{"errorType": "KeyError", "errorMessage": "Redacted. {}"}',
        "Redacted. {}",
    ]


def test_every_word_that_the_workflow_chooses_by_is_kept() -> None:
    words = set(answers_to(json.loads(DEFINITION.read_text(encoding="utf-8"))))
    words |= {"publish", "published", "recheck", "create", "now", "look"}
    tape = Tape()
    for word in sorted(words):
        tape.task("CheckStatus", {"next": word})

    kept = read(redacted(Recording("x", tape.events), recording.PUBLISHED).events)

    assert len(words) > 8
    assert [visit.tries[0].answer for visit in kept.visits] == [
        {"next": word} for word in sorted(words)
    ]


def answers_to(node: Any) -> Any:
    """Each text that a choice compares with."""
    if isinstance(node, dict):
        if "StringEquals" in node:
            yield node["StringEquals"]
        for value in node.values():
            yield from answers_to(value)
    if isinstance(node, list):
        for value in node:
            yield from answers_to(value)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        *(("outcome", word) for word in get_args(ContainerState)),
        *(("kind", word) for word in get_args(MediaKind)),
        *(("onQuota", word) for word in get_args(OnQuota)),
        ("shape", "1080x1920 12.5s"),
    ],
)
def test_words_of_ours_are_kept(name: str, word: str) -> None:
    tape = Tape()
    tape.task("CreateContainer", {name: word})

    [visit] = read(redacted(Recording("x", tape.events), recording.PUBLISHED).events).visits

    assert visit.tries[0].answer == {name: word}
