"""What no checker of the language finds in the state machine file, beside `tests/test_names.py`.

Each rule answers with what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.test_names import all_states, of_type

JsonObject = dict[str, Any]

LAMBDA_PARAMETERS = {
    *("FunctionName", "Payload", "InvocationType", "ClientContext", "LogType", "Qualifier")
}
"""Source: Step Functions developer guide, "Invoke an AWS Lambda function", read 2026-11-30."""
CONTEXT = {
    *("$$.Execution.Id", "$$.Execution.Input", "$$.Execution.Name", "$$.Execution.RoleArn"),
    *("$$.Execution.StartTime", "$$.Execution.RedriveCount", "$$.Execution.RedriveTime"),
    *("$$.State.EnteredTime", "$$.State.Name", "$$.State.RetryCount"),
    *("$$.StateMachine.Id", "$$.StateMachine.Name", "$$.Task.Token"),
    *("$$.Map.Item.Index", "$$.Map.Item.Value"),
}
"""Source: Step Functions developer guide, "Accessing execution data from the Context object"."""
_ITEM_VALUE = "$$.Map.Item.Value."
NOT_EVERYWHERE = {"Assign", "Arguments", "Condition", "Items", "Output", "QueryLanguage"}
"""Variables and JSONata, which Step Functions Local and moto's interpreter do not know."""


def parameters_that_lambda_does_not_know(machine: JsonObject) -> list[str]:
    return [
        f"{name}: {parameter}"
        for name, state in of_type(machine, "Task").items()
        for parameter in state["Parameters"]
        if parameter.removesuffix(".$") not in LAMBDA_PARAMETERS
    ]


def fields_that_the_context_has_not(machine: JsonObject) -> list[str]:
    return [
        f"{where}: {path}"
        for where, path in _paths(machine["States"])
        if path.startswith("$$.") and path not in CONTEXT and not path.startswith(_ITEM_VALUE)
    ]


def items_of_a_map_outside_its_selector(machine: JsonObject) -> list[str]:
    return [
        f"{where}: {path}"
        for where, path in _paths(machine["States"])
        if path.startswith("$$.Map.") and "/ItemSelector/" not in where
    ]


def results_that_are_not_of_the_function(machine: JsonObject) -> list[str]:
    """AWS adds more to the answer of `lambda:invoke` than other engines do."""
    return [
        f"{name}: {path}"
        for name, state in of_type(machine, "Task").items()
        for _, path in _paths(state.get("ResultSelector", {"missing.$": "$"}))
        if not path.startswith("$.Payload.")
    ]


def intrinsic_functions(machine: JsonObject) -> list[str]:
    """The engines do not agree about what may stand in them, and the file needs none."""
    return [f"{where}: {path}" for where, path in _paths(machine) if path.startswith("States.")]


def calls_of_other_services(machine: JsonObject) -> list[str]:
    return [
        f"{name}: {state['Resource']}"
        for name, state in of_type(machine, "Task").items()
        if state["Resource"] != "arn:aws:states:::lambda:invoke"
    ]


def what_only_some_engines_know(machine: JsonObject) -> list[str]:
    places = [("the machine", machine), *all_states(machine)]
    return [f"{name}: {key}" for name, place in places for key in place if key in NOT_EVERYWHERE]


def errors_that_are_not_kept_in_error(machine: JsonObject) -> list[str]:
    return [
        f"{name}: {catcher.get('ResultPath', '$')}"
        for name, state in all_states(machine)
        for catcher in state.get("Catch", [])
        if catcher.get("ResultPath") != "$.error"
    ]


RULES = (
    parameters_that_lambda_does_not_know,
    fields_that_the_context_has_not,
    items_of_a_map_outside_its_selector,
    results_that_are_not_of_the_function,
    intrinsic_functions,
    calls_of_other_services,
    what_only_some_engines_know,
    errors_that_are_not_kept_in_error,
)


def _paths(part: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Each path and intrinsic function under a key that is read as one, with its place."""
    match part:
        case dict():
            for key, value in part.items():
                if key.endswith(".$"):
                    yield f"{where}/{key}", value
                else:
                    yield from _paths(value, f"{where}/{key}")
        case list():
            for value in part:
                yield from _paths(value, where)
        case str() if re.match(r"\$|States\.[A-Za-z]+\(", part) and not part.startswith("${"):
            yield where, part
