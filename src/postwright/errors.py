"""The error classes, one per reaction of the workflow, and the table from codes to classes.

    PostwrightError
      stop      InvalidPostError, MediaRejectedError, TokenInvalidError, AccountBlockedError
      again     MediaUnreachableError, ProcessingFailedError, ContainerExpiredError,
                ContainerNotReadyError, TransientGraphError, CaptionBusyError
      wait      QuotaExceededError, RateLimitedError
      look      PublishUncertainError
      handled   AlreadyPublishingError, AlreadyPublishedError

The state machine matches these names to the letter. Codes, trace ids and the like are fields.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from postwright.models import Problem

Call = Literal["create", "status", "publish", "read"]

_URL_QUERY = re.compile(r"(https?://[^\s\"'<>?]+)\?[^\s\"'<>]*")
_TOKEN = re.compile(r"\b(?:IG[A-Za-z]{2}|EAA)[\w-]{16,}")


def redact(text: str) -> str:
    """`text` without the query part of any URL and without anything that looks like a token."""
    return _TOKEN.sub("[token]", _URL_QUERY.sub(r"\1?[...]", text))


class PostwrightError(Exception):
    """An error whose text is a sentence for a person, followed by one JSON object for programs.

    `item` names the item it concerns ("2: sunset.jpg"), `call` what was asked of Instagram.
    """

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


@dataclass(frozen=True)
class GraphFailure:
    """An answer of the Graph API that is no success, or no answer at all (`http_status` None)."""

    call: Call
    http_status: int | None
    code: int | None = None
    subcode: int | None = None
    message: str = ""
    user_message: str = ""
    fbtrace_id: str | None = None
    wait_seconds: int = 0


@dataclass(frozen=True)
class Row:
    """One row of the table; `calls` empty means every call."""

    code: int | None
    subcode: int | None
    error: type[PostwrightError]
    sentence: str
    source: str
    calls: frozenset[Call] = frozenset()


_DOC = "Instagram Platform error codes reference, stamped 2026-06-02"
_GRAPH = "Graph API error handling guide, 2026"
_SEEN = "seen in the field 2025-2026, not documented"
_CREATE: frozenset[Call] = frozenset({"create"})
_PUBLISH: frozenset[Call] = frozenset({"publish"})
_FRESH: frozenset[Call] = frozenset({"status"})

_LOGIN = "Run `postwright auth login` and redrive the run."
_SLOW = "Instagram limits the calls of this account for now; the run goes on when it may."
_UNREACHABLE = "Instagram could not fetch the media from its URL."
_OWNER = "The account's owner must open the Instagram app and clear what it asks for."
_PROCESSING = "Instagram could not process this item."
_GONE = "The container is gone or expired."

TABLE: tuple[Row, ...] = (
    Row(-2, 2207003, MediaUnreachableError, _UNREACHABLE, _DOC),
    Row(-2, 2207020, ContainerExpiredError, _GONE, _DOC),
    Row(-1, 2207001, TransientGraphError, "Instagram had an internal error.", _DOC),
    Row(-1, 2207032, TransientGraphError, "Instagram could not create the container.", _DOC),
    Row(-1, 2207053, ProcessingFailedError, _PROCESSING, _DOC),
    Row(1, 2207057, MediaRejectedError, "Set thumbOffset between 0 and the video's length.", _DOC),
    Row(4, 2207051, AccountBlockedError, f"Instagram blocked this action as spam. {_OWNER}", _DOC),
    Row(9, 2207042, QuotaExceededError, "The account has used up its posts of 24 hours.", _DOC),
    Row(24, 2207006, ContainerExpiredError, _GONE, _DOC),
    Row(24, 2207008, ContainerExpiredError, _GONE, _DOC),
    Row(25, 2207050, AccountBlockedError, f"Instagram restricted the account. {_OWNER}", _DOC),
    Row(36000, 2207004, MediaRejectedError, "The image is too large; save it below 8 MB.", _DOC),
    Row(36001, 2207005, MediaRejectedError, "The image is not a JPEG; save it as JPEG.", _DOC),
    Row(
        36003,
        2207009,
        MediaRejectedError,
        "The image's ratio is not allowed; crop it to between 4:5 and 1.91:1.",
        _DOC,
    ),
    Row(
        36004,
        2207010,
        InvalidPostError,
        "The caption is too long; keep it to 2,200 characters and 30 hashtags.",
        _DOC,
    ),
    Row(100, 2207023, InvalidPostError, "Instagram does not know this media type.", _DOC),
    Row(100, 2207028, InvalidPostError, "A carousel needs 2 to 10 items.", _DOC),
    Row(100, 2207040, InvalidPostError, "Name at most 20 accounts in the caption.", _DOC),
    Row(
        100,
        33,
        TransientGraphError,
        "Instagram does not show the container yet.",
        _SEEN,
        _FRESH,
    ),
    Row(
        100,
        33,
        TokenInvalidError,
        f"The account does not exist for this token. {_LOGIN}",
        _SEEN,
    ),
    Row(100, None, MediaRejectedError, "Instagram refused a parameter of this item.", _GRAPH),
    Row(110, 2207018, MediaRejectedError, "An account that is tagged cannot be tagged.", _DOC),
    Row(352, 2207026, MediaRejectedError, "The video's format is not supported; use H.264.", _DOC),
    Row(9004, 2207052, MediaUnreachableError, _UNREACHABLE, _DOC),
    Row(9007, 2207027, ContainerNotReadyError, "The container is not ready to publish.", _DOC),
    Row(None, 2207026, MediaRejectedError, "The video's format is not supported; use H.264.", _DOC),
    Row(None, 2207052, MediaUnreachableError, _UNREACHABLE, _DOC),
    Row(None, 2207003, MediaUnreachableError, _UNREACHABLE, _DOC),
    Row(None, 2207076, MediaUnreachableError, _UNREACHABLE, _SEEN),
    Row(None, 2207077, ProcessingFailedError, _PROCESSING, _SEEN),
    Row(None, 2207082, ProcessingFailedError, _PROCESSING, _SEEN),
    Row(None, 2207085, ProcessingFailedError, _PROCESSING, _SEEN),
    Row(None, 2207053, ProcessingFailedError, _PROCESSING, _DOC),
    Row(1, None, TransientGraphError, "Instagram had an unknown error.", _GRAPH),
    Row(2, None, TransientGraphError, "Instagram is down for the moment.", _GRAPH),
    Row(4, None, RateLimitedError, _SLOW, _GRAPH),
    Row(17, None, RateLimitedError, _SLOW, _GRAPH),
    Row(32, None, RateLimitedError, _SLOW, _GRAPH),
    Row(341, None, RateLimitedError, _SLOW, _GRAPH),
    Row(613, None, RateLimitedError, _SLOW, _GRAPH),
    Row(80002, None, RateLimitedError, _SLOW, _GRAPH),
    Row(10, None, TokenInvalidError, f"The token lacks a permission. {_LOGIN}", _GRAPH),
    Row(102, None, TokenInvalidError, f"The session of the token is over. {_LOGIN}", _GRAPH),
    Row(104, None, TokenInvalidError, f"No token was sent. {_LOGIN}", _SEEN),
    Row(190, 459, AccountBlockedError, f"Instagram checkpointed the account. {_OWNER}", _GRAPH),
    Row(190, 463, TokenInvalidError, f"The token has expired. {_LOGIN}", _GRAPH),
    Row(190, None, TokenInvalidError, f"Instagram does not accept the token. {_LOGIN}", _GRAPH),
    Row(200, None, TokenInvalidError, f"The token lacks a permission. {_LOGIN}", _GRAPH),
    Row(368, None, AccountBlockedError, f"Instagram blocked the account for now. {_OWNER}", _GRAPH),
)
"""More specific rows come first. An HTTP status alone decides only when no row fits."""

_PROVEN_REFUSALS = frozenset({(9007, 2207027), (9, 2207042), (25, 2207050)})
_PROVEN_REFUSAL_CODES = frozenset({190, 10, 368, *range(200, 300)})


def proves_not_published(failure: GraphFailure) -> bool:
    """True only for answers to a publish after which the post is certainly not live."""
    if failure.call != "publish" or failure.http_status is None:
        return False
    if (failure.code, failure.subcode) in _PROVEN_REFUSALS:
        return True
    return failure.code in _PROVEN_REFUSAL_CODES


def find_row(call: Call, code: int | None, subcode: int | None) -> Row | None:
    """The first row of the table that fits, or None for a code that it does not know."""
    lookup = 200 if code is not None and 200 <= code < 300 else code
    for row in TABLE:
        fits_code = row.code == lookup and row.subcode in (None, subcode)
        if fits_code and (not row.calls or call in row.calls):
            return row
    return None


def classify(failure: GraphFailure) -> PostwrightError:
    """The error to raise for `failure`.

    At publish everything that does not prove "not published" is PublishUncertainError. A code that
    the table does not know stops an item that is created and is tried again on reads.
    """
    fields: dict[str, Any] = {
        "code": failure.code,
        "subcode": failure.subcode,
        "http_status": failure.http_status,
        "fbtrace_id": failure.fbtrace_id,
        "call": failure.call,
    }
    if failure.call == "publish" and not proves_not_published(failure):
        return PublishUncertainError(
            f"The publish call had no clear answer ({_answer(failure)}); looking for the post.",
            **fields,
        )
    row = find_row(failure.call, failure.code, failure.subcode)
    if row is not None:
        if issubclass(row.error, RateLimitedError):
            fields["wait_seconds"] = failure.wait_seconds
        return row.error(f"{row.sentence}{_says(failure)}", **fields)
    unclear = failure.http_status is None or failure.http_status >= 500 or failure.code is None
    if unclear or failure.call != "create":
        return TransientGraphError(
            f"Instagram gave no usable answer ({_answer(failure)}). Try again in a few minutes.",
            **fields,
        )
    return MediaRejectedError(
        f"Instagram refused this item with an error we do not know ({_answer(failure)}).", **fields
    )


def classify_processing(status_text: str | None) -> PostwrightError:
    """The error behind a container in ERROR; the code hides in its `status` text.

    Source: seen in the field (2025-2026): a sentence with a seven-digit code, or the bare word
    "Fatal".
    """
    found = re.search(r"\b(2207\d{3})\b", status_text or "")
    subcode = int(found.group(1)) if found else None
    row = find_row("status", None, subcode) if subcode else None
    error = row.error if row else ProcessingFailedError
    sentence = row.sentence if row else _PROCESSING
    return error(
        f"{sentence} Instagram says: {status_text or 'nothing'}", subcode=subcode, call="status"
    )


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


def _answer(failure: GraphFailure) -> str:
    if failure.http_status is None:
        return failure.message or "no answer"
    code = f", code {failure.code}" if failure.code is not None else ""
    subcode = f"/{failure.subcode}" if failure.subcode is not None else ""
    return f"HTTP {failure.http_status}{code}{subcode}"


def _says(failure: GraphFailure) -> str:
    text = failure.user_message or failure.message
    return f" Instagram says: {text}" if text else ""
