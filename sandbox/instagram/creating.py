"""Making containers: `POST /{ig-user-id}/media`.

An image is fetched and judged before the call returns, a video afterwards (content publishing
guide, Meta, 2026; public bug threads for what fails when), or when its bytes have been uploaded.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sandbox.instagram import errors
from sandbox.instagram.container_rules import ContainerRequest, Kind, container_request
from sandbox.instagram.containers import LIFE, Container, Status, Upload
from sandbox.instagram.errors import GraphError
from sandbox.instagram.faults import PLAIN, Twist
from sandbox.instagram.media_door import MediaDoor
from sandbox.instagram.parameters import Parameters
from sandbox.instagram.working import Work
from sandbox.instagram.world import Profile, World


class Creation:
    def __init__(self, world: World, door: MediaDoor, work: Work) -> None:
        self._world = world
        self._door = door
        self._work = work

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
            self._work.set_ready(container, config.image, twist, size=media.size)
            return container

    def _create_video(self, profile: Profile, request: ContainerRequest, twist: Twist) -> Container:
        with self._world.lock:
            container = self._add(profile, request, twist)
            if twist.processing_error is not None:
                self._work.set_ready(container, self._world.config.video, twist)
                return container
            container.is_fetching = True
        self._work.fetch_video(container, twist)
        return container

    def _create_upload(
        self, profile: Profile, request: ContainerRequest, twist: Twist
    ) -> Container:
        """Nothing happens until the bytes are there."""
        with self._world.lock:
            container = self._add(profile, request, twist)
            container.upload = Upload(self._door.new_path(".video"), twist)
            return container

    def _create_carousel(
        self, profile: Profile, request: ContainerRequest, twist: Twist
    ) -> Container:
        with self._world.lock:
            children = tuple(self._child(profile, child_id) for child_id in request.children)
            container = self._add(profile, request, twist)
            container.children = children
            self._work.set_ready(container, self._world.config.carousel, twist)
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


def _path(url: str) -> str:
    """Of a URL as it was sent, which need not be one."""
    try:
        return urlsplit(url).path
    except ValueError:
        return url
