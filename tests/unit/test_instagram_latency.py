"""How long a Graph call takes: by chance between two times, the same under the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.instagram_lab import ACCOUNT, Lab, serving_instagram
from tests.media import MediaServer, picture

CALLS = (f"/{ACCOUNT}", f"/{ACCOUNT}/content_publishing_limit", f"/{ACCOUNT}/media")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Time jumps to what is due."""
    with serving_instagram(tmp_path, speed=None) as found:
        yield found


def seconds_of(lab: Lab, *paths: str) -> list[float]:
    """How long each of these calls takes."""
    found = []
    for path in paths:
        began = lab.clock.now()
        assert lab.get(path).status_code == 200
        found.append((lab.clock.now() - began).total_seconds())
    return found


def test_a_call_takes_as_long_as_it_is_told_to(lab: Lab) -> None:
    lab.config(latency_seconds=[40, 40])

    assert seconds_of(lab, CALLS[0]) == [pytest.approx(40, abs=1)]


def test_each_call_takes_another_time_between_the_two(lab: Lab) -> None:
    lab.config(latency_seconds=[20, 80])

    found = seconds_of(lab, *CALLS, *CALLS)

    assert all(20 <= seconds < 81 for seconds in found)
    assert len({round(seconds) for seconds in found}) > 3


def test_a_call_takes_the_same_time_under_the_same_seed_in_any_order(lab: Lab) -> None:
    lab.config(latency_seconds=[20, 80])
    before = seconds_of(lab, *CALLS)

    lab.start_anew()
    lab.config(latency_seconds=[20, 80])

    assert seconds_of(lab, *reversed(CALLS)) == [
        pytest.approx(seconds, abs=1) for seconds in reversed(before)
    ]


def test_what_a_call_is_about_counts_and_not_its_id(lab: Lab, media: MediaServer) -> None:
    url, took = media.put("photo.jpg", picture()), []
    for _ in range(2):
        lab.start_anew()
        container = lab.container(image_url=url, caption="Dunes")
        lab.config(latency_seconds=[20, 80])
        [seconds] = seconds_of(lab, f"/{container}")
        began = lab.clock.now()
        lab.published(container)
        took.append((seconds, (lab.clock.now() - began).total_seconds()))

    assert took[0] == pytest.approx(took[1], abs=1)
    assert took[0][0] != pytest.approx(took[0][1], abs=1)


def test_the_longer_time_comes_last(lab: Lab) -> None:
    answer = lab.config(latency_seconds=[2, 1])

    assert answer.status_code == 400
    assert "the shorter of the two times comes first" in answer.text
