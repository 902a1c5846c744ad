"""Executions that aws-local-stepfunctions interprets, and all else as it is.

Starts, stops, descriptions and histories stay those of the sandbox; the functions, the simulated
Instagram and the clock too. Only what happens between the first state and the last is decided by
the other engine, which runs in a process of its own and has neither timers nor a time of its own.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

from sandbox.clock import SimulatedClock
from sandbox.engine import BusyThread, Invoker
from sandbox.functions import Answer, InvokeError

JsonObject = dict[str, Any]

_RUNNER = Path(__file__).with_name("runner.mjs")
_END_WALL_SECONDS = 10


class Node:
    """The process with the other engine; thread-safe, one step at a time."""

    def __init__(self, node: Path, packages: Path) -> None:
        self.begun = 0
        """Runs so far."""
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [str(node), str(_RUNNER), str(packages)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def close(self) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait(_END_WALL_SECONDS)

    def begin(self) -> int:
        """The number of a new run."""
        self.begun += 1
        return next(self._numbers)

    def step(self, message: JsonObject) -> list[list[Any]]:
        """What the engine did until it needed something."""
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the other engine has ended; see its stderr")
        did: list[list[Any]] = json.loads(line)
        return did


@contextmanager
def interpreted_by(node: Node, functions: Invoker, clock: SimulatedClock) -> Iterator[None]:
    """Executions that start meanwhile are run by the other engine."""
    entry_point = ExecutionWorker._get_evaluation_entrypoint

    def elsewhere(worker: Any) -> Program:
        program: Any = entry_point(worker)
        definition = worker._evaluation_details.state_machine_details.definition
        return _Elsewhere(program, json.loads(definition), (node, functions, clock))

    with patch.object(ExecutionWorker, "_get_evaluation_entrypoint", elsewhere):
        yield


class _Elsewhere(Program):
    """Stands where moto's parsed program stands; the limit of the whole run is the engine's own."""

    def __init__(
        self, program: Any, definition: JsonObject, tools: tuple[Node, Invoker, SimulatedClock]
    ) -> None:
        super().__init__(
            query_language=program.query_language,
            start_at=program.start_at,
            states=program.states,
            timeout_seconds=None,
        )
        self._definition = definition
        self._tools = tools

    def _eval_body(self, env: Any) -> None:
        if env.is_running():
            _Run(env, *self._tools).play(self._definition)
        super()._eval_body(env)  # nothing is left to run: it writes the last event


class _Run:
    """One execution; its thread is busy on the clock except while it waits."""

    def __init__(self, env: Any, node: Node, functions: Invoker, clock: SimulatedClock) -> None:
        self._env = env
        self._node = node
        self._functions = functions
        self._clock = clock
        self._id = node.begin()
        self._timers: dict[int, Any] = {}
        self._answers: deque[JsonObject] = deque()
        self._told = EventHistoryContext.of_program_start()  # a redrive has no place to go on at
        self._is_over = False

    def is_set(self) -> bool:
        """Whether there is no more reason to wait; a flag for the clock."""
        return bool(self._answers) or not self._env.is_running()

    def play(self, definition: JsonObject) -> None:
        context = self._env.states.context_object.context_object_data
        given = self._env.states.get_input()
        message: JsonObject | None = {
            "start": {"definition": definition, "input": given, "context": context}
        }
        while message is not None and not self._is_over:
            self._step(message)
            message = self._next() if self._env.is_running() else None
        if not self._is_over:
            self._step({"abort": True})
            assert self._is_over, "a run goes on although it was stopped"

    def _step(self, message: JsonObject) -> None:
        now = int(self._clock.now().timestamp() * 1000)
        for what, *told in self._node.step({"now": now, "run": self._id} | message):
            getattr(self, f"_{what}")(*told)

    def _next(self) -> JsonObject | None:
        """What the engine is to be told next; None when the run was stopped."""
        while self._env.is_running():
            if self._answers:
                return self._answers.popleft()
            timer = min(self._timers, key=self._timers.__getitem__, default=None)
            due = None if timer is None else self._timers[timer]
            if due is not None and due <= self._clock.now():
                del self._timers[timer]  # type: ignore[arg-type]  # a due timer is one
                return {"ring": timer}
            self._clock.wait_until(due, self, was_busy=True)
        return None

    def _timer(self, timer: int, milliseconds: float) -> None:
        self._timers[timer] = self._clock.now() + timedelta(milliseconds=max(0, milliseconds))

    def _cancel(self, timer: int) -> None:
        self._timers.pop(timer, None)

    def _invoke(self, task: int, parameters: JsonObject) -> None:
        def work() -> None:
            self._answers.append({"answer": task} | self._asked(parameters))
            self._clock.wake(self)

        BusyThread(self._clock, target=work, daemon=True).start()

    def _asked(self, parameters: JsonObject) -> JsonObject:
        name = parameters["FunctionName"].rsplit(":function:", 1)[-1]
        try:
            answer = self._functions.invoke(name, parameters["Payload"], caller_is_busy=True)
        except InvokeError as error:
            return {"error": {"name": f"Lambda.{error.code}", "cause": str(error)}}
        return _error(answer) if answer.error else {"result": _result(answer)}

    def _event(self, event: JsonObject) -> None:
        match event["type"]:
            case "StateEntered":
                self._entered(event["state"])
            case "StateFailed" if event["Error"] == "States.Timeout":
                details = {"error": event["Error"], "resource": "invoke", "resourceType": "lambda"}
                self._write("TaskTimedOut", taskTimedOutEventDetails=details)
            case "ExecutionSucceeded":
                self._is_over = True
                self._env.states.reset(event["output"])
                self._env.set_ended()
            case "ExecutionFailed":
                self._is_over = True
                self._env.set_error({"error": event["Error"], "cause": event["Cause"]})
            case "ExecutionTimeout":
                self._is_over = True
                self._env.set_timed_out()
            case "ExecutionAborted":
                self._is_over = True

    def _entered(self, state: JsonObject) -> None:
        details = {
            "name": state["name"],
            "input": json.dumps(state["input"]),
            "inputDetails": {"truncated": False},
        }
        self._write(f"{state['type']}StateEntered", stateEnteredEventDetails=details)

    def _write(self, kind: str, **details: Any) -> None:
        self._env.event_manager.add_event(
            context=self._told,
            event_type=HistoryEventType[kind],
            event_details=EventDetails(**details),  # type: ignore[typeddict-item]  # one key each
        )


def _result(answer: Answer) -> JsonObject:
    return {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": answer.payload}


def _error(answer: Answer) -> JsonObject:
    name = answer.payload.get("errorType", "Lambda.Unknown")
    return {"error": {"name": name, "cause": json.dumps(answer.payload)}}
