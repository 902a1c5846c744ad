"""The publish call and everything that keeps it from happening twice.

`media_publish` has no idempotency key, may take effect without an answer, and may answer an error
although the post is live. So: write down that we are about to send (the attempt, on the group),
send at most once, then look. The four times that fence an attempt, each shorter than the next:

    publish deadline 15 s < function time-out 30 s < task time-out 45 s < settle time 120 s

After the settle time since `sentAt` no POST of that attempt can still be on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, Literal

from postwright import breaker, clock, containers, holding, looking
from postwright.app import App
from postwright.errors import (
    AccountBlockedError,
    CaptionBusyError,
    ContainerNotReadyError,
    PostwrightError,
    PublishUncertainError,
    QuotaExceededError,
    RateLimitedError,
    TokenInvalidError,
    TransientGraphError,
)
from postwright.instagram import PUBLISH_DEADLINE_SECONDS, InstagramClient, Quota
from postwright.models import Attempt, Job, Looks, Ref, now_text, parse_instant
from postwright.store import ConditionFailedError

SEND_WITHIN_SECONDS: Final = 5.0
"""A publish that has not been sent so soon after `sentAt` is not sent at all."""
LOOKS_MAX: Final = 10
CLEAR_LOOKS: Final = 2
"""So many looks without a trace of the post before the same container may be sent again."""
_ATTEMPTS_MAX: Final = 20
"""A group has one or two attempts; so many mean that each was too late to be sent."""
_PATIENCE: Final = 2 * 3600
"""So long after it was sent, a look that the account's calls do not allow now is not counted."""
_BLOCKED_ANSWER: Final = "4/2207051"


def publish(app: App, ref: Ref, remaining_seconds: Callable[[], float]) -> dict[str, Any]:
    """Send the one publish call of an attempt.

    `next` is `published`, `waitForQuota`, or `recheck` when nothing was sent: there is no live
    container, or it had become too late for the time fence. `remaining_seconds` tells how long this
    function may still run. Raises PublishUncertainError whenever the post may be live without our
    knowing, also when an earlier attempt is found unproven (then nothing is sent),
    TransientGraphError when it was too late time and again, and AccountBlockedError while nothing
    may be sent.
    """
    group = holding.hold(app, ref, looking=True)
    attempt = group.attempt
    if group.publish_status == "published":
        return _published(group.instagram_post_id)
    job = holding.job_of(app, ref)
    _refuse_to_send(attempt, job)
    container_id = _container_to_send(job, attempt)
    if container_id is None:
        return {"next": "recheck", "instagramPostId": None}
    breaker.check(app.store, ref.account_id)
    instagram = app.instagram(ref.account_id, token_read_now=True)
    elsewhere = _without_leave(app, ref, job, attempt, instagram)
    if elsewhere is not None:
        return {"next": elsewhere, "instagramPostId": None}
    is_live = _is_live_already(instagram, attempt, container_id)
    if not app.store.lock_caption(ref, job.caption_hash or ""):
        raise CaptionBusyError(
            "Another post with the same caption is being published on this account;"
            " its turn comes first."
        )
    app.store.update_job(ref, phase="publishing")
    opened = _open(app, ref, job, container_id, attempt)
    if is_live:
        raise PublishUncertainError(
            "Instagram has published this container already; looking for the post.", call="publish"
        )
    if not _in_time(opened, remaining_seconds()):
        _refuse(app, ref, job, opened)
        if opened.seq >= _ATTEMPTS_MAX:
            raise TransientGraphError(
                "The publish step is too slow to send safely, time and again; nothing was sent."
                " Redrive the run when the load is lower.",
                call="publish",
            )
        return {"next": "recheck", "instagramPostId": None}
    try:
        return _send(app, ref, job, opened, instagram)
    except PostwrightError:
        raise
    except Exception as error:  # whatever broke once the attempt was open: the post may be live
        raise PublishUncertainError(
            f"The publish step broke ({type(error).__name__}); looking for the post.",
            call="publish",
        ) from error


def reconcile(app: App, ref: Ref) -> dict[str, Any]:
    """Look for the post after an unclear publish; never sends anything.

    `next` is `published`, `resend` or `look`; `seen` is what the look found. Raises
    PublishUncertainError when the looks of this run are used up, AccountBlockedError when Instagram
    had called the publish an action block and no post can be found, and TokenInvalidError when it
    does not let us look.
    """
    group = holding.hold(app, ref, looking=True)
    attempt = group.attempt
    if group.publish_status == "published":
        return _published(group.instagram_post_id)
    job = holding.job_of(app, ref)
    may_resend = app.settings.on_unknown == "resend" and job.cancelled_by is None
    is_allowed = attempt is not None and attempt.state == "resend_allowed" and may_resend
    if attempt is None or not attempt.unproven or is_allowed:
        return {"next": "resend", "instagramPostId": None}
    looks = _next_look(job, attempt, ref.redrive_count)
    settled = looking.is_settled(
        attempt
    )  # before the look: what was seen earlier proves nothing later
    evidence = looking.look(app, ref, job, attempt)
    if not evidence.asked and clock.seconds_since(parse_instant(attempt.sent_at)) < _PATIENCE:
        return {"next": "look", "instagramPostId": None}
    seen = {"seen": evidence.to_json()}
    if evidence.status == "PUBLISHED" and (evidence.only or settled):
        return _succeed(app, ref, job, evidence.only.id if evidence.only else None) | seen
    looks.clear = looks.clear + 1 if evidence.clear and settled else 0
    app.store.update_job(ref, looks=looks)
    if looks.clear >= CLEAR_LOOKS and settled:
        if attempt.answer == _BLOCKED_ANSWER:
            raise AccountBlockedError(
                "Instagram blocked the publish as spam and the post cannot be found."
                " The account's owner must open the Instagram app and clear what it asks for.",
                code=4,
                subcode=2207051,
                call="publish",
            )
        if may_resend and attempt.n == 1:
            return _allow_resend(app, ref, attempt) | seen
    if looks.count >= LOOKS_MAX:
        raise PublishUncertainError(
            f"After {looks.count} looks it is not clear whether the post is live (container"
            f" {evidence.status or 'unknown'}, {len(evidence.candidates)} posts that fit). Look at"
            " the account, then redrive the run to look again.",
            call="publish",
        )
    return {"next": "look", "instagramPostId": None, **seen}


def _refuse_to_send(attempt: Attempt | None, job: Job) -> None:
    """Raise PublishUncertainError when the post may be live and must not be sent now."""
    if attempt is None or not attempt.unproven:
        return
    if attempt.state == "open":
        raise PublishUncertainError(
            "An earlier publish of this group has not been settled; looking for the post.",
            call="publish",
        )
    if job.cancelled_by is not None:
        raise PublishUncertainError(
            "This run was cancelled after its publish call; looking for the post.", call="publish"
        )


def _container_to_send(job: Job, attempt: Attempt | None) -> str | None:
    """The container of a re-send is the one that was sent before; else it must be live."""
    if attempt is not None and attempt.state == "resend_allowed":
        return attempt.container_id
    container = job.containers.get(job.publish_key)
    return container.id if container is not None and containers.is_live(container) else None


def _without_leave(
    app: App, ref: Ref, job: Job, attempt: Attempt | None, instagram: InstagramClient
) -> Literal["recheck", "waitForQuota"] | None:
    """Where to go instead while the account's budgets do not allow the call; nothing is sent.

    A run whose slot was given back when it ended takes one anew; a re-send has used up its own.
    Raises QuotaExceededError where there is none and the run is not to wait.
    """
    taken = app.budgets.take_calls(ref.account_id, 1, "settle")
    if taken.pause:
        return "recheck"
    is_resend = attempt is not None and attempt.state == "resend_allowed"
    if ref.job_id in taken.ledger.slots or is_resend:
        return None
    try:
        held = app.budgets.hold_slot(ref, instagram, taken.ledger)
        app.budgets.heard(ref.account_id, replace(taken, calls=0), instagram)
    except (RateLimitedError, TransientGraphError) as error:
        raise ContainerNotReadyError(
            f"The account's posts cannot be counted now. {error.sentence}", call="read"
        ) from error
    if isinstance(held, Quota):
        return None
    if job.request.on_quota == "wait" or held.passes:
        return "waitForQuota"
    raise held.error("redrive the run then, or start with onQuota=wait", call="read")


def _is_live_already(
    instagram: InstagramClient, attempt: Attempt | None, container_id: str
) -> bool:
    """Whether a container that was sent before, and then given up by somebody who looked, is live.

    Raises ContainerNotReadyError when that cannot be read: nothing is sent before it is.
    """
    given_up = attempt is not None and attempt.settled_by and attempt.state == "not_published"
    if attempt is None or not given_up or attempt.container_id != container_id:
        return False
    try:
        return instagram.container_status(container_id).status_code == "PUBLISHED"
    except TokenInvalidError:
        raise
    except PostwrightError as error:
        raise ContainerNotReadyError(
            f"The container was sent before and cannot be looked at now. {error.sentence}",
            call="status",
        ) from error


def _open(app: App, ref: Ref, job: Job, container_id: str, previous: Attempt | None) -> Attempt:
    """Transitions 3 and 7: the attempt is written down before anything is sent."""
    attempt = Attempt(
        seq=previous.seq + 1 if previous else 1,
        job_id=ref.job_id,
        n=previous.n + 1 if previous and previous.state == "resend_allowed" else 1,
        container_id=container_id,
        ig_user_id=job.ig_user_id or "",
        caption_hash=job.caption_hash or "",
        sent_at=now_text(),
        state="open",
    )
    try:
        app.store.open_attempt(ref, attempt, previous)
    except ConditionFailedError as error:
        raise PublishUncertainError(
            "Another delivery of this step is publishing; looking for the post.", call="publish"
        ) from error
    return attempt


def _in_time(attempt: Attempt, remaining_seconds: float) -> bool:
    late = clock.seconds_since(parse_instant(attempt.sent_at)) > SEND_WITHIN_SECONDS
    return not late and remaining_seconds > PUBLISH_DEADLINE_SECONDS


def _send(
    app: App, ref: Ref, job: Job, attempt: Attempt, instagram: InstagramClient
) -> dict[str, Any]:
    try:
        media_id = instagram.publish(attempt.container_id)
    except PublishUncertainError as error:
        with suppress(ConditionFailedError):
            app.store.note_answer(ref, attempt.seq, f"{error.code}/{error.subcode}")
        raise
    except PostwrightError as error:
        _refuse(app, ref, job, attempt)
        if isinstance(error, QuotaExceededError):
            app.budgets.lose_slot(ref)
            if job.request.on_quota == "wait":
                return {"next": "waitForQuota", "instagramPostId": None}
        raise
    return _succeed(app, ref, job, media_id)


def _refuse(app: App, ref: Ref, job: Job, attempt: Attempt) -> None:
    """Transition 4: this very POST published nothing for certain; a newer attempt is left alone."""
    with suppress(ConditionFailedError):
        try:
            app.store.refuse(ref, attempt.seq, attempt.n)
        except ConditionFailedError:
            if attempt.n != 1:
                raise
            cancelled = holding.job_of(app, ref).cancelled_by is not None
            outcome: Literal["failed", "cancelled"] = "cancelled" if cancelled else "failed"
            app.store.refuse_late(ref, attempt.seq, outcome)
            app.measures.ended(job, outcome)
        if attempt.n == 1:
            app.store.free_caption(ref, job.caption_hash or "")


def _allow_resend(app: App, ref: Ref, attempt: Attempt) -> dict[str, Any]:
    """Transition 6; when the attempt has moved on meanwhile, look again."""
    try:
        app.store.allow_resend(ref, attempt.seq)
    except ConditionFailedError:
        return {"next": "look", "instagramPostId": None}
    return {"next": "resend", "instagramPostId": None}


def _succeed(app: App, ref: Ref, job: Job, media_id: str | None) -> dict[str, Any]:
    """Transition 5: the post is live. Without an id the link stays to be found."""
    if media_id is not None and not app.store.claim_media(ref, job.ig_user_id or "", media_id):
        media_id = None
    with suppress(ConditionFailedError):
        app.store.succeed(ref, media_id)
        return _published(media_id)
    group = app.store.fence(ref.session_id, ref.group_id)
    return _published(group.instagram_post_id if group else None)


def _published(media_id: str | None) -> dict[str, Any]:
    return {"next": "published", "instagramPostId": media_id}


def _next_look(job: Job, attempt: Attempt, redrive_count: int) -> Looks:
    """The looks so far with this one counted; a redrive and a new attempt begin anew."""
    seen = job.looks
    if seen is None or (seen.seq, seen.redrive) != (attempt.seq, redrive_count):
        seen = Looks(seq=attempt.seq, redrive=redrive_count)
    seen.count += 1
    return seen
