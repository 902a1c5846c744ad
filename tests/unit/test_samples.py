from __future__ import annotations

import json
from pathlib import Path

import av
import pytest
from PIL import ExifTags, Image, ImageChops, ImageStat

from postwright import caption as captions
from postwright.models import PublishRequest
from postwright.preflight import check_files
from sandbox.samples import DEMO_SESSION, SAMPLES_DIR, SampleGroup
from sandbox.samples.make_samples import PHOTOS, TURNED, VIDEOS, make_photo

INPUTS = sorted((Path(__file__).parents[2] / "examples" / "inputs").glob("*.json"))


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures in grey levels; other machines may round otherwise."""
    mean = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean
    return max(mean)


def test_the_committed_files_are_those_that_the_script_makes() -> None:
    files = {path.name for path in SAMPLES_DIR.iterdir() if path.suffix in (".jpg", ".mp4")}

    assert files == {*PHOTOS, *VIDEOS}


def test_all_samples_together_stay_small() -> None:
    assert sum((SAMPLES_DIR / name).stat().st_size for name in (*PHOTOS, *VIDEOS)) < 3_000_000


@pytest.mark.parametrize("name", ["04-mountains.jpg", TURNED])
def test_the_script_draws_the_same_photo_again(tmp_path: Path, name: str) -> None:
    made = make_photo(name, tmp_path)

    with Image.open(made) as new, Image.open(SAMPLES_DIR / name) as committed:
        assert new.size == committed.size
        assert difference(new, committed) < 2


@pytest.mark.parametrize("name", sorted(VIDEOS))
def test_the_script_draws_the_same_first_frame_again(name: str) -> None:
    size, frames, _ = VIDEOS[name]
    drawn = next(frames())

    with av.open(str(SAMPLES_DIR / name)) as file:
        committed = next(file.decode(video=0)).to_image()  # type: ignore[no-untyped-call]  # PyAV's gap

    assert drawn.size == committed.size == size
    assert difference(drawn, committed) < 8


@pytest.mark.parametrize(
    ("name", "seconds", "size"),
    [("07-waves.mp4", 5.0, (704, 880)), ("08-sunset.mp4", 4.0, (720, 1280))],
)
def test_sample_videos_are_as_instagram_wants_them(
    name: str, seconds: float, size: tuple[int, int]
) -> None:
    data = (SAMPLES_DIR / name).read_bytes()

    outcome = check_files([SAMPLES_DIR / name], "", carousel_max=10)

    assert (outcome.problems, outcome.warnings) == ([], [])
    assert outcome.shapes == [f"{size[0]}x{size[1]} {seconds:.1f}s"]
    assert b"elst" not in data


@pytest.mark.parametrize("name", sorted(PHOTOS))
def test_sample_photos_carry_what_a_camera_writes(name: str) -> None:
    with Image.open(SAMPLES_DIR / name) as photo:
        exif = photo.getexif()

    assert exif[ExifTags.Base.Make] == "Postwright"
    assert exif[ExifTags.Base.Model] == "Sample Camera 1"
    assert exif[ExifTags.Base.Orientation] == (6 if name == TURNED else 1)
    taken = exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal]
    assert taken == exif[ExifTags.Base.DateTime] == PHOTOS[name][1]


@pytest.mark.parametrize("group", DEMO_SESSION.groups, ids=lambda group: group.group_id)
def test_every_demo_group_passes_preflight(group: SampleGroup) -> None:
    caption = captions.assemble(group.caption, group.hashtags)

    outcome = check_files(
        [SAMPLES_DIR / media.file_name for media in group.media], caption, carousel_max=10
    )

    assert outcome.problems == []
    assert {warning.rule for warning in outcome.warnings} <= {"carousel-crop"}
    assert outcome.kinds == [media.kind for media in group.media]
    assert len(captions.hashtags(caption)) == len(group.hashtags) <= 5


def test_the_demo_shows_each_kind_of_post() -> None:
    kinds = {group.group_id: [media.kind for media in group.media] for group in DEMO_SESSION.groups}

    assert sorted(kinds["group-1"]) == ["image"] * 4 + ["video"]
    assert kinds["group-2"] == ["image"]
    assert kinds["group-3"] == ["video"]
    assert kinds["group-4"] == ["image"] * 10


def test_photos_of_the_demo_have_alt_texts_and_videos_none() -> None:
    media = [item for group in DEMO_SESSION.groups for item in group.media]

    assert all(bool(item.alt_text) == (item.kind == "image") for item in media)


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.stem)
def test_every_example_input_names_a_group_of_the_demo(path: Path) -> None:
    request = PublishRequest.model_validate(json.loads(path.read_text()))

    assert request.session_id == DEMO_SESSION.session_id
    assert request.group_id in {group.group_id for group in DEMO_SESSION.groups}


def test_the_examples_cover_the_ways_to_publish() -> None:
    assert [path.stem for path in INPUTS] == ["carousel", "image", "scheduled", "wait-for-quota"]
