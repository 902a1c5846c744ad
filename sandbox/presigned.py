"""Presigned URLs: the query-string signatures of S3, checked as S3 checks them.

Sources: "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)" in the S3 API
reference for what is signed and how; texts of the refusals from answers of S3 that were published
and from servers that copy them (2023 to 2026).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from urllib.parse import parse_qsl, quote, unquote_to_bytes
from xml.sax.saxutils import escape

from sandbox.names import REGION

LONGEST_SECONDS = 604_800

_ALGORITHM = "AWS4-HMAC-SHA256"
_PARAMETERS = ("Algorithm", "Credential", "Signature", "Date", "SignedHeaders", "Expires")
_DATE = re.compile(r"\d{8}T\d{6}Z")
_REAL_KEY = re.compile(r"A[A-Z0-9]{15,}")
"""A key id that AWS gave out. Every other one is made up, and its secret key is the same word."""


class RefusedError(Exception):
    """A request that S3 refuses; `details` are further elements of the answer."""

    def __init__(self, status: int, code: str, message: str, **details: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details

    def to_xml(self, request_id: str) -> bytes:
        elements = {"Code": self.code, "Message": str(self), **self.details}
        elements["RequestId"] = request_id
        inside = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in elements.items())
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inside}</Error>'.encode()


@dataclass(frozen=True)
class Request:
    """A request as it came in: path and query percent-encoded, names of headers in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]

    @cached_property
    def parameters(self) -> list[tuple[str, str]]:
        """The decoded query, with one character for each byte."""
        return parse_qsl(self.query, keep_blank_values=True, encoding="latin-1")

    def parameter(self, name: str) -> str | None:
        return next((value for key, value in self.parameters if key == name), None)


@dataclass(frozen=True)
class Signature:
    """What a presigned URL says of itself."""

    access_key: str
    date: datetime
    scope: str
    expires_seconds: int
    signed_headers: list[str]
    value: str


def is_presigned(request: Request) -> bool:
    """Whether the request means to be authorized by its query, in this or the older version."""
    return any(
        name in ("AWSAccessKeyId", "Signature") or name in _query_names()
        for name, _ in request.parameters
    )


def read(request: Request) -> Signature:
    """The signature in the query; raises RefusedError where it is malformed or nobody's."""
    given = {name: request.parameter(f"X-Amz-{name}") for name in _PARAMETERS}
    if not any(given.values()):
        raise RefusedError(
            400,
            "InvalidRequest",
            "The authorization mechanism you have provided is not supported."
            f" Please use {_ALGORITHM}.",
        )
    if not all(given.values()):
        raise _malformed(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, "
            "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and "
            "X-Amz-Expires parameters."
        )
    found = {name: value or "" for name, value in given.items()}
    if found["Algorithm"] != _ALGORITHM:
        raise _malformed(f'X-Amz-Algorithm only supports "{_ALGORITHM}"')
    date = _read_date(found["Date"])
    access_key, _, scope = found["Credential"].partition("/")
    _check_scope(scope, found["Date"][:8])
    if _REAL_KEY.fullmatch(access_key):
        raise RefusedError(
            403,
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
            AWSAccessKeyId=access_key,
        )
    return Signature(
        access_key,
        date,
        scope,
        _read_seconds(found["Expires"]),
        found["SignedHeaders"].split(";"),
        found["Signature"],
    )


def verify(request: Request, signature: Signature) -> None:
    """Raise RefusedError unless the request is the one that was signed, with the secret key."""
    unsigned = [
        name
        for name in request.headers
        if (name == "host" or name.startswith("x-amz-")) and name not in signature.signed_headers
    ]
    if unsigned:
        raise RefusedError(
            403,
            "AccessDenied",
            "There were headers present in the request which were not signed",
            HeadersNotSigned=", ".join(unsigned),
        )
    canonical = _canonical(request, signature.signed_headers)
    to_sign = "\n".join(
        (
            _ALGORITHM,
            f"{signature.date:%Y%m%dT%H%M%SZ}",
            signature.scope,
            hashlib.sha256(canonical.encode()).hexdigest(),
        )
    )
    if not hmac.compare_digest(_sign(to_sign, signature), signature.value.encode()):
        raise RefusedError(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided."
            " Check your key and signing method.",
            AWSAccessKeyId=signature.access_key,
            StringToSign=to_sign,
            SignatureProvided=signature.value,
            CanonicalRequest=canonical,
        )


def _query_names() -> set[str]:
    return {f"X-Amz-{name}" for name in _PARAMETERS}


def _malformed(message: str, **details: str) -> RefusedError:
    return RefusedError(400, "AuthorizationQueryParametersError", message, **details)


def _read_date(text: str) -> datetime:
    try:
        if _DATE.fullmatch(text):
            return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:  # the 31st of February
        pass
    raise _malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")


def _read_seconds(text: str) -> int:
    try:
        seconds = int(text)
    except ValueError:
        raise _malformed("X-Amz-Expires should be a number") from None
    if seconds < 0:
        raise _malformed("X-Amz-Expires must be non-negative")
    if seconds > LONGEST_SECONDS:
        raise _malformed(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires"
            f" must be less than {LONGEST_SECONDS} seconds"
        )
    return seconds


def _check_scope(scope: str, day: str) -> None:
    wrong = "Error parsing the X-Amz-Credential parameter; "
    parts = scope.split("/")
    if len(parts) != 4 or parts[3] != "aws4_request":
        shape = "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"
        raise _malformed(f'{wrong}the Credential is mal-formed; expecting "{shape}".')
    scope_day, region, service, _ = parts
    if service != "s3":
        raise _malformed(f'{wrong}incorrect service "{service}". This endpoint belongs to "s3".')
    if region != REGION:
        message = f"{wrong}the region '{region}' is wrong; expecting '{REGION}'"
        raise _malformed(message, Region=REGION)
    if scope_day != day:
        raise _malformed(
            f'{wrong}Invalid credential date "{scope_day}".'
            f' This date is not the same as X-Amz-Date: "{day}".'
        )


def _canonical(request: Request, signed_headers: list[str]) -> str:
    """The text whose hash is signed; the path of an object is encoded anew and not normalized."""
    query = sorted(
        (quote(name, safe="", encoding="latin-1"), quote(value, safe="", encoding="latin-1"))
        for name, value in request.parameters
        if name != "X-Amz-Signature"
    )
    headers = "".join(
        f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signed_headers
    )
    return "\n".join(
        (
            request.method,
            quote(unquote_to_bytes(request.path), safe="/"),
            "&".join(f"{name}={value}" for name, value in query),
            headers,
            ";".join(signed_headers),
            request.parameter("X-Amz-Content-Sha256") or "UNSIGNED-PAYLOAD",
        )
    )


def _sign(text: str, signature: Signature) -> bytes:
    key = f"AWS4{signature.access_key}".encode()
    for part in signature.scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex().encode()
