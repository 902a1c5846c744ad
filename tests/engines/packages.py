"""Where `make engines` puts the engines that are npm packages."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / ".venv" / "bin" / "node"
FOLDER = ROOT / ".venv" / "engines"

needs_packages = pytest.mark.skipif(
    not (NODE.exists() and (ROOT / ".venv" / ".engines-ready").exists()),
    reason="not run: the npm packages of tests/engines are not installed; `make engines` does it",
)
