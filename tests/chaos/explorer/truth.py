"""What must hold after every step, and what must hold when everything has come to rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from postwright import clock
from tests.chaos.explorer.instagram import Post
from tests.chaos.explorer.stage import FUNCTION_SECONDS, Stage, name_of
from tests.chaos.explorer.table import Item

_SENT_MAX = {"resend": 2, "ask": 1}
"""How often a group may be sent before it is proven whether it is live."""
_BLOCKED = "4/2207051"
_GAVE_ID = ("accepted", "found")


@dataclass(frozen=True)
class Seen:
    """A group as its record says, and the posts that show it."""

    session: str
    name: str
    status: str
    job_id: str | None
    media_id: str | None
    attempt: Item
    posts: list[Post]

    @property
    def attempts(self) -> int:
        return int(self.attempt["seq"]["N"]) if self.attempt else 0


def groups_of(stage: Stage) -> Iterator[Seen]:
    for (pk, sk), item in list(stage.table.items.items()):
        if sk.startswith("GROUP#") and (pk, sk) not in stage.promised.gone:
            session = pk.removeprefix("SESSION#")
            name = name_of(session, sk.removeprefix("GROUP#"))
            yield Seen(
                session,
                name,
                item["publishStatus"]["S"],
                _text(item, "activeJobId"),
                _text(item, "instagramPostId"),
                item["attempt"]["M"] if "attempt" in item else {},
                [post for post in stage.instagram.posts if stage.group_of(post) == name],
            )


def problems_now(stage: Stage) -> Iterator[str]:
    """What is untrue or twice at this very moment."""
    for group in groups_of(stage):
        yield from _problems_of_posts(stage, group)
        yield from _problems_of_sends(stage, group)
        yield from _problems_of_records(stage, group)
    for (pk, sk), item in stage.table.items.items():
        if sk.startswith("GROUP#") and (pk, sk) in stage.promised.gone:
            yield f"{sk} of {pk} was deleted and is there again"
        if sk.startswith("PUBLISH#") and "groupId" not in item:
            yield f"the record of {sk.removeprefix('PUBLISH#')} is half a record"
    yield from _problems_of_block(stage)


def _problems_of_block(stage: Stage) -> Iterator[str]:
    block = stage.table.items.get(("ACCOUNT#default", "BLOCK"))
    if block is None:
        return
    since, until = block["since"]["S"], block["until"]["S"]
    if until < stage.promised.blocked_until:
        yield "the account's block has become shorter"
    stage.promised.blocked_until = until
    begun_after = clock.from_text(since) + timedelta(seconds=FUNCTION_SECONDS)
    if any(begun_after < one.at < clock.from_text(until) for one in stage.instagram.sent):
        yield "the account has sent something while it was blocked"


def _problems_of_posts(stage: Stage, group: Seen) -> Iterator[str]:
    name = group.name
    if len(group.posts) > 1:
        yield f"{name} is live {len(group.posts)} times"
    if group.status == "failed" and group.posts and name not in stage.promised.misled:
        yield f"{name} says failed and is live"
    state = _text(group.attempt, "state")
    says_no = state in ("not_published", "resend_allowed")
    if says_no and group.posts and name not in stage.promised.misled:
        yield f"{name} is live, and its attempt says {state}"
    if group.media_id in stage.promised.mistaken:
        return
    if group.status == "published" and not group.posts:
        yield f"{name} says published and is not live"
    if group.media_id not in (None, *(post.id for post in group.posts)):
        yield f"{name} has the id of another post"


def _problems_of_sends(stage: Stage, group: Seen) -> Iterator[str]:
    name = group.name
    sent = [one for one in stage.instagram.sent if stage.owner.get(one.container) == name]
    yield from _problems_of_seq(group, len(sent))
    unclear = sum(one.behaviour != "refused" for one in sent)
    allowed = _SENT_MAX[stage.app.settings.on_unknown]
    if unclear > allowed and unclear > allowed * (1 + _disproofs(stage, name)):
        yield f"{name} was sent {unclear} times although that was unclear"
    if not group.attempt:
        return
    since = group.attempt["sentAt"]["S"]
    answered = [one for one in sent if clock.to_text(one.at) >= since]
    if "answer" in group.attempt and not answered:
        yield f"{name} has the answer to another attempt"
    if _text(group.attempt, "answer") == _BLOCKED:
        stage.promised.blocked[name] = group.attempts
    if group.attempt["n"]["N"] == "2" and stage.promised.blocked.get(name) == group.attempts - 1:
        yield f"{name} was sent again after an action block"
    job_id = group.attempt["jobId"]["S"]
    if group.attempts > stage.promised.cancelled.get(job_id, group.attempts):
        yield f"{name} was sent by {job_id}, which had been cancelled"


def _problems_of_seq(group: Seen, sent: int) -> Iterator[str]:
    if sent > group.attempts:
        yield f"{group.name} was sent {sent} times, of which {group.attempts} were written down"


def _problems_of_records(stage: Stage, group: Seen) -> Iterator[str]:
    name, status = group.name, group.status
    if status == "published" and group.attempt and group.attempt["state"]["S"] != "published":
        yield f"{name} says published, and its attempt {group.attempt['state']['S']}"
    job = stage.table.items.get((f"SESSION#{group.session}", f"PUBLISH#{group.job_id}"))
    job_says = _text(job, "status") if job else None
    if status in ("failed", "unconfirmed", "publishing") and job_says not in (None, status):
        yield f"{name} is {status} while its job is {job_says}"
    if status == "published":
        stage.promised.published.add(name)
    elif name in stage.promised.published:
        yield f"{name} was published, and says {status} now"
    before = stage.promised.had.get(name, group.job_id)
    if group.job_id is not None:
        stage.promised.had[name] = group.job_id
    if before != group.job_id and group.job_id is not None and _runs_untouched(stage, before):
        yield f"{group.job_id} has taken {name} from {before}, which runs"
    if group.media_id is not None:
        first = stage.promised.ids.setdefault(name, group.media_id)
        if first != group.media_id:
            yield f"{name} had the id of a post, and has another one now"


def _runs_untouched(stage: Stage, job_id: str | None) -> bool:
    """Whether a run goes on that nobody has stopped."""
    execution = stage.machine.known.get(job_id or "")
    if execution is None or job_id in stage.promised.cancelled:
        return False
    return execution.status == "RUNNING" and execution.redrive_count == 0


def _text(item: Item, name: str) -> str | None:
    return item[name]["S"] if name in item else None


def _disproofs(stage: Stage, name: str) -> int:
    """How often it was settled that nothing was published: the count of sends begins anew then."""
    settled = [
        item["settlement"]["M"]["how"]["S"]
        for (_, sk), item in stage.table.items.items()
        if sk.startswith("PUBLISH#") and _text(item, "groupId") == name and "settlement" in item
    ]
    return sum(how in ("not_published", "expired") for how in settled)


def problems_at_rest(stage: Stage) -> Iterator[str]:
    """What is untrue or stuck when nothing runs any more and the sweep has done what it can."""
    for group in groups_of(stage):
        if (f"SESSION#{group.session}", f"PUBLISH#{group.job_id}") in stage.promised.gone:
            continue  # nobody can say any more how its run went
        yield from _problems_of_rest(stage, group)
        yield from _problems_of_other_jobs(stage, group)


def _problems_of_other_jobs(stage: Stage, group: Seen) -> Iterator[str]:
    for (pk, sk), job in stage.table.items.items():
        job_id = sk.removeprefix("PUBLISH#")
        named = name_of(pk.removeprefix("SESSION#"), _text(job, "groupId") or "")
        if job_id == sk or job_id == group.job_id or named != group.name:
            continue
        if job["status"]["S"] in ("publishing", "published"):
            yield f"{job_id} is {job['status']['S']}, and {group.name} belongs to {group.job_id}"


def _problems_of_rest(stage: Stage, group: Seen) -> Iterator[str]:
    name, status = group.name, group.status
    if name in stage.promised.unclear:
        return
    if group.posts and status != "published" and name not in stage.promised.misled:
        yield f"{name} is live and says {status}"
    if status in ("publishing", "unconfirmed"):
        yield f"{name} is stuck: {status}"
    if status == "published" and group.media_id is None:
        yield f"{name} is live and has no id"
    job = stage.app.store.job(group.session, group.job_id) if group.job_id else None
    if job is None:
        return
    if job.status != status:
        yield f"{name} is {status}, and its job {job.status}"
    if status == "published" and group.posts and group.posts[0].caption != job.caption_text:
        yield f"{name} shows another caption than its job says"
    found = job.settlement if job.settlement and job.settlement.how in _GAVE_ID else None
    if found is not None and group.media_id not in (None, found.instagram_post_id):
        yield f"{name} has a post that its settlement does not name"
