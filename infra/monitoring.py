"""Alarms that everybody should have, who hears of them, and one page that shows how it goes.

`docs/runbook.md` tells what to do about each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.functions import CALLED_BY_EVENTS
from infra.settings import Settings
from postwright.function_limits import limits_of
from postwright.routes import ROUTES

NAMESPACE = "Postwright"
"""Of the metrics that the functions emit; their dimension `service` is the stack's name."""

EVENT_SOURCE = "postwright"
"""Of the events that the functions put, all of which ask for a person's attention."""

_MINUTES = cdk.Duration.minutes


@dataclass(frozen=True)
class _Alarm:
    """Goes off when the metric is `above` (or, for days left, `below`) a number."""

    title: str
    says: str
    metric: cloudwatch.IMetric
    above: float | None = None
    below: float | None = None
    times: int = 1


class Monitoring(Construct):
    """Topic, alarms and dashboard."""

    def __init__(
        self,
        scope: Construct,
        *,
        settings: Settings,
        machine: sfn.StateMachine,
        functions: Mapping[str, lambda_.Function],
        api_id: str,
        dead_letters: sqs.Queue,
    ) -> None:
        super().__init__(scope, "Monitoring")
        self._service = settings.stack_name
        self.topic = self._topic(settings, dead_letters)
        self._lead_events_to_the_topic(dead_letters)
        rows = [
            *self._of_runs(machine),
            *self._of_posts(),
            *_of_functions(functions),
            *self._of_the_edges(api_id, dead_letters),
        ]
        alarms = [self._alarm(row) for row in rows]
        self.dashboard = self._dashboard(settings, machine, alarms)

    def _topic(self, settings: Settings, dead_letters: sqs.IQueue) -> sns.Topic:
        """Not encrypted: CloudWatch cannot use the account's key for SNS, and no secret is said."""
        topic = sns.Topic(self, "Alarms", enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
            )
        )
        if settings.alarm_email:
            topic.add_subscription(
                subscriptions.EmailSubscription(
                    settings.alarm_email, dead_letter_queue=dead_letters
                )
            )
        return topic

    def _lead_events_to_the_topic(self, dead_letters: sqs.IQueue) -> None:
        """A token that needs attention, above all."""
        events.Rule(
            self,
            "Attention",
            description="What Postwright itself says needs attention",
            event_pattern=events.EventPattern(source=[EVENT_SOURCE]),
            targets=[targets.SnsTopic(self.topic, dead_letter_queue=dead_letters)],
        )

    def _of_runs(self, machine: sfn.StateMachine) -> list[_Alarm]:
        five = {"statistic": "Sum", "period": _MINUTES(5)}
        return [
            _Alarm("RunsFailed", "A run failed", machine.metric_failed(**five), above=0),
            _Alarm("RunsTimedOut", "A run timed out", machine.metric_timed_out(**five), above=0),
            _Alarm(
                "RunsAborted",
                "Many runs were stopped; single ones are cancelled by people",
                machine.metric_aborted(statistic="Sum", period=cdk.Duration.hours(1)),
                above=4,
            ),
            _Alarm(
                "RunsThrottled",
                "Step Functions slows runs down",
                machine.metric_throttled(**five),
                above=0,
            ),
        ]

    def _of_posts(self) -> list[_Alarm]:
        return [
            _Alarm(
                "PostsUnconfirmed",
                "It is not known whether a post is live; somebody must look",
                self._own("Publishes", "Sum", Outcome="unconfirmed"),
                above=0,
            ),
            _Alarm(
                "TokenEndsSoon",
                "A token has less than 10 days left",
                self._own("TokenDaysLeft", "Minimum", period=cdk.Duration.days(1)),
                below=10,
            ),
            _Alarm(
                "BudgetNearlyUsed",
                "An account has used more than 80 % of its posts or containers of 24 hours",
                cloudwatch.MathExpression(
                    expression="MAX([posts, containers])",
                    using_metrics={
                        budget: self._own("BudgetUsed", "Maximum", Budget=budget)
                        for budget in ("posts", "containers")
                    },
                    period=_MINUTES(5),
                ),
                above=80,
            ),
            _Alarm(
                "RunsOverBudget",
                "A container is processed for longer than it may",
                self._own("ProcessingBudgetUsed", "Maximum"),
                above=100,
            ),
        ]

    def _of_the_edges(self, api_id: str, dead_letters: sqs.Queue) -> list[_Alarm]:
        return [
            _Alarm(
                "ApiFails",
                "The API answered with an error of its own",
                cloudwatch.Metric(
                    namespace="AWS/ApiGateway",
                    metric_name="5xx",
                    dimensions_map={"ApiId": api_id},
                    statistic="Sum",
                    period=_MINUTES(5),
                ),
                above=0,
            ),
            _Alarm(
                "DeadLetters",
                "An event could not be handled, by any of its tries",
                dead_letters.metric_approximate_number_of_messages_visible(
                    statistic="Maximum", period=_MINUTES(5)
                ),
                above=0,
            ),
        ]

    def _own(
        self,
        name: str,
        statistic: str,
        *,
        period: cdk.Duration | None = None,
        **dimensions: str,
    ) -> cloudwatch.Metric:
        """A metric that the functions emit."""
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=name,
            dimensions_map={"service": self._service, **dimensions},
            statistic=statistic,
            period=period or _MINUTES(5),
        )

    def _alarm(self, row: _Alarm) -> cloudwatch.Alarm:
        operators = cloudwatch.ComparisonOperator
        threshold = row.above if row.below is None else row.below
        alarm = cloudwatch.Alarm(
            self,
            row.title,
            alarm_description=f"{row.says}. See docs/runbook.md, {row.title}.",
            metric=row.metric,
            threshold=threshold or 0,
            comparison_operator=(
                operators.GREATER_THAN_THRESHOLD
                if row.below is None
                else operators.LESS_THAN_THRESHOLD
            ),
            evaluation_periods=row.times,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        return alarm

    def _dashboard(
        self, settings: Settings, machine: sfn.StateMachine, alarms: Sequence[cloudwatch.Alarm]
    ) -> cloudwatch.Dashboard:
        def search(name: str, statistic: str, *dimensions: str) -> cloudwatch.MathExpression:
            schema = ",".join((NAMESPACE, "service", *dimensions))
            found = f'{{{schema}}} MetricName="{name}" service="{self._service}"'
            return cloudwatch.MathExpression(
                expression=f"SEARCH('{found}', '{statistic}')", label="", using_metrics={}
            )

        def graph(title: str, *metrics: cloudwatch.IMetric) -> cloudwatch.GraphWidget:
            return cloudwatch.GraphWidget(title=title, left=list(metrics), width=8)

        return cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=settings.stack_name,
            widgets=[
                [cloudwatch.AlarmStatusWidget(alarms=list(alarms), title="Alarms", width=24)],
                [
                    graph("Posts by outcome", search("Publishes", "Sum", "Outcome")),
                    graph("Posts by kind", search("Publishes", "Sum", "Kind", "Outcome")),
                    graph("Seconds to publish", search("SecondsToPublish", "p90", "Kind")),
                ],
                [
                    graph(
                        "Runs",
                        machine.metric_started(),
                        machine.metric_succeeded(),
                        machine.metric_failed(),
                        machine.metric_aborted(),
                    ),
                    graph("Errors of steps", search("Errors", "Sum", "ErrorClass")),
                    graph("Refusals of Instagram", search("GraphErrors", "Sum", "ErrorClass")),
                ],
                [
                    graph("Calls to Instagram", self._own("GraphCalls", "Sum")),
                    graph("Polls", self._own("Polls", "Sum")),
                    graph("Errors nobody knows", self._own("UnknownGraphErrors", "Sum")),
                ],
                [
                    graph(
                        "Budgets used, percent",
                        search("BudgetUsed", "Maximum", "AccountId", "Budget"),
                    ),
                    graph(
                        "Processing, percent of what it may take",
                        self._own("ProcessingBudgetUsed", "Maximum"),
                    ),
                    graph("Days left of tokens", search("TokenDaysLeft", "Minimum", "AccountId")),
                ],
            ],
        )


def _of_functions(functions: Mapping[str, lambda_.Function]) -> list[_Alarm]:
    """Three alarms for each kind of function: CloudWatch adds up ten metrics in one at most."""
    of_api = [function for _, _, function in ROUTES]
    of_events = list(CALLED_BY_EVENTS)
    of_steps = [name for name in functions if name not in (*of_api, *of_events)]
    return [
        *_of_group("Api", "the API", functions, of_api, errors_above=0),
        *_of_group("Events", "events and schedules", functions, of_events, errors_above=0),
        # A step that raises is how a run ends; that has an alarm of its own.
        *_of_group("Steps", "the workflow", functions, of_steps, errors_above=10),
    ]


def _of_group(
    title: str,
    of: str,
    functions: Mapping[str, lambda_.Function],
    members: Sequence[str],
    *,
    errors_above: float,
) -> list[_Alarm]:
    def all_of(name: str, statistic: str) -> dict[str, cloudwatch.IMetric]:
        return {
            f"m{number}": functions[member].metric(name, statistic=statistic, period=_MINUTES(5))
            for number, member in enumerate(members)
        }

    def added_up(name: str) -> cloudwatch.MathExpression:
        metrics = all_of(name, "Sum")
        return cloudwatch.MathExpression(
            expression=" + ".join(f"FILL({key}, 0)" for key in metrics),
            using_metrics=metrics,
            label=f"{name} of {of}",
            period=_MINUTES(5),
        )

    shares = ", ".join(
        f"{key} / {limits_of(member).seconds * 10}"
        for key, member in zip(all_of("Duration", "Maximum"), members, strict=True)
    )
    slowest = cloudwatch.MathExpression(
        expression=f"MAX([{shares}])",
        using_metrics=all_of("Duration", "Maximum"),
        label=f"Percent of the time-out, {of}",
        period=_MINUTES(5),
    )
    return [
        _Alarm(f"{title}Errors", f"Functions of {of} failed", added_up("Errors"), errors_above),
        _Alarm(f"{title}Throttled", f"Functions of {of} are refused", added_up("Throttles"), 0),
        _Alarm(f"{title}Slow", f"Functions of {of} come near their time-out", slowest, 80),
    ]
