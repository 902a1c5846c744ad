"""`postwright hashtags pool` and `pick`, as far as they need no connection."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from postwright.cli import main
from tests.command_line import Done

Call = Callable[..., Done]
POOL = Path("content/cache/hashtag-pool.json")


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Call:
    """The entry point in this process, in an empty folder."""
    for name in ("AWS_ENDPOINT_URL", "POSTWRIGHT_HASHTAG_POOL", "POSTWRIGHT_HASHTAG_COUNT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["postwright", "hashtags", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return called


def test_a_pool_is_filled_shown_and_emptied(call: Call) -> None:
    added = call("pool", "add", "#Sea", "sand dunes", "--source", "studio")
    again = call("pool", "add", "sea", "mountains", "--json")
    listed = call("pool", "list")
    removed = call("pool", "remove", "sea", "lake")
    left = call("pool", "list", "--json")

    assert added == Done(0, "2 hashtags added; the pool holds 2.\n", "")
    assert again.json == {"added": ["mountains"], "inPool": 3, "keptAside": None}
    assert [line.split()[:2] for line in listed.out.splitlines()] == [
        ["#mountains", "command"],
        ["#sanddunes", "studio"],
        ["#sea", "studio"],
    ]
    assert removed.out == "1 hashtag removed, 1 was not there; the pool holds 2.\n"
    assert [tag["tag"] for tag in left.json["tags"]] == ["mountains", "sanddunes"]


def test_a_file_is_imported(call: Call) -> None:
    Path("tags.txt").write_text("#sea #dunes\n", encoding="utf-8")

    call("pool", "add", "sea")
    done = call("pool", "import", "tags.txt")

    assert done.out == "1 hashtag added, 1 was there already; the pool holds 2.\n"


def test_a_file_that_is_not_there_is_named(call: Call) -> None:
    done = call("pool", "import", "nowhere.txt")

    assert (done.code, done.out) == (1, "")
    assert done.err == "No such file or directory: nowhere.txt\n"


def test_every_argument_that_is_no_hashtag_is_listed_and_nothing_is_added(call: Call) -> None:
    done = call("pool", "add", "sea", "a-b", "☀")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("2 problems:\n  hashtag: found 'a-b'")
    assert not POOL.exists()


def test_the_pool_lies_where_the_option_or_the_variable_says(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTWRIGHT_HASHTAG_POOL", "mine.json")

    call("pool", "add", "sea")
    call("pool", "add", "dunes", "--pool", "other.json")

    assert [tag["tag"] for tag in json.loads(Path("mine.json").read_text())["tags"]] == ["sea"]
    assert [tag["tag"] for tag in json.loads(Path("other.json").read_text())["tags"]] == ["dunes"]


def test_a_damaged_pool_is_told_and_kept_when_it_is_changed(call: Call) -> None:
    POOL.parent.mkdir(parents=True)
    POOL.write_text('{"version": 1, "tags": [')

    shown = call("pool", "list")
    picked = call("pick", "--no-look")
    added = call("pool", "add", "sea", "--json")

    assert (shown.code, picked.code, added.code) == (1, 1, 0)
    assert "is damaged" in shown.err
    assert "is damaged" in picked.err
    assert "postwright hashtags pool import" in added.err
    assert Path(added.json["keptAside"]).read_text() == '{"version": 1, "tags": ['


def test_the_ranking_tells_the_numbers_that_decide(call: Call) -> None:
    statistics = {"likes": 969, "comments": 10, "postsPerHour": 9}
    tags = [
        {"tag": "new"},
        {"tag": "old", "statistics": statistics | {"measuredAt": "2020-01-01T00:00:00.000Z"}},
        {"tag": "good", "statistics": statistics | {"measuredAt": "2999-01-01T00:00:00.000Z"}},
    ]
    POOL.parent.mkdir(parents=True)
    POOL.write_text(json.dumps({"version": 1, "tags": tags}))

    told = call("pool", "rank").out.splitlines()
    document = call("pool", "rank", "--json").json

    numbers = "score 1.50: 969 likes, 10 comments, 9.0 new posts an hour"
    assert told == [
        f"   1  #good  {numbers}",
        f"   2  #old  {numbers}, old: measured on 2020-01-01",
        "   3  #new  not measured",
    ]
    assert [(tag["score"], tag["stale"]) for tag in document["tags"]] == [
        (1.5, False),
        (1.5, True),
        (None, None),
    ]


def test_a_pick_is_printed_as_it_is_pasted_and_repeated_by_its_seed(call: Call) -> None:
    call("pool", "add", *(f"tag{number}" for number in range(40)))

    first = call("pick", "--no-look")
    seed = first.err.split()[1]
    second = call("pick", "--no-look", "--seed", seed, "--json")

    assert first.out.split() == [f"#{tag}" for tag in second.json["hashtags"]]
    assert len(second.json["hashtags"]) == 5
    assert second.json | {"hashtags": []} == {
        "hashtags": [],
        "seed": seed,
        "overlap": 0,
        "overlapWanted": 2,
        "writtenTo": None,
    }


def test_the_setting_says_how_many_are_picked(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    call("pool", "add", *(f"tag{number}" for number in range(40)))
    monkeypatch.setenv("POSTWRIGHT_HASHTAG_COUNT", "7")

    assert len(call("pick", "--no-look").out.split()) == 7


def test_more_than_five_hashtags_come_with_a_warning(call: Call) -> None:
    call("pool", "add", *(f"tag{number}" for number in range(40)))

    assert "limit of 5" in call("pick", "--no-look", "-n", "6").err
    assert "limit of 5" not in call("pick", "--no-look", "-n", "5").err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["pick", "-n", "31"], "less than or equal to 30"),
        (["pick", "--replace"], "--replace goes with --for."),
        (["pick", "--for", "demo/group-1", "--no-look"], "not with --for"),
        (["pick", "--for", "demo"], "--for takes SESSION/GROUP, as in demo/group-1, not 'demo'."),
        (["pick", "--for", "demo/a/b"], "--for takes SESSION/GROUP"),
        (["search", "a-b", "c!"], "2 problems:"),
        (["search"], "Name hashtags, or measure those of the pool with --stale."),
        (["pick"], "There is no AWS to talk to."),
        (["pool", "rank", "--stale-days", "0"], "greater than or equal to 1"),
        (["pool", "add"], "Missing argument"),
    ],
)
def test_usage_that_cannot_work_says_so(call: Call, arguments: list[str], sentence: str) -> None:
    done = call(*arguments)

    assert (done.code, done.out) == (2, "")
    assert sentence in done.err


def test_a_pool_that_is_too_small_is_told(call: Call) -> None:
    call("pool", "add", "sea")

    done = call("pick", "--no-look")

    assert done.code == 1
    assert "found 1 hashtags, allowed at least 5" in done.err
