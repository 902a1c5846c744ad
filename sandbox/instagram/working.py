"""Work on containers: how long it takes, and on videos, in the background."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta

from sandbox.instagram import media_judge
from sandbox.instagram.container_rules import ContainerRequest, Kind
from sandbox.instagram.containers import Container, Upload
from sandbox.instagram.faults import Twist
from sandbox.instagram.media_door import MediaDoor, MediaFile
from sandbox.instagram.media_judge import Use, VideoRefusedError
from sandbox.instagram.processing import Processing
from sandbox.instagram.world import World

_log = logging.getLogger(__name__)

_VIDEO_WORKERS = 4


class Work:
    """`close` ends the fetches that run."""

    def __init__(self, world: World, door: MediaDoor) -> None:
        self._world = world
        self._door = door
        self._workers = ThreadPoolExecutor(_VIDEO_WORKERS, thread_name_prefix="instagram-fetch")

    def close(self) -> None:
        self._door.close()
        self._workers.shutdown(wait=True, cancel_futures=True)

    def fetch_video(self, container: Container, twist: Twist) -> None:
        """Of a container that was made with a URL."""
        request = container.request
        self._in_background(lambda: self._work_on(container, twist, lambda: self._fetch(request)))

    def fetch_upload(self, url: str, upload: Upload) -> int:
        """The size of a video that is fetched at once instead; raises VideoRefusedError."""
        timeout = self._world.config.fetch_timeout_seconds
        limit = media_judge.REEL.bytes_max
        _, size = self._door.download_video(url, upload.path, timeout=timeout, bytes_max=limit)
        return size

    def process_upload(self, container: Container, upload: Upload) -> None:
        """What follows when all bytes are there."""
        container.begun_at, request = self._world.clock.now(), container.request
        self._in_background(
            lambda: self._work_on(container, upload.twist, lambda: self._take(request, upload))
        )

    def set_ready(
        self,
        container: Container,
        model: Processing,
        twist: Twist,
        *,
        size: int = 0,
        length: float = 0,
    ) -> None:
        """So long after the work began; the caller holds the lock."""
        seconds = twist.processing_seconds
        if seconds is None:
            seed = self._world.config.seed
            seconds = model.draw(size=size, length=length, seed=seed, subject=container.subject)
        begun_at = container.begun_at or container.created_at
        container.ready_at = begun_at + timedelta(seconds=seconds)

    def _in_background(self, work: Callable[[], None]) -> None:
        """In the pool of workers; at max speed time stands still meanwhile."""
        in_flight = ExitStack()
        in_flight.enter_context(self._world.clock.busy())
        self._workers.submit(work).add_done_callback(lambda _: in_flight.close())

    def _work_on(self, container: Container, twist: Twist, get: Callable[[], MediaFile]) -> None:
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
            self.set_ready(container, self._world.config.video, twist, size=size, length=length)
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
