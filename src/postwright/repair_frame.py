"""The frame that a repaired picture or film gets: how many pixels, and what fills what is new."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from postwright import limits

Fit = Literal["pad", "crop"]

BLUR: Final = "blur"
"""A background made of the picture itself, enlarged and blurred; all others are colours."""
FEED_RATIOS: Final = (limits.IMAGE_MIN_RATIO.value, limits.IMAGE_MAX_RATIO.value)
_NAMES: Final = {0.8: "4:5", 1.0: "1:1", 0.5625: "9:16", 16 / 9: "16:9", 1.91: "1.91:1"}


@dataclass(frozen=True)
class Style:
    """What somebody wants of a repair.

    `ratio` is the one that every item is to have; None leaves each at the nearest that is allowed.
    `cut` allows to end a video where Instagram's limit is.
    """

    fit: Fit = "pad"
    background: str = "white"
    ratio: float | None = None
    in_carousel: bool = False
    cut: bool = False


@dataclass(frozen=True)
class Frame:
    """Pixels of the result; `reshaped` when it has another ratio than the original. `scale` is by
    how much the original was enlarged.
    """

    width: int
    height: int
    reshaped: bool
    scale: float

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height

    @property
    def ratio(self) -> float:
        """Width by height."""
        return self.width / self.height


def frame_of(
    size: tuple[float, float],
    ratios: tuple[float, float],
    widths: tuple[int, int],
    fit: Fit,
    *,
    step: int = 1,
) -> Frame:
    """The frame nearest to `size` within these bounds; both sides are multiples of `step`.

    >>> frame_of((1000, 2000), (0.8, 1.91), (320, 1440), "crop").size
    (1000, 1250)
    """
    width, height = size
    lowest, highest = ratios
    ratio = width / height
    wanted = min(max(ratio, lowest), highest)
    reshaped = abs(ratio - wanted) > min(limits.RATIO_TOLERANCE.value, wanted / 100)
    if not reshaped:
        wanted = ratio
    outer = max if fit == "pad" else min
    full_width = outer(width, height * wanted)
    narrowest, widest = widths
    steps = min(max(full_width, narrowest), widest) / step
    # Padding never takes anything away, not even by a rounding.
    columns = step * (math.ceil(steps - 1e-9) if reshaped and fit == "pad" else round(steps))
    exact = columns / wanted / step
    if not reshaped:
        rows = round(exact)
    else:  # never past the bound that it was brought to
        rows = math.floor(exact + 1e-9) if ratio < wanted else math.ceil(exact - 1e-9)
    return Frame(columns, max(1, rows) * step, reshaped, columns / full_width)


def ratio_name(ratio: float) -> str:
    """A ratio as people call it."""
    near = [name for value, name in _NAMES.items() if abs(value - ratio) < 0.003]
    return near[0] if near else f"{ratio:.2f}:1"


def reshaping(frame: Frame, style: Style) -> str:
    """What happened to the ratio, in words."""
    if style.fit == "crop":
        return f"cropped to {ratio_name(frame.ratio)}"
    with_what = "its own blurred picture" if style.background == BLUR else style.background
    return f"padded to {ratio_name(frame.ratio)} with {with_what}"


def scaling(frame: Frame) -> str | None:
    """What happened to the size, in words; None for as good as nothing."""
    if abs(frame.scale - 1) * frame.width < 1:
        return None
    return f"scaled {'down' if frame.scale < 1 else 'up'} to {frame.width}x{frame.height}"
