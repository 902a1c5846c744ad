"""What `postwright sandbox serve` hands on to the sandbox."""

from __future__ import annotations

from pathlib import Path

from tests.command_line import run, serving_sandbox
from tests.media import picture, serving_media


def photo(folder: Path) -> Path:
    path = folder / "photo.jpg"
    path.write_bytes(picture((1080, 1350)))
    return path


def test_posts_are_kept_in_the_folder_that_is_named(tmp_path: Path) -> None:
    keep = tmp_path / "keep"

    with serving_sandbox("--speed", "max", "--empty", "--keep", str(keep)) as served:
        done = run("publish", "--json", photo(tmp_path), aws=served.aws)
        live = [post["id"] for post in served.posts()]

    assert done.code == 0, done.err
    assert [path.stem for path in (keep / "posts").iterdir()] == live


def test_the_functions_call_instagram_where_they_are_told_to(tmp_path: Path) -> None:
    with serving_media() as elsewhere:
        options = ("--speed", "max", "--empty", "--graph-url", elsewhere.origin)
        with serving_sandbox(*options) as served:
            done = run("publish", "--json", photo(tmp_path), aws=served.aws)
            asked_here = served.requests()

    assert done.code == 1
    assert asked_here == []
    assert {asked.path.split("/")[1] for asked in elsewhere.asked} == {"v25.0"}


def test_the_functions_find_what_is_in_the_sandbox_whatever_the_user_has_set(
    tmp_path: Path,
) -> None:
    places = {f"POSTWRIGHT_{name}": "elsewhere" for name in ("TABLE", "BUCKET", "SSM_PREFIX")}

    with serving_sandbox("--speed", "max", "--empty", **places) as served:
        done = run("publish", "--json", photo(tmp_path), aws=served.aws)

    assert (done.code, done.json["status"]) == (0, "published"), done.err
