"""The caption as Instagram gets it, and the two ways in which captions are compared."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from itertools import takewhile

_HASHTAG_SIGN = re.compile(r"(?<![\w&#])#")
_MENTION = re.compile(r"(?<![\w@.])@(\w[\w.]*)")
_EMOJI_STYLES = "\ufe0e\ufe0f"
"""Marks that choose how the sign before them is drawn; they follow emoji, and end a hashtag."""


def assemble(text: str, tags: Sequence[str] = ()) -> str:
    r"""Caption text, a blank line, then the hashtags with one space between them.

    >>> assemble("Dunes at dawn", ["travel", "#sea", " sand dunes "])
    'Dunes at dawn\n\n#travel #sea #sanddunes'
    """
    line = " ".join(dict.fromkeys(tag for tag in map(_as_hashtag, tags) if tag))
    return "\n\n".join(part for part in (text.strip(), line) if part)


def length(text: str) -> int:
    """Characters that count against the limit.

    Instagram does not say whether it counts code points or UTF-16 units, so the larger of both
    counts.
    """
    return max(len(text), len(text.encode("utf-16-le", "surrogatepass")) // 2)


def hashtags(text: str) -> list[str]:
    """Every hashtag of `text` in order, without the sign."""
    behind = (text[sign.end() :] for sign in _HASHTAG_SIGN.finditer(text))
    words = ("".join(takewhile(_in_hashtag, rest)) for rest in behind)
    return [word for word in words if is_hashtag(word)]


def hashtag_word(tag: str) -> str:
    """The word of a hashtag, without sign and white space; empty when nothing is left."""
    return "".join(tag.split()).lstrip("#")


def is_hashtag(word: str) -> bool:
    """Whether all of `word` becomes a hashtag when a sign is written before it.

    Letters, digits and the underscore do, and the marks that letters carry in Hindi or Thai.
    """
    return bool(word) and (word[0] == "_" or word[0].isalnum()) and all(map(_in_hashtag, word))


def mentions(text: str) -> list[str]:
    """Every mentioned account of `text` in order, without the sign."""
    return _MENTION.findall(text)


def normalise(text: str | None) -> str:
    """`text` with each run of white space as one space, as Instagram may change those."""
    return " ".join((text or "").split())


def digest(text: str | None) -> str:
    """A key for the caption: equal for captions that could not be told apart on Instagram."""
    return hashlib.sha256(normalise(text).encode()).hexdigest()[:32]


def _as_hashtag(tag: str) -> str:
    word = hashtag_word(tag)
    return f"#{word}" if word else ""


def _in_hashtag(letter: str) -> bool:
    if letter == "_" or letter.isalnum():
        return True
    return unicodedata.category(letter) in ("Mn", "Mc") and letter not in _EMOJI_STYLES
