"""The conditions that stand in code: what each demands, how it is taken away, which plays show what
it is for, and which others cover it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from postwright import (
    breaker,
    closing,
    failures,
    holding,
    looking,
    publishing,
    reusing,
    runs,
    settling,
)
from postwright.looking import Evidence, Seen
from postwright.store import ConditionFailedError, Store
from tests.chaos.explorer import instagram, truth
from tests.chaos.explorer.orders import Bounds
from tests.chaos.explorer.removals import Removal, all_of, edited, ignoring, patched
from tests.chaos.explorer.sent import caption_lock
from tests.chaos.explorer.stage import Stage

_TWO_MOODS = Bounds(switches=1, kills=0, moods=2, times=0)
_SLOW = Bounds(switches=0, kills=0, moods=1, times=0, settles=1)
_ONE_SWITCH = Bounds(switches=1, kills=0, moods=0, times=0)
_DOUBLE = "is live 2 times"
_NOTHING_TWICE = ("3 open, after a refusal: publishing", "3 open, after a refusal: not_published")


@contextmanager
def _functions_run_on(stage: Stage) -> Iterator[None]:
    stage.functions_end = False
    yield


def _yes(*_: Any) -> bool:
    return True


def _no(*_: Any) -> bool:
    return False


def _nothing(*_: Any) -> Iterator[str]:
    return iter(())


def _not_at_all(*_: Any) -> None:
    raise ConditionFailedError


TIME_FENCE = (
    Removal(
        "time fence",
        "sent within 5 s of writing it down",
        patched(publishing, "SEND_WITHIN_SECONDS", 1e9),
        ("a publish that is slow to write down and to send, and is sent again",),
        bounds=_SLOW,
        shows=_DOUBLE,
    ),
    Removal(
        "time fence",
        "enough time left for the whole call",
        edited(publishing, "_in_time", " and remaining_seconds > PUBLISH_DEADLINE_SECONDS", ""),
        ("a publish that is very slow to write down, and is sent again",),
        ("time fence: sent within 5 s of writing it down",),
        bounds=_SLOW,
        shows=_DOUBLE,
    ),
    Removal(
        "time fence",
        "the call ends after 15 s",
        patched(instagram, "DEADLINE_SECONDS", 1e9),
        ("a publish that is very slow to send, and is sent again",),
        bounds=_SLOW,
        shows=_DOUBLE,
    ),
    Removal(
        "time fence",
        "a function ends before the settle time",
        _functions_run_on,
        ("publish + the run goes on, about to publish",),
        ("time fence: the call ends after 15 s",),
        bounds=_ONE_SWITCH,
        shows=_DOUBLE,
    ),
)

CLAIM_AND_HOLD = (
    Removal(
        "1 claim",
        "a start looks whether the group is published",
        edited(runs, "running_job", 'if group.publish_status == "published":', "if False:"),
        ("start, published",),
        ("1 claim: ready or failed", "1 claim: no attempt, or one that is not_published"),
    ),
    Removal(
        "1 claim",
        "a start looks whether the group is unconfirmed",
        edited(runs, "running_job", 'if group.publish_status == "unconfirmed":', "if False:"),
        ("reconcile_publish + retry, unconfirmed, and live",),
        ("1 claim: ready or failed", "1 claim: no attempt, or one that is not_published"),
    ),
    Removal(
        "2 hold",
        "this job has the group",
        edited(holding, "_still_ours", "if group.active_job_id != ref.job_id:", "if False:"),
        ("retry + cancelled and redriven, failed",),
    ),
    Removal(
        "2 hold",
        "an unconfirmed group is taken back only to look",
        edited(
            holding,
            "_still_ours",
            'if group.publish_status == "unconfirmed" and not looking:',
            "if False:",
        ),
        ("sweep + redriven from the start, unconfirmed, and live",),
        (
            "3 open: an open attempt is looked for, not sent",
            "3 open, after a refusal: not_published",
        ),
    ),
    Removal(
        "2 hold",
        "a published group is held only to close it",
        edited(
            holding,
            "_still_ours",
            'if group.publish_status == "published"'
            " and not (looking and group.active_job_id == ref.job_id):",
            "if False:",
        ),
        ("sweep + redriven from the start, unconfirmed, and live",),
        ("3 open: a published group is not sent", *_NOTHING_TWICE),
    ),
)

OPEN = (
    Removal(
        "3 open",
        "an open attempt is looked for, not sent",
        edited(
            publishing,
            "_refuse_to_send",
            'if attempt.state == "open":',
            "if False:",
        ),
        ("publish + reconcile_publish, sent, with an effect on its way",),
        ("3 open, after a refusal: not_published",),
    ),
    Removal(
        "3 open",
        "a published group is not sent",
        edited(publishing, "publish", 'if group.publish_status == "published":', "if False:"),
        ("publish + sweep, unconfirmed, and live",),
        _NOTHING_TWICE,
    ),
    Removal(
        "3 open",
        "a container that was given up is looked at first",
        patched(publishing, "_is_live_already", _no),
        ("not_published + a new run, live and not told",),
        shows=_DOUBLE,
    ),
    Removal(
        "3 open",
        "the caption is locked",
        all_of(patched(Store, "lock_caption", _yes), ignoring(*caption_lock())),
        ("publish beside s/g2 with the same caption",),
        bounds=_TWO_MOODS,
    ),
    Removal(
        "3 open",
        "the account is not blocked",
        patched(breaker, "check", _yes),
        ("publish, and another group was blocked",),
    ),
    Removal(
        "3 open",
        "seq grows",
        all_of(
            edited(publishing, "_open", "seq=previous.seq + 1 if previous else 1", "seq=1"),
            patched(truth, "_problems_of_seq", _nothing),  # it counts by seq
        ),
        ("reconcile_publish + stopped and redriven, looked for once",),
        shows="is live",
    ),
)

REFUSE = (
    Removal(
        "4 refuse",
        "the answer proves that nothing was published",
        patched(failures, "proves_not_published", _yes),
        ("publish + record_failure, about to publish",),
    ),
    Removal(
        "4 refuse",
        "a refused re-send says nothing of the first POST",
        edited(Store, "refuse", "if n != 1:", "if False:"),
        ("record_failure + look and send again",),
        ("6 allow a re-send: the settle time is over",),
    ),
    Removal(
        "4 refuse",
        "a refusal that comes after the close settles the group",
        patched(Store, "refuse_late", _not_at_all),
        ("publish + record_failure, about to publish",),
        guards="the sweep settles the group too, a day later, when the container has expired",
    ),
)

LOOK = (
    Removal(
        "5 succeed",
        "the container is PUBLISHED",
        edited(publishing, "reconcile", 'evidence.status == "PUBLISHED" and ', ""),
        ("the run goes on, the same posted by hand, sent without effect",),
    ),
    Removal(
        "5 succeed",
        "exactly one post fits",
        patched(Evidence, "only", property(lambda self: next(iter(self.candidates), None))),
        ("the run goes on, the same posted by hand, sent, and live",),
    ),
    Removal(
        "5 succeed",
        "no other group has the post",
        patched(
            Seen,
            "fits",
            property(lambda self: self.caption == "same" and self.items == self.items_sent),
        ),
        ("the run goes on, another group posted the same",),
    ),
    Removal(
        "5 succeed",
        "a post belongs to one group",
        patched(Store, "claim_media", _yes),
        ("the post of another group accepted",),
    ),
    Removal(
        "6 allow a re-send",
        "the settle time is over",
        patched(looking, "SETTLE_SECONDS", 0.0),
        ("reconcile_publish + the run goes on, sent, with an effect on its way",),
        shows=_DOUBLE,
    ),
    Removal(
        "6 allow a re-send",
        "it was over before the look",
        edited(
            publishing,
            "reconcile",
            "evidence = looking.look(app, ref, job, attempt)",
            "evidence = looking.look(app, ref, job, attempt);"
            " settled = looking.is_settled(attempt)",
        ),
        ("a look that ends after the settle time",),
        ("6 allow a re-send: two looks in a row",),
    ),
    Removal(
        "6 allow a re-send",
        "two looks in a row",
        patched(publishing, "CLEAR_LOOKS", 1),
        ("the run goes on, its first look sees nothing",),
    ),
    Removal(
        "6 allow a re-send",
        "the container is FINISHED",
        patched(Evidence, "clear", property(lambda self: self.nothing_fits)),
        ("the run goes on, the posts lag, and the status is unreadable",),
        ("6 allow a re-send: the posts were read",),
    ),
    Removal(
        "6 allow a re-send",
        "the posts were read",
        patched(
            Evidence,
            "nothing_fits",
            property(lambda self: not any(one.fits or one.doubtful for one in self.seen)),
        ),
        ("the run goes on, the status lags, and the posts are unreadable",),
    ),
    Removal(
        "6 allow a re-send",
        "no post fits",
        patched(
            Evidence,
            "nothing_fits",
            property(lambda self: self.read and not any(one.doubtful for one in self.seen)),
        ),
        ("the run goes on, the status lags",),
    ),
    Removal(
        "6 allow a re-send",
        "no post is in doubt",
        patched(
            Evidence,
            "nothing_fits",
            property(lambda self: self.read and not any(one.fits for one in self.seen)),
        ),
        ("the run goes on, status and caption lag",),
    ),
    Removal(
        "6 allow a re-send",
        "n is 1, in code",
        edited(publishing, "reconcile", " and attempt.n == 1", ""),
        ("reconcile_publish + the run goes on, sent again without effect",),
    ),
    Removal(
        "6 allow a re-send",
        "no action block",
        patched(publishing, "_BLOCKED_ANSWER", "none"),
        ("unblock + the run goes on",),
    ),
    Removal(
        "6 allow a re-send",
        "a person is not asked instead",
        edited(publishing, "reconcile", 'app.settings.on_unknown == "resend" and ', ""),
        ("the run goes on, and a person is asked",),
    ),
    Removal(
        "6 allow a re-send",
        "the run was not cancelled",
        edited(publishing, "reconcile", " and job.cancelled_by is None", ""),
        ("reconcile_publish + cancelled and redriven, sent long ago without effect",),
    ),
    Removal(
        "7 send again",
        "the run was not cancelled",
        edited(publishing, "_refuse_to_send", "if job.cancelled_by is not None:", "if False:"),
        ("cancel + cancelled and redriven, allowed to send again",),
    ),
)

CLOSE = (
    Removal(
        "8 close",
        "the execution is over",
        edited(
            closing,
            "close_run",
            "if not never_began and (execution is None or not execution.over):",
            "if False:",
        ),
        ("sweep + one more run, about to publish, long ago",),
    ),
    Removal(
        "8 close",
        "the attempt decides",
        patched(closing, "_outcome", lambda _group: "failed"),
        ("publish + record_failure, about to publish",),
    ),
    Removal(
        "8 close",
        "this job has the group, in code",
        edited(
            closing,
            "_close",
            "if group is None or group.active_job_id != job.job_id:",
            "if group is None:",
        ),
        ("record_failure + a new run, about to publish",),
        ("8 close, nothing was sent: this job has the group",),
    ),
    Removal(
        "8 close",
        "a cancelled run lets go of its group",
        edited(
            closing,
            "_close",
            'released = status == "failed" and job.cancelled_by is not None',
            "released = False",
        ),
        ("publish + cancelled and redriven, about to publish",),
    ),
)

SETTLE = (
    Removal(
        "10 disprove",
        "by hand: the group is unconfirmed",
        edited(
            settling, "not_published", 'if case.group.publish_status != "unconfirmed":', "if False:"
        ),
        ("not_published, published with its link open",),
        (
            "10 disprove: by hand: the container is not PUBLISHED",
            "10 disprove: unconfirmed",
            "10 disprove: the attempt is unproven",
        ),
    ),
    Removal(
        "10 disprove",
        "by hand: the settle time is over",
        edited(
            settling, "not_published", "elif not looking.is_settled(case.attempt):", "elif False:"
        ),
        ("sweep + not_published, unconfirmed, with an effect on its way",),
    ),
    Removal(
        "10 disprove",
        "by hand: the container is not PUBLISHED",
        edited(
            settling, "not_published", 'elif case.evidence.status == "PUBLISHED":', "elif False:"
        ),
        ("accept + not_published, unconfirmed, and live",),
    ),
    Removal(
        "10 disprove",
        "by hand: the container can be read",
        edited(settling, "not_published", "elif case.evidence.status is None:", "elif False:"),
        ("not_published, the status is unreadable",),
    ),
    Removal(
        "10 disprove",
        "no run looks itself",
        edited(
            settling,
            "_case",
            "if execution is not None and execution.running:",
            "if False:",
        ),
        ("not_published + redriven, unconfirmed, without effect",),
        guards="two that look at once do no harm, as every write names its attempt",
    ),
    Removal(
        "10 disprove",
        "the sweep: the settle time is over",
        edited(settling, "_settle", "if case.evidence.over and settled:", "if case.evidence.over:"),
        ("a container that expires",),
        ("reuse: a container counts as expired an hour early",),
    ),
    Removal(
        "10 disprove",
        "the sweep: the container is EXPIRED or ERROR",
        patched(Evidence, "over", property(lambda self: self.nothing_fits)),
        ("sweep, its first look sees nothing",),
    ),
    Removal(
        "10 disprove",
        "the sweep: no post fits, and none is in doubt",
        patched(Evidence, "over", property(lambda self: self.status in ("EXPIRED", "ERROR"))),
        ("sweep, the status never tells",),
    ),
    Removal(
        "reuse",
        "a container counts as expired an hour early",
        patched(reusing, "EXPIRED_AGE_SECONDS", 1e9),
        ("a container that expires",),
        ("10 disprove: the sweep: the settle time is over",),
    ),
)

IN_CODE: tuple[Removal, ...] = (
    *TIME_FENCE,
    *CLAIM_AND_HOLD,
    *OPEN,
    *REFUSE,
    *LOOK,
    *CLOSE,
    *SETTLE,
)
