"""What Instagram asks of a video, and what a film in another container is still told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from postwright import limits
from postwright.limits import Limit
from postwright.preflight.films import CONTAINERS, Sound, VideoFacts
from postwright.preflight.image_rules import Sized
from postwright.preflight.rules import Check, Finding, Rule, megabytes

UNSUPPORTED: Final = "352/2207026 in the container's status"
_NOT_USABLE: Final = "2207077 in the container's status"
_ODD_SOUND: Final = "2207082 in the container's status"
_SILENT: Final = "not documented"

REENCODE: Final = "save it as MP4 with H.264 video and AAC sound"
_SMALLER: Final = "export it with a lower bitrate or cut it shorter"
_SOUND_FIX: Final = "export it with AAC sound of 48 kHz in stereo, with about 128 kbps"
_MOST_AUDIO_BITS: Final = limits.SOUND_BITS_PER_SECOND.value * (1 + limits.BIT_RATE_TOLERANCE.value)


def not_a_container(found: str) -> Finding:
    """For a film in another container, by its name."""
    return Finding(found, "MP4 or MOV", REENCODE)


def _container(facts: VideoFacts) -> Finding | None:
    return None if facts.container in CONTAINERS else not_a_container(facts.container)


def _codec(facts: VideoFacts) -> Finding | None:
    if facts.codec in limits.VIDEO_CODECS.value:
        return None
    return Finding(facts.codec or "no codec named", "H.264 or HEVC", REENCODE)


def _pixels(facts: VideoFacts) -> Finding | None:
    chroma, depth = facts.chroma or "4:2:0", facts.bit_depth or 8
    # ProRes does not tell its depth; its codec is a problem already.
    if (chroma, depth) == ("4:2:0", 8):
        return None
    return Finding(
        f"{chroma} with {depth} bits", limits.VIDEO_PIXELS.value, f"{REENCODE}, pixels as yuv420p"
    )


def _scan(facts: VideoFacts) -> Finding | None:
    if not facts.interlaced:
        return None
    return Finding("interlaced pictures", "progressive ones", "export it without interlacing")


def _frame_rate(facts: VideoFacts) -> Finding | None:
    least, most = limits.VIDEO_MIN_RATE.value, limits.VIDEO_MAX_RATE.value
    rate = facts.frames_per_second
    if rate is None or least <= rate <= most + limits.RATE_TOLERANCE.value:
        return None
    return Finding(
        f"{rate:.4g} frames a second",
        f"{least} to {most}",
        "export it with 24, 25, 30 or 60 frames a second",
    )


def _steady_rate(facts: VideoFacts) -> Finding | None:
    slowest, fastest = facts.slowest, facts.fastest
    most = limits.VIDEO_MAX_RATE.value + limits.RATE_TOLERANCE.value
    if slowest is None or fastest is None:
        return None
    if slowest >= limits.VIDEO_MIN_RATE.value and fastest <= most:
        return None
    return Finding(
        f"{slowest:.4g} to {fastest:.4g} frames a second",
        f"{limits.VIDEO_MIN_RATE.value} to {limits.VIDEO_MAX_RATE.value}",
        "export it with a constant frame rate",
    )


def _width(facts: VideoFacts) -> Finding | None:
    most = limits.VIDEO_MAX_WIDTH.value
    if facts.columns is None or facts.columns <= most:
        return None
    return Finding(
        f"{facts.columns} pixels wide", f"at most {most}", "scale it down, best to 1080x1920"
    )


def _ratio(facts: VideoFacts) -> Finding | None:
    if facts.ratio is None:
        return Finding("no picture size", "a size in pixels", REENCODE)
    if limits.VIDEO_MIN_RATIO.value <= facts.ratio <= limits.VIDEO_MAX_RATIO.value:
        return None
    return Finding(
        f"{facts.width}x{facts.height} ({facts.ratio:.3g}:1)",
        "0.01:1 to 10:1",
        "crop it, best to 9:16 (1080x1920), or 4:5 in a carousel",
    )


def _bit_rate(facts: VideoFacts) -> Finding | None:
    most = limits.VIDEO_MAX_BITS_PER_SECOND.value
    if facts.bits_per_second is None or facts.bits_per_second <= most:
        return None
    return Finding(f"{facts.bits_per_second / 1e6:.1f} Mbps", f"at most {most // 10**6}", _SMALLER)


def _moov_first(facts: VideoFacts) -> Finding | None:
    if facts.moov_first:
        return None
    return Finding(
        "its moov box after the pictures",
        "the moov box first",
        'export it for the web ("fast start")',
    )


def _edits(facts: VideoFacts) -> Finding | None:
    if not facts.odd_edits:
        return None
    return Finding(
        "an edit list with several parts",
        "one part for each track",
        "export it anew, with all cuts",
    )


def _long_enough(facts: VideoFacts) -> Finding | None:
    least = limits.VIDEO_MIN_SECONDS.value
    if facts.seconds is None:
        return Finding("no duration", f"at least {least:g} seconds", REENCODE)
    if facts.seconds >= least:
        return None
    return Finding(
        f"{facts.seconds:.2f} seconds",
        f"at least {least:g} seconds",
        f"use a video of at least {least:g} seconds, or post a photo instead",
    )


def _at_most_seconds(limit: Limit[int]) -> Check[VideoFacts]:
    def check(facts: VideoFacts) -> Finding | None:
        if facts.seconds is None or facts.seconds <= limit.value:
            return None
        return Finding(
            f"{facts.seconds:.1f} seconds",
            f"at most {limit.value} seconds",
            f"cut it to {limit.value} seconds or less",
        )

    return check


def _at_most_bytes(limit: Limit[int]) -> Check[Sized]:
    def check(facts: Sized) -> Finding | None:
        if facts.size_bytes <= limit.value:
            return None
        return Finding(megabytes(facts.size_bytes), f"at most {megabytes(limit.value)}", _SMALLER)

    return check


def _sound(
    is_wrong: Callable[[Sound], bool], found: Callable[[Sound], str], allowed: str
) -> Check[VideoFacts]:
    """What holds for each sound track."""

    def check(facts: VideoFacts) -> Finding | None:
        wrong = next((sound for sound in facts.sounds if is_wrong(sound)), None)
        return Finding(found(wrong), allowed, _SOUND_FIX) if wrong else None

    return check


_audio_codec = _sound(
    lambda sound: sound.codec != limits.SOUND_CODEC.value,
    lambda sound: f"{sound.codec} sound",
    limits.SOUND_CODEC.value,
)
_audio_rate = _sound(
    lambda sound: (sound.hertz or 0) > limits.SOUND_MAX_RATE.value,
    lambda sound: f"sound of {(sound.hertz or 0) / 1000:g} kHz",
    f"at most {limits.SOUND_MAX_RATE.value // 1000} kHz",
)
_audio_channels = _sound(
    lambda sound: (sound.channels or 0) > limits.SOUND_MAX_CHANNELS.value,
    lambda sound: f"sound with {sound.channels:g} channels",
    f"at most {limits.SOUND_MAX_CHANNELS.value} channels",
)
_audio_bit_rate = _sound(
    lambda sound: (sound.bits_per_second or 0) > _MOST_AUDIO_BITS,
    lambda sound: f"sound of {(sound.bits_per_second or 0) / 1000:.0f} kbps",
    f"about {limits.SOUND_BITS_PER_SECOND.value // 1000} kbps",
)


VIDEO_SIZE_RULES: Final[tuple[Rule[Sized], ...]] = (
    Rule(
        "reel-bytes",
        limits.REEL_MAX_BYTES,
        _at_most_bytes(limits.REEL_MAX_BYTES),
        f"{_NOT_USABLE}, above 300 MiB",
        place="alone",
    ),
    Rule(
        "carousel-video-bytes",
        limits.CAROUSEL_VIDEO_MAX_BYTES,
        _at_most_bytes(limits.CAROUSEL_VIDEO_MAX_BYTES),
        _SILENT,
        place="carousel",
    ),
)
CODEC_RULES: Final[tuple[Rule[VideoFacts], ...]] = (
    Rule("video-format", limits.VIDEO_CONTAINERS, _container, UNSUPPORTED),
    Rule("video-codec", limits.VIDEO_CODECS, _codec, UNSUPPORTED),
)
"""All that a film in another container is told: it has to be coded anew anyway."""
VIDEO_RULES: Final[tuple[Rule[VideoFacts], ...]] = (
    *CODEC_RULES,
    Rule("video-pixels", limits.VIDEO_PIXELS, _pixels, UNSUPPORTED),
    Rule("video-scan", limits.VIDEO_SCAN, _scan, UNSUPPORTED),
    Rule("video-frame-rate", limits.VIDEO_MIN_RATE, _frame_rate, UNSUPPORTED),
    Rule(
        "video-frame-rate-varies",
        limits.VIDEO_MIN_RATE,
        _steady_rate,
        _SILENT,
        severity="warning",
    ),
    Rule("video-width", limits.VIDEO_MAX_WIDTH, _width, UNSUPPORTED),
    Rule("video-ratio", limits.VIDEO_MIN_RATIO, _ratio, UNSUPPORTED),
    Rule("video-bit-rate", limits.VIDEO_MAX_BITS_PER_SECOND, _bit_rate, UNSUPPORTED),
    Rule("video-moov-last", limits.VIDEO_MOOV, _moov_first, UNSUPPORTED),
    Rule("video-edits", limits.VIDEO_EDITS, _edits, _SILENT, severity="warning"),
    Rule("video-too-short", limits.VIDEO_MIN_SECONDS, _long_enough, _NOT_USABLE),
    Rule(
        "reel-too-long",
        limits.REEL_MAX_SECONDS,
        _at_most_seconds(limits.REEL_MAX_SECONDS),
        "2207082 in the container's status",
        place="alone",
    ),
    Rule(
        "carousel-video-too-long",
        limits.CAROUSEL_VIDEO_MAX_SECONDS,
        _at_most_seconds(limits.CAROUSEL_VIDEO_MAX_SECONDS),
        _SILENT,
        place="carousel",
    ),
    Rule("audio-codec", limits.SOUND_CODEC, _audio_codec, _ODD_SOUND),
    Rule("audio-rate", limits.SOUND_MAX_RATE, _audio_rate, _ODD_SOUND),
    Rule("audio-channels", limits.SOUND_MAX_CHANNELS, _audio_channels, _ODD_SOUND),
    Rule(
        "audio-bit-rate", limits.SOUND_BITS_PER_SECOND, _audio_bit_rate, _SILENT, severity="warning"
    ),
)
