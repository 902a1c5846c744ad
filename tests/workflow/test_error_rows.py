"""Every error that can come during a run, through the whole workflow: what the run does, how it
ends, and what is live afterwards.

The ends are derived from the reference, so a row that reacts in another way than it should is seen
here as a run that ends in another way.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from postwright import errors
from postwright.errors import PostwrightError
from tests.reference_errors import REFERENCE, Known, row_of
from tests.workflow.truth import assert_records_are_true
from tests.workflow.workbench import ROWS_SEEN, PostGroup, Run, Shot, Workbench

pytestmark = pytest.mark.engine

PHOTO, CLIP = Shot.PHOTO, Shot.CLIP
NOT_READY = (9007, 2207027)
SPAM = (4, 2207051)
SENDS_UNTIL_GIVEN_UP = 7


@dataclass(frozen=True)
class Case:
    """What Instagram answers, and how the run then ends: `error` None means published.

    `creates` and `sends` count the calls at Instagram, where the case is about them.
    """

    known: Known
    place: str
    script: Sequence[Mapping[str, Any]]
    error: str | None
    shots: Sequence[Shot] = (PHOTO,)
    group: str = "failed"
    creates: int | None = None
    sends: int | None = None

    def __str__(self) -> str:
        return f"{self.known} at {self.place}"


def class_of(known: Known) -> str:
    return row_of(known).error.__name__


def known(code: int | None, subcode: int | None, where: str | None = None) -> Known:
    """The entry of the reference with these numbers."""
    [found] = [
        entry
        for entry in REFERENCE
        if (entry.code, entry.subcode, entry.words) == (code, subcode, "")
        and where in (None, entry.where)
    ]
    return found


NO_ANSWER = known(None, None)


def at_create(known: Known) -> Case:
    """Each create is refused for good; one that limits calls once, which is then waited out."""
    if class_of(known) == "RateLimitedError":
        script = {"call": "create", **known.fault}
        return Case(known, "create, once", [script], None, creates=2, sends=1)
    script = {"call": "create", **known.fault, "times": None}
    return Case(known, "create", [script], class_of(known), creates=known.tries, sends=0)


def in_processing(known: Known) -> Case:
    """Each container for the video fails."""
    script = {"call": "create", "processing_error": known.subcode, "times": None}
    return Case(
        known, "processing", [script], class_of(known), [CLIP], creates=known.tries, sends=0
    )


def at_publish(known: Known) -> Case:
    """The first publish call is refused and takes no effect."""
    script = [{"call": "publish", **known.fault}]
    numbers = (known.code, known.subcode)
    if numbers == SPAM:
        return Case(known, "publish", script, class_of(known), group="unconfirmed", sends=1)
    if known.proof and numbers != NOT_READY:
        return Case(known, "publish", script, class_of(known), sends=1)
    return Case(known, "publish", script, None, sends=2)


def live_in_spite_of(known: Known) -> Case:
    """The post goes live and the call is answered with the error all the same."""
    script = {"call": "publish", **known.fault, "effect": "first"}
    return Case(known, "publish, live", [script], None, sends=1)


def at_quota(known: Known) -> Case:
    """The read of the quota is refused for good, or once when it limits calls."""
    if class_of(known) == "RateLimitedError":
        return Case(known, "quota, once", [{"call": "quota", **known.fault}], None, sends=1)
    script = {"call": "quota", **known.fault, "times": None}
    return Case(known, "quota", [script], class_of(known), creates=0, sends=0)


def at_status(known: Known) -> Case:
    """Three looks at the container are refused, then it shows."""
    script = {"call": "status", **known.fault, "times": 3}
    return Case(known, "status, three times", [script], None, creates=1, sends=1)


def places(known: Known) -> Iterator[Case]:
    """Everywhere that the reference names. What may come anywhere comes where it costs least."""
    if "c" in known.where:
        yield at_create(known)
    if "f" in known.where:
        yield in_processing(known)
    if "p" in known.where:
        yield at_publish(known)
    if "s" in known.where:
        yield at_status(known)
    if "*" in known.where:
        stops = known.way in ("login", "owner")
        yield at_quota(known) if stops else at_create(known)


ROWS = [case for entry in REFERENCE for case in places(entry)]
CAROUSEL = (PHOTO, PHOTO)
SPECIAL = [
    # The publish call, answered with what may come anywhere
    *(at_publish(known(code, None)) for code in (1, 2, 4, 17, 32, 613, 80002, 10, 200, 368)),
    at_publish(known(190, 463)),
    at_publish(NO_ANSWER),
    *(live_in_spite_of(known(*numbers)) for numbers in [SPAM, (1, None), (80002, None)]),
    live_in_spite_of(NO_ANSWER),
    Case(
        known(*NOT_READY),
        "publish, for good",
        [{"call": "publish", **known(*NOT_READY).fault, "times": None}],
        "ContainerNotReadyError",
        sends=SENDS_UNTIL_GIVEN_UP,
    ),
    Case(
        known(1, None),
        "publish, twice",
        [{"call": "publish", **known(1, None).fault, "times": 2}],
        "PublishUncertainError",
        group="unconfirmed",
        sends=2,
    ),
    # For good where the rows come once, and once where they come for good
    Case(
        known(80002, None),
        "create, for good",
        [{"call": "create", **known(80002, None).fault, "times": None}],
        "RateLimitedError",
        creates=8,
        sends=0,
    ),
    Case(
        known(None, 2207082),
        "processing, once",
        [{"call": "create", "processing_error": 2207082}],
        None,
        [CLIP],
        creates=2,
        sends=1,
    ),
    Case(
        known(24, 2207006),
        "create, once",
        [{"call": "create", **known(24, 2207006).fault}],
        None,
        creates=2,
        sends=1,
    ),
    at_quota(known(2, None)),
    at_quota(NO_ANSWER),
    at_quota(known(4, None)),
    at_quota(known(100, None, "*")),
    # The carousel itself, whose container comes after those of its items
    Case(
        known(100, 2207028),
        "carousel",
        [{"call": "create", **known(100, 2207028).fault, "after": 2, "times": None}],
        "InvalidPostError",
        CAROUSEL,
        creates=3,
        sends=0,
    ),
    Case(
        known(24, 2207008),
        "carousel",
        [{"call": "create", **known(24, 2207008).fault, "after": 2, "times": None}],
        "ContainerExpiredError",
        CAROUSEL,
        creates=5,
        sends=0,
    ),
    Case(
        known(*NOT_READY),
        "carousel, once",
        [{"call": "create", **known(*NOT_READY).fault, "after": 2}],
        None,
        CAROUSEL,
        creates=4,
        sends=1,
    ),
    # The reads while the post is looked for
    Case(
        known(190, None),
        "list",
        [
            {"call": "publish", "answer": "reset"},
            {"call": "list", **known(190, None).fault, "times": None},
        ],
        "TokenInvalidError",
        group="unconfirmed",
        sends=1,
    ),
    Case(
        known(2, None),
        "list, twice",
        [
            {"call": "publish", "answer": "reset", "effect": "first"},
            {"call": "list", **known(2, None).fault, "times": 2},
        ],
        None,
        sends=1,
    ),
    Case(
        known(100, 33, "s"),
        "children, once",
        [
            {"call": "publish", "answer": "reset", "effect": "first"},
            {"call": "children", **known(100, 33, "s").fault},
        ],
        None,
        CAROUSEL,
        sends=1,
    ),
]
CASES = [*ROWS, *SPECIAL]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_run_ends_as_the_error_wants(
    bench: Workbench, case: Case, pytestconfig: pytest.Config
) -> None:
    group = bench.group(*case.shots)
    bench.script(*case.script)

    run = bench.finished(bench.start(group))

    assert_ended(bench, case, group, run)
    assert case.sends in (None, bench.sends())
    assert case.creates in (None, creates(bench))
    assert_records_are_true(bench)
    pytestconfig.stash.setdefault(ROWS_SEEN, set()).add(str(case.known))


def assert_ended(bench: Workbench, case: Case, group: PostGroup, run: Run) -> None:
    record, error = bench.record(group), bench.job(run.job_id).error or {}
    if case.error is None:
        assert (run.status, record.publish_status) == ("SUCCEEDED", "published"), run.message
        return
    assert (run.status, run.error, record.publish_status) == ("FAILED", case.error, case.group)
    assert error["type"] == case.error
    if case.error == "PublishUncertainError":
        return  # the looks that found nothing, not the answer
    in_text = case.place.startswith("processing")
    assert (error.get("code"), error.get("subcode")) == (
        (None, case.known.subcode) if in_text else case.known.as_sent
    )
    if (case.known.code, case.known.subcode) != SPAM or case.place != "publish":
        assert in_words(case) in error["message"]


def in_words(case: Case) -> str:
    return row_of(case.known).sentence if case.known.is_graph else "Instagram gave no usable answer"


def creates(bench: Workbench) -> int:
    """How many containers Instagram was asked for."""
    return sum(
        request["method"] == "POST" and request["path"].endswith("/media")
        for request in bench.requests()
    )


def test_every_error_that_can_come_during_a_run_has_a_case() -> None:
    without = {str(entry) for entry in REFERENCE} - {str(case.known) for case in CASES}

    assert without == {str(entry) for entry in REFERENCE if entry.where == "o"}


# The classes that are no answer of Instagram


def left_unconfirmed(bench: Workbench) -> PostGroup:
    """A group whose publish was unclear twice and took no effect."""
    group = bench.group(PHOTO)
    bench.script({"call": "publish", "answer": "reset", "times": 2})
    assert bench.finished(bench.start(group)).error == "PublishUncertainError"
    return group


def publish_the_same_caption(bench: Workbench) -> Run:
    first = left_unconfirmed(bench)
    second = bench.group(PHOTO, caption=first.caption.partition("\n")[0])
    return bench.finished(bench.start(second))


def start_what_must_be_settled(bench: Workbench) -> Run:
    group = left_unconfirmed(bench)
    return bench.finished(bench.start_execution(group.request))


def post_it_by_hand_meanwhile(bench: Workbench) -> Run:
    """A pipeline marks the group as published while a run waits."""
    group = bench.group(PHOTO)
    with bench.time_stands_still():
        job_id = bench.start(group)
        bench.until_in(job_id, "WaitForContainers")
        bench.write(group, "GROUP", "publishStatus", "published")
    run = bench.finished(job_id)
    assert bench.record(group).publish_status == "published"
    bench.write(group, "GROUP", "publishStatus", "failed")  # it never was
    return run


OTHERS: dict[type[PostwrightError], Callable[[Workbench], Run]] = {
    errors.CaptionBusyError: publish_the_same_caption,
    errors.AlreadyPublishingError: start_what_must_be_settled,
    errors.AlreadyPublishedError: post_it_by_hand_meanwhile,
}


@pytest.mark.parametrize("error", OTHERS, ids=lambda error: error.__name__)
def test_a_run_that_another_post_is_in_the_way_of_ends(
    bench: Workbench, error: type[PostwrightError]
) -> None:
    run = OTHERS[error](bench)

    assert (run.status, run.error) == ("FAILED", error.__name__)
    assert bench.posts() == []
    assert_records_are_true(bench)


def test_every_class_ends_some_run_here() -> None:
    classes = {
        name
        for name, cls in inspect.getmembers(errors, inspect.isclass)
        if cls.__bases__ == (PostwrightError,)
    }

    ending = {case.error for case in CASES} - {None} | {cls.__name__ for cls in OTHERS}
    assert ending == classes - {cls.__name__ for cls in errors.NEVER_IN_A_RUN}


# What nobody knows


def unknowns(bench: Workbench) -> dict[str, int]:
    """The records of unknown errors: how often each came."""
    return {
        item["SK"]["S"]: int(item["count"]["N"])
        for item in bench.items()
        if item["SK"]["S"].startswith("UNKNOWN#")
    }


def test_an_unknown_error_stops_the_item_and_is_counted(bench: Workbench) -> None:
    group = bench.group(PHOTO)
    bench.script({"call": "create", "error": [5555, 2207067], "times": None})

    run = bench.finished(bench.start(group))

    assert (run.error, creates(bench), bench.sends()) == ("MediaRejectedError", 1, 0)
    assert "code 5555/2207067" in run.message
    assert unknowns(bench) == {"UNKNOWN#create#5555/2207067": 1}


def test_an_unknown_text_of_a_container_is_counted_and_made_again(bench: Workbench) -> None:
    group = bench.group(CLIP)
    bench.script({"call": "create", "processing_error": "Fatal", "times": 2})

    bench.published(group)

    assert (creates(bench), bench.sends()) == (3, 1)
    assert unknowns(bench) == {"UNKNOWN#processing#none/none": 2}
    assert_records_are_true(bench)


def test_an_unknown_error_at_the_publish_call_is_looked_at_and_counted(bench: Workbench) -> None:
    group = bench.group(PHOTO)
    bench.script({"call": "publish", "error": [5555, None], "effect": "first"})

    bench.published(group)

    assert bench.sends() == 1
    assert unknowns(bench) == {"UNKNOWN#publish#5555/none": 1}
    assert_records_are_true(bench)


def test_a_run_without_unknown_errors_counts_nothing(bench: Workbench) -> None:
    group = bench.group(PHOTO)
    bench.script({"call": "create", **known(-1, 2207032).fault}, {"call": "quota", "answer": "cut"})

    bench.published(group)

    assert unknowns(bench) == {}
