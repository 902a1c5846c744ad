"""Settling what a run has left open: unclear publishes, missing links, and runs that nobody ended.

The sweep does it by itself every few minutes; a person can do it by hand, with the evidence in
view. Both go by the group's item, so that they may run at any time and at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from postwright import answers, clock, closing, finishing, looking, standing
from postwright.app import App
from postwright.errors import NotPossibleError
from postwright.looking import Evidence, Seen
from postwright.models import (
    Attempt,
    Fence,
    Job,
    Ref,
    SettledHow,
    Settlement,
    now_text,
    parse_instant,
)
from postwright.store import ConditionFailedError

GIVE_UP_AFTER: Final = timedelta(days=7)
"""So long the sweep looks for a post by itself; after that only a person can settle it."""
_RESERVE_SECONDS: Final = 12.0
"""A job is not begun with less time left than its calls may take."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Case:
    """A job whose publish is unclear or whose link is open, and what a look at it found."""

    ref: Ref
    job: Job
    group: Fence
    attempt: Attempt
    evidence: Evidence

    def to_json(self) -> dict[str, Any]:
        """The evidence as the command line and the API show it."""
        return answers.Evidence(
            container_id=self.attempt.container_id,
            container_status=self.evidence.status,
            sent_at=self.attempt.sent_at,
            settled=looking.is_settled(self.attempt),
            answer=self.attempt.answer,
            posts_read=self.evidence.read,
            candidates=[_candidate(one) for one in self.evidence.seen],
        ).to_json()


def _candidate(one: Seen) -> answers.Candidate:
    at = one.media.timestamp
    return answers.Candidate(
        instagram_post_id=one.media.id,
        permalink=one.media.permalink,
        timestamp=clock.to_text(at) if at else None,
        caption=one.caption,
        items=one.items,
        taken=one.taken,
        fits=one.fits,
    )


def sweep(app: App, remaining_seconds: Callable[[], float]) -> dict[str, int]:
    """Look after every open job, the longest quiet first; answers how many there are of each kind.

    `settled` are closed now, `running` have a run that goes on, `open` must be looked after again,
    `failed` could not be looked at now. A repeat is safe, also at the same time.
    """
    counts = {"settled": 0, "running": 0, "open": 0, "failed": 0}
    for job in app.store.open_jobs():
        if remaining_seconds() < _RESERVE_SECONDS:
            counts["open"] += 1
            continue
        try:
            counts[_look_after(app, job)] += 1
        except Exception as error:  # one job must not keep the others from being looked after
            _log.warning("Job %s could not be looked after: %s", job.job_id, type(error).__name__)
            counts["failed"] += 1
    return counts


def evidence(app: App, job_id: str) -> Case | None:
    """What a look at an unclear publish finds now, or None when nothing about the job is unclear.

    Raises InvalidPostError for a job that is unknown.
    """
    job = closing.known_job(app, job_id)
    group = app.store.fence(job.session_id, job.group_id)
    return _case(app, job, group) if group is not None else None


def look_again(app: App, job_id: str, by: str) -> Case | None:
    """Settle a job as the sweep would, if the evidence is enough; returns what was found."""
    case = evidence(app, job_id)
    if case is not None:
        _settle(app, case, by)
    return case


def accept(app: App, job_id: str, media_id: str, by: str) -> Job:
    """A person says which post is the group's; returns the job, which is published then.

    Raises NotPossibleError when nothing is unclear, while the run still looks itself, for a post of
    another kind, or one that belongs to another group; what Instagram says of an id that is not the
    account's is raised as it is. A repeat is safe.

    Its call is counted, but never refused for want of calls: a person waits for it, it is one, and
    what it settles ends the looks that the sweep would go on with.
    """
    job = closing.known_job(app, job_id)
    group = app.store.fence(job.session_id, job.group_id)
    if group is not None and group.active_job_id == job_id and group.instagram_post_id == media_id:
        return job
    case = _unclear(app, job)
    with app.calling(job.account_id, 1, None) as instagram:
        media = instagram.media(media_id)
    if not looking.is_of_kind(media, job.kind or "image"):
        raise NotPossibleError(
            f"{media_id} is a {media.media_type}, and the group is published as {job.kind}.",
            status=job.status,
        )
    if not app.store.claim_media(case.ref, job.ig_user_id or "", media_id):
        raise NotPossibleError(
            f"{media_id} is the post of another group of this account.", status=job.status
        )
    _publish(app, case, media_id, _settlement("accepted", by, media_id))
    return closing.known_job(app, job_id)


def not_published(app: App, job_id: str, by: str) -> Job:
    """A person who looked says that nothing was published; the group can be started anew then.

    Raises NotPossibleError when nothing is unclear, while the run is going on, before the settle
    time is over, and when the container says PUBLISHED or cannot be read.
    """
    job = closing.known_job(app, job_id)
    case = _unclear(app, job)
    problem = None
    if case.group.publish_status != "unconfirmed":
        problem = "the post is live; only its link is open"
    elif not looking.is_settled(case.attempt):
        problem = f"the publish call may still take effect; wait {looking.SETTLE_SECONDS:.0f} s"
    elif case.evidence.status == "PUBLISHED":
        problem = "the container says PUBLISHED, so the post is live; accept it with its id"
    elif case.evidence.status is None:
        problem = "the container cannot be read now; try again"
    if problem:
        raise NotPossibleError(f"Job {job_id} cannot be settled so: {problem}.", status=job.status)
    if not _disprove(app, case, _settlement("not_published", by)):
        raise NotPossibleError(
            f"Job {job_id} has moved on meanwhile; look at it again.", status=job.status
        )
    return closing.known_job(app, job_id)


def _look_after(app: App, job: Job) -> Literal["settled", "running", "open"]:
    ref = closing.ref_of(job)
    if job.status == "publishing":
        standing.look_after(app, job)
        job = app.store.job(job.session_id, job.job_id) or job
        if job.status == "publishing":
            return "running"
    group = app.store.fence(job.session_id, job.group_id)
    if group is None or group.active_job_id != job.job_id:
        app.store.leave_open_jobs(ref)
        return "settled"
    if group.publish_status == "published" and group.instagram_post_id is not None:
        return "open" if _close(app, ref, group, job) else "settled"
    if not _is_unclear(group):
        return "settled"
    case = _case(app, job, group)
    if case is None:
        return "running"
    if _settle(app, case, "the sweep"):
        return "settled"
    if clock.now() - parse_instant(job.created_at) > GIVE_UP_AFTER:
        app.store.leave_open_jobs(ref)
        return "settled"
    app.store.update_job(ref)  # to the end of the line
    return "open"


def _is_unclear(group: Fence) -> bool:
    """Whether there is something to find out: if the post is live, or which one it is."""
    return group.publish_status == "unconfirmed" or (
        group.publish_status == "published" and group.instagram_post_id is None
    )


def _case(app: App, job: Job, group: Fence) -> Case | None:
    """A look, if there is something to find out and no run that does it."""
    attempt = group.attempt
    if not _is_unclear(group) or attempt is None or group.active_job_id != job.job_id:
        return None
    execution = app.executions.describe(job.job_id)
    if execution is not None and execution.running:
        return None
    ref = closing.ref_of(job)
    return Case(ref, job, group, attempt, looking.look(app, ref, job, attempt))


def _unclear(app: App, job: Job) -> Case:
    """The case that a person settles; raises NotPossibleError when there is none."""
    group = app.store.fence(job.session_id, job.group_id)
    case = _case(app, job, group) if group is not None else None
    if case is None:
        running = " Its run is looking itself." if job.status == "publishing" else ""
        raise NotPossibleError(
            f"Job {job.job_id} has nothing to settle: it is {job.status}.{running}",
            status=job.status,
        )
    return case


def _settle(app: App, case: Case, by: str) -> bool:
    """True when the case is closed; only what is proven is written."""
    found = case.evidence.only
    settled = looking.is_settled(case.attempt)
    is_live = case.group.publish_status == "published" or case.evidence.status == "PUBLISHED"
    if is_live and found and app.store.claim_media(case.ref, case.job.ig_user_id or "", found.id):
        _publish(app, case, found.id, _settlement("found", by, found.id))
        return True
    if case.group.publish_status == "published":
        return False
    if is_live and settled:
        _publish(app, case, None, _settlement("found", by))
        return False
    if case.evidence.over and settled:
        return _disprove(app, case, _settlement("expired", by))
    return False


def _publish(app: App, case: Case, media_id: str | None, settlement: Settlement) -> None:
    """Transitions 5 and 9: the post is live, and group and job say so in one step; without its id
    the link stays open, and a job without its link is looked after again.
    """
    changes = {"status": "published", "phase": "published", "settlement": settlement}
    try:
        app.store.succeed(case.ref, media_id, changes)
    except ConditionFailedError as error:
        raise NotPossibleError(
            f"Job {case.job.job_id} has another post already.", status=case.job.status
        ) from error
    group = app.store.fence(case.ref.session_id, case.ref.group_id) or case.group
    _close(app, case.ref, group, case.job)


def _close(app: App, ref: Ref, group: Fence, job: Job) -> bool:
    """Fill in what is known of a post that is live; True when its link is still open."""
    return finishing.close_published(app, ref, group, job)["permalink"] is None


def _disprove(app: App, case: Case, settlement: Settlement) -> bool:
    """Transition 10; False when the group has moved on."""
    cancelled = case.job.cancelled_by is not None
    state = "cancelled" if cancelled else "failed"
    error = {
        "type": "NotPublished",
        "message": "The publish call had no clear answer, and nothing was published."
        " Start the post again.",
    }
    changes = {"status": state, "phase": state, "error": error, "settlement": settlement}
    try:
        app.store.disprove(case.ref, case.attempt.seq, settlement.by, changes, release=cancelled)
    except ConditionFailedError:
        return False
    app.measures.ended(case.job, state)
    app.store.free_caption(case.ref, case.job.caption_hash or "")
    app.budgets.let_go(case.ref.account_id, case.ref.job_id)
    return True


def _settlement(how: SettledHow, by: str, media_id: str | None = None) -> Settlement:
    return Settlement(how=how, by=by, at=now_text(), instagram_post_id=media_id)
