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

CALL_INSTAGRAM = grants.CALL_INSTAGRAM | {"refresh_token"}
SEE_MEDIA = {name for name in names.functions() if limits_of(name).preflights}
OTHERS = set(names.functions()) - CALL_INSTAGRAM - SEE_MEDIA


def loaded(functions: Iterable[str], *packages: str) -> set[str]:
    """Which of the packages a fresh interpreter has after importing the functions."""
    imports = ", ".join(f"lambdas.{name}" for name in sorted(functions))
    tell = f"print(json.dumps([p for p in {packages!r} if p in sys.modules]))"
    code = f"import json, sys, {imports}; {tell}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, timeout=60, cwd=names.ROOT
    )
    return set(json.loads(done.stdout))


def test_who_neither_calls_instagram_nor_looks_into_media_loads_neither_part() -> None:
    assert {"get_status", "list_sessions", "record_failure"} <= OTHERS

    found = loaded(
        OTHERS,
        *("httpx", "httpcore", "postwright.instagram", "postwright.login"),
        *("postwright.preflight", "postwright.publishing", "postwright.containers"),
    )

    assert found == set()


def test_who_looks_into_media_loads_no_client_of_instagram_before_it_is_called() -> None:
    assert {"load_post", "list_groups", "start_publish"} <= SEE_MEDIA

    found = loaded(
        {"load_post", "list_groups", "start_publish", "retry_job"},
        *("httpx", "httpcore", "postwright.instagram", "postwright.login"),
        *("postwright.refreshing", "postwright.publishing", "postwright.containers"),
    )

    assert found == set()


def test_a_run_loads_no_rules_about_accounts_where_it_begins() -> None:
    assert loaded({"load_post"}, "postwright.account_rules", "postwright.accounts") == set()


def test_what_follows_a_publish_call_loads_nothing_that_comes_before_it() -> None:
    found = loaded(
        {"record_result", "settle_job", "sweep_jobs"},
        *("postwright.preflight", "postwright.account_rules", "postwright.runs"),
        *("postwright.publishing", "postwright.containers", "postwright.login"),
    )

    assert found == set()


def test_no_function_loads_media_libraries_powertools_or_boto3_before_it_needs_them() -> None:
    found = loaded(
        names.functions(), "PIL", "pymediainfo", "aws_lambda_powertools", "boto3", "httpx"
    )

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
