"""The pool of hashtags: what goes in, what is kept, and what happens when things go wrong."""

from __future__ import annotations

import fcntl
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from postwright import clock
from postwright.errors import InvalidPostError
from postwright.hashtags.pool import Pool, PooledTag, PoolError, PoolFile, Source, read_import
from postwright.hashtags.statistics import Statistics
from postwright.hashtags.tags import normalise_all
from postwright.models import now_text
from sandbox.clock import SimulatedClock
from tests.instagram_lab import STANDING_STILL
from tests.unit.core_world import HandClock

TAGS_EACH = 25
KILLED_BEFORE_THE_RENAME = """
import os, signal, sys
from pathlib import Path
from postwright.hashtags.pool import PoolFile
Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with PoolFile(Path(sys.argv[1])).changing() as pool:
    pool.add_all(["late"], "test")
"""
WRITER = """
import sys
from pathlib import Path
from postwright.hashtags.pool import PoolFile
for number in range(int(sys.argv[3])):
    with PoolFile(Path(sys.argv[1])).changing() as pool:
        pool.add_all([f"{sys.argv[2]}{number}"], "test")
"""


@pytest.fixture
def hand() -> Iterator[HandClock]:
    """Time moves by hand, and with what is slept."""
    standing = HandClock(SimulatedClock(STANDING_STILL))
    standing.haste = 0
    previous = clock.use(standing)
    yield standing
    clock.use(previous)


@pytest.fixture
def file(tmp_path: Path) -> PoolFile:
    return PoolFile(tmp_path / "content" / "cache" / "hashtag-pool.json")


def add(file: PoolFile, *tags: str, source: str = "test") -> list[str]:
    with file.changing() as pool:
        return pool.add_all(tags, source)


def measured(score_likes: float, days_ago: int = 0) -> Statistics:
    at = clock.to_text(clock.now() - timedelta(days=days_ago))
    return Statistics(measured_at=at, likes=score_likes, comments=0, posts_per_hour=1)


# Words


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("dunes", "dunes"),
        ("#Dunes", "dunes"),
        (" ##Sand\u00a0Dunes ", "sanddunes"),
        ("CAFE\u0301", "café"),
        ("हिन्दी", "हिन्दी"),
        ("ตลาดน้ำ", "ตลาดน้ำ"),
        ("砂丘", "砂丘"),
        ("ДЮНЫ_2026", "дюны_2026"),
        ("İzmir", "i̇zmir"),
    ],
)
def test_a_hashtag_has_one_form(text: str, tag: str) -> None:
    assert normalise_all([text]) == normalise_all([tag]) == [tag]


def test_every_text_that_makes_no_hashtag_is_listed_at_once() -> None:
    with pytest.raises(InvalidPostError) as refused:
        normalise_all(["sea", "sand-dunes", "sunset☀️", "#", "", "1️⃣", "x" * 70 + "!"])

    found = [problem.found for problem in refused.value.problems]
    assert found[:5] == ["'sand-dunes'", "'sunset☀️'", "'#'", "''", "'1️⃣'"]
    assert len(found) == 6
    assert len(found[5]) < 70


# Adding, merging, removing


def test_a_pool_that_does_not_exist_is_empty(file: PoolFile) -> None:
    assert file.read() == Pool()
    assert not file.path.parent.exists()


def test_what_was_added_is_read_back(file: PoolFile) -> None:
    assert add(file, "sea", "हिन्दी", "sea") == ["sea", "हिन्दी"]

    assert list(file.read().tags) == ["sea", "हिन्दी"]


def test_a_hashtag_that_comes_again_keeps_its_date_and_gains_a_source(
    file: PoolFile, hand: HandClock
) -> None:
    first = now_text()
    add(file, "sea", source="first")
    hand.advance(86_400)

    assert add(file, "sea", "dunes", source="second") == ["dunes"]
    assert add(file, "sea", source="first") == []

    assert [(s.name, s.at) for s in file.read().tags["sea"].sources] == [
        ("first", first),
        ("second", now_text()),
    ]


def test_of_two_measurements_the_newer_one_stays() -> None:
    older, newer = measured(9, days_ago=3), measured(1)
    pool = Pool()

    pool.add(PooledTag(tag="sea", statistics=newer))
    pool.add(PooledTag(tag="sea", statistics=older))
    pool.add(PooledTag(tag="sea"))

    assert pool.tags["sea"].statistics == newer


def test_what_is_removed_is_gone_and_the_rest_stays(file: PoolFile) -> None:
    add(file, "sea", "dunes")

    with file.changing() as pool:
        assert pool.remove_all(["sea", "mountains"]) == ["sea"]

    assert list(file.read().tags) == ["dunes"]


def test_an_error_while_the_pool_is_changed_changes_nothing(file: PoolFile) -> None:
    add(file, "sea")

    with suppress(LookupError), file.changing() as pool:
        pool.remove_all(["sea"])
        raise LookupError

    assert list(file.read().tags) == ["sea"]


def test_keys_of_others_are_kept(file: PoolFile) -> None:
    add(file, "sea")
    document = json.loads(file.path.read_text()) | {"owner": "studio"}
    document["tags"][0]["note"] = "ours"
    file.path.write_text(json.dumps(document))

    add(file, "dunes")

    written = json.loads(file.path.read_text())
    assert written["owner"] == "studio"
    assert [tag.get("note") for tag in written["tags"]] == [None, "ours"]


def test_a_pool_of_a_thousand_hashtags_keeps_them_all(file: PoolFile) -> None:
    tags = [f"砂{number}" for number in range(1000)]

    add(file, *tags)

    assert set(file.read().tags) == set(tags)


# Import


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lines.txt", "#Sea\n\nsand dunes\n"),
        ("one-line.txt", "#sea #SandDunes"),
        ("commas.csv", "sea,sanddunes,sea"),
        ("bom.txt", "\ufeffsea\nsanddunes"),
        ("list.json", '["#sea", "sand dunes"]'),
    ],
)
def test_hashtags_are_imported_from_text_and_lists(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")

    found = read_import(tmp_path / name)

    assert [tag.tag for tag in found] == ["sea", "sanddunes"]
    assert {source.name for tag in found for source in tag.sources} == {f"file {name}"}


def test_another_pool_is_imported_with_its_dates_and_numbers(
    file: PoolFile, hand: HandClock
) -> None:
    statistics, first = measured(10), now_text()
    with file.changing() as pool:
        came = Source(name="studio", at=first)
        pool.add(PooledTag(tag="sea", sources=[came], statistics=statistics))
    hand.advance(86_400)

    (found,) = read_import(file.path)

    assert found.statistics == statistics
    assert [(source.name, source.at) for source in found.sources] == [
        ("studio", first),
        ("file hashtag-pool.json", now_text()),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds no hashtags"),
        ("[", "is no JSON"),
        ("[1, 2]", "other things than words"),
        ("{", "is no hashtag pool"),
        ('{"tags": 3}', "is no hashtag pool"),
    ],
)
def test_a_file_without_hashtags_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "x.txt").write_text(text)

    with pytest.raises(PoolError, match=sentence):
        read_import(tmp_path / "x.txt")


def test_every_wrong_hashtag_of_a_file_is_listed(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("sea\na-b\nc!\n")

    with pytest.raises(InvalidPostError) as refused:
        read_import(tmp_path / "x.txt")

    assert [problem.found for problem in refused.value.problems] == ["'a-b'", "'c!'"]


# Damage


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"version": 1, "tags": [',
        b"\xff\xfe",
        b'{"version": 1, "tags": [{"tag": "a-b"}]}',
        b'{"version": 1, "tags": [{"tag": "sea", "sources": [{"name": "x"}]}]}',
        b'{"version": "one"}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_pool_is_told_and_kept(file: PoolFile, content: bytes) -> None:
    file.path.parent.mkdir(parents=True)
    file.path.write_bytes(content)

    with pytest.raises(PoolError, match="damaged"):
        file.read()
    assert file.path.read_bytes() == content

    with file.changing() as pool:
        pool.add_all(["sea"], "test")
        aside = pool.kept_aside

    assert aside is not None
    assert aside.read_bytes() == content
    assert list(file.read().tags) == ["sea"]


def test_a_pool_of_a_newer_form_is_left_alone(file: PoolFile) -> None:
    file.path.parent.mkdir(parents=True)
    file.path.write_text('{"version": 2, "tags": {}}')

    for change in (file.read, lambda: add(file, "sea")):
        with pytest.raises(PoolError, match="newer Postwright"):
            change()

    assert json.loads(file.path.read_text()) == {"version": 2, "tags": {}}


# Several processes


def test_two_processes_lose_nothing_of_each_other(file: PoolFile) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, file.path, name, str(TAGS_EACH)])
        for name in "ab"
    ]

    assert [writer.wait(60) for writer in writers] == [0, 0]

    expected = {f"{name}{number}" for name in "ab" for number in range(TAGS_EACH)}
    assert set(file.read().tags) == expected


def test_a_process_that_is_killed_before_the_rename_leaves_the_pool_as_it_was(
    file: PoolFile,
) -> None:
    add(file, "sea")

    killed = subprocess.run(
        [sys.executable, "-c", KILLED_BEFORE_THE_RENAME, file.path], timeout=60, check=False
    )

    assert killed.returncode == -signal.SIGKILL
    assert list(file.read().tags) == ["sea"]
    assert add(file, "dunes") == ["dunes"]
    assert sorted(found.suffix for found in file.path.parent.iterdir()) == [".json", ".lock"]


def test_a_pool_that_somebody_holds_is_waited_for_and_then_given_up(
    file: PoolFile, hand: HandClock
) -> None:
    add(file, "sea")
    begin = hand.monotonic()

    with file.path.with_name(f"{file.path.name}.lock").open() as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        with pytest.raises(PoolError, match="Another process has held"):
            add(file, "dunes")

    assert 10 <= hand.monotonic() - begin < 11
    assert list(file.read().tags) == ["sea"]


def test_a_link_to_the_pool_stays_a_link(file: PoolFile, tmp_path: Path) -> None:
    add(file, "sea")
    link = tmp_path / "link.json"
    link.symlink_to(file.path)

    add(PoolFile(link), "dunes")

    assert link.is_symlink()
    assert set(file.read().tags) == {"sea", "dunes"}


def test_the_rights_of_the_file_stay(file: PoolFile) -> None:
    add(file, "sea")
    file.path.chmod(0o640)

    add(file, "dunes")

    assert file.path.stat().st_mode & 0o777 == 0o640


# Ranking


def test_what_was_measured_lately_comes_first_then_what_is_old_then_the_rest() -> None:
    pool = Pool()
    for tag, statistics in {
        "unmeasured": None,
        "also_unmeasured": None,
        "old_and_good": measured(1000, days_ago=20),
        "good": measured(100),
        "better": measured(1000),
        "old": measured(100, days_ago=20),
    }.items():
        pool.add(PooledTag(tag=tag, statistics=statistics))

    assert [found.tag for found in pool.ranked(stale_days=14)] == [
        *("better", "good", "old_and_good", "old"),
        *("also_unmeasured", "unmeasured"),
    ]


def test_what_was_never_measured_is_measured_first_then_what_is_oldest() -> None:
    pool = Pool()
    for tag, statistics in {
        "old": measured(1, days_ago=20),
        "older": measured(9, days_ago=30),
        "fresh": measured(5),
        "new": None,
    }.items():
        pool.add(PooledTag(tag=tag, statistics=statistics))

    assert pool.to_measure(stale_days=14) == ["new", "older", "old"]
