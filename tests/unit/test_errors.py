"""One class per reaction, with a text for people and fields for programs."""

from __future__ import annotations

import inspect

import pytest

from postwright import errors
from postwright.errors import (
    AlreadyPublishedError,
    AlreadyPublishingError,
    CaptionBusyError,
    InvalidPostError,
    MediaRejectedError,
    PostwrightError,
    TransientGraphError,
    of_name,
    redact,
    split_text,
)
from postwright.models import Problem

TOKEN = "IGAASandboxDemoAccessTokenThatOpensNothing"  # noqa: S105 - worth nothing
PRESIGNED = "https://media.example/s1/a.jpg?X-Amz-Signature=0123456789abcdef&X-Amz-Expires=3600"


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
    assert len(classes()) == 17
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


def test_another_post_with_the_caption_is_no_problem_of_this_one() -> None:
    assert CaptionBusyError("Its turn comes first.").details() == {}
