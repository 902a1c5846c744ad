"""What is installed from the wheel needs no checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
USE = """
import lambdas, postwright, sandbox, statemachine
from postwright import history
from statemachine import path, picture
import json

began = {"id": 1, "type": "ExecutionStarted", "timestamp": 0}
definition = json.loads(picture.DEFINITION.read_text())
assert "LoadPost" in path.draw(definition, history.read([began]))
for package in (lambdas, postwright, sandbox, statemachine):
    print(package.__file__)
"""


def test_the_wheel_has_all_packages_and_the_workflow_with_its_pictures(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)

    used = subprocess.run(
        [sys.executable, "-c", USE],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (used.returncode, used.stderr) == (0, "")
    assert [Path(line).parent.parent for line in used.stdout.split()] == [installed] * 4
