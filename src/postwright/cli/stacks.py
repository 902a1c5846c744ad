"""A deployed stack, found by its name: where its parts are, and its settings, from its outputs."""

from __future__ import annotations

import os
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from postwright.cli.console import UsageError
from postwright.settings import Settings

_WHERE: Final = (
    "POSTWRIGHT_TABLE",
    "POSTWRIGHT_BUCKET",
    "POSTWRIGHT_SSM_PREFIX",
    "POSTWRIGHT_STATE_MACHINE_ARN",
)
"""What a stack must tell of itself; its other outputs of these names are settings, too."""


def environment_of(stack: str) -> dict[str, str]:
    """The environment with what a stack says of itself, which wins.

    An output is named as its variable, in capitalized words: `PostwrightTable`. Raises UsageError
    when there is no such stack, or it is not one of Postwright.
    """
    told = {row["OutputKey"]: row["OutputValue"] for row in _described(stack).get("Outputs", [])}
    names = {name: "".join(map(str.capitalize, name.split("_"))) for name in Settings.variables()}
    found = {name: told[output] for name, output in names.items() if output in told}
    missing = [names[name] for name in _WHERE if name not in found]
    if missing:
        raise UsageError(
            f"Stack {stack} does not tell {', '.join(missing)} among its"
            " outputs, so it is not one of Postwright, or not deployed to its end."
        )
    return {**os.environ, **found}


def _described(stack: str) -> Any:
    if "AWS_REGION" in os.environ:  # the one that Lambda, the CDK and other SDKs read
        os.environ.setdefault("AWS_DEFAULT_REGION", os.environ["AWS_REGION"])
    try:
        client = boto3.client("cloudformation")
        return client.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        said = error.response["Error"].get("Message") or error.response["Error"].get("Code")
        raise UsageError(
            f"AWS does not tell about stack {stack}: {said}. Is it this account and region?"
        ) from error
    except BotoCoreError as error:
        raise UsageError(
            f"Stack {stack} cannot be found. {str(error).rstrip('.')}. AWS_PROFILE and AWS_REGION"
            " say which account and region, and `aws sso login` or `aws configure` signs in."
        ) from error
