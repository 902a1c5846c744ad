"""What preflight costs: files, objects in the sandbox's bucket, and a large video.

Each series runs in a process of its own, so that its memory is its own; that process does nothing
else. The first round is measured like all others.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import boto3
from botocore.config import Config
from PIL import Image

from bench.figures import peak_mb, record
from postwright.app import App
from postwright.media import MediaBucket
from postwright.models import Group, MediaItem
from postwright.posts import prepare
from postwright.preflight import check_files, judging
from postwright.preflight.delivery import VIDEO_BUDGET_BYTES, UrlSource
from postwright.seen import SeenObjects
from postwright.settings import Settings
from sandbox.samples import SAMPLES_DIR

_ITEMS = 20
_CAROUSEL = 10
_ROUNDS = 100
_LARGE_ROUNDS = 20
_FILM_SECONDS = 108
_SIDES = (4000, 3200)
_SESSION = "bench"
_IMPORTS = "PIL.JpegImagePlugin, pymediainfo"


def main() -> None:
    if len(sys.argv) > 1:
        sys.stdout.write(json.dumps(_SERIES[sys.argv[1]](json.loads(sys.argv[2]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        large = _large_photos(Path(folder))
        found = {
            **_named("preflight.files", _series("files", [str(path) for path in _samples()])),
            **_named("preflight.large_files", _series("large_files", [str(p) for p in large])),
            **_in_the_sandbox(Path(folder)),
            "preflight.import_ms": _import_ms(),
        }
    record(found)


def _named(prefix: str, figures: dict[str, float]) -> dict[str, float]:
    return {f"{prefix}_{name}": number for name, number in figures.items()}


def _series(
    name: str, given: object, environment: dict[str, str] | None = None
) -> dict[str, float]:
    """The figures of a series, measured in a new process, in which httpx does not find the
    libraries of its command line: the functions' layers do not have them.
    """
    code = "import sys; sys.modules['click'] = None; from bench import preflight; preflight.main()"
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", code, name, json.dumps(given)],
        capture_output=True,
        check=True,
        env={**os.environ, **(environment or {})},
    )
    return dict(json.loads(done.stdout))


def _samples() -> list[Path]:
    """Photos of 1080 pixels and short videos, one after the other, until there are enough."""
    files = [path for path in sorted(SAMPLES_DIR.iterdir()) if path.suffix in (".jpg", ".mp4")]
    return [files[number % len(files)] for number in range(_ITEMS)]


def _large_photos(folder: Path) -> list[Path]:
    """As a camera writes them: 12.8 megapixels, about 6 MB each."""
    path = folder / "large.jpg"
    Image.effect_noise(_SIDES, 60).convert("RGB").save(path, quality=60)
    return [path] * _ITEMS


def _measured(act: Callable[[], object], rounds: int) -> dict[str, float]:
    """Milliseconds of each round, and the most memory that the process ever had."""
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        act()
        times.append(1000 * (time.perf_counter() - begin))
    return {
        "ms_p50": round(statistics.median(times), 1),
        "ms_p95": round(statistics.quantiles(times, n=20)[-1], 1),
        "memory_mb_peak": peak_mb(),
    }


def _check_files(names: list[str]) -> dict[str, float]:
    paths = [Path(name) for name in names]

    def check() -> None:
        outcome = check_files(paths, "", carousel_max=_ITEMS)
        if not outcome.ok:
            raise RuntimeError(f"a file was refused: {outcome.problems}")

    return _measured(check, _LARGE_ROUNDS if "large" in names[0] else _ROUNDS)


def _prepare(keys: list[str]) -> dict[str, float]:
    """A group's post as LoadPost prepares it; `known_ms_p50` is with all objects seen before, and
    `reading_ms_p50` what it takes longer when none is.
    """
    app = App.connect(Settings.from_environment(os.environ))
    items = [MediaItem(key=key, kind="video" if key.endswith(".mp4") else "image") for key in keys]
    group = Group(session_id=_SESSION, group_id="g", media=items, caption="Hello")

    def anew() -> None:
        vars(app)["seen_objects"] = SeenObjects()
        prepare(app, group, "default")

    figures = _measured(anew, _ROUNDS)
    known = _measured(lambda: prepare(app, group, "default"), _ROUNDS)["ms_p50"]
    reading = round(figures["ms_p50"] - known, 1)
    return {**figures, "known_ms_p50": known, "reading_ms_p50": reading}


def _look_at_large_video(given: list[str]) -> dict[str, float]:
    """How much of a large video is read, and how often, through its URL."""
    url, size = given
    begin = time.perf_counter()
    with UrlSource(url, int(size), VIDEO_BUDGET_BYTES) as source:
        seen = judging.look(source)
    if seen.shape is None:
        raise RuntimeError(f"the video could not be read: {seen.facts}")
    return {
        "mb": round(int(size) / 1e6, 1),
        "read_kb": round(source.read_bytes / 1e3, 1),
        "requests": source.requests,
        "ms": round(1000 * (time.perf_counter() - begin), 1),
    }


def _in_the_sandbox(folder: Path) -> dict[str, float]:
    from bench import films  # the memory of a series is not that of PyAV and moto
    from sandbox.server import Sandbox, SandboxOptions

    anywhere = SandboxOptions(port=0, instagram_port=0, aws_port=0, empty=True)
    first, last = folder / "first.mp4", folder / "last.mp4"
    films.noise(first, seconds=_FILM_SECONDS)
    films.noise(last, seconds=_FILM_SECONDS, moov_first=False)
    with Sandbox(anywhere) as sandbox:
        environment = {
            **sandbox.environment(),
            "POSTWRIGHT_CAROUSEL_MAX": str(_ITEMS),
            "MALLOC_ARENA_MAX": "2",  # as the stack sets it
        }
        session = boto3.session.Session(
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=environment["AWS_REGION"],
        )
        signed = Config(signature_version="s3v4")  # as ours does; the sandbox takes nothing older
        s3 = session.client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"], config=signed)
        media = MediaBucket(s3, environment["POSTWRIGHT_BUCKET"], 3600)
        keys = []
        for number, path in enumerate(_samples()):
            keys.append(f"{_SESSION}/enhanced/{number}-{path.name}")
            kind = "video/mp4" if path.suffix == ".mp4" else "image/jpeg"
            media.upload(path, keys[-1], kind)
        few = keys[:_CAROUSEL]
        found = {
            **_named("preflight.objects", _series("objects", keys, environment)),
            **_named("preflight.carousel", _series("objects", few, environment)),
        }
        for name, path in (("moov_first", first), ("moov_last", last)):
            key = f"{_SESSION}/enhanced/{path.name}"
            media.upload(path, key, "video/mp4")
            given = [media.presign(key), str(path.stat().st_size)]
            found |= _named(f"preflight.large_video_{name}", _series("large_video", given))
    return found


def _import_ms() -> float:
    """What importing the media libraries adds to a process that has our own."""
    code = (
        "import time; from postwright import app; begin = time.perf_counter();"
        f" import {_IMPORTS}; print(1000 * (time.perf_counter() - begin))"
    )
    times = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)  # noqa: S603 - ourselves
        for _ in range(10)
    ]
    return round(statistics.median(times), 1)


_SERIES = {
    "files": _check_files,
    "large_files": _check_files,
    "objects": _prepare,
    "large_video": _look_at_large_video,
}


if __name__ == "__main__":
    main()
