"""What checks the state machine file, and that each check is red for a file that is broken."""

from __future__ import annotations

import copy
import inspect
import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from statelint.linter import Linter  # type: ignore[import-untyped]  # it ships no types

from tests import test_names
from tests.engines.packages import FOLDER, NODE, needs_packages
from tests.engines.rules import RULES, JsonObject
from tests.summary import say

_SECONDS = 60
_VALIDATE = ("tests", "engines", "validate.mjs")
OF_NAMES = {
    name: function
    for name, function in inspect.getmembers(test_names, inspect.isfunction)
    if name.startswith("test_") and list(inspect.signature(function).parameters) == ["definition"]
}
"""The rules about the file that `tests/test_names.py` has."""


@dataclass(frozen=True)
class Broken:
    """A file that is wrong, and who must find it: `statelint`, `asl-validator` or a rule."""

    what: str
    break_it: Callable[[JsonObject], object]
    found_by: Sequence[str]
    of_states: bool = True
    """Whether `break_it` takes the states, or the machine around them."""

    def definition(self) -> JsonObject:
        machine = copy.deepcopy(good())
        self.break_it(machine["States"] if self.of_states else machine)
        return machine


@cache
def good() -> JsonObject:
    machine: JsonObject = json.loads(test_names.DEFINITION.read_text(encoding="utf-8"))
    return machine


def inner(states: JsonObject) -> JsonObject:
    processor: JsonObject = states["CreateContainers"]["ItemProcessor"]
    return processor


def add(part: JsonObject, **fields: Any) -> None:
    part |= fields


def caught(states: JsonObject) -> JsonObject:
    catcher: JsonObject = states["Publish"]["Catch"][0]
    return catcher


def retried(states: JsonObject) -> JsonObject:
    retrier: JsonObject = states["LoadPost"]["Retry"][0]
    return retrier


BROKEN = (
    Broken(
        "a next state that there is not",
        lambda s: add(s["RecordResult"], Next="PostPublishd"),
        ["statelint", "asl-validator"],
    ),
    Broken(
        "a state that nothing leads to",
        lambda s: add(s, Nowhere={"Type": "Succeed"}),
        ["statelint", "asl-validator"],
    ),
    Broken(
        "a first state that there is not",
        lambda m: add(m, StartAt="LoadPots"),
        ["statelint", "asl-validator"],
        of_states=False,
    ),
    Broken(
        "a state that leads nowhere",
        lambda s: s["ReconcilePublish"].pop("Next"),
        ["statelint", "asl-validator"],
    ),
    Broken(
        "a field that is misspelt",
        lambda s: add(s["CheckQuota"], ResultPaht=s["CheckQuota"].pop("ResultPath")),
        ["statelint"],
    ),
    Broken(
        "a kind of state that there is not",
        lambda s: add(s["WaitBeforeReconcile"], Type="Sleep"),
        ["statelint", "asl-validator"],
    ),
    Broken(
        "a comparison that there is not",
        lambda s: add(s["HasQuota"]["Choices"][0], StringEqual="wait"),
        ["statelint"],
    ),
    Broken(
        "a time limit that is no number",
        lambda s: add(s["Publish"], TimeoutSeconds="45"),
        ["statelint", "asl-validator"],
    ),
    Broken(
        "a retry that shrinks",
        lambda s: add(retried(s), BackoffRate=0.5),
        ["statelint"],
    ),
    Broken(
        "a path that is none",
        lambda s: add(s["PostPublished"], OutputPath="result"),
        ["asl-validator"],
    ),
    Broken(
        "a resource that is no ARN",
        lambda s: add(s["Publish"], Resource="publish"),
        ["asl-validator", "calls_of_other_services"],
    ),
    Broken(
        "a name whose function nobody can tell",
        lambda s: add(s, LookAgain=s.pop("CheckStatus")),
        ["test_what_a_state_costs_is_that_of_the_function_that_it_calls"],
    ),
    Broken(
        "a task without a time limit",
        lambda s: s["CheckStatus"].pop("TimeoutSeconds"),
        ["test_every_task_has_a_time_limit_and_a_retry"],
    ),
    Broken(
        "a task without a retry",
        lambda s: inner(s)["States"]["CreateContainer"].pop("Retry"),
        [
            "test_every_task_has_a_time_limit_and_a_retry",
            "test_every_task_but_publish_retries_what_lambda_itself_got_wrong",
        ],
    ),
    Broken(
        "a choice without a default",
        lambda s: s["WhatIsTrue"].pop("Default"),
        ["test_every_choice_has_a_default"],
    ),
    Broken(
        "all errors caught",
        lambda s: add(caught(s), ErrorEquals=["States.ALL"]),
        [
            "test_nothing_is_caught_or_retried_wholesale",
            "test_every_unknown_outcome_of_publish_leads_to_looking",
        ],
    ),
    Broken(
        "all errors of a task retried",
        lambda s: add(retried(s), ErrorEquals=["States.TaskFailed"]),
        ["test_nothing_is_caught_or_retried_wholesale"],
    ),
    Broken(
        "a publish that is sent again on a time-out",
        lambda s: s["Publish"]["Retry"][0]["ErrorEquals"].append("States.Timeout"),
        ["test_publish_is_retried_only_after_a_proven_refusal"],
    ),
    Broken(
        "a publish whose function dies unseen",
        lambda s: caught(s)["ErrorEquals"].remove("Runtime.ExitError"),
        ["test_every_unknown_outcome_of_publish_leads_to_looking"],
    ),
    Broken(
        "an error that no function raises",
        lambda s: s["Publish"]["Retry"][0]["ErrorEquals"].append("ContainerNotReadError"),
        ["test_errors_of_the_state_machine_are_classes_of_the_library"],
    ),
    Broken(
        "a Fail state",
        lambda s: add(s["AlreadyHandled"], Type="Fail"),
        ["test_there_is_no_fail_state"],
    ),
    Broken(
        "a limit of the run that is shorter than a schedule",
        lambda m: add(m, TimeoutSeconds=86_400),
        ["test_the_machine_outlives_the_latest_schedule"],
        of_states=False,
    ),
    Broken(
        "a longest pause that is no longer than the first",
        lambda s: add(retried(s), MaxDelaySeconds=2),
        ["test_retries_grow"],
    ),
    Broken(
        "a wait without a reason",
        lambda s: s["WaitForQuota"].pop("Comment"),
        ["test_states_that_wait_retry_or_choose_say_why"],
    ),
    Broken(
        "one name for two states",
        lambda s: add(inner(s), StartAt="Publish", States={"Publish": s["Publish"] | {"x": 0}}),
        ["test_state_names_are_unique_and_short"],
    ),
    Broken(
        "a path that is sent as its characters",
        lambda s: add(s["Publish"]["Parameters"]["Payload"], jobId="$.post.jobId"),
        ["test_paths_stand_under_keys_that_are_read_as_paths"],
    ),
    Broken(
        "a function that there is not",
        lambda s: add(s["Publish"]["Parameters"], FunctionName="${PublishPostArn}"),
        ["test_each_function_of_the_workflow_has_its_placeholder"],
    ),
    Broken(
        "a function that is named by hand",
        lambda s: add(s["RecordResult"]["Parameters"], FunctionName="record_result"),
        [
            "test_each_function_of_the_workflow_has_its_placeholder",
            "test_each_task_calls_exactly_one_function",
        ],
    ),
    Broken(
        "a parameter that Lambda does not know",
        lambda s: add(s["Publish"]["Parameters"], Payloads={}),
        ["parameters_that_lambda_does_not_know"],
    ),
    Broken(
        "a field that the context has not",
        lambda s: add(s["LoadPost"]["Parameters"]["Payload"], **{"jobId.$": "$$.Execution.Nmae"}),
        ["fields_that_the_context_has_not"],
    ),
    Broken(
        "the item of a Map in a task",
        lambda s: add(
            inner(s)["States"]["CreateContainer"]["Parameters"]["Payload"],
            **{"index.$": "$$.Map.Item.Index"},
        ),
        ["items_of_a_map_outside_its_selector"],
    ),
    Broken(
        "a result that only AWS has",
        lambda s: add(s["Publish"]["ResultSelector"], **{"id.$": "$.SdkHttpMetadata"}),
        ["results_that_are_not_of_the_function"],
    ),
    Broken(
        "an intrinsic function",
        lambda s: add(s["Publish"]["Parameters"]["Payload"], **{"id.$": "States.UUID()"}),
        ["intrinsic_functions"],
    ),
    Broken(
        "a variable",
        lambda s: add(s["Publish"], Assign={"job.$": "$.post.jobId"}),
        ["what_only_some_engines_know"],
    ),
    Broken(
        "JSONata",
        lambda m: add(m, QueryLanguage="JSONata"),
        ["what_only_some_engines_know"],
        of_states=False,
    ),
    Broken(
        "an error that replaces the state",
        lambda s: caught(s).pop("ResultPath"),
        ["errors_that_are_not_kept_in_error"],
    ),
)


def finders(machine: JsonObject) -> set[str]:
    """Who finds something, apart from asl-validator."""
    found = {rule.__name__ for rule in RULES if rule(machine)}
    if Linter.validate(machine):
        found.add("statelint")
    for name, rule in OF_NAMES.items():
        try:
            rule(machine)
        except AssertionError:
            found.add(name)
    return found


def asl_validator(machines: Sequence[JsonObject]) -> list[str]:
    """What asl-validator finds in each."""
    done = subprocess.run(
        [NODE, test_names.ROOT.joinpath(*_VALIDATE), FOLDER],
        input=json.dumps(machines),
        capture_output=True,
        encoding="utf-8",
        timeout=_SECONDS,
        check=True,
    )
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_file_keeps_each_rule(rule: Callable[[JsonObject], list[str]]) -> None:
    assert rule(good()) == []


@needs_packages
def test_asl_validator_finds_nothing() -> None:
    assert asl_validator([good()]) == [""]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.what)
def test_what_is_broken_is_found(broken: Broken) -> None:
    expected = set(broken.found_by) - {"asl-validator"}

    assert expected <= finders(broken.definition())


@needs_packages
def test_asl_validator_finds_what_it_is_there_for(pytestconfig: pytest.Config) -> None:
    expected = [broken.what for broken in BROKEN if "asl-validator" in broken.found_by]

    texts = asl_validator([broken.definition() for broken in BROKEN])

    found = [broken.what for broken, text in zip(BROKEN, texts, strict=True) if text]
    assert set(expected) <= set(found)
    by_statelint = sum(bool(Linter.validate(broken.definition())) for broken in BROKEN)
    say(
        pytestconfig,
        f"{len(BROKEN)} broken state machine files: statelint finds {by_statelint},"
        f" asl-validator {len(found)}; these and the rules find all",
    )


def test_every_rule_is_red_for_some_broken_file() -> None:
    rules = {rule.__name__ for rule in RULES} | OF_NAMES.keys() | {"statelint", "asl-validator"}

    proven = {name for broken in BROKEN for name in broken.found_by}

    assert rules - proven - {"test_statelint_finds_nothing"} == set()
    assert proven <= rules
