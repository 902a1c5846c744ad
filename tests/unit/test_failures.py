"""From an answer of Instagram to the class that the workflow reacts to."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_args

import pytest

from postwright.containers import TRIES
from postwright.error_table import Call, Row
from postwright.errors import (
    AccountBlockedError,
    ContainerExpiredError,
    ContainerNotReadyError,
    MediaRejectedError,
    MediaUnreachableError,
    PostwrightError,
    ProcessingFailedError,
    PublishUncertainError,
    RateLimitedError,
    TokenInvalidError,
    TransientGraphError,
)
from postwright.failures import (
    GraphFailure,
    classify,
    classify_processing,
    find_row,
    processing_failure,
    proves_not_published,
)
from tests.reference_errors import (
    NOBODY_KNOWS,
    REACTIONS,
    REFERENCE,
    ROWS,
    Known,
    places_of,
    row_of,
)

CALLS: tuple[Call, ...] = get_args(Call)
ANSWERS = [call for call in CALLS if call != "processing"]

TOKEN = "IGAASandboxDemoAccessTokenThatOpensNothing"  # noqa: S105 - worth nothing
PRESIGNED = "https://media.example/s1/a.jpg?X-Amz-Signature=0123456789abcdef&X-Amz-Expires=3600"


def failure(
    call: Call, code: int | None = None, subcode: int | None = None, **more: Any
) -> GraphFailure:
    return GraphFailure(
        **{"call": call, "http_status": 400, "code": code, "subcode": subcode} | more
    )


# The table and the reference


def test_the_table_has_every_error_of_the_reference_and_no_other() -> None:
    table = Counter((row.code, row.subcode, row.text or "", places_of(row)) for row in ROWS)

    assert table == Counter((k.code, k.subcode, k.words, k.where_set) for k in REFERENCE)


@pytest.mark.parametrize("known", REFERENCE, ids=str)
def test_a_row_reacts_as_the_reference_wants(known: Known) -> None:
    row = row_of(known)

    assert row.error in REACTIONS[known.way]
    assert (row.tries or TRIES.get(row.error, 1)) == known.tries


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.code}/{row.subcode}")
def test_a_row_says_what_it_means_what_to_do_and_who_says_so(row: Row) -> None:
    for sentence in (row.meaning, row.advice):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
    assert row.source


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.code}/{row.subcode}")
def test_a_row_decides_where_it_says_unless_another_is_closer(row: Row) -> None:
    same = [other for other in ROWS if (other.code, other.subcode) == (row.code, row.subcode)]
    closer = {call for other in same if other.text == row.text for call in other.calls}

    for call in row.calls or set(CALLS) - closer:
        assert find_row(call, row.code, row.subcode, row.text or "") is row


# Which row fits


def test_a_container_or_post_that_does_not_show_yet_is_looked_at_again() -> None:
    assert type(classify(failure("status", 100, 33))) is TransientGraphError
    assert type(classify(failure("media", 100, 33))) is TransientGraphError
    assert type(classify(failure("read", 100, 33))) is TokenInvalidError
    assert type(classify(failure("create", 100, 33))) is TokenInvalidError


@pytest.mark.parametrize("code", [None, 1, 100, 5555])
def test_seven_digits_mean_the_same_with_any_code_and_in_any_call(code: int | None) -> None:
    assert type(classify(failure("create", code, 2207052))) is MediaUnreachableError
    assert type(classify(failure("status", code, 2207052))) is MediaUnreachableError


def test_both_numbers_together_come_before_the_subcode_alone() -> None:
    row = find_row("create", 190, 463)

    assert row is not None
    assert row.meaning == "The token has expired."
    assert find_row("create", 5555, 463) is None


@pytest.mark.parametrize("call", ["create", "status", "read"])
def test_what_speaks_of_an_effect_decides_only_where_it_was_seen(call: Call) -> None:
    assert find_row(call, 20, 1772107) is None
    assert find_row(call, None, 2207055) is None
    assert find_row("comment", 20, 1772107) is not None


@pytest.mark.parametrize("code", [200, 230, 299])
def test_two_hundred_stands_for_a_hundred_codes(code: int) -> None:
    assert type(classify(failure("read", code))) is TokenInvalidError
    assert type(classify(failure("read", code, 5))) is TokenInvalidError


def test_the_next_hundred_are_others() -> None:
    assert find_row("read", 199, None) is None
    assert find_row("read", 300, None) is None


def test_words_come_before_numbers() -> None:
    words = "Invalid parameter INSTAGRAM_PLATFORM_API__INVALID_LOCATION_ID"

    error = classify(failure("create", 190, 463, words=words))
    checkpoint = classify(failure("read", 190, message="Session key is malformed"))

    assert type(error) is MediaRejectedError
    assert "locationId" in error.sentence
    assert type(checkpoint) is AccountBlockedError


# What is said


def test_an_error_has_the_numbers_of_the_answer() -> None:
    error = classify(failure("create", 36000, 2207004, fbtrace_id="A6LJ", http_status=403))

    assert (error.code, error.subcode, error.http_status) == (36000, 2207004, 403)
    assert (error.fbtrace_id, error.call) == ("A6LJ", "create")


def test_what_instagram_says_to_the_user_is_repeated() -> None:
    error = classify(failure("create", 36000, 2207004, message="tech", user_message="Too big."))

    assert error.sentence == "The image is too large. Save it below 8 MB. Instagram says: Too big."


def test_a_rate_limit_carries_the_wait_that_instagram_asked_for() -> None:
    error = classify(failure("status", 80002, wait_seconds=720))

    assert isinstance(error, RateLimitedError)
    assert error.wait_seconds == 720


def test_a_row_with_a_budget_of_its_own_gives_it_to_the_error() -> None:
    special = classify_processing("error code 2207082")
    slow = classify(failure("create", -2, 2207003))
    usual = classify(failure("create", 9004, 2207052))

    assert (special.tries, special.pauses) == (2, ())
    assert (slow.tries, slow.pauses) == (None, (30, 120))
    assert (usual.tries, usual.pauses) == (None, ())


@pytest.mark.parametrize("call", ANSWERS)
@pytest.mark.parametrize("code", [9004, 190, 5555, None])
def test_nothing_secret_in_an_error_although_instagram_repeats_it(
    call: Call, code: int | None
) -> None:
    said = f"Cannot fetch {PRESIGNED} with {TOKEN}"

    error = classify(failure(call, code, message=said, user_message=said, words=said))

    shown = f"{error} {error!r} {error.args} {error.to_json()}"
    assert TOKEN not in shown
    assert "0123456789abcdef" not in shown


# What nobody knows


@pytest.mark.parametrize("call", ["status", "read", "media"])
@pytest.mark.parametrize("status", [400, 403, 500, None])
def test_an_unknown_answer_to_a_read_is_asked_again(call: Call, status: int | None) -> None:
    error = classify(failure(call, 5555, 1, http_status=status, message="no answer, ReadTimeout"))

    assert type(error) is TransientGraphError


@pytest.mark.parametrize(
    ("status", "code", "is_transient", "expected"),
    [
        (400, 5555, False, MediaRejectedError),
        (403, 5555, False, MediaRejectedError),
        (400, 5555, True, TransientGraphError),
        (500, 5555, False, TransientGraphError),
        (401, 5555, False, TokenInvalidError),
        (429, 5555, False, RateLimitedError),
        (429, None, False, RateLimitedError),
        (401, None, False, TransientGraphError),
        (502, None, False, TransientGraphError),
        (400, None, False, TransientGraphError),
        (None, None, False, TransientGraphError),
    ],
)
def test_an_unknown_answer_to_a_create_goes_by_its_status(
    status: int | None, code: int | None, is_transient: bool, expected: type[PostwrightError]
) -> None:
    error = classify(failure("create", code, http_status=status, is_transient=is_transient))

    assert type(error) is expected


@pytest.mark.parametrize("subcode", NOBODY_KNOWS)
def test_numbers_that_nobody_can_explain_are_unknown(subcode: int) -> None:
    alone = failure("create", None, subcode, http_status=400)
    with_code = failure("create", 100, subcode)

    assert not alone.is_known
    assert not with_code.is_known
    assert type(classify(with_code)) is MediaRejectedError
    assert not processing_failure(f"error code {subcode}").is_known


@pytest.mark.parametrize(
    ("answer", "is_known"),
    [
        (failure("create", 9004, 2207052), True),
        (failure("create", 5555, 2207052), True),
        (failure("create", 9004), False),
        (failure("create", 190), True),
        (failure("create", 190, 463), True),
        (failure("create", 190, 999), False),
        (failure("create", 5555), False),
        (failure("publish", 5555), False),
        (failure("read", None, http_status=502), True),
        (failure("read", None, http_status=None), True),
        (failure("create", 100, 2207099, words="Session key is malformed"), True),
        (processing_failure("error code 2207082"), True),
        (processing_failure("error code 2207099"), False),
        (processing_failure("Fatal"), False),
        (processing_failure(None), False),
    ],
    ids=str,
)
def test_known_are_only_numbers_that_the_table_has(answer: GraphFailure, is_known: bool) -> None:
    assert answer.is_known is is_known


def test_an_unknown_answer_is_told_with_its_numbers() -> None:
    known = classify(failure("create", 5555, 77))
    silent = classify(failure("read", None, http_status=None, message="no answer, ReadTimeout"))
    nothing = classify(failure("read", None, http_status=None))

    assert "(HTTP 400, code 5555/77)" in known.sentence
    assert "(no answer, ReadTimeout)" in silent.sentence
    assert "(no answer)" in nothing.sentence


# At publish


@pytest.mark.parametrize("known", REFERENCE, ids=str)
def test_only_a_proof_says_more_than_that_the_publish_is_unclear(known: Known) -> None:
    said = failure("publish", known.code, known.subcode, words=known.words)

    error = classify(said)

    assert proves_not_published(said) is known.proof
    assert (type(error) is PublishUncertainError) is not known.proof
    if known.proof:
        assert type(error) is row_of(known).error


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
        failure("publish", 5555, http_status=401),
        failure("publish", 5555, http_status=429),
        failure("publish", None, words="Session key is malformed"),
    ],
    ids=str,
)
def test_what_only_looks_like_a_refusal_leaves_it_open(said: GraphFailure) -> None:
    error = classify(said)

    assert type(error) is PublishUncertainError
    assert "looking for the post" in error.sentence
    assert (error.code, error.subcode) == (said.code, said.subcode)


@pytest.mark.parametrize("call", [call for call in CALLS if call not in ("publish", "comment")])
def test_only_an_answer_to_what_must_not_be_repeated_proves_anything(call: Call) -> None:
    assert not proves_not_published(failure(call, 9007, 2207027))


@pytest.mark.parametrize(
    ("code", "expected"), [(1, PublishUncertainError), (190, TokenInvalidError)]
)
def test_a_comment_is_not_repeated_blindly_either(
    code: int, expected: type[PostwrightError]
) -> None:
    error = classify(failure("comment", code, http_status=500))

    assert type(error) is expected


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
        ("error code 2207020", ContainerExpiredError, 2207020),
        ("error code 2207027", ContainerNotReadyError, 2207027),
        ("error code 2207009", MediaRejectedError, 2207009),
        ("error code 2207076", MediaUnreachableError, 2207076),
        ("error code 2207077", ProcessingFailedError, 2207077),
        ("error code 2207082", ProcessingFailedError, 2207082),
        ("error code 2207085", ProcessingFailedError, 2207085),
        ("error code 2207053", ProcessingFailedError, 2207053),
        ("error code 2207055", ProcessingFailedError, 2207055),
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
