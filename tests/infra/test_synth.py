"""The real thing: layers from wheels for arm64, a template made without a network, and cfn-lint."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra import findings, names, packaging
from infra.app import make_app
from infra.settings import Settings
from tests.infra import reach
from tests.infra.synthesis import Synthesized
from tests.summary import say

pytestmark = pytest.mark.infra

LIMIT_MB = {"code": 5, "common layer": 20, "probe layer": 40}


@pytest.fixture(scope="module")
def built() -> Path:
    """Where `make synth` builds, so that a second time takes no time."""
    packaging.copy_code(packaging.BUILD)
    packaging.build_layers(packaging.BUILD)
    return packaging.BUILD


@pytest.fixture(scope="module")
def without_network() -> list[str]:
    """The beginning of a command that reaches no network."""
    for command in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if not shutil.which(command[0]):
            continue
        tried = subprocess.run([*command, "true"], capture_output=True, timeout=30, check=False)
        if tried.returncode == 0:
            return command
    pytest.skip("no network namespace can be made here, which takes unshare and a right to it")


def test_layers_and_code_are_small(built: Path, pytestconfig: pytest.Config) -> None:
    sizes = {name: packaging.megabytes(part) for name, part in packaging.parts(built).items()}

    told = ", ".join(f"{name} {size:.1f} MB" for name, size in sizes.items())
    say(pytestconfig, f"package sizes, unpacked: {told}")
    assert {name for name, size in sizes.items() if size > LIMIT_MB[name]} == set()


def test_layers_hold_machine_code_for_arm64_and_no_boto3(built: Path) -> None:
    libraries = [*built.glob("layers/*/python/**/*.so"), *built.glob("layers/*/python/**/*.so.*")]
    machines = {file.read_bytes()[18:20] for file in libraries}

    assert libraries
    assert machines == {(183).to_bytes(2, "little")}  # EM_AARCH64
    tags = {match for file in libraries for match in re.findall(r"cpython-(\d+)", file.name)}
    assert tags == {names.PYTHON.replace(".", "")}
    assert not list(built.glob("layers/*/python/boto*"))


def test_each_function_finds_what_it_imports(built: Path) -> None:
    def top_level(layer: str) -> set[str]:
        return {
            path.name.removesuffix(".py")
            for path in (built / "layers" / layer / "python").iterdir()
        }

    common, probe = top_level("common"), top_level("probe")
    for function in reach.functions():
        needed = reach.imports_of(function) - {*sys.stdlib_module_names, "postwright", "lambdas"}
        has_probe = {"PIL", "pymediainfo"} & needed
        found = common | (probe if has_probe else set()) | {"boto3", "botocore"}
        assert needed <= found, function


def test_the_template_is_made_without_a_network_and_nothing_is_found_in_it(
    built: Path, without_network: list[str], tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    out = tmp_path / "cdk.out"
    command = [sys.executable, "-m", "infra.app", "--out", str(out), "-c", f"build={built}"]

    made = subprocess.run(
        [*without_network, *command],
        cwd=names.ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    assert made.returncode == 0, made.stderr[-4000:]
    assert "cdk-nag: 0 findings without a reason" in made.stdout
    say(pytestconfig, "synth without a network: " + made.stdout.splitlines()[0].partition(": ")[2])
    template = out / "Postwright.template.json"
    linted = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--ignore-checks", "W3005", "--", template],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert (linted.returncode, linted.stdout) == (0, "")


def test_every_finding_that_is_accepted_is_one(
    usual: Synthesized,
    chosen: Synthesized,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An acknowledgement of what nobody finds would hide what is found there one day."""
    accepted = {(path, name) for made in (usual, chosen) for path, name, _ in made.accepted}
    empty = tmp_path / "build"
    for part in ("code", "layers/common", "layers/probe"):
        (empty / part).mkdir(parents=True)
        (empty / part / "part.txt").write_text(part)
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "index.html").write_text("<!doctype html>")
    monkeypatch.setattr(findings, "acknowledge", lambda _construct, _name, _reason: None)
    found = set[tuple[str, str]]()

    for stack, web, issuer in (
        ("Postwright", "no", None),
        ("Staging", "web", "https://id.example"),
    ):
        out = tmp_path / stack
        settings = Settings(
            stack_name=stack,
            ssm_prefix="/ai-social-media/prod" if issuer is None else "/mine",
            issuer=issuer,
            audience=issuer and "postwright",
            build=empty,
            web=tmp_path / web,
        )
        with pytest.raises(RuntimeError, match="ValidationFailed"):
            make_app(settings, outdir=str(out)).synth()
        report = json.loads((out / "validation-report.json").read_text())
        found |= {
            (construct["constructPath"], violation["ruleName"])
            for plugin in report["pluginReports"]
            for violation in plugin["violations"]
            for construct in violation["violatingConstructs"]
        }

    idle = [
        (path, name)
        for path, name in accepted
        if not any(where.startswith(f"{path}/") and rule == name for where, rule in found)
    ]
    assert sorted({name for _, name in idle}) == []
