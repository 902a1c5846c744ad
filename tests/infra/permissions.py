"""What IAM would be asked for each call that a function makes, and what its role says to that.

Source: service authorization reference of DynamoDB, S3, Systems Manager, Step Functions and
EventBridge; S3 API reference, GetObject and HeadObject, permissions; DynamoDB developer guide,
"Using IAM with DynamoDB transactions".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qs

from sandbox.names import ACCOUNT_ID, REGION, access_key_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Permission(NamedTuple):
    """An action as `dynamodb:GetItem`, and the ARN of a resource, or a pattern of ARNs."""

    action: str
    resource: str


_PLACE: Final = f"{REGION}:{ACCOUNT_ID}"
_CREDENTIAL: Final = re.compile(rf"Credential={re.escape(access_key_of(''))}(\w+)/")
_SIGNER: Final = access_key_of("")
_TRANSACTED: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


class Recorder:
    """What each function has used so far, seen at the door of the sandbox's AWS.

    A function is known by its access key, so that a presigned URL counts for who has signed it.
    """

    def __init__(self) -> None:
        self.used: dict[str, set[Permission]] = {}
        self._acts: dict[tuple[str, Permission], Callable[[], object]] = {}

    def just_before(self, function: str, asked: Permission, act: Callable[[], object]) -> None:
        """Let something happen when the function asks for this the next time, before it is done."""
        self._acts[function, asked] = act

    def before(self, application: WSGIApplication) -> WSGIApplication:
        """An application that notes every call of a function and lets `application` answer."""

        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            function = _signer(environ)
            if function is None:
                return application(environ, start_response)
            asked = list(_asked(environ))
            self._note(function, asked)
            for permission in asked:
                self._acts.pop((function, permission), lambda: None)()

            def start(status: str, *rest: Any) -> Callable[[bytes], object]:
                if status.startswith("404") and environ["REQUEST_METHOD"] == "HEAD":
                    self._note(function, _to_be_told_absent(asked))
                return start_response(status, *rest)

            return application(environ, start)

        return answer

    def _note(self, function: str, permissions: Iterable[Permission]) -> None:
        self.used.setdefault(function, set()).update(permissions)


def _signer(environ: WSGIEnvironment) -> str | None:
    header = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    if header is not None:
        return header[1]
    [credential] = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])
    key = credential.partition("/")[0]
    return key.removeprefix(_SIGNER) if key.startswith(_SIGNER) else None


def _asked(environ: WSGIEnvironment) -> Iterator[Permission]:
    service, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
    if not service:
        yield from _of_objects(environ)
        return
    body = environ["wsgi.input"].read()
    environ["wsgi.input"] = BytesIO(body)
    yield from _OF[service](operation, json.loads(body))


def _of_objects(environ: WSGIEnvironment) -> Iterator[Permission]:
    bucket, _, key = str(environ["PATH_INFO"]).lstrip("/").partition("/")
    query = parse_qs(environ.get("QUERY_STRING", ""))
    method = environ["REQUEST_METHOD"]
    if not key:
        yield Permission({"GET": "s3:ListBucket"}[method], f"arn:aws:s3:::{bucket}")
        return
    verb = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "DELETE": "Delete"}[method]
    version = "Version" if "versionId" in query else ""
    yield Permission(f"s3:{verb}Object{version}", f"arn:aws:s3:::{bucket}/{key}")


def _to_be_told_absent(asked: Iterable[Permission]) -> Iterator[Permission]:
    """Without it S3 answers 403 instead of 404."""
    for _, resource in asked:
        yield Permission("s3:ListBucket", resource.partition("/")[0])


def _of_table(operation: str, body: Mapping[str, Any]) -> Iterator[Permission]:
    if operation == "TransactWriteItems":
        for item in body["TransactItems"]:
            for kind, part in item.items():
                yield from _of_table(_TRANSACTED[kind], part)
        return
    index = f"/index/{body['IndexName']}" if "IndexName" in body else ""
    for table in body.get("RequestItems") or [body["TableName"]]:
        arn = f"arn:aws:dynamodb:{_PLACE}:table/{table}{index}"
        yield Permission(f"dynamodb:{operation}", arn)


def _of_parameters(operation: str, body: Mapping[str, Any]) -> Iterator[Permission]:
    for name in body.get("Names") or [body.get("Name") or body["Path"]]:
        yield Permission(f"ssm:{operation}", parameter_arn(name.partition(":")[0]))


def parameter_arn(name: str) -> str:
    """The ARN of a parameter or folder whose name begins with a slash."""
    return f"arn:aws:ssm:{_PLACE}:parameter{name}"


def _of_executions(operation: str, body: Mapping[str, Any]) -> Iterator[Permission]:
    yield Permission(f"states:{operation}", body.get("executionArn") or body["stateMachineArn"])


def _of_bus(operation: str, body: Mapping[str, Any]) -> Iterator[Permission]:
    for entry in body["Entries"]:
        bus = entry.get("EventBusName", "default")
        yield Permission(f"events:{operation}", f"arn:aws:events:{_PLACE}:event-bus/{bus}")


_OF: Final[Mapping[str, Callable[[str, Mapping[str, Any]], Iterator[Permission]]]] = {
    "DynamoDB_20120810": _of_table,
    "AmazonSSM": _of_parameters,
    "AWSStepFunctions": _of_executions,
    "AWSEvents": _of_bus,
}


@dataclass(frozen=True)
class Role:
    """What a function may do: its own permissions, without those of `services`."""

    allowed: frozenset[Permission]

    @classmethod
    def of(cls, statements: Iterable[Mapping[str, Any]]) -> Role:
        """From the statements of its policies; raises for what these tests do not understand."""
        allowed = set()
        for statement in statements:
            assert statement.keys() <= {"Action", "Resource", "Effect", "Sid"}, statement
            assert statement["Effect"] == "Allow"
            for action in _as_list(statement["Action"]):
                for resource in _as_list(statement["Resource"]):
                    allowed.add(Permission(action, resource))
        return cls(frozenset(allowed))

    def allows(self, asked: Permission) -> bool:
        return any(_covers(one, asked) for one in self.allowed)

    def unused(self, used: Iterable[Permission]) -> set[Permission]:
        """What it allows and nobody has asked for."""
        used = list(used)
        return {one for one in self.allowed if not any(_covers(one, asked) for asked in used)}


def _covers(allowed: Permission, asked: Permission) -> bool:
    """A star stands for any characters, as in IAM; these patterns have no other wildcards."""
    return allowed.action == asked.action and fnmatchcase(asked.resource, allowed.resource)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
