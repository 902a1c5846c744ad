"""Carousels above Instagram's documented ten, for accounts where twenty work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import Done, Served, run, running, serving_sandbox
from tests.media import picture
from tests.workflow.workbench import hashes_of, sha256_of

SPLIT = ("publish", "--split")


@pytest.fixture(scope="module")
def _sandbox() -> Iterator[Served]:
    with serving_sandbox("--speed", "max", "--empty", POSTWRIGHT_CAROUSEL_MAX="20") as served:
        yield served


@pytest.fixture
def sandbox(_sandbox: Served) -> Served:
    """Its functions take twenty items; what Instagram takes is the test's to say."""
    _sandbox.reset()
    return _sandbox


def photos(folder: Path, count: int) -> list[Path]:
    paths = [folder / f"{number:02}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(picture((1080, 1350), padding=number))
    return paths


def publish(sandbox: Served, paths: list[Path], cap: str = "") -> Done:
    return run("publish", "--json", *paths, aws=sandbox.aws, POSTWRIGHT_CAROUSEL_MAX=cap)


def test_twenty_items_go_live_in_order_where_both_sides_take_them(
    sandbox: Served, tmp_path: Path
) -> None:
    sandbox.configure(carousel_max=20)
    paths = photos(tmp_path, 20)

    done = publish(sandbox, paths, "20")

    assert (done.code, done.json["status"]) == (0, "published"), done.err
    [post] = sandbox.posts()
    assert hashes_of(post) == [sha256_of(path) for path in paths]


def test_eleven_items_that_pass_our_check_are_refused_by_instagram_and_nothing_is_live(
    sandbox: Served, tmp_path: Path
) -> None:
    done = publish(sandbox, photos(tmp_path, 11), "20")

    error = done.json["error"]
    assert (done.code, done.json["status"]) == (1, "failed")
    assert (error["type"], error["code"], error["subcode"]) == ("InvalidPostError", 100, 2207028)
    assert "Give it 2 to 10" in error["message"]
    assert sandbox.posts() == []


def test_eleven_items_are_refused_before_the_first_call_by_default(
    sandbox: Served, tmp_path: Path
) -> None:
    done = publish(sandbox, photos(tmp_path, 11))

    assert done.code == 1
    assert "10" in done.json["error"]["message"]
    assert sandbox.requests() == []


def split(sandbox: Served, paths: list[Path], caption: str = "Dunes") -> Done:
    """Published with a cap of three."""
    words = ("--caption", caption, "--hashtag", "sea")
    return run(*SPLIT, "--json", *paths, *words, aws=sandbox.aws, POSTWRIGHT_CAROUSEL_MAX="3")


def live(sandbox: Served) -> list[tuple[str, int]]:
    """Captions and number of items of what is live, the oldest first."""
    return [(post["caption"], len(post["children"])) for post in reversed(sandbox.posts())]


def test_files_above_the_cap_become_posts_in_order_and_a_repeat_publishes_nothing(
    sandbox: Served, tmp_path: Path
) -> None:
    paths = photos(tmp_path, 5)

    done, again = split(sandbox, paths), split(sandbox, paths)

    assert done.code == 0, done.err
    assert live(sandbox) == [("(1/2) Dunes\n\n#sea", 3), ("(2/2) Dunes\n\n#sea", 2)]
    published = [hash_ for post in reversed(sandbox.posts()) for hash_ in hashes_of(post)]
    assert published == [sha256_of(path) for path in paths]
    assert [one["part"] for one in done.json] == ["1/2", "2/2"]
    assert [one["groupId"] for one in done.json] == ["post-1of2", "post-2of2"]
    assert [one["permalink"] for one in again.json] == [one["permalink"] for one in done.json]


def test_after_a_part_that_failed_the_later_ones_wait_and_the_command_goes_on(
    sandbox: Served, tmp_path: Path
) -> None:
    sandbox.script({"call": "create", "match": "03.jpg", "error": [36003, 2207009]})
    paths = photos(tmp_path, 8)

    failed = split(sandbox, paths)
    first = live(sandbox)
    session = failed.json[0]["sessionId"]
    stored = ("--session", session, "--group", "post", "--json")
    done = run(*SPLIT, *stored, aws=sandbox.aws, POSTWRIGHT_CAROUSEL_MAX="3")

    assert (failed.code, done.code) == (1, 0), done.err
    assert [one["status"] for one in failed.json] == ["published", "failed", "ready"]
    assert first == [("(1/3) Dunes\n\n#sea", 3)]
    assert [one["status"] for one in done.json] == ["published"] * 3
    assert live(sandbox) == [*first, ("(2/3) Dunes\n\n#sea", 3), ("(3/3) Dunes\n\n#sea", 2)]


def test_a_command_that_was_killed_goes_on_and_posts_nothing_twice(
    sandbox: Served, tmp_path: Path
) -> None:
    paths = photos(tmp_path, 8)
    words = ("--caption", "Killed", "--hashtag", "sea")

    with running(*SPLIT, *paths, *words, aws=sandbox.aws, POSTWRIGHT_CAROUSEL_MAX="3") as command:
        command.read_until(lambda it: "post 2/3" in it.err)
        command.process.kill()
    done = split(sandbox, paths, "Killed")

    assert done.code == 0, done.err
    assert [caption[:5] for caption, _ in live(sandbox)] == ["(1/3)", "(2/3)", "(3/3)"]


def test_people_are_told_how_each_part_ended_and_how_to_go_on(
    sandbox: Served, tmp_path: Path
) -> None:
    sandbox.script({"call": "create", "match": "00.jpg", "error": [36003, 2207009]})
    paths = photos(tmp_path, 5)

    told = run(*SPLIT, *paths, aws=sandbox.aws, POSTWRIGHT_CAROUSEL_MAX="3").out.splitlines()

    assert told[0] == "Post 1/2"
    assert told[-1].startswith("1 post not started. Go on with the same command, or: postwright")
    assert told[-1].endswith("--group post --split")


def test_what_would_be_refused_is_told_before_anything_is_stored(
    sandbox: Served, tmp_path: Path
) -> None:
    paths = photos(tmp_path, 4)
    paths[3].write_bytes(picture((300, 1350)))

    done = split(sandbox, paths)

    [result] = done.json
    rules = {problem["rule"] for problem in result["error"]["problems"]}
    assert (done.code, result["status"]) == (1, "failed")
    assert rules == {"image-ratio", "image-width"}
    assert sandbox.requests() == []


def test_the_problem_of_too_many_items_names_the_ways_out(sandbox: Served, tmp_path: Path) -> None:
    paths = photos(tmp_path, 4)

    refused = run("publish", "--json", *paths, aws=sandbox.aws, POSTWRIGHT_CAROUSEL_MAX="3")

    [problem] = refused.json["error"]["problems"]
    assert "--split" in problem["fix"]
    assert "POSTWRIGHT_CAROUSEL_MAX" in problem["fix"]


def test_the_doctor_tries_a_carousel_of_twenty_only_when_somebody_agrees(
    sandbox: Served,
) -> None:
    sandbox.configure(ready_after_polls=0)

    asked = run("doctor", "--probe-carousel", aws=sandbox.aws)
    before = sandbox.requests()
    tried = run("doctor", "--probe-carousel", "--yes", "--json", aws=sandbox.aws)

    assert asked.code == 2
    assert "makes 21 of the 400 containers" in asked.err
    assert before == []
    last = tried.json["findings"][-1]
    assert (tried.code, last["check"], last["status"]) == (0, "carousel_probe", "ok")
    assert last["sentence"].startswith("Carousels of 20 items are refused for this account")
    assert sandbox.posts() == []
