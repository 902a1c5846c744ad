"""One class per reaction, and one table that decides which."""

from __future__ import annotations

import inspect
from typing import Any, get_args

import pytest

from postwright import errors
from postwright.errors import (
    TABLE,
    AccountBlockedError,
    AlreadyPublishedError,
    AlreadyPublishingError,
    Call,
    CaptionBusyError,
    ContainerExpiredError,
    ContainerNotReadyError,
    GraphFailure,
    InvalidPostError,
    MediaRejectedError,
    MediaUnreachableError,
    PostwrightError,
    ProcessingFailedError,
    PublishUncertainError,
    QuotaExceededError,
    RateLimitedError,
    Row,
    TokenInvalidError,
    TransientGraphError,
    classify,
    classify_processing,
    find_row,
    of_name,
    proves_not_published,
    redact,
    split_text,
)
from postwright.models import Problem

CALLS: tuple[Call, ...] = get_args(Call)
TOKEN = "IGAASandboxDemoAccessTokenThatOpensNothing"  # noqa: S105 - worth nothing
PRESIGNED = "https://media.example/s1/a.jpg?X-Amz-Signature=0123456789abcdef&X-Amz-Expires=3600"

# What each publishing code means for us, told once more by hand, so that a slip in the table shows.
# Source: Instagram Platform error codes reference, stamped 2026-06-02; Graph API error handling.
AT_CREATE: dict[tuple[int, int | None], type[PostwrightError]] = {
    (-2, 2207003): MediaUnreachableError,
    (-2, 2207020): ContainerExpiredError,
    (-1, 2207001): TransientGraphError,
    (-1, 2207032): TransientGraphError,
    (-1, 2207053): ProcessingFailedError,
    (1, 2207057): MediaRejectedError,
    (4, 2207051): AccountBlockedError,
    (9, 2207042): QuotaExceededError,
    (24, 2207006): ContainerExpiredError,
    (24, 2207008): ContainerExpiredError,
    (25, 2207050): AccountBlockedError,
    (36000, 2207004): MediaRejectedError,
    (36001, 2207005): MediaRejectedError,
    (36003, 2207009): MediaRejectedError,
    (36004, 2207010): InvalidPostError,
    (100, 2207023): InvalidPostError,
    (100, 2207028): InvalidPostError,
    (100, 2207040): InvalidPostError,
    (100, 33): TokenInvalidError,
    (100, None): MediaRejectedError,
    (100, 2207035): MediaRejectedError,
    (110, 2207018): MediaRejectedError,
    (352, 2207026): MediaRejectedError,
    (9004, 2207052): MediaUnreachableError,
    (1, None): TransientGraphError,
    (2, None): TransientGraphError,
    (4, None): RateLimitedError,
    (17, None): RateLimitedError,
    (32, None): RateLimitedError,
    (341, None): RateLimitedError,
    (613, None): RateLimitedError,
    (80002, None): RateLimitedError,
    (10, None): TokenInvalidError,
    (102, None): TokenInvalidError,
    (104, None): TokenInvalidError,
    (190, None): TokenInvalidError,
    (190, 458): TokenInvalidError,
    (190, 459): AccountBlockedError,
    (190, 460): TokenInvalidError,
    (190, 463): TokenInvalidError,
    (190, 467): TokenInvalidError,
    (200, None): TokenInvalidError,
    (230, None): TokenInvalidError,
    (299, 5): TokenInvalidError,
    (368, None): AccountBlockedError,
}

PROVEN_REFUSALS: dict[tuple[int, int | None], type[PostwrightError]] = {
    (9007, 2207027): ContainerNotReadyError,
    (9, 2207042): QuotaExceededError,
    (25, 2207050): AccountBlockedError,
    (190, None): TokenInvalidError,
    (190, 459): AccountBlockedError,
    (190, 463): TokenInvalidError,
    (10, None): TokenInvalidError,
    (200, None): TokenInvalidError,
    (230, None): TokenInvalidError,
    (299, None): TokenInvalidError,
    (368, None): AccountBlockedError,
}


def failure(
    call: Call, code: int | None = None, subcode: int | None = None, **more: Any
) -> GraphFailure:
    return GraphFailure(
        **{"call": call, "http_status": 400, "code": code, "subcode": subcode} | more
    )


def classes() -> list[type[PostwrightError]]:
    return [
        cls
        for name, cls in inspect.getmembers(errors, inspect.isclass)
        if name.endswith("Error")
        and issubclass(cls, PostwrightError)
        and cls is not PostwrightError
    ]


# The classes


def test_the_state_machine_finds_every_class_by_its_name() -> None:
    assert len(classes()) == 15
    assert all(of_name(cls.__name__) is cls for cls in classes())


@pytest.mark.parametrize("name", ["PostwrightError", "ValueError", "", "mediarejectederror"])
def test_other_names_are_no_classes_of_ours(name: str) -> None:
    assert of_name(name) is None


def test_every_class_says_what_it_means() -> None:
    silent = [cls for cls in classes() if not cls.__dict__.get("__doc__")]

    assert silent == []


def test_the_set_of_classes_is_flat() -> None:
    assert all(cls.__bases__ == (PostwrightError,) for cls in classes())


def test_the_tree_in_the_module_names_every_class() -> None:
    assert errors.__doc__ is not None
    assert [cls.__name__ for cls in classes() if cls.__name__ not in errors.__doc__] == []


# The text


def test_the_text_is_a_sentence_and_one_json_object() -> None:
    error = MediaRejectedError(
        "The image is too large.",
        code=36000,
        subcode=2207004,
        http_status=400,
        fbtrace_id="A6LJ",
        item="2: sunset.jpg",
        call="create",
    )

    sentence, fields = split_text(str(error))

    assert str(error).startswith("The image is too large. {")
    assert sentence == "The image is too large."
    assert fields == {
        "code": 36000,
        "subcode": 2207004,
        "httpStatus": 400,
        "fbtraceId": "A6LJ",
        "item": "2: sunset.jpg",
        "call": "create",
    }


def test_what_is_not_known_is_not_said() -> None:
    error = TransientGraphError("Instagram is down.", call="read")

    assert str(error) == 'Instagram is down. {"call": "read"}'
    assert error.to_json() == {
        "type": "TransientGraphError",
        "message": "Instagram is down.",
        "call": "read",
    }


@pytest.mark.parametrize(
    ("sentence", "item"),
    [
        ("Plain.", None),
        ("", None),
        ("With {braces} and {", None),
        ('Instagram says: {"error": 1} {"code": 2}', "1: a.jpg"),
        ("Plain.", '2: my {best} "photo" {1}.jpg'),
        ("Plain.", '3: {"code": 5}'),
        ("Ümläute 😀\nand lines", "4: ü 😀.jpg"),
    ],
)
def test_the_text_is_taken_apart_again_whatever_is_in_it(sentence: str, item: str | None) -> None:
    error = MediaRejectedError(sentence, code=1, item=item)

    assert split_text(str(error)) == (sentence, error.details())


@pytest.mark.parametrize(
    "text", ["", "Task timed out after 30.00 seconds", "a {b}", "a [1]", 'a {"b": 1} c', "{", " {"]
)
def test_a_text_without_fields_comes_back_whole(text: str) -> None:
    assert split_text(text) == (text, {})


def test_the_problems_of_a_post_are_all_in_its_sentence() -> None:
    problems = [
        Problem(item="1: a.png", rule="image-format", found="PNG", allowed="JPEG", fix="Save it."),
        Problem(item="caption", rule="length", found="2300", allowed="2200", fix="Cut it."),
    ]

    error = InvalidPostError("The post cannot be published.", problems=problems)

    assert error.sentence == (
        "The post cannot be published. 1: a.png: found PNG, allowed JPEG. Save it.;"
        " caption: found 2300, allowed 2200. Cut it."
    )
    assert error.to_json()["problems"] == [problem.to_json() for problem in problems]


def test_who_has_the_group_is_told_with_the_error() -> None:
    running = AlreadyPublishingError("Running.", job_id="j1")
    live = AlreadyPublishedError("Live.", job_id="j2", instagram_post_id="1", permalink="https://x")

    assert (running.job_id, running.status) == ("j1", "publishing")
    assert (live.job_id, live.instagram_post_id, live.permalink) == ("j2", "1", "https://x")


# What must not be in it


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"Fetching {PRESIGNED} failed.", "Fetching https://media.example/s1/a.jpg?[...] failed."),
        ('{"url": "http://h/a?b=c"}', '{"url": "http://h/a?[...]"}'),
        ("no?query here", "no?query here"),
        ("https://h/a without a query", "https://h/a without a query"),
        (f"token {TOKEN}.", "token [token]."),
        (f"Bearer {TOKEN}", "Bearer [token]"),
        ("EAABsbCS1234567890abcdef", "[token]"),
        ("IGNORE this, EAA too", "IGNORE this, EAA too"),
        (f"https://h/media?access_token={TOKEN}&limit=25", "https://h/media?[...]"),
    ],
)
def test_signed_urls_and_tokens_are_taken_out_of_a_text(text: str, clean: str) -> None:
    assert redact(text) == clean


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("code", [9004, 190, 5555, None])
def test_nothing_secret_in_an_error_although_instagram_repeats_it(
    call: Call, code: int | None
) -> None:
    said = f"Cannot fetch {PRESIGNED} with {TOKEN}"

    error = classify(failure(call, code, message=said, user_message=said))

    shown = f"{error} {error!r} {error.args} {error.to_json()}"
    assert TOKEN not in shown
    assert "0123456789abcdef" not in shown


# The table


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.code}/{row.subcode}")
def test_every_row_decides_for_the_calls_it_names(row: Row) -> None:
    decided = [call for call in CALLS if find_row(call, row.code, row.subcode) is row]

    said = [classify(failure(call, row.code, row.subcode)) for call in decided if call != "publish"]

    assert said
    assert {call for call in decided if row.calls and call not in row.calls} == set()
    if row.code is not None:
        assert {type(error) for error in said} == {row.error}
        assert {error.sentence for error in said} == {row.sentence}


def test_a_row_for_one_call_leaves_the_other_calls_to_the_next() -> None:
    [fresh, other] = [row for row in TABLE if (row.code, row.subcode) == (100, 33)]

    assert find_row("status", 100, 33) is fresh
    assert {find_row(call, 100, 33) for call in CALLS if call != "status"} == {other}


@pytest.mark.parametrize(("codes", "expected"), AT_CREATE.items(), ids=str)
def test_a_code_at_create_has_its_reaction(
    codes: tuple[int, int | None], expected: type[PostwrightError]
) -> None:
    error = classify(failure("create", *codes, fbtrace_id="A6LJ"))

    assert type(error) is expected
    assert (error.code, error.subcode, error.http_status) == (*codes, 400)
    assert (error.fbtrace_id, error.call) == ("A6LJ", "create")


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.code}/{row.subcode}")
def test_every_row_has_a_sentence_for_a_person_and_a_source(row: Row) -> None:
    assert row.sentence[0].isupper()
    assert row.sentence.endswith((".", "!"))
    assert row.source


def test_a_fresh_container_that_does_not_show_yet_is_looked_at_again() -> None:
    assert type(classify(failure("status", 100, 33))) is TransientGraphError
    assert type(classify(failure("read", 100, 33))) is TokenInvalidError


def test_what_instagram_says_to_the_user_is_repeated() -> None:
    error = classify(failure("create", 36000, 2207004, message="tech", user_message="Too big."))

    assert error.sentence == "The image is too large; save it below 8 MB. Instagram says: Too big."


def test_a_rate_limit_carries_the_wait_that_instagram_asked_for() -> None:
    error = classify(failure("status", 80002, wait_seconds=720))

    assert isinstance(error, RateLimitedError)
    assert error.wait_seconds == 720


@pytest.mark.parametrize("call", ["status", "read"])
@pytest.mark.parametrize("status", [400, 403, 500, None])
def test_an_unknown_answer_to_a_read_is_asked_again(call: Call, status: int | None) -> None:
    error = classify(failure(call, 5555, 1, http_status=status, message="no answer, ReadTimeout"))

    assert type(error) is TransientGraphError


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, 5555, MediaRejectedError),
        (403, 5555, MediaRejectedError),
        (500, 5555, TransientGraphError),
        (502, None, TransientGraphError),
        (400, None, TransientGraphError),
        (None, None, TransientGraphError),
    ],
)
def test_an_unknown_answer_to_a_create_stops_the_item_unless_it_looks_transient(
    status: int | None, code: int | None, expected: type[PostwrightError]
) -> None:
    error = classify(failure("create", code, http_status=status))

    assert type(error) is expected


def test_an_unknown_answer_is_told_with_its_numbers() -> None:
    known = classify(failure("create", 5555, 77))
    silent = classify(failure("read", None, http_status=None, message="no answer, ReadTimeout"))
    nothing = classify(failure("read", None, http_status=None))

    assert "(HTTP 400, code 5555/77)" in known.sentence
    assert "(no answer, ReadTimeout)" in silent.sentence
    assert "(no answer)" in nothing.sentence


# At publish


@pytest.mark.parametrize(("codes", "expected"), PROVEN_REFUSALS.items(), ids=str)
def test_an_answer_that_proves_nothing_was_published_keeps_its_class(
    codes: tuple[int, int | None], expected: type[PostwrightError]
) -> None:
    refusal = failure("publish", *codes)

    assert proves_not_published(refusal)
    assert type(classify(refusal)) is expected


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.code}/{row.subcode}")
def test_every_other_row_leaves_it_open_whether_the_post_is_live(row: Row) -> None:
    said = failure("publish", row.code, row.subcode)
    proven = (row.code, row.subcode) in PROVEN_REFUSALS

    assert proves_not_published(said) is proven
    assert (type(classify(said)) is PublishUncertainError) is not proven


@pytest.mark.parametrize(
    "said",
    [
        failure("publish", 4, 2207051, http_status=403),
        failure("publish", 9007, None),
        failure("publish", 9007, 2207028),
        failure("publish", 9, None),
        failure("publish", 25, None),
        failure("publish", 300),
        failure("publish", 199),
        failure("publish", None, http_status=500),
        failure("publish", None, http_status=200),
        failure("publish", 190, http_status=None),
        failure("publish", None, http_status=None),
    ],
    ids=str,
)
def test_what_only_looks_like_a_refusal_leaves_it_open(said: GraphFailure) -> None:
    error = classify(said)

    assert type(error) is PublishUncertainError
    assert "looking for the post" in error.sentence
    assert (error.code, error.subcode) == (said.code, said.subcode)


@pytest.mark.parametrize("call", ["create", "status", "read"])
def test_only_an_answer_to_a_publish_proves_anything_about_it(call: Call) -> None:
    assert not proves_not_published(failure(call, 9007, 2207027))


# A container in ERROR


@pytest.mark.parametrize(
    ("status", "expected", "subcode"),
    [
        (
            "Error: Media upload has failed with error code 2207026",
            MediaRejectedError,
            2207026,
        ),
        ("Error: ... error code 2207052.", MediaUnreachableError, 2207052),
        ("2207003", MediaUnreachableError, 2207003),
        ("error code 2207076", MediaUnreachableError, 2207076),
        ("error code 2207077", ProcessingFailedError, 2207077),
        ("error code 2207082", ProcessingFailedError, 2207082),
        ("error code 2207085", ProcessingFailedError, 2207085),
        ("error code 2207053", ProcessingFailedError, 2207053),
        ("error code 2207099", ProcessingFailedError, 2207099),
        ("error code 22070261", ProcessingFailedError, None),
        ("Fatal", ProcessingFailedError, None),
        ("", ProcessingFailedError, None),
        (None, ProcessingFailedError, None),
    ],
)
def test_the_error_of_a_container_is_read_from_its_status_text(
    status: str | None, expected: type[PostwrightError], subcode: int | None
) -> None:
    error = classify_processing(status)

    assert type(error) is expected
    assert (error.subcode, error.call) == (subcode, "status")
    assert error.sentence.endswith(f"Instagram says: {status or 'nothing'}")


def test_another_post_with_the_caption_is_no_problem_of_this_one() -> None:
    assert CaptionBusyError("Its turn comes first.").details() == {}
