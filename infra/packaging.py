"""`python -m infra.packaging`: what the functions are made of, in build/, and how large it is.

    build/code            postwright without its command line, and lambdas
    build/layers/common   what every function needs, for Linux on arm64
    build/layers/probe    what looks into media

The wheels are those of `requirements/lambda.txt`, with their hashes; boto3 is in the runtime. No
compiler and no Docker is used, so a package without a wheel for the platform is an error.

Where a Python of the runtime's version is at hand, its bytecode is added. Without it a function
compiles every module each time that it starts, since Lambda's /var/task and /opt cannot be written
to, which doubles the time that it takes. Source: AWS Lambda developer guide, "Lambda execution
environment lifecycle"; ours measured in bench/README.md.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from infra.names import PYTHON, ROOT

BUILD = ROOT / "build"
LOCK = ROOT / "requirements" / "lambda.txt"

_LEFT_OUT = shutil.ignore_patterns("cli", "__pycache__", "*.pyc")


@dataclass(frozen=True)
class Target:
    """What wheels must run on: a machine as `aarch64`, and a Python as `3.14`."""

    machine: str = "aarch64"
    python: str = PYTHON

    @property
    def platforms(self) -> list[str]:
        """Amazon Linux 2023 has glibc 2.34 and takes all of these."""
        old = f"manylinux2014_{self.machine}"
        return [old, *(f"manylinux_2_{n}_{self.machine}" for n in (17, 27, 28, 31, 34))]

    @property
    def interpreter(self) -> str | None:
        """A Python of this version on this machine; its bytecode is the same for any machine."""
        if self.python == f"{sys.version_info.major}.{sys.version_info.minor}":
            return sys.executable
        return shutil.which(f"python{self.python}")


LAMBDA = Target()


def this_machine() -> Target:
    """What runs here, for tests and measurements."""
    return Target(platform.machine(), f"{sys.version_info.major}.{sys.version_info.minor}")


def main() -> None:
    """Build what is missing or old, and print the sizes."""
    copy_code(BUILD)
    build_layers(BUILD)
    for name, folder in parts(BUILD).items():
        sys.stdout.write(f"{name:14} {megabytes(folder):5.1f} MB\n")
    sys.stdout.write(f"{bytecode_told(LAMBDA)}\n")


def bytecode_told(target: Target) -> str:
    """Whether the assets have bytecode, and what to do where they have none."""
    if target.interpreter is not None:
        return f"with the bytecode of Python {target.python}"
    return (
        f"without bytecode, for want of a python{target.python} here: functions take twice as long"
        " to start"
    )


def parts(build: Path) -> dict[str, Path]:
    """The assets by name."""
    return {
        "code": build / "code",
        "common layer": build / "layers" / "common",
        "probe layer": build / "layers" / "probe",
    }


def megabytes(folder: Path) -> float:
    """The size of all files in a folder, unpacked, as Lambda counts it."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1_000_000


def copy_code(build: Path, target: Target = LAMBDA) -> None:
    """Library and functions, under the names by which they are imported."""
    code = build / "code"
    shutil.rmtree(code, ignore_errors=True)
    shutil.copytree(ROOT / "src" / "postwright", code / "postwright", ignore=_LEFT_OUT)
    shutil.copytree(ROOT / "lambdas", code / "lambdas", ignore=_LEFT_OUT)
    _add_bytecode(code, target)


def build_layers(build: Path, target: Target = LAMBDA) -> None:
    """Both layers, unless they were built from the same lock by the same rules."""
    layers = build / "layers"
    stamp = layers / "built-from.txt"
    rules = Path(__file__).read_bytes() + repr((target, target.interpreter)).encode()
    wanted = hashlib.sha256(LOCK.read_bytes() + rules).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(layers, ignore_errors=True)
    for name, lines in split_lock(LOCK.read_text(encoding="utf-8")).items():
        folder = layers / name
        folder.mkdir(parents=True)
        requirements = layers / f"{name}.txt"
        requirements.write_text(lines, encoding="utf-8")
        _install(requirements, folder / "python", target)
        _add_bytecode(folder / "python", target)
    stamp.write_text(wanted)


def split_lock(text: str) -> dict[str, str]:
    """The lines of the lock by layer: the extra `preflight` of the project is the probe layer."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = project["optional-dependencies"]["preflight"]
    probes = {re.split(r"[<>=~!]", line)[0].strip().lower() for line in extra}
    layers: dict[str, list[str]] = {"common": [], "probe": []}
    for block in re.findall(r"^\S.*?(?=^[A-Za-z]|\Z)", text, re.MULTILINE | re.DOTALL):
        name = block.partition("==")[0].lower()
        layers["probe" if name in probes else "common"].append(block)
    return {name: "".join(blocks) for name, blocks in layers.items()}


def _install(requirements: Path, folder: Path, target: Target) -> None:
    platforms = [part for name in target.platforms for part in ("--platform", name)]
    subprocess.run(  # noqa: S603  our own interpreter and arguments
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-compile", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
            *(*platforms, "--implementation", "cp", "--python-version", target.python),
            *("--target", str(folder), "--requirement", str(requirements)),
        ],
        check=True,
    )
    shutil.rmtree(folder / "bin", ignore_errors=True)


def _add_bytecode(folder: Path, target: Target) -> None:
    """Compile every module, to bytes that depend on nothing but its source.

    They are never checked against it: the times of files do not survive the way to Lambda.
    """
    if target.interpreter is None:
        return
    subprocess.run(  # noqa: S603  a Python, and our own arguments
        [
            *(target.interpreter, "-S", "-m", "compileall", "-q"),
            *("--invalidation-mode", "unchecked-hash", "-s", str(folder), str(folder)),
        ],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )


if __name__ == "__main__":
    main()
