"""The caption as Instagram gets it, and the two ways in which captions are compared."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

_HASHTAG = re.compile(r"(?<![\w&#])#(\w+)")
_MENTION = re.compile(r"(?<![\w@.])@(\w[\w.]*)")


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
    return _HASHTAG.findall(text)


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
    word = "".join(tag.split()).lstrip("#")
    return f"#{word}" if word else ""
