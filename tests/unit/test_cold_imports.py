"""What the start of a function loads: nothing that its calls do not need."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from infra import grants, names
from postwright.aws import Connected
from postwright.function_limits import limits_of

SEES_INSTAGRAM_OR_MEDIA = {
    name
    for name in names.functions()
    if name in grants.CALL_INSTAGRAM | {"refresh_token"} or limits_of(name).preflights
}
OTHERS = set(names.functions()) - SEES_INSTAGRAM_OR_MEDIA


def loaded(functions: Iterable[str], *packages: str) -> set[str]:
    """Which of the packages a fresh interpreter has after importing the functions."""
    imports = ", ".join(f"lambdas.{name}" for name in sorted(functions))
    tell = f"print(json.dumps([p for p in {packages!r} if p in sys.modules]))"
    code = f"import json, sys, {imports}; {tell}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, timeout=60, cwd=names.ROOT
    )
    return set(json.loads(done.stdout))


def test_who_neither_calls_instagram_nor_looks_into_media_loads_no_http_client() -> None:
    assert {"get_status", "list_sessions", "record_failure"} <= OTHERS

    found = loaded(
        OTHERS,
        *("httpx", "httpcore", "postwright.instagram", "postwright.login"),
        *("postwright.preflight", "postwright.publishing", "postwright.containers"),
    )

    assert found == set()


def test_no_function_loads_media_libraries_or_powertools_before_it_needs_them() -> None:
    found = loaded(names.functions(), "PIL", "pymediainfo", "aws_lambda_powertools", "httpx")

    assert found == {"httpx"}


def test_no_function_loads_what_only_the_sandbox_and_the_command_line_have() -> None:
    assert loaded(names.functions(), "moto", "starlette", "typer", "av", "sandbox") == set()


def test_a_client_is_made_once_when_it_is_needed_by_several_threads_at_the_same_time() -> None:
    made: list[object] = []
    together = Barrier(4)

    def make() -> object:
        made.append(object())
        return made[-1]

    part = Part(None, make)
    before = len(made)

    def ask(_: int) -> object:
        together.wait(10)
        return part.use()

    with ThreadPoolExecutor(4) as pool:
        used = set(pool.map(ask, range(4)))

    assert before == 0
    assert used == set(made)
    assert len(made) == 1


def test_a_client_that_is_given_is_used() -> None:
    given = object()

    assert Part(given, object).use() is given


class Part(Connected[object]):
    def use(self) -> object:
        return self._client
