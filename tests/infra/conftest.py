"""One synthesis of the template for all tests of a process, with stand-ins for the large parts."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.infra.synthesis import Synthesized, synthesize

NODE = Path(sys.executable).with_name("node")

if find_spec("aws_cdk") is None:
    collect_ignore_glob = ["test_*.py"]  # `make test` adds the CDK first
else:
    os.environ["JSII_NODE"] = str(NODE)


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small folders in place of code and layers."""
    build = tmp_path_factory.mktemp("build")
    for part in ("code", "layers/common", "layers/probe"):
        (build / part).mkdir(parents=True)
        (build / part / "part.txt").write_text(part)
    return build


@pytest.fixture(scope="session")
def usual(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The template with the settings that nobody has chosen, and no page."""
    return synthesize(tmp_path_factory.mktemp("usual"), build=build, web=build / "no-page")


@pytest.fixture(scope="session")
def chosen(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The template with every choice made the other way, and a page."""
    web = tmp_path_factory.mktemp("web")
    (web / "index.html").write_text("<!doctype html><title>page</title>")
    return synthesize(
        tmp_path_factory.mktemp("chosen"),
        stack_name="Staging",
        ssm_prefix="/mine",
        refresh="cold-start",
        environment={"POSTWRIGHT_CAROUSEL_MAX": "20"},
        alarm_email="somebody@example.com",
        issuer="https://id.example.com",
        audience="postwright",
        sign_in_domain="https://id.example.com",
        token_key_arn="arn:aws:kms:eu-west-1:123456789012:key/one",  # noqa: S106  no password
        execution_data=True,
        log_days=30,
        delete_data=True,
        build=build,
        web=web,
    )
