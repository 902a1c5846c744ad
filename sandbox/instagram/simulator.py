"""The simulated Instagram as one object: what clients, people and tests can do with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.calls import Call, Calls
from sandbox.clock import SimulatedClock
from sandbox.instagram.accounts import Account
from sandbox.instagram.commenting import Commenting
from sandbox.instagram.comments import Comment
from sandbox.instagram.creating import Creation
from sandbox.instagram.editing import Editing
from sandbox.instagram.errors import GraphError
from sandbox.instagram.faults import Happening
from sandbox.instagram.ids import Ids
from sandbox.instagram.media_door import MediaFile
from sandbox.instagram.oauth import OAuth
from sandbox.instagram.posts import Media
from sandbox.instagram.publishing import Publication
from sandbox.instagram.reading import Reading
from sandbox.instagram.redaction import redact
from sandbox.instagram.tokens import Kind, Token, token_changes
from sandbox.instagram.world import Profile, World


@dataclass(frozen=True, slots=True)
class Access:
    """What the token of a call opens."""

    profile: Profile
    token: Token


class SimulatedInstagram:
    """`routes.application` serves it. `close` ends fetches that run and effects that are late."""

    def __init__(
        self,
        clock: SimulatedClock,
        origin: str,
        media_dir: Path,
        *,
        seed: int = 1,
        keep: Path | None = None,
        calls: Calls | None = None,
    ) -> None:
        self.clock = clock
        self._calls = calls or Calls(clock)
        self.world = World(clock, origin, ids=Ids(seed), keep=keep)
        self.log = self.world.log
        self.creation = Creation(self.world, media_dir)
        self.publication = Publication(self.world)
        self.reading = Reading(self.world)
        self.commenting = Commenting(self.world)
        self.editing = Editing(self.world)
        self.oauth = OAuth(self.world)
        self._closing = threading.Event()

    def close(self) -> None:
        self._closing.set()
        self.clock.wake(self._closing)
        self.creation.close()

    # What a token opens

    def open(self, token: str | None, host: str) -> Access:
        """Raises GraphError when the token does not work on this host."""
        with self.world.lock:
            opened = self.world.tokens.open(token, host, self.clock.now())
            return Access(self.world.profiles[opened.account.user_id], opened)

    def count_call(self, profile: Profile) -> None:
        """Raises GraphError 80002 or 4 while the account's calls are refused."""
        with self.world.lock:
            profile.calls.count(self.clock.now(), self.world.config)

    def usage_headers(self, access: Access) -> dict[str, str]:
        with self.world.lock:
            wanted = self.world.config.usage_headers
            if wanted == "by_token":
                wanted = "app" if access.token.kind is Kind.USER else "business"
            return access.profile.calls.headers(self.clock.now(), self.world.config, wanted)

    def error_body(self, error: GraphError) -> dict[str, Any]:
        """With a new trace id, and the texts for people in the language of the account."""
        with self.world.lock:
            return error.body(self.world.ids.trace(), self.world.config.locale)

    # Faults

    def fault_for(
        self, name: str | None, path: str, parameters: Mapping[str, Any]
    ) -> Happening | None:
        """What the script has for this call."""
        if not self.world.script:
            return None
        with self.world.lock:
            about = self._about(path, parameters)
            return self.world.script.take(name, about, self.world.config.seed)

    def enter(
        self, name: str | None, path: str, parameters: Mapping[str, Any], trace: str | None
    ) -> Call:
        """Log a call beside those to AWS, with what the script of these has for it."""
        with self.world.lock:
            about = self._about(path, parameters)
        target = redact(" ".join(about))
        invocation = self._calls.by_trace(trace)
        return self._calls.enter("graph", name or path, target, invocation=invocation)

    def throttle(self, profile: Profile, minutes: int, code: int) -> None:
        """Refuse the calls of an account for some simulated minutes."""
        with self.world.lock:
            profile.calls.throttle(self.clock.now() + timedelta(minutes=minutes), code)

    def later(self, seconds: float, effect: Callable[[], object]) -> None:
        """Let something happen when so many simulated seconds have passed."""
        due = self.clock.now() + timedelta(seconds=seconds)
        registered = threading.Event()

        def work() -> None:
            with self.clock.busy():
                registered.set()
                if self.clock.wait_until(due, self._closing, was_busy=True):
                    effect()

        threading.Thread(target=work, name="instagram-late-effect", daemon=True).start()
        registered.wait()

    def media_exists(self, media_id: str) -> bool:
        with self.world.lock:
            return media_id in self.world.media

    def container_exists(self, container_id: str) -> bool:
        with self.world.lock:
            return self.world.containers.get(container_id) is not None

    def _about(self, path: str, parameters: Mapping[str, Any]) -> list[str]:
        """The texts that a fault's `match` looks at; of a container also what it was made from."""
        named = [str(parameters.get("creation_id", "")), path.rsplit("/", 1)[-1]]
        about = [path, *_texts(parameters)]
        for container_id in named:
            container = self.world.containers.get(container_id)
            for known in (container, *container.children) if container is not None else ():
                about += [known.request.url.partition("?")[0], known.request.caption]
        return [text for text in about if text]

    # Pages, for everybody

    def file_of(self, media_id: str) -> MediaFile | None:
        with self.world.lock:
            _, media = self.world.media.get(media_id, (None, None))
        return media.file if media is not None else None

    def post_at(self, path: str) -> tuple[Account, Media] | None:
        """The post whose permalink has this path."""
        with self.world.lock:
            owner, post = self.world.by_path.get(path, (None, None))
            if owner is None or post is None or post.is_over(self.clock.now()):
                return None
            return owner.account, post

    def comments_on(self, post: Media) -> list[Comment]:
        """What a visitor sees under a post, oldest first, each followed by its replies."""
        with self.world.lock:
            threads = self.world.comments.newest_first(post)[::-1]
            return [c for thread in threads for c in thread.with_replies() if not c.is_hidden]

    def profile_named(self, username: str) -> tuple[Account, list[Media]] | None:
        with self.world.lock:
            for profile in self.world.profiles.values():
                if profile.account.username == username:
                    return profile.account, profile.posts.newest_first()
        return None

    # Control

    def reset(self) -> None:
        """No posts, no containers, no script, an empty log, the default config."""
        self.world.reset()

    def change_config(self, changes: dict[str, Any]) -> None:
        """Raises ConfigError; then nothing has changed."""
        changes = dict(changes)
        tokens = token_changes(changes.pop("tokens", {}))
        with self.world.lock:
            config = self.world.config.changed(changes)
            self.world.tokens.change(tokens, self.clock.now())
            self.world.config = config

    def describe_config(self) -> dict[str, Any]:
        with self.world.lock:
            tokens = self.world.tokens.masked(self.clock.now())
            return self.world.config.model_dump(mode="json") | {"tokens": tokens}

    def add_faults(self, faults: object) -> None:
        """Raises ConfigError; then nothing was added."""
        with self.world.lock:
            self.world.script.add(faults)

    def clear_faults(self) -> None:
        with self.world.lock:
            self.world.script.clear()

    def describe_faults(self) -> list[dict[str, Any]]:
        with self.world.lock:
            return self.world.script.report()

    def describe_posts(self) -> list[dict[str, Any]]:
        """For assertions, newest first: what is really live, byte for byte; stories too."""
        with self.world.lock:
            posts = [post for _, post in reversed(self.world.by_path.values())]
        return [post.describe(self.world.origin) for post in posts]


def _texts(parameters: Mapping[str, Any]) -> list[str]:
    """Caption, and media URLs without their query."""
    return [
        value.partition("?")[0] if name.endswith("_url") else value
        for name, value in sorted(parameters.items())
        if isinstance(value, str) and (name.endswith("_url") or name == "caption")
    ]
