"""Making containers: `POST /{ig-user-id}/media`.

An image is fetched and judged before the call returns, a video afterwards (content publishing
guide, Meta, 2026; public bug threads for what fails when), or when its bytes have been uploaded.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.instagram import errors, media_judge
from sandbox.instagram.container_rules import ContainerRequest, Kind, container_request
from sandbox.instagram.containers import LIFE, Container, Status, Upload
from sandbox.instagram.errors import GraphError
from sandbox.instagram.faults import PLAIN, Twist
from sandbox.instagram.media_door import MediaDoor, MediaFile
from sandbox.instagram.media_judge import Use, VideoRefusedError
from sandbox.instagram.parameters import Parameters
from sandbox.instagram.processing import Processing
from sandbox.instagram.world import Profile, World

_log = logging.getLogger(__name__)

_VIDEO_WORKERS = 4


class Creation:
    """`close` ends the fetches that run."""

    def __init__(self, world: World, media_dir: Path) -> None:
        self._world = world
        self._door = MediaDoor(media_dir)
        self._fetchers = ThreadPoolExecutor(_VIDEO_WORKERS, thread_name_prefix="instagram-fetch")

    def close(self) -> None:
        self._door.close()
        self._fetchers.shutdown(wait=True, cancel_futures=True)

    def create_container(
        self,
        profile: Profile,
        parameters: Parameters,
        twist: Twist = PLAIN,
        *,
        on_facebook: bool = False,
    ) -> dict[str, Any]:
        """Raises GraphError as Instagram refuses."""
        request = container_request(parameters, self._world.config, on_facebook=on_facebook)
        if request.kind is Kind.CAROUSEL:
            container = self._create_carousel(profile, request, twist)
        elif request.is_upload:
            container = self._create_upload(profile, request, twist)
        elif request.is_video:
            container = self._create_video(profile, request, twist)
        else:
            container = self._create_image(profile, request, twist)
        if not container.is_fetching and not container.awaits_upload:
            self._world.clock.note_due(container.ready_at)
        return {"id": container.id}

    def _create_image(self, profile: Profile, request: ContainerRequest, twist: Twist) -> Container:
        config = self._world.config
        media = self._door.fetch_image(
            request.url,
            timeout=config.fetch_timeout_seconds,
            lenient=config.lenient_images,
            any_ratio=request.kind is Kind.STORIES,
        )
        with self._world.lock:
            try:
                container = self._add(profile, request, twist)
            except GraphError:
                media.discard()
                raise
            container.media = media
            self._set_ready(container, config.image, twist, size=media.size)
            return container

    def _create_video(self, profile: Profile, request: ContainerRequest, twist: Twist) -> Container:
        with self._world.lock:
            container = self._add(profile, request, twist)
            if twist.processing_error is not None:
                self._set_ready(container, self._world.config.video, twist)
                return container
            container.is_fetching = True
        self._in_background(
            lambda: self._work_on(
                container, twist, lambda: self._fetch(request), container.created_at
            )
        )
        return container

    def _create_upload(
        self, profile: Profile, request: ContainerRequest, twist: Twist
    ) -> Container:
        """Nothing happens until the bytes are there."""
        with self._world.lock:
            container = self._add(profile, request, twist)
            container.upload = Upload(self.new_path(), twist)
            return container

    def new_path(self) -> Path:
        """For bytes of a video that come in."""
        return self._door.new_path(".video")

    def fetch_upload(self, url: str, upload: Upload) -> int:
        """The size of a video that is fetched at once instead; raises VideoRefusedError."""
        timeout = self._world.config.fetch_timeout_seconds
        limit = media_judge.REEL.bytes_max
        _, size = self._door.download_video(url, upload.path, timeout=timeout, bytes_max=limit)
        return size

    def process_upload(self, container: Container, upload: Upload) -> None:
        """What follows when all bytes are there."""
        began_at = self._world.clock.now()
        self._in_background(
            lambda: self._work_on(
                container, upload.twist, lambda: self._take(container.request, upload), began_at
            )
        )

    def _create_carousel(
        self, profile: Profile, request: ContainerRequest, twist: Twist
    ) -> Container:
        with self._world.lock:
            children = tuple(self._child(profile, child_id) for child_id in request.children)
            container = self._add(profile, request, twist)
            container.children = children
            self._set_ready(container, self._world.config.carousel, twist)
            return container

    def _child(self, profile: Profile, child_id: str) -> Container:
        """Not established: what Meta answers to each kind of wrong child."""
        now = self._world.clock.now()
        child = self._world.containers.find(child_id, profile.account.user_id)
        if child is None or child.status(now) is Status.PUBLISHED:
            raise GraphError(errors.NO_SUCH_CREATION)
        if not child.request.is_child:
            raise GraphError(
                errors.BAD_API_PARAMETER.saying("(#100) A child was not made as a carousel item")
            )
        child.require_ready(now)
        return child

    def _add(self, profile: Profile, request: ContainerRequest, twist: Twist) -> Container:
        """The caller holds the lock."""
        world = self._world
        now = world.clock.now()
        profile.budget.spend(now, world.config.container_cap)
        life = LIFE
        if twist.expires_after_seconds is not None:
            life = timedelta(seconds=twist.expires_after_seconds)
        container = Container(
            id=world.ids.container(),
            owner_id=profile.account.user_id,
            request=request,
            created_at=now,
            ready_at=now,
            expires_at=now + life,
            subject=self._subject(request),
            polls_left=world.config.ready_after_polls,
            failed_with=twist.processing_error,
        )
        world.containers.add(container)
        return container

    def _subject(self, request: ContainerRequest) -> str:
        """What is processed and for which time, so that a draw does not depend on the order."""
        what = "upload" if request.is_upload else "carousel"
        name = _path(request.url) if request.url else f"{what} {request.caption}"
        self._world.times_made[name] += 1
        return f"{name} {self._world.times_made[name]}"

    def _set_ready(
        self,
        container: Container,
        model: Processing,
        twist: Twist,
        *,
        size: int = 0,
        length: float = 0,
        began_at: datetime | None = None,
    ) -> None:
        """So long after the work began, which is the making unless it is told.

        The caller holds the lock.
        """
        seconds = twist.processing_seconds
        if seconds is None:
            seed = self._world.config.seed
            seconds = model.draw(size=size, length=length, seed=seed, subject=container.subject)
        container.ready_at = (began_at or container.created_at) + timedelta(seconds=seconds)

    def _in_background(self, work: Callable[[], None]) -> None:
        """In the pool of fetchers; at max speed time stands still meanwhile."""
        in_flight = ExitStack()
        in_flight.enter_context(self._world.clock.busy())
        self._fetchers.submit(work).add_done_callback(lambda _: in_flight.close())

    def _work_on(
        self,
        container: Container,
        twist: Twist,
        get: Callable[[], MediaFile],
        began_at: datetime,
    ) -> None:
        """Whatever happens, the container stops fetching."""
        media: MediaFile | None = None
        failure: int | str | None = twist.processing_error
        try:
            media = get()
        except VideoRefusedError as refusal:
            failure = refusal.subcode
        except Exception:
            _log.exception("working on the video of container %s failed", container.id)
            failure = media_judge.VIDEO_UNKNOWN_FAILURE
        size, length = (media.size, media.seconds or 0) if media is not None else (0, 0.0)
        with self._world.lock:
            self._set_ready(
                container,
                self._world.config.video,
                twist,
                size=size,
                length=length,
                began_at=began_at,
            )
            container.media, container.failed_with = media, failure
            if media is not None and container not in self._world.containers:
                media.discard()
            container.is_fetching = False
        self._world.clock.note_due(container.ready_at)

    def _fetch(self, request: ContainerRequest) -> MediaFile:
        return self._door.fetch_video(
            request.url,
            timeout=self._world.config.fetch_timeout_seconds,
            use=_use(request),
            thumb_offset=_thumb_offset(request),
            all_frames=self._watches_all,
        )

    def _take(self, request: ContainerRequest, upload: Upload) -> MediaFile:
        return self._door.take_video(
            upload.path,
            use=_use(request),
            thumb_offset=_thumb_offset(request),
            all_frames=self._watches_all,
        )

    @property
    def _watches_all(self) -> bool:
        return self._world.config.video_decoding == "all_frames"


def _use(request: ContainerRequest) -> Use:
    return media_judge.use_of(is_child=request.is_child, is_story=request.kind is Kind.STORIES)


def _thumb_offset(request: ContainerRequest) -> int:
    has_cover = "cover_url" in request.options
    return 0 if has_cover else int(request.options.get("thumb_offset", 0))


def _path(url: str) -> str:
    """Of a URL as it was sent, which need not be one."""
    try:
        return urlsplit(url).path
    except ValueError:
        return url
