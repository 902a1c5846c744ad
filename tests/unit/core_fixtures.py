"""Fixtures for tests of the library. A test module takes them as a plugin:

pytest_plugins = ("tests.unit.core_fixtures",)
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config

from postwright import clock
from postwright.app import App
from postwright.instagram import new_http_client
from postwright.media import MediaBucket
from postwright.settings import Settings
from postwright.store import Store
from postwright.tokens import Tokens
from sandbox import moto_imports, parameter_times
from tests.instagram_lab import Lab
from tests.media import MediaServer
from tests.unit.core_world import (
    STATE_MACHINE,
    Cloud,
    FakeExecutions,
    FakeHistories,
    HandClock,
    World,
)


class InProcess:
    """Answers requests of a client in this process and one after the other.

    moto checks a condition and writes in two steps. DynamoDB does it in one, and so does this.
    """

    def __init__(self) -> None:
        from moto.core.botocore_stubber import BotocoreStubber

        self._moto = BotocoreStubber()
        self._moto.enabled = True
        self._lock = threading.Lock()

    def __call__(self, event_name: str, request: Any, **_: Any) -> Any:
        with self._lock:
            return self._moto(event_name, request)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """moto, and its server for what is fetched; tests keep apart by the names of their tables.

    Not for the whole session: other modules start sandboxes, and each of those empties moto.
    """
    moto_imports.load()
    from sandbox.aws import Aws, forget

    session = boto3.session.Session(
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",  # noqa: S106 - opens nothing
        region_name="us-east-1",
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        aws = Aws(listener, dict)
    endpoint: dict[str, Any] = {"endpoint_url": aws.origin}
    found = Cloud(
        aws.origin,
        session.client("dynamodb"),
        session.client("s3", **endpoint, config=Config(signature_version="s3v4")),
        session.client("ssm"),
    )
    in_process = InProcess()
    for service in ("dynamodb", "ssm"):
        getattr(found, service).meta.events.register(f"before-send.{service}", in_process)
    found.s3.create_bucket(Bucket=found.bucket)
    with parameter_times.told_by(clock.now):
        found.put_credentials(found.prefix)
        yield found
    for client in (found.dynamodb, found.s3, found.ssm):
        client.close()
    aws.close()
    forget()


@pytest.fixture(scope="session")
def graph_http() -> Iterator[httpx.Client]:
    """Connections that all tests share, because a client takes long to make."""
    with new_http_client() as client:
        yield client


@pytest.fixture
def hand(lab: Lab) -> Iterator[HandClock]:
    """The clock of this process, the same as that of the simulated Instagram."""
    clock_of_lab = HandClock(lab.clock)
    previous = clock.use(clock_of_lab)
    yield clock_of_lab
    clock.use(previous)


@pytest.fixture
def world(
    lab: Lab, media: MediaServer, cloud: Cloud, graph_http: httpx.Client, hand: HandClock
) -> World:
    """An account with a working token and an empty table; time moves by `advance` alone."""
    table = cloud.new_table()
    settings = Settings.from_environment(
        {
            "POSTWRIGHT_GRAPH_URL": lab.origin,
            "POSTWRIGHT_TABLE": table,
            "POSTWRIGHT_BUCKET": cloud.bucket,
            "POSTWRIGHT_SSM_PREFIX": cloud.prefix,
            "POSTWRIGHT_STATE_MACHINE_ARN": STATE_MACHINE,
        }
    )
    executions, histories = FakeExecutions(), FakeHistories()
    app = App(
        settings=settings,
        store=Store(cloud.dynamodb, table),
        media=MediaBucket(cloud.s3, cloud.bucket, settings.presign_seconds),
        tokens=Tokens(cloud.ssm, cloud.prefix, settings.token_cache_seconds),
        executions=executions,
        histories=histories,
        given_http=graph_http,
    )
    return World(app, lab, media, hand, cloud, executions, histories)
