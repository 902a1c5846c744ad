"""What the library calls of AWS's services, cut out of botocore's descriptions of them.

`python -m sandbox.aws_descriptions` writes it into src/postwright/aws_descriptions, for the
botocore that is installed.

botocore reads the description of a whole service for each client that is made. The Parameter
Store's has megabytes, of which the library needs five calls; reading it took a fifth of what it
takes to import boto3 and make a client. Endpoints, their rules and retries stay botocore's own,
whichever the runtime has. A call that is not named here does not exist for the library; a test
looks for those it makes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from botocore.loaders import Loader

from postwright.aws import DESCRIPTIONS

CALLS: Final[Mapping[str, tuple[str, ...]]] = {
    "dynamodb": (
        *("BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "TransactWriteItems"),
        "UpdateItem",
    ),
    "events": ("PutEvents",),
    "s3": (
        *("GetObject", "HeadObject", "ListObjectsV2"),
        # Of an upload, which takes large files in parts.
        *("PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"),
        "AbortMultipartUpload",
    ),
    "ssm": (
        *("DeleteParameters", "GetParameter", "GetParameters", "GetParametersByPath"),
        "PutParameter",
    ),
    "stepfunctions": (
        *("DescribeExecution", "DescribeStateMachineForExecution", "GetExecutionHistory"),
        *("RedriveExecution", "StartExecution", "StopExecution"),
    ),
}
_KIND: Final = "service-2"
_FOR_PEOPLE: Final = ("documentation", "documentationUrl")


def main() -> None:
    """Write all of them."""
    for path, text in descriptions().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(DESCRIPTIONS)} {len(text):,}\n")


def descriptions() -> dict[Path, str]:
    """The files in the order in which botocore's loader looks for them, and what they hold."""
    loader = Loader(include_default_extras=False)
    found = {}
    for service, calls in CALLS.items():
        version = loader.determine_latest_version(service, _KIND)
        whole = loader.load_service_model(service, _KIND, version)
        text = json.dumps(_cut(whole, calls), indent=1)
        found[DESCRIPTIONS / service / version / f"{_KIND}.json"] = f"{text}\n"
    return found


def _cut(whole: Mapping[str, Any], calls: tuple[str, ...]) -> dict[str, Any]:
    operations = {name: whole["operations"][name] for name in calls}
    needed: set[str] = set()
    pending = [shape for one in operations.values() for shape in _shapes_in(one)]
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += _shapes_in(whole["shapes"][name])
    shapes = {name: shape for name, shape in whole["shapes"].items() if name in needed}
    return {**whole, "operations": _silent(operations), "shapes": _silent(shapes)}


def _shapes_in(part: Any) -> Iterator[str]:
    """The names of shapes that an operation or a shape refers to."""
    if isinstance(part, Mapping):
        if isinstance(part.get("shape"), str):
            yield part["shape"]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _shapes_in(inner)


def _silent(part: Any) -> Any:
    """The same without its texts for people; a member may have such a name, and is none."""
    if isinstance(part, Mapping):
        texts = {name for name in _FOR_PEOPLE if isinstance(part.get(name), str)}
        return {name: _silent(one) for name, one in part.items() if name not in texts}
    return [_silent(one) for one in part] if isinstance(part, list) else part


if __name__ == "__main__":
    main()
