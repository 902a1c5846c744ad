from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.server import SandboxOptions
from tests.reference_errors import REFERENCE, ROWS
from tests.summary import say
from tests.workflow.workbench import ROWS_SEEN, Workbench, Written, emptied, opened


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("written")
    return Written(folder / "functions.log", folder / "stderr.txt", folder / "sandbox.log")


@pytest.fixture(scope="session")
def _bench(written: Written, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """One sandbox at the highest speed."""
    clip = tmp_path_factory.mktemp("media") / "clip.mp4"
    options = SandboxOptions(
        0, 0, 0, speed=None, empty=True, log_path=written.functions_log, schedules=False
    )
    with (
        _logging_to(written.sandbox_log),
        opened(options, written.functions_stderr, clip) as bench,
    ):
        yield bench


@pytest.fixture
def bench(_bench: Workbench, written: Written) -> Iterator[Workbench]:
    with emptied(_bench, written.functions_stderr) as ready:
        yield ready


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks for secrets comes last, when everything has been written."""
    items.sort(key=lambda item: item.path.name == "test_secrets.py")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    seen = session.config.stash.get(ROWS_SEEN, None)
    if seen:
        say(
            session.config,
            f"error table: {len(REFERENCE)} rows in the reference, {len(ROWS)} in the table,"
            f" {len(seen)} seen through the workflow",
        )


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    """Every record that reaches the root logger of this process."""
    handler = logging.FileHandler(path, encoding="utf-8")
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
