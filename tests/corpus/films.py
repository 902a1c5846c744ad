"""The films of the corpus: a few seconds of a tiny still each, so that they cost little."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any, Final

import av

from tests.corpus import boxes

_SAMPLES: Final = 1024
_LAYOUTS: Final = {1: "mono", 2: "stereo", 6: "5.1"}
_FIRST: Final = {"movflags": "+faststart"}
_CUT: Final = Fraction(2, 3)


@dataclass(frozen=True)
class Sound:
    codec: str = "aac"
    rate: int = 48_000
    channels: int = 2
    bits: int = 0
    noisy: bool = False


@dataclass(frozen=True)
class Film:
    """How a film is made; what stands here is taken by Instagram."""

    codec: str | None = "libx264"
    size: tuple[int, int] = (64, 112)
    rate: Fraction = Fraction(24)
    seconds: float = 4
    pixels: str = "yuv420p"
    options: Mapping[str, str] = field(default_factory=lambda: {"preset": "ultrafast"})
    gop: int = 12
    sounds: tuple[Sound, ...] = (Sound(channels=1),)
    muxer: Mapping[str, str] = field(default_factory=lambda: _FIRST)
    format: str | None = None
    full_range: bool = False
    at: Callable[[int], int] = lambda number: number
    """When a frame is shown, in units of one frame."""


def write(path: Path, film: Film) -> None:
    with av.open(str(path), "w", format=film.format, options=dict(film.muxer)) as container:
        video = _add_picture(container, film) if film.codec else None
        tracks = [(sound, _add_sound(container, sound)) for sound in film.sounds]
        if video is not None:
            for frame in _frames(film):
                container.mux(video.encode(frame))
            container.mux(video.encode())
        for sound, stream in tracks:
            _fill(container, stream, sound, film.seconds)


def _add_picture(container: Any, film: Film) -> av.VideoStream:
    video = container.add_stream(film.codec, rate=film.rate, options=dict(film.options))
    assert isinstance(video, av.VideoStream)
    video.width, video.height = film.size
    video.pix_fmt = film.pixels
    video.codec_context.gop_size = film.gop
    video.codec_context.thread_count = 1
    if film.full_range:
        video.codec_context.color_range = 2
    return video


def _frames(film: Film) -> Iterator[av.VideoFrame]:
    frame = av.VideoFrame(*film.size, film.pixels)
    for plane in frame.planes:
        plane.update(bytes([90]) * plane.buffer_size)
    for number in range(round(film.seconds * film.rate)):
        frame.pts, frame.time_base = film.at(number), 1 / film.rate
        yield frame


def _add_sound(container: Any, sound: Sound) -> Any:
    stream = container.add_stream(sound.codec, rate=sound.rate, layout=_LAYOUTS[sound.channels])
    if sound.bits:
        stream.bit_rate = sound.bits
    return stream


def _fill(container: Any, stream: Any, sound: Sound, seconds: float) -> None:
    random = Random(1)  # noqa: S311 - noise, not a secret
    size = stream.codec_context.frame_size or _SAMPLES
    for number in range(round(seconds * sound.rate / size)):
        frame = av.AudioFrame(stream.format.name, _LAYOUTS[sound.channels], size)
        for plane in frame.planes:
            loud = random.randbytes(plane.buffer_size // 4)
            plane.update(_floats(loud) if sound.noisy else bytes(plane.buffer_size))
        frame.sample_rate, frame.time_base = sound.rate, Fraction(1, sound.rate)
        frame.pts = number * size
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def _floats(noise: bytes) -> bytes:
    """Samples from -0.5 to 0.5, each from one byte."""
    return struct.pack(f"<{len(noise)}f", *((number - 128) / 256 for number in noise))


def _long(film: Film) -> Callable[[Path], None]:
    """As long as one likes: one frame is coded and shown again and again."""

    def make(path: Path) -> None:
        with av.open(str(path), "w", options=dict(film.muxer)) as container:
            video = _add_picture(container, replace(film, gop=1))
            frame = next(_frames(film))
            coded = [*video.encode(frame), *video.encode()]
            data = bytes(coded[0])
            for number in range(round(film.seconds * film.rate)):
                packet = av.Packet(data)
                packet.stream, packet.is_keyframe = video, True
                packet.pts = packet.dts = number
                packet.duration, packet.time_base = 1, 1 / film.rate
                container.mux(packet)

    return make


def _filled(film: Film, size_bytes: int) -> Callable[[Path], None]:
    """A film in a file of exactly this size, most of which is a hole."""

    def make(path: Path) -> None:
        _long(film)(path)
        missing = size_bytes - path.stat().st_size
        with path.open("ab") as file:
            file.write(boxes.free(missing)[:8])
        os.truncate(path, size_bytes)

    return make


def _changed(film: Film, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        write(path, film)
        path.write_bytes(change(path.read_bytes()))

    return make


def _steady(megabits: int) -> Film:
    """H.264 that is filled up to this rate."""
    rate = str(megabits * 1_000_000)
    full = {"b": rate, "maxrate": rate, "bufsize": rate, "x264-params": "nal-hrd=cbr:filler=1"}
    return Film(options={"preset": "ultrafast"} | full, seconds=3.25)


_LAST: Final[dict[str, str]] = {}
_TINY_X265: Final = {"preset": "ultrafast", "x265-params": "log-level=none:pools=none"}
_PARTS: Final = {"movflags": "+frag_keyframe+empty_moov+default_base_moof"}
_BUSY: Final = Film(options={"preset": "ultrafast", "qp": "0"}, sounds=(Sound(noisy=True),))
_STILL: Final = Film(sounds=())

_WRITTEN: Final[Mapping[str, Film]] = {
    "2-seconds.mp4": Film(seconds=2),
    "2967-ms.mp4": Film(rate=Fraction(30), seconds=89 / 30),
    "3-seconds.mp4": Film(seconds=3),
    "3-second-reel.mp4": Film(seconds=3),
    "vp9.mp4": Film("libvpx-vp9", options={"deadline": "realtime", "cpu-used": "8"}),
    "av1.mp4": Film("libsvtav1", options={"preset": "11", "svtav1-params": "lp=1"}),
    "mpeg-4-part-2.mp4": Film("mpeg4", options={}),
    "mpeg-2.mp4": Film("mpeg2video", options={}),
    "motion-jpeg.mov": Film("mjpeg", options={}, full_range=True),
    "prores.mov": Film("prores_ks", pixels="yuv422p10le", options={}),
    "10-bit.mp4": Film(pixels="yuv420p10le"),
    "10-bit-hevc.mp4": Film("libx265", pixels="yuv420p10le", options=_TINY_X265),
    "422.mp4": Film(pixels="yuv422p"),
    "444-odd.mp4": Film(pixels="yuv444p", size=(63, 111)),
    "interlaced.mp4": Film(options={"preset": "ultrafast", "x264-params": "tff=1"}),
    "15-fps.mp4": Film(rate=Fraction(15)),
    "22-fps.mp4": Film(rate=Fraction(22)),
    "120-fps.mp4": Film(rate=Fraction(120), seconds=3.5),
    "1922-wide.mp4": Film(size=(1922, 480), seconds=3.25),
    "4k.mp4": Film(size=(3840, 480), seconds=3.25),
    "thread.mp4": Film(size=(16, 1700)),
    "ribbon.mp4": Film(size=(1920, 180)),
    "30-mbps.mp4": _steady(30),
    "aac-96-khz.mp4": Film(sounds=(Sound(rate=96_000),)),
    "aac-5.1.mp4": Film(sounds=(Sound(channels=6),)),
    "mp3-sound.mp4": Film(sounds=(Sound("libmp3lame"),)),
    "opus-sound.mp4": Film(sounds=(Sound("libopus"),)),
    "pcm-sound.mov": Film(sounds=(Sound("pcm_s16le"),)),
    "ac-3-sound.mp4": Film(sounds=(Sound("ac3"),)),
    "moov-at-the-end.mp4": Film(muxer=_LAST),
    "moov-at-the-end.mov": Film(muxer=_LAST),
    "matroska.mkv": Film(muxer=_LAST),
    "matroska-inside.mp4": Film(muxer=_LAST, format="matroska"),
    "vp9.webm": Film(
        "libvpx-vp9",
        options={"deadline": "realtime", "cpu-used": "8"},
        sounds=(),
        muxer=_LAST,
    ),
    "h264.avi": Film(muxer=_LAST, sounds=()),
    "h264.flv": Film(muxer=_LAST, sounds=()),
    "transport-stream.mp4": Film(muxer=_LAST, format="mpegts"),
    "sound-only.mp4": Film(None, format="ipod"),
    "everything-wrong.mp4": Film(
        "libvpx-vp9",
        options={"deadline": "realtime", "cpu-used": "8"},
        rate=Fraction(15),
        seconds=2,
        sounds=(Sound("libopus"),),
    ),
    "h264.mp4": Film(),
    "h264.mov": Film(),
    "hevc.mp4": Film("libx265", options=_TINY_X265),
    "silent.mp4": _STILL,
    "mono.mp4": Film(sounds=(Sound(rate=44_100, channels=1),)),
    "stereo.mp4": Film(sounds=(Sound(),)),
    "full-range.mp4": Film(full_range=True),
    "23-976-fps.mp4": Film(rate=Fraction(24_000, 1001)),
    "60-fps.mp4": Film(rate=Fraction(60)),
    "1920-wide.mp4": Film(size=(1920, 480), seconds=3.25),
    "20-mbps.mp4": _steady(20),
    "b-frames.mp4": Film(options={"preset": "medium", "bf": "3"}),
    "fragmented.mp4": Film(muxer=_PARTS),
    "two-sounds.mp4": Film(sounds=(Sound(), Sound(channels=1))),
    "3200-ms.mp4": Film(rate=Fraction(30), seconds=3.2),
    "variable-rate.mp4": Film(
        rate=Fraction(120), seconds=1, at=lambda number: 4 * number - number % 2 * 2, sounds=()
    ),
    "320-kbps-sound.mp4": Film(sounds=(Sound(bits=320_000, noisy=True),)),
}

FILMS: Final[Mapping[str, Callable[[Path], None]]] = {
    **{
        name: (lambda path, film=film: write(path, film))  # type: ignore[misc]
        for name, film in _WRITTEN.items()
    },
    "16-minutes.mp4": _long(replace(_STILL, seconds=960)),
    "15-minutes.mp4": _long(replace(_STILL, seconds=900)),
    "61-seconds.mp4": _long(replace(_STILL, seconds=61)),
    "60-seconds.mp4": _long(replace(_STILL, seconds=60)),
    "300000000-bytes.mp4": _filled(replace(_STILL, seconds=120), 300_000_000),
    "300000001-bytes.mp4": _filled(replace(_STILL, seconds=120), 300_000_001),
    "100000001-bytes.mp4": _filled(replace(_STILL, seconds=60), 100_000_001),
    "truncated.mp4": _changed(_BUSY, lambda film: film[: int(len(film) * _CUT)]),
    "without-moov.mp4": _changed(
        replace(_BUSY, muxer=_LAST), lambda film: film[: int(len(film) * _CUT)]
    ),
    "space-before-moov.mp4": _changed(Film(), boxes.with_space_before_moov),
    "large-boxes.mp4": _changed(Film(), boxes.with_large_mdat),
    "turned.mp4": _changed(Film(size=(128, 72)), boxes.turned),
    "three-edits.mp4": _changed(Film(), lambda film: boxes.with_edits(film, 2)),
}
"""What writes each film."""
