"""Resumable uploads on rupload.facebook.com, for containers that were made without a URL.

Sources: resumable uploads (Meta, 2026-03-15) for the flow, both forms of the path, the headers, the
answers and `video_status`; error table of video uploads for Pages, on the same host (Meta, 2026),
for OffsetInvalidError and PartialRequestError, and public projects for their statuses and for
FileUrlProcessingError. Bytes count when they have arrived, also when the connection then broke.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from sandbox.instagram import errors
from sandbox.instagram.calls import GraphCall, Received
from sandbox.instagram.containers import Container, Status, Upload
from sandbox.instagram.errors import GraphError, PlainRefusalError
from sandbox.instagram.hosts import GRAPH_FACEBOOK, UPLOAD_PATH, VERSIONS
from sandbox.instagram.media_judge import VideoRefusedError
from sandbox.instagram.scopes import needed_for
from sandbox.instagram.working import Work

if TYPE_CHECKING:
    from sandbox.instagram.simulator import SimulatedInstagram

_UNAUTHORIZED = '{"success":false,"error":{"message":"unauthorized user request"}}'
"""As Meta's page shows it."""


class UploadRefusedError(PlainRefusalError):
    """An answer with `debug_info`."""

    def __init__(
        self, kind: str, message: str, *, status: int = 400, is_retriable: bool = False
    ) -> None:
        super().__init__(message)
        self.status = status
        self._info = {"retriable": is_retriable, "type": kind, "message": message}

    def body(self) -> dict[str, Any]:
        return {"debug_info": self._info}


class Uploads:
    def __init__(self, instagram: SimulatedInstagram, work: Work) -> None:
        self._instagram = instagram
        self._work = work

    def take(self, call: GraphCall) -> dict[str, Any]:
        """Bytes of a video, or where to fetch it; raises UploadRefusedError or GraphError."""
        received = call.received
        if received is None:
            raise GraphError(errors.UNKNOWN_PATH)
        try:
            container, upload = self._awaiting(call)
            with upload.lock:
                if upload.is_complete:
                    raise UploadRefusedError("ProcessingFailedError", "Request processing failed")
                if received.file_url is not None:
                    self._fetch(received.file_url, upload)
                else:
                    _append(received, upload)
                with self._instagram.world.lock:
                    upload.is_complete = container.is_fetching = True
        finally:
            received.discard()
        self._work.process_upload(container, upload)
        return {"success": True, "message": "Upload successful."}

    def _awaiting(self, call: GraphCall) -> tuple[Container, Upload]:
        """The container of the path, when the token may publish for its account."""
        world = self._instagram.world
        container_id = _container_id(call)
        try:
            access = self._instagram.open(call.token, GRAPH_FACEBOOK, "upload", [container_id])
            access.token.require(*needed_for("create", GRAPH_FACEBOOK))
        except GraphError as error:
            raise UploadRefusedError("ProcessingFailedError", _UNAUTHORIZED) from error
        with world.lock:
            owner = access.profile.account.user_id if access.profile is not None else ""
            container = world.containers.find(container_id, owner)
            if container is None:
                raise UploadRefusedError("ProcessingFailedError", _UNAUTHORIZED)
            is_over = container.status(world.clock.now()) is Status.EXPIRED
            if container.upload is None or is_over:
                raise UploadRefusedError("ProcessingFailedError", "Request processing failed")
            return container, container.upload

    def _fetch(self, url: str, upload: Upload) -> None:
        """Source of status and sentence: public logs of 2026-07, of Reels of Pages."""
        upload.received = 0
        try:
            upload.received = self._work.fetch_upload(url, upload)
        except VideoRefusedError as refusal:
            raise UploadRefusedError(
                "FileUrlProcessingError", "Unable to fetch media from URL", status=422
            ) from refusal


def _container_id(call: GraphCall) -> str:
    match (call.method, call.segments):
        case ("POST", [name, container_id]) if name == UPLOAD_PATH:
            return container_id
        case ("POST", [name, version, container_id]) if name == UPLOAD_PATH and version in VERSIONS:
            return container_id
    raise GraphError(errors.UNKNOWN_PATH)


def _append(received: Received, upload: Upload) -> None:
    """Keep what came, if it begins where the bytes that are there end."""
    offset, file_size = _number(received.offset), _number(received.file_size)
    if offset is None or not file_size:
        raise UploadRefusedError("ProcessingFailedError", "Invalid Header format")
    if offset != upload.received:
        raise UploadRefusedError(
            "OffsetInvalidError",
            "Request starting offset is invalid",
            status=412,
            is_retriable=True,
        )
    fits = upload.received + received.size <= file_size
    if fits:
        with upload.path.open("ab") as whole, received.path.open("rb") as part:
            shutil.copyfileobj(part, whole)
        upload.received += received.size
    if not fits or upload.received < file_size:
        raise UploadRefusedError(
            "PartialRequestError", "Partial request (did not match length of file)"
        )


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() else None
