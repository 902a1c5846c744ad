"""Tests in several processes: who stays together, what comes first, and what is to be read when."""

from __future__ import annotations

import gc
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.summary import LINES

_ROOT = Path(__file__).resolve().parents[1]
_REPLAYS = _ROOT / "tests" / "replays"
_MARKS = ("engine", "workbench", "infra")
_COLLECT_SELDOM = (20_000, 20, 20)
_SLOW = (
    "tests/chaos/test_chaos.py",
    "tests/chaos/test_explorer.py",
    "tests/engines/test_other_interpreter.py",
    "tests/engines/test_step_functions_local.py::test_a_case",
    "tests/infra/test_bundled.py",
    "tests/infra/test_deployed.py",
    "tests/infra/test_synth.py",
    "tests/test_guides.py::test_the_console_guide_leads",
    "tests/test_guides.py::test_the_replay_guide_runs",
    "tests/test_path.py",
    "tests/test_readme.py::test_curl_publishes",
    "tests/unit/test_aws_faults.py",
    "tests/unit/test_bench_growth.py",
    "tests/unit/test_bench_weeks.py",
    "tests/unit/test_hashtag_budget.py",
    "tests/unit/test_local_replay.py",
    "tests/unit/test_long_token_life.py",
    "tests/unit/test_rebuilding.py",
    "tests/unit/test_redrive.py",
    "tests/unit/test_repair_video.py",
    "tests/web/test_page_pictures.py",
    "tests/web/test_page_trouble.py",
    "tests/web/test_publish_page.py::test_a_full_quota",
    "tests/web/test_publish_page.py::test_a_reload",
    "tests/web/test_publish_page.py::test_an_unclear",
    "tests/web/test_publish_page.py::test_between_two",
    "tests/web/test_publish_page.py::test_one_request",
    "tests/web/test_publish_page.py::test_sessions_and_states",
    "tests/web/test_publish_page.py::test_the_first_of",
    "tests/web/test_publish_page.py::test_the_head",
    "tests/web/test_setup.py",
    "tests/workflow/test_bad_input.py",
    "tests/workflow/test_call_faults.py",
    "tests/workflow/test_carousel_cap.py",
    "tests/workflow/test_double_starts.py",
    "tests/workflow/test_error_rows.py",
    "tests/workflow/test_history_command.py",
    "tests/workflow/test_http_contract.py",
    "tests/workflow/test_live_replay.py",
    "tests/workflow/test_open_ends.py",
    "tests/workflow/test_pacing_model.py",
    "tests/workflow/test_path_pictures.py",
    "tests/workflow/test_redrive_everywhere.py",
    "tests/workflow/test_redriven_runs.py",
    "tests/workflow/test_replay_command.py",
    "tests/workflow/test_retries.py",
    "tests/workflow/test_search_commands.py",
    "tests/workflow/test_speeds.py",
)
"""Files and tests whose ids begin so: together they take longer than all others."""


class _Together(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """A file stays in one process; so do all files with the same mark of these, in their order.

    What comes first is given out first. xdist would give out the largest first: a mark with few
    tests would then wait until some process has run others that reset what it uses.
    """

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return _mark_of(file) or file


@cache
def _mark_of(file: str) -> str | None:
    text = (_ROOT / file).read_text(encoding="utf-8")
    return next((mark for mark in _MARKS if f"pytestmark = pytest.mark.{mark}\n" in text), None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return _Together(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Recorded failures come first: whoever has just saved one wants to see it red.

    In several processes what is marked follows: it takes longest, and each kind gets a process
    before any is free for a second one. Then come the files with the most tests.
    """
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    tests = Counter(item.path for item in items)

    def place(item: pytest.Item) -> tuple[int, int]:
        if item.path.parent == _REPLAYS:
            return 0, 0
        if processes == 1:
            return 2, 0
        is_marked = _mark_of(item.nodeid.partition("::")[0]) is not None
        return (1, 0) if is_marked else (2, -tests[item.path])

    items.sort(key=place)
    for item in items:
        if item.nodeid.startswith(_SLOW):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What is imported by now stays: a collection of garbage need not look at all of it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_SELDOM)


class _AtOnce:
    """Prints a recorded run that is red as soon as it is known, not after all other tests."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or not report.failed or _REPLAYS.name not in report.nodeid:
            return
        reporter.ensure_newline()
        reporter.write_line(f"RED {report.nodeid}", red=True)
        reporter.write_line(_first_line(report))


def _first_line(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash is not None else report.longrepr).partition("\n")[0]


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_AtOnce(config))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that runs tests for another one hands its lines over."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["lines"] = session.config.stash.get(LINES, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A process is done: take its lines."""
    lines = getattr(node, "workeroutput", {}).get("lines", [])
    node.config.stash.setdefault(LINES, []).extend(lines)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for line in config.stash.get(LINES, []):
        terminalreporter.write_line(line)
