"""How far a post is: steps done of all steps, the phase in words, and each of its items."""

from __future__ import annotations

from typing import Final

from postwright.answers import ItemProgress, ItemState
from postwright.models import Container, Job, Phase, PostKind, Progress, SnapshotItem

_AT_CONTAINERS: Final = ("creating_containers", "processing_videos", "creating_carousel")


def at_start(kind: PostKind, items: int) -> Progress:
    """Nothing done yet."""
    return Progress(completed=0, total=_total(kind, items))


def of_job(job: Job, *, published: bool = False) -> Progress:
    """Each item counts once when its container exists and once when it is ready, then one for each
    later step.
    """
    if job.kind is None:
        return job.progress
    children = job.item_containers
    created = sum(1 for child in children if child and child.exists)
    ready = sum(1 for child in children if child and child.state == "finished")
    parent = job.containers.get("parent")
    later = int(parent is not None and parent.state == "finished") + int(published)
    total = _total(job.kind, len(job.items))
    return Progress(completed=total if published else created + ready + later, total=total)


def as_of_now(job: Job) -> tuple[Phase, Progress]:
    """Phase and progress as the containers tell, which may be ahead of the last look."""
    if not job.items or job.phase not in _AT_CONTAINERS:
        return job.phase, job.progress
    return phase_of(job), of_job(job)


def phase_of(job: Job) -> Phase:
    """What a run is doing while it works on containers."""
    children = job.item_containers
    if any(child is None or not child.exists for child in children):
        return "creating_containers"
    if any(child and child.state != "finished" for child in children):
        return "processing_videos"
    parent = job.containers.get("parent")
    done = job.kind != "carousel" or (parent is not None and parent.state == "finished")
    return "publishing" if done else "creating_carousel"


def of_items(job: Job) -> list[ItemProgress]:
    """Each item in the post's order; none before the run has begun."""
    pairs = zip(job.items, job.item_containers, strict=True)
    return [_of_item(job, item, container) for item, container in pairs]


def _of_item(job: Job, item: SnapshotItem, container: Container | None) -> ItemProgress:
    shown = ItemProgress(
        index=item.index, file_name=item.media.name, kind=item.media.kind, state="waiting"
    )
    if container is None:
        return shown
    shown.state = _ITEM_STATES.get(container.state, "again")
    shown.since = container.created_at
    if shown.state == "created" and item.media.kind == "video" and job.status == "publishing":
        shown.state = "processing"
        shown.elapsed_seconds = round(container.age_seconds)
        shown.expected_seconds = dict(enumerate(job.expected_seconds)).get(item.index)
    if shown.state in ("again", "failed"):
        shown.not_before = container.not_before
        shown.reason = (container.error or {}).get("message")
    return shown


_ITEM_STATES: Final[dict[str, ItemState]] = {
    "created": "created",
    "finished": "ready",
    "rejected": "failed",
}


def _total(kind: PostKind, items: int) -> int:
    return 2 * items + (2 if kind == "carousel" else 1)
