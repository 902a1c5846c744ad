"""`postwright doctor` against a sandbox: what it prints, and how it ends."""

from __future__ import annotations

import pytest

from postwright import doctor
from tests.command_line import run
from tests.workflow.workbench import Workbench

pytestmark = pytest.mark.engine


def test_a_sandbox_is_in_order(bench: Workbench) -> None:
    done = run("doctor", aws=bench.sandbox.aws)

    assert done.code == 0, done.out
    assert "0 problems, 0 warnings." in done.err
    assert len(done.out.splitlines()) == len(doctor.CHECKS)
    assert all(line.startswith("ok ") for line in done.out.splitlines())


def test_a_problem_ends_it_with_1_and_says_what_to_do(bench: Workbench) -> None:
    done = run("doctor", "--account", "shop", "--json", aws=bench.sandbox.aws)

    first = done.json["findings"][0]
    assert (done.code, done.json["ok"], done.json["accountId"]) == (1, False, "shop")
    assert (first["check"], first["status"]) == ("parameters", "problem")
    assert "postwright auth login --account shop" in first["fix"]
