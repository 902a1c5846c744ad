"""The simulated Instagram alone: requests per second, memory, and what a large video costs.

Starts `python -m sandbox.instagram` as a process of its own and talks to it over HTTP from this
one. The mix is what one published photo needs: a container (whose image is fetched), two looks at
it, the quota, the publish, the permalink.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bench import films
from bench.figures import peak_mb, record
from sandbox.instagram import DEMO_ACCOUNT
from sandbox.samples import SAMPLES_DIR

_POSTS = 1200
_CLIENTS = 8
_CALLS_PER_POST = 6
_FILM_SECONDS = 108
_WAIT_SECONDS = 300
_NO_LIMITS = {
    "quota_total": 10**6,
    "container_cap": 10**6,
    "calls_per_hour": 10**9,
    "image": {"seconds": 0},
    "fetch_timeout_seconds": _WAIT_SECONDS,
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        media = Path(folder)
        shutil.copy(SAMPLES_DIR / "02-sea.jpg", media / "photo.jpg")
        films.noise(media / "large.mp4", seconds=_FILM_SECONDS)
        with _serving(media) as files:
            record(_mixed_calls(files) | _large_video(files))


def _mixed_calls(files: str) -> dict[str, float]:
    """The mix from several clients at once; each answer must be a success."""
    with _simulator() as (process, client):
        publish = functools.partial(_publish, str(client.base_url), f"{files}/photo.jpg")
        publish(5)
        begin, cpu = time.perf_counter(), _cpu_seconds(process)
        with ThreadPoolExecutor(_CLIENTS) as pool:
            list(pool.map(publish, [_POSTS // _CLIENTS] * _CLIENTS))
        seconds, calls = time.perf_counter() - begin, _POSTS * _CALLS_PER_POST
        return {
            "simulator.requests_per_second": round(calls / seconds, 1),
            "simulator.cpu_ms_per_request": round(1000 * (_cpu_seconds(process) - cpu) / calls, 2),
            "simulator.memory_mb_peak": peak_mb(process),
        }


def _large_video(files: str) -> dict[str, float]:
    """What a video of about 300 MB adds to the memory of a process that has seen a photo only."""
    with _simulator() as (process, client):
        _publish(str(client.base_url), f"{files}/photo.jpg", 1)
        before, begin = peak_mb(process), time.perf_counter()
        size = _process(client, f"{files}/large.mp4")
        return {
            "simulator.large_video_mb": round(size / 1e6, 1),
            "simulator.large_video_seconds": round(time.perf_counter() - begin, 1),
            "simulator.large_video_memory_mb": round(peak_mb(process) - before, 1),
        }


def _publish(origin: str, url: str, posts: int) -> None:
    with _client(origin) as client:
        for number in range(posts):
            form = {"image_url": url, "caption": f"Post {number}"}
            container = _ok(client.post("/v25.0/me/media", data=form))["id"]
            for _ in range(2):
                _ok(client.get(f"/v25.0/{container}", params={"fields": "status_code,status"}))
            _ok(client.get("/v25.0/me/content_publishing_limit"))
            post = _ok(client.post("/v25.0/me/media_publish", data={"creation_id": container}))
            _ok(client.get(f"/v25.0/{post['id']}", params={"fields": "permalink,timestamp"}))


def _process(client: httpx.Client, url: str) -> int:
    """Have a video fetched and judged; how many bytes came."""
    form = {"media_type": "REELS", "video_url": url}
    container = _ok(client.post("/v25.0/me/media", data=form))["id"]
    end = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < end:
        fields = {"fields": "status_code,status,video_status"}
        found = _ok(client.get(f"/v25.0/{container}", params=fields))
        if found["status_code"] == "FINISHED":
            return int(found["video_status"]["uploading_phase"]["bytes_transferred"])
        if found["status_code"] != "IN_PROGRESS":
            raise RuntimeError(f"the video was refused: {found}")
        time.sleep(0.02)
    raise TimeoutError("the video was not processed in time")


@contextmanager
def _simulator() -> Iterator[tuple[int, httpx.Client]]:
    """The process id of a simulator without limits, and a client that may publish there."""
    command = [sys.executable, "-m", "sandbox.instagram", "--port", "0", "--speed", "1000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603  our own
        try:
            assert process.stdout is not None  # noqa: S101  for the type checker
            origin = json.loads(process.stdout.readline())["instagram"]
            with _client(origin) as client:
                _ok(client.post("/_control/config", json=_NO_LIMITS))
                yield process.pid, client
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


def _client(origin: str) -> httpx.Client:
    token = {"Authorization": f"Bearer {DEMO_ACCOUNT.token}"}
    return httpx.Client(base_url=origin, headers=token, trust_env=False, timeout=60)


def _ok(answer: httpx.Response) -> Any:
    answer.raise_for_status()
    return answer.json()


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    """The files of a folder over HTTP, with ranges; the origin."""
    handler = functools.partial(_Files, folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class _Files(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, folder: Path, *args: Any) -> None:
        self._folder = folder
        super().__init__(*args)

    def do_GET(self) -> None:
        path = self._folder / self.path.strip("/")
        size, first, last = path.stat().st_size, 0, path.stat().st_size - 1
        asked = self.headers.get("Range")
        if asked:
            first, last = (int(part) for part in asked.removeprefix("bytes=").split("-"))
            last = min(last, size - 1)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        with path.open("rb") as file:
            file.seek(first)
            self.wfile.write(file.read(last - first + 1))

    def log_message(self, *_: object) -> None:
        """Nothing."""


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
