"""A photo as Instagram takes it: baseline JPEG in sRGB, upright, in an allowed frame, below 8 MB.

A photo that tells places or people (GPS position, names, serial numbers, XMP, IPTC, comments) loses
all that is not picture, and so does each that is saved anew. Pillow does the work and is imported
when it is needed. Repairs run on the user's machine, never in a function.
"""

from __future__ import annotations

import io
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from postwright import limits
from postwright.repair_frame import (
    BLUR,
    FEED_RATIOS,
    Frame,
    Style,
    frame_of,
    reshaping,
    scaling,
)

if TYPE_CHECKING:
    from PIL import Image, ImageCms

WIDEST: Final = limits.IMAGE_MAX_WIDTH.value
_WIDTHS: Final = (limits.IMAGE_MIN_WIDTH.value, WIDEST)
_QUALITIES: Final = (95, 92, 88, 84, 80, 75, 70, 60, 50)
_READABLE: Final = ("JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "HEIF")
_ORIENTATION, _DETAILS, _GPS = 0x0112, 0x8769, 0x8825  # EXIF 2.32, as all tags here
_IDENTIFYING: Final = {0x013B, 0x927C, 0x9286, 0x9C9D, 0xA420, 0xA430, 0xA431, 0xA435}
"""Artist, maker note, user comment, author, unique id, owner, serial numbers of body and lens."""
_SAME_COLOUR: Final = 2  # levels of 255 by which a profile may differ and still be sRGB


class BeyondRepairError(Exception):
    """Nothing can be made of the file; the sentence says why and what to do instead."""


def repair_image(source: Path, target: Path, style: Style, *, anew: bool = False) -> list[str]:
    """Write the repaired photo to `target`; what changed, or nothing written and [] if nothing had
    to.

    `anew` writes it anew in any case. Raises BeyondRepairError.
    """
    with _opened(source) as picture:
        frame = frame_of(_upright_size(picture), _ratios(style), _WIDTHS, style.fit)
        private = _private(picture)
        visible = _visible_changes(picture, frame, style)
        too_large = source.stat().st_size > limits.IMAGE_MAX_BYTES.value
        if not (visible or private or too_large or anew):
            return []
        if not (visible or anew):
            bare = bare_jpeg(source.read_bytes())
            if len(bare) <= limits.IMAGE_MAX_BYTES.value:
                target.write_bytes(bare)
                removed = private or ["what is not picture removed"]
                return [*removed, "the picture itself is untouched"]
        jpeg, quality = _encoded(_framed(_in_srgb(_upright(picture), style), frame, style))
        target.write_bytes(jpeg)
        return [*visible, f"saved as baseline JPEG of quality {quality}", *private]


def bare_jpeg(jpeg: bytes) -> bytes:
    """The same picture, to the bit, without anything that is not needed to show it.

    Segments: JPEG standard (ITU T.81), annex B. What stays of the application's own ones is JFIF
    (APP0), the colour profile (APP2) and how colours are stored (APP14).
    """
    kept, at = [jpeg[:2]], 2
    while at < len(jpeg):
        marker = jpeg[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker == 0xD9:  # the end of the picture; phones hide films behind it
            break
        length = 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if marker == 0xDA:
            length = _end_of_scan(jpeg, at + length) - at
        segment = jpeg[at : at + length]
        if not _is_private(marker, segment):
            kept.append(segment)
        at += length
    return b"".join([*kept, b"\xff\xd9"])


def _is_private(marker: int, segment: bytes) -> bool:
    if marker == 0xE2:
        return not segment[4:].startswith(b"ICC_PROFILE\0")
    return marker == 0xFE or (0xE1 <= marker <= 0xEF and marker != 0xEE)


def _end_of_scan(jpeg: bytes, at: int) -> int:
    """Where the next marker is that is neither a stuffed byte nor a restart."""
    while True:
        at = jpeg.find(b"\xff", at)
        if at < 0 or at + 1 >= len(jpeg):
            return len(jpeg)
        if jpeg[at + 1] != 0 and not 0xD0 <= jpeg[at + 1] <= 0xD7:
            return at
        at += 2


def _opened(source: Path) -> Image.Image:
    """The picture, read to its end; of an animation the first frame."""
    from PIL import Image, UnidentifiedImageError

    _read_heic_where_possible()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata is no reason to give up
            Image.init()
            known: list[str] = [name for name in _READABLE if name in Image.OPEN]
            with ExitStack() as on_failure:
                picture = on_failure.enter_context(Image.open(source, formats=known))
                picture.load()
                on_failure.pop_all()
                return picture
    except UnidentifiedImageError as error:
        raise BeyondRepairError(
            "It cannot be read. Export it as JPEG from the program that made it; for HEIC,"
            " `pip install pillow-heif` is enough."
        ) from error
    except (Image.DecompressionBombError, MemoryError) as error:
        raise BeyondRepairError(
            "It has far more pixels than any photo. Export it smaller, 1440 pixels wide."
        ) from error
    except Exception as error:  # Pillow raises OSError, SyntaxError, struct.error and more
        raise BeyondRepairError(
            "It is damaged or cut off. Copy it again from the camera, or export it again."
        ) from error


def _read_heic_where_possible() -> None:
    """HEIC needs a reader that is not part of Postwright."""
    try:
        import pillow_heif
    except ImportError:
        return
    pillow_heif.register_heif_opener()


def _ratios(style: Style) -> tuple[float, float]:
    return (style.ratio, style.ratio) if style.ratio else FEED_RATIOS


def _visible_changes(picture: Image.Image, frame: Frame, style: Style) -> list[str]:
    """Everything about the picture itself that is not as it should be, as what is done about it."""
    frames = getattr(picture, "n_frames", 1)
    is_plain = picture.format == "JPEG" and not picture.info.get("progressive")
    what = "progressive JPEG" if picture.format == "JPEG" else picture.format
    changes = [
        None if is_plain else f"converted from {what}",
        f"the first of {frames} pictures taken" if frames > 1 else None,
        "turned upright as EXIF says" if _orientation(picture) != 1 else None,
        _colour_change(picture, style),
        reshaping(frame, style) if frame.reshaped else None,
        scaling(frame),
    ]
    return [change for change in changes if change]


def _colour_change(picture: Image.Image, style: Style) -> str | None:
    if _has_alpha(picture):
        colour = "white" if style.background == BLUR else style.background
        return f"transparency filled with {colour}"
    profile = _profile(picture)
    if profile is None and picture.info.get("icc_profile"):
        return "a colour profile that cannot be read left out"
    if profile is not None and not _is_srgb(profile, picture.mode):
        return f"colours converted from {_profile_name(profile)} to sRGB"
    if picture.mode in ("RGB", "L"):
        return None
    return f"colours converted from {picture.mode} to sRGB"


def _private(picture: Image.Image) -> list[str]:
    """What says something about people and places, as what is done about it."""
    exif = _exif(picture)
    details = {*exif, *exif.get_ifd(_DETAILS)}
    beside = ("xmp", "XML:com.adobe.xmp", "photoshop", "comment")
    found = [
        "GPS position removed" if exif.get_ifd(_GPS) else None,
        "names and serial numbers removed" if details & _IDENTIFYING else None,
        "XMP, IPTC and comments removed" if any(map(picture.info.get, beside)) else None,
    ]
    return [change for change in found if change]


def _exif(picture: Image.Image) -> Image.Exif:
    from PIL import Image

    try:
        exif = picture.getexif()
        exif.get_ifd(_GPS), exif.get_ifd(_DETAILS)
    except Exception:  # a photo with broken EXIF is shown as it is stored
        return Image.Exif()
    return exif


def _orientation(picture: Image.Image) -> int:
    value = _exif(picture).get(_ORIENTATION, 1)
    return value if value in range(2, 9) else 1


def _upright_size(picture: Image.Image) -> tuple[int, int]:
    width, height = picture.size
    return (height, width) if _orientation(picture) > 4 else (width, height)


def _upright(picture: Image.Image) -> Image.Image:
    from PIL import ImageOps

    return ImageOps.exif_transpose(picture) if _orientation(picture) != 1 else picture


def _in_srgb(picture: Image.Image, style: Style) -> Image.Image:
    """The picture as RGB with 8 bits in sRGB, on the background where it is transparent."""
    from PIL import Image

    alpha = picture.convert("RGBA").getchannel("A") if _has_alpha(picture) else None
    colours = _converted(_eight_bits(picture), _profile(picture))
    if alpha is None:
        return colours
    behind = Image.new(
        "RGB", picture.size, "white" if style.background == BLUR else style.background
    )
    behind.paste(colours, mask=alpha)
    return behind


def _has_alpha(picture: Image.Image) -> bool:
    return picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info


def _eight_bits(picture: Image.Image) -> Image.Image:
    """In a mode that profiles speak of; 16 bits are scaled, where Pillow alone would clip them."""
    if picture.mode in ("RGB", "L", "CMYK"):
        return picture
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if picture.mode == "F":
        low, high = cast(tuple[float, float], picture.getextrema())
        scale = 255 / ((high - low) or 1)
        return picture.point(lambda value: value * scale - low * scale).convert("L")
    return picture.convert("L" if picture.mode in ("1", "LA", "La") else "RGB")


def _converted(picture: Image.Image, profile: ImageCms.ImageCmsProfile | None) -> Image.Image:
    from PIL import ImageCms

    if profile is not None and not _is_srgb(profile, picture.mode):
        try:
            return _transformed(picture, profile)
        except ImageCms.PyCMSError:  # a profile for other colours than these
            pass
    return picture.convert("RGB")


def _transformed(picture: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    from PIL import ImageCms

    transform = ImageCms.buildTransform(
        profile,
        ImageCms.createProfile("sRGB"),
        picture.mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return cast("Image.Image", ImageCms.applyTransform(picture, transform))


def _profile(picture: Image.Image) -> ImageCms.ImageCmsProfile | None:
    from PIL import ImageCms

    found = picture.info.get("icc_profile")
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(found)) if found else None
    except (OSError, ImageCms.PyCMSError):
        return None


def _profile_name(profile: ImageCms.ImageCmsProfile) -> str:
    from PIL import ImageCms

    return ImageCms.getProfileDescription(profile).strip() or "another colour profile"


def _is_srgb(profile: ImageCms.ImageCmsProfile, mode: str) -> bool:
    """Whether the colours that it gives are those of sRGB; names say little.

    A profile for other colours than these is of no use and counts as sRGB, as viewers take it.
    """
    from PIL import Image, ImageChops, ImageCms

    if mode == "CMYK":
        return False
    levels = range(0, 256, 51)
    patches = bytes(value for r in levels for g in levels for b in levels for value in (r, g, b))
    sample = Image.frombytes("RGB", (len(patches) // 3, 1), patches)
    if mode in ("1", "L", "LA", "La") or mode.startswith(("I", "F")):
        sample = sample.convert("L")
    try:
        turned = _transformed(sample, profile)
    except ImageCms.PyCMSError:
        return True
    extremes = ImageChops.difference(turned, sample.convert("RGB")).getextrema()
    return all(high <= _SAME_COLOUR for _, high in cast(tuple[tuple[int, int], ...], extremes))


def _framed(picture: Image.Image, frame: Frame, style: Style) -> Image.Image:
    from PIL import Image, ImageFilter, ImageOps

    best = Image.Resampling.LANCZOS
    if not frame.reshaped:
        return picture if picture.size == frame.size else picture.resize(frame.size, best)
    if style.fit == "crop":
        return ImageOps.fit(picture, frame.size, best)
    inner = ImageOps.contain(picture, frame.size, best)
    if style.background == BLUR:
        softness = ImageFilter.GaussianBlur(frame.width / 30)
        canvas = ImageOps.fit(picture, frame.size, best).filter(softness)
    else:
        canvas = Image.new("RGB", frame.size, style.background)
    canvas.paste(inner, ((frame.width - inner.width) // 2, (frame.height - inner.height) // 2))
    return canvas


def _encoded(picture: Image.Image) -> tuple[bytes, int]:
    """The JPEG of the best quality that is small enough, with the sRGB profile."""
    from PIL import ImageCms

    picture.info = {}  # nothing of the original's metadata may be written along
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for quality in _QUALITIES:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality, optimize=True, icc_profile=profile, exif=b"")
        if file.tell() <= limits.IMAGE_MAX_BYTES.value:
            break
    return file.getvalue(), quality
