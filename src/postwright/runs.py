"""Runs of the workflow for a group: who has it, and how a run begins."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from postwright import account_rules, breaker, caption, clock, closing, posts, progress, reusing
from postwright.app import App
from postwright.errors import (
    AlreadyPublishedError,
    AlreadyPublishingError,
    InvalidPostError,
    PostwrightError,
)
from postwright.models import (
    Fence,
    Job,
    Problem,
    PublishRequest,
    Ref,
    Started,
    now_text,
    parse_instant,
)
from postwright.store import ConditionFailedError

_CLAIM_ROUNDS: Final = 4


def start(app: App, request: PublishRequest, *, check_quota: bool = True) -> Started:
    """Begin to publish a group, or name the run that has it already.

    Raises InvalidPostError with all problems, AlreadyPublishedError, AlreadyPublishingError for a
    group whose last publish is unconfirmed, AccountBlockedError while nothing may be sent, and
    QuotaExceededError where `check_quota` is asked for and no wait is wanted. A repeat is safe: the
    claim on the group decides.
    """
    group = posts.find_group(app, request)
    account_id = posts.account_of(request, group)
    check_schedule(app, request)
    running = _resolve(app, group)
    if running is not None:
        return Started(job_id=running, new=False)
    post = posts.prepare(app, group, account_id)
    if request.publish_at is None:
        account_rules.require_token(app, account_id)
        breaker.check(app.store, account_id)
        if check_quota and request.on_quota == "fail":
            _refuse_over_budget(app, account_id, _containers_of(group, post))
    job_id = new_job_id()
    try:
        claim(app, request, job_id)
    except AlreadyPublishingError as error:
        if error.status == "unconfirmed":
            raise
        return Started(job_id=error.job_id, new=False)
    app.executions.start(job_id, request)
    return Started(job_id=job_id, new=True, warnings=post.warnings)


def new_job_id() -> str:
    """An id for a job, which is also its execution's name: sorts by time, never repeats."""
    return f"{clock.now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}"


def load(
    app: App, raw_input: Any, job_id: str, execution_arn: str, redrive_count: int
) -> dict[str, Any]:
    """The first step: claim the group, and either wait for its time or take the snapshot and begin.

    A repeat is safe: an own claim is recognised, and a run that has begun keeps its snapshot.
    """
    request = posts.parse_request(raw_input)
    check_schedule(app, request)
    try:
        ref = claim(app, request, job_id, redrive_count)
    except AlreadyPublishingError as error:
        if error.status == "unconfirmed":
            raise
        return _already(request, error.job_id, None)
    except AlreadyPublishedError as error:
        return _already(request, error.job_id, error.permalink)
    answer: dict[str, Any] = {
        "next": "now",
        "sessionId": ref.session_id,
        "groupId": ref.group_id,
        "accountId": ref.account_id,
        "jobId": job_id,
        "publishAt": request.publish_at,
        "permalink": None,
    }
    if request.publish_at and parse_instant(request.publish_at) > clock.now():
        app.store.update_job(ref, phase="scheduled", execution_arn=execution_arn)
        return {**answer, "next": "scheduled"}
    job = job_of(app, ref)
    if job.started_at is None:
        app.store.update_job(ref, execution_arn=execution_arn)
        begun = snapshot(app, request, ref)
        with suppress(ConditionFailedError):  # another delivery of this step was quicker
            app.store.begin_job(ref, **begun)
        job = job.model_copy(update=begun)
    return {**answer, "post": facts_of(job)}


def facts_of(job: Job) -> dict[str, Any]:
    """What the history keeps of a post, so that one of its shape can be made up: no text, no names,
    no ids. Sizes are in bytes; `shape` is null where the object's headers were not read.
    """
    items = [
        {"kind": item.media.kind, "bytes": item.size_bytes, "shape": item.shape}
        for item in job.items
    ]
    text = job.caption_text or ""
    return {
        "kind": job.kind,
        "items": items,
        "captionCharacters": caption.length(text),
        "hashtags": len(caption.hashtags(text)),
    }


def claim(app: App, request: PublishRequest, job_id: str, redrive_count: int = 0) -> Ref:
    """Transition 1: the group is ours, or already was; raises Already...Error with who has it
    instead.
    """
    for _ in range(_CLAIM_ROUNDS):
        group = posts.find_group(app, request)
        account_id = posts.account_of(request, group)
        ref = Ref(
            session_id=request.session_id,
            group_id=request.group_id,
            job_id=job_id,
            account_id=account_id,
            redrive_count=redrive_count,
        )
        if group.active_job_id == job_id:
            hold(app, ref)
            return ref
        running = _resolve(app, group)
        if running is not None:
            raise AlreadyPublishingError(
                f"Job {running} is publishing this group already.", job_id=running
            )
        try:
            app.store.claim(group, _new_job(request, ref, group.active_job_id or group.last_job_id))
        except ConditionFailedError:
            if _has_let_go(app, ref):
                raise AlreadyPublishingError(
                    "This run was cancelled and has let go of the group.", job_id=job_id
                ) from None
            continue
        return ref
    raise AlreadyPublishingError(
        "Other runs keep taking this group; ask for its status.",
        job_id=group.active_job_id or "unknown",
    )


def hold(app: App, ref: Ref, *, looking: bool = False) -> Fence:
    """Transition 2, the first thing that every step does: the group is still ours.

    A failed group is taken back for the same job, as a redrive needs it. With `looking`, which only
    the steps around the publish call use, an unconfirmed group is taken back too, and one that is
    published is no error. Raises AlreadyPublishingError or AlreadyPublishedError when the group has
    gone on without this job.
    """
    for _ in range(_CLAIM_ROUNDS):
        group = _still_ours(app, ref, looking=looking)
        if group.publish_status not in ("failed", "unconfirmed"):
            return group
        try:
            app.store.take_back(ref, group.publish_status)
        except ConditionFailedError:
            continue  # somebody changed it, perhaps this very call, whose first answer was lost
        group.publish_status = "publishing"
        return group
    raise AlreadyPublishingError(
        "Other runs keep changing this group; ask for its status.", job_id=ref.job_id
    )


def fence_of(app: App, job: Job | Ref) -> Fence:
    """Who has the group of a job; raises InvalidPostError when there is none any more."""
    group = app.store.fence(job.session_id, job.group_id)
    if group is None:
        raise InvalidPostError("The post group was deleted while it was published.", unknown=True)
    return group


def _still_ours(app: App, ref: Ref, *, looking: bool) -> Fence:
    """The group, if this job may go on with it; see `hold`."""
    group = fence_of(app, ref)
    if group.publish_status == "published" and not (looking and group.active_job_id == ref.job_id):
        raise _published(group)
    if group.publish_status == "split":
        raise _split(group)
    if group.active_job_id != ref.job_id:
        raise AlreadyPublishingError(
            f"Job {group.active_job_id} has taken this group over."
            if group.active_job_id
            else "This run was cancelled and has let go of the group. Start a new one.",
            job_id=group.active_job_id or "none",
            status=group.publish_status,
        )
    if group.publish_status == "ready" and not (looking and _may_be_live(group)):
        raise InvalidPostError(
            "The post group was set back to ready while it was published; start it again."
        )
    if group.publish_status == "unconfirmed" and not looking:
        raise _unconfirmed(group)
    return group


def snapshot(app: App, request: PublishRequest, ref: Ref) -> dict[str, Any]:
    """What is published from here on, for the job's record; raises InvalidPostError when the group
    is not fit.

    What an earlier run of the group has made of the same media is used again.
    """
    post = posts.prepare(app, posts.find_group(app, request), ref.account_id)
    user_id = app.tokens.credentials(ref.account_id).user_id
    return {
        "kind": post.kind,
        "items": post.items,
        "containers": reusing.containers_for(app, ref, post, user_id),
        "caption_text": post.caption,
        "caption_hash": caption.digest(post.caption),
        "ig_user_id": user_id,
        "phase": "creating_containers",
        "progress": progress.at_start(post.kind, len(post.items)),
        "started_at": now_text(),
    }


def job_of(app: App, ref: Ref) -> Job:
    """The job of a step; raises InvalidPostError when its record is gone."""
    job = app.store.job(ref.session_id, ref.job_id)
    if job is None:
        raise InvalidPostError(f"The record of job {ref.job_id} is gone; start a new run.")
    return job


def _resolve(app: App, group: Fence) -> str | None:
    """The job that is running for the group, or None when it is free; a run that is dead is brought
    to its end.

    A claim whose execution was never started is started now, under the same name and with the same
    input.
    """
    if group.publish_status == "published":
        raise _published(group)
    if group.publish_status == "unconfirmed":
        raise _unconfirmed(group)
    if group.publish_status == "split":
        raise _split(group)
    job_id = group.active_job_id
    if group.publish_status != "publishing" or job_id is None:
        return None
    job = app.store.job(group.session_id, job_id)
    execution = app.executions.describe(job_id)
    if execution is None and job is not None:
        app.executions.start(job_id, job.request)
    if execution is None or not execution.over:
        return job_id
    if job is not None:
        closing.close_run(app, job)
    else:
        ref = Ref(session_id=group.session_id, group_id=group.group_id, job_id=job_id)
        closing.close_lost(app, ref)
    now = app.store.fence(group.session_id, group.group_id)
    if now is None or now.publish_status == "publishing":
        return (now and now.active_job_id) or job_id
    return _resolve(app, now)


def _has_let_go(app: App, ref: Ref) -> bool:
    """True for a run that had the group once and does not any more."""
    if app.store.job(ref.session_id, ref.job_id) is None:
        return False
    group = app.store.fence(ref.session_id, ref.group_id)
    return group is None or group.active_job_id != ref.job_id


def _new_job(request: PublishRequest, ref: Ref, previous_job_id: str | None) -> Job:
    now = now_text()
    return Job(
        job_id=ref.job_id,
        session_id=ref.session_id,
        group_id=ref.group_id,
        account_id=ref.account_id,
        request=request,
        phase="scheduled" if request.publish_at else "creating_containers",
        previous_job_id=previous_job_id,
        created_at=now,
        updated_at=now,
    )


def check_schedule(app: App, request: PublishRequest) -> None:
    """Raise InvalidPostError when publishAt lies further ahead than a run may wait."""
    if request.publish_at is None:
        return
    days = app.settings.schedule_max_days
    ahead = parse_instant(request.publish_at) - clock.now()
    if ahead <= timedelta(days=days):
        return
    problem = Problem(
        item="publishAt",
        rule="schedule-window",
        found=request.publish_at,
        allowed=f"at most {days} days ahead",
        fix="Choose an earlier time, or start the run later.",
    )
    raise InvalidPostError("The request cannot be used.", problems=[problem])


def _containers_of(group: Fence, post: posts.Post) -> int:
    """The containers that a run will certainly make: of a group that was tried before, perhaps
    none.
    """
    if group.active_job_id or group.last_job_id:
        return 0
    return len(post.items) + (1 if post.kind == "carousel" else 0)


def _refuse_over_budget(app: App, account_id: str, containers: int) -> None:
    """Raise only when there is certainly no room for one more post, or for its containers; the
    workflow reports everything else.
    """
    taken = app.budgets.take_calls(account_id, 1, "new")
    if taken.pause:
        return
    try:
        instagram = app.instagram(account_id)
        short = app.budgets.shortage(account_id, instagram, taken.ledger, containers)
    except PostwrightError:
        return
    app.budgets.heard(account_id, taken, instagram)
    if short is not None:
        raise short.error("start again then, or with onQuota=wait to publish as soon as it is")


def _may_be_live(group: Fence) -> bool:
    return group.attempt is not None and group.attempt.state == "open"


def _published(group: Fence) -> AlreadyPublishedError:
    where = f": {group.permalink}" if group.permalink else ""
    return AlreadyPublishedError(
        f"This group is published already{where}",
        job_id=group.active_job_id,
        instagram_post_id=group.instagram_post_id,
        permalink=group.permalink,
    )


def _unconfirmed(group: Fence) -> AlreadyPublishingError:
    return AlreadyPublishingError(
        "It is not certain whether the last publish of this group is live."
        " Settle it before anything new is sent.",
        job_id=group.active_job_id or "unknown",
        status="unconfirmed",
    )


def _split(group: Fence) -> InvalidPostError:
    return InvalidPostError(
        f"This group is published as several posts. Go on with them: postwright publish --session"
        f" {group.session_id} --group {group.group_id} --split"
    )


def _already(request: PublishRequest, job_id: str | None, permalink: str | None) -> dict[str, Any]:
    return {
        "next": "alreadyHandled",
        "sessionId": request.session_id,
        "groupId": request.group_id,
        "accountId": request.account_id,
        "jobId": job_id,
        "publishAt": request.publish_at,
        "permalink": permalink,
    }
