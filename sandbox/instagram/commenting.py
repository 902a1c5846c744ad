"""What can be done with comments: `/{media-id}/comments`, `/{comment-id}/replies`, hide, delete.

Sources: IG Media comments and IG Comment references (Meta, 2026). A public client found in August
2026 that `fields` on the POST creates the comment and then answers 20/1772107. Not established:
what answers a comment where comments are switched off, or a reply to a reply.
"""

from __future__ import annotations

from typing import Any

from sandbox.instagram import errors
from sandbox.instagram.comments import DEFAULT_FIELDS, Comment, read_comment
from sandbox.instagram.errors import GraphError
from sandbox.instagram.fields import parse_fields
from sandbox.instagram.nodes import View
from sandbox.instagram.paging import limit_of, page_of, repeated
from sandbox.instagram.parameters import Parameters
from sandbox.instagram.posts import Media
from sandbox.instagram.world import Profile, World

_PAGE_DEFAULT, _PAGE_MAX = 25, 50


class Commenting:
    def __init__(self, world: World) -> None:
        self._world = world

    def comment(self, profile: Profile, media_id: str, parameters: Parameters) -> dict[str, Any]:
        """`POST /{media-id}/comments`."""
        with self._world.lock:
            media = self._world.post_of(profile, media_id)
            return self._add(profile, media, None, parameters)

    def reply(self, profile: Profile, comment_id: str, parameters: Parameters) -> dict[str, Any]:
        """`POST /{comment-id}/replies`."""
        with self._world.lock:
            parent = self._comment_of(profile, comment_id)
            if parent.parent is not None:
                raise GraphError(errors.NO_REPLY_TO_REPLY)
            return self._add(profile, parent.media, parent, parameters)

    def comments(
        self, profile: Profile, media_id: str, parameters: Parameters, view: View
    ) -> dict[str, Any]:
        """`GET /{media-id}/comments`."""
        with self._world.lock:
            media = self._world.post_of(profile, media_id)
            found = self._world.comments.newest_first(media)
            return self._listed(found, f"{media.id}/comments", parameters, view)

    def replies(
        self, profile: Profile, comment_id: str, parameters: Parameters, view: View
    ) -> dict[str, Any]:
        """`GET /{comment-id}/replies`."""
        with self._world.lock:
            parent = self._comment_of(profile, comment_id)
            found = parent.replies[::-1]
            return self._listed(found, f"{parent.id}/replies", parameters, view)

    def is_comment(self, object_id: str) -> bool:
        with self._world.lock:
            return self._world.comments.get(object_id) is not None

    def read(self, profile: Profile, comment_id: str, parameters: Parameters) -> dict[str, Any]:
        """`GET /{comment-id}`."""
        selection = parse_fields(parameters.text("fields", DEFAULT_FIELDS))
        with self._world.lock:
            return read_comment(self._comment_of(profile, comment_id), selection)

    def hide(self, profile: Profile, comment_id: str, parameters: Parameters) -> dict[str, Any]:
        """`POST /{comment-id}?hide=true`."""
        parameters.required("hide")
        is_hidden = parameters.flag("hide")
        with self._world.lock:
            self._comment_of(profile, comment_id).is_hidden = is_hidden
        return {"success": True}

    def delete(self, profile: Profile, comment_id: str) -> dict[str, Any]:
        """`DELETE /{comment-id}`."""
        with self._world.lock:
            self._world.comments.remove(self._comment_of(profile, comment_id))
        return {"success": True}

    def _add(
        self, profile: Profile, media: Media, parent: Comment | None, parameters: Parameters
    ) -> dict[str, Any]:
        """The caller holds the lock."""
        text = parameters.required("message")
        if not self._world.comments.are_enabled(media):
            raise GraphError(errors.COMMENTS_OFF)
        comment = Comment(
            id=self._world.ids.comment(),
            media=media,
            author=profile.account,
            text=text,
            created_at=self._world.clock.now(),
            parent=parent,
        )
        self._world.comments.add(comment)
        if "fields" in parameters:
            raise GraphError(errors.COMMENT_FORMAT)
        return {"id": comment.id}

    def _comment_of(self, profile: Profile, comment_id: str) -> Comment:
        """A comment on this account's media; raises GraphError 100/33."""
        comment = self._world.comments.get(comment_id)
        if comment is None:
            raise GraphError(errors.NO_SUCH_OBJECT)
        self._world.media_of(profile, comment.media.id)
        return comment

    def _listed(
        self, newest_first: list[Comment], edge: str, parameters: Parameters, view: View
    ) -> dict[str, Any]:
        selection = parse_fields(parameters.text("fields", DEFAULT_FIELDS))
        limit = limit_of(parameters, default=_PAGE_DEFAULT, at_most=_PAGE_MAX)
        page = page_of(newest_first, lambda comment: comment.id, limit, parameters)
        data = [read_comment(comment, selection) for comment in page.items]
        url = f"{self._world.origin}{view.prefix}/{edge}"
        return page.answer(data, url, repeated(parameters, view.token, limit))
