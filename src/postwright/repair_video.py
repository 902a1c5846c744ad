"""A film as Instagram takes it: MP4 with the index first, H.264 4:2:0 with square pixels and a
constant rate, and AAC sound.

What is right is copied packet by packet; only what is wrong is encoded again. PyAV, a wheel that
brings FFmpeg along, does the work and is imported when it is needed. Repairs run on the user's
machine, never in a function.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from postwright import limits
from postwright.preflight import look_at_file
from postwright.preflight.images import Unreadable
from postwright.repair_encode import bytes_max, write
from postwright.repair_film import Film, examine
from postwright.repair_frame import Frame, Style, frame_of, reshaping, scaling
from postwright.repair_image import BeyondRepairError

_RATIOS: Final = (0.01, 10.0)
_WIDTHS: Final = (2, limits.VIDEO_MAX_WIDTH.value)
_CUT_MARGIN: Final = 0.1  # seconds
_ROUNDING: Final = 0.002  # seconds; times in a film are multiples of some fraction


def repair_video(source: Path, target: Path, style: Style, *, anew: bool = False) -> list[str]:
    """Write the repaired film to `target`; what changed, or nothing written and [] if nothing had
    to.

    `anew` encodes picture and sound in any case. Raises BeyondRepairError.
    """
    import av

    seen = look_at_file(source)
    if seen is not None and isinstance(seen.facts, Unreadable):
        raise BeyondRepairError(
            f"It is {seen.facts.why}. Copy it again from the camera, or export it again as MP4."
        )
    try:
        film = examine(source)
        seconds = _length(film, style)
        frame = _frame(film, style)
        picture = [*film.picture_wrong, *_reframing(film, frame, style)]
        if seconds < film.seconds:
            picture.append(f"cut to {seconds:.1f} of {film.seconds:.1f} seconds")
        if source.stat().st_size > bytes_max(style):
            picture.append(f"made smaller than {bytes_max(style) // 1_000_000} MB")
        if anew and not picture:
            picture.append("encoded again")
        changes = [*film.container_wrong, *film.sound_wrong, *picture]
        if changes:
            write(source, target, film, frame, style, seconds, bool(picture))
    except (av.error.FFmpegError, ValueError) as error:
        raise BeyondRepairError(
            "It cannot be decoded to its end. Copy it again from the camera, or export it again"
            f" as MP4 ({type(error).__name__})."
        ) from error
    if not changes:
        return []
    how = "picture encoded as H.264" if picture else "the picture itself is untouched"
    return [*changes, how]


def _length(film: Film, style: Style) -> float:
    """How many seconds the result has; raises BeyondRepairError where no length is right."""
    least = limits.VIDEO_MIN_SECONDS.value
    limit = limits.CAROUSEL_VIDEO_MAX_SECONDS if style.in_carousel else limits.REEL_MAX_SECONDS
    if film.seconds < least - _ROUNDING:
        raise BeyondRepairError(
            f"It has {film.seconds:.2f} seconds, and Instagram takes none below {least:g}."
            " Use a longer video, or post a photo instead."
        )
    if film.seconds <= limit.value + _ROUNDING:
        return film.seconds
    if style.cut:
        return limit.value - _CUT_MARGIN
    raise BeyondRepairError(
        f"It has {film.seconds:.0f} seconds, and Instagram takes at most {limit.value} here."
        f" Add --cut to keep the first {limit.value}, or cut it yourself."
    )


def _frame(film: Film, style: Style) -> Frame:
    ratios = (style.ratio, style.ratio) if style.ratio else _RATIOS
    return frame_of(film.full_size, ratios, _WIDTHS, style.fit, step=2)


def _reframing(film: Film, frame: Frame, style: Style) -> list[str]:
    """What is done to the pixels, in words."""
    changes = [reshaping(frame, style) if frame.reshaped else None, scaling(frame)]
    stored = film.size[::-1] if film.rotation % 180 else film.size
    if not any(changes) and stored != frame.size:
        square = film.full_size == stored
        changes.append(
            f"{'made even' if square else 'square pixels'}: {frame.width}x{frame.height}"
        )
    return [change for change in changes if change]
