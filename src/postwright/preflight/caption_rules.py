"""What Instagram asks of a caption, hashtags included."""

from __future__ import annotations

from typing import Final

from postwright import caption as captions
from postwright import limits
from postwright.preflight.rules import Finding, Rule


def _length(text: str) -> Finding | None:
    most, length = limits.CAPTION_MAX_CHARACTERS.value, captions.length(text)
    if length <= most:
        return None
    return Finding(
        f"{length:,} characters",
        f"at most {most:,} characters",
        f"shorten the caption and its hashtags by {length - most:,} characters",
    )


def _hashtags(text: str) -> Finding | None:
    most, count = limits.HASHTAGS_MAX.value, len(captions.hashtags(text))
    if count <= most:
        return None
    return Finding(f"{count} hashtags", f"at most {most}", f"remove {count - most} of the hashtags")


def _many_hashtags(text: str) -> Finding | None:
    advised, count = limits.HASHTAGS_ADVISED.value, len(captions.hashtags(text))
    if not advised < count <= limits.HASHTAGS_MAX.value:
        return None
    return Finding(f"{count} hashtags", f"{advised} or fewer", f"keep the best {advised}")


def _mentions(text: str) -> Finding | None:
    most, count = limits.MENTIONS_MAX.value, len(captions.mentions(text))
    if count <= most:
        return None
    return Finding(f"{count} mentions", f"at most {most}", f"remove {count - most} of the mentions")


_TOO_LONG: Final = "36004/2207010 at the create call"
CAPTION_RULES: Final[tuple[Rule[str], ...]] = (
    Rule("caption-length", limits.CAPTION_MAX_CHARACTERS, _length, _TOO_LONG),
    Rule("caption-hashtags", limits.HASHTAGS_MAX, _hashtags, _TOO_LONG),
    Rule(
        "caption-hashtags-many",
        limits.HASHTAGS_ADVISED,
        _many_hashtags,
        "none that is documented",
        severity="warning",
    ),
    Rule("caption-mentions", limits.MENTIONS_MAX, _mentions, "100/2207040 at the create call"),
)
