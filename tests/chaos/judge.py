"""What must hold after a run, whatever happened in it, and what came of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from postwright.models import Fence, Group, Job
from sandbox.instagram.accounts import DEMO_ACCOUNT
from tests.chaos import left
from tests.chaos.left import Left
from tests.chaos.plan import Plan
from tests.chaos.stage import Played, Stage
from tests.workflow.workbench import PostGroup, hashes_of

Wrong = Literal["duplicate", "wrong id", "untrue", "incomplete", "stuck", "secret", "budget"]

SECRETS: Final = (
    DEMO_ACCOUNT.token,
    "X-Amz-Signature",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "Bearer ",
)
_PROVEN: Final = {(9007, 2207027), (9, 2207042), (25, 2207050)}
_PROVEN_CODES: Final = {190, 10, 368, *range(200, 300)}
"""Answers to a publish call after which nothing was published; written out, so that a change of the
library's own list is seen here.
"""
_SENDS: Final = {"resend": 2, "ask": 1}
_CONTAINERS_PER_ITEM: Final = 12
"""Eight tries at most, while calls are throttled, and four of a function that dies each time."""


@dataclass(frozen=True)
class Violation:
    """Something that must never be, in words."""

    wrong: Wrong
    words: str


@dataclass
class Verdict:
    """What came of a run: `ends` are the groups' statuses at rest, before anybody settled or
    started anything by hand; `unclear` counts live posts with a caption of their own whose publish
    was unclear, `found` those that ended with the true id and link by themselves.
    """

    plan: Plan
    violations: list[Violation] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    posts: int = 0
    unclear: int = 0
    found: int = 0
    settled_by_hand: int = 0
    started_anew: int = 0
    redrives: int = 0
    """How often somebody redrove a run while things went wrong."""
    redriven: int = 0
    """Runs that had failed and were redriven once nothing went wrong any more."""
    seconds: float = 0.0
    happened: Counter[str] = field(default_factory=Counter)
    """How often each kind of fault really happened."""

    @property
    def words(self) -> str:
        """All that was violated."""
        return "; ".join(f"{one.wrong}: {one.words}" for one in self.violations)

    @property
    def wrongs(self) -> list[Wrong]:
        """The kinds of its violations, each once for a run."""
        return sorted({violation.wrong for violation in self.violations})


def judge(stage: Stage, played: Played) -> Verdict:
    """Look at everything that a run left behind, then bring it to its end by hand: settle what is
    unclear, redrive or start anew what failed, and look again. Of controls only the posts and
    records count.
    """
    verdict = Verdict(played.plan)
    verdict.happened = played.happened
    verdict.redrives = played.redrives
    verdict.violations += [Violation("stuck", words) for words in played.crashed]
    verdict.ends = Counter(_end_of(record) for record in played.left.records(played.groups))
    _look(stage, played, verdict, at_rest=True)
    if stage.subject != "ours":
        return verdict
    _count_unclear(played, verdict)
    _settle_by_hand(stage, played, verdict)
    _bring_on(stage, played, verdict)
    if verdict.settled_by_hand or verdict.redriven or verdict.started_anew:
        played.left = left.read(stage.bench)
        stage.note(played)
        _look(stage, played, verdict, at_rest=False)
    verdict.violations += [Violation("budget", words) for words in _spent_too_much(played)]
    verdict.violations += [Violation("secret", words) for words in _leaks(stage, played)]
    verdict.violations = list(dict.fromkeys(verdict.violations))
    return verdict


def _look(stage: Stage, played: Played, verdict: Verdict, *, at_rest: bool) -> None:
    found = played.left
    ids = {post["id"] for post in found.posts}
    records = found.records(played.groups)
    verdict.posts = len(found.posts)
    verdict.duplicates = 0
    for group, record in zip(played.groups, records, strict=True):
        own = found.posts_of(group)
        verdict.duplicates += max(0, len(own) - 1)
        verdict.violations += _group_problems(group, record, own, ids)
        if stage.subject == "ours":
            verdict.violations += _job_problems(found, record)
    if stage.subject == "ours":
        if found.running:
            verdict.violations.append(Violation("stuck", f"still running: {found.running}"))
        statuses = Counter(record.publish_status for record in records)
        if statuses["publishing"] or (not at_rest and statuses["unconfirmed"]):
            verdict.violations.append(Violation("stuck", f"groups are {dict(statuses)}"))


def _group_problems(
    group: PostGroup, record: Fence, posts: list[dict[str, Any]], ids: set[str]
) -> Iterator[Violation]:
    name = group.group_id
    if len(posts) > 1:
        yield Violation("duplicate", f"{name} is live {len(posts)} times")
    for post in posts:
        if hashes_of(post) != group.hashes or post["caption"] != group.caption:
            yield Violation("incomplete", f"{name} is live with other items or words")
    status, media_id = record.publish_status, record.instagram_post_id
    own = {post["id"]: post["permalink"] for post in posts}
    if posts and status in ("failed", "ready"):
        yield Violation("untrue", f"{name} is live and its record says {status}")
    if not posts and status == "published":
        yield Violation("untrue", f"{name} is not live and its record says published")
    if media_id is not None and media_id not in own:
        whose = "another's" if media_id in ids else "nobody's"
        yield Violation("wrong id", f"{name} has {media_id}, which is {whose}")
    if media_id in own and record.permalink not in (None, own[media_id]):
        yield Violation("wrong id", f"{name} has the link {record.permalink}")
    if media_id is not None and status != "published":
        yield Violation("untrue", f"{name} has {media_id} and its record says {status}")


def _job_problems(found: Left, record: Fence) -> Iterator[Violation]:
    """The job that has the group says the same as the group."""
    if record.active_job_id is None:
        return
    job = found.store.job(record.session_id, record.active_job_id)
    if job is None:
        yield Violation("untrue", f"job {record.active_job_id} has no record")
        return
    allowed = {"failed": {"failed", "cancelled"}}.get(
        record.publish_status, {record.publish_status}
    )
    if job.status not in allowed:
        yield Violation(
            "untrue", f"job {job.job_id} says {job.status}, its group {record.publish_status}"
        )
    if record.permalink is not None and (job.instagram_post_id, job.permalink) != (
        record.instagram_post_id,
        record.permalink,
    ):
        yield Violation("untrue", f"job {job.job_id} names another post than its group")


def _end_of(record: Fence) -> str:
    if record.publish_status == "published" and record.permalink is None:
        return "published, link open"
    if record.publish_status == "failed" and record.active_job_id is None:
        return "cancelled"
    return record.publish_status


# Unclear publishes


def _count_unclear(played: Played, verdict: Verdict) -> None:
    unclear = _unclear_jobs(played)
    captions = Counter(group.caption for group in played.groups)
    records = played.left.records(played.groups)
    for group, record in zip(played.groups, records, strict=True):
        live = played.left.posts_of(group)
        if len(live) != 1 or captions[group.caption] > 1:
            continue
        if not any(job.group_id == group.group_id for job in unclear):
            continue
        verdict.unclear += 1
        verdict.found += (record.instagram_post_id, record.permalink) == (
            live[0]["id"],
            live[0]["permalink"],
        )


def _unclear_jobs(played: Played) -> list[Job]:
    """The jobs whose post was looked for, by a step of the run or from outside."""
    looked = {
        call["target"]
        for call in played.calls
        if call["service"] == "lambda" and call["operation"] == "reconcile_publish"
    }
    return [job for job in played.left.jobs if job.job_id in looked or job.looks or job.settlement]


# Bringing everything to its end by hand


def _settle_by_hand(stage: Stage, played: Played, verdict: Verdict) -> None:
    """Who looks at the account can settle what no look could."""
    records = played.left.records(played.groups)
    for group, record in zip(played.groups, records, strict=True):
        job_id = record.active_job_id
        is_open = record.publish_status == "published" and record.instagram_post_id is None
        if job_id is None or not (is_open or record.publish_status == "unconfirmed"):
            continue
        live = played.left.posts_of(group)
        wish = {"accept": live[0]["id"]} if live else {"notPublished": True}
        answer = stage.request("settle_job", job_id, wish)
        verdict.settled_by_hand += 1
        if answer["statusCode"] != 200:
            verdict.violations.append(
                Violation("stuck", f"{group.group_id} cannot be settled by {wish}: {answer}")
            )


def _bring_on(stage: Stage, played: Played, verdict: Verdict) -> None:
    """What is not live can be published now that nothing goes wrong any more: by a redrive where
    the plan says so and there is a run to redrive, by a new start otherwise.
    """
    found = left.read(stage.bench) if verdict.settled_by_hand else played.left
    waiting = [
        (group, record)
        for group, record in zip(played.groups, found.records(played.groups), strict=True)
        if record.publish_status in ("failed", "ready")
    ]
    if waiting and found.store.account_block("default"):
        stage.bench.store.unblock_account("default")
    for group, record in waiting:
        job_id = record.active_job_id
        if played.plan.afterwards == "redrive" and job_id and stage.redrive(job_id):
            verdict.redriven += 1
            how = "a redrive"
        else:
            verdict.started_anew += 1
            how = f"a new start, {stage.request('start_publish', body=group.request)}"
        stage.bench.let_time_pass(1200)
        [after] = stage.come_to_rest().records([group])
        if after.publish_status != "published":
            words = f"{group.group_id} is {after.publish_status} after {how}"
            verdict.violations.append(Violation("stuck", words))


# Budgets


def _spent_too_much(played: Played) -> Iterator[str]:
    jobs = played.left.jobs
    for group in played.groups:
        record = played.left.store.group(group.session_id, group.group_id)
        own = [job for job in jobs if job.group_id == group.group_id]
        if record is not None:
            yield from _too_many_sends(played, record, own)
    made = sum(_is_create(request) for request in played.requests)
    containers = sum(len(group.files) + (len(group.files) > 1) for group in played.groups)
    allowed = _CONTAINERS_PER_ITEM * containers * max(1, len(jobs))
    if made > allowed:
        yield f"{made} containers were asked for, {allowed} are allowed"


def _too_many_sends(played: Played, record: Group, jobs: list[Job]) -> Iterator[str]:
    """One unproven publish call, one more with the policy to send again, and as many more each time
    that somebody proved that nothing was published.
    """
    ids = {
        container.id for job in jobs for container in job.containers.values() if container.id
    } | ({record.attempt.container_id} if record.attempt else set())
    sent = [
        request
        for request in played.requests
        if request["path"].endswith("/media_publish")
        and request["parameters"].get("creation_id") in ids
    ]
    attempts = record.attempt.seq if record.attempt else 0
    if len(sent) > attempts:
        yield f"{len(sent)} publish calls in {attempts} attempts"
    unproven = [request for request in sent if not _is_proven_refusal(request)]
    disproved = sum(
        job.settlement is not None and job.settlement.how in ("not_published", "expired")
        for job in jobs
    )
    allowed = _SENDS[played.plan.policy] * (1 + disproved)
    if len(unproven) > allowed:
        yield f"{len(unproven)} publish calls without a proof, {allowed} are allowed"


def _is_proven_refusal(request: dict[str, Any]) -> bool:
    error = request["error"]
    if error is None:
        return False
    return (error["code"], error["subcode"]) in _PROVEN or error["code"] in _PROVEN_CODES


def _is_create(request: dict[str, Any]) -> bool:
    return bool(request["method"] == "POST" and request["path"].endswith("/media"))


# Secrets


def _leaks(stage: Stage, played: Played) -> Iterator[str]:
    for where, text in _everything_written(stage, played):
        lower = text.lower()
        for secret in SECRETS:
            if secret.lower() in lower:
                yield f"{secret[:12]}... is in {where}"


def _everything_written(stage: Stage, played: Played) -> Iterator[tuple[str, str]]:
    for name in played.executions:
        yield "a history", json.dumps(stage.bench.history(name), default=str)
    yield "the table", json.dumps(played.left.items)
    yield "the functions' log", stage.written()
    yield "the log of calls", json.dumps(played.calls)
