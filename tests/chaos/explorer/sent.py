"""The conditions that the store sends with its writes, part by part: what each demands, which plays
show what it is for, and which others cover it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.chaos.explorer import table
from tests.chaos.explorer.orders import Bounds
from tests.chaos.explorer.removals import NEAR, Removal, ignoring

_TWO_MOODS = Bounds(switches=1, kills=0, moods=2, times=0)
_ONE_SWITCH = Bounds(switches=1, kills=0, moods=0, times=0)
_ONE_SWITCH_AND_MOOD = Bounds(switches=1, kills=0, moods=1, times=0)
_DELETED_LATER = "no play deletes a job between its claim and its snapshot"
_TIME_OUT = "time fence: a function ends before the settle time"
_PATH = "DynamoDB itself refuses an update below an attribute that is not there"


@dataclass(frozen=True)
class Part:
    """A part of a condition, and in words what it demands; the rest is as in `Removal`."""

    text: str
    name: str
    plays: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    bounds: Bounds = NEAR
    guards: str = ""


@dataclass(frozen=True)
class Sent:
    """A condition that a method of the store sends, and where in the protocol that is."""

    method: str
    where: str
    parts: tuple[Part, ...]

    @property
    def condition(self) -> table.Condition:
        return table.Condition(self.method, " AND ".join(part.text for part in self.parts))

    def removals(self) -> Iterator[Removal]:
        """Each part of it taken away."""
        for sent, part in zip(self.condition.parts, self.parts, strict=True):
            yield Removal(
                self.where,
                part.name,
                ignoring(sent),
                part.plays,
                part.together,
                part.bounds,
                guards=part.guards,
            )


_JOB_IS_THERE = Part(
    "attribute_exists(PK)",
    "the job's record is there",
    (
        "publish + the job is deleted, about to publish",
        "record_failure + the job is deleted, about to publish",
        "redriven publish + the job is deleted, failed",
        "not_published + the job is deleted, unconfirmed, without effect",
        "sweep + the job is deleted, superseded",
        "publish + stopped, and the job is deleted",
    ),
    bounds=Bounds(switches=3, kills=0, moods=1, times=0),
)

SENT: tuple[Sent, ...] = (
    Sent(
        "put_new_group",
        "new group",
        (
            Part(
                "attribute_not_exists(PK)",
                "the group is new",
                ("publish + the pipeline writes the group again",),
            ),
        ),
    ),
    Sent(
        "claim",
        "1 claim",
        (
            Part(
                "attribute_exists(PK)",
                "the group is there",
                ("start + the group is deleted, never started",),
            ),
            Part(
                "(attribute_not_exists(publishStatus) OR publishStatus IN (:ready, :failed))",
                "ready or failed",
                ("start + one more, never started",),
                ("1 claim: no attempt, or one that is not_published",),
                bounds=_ONE_SWITCH,
            ),
            Part(
                "(attribute_not_exists(attempt) OR attempt.#state = :not_published)",
                "no attempt, or one that is not_published",
                ("start + one more, never started",),
                ("1 claim: ready or failed",),
                bounds=_ONE_SWITCH,
            ),
        ),
    ),
    Sent(
        "claim",
        "1 claim",
        (
            Part(
                "attribute_not_exists(PK)",
                "the job is new",
                ("cancel + the execution begins, claimed only",),
            ),
        ),
    ),
    Sent(
        "take_back",
        "2 take back, failed",
        (
            Part(
                "activeJobId = :job",
                "this job has the group",
                ("redriven publish + a new run that fails, failed",),
            ),
            Part(
                "publishStatus = :status",
                "failed",
                ("redriven publish + redriven, failed",),
                ("2 take back, failed: no attempt, or one that is not_published",),
            ),
            Part(
                "(attribute_not_exists(attempt) OR attempt.#state = :not_published)",
                "no attempt, or one that is not_published",
                ("redriven publish + redriven, failed",),
                ("2 take back, failed: failed",),
            ),
        ),
    ),
    Sent(
        "take_back",
        "2 take back, unconfirmed",
        (
            Part(
                "activeJobId = :job",
                "this job has the group",
                ("redriven publish + a new run, stopped, unconfirmed, without effect",),
            ),
            Part(
                "publishStatus = :status",
                "unconfirmed",
                ("sweep + redriven publish, unconfirmed, and live",),
                ("2 take back, unconfirmed: the attempt is unproven",),
            ),
            Part(
                "attempt.#state IN (:open, :resend_allowed)",
                "the attempt is unproven",
                ("sweep + redriven publish, unconfirmed, and live",),
                ("2 take back, unconfirmed: unconfirmed",),
            ),
        ),
    ),
    Sent("take_back", "2 take back", (_JOB_IS_THERE,)),
    Sent(
        "open_attempt",
        "3 open, for the first time",
        (
            Part(
                "publishStatus = :publishing",
                "publishing",
                ("publish + record_failure, about to publish",),
            ),
            # An abstract model of the transitions found an untrue record without this: a run that
            # was superseded opens an attempt in the group of its successor. The same order shows it
            # here: a run is cancelled before it opens its attempt, the caption is corrected,
            # another run has the group, and the first one goes on; the old caption is live. No
            # other condition stops that.
            Part(
                "activeJobId = :job",
                "this job has the group",
                ("publish + cancelled, corrected, a new run, about to publish",),
            ),
            Part(
                "attribute_not_exists(attempt)",
                "no attempt",
                ("publish + publish, about to publish",),
            ),
        ),
    ),
    Sent(
        "open_attempt",
        "3 open, after a refusal",
        (
            Part(
                "publishStatus = :publishing",
                "publishing",
                ("publish + stopped and redriven, refused",),
            ),
            Part(
                "activeJobId = :job",
                "this job has the group",
                ("publish + cancelled, corrected, a new run, refused",),
            ),
            Part(
                "attempt.seq = :previous",
                "the attempt that was read (seq)",
                ("publish + the run goes on, refused",),
            ),
            Part(
                "attempt.#state = :not_published",
                "not_published",
                ("publish + the run goes on, refused",),
                ("3 open, after a refusal: the attempt that was read (seq)",),
            ),
        ),
    ),
    Sent(
        "open_attempt",
        "7 send again",
        (
            Part(
                "publishStatus = :publishing",
                "publishing",
                ("publish + cancel, allowed to send again",),
            ),
            Part(
                "activeJobId = :job",
                "this job has the group",
                ("publish + cancelled, corrected, a new run, allowed to send again",),
                ("7 send again: resend_allowed",),
                bounds=Bounds(switches=2, kills=0, moods=0, times=0),
            ),
            Part(
                "attempt.seq = :previous",
                "the attempt that was read (seq)",
                ("publish + publish, allowed to send again",),
            ),
            Part(
                "attempt.#state = :resend_allowed",
                "resend_allowed",
                ("publish + publish, allowed to send again",),
                (
                    "7 send again: the attempt that was read (seq)",
                    "7 send again: n is 1",
                ),
            ),
            Part(
                "attempt.n = :one",
                "n is 1",
                ("reconcile_publish + the run goes on, sent again without effect",),
                (
                    "6 allow a re-send: n is 1",
                    "6 allow a re-send: n is 1, in code",
                ),
            ),
        ),
    ),
    Sent(
        "open_attempt",
        "3 open",
        (
            Part(
                "sessionId = :session",
                "the caption lock is this session's",
                ("publish beside t/g1 with the same caption",),
                bounds=_TWO_MOODS,
            ),
            Part(
                "groupId = :group",
                "the caption lock is this group's",
                ("publish beside s/g2 with the same caption",),
                bounds=_TWO_MOODS,
            ),
        ),
    ),
    Sent(
        "refuse",
        "4 refuse",
        (
            Part(
                "publishStatus = :publishing",
                "publishing",
                ("publish + record_failure, about to publish",),
            ),
            # The abstract model let a function live for as long as it likes: it is refused, its
            # attempt is given up, another run opens the next attempt and sends it, and only then
            # does the refusal come. Here an attempt can be given up only after the settle time, and
            # before that the function's time-out has ended it.
            Part(
                "attempt.seq = :seq",
                "the attempt that was sent (seq)",
                ("publish + given up later, a new run, about to publish",),
                (_TIME_OUT,),
            ),
            Part(
                "attempt.n = :n",
                "the same n",
                ("publish + the run goes on, about to publish",),
                (
                    _TIME_OUT,
                    "4 refuse: the attempt that was sent (seq)",
                ),
            ),
            Part(
                "attempt.#state = :open",
                "open",
                ("publish + stopped, another post accepted, about to publish",),
                ("4 refuse: publishing",),
            ),
        ),
    ),
    Sent(
        "refuse",
        "4 refuse a re-send",
        (
            Part(
                "attempt.seq = :seq",
                "the attempt that was sent (seq)",
                ("publish + given up later, a new run, allowed to send again",),
                (
                    _TIME_OUT,
                    "4 refuse a re-send: the same n",
                ),
            ),
            Part(
                "attempt.n = :n",
                "the same n",
                ("publish + given up later, a new run, allowed to send again",),
                (
                    _TIME_OUT,
                    "4 refuse a re-send: the attempt that was sent (seq)",
                ),
            ),
            Part(
                "attempt.#state = :open",
                "open",
                ("publish + stopped, another post accepted, allowed to send again",),
            ),
        ),
    ),
    Sent(
        "refuse_late",
        "4 refuse after the close",
        (
            Part(
                "publishStatus = :unconfirmed",
                "unconfirmed",
                ("publish + stopped, another post accepted, about to publish",),
                ("4 refuse after the close: open",),
            ),
            Part(
                "attempt.seq = :seq",
                "the attempt that was sent (seq)",
                ("publish + given up later, a new run, stopped, about to publish",),
                (_TIME_OUT,),
                bounds=_TWO_MOODS,
            ),
            Part(
                "attempt.n = :one",
                "n is 1",
                ("publish + sent again later, and stopped, about to publish",),
                (
                    _TIME_OUT,
                    "4 refuse after the close: the attempt that was sent (seq)",
                ),
                bounds=_TWO_MOODS,
            ),
            Part(
                "attempt.#state = :open",
                "open",
                ("publish + stopped, another post accepted, about to publish",),
                ("4 refuse after the close: unconfirmed",),
            ),
        ),
    ),
    Sent("refuse_late", "4 refuse after the close", (_JOB_IS_THERE,)),
    Sent(
        "note_answer",
        "note an answer",
        (
            Part(
                "attempt.seq = :seq",
                "the attempt that was sent (seq)",
                ("publish + given up later, a new run, about to publish",),
                (_TIME_OUT,),
            ),
            Part(
                "attempt.#state IN (:open, :resend_allowed)",
                "the attempt is unproven",
                guards="seq names the attempt, and to keep the answer to a proven one does no harm",
            ),
        ),
    ),
    Sent(
        "claim_media",
        "5 claim the post",
        (
            Part(
                "attribute_not_exists(PK) OR (sessionId = :session AND groupId = :group)",
                "no other group has it",
                ("the post of another group accepted",),
            ),
        ),
    ),
    Sent(
        "succeed",
        "5 succeed, with the id",
        (
            Part("attribute_exists(attempt)", "there is an attempt", guards=_PATH),
            Part(
                "(attribute_not_exists(instagramPostId) OR instagramPostId = :media)",
                "no other id is stored",
                ("sweep + another post accepted",),
            ),
        ),
    ),
    Sent(
        "succeed",
        "5 succeed, the id unknown",
        (
            Part("attribute_exists(attempt)", "there is an attempt", guards=_PATH),
            Part(
                "attribute_not_exists(instagramPostId)",
                "no id is stored",
                ("accept + sweep, unconfirmed, live and not shown",),
            ),
        ),
    ),
    Sent(
        "succeed",
        "5 succeed, settled from outside",
        (
            Part(
                "attribute_exists(PK)",
                "the job's record is there",
                ("sweep + the job is deleted, unconfirmed, and live",),
                bounds=Bounds(switches=3, kills=0, moods=1, times=0),
            ),
        ),
    ),
    Sent(
        "allow_resend",
        "6 allow a re-send",
        (
            Part(
                "publishStatus = :publishing",
                "publishing",
                ("reconcile_publish + stopped, another post accepted, looked for once",),
                ("6 allow a re-send: open",),
            ),
            Part(
                "activeJobId = :job",
                "this job has the group",
                ("reconcile_publish + a new run, looked for once",),
                ("6 allow a re-send: the attempt that was looked for (seq)",),
            ),
            Part(
                "attempt.seq = :seq",
                "the attempt that was looked for (seq)",
                ("reconcile_publish + stopped and redriven, looked for once",),
            ),
            Part(
                "attempt.n = :one",
                "n is 1",
                ("reconcile_publish twice, and publish",),
                ("6 allow a re-send: the attempt that was looked for (seq)",),
            ),
            Part(
                "attempt.#state = :open",
                "open",
                ("reconcile_publish + stopped, another post accepted, looked for once",),
                ("6 allow a re-send: publishing",),
            ),
        ),
    ),
    Sent(
        "close_group",
        "8 close, nothing was sent",
        (
            Part(
                "publishStatus = :read",
                "the status that was read",
                ("publish + record_failure, about to publish",),
                ("8 close, nothing was sent: no attempt",),
            ),
            Part(
                "activeJobId = :job",
                "this job has the group",
                ("record_failure + retry, about to publish",),
            ),
            Part(
                "attribute_not_exists(attempt)",
                "no attempt",
                ("publish + record_failure, about to publish",),
            ),
        ),
    ),
    Sent(
        "close_group",
        "8 close, after an attempt",
        (
            Part(
                "publishStatus = :read",
                "the status that was read",
                ("reconcile_publish + record_failure, sent, and live",),
                ("8 close, after an attempt: the state that was read",),
            ),
            Part(
                "activeJobId = :job",
                "this job has the group",
                ("record_failure + a new run, refused",),
            ),
            Part(
                "attempt.seq = :seq",
                "the attempt that was read (seq)",
                ("record_failure + stopped and redriven, refused",),
                ("8 close, after an attempt: the state that was read",),
            ),
            Part(
                "attempt.#state = :state",
                "the state that was read",
                ("publish + record_failure, about to publish",),
            ),
        ),
    ),
    Sent("close_group", "8 close", (_JOB_IS_THERE,)),
    Sent(
        "disprove",
        "10 disprove",
        (
            Part(
                "publishStatus = :unconfirmed",
                "unconfirmed",
                ("not_published + redriven, unconfirmed, allowed to send again",),
                ("10 disprove: the attempt that was looked for (seq)",),
            ),
            Part(
                "activeJobId = :job",
                "this job has the group",
                ("not_published + a new run, stopped, unconfirmed, without effect",),
                ("10 disprove: the attempt that was looked for (seq)",),
            ),
            Part(
                "attempt.seq = :seq",
                "the attempt that was looked for (seq)",
                ("not_published + redriven, and stopped, unconfirmed, allowed to send again",),
            ),
            Part(
                "attempt.#state IN (:open, :resend_allowed)",
                "the attempt is unproven",
                ("not_published + sweep, live and not told",),
                ("10 disprove: unconfirmed",),
            ),
        ),
    ),
    Sent("disprove", "10 disprove", (_JOB_IS_THERE,)),
    Sent(
        "set_permalink",
        "keep the link",
        (
            Part(
                "publishStatus = :published", "published", ("record_result + the group is deleted",)
            ),
        ),
    ),
    Sent(
        "lock_caption",
        "lock the caption",
        (
            Part(
                "attribute_not_exists(PK) OR (sessionId = :session AND groupId = :group)",
                "nobody has it, or this group",
                ("publish beside s/g2 with the same caption",),
                ("3 open: the caption lock is this group's",),
                bounds=_TWO_MOODS,
            ),
        ),
    ),
    Sent(
        "lock_caption",
        "take over a caption lock",
        (
            Part(
                "(attribute_not_exists(attempt) OR NOT attempt.#state IN (:open, :resend_allowed))",
                "its group has no unproven attempt",
                ("twins: sweep + publish, unconfirmed, and live",),
                bounds=_TWO_MOODS,
            ),
        ),
    ),
    Sent(
        "lock_caption",
        "take over a caption lock",
        (
            Part(
                "sessionId = :session",
                "it is still that session's",
                ("record_result beside s/g2 and t/g1 with the same caption",),
                bounds=_TWO_MOODS,
            ),
            Part(
                "groupId = :group",
                "it is still that group's",
                ("record_result beside s/g2 and t/g1 with the same caption",),
                bounds=_TWO_MOODS,
            ),
        ),
    ),
    Sent(
        "free_caption",
        "give back a caption lock",
        (
            Part(
                "sessionId = :session",
                "it is this session's",
                ("record_result beside s/g2 and t/g1 with the same caption",),
                bounds=_TWO_MOODS,
            ),
            Part(
                "groupId = :group",
                "it is this group's",
                ("record_result beside s/g2 and t/g1 with the same caption",),
                bounds=_TWO_MOODS,
            ),
        ),
    ),
    Sent(
        "block_account",
        "block the account",
        (
            Part(
                "attribute_not_exists(PK) OR #until < :until",
                "no longer block is kept",
                ("publish beside another caption",),
                bounds=Bounds(switches=1, kills=0, moods=2, times=1),
            ),
        ),
    ),
    Sent(
        "begin_job",
        "the snapshot",
        (
            Part("attribute_exists(PK)", "the job's record is there", guards=_DELETED_LATER),
            Part(
                "attribute_not_exists(startedAt)",
                "there is none yet",
                ("retry + cancelled, corrected, a new run, about to publish, and stopped",),
                bounds=_ONE_SWITCH_AND_MOOD,
            ),
        ),
    ),
    Sent("update_job", "the job's record", (_JOB_IS_THERE,)),
    Sent("leave_open_jobs", "leave the open jobs", (_JOB_IS_THERE,)),
    Sent(
        "put_container",
        "keep a container",
        (Part("attribute_exists(PK)", "the job's record is there", guards=_PATH),),
    ),
)


def caption_lock() -> tuple[table.Part, ...]:
    """What an attempt demands of the caption lock."""
    [sent] = [one for one in SENT if one.method == "open_attempt" and one.where == "3 open"]
    return tuple(sent.condition.parts)
