"""The synthesized template in moto's CloudFormation, and what it has made there.

moto takes no part in what `LEFT_OUT` names; whoever asserts that on the template stands beside it.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

import boto3
from moto import mock_aws
from moto.stepfunctions import models
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from sandbox.names import ACCOUNT_ID, REGION

STACK: Final = "Postwright"
LEFT_OUT: Final[Mapping[str, str]] = {
    "AWS::ApiGatewayV2::Api": "test_page_and_api_have_one_origin_and_strict_headers",
    "AWS::ApiGatewayV2::Authorizer": "test_routes_are_those_of_the_sandbox_and_none_is_open",
    "AWS::ApiGatewayV2::Integration": "test_each_route_calls_its_function",
    "AWS::ApiGatewayV2::Route": "test_routes_are_those_of_the_sandbox_and_none_is_open",
    "AWS::ApiGatewayV2::Stage": "test_the_api_is_slowed_down_and_logged_without_tokens",
    "AWS::CloudFront::Distribution": "test_page_and_api_have_one_origin_and_strict_headers",
    "AWS::CloudFront::OriginAccessControl": "test_the_page_is_read_by_its_distribution_alone",
    "AWS::CloudFront::ResponseHeadersPolicy": (
        "test_page_and_api_have_one_origin_and_strict_headers"
    ),
    "AWS::CloudWatch::Alarm": (
        "test_every_alarm_reaches_the_topic_and_is_quiet_while_nothing_happens"
    ),
    "AWS::CloudWatch::Dashboard": "test_the_dashboard_shows_numbers_that_are_emitted",
    "AWS::Cognito::UserPool": "test_tokens_come_from_a_pool_of_our_own_or_the_issuer_that_is_named",
    "AWS::Cognito::UserPoolClient": (
        "test_tokens_come_from_a_pool_of_our_own_or_the_issuer_that_is_named"
    ),
    "AWS::Cognito::UserPoolDomain": (
        "test_tokens_come_from_a_pool_of_our_own_or_the_issuer_that_is_named"
    ),
    "AWS::Lambda::EventInvokeConfig": "test_what_events_call_keeps_what_it_cannot_handle",
    "AWS::S3::BucketPolicy": "test_buckets_are_private_encrypted_and_take_tls_only",
    "AWS::SNS::TopicPolicy": "test_events_that_need_attention_reach_the_topic",
    "AWS::SQS::QueuePolicy": "test_the_queue_is_encrypted_and_takes_tls_only",
    "AWS::Scheduler::Schedule": "test_schedules_are_those_of_the_sandbox",
}
"""Types of which moto's CloudFormation makes nothing, and the test that looks at them instead."""

_ASSETS: Final = f"cdk-hnb659fds-assets-{ACCOUNT_ID}-{REGION}"
_CONFIG: Final[Any] = {
    "stepfunctions": {"execute_state_machine": True},
    "lambda": {"use_docker": False},
}


@dataclass(frozen=True)
class Function:
    """A function as Lambda has it; `statements` are those of its role, as IAM has them."""

    deployed_name: str
    environment: Mapping[str, str]
    timeout_seconds: int
    statements: list[dict[str, Any]]


@dataclass(frozen=True)
class Deployment:
    """`functions` by the names of their files, `counts` of resources by their type."""

    outputs: Mapping[str, str]
    functions: Mapping[str, Function]
    counts: Mapping[str, int]

    @property
    def environment(self) -> dict[str, str]:
        """The variables of all functions together; where two have the same one, it is the same."""
        return {
            name: value
            for function in self.functions.values()
            for name, value in function.environment.items()
        }


def without_what_moto_lacks(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template without the types in `LEFT_OUT`, and without outputs and permissions that name
    such a resource; raises where anything else does.
    """
    part = deepcopy(dict(template))
    resources = part["Resources"]
    gone = [name for name, one in resources.items() if one["Type"] in LEFT_OUT]
    for name in gone:
        del resources[name]
    for name in [name for name, one in resources.items() if _names_any(one, gone)]:
        assert resources.pop(name)["Type"] == "AWS::Lambda::Permission", name
    part["Outputs"] = {
        name: one for name, one in part["Outputs"].items() if not _names_any(one, gone)
    }
    return part


def _names_any(part: Any, names: list[str]) -> bool:
    text = json.dumps(part)
    return any(f'"{name}"' in text for name in names)


def deploy(template: Mapping[str, Any]) -> Deployment:
    """Make the stack in the moto of this process, emptied before; a sandbox that is started next
    finds it there, and empties moto at its end.
    """
    part = without_what_moto_lacks(template)
    aws = mock_aws(config=_CONFIG)
    aws.start()
    try:
        with _state_machines():
            session = boto3.session.Session(region_name=REGION)
            _upload_assets(session, part)
            _create(session, part)
            _do_what_moto_forgets(session, part)
            return _found(session)
    finally:
        aws.stop(remove_data=False)


def _upload_assets(session: boto3.session.Session, template: Mapping[str, Any]) -> None:
    """What `cdk bootstrap` and `cdk deploy` do before; the code itself is not looked at."""
    session.client("ssm").put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Value="21", Type="String"
    )
    s3 = session.client("s3")
    s3.create_bucket(Bucket=_ASSETS)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("part.txt", "part")
    for resource in template["Resources"].values():
        for place in ("Code", "Content"):
            key = resource.get("Properties", {}).get(place, {}).get("S3Key")
            if key is not None:
                s3.put_object(Bucket=_ASSETS, Key=key, Body=archive.getvalue())
    s3.put_object(Bucket=_ASSETS, Key="template.json", Body=json.dumps(template))


def _create(session: boto3.session.Session, template: Mapping[str, Any]) -> None:
    formation = session.client("cloudformation")
    formation.create_stack(
        StackName=STACK,
        TemplateURL=f"https://{_ASSETS}.s3.amazonaws.com/template.json",
        Capabilities=["CAPABILITY_IAM"],
    )
    [stack] = formation.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    made = {one["LogicalResourceId"] for one in _resources(session)}
    assert made == template["Resources"].keys()


def _resources(session: boto3.session.Session) -> Iterator[Any]:
    pages = session.client("cloudformation").get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=STACK):
        yield from page["StackResourceSummaries"]


def _do_what_moto_forgets(session: boto3.session.Session, template: Mapping[str, Any]) -> None:
    """Properties that moto's CloudFormation does not look at, although the service knows them.

    Rules lose their targets: moto fails at an event for a topic, and the sandbox itself sends the
    events that are for a function.
    """
    for resource in _resources(session):
        name = resource["PhysicalResourceId"]
        properties = template["Resources"][resource["LogicalResourceId"]].get("Properties", {})
        if "TimeToLiveSpecification" in properties:
            session.client("dynamodb").update_time_to_live(
                TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"]
            )
        if "Targets" in properties:
            targets = [target["Id"] for target in properties["Targets"]]
            session.client("events").remove_targets(Rule=name, Ids=targets)
        if "VersioningConfiguration" in properties:
            session.client("s3").put_bucket_versioning(
                Bucket=name, VersioningConfiguration=properties["VersioningConfiguration"]
            )


def _found(session: boto3.session.Session) -> Deployment:
    """What is there now, asked of the services themselves."""
    functions = {}
    for page in session.client("lambda").get_paginator("list_functions").paginate():
        for one in page["Functions"]:
            functions[one["Handler"].split(".")[1]] = Function(
                deployed_name=one["FunctionName"],
                environment=one["Environment"]["Variables"],
                timeout_seconds=one["Timeout"],
                statements=_statements(session, one["Role"].rpartition("/")[2]),
            )
    [stack] = session.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    counts: dict[str, int] = {}
    for resource in _resources(session):
        counts[resource["ResourceType"]] = counts.get(resource["ResourceType"], 0) + 1
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    return Deployment(outputs, functions, counts)


def _statements(session: boto3.session.Session, role: str) -> list[dict[str, Any]]:
    iam = session.client("iam")
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    documents: list[Any] = [
        iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    return [statement for document in documents for statement in document["Statement"]]


@contextmanager
def _state_machines() -> Iterator[None]:
    """moto makes machines of its template in the part that cannot run them, and does not look at
    their substitutions.
    """

    def create(
        _cls: type[Any], /, name: str, resource: Any, account_id: str, region: str, **_more: Any
    ) -> Any:
        properties = resource["Properties"]
        definition = properties["DefinitionString"]
        for placeholder, value in properties["DefinitionSubstitutions"].items():
            definition = definition.replace(f"${{{placeholder}}}", value)
        return stepfunctions_parser_backends[account_id][region].create_state_machine(
            properties.get("StateMachineName", name),
            definition,
            properties["RoleArn"],
            sm_type=properties["StateMachineType"],
        )

    attribute = "create_from_cloudformation_json"
    before = vars(models.StateMachine)[attribute]
    setattr(models.StateMachine, attribute, classmethod(create))
    try:
        yield
    finally:
        setattr(models.StateMachine, attribute, before)
