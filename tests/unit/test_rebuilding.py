"""From a recorded run to the post and the two scripts that let a sandbox meet the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from postwright.caption import hashtags as hashtags_of
from postwright.caption import length
from postwright.history import read
from sandbox.rebuilding import Rebuilt, rebuild
from tests.history_tape import START, Tape

Json = dict[str, Any]

PHOTO = {"kind": "image", "bytes": 1000, "shape": "320x320"}
FILM = {"kind": "video", "bytes": 5000, "shape": "720x1280 4.0s"}
QUOTA = {
    "call": "quota",
    "status": 200,
    "body": {
        "data": [{"config": {"quota_total": 100, "quota_duration": 86_400}, "quota_usage": 3}]
    },
}


ENDS = ("ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut")


class Run(Tape):
    """A tape that knows what our functions answer."""

    def loaded(self, *items: Json) -> Run:
        post = {
            "kind": "image",
            "items": list(items),
            "captionCharacters": 30,
            "hashtags": 2,
        }
        self.task("LoadPost", {"next": "now", "post": post})
        return self

    def asked_quota(self, items: int = 1) -> Run:
        pending = [{"index": index} for index in range(items)]
        quota = {"used": 3, "total": 100}
        self.task("CheckQuota", {"next": "create", "pending": pending, "quota": quota})
        return self

    def creates(self, answers: dict[int, Json | None]) -> Run:
        """The Map, with an error for each item that was not made."""
        started = self.map_of("CreateContainers", len(answers))
        for number, (index, error) in enumerate(answers.items()):
            self.iterate("CreateContainers", number, after=started)
            outcome = "retry" if error else "created"
            answer = {"index": index, "outcome": outcome, **PHOTO, "error": error}
            self.task("CreateContainer", answer)
        self.exit("CreateContainers", "Map")
        return self

    def looks(self, seconds: float, seen: dict[str, Any], pending: tuple[int, ...] = ()) -> Run:
        """A wait, and what was then seen of each container."""
        self.wait("WaitForContainers", seconds)
        rows = [
            {"container": container, **(status if isinstance(status, dict) else {"status": status})}
            for container, status in seen.items()
        ]
        again = [{"index": index} for index in pending]
        self.task("CheckStatus", {"next": "wait", "pending": again, "seen": rows})
        return self

    def fails(self, state: str, error: str, sentence: str = "It broke.", **fields: Any) -> Run:
        """A task that ends with one of our errors."""
        self.enter(state)
        self.schedule()
        self.fail(error, f"{sentence} {json.dumps(fields)}")
        self.exit(state)
        return self

    def looks_for_post(self, seconds: float, answer: Json) -> Run:
        self.wait("WaitBeforeReconcile", seconds)
        self.task("ReconcilePublish", answer)
        return self

    def rebuilt(self, caption: str | None = None) -> Rebuilt:
        """What is made of it; a run that does not say how it ended has succeeded."""
        if self.events[-1]["type"] not in ENDS:
            self.end()
        return rebuild(read(self.events), caption)


def begun(*items: Json) -> Run:
    made = items or (PHOTO,)
    run = Run({"sessionId": "s", "groupId": "g"})
    return run.loaded(*made).asked_quota(len(made))


def ready() -> Run:
    """A photo whose container was made and is seen ready after ten seconds."""
    return begun().creates({0: None}).looks(10, {"0": "FINISHED"})


def lines(made: Rebuilt, call: str) -> list[Json]:
    return [
        {name: value for name, value in line.items() if name != "call"}
        for line in made.instagram
        if line["call"] == call
    ]


def look(status: str | None = "FINISHED", *, read: bool = True, fit: int = 0) -> Json:
    seen = {"container": status, "postsRead": read, "posts": fit, "fit": fit}
    return {"next": "look", "seen": seen}


def found() -> Json:
    return {"next": "published", "seen": {"container": "PUBLISHED", "postsRead": True, "posts": 1}}


# The post


def test_a_post_of_the_same_items_and_caption_length_is_made_up() -> None:
    made = begun(PHOTO, FILM).rebuilt()

    assert [(item.kind, item.size_bytes, item.shape) for item in made.items] == [
        ("image", 1000, "320x320"),
        ("video", 5000, "720x1280 4.0s"),
    ]
    assert (len(made.caption), made.caption.count("#")) == (30, 2)
    assert made.instagram == [QUOTA]
    assert made.missing == [
        "the caption's words: they are not recorded, others of their length are made up"
    ]


@pytest.mark.parametrize(("characters", "hashtags"), [(9, 0), (15, 0), (30, 2), (2200, 30)])
def test_a_caption_is_as_long_as_it_was(characters: int, hashtags: int) -> None:
    run = Run()
    post = {"items": [PHOTO], "captionCharacters": characters, "hashtags": hashtags}
    run.task("LoadPost", {"next": "now", "post": post})

    caption = run.rebuilt().caption

    assert (length(caption), len(set(hashtags_of(caption)))) == (characters, hashtags)
    assert caption.startswith("Replayed")


def test_a_caption_that_was_kept_is_taken() -> None:
    made = begun().rebuilt("Two days by the sea")

    assert made.caption == "Two days by the sea"
    assert made.missing == []


def test_without_a_word_about_the_post_the_containers_tell() -> None:
    made = Run().asked_quota(2).creates({1: None}).rebuilt()

    assert [item.size_bytes for item in made.items] == [0, 1000]
    assert "the caption's length: it is not recorded" in made.missing


def test_without_any_word_a_photo_is_made_up_and_that_is_told() -> None:
    made = Run().fails("LoadPost", "InvalidPostError").rebuilt()

    assert [item.kind for item in made.items] == ["image"]
    assert made.missing[0] == "what the post consists of: it is not recorded, one photo is made up"
    assert made.missing[-1].startswith("what led to InvalidPostError at LoadPost")


def test_the_input_is_that_of_then_and_its_time_lies_as_far_ahead() -> None:
    at = (START + timedelta(hours=2)).isoformat()

    made = Run({"onQuota": "wait", "publishAt": at}).rebuilt()

    assert (made.on_quota, made.publish_in_seconds) == ("wait", 7200)


def test_a_time_that_had_passed_is_now() -> None:
    at = (START - timedelta(hours=2)).isoformat()

    assert Run({"publishAt": at}).rebuilt().publish_in_seconds is None


@pytest.mark.parametrize(
    ("permalink", "status"),
    [("https://www.instagram.com/p/replayed/", "published"), (None, "publishing")],
)
def test_a_group_that_was_handled_already_is_so_again(permalink: str | None, status: str) -> None:
    run = Run()
    run.task("LoadPost", {"next": "alreadyHandled", "permalink": permalink})

    assert run.rebuilt().publish_status == status


def test_a_group_that_was_to_be_settled_is_so_again() -> None:
    run = Run().fails("LoadPost", "AlreadyPublishingError")

    assert run.rebuilt().publish_status == "unconfirmed"


# The containers


@pytest.mark.parametrize(
    ("looks", "fate"),
    [
        ([(10, "FINISHED")], {"processing_seconds": 5}),
        ([(10, "IN_PROGRESS"), (20, "FINISHED")], {"processing_seconds": 20}),
        (
            [(10, {"status": "ERROR", "subcode": 2207053})],
            {"processing_seconds": 5, "processing_error": 2207053},
        ),
        (
            [(10, {"status": "ERROR", "subcode": None})],
            {"processing_seconds": 5, "processing_error": "Fatal"},
        ),
        (
            [(10, "IN_PROGRESS"), (10, "EXPIRED")],
            {"processing_seconds": 30, "expires_after_seconds": 15},
        ),
        ([(10, "IN_PROGRESS")], {"processing_seconds": 12.5}),
        ([], {"processing_seconds": 0}),
    ],
)
def test_a_container_takes_as_long_as_the_looks_have_seen(
    looks: list[tuple[float, Any]], fate: Json
) -> None:
    run = begun().creates({0: None})
    for seconds, status in looks:
        run.looks(seconds, {"0": status})

    made = run.rebuilt()

    assert lines(made, "create") == [{"match": "replayed-01.jpg", **fate}]


def test_what_was_still_worked_on_is_told_as_a_guess() -> None:
    run = begun().creates({0: None}).looks(10, {"0": "IN_PROGRESS"})
    run.fails("CheckStatus", "ProcessingFailedError", "Instagram is still processing it.",
              item="1: item", call="status")  # fmt: skip

    made = run.rebuilt()

    assert lines(made, "create")[0]["processing_seconds"] == 12.5
    assert made.missing[-1] == (
        "how long container 0 would have been worked on: longer than 10 s, 1.25 times that is made"
        " up"
    )


def test_each_container_of_an_item_has_its_own_fate() -> None:
    run = begun().creates({0: None}).looks(10, {"0": {"status": "ERROR", "subcode": 1}}, (0,))
    run.creates({0: None}).looks(20, {"0": "FINISHED"})

    fates = lines(run.rebuilt(), "create")

    assert [fate.get("processing_error") for fate in fates] == [1, None]
    assert [fate["processing_seconds"] for fate in fates] == [5, 10]


def test_a_container_that_was_made_anew_before_any_look_takes_no_look_of_the_next() -> None:
    run = begun().creates({0: None}).creates({0: None}).looks(10, {"0": "FINISHED"})

    seconds = [fate["processing_seconds"] for fate in lines(run.rebuilt(), "create")]

    assert seconds == [0, 5]


def test_who_settled_an_unclear_publish_is_told() -> None:
    run = ready().fails("Publish", "PublishUncertainError", httpStatus=500, call="publish")
    run.end("Aborted")
    run.redrive()
    run.task("Publish", {"next": "published"})

    assert run.rebuilt().missing[-1].startswith("who settled an unclear publish from outside")


def test_a_publish_step_that_dies_comes_after_those_that_were_refused() -> None:
    run = ready().fails("Publish", "ContainerNotReadyError", code=9007, call="publish")
    run.fails("Publish", "Runtime.ExitError").looks_for_post(30, found())

    kill = {"service": "graph", "operation": "publish", "does": "kill_after", "after": 1}
    assert run.rebuilt().aws == [kill]


def test_a_look_at_the_instant_of_the_next_container_is_at_the_one_before() -> None:
    run = begun().creates({0: None}).looks(10, {"0": "EXPIRED"}, (0,))
    run.creates({0: None}).looks(10, {"0": "FINISHED"})

    expires = ["expires_after_seconds" in fate for fate in lines(run.rebuilt(), "create")]

    assert expires == [True, False]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            {"code": 9004, "subcode": 2207052, "httpStatus": 400},
            {"error": [9004, 2207052], "http_status": 400},
        ),
        ({"code": 987, "subcode": None, "httpStatus": 200}, {"error": [987, None]}),
        ({"code": None, "subcode": None, "httpStatus": 502}, {"status": 502, "body": ""}),
        ({"type": "TransientGraphError"}, {"answer": "reset"}),
    ],
)
def test_a_refusal_comes_with_its_codes(error: Json, line: Json) -> None:
    made = begun().creates({0: error}).rebuilt()

    assert lines(made, "create") == [{"match": "replayed-01.jpg", **line}]


def test_an_iteration_is_about_the_item_that_was_wanted() -> None:
    run = begun(PHOTO, PHOTO, PHOTO).creates({0: None, 1: None, 2: {"code": 1}})
    run.looks(10, {"0": "FINISHED"}, pending=(2,))
    started = run.map_of("CreateContainers", 1)
    run.iterate("CreateContainers", 0, after=started)
    run.fails("CreateContainer", "TokenInvalidError", code=190, subcode=460)

    assert lines(run.rebuilt(), "create")[-1] == {
        "match": "replayed-03.jpg",
        "error": [190, 460],
        "delay_seconds": 1,
    }


def test_a_carousel_is_known_by_its_caption() -> None:
    run = begun(PHOTO, PHOTO).creates({0: None, 1: None})
    run.task("CreateCarousel", {"next": "wait", "pending": [], "error": {"code": 100}})
    run.task("CreateCarousel", {"next": "wait", "pending": [], "error": None})
    run.looks(10, {"parent": "FINISHED"})

    assert lines(run.rebuilt(), "create")[2:] == [
        {"match": "Replayed", "error": [100, None]},
        {"match": "Replayed", "processing_seconds": 5},
    ]


def test_a_look_that_failed_comes_after_as_many_that_did_not() -> None:
    run = begun().creates({0: None}).looks(10, {"0": "IN_PROGRESS"})
    run.looks(10, {"0": "IN_PROGRESS"}).looks(10, {"0": None}).looks(10, {"0": "FINISHED"})

    assert lines(run.rebuilt(), "status") == [
        {"match": "replayed-01.jpg", "status": 500, "body": "", "after": 2}
    ]


def test_a_look_that_was_limited_is_told_to_have_no_code() -> None:
    run = begun(PHOTO, PHOTO).creates({0: None, 1: None})
    run.task("CheckStatus", {"next": "wait", "waitSeconds": 300, "pending": []})
    run.task("CheckStatus", {"next": "wait", "waitSeconds": 300, "pending": []})

    made = run.rebuilt()

    assert lines(made, "status") == [{"match": "replayed-01.jpg", "error": [4, None]}] * 2
    assert made.missing[-1].startswith("the code of a rate limit at CheckStatus")


def test_containers_of_an_earlier_run_are_told() -> None:
    run = Run().loaded(PHOTO, PHOTO)
    quota = {"used": 3, "total": 100}
    run.task("CheckQuota", {"next": "create", "pending": [{"index": 1}], "quota": quota})

    assert run.rebuilt().missing[-1] == "the container of item 1, which an earlier run had made"


# The quota


def test_a_full_quota_is_as_large_as_it_was() -> None:
    run = Run().loaded(PHOTO)
    run.fails("CheckQuota", "QuotaExceededError", "It has used its 25 posts of 24 hours.")

    [line] = lines(run.rebuilt(), "quota")

    assert line["body"]["data"] == [
        {"config": {"quota_total": 25, "quota_duration": 86_400}, "quota_usage": 25}
    ]


def test_words_decide_where_the_codes_do_not() -> None:
    words = "You cannot access the app till you log in to"
    run = Run().loaded(PHOTO)
    run.fails("CheckQuota", "AccountBlockedError", f"It says: {words} x.", code=190, call="read")

    assert lines(run.rebuilt(), "quota") == [{"error": [190, None], "message": words}]


# The publish call and the looks


@pytest.mark.parametrize(
    ("after", "effect"),
    [
        ([(30, found())], {"effect": "first"}),
        ([(30, look()), (30, found())], {"effect": "late", "late_seconds": 45}),
        ([(30, look()), (30, look()), (30, {"next": "resend"})], {"effect": "never"}),
        (
            [(30, look(fit=1)), (30, found())],
            {"effect": "first", "status_lag_seconds": 45},
        ),
        ([(30, look(None, read=False)), (30, found())], {"effect": "first"}),
        ([(30, look("PUBLISHED", read=False))], {"effect": "first"}),
        ([], {"effect": "never"}),
    ],
)
def test_an_unclear_publish_has_the_effect_that_the_looks_have_seen(
    after: list[tuple[float, Json]], effect: Json
) -> None:
    run = ready().fails("Publish", "PublishUncertainError", httpStatus=500, call="publish")
    for seconds, answer in after:
        run.looks_for_post(seconds, answer)

    assert lines(run.rebuilt(), "publish") == [{"status": 500, "body": "", **effect}]


@pytest.mark.parametrize(
    ("sentence", "answer"), [("ReadTimeout", "hang"), ("RemoteProtocolError", "reset")]
)
def test_a_publish_without_an_answer_is_slow_or_broken_off(sentence: str, answer: str) -> None:
    run = ready()
    run.fails("Publish", "PublishUncertainError", f"(no answer, {sentence})", call="publish")
    run.looks_for_post(30, found())

    assert lines(run.rebuilt(), "publish") == [{"answer": answer, "effect": "first"}]


def test_a_refused_publish_comes_after_as_many_that_worked() -> None:
    run = ready().fails("Publish", "ContainerNotReadyError", code=9007, call="publish")
    run.task("Publish", {"next": "waitForQuota"})

    assert lines(run.rebuilt(), "publish") == [{"error": [9007, None]}, {"error": [9, 2207042]}]


@pytest.mark.parametrize(
    ("error", "missing"),
    [
        ("CaptionBusyError", "the other post with the same caption that was being published"),
        ("PublishUncertainError", "what made Publish unclear: it is not recorded"),
        ("AlreadyPublishedError", "what led to AlreadyPublishedError at Publish: it is not"),
    ],
)
def test_what_others_did_at_the_publish_step_is_told(error: str, missing: str) -> None:
    made = ready().fails("Publish", error).rebuilt()

    assert lines(made, "publish") == []
    assert made.missing[-1].startswith(missing)


def test_looks_for_the_post_that_failed_come_after_as_many_that_did_not() -> None:
    run = ready().fails("Publish", "PublishUncertainError", httpStatus=500, call="publish")
    run.looks_for_post(30, look()).looks_for_post(30, look(read=False))
    run.looks_for_post(30, look(None, read=False)).looks_for_post(30, found())

    made = run.rebuilt()

    assert lines(made, "list") == [{"status": 500, "body": "", "after": 1}]
    assert lines(made, "status") == [
        {"match": "replayed-01.jpg", "status": 500, "body": "", "after": 3}
    ]


def test_a_look_for_the_post_that_is_refused_comes_after_the_looks_at_its_container() -> None:
    run = ready().fails("Publish", "PublishUncertainError", httpStatus=500, call="publish")
    run.looks_for_post(30, look())
    run.fails("ReconcilePublish", "TokenInvalidError", code=190, call="status")
    run.fails("ReconcilePublish", "TokenInvalidError", code=190, call="read")

    made = run.rebuilt()

    refused = {"match": "replayed-01.jpg", "error": [190, None], "after": 2}
    assert lines(made, "status") == [refused]
    assert lines(made, "list") == [{"error": [190, None], "after": 1}]


# What AWS did


def on_lambda(function: str, does: str, **how: Any) -> Json:
    return {"service": "lambda", "function": function, **how, "does": does}


@pytest.mark.parametrize(
    ("error", "does"),
    [
        ("Lambda.ServiceException", "refused"),
        ("Lambda.TooManyRequestsException", "throttled"),
        ("Lambda.SdkClientException", "lost"),
        ("Runtime.ExitError", "killed"),
        ("Sandbox.Timedout", "overruns"),
    ],
)
def test_a_failed_invocation_comes_after_as_many_that_worked(error: str, does: str) -> None:
    run = begun().creates({0: None}).looks(10, {"0": "IN_PROGRESS"})
    run.fails("CheckStatus", error)

    line = on_lambda("check_status", does) | {"after": 1}
    assert run.rebuilt().aws == [line]


def test_the_two_states_of_a_function_are_counted_together() -> None:
    run = Run()
    run.task("LoadPost", {"next": "scheduled"})
    run.fails("ReloadPost", "Lambda.ServiceException")

    assert run.rebuilt().aws == [on_lambda("load_post", "refused") | {"after": 1}]


def test_an_invocation_of_an_iteration_is_known_by_its_item() -> None:
    run = begun(PHOTO, PHOTO)
    started = run.map_of("CreateContainers", 2)
    run.iterate("CreateContainers", 1, after=started)
    run.fails("CreateContainer", "Runtime.ExitError")

    assert run.rebuilt().aws == [on_lambda("create_container", "killed", match="#001")]


def test_a_task_that_timed_out_has_asked_for_the_quota_too() -> None:
    run = Run().loaded(PHOTO)
    run.enter("CheckQuota")
    run.schedule()
    run.passes(45).time_out()
    run.schedule()
    run.succeed({"next": "create", "pending": [{"index": 0}], "quota": {"used": 3, "total": 100}})

    made = run.rebuilt()

    assert made.aws == [on_lambda("check_quota", "hang")]
    assert made.instagram == [QUOTA, QUOTA]


KILLS: list[tuple[Json, Json]] = [
    (found(), {"service": "graph", "operation": "publish", "does": "kill_after"}),
    (look(), {"service": "graph", "operation": "publish", "does": "kill_before"}),
    ({"next": "resend"}, on_lambda("publish", "killed")),
]


@pytest.mark.parametrize(("answer", "line"), KILLS)
def test_a_publish_step_that_died_has_done_what_was_seen_afterwards(
    answer: Json, line: Json
) -> None:
    run = ready().fails("Publish", "Runtime.ExitError").looks_for_post(30, answer)

    assert run.rebuilt().aws == [line]


def test_a_call_that_was_not_made_uses_up_no_line_of_the_next() -> None:
    run = ready().fails("Publish", "Runtime.ExitError").looks_for_post(30, look())
    run.fails("Publish", "PublishUncertainError", httpStatus=500, call="publish")
    run.looks_for_post(30, found())

    assert lines(run.rebuilt(), "publish") == [{"status": 500, "body": "", "effect": "first"}]


def test_a_publish_step_without_an_answer_has_its_late_effect() -> None:
    run = ready().fails("Publish", "Lambda.SdkClientException")
    run.looks_for_post(30, look()).looks_for_post(30, found())

    made = run.rebuilt()

    assert made.aws == [on_lambda("publish", "lost")]
    late = {"answer": "reset", "effect": "late", "late_seconds": 45}
    assert lines(made, "publish") == [late]


def test_a_publish_step_that_came_too_late_comes_when_the_next_is_over() -> None:
    run = ready()
    run.enter("Publish")
    run.schedule()
    run.passes(45).time_out()
    run.exit("Publish")
    run.looks_for_post(30, {"next": "resend"})
    run.task("Publish", {"next": "published"}, seconds=2)

    assert run.rebuilt().aws == [
        {"service": "lambda", "function": "publish", "delay_seconds": 45 + 30 + 2 + 5}
    ]


def test_what_is_of_our_own_code_is_told() -> None:
    made = begun().fails("CheckStatus", "KeyError").rebuilt()

    assert made.aws == []
    assert made.missing[-1].startswith("KeyError at CheckStatus: of our own code")


# Stops


def cut_off(ends: Callable[[Run], object]) -> Run:
    """Two containers are asked for, none has come, and the run ends."""
    run = begun(PHOTO, PHOTO)
    started = run.map_of("CreateContainers", 2)
    for index in (0, 1):
        run.iterate("CreateContainers", index, after=started)
        run.enter("CreateContainer")
        run.schedule()
    ends(run)
    return run


def test_a_stop_comes_upon_the_last_function_at_work_and_the_others_are_late() -> None:
    made = cut_off(lambda run: run.end("Aborted")).rebuilt()

    about = {"service": "lambda", "function": "create_container"}
    assert made.aws == [
        {**about, "match": "#000", "delay_seconds": 5},
        {**about, "match": "#001", "does": "abort_after"},
    ]
    assert made.missing[-1].startswith("whether CreateContainer had done its work")


def test_iterations_that_a_failure_has_cut_off_are_late() -> None:
    made = cut_off(lambda run: run.end_failed("TokenInvalidError")).rebuilt()

    about = {"service": "lambda", "function": "create_container"}
    assert made.aws == [{**about, "match": f"#{index:03}", "delay_seconds": 5} for index in (0, 1)]
    assert made.missing == begun(PHOTO, PHOTO).rebuilt().missing


def test_a_stop_at_the_publish_call_comes_before_or_after_its_effect() -> None:
    run = ready()
    run.enter("Publish")
    run.schedule()
    run.end("Aborted")
    run.redrive()
    run.fails("Publish", "PublishUncertainError", "Not settled.", call="publish")
    run.looks_for_post(30, found())

    made = run.rebuilt()

    assert made.aws == [{"service": "graph", "operation": "publish", "does": "abort_after"}]
    assert made.missing[1:] == []


def test_a_call_that_a_stop_came_before_comes_to_nothing() -> None:
    run = ready()
    run.enter("Publish")
    run.schedule()
    run.end("Aborted")

    made = run.rebuilt()

    assert made.aws == [{"service": "graph", "operation": "publish", "does": "abort_before"}]
    assert lines(made, "publish") == [{"answer": "reset", "effect": "never"}]


def test_a_run_that_is_not_over_is_told_and_not_stopped() -> None:
    run = ready()
    run.enter("Publish")
    run.schedule()

    made = rebuild(read(run.events))

    assert made.aws == []
    assert made.missing[-1] == "what came after the recording: the run was not over"


def test_what_was_cut_off_before_a_redrive_is_told() -> None:
    def fail_and_redrive(run: Run) -> None:
        run.end_failed("TokenInvalidError")
        run.redrive()

    made = cut_off(fail_and_redrive).rebuilt()

    assert made.missing[-1].startswith("whether CreateContainer did its work when it was cut off")


@pytest.mark.parametrize(
    ("error", "is_told"), [("Lambda.ServiceException", True), ("ContainerNotReadyError", False)]
)
def test_pauses_that_chance_has_drawn_are_told(error: str, is_told: bool) -> None:
    run = begun()
    run.enter("CheckStatus")
    run.schedule()
    run.fail(error)
    run.schedule()
    run.succeed({"next": "wait", "pending": [], "seen": []})

    told = [what for what in run.rebuilt().missing if what.startswith("the pauses before")]

    assert [what.startswith("the pauses before CheckStatus") for what in told] == [True] * is_told


def test_a_redrive_is_no_pause_of_chance() -> None:
    run = begun()
    run.enter("CheckStatus")
    run.schedule()
    run.fail("TokenInvalidError")
    run.end_failed("TokenInvalidError")
    run.redrive()
    run.schedule()
    run.succeed({"next": "wait", "pending": [], "seen": []})

    assert not any(what.startswith("the pauses") for what in run.rebuilt().missing)


def test_the_limit_of_a_whole_run_is_told() -> None:
    run = begun()
    run.end("TimedOut")

    assert run.rebuilt().missing[-1] == "the limit for the whole run: today's counts"
