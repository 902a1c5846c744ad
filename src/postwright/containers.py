"""The containers of a post: make them, look at them, and say what comes next.

What is wrong with one item is kept in the job as data, so that the others go on; `check_status`
then makes the item again or ends the run with the name of every bad item. What is wrong with the
account is raised at once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

from postwright import (
    account_rules,
    accounts,
    breaker,
    clock,
    errors,
    failures,
    holding,
    posts,
    progress,
    runs,
)
from postwright.app import App
from postwright.awaiting import Pace
from postwright.budgets import QUOTA_WAIT_MAX_SECONDS, Short, Taken
from postwright.errors import (
    AccountBlockedError,
    ContainerExpiredError,
    ContainerNotReadyError,
    InvalidPostError,
    MediaRejectedError,
    MediaUnreachableError,
    PostwrightError,
    ProcessingFailedError,
    QuotaExceededError,
    RateLimitedError,
    TokenInvalidError,
    TransientGraphError,
)
from postwright.instagram import ContainerStatus, InstagramClient, MediaOptions, Quota
from postwright.ledger import Ledger
from postwright.models import (
    PARENT,
    Container,
    Job,
    MediaItem,
    MediaKind,
    QuotaSeen,
    Ref,
    SnapshotItem,
    now_text,
    parse_instant,
)
from postwright.reusing import is_too_old

QUOTA_PATIENCE_SECONDS: Final = 3 * 86_400

TRIES: Final[dict[type[PostwrightError], int]] = {
    MediaUnreachableError: 3,
    ProcessingFailedError: 3,
    ContainerExpiredError: 3,
    ContainerNotReadyError: 3,
    TransientGraphError: 3,
    RateLimitedError: 8,
}
"""How often an item or a carousel is asked for in all; what is not here is asked for once."""
_MOST_SERIOUS_FIRST: Final = (
    TokenInvalidError,
    AccountBlockedError,
    QuotaExceededError,
    InvalidPostError,
    MediaRejectedError,
    MediaUnreachableError,
    ProcessingFailedError,
    ContainerExpiredError,
    ContainerNotReadyError,
    TransientGraphError,
    RateLimitedError,
)
AGAIN_SECONDS: Final = (5, 30, 120)
SLOW_SECONDS: Final = (300, 600, 1200, 2400, 3600)
_LOOKS_AT_ONCE: Final = 10
_CALLS_BESIDES: Final = 8


def check_quota(app: App, ref: Ref) -> dict[str, Any]:
    """Take one of the account's posts for this run, with the containers that it will make; which
    are missing if there is one. `asked` is false where Instagram was not, because that a run must
    wait was known already.

    Raises QuotaExceededError when there is none and the run is not to wait, or has waited for three
    days, AccountBlockedError while nothing may be sent, and TokenInvalidError for a token that
    cannot publish.
    """
    holding.hold(app, ref)
    breaker.check(app.store, ref.account_id)
    account_rules.check_token(app, ref.account_id)
    job = holding.job_of(app, ref)
    waited = clock.seconds_since(parse_instant(job.started_at or job.created_at))
    patient = waited < QUOTA_PATIENCE_SECONDS * (1 + ref.redrive_count)
    waits = job.request.on_quota == "wait" and patient
    if waits and (seconds := app.budgets.asks_again_in(ref)):
        return {**_wait_for_quota(app, ref, job, seconds), "asked": False}
    taken = app.budgets.take_calls(ref.account_id, 1, "new", ahead=_calls_ahead(job))
    if taken.pause:
        if not patient:
            raise taken.error
        return {**_answer(job, "wait", taken.pause), "asked": False}
    instagram = app.instagram(ref.account_id)

    def containers() -> int:
        nonlocal job
        job = _followed(app, ref, job)
        return _containers_ahead(job)

    asked_at = clock.now()
    try:
        held = app.budgets.hold_slot(ref, instagram, taken.ledger, containers)
    except RateLimitedError as error:
        if not patient:
            raise
        return _answer(job, "wait", _slow_seconds(error))
    answered = clock.seconds_since(asked_at)
    app.budgets.heard(ref.account_id, taken, instagram)
    _measure_budgets(app, ref, taken.ledger, held if isinstance(held, Quota) else held.quota)
    if isinstance(held, Quota):
        pace = Pace(app, ref.account_id, app.budgets.used_share(taken), answered)
        expected = pace.expected_seconds(job)
        app.store.update_job(ref, phase=progress.phase_of(job), expected_seconds=expected)
        return {**_create_answer(pace, job, _missing(job)), **_read(held)}
    if held.passes or (waits and held.frees_at):
        return {**_wait_for_quota(app, ref, job, held.wait_seconds), **_read(held.quota)}
    raise held.error("redrive the run then, or start with onQuota=wait", call="read")


def _measure_budgets(app: App, ref: Ref, ledger: Ledger, quota: Quota | None) -> None:
    """As the run finds them: with what others have taken, and without what it takes itself."""
    if quota is not None:
        seen = QuotaSeen(used=quota.used, total=quota.total, at=now_text())
        ledger = replace(ledger.without([ref.job_id]), quota=seen)
    for budget, percent in accounts.used_percent(app, ledger).items():
        app.measures.add("BudgetUsed", percent, AccountId=ref.account_id, Budget=budget)


def _wait_for_quota(app: App, ref: Ref, job: Job, seconds: int) -> dict[str, Any]:
    app.store.update_job(ref, phase="waiting_for_quota")
    return _answer(job, "wait", min(seconds, QUOTA_WAIT_MAX_SECONDS))


def _read(quota: Quota | None) -> dict[str, Any]:
    """What the history keeps of Instagram's count."""
    return {"quota": {"used": quota.used, "total": quota.total}} if quota else {}


def _followed(app: App, ref: Ref, job: Job) -> Job:
    """The job; one that waited for its slot and has made nothing yet follows the group anew."""
    if job.phase == "waiting_for_quota" and not job.containers:
        app.store.update_job(ref, **runs.snapshot(app, job.request, ref))
        return holding.job_of(app, ref)
    return job


def _containers_ahead(job: Job) -> int:
    """The containers that a run has yet to make; a carousel has one of its own."""
    keys = [str(item.index) for item in job.items]
    if job.kind == "carousel":
        keys.append(PARENT)
    known = [job.containers.get(key) for key in keys]
    return sum(container is None or not container.exists for container in known)


def _calls_ahead(job: Job) -> int:
    """About so many calls a run makes once it has begun: each container is made and looked at, and
    the post is published and read.
    """
    return 2 * _containers_ahead(job) + _CALLS_BESIDES


def create_container(app: App, ref: Ref, index: int) -> dict[str, Any]:
    """Make the container of one item, unless it has one that lives.

    The answer tells what happened (`created`, `rejected`, `retry`, `throttled`) with the raw codes.
    A repeat is safe: an item that has a container keeps it, and a container that nobody uses
    expires by itself.
    """
    holding.hold(app, ref)
    job = holding.job_of(app, ref)
    item, key = job.items[index], str(index)
    known = job.containers.get(key)
    if known is None or not known.exists:
        name = posts.item_name(index, item.media)
        known = _make(app, ref, job, known, name, lambda by: _create(app, by, job, item))
        if job.kind != "carousel":
            known.caption_hash = job.caption_hash
        app.store.put_container(ref, key, known)
    outcome = "created" if known.state == "finished" else known.state
    return {
        "index": index,
        "outcome": outcome,
        "kind": item.media.kind,
        "bytes": item.size_bytes,
        "shape": item.shape,
        "tries": known.tries,
        "error": known.error,
    }


def create_carousel(app: App, ref: Ref) -> dict[str, Any]:
    """Make the parent container from the children in the group's order, unless it lives.

    Raises MediaRejectedError or InvalidPostError when Instagram refuses the carousel as such. A
    repeat is safe.
    """
    holding.hold(app, ref)
    job = holding.job_of(app, ref)
    children = _children(job)
    known = job.containers.get(PARENT)
    if known is None or not known.exists or known.children != children:
        options = _carousel_options(job.items)
        known = _make(
            *(app, ref, job, known, "carousel"),
            lambda by: by.create_carousel_container(
                children, caption=job.caption_text, options=options
            ),
        )
        known.children, known.caption_hash = children, job.caption_hash
        if known.error and known.error["type"] == ContainerExpiredError.__name__:
            _doubt_children(app, ref, job)
        app.store.put_container(ref, PARENT, known)
    job.containers[PARENT] = known
    if known.state == "rejected":
        _raise_failed(job, [PARENT])
    app.store.update_job(ref, phase="creating_carousel", progress=progress.of_job(job))
    wait_seconds = _wait_seconds(Pace(app, ref.account_id), job)
    return {**_answer(job, "wait", wait_seconds), "error": known.error}


def check_status(app: App, ref: Ref) -> dict[str, Any]:
    """Look at all unfinished containers in one go, and say what comes next.

    `next` is `wait`, `create` (with the indices in `pending`), `carousel` or `publish`; `seen` has
    what Instagram said of each container that was looked at. Raises the error class of the items
    that failed, naming each, and ProcessingFailedError when processing takes longer than its
    budget.
    """
    holding.hold(app, ref)
    job = holding.job_of(app, ref)
    revived = _revive(job, ref.redrive_count)
    changed, unfinished = _unfinished(job)
    pace = Pace(app, ref.account_id)
    try:
        looked = _look(app, ref, pace, unfinished)
    except RateLimitedError as error:
        ages = [container.age_seconds for container in job.containers.values()]
        if max(ages, default=0) > app.settings.video_budget_seconds * (1 + ref.redrive_count):
            raise
        return _answer(job, "wait", _slow_seconds(error))
    if isinstance(looked, int):
        return _answer(job, "wait", looked)
    taken = {look.key for look in looked if _take(job, look)}
    changed |= taken
    for key in sorted(revived | changed):
        app.store.put_container(ref, key, job.containers[key])
    pace.learn(job, [key for key in sorted(taken) if job.containers[key].state == "finished"])
    if all(look.status for look in looked):
        job.looked_at = now_text()
    app.store.update_job(
        ref,
        progress=progress.of_job(job),
        phase=progress.phase_of(job),
        looked_at=job.looked_at,
        redrive_seen=max(job.redrive_seen, ref.redrive_count),
    )
    failed = [key for key in _keys(job) if _state(job, key) == "rejected"]
    if failed:
        _raise_failed(job, failed)
    _raise_overdue(app, job, ref.redrive_count)
    answer = _next(pace, job)
    if answer["next"] == "publish" and not looked:  # else Instagram has just answered
        seconds = app.budgets.throttled_seconds(ref.account_id)
        if seconds:
            return _answer(job, "wait", seconds)
    return {**answer, "seen": [look.to_json() for look in looked]}


def is_live(container: Container | None) -> bool:
    """True for a ready container that Instagram will still know for an hour at least."""
    return container is not None and container.state == "finished" and not is_too_old(container)


def _next(pace: Pace, job: Job) -> dict[str, Any]:
    missing = _missing(job)
    if missing:
        return _create_answer(pace, job, missing)
    if any(child is None or child.state != "finished" for child in job.item_containers):
        return _answer(job, "wait", _wait_seconds(pace, job))
    if job.kind != "carousel":
        return _answer(job, "publish", 0)
    parent = job.containers.get(PARENT)
    if parent is None or parent.children != _children(job) or _due(parent):
        return _answer(job, "carousel", 0)
    if parent.state == "finished":
        return _answer(job, "publish", 0)
    return _answer(job, "wait", _wait_seconds(pace, job))


def _doubt_children(app: App, ref: Ref, job: Job) -> None:
    """One of them is gone and Instagram does not say which, so all are looked at again."""
    for item in job.items:
        child = job.containers[str(item.index)]
        child.state = "created"
        app.store.put_container(ref, str(item.index), child)


def _create(app: App, instagram: InstagramClient, job: Job, item: SnapshotItem) -> str:
    in_carousel = job.kind == "carousel"
    options = _item_options(app, item.media, in_carousel=in_carousel)
    url = app.media.presign(item.media.key, item.version_id)
    if not in_carousel:
        return instagram.create_single_post_container(
            item.media.kind, url, caption=job.caption_text, options=options
        )
    image = item.media.kind == "image"
    create = instagram.create_image_container if image else instagram.create_video_container
    return create(url, is_carousel_item=True, options=options)


def _item_options(app: App, item: MediaItem, *, in_carousel: bool) -> MediaOptions:
    """What Instagram takes with this item's container; a fresh URL of the cover included."""
    if in_carousel:
        return MediaOptions(
            alt_text=item.alt_text, user_tags=item.user_tags, thumb_offset=item.thumb_offset
        )
    return MediaOptions(
        alt_text=item.alt_text,
        location_id=item.location_id,
        user_tags=item.user_tags,
        collaborators=item.collaborators,
        cover_url=app.media.presign(item.cover_key) if item.cover_key else None,
        thumb_offset=item.thumb_offset,
        share_to_feed=item.share_to_feed,
    )


def _carousel_options(items: list[SnapshotItem]) -> MediaOptions:
    """Location and collaborators, which Instagram takes only for a carousel as a whole."""
    locations = [item.media.location_id for item in items if item.media.location_id]
    collaborators = [item.media.collaborators for item in items if item.media.collaborators]
    return MediaOptions(
        location_id=locations[0] if locations else None,
        collaborators=collaborators[0] if collaborators else None,
    )


def _make(
    app: App,
    ref: Ref,
    job: Job,
    known: Container | None,
    name: str,
    create: Callable[[InstagramClient], str],
) -> Container:
    """A container from `create`, or what became of the try.

    Where the budgets do not let it be made now, nothing is asked of Instagram and it is no try;
    raises QuotaExceededError when there is no container left and the run is not to wait.
    """
    breaker.check(app.store, ref.account_id)
    taken = app.budgets.take_container(ref)
    if isinstance(taken, Short):
        error = taken.error("redrive the run then", item=name, call="create")
        if job.request.on_quota != "wait" and not taken.passes:
            raise error
        return _postponed(known, error, taken.wait_seconds)
    if taken.pause:
        return _postponed(known, taken.error, taken.pause)
    instagram = app.instagram(ref.account_id)
    try:
        return _asked_for(known, name, lambda: _counted(app, ref, taken, instagram, create))
    finally:
        app.budgets.heard(ref.account_id, taken, instagram)


def _counted(
    app: App,
    ref: Ref,
    taken: Taken,
    instagram: InstagramClient,
    create: Callable[[InstagramClient], str],
) -> str:
    """What `create` makes; a container that was certainly not made is given back."""
    try:
        return create(instagram)
    except PostwrightError as error:
        if failures.proves_nothing_made(error):
            app.budgets.give_back_container(ref, taken)
        raise


def _asked_for(known: Container | None, name: str, create: Callable[[], str]) -> Container:
    """A container from `create`, or what became of the try."""
    tries = known.tries + 1 if known is not None else 1
    try:
        container_id = create()
    except (
        MediaRejectedError,
        InvalidPostError,
        MediaUnreachableError,
        ProcessingFailedError,
        ContainerExpiredError,
        ContainerNotReadyError,
        TransientGraphError,
        RateLimitedError,
    ) as error:
        error.item = name
        return _after_failure(error, tries)
    return Container(state="created", id=container_id, created_at=now_text(), tries=tries)


def _postponed(known: Container | None, error: PostwrightError, seconds: int) -> Container:
    """To be asked for later, without having been asked for."""
    return Container(
        state="throttled",
        tries=known.tries if known is not None else 0,
        not_before=clock.to_text(clock.in_seconds(seconds)),
        error=error.to_json(),
    )


def _after_failure(error: PostwrightError, tries: int) -> Container:
    """Try again later, slower, or never: by class or error, and by how often it was tried."""
    if tries >= (error.tries or TRIES.get(type(error), 1)):
        return Container(state="rejected", tries=tries, error=error.to_json())
    if isinstance(error, RateLimitedError):
        return _later("throttled", error, tries, _slow_seconds(error, tries))
    return _later("retry", error, tries, _pause(error.pauses or AGAIN_SECONDS, tries))


def _slow_seconds(error: RateLimitedError, tries: int = 1) -> int:
    """As long as Instagram says, if it does, and never less than the class wants."""
    pauses = SLOW_SECONDS if error.wait_seconds else error.pauses or SLOW_SECONDS
    return max(error.wait_seconds, _pause(pauses, tries))


def _pause(pauses: Sequence[int], tries: int) -> int:
    return pauses[min(tries, len(pauses)) - 1]


def _later(state: Any, error: PostwrightError, tries: int, pause: float) -> Container:
    jittered = pause * random.uniform(1.0, 1.2)  # noqa: S311 spreads retries, guards nothing
    not_before = clock.to_text(clock.in_seconds(jittered))
    return Container(state=state, tries=tries, not_before=not_before, error=error.to_json())


@dataclass(frozen=True)
class _Look:
    key: str
    status: ContainerStatus | None

    def to_json(self) -> dict[str, Any]:
        """What the history keeps of it; `status` is null when it could not be read."""
        if self.status is None:
            return {"container": self.key, "status": None}
        told = {"container": self.key, "status": self.status.status_code}
        if self.status.status_code != "ERROR":
            return told
        return {**told, "subcode": failures.processing_failure(self.status.status).subcode}


def _unfinished(job: Job) -> tuple[set[str], dict[str, str]]:
    """The keys of containers that have become too old, and the ids of those to look at."""
    too_old: set[str] = set()
    unfinished: dict[str, str] = {}
    for key in _keys(job):
        container = job.containers.get(key)
        if container is None or container.id is None:
            continue
        if container.exists and is_too_old(container):
            job.containers[key] = Container(state="expired", tries=0)
            too_old.add(key)
        elif container.state == "created":
            unfinished[key] = container.id
    return too_old, unfinished


def _look(app: App, ref: Ref, pace: Pace, unfinished: Mapping[str, str]) -> list[_Look] | int:
    """Read the status of what is unfinished, or how many seconds to wait before that."""
    if not unfinished:
        return []
    taken = app.budgets.take_calls(ref.account_id, len(unfinished), "look")
    if taken.pause:
        return taken.pause
    pace.used = app.budgets.used_share(taken)
    app.measures.add("Polls")
    instagram = app.instagram(ref.account_id)

    def look(key: str) -> _Look:
        try:
            return _Look(key, instagram.container_status(unfinished[key]))
        except TransientGraphError:
            return _Look(key, None)
        except ContainerExpiredError as error:
            return _Look(key, ContainerStatus("EXPIRED", error.sentence))

    asked_at = clock.now()
    with ThreadPoolExecutor(min(_LOOKS_AT_ONCE, len(unfinished))) as pool:
        looks = list(pool.map(look, unfinished))
    pace.answer_seconds = clock.seconds_since(asked_at)
    app.budgets.heard(ref.account_id, taken, instagram)
    return looks


def _take(job: Job, look: _Look) -> bool:
    """Put one look into the job; True when it changed something."""
    if look.status is None or look.status.status_code == "IN_PROGRESS":
        return False
    container = job.containers[look.key]
    if look.status.status_code in ("FINISHED", "PUBLISHED"):
        container.state = "finished"
        return True
    if look.status.status_code == "EXPIRED":
        job.containers[look.key] = _after_expiry(_name(job, look.key), container.tries)
        return True
    if look.status.status_code == "ERROR":
        error = failures.classify_processing(look.status.status)
        error.item = _name(job, look.key)
        again = _after_failure(error, container.tries)
        job.containers[look.key] = again.model_copy(update={"children": container.children})
        return True
    return False


def _after_expiry(name: str, tries: int) -> Container:
    """Made again at once, but not for ever: one that should live for a day expires rarely."""
    error = ContainerExpiredError(
        "Instagram lets its container expire before it can be published, time and again."
        " Redrive the run later.",
        item=name,
        call="status",
    )
    again = _after_failure(error, tries)
    return again if again.state == "rejected" else Container(state="expired", tries=tries)


def _revive(job: Job, redrive_count: int) -> set[str]:
    """A redrive makes rejected items pending again; returns their keys."""
    if redrive_count <= job.redrive_seen:
        return set()
    keys = {key for key in _keys(job) if _state(job, key) == "rejected"}
    for key in keys:
        job.containers[key] = Container(state="expired", tries=0)
    return keys


def _raise_failed(job: Job, failed: list[str]) -> None:
    """End the run with the most serious class among the items, naming all that have failed so far.

    That includes those that would have been tried again.
    """
    trying = [key for key in _keys(job) if _state(job, key) in ("retry", "throttled")]
    failed = [key for key in _keys(job) if key in (*failed, *trying)]
    found = {key: job.containers[key].error or {} for key in failed}
    by_class: dict[type[PostwrightError], dict[str, Any]] = {}
    for error in found.values():
        by_class.setdefault(errors.of_name(str(error.get("type"))) or MediaRejectedError, error)
    chosen = next((cls for cls in _MOST_SERIOUS_FIRST if cls in by_class), MediaRejectedError)
    first = by_class.get(chosen, {})
    lines = [f"{_name(job, key)}: {error.get('message', '')}" for key, error in found.items()]
    count = f"{len(failed)} of {len(job.items)} items" if PARENT not in failed else "The carousel"
    raise chosen(
        f"{count} cannot be published, so nothing was. " + " ".join(lines),
        code=first.get("code"),
        subcode=first.get("subcode"),
        http_status=first.get("httpStatus"),
        fbtrace_id=first.get("fbtraceId"),
        item=", ".join(_name(job, key) for key in failed),
        call=first.get("call"),
    )


def _raise_overdue(app: App, job: Job, redrive_count: int) -> None:
    budgets: dict[MediaKind, int] = {
        "image": app.settings.image_budget_seconds * (1 + redrive_count),
        "video": app.settings.video_budget_seconds * (1 + redrive_count),
    }
    used = {
        key: job.containers[key].age_seconds / budgets[_media_kind(job, key)]
        for key in _keys(job)
        if _state(job, key) == "created"
    }
    if used:
        app.measures.add("ProcessingBudgetUsed", 100 * max(used.values()))
    late = [_name(job, key) for key, share in used.items() if share > 1]
    if late:
        raise ProcessingFailedError(
            f"Instagram is still processing {', '.join(late)} and the time for it is used up."
            " Redrive the run to give it more.",
            item=", ".join(late),
            call="status",
        )


def _missing(job: Job) -> list[int]:
    """Indices without a container, or whose next try is due."""
    return [
        item.index
        for item, container in zip(job.items, job.item_containers, strict=True)
        if container is None or _due(container)
    ]


def _due(container: Container) -> bool:
    if container.state == "expired":
        return True
    if container.state not in ("retry", "throttled"):
        return False
    return container.not_before is None or parse_instant(container.not_before) <= clock.now()


def _wait_seconds(pace: Pace, job: Job) -> int:
    """Until the next look at what is unfinished, or the next try of what failed, whichever comes
    first.
    """
    look_in = pace.next_wait(job)
    waits = [] if look_in is None else [look_in]
    for container in job.containers.values():
        if container.state in ("retry", "throttled") and container.not_before:
            left = (parse_instant(container.not_before) - clock.now()).total_seconds()
            waits.append(max(1, int(left) + 1))
    return min(waits, default=1)


def _create_answer(pace: Pace, job: Job, missing: list[int]) -> dict[str, Any]:
    """Which containers to make, and how long after that the first look is worth it."""
    return _answer(job, "create", pace.first_wait(job, missing), missing)


def _answer(
    job: Job, step: str, wait_seconds: int, pending: list[int] | None = None
) -> dict[str, Any]:
    now = progress.of_job(job)
    return {
        "next": step,
        "waitSeconds": wait_seconds,
        "pending": [{"index": index} for index in pending or []],
        "completed": now.completed,
        "total": now.total,
    }


def _keys(job: Job) -> list[str]:
    return [
        *(str(item.index) for item in job.items),
        *([PARENT] if PARENT in job.containers else []),
    ]


def _state(job: Job, key: str) -> str | None:
    container = job.containers.get(key)
    return container.state if container else None


def _name(job: Job, key: str) -> str:
    return "carousel" if key == PARENT else posts.item_name(int(key), job.items[int(key)].media)


def _media_kind(job: Job, key: str) -> MediaKind:
    return "image" if key == PARENT else job.items[int(key)].media.kind


def _children(job: Job) -> list[str]:
    return [child.id for child in job.item_containers if child is not None and child.id is not None]
