"""Alarms and dashboard: each number that they show is one that somebody emits."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bench import costs_page
from infra import monitoring, names
from postwright import alarms, emitting
from postwright.function_limits import LIMITS, USUAL
from postwright.measures import METRICS
from tests.infra.synthesis import Synthesized

pytestmark = pytest.mark.infra

OF_AWS = {
    "AWS/States": {
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        "ExecutionsAborted",
        "ExecutionThrottled",
        "ExecutionsStarted",
        "ExecutionsSucceeded",
    },
    "AWS/Lambda": {"Errors", "Throttles", "Duration"},
    "AWS/ApiGateway": {"5xx"},
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible"},
}
"""Source: the pages about metrics of each service's guide, read 2026-11."""

WANTED = {
    *("RunsFailed", "RunsTimedOut", "RunsAborted", "RunsThrottled", "RunsOverBudget"),
    *("PostsUnconfirmed", "TokenEndsSoon", "BudgetNearlyUsed", "ApiFails", "DeadLetters"),
    *(
        f"{of}{what}"
        for of in ("Api", "Events", "Steps")
        for what in ("Errors", "Throttled", "Slow")
    ),
}


RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"


def title_of(alarm: dict[str, Any]) -> str:
    return str(alarm["AlarmDescription"]).rpartition(", ")[2].rstrip(".")


def alarms_of(made: Synthesized) -> dict[str, dict[str, Any]]:
    return {title_of(one): one for one in made.properties("AWS::CloudWatch::Alarm")}


def watched(alarm: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Namespace, name and dimensions of each metric behind an alarm."""
    metrics = [
        one["MetricStat"]["Metric"] for one in alarm.get("Metrics", []) if "MetricStat" in one
    ]
    return [
        (
            one["Namespace"],
            one["MetricName"],
            {dimension["Name"]: dimension["Value"] for dimension in one.get("Dimensions", [])},
        )
        for one in (metrics or [alarm])
    ]


def test_there_is_an_alarm_for_everything_that_somebody_must_hear_of(usual: Synthesized) -> None:
    assert alarms_of(usual).keys() == WANTED


def test_the_runbook_has_a_section_for_each_alarm_and_no_other(usual: Synthesized) -> None:
    sections = re.findall(r"^### (.+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(sections) == sorted(alarms_of(usual))


def test_every_alarm_reaches_the_topic_and_is_quiet_while_nothing_happens(
    usual: Synthesized,
) -> None:
    topics = usual.of_type("AWS::SNS::Topic")
    for alarm in alarms_of(usual).values():
        assert [action["Ref"] for action in alarm["AlarmActions"]] == list(topics)
        assert alarm["TreatMissingData"] == "notBreaching"


def test_every_alarm_watches_a_number_that_somebody_emits(
    usual: Synthesized, chosen: Synthesized
) -> None:
    assert monitoring.NAMESPACE == emitting.NAMESPACE
    for made in (usual, chosen):
        service = made.function("publish")["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        for title, alarm in alarms_of(made).items():
            for namespace, name, dimensions in watched(alarm):
                if namespace == emitting.NAMESPACE:
                    assert dimensions.pop("service") == service, title
                    sets = [set(one) for one in METRICS[name].dimensions]
                    assert dimensions.keys() in sets, title
                else:
                    assert name in OF_AWS[namespace], title
                    (reference,) = dimensions.values()
                    assert set(reference) & {"Ref", "Fn::GetAtt"}, title


def test_every_function_is_watched_for_errors_refusals_and_slowness(usual: Synthesized) -> None:
    functions = usual.of_type("AWS::Lambda::Function")
    for metric in ("Errors", "Throttles", "Duration"):
        found = sorted(
            dimensions["FunctionName"]["Ref"]
            for alarm in alarms_of(usual).values()
            for namespace, name, dimensions in watched(alarm)
            if (namespace, name) == ("AWS/Lambda", metric)
        )
        assert found == sorted(functions)


def test_slowness_is_measured_by_each_functions_own_time_out(usual: Synthesized) -> None:
    functions = usual.of_type("AWS::Lambda::Function")
    for title in ("ApiSlow", "EventsSlow", "StepsSlow"):
        alarm = alarms_of(usual)[title]
        expression = next(one["Expression"] for one in alarm["Metrics"] if "Expression" in one)
        ids = {
            one["Id"]: one["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"]
            for one in alarm["Metrics"]
            if "MetricStat" in one
        }
        shares = re.findall(r"(m\d+) / (\d+)", expression)
        assert {key for key, _ in shares} == ids.keys()
        for key, divisor in shares:
            timeout = functions[ids[key]]["Properties"]["Timeout"]
            assert int(divisor) == timeout * 1000 / 100  # milliseconds, in percent
        assert alarm["Threshold"] == 80


def test_an_alarm_adds_up_no_more_metrics_than_it_may(usual: Synthesized) -> None:
    """Source: CloudWatch user guide, "Using metric math", read 2026-11: ten in an alarm."""
    assert max(len(watched(alarm)) for alarm in alarms_of(usual).values()) <= 10


def test_limits_are_what_their_descriptions_say(usual: Synthesized) -> None:
    found = {
        title: (alarm["ComparisonOperator"], alarm["Threshold"])
        for title, alarm in alarms_of(usual).items()
    }

    assert found["TokenEndsSoon"] == ("LessThanThreshold", 10)
    assert found["BudgetNearlyUsed"] == ("GreaterThanThreshold", 80)
    assert found["RunsOverBudget"] == ("GreaterThanThreshold", 100)
    assert {found[title] for title in ("RunsFailed", "PostsUnconfirmed", "ApiFails")} == {
        ("GreaterThanThreshold", 0)
    }


def test_the_dashboard_shows_numbers_that_are_emitted(usual: Synthesized) -> None:
    (dashboard,) = usual.properties("AWS::CloudWatch::Dashboard")
    parts = dashboard["DashboardBody"]["Fn::Join"][1]
    body = json.loads("".join(part if isinstance(part, str) else "here" for part in parts))
    rows = [
        metric for widget in body["widgets"] for metric in widget["properties"].get("metrics", [])
    ]
    searched = [row[0]["expression"] for row in rows if isinstance(row[0], dict)]
    named = [row for row in rows if not isinstance(row[0], dict)]

    for expression in searched:
        schema, name = re.findall(r'\{([^}]+)\} MetricName="(\w+)"', expression)[0]
        namespace, service, *dimensions = schema.split(",")
        assert (namespace, service) == (emitting.NAMESPACE, "service")
        assert set(dimensions) in [set(one) for one in METRICS[name].dimensions]
    for namespace, name, *_ in named:
        assert name in (METRICS if namespace == emitting.NAMESPACE else OF_AWS[namespace])
    shown = {re.findall(r'MetricName="(\w+)"', one)[0] for one in searched} | {
        row[1] for row in named
    }
    assert METRICS.keys() - shown == {"TokensRefreshed", "TokenRefreshesFailed", "TokenAlarms"}


def test_events_are_those_that_the_library_sends() -> None:
    assert alarms.SOURCE == monitoring.EVENT_SOURCE


def test_limits_are_of_functions_that_exist() -> None:
    assert LIMITS.keys() <= set(names.functions())
    assert USUAL.preflights is False


def test_the_page_of_costs_counts_every_metric_that_is_watched(usual: Synthesized) -> None:
    watched = 0
    for alarm in usual.properties("AWS::CloudWatch::Alarm"):
        rows = alarm.get("Metrics", [{"MetricStat": {}}])
        watched += sum("MetricStat" in row for row in rows)

    assert watched == costs_page.WATCHED
