"""What Instagram asks of a photo.

Progressive photos and other colour profiles are warnings: nothing documents a refusal, and "images
with other colour spaces are converted". CMYK is refused: whether it is converted too is not
established, and print colours look wrong on a screen.
"""

from __future__ import annotations

from typing import Final, Protocol

from postwright import limits
from postwright.preflight.images import ImageFacts
from postwright.preflight.rules import Finding, Rule, megabytes

FORMAT_ANSWER: Final = "36001/2207005 at the create call"
_CROP: Final = "crop it to between 4:5 and 1.91:1, for example 1080x1350"


class Sized(Protocol):
    """Anything with a size in bytes."""

    @property
    def size_bytes(self) -> int: ...


def not_jpeg(found: str) -> Finding:
    """For a photo in another format, by its name."""
    return Finding(
        found,
        limits.IMAGE_FORMAT.value,
        "export it as a plain JPEG; changing the name of the file is not enough",
    )


def _format(facts: ImageFacts) -> Finding | None:
    return None if facts.format == limits.IMAGE_FORMAT.value else not_jpeg(facts.format)


def _mode(facts: ImageFacts) -> Finding | None:
    # Other formats have more modes; they are a problem of the format already.
    if facts.format != limits.IMAGE_FORMAT.value or facts.mode in limits.IMAGE_MODES.value:
        return None
    return Finding(facts.mode, "RGB or grayscale", "convert it to RGB (sRGB) and save it as JPEG")


def _ratio(facts: ImageFacts) -> Finding | None:
    lowest = limits.IMAGE_MIN_RATIO.value - limits.RATIO_TOLERANCE.value
    highest = limits.IMAGE_MAX_RATIO.value + limits.RATIO_TOLERANCE.value
    if lowest <= facts.ratio <= highest:
        return None
    shape = "tall" if facts.ratio < lowest else "wide"
    return Finding(
        f"{facts.width}x{facts.height} ({facts.ratio:.2f}:1), too {shape}", "4:5 to 1.91:1", _CROP
    )


def _width(facts: ImageFacts) -> Finding | None:
    least = limits.IMAGE_MIN_WIDTH.value
    if facts.width >= least:
        return None
    return Finding(
        f"{facts.width} pixels wide",
        f"at least {least} pixels wide",
        "export it larger from the original, best 1080 pixels wide",
    )


def _progressive(facts: ImageFacts) -> Finding | None:
    if not facts.progressive:
        return None
    return Finding(
        "a progressive JPEG", "a baseline JPEG", "save it without the progressive option"
    )


def _colour(facts: ImageFacts) -> Finding | None:
    if facts.profile is None or limits.IMAGE_COLOUR.value.lower() in facts.profile.lower():
        return None
    return Finding(
        f"the colour profile {facts.profile}",
        limits.IMAGE_COLOUR.value,
        "convert it to sRGB, or expect Instagram to change its colours",
    )


def _bytes(facts: Sized) -> Finding | None:
    if facts.size_bytes <= limits.IMAGE_MAX_BYTES.value:
        return None
    return Finding(
        megabytes(facts.size_bytes),
        f"at most {megabytes(limits.IMAGE_MAX_BYTES.value)}",
        "save it with a lower JPEG quality, or 1080 pixels wide",
    )


IMAGE_SIZE_RULES: Final[tuple[Rule[Sized], ...]] = (
    Rule("image-bytes", limits.IMAGE_MAX_BYTES, _bytes, "36000/2207004 above 8 MiB"),
)
IMAGE_RULES: Final[tuple[Rule[ImageFacts], ...]] = (
    Rule("image-format", limits.IMAGE_FORMAT, _format, FORMAT_ANSWER),
    Rule("image-mode", limits.IMAGE_MODES, _mode, FORMAT_ANSWER),
    Rule("image-ratio", limits.IMAGE_MIN_RATIO, _ratio, "36003/2207009 at the create call"),
    Rule("image-width", limits.IMAGE_MIN_WIDTH, _width, "none: it is scaled up"),
    Rule(
        "image-progressive",
        limits.IMAGE_CODING,
        _progressive,
        "none that is documented",
        severity="warning",
    ),
    Rule(
        "image-colour",
        limits.IMAGE_COLOUR,
        _colour,
        "none: the colours are converted",
        severity="warning",
    ),
)
