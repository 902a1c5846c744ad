"""What is said of each file of the corpus: written from Instagram's pages, before any rule was run.

The pages are the IG User media reference (read 2026-09-11), the content publishing guide (stamp
2026-06-30) and the error codes reference (stamp 2026-06-02), with what public projects have met
where those are silent. `answer` is what Instagram would say: `code/subcode` of the create call for
images, the subcode in a container's status for videos, and a sentence where it says nothing.

A change to a row is a change of what we hold true about Instagram, so it needs a source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Place = Literal["alone", "carousel"]


@dataclass(frozen=True)
class Bad:
    """A file that must not be sent: exactly these rules find something."""

    name: str
    what: str
    rules: tuple[str, ...]
    answer: str
    place: Place = "alone"


@dataclass(frozen=True)
class Good:
    """A file that may be sent; `warnings` is what is worth a word."""

    name: str
    what: str
    warnings: tuple[str, ...] = ()
    place: Place = "alone"


_RATIO: Final = "36003/2207009"
_FORMAT: Final = "36001/2207005"
_BYTES: Final = "36000/2207004"
_NO_MEDIA: Final = "9004/2207052"
_UNSUPPORTED: Final = "2207026"
_NOT_USABLE: Final = "2207077"
_OUT_OF_BOUNDS: Final = "2207082"
_SCALED: Final = "takes it, and scales it up to 320 pixels"
_NOT_SENT: Final = "is never asked: there is nothing to send"
_UNKNOWN: Final = "not documented; this is the safe side"

BAD: Final = (
    # Photos: shape and size. Media reference: 4:5 to 1.91:1, 320 to 1440 pixels wide, 8 MB.
    Bad("tall-3-by-4.jpg", "600x800, as phones take it", ("image-ratio",), _RATIO),
    Bad("tall-9-by-16.jpg", "720x1280, as for a story", ("image-ratio",), _RATIO),
    Bad("just-too-tall.jpg", "1066x1350, 0.790:1", ("image-ratio",), _RATIO),
    Bad("wide-2-by-1.jpg", "1200x600", ("image-ratio",), _RATIO),
    Bad("just-too-wide.jpg", "1344x700, 1.920:1", ("image-ratio",), _RATIO),
    Bad("panorama.jpg", "3000x400", ("image-ratio",), _RATIO),
    Bad("tall-in-carousel.jpg", "600x800 in a carousel", ("image-ratio",), _RATIO, "carousel"),
    Bad("319-wide.jpg", "319x319", ("image-width",), _SCALED),
    Bad("thumbnail.jpg", "100x100", ("image-width",), _SCALED),
    Bad("turned-too-tall.jpg", "1200x675, EXIF turns it", ("image-ratio",), _RATIO),
    Bad("mirrored-too-tall.jpg", "1200x675, EXIF 5", ("image-ratio",), _RATIO),
    Bad("turned-too-narrow.jpg", "380x310, EXIF turns it", ("image-width",), _SCALED),
    Bad("8000001-bytes.jpg", "one byte over 8 MB", ("image-bytes",), "takes up to 8 MiB"),
    Bad("8388609-bytes.jpg", "one byte over 8 MiB", ("image-bytes",), _BYTES),
    # Photos: format. Media reference: JPEG, no MPO or JPS; changing the name is not enough.
    Bad("png-inside.jpg", "a PNG with another name", ("image-format",), _FORMAT),
    Bad("png-16-bit.jpg", "a PNG of 16 bits", ("image-format",), _FORMAT),
    Bad("honest.png", "a PNG", ("image-format",), _FORMAT),
    Bad("webp-inside.jpg", "a WebP with another name", ("image-format",), _FORMAT),
    Bad("honest.webp", "a WebP", ("image-format",), _FORMAT),
    Bad("heic-inside.jpg", "a HEIC with another name", ("image-format",), _FORMAT),
    Bad("honest.heic", "a HEIC", ("image-format",), _FORMAT),
    Bad("avif-inside.jpg", "an AVIF with another name", ("image-format",), _FORMAT),
    Bad("gif-inside.jpg", "a GIF with another name", ("image-format",), _FORMAT),
    Bad("bmp-inside.jpg", "a BMP with another name", ("image-format",), _FORMAT),
    Bad("tiff-inside.jpg", "a TIFF with another name", ("image-format",), _FORMAT),
    Bad("jpeg-2000-inside.jpg", "a JPEG 2000", ("image-format",), _FORMAT),
    Bad("jpeg-xl-head.jpg", "the first bytes of a JPEG XL", ("image-format",), _FORMAT),
    Bad("two-pictures.jpg", "an MPO, as stereo cameras write it", ("image-format",), _FORMAT),
    Bad("cmyk.jpg", "a JPEG for print", ("image-mode",), _FORMAT),
    Bad("12-bit.jpg", "a JPEG of 12 bits", ("image-damaged",), _FORMAT),
    # Photos: damage.
    Bad("truncated.jpg", "the last tenth is missing", ("image-damaged",), _FORMAT),
    Bad("truncated-large.jpg", "600 kB, the end is missing", ("image-damaged",), _FORMAT),
    Bad("truncated-progressive.jpg", "the end is missing", ("image-damaged",), _FORMAT),
    Bad("only-headers.jpg", "the first 500 bytes", ("image-damaged",), _FORMAT),
    Bad("absurd.jpg", "says it has 65,500x65,500 pixels", ("image-damaged",), _FORMAT),
    # No media at all.
    Bad("empty.jpg", "0 bytes", ("file-empty",), _NO_MEDIA),
    Bad("text.jpg", "text", ("file-type",), _NO_MEDIA),
    Bad("web-page.jpg", "an error page of a web server", ("file-type",), _NO_MEDIA),
    Bad("drawing.jpg", "an SVG", ("file-type",), _NO_MEDIA),
    Bad("document.jpg", "a PDF", ("file-type",), _NO_MEDIA),
    Bad("archive.jpg", "a ZIP", ("file-type",), _NO_MEDIA),
    Bad("directory.jpg", "a directory", ("file-missing",), _NOT_SENT),
    Bad("missing.jpg", "no such file", ("file-missing",), _NOT_SENT),
    Bad("empty.mp4", "0 bytes", ("file-empty",), "2207052"),
    Bad("text.mp4", "text", ("file-type",), _UNSUPPORTED),
    Bad("sound-only.mp4", "an M4A", ("file-type",), _UNSUPPORTED),
    # Videos: length. Reference: 3 s to 15 min for a Reel. A carousel video whose last frame began
    # at 2.967 s was refused (seen in public code), so at least 3.2 s are asked for everywhere.
    Bad("2-seconds.mp4", "2.0 s", ("video-too-short",), _NOT_USABLE),
    Bad("2967-ms.mp4", "2.967 s in a carousel", ("video-too-short",), _NOT_USABLE, "carousel"),
    Bad("3-seconds.mp4", "3.0 s in a carousel", ("video-too-short",), _NOT_USABLE, "carousel"),
    Bad("3-second-reel.mp4", "3.0 s as a Reel", ("video-too-short",), _UNKNOWN),
    Bad("16-minutes.mp4", "960 s", ("reel-too-long",), _OUT_OF_BOUNDS),
    Bad("61-seconds.mp4", "in a carousel", ("carousel-video-too-long",), _UNKNOWN, "carousel"),
    # Videos: size. Reference: 300 MB for a Reel; nothing is said for a carousel.
    Bad("300000001-bytes.mp4", "one byte over 300 MB", ("reel-bytes",), "takes up to 300 MiB"),
    Bad("100000001-bytes.mp4", "in a carousel", ("carousel-video-bytes",), _UNKNOWN, "carousel"),
    # Videos: codec and pixels. Reference: H.264 or HEVC, progressive scan, 4:2:0, 23 to 60 frames
    # a second, at most 1920 columns, 25 Mbps, 0.01:1 to 10:1.
    Bad("vp9.mp4", "VP9", ("video-codec",), _UNSUPPORTED),
    Bad("av1.mp4", "AV1", ("video-codec",), _UNSUPPORTED),
    Bad("mpeg-4-part-2.mp4", "MPEG-4 part 2", ("video-codec",), _UNSUPPORTED),
    Bad("mpeg-2.mp4", "MPEG-2", ("video-codec",), _UNSUPPORTED),
    Bad("motion-jpeg.mov", "Motion JPEG", ("video-codec",), _UNSUPPORTED),
    Bad("prores.mov", "ProRes, 4:2:2 of 10 bits", ("video-codec", "video-pixels"), _UNSUPPORTED),
    Bad("10-bit.mp4", "H.264 of 10 bits", ("video-pixels",), _UNSUPPORTED),
    Bad("10-bit-hevc.mp4", "HEVC of 10 bits", ("video-pixels",), _UNSUPPORTED),
    Bad("422.mp4", "4:2:2", ("video-pixels",), _UNSUPPORTED),
    Bad("444-odd.mp4", "4:4:4 with odd sides, 63x111", ("video-pixels",), _UNSUPPORTED),
    Bad("interlaced.mp4", "interlaced", ("video-scan",), _UNSUPPORTED),
    Bad("15-fps.mp4", "15 frames a second", ("video-frame-rate",), _UNSUPPORTED),
    Bad("22-fps.mp4", "22 frames a second", ("video-frame-rate",), _UNSUPPORTED),
    Bad("120-fps.mp4", "120 frames a second", ("video-frame-rate",), _UNSUPPORTED),
    Bad("1922-wide.mp4", "1922x480", ("video-width",), _UNSUPPORTED),
    Bad("4k.mp4", "3840x480", ("video-width",), _UNSUPPORTED),
    Bad("thread.mp4", "16x1700, 0.0094:1", ("video-ratio",), _UNSUPPORTED),
    Bad("ribbon.mp4", "1920x180, 10.7:1", ("video-ratio",), _UNSUPPORTED),
    Bad("30-mbps.mp4", "30 Mbps", ("video-bit-rate",), _UNSUPPORTED),
    # Videos: sound. Reference: AAC, at most 48 kHz, one or two channels.
    Bad("aac-96-khz.mp4", "AAC of 96 kHz", ("audio-rate",), _OUT_OF_BOUNDS),
    Bad("aac-5.1.mp4", "AAC with 6 channels", ("audio-channels",), _OUT_OF_BOUNDS),
    Bad("mp3-sound.mp4", "MP3", ("audio-codec",), _OUT_OF_BOUNDS),
    Bad("opus-sound.mp4", "Opus", ("audio-codec",), _OUT_OF_BOUNDS),
    Bad("pcm-sound.mov", "PCM", ("audio-codec",), _OUT_OF_BOUNDS),
    Bad("ac-3-sound.mp4", "AC-3", ("audio-codec",), _OUT_OF_BOUNDS),
    # Videos: container. Reference: MP4 or MOV, moov atom at the front.
    Bad("moov-at-the-end.mp4", "as most programs write it", ("video-moov-last",), _UNSUPPORTED),
    Bad("moov-at-the-end.mov", "as phones write it", ("video-moov-last",), _UNSUPPORTED),
    Bad("matroska.mkv", "Matroska", ("video-format",), _UNSUPPORTED),
    Bad("matroska-inside.mp4", "Matroska, other name", ("video-format",), _UNSUPPORTED),
    Bad("vp9.webm", "WebM", ("video-format", "video-codec"), _UNSUPPORTED),
    Bad("h264.avi", "AVI", ("video-format",), _UNSUPPORTED),
    Bad("h264.flv", "Flash Video", ("video-format",), _UNSUPPORTED),
    Bad("transport-stream.mp4", "MPEG-TS, other name", ("video-format",), _UNSUPPORTED),
    # Videos: damage.
    Bad("truncated.mp4", "the last third is missing", ("video-damaged",), _UNSUPPORTED),
    Bad("without-moov.mp4", "moov was at the missing end", ("video-damaged",), _UNSUPPORTED),
    # Several at once.
    Bad(
        "everything-wrong.jpg",
        "a PNG of 300x100",
        ("image-format", "image-ratio", "image-width"),
        _FORMAT,
    ),
    Bad(
        "everything-wrong.mp4",
        "VP9, 15 frames a second, 2 s, Opus",
        ("video-codec", "video-frame-rate", "video-too-short", "audio-codec"),
        _UNSUPPORTED,
    ),
)

GOOD: Final = (
    Good("square.jpg", "1080x1080"),
    Good("smallest.jpg", "320x320"),
    Good("4-by-5.jpg", "1080x1350"),
    Good("4-by-5-rounded.jpg", "1079x1350, 0.7993:1: exact 4:5 after rounding"),
    Good("within-the-tolerance.jpg", "1077x1350, 0.7978:1"),
    Good("191-by-100.jpg", "1080x566"),
    Good("wide-within-the-tolerance.jpg", "1914x1000"),
    Good("odd-sides.jpg", "1081x1079"),
    Good("large.jpg", "4000x4000: scaled down to 1440"),
    Good("gray.jpg", "one channel"),
    Good("turned.jpg", "1350x1080, EXIF turns it"),
    Good("turned-into-shape.jpg", "800x1200, EXIF turns it to 3:2"),
    Good("upside-down.jpg", "EXIF 3"),
    Good("broken-exif.jpg", "the EXIF block is no TIFF"),
    Good("without-exif.jpg", "a bare JPEG"),
    Good("embedded-thumbnail.jpg", "EXIF with a JPEG in it"),
    Good("srgb-profile.jpg", "an sRGB profile"),
    Good("444.jpg", "all colours of all pixels"),
    Good("restart-markers.jpg", "with restart markers"),
    Good("long-comments.jpg", "200 kB of comments before the picture"),
    Good("bytes-after-the-end.jpg", "a trailer, as some phones write it"),
    Good("8000000-bytes.jpg", "8 MB to the byte"),
    Good("UPPER.JPG", "a suffix in capitals"),
    Good("no-suffix", "no suffix"),
    Good("jpeg-inside.png", "a JPEG with another name"),
    # "Images with other colour spaces are converted" (media reference); nothing is said of how a
    # JPEG is coded.
    Good("progressive.jpg", "progressive", ("image-progressive",)),
    Good("adobe-rgb.jpg", "an Adobe RGB profile", ("image-colour",)),
    Good("in-carousel.jpg", "1080x1350", (), "carousel"),
    Good("h264.mp4", "H.264 and AAC"),
    Good("h264.mov", "H.264 and AAC in a MOV"),
    Good("hevc.mp4", "HEVC"),
    Good("silent.mp4", "no sound"),
    Good("mono.mp4", "one channel of 44.1 kHz"),
    Good("stereo.mp4", "two channels of 48 kHz"),
    Good("full-range.mp4", "4:2:0 of full range"),
    Good("23-976-fps.mp4", "24000/1001 frames a second"),
    Good("60-fps.mp4", "60 frames a second"),
    Good("1920-wide.mp4", "1920x480"),
    Good("20-mbps.mp4", "20 Mbps"),
    Good("b-frames.mp4", "B-frames and AAC: one edit for each track"),
    Good("space-before-moov.mp4", "a free box first"),
    Good("large-boxes.mp4", "mdat with a size of 64 bits"),
    Good("fragmented.mp4", "in fragments, moov first"),
    Good("turned.mp4", "1280x720 on its side, as phones write it"),
    Good("two-sounds.mp4", "two sound tracks"),
    Good("3200-ms.mp4", "3.2 s"),
    Good("15-minutes.mp4", "900 s"),
    Good("60-seconds.mp4", "60 s in a carousel", (), "carousel"),
    Good("300000000-bytes.mp4", "300 MB to the byte"),
    # The reference says nothing of a rate that varies, but the fastest and slowest are seen.
    Good("variable-rate.mp4", "30 frames a second on average", ("video-frame-rate-varies",)),
    # "No edit lists" (media reference); ordinary encoders write one for each track.
    Good("three-edits.mp4", "one picture track with several edits", ("video-edits",)),
    # "128 kbps" (media reference); nobody reports a refusal.
    Good("320-kbps-sound.mp4", "AAC of 320 kbps", ("audio-bit-rate",)),
)
