"""Videos for benchmarks, made on the spot: no large file lies in the repository."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av

_RATE = 24
_SIZE = (1080, 1920)
_PICTURES = 6
_BITS_PER_SECOND = 22_000_000


def noise(path: Path, *, seconds: int, moov_first: bool = True) -> int:
    """A Reel in full HD that shows noise, about 2.75 MB a second; its size in bytes."""
    width, height = _SIZE
    frames = [_noisy_frame(width, height) for _ in range(_PICTURES)]
    muxer = {"movflags": "faststart"} if moov_first else {}
    with av.open(str(path), "w", options=muxer) as container:
        video = container.add_stream("libx264", rate=_RATE, options=_options())
        assert isinstance(video, av.VideoStream)  # noqa: S101  for the type checker
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.bit_rate = _BITS_PER_SECOND
        for number in range(seconds * _RATE):
            frame = frames[number % _PICTURES]
            frame.pts, frame.time_base = number, Fraction(1, _RATE)
            container.mux(video.encode(frame))
        container.mux(video.encode())
    return path.stat().st_size


def _options() -> dict[str, str]:
    rate = str(_BITS_PER_SECOND)
    return {"preset": "ultrafast", "maxrate": rate, "bufsize": rate, "g": str(2 * _RATE)}


def _noisy_frame(width: int, height: int) -> av.VideoFrame:
    frame = av.VideoFrame(width, height, "yuv420p")
    for plane in frame.planes:
        plane.update(os.urandom(plane.buffer_size))
    return frame
