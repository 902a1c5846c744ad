"""How far a post is."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from postwright import clock, progress
from postwright.models import Container, ContainerState, Job, MediaItem, Phase, PostKind, Progress

STATES: tuple[ContainerState | None, ...] = (
    None,
    "retry",
    "throttled",
    "rejected",
    "expired",
    "created",
    "finished",
)


def job_of(kind: PostKind | None, **states: ContainerState | None) -> Job:
    """A job whose containers are in these states; `i0` is the first item."""
    names = {name.removeprefix("i"): state for name, state in states.items()}
    count = sum(1 for name in names if name != "parent")
    now = "2026-12-01T09:00:00Z"
    media = MediaItem(key="a.jpg", kind="image")
    items: list[dict[str, Any]] = [
        {"index": i, "media": media, "etag": "e", "sizeBytes": 1, "optionsHash": "h"}
        for i in range(count)
    ]
    return Job.model_validate(
        {
            "jobId": "j",
            "sessionId": "s1",
            "groupId": "g1",
            "accountId": "default",
            "request": {"sessionId": "s1", "groupId": "g1"},
            "kind": kind,
            "items": items,
            "containers": {n: Container(state=s) for n, s in names.items() if s},
            "createdAt": now,
            "updatedAt": now,
        }
    )


@pytest.mark.parametrize(
    ("kind", "items", "total"),
    [("image", 1, 3), ("reel", 1, 3), ("carousel", 2, 6), ("carousel", 10, 22)],
)
def test_each_item_counts_twice_and_each_later_step_once(
    kind: PostKind, items: int, total: int
) -> None:
    assert progress.at_start(kind, items) == Progress(completed=0, total=total)


@pytest.mark.parametrize(
    ("states", "completed"),
    [
        ({"i0": None, "i1": None}, 0),
        ({"i0": "created", "i1": None}, 1),
        ({"i0": "created", "i1": "created"}, 2),
        ({"i0": "finished", "i1": "created"}, 3),
        ({"i0": "finished", "i1": "finished"}, 4),
        ({"i0": "finished", "i1": "finished", "parent": "created"}, 4),
        ({"i0": "finished", "i1": "finished", "parent": "finished"}, 5),
        ({"i0": "rejected", "i1": "retry"}, 0),
        ({"i0": "expired", "i1": "throttled"}, 0),
    ],
)
def test_progress_of_a_carousel(states: dict[str, Any], completed: int) -> None:
    assert progress.of_job(job_of("carousel", **states)) == Progress(completed=completed, total=6)


def test_a_post_that_is_live_is_complete() -> None:
    carousel = job_of("carousel", i0="finished", i1="finished", parent="finished")
    image = job_of("image", i0="finished")

    assert progress.of_job(carousel, published=True) == Progress(completed=6, total=6)
    assert progress.of_job(image, published=True) == Progress(completed=3, total=3)


def test_before_the_snapshot_progress_is_what_the_record_says() -> None:
    job = job_of(None).model_copy(update={"progress": Progress(completed=0, total=0)})

    assert progress.of_job(job) == Progress(completed=0, total=0)


def test_progress_is_never_beyond_its_total() -> None:
    combinations = itertools.product(STATES, STATES, STATES)

    wrong = [
        states
        for states in combinations
        if not 0
        <= progress.of_job(
            job_of("carousel", i0=states[0], i1=states[1], parent=states[2])
        ).completed
        < 6
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("kind", "states", "phase"),
    [
        ("image", {"i0": None}, "creating_containers"),
        ("image", {"i0": "retry"}, "creating_containers"),
        ("image", {"i0": "created"}, "processing_videos"),
        ("image", {"i0": "finished"}, "publishing"),
        ("carousel", {"i0": "created", "i1": None}, "creating_containers"),
        ("carousel", {"i0": "created", "i1": "expired"}, "creating_containers"),
        ("carousel", {"i0": "finished", "i1": "created"}, "processing_videos"),
        ("carousel", {"i0": "finished", "i1": "finished"}, "creating_carousel"),
        (
            "carousel",
            {"i0": "finished", "i1": "finished", "parent": "created"},
            "creating_carousel",
        ),
        ("carousel", {"i0": "finished", "i1": "finished", "parent": "finished"}, "publishing"),
    ],
)
def test_the_phase_follows_the_containers(
    kind: PostKind, states: dict[str, Any], phase: Phase
) -> None:
    assert progress.phase_of(job_of(kind, **states)) == phase


def test_between_two_looks_the_containers_tell_how_far_a_run_is() -> None:
    job = job_of("carousel", i0="created", i1="finished")
    job.phase = "creating_containers"

    assert progress.as_of_now(job) == ("processing_videos", Progress(completed=3, total=6))


@pytest.mark.parametrize("phase", ["scheduled", "waiting_for_quota", "publishing", "published"])
def test_outside_the_work_on_containers_the_record_tells(phase: Phase) -> None:
    job = job_of("carousel", i0="finished", i1="finished")
    job.phase, job.progress = phase, Progress(completed=1, total=6)

    assert progress.as_of_now(job) == (phase, Progress(completed=1, total=6))


@pytest.mark.parametrize(
    ("status", "state", "expected"), [("publishing", "processing", 31), ("failed", "created", None)]
)
def test_a_video_under_way_tells_how_long_it_takes(
    status: str, state: str, expected: int | None
) -> None:
    job = job_of("reel", i0="created")
    job = job.model_copy(update={"status": status})
    job.items[0].media.kind, job.expected_seconds = "video", [31]
    job.containers["0"].created_at = clock.to_text(clock.in_seconds(-20))

    [item] = progress.of_items(job)

    assert (item.state, item.expected_seconds) == (state, expected)
    assert item.elapsed_seconds in ((20, 21) if expected else (None,))


@pytest.mark.parametrize("state", ["retry", "throttled", "expired"])
def test_an_item_that_is_made_again_says_why_and_when(state: ContainerState) -> None:
    job = job_of("image", i0=state)
    job.containers["0"].error = {"message": "Try later"}
    job.containers["0"].not_before = "2026-12-01T09:00:00.000Z"

    [item] = progress.of_items(job)

    assert (item.state, item.reason) == ("again", "Try later")
    assert item.not_before == "2026-12-01T09:00:00.000Z"
