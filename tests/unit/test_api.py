"""The HTTP API: what each situation answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from postwright import clock, gateway
from postwright.api.answering import Act
from postwright.api.jobs import cancel_job, get_status, get_statuses
from postwright.api.settling import settle_job
from postwright.api.starting import retry_job, start_publish
from postwright.api.unrouted import refuse_request
from postwright.models import Container, MediaItem, Ref, now_text
from postwright.store import Store
from tests.unit.core_world import SESSION, World, attempt
from tests.unit.test_settling import unconfirmed

pytest_plugins = ("tests.unit.core_fixtures",)

INPUT = {"sessionId": SESSION, "groupId": "g1"}


def event(
    body: Any = None,
    job_id: str | None = None,
    query: dict[str, str] | None = None,
    **headers: str,
) -> dict[str, Any]:
    """A request of API Gateway, payload format 2.0, as far as it matters."""
    return {
        "version": "2.0",
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "queryStringParameters": query,
        "pathParameters": {"id": job_id} if job_id is not None else None,
        "body": body if isinstance(body, str) or body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def start(world: World, body: Any = INPUT) -> tuple[int, dict[str, Any]]:
    return read(start_publish(world.app, event(body)))


def status(world: World, job_id: str) -> tuple[int, dict[str, Any]]:
    return read(get_status(world.app, event(job_id=job_id)))


def cancel(world: World, job_id: str) -> tuple[int, dict[str, Any]]:
    return read(cancel_job(world.app, event(job_id=job_id)))


def retry(world: World, job_id: str) -> tuple[int, dict[str, Any]]:
    return read(retry_job(world.app, event(job_id=job_id)))


def read(answer: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    assert answer["headers"]["Content-Type"] == "application/json"
    assert answer["headers"]["Cache-Control"] == "no-store"
    return answer["statusCode"], json.loads(answer["body"])


def rules(body: dict[str, Any]) -> set[tuple[str, str]]:
    return {(problem["item"], problem["rule"]) for problem in body["error"]["problems"]}


# Starting


def test_a_start_is_accepted_with_the_job_and_where_to_ask(world: World) -> None:
    world.add_image_group()

    code, body = start(world)

    job_id = world.group().active_job_id
    assert code == 202
    assert body == {"jobId": job_id, "statusUrl": f"/api/publish/{job_id}/status"}


def test_a_second_start_answers_200_with_the_same_body(world: World) -> None:
    world.add_image_group()
    _, first = start(world)

    assert start(world) == (200, first)


def test_a_published_group_is_a_conflict_with_its_link(world: World) -> None:
    link = "https://www.instagram.com/p/x/"
    world.add_group(publish_status="published", active_job_id="j", permalink=link)

    code, body = start(world)

    assert (code, body["status"], body["permalink"]) == (409, "published", link)
    assert link in body["error"]["message"]


def test_a_published_group_may_have_no_link_yet(world: World) -> None:
    world.add_group(publish_status="published", active_job_id="j")

    code, body = start(world)

    assert (code, body["status"], body["permalink"]) == (409, "published", None)


def test_an_unconfirmed_group_is_a_conflict_with_its_job(world: World) -> None:
    ref = Ref(session_id=SESSION, group_id="g1", job_id="j")
    world.add_group(
        publish_status="unconfirmed", active_job_id="j", attempt=attempt(ref, state="open")
    )

    code, body = start(world)

    assert (code, body["status"], body["jobId"]) == (409, "unconfirmed", "j")
    assert body["error"]["type"] == "AlreadyPublishingError"


def test_an_unknown_session_or_group_is_not_found(world: World) -> None:
    code, body = start(world)
    world.add_session()
    other_code, other_body = start(world)

    assert (code, other_code) == (404, 404)
    assert body["error"]["type"] == "InvalidPostError"
    assert "no session s1" in body["error"]["message"]
    assert "no post group g1" in other_body["error"]["message"]


def test_a_post_with_problems_is_refused_with_all_of_them(world: World) -> None:
    item = MediaItem(key=f"{SESSION}/enhanced/nowhere.jpg", kind="image")
    world.add_group(media=[item], caption="x" * 2201)

    code, body = start(world)

    assert code == 422
    assert rules(body) == {("1: nowhere.jpg", "media-exists"), ("caption", "caption-length")}
    assert all(problem["fix"] for problem in body["error"]["problems"])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {("sessionId", "request-field"), ("groupId", "request-field")}),
        ({**INPUT, "dryRun": 1}, {("dryRun", "request-field")}),
        ({**INPUT, "publishAt": "soon"}, {("publishAt", "request-field")}),
        ({**INPUT, "publishAt": "9999-12-31T23:59:59-10:00"}, {("publishAt", "request-field")}),
        ({**INPUT, "sessionId": "a/b"}, {("sessionId", "request-field")}),
        ({**INPUT, "onQuota": None}, {("onQuota", "request-field")}),
        ({**INPUT, "publishAt": "2999-01-01T00:00:00Z"}, {("publishAt", "schedule-window")}),
        ([], {("request", "request-field")}),
        ("null", {("request", "request-field")}),
        ("{", {("body", "request-json")}),
        ("", {("sessionId", "request-field"), ("groupId", "request-field")}),
        (None, {("sessionId", "request-field"), ("groupId", "request-field")}),
        ("[" * 10_000, {("body", "request-json")}),
        ('{"sessionId": "s1", "groupId": "g1", "groupId": "g2"}', {("groupId", "request-json")}),
    ],
    ids=lambda value: repr(sorted(value) if isinstance(value, set) else value)[:40],
)
def test_a_request_that_cannot_be_used_says_what_is_wrong(
    world: World, body: Any, expected: set[tuple[str, str]]
) -> None:
    world.add_image_group()

    code, answer = start(world, body)

    assert code == 422
    assert rules(answer) == expected
    assert world.group().publish_status == "ready"


def test_the_account_of_the_group_must_not_be_contradicted(world: World) -> None:
    world.add_group(account_id="b")

    code, body = start(world, {**INPUT, "accountId": "a"})

    assert code == 422
    assert rules(body) == {("accountId", "account-matches-group")}


def test_a_full_quota_says_when_to_come_again(world: World) -> None:
    world.add_image_group()
    world.lab.config(quota_total=0)

    answer = start_publish(world.app, event(INPUT))

    code, body = read(answer)
    assert code == 429
    assert 3590 <= int(answer["headers"]["Retry-After"]) <= 3600
    assert body["error"]["type"] == "QuotaExceededError"
    assert -3600 <= clock.seconds_since(clock.from_text(body["freesAt"])) <= -3590


def test_a_body_may_be_base64(world: World) -> None:
    world.add_image_group()
    encoded = base64.b64encode(json.dumps(INPUT).encode()).decode()

    code, _ = read(start_publish(world.app, {**event(encoded), "isBase64Encoded": True}))

    assert code == 202


@pytest.mark.parametrize("text", ["%%%", base64.b64encode(b"\xff\xfe").decode(), "e30"])
def test_base64_that_is_none_is_told_as_such(world: World, text: str) -> None:
    code, body = read(start_publish(world.app, {**event(text), "isBase64Encoded": True}))

    assert code == 422
    assert body["error"]["problems"]


# Asking


def test_the_status_has_all_its_keys(world: World) -> None:
    containers = {
        "0": Container(state="created", id="1", created_at=now_text()),
        "1": Container(
            state="rejected", error={"type": "MediaRejectedError", "message": "Too wide"}
        ),
    }
    ref = world.begun(kind="carousel", items=3, containers=containers)

    code, body = status(world, ref.job_id)

    items = body.pop("items")
    job = world.job(ref)
    assert code == 200
    assert body == {
        "jobId": ref.job_id,
        "sessionId": SESSION,
        "groupId": "g1",
        "status": "publishing",
        "phase": "creating_containers",
        "progress": {"completed": 1, "total": 8},
        "instagramPostId": None,
        "permalink": None,
        "error": None,
        "cost": None,
        "publishAt": None,
        "createdAt": job.created_at,
        "startedAt": job.started_at,
        "finishedAt": None,
    }
    assert [(item["fileName"], item["state"], item["reason"]) for item in items] == [
        ("1.jpg", "created", None),
        ("2.jpg", "failed", "Too wide"),
        ("3.jpg", "waiting", None),
    ]
    assert all(item.keys() == items[0].keys() for item in items)


def test_several_jobs_are_told_at_once_and_so_are_ids_of_none(world: World) -> None:
    first, second = world.begun("g1"), world.begun("g2")
    wanted = ",".join([second.job_id, "nobody", first.job_id, second.job_id, "x" * 3000])

    code, body = read(get_statuses(world.app, event(query={"jobs": wanted})))

    assert code == 200
    assert [job["jobId"] for job in body["jobs"]] == [second.job_id, first.job_id]
    assert body["unknown"] == ["nobody", "x" * 3000]
    assert body["jobs"][1] == status(world, first.job_id)[1]
    assert clock.seconds_since(clock.from_text(body["now"])) < 60


@pytest.mark.parametrize("query", [None, {"jobs": ""}, {"jobs": "a,,b"}, {"jobs": "a," * 50 + "a"}])
def test_so_many_jobs_must_be_named_and_no_more(world: World, query: dict[str, str] | None) -> None:
    code, body = read(get_statuses(world.app, event(query=query)))

    assert code == 422
    assert {rule for _, rule in rules(body)} == {"query-field"}


def test_the_status_url_of_a_start_works_at_once(world: World) -> None:
    world.add_image_group()
    _, body = start(world)

    code, found = status(world, body["statusUrl"].split("/")[3])

    assert code == 200
    assert found["status"] == "publishing"


class WithKeyLimit(Store):
    """DynamoDB refuses a partition key above 2,048 bytes; moto does not."""

    def _get(self, key: Mapping[str, str]) -> dict[str, Any] | None:
        assert len(key["PK"].encode()) <= 2048
        return super()._get(key)


def test_a_cancel_of_an_id_that_only_begins_like_a_jobs_changes_nothing(world: World) -> None:
    ref = world.begun(job_id="j" * 80)

    assert cancel(world, f"{ref.job_id}x")[0] == 404
    assert world.job(ref).status == "publishing"
    assert cancel(world, ref.job_id)[0] == 200


@pytest.mark.parametrize("job_id", ["nobody", "", "a b", "x" * 3000, "ünbekannt", "😀" * 80])
def test_an_unknown_job_is_not_found(world: World, job_id: str) -> None:
    store = WithKeyLimit(world.cloud.dynamodb, world.app.settings.table)
    world.app = replace(world.app, store=store)

    code, body = status(world, job_id)

    assert code == 404
    assert "no publish job" in body["error"]["message"]
    assert len(body["error"]["message"]) < 200


def test_a_request_without_an_id_is_not_found(world: World) -> None:
    assert read(get_status(world.app, event()))[0] == 404


# Retrying


def test_a_retry_is_accepted_with_how_and_why(world: World) -> None:
    world.add_image_group()
    job_id = start(world)[1]["jobId"]
    world.executions.end(job_id)

    code, body = retry(world, job_id)

    assert code == 202
    assert (body["jobId"], body["statusUrl"]) == (job_id, f"/api/publish/{job_id}/status")
    assert body["how"] == "redrive"
    assert body["why"]
    assert status(world, job_id)[1]["status"] == "publishing"


def test_a_second_retry_answers_200_for_the_same_run(world: World) -> None:
    world.add_image_group()
    job_id = start(world)[1]["jobId"]
    world.executions.end(job_id)
    _, first = retry(world, job_id)

    code, second = retry(world, job_id)

    assert (code, second["jobId"], second["how"]) == (200, first["jobId"], first["how"])


def test_a_retry_of_what_runs_is_a_conflict(world: World) -> None:
    world.add_image_group()
    job_id = start(world)[1]["jobId"]

    code, body = retry(world, job_id)

    assert (code, body["status"]) == (409, "publishing")
    assert "nothing to retry" in body["error"]["message"]


def test_a_retry_of_what_is_published_is_a_conflict_with_its_link(world: World) -> None:
    world.add_image_group()
    job_id = start(world)[1]["jobId"]
    ref = Ref(session_id=SESSION, group_id="g1", job_id=job_id)
    world.close(ref, "published")

    code, body = retry(world, job_id)

    assert (code, body["status"], body["permalink"]) == (409, "published", None)


def test_a_retry_of_an_unknown_job_is_not_found(world: World) -> None:
    assert retry(world, "nothing")[0] == 404


# What no route can use


def test_a_body_that_is_too_large_is_not_read(world: World) -> None:
    code, body = start(world, {**INPUT, "dryRun": "x" * 20_000})

    assert code == 413
    assert body["error"]["type"] == "TooLarge"


def test_a_body_is_measured_in_bytes_and_as_it_was_before_base64(world: World) -> None:
    most = gateway.BODY_MAX_BYTES
    encoded = base64.b64encode(b" " * (most - 100)).decode()

    assert start(world, "\N{EURO SIGN}" * (most // 2))[0] == 413
    assert read(start_publish(world.app, {**event(encoded), "isBase64Encoded": True}))[0] == 422


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 202),
        ("Application/JSON; charset=utf-8", 202),
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
    ],
)
def test_a_body_must_be_called_json(world: World, kind: str, status: int) -> None:
    world.add_image_group()

    code, _ = read(start_publish(world.app, event(INPUT, Content_Type=kind)))

    assert code == status


@pytest.mark.parametrize("act", [retry_job, cancel_job, get_status, start_publish])
def test_an_unknown_parameter_of_a_query_is_named(world: World, act: Act) -> None:
    code, body = read(act(world.app, event(INPUT, "nobody", {"dryRun": "1"})))

    assert code == 422
    assert rules(body) == {("dryRun", "query-field")}


@pytest.mark.parametrize("act", [retry_job, cancel_job])
def test_what_takes_no_body_takes_an_empty_one(world: World, act: Act) -> None:
    assert read(act(world.app, event({}, "nobody")))[0] == 404
    assert read(act(world.app, event({"force": True}, "nobody")))[0] == 422


@pytest.mark.parametrize("value", [1, 0, "yes", "false", None])
def test_what_settles_a_publish_is_taken_literally(world: World, value: Any) -> None:
    ref = unconfirmed(world)

    code, body = read(settle_job(world.app, event({"notPublished": value}, ref.job_id)))

    assert code == 422
    assert rules(body) == {("notPublished", "request-field")}
    assert world.group().publish_status == "unconfirmed"


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "/api/publish/start", 405, "POST"),
        ("DELETE", "/api/publish/some-job/status", 405, "GET"),
        ("GET", "/api/publish/some/job/status", 404, None),
        ("GET", "/api/nothing", 404, None),
    ],
)
def test_what_no_route_is_for_is_told_apart(
    world: World, method: str, path: str, status: int, allowed: str | None
) -> None:
    asked = {"rawPath": path, "requestContext": {"http": {"method": method}}}

    answer = refuse_request(world.app, asked)

    code, body = read(answer)
    assert code == status
    assert body["error"].keys() == {"type", "message"}
    assert answer["headers"].get("Allow") == allowed


def test_too_many_calls_say_when_to_come_again(world: World) -> None:
    ref = unconfirmed(world)
    world.answer({"call": "media", "throttle_minutes": 10})

    answer = settle_job(world.app, event({"accept": "17900000000000000"}, ref.job_id))

    code, body = read(answer)
    assert (code, body["error"]["type"]) == (429, "RateLimitedError")
    assert 600 <= int(answer["headers"]["Retry-After"]) <= 660  # Instagram tells minutes
