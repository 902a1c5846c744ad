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
from postwright.instagram import (
    PUBLISH_DEADLINE_SECONDS,
    ContainerStatus,
    Media,
    MediaPage,
    Quota,
    Usage,
)

Behaviour = Literal[
    "ok", "refused", "lost before", "lost after", "blocked but live", "late", "blocked"
]
BEHAVIOURS: tuple[Behaviour, ...] = (
    *("ok", "refused", "lost before", "lost after", "blocked but live", "late", "blocked"),
)
DEADLINE_SECONDS = PUBLISH_DEADLINE_SECONDS
"""So long after it began a publish call is given up, as the real client does."""
LANDS_WITHIN_SECONDS = 100.0
"""So long after it was sent a POST may take effect: what the settle time leaves when a POST is sent
at the last moment that the time fence allows, 5 + 15 seconds after `sentAt`.
"""
_LIFE = timedelta(hours=24)
_AT_ONCE = timedelta()
T = TypeVar("T")


@dataclass
class Container:
    """A container that is ready; `published` counts how often a POST took effect on it."""

    id: str
    caption: str
    created_at: datetime
    published: int = 0
    published_at: datetime | None = None


@dataclass(frozen=True)
class Post:
    id: str
    container: str
    caption: str
    at: datetime


@dataclass(frozen=True)
class Sent:
    """A POST that reached Instagram, for a container, and what became of it."""

    container: str
    behaviour: Behaviour
    at: datetime


@dataclass
class Lag:
    """How long after a post went live each of these does not tell of it yet; the caption of a post
    in the list is missing for so long. What is unreadable is an error for so long.
    """

    status: timedelta = _AT_ONCE
    list: timedelta = _AT_ONCE
    unreadable_status: timedelta = _AT_ONCE
    unreadable_list: timedelta = _AT_ONCE
    caption: timedelta = _AT_ONCE


@dataclass
class Instagram:
    """What Instagram holds. A second publish of a container makes a second post: the worst of what
    was seen, so that nothing rests on Instagram's kindness.

    `choose` is asked what becomes of each publish call. `late` are POSTs that were accepted and
    take effect when somebody says so. What is read may lag behind what is so, and looks may be
    `blind`: so many from now see nothing of any post. `answer_slowly` lets time pass while what was
    read is on its way.
    """

    now: Callable[[], datetime]
    before: Callable[[str], object] = lambda _: None
    after: Callable[[object], object] = lambda _: None
    choose: Callable[[], Behaviour] = lambda: "ok"
    containers: dict[str, Container] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    late: list[Sent] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    lag: Lag = field(default_factory=Lag)
    blind: int = 0
    answer_slowly: Callable[[str], object] = lambda _: None

    def add(self, caption: str) -> str:
        """The id of a container that is ready to be published."""
        name = str(17900000000000000 + len(self.containers) + 1)
        self.containers[name] = Container(name, caption, self.now())
        return name

    def status_of(self, name: str) -> str:
        container = self.containers[name]
        if container.published_at is not None and self.tells(container.published_at, "status"):
            return "PUBLISHED"
        return "EXPIRED" if self.now() - container.created_at >= _LIFE else "FINISHED"

    def take_effect(self, name: str) -> str:
        """A POST reaches its end: the post is live."""
        container = self.containers[name]
        container.published += 1
        container.published_at = self.now()
        post = Post(
            str(18000000000000000 + len(self.posts) + 1), name, container.caption, self.now()
        )
        self.posts.append(post)
        return post.id

    def tells(self, live_since: datetime, what: str) -> bool:
        """Whether this tells already of a post that is live since then."""
        lag: timedelta = getattr(self.lag, what)
        return self.now() - live_since >= lag

    def let_late_ones_land(self, *, only_due: bool = False) -> None:
        """Late POSTs take effect: all, or those that can no longer wait."""
        for one in list(self.late):
            if not only_due or self.now() - one.at >= timedelta(seconds=LANDS_WITHIN_SECONDS):
                self.late.remove(one)
                self.take_effect(one.container)

    def state(self) -> Any:
        """All of it, to compare."""
        return (
            sorted((c.id, c.published) for c in self.containers.values()),
            [(post.id, post.container) for post in self.posts],
            [one.container for one in self.late],
            len(self.sent),
        )


class Client:
    """What `App.instagram` answers: the calls of `InstagramClient` that publishing makes."""

    def __init__(self, instagram: Instagram, note: Callable[[GraphFailure], object]) -> None:
        self._instagram = instagram
        self._note = note
        self._blind = False
        self.calls = 0
        self.usage = Usage()

    def publish(self, creation_id: str) -> str:
        it, began = self._instagram, self._instagram.now()
        it.before("publish")
        behaviour = it.choose()
        too_late = it.now() - began > timedelta(seconds=DEADLINE_SECONDS)
        if too_late or it.status_of(creation_id) == "EXPIRED":
            behaviour = "lost before"
        sent = Sent(creation_id, behaviour, it.now())
        it.sent.append(sent)
        media_id = ""
        if behaviour == "late":
            it.late.append(sent)
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
        return self._read("status", lambda: self._status(container_id))

    def recent_media(self, *, limit: int = 25, after: str | None = None) -> MediaPage:  # noqa: ARG002
        return self._read("list", lambda: MediaPage(tuple(self._media()), None))

    def media(self, media_id: str) -> Media:
        posts = [post for post in self._instagram.posts if post.id == media_id]
        found = self._read("media", lambda: [self._shown(post) for post in posts])
        if not found:
            raise TransientGraphError("There is no such post.", call="media")
        return found[0]

    def quota(self) -> Quota:
        """No event: it is never full here, and what it tells changes nothing."""
        return Quota(0, 100, 86_400)

    def child_count(self, _media_id: str) -> int:
        raise NotImplementedError("only posts of one image are explored")

    def create_single_post_container(self, _kind: str, _url: str, *, caption: str, **_: Any) -> str:
        self._instagram.before("create")
        name = self._instagram.add(caption)
        self._instagram.after(name)
        return name

    def _status(self, container_id: str) -> ContainerStatus:
        it = self._instagram
        since = it.containers[container_id].published_at
        self._blind, it.blind = it.blind > 0, max(0, it.blind - 1)
        if self._blind:
            return ContainerStatus("FINISHED", "")
        if since is not None and not it.tells(since, "unreadable_status"):
            raise TransientGraphError("The status cannot be read now.", call="status")
        return ContainerStatus(it.status_of(container_id), "")

    def _media(self) -> Sequence[Media]:
        it = self._instagram
        if any(not it.tells(post.at, "unreadable_list") for post in it.posts):
            raise TransientGraphError("The posts cannot be read now.", call="list")
        return [
            self._shown(post)
            for post in reversed(it.posts)
            if it.tells(post.at, "list") and not self._blind
        ]

    def _shown(self, post: Post) -> Media:
        return Media(
            post.id,
            post.caption if self._instagram.tells(post.at, "caption") else None,
            "IMAGE",
            "FEED",
            f"https://www.instagram.com/p/{post.id}/",
            post.at.replace(microsecond=0),
        )

    def _read(self, call: str, read: Callable[[], T]) -> T:
        self._instagram.before(call)
        found = read()
        self._instagram.answer_slowly(call)
        self._instagram.after(found)
        return found


def _failure(behaviour: Behaviour) -> GraphFailure:
    """The answer, or its absence, as the real client reads it."""
    blocked = (4, 2207051)
    numbers = {"refused": (9007, 2207027), "blocked but live": blocked, "blocked": blocked}.get(
        behaviour
    )
    if numbers is None:
        return GraphFailure("publish", None, message="no answer, ReadTimeout")
    return GraphFailure("publish", 403, code=numbers[0], subcode=numbers[1])
