"""Carousels above Instagram's documented ten, for accounts where twenty work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import Done, Served, run, serving_sandbox
from tests.media import picture
from tests.workflow.workbench import hashes_of, sha256_of


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
