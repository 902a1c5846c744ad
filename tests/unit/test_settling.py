"""What a run has left open is settled, by the sweep or by hand, and never by a guess."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from postwright import closing, finishing, publishing, settling
from postwright.errors import InvalidPostError, NotPossibleError, PublishUncertainError
from postwright.executions import ExecutionStatus
from postwright.models import Attempt, Ref
from postwright.settling import Case
from tests.unit.core_world import World, finished

pytest_plugins = ("tests.unit.core_fixtures",)

SETTLED = 121
A_DAY = 24 * 3600 + 60


def unconfirmed(
    world: World, group_id: str = "g1", *, live: bool = False, age: float = SETTLED, **more: Any
) -> Ref:
    """A run that sent its publish call, got no answer, and was ended."""
    ref = world.ready_to_publish(group_id, **more)
    world.publish_answers(500)
    with pytest.raises(PublishUncertainError):
        publishing.publish(world.app, ref, lambda: 30.0)
    if live:
        world.lab.published(attempt_of(world, group_id).container_id)
    world.executions.end(ref.job_id, "FAILED")
    closing.close_run(world.app, world.job(ref))
    assert world.group(group_id).publish_status == "unconfirmed"
    world.advance(age)
    return ref


def attempt_of(world: World, group_id: str = "g1") -> Attempt:
    found = world.group(group_id).attempt
    assert found is not None
    return found


def sweep(world: World, remaining_seconds: float = 30.0) -> dict[str, int]:
    return settling.sweep(world.app, lambda: remaining_seconds)


def counted(**kinds: int) -> dict[str, int]:
    return {"settled": 0, "running": 0, "open": 0, "failed": 0} | kinds


def case_of(world: World, ref: Ref) -> Case:
    found = settling.evidence(world.app, ref.job_id)
    assert found is not None
    return found


def the_post(world: World) -> dict[str, Any]:
    [post] = world.lab.posts()
    return post


# The sweep


def test_the_sweep_looks_past_the_newest_posts(world: World) -> None:
    unconfirmed(world, live=True)
    mine = the_post(world)["id"]
    for number in range(51):
        world.lab.published(world.image_on_instagram(f"Another {number}"))

    assert sweep(world) == counted(settled=1)
    assert world.group().instagram_post_id == mine


def test_the_sweep_finds_a_post_that_is_live(world: World) -> None:
    ref = unconfirmed(world, live=True)

    counts = sweep(world)

    post, group, job = the_post(world), world.group(), world.job(ref)
    assert counts == counted(settled=1)
    assert (group.publish_status, group.instagram_post_id) == ("published", post["id"])
    assert group.permalink == post["permalink"]
    assert (job.status, job.instagram_post_id, job.permalink) == (
        "published",
        post["id"],
        post["permalink"],
    )
    assert job.error is None
    assert job.settlement is not None
    assert (job.settlement.how, job.settlement.by) == ("found", "the sweep")
    assert sweep(world) == counted()


def test_a_publish_without_a_trace_stays_open_while_its_container_lives(world: World) -> None:
    ref = unconfirmed(world, age=3600)

    counts = sweep(world)

    assert counts == counted(open=1)
    assert world.group().publish_status == world.job(ref).status == "unconfirmed"
    assert len(world.posts_sent()) == 1


def test_when_its_container_has_expired_nothing_was_published(world: World) -> None:
    ref = unconfirmed(world, age=A_DAY)

    counts = sweep(world)

    group, job = world.group(), world.job(ref)
    assert counts == counted(settled=1)
    assert (group.publish_status, attempt_of(world).state) == ("failed", "not_published")
    assert attempt_of(world).settled_by == "the sweep"
    assert job.status == "failed"
    assert job.settlement is not None
    assert job.settlement.how == "expired"
    world.claim(ref.model_copy(update={"job_id": "next"}))
    assert world.group().active_job_id == "next"


def test_within_the_settle_time_an_expired_container_proves_nothing(world: World) -> None:
    unconfirmed(world, age=60)
    expired = {"status_code": "EXPIRED", "status": "Expired"}
    world.answer({"call": "status", "status": 200, "body": expired, "times": None})

    early = sweep(world)
    world.advance(60)

    assert early == counted(open=1)
    assert sweep(world) == counted(settled=1)
    assert world.group().publish_status == "failed"


def test_a_post_of_somebody_else_with_the_same_words_keeps_it_open(world: World) -> None:
    ref = unconfirmed(world, age=0)
    world.lab.published(world.image_on_instagram("Hello"))
    world.advance(A_DAY)

    assert sweep(world)["open"] == 1

    assert world.group().publish_status == "unconfirmed"
    assert case_of(world, ref).evidence.status == "EXPIRED"


def test_two_posts_that_fit_are_published_without_an_id_and_looked_for_again(
    world: World,
) -> None:
    ref = unconfirmed(world, live=True)
    world.lab.published(world.image_on_instagram("Hello"))

    first = sweep(world)

    assert first["open"] == 1
    assert (world.group().publish_status, world.group().instagram_post_id) == ("published", None)
    assert world.job(ref).status == "published"
    assert [job.job_id for job in world.store.open_jobs()] == [ref.job_id]


def test_a_link_that_was_open_is_found_when_only_one_post_is_left(world: World) -> None:
    ref = unconfirmed(world, live=True)
    other = world.lab.published(world.image_on_instagram("Hello"))
    sweep(world)
    stranger = Ref(session_id="s1", group_id="g2", job_id="another")
    assert world.store.claim_media(stranger, "1", other)

    counts = sweep(world)

    assert counts == counted(settled=1)
    assert world.group().instagram_post_id == world.job(ref).instagram_post_id
    assert world.group().permalink == world.job(ref).permalink
    assert world.group().instagram_post_id not in (None, other)


def test_a_permalink_that_could_not_be_read_is_filled_in(world: World) -> None:
    ref = world.ready_to_publish()
    publishing.publish(world.app, ref, lambda: 30.0)
    world.answer({"call": "media", "status": 500, "body": "", "times": 1})
    finishing.record_result(world.app, ref)
    world.executions.end(ref.job_id, "SUCCEEDED")
    done = world.job(ref).finished_at
    assert world.job(ref).permalink is None

    counts = sweep(world)

    assert counts == counted(settled=1)
    assert world.group().permalink == world.job(ref).permalink == the_post(world)["permalink"]
    assert world.job(ref).finished_at == done


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_run_whose_end_nobody_heard_of_is_closed(world: World, status: ExecutionStatus) -> None:
    ref = world.begun()
    world.executions.end(ref.job_id, status)
    world.advance(SETTLED)

    counts = sweep(world)

    assert counts == counted(settled=1)
    assert world.group().publish_status == world.job(ref).status == "failed"


def test_a_claim_whose_run_was_never_started_is_started(world: World) -> None:
    ref = world.begun()
    world.executions.known.clear()
    world.executions.started.clear()
    world.advance(SETTLED)

    assert sweep(world) == counted(running=1)

    assert world.executions.started == [(ref.job_id, world.job(ref).request)]


def test_a_job_that_has_just_changed_is_left_alone(world: World) -> None:
    ref = world.begun()
    world.executions.end(ref.job_id)

    assert sweep(world) == counted(running=1)

    assert world.job(ref).status == "publishing"


def test_while_a_redrive_looks_itself_the_sweep_does_not(world: World) -> None:
    ref = unconfirmed(world, live=True)
    world.executions.end(ref.job_id, "RUNNING")

    sweep(world)

    assert world.group().publish_status == "unconfirmed"


def test_a_job_whose_group_went_on_without_it_leaves_the_index(world: World) -> None:
    ref = unconfirmed(world, age=A_DAY)
    sweep(world)
    world.store.update_job(ref, status="unconfirmed", phase="unconfirmed")
    world.claim(ref.model_copy(update={"job_id": "next"}))

    sweep(world)

    assert [job.job_id for job in world.store.open_jobs()] == ["next"]


def test_one_job_that_cannot_be_looked_at_does_not_keep_the_others_waiting(world: World) -> None:
    unconfirmed(world, "g1", live=True, text="One", age=0)
    ref = unconfirmed(world, "g2", live=True, text="Two")
    world.answer({"call": "status", "error": [190, 463], "times": 1})

    counts = sweep(world)

    assert counts == counted(settled=1, failed=1)
    assert world.group("g1").publish_status == "unconfirmed"
    assert world.group("g2").publish_status == world.job(ref).status == "published"


def test_a_sweep_ends_in_time_and_the_next_begins_where_it_ended(world: World) -> None:
    refs = [unconfirmed(world, f"g{number}", text=str(number)) for number in range(3)]
    left = iter([30.0, 30.0, 5.0])

    counts = settling.sweep(world.app, lambda: next(left))

    assert counts == counted(open=3)
    assert next(world.store.open_jobs()).job_id == refs[2].job_id


def test_after_a_week_only_a_person_can_settle(world: World) -> None:
    ref = unconfirmed(world, age=0)
    world.lab.published(world.image_on_instagram("Hello"))
    world.advance((settling.GIVE_UP_AFTER + timedelta(minutes=1)).total_seconds())

    counts = sweep(world)

    assert counts == counted(settled=1)
    assert list(world.store.open_jobs()) == []
    assert world.job(ref).status == "unconfirmed"


def test_a_refusal_that_comes_after_the_run_was_closed_leaves_nothing_to_settle(
    world: World,
) -> None:
    ref = unconfirmed(world)

    world.store.refuse_late(ref, attempt_of(world).seq, "failed")

    assert (world.group().publish_status, attempt_of(world).state) == ("failed", "not_published")
    assert world.job(ref).status == "failed"
    assert list(world.store.open_jobs()) == []


# The evidence


def test_the_evidence_shows_the_container_and_every_post_of_that_time(world: World) -> None:
    ref = unconfirmed(world, live=True)
    other = world.lab.published(world.image_on_instagram("Other words"))
    mine = next(post for post in world.lab.posts() if post["id"] != other)

    found = case_of(world, ref).to_json()

    assert found["containerId"] == attempt_of(world).container_id
    assert found["containerStatus"] == "PUBLISHED"
    assert (found["settled"], found["postsRead"]) == (True, True)
    assert {
        (row["instagramPostId"], row["permalink"], row["caption"], row["fits"], row["taken"])
        for row in found["candidates"]
    } == {
        (mine["id"], mine["permalink"], "same", True, False),
        (other, found["candidates"][0]["permalink"], "other", False, False),
    }


def test_there_is_no_evidence_for_a_job_that_is_clear(world: World) -> None:
    ref = world.begun()

    assert settling.evidence(world.app, ref.job_id) is None
    with pytest.raises(InvalidPostError, match="no publish job nobody"):
        settling.evidence(world.app, "nobody")


def test_a_look_by_hand_settles_what_is_proven(world: World) -> None:
    ref = unconfirmed(world, live=True)

    settling.look_again(world.app, ref.job_id, "anna")

    job = world.job(ref)
    assert job.status == "published"
    assert job.settlement is not None
    assert (job.settlement.how, job.settlement.by) == ("found", "anna")


# By hand


def test_a_person_says_which_post_it_is(world: World) -> None:
    ref = unconfirmed(world, live=True)
    second = world.lab.published(world.image_on_instagram("Hello"))

    job = settling.accept(world.app, ref.job_id, second, "anna")

    assert (job.status, job.instagram_post_id) == ("published", second)
    assert world.group().instagram_post_id == second
    assert world.group().permalink == job.permalink
    assert job.settlement is not None
    assert (job.settlement.how, job.settlement.by) == ("accepted", "anna")
    assert settling.accept(world.app, ref.job_id, second, "anna") == job


def test_a_person_gives_the_link_of_a_post_that_is_live(world: World) -> None:
    ref = unconfirmed(world, live=True)
    second = world.lab.published(world.image_on_instagram("Hello"))
    sweep(world)
    assert world.group().instagram_post_id is None

    job = settling.accept(world.app, ref.job_id, second, "anna")

    assert (job.instagram_post_id, world.group().instagram_post_id) == (second, second)


def test_a_function_that_dies_after_an_accept_leaves_nothing_untrue(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = unconfirmed(world, live=True)
    post = the_post(world)

    class Killed(BaseException):
        """The process ends right after it has written that the post is live."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr(finishing, "close_published", die)
    with pytest.raises(Killed):
        settling.accept(world.app, ref.job_id, post["id"], "anna")
    monkeypatch.undo()

    assert (world.group().publish_status, world.job(ref).status) == ("published", "published")
    assert world.job(ref).settlement is not None
    assert sweep(world) == counted(settled=1)
    assert world.job(ref).permalink == world.group().permalink == post["permalink"]
    assert list(world.store.open_jobs()) == []


def test_an_accepted_post_must_be_of_the_kind_and_nobody_elses(world: World) -> None:
    ref = unconfirmed(world)
    _, parent = world.carousel_on_instagram("Hello")
    carousel = world.lab.published(parent)
    taken = world.lab.published(world.image_on_instagram("Hello"))
    assert world.store.claim_media(Ref(session_id="s1", group_id="g2", job_id="x"), "1", taken)

    with pytest.raises(NotPossibleError, match="is a CAROUSEL_ALBUM"):
        settling.accept(world.app, ref.job_id, carousel, "anna")
    with pytest.raises(NotPossibleError, match="of another group"):
        settling.accept(world.app, ref.job_id, taken, "anna")

    assert world.group().publish_status == "unconfirmed"


def test_a_person_says_that_nothing_is_live_and_the_post_can_start_anew(world: World) -> None:
    ref = unconfirmed(world)

    job = settling.not_published(world.app, ref.job_id, "anna")

    now = attempt_of(world)
    assert (job.status, world.group().publish_status, now.state) == (
        *("failed", "failed"),
        "not_published",
    )
    assert (now.settled_by, job.settlement and job.settlement.how) == ("anna", "not_published")
    world.claim(ref.model_copy(update={"job_id": "next"}))
    assert world.group().active_job_id == "next"


def test_what_a_person_says_is_refused_when_it_cannot_be_true(world: World) -> None:
    soon = unconfirmed(world, "g1", text="One", age=0)
    with pytest.raises(NotPossibleError, match="may still take effect"):
        settling.not_published(world.app, soon.job_id, "anna")

    live = unconfirmed(world, "g2", text="Two", live=True)
    with pytest.raises(NotPossibleError, match="says PUBLISHED"):
        settling.not_published(world.app, live.job_id, "anna")

    hidden = unconfirmed(world, "g3", text="Three")
    world.answer({"call": "status", "status": 500, "body": "", "times": 1})
    with pytest.raises(NotPossibleError, match="cannot be read"):
        settling.not_published(world.app, hidden.job_id, "anna")

    running = unconfirmed(world, "g4", text="Four")
    world.executions.end(running.job_id, "RUNNING")
    with pytest.raises(NotPossibleError, match="nothing to settle"):
        settling.not_published(world.app, running.job_id, "anna")

    names = ("g1", "g2", "g3", "g4")
    assert {world.group(name).publish_status for name in names} == {"unconfirmed"}


def test_only_an_unclear_publish_can_be_settled(world: World) -> None:
    ref = world.begun()

    settles: list[Callable[[], object]] = [
        lambda: settling.not_published(world.app, ref.job_id, "anna"),
        lambda: settling.accept(world.app, ref.job_id, "1", "anna"),
    ]
    for settle in settles:
        with pytest.raises(NotPossibleError, match=re.escape("nothing to settle: it is publish")):
            settle()


def test_a_container_that_was_given_up_and_is_live_after_all_is_not_sent_again(
    world: World,
) -> None:
    ref = unconfirmed(world)
    container = attempt_of(world).container_id
    settling.not_published(world.app, ref.job_id, "anna")
    world.lab.published(container)
    again = world.begun(job_id="next", containers={"0": finished(container)})

    with pytest.raises(PublishUncertainError, match="published this container already"):
        publishing.publish(world.app, again, lambda: 30.0)
    world.advance(30)
    answer = publishing.reconcile(world.app, again)

    assert (answer["next"], answer["instagramPostId"]) == ("published", the_post(world)["id"])
    assert len(world.posts_sent()) == 1
