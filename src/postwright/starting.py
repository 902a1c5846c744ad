"""How somebody begins to publish a group, from the API or the command line."""

from __future__ import annotations

import uuid

from postwright import account_rules, breaker, clock, posts, runs
from postwright.app import App
from postwright.errors import AlreadyPublishingError, PostwrightError
from postwright.models import Fence, PublishRequest, Started


def start(app: App, request: PublishRequest, *, check_quota: bool = True) -> Started:
    """Begin to publish a group, or name the run that has it already.

    Raises InvalidPostError with all problems, AlreadyPublishedError, AlreadyPublishingError for a
    group whose last publish is unconfirmed, AccountBlockedError while nothing may be sent, and
    QuotaExceededError where `check_quota` is asked for and no wait is wanted. A repeat is safe: the
    claim on the group decides.
    """
    group = posts.find_group(app, request)
    account_id = posts.account_of(request, group)
    runs.check_schedule(app, request)
    running = runs.running_job(app, group)
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
        runs.claim(app, request, job_id)
    except AlreadyPublishingError as error:
        if error.status == "unconfirmed":
            raise
        return Started(job_id=error.job_id, new=False)
    app.executions.start(job_id, request)
    return Started(job_id=job_id, new=True, warnings=post.warnings)


def new_job_id() -> str:
    """An id for a job, which is also its execution's name: sorts by time, never repeats."""
    return f"{clock.now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}"


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
