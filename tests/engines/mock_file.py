"""`statemachine/mocks.json`, the file that Step Functions Local answers tasks from, on moto.

A stand-in for the functions reads it as Step Functions Local does: the number of a response counts
the invocations of its state in the execution, retries and iterations together.
Source: Step Functions developer guide, "Using mocked service integrations", read 2026-11-30.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from sandbox import moto_imports
from sandbox.clock import SimulatedClock
from sandbox.functions import Answer, InvokeError
from sandbox.names import STATE_MACHINE
from tests.workflow.test_scenarios import BEGIN, END, LOOK, LOOK_FOR_POST, create

JsonObject = dict[str, Any]

FILE: Final = Path(__file__).resolve().parents[2] / "statemachine" / "mocks.json"
INPUT: Final = {"sessionId": "session-1", "groupId": "group-1"}

_ONE_READY = [*BEGIN, *create(1), *LOOK, *LOOK]
_FOUND = ["RecordResult", "PostPublished"]


@dataclass(frozen=True)
class Expected:
    """How a case of the file ends, and the states that it visits."""

    visits: list[str]
    error: str | None = None

    @property
    def status(self) -> str:
        return "FAILED" if self.error else "SUCCEEDED"


CASES: Final = {
    "SinglePhoto": Expected([*_ONE_READY, "Publish", *END]),
    "CarouselOfTen": Expected(
        [*BEGIN, *create(10), *LOOK, "CreateCarousel", *LOOK, "Publish", *END]
    ),
    "Scheduled": Expected(
        [
            *("LoadPost", "HowToBegin", "WaitUntilScheduled", "ReloadPost", "HowToBegin"),
            *("CheckQuota", "HasQuota", *create(1), *LOOK, *LOOK, "Publish", *END),
        ]
    ),
    "AlreadyPublished": Expected(["LoadPost", "HowToBegin", "AlreadyHandled"]),
    "ThrottledThenPublished": Expected([*_ONE_READY, "Publish", *END]),
    "QuotaWaits": Expected(
        [
            *(*BEGIN, "WaitForQuota", "CheckQuota", "HasQuota", *create(1)),
            *(*LOOK, *LOOK, "Publish", *END),
        ]
    ),
    "QuotaFull": Expected(["LoadPost", "HowToBegin", "CheckQuota"], "QuotaExceededError"),
    "ContainerExpired": Expected(
        [*BEGIN, *create(1), *LOOK, *create(1), *LOOK, "Publish", *END],
    ),
    "MediaRejected": Expected(
        [*BEGIN, *create(1), "WaitForContainers", "CheckStatus"], "MediaRejectedError"
    ),
    "NotReadyThenPublished": Expected([*_ONE_READY, "Publish", *END]),
    "PublishUncertain": Expected([*_ONE_READY, "Publish", *LOOK_FOR_POST * 2, *_FOUND]),
    "PublishKilled": Expected([*_ONE_READY, "Publish", *LOOK_FOR_POST, *_FOUND]),
    "PublishedAgain": Expected([*_ONE_READY, "Publish", *LOOK_FOR_POST, "Publish", *END]),
    "NeverClear": Expected(
        [
            *(*_ONE_READY, "Publish", *LOOK_FOR_POST * 9),
            *("WaitBeforeReconcile", "ReconcilePublish"),
        ],
        "PublishUncertainError",
    ),
}


@cache
def document() -> JsonObject:
    """The file."""
    read: JsonObject = json.loads(FILE.read_text(encoding="utf-8"))
    return read


def cases() -> dict[str, dict[str, str]]:
    """The responses of each case, by state."""
    found: dict[str, dict[str, str]] = document()["StateMachines"][STATE_MACHINE]["TestCases"]
    return found


def responses(name: str) -> list[JsonObject]:
    """One response for each invocation; a range stands for several."""
    numbered: dict[int, JsonObject] = {}
    for numbers, response in document()["MockedResponses"][name].items():
        first, _, last = numbers.partition("-")
        for number in range(int(first), int(last or first) + 1):
            assert number not in numbered, f"{name} has two responses {number}"
            numbered[number] = response
    assert sorted(numbered) == list(range(len(numbered))), f"{name} leaves numbers out"
    return [numbered[number] for number in sorted(numbered)]


class Mocks:
    """Stands where the functions stand; they are asked for by the names of their states."""

    def __init__(self, case: str) -> None:
        self.asked = Counter[str]()
        self._responses = {state: responses(name) for state, name in cases()[case].items()}
        self._lock = threading.Lock()

    def left(self) -> dict[str, int]:
        """How many responses nobody has asked for, by state."""
        counts = {state: len(all_) - self.asked[state] for state, all_ in self._responses.items()}
        return {state: count for state, count in counts.items() if count}

    def invoke(
        self,
        name: str,
        event: Any,  # noqa: ARG002  the file's answers depend on their number alone
        *,
        caller_is_busy: bool = False,  # noqa: ARG002  nobody waits here
    ) -> Answer:
        """The next response of the state; LookupError where the file has no more."""
        with self._lock:
            number = self.asked[name]
            self.asked[name] += 1
        response = self._responses[name][number]
        if "Return" in response:
            return Answer(response["Return"]["Payload"])
        error, cause = response["Throw"]["Error"], response["Throw"]["Cause"]
        service, _, code = error.partition(".")
        if service == "Lambda":
            raise InvokeError(code, 429 if code == "TooManyRequestsException" else 500)
        return Answer(json.loads(cause), error=True)


@dataclass(frozen=True)
class Played:
    """What became of a case; `told` is the event of its end."""

    status: str
    error: str | None
    visits: list[str]
    left: dict[str, int]
    told: JsonObject


def play(definition: JsonObject, case: str) -> Played:
    """Run a case on moto's interpreter; one sandbox or engine at a time in a process."""
    moto_imports.load()
    from sandbox import engine, replaying

    clock, mocks, told = SimulatedClock(None), Mocks(case), list[JsonObject]()
    with engine.install(mocks, clock, told.append):
        execution = replaying.start(replaying.instrumented(definition), INPUT)
        replaying.wait_for_end(execution)
        clock.sleep(1)  # which passes when the end has been told
        events = execution.exec_worker.env.event_manager.get_event_history()
    visits = [
        event["stateEnteredEventDetails"]["name"]
        for event in events
        if "stateEnteredEventDetails" in event
    ]
    [end] = told
    return Played(execution.exec_status.value, execution.error, visits, mocks.left(), end)
