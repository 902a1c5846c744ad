"""One name, spelled mechanically, in lambdas/, in the state machine and in the library's errors."""

from __future__ import annotations

import ast
import inspect
import json
import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from statelint.linter import Linter  # type: ignore[import-untyped]  # it ships no types

from tests.summary import say

ROOT = Path(__file__).resolve().parents[1]
DEFINITION = ROOT / "statemachine" / "publish_post.asl.json"

# Called by the HTTP API or by an event, never by a state. Every other function has a state.
NOT_IN_THE_WORKFLOW = {
    *("start_publish", "get_status", "retry_job", "cancel_job", "settle_job"),
    *("record_failure", "sweep_jobs", "get_account", "refresh_token"),
    *("list_sessions", "list_groups", "get_statuses", "refuse_request"),
}

VERBS = {
    *(
        "cancel",
        "check",
        "create",
        "get",
        "list",
        "load",
        "publish",
        "reconcile",
        "record",
        "refresh",
        "refuse",
        "retry",
        "settle",
    ),
    *("start", "sweep"),
}
DOCSTRING_LINES = ("In:", "Out:", "Raises:", "Retry:")
LONGEST_HANDLER = 25
MEDIAN_HANDLER = 12

SERVICE_ERRORS = {
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
}
# Failures that Step Functions and Lambda name; all others are classes that our handlers raise.
RESERVED_PREFIXES = ("States.", "Lambda.", "Sandbox.", "Runtime.")

# Only what proves that nothing was published, and what time heals, may enter Publish a second time.
PROVEN_REFUSALS = {"ContainerNotReadyError", "CaptionBusyError"}
# Whatever may hide a post that went live leads to looking.
UNKNOWN_OUTCOMES = SERVICE_ERRORS | {
    "PublishUncertainError",
    "States.Timeout",
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "Runtime.ExitError",
}

# Fields of the language that hold a path without the suffix `.$` in their name.
PATH_FIELDS = {
    "CausePath",
    "ErrorPath",
    "HeartbeatSecondsPath",
    "InputPath",
    "ItemsPath",
    "MaxConcurrencyPath",
    "OutputPath",
    "ResultPath",
    "SecondsPath",
    "TimeoutSecondsPath",
    "TimestampPath",
    "Variable",
}
COMPARISON_WITH_A_PATH = re.compile(
    r"(Boolean|Numeric|String|Timestamp)(Equals|(Less|Greater)Than(Equals)?)Path"
)

State = dict[str, Any]


# The functions.


def functions() -> dict[str, ast.Module]:
    """Each file of lambdas/ by its name, parsed."""
    files = sorted((ROOT / "lambdas").glob("*.py"))
    return {file.stem: ast.parse(file.read_text()) for file in files if file.stem != "__init__"}


def entry_point(module: ast.Module) -> ast.FunctionDef | None:
    return next(
        (n for n in module.body if isinstance(n, ast.FunctionDef) and n.name == "handler"), None
    )


def body_lines(name: str, handler: ast.FunctionDef) -> int:
    """Lines of code in the body: no docstring, no blank lines, no comments."""
    body = handler.body[1:] if ast.get_docstring(handler) is not None else handler.body
    if not body:
        return 0
    source = (ROOT / "lambdas" / f"{name}.py").read_text().splitlines()
    lines = source[body[0].lineno - 1 : body[-1].end_lineno]
    return sum(1 for line in lines if line.strip() and not line.strip().startswith("#"))


def body_lengths() -> dict[str, int]:
    found = {name: entry_point(module) for name, module in functions().items()}
    return {name: body_lines(name, handler) for name, handler in found.items() if handler}


def test_there_are_functions_to_look_at() -> None:
    assert functions().keys() >= NOT_IN_THE_WORKFLOW


def test_file_names_begin_with_a_verb() -> None:
    wrong = [
        name
        for name in functions()
        if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name) or name.split("_")[0] not in VERBS
    ]

    assert wrong == []


def test_entry_point_is_handler_of_event_and_context() -> None:
    wrong = []
    for name, module in functions().items():
        handler = entry_point(module)
        arguments = [a.arg for a in handler.args.args] if handler else []
        if arguments not in (["event", "context"], ["event", "_context"]):
            wrong.append(f"{name}: {arguments or 'no handler'}")

    assert wrong == []


def test_docstrings_say_in_out_raises_and_retry() -> None:
    wrong = []
    for name, module in functions().items():
        lines = (ast.get_docstring(module) or "").splitlines()
        missing = [
            label for label in DOCSTRING_LINES if not any(x.startswith(label) for x in lines)
        ]
        if missing:
            wrong.append(f"{name}: {missing}")

    assert wrong == []


def test_handlers_are_short() -> None:
    lengths = body_lengths()

    assert {name: length for name, length in lengths.items() if length > LONGEST_HANDLER} == {}


def test_median_handler_is_a_dozen_lines(pytestconfig: pytest.Config) -> None:
    lengths = body_lengths()

    median = statistics.median(lengths.values())

    say(
        pytestconfig,
        f"handler bodies: {median:g} lines in the median, {max(lengths.values())} at most",
    )
    assert median <= MEDIAN_HANDLER


def test_functions_neither_print_nor_call_aws_nor_catch_everything() -> None:
    wrong = [
        f"{name}:{line}: {what}"
        for name, module in functions().items()
        for line, what in forbidden(module)
    ]

    assert wrong == []


def forbidden(module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Name(id="print")):
                yield node.lineno, "print"
            case ast.Import(names=names):
                for alias in names:
                    if alias.name.split(".")[0] in {"boto3", "botocore"}:
                        yield node.lineno, alias.name
            case ast.ImportFrom(module=str(imported)):
                if imported.split(".")[0] in {"boto3", "botocore"}:
                    yield node.lineno, imported
            case ast.ExceptHandler(type=caught):
                named = (
                    [n.id for n in ast.walk(caught) if isinstance(n, ast.Name)] if caught else []
                )
                if caught is None or {"Exception", "BaseException"} & set(named):
                    yield node.lineno, "a broad except"


# The state machine.


@pytest.fixture(scope="module")
def definition() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(DEFINITION.read_text(), object_pairs_hook=without_repeats)
    return parsed


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON lets a later key hide an earlier one; a hidden state or rule is always a mistake."""
    keys = [key for key, _ in pairs]
    repeated = sorted({key for key in keys if keys.count(key) > 1})
    if repeated:
        raise ValueError(f"written twice in one object: {repeated}")
    return dict(pairs)


def all_states(machine: dict[str, Any]) -> Iterator[tuple[str, State]]:
    """Every state by name, those inside a Map or a Parallel too."""
    for name, state in machine["States"].items():
        yield name, state
        inner = [state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", [])]
        for nested in inner:
            if nested:
                yield from all_states(nested)


def of_type(machine: dict[str, Any], kind: str) -> dict[str, State]:
    return {name: state for name, state in all_states(machine) if state["Type"] == kind}


def publish_states(machine: dict[str, Any]) -> dict[str, State]:
    return {
        name: s for name, s in of_type(machine, "Task").items() if "PublishArn" in placeholders(s)
    }


def placeholders(part: dict[str, Any]) -> set[str]:
    return set(re.findall(r"\$\{([^}]*)\}", json.dumps(part)))


def placeholder_of(function: str) -> str:
    """`create_container` -> `CreateContainerArn`."""
    return "".join(word.capitalize() for word in function.split("_")) + "Arn"


def errors_of(rules: list[dict[str, Any]]) -> set[str]:
    """All error names in a Retry or Catch list."""
    return {error for rule in rules for error in rule["ErrorEquals"]}


def errors_in(machine: dict[str, Any]) -> set[str]:
    return {
        error
        for _, state in all_states(machine)
        for error in errors_of([*state.get("Retry", []), *state.get("Catch", [])])
    }


def test_each_function_of_the_workflow_has_its_placeholder(definition: dict[str, Any]) -> None:
    in_the_workflow = functions().keys() - NOT_IN_THE_WORKFLOW

    expected = {placeholder_of(function) for function in in_the_workflow}

    assert placeholders(definition) == expected


def test_each_task_calls_exactly_one_function(definition: dict[str, Any]) -> None:
    wrong = {
        name: sorted(placeholders(state))
        for name, state in of_type(definition, "Task").items()
        if len(placeholders(state)) != 1
    }

    assert wrong == {}


def test_what_a_state_costs_is_that_of_the_function_that_it_calls(
    definition: dict[str, Any],
) -> None:
    from postwright import costing

    tasks = of_type(definition, "Task")

    counted = {name: {placeholder_of(costing.function_of(name))} for name in tasks}
    assert counted == {name: placeholders(state) for name, state in tasks.items()}


def test_errors_of_the_state_machine_are_classes_of_the_library(definition: dict[str, Any]) -> None:
    from postwright import errors

    ours = {name for name in errors_in(definition) if not name.startswith(RESERVED_PREFIXES)}
    classes = {name for name, _ in inspect.getmembers(errors, inspect.isclass)}

    assert ours, "the state machine reacts to none of our errors"
    assert {name for name in ours if not name.endswith("Error")} == set()
    assert ours - classes == set()


def test_every_task_has_a_time_limit_and_a_retry(definition: dict[str, Any]) -> None:
    wrong = {
        name: [field for field in ("TimeoutSeconds", "Retry") if not state.get(field)]
        for name, state in of_type(definition, "Task").items()
    }

    assert {name: missing for name, missing in wrong.items() if missing} == {}


def test_every_task_but_publish_retries_what_lambda_itself_got_wrong(
    definition: dict[str, Any],
) -> None:
    publish = publish_states(definition)

    wrong = {
        name: sorted(SERVICE_ERRORS - errors_of(state.get("Retry", [])))
        for name, state in of_type(definition, "Task").items()
        if name not in publish
    }

    assert {name: missing for name, missing in wrong.items() if missing} == {}


def test_publish_is_retried_only_after_a_proven_refusal(definition: dict[str, Any]) -> None:
    publish = publish_states(definition)

    retried = {name: errors_of(state["Retry"]) - PROVEN_REFUSALS for name, state in publish.items()}

    assert retried
    assert retried == {name: set() for name in publish}


def test_every_unknown_outcome_of_publish_leads_to_looking(definition: dict[str, Any]) -> None:
    publish = publish_states(definition)

    not_caught = {
        name: UNKNOWN_OUTCOMES - errors_of(state.get("Catch", []))
        for name, state in publish.items()
    }

    assert not_caught
    assert not_caught == {name: set() for name in publish}


def test_nothing_is_caught_or_retried_wholesale(definition: dict[str, Any]) -> None:
    assert errors_in(definition) & {"States.ALL", "States.TaskFailed"} == set()


def test_there_is_no_fail_state(definition: dict[str, Any]) -> None:
    """A redrive enters a Fail state again and only fails again."""
    assert of_type(definition, "Fail") == {}


def test_every_choice_has_a_default(definition: dict[str, Any]) -> None:
    choices = of_type(definition, "Choice")

    assert [name for name, state in choices.items() if "Default" not in state] == []


def test_the_machine_outlives_the_latest_schedule(definition: dict[str, Any]) -> None:
    """`publishAt` may lie 30 days ahead."""
    assert definition["TimeoutSeconds"] > 30 * 24 * 3600


def test_retries_grow(definition: dict[str, Any]) -> None:
    wrong = [
        f"{name}: {retrier['ErrorEquals']}"
        for name, state in all_states(definition)
        for retrier in state.get("Retry", [])
        if "MaxDelaySeconds" in retrier
        and retrier["MaxDelaySeconds"] <= retrier.get("IntervalSeconds", 1)
    ]

    assert wrong == []


def test_states_that_wait_retry_or_choose_say_why(definition: dict[str, Any]) -> None:
    wrong = [
        name
        for name, state in all_states(definition)
        if (state["Type"] in {"Wait", "Choice"} or "Retry" in state) and not state.get("Comment")
    ]

    assert wrong == []


def test_state_names_are_unique_and_short(definition: dict[str, Any]) -> None:
    names = [name for name, _ in all_states(definition)]

    assert sorted({name for name in names if names.count(name) > 1}) == []
    assert [name for name in names if len(name) > 80] == []


def test_paths_stand_under_keys_that_are_read_as_paths(definition: dict[str, Any]) -> None:
    """`"x": "$.a"` sends the four characters `$.a`; no linter finds it."""
    assert list(literal_paths(definition)) == []


def literal_paths(part: Any, key: str = "", where: str = "") -> Iterator[str]:
    match part:
        case dict():
            for name, value in part.items():
                yield from literal_paths(value, name, f"{where}/{name}")
        case list():
            for value in part:
                yield from literal_paths(value, key, where)
        case str() if part.startswith(("$.", "$$.", "States.")) or part in {"$", "$$"}:
            is_error_name = key == "ErrorEquals"
            if not (key.endswith(".$") or is_path_field(key) or is_error_name):
                yield f"{where}: {part}"


def is_path_field(key: str) -> bool:
    return key in PATH_FIELDS or COMPARISON_WITH_A_PATH.fullmatch(key) is not None


def test_statelint_finds_nothing(definition: dict[str, Any]) -> None:
    assert Linter.validate(definition) == []
