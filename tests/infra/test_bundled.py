"""What is deployed, run: the bundled code and the layers under AWS's own runtime client.

The layers are built by the same rules for this machine, because the real ones are for arm64.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from infra import names, packaging
from postwright.function_limits import limits_of
from sandbox.server import Sandbox, SandboxOptions
from tests.infra.forwarding import VARIABLE, Front, write_package
from tests.infra.lambda_runtime import Result, RuntimeApi, link_runtime
from tests.media import film
from tests.workflow.workbench import Shot, Workbench, hashes_of

pytestmark = pytest.mark.engine

_RUN_SECONDS = 200

REF = {
    "sessionId": "nobody",
    "groupId": "nothing",
    "accountId": "default",
    "jobId": "none",
    "redriveCount": 0,
}
REQUEST = {"sessionId": "nobody", "groupId": "nothing"}
OF_NOBODY = {"pathParameters": {"id": "nobody"}, "requestContext": {}, "body": None}
INVOCATIONS: dict[str, tuple[Any, Any]] = {
    "load_post": (
        {"input": REQUEST, "jobId": "none", "executionArn": "arn", "redriveCount": 0},
        "InvalidPostError",
    ),
    **dict.fromkeys(
        ("check_status", "create_carousel", "publish", "reconcile_publish"),
        (REF, "InvalidPostError"),
    ),
    "check_quota": (REF, "InvalidPostError"),
    "record_result": (REF, "InvalidPostError"),
    "create_container": ({**REF, "index": 0}, "InvalidPostError"),
    "record_failure": (
        {"detail": {"name": "none", "status": "FAILED", "executionArn": "arn"}},
        None,
    ),
    "sweep_jobs": ({}, None),
    "refresh_token": ({}, None),
    "start_publish": (
        {"requestContext": {}, "body": '{"sessionId": "nobody", "groupId": "nothing"}'},
        404,
    ),
    **dict.fromkeys(("get_status", "retry_job", "cancel_job", "list_groups"), (OF_NOBODY, 404)),
    "settle_job": ({**OF_NOBODY, "body": "{}"}, 404),
    "get_statuses": ({"requestContext": {}, "queryStringParameters": {"jobs": "none"}}, 200),
    "list_sessions": ({"requestContext": {}}, 200),
    "get_account": ({"requestContext": {}}, 200),
    "refuse_request": (
        {"requestContext": {"http": {"method": "GET"}}, "rawPath": "/api/nothing"},
        404,
    ),
}
"""An event for each function that reaches the sandbox's AWS, and what comes of it: the status of an
answer, an error's name, or None for any answer.
"""


@pytest.fixture(scope="module")
def built() -> Path:
    """Kept between runs, as `make synth` keeps its own."""
    if sys.platform != "linux":
        pytest.skip("the layers hold wheels for Linux")
    build = packaging.BUILD / "here"
    target = packaging.this_machine()
    packaging.copy_code(build, target)
    packaging.build_layers(build, target)
    return build


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runtime") / "python"
    link_runtime(folder)
    return folder


def path_of(name: str, built: Path, runtime: Path) -> list[Path]:
    """What the interpreter of a function finds, in the order of Lambda."""
    layers = ["common", *(["probe"] if limits_of(name).preflights else [])]
    folders = [built / "layers" / layer / "python" for layer in layers]
    return [built / "code", *folders, runtime]


@pytest.fixture(scope="module")
def front(built: Path, runtime: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The bundled functions behind a sandbox's own, which hand their events over."""
    folder = tmp_path_factory.mktemp("forwarding")
    write_package(folder / "forwarders")
    with pytest.MonkeyPatch.context() as patch, Front(built_path(built, runtime)) as running:
        patch.syspath_prepend(str(folder))
        yield running


def built_path(built: Path, runtime: Path) -> Callable[[str], Sequence[Path]]:
    return lambda name: path_of(name, built, runtime)


@pytest.fixture(scope="module")
def sandbox(front: Front) -> Iterator[Sandbox]:
    """At the speed of the wall, which is all that the bundle knows."""
    options = SandboxOptions(
        *(0, 0, 0),
        speed=1,
        empty=True,
        schedules=False,
        functions="forwarders",
        settings={VARIABLE: front.origin},
    )
    with Sandbox(options) as running:
        front.environment = running.environment()
        yield running


@pytest.mark.parametrize("name", names.functions())
def test_each_function_starts_and_answers(
    built: Path, runtime: Path, sandbox: Sandbox, name: str
) -> None:
    event, expected = INVOCATIONS[name]

    with RuntimeApi(name, path_of(name, built, runtime), sandbox.environment()) as function:
        for _ in ("cold", "warm"):
            result = function.invoke(event)
            assert outcome(result, expected) == expected, result.payload


def outcome(result: Result, expected: Any) -> Any:
    """In the terms of `INVOCATIONS`."""
    if result.error:
        return result.payload["errorType"]
    return result.payload["statusCode"] if expected is not None else None


def test_a_missing_package_is_found(
    built: Path, runtime: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The same layer without one of its packages, of which the code names only others."""
    common = built / "layers" / "common" / "python"
    for part in common.iterdir():
        if not part.name.startswith("annotated_types"):
            (tmp_path / part.name).symlink_to(part)
    path = [tmp_path if part == common else part for part in path_of("publish", built, runtime)]

    with RuntimeApi("publish", path, sandbox.environment()) as function:
        result = function.invoke(REF)

    assert result.error
    assert result.payload["errorType"] == "Runtime.ImportModuleError"
    assert "annotated_types" in result.payload["errorMessage"]


@pytest.mark.timeout(300)
def test_the_bundle_publishes_a_carousel(front: Front, sandbox: Sandbox, tmp_path: Path) -> None:
    """Every step of a real run."""
    bench = Workbench(sandbox, film(tmp_path / "clip.mp4"))
    group = bench.group(Shot.PHOTO, Shot.CLIP)

    job_id = bench.start(group)
    for _ in range(_RUN_SECONDS):
        if bench.status(job_id)["status"] != "publishing":
            break
        bench.let_time_pass(1)

    status, [post] = bench.status(job_id), bench.posts()
    bench.close()
    assert (status["status"], status["instagramPostId"]) == ("published", post["id"])
    assert hashes_of(post) == group.hashes
    assert front.names == {
        *("start_publish", "load_post", "check_quota", "create_container", "check_status"),
        *("create_carousel", "publish", "record_result", "get_status"),
    }
