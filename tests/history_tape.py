"""Histories of executions, written event by event as Step Functions writes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
_OF_LAMBDA = {"resourceType": "lambda", "resource": "invoke"}


class Tape:
    """Events in their order. Each follows the one before, unless `after` names another."""

    def __init__(self, given: Any = None) -> None:
        self.events: list[dict[str, Any]] = []
        self.now = START
        self._add(
            "ExecutionStarted", "executionStarted", 0, input=_text({} if given is None else given)
        )

    def passes(self, seconds: float) -> Tape:
        self.now += timedelta(seconds=seconds)
        return self

    def enter(
        self, state: str, kind: str = "Task", *, given: Any = None, after: int | None = None
    ) -> int:
        return self._add(
            f"{kind}StateEntered", "stateEntered", after, name=state, input=_text(given or {})
        )

    def exit(
        self, state: str, kind: str = "Task", *, output: Any = None, after: int | None = None
    ) -> int:
        return self._add(
            f"{kind}StateExited", "stateExited", after, name=state, output=_text(output or {})
        )

    def schedule(self, *, payload: Any = None, after: int | None = None) -> int:
        parameters = _text({"FunctionName": "arn", "Payload": payload or {}})
        self._add("TaskScheduled", "taskScheduled", after, **_OF_LAMBDA, parameters=parameters)
        return self._add("TaskStarted", "taskStarted", **_OF_LAMBDA)

    def succeed(self, answer: Any = None, *, after: int | None = None) -> int:
        output = _text({"StatusCode": 200, "Payload": answer})
        return self._add("TaskSucceeded", "taskSucceeded", after, **_OF_LAMBDA, output=output)

    def fail(self, error: str, message: str = "It broke.", *, after: int | None = None) -> int:
        cause = _text({"errorMessage": message, "errorType": error, "stackTrace": []})
        return self._add("TaskFailed", "taskFailed", after, **_OF_LAMBDA, error=error, cause=cause)

    def time_out(self) -> int:
        return self._add("TaskTimedOut", "taskTimedOut", **_OF_LAMBDA, error="States.Timeout")

    def task(self, state: str, answer: Any = None, *, seconds: float = 0, **how: Any) -> int:
        """A whole visit of a task."""
        self.enter(state, **how)
        self.schedule()
        self.passes(seconds).succeed(answer)
        return self.exit(state)

    def wait(self, state: str, seconds: float) -> int:
        """A whole visit of a wait."""
        self.enter(state, "Wait")
        return self.passes(seconds).exit(state, "Wait")

    def choice(self, state: str) -> int:
        self.enter(state, "Choice")
        return self.exit(state, "Choice")

    def map_of(self, state: str, length: int) -> int:
        """Enter a Map; iterations start after the event that this returns."""
        self.enter(state, "Map")
        return self._add("MapStateStarted", "mapStateStarted", length=length)

    def iterate(self, state: str, index: int, *, after: int) -> int:
        return self._add(
            "MapIterationStarted", "mapIterationStarted", after, name=state, index=index
        )

    def end(self, how: str = "Succeeded", **details: Any) -> int:
        return self._add(f"Execution{how}", f"execution{how}", **details)

    def end_failed(self, error: str, message: str = "It broke.") -> int:
        return self.end("Failed", error=error, cause=_text({"errorMessage": message}))

    def redrive(self, count: int = 1) -> int:
        return self._add("ExecutionRedriven", "executionRedriven", redriveCount=count)

    def _add(self, kind: str, details: str, after: int | None = None, /, **fields: Any) -> int:
        number = len(self.events) + 1
        event: dict[str, Any] = {
            "id": number,
            "previousEventId": number - 1 if after is None else after,
            "type": kind,
            "timestamp": self.now,
        }
        if fields:
            event[f"{details}EventDetails"] = fields
        self.events.append(event)
        return number


def _text(value: Any) -> str:
    return json.dumps(value)
