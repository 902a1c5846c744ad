"""Every error of publishing, written down a second time and by hand, to compare the table with.

Sources: Meta, Instagram error codes, 2026-06-02; Meta, Graph API error handling and rate limiting,
read 2026; what public projects saw where Meta's pages are silent. Numbers that somebody has named
but nobody has explained are in `NOBODY_KNOWS`: they must be treated as unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from postwright import errors
from postwright.error_table import NO_ANSWER, TABLE, Call, Row
from postwright.errors import PostwrightError

Way = Literal["again", "new", "later", "mend", "login", "wait", "owner", "look"]
"""What helps: the same call again, a new container, the same call when it is ready, to mend the
post, to log in, to wait for an allowance, the account's owner, to look before anything else.
"""

REACTIONS: dict[Way, set[type[PostwrightError]]] = {
    "again": {errors.TransientGraphError, errors.MediaUnreachableError},
    "new": {
        errors.ContainerExpiredError,
        errors.ProcessingFailedError,
        errors.MediaUnreachableError,
    },
    "later": {errors.ContainerNotReadyError, errors.TransientGraphError},
    "mend": {errors.InvalidPostError, errors.MediaRejectedError},
    "login": {errors.TokenInvalidError},
    "wait": {errors.QuotaExceededError, errors.RateLimitedError},
    "owner": {errors.AccountBlockedError},
    "look": {errors.PublishUncertainError},
}


@dataclass(frozen=True)
class Known:
    """One error. `where` has a letter for each place: c a create, f a fetch or processing that
    fails later (the container's text), p the publish call, s a read of a fresh container or post,
    o a call that the workflow does not make; a star is everywhere. `proof` says that after this
    answer to a publish nothing is live. `tries` is how often an item is asked for in all, if this
    keeps it from being made.
    """

    code: int | None
    subcode: int | None
    where: str
    way: Way
    tries: int = 1
    http: int = 400
    proof: bool = False
    words: str = ""

    def __str__(self) -> str:
        return f"{self.words or f'{self.code}/{self.subcode}'} {self.where}"

    @property
    def is_graph(self) -> bool:
        """Whether the Graph API itself answers."""
        return bool(self.words or self.code or self.subcode)

    @property
    def as_sent(self) -> tuple[int | None, int | None]:
        """The numbers of an answer, with any code where the table does not care about it."""
        if not self.is_graph:
            return None, None
        if self.words:
            return 100, None
        return ANY_CODE if self.code is None else self.code, self.subcode

    @property
    def fault(self) -> dict[str, Any]:
        """How the simulated Instagram is told to answer with it."""
        if not self.is_graph:
            return {"answer": "html"}
        message = {"message": self.words} if self.words else {}
        return {"error": self.as_sent, "http_status": self.http, **message}

    @property
    def where_set(self) -> frozenset[str]:
        return frozenset(self.where)


ANY_CODE = 5555
_API = "INSTAGRAM_PLATFORM_API__"

REFERENCE = (
    Known(-2, 2207003, "cf", "again", tries=3),
    Known(-2, 2207020, "pf", "new", tries=3),
    Known(-1, 2207001, "cp", "again", tries=2),
    Known(-1, 2207032, "c", "again", tries=3),
    Known(-1, 2207053, "cf", "new", tries=3),
    Known(-1, 2207073, "o", "mend"),
    Known(1, 2207057, "cf", "mend"),
    Known(4, 2207051, "pc", "owner", http=403),
    Known(9, 2207042, "p", "wait", proof=True),
    Known(10, 2207081, "c", "mend", proof=True),
    Known(None, 2207078, "c", "wait"),
    Known(24, 2207006, "pc", "new", tries=3),
    Known(24, 2207008, "p", "new", tries=3),
    Known(25, 2207050, "cp", "owner", proof=True),
    Known(36000, 2207004, "c", "mend"),
    Known(36001, 2207005, "c", "mend"),
    Known(36003, 2207009, "c", "mend"),
    Known(36004, 2207010, "c", "mend"),
    Known(100, 2207023, "c", "mend"),
    Known(100, 2207028, "c", "mend"),
    Known(100, 2207035, "c", "mend"),
    Known(100, 2207036, "c", "mend"),
    Known(100, 2207037, "c", "mend"),
    Known(100, 2207040, "c", "mend"),
    Known(100, None, "*", "mend"),
    Known(100, 33, "s", "later", tries=3),
    Known(100, 33, "*", "login"),
    Known(110, 2207018, "c", "mend"),
    Known(110, 2207013, "o", "mend"),
    Known(352, 2207026, "cf", "mend"),
    Known(9004, 2207052, "cf", "again", tries=3),
    Known(9007, 2207027, "p", "later", tries=3, proof=True),
    Known(None, 2207076, "f", "new", tries=2),
    Known(None, 2207077, "f", "new", tries=3),
    Known(None, 2207082, "f", "new", tries=2),
    Known(None, 2207085, "f", "new", tries=2),
    Known(None, 2207055, "p", "look"),
    Known(None, None, "c", "mend", words=f"{_API}INVALID_LOCATION_ID"),
    Known(None, None, "c", "mend", words=f"{_API}PERMISSION"),
    Known(None, None, "c", "mend", words=f"{_API}INVALID_PARAM"),
    Known(20, 1772107, "o", "look"),
    Known(12, None, "c", "mend"),
    Known(18, 2207034, "o", "wait"),
    Known(24, 2207024, "o", "mend"),
    Known(100, None, "o", "mend"),
    Known(24, 2207045, "o", "mend"),
    Known(1, None, "*", "again", tries=3, http=500),
    Known(2, None, "*", "again", tries=3, http=503),
    Known(3, None, "*", "login"),
    Known(4, None, "*", "wait", tries=8, http=403),
    Known(10, None, "*", "login", http=403, proof=True),
    Known(17, None, "*", "wait", tries=8),
    Known(32, None, "*", "wait", tries=8),
    Known(102, None, "*", "login", http=401),
    Known(104, None, "*", "login"),
    Known(190, None, "*", "login", proof=True),
    Known(190, 458, "*", "login", proof=True),
    Known(190, 459, "*", "owner", proof=True),
    Known(190, 460, "*", "login", proof=True),
    Known(190, 463, "*", "login", proof=True),
    Known(190, 464, "*", "owner", proof=True),
    Known(190, 467, "*", "login", proof=True),
    Known(190, 492, "*", "login", proof=True),
    Known(200, None, "*", "login", http=403, proof=True),
    Known(341, None, "*", "wait", tries=8),
    Known(368, None, "*", "owner", proof=True),
    Known(506, None, "cp", "mend"),
    Known(613, None, "*", "wait", tries=8),
    Known(80001, None, "*", "wait", tries=8),
    Known(80002, None, "*", "wait", tries=8),
    Known(80006, None, "*", "wait", tries=8),
    Known(9009, None, "*", "owner"),
    Known(None, None, "*", "owner", words="You cannot access the app till you log in to"),
    Known(None, None, "*", "owner", words="Session key is malformed"),
    Known(None, None, "*", "again", tries=3, http=502),
)
"""200 stands for 200 to 299. The last one is an answer that is not from the Graph API at all."""

NOBODY_KNOWS = (2207067, 2207089)

# Where the table has the same

ROWS = (*TABLE, NO_ANSWER)
PLACES: dict[str, set[Call]] = {
    "c": {"create"},
    "f": {"processing"},
    "p": {"publish"},
    "s": {"status", "media"},
}
MADE_BY_NOBODY: set[Call] = {"comment", "delete", "search", "embed"}


def row_of(known: Known) -> Row:
    """The row for the same error and the same places."""
    [row] = [row for row in ROWS if same_numbers(row, known) and places_of(row) == known.where_set]
    return row


def same_numbers(row: Row, known: Known) -> bool:
    return (row.code, row.subcode, row.text or "") == (known.code, known.subcode, known.words)


def places_of(row: Row) -> frozenset[str]:
    """The row's calls in the letters of the reference."""
    if not row.calls or row is NO_ANSWER:
        return frozenset("*")
    if row.calls <= MADE_BY_NOBODY:
        return frozenset("o")
    letters = {letter for letter, calls in PLACES.items() if calls <= row.calls}
    assert set().union(*(PLACES[letter] for letter in letters)) == set(row.calls), row
    return frozenset(letters)
