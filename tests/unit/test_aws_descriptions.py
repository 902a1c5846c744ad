"""The library's clients know the calls that it makes, as the installed botocore describes them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from botocore import xform_name

from postwright.aws import DESCRIPTIONS, session
from sandbox import aws_descriptions

OWNERS = {
    "dynamodb": "store",
    "events": "alarms",
    "s3": "media",
    "ssm": "tokens",
    "stepfunctions": "executions",
}
"""Which module of the library calls a service."""
NAMED = {"get_paginator", "generate_presigned_url"}
"""What is no call, and is told the name of one."""
LIBRARY = DESCRIPTIONS.parent
UPLOAD = {
    "put_object",
    *("create_multipart_upload", "upload_part"),
    *("complete_multipart_upload", "abort_multipart_upload"),
}
"""What an upload calls. Source: s3transfer 0.14, `UploadSubmissionTask`."""


def made_by(module: str) -> set[str]:
    """The calls of AWS that a module makes, as methods of a client."""
    tree = ast.parse((LIBRARY / f"{module}.py").read_text(encoding="utf-8"))
    return {name for node in ast.walk(tree) for name in _called(node)}


def _called(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Name(id="S3Transfer")):
            yield from UPLOAD
        case ast.Call(func=ast.Attribute(attr=name, value=owner), args=args) if (
            ast.unparse(owner) == "self._client"
        ):
            yield ast.literal_eval(args[0]) if name in NAMED else name


def test_the_descriptions_are_those_of_the_installed_botocore() -> None:
    written = {path: path.read_text(encoding="utf-8") for path in DESCRIPTIONS.rglob("*.json")}

    assert written == aws_descriptions.descriptions(), "python -m sandbox.aws_descriptions"


@pytest.mark.parametrize("service", aws_descriptions.CALLS)
def test_the_calls_that_are_described_are_those_that_the_library_makes(service: str) -> None:
    described = {xform_name(call) for call in aws_descriptions.CALLS[service]}

    assert described == made_by(OWNERS[service])


def test_every_module_that_makes_a_client_is_looked_at() -> None:
    makers = {
        file.stem
        for file in LIBRARY.glob("*.py")
        if 'new_client("' in file.read_text(encoding="utf-8")
    }

    assert makers == set(OWNERS.values())


@pytest.mark.parametrize("service", aws_descriptions.CALLS)
def test_a_client_knows_these_calls_alone(service: str) -> None:
    client = session().create_client(service, region_name="us-east-1")

    assert set(client.meta.service_model.operation_names) == set(aws_descriptions.CALLS[service])
