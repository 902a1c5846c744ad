"""From an answer of Instagram that is no success to the error to raise.

`error_table.py` holds what is known; this decides which row fits, and what to do with what nobody
knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from postwright.error_table import NO_ANSWER, TABLE, Call, Row
from postwright.errors import (
    MediaRejectedError,
    PostwrightError,
    ProcessingFailedError,
    PublishUncertainError,
    RateLimitedError,
    TokenInvalidError,
    TransientGraphError,
)

_ONCE: Final[frozenset[Call]] = frozenset({"publish", "comment"})
"""What may have taken effect although the answer is an error, and must not be repeated blindly."""
_PROVEN_REFUSALS: Final = frozenset({(9007, 2207027), (9, 2207042), (25, 2207050)})
_PROVEN_REFUSAL_CODES: Final = frozenset({190, 10, 368, *range(200, 300)})
_OWN_TROUBLES: Final = 2
_SEVEN_DIGITS: Final = 1_000_000


@dataclass(frozen=True)
class GraphFailure:
    """An answer of the Graph API that is no success, or no answer at all (`http_status` None).

    `words` is everything in it that may hold a code in words.
    """

    call: Call
    http_status: int | None
    code: int | None = None
    subcode: int | None = None
    message: str = ""
    user_message: str = ""
    words: str = ""
    is_transient: bool = False
    fbtrace_id: str | None = None
    wait_seconds: int = 0

    @property
    def row(self) -> Row | None:
        """The row that fits, or None."""
        return find_row(self.call, self.code, self.subcode, f"{self.words} {self.message}")

    @property
    def is_known(self) -> bool:
        """Whether the table has these very numbers, not only the code without its subcode."""
        row = self.row
        return row is not None and (row.text is not None or row.subcode == self.subcode)


def proves_not_published(failure: GraphFailure) -> bool:
    """True only for answers to a publish after which the post is certainly not live."""
    if failure.call not in _ONCE or failure.http_status is None:
        return False
    if (failure.code, failure.subcode) in _PROVEN_REFUSALS:
        return True
    return failure.code in _PROVEN_REFUSAL_CODES


def proves_nothing_made(error: PostwrightError) -> bool:
    """True only for answers to a creation after which Instagram has certainly made no container.

    Its own troubles (-2, -1, 1, 2 and 5xx) leave that open.
    """
    refused = error.http_status is not None and 400 <= error.http_status < 500
    return refused and error.code is not None and error.code > _OWN_TROUBLES


def find_row(call: Call, code: int | None, subcode: int | None, words: str = "") -> Row | None:
    """The row that fits best: by words, by both numbers, by the subcode alone, by the code alone.

    A subcode of seven digits means the same with any code.
    """
    lookup = 200 if code is not None and 200 <= code < 300 else code
    ranked = [
        (rank, row)
        for row in _rows_for(call)
        if (rank := _fit(row, lookup, subcode, words)) is not None
    ]
    if ranked:
        return min(ranked, key=lambda found: found[0])[1]
    return NO_ANSWER if (code, subcode) == (None, None) and call in NO_ANSWER.calls else None


def classify(failure: GraphFailure) -> PostwrightError:
    """The error to raise for `failure`.

    At publish everything that does not prove "not published" is PublishUncertainError. What the
    table does not know goes by its HTTP status; it stops an item that is created, and is tried
    again elsewhere.
    """
    fields: dict[str, Any] = {
        "code": failure.code,
        "subcode": failure.subcode,
        "http_status": failure.http_status,
        "fbtrace_id": failure.fbtrace_id,
        "call": failure.call,
    }
    if failure.call in _ONCE and not proves_not_published(failure):
        then = "looking for the post" if failure.call == "publish" else "look before you repeat it"
        return PublishUncertainError(
            f"The {failure.call} call had no clear answer ({_answer(failure)}); {then}.", **fields
        )
    row = failure.row
    if row is None or row is NO_ANSWER:
        error, sentence = _unknown(failure)
    else:
        error, sentence = row.error, f"{row.sentence}{_says(failure)}"
    if issubclass(error, RateLimitedError):
        fields["wait_seconds"] = failure.wait_seconds
    return _with_budget(error(sentence, **fields), row)


def processing_failure(status_text: str | None) -> GraphFailure:
    """What a container in ERROR says; the code hides in its `status` text.

    Source: seen in the field (2025-2026): a sentence with a seven-digit code, or the bare word
    "Fatal".
    """
    found = re.search(r"\b(2207\d{3})\b", status_text or "")
    subcode = int(found.group(1)) if found else None
    return GraphFailure("processing", 200, subcode=subcode, message=status_text or "nothing")


def classify_processing(status_text: str | None) -> PostwrightError:
    """The error behind a container in ERROR; what nobody knows is worth another container."""
    failure = processing_failure(status_text)
    row = failure.row
    error = row.error if row else ProcessingFailedError
    sentence = row.sentence if row else "Instagram could not process this item."
    raised = error(
        f"{sentence} Instagram says: {failure.message}", subcode=failure.subcode, call="status"
    )
    return _with_budget(raised, row)


def _rows_for(call: Call) -> list[Row]:
    """Rows that may decide about an answer to this call, those that name it first."""
    rows = [row for row in TABLE if _applies(row, call)]
    return sorted(rows, key=lambda row: call not in row.calls)


def _applies(row: Row, call: Call) -> bool:
    """Words and seven digits mean the same wherever they come, unless they speak of an effect."""
    if not row.calls or call in row.calls:
        return True
    telling = row.text is not None or _is_telling(row.subcode)
    return telling and row.error is not PublishUncertainError


def _fit(row: Row, code: int | None, subcode: int | None, words: str) -> int | None:
    """How well the row fits, 0 best, or None."""
    if row.text is not None:
        return 0 if row.text in words else None
    if row.subcode is None:
        return 3 if row.code == code else None
    if row.subcode != subcode:
        return None
    if row.code == code:
        return 1
    return 2 if _is_telling(subcode) else None


def _is_telling(subcode: int | None) -> bool:
    return subcode is not None and subcode >= _SEVEN_DIGITS


def _unknown(failure: GraphFailure) -> tuple[type[PostwrightError], str]:
    """The safest class for what nobody knows: stop what would be wrong for good, repeat reads."""
    status, answer = failure.http_status, _answer(failure)
    if status == 429:
        return RateLimitedError, f"Instagram asks for fewer calls ({answer})."
    if status == 401 and failure.code is not None:
        return TokenInvalidError, (
            f"Instagram does not accept the token ({answer}). Run `postwright auth login` and"
            " redrive the run."
        )
    passing = failure.is_transient or failure.code is None or status is None or status >= 500
    if passing or failure.call != "create":
        return TransientGraphError, (
            f"Instagram gave no usable answer ({answer}). Try again in a few minutes."
        )
    return MediaRejectedError, (
        f"Instagram refused this item with an error we do not know ({answer})."
    )


def _with_budget(error: PostwrightError, row: Row | None) -> PostwrightError:
    if row is not None:
        error.tries, error.pauses = row.tries, row.pauses
    return error


def _answer(failure: GraphFailure) -> str:
    if failure.http_status is None:
        return failure.message or "no answer"
    code = f", code {failure.code}" if failure.code is not None else ""
    subcode = f"/{failure.subcode}" if failure.subcode is not None else ""
    return f"HTTP {failure.http_status}{code}{subcode}"


def _says(failure: GraphFailure) -> str:
    text = failure.user_message or failure.message
    return f" Instagram says: {text}" if text else ""
