"""A plan of chaos can be written down and repeated; the series themselves are run by `make chaos`.

Runs are made by processes of their own: there is one sandbox in a process.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings

from sandbox.call_faults import CallFault
from sandbox.instagram.faults import Fault
from tests.chaos import strategies
from tests.chaos.plan import Act, Afterwards, GroupPlan, Plan
from tests.chaos.single import faults_of
from tests.command_line import Command, Done
from tests.forks import forks

_CHAOS = Path(__file__).with_name("__main__.py")


@given(strategies.plans("resend"))
@settings(max_examples=200, database=None, deadline=None, derandomize=True)
def test_a_random_plan_can_be_written_down_and_is_understood(plan: Plan) -> None:
    again = Plan.model_validate_json(plan.text())

    assert again == plan
    for fault in plan.graph:
        Fault.model_validate(fault)
    for fault in plan.calls:
        CallFault.model_validate(fault)


def test_a_run_can_be_repeated_alone() -> None:
    fault = {"call": "publish", "answer": "reset", "effect": "first"}
    plan = Plan(groups=(GroupPlan(shots="P"),), graph=(fault,))

    naive = _repeat(plan, "naive")
    ours = _repeat(plan, "ours")

    assert (naive.code, ours.code) == (1, 0)
    assert '"duplicates": 1' in naive.out
    assert '"duplicates": 0' in ours.out
    assert "dynamodb TransactWriteItems publish" in ours.out


@pytest.mark.parametrize("afterwards", ["start", "redrive"])
def test_what_was_stopped_is_redriven_meanwhile_or_afterwards(afterwards: Afterwards) -> None:
    stop = {"service": "graph", "operation": "create", "does": "abort_before"}
    acts = (Act(deed="redrive"),) if afterwards == "start" else ()
    plan = Plan(calls=(stop,), acts=acts, afterwards=afterwards)

    ended = _repeat(plan, "ours")

    counts = ("redrives", "redriven", "started_anew", "duplicates")
    report = json.loads(ended.out[ended.out.index("\n{") :])
    meanwhile = int(afterwards == "start")
    assert ended.code == 0, ended.out
    assert [report[name] for name in counts] == [meanwhile, 1 - meanwhile, 0, 0]
    assert report["ends"] == {"published" if meanwhile else "failed": 1}


@pytest.mark.parametrize(
    "call",
    [
        ("dynamodb", "UpdateItem", "publish", 2),
        ("lambda", "publish", "publish", 0),
        ("graph", "publish", "publish", 0),
        ("events", "FAILED", None, 0),
    ],
)
def test_each_fault_of_a_call_is_one_that_the_scripts_take(
    call: tuple[str, str, str | None, int],
) -> None:
    faults = list(faults_of(call))

    assert len(faults) == len({json.dumps(fault, sort_keys=True) for fault in faults})
    for fault in faults:
        assert (Fault if "call" in fault else CallFault).model_validate(fault)


def _repeat(plan: Plan, subject: str) -> Done:
    ready = forks(
        str(_CHAOS), "tests.chaos.__main__", "sandbox.moto_imports:load", "sandbox.engine"
    )
    words = ["--repeat", plan.text(), "--subject", subject]
    return Command(ready.start(words, os.environ)).end()
