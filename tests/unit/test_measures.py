"""What the functions measure, as the lines that CloudWatch reads, printed by the real handlers."""

from __future__ import annotations

import ast
import importlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from postwright import app
from postwright.errors import PostwrightError
from postwright.measures import METRICS, Measure, Measures
from postwright.models import Container, Ref
from sandbox.instagram import DEMO_ACCOUNT
from tests.media import picture
from tests.unit.core_world import World, finished

pytest_plugins = ("tests.unit.core_fixtures",)

ROOT = Path(__file__).resolve().parents[2]
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 30_000)

Line = dict[str, Any]
Call = Callable[[str, Any], list[Line]]


@pytest.fixture
def call(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Invoke a function in this world; what it printed comes back, whether it raised or not."""
    monkeypatch.setattr(app, "current", lambda: world.app)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "Staging")

    def invoke(function: str, event: Any) -> list[Line]:
        capsys.readouterr()
        handler = importlib.import_module(f"lambdas.{function}").handler
        with suppress(PostwrightError):
            handler(event, CONTEXT)
        printed = capsys.readouterr().out
        assert DEMO_ACCOUNT.token not in printed
        assert "http" not in printed
        return [json.loads(line) for line in printed.splitlines()]

    return invoke


def event_of(ref: Ref, **more: Any) -> dict[str, Any]:
    return {**ref.to_json(), **more}


def ended(ref: Ref, status: str) -> dict[str, Any]:
    return {"detail": {"name": ref.job_id, "status": status}}


def in_process(world: World, *, age_seconds: float) -> Container:
    """A container that Instagram works on; what the job knows of its age is made up."""
    url = world.media.put("a.jpg", picture())
    known = finished(world.lab.container(image_url=url), age_seconds=age_seconds)
    return known.model_copy(update={"state": "created"})


def values(lines: list[Line]) -> dict[str, Any]:
    """The numbers by metric and what they are about."""
    found = {}
    for line in lines:
        definition = line["_aws"]["CloudWatchMetrics"][0]
        names = [metric["Name"] for metric in definition["Metrics"]]
        about = [line[name] for name in max(definition["Dimensions"], key=len) if name != "service"]
        found.update({"/".join([name, *sorted(about)]): line[name] for name in names})
    return found


def test_a_published_post_is_one_line_of_the_embedded_metric_format(
    world: World, call: Call
) -> None:
    """Source: CloudWatch user guide, "Specification: Embedded metric format", read 2026-11."""
    ref = world.ready_to_publish()
    call("publish", event_of(ref))
    world.advance(11)

    lines = call("record_result", event_of(ref))

    [counted] = [line for line in lines if "Publishes" in line]
    at = counted["_aws"].pop("Timestamp")
    assert isinstance(at, int)
    assert counted == {
        "_aws": {
            "CloudWatchMetrics": [
                {
                    "Namespace": "Postwright",
                    "Dimensions": [["Outcome", "service"], ["service", "Kind", "Outcome"]],
                    "Metrics": [{"Name": "Publishes", "Unit": "Count"}],
                }
            ]
        },
        "service": "Staging",
        "Kind": "image",
        "Outcome": "published",
        "Publishes": [1.0],
    }
    [seconds] = [line for line in lines if "SecondsToPublish" in line]
    assert seconds["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [
        ["service"],
        ["service", "Kind"],
    ]
    assert seconds["SecondsToPublish"][0] >= 11


def test_a_second_delivery_of_the_end_is_not_counted_again(world: World, call: Call) -> None:
    ref = world.ready_to_publish()
    call("publish", event_of(ref))
    call("record_result", event_of(ref))

    again = values(call("record_result", event_of(ref)))

    assert not [name for name in again if name.startswith(("Publishes", "SecondsToPublish"))]


def test_a_run_that_failed_is_counted_once_whoever_tells_of_it(world: World, call: Call) -> None:
    ref = world.begun()
    world.executions.end(ref.job_id, "FAILED", error="MediaRejectedError", cause="No.")

    first = values(call("record_failure", ended(ref, "FAILED")))
    second = values(call("record_failure", ended(ref, "FAILED")))
    by_status = values(call("get_status", {"pathParameters": {"id": ref.job_id}}))

    assert first == {"Publishes/failed/image": [1.0]}
    assert second == {}
    assert by_status == {}


def test_a_run_whose_group_was_deleted_is_counted_too(world: World, call: Call) -> None:
    ref = world.begun()
    world.executions.end(ref.job_id, "FAILED", error="MediaRejectedError", cause="No.")
    world.cloud.dynamodb.delete_item(
        TableName=world.app.settings.table,
        Key={"PK": {"S": f"SESSION#{ref.session_id}"}, "SK": {"S": f"GROUP#{ref.group_id}"}},
    )

    first = values(call("record_failure", ended(ref, "FAILED")))
    second = values(call("record_failure", ended(ref, "FAILED")))

    assert (first, second) == ({"Publishes/failed/image": [1.0]}, {})


def test_a_measure_that_cannot_be_emitted_leaves_the_answer_alone(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ref = world.ready_to_publish()
    monkeypatch.setattr(app, "current", lambda: world.app)
    monkeypatch.setattr(
        world.app.measures, "take", lambda: [Measure("Unheard", 1, {})], raising=True
    )

    answer = importlib.import_module("lambdas.publish").handler(event_of(ref), CONTEXT)

    assert answer["instagramPostId"]
    assert "What lambdas.publish measured is lost." in caplog.text


def test_a_post_that_is_found_later_has_no_time_to_publish(world: World) -> None:
    ref = world.ready_to_publish()
    job = world.store.find_job(ref.job_id)
    assert job is not None
    measures = Measures()

    measures.ended(job.model_copy(update={"status": "unconfirmed"}), "published")

    assert [one.name for one in measures.take()] == ["Publishes"]


def test_an_unclear_publish_is_counted_and_so_is_its_end(world: World, call: Call) -> None:
    ref = world.ready_to_publish()
    world.publish_answers(500, "<html>")

    sent = values(call("publish", event_of(ref)))
    world.executions.end(ref.job_id, "TIMED_OUT")
    closed = values(call("record_failure", ended(ref, "TIMED_OUT")))
    world.advance(200)
    settled = values(
        call(
            "settle_job",
            {"pathParameters": {"id": ref.job_id}, "body": json.dumps({"notPublished": True})},
        )
    )

    assert sent["Errors/PublishUncertainError"] == [1.0]
    assert sent["GraphErrors/PublishUncertainError"] == [1.0]
    assert sent["GraphCalls"] == [1.0]
    assert closed == {"Publishes/image/unconfirmed": [1.0]}
    assert settled["Publishes/failed/image"] == [1.0]


def test_errors_that_nobody_knows_are_counted(world: World, call: Call) -> None:
    ref = world.begun()
    world.upload("1.jpg")
    unknown = {"error": {"message": "No.", "code": 5555, "error_subcode": 2207099}}
    world.answer({"call": "create", "status": 400, "body": json.dumps(unknown)})

    found = values(call("create_container", event_of(ref, index=0)))

    assert found["UnknownGraphErrors"] == [1.0]
    assert found["GraphErrors/MediaRejectedError"] == [1.0]
    assert not [name for name in found if name.startswith("Errors")]


def test_each_look_is_a_poll_that_tells_how_much_time_is_used(world: World, call: Call) -> None:
    ref = world.begun(containers={"0": in_process(world, age_seconds=150)})

    found = values(call("check_status", event_of(ref)))

    assert found["Polls"] == [1.0]
    assert found["GraphCalls"] == [1.0]
    assert found["ProcessingBudgetUsed"] == [pytest.approx(50, abs=1)]


def test_of_several_containers_the_one_that_used_most_counts(world: World, call: Call) -> None:
    containers = {
        str(index): in_process(world, age_seconds=age) for index, age in enumerate((150, 60))
    }
    ref = world.begun(kind="carousel", items=2, containers=containers)

    found = values(call("check_status", event_of(ref)))

    assert found["ProcessingBudgetUsed"] == [pytest.approx(50, abs=1)]


def test_a_run_over_its_budget_tells_so_and_fails(world: World, call: Call) -> None:
    ref = world.begun(containers={"0": in_process(world, age_seconds=330)})

    found = values(call("check_status", event_of(ref)))

    assert found["ProcessingBudgetUsed"] == [pytest.approx(110, abs=1)]
    assert found["Errors/ProcessingFailedError"] == [1.0]


def test_a_look_at_nothing_is_no_poll(world: World, call: Call) -> None:
    ready = world.image_on_instagram()
    ref = world.begun(containers={"0": finished(ready)})

    found = values(call("check_status", event_of(ref)))

    assert found == {}


def test_the_budgets_are_measured_when_a_run_takes_from_them(world: World, call: Call) -> None:
    others = world.begun("g1")
    world.hold_slot(others, containers=100)
    ref = world.begun("g2", text="Other")

    found = values(call("check_quota", event_of(ref)))

    assert found["BudgetUsed/default/posts"] == [1.0]  # of 100, by the other run
    assert found["BudgetUsed/containers/default"] == [25.0]  # of 400
    assert found["BudgetUsed/calls/default"] == [0.0]  # the simulated headers say so


def test_every_metric_is_measured_somewhere() -> None:
    measured = set()
    for file in (ROOT / "src" / "postwright").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="add"), args=[ast.Constant(value=str(name)), *_]
                ):
                    measured.add(name)

    assert measured & METRICS.keys() == METRICS.keys()


def test_a_number_about_something_else_is_a_defect() -> None:
    with pytest.raises(ValueError, match="Publishes is about"):
        Measures().add("Publishes", Kind="image")


def test_levels_stand_side_by_side_and_counts_are_added_up() -> None:
    measures = Measures()
    for days in (50.0, 3.0):
        measures.add("TokenDaysLeft", days, AccountId="one")
        measures.add("TokenAlarms")

    taken = measures.take()

    assert [one.value for one in taken if one.name == "TokenDaysLeft"] == [50.0, 3.0]
    assert [one.value for one in taken if one.name == "TokenAlarms"] == [2]
    assert measures.take() == []


def test_every_function_is_measured() -> None:
    for file in sorted((ROOT / "lambdas").glob("[a-z]*.py")):
        handler = importlib.import_module(f"lambdas.{file.stem}").handler
        assert handler.__wrapped__.__name__ == "handler", file.stem
