"""Postwright on AWS, from top to bottom."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.api import Api
from infra.findings import accept
from infra.functions import Functions
from infra.monitoring import Monitoring
from infra.schedules import Schedules
from infra.settings import Settings
from infra.sign_in import SignIn, UserPool, pages_of
from infra.site import Site
from infra.storage import OPEN_JOBS_INDEX, Storage
from infra.workflow import Workflow


class PostwrightStack(cdk.Stack):
    """Everything. The tokens are not here: `postwright auth login` stores them in SSM."""

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, settings.stack_name, description="Postwright: posts to Instagram")
        self._settings = settings
        cdk.Tags.of(self).add("application", "postwright")
        cdk.Tags.of(self).add("stack", settings.stack_name)

        # What must not be lost
        self._storage = Storage(self, settings=settings)

        # What could not be handled
        self._dead_letters = self._queue()

        # What works
        self._machine_name = f"{settings.stack_name}-publish-post"
        functions = Functions(
            self,
            settings=settings,
            arns=self._arns(),
            environment={
                **self._environment(),
                "POWERTOOLS_SERVICE_NAME": settings.stack_name,
            },
            dead_letters=self._dead_letters,
        ).by_name
        workflow = Workflow(
            self,
            settings=settings,
            name=self._machine_name,
            functions=functions,
            dead_letters=self._dead_letters,
        )
        Schedules(
            self,
            refresh=functions["refresh_token"],
            sweep=functions["sweep_jobs"],
            dead_letters=self._dead_letters,
        )

        # What people and programs call
        api = Api(self, settings=settings)
        site = Site(
            self,
            api_host=api.host,
            media=self._storage.media,
            sign_in_pages=pages_of(settings),
        )
        sign_in = self._sign_in(site.origin)
        api.serve(functions, sign_in)
        site.deploy(settings, sign_in)

        # What tells how it goes
        monitoring = Monitoring(
            self,
            settings=settings,
            machine=workflow.machine,
            functions=functions,
            api_id=api.api.api_id,
            dead_letters=self._dead_letters,
        )

        # What `postwright --stack` and people need to know
        for name, value in self._environment().items():
            self._output("".join(word.capitalize() for word in name.split("_")), value)
        self._output("Page", site.origin)
        self._output("Issuer", sign_in.issuer)
        self._output("ClientId", sign_in.client_id)
        self._output("AlarmTopic", monitoring.topic.topic_arn)
        self._output("Dashboard", monitoring.dashboard.dashboard_name)

    def _environment(self) -> dict[str, str]:
        """What the functions are told; the rest is as `src/postwright/settings.py` has it."""
        return {
            "POSTWRIGHT_TABLE": self._storage.table.table_name,
            "POSTWRIGHT_BUCKET": self._storage.media.bucket_name,
            "POSTWRIGHT_SSM_PREFIX": self._settings.ssm_prefix,
            "POSTWRIGHT_STATE_MACHINE_ARN": self._arn("states", "stateMachine", self._machine_name),
            "POSTWRIGHT_REFRESH": self._settings.refresh,
            **self._settings.environment,
        }

    def _arns(self) -> dict[str, str]:
        """The ARNs behind the names in `grants.RESOURCES`."""
        table, media = self._storage.table.table_arn, self._storage.media
        folder = self._settings.ssm_prefix.removeprefix("/")
        return {
            "table": table,
            "index": f"{table}/index/{OPEN_JOBS_INDEX}",
            "objects": media.arn_for_objects("*"),
            "bucket": media.bucket_arn,
            "parameters": self._arn("ssm", "parameter", f"{folder}/*", "/"),
            "folder": self._arn("ssm", "parameter", folder, "/"),
            "machine": self._arn("states", "stateMachine", self._machine_name),
            "executions": self._arn("states", "execution", f"{self._machine_name}:*"),
            "bus": self._arn("events", "event-bus", "default", "/"),
        }

    def _queue(self) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        why = "It is the dead-letter queue itself; an alarm watches it."
        accept(queue, dict.fromkeys(("AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy"), why))
        return queue

    def _sign_in(self, origin: str) -> SignIn:
        known = self._settings
        if known.issuer is not None and known.audience is not None:
            return SignIn(known.issuer, known.audience, known.sign_in_domain)
        return UserPool(self, settings=known, origin=origin).sign_in

    def _arn(self, service: str, resource: str, name: str, between: str = ":") -> str:
        place = f"arn:{cdk.Aws.PARTITION}:{service}:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}"
        return f"{place}:{resource}{between}{name}"

    def _output(self, name: str, value: str) -> None:
        cdk.CfnOutput(self, name, value=value)
