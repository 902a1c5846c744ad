"""Post groups as a page shows them: what would be posted, and how it stands.

Told from the table and the bucket, so that a page which asks often costs no call to Instagram.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import Any, Final

from pydantic import ValidationError

from postwright import caption, limits, posts, preflight, standing, validation
from postwright.answers import (
    Counts,
    GroupLine,
    GroupsAnswer,
    MediaLine,
)
from postwright.app import App
from postwright.errors import InvalidPostError
from postwright.models import Description, Fence, Group, Job, Problem, now_text

URL_SECONDS: Final = 900
"""How long a page may show the media that an answer names."""
_LOOKS_AT_ONCE: Final = 100
"""Items of a page whose objects are looked at; with more, the page ends earlier."""
_LIMITS: Final = Counts(
    characters=limits.CAPTION_MAX_CHARACTERS.value,
    hashtags=limits.HASHTAGS_MAX.value,
    mentions=limits.MENTIONS_MAX.value,
)


@dataclass
class _Draft:
    """A group while its line is made. Without a `group` its record cannot be read."""

    row: Mapping[str, Any]
    fence: Fence
    group: Group | None
    description: Description
    broken: list[Problem]
    found: list[posts.Found] | None = None

    @property
    def wants_a_look(self) -> bool:
        """Only what can be started is looked at; the rest was, when it was."""
        return self.fence.publish_status in ("ready", "failed")

    @property
    def job_id(self) -> str | None:
        return self.fence.active_job_id or self.fence.last_job_id


def groups(
    app: App, session_id: str, limit: int, after: str | None = None, *, look: bool = True
) -> GroupsAnswer:
    """Groups of a session, at most `limit` of them; `after` is the cursor of the page before. With
    `look`, those that can be started are checked as a start would check them.

    Raises InvalidPostError for a session that is unknown.
    """
    page = app.store.groups(session_id, limit, after)
    if not page.rows and after is None and not app.store.has_session(session_id):
        raise InvalidPostError(f"There is no session {session_id}.", unknown=True)
    described = app.store.descriptions(session_id, [row["groupId"] for row in page.rows])
    drafts = [_draft(row, described.get(row["groupId"], {})) for row in page.rows]
    cursor = page.after
    if look:
        kept = _as_many_as_can_be_looked_at(drafts)
        if kept < len(drafts):
            drafts, cursor = drafts[:kept], drafts[kept - 1].row["SK"]
        _look_at(app, drafts)
    jobs = app.store.jobs(session_id, [draft.job_id for draft in drafts if draft.job_id])
    lines = [_line(app, draft, jobs.get(draft.job_id or "")) for draft in drafts]
    return GroupsAnswer(now=now_text(), groups=lines, cursor=cursor)


def _draft(row: Mapping[str, Any], described: Mapping[str, Any]) -> _Draft:
    broken: list[Problem] = []
    group, description = None, Description()
    fence = Fence(session_id=row["sessionId"], group_id=row["groupId"])
    try:
        fence = Fence.model_validate(row)
        group = Group.model_validate(row)
    except ValidationError as error:
        broken += validation.record_problems(error, "group")
    try:
        description = Description.model_validate(described)
    except ValidationError as error:
        broken += validation.record_problems(error, "description")
    return _Draft(row, fence, group, description, broken)


def _as_many_as_can_be_looked_at(drafts: Sequence[_Draft]) -> int:
    """How many groups a page has; one at least."""
    items = (
        len(draft.group.media) if draft.group and draft.wants_a_look else 0 for draft in drafts
    )
    return max(1, sum(1 for _ in takewhile(lambda sum_: sum_ <= _LOOKS_AT_ONCE, accumulate(items))))


def _look_at(app: App, drafts: Iterable[_Draft]) -> None:
    """Look at the objects of all groups that can be started, several at once."""
    looked = [draft for draft in drafts if draft.group and draft.wants_a_look]
    names = [name for draft in looked if draft.group for name in posts.names_of(draft.group)]
    media = [item for draft in looked if draft.group for item in draft.group.media]
    found = iter(preflight.side_by_side(functools.partial(posts.look, app), names, media))
    for draft in looked:
        draft.found = [next(found) for _ in draft.group.media] if draft.group else None


def _line(app: App, draft: _Draft, job: Job | None) -> GroupLine:
    group = draft.group or Group(session_id="unread", group_id="unread")
    fence = draft.fence
    account_id = group.account_id or "default"
    text = caption.assemble(*posts.words_of(group, draft.description))
    problems, warnings = draft.broken, list[Problem]()
    if draft.group is not None:
        found, warnings = posts.judge(app, group, account_id, text, draft.found)
        problems = [*problems, *found]
    return GroupLine(
        group_id=fence.group_id,
        name=group.name or fence.group_id,
        account_id=account_id,
        kind=posts.kind_of(group.media) if group.media else None,
        publish_status=fence.publish_status,
        instagram_post_id=fence.instagram_post_id,
        permalink=fence.permalink,
        media=_media(app, group, draft.found),
        caption=text,
        counts=Counts(
            characters=caption.length(text),
            hashtags=len(caption.hashtags(text)),
            mentions=len(caption.mentions(text)),
        ),
        limits=_LIMITS,
        location_tag=draft.description.location_tag,
        checked=draft.found is not None,
        problems=problems,
        warnings=warnings,
        job=standing.of(job) if job else None,
    )


def _media(app: App, group: Group, found: Sequence[posts.Found] | None) -> list[MediaLine]:
    gone = [found is not None and found[number].head is None for number in range(len(group.media))]
    return [
        MediaLine(
            file_name=item.name,
            kind=item.kind,
            alt_text=item.alt_text,
            location_id=item.location_id,
            url=None if is_gone else app.media.presign(item.key, seconds=URL_SECONDS),
        )
        for item, is_gone in zip(group.media, gone, strict=True)
    ]
