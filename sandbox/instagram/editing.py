"""What can be changed about a post: whether it takes comments, and whether it is there at all.

Source: IG Media reference (Meta, stamp 2026-08-12). A caption cannot be changed. Deleting is for
graph.facebook.com alone (since 2025-12-03) and gives no quota back; an item of a carousel cannot be
deleted.
"""

from __future__ import annotations

from typing import Any

from sandbox.instagram import errors
from sandbox.instagram.errors import GraphError
from sandbox.instagram.parameters import Parameters
from sandbox.instagram.world import Profile, World


class Editing:
    def __init__(self, world: World) -> None:
        self._world = world

    def change(self, profile: Profile, media_id: str, parameters: Parameters) -> dict[str, Any]:
        """`POST /{media-id}?comment_enabled=false`."""
        with self._world.lock:
            media = self._world.post_of(profile, media_id)
            parameters.required("comment_enabled")
            enabled = parameters.flag("comment_enabled")
            self._world.comments.switch(media, enabled=enabled)
        return {"success": True}

    def delete(self, profile: Profile, media_id: str) -> dict[str, Any]:
        """`DELETE /{media-id}`."""
        with self._world.lock:
            media = self._world.media_of(profile, media_id)
            if media.is_child:
                raise GraphError(errors.CANNOT_DELETE)
            self._world.remove(profile, media)
        return {"success": True, "deleted_id": media_id}
