from __future__ import annotations

import http.client
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx
import pytest
from botocore.config import Config

from postwright.routes import ROUTES
from sandbox.engine import EngineInUseError
from sandbox.server import Sandbox, SandboxOptions
from sandbox.serving import PortInUseError
from tests import command_line

pytestmark = pytest.mark.engine


def options(**changes: Any) -> SandboxOptions:
    anywhere: dict[str, Any] = {"port": 0, "instagram_port": 0, "aws_port": 0}
    return SandboxOptions(**anywhere, speed=None, empty=True, **changes)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    before = dict(os.environ)
    with Sandbox(options()) as running:
        yield running
    after = dict(os.environ)
    for environment in (before, after):
        environment.pop("PYTEST_CURRENT_TEST", None)
    assert after == before


def client(sandbox: Sandbox, service: str) -> Any:
    given = sandbox.environment()
    return boto3.client(
        service,  # type: ignore[call-overload]  # the overloads take literals only
        endpoint_url=given["AWS_ENDPOINT_URL"],
        region_name=given["AWS_REGION"],
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
        config=Config(signature_version="s3v4") if service == "s3" else None,
    )


def aws_cli(sandbox: Sandbox, *arguments: str) -> Any:
    """The JSON that the stock AWS command line prints."""
    environment = {"PATH": os.environ["PATH"], **sandbox.environment()}
    done = command_line.aws_cli(*arguments, environment=environment)
    assert done.code == 0, done.err
    return done.json if done.out else None


class TestOrigins:
    def test_the_app_says_where_everything_is(self, sandbox: Sandbox) -> None:
        answer = httpx.get(f"{sandbox.app}/_sandbox").json()

        assert answer["instagram"] == sandbox.instagram
        assert answer["aws"] == sandbox.aws
        assert "POST /api/publish/start" in answer["api"]

    def test_the_aws_origin_leads_to_the_rest(self, sandbox: Sandbox) -> None:
        answer = httpx.get(f"{sandbox.aws}/_sandbox").json()

        assert answer["app"] == sandbox.app
        assert answer["speed"] == "max"
        assert answer["stateMachineArn"] == sandbox.state_machine_arn
        assert answer["now"].endswith("+00:00")

    def test_all_listen_on_this_machine_only(self, sandbox: Sandbox) -> None:
        for origin in (sandbox.app, sandbox.instagram, sandbox.aws):
            assert urlsplit(origin).hostname == "127.0.0.1"

    @pytest.mark.parametrize("which", ["app", "instagram", "aws"])
    @pytest.mark.parametrize(
        "headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}]
    )
    def test_requests_of_other_sites_are_refused(
        self, sandbox: Sandbox, which: str, headers: dict[str, str]
    ) -> None:
        assert httpx.get(getattr(sandbox, which), headers=headers).status_code == 403

    def test_localhost_is_this_machine_too(self, sandbox: Sandbox) -> None:
        port = urlsplit(sandbox.aws).port

        answer = httpx.get(f"{sandbox.aws}/_sandbox", headers={"Host": f"a.localhost:{port}"})

        assert answer.status_code == 200


class TestAws:
    def test_a_stock_command_line_finds_what_was_created(self, sandbox: Sandbox) -> None:
        [machine] = aws_cli(sandbox, "stepfunctions", "list-state-machines")["stateMachines"]
        table = aws_cli(sandbox, "dynamodb", "describe-table", "--table-name", "postwright")[
            "Table"
        ]
        [bucket] = aws_cli(sandbox, "s3api", "list-buckets")["Buckets"]

        assert machine["stateMachineArn"] == sandbox.state_machine_arn
        assert table["GlobalSecondaryIndexes"][0]["IndexName"] == "open-jobs"
        assert bucket["Name"] == "postwright-media"

    def test_a_stock_command_line_runs_the_workflow(self, sandbox: Sandbox) -> None:
        arn = sandbox.state_machine_arn
        event = json.dumps({"sessionId": "nobody", "groupId": "nothing"})
        sfn = ("stepfunctions", "--endpoint-url", sandbox.aws)

        started = aws_cli(
            sandbox, *sfn, "start-execution", "--state-machine-arn", arn, "--input", event
        )["executionArn"]

        with closing(client(sandbox, "stepfunctions")) as poll:
            ended = wait_for_end(poll, started)
        history = aws_cli(sandbox, *sfn, "get-execution-history", "--execution-arn", started)
        listed = aws_cli(sandbox, *sfn, "list-executions", "--state-machine-arn", arn)
        assert ended["status"] == "FAILED"
        assert ended["error"] == "InvalidPostError"
        assert history["events"][-1]["type"] == "ExecutionFailed"
        assert started in [e["executionArn"] for e in listed["executions"]]

    def test_the_parameters_hold_the_demo_account(self, sandbox: Sandbox) -> None:
        from sandbox.instagram.accounts import DEMO_ACCOUNT

        with closing(client(sandbox, "ssm")) as ssm:
            token = ssm.get_parameter(
                Name="/ai-social-media/prod/instagram-access-token", WithDecryption=True
            )
            user = ssm.get_parameter(Name="/ai-social-media/prod/instagram-user-id")

        assert token["Parameter"]["Value"] == DEMO_ACCOUNT.token
        assert token["Parameter"]["Type"] == "SecureString"
        assert user["Parameter"]["Value"] == DEMO_ACCOUNT.user_id

    def test_a_presigned_url_serves_ranges(self, sandbox: Sandbox) -> None:
        with closing(client(sandbox, "s3")) as s3:
            s3.put_object(Bucket="postwright-media", Key="a/b c.txt", Body=b"0123456789")
            url = s3.generate_presigned_url(
                "get_object", Params={"Bucket": "postwright-media", "Key": "a/b c.txt"}
            )

        whole = httpx.get(url)
        part = httpx.get(url, headers={"Range": "bytes=2-5"})

        assert (whole.status_code, whole.content) == (200, b"0123456789")
        assert (part.status_code, part.content) == (206, b"2345")
        assert part.headers["content-range"] == "bytes 2-5/10"

    def test_a_presigned_url_expires_by_the_clock_of_the_sandbox(self, sandbox: Sandbox) -> None:
        with closing(client(sandbox, "s3")) as s3:
            s3.put_object(Bucket="postwright-media", Key="a.txt", Body=b"0123456789")
            url = s3.generate_presigned_url(
                "get_object", Params={"Bucket": "postwright-media", "Key": "a.txt"}
            )
        fresh = httpx.get(url)

        httpx.post(f"{sandbox.instagram}/_control/clock", json={"advance_seconds": 3605})

        assert fresh.status_code == 200
        assert httpx.get(url).status_code == 403

    def test_a_connection_stays_open(self, sandbox: Sandbox) -> None:
        parts = urlsplit(sandbox.aws)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port)
        with closing(connection):
            for _ in range(2):
                connection.request("GET", "/_sandbox")
                answer = connection.getresponse()
                answer.read()
                assert not answer.will_close
            local = connection.sock.getsockname()
            connection.request("GET", "/_sandbox")
            connection.getresponse().read()
            assert connection.sock.getsockname() == local


class TestApi:
    def test_it_describes_itself(self, sandbox: Sandbox) -> None:
        answer = httpx.get(f"{sandbox.app}/openapi.json").json()

        described = {
            (method.upper(), path)
            for path, methods in answer["paths"].items()
            for method in methods
        }
        assert described == {(method, path) for method, path, _ in ROUTES}
        assert "security" not in answer  # this one has no sign-in; the cloud has

    def test_a_route_invokes_its_function(self, sandbox: Sandbox) -> None:
        answer = httpx.get(f"{sandbox.app}/api/publish/no-such-job/status")

        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("application/json")

    def test_a_body_reaches_the_function(self, sandbox: Sandbox) -> None:
        answer = httpx.post(
            f"{sandbox.app}/api/publish/start", json={"sessionId": "nobody", "groupId": "nothing"}
        )

        assert answer.status_code == 404

    def test_a_body_that_is_not_text_is_an_answer_too(self, sandbox: Sandbox) -> None:
        answer = httpx.post(f"{sandbox.app}/api/publish/start", content=b"\xff\xfe\x00")

        assert 400 <= answer.status_code < 500

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [("GET", "/api/publish/start", 405), ("GET", "/api/nothing", 404)],
    )
    def test_other_routes_do_not_exist(
        self, sandbox: Sandbox, method: str, path: str, status: int
    ) -> None:
        assert httpx.request(method, sandbox.app + path).status_code == status


def test_a_failed_run_is_given_to_record_failure(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    before = sandbox.functions.invocations("record_failure")

    with closing(client(sandbox, "stepfunctions")) as sfn, caplog.at_level(logging.ERROR):
        started = sfn.start_execution(stateMachineArn=sandbox.state_machine_arn, input="{}")
        wait_for_end(sfn, started["executionArn"])
        for _ in range(2000):
            if sandbox.functions.invocations("record_failure") > before:
                break
            time.sleep(0.005)

    assert sandbox.functions.invocations("record_failure") == before + 1
    assert caplog.records == []


class TestOneAfterTheOther:
    """Last in the file: the shared sandbox must be closed first."""

    @pytest.fixture(autouse=True)
    def _alone(self, sandbox: Sandbox) -> None:
        sandbox.close()

    def test_a_port_in_use_names_port_and_option(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(PortInUseError, match=f"Port {port} is in use.*--port"):
                Sandbox(SandboxOptions(port=port, instagram_port=0, aws_port=0)).start()

    def test_two_at_once_are_refused(self) -> None:
        with Sandbox(options()), pytest.raises(EngineInUseError):
            Sandbox(options()).start()

    def test_each_begins_empty(self) -> None:
        with Sandbox(options()) as first, closing(client(first, "s3")) as s3:
            s3.put_object(Bucket="postwright-media", Key="left-behind", Body=b"x")
        with Sandbox(options()) as second, closing(client(second, "s3")) as s3:
            assert "Contents" not in s3.list_objects_v2(Bucket="postwright-media")

    def test_an_error_of_a_function_is_hidden_as_api_gateway_does(self) -> None:
        broken = {"POSTWRIGHT_CAROUSEL_MAX": "many"}
        with Sandbox(options(settings=broken)) as sandbox:
            answer = httpx.get(f"{sandbox.app}/api/publish/x/status")

        assert answer.status_code == 500
        assert answer.json() == {"message": "Internal Server Error"}


SERVE = """
from sandbox.server import SandboxOptions, serve
serve(SandboxOptions(port=0, instagram_port=0, aws_port=0, empty=True), as_json=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serving_ends_cleanly_on_a_signal(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        httpx.get(ready["app"])
        process.send_signal(number)
        rest, errors = process.communicate(timeout=20)

    assert set(ready) == {"app", "instagram", "aws", "stateMachineArn"}
    assert process.returncode == 0
    assert (rest, errors) == ("", "")


def wait_for_end(sfn: Any, execution: str) -> dict[str, Any]:
    """The description of an execution that has ended, within ten seconds."""
    for _ in range(2000):
        described: dict[str, Any] = sfn.describe_execution(executionArn=execution)
        if described["status"] != "RUNNING":
            return described
        time.sleep(0.005)
    pytest.fail("still running after ten seconds")
