"""What a film is, down to its packets, and what of it Instagram does not take.

Films are streamed: however long one is, only a few frames and packets are in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from postwright import limits
from postwright.repair_image import BeyondRepairError

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

_RATES: Final = tuple(
    map(Fraction, ("24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60"))
)
_JITTER: Final = 0.25  # of a frame: how far from its place one may be at a constant rate
_START_MAX: Final = 0.1  # seconds: later than this, packets would need an edit list to be copied
_SOUND_BITS_MAX: Final = 160_000  # encoders told to write 128 kbit/s may reach this
_HDR_CURVES: Final = {16: "HDR (PQ)", 18: "HDR (HLG)"}  # ITU-T H.273, table 3


@dataclass(frozen=True)
class Film:
    """What there is: facts of the best picture and sound track, and what is wrong, in words.

    `start` is when the first frame is shown, in seconds. `full_size` is that of the upright film
    with square pixels, `rotation` what makes it upright: degrees counterclockwise.
    """

    seconds: float
    start: float
    rate: Fraction
    size: tuple[int, int]
    full_size: tuple[float, float]
    rotation: int
    interlaced: bool
    hdr: str | None
    picture_wrong: list[str] = field(default_factory=list)
    sound_wrong: list[str] = field(default_factory=list)
    container_wrong: list[str] = field(default_factory=list)


def examine(source: Path) -> Film:
    """Read all packets and the first frame; raises BeyondRepairError without any."""
    import av

    with av.open(str(source)) as container:
        stream, sound = tracks(container)
        times, is_open, complete = _timing(container, stream)
        if not complete or len(times) < 2 or times[0] == times[-1]:
            raise BeyondRepairError(
                "It is cut off: frames are missing. Copy it again from the camera."
            )
        container.seek(0)
        first = next(container.decode(stream), None)
        if first is None:
            raise BeyondRepairError("No frame of it can be decoded. Export it again as MP4.")
        pixel_shape = stream.sample_aspect_ratio or Fraction(1)
        full_size = (stream.width * float(pixel_shape), float(stream.height))
        rotation = round(first.rotation / 90) * 90 % 360
        gap = (times[-1] - times[0]) / (len(times) - 1)
        film = Film(
            seconds=times[-1] - times[0] + gap,
            start=times[0],
            rate=_rate(stream, times),
            size=(stream.width, stream.height),
            full_size=full_size[::-1] if rotation % 180 else full_size,
            rotation=rotation,
            interlaced=first.interlaced_frame,
            hdr=_HDR_CURVES.get(int(first.color_trc or 0)),
        )
        film.container_wrong.extend(_wrong_container(source, container))
        film.picture_wrong.extend(_wrong_picture(stream, film, times, is_open))
        film.sound_wrong.extend(_wrong_sound(sound))
        if source.stat().st_size * 8 > limits.VIDEO_MAX_BITS_PER_SECOND.value * film.seconds:
            film.picture_wrong.append("brought below 25 Mbit/s")
        if "mp4" in container.format.name and abs(film.start) >= _START_MAX:
            film.picture_wrong.append("begun at its first frame, without an edit list")
        return film


def tracks(container: InputContainer) -> tuple[VideoStream, AudioStream | None]:
    """The picture and the sound that a player would take."""
    picture = container.streams.best("video")
    if picture is None:
        raise BeyondRepairError("It has no picture that can be read. Export it again as MP4.")
    return cast("VideoStream", picture), cast("AudioStream | None", container.streams.best("audio"))


def _timing(container: InputContainer, stream: VideoStream) -> tuple[list[float], bool, bool]:
    """When each frame is shown; whether a group of pictures leans on the one before (frames shown
    before the key frame that they follow); and whether all frames are there.
    """
    base = stream.time_base or Fraction(1)
    times: list[int] = []
    key, is_open, packets = None, False, 0
    for packet in container.demux(stream):
        if not packet.size:
            continue
        packets += 1
        at = packet.pts if packet.pts is not None else packet.dts  # AVI tells only the latter
        if packet.is_discard or at is None:
            continue
        times.append(at)
        if packet.is_keyframe:
            key = at
        is_open = is_open or (key is not None and at < key)
    times.sort()
    complete = packets >= stream.frames or "mp4" not in container.format.name
    return [float(at * base) for at in times], is_open, complete


def _rate(stream: VideoStream, times: list[float]) -> Fraction:
    """The film's own rate where it is constant and allowed; else the usual one that repeats or
    leaves out frames most evenly.
    """
    measured = (len(times) - 1) / (times[-1] - times[0])
    told = stream.average_rate
    if told and _is_constant(times) and _is_allowed(float(told)):
        return told

    def how_far(usual: Fraction) -> tuple[float, float]:
        repeats = max(float(usual) / measured, measured / float(usual))
        return round(abs(repeats - round(repeats)), 3), abs(float(usual) - measured)

    return min(_RATES, key=how_far)


def _is_allowed(rate: float) -> bool:
    return limits.VIDEO_MIN_RATE.value <= rate <= limits.VIDEO_MAX_RATE.value + 0.01


def _wrong_container(source: Path, container: InputContainer) -> Iterator[str]:
    if "mp4" in container.format.name and not _index_is_first(source):
        yield "index moved to the front"
    others = len(container.streams) - 1 - bool(container.streams.audio)
    if others:
        yield f"{others} other track{'s' if others > 1 else ''} removed"
    if any("location" in name.lower() for name in container.metadata):
        yield "GPS position removed"


def _index_is_first(source: Path) -> bool:
    """Whether `moov` comes before `mdat`, from the headers of the outer boxes (ISO 14496-12)."""
    with source.open("rb") as file:
        while len(head := file.read(16)) >= 8:
            size, name = int.from_bytes(head[:4], "big"), head[4:8]
            if name in (b"moov", b"mdat"):
                return name == b"moov"
            if size == 1:
                size = int.from_bytes(head[8:16], "big")
            if size < 8:
                break
            file.seek(size - len(head), 1)
    return False


def _wrong_picture(
    stream: VideoStream, film: Film, times: list[float], is_open: bool
) -> Iterator[str]:
    codec, form = stream.codec_context, stream.container.format
    if "mp4" not in form.name:  # the others round times, so packets could not be copied
        yield f"converted from {form.long_name or form.name}"
    if codec.name not in ("h264", "hevc"):
        yield f"converted from {codec.codec.canonical_name}"
    if codec.pix_fmt not in ("yuv420p", "yuvj420p"):
        yield f"colours stored as yuv420p instead of {codec.pix_fmt}"
    if film.hdr:
        yield f"brightness converted from {film.hdr}"
    if film.rotation:
        yield "turned upright"
    if film.interlaced:
        yield "interlaced lines joined"
    measured = (len(times) - 1) / (times[-1] - times[0])
    if not _is_constant(times):
        yield f"shown at a constant rate of {_rate_name(film.rate)}"
    elif not _is_allowed(measured):
        yield f"shown at {_rate_name(film.rate)} instead of {measured:.3g}"
    if is_open:
        yield "groups of pictures closed"


def _is_constant(times: list[float]) -> bool:
    gap = (times[-1] - times[0]) / (len(times) - 1)
    return all(
        abs(at - times[0] - number * gap) <= _JITTER * gap + 0.002
        for number, at in enumerate(times)
    )


def _rate_name(rate: Fraction) -> str:
    return f"{float(rate):.5g} frames per second"


def _wrong_sound(sound: AudioStream | None) -> Iterator[str]:
    if sound is None:
        yield "a silent sound track added"
        return
    codec = sound.codec_context
    if codec is None or codec.name != "aac":  # None: FFmpeg knows no decoder
        name = codec.codec.canonical_name if codec else "an unknown codec"
        yield f"sound converted from {name} to AAC"
    elif (
        codec.sample_rate > limits.SOUND_MAX_RATE.value
        or codec.channels > limits.SOUND_MAX_CHANNELS.value
    ):
        yield (
            f"sound brought from {codec.sample_rate / 1000:g} kHz and {codec.channels} channels to"
            " 48 kHz stereo"
        )
    elif (sound.bit_rate or 0) > _SOUND_BITS_MAX:
        yield f"sound brought from {(sound.bit_rate or 0) // 1000} to 128 kbit/s"
