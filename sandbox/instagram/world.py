"""Everything that the simulated Instagram knows, behind one lock."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sandbox.clock import SimulatedClock
from sandbox.instagram import errors
from sandbox.instagram.accounts import ACCOUNTS, Account
from sandbox.instagram.comments import Comments
from sandbox.instagram.config import Config
from sandbox.instagram.containers import ContainerBudget, Containers
from sandbox.instagram.errors import GraphError
from sandbox.instagram.faults import FaultScript
from sandbox.instagram.hashtag_searches import HashtagSearches
from sandbox.instagram.ids import Ids
from sandbox.instagram.keep import Keep
from sandbox.instagram.posts import Media, Posts
from sandbox.instagram.request_log import RequestLog
from sandbox.instagram.token_book import TokenBook
from sandbox.instagram.usage import CallMeter


@dataclass(eq=False, slots=True)
class Profile:
    """What belongs to one account; stories are kept apart from posts."""

    account: Account
    calls: CallMeter
    posts: Posts = field(default_factory=Posts)
    stories: Posts = field(default_factory=Posts)
    budget: ContainerBudget = field(default_factory=ContainerBudget)
    searched: HashtagSearches = field(default_factory=HashtagSearches)

    def published_since(self, instant: datetime) -> int:
        """How many publishes count against the quota."""
        return self.posts.published_since(instant) + self.stories.published_since(instant)


class World:
    """Who reads or changes more than one thing here holds `lock`.

    With `keep`, published posts are stored there and are there again at the next start, as older
    posts.
    """

    def __init__(self, clock: SimulatedClock, origin: str, *, ids: Ids, keep: Path | None) -> None:
        self.clock = clock
        self.origin = origin.rstrip("/")
        self.lock = threading.Lock()
        self.log = RequestLog()
        self.ids = ids
        self.keep = Keep(keep) if keep is not None else None
        self.hashtag_names: dict[str, str] = {}
        self._start_empty()
        self._load_kept_posts()

    def reset(self) -> None:
        """No posts (kept ones are deleted too), no containers, an empty log and script, the default
        config. Ids go on, so that nothing that remembers an old id can meet it again; those of
        hashtags stay known. Tokens that work go on working, and built-in ones work again.
        """
        with self.lock:
            self.containers.clear()
            tokens = self.tokens
            self._start_empty()
            self.tokens.keep_working(tokens, self.clock.now())
            self.log.clear()
            if self.keep is not None:
                self.keep.clear()

    def enter(self, profile: Profile, post: Media, *, counts: bool = True) -> None:
        """Put a post where people and clients find it; the caller holds the lock."""
        (profile.stories if post.is_story else profile.posts).add(post, counts=counts)
        self.media.update((media.id, (profile, media)) for media in (post, *post.children))
        if post.shortcode is not None:
            self.by_path[f"{post.path()}"] = (profile, post)

    def remove(self, profile: Profile, post: Media) -> None:
        """Take a post away for good; the caller holds the lock."""
        (profile.stories if post.is_story else profile.posts).remove(post)
        self.by_path.pop(f"{post.path()}", None)
        for media in (post, *post.children):
            del self.media[media.id]
        if self.keep is not None:
            self.keep.forget(post)

    def account_type(self, account: Account) -> str:
        return self.config.account_types.get(account.user_id, "BUSINESS")

    def owner_of(self, node: str) -> str | None:
        """The account that an id belongs to, or that it is; the caller holds the lock."""
        if node in self.profiles:
            return node
        container, comment = self.containers.get(node), self.comments.get(node)
        if container is not None:
            return container.owner_id
        owner, _ = self.media.get(comment.media.id if comment is not None else node, (None, None))
        return owner.account.user_id if owner is not None else None

    def media_of(self, profile: Profile, media_id: str) -> Media:
        """A media of this account; raises GraphError 100/33. The caller holds the lock.

        Not established: whether a story can be read when its day is over; here it cannot.
        """
        owner, media = self.media.get(media_id, (None, None))
        if media is None or owner is not profile or media.is_over(self.clock.now()):
            raise GraphError(errors.NO_SUCH_OBJECT)
        return media

    def post_of(self, profile: Profile, media_id: str) -> Media:
        """The same for what only whole posts have; an item of a carousel is refused alike."""
        media = self.media_of(profile, media_id)
        if media.is_child:
            raise GraphError(errors.NO_SUCH_OBJECT)
        return media

    def _start_empty(self) -> None:
        self.config = Config()
        self.script = FaultScript()
        self.tokens = TokenBook(ACCOUNTS, self.clock.now())
        self.app_calls = CallMeter(None)
        self.profiles = {a.user_id: Profile(a, CallMeter(a)) for a in ACCOUNTS}
        self.containers = Containers()
        self.media: dict[str, tuple[Profile, Media]] = {}
        self.by_path: dict[str, tuple[Profile, Media]] = {}
        self.comments = Comments()
        self.times_made: Counter[str] = Counter()
        self.times_called: Counter[str] = Counter()

    def _load_kept_posts(self) -> None:
        for owner_id, post in self.keep.load() if self.keep is not None else ():
            if owner_id in self.profiles:
                self.ids.reserve(post.ids())
                self.enter(self.profiles[owner_id], post, counts=False)
