"""State machines on the engine, over HTTP as any AWS client sees them."""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox import aws
from sandbox.names import REGION, ROLE_ARN, function_arn

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

JsonObject = dict[str, Any]
A_MOMENT = 0.05
"""Real seconds that are given to what must not happen."""
PATIENCE = 10.0
"""Real seconds that are given to what must happen."""


@contextmanager
def serving_aws() -> Iterator[aws.Aws]:
    """A server for stock clients."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = aws.Aws(listener, dict)
        yield running
        running.close()
        aws.forget()


@contextmanager
def client_of(server: aws.Aws) -> Iterator[SFNClient]:
    """A stock client for Step Functions."""
    client = boto3.client(
        "stepfunctions",
        endpoint_url=server.origin,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  moto does not check it
    )
    with closing(client):
        yield client


@dataclass
class Lab:
    """State machines on the patched engine, over HTTP as any AWS client sees them."""

    client: SFNClient
    changes: list[JsonObject]

    def start(self, definition: JsonObject, event: object = None, **name: str) -> str:
        machine = self.client.create_state_machine(
            name=f"m-{uuid.uuid4()}", definition=json.dumps(definition), roleArn=ROLE_ARN
        )["stateMachineArn"]
        return self.start_again(machine, event, **name)

    def start_again(self, machine: str, event: object = None, **name: str) -> str:
        return self.client.start_execution(
            stateMachineArn=machine, input=json.dumps(event or {}), **name
        )["executionArn"]

    def end(self, execution: str) -> JsonObject:
        """The description of an execution once it has ended, within ten seconds."""
        for _ in range(2000):
            described = self.client.describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return dict(described)
            time.sleep(0.005)
        pytest.fail(f"still running after ten seconds: {self.events(execution)}")

    def run(self, definition: JsonObject, event: object = None, **name: str) -> JsonObject:
        return self.end(self.start(definition, event, **name))

    def output(self, definition: JsonObject, event: object = None) -> Any:
        ended = self.run(definition, event)
        assert ended["status"] == "SUCCEEDED", ended
        return json.loads(ended["output"])

    def events(self, execution: str) -> list[JsonObject]:
        pages = self.client.get_paginator("get_execution_history").paginate(executionArn=execution)
        return [dict(event) for page in pages for event in page["events"]]

    def entered(self, execution: str, state: str) -> None:
        """Return once the execution is in `state`."""
        wait_until(
            lambda: any(
                event.get("stateEnteredEventDetails", {}).get("name") == state
                for event in self.events(execution)
            )
        )

    def wrote(self, execution: str, event_type: str) -> None:
        """Return once the history has an event of this type."""
        wait_until(lambda: event_type in types(self.events(execution)))


def machine(first: str, states: JsonObject, **fields: object) -> JsonObject:
    return {"StartAt": first, "States": states, **fields}


def one(state: JsonObject, **fields: object) -> JsonObject:
    """A machine with a single state, called Only."""
    return machine("Only", {"Only": {**state, "End": True}}, **fields)


def task(function: str, payload: JsonObject, **fields: object) -> JsonObject:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function_arn(function), "Payload": payload},
        **fields,
    }


def wait(seconds: int) -> JsonObject:
    return {"Type": "Wait", "Seconds": seconds}


def mapped(state: JsonObject, **fields: object) -> JsonObject:
    """A Map over `$.items` with one state, called Item."""
    return {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemProcessor": machine("Item", {"Item": {**state, "End": True}}),
        **fields,
    }


def took(ended: JsonObject) -> timedelta:
    return ended["stopDate"] - ended["startDate"]  # type: ignore[no-any-return]  # a JsonObject


def seconds(count: float) -> Any:
    """DescribeExecution gives milliseconds."""
    return pytest.approx(timedelta(seconds=count), abs=timedelta(milliseconds=2))


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"]


def types(events: list[JsonObject]) -> list[str]:
    return [event["type"] for event in events]


def wait_until(happened: Callable[[], bool]) -> None:
    """Return once something is so, within ten seconds."""
    for _ in range(2000):
        if happened():
            return
        time.sleep(0.005)
    pytest.fail("it never happened")


def meet_after(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, real_seconds: float) -> None:
    """Let two threads that call a function wait for each other before either gets the result.

    Where only one thread at a time can be there, it waits in vain and goes on.
    """
    unchanged, both = getattr(owner, name), threading.Barrier(2)

    def meeting(*args: Any, **kwargs: Any) -> Any:
        result = unchanged(*args, **kwargs)
        with suppress(threading.BrokenBarrierError):
            both.wait(real_seconds)
        return result

    monkeypatch.setattr(owner, name, meeting)
