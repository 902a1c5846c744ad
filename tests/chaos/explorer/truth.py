"""What must hold after every step, and what must hold when everything has come to rest."""

from __future__ import annotations

from collections.abc import Iterator

from postwright.models import Fence, Group
from tests.chaos.explorer.instagram import Post
from tests.chaos.explorer.stage import SESSION, Stage

_SENT_MAX = {"resend": 2, "ask": 1}
"""How often a group may be sent before it is proven whether it is live."""


def groups_of(stage: Stage) -> list[Group]:
    names = [sk.removeprefix("GROUP#") for _, sk in stage.table.items if sk.startswith("GROUP#")]
    found = [stage.app.store.group(SESSION, name) for name in names]
    return [group for group in found if group is not None]


def posts_of(stage: Stage, group: Fence) -> list[Post]:
    return [post for post in stage.instagram.posts if stage.group_of(post) == group.group_id]


def problems_now(stage: Stage) -> Iterator[str]:
    """What is untrue or twice at this very moment."""
    for group in groups_of(stage):
        posts, name = posts_of(stage, group), group.group_id
        if len(posts) > 1:
            yield f"{name} is live {len(posts)} times"
        if group.publish_status == "failed" and posts:
            yield f"{name} says failed and is live"
        if group.publish_status == "published" and not posts:
            yield f"{name} says published and is not live"
        if group.instagram_post_id not in (None, *(post.id for post in posts)):
            yield f"{name} has the id of another post"
        sent = [mood for box, mood in stage.instagram.sent if stage.owner.get(box) == name]
        attempts = group.attempt.seq if group.attempt else 0
        if len(sent) > attempts:
            yield f"{name} was sent {len(sent)} times, of which {attempts} were written down"
        unclear = sum(mood != "refused" for mood in sent)
        allowed = _SENT_MAX[stage.app.settings.on_unknown] * (1 + _disproofs(stage, group))
        if unclear > allowed:
            yield f"{name} was sent {unclear} times although that was unclear"


def _disproofs(stage: Stage, group: Fence) -> int:
    """How often it was settled that nothing was published: the count of sends begins anew then."""
    jobs = [
        stage.app.store.job(SESSION, sk.removeprefix("PUBLISH#"))
        for _, sk in stage.table.items
        if sk.startswith("PUBLISH#")
    ]
    return sum(
        job is not None
        and job.group_id == group.group_id
        and job.settlement is not None
        and job.settlement.how in ("not_published", "expired")
        for job in jobs
    )


def problems_at_rest(stage: Stage) -> Iterator[str]:
    """What is untrue or stuck when nothing runs any more and the sweep has done what it can."""
    for group in groups_of(stage):
        posts, name = posts_of(stage, group), group.group_id
        if posts and group.publish_status != "published":
            yield f"{name} is live and says {group.publish_status}"
        if group.publish_status in ("publishing", "unconfirmed"):
            yield f"{name} is stuck: {group.publish_status}"
        if group.publish_status == "published" and group.instagram_post_id is None:
            yield f"{name} is live and has no id"
        job_id = group.active_job_id
        job = stage.app.store.job(SESSION, job_id) if job_id else None
        if job is not None and job.status != group.publish_status:
            yield f"{name} is {group.publish_status}, and its job {job.status}"
