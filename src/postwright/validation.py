"""What pydantic refuses of a request or a record, as problems with something to do about each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from postwright.errors import InvalidPostError
from postwright.models import Problem


def wrong_request(error: ValidationError, keys: str, part: str = "request") -> InvalidPostError:
    """What is wrong with a request, or with a part of it, that may have these keys."""
    problems = [_request_problem(row, keys, part) for row in error.errors()]
    return InvalidPostError("The request cannot be used.", problems=problems)


def record_problems(error: ValidationError, record: str) -> list[Problem]:
    """What is wrong with a record of the table, which messages call `record`."""
    return [_record_problem(row, record) for row in error.errors()]


def _request_problem(row: Mapping[str, Any], keys: str, part: str) -> Problem:
    field = ".".join(map(str, row["loc"])) or part
    unknown = row["type"] == "extra_forbidden"
    missing = row["type"] == "missing"
    return Problem(
        item=field,
        rule=f"{part}-field",
        found="an unknown key" if unknown else "nothing" if missing else repr(row["input"])[:80],
        allowed=keys if unknown else row["msg"],
        fix="Remove it." if unknown else "Add it." if missing else "Correct it.",
    )


def _record_problem(row: Mapping[str, Any], record: str) -> Problem:
    return Problem(
        item=".".join(str(part) for part in row["loc"]),
        rule=f"{record}-record",
        found="an unknown key" if row["type"] == "extra_forbidden" else repr(row["input"])[:80],
        allowed=row["msg"],
        fix=f"Correct the {record}'s record.",
    )
