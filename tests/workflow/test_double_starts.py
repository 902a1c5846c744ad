"""Many starts of one group at the same moment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.workflow.truth import assert_records_are_true
from tests.workflow.workbench import Shot, Workbench

pytestmark = pytest.mark.engine

STARTS = 8


def test_of_many_starts_at_once_one_begins_a_run_and_the_others_name_it(bench: Workbench) -> None:
    group = bench.group(Shot.PHOTO)
    all_ready = threading.Barrier(STARTS)

    def start(_: int) -> httpx.Response:
        all_ready.wait(10)
        return httpx.post(
            bench.api.base_url.join("/api/publish/start"), json=group.request, timeout=30
        )

    with ThreadPoolExecutor(STARTS) as pool:
        answers = list(pool.map(start, range(STARTS)))

    statuses = [answer.status_code for answer in answers]
    assert statuses.count(202) == 1
    assert set(statuses) <= {200, 202, 409}, "running, begun, or published meanwhile"
    [job_id] = {answer.json()["jobId"] for answer in answers if "jobId" in answer.json()}
    run = bench.finished(job_id)
    assert run.status == "SUCCEEDED"
    assert len(bench.posts()) == 1
    assert_records_are_true(bench)
