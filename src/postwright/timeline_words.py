"""What a step of a recorded run did, in a few words for people.

Texts out of a history are taken as anybody's: without secrets, control characters or great length.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from postwright.errors import redact, split_text
from postwright.models import PARENT, Cost

_LONGEST: Final = 400
_STATUSES: Final = {
    "FINISHED": "ready",
    "IN_PROGRESS": "processing",
    "ERROR": "failed",
    "EXPIRED": "expired",
    "PUBLISHED": "published",
}
_OUTCOMES: Final = {
    "created": "created",
    "rejected": "refused",
    "retry": "to be tried again",
    "throttled": "slowed down by Instagram",
    "expired": "to be made again",
}
_NEXT: Final = {
    "carousel": "; all items are ready",
    "publish": "; ready to publish",
    "look": "; not clear yet",
    "published": "; it is live",
    "resend": "; nothing was published, so it is sent again",
}

Answer = Mapping[str, Any]


def plain(text: Any) -> str:
    """A text that can be shown: one line, without secrets and without the JSON of an error."""
    sentence, _ = split_text(str(text))
    line = "".join(char if char.isprintable() else " " for char in redact(sentence))
    line = " ".join(line.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def failure(error: str | None, message: str | None) -> str:
    """`failed with SomeError: the sentence`, as far as both are known."""
    name = plain(error) if error else "an error"
    return f"failed with {name}: {plain(message)}" if message else f"failed with {name}"


def many(count: int, word: str) -> str:
    """`1 retry`, `2 retries`, `3 polls`."""
    if count == 1:
        return f"1 {word}"
    return f"{count} {word[:-1]}ies" if word.endswith("ry") else f"{count} {word}s"


def paid(cost: Cost) -> str:
    """What a run has cost and for what, as a sentence."""
    parts = (
        many(cost.transitions, "state transition"),
        f"{many(cost.calls, 'function call')} of {cost.gb_seconds:.2f} GB-seconds",
        f"{cost.bytes / 1e6:.1f} MB from S3",
    )
    return (
        f"{parts[0]}, {parts[1]} and {parts[2]} cost ${cost.usd:.6f} in us-east-1, at prices of"
        f" {cost.prices_of} and before any free tier."
    )


def duration(seconds: float) -> str:
    """`0.4 s`, `310 s`, `12 min 30 s`, `3 h 5 min`, `2 d 4 h`; the same with a minus."""
    sign, seconds = "-" if seconds <= -0.05 else "", abs(seconds)
    if seconds < 9.95:
        return f"{sign}{seconds:.1f} s"
    whole = round(seconds)
    if whole < 600:
        return f"{sign}{whole} s"
    for size, unit, smaller, small_unit in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            large, rest = divmod(whole, size)
            small = rest // smaller
            return (
                f"{sign}{large} {unit} {small} {small_unit}" if small else f"{sign}{large} {unit}"
            )
    raise AssertionError("600 seconds are more than a minute")


def did(state: str, answer: Any) -> str:
    """What a task answered; `done` for a state that is not known here."""
    tell = _TELLS.get(state)
    if tell is None or not isinstance(answer, Mapping):
        return "done"
    return tell(answer)


def bad_news(state: str, answer: Any) -> bool:
    """True when a task went well and what it tells of its item or look is not good."""
    if not isinstance(answer, Mapping):
        return False
    if state == "CreateContainer":
        return answer.get("outcome") != "created"
    return state == "CreateCarousel" and bool(answer.get("error"))


def _loaded(answer: Answer) -> str:
    if answer.get("next") == "alreadyHandled":
        return f"already handled by job {plain(answer.get('jobId'))}"
    if answer.get("next") == "scheduled":
        return f"scheduled for {plain(answer.get('publishAt'))}"
    post = answer.get("post")
    if not isinstance(post, Mapping):
        return "claimed"
    items = _list(post, "items")
    several = f" of {many(len(items), 'item')}" if len(items) > 1 else ""
    return f"claimed: {plain(post.get('kind'))}{several}"


def _quota(answer: Answer) -> str:
    quota = answer.get("quota")
    used = (
        f"{plain(quota.get('used'))} of {plain(quota.get('total'))} posts used"
        if isinstance(quota, Mapping)
        else "the quota was not read"
    )
    if answer.get("next") == "wait" and isinstance(quota, Mapping):
        return f"{used}; no slot is free"
    return f"{used}{_to_make(answer)}"


def _container(answer: Answer) -> str:
    outcome = _OUTCOMES.get(str(answer.get("outcome")), plain(answer.get("outcome")))
    tries = answer.get("tries")
    again = f" at try {plain(tries)}" if isinstance(tries, int) and tries > 1 else ""
    return f"{outcome}{again}{_because(answer)}"


def _carousel(answer: Answer) -> str:
    return f"to be tried again{_because(answer)}" if answer.get("error") else "created"


def _checked(answer: Answer) -> str:
    looks = [look for look in _list(answer, "seen") if isinstance(look, Mapping)]
    told = {str(look.get("container")): _status(look.get("status")) for look in looks}
    parent = told.pop(PARENT, None)
    known = list(_STATUSES.values())
    counts = [
        f"{count} {status}"
        for status, count in sorted(
            Counter(told.values()).items(),
            key=lambda it: known.index(it[0]) if it[0] in known else len(known),
        )
    ]
    parts = [*counts, *([f"the carousel is {parent}"] if parent else [])]
    asked = f"asked: {', '.join(parts)}" if parts else "asked nothing"
    return f"{asked}{_to_make(answer)}{_NEXT.get(str(answer.get('next')), '')}"


def _published(answer: Answer) -> str:
    if answer.get("next") == "waitForQuota":
        return "refused: the quota is full"
    if answer.get("next") == "recheck":
        return "nothing was sent; the containers are looked at again"
    return f"published as {plain(answer.get('instagramPostId') or 'a post with an unknown id')}"


def _looked(answer: Answer) -> str:
    seen = answer.get("seen")
    told = "looked"
    if isinstance(seen, Mapping):
        posts = (
            f"{plain(seen.get('fit'))} of {plain(seen.get('posts'))} posts fit"
            if seen.get("postsRead")
            else "the posts cannot be read now"
        )
        told = f"looked: the container is {_status(seen.get('container'))}, {posts}"
    return f"{told}{_NEXT.get(str(answer.get('next')), '')}"


def _recorded(answer: Answer) -> str:
    return f"recorded: {plain(answer.get('permalink') or 'the link is not known yet')}"


_TELLS: Final[Mapping[str, Callable[[Answer], str]]] = {
    "LoadPost": _loaded,
    "ReloadPost": _loaded,
    "CheckQuota": _quota,
    "CreateContainer": _container,
    "CreateCarousel": _carousel,
    "CheckStatus": _checked,
    "Publish": _published,
    "ReconcilePublish": _looked,
    "RecordResult": _recorded,
}


def _status(status: Any) -> str:
    return _STATUSES.get(str(status), plain(status).lower()) if status else "unreadable"


def _to_make(answer: Answer) -> str:
    pending = _list(answer, "pending")
    return f"; {many(len(pending), 'container')} to make" if pending else ""


def _because(answer: Answer) -> str:
    error = answer.get("error")
    return f": {plain(error.get('message'))}" if isinstance(error, Mapping) else ""


def _list(answer: Answer, key: str) -> Sequence[Any]:
    found = answer.get(key)
    return found if isinstance(found, list) else []
