"""A new file from a film: packets copied where they are right, encoded again where not.

The result is as plain as an MP4 can be: index first, no edit list where the picture is encoded,
frames stored in the order in which they are shown, one picture and one sound track, and nothing
that tells where and with what it was taken.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from postwright import limits
from postwright.repair_film import Film, tracks
from postwright.repair_frame import BLUR, Frame, Style

if TYPE_CHECKING:
    import av
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.stream import VideoStream

_SOUND_BITS: Final = 128_000
_PICTURE_BITS_PEAK: Final = 20_000_000
_SIZE_MARGIN: Final = 0.94  # of the limit, for the container and what encoders overshoot
_AAC_SAMPLES: Final = 1024  # in a frame, and those that an encoder puts before the first


def bytes_max(style: Style) -> int:
    """How large a film may be."""
    limit = limits.CAROUSEL_VIDEO_MAX_BYTES if style.in_carousel else limits.REEL_MAX_BYTES
    return limit.value


def write(
    source: Path,
    target: Path,
    film: Film,
    frame: Frame,
    style: Style,
    seconds: float,
    encode_picture: bool,
) -> None:
    import av

    # Without frames that are shown before others (see `_encoder`) no edit list is needed. Packets
    # that are copied may need the one that every encoder writes.
    options = {"movflags": "+faststart"}
    if encode_picture:
        options["use_editlist"] = "0"
    with av.open(str(source)) as origin, av.open(str(target), "w", "mp4", options) as result:
        stream, sound = tracks(origin)
        stream.thread_type = "AUTO"
        picture: _Copied | _Encoded
        if encode_picture:
            picture = _Encoded(result, stream, film, frame, style, seconds)
        else:
            picture = _Copied(result, stream)
        track: _Copied | _Sound | _Silence
        if sound is None:
            track = _Silence(result)
        elif film.sound_wrong or encode_picture:
            track = _Sound(result, sound, film.start, seconds)
        else:
            track = _Copied(result, sound)
        streams = [stream, *([sound] if sound else [])]
        for packet in origin.demux(streams):
            if packet.stream is stream:
                picture.take(packet)
                if isinstance(track, _Silence):
                    track.until(picture.seconds)
            else:
                track.take(packet)
            if picture.seconds >= seconds and encode_picture:
                break
        picture.end()
        if isinstance(track, _Silence):
            track.until(seconds)
        track.end()


class _Copied:
    """A track whose packets are taken over as they are."""

    def __init__(self, result: OutputContainer, stream: Any) -> None:
        self._result = result
        self._stream = result.add_stream_from_template(stream)
        self.seconds = 0.0

    def take(self, packet: av.Packet[Any]) -> None:
        if packet.dts is None or not packet.size:
            return
        self.seconds = max(self.seconds, float((packet.pts or 0) * packet.time_base))
        packet.stream = self._stream
        self._result.mux(packet)

    def end(self) -> None:
        """Nothing is held back."""


class _Encoded:
    """The picture, decoded, brought into its frame and encoded again."""

    def __init__(
        self,
        result: OutputContainer,
        stream: VideoStream,
        film: Film,
        frame: Frame,
        style: Style,
        seconds: float,
    ) -> None:
        self._result = result
        self._encoder = _encoder(result, film, frame, style, seconds)
        self._graph = _picture_filters(stream, film, frame, style)
        self._start = film.start
        self._ends = seconds
        self._frames = 0
        self._rate = film.rate
        self.seconds = 0.0

    def take(self, packet: av.Packet[Any]) -> None:
        for decoded in packet.decode():
            if decoded.pts is None or decoded.time_base is None:
                continue
            decoded.pts -= round(self._start / decoded.time_base)
            self._graph.push(decoded)
            self._drain()

    def end(self) -> None:
        self._graph.push(None)
        self._drain()
        self._result.mux(self._encoder.encode(None))

    def _drain(self) -> None:
        import av

        while True:
            try:
                filtered = cast("av.VideoFrame", self._graph.pull())
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            if self._frames == 0:
                self._tag(filtered)
            if self.seconds >= self._ends:
                continue
            filtered.pts = self._frames
            filtered.time_base = 1 / self._rate
            filtered.pict_type = 0
            self._frames += 1
            self.seconds = float(self._frames / self._rate)
            self._result.mux(self._encoder.encode(filtered))

    def _tag(self, first: Any) -> None:
        """Say in the result how its colours are meant."""
        codec = self._encoder.codec_context
        codec.color_primaries = first.color_primaries
        codec.color_trc = first.color_trc
        codec.colorspace = first.colorspace
        codec.color_range = first.color_range


def _encoder(
    result: OutputContainer, film: Film, frame: Frame, style: Style, seconds: float
) -> VideoStream:
    """H.264 of a constant quality below a peak that keeps bit rate and file size allowed.

    Without B-frames groups of pictures are closed and frames are stored in the order in which they
    are shown. CRF 18 is as good as no loss to the eye; Instagram encodes once more.
    """
    budget = bytes_max(style) * 8 * _SIZE_MARGIN / seconds - _SOUND_BITS
    peak = int(min(_PICTURE_BITS_PEAK, budget))
    options = {
        "crf": "18",
        "preset": "faster",
        "maxrate": str(peak),
        "bufsize": str(peak),
        "bf": "0",
        "g": str(round(film.rate * 2)),
        "flags": "+cgop",
        "profile": "high",
    }
    stream = result.add_stream("libx264", rate=film.rate, options=options)
    stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv420p"
    stream.time_base = stream.codec_context.time_base = 1 / film.rate
    return stream


def _picture_filters(
    stream: VideoStream, film: Film, frame: Frame, style: Style
) -> av.filter.Graph:
    """From decoded frames to frames of the result: progressive, constant, upright, framed."""
    import av

    graph = av.filter.Graph()
    source = graph.add_buffer(template=stream)
    steps: list[tuple[str, str]] = []
    if film.interlaced:
        steps.append(("bwdif", "mode=send_frame"))
    steps.append(("fps", f"fps={film.rate.numerator}/{film.rate.denominator}:start_time=0"))
    steps += _turning(film.rotation)
    last = _chain(graph, source, steps)
    last = _fit_filters(graph, last, film, frame, style)
    to_sdr = ":out_primaries=bt709:out_transfer=bt709:out_color_matrix=bt709:out_range=tv"
    size = f"{frame.width}:{frame.height}"
    hdr = film.hdr
    last = _chain(
        graph,
        last,
        [
            ("scale", f"{size}:flags=lanczos{to_sdr if hdr else ''}"),
            ("setsar", "1"),
            ("format", "yuv420p"),
        ],
    )
    last.link_to(graph.add("buffersink"))
    graph.configure()
    return graph


def _chain(
    graph: av.filter.Graph, last: av.filter.FilterContext, steps: list[tuple[str, str]]
) -> av.filter.FilterContext:
    for name, arguments in steps:
        step = graph.add(name, arguments)
        last.link_to(step)
        last = step
    return last


def _turning(rotation: int) -> list[tuple[str, str]]:
    """FFmpeg tells by how many degrees, counterclockwise, a frame is to be turned."""
    match round(rotation / 90) % 4:
        case 1:
            return [("transpose", "cclock")]
        case 2:
            return [("hflip", ""), ("vflip", "")]
        case 3:
            return [("transpose", "clock")]
        case _:
            return []


def _fit_filters(
    graph: av.filter.Graph,
    last: av.filter.FilterContext,
    film: Film,
    frame: Frame,
    style: Style,
) -> av.filter.FilterContext:
    """Crop to the frame's ratio, or scale into it and fill the rest."""
    if not frame.reshaped:
        return last
    width, height = film.full_size
    cover = f"{frame.width}:{frame.height}:force_original_aspect_ratio=increase"
    into = f"{frame.width}:{frame.height}:force_original_aspect_ratio=decrease"
    crop = ("crop", f"{frame.width}:{frame.height}")
    square = [("scale", f"{round(width)}:{round(height)}"), ("setsar", "1")]
    last = _chain(graph, last, square)
    if style.fit == "crop":
        return _chain(graph, last, [("scale", cover), crop])
    if style.background != BLUR:
        colour = "0x{:02x}{:02x}{:02x}".format(*_rgb(style.background))
        pad = f"{frame.width}:{frame.height}:-1:-1:color={colour}"
        return _chain(graph, last, [("scale", into), ("pad", pad)])
    both = graph.add("split", "2")
    last.link_to(both)
    behind = graph.add("scale", cover)
    both.link_to(behind, 0, 0)
    behind = _chain(graph, behind, [crop, ("gblur", f"sigma={frame.width / 30:.1f}")])
    front = graph.add("scale", into)
    both.link_to(front, 1, 0)
    overlay = graph.add("overlay", "(W-w)/2:(H-h)/2")
    behind.link_to(overlay, 0, 0)
    front.link_to(overlay, 0, 1)
    return overlay


def _rgb(colour: str) -> tuple[int, ...]:
    from PIL import ImageColor

    return ImageColor.getrgb(colour)[:3]


class _Sound:
    """The sound, decoded and encoded as AAC of 128 kbit/s, from the picture's start to its end."""

    def __init__(
        self, result: OutputContainer, stream: AudioStream, start: float, seconds: float
    ) -> None:
        import av

        codec = stream.codec_context
        self._layout = "mono" if codec.channels == 1 else "stereo"
        self._rate = codec.sample_rate if codec.sample_rate in (44_100, 48_000) else 48_000
        self._result = result
        self._encoder = _sound_encoder(result, self._rate, self._layout)
        self._start = start
        self._ends = seconds
        self._graph = av.filter.Graph()
        last = _chain(
            self._graph,
            self._graph.add_abuffer(template=stream),
            [
                ("aresample", "async=1:first_pts=0"),
                (
                    "aformat",
                    f"sample_fmts=fltp:sample_rates={self._rate}:channel_layouts={self._layout}",
                ),
                ("asetnsamples", f"n={_AAC_SAMPLES}:p=0"),
            ],
        )
        last.link_to(self._graph.add("abuffersink"))
        self._graph.configure()
        self._samples = 0

    def take(self, packet: av.Packet[Any]) -> None:
        for decoded in packet.decode():
            if decoded.pts is not None and decoded.time_base:
                decoded.pts -= round(self._start / decoded.time_base)
            self._graph.push(decoded)
            self._drain()

    def end(self) -> None:
        self._graph.push(None)
        self._drain()
        self._result.mux(self._encoder.encode(None))

    def _drain(self) -> None:
        import av

        while True:
            try:
                filtered = cast("av.AudioFrame", self._graph.pull())
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            # An encoder begins with as many samples of its own as a frame has. The first frame is
            # left out instead, so that sound and picture begin together without an edit list.
            if self._samples and self._samples / self._rate < self._ends:
                filtered.pts = self._samples
                filtered.time_base = Fraction(1, self._rate)
                self._result.mux(self._encoder.encode(filtered))
            self._samples += filtered.samples


class _Silence:
    """A silent track beside the picture."""

    _RATE: Final = 48_000

    def __init__(self, result: OutputContainer) -> None:
        self._result = result
        self._encoder = _sound_encoder(result, self._RATE, "stereo")
        self._samples = _AAC_SAMPLES

    def until(self, seconds: float) -> None:
        import av

        while self._samples / self._RATE < seconds:
            frame = av.AudioFrame("fltp", "stereo", _AAC_SAMPLES)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.sample_rate, frame.time_base = self._RATE, Fraction(1, self._RATE)
            frame.pts = self._samples
            self._samples += _AAC_SAMPLES
            self._result.mux(self._encoder.encode(frame))

    def take(self, packet: av.Packet[Any]) -> None:
        """There is none to take."""

    def end(self) -> None:
        self._result.mux(self._encoder.encode(None))


def _sound_encoder(result: OutputContainer, rate: int, layout: str) -> AudioStream:
    stream = result.add_stream("aac", rate=rate, layout=layout)
    stream.bit_rate = _SOUND_BITS
    return stream
