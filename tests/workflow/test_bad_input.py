"""What is wrong with a request, a group, its media, or with what Instagram answers.

Each ends in one clear message that names the item and the fix, publishes nothing in part, and
leaves a group that can be published once the cause is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.workflow.misbehaviour import answers, disagrees, treats
from tests.workflow.truth import assert_records_are_true
from tests.workflow.workbench import PostGroup, Shot, Workbench

pytestmark = pytest.mark.engine

PHOTO, CLIP, WIDE, PNG = Shot.PHOTO, Shot.CLIP, Shot.WIDE, Shot.PNG
TRUNCATED, REFUSED = Shot.TRUNCATED, Shot.REFUSED
HTML = "<!doctype html><title>Sorry</title>"
AFTER_THE_SECOND_TRY = 3
TORN_JSON = '{"id": "1797'

Act = Callable[[Workbench, PostGroup], None]


def empty_the_file(bench: Workbench, group: PostGroup) -> None:
    bench.s3.put_object(Bucket=bench.bucket, Key=group.key(0), Body=b"")


def upload_8_megabytes(bench: Workbench, group: PostGroup) -> None:
    photo = group.files[0].body
    bench.s3.put_object(
        Bucket=bench.bucket,
        Key=group.key(0),
        Body=photo + bytes(8_000_001 - len(photo)),
        ContentType="image/jpeg",
    )


def delete_the_file(bench: Workbench, group: PostGroup) -> None:
    bench.s3.delete_object(Bucket=bench.bucket, Key=group.key(0))


def upload_the_file(bench: Workbench, group: PostGroup) -> None:
    bench.upload(group, 0)


def add_a_photo(bench: Workbench, group: PostGroup) -> None:
    bench.add(group, PHOTO)


def write_too_much(bench: Workbench, group: PostGroup) -> None:
    bench.describe(group, "x" * 2300)


def write_31_hashtags(bench: Workbench, group: PostGroup) -> None:
    bench.describe(group, " ".join(f"#tag{number}" for number in range(28)))


def mention_21_people(bench: Workbench, group: PostGroup) -> None:
    bench.describe(group, " ".join(f"@friend{number}" for number in range(21)))


def write_less(bench: Workbench, group: PostGroup) -> None:
    bench.describe(group, "Fewer words")


def do_much_wrong(bench: Workbench, group: PostGroup) -> None:
    write_too_much(bench, group)
    empty_the_file(bench, group)
    bench.s3.delete_object(Bucket=bench.bucket, Key=group.key(1))


def put_all_right(bench: Workbench, group: PostGroup) -> None:
    write_less(bench, group)
    bench.upload(group, 0)
    bench.upload(group, 1)


def break_the_group(bench: Workbench, group: PostGroup) -> None:
    bench.write(group, "GROUP", "media", [{"key": group.key(0), "kind": "gif"}])


def mend_the_group(bench: Workbench, group: PostGroup) -> None:
    bench.list_files(group)


def break_the_description(bench: Workbench, group: PostGroup) -> None:
    bench.write(group, "DESCRIPTION", "hashtags", "#bythesea #dunes")


def give_it_to_another_account(bench: Workbench, group: PostGroup) -> None:
    bench.write(group, "GROUP", "accountId", "studio")


def give_it_back(bench: Workbench, group: PostGroup) -> None:
    bench.write(group, "GROUP", "accountId", "default")


def better_media(bench: Workbench, group: PostGroup) -> None:
    bench.replace(group, 1)


@dataclass(frozen=True)
class Refusal:
    """A start that the HTTP API refuses. `change` is put over the smallest request, `body` is sent
    as it is. `cure` makes the cause go away; without it the smallest request was right all along.
    """

    name: str
    status: int
    says: Sequence[str]
    shots: Sequence[Shot] = (PHOTO,)
    change: Mapping[str, Any] = field(default_factory=dict)
    body: bytes | None = None
    spoil: Act | None = None
    cure: Act | None = None


REFUSALS = [
    Refusal(
        "an unknown session",
        404,
        ["There is no session nowhere", "Check the ids"],
        change={"sessionId": "nowhere"},
    ),
    Refusal(
        "an unknown group",
        404,
        ["has no post group nothing", "Check the ids"],
        change={"groupId": "nothing"},
    ),
    Refusal(
        "an unknown key",
        422,
        ["publishedAt: found an unknown key", "Remove it"],
        change={"publishedAt": "2026-12-01T09:00:00Z"},
    ),
    Refusal(
        "a time that is no time",
        422,
        ["publishAt: found 'tomorrow'", "Correct it"],
        change={"publishAt": "tomorrow"},
    ),
    Refusal(
        "a time without its zone",
        422,
        ["publishAt", "has no time zone", "2026-12-01T09:00:00Z"],
        change={"publishAt": "2026-12-01T09:00:00"},
    ),
    Refusal(
        "a time that is too far ahead",
        422,
        ["publishAt", "at most 30 days ahead", "earlier time"],
        change={"publishAt": "2099-12-01T09:00:00Z"},
    ),
    Refusal(
        "a wish that nobody knows",
        422,
        ["onQuota: found 'hope'", "'fail' or 'wait'"],
        change={"onQuota": "hope"},
    ),
    Refusal(
        "an id that could lead to another record",
        422,
        ["sessionId: found 'a#GROUP#b'", "Correct it"],
        change={"sessionId": "a#GROUP#b"},
    ),
    Refusal(
        "a body that is empty",
        422,
        ["sessionId: found nothing", "groupId: found nothing", "Add it"],
        body=b"",
    ),
    Refusal(
        "a body that is not JSON",
        422,
        ["body: found 7 characters that are not JSON", "allowed a JSON object"],
        body=b"{nope: ",
    ),
    Refusal(
        "a body that is no text",
        422,
        ["body: found bytes that are no text", "allowed a JSON object"],
        body=b"\xff\xfe\x00",
    ),
    Refusal(
        "a body that is nested too deeply",
        422,
        ["not JSON", "allowed a JSON object"],
        body=b"[" * 16_000,
    ),
    Refusal("a body that is a list", 422, ["request", "Correct it"], body=b"[]"),
    Refusal(
        "a body with half a character",
        422,
        ["sessionId", "Correct it"],
        body=rb'{"sessionId": "\ud800", "groupId": "g"}',
    ),
    Refusal(
        "a group without media",
        422,
        ["media: found no media", "add at least one photo or video"],
        shots=(),
        cure=add_a_photo,
    ),
    Refusal(
        "a group with too many items",
        422,
        ["media: found 11 items", "at most 10 items", "remove 1"],
        shots=[PHOTO] * 11,
    ),
    Refusal(
        "a caption that is too long",
        422,
        ["caption: found 2,330 characters", "at most 2,200", "shorten the caption"],
        spoil=write_too_much,
        cure=write_less,
    ),
    Refusal(
        "too many hashtags",
        422,
        ["caption: found 31 hashtags", "at most 30", "remove 1"],
        spoil=write_31_hashtags,
        cure=write_less,
    ),
    Refusal(
        "too many mentions",
        422,
        ["caption: found 21 mentions", "at most 20", "remove 1"],
        spoil=mention_21_people,
        cure=write_less,
    ),
    Refusal(
        "a file with no bytes",
        422,
        ["1: 01-photo.jpg: found 0 bytes", "again"],
        spoil=empty_the_file,
        cure=upload_the_file,
    ),
    Refusal(
        "a photo with too many bytes",
        422,
        ["1: 01-photo.jpg: found 8.00 MB", "at most 8", "lower JPEG quality"],
        spoil=upload_8_megabytes,
        cure=upload_the_file,
    ),
    Refusal(
        "a file that is not there",
        422,
        ["1: 01-photo.jpg: found no object", "Upload the file"],
        spoil=delete_the_file,
        cure=upload_the_file,
    ),
    Refusal(
        "a PNG that is named .jpg",
        422,
        ["2: 02-png-inside.jpg: found PNG, allowed JPEG", "export it as a plain JPEG"],
        shots=[PHOTO, PNG],
        cure=better_media,
    ),
    Refusal(
        "a JPEG that is cut off",
        422,
        ["2: 02-truncated.jpg: found damaged or cut off, allowed a complete JPEG", "export it"],
        shots=[PHOTO, TRUNCATED],
        cure=better_media,
    ),
    Refusal(
        "an image that is too wide",
        422,
        ["1: 01-wide.jpg: found 640x320 (2.00:1), too wide", "crop it to between 4:5 and 1.91:1"],
        shots=[WIDE],
        cure=lambda bench, group: bench.replace(group, 0),
    ),
    Refusal(
        "everything at once",
        422,
        [
            "caption: found 2,330 characters",
            "1: 01-photo.jpg: found 0 bytes",
            "2: 02-photo.jpg: found no object",
        ],
        shots=[PHOTO, PHOTO],
        spoil=do_much_wrong,
        cure=put_all_right,
    ),
    Refusal(
        "a group's record that cannot be read",
        422,
        ["record is wrong", "media.0.kind: found 'gif'", "Correct the group's record"],
        spoil=break_the_group,
        cure=mend_the_group,
    ),
    Refusal(
        "a description that cannot be read",
        422,
        [
            "record is wrong",
            "hashtags: found '#bythesea #dunes'",
            "Correct the description's record",
        ],
        spoil=break_the_description,
        cure=write_less,
    ),
    Refusal(
        "a group of another account",
        422,
        ["accountId: found default, allowed studio", "Leave accountId out"],
        change={"accountId": "default"},
        spoil=give_it_to_another_account,
        cure=give_it_back,
    ),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.name)
def test_the_api_refuses(bench: Workbench, refusal: Refusal) -> None:
    group = bench.group(*refusal.shots)
    if refusal.spoil:
        refusal.spoil(bench, group)

    answer = post_start(bench, group, refusal)

    assert answer["status"] == refusal.status, answer
    assert answer["error"]["type"] == "InvalidPostError"
    for phrase in refusal.says:
        assert phrase in answer["error"]["message"]
    assert_nothing_was_started(bench, group)
    if refusal.cure:
        refusal.cure(bench, group)
        bench.published(group)
    assert_records_are_true(bench)


def assert_nothing_was_started(bench: Workbench, group: PostGroup) -> None:
    """A start claims the group before all else, and makes a job."""
    fence = bench.store.fence(group.session_id, group.group_id)
    assert fence is not None
    assert (fence.publish_status, fence.active_job_id) == ("ready", None)
    assert [request for request in bench.requests() if request["method"] == "POST"] == []


def post_start(bench: Workbench, group: PostGroup, refusal: Refusal) -> dict[str, Any]:
    if refusal.body is not None:
        answer = bench.api.post("/api/publish/start", content=refusal.body)
    else:
        answer = bench.api.post("/api/publish/start", json={**group.request, **refusal.change})
    return {**answer.json(), "status": answer.status_code}


def test_a_problem_is_told_in_fields_too(bench: Workbench) -> None:
    group = bench.group(PHOTO)
    delete_the_file(bench, group)

    answer = bench.api.post("/api/publish/start", json=group.request)

    assert answer.json()["error"]["problems"] == [
        {
            "item": "1: 01-photo.jpg",
            "rule": "media-exists",
            "found": f"no object {group.key(0)}",
            "allowed": "an object in the media bucket",
            "fix": "Upload the file, or correct the item's key.",
        }
    ]


def test_a_full_quota_is_told_before_anything_is_started(bench: Workbench) -> None:
    bench.published(bench.group(PHOTO))
    bench.configure(quota_total=1)
    group = bench.group(PHOTO)

    answer = bench.api.post("/api/publish/start", json=group.request)

    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 86_400 + 5
    assert "onQuota=wait" in answer.json()["error"]["message"]
    assert (bench.record(group).publish_status, bench.record(group).active_job_id) == (
        "ready",
        None,
    )
    bench.configure(quota_total=2)
    bench.published(group)
    assert_records_are_true(bench)


def test_an_unknown_job_has_no_status(bench: Workbench) -> None:
    answer = bench.api.get("/api/publish/20260101T000000-nothing/status")

    assert answer.status_code == 404
    assert "20260101T000000-nothing" in answer.json()["error"]["message"]


@dataclass(frozen=True)
class BadStart:
    """An input from the console that ends the run in its first state. `claims`: the group too."""

    name: str
    says: Sequence[str]
    document: Callable[[PostGroup], Any] = lambda group: group.request
    spoil: Act | None = None
    cure: Act | None = None
    claims: bool = False


BAD_STARTS = [
    BadStart(
        "an unknown group",
        ["has no post group nothing"],
        document=lambda group: {**group.request, "groupId": "nothing"},
    ),
    BadStart(
        "an unknown key",
        ["publishedAt: found an unknown key", "Remove it"],
        document=lambda group: {**group.request, "publishedAt": "now"},
    ),
    BadStart(
        "a key that is missing",
        ["groupId: found nothing", "Add it"],
        document=lambda group: {"sessionId": group.session_id},
    ),
    BadStart("a list", ["request"], document=lambda group: [group.session_id]),
    BadStart(
        "a file that is not there",
        ["1: 01-photo.jpg: found no object", "Upload the file"],
        spoil=delete_the_file,
        cure=upload_the_file,
        claims=True,
    ),
    BadStart(
        "a photo that is too wide",
        ["1: 01-photo.jpg: found 640x320 (2.00:1), too wide", "crop it"],
        spoil=lambda bench, group: bench.replace(group, 0, WIDE),
        cure=lambda bench, group: bench.replace(group, 0),
        claims=True,
    ),
    BadStart(
        "a description that cannot be read",
        ["hashtags: found '#bythesea #dunes'", "Correct"],
        spoil=break_the_description,
        cure=write_less,
        claims=True,
    ),
]


@pytest.mark.parametrize("bad", BAD_STARTS, ids=lambda bad: bad.name)
def test_a_run_from_the_console_ends_in_its_first_state(bench: Workbench, bad: BadStart) -> None:
    group = bench.group(PHOTO)
    if bad.spoil:
        bad.spoil(bench, group)

    run = bench.finished(bench.start_execution(bad.document(group)))

    assert (run.status, run.error, run.visits) == ("FAILED", "InvalidPostError", ["LoadPost"])
    for phrase in bad.says:
        assert phrase in run.message
    assert bench.record(group).publish_status == ("failed" if bad.claims else "ready")
    assert bench.requests() == []
    if bad.cure:
        bad.cure(bench, group)
        bench.published(group)
    assert_records_are_true(bench)


@dataclass(frozen=True)
class Disturbance:
    """A run that fails in `state`. `cure` makes the cause go away."""

    name: str
    state: str
    error: str
    says: Sequence[str]
    shots: Sequence[Shot] = (PHOTO,)
    script: Sequence[Mapping[str, Any]] = ()
    cure: Act | None = None


def better_weather(bench: Workbench, _group: PostGroup) -> None:
    bench.end_faults()


DISTURBANCES = [
    Disturbance(
        "an image that passed preflight, and that Instagram refuses anyway",
        "CheckStatus",
        "MediaRejectedError",
        [
            "2: 02-refused.jpg: The image's ratio is not allowed",
            "Crop it to between 4:5 and 1.91:1",
        ],
        shots=[PHOTO, REFUSED],
        script=[disagrees()],
        cure=better_weather,
    ),
    Disturbance(
        "a single image that passed preflight, and that Instagram refuses anyway",
        "CheckStatus",
        "MediaRejectedError",
        ["1 of 1 items", "1: 01-refused.jpg: The image's ratio is not allowed"],
        shots=[REFUSED],
        script=[disagrees()],
        cure=better_weather,
    ),
    Disturbance(
        "HTML instead of the quota",
        "CheckQuota",
        "TransientGraphError",
        ["Instagram gave no usable answer (HTTP 502)", "again"],
        script=[answers("quota", HTML, status=502, times=100, content_type="text/html")],
        cure=better_weather,
    ),
    Disturbance(
        "HTML instead of a container",
        "CheckStatus",
        "TransientGraphError",
        ["1 of 1 items", "1: 01-photo.jpg: Instagram gave no usable answer (HTTP 200)", "again"],
        script=[answers("create", HTML, status=200, times=100, content_type="text/html")],
        cure=better_weather,
    ),
    Disturbance(
        "torn JSON instead of a container's status",
        "CheckStatus",
        "ProcessingFailedError",
        ["1: 01-photo.jpg, 2: 02-photo.jpg", "Redrive the run"],
        shots=[PHOTO, PHOTO],
        script=[answers("status", TORN_JSON, status=200, times=1000)],
        cure=better_weather,
    ),
]


@pytest.mark.parametrize("disturbance", DISTURBANCES, ids=lambda disturbance: disturbance.name)
def test_a_run_fails_and_the_group_can_be_published_later(
    bench: Workbench, disturbance: Disturbance
) -> None:
    bench.script(*disturbance.script)
    group = bench.group(*disturbance.shots)

    run = bench.finished(bench.start(group))

    assert (run.status, run.error) == ("FAILED", disturbance.error)
    assert run.visits[-1] == disturbance.state
    status = bench.status(run.job_id)
    assert (status["status"], status["phase"]) == ("failed", "failed")
    for phrase in disturbance.says:
        assert phrase in status["error"]["message"]
    assert bench.sends() == 0
    assert bench.posts() == []
    if disturbance.cure:
        disturbance.cure(bench, group)
    bench.published(group)
    assert_records_are_true(bench)


@pytest.mark.parametrize(
    ("call", "body"), [("quota", HTML), ("create", TORN_JSON), ("status", HTML)]
)
def test_one_broken_answer_is_outlived(bench: Workbench, call: str, body: str) -> None:
    bench.script(answers(call, body, status=200))
    group = bench.group(PHOTO)

    run = bench.finished(bench.start_execution(group.request))

    assert run.status == "SUCCEEDED", run.message
    assert_records_are_true(bench)


def test_a_permalink_that_cannot_be_read_does_not_fail_the_run(bench: Workbench) -> None:
    bench.script(answers("media", HTML, status=502))
    group = bench.group(PHOTO)

    run = bench.published(group)

    [post] = bench.posts_of(group)
    assert run.output["instagramPostId"] == post["id"]
    assert run.output["permalink"] is None
    assert bench.record(group).publish_status == "published"
    assert bench.status(run.job_id)["instagramPostId"] == post["id"]


def test_media_that_is_gone_when_instagram_fetches_it_is_fetched_later(bench: Workbench) -> None:
    bench.script(treats("01-photo", error=(9004, 2207052), times=1))
    group = bench.group(PHOTO)

    with bench.time_stands_still():
        job_id = bench.start(group)
        bench.until_in(job_id, "WaitForContainers")
        delete_the_file(bench, group)
        bench.until_in(job_id, "WaitForContainers", times=AFTER_THE_SECOND_TRY)
        upload_the_file(bench, group)
    run = bench.finished(job_id)

    assert run.status == "SUCCEEDED", run.message
    assert run.visits.count("CreateContainer") == 3
    assert_records_are_true(bench)
