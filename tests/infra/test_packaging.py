"""What the functions are made of, read from the lock and the source; nothing is downloaded."""

from __future__ import annotations

import re
from pathlib import Path

from infra import names, packaging
from tests.infra import reach

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
    packaging.copy_code(tmp_path)
    packaging.copy_code(tmp_path)  # a second time replaces the first

    code = tmp_path / "code"
    assert {file.stem for file in (code / "lambdas").glob("[a-z]*.py")} == set(reach.functions())
    assert (code / "postwright" / "preflight" / "images.py").is_file()
    assert not (code / "postwright" / "cli").exists()
    assert not list(code.rglob("__pycache__"))
