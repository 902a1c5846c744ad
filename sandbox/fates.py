"""What became of containers and of publish calls, as far as a recorded run has seen it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from postwright.history import History, Try, Visit
from sandbox.suffixes import has_answer, suffix_of

Json = dict[str, Any]

LONGER: Final = 1.25
"""What was still worked on at the last look goes on so many times as long."""
_STILL: Final = "still processing"


@dataclass(frozen=True)
class Fate:
    """`line` is what a script says of a container; `guessed` when nobody has seen its end."""

    line: Json
    seconds: float
    guessed: bool = False


class Fates:
    """Answers about the tries of all tasks, in the order in which they were scheduled."""

    def __init__(self, recorded: History) -> None:
        self.tries: Sequence[tuple[Visit, Try]] = sorted(
            ((visit, one) for visit in recorded.visits for one in visit.tries),
            key=lambda pair: pair[1].scheduled_at,
        )

    def of_container(self, container: str, making: Try) -> Fate:
        """How long it was worked on, and what came out."""
        made_at = making.ended_at or making.scheduled_at
        busy_until = made_at
        for at, row in self._looks(container, making):
            seconds = ((busy_until - made_at) + (at - made_at)).total_seconds() / 2
            match row["status"]:
                case "IN_PROGRESS":
                    busy_until = at
                case "FINISHED" | "PUBLISHED":
                    return Fate({"processing_seconds": seconds}, seconds)
                case "ERROR":
                    fault = row.get("subcode") or "Fatal"
                    line = {"processing_seconds": seconds, "processing_error": fault}
                    return Fate(line, seconds)
                case "EXPIRED":
                    seconds = max(1.0, seconds)
                    line = {"processing_seconds": seconds * 2, "expires_after_seconds": seconds}
                    return Fate(line, seconds)
                case "STILL":
                    busy_until = at
                    break
        given = (busy_until - made_at).total_seconds()
        return Fate({"processing_seconds": given * LONGER}, given, guessed=given > 0)

    def _looks(self, container: str, making: Try) -> Iterator[tuple[datetime, Json]]:
        """What each look at it has seen, until it was made again; a look that ended the run tells
        by its error.
        """
        for visit, one in self._after(making):
            at = one.ended_at
            if _makes(container, visit, one):
                return
            if visit.state != "CheckStatus" or at is None:
                continue
            if isinstance(one.answer, dict):
                rows = [row for row in one.answer.get("seen", ()) if row["container"] == container]
                yield from ((at, row) for row in rows)
            elif (told := suffix_of(one)).call == "status" and container in told.containers():
                status = "STILL" if _STILL in told.sentence else "ERROR"
                yield at, {"status": status, "subcode": told.fields.get("subcode")}

    def _after(self, one: Try) -> Iterator[tuple[Visit, Try]]:
        """What came after a try; several may have come at one instant."""
        tries = iter(self.tries)
        next(found for _, found in tries if found is one)
        return tries

    def of_publish(self, sent: Try) -> Json:
        """Whether the post of an unclear call was found before anything else was sent.

        What the looks did not see at first came between the last of these and the one that did; a
        post that was listed while its container did not show it has a status that lags.
        """
        unseen_at = lagged_at = None
        live = False
        for answer, at in self.looks_after(sent):
            if answer.get("next") == "published":
                return _effect(sent, unseen_at, lagged_at, at)
            seen = answer.get("seen") or {}
            if seen.get("fit"):
                live, lagged_at = True, at
            elif seen.get("container") == "PUBLISHED":
                live = True
            elif seen.get("container") is not None:
                unseen_at = at
        return {"effect": "first"} if live else {"effect": "never"}

    def looks_after(self, sent: Try) -> Iterator[tuple[Json, datetime]]:
        """The answers of the looks for the post, until the next publish call."""
        for visit, one in self._after(sent):
            if visit.state == "Publish" and _may_send(one):
                return
            if visit.state == "ReconcilePublish" and one.ended_at is not None:
                yield (one.answer if isinstance(one.answer, dict) else {}), one.ended_at

    def was_sent(self, call: Try) -> bool:
        """False when the first look after a publish step has found that it had not come to its
        call.
        """
        answers = [answer for answer, _ in self.looks_after(call) if answer]
        return not answers or answers[0].get("next") != "resend" or "seen" in answers[0]


def _makes(container: str, visit: Visit, one: Try) -> bool:
    """Whether a try has made a container."""
    if visit.state not in ("CreateContainer", "CreateCarousel"):
        return False
    made = isinstance(one.answer, dict) and not one.answer.get("error")
    return made and str(one.answer.get("index", "parent")) == container


def _may_send(one: Try) -> bool:
    """False for a publish step that found it better not to."""
    if isinstance(one.answer, dict):
        return one.answer.get("next") != "recheck"
    return one.error not in ("PublishUncertainError", "CaptionBusyError") or has_answer(one)


def _effect(
    sent: Try, unseen_at: datetime | None, lagged_at: datetime | None, found_at: datetime
) -> Json:
    def between(earlier: datetime) -> float:
        middle = (earlier - sent.scheduled_at) + (found_at - sent.scheduled_at)
        return middle.total_seconds() / 2

    if lagged_at is not None:
        return {"effect": "first", "status_lag_seconds": between(lagged_at)}
    if unseen_at is not None:
        return {"effect": "late", "late_seconds": between(unseen_at)}
    return {"effect": "first"}
