"""What follows a post that is live: its link, the end of its job, and what the run has cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from postwright import costing, holding, progress
from postwright.app import App
from postwright.errors import PostwrightError
from postwright.models import Fence, Job, Ref, now_text

if TYPE_CHECKING:
    from postwright.instagram import InstagramClient

_STATES_TO_COME: Final = 1
"""After RecordResult the run enters PostPublished and is over."""


def record_result(app: App, ref: Ref) -> dict[str, Any]:
    """Close the job of a post that is live: permalink, number of children, end of the run.

    A repeat is safe. What Instagram does not tell yet is left open; the post is published all the
    same. What the run cost is written last, when nothing else can be lost any more.
    """
    group = holding.hold(app, ref, looking=True)
    job = holding.job_of(app, ref)
    answer = close_published(app, ref, group, job)
    costing.keep(app, ref, job, states_to_come=_STATES_TO_COME)
    return answer


def close_published(app: App, ref: Ref, group: Fence, job: Job) -> dict[str, Any]:
    """What `record_result` does, for a group that was read; later calls fill in what was open."""
    media_id = group.instagram_post_id
    app.budgets.let_go(ref.account_id, ref.job_id, published=True)
    permalink, warning = group.permalink, job.warning
    reads = (1 if permalink is None else 0) + (1 if job.kind == "carousel" else 0)
    taken = app.budgets.take_calls(ref.account_id, reads, "settle") if media_id else None
    if media_id and taken and not taken.pause:
        instagram = app.instagram(ref.account_id)
        permalink = permalink or _permalink(instagram, media_id)
        warning = _missing_children(instagram, job, media_id)
        app.budgets.heard(ref.account_id, taken, instagram)
    if permalink and permalink != group.permalink:
        app.store.set_permalink(ref, permalink)
    app.store.free_caption(ref, job.caption_hash or "")
    app.store.update_job(
        ref,
        status="published",
        phase="published",
        progress=progress.of_job(job, published=True),
        instagram_post_id=media_id,
        permalink=permalink,
        warning=warning,
        error=None,
        finished_at=job.finished_at or now_text(),
    )
    app.measures.ended(job, "published")
    return {
        "sessionId": ref.session_id,
        "groupId": ref.group_id,
        "jobId": ref.job_id,
        "instagramPostId": media_id,
        "permalink": permalink,
    }


def _permalink(instagram: InstagramClient, media_id: str) -> str | None:
    """The link, or None: right after a publish the read may fail, which says nothing about the
    post.
    """
    try:
        return instagram.media(media_id).permalink
    except PostwrightError:
        return None


def _missing_children(instagram: InstagramClient, job: Job, media_id: str) -> str | None:
    """A sentence when Instagram published fewer items than were sent, as it was seen to do.

    Source: seen 2026-09-14, seven sent and six live, answered 200.
    """
    if job.kind != "carousel":
        return None
    try:
        live = instagram.child_count(media_id)
    except PostwrightError:
        return None
    if live >= len(job.items):
        return None
    return f"Instagram shows {live} of the {len(job.items)} items that were sent."
