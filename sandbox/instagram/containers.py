"""Containers and their life by the clock.

Source: IG Container reference (Meta, 2026): IN_PROGRESS, FINISHED, PUBLISHED, ERROR, EXPIRED after
24 hours. Texts of `status`: resumable uploads page (Meta, 2026) and live runs in public projects.
The text of EXPIRED is not established.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from threading import Lock

from sandbox.instagram import errors
from sandbox.instagram.container_rules import ContainerRequest
from sandbox.instagram.errors import GraphError
from sandbox.instagram.faults import Twist
from sandbox.instagram.media_door import MediaFile

LIFE = timedelta(hours=24)
WINDOW = timedelta(hours=24)
_REMEMBERED = timedelta(hours=48)


class Status(StrEnum):
    IN_PROGRESS = "IN_PROGRESS"
    FINISHED = "FINISHED"
    PUBLISHED = "PUBLISHED"
    ERROR = "ERROR"
    EXPIRED = "EXPIRED"


_TEXTS = {
    Status.IN_PROGRESS: "In Progress: Media is still being processed.",
    Status.FINISHED: "Finished: Media has been uploaded and it is ready to be published.",
    Status.PUBLISHED: "Published: Media has been successfully published.",
    Status.EXPIRED: "Expired: The container was not published within 24 hours.",
}


@dataclass(eq=False, slots=True)
class Upload:
    """The bytes of a video that come in by and by; `lock` is held while they do.

    `twist` is what the fault script had for the making of the container.
    """

    path: Path
    twist: Twist
    received: int = 0
    is_complete: bool = False
    lock: Lock = field(default_factory=Lock)


@dataclass(eq=False, slots=True)
class Container:
    """Changes hands between threads under the simulator's lock.

    A failure shows at `ready_at`, not before: so the same script gives the same polls at every
    speed of the clock. With `polls_left` the looks decide instead of the clock. Work begins at the
    making, or at `begun_at`, when all bytes had been uploaded.
    """

    id: str
    owner_id: str
    request: ContainerRequest
    created_at: datetime
    ready_at: datetime
    expires_at: datetime
    subject: str = ""
    children: tuple[Container, ...] = ()
    media: MediaFile | None = None
    upload: Upload | None = None
    begun_at: datetime | None = None
    is_fetching: bool = False
    polls_left: int | None = None
    failed_with: int | str | None = None
    published_as: str | None = None
    shows_published_at: datetime | None = None

    def status(self, now: datetime) -> Status:
        """As it is shown: a publish may show late (public notes of 2026: "by moments")."""
        if self.published_as is not None and now >= (self.shows_published_at or now):
            return Status.PUBLISHED
        if now >= self.expires_at:
            return Status.EXPIRED
        if self.is_fetching or self.awaits_upload or not self._is_due(now):
            return Status.IN_PROGRESS
        if self.failed_with is not None:
            return Status.ERROR
        if any(child.status(now) is Status.IN_PROGRESS for child in self.children):
            return Status.IN_PROGRESS
        return Status.FINISHED

    @property
    def awaits_upload(self) -> bool:
        return self.upload is not None and not self.upload.is_complete

    def discard(self) -> None:
        """Remove its files; whoever works on some of them removes these."""
        if self.media is not None:
            self.media.discard()
        if self.upload is not None and not self.is_fetching:
            self.upload.path.unlink(missing_ok=True)

    def note_poll(self) -> None:
        """Somebody has looked at the status."""
        if self.polls_left:
            self.polls_left -= 1

    def _is_due(self, now: datetime) -> bool:
        return now >= self.ready_at if self.polls_left is None else self.polls_left == 0

    def status_text(self, now: datetime) -> str:
        status = self.status(now)
        if status is Status.ERROR:
            if isinstance(self.failed_with, str):
                return self.failed_with  # the bare word "Fatal" was seen in 2026
            return f"Error: Media upload has failed with error code {self.failed_with}"
        return _TEXTS[status]

    def require_ready(self, now: datetime) -> None:
        """Raises the refusal of a container that cannot be used now."""
        match self.status(now):
            case Status.EXPIRED:
                raise GraphError(errors.NO_SUCH_CREATION)
            case Status.IN_PROGRESS:
                raise GraphError(errors.NOT_READY)
            case Status.ERROR:
                message = f"(#100) Media upload has failed with error code {self.failed_with}"
                raise GraphError(errors.BAD_PARAMETER.saying(message))

    def require_publishable(self, now: datetime) -> None:
        self.require_ready(now)
        if self.request.is_child:
            raise GraphError(
                errors.BAD_API_PARAMETER.saying("(#100) A carousel item cannot be published alone")
            )


class ContainerBudget:
    """400 containers per account in any 24 hours (IG User media reference, read 2026-09-11)."""

    def __init__(self) -> None:
        self._created_at: deque[datetime] = deque()

    def spend(self, now: datetime, cap: int) -> None:
        while self._created_at and self._created_at[0] <= now - WINDOW:
            self._created_at.popleft()
        if len(self._created_at) >= cap:
            raise GraphError(errors.TOO_MANY_CONTAINERS)
        self._created_at.append(now)


class Containers:
    """All containers, oldest first; long expired ones are forgotten with their files."""

    def __init__(self) -> None:
        self._by_id: dict[str, Container] = {}

    def __contains__(self, container: Container) -> bool:
        return container.id in self._by_id

    def add(self, container: Container) -> None:
        self._forget_before(container.created_at - _REMEMBERED)
        self._by_id[container.id] = container

    def get(self, container_id: str) -> Container | None:
        """Whoever owns it."""
        return self._by_id.get(container_id)

    def find(self, container_id: str, owner_id: str) -> Container | None:
        container = self._by_id.get(container_id)
        return container if container is not None and container.owner_id == owner_id else None

    def clear(self) -> None:
        for container in self._by_id.values():
            container.discard()
        self._by_id.clear()

    def _forget_before(self, instant: datetime) -> None:
        while self._by_id:
            oldest = next(iter(self._by_id.values()))
            if oldest.created_at > instant or oldest.is_fetching:
                return
            del self._by_id[oldest.id]
            if oldest.published_as is None:
                oldest.discard()
