"""Recorded runs, each with what it is to end in; `postwright replay WHAT --save NAME` adds one.

Today's workflow and functions meet again what the recorded run met: red until they end as wanted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from postwright import recording
from postwright.recording import Recording
from sandbox import live_replay
from sandbox.server import Sandbox

pytestmark = pytest.mark.engine

FIXTURES = sorted(Path(__file__).parent.glob("*.json"))


@pytest.fixture(params=FIXTURES, ids=lambda path: path.stem)
def fixture(request: pytest.FixtureRequest) -> Recording:
    found: Recording = recording.from_file(request.param)
    return found


@pytest.fixture
def sandbox(fixture: Recording) -> Iterator[Sandbox]:
    with ExitStack() as closing:
        yield closing.enter_context(Sandbox(live_replay.options(fixture.history())))


def test_a_recorded_run_ends_as_it_should(fixture: Recording, sandbox: Sandbox) -> None:
    then = fixture.history()

    now = live_replay.play(sandbox, then, fixture.caption)

    stopped = now.history.stopped_in
    told = now.history.end.message if now.history.end else None
    assert now.history.outcome == fixture.expect, (
        f"it ends at {stopped.state if stopped else 'its end'}: {told};"
        f" recorded was {then.outcome}; not rebuilt: {now.missing}"
    )
