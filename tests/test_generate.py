"""Documents that are written from code and data are current, and written alike each time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from docs import generate

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("seed", ["1", "2"])
def test_every_document_is_up_to_date_and_always_the_same(seed: str) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "docs.generate", "--check"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_check_names_what_is_out_of_date_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "errors.md").write_text("old")
    monkeypatch.setattr(sys, "argv", ["generate", "--check"])

    code = generate.main(tmp_path)

    assert code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["errors.md"]
    assert (tmp_path / "errors.md").read_text() == "old"
    assert capsys.readouterr().err.splitlines() == [
        f"docs/{name} is out of date: make docs" for name in generate.DOCUMENTS
    ]


def test_what_is_missing_or_old_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "errors.md").write_text("old")
    monkeypatch.setattr(sys, "argv", ["generate"])

    codes = [generate.main(tmp_path) for _ in range(2)]

    assert codes == [0, 0]
    for name, make in generate.DOCUMENTS.items():
        assert (tmp_path / name).read_text(encoding="utf-8") == make()
