"""The corpus: each file is judged as the table says, by preflight and by the simulated Instagram.

Neither knows the other's rules, nor the table, which was written first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import pytest

from postwright.models import Problem
from postwright.preflight import catalogue, check_file, check_files
from postwright.repair import repair_files
from postwright.repair_frame import Style
from sandbox.instagram import media_judge
from sandbox.instagram.errors import GraphError
from sandbox.instagram.media_judge import CAROUSEL_ITEM, REEL, VideoRefusedError
from tests.corpus import made
from tests.corpus.table import BAD, GOOD, Bad, Good
from tests.summary import say

Row = Bad | Good
FILMS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".flv")
ASKED = [row for row in (*BAD, *GOOD) if row.name not in ("directory.jpg", "missing.jpg")]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    av.logging.set_level(av.logging.PANIC)
    return made.make(tmp_path_factory.mktemp("corpus") / "files")


def told(corpus: Path, row: Row) -> tuple[list[Problem], list[Problem]]:
    """What preflight says of a file; in a carousel, a photo that is fine stands beside it."""
    others = [corpus / "square.jpg"] if row.place == "carousel" else []
    outcome = check_files([corpus / row.name, *others], "", carousel_max=10)
    return tuple(  # type: ignore[return-value]  # two lists
        [problem for problem in list_ if problem.item.startswith("1: ")]
        for list_ in (outcome.problems, outcome.warnings)
    )


def ids(problems: Sequence[Problem]) -> set[str]:
    return {problem.rule for problem in problems}


def instagram_takes(corpus: Path, row: Row) -> bool:
    """What the simulated Instagram says to the file, once it is fetched."""
    path = corpus / row.name
    try:
        if path.suffix in FILMS:
            use = CAROUSEL_ITEM if row.place == "carousel" else REEL
            media_judge.judge_video(path, corpus / "thumbnail", use)
            return path.stat().st_size <= use.bytes_max
        media_judge.judge_image(path)
        return path.stat().st_size <= media_judge.IMAGE_BYTES_LIMIT
    except (GraphError, VideoRefusedError):
        return False


def is_answered(row: Bad) -> bool:
    """Whether the table knows a code with which Instagram refuses the file."""
    return row.answer[0].isdigit()


def test_the_corpus_is_large_enough_and_no_file_has_two_verdicts() -> None:
    names = [row.name for row in (*BAD, *GOOD)]

    assert len(set(names)) == len(names)
    assert len(BAD) >= 60
    assert len(GOOD) >= 30


def test_every_rule_about_media_has_a_file_that_breaks_it() -> None:
    about_media = {
        entry.id
        for subject in ("Files", "Photos", "Videos")
        for entry in catalogue.SUBJECTS[subject]
    }
    broken = {rule for row in BAD for rule in row.rules}
    worth_a_word = {rule for row in GOOD for rule in row.warnings}

    assert about_media - broken - worth_a_word == {"file-unreadable", "media-unread"}


@pytest.mark.parametrize("row", BAD, ids=lambda row: row.name)
def test_a_bad_file_breaks_exactly_the_rules_of_its_row(corpus: Path, row: Bad) -> None:
    problems, _ = told(corpus, row)

    assert ids(problems) == set(row.rules)
    assert all(problem.found and problem.allowed and problem.fix for problem in problems)


@pytest.mark.parametrize("row", GOOD, ids=lambda row: row.name)
def test_a_good_file_breaks_none_and_is_warned_of_what_its_row_says(
    corpus: Path, row: Good
) -> None:
    problems, warnings = told(corpus, row)

    assert problems == []
    assert ids(warnings) - {"carousel-crop"} == set(row.warnings)


@pytest.mark.parametrize("row", ASKED, ids=lambda row: row.name)
def test_the_simulated_instagram_refuses_what_the_table_has_an_answer_for(
    corpus: Path, row: Row
) -> None:
    assert instagram_takes(corpus, row) == (isinstance(row, Good) or not is_answered(row))


def test_the_whole_corpus_at_once(corpus: Path, pytestconfig: pytest.Config) -> None:
    refused = [row for row in (*BAD, *GOOD) if told(corpus, row)[0]]
    missed = [row for row in BAD if row not in refused]
    false_alarms = [row for row in GOOD if row in refused]
    stricter = [row for row in BAD if row in ASKED and not is_answered(row)]

    say(
        pytestconfig,
        f"media corpus: {len(BAD)} bad and {len(GOOD)} good files; preflight finds"
        f" {len(BAD) - len(missed)} of {len(BAD)} ({1 - len(missed) / len(BAD):.0%}), false alarms"
        f" {len(false_alarms)}; the simulated Instagram agrees on all but {len(stricter)} on which"
        " its documents are silent or milder",
    )
    assert (missed, false_alarms) == ([], [])


BEYOND_REPAIR = {
    *("jpeg-xl-head.jpg", "12-bit.jpg", "truncated.jpg", "truncated-large.jpg", "empty.jpg"),
    *("truncated-progressive.jpg", "only-headers.jpg", "absurd.jpg", "text.jpg", "web-page.jpg"),
    *("drawing.jpg", "document.jpg", "archive.jpg", "directory.jpg", "missing.jpg", "empty.mp4"),
    *("text.mp4", "sound-only.mp4", "2-seconds.mp4", "2967-ms.mp4", "3-seconds.mp4"),
    *("3-second-reel.mp4", "61-seconds.mp4", "truncated.mp4", "without-moov.mp4"),
    "everything-wrong.mp4",
}
"""No picture, damaged, or of a length that only its maker can change."""
TAKES_LONG = {"16-minutes.mp4", "300000001-bytes.mp4", "100000001-bytes.mp4"}


def test_every_bad_file_is_repaired_so_that_it_passes_or_is_named_as_beyond_repair(
    corpus: Path, tmp_path: Path
) -> None:
    beyond = set()
    for row in BAD:
        if row.name in TAKES_LONG:
            continue
        style = Style(in_carousel=row.place == "carousel")
        [done] = repair_files([corpus / row.name], tmp_path / row.name, style)
        if done.target is None:
            beyond.add(row.name)
        else:
            checked = check_file(row.name, done.target, in_carousel=style.in_carousel)
            assert checked.found == [], row.name

    assert beyond == BEYOND_REPAIR
