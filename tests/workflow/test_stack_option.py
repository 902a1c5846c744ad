"""`--stack NAME`: the commands on what a stack tells of itself, here one in the sandbox's AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import pytest

from sandbox.names import BUCKET, SSM_PREFIX, STATE_MACHINE_ARN, TABLE
from sandbox.samples import SAMPLES_DIR
from tests.command_line import Served, run, serving_sandbox

OUTPUTS = {
    "PostwrightTable": TABLE,
    "PostwrightBucket": BUCKET,
    "PostwrightSsmPrefix": SSM_PREFIX,
    "PostwrightStateMachineArn": STATE_MACHINE_ARN,
    "Page": "https://example.com",
}
SIGNED_IN = {
    "AWS_ACCESS_KEY_ID": "sandbox",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_REGION": "us-east-1",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Served]:
    with serving_sandbox() as served:
        client = boto3.client(
            "cloudformation",
            endpoint_url=served.aws,
            region_name="us-east-1",
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",  # noqa: S106  opens nothing
        )
        deploy(client, "Posts", OUTPUTS)
        deploy(client, "Else", {"Page": "https://example.com"})
        served.configure(image={"seconds": 0})
        yield served
        client.close()


def deploy(client: object, name: str, outputs: dict[str, str]) -> None:
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {key: {"Value": value} for key, value in outputs.items()},
    }
    client.create_stack(StackName=name, TemplateBody=json.dumps(template))  # type: ignore[attr-defined]  # boto3 makes it


def test_a_post_goes_to_the_stack_whatever_the_environment_says(sandbox: Served) -> None:
    where = {**SIGNED_IN, "POSTWRIGHT_GRAPH_URL": str(sandbox.instagram.base_url)}

    done = run(
        *("publish", SAMPLES_DIR / "02-sea.jpg", "--caption", "By name", "--stack", "Posts"),
        "--json",
        aws=sandbox.aws,
        cwd=None,
        POSTWRIGHT_TABLE="elsewhere",
        **where,
    )
    status = run(
        "status", done.json["jobId"], aws=sandbox.aws, cwd=None, POSTWRIGHT_STACK="Posts", **where
    )

    assert done.code == 0, done.err
    assert [post["caption"] for post in sandbox.posts()] == ["By name"]
    assert done.json["permalink"] in status.out


@pytest.mark.parametrize(
    ("name", "environment", "sentence"),
    [
        ("Nothing", SIGNED_IN, "AWS does not tell about stack Nothing: Stack with id Nothing does"),
        ("Else", SIGNED_IN, "Stack Else does not tell PostwrightTable, PostwrightBucket, "),
        ("Posts", {}, "Stack Posts cannot be found. You must specify a region."),
    ],
)
def test_a_stack_that_cannot_be_used_is_told(
    sandbox: Served, name: str, environment: dict[str, str], sentence: str
) -> None:
    done = run("quota", "--stack", name, aws=sandbox.aws, cwd=None, **environment)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(sentence)
    assert done.err.count("\n") == 1


def test_without_credentials_a_sentence_says_how_to_sign_in(sandbox: Served) -> None:
    nobody = {
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": "/nonexistent",
        "AWS_REGION": "eu-west-1",
    }

    done = run("quota", "--stack", "Posts", aws=sandbox.aws, cwd=None, **nobody)

    assert (done.code, done.out) == (2, "")
    assert "Unable to locate credentials" in done.err
    assert "aws sso login" in done.err
