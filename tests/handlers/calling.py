"""Call AWS as our functions do, then tell what came of it and how long it took."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from postwright import clock


@cache
def client(service: str) -> Any:
    return boto3.client(service)  # type: ignore[call-overload]  # the overloads take literals only


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    operation = getattr(client(event["service"]), event["operation"])
    at_once = event.get("atOnce", 1)
    with ThreadPoolExecutor(at_once) as threads:
        calls = [threads.submit(call, operation, event["parameters"]) for _ in range(at_once)]
    return calls[0].result()


def call(operation: Any, parameters: dict[str, Any]) -> dict[str, Any]:
    began = clock.now()
    try:
        answer, outcome = operation(**parameters)["ResponseMetadata"], "ok"
    except ClientError as error:
        answer, outcome = error.response["ResponseMetadata"], error.response["Error"]["Code"]
    except BotoCoreError as error:
        answer, outcome = {}, type(error).__name__
    return {
        "outcome": outcome,
        "status": answer.get("HTTPStatusCode"),
        "retries": answer.get("RetryAttempts"),
        "took": clock.seconds_since(began),
    }
