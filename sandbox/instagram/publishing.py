"""Making a post of a container: `POST /{ig-user-id}/media_publish`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.instagram import errors
from sandbox.instagram.container_rules import Kind
from sandbox.instagram.containers import WINDOW, Container
from sandbox.instagram.errors import GraphError
from sandbox.instagram.faults import PLAIN, Twist
from sandbox.instagram.parameters import Parameters
from sandbox.instagram.posts import Media
from sandbox.instagram.world import Profile, World

_PUBLISHED_TYPES = {
    Kind.IMAGE: ("IMAGE", "FEED"),
    Kind.VIDEO: ("VIDEO", "FEED"),
    Kind.REELS: ("VIDEO", "REELS"),
    Kind.CAROUSEL: ("CAROUSEL_ALBUM", "FEED"),
}


class Publication:
    def __init__(self, world: World) -> None:
        self._world = world

    def publish(
        self, profile: Profile, parameters: Parameters, twist: Twist = PLAIN
    ) -> dict[str, Any]:
        """Raises GraphError as Instagram refuses."""
        creation_id = parameters.required("creation_id")
        world = self._world
        with world.lock:
            now = world.clock.now()
            container = world.containers.find(creation_id, profile.account.user_id)
            if container is None:
                raise GraphError(errors.NO_SUCH_CREATION)
            if container.published_as is not None:
                repeated = self._answer_repeat(container)
                if repeated is not None:
                    return {"id": repeated}
            else:
                container.require_publishable(now)
            is_story = container.request.kind is Kind.STORIES
            counts = world.config.stories_count or not is_story
            if counts and profile.published_since(now - WINDOW) >= world.config.quota_total:
                raise GraphError(errors.QUOTA_REACHED)
            post = self._post(profile, container, now, twist.drop_children)
            world.enter(profile, post, counts=counts)
            shows_at = now + timedelta(seconds=twist.status_lag_seconds)
            for published in (container, *container.children):
                published.published_as = published.published_as or post.id
                published.shows_published_at = shows_at
        world.clock.note_due(shows_at)
        if world.keep is not None:
            world.keep.save(profile.account.user_id, post)
        return {"id": post.id}

    def _answer_repeat(self, container: Container) -> str | None:
        """The id to answer, or None to post again.

        Not established: clients report an error, the first id again, and a second post.
        """
        match self._world.config.repeat_publish:
            case "same_id":
                return container.published_as
            case "duplicate" if not container.request.is_child:
                return None
            case _:
                raise GraphError(
                    errors.NO_SUCH_CREATION.saying("The container was already published")
                )

    def _post(
        self, profile: Profile, container: Container, now: datetime, dropped: tuple[int, ...]
    ) -> Media:
        """`dropped` children do not go live, as was seen on 2026-09-14."""
        children = [c for i, c in enumerate(container.children) if i not in dropped]
        return replace(
            self._media(container, now),
            shortcode=self._world.ids.shortcode(),
            username=profile.account.username,
            children=tuple(self._media(child, now) for child in children),
        )

    def _media(self, container: Container, now: datetime) -> Media:
        request = container.request
        if request.kind is Kind.STORIES:
            media_type, product_type = "VIDEO" if request.is_video else "IMAGE", "STORY"
        else:
            media_type, product_type = _PUBLISHED_TYPES[request.kind]
        return Media(
            id=self._world.ids.media(),
            media_type=media_type,
            product_type=product_type,
            creation_id=container.id,
            published_at=now,
            caption=request.caption,
            file=container.media,
            options=request.options,
        )
