"""The page with the errors says what the table says."""

from __future__ import annotations

import json
from pathlib import Path

from postwright.failures import GraphFailure, classify, proves_not_published
from sandbox import error_page
from tests.reference_errors import REFERENCE, ROWS, Known

ROOT = Path(__file__).resolve().parents[2]
DEFINITION = ROOT / "statemachine" / "publish_post.asl.json"


def lines() -> list[list[str]]:
    """The cells of the rows that tell of one error each."""
    table = error_page.page().split("## What nobody knows")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")]
    return rows[2:]


def unknowns() -> dict[str, str]:
    """The class for each kind of unknown answer."""
    table = error_page.page().split("## What nobody knows")[1]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")]
    return {row[0]: row[1].strip("`") for row in rows[2:]}


def test_each_row_of_the_table_has_a_line_and_each_line_all_cells() -> None:
    assert len(lines()) == len(ROWS)
    assert {len(line) for line in lines()} == {6}
    assert all(cell.strip() for line in lines() for cell in line)


def test_codes_with_a_mark_are_those_that_prove_something() -> None:
    marked = {line[0].removesuffix(" †") for line in lines() if line[0].endswith("†")}

    proofs = [known for known in REFERENCE if known.proof and known.code != 200]

    assert marked == {"200-299", *(numbers(known) for known in proofs)}


def numbers(known: Known) -> str:
    return " / ".join(str(n) for n in (known.code, known.subcode) if n is not None)


def test_how_often_a_container_that_is_not_ready_is_sent_again_is_that_of_the_file() -> None:
    retries = json.loads(DEFINITION.read_text())["States"]["Publish"]["Retry"]
    [rule] = [rule for rule in retries if rule["ErrorEquals"] == ["ContainerNotReadyError"]]

    [line] = [line for line in lines() if line[0].startswith("9007 / 2207027")]

    assert f"{rule['MaxAttempts']} times, {rule['IntervalSeconds']} s apart" in line[3]


def test_what_is_said_of_unknown_answers_is_what_happens() -> None:
    answers = {
        "to a publish call, whatever it is": GraphFailure("publish", 400, 5555),
        "HTTP 429": GraphFailure("read", 429, 5555),
        "HTTP 401 with a code": GraphFailure("read", 401, 5555),
        "HTTP 5xx, or `is_transient`, or no code": GraphFailure("create", 500, 5555),
        "any other, to a create": GraphFailure("create", 400, 5555),
        "any other, to a read": GraphFailure("read", 400, 5555),
    }

    happens = {answer: type(classify(failure)).__name__ for answer, failure in answers.items()}

    [text] = unknowns().keys() - happens.keys()
    assert "`status`" in text
    assert {answer: unknowns()[answer] for answer in happens} == happens
    assert not any(proves_not_published(failure) for failure in answers.values())
