"""What the HTTP API answers: sessions, post groups with what would be posted, jobs, and refusals.

Every key of an `Answer` is always there, with null for what is not known.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict

from postwright.models import (
    Cost,
    Instant,
    JobStatus,
    MediaKind,
    Model,
    Phase,
    PostKind,
    Problem,
    Progress,
    PublishStatus,
    Settlement,
)

ItemState = Literal["waiting", "created", "processing", "ready", "failed", "again"]


class Answer(Model):
    """Base of most answers."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    def to_json(self) -> dict[str, Any]:
        """All keys, with null for what is not known."""
        return self.model_dump(by_alias=True, mode="json")


class ItemProgress(Answer):
    """How far one item of a job is.

    `waiting` has no container yet, `again` gets another one, at `not_before` at the earliest;
    `failed` and `again` say why in `reason`. `since` is when its container was made. While it is
    processed, `elapsed_seconds` is how long that has taken so far and `expected_seconds` how long
    it usually takes.
    """

    index: int
    file_name: str
    kind: MediaKind
    state: ItemState
    since: Instant | None = None
    elapsed_seconds: int | None = None
    expected_seconds: int | None = None
    not_before: Instant | None = None
    reason: str | None = None


class StatusAnswer(Answer):
    """How a publish job stands. `items` are there once its run has really begun, `cost` soon after
    it is over.
    """

    job_id: str
    session_id: str
    group_id: str
    status: JobStatus
    phase: Phase
    progress: Progress
    items: list[ItemProgress]
    instagram_post_id: str | None
    permalink: str | None
    error: dict[str, Any] | None
    cost: Cost | None
    publish_at: Instant | None
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None


class StatusesAnswer(Answer):
    """How several jobs stand, in the order in which they were asked for; `unknown` are the ids that
    no job has.
    """

    now: Instant
    jobs: list[StatusAnswer]
    unknown: list[str]


class SessionLine(Answer):
    """A session in the list of sessions."""

    session_id: str
    name: str
    step: str | None
    created_at: str


class SessionsAnswer(Answer):
    """Sessions, the newest first; `cursor` leads to the next page, null on the last one."""

    sessions: list[SessionLine]
    cursor: str | None


class MediaLine(Answer):
    """An item of a group; `url` serves it for a quarter of an hour, null where there is no such
    object.
    """

    file_name: str
    kind: MediaKind
    alt_text: str | None
    location_id: str | None
    url: str | None


class Counts(Answer):
    """What Instagram counts of a caption, or allows."""

    characters: int
    hashtags: int
    mentions: int


class GroupLine(Answer):
    """A post group as it would be posted now, and how its last job stands.

    `media` are in publishing order, `caption` has its hashtags appended. `checked` is false where
    nobody has looked at the media: of groups that cannot be started, or as it was asked for, or
    because there was no time left; `problems` and `warnings` then are those of the text alone.
    """

    group_id: str
    name: str
    account_id: str
    kind: PostKind | None
    publish_status: PublishStatus
    instagram_post_id: str | None
    permalink: str | None
    media: list[MediaLine]
    caption: str
    counts: Counts
    limits: Counts
    location_tag: str | None
    checked: bool
    problems: list[Problem]
    warnings: list[Problem]
    job: StatusAnswer | None


class GroupsAnswer(Answer):
    """Post groups of a session by their ids; `cursor` leads to the next page, null on the last."""

    now: Instant
    groups: list[GroupLine]
    cursor: str | None


class Accepted(Model):
    """The run that publishes a group, and where to ask how it stands; `warnings` where there are
    any.
    """

    job_id: str
    status_url: str
    warnings: list[Problem] | None = None


class Retried(Answer):
    """The run that goes on, or the new one, and why it is which."""

    job_id: str
    status_url: str
    how: Literal["redrive", "new"]
    why: str


class Candidate(Answer):
    """A post of the account that may be the one of an unclear publish.

    `items` were counted where that says something, `taken` is one of another group.
    """

    instagram_post_id: str
    permalink: str | None
    timestamp: Instant | None
    caption: Literal["same", "other", "missing"]
    items: int | None
    taken: bool
    fits: bool


class Evidence(Answer):
    """What a look at an unclear publish found. `settled` says that its call cannot take effect any
    more, `posts_read` that the account's posts could be read.
    """

    container_id: str
    container_status: str | None
    sent_at: Instant
    settled: bool
    answer: str | None
    posts_read: bool
    candidates: list[Candidate]


class Standing(Answer):
    """How a job stands after somebody has cancelled or settled it."""

    job_id: str
    status: JobStatus
    instagram_post_id: str | None
    permalink: str | None
    settlement: Settlement | None


class Looked(Standing):
    """The same after a look, with what it found; null where nothing is unclear."""

    evidence: Evidence | None


class Told(Model):
    """Why a request is refused: the kind of error, a sentence for people, and what else is known,
    above all every problem.
    """

    type: str
    message: str
    code: int | None = None
    subcode: int | None = None
    http_status: int | None = None
    fbtrace_id: str | None = None
    item: str | None = None
    call: str | None = None
    problems: list[Problem] | None = None


class Refusal(Model):
    """Why a request is refused, with how the job or the group stands where that is the reason.

    `frees_at` is when there is room again for a post; null where nobody can say.
    """

    error: Told
    status: str | None = None
    job_id: str | None = None
    permalink: str | None = None
    frees_at: Instant | None = None
