"""What must hold after every step, and what must hold when everything has come to rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.chaos.explorer.instagram import Post
from tests.chaos.explorer.stage import SESSION, Stage
from tests.chaos.explorer.table import Item

_SENT_MAX = {"resend": 2, "ask": 1}
"""How often a group may be sent before it is proven whether it is live."""


@dataclass(frozen=True)
class Seen:
    """A group as its record says, and the posts that show it."""

    name: str
    status: str
    job_id: str | None
    media_id: str | None
    attempts: int
    posts: list[Post]


def groups_of(stage: Stage) -> Iterator[Seen]:
    for (_, sk), item in list(stage.table.items.items()):
        if sk.startswith("GROUP#"):
            name = sk.removeprefix("GROUP#")
            posts = [post for post in stage.instagram.posts if stage.group_of(post) == name]
            attempt = item.get("attempt", {"M": {"seq": {"N": "0"}}})["M"]
            yield Seen(
                name,
                item["publishStatus"]["S"],
                _text(item, "activeJobId"),
                _text(item, "instagramPostId"),
                int(attempt["seq"]["N"]),
                posts,
            )


def problems_now(stage: Stage) -> Iterator[str]:
    """What is untrue or twice at this very moment."""
    for group in groups_of(stage):
        name = group.name
        if len(group.posts) > 1:
            yield f"{name} is live {len(group.posts)} times"
        if group.status == "failed" and group.posts:
            yield f"{name} says failed and is live"
        if group.status == "published" and not group.posts:
            yield f"{name} says published and is not live"
        if group.media_id not in (None, *(post.id for post in group.posts)):
            yield f"{name} has the id of another post"
        sent = [mood for box, mood in stage.instagram.sent if stage.owner.get(box) == name]
        if len(sent) > group.attempts:
            yield f"{name} was sent {len(sent)} times, of which {group.attempts} were written down"
        unclear = sum(mood != "refused" for mood in sent)
        allowed = _SENT_MAX[stage.app.settings.on_unknown]
        if unclear > allowed and unclear > allowed * (1 + _disproofs(stage, name)):
            yield f"{name} was sent {unclear} times although that was unclear"


def _text(item: Item, name: str) -> str | None:
    return item[name]["S"] if name in item else None


def _disproofs(stage: Stage, name: str) -> int:
    """How often it was settled that nothing was published: the count of sends begins anew then."""
    settled = [
        item["settlement"]["M"]["how"]["S"]
        for (_, sk), item in stage.table.items.items()
        if sk.startswith("PUBLISH#") and item["groupId"]["S"] == name and "settlement" in item
    ]
    return sum(how in ("not_published", "expired") for how in settled)


def problems_at_rest(stage: Stage) -> Iterator[str]:
    """What is untrue or stuck when nothing runs any more and the sweep has done what it can."""
    for group in groups_of(stage):
        name, status = group.name, group.status
        if group.posts and status != "published":
            yield f"{name} is live and says {status}"
        if status in ("publishing", "unconfirmed"):
            yield f"{name} is stuck: {status}"
        if status == "published" and group.media_id is None:
            yield f"{name} is live and has no id"
        job = stage.app.store.job(SESSION, group.job_id) if group.job_id else None
        if job is not None and job.status != status:
            yield f"{name} is {status}, and its job {job.status}"
