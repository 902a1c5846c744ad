"""Instagram as far as publishing needs it, in memory; it stands for the service, not for our code.

The chaos runs use the simulated one over HTTP; this one is for thousands of orders in a second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from postwright.errors import TransientGraphError
from postwright.failures import GraphFailure, classify
from postwright.instagram import ContainerStatus, Media, MediaPage, Quota

Behaviour = Literal["ok", "refused", "lost before", "lost after", "blocked but live", "late"]
BEHAVIOURS: tuple[Behaviour, ...] = (
    *("ok", "refused", "lost before", "lost after", "blocked but live", "late"),
)
_LIFE = timedelta(hours=24)
T = TypeVar("T")


@dataclass
class Container:
    """A container that is ready; `published` counts how often a POST took effect on it."""

    id: str
    caption: str
    created_at: datetime
    published: int = 0


@dataclass(frozen=True)
class Post:
    id: str
    container: str
    caption: str
    at: datetime


@dataclass
class Instagram:
    """What Instagram holds. A second publish of a container makes a second post: the worst of what
    was seen, so that nothing rests on Instagram's kindness.

    `choose` is asked what becomes of each publish call. `late` are POSTs that were accepted and
    take effect when somebody says so.
    """

    now: Callable[[], datetime]
    before: Callable[[str], object] = lambda _: None
    after: Callable[[object], object] = lambda _: None
    choose: Callable[[], Behaviour] = lambda: "ok"
    containers: dict[str, Container] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    sent: list[tuple[str, Behaviour]] = field(default_factory=list)

    def add(self, caption: str) -> str:
        """The id of a container that is ready to be published."""
        name = str(17900000000000000 + len(self.containers) + 1)
        self.containers[name] = Container(name, caption, self.now())
        return name

    def status_of(self, name: str) -> str:
        container = self.containers[name]
        if container.published:
            return "PUBLISHED"
        return "EXPIRED" if self.now() - container.created_at >= _LIFE else "FINISHED"

    def take_effect(self, name: str) -> str:
        """A POST reaches its end: the post is live."""
        container = self.containers[name]
        container.published += 1
        post = Post(
            str(18000000000000000 + len(self.posts) + 1), name, container.caption, self.now()
        )
        self.posts.append(post)
        return post.id

    def let_late_ones_land(self) -> None:
        for name in self.late:
            self.take_effect(name)
        self.late.clear()

    def state(self) -> Any:
        """All of it, to compare."""
        return (
            sorted((c.id, c.published) for c in self.containers.values()),
            [(post.id, post.container) for post in self.posts],
            self.late,
            len(self.sent),
        )


class Client:
    """What `App.instagram` answers: the calls of `InstagramClient` that publishing makes."""

    def __init__(self, instagram: Instagram, note: Callable[[GraphFailure], object]) -> None:
        self._instagram = instagram
        self._note = note

    def publish(self, creation_id: str) -> str:
        it = self._instagram
        it.before("publish")
        behaviour = it.choose()
        if it.status_of(creation_id) == "EXPIRED":
            behaviour = "lost before"
        it.sent.append((creation_id, behaviour))
        media_id = ""
        if behaviour == "late":
            it.late.append(creation_id)
        elif behaviour in ("ok", "lost after", "blocked but live"):
            media_id = it.take_effect(creation_id)
        it.after(behaviour)
        if behaviour == "ok":
            return media_id
        failure = _failure(behaviour)
        if failure.http_status is not None:
            self._note(failure)
        raise classify(failure)

    def container_status(self, container_id: str) -> ContainerStatus:
        return self._read("status", lambda: ContainerStatus(self._status(container_id), ""))

    def recent_media(self, *, limit: int = 25, after: str | None = None) -> MediaPage:  # noqa: ARG002
        return self._read("list", lambda: MediaPage(tuple(self._media()), None))

    def media(self, media_id: str) -> Media:
        found = self._read(
            "media", lambda: [media for media in self._media() if media.id == media_id]
        )
        if not found:
            raise TransientGraphError("There is no such post.", call="media")
        return found[0]

    def quota(self) -> Quota:
        return self._read("quota", lambda: Quota(0, 100, 86_400))

    def child_count(self, _media_id: str) -> int:
        raise NotImplementedError("only posts of one image are explored")

    def create_single_post_container(self, _kind: str, _url: str, *, caption: str, **_: Any) -> str:
        self._instagram.before("create")
        name = self._instagram.add(caption)
        self._instagram.after(name)
        return name

    def _status(self, container_id: str) -> str:
        return self._instagram.status_of(container_id)

    def _media(self) -> Sequence[Media]:
        return [
            Media(
                post.id,
                post.caption,
                "IMAGE",
                "FEED",
                f"https://www.instagram.com/p/{post.id}/",
                post.at.replace(microsecond=0),
            )
            for post in reversed(self._instagram.posts)
        ]

    def _read(self, call: str, read: Callable[[], T]) -> T:
        self._instagram.before(call)
        found = read()
        self._instagram.after(found)
        return found


def _failure(behaviour: Behaviour) -> GraphFailure:
    """The answer, or its absence, as the real client reads it."""
    numbers = {"refused": (9007, 2207027), "blocked but live": (4, 2207051)}.get(behaviour)
    if numbers is None:
        return GraphFailure("publish", None, message="no answer, ReadTimeout")
    return GraphFailure("publish", 403, code=numbers[0], subcode=numbers[1])
