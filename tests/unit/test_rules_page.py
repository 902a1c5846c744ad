"""The rules, and the page that lists them, are those that Instagram's pages ask for."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import ValidationError

from postwright.limits import Limit
from postwright.models import MediaItem
from postwright.preflight.catalogue import ENTRIES
from sandbox import rules_page
from tests.reference_checks import CHECKS, ELSEWHERE, OUR_OWN, Check, Elsewhere

ROOT = Path(__file__).parents[2]
BY_ID = {entry.id: entry for entry in ENTRIES}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.rule)
def test_what_the_pages_ask_for_is_a_rule_with_that_limit(check: Check) -> None:
    assert BY_ID[check.rule].limit.value == check.value


def test_every_rule_is_asked_for_by_the_pages_or_is_known_to_be_our_own() -> None:
    assert {check.rule for check in CHECKS} | OUR_OWN == BY_ID.keys()
    assert not {check.rule for check in CHECKS} & OUR_OWN


def test_every_rule_has_an_id_of_its_own_a_dated_source_and_an_answer() -> None:
    assert len(BY_ID) == len(ENTRIES)
    for entry in ENTRIES:
        assert isinstance(entry.limit, Limit)
        assert all((entry.limit.unit, entry.limit.source, entry.limit.read_on, entry.answer))


def test_every_rule_in_the_list_stands_in_the_code() -> None:
    modules = (ROOT / "src/postwright/preflight").glob("*.py")
    files = [path for path in modules if path.name != "catalogue.py"]
    files.append(ROOT / "src/postwright/account_rules.py")
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    of_carousels = {"carousel-location", "carousel-collaborators"}  # see posts.py

    assert {rule for rule in BY_ID if f'"{rule}"' not in text} == of_carousels


@pytest.mark.parametrize("row", ELSEWHERE, ids=lambda row: row.says)
def test_what_is_no_rule_names_a_place_that_there_is(row: Elsewhere) -> None:
    module, _, name = row.place.partition(".")

    found = import_module(f"postwright.{module}")

    assert not name or hasattr(found, name)


@pytest.mark.parametrize("option", ["trialParams", "isAiGenerated", "productTags", "audioName"])
def test_an_option_that_no_rule_knows_is_refused(option: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        MediaItem.model_validate({"key": "a.jpg", "kind": "image", option: True})


def rows_of_the_page() -> Iterator[list[str]]:
    for line in rules_page.page().splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def test_the_page_has_a_row_for_each_rule() -> None:
    rows = list(rows_of_the_page())

    assert [row[0].split("`")[1] for row in rows] == [entry.id for entry in ENTRIES]
    assert all(len(row) == 5 for row in rows)


def test_a_row_tells_limit_source_date_and_answer() -> None:
    [row] = [row for row in rows_of_the_page() if "`reel-bytes`" in row[0]]

    assert row[1:] == [
        "300,000,000 (bytes)",
        "Instagram Platform, IG User media reference, 2026-09-11",
        "2207077 in the container's status, above 300 MiB",
        "files, start, run",
    ]
