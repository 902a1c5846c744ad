"""What is read: accounts, containers, media, lists with pages, the quota."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sandbox.instagram.containers import WINDOW
from sandbox.instagram.fields import Selection, parse_fields
from sandbox.instagram.nodes import (
    ContainerNode,
    MediaNode,
    QuotaNode,
    UserNode,
    View,
    read_children,
    read_container,
    read_media,
    read_quota,
    read_user,
)
from sandbox.instagram.paging import limit_of, repeated
from sandbox.instagram.parameters import Parameters
from sandbox.instagram.posts import Media
from sandbox.instagram.world import Profile, World

_PAGE_DEFAULT, _PAGE_MAX = 25, 100


class Reading:
    """Changes nothing, except that a look at a container counts as one."""

    def __init__(self, world: World) -> None:
        self._world = world

    def user(self, profile: Profile, parameters: Parameters, view: View) -> dict[str, Any]:
        selection = asked(parameters)
        with self._world.lock:
            account_type = self._world.account_type(profile.account)
            node = UserNode(profile.account, account_type, profile.posts, view.on_facebook)
            body = read_user(node, selection)
        return {"data": [body]} if self._world.config.wrapped_answers else body

    def object(
        self, profile: Profile, object_id: str, parameters: Parameters, view: View
    ) -> dict[str, Any]:
        """`GET /{id}` of a container or a published media; raises GraphError 100/33."""
        selection = asked(parameters)
        with self._world.lock:
            container = self._world.containers.find(object_id, profile.account.user_id)
            if container is None:
                return read_media(self._node(profile, object_id, view), selection)
            body = read_container(ContainerNode(container, self._world.clock.now()), selection)
            container.note_poll()
            return body

    def children(
        self, profile: Profile, media_id: str, parameters: Parameters, view: View
    ) -> dict[str, Any]:
        selection = asked(parameters)
        with self._world.lock:
            return read_children(self._node(profile, media_id, view), selection)

    def quota(self, profile: Profile, parameters: Parameters) -> dict[str, Any]:
        """`GET /{ig-user-id}/content_publishing_limit`; `since` moves the start of the counting."""
        selection = parse_fields(parameters.text("fields", "quota_usage"))
        with self._world.lock:
            since = self._world.clock.now() - WINDOW
            if "since" in parameters:
                since = max(since, parameters.instant("since"))
            node = QuotaNode(profile.published_since(since), self._world.config.quota_total)
            return {"data": [read_quota(node, selection)]}

    def media(self, profile: Profile, parameters: Parameters, view: View) -> dict[str, Any]:
        """`GET /{ig-user-id}/media`: posts, newest first, without stories."""
        since = parameters.instant("since") if "since" in parameters else None
        return self._list(profile, "media", parameters, view, since)

    def stories(self, profile: Profile, parameters: Parameters, view: View) -> dict[str, Any]:
        """`GET /{ig-user-id}/stories`: those of the last 24 hours."""
        first = self._world.clock.now() - WINDOW + datetime.resolution
        return self._list(profile, "stories", parameters, view, first)

    def _list(
        self,
        profile: Profile,
        edge: Literal["media", "stories"],
        parameters: Parameters,
        view: View,
        since: datetime | None,
    ) -> dict[str, Any]:
        selection = asked(parameters)
        limit = limit_of(parameters, default=_PAGE_DEFAULT, at_most=_PAGE_MAX)
        until = _whole_second(parameters.instant("until")) if "until" in parameters else None
        with self._world.lock:
            page = (profile.posts if edge == "media" else profile.stories).page(
                limit,
                parameters.text("after"),
                parameters.text("before"),
                since=since,
                until=until,
            )
            data = [read_media(self._shown(profile, post, view), selection) for post in page.items]
        url = f"{self._world.origin}{view.prefix}/{profile.account.user_id}/{edge}"
        return page.answer(data, url, repeated(parameters, view.token, limit))

    def _node(self, profile: Profile, media_id: str, view: View) -> MediaNode:
        return self._shown(profile, self._world.media_of(profile, media_id), view)

    def _shown(self, profile: Profile, media: Media, view: View) -> MediaNode:
        return MediaNode(
            media,
            profile.account,
            self._world.origin,
            self._world.clock.now(),
            self._world.comments,
            on_facebook=view.on_facebook,
            has_caption_fields=view.on_facebook or self._world.config.caption_fields,
        )


def asked(parameters: Parameters) -> Selection:
    """The fields that a call asks for; `id` alone when it does not say."""
    return parse_fields(parameters.text("fields", "id"))


def _whole_second(instant: datetime) -> datetime:
    """To its end: a post is in the window that ends with the second its `timestamp` shows."""
    return instant.replace(microsecond=999_999)
