"""Promises about the template, above all about what a simulated AWS does not look at."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra import grants, names
from infra.functions import CALLED_BY_EVENTS
from postwright import alarms, instagram, logins, publishing
from postwright.function_limits import LIMITS, limits_of
from postwright.media import MediaBucket
from postwright.routes import REST, ROUTES
from postwright.settings import Settings
from sandbox import publish_page
from sandbox.aws import _TABLE_DEFINITION
from sandbox.sweeping import SWEEP_MINUTES
from tests.infra import reach
from tests.infra.synthesis import Synthesized

pytestmark = pytest.mark.infra

FUNCTIONS = names.functions()
QUEUE = "AWS::SQS::Queue"
CDK_S_OWN = "CustomCDKBucketDeployment"
IN_EVERY_FUNCTION = {
    *("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
    *("logs:CreateLogStream", "logs:PutLogEvents"),
}


# Functions


def test_every_file_of_lambdas_is_a_function(usual: Synthesized) -> None:
    handlers = {one["Handler"] for one in usual.properties("AWS::Lambda::Function")}

    assert reach.functions() == FUNCTIONS
    assert handlers == {f"lambdas.{name}.handler" for name in FUNCTIONS}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_runs_on_the_newest_python_on_arm_and_logs_json(
    usual: Synthesized, name: str
) -> None:
    function = usual.function(name)

    assert function["Runtime"] == "python3.14"
    assert function["Architectures"] == ["arm64"]
    assert function["LoggingConfig"]["LogFormat"] == "JSON"
    assert function["TracingConfig"] == {"Mode": "Active"}


def test_all_functions_have_one_asset_of_code(usual: Synthesized) -> None:
    keys = {json.dumps(one["Code"]["S3Key"]) for one in usual.properties("AWS::Lambda::Function")}

    assert len(keys) == 1


def test_each_function_has_a_log_group_of_its_own_that_forgets(usual: Synthesized) -> None:
    groups = usual.of_type("AWS::Logs::LogGroup")
    used = [usual.function(name)["LoggingConfig"]["LogGroup"]["Ref"] for name in FUNCTIONS]

    assert len(set(used)) == len(FUNCTIONS)
    assert {group["Properties"]["RetentionInDays"] for group in groups.values()} == {90}


def test_only_those_that_look_into_media_have_the_probe_layer(usual: Synthesized) -> None:
    """Who does is read from the source: Pillow and MediaInfo are imported where they are used."""
    probing = {name for name in FUNCTIONS if {"PIL", "pymediainfo"} & reach.imports_of(name)}
    layers = {name: len(usual.function(name)["Layers"]) for name in FUNCTIONS}

    assert probing == {"check_quota", "list_groups", "load_post", "retry_job", "start_publish"}
    assert {name for name, count in layers.items() if count == 2} == probing
    assert {name for name, limits in LIMITS.items() if limits.preflights} == probing


def test_time_outs_keep_the_order_that_the_publish_protocol_rests_on(usual: Synthesized) -> None:
    definition = json.loads(names.DEFINITION.read_text())
    task = definition["States"]["Publish"]["TimeoutSeconds"]
    seconds = {name: usual.function(name)["Timeout"] for name in FUNCTIONS}
    in_a_step = {name for name in FUNCTIONS if names.placeholder(name) in json.dumps(definition)}

    assert seconds["publish"] > instagram.PUBLISH_DEADLINE_SECONDS + publishing.SEND_WITHIN_SECONDS
    assert {seconds[name] for name in in_a_step} == {30}
    assert task == 45
    assert all(seconds[function] <= 30 for _, _, function in ROUTES)  # the API's own limit
    assert max(seconds.values()) < logins.LEASE_SECONDS


def test_memory_and_time_are_those_of_the_table(usual: Synthesized) -> None:
    for name in FUNCTIONS:
        function, limits = usual.function(name), limits_of(name)
        assert (function["Timeout"], function["MemorySize"]) == (limits.seconds, limits.megabytes)


def test_the_environment_is_what_the_settings_read(usual: Synthesized, chosen: Synthesized) -> None:
    known = {field.alias for field in Settings.model_fields.values()}
    variables = usual.function("publish")["Environment"]["Variables"]
    more = chosen.function("publish")["Environment"]["Variables"]

    ours = {name for name in variables if name.startswith("POSTWRIGHT_")}
    assert ours == {
        "POSTWRIGHT_TABLE",
        "POSTWRIGHT_BUCKET",
        "POSTWRIGHT_SSM_PREFIX",
        "POSTWRIGHT_STATE_MACHINE_ARN",
        "POSTWRIGHT_REFRESH",
    }
    assert {name for name in more if name.startswith("POSTWRIGHT_")} <= known
    assert more["POSTWRIGHT_CAROUSEL_MAX"] == "20"
    assert more["POSTWRIGHT_SSM_PREFIX"] == "/mine"
    for name in FUNCTIONS:
        small = {"MALLOC_ARENA_MAX": "2"} if limits_of(name).preflights else {}
        assert usual.function(name)["Environment"]["Variables"] == {**variables, **small}


# Permissions


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_do_what_its_code_can_reach_and_no_more(name: str) -> None:
    """The tests that record calls say what is used; this says what can be."""
    refresh = "postwright.refreshing.refresh_when_due"
    reached = reach.actions_of(name, without=[refresh])
    granted = {
        action for _, actions in grants.actions(name, refresh="schedule") for action in actions
    }

    # The URL of a version takes a permission of its own, and so does it to be told "absent".
    if "s3:GetObject" in reached:
        reached.add("s3:GetObjectVersion")
    if name in {"check_quota", "list_groups", "load_post", "retry_job", "start_publish"}:
        reached.add("s3:ListBucket")
    assert granted == reached


def test_who_refreshes_tokens_at_its_start_may_do_so_only_where_that_is_chosen() -> None:
    callers = {
        name for name in FUNCTIONS if reach.reaches(name, "postwright.refreshing.refresh_when_due")
    }
    refresh = reach.actions_of("refresh_token")
    added = {
        action
        for name in callers
        for _, actions in grants.actions(name, refresh="cold-start")
        for action in actions
        if action.startswith("ssm:")
    }

    assert callers == grants.CALL_INSTAGRAM
    assert added == {action for action in refresh if action.startswith("ssm:Get")} - {
        "ssm:GetParametersByPath"
    } | {"ssm:PutParameter", "ssm:DeleteParameters"}
    for name in callers:
        reached = reach.actions_of(name)
        granted = {a for _, actions in grants.actions(name, refresh="cold-start") for a in actions}
        assert reached <= granted


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_role_has_the_grants_and_logs_and_traces(usual: Synthesized, name: str) -> None:
    role = {"Ref": usual.function(name)["Role"]["Fn::GetAtt"][0]}
    statements = usual.statements(role)
    found = {action for one in statements for action in as_list(one["Action"])}
    granted = {a for _, actions in grants.actions(name, refresh="schedule") for a in actions}
    queue = {"sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"}

    assert found == granted | IN_EVERY_FUNCTION | (queue if name in CALLED_BY_EVENTS else set())
    assert all(one["Effect"] == "Allow" for one in statements)


def test_no_action_has_a_star(usual: Synthesized, chosen: Synthesized) -> None:
    for made in (usual, chosen):
        ours = [one for one in policies(made) if CDK_S_OWN not in json.dumps(one["Roles"])]
        actions = [action for one in ours for action in actions_in(one)]
        assert [action for action in actions if "*" in action] == []


def test_every_star_in_a_resource_has_a_reason(usual: Synthesized) -> None:
    reasons = {(path, finding): reason for path, finding, reason in usual.accepted}
    stars = {finding for _, finding in reasons if finding.startswith("AwsSolutions-IAM5")}
    ends = {re.sub(r"^.*(\[Resource::|[/:])(?=[^/:]+[/:]?\*\])", "", one) for one in stars}

    assert ends - {"AwsSolutions-IAM5[Resource::*]"} == {
        "prod/*]",
        "Postwright-publish-post:*]",
        next(one for one in ends if one.endswith(".Arn>/*]")),
    }
    assert all(len(reason) > 20 for reason in reasons.values())


def test_parameters_are_reached_below_the_folder_alone(usual: Synthesized) -> None:
    resources = {
        json.dumps(resource)
        for policy in policies(usual)
        for one in policy["PolicyDocument"]["Statement"]
        if any(action.startswith("ssm:") for action in as_list(one["Action"]))
        for resource in as_list(one["Resource"])
    }

    assert len(resources) == 2
    assert all("parameter/ai-social-media/prod" in one for one in resources)


def test_a_key_of_ones_own_is_used_through_the_parameter_store_alone(chosen: Synthesized) -> None:
    statements = [
        one
        for policy in policies(chosen)
        for one in policy["PolicyDocument"]["Statement"]
        if any(action.startswith("kms:") for action in as_list(one["Action"]))
    ]

    assert len(statements) == sum("parameters" in one for one in grants.GRANTS.values())
    assert all("kms:ViaService" in one["Condition"]["StringEquals"] for one in statements)


def test_no_secret_is_made_by_the_template(usual: Synthesized, chosen: Synthesized) -> None:
    for made in (usual, chosen):
        text = json.dumps(made.template)
        kinds = {resource["Type"] for resource in made.template["Resources"].values()}
        assert "SecureString" not in text
        assert "AWS::SSM::Parameter" not in kinds
        assert "AWS::SecretsManager::Secret" not in kinds
        assert made.template.get("Parameters", {}).keys() <= {"BootstrapVersion"}


# Storage


def test_what_holds_data_keeps_its_name_so_that_no_upgrade_replaces_it(usual: Synthesized) -> None:
    """A logical id that changes is a new resource to CloudFormation, and an empty one."""
    kept = {
        name
        for kind in ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Cognito::UserPool")
        for name, resource in usual.of_type(kind).items()
        if resource["DeletionPolicy"] == "Retain"
    }

    assert kept == {"StorageTableB43FDCE7", "StorageMedia9333CB25", "SignInUsers1801E146"}


def test_the_table_has_the_keys_of_the_sandbox_and_can_be_restored(usual: Synthesized) -> None:
    (table,) = usual.of_type("AWS::DynamoDB::Table").values()
    properties = table["Properties"]

    for name in ("KeySchema", "GlobalSecondaryIndexes", "BillingMode"):
        assert properties[name] == _TABLE_DEFINITION[name]
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["TimeToLiveSpecification"] == {
        "AttributeName": "expiresAt",
        "Enabled": True,
    }
    assert properties["DeletionProtectionEnabled"] is True
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_buckets_are_private_encrypted_and_take_tls_only(
    usual: Synthesized, chosen: Synthesized
) -> None:
    for made in (usual, chosen):
        buckets = made.of_type("AWS::S3::Bucket")
        assert len(buckets) == 2
        for name, bucket in buckets.items():
            block = bucket["Properties"]["PublicAccessBlockConfiguration"]
            assert set(block.values()) == {True}
            assert bucket["Properties"]["BucketEncryption"]
            refused = [one for one in bucket_policy(made, name) if one["Effect"] == "Deny"]
            assert {"Bool": {"aws:SecureTransport": "false"}} in [
                one["Condition"] for one in refused
            ]
            assert all(one["Action"] == "s3:*" for one in refused)


def test_media_keep_their_versions_for_a_while(usual: Synthesized) -> None:
    media = next(
        one
        for name, one in usual.of_type("AWS::S3::Bucket").items()
        if name.startswith("StorageMedia")
    )
    (rule,) = media["Properties"]["LifecycleConfiguration"]["Rules"]

    assert media["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 2}
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    assert rule["Status"] == "Enabled"
    assert media["DeletionPolicy"] == "Retain"


def test_data_can_be_deleted_with_the_stack_where_somebody_wants_that(chosen: Synthesized) -> None:
    (table,) = chosen.of_type("AWS::DynamoDB::Table").values()

    assert table["DeletionPolicy"] == "Delete"
    assert table["Properties"]["DeletionProtectionEnabled"] is False


# The workflow


def test_the_state_machine_is_the_file_with_every_placeholder_filled(usual: Synthesized) -> None:
    (machine,) = usual.properties("AWS::StepFunctions::StateMachine")
    text = names.DEFINITION.read_text()
    placeholders = set(re.findall(r"\$\{([^}]+)\}", text))

    assert machine["DefinitionString"] == text
    assert machine["DefinitionSubstitutions"].keys() == placeholders
    assert machine["StateMachineType"] == "STANDARD"
    for name in FUNCTIONS:
        if names.placeholder(name) in placeholders:
            arn = machine["DefinitionSubstitutions"][names.placeholder(name)]
            function = usual.template["Resources"][arn["Fn::GetAtt"][0]]
            assert function["Properties"]["Handler"] == f"lambdas.{name}.handler"


def test_runs_are_logged_without_their_data_unless_that_is_chosen(
    usual: Synthesized, chosen: Synthesized
) -> None:
    for made, data, days in ((usual, False, 90), (chosen, True, 30)):
        (machine,) = made.properties("AWS::StepFunctions::StateMachine")
        logging = machine["LoggingConfiguration"]
        reference = logging["Destinations"][0]["CloudWatchLogsLogGroup"]["LogGroupArn"]
        log = made.template["Resources"][reference["Fn::GetAtt"][0]]["Properties"]
        assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", data)
        assert log["LogGroupName"].startswith("/aws/vendedlogs/states/")
        assert log["RetentionInDays"] == days
        assert machine["TracingConfiguration"] == {"Enabled": True}


def test_the_arn_that_the_functions_know_is_the_machines(usual: Synthesized) -> None:
    (machine,) = usual.properties("AWS::StepFunctions::StateMachine")
    known = usual.function("get_status")["Environment"]["Variables"]["POSTWRIGHT_STATE_MACHINE_ARN"]

    assert joined(known).endswith(f":stateMachine:{machine['StateMachineName']}")


def test_ends_of_runs_are_recorded_and_kept_if_that_fails(usual: Synthesized) -> None:
    rule = rule_on(usual, "aws.states")
    (target,) = rule["Targets"]
    function = usual.template["Resources"][target["Arn"]["Fn::GetAtt"][0]]["Properties"]

    assert rule["EventPattern"]["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert rule["EventPattern"]["detail-type"] == ["Step Functions Execution Status Change"]
    assert rule["EventPattern"]["detail"]["stateMachineArn"][0]["Ref"].startswith("Workflow")
    assert function["Handler"] == "lambdas.record_failure.handler"
    assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0] in usual.of_type(QUEUE)


def test_schedules_are_those_of_the_sandbox(usual: Synthesized) -> None:
    rates = {}
    for schedule in usual.properties("AWS::Scheduler::Schedule"):
        target = schedule["Target"]
        function = usual.template["Resources"][target["Arn"]["Fn::GetAtt"][0]]["Properties"]
        rates[function["Handler"]] = schedule["ScheduleExpression"]
        assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0] in usual.of_type(QUEUE)

    assert rates == {
        "lambdas.refresh_token.handler": "rate(1 day)",
        "lambdas.sweep_jobs.handler": f"rate({SWEEP_MINUTES} minutes)",
    }


def test_what_events_call_keeps_what_it_cannot_handle(usual: Synthesized) -> None:
    kept = {}
    for config in usual.properties("AWS::Lambda::EventInvokeConfig"):
        function = usual.template["Resources"][config["FunctionName"]["Ref"]]["Properties"]
        kept[function["Handler"].split(".")[1]] = config["DestinationConfig"]["OnFailure"]

    assert kept.keys() == set(CALLED_BY_EVENTS)


def test_the_queue_is_encrypted_and_takes_tls_only(usual: Synthesized) -> None:
    ((name, queue),) = usual.of_type(QUEUE).items()
    (policy,) = usual.properties("AWS::SQS::QueuePolicy")
    refused = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Deny"]

    assert queue["Properties"]["SqsManagedSseEnabled"] is True
    assert policy["Queues"] == [{"Ref": name}]
    assert refused[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


# API and page


ALL_ROUTES = (*ROUTES, ("ANY", "/api/{proxy+}", REST))


def test_routes_are_those_of_the_sandbox_and_none_is_open(
    usual: Synthesized, chosen: Synthesized
) -> None:
    for made in (usual, chosen):
        routes = made.properties("AWS::ApiGatewayV2::Route")
        authorizers = made.of_type("AWS::ApiGatewayV2::Authorizer")
        assert {one["RouteKey"] for one in routes} == {
            f"{method} {path}" for method, path, _ in ALL_ROUTES
        }
        assert {one["AuthorizationType"] for one in routes} == {"JWT"}
        assert {one["AuthorizerId"]["Ref"] for one in routes} == authorizers.keys()


def test_each_route_calls_its_function(usual: Synthesized) -> None:
    integrations = usual.of_type("AWS::ApiGatewayV2::Integration")
    for method, path, function in ALL_ROUTES:
        (route,) = [
            one
            for one in usual.properties("AWS::ApiGatewayV2::Route")
            if one["RouteKey"] == f"{method} {path}"
        ]
        integration = integrations[route["Target"]["Fn::Join"][1][1]["Ref"]]["Properties"]
        called = usual.template["Resources"][integration["IntegrationUri"]["Fn::GetAtt"][0]]
        assert called["Properties"]["Handler"] == f"lambdas.{function}.handler"
        assert integration["PayloadFormatVersion"] == "2.0"


def test_the_api_is_slowed_down_and_logged_without_tokens(usual: Synthesized) -> None:
    (stage,) = usual.properties("AWS::ApiGatewayV2::Stage")
    logged = json.loads(stage["AccessLogSettings"]["Format"])

    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 50
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] == 100
    assert logged["status"] == "$context.status"
    assert not any("header" in value or "query" in value for value in logged.values())


def test_tokens_come_from_a_pool_of_our_own_or_the_issuer_that_is_named(
    usual: Synthesized, chosen: Synthesized
) -> None:
    (ours,) = usual.properties("AWS::ApiGatewayV2::Authorizer")
    (theirs,) = chosen.properties("AWS::ApiGatewayV2::Authorizer")
    (pool,) = usual.properties("AWS::Cognito::UserPool")
    (client,) = usual.properties("AWS::Cognito::UserPoolClient")

    assert ours["JwtConfiguration"]["Audience"][0]["Ref"].startswith("SignInUsersPage")
    assert theirs["JwtConfiguration"] == {
        "Audience": ["postwright"],
        "Issuer": "https://id.example.com",
    }
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["GenerateSecret"] is False
    assert "AWS::Cognito::UserPool" not in kinds(chosen)


def test_page_and_api_have_one_origin_and_strict_headers(usual: Synthesized) -> None:
    (distribution,) = usual.properties("AWS::CloudFront::Distribution")
    (headers,) = usual.properties("AWS::CloudFront::ResponseHeadersPolicy")
    config = distribution["DistributionConfig"]
    security = headers["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    policy = joined(security["ContentSecurityPolicy"]["ContentSecurityPolicy"])
    (api,) = config["CacheBehaviors"]

    assert (api["PathPattern"], api["ViewerProtocolPolicy"]) == ("/api/*", "https-only")
    assert config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "frame-ancestors 'none'" in policy
    assert keywords(policy) == keywords(publish_page.headers("")["Content-Security-Policy"])
    assert security["StrictTransportSecurity"]["AccessControlMaxAgeSec"] == 365 * 86_400
    assert security["FrameOptions"] == {"FrameOption": "DENY", "Override": True}
    assert not any("Cors" in json.dumps(one) for one in usual.properties("AWS::ApiGatewayV2::Api"))


def test_the_page_is_read_by_its_distribution_alone(usual: Synthesized) -> None:
    ((name, control),) = usual.of_type("AWS::CloudFront::OriginAccessControl").items()
    ((own, distribution),) = usual.of_type("AWS::CloudFront::Distribution").items()
    config = distribution["Properties"]["DistributionConfig"]
    used = [one for one in config["Origins"] if "OriginAccessControlId" in one]
    page = next(one for one in usual.of_type("AWS::S3::Bucket") if one.startswith("SitePage"))
    allowed = [one for one in bucket_policy(usual, page) if one["Effect"] == "Allow"]

    assert control["Properties"]["OriginAccessControlConfig"]["SigningBehavior"] == "always"
    assert [one["OriginAccessControlId"]["Fn::GetAtt"][0] for one in used] == [name]
    assert [one["Action"] for one in allowed] == ["s3:GetObject"]
    assert own in json.dumps(allowed[0]["Condition"]["StringEquals"])


def test_the_policy_lets_in_what_presigned_urls_lead_to(
    usual: Synthesized, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "nobody")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    host = urlsplit(MediaBucket.connect("bucket", 60).presign("photo.jpg")).netloc
    (headers,) = usual.properties("AWS::CloudFront::ResponseHeadersPolicy")
    policy = json.dumps(headers["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"])

    attribute = {
        "bucket.s3.amazonaws.com": "DomainName",
        "bucket.s3.eu-west-1.amazonaws.com": "RegionalDomainName",
    }[host]
    assert attribute in re.findall(r'"\w*Media\w*", "(\w+)"', policy)


def test_the_page_is_deployed_where_there_is_one_with_its_configuration(
    usual: Synthesized, chosen: Synthesized
) -> None:
    (content,) = chosen.properties("Custom::CDKBucketDeployment")

    assert "Custom::CDKBucketDeployment" not in kinds(usual)
    assert len(content["SourceObjectKeys"]) == 3  # the folder, config.json, openapi.json


# Alarms, tags and outputs


def test_everything_that_takes_tags_has_them(usual: Synthesized, chosen: Synthesized) -> None:
    for made, stack in ((usual, "Postwright"), (chosen, "Staging")):
        for kind in ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Lambda::Function", QUEUE):
            for properties in made.properties(kind):
                tags = {one["Key"]: one["Value"] for one in properties.get("Tags", [])}
                assert tags["application"] == "postwright"
                assert tags["stack"] == stack


def test_events_that_need_attention_reach_the_topic(usual: Synthesized) -> None:
    rule = rule_on(usual, alarms.SOURCE)
    (target,) = rule["Targets"]
    (policy,) = usual.properties("AWS::SNS::TopicPolicy")
    principals = json.dumps(policy["PolicyDocument"])

    assert target["Arn"]["Ref"] in usual.of_type("AWS::SNS::Topic")
    assert "events.amazonaws.com" in principals
    assert "cloudwatch.amazonaws.com" in principals
    assert '"aws:SecureTransport": "false"' in principals


def test_whoever_is_named_hears_of_alarms(usual: Synthesized, chosen: Synthesized) -> None:
    (subscription,) = chosen.properties("AWS::SNS::Subscription")

    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "somebody@example.com")
    assert "AWS::SNS::Subscription" not in kinds(usual)


def test_outputs_tell_the_command_line_where_everything_is(usual: Synthesized) -> None:
    outputs = usual.template["Outputs"]
    variables = usual.function("publish")["Environment"]["Variables"]

    for name, value in variables.items():
        if name.startswith("POSTWRIGHT_"):
            assert outputs["".join(map(str.capitalize, name.split("_")))]["Value"] == value
    assert {"Page", "Issuer", "ClientId", "AlarmTopic", "Dashboard"} <= outputs.keys()


def test_every_accepted_finding_has_a_reason(usual: Synthesized, chosen: Synthesized) -> None:
    for made in (usual, chosen):
        assert [reason for _, _, reason in made.accepted if len(reason.split()) < 6] == []


def test_the_stack_reads_in_one_go() -> None:
    lines = Path(names.ROOT / "infra" / "stack.py").read_text().splitlines()

    assert len(lines) <= 150


# What the tests read a template with


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def kinds(made: Synthesized) -> set[str]:
    return {resource["Type"] for resource in made.template["Resources"].values()}


def policies(made: Synthesized) -> list[dict[str, Any]]:
    return made.properties("AWS::IAM::Policy")


def actions_in(policy: dict[str, Any]) -> list[str]:
    statements = policy["PolicyDocument"]["Statement"]
    return [action for one in statements for action in as_list(one["Action"])]


def bucket_policy(made: Synthesized, bucket: str) -> list[dict[str, Any]]:
    (policy,) = [
        one for one in made.properties("AWS::S3::BucketPolicy") if one["Bucket"] == {"Ref": bucket}
    ]
    statements: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return statements


def rule_on(made: Synthesized, source: str) -> dict[str, Any]:
    (rule,) = [
        one
        for one in made.properties("AWS::Events::Rule")
        if one["EventPattern"]["source"] == [source]
    ]
    return rule


def keywords(policy: str) -> dict[str, list[str]]:
    """What a Content-Security-Policy says, without the hosts that it names."""
    words = [directive.split() for directive in policy.split(";")]
    return {name: [one for one in rest if one.startswith("'")] for name, *rest in words}


def joined(value: Any) -> str:
    """A text with its references left out."""
    if isinstance(value, dict) and "Fn::Join" in value:
        return "".join(part if isinstance(part, str) else "" for part in value["Fn::Join"][1])
    return str(value)
