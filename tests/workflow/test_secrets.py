"""Nothing that opens anything is written anywhere; looked at when all other scenarios have run."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from sandbox.instagram.accounts import DEMO_ACCOUNT
from tests.workflow.misbehaviour import disagrees
from tests.workflow.workbench import NEW_TOKEN, Shot, Workbench, Written

pytestmark = pytest.mark.engine

SECRETS = [
    DEMO_ACCOUNT.token,
    NEW_TOKEN,
    "X-Amz-Signature",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "Bearer ",
]

Piece = tuple[str, str]
"""Where something was written, and the text."""


def test_no_secret_is_written_anywhere(bench: Workbench, written: Written) -> None:
    bench.script(disagrees())
    good, bad = bench.group(Shot.PHOTO, Shot.CLIP), bench.group(Shot.PHOTO, Shot.REFUSED)
    unfit = bench.group(Shot.WIDE, Shot.PHOTO)

    runs = [bench.finished(bench.start(group)) for group in (good, bad)]
    bench.api.post("/api/publish/start", json=unfit.request)
    bench.finished(bench.start_execution(unfit.request))

    assert [run.status for run in runs] == ["SUCCEEDED", "FAILED"]
    pieces = list(everything_written(bench, written))
    for trace in (runs[0].job_id, runs[1].job_id, good.key(0), good.key(1), bad.key(1)):
        assert any(trace in text for _, text in pieces)
    assert {where for where, _ in pieces} >= {
        "an event of a history",
        "an item of the table",
        "the functions' log",
        "a request at the simulated Instagram",
        "an answer of the HTTP API",
    }
    assert {
        f"{secret[:12]}... is in {where}"
        for where, text in pieces
        for secret in SECRETS
        if secret.lower() in text.lower()
    } == set()


def everything_written(bench: Workbench, written: Written) -> Iterator[Piece]:
    """All that the session has written so far, also in the tests before."""
    for job_id in bench.executions():
        for event in bench.history(job_id):
            yield "an event of a history", json.dumps(event, default=str)
    for item in [*bench.past_items, *bench.items()]:
        yield "an item of the table", json.dumps(item)
    for where, path in (
        ("the functions' log", written.functions_log),
        ("the functions' stderr", written.functions_stderr),
        ("the sandbox's log", written.sandbox_log),
    ):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield where, line
    for request in [*bench.past_requests, *bench.requests()]:
        yield "a request at the simulated Instagram", json.dumps(request)
    for answer in bench.answers:
        yield "an answer of the HTTP API", answer
