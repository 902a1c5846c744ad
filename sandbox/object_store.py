"""S3 as far as moto does not go: who may fetch an object, and bytes that are never all in memory.

A request with an Authorization header is let in without a look at its signature, so that any
client with any credentials can fill a bucket. A presigned URL must be intact and not expired, by
the sandbox's clock. It tells the second of its signing and no more: if that clock jumped within
this second, the URL counts as signed after the jump, so that none is refused too early. Anything
else is anonymous and refused, as in a bucket without public access. Forms that are posted by a
browser are left to moto, which does not check their policy.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import secrets
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

from moto.s3.exceptions import EntityTooSmall, InvalidPart, MalformedXML, S3ClientError
from moto.s3.models import FakeKey, FakeMultipart, MultipartChecksumBuilder
from moto.s3.responses import S3Response
from moto.settings import S3_UPLOAD_PART_MIN_SIZE, get_s3_default_key_buffer_size

from sandbox import presigned
from sandbox.clock import SimulatedClock
from sandbox.presigned import RefusedError, Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from flask import Flask

_CHUNK_BYTES = 256 * 1024
_LARGE_BYTES = 1024 * 1024
_LARGE_UPLOADS = 2
"""At once, because moto has three copies of each in memory, and clients send ten parts at once."""
_SKEW = timedelta(minutes=15)
_RANGE = re.compile(r"bytes=(?:\d+-\d*|-\d+)")


class ObjectStore:
    """A WSGI application: the door in front of `moto`, the application that moto made for S3."""

    def __init__(self, moto: Flask, clock: SimulatedClock) -> None:
        self._moto = moto
        self._clock = clock
        self._large_uploads = threading.BoundedSemaphore(_LARGE_UPLOADS)
        _keep_large_values_on_disk()
        views: Iterable[Any] = moto.view_functions.values()
        for view in views:
            view.callback = getattr(_StreamingResponse, view.callback.__name__)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = _request(environ)
        try:
            self._admit(request)
        except RefusedError as refused:
            return _refuse(refused, start_response)
        if not _RANGE.fullmatch(environ.get("HTTP_RANGE", "")):
            environ.pop("HTTP_RANGE", None)  # S3 then sends it all; moto stumbles
        is_large = int(environ.get("CONTENT_LENGTH") or 0) > _LARGE_BYTES
        with self._large_uploads if is_large else nullcontext():
            return self._moto(environ, start_response)

    def _admit(self, request: Request) -> None:
        """Raise RefusedError for a request that S3 would not answer."""
        authorization = request.headers.get("authorization")
        if presigned.is_presigned(request):
            if authorization:
                raise RefusedError(400, "InvalidArgument", "Only one auth mechanism allowed")
            self._admit_presigned(request)
        elif authorization:
            if not authorization.startswith("AWS"):
                raise RefusedError(400, "InvalidArgument", "Unsupported Authorization Type")
        elif not _needs_no_name(request):
            raise RefusedError(403, "AccessDenied", "Access Denied")

    def _admit_presigned(self, request: Request) -> None:
        signature = presigned.read(request)
        if signature.date > datetime.now(UTC) + _SKEW:
            raise RefusedError(403, "AccessDenied", "Request is not valid yet")
        now = self._clock.now()
        minted = self._clock.latest_at_wall(signature.date)
        expires = minted + timedelta(seconds=signature.expires_seconds)
        if now > expires:
            raise RefusedError(
                403,
                "AccessDenied",
                "Request has expired",
                **{"X-Amz-Expires": str(signature.expires_seconds)},
                Expires=f"{expires:%Y-%m-%dT%H:%M:%SZ}",
                ServerTime=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            )
        presigned.verify(request, signature)


def _needs_no_name(request: Request) -> bool:
    """A browser's question before a request, its form, and the list of buckets."""
    form = request.headers.get("content-type", "").startswith("multipart/form-data")
    return request.method == "OPTIONS" or (request.method == "POST" and form) or request.path == "/"


def _request(environ: WSGIEnvironment) -> Request:
    path, _, query = str(environ["REQUEST_URI"]).partition("?")
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
    }
    return Request(environ["REQUEST_METHOD"], path, query, headers)


def _refuse(refused: RefusedError, start_response: StartResponse) -> Iterable[bytes]:
    request_id = secrets.token_hex(8).upper()
    body = refused.to_xml(request_id)
    start_response(
        f"{refused.status} {HTTPStatus(refused.status).phrase}",
        [
            ("Content-Type", "application/xml"),
            ("Content-Length", str(len(body))),
            ("x-amz-request-id", request_id),
        ],
    )
    return [body]


class _StreamingResponse(S3Response):
    """moto's answers, with objects that are read while they are sent, and joined on disk."""

    def get_object(self) -> Any:
        key, not_modified = self._get_key()
        vars(self)["_get_key"] = lambda: (_Key(key), not_modified)  # for this one answer
        return super().get_object()

    def _key_response_post(
        self, request: Any, body: bytes, bucket_name: str, query: Any, key_name: str
    ) -> Any:
        uploads = self.backend.get_bucket(bucket_name).multiparts
        upload = uploads.get(query.get("uploadId", [""])[0])
        if upload is not None:
            vars(upload)["complete"] = functools.partial(_join, upload)
        return super()._key_response_post(request, body, bucket_name, query, key_name)


@dataclass(frozen=True)
class _Joined:
    """The value of an object that was uploaded in parts, in the kind of file that moto uses."""

    file: SpooledTemporaryFile[bytes]
    size: int

    def __len__(self) -> int:
        return self.size


def _join(
    upload: FakeMultipart, wanted: Iterable[tuple[int, str]]
) -> tuple[_Joined, str, tuple[str, str, int] | None]:
    """What `FakeMultipart.complete` answers, which has three copies of all parts in memory."""
    in_memory = get_s3_default_key_buffer_size()
    file: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(in_memory)  # noqa: SIM115 - the object keeps it
    parts: list[FakeKey] = []
    checksum = MultipartChecksumBuilder(
        upload.metadata.get("x-amz-checksum-algorithm"),
        upload.metadata.get("x-amz-checksum-type"),
    )
    try:
        for number, etag in wanted:
            part = _wanted_part(upload, number, etag)
            if parts and parts[-1].contentsize < S3_UPLOAD_PART_MIN_SIZE:
                raise EntityTooSmall
            file.write(part.value)
            checksum.addPart(part.value)
            parts.append(part)
        if not parts:
            raise MalformedXML
    except S3ClientError:
        file.close()
        raise
    hashes = b"".join(bytes.fromhex(part.etag.strip('"')) for part in parts)
    etag = hashlib.md5(hashes, usedforsecurity=False).hexdigest()
    return _Joined(file, file.tell()), f"{etag}-{len(parts)}", checksum.build()


def _wanted_part(upload: FakeMultipart, number: int, etag: str) -> FakeKey:
    part = upload.parts.get(number)
    if part is None or part.etag.strip('"') != etag.strip('"'):
        raise InvalidPart
    return part


def _keep_large_values_on_disk() -> None:
    """A large value goes into a file at once; moto's would first take it into memory twice."""

    def set_value(key: FakeKey, value: bytes | _Joined) -> None:
        if isinstance(value, _Joined):
            key._value_buffer.close()
            key._value_buffer = value.file
        else:
            key._value_buffer.seek(0)
            key._value_buffer.truncate()
            if len(value) > key._max_buffer_size:
                key._value_buffer.rollover()
            key._value_buffer.write(value)
        key.contentsize = len(value)

    key_class: Any = FakeKey
    key_class.value = property(key_class.value.fget, set_value)


class _Key:
    """An object of moto's, except that the bytes of a large one are read when they are sent."""

    def __init__(self, key: Any) -> None:
        self._key = key

    def __getattr__(self, name: str) -> Any:
        return getattr(self._key, name)

    @property
    def value(self) -> bytes | StoredBytes:
        buffer = self._key._value_buffer
        if buffer.name is None:  # small enough for moto to keep it in memory
            return bytes(self._key.value)
        with self._key.lock:
            buffer.flush()
            return StoredBytes(_File(buffer.fileno()), 0, self._key.size)


class _File:
    """A file of its own, which stays when moto closes its: an object may go while it is sent."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = os.dup(descriptor)
        weakref.finalize(self, os.close, self.descriptor)


class StoredBytes:
    """Bytes of a file, as moto handles the value of an object: it asks for length and a slice.

    Each reader names the place that it reads from, so readers do not disturb each other.
    """

    def __init__(self, file: _File, start: int, end: int) -> None:
        self._file = file
        self._start = start
        self._end = end

    def __len__(self) -> int:
        return self._end - self._start

    def __getitem__(self, part: slice) -> StoredBytes:
        start, end, _ = part.indices(len(self))
        return StoredBytes(self._file, self._start + start, self._start + max(start, end))

    def __iter__(self) -> Iterator[bytes]:
        place = self._start
        while chunk := os.pread(self._file.descriptor, min(_CHUNK_BYTES, self._end - place), place):
            yield chunk
            place += len(chunk)
