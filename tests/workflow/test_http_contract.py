"""The HTTP API does what its OpenAPI document says, as schemathesis sees it over real HTTP."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from postwright.models import Session
from tests.workflow.workbench import Shot, Workbench

pytestmark = pytest.mark.workbench

_MORE_THAN_A_SCHEMA_SAYS = "positive_data_acceptance"
"""Whether a cursor is one, or a time is too far ahead."""


def configured(bench: Workbench, folder: Path) -> Path:
    """A job that is published, a session with a group, and the group of the document's example."""
    job_id = bench.published(bench.group(Shot.PHOTO)).job_id
    ready = bench.record(bench.group(Shot.PHOTO))
    now = bench.clock.now().isoformat()
    bench.store.put_session(Session(session_id="demo", name="Demo", step="publish", created_at=now))
    example = ready.model_copy(update={"session_id": "demo", "group_id": "group-1"})
    bench.store.put_new_group(example)
    file = folder / "schemathesis.toml"
    file.write_text(
        f'[[operations]]\ninclude-path = "/api/sessions/{{id}}/groups"\n'
        f'parameters = {{ id = "{ready.session_id}" }}\n'
        f'[[operations]]\ninclude-path-regex = "/api/publish/.id./"\n'
        f'parameters = {{ id = "{job_id}" }}\n'
    )
    return file


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("phases", "examples"),
    [
        pytest.param("examples,coverage", 1, id="each-rule-of-the-schema"),
        pytest.param("fuzzing,stateful", 15, id="at-random"),
    ],
)
def test_the_api_is_as_it_is_described(
    bench: Workbench, tmp_path: Path, phases: str, examples: int
) -> None:
    """Without errors of the server, answers of another form, or wrong requests that are taken."""
    file = configured(bench, tmp_path)

    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", file, "--no-color"),
            *("run", f"{bench.sandbox.app}/openapi.json", "--phases", phases, "--workers", "2"),
            *("--max-examples", str(examples), "--generation-deterministic"),
            *("--continue-on-failure", "--exclude-checks", _MORE_THAN_A_SCHEMA_SAYS),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )

    sys.stdout.write(done.stdout)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
