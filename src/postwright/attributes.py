"""Values as DynamoDB has them, and as Python does: `{"N": "4"}` and 4.

boto3 has this too; loading it beside botocore takes 12 ms of the start of a function, and a number
would still have to be made of its decimals.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def to_attribute(value: Any) -> dict[str, Any]:
    """An attribute of what JSON can hold; raises TypeError for anything else."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | float():
            return {"N": str(value)}
        case list():
            return {"L": [to_attribute(inner) for inner in value]}
        case dict():
            return {"M": {name: to_attribute(inner) for name, inner in value.items()}}
    raise TypeError(f"The table takes no {type(value).__name__}.")


def from_attribute(attribute: Mapping[str, Any]) -> Any:
    """The value of an attribute, whoever wrote it; a set becomes one, and bytes stay bytes."""
    [(kind, value)] = attribute.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return _number(value)
        case "NS":
            return {_number(one) for one in value}
        case "SS" | "BS":
            return set(value)
        case "L":
            return [from_attribute(inner) for inner in value]
        case "M":
            return {name: from_attribute(inner) for name, inner in value.items()}
    return value


def _number(text: str) -> int | float:
    """Decimals hold all 38 digits that DynamoDB keeps; an integer keeps them here too."""
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else float(number)
