"""`postwright repair`: what it says, what it leaves alone, and how it ends."""

from __future__ import annotations

import signal
import time
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from postwright import preflight
from postwright.repair import repair_files
from postwright.repair_frame import Style
from tests.command_line import SECONDS, Call, running
from tests.media import film, picture

DAMAGED = "It is damaged or cut off. Copy it again from the camera, or export it again."
PROBLEM_KEYS = {"item", "rule", "found", "allowed", "fix"}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A photo that is right, one that is wrong, and one that nobody can read."""
    paths = [tmp_path / "in" / name for name in ("good.jpg", "wide.png", "broken.jpg")]
    paths[0].parent.mkdir()
    paths[0].write_bytes(picture((1080, 1350)))
    paths[1].write_bytes(picture((1000, 300), kind="PNG"))
    paths[2].write_bytes(picture((1080, 1350))[:3000])
    return paths


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as found:
        return found.size


def test_each_file_is_told_with_what_it_was_and_is(
    call: Call, files: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"

    done = call("repair", *files, "--out", out)

    assert done.code == 1
    assert done.out.splitlines() == [
        f"1: good.jpg: nothing to do, copied as it is to {out / 'good.jpg'}",
        f"2: wide.png -> {out / 'wide.jpg'}",
        f"   before: PNG, 1000x300, {files[1].stat().st_size / 1_000_000:.2f} MB",
        f"   after:  JPEG, 1000x524, {(out / 'wide.jpg').stat().st_size / 1_000_000:.2f} MB",
        "   - converted from PNG",
        "   - padded to 1.91:1 with white",
        "   - saved as baseline JPEG of quality 95",
        f"3: broken.jpg: beyond repair. {DAMAGED}",
        "2 files passed the preflight.",
        "1 file beyond repair.",
    ]
    assert "Instagram crops every item to the first one's 4:5, here 2." in done.err


def test_the_same_as_one_document(call: Call, files: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"

    document = call("repair", *files, "--out", out, "--json").json

    good, wide, broken = document["files"]
    assert document["ok"] is False
    assert [one["outcome"] for one in document["files"]] == ["copied", "repaired", "beyond_repair"]
    assert wide["to"] == str(out / "wide.jpg")
    assert (wide["before"]["width"], wide["after"]["height"]) == (1000, 524)
    assert good["before"] == good["after"]
    assert (broken["to"], broken["why"][:13]) == (None, "It is damaged")
    assert [problem.keys() for problem in broken["problems"]] == [PROBLEM_KEYS]


def test_what_was_repaired_passes_the_preflight_and_originals_stay(
    call: Call, files: list[Path], tmp_path: Path
) -> None:
    before = [file.read_bytes() for file in files]

    call("repair", *files, "--out", tmp_path / "out")

    results = [tmp_path / "out" / "good.jpg", tmp_path / "out" / "wide.jpg"]
    assert preflight.check_files(results, "", carousel_max=10).ok
    assert sorted((tmp_path / "out").iterdir()) == results
    assert [file.read_bytes() for file in files] == before
    assert results[0].read_bytes() == before[0]


def test_a_result_that_instagram_would_refuse_gets_no_name(
    files: list[Path], tmp_path: Path
) -> None:
    """No option asks for such a ratio; it stands for whatever a repair may get wrong."""
    [done] = repair_files(files[:1], tmp_path / "out", Style(ratio=3.0))

    assert (done.outcome, done.target) == ("beyond_repair", None)
    assert [problem.rule for problem in done.problems] == ["image-ratio"]
    assert list((tmp_path / "out").iterdir()) == []


def test_a_carousel_gets_the_ratio_of_its_first_item(
    call: Call, files: list[Path], tmp_path: Path
) -> None:
    clip = tmp_path / "in" / "clip.mp4"
    film(clip, size=(160, 90))

    done = call("repair", *files[:2], clip, "--out", tmp_path / "out", "--match-first", "--json")

    sizes = [(one["after"]["width"], one["after"]["height"]) for one in done.json["files"]]
    assert sizes == [(1080, 1350), (1000, 1250), (160, 200)]


def test_a_carousel_that_begins_with_a_film_gets_a_ratio_that_photos_may_have(
    call: Call, files: list[Path], tmp_path: Path
) -> None:
    clip = tmp_path / "in" / "clip.mp4"
    film(clip, size=(160, 300))

    done = call(
        "repair",
        clip,
        files[1],
        "--out",
        tmp_path / "out",
        "--match-first",
        "--fit",
        "crop",
        "--json",
    )

    sizes = [(one["after"]["width"], one["after"]["height"]) for one in done.json["files"]]
    assert sizes == [(160, 200), (320, 400)]


def test_files_of_one_name_do_not_replace_each_other(call: Call, tmp_path: Path) -> None:
    names = ["one/a.png", "two/a.jpg", "three/A.jpg"]
    for name in names:
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(picture((400, 400)))

    call("repair", *(tmp_path / name for name in names), "--out", tmp_path / "out")

    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a.jpg", "a-2.jpg", "A-3.jpg"}


def test_results_are_replaced_only_on_demand(call: Call, files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    mine = tmp_path / "out" / "wide.jpg"
    mine.write_text("mine")

    refused = call("repair", *files[:2], "--out", tmp_path / "out")
    kept = mine.read_text()
    forced = call("repair", *files[:2], "--out", tmp_path / "out", "--force")

    assert (refused.code, forced.code) == (2, 0)
    assert "exists already" in refused.err
    assert kept == "mine"
    assert size_of(mine) == (1000, 524)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--out", "in"], "holds the original good.jpg"),
        (["--out", "link"], "holds the original good.jpg"),
        (["--out", "in/good.jpg"], "is a file; name a directory"),
        (["--out", "out", "--match-first", "--separate"], "--match-first is for several files"),
        (["--out", "out", "--background", "loud"], "is no colour"),
        (["--out", "out", "--fit", "stretch"], "stretch"),
    ],
)
def test_wrong_usage_changes_nothing(
    options: list[str],
    sentence: str,
    call: Call,
    files: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "in")
    before = {path: path.read_bytes() for path in (tmp_path / "in").iterdir()}

    done = call("repair", *files, *options)

    assert done.code == 2
    assert sentence in done.err
    assert {path: path.read_bytes() for path in (tmp_path / "in").iterdir()} == before
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "Found no such file"),
        (b"", "Found 0 bytes"),
        (b"%PDF-1.7 and more", "Found PDF"),
    ],
)
def test_what_is_no_photo_and_no_film_is_beyond_repair(
    content: bytes | None, why: str, call: Call, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "thing.jpg").write_bytes(content)

    done = call("repair", tmp_path / "thing.jpg", "--out", tmp_path / "out")

    assert done.code == 1
    assert why in done.out


def test_what_is_finished_stays_when_the_work_is_given_up(
    files: list[Path], tmp_path: Path
) -> None:
    with closing(repair_files(files, tmp_path / "out", Style())) as work:
        next(work)

    assert [path.name for path in (tmp_path / "out").iterdir()] == ["good.jpg"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_nothing_half(number: signal.Signals, code: int, tmp_path: Path) -> None:
    film(tmp_path / "long.mkv", size=(320, 180), seconds=30)
    out = tmp_path / "out"

    with running("repair", tmp_path / "long.mkv", "--out", out) as command:
        ends_at = time.monotonic() + SECONDS
        while not any(out.glob(".*/result")) and time.monotonic() < ends_at:
            time.sleep(0.01)
        done = command.end(number)

    assert (done.code, done.out, done.err) == (code, "", "")
    assert list(out.iterdir()) == []
