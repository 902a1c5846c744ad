"""What each function may do: one line per function and kind of resource, and nothing else.

Logs and X-Ray are not listed: every function may write its own log stream and its trace segments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

Actions = Mapping[str, tuple[str, ...]]
"""Actions by resource: the name of a row of `RESOURCES`."""

RESOURCES: Final = {
    "table": "dynamodb",
    "index": "dynamodb",
    "objects": "s3",
    "bucket": "s3",
    "parameters": "ssm",
    "folder": "ssm",
    "machine": "states",
    "executions": "states",
    "bus": "events",
}
"""The resources that grants name, and the service whose actions go with each."""

WILDCARDS: Final = {
    "objects": "Which media there will be is not known here; it is the one bucket of this stack.",
    "parameters": "Accounts come and go; all their parameters lie in this one folder.",
    "executions": "Each run has a name of its own; all are of this one state machine.",
}
"""Why some resources end in a star."""

_READ: Final = ("GetItem",)
_CHANGE: Final = ("GetItem", "UpdateItem")
_WRITE: Final = ("GetItem", "PutItem", "UpdateItem")
_CLOSE: Final = ("GetItem", "PutItem", "UpdateItem", "DeleteItem")
_PRESIGN: Final = ("GetObject", "GetObjectVersion")
# Without it S3 answers 403 instead of 404 for an object that is not there.
# Source: S3 API reference, HeadObject, permissions.
_TELL_ABSENT: Final = ("ListBucket",)
_TOKEN: Final = ("GetParameters",)
_LOOK: Final = ("DescribeExecution",)
_COST: Final = ("GetExecutionHistory",)

GRANTS: Final[Mapping[str, Actions]] = {
    # The workflow.
    "load_post": {
        "table": _WRITE,
        "objects": _PRESIGN,
        "bucket": _TELL_ABSENT,
        "parameters": _TOKEN,
        "machine": ("StartExecution",),
        "executions": _LOOK,
    },
    "check_quota": {
        "table": _WRITE,
        "objects": _PRESIGN,
        "bucket": _TELL_ABSENT,
        "parameters": _TOKEN,
        "executions": _LOOK,
    },
    "create_container": {"table": _WRITE, "objects": _PRESIGN, "parameters": _TOKEN},
    "check_status": {"table": _WRITE, "parameters": _TOKEN},
    "create_carousel": {"table": _WRITE, "parameters": _TOKEN},
    "publish": {
        "table": (*_CLOSE, "ConditionCheckItem"),
        "parameters": _TOKEN,
        "executions": _LOOK,
    },
    "reconcile_publish": {"table": _WRITE, "parameters": _TOKEN},
    "record_result": {"table": _CLOSE, "parameters": _TOKEN, "executions": _COST},
    # From outside: events and schedules.
    "record_failure": {"table": _CHANGE, "executions": (*_LOOK, *_COST)},
    "sweep_jobs": {
        "table": _CLOSE,
        "index": ("Query",),
        "parameters": _TOKEN,
        "machine": ("StartExecution",),
        "executions": _LOOK,
    },
    "refresh_token": {
        "table": ("GetItem", "PutItem", "UpdateItem", "DeleteItem"),
        "parameters": ("GetParameter", "GetParameters", "PutParameter", "DeleteParameters"),
        "folder": ("GetParametersByPath",),
        "bus": ("PutEvents",),
    },
    # The API.
    "list_sessions": {"table": ("Query",)},
    "list_groups": {
        "table": ("GetItem", "Query", "BatchGetItem"),
        "objects": _PRESIGN,
        "bucket": _TELL_ABSENT,
    },
    "refuse_request": {},
    "get_statuses": {
        "table": (*_CHANGE, "BatchGetItem"),
        "machine": ("StartExecution",),
        "executions": _LOOK,
    },
    "start_publish": {
        "table": _WRITE,
        "objects": _PRESIGN,
        "bucket": _TELL_ABSENT,
        "parameters": _TOKEN,
        "machine": ("StartExecution",),
        "executions": _LOOK,
    },
    "get_status": {
        "table": _CHANGE,
        "machine": ("StartExecution",),
        "executions": _LOOK,
    },
    "retry_job": {
        "table": _WRITE,
        "objects": _PRESIGN,
        "bucket": _TELL_ABSENT,
        "parameters": _TOKEN,
        "machine": ("StartExecution",),
        "executions": (*_LOOK, "RedriveExecution"),
    },
    "cancel_job": {"table": _CHANGE, "executions": (*_LOOK, "StopExecution")},
    "settle_job": {"table": _CLOSE, "parameters": _TOKEN, "executions": _LOOK},
    "get_account": {"table": _READ, "folder": ("GetParametersByPath",)},
}

AT_COLD_START: Final[Actions] = {
    "table": ("GetItem", "PutItem", "UpdateItem", "DeleteItem"),
    "parameters": ("GetParameter", "GetParameters", "PutParameter", "DeleteParameters"),
}
"""What a function needs besides that calls Instagram and refreshes tokens itself."""

CALL_INSTAGRAM: Final = frozenset(
    {
        "check_quota",
        "create_container",
        "check_status",
        "create_carousel",
        "publish",
        "reconcile_publish",
        "record_result",
        "sweep_jobs",
        "start_publish",
        "retry_job",
        "settle_job",
    }
)


def actions(function: str, *, refresh: str) -> Iterator[tuple[str, list[str]]]:
    """Resource and IAM actions, as `dynamodb:GetItem`, of one function.

    `refresh` is the setting `POSTWRIGHT_REFRESH`.
    """
    extra = AT_COLD_START if refresh == "cold-start" and function in CALL_INSTAGRAM else {}
    for resource, service in RESOURCES.items():
        names = {*GRANTS[function].get(resource, ()), *extra.get(resource, ())}
        if names:
            yield resource, sorted(f"{service}:{name}" for name in names)
