"""The hashtags of the posts before: what is live, and what is on its way."""

from __future__ import annotations

from typing import Final

from postwright import caption
from postwright.app import App
from postwright.hashtags import tags
from postwright.models import Group, Job

_LAST_POSTS: Final = 10
"""How many live posts are looked at."""


def sets_before(app: App, account_id: str, group: Group | None = None) -> list[frozenset[str]]:
    """The sets of hashtags of the account's last posts, of its jobs that are not over, and of the
    other groups in the session of `group`, each once.

    Live posts are read from Instagram, so those of other tools count too; raises what that raises,
    RateLimitedError before the call where the account has none left.
    """
    with app.calling(account_id, 1, "look") as instagram:
        live = instagram.recent_media(limit=_LAST_POSTS).media
    found = [tags.of_caption(media.caption) for media in live]
    jobs = [job for job in app.store.open_jobs() if job.account_id == account_id]
    found += [_of_job(app, job) for job in jobs if not _is_of(job, group)]
    if group is not None:
        described = app.store.hashtags_of_session(group.session_id)
        found += [_of_words(words) for name, words in described.items() if name != group.group_id]
    return [used for used in dict.fromkeys(found) if used]


def _of_job(app: App, job: Job) -> frozenset[str]:
    """A job that waits for its time has no caption yet; its description tells."""
    if job.caption_text is not None:
        return tags.of_caption(job.caption_text)
    return _of_words(app.store.hashtags_of_session(job.session_id).get(job.group_id, []))


def _of_words(words: list[str]) -> frozenset[str]:
    return tags.of_caption(caption.assemble("", words))


def _is_of(job: Job, group: Group | None) -> bool:
    return group is not None and (job.session_id, job.group_id) == (
        group.session_id,
        group.group_id,
    )
