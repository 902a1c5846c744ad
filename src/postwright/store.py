"""The table: sessions, groups, descriptions, jobs, and what an account has under way.

Every step of the publish protocol is one conditional update of the group's item, which is the only
record that decides who may do what. Methods that change the group return or raise according to that
condition; none retries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from postwright import clock
from postwright.attributes import from_attribute, to_attribute
from postwright.aws import Connected, new_client
from postwright.errors import redact
from postwright.failures import GraphFailure
from postwright.ledger import SLOT, Ledger
from postwright.models import (
    Attempt,
    Block,
    CarouselCap,
    Container,
    Description,
    Fence,
    Group,
    Job,
    Parts,
    PublishStatus,
    Ref,
    SearchLedger,
    Session,
    Slot,
    TokenFacts,
    now_text,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        ConditionCheckTypeDef,
        PutTypeDef,
        TransactWriteItemTypeDef,
    )

OPEN_JOBS_INDEX: Final = "open-jobs"
LEDGER: Final = "BUDGET"
FINISHED_JOB_LIFE: Final = timedelta(days=90)


_MESSAGE_LENGTH: Final = 300
_JOB_ID_MAX: Final = 80
"""A job's id is the name of an execution, and that has at most 80 characters."""
_DESCRIPTION: Final = "DESCRIPTION#"
_GROUP: Final = "GROUP#"
_SESSIONS: Final = "SESSIONS"
_AT_ONCE: Final = 100
"""The most items that BatchGetItem answers. Source: its API reference, read 2026-11."""
_BATCH_ROUNDS: Final = 5
_BLOCK: Final = "BLOCK"
_HASHTAGS: Final = "HASHTAGS"
_CAROUSEL: Final = "CAROUSEL"
_READY_TIMES: Final = "READYTIMES"
_FACTS: Final = "TOKEN"
_LEASE: Final = "TOKEN#LEASE"
_RELEASE: Final = ", lastJobId = :job REMOVE activeJobId"
_UNPROVEN: Final = "attempt.#state IN (:open, :resend_allowed)"
_NO_OPEN_ATTEMPT: Final = "(attribute_not_exists(attempt) OR attempt.#state = :not_published)"
_NOT_UNPROVEN: Final = f"(attribute_not_exists(attempt) OR NOT {_UNPROVEN})"
_IS_FREE: Final = (
    "attribute_exists(PK) AND (attribute_not_exists(publishStatus) OR"
    " publishStatus IN (:ready, :failed))"
)
_FREE: Final = {":ready": "ready", ":failed": "failed"}
_SAME_GROUP: Final = "sessionId = :session AND groupId = :group"
_STATES: Final = {
    ":open": "open",
    ":not_published": "not_published",
    ":resend_allowed": "resend_allowed",
}


class ConditionFailedError(Exception):
    """The item is not as the condition demands; read it again and decide anew."""


@dataclass(frozen=True)
class Page:
    """Records as they are in the table, and the sort key after which the next page begins; None on
    the last one.
    """

    rows: list[dict[str, Any]]
    after: str | None


class Store(Connected["DynamoDBClient"]):
    """Reads and writes of one table."""

    def __init__(self, client: DynamoDBClient | None, table: str) -> None:
        super().__init__(client, lambda: new_client("dynamodb"))
        self._table = table

    @classmethod
    def connect(cls, table: str) -> Store:
        """A store on the DynamoDB that the AWS environment variables lead to."""
        return cls(None, table)

    # What the pipeline writes

    def put_session(self, session: Session) -> None:
        """Write a session and its line in the list of sessions; a repeat changes nothing."""
        record = session.to_json()
        self._put({**_key(_session_pk(session.session_id), "META"), **record})
        listed = f"{session.created_at}#{session.session_id}"
        self._put({**_key(_SESSIONS, listed), **record})

    def put_new_group(self, group: Group) -> None:
        """Write a group that does not exist yet; raises ConditionFailedError when it does."""
        item = {**_group_key(group.session_id, group.group_id), **group.to_json()}
        self._put(item, condition="attribute_not_exists(PK)")

    def put_description(self, session_id: str, group_id: str, description: Description) -> None:
        """Write or replace the description of a group."""
        key = _key(_session_pk(session_id), f"{_DESCRIPTION}{group_id}")
        self._put({**key, **description.to_json()})

    def set_hashtags(
        self, session_id: str, group_id: str, hashtags: Sequence[str], *, replace: bool
    ) -> bool:
        """Write the hashtags of a group's description and nothing else of it; False, and nothing is
        written, when it has some already and they are not to be replaced.
        """
        values: dict[str, Any] = {":hashtags": list(hashtags)}
        only_if: dict[str, Any] = {}
        if not replace:
            values[":none"] = 0
            only_if["ConditionExpression"] = (
                "attribute_not_exists(hashtags) OR size(hashtags) = :none"
            )
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_serialized(_key(_session_pk(session_id), f"{_DESCRIPTION}{group_id}")),
                UpdateExpression="SET hashtags = :hashtags",
                ExpressionAttributeValues=_serialized(values),
                **only_if,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    # Reads

    def session(self, session_id: str) -> Session | None:
        """The session, or None."""
        found = self._get(_key(_session_pk(session_id), "META"))
        return Session.model_validate(found) if found else None

    def group(self, session_id: str, group_id: str) -> Group | None:
        """The group as it is now (consistent read), or None.

        Raises pydantic's ValidationError when a pipeline wrote something that is no group.
        """
        found = self._get_group(session_id, group_id)
        return Group.model_validate(found) if found else None

    def fence(self, session_id: str, group_id: str) -> Fence | None:
        """Who has the group (consistent read), whatever else is in its record; or None."""
        found = self._get_group(session_id, group_id)
        return Fence.model_validate(found) if found else None

    def description(self, session_id: str, group_id: str) -> Description | None:
        """What the pipeline wrote about the group, or None."""
        found = self._get(_key(_session_pk(session_id), f"{_DESCRIPTION}{group_id}"))
        return Description.model_validate(found) if found else None

    def hashtags_of_session(self, session_id: str) -> dict[str, list[str]]:
        """The hashtags that the descriptions of a session have, by group."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="PK = :session AND begins_with(SK, :description)",
            ProjectionExpression="SK, hashtags",
            ExpressionAttributeValues=_serialized(
                {":session": _session_pk(session_id), ":description": _DESCRIPTION}
            ),
        )
        rows = [row for page in pages for row in page["Items"] if "hashtags" in row]
        return {
            from_attribute(row["SK"]).removeprefix(_DESCRIPTION): from_attribute(row["hashtags"])
            for row in rows
        }

    def has_session(self, session_id: str) -> bool:
        """Whether a pipeline has written a record of the session, whatever is in it."""
        return self._get(_key(_session_pk(session_id), "META")) is not None

    def sessions(self, limit: int, after: str | None = None) -> Page:
        """The lines of the list of sessions, the newest first. Nothing is scanned: they have a
        partition of their own. What the key says is in each, whatever else is.
        """
        page = self._query({":pk": _SESSIONS}, "PK = :pk", limit, after, ScanIndexForward=False)
        for row in page.rows:
            created_at, _, session_id = row["SK"].partition("#")
            row |= {"createdAt": created_at, "sessionId": session_id}
        return page

    def groups(self, session_id: str, limit: int, after: str | None = None) -> Page:
        """Post groups of a session by their ids (consistent read). What the key says is in each,
        whatever else is.
        """
        page = self._query(
            {":pk": _session_pk(session_id), ":group": _GROUP},
            "PK = :pk AND begins_with(SK, :group)",
            limit,
            after,
            ConsistentRead=True,
        )
        for row in page.rows:
            row |= {"sessionId": session_id, "groupId": row["SK"].removeprefix(_GROUP)}
        return page

    def descriptions(self, session_id: str, group_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What the pipeline wrote about groups, by their ids, as it is in the table."""
        pk = _session_pk(session_id)
        found = self._get_many(_key(pk, f"{_DESCRIPTION}{one}") for one in group_ids)
        return {row["SK"].removeprefix(_DESCRIPTION): row for row in found}

    def jobs(self, session_id: str, job_ids: Iterable[str]) -> dict[str, Job]:
        """Jobs of a session as they are now (consistent read), by their ids."""
        found = self._get_many(_job_key(session_id, one) for one in job_ids)
        return {job.job_id: job for job in map(Job.model_validate, found)}

    def job(self, session_id: str, job_id: str) -> Job | None:
        """The job as it is now (consistent read), or None."""
        found = self._get(_job_key(session_id, job_id))
        return Job.model_validate(found) if found else None

    def find_job(self, job_id: str) -> Job | None:
        """The job with this id, whatever its session, or None."""
        if len(job_id) > _JOB_ID_MAX:
            return None
        found = self._get(_key(f"JOB#{job_id}", "JOB"))
        return self.job(found["sessionId"], job_id) if found else None

    def find_lost(self, job_id: str) -> Ref | None:
        """What the lookup of a job says of one whose own record is gone, or None. Its account is
        not known any more.
        """
        found = self._get(_key(f"JOB#{job_id}", "JOB")) if len(job_id) <= _JOB_ID_MAX else None
        if found is None or self.job(found["sessionId"], job_id) is not None:
            return None
        return Ref(session_id=found["sessionId"], group_id=found["groupId"], job_id=job_id)

    def find_jobs(self, job_ids: Iterable[str]) -> dict[str, Job]:
        """The jobs with these ids, whatever their sessions; those that no job has are left out."""
        lookups = self._get_many(
            _key(f"JOB#{one}", "JOB") for one in job_ids if len(one) <= _JOB_ID_MAX
        )
        found = self._get_many(
            _job_key(row["sessionId"], row["PK"].removeprefix("JOB#")) for row in lookups
        )
        return {job.job_id: job for job in map(Job.model_validate, found)}

    # The fence

    def claim(self, group: Fence, job: Job) -> None:
        """Transition 1: the group belongs to `job`, and the job can be found by its id, in one
        step.

        Raises ConditionFailedError when the group is not free or the job exists already.
        """
        condition = f"{_IS_FREE} AND {_NO_OPEN_ATTEMPT}"
        names = {"#state": "state"}
        values = {
            ":publishing": "publishing",
            ":not_published": "not_published",
            ":job": job.job_id,
            **_FREE,
        }
        lookup = {"sessionId": job.session_id, "groupId": job.group_id}
        items: list[TransactWriteItemTypeDef] = [
            {
                "Update": {
                    "TableName": self._table,
                    "Key": _serialized(_group_key(group.session_id, group.group_id)),
                    "UpdateExpression": "SET publishStatus = :publishing, activeJobId = :job",
                    "ConditionExpression": condition,
                    "ExpressionAttributeNames": names,
                    "ExpressionAttributeValues": _serialized(values),
                }
            },
            self._new_item({**_job_key(job.session_id, job.job_id), **_open_job(job)}),
            self._new_item({**_key(f"JOB#{job.job_id}", "JOB"), **lookup}),
        ]
        self._transact(items)

    def divide(self, group: Fence, parts: Parts) -> None:
        """Transition 11: a group that is free is published in parts from now on; no run can claim
        it as a whole any more.

        Raises ConditionFailedError when it is not free, or is divided already.
        """
        nobody = Ref(session_id=group.session_id, group_id=group.group_id, job_id="none")
        self._update_group(
            nobody,
            "SET publishStatus = :split, parts = :parts REMOVE activeJobId",
            f"{_IS_FREE} AND {_NO_OPEN_ATTEMPT}",
            {":split": "split", ":parts": parts.to_json(), **_FREE},
        )

    def take_back(self, ref: Ref, status: Literal["failed", "unconfirmed"]) -> None:
        """Transition 2: the same job takes its group back, as a redrive needs it, and its record
        says so in the same step.

        An unconfirmed group has an unproven attempt and is taken back only to look.
        """
        attempt = _NO_OPEN_ATTEMPT if status == "failed" else _UNPROVEN
        phase = "creating_containers" if status == "failed" else "publishing"
        self._update_both(
            ref,
            "SET publishStatus = :publishing",
            f"activeJobId = :job AND publishStatus = :status AND {attempt}",
            {":publishing": "publishing", ":status": status, ":job": ref.job_id},
            {"status": "publishing", "phase": phase},
        )

    def open_attempt(self, ref: Ref, attempt: Attempt, previous: Attempt | None) -> None:
        """Transitions 3 and 7: from here on a POST may have been sent; the caption is locked."""
        if previous is not None and previous.state == "resend_allowed":
            before = (
                "attempt.seq = :previous AND attempt.#state = :resend_allowed AND attempt.n = :one"
            )
        elif previous is not None:
            before = "attempt.seq = :previous AND attempt.#state = :not_published"
        else:
            before = "attribute_not_exists(attempt)"
        values: dict[str, Any] = {
            ":attempt": attempt.to_json(),
            ":publishing": "publishing",
            ":job": ref.job_id,
            ":one": 1,
        }
        if previous is not None:
            values[":previous"] = previous.seq
        update = self._group_update(
            ref,
            "SET attempt = :attempt",
            f"publishStatus = :publishing AND activeJobId = :job AND {before}",
            values,
        )
        locked: ConditionCheckTypeDef = {
            "TableName": self._table,
            "Key": _serialized(_caption_key(ref, attempt.caption_hash)),
            "ConditionExpression": _SAME_GROUP,
            "ExpressionAttributeValues": _group_values(ref.session_id, ref.group_id),
        }
        self._transact([{"Update": update}, {"ConditionCheck": locked}])

    def refuse(self, ref: Ref, seq: int, n: int = 1) -> None:
        """Transition 4: Instagram refused this very POST for certain, or it was never sent.

        That proves a first POST unpublished. About the one before a re-send it says nothing, so a
        re-send that is refused may only be sent again: the attempt is as it was before.
        """
        still_open = "attempt.seq = :seq AND attempt.n = :n AND attempt.#state = :open"
        values = {":seq": seq, ":n": n, ":one": 1}
        if n != 1:
            action = "SET attempt.#state = :resend_allowed, attempt.n = :one"
            self._update_group(ref, action, still_open, values)
            return
        self._update_group(
            ref,
            "SET attempt.#state = :not_published",
            f"publishStatus = :publishing AND {still_open}",
            values | {":publishing": "publishing"},
        )

    def refuse_late(self, ref: Ref, seq: int, status: Literal["failed", "cancelled"]) -> None:
        """Transition 4 for a run that was closed as unconfirmed meanwhile: there is nothing to
        settle any more. The group is failed, and its job has this status; a cancelled one lets go
        of the group.
        """
        release = _RELEASE if status == "cancelled" else ""
        self._update_both(
            ref,
            f"SET attempt.#state = :not_published, publishStatus = :failed{release}",
            "publishStatus = :unconfirmed AND attempt.seq = :seq AND attempt.n = :one"
            " AND attempt.#state = :open",
            {
                ":job": ref.job_id,
                ":seq": seq,
                ":one": 1,
                ":failed": "failed",
                ":unconfirmed": "unconfirmed",
            },
            {"status": status, "phase": status},
        )

    def note_answer(self, ref: Ref, seq: int, answer: str) -> None:
        """Keep what Instagram answered to an attempt that stays unproven."""
        self._update_group(
            ref,
            "SET attempt.answer = :answer",
            f"attempt.seq = :seq AND {_UNPROVEN}",
            {":seq": seq, ":answer": answer},
        )

    def claim_media(self, ref: Ref, ig_user_id: str, media_id: str) -> bool:
        """True when the post is this group's, from now on or already; False if another has it."""
        key = _key(f"ACCOUNT#{ref.account_id}", f"MEDIA#{media_id}")
        owner = {"sessionId": ref.session_id, "groupId": ref.group_id, "igUserId": ig_user_id}
        try:
            self._put(
                {**key, **owner},
                condition=f"attribute_not_exists(PK) OR ({_SAME_GROUP})",
                values={":session": ref.session_id, ":group": ref.group_id},
            )
        except ConditionFailedError:
            return False
        return True

    def media_owner(self, account_id: str, media_id: str) -> tuple[str, str] | None:
        """Session and group that a published post belongs to, or None."""
        found = self._get(_key(f"ACCOUNT#{account_id}", f"MEDIA#{media_id}"))
        return (found["sessionId"], found["groupId"]) if found else None

    def succeed(
        self, ref: Ref, media_id: str | None, changes: Mapping[str, Any] | None = None
    ) -> None:
        """Transition 5: the post is live, with its id or (None) the link still to be found; with
        `changes`, its job takes them in the same step.
        """
        values: dict[str, Any] = {":published": "published"}
        action = "SET attempt.#state = :published, publishStatus = :published"
        condition = "attribute_exists(attempt)"
        if media_id is None:
            condition += " AND attribute_not_exists(instagramPostId)"
        else:
            values[":media"] = media_id
            action += ", instagramPostId = :media"
            condition += " AND (attribute_not_exists(instagramPostId) OR instagramPostId = :media)"
        if changes is None:
            self._update_group(ref, action, condition, values)
        else:
            self._update_both(ref, action, condition, values, changes)

    def allow_resend(self, ref: Ref, seq: int) -> None:
        """Transition 6: nothing was published, so the same container may be sent once more."""
        self._update_group(
            ref,
            "SET attempt.#state = :resend_allowed",
            "publishStatus = :publishing AND activeJobId = :job AND attempt.seq = :seq"
            " AND attempt.n = :one AND attempt.#state = :open",
            {":publishing": "publishing", ":job": ref.job_id, ":seq": seq, ":one": 1},
        )

    def close_group(
        self,
        read: Fence,
        ref: Ref,
        status: PublishStatus,
        changes: Mapping[str, Any] | None,
        *,
        release: bool = False,
    ) -> None:
        """Transition 8: a run that is over leaves the group with a status, if status and attempt
        are as they were read; its job takes the changes in the same step, unless (None) its record
        is gone.

        With `release`, for a run that was cancelled, it can never take the group back.
        """
        values: dict[str, Any] = {
            ":read": read.publish_status,
            ":job": ref.job_id,
            ":status": status,
        }
        condition = "publishStatus = :read AND activeJobId = :job"
        if read.attempt is None:
            condition += " AND attribute_not_exists(attempt)"
        else:
            condition += " AND attempt.seq = :seq AND attempt.#state = :state"
            values |= {":seq": read.attempt.seq, ":state": read.attempt.state}
        action = f"SET publishStatus = :status{_RELEASE if release else ''}"
        if changes is None:
            self._update_group(ref, action, condition, values)
        else:
            self._update_both(ref, action, condition, values, changes)

    def disprove(
        self, ref: Ref, seq: int, by: str, changes: Mapping[str, Any], *, release: bool = False
    ) -> None:
        """Transition 10: somebody who looked says that nothing was published. The group is failed,
        and its job takes the changes in the same step.

        The attempt keeps the mark, so that its container is looked at before it is ever sent again.
        """
        self._update_both(
            ref,
            "SET publishStatus = :failed, attempt.#state = :not_published,"
            f" attempt.settledBy = :by, attempt.settledAt = :now{_RELEASE if release else ''}",
            "publishStatus = :unconfirmed AND activeJobId = :job AND attempt.seq = :seq"
            f" AND {_UNPROVEN}",
            {
                ":failed": "failed",
                ":unconfirmed": "unconfirmed",
                ":job": ref.job_id,
                ":seq": seq,
                ":by": by,
                ":now": now_text(),
            },
            changes,
        )

    def set_permalink(self, ref: Ref, permalink: str) -> None:
        """Keep the link of a group that is published."""
        self._update_group(
            ref,
            "SET permalink = :permalink",
            "publishStatus = :published",
            {":permalink": permalink, ":published": "published"},
        )

    # One post per caption at a time

    def lock_caption(self, ref: Ref, caption_hash: str) -> bool:
        """True when this group may send a post with this caption; False when another does."""
        key = _caption_key(ref, caption_hash)
        mine = {**key, "sessionId": ref.session_id, "groupId": ref.group_id}
        holder = self._get(key) or mine
        try:
            if holder == mine:
                self._put(
                    mine,
                    condition=f"attribute_not_exists(PK) OR ({_SAME_GROUP})",
                    values={":session": ref.session_id, ":group": ref.group_id},
                )
            else:
                self._steal_caption(mine, holder["sessionId"], holder["groupId"])
        except ConditionFailedError:
            return False
        return True

    def _steal_caption(self, item: Mapping[str, Any], session_id: str, group_id: str) -> None:
        """Take the lock from a group that has it and no unproven attempt, both in one step."""
        unproven = {":open": "open", ":resend_allowed": "resend_allowed"}
        nothing_sent: ConditionCheckTypeDef = {
            "TableName": self._table,
            "Key": _serialized(_group_key(session_id, group_id)),
            "ConditionExpression": _NOT_UNPROVEN,
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": _serialized(unproven),
        }
        lock: PutTypeDef = {
            "TableName": self._table,
            "Item": _serialized(item),
            "ConditionExpression": _SAME_GROUP,
            "ExpressionAttributeValues": _group_values(session_id, group_id),
        }
        self._transact([{"ConditionCheck": nothing_sent}, {"Put": lock}])

    def free_caption(self, ref: Ref, caption_hash: str) -> None:
        """Give the caption back, if this group has it."""
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=_serialized(_caption_key(ref, caption_hash)),
                ConditionExpression=_SAME_GROUP,
                ExpressionAttributeValues=_group_values(ref.session_id, ref.group_id),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    # What an account may not do

    def block_account(self, account_id: str, block: Block) -> None:
        """Keep until when an account sends nothing; a block that lasts longer stays."""
        with suppress(ConditionFailedError):
            self._put(
                {**_key(f"ACCOUNT#{account_id}", _BLOCK), **block.to_json()},
                condition="attribute_not_exists(PK) OR #until < :until",
                names={"#until": "until"},
                values={":until": block.until},
            )

    def account_block(self, account_id: str) -> Block | None:
        """The last action block of an account, or None; it may be over."""
        found = self._get(_key(f"ACCOUNT#{account_id}", _BLOCK))
        return Block.model_validate(found) if found else None

    def unblock_account(self, account_id: str) -> None:
        """Forget the block of an account; a repeat changes nothing."""
        key = _serialized(_key(f"ACCOUNT#{account_id}", _BLOCK))
        self._client.delete_item(TableName=self._table, Key=key)

    # What an account has searched for

    def search_ledger(self, account_id: str) -> SearchLedger:
        """The hashtags that count for an account (consistent read); an empty one at first."""
        found = self._get(_key(f"ACCOUNT#{account_id}", _HASHTAGS))
        return SearchLedger.model_validate(found) if found else SearchLedger()

    def put_search_ledger(self, account_id: str, ledger: SearchLedger) -> None:
        """Write the version after `ledger.version`; raises ConditionFailedError when somebody has
        written it meanwhile.
        """
        after = ledger.model_copy(update={"version": ledger.version + 1})
        self._put(
            {**_key(f"ACCOUNT#{account_id}", _HASHTAGS), **after.to_json()},
            condition="attribute_not_exists(PK) OR #version = :version",
            names={"#version": "version"},
            values={":version": ledger.version},
        )

    # What an account may do

    def carousel_cap(self, account_id: str) -> CarouselCap | None:
        """What was found out about the account's carousels, or None."""
        found = self._get(_key(f"ACCOUNT#{account_id}", _CAROUSEL))
        return CarouselCap.model_validate(found) if found else None

    def put_carousel_cap(self, account_id: str, cap: CarouselCap) -> None:
        """Keep what was found out; it replaces what was known."""
        self._put({**_key(f"ACCOUNT#{account_id}", _CAROUSEL), **cap.to_json()})

    # How long Instagram took for an account's media

    def ready_times(self, account_id: str) -> dict[str, Any]:
        """What was put there last, of which nobody has asked whether it makes sense."""
        return self._get(_key(f"ACCOUNT#{account_id}", _READY_TIMES)) or {}

    def put_ready_times(self, account_id: str, times: Mapping[str, Any]) -> None:
        """Keep what was seen. Of two runs that write at once the later one stays: what the other
        saw is missing, and the next post is seen anyway.
        """
        self._put({**_key(f"ACCOUNT#{account_id}", _READY_TIMES), **times})

    # What is known of an account's token

    def token_facts(self, account_id: str) -> TokenFacts | None:
        """What is known of the account's token (consistent read), or None."""
        found = self._get(_key(f"ACCOUNT#{account_id}", _FACTS))
        return TokenFacts.model_validate(found) if found else None

    def put_token_facts(self, account_id: str, facts: TokenFacts) -> None:
        """Write or replace them; whoever does has the lease of the token."""
        self._put({**_key(f"ACCOUNT#{account_id}", _FACTS), **facts.to_json()})

    def forget_token_facts(self, account_id: str) -> None:
        """Delete them; a repeat changes nothing."""
        key = _serialized(_key(f"ACCOUNT#{account_id}", _FACTS))
        self._client.delete_item(TableName=self._table, Key=key)

    def lease_token(self, account_id: str, holder: str, seconds: float) -> bool:
        """True when `holder` alone may replace the account's token for so long."""
        until = clock.to_text(clock.in_seconds(seconds))
        try:
            self._put(
                {**_key(f"ACCOUNT#{account_id}", _LEASE), "holder": holder, "until": until},
                condition="attribute_not_exists(PK) OR #until <= :now",
                names={"#until": "until"},
                values={":now": now_text()},
            )
        except ConditionFailedError:
            return False
        return True

    def free_token(self, account_id: str, holder: str) -> None:
        """Give the lease back, if it is still this holder's."""
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.delete_item(
                TableName=self._table,
                Key=_serialized(_key(f"ACCOUNT#{account_id}", _LEASE)),
                ConditionExpression="holder = :holder",
                ExpressionAttributeValues=_serialized({":holder": holder}),
            )

    # What an account may still do

    def ledger(self, account_id: str) -> Ledger:
        """The budgets of an account as they are now (consistent read)."""
        return Ledger.of(self._get(_ledger_key(account_id)) or {})

    def count(
        self,
        account_id: str,
        numbers: Mapping[str, int],
        *,
        version: int | None = None,
        reserved_by: str | None = None,
        reserved: int = 0,
    ) -> Ledger:
        """Add to numbers of the ledger, and answer how it stands then.

        With a `version`, only while nobody has taken or let go of a slot since the ledger was read.
        With `reserved_by`, so many more containers (or fewer, below 0) are reserved by that job.
        Raises ConditionFailedError when that is not so: it has no slot, or not so many reserved.
        """
        if reserved_by is None:
            return self._change_ledger(account_id, add=numbers, version=version)
        return self._change_ledger(
            account_id,
            add=numbers,
            actions=["#slot.containers = #slot.containers + :reserved"],
            condition="#slot.containers >= :least",
            names={"#slot": f"{SLOT}{reserved_by}"},
            values={":reserved": reserved, ":least": max(0, -reserved)},
        )

    def note(
        self, account_id: str, notes: Mapping[str, Any], numbers: Mapping[str, int] | None = None
    ) -> None:
        """Write notes into the ledger, of which None takes one away, and add to its numbers. The
        last writer's notes stay.
        """
        self._change_ledger(account_id, add=numbers, put=notes)

    def hold_slot(
        self, account_id: str, job_id: str, version: int, slot: Slot, notes: Mapping[str, Any]
    ) -> None:
        """A job takes a slot, with notes as `note` writes them; raises ConditionFailedError when
        somebody has taken or let go of one since the ledger was read.
        """
        put = {**notes, f"{SLOT}{job_id}": slot.to_json()}
        self._change_ledger(account_id, add={"version": 1}, put=put, version=version)

    def free_slot(self, account_id: str, job_id: str, notes: Mapping[str, Any]) -> None:
        """A job lets go of its slot, with notes; nothing happens when it has none."""
        with suppress(ConditionFailedError):
            self._change_ledger(
                account_id,
                add={"version": 1},
                put={**notes, f"{SLOT}{job_id}": None},
                condition="attribute_exists(#slot)",
                names={"#slot": f"{SLOT}{job_id}"},
            )

    def _change_ledger(
        self,
        account_id: str,
        *,
        add: Mapping[str, int] | None = None,
        put: Mapping[str, Any] | None = None,
        actions: Sequence[str] = (),
        version: int | None = None,
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> Ledger:
        """One update of the ledger, and how it stands then."""
        if version is not None:
            condition = "version = :version" if version else "attribute_not_exists(version)"
            values = {":version": version} if version else {}
        all_names, all_values = dict(names or {}), dict(values or {})
        verbs: dict[str, list[str]] = {"ADD": [], "SET": list(actions), "REMOVE": []}
        for number, (name, value) in enumerate([*(add or {}).items(), *(put or {}).items()]):
            all_names[f"#n{number}"] = name
            if value is None:
                verbs["REMOVE"].append(f"#n{number}")
                continue
            all_values[f":v{number}"] = value
            is_sum = number < len(add or {})
            verbs["ADD" if is_sum else "SET"].append(
                f"#n{number} {'' if is_sum else '= '}:v{number}"
            )
        update: dict[str, Any] = {
            "TableName": self._table,
            "Key": _serialized(_ledger_key(account_id)),
            "UpdateExpression": " ".join(
                f"{verb} {', '.join(parts)}" for verb, parts in verbs.items() if parts
            ),
            "ExpressionAttributeNames": all_names,
            "ReturnValues": "ALL_NEW",
        }
        if all_values:
            update["ExpressionAttributeValues"] = _serialized(all_values)
        if condition:
            update["ConditionExpression"] = condition
        try:
            answer = self._client.update_item(**update)
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ConditionFailedError(str(error)) from error
        return Ledger.of(_plain_item(answer["Attributes"]))

    # The job record

    def open_jobs(self) -> Iterator[Job]:
        """The jobs that somebody must still look after, the longest quiet first.

        The index runs a moment behind, so that each is read anew.
        """
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=OPEN_JOBS_INDEX,
            KeyConditionExpression="openJob = :open",
            ExpressionAttributeValues=_serialized({":open": "open"}),
            ProjectionExpression="sessionId, jobId",
        )
        for page in pages:
            for item in page["Items"]:
                job = self.job(from_attribute(item["sessionId"]), from_attribute(item["jobId"]))
                if job is not None:
                    yield job

    def update_job(self, ref: Ref, **changes: Any) -> None:
        """Set attributes of the job, named as in the model; None takes one away.

        A job that is over leaves the index of open jobs and gets a time to live; one that runs
        again comes back. An unclear publish and a post without its link keep a job open. Raises
        ConditionFailedError when the job's record is gone; none is made anew.
        """
        self._change_job(self._job_update(ref, changes))

    def begin_job(self, ref: Ref, **changes: Any) -> None:
        """The same for a job that has not begun; raises ConditionFailedError when it has."""
        update = self._job_update(ref, changes)
        update["ConditionExpression"] += " AND attribute_not_exists(startedAt)"
        self._change_job(update)

    def _change_job(self, update: Any) -> None:
        try:
            self._client.update_item(**update)
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ConditionFailedError(str(error)) from error

    def _job_update(self, ref: Ref, changes: Mapping[str, Any]) -> Any:
        """The update of a job, for a call of its own or as part of a transaction."""
        record: dict[str, Any] = {"updatedAt": now_text()}
        for name, value in changes.items():
            field = Job.model_fields[name]
            record[field.alias or name] = _plain(value)
        remove = [name for name, value in record.items() if value is None]
        if "status" in changes and changes["status"] == "publishing":
            record["openJob"] = "open"
            remove += ["expiresAt", "finishedAt", "error", "cost"]
        elif "status" in changes:
            record.setdefault("finishedAt", now_text())
            if changes["status"] == "unconfirmed" or (
                changes["status"] == "published" and not changes.get("permalink")
            ):
                record["openJob"] = "open"
                remove.append("expiresAt")
            else:
                life = clock.now() + FINISHED_JOB_LIFE
                record["expiresAt"] = int(life.timestamp())
                remove.append("openJob")
        kept = {name: value for name, value in record.items() if name not in remove}
        action = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
        if remove:
            action += " REMOVE " + ", ".join(f"#{name}" for name in dict.fromkeys(remove))
        return {
            "TableName": self._table,
            "Key": _serialized(_job_key(ref.session_id, ref.job_id)),
            "UpdateExpression": action,
            "ConditionExpression": "attribute_exists(PK)",
            "ExpressionAttributeNames": {f"#{name}": name for name in (*kept, *remove)},
            "ExpressionAttributeValues": _serialized({f":{n}": v for n, v in kept.items()}),
        }

    def leave_open_jobs(self, ref: Ref) -> None:
        """Take a job out of the index of open jobs, if it has a record; a repeat changes
        nothing.
        """
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.update_item(
                TableName=self._table,
                Key=_serialized(_job_key(ref.session_id, ref.job_id)),
                UpdateExpression="REMOVE openJob",
                ConditionExpression="attribute_exists(PK)",
            )

    def put_container(self, ref: Ref, key: str, container: Container) -> None:
        """Keep what is known of one container; the others are not touched. Raises as `update_job`
        does.
        """
        self._change_job(
            {
                "TableName": self._table,
                "Key": _serialized(_job_key(ref.session_id, ref.job_id)),
                "UpdateExpression": "SET containers.#key = :container, updatedAt = :now",
                "ConditionExpression": "attribute_exists(PK)",
                "ExpressionAttributeNames": {"#key": key},
                "ExpressionAttributeValues": _serialized(
                    {":container": container.to_json(), ":now": now_text()}
                ),
            }
        )

    # What nobody knows

    def count_unknown(self, account_id: str, failure: GraphFailure) -> None:
        """Count an error of Instagram that the table does not hold; raises what DynamoDB raises."""
        seen = {
            "lastAt": now_text(),
            "httpStatus": failure.http_status,
            "lastFbtraceId": failure.fbtrace_id,
            "lastMessage": redact(failure.message)[:_MESSAGE_LENGTH],
        }
        numbers = f"{_or_none(failure.code)}/{_or_none(failure.subcode)}"
        self._client.update_item(
            TableName=self._table,
            Key=_serialized(_key(f"ACCOUNT#{account_id}", f"UNKNOWN#{failure.call}#{numbers}")),
            UpdateExpression="SET firstAt = if_not_exists(firstAt, :lastAt), "
            + ", ".join(f"{name} = :{name}" for name in seen)
            + " ADD #count :one",
            ExpressionAttributeNames={"#count": "count"},
            ExpressionAttributeValues=_serialized(
                {":one": 1, **{f":{name}": value for name, value in seen.items()}}
            ),
        )

    # Plumbing

    def _get(self, key: Mapping[str, str]) -> dict[str, Any] | None:
        answer = self._client.get_item(
            TableName=self._table, Key=_serialized(key), ConsistentRead=True
        )
        item = answer.get("Item")
        return _plain_item(item) if item else None

    def _get_many(self, keys: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
        """The items that there are (consistent read), in no order; asked for at most 100 at once.

        What DynamoDB has put off for lack of capacity is asked for again.
        """
        wanted = list({tuple(key.items()): _serialized(key) for key in keys}.values())
        found: list[dict[str, Any]] = []
        for first in range(0, len(wanted), _AT_ONCE):
            pending: Any = {
                self._table: {"Keys": wanted[first : first + _AT_ONCE], "ConsistentRead": True}
            }
            for number in range(_BATCH_ROUNDS):
                answer = self._client.batch_get_item(RequestItems=pending)
                found += map(_plain_item, answer["Responses"].get(self._table, []))
                pending = answer.get("UnprocessedKeys")
                if not pending:
                    break
                clock.sleep(0.05 * 2**number)
            else:
                raise TimeoutError("DynamoDB puts off reads of the table.")
        return found

    def _query(
        self, values: Mapping[str, Any], condition: str, limit: int, after: str | None, **how: Any
    ) -> Page:
        if after is not None:
            how["ExclusiveStartKey"] = _serialized(_key(values[":pk"], after))
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=_serialized(values),
            Limit=limit,
            **how,
        )
        last = answer.get("LastEvaluatedKey")
        rows = [_plain_item(item) for item in answer["Items"]]
        return Page(rows, from_attribute(last["SK"]) if last else None)

    def _get_group(self, session_id: str, group_id: str) -> dict[str, Any] | None:
        found = self._get(_group_key(session_id, group_id))
        return {**found, "sessionId": session_id, "groupId": group_id} if found else None

    def _put(
        self,
        item: Mapping[str, Any],
        *,
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        extra: dict[str, Any] = {}
        if names:
            extra["ExpressionAttributeNames"] = names
        if condition:
            extra["ConditionExpression"] = condition
        if values:
            extra["ExpressionAttributeValues"] = _serialized(values)
        try:
            self._client.put_item(TableName=self._table, Item=_serialized(item), **extra)
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ConditionFailedError(str(error)) from error

    def _new_item(self, item: Mapping[str, Any]) -> TransactWriteItemTypeDef:
        return {
            "Put": {
                "TableName": self._table,
                "Item": _serialized(item),
                "ConditionExpression": "attribute_not_exists(PK)",
            }
        }

    def _update_group(
        self, ref: Ref, action: str, condition: str, values: Mapping[str, Any]
    ) -> None:
        try:
            self._client.update_item(**self._group_update(ref, action, condition, values))
        except (
            self._client.exceptions.ConditionalCheckFailedException,
            self._client.exceptions.TransactionConflictException,
        ) as error:
            raise ConditionFailedError(str(error)) from error

    def _update_both(
        self,
        ref: Ref,
        action: str,
        condition: str,
        values: Mapping[str, Any],
        changes: Mapping[str, Any],
    ) -> None:
        """Change the group under a condition and its job with it, in one step."""
        group = self._group_update(ref, action, condition, values)
        self._transact([{"Update": group}, {"Update": self._job_update(ref, changes)}])

    def _group_update(
        self, ref: Ref, action: str, condition: str, values: Mapping[str, Any]
    ) -> Any:
        """A conditional update of the group, for a call of its own or as part of a transaction."""
        text = f"{action} {condition}"
        named = set(re.findall(r":\w+", text))
        used = {name: value for name, value in {**_STATES, **values}.items() if name in named}
        update: dict[str, Any] = {
            "TableName": self._table,
            "Key": _serialized(_group_key(ref.session_id, ref.group_id)),
            "UpdateExpression": action,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": _serialized(used),
        }
        return update | (
            {"ExpressionAttributeNames": {"#state": "state"}} if "#state" in text else {}
        )

    def _transact(self, items: Sequence[TransactWriteItemTypeDef]) -> None:
        try:
            self._client.transact_write_items(TransactItems=items)
        except self._client.exceptions.TransactionCanceledException as error:
            raise ConditionFailedError(str(error)) from error


def _open_job(job: Job) -> dict[str, Any]:
    return {**job.to_json(), "openJob": "open"}


def _key(pk: str, sk: str) -> dict[str, str]:
    return {"PK": pk, "SK": sk}


def _or_none(number: int | None) -> str:
    return "none" if number is None else str(number)


def _session_pk(session_id: str) -> str:
    return f"SESSION#{session_id}"


def _group_key(session_id: str, group_id: str) -> dict[str, str]:
    return _key(_session_pk(session_id), f"{_GROUP}{group_id}")


def _caption_key(ref: Ref, caption_hash: str) -> dict[str, str]:
    return _key(f"ACCOUNT#{ref.account_id}", f"SENDING#{caption_hash}")


def _group_values(session_id: str, group_id: str) -> dict[str, Any]:
    """What `_SAME_GROUP` compares with."""
    return _serialized({":session": session_id, ":group": group_id})


def _ledger_key(account_id: str) -> dict[str, str]:
    return _key(f"ACCOUNT#{account_id}", LEDGER)


def _job_key(session_id: str, job_id: str) -> dict[str, str]:
    return _key(_session_pk(session_id), f"PUBLISH#{job_id}")


def _serialized(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: to_attribute(value) for name, value in item.items()}


def _plain_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item of DynamoDB's as Python holds it."""
    return {name: from_attribute(value) for name, value in item.items()}


def _plain(value: Any) -> Any:
    if hasattr(value, "to_json"):
        return value.to_json()
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return value
