"""`docs/permissions.md`, written from the grants; `docs.generate` writes it."""

from __future__ import annotations

from collections.abc import Iterator

from infra import grants, names

_HEAD = """# Permissions

What the role of each function allows in AWS, with the settings that nobody has chosen. This page is
written from [grants.py](../infra/grants.py) by `make docs`.

`make test` deploys the template to a simulated AWS, where the [scenarios](scenarios.md) and
[rare paths](../tests/infra/rare_paths.py) are run. Every call of a function is compared with the
policies that the template has made: each call is allowed on the resource that it names, and each
action that is allowed was used ([test_deployed.py](../tests/infra/test_deployed.py)). Whoever signs
a URL uses the permission when somebody opens it. Neither the table nor the test counts what Lambda
itself does as the function's role: its log, its traces and, for `record_failure`, `refresh_token`
and `sweep_jobs`, the queue for events that could not be handled.

With `refresh` set to `cold-start`, those that call Instagram may also do what `refresh_token` needs
for one account.

"""

_RESOURCES = {
    "table": "the table",
    "index": "its index of open jobs",
    "objects": "media in the bucket",
    "bucket": "the bucket itself",
    "parameters": "parameters below the prefix",
    "folder": "the prefix itself",
    "machine": "the state machine",
    "executions": "its executions",
    "bus": "the default event bus",
}


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(f"{line}\n" for line in _table())


def _table() -> Iterator[str]:
    yield "| Function | Resource | Actions |"
    yield "|---|---|---|"
    for function in names.functions():
        shown = f"`{function}`"
        for resource, actions in grants.actions(function, refresh="schedule"):
            cells = (shown, _RESOURCES[resource], ", ".join(f"`{action}`" for action in actions))
            yield f"| {' | '.join(cells)} |"
            shown = ""
