from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import boto3
import httpx
import pytest
from botocore.config import Config

from sandbox import moto_imports
from sandbox.calls import Calls
from sandbox.clock import SimulatedClock
from sandbox.functions import Answer, Functions
from sandbox.instagram.accounts import DEMO_ACCOUNT
from sandbox.instagram.config import ConfigError
from sandbox.names import ACCESS_KEY, BUCKET, REGION, ROLE_ARN, SSM_PREFIX, TABLE, function_arn

moto_imports.load()

from sandbox import aws, engine  # noqa: E402  after the light import

pytestmark = pytest.mark.engine

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
DEFINITION = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
TOKEN = "IGAAFaultsToken000000000000001"  # noqa: S105  worth nothing
JsonObject = dict[str, Any]
T = TypeVar("T")


class Lab:
    """Functions, AWS and the engine, and what lies between them."""

    def __init__(self, listener: socket.socket, speed: float | None = None) -> None:
        self.clock = SimulatedClock(speed=speed, start=START)
        self.calls = Calls(self.clock)
        self.server = aws.Aws(listener, dict, self.clock, self.calls)
        environment = {
            "TZ": "UTC",
            "AWS_ENDPOINT_URL": self.server.origin,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self.functions = Functions(
            ["calling", "sleepy", "echo", "failing"],
            environment,
            self.clock,
            package="tests.handlers",
            calls=self.calls,
        )
        self.calls.stop_execution = lambda name: engine.abort(name, self.clock)
        self.http = httpx.Client(base_url=self.server.origin, trust_env=False, timeout=30)

    def close(self) -> None:
        self.http.close()
        self.calls.close()
        self.functions.close()
        self.server.close()

    def client(self, service: str) -> Any:
        """A client outside of our functions, that repeats nothing."""
        return boto3.client(
            service,  # type: ignore[call-overload]  # the overloads take literals only
            endpoint_url=self.server.origin,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=ACCESS_KEY,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def call(self, service: str, operation: str, job_id: str = "job-1", **parameters: Any) -> Any:
        """Let a function call AWS; what it tells of it."""
        answer = self.try_call(service, operation, job_id, **parameters)
        assert not answer.error, answer.payload
        return answer.payload

    def try_call(
        self, service: str, operation: str, job_id: str = "job-1", **parameters: Any
    ) -> Answer:
        event = {"service": service, "operation": operation, "parameters": parameters}
        return self.functions.invoke("calling", event | {"jobId": job_id})

    def put(self, name: str, **more: Any) -> Any:
        return self.call("dynamodb", "put_item", TableName=TABLE, Item=item(name), **more)

    def has(self, name: str) -> bool:
        with closing(self.client("dynamodb")) as client:
            return "Item" in client.get_item(TableName=TABLE, Key=item(name))

    def entries(self, service: str, operation: str) -> list[JsonObject]:
        return [
            entry
            for entry in self.calls.entries()
            if entry["service"] == service and entry["operation"] == operation
        ]

    def outcomes(self, service: str, operation: str) -> list[str]:
        return [entry["outcome"] for entry in self.entries(service, operation)]

    def task(self, function: str, event: JsonObject, *, timeout: int = 60) -> str:
        """Start an execution that invokes a function once; its ARN."""
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {
                "FunctionName": function_arn(function),
                "Payload": event | {"jobId.$": "$$.Execution.Name"},
            },
            "TimeoutSeconds": timeout,
            "End": True,
        }
        definition = json.dumps({"StartAt": "Task", "States": {"Task": task}})
        with closing(self.client("stepfunctions")) as client:
            machine = client.create_state_machine(
                name=f"m-{uuid.uuid4()}", definition=definition, roleArn=ROLE_ARN
            )["stateMachineArn"]
            return str(client.start_execution(stateMachineArn=machine)["executionArn"])

    def end(self, execution: str) -> JsonObject:
        """The description of an execution once it has ended."""
        with closing(self.client("stepfunctions")) as client:

            def ended() -> JsonObject | None:
                described = dict(client.describe_execution(executionArn=execution))
                return described if described["status"] != "RUNNING" else None

            return until(ended)

    def failure(self, execution: str) -> JsonObject:
        """The details of the task that failed."""
        self.end(execution)
        with closing(self.client("stepfunctions")) as client:
            events = client.get_execution_history(executionArn=execution)["events"]
        [details] = [e["taskFailedEventDetails"] for e in events if e["type"] == "TaskFailed"]
        return dict(details)


@pytest.fixture(scope="module")
def running() -> Iterator[Lab]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        lab = Lab(listener)
        lab.server.create_resources(DEFINITION, {"": DEMO_ACCOUNT})
        with engine.install(lab.functions, lab.clock):
            yield lab
        lab.close()
        aws.forget()


@pytest.fixture
def lab(running: Lab) -> Lab:
    running.calls.clear_faults()
    running.calls.clear()
    return running


def item(name: str) -> JsonObject:
    return {"PK": {"S": f"TEST#{name}"}, "SK": {"S": "ITEM"}}


def putting(name: str) -> JsonObject:
    """The event that lets `calling` put an item."""
    parameters = {"TableName": TABLE, "Item": item(name)}
    return {"service": "dynamodb", "operation": "put_item", "parameters": parameters}


def until(look: Callable[[], T | None]) -> T:
    """What a look finds in the end, within ten seconds."""
    for _ in range(2000):
        found = look()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError("it never came")


CALLS: list[tuple[str, str, str, JsonObject, str]] = [
    ("dynamodb", "put_item", "PutItem", {"TableName": TABLE, "Item": item("all")}, "TEST#all/ITEM"),
    ("s3", "head_object", "HeadObject", {"Bucket": BUCKET, "Key": "a/b.jpg"}, "a/b.jpg"),
    (
        "ssm",
        "get_parameters",
        "GetParameters",
        {"Names": [f"{SSM_PREFIX}/instagram-user-id"]},
        f"{SSM_PREFIX}/instagram-user-id",
    ),
]

REFUSALS = {
    ("dynamodb", "refused"): (500, "InternalServerError"),
    ("dynamodb", "throttled"): (400, "ProvisionedThroughputExceededException"),
    ("ssm", "refused"): (500, "InternalServerError"),
    ("ssm", "throttled"): (400, "ThrottlingException"),
    ("states", "refused"): (500, "InternalFailure"),
    ("states", "throttled"): (400, "ThrottlingException"),
    ("s3", "refused"): (500, "InternalError"),
    ("s3", "throttled"): (503, "SlowDown"),
}
EFFECTS: dict[str, tuple[str, str, JsonObject]] = {
    "dynamodb": ("dynamodb", "put_item", {"TableName": TABLE, "Item": item("effect")}),
    "s3": ("s3", "put_object", {"Bucket": BUCKET, "Key": "effect", "Body": "x"}),
    "ssm": ("ssm", "put_parameter", {"Name": "effect", "Value": "x", "Type": "String"}),
    "states": (
        "stepfunctions",
        "create_state_machine",
        {"name": "effect", "definition": DEFINITION, "roleArn": ROLE_ARN},
    ),
}


@pytest.mark.parametrize(("service", "operation", "name", "parameters", "target"), CALLS)
def test_a_call_is_known_by_function_invocation_worker_and_target(
    lab: Lab, service: str, operation: str, name: str, parameters: JsonObject, target: str
) -> None:
    lab.call(service, operation, **parameters)

    [invoked], [called] = lab.entries("lambda", "calling"), lab.entries(service, name)
    assert called["function"] == invoked["function"] == "calling"
    assert called["requestId"] == invoked["requestId"]
    assert called["worker"] in lab.functions.pids()
    assert called["target"] == target
    assert invoked["target"] == "job-1"
    assert invoked["number"] < called["number"]
    assert invoked["outcome"] == "ok"


def test_the_log_says_what_came_of_a_call(lab: Lab) -> None:
    condition = {"ConditionExpression": "attribute_not_exists(PK)"}
    lab.put("known", **condition)
    lab.put("known", **condition)

    assert lab.outcomes("dynamodb", "PutItem") == ["200", "400 ConditionalCheckFailedException"]


def test_the_targets_of_a_transaction_are_all_its_items(lab: Lab) -> None:
    puts = [{"Put": {"TableName": TABLE, "Item": item(name)}} for name in ("one", "two")]
    lab.call("dynamodb", "transact_write_items", TransactItems=puts)

    [entry] = lab.entries("dynamodb", "TransactWriteItems")
    assert entry["target"] == "TEST#one/ITEM TEST#two/ITEM"


def test_calls_of_others_are_logged_and_nothing_happens_to_them(lab: Lab) -> None:
    lab.calls.add_faults([{"service": "dynamodb", "does": "refused", "times": None}])

    assert not lab.has("of others")

    [entry] = lab.entries("dynamodb", "GetItem")
    assert (entry["function"], entry["outcome"], entry["fault"]) == (None, "200", None)


def test_nothing_secret_gets_into_the_log(lab: Lab) -> None:
    lab.put(f"IG{TOKEN}")
    lab.call("ssm", "put_parameter", Name="a", Value=TOKEN, Type="SecureString", Overwrite=True)
    url = lab.client("s3").generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "k"})
    lab.http.get(url)

    written = lab.http.get("/_sandbox/calls").text
    assert "GetObject" in written
    assert TOKEN not in written
    assert "Signature" not in written


@pytest.mark.parametrize(("service", "does"), REFUSALS)
def test_a_refusal_comes_in_the_words_of_the_service_and_without_effect(
    lab: Lab, service: str, does: str
) -> None:
    status, code = REFUSALS[service, does]
    lab.calls.add_faults([{"service": service, "does": does, "times": None}])

    client, operation, parameters = EFFECTS[service]
    told = lab.call(client, operation, **parameters)

    assert (told["status"], told["outcome"]) == (status, code)
    assert told["retries"] > 0
    entries = [entry for entry in lab.calls.entries() if entry["service"] == service]
    assert {entry["outcome"] for entry in entries} == {f"{status} {code}"}
    assert not exists(lab, service)


def exists(lab: Lab, service: str) -> bool:
    """Whether what `EFFECTS` makes is there."""
    match service:
        case "dynamodb":
            return lab.has("effect")
        case "s3":
            with closing(lab.client("s3")) as client:
                return "Contents" in client.list_objects_v2(Bucket=BUCKET, Prefix="effect")
        case "ssm":
            with closing(lab.client("ssm")) as client:
                return bool(client.get_parameters(Names=["effect"])["Parameters"])
        case _:
            with closing(lab.client("stepfunctions")) as client:
                machines = client.list_state_machines()["stateMachines"]
                return "effect" in {machine["name"] for machine in machines}


def test_botocore_repeats_a_refused_call_and_its_pauses_are_simulated(lab: Lab) -> None:
    lab.calls.add_faults([{"service": "dynamodb", "does": "refused", "times": 3}])

    told = lab.put("repeated")

    assert (told["outcome"], told["retries"]) == ("ok", 3)
    assert 0 < told["took"] < 1
    assert lab.has("repeated")


def test_a_reset_before_the_effect_is_repeated(lab: Lab) -> None:
    lab.calls.add_faults([{"service": "dynamodb", "does": "reset_before"}])

    told = lab.put("reset before", ConditionExpression="attribute_not_exists(PK)")

    assert (told["outcome"], told["retries"]) == ("ok", 1)
    assert lab.outcomes("dynamodb", "PutItem") == ["reset without effect", "200"]


def test_a_reset_after_the_effect_makes_a_conditional_write_fail_for_its_own_write(
    lab: Lab,
) -> None:
    lab.calls.add_faults([{"service": "dynamodb", "does": "reset_after"}])

    told = lab.put("reset after", ConditionExpression="attribute_not_exists(PK)")

    assert told["outcome"] == "ConditionalCheckFailedException"
    assert lab.has("reset after")
    assert lab.outcomes("dynamodb", "PutItem") == [
        "reset after 200",
        "400 ConditionalCheckFailedException",
    ]


def test_resets_without_end_outlast_botocore(lab: Lab) -> None:
    lab.calls.add_faults([{"service": "s3", "does": "reset_before", "times": None}])

    told = lab.call("s3", "head_object", Bucket=BUCKET, Key="no such")

    assert told["outcome"] in ("ConnectionClosedError", "EndpointConnectionError")
    assert set(lab.outcomes("s3", "HeadObject")) == {"reset without effect"}
    assert len(lab.entries("s3", "HeadObject")) > 1


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("dynamodb", "put_item", {"TableName": TABLE, "Item": item("dripped")}),
        ("s3", "get_object", {"Bucket": BUCKET, "Key": "no such"}),
        ("s3", "head_object", {"Bucket": BUCKET, "Key": "no such"}),
    ],
)
def test_an_answer_that_drips_holds_a_function_until_its_time_is_over(
    lab: Lab,
    capsys: pytest.CaptureFixture[str],
    service: str,
    operation: str,
    parameters: JsonObject,
) -> None:
    lab.calls.add_faults([{"service": service, "does": "drip"}])

    with lab.clock.busy():
        began = lab.clock.now()
        event = {"service": service, "operation": operation, "parameters": parameters}
        answer = lab.functions.invoke("calling", event, caller_is_busy=True)
        took = lab.clock.now() - began

    assert answer.payload["errorType"] == "Sandbox.Timedout"
    assert took == timedelta(seconds=30)
    assert not lab.try_call("s3", "list_objects_v2", Bucket=BUCKET).error
    assert capsys.readouterr().err == ""


def test_a_delay_passes_before_the_effect(lab: Lab) -> None:
    lab.calls.add_faults([{"service": "dynamodb", "delay_seconds": 20}])

    told = lab.put("delayed")

    assert (told["outcome"], told["took"]) == ("ok", 20)
    assert lab.has("delayed")


def test_a_call_that_is_delayed_beyond_its_function_takes_effect_when_nobody_waits(
    lab: Lab,
) -> None:
    lab.calls.add_faults([{"service": "dynamodb", "delay_seconds": 100}])

    with lab.clock.busy():
        began = lab.clock.now()
        event = putting("too late")
        answer = lab.functions.invoke("calling", event, caller_is_busy=True)
        took = lab.clock.now() - began
        there_then = lab.has("too late")
        lab.clock.wait_until(began + timedelta(seconds=99), was_busy=True)
        there_before = lab.has("too late")
        lab.clock.wait_until(began + timedelta(seconds=101), was_busy=True)

    assert answer.payload["errorType"] == "Sandbox.Timedout"
    assert took == timedelta(seconds=30)
    assert (there_then, there_before) == (False, False)
    assert until(lambda: lab.has("too late"))


@pytest.mark.parametrize(("does", "there"), [("kill_before", False), ("kill_after", True)])
def test_a_process_is_killed_around_the_effect_of_its_call(
    lab: Lab, does: str, there: bool
) -> None:
    lab.functions.invoke("calling", {"service": "s3", "operation": "x", "parameters": {}})
    before = set(lab.functions.pids())
    lab.calls.add_faults([{"service": "dynamodb", "operation": "PutItem", "does": does}])

    event = putting(does)
    answer = lab.functions.invoke("calling", event)

    assert answer.payload["errorType"] == "Runtime.ExitError"
    assert "signal: killed" in answer.payload["errorMessage"]
    assert len(before - set(lab.functions.pids())) == 1
    assert lab.has(does) is there
    assert lab.outcomes("lambda", "calling")[-1] == "Runtime.ExitError"
    assert lab.outcomes("dynamodb", "PutItem") == [
        "killed after 200" if there else "killed without effect"
    ]


@pytest.mark.parametrize(("does", "stopped_after"), [("abort_before", 0), ("abort_after", 5)])
def test_the_execution_of_a_call_is_stopped_around_its_effect(
    lab: Lab, does: str, stopped_after: int
) -> None:
    lab.calls.add_faults([{"service": "dynamodb", "does": does, "delay_seconds": 5}])
    event = putting(does)

    with lab.clock.busy():
        began = lab.clock.now()
        execution = lab.task("calling", event)
        lab.clock.wait_until(began + timedelta(seconds=4), was_busy=True)
        before_the_effect = lab.has(does)
        lab.clock.wait_until(began + timedelta(seconds=6), was_busy=True)
        ended = lab.end(execution)

    assert (ended["status"], before_the_effect) == ("ABORTED", False)
    assert round((ended["stopDate"] - began).total_seconds()) == stopped_after
    assert until(lambda: lab.has(does))
    assert until(lambda: lab.outcomes("lambda", "calling") == ["ok"])


@pytest.mark.parametrize(
    ("does", "error", "runs"),
    [
        ("refused", "Lambda.ServiceException", 0),
        ("throttled", "Lambda.TooManyRequestsException", 0),
        ("lost", "Lambda.SdkClientException", 1),
        ("killed", "Runtime.ExitError", 0),
        ("overruns", "Sandbox.Timedout", 0),
    ],
)
def test_an_invocation_has_no_answer(lab: Lab, does: str, error: str, runs: int) -> None:
    lab.calls.add_faults([{"service": "lambda", "function": "calling", "does": does}])
    event = putting(f"without an answer: {does}")

    failure = lab.failure(lab.task("calling", event))

    assert failure["error"] == error
    assert len(lab.entries("dynamodb", "PutItem")) == runs


def test_an_event_that_is_delivered_twice_runs_twice_and_the_first_answer_counts(lab: Lab) -> None:
    lab.calls.add_faults([{"service": "lambda", "does": "twice", "again_after_seconds": 50}])

    with lab.clock.busy():
        began = lab.clock.now()
        answer = lab.functions.invoke("sleepy", {"seconds": 2}, caller_is_busy=True)
        lasted = lab.clock.now() - began
    lab.clock.sleep(51)

    assert answer.payload == {"slept": 2}
    assert lasted == timedelta(seconds=2)
    first, second = lab.entries("lambda", "sleepy")
    apart = datetime.fromisoformat(second["at"]) - datetime.fromisoformat(first["at"])
    assert apart == timedelta(seconds=50)
    assert (first["outcome"], second["outcome"]) == ("ok", "ok")


def test_both_deliveries_of_an_event_can_run_at_once(lab: Lab) -> None:
    lab.calls.add_faults([{"service": "lambda", "does": "twice"}])

    lab.functions.invoke("sleepy", {"seconds": 20})
    lab.clock.sleep(1)

    first, second = lab.entries("lambda", "sleepy")
    assert first["at"] == second["at"]
    assert (first["outcome"], second["outcome"]) == ("ok", "ok")


def test_an_answer_that_hangs_comes_later_than_its_task_waits(lab: Lab) -> None:
    lab.calls.add_faults([{"service": "lambda", "function": "calling", "does": "hang"}])
    event = putting("hang")

    began = lab.clock.now()
    ended = lab.end(lab.task("calling", event, timeout=45))

    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")
    assert lab.has("hang")
    assert ended["stopDate"] - began < timedelta(seconds=46)


@pytest.mark.parametrize("does", ["abort_before", "abort_after"])
def test_an_execution_is_stopped_while_its_function_is_invoked(lab: Lab, does: str) -> None:
    lab.calls.add_faults([{"service": "lambda", "function": "calling", "does": does}])
    event = putting(f"invoked: {does}")

    ended = lab.end(lab.task("calling", event))

    assert ended["status"] == "ABORTED"
    assert until(lambda: lab.has(f"invoked: {does}"))


def test_a_function_that_overruns_takes_all_of_its_time(lab: Lab) -> None:
    lab.calls.add_faults([{"service": "lambda", "function": "calling", "does": "overruns"}])

    began = lab.clock.now()
    answer = lab.try_call("dynamodb", "list_tables")

    assert answer.payload["errorType"] == "Sandbox.Timedout"
    assert timedelta(seconds=30) <= lab.clock.now() - began < timedelta(seconds=31)


def test_invocations_for_items_are_told_apart(lab: Lab) -> None:
    fault = {"service": "lambda", "match": "#002", "does": "killed"}
    lab.calls.add_faults([fault])

    answers = [
        lab.functions.invoke("echo", {"jobId": "job-1", "index": index}) for index in range(4)
    ]

    assert [answer.error for answer in answers] == [False, False, True, False]
    targets = [entry["target"] for entry in lab.entries("lambda", "echo")]
    assert targets == [f"job-1#{index:03}" for index in range(4)]


def test_an_invocation_that_is_delayed_begins_after_its_task_has_been_given_up(lab: Lab) -> None:
    lab.calls.add_faults([{"service": "lambda", "function": "calling", "delay_seconds": 50}])
    event = putting("held back")

    ended = lab.end(lab.task("calling", event, timeout=45))

    assert ended["error"] == "States.Timeout"
    assert until(lambda: lab.has("held back"))


def test_a_fault_names_its_calls(lab: Lab) -> None:
    lab.calls.add_faults(
        [
            {"service": "dynamodb", "operation": "PutItem", "match": "two", "does": "refused"},
            {"service": "dynamodb", "function": "echo", "does": "refused"},
            {"service": "dynamodb", "operation": "PutItem", "after": 2, "does": "throttled"},
        ]
    )

    lab.call("dynamodb", "get_item", TableName=TABLE, Key=item("two"))
    for name in ("first", "two", "third", "fourth"):
        lab.put(name)

    assert [entry["fault"] for entry in lab.entries("dynamodb", "PutItem")] == [
        *(None, 1, None, 3, None, None)
    ]
    report = [(fault["seen"], fault["done"]) for fault in lab.calls.faults()]
    assert report == [(1, 1), (0, 0), (3, 1)]


def test_the_script_is_read_and_written_over_http(lab: Lab) -> None:
    fault = {"service": "s3", "operation": "HeadObject", "does": "refused", "times": 2}

    added = lab.http.post("/_sandbox/faults", json={"faults": [fault]}).json()
    told = lab.call("s3", "head_object", Bucket=BUCKET, Key="no such")
    shown = lab.http.get("/_sandbox/faults").json()
    calls = lab.http.get("/_sandbox/calls").json()["calls"]
    forgotten = lab.http.delete("/_sandbox/faults").json()

    assert added == {"faults": [fault | {"number": 1, "seen": 0, "done": 0}]}
    assert told["outcome"] == "404"
    assert shown == {"faults": [fault | {"number": 1, "seen": 2, "done": 2}]}
    heads = [call["outcome"] for call in calls if call["operation"] == "HeadObject"]
    assert heads == ["500 InternalError", "500 InternalError", "404"]
    assert forgotten == lab.http.get("/_sandbox/faults").json() == {"faults": []}
    assert lab.http.delete("/_sandbox/calls").json() == {"calls": []}
    assert lab.calls.entries() == []


def test_all_problems_of_a_script_are_told_at_once_and_nothing_is_added(lab: Lab) -> None:
    faults = [
        {"service": "s3", "does": "refused"},
        {"service": "s3", "does": "twice"},
        {"service": "lambda", "does": "lost", "again_after_seconds": 1, "colour": "red"},
        {"service": "ssm"},
        {"service": "graph", "delay_seconds": 1},
    ]

    answer = lab.http.post("/_sandbox/faults", json={"faults": faults})

    assert answer.status_code == 400
    sentence = answer.json()["error"]
    for part in (
        "faults.1: does of s3 is one of refused,",
        "faults.2.colour: There is no such field.",
        "faults.3: it does nothing; give does or delay_seconds",
        "faults.4: delays of graph stand in the script of the simulated Instagram",
        "Fields of a fault: service, operation,",
    ):
        assert part in sentence
    assert lab.calls.faults() == []
    with pytest.raises(ConfigError, match="again_after_seconds goes with does: twice"):
        lab.calls.add_faults([{"service": "lambda", "does": "lost", "again_after_seconds": 1}])


def test_an_unknown_address_names_the_known_ones(lab: Lab) -> None:
    answer = lab.http.put("/_sandbox/faults")

    assert answer.status_code == 404
    assert "POST or DELETE /_sandbox/faults" in answer.json()["error"]
    assert lab.http.post("/_sandbox/faults", content=b"[]").status_code == 400


def test_an_answered_invocation_is_not_killed_any_more(lab: Lab) -> None:
    lab.put("answered")
    [entry] = lab.entries("dynamodb", "PutItem")
    digits = entry["requestId"].replace("-", "")
    invocation = lab.calls.by_trace(f"Root=1-{digits[:8]}-{digits[8:]};Sampled=0")
    assert invocation is not None

    invocation.kill()

    assert lab.call("s3", "list_objects_v2", Bucket=BUCKET)["outcome"] == "ok"
    assert entry["worker"] in lab.functions.pids()


@pytest.mark.parametrize("beside", [{"delay_seconds": 5}, {"does": "refused"}])
def test_two_waits_at_once_do_not_let_time_pass_for_others_who_work(
    lab: Lab, beside: dict[str, Any]
) -> None:
    """What is refused is repeated after a pause."""
    delayed = {"service": "dynamodb", "delay_seconds": 5}
    lab.calls.add_faults([delayed, {"service": "dynamodb"} | beside])

    with ThreadPoolExecutor(1) as pool:
        with lab.clock.busy():
            began = lab.clock.now()
            two = pool.submit(lab.functions.invoke, "calling", putting("two") | {"atOnce": 2})
            until(lambda: len(lab.entries("dynamodb", "PutItem")) == 2)
            threading.Event().wait(0.1)
            meanwhile = lab.clock.now() - began
        answer = two.result(10)

    assert meanwhile == timedelta(0)
    assert answer.payload["outcome"] == "ok"


def test_only_a_call_of_a_job_can_stop_an_execution(lab: Lab) -> None:
    lab.calls.add_faults([{"service": "dynamodb", "does": "abort_before"}])

    lab.functions.invoke("calling", putting("no job"))
    without = lab.calls.faults()[0]["done"]
    lab.put("of a job")

    assert (without, lab.calls.faults()[0]["done"]) == (0, 1)


def test_a_call_that_waits_lets_its_busyness_go_when_its_process_is_gone(lab: Lab) -> None:
    lab.calls.add_faults(
        [
            {"service": "dynamodb", "delay_seconds": 20},
            {"service": "dynamodb", "does": "kill_before"},
        ]
    )

    with lab.clock.busy():
        began = lab.clock.now()
        event = putting("half") | {"atOnce": 2}
        answer = lab.functions.invoke("calling", event, caller_is_busy=False)
        threading.Event().wait(0.05)
        took = lab.clock.now() - began

    assert answer.payload["errorType"] == "Runtime.ExitError"
    assert took == timedelta(0)


def test_a_delay_ends_its_function_in_time_at_a_numeric_speed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        lab = Lab(listener, speed=1000)
        try:
            lab.calls.add_faults([{"service": "dynamodb", "delay_seconds": 100}])
            with lab.clock.busy():
                began = lab.clock.now()
                event = putting("too late at speed")
                answer = lab.functions.invoke("calling", event, caller_is_busy=True)
                took = lab.clock.now() - began
        finally:
            lab.close()

    assert answer.payload["errorType"] == "Sandbox.Timedout"
    assert timedelta(seconds=30) <= took < timedelta(seconds=55)
