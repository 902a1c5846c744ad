"""What benchmarks leave behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import figures


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(figures, "RESULTS", tmp_path)
    return tmp_path


def test_new_figures_replace_old_ones_and_leave_others(results: Path) -> None:
    (results / "figures.json").write_text('{"z": 1, "b": 2}')

    figures.record({"b": 3.5, "a": 4})

    written = (results / "figures.json").read_text()
    assert json.loads(written) == {"a": 4, "b": 3.5, "z": 1}
    assert list(json.loads(written)) == ["a", "b", "z"]
    assert written.endswith("}\n")


def test_the_first_figures_need_no_file(results: Path) -> None:
    figures.record({"a": 4})

    assert json.loads((results / "figures.json").read_text()) == {"a": 4}


def test_new_figures_are_printed(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (results / "figures.json").write_text('{"old": 1}')

    figures.record({"calls": 1234.56})

    [line] = capsys.readouterr().out.splitlines()
    assert line.split() == ["calls", "1,234.6"]


def test_the_machine_is_told_beside_them(results: Path) -> None:
    figures.record({"a": 4})

    machine = json.loads((results / "machine.json").read_text())
    assert set(machine) == {"cores", "processor", "python", "system"}
    assert all(machine.values())
