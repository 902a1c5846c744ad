"""A typed client of the part of Instagram's Graph API that publishing needs; usable on its own.

    with InstagramClient(token, user_id) as instagram:
        container = instagram.create_single_post_container("image", url, caption="Dunes at dawn")
        instagram.wait_for_container(container, timeout_seconds=60)
        print(instagram.publish(container))

The token travels in a header, never in a URL. Ids are strings. No call repeats itself; every method
raises a class of `postwright.errors` when it fails. Source: Instagram Platform, content publishing
guide and references, read 2026-09.
"""

from __future__ import annotations

import itertools
import json
import logging
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Final

import httpx

from postwright import clock, errors, failures, limits
from postwright.deadline import DeadlineTransport, within
from postwright.error_table import Call
from postwright.failures import GraphFailure
from postwright.hosts import login_of
from postwright.models import MediaKind, UserTag
from postwright.settings import DEFAULT_GRAPH_URL

PUBLISH_DEADLINE_SECONDS: Final = 15.0
"""The whole publish call; the first of the four times that fence an attempt."""
CREATE_DEADLINE_SECONDS: Final = 20.0
READ_DEADLINE_SECONDS: Final = 10.0

_ASSUMED_QUOTA: Final = {
    "quota_total": limits.QUOTA_TOTAL_ASSUMED.value,
    "quota_duration": 86_400,
}
_NUMBER_MAX: Final = 100_000
"""Larger numbers in usage headers cannot be true: so many minutes are more than two months."""
_MEDIA_FIELDS = "id,caption,media_type,media_product_type,permalink,timestamp"
_ACCOUNT_FIELDS = "id,user_id,username,account_type"
_FACEBOOK_ACCOUNT_FIELDS = "id,username"
"""Source: IG User reference, read 2026-09: the account's type is not among its fields there."""
_WORDS: Final = ("code", "error_subcode", "message", "error_user_title", "error_user_msg")
"""Where a code in words may stand. Source: not established; these are all texts there are."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MediaOptions:
    """What Instagram takes with a container besides its media and caption; None is not sent.

    `thumb_offset` is in milliseconds; `cover_url` wins over it. Children of a carousel take only
    `alt_text`, `user_tags` and `thumb_offset`.
    """

    alt_text: str | None = None
    location_id: str | None = None
    user_tags: Sequence[UserTag] | None = None
    collaborators: Sequence[str] | None = None
    cover_url: str | None = None
    thumb_offset: int | None = None
    share_to_feed: bool | None = None

    def parameters(self) -> dict[str, str]:
        """The form fields: lists as JSON, booleans in lower case."""
        found: dict[str, str | None] = {
            "alt_text": self.alt_text,
            "location_id": self.location_id,
            "cover_url": self.cover_url,
            "thumb_offset": None if self.thumb_offset is None else str(self.thumb_offset),
            "share_to_feed": None
            if self.share_to_feed is None
            else str(self.share_to_feed).lower(),
            "collaborators": json.dumps(list(self.collaborators)) if self.collaborators else None,
            "user_tags": json.dumps([tag.to_json() for tag in self.user_tags])
            if self.user_tags
            else None,
        }
        return {name: value for name, value in found.items() if value is not None}


NO_OPTIONS: Final = MediaOptions()


@dataclass(frozen=True)
class ContainerStatus:
    """`status_code` is IN_PROGRESS, FINISHED, PUBLISHED, ERROR or EXPIRED; `status` a sentence."""

    status_code: str
    status: str


@dataclass(frozen=True)
class Quota:
    """Posts published in the last `duration_seconds`, and how many are allowed."""

    used: int
    total: int
    duration_seconds: int


@dataclass(frozen=True)
class Media:
    """A published post; `media_type` is IMAGE, VIDEO or CAROUSEL_ALBUM."""

    id: str
    caption: str | None = None
    media_type: str | None = None
    media_product_type: str | None = None
    permalink: str | None = None
    timestamp: datetime | None = None


@dataclass(frozen=True)
class MediaPage:
    """Posts, newest first, and the cursor of the next page."""

    media: tuple[Media, ...]
    after: str | None


@dataclass(frozen=True)
class Account:
    """The account behind a token; with Facebook Login its two ids are the same.

    `account_type` is empty there, because Instagram does not tell it.
    """

    user_id: str
    username: str
    account_type: str
    app_scoped_id: str

    def is_called(self, name: str) -> bool:
        """Whether calls for `name` are calls for this account."""
        return name in ("me", self.user_id, self.app_scoped_id)


@dataclass(frozen=True)
class Usage:
    """The highest share of any allowance in percent, and minutes until calls work again.

    `told` is False where Instagram said nothing, which does not mean 0.
    """

    percent: int = 0
    regain_minutes: int = 0
    told: bool = field(default=False, compare=False)


class InstagramClient:
    """Calls for one account; safe to use from several threads.

    `graph_url` includes the version; where it depends on the token, it is a function of it. A
    client that is given (`http`) is not closed. When Instagram
    refuses the token, `renew_token` is asked for a newer one; if there is one, the call is made
    again with it, except a publish. `before_call` comes before each call, which is not made when it
    raises. `on_failure` is told of each error that Instagram answers; whatever it raises is logged
    and goes no further. `calls` counts those that were sent, and
    `usage` is the highest that the answers told.
    """

    def __init__(
        self,
        token: str,
        user_id: str = "me",
        *,
        graph_url: str | Callable[[str], str] = DEFAULT_GRAPH_URL,
        http: httpx.Client | None = None,
        renew_token: Callable[[], str] | None = None,
        before_call: Callable[[], None] | None = None,
        on_failure: Callable[[GraphFailure], None] | None = None,
    ) -> None:
        self._token = token
        self._renew_token = renew_token
        self._before_call = before_call
        self._on_failure = on_failure
        self.user_id = user_id
        self._graph_url = graph_url if callable(graph_url) else lambda _token: graph_url
        self._http = http or new_http_client()
        self._owns_http = http is None
        self._lock = threading.Lock()
        self.calls = 0
        self.usage = Usage()

    def __enter__(self) -> InstagramClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, unless they belong to a client that was given."""
        if self._owns_http:
            self._http.close()

    def create_image_container(
        self,
        image_url: str,
        *,
        is_carousel_item: bool = False,
        caption: str | None = None,
        options: MediaOptions = NO_OPTIONS,
    ) -> str:
        """The id of a new container for a JPEG that Instagram fetches during this call.

        A repeat is safe: it leaves an unused container that expires after 24 hours.
        """
        return self._create({"image_url": image_url}, is_carousel_item, caption, options)

    def create_video_container(
        self,
        video_url: str,
        *,
        is_carousel_item: bool = False,
        caption: str | None = None,
        options: MediaOptions = NO_OPTIONS,
    ) -> str:
        """The id of a new container for a Reel or, in a carousel, a video; Instagram fetches it
        later.

        A repeat is safe: it leaves an unused container that expires after 24 hours.
        """
        kind = "VIDEO" if is_carousel_item else "REELS"
        parameters = {"video_url": video_url, "media_type": kind}
        return self._create(parameters, is_carousel_item, caption, options)

    def create_single_post_container(
        self,
        kind: MediaKind,
        media_url: str,
        *,
        caption: str | None = None,
        options: MediaOptions = NO_OPTIONS,
    ) -> str:
        """The id of a new container for a post of one image, or of one video as a Reel."""
        create = self.create_image_container if kind == "image" else self.create_video_container
        return create(media_url, caption=caption, options=options)

    def create_carousel_container(
        self,
        children: Sequence[str],
        *,
        caption: str | None = None,
        options: MediaOptions = NO_OPTIONS,
    ) -> str:
        """The id of a new parent container for finished children, in this order."""
        parameters = {"media_type": "CAROUSEL", "children": ",".join(children)}
        return self._create(parameters, False, caption, options)

    def container_status(self, container_id: str) -> ContainerStatus:
        """Where Instagram is with a container."""
        body = self._get("status", container_id, {"fields": "status_code,status"})
        status = ContainerStatus(str(body.get("status_code", "")), str(body.get("status", "")))
        if status.status_code == "ERROR":
            self._notice(failures.processing_failure(status.status))
        return status

    def wait_for_container(self, container_id: str, *, timeout_seconds: float) -> None:
        """Return when the container is ready: looks after 5, 10, 20, then every 30 seconds.

        Raises the error behind ERROR, ContainerExpiredError, or TransientGraphError after
        `timeout_seconds`.
        """
        ends_at = clock.in_seconds(timeout_seconds)
        pauses = itertools.chain((5, 10, 20), itertools.repeat(30))
        while True:
            status = self.container_status(container_id)
            if status.status_code in ("FINISHED", "PUBLISHED"):
                return
            if status.status_code == "ERROR":
                raise failures.classify_processing(status.status)
            if status.status_code == "EXPIRED":
                raise errors.ContainerExpiredError("The container has expired; make a new one.")
            left = (ends_at - clock.now()).total_seconds()
            if left <= 0:
                raise errors.TransientGraphError(
                    f"The container was not ready after {timeout_seconds:.0f} seconds.",
                    call="status",
                )
            clock.sleep(min(next(pauses), left))

    def publish(self, creation_id: str) -> str:
        """The media id of the post that is live now. Sent exactly once, never repeated here.

        Raises PublishUncertainError whenever the answer leaves open whether the post is live.
        """
        body = self._post(
            "publish",
            f"{self.user_id}/media_publish",
            {"creation_id": creation_id},
            PUBLISH_DEADLINE_SECONDS,
        )
        return _id_of(body, "publish")

    def quota(self) -> Quota:
        """How many posts the account has published in the last 24 hours, and how many it may; 100
        where Instagram tells only the former.
        """
        path = f"{self.user_id}/content_publishing_limit"
        body = self._get("read", path, {"fields": "config,quota_usage"})
        try:
            row = body["data"][0]
            config = row.get("config", _ASSUMED_QUOTA)
            used, total = int(row["quota_usage"]), int(config["quota_total"])
            return Quota(used, total, int(config["quota_duration"]))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise _without("the publishing quota") from error

    def recent_media(self, *, limit: int = 25, after: str | None = None) -> MediaPage:
        """One page of the account's posts, newest first; stories are not among them."""
        parameters = {"fields": _MEDIA_FIELDS, "limit": str(limit)}
        if after:
            parameters["after"] = after
        body = self._get("read", f"{self.user_id}/media", parameters)
        return MediaPage(tuple(_media(row) for row in rows(body)), next_cursor(body))

    def media(self, media_id: str) -> Media:
        """One published post."""
        return _media(self._get("media", media_id, {"fields": _MEDIA_FIELDS}))

    def child_count(self, media_id: str) -> int:
        """How many items a published carousel has."""
        return len(rows(self._get("media", f"{media_id}/children", {"fields": "id"})))

    def read(self, call: Call, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The answer to a reading call that has no method of its own here."""
        return self._get(call, path, parameters)

    def account(self) -> Account:
        """The account behind the token; flat and wrapped answers are understood.

        With Facebook Login `me` is the Page, so that the account is asked for by its id there.
        """
        if login_of(self._token) == "facebook":
            body = self._get("read", self.user_id, {"fields": _FACEBOOK_ACCOUNT_FIELDS})
        else:
            body = self._get("read", "me", {"fields": _ACCOUNT_FIELDS})
        row = next(iter(rows(body)), {}) if "data" in body else body
        user_id = row.get("user_id") or row.get("id")
        if not user_id:
            raise _without("the account's id")
        return Account(
            str(user_id),
            str(row.get("username", "")),
            str(row.get("account_type", "")),
            str(row.get("id") or user_id),
        )

    def _create(
        self,
        parameters: Mapping[str, str],
        is_carousel_item: bool,
        caption: str | None,
        options: MediaOptions,
    ) -> str:
        form = {**parameters, **options.parameters()}
        if is_carousel_item:
            form["is_carousel_item"] = "true"
        if caption:
            form["caption"] = caption
        path = f"{self.user_id}/media"
        return _id_of(self._post("create", path, form, CREATE_DEADLINE_SECONDS), "create")

    def _post(
        self, call: Call, path: str, form: Mapping[str, str], deadline: float
    ) -> dict[str, Any]:
        return self._send(call, "POST", path, deadline, data=form)

    def _get(self, call: Call, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        return self._send(call, "GET", path, READ_DEADLINE_SECONDS, params=parameters)

    def _send(
        self, call: Call, method: str, path: str, deadline: float, **content: Any
    ) -> dict[str, Any]:
        refused = self._token  # calls are made at once, and another may have taken up the new one
        try:
            return self._exchange(call, method, path, deadline, content)
        except errors.TokenInvalidError:
            newer = self._renew_token() if self._renew_token and call != "publish" else None
            if newer is None or newer == refused:
                raise
            self._token = newer
            return self._exchange(call, method, path, deadline, content)

    def _exchange(
        self, call: Call, method: str, path: str, deadline: float, content: Mapping[str, Any]
    ) -> dict[str, Any]:
        if self._before_call is not None:
            self._before_call()
        headers = {"Authorization": f"Bearer {self._token}"}
        with self._lock:
            self.calls += 1
        try:
            with within(deadline):
                url = f"{self._graph_url(self._token).rstrip('/')}/{path}"
                answer = self._http.request(method, url, headers=headers, **content)
        except httpx.HTTPError as error:
            name = type(error).__name__
            raise failures.classify(
                GraphFailure(call, None, message=f"no answer, {name}")
            ) from error
        usage = parse_usage(answer.headers)
        with self._lock:
            if usage.told:
                highest = max(usage.percent, self.usage.percent)
                self.usage = Usage(highest, usage.regain_minutes, told=True)
        return self._body(call, answer, usage)

    def _body(self, call: Call, answer: httpx.Response, usage: Usage) -> dict[str, Any]:
        try:
            body = answer.json()
        except (ValueError, RecursionError):
            body = None
        if answer.is_success and isinstance(body, dict) and "error" not in body:
            return body
        problem = body.get("error") if isinstance(body, dict) else None
        failure = _failure(call, answer, problem, usage)
        self._notice(failure)
        raise failures.classify(failure)

    def _notice(self, failure: GraphFailure) -> None:
        """Tell of an error. Keeping count must never get in the way of a post."""
        if not failure.is_known:
            _log.warning(
                "An error that is not in the table, at %s: HTTP %s, code %s/%s",
                *(failure.call, failure.http_status, failure.code, failure.subcode),
                extra=_told(failure),
            )
        if self._on_failure is None:
            return
        try:
            self._on_failure(failure)
        except Exception:  # whatever it is, the call has its answer already
            _log.exception("An error of Instagram could not be noted")


def new_http_client() -> httpx.Client:
    """A client that obeys `deadline.within`, follows no redirects and reads no proxy settings."""
    return httpx.Client(
        transport=DeadlineTransport(),
        timeout=30,
        follow_redirects=False,
        trust_env=False,
        headers={"Accept": "application/json", "User-Agent": "postwright"},
    )


def parse_usage(headers: Mapping[str, str]) -> Usage:
    """The highest share over both usage headers; anything that is not as documented counts as 0.

    Source: Graph API rate limiting guide, 2026; headers captured live 2026-09-21.
    """
    rows: list[Any] = []
    for name in ("x-app-usage", "x-business-use-case-usage"):
        try:
            found = json.loads(headers.get(name, "{}"))
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            rows.append(found)
            rows.extend(row for pool in found.values() if isinstance(pool, list) for row in pool)
    counters = ("call_count", "total_cputime", "total_time")
    shares = [_number(row.get(name)) for row in rows if isinstance(row, dict) for name in counters]
    regain = [
        _number(row.get("estimated_time_to_regain_access")) for row in rows if isinstance(row, dict)
    ]
    told = any(name in row for row in rows if isinstance(row, dict) for name in counters)
    return Usage(max(shares, default=0), max(regain, default=0), told)


def _number(value: Any) -> int:
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if usable and 0 <= value <= _NUMBER_MAX else 0


def _id_of(body: Mapping[str, Any], call: Call) -> str:
    found = str(body.get("id") or "")
    if not re.fullmatch(r"\d+", found):
        raise failures.classify(GraphFailure(call, 200, message="success without an id"))
    return found


def rows(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The list of an answer. One that is missing is not an empty one: that nothing was published is
    concluded from lists.
    """
    listed = body.get("data")
    if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
        raise _without("the list that was asked for")
    return listed


def next_cursor(body: Mapping[str, Any]) -> str | None:
    """What leads to the next page of a list, or None on its last one."""
    paging = body.get("paging")
    cursors = paging.get("cursors") if isinstance(paging, dict) and paging.get("next") else None
    return _text(cursors.get("after")) if isinstance(cursors, dict) else None


def _without(what: str) -> errors.TransientGraphError:
    return errors.TransientGraphError(f"Instagram answered without {what}.", call="read")


def _failure(call: Call, answer: httpx.Response, problem: Any, usage: Usage) -> GraphFailure:
    if not isinstance(problem, dict):
        return GraphFailure(call, answer.status_code, message="not a Graph answer")
    return GraphFailure(
        call,
        answer.status_code,
        code=_integer(problem.get("code")),
        subcode=_integer(problem.get("error_subcode")),
        message=str(problem.get("message") or ""),
        user_message=str(problem.get("error_user_msg") or ""),
        words=" ".join(str(problem[name]) for name in _WORDS if name in problem),
        is_transient=problem.get("is_transient") is True,
        fbtrace_id=str(problem["fbtrace_id"]) if problem.get("fbtrace_id") else None,
        wait_seconds=usage.regain_minutes * 60,
    )


def _told(failure: GraphFailure) -> dict[str, Any]:
    """The numbers of a failure for a log line."""
    return {
        "call": failure.call,
        "code": failure.code,
        "subcode": failure.subcode,
        "http_status": failure.http_status,
        "fbtrace_id": failure.fbtrace_id,
        "said": errors.redact(failure.message),
    }


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _media(row: Mapping[str, Any]) -> Media:
    media_id = row.get("id")
    if not media_id:
        raise _without("the id of a post")
    return Media(
        id=str(media_id),
        caption=_text(row.get("caption")),
        media_type=_text(row.get("media_type")),
        media_product_type=_text(row.get("media_product_type")),
        permalink=_text(row.get("permalink")),
        timestamp=timestamp(row.get("timestamp")),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def timestamp(value: Any) -> datetime | None:
    """An instant as Instagram writes it, or None for anything else."""
    try:
        return datetime.strptime(_text(value) or "", "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None
