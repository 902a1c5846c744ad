"""Calls side by side in states of their own: what two plain calls on one group do not meet.

Somebody deletes a record, a person is mistaken, three groups share a caption, Instagram tells late
of what is live.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from postwright.models import Ref
from tests.chaos.explorer.instagram import Lag
from tests.chaos.explorer.plays import (
    CALLS,
    FOUND,
    LONG,
    MORE,
    ONE,
    Call,
    Play,
    beside,
    pairs,
    set_up,
    twins,
)
from tests.chaos.explorer.scheduler import Actor
from tests.chaos.explorer.stage import SESSION, Stage

TWO = Ref(session_id=SESSION, group_id="g2", job_id="job-9")
THREE = Ref(session_id="t", group_id="g1", job_id="job-8")
"""Another group, and one of another session with the same name as the first."""
_Named = tuple[str, Call]
_SetUp = Callable[[Stage], None]


@dataclass(frozen=True)
class Story:
    """Calls side by side, `long` ones of which take longer than a function does."""

    name: str
    set_up: _SetUp
    calls: tuple[_Named, ...] = ()
    long: tuple[_Named, ...] = ()

    def play(self, stage: Stage) -> list[Actor]:
        self.set_up(stage)
        return [
            stage.scheduler.add(name, lambda call=call: call(stage), single=single)  # type: ignore[misc]
            for single, calls in ((True, self.calls), (False, self.long))
            for name, call in calls
        ]


def every_play() -> list[Play]:
    """All pairs, twins and stories, and all calls beside something that takes longer."""
    return [*pairs(), *twins(), *beside(), *stories()]


def stories() -> Iterator[Story]:
    """All of them."""
    yield from _deleted()
    yield from _written_twice()
    yield from _mistaken()
    yield from _same_captions()
    yield from _seen_late()
    yield from _stopped()
    yield from _tried_again()


def _found(name: str, also: _SetUp = lambda _: None) -> _SetUp:
    found = next(found for found in (*FOUND, *MORE) if found.name == name)

    def prepare(stage: Stage) -> None:
        set_up(stage, found)
        also(stage)

    return prepare


def _call(name: str) -> _Named:
    return name, CALLS[name]


def _long(name: str) -> _Named:
    return name, LONG[name]


# Records that go away


def _deleted() -> Iterator[Story]:
    group = ("somebody", lambda stage: stage.delete("GROUP#g1"))
    for call, found in (
        ("start", "never started"),
        ("publish", "about to publish"),
        ("reconcile_publish", "sent, and live"),
        ("sweep", "unconfirmed, and live"),
    ):
        yield Story(f"{call} + the group is deleted, {found}", _found(found), (_call(call), group))
    yield Story("record_result + the group is deleted", _known, (_record(ONE), group))
    job = ("somebody", lambda stage: stage.delete("PUBLISH#job-1"))
    for call, found in (
        ("publish", "about to publish"),
        ("record_failure", "about to publish"),
        ("redriven publish", "failed"),
        ("not_published", "unconfirmed, without effect"),
        ("sweep", "unconfirmed, without effect"),
        ("sweep", "unconfirmed, and live"),
    ):
        yield Story(f"{call} + the job is deleted, {found}", _found(found), (_call(call), job))
    create = ("create_container", lambda stage: stage.create_container(ONE))
    yield Story("create_container + the job is deleted", _never_created, (create, job))
    stopped = _found("about to publish")
    yield Story(
        "publish + stopped, and the job is deleted",
        stopped,
        (_call("publish"),),
        (("somebody", _close_and_delete),),
    )
    yield Story("sweep + the job is deleted, superseded", _superseded, (_call("sweep"), job))


def _known(stage: Stage) -> None:
    """The post was found, and the run's last step is still to come."""
    set_up(stage, next(found for found in FOUND if found.name == "sent, and live"))
    stage.clock.advance(130)
    stage.reconcile(ONE)


def _never_created(stage: Stage) -> None:
    """A run that has made no container yet."""
    set_up(stage, next(found for found in FOUND if found.name == "about to publish"))
    stage.app.store.update_job(ONE, containers={})


def _superseded(stage: Stage) -> None:
    """An open job whose group belongs to another one."""
    set_up(stage, next(found for found in FOUND if found.name == "failed"))
    stage.start("g1")
    stage.app.store.update_job(ONE, status="unconfirmed")


def _close_and_delete(stage: Stage) -> None:
    stage.record_failure(ONE)
    stage.delete("PUBLISH#job-1")


def _record(ref: Ref) -> _Named:
    return "record_result", lambda stage: stage.record_result(ref)


# Records that are written twice


def _written_twice() -> Iterator[Story]:
    yield Story(
        "publish + the pipeline writes the group again",
        _found("about to publish"),
        (_call("publish"), ("pipeline", lambda stage: stage.add_group("g1"))),
    )
    yield Story(
        "cancel + the execution begins, claimed only",
        _claimed_only,
        (_call("cancel"),),
        (("the starter", lambda stage: stage.begin_execution(ONE)),),
    )
    yield Story(
        "start, published",
        _found("about to publish", lambda stage: stage.go_on(ONE.job_id)),
        (_call("start"),),
    )
    one_more = ("a new run", lambda stage: stage.one_more(ONE))
    for found in ("never started", "failed", "refused, and failed"):
        yield Story(f"start + one more, {found}", _found(found), (_call("start"),), (one_more,))


def _claimed_only(stage: Stage) -> None:
    """A start that has claimed the group, and not yet begun the execution."""
    set_up(stage, FOUND[0])
    stage.claimed("g1", ONE.job_id)


# People who are mistaken


def _mistaken() -> Iterator[Story]:
    another = ("accept another", lambda stage: stage.accept_another(ONE))
    yield Story(
        "sweep + another post accepted",
        _found("unconfirmed, and live", _foreign_post),
        (_call("sweep"), another),
    )
    for call, found in (
        ("publish", "about to publish"),
        ("publish", "allowed to send again"),
        ("reconcile_publish", "looked for once"),
    ):
        yield Story(
            f"{call} + stopped, another post accepted, {found}",
            _found(found, _foreign_post),
            (_call(call),),
            (("a person", _stop_and_take_another),),
        )
    yield Story(
        "the post of another group accepted",
        _found("unconfirmed, without effect", _another_is_live),
        (another,),
    )
    yield Story(
        "accept + sweep, unconfirmed, live and not shown",
        _found("unconfirmed, and live", _lagging(list=600.0)),
        (_call("accept"), _call("sweep")),
    )
    yield Story(
        "not_published + sweep, live and not told",
        _found("unconfirmed, and live", _misled),
        (_call("not_published"), _call("sweep")),
    )
    yield Story(
        "not_published + a new run, live and not told",
        _found("unconfirmed, and live", _misled),
        (_call("not_published"),),
        (("a new run", lambda stage: stage.one_more(ONE)),),
    )


def _foreign_post(stage: Stage) -> None:
    """Somebody publishes something else by hand, and it may be taken for the group's."""
    stage.promised.mistaken.add(stage.post_by_hand("Something else"))


def _same_by_hand(stage: Stage) -> None:
    """Somebody publishes the very same by hand; only a person can tell them apart."""
    stage.post_by_hand("Hello")
    stage.promised.unclear.add("g1")


def _live_and_expired(stage: Stage) -> None:
    """The status never tells of the post, until the container is too old to be published."""
    _lagging(status=1e7)(stage)
    stage.promised.unclear.add("g1")


def _another_is_blocked(stage: Stage) -> None:
    """A group with another caption was answered with an action block some time ago."""
    _another_caption(stage)
    stage.sent(TWO, "blocked")
    stage.clock.advance(130)


def _another_caption(stage: Stage) -> None:
    """A group with another caption is about to be published too."""
    stage.add_group("g2", text="Good night")
    stage.begun("g2", TWO.job_id, text="Good night")


def _another_is_live(stage: Stage) -> None:
    """Another group with another caption is published."""
    _another_caption(stage)
    stage.go_on(TWO.job_id)


def _stop_and_take_another(stage: Stage) -> None:
    stage.record_failure(ONE)
    stage.accept_another(ONE)


def _misled(stage: Stage) -> None:
    """The next look sees nothing, and a person believes it."""
    stage.instagram.blind = 1
    stage.promised.misled.add("g1")


# Groups with the same caption


def _same_captions() -> Iterator[Story]:
    for first in ("publish", "record_result"):
        for others in ((TWO,), (THREE,), (TWO, THREE)):
            names = " and ".join(_name(other) for other in others)
            mine = _call("publish") if first == "publish" else _record(ONE)
            found = _found("about to publish") if first == "publish" else _known
            yield Story(
                f"{first} beside {names} with the same caption",
                _with(found, _begun(others)),
                (mine, *(_publish(other) for other in others)),
            )


def _name(ref: Ref) -> str:
    return f"{ref.session_id}/{ref.group_id}"


def _publish(ref: Ref) -> _Named:
    return f"publish {_name(ref)}", lambda stage: stage.publish_and_close(ref)


def _begun(others: tuple[Ref, ...]) -> _SetUp:
    """Other groups with the caption of the first are about to be published too."""

    def prepare(stage: Stage) -> None:
        for other in others:
            stage.add_group(other.group_id, other.session_id)
            stage.begun(other.group_id, other.job_id, other.session_id)

    return prepare


def _with(first: _SetUp, then: _SetUp) -> _SetUp:
    def prepare(stage: Stage) -> None:
        first(stage)
        then(stage)

    return prepare


# An Instagram that tells late


def _seen_late() -> Iterator[Story]:
    goes_on = _long("the run goes on")
    yield Story(
        "the run goes on, its first look sees nothing",
        _found("sent, and live", _blind),
        long=(goes_on,),
    )
    for what, lag in (
        ("the status lags", {"status": 1000.0}),
        ("status and caption lag", {"status": 1000.0, "caption": 1000.0}),
        (
            "the posts lag, and the status is unreadable",
            {"unreadable_status": 250.0, "list": 250.0},
        ),
        (
            "the status lags, and the posts are unreadable",
            {"status": 1000.0, "unreadable_list": 1000.0},
        ),
    ):
        yield Story(
            f"the run goes on, {what}", _found("sent, and live", _lagging(**lag)), long=(goes_on,)
        )

    yield Story(
        "sweep, its first look sees nothing",
        _found("unconfirmed, and live", _blind),
        (_call("sweep"),),
    )
    yield Story(
        "sweep, the status never tells",
        _found("unconfirmed, and live", _live_and_expired),
        (_call("sweep"),),
    )
    yield Story(
        "not_published, the status is unreadable",
        _found("unconfirmed, and live", _lagging(unreadable_status=1000.0, list=1000.0)),
        (_call("not_published"),),
    )
    yield Story(
        "a look that ends after the settle time",
        _found("sent, with an effect on its way", _look_takes_long),
        (_call("reconcile_publish"),),
    )
    yield Story(
        "not_published, published with its link open",
        _found("unconfirmed, and live", _link_open),
        (_call("not_published"),),
    )
    yield Story(
        "the run goes on, another group posted the same",
        _another_has_the_same,
        long=(goes_on,),
    )
    for found in ("sent, and live", "sent without effect"):
        yield Story(
            f"the run goes on, the same posted by hand, {found}",
            _found(found, _same_by_hand),
            long=(goes_on,),
        )


def _look_takes_long(stage: Stage) -> None:
    """The second look begins a moment before the effect, and ends after the settle time."""
    stage.clock.advance(60)
    stage.reconcile(ONE)
    [late] = stage.instagram.late
    stage.instagram.late = [replace(late, at=late.at + timedelta(seconds=19))]
    stage.clock.advance(58)
    stage.instagram.answer_slowly = lambda call: stage.clock.advance(6.0 * (call == "list"))


def _link_open(stage: Stage) -> None:
    """The container says that it is published, and the post is not shown yet."""
    _lagging(list=600.0)(stage)
    stage.sweep()


def _another_has_the_same(stage: Stage) -> None:
    """Another group with the same caption was published a moment before."""
    stage.add_group("g2")
    stage.begun("g2", TWO.job_id)
    stage.go_on(TWO.job_id)
    set_up(stage, next(found for found in FOUND if found.name == "sent without effect"))


def _blind(stage: Stage) -> None:
    stage.clock.advance(130)
    stage.instagram.blind = 1


def _lagging(**seconds: float) -> _SetUp:
    def prepare(stage: Stage) -> None:
        stage.instagram.lag = Lag(**{name: timedelta(seconds=s) for name, s in seconds.items()})

    return prepare


# Runs that must not send again


def _slow(to_write: float, to_send: float) -> _SetUp:
    """So many seconds pass before an attempt is written down, and before its POST leaves."""

    def prepare(stage: Stage) -> None:
        seconds, before = {"TransactWriteItems": to_write, "publish": to_send}, stage.table.before

        def slowly(call: str) -> None:
            before(call)
            stage.clock.advance(seconds.pop(call, 0.0))

        stage.table.before = stage.instagram.before = slowly

    return prepare


def _stopped() -> Iterator[Story]:
    yield Story(
        "the run goes on, and a person is asked",
        _found("sent long ago without effect", lambda stage: stage.asks()),
        (_call("reconcile_publish"),),
        (_long("the run goes on"),),
    )
    send_again = ("look and send again", lambda stage: stage.look_and_send(ONE))
    two = ("publish s/g2", lambda stage: stage.publish_and_close(TWO))
    yield Story(
        "publish beside another caption",
        _found("about to publish", _another_caption),
        (_call("publish"), two),
    )
    yield Story(
        "publish, and another group was blocked",
        _found("about to publish", _another_is_blocked),
        (_call("publish"),),
    )
    yield Story(
        "reconcile_publish twice, and publish",
        _found("looked for once"),
        (
            ("reconcile_publish 1", CALLS["reconcile_publish"]),
            ("reconcile_publish 2", CALLS["reconcile_publish"]),
            _call("publish"),
        ),
    )
    for how, to_write, to_send in (
        ("slow to write down and to send", 12.0, 12.0),
        ("very slow to write down", 24.0, 0.0),
        ("very slow to send", 0.0, 24.0),
    ):
        yield Story(
            f"a publish that is {how}, and is sent again",
            _found("about to publish", _slow(to_write, to_send)),
            (_call("publish"),),
            (send_again,),
        )
    yield Story(
        "record_failure + look and send again",
        _found("sent, with an effect on its way"),
        (_call("record_failure"),),
        (send_again,),
    )
    yield Story(
        "a container that expires",
        _found("about to publish", lambda stage: stage.clock.advance(24 * 3600 - 10)),
        (_call("publish"),),
        (("stopped and swept", lambda stage: stage.expires(ONE)),),
    )
    yield Story(
        "unblock + the run goes on",
        _found("about to publish"),
        (("unblock", lambda stage: stage.unblock()),),
        (_long("the run goes on"),),
    )


# Jobs that a person tries again


def _tried_again() -> Iterator[Story]:
    again = ("try again", lambda stage: stage.retry(ONE))
    twice = ("try again too", lambda stage: stage.retry(ONE))
    for found in FOUND[1:]:
        prepare = _found(found.name)
        yield Story(f"try again + try again, {found.name}", prepare, (again, twice))
        for call in ("publish", "retry", "record_failure", "sweep", "cancel", "not_published"):
            yield Story(f"try again + {call}, {found.name}", prepare, (again, _call(call)))
        for long in ("a new run", "redriven, and stopped", "cancelled, corrected, a new run"):
            yield Story(f"try again + {long}, {found.name}", prepare, (again,), (_long(long),))
