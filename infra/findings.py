"""Findings of cdk-nag that stay, each with its reason, said next to its resource."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from constructs import Construct, IConstruct

ACCEPTED: list[tuple[str, str, str]] = []
"""Path, finding and reason of each that was accepted while the stack was made."""


def accept(construct: IConstruct, reasons: dict[str, str]) -> None:
    """Acknowledge findings by their id, as `AwsSolutions-S1` or `AwsSolutions-IAM5[Resource::*]`.

    It holds for everything below the construct too.
    """
    for name, reason in reasons.items():
        ACCEPTED.append((construct.node.path, name, reason))
        acknowledge(construct, name, reason)


def acknowledge(construct: IConstruct, name: str, reason: str) -> None:
    """Take a finding out of the report."""
    cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=name, reason=reason))


def wildcard(scope: Construct, arn: str) -> str:
    """The id of the finding about a resource with a star.

    cdk-nag writes `<AWS::Region>` and `<Table.Arn>` for what is known only at deployment.
    """
    return f"AwsSolutions-IAM5[Resource::{_text(cdk.Stack.of(scope).resolve(arn))}]"


def _text(value: Any) -> str:
    match value:
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [between, parts]}:
            return str(between).join(map(_text, parts))
    return str(value)
