"""The error classes, one per reaction of the workflow.

    PostwrightError
      stop      InvalidPostError, MediaRejectedError, TokenInvalidError, AccountBlockedError
      again     MediaUnreachableError, ProcessingFailedError, ContainerExpiredError,
                ContainerNotReadyError, TransientGraphError, CaptionBusyError
      wait      QuotaExceededError, RateLimitedError
      look      PublishUncertainError
      handled   AlreadyPublishingError, AlreadyPublishedError
      refused   NotPossibleError, LoginFailedError, for what a person asked; never in a run

The state machine matches these names to the letter. Codes, trace ids and the like are fields.
Which code means which class: `error_table.py`, decided in `failures.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from postwright.models import Problem

_URL_QUERY = re.compile(r"(https?://[^\s\"'<>?]+)\?[^\s\"'<>]*")
_TOKEN = re.compile(r"\b(?:IG[A-Za-z]{2}|EAA)[\w-]{16,}")


def redact(text: str) -> str:
    """`text` without the query part of any URL and without anything that looks like a token."""
    return _TOKEN.sub("[token]", _URL_QUERY.sub(r"\1?[...]", text))


class PostwrightError(Exception):
    """An error whose text is a sentence for a person, followed by one JSON object for programs.

    `item` names the item it concerns ("2: sunset.jpg"), `call` what was asked of Instagram. `tries`
    and `pauses` (in seconds) are set where they are other than those of the class.
    """

    tries: int | None = None
    pauses: tuple[int, ...] = ()

    def __init__(
        self,
        sentence: str,
        *,
        code: int | None = None,
        subcode: int | None = None,
        http_status: int | None = None,
        fbtrace_id: str | None = None,
        item: str | None = None,
        call: str | None = None,
    ) -> None:
        self.sentence = redact(sentence)
        super().__init__(self.sentence)
        self.code = code
        self.subcode = subcode
        self.http_status = http_status
        self.fbtrace_id = fbtrace_id
        self.item = item
        self.call = call

    def details(self) -> dict[str, Any]:
        """The fields for programs, without those that are not known."""
        fields = {
            "code": self.code,
            "subcode": self.subcode,
            "httpStatus": self.http_status,
            "fbtraceId": self.fbtrace_id,
            "item": self.item,
            "call": self.call,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def __str__(self) -> str:
        return f"{self.sentence} {json.dumps(self.details())}"

    def to_json(self) -> dict[str, Any]:
        """What a job record and the API show of this error."""
        return {"type": type(self).__name__, "message": self.sentence, **self.details()}


class InvalidPostError(PostwrightError):
    """The post cannot be published as it stands; every problem is listed."""

    def __init__(
        self,
        sentence: str,
        *,
        problems: Sequence[Problem] = (),
        unknown: bool = False,
        **fields: Any,
    ) -> None:
        listed = "; ".join(
            f"{p.item}: found {p.found}, allowed {p.allowed}. {p.fix}" for p in problems
        )
        super().__init__(f"{sentence} {listed}".strip(), **fields)
        self.problems = list(problems)
        self.unknown = unknown

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "problems": [problem.to_json() for problem in self.problems]}


class MediaRejectedError(PostwrightError):
    """Instagram refused the bytes or the options of one or more items for good."""


class MediaUnreachableError(PostwrightError):
    """Instagram could not fetch the media; a fresh URL and another try usually help."""


class ProcessingFailedError(PostwrightError):
    """Processing failed in a way that often goes away with a new container."""


class ContainerExpiredError(PostwrightError):
    """The container is older than its 24 hours; a new one is made."""


class ContainerNotReadyError(PostwrightError):
    """Refused because the container is not ready: certainly nothing was published."""


class QuotaExceededError(PostwrightError):
    """The account has used up its posts or containers of the last 24 hours."""

    def __init__(self, sentence: str, *, frees_at: str | None = None, **fields: Any) -> None:
        super().__init__(sentence, **fields)
        self.frees_at = frees_at


class RateLimitedError(PostwrightError):
    """Instagram asks for fewer calls; `wait_seconds` is 0 when it did not say how long."""

    def __init__(self, sentence: str, *, wait_seconds: int = 0, **fields: Any) -> None:
        super().__init__(sentence, **fields)
        self.wait_seconds = wait_seconds


class TransientGraphError(PostwrightError):
    """Instagram or the way to it failed for the moment, on a call that may be repeated."""


class TokenInvalidError(PostwrightError):
    """The token does not work or lacks a permission; nothing else is tried."""


class AccountBlockedError(PostwrightError):
    """The account may not publish now; its owner must look at it in the Instagram app."""


class PublishUncertainError(PostwrightError):
    """The post may be live or not; look before anything else is done."""


class NotPossibleError(PostwrightError):
    """What somebody asked of a job cannot be done; `status` tells how the job stands."""

    def __init__(self, sentence: str, *, status: str, **fields: Any) -> None:
        super().__init__(sentence, **fields)
        self.status = status


class LoginFailedError(PostwrightError):
    """A log-in ended without a new token; what was stored before is as it was."""


class CaptionBusyError(PostwrightError):
    """Another post with the same caption is under way on this account; nothing was sent."""


class AlreadyPublishingError(PostwrightError):
    """Another run, `job_id`, has the group; `status` tells whether it runs or must be settled."""

    def __init__(self, sentence: str, *, job_id: str, status: str = "publishing") -> None:
        super().__init__(sentence)
        self.job_id = job_id
        self.status = status


class AlreadyPublishedError(PostwrightError):
    """The group is live: `job_id`, `instagram_post_id` and `permalink` as far as they are known."""

    def __init__(
        self,
        sentence: str,
        *,
        job_id: str | None = None,
        instagram_post_id: str | None = None,
        permalink: str | None = None,
    ) -> None:
        super().__init__(sentence)
        self.job_id = job_id
        self.instagram_post_id = instagram_post_id
        self.permalink = permalink


NEVER_IN_A_RUN: Final = (NotPossibleError, LoginFailedError)
"""The answer to what a person asked for."""


def of_name(name: str) -> type[PostwrightError] | None:
    """The class with this name, as a state machine or a record names it."""
    return next((cls for cls in PostwrightError.__subclasses__() if cls.__name__ == name), None)


def split_text(text: str) -> tuple[str, dict[str, Any]]:
    """Sentence and JSON fields of an error's text; text that has none comes back whole."""
    for brace in re.finditer(r" (?={)", text):
        try:
            return text[: brace.start()], json.loads(text[brace.end() :])
        except ValueError:
            continue
    return text, {}
