"""When the next look at unfinished containers is worth its price, and when to give up."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from postwright.models import MediaKind

_EARLY_LOOKS: dict[MediaKind, tuple[int, ...]] = {
    "image": (2, 3, 5, 8, 13, 21),
    "video": (10, 20, 30),
}
"""Ages in seconds at which a container is first looked at.

Source: images were seen ready after 3 to 5 s, a 60 s Reel after 2 to 3 minutes (field reports,
2026).
"""
_PROCESSING_OF_A_SECOND = 2.5
"""Seconds for which Instagram processes a second of video.

Source: 2 to 3 minutes for a Reel of 60 s (field reports, 2026).
"""
_SHORTEST_PROCESSING_SECONDS = 10
_STEP_SECONDS = 30
_LATE_VIDEO_STEP_SECONDS = 120
_LATE_VIDEO_AGE_SECONDS = 900


def next_look(kind: MediaKind, age_seconds: float) -> float:
    """The age in seconds, above `age_seconds`, at which to look at a container of this kind next.

    A parent counts as an image: it has nothing to process once its children are done.
    """
    early = _EARLY_LOOKS[kind]
    for mark in early:
        if mark > age_seconds:
            return mark
    late = kind == "video" and age_seconds >= _LATE_VIDEO_AGE_SECONDS
    step = _LATE_VIDEO_STEP_SECONDS if late else _STEP_SECONDS
    steps_done = int((age_seconds - early[-1]) // step)
    return early[-1] + (steps_done + 1) * step


def wait_seconds(unfinished: Iterable[tuple[MediaKind, float]]) -> int:
    """Whole seconds until the next look at a post, given kind and age of what is unfinished; at
    least 1.

    Videos decide: while one is processed, its images are ready anyway.
    """
    waits: dict[MediaKind, list[float]] = {"image": [], "video": []}
    for kind, age in unfinished:
        waits[kind].append(next_look(kind, age) - age)
    soonest: Sequence[float] = waits["video"] or waits["image"] or [1]
    return max(1, math.ceil(min(soonest)))


def expected_seconds(shape: str | None) -> int | None:
    """How long Instagram usually processes a video of this shape (`1080x1920 12.5s`); None where
    its length is not known.
    """
    length = re.search(r" ([0-9.]+)s$", shape or "")
    if length is None:
        return None
    return max(_SHORTEST_PROCESSING_SECONDS, round(_PROCESSING_OF_A_SECOND * float(length[1])))
