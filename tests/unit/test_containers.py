"""The containers of a post: make them, look at them, say what comes next."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from postwright import clock, containers
from postwright.errors import (
    AccountBlockedError,
    ContainerExpiredError,
    ContainerNotReadyError,
    InvalidPostError,
    MediaRejectedError,
    MediaUnreachableError,
    PostwrightError,
    ProcessingFailedError,
    QuotaExceededError,
    RateLimitedError,
    TokenInvalidError,
    TransientGraphError,
)
from postwright.models import (
    Container,
    ContainerState,
    MediaItem,
    PostKind,
    Ref,
    SnapshotItem,
    UsageSeen,
    UserTag,
)
from postwright.ready_times import ReadyTimes, Traits
from tests.instagram_lab import ACCOUNT
from tests.media import picture
from tests.unit.core_world import SESSION, World, finished

pytest_plugins = ("tests.unit.core_fixtures",)

IN_PROGRESS = {"status_code": "IN_PROGRESS", "status": "In Progress"}
FINISHED = {"status_code": "FINISHED", "status": "Finished"}
HOUR = 3600


def known(
    state: ContainerState,
    number: int = 0,
    *,
    age: float = 0,
    tries: int = 1,
    due_in: float | None = None,
    children: list[str] | None = None,
    error: dict[str, Any] | None = None,
) -> Container:
    """What a job knows of its container `1790000000000000<number>`."""
    lives = state in ("created", "finished")
    return Container(
        state=state,
        id=f"1790000000000000{number}" if lives else None,
        created_at=clock.to_text(clock.in_seconds(-age)) if lives else None,
        tries=tries,
        not_before=clock.to_text(clock.in_seconds(due_in)) if due_in is not None else None,
        children=children,
        error=error,
    )


def failed(kind: str = "MediaRejectedError", message: str = "Too wide.", **more: Any) -> Container:
    error = {"type": kind, "message": message, "code": 36003, **more}
    return known("rejected", error=error)


def children(count: int) -> list[str]:
    return [f"1790000000000000{number}" for number in range(count)]


def all_finished(count: int) -> dict[str, Container]:
    return {str(number): known("finished", number) for number in range(count)}


def says(world: World, *answers: tuple[int, dict[str, Any]]) -> None:
    """What Instagram says about the container with this number, for good."""
    world.answer(
        *(
            {"match": f"/1790000000000000{number}", "body": json.dumps(body), "times": 99}
            for number, body in answers
        )
    )


def broken(subcode: int) -> dict[str, Any]:
    return {"status_code": "ERROR", "status": f"Error: failed with error code {subcode}"}


def check(world: World, ref: Ref) -> tuple[str, list[int], int]:
    """What comes next, for which items, after how many seconds."""
    answer = containers.check_status(world.app, ref)
    return answer["next"], [row["index"] for row in answer["pending"]], answer["waitSeconds"]


def state_of(world: World, ref: Ref, key: str = "0") -> Container:
    return world.job(ref).containers[key]


# What comes next


NEXT: dict[str, tuple[PostKind, int, dict[str, Container], tuple[str, list[int]]]] = {
    "nothing is made yet": ("image", 1, {}, ("create", [0])),
    "a ready image": ("image", 1, {"0": known("finished")}, ("publish", [])),
    "a ready reel": ("reel", 1, {"0": known("finished")}, ("publish", [])),
    "some items are missing": (
        "carousel",
        3,
        {"1": known("finished", 1)},
        ("create", [0, 2]),
    ),
    "an item has expired": (
        "carousel",
        2,
        {"0": known("expired"), "1": known("finished", 1)},
        ("create", [0]),
    ),
    "all items are ready": ("carousel", 2, all_finished(2), ("carousel", [])),
    "the carousel is ready": (
        "carousel",
        2,
        {**all_finished(2), "parent": known("finished", 9, children=children(2))},
        ("publish", []),
    ),
    "the carousel has other items": (
        "carousel",
        2,
        {**all_finished(2), "parent": known("finished", 9, children=children(3))},
        ("carousel", []),
    ),
    "the carousel has the items in another order": (
        "carousel",
        2,
        {**all_finished(2), "parent": known("finished", 9, children=children(2)[::-1])},
        ("carousel", []),
    ),
    "the carousel has expired": (
        "carousel",
        2,
        {**all_finished(2), "parent": known("expired", children=children(2))},
        ("carousel", []),
    ),
}


@pytest.mark.parametrize("situation", NEXT)
def test_what_comes_next(world: World, situation: str) -> None:
    kind, items, at_hand, expected = NEXT[situation]
    fresh = {key: container.model_copy() for key, container in at_hand.items()}
    for container in fresh.values():
        if container.created_at:
            container.created_at = clock.to_text(clock.now())
    ref = world.begun(kind=kind, items=items, containers=fresh)

    step, pending, _ = check(world, ref)

    assert (step, pending) == expected


@pytest.mark.parametrize(
    ("due_in", "expected"),
    [(-1, ("create", [0], 4)), (0, ("create", [0], 4)), (40, ("wait", [], 41))],
)
@pytest.mark.parametrize("state", ["retry", "throttled"])
def test_an_item_is_made_again_when_its_time_has_come(
    world: World, state: ContainerState, due_in: float, expected: tuple[str, list[int], int]
) -> None:
    ref = world.begun(containers={"0": known(state, due_in=due_in)})

    step, pending, wait_seconds = check(world, ref)

    assert (step, pending) == expected[:2]
    assert expected[2] - 1 <= wait_seconds <= expected[2]


def test_a_carousel_is_made_again_when_its_time_has_come(world: World) -> None:
    parent = known("retry", due_in=40, children=children(2))
    ref = world.begun(kind="carousel", items=2, containers={**all_finished(2), "parent": parent})

    early = check(world, ref)
    world.advance(41)
    late = check(world, ref)

    assert (early[0], late[0]) == ("wait", "carousel")
    assert 39 <= early[2] <= 41


def test_what_is_in_progress_is_waited_for_as_its_pace_says(world: World) -> None:
    ref = world.begun(kind="reel", containers={"0": known("created", age=12)})
    says(world, (0, IN_PROGRESS))

    step, pending, wait_seconds = check(world, ref)

    assert (step, pending) == ("wait", [])
    assert 10 <= wait_seconds <= 25


def test_each_look_is_kept_for_the_next_one_to_learn_from(world: World) -> None:
    ref = world.begun(kind="reel", containers={"0": known("created", age=30)})
    world.answer({"match": "/17900000000000000", "body": json.dumps(IN_PROGRESS), "times": 1})
    check(world, ref)
    looked_at = world.job(ref).looked_at
    world.advance(10)
    says(world, (0, FINISHED))

    check(world, ref)

    assert looked_at is not None
    seen = ReadyTimes.model_validate(world.store.ready_times(ref.account_id)).video
    [item] = world.job(ref).items
    expected = ReadyTimes().with_seen("video", Traits.of(item), 30, 40).video
    assert sum(seen.bins) == pytest.approx(1)
    assert seen.bins == pytest.approx(expected.bins, abs=0.1)


def test_what_an_account_has_seen_changes_when_its_next_post_is_looked_at(world: World) -> None:
    ref = world.begun(kind="reel")
    before = containers.check_quota(world.app, ref)["waitSeconds"]
    [item] = world.job(ref).items
    times = ReadyTimes()
    for _ in range(100):
        times = times.with_seen("video", Traits.of(item), 88, 92)
    world.store.put_ready_times(ref.account_id, times.to_json())

    after = containers.check_quota(world.app, ref)["waitSeconds"]

    assert before < 40 < 70 < after < 90
    assert world.job(ref).expected_seconds == [pytest.approx(90, abs=5)]


def used(world: World, ref: Ref, percent: int) -> None:
    """So much of the account's calls is used, as Instagram said just now."""
    ledger = world.store.ledger(ref.account_id)
    seen = UsageSeen(
        percent=percent,
        at=clock.to_text(clock.now()),
        calls_ever=ledger.calls_ever,
        calls_then=ledger.calls_made,
    )
    world.store.note(ref.account_id, {"usage": seen.to_json()})


def test_looks_come_later_when_most_calls_are_used(world: World) -> None:
    ref = world.begun(kind="reel", containers={"0": known("created", age=20)})
    says(world, (0, IN_PROGRESS))
    _, _, usual = check(world, ref)

    used(world, ref, 80)
    _, _, sparing = check(world, ref)

    assert sparing > usual


def test_the_first_look_comes_later_when_most_calls_are_used(world: World) -> None:
    settings = world.app.settings.model_copy(update={"calls_per_hour": 100})
    app, ref = replace(world.app, settings=settings), world.begun(kind="reel")
    usual = containers.check_quota(app, ref)

    app.budgets.take_calls(ref.account_id, 75, "settle")
    sparing = containers.check_quota(app, ref)

    assert (usual["next"], sparing["next"]) == ("create", "create")
    assert sparing["waitSeconds"] > usual["waitSeconds"]


def test_what_makes_no_sense_counts_as_nothing_seen(world: World) -> None:
    ref = world.begun(kind="reel")
    before = containers.check_quota(world.app, ref)["waitSeconds"]
    world.store.put_ready_times(ref.account_id, {"video": {"bins": ["x", -7]}, "image": None})

    assert containers.check_quota(world.app, ref)["waitSeconds"] == before


def test_children_that_are_doubted_teach_nothing(world: World) -> None:
    """They were ready long ago."""
    parent = known("created", 9, age=5, children=children(2))
    at_hand = {"0": known("created", age=900), "1": known("finished", 1), "parent": parent}
    ref = world.begun(kind="carousel", items=2, containers=at_hand)
    says(world, (0, FINISHED), (9, IN_PROGRESS))

    check(world, ref)

    assert world.store.ready_times(ref.account_id) == {}


def test_a_fixed_schedule_is_kept_whatever_was_seen(world: World) -> None:
    settings = world.app.settings.model_copy(update={"look_after": "5, 10, 20, 30"})
    app = replace(world.app, settings=settings)
    ref = world.begun(kind="reel")
    first = containers.check_quota(app, ref)["waitSeconds"]
    world.store.put_container(ref, "0", known("created", age=12))
    says(world, (0, IN_PROGRESS))

    assert first == 5
    assert containers.check_status(app, ref)["waitSeconds"] in (2, 3)


def test_the_soonest_of_a_look_and_another_try_decides_the_wait(world: World) -> None:
    at_hand = {"0": known("created", 0, age=25), "1": known("retry", due_in=4)}
    ref = world.begun(kind="carousel", items=2, containers=at_hand)
    says(world, (0, IN_PROGRESS))

    step, _, wait_seconds = check(world, ref)

    assert step == "wait"
    assert 4 <= wait_seconds <= 5


def test_a_carousel_in_progress_is_waited_for(world: World) -> None:
    parent = known("created", 9, children=children(2))
    ref = world.begun(kind="carousel", items=2, containers={**all_finished(2), "parent": parent})
    says(world, (9, IN_PROGRESS))

    assert check(world, ref) in [("wait", [], 2), ("wait", [], 3)]


@pytest.mark.parametrize("status", ["FINISHED", "PUBLISHED"])
def test_an_item_that_is_ready_is_remembered_as_ready(world: World, status: str) -> None:
    ref = world.begun(containers={"0": known("created", age=5)})
    says(world, (0, {"status_code": status}))

    assert check(world, ref)[0] == "publish"
    assert state_of(world, ref).state == "finished"
    assert world.job(ref).phase == "publishing"


def test_only_what_is_unfinished_is_looked_at(world: World) -> None:
    at_hand = {**all_finished(3), "1": known("created", 1)}
    ref = world.begun(kind="carousel", items=3, containers=at_hand)
    says(world, (1, IN_PROGRESS))

    check(world, ref)

    assert [entry["path"] for entry in world.lab.requests()] == ["/v25.0/17900000000000001"]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 400, "body": '{"error": {"code": 100, "error_subcode": 33}}'},
        {"body": "<html>"},
        {"body": '{"status_code": "SOMETHING_NEW"}'},
    ],
    ids=str,
)
def test_a_look_that_fails_for_the_moment_changes_nothing(
    world: World, answer: dict[str, Any]
) -> None:
    ref = world.begun(containers={"0": known("created", age=5)})
    before = state_of(world, ref)
    world.answer({"match": "/179", **answer})

    step, _, _ = check(world, ref)

    assert step == "wait"
    assert state_of(world, ref) == before


def test_ten_items_are_looked_at_in_one_go(world: World) -> None:
    at_hand = {str(number): known("created", number) for number in range(10)}
    ref = world.begun(kind="carousel", items=10, containers=at_hand)
    says(world, *((number, FINISHED) for number in range(10)))

    assert check(world, ref) == ("carousel", [], 0)
    assert world.job(ref).progress.completed == 20


# Time runs out


@pytest.mark.parametrize("state", ["created", "finished"])
def test_after_23_hours_a_container_is_made_again(world: World, state: ContainerState) -> None:
    ref = world.begun(containers={"0": known(state, age=23 * HOUR + 1, tries=3)})

    assert check(world, ref)[:2] == ("create", [0])
    assert (state_of(world, ref).state, state_of(world, ref).tries) == ("expired", 0)


def test_before_23_hours_a_container_is_kept(world: World) -> None:
    ref = world.begun(containers={"0": known("finished", age=23 * HOUR - 60)})

    assert check(world, ref)[0] == "publish"


CALLED_EXPIRED: dict[str, dict[str, Any]] = {
    "by its status": {"body": '{"status_code": "EXPIRED"}'},
    "by an error": {"status": 400, "body": '{"error": {"code": 24, "error_subcode": 2207008}}'},
}


@pytest.mark.parametrize("how", CALLED_EXPIRED)
@pytest.mark.parametrize("tries", [1, 2])
def test_a_container_that_instagram_calls_expired_is_made_again(
    world: World, how: str, tries: int
) -> None:
    ref = world.begun(containers={"0": known("created", age=5, tries=tries)})
    world.answer({"match": "/179", **CALLED_EXPIRED[how]})

    assert check(world, ref)[:2] == ("create", [0])
    assert (state_of(world, ref).state, state_of(world, ref).tries) == ("expired", tries)


@pytest.mark.parametrize("how", CALLED_EXPIRED)
def test_containers_that_keep_expiring_are_not_made_for_ever(world: World, how: str) -> None:
    ref = world.begun(containers={"0": known("created", age=5, tries=3)})
    world.answer({"match": "/179", **CALLED_EXPIRED[how]})

    with pytest.raises(ContainerExpiredError, match=r"1\.jpg.*expire.* Redrive the run later"):
        check(world, ref)

    redriven = ref.model_copy(update={"redrive_count": 1})
    assert check(world, redriven)[:2] == ("create", [0])


@pytest.mark.parametrize(
    ("container", "live"),
    [
        (None, False),
        (Container(state="created", id="1", created_at="2999-01-01T00:00:00Z"), False),
        (Container(state="finished", id="1", created_at="2999-01-01T00:00:00Z"), True),
        (Container(state="finished", id="1", created_at="2000-01-01T00:00:00Z"), False),
    ],
)
def test_a_container_lives_when_it_is_ready_and_young(
    container: Container | None, live: bool
) -> None:
    assert containers.is_live(container) is live


@pytest.mark.parametrize(("kind", "budget"), [("image", 300), ("reel", 3600)])
@pytest.mark.parametrize("redrives", [0, 1, 3])
def test_processing_has_a_budget_that_grows_with_each_redrive(
    world: World, kind: PostKind, budget: int, redrives: int
) -> None:
    age = budget * (1 + redrives)
    ref = world.begun(kind=kind, containers={"0": known("created", age=age - 2)})
    ref = ref.model_copy(update={"redrive_count": redrives})
    says(world, (0, IN_PROGRESS))

    in_time = check(world, ref)
    world.advance(4)
    with pytest.raises(ProcessingFailedError, match=r"still processing 1: 1\.jpg") as raised:
        check(world, ref)

    assert in_time[0] == "wait"
    assert raised.value.item == "1: 1.jpg"


def test_all_items_that_take_too_long_are_named(world: World) -> None:
    at_hand = {
        "0": known("created", 0, age=400),
        "1": known("created", 1, age=200),
        "2": known("created", 2, age=400),
    }
    ref = world.begun(kind="carousel", items=3, containers=at_hand)
    says(world, *((number, IN_PROGRESS) for number in range(3)))

    with pytest.raises(ProcessingFailedError) as raised:
        check(world, ref)

    assert raised.value.item == "1: 1.jpg, 3: 3.jpg"


def test_a_carousel_has_the_budget_of_an_image(world: World) -> None:
    parent = known("created", 9, age=301, children=children(2))
    ref = world.begun(kind="carousel", items=2, containers={**all_finished(2), "parent": parent})
    says(world, (9, IN_PROGRESS))

    with pytest.raises(ProcessingFailedError, match="processing carousel"):
        check(world, ref)


def test_the_budgets_are_settings(world: World) -> None:
    world.configure(image_budget_seconds=10)
    ref = world.begun(containers={"0": known("created", age=11)})
    says(world, (0, IN_PROGRESS))

    with pytest.raises(ProcessingFailedError):
        check(world, ref)


# Items that fail


@pytest.mark.parametrize(("tries", "pause", "again"), [(1, 5, True), (2, 30, True), (3, 0, False)])
def test_a_processing_error_that_may_pass_is_tried_again_twice_and_slower(
    world: World, tries: int, pause: float, again: bool
) -> None:
    ref = world.begun(kind="reel", containers={"0": known("created", age=20, tries=tries)})
    says(world, (0, broken(2207053)))

    if not again:
        with pytest.raises(ProcessingFailedError, match=r"1: 1\.jpg"):
            check(world, ref)
        assert state_of(world, ref).state == "rejected"
        return

    step, _, wait_seconds = check(world, ref)
    left = state_of(world, ref)
    assert step == "wait"
    assert pause <= wait_seconds <= pause * 1.2 + 1
    assert (left.state, left.tries, left.id) == ("retry", tries, None)
    assert left.error is not None
    assert (left.error["type"], left.error["item"]) == ("ProcessingFailedError", "1: 1.jpg")


@pytest.mark.parametrize(
    ("subcode", "tries", "pause"), [(2207077, 1, 60), (2207077, 2, 90), (2207082, 1, 5)]
)
def test_an_error_with_pauses_of_its_own_is_tried_again_after_them(
    world: World, subcode: int, tries: int, pause: float
) -> None:
    ref = world.begun(kind="reel", containers={"0": known("created", age=20, tries=tries)})
    says(world, (0, broken(subcode)))

    _, _, wait_seconds = check(world, ref)

    assert pause <= wait_seconds <= pause * 1.2 + 1
    assert state_of(world, ref).state == "retry"


@pytest.mark.parametrize("subcode", [2207076, 2207082, 2207085])
def test_an_error_with_fewer_tries_of_its_own_ends_the_run_sooner(
    world: World, subcode: int
) -> None:
    ref = world.begun(kind="reel", containers={"0": known("created", age=20, tries=2)})
    says(world, (0, broken(subcode)))

    with pytest.raises(PostwrightError) as raised:
        check(world, ref)

    assert (raised.value.subcode, state_of(world, ref).state) == (subcode, "rejected")


def test_an_item_that_is_refused_for_good_ends_the_run(world: World) -> None:
    ref = world.begun(kind="reel", containers={"0": known("created", age=20)})
    says(world, (0, broken(2207026)))

    with pytest.raises(MediaRejectedError) as raised:
        check(world, ref)

    assert raised.value.sentence.startswith("1 of 1 items cannot be published, so nothing was.")
    assert (raised.value.subcode, raised.value.item) == (2207026, "1: 1.jpg")


def test_every_item_that_failed_is_named_with_its_reason(world: World) -> None:
    at_hand = {**all_finished(4), "1": failed(message="Too wide."), "3": failed(message="Broken.")}
    ref = world.begun(kind="carousel", items=4, containers=at_hand)

    with pytest.raises(MediaRejectedError) as raised:
        check(world, ref)

    assert raised.value.sentence == (
        "2 of 4 items cannot be published, so nothing was. 2: 2.jpg: Too wide. 4: 4.jpg: Broken."
    )
    assert raised.value.item == "2: 2.jpg, 4: 4.jpg"


def test_items_that_still_work_are_waited_for_before_failures_are_told_apart(
    world: World,
) -> None:
    at_hand = {"0": known("created", 0, age=5), "1": known("created", 1, age=5)}
    ref = world.begun(kind="carousel", items=2, containers=at_hand)
    says(world, (0, FINISHED), (1, broken(2207026)))

    with pytest.raises(MediaRejectedError):
        check(world, ref)

    assert state_of(world, ref, "0").state == "finished"
    assert state_of(world, ref, "1").state == "rejected"


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (("MediaUnreachableError", "MediaRejectedError"), MediaRejectedError),
        (("ProcessingFailedError", "MediaUnreachableError"), MediaUnreachableError),
        (("MediaRejectedError", "InvalidPostError"), InvalidPostError),
        (("TransientGraphError", "ProcessingFailedError"), ProcessingFailedError),
        (("TransientGraphError", "TransientGraphError"), TransientGraphError),
        (("RateLimitedError", "RateLimitedError"), RateLimitedError),
        (("TransientGraphError", "ContainerExpiredError"), ContainerExpiredError),
        (("TransientGraphError", "ContainerNotReadyError"), ContainerNotReadyError),
        (("MediaRejectedError", "QuotaExceededError"), QuotaExceededError),
        (("QuotaExceededError", "AccountBlockedError"), AccountBlockedError),
        (("AccountBlockedError", "TokenInvalidError"), TokenInvalidError),
        (("NobodyKnowsThisError", "NobodyKnowsThisError"), MediaRejectedError),
    ],
)
def test_the_most_serious_failure_gives_the_class(
    world: World, kinds: tuple[str, str], expected: type[PostwrightError]
) -> None:
    at_hand = {"0": failed(kinds[0], code=1), "1": failed(kinds[1], code=2)}
    ref = world.begun(kind="carousel", items=2, containers=at_hand)

    with pytest.raises(expected) as raised:
        check(world, ref)

    assert type(raised.value) is expected
    assert raised.value.item == "1: 1.jpg, 2: 2.jpg"


def test_a_carousel_that_fails_in_processing_waits_before_it_is_made_again(world: World) -> None:
    parent = known("created", 9, age=5, children=children(2))
    ref = world.begun(kind="carousel", items=2, containers={**all_finished(2), "parent": parent})
    says(world, (9, broken(2207082)))

    early = check(world, ref)
    world.advance(7)
    late = check(world, ref)

    assert early[0] == "wait"
    assert 5 <= early[2] <= 7
    assert late[0] == "carousel"


def test_a_redrive_makes_rejected_items_pending_again_once(world: World) -> None:
    at_hand = {**all_finished(3), "0": failed(), "2": failed()}
    ref = world.begun(kind="carousel", items=3, containers=at_hand)
    redriven = ref.model_copy(update={"redrive_count": 1})

    again = check(world, redriven)
    for key in ("0", "2"):
        world.store.put_container(ref, key, failed())

    assert again == ("create", [0, 2], 5)
    assert world.job(ref).redrive_seen == 1
    with pytest.raises(MediaRejectedError):
        check(world, redriven)
    assert check(world, ref.model_copy(update={"redrive_count": 2}))[0] == "create"


def test_a_redrive_makes_a_rejected_carousel_pending_again(world: World) -> None:
    parent = failed()
    parent.children = children(2)
    ref = world.begun(kind="carousel", items=2, containers={**all_finished(2), "parent": parent})

    assert check(world, ref.model_copy(update={"redrive_count": 1}))[0] == "carousel"


# The account


@pytest.mark.parametrize(
    ("code", "expected"),
    [(190, TokenInvalidError), (10, TokenInvalidError), (368, AccountBlockedError)],
)
def test_what_is_wrong_with_the_account_is_raised(
    world: World, code: int, expected: type[PostwrightError]
) -> None:
    error = {"status": 400, "body": json.dumps({"error": {"code": code}}), "times": 99}
    at_hand = {"0": known("created", 0), "1": known("created", 1)}
    ref = world.begun(kind="carousel", items=2, containers=at_hand)
    world.answer({"match": "/179", **error}, {"call": "create", **error})

    with pytest.raises(expected):
        check(world, ref)
    with pytest.raises(expected):
        containers.create_carousel(world.app, ref)
    world.store.put_container(ref, "0", known("expired"))
    with pytest.raises(expected):
        containers.create_container(world.app, ref, 0)

    assert state_of(world, ref).state == "expired"
    assert "parent" not in world.job(ref).containers


def test_a_call_limit_on_looks_is_waited_for(world: World) -> None:
    ref = world.begun(containers={"0": known("created", age=5)})
    world.answer({"match": "/179", "status": 400, "body": '{"error": {"code": 80002}}'})

    assert check(world, ref) == ("wait", [], 900)


def test_a_call_limit_that_never_ends_is_told(world: World) -> None:
    ref = world.begun(containers={"0": known("created", age=3601)})
    limit = {"match": "/179", "status": 400, "body": '{"error": {"code": 80002}}', "times": 9}
    world.answer(limit)

    with pytest.raises(RateLimitedError):
        check(world, ref)
    assert check(world, ref.model_copy(update={"redrive_count": 1}))[0] == "wait"


# Making the container of an item


def begun_with(world: World, *media: MediaItem, text: str = "Hello") -> Ref:
    """A run whose items lie in the bucket."""
    kind: PostKind = "carousel" if len(media) > 1 else "image"
    if kind == "image" and media[0].kind == "video":
        kind = "reel"
    ref = world.begun(kind=kind, items=len(media), text=text)
    items = [
        SnapshotItem(index=i, media=item, etag="e", size_bytes=7, options_hash=item.options_hash())
        for i, item in enumerate(media)
    ]
    world.store.update_job(ref, items=items)
    return ref


def image(
    world: World, name: str = "a.jpg", body: bytes | None = None, **options: Any
) -> MediaItem:
    return MediaItem(key=world.upload(name, body), kind="image", **options)


def create(world: World, ref: Ref, index: int = 0) -> dict[str, Any]:
    return containers.create_container(world.app, ref, index)


def until_due(world: World, ref: Ref) -> None:
    """Let time pass until the item is tried again, if it is."""
    not_before = state_of(world, ref).not_before
    if not_before is not None:
        world.advance(1 - clock.seconds_since(clock.from_text(not_before)))


def sent(world: World) -> dict[str, Any]:
    """The parameters of the newest container."""
    parameters: dict[str, Any] = world.lab.requests()[-1]["parameters"]
    return parameters


def test_instagram_fetches_the_image_by_a_url_that_is_nowhere_else(world: World) -> None:
    ref = begun_with(world, image(world))

    answer = create(world, ref)

    container = state_of(world, ref)
    assert answer == {
        "index": 0,
        "outcome": "created",
        "kind": "image",
        "bytes": 7,
        "shape": None,
        "tries": 1,
        "error": None,
    }
    assert (container.state, container.tries) == ("created", 1)
    assert container.caption_hash == world.job(ref).caption_hash
    assert sent(world)["image_url"].endswith(f"/{world.cloud.bucket}/{SESSION}/enhanced/a.jpg")
    assert sent(world)["caption"] == "Hello"
    assert "X-Amz" not in world.job(ref).model_dump_json()


def test_an_item_that_has_a_container_keeps_it(world: World) -> None:
    ref = begun_with(world, image(world))
    create(world, ref)
    first = state_of(world, ref)

    again = create(world, ref)

    assert again["outcome"] == "created"
    assert state_of(world, ref) == first
    assert len(world.lab.requests()) == 1


def test_an_item_that_is_ready_counts_as_created(world: World) -> None:
    ref = world.begun(containers={"0": known("finished")})

    assert create(world, ref)["outcome"] == "created"
    assert world.lab.requests() == []


def test_an_item_of_a_carousel_has_no_caption_and_its_own_options(world: World) -> None:
    tags = [UserTag(username="anna", x=0.5, y=0.5)]
    first = image(world, alt_text="Dunes", location_id="42", user_tags=tags, collaborators=["ben"])
    ref = begun_with(world, first, image(world, "b.jpg"))

    create(world, ref)

    parameters = sent(world)
    assert parameters.pop("image_url")
    assert parameters == {
        "is_carousel_item": "true",
        "alt_text": "Dunes",
        "user_tags": '[{"username": "anna", "x": 0.5, "y": 0.5}]',
    }
    assert state_of(world, ref).caption_hash is None


def test_a_single_image_takes_all_its_options(world: World) -> None:
    ref = begun_with(world, image(world, alt_text="Dunes", location_id="42", collaborators=["ben"]))

    create(world, ref)

    parameters = sent(world)
    assert parameters.pop("image_url")
    assert parameters == {
        "caption": "Hello",
        "alt_text": "Dunes",
        "location_id": "42",
        "collaborators": '["ben"]',
    }


def test_a_reel_takes_its_cover_from_the_bucket(world: World) -> None:
    cover = world.upload("cover.jpg")
    item = MediaItem(
        key=world.upload("clip.mp4", b"film"),
        kind="video",
        cover_key=cover,
        thumb_offset=500,
        share_to_feed=True,
    )
    ref = begun_with(world, item)

    answer = create(world, ref)

    parameters = sent(world)
    assert answer["kind"] == "video"
    assert parameters["media_type"] == "REELS"
    assert parameters["cover_url"].endswith("/enhanced/cover.jpg")
    assert parameters["video_url"].endswith("/enhanced/clip.mp4")
    assert (parameters["thumb_offset"], parameters["share_to_feed"]) == ("500", "true")


def test_a_video_in_a_carousel_is_no_reel(world: World) -> None:
    clip = MediaItem(key=world.upload("clip.mp4", b"film"), kind="video")
    ref = begun_with(world, image(world), clip)

    create(world, ref, 1)

    assert sent(world)["media_type"] == "VIDEO"


def test_the_version_that_the_snapshot_saw_is_what_instagram_fetches(world: World) -> None:
    item = image(world)
    ref = begun_with(world, item)
    snapshot = world.job(ref).items
    snapshot[0].version_id = "v1"
    world.store.update_job(ref, items=snapshot)

    url = world.app.media.presign(item.key, snapshot[0].version_id)
    create(world, ref)

    assert "versionId=v1" in url
    assert state_of(world, ref).state in ("created", "retry")


def test_an_image_that_instagram_refuses_is_rejected_by_name(world: World) -> None:
    ref = begun_with(world, image(world, "wide.jpg", picture((400, 100))), image(world))

    answer = create(world, ref)

    assert (answer["outcome"], answer["tries"]) == ("rejected", 1)
    assert answer["error"]["type"] == "MediaRejectedError"
    assert (answer["error"]["code"], answer["error"]["subcode"]) == (36003, 2207009)
    assert answer["error"]["item"] == "1: wide.jpg"
    assert state_of(world, ref).state == "rejected"


def test_media_that_cannot_be_fetched_is_tried_three_times(world: World) -> None:
    missing = MediaItem(key=f"{SESSION}/enhanced/missing.jpg", kind="image")
    ref = begun_with(world, missing)

    outcomes, pauses = [], []
    for _ in range(3):
        outcomes.append(create(world, ref)["outcome"])
        not_before = state_of(world, ref).not_before
        if not_before:
            pauses.append(-clock.seconds_since(clock.from_text(not_before)))

    assert outcomes == ["retry", "retry", "rejected"]
    assert 4.9 <= pauses[0] <= 6
    assert 29.9 <= pauses[1] <= 36
    error = state_of(world, ref).error
    assert error is not None
    assert (error["type"], error["subcode"]) == ("MediaUnreachableError", 2207052)


@pytest.mark.parametrize(
    ("answer", "outcomes"),
    [
        ({"status": 500}, ["retry", "retry", "rejected"]),
        ({"body": "<html>"}, ["retry", "retry", "rejected"]),
        ({"body": "{}"}, ["retry", "retry", "rejected"]),
        ({"status": 400, "body": '{"error": {"code": 5555}}'}, ["rejected"]),
        ({"status": 400, "body": '{"error": {"code": 80002}}'}, ["throttled"] * 7 + ["rejected"]),
    ],
    ids=str,
)
def test_an_item_is_tried_as_often_as_its_failure_deserves(
    world: World, answer: dict[str, Any], outcomes: list[str]
) -> None:
    ref = begun_with(world, image(world))
    world.answer({"call": "create", "times": 99, **answer})

    found = []
    for _ in outcomes:
        found.append(create(world, ref)["outcome"])
        until_due(world, ref)

    assert found == outcomes


@pytest.mark.parametrize(
    ("code", "least"),
    [
        (4, [300, 600, 1200, 2400, 3600, 3600, 3600]),
        (80002, [900, 1800, 3600, 7200, 7200, 7200, 7200]),
    ],
)
def test_a_call_limit_slows_down_more_and_more(world: World, code: int, least: list[int]) -> None:
    ref = begun_with(world, image(world))
    world.answer({"call": "create", "error": [code, None], "times": 99})

    pauses = []
    for _ in range(7):
        create(world, ref)
        not_before = state_of(world, ref).not_before
        assert not_before is not None
        pauses.append(-clock.seconds_since(clock.from_text(not_before)))
        until_due(world, ref)

    assert all(low - 1 <= pause <= low * 1.2 for low, pause in zip(least, pauses, strict=True)), (
        pauses
    )


@pytest.mark.parametrize(("minutes", "least"), [(10, 600), (1, 300), (60, 3600)])
def test_a_call_limit_is_waited_for_as_long_as_instagram_says(
    world: World, minutes: int, least: int
) -> None:
    ref = begun_with(world, image(world))
    world.answer({"call": "create", "throttle_minutes": minutes})

    create(world, ref)

    not_before = state_of(world, ref).not_before
    assert not_before is not None
    assert least - 1 <= -clock.seconds_since(clock.from_text(not_before)) <= (least + 60) * 1.2


def test_an_item_that_was_throttled_can_be_made_afterwards(world: World) -> None:
    ref = begun_with(world, image(world))
    world.answer({"call": "create", "status": 500})
    create(world, ref)

    answer = create(world, ref)

    assert (answer["outcome"], answer["tries"], answer["error"]) == ("created", 2, None)


def test_a_caption_that_instagram_refuses_is_a_problem_of_the_post(world: World) -> None:
    ref = begun_with(world, image(world), text="#a " * 31)
    create(world, ref)

    with pytest.raises(InvalidPostError, match="caption is too long"):
        check(world, ref)


# Making the carousel


def items_on_instagram(world: World, count: int) -> dict[str, Container]:
    return {
        str(number): finished(world.image_on_instagram("", is_carousel_item="true"))
        for number in range(count)
    }


def test_a_carousel_keeps_the_order_of_the_group(world: World) -> None:
    at_hand = items_on_instagram(world, 3)
    ids = [container.id for container in at_hand.values()]
    shuffled = {key: at_hand[key] for key in ("2", "0", "1")}
    ref = world.begun(kind="carousel", items=3, text="Three", containers=shuffled)

    answer = containers.create_carousel(world.app, ref)

    parent = state_of(world, ref, "parent")
    assert answer["next"] == "wait"
    assert answer["waitSeconds"] in (2, 3)
    assert sent(world)["children"] == ",".join(str(child) for child in ids)
    assert sent(world)["caption"] == "Three"
    assert parent.children == ids
    assert parent.caption_hash == world.job(ref).caption_hash
    assert world.job(ref).phase == "creating_carousel"


def test_a_carousel_that_lives_is_kept(world: World) -> None:
    ref = world.begun(kind="carousel", items=2, containers=items_on_instagram(world, 2))
    containers.create_carousel(world.app, ref)
    first, calls = state_of(world, ref, "parent"), len(world.lab.requests())

    containers.create_carousel(world.app, ref)

    assert state_of(world, ref, "parent") == first
    assert len(world.lab.requests()) == calls


def test_a_carousel_with_a_new_item_is_made_anew(world: World) -> None:
    ref = world.begun(kind="carousel", items=2, containers=items_on_instagram(world, 2))
    containers.create_carousel(world.app, ref)
    first = state_of(world, ref, "parent")
    world.store.put_container(ref, "1", items_on_instagram(world, 1)["0"])

    containers.create_carousel(world.app, ref)

    assert state_of(world, ref, "parent").id != first.id
    assert state_of(world, ref, "parent").children != first.children


def test_place_and_collaborators_of_an_item_go_to_the_carousel(world: World) -> None:
    ref = world.begun(kind="carousel", items=2, containers=items_on_instagram(world, 2))
    snapshot = world.job(ref).items
    snapshot[1].media.location_id, snapshot[1].media.collaborators = "42", ["ben"]
    world.store.update_job(ref, items=snapshot)

    containers.create_carousel(world.app, ref)

    assert (sent(world)["location_id"], sent(world)["collaborators"]) == ("42", '["ben"]')


@pytest.mark.parametrize(
    ("code", "subcode", "expected"),
    [
        (100, 2207028, InvalidPostError),
        (36004, 2207010, InvalidPostError),
        (100, None, MediaRejectedError),
    ],
)
def test_a_carousel_that_is_refused_as_such_ends_the_run(
    world: World, code: int, subcode: int | None, expected: type[PostwrightError]
) -> None:
    ref = world.begun(kind="carousel", items=2, containers=items_on_instagram(world, 2))
    error = {"error": {"code": code, "error_subcode": subcode}}
    world.answer({"call": "create", "status": 400, "body": json.dumps(error)})

    with pytest.raises(expected, match="The carousel cannot be published") as raised:
        containers.create_carousel(world.app, ref)

    assert raised.value.item == "carousel"


def test_a_carousel_that_could_not_be_made_for_the_moment_is_tried_again(world: World) -> None:
    ref = world.begun(kind="carousel", items=2, containers=items_on_instagram(world, 2))
    world.answer({"call": "create", "status": 500})

    answer = containers.create_carousel(world.app, ref)
    early = check(world, ref)
    world.advance(7)
    late = check(world, ref)

    assert answer["next"] == early[0] == "wait"
    assert 5 <= answer["waitSeconds"] <= 7
    assert late[0] == "carousel"


def test_a_carousel_whose_items_are_not_ready_after_all_is_tried_again(world: World) -> None:
    ref = world.begun(kind="carousel", items=2, containers=items_on_instagram(world, 2))
    world.answer({"call": "create", "error": [9007, 2207027]})

    answer = containers.create_carousel(world.app, ref)
    world.advance(7)

    assert answer["next"] == "wait"
    assert check(world, ref)[0] == "carousel"


def test_items_that_instagram_has_forgotten_are_looked_at_again(world: World) -> None:
    """Instagram then says of the carousel that a container is unknown, not which one."""
    at_hand = items_on_instagram(world, 2)
    at_hand["1"] = finished("17900000000000001")
    ref = world.begun(kind="carousel", items=2, containers=at_hand)

    containers.create_carousel(world.app, ref)
    says(world, (1, {"status_code": "EXPIRED"}))
    step = check(world, ref)

    assert step[:2] == ("create", [1])
    assert state_of(world, ref, "0").state == "finished"


def test_a_carousel_whose_items_are_said_to_be_unknown_is_not_made_for_ever(world: World) -> None:
    ref = world.begun(kind="carousel", items=2, containers=items_on_instagram(world, 2))
    unknown = '{"error": {"code": 24, "error_subcode": 2207008}}'
    world.answer({"call": "create", "status": 400, "body": unknown, "times": 99})

    containers.create_carousel(world.app, ref)
    containers.create_carousel(world.app, ref)
    with pytest.raises(ContainerExpiredError, match="gone or expired"):
        containers.create_carousel(world.app, ref)


# The quota


def quota(world: World, used: int, total: int = 3) -> None:
    """So many posts of the last 24 hours, a minute apart."""
    world.lab.config(quota_total=total)
    for number in range(used):
        world.lab.published(world.image_on_instagram(f"Post {number}"))
        world.advance(56)


def test_the_answer_tells_what_instagram_said_of_each_container(world: World) -> None:
    unfinished = {str(index): known("created", index) for index in (1, 2, 3)}
    ref = world.begun(kind="carousel", items=4, containers={"0": known("finished"), **unfinished})
    says(world, (1, broken(2207053)), (3, IN_PROGRESS))
    world.answer({"match": "/17900000000000002", "status": 500, "body": ""})

    seen = containers.check_status(world.app, ref)["seen"]

    assert seen == [
        {"container": "1", "status": "ERROR", "subcode": 2207053},
        {"container": "2", "status": None},
        {"container": "3", "status": "IN_PROGRESS"},
    ]


def test_with_a_free_slot_all_missing_containers_are_asked_for(world: World) -> None:
    quota(world, 2)
    ref = world.begun(kind="carousel", items=3)

    answer = containers.check_quota(world.app, ref)

    assert answer == {
        "next": "create",
        "waitSeconds": 6,
        "pending": [{"index": 0}, {"index": 1}, {"index": 2}],
        "completed": 0,
        "total": 8,
        "quota": {"used": 2, "total": 3},
    }


def test_containers_that_live_are_not_asked_for(world: World) -> None:
    ref = world.begun(kind="carousel", items=2, containers={"0": known("finished")})

    answer = containers.check_quota(world.app, ref)

    assert answer["pending"] == [{"index": 1}]


def test_a_video_is_first_looked_at_later(world: World) -> None:
    ref = world.begun(kind="reel")

    assert containers.check_quota(world.app, ref)["waitSeconds"] > 20


def test_a_full_quota_ends_a_run_that_is_not_to_wait(world: World) -> None:
    quota(world, 3)
    ref = world.begun()

    with pytest.raises(QuotaExceededError, match="has used its 3 posts") as raised:
        containers.check_quota(world.app, ref)

    assert raised.value.frees_at is not None
    left = -clock.seconds_since(clock.from_text(raised.value.frees_at))
    assert abs(left - (86_400 - 3 * 60)) < 30


@pytest.mark.parametrize(("passed", "wait"), [(0, 3600), (86_400 - 600, 420)])
def test_a_full_quota_is_waited_for_until_a_slot_is_expected_and_at_most_an_hour(
    world: World, passed: int, wait: int
) -> None:
    quota(world, 3)
    world.advance(passed)
    ref = world.begun(on_quota="wait")

    answer = containers.check_quota(world.app, ref)

    assert answer["next"] == "wait"
    assert abs(answer["waitSeconds"] - wait) < 30
    assert world.job(ref).phase == "waiting_for_quota"


@pytest.mark.parametrize(
    "answer",
    [{"status": 500}, {"body": '{"data": []}'}, {"body": '{"data": [{"id": "1"}]}'}],
    ids=str,
)
def test_without_a_list_of_posts_the_next_slot_is_expected_in_an_hour(
    world: World, answer: dict[str, Any]
) -> None:
    quota(world, 0, total=0)
    ref = world.begun(on_quota="wait")
    world.answer({"call": "list", **answer})

    assert containers.check_quota(world.app, ref)["waitSeconds"] == 3600


def test_a_slot_that_is_about_to_free_is_asked_for_in_a_minute(world: World) -> None:
    quota(world, 3)
    world.advance(86_400 - 190)
    ref = world.begun(on_quota="wait")

    assert containers.check_quota(world.app, ref)["waitSeconds"] == 60


@pytest.mark.parametrize("redrives", [0, 1])
def test_after_three_days_nobody_waits_any_more(world: World, redrives: int) -> None:
    quota(world, 0, total=0)
    ref = world.begun(on_quota="wait").model_copy(update={"redrive_count": redrives})
    patience = 3 * 86_400 * (1 + redrives)
    world.advance(patience - 10)

    before = containers.check_quota(world.app, ref)
    world.advance(20)

    assert before["next"] == "wait"
    with pytest.raises(QuotaExceededError):
        containers.check_quota(world.app, ref)


def test_a_call_limit_on_the_quota_is_waited_for_and_not_for_ever(world: World) -> None:
    ref = world.begun()
    limit = {"call": "quota", "status": 400, "body": '{"error": {"code": 4}}', "times": 9}
    world.answer(limit)

    waiting = containers.check_quota(world.app, ref)
    world.advance(3 * 86_400 + 1)

    assert (waiting["next"], waiting["waitSeconds"]) == ("wait", 300)
    with pytest.raises(RateLimitedError):
        containers.check_quota(world.app, ref)


def test_a_run_that_waited_and_has_made_nothing_follows_the_group_anew(world: World) -> None:
    world.add_image_group()
    ref = world.begun(on_quota="wait")
    quota(world, 0, total=0)
    containers.check_quota(world.app, ref)
    world.cloud.dynamodb.update_item(
        TableName=world.app.settings.table,
        Key={"PK": {"S": f"SESSION#{SESSION}"}, "SK": {"S": "GROUP#g1"}},
        UpdateExpression="SET caption = :caption",
        ExpressionAttributeValues={":caption": {"S": "A better caption"}},
    )
    world.lab.config(quota_total=5)
    world.advance(3600)

    answer = containers.check_quota(world.app, ref)

    assert answer["next"] == "create"
    assert world.job(ref).caption_text == "A better caption"


def test_a_run_that_has_containers_keeps_what_it_began_with(world: World) -> None:
    world.add_image_group()
    ref = world.begun(text="As it was", containers={"0": known("finished")}, on_quota="wait")
    quota(world, 0, total=0)
    containers.check_quota(world.app, ref)
    world.lab.config(quota_total=5)
    world.advance(3600)

    assert containers.check_quota(world.app, ref)["next"] == "create"
    assert world.job(ref).caption_text == "As it was"


def test_the_quota_is_asked_of_the_right_account(world: World) -> None:
    ref = world.begun()

    containers.check_quota(world.app, ref)

    paths = [entry["path"] for entry in world.lab.requests()]
    assert paths == [f"/v25.0/{ACCOUNT}/content_publishing_limit"]
