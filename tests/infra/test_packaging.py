"""What the functions are made of, read from the lock and the source; nothing is downloaded."""

from __future__ import annotations

import hashlib
import re
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path

from infra import names, packaging
from tests.infra import reach

UNCHECKED_HASH = 0b01
"""The flags of bytecode that is never compared with its source. Source: PEP 552."""
NOT_HERE = packaging.Target(python="2.3")
IN_THE_RUNTIME = {"boto3", "botocore", "s3transfer", "python-dateutil", "six", "urllib3"}


def pins(text: str) -> dict[str, str]:
    """The versions of a lock, by package."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, re.MULTILINE))


def test_layers_share_out_the_lock_and_leave_out_what_the_runtime_has() -> None:
    lock = packaging.LOCK.read_text()

    layers = {name: pins(text) for name, text in packaging.split_lock(lock).items()}

    assert layers["probe"].keys() == {"pillow", "pymediainfo"}
    assert layers["common"].keys() >= {"httpx", "pydantic", "aws-lambda-powertools"}
    assert layers["common"] | layers["probe"] == pins(lock)
    assert not IN_THE_RUNTIME & pins(lock).keys()


def test_every_package_keeps_its_hashes() -> None:
    for text in packaging.split_lock(packaging.LOCK.read_text()).values():
        blocks = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
        assert len(blocks) == len(pins(text))
        assert all("--hash=sha256:" in block for block in blocks)


def test_functions_run_on_the_versions_that_are_tested() -> None:
    tested = pins((names.ROOT / "requirements" / "dev.txt").read_text())

    assert pins(packaging.LOCK.read_text()).items() <= tested.items()


def test_the_code_is_the_library_without_its_command_line_and_the_functions(
    tmp_path: Path,
) -> None:
    packaging.copy_code(tmp_path, NOT_HERE)
    packaging.copy_code(tmp_path, NOT_HERE)  # a second time replaces the first

    code = tmp_path / "code"
    assert {file.stem for file in (code / "lambdas").glob("[a-z]*.py")} == set(reach.functions())
    assert (code / "postwright" / "preflight" / "images.py").is_file()
    assert not (code / "postwright" / "cli").exists()
    assert not list(code.rglob("__pycache__"))


def test_every_module_of_the_code_has_its_bytecode(tmp_path: Path) -> None:
    packaging.copy_code(tmp_path, packaging.this_machine())

    modules = list((tmp_path / "code").rglob("*.py"))
    assert modules
    for module in modules:
        compiled = Path(cache_from_source(str(module))).read_bytes()
        assert compiled[:4] == MAGIC_NUMBER
        assert int.from_bytes(compiled[4:8], "little") == UNCHECKED_HASH
        assert str(tmp_path).encode() not in compiled


def test_bytecode_is_the_same_wherever_it_is_made(tmp_path: Path) -> None:
    made = []
    for name in ("here", "there"):
        packaging.copy_code(tmp_path / name, packaging.this_machine())
        files = sorted((tmp_path / name).rglob("*.pyc"))
        made.append({file.name: hashlib.sha256(file.read_bytes()).digest() for file in files})

    assert made[0] == made[1]


def test_without_the_runtimes_python_there_is_no_bytecode_and_a_word_about_it(
    tmp_path: Path,
) -> None:
    packaging.copy_code(tmp_path, NOT_HERE)

    assert not list(tmp_path.rglob("*.pyc"))
    assert "python2.3" in packaging.bytecode_told(NOT_HERE)
    assert "without" not in packaging.bytecode_told(packaging.this_machine())
