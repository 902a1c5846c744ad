"""Which rule answers a Graph call: by method, by whose node it names, and by its edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from sandbox.instagram import errors, locations
from sandbox.instagram.calls import GraphCall
from sandbox.instagram.errors import GraphError
from sandbox.instagram.faults import Twist
from sandbox.instagram.hosts import DEFAULT_VERSION, GRAPH_FACEBOOK, UPLOAD, UPLOAD_PATH
from sandbox.instagram.nodes import View
from sandbox.instagram.redaction import redact

if TYPE_CHECKING:
    from sandbox.instagram.simulator import SimulatedInstagram
    from sandbox.instagram.world import Profile


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One call of an account that may make it."""

    instagram: SimulatedInstagram
    profile: Profile
    call: GraphCall
    twist: Twist

    def answer(self) -> dict[str, Any]:
        """The body; raises GraphError as Instagram refuses."""
        node, *edges = self.call.segments or [""]
        own = self.profile.account.is_meant(node, self.call.host)
        match (self.call.method, own, edges):
            case ("GET" | "HEAD", True, _):
                return self._read_account(edges)
            case ("GET" | "HEAD", False, _):
                return self._read_object(node, edges)
            case ("POST", True, _):
                return self._publish(edges)
            case ("POST", False, _):
                return self._change_object(node, edges)
            case ("DELETE", False, []):
                return self._delete(node)
        return self._nothing_there()

    @property
    def _view(self) -> View:
        call = self.call
        return View(call.address.prefix, call.token or "", call.host == GRAPH_FACEBOOK)

    def _read_account(self, edges: list[str]) -> dict[str, Any]:
        reading, profile, given = self.instagram.reading, self.profile, self.call.parameters
        match edges:
            case []:
                return reading.user(profile, given, self._view)
            case ["media"]:
                return reading.media(profile, given, self._view)
            case ["stories"]:
                return reading.stories(profile, given, self._view)
            case ["content_publishing_limit"]:
                return reading.quota(profile, given)
            case ["recently_searched_hashtags"] if self._view.on_facebook:
                return self.instagram.hashtags.searched(profile, given, self._view)
            case ["permissions"] if not self._view.on_facebook:
                raise GraphError(errors.NO_PERMISSIONS_EDGE)
        return self._nothing_there()

    def _read_object(self, node: str, edges: list[str]) -> dict[str, Any]:
        instagram, profile, given = self.instagram, self.profile, self.call.parameters
        match (node, edges):
            case ("pages", ["search"]) if self._view.on_facebook:
                url = f"{instagram.world.origin}{self._view.prefix}/pages/search"
                return locations.search(given, url, self._view.token)
            case ("ig_hashtag_search", []) if self._view.on_facebook:
                return instagram.hashtags.search(profile, given)
            case (_, []) if self._view.on_facebook and instagram.hashtags.is_hashtag(node):
                return instagram.hashtags.read(node, given)
            case (_, ["top_media" | "recent_media" as edge]) if self._view.on_facebook:
                return instagram.hashtags.media(profile, node, edge, given, self._view)
            case (_, []) if instagram.commenting.is_comment(node):
                return instagram.commenting.read(profile, node, given)
            case (_, []) if node:
                return instagram.reading.object(profile, node, given, self._view)
            case (_, ["children"]):
                return instagram.reading.children(profile, node, given, self._view)
            case (_, ["comments"]):
                return instagram.commenting.comments(profile, node, given, self._view)
            case (_, ["replies"]):
                return instagram.commenting.replies(profile, node, given, self._view)
        return self._nothing_there()

    def _publish(self, edges: list[str]) -> dict[str, Any]:
        instagram, profile, given = self.instagram, self.profile, self.call.parameters
        match edges:
            case ["media"]:
                return self._create()
            case ["media_publish"]:
                return instagram.publication.publish(profile, given, self.twist)
        return self._nothing_there()

    def _create(self) -> dict[str, Any]:
        given, on_facebook = self.call.parameters, self._view.on_facebook
        creation = self.instagram.creation
        made = creation.create_container(self.profile, given, self.twist, on_facebook=on_facebook)
        if on_facebook and given.text("upload_type") == "resumable":
            path = f"{UPLOAD}/{UPLOAD_PATH}/{self.call.address.version or DEFAULT_VERSION}"
            made["uri"] = f"{self.instagram.world.origin}/{path}/{made['id']}"
        return made

    def _change_object(self, node: str, edges: list[str]) -> dict[str, Any]:
        commenting, given = self.instagram.commenting, self.call.parameters
        match edges:
            case ["comments"]:
                return commenting.comment(self.profile, node, given)
            case ["replies"]:
                return commenting.reply(self.profile, node, given)
            case [] if commenting.is_comment(node):
                return commenting.hide(self.profile, node, given)
            case []:
                return self.instagram.editing.change(self.profile, node, given)
        return self._nothing_there()

    def _delete(self, node: str) -> dict[str, Any]:
        if self.instagram.commenting.is_comment(node):
            return self.instagram.commenting.delete(self.profile, node)
        if self._view.on_facebook:
            return self.instagram.editing.delete(self.profile, node)
        return self._nothing_there()

    def _nothing_there(self) -> NoReturn:
        node, *edges = self.call.segments or [""]
        if not node:
            raise GraphError(errors.UNKNOWN_PATH)
        if edges and self.profile.account.is_meant(node, self.call.host):
            raise GraphError(
                errors.UNKNOWN_PATH.saying(f"Unknown path components: /{redact(edges[0])}")
            )
        raise GraphError(errors.NO_SUCH_OBJECT)
