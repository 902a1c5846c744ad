"""What crosses our edges: requests, the records of the table, and what is answered.

JSON uses camelCase, Python uses snake_case; `to_json` writes the former. Pipelines write sessions,
groups and descriptions themselves, so those accept attributes that we do not know.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel

from postwright import clock
from postwright.hosts import Login

MediaKind = Literal["image", "video"]
PostKind = Literal["image", "reel", "carousel"]
OnQuota = Literal["fail", "wait"]
PublishStatus = Literal["ready", "publishing", "published", "failed", "unconfirmed", "split"]
JobStatus = Literal["publishing", "published", "failed", "unconfirmed", "cancelled"]
Phase = Literal[
    "scheduled",
    "waiting_for_quota",
    "creating_containers",
    "processing_videos",
    "creating_carousel",
    "publishing",
    "published",
    "failed",
    "unconfirmed",
    "cancelled",
]
Severity = Literal["problem", "warning"]
AttemptState = Literal["open", "not_published", "resend_allowed", "published"]

IDENTIFIER: Final = r"^[^#/\s]{1,128}$"
Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER)]
"""An id that is safe as part of a table key and of an object key."""


def _check_instant(text: str) -> str:
    return clock.to_text(clock.from_text(text))


Instant = Annotated[
    str, AfterValidator(_check_instant), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""An ISO 8601 instant with an offset, kept as text in UTC."""


class Model(BaseModel):
    """Base of all: camelCase outside, unknown keys refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        extra="forbid",
        defer_build=True,  # most processes use few of them
    )

    def to_json(self) -> dict[str, Any]:
        """A JSON object with camelCase keys and without absent values."""
        return self.model_dump(by_alias=True, exclude_none=True, mode="json")


class Record(Model):
    """A record that pipelines may extend with attributes of their own."""

    model_config = ConfigDict(extra="ignore")


class PublishRequest(Model):
    """The input of the workflow, the same from the API, the console and the command line."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"sessionId": "demo", "groupId": "group-1"}]}
    )

    session_id: Identifier
    group_id: Identifier
    account_id: Identifier | None = None
    publish_at: Instant | None = None
    on_quota: OnQuota = "fail"

    def canonical(self) -> str:
        """One text per meaning: StartExecution compares the input of a repeated name as text."""
        return json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))


class Problem(Model):
    """One thing that Instagram would refuse, or a warning: the item, the rule, what was found, the
    fix. Lists of either are kept apart, so that their JSON does not tell which it is.
    """

    item: str
    rule: str
    found: str
    allowed: str
    fix: str
    severity: Severity = Field(default="problem", exclude=True, repr=False)


class UserTag(Model):
    """A person in a picture; x and y run from 0 to 1 from the top left corner."""

    username: str
    x: float | None = Field(default=None, ge=0, le=1)
    y: float | None = Field(default=None, ge=0, le=1)


class MediaItem(Model):
    """One photo or video of a post group, with the options that Instagram takes for it."""

    key: str = Field(min_length=1)
    kind: MediaKind
    alt_text: str | None = None
    location_id: str | None = None
    user_tags: list[UserTag] | None = None
    collaborators: list[str] | None = None
    cover_key: str | None = None
    thumb_offset: int | None = Field(default=None, ge=0)
    share_to_feed: bool | None = None

    @property
    def name(self) -> str:
        """The file name, for messages to people."""
        return self.key.rsplit("/", 1)[-1]

    def options_hash(self) -> str:
        """Changes when anything but the bytes of the media changes."""
        text = json.dumps(self.to_json(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Session(Record):
    """A run of the pipeline that made the posts; `step` is where it stands."""

    session_id: Identifier
    name: str
    step: str
    created_at: Instant


class Attempt(Record):
    """The one attempt to publish that a group may have open; `seq` fences every write about it."""

    seq: int
    job_id: str
    n: int
    container_id: str
    ig_user_id: str
    caption_hash: str
    sent_at: Instant
    state: AttemptState
    answer: str | None = None
    settled_by: str | None = None
    settled_at: Instant | None = None

    @property
    def unproven(self) -> bool:
        """True while a post may be live that we do not know of."""
        return self.state in ("open", "resend_allowed")


class Parts(Record):
    """How a group was divided into several posts: the items of each, and a hash of all of them."""

    sizes: list[int]
    media_hash: str


class Fence(Record):
    """The part of a post group that decides who may publish it; only Postwright writes it.

    `last_job_id` is the run that was cancelled, when none has the group. A group with `parts` is
    published through the groups of its parts only. The fence is read by itself, so that a group
    whose content was damaged can still be brought to an end.
    """

    session_id: str
    group_id: str
    publish_status: PublishStatus = "ready"
    active_job_id: str | None = None
    last_job_id: str | None = None
    attempt: Attempt | None = None
    parts: Parts | None = None
    instagram_post_id: str | None = None
    permalink: str | None = None


class Group(Fence):
    """A post group with what it publishes."""

    session_id: Identifier
    group_id: Identifier
    name: str = ""
    account_id: Identifier | None = None
    media: list[MediaItem] = []
    caption: str | None = None


class Description(Record):
    """Caption and hashtags that the pipeline wrote for a group."""

    caption: str = ""
    hashtags: list[str] = []
    location_tag: str | None = None


class Progress(Model):
    """Steps done of all steps; a step is never counted twice."""

    completed: int = 0
    total: int = 0


class SnapshotItem(Model):
    """An item as it was when the run began: what a container must match to be used again."""

    index: int
    media: MediaItem
    etag: str
    version_id: str | None = None
    size_bytes: int
    options_hash: str
    shape: str | None = None


PARENT: Final = "parent"
"""The key of a carousel's own container among those of its items, which are "0", "1" and so on."""
ContainerState = Literal["created", "finished", "rejected", "retry", "throttled", "expired"]


class Container(Model):
    """What we know of one container; `tries` counts how often it was asked for in this run."""

    state: ContainerState
    id: str | None = None
    created_at: Instant | None = None
    tries: int = 1
    not_before: Instant | None = None
    error: dict[str, Any] | None = None
    children: list[str] | None = None
    caption_hash: str | None = None

    @property
    def age_seconds(self) -> float:
        """How long ago it was made; 0 for one that never was."""
        return clock.seconds_since(parse_instant(self.created_at)) if self.created_at else 0.0

    @property
    def exists(self) -> bool:
        """True when Instagram has it and it has not failed."""
        return self.state in ("created", "finished")


class CarouselCap(Record):
    """How many items a carousel of an account may have, as Instagram showed when it was asked."""

    max_items: int
    checked_at: Instant


class Block(Record):
    """An action block of an account, and until when nothing is sent because of it."""

    since: Instant
    until: Instant
    reason: str
    code: int | None = None
    subcode: int | None = None


class TokenFacts(Record):
    """What is known of an account's token, never the token itself.

    The facts are about one version of the SSM parameter; another one is a token that somebody
    stored since. `is_guess` says that nobody told when it was issued: then `issued_at` and
    `expires_at` are the latest they can be. Without `expires_at` it does not end by itself.
    `searching_expires_at` is the end of the Facebook user token, where there is one.
    """

    login: Login
    user_id: str
    username: str = ""
    account_type: str = ""
    scopes: list[str] = []
    issued_at: Instant
    expires_at: Instant | None = None
    searching_expires_at: Instant | None = None
    is_guess: bool = False
    parameter_version: int
    tried_at: Instant | None = None
    trouble: str | None = None
    trouble_since: Instant | None = None

    @property
    def days_left(self) -> float | None:
        """Days until the token ends, 0 when it has; None when it does not by itself."""
        return _days_until(self.expires_at)

    @property
    def searching_days_left(self) -> float | None:
        """The same for the Facebook user token; None where there is none."""
        return _days_until(self.searching_expires_at)


class SearchedHashtag(Model):
    """A hashtag that an account has searched for, or is about to.

    It is `counted` when Instagram is known to count it. Its seven days began at `since` or before
    that. One that another tool searched for may have no name, one that is about to be searched for
    has no id. `asked_at` is when one of our processes last set out to search for it, `takers` how
    many have and are not back.
    """

    tag: str | None = None
    id: str | None = None
    since: Instant
    counted: bool = True
    asked_at: Instant | None = None
    takers: int = 0


class SearchLedger(Record):
    """The hashtags that use up an account's searches; `version` fences every write.

    `synced_at` is when Instagram's own list was last read, `paused_until` until when nothing is
    asked, because the app's calls are nearly used up.
    """

    version: int = 0
    hashtags: list[SearchedHashtag] = []
    synced_at: Instant | None = None
    paused_until: Instant | None = None

    def to_json(self) -> dict[str, Any]:
        """Short: of most hashtags only a name, an id and a time."""
        return self.model_dump(by_alias=True, exclude_defaults=True, mode="json")


class Slot(Record):
    """A post that a run may still publish, and the containers that it has yet to make for it."""

    session_id: str
    taken_at: Instant
    containers: int = 0


class QuotaSeen(Record):
    """What Instagram said last of an account's posts of 24 hours."""

    used: int
    total: int
    at: Instant


class UsageSeen(Record):
    """What the usage headers said last, in percent, and what we had counted ourselves by then:
    calls ever, and those of the hour before.
    """

    percent: int
    at: Instant
    calls_ever: int
    calls_then: int


class Throttle(Record):
    """Until when Instagram refuses the account's calls, and how often in a row it did."""

    until: Instant
    refusals: int = 0


SettledHow = Literal["accepted", "not_published", "found", "expired"]


class Settlement(Model):
    """How an unclear publish was settled from outside its run: by whom, when, and as what."""

    how: SettledHow
    by: str
    at: Instant
    instagram_post_id: str | None = None


class Looks(Model):
    """How often an unclear publish was looked into, and how often in a row all was clear."""

    seq: int
    redrive: int
    count: int = 0
    clear: int = 0


class Cost(Model):
    """What all runs of an execution have cost together, in US dollars at the prices of a month.

    Retries count as transitions and calls. `gb_seconds` is the time in functions times their
    memory, `bytes` what Instagram has fetched from the bucket.
    """

    transitions: int
    calls: int
    gb_seconds: float
    bytes: int
    usd: float
    prices_of: str


class Job(Record):
    """One run of the workflow for one group."""

    job_id: str
    session_id: str
    group_id: str
    account_id: str
    request: PublishRequest
    status: JobStatus = "publishing"
    phase: Phase = "creating_containers"
    progress: Progress = Progress()
    kind: PostKind | None = None
    items: list[SnapshotItem] = []
    containers: dict[str, Container] = {}
    caption_text: str | None = None
    caption_hash: str | None = None
    ig_user_id: str | None = None
    redrive_seen: int = 0
    looks: Looks | None = None
    looked_at: Instant | None = None
    expected_seconds: list[int] = []
    previous_job_id: str | None = None
    cancelled_by: str | None = None
    settlement: Settlement | None = None
    instagram_post_id: str | None = None
    permalink: str | None = None
    error: dict[str, Any] | None = None
    warning: str | None = None
    cost: Cost | None = None
    execution_arn: str | None = None
    created_at: Instant
    started_at: Instant | None = None
    updated_at: Instant
    finished_at: Instant | None = None

    @property
    def publish_key(self) -> str:
        """The key of the container to publish: a carousel's parent, else the only one."""
        return PARENT if self.kind == "carousel" else "0"

    @property
    def item_containers(self) -> list[Container | None]:
        """The container of each item in the post's order; None for one that was never made."""
        return [self.containers.get(str(item.index)) for item in self.items]


class Nothing(Model):
    """The body or the query of a request whose path says it all."""


class SessionsQuery(Model):
    """The query of `GET /api/sessions`."""

    limit: int = Field(default=100, ge=1, le=100)
    cursor: str | None = None


class GroupsQuery(Model):
    """The query of `GET /api/sessions/{id}/groups`; `preflight` is 0 where nobody is to look at the
    media.
    """

    limit: int = Field(default=24, ge=1, le=50)
    cursor: str | None = None
    preflight: Literal["0", "1"] = "1"


class StatusesQuery(Model):
    """The query of `GET /api/publish/status`: ids with commas between them."""

    jobs: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[^,]+$")]],
        BeforeValidator(lambda text: text.split(",") if isinstance(text, str) else text),
        Field(min_length=1, max_length=50),
    ]


class AccountQuery(Model):
    """The query of `GET /api/account`: the only account that is wanted."""

    account_id: str | None = None


class SettleRequest(Model):
    """How a person settles an unclear publish; with neither, it is only looked at."""

    accept: Annotated[str, StringConstraints(pattern=r"^\d{1,32}$")] | None = None
    not_published: StrictBool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> SettleRequest:
        if self.accept is not None and self.not_published:
            raise ValueError("accept and notPublished exclude each other")
        return self


class Started(Model):
    """The run that publishes a group; `new` tells whether this call began it. The warnings are
    those of the check before it.
    """

    job_id: str
    new: bool
    warnings: list[Problem] = []


class Ref(Model):
    """Which run of which group a function works for."""

    session_id: str
    group_id: str
    job_id: str
    account_id: str = "default"
    redrive_count: int = 0


def _days_until(text: str | None) -> float | None:
    if text is None:
        return None
    return max(0.0, -clock.seconds_since(parse_instant(text)) / 86_400)


def now_text() -> str:
    """The current instant as the records hold it."""
    return clock.to_text(clock.now())


def parse_instant(text: str) -> datetime:
    """The instant that a record holds as text."""
    return clock.from_text(text)
