"""`make test` runs in several processes; a process has one state machine engine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MARK = "pytestmark = pytest.mark.engine"
SHARED = "pytestmark = pytest.mark.workbench"
USES = re.compile(r"\bbench: Workbench|\bSandbox\(|\bengine\.install\(|\breplaying\.play\(")
"""The fixture with the sandbox of the session, a sandbox of one's own, a bare engine."""
SECONDS = 60


def test_every_file_that_uses_the_engine_is_marked() -> None:
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    users = [file for file in files if USES.search(file.read_text(encoding="utf-8"))]

    texts = {file: file.read_text(encoding="utf-8") for file in users}
    unmarked = [file.name for file, text in texts.items() if not (MARK in text or SHARED in text)]

    assert len(users) > 5
    assert unmarked == []


def test_only_what_uses_the_workbench_alone_runs_in_the_second_process() -> None:
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    texts = {file.name: file.read_text(encoding="utf-8") for file in files}
    shared = {name: text for name, text in texts.items() if f"\n{SHARED}\n" in text}
    own = re.compile(r"\bSandbox\(|\bengine\.install\(|\breplaying\.play\(")

    assert len(shared) > 2
    assert [name for name, text in shared.items() if own.search(text)] == []


def test_what_is_marked_begins_before_what_is_larger(tmp_path: Path) -> None:
    """Else few tests with the mark would follow, in their process, others that reset moto."""
    done = played(
        tmp_path,
        {
            "tests/test_a.py::test_it": f"import pytest\n{MARK}\ndef test_it(): pass\n",
            "tests/test_b.py::test_it": f"import pytest\n{SHARED}\ndef test_it(): pass\n",
            "tests/test_c.py::test_it": "".join(
                f"def test_it{number}(): pass\n" for number in ("", *range(9))
            ),
        },
    )

    ran = re.findall(r"^\[(gw\d)\].* PASSED tests/test_(\w)", done.stdout, re.MULTILINE)
    process_of = {file: process for process, file in ran}
    assert len(ran) == 12, done.stdout
    assert process_of["a"] != process_of["b"]


def test_all_that_use_the_engine_share_a_process(tmp_path: Path) -> None:
    """In the order of the files, beside another process for what needs none.

    The real scheduler runs small files, so that nothing heavy has to be imported.
    """
    engine = ["tests/test_a.py::test_it", "tests/test_b.py::test_it"]
    other = "tests/test_c.py::test_it"

    done = played(
        tmp_path,
        {
            test: f"import pytest\n{MARK if test in engine else ''}\ndef test_it(): pass\n"
            for test in (*engine, other)
        },
    )

    ran = re.findall(r"^\[(gw\d)\].* PASSED (\S+)", done.stdout, re.MULTILINE)
    process_of = {test: process for process, test in ran}
    assert set(process_of) == {*engine, other}, done.stdout
    assert process_of[engine[0]] == process_of[engine[1]] != process_of[other]
    assert [test for _, test in ran if test in engine] == engine


def test_a_recorded_run_that_is_red_is_told_before_the_other_tests_end(tmp_path: Path) -> None:
    red = "def test_it(): raise AssertionError('it ended otherwise')\n"
    waits = "import time\ndef test_it(): time.sleep(0.5)\n"

    done = played(
        tmp_path, {"tests/replays/test_replays.py::test_it": red, "tests/test_c.py::test_it": waits}
    )

    told = done.stdout.index("RED tests/replays/test_replays.py::test_it")
    assert told < done.stdout.index("PASSED tests/test_c.py::test_it")
    assert done.stdout[told:].splitlines()[1] == "AssertionError: it ended otherwise"


def played(folder: Path, tests: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What pytest says in two processes, with our rules and these files of one test each."""
    for test, text in tests.items():
        file = folder / test.partition("::")[0]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for name in ("conftest.py", "summary.py"):
        shutil.copy(ROOT / "tests" / name, folder / "tests")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "--numprocesses", "2", "tests"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
