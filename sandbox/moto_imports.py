"""Load the parts of moto that the sandbox uses without EC2, which takes a second of every start.

The interpreter of Step Functions needs one enum of `moto.batch.utils`, but the package around it
imports EC2. Parameter Store looks for EC2 instances when a command is sent to them. EC2 reads the
regions and instance types of all of AWS at import.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any


def load() -> None:
    """Call before anything else imports moto's services; later it has nothing to save."""
    import moto

    stand_ins = [_stand_in(Path(moto.__file__).parent, name) for name in ("batch", "ec2")]
    if any(stand_in.__name__ in sys.modules for stand_in in stand_ins):
        return
    for stand_in in stand_ins:
        sys.modules[stand_in.__name__] = stand_in
    try:
        importlib.import_module("moto.ssm.models")
        importlib.import_module("moto.stepfunctions.parser.models")
    finally:
        for stand_in in stand_ins:
            del sys.modules[stand_in.__name__]


class _Later:
    """`moto.ec2.ec2_backends`, imported when it is used."""

    def __getitem__(self, account_id: str) -> Any:
        return importlib.import_module("moto.ec2").ec2_backends[account_id]


def _stand_in(moto: Path, name: str) -> ModuleType:
    package = ModuleType(f"moto.{name}")
    package.__path__ = [str(moto / name)]
    vars(package)["ec2_backends"] = _Later()
    return package
