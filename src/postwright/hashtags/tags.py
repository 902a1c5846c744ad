"""The form in which hashtags are kept and compared."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from postwright import caption
from postwright.errors import InvalidPostError
from postwright.models import Problem

_SHOWN_CHARACTERS = 60


def normalise(text: str) -> str:
    """The one form of a hashtag: no sign, no white space, lower case, composed letters.

    >>> normalise(" #Sand Dunes")
    'sanddunes'
    """
    return unicodedata.normalize("NFC", caption.hashtag_word(text).lower())


def normalise_all(texts: Iterable[str]) -> list[str]:
    """Each hashtag in its one form, and once; raises InvalidPostError that lists every text that
    makes none.
    """
    texts = list(texts)
    tags = [normalise(text) for text in texts]
    problems = [
        _problem(text) for text, tag in zip(texts, tags, strict=True) if not caption.is_hashtag(tag)
    ]
    if problems:
        raise InvalidPostError("Not every text makes a hashtag.", problems=problems)
    return list(dict.fromkeys(tags))


def of_caption(text: str | None) -> frozenset[str]:
    """The hashtags of a caption as a set that can be compared."""
    return frozenset(map(normalise, caption.hashtags(text or "")))


def _problem(text: str) -> Problem:
    shown = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
    return Problem(
        item="hashtag",
        rule="hashtag-word",
        found=repr(shown),
        allowed="letters, digits and underscores",
        fix="Leave out punctuation and emoji, which end a hashtag.",
    )
