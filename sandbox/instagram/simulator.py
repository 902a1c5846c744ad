"""The simulated Instagram: one state, one lock, and the rules that change the state."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.clock import SimulatedClock
from sandbox.instagram import errors, media_judge
from sandbox.instagram.accounts import DEMO_ACCOUNT, Account, TokenBook
from sandbox.instagram.config import Config, Rule, processing_seconds, token_states
from sandbox.instagram.container_rules import ContainerRequest, Kind, container_request
from sandbox.instagram.containers import WINDOW, Container, ContainerBudget, Containers, Status
from sandbox.instagram.errors import GraphError, row_for
from sandbox.instagram.fields import Selection, parse_fields
from sandbox.instagram.ids import Ids
from sandbox.instagram.keep import Keep
from sandbox.instagram.media_door import MediaDoor, MediaFile
from sandbox.instagram.media_judge import VideoRefusedError
from sandbox.instagram.nodes import (
    ContainerNode,
    MediaNode,
    QuotaNode,
    UserNode,
    read_children,
    read_container,
    read_media,
    read_quota,
    read_user,
)
from sandbox.instagram.parameters import Parameters
from sandbox.instagram.posts import Media, Posts
from sandbox.instagram.request_log import RequestLog
from sandbox.instagram.usage import CallMeter

_log = logging.getLogger(__name__)

_VIDEO_WORKERS = 4
_PAGE_DEFAULT, _PAGE_MAX = 25, 100
_PUBLISHED_TYPES = {
    Kind.IMAGE: ("IMAGE", "FEED"),
    Kind.VIDEO: ("VIDEO", "FEED"),
    Kind.REELS: ("VIDEO", "REELS"),
    Kind.CAROUSEL: ("CAROUSEL_ALBUM", "FEED"),
}


@dataclass(eq=False, slots=True)
class Profile:
    """What belongs to one account."""

    account: Account
    calls: CallMeter
    posts: Posts = field(default_factory=Posts)
    budget: ContainerBudget = field(default_factory=ContainerBudget)


class SimulatedInstagram:
    """What Instagram knows and does; `routes.application` serves it. `close` ends fetches that run.

    With `keep`, published posts are stored there and loaded again at the next start as older posts.
    """

    def __init__(
        self,
        clock: SimulatedClock,
        origin: str,
        media_dir: Path,
        *,
        seed: int = 1,
        keep: Path | None = None,
    ) -> None:
        self.clock = clock
        self.origin = origin.rstrip("/")
        self.log = RequestLog()
        self._lock = threading.Lock()
        self._ids = Ids(seed)
        self._door = MediaDoor(media_dir)
        self._keep = Keep(keep) if keep is not None else None
        self._fetchers = ThreadPoolExecutor(_VIDEO_WORKERS, thread_name_prefix="instagram-fetch")
        self.config = Config()
        self._tokens = TokenBook(DEMO_ACCOUNT)
        self._start_empty()
        self._load_kept_posts()

    def close(self) -> None:
        self._door.close()
        self._fetchers.shutdown(wait=True, cancel_futures=True)

    # What a token opens

    def profile_of(self, token: str | None) -> Profile:
        with self._lock:
            account = self._tokens.account_of(token)
            profile = self._profiles[account.user_id]
            profile.calls.count(self.clock.now())
            return profile

    def usage_headers(self, profile: Profile) -> dict[str, str]:
        with self._lock:
            return profile.calls.headers(self.config.calls_per_hour)

    def new_trace_id(self) -> str:
        with self._lock:
            return self._ids.trace()

    # Creating containers

    def create_container(self, profile: Profile, parameters: Parameters) -> dict[str, Any]:
        """`POST /{ig-user-id}/media`; an image is fetched before it returns, a video afterwards."""
        request = container_request(parameters, self.config.carousel_max)
        with self._lock:
            rule = self.config.rule_for(request.url, request.caption)
        is_video = request.kind in (Kind.REELS, Kind.VIDEO)
        if rule is not None and rule.error is not None and not is_video:
            raise GraphError(row_for(*rule.error))
        if is_video:
            container = self._create_video(profile, request, rule)
        elif request.kind is Kind.IMAGE:
            container = self._create_image(profile, request, rule)
        else:
            container = self._create_carousel(profile, request, rule)
        self.clock.note_due(container.ready_at)
        return {"id": container.id}

    def _create_image(
        self, profile: Profile, request: ContainerRequest, rule: Rule | None
    ) -> Container:
        config = self.config
        media = self._door.fetch_image(
            request.url, timeout=config.fetch_timeout_seconds, lenient=config.lenient_images
        )
        with self._lock:
            try:
                container = self._add(
                    profile, request, processing_seconds(rule, config.image_processing_seconds)
                )
            except GraphError:
                media.discard()
                raise
            container.media = media
            return container

    def _create_video(
        self, profile: Profile, request: ContainerRequest, rule: Rule | None
    ) -> Container:
        with self._lock:
            container = self._add(
                profile, request, processing_seconds(rule, self.config.video_processing_seconds)
            )
            if rule is not None and rule.error is not None:
                container.failed_with = rule.error[1]
                return container
            container.is_fetching = True
        in_flight = ExitStack()
        in_flight.enter_context(self.clock.busy())
        fetch = self._fetchers.submit(self._fetch_video, container)
        fetch.add_done_callback(lambda _: in_flight.close())
        return container

    def _create_carousel(
        self, profile: Profile, request: ContainerRequest, rule: Rule | None
    ) -> Container:
        with self._lock:
            children = tuple(self._child(profile, child_id) for child_id in request.children)
            seconds = processing_seconds(rule, self.config.carousel_processing_seconds)
            container = self._add(profile, request, seconds)
            container.children = children
            return container

    def _child(self, profile: Profile, child_id: str) -> Container:
        """Not established: what Meta answers to each kind of wrong child."""
        now = self.clock.now()
        child = self._containers.find(child_id, profile.account.user_id)
        if child is None or child.status(now) in (Status.EXPIRED, Status.PUBLISHED):
            raise GraphError(errors.NO_SUCH_CREATION)
        if not child.request.is_child:
            raise GraphError(
                errors.BAD_API_PARAMETER.saying("(#100) A child was not made as a carousel item")
            )
        child.require_ready(now)
        return child

    def _add(self, profile: Profile, request: ContainerRequest, seconds: float) -> Container:
        """The caller holds the lock."""
        now = self.clock.now()
        profile.budget.spend(now, self.config.container_cap)
        container = Container(
            id=self._ids.container(),
            owner_id=profile.account.user_id,
            request=request,
            created_at=now,
            ready_at=now + timedelta(seconds=seconds),
        )
        self._containers.add(container)
        return container

    def _fetch_video(self, container: Container) -> None:
        """Runs in the pool; whatever happens, the container stops fetching."""
        request, media, failure = container.request, None, None
        offset = 0 if "cover_url" in request.options else request.options.get("thumb_offset", 0)
        try:
            media = self._door.fetch_video(
                request.url,
                timeout=self.config.fetch_timeout_seconds,
                is_child=request.is_child,
                thumb_offset=offset,
            )
        except VideoRefusedError as refusal:
            failure = refusal.subcode
        except Exception:
            _log.exception("fetching the video of container %s failed", container.id)
            failure = media_judge.VIDEO_UNKNOWN_FAILURE
        with self._lock:
            container.media, container.failed_with = media, failure
            container.is_fetching = False
            if media is not None and container not in self._containers:
                media.discard()

    # Publishing

    def publish(self, profile: Profile, parameters: Parameters) -> dict[str, Any]:
        """`POST /{ig-user-id}/media_publish`."""
        creation_id = parameters.required("creation_id")
        with self._lock:
            now = self.clock.now()
            container = self._containers.find(creation_id, profile.account.user_id)
            if container is None:
                raise GraphError(errors.NO_SUCH_CREATION)
            if container.published_as is not None:
                repeated = self._answer_repeat(container)
                if repeated is not None:
                    return {"id": repeated}
            else:
                container.require_publishable(now)
            if profile.posts.quota_usage(now) >= self.config.quota_total:
                raise GraphError(errors.QUOTA_REACHED)
            post = self._published(container, now)
            self._enter(profile, post)
            container.published_as = container.published_as or post.id
            for child in container.children:
                child.published_as = child.published_as or post.id
        if self._keep is not None:
            self._keep.save(profile.account.user_id, post)
        return {"id": post.id}

    def _answer_repeat(self, container: Container) -> str | None:
        """The id to answer, or None to post again.

        Not established: clients report an error, the first id again, and a second post.
        """
        match self.config.repeat_publish:
            case "same_id":
                return container.published_as
            case "duplicate" if not container.request.is_child:
                return None
            case _:
                raise GraphError(
                    errors.NO_SUCH_CREATION.saying("The container was already published")
                )

    def _published(self, container: Container, now: datetime, *, is_child: bool = False) -> Media:
        media_type, product_type = _PUBLISHED_TYPES[container.request.kind]
        return Media(
            id=self._ids.media(),
            media_type=media_type,
            product_type=product_type,
            creation_id=container.id,
            published_at=now,
            caption=container.request.caption,
            shortcode=None if is_child else self._ids.shortcode(),
            file=container.media,
            options=container.request.options,
            children=tuple(
                self._published(child, now, is_child=True) for child in container.children
            ),
        )

    def _enter(self, profile: Profile, post: Media, *, counts: bool = True) -> None:
        profile.posts.add(post, counts=counts)
        owned = [(media.id, (profile, media)) for media in (post, *post.children)]
        self._media.update(owned)
        if post.shortcode is not None:
            self._by_path[f"{post.path()}"] = (profile, post)

    # Reading

    def resolve_account(self, profile: Profile, name: str) -> bool:
        """Whether a path segment names the token's own account."""
        return name in ("me", profile.account.user_id, profile.account.app_scoped_id)

    def read_user(self, profile: Profile, parameters: Parameters) -> dict[str, Any]:
        with self._lock:
            return read_user(UserNode(profile.account, profile.posts), _asked(parameters))

    def read_object(
        self, profile: Profile, object_id: str, parameters: Parameters
    ) -> dict[str, Any]:
        """`GET /{id}` of a container or a published media; raises GraphError 100/33."""
        selection = _asked(parameters)
        with self._lock:
            container = self._containers.find(object_id, profile.account.user_id)
            if container is not None:
                return read_container(ContainerNode(container, self.clock.now()), selection)
            return read_media(self._media_node(profile, object_id), selection)

    def read_children(
        self, profile: Profile, media_id: str, parameters: Parameters
    ) -> dict[str, Any]:
        with self._lock:
            return read_children(self._media_node(profile, media_id), _asked(parameters))

    def read_quota(self, profile: Profile, parameters: Parameters) -> dict[str, Any]:
        """`GET /{ig-user-id}/content_publishing_limit`; `since` moves the start of the counting."""
        selection = parse_fields(parameters.text("fields", "quota_usage"))
        with self._lock:
            now = self.clock.now()
            since = now - WINDOW
            if "since" in parameters:
                since = max(since, parameters.instant("since"))
            usage = profile.posts.published_since(since)
            return {"data": [read_quota(QuotaNode(usage, self.config.quota_total), selection)]}

    def list_media(
        self, profile: Profile, parameters: Parameters, version: str | None, token: str
    ) -> dict[str, Any]:
        """`GET /{ig-user-id}/media`. `paging.next` contains the token, as Instagram's does."""
        selection = _asked(parameters)
        limit = parameters.whole("limit") if "limit" in parameters else _PAGE_DEFAULT
        if limit < 1:
            raise GraphError(errors.BAD_PARAMETER.saying("(#100) Param limit must be at least 1"))
        limit = min(limit, _PAGE_MAX)
        with self._lock:
            page = profile.posts.page(limit, parameters.text("after"), parameters.text("before"))
            now = self.clock.now()
            data = [
                read_media(MediaNode(post, profile.account, self.origin, now), selection)
                for post in page.posts
            ]
        if not data:
            return {"data": []}
        prefix = f"/{version}" if version else ""
        url = f"{self.origin}{prefix}/{profile.account.user_id}/media"
        query = {"access_token": token, "limit": str(limit)}
        if "fields" in parameters:
            query["fields"] = parameters.text("fields")
        return {"data": data, "paging": page.paging(url, query)}

    def _media_node(self, profile: Profile, media_id: str) -> MediaNode:
        owner, media = self._media.get(media_id, (None, None))
        if media is None or owner is not profile:
            raise GraphError(errors.NO_SUCH_OBJECT)
        return MediaNode(media, profile.account, self.origin, self.clock.now())

    # Pages, for everybody

    def file_of(self, media_id: str) -> MediaFile | None:
        with self._lock:
            _, media = self._media.get(media_id, (None, None))
        return media.file if media is not None else None

    def post_at(self, path: str) -> tuple[Account, Media] | None:
        """The post whose permalink has this path."""
        with self._lock:
            found = self._by_path.get(path)
        return (found[0].account, found[1]) if found is not None else None

    def profile_named(self, username: str) -> tuple[Account, list[Media]] | None:
        with self._lock:
            for profile in self._profiles.values():
                if profile.account.username == username:
                    return profile.account, profile.posts.newest_first()
        return None

    # Control

    def reset(self) -> None:
        """No posts (kept ones are deleted too), no containers, an empty log, the default config.

        Ids go on, so that nothing that remembers an old id can meet it again.
        """
        with self._lock:
            self._containers.clear()
            self._start_empty()
            self.log.clear()
            if self._keep is not None:
                self._keep.clear()

    def change_config(self, changes: dict[str, Any]) -> None:
        """Raises ConfigError; then nothing has changed."""
        changes = dict(changes)
        tokens = token_states(changes.pop("tokens", {}))
        with self._lock:
            config = self.config.changed(changes)
            self._tokens.switch(tokens)
            self.config = config

    def describe_config(self) -> dict[str, Any]:
        with self._lock:
            return self.config.model_dump() | {"tokens": self._tokens.masked()}

    def canned_answer(self, method: str, path: str) -> tuple[int, str, str] | None:
        """Status, body and content type that `answers` holds for this call."""
        if not self.config.answers:
            return None
        with self._lock:
            answer = self.config.answer_for(method, path)
        return (answer.status, answer.body, answer.content_type) if answer is not None else None

    def describe_posts(self) -> list[dict[str, Any]]:
        """For assertions, newest first: what is really live, byte for byte."""
        with self._lock:
            posts = [post for p in self._profiles.values() for post in p.posts.newest_first()]
        return [post.describe(self.origin) for post in posts]

    # Beginning

    def _start_empty(self) -> None:
        accounts = (DEMO_ACCOUNT,)
        self.config = Config()
        self._tokens = TokenBook(*accounts)
        self._profiles = {a.user_id: Profile(a, CallMeter(a)) for a in accounts}
        self._containers = Containers()
        self._media: dict[str, tuple[Profile, Media]] = {}
        self._by_path: dict[str, tuple[Profile, Media]] = {}

    def _load_kept_posts(self) -> None:
        for owner_id, post in self._keep.load() if self._keep is not None else ():
            if owner_id in self._profiles:
                self._ids.reserve(post.ids())
                self._enter(self._profiles[owner_id], post, counts=False)


def _asked(parameters: Parameters) -> Selection:
    return parse_fields(parameters.text("fields", "id"))
