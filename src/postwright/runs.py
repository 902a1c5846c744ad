"""Runs of the workflow for a group: who has it, and how a run begins."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from postwright import (
    caption,
    clock,
    closing,
    holding,
    posts,
    progress,
    reusing,
)
from postwright.app import App
from postwright.errors import (
    AlreadyPublishedError,
    AlreadyPublishingError,
    InvalidPostError,
)
from postwright.models import (
    Fence,
    Job,
    Problem,
    PublishRequest,
    Ref,
    now_text,
    parse_instant,
)
from postwright.store import ConditionFailedError


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
    job = holding.job_of(app, ref)
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
    for _ in range(holding.ROUNDS):
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
            holding.hold(app, ref)
            return ref
        running = running_job(app, group)
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


def running_job(app: App, group: Fence) -> str | None:
    """The job that is running for the group, or None when it is free; a run that is dead is brought
    to its end.

    A claim whose execution was never started is started now, under the same name and with the same
    input.
    """
    if group.publish_status == "published":
        raise holding.published(group)
    if group.publish_status == "unconfirmed":
        raise holding.unconfirmed(group)
    if group.publish_status == "split":
        raise holding.split(group)
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
    return running_job(app, now)


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
