"""Errors that nobody knows are counted, and the count never gets in the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from postwright.errors import PostwrightError
from postwright.failures import GraphFailure
from postwright.models import now_text
from postwright.store import Store
from sandbox.instagram import DEMO_ACCOUNT
from tests.unit.core_world import World

pytest_plugins = ("tests.unit.core_fixtures",)

UNKNOWN = GraphFailure("create", 400, 5555, 2207099, message="No.", fbtrace_id="A1")


def counts(world: World) -> list[dict[str, Any]]:
    """All records of unknown errors."""
    items = world.cloud.dynamodb.scan(TableName=world.app.settings.table)["Items"]
    plain = TypeDeserializer().deserialize
    records = [{name: plain(value) for name, value in item.items()} for item in items]
    return [record for record in records if record["SK"].startswith("UNKNOWN#")]


def ask_for_a_container(world: World) -> PostwrightError:
    with pytest.raises(PostwrightError) as raised:
        world.app.instagram("default").create_image_container("https://h/a.jpg")
    return raised.value


def test_an_unknown_error_is_counted_by_account_call_and_numbers(world: World) -> None:
    first_at = now_text()
    world.store.count_unknown("default", UNKNOWN)
    world.advance(60)
    world.store.count_unknown("default", replace(UNKNOWN, http_status=403, fbtrace_id="A2"))
    world.store.count_unknown("other", UNKNOWN)

    [mine, others] = sorted(counts(world), key=lambda record: str(record["PK"]))

    assert mine == {
        "PK": "ACCOUNT#default",
        "SK": "UNKNOWN#create#5555/2207099",
        "count": 2,
        "firstAt": first_at,
        "lastAt": now_text(),
        "httpStatus": 403,
        "lastFbtraceId": "A2",
        "lastMessage": "No.",
    }
    assert (others["PK"], others["count"]) == ("ACCOUNT#other", 1)


def test_numbers_that_are_missing_are_counted_too(world: World) -> None:
    world.store.count_unknown("default", GraphFailure("processing", 200, message="Fatal"))

    [record] = counts(world)

    assert (record["SK"], record["lastMessage"]) == ("UNKNOWN#processing#none/none", "Fatal")
    assert record["lastFbtraceId"] is None


def test_nothing_secret_and_nothing_long_is_kept(world: World) -> None:
    said = f"{DEMO_ACCOUNT.token} https://h/a.jpg?X-Amz-Signature=0123456789abcdef {'x' * 1000}"

    world.store.count_unknown("default", replace(UNKNOWN, message=said))

    [record] = counts(world)
    kept = record["lastMessage"]
    assert kept.startswith("[token] https://h/a.jpg?[...] xxx")
    assert len(kept) == 300


def test_the_client_of_an_account_counts_what_it_meets(world: World) -> None:
    world.answer({"call": "create", "error": [5555, 2207099], "times": 2})

    ask_for_a_container(world)
    error = ask_for_a_container(world)

    [record] = counts(world)
    assert (record["SK"], record["count"]) == ("UNKNOWN#create#5555/2207099", 2)
    assert (error.code, record["lastFbtraceId"]) == (5555, error.fbtrace_id)


def test_what_is_known_is_not_counted(world: World) -> None:
    world.answer(
        {"call": "create", "error": [36000, 2207004]}, {"call": "create", "answer": "html"}
    )

    ask_for_a_container(world)
    ask_for_a_container(world)

    assert counts(world) == []


def test_a_table_that_cannot_be_written_changes_nothing(world: World) -> None:
    world.app = replace(world.app, store=Store(world.cloud.dynamodb, "no-such-table"))
    world.answer({"call": "create", "error": [5555, 2207099]})

    error = ask_for_a_container(world)

    assert (type(error).__name__, error.code) == ("MediaRejectedError", 5555)
