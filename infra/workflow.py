"""The state machine from its one file, and what happens when one of its runs ends badly."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra import names
from infra.findings import accept, wildcard
from infra.functions import retention
from infra.settings import Settings

ENDED = ["FAILED", "TIMED_OUT", "ABORTED"]


class Workflow(Construct):
    """`machine`, under a name that was fixed before, because the functions have its ARN."""

    def __init__(
        self,
        scope: Construct,
        *,
        settings: Settings,
        name: str,
        functions: Mapping[str, lambda_.Function],
        dead_letters: sqs.IQueue,
    ) -> None:
        super().__init__(scope, "Workflow")
        definition = names.DEFINITION.read_text(encoding="utf-8")
        used = {
            names.placeholder(function): resource
            for function, resource in functions.items()
            if f"${{{names.placeholder(function)}}}" in definition
        }
        self.machine = sfn.StateMachine(
            self,
            "PublishPost",
            state_machine_name=name,
            state_machine_type=sfn.StateMachineType.STANDARD,
            definition_body=sfn.DefinitionBody.from_string(definition),
            definition_substitutions={key: one.function_arn for key, one in used.items()},
            role=self._role(list(used.values())),
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=self._log(settings, name),
                level=sfn.LogLevel.ALL,
                include_execution_data=settings.execution_data,
            ),
        )
        # Succeed takes OutputPath, which cfn-lint's schema of the language does not know.
        # Source: Step Functions developer guide, "Succeed workflow state", read 2026-11.
        resource = self.machine.node.default_child
        resource.add_metadata("cfn-lint", {"config": {"ignore_checks": ["E3601"]}})
        self._record_ends(functions["record_failure"], dead_letters)

    def _role(self, used: list[lambda_.Function]) -> iam.Role:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction"],
                resources=[function.function_arn for function in used],
            )
        )
        accept(
            role,
            {
                wildcard(self, "*"): "The actions for X-Ray and for the delivery of logs know no"
                " resource. Source: Step Functions developer guide, logging and X-Ray.",
            },
        )
        return role

    def _log(self, settings: Settings, name: str) -> logs.LogGroup:
        """The prefix keeps the resource policy of vended logs below its limit of 5,120 characters.

        Source: Step Functions developer guide, "Using CloudWatch Logs to log execution history".
        """
        return logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/vendedlogs/states/{name}",
            retention=retention(settings),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )

    def _record_ends(self, recorder: lambda_.Function, dead_letters: sqs.IQueue) -> None:
        events.Rule(
            self,
            "RunEnded",
            description="Runs that ended without a post are recorded from outside",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"stateMachineArn": [self.machine.state_machine_arn], "status": ENDED},
            ),
            targets=[
                targets.LambdaFunction(
                    recorder,
                    dead_letter_queue=dead_letters,
                    retry_attempts=185,
                    max_event_age=cdk.Duration.hours(24),
                )
            ],
        )
