"""Media made for tests, and a small server that serves it as a bucket would, or misbehaves."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
from PIL import Image

_AUDIO_SAMPLES = 1024
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


def picture(
    size: tuple[int, int] = (320, 320),
    *,
    kind: str = "JPEG",
    colour: str = "teal",
    orientation: int = 1,
    padding: int = 0,
) -> bytes:
    """An image file; `padding` bytes follow it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind, exif=exif)
    return file.getvalue() + bytes(padding)


def film(
    path: Path,
    *,
    seconds: float = 4,
    rate: int = 24,
    codec: str = "libx264",
    size: tuple[int, int] = (64, 112),
    sound: str | None = "aac",
    audio_rate: int = 48_000,
    channels: int = 1,
    key_frame_every: int = 12,
    noise: bool = False,
    pixels: str = "yuv420p",
    first_frame: int = 0,
) -> bytes:
    """A video file whose container format follows the suffix of `path`."""
    options = {"movflags": "faststart"} if path.suffix in (".mp4", ".mov") else {}
    with av.open(str(path), "w", options=options) as container:
        video = container.add_stream(codec, rate=rate)
        assert isinstance(video, av.VideoStream)
        video.width, video.height = size
        video.pix_fmt = pixels
        video.codec_context.gop_size = key_frame_every
        audio = _add_sound(container, sound, audio_rate, channels) if sound else None
        for number in range(round(seconds * rate)):
            frame = av.VideoFrame(*size, pixels)
            for plane in frame.planes:  # a new frame holds what was in memory before
                plane.update((os.urandom if noise else bytes)(plane.buffer_size))
            frame.pts, frame.time_base = first_frame + number, Fraction(1, rate)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if audio is not None:
            _add_silence(container, audio, seconds, channels)
    return path.read_bytes()


def _add_sound(container: Any, codec: str, rate: int, channels: int) -> Any:
    return container.add_stream(codec, rate=rate, layout=_LAYOUTS[channels])


def _add_silence(container: Any, audio: Any, seconds: float, channels: int) -> None:
    for number in range(round(seconds * audio.rate / _AUDIO_SAMPLES)):
        frame = av.AudioFrame("fltp", _LAYOUTS[channels], _AUDIO_SAMPLES)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.time_base = audio.rate, Fraction(1, audio.rate)
        frame.pts = number * _AUDIO_SAMPLES
        container.mux(audio.encode(frame))
    container.mux(audio.encode())


@dataclass
class Served:
    """How one path is answered."""

    body: bytes
    content_type: str = "image/jpeg"
    status: int = 200
    ranges: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    gate: threading.Event | None = None


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]


class MediaServer:
    """Serves `files`; `put` gives the URL. `asked` lists the requests in order."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.files: dict[str, Served] = {}
        self.asked: list[Asked] = []
        self.arrived = threading.Event()

    def put(self, name: str, body: bytes, content_type: str = "image/jpeg", **how: Any) -> str:
        self.files[f"/{name}"] = Served(body, content_type, **how)
        return f"{self.origin}/{name}"


@contextmanager
def serving_media() -> Iterator[MediaServer]:
    http = _Server(("127.0.0.1", 0), _Handler)
    http.daemon_threads = True
    media = MediaServer(f"http://127.0.0.1:{http.server_address[1]}")
    http.media = media  # type: ignore[attr-defined]  # the handler finds it through its server
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield media
    finally:
        http.shutdown()
        thread.join(10)
        http.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves in the middle of an answer is none of our business."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        media: MediaServer = self.server.media  # type: ignore[attr-defined]  # set above
        path = self.path.partition("?")[0]
        media.asked.append(Asked(self.command, self.path, dict(self.headers)))
        media.arrived.set()
        served = media.files.get(path) or Served(b"nothing here", "text/plain", 404)
        if served.gate is not None:
            served.gate.wait(10)
        body, status, headers = served.body, served.status, dict(served.headers)
        wanted = self.headers.get("Range")
        if wanted and served.ranges and status == 200:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            total = len(body)
            body = body[int(first) : int(last or total) + 1]
            headers["Content-Range"] = f"bytes {first}-{int(first) + len(body) - 1}/{total}"
            status = 206
        self.send_response(status)
        headers |= {"Content-Type": served.content_type, "Content-Length": str(len(body))}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is inherited
        """Quiet."""
