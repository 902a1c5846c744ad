"""Every file of lambdas/ as a function, with its own role, its own log group and its own limits."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import grants, names
from infra.findings import accept, wildcard
from infra.settings import Settings
from postwright.function_limits import limits_of

RUNTIME = lambda_.Runtime(f"python{names.PYTHON}", lambda_.RuntimeFamily.PYTHON)


_SMALL: Mapping[str, str] = {"MALLOC_ARENA_MAX": "2"}
"""For those who read media in several threads, each of which would keep freed memory to itself.
Source: man 3 mallopt, M_ARENA_MAX, read 2026-11."""

CALLED_BY_EVENTS = ("record_failure", "refresh_token", "sweep_jobs")
"""Nobody waits for their answer, so an event that none of their tries could handle is kept."""


class Functions(Construct):
    """The functions by the names of their files."""

    def __init__(
        self,
        scope: Construct,
        *,
        settings: Settings,
        arns: Mapping[str, str],
        environment: Mapping[str, str],
        dead_letters: sqs.IQueue,
    ) -> None:
        super().__init__(scope, "Functions")
        self._settings = settings
        self._environment = dict(environment)
        self._dead_letters = dead_letters
        self._code = lambda_.Code.from_asset(str(settings.build / "code"))
        self._common = self._layer("Common", "httpx, pydantic and Powertools")
        self._probe = self._layer("Probe", "Pillow and MediaInfo, for those who look into media")
        self.by_name = {name: self._function(name, arns) for name in names.functions()}

    def _layer(self, title: str, holds: str) -> lambda_.LayerVersion:
        folder = self._settings.build / "layers" / title.lower()
        return lambda_.LayerVersion(
            self,
            f"{title}Layer",
            code=lambda_.Code.from_asset(str(folder)),
            description=holds,
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[lambda_.Architecture.ARM_64],
        )

    def _function(self, name: str, arns: Mapping[str, str]) -> lambda_.Function:
        limits = limits_of(name)
        title = names.title(name)
        log = logs.LogGroup(
            self,
            f"{title}Log",
            retention=retention(self._settings),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        is_event = name in CALLED_BY_EVENTS
        function = lambda_.Function(
            self,
            title,
            description=f"Postwright: {name.replace('_', ' ')}",
            runtime=RUNTIME,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"lambdas.{name}.handler",
            code=self._code,
            layers=[self._common, *([self._probe] if limits.preflights else [])],
            memory_size=limits.megabytes,
            timeout=cdk.Duration.seconds(limits.seconds),
            role=self._role(name, title, log, arns),
            environment={**self._environment, **(_SMALL if limits.preflights else {})},
            tracing=lambda_.Tracing.ACTIVE,
            log_group=log,
            logging_format=lambda_.LoggingFormat.JSON,
            on_failure=destinations.SqsDestination(self._dead_letters) if is_event else None,
        )
        accept(function, _KEPT_ELSEWHERE if is_event else _NOTHING_TO_KEEP)
        return function

    def _role(self, name: str, title: str, log: logs.LogGroup, arns: Mapping[str, str]) -> iam.Role:
        role = iam.Role(
            self, f"{title}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com")
        )
        log.grant(role, "logs:CreateLogStream", "logs:PutLogEvents")
        for resource, actions in grants.actions(name, refresh=self._settings.refresh):
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[arns[resource]]))
            if resource in grants.WILDCARDS:
                accept(role, {wildcard(self, arns[resource]): grants.WILDCARDS[resource]})
        self._allow_key(role, name)
        accept(role, {wildcard(self, "*"): "X-Ray's two actions know no resource."})
        return role

    def _allow_key(self, role: iam.Role, name: str) -> None:
        """The account's own key `aws/ssm` lets everybody in who may read the parameter."""
        granted = dict(grants.actions(name, refresh=self._settings.refresh))
        if self._settings.token_key_arn is None or "parameters" not in granted:
            return
        writes = "ssm:PutParameter" in granted["parameters"]
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt", *(["kms:Encrypt"] if writes else [])],
                resources=[self._settings.token_key_arn],
                conditions={
                    "StringEquals": {"kms:ViaService": f"ssm.{cdk.Aws.REGION}.amazonaws.com"}
                },
            )
        )


_NOTHING_TO_KEEP = {
    "Serverless-LambdaDLQ": "It is called only by who waits for the answer: the state machine or"
    " the HTTP API.",
}
_KEPT_ELSEWHERE = {
    "Serverless-LambdaDLQ": "An event that fails goes to the dead letters as its failure"
    " destination, which tells the error besides the event.",
}


def retention(settings: Settings) -> logs.RetentionDays:
    """How long logs are kept; raises ValueError for a number that is not offered here."""
    if settings.log_days not in _RETENTION:
        offered = ", ".join(map(str, _RETENTION))
        raise ValueError(f"logDays must be one of {offered}, not {settings.log_days}.")
    return _RETENTION[settings.log_days]


_RETENTION = {
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}
