"""Values are written and read as boto3 would."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer

from postwright.attributes import from_attribute, to_attribute

by_boto3: Any = TypeDeserializer().deserialize

VALUES: list[Any] = [
    *(None, True, False, "", "text", 0, -7, 10**30),
    *([], {}, ["a", 1, [True]], {"a": {"b": None}, "c": [{"d": 1}]}),
]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_written_as_boto3_writes_it_and_read_again(value: Any) -> None:
    written = to_attribute(value)

    assert written == TypeSerializer().serialize(value)
    assert from_attribute(written) == value
    assert type(from_attribute(written)) is type(value)


@pytest.mark.parametrize("value", [0.5, -1.25e-7, 2.5e20])
def test_a_number_with_a_fraction_is_the_same_number(value: float) -> None:
    written = to_attribute(value)

    assert by_boto3(written) == Decimal(str(value))
    assert from_attribute(written) == value


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ({"N": "1E+3"}, 1000),
        ({"N": "2.50"}, 2.5),
        ({"NS": ["1", "2.5"]}, {1, 2.5}),
        ({"SS": ["a", "b"]}, {"a", "b"}),
    ],
)
def test_what_others_write_is_read(attribute: dict[str, Any], value: Any) -> None:
    assert from_attribute(attribute) == by_boto3(attribute) == value


def test_bytes_stay_bytes() -> None:
    read = from_attribute({"L": [{"B": b"x"}, {"BS": [b"y"]}]})

    assert read == [b"x", {b"y"}]
    assert by_boto3({"B": b"x"}) == Binary(read[0])


@pytest.mark.parametrize("value", [{1}, (1,), b"x", object()])
def test_what_json_cannot_hold_is_not_written(value: Any) -> None:
    with pytest.raises(TypeError, match="takes no"):
        to_attribute(value)
