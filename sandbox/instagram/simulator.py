"""The simulated Instagram as one object: what clients, people and tests can do with it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.calls import Call, Calls
from sandbox.clock import SimulatedClock
from sandbox.instagram import errors
from sandbox.instagram.accounts import Account
from sandbox.instagram.commenting import Commenting
from sandbox.instagram.comments import Comment
from sandbox.instagram.creating import Creation
from sandbox.instagram.editing import Editing
from sandbox.instagram.errors import GraphError
from sandbox.instagram.facebook import Facebook
from sandbox.instagram.facebook_login import FacebookLogin
from sandbox.instagram.faults import CallName, Happening
from sandbox.instagram.hashtags import Hashtags
from sandbox.instagram.ids import Ids
from sandbox.instagram.media_door import MediaDoor, MediaFile
from sandbox.instagram.oauth import OAuth
from sandbox.instagram.posts import Media
from sandbox.instagram.publishing import Publication
from sandbox.instagram.reading import Reading
from sandbox.instagram.redaction import redact
from sandbox.instagram.scopes import PERSON_CALLS
from sandbox.instagram.token_book import token_changes
from sandbox.instagram.tokens import Kind, Token
from sandbox.instagram.uploads import Uploads
from sandbox.instagram.usage import APP_CALLS, HASHTAG_CALLS, CallMeter
from sandbox.instagram.working import Work
from sandbox.instagram.world import Profile, World


@dataclass(frozen=True, slots=True)
class Access:
    """What the token of a call opens; `calls` is the allowance that it uses up.

    The token of a Facebook user who let the app have no Page opens no profile.
    """

    profile: Profile | None
    token: Token
    calls: CallMeter


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
        self._door = MediaDoor(media_dir)
        self._work = Work(self.world, self._door)
        self.creation = Creation(self.world, self._door, self._work)
        self.uploads = Uploads(self, self._work)
        self.publication = Publication(self.world)
        self.reading = Reading(self.world)
        self.commenting = Commenting(self.world)
        self.editing = Editing(self.world)
        self.hashtags = Hashtags(self.world)
        self.oauth = OAuth(self.world)
        self.facebook_login = FacebookLogin(self.world)
        self.facebook = Facebook(self.world)
        self._closing = threading.Event()

    def close(self) -> None:
        self._closing.set()
        self.clock.wake(self._closing)
        self._work.close()

    # What a token opens

    def open(self, token: str | None, host: str, name: str | None, named: Iterable[str]) -> Access:
        """Raises GraphError when the token does not work on this host.

        `name` is what the call is called, `named` are ids that may say which account is meant.
        """
        with self.world.lock:
            opened = self.world.tokens.open(token, host, self.clock.now())
            owners = [owner for node in named if (owner := self.world.owner_of(node)) is not None]
            ids = [account.user_id for account in opened.accounts]
            meant = next((owner for owner in [*owners, *ids] if owner in ids), None)
            profile = self.world.profiles[meant] if meant is not None else None
            calls = self.world.app_calls
            if profile is not None and name not in APP_CALLS:
                calls = profile.calls
            return Access(profile, opened, calls)

    def count_call(self, access: Access) -> None:
        """Raises GraphError 80002 or 4 while such calls are refused."""
        with self.world.lock:
            access.calls.count(self.clock.now(), self.world.config)

    def require_permission(self, access: Access, name: str | None, scopes: Iterable[str]) -> None:
        """Raises GraphError 10 when the token, the account or the app may not make this call."""
        access.token.require(*scopes)
        config, profile = self.world.config, access.profile
        is_personal = profile and self.world.account_type(profile.account) == "PERSONAL"
        if is_personal and name not in (*PERSON_CALLS, "user", "search"):
            raise GraphError(errors.PERSONAL_ACCOUNT)
        if name not in (*HASHTAG_CALLS, "search"):
            return
        if access.token.kind is Kind.PAGE and not config.search_with_page_token:
            raise GraphError(errors.USER_TOKEN_NEEDED)
        if name in HASHTAG_CALLS and not config.public_content_access:
            raise GraphError(errors.FEATURE_MISSING)

    def usage_headers(self, access: Access) -> dict[str, str]:
        with self.world.lock:
            wanted = self.world.config.usage_headers
            if wanted == "by_token":
                is_of_app = access.calls is self.world.app_calls or access.token.kind.is_of_person
                wanted = "app" if is_of_app else "business"
            return access.calls.headers(self.clock.now(), self.world.config, wanted)

    def error_body(self, error: GraphError) -> dict[str, Any]:
        """With a new trace id, and the texts for people in the language of the account."""
        with self.world.lock:
            return error.body(self.world.ids.trace(), self.world.config.locale)

    def latency_of(self, name: str | None, path: str, parameters: Mapping[str, Any]) -> float:
        """Simulated seconds that a call takes. Like the time of processing it hangs on the seed and
        on what the call is about, not on the order of calls.
        """
        shortest, longest = self.world.config.latency_seconds
        if not longest:
            return 0
        with self.world.lock:
            subject = f"{name} {self._subject(path, parameters)}"
            self.world.times_called[subject] += 1
            drawn = f"{self.world.config.seed}/{subject}/{self.world.times_called[subject]}"
        return random.Random(drawn).uniform(shortest, longest)  # noqa: S311  must repeat under a seed

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

    def throttle(self, access: Access, minutes: int, code: int) -> None:
        """Refuse the calls that use up this allowance for some simulated minutes."""
        with self.world.lock:
            access.calls.throttle(self.clock.now() + timedelta(minutes=minutes), code)

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

    def new_file(self) -> Path:
        """Where the body of an upload can be put."""
        return self._door.new_path(".upload")

    def read_as(self, node: str) -> CallName | None:
        """What the reading of a container or hashtag is called."""
        if node in self.world.hashtag_names:
            return "hashtag"
        with self.world.lock:
            return "status" if self.world.containers.get(node) is not None else None

    def _about(self, path: str, parameters: Mapping[str, Any]) -> list[str]:
        """The texts that a fault's `match` looks at; of a container also what it was made from."""
        named = [str(parameters.get("creation_id", "")), path.rsplit("/", 1)[-1]]
        about = [path, *_texts(parameters)]
        for container_id in named:
            container = self.world.containers.get(container_id)
            for known in (container, *container.children) if container is not None else ():
                about += [known.request.url.partition("?")[0], known.request.caption]
        return [text for text in about if text]

    def _subject(self, path: str, parameters: Mapping[str, Any]) -> str:
        """What a call is about, in words that are the same in each run, as ids are not."""
        node = path.rsplit("/", 1)[-1]
        container = self.world.containers.get(str(parameters.get("creation_id", node)))
        if container is not None:
            return container.subject
        _, media = self.world.media.get(node, (None, None))
        if media is not None:
            return media.caption
        sent = str(parameters.get("image_url") or parameters.get("video_url") or "")
        return sent.partition("?")[0] or str(parameters.get("caption") or path)

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
    """Caption, hashtag or place that is searched for, and media URLs without their query."""
    return [
        value.partition("?")[0] if name.endswith("_url") else value
        for name, value in sorted(parameters.items())
        if isinstance(value, str) and (name.endswith("_url") or name in ("caption", "q"))
    ]
