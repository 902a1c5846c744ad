"""Where things are in the checkout, and the one rule by which functions are named."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
DEFINITION: Final = ROOT / "statemachine" / "publish_post.asl.json"

OPENAPI: Final = ROOT / "docs" / "openapi.json"

PYTHON: Final = "3.14"
"""The newest runtime of Lambda for which every package has a wheel."""


def functions() -> list[str]:
    """Every function: the files of lambdas/ whose names do not begin with an underscore."""
    return sorted(file.stem for file in (ROOT / "lambdas").glob("[!_]*.py"))


def title(function: str) -> str:
    """`create_container` -> `CreateContainer`, which is the resource's id in the template."""
    return "".join(word.capitalize() for word in function.split("_"))


def placeholder(function: str) -> str:
    """`create_container` -> `CreateContainerArn`, as the state machine's file has it."""
    return f"{title(function)}Arn"
