"""Every case of `statemachine/mocks.json` on moto's interpreter, and on Step Functions Local."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from postwright import errors
from tests.engines import mock_file
from tests.engines.mock_file import CASES
from tests.engines.test_rules import good
from tests.summary import say
from tests.test_names import RESERVED_PREFIXES, of_type

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("case", CASES)
def test_a_case_on_moto(case: str) -> None:
    expected = CASES[case]

    played = mock_file.play(good(), case)

    assert (played.status, played.error) == (expected.status, expected.error)
    assert played.visits == expected.visits
    assert played.left == {}
    assert played.told["detail"]["status"] == expected.status
    assert played.told["detail"]["error"] == expected.error


def test_a_machine_that_asks_once_more_than_the_file_answers_fails() -> None:
    machine = copy.deepcopy(good())
    machine["States"]["WhatNext"]["Choices"][0]["Next"] = "WaitForContainers"

    played = mock_file.play(machine, "SinglePhoto")

    assert (played.status, played.error) == ("FAILED", "States.Runtime")
    assert played.left == {"CheckStatus": -1, "Publish": 1, "RecordResult": 1}


def test_the_cases_are_those_of_the_file(pytestconfig: pytest.Config) -> None:
    used = {name for responses in mock_file.cases().values() for name in responses.values()}

    assert mock_file.cases().keys() == CASES.keys()
    assert used == mock_file.document()["MockedResponses"].keys()
    say(pytestconfig, f"mocks.json: {len(CASES)} cases, {len(used)} responses")


@pytest.mark.parametrize("case", CASES)
def test_a_case_answers_tasks_with_what_they_read_and_raise(case: str) -> None:
    tasks = of_type(good(), "Task")

    for state, name in mock_file.cases()[case].items():
        read = {path.rsplit(".", 1)[-1] for path in tasks[state]["ResultSelector"].values()}
        for response in mock_file.responses(name):
            if "Return" in response:
                assert response["Return"]["Payload"].keys() == read
            else:
                assert_it_is_an_error(response["Throw"])


def assert_it_is_an_error(thrown: dict[str, Any]) -> None:
    """With a cause as Lambda writes it."""
    assert json.loads(thrown["Cause"])["errorType"] == thrown["Error"]
    assert thrown["Error"].startswith(RESERVED_PREFIXES) or hasattr(errors, thrown["Error"])
