"""How long a container is processed: by kind, bytes, length, chance and seed."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from sandbox.instagram.processing import Processing
from tests.instagram_lab import Lab
from tests.media import MediaServer, film, picture


def draws(model: Processing, count: int = 2000, seed: int = 1) -> list[float]:
    return [model.draw(seed=seed, subject=f"item {number}") for number in range(count)]


def ready_after(lab: Lab, container: str) -> float:
    """Simulated seconds until a container is finished, to a tenth."""
    for tenths in range(3000):
        if lab.status(container) == "FINISHED":
            return tenths / 10
        lab.advance(0.1)
    pytest.fail("it is never ready")


def test_a_fixed_time_is_the_sum_of_its_parts() -> None:
    model = Processing(seconds=5, seconds_per_megabyte=2, seconds_per_second=0.5)

    assert model.draw(size=3_000_000, length=8, seed=1, subject="x") == 5 + 6 + 4


def test_a_uniform_time_stays_inside_its_spread() -> None:
    found = draws(Processing(seconds=70, distribution="uniform", spread=5 / 7))

    assert 20 <= min(found) < 21
    assert 119 < max(found) <= 120
    assert statistics.mean(found) == pytest.approx(70, rel=0.03)


@pytest.mark.parametrize("sigma", [0.25, 0.6, 0.8])
def test_a_lognormal_time_has_its_median_and_sigma(sigma: float) -> None:
    found = draws(Processing(seconds=40, distribution="lognormal", spread=sigma))

    low, middle, high = (sorted(found)[int(len(found) * share)] for share in (0.159, 0.5, 0.841))
    assert middle == pytest.approx(40, rel=0.06)
    assert high / low == pytest.approx(2.718 ** (2 * sigma), rel=0.1)


def test_two_humps_leave_a_valley_between_them() -> None:
    found = draws(Processing(seconds=60, distribution="two_humps", spread=0.6))

    near = [sum(abs(seconds - middle) < 15 for seconds in found) for middle in (24, 60, 96)]
    assert near[1] < 0.1 * min(near[0], near[2])


@pytest.mark.parametrize("distribution", ["uniform", "two_humps"])
def test_no_time_is_less_than_none(distribution: Any) -> None:
    assert min(draws(Processing(seconds=40, distribution=distribution, spread=3))) == 0


def test_no_time_is_longer_than_its_bound() -> None:
    assert max(draws(Processing(seconds=40, distribution="lognormal", spread=2, at_most=90))) == 90


def test_the_same_item_under_the_same_seed_takes_the_same_time() -> None:
    model = Processing(seconds=40, distribution="uniform", spread=0.5)

    assert draws(model, 20) == draws(model, 20)
    assert draws(model, 20) != draws(model, 20, seed=2)


@pytest.fixture
def item(
    media: MediaServer, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], dict[str, Any]]:
    """The form of a container by kind: about 1 MB of image, or 4 seconds of film."""
    clip = film(tmp_path_factory.mktemp("film") / "clip.mp4")
    image = media.put("a.jpg", picture(padding=1_000_000 - len(picture())))
    video = media.put("v.mp4", clip, "video/mp4")
    forms: dict[str, dict[str, Any]] = {
        "image": {"image_url": image},
        "video": {"media_type": "REELS", "video_url": video},
    }
    return forms.__getitem__


def test_an_image_is_processed_by_its_bytes(
    lab: Lab, item: Callable[[str], dict[str, Any]]
) -> None:
    lab.config(image={"seconds": 1, "seconds_per_megabyte": 4})

    assert ready_after(lab, lab.container(**item("image"))) == pytest.approx(5, abs=0.1)


def test_a_video_is_processed_by_its_length(
    lab: Lab, item: Callable[[str], dict[str, Any]]
) -> None:
    lab.config(video={"seconds": 2, "seconds_per_second": 3})

    container = lab.container(**item("video"))

    fetched(lab, container)
    assert ready_after(lab, container) == pytest.approx(2 + 3 * 4, abs=0.3)


def test_the_time_of_a_video_begins_when_its_container_is_made(
    lab: Lab, media: MediaServer, item: Callable[[str], dict[str, Any]]
) -> None:
    gate = threading.Event()
    media.files["/v.mp4"].gate = gate
    lab.config(video={"seconds": 20})
    container = lab.container(**item("video"))

    lab.advance(12)
    gate.set()
    fetched(lab, container)

    assert ready_after(lab, container) == pytest.approx(8, abs=0.1)


def test_one_file_made_twice_draws_twice_and_a_reset_begins_anew(
    lab: Lab, item: Callable[[str], dict[str, Any]]
) -> None:
    def two() -> list[float]:
        lab.http.post("/_control/reset")
        lab.config(image={"seconds": 30, "distribution": "uniform", "spread": 0.9})
        return [ready_after(lab, lab.container(**item("image"))) for _ in range(2)]

    first, again = two(), two()

    assert first == again
    assert abs(first[0] - first[1]) > 0.1


def test_calls_in_another_order_draw_the_same(lab: Lab, media: MediaServer) -> None:
    urls = [media.put(f"{number}.jpg", picture()) for number in range(3)]

    def times(order: list[str]) -> dict[str, float]:
        lab.http.post("/_control/reset")
        lab.config(image={"seconds": 30, "distribution": "uniform", "spread": 0.9})
        containers = {url: lab.container(image_url=url) for url in order}
        waited = 0.0
        found = {}
        for url in sorted(order):
            waited += ready_after(lab, containers[url])
            found[url] = waited
        return found

    assert times(urls) == times(urls[::-1])


def test_a_carousel_has_a_time_of_its_own(lab: Lab, media: MediaServer) -> None:
    lab.config(carousel={"seconds": 11})
    urls = [media.put(f"{number}.jpg", picture()) for number in range(2)]
    children = [lab.container(image_url=url, is_carousel_item="true") for url in urls]
    lab.advance(3)

    parent = lab.container(media_type="CAROUSEL", children=",".join(children))

    assert ready_after(lab, parent) == pytest.approx(11, abs=0.1)


def fetched(lab: Lab, container: str) -> None:
    """Return once the video has been fetched and judged."""
    for _ in range(500):
        answer = lab.get(f"/{container}", fields="video_status").json()["video_status"]
        if answer["uploading_phase"]["bytes_transferred"]:
            return
    pytest.fail("it was never fetched")


@pytest.mark.parametrize(
    ("changes", "subcode"),
    [
        ({"seconds": 61}, 2207082),
        ({"size": (640, 48)}, 2207026),
        ({"sound": "aac", "channels": 6}, 2207082),
        ({"sound": "aac", "audio_rate": 96_000}, 2207082),
    ],
    ids=str,
)
def test_a_story_has_bounds_of_its_own(
    fast_lab: Lab,
    media: MediaServer,
    tmp_path: Path,
    changes: dict[str, Any],
    subcode: int,
) -> None:
    clip = film(tmp_path / "v.mp4", **changes)
    url = media.put("v.mp4", clip, "video/mp4")

    container = fast_lab.container(media_type="STORIES", video_url=url)
    fast_lab.clock.sleep(30)

    status = fast_lab.get(f"/{container}", fields="status").json()["status"]
    assert status == f"Error: Media upload has failed with error code {subcode}"


def test_a_minute_is_not_too_long_for_a_story(
    fast_lab: Lab, media: MediaServer, tmp_path: Path
) -> None:
    url = media.put("v.mp4", film(tmp_path / "v.mp4", seconds=60), "video/mp4")

    container = fast_lab.container(media_type="STORIES", video_url=url)
    fast_lab.clock.sleep(30)

    assert fast_lab.status(container) == "FINISHED"


def test_a_story_may_have_any_ratio(lab: Lab, media: MediaServer) -> None:
    tall = media.put("tall.jpg", picture((90, 300)))

    assert lab.container(media_type="STORIES", image_url=tall)


def test_a_bit_rate_above_the_limit_is_refused(
    fast_lab: Lab, media: MediaServer, tmp_path: Path
) -> None:
    clip = film(tmp_path / "v.mp4")
    heavy = clip + (14_000_000).to_bytes(4, "big") + b"free" + bytes(13_999_992)

    container = fast_lab.container(
        media_type="REELS", video_url=media.put("v.mp4", heavy, "video/mp4")
    )
    fast_lab.clock.sleep(30)

    status = fast_lab.get(f"/{container}", fields="status").json()["status"]
    assert status.endswith("2207026")


@pytest.mark.parametrize(("decoding", "expected"), [("key_frames", True), ("all_frames", False)])
def test_every_frame_can_be_decoded_where_key_frames_are_not_enough(
    fast_lab: Lab, media: MediaServer, tmp_path: Path, decoding: str, expected: bool
) -> None:
    """Damage in between key frames shows only to who decodes everything."""
    fast_lab.config(video_decoding=decoding)
    damaged = damage(tmp_path / "v.mp4", of_key_frames=False)

    container = fast_lab.container(
        media_type="REELS", video_url=media.put("v.mp4", damaged, "video/mp4")
    )
    fast_lab.clock.sleep(30)

    assert (fast_lab.status(container) == "FINISHED") is expected


def test_damage_in_a_key_frame_is_always_seen(
    fast_lab: Lab, media: MediaServer, tmp_path: Path
) -> None:
    damaged = damage(tmp_path / "v.mp4", of_key_frames=True)

    container = fast_lab.container(
        media_type="REELS", video_url=media.put("v.mp4", damaged, "video/mp4")
    )
    fast_lab.clock.sleep(30)

    assert fast_lab.status(container) == "ERROR"


def damage(path: Path, *, of_key_frames: bool) -> bytes:
    """A film of noise in which all pictures of a kind are spoilt, and all else is as it was."""
    clip = bytearray(film(path, sound=None, noise=True, key_frame_every=48))
    with av.open(str(path)) as container:
        pictures = [
            (packet.pos, packet.size)
            for packet in container.demux(container.streams.video[0])
            if packet.size and packet.is_keyframe is of_key_frames
        ]
    for begin, size in pictures:
        assert begin is not None
        for place in range(begin + 30, begin + size):
            clip[place] ^= 0x5A
    return bytes(clip)
