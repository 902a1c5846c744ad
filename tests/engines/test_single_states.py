"""Single states on AWS, where that is asked for; here their calls are held against its model."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ParamValidationError
from botocore.stub import Stubber

from sandbox.aws import substitute
from sandbox.names import REGION
from tests.engines.single_states import TRIALS, JsonObject, Trial, differences
from tests.engines.test_rules import good
from tests.test_names import all_states, functions

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

ASKED_FOR = "TEST_STATE_ON_AWS"

needs_aws = pytest.mark.skipif(
    not os.environ.get(ASKED_FOR),
    reason=f"not run: TestState needs an AWS account; set {ASKED_FOR}=1 and credentials",
)


@pytest.fixture(scope="module")
def definition() -> str:
    return substitute(json.dumps(good()), functions())


@pytest.fixture
def local() -> Iterator[SFNClient]:
    """A client that sends nothing."""
    client = boto3.client(
        "stepfunctions",
        region_name=REGION,
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",  # noqa: S106  nothing is sent
    )
    with closing(client):
        yield client


def as_answered(trial: Trial) -> JsonObject:
    """What AWS would answer, in the shape of its model."""
    output = {"output": json.dumps(dict(trial.output))} if trial.output else {}
    return {**trial.answer, **output}


@needs_aws
@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.what)
def test_a_state_on_aws(definition: str, trial: Trial) -> None:
    with closing(boto3.client("stepfunctions")) as client:
        answer = client.test_state(**trial.request(definition))

    assert differences(trial, answer) == []


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.what)
def test_a_call_is_one_that_aws_knows(local: SFNClient, definition: str, trial: Trial) -> None:
    """botocore refuses a request or an answer that is not as its model says."""
    with Stubber(local) as stub:
        stub.add_response("test_state", as_answered(trial))
        answer = local.test_state(**trial.request(definition))

    assert differences(trial, answer) == []
    assert trial.state in dict(all_states(good()))


def test_a_call_that_aws_does_not_know_is_red(local: SFNClient, definition: str) -> None:
    request = TRIALS[-1].request(definition)

    with pytest.raises(ParamValidationError, match="retrierCount"):
        local.test_state(**(request | {"stateConfiguration": {"retrierCount": 1}}))


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.what)
def test_another_answer_is_red(trial: Trial) -> None:
    answer = as_answered(trial)

    for key in answer:
        assert differences(trial, answer | {key: "{}"}) != []
