"""What crosses our edges is checked there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from postwright.models import (
    Attempt,
    AttemptState,
    Container,
    Description,
    Fence,
    Group,
    Job,
    MediaItem,
    PublishRequest,
    Ref,
    Session,
    UserTag,
)

INPUT = {"sessionId": "s1", "groupId": "g1"}


def wrong_fields(raw: Any) -> list[str]:
    with pytest.raises(ValidationError) as refusal:
        PublishRequest.model_validate(raw)
    return [".".join(map(str, problem["loc"])) for problem in refusal.value.errors()]


def test_the_smallest_request_has_a_session_and_a_group() -> None:
    request = PublishRequest.model_validate(INPUT)

    assert request.account_id is None
    assert request.publish_at is None
    assert request.on_quota == "fail"


def test_an_unknown_key_is_refused_by_name() -> None:
    assert wrong_fields({**INPUT, "publish_At": "x", "dryRun": True}) == ["publish_At", "dryRun"]


def test_what_is_missing_is_named() -> None:
    assert wrong_fields({}) == ["sessionId", "groupId"]


@pytest.mark.parametrize("raw", [None, [], "s1", 5])
def test_a_request_is_an_object(raw: Any) -> None:
    assert wrong_fields(raw) == [""]


@pytest.mark.parametrize(
    "identifier", ["", "a#b", "a/b", "a b", "a\tb", "a\n", "\n", "x" * 129, 5, None, ["a"]]
)
@pytest.mark.parametrize("field", ["sessionId", "groupId"])
def test_an_id_that_would_break_a_key_is_refused(field: str, identifier: Any) -> None:
    assert wrong_fields({**INPUT, field: identifier}) == [field]


@pytest.mark.parametrize("identifier", ["a", "2026-01-31", "äöü", "x" * 128, "a.b:c_d"])
def test_other_ids_are_taken_as_they_are(identifier: str) -> None:
    request = PublishRequest.model_validate({**INPUT, "sessionId": identifier})

    assert request.session_id == identifier


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-12-01T09:00:00Z", "2026-12-01T09:00:00.000Z"),
        ("2026-12-01T09:00:00+02:00", "2026-12-01T07:00:00.000Z"),
        ("2026-12-01T09:00:00.123456Z", "2026-12-01T09:00:00.123Z"),
        ("20261201T090000Z", "2026-12-01T09:00:00.000Z"),
    ],
)
def test_an_instant_is_kept_in_utc(given: str, kept: str) -> None:
    assert PublishRequest.model_validate({**INPUT, "publishAt": given}).publish_at == kept


@pytest.mark.parametrize(
    "instant",
    [
        "2026-12-01T09:00:00",
        "2026-12-01",
        "tomorrow",
        "",
        "2026-13-01T09:00:00Z",
        "9999-12-31T23:59:59-10:00",
        "0001-01-01T00:00:00+10:00",
        1_800_000_000,
        True,
    ],
)
def test_an_instant_without_a_zone_or_without_sense_is_refused(instant: Any) -> None:
    assert wrong_fields({**INPUT, "publishAt": instant}) == ["publishAt"]


def test_only_two_ways_to_meet_a_full_quota() -> None:
    assert wrong_fields({**INPUT, "onQuota": "ignore"}) == ["onQuota"]
    assert PublishRequest.model_validate({**INPUT, "onQuota": "wait"}).on_quota == "wait"


def test_requests_that_mean_the_same_have_the_same_text() -> None:
    one = PublishRequest.model_validate(
        {"groupId": "g1", "sessionId": "s1", "publishAt": "2026-12-01T09:00:00Z"}
    )
    other = PublishRequest.model_validate({**INPUT, "publishAt": "2026-12-01T10:00:00+01:00"})

    assert one.canonical() == other.canonical()
    assert PublishRequest.model_validate(json.loads(one.canonical())) == one


def test_json_is_in_camel_case_and_leaves_out_what_is_absent() -> None:
    item = MediaItem(key="a.jpg", kind="image", alt_text="Dunes")

    assert item.to_json() == {"key": "a.jpg", "kind": "image", "altText": "Dunes"}


def test_python_may_use_its_own_names() -> None:
    assert PublishRequest(session_id="s1", group_id="g1").to_json() == {**INPUT, "onQuota": "fail"}


def test_an_item_with_an_unknown_option_is_refused() -> None:
    with pytest.raises(ValidationError, match="alttext"):
        MediaItem.model_validate({"key": "a.jpg", "kind": "image", "alttext": "Dunes"})


@pytest.mark.parametrize(
    "wrong", [{"key": ""}, {"kind": "gif"}, {"thumbOffset": -1}, {"userTags": [{"username": 5}]}]
)
def test_an_item_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MediaItem.model_validate({"key": "a.jpg", "kind": "image", **wrong})


@pytest.mark.parametrize("place", [{"x": -0.1}, {"y": 1.1}])
def test_a_person_is_tagged_inside_the_picture(place: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        UserTag.model_validate({"username": "anna", **place})


def test_an_item_is_called_by_its_file_name() -> None:
    assert MediaItem(key="s1/enhanced/sunset.jpg", kind="image").name == "sunset.jpg"
    assert MediaItem(key="sunset.jpg", kind="image").name == "sunset.jpg"


def test_the_hash_of_options_changes_with_any_of_them() -> None:
    plain = MediaItem(key="a.jpg", kind="image")
    changes: list[dict[str, Any]] = [
        {"key": "b.jpg"},
        {"kind": "video"},
        {"alt_text": "x"},
        {"location_id": "1"},
        {"user_tags": [UserTag(username="anna", x=0.1, y=0.2)]},
        {"collaborators": ["anna"]},
        {"cover_key": "c.jpg"},
        {"thumb_offset": 5},
        {"share_to_feed": False},
    ]

    hashes = {plain.options_hash(), *(plain.model_copy(update=c).options_hash() for c in changes)}

    assert len(hashes) == 1 + len(changes)
    assert plain.options_hash() == MediaItem(key="a.jpg", kind="image").options_hash()
    assert {name for change in changes for name in change} == set(MediaItem.model_fields)


@pytest.mark.parametrize(
    ("record", "least"),
    [
        (Group, INPUT),
        (Fence, INPUT),
        (Description, {}),
        (Session, {"sessionId": "s1", "name": "n", "step": "publish", "createdAt": "20260101T00Z"}),
    ],
)
def test_a_pipeline_may_add_attributes_of_its_own_to_a_record(
    record: type[Group] | type[Fence] | type[Description] | type[Session], least: dict[str, Any]
) -> None:
    found = record.model_validate({**least, "PK": "x", "colour": "teal"})

    assert "colour" not in found.to_json()


def test_a_group_begins_ready_and_without_an_attempt() -> None:
    group = Group.model_validate(INPUT)

    assert (group.publish_status, group.active_job_id, group.attempt) == ("ready", None, None)


def test_a_status_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError, match="publishStatus"):
        Fence.model_validate({**INPUT, "publishStatus": "done"})


@pytest.mark.parametrize(
    ("state", "unproven"),
    [("open", True), ("resend_allowed", True), ("not_published", False), ("published", False)],
)
def test_an_attempt_is_unproven_until_something_is_certain(
    state: AttemptState, unproven: bool
) -> None:
    attempt = Attempt(
        seq=1,
        job_id="j",
        n=1,
        container_id="1",
        ig_user_id="1",
        caption_hash="h",
        sent_at="2026-12-01T09:00:00Z",
        state=state,
    )

    assert attempt.unproven is unproven


def test_a_container_may_not_carry_anything_unknown() -> None:
    with pytest.raises(ValidationError, match="url"):
        Container.model_validate({"state": "created", "url": "https://..."})


@pytest.mark.parametrize(
    ("kind", "key"), [("carousel", "parent"), ("image", "0"), ("reel", "0"), (None, "0")]
)
def test_a_carousel_publishes_its_parent(kind: Any, key: str) -> None:
    job = Job.model_validate(
        {
            **INPUT,
            "jobId": "j",
            "accountId": "default",
            "request": INPUT,
            "kind": kind,
            "createdAt": "2026-12-01T09:00:00Z",
            "updatedAt": "2026-12-01T09:00:00Z",
        }
    )

    assert job.publish_key == key


def test_a_reference_comes_from_the_state_machine_as_json() -> None:
    ref = Ref.model_validate({**INPUT, "jobId": "j", "accountId": "a", "redriveCount": 2})

    assert (ref.job_id, ref.account_id, ref.redrive_count) == ("j", "a", 2)
